/* SPDX-License-Identifier: GPL-2.0-or-later */
/* interpreter.c: fuzzes the emulated CPU: the decoder, and whatever code does
 * to a machine of 16 pages, in ring 0 or 3, run in one go and in slices.
 *
 * Input: one byte of options, then the code, placed at 0x8000. All of memory,
 * page tables and descriptor tables included, is in reach of the code. */
#include <string.h>

#include "hv-core/cpu/cpu.h"
#include "hv-core/cpu/emulated/decode.h"
#include "hv-core/memory/memory.h"

#define PAGES      16u
#define CODE       0x8000u
#define CODE_BYTES 0x1000u
#define STEPS      400u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    HvPool *pool;
    HvMemory *memory;
    HvCpuMachine *machine;
    HvCpu *cpu;
    unsigned asked;
    bool block;
} Machine;

/* Gives absent pages frames; every third other access is blocked once. */
static HvAccessResult on_access(void *user, HvCpu *cpu, HvAccess *access)
{
    Machine *m = user;
    bool port = access->kind == HV_ACCESS_PORT_IN || access->kind == HV_ACCESS_PORT_OUT;

    m->block = !m->block && m->asked++ % 3 == 2;
    if (m->block)
        return HV_ACCESS_BLOCK;
    if (!port && access->gpa.value >> HV_PAGE_SHIFT < PAGES) {
        HvPageNo page = hv_gpa_page(access->gpa);

        if (hv_memory_entry(m->memory, page)->frame == HV_FRAME_NONE)
            hv_memory_map(m->memory, page, hv_pool_alloc(m->pool), true);
        else
            hv_memory_protect(m->memory, page, true);
        return HV_ACCESS_RAM;
    }
    access->value = access->gpa.value * 0x9e3779b97f4a7c15u;
    access->stop = m->asked % 7 == 0;
    return HV_ACCESS_DONE;
}

static bool fault(void *user, HvMemory *memory, HvPageNo page, bool write)
{
    Machine *m = user;

    if (hv_memory_entry(memory, page)->frame != HV_FRAME_NONE)
        return false;
    hv_memory_map(memory, page, hv_pool_alloc(m->pool), true);
    return true;
}

static void put(Machine *m, uint64_t at, uint64_t value)
{
    hv_memory_write(m->memory, HV_GPA(at), &value, sizeof value);
}

/* Tables at 0x1000 (one page of 2 MiB, and the next absent), the IDT at 0x4000
 * with all gates to the code, the GDT and TSS at 0x5000. */
static void build(Machine *m)
{
    put(m, 0x1000, 0x2007);
    put(m, 0x2000, 0x3007);
    put(m, 0x3000, 0x87);
    put(m, 0x3008, 0x200087);
    for (unsigned i = 0; i < 64; i++)
        put(m, 0x4000 + 16 * i,
            UINT64_C(0x00000000ee000000) << 16 | (uint64_t)8 << 16 | (CODE + 16 * i) |
                UINT64_C(0xee) << 40);
    put(m, 0x5008, UINT64_C(0x00af9b000000ffff));
    put(m, 0x5010, UINT64_C(0x00cf93000000ffff));
    put(m, 0x5018, UINT64_C(0x00cff3000000ffff));
    put(m, 0x5020, UINT64_C(0x00affb000000ffff));
    put(m, 0x5104, 0x7000);
}

static HvSegment segment(unsigned selector, unsigned attributes)
{
    return (HvSegment){
        .selector = (uint16_t)selector, .attributes = (uint16_t)attributes, .limit = UINT32_MAX};
}

static void start(Machine *m, bool user)
{
    HvSegment data = user ? segment(0x1b, 0xc0f3) : segment(0x10, 0xc093);
    HvCpuRegs regs = {
        .rip = CODE,
        .rflags = user ? 0x202 : 2,
        .segment = {data, user ? segment(0x23, 0xa0fb) : segment(8, 0xa09b), data, data, data,
                    data},
        .tr = {0x28, 0x8b, 0x67, 0x5100},
        .gdt = {0x5000, 0x2f},
        .idt = {0x4000, 1023},
        .cr0 = 0x80010033,
        .cr3 = 0x1000,
        .cr4 = 0x20,
        .efer = 0xd01,
        .lstar = CODE,
        .star = UINT64_C(0x0010000800000000),
    };

    for (unsigned i = 0; i < HV_GPR_COUNT; i++)
        regs.gpr[i] = 0xa000 + 0x100 * i;
    regs.gpr[HV_RSP] = 0x7800;
    hv_cpu_set_regs(m->cpu, &regs);
}

static void machine_init(Machine *m, const uint8_t *code, size_t size, bool user)
{
    HvCpuClient client = {on_access, m};

    *m = (Machine){.pool = hv_pool_new(2 * PAGES, NULL)};
    m->memory = hv_memory_new(m->pool, PAGES * HV_PAGE_SIZE, NULL);
    hv_memory_set_fault(m->memory, fault, m);
    build(m);
    hv_memory_write(m->memory, HV_GPA(CODE), code, MIN(size, CODE_BYTES));
    m->machine = hv_cpu_emulated.machine_new(m->memory, HV_NS_PER_SECOND, NULL);
    m->cpu = hv_cpu_emulated.cpu_new(m->machine, 0, &client, NULL);
    start(m, user);
}

static void machine_clear(Machine *m)
{
    hv_cpu_emulated.cpu_free(m->cpu);
    hv_cpu_emulated.machine_free(m->machine);
    hv_memory_free(m->memory);
    hv_pool_free(m->pool);
}

/* Runs STEPS instructions in slices; false when it ended before. */
static bool run(Machine *m, unsigned slice, uint64_t *ret_instructions)
{
    uint64_t done = 0;

    for (unsigned turns = 0; done < STEPS && turns < 4 * STEPS; turns++) {
        HvCpuRun run = {.budget_ns = MIN(slice, STEPS - done)};
        HvCpuExit exit = hv_cpu_run(m->cpu, &run);

        done += run.instructions;
        if (exit == HV_CPU_ERROR || exit == HV_CPU_SHUTDOWN)
            break;
    }
    *ret_instructions = done;
    return done == STEPS;
}

/* Slicing changes nothing. */
static void compare(Machine *a, Machine *b)
{
    HvCpuRegs x, y;

    hv_cpu_get_regs(a->cpu, &x);
    hv_cpu_get_regs(b->cpu, &y);
    g_assert_cmpmem(x.gpr, sizeof x.gpr, y.gpr, sizeof y.gpr);
    g_assert_cmphex(x.rip, ==, y.rip);
    g_assert_cmphex(x.rflags, ==, y.rflags);
    for (HvPageNo page = 0; page < PAGES; page++) {
        HvFrameNo f = hv_memory_entry(a->memory, page)->frame;
        HvFrameNo g = hv_memory_entry(b->memory, page)->frame;

        g_assert_cmpint(f == HV_FRAME_NONE, ==, g == HV_FRAME_NONE);
        if (f != HV_FRAME_NONE)
            g_assert_cmpmem(hv_pool_data(a->pool) + (size_t)f * HV_PAGE_SIZE, HV_PAGE_SIZE,
                            hv_pool_data(b->pool) + (size_t)g * HV_PAGE_SIZE, HV_PAGE_SIZE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HvInsn insn;
    Machine whole, sliced;
    uint64_t n, m;

    if (size < 2)
        return 0;
    if (hv_decode(data + 1, size - 1, &insn) == HV_DECODE_OK)
        g_assert_cmpuint(insn.length, <=, MIN(size - 1, HV_MAX_INSN_BYTES));
    machine_init(&whole, data + 1, size - 1, data[0] & 1);
    machine_init(&sliced, data + 1, size - 1, data[0] & 1);
    run(&whole, STEPS, &n);
    run(&sliced, 1 + data[0] / 2 % 13, &m);
    g_assert_cmpuint(n, ==, m);
    compare(&whole, &sliced);
    machine_clear(&whole);
    machine_clear(&sliced);
    return 0;
}
