/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exits.h: one exit of a guest, and what the hypervisor did before it let the guest on.
 *
 * In a trace an exit stands behind what was done for it at that instant (a page that was
 * mapped, a frame that was sent) and before what follows from it (the vCPU leaves its
 * pCPU, an interrupt wakes it, it is dispatched again). gui_exit_effects() gathers both,
 * up to the moment at which the guest runs again. Registers and code are there only if
 * the run was recorded with all details (run.detail: "full").
 */
#pragma once

#include "gui/session/session.h"

typedef struct {
    uint64_t index, time;
    uint16_t source; /* the pCPU, as in a record */
    SimEventExit exit;
    bool has_registers;
    SimEventRegisters registers;
    const uint8_t *code; /* from registers.rip on; in the trace */
    uint32_t code_bytes;
} GuiExit;

/* The event number index, if it is an exit. */
bool gui_exit_get(GuiSession *session, uint64_t index, GuiExit *ret);
/* The one to show: the selected one, or the last one at or before the selected time, of
 * the VM or vCPU that is selected if one is. FALSE: there is none. */
bool gui_exit_current(GuiSession *session, GuiExit *ret);
/* The next exit of the same vCPU (direction 1), or the one before (-1). FALSE: none. */
bool gui_exit_step(GuiSession *session, const GuiExit *from, int direction, GuiExit *ret);

#define GUI_EXIT_EFFECTS 64u

typedef struct {
    uint64_t events[GUI_EXIT_EFFECTS]; /* their numbers, in order */
    unsigned count;                    /* at most GUI_EXIT_EFFECTS */
    bool left;                         /* the vCPU left its pCPU before it ran again... */
    bool returned;                     /* ... and has run again; true if it did not leave */
    uint64_t returned_at;
} GuiExitEffects;

GuiExitEffects gui_exit_effects(GuiSession *session, const GuiExit *exit);

/* The ring that the guest was in; -1: not recorded. */
int gui_exit_ring(const GuiExit *exit);
/* "MMIO: writes 0x1 (4 bytes) to 0xc0003050"; g_free(). */
char *gui_exit_text(const GuiExit *exit);
