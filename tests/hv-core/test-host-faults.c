/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-host-faults.c: demand paging, running out of memory, and every way in
 * which a VM comes to a bad end while the others go on. */
#include <string.h>

#include "hv-core/memory/memory.h"
#include "tests/hv-core/host-fixture.h"

#define PAGE(number) ((number)*UINT64_C(4096))

/* The lowest frame that is free now, which a fault would get. */
static HvFrameNo next_frame(HvVm *vm)
{
    HvPool *pool = hv_memory_pool(hv_vm_memory(vm));
    HvFrameNo frame = hv_pool_alloc(pool);
    hv_pool_unref(pool, frame);
    return frame;
}

/* How many pages from first to end - 1 have a frame. */
static unsigned resident_pages(HvVm *vm, HvPageNo first, HvPageNo end)
{
    unsigned count = 0;
    for (; first < end; first++)
        count += hv_memory_entry(hv_vm_memory(vm), first)->frame != HV_FRAME_NONE;
    return count;
}

static void expect_lines(Fixture *fixture, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void expect_lines(Fixture *fixture, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *lines = g_strdup_vprintf(format, args);
    va_end(args);
    host_log_expect(&fixture->log, lines);
}

/* ---- Memory ------------------------------------------------------------- */

/* Two pages touched, the second one twice: two faults of 10 + 7. */
static void test_demand(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {READ(PAGE(300) + 8, 8), WRITE(PAGE(301), 4, 0xabcd), RUN(20),
                                 WRITE(PAGE(301) + 4, 4, 1), HLT};
    fixture->config.costs = (HvCosts){.exit_ns = 10, .fault_ns = 7};
    fixture->log.kinds = LOG_PAGES | LOG_EXITS;
    fixture_host(fixture);
    HvVm *vm = fixture_start(fixture, &(FakeScript){.ops = ops});
    HvFrameNo frame = next_frame(vm);
    fixture_run(fixture, 1000);
    expect_lines(fixture,
                 "0 p0 vm0 page 300 gets frame %u rw\n"
                 "0 p0 0.0 exit page-fault at 0 0x12c008 0x0 size 8 r cost 17\n"
                 "27 p0 vm0 page 301 gets frame %u rw\n"
                 "27 p0 0.0 exit page-fault at 1 0x12d000 0xabcd size 4 w cost 17\n"
                 "94 p0 0.0 exit halt at 5 0x0 0x0 size 0 r cost 10\n",
                 frame, frame + 1);
    uint32_t value;
    g_assert_cmpint(hv_memory_read(hv_vm_memory(vm), HV_GPA(PAGE(301)), &value, 4), ==, 0);
    g_assert_cmphex(value, ==, 0xabcd);
}

/* Blocks of 4 pages. Page 301 brings 300 to 303, page 302 is there then; page 304 is in
 * the next block. One exit for four pages. */
static void test_block(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {WRITE(PAGE(301), 4, 7), READ(PAGE(302), 4), READ(PAGE(303), 4),
                                 READ(PAGE(304), 4), HLT};
    fixture->config.costs = (HvCosts){.exit_ns = 10, .fault_ns = 7};
    fixture->config.memory.block_pages = 4;
    fixture->log.kinds = LOG_PAGES;
    fixture_host(fixture);
    HvVm *vm = fixture_start(fixture, &(FakeScript){.ops = ops});
    HvFrameNo frame = next_frame(vm), resident = hv_memory_resident_count(hv_vm_memory(vm));
    fixture_run(fixture, 1000);
    expect_lines(fixture,
                 "0 p0 vm0 page 301 gets frame %u rw\n"
                 "0 p0 vm0 block 300 of 4\n"
                 "47 p0 vm0 page 304 gets frame %u rw\n"
                 "47 p0 vm0 block 304 of 4\n",
                 frame, frame + 4);
    g_assert_cmpuint(hv_memory_resident_count(hv_vm_memory(vm)), ==, resident + 8);
}

/* Frames for 9 pages. The block of page 300 takes 4 and that of 304 4; for the block of
 * 308 there are not enough, so the page comes alone. Page 312 needs a frame: the oldest
 * page goes, and its block with it; so there is room for the block of 312. Touched again
 * page 301 comes back alone, with what it held, and the second block goes for it. */
static void test_block_reclaimed(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {WRITE(PAGE(301), 4, 7), READ(PAGE(304), 4), READ(PAGE(308), 4),
                                 READ(PAGE(312), 4),     READ(PAGE(301), 4), HLT};
    fixture->config.memory = (HvMemoryPolicy){.block_pages = 4,
                                              .replacement = hv_replacement_find("fifo"),
                                              .swap_pages = 100,
                                              .resident_programs = true};
    fixture->config.memory.frame_limit = 9;
    fixture->log.kinds = LOG_PAGES;
    fixture_host(fixture);
    HvVm *vm = fixture_start(fixture, &(FakeScript){.ops = ops});
    fixture_run(fixture, 1000);
    const char *text = fixture->log.text->str;
    g_assert_nonnull(strstr(text, "vm0 block 300 of 4\n"));
    g_assert_nonnull(strstr(text, "vm0 block 304 of 4\n"));
    g_assert_null(strstr(text, "vm0 block 308"));
    g_assert_nonnull(strstr(text, "vm0 loses block 300 of 4\n"));
    g_assert_nonnull(strstr(text, "vm0 block 312 of 4\n"));
    g_assert_nonnull(strstr(text, "vm0 loses block 304 of 4\n"));
    g_assert_cmpuint(resident_pages(vm, 300, 304), ==, 1);
    g_assert_cmpuint(resident_pages(vm, 304, 308), ==, 0);
    g_assert_cmpuint(resident_pages(vm, 308, 312), ==, 1);
    g_assert_cmpuint(resident_pages(vm, 312, 316), ==, 4);
    uint32_t value;
    g_assert_cmpint(hv_memory_read(hv_vm_memory(vm), HV_GPA(PAGE(301)), &value, 4), ==, 0);
    g_assert_cmphex(value, ==, 7);
}

/* The host has frames for two VMs as loaded and three pages more. The second VM
 * takes them all and then one too many: it crashes, the first one goes on. */
static void test_out_of_memory(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {WRITE(PAGE(300), 4, 1), WRITE(PAGE(301), 4, 1),
                                 WRITE(PAGE(302), 4, 1), WRITE(PAGE(303), 4, 1), HLT};
    static const FakeOp good[] = {RUN(300), MARK(1), HLT};
    fixture->log.kinds = 0;
    fixture_host(fixture);
    HvVm *first = fixture_start(fixture, &(FakeScript){.ops = good});
    HvVm *second = fixture_vm(fixture, &(FakeScript){.ops = ops});
    HvPool *pool = hv_memory_pool(hv_vm_memory(first));
    HvFrameNo spare = hv_pool_free_count(pool) - 3;
    g_autofree HvFrameNo *taken = g_new(HvFrameNo, spare);
    for (HvFrameNo i = 0; i < spare; i++)
        taken[i] = hv_pool_alloc(pool);
    g_assert_true(hv_vm_start(second, 0));
    fixture->log.kinds = LOG_STATES | LOG_DEVICES | LOG_EXITS;
    fixture_run(fixture, 1000);
    expect_lines(fixture, "0 p0 0.0 ready->running dispatch\n"
                          "100 p0 0.0 exit preempt at 0 0x0 0x0 size 0 r cost 0\n"
                          "100 p0 0.0 running->ready slice-end\n"
                          "100 p0 1.0 ready->running dispatch\n"
                          "100 p0 1.0 exit page-fault at 0 0x12c000 0x1 size 4 w cost 0\n"
                          "110 p0 1.0 exit page-fault at 1 0x12d000 0x1 size 4 w cost 0\n"
                          "120 p0 1.0 exit page-fault at 2 0x12e000 0x1 size 4 w cost 0\n"
                          "130 p0 1.0 exit page-fault at 3 0x12f000 0x1 size 4 w cost 0\n"
                          "130 host vm1 running->crashed out-of-memory\n"
                          "130 p0 1.0 running->crashed out-of-memory\n"
                          "130 p0 0.0 ready->running dispatch\n"
                          "230 p0 0.0 exit preempt at 0 0x0 0x0 size 0 r cost 0\n"
                          "230 p0 0.0 running->ready slice-end\n"
                          "230 p0 0.0 ready->running dispatch\n"
                          "330 p0 0.0 exit preempt at 1 0x0 0x0 size 0 r cost 0\n"
                          "330 p0 0.0 running->ready slice-end\n"
                          "330 p0 0.0 ready->running dispatch\n"
                          "330 p0 0.0 mark 1\n"
                          "330 p0 0.0 exit mmio at 1 0xc0000038 0x1 size 8 w cost 0\n"
                          "350 p0 0.0 exit halt at 3 0x0 0x0 size 0 r cost 0\n"
                          "350 p0 0.0 running->halted hlt-forever\n"
                          "350 host vm0 running->halted hlt-forever\n");
    for (HvFrameNo i = 0; i < spare; i++)
        hv_pool_unref(pool, taken[i]);
}

/* A page that two places share, read-only: a write makes a copy; the second
 * write, to what nobody shares any more, makes it writable. */
static void test_copy_on_write(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {WRITE(PAGE(300), 4, 5), WRITE(PAGE(301), 4, 6), HLT};
    fixture->config.costs = (HvCosts){.exit_ns = 10, .fault_ns = 7};
    fixture->log.kinds = LOG_PAGES | LOG_EXITS;
    fixture_host(fixture);
    HvVm *vm = fixture_start(fixture, &(FakeScript){.ops = ops});
    HvMemory *memory = hv_vm_memory(vm);
    HvPool *pool = hv_memory_pool(memory);
    HvFrameNo shared = hv_pool_alloc(pool);
    memset(hv_pool_data(pool) + (size_t)shared * HV_PAGE_SIZE, 0x77, HV_PAGE_SIZE);
    hv_pool_ref(pool, shared);
    hv_memory_map(memory, 300, shared, false);
    hv_memory_map(memory, 301, shared, false);
    HvFrameNo frame = next_frame(vm);
    fixture_run(fixture, 1000);
    expect_lines(fixture,
                 "0 p0 vm0 page 300 gets frame %u rw\n"
                 "0 p0 0.0 exit page-fault at 0 0x12c000 0x5 size 4 w cost 17\n"
                 "27 p0 vm0 page 301 gets frame %u rw\n"
                 "27 p0 0.0 exit page-fault at 1 0x12d000 0x6 size 4 w cost 10\n"
                 "57 p0 0.0 exit halt at 3 0x0 0x0 size 0 r cost 10\n",
                 frame, shared);
    uint32_t words[2];
    g_assert_cmpint(hv_memory_read(memory, HV_GPA(PAGE(300)), words, 8), ==, 0);
    g_assert_cmphex(words[0], ==, 5);
    g_assert_cmphex(words[1], ==, 0x77777777);
    g_assert_cmpuint(hv_memory_entry(memory, 301)->frame, ==, shared);
    g_assert_true(hv_memory_entry(memory, 301)->writable);
}

/* ---- Bad ends ----------------------------------------------------------- */

typedef struct {
    const char *name;
    FakeOp op;
    const char *exit; /* its line; NULL: none */
    const char *why;
} BadEnd;

static const BadEnd bad_ends[] = {
    {"triple-fault",
     {.kind = FAKE_TRIPLE_FAULT},
     "10 p0 0.0 exit shutdown at 1 0x0 0x0 size 0 r cost 2\n",
     "triple-fault"},
    {"unsupported",
     {.kind = FAKE_UNSUPPORTED},
     "10 p0 0.0 exit error at 1 0x0 0x0 size 0 r cost 2\n",
     "unsupported"},
    {"fetch-absent",
     {.kind = FAKE_FETCH, .address = PAGE(300), .size = 1},
     "10 p0 0.0 exit error at 1 0x12c000 0x0 size 0 r cost 2\n",
     "fetch"},
    {"fetch-device",
     {.kind = FAKE_FETCH, .address = HV_GUEST_DEVICES, .size = 1},
     "10 p0 0.0 exit error at 1 0xc0000000 0x0 size 0 r cost 2\n",
     "fetch"},
};

static void test_bad_end(Fixture *fixture, gconstpointer data)
{
    const BadEnd *end = data;
    const FakeOp ops[] = {RUN(10), end->op, RUN_ON};
    static const FakeOp burn[] = {RUN_ON};
    const FakeScript scripts[] = {{.ops = ops}, {.ops = burn}};
    fixture->config.costs.exit_ns = 2;
    fixture->log.kinds = LOG_STATES | LOG_EXITS;
    fixture->vm.vcpu_count = 2;
    fixture_host(fixture);
    HvVm *vm = fixture_start(fixture, scripts);
    fixture->vm.vcpu_count = 1;
    fixture_start(fixture, &scripts[1]);
    g_string_truncate(fixture->log.text, 0);
    fixture_run(fixture, 50);
    expect_lines(fixture,
                 "0 p0 0.0 ready->running dispatch\n"
                 "%s"
                 "10 host vm0 running->crashed %s\n"
                 "10 host 0.1 ready->halted %s\n"
                 "12 p0 0.0 running->crashed %s\n"
                 "12 p0 1.0 ready->running dispatch\n",
                 end->exit, end->why, end->why, end->why);
    g_assert_cmpint(hv_vm_state(vm), ==, HV_VM_CRASHED);
}

/* The guest kernel reports a crash: of its program, then of itself. */
static void test_reports(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {PLATFORM(FAULT, 8, PAGE(300)), PLATFORM(CRASH, 8, PAGE(300)),
                                 RUN_ON};
    HvCrashReport report = {.vector = 14, .rip = 0x80000, .message = "wild write"};
    fixture->config.costs.fault_ns = 4;
    fixture->log.kinds = LOG_DEVICES | LOG_STATES;
    fixture_host(fixture);
    HvVm *vm = fixture_start(fixture, &(FakeScript){.ops = ops});
    g_assert_cmpint(hv_memory_write(hv_vm_memory(vm), HV_GPA(PAGE(300)), &report, sizeof(report)),
                    ==, 0);
    g_string_truncate(fixture->log.text, 0);
    fixture_run(fixture, 50);
    host_log_expect(&fixture->log, "0 p0 0.0 ready->running dispatch\n"
                                   "0 p0 0.0 fault vector 14 in \"\": wild write\n"
                                   "10 p0 0.0 crash vector 14 in \"\": wild write\n"
                                   "10 host vm0 running->crashed guest-panic\n"
                                   "20 p0 0.0 running->crashed guest-panic\n");
}

/* What a guest does wrong without dying of it. */
static void test_bad_accesses(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {OUT(0x80, 1),
                                 IN(0xe9),
                                 OUT(HV_PORT_DEBUG, 'h'),
                                 READ(0x40000000, 8),
                                 WRITE(DEVICE(40, 0), 4, 3),
                                 READ(DEVICE(0, 4), 4),
                                 PLATFORM(EXIT, 4, 3),
                                 HLT};
    fixture->log.kinds = LOG_DEVICES;
    fixture_host(fixture);
    HvVm *vm = fixture_start(fixture, &(FakeScript){.ops = ops});
    fixture_run(fixture, 40);
    g_assert_cmphex(fake_cpu_value(hv_vm_cpu(vm, 0)), ==, UINT64_MAX);
    fixture_run(fixture, 1000);
    g_assert_cmphex(fake_cpu_value(hv_vm_cpu(vm, 0)), ==, 0xffffffff);
    host_log_expect(&fixture->log, "0 p0 0.0 slot 255 bad-access 0x80 0x1\n"
                                   "10 p0 0.0 slot 255 bad-access 0xe9 0x0\n"
                                   "20 p0 vm0 slot 1 prints \"h\"\n"
                                   "30 p0 0.0 slot 255 bad-access 0x40000000 0x0\n"
                                   "40 p0 0.0 slot 255 bad-access 0xc0028000 0x3\n"
                                   "50 p0 0.0 slot 0 bad-access 0xc0000004 0x0\n"
                                   "60 p0 vm0 program ends with 3\n");
}

/* ---- VMs that cannot be made -------------------------------------------- */

static void test_bad_vms(Fixture *fixture, gconstpointer data)
{
    static const FakeOp ops[] = {HLT};
    const FakeScript script = {.ops = ops};
    fixture->config.memory_frames = 64;
    fixture_host(fixture);
    fake_cpu_play(0, 0, &script);
    HvVmConfig good = fixture->vm;
    HvVmConfig bad[] = {good, good, good, good, good, good};
    bad[0].vcpu_count = 0;
    bad[1].vcpu_count = HV_MAX_VCPUS_PER_VM + 1;
    bad[2].memory_bytes = 4096;
    bad[3].memory_bytes = good.memory_bytes + 1;
    bad[4].image_bytes = 10;
    bad[5].nic_count = HV_MAX_NICS_PER_VM + 1;
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(hv_host_add_vm(fixture->host, &bad[i], 0, &error));
        g_assert_error(error, HV_ERROR, HV_ERROR_INVALID);
    }
    /* Frames of a VM that could not be made go back; at last there are too few. */
    g_autoptr(GError) error = NULL;
    unsigned made = 0;
    while (hv_host_add_vm(fixture->host, &good, 0, &error) != NULL)
        fake_cpu_play(++made, 0, &script);
    g_assert_error(error, HV_ERROR, HV_ERROR_NO_MEMORY);
    g_assert_cmpuint(made, >=, 2);
    g_assert_true(hv_vm_start(hv_host_vm(fixture->host, made - 1), 0));
    fixture_run(fixture, 100);
    g_assert_cmpint(hv_vm_state(hv_host_vm(fixture->host, made - 1)), ==, HV_VM_HALTED);
}

#define ADD(path, data, function)                                                                  \
    g_test_add("/host-faults/" path, Fixture, data, fixture_set_up, function, fixture_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("demand", NULL, test_demand);
    ADD("block", NULL, test_block);
    ADD("block-reclaimed", NULL, test_block_reclaimed);
    ADD("out-of-memory", NULL, test_out_of_memory);
    ADD("copy-on-write", NULL, test_copy_on_write);
    ADD("reports", NULL, test_reports);
    ADD("bad-accesses", NULL, test_bad_accesses);
    ADD("bad-vms", NULL, test_bad_vms);
    for (unsigned i = 0; i < G_N_ELEMENTS(bad_ends); i++) {
        g_autofree char *path = g_strdup_printf("/host-faults/bad-end/%s", bad_ends[i].name);
        g_test_add(path, Fixture, &bad_ends[i], fixture_set_up, test_bad_end, fixture_tear_down);
    }
    return g_test_run();
}
