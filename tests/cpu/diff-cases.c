/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff-cases.c: instructions that somebody once got wrong, as named tests.
 *
 * Each says what the real CPU does. The interpreter must do that, and where
 * there is KVM, or a process may execute it, so must they, which proves the
 * statement. All memory is zero before.
 */
#include "tests/cpu/diff-cases.h"

#include <glib.h>
#include <string.h>

#include "tests/cpu/diff-block.h"

#define ABSENT  (DIFF_DATA + 4 * DIFF_PAGE)
#define INSN_NS 10 /* of the fixture's clock */
#define MOST    6  /* registers given or expected */

typedef struct {
    int number; /* HV_RAX ..; RAX 0 means that there is nothing more to say */
    uint64_t value;
} Reg;

typedef struct {
    const char *name;
    const char *what; /* and where it is written */
    const char *code;
    unsigned bytes;
    Reg before[MOST];
    uint64_t rflags; /* arithmetic flags and DF, before */
    unsigned vector; /* at the end; DIFF_VECTOR_UD: that of the UD2 behind it */
    uint64_t error, cr2;
    Reg after[MOST];
    uint64_t flags_mask, flags; /* of RFLAGS, after */
    uint64_t address;           /* 0: none; else the 8 bytes there are value after */
    uint64_t value;
    bool not_kvm;
} Case;

#define CODE(text) .code = (text), .bytes = sizeof(text) - 1

static const Case cases[] = {
    {
        .name = "cmps-reads-rdi-first",
        .what = "both operands absent: CR2 is that of [RDI]",
        CODE("\xa6"),
        .before = {{HV_RSI, ABSENT}, {HV_RDI, ABSENT + 0x800}},
        .vector = 14,
        .error = 4,
        .cr2 = ABSENT + 0x800,
        .after = {{HV_RSI, ABSENT}, {HV_RDI, ABSENT + 0x800}},
    },
    {
        .name = "repe-cmps-fault-restores-flags",
        .what = "faults at the fifth byte; flags are those before it (SDM vol. 2, REP)",
        CODE("\xf3\xa6"),
        .before = {{HV_RSI, ABSENT - 4}, {HV_RDI, ABSENT - 4}, {HV_RCX, 16}},
        .rflags = DIFF_CF | DIFF_SF,
        .vector = 14,
        .error = 4,
        .cr2 = ABSENT,
        .after = {{HV_RSI, ABSENT}, {HV_RDI, ABSENT}, {HV_RCX, 12}},
        .flags_mask = DIFF_ARITHMETIC,
        .flags = DIFF_CF | DIFF_SF,
    },
    {
        .name = "repe-scas-fault-restores-flags",
        .what = "the same with SCAS",
        CODE("\xf3\xaf"),
        .before = {{HV_RDI, ABSENT - 8}, {HV_RCX, 3}, {HV_RAX, 0}},
        .rflags = DIFF_OF | DIFF_AF,
        .vector = 14,
        .error = 4,
        .cr2 = ABSENT,
        .after = {{HV_RDI, ABSENT}, {HV_RCX, 1}},
        .flags_mask = DIFF_ARITHMETIC,
        .flags = DIFF_OF | DIFF_AF,
    },
    {
        .name = "rep-ins-of-nothing-is-privileged",
        .what = "the right to do port I/O is asked for before RCX",
        CODE("\xf3\x6c"),
        .before = {{HV_RDI, DIFF_DATA}, {HV_RCX, 0}},
        .vector = 13,
        .after = {{HV_RDI, DIFF_DATA}},
    },
    {
        .name = "rep-outs-of-nothing-is-privileged",
        .what = "the same with OUTS",
        CODE("\xf3\x6e"),
        .before = {{HV_RSI, DIFF_DATA}, {HV_RCX, 0}},
        .vector = 13,
    },
    {
        .name = "ss-prefix-non-canonical",
        .what = "the SS prefix means nothing in 64-bit mode, so #GP (but #SS on some KVM)",
        CODE("\x36\x8b\x01"),
        .before = {{HV_RCX, UINT64_C(0x398e000000000000)}},
        .vector = 13,
        .not_kvm = true,
    },
    {
        .name = "no-prefix-non-canonical",
        .what = "#GP where the base is not RSP or RBP",
        CODE("\x8b\x01"),
        .before = {{HV_RCX, UINT64_C(0x398e000000000000)}},
        .vector = 13,
    },
    {
        .name = "across-the-canonical-boundary",
        .what = "#GP, though its first bytes lie in a page that is absent (but #PF on some KVM)",
        CODE("\x8b\x01"),
        .before = {{HV_RCX, UINT64_C(0x7ffffffffffe)}},
        .vector = 13,
        .not_kvm = true,
    },
    {
        .name = "rbp-non-canonical",
        .what = "#SS where it is",
        CODE("\x8b\x45\x00"),
        .before = {{HV_RBP, UINT64_C(0x398e000000000000)}},
        .vector = 12,
    },
    {
        .name = "bit-string-address32",
        .what = "the address is cut to 32 bits after the bit number has been added",
        CODE("\x67\x0f\xa3\x0b"), /* bt [ebx], ecx: 0x20 bytes below 0 */
        .before = {{HV_RBX, 0}, {HV_RCX, (uint32_t)-256}},
        .vector = 14,
        .error = 4,
        .cr2 = 0xffffffe0,
    },
    {
        .name = "pop-memory-address32",
        .what = "the address is cut to 32 bits after RSP has been raised",
        CODE("\x67\x8f\x84\x24\xfc\xc7\xfb\xff"), /* pop qword [esp - 0x43804] */
        .before = {{HV_RSP, DIFF_STACK + 0x800}},
        .vector = 14,
        .error = 7,
        .cr2 = 4,
        .after = {{HV_RSP, DIFF_STACK + 0x800}},
    },
    /* What Unicorn 2.0.1 gets wrong. */
    {
        .name = "cmpxchg32-without-exchange",
        .what = "the destination keeps its upper half, RAX loses its own",
        CODE("\x0f\xb1\xcb"), /* cmpxchg ebx, ecx */
        .before = {{HV_RBX, UINT64_C(0x1122334455667788)}, {HV_RAX, UINT64_C(0x99)}, {HV_RCX, 7}},
        .vector = DIFF_VECTOR_UD,
        .after = {{HV_RBX, UINT64_C(0x1122334455667788)}, {HV_RAX, 0x55667788}, {HV_RCX, 7}},
    },
    {
        .name = "test-as-f7-1",
        .what = "F7 /1 is TEST as F7 /0 is",
        CODE("\xf7\xc9\x0f\x00\x00\x00"), /* test ecx, 15 */
        .before = {{HV_RCX, 0x10}},
        .rflags = DIFF_CF | DIFF_OF,
        .vector = DIFF_VECTOR_UD,
        .flags_mask = DIFF_ARITHMETIC & ~DIFF_AF,
        .flags = DIFF_ZF | DIFF_PF,
    },
    {
        .name = "lock-neg-flags",
        .what = "of 0: no carry, and zero",
        CODE("\xf0\xf7\x1b"), /* lock neg dword [rbx] */
        .before = {{HV_RBX, DIFF_DATA + 0x10}},
        .rflags = DIFF_CF | DIFF_SF | DIFF_OF,
        .vector = DIFF_VECTOR_UD,
        .flags_mask = DIFF_ARITHMETIC,
        .flags = DIFF_ZF | DIFF_PF,
    },
    {
        .name = "rex-before-a-prefix",
        .what = "REX counts only right before the opcode",
        CODE("\x48\x66\x05\x01\x00"), /* (rex.w) add ax, 1 */
        .before = {{HV_RAX, 0xffff}},
        .vector = DIFF_VECTOR_UD,
        .flags_mask = DIFF_CF | DIFF_ZF,
        .flags = DIFF_CF | DIFF_ZF,
    },
    {
        .name = "shld-rip-relative",
        .what = "RIP is that behind the immediate",
        CODE("\x48\x0f\xa4\x0d\x00\x00\x00\x00\x04"), /* disp: see run_case() */
        .before = {{HV_RCX, UINT64_C(0xf000000000000000)}},
        .vector = DIFF_VECTOR_UD,
        .address = DIFF_DATA,
        .value = 15,
    },
};

/* ---- Running them ------------------------------------------------------------------- */

static uint8_t zeroes[DIFF_PAGES][DIFF_PAGE];

static void build_block(const Case *the, DiffBlock *block)
{
    *block = (DiffBlock){
        .start = DIFF_CODE + 0x100,
        .size = the->bytes,
        .count = 1,
        .mark = {{0, 0}, {(uint16_t)the->bytes, 0}},
        .rflags = 0x202 | the->rflags,
        .data = zeroes,
    };
    memcpy(block->code, the->code, the->bytes);
    block->gpr[HV_RSP] = DIFF_STACK + 0x800;
    for (unsigned i = 0; i < MOST; i++)
        if (the->before[i].number || the->before[i].value)
            block->gpr[the->before[i].number] = the->before[i].value;
    if (the->address) { /* a displacement of 4 bytes, 1 before the end */
        uint32_t distance = (uint32_t)(the->address - (block->start + the->bytes));
        memcpy(block->code + the->bytes - 5, &distance, sizeof distance);
    }
}

static void check_case(const Case *the, const DiffBlock *block, const DiffResult *result)
{
    bool ends = the->vector == DIFF_VECTOR_UD;

    g_assert_cmpstr(result->trouble, ==, "");
    g_assert_cmpuint(result->vector, ==, the->vector);
    g_assert_cmphex(result->rip, ==, block->start + (ends ? the->bytes : 0));
    g_assert_cmphex((result->error ^ the->error) & ~result->error_unknown, ==, 0);
    g_assert_cmphex(result->cr2, ==, the->cr2);
    for (unsigned i = 0; i < MOST; i++)
        if (the->after[i].number || the->after[i].value)
            g_assert_cmphex(result->gpr[the->after[i].number], ==, the->after[i].value);
    g_assert_cmphex(result->rflags & the->flags_mask, ==, the->flags);
    if (the->address) {
        uint64_t value, at = the->address - DIFF_DATA;
        memcpy(&value, result->page[at / DIFF_PAGE] + at % DIFF_PAGE, sizeof value);
        g_assert_cmphex(value, ==, the->value);
    }
}

static void run_case(const Case *the, DiffExecutor *executor)
{
    DiffBlock block;
    DiffResult result;

    g_test_message("%s on %s: %s", the->name, executor->name, the->what);
    build_block(the, &block);
    executor->run(executor, &block, &result);
    check_case(the, &block, &result);
    executor->free(executor);
}

static void test_case(const void *data)
{
    const Case *the = data;
    const char *why;

    run_case(the, diff_guest_new(&hv_cpu_emulated, 0));
    run_case(the, diff_guest_new(&hv_cpu_emulated, INSN_NS));
    if (!the->not_kvm && hv_cpu_kvm.probe(NULL))
        run_case(the, diff_guest_new(&hv_cpu_kvm, 0));
    DiffExecutor *native = diff_native_new(zeroes, &why);
    if (native != NULL)
        run_case(the, native);
}

void diff_add_cases(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/diff/case/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], test_case);
    }
}
