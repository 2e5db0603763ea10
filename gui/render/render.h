/* SPDX-License-Identifier: GPL-2.0-or-later */
/* render.h: what the files of the program hvlab-render share. */
#pragma once

#include "gui/draw/theme.h"
#include "gui/session/scene.h"

typedef enum {
    RENDER_OK = 0,
    RENDER_BAD_INPUT = 2,
    RENDER_UNAVAILABLE = 3,
    RENDER_DEFECT = 4,
} RenderExit;

typedef enum {
    RENDER_STAGE,
    RENDER_TIMELINE,
    RENDER_MEMORY,
    RENDER_PACKETS,
    RENDER_WAY,
    RENDER_EXITS,
    RENDER_TABLES,
    RENDER_CONSOLE,
    RENDER_ROWS,
    RENDER_COMPARE,
    RENDER_VIEW_COUNT
} RenderView;

typedef struct {
    const char *inputs[2]; /* the second only of RENDER_COMPARE */
    unsigned input_count;
    const char *output;
    RenderView view;
    uint64_t at, from, to; /* ns; SIM_TIME_NEVER: not given */
    int width, height;
    GuiTheme theme;
    bool caption;
    uint64_t frame; /* of the packets view and the way; 0: the last one before `at` */
    char *vm;       /* of memory, console and exits; NULL: all */
    /* How a scenario is run: */
    char *backend;  /* NULL: not said */
    char **set;     /* of PATH=VALUE; NULL: none */
    char *vary;     /* PATH=V1,V2 of RENDER_COMPARE; NULL: two inputs */
    double seconds; /* of an animation */
    double per_second;
    bool replay;
    bool progress; /* percentages go to stdout, a line each */
} RenderOptions;

/* options.c: the command line. */
typedef struct {
    char *view, *at, *from, *to, *size, *theme, *font, *output;
    double scale;
    gboolean replay, bare;
} RenderWords;

/* What was written, read and checked; false: the message has been printed. */
bool render_read_options(const RenderWords *words, RenderOptions *options);
/* Does the run have what the options speak of? What is later than its end is only noted. */
bool render_fits_run(const RenderOptions *options, GuiSession *session);
/* "stage, timeline, ... or rows" */
char *render_view_names(void);

/* input.c: a trace, or a scenario, which is run first, with one value more (set, or NULL).
 * NULL: ret_exit says how to end, and the message has been printed. */
GuiSession *render_open(const RenderOptions *options, const char *path, const char *set,
                        int *ret_exit);

/* picture.c */
/* Into one file, of the kind that its name's ending says. */
gboolean render_picture(const RenderOptions *options, GuiSession *session, GError **error);
gboolean render_write_png(const RenderOptions *options, GuiSession *session, const char *path,
                          GError **error);
/* What draws a picture's view into width x height, and the caption below it. */
typedef struct {
    void (*draw)(const RenderOptions *options, cairo_t *cr, double width, double height,
                 void *user);
    void *user;
    const char *lead, *caption; /* lead: in bold before it; NULL: nothing */
} RenderDrawing;
gboolean render_draw_file(const RenderOptions *options, const RenderDrawing *drawing,
                          const char *path, bool png, GError **error);
/* How much larger than usual text may be, where there is room for it. */
double render_largest(const RenderOptions *options);

/* compare.c: two runs. Returns how to end. */
int render_compare(const RenderOptions *options);

/* animation.c */
gboolean render_animation(const RenderOptions *options, GuiSession *session, int *ret_exit,
                          GError **error);

/* cancel.c: long work says how far it has come, and can be ended by SIGINT or SIGTERM
 * without leaving anything behind. */
void render_listen(void);
/* FALSE: it shall end; then error says so. share: 0 to 1. */
gboolean render_goes_on(const RenderOptions *options, double share, GError **error);
/* A program that is ended with us; 0: none. */
void render_set_helper(int pid);
/* If we were told to end, ends us by the same signal. */
void render_end_if_told(void);

void render_error(const char *format, ...) G_GNUC_PRINTF(1, 2);
