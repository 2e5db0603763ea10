/* SPDX-License-Identifier: GPL-2.0-or-later */
/* detailed-sample.h: a small run written by hand, recorded with all details: registers and
 * code at each exit. */
#pragma once

#include "tests/sim/trace-sample.h"

/* push rbp; mov rbp, rsp; mov [rbx], eax; pop rbp; ret; call f; hlt */
static const uint8_t detailed_code[] = {0x55, 0x48, 0x89, 0xe5, 0x89, 0x03, 0x5d,
                                        0xc3, 0xe8, 0xf3, 0xff, 0xff, 0xff, 0xf4};

static inline void detailed_exit(SimTrace *t, uint64_t time, unsigned kind, uint64_t rip,
                                 uint64_t rbx, const uint8_t *bytes, uint32_t size)
{
    SIM_TRACE(t, SAMPLE_CPU, time, Exit, .kind = kind, .rip = rip, .cost_ns = 10, .size = 4,
              .write = 1, .address = 0xc0003050, .value = 1);
    SIM_TRACE_BLOB(t, SAMPLE_CPU, time, Registers, bytes, size, .rip = rip, .rbx = rbx, .cs = 8);
}

/* A kick at 100, for which a frame is sent; HLT at 200, woken at 500, on again at 600. */
static inline SimTrace *detailed_trace(void)
{
    SimTrace *t = sim_trace_new("{}", NULL, NULL);

    sample_create(t);
    SIM_TRACE_BLOB(t, SAMPLE_WORLD, 0, GuestCode, detailed_code, sizeof(detailed_code),
                   .address = 0x1000);
    SIM_TRACE_BLOB(t, SAMPLE_WORLD, 0, GuestFunction, "g", 1, .address = 0x1008);
    SIM_TRACE_BLOB(t, SAMPLE_WORLD, 0, GuestFunction, "f", 1, .address = 0x1000, .size = 8);
    SIM_TRACE_BLOB(t, SAMPLE_WORLD, 0, GuestImage, "test", 4, .vm = 0);
    SIM_TRACE(t, SAMPLE_CPU, 50, Dispatch, .vm = 0);
    SIM_TRACE(t, SAMPLE_CPU, 100, QueueKick, .queue = 1, .slot = 3);
    SIM_TRACE_BLOB(t, SAMPLE_CPU, 100, FrameSent, detailed_code, 14, .frame = 1, .length = 14);
    detailed_exit(t, 100, SIM_EXIT_MMIO, 0x1004, 5, detailed_code + 4, 10);
    sim_trace_settle(t, 101);
    SIM_TRACE(t, SAMPLE_WORLD, 101, LinkEnter, .frame = 1, .from = 0, .to = 1);
    detailed_exit(t, 200, SIM_EXIT_HALT, 0x100e, 6, NULL, 0);
    SIM_TRACE(t, SAMPLE_CPU, 210, Deschedule, .ran_ns = 160, .why = SIM_WHY_HLT);
    sample_vcpu(t, 210, SAMPLE_CPU, 0, SIM_VCPU_RUNNING, SIM_VCPU_BLOCKED, SIM_WHY_HLT);
    SIM_TRACE(t, SAMPLE_CPU, 210, Dispatch, .vm = 1);
    sim_trace_settle(t, 500);
    SIM_TRACE(t, SAMPLE_WORLD, 500, InterruptRaised, .vm = 0, .vector = 35);
    sample_vcpu(t, 500, SAMPLE_WORLD, 0, SIM_VCPU_BLOCKED, SIM_VCPU_READY, SIM_WHY_INTERRUPT);
    sample_vcpu(t, 600, SIM_SOURCE_PCPU(1), 0, SIM_VCPU_READY, SIM_VCPU_RUNNING, SIM_WHY_DISPATCH);
    SIM_TRACE(t, SIM_SOURCE_PCPU(1), 600, Dispatch, .vm = 0);
    SIM_TRACE(t, SIM_SOURCE_PCPU(1), 600, InterruptTaken, .vm = 0, .vector = 35);
    sim_trace_finish(t);
    return t;
}
