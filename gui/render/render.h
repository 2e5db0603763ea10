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

typedef enum { RENDER_STAGE, RENDER_TIMELINE, RENDER_MEMORY, RENDER_PACKETS } RenderView;

typedef struct {
    const char *input, *output;
    RenderView view;
    uint64_t at, from, to; /* ns; SIM_TIME_NEVER: not given */
    int width, height;
    GuiTheme theme;
    bool caption;
    uint64_t frame; /* of the packets view; 0: the last one before `at` */
    char *vm;       /* of the memory view; NULL: all */
    double seconds; /* of an animation */
    double per_second;
    bool replay;
    bool progress; /* percentages go to stdout, a line each */
} RenderOptions;

/* input.c: a trace, or a scenario, which is run first. NULL: ret_exit says how to end,
 * and the message has been printed. */
GuiSession *render_open(const char *path, int *ret_exit);

/* picture.c */
/* Draws the view at the session's time. */
void render_view(const RenderOptions *options, GuiSession *session, cairo_t *cr);
/* Into one file, of the kind that its name's ending says. */
gboolean render_picture(const RenderOptions *options, GuiSession *session, GError **error);
gboolean render_write_png(const RenderOptions *options, GuiSession *session, const char *path,
                          GError **error);

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
