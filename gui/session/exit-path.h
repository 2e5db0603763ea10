/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exit-path.h: the way of an exit through the layers, step by step, as stairs: from the
 * guest's program or kernel down to who handles it, and back.
 *
 * For two architectures: type 2 as hvlab is (KVM in the host's kernel, and hvlab, a
 * process, as the device model), and type 1 (a hypervisor on the bare machine, and a
 * control domain with the device models), where the same exit takes another way. The
 * second never ran here: its steps are what such hypervisors do. Of the first, what
 * stands in the trace is marked as recorded.
 */
#pragma once

#include "gui/session/exits.h"

typedef enum {
    GUI_LEVEL_PROGRAM,    /* in the guest, ring 3 */
    GUI_LEVEL_KERNEL,     /* in the guest, ring 0 */
    GUI_LEVEL_HYPERVISOR, /* KVM, or the hypervisor of type 1 */
    GUI_LEVEL_DEVICES,    /* hvlab, or the control domain */
    GUI_LEVEL_COUNT
} GuiLevel;

typedef enum { GUI_TYPE_2, GUI_TYPE_1, GUI_ARCHITECTURE_COUNT } GuiArchitecture;

typedef struct {
    GuiLevel level;
    bool recorded;  /* an event of the trace says so: */
    uint64_t event; /* its number */
    char *crossing; /* how it comes here from the level before: "VM exit"; NULL: it was here */
    char *text;
} GuiPathStep;

typedef struct {
    GuiArchitecture architecture;
    char *title, *note; /* note: what of it is true of this run */
    GArray *steps;      /* of GuiPathStep */
} GuiPath;

GuiPath *gui_path_new(GuiSession *session, const GuiExit *exit, GuiArchitecture architecture);
void gui_path_free(GuiPath *path);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GuiPath, gui_path_free)

/* "ring 3", "KVM", ... as the head of a column. */
const char *gui_level_name(GuiArchitecture architecture, GuiLevel level);
/* The same for a sentence: "the guest's kernel". */
const char *gui_level_words(GuiArchitecture architecture, GuiLevel level);
