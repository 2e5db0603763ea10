/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exits.h: exits as tables: how many there were, and of one of them registers and code. */
#pragma once

#include "gui/draw/table.h"
#include "gui/session/code.h"

/* How often each vCPU was left, by kind, and what that cost. */
GuiTable *gui_exit_counts(const SimModel *model);

/* "Exit of a, vCPU 0, at 1.234 ms"; g_free(). */
char *gui_exit_title(GuiSession *session, const GuiExit *exit);
/* "MMIO: writes 0x1 ...; RIP 0x..., in main+0x4 of the program. It cost 2 us."; g_free(). */
char *gui_exit_words(const GuiCode *code, const GuiExit *exit);

/* Of an exit with registers. Those that have changed since the exit before of the same vCPU
 * have a dot before their name. Cells: name, value, name, value. */
GuiTable *gui_exit_registers(GuiSession *session, const GuiExit *exit);
/* The instructions around RIP. Cells: mark, address, bytes, text; a function's name, where
 * one begins, in the last. */
GuiTable *gui_exit_code(GuiSession *session, const GuiCode *code, const GuiExit *exit);
