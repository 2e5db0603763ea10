/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine.h: the engine as a child process, and its trace as it grows.
 *
 * Starts `hvlab engine` (or what --engine names, which may be ssh to another machine),
 * speaks its protocol (sim/engine/PROTOCOL.md), and keeps the trace that it writes. The
 * engine runs only as far as it was asked to. When it goes away, the trace so far stays.
 *
 * Signals: "changed": the state or the time is another; "grown": the trace has grown;
 * look at it now, pointers into it from before hold no longer.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    GUI_ENGINE_NONE,     /* never started */
    GUI_ENGINE_STARTING, /* its world is being built */
    GUI_ENGINE_WAITING,  /* for a request */
    GUI_ENGINE_RUNNING,
    GUI_ENGINE_OVER, /* the run has ended as it should */
    GUI_ENGINE_GONE  /* it could not start, or it died: see gui_engine_message() */
} GuiEngineState;

#define GUI_TYPE_ENGINE (gui_engine_get_type())
G_DECLARE_FINAL_TYPE(GuiEngine, gui_engine, GUI, ENGINE, GObject)

/* command: what to start, words as in a shell; NULL: hvlab itself. */
GuiEngine *gui_engine_new(const char *command);

/* Values to change in the scenarios that are started from now on, PATH=VALUE, ended by NULL;
 * copied. NULL: none. */
void gui_engine_set_overrides(GuiEngine *engine, const char *const *overrides);
/* Starts it with a scenario file; backend: "auto", "kvm", "emulated". */
gboolean gui_engine_start(GuiEngine *engine, const char *path, const char *backend, GError **error);
/* Ends it, at once. */
void gui_engine_stop(GuiEngine *engine);

/* Runs to the end; or up to a virtual time. */
void gui_engine_run(GuiEngine *engine);
void gui_engine_run_to(GuiEngine *engine, uint64_t ns);
/* Runs up to an event that one of the conditions (sim/trace/condition.h) is true of, or to
 * the end. */
void gui_engine_run_until(GuiEngine *engine, const char *const *conditions);
/* Conditions at which gui_engine_run_to() stops too, from now on; copied. */
void gui_engine_set_stops(GuiEngine *engine, const char *const *conditions);
/* A command as in a timeline, JSON without "at". What comes of it is in the trace; when it
 * is refused, signal "refused" (char *why). */
void gui_engine_command(GuiEngine *engine, const char *json);

GuiEngineState gui_engine_state(GuiEngine *engine);
bool gui_engine_alive(GuiEngine *engine);          /* takes commands */
bool gui_engine_answered(GuiEngine *engine);       /* a first request has been done */
uint64_t gui_engine_time(GuiEngine *engine);       /* everything before is in the trace */
uint64_t gui_engine_until(GuiEngine *engine);      /* the scenario's own end */
const char *gui_engine_message(GuiEngine *engine); /* why it is gone; NULL: it is not */
/* The trace so far; NULL: not even its header. */
const void *gui_engine_trace(GuiEngine *engine, size_t *ret_size);

/* Where the program hvlab is; g_free(). NULL: nowhere. */
char *gui_find_hvlab(void);
