/* SPDX-License-Identifier: GPL-2.0-or-later */
/* undefined-flags.c: see undefined-flags.h. */
#include "hv-core/cpu/emulated/undefined-flags.h"

enum { CF = 1 << 0, PF = 1 << 2, AF = 1 << 4, ZF = 1 << 6, SF = 1 << 7, OF = 1 << 11 };

/* The masked count of a shift or rotate. */
static unsigned shift_count(const HvInsn *insn, uint8_t cl)
{
    bool immediate = insn->form == HV_FORM_EI || insn->form == HV_FORM_EGI;
    unsigned count = immediate ? (uint8_t)insn->imm : cl;

    return count & (insn->size == 8 ? 63 : 31);
}

static uint64_t after_shift(const HvInsn *insn, unsigned count)
{
    if (count == 0)
        return 0;
    return (uint64_t)AF | (count == 1 ? 0 : OF) | (count >= 8u * insn->size ? CF : 0);
}

uint64_t hv_undefined_flags(const HvInsn *insn, uint8_t count)
{
    switch (insn->id) {
    case HV_I_AND:
    case HV_I_OR:
    case HV_I_XOR:
    case HV_I_TEST: return AF;
    case HV_I_MUL:
    case HV_I_IMUL1:
    case HV_I_IMUL: return SF | ZF | AF | PF;
    case HV_I_DIV:
    case HV_I_IDIV: return CF | OF | SF | ZF | AF | PF;
    case HV_I_BSF: return CF | OF | SF | AF | PF | (insn->rep == 0xf3 ? ZF : 0);
    case HV_I_BSR: return CF | OF | SF | AF | PF;
    case HV_I_BT:
    case HV_I_BTS:
    case HV_I_BTR:
    case HV_I_BTC: return OF | SF | AF | PF;
    case HV_I_ROL:
    case HV_I_ROR:
    case HV_I_RCL:
    case HV_I_RCR: return shift_count(insn, count) > 1 ? OF : 0;
    case HV_I_SHL:
    case HV_I_SAL:
    case HV_I_SHR:
    case HV_I_SAR: return after_shift(insn, shift_count(insn, count));
    case HV_I_SHLD:
    case HV_I_SHRD:
        if (shift_count(insn, count) > 8u * insn->size)
            return CF | OF | SF | ZF | AF | PF;
        return after_shift(insn, shift_count(insn, count)) & ~(uint64_t)CF;
    default: return 0;
    }
}

bool hv_undefined_result(const HvInsn *insn, uint64_t source, uint8_t count)
{
    switch (insn->id) {
    case HV_I_BSF:
    case HV_I_BSR: return source == 0;
    case HV_I_SHLD:
    case HV_I_SHRD: return shift_count(insn, count) > 8u * insn->size;
    case HV_I_BSWAP: return insn->size == 2;
    default: return false;
    }
}
