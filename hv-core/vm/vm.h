/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm.h: one virtual machine: memory, vCPUs and devices. The commands on it are
 * in hv-core/host.h. */
#pragma once

#include "hv-core/devices/bus.h"
#include "hv-core/host.h"
#include "hv-core/vm/elf.h"
#include "hv-core/vm/throttle.h"
#include "hv-core/vm/vcpu.h"

typedef struct HvTables HvTables;
typedef struct HvWatch HvWatch;

/* The estimate of a VM's working set: see host-sample.c. */
typedef struct {
    GArray *picked; /* HvPageNo; NULL: nothing was ever picked */
    unsigned used;  /* of them, in this period */
    uint32_t slow_ppm, fast_ppm;
    bool begun; /* the averages have a value */
    uint64_t random;
} HvSampling;

struct HvVm {
    HvHost *host;
    uint16_t number;
    HvVmState state;
    HvElf *elf;
    HvMemory *memory;
    HvCpuMachine *machine;
    unsigned vcpu_count;
    HvVcpu *vcpus;
    unsigned runnable; /* vCPUs that are READY or RUNNING */
    HvBus bus;
    HvBucket buckets[HV_THROTTLE_COUNT];

    /* Whose access the devices serve now; NULL: they act for the host. */
    HvVcpu *acting;
    bool started;       /* a job's guest has booted: HV_PLATFORM_STARTED */
    bool out_of_memory; /* a page was needed and there was no frame */
    bool may_wait;      /* it is an instruction of a vCPU that needs a page */
    bool must_wait;     /* a page was needed, and a frame may come soon */
    bool released;      /* its page frames were taken back: it is over, or about to be */

    /* Memory (vm-balloon.c, host-shares.c, host-sample.c). */
    HvPageNo heap_page, heap_pages; /* its first page, and its length */
    HvMemoryParams memory_params;
    HvTime page_time;        /* when a page was last mapped */
    uint8_t *page_marks;     /* HV_MARK_*, by page; NULL: none has any */
    HvPageNo ballooned;      /* pages with HV_MARK_BALLOONED */
    bool balloon_held;       /* by command: the policy asks for nothing */
    HvPageNo balloon_before; /* at the last round of balancing */
    unsigned balloon_dry;    /* so many rounds of balancing it is not asked: it had no more */
    HvSampling sampling;
    HvTables *tables; /* what was told of the guest's page tables; NULL: nothing */
    HvWatch *watch;   /* NULL: nothing is watched */
};

/* What is known of a page beside its entry. */
enum {
    HV_MARK_BALLOONED = 1, /* given by the guest, and not touched since */
    HV_MARK_SAMPLED = 2,   /* picked in this period, and not used since */
    HV_MARK_WHOLE = 4,     /* the first page of a block that was mapped as one */
};

HvVm *hv_vm_new(HvHost *host, uint16_t number, const HvVmConfig *config, HvTime now,
                GError **error);
void hv_vm_free(HvVm *vm);

/* Now: the time and pCPU of the acting vCPU's access, else the host's. */
HvStamp hv_vm_stamp(const HvVm *vm);
uint16_t hv_vm_acting_vcpu(const HvVm *vm); /* its number, or HV_NO_VCPU */

/* The one place where a VM's state changes and where that is reported. */
void hv_vm_set_state(HvVm *vm, HvVmState to, HvWhy why, HvTime now);

/* The VM is over: halted, crashed or killed. Its vCPUs stop, those that run at
 * their pCPU's time. Without effect when it is over already. For the host's turn. */
void hv_vm_end(HvVm *vm, HvVmState to, HvWhy why, HvTime now);

/* The same, by a vCPU in the middle of its run: everyone else learns it at that
 * time, and not before. */
void hv_vm_end_later(HvVm *vm, HvVmState to, HvWhy why, HvTime when);

/* Every vCPU has halted for good? Then so has the VM. */
void hv_vm_check_halted(HvVm *vm, HvWhy why, HvTime now);

/* vm-memory.c: gives page a frame, or makes it writable. False: no frame is
 * left. Reports what it did. */
bool hv_vm_resolve_fault(HvVm *vm, HvPageNo page, bool write);
bool hv_vm_memory_fault(void *user, HvMemory *memory, HvPageNo page, bool write);
/* The same for an instruction of the acting vCPU, which is a reference to the page. */
bool hv_vm_resolve_access(HvVm *vm, HvPageNo page, bool write);

/* vm-blocks.c: page has just got a frame because it was touched: the block around it
 * comes with it, if that is to be and can be. */
void hv_vm_map_block(HvVm *vm, HvPageNo page);
/* The block around page is one no more; false: it was none. */
bool hv_vm_split_block(HvVm *vm, HvPageNo page);
/* vm-balloon.c: the guest names pages to its balloon. */
void hv_vm_balloon(HvVm *vm, bool inflate, const uint32_t *pages, uint32_t count);
bool hv_vm_is_ballooned(const HvVm *vm, HvPageNo page);
/* A page that may be in the balloon gets a frame. */
void hv_vm_balloon_touched(HvVm *vm, HvPageNo page);
/* Is there a driver that could give pages? */
bool hv_vm_can_balloon(const HvVm *vm);
HvPageNo hv_vm_balloon_target(const HvVm *vm);
void hv_vm_ask_balloon(HvVm *vm, HvPageNo pages, HvBalloonWhy why);

/* vm-tables.c: reports what has changed in the guest's page tables. */
void hv_vm_tell_tables(HvVm *vm, uint64_t cr3, HvStamp at);

/* vm-watch.c: a variable of the guest's, if its image has it. */
void hv_vm_begin_watch(HvVm *vm, const HvWatchConfig *config);
/* Reports it if it has changed; the guest is between two operations on it. Only while
 * vm->watch is not NULL. */
void hv_vm_look_at_watch(HvVm *vm, HvStamp at);

/* vm-devices.c: puts the devices on the bus. */
void hv_vm_add_devices(HvVm *vm, const HvVmConfig *config);
/* A byte on HV_PORT_DEBUG. */
void hv_vm_debug_output(HvVm *vm, uint8_t byte);
