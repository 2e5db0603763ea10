/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench-emulated.c: the interpreter against Unicorn, on the same compiled C.
 *
 * The interpreter counts instructions and checks each access against the
 * second-level page table. Unicorn is made to know as much: a hook on every
 * instruction counts, a hook on every access sees its address. Both run
 * emulated-guest.c in turns; what it computed is checked against GLib.
 *
 * Usage: bench-emulated BINARY
 */
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <unicorn/unicorn.h>

#include "tests/bench/bench.h"
#include "tests/bench/emulated-guest.h"
#include "tests/cpu/cpu-fixture.h"
#include "tests/cpu/cpu-guests.h"

#define ROUNDS       9
#define PAGES        512u
#define MEMORY_BYTES (PAGES * HV_PAGE_SIZE)
#define STACK_TOP    (CPU_STACK3 - 64)
#define RETURN_TO    (BENCH_LOAD + CPU_CODE_BYTES - 64) /* CPU_END is there */

static const struct {
    const char *name;
    uint64_t rounds;
} works[BENCH_WORK_COUNT] = {
    [BENCH_SHA256] = {"emulated-sha256", 3},
    [BENCH_SORT] = {"emulated-sort", 3},
    [BENCH_CRC32] = {"emulated-crc32", 8},
};

typedef struct {
    gchar *binary;
    gsize binary_bytes;
    unsigned work;
    CpuFixture *fixture;
    uint64_t ours; /* instructions */

    uc_engine *unicorn;
    uint8_t *memory; /* Unicorn's */
    uint64_t theirs, accesses;
} Bench;

/* ---- Ours ------------------------------------------------------------------------ */

static void create_ours(Bench *bench)
{
    static const uint8_t end[] = {CPU_END};
    g_autofree uint8_t *zeroes = g_malloc0(BENCH_DATA_BYTES + HV_PAGE_SIZE);
    const uint64_t return_to = RETURN_TO;

    bench->fixture = cpu_fixture_new(&hv_cpu_emulated, PAGES);
    cpu_fixture_load(bench->fixture, BENCH_LOAD, bench->binary, bench->binary_bytes);
    cpu_fixture_load(bench->fixture, RETURN_TO, end, sizeof end);
    cpu_fixture_load(bench->fixture, STACK_TOP, &return_to, sizeof return_to);
    cpu_fixture_load(bench->fixture, BENCH_DATA, zeroes, BENCH_DATA_BYTES + HV_PAGE_SIZE);
}

static double measure_ours(void *user)
{
    Bench *bench = user;
    HvCpuRegs regs = cpu_fixture_regs(3);
    HvCpuExit exit;

    regs.gpr[HV_RDI] = bench->work;
    regs.gpr[HV_RSI] = works[bench->work].rounds;
    regs.gpr[HV_RSP] = STACK_TOP;
    hv_cpu_set_regs(bench->fixture->cpu, &regs);
    bench->ours = 0;
    double before = bench_cpu_ns();
    do {
        exit = cpu_fixture_run(bench->fixture);
        bench->ours += bench->fixture->run.instructions;
    } while (exit == HV_CPU_BUDGET);
    double after = bench_cpu_ns();
    if (exit != HV_CPU_STOPPED)
        g_error("hv_cpu_run: exit %d at %" G_GINT64_MODIFIER "x", exit,
                cpu_fixture_reg(bench->fixture, HV_RAX));
    return after - before;
}

/* ---- Unicorn ----------------------------------------------------------------------- */

static void on_code(uc_engine *unicorn, uint64_t address, uint32_t size, void *user)
{
    ((Bench *)user)->theirs++;
}

static void on_memory(uc_engine *unicorn, uc_mem_type type, uint64_t address, int size,
                      int64_t value, void *user)
{
    ((Bench *)user)->accesses += address < MEMORY_BYTES;
}

static void check(uc_err error)
{
    if (error != UC_ERR_OK)
        g_error("unicorn: %s", uc_strerror(error));
}

static void create_theirs(Bench *bench)
{
    const uint64_t return_to = RETURN_TO;
    uc_hook code, memory;

    bench->memory = g_malloc0(MEMORY_BYTES + HV_PAGE_SIZE);
    uint8_t *aligned = bench->memory + (-(uintptr_t)bench->memory & HV_PAGE_MASK);
    check(uc_open(UC_ARCH_X86, UC_MODE_64, &bench->unicorn));
    check(uc_mem_map_ptr(bench->unicorn, 0, MEMORY_BYTES, UC_PROT_ALL, aligned));
    check(uc_mem_write(bench->unicorn, BENCH_LOAD, bench->binary, bench->binary_bytes));
    check(uc_mem_write(bench->unicorn, STACK_TOP, &return_to, sizeof return_to));
    check(uc_hook_add(bench->unicorn, &code, UC_HOOK_CODE, (void *)on_code, bench, 1, 0));
    check(uc_hook_add(bench->unicorn, &memory, UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE,
                      (void *)on_memory, bench, 1, 0));
}

static double measure_theirs(void *user)
{
    Bench *bench = user;
    uint64_t work = bench->work, rounds = works[work].rounds, stack = STACK_TOP;

    uc_reg_write(bench->unicorn, UC_X86_REG_RDI, &work);
    uc_reg_write(bench->unicorn, UC_X86_REG_RSI, &rounds);
    uc_reg_write(bench->unicorn, UC_X86_REG_RSP, &stack);
    bench->theirs = 0;
    double before = bench_cpu_ns();
    check(uc_emu_start(bench->unicorn, BENCH_LOAD, RETURN_TO, 0, 0));
    return bench_cpu_ns() - before;
}

/* ---- Are the answers right? ---------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

    return (left > right) - (left < right);
}

static void fill(uint32_t *values)
{
    uint32_t state = 1;

    for (unsigned i = 0; i < BENCH_DATA_BYTES / sizeof state; i++)
        values[i] = state = state * 1664525 + 1013904223;
}

static bool sha256_right(const uint32_t *data, const uint32_t *result)
{
    g_autofree char *expected =
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)data, BENCH_DATA_BYTES);
    g_autoptr(GString) got = g_string_new(NULL);

    for (unsigned i = 0; i < 8; i++)
        g_string_append_printf(got, "%08x", result[i]);
    return strcmp(got->str, expected) == 0;
}

/* Bit by bit, unlike the guest. */
static uint32_t crc32(const uint8_t *bytes, size_t size)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static void check_answer(const Bench *bench, const uint32_t *result, const uint32_t *sorted)
{
    g_autofree uint32_t *data = g_malloc(BENCH_DATA_BYTES);
    bool right;

    fill(data);
    if (bench->work == BENCH_SHA256) {
        right = sha256_right(data, result);
    } else if (bench->work == BENCH_CRC32) {
        right = result[0] == crc32((const uint8_t *)data, BENCH_DATA_BYTES);
    } else {
        qsort(data, BENCH_DATA_BYTES / sizeof *data, sizeof *data, compare);
        right = memcmp(data, sorted, BENCH_DATA_BYTES) == 0;
    }
    if (!right)
        g_error("%s: wrong result", works[bench->work].name);
}

static void check_both(Bench *bench)
{
    g_autofree uint32_t *data = g_malloc(BENCH_DATA_BYTES);
    uint32_t result[8];
    HvMemory *memory = bench->fixture->memory;

    hv_memory_read(memory, HV_GPA(BENCH_RESULT), result, sizeof result);
    hv_memory_read(memory, HV_GPA(BENCH_DATA), data, BENCH_DATA_BYTES);
    check_answer(bench, result, data);
    check(uc_mem_read(bench->unicorn, BENCH_RESULT, result, sizeof result));
    check(uc_mem_read(bench->unicorn, BENCH_DATA, data, BENCH_DATA_BYTES));
    check_answer(bench, result, data);
    if (bench->ours != bench->theirs + 1) /* CPU_END */
        g_error("%s: %" G_GUINT64_FORMAT " instructions, Unicorn counts %" G_GUINT64_FORMAT,
                works[bench->work].name, bench->ours, bench->theirs);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    Bench bench = {0};

    if (argc != 2 || !g_file_get_contents(argv[1], &bench.binary, &bench.binary_bytes, &error)) {
        fprintf(stderr, "%s\n", error ? error->message : "usage: bench-emulated BINARY");
        return 2;
    }
    create_ours(&bench);
    create_theirs(&bench);
    for (bench.work = 0; bench.work < BENCH_WORK_COUNT; bench.work++) {
        BenchPair pair = bench_alternate(measure_ours, measure_theirs, &bench, ROUNDS);
        check_both(&bench);
        bench_report(&(BenchFigure){works[bench.work].name, (double)bench.ours / pair.value * 1e3,
                                    "M instructions/s", pair.reference / pair.value,
                                    "Unicorn 2 with hooks on every instruction and access", 1.0,
                                    true});
    }
    uc_close(bench.unicorn);
    g_free(bench.memory);
    cpu_fixture_free(bench.fixture);
    g_free(bench.binary);
    return 0;
}
