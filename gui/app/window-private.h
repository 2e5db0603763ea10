/* SPDX-License-Identifier: GPL-2.0-or-later */
/* window-private.h: the window's parts, shared by the files window*.c. */
#pragma once

#include "gui/app/engine.h"
#include "gui/app/lesson.h"
#include "gui/app/player.h"
#include "gui/app/window.h"
#include "gui/session/breakpoints.h"

typedef struct GuiDepth GuiDepth; /* in window-depth.c */

struct _GuiWindow {
    AdwApplicationWindow parent;
    GuiSession *session;
    GuiLesson *lesson;
    GuiPlayer *player;
    GuiEngine *engine;
    struct GuiLive *commands; /* live.h */

    /* Widgets. */
    GtkWidget *toasts, *pages, *library, *search, *search_bar;
    GtkWidget *header_start, *title, *title_stack, *switcher_bar;
    GtkWidget *views, *stage_stack, *split, *separator, *panel;
    GtkWidget *transport, *notice, *notice_text, *notice_progress, *notice_button;
    GtkWidget *machines_button, *menu_button;
    AdwViewStack *view_stack;

    /* What is open. */
    GFile *file;      /* the scenario or trace; NULL: none */
    bool is_scenario; /* else a trace */
    bool live;        /* the engine runs only as far as it is played */
    bool opened;      /* the session has the engine's trace */
    bool details;     /* is run with registers and code recorded */
    bool step_on;     /* a step waits for more to be recorded */
    unsigned index_idle;
    unsigned exports; /* that are being made */
    int shown_step;   /* of the lesson, whose view was brought up */
    GuiDepth *depth;
    bool narrow;
    bool low; /* little height */
};

/* In window-open.c. */
void gui_window_close_run(GuiWindow *window);
void gui_window_start_engine(GuiWindow *window, bool live);
void gui_window_connect_engine(GuiWindow *window);
void gui_window_starved(GuiPlayer *player, GuiWindow *window);
/* A step that goes on from the end: the run goes on till it can be made. */
void gui_window_step_on(GuiWindow *window);
void gui_window_update_notice(GuiWindow *window);

/* In window-actions.c. */
/* Something that can be done, as an action of the window: its name, the type of its parameter
 * (NULL: none), and its keys. */
typedef struct {
    const char *name, *parameter;
    void (*run)(GuiWindow *window, GVariant *parameter);
    const char *accels[3];
} GuiAction;

/* The table stays. */
void gui_window_add_action_table(GuiWindow *window, const GuiAction *table, size_t count);
void gui_window_set_action_accels(GtkApplication *application, const GuiAction *table,
                                  size_t count);
void gui_window_enable(GuiWindow *window, const char *name, bool on);

void gui_window_add_actions(GuiWindow *window);
void gui_window_update_actions(GuiWindow *window);
void gui_window_toast(GuiWindow *window, const char *text);
/* The same for what went wrong: all of the text, until it is dismissed. */
void gui_window_say(GuiWindow *window, const char *text);

/* In window-keys.c. */
void gui_window_add_keys(GuiWindow *window);
/* In window-depth.c: runs with details, breakpoints, comparing, editing. */
void gui_window_add_depth_actions(GuiWindow *window);
void gui_window_update_depth_actions(GuiWindow *window);
void gui_window_set_depth_accels(GtkApplication *application);
/* Where playing stops: the next step of the lesson or the next breakpoint. */
void gui_window_set_stop(GuiWindow *window);
/* The engine has recorded more, or has stopped. */
void gui_window_depth_recorded(GuiWindow *window);
/* The window ends. */
void gui_window_depth_free(GuiWindow *window);
GuiBreakpoints *gui_window_breakpoints(GuiWindow *window);
/* To the next event that it is true of (direction 1), or back to the last one (-1). FALSE: it
 * is not well written. */
gboolean gui_window_run_to(GuiWindow *window, const char *condition, int direction, GError **error);

/* In breakpoints-window.c: the list, and what one can run to. Not modal. */
GtkWidget *gui_breakpoints_window_new(GuiWindow *window);

/* In transport.c: the bar with caption, time, slider and buttons. */
GtkWidget *gui_transport_new(GuiWindow *window);

/* In export-image.c: a widget as it looks, to a file .png, .svg or .pdf. */
gboolean gui_export_image(GtkWidget *widget, const char *path, double scale, GError **error);
/* A button that asks where to and saves the widget as a picture; name (static) is offered. */
GtkWidget *gui_picture_button(GtkWidget *widget, GtkWidget *toasts, const char *name);

/* In window-export.c: pictures, animations and pages, from the menu. */
void gui_window_add_export_actions(GuiWindow *window);
void gui_window_update_export_actions(GuiWindow *window);
void gui_window_set_export_accels(GtkApplication *application);
/* At once: what the view shows into a file of the kind that its ending says. */
void gui_window_save_image_to(GuiWindow *window, const char *path);
/* With progress, in a program of its own: a .gif of the whole run, or a page .html. */
void gui_window_export_run(GuiWindow *window, const char *path);
