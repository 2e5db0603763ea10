/* SPDX-License-Identifier: GPL-2.0-or-later */
/* busy-sample.h: made-up runs of any size, for tests and benchmarks of pictures.
 *
 * Each VM has one NIC; VM i is plugged into network i modulo their number. The VMs
 * take turns on the pCPUs: dispatched, a few exits, a frame sent to the switch and on
 * to the next VM of the same network, descheduled. Numbers follow from the index of
 * the turn alone.
 */
#pragma once

#include "tests/sim/trace-sample.h"

typedef struct {
    unsigned vms, networks, pcpus;
    uint64_t turns;   /* of some 20 events each */
    unsigned flights; /* frames left on cables at the end */
} Busy;

#define BUSY_TURN_NS   20000u
#define BUSY_FLIGHT_NS 100000000u

static inline void busy_create(SimTrace *t, const Busy *busy)
{
    SIM_TRACE_BLOB(t, SAMPLE_WORLD, 0, RunStart, "emulated", 8, .seed = 1);
    SIM_TRACE_BLOB(t, SAMPLE_WORLD, 0, HostCreated, "rr", 2, .pcpus = (uint16_t)busy->pcpus,
                   .frames = 65536, .clock_hz = 100000000, .slice_ns = 1000000);
    for (unsigned i = 0; i < busy->networks; i++) {
        g_autofree char *name = g_strdup_printf("net%u", i);
        SIM_TRACE_BLOB(t, SAMPLE_WORLD, 0, NetworkCreated, name, (uint32_t)strlen(name),
                       .network = (uint16_t)i);
    }
    for (unsigned i = 0; i < busy->vms; i++) {
        g_autofree char *name = g_strdup_printf("vm%02u", i);
        unsigned network = i % busy->networks;
        SIM_TRACE_BLOB(t, SAMPLE_WORLD, 0, VmCreated, name, (uint32_t)strlen(name),
                       .vm = (uint16_t)i, .vcpus = 1, .memory_pages = 512, .weight = 256);
        SIM_TRACE(t, SAMPLE_WORLD, 0, NicCreated, .mac = SAMPLE_A + i, .ip = SAMPLE_IP_A + i,
                  .vm = (uint16_t)i, .network = (uint16_t)network, .prefix = 16);
        SIM_TRACE_BLOB(t, SAMPLE_WORLD, 0, PortCreated, "nic", 3, .port = 2 * i,
                       .part = busy->networks + i, .network = (uint16_t)network, .vm = (uint16_t)i);
        SIM_TRACE_BLOB(t, SAMPLE_WORLD, 0, PortCreated, "switch", 6, .port = 2 * i + 1,
                       .part = network, .number = i / busy->networks, .network = (uint16_t)network,
                       .vm = SIM_NONE, .nic = SIM_NONE);
        SIM_TRACE(t, SAMPLE_WORLD, 0, LinkCreated, .latency_ns = 50000, .rate_bps = 1000000000,
                  .a = 2 * i, .b = 2 * i + 1);
        SIM_TRACE(t, SAMPLE_WORLD, 0, VmState, .vm = (uint16_t)i, .to = SIM_VM_RUNNING);
    }
}

/* One VM's turn on a pCPU, from time on. */
static inline void busy_turn(SimTrace *t, const Busy *busy, uint64_t turn, uint64_t time)
{
    unsigned vm = (unsigned)(turn % busy->vms), to = (vm + busy->networks) % busy->vms;
    uint16_t network = (uint16_t)(vm % busy->networks);
    uint16_t cpu = SIM_SOURCE_PCPU(turn % busy->pcpus);
    uint64_t frame = turn + 1;
    uint8_t bytes[SAMPLE_PING];

    sample_vcpu(t, time, cpu, vm, SIM_VCPU_READY, SIM_VCPU_RUNNING, SIM_WHY_DISPATCH);
    SIM_TRACE(t, cpu, time, Dispatch, .vm = (uint16_t)vm, .slice_ns = 1000000);
    for (unsigned i = 0; i < 8; i++)
        SIM_TRACE(t, cpu, time + 1000 * (i + 1), Exit, .vm = (uint16_t)vm, .cost_ns = 2000,
                  .kind = i == 0 ? SIM_EXIT_PAGE_FAULT : SIM_EXIT_MMIO, .size = 4, .write = 1);
    SIM_TRACE(t, cpu, time + 9000, PageMapped, .vm = (uint16_t)vm,
              .page = (uint32_t)(turn / busy->vms % 512),
              .frame = (uint32_t)(vm * 512 + turn / busy->vms % 512), .writable = 1, .demand = 1);
    sample_ping(bytes);
    SIM_TRACE_BLOB(t, cpu, time + 9500, FrameSent, bytes, sizeof(bytes), .frame = frame,
                   .length = sizeof(bytes), .vm = (uint16_t)vm);
    SIM_TRACE(t, SAMPLE_WORLD, time + 10000, LinkEnter, .frame = frame, .start_ns = time + 10000,
              .arrive_ns = time + 12000, .from = 2 * vm, .to = 2 * vm + 1, .network = network);
    SIM_TRACE(t, SAMPLE_WORLD, time + 12000, SwitchReceive, .frame = frame, .port = 2 * vm + 1,
              .network = network);
    SIM_TRACE(t, SAMPLE_WORLD, time + 12000, SwitchForward, .frame = frame, .in_port = 2 * vm + 1,
              .port = 2 * to + 1, .network = network);
    SIM_TRACE(t, SAMPLE_WORLD, time + 12000, LinkEnter, .frame = frame, .start_ns = time + 12000,
              .arrive_ns = time + 14000, .from = 2 * to + 1, .to = 2 * to, .network = network);
    SIM_TRACE(t, SAMPLE_WORLD, time + 14000, FrameDelivered, .frame = frame, .port = 2 * to,
              .network = network);
    SIM_TRACE(t, SAMPLE_WORLD, time + 14000, FrameReceived, .frame = frame, .length = sizeof(bytes),
              .vm = (uint16_t)to);
    sample_vcpu(t, time + 18000, cpu, vm, SIM_VCPU_RUNNING,
                turn % 3 ? SIM_VCPU_READY : SIM_VCPU_BLOCKED, SIM_WHY_HLT);
    SIM_TRACE(t, cpu, time + 18000, Deschedule, .ran_ns = 18000, .vm = (uint16_t)vm);
}

/* Frames that are on their cables at the end, one after another from each VM. */
static inline void busy_flights(SimTrace *t, const Busy *busy, uint64_t time)
{
    uint8_t bytes[SAMPLE_ARP];

    sample_arp(bytes, NET_ARP_REQUEST, SAMPLE_A, 0, SAMPLE_IP_A, SAMPLE_IP_B);
    for (unsigned i = 0; i < busy->flights; i++) {
        unsigned vm = i % busy->vms;
        uint64_t frame = busy->turns + 1 + i, start = time - i * BUSY_FLIGHT_NS / busy->flights / 2;
        SIM_TRACE_BLOB(t, SAMPLE_WORLD, time, FrameSent, bytes, sizeof(bytes), .frame = frame,
                       .length = sizeof(bytes), .vm = (uint16_t)vm);
        SIM_TRACE(t, SAMPLE_WORLD, time, LinkEnter, .frame = frame, .start_ns = start,
                  .arrive_ns = start + BUSY_FLIGHT_NS, .from = 2 * vm + (i & 1),
                  .to = 2 * vm + 1 - (i & 1), .network = (uint16_t)(vm % busy->networks));
    }
}

/* All of it. Free with sim_trace_free(). */
static inline SimTrace *busy_trace(const Busy *busy, const SimTraceOptions *options)
{
    SimTrace *trace = sim_trace_new("{\"backend\":\"emulated\"}", options, NULL);

    busy_create(trace, busy);
    for (uint64_t turn = 0; turn < busy->turns; turn++) {
        uint64_t time = 1000 + turn * BUSY_TURN_NS;
        busy_turn(trace, busy, turn, time);
        sim_trace_settle(trace, time + BUSY_TURN_NS);
    }
    busy_flights(trace, busy, 1000 + busy->turns * BUSY_TURN_NS + BUSY_FLIGHT_NS);
    sim_trace_finish(trace);
    return trace;
}
