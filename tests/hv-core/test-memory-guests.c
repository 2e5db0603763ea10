/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-memory-guests.c BACKEND: real guests whose memory is shared, swapped, ballooned
 * and broken out of sharing, in random order. The guests keep a shadow of what their
 * pages hold (programs/shuffle.c); the host's page frames are counted after every
 * event. And guests that lie to their balloon, and what happens when all is gone. */
#include <string.h>

#include "hv-core/host.h"
#include "hv-core/limits.h"
#include "tests/hv-core/host-log.h"

#define MS  UINT64_C(1000000)
#define MIB (1u << 20)

static const HvCpuBackend *backend;

#define VM_PAGES (2 * MIB / HV_PAGE_SIZE)

/* How often each of these happened. */
typedef struct {
    uint64_t shared, broken, given, swapped_out, swapped_in, blocks, references;
} Counts;

typedef struct {
    HvHost *host;
    HostLog log;
    Counts counts;
    bool is_shared[HOST_LOG_VMS][VM_PAGES];
    HvGuestMemory says; /* the last one */
    uint64_t reports, most_free;
    HvPageNo heap_page;
    uint64_t checks;
    bool traced, unchanged; /* by the event that is reported now */
    uint64_t frame_ids;
    uint64_t refused; /* VMs */
    HvWorkingSet estimate[HOST_LOG_VMS];
    unsigned estimates;
    uint64_t used; /* pages, by all estimates together */
} World;

static World *world_of(void *user)
{
    return (World *)((char *)user - G_STRUCT_OFFSET(World, log));
}

static void on_refused(void *user, HvStamp at, uint16_t vm, HvPageNo pages, HvFrameNo left)
{
    World *world = world_of(user);
    g_assert_cmpuint(pages, >, left);
    world->refused++;
}

static void on_working_set(void *user, HvStamp at, uint16_t vm, const HvWorkingSet *set)
{
    World *world = world_of(user);
    world->estimate[vm] = *set;
    world->estimates++;
    world->used += set->used * UINT64_C(512) / set->sampled;
}

/* ---- What happens ------------------------------------------------------------- */

static void check(World *world)
{
    g_autofree char *what = NULL;
    world->checks++;
    if (!hv_host_check(world->host, &what))
        g_error("%s", what);
}

/* Tracing mode has two events for each access to memory, which change nothing by themselves;
 * what led to them was an event of its own. */
static void on_reported(void *user)
{
    World *world = world_of(user);
    if (!world->traced || !world->unchanged)
        check(world);
    world->unchanged = false;
}

static void on_left(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, const HvExit *exit)
{
    world_of(user)->unchanged = true;
    host_log_observer.exit(user, at, vm, vcpu, exit);
}

static void on_page_shared(void *user, HvStamp at, uint16_t vm, HvPageNo page, HvFrameNo frame,
                           HvFrameNo old_frame, bool zero)
{
    world_of(user)->is_shared[vm][page] = true;
    world_of(user)->counts.shared++;
}

/* A page that shares its frame gets one of its own: it was written. */
static void on_page_mapped(void *user, HvStamp at, uint16_t vm, HvPageNo page, HvFrameNo frame,
                           bool writable, bool pinned, bool demand)
{
    World *world = world_of(user);
    world->counts.broken += world->is_shared[vm][page];
    world->is_shared[vm][page] = false;
    host_log_observer.page_mapped(user, at, vm, page, frame, writable, pinned, demand);
}

static void on_swapped_out(void *user, HvStamp at, uint16_t vm, HvPageNo page, HvFrameNo frame,
                           uint32_t slot)
{
    world_of(user)->is_shared[vm][page] = false;
    world_of(user)->counts.swapped_out++;
}

static void on_swapped_in(void *user, HvStamp at, uint16_t vm, HvPageNo page, HvFrameNo frame,
                          uint32_t slot)
{
    world_of(user)->counts.swapped_in++;
}

static void on_page_ballooned(void *user, HvStamp at, uint16_t vm, HvPageNo page, HvFrameNo frame)
{
    world_of(user)->is_shared[vm][page] = false;
    world_of(user)->counts.given++;
}

static void on_guest_memory(void *user, HvStamp at, uint16_t vm, const HvGuestMemory *says)
{
    World *world = world_of(user);
    world->says = *says;
    world->reports++;
    world->most_free = MAX(world->most_free, says->free_bytes);
}

static void on_memory_layout(void *user, HvStamp at, uint16_t vm, HvPageNo page, HvPageNo pages)
{
    world_of(user)->heap_page = page;
}

static void on_block_mapped(void *user, HvStamp at, uint16_t vm, HvPageNo first, HvPageNo pages)
{
    world_of(user)->counts.blocks++;
}

static void on_page_referenced(void *user, HvStamp at, uint16_t vm, uint16_t vcpu,
                               const HvPageReference *reference)
{
    world_of(user)->counts.references++;
    world_of(user)->unchanged = true;
}

/* ---- Worlds --------------------------------------------------------------------- */

static World *world_new(HvFrameNo frames, const HvMemoryPolicy *memory)
{
    g_autoptr(GError) error = NULL;
    World *world = g_new0(World, 1);
    HvObserver observer = host_log_observer;
    host_log_init(&world->log, 0);
    world->traced = memory->trace_references;
    observer.vm_refused = on_refused;
    observer.working_set = on_working_set;
    observer.page_shared = on_page_shared;
    observer.page_mapped = on_page_mapped;
    observer.swapped_out = on_swapped_out;
    observer.swapped_in = on_swapped_in;
    observer.page_ballooned = on_page_ballooned;
    observer.guest_memory = on_guest_memory;
    observer.memory_layout = on_memory_layout;
    observer.block_mapped = on_block_mapped;
    observer.page_referenced = on_page_referenced;
    observer.exit = on_left;
    observer.reported = on_reported;
    HvHostConfig config = {
        .backend = backend,
        .pcpu_count = 1,
        .memory_frames = frames,
        .clock_hz = 100000000,
        .lookahead_ns = HV_TIME_NEVER,
        .quantum_ns = 10000,
        .costs = {.exit_ns = 2000, .switch_ns = 1000, .fault_ns = 5000, .swap_in_ns = 10000},
        .policy = hv_policy_find("rr"),
        .policy_params = {.slice_ns = MS},
        .memory = *memory,
        .frame_ids = &world->frame_ids,
        .observer = observer,
        .observer_user = &world->log,
    };
    world->host = hv_host_new(&config, &error);
    g_assert_no_error(error);
    return world;
}

static void world_free(World *world)
{
    check(world);
    hv_host_free(world->host);
    host_log_clear(&world->log);
    g_free(world);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

static HvVm *add_vm_with(World *world, const char *command, const HvVmConfig *more)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) args = g_strsplit(command, " ", -1);
    g_autofree char *path = g_strdup_printf("%s/%s.elf", g_getenv("GUEST_DIR"), args[0]);
    g_autofree char *image = NULL;
    gsize image_bytes;
    g_file_get_contents(path, &image, &image_bytes, &error);
    g_assert_no_error(error);
    HvVmConfig config = *more;
    config.name = args[0];
    config.image = image;
    config.image_bytes = image_bytes;
    config.args = (const char *const *)args;
    config.memory_bytes = 2 * MIB;
    config.vcpu_count = 1;
    config.seed = 7 + more->seed;
    HvVm *vm = hv_host_add_vm(world->host, &config, 0, &error);
    g_assert_no_error(error);
    return vm;
}

static HvVm *add_vm(World *world, const char *command, uint64_t seed)
{
    HvVm *vm = add_vm_with(world, command, &(HvVmConfig){.balloon = true, .seed = seed});
    hv_vm_start(vm, 0);
    return vm;
}

/* To `until`, or until nothing happens any more. */
static HvTime run(World *world, HvTime from, HvTime until, HvTime step)
{
    HvTime reached = from;
    while (reached < until && hv_host_deadline(world->host) != HV_TIME_NEVER) {
        HvTime grant = MIN(until, MAX(reached, hv_host_deadline(world->host)) + step);
        reached = hv_host_advance(world->host, until, grant);
        g_assert_false(hv_host_stuck(world->host));
        HvOutControl *control;
        while ((control = hv_host_take_control(world->host)) != NULL)
            g_free(control);
        check(world);
    }
    return reached;
}

/* A command may be given now: all have come to this time. */
static HvTime stop_at(World *world, HvTime from, HvTime when)
{
    HvTime reached = from;
    while (reached < when)
        reached = hv_host_advance(world->host, when, when);
    return when;
}

/* ---- A mix of all ------------------------------------------------------------ */

#define SHUFFLERS 3

static void assert_shuffled(const World *world)
{
    for (unsigned i = 0; i < SHUFFLERS; i++) {
        g_test_message("%s", world->log.vm[i].console->str);
        g_assert_cmpint(world->log.vm[i].exit_code, ==, 0);
        g_assert_nonnull(strstr(world->log.vm[i].console->str, "shuffle: 0 looks wrong"));
    }
}

/* One VM is asked for memory; another may be throttled or let go, or stopped for a moment. */
static void disturb(World *world, GRand *rand, HvTime now)
{
    HvVm *vm = hv_host_vm(world->host, (unsigned)g_rand_int_range(rand, 0, SHUFFLERS));
    HvVm *other = hv_host_vm(world->host, (unsigned)g_rand_int_range(rand, 0, SHUFFLERS));
    hv_vm_set_balloon(vm, (HvPageNo)g_rand_int_range(rand, 240, 310), now);
    switch (g_rand_int_range(rand, 0, 4)) {
    case 0: hv_vm_set_throttle(other, HV_THROTTLE_EXITS, (HvThrottle){2000, 1}, now); break;
    case 1: hv_vm_set_throttle(other, HV_THROTTLE_EXITS, (HvThrottle){0}, now); break;
    case 2: hv_vm_pause(other, now); break;
    default:
        for (unsigned i = 0; i < SHUFFLERS; i++)
            hv_vm_resume(hv_host_vm(world->host, i), now);
    }
}

/* How memory is mapped in a mix. */
typedef struct {
    const char *name;
    HvPageNo block_pages; /* huge mappings */
    bool traced;          /* every access is seen */
} Mapping;

static const Mapping mappings[] = {
    {"pages", 1, false},       {"blocks-of-8", 8, false},         {"blocks-of-32", 32, false},
    {"pages-traced", 1, true}, {"blocks-of-16-traced", 16, true},
};

typedef struct {
    const Mapping *mapping;
    uint32_t seed;
} Mix;

/* All that the test is about has happened in this very run. */
static void assert_all_happened(const World *world, const Mapping *mapping, bool asked)
{
    const Counts *counts = &world->counts;
    g_test_message("%" G_GUINT64_FORMAT " checks; shared %" G_GUINT64_FORMAT
                   ", broken %" G_GUINT64_FORMAT ", given %" G_GUINT64_FORMAT
                   ", swapped %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT
                   ", blocks %" G_GUINT64_FORMAT ", references %" G_GUINT64_FORMAT,
                   world->checks, counts->shared, counts->broken, counts->given,
                   counts->swapped_out, counts->swapped_in, counts->blocks, counts->references);
    g_assert_cmpuint(counts->shared, >, 0);
    g_assert_cmpuint(counts->broken, >, 0);
    g_assert_cmpuint(counts->given, >, 0);
    /* Where the host asks guests by itself, it swaps only what they cannot give. */
    g_assert_true(counts->swapped_out > 0 || asked);
    g_assert_true(counts->swapped_in > 0 || asked);
    g_assert_true((counts->blocks > 0) == (mapping->block_pages > 1));
    g_assert_true((counts->references > 1000) == mapping->traced);
}

/* Balloons are blown up and let go by commands and by the host itself, equal pages are
 * shared, and there is memory for a third of what the guests write. */
static void test_mix(gconstpointer data)
{
    const Mix *mix = data;
    uint32_t seed = mix->seed;
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    const HvMemoryPolicy memory = {
        .replacement = hv_replacement_find(seed % 2 ? "clock" : "random"),
        .swap_pages = 1024,
        .block_pages = mix->mapping->block_pages,
        .trace_references = mix->mapping->traced,
        .batch = 4,
        .scan_ns = MS / 2,
        .scan_pages = 60,
        .by_shares = seed % 3 == 0,
        .tax_ppm = 750000,
        .sample_pages = seed % 3 == 0 ? 20 : 0,
        .sample_period_ns = 5 * MS,
        .balloon = seed % 2 == 0,
        .balance_ns = 2 * MS,
        .wait_ns = MS / 5,
        .low_ppm = 60000,
        .seed = seed,
    };
    g_autoptr(World) world = world_new(128, &memory);
    const char *command = mix->mapping->traced ? "shuffle 96 1200" : "shuffle 96 4000";
    for (unsigned i = 0; i < SHUFFLERS; i++)
        add_vm(world, command, seed + i);
    HvTime now = 0;
    for (unsigned i = 0; i < 60; i++) {
        /* Guests are slower on kvm, where an exit takes its real time. */
        int times = backend->least_run_ns > 0 ? 10 : 1;
        HvTime next = now + (HvTime)g_rand_int_range(rand, 100000, 2000000) * times;
        run(world, now, next, 200000 * times);
        now = stop_at(world, now, next);
        disturb(world, rand, now);
        check(world);
    }
    for (unsigned i = 0; i < SHUFFLERS; i++) {
        hv_vm_set_throttle(hv_host_vm(world->host, i), HV_THROTTLE_EXITS, (HvThrottle){0}, now);
        hv_vm_resume(hv_host_vm(world->host, i), now);
    }
    run(world, now, 20000 * MS, 5 * MS);
    assert_shuffled(world);
    assert_all_happened(world, mix->mapping, memory.balloon);
}

static void add_mixes(void)
{
    static Mix mixes[G_N_ELEMENTS(mappings)][6];
    bool real = backend->least_run_ns > 0; /* on kvm they take real time */
    for (unsigned m = 0; m < G_N_ELEMENTS(mappings); m++) {
        unsigned runs = mappings[m].traced ? 4 : G_N_ELEMENTS(mixes[m]);
        if (real)
            runs = mappings[m].traced ? 0 : 1;
        for (unsigned i = 0; i < runs; i++) {
            Mix *mix = &mixes[m][i];
            *mix = (Mix){&mappings[m], m + i + 1};
            g_autofree char *path =
                g_strdup_printf("/memory-guests/mix/%s/%u", mappings[m].name, mix->seed);
            g_test_add_data_func(path, mix, test_mix);
        }
    }
}

/* ---- The checker --------------------------------------------------------------- */

static void assert_wrong(World *world, const char *what)
{
    g_autofree char *found = NULL;
    g_assert_false(hv_host_check(world->host, &found));
    g_assert_cmpstr(found, ==, what);
}

/* It finds what is wrong, so that it means something that it finds nothing elsewhere. */
static void test_checker(void)
{
    const HvMemoryPolicy policy = {.replacement = hv_replacement_find("fifo"), .swap_pages = 64};
    g_autoptr(World) world = world_new(1024, &policy);
    HvVm *vm = add_vm(world, "touch 40 --wait 100", 0);
    HvMemory *memory = hv_vm_memory(vm);
    HvPool *pool = hv_memory_pool(memory);
    run(world, 0, 20 * MS, MS);
    check(world);
    HvPageNo page = hv_memory_page_count(memory) - 1, empty = 300;
    HvFrameNo frame = hv_memory_entry(memory, page)->frame; /* of the stack: writable, not pinned */
    g_autofree char *text = g_strdup_printf("frame %u has 1 mappings, not 2", frame);
    g_autofree char *several =
        g_strdup_printf("frame %u has several owners, and is not shared", frame);
    g_assert_cmpuint(hv_memory_entry(memory, empty)->frame, ==, HV_FRAME_NONE);
    hv_pool_ref(pool, frame); /* by nobody */
    assert_wrong(world, text);
    hv_memory_map(memory, empty, frame, false); /* by a page of which the sharer does not know */
    assert_wrong(world, several);
    hv_memory_unmap(memory, empty);
    check(world);
    HvFrameNo lost = hv_pool_alloc(pool);
    g_autofree char *owned = g_strdup_printf("frame %u has 0 mappings, not 1", lost);
    assert_wrong(world, owned);
    hv_pool_unref(pool, lost);
    hv_pool_ref(pool, frame);
    hv_memory_unmap(memory, page); /* and the pager is not told */
    hv_memory_map(memory, empty, frame, true);
    g_autofree char *owner =
        g_strdup_printf("frame %u is said to be that of page %u of VM 0", frame, page);
    assert_wrong(world, owner);
    hv_memory_unmap(memory, empty);
    hv_memory_map(memory, page, hv_pool_alloc(pool), true);
    check(world);
}

/* ---- Balloons ---------------------------------------------------------------- */

static void test_balloon(void)
{
    g_autoptr(World) world = world_new(2048, &(HvMemoryPolicy){0});
    HvVm *vm = add_vm(world, "touch 40 --times 3 --wait 100", 0);
    HvTime now = stop_at(world, 0, 50 * MS);
    HvPageNo resident = hv_memory_resident_count(hv_vm_memory(vm));
    g_assert_true(hv_vm_set_balloon(vm, 200, now));
    run(world, now, 90 * MS, MS);
    g_assert_cmpuint(hv_vm_ballooned(vm), ==, 200);
    /* Free pages that were never touched: nothing changes for the guest, but for the
     * stack and the balloon's own list. */
    g_assert_cmpuint(hv_memory_resident_count(hv_vm_memory(vm)), <=, resident + 3);
    now = stop_at(world, 90 * MS, 90 * MS);
    g_assert_true(hv_vm_set_balloon(vm, 20, now));
    run(world, now, 130 * MS, MS);
    g_assert_cmpuint(hv_vm_ballooned(vm), ==, 20);
    now = stop_at(world, 130 * MS, 130 * MS);
    g_assert_true(hv_vm_set_balloon(vm, 512, now)); /* all: it keeps what it uses */
    run(world, now, 2000 * MS, 10 * MS);
    g_assert_cmpuint(hv_vm_ballooned(vm), >, 200);
    g_assert_cmpuint(hv_vm_ballooned(vm), <=, 512 - 128 - 16 - 40);
    g_assert_cmpint(world->log.vm[0].exit_code, ==, 0);
    g_assert_false(hv_vm_set_balloon(vm, 0, 2000 * MS)); /* it has ended */
}

/* The policy `balloon` would let it go at its next look, as there is memory in plenty: but
 * what somebody has set holds until it is released. */
static void test_held_balloon(void)
{
    const HvMemoryPolicy policy = {
        .balloon = true, .balance_ns = MS, .wait_ns = MS, .low_ppm = 60000};
    g_autoptr(World) world = world_new(1024, &policy);
    HvVm *vm = add_vm(world, "touch 40 --times 1000000000", 0);
    g_assert_false(hv_vm_release_balloon(vm, 0));
    HvTime now = stop_at(world, 0, 50 * MS);
    g_assert_true(hv_vm_set_balloon(vm, 200, now));
    run(world, now, 100 * MS, MS);
    for (now = 100 * MS; now < 150 * MS; now += MS) {
        run(world, now, now + MS, MS);
        g_assert_cmpuint(hv_vm_ballooned(vm), ==, 200);
    }
    now = stop_at(world, now, now);
    g_assert_true(hv_vm_release_balloon(vm, now));
    g_assert_false(hv_vm_release_balloon(vm, now));
    while (hv_vm_ballooned(vm) > 0 && now < 2000 * MS)
        now = run(world, now, now + MS, MS);
    g_assert_cmpuint(hv_vm_ballooned(vm), ==, 0);
}

/* Memory is short: the policy asks the other one. */
static void test_held_in_need(void)
{
    const HvMemoryPolicy policy = {.replacement = hv_replacement_find("clock"),
                                   .swap_pages = 400,
                                   .balloon = true,
                                   .balance_ns = MS,
                                   .wait_ns = MS,
                                   .low_ppm = 60000};
    g_autoptr(World) world = world_new(300, &policy);
    HvVm *held = add_vm(world, "shuffle 96 1000000", 0);
    HvVm *other = add_vm(world, "shuffle 150 1000000", 1);
    g_assert_true(hv_vm_set_balloon(held, 30, 0));
    run(world, 0, 300 * MS, MS);
    g_test_message("%u and %u pages", hv_vm_ballooned(held), hv_vm_ballooned(other));
    g_assert_cmpuint(hv_vm_ballooned(held), ==, 30);
    g_assert_cmpuint(hv_vm_ballooned(other), >, 30);
}

static void test_no_balloon(void)
{
    g_autoptr(World) world = world_new(1024, &(HvMemoryPolicy){0});
    HvVm *vm = add_vm_with(world, "idle", &(HvVmConfig){0});
    g_assert_true(hv_vm_start(vm, 0));
    g_assert_false(hv_vm_set_balloon(vm, 10, 0));
    g_assert_false(hv_vm_set_balloon(vm, 513, 0));
}

/* What a guest says of its memory is told. */
static void test_statistics(void)
{
    g_autoptr(World) world = world_new(1024, &(HvMemoryPolicy){.statistics_ns = 5 * MS});
    add_vm(world, "touch 40 --times 1000000000", 0);
    run(world, 0, 60 * MS, MS);
    g_assert_cmpuint(world->reports, >=, 5);
    g_assert_cmpuint(world->says.total_bytes, ==, 2 * MIB);
    /* touch uses the first 40 pages of its heap; behind it are the stack's 16. */
    g_assert_cmpuint(world->says.free_bytes, ==, (VM_PAGES - 16 - world->heap_page - 40) * 4096u);
}

/* Whatever it says, it holds what it touched; the other one notices nothing. It says to
 * have more free memory than there is, and nobody wants any of it. */
static void test_liar(void)
{
    /* Often, as it is soon done; but on kvm each answer takes its real time. */
    HvTime period = backend->least_run_ns > 0 ? 2 * MS : MS / 10;
    g_autoptr(World) world = world_new(1024, &(HvMemoryPolicy){.statistics_ns = period});
    HvVm *liar = add_vm(world, "liar 3", 0);
    add_vm(world, "touch 60", 1);
    run(world, 0, 2000 * MS, MS);
    g_test_message("%s", world->log.vm[0].console->str);
    g_assert_cmpint(world->log.vm[0].exit_code, ==, 0);
    g_assert_cmpint(world->log.vm[1].exit_code, ==, 0);
    g_assert_cmpuint(hv_vm_ballooned(liar), ==, 0); /* it has used all of it again */
    g_assert_cmpuint(world->most_free, >, 2 * MIB);
    g_assert_cmpuint(hv_memory_resident_count(hv_vm_memory(liar)), >=, 64);
}

/* ---- Nothing is left ---------------------------------------------------------- */

typedef struct {
    const char *name;
    HvMemoryPolicy policy;
    HvVmState first, second; /* how the two VMs end */
    HvWhy why;               /* of the one that did not power off by itself */
    bool refused;
} Outcome;

/* Two VMs want 200 pages each, beside some 40 of their own; the host has 300. */
static const Outcome outcomes[] = {
    {"crash", {0}, HV_VM_HALTED, HV_VM_CRASHED, HV_WHY_OUT_OF_MEMORY, false},
    {"kill", {.kill_largest = true}, HV_VM_KILLED, HV_VM_HALTED, HV_WHY_OUT_OF_MEMORY, false},
    {"refuse", {.no_overcommit = true}, HV_VM_OFF, HV_VM_OFF, HV_WHY_START, true},
    {"swap", {.swap_pages = 400}, HV_VM_HALTED, HV_VM_HALTED, HV_WHY_POWER_OFF, false},
    {"swap-full", {.swap_pages = 30}, HV_VM_HALTED, HV_VM_CRASHED, HV_WHY_OUT_OF_MEMORY, false},
    {"share",
     {.scan_ns = MS, .scan_pages = 100},
     HV_VM_HALTED,
     HV_VM_HALTED,
     HV_WHY_POWER_OFF,
     false},
    /* The first one has nothing that it can spare. */
    {"balloon-empty",
     {.balloon = true, .balance_ns = MS, .wait_ns = 5 * MS, .low_ppm = 60000},
     HV_VM_HALTED,
     HV_VM_CRASHED,
     HV_WHY_OUT_OF_MEMORY,
     false},
};

static void test_outcome(gconstpointer data)
{
    const Outcome *outcome = data;
    HvMemoryPolicy policy = outcome->policy;
    if (policy.swap_pages > 0)
        policy.replacement = hv_replacement_find("fifo");
    bool share = policy.scan_ns > 0;
    g_autoptr(World) world = world_new(300, &policy);
    HvVm *first =
        add_vm(world, share ? "touch 200 --write 5 --wait 300" : "touch 200 --wait 300", 0);
    HvVm *second = add_vm_with(world, share ? "touch 200 --write 5" : "touch 200",
                               &(HvVmConfig){.balloon = true});
    run(world, 0, 60 * MS, MS);
    HvTime now = stop_at(world, 60 * MS, 60 * MS);
    g_assert_true(hv_vm_start(second, now) == !outcome->refused);
    run(world, now, 5000 * MS, 5 * MS);
    g_assert_cmpint(hv_vm_state(first), ==, outcome->first);
    g_assert_cmpint(hv_vm_state(second), ==, outcome->second);
    g_assert_cmpuint(world->refused, ==, outcome->refused ? 2 : 0);
    for (unsigned i = 0; i < 2; i++)
        if (world->log.vm[i].exit_code < 0 && !outcome->refused)
            g_assert_cmpint(world->log.vm[i].why, ==, outcome->why);
        else if (!outcome->refused)
            g_assert_cmpint(world->log.vm[i].exit_code, ==, 0);
}

/* ---- Shares --------------------------------------------------------------------- */

static void test_limit(void)
{
    const HvMemoryPolicy policy = {
        .replacement = hv_replacement_find("clock"), .swap_pages = 400, .by_shares = true};
    g_autoptr(World) world = world_new(1024, &policy);
    HvVm *vm = add_vm_with(world, "touch 150 --times 2", &(HvVmConfig){.memory = {.limit = 90}});
    g_assert_true(hv_vm_start(vm, 0));
    for (HvTime now = 0; now < 300 * MS; now += MS) {
        run(world, now, now + MS, MS);
        g_assert_cmpuint(hv_memory_resident_count(hv_vm_memory(vm)), <=, 90);
    }
    run(world, 300 * MS, 5000 * MS, 10 * MS);
    g_assert_cmpint(world->log.vm[0].exit_code, ==, 0);
}

/* The same touching with and without a reservation, beside one that wants much. */
static HvPageNo kept_with(HvPageNo reservation)
{
    const HvMemoryPolicy policy = {
        .replacement = hv_replacement_find("clock"), .swap_pages = 1000, .by_shares = true};
    g_autoptr(World) world = world_new(300, &policy);
    HvVm *quiet = add_vm_with(world, "touch 120 --wait 400",
                              &(HvVmConfig){.memory = {.shares = 100, .reservation = reservation}});
    HvVm *greedy =
        add_vm_with(world, "touch 250 --wait 400", &(HvVmConfig){.memory = {.shares = 1000}});
    g_assert_true(hv_vm_start(quiet, 0));
    run(world, 0, 50 * MS, MS);
    HvTime now = stop_at(world, 50 * MS, 50 * MS);
    g_assert_true(hv_vm_start(greedy, now));
    run(world, now, 300 * MS, MS);
    return hv_memory_resident_count(hv_vm_memory(quiet));
}

static void test_reservation(void)
{
    g_assert_cmpuint(kept_with(130), >=, 130);
    g_assert_cmpuint(kept_with(0), <, 80);
    g_autoptr(World) world = world_new(300, &(HvMemoryPolicy){.by_shares = true});
    HvVm *vm = add_vm_with(world, "idle", &(HvVmConfig){.memory = {.reservation = 301}});
    g_assert_false(hv_vm_start(vm, 0));
    g_assert_cmpuint(world->refused, ==, 1);
}

/* ---- Changed while it runs ------------------------------------------------------- */

static bool set_memory(HvVm *vm, unsigned what, HvMemoryParams params, HvTime now)
{
    return hv_vm_set_memory(vm, &params, what, now);
}

static HvPageNo resident(HvVm *vm)
{
    return hv_memory_resident_count(hv_vm_memory(vm));
}

/* A limit takes what is beyond it at once, and holds; without it there is room again. */
static void test_set_limit(void)
{
    const HvMemoryPolicy policy = {
        .replacement = hv_replacement_find("clock"), .swap_pages = 400, .by_shares = true};
    g_autoptr(World) world = world_new(1024, &policy);
    HvVm *vm = add_vm(world, "touch 150 --times 1000000000", 0);
    run(world, 0, 50 * MS, MS);
    HvTime now = stop_at(world, 50 * MS, 50 * MS);
    g_assert_cmpuint(resident(vm), >=, 150);
    g_assert_true(set_memory(vm, HV_SET_MEMORY_LIMIT, (HvMemoryParams){.limit = 90}, now));
    g_assert_cmpuint(resident(vm), ==, 90);
    for (; now < 100 * MS; now += MS) {
        run(world, now, now + MS, MS);
        g_assert_cmpuint(resident(vm), <=, 90);
    }
    now = stop_at(world, now, now);
    g_assert_true(set_memory(vm, HV_SET_MEMORY_LIMIT, (HvMemoryParams){.limit = 0}, now));
    run(world, now, now + 100 * MS, MS);
    g_assert_cmpuint(resident(vm), >=, 150);
}

/* A host of 300 frames has given 120 of them away for good. */
static void test_set_reservation(void)
{
    const unsigned what = HV_SET_MEMORY_RESERVATION;
    g_autoptr(World) world = world_new(300, &(HvMemoryPolicy){.by_shares = true});
    HvVm *first = add_vm_with(world, "idle", &(HvVmConfig){.memory = {.reservation = 120}});
    HvVm *second = add_vm_with(world, "idle", &(HvVmConfig){0});
    g_assert_true(hv_vm_start(first, 0));
    g_assert_true(hv_vm_start(second, 0));
    g_assert_false(set_memory(second, what, (HvMemoryParams){.reservation = 181}, 0));
    g_assert_true(set_memory(second, what, (HvMemoryParams){.reservation = 180}, 0));
    g_assert_false(set_memory(first, what, (HvMemoryParams){.reservation = 121}, 0));
    g_assert_true(set_memory(first, what, (HvMemoryParams){.reservation = 20}, 0));
    g_assert_false(set_memory(first, HV_SET_MEMORY_LIMIT, (HvMemoryParams){.limit = 19}, 0));
    g_assert_true(set_memory(second, what, (HvMemoryParams){.reservation = 280}, 0));
    g_assert_false(set_memory(second, what, (HvMemoryParams){.reservation = 513}, 0));
    g_assert_false(set_memory(second, HV_SET_MEMORY_SHARES, (HvMemoryParams){.shares = 0}, 0));
}

/* Both want 200 pages beside 40 of their own, and there are 300. With equal shares they
 * have about as much; with four times the shares one has what it wants. */
static void test_set_shares(void)
{
    const HvMemoryPolicy policy = {
        .replacement = hv_replacement_find("clock"), .swap_pages = 1000, .by_shares = true};
    g_autoptr(World) world = world_new(300, &policy);
    HvVm *first = add_vm(world, "touch 200 --times 1000000000", 0);
    HvVm *second = add_vm(world, "touch 200 --times 1000000000", 1);
    bool real = backend->least_run_ns > 0;
    HvTime now = real ? 1000 * MS : 100 * MS;
    run(world, 0, now, MS);
    g_test_message("%u and %u pages", resident(first), resident(second));
    g_assert_cmpuint(resident(first), >=, 130);
    g_assert_cmpuint(resident(first), <=, 170);
    now = stop_at(world, now, now);
    g_assert_true(set_memory(first, HV_SET_MEMORY_SHARES, (HvMemoryParams){.shares = 4000}, now));
    run(world, now, 2 * now, MS);
    g_test_message("%u and %u pages", resident(first), resident(second));
    g_assert_cmpint(hv_vm_state(first), ==, HV_VM_RUNNING);
    g_assert_cmpuint(resident(first), >=, 210);
}

static void test_set_memory_refused(void)
{
    const HvMemoryParams params = {.shares = 5};
    g_autoptr(World) world = world_new(1024, &(HvMemoryPolicy){0});
    HvVm *vm = add_vm(world, "idle", 0);
    g_assert_false(hv_vm_set_memory(vm, &params, HV_SET_MEMORY_SHARES, 0));
    g_assert_false(hv_host_set_memory_tax(world->host, 500000, 0));
    g_autoptr(World) other = world_new(1024, &(HvMemoryPolicy){.by_shares = true});
    HvVm *killed = add_vm(other, "idle", 0);
    g_assert_true(hv_vm_set_memory(killed, &params, HV_SET_MEMORY_SHARES, 0));
    g_assert_true(hv_vm_kill(killed, 0));
    g_assert_false(hv_vm_set_memory(killed, &params, HV_SET_MEMORY_SHARES, 0));
    g_assert_true(hv_host_set_memory_tax(other->host, 500000, 0));
    g_assert_false(hv_host_set_memory_tax(other->host, 1000000, 0));
}

/* ---- Working sets --------------------------------------------------------------- */

/* A quarter of 512 pages in use all the time. With 200 pages picked one in 20 estimates
 * is off by 6 points or more; the averages halve that. */
static void test_working_set(void)
{
    const HvMemoryPolicy policy = {.sample_pages = 200, .sample_period_ns = 20 * MS, .seed = 5};
    g_autoptr(World) world = world_new(1024, &policy);
    add_vm(world, "touch 128 --times 1000 --wait 2", 0);
    run(world, 0, 400 * MS, MS);
    g_assert_cmpuint(world->estimates, >=, 15);
    const HvWorkingSet *set = &world->estimate[0];
    g_test_message("sampled %u used %u estimate %u pages", set->sampled, set->used, set->pages);
    g_assert_cmpuint(set->sampled, >, 100);
    g_assert_cmpuint(set->pages, >=, 90);
    g_assert_cmpuint(set->pages, <=, 180);
}

/* Pages that come with their neighbours are touched without a fault of their own, and
 * count as used all the same. A limit on exits makes the guest slow, so that periods go
 * by before it begins. */
static void test_working_set_of_blocks(void)
{
    const HvMemoryPolicy policy = {
        .sample_pages = 200, .sample_period_ns = 20 * MS, .block_pages = 16, .seed = 5};
    g_autoptr(World) world = world_new(1024, &policy);
    HvVm *vm = add_vm(world, "touch 256 --wait 3000", 0);
    g_assert_true(hv_vm_set_throttle(vm, HV_THROTTLE_EXITS, (HvThrottle){500, 1}, 0));
    run(world, 0, 1500 * MS, MS);
    g_test_message("used %" G_GUINT64_FORMAT, world->used);
    g_assert_cmpuint(world->used, >=, 200);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_autoptr(GError) error = NULL;
    backend = hv_cpu_backend_find(argc > 1 ? argv[1] : "emulated", NULL, &error);
    if (backend == NULL) {
        g_print("1..0 # SKIP %s\n", error->message);
        return 0;
    }
    add_mixes();
    g_test_add_func("/memory-guests/checker", test_checker);
    g_test_add_func("/memory-guests/balloon", test_balloon);
    g_test_add_func("/memory-guests/held-balloon", test_held_balloon);
    g_test_add_func("/memory-guests/held-in-need", test_held_in_need);
    g_test_add_func("/memory-guests/no-balloon", test_no_balloon);
    g_test_add_func("/memory-guests/statistics", test_statistics);
    g_test_add_func("/memory-guests/liar", test_liar);
    for (unsigned i = 0; i < G_N_ELEMENTS(outcomes); i++) {
        g_autofree char *path = g_strdup_printf("/memory-guests/outcome/%s", outcomes[i].name);
        g_test_add_data_func(path, &outcomes[i], test_outcome);
    }
    g_test_add_func("/memory-guests/limit", test_limit);
    g_test_add_func("/memory-guests/reservation", test_reservation);
    g_test_add_func("/memory-guests/set-limit", test_set_limit);
    g_test_add_func("/memory-guests/set-reservation", test_set_reservation);
    g_test_add_func("/memory-guests/set-shares", test_set_shares);
    g_test_add_func("/memory-guests/set-memory-refused", test_set_memory_refused);
    g_test_add_func("/memory-guests/working-set", test_working_set);
    g_test_add_func("/memory-guests/working-set-of-blocks", test_working_set_of_blocks);
    return g_test_run();
}
