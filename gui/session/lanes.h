/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lanes.h: what a timeline shows, ready to be drawn at any zoom.
 *
 * A lane is a row: a pCPU or a vCPU. It is a list of stretches (from this time on,
 * this class of state) and a list of marks (at this time, this kind of event).
 * Both grow at their end, and beside every GUI_LANE_BLOCK-th entry lie the sums
 * of all before it. So what happened between any two times is the difference of
 * two sums: a timeline asks that once per pixel column, whatever the zoom, and
 * never looks at each event. An entry takes 8 bytes, its share of the sums 2.5.
 *
 * Classes of a vCPU are GuiVcpuClass. Those of a pCPU are VMs: idle, then up to
 * GUI_LANE_CLASSES - 2 VMs in the order in which they first ran there, then
 * GUI_PCPU_OTHERS for all further ones.
 */
#pragma once

#include "sim/trace/reader.h"

#define GUI_LANE_CLASSES 8u
#define GUI_LANE_BLOCK   32u

typedef enum {
    GUI_VCPU_OFF, /* not started, or its VM is not running */
    GUI_VCPU_RUNNING,
    GUI_VCPU_READY, /* wants to run, another one has the pCPU: the guest sees it as steal */
    GUI_VCPU_BLOCKED,
    GUI_VCPU_ENDED, /* halted or crashed for good */
    GUI_VCPU_CLASS_COUNT
} GuiVcpuClass;

enum { GUI_PCPU_IDLE = 0, GUI_PCPU_OTHERS = GUI_LANE_CLASSES - 1 };

typedef enum {
    GUI_MARK_EXIT,
    GUI_MARK_FAULT,     /* page faults of the second level, and faults of the guest */
    GUI_MARK_INTERRUPT, /* taken */
    GUI_MARK_FRAME,     /* sent or received by a NIC of the VM (on its vCPU 0) */
    GUI_MARK_COUNT
} GuiMarkKind;

typedef struct GuiLanes GuiLanes;

GuiLanes *gui_lanes_new(void);
void gui_lanes_free(GuiLanes *lanes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GuiLanes, gui_lanes_free)

/* Takes in the next event of the trace. */
void gui_lanes_add(GuiLanes *lanes, const SimRecord *record);

/* Another number whenever anything in them has changed, and for each GuiLanes another. */
uint64_t gui_lanes_revision(const GuiLanes *lanes);
/* NULL: there is no such VM. */
const char *gui_lanes_vm_name(const GuiLanes *lanes, unsigned vm);

/* Lanes come in the order pCPUs, then the vCPUs of VM 0, of VM 1, ... */
unsigned gui_lanes_count(const GuiLanes *lanes);
typedef struct {
    bool is_pcpu;
    uint16_t pcpu;     /* of a pCPU's lane */
    uint16_t vm, vcpu; /* of a vCPU's */
    const char *vm_name;
    uint64_t stretches, marks;
} GuiLaneInfo;
GuiLaneInfo gui_lanes_info(const GuiLanes *lanes, unsigned lane);

/* The VM that a class of a pCPU's lane stands for; SIM_NONE: idle, others, or unused. */
uint16_t gui_lanes_class_vm(const GuiLanes *lanes, unsigned lane, unsigned class);

/* Where the last question about a lane ended, kept from one to the next: questions in
 * the order of time then need no search. Zero-initialised it knows nothing. */
typedef struct {
    bool valid;
    uint64_t time;                 /* up to which the sums below go */
    uint64_t ns[GUI_LANE_CLASSES]; /* and marks: from the start of the trace */
    uint64_t marks[GUI_LANE_CLASSES];
    uint32_t stretch_block, mark_block;
} GuiLaneCursor;

/* ns of each class within [from, to), and marks of each kind; either may be NULL.
 * Time after the last event belongs to the class that was entered last. */
void gui_lanes_sums(const GuiLanes *lanes, unsigned lane, uint64_t from, uint64_t to,
                    GuiLaneCursor *cursor, uint64_t ret_ns[GUI_LANE_CLASSES],
                    uint64_t ret_marks[GUI_MARK_COUNT]);

/* The same for count columns of equal width at once, as a picture of a lane needs it;
 * of marks only which kinds there are, a bit for each. */
void gui_lanes_columns(const GuiLanes *lanes, unsigned lane, uint64_t from, uint64_t to,
                       unsigned count, uint64_t (*ret_ns)[GUI_LANE_CLASSES], uint8_t *ret_marks);

/* One stretch: the one that holds time. For hit-testing and for wide stretches. */
typedef struct {
    uint64_t from, to; /* to: SIM_TIME_NEVER for the last one */
    uint8_t class;
    uint16_t vm, vcpu; /* who runs, on a pCPU; else the lane's own */
} GuiStretch;
bool gui_lanes_stretch(const GuiLanes *lanes, unsigned lane, uint64_t time, GuiStretch *ret);
/* Stretches and marks in [from, to), up to capacity; returns how many there are, at
 * most capacity + 1. */
unsigned gui_lanes_stretches(const GuiLanes *lanes, unsigned lane, uint64_t from, uint64_t to,
                             GuiStretch *ret, unsigned capacity);
typedef struct {
    uint64_t time;
    uint8_t kind; /* GuiMarkKind */
} GuiMark;
unsigned gui_lanes_marks(const GuiLanes *lanes, unsigned lane, uint64_t from, uint64_t to,
                         GuiMark *ret, unsigned capacity);
