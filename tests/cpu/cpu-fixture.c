/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu-fixture.c: see cpu-fixture.h. */
#include "tests/cpu/cpu-fixture.h"

#include <string.h>

#define EXTRA_FRAMES 64 /* more than the guest has pages, for tests that remap */
#define LONG_BUDGET  (10 * HV_NS_PER_SECOND)

/* ---- Memory ------------------------------------------------------------- */

void cpu_fixture_map(CpuFixture *fixture, HvPageNo page, bool writable)
{
    HvFrameNo frame = hv_pool_alloc(fixture->pool);

    g_assert_cmpuint(frame, !=, HV_FRAME_NONE);
    hv_memory_map(fixture->memory, page, frame, writable);
}

static bool fault(void *user, HvMemory *memory, HvPageNo page, bool write)
{
    CpuFixture *fixture = user;

    if (hv_memory_entry(memory, page)->frame == HV_FRAME_NONE)
        cpu_fixture_map(fixture, page, true);
    else
        hv_memory_protect(memory, page, true);
    return true;
}

/* Loading and looking bring pages in; what the guest touches does not come
 * this way. */
void cpu_fixture_load(CpuFixture *fixture, uint64_t gpa, const void *bytes, size_t size)
{
    hv_memory_set_fault(fixture->memory, fault, fixture);
    g_assert_cmpint(hv_memory_write(fixture->memory, HV_GPA(gpa), bytes, size), ==, 0);
    hv_memory_set_fault(fixture->memory, NULL, NULL);
}

uint64_t cpu_fixture_peek(CpuFixture *fixture, uint64_t gpa)
{
    uint64_t value;

    g_assert_cmpint(hv_memory_read(fixture->memory, HV_GPA(gpa), &value, sizeof value), ==, 0);
    return value;
}

static void load_zeroes(CpuFixture *fixture, uint64_t gpa, size_t size)
{
    g_autofree uint8_t *zeroes = g_malloc0(size);

    cpu_fixture_load(fixture, gpa, zeroes, size);
}

static void load_image(CpuFixture *fixture)
{
    g_autofree uint8_t *image = g_malloc(CPU_IMAGE_BYTES);

    cpu_image_build(image);
    cpu_fixture_load(fixture, 0, image, CPU_IMAGE_BYTES);
}

void cpu_fixture_set_vector(CpuFixture *fixture, uint8_t vector, uint64_t address)
{
    const uint64_t gate[2] = {
        (address & 0xffff) | (uint64_t)CPU_SELECTOR_CODE0 << 16 | UINT64_C(0x8e) << 40 |
            (address >> 16 & 0xffff) << 48,
        address >> 32,
    };

    cpu_fixture_load(fixture, CPU_IDT + vector * 16u, gate, sizeof gate);
}

/* ---- The client --------------------------------------------------------- */

uint64_t cpu_device_value(HvGpa gpa, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++)
        value |= ((0x81 + 0x11 * (gpa.value + i)) & 0xff) << 8 * i;
    return value;
}

HvAccessResult cpu_fixture_standard_answer(CpuFixture *fixture, HvAccess *access)
{
    HvMemory *memory = fixture->memory;
    bool port = access->kind == HV_ACCESS_PORT_IN || access->kind == HV_ACCESS_PORT_OUT;

    if (!port && access->gpa.value >> HV_PAGE_SHIFT < hv_memory_page_count(memory)) {
        fault(fixture, memory, hv_gpa_page(access->gpa), access->kind == HV_ACCESS_WRITE);
        return HV_ACCESS_RAM;
    }
    if (access->kind == HV_ACCESS_READ || access->kind == HV_ACCESS_PORT_IN)
        access->value = cpu_device_value(access->gpa, access->size);
    else if (!port && access->gpa.value == CPU_DEVICE_END)
        access->stop = true;
    return HV_ACCESS_DONE;
}

static HvAccessResult on_access(void *user, HvCpu *cpu, HvAccess *access)
{
    CpuFixture *fixture = user;

    if (fixture->look)
        hv_cpu_get_regs(cpu, &fixture->seen);
    CpuLogEntry entry = {.result = fixture->answer(fixture, access)};
    entry.access = *access;
    g_array_append_val(fixture->log, entry);
    return entry.result;
}

const CpuLogEntry *cpu_fixture_log(CpuFixture *fixture, guint index)
{
    g_assert_cmpuint(index, <, fixture->log->len);
    return &g_array_index(fixture->log, CpuLogEntry, index);
}

/* ---- The CPU ------------------------------------------------------------ */

static HvSegment segment(unsigned selector, unsigned attributes)
{
    return (HvSegment){
        .selector = (uint16_t)selector, .attributes = (uint16_t)attributes, .limit = 0xffffffff};
}

HvCpuRegs cpu_fixture_regs(unsigned ring)
{
    bool user = ring == 3;
    HvSegment data =
        user ? segment(CPU_SELECTOR_DATA3, 0xc0f3) : segment(CPU_SELECTOR_DATA0, 0xc093);
    HvCpuRegs regs = {
        .rip = CPU_CODE,
        .rflags = user ? 0x202 : 0x2,
        .segment = {data, data, data, data, data, data},
        .tr = {CPU_SELECTOR_TSS, 0x008b, CPU_TSS_BYTES - 1, CPU_TSS},
        .gdt = {CPU_GDT, CPU_GDT_BYTES - 1},
        .idt = {CPU_IDT, 4095},
        .cr0 = CPU_CR0,
        .cr3 = CPU_TABLES,
        .cr4 = 0x620, /* OSXMMEXCPT OSFXSR PAE */
        .efer = CPU_EFER,
    };

    regs.segment[HV_CS] =
        user ? segment(CPU_SELECTOR_CODE3, 0xa0fb) : segment(CPU_SELECTOR_CODE0, 0xa09b);
    regs.gpr[HV_RSP] = user ? CPU_STACK3 : CPU_STACK0;
    return regs;
}

void cpu_fixture_start(CpuFixture *fixture, unsigned ring)
{
    HvCpuRegs regs = cpu_fixture_regs(ring);

    hv_cpu_set_regs(fixture->cpu, &regs);
}

HvCpuExit cpu_fixture_run(CpuFixture *fixture)
{
    fixture->run.budget_ns = LONG_BUDGET;
    return hv_cpu_run(fixture->cpu, &fixture->run);
}

uint64_t cpu_fixture_reg(CpuFixture *fixture, unsigned gpr)
{
    HvCpuRegs regs;

    hv_cpu_get_regs(fixture->cpu, &regs);
    return regs.gpr[gpr];
}

HvCpu *cpu_fixture_add_cpu(CpuFixture *fixture, unsigned index)
{
    g_autoptr(GError) error = NULL;
    HvCpu *cpu = fixture->backend->cpu_new(fixture->machine, index,
                                           &(HvCpuClient){on_access, fixture}, &error);

    g_assert_no_error(error);
    return cpu;
}

CpuFixture *cpu_fixture_new(const HvCpuBackend *backend, HvPageNo pages)
{
    CpuFixture *fixture = g_new0(CpuFixture, 1);
    g_autoptr(GError) error = NULL;

    g_assert_cmpuint(pages, >=, CPU_LARGE / HV_PAGE_SIZE);
    fixture->backend = backend;
    fixture->answer = cpu_fixture_standard_answer;
    fixture->log = g_array_new(FALSE, TRUE, sizeof(CpuLogEntry));
    fixture->pool = hv_pool_new(pages + EXTRA_FRAMES, &error);
    g_assert_no_error(error);
    fixture->memory = hv_memory_new(fixture->pool, (uint64_t)pages * HV_PAGE_SIZE, &error);
    g_assert_no_error(error);
    load_image(fixture);
    load_zeroes(fixture, CPU_CODE, CPU_CODE_BYTES);
    load_zeroes(fixture, CPU_STACK0 - 4 * HV_PAGE_SIZE, 4 * HV_PAGE_SIZE);
    load_zeroes(fixture, CPU_STACK3 - 4 * HV_PAGE_SIZE, 4 * HV_PAGE_SIZE);
    load_zeroes(fixture, CPU_DATA, CPU_DATA_BYTES);
    fixture->machine = backend->machine_new(fixture->memory, UINT64_C(100000000), &error);
    g_assert_no_error(error);
    fixture->cpu = cpu_fixture_add_cpu(fixture, 0);
    return fixture;
}

void cpu_fixture_free(CpuFixture *fixture)
{
    if (fixture == NULL)
        return;
    fixture->backend->cpu_free(fixture->cpu);
    fixture->backend->machine_free(fixture->machine);
    hv_memory_free(fixture->memory);
    hv_pool_free(fixture->pool);
    g_array_free(fixture->log, TRUE);
    g_free(fixture);
}
