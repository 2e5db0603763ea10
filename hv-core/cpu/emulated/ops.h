/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ops.h: the helpers, by the file they are in. ops.c has the table that says
 * which instruction uses which. */
#pragma once

#include "hv-core/cpu/emulated/execute.h"

/* ops-arithmetic.c */
HvStatus hv_op_shift(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_double_shift(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_unary(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_multiply(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_imul(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_divide(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_divide_signed(HvEmulatedCpu *cpu, const HvOp *op);

/* ops-bits.c */
HvStatus hv_op_bit(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_scan(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_xchg(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_xadd(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_cmpxchg(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_cmpxchg8b(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_cmov(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_setcc(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_cbw(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_cwd(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_lahf(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_sahf(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_flag(HvEmulatedCpu *cpu, const HvOp *op);

/* ops-string.c */
HvStatus hv_op_string(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_in(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_out(HvEmulatedCpu *cpu, const HvOp *op);

/* ops-stack.c */
HvStatus hv_op_push(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_pop(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_pushf(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_popf(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_enter(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_leave(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_loop(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_xlat(HvEmulatedCpu *cpu, const HvOp *op);

/* system-control.c */
HvStatus hv_op_cli_sti(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_hlt(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_cpuid(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_rdmsr(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_wrmsr(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_mov_from_cr(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_mov_to_cr(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_mov_from_dr(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_mov_to_dr(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_smsw(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_lmsw(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_clts(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_invlpg(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_swapgs(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_cache(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_undefined(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_too_long(HvEmulatedCpu *cpu, const HvOp *op);

/* system-segment.c */
HvStatus hv_op_mov_from_seg(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_mov_to_seg(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_push_seg(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_pop_seg(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_store_table(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_load_table(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_store_selector(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_lldt(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_ltr(HvEmulatedCpu *cpu, const HvOp *op);

/* system-transfer.c */
HvStatus hv_op_int(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_iret(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_retf(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_jump_far(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_syscall(HvEmulatedCpu *cpu, const HvOp *op);
HvStatus hv_op_sysret(HvEmulatedCpu *cpu, const HvOp *op);
