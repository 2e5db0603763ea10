/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-emulated-flags.c: results and flags of single instructions, worked out by hand. */
#include <string.h>

#include "tests/cpu/cpu-fixture.h"

enum { CF = 1, PF = 4, AF = 0x10, ZF = 0x40, SF = 0x80, OF = 0x800, ALL = 0x8d5 };

typedef struct {
    const char *name;
    uint8_t bytes[8];
    uint64_t rax, rbx, flags;                /* before; RCX is 9 */
    uint64_t want_rax, want_rbx, want_flags; /* after */
    uint64_t mask;                           /* of the flags that are defined */
} Row;

static const Row rows[] = {
    {"add al, bl: positive overflow", {0x00, 0xd8}, 0x7f, 1, 0, 0x80, 1, OF | SF | AF, ALL},
    {"add al, bl: carry", {0x00, 0xd8}, 0xff, 1, 0, 0, 1, CF | ZF | AF | PF, ALL},
    {"add ah, bl", {0x00, 0xdc}, 0x1234, 0xf0, 0, 0x0234, 0xf0, CF, ALL},
    {"add ax, bx keeps the rest",
     {0x66, 0x01, 0xd8},
     0xabcd0001ffff,
     1,
     0,
     0xabcd00010000,
     1,
     CF | ZF | AF | PF,
     ALL},
    {"add eax, ebx clears the upper half",
     {0x01, 0xd8},
     UINT64_MAX,
     1,
     0,
     0,
     1,
     CF | ZF | AF | PF,
     ALL},
    {"add rax, rbx",
     {0x48, 0x01, 0xd8},
     INT64_MAX,
     1,
     0,
     UINT64_C(1) << 63,
     1,
     OF | SF | AF | PF,
     ALL},
    {"sub al, bl: borrow", {0x28, 0xd8}, 0, 1, 0, 0xff, 1, CF | SF | AF | PF, ALL},
    {"cmp al, bl", {0x38, 0xd8}, 0x80, 1, 0, 0x80, 1, OF | AF, ALL},
    {"adc eax, ebx", {0x11, 0xd8}, 0xffffffff, 0, CF, 0, 0, CF | ZF | AF | PF, ALL},
    {"sbb eax, ebx", {0x19, 0xd8}, 0, 0xffffffff, CF, 0, 0xffffffff, CF | ZF | AF | PF, ALL},
    {"sbb eax, ebx without carry", {0x19, 0xd8}, 5, 3, 0, 2, 3, 0, ALL},
    {"inc eax keeps CF",
     {0xff, 0xc0},
     0x7fffffff,
     0,
     CF,
     0x80000000,
     0,
     OF | SF | AF | PF | CF,
     ALL},
    {"dec al keeps CF", {0xfe, 0xc8}, 0, 0, 0, 0xff, 0, SF | AF | PF, ALL},
    {"neg eax", {0xf7, 0xd8}, 0x80000000, 0, 0, 0x80000000, 0, CF | OF | SF | PF, ALL},
    {"and eax, ebx clears CF and OF",
     {0x21, 0xd8},
     0xf0f0,
     0x0f0f,
     CF | OF,
     0,
     0x0f0f,
     ZF | PF,
     ALL & ~AF},
    {"shl eax, 1", {0xd1, 0xe0}, 0xc0000000, 0, 0, 0x80000000, 0, CF | SF | PF, ALL & ~AF},
    {"sar al, 1", {0xd0, 0xf8}, 0x81, 0, 0, 0xc0, 0, CF | SF | PF, ALL & ~AF},
    {"shr eax, 32 is by 0",
     {0xc1, 0xe8, 32},
     UINT64_C(0x1fffffff0),
     0,
     CF | ZF,
     0xfffffff0,
     0,
     CF | ZF,
     ALL},
    {"ror eax, 1 keeps ZF and PF",
     {0xd1, 0xc8},
     1,
     0,
     ZF | PF,
     0x80000000,
     0,
     CF | OF | ZF | PF,
     ALL},
    {"rcl al, 1", {0xd0, 0xd0}, 0x80, 0, CF, 1, 0, CF | OF, CF | OF},
    {"shld eax, ebx, 4",
     {0x0f, 0xa4, 0xd8, 4},
     0x12345678,
     0xabcdef01,
     0,
     0x2345678a,
     0xabcdef01,
     CF,
     CF | ZF | SF | PF},
    {"imul eax, ebx", {0x0f, 0xaf, 0xc3}, 0x10000, 0x10000, 0, 0, 0x10000, CF | OF, CF | OF},
    {"imul eax, ebx, -3", {0x6b, 0xc3, 0xfd}, 0, 7, CF | OF, 0xffffffeb, 7, 0, CF | OF},
    {"mul bl", {0xf6, 0xe3}, 0xff, 0xff, 0, 0xfe01, 0xff, CF | OF, CF | OF},
    {"div bl", {0xf6, 0xf3}, 1000, 7, 0, 6 << 8 | 142, 7, 0, 0},
    {"idiv bl", {0xf6, 0xfb}, 0xff9c /* -100 */, 7, 0, 0xfef2 /* -2, -14 */, 7, 0, 0},
    {"bt eax, ebx: modulo 32", {0x0f, 0xa3, 0xd8}, 4, 34, 0, 4, 34, CF, CF},
    {"btr eax, 2", {0x0f, 0xba, 0xf0, 2}, 5, 0, 0, 1, 0, CF, CF},
    {"bsf eax, ebx", {0x0f, 0xbc, 0xc3}, 0, 0x50, ZF, 4, 0x50, 0, ZF},
    {"bsf eax, ebx of 0", {0x0f, 0xbc, 0xc3}, 77, 0, 0, 77, 0, ZF, ZF},
    {"bsr rax, rbx", {0x48, 0x0f, 0xbd, 0xc3}, 0, 0x500000000, 0, 34, 0x500000000, 0, ZF},
    {"xadd eax, ebx", {0x0f, 0xc1, 0xd8}, 5, 7, 0, 12, 5, PF, ALL},
    {"cmpxchg ebx, ecx: equal", {0x0f, 0xb1, 0xcb}, 1, 1, 0, 1, 9, ZF | PF, ALL},
    {"cmpxchg ebx, ecx: not", {0x0f, 0xb1, 0xcb}, 2, 1, 0, 1, 1, 0, ALL},
    {"xchg eax, ebx", {0x93}, 1, 2, 0, 2, 1, 0, ALL},
    {"bswap eax", {0x0f, 0xc8}, 0x11223344, 0, CF, 0x44332211, 0, CF, ALL},
    {"movsx eax, bl", {0x0f, 0xbe, 0xc3}, 0, 0x80, 0, 0xffffff80, 0x80, 0, ALL},
    {"movzx rax, bh", {0x0f, 0xb6, 0xc7}, UINT64_MAX, 0xab00, 0, 0xab, 0xab00, 0, ALL},
    {"movsxd rax, ebx",
     {0x48, 0x63, 0xc3},
     0,
     0x80000000,
     0,
     UINT64_C(0xffffffff80000000),
     0x80000000,
     0,
     ALL},
    {"setc al", {0x0f, 0x92, 0xc0}, 0xff00, 0, CF, 0xff01, 0, CF, ALL},
    {"cmovz eax, ebx, not taken",
     {0x0f, 0x44, 0xc3},
     UINT64_C(0xffffffff00000001),
     5,
     0,
     1,
     5,
     0,
     ALL},
    {"cbw", {0x66, 0x98}, 0x1280, 0, 0, 0xff80, 0, 0, ALL},
    {"lahf", {0x9f}, 0, 0, CF | SF, (CF | SF | 2) << 8, 0, CF | SF, ALL},
    {"sahf", {0x9e}, (ZF | CF) << 8, 0, OF | SF, (ZF | CF) << 8, 0, OF | ZF | CF, ALL},
    {"cmc", {0xf5}, 0, 0, ZF, 0, 0, CF | ZF, ALL},
    {"lea eax, [rbx+rcx*4-1]",
     {0x8d, 0x44, 0x8b, 0xff},
     0,
     UINT64_C(0x1fffffff0),
     CF,
     0x13,
     UINT64_C(0x1fffffff0),
     CF,
     ALL},
};

static void test_row(gconstpointer data)
{
    const Row *row = data;
    g_autoptr(CpuFixture) f = cpu_fixture_new(&hv_cpu_emulated, 512);
    HvCpuRegs regs = cpu_fixture_regs(3);

    cpu_fixture_load(f, CPU_CODE, row->bytes, sizeof row->bytes);
    regs.gpr[HV_RAX] = row->rax;
    regs.gpr[HV_RBX] = row->rbx;
    regs.gpr[HV_RCX] = 9;
    regs.rflags |= row->flags;
    hv_cpu_set_regs(f->cpu, &regs);
    f->run.budget_ns = 10; /* one instruction at 100 MHz */
    g_assert_cmpint(hv_cpu_run(f->cpu, &f->run), ==, HV_CPU_BUDGET);
    g_assert_cmpuint(f->run.instructions, ==, 1);
    hv_cpu_get_regs(f->cpu, &regs);
    g_assert_cmphex(regs.gpr[HV_RAX], ==, row->want_rax);
    g_assert_cmphex(regs.gpr[HV_RBX], ==, row->want_rbx);
    g_assert_cmphex(regs.rflags & row->mask, ==, row->want_flags);
}

/* cmp and jcc as one op and as two: each condition, true and false. 3 against
 * 5 is below and less; 5 against 3 above and greater; 4 against 4 equal. */
static void test_conditions(void)
{
    static const struct {
        uint8_t a, b;
        uint16_t taken; /* bit cc: the branch is taken */
    } cases[] = {
        /* 3 - 5 = -2: CF, SF, not ZF, not OF; 0xfe has 7 bits: not PF */
        {3, 5, 1 << 1 | 1 << 2 | 1 << 5 | 1 << 6 | 1 << 8 | 1 << 11 | 1 << 12 | 1 << 14},
        /* 5 - 3 = 2: nothing set; one bit: not PF */
        {5, 3, 1 << 1 | 1 << 3 | 1 << 5 | 1 << 7 | 1 << 9 | 1 << 11 | 1 << 13 | 1 << 15},
        /* 4 - 4 = 0: ZF, PF */
        {4, 4, 1 << 1 | 1 << 3 | 1 << 4 | 1 << 6 | 1 << 9 | 1 << 10 | 1 << 13 | 1 << 14},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (unsigned cc = 0; cc < 16; cc++) {
            for (unsigned apart = 0; apart < 2; apart++) {
                g_autoptr(CpuFixture) f = cpu_fixture_new(&hv_cpu_emulated, 512);
                /* mov al, a; cmp al, b; [nop;] jcc +1; hlt; inc ebx; hlt */
                const uint8_t code[] = {
                    0xb0, cases[i].a, 0x3c, cases[i].b, 0x90, (uint8_t)(0x70 + cc),
                    1,    0xf4,       0xff, 0xc3,       0xf4};
                uint8_t fused[sizeof code];

                memcpy(fused, code, sizeof code);
                memmove(fused + 4, fused + 5, sizeof code - 5);
                cpu_fixture_load(f, CPU_CODE, apart ? code : fused, sizeof code);
                cpu_fixture_start(f, 0);
                g_assert_cmpint(cpu_fixture_run(f), ==, HV_CPU_HALT);
                g_assert_cmpuint(cpu_fixture_reg(f, HV_RBX), ==, cases[i].taken >> cc & 1);
            }
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strdup_printf("/emulated/flags/%s", rows[i].name);

        g_test_add_data_func(path, &rows[i], test_row);
    }
    g_test_add_func("/emulated/conditions", test_conditions);
    return g_test_run();
}
