/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench-switch.c: how many frames a second go from a NIC through the switch to another NIC,
 * with everything that happens to them written into a trace.
 *
 * A burst of frames is handed to the world, which carries each over a cable, through
 * the switch and over another cable; each leaves six events and its bytes up to the
 * snap length. The reference does the least that could do: for each frame a hash of
 * an address, and as many bytes of records copied. Then the same with more ports, of
 * which every one is used: the cost per frame should not depend on how many there are.
 * CPU time counts. The trace's memory is used again after a MiB.
 */
#include <stdio.h>
#include <string.h>

#include "sim/engine/private.h"
#include "tests/bench/bench.h"

#define SNAP_BYTES  342u /* as sim/engine keeps them */
#define REUSE_BYTES (1u << 20)
#define BURST       32u
#define FRAMES      200000u
#define ROUNDS      5

typedef struct {
    SimEngine engine; /* as far as its observer needs one */
    NetPortId nics[256];
    NetFrame *frames[256]; /* from each station to the next */
    unsigned ports;
    size_t length;
    NetTime now;
} Bench;

/* As the engine attaches a VM's NIC about which the scenario says nothing. */
static void attach_nic(Bench *bench, NetNetworkId network, unsigned station)
{
    NetNicConfig nic = {.network = network,
                        .vm = station,
                        .mac = {{2, 0, 0, 0, 1, (uint8_t)station}},
                        .port = {.promiscuous = NET_PROMISCUOUS_DENY, .is_vm = true}};

    nic.port.mac = nic.mac;
    g_assert_true(net_world_attach_nic(bench->engine.net, &nic, 0, &bench->nics[station], NULL));
}

static void make_world(Bench *bench, unsigned ports, size_t length)
{
    const SimTraceOptions options = {.limit_bytes = UINT64_C(1) << 36, .forget_flushed = true};
    SimEngine *engine = &bench->engine;
    NetNetworkId network;

    memset(bench, 0, sizeof *bench);
    bench->ports = ports;
    bench->length = length;
    engine->snap_bytes = SNAP_BYTES;
    engine->part_info = g_array_new(FALSE, FALSE, sizeof(NetPartInfo));
    engine->port_network = g_array_new(FALSE, FALSE, sizeof(uint16_t));
    engine->trace = sim_trace_new("{}", &options, NULL);
    const NetWorldConfig world = {
        .frame_ids = &engine->frame_ids, .observer = sim_net_observer, .observer_user = engine};
    const NetNetworkConfig config = {.name = "net",
                                     .mode = "internal",
                                     .latency_ns = 1000,
                                     .rate_bps = UINT64_C(100000000000),
                                     .queue_bytes = 1u << 24};
    engine->net = net_world_new(&world);
    g_assert_true(net_world_add_network(engine->net, &config, 0, &network, NULL));
    for (unsigned i = 0; i < ports; i++) {
        uint8_t bytes[NET_MAX_FRAME_BYTES] = {2, 0, 0, 0, 1, (uint8_t)((i + 1) % ports)};
        memcpy(bytes + 6, (uint8_t[]){2, 0, 0, 0, 1, (uint8_t)i}, 6);
        bytes[12] = 0x08;
        bench->frames[i] = net_frame_new(++engine->frame_ids, 0, bytes, length);
        attach_nic(bench, network, i);
    }
}

static void free_world(Bench *bench)
{
    net_world_free(bench->engine.net);
    for (unsigned i = 0; i < bench->ports; i++)
        net_frame_unref(bench->frames[i]);
    sim_trace_free(bench->engine.trace);
    g_array_unref(bench->engine.part_info);
    g_array_unref(bench->engine.port_network);
}

/* What the engine does when a guest's NIC hands a frame out. */
static void send_frame(Bench *bench, unsigned station)
{
    SimEngine *engine = &bench->engine;
    NetFrame *frame = bench->frames[station];

    SIM_TRACE_BLOB(engine->trace, SIM_SOURCE_WORLD, bench->now, FrameSent, frame->bytes,
                   MIN(frame->length, engine->snap_bytes), .frame = frame->id,
                   .length = frame->length, .vm = station);
    net_world_transmit(engine->net, bench->nics[station], frame, bench->now);
}

static void carry_burst(Bench *bench, unsigned count, unsigned *station)
{
    SimEngine *engine = &bench->engine;
    NetTime limit = bench->now + 50000;
    NetDelivery delivery;

    for (unsigned i = 0; i < count; i++, *station = (*station + 1) % bench->ports)
        send_frame(bench, *station);
    do {
        bench->now = net_world_advance(engine->net, limit);
        while (net_world_take_delivery(engine->net, &delivery))
            net_frame_unref(delivery.frame);
    } while (bench->now < limit);
    sim_trace_settle(engine->trace, bench->now);
    if (sim_trace_unflushed(engine->trace) > REUSE_BYTES)
        sim_trace_discard(engine->trace);
}

/* ns a frame. */
static double measure(Bench *bench)
{
    unsigned station = 0;

    for (unsigned i = 0; i < 2 * bench->ports; i++) /* until all addresses are known */
        carry_burst(bench, 1, &station);
    double begin = bench_cpu_ns();
    for (unsigned i = 0; i < FRAMES; i += BURST)
        carry_burst(bench, BURST, &station);
    return (bench_cpu_ns() - begin) / FRAMES;
}

static uint8_t copies[REUSE_BYTES + 4096];

/* ns a frame: five records of 48 bytes, one of 40 and the frame, and a hash. */
static double measure_bare(size_t length)
{
    static uint8_t frame[NET_MAX_FRAME_BYTES] = {2, 0, 0, 0, 1, 1};
    size_t bytes = 5 * 48 + 40 + MIN(length, SNAP_BYTES), at = 0;
    uint64_t hash = 0;
    double begin = bench_cpu_ns();

    for (unsigned i = 0; i < FRAMES; i++) {
        uint64_t mac;
        memcpy(&mac, frame, sizeof mac);
        hash = (hash ^ mac) * UINT64_C(0x9e3779b97f4a7c15);
        frame[5] = (uint8_t)(hash >> 60); /* the next depends on it */
        memcpy(copies + at, frame, bytes);
        at = at + bytes > REUSE_BYTES ? 0 : at + bytes;
    }
    return (bench_cpu_ns() - begin) / FRAMES;
}

static double best_of(unsigned ports, size_t length, double *ret_bare)
{
    Bench *bench = g_new0(Bench, 1);
    double best = 1e9, bare = 1e9;

    make_world(bench, ports, length);
    for (unsigned i = 0; i < ROUNDS; i++) {
        double ns = measure(bench), bare_ns = measure_bare(length);
        best = MIN(best, ns);
        bare = MIN(bare, bare_ns);
    }
    free_world(bench);
    g_free(bench);
    if (ret_bare != NULL)
        *ret_bare = bare;
    return best;
}

int main(void)
{
    static const struct {
        const char *name;
        size_t length;
        double target;
    } sizes[] = {{"switch-64", 64, 10e6}, {"switch-1500", 1500, 5e6}};

    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        double bare, ns = best_of(2, sizes[i].length, &bare);
        printf("{\"bench\": \"%s\", \"value\": %.0f, \"unit\": \"frames/s\", \"ratio\": %.2f, "
               "\"against\": \"bare hash and copies\", \"target\": %.0f, \"holds\": %s}\n",
               sizes[i].name, 1e9 / ns, ns / bare, sizes[i].target,
               1e9 / ns >= sizes[i].target ? "true" : "false");
    }
    double two = best_of(2, 64, NULL), many = best_of(256, 64, NULL);
    const BenchFigure flat = {"switch-256-ports", many, "ns a frame", many / two,
                              "2 ports",          1.5,  false};
    bench_report(&flat);
    return 0;
}
