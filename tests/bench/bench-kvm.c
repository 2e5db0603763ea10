/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench-kvm.c: what hv_cpu_run() costs beyond a bare KVM_RUN loop.
 *
 * Throughput and round trips are in CPU time of the thread, creation in real
 * time. What slices of 1 ms cost is mostly what it costs the host to leave a
 * guest and enter it again; what of it is ours, the figure against a bare loop
 * in the same slices says. The guests count RCX down in ring 3, or exit once per round.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "hv-core/cpu/cpu.h"
#include "hv-core/memory/memory.h"
#include "sim/trace/trace.h"
#include "tests/bench/bare-kvm.h"
#include "tests/bench/bench.h"
#include "tests/cpu/cpu-guests.h"
#include "tests/cpu/cpu-image.h"

#define CODE         CPU_IMAGE_BYTES
#define MEMORY_BYTES (4u << 20)
#define IMAGE_PAGES  32 /* tables, code, stacks */
#define BARE         "bare KVM_RUN loop"

#define LOOPS       UINT64_C(60000000) /* 20 ms: short enough to be left alone now and then */
#define LOOP_ROUNDS 60
#define EXITS       UINT64_C(1000)
#define ROUNDS      20

#define FIRST_ABSENT 64u /* page from which on the guest's memory is absent at first */
#define FAULTS       UINT64_C(512)

/* 1: dec rcx; jnz 1b; CPU_END */
static const uint8_t guest_loop[] = {0x48, 0xff, 0xc9, 0x75, 0xfb, CPU_END};
/* 1: out dx, al; dec rcx; jnz 1b; CPU_END */
static const uint8_t guest_out[] = {0xee, 0x48, 0xff, 0xc9, 0x75, 0xfa, CPU_END};
/* 1: mov [rbx], eax; dec rcx; jnz 1b; CPU_END */
static const uint8_t guest_mmio[] = {0x89, 0x03, 0x48, 0xff, 0xc9, 0x75, 0xf9, CPU_END};

/* 1: mov [rbx], eax; add rbx, 4096; dec rcx; jnz 1b; CPU_END */
static const uint8_t guest_touch[] = {0x89, 0x03, 0x48, 0x81, 0xc3, 0x00, 0x10,   0x00,
                                      0x00, 0x48, 0xff, 0xc9, 0x75, 0xf2, CPU_END};

typedef struct {
    const uint8_t *code;
    size_t code_bytes;
    unsigned ring;
    uint64_t count;   /* RCX */
    uint64_t address; /* RBX */
    HvTime slice_ns;  /* of hv_cpu_run() */
    uint8_t image[IMAGE_PAGES * HV_PAGE_SIZE];

    BareKvm bare;
    HvPool *pool;
    HvMemory *memory;
    HvCpuMachine *machine;
    HvCpu *cpu;
    SimTrace *trace; /* NULL: off */
    uint64_t now;    /* of its last event */
} Bench;

/* ---- Both sides --------------------------------------------------------- */

static void begin(Bench *bench, const uint8_t *code, size_t code_bytes, unsigned ring,
                  uint64_t count)
{
    *bench = (Bench){.code = code,
                     .ring = ring,
                     .count = count,
                     .address = CPU_DEVICE,
                     .slice_ns = HV_TIME_NEVER,
                     .trace = bench->trace};
    cpu_image_build(bench->image);
    memcpy(bench->image + CODE, code, code_bytes);
}

static void bare_create(Bench *bench)
{
    bare_kvm_create(&bench->bare, MEMORY_BYTES, bench->image, sizeof bench->image);
}

static void bare_start(Bench *bench)
{
    struct kvm_regs regs = {
        .rip = CODE,
        .rflags = bench->ring == 3 ? 0x202 : 0x2,
        .rsp = IMAGE_PAGES * HV_PAGE_SIZE,
        .rcx = bench->count,
        .rdx = 0xe9,
        .rbx = bench->address,
    };

    bare_kvm_start(&bench->bare, bench->ring, &regs);
}

static bool at_end(const struct kvm_run *run)
{
    return run->exit_reason == KVM_EXIT_MMIO && run->mmio.phys_addr == CPU_DEVICE + 0xff8;
}

static void bare_run(Bench *bench)
{
    do {
        uint32_t reason = bare_kvm_run(&bench->bare);
        if (reason != KVM_EXIT_IO && reason != KVM_EXIT_MMIO)
            g_error("bare loop: exit %u", reason);
    } while (!at_end(bench->bare.run));
}

/* ---- The bare loop in slices --------------------------------------------- */

/* SIGALRM, and no other signal, ends KVM_RUN; it is never delivered: blocked, but not while
 * the guest runs. */
static sigset_t block_alarm(Bench *bench)
{
    struct {
        struct kvm_signal_mask head;
        uint64_t signals;
    } __attribute__((packed))
    mask = {.head.len = sizeof mask.signals, .signals = ~(UINT64_C(1) << (SIGALRM - 1))};
    sigset_t alarm;

    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    if (sigprocmask(SIG_BLOCK, &alarm, NULL) < 0 ||
        ioctl(bench->bare.cpu_fd, KVM_SET_SIGNAL_MASK, &mask) < 0)
        g_error("the signal cannot be blocked");
    return alarm;
}

/* The least that ends KVM_RUN every slice_ns: one timer, armed once a slice. */
static void bare_run_sliced(Bench *bench)
{
    static const struct timespec at_once = {0};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    struct itimerspec slice = {.it_value.tv_nsec = (long)bench->slice_ns};
    sigset_t alarm = block_alarm(bench);
    timer_t timer;

    if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
        g_error("no timer");
    timer_settime(timer, 0, &slice, NULL);
    while (!bare_kvm_run_or_signal(&bench->bare)) {
        sigtimedwait(&alarm, NULL, &at_once);
        timer_settime(timer, 0, &slice, NULL);
    }
    timer_delete(timer);
    sigtimedwait(&alarm, NULL, &at_once);
    if (!at_end(bench->bare.run))
        g_error("bare loop: exit %u", bench->bare.run->exit_reason);
}

/* ---- hv-core ------------------------------------------------------------ */

/* What the engine writes for an exit. */
static void trace_exit(Bench *bench, const HvAccess *access)
{
    bench->now += 10;
    SIM_TRACE(bench->trace, SIM_SOURCE_PCPU(0), bench->now, Exit, .rip = access->rip,
              .address = access->gpa.value, .value = access->value, .size = access->size,
              .kind = SIM_EXIT_IO, .write = true);
    sim_trace_settle(bench->trace, bench->now);
    if (bench->now % 10000 == 0)
        sim_trace_discard(bench->trace);
}

static HvAccessResult on_access(void *user, HvCpu *cpu, HvAccess *access)
{
    Bench *bench = user;

    if (access->kind == HV_ACCESS_WRITE &&
        access->gpa.value < MEMORY_BYTES) { /* a page is touched for the first time */
        hv_memory_map(bench->memory, hv_gpa_page(access->gpa), hv_pool_alloc(bench->pool), true);
        return HV_ACCESS_RAM;
    }
    access->stop = access->gpa.value == CPU_DEVICE + 0xff8;
    if (bench->trace)
        trace_exit(bench, access);
    return HV_ACCESS_DONE;
}

static void hv_create(Bench *bench)
{
    g_autoptr(GError) error = NULL;

    bench->pool = hv_pool_new(MEMORY_BYTES / HV_PAGE_SIZE, &error);
    g_assert_no_error(error);
    bench->memory = hv_memory_new(bench->pool, MEMORY_BYTES, &error);
    g_assert_no_error(error);
    for (HvPageNo page = 0; page < IMAGE_PAGES; page++)
        hv_memory_map(bench->memory, page, hv_pool_alloc(bench->pool), true);
    hv_memory_write(bench->memory, HV_GPA(0), bench->image, sizeof bench->image);
    bench->machine = hv_cpu_kvm.machine_new(bench->memory, HV_NS_PER_SECOND, &error);
    g_assert_no_error(error);
    bench->cpu = hv_cpu_kvm.cpu_new(bench->machine, 0, &(HvCpuClient){on_access, bench}, &error);
    g_assert_no_error(error);
}

static HvSegment segment(unsigned selector, unsigned attributes)
{
    return (HvSegment){(uint16_t)selector, (uint16_t)attributes, 0xffffffff, 0};
}

static void hv_start(Bench *bench)
{
    bool user = bench->ring == 3;
    HvSegment data =
        user ? segment(CPU_SELECTOR_DATA3, 0xc0f3) : segment(CPU_SELECTOR_DATA0, 0xc093);
    HvCpuRegs regs = {
        .rip = CODE,
        .rflags = user ? 0x202 : 0x2,
        .segment = {data, data, data, data, data, data},
        .tr = {CPU_SELECTOR_TSS, 0x8b, CPU_TSS_BYTES - 1, CPU_TSS},
        .gdt = {CPU_GDT, CPU_GDT_BYTES - 1},
        .idt = {CPU_IDT, 4095},
        .cr0 = CPU_CR0,
        .cr3 = CPU_TABLES,
        .cr4 = CPU_CR4,
        .efer = CPU_EFER,
    };

    regs.segment[HV_CS] =
        user ? segment(CPU_SELECTOR_CODE3, 0xa0fb) : segment(CPU_SELECTOR_CODE0, 0xa09b);
    regs.gpr[HV_RSP] = IMAGE_PAGES * HV_PAGE_SIZE;
    regs.gpr[HV_RCX] = bench->count;
    regs.gpr[HV_RDX] = 0xe9;
    regs.gpr[HV_RBX] = bench->address;
    hv_cpu_set_regs(bench->cpu, &regs);
}

static void hv_run(Bench *bench)
{
    HvCpuRun run = {.budget_ns = bench->slice_ns};
    HvCpuExit exit;

    do {
        exit = hv_cpu_run(bench->cpu, &run);
    } while (exit == HV_CPU_BUDGET);
    if (exit != HV_CPU_STOPPED)
        g_error("hv_cpu_run: exit %d, error %d", exit, run.error);
}

static void bare_destroy(Bench *bench)
{
    bare_kvm_destroy(&bench->bare);
}

static void hv_destroy(Bench *bench)
{
    hv_cpu_kvm.cpu_free(bench->cpu);
    hv_cpu_kvm.machine_free(bench->machine);
    hv_memory_free(bench->memory);
    hv_pool_free(bench->pool);
}

/* ---- Measurements ------------------------------------------------------- */

static double measure_hv_run(void *user)
{
    hv_start(user);
    double before = bench_cpu_ns();
    hv_run(user);
    return bench_cpu_ns() - before;
}

static double measure_bare_run(void *user)
{
    bare_start(user);
    double before = bench_cpu_ns();
    bare_run(user);
    return bench_cpu_ns() - before;
}

static double measure_bare_sliced(void *user)
{
    bare_start(user);
    double before = bench_cpu_ns();
    bare_run_sliced(user);
    return bench_cpu_ns() - before;
}

/* From nothing to the guest's first exit. */
static double measure_hv_create(void *user)
{
    double before = bench_wall_ns();
    hv_create(user);
    hv_start(user);
    hv_run(user);
    double after = bench_wall_ns();
    hv_destroy(user);
    return after - before;
}

static double measure_bare_create(void *user)
{
    double before = bench_wall_ns();
    bare_create(user);
    bare_start(user);
    bare_run(user);
    double after = bench_wall_ns();
    bare_destroy(user);
    return after - before;
}

static void bench_loop(Bench *bench, const char *name, HvTime slice_ns, BenchMeasure reference,
                       const char *against, double target)
{
    begin(bench, guest_loop, sizeof guest_loop, 3, LOOPS);
    bench->slice_ns = slice_ns;
    hv_create(bench);
    bare_create(bench);
    BenchPair pair = bench_alternate(measure_hv_run, reference, bench, LOOP_ROUNDS);
    bench_report(&(BenchFigure){name, LOOPS / pair.value * 1e3, "M loops/s",
                                pair.reference / pair.value, against, target, true});
    hv_destroy(bench);
    bare_destroy(bench);
}

static void bench_exits(Bench *bench, const char *name, const uint8_t *code, size_t code_bytes,
                        unsigned ring)
{
    begin(bench, code, code_bytes, ring, EXITS);
    hv_create(bench);
    bare_create(bench);
    BenchPair pair = bench_alternate(measure_hv_run, measure_bare_run, bench, ROUNDS);
    bench_report(&(BenchFigure){name, pair.value / EXITS / 1e3, "us", pair.value / pair.reference,
                                BARE, 1.1, false});
    hv_destroy(bench);
    bare_destroy(bench);
}

/* The same with an event in the trace for every exit. */
static void bench_traced_exits(Bench *bench)
{
    const SimTraceOptions options = {.forget_flushed = true};
    g_autoptr(GError) error = NULL;

    bench->trace = sim_trace_new("{}", &options, &error);
    g_assert_no_error(error);
    bench_exits(bench, "kvm-port-exit-traced", guest_out, sizeof guest_out, 0);
    g_clear_pointer(&bench->trace, sim_trace_free);
}

static void bench_create(Bench *bench)
{
    begin(bench, guest_loop, sizeof guest_loop, 3, 1);
    BenchPair pair = bench_alternate(measure_hv_create, measure_bare_create, bench, 5 * ROUNDS);
    bench_report(&(BenchFigure){"kvm-create-to-first-exit", pair.value / 1e3, "us",
                                pair.value / pair.reference, BARE, 1.25, false});
}

/* ---- Pages touched for the first time ------------------------------------- */

/* The least that gives a page to a guest that has touched it: a memory slot for it, and
 * the write that led there. */
static void bare_give_page(Bench *bench, uint8_t *memory)
{
    struct kvm_run *run = bench->bare.run;
    uint64_t gpa = run->mmio.phys_addr & ~(uint64_t)HV_PAGE_MASK;
    struct kvm_userspace_memory_region region = {
        .slot = 1 + (uint32_t)(gpa >> HV_PAGE_SHIFT),
        .guest_phys_addr = gpa,
        .memory_size = HV_PAGE_SIZE,
        .userspace_addr = (uintptr_t)memory + gpa,
    };

    if (ioctl(bench->bare.vm_fd, KVM_SET_USER_MEMORY_REGION, &region) < 0)
        g_error("no memory slot");
    memcpy(memory + run->mmio.phys_addr, run->mmio.data, run->mmio.len);
}

static double measure_bare_faults(void *user)
{
    Bench *bench = user;
    uint8_t *memory = g_aligned_alloc0(1, MEMORY_BYTES, HV_PAGE_SIZE);

    bare_kvm_create(&bench->bare, sizeof bench->image, bench->image, sizeof bench->image);
    bare_start(bench);
    double before = bench_cpu_ns();
    for (;;) {
        if (bare_kvm_run(&bench->bare) != KVM_EXIT_MMIO)
            g_error("bare loop: exit %u", bench->bare.run->exit_reason);
        if (at_end(bench->bare.run))
            break;
        bare_give_page(bench, memory);
    }
    double after = bench_cpu_ns();
    bare_destroy(bench);
    g_aligned_free(memory);
    return after - before;
}

static double measure_hv_faults(void *user)
{
    Bench *bench = user;

    hv_create(bench);
    hv_start(bench);
    double before = bench_cpu_ns();
    hv_run(bench);
    double after = bench_cpu_ns();
    hv_destroy(bench);
    return after - before;
}

static void bench_faults(Bench *bench)
{
    begin(bench, guest_touch, sizeof guest_touch, 3, FAULTS);
    bench->address = FIRST_ABSENT * (uint64_t)HV_PAGE_SIZE;
    BenchPair pair = bench_alternate(measure_hv_faults, measure_bare_faults, bench, ROUNDS);
    bench_report(&(BenchFigure){"kvm-demand-fault", pair.value / FAULTS / 1e3, "us",
                                pair.value / pair.reference, "a memory slot and the exit, bare",
                                1.5, false});
}

int main(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree Bench *bench = g_new0(Bench, 1);

    if (!hv_cpu_kvm.probe(&error)) {
        fprintf(stderr, "skipped: %s\n", error->message);
        return 77; /* meson: skipped */
    }
    bench_loop(bench, "kvm-loop-unsliced", HV_TIME_NEVER, measure_bare_run, BARE, 0.99);
    bench_loop(bench, "kvm-loop-1ms-slices", 1000000, measure_bare_run, BARE, 0.95);
    bench_loop(bench, "kvm-loop-1ms-against-1ms", 1000000, measure_bare_sliced,
               "bare KVM_RUN loop in slices of 1 ms", 0.98);
    bench_loop(bench, "kvm-loop-10ms-slices", 10000000, measure_bare_run, BARE, 0.98);
    bench_exits(bench, "kvm-port-exit", guest_out, sizeof guest_out, 0);
    bench_traced_exits(bench);
    bench_exits(bench, "kvm-mmio-exit", guest_mmio, sizeof guest_mmio, 3);
    bench_create(bench);
    bench_faults(bench);
    return 0;
}
