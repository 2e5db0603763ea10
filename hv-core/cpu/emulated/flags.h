/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flags.h: the arithmetic flags, computed when somebody looks.
 *
 * Most flags that instructions set are never read. So an instruction leaves
 * only what its flags follow from: two numbers, sign-extended to 64 bits, and a
 * kind that says how to read them and how wide they were. Sign extension keeps
 * the order of numbers, signed and unsigned, so the comparisons behind CF, ZF
 * and "less" need not know the width.
 *
 * Flags that the architecture leaves undefined are here a fixed function of
 * the operands, where simple what Intel's processors do. Which are undefined
 * after which instruction: undefined-flags.h.
 */
#pragma once

#include "hv-core/cpu/emulated/state.h"

/* flag_kind is a class and log2 of the operand size in bytes (0..3). */
enum {
    HV_FLAGS_SUB = 0 << 2,     /* a - b */
    HV_FLAGS_SBB = 1 << 2,     /* a - b - 1 */
    HV_FLAGS_ADD = 2 << 2,     /* a is the sum, b one operand */
    HV_FLAGS_ADC = 3 << 2,     /* the same, with a carry of 1 */
    HV_FLAGS_RESULT = 4 << 2,  /* ZF, SF, PF from a; CF, AF, OF are bits of b */
    HV_FLAGS_PRODUCT = 6 << 2, /* the same, with ZF 0: products, bit numbers */
    HV_FLAGS_BITS = 5 << 2,    /* a holds the flags themselves */
};

static inline void hv_set_flags(HvEmulatedCpu *cpu, uint32_t kind, uint64_t a, uint64_t b)
{
    cpu->flag_kind = kind;
    cpu->flag_a = a;
    cpu->flag_b = b;
}

static inline uint64_t hv_flags_result(const HvEmulatedCpu *cpu)
{
    switch (cpu->flag_kind & ~3u) {
    case HV_FLAGS_SUB: return cpu->flag_a - cpu->flag_b;
    case HV_FLAGS_SBB: return cpu->flag_a - cpu->flag_b - 1;
    default: return cpu->flag_a;
    }
}

/* The sign of value, as wide as the present flags' operands. */
static inline bool hv_flags_sign(const HvEmulatedCpu *cpu, uint64_t value)
{
    return (value >> ((8u << (cpu->flag_kind & 3)) - 1)) & 1;
}

static inline bool hv_get_cf(const HvEmulatedCpu *cpu)
{
    uint64_t a = cpu->flag_a, b = cpu->flag_b;

    switch (cpu->flag_kind & ~3u) {
    case HV_FLAGS_SUB: return a < b;
    case HV_FLAGS_SBB: return a <= b;
    case HV_FLAGS_ADD: return a < b;
    case HV_FLAGS_ADC: return a <= b;
    case HV_FLAGS_RESULT:
    case HV_FLAGS_PRODUCT: return b & HV_FLAG_CF;
    default: return a & HV_FLAG_CF;
    }
}

static inline bool hv_get_zf(const HvEmulatedCpu *cpu)
{
    switch (cpu->flag_kind & ~3u) {
    case HV_FLAGS_SUB: return cpu->flag_a == cpu->flag_b;
    case HV_FLAGS_BITS: return cpu->flag_a & HV_FLAG_ZF;
    case HV_FLAGS_PRODUCT: return false;
    case HV_FLAGS_SBB: {
        unsigned unused = 64 - (8u << (cpu->flag_kind & 3));
        return (cpu->flag_a - cpu->flag_b - 1) << unused == 0;
    }
    default: return cpu->flag_a == 0;
    }
}

static inline bool hv_get_sf(const HvEmulatedCpu *cpu)
{
    if ((cpu->flag_kind & ~3u) == HV_FLAGS_BITS)
        return cpu->flag_a & HV_FLAG_SF;
    return hv_flags_sign(cpu, hv_flags_result(cpu));
}

static inline bool hv_get_of(const HvEmulatedCpu *cpu)
{
    uint64_t a = cpu->flag_a, b = cpu->flag_b;

    switch (cpu->flag_kind & ~3u) {
    case HV_FLAGS_SUB: return hv_flags_sign(cpu, (a ^ b) & (a ^ (a - b)));
    case HV_FLAGS_SBB: return hv_flags_sign(cpu, (a ^ b) & (a ^ (a - b - 1)));
    case HV_FLAGS_ADD: return hv_flags_sign(cpu, (a ^ b) & (a ^ (a - b)));
    case HV_FLAGS_ADC: return hv_flags_sign(cpu, (a ^ b) & (a ^ (a - b - 1)));
    case HV_FLAGS_RESULT:
    case HV_FLAGS_PRODUCT: return b & HV_FLAG_OF;
    default: return a & HV_FLAG_OF;
    }
}

static inline bool hv_get_pf(const HvEmulatedCpu *cpu)
{
    if ((cpu->flag_kind & ~3u) == HV_FLAGS_BITS)
        return cpu->flag_a & HV_FLAG_PF;
    unsigned byte = hv_flags_result(cpu) & 0xff;
    byte ^= byte >> 4;
    return !((0x6996u >> (byte & 15)) & 1);
}

static inline bool hv_get_af(const HvEmulatedCpu *cpu)
{
    uint64_t a = cpu->flag_a, b = cpu->flag_b;

    switch (cpu->flag_kind & ~3u) {
    case HV_FLAGS_SUB: return (a ^ b ^ (a - b)) & HV_FLAG_AF;
    case HV_FLAGS_SBB: return (a ^ b ^ (a - b - 1)) & HV_FLAG_AF;
    case HV_FLAGS_ADD: return (a ^ b ^ (a - b)) & HV_FLAG_AF;
    case HV_FLAGS_ADC: return (a ^ b ^ (a - b - 1)) & HV_FLAG_AF;
    case HV_FLAGS_RESULT:
    case HV_FLAGS_PRODUCT: return b & HV_FLAG_AF;
    default: return a & HV_FLAG_AF;
    }
}

static inline uint64_t hv_get_arithmetic(const HvEmulatedCpu *cpu)
{
    if ((cpu->flag_kind & ~3u) == HV_FLAGS_BITS)
        return cpu->flag_a;
    return (hv_get_cf(cpu) ? HV_FLAG_CF : 0) | (hv_get_pf(cpu) ? HV_FLAG_PF : 0) |
           (hv_get_af(cpu) ? HV_FLAG_AF : 0) | (hv_get_zf(cpu) ? HV_FLAG_ZF : 0) |
           (hv_get_sf(cpu) ? HV_FLAG_SF : 0) | (hv_get_of(cpu) ? HV_FLAG_OF : 0);
}

static inline void hv_set_arithmetic(HvEmulatedCpu *cpu, uint64_t flags)
{
    hv_set_flags(cpu, HV_FLAGS_BITS, flags & HV_FLAGS_ARITHMETIC, 0);
}

/* Replaces the flags in mask; the others keep their values. */
static inline void hv_change_flags(HvEmulatedCpu *cpu, uint64_t mask, uint64_t flags)
{
    hv_set_arithmetic(cpu, (hv_get_arithmetic(cpu) & ~mask) | (flags & mask));
}

static inline uint64_t hv_get_rflags(const HvEmulatedCpu *cpu)
{
    return cpu->system_flags | HV_FLAG_ONE | (cpu->direction ? HV_FLAG_DF : 0) |
           hv_get_arithmetic(cpu);
}

static inline void hv_set_rflags(HvEmulatedCpu *cpu, uint64_t rflags)
{
    cpu->system_flags = rflags & HV_FLAGS_SYSTEM;
    cpu->direction = rflags & HV_FLAG_DF;
    hv_set_arithmetic(cpu, rflags);
}

/* Condition cc as encoded in jcc, setcc and cmovcc. */
static inline __attribute__((always_inline)) bool hv_condition(const HvEmulatedCpu *cpu,
                                                               unsigned cc)
{
    bool sub = (cpu->flag_kind & ~3u) == HV_FLAGS_SUB;
    int64_t a = (int64_t)cpu->flag_a, b = (int64_t)cpu->flag_b;
    bool value;

    switch (cc >> 1) {
    case 0: value = hv_get_of(cpu); break;
    case 1: value = sub ? (uint64_t)a < (uint64_t)b : hv_get_cf(cpu); break;
    case 2: value = sub ? a == b : hv_get_zf(cpu); break;
    case 3: value = sub ? (uint64_t)a <= (uint64_t)b : hv_get_cf(cpu) || hv_get_zf(cpu); break;
    case 4: value = hv_get_sf(cpu); break;
    case 5: value = hv_get_pf(cpu); break;
    case 6: value = sub ? a < b : hv_get_sf(cpu) != hv_get_of(cpu); break;
    default: value = sub ? a <= b : hv_get_zf(cpu) || hv_get_sf(cpu) != hv_get_of(cpu); break;
    }
    return value ^ (cc & 1);
}
