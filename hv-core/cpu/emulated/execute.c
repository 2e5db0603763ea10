/* SPDX-License-Identifier: GPL-2.0-or-later */
/* execute.c: the loop that executes ops.
 *
 * Each handler does its work and jumps to the handler of the next op, whose
 * address the op holds ("direct threading"): the host's branch predictor then
 * sees one indirect jump per handler and learns the guest's own patterns.
 *
 * The handlers themselves are in three included files: execute-alu.inc,
 * execute-data.inc, execute-branch.inc. This file has what they are made of:
 * access to registers and memory, going on, and leaving.
 *
 * A value of a guest register is little-endian only in guest memory; in gpr it
 * is a number, and parts of it are got at by shifts, so any host will do.
 */
#include "hv-core/cpu/emulated/execute.h"

#include <string.h>

#include "hv-core/cpu/emulated/flags.h"
#include "hv-core/cpu/emulated/handlers.h"
#include "hv-core/cpu/emulated/mmu.h"

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* ---- Registers by operand size -------------------------------------------- */

#define U8  uint8_t
#define U16 uint16_t
#define U32 uint32_t
#define U64 uint64_t
#define S8  int8_t
#define S16 int16_t
#define S32 int32_t
#define S64 int64_t

#define SIZE_INDEX8  0
#define SIZE_INDEX16 1
#define SIZE_INDEX32 2
#define SIZE_INDEX64 3

/* Byte registers 0x10..0x13 are bits 8..15 of registers 0..3. TEMP is slot 17,
 * which as a byte register would be CH; get8 is never used with it: byte
 * operands loaded for others go through get_slot. */
static inline uint8_t get8(const uint64_t *gpr, unsigned n)
{
    return (uint8_t)(gpr[n & 15] >> ((n & HV_REG_HIGH) >> 1));
}

static inline void put8(uint64_t *gpr, unsigned n, uint8_t value)
{
    unsigned shift = (n & HV_REG_HIGH) >> 1;

    gpr[n & 15] = (gpr[n & 15] & ~(UINT64_C(0xff) << shift)) | (uint64_t)value << shift;
}

#define GET8(n)     get8(gpr, n)
#define GET16(n)    ((uint16_t)gpr[n])
#define GET32(n)    ((uint32_t)gpr[n])
#define GET64(n)    (gpr[n])
#define PUT8(n, v)  put8(gpr, n, v)
#define PUT16(n, v) (gpr[n] = (gpr[n] & ~UINT64_C(0xffff)) | (uint16_t)(v))
#define PUT32(n, v) (gpr[n] = (uint32_t)(v))
#define PUT64(n, v) (gpr[n] = (v))

/* ---- Guest memory ----------------------------------------------------------- */

static inline uint8_t fetch8(const uint8_t *p)
{
    return *p;
}
static inline uint16_t fetch16(const uint8_t *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof(v));
    return GUINT16_FROM_LE(v);
}
static inline uint32_t fetch32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof(v));
    return GUINT32_FROM_LE(v);
}
static inline uint64_t fetch64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return GUINT64_FROM_LE(v);
}
static inline void place8(uint8_t *p, uint8_t v)
{
    *p = v;
}
static inline void place16(uint8_t *p, uint16_t v)
{
    v = GUINT16_TO_LE(v);
    memcpy(p, &v, sizeof(v));
}
static inline void place32(uint8_t *p, uint32_t v)
{
    v = GUINT32_TO_LE(v);
    memcpy(p, &v, sizeof(v));
}
static inline void place64(uint8_t *p, uint64_t v)
{
    v = GUINT64_TO_LE(v);
    memcpy(p, &v, sizeof(v));
}

#define TLB_ENTRY(address)       (&cpu->tlb->entry[((address) >> HV_PAGE_SHIFT) % HV_TLB_ENTRIES])
#define LAST_PAGE(address, bits) (((address) + (bits) / 8 - 1) & ~(uint64_t)HV_PAGE_MASK)
#define HOST(entry, address)     ((uint8_t *)((entry)->delta + (uintptr_t)(address)))

/* result = memory at address. Goes to `failed` if that is not to be had. */
#define LOAD(bits, address, result)                                                                \
    do {                                                                                           \
        uint64_t load_at = (address);                                                              \
        const HvTlbEntry *load_entry = TLB_ENTRY(load_at);                                         \
        if (LIKELY(load_entry->read == LAST_PAGE(load_at, bits))) {                                \
            result = fetch##bits(HOST(load_entry, load_at));                                       \
        } else {                                                                                   \
            const HvOp *go_on = hv_slow_load(cpu, op, load_at, (bits) / 8, false);                 \
            if (!go_on)                                                                            \
                goto failed;                                                                       \
            op = go_on;                                                                            \
            result = (U##bits)cpu->slow_value;                                                     \
        }                                                                                          \
    } while (0)

#define STORE(bits, address, value)                                                                \
    do {                                                                                           \
        uint64_t store_at = (address);                                                             \
        const HvTlbEntry *store_entry = TLB_ENTRY(store_at);                                       \
        if (LIKELY(store_entry->write == LAST_PAGE(store_at, bits))) {                             \
            place##bits(HOST(store_entry, store_at), (U##bits)(value));                            \
        } else {                                                                                   \
            const HvOp *go_on = hv_slow_store(cpu, op, store_at, (bits) / 8, (value));             \
            if (!go_on)                                                                            \
                goto failed;                                                                       \
            op = go_on;                                                                            \
        }                                                                                          \
    } while (0)

/* Reads memory that will be written: a_ = old value, COMPUTE makes r_ of it. */
#define MODIFY(bits, address, a_, r_, COMPUTE)                                                     \
    do {                                                                                           \
        uint64_t at = (address);                                                                   \
        const HvTlbEntry *entry = TLB_ENTRY(at);                                                   \
        if (LIKELY(entry->write == LAST_PAGE(at, bits))) {                                         \
            a_ = fetch##bits(HOST(entry, at));                                                     \
            COMPUTE;                                                                               \
            place##bits(HOST(entry, at), r_);                                                      \
        } else {                                                                                   \
            const HvOp *go_on = hv_slow_load(cpu, op, at, (bits) / 8, true);                       \
            if (!go_on)                                                                            \
                goto failed;                                                                       \
            op = go_on;                                                                            \
            a_ = (U##bits)cpu->slow_value;                                                         \
            COMPUTE;                                                                               \
            go_on = hv_slow_store(cpu, op, at, (bits) / 8, r_);                                    \
            if (!go_on)                                                                            \
                goto failed;                                                                       \
            op = go_on;                                                                            \
        }                                                                                          \
    } while (0)

#define ADDRESS_B (gpr[op->base] + op->disp)
#define ADDRESS_X (gpr[op->base] + (gpr[op->index] << op->shift) + op->disp)

/* ---- Going on ---------------------------------------------------------------- */

/* One indirect jump per handler; but in sanitized and unoptimised builds one
 * for all, because there the compilers take too long over a thousand jumps with
 * a thousand targets each. For the same reason the loop is left out of a
 * fuzzer's coverage. */
#if defined(__clang__)
#define NO_COVERAGE __attribute__((no_sanitize("coverage")))
#if __has_feature(address_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define HV_SHARED_DISPATCH
#endif
#else
#define NO_COVERAGE
#endif
#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
#define HV_SHARED_DISPATCH
#endif

#ifdef HV_SHARED_DISPATCH
#define DISPATCH goto dispatch
#else
#define DISPATCH goto * op->handler
#endif

#define NEXT                                                                                       \
    do {                                                                                           \
        op++;                                                                                      \
        DISPATCH;                                                                                  \
    } while (0)

#define H(name) L_##name

/* To the block at target, behind this one; which of its two links. */
#define GO_LINK(which, target)                                                                     \
    do {                                                                                           \
        next = cpu->block->link[which];                                                            \
        if (LIKELY(next && next->version == next->info->code_version))                             \
            goto enter_linked;                                                                     \
        cpu->rip = (target);                                                                       \
        link = which;                                                                              \
        goto make_link;                                                                            \
    } while (0)

/* Leaves the block before op's instruction: gives back what was not executed. */
static void leave_block(HvEmulatedCpu *cpu, const HvOp *op)
{
    cpu->rip = cpu->block->rip + op->offset;
    cpu->budget += (int64_t)cpu->block->count - op->count;
    cpu->block = NULL;
}

/* Block b, not one made for the moment, begins on the page that a began on, so a link from a to it
 * holds as long as a itself is entered. */
static bool linkable(const HvBlock *a, const HvBlock *b)
{
    return a->frame == b->frame && b->info == b->info2 && a->info == a->info2 &&
           (a->rip ^ b->rip) < HV_PAGE_SIZE;
}

#define HV_HANDLER_LABEL(name) [HV_H_##name] = &&L_##name,

/* Also serves to tell the addresses of its labels: with cpu NULL. */
NO_COVERAGE static HvStatus execute(HvEmulatedCpu *cpu, HvBlock *next,
                                    const void *const **ret_handlers)
{
    static const void *const handlers[HV_H_COUNT] = {HV_HANDLERS(HV_HANDLER_LABEL)};

    if (!cpu) {
        *ret_handlers = handlers;
        return HV_OK;
    }

    uint64_t *const gpr = cpu->gpr;
    const HvOp *op;
    HvStatus status;
    unsigned link;
    goto enter;

#include "hv-core/cpu/emulated/execute-alu.inc"
#include "hv-core/cpu/emulated/execute-data.inc"
#include "hv-core/cpu/emulated/execute-branch.inc"

make_link : {
    HvBlock *from = cpu->block;
    bool temporary = from == &cpu->temp_block;
    unsigned drops = cpu->machine->arena_drops;

    cpu->block = NULL;
    if (atomic_load_explicit(&cpu->attention, memory_order_relaxed) || cpu->budget <= 0)
        return HV_OK;
    status = hv_block_at_rip(cpu, INT64_MAX, &next);
    if (status != HV_OK)
        return status;
    if (!temporary && drops == cpu->machine->arena_drops && hv_block_valid(from) &&
        linkable(from, next))
        from->link[link] = next;
    goto enter;
}

find_block: /* at cpu->rip, from a block that does not know where it leads */
    cpu->block = NULL;
    next = cpu->tlb->jump[hv_jump_index(cpu->rip)];
    if (LIKELY(next && next->rip == cpu->rip && hv_block_valid(next)))
        goto enter;
    if (atomic_load_explicit(&cpu->attention, memory_order_relaxed) || cpu->budget <= 0)
        return HV_OK;
    status = hv_block_at_rip(cpu, INT64_MAX, &next);
    if (status != HV_OK)
        return status;

enter:
enter_linked:
    if (UNLIKELY(atomic_load_explicit(&cpu->attention, memory_order_relaxed)) ||
        UNLIKELY(cpu->budget < (int64_t)next->count)) {
        cpu->rip = next->rip;
        cpu->block = NULL;
        return HV_OK;
    }
    cpu->budget -= next->count;
    cpu->block = next;
    op = next->ops;
#ifdef HV_SHARED_DISPATCH
dispatch:
#endif
    goto * op->handler;

failed: /* op's instruction was not executed: cpu->status says why */
    status = cpu->status;
    leave_block(cpu, op);
    return status;
}

HvStatus hv_execute(HvEmulatedCpu *cpu, HvBlock *block)
{
    return execute(cpu, block, NULL);
}

const void *const *hv_execute_handlers(void)
{
    static const void *const *handlers;

    if (!handlers)
        execute(NULL, NULL, &handlers);
    return handlers;
}

const void *hv_execute_leave(void)
{
    return hv_execute_handlers()[HV_H_OUT];
}
