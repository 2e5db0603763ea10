/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trace-sample.h: a small run written by hand, for the tests of what reads traces.
 *
 * Two VMs on one pCPU and one switch. a asks by ARP for b (flooded), b answers
 * (forwarded), a pings, but b's cable has been unplugged (dropped). Times in ns:
 *
 *      0  everything is created      5500  the answer reaches a: ready
 *    100  both ready, a runs         6000  end of b's slice, a runs
 *    600  a touches page 20          6500  a sends frame 3 (ICMP)
 *   1000  a sends frame 1 (ARP)      7000  b's cable is unplugged
 *   1500  a waits, b runs            7500  frame 3 is dropped at the switch
 *   2000  the switch floods it       8000  a powers off, b runs
 *   3000  it reaches b              10000  the end
 *   3500  b sends frame 2 (ARP)
 *   4500  the switch forwards it
 */
#pragma once

#include <string.h>

#include "netsim/proto/headers.h"
#include "sim/trace/reader.h"

#define SAMPLE_A     UINT64_C(0x02000000000a)
#define SAMPLE_B     UINT64_C(0x02000000000b)
#define SAMPLE_IP_A  0x0a000001u
#define SAMPLE_IP_B  0x0a000002u
#define SAMPLE_ARP   (NET_ETHERNET_BYTES + NET_ARP_BYTES)
#define SAMPLE_PING  (NET_ETHERNET_BYTES + NET_IPV4_BYTES + NET_ICMP_BYTES + 16)
#define SAMPLE_CPU   SIM_SOURCE_PCPU(0)
#define SAMPLE_WORLD SIM_SOURCE_WORLD

static inline NetMac sample_mac(uint64_t number)
{
    NetMac mac;

    for (unsigned i = 0; i < 6; i++)
        mac.byte[i] = (uint8_t)(number >> (40 - 8 * i));
    return mac;
}

static inline void sample_arp(uint8_t *bytes, uint16_t operation, uint64_t from, uint64_t to,
                              uint32_t from_ip, uint32_t to_ip)
{
    const NetEthernet ethernet = {.destination = sample_mac(to ? to : UINT64_C(0xffffffffffff)),
                                  .source = sample_mac(from),
                                  .type = NET_TYPE_ARP};
    const NetArp arp = {.operation = operation,
                        .sender_mac = sample_mac(from),
                        .target_mac = sample_mac(to),
                        .sender_ip = from_ip,
                        .target_ip = to_ip};

    net_ethernet_write(bytes, &ethernet);
    net_arp_write(bytes + NET_ETHERNET_BYTES, &arp);
}

static inline void sample_ping(uint8_t *bytes)
{
    const NetEthernet ethernet = {
        .destination = sample_mac(SAMPLE_B), .source = sample_mac(SAMPLE_A), .type = NET_TYPE_IPV4};
    const NetIpv4 ip = {.header_bytes = NET_IPV4_BYTES,
                        .total_bytes = SAMPLE_PING - NET_ETHERNET_BYTES,
                        .ttl = 64,
                        .protocol = NET_PROTOCOL_ICMP,
                        .source = SAMPLE_IP_A,
                        .destination = SAMPLE_IP_B};
    const NetIcmp icmp = {.type = NET_ICMP_ECHO_REQUEST, .id = 1, .sequence = 1};
    uint8_t *at = bytes + net_ethernet_write(bytes, &ethernet);

    net_ipv4_write(at, &ip);
    net_ipv4_seal(at);
    at += NET_IPV4_BYTES;
    net_icmp_write(at, &icmp);
    memcpy(at + NET_ICMP_BYTES, "hvprobe1\0\1\2\3\4\5\6\7", 16);
    net_icmp_seal(at, NET_ICMP_BYTES + 16);
}

static inline void sample_create(SimTrace *t)
{
    SIM_TRACE_BLOB(t, SAMPLE_WORLD, 0, RunStart, "emulated", 8, .seed = 42);
    SIM_TRACE_BLOB(t, SAMPLE_WORLD, 0, HostCreated, "rr", 2, .host = 0, .pcpus = 1, .frames = 4096,
                   .clock_hz = 100000000, .slice_ns = 4500);
    SIM_TRACE_BLOB(t, SAMPLE_WORLD, 0, NetworkCreated, "net0", 4, .network = 0,
                   .mode = SIM_NET_MODE_INTERNAL);
    SIM_TRACE_BLOB(t, SAMPLE_WORLD, 0, VmCreated, "a", 1, .vm = 0, .vcpus = 1, .memory_pages = 512,
                   .weight = 256);
    SIM_TRACE_BLOB(t, SAMPLE_WORLD, 0, VmCreated, "b", 1, .vm = 1, .vcpus = 1, .memory_pages = 512,
                   .weight = 256);
    SIM_TRACE(t, SAMPLE_WORLD, 0, NicCreated, .mac = SAMPLE_A, .ip = SAMPLE_IP_A, .vm = 0,
              .prefix = 24);
    SIM_TRACE(t, SAMPLE_WORLD, 0, NicCreated, .mac = SAMPLE_B, .ip = SAMPLE_IP_B, .vm = 1,
              .prefix = 24);
    for (unsigned vm = 0; vm < 2; vm++) {
        SIM_TRACE_BLOB(t, SAMPLE_WORLD, 0, PortCreated, "nic", 3, .port = 2 * vm, .part = 1 + vm,
                       .vm = vm);
        SIM_TRACE_BLOB(t, SAMPLE_WORLD, 0, PortCreated, "switch", 6, .port = 2 * vm + 1, .part = 0,
                       .number = vm, .vm = SIM_NONE, .nic = SIM_NONE);
        SIM_TRACE(t, SAMPLE_WORLD, 0, LinkCreated, .latency_ns = 1000, .rate_bps = 1000000000,
                  .a = 2 * vm, .b = 2 * vm + 1);
    }
    SIM_TRACE(t, SAMPLE_WORLD, 0, PageMapped, .vm = 0, .page = 16, .frame = 100, .pinned = 1);
}

static inline void sample_vcpu(SimTrace *t, uint64_t time, unsigned source, unsigned vm,
                               unsigned from, unsigned to, unsigned why)
{
    SIM_TRACE(t, (uint16_t)source, time, VcpuState, .vm = vm, .from = from, .to = to, .why = why);
}

/* Up to and with the arrival of frame 1 at b. */
static inline void sample_first_half(SimTrace *t)
{
    uint8_t arp[SAMPLE_ARP];

    for (unsigned vm = 0; vm < 2; vm++) {
        SIM_TRACE(t, SAMPLE_WORLD, 100, VmState, .vm = vm, .to = SIM_VM_RUNNING);
        sample_vcpu(t, 100, SAMPLE_WORLD, vm, SIM_VCPU_NEW, SIM_VCPU_READY, SIM_WHY_START);
    }
    sample_vcpu(t, 100, SAMPLE_CPU, 0, SIM_VCPU_READY, SIM_VCPU_RUNNING, SIM_WHY_DISPATCH);
    SIM_TRACE(t, SAMPLE_CPU, 100, Dispatch, .slice_ns = 4500, .vm = 0);
    SIM_TRACE(t, SAMPLE_CPU, 600, Exit, .kind = SIM_EXIT_PAGE_FAULT, .address = 20 * 4096,
              .rip = UINT64_C(0xffffffff80000123), .cost_ns = 50, .vm = 0, .size = 8, .write = 1);
    SIM_TRACE(t, SAMPLE_CPU, 600, PageMapped, .vm = 0, .page = 20, .frame = 101, .writable = 1,
              .demand = 1);
    sample_arp(arp, NET_ARP_REQUEST, SAMPLE_A, 0, SAMPLE_IP_A, SAMPLE_IP_B);
    SIM_TRACE(t, SAMPLE_CPU, 1000, QueueKick, .vm = 0, .queue = 1, .slot = 3);
    SIM_TRACE_BLOB(t, SAMPLE_CPU, 1000, FrameSent, arp, sizeof(arp), .frame = 1,
                   .length = sizeof(arp), .vm = 0);
    SIM_TRACE(t, SAMPLE_WORLD, 1000, LinkEnter, .frame = 1, .start_ns = 1000, .arrive_ns = 2000,
              .from = 0, .to = 1);
    sample_vcpu(t, 1500, SAMPLE_CPU, 0, SIM_VCPU_RUNNING, SIM_VCPU_BLOCKED, SIM_WHY_HLT);
    SIM_TRACE(t, SAMPLE_CPU, 1500, Deschedule, .ran_ns = 1400, .vm = 0, .why = SIM_WHY_HLT);
    sample_vcpu(t, 1500, SAMPLE_CPU, 1, SIM_VCPU_READY, SIM_VCPU_RUNNING, SIM_WHY_DISPATCH);
    SIM_TRACE(t, SAMPLE_CPU, 1500, Dispatch, .slice_ns = 4500, .vm = 1);
    SIM_TRACE(t, SAMPLE_WORLD, 2000, SwitchReceive, .frame = 1, .port = 1);
    SIM_TRACE(t, SAMPLE_WORLD, 2000, MacLearned, .mac = SAMPLE_A, .port = 1);
    SIM_TRACE(t, SAMPLE_WORLD, 2000, SwitchFlood, .frame = 1, .in_port = 1, .ports = 1);
    SIM_TRACE(t, SAMPLE_WORLD, 2000, LinkEnter, .frame = 1, .start_ns = 2000, .arrive_ns = 3000,
              .from = 3, .to = 2);
    SIM_TRACE(t, SAMPLE_WORLD, 3000, FrameDelivered, .frame = 1, .port = 2);
    SIM_TRACE(t, SAMPLE_WORLD, 3000, FrameReceived, .frame = 1, .length = sizeof(arp), .vm = 1);
    SIM_TRACE(t, SAMPLE_WORLD, 3000, InterruptRaised, .frame = 1, .vm = 1, .vector = 35);
}

static inline void sample_second_half(SimTrace *t)
{
    uint8_t arp[SAMPLE_ARP], ping[SAMPLE_PING];

    SIM_TRACE(t, SAMPLE_CPU, 3200, InterruptTaken, .vm = 1, .vector = 35);
    sample_arp(arp, NET_ARP_REPLY, SAMPLE_B, SAMPLE_A, SAMPLE_IP_B, SAMPLE_IP_A);
    SIM_TRACE_BLOB(t, SAMPLE_CPU, 3500, FrameSent, arp, sizeof(arp), .frame = 2,
                   .length = sizeof(arp), .vm = 1);
    SIM_TRACE(t, SAMPLE_WORLD, 3500, LinkEnter, .frame = 2, .start_ns = 3500, .arrive_ns = 4500,
              .from = 2, .to = 3);
    SIM_TRACE(t, SAMPLE_WORLD, 4500, SwitchReceive, .frame = 2, .port = 3);
    SIM_TRACE(t, SAMPLE_WORLD, 4500, MacLearned, .mac = SAMPLE_B, .port = 3);
    SIM_TRACE(t, SAMPLE_WORLD, 4500, SwitchForward, .frame = 2, .in_port = 3, .port = 1);
    SIM_TRACE(t, SAMPLE_WORLD, 4500, LinkEnter, .frame = 2, .start_ns = 4500, .arrive_ns = 5500,
              .from = 1, .to = 0);
    SIM_TRACE_BLOB(t, SAMPLE_CPU, 5000, Console, "hello\n", 6, .vm = 1, .slot = 1);
    SIM_TRACE(t, SAMPLE_WORLD, 5500, FrameDelivered, .frame = 2, .port = 0);
    SIM_TRACE(t, SAMPLE_WORLD, 5500, FrameReceived, .frame = 2, .length = sizeof(arp), .vm = 0);
    sample_vcpu(t, 5500, SAMPLE_WORLD, 0, SIM_VCPU_BLOCKED, SIM_VCPU_READY, SIM_WHY_INTERRUPT);
    SIM_TRACE(t, SAMPLE_CPU, 6000, Deschedule, .ran_ns = 4500, .vm = 1, .why = SIM_WHY_SLICE_END);
    sample_vcpu(t, 6000, SAMPLE_CPU, 1, SIM_VCPU_RUNNING, SIM_VCPU_READY, SIM_WHY_SLICE_END);
    sample_vcpu(t, 6000, SAMPLE_CPU, 0, SIM_VCPU_READY, SIM_VCPU_RUNNING, SIM_WHY_DISPATCH);
    SIM_TRACE(t, SAMPLE_CPU, 6000, Dispatch, .slice_ns = 4500, .vm = 0);
    sample_ping(ping);
    SIM_TRACE_BLOB(t, SAMPLE_CPU, 6500, FrameSent, ping, sizeof(ping), .frame = 3,
                   .length = sizeof(ping), .vm = 0);
    SIM_TRACE(t, SAMPLE_WORLD, 6500, LinkEnter, .frame = 3, .start_ns = 6500, .arrive_ns = 7500,
              .from = 0, .to = 1);
    SIM_TRACE(t, SAMPLE_WORLD, 7000, LinkState, .port = 2, .up = 0);
    SIM_TRACE(t, SAMPLE_WORLD, 7000, LinkState, .port = 3, .up = 0);
    SIM_TRACE(t, SAMPLE_WORLD, 7500, SwitchReceive, .frame = 3, .port = 1);
    SIM_TRACE(t, SAMPLE_WORLD, 7500, SwitchForward, .frame = 3, .in_port = 1, .port = 3);
    SIM_TRACE(t, SAMPLE_WORLD, 7500, LinkDrop, .frame = 3, .from = 3,
              .why = SIM_NET_DROP_PORT_DOWN);
    SIM_TRACE(t, SAMPLE_CPU, 8000, ProgramExit, .vm = 0, .code = 0);
    sample_vcpu(t, 8000, SAMPLE_CPU, 0, SIM_VCPU_RUNNING, SIM_VCPU_HALTED, SIM_WHY_POWER_OFF);
    SIM_TRACE(t, SAMPLE_CPU, 8000, Deschedule, .ran_ns = 2000, .vm = 0, .why = SIM_WHY_POWER_OFF);
    SIM_TRACE(t, SAMPLE_CPU, 8000, VmState, .vm = 0, .from = SIM_VM_RUNNING, .to = SIM_VM_HALTED,
              .why = SIM_WHY_POWER_OFF);
    sample_vcpu(t, 8000, SAMPLE_CPU, 1, SIM_VCPU_READY, SIM_VCPU_RUNNING, SIM_WHY_DISPATCH);
    SIM_TRACE(t, SAMPLE_CPU, 8000, Dispatch, .slice_ns = 4500, .vm = 1);
    SIM_TRACE(t, SAMPLE_WORLD, 10000, RunEnd, .reason = SIM_END_UNTIL);
}

/* All of it, settled. Free with sim_trace_free(). */
static inline SimTrace *sample_trace(void)
{
    SimTrace *trace = sim_trace_new("{\"backend\":\"emulated\"}", NULL, NULL);

    sample_create(trace);
    sim_trace_settle(trace, 100);
    sample_first_half(trace);
    sim_trace_settle(trace, 3200);
    sample_second_half(trace);
    sim_trace_finish(trace);
    return trace;
}

static inline SimReader *sample_reader(const SimTrace *trace)
{
    size_t size;
    const uint8_t *data = sim_trace_data(trace, &size);
    SimReader *reader = sim_reader_new_memory(data, size, NULL);

    g_assert_nonnull(reader);
    return reader;
}
