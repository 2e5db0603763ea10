/* SPDX-License-Identifier: GPL-2.0-or-later */
/* execute.h: running translated code. */
#pragma once

#include "hv-core/cpu/emulated/state.h"

/* Runs block and the blocks after it until something needs attention. On
 * return rip and budget are exact, and no block is being executed.
 *   HV_OK     attention, or the budget does not suffice for the next block
 *   HV_FAULT  the instruction at rip raises cpu->fault
 *   HV_EXIT   the run ends; the instruction at rip was not executed */
HvStatus hv_execute(HvEmulatedCpu *cpu, HvBlock *block);

/* Addresses of the handlers, by HV_H_*. */
const void *const *hv_execute_handlers(void);
/* The handler that leaves a block before the instruction it stands at. */
const void *hv_execute_leave(void);

/* ---- block.c -------------------------------------------------------------- */

/* The block at RIP, translated if need be. limit: at most so many instructions
 * (a block shorter than usual is not kept). Sets *ret_block on HV_OK. */
HvStatus hv_block_at_rip(HvEmulatedCpu *cpu, int64_t limit, HvBlock **ret_block);

/* Where HvTlb.jump keeps the block at rip. */
static inline unsigned hv_jump_index(uint64_t rip)
{
    return (unsigned)((rip ^ (rip >> 9)) % HV_JUMP_ENTRIES);
}

/* ---- translate.c ---------------------------------------------------------- */

/* Translates instructions from bytes, which begin at block->rip, until one
 * that ends a block, or limit of them, or the last that is whole. Fills
 * block->ops (room for HV_BLOCK_MAX_OPS) and count; returns the number of ops.
 * The first instruction must be whole. */
unsigned hv_translate(HvBlock *block, const uint8_t *bytes, size_t available, unsigned limit);

/* ---- helpers -------------------------------------------------------------- */

/* Instructions without a handler of their own are functions. One that has
 * set rip (a jump) says so in cpu->jumped. */
typedef HvStatus (*HvHelper)(HvEmulatedCpu *cpu, const HvOp *op);

/* By HvInsnId, and for what cannot be decoded. */
enum { HV_HELPER_UNDEFINED = HV_I_COUNT, HV_HELPER_TOO_LONG, HV_HELPER_COUNT };
extern const HvHelper hv_helpers[HV_HELPER_COUNT];
