/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-guests.c BACKEND: real guests on a whole host: one that prints, two that
 * ping each other, every one that misbehaves beside one that does not. Frames
 * are handed straight across by the test, LATENCY_NS later. */
#include <string.h>

#include "hv-core/memory/memory.h"
#include "tests/hv-core/host-log.h"

#define MS         UINT64_C(1000000)
#define LATENCY_NS UINT64_C(50000)
#define SLICE_NS   (10 * MS)

static const HvCpuBackend *backend;

/* ---- A world of VMs on one wire ----------------------------------------- */

typedef struct {
    HvOutFrame *frame;
    HvTime due;
} Flight;

typedef struct {
    HvHost *host;
    HostLog log;
    uint64_t frame_ids;
    unsigned vm_count;
    GQueue flights; /* of Flight, the earliest first */
} World;

static World *world_new(unsigned pcpus, HvTime slice_ns)
{
    g_autoptr(GError) error = NULL;
    World *world = g_new0(World, 1);
    host_log_init(&world->log, backend == &hv_cpu_emulated ? LOG_ALL : 0);
    g_queue_init(&world->flights);
    HvHostConfig config = {
        .backend = backend,
        .pcpu_count = pcpus,
        .memory_frames = 4096,
        .clock_hz = 100000000,
        .lookahead_ns = LATENCY_NS,
        .quantum_ns = 10000,
        .costs = {.exit_ns = 2000, .switch_ns = 1000, .fault_ns = 5000},
        .policy = hv_policy_find("rr"),
        .policy_params = {.slice_ns = slice_ns},
        .frame_ids = &world->frame_ids,
        .observer = host_log_observer,
        .observer_user = &world->log,
    };
    world->host = hv_host_new(&config, &error);
    g_assert_no_error(error);
    return world;
}

static void flight_free(Flight *flight)
{
    g_free(flight->frame);
    g_free(flight);
}

static void world_free(World *world)
{
    g_autofree char *what = NULL;
    if (!hv_host_check(world->host, &what))
        g_error("%s", what);
    hv_host_free(world->host);
    host_log_clear(&world->log);
    g_queue_clear_full(&world->flights, (GDestroyNotify)flight_free);
    g_free(world);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/* VM number n has the address 10.0.0.(n+1) if it has a NIC, and is called vmN. */
static HvVm *add_vm(World *world, const char *command, unsigned vcpus, bool nic)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) args = g_strsplit(command, " ", -1);
    g_autofree char *path = g_strdup_printf("%s/%s.elf", g_getenv("GUEST_DIR"), args[0]);
    g_autofree char *image = NULL;
    gsize image_bytes;
    g_file_get_contents(path, &image, &image_bytes, &error);
    g_assert_no_error(error);

    HvBootHost hosts[2] = {{"vm0", 0x0a000001}, {"vm1", 0x0a000002}};
    uint8_t number = (uint8_t)(world->vm_count++ + 1);
    HvBootNic card = {
        .mac = {2, 0, 0, 0, 0, number}, .mtu = 1500, .address = 0x0a000000u + number, .prefix = 24};
    HvVmConfig config = {
        .name = args[0],
        .image = image,
        .image_bytes = image_bytes,
        .args = (const char *const *)args,
        .memory_bytes = 2u << 20,
        .vcpu_count = vcpus,
        .weight = 256,
        .seed = number,
        .nics = &card,
        .nic_count = nic,
        .hosts = hosts,
        .host_count = 2,
    };
    HvVm *vm = hv_host_add_vm(world->host, &config, 0, &error);
    g_assert_no_error(error);
    g_assert_true(hv_vm_start(vm, 0));
    return vm;
}

static void take_outputs(World *world)
{
    HvOutFrame *frame;
    HvOutControl *control;
    while ((frame = hv_host_take_frame(world->host)) != NULL) {
        Flight *flight = g_new(Flight, 1);
        *flight = (Flight){frame, frame->time + LATENCY_NS};
        GList *after = world->flights.tail;
        while (after != NULL && ((Flight *)after->data)->due > flight->due)
            after = after->prev;
        if (after != NULL)
            g_queue_insert_after(&world->flights, after, flight);
        else
            g_queue_push_head(&world->flights, flight);
    }
    while ((control = hv_host_take_control(world->host)) != NULL)
        g_free(control);
}

/* Everyone else on the wire gets the frame. */
static void land(World *world, Flight *flight)
{
    const HvOutFrame *frame = flight->frame;
    for (unsigned vm = 0; vm < world->vm_count; vm++)
        if (vm != frame->vm)
            hv_host_deliver(world->host, (uint16_t)vm, frame->nic, frame->id, frame->bytes,
                            frame->length, flight->due);
    flight_free(flight);
}

/* Runs until a time; with rand, in random grants. */
static void run(World *world, HvTime until, GRand *rand)
{
    HvTime reached = 0, grant = rand != NULL ? 0 : HV_TIME_NEVER;
    while (reached < until) {
        const Flight *next = g_queue_peek_head(&world->flights);
        HvTime horizon = next != NULL ? MIN(next->due, until) : until;
        if (rand != NULL)
            grant = MAX(grant, reached) + g_rand_int_range(rand, 1, 30000);
        reached = hv_host_advance(world->host, horizon, grant);
        g_assert_false(hv_host_stuck(world->host));
        take_outputs(world);
        while ((next = g_queue_peek_head(&world->flights)) != NULL && next->due <= reached)
            land(world, g_queue_pop_head(&world->flights));
    }
}

/* ---- Guests that behave ------------------------------------------------- */

static void test_hello(void)
{
    g_autoptr(World) world = world_new(1, SLICE_NS);
    HvVm *vm = add_vm(world, "hello", 1, false);
    run(world, 200 * MS, NULL);
    g_assert_cmpstr(world->log.vm[0].console->str, ==, "Hello, world\n");
    g_assert_cmpint(world->log.vm[0].exit_code, ==, 0);
    g_assert_cmpint(hv_vm_state(vm), ==, HV_VM_HALTED);
    g_assert_cmpint(world->log.vm[0].why, ==, HV_WHY_POWER_OFF);
    g_assert_cmpuint(hv_host_deadline(world->host), ==, HV_TIME_NEVER);
    HvPcpuStats stats = hv_host_pcpu_stats(world->host, 0, 200 * MS);
    g_assert_cmpuint(stats.busy_ns, ==, world->log.vm[0].ran_ns);
}

static void assert_pinged(const World *world)
{
    g_test_message("%s", world->log.vm[0].console->str);
    g_test_message("%s", world->log.vm[1].console->str);
    g_assert_cmpint(world->log.vm[0].exit_code, ==, 0);
    g_assert_cmpint(world->log.vm[1].exit_code, ==, 0);
    /* Three echo requests and replies each way, and ARP before. */
    for (unsigned i = 0; i < 2; i++)
        g_assert_cmpuint(world->log.vm[i].frames_received, >=, 6 + 1);
}

static void test_ping(gconstpointer data)
{
    g_autoptr(World) world = world_new((unsigned)GPOINTER_TO_UINT(data), SLICE_NS);
    add_vm(world, "ping vm1 3 10", 1, true);
    add_vm(world, "ping vm0 3 10", 1, true);
    run(world, 400 * MS, NULL);
    assert_pinged(world);
}

/* A burner that shares the pCPU delays an answer by its slice, but the ping is
 * answered all the same, even by a machine whose program never lets go. */
static void test_ping_beside_spin(void)
{
    g_autoptr(World) world = world_new(1, MS);
    HvVm *spin = add_vm(world, "spin", 1, true); /* first, so that its NIC is up in time */
    add_vm(world, "ping vm0 3 10", 1, true);
    run(world, 400 * MS, NULL);
    g_assert_cmpint(world->log.vm[1].exit_code, ==, 0);
    g_assert_cmpint(hv_vm_state(spin), ==, HV_VM_RUNNING);
}

/* Three burners, one pCPU: a third each. Slices of 10 ms in 900 ms: 30 each, so
 * one slice more or less is 3 %; the kvm backend may overrun by a little. */
static void test_shares(void)
{
    g_autoptr(World) world = world_new(1, SLICE_NS);
    for (unsigned i = 0; i < 3; i++)
        add_vm(world, "spin", 1, false);
    run(world, 900 * MS, NULL);
    for (unsigned i = 0; i < 3; i++)
        g_assert_cmpfloat_with_epsilon((double)world->log.vm[i].ran_ns, 300e6, 12e6);
    HvPcpuStats stats = hv_host_pcpu_stats(world->host, 0, 900 * MS);
    g_assert_cmpuint(stats.switches, >=, 88);
    g_assert_cmpuint(stats.switches, <=, 90);
}

/* vCPUs that wait for each other, by IPI and by looking at memory. */
static void test_vcpus(gconstpointer data)
{
    g_autoptr(World) world = world_new((unsigned)GPOINTER_TO_UINT(data), SLICE_NS);
    add_vm(world, "vcpus", 4, false);
    run(world, 900 * MS, NULL);
    g_assert_cmpstr(world->log.vm[0].console->str, ==,
                    "vCPU 0 of 4\nvCPU 1 of 4\nvCPU 2 of 4\nvCPU 3 of 4\n");
    g_assert_cmpint(world->log.vm[0].exit_code, ==, 3);
    g_assert_cmpint(hv_vm_state(hv_host_vm(world->host, 0)), ==, HV_VM_HALTED);
}

static void test_touch(void)
{
    g_autoptr(World) world = world_new(1, SLICE_NS);
    HvVm *vm = add_vm(world, "touch 40", 1, false);
    HvPageNo before = hv_memory_resident_count(hv_vm_memory(vm));
    run(world, 400 * MS, NULL);
    g_assert_cmpint(world->log.vm[0].exit_code, ==, 0);
    HvPageNo touched = hv_memory_resident_count(hv_vm_memory(vm)) - before;
    g_assert_cmpuint(touched, >=, 40); /* and a stack */
    g_assert_cmpuint(touched, <=, 44);
}

/* ---- Guests that do not -------------------------------------------------- */

typedef struct {
    const char *command;
    HvVmState state;
    HvWhy why;
    unsigned faults;
    const char *symbol;
} Misbehaviour;

/* A program's fault is the program's end, and without a NIC then the VM's. */
static const Misbehaviour misbehaviours[] = {
    {"wild-write", HV_VM_HALTED, HV_WHY_POWER_OFF, 1, "main"},
    {"wild-jump", HV_VM_HALTED, HV_WHY_POWER_OFF, 1, ""},
    {"divide-by-zero", HV_VM_HALTED, HV_WHY_POWER_OFF, 1, "main"},
    {"privileged", HV_VM_HALTED, HV_WHY_POWER_OFF, 1, "main"},
    {"wild-fetch", HV_VM_CRASHED, HV_WHY_FETCH, 0, ""},
    {"triple-fault", HV_VM_CRASHED, HV_WHY_TRIPLE_FAULT, 0, ""},
    {"kernel-panic", HV_VM_CRASHED, HV_WHY_GUEST_PANIC, 1, "debug_panic"},
    {"halt-off", HV_VM_HALTED, HV_WHY_HLT_FOREVER, 0, ""},
    {"bad-mmio", HV_VM_HALTED, HV_WHY_POWER_OFF, 0, ""},
    {"bad-chain", HV_VM_HALTED, HV_WHY_POWER_OFF, 0, ""},
};

static void test_misbehaviour(gconstpointer data)
{
    const Misbehaviour *it = data;
    g_autoptr(World) world = world_new(1, MS);
    HvVm *vm = add_vm(world, it->command, 1, false);
    add_vm(world, "hello", 1, false);
    run(world, 400 * MS, NULL);
    const HostLogVm *log = &world->log.vm[0];
    g_test_message("%s", log->console->str);
    g_assert_cmpint(hv_vm_state(vm), ==, it->state);
    g_assert_cmpint(log->why, ==, it->why);
    g_assert_cmpuint(log->faults, ==, it->faults);
    g_assert_cmpstr(log->symbol, ==, it->symbol);
    g_assert_true((log->bad_accesses > 0) == (strcmp(it->command, "bad-mmio") == 0));
    g_assert_true((log->bad_chains > 0) == (strcmp(it->command, "bad-chain") == 0));
    g_assert_cmpstr(world->log.vm[1].console->str, ==, "Hello, world\n");
}

/* ---- The same, however it is cut (emulated only) ------------------------ */

typedef struct {
    const char *name;
    unsigned pcpus;
    HvTime until;
    const char *commands[3];
    unsigned vcpus;
    bool nics;
} Cut;

static const Cut cuts[] = {
    {"ping", 1, 60 * MS, {"ping vm1 3 10", "ping vm0 3 10"}, 1, true},
    {"ping-on-2", 2, 60 * MS, {"ping vm1 3 10", "spin"}, 1, true},
    {"vcpus-on-2", 2, 30 * MS, {"vcpus", "touch 40"}, 3, false},
    {"misbehaviour", 2, 30 * MS, {"bad-mmio", "bad-chain", "wild-write"}, 1, false},
};

static char *play(const Cut *cut, GRand *rand)
{
    g_autoptr(World) world = world_new(cut->pcpus, MS);
    for (unsigned i = 0; i < G_N_ELEMENTS(cut->commands) && cut->commands[i] != NULL; i++)
        add_vm(world, cut->commands[i], cut->vcpus, cut->nics);
    run(world, cut->until, rand);
    return g_strdup(world->log.text->str);
}

static void test_cut(gconstpointer data)
{
    g_autofree char *whole = play(data, NULL);
    g_assert_cmpuint(strlen(whole), >, 5000);
    for (guint32 seed = 1; seed <= 3; seed++) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
        g_autofree char *again = play(data, rand);
        g_assert_cmpstr(whole, ==, again);
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_test_init(&argc, &argv, NULL);
    backend = hv_cpu_backend_find(argc > 1 ? argv[1] : "auto", NULL, &error);
    if (backend == NULL) {
        g_print("1..0 # SKIP %s\n", error->message);
        return 0;
    }
    g_test_add_func("/guests/hello", test_hello);
    g_test_add_data_func("/guests/ping/1-pcpu", GUINT_TO_POINTER(1), test_ping);
    g_test_add_data_func("/guests/ping/2-pcpus", GUINT_TO_POINTER(2), test_ping);
    g_test_add_func("/guests/ping/beside-spin", test_ping_beside_spin);
    g_test_add_func("/guests/shares", test_shares);
    g_test_add_data_func("/guests/vcpus/1-pcpu", GUINT_TO_POINTER(1), test_vcpus);
    g_test_add_data_func("/guests/vcpus/2-pcpus", GUINT_TO_POINTER(2), test_vcpus);
    g_test_add_func("/guests/touch", test_touch);
    for (unsigned i = 0; i < G_N_ELEMENTS(misbehaviours); i++) {
        g_autofree char *path = g_strconcat("/guests/", misbehaviours[i].command, NULL);
        g_test_add_data_func(path, &misbehaviours[i], test_misbehaviour);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(cuts) && backend == &hv_cpu_emulated; i++) {
        g_autofree char *path = g_strconcat("/guests/cut/", cuts[i].name, NULL);
        g_test_add_data_func(path, &cuts[i], test_cut);
    }
    return g_test_run();
}
