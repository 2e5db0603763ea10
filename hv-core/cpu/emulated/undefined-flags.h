/* SPDX-License-Identifier: GPL-2.0-or-later */
/* undefined-flags.h: which flags mean something after an instruction.
 *
 * The architecture leaves some arithmetic flags undefined (Intel SDM vol. 1,
 * appendix A). The interpreter gives them fixed values, mostly those of Intel's
 * processors, but two processors may differ there. Who compares the
 * interpreter with a processor leaves these flags out.
 */
#pragma once

#include "hv-core/cpu/emulated/decode.h"

/* The mask of flags undefined after insn. count: the value in CL before it,
 * which matters to shifts and rotates by CL. A `rep bsf` counts like a bsf: on
 * processors with BMI1 it is a tzcnt, which agrees for a source that is not 0
 * in the result but not in ZF and CF. */
uint64_t hv_undefined_flags(const HvInsn *insn, uint8_t count);

/* Is the destination register undefined as well? bsf and bsr of 0 (source),
 * 16-bit shld and shrd by more than 16, 16-bit bswap. */
bool hv_undefined_result(const HvInsn *insn, uint64_t source, uint8_t count);
