/* SPDX-License-Identifier: GPL-2.0-or-later */
/* code.h: what guests execute: the code and functions of their images, as the trace of a
 * run with all details has them, and the instructions around a place in them.
 *
 * Instructions are taken apart by Capstone. x86 cannot be read backwards, so they are
 * read from the begin of the function on. What the trace has of the code at an exit
 * (a few bytes from RIP on) is believed over the image.
 */
#pragma once

#include "gui/session/exits.h"

typedef struct GuiCode GuiCode;

/* Reads the trace's first events. A trace without details gives one that knows nothing. */
GuiCode *gui_code_new(SimReader *reader);
void gui_code_free(GuiCode *code);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GuiCode, gui_code_free)

/* Is anything known of this VM's image? */
bool gui_code_has_vm(const GuiCode *code, unsigned vm);
/* "ping": the program of its image; NULL: not known. */
const char *gui_code_program(const GuiCode *code, unsigned vm);
/* "send_frame+0x14"; NULL: not known. g_free(). */
char *gui_code_function(const GuiCode *code, unsigned vm, uint64_t address);

typedef struct {
    uint64_t address;
    unsigned length;
    bool current;   /* at RIP */
    char *function; /* its name, where one begins; else NULL */
    char *bytes;    /* "89 03" */
    char *text;     /* "mov dword ptr [rbx], eax" */
} GuiInstruction;

/* Those around RIP of an exit with registers: up to `before` before it, in its function,
 * and up to `after` behind it. GArray of GuiInstruction, empty if nothing is known;
 * g_array_unref(). */
GArray *gui_code_around(const GuiCode *code, const GuiExit *exit, unsigned before, unsigned after);
/* Was hvlab built with Capstone? */
bool gui_code_can_disassemble(void);
