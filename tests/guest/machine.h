/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine.h: the smallest hypervisor that a guest image runs on: one VM, its
 * devices, one pCPU shared in turns of 100 us, virtual time that is the sum of
 * what its vCPUs used. For tests of images alone, without hv-core's host.
 *
 * At the far end of each NIC's cable sits an IP stack of the test's (10.0.NIC.1
 * on a guest at 10.0.NIC.2), 10 us away.
 */
#pragma once

#include "hv-core/cpu/cpu.h"
#include "hv-core/devices/bus.h"
#include "hv-core/vm/elf.h"
#include "hv-core/vm/loader.h"
#include "netsim/proto/stack.h"

#define MACHINE_CLOCK_HZ 100000000u
#define MACHINE_MS       UINT64_C(1000000)

typedef struct {
    HvCpu *cpu;
    uint64_t pending; /* vectors */
    HvTime deadline;
    bool asking; /* in the middle of an access to a device */
    bool halted;
    bool done; /* halted for good */
} MachineVcpu;

typedef struct Machine {
    HvPool *pool;
    HvMemory *memory;
    HvElf *elf;
    const HvCpuBackend *backend;
    HvCpuMachine *cpus;
    MachineVcpu vcpus[HV_MAX_VCPUS_PER_VM];
    unsigned vcpu_count;
    unsigned running; /* the vCPU that runs */
    HvTime turn_ends;
    HvBus bus;
    HvTime now;

    NetStack *peers[HV_MAX_NICS_PER_VM];
    unsigned nic_count;
    GQueue wire; /* frames under way */

    /* what happened */
    GString *console, *control;
    GArray *touched; /* HvPageNo: absent pages that the vCPUs touched, in order */
    GArray *marks;   /* uint64_t */
    bool exited, powered_off, crashed, program_faulted, shut_down;
    uint32_t exit_code;
    HvCrashReport report;
    HvCpuError error;
    unsigned bad_accesses, bad_chains, bad_configs;
    uint64_t instructions;
    unsigned mmio_exits;
    unsigned frames_dropped;
} Machine;

typedef struct {
    const char *args[16];
    unsigned vcpu_count; /* 0: 1 */
    unsigned nic_count;
    uint64_t memory_bytes; /* 0: 2 MiB */
    bool dhcp;             /* the NICs have no address, and shall ask for one */
} MachineConfig;

/* Loads GUEST_DIR/NAME.elf for args[0] = NAME. */
Machine *machine_new(const HvCpuBackend *backend, const MachineConfig *config);
void machine_free(Machine *machine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Machine, machine_free)

/* Runs until the time, or until the VM is over. */
void machine_run(Machine *machine, HvTime until);
bool machine_is_over(const Machine *machine);
/* Runs until condition holds; false: the VM was over, or a minute passed, first. */
bool machine_run_until(Machine *machine, bool (*condition)(const Machine *machine));

/* A line to the control console. */
void machine_control(Machine *machine, const char *line);
/* Text typed into the VM's console. */
void machine_type(Machine *machine, const char *text);
/* The stack at the far end of the cable pings the guest: does it answer? */
bool machine_ping_guest(Machine *machine, unsigned nic);
