/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff-odd.c: the last instruction of a block, which mostly raises an exception. */
#include "tests/cpu/diff-generate-private.h"

#include <glib.h>
#include <string.h>

#include "hv-core/cpu/emulated/decode.h"
#include "hv-core/cpu/emulated/undefined-flags.h"

typedef struct {
    uint8_t count, bytes[7];
} Bytes;

static void emit_one_of(DiffGenerator *g, const Bytes *from, unsigned count)
{
    const Bytes *which = &from[diff_below(g, count)];

    diff_emit_bytes(g, which->bytes, which->count);
}

/* ---- Bad addresses ------------------------------------------------------------ */

/* Branches to, and returns through, bad addresses. Not a CALL to one that is not
 * canonical: whether the stack is written before #GP is each processor's own. */
static void emit_wild_branch(DiffGenerator *g)
{
    uint64_t target = diff_target(g, 8, DIFF_READ | DIFF_WRITE);

    while (target >= DIFF_DATA && target < DIFF_DATA + DIFF_PAGES * DIFF_PAGE &&
           diff_page_kinds[(target - DIFF_DATA) / DIFF_PAGE] != DIFF_ABSENT)
        target = DIFF_DATA + 4 * DIFF_PAGE + diff_below(g, DIFF_PAGE);
    diff_set_reg(g, HV_RDX, target);
    switch (diff_below(g, target >> 47 ? 2 : 3)) {
    case 0: diff_emit_bytes(g, "\xff\xe2", 2); break; /* jmp rdx */
    case 2: diff_emit_bytes(g, "\xff\xd2", 2); break; /* call rdx */
    default:
        diff_emit_bytes(g, "\x52", 1); /* push rdx; ret */
        diff_emit_bytes(g, "\xc3", 1);
    }
}

static void emit_wild_call(DiffGenerator *g)
{
    diff_set_reg(g, HV_RSP, diff_target(g, 8, DIFF_READ | DIFF_WRITE));
    if (diff_chance(g, 50))
        diff_emit_bytes(g, "\xe8\0\0\0\0", 5);
    else
        diff_emit_bytes(g, "\xc2\x08\x00", 3); /* an address of random bytes */
}

static void emit_wild_stack(DiffGenerator *g)
{
    diff_emit_kind(g, diff_stack_kinds);
}

/* ---- What is forbidden -------------------------------------------------------- */

static void emit_privileged(DiffGenerator *g)
{
    static const Bytes insns[] = {
        {1, {0xf4}}, /* hlt */
        {1, {0xfa}}, /* cli */
        {1, {0xfb}}, /* sti */
        {1, {0xec}}, /* in al, dx */
        {1, {0xed}},
        {2, {0x66, 0xed}},
        {2, {0xe4, 0x60}},
        {1, {0xee}},
        {1, {0xef}},
        {2, {0xe7, 0x80}},
        {1, {0x6c}},             /* insb */
        {1, {0x6f}},             /* outsd */
        {2, {0x0f, 0x06}},       /* clts */
        {2, {0x0f, 0x08}},       /* invd */
        {2, {0x0f, 0x09}},       /* wbinvd */
        {2, {0x0f, 0x30}},       /* wrmsr */
        {2, {0x0f, 0x32}},       /* rdmsr */
        {3, {0x0f, 0x20, 0xc0}}, /* mov rax, cr0 */
        {3, {0x0f, 0x22, 0xd8}}, /* mov cr3, rax */
        {3, {0x0f, 0x20, 0xe1}}, /* mov rcx, cr4 */
        {3, {0x0f, 0x21, 0xc0}}, /* mov rax, dr0 */
        {3, {0x0f, 0x23, 0xf9}}, /* mov dr7, rcx */
        {3, {0x0f, 0x01, 0x13}}, /* lgdt [rbx] */
        {3, {0x0f, 0x01, 0x1b}}, /* lidt [rbx] */
        {3, {0x0f, 0x01, 0x3b}}, /* invlpg [rbx] */
        {3, {0x0f, 0x01, 0xf0}}, /* lmsw ax */
        {3, {0x0f, 0x01, 0xf8}}, /* swapgs */
        {3, {0x0f, 0x00, 0xd0}}, /* lldt ax */
        {3, {0x0f, 0x00, 0xd8}}, /* ltr ax */
    };

    emit_one_of(g, insns, G_N_ELEMENTS(insns));
}

static void emit_undefined(DiffGenerator *g)
{
    static const Bytes insns[] = {
        {2, {0x0f, 0x0b}},       /* ud2 */
        {3, {0x0f, 0xb9, 0xc0}}, /* ud1 */
        {1, {0x06}},             /* gone in 64-bit mode, to ... */
        {1, {0x0e}},
        {1, {0x16}},
        {1, {0x1f}},
        {1, {0x27}},
        {1, {0x2f}},
        {1, {0x37}},
        {1, {0x3f}},
        {1, {0x60}},
        {1, {0x61}},
        {2, {0x82, 0xc0}},
        {1, {0xce}},
        {2, {0xd4, 0x0a}},
        {2, {0xd5, 0x0a}},
        {1, {0xd6}}, /* ... here */
        {7, {0x9a, 0, 0, 0, 0, 0, 0}},
        {7, {0xea, 0, 0, 0, 0, 0, 0}},
        {3, {0xf0, 0x01, 0xc0}},       /* lock add eax, eax */
        {3, {0xf0, 0x39, 0x03}},       /* lock cmp [rbx], eax */
        {3, {0xf0, 0x89, 0x03}},       /* lock mov [rbx], eax */
        {3, {0xf0, 0x03, 0x03}},       /* lock add eax, [rbx] */
        {2, {0xf0, 0x90}},             /* lock nop */
        {4, {0xf0, 0x0f, 0xa3, 0x03}}, /* lock bt [rbx], eax */
        {3, {0xf0, 0xd1, 0x23}},       /* lock shl [rbx], 1 */
        {2, {0x8d, 0xc0}},             /* lea eax, eax */
        {2, {0xfe, 0xd0}},             /* FE /2 */
        {2, {0xff, 0xf8}},             /* FF /7 */
        {2, {0xc6, 0xc8}},             /* C6 /1 */
        {3, {0x0f, 0xc7, 0xc8}},       /* cmpxchg8b with a register */
        {4, {0x0f, 0xba, 0xc0, 0x01}}, /* 0F BA /0 */
        {2, {0x8e, 0xc8}},             /* mov cs, eax */
        {2, {0x8e, 0xf0}},             /* mov to segment 6 */
        {2, {0x0f, 0x04}},
        {2, {0x0f, 0x0a}},
        {2, {0x0f, 0x24}},
        {2, {0x0f, 0x36}},
        {3, {0x0f, 0xff, 0xc0}},
    };

    emit_one_of(g, insns, G_N_ELEMENTS(insns));
}

static void emit_breakpoint(DiffGenerator *g)
{
    diff_emit_bytes(g, "\xcc", 1);
}

/* 15 bytes are the most an instruction may have. */
static void emit_long(DiffGenerator *g)
{
    static const uint8_t prefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0x66, 0x67};
    uint8_t bytes[18];
    unsigned count = 12 + diff_below(g, 5);

    for (unsigned i = 0; i < count; i++)
        bytes[i] = prefixes[diff_below(g, sizeof prefixes)];
    bytes[count] = 0x90;
    diff_emit_bytes(g, bytes, count + 1);
}

/* ---- Random bytes --------------------------------------------------------------- */

/* hv_decode() says how long they are and what they would be; if it is wrong, so
 * will be RIP. Those that do the same everywhere once started with the same registers: no
 * branches (they might never end), nothing whose outcome is undefined or that
 * depends on the system around it. */
static bool comparable(const HvInsn *insn)
{
    switch (insn->id) {
    case HV_I_SHLD:
    case HV_I_SHRD: return insn->size != 2;
    case HV_I_BSF:
    case HV_I_BSR: return false; /* of 0 */
    case HV_I_BSWAP: return insn->size != 2;
    case HV_I_POPF: return false; /* TF, AC */
    case HV_I_JCC:
    case HV_I_JMP:
    case HV_I_JMP_NEAR:
    case HV_I_CALL:
    case HV_I_CALL_NEAR:
    case HV_I_RET:
    case HV_I_LOOP:
    case HV_I_LOOPE:
    case HV_I_LOOPNE:
    case HV_I_JRCXZ: return false;
    case HV_I_INS:
    case HV_I_OUTS:
    case HV_I_IN:
    case HV_I_OUT:
    case HV_I_HLT:
    case HV_I_CLI:
    case HV_I_STI:
    case HV_I_CLTS:
    case HV_I_RDMSR:
    case HV_I_WRMSR:
    case HV_I_INT3: return true;
    default: return insn->id < HV_I_INS; /* what is behind is the system's */
    }
}

static void emit_random(DiffGenerator *g)
{
    uint8_t bytes[24];
    HvInsn insn;

    diff_need_flags(g, DIFF_ARITHMETIC);
    for (int i = 0; i < 50; i++) {
        for (unsigned at = 0; at < sizeof bytes; at += 8) {
            uint64_t word = diff_random(g);
            memcpy(bytes + at, &word, sizeof word);
        }
        if (diff_chance(g, 40))
            bytes[diff_below(g, 2)] = 0x0f;
        if (hv_decode(bytes, sizeof bytes, &insn) != HV_DECODE_OK || !comparable(&insn))
            continue;
        bool segment = insn.segment == HV_FS || insn.segment == HV_GS;
        bool ss_prefix = memchr(bytes, 0x36, insn.length) != NULL;
        if (g->native ? segment : ss_prefix || insn.id == HV_I_CMPS)
            continue; /* as with those that are not of random bytes */
        bool by_cl = insn.form == HV_FORM_E && insn.id >= HV_I_ROL && insn.id <= HV_I_SAR;
        by_cl |= insn.form == HV_FORM_EG && (insn.id == HV_I_SHLD || insn.id == HV_I_SHRD);
        diff_flags(g, 0, by_cl ? DIFF_ARITHMETIC : (unsigned)hv_undefined_flags(&insn, 0));
        diff_emit_bytes(g, bytes, insn.length);
        return;
    }
}

const DiffKind diff_odd_kinds[] = {
    {diff_emit_simple, 40}, {emit_wild_stack, 10},
    {emit_wild_branch, 6},  {emit_wild_call, 4},
    {emit_privileged, 8},   {emit_undefined, 6},
    {emit_breakpoint, 2},   {emit_long, 2},
    {emit_random, 22},      {0},
};
