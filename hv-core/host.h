/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host.h: one simulated machine that runs VMs; the face hv-core shows.
 *
 * An HvHost has pCPUs, a pool of page frames, a scheduling policy and VMs. It
 * is passive: time passes only inside hv_host_advance(). pCPUs are simulated
 * and each has a local clock; the one with the lowest clock runs next, for one
 * *step*: until its slice ends, the horizon, or the others' clocks plus the
 * lookahead, whichever comes first. A step ends early when the vCPU blocks or
 * halts, and whenever it touches a device, so that what the device did is seen
 * by everyone before time goes on.
 *
 * There are two limits. `horizon` is the next thing that the world outside the
 * host will do (a frame arrives, a command is due): a step never crosses it.
 * `grant` is only how far the caller wants to go for now: a step that meets it
 * is suspended and later goes on as if nothing had been, so slicing a run
 * differently changes no event.
 *
 * Costs are charged to the vCPU that caused them, on its pCPU, which may push
 * that pCPU's clock past the horizon: it is then busy until that time.
 */
#pragma once

#include "hv-core/cpu/cpu.h"
#include "hv-core/memory/pager.h"
#include "hv-core/observer.h"
#include "hv-core/sched/policy.h"
#include "hv-core/types.h"

typedef struct HvHost HvHost;
typedef struct HvVm HvVm;

typedef struct {
    HvTime exit_ns;                 /* every exit to the hypervisor */
    HvTime switch_ns;               /* dispatching another vCPU than the pCPU ran last */
    HvTime fault_ns;                /* giving a page its frame, on top of the exit */
    HvTime copy_ns;                 /* copying a page that is written while shared */
    HvTime swap_out_ns, swap_in_ns; /* writing a page to swap space, reading it back */
} HvCosts;

/* How the host's page frames are shared out; see memory/pager.h. All zero: a page
 * that needs a frame when none is left ends its VM. The frames of a VM that has ended
 * are taken back when somebody needs them, not before. */
typedef struct {
    const HvReplacementOps *replacement; /* NULL: no page is taken away */
    HvFrameNo frame_limit;               /* page frames for pageable pages; 0: no limit */
    HvFrameNo swap_pages;
    HvPageNo block_pages; /* a power of two: pages are mapped in blocks of so many
                             (vm/vm-blocks.c); 0 or 1: one by one */
    unsigned batch;       /* pages that go at once when a frame must be taken */
    HvTime sample_ns;     /* how often the policy's bits are sampled; 0: never */
    HvTime scan_ns;       /* how often the sharer looks at pages (memory/sharing.h); 0: never */
    unsigned scan_pages;  /* so many at a time */
    bool kill_largest;    /* no frame can be had: the VM with the most is killed, not the asker */
    bool no_overcommit;   /* a VM that is promised more than is left does not start */
    /* Frames are taken from the VM with the fewest shares for what it holds, and idle
     * pages count more than used ones (vm/host-shares.c). Each VM's pages are then
     * replaced by themselves. Limits and reservations need this. */
    bool by_shares;
    uint32_t tax_ppm; /* of idle memory, below 1,000,000 */
    /* The working set of each VM is estimated: so many pages picked at random in each
     * period (vm/host-sample.c); 0: not. */
    unsigned sample_pages;
    HvTime sample_period_ns;
    /* Guests are asked to inflate their balloons when fewer than low_ppm of the frames
     * are free, looked at every balance_ns; a vCPU that needs a frame then waits for
     * one, wait_ns at most, before anything else is tried (vm/host-balloon.c). */
    bool balloon;
    HvTime balance_ns, wait_ns;
    HvTime statistics_ns; /* how often guests with a balloon say what they know of their memory;
                             0: never. Nothing depends on what they say */
    uint32_t low_ppm;
    /* Tracing mode: every access of a guest to a page of its heap is reported
     * (page_referenced). Needs a backend whose time is exact. */
    bool trace_references;
    /* The program's own pages (code, data, stacks) are resident from the start and
     * pinned, so that what is paged, limited and traced is the heap alone. */
    bool resident_programs;
    uint64_t seed;
    const HvPageRef *future; /* borrowed for the host's life; for the policy opt */
    size_t future_count;
} HvMemoryPolicy;

typedef struct {
    const HvCpuBackend *backend;
    unsigned pcpu_count;
    HvFrameNo memory_frames;
    uint64_t clock_hz;   /* instructions per virtual second (emulated) */
    HvTime lookahead_ns; /* least latency from one VM to another; HV_TIME_NEVER: no links */
    HvTime quantum_ns;   /* bound on a step while several vCPUs of one VM run */
    HvCosts costs;
    bool exit_registers; /* exits are reported with the vCPU's registers */
    const HvPolicyOps *policy;
    HvPolicyParams policy_params;
    HvMemoryPolicy memory;
    uint64_t *frame_ids; /* counter shared with the network: the last Ethernet frame id given */
    HvObserver observer;
    void *observer_user;
} HvHostConfig;

HvHost *hv_host_new(const HvHostConfig *config, GError **error);
void hv_host_free(HvHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvHost, hv_host_free)

/* A job: a VM of one vCPU that computes for a stated time and is then retired.
 * Its guest boots outside of time when the VM is started, up to its write of
 * HV_PLATFORM_STARTED; from then on every ns that it has a pCPU is work done. So
 * its length is exact on the emulated backend. */
typedef struct {
    HvTime after_ns; /* CPU time of the job (or of this release) up to the wait */
    HvTime for_ns;   /* how long it waits: its I/O */
} HvJobWait;

typedef struct {
    HvTime length_ns;       /* CPU time in all, or of each release */
    const HvJobWait *waits; /* by after_ns, ascending, each above 0 and below the length */
    unsigned wait_count;
    HvTime deadline_ns; /* after its arrival, or each release; 0: none */
    HvTime period_ns;   /* it is released again this often; 0: it runs once */
    uint64_t releases;  /* how often, if there is a period; 0: without end */
} HvJobConfig;

/* A variable in the guest's memory that the observer is to know (vm/vm-watch.c). */
typedef struct {
    const char *symbol;     /* its name in the image; NULL: none. Borrowed for the call */
    uint64_t symbol_bytes;  /* its size; where the image has another, it is not looked at */
    uint32_t offset, bytes; /* the part of it that counts */
} HvWatchConfig;

typedef struct {
    const char *name;
    const void *image; /* an ELF file, borrowed for the call */
    size_t image_bytes;
    const char *const *args; /* NULL-terminated; args[0] is the program's name */
    uint64_t memory_bytes;
    unsigned vcpu_count;
    uint32_t weight, priority;         /* of each vCPU; weight 0: normal */
    uint32_t cap_ppm, reservation_ppm; /* of all vCPUs together; 0: none */
    uint64_t affinity;                 /* 0: any pCPU */
    HvTime period_ns, slice_ns;        /* see HvSchedParams */
    /* NULL, or one for each vCPU: where a field is not 0, it counts instead. */
    const HvSchedParams *vcpu_params;
    const HvJobConfig *job; /* NULL: an ordinary VM. Borrowed for the call */
    HvMemoryParams memory;  /* shares 0: 1000 */
    bool balloon;           /* it has the device */
    HvThrottle throttles[HV_THROTTLE_COUNT];
    uint64_t seed;
    const HvBootNic *nics;
    unsigned nic_count;
    const HvBootHost *hosts;
    unsigned host_count;
    HvWatchConfig watch;
} HvVmConfig;

/* Creates a VM, loads its image and pins what must be resident. It is HV_VM_OFF
 * until hv_vm_start(). VMs are numbered in order of creation, from 0. */
HvVm *hv_host_add_vm(HvHost *host, const HvVmConfig *config, HvTime now, GError **error);
HvVm *hv_host_vm(HvHost *host, unsigned vm); /* NULL: no such */

/* Commands. now is not before the last command or event and not after the time
 * reached. Each is refused (false) when it makes no sense in the VM's state. */
bool hv_vm_start(HvVm *vm, HvTime now);
bool hv_vm_pause(HvVm *vm, HvTime now);
bool hv_vm_resume(HvVm *vm, HvTime now);
bool hv_vm_kill(HvVm *vm, HvTime now);
bool hv_vm_set_weight(HvVm *vm, uint32_t weight, HvTime now);

/* So many of its pages shall be in its balloon: the guest gives what it can. From then
 * on the policy `balloon` leaves this balloon alone, until it is released: then it wants
 * what it wants, and where there is no such policy the balloon is let go empty. Releasing
 * one that was not set is refused. */
bool hv_vm_set_balloon(HvVm *vm, HvPageNo pages, HvTime now);
bool hv_vm_release_balloon(HvVm *vm, HvTime now);

/* Sets those of the VM's parameters of memory that `what` has bits for. With
 * HvMemoryPolicy.by_shares only. A reservation that the host cannot promise any more is
 * refused, as is a limit below it. What the VM holds beyond a new limit goes to swap
 * space at once, as far as there is room and something may be taken. */
enum {
    HV_SET_MEMORY_SHARES = 1u << 0,
    HV_SET_MEMORY_RESERVATION = 1u << 1,
    HV_SET_MEMORY_LIMIT = 1u << 2,
};
bool hv_vm_set_memory(HvVm *vm, const HvMemoryParams *params, unsigned what, HvTime now);
/* Of idle memory, below 1,000,000; likewise with by_shares only. */
bool hv_host_set_memory_tax(HvHost *host, uint32_t tax_ppm, HvTime now);

/* Sets those parameters of scheduling that `what` has bits for, of one vCPU or,
 * with -1, of all; then caps and reservations are those of the whole VM. */
enum {
    HV_SET_WEIGHT = 1u << 0,
    HV_SET_PRIORITY = 1u << 1,
    HV_SET_CAP = 1u << 2,
    HV_SET_RESERVATION = 1u << 3,
    HV_SET_AFFINITY = 1u << 4, /* 0: any pCPU */
    HV_SET_PERIOD = 1u << 5,
    HV_SET_SLICE = 1u << 6,
};
bool hv_vm_set_sched(HvVm *vm, int vcpu, const HvSchedParams *params, unsigned what, HvTime now);

/* A limit on what the VM may ask of the hypervisor; rate 0: none any more. */
bool hv_vm_set_throttle(HvVm *vm, HvThrottleKind kind, HvThrottle limit, HvTime now);

/* Bytes into a console's receive queue (slot HV_SLOT_CONSOLE or _CONTROL);
 * kept by the device until the guest takes them, 64 KiB at most: false when full. */
bool hv_vm_console_write(HvVm *vm, uint8_t slot, const void *bytes, size_t size, HvTime now);

/* The earliest time at which the host has something to do: a vCPU to run or a
 * timer; HV_TIME_NEVER when all wait for the outside. */
HvTime hv_host_deadline(const HvHost *host);

/* When the last thing happened on the host: the time from which on it has been
 * idle, while hv_host_deadline() is HV_TIME_NEVER. */
HvTime hv_host_quiet_since(const HvHost *host);

/* Does the host's work up to min(horizon, grant) and returns the time reached,
 * earlier when there is output to take (below). Every stamp reported from now
 * on is at or after the time returned.
 *
 * A time before min(horizon, grant) without output means that a step met the
 * grant and is suspended: pCPUs behind it wait until it has been finished, so
 * nothing more happens before a larger grant (or horizon = grant, which ends
 * the step there and lets all others catch up). A command given at a time that
 * a suspended step has passed could not be replayed: advance with horizon and
 * grant both at the time of the command first. */
HvTime hv_host_advance(HvHost *host, HvTime horizon, HvTime grant);

/* The least latency between VMs is another one, as the network was wired anew. To be called
 * at a time that no pCPU has passed. */
void hv_host_set_lookahead(HvHost *host, HvTime lookahead_ns);

/* More than HV_MAX_STEPS_AT_ONE_INSTANT steps were made without time going on.
 * Then hv_host_advance() does nothing any more, and the run should end. */
bool hv_host_stuck(const HvHost *host);

/* Makes a call of hv_host_advance() in progress, or else the next one, return
 * soon, as a grant would. Safe in a signal handler. */
void hv_host_kick(HvHost *host);

/* An Ethernet frame that left a NIC. Owned by the taker: g_free(). */
typedef struct {
    HvTime time; /* at which it left; may be after the time reached */
    uint64_t id;
    uint16_t vm;
    uint8_t nic;
    uint32_t length;
    uint8_t bytes[];
} HvOutFrame;

/* What the guest wrote on the control console. g_free(). */
typedef struct {
    HvTime time;
    uint16_t vm;
    uint32_t length;
    char bytes[];
} HvOutControl;

bool hv_host_has_output(const HvHost *host);      /* is there something for these to take? */
HvOutFrame *hv_host_take_frame(HvHost *host);     /* in order of time; NULL: none */
HvOutControl *hv_host_take_control(HvHost *host); /* in order of time; NULL: none */

/* A frame of at most HV_MAX_FRAME_BYTES reaches a NIC from the network; now as
 * for a command. Borrows bytes. */
void hv_host_deliver(HvHost *host, uint16_t vm, uint8_t nic, uint64_t frame_id,
                     const uint8_t *bytes, uint32_t length, HvTime now);

/* Live state, for the engine's reports and tests. */
typedef struct {
    HvTime busy_ns, idle_ns;
    uint64_t switches;
} HvPcpuStats;

HvPcpuStats hv_host_pcpu_stats(const HvHost *host, unsigned pcpu, HvTime now);

HvVmState hv_vm_state(const HvVm *vm);
HvVcpuState hv_vm_vcpu_state(const HvVm *vm, unsigned vcpu);
HvMemory *hv_vm_memory(HvVm *vm);
HvCpu *hv_vm_cpu(HvVm *vm, unsigned vcpu);
HvPageNo hv_vm_ballooned(const HvVm *vm); /* pages in its balloon, by the host's count */
/* The function of the VM's image that address lies in, with its offset; NULL: none. */
const char *hv_vm_symbol(const HvVm *vm, uint64_t address, uint64_t *ret_offset);
/* For tests, at any moment, even within an observer's `reported`: every page frame is free
 * or owned once for each mapping; frames with several owners are shared, read-only, by as
 * many pages as the sharer knows; slots of swap space belong to one absent page each;
 * pages in a balloon hold nothing; and all counts agree. Else ret_what is a sentence,
 * g_free(). */
bool hv_host_check(const HvHost *host, char **ret_what);
