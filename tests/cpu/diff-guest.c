/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff-guest.c: blocks executed through hv_cpu_run().
 *
 * The block runs in ring 3. Behind every vector is one HLT in ring 0, so the
 * run ends with HV_CPU_HALT; which HLT tells the vector, the kernel's stack has
 * what the CPU pushed, and general registers are as they were.
 */
#include <glib.h>
#include <string.h>

#include "tests/cpu/cpu-fixture.h"
#include "tests/cpu/diff-block.h"

#define HANDLERS     (DIFF_CODE + 0x3000) /* 16 bytes for each vector */
#define PAGE_TABLE   (CPU_TABLES + 3 * HV_PAGE_SIZE)
#define DIRECTORY    (CPU_TABLES + 2 * HV_PAGE_SIZE)
#define PDPT         (CPU_TABLES + 1 * HV_PAGE_SIZE)
#define TABLE_PAGES  512u
#define ENTRIES      512u
#define KERNEL_STACK (CPU_STACK0 - 2 * HV_PAGE_SIZE)
#define GATE_USER    UINT64_C(0xee) /* INT3 is allowed in ring 3 */

/* Where the host shares the guest's address space (PVM), what it has in the
 * upper half shows in the error code. */
enum { PF_PRESENT = 1, PF_RESERVED = 8 };
enum { PTE_PRESENT = 1, PTE_WRITABLE = 2, PTE_USER = 4 };
#define PTE_NO_EXECUTE (UINT64_C(1) << 63)

typedef struct {
    DiffExecutor base;
    CpuFixture *fixture;
    uint8_t *code[DIFF_CODE_BYTES / DIFF_PAGE];
    uint8_t *data[DIFF_PAGES]; /* NULL where there is none */
    HvTime slice_ns;           /* 0: all in one run */
} Guest;

static uint8_t *host_page(CpuFixture *fixture, uint64_t gpa)
{
    const HvMemoryEntry *entry = hv_memory_entry(fixture->memory, hv_gpa_page(HV_GPA(gpa)));

    g_assert_cmpuint(entry->frame, !=, HV_FRAME_NONE);
    return hv_pool_data(fixture->pool) + (size_t)entry->frame * HV_PAGE_SIZE;
}

static unsigned data_bits(unsigned page)
{
    static const unsigned bits[] = {
        [DIFF_ABSENT] = 0,
        [DIFF_WRITABLE] = PTE_PRESENT | PTE_WRITABLE | PTE_USER,
        [DIFF_READ_ONLY] = PTE_PRESENT | PTE_USER,
        [DIFF_SUPERVISOR] = PTE_PRESENT | PTE_WRITABLE,
    };

    return bits[diff_page_kinds[page]];
}

/* Ring 3 has the code and data pages, ring 0 what it needs; all else is absent. */
static void build_tables(CpuFixture *fixture)
{
    uint64_t table[ENTRIES] = {0}, directory[ENTRIES] = {PAGE_TABLE | 7}, pdpt[ENTRIES] = {0};

    for (uint64_t gpa = 0; gpa < CPU_IMAGE_BYTES; gpa += HV_PAGE_SIZE)
        table[gpa / HV_PAGE_SIZE] = gpa | PTE_PRESENT | PTE_WRITABLE;
    for (uint64_t gpa = CPU_STACK0 - 4 * HV_PAGE_SIZE; gpa < CPU_STACK0; gpa += HV_PAGE_SIZE)
        table[gpa / HV_PAGE_SIZE] = gpa | PTE_PRESENT | PTE_WRITABLE;
    for (uint64_t gpa = DIFF_CODE; gpa < DIFF_CODE + DIFF_CODE_BYTES; gpa += HV_PAGE_SIZE)
        table[gpa / HV_PAGE_SIZE] = gpa | PTE_PRESENT | PTE_USER;
    table[HANDLERS / HV_PAGE_SIZE] = HANDLERS | PTE_PRESENT;
    for (unsigned page = 0; page < DIFF_PAGES; page++)
        if (data_bits(page))
            table[DIFF_DATA / HV_PAGE_SIZE + page] =
                (DIFF_DATA + page * DIFF_PAGE) | data_bits(page) | PTE_NO_EXECUTE;
    pdpt[0] = DIRECTORY | 7;
    cpu_fixture_load(fixture, PAGE_TABLE, table, sizeof table);
    cpu_fixture_load(fixture, DIRECTORY, directory, sizeof directory);
    cpu_fixture_load(fixture, PDPT, pdpt, sizeof pdpt);
}

static void build_handlers(CpuFixture *fixture)
{
    static const uint8_t halt = 0xf4;
    const uint8_t gate_type = 0x80 | GATE_USER;

    for (unsigned vector = 0; vector < DIFF_VECTOR_COUNT; vector++) {
        uint64_t address = HANDLERS + vector * 16;
        cpu_fixture_load(fixture, address, &halt, 1);
        cpu_fixture_set_vector(fixture, (uint8_t)vector, address);
    }
    cpu_fixture_load(fixture, CPU_IDT + 3 * 16 + 5, &gate_type, 1);
}

static void set_registers(Guest *guest, const DiffBlock *block)
{
    HvCpuRegs regs = cpu_fixture_regs(3);

    memcpy(regs.gpr, block->gpr, sizeof regs.gpr);
    regs.rip = block->start;
    regs.rflags = block->rflags;
    regs.segment[HV_FS].base = block->fs_base;
    regs.segment[HV_GS].base = block->gs_base;
    hv_cpu_set_regs(guest->fixture->cpu, &regs);
}

/* Whoever writes a frame tells the pool, for code decoded from it. */
static void set_memory(Guest *guest, const DiffBlock *block)
{
    HvMemory *memory = guest->fixture->memory;
    uint8_t code[DIFF_CODE_BYTES];

    for (unsigned at = 0; at < sizeof code; at += 2)
        memcpy(code + at, "\x0f\x0b", 2); /* UD2 */
    memcpy(code + (block->start - DIFF_CODE), block->code, block->size);
    memcpy(code + (block->start - DIFF_CODE) + block->size, "\x0f\x0b\x0f\x0b", 4);
    g_assert_cmpint(hv_memory_write(memory, HV_GPA(DIFF_CODE), code, sizeof code), ==, 0);
    for (unsigned page = 0; page < DIFF_PAGES; page++)
        if (guest->data[page])
            memcpy(guest->data[page], block->data[page], DIFF_PAGE);
}

static bool has_error_code(unsigned vector)
{
    return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
}

static void read_frame(Guest *guest, const HvCpuRegs *regs, DiffResult *result)
{
    uint64_t frame[6] = {0};
    unsigned skip = has_error_code(result->vector) ? 0 : 1;

    if (regs->gpr[HV_RSP] < KERNEL_STACK || regs->gpr[HV_RSP] > CPU_STACK0 - 40) {
        g_snprintf(result->trouble, sizeof result->trouble,
                   "kernel stack at %#" G_GINT64_MODIFIER "x", regs->gpr[HV_RSP]);
        return;
    }
    hv_memory_read(guest->fixture->memory, HV_GPA(regs->gpr[HV_RSP]), frame + skip,
                   (6 - skip) * sizeof frame[0]);
    result->error = frame[0];
    result->rip = frame[1];
    result->rflags = frame[3];
    result->gpr[HV_RSP] = frame[4];
}

static HvCpuExit run_slices(Guest *guest)
{
    HvCpuExit exit;

    if (guest->slice_ns == 0)
        return cpu_fixture_run(guest->fixture);
    do {
        guest->fixture->run.budget_ns = guest->slice_ns;
        exit = hv_cpu_run(guest->fixture->cpu, &guest->fixture->run);
    } while (exit == HV_CPU_BUDGET);
    return exit;
}

static void guest_run(DiffExecutor *executor, const DiffBlock *block, DiffResult *result)
{
    Guest *guest = (Guest *)executor;
    HvCpuRegs regs;

    set_memory(guest, block);
    set_registers(guest, block);
    HvCpuExit exit = run_slices(guest);
    hv_cpu_get_regs(guest->fixture->cpu, &regs);

    *result = (DiffResult){.vector = DIFF_NO_VECTOR, .rip = regs.rip, .rflags = regs.rflags};
    memcpy(result->gpr, regs.gpr, sizeof result->gpr);
    memcpy(result->page, guest->data, sizeof result->page);
    uint64_t vector = (regs.rip - 1 - HANDLERS) / 16;
    if (exit != HV_CPU_HALT || vector >= DIFF_VECTOR_COUNT) {
        g_snprintf(result->trouble, sizeof result->trouble, "exit %d, error %d", exit,
                   guest->fixture->run.error);
        return;
    }
    result->vector = (unsigned)vector;
    result->cr2 = vector == DIFF_VECTOR_PF ? regs.cr2 : 0;
    if (vector == DIFF_VECTOR_PF && regs.cr2 >> 63)
        result->error_unknown = PF_PRESENT | PF_RESERVED;
    read_frame(guest, &regs, result);
}

static void guest_free(DiffExecutor *executor)
{
    Guest *guest = (Guest *)executor;

    cpu_fixture_free(guest->fixture);
    g_free(guest);
}

DiffExecutor *diff_guest_new(const HvCpuBackend *backend, HvTime slice_ns)
{
    Guest *guest = g_new0(Guest, 1);

    guest->base = (DiffExecutor){backend->name, guest_run, guest_free, false};
    guest->slice_ns = slice_ns;
    guest->fixture = cpu_fixture_new(backend, TABLE_PAGES);
    for (unsigned page = 0; page < DIFF_PAGES; page++) {
        uint64_t gpa = DIFF_DATA + page * DIFF_PAGE;
        if (diff_page_kinds[page] == DIFF_ABSENT)
            continue;
        cpu_fixture_load(guest->fixture, gpa, "", 1);
        guest->data[page] = host_page(guest->fixture, gpa);
    }
    build_handlers(guest->fixture);
    build_tables(guest->fixture);
    return &guest->base;
}
