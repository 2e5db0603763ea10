/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stage-private.h: the stage's layout as stage-layout.c and stage-net.c make it and
 * stage-draw*.c draw it. Lengths are in units of the layout; a unit is `zoom` pixels. */
#pragma once

#include "gui/draw/layer.h"
#include "gui/draw/stage.h"

typedef enum { STAGE_FULL, STAGE_COMPACT, STAGE_TINY } StageForm;

typedef struct {
    uint32_t host;
    GuiRect box, header, pcpus;
} StageHost;

typedef struct {
    uint32_t vm;
    GuiRect box;
    unsigned row;        /* from below */
    double lane_x, lane; /* where cables of upper rows go down, and how far apart */
} StageVm;

typedef struct StageKept StageKept; /* stage-kept.c */

/* A port where it is drawn: a NIC's plug or a socket of another part. */
typedef struct {
    GuiRect box;
    GuiPoint at; /* where the cable begins */
    bool placed;
    bool below;          /* a socket on the lower edge */
    int cable;           /* -1: none */
    uint32_t part_index; /* of a socket */
} StagePort;

typedef struct {
    uint32_t part;
    uint32_t network;
    char *title;
    unsigned rank; /* 1: plugged into VMs, 2: into parts of rank 1, ... */
    unsigned row;
    bool is_switch, outside;
    GuiRect box;
    unsigned ports, ports_above, ports_below;
} StagePart;

typedef struct {
    uint32_t a, b;      /* ports */
    GuiPoint points[5]; /* from a to b */
    GuiPoint back[5];
    unsigned count;
} StageCable;

struct GuiStage {
    GuiTheme theme; /* at scale `zoom` times that of the caller */
    GuiTheme asked_theme;
    double asked_width, asked_height;
    double zoom;
    double width, height; /* in units */
    double shift_y;       /* free space above, in units */
    StageForm form;
    bool tight;     /* short cables, so that a more detailed form fits */
    double gap;     /* height of the space between VMs and switches, where cables hang free */
    GuiRect inside; /* the host's box when there is one host */

    GArray *hosts;  /* of StageHost */
    GArray *vms;    /* of StageVm, by number of the VM */
    GArray *parts;  /* of StagePart, in the order in which they are drawn */
    GArray *ports;  /* of StagePort, by number of the port */
    GArray *cables; /* of StageCable */

    StageKept *kept; /* what was drawn before */

    /* What the layout was made for. */
    guint model_hosts, model_vms, model_ports, model_nics, model_links;
};

/* stage-layout.c */
/* Lays everything out in the form at the zoom; the height that is needed, in units. */
double stage_place(GuiStage *stage, const SimModel *model, double extra_gap);

/* stage-net.c */
/* Finds parts and their ranks. */
void stage_find_parts(GuiStage *stage, const SimModel *model);
/* Places parts below y; the y below all of them. */
double stage_place_parts(GuiStage *stage, const SimModel *model, double y, double gap);
void stage_lay_cables(GuiStage *stage, const SimModel *model);
double stage_parts_bottom(const GuiStage *stage, const SimModel *model, bool outside,
                          double otherwise);

static inline StagePort *stage_port(const GuiStage *stage, uint32_t port)
{
    return port < stage->ports->len ? &g_array_index(stage->ports, StagePort, port) : NULL;
}

/* stage.c: the way of a cable from one port to its peer; NULL: no cable. */
const GuiPoint *stage_cable(const GuiStage *stage, uint32_t from_port, unsigned *ret_count);

/* stage-kept.c: what stands still is kept as pixels, and painted where it has changed. */
StageKept *stage_kept_new(void);
void stage_kept_free(StageKept *kept);
/* Everything that stands still, at cr's origin. */
void stage_draw_still(const GuiStage *stage, cairo_t *cr, const GuiScene *scene);

/* Numbers that are others when what is drawn of a thing is another: so it is known what
 * has to be drawn anew. */
static inline uint64_t stage_mix(uint64_t sum, uint64_t value)
{
    sum = (sum ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return sum ^ sum >> 29;
}
uint64_t stage_mix_text(uint64_t sum, const char *text); /* NULL: no text */

/* stage-frames.c: envelopes, in units. */
typedef struct {
    SimFlight flight;
    unsigned count; /* frames in this envelope */
    GuiRect box;
    GuiPoint way; /* where it goes, as a vector of any length */
    const char *protocol;
    bool waiting; /* not on the cable yet */
    bool broadcast;
} StageEnvelope;
GArray *stage_envelopes(const GuiStage *stage, const GuiScene *scene);
/* An envelope of its own: paper, flap, and the label over its lower part. */
void stage_draw_paper(const GuiStage *stage, cairo_t *cr, GuiRect box, const char *protocol,
                      bool broadcast);
GuiRect stage_envelope_box(const GuiStage *stage, GuiPoint centre);
const char *stage_frame_protocol(const GuiScene *scene, uint64_t frame);
void stage_draw_envelopes(const GuiStage *stage, cairo_t *cr, const GuiScene *scene);

/* stage-draw-vm.c */
uint64_t stage_host_state(const GuiScene *scene, const StageHost *host);
uint64_t stage_vm_state(const GuiScene *scene, const StageVm *vm);
void stage_draw_host(const GuiStage *stage, cairo_t *cr, const GuiScene *scene,
                     const StageHost *host);
void stage_draw_vm(const GuiStage *stage, cairo_t *cr, const GuiScene *scene, const StageVm *vm);

/* stage-draw-net.c */
uint64_t stage_cable_state(const GuiScene *scene, const StageCable *cable);
uint64_t stage_part_state(const GuiStage *stage, const GuiScene *scene, const StagePart *part);
/* Up, but nothing goes through: the spanning tree blocks it, or it is a team's reserve. */
bool stage_port_waits(const SimModelPort *port);
uint64_t stage_port_state(const GuiScene *scene, uint32_t port);
void stage_draw_cable(const GuiStage *stage, cairo_t *cr, const GuiScene *scene,
                      const StageCable *cable);
void stage_draw_part(const GuiStage *stage, cairo_t *cr, const GuiScene *scene,
                     const StagePart *part);
void stage_draw_port(const GuiStage *stage, cairo_t *cr, const GuiScene *scene, uint32_t port);
/* What the switch decided last, in words; NULL: nothing lately. g_free(). It is fresh while
 * nobody has decided or dropped anything since. */
char *stage_decision(const GuiStage *stage, const GuiScene *scene, const StagePart *part,
                     bool *ret_fresh);
void stage_draw_happenings(const GuiStage *stage, cairo_t *cr, const GuiScene *scene);
