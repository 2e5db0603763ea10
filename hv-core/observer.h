/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observer.h: what hv-core reports while it works.
 *
 * One function per kind of event; a member that is NULL is not called. An
 * observer may not call back into hv-core (but `reported` may call hv_host_check). Each report
 * carries a stamp: the virtual time and the pCPU on which it happened (HV_NO_PCPU for what happens
 * to the host as a whole: a frame arriving, a timer firing, a command). The
 * stamps of one pCPU never go back in time, nor do those of the host as a
 * whole; between them times may interleave by up to the lookahead, and the
 * reader of the stamps sorts by (time, host first, pCPU number).
 */
#pragma once

#include "hv-core/cpu/cpu.h"
#include "hv-core/guest/abi.h"
#include "hv-core/sched/policy.h"
#include "hv-core/types.h"

typedef struct {
    HvTime time;
    uint16_t pcpu;
} HvStamp;

typedef enum {
    HV_VCPU_NEW,     /* created, never ready yet */
    HV_VCPU_READY,   /* could run, waits for a pCPU */
    HV_VCPU_RUNNING, /* on a pCPU */
    HV_VCPU_BLOCKED, /* waits for an interrupt (HLT) or for memory */
    HV_VCPU_HALTED,  /* done for good */
    HV_VCPU_CRASHED, /* done for good, not by its own will */
    HV_VCPU_STATE_COUNT
} HvVcpuState;

typedef enum {
    HV_VM_OFF,
    HV_VM_RUNNING,
    HV_VM_PAUSED,
    HV_VM_HALTED, /* powered off by itself, or every vCPU halted for good */
    HV_VM_CRASHED,
    HV_VM_KILLED,
    HV_VM_STATE_COUNT
} HvVmState;

/* Why a vCPU changed state. */
typedef enum {
    HV_WHY_START,
    HV_WHY_DISPATCH,
    HV_WHY_SLICE_END,
    HV_WHY_YIELD,
    HV_WHY_PREEMPTED,
    HV_WHY_HLT,
    HV_WHY_INTERRUPT,
    HV_WHY_MEMORY, /* waits for a page, or got it */
    HV_WHY_POWER_OFF,
    HV_WHY_HLT_FOREVER, /* HLT with interrupts off */
    HV_WHY_TRIPLE_FAULT,
    HV_WHY_GUEST_PANIC,   /* the guest kernel reported a crash */
    HV_WHY_FETCH,         /* instruction fetch from an absent page or a device */
    HV_WHY_UNSUPPORTED,   /* instruction that the backend does not execute */
    HV_WHY_OUT_OF_MEMORY, /* no page frame left */
    HV_WHY_HOST_ERROR,
    HV_WHY_PAUSE,
    HV_WHY_RESUME,
    HV_WHY_KILL,
    HV_WHY_JOB_WAIT, /* a job waits for its I/O or its next release, or that has come */
    HV_WHY_JOB_DONE,
    HV_WHY_THROTTLED, /* its VM has used up a limit (vm/throttle.h), or may go on */
    HV_WHY_COUNT
} HvWhy;

/* Why the guest was left. */
typedef enum {
    HV_EXIT_IO,         /* port I/O */
    HV_EXIT_MMIO,       /* a device register */
    HV_EXIT_PAGE_FAULT, /* second-level: page absent or read-only */
    HV_EXIT_HALT,
    HV_EXIT_INTERRUPT_WINDOW,
    HV_EXIT_PREEMPT, /* slice used, or another reason of the hypervisor's own */
    HV_EXIT_SHUTDOWN,
    HV_EXIT_ERROR,
    HV_EXIT_COUNT
} HvExitKind;

typedef struct {
    HvExitKind kind;
    uint64_t rip;     /* 0 where the backend would have to pay an ioctl to know */
    uint64_t address; /* GPA or port; 0 if none */
    uint64_t value;   /* written or read */
    uint8_t size;
    bool write;
    HvTime cost_ns; /* charged to the vCPU for it */
    /* With HvHostConfig.exit_registers, else NULL and 0: the vCPU's registers, and the
     * code from RIP on, as far as its page is present and mapped one to one. Borrowed. */
    const HvCpuRegs *regs;
    const uint8_t *code;
    unsigned code_bytes;
} HvExit;

/* Why a guest's use of a device was refused or a frame not delivered. */
typedef enum {
    HV_DEVICE_BAD_ACCESS, /* unaligned, wrong size, or outside any register: reads as
                             all ones, writes are ignored */
    HV_DEVICE_BAD_CHAIN,  /* descriptor chain malformed; device needs reset */
    HV_DEVICE_BAD_CONFIG, /* queue size, features or addresses out of range */
    HV_DEVICE_COUNT
} HvDeviceErrorKind;

typedef enum {
    HV_RX_DROP_NO_BUFFER, /* the guest has put no receive buffer in the queue (backlog full) */
    HV_RX_DROP_NOT_READY, /* the driver has not set the device up, or the VM is not running */
    HV_RX_DROP_TOO_LONG,  /* does not fit the buffer */
    HV_RX_DROP_COUNT
} HvRxDrop;

/* Why a guest is to have pages in its balloon. */
typedef enum { HV_BALLOON_BY_COMMAND, HV_BALLOON_BY_POLICY, HV_BALLOON_BY_COUNT } HvBalloonWhy;

/* Why a page cannot go into the balloon, or come out. */
typedef enum {
    HV_BALLOON_OUTSIDE, /* no page of the VM */
    HV_BALLOON_PINNED,
    HV_BALLOON_TWICE, /* it is there already */
    HV_BALLOON_NOT_GIVEN,
    HV_BALLOON_REFUSAL_COUNT
} HvBalloonRefusal;

/* What a guest says of its own memory; 0 where it says nothing. Believed by nobody. */
typedef struct {
    uint64_t total_bytes, free_bytes;
    uint64_t faults; /* page faults that it has dealt with by itself */
} HvGuestMemory;

/* What a VM is to have of the host's memory. In pages; all zero: shares 1000. */
typedef struct {
    uint32_t shares;
    HvPageNo reservation; /* nobody takes so much from it */
    HvPageNo limit;       /* it holds no more; 0: none */
} HvMemoryParams;

/* The sharer has looked at pages. */
typedef struct {
    unsigned pages;         /* looked at */
    unsigned freed;         /* page frames that this has freed */
    unsigned shared_frames; /* that are shared now, */
    unsigned sharing_pages; /* by so many pages */
} HvScan;

/* Of one period of sampling. */
typedef struct {
    unsigned sampled, used; /* pages */
    uint32_t active_ppm;    /* the estimate from this period and those before */
    HvPageNo pages;         /* that part of the VM's memory */
} HvWorkingSet;
/* What a VM may ask of the hypervisor so many times a second. */
typedef enum { HV_THROTTLE_EXITS, HV_THROTTLE_DEVICE_OPERATIONS, HV_THROTTLE_COUNT } HvThrottleKind;

typedef struct {
    uint32_t rate;  /* a second; 0: no limit */
    uint32_t burst; /* so many at once */
} HvThrottle;

typedef struct {
    HvPageNo page;
    bool write; /* its first access to the page was a write */
    bool hit;
    bool evicted; /* a page lost its frame for it: */
    uint16_t evicted_vm;
    HvPageNo evicted_page;
} HvPageReference;

typedef struct {
    void (*vm_state)(void *user, HvStamp at, uint16_t vm, HvVmState from, HvVmState to, HvWhy why);
    void (*vcpu_state)(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, HvVcpuState from,
                       HvVcpuState to, HvWhy why);
    /* slice_ns: what the policy granted. key: what decided it, HvSchedPick.key. */
    void (*dispatch)(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, HvTime slice_ns,
                     uint64_t key);
    /* ran_ns: charged since the dispatch, costs included. */
    void (*deschedule)(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, HvTime ran_ns,
                       HvWhy why);
    void (*exit)(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, const HvExit *exit);
    /* At creation, and when they are changed. */
    void (*sched_params)(void *user, HvStamp at, uint16_t vm, uint16_t vcpu,
                         const HvSchedParams *params);
    /* Releases are counted from 1. deadline: HV_TIME_NEVER when there is none. */
    void (*job_released)(void *user, HvStamp at, uint16_t vm, uint64_t release, HvTime deadline);
    void (*job_done)(void *user, HvStamp at, uint16_t vm, uint64_t release);
    /* At the deadline: the job is not done. */
    void (*deadline_missed)(void *user, HvStamp at, uint16_t vm, uint64_t release);

    /* At creation, if there is a limit, and when it is changed. */
    void (*throttle_set)(void *user, HvStamp at, uint16_t vm, HvThrottleKind kind,
                         HvThrottle limit);
    /* The vCPU must wait: until then, or longer if others of its VM go on asking. */
    void (*throttled)(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, HvThrottleKind kind,
                      HvTime until);

    /* A page got a page frame (demand fault, or the loader's work before the start). */
    void (*page_mapped)(void *user, HvStamp at, uint16_t vm, HvPageNo page, HvFrameNo frame,
                        bool writable, bool pinned, bool demand);
    /* With a page that was touched, all others of its block got a frame (their page_mapped
     * come next, not by demand). It is reclaimed as one: the rest of it goes too. */
    void (*block_mapped)(void *user, HvStamp at, uint16_t vm, HvPageNo first, HvPageNo pages);
    void (*block_reclaimed)(void *user, HvStamp at, uint16_t vm, HvPageNo first, HvPageNo pages);
    void (*page_unmapped)(void *user, HvStamp at, uint16_t vm, HvPageNo page, HvFrameNo frame);
    /* A page went to a slot of swap space, and came back (page_mapped comes next). */
    void (*swapped_out)(void *user, HvStamp at, uint16_t vm, HvPageNo page, HvFrameNo frame,
                        uint32_t slot);
    void (*swapped_in)(void *user, HvStamp at, uint16_t vm, HvPageNo page, HvFrameNo frame,
                       uint32_t slot);
    /* A page is mapped read-only to a frame that it shares with pages of the same
     * contents, its old frame or another one; zero: they hold nothing but zeroes. It is
     * alone in its frame again, still read-only. */
    void (*page_shared)(void *user, HvStamp at, uint16_t vm, HvPageNo page, HvFrameNo frame,
                        HvFrameNo old_frame, bool zero);
    void (*page_unshared)(void *user, HvStamp at, uint16_t vm, HvPageNo page);
    void (*scan)(void *user, HvStamp at, const HvScan *scan);
    /* What the guest is asked to have in its balloon; what it gave (frame
     * HV_FRAME_NONE: the page had none) and took back (used: it just used the page);
     * pages that it named in vain, the first and how many in one request. */
    void (*balloon_target)(void *user, HvStamp at, uint16_t vm, HvPageNo pages, HvPageNo before,
                           HvBalloonWhy why);
    void (*page_ballooned)(void *user, HvStamp at, uint16_t vm, HvPageNo page, HvFrameNo frame);
    void (*page_deflated)(void *user, HvStamp at, uint16_t vm, HvPageNo page, bool used);
    void (*balloon_refused)(void *user, HvStamp at, uint16_t vm, HvPageNo page, uint32_t count,
                            HvBalloonRefusal why);
    void (*guest_memory)(void *user, HvStamp at, uint16_t vm, const HvGuestMemory *says);
    void (*memory_params)(void *user, HvStamp at, uint16_t vm, const HvMemoryParams *params);
    void (*memory_target)(void *user, HvStamp at, uint16_t vm, HvPageNo pages, HvPageNo holds);
    void (*working_set)(void *user, HvStamp at, uint16_t vm, const HvWorkingSet *set);
    /* With HvHostConfig.exit_registers: `count` entries of one of the guest's own page
     * tables, from number `first` on, have changed, or are seen for the first time. page:
     * where the table lies. level: 4 is the root. Borrowed. */
    void (*page_table)(void *user, HvStamp at, uint16_t vm, HvPageNo page, unsigned level,
                       unsigned first, const uint64_t *entries, unsigned count);
    /* It was to start, and the host could not keep its promises then. */
    void (*vm_refused)(void *user, HvStamp at, uint16_t vm, HvPageNo pages, HvFrameNo left);
    /* Tracing mode: an instruction used a page. hit: it was present. */
    void (*page_referenced)(void *user, HvStamp at, uint16_t vm, uint16_t vcpu,
                            const HvPageReference *reference);
    /* A VM's heap: its first page, and its length. */
    void (*memory_layout)(void *user, HvStamp at, uint16_t vm, HvPageNo heap_page,
                          HvPageNo heap_pages);

    /* A vector was set pending / was taken by the guest. frame_id names the
     * Ethernet frame it announces, else 0. late_ns: how much later than due. */
    void (*interrupt_raised)(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, uint8_t vector,
                             uint64_t frame_id, HvTime late_ns);
    void (*interrupt_taken)(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, uint8_t vector);

    void (*queue_kick)(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, uint8_t slot,
                       uint16_t queue);
    /* A frame was taken from a transmit queue and leaves the NIC now. */
    void (*frame_sent)(void *user, HvStamp at, uint16_t vm, uint8_t nic, uint64_t frame_id,
                       const uint8_t *bytes, uint32_t length);
    /* A frame was put into the guest's receive queue. */
    void (*frame_received)(void *user, HvStamp at, uint16_t vm, uint8_t nic, uint64_t frame_id,
                           uint32_t length);
    void (*frame_dropped)(void *user, HvStamp at, uint16_t vm, uint8_t nic, uint64_t frame_id,
                          HvRxDrop why);
    void (*device_error)(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, uint8_t slot,
                         HvDeviceErrorKind kind, uint64_t address, uint64_t value);

    /* slot: HV_SLOT_CONSOLE (program output, debug port included) or HV_SLOT_CONTROL. */
    void (*console)(void *user, HvStamp at, uint16_t vm, uint8_t slot, const uint8_t *bytes,
                    uint32_t length);
    void (*program_exit)(void *user, HvStamp at, uint16_t vm, uint32_t code);
    /* fatal: the guest kernel gave up; else only its program was ended. symbol is
     * the function at RIP, "" when unknown. */
    void (*guest_fault)(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, bool fatal,
                        const HvCrashReport *report, const char *symbol);
    void (*mark)(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, uint64_t number);
    /* What HvVmConfig.watch names is this from now on, or was so already for a while. */
    void (*watched)(void *user, HvStamp at, uint16_t vm, const void *bytes, uint32_t size);

    /* After each of those above, also where nobody listens to it. For tests. */
    void (*reported)(void *user);
} HvObserver;
