/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host-fixture.h: a host whose vCPUs play scripts (fake-cpu.h) and whose events
 * are written down (host-log.h). */
#pragma once

#include "tests/hv-core/fake-cpu.h"
#include "tests/hv-core/host-log.h"

typedef struct {
    HvHostConfig config; /* to be changed before fixture_host() */
    HvHost *host;
    HostLog log;
    uint64_t frame_ids;
    HvVmConfig vm; /* of the next VM */
} Fixture;

/* One pCPU of 1 GHz, slices of 100 ns, no costs, 2048 frames, lookahead and
 * quantum 50 ns; VMs of one vCPU and 2 MiB. The log has all kinds. */
void fixture_set_up(Fixture *fixture, gconstpointer data);
void fixture_tear_down(Fixture *fixture, gconstpointer data);

void fixture_host(Fixture *fixture);

/* A VM whose vCPUs play these scripts, not started. */
HvVm *fixture_vm(Fixture *fixture, const FakeScript *scripts);
HvVm *fixture_start(Fixture *fixture, const FakeScript *scripts); /* at time 0 */

/* Advances to `until`, nothing from outside being due before. */
void fixture_run(Fixture *fixture, HvTime until);

/* Runs on for ever. */
extern const FakeScript fixture_burner;

/* Scripts. Each operation but RUN takes 10 ns. */
#define DEVICE(slot, reg) (HV_GUEST_DEVICES + (slot)*UINT64_C(4096) + (reg))
#define RUN(time)                                                                                  \
    {                                                                                              \
        .kind = FAKE_RUN, .ns = (time)                                                             \
    }
#define RUN_ON RUN(HV_TIME_NEVER / 2)
#define STEP(time)                                                                                 \
    {                                                                                              \
        .kind = FAKE_STEP, .ns = (time)                                                            \
    }
#define HLT                                                                                        \
    {                                                                                              \
        .kind = FAKE_HLT, .ns = 10                                                                 \
    }
#define CLI                                                                                        \
    {                                                                                              \
        .kind = FAKE_CLI, .ns = 10                                                                 \
    }
#define STI                                                                                        \
    {                                                                                              \
        .kind = FAKE_STI, .ns = 10                                                                 \
    }
#define IRET                                                                                       \
    {                                                                                              \
        .kind = FAKE_IRET, .ns = 10                                                                \
    }
#define JUMP(to)                                                                                   \
    {                                                                                              \
        .kind = FAKE_JUMP, .ns = 10, .value = (to)                                                 \
    }
#define READ(at, bytes)                                                                            \
    {                                                                                              \
        .kind = FAKE_READ, .ns = 10, .address = (at), .size = (bytes)                              \
    }
#define WRITE(at, bytes, to)                                                                       \
    {                                                                                              \
        .kind = FAKE_WRITE, .ns = 10, .address = (at), .size = (bytes), .value = (to)              \
    }
#define OUT(port, to)                                                                              \
    {                                                                                              \
        .kind = FAKE_OUT, .ns = 10, .address = (port), .size = 1, .value = (to)                    \
    }
#define IN(port)                                                                                   \
    {                                                                                              \
        .kind = FAKE_IN, .ns = 10, .address = (port), .size = 1                                    \
    }
#define PLATFORM(reg, bytes, to) WRITE(DEVICE(HV_SLOT_PLATFORM, HV_PLATFORM_##reg), bytes, to)
#define MARK(number)             PLATFORM(MARK, 8, number)
