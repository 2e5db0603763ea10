/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host-private.h: what the files of hv-core/vm and hv-core/sched share of the
 * host. The face of it is hv-core/host.h. */
#pragma once

#include <signal.h>

#include "hv-core/host.h"
#include "hv-core/limits.h"
#include "hv-core/memory/sharing.h"
#include "hv-core/sched/dispatch.h"
#include "hv-core/sched/events.h"
#include "hv-core/vm/vm.h"

struct HvHost {
    HvHostConfig config;
    HvPool *pool;
    HvPager *pager;
    HvSharing *sharing;
    HvVm *needy;         /* for whom the pager takes a frame */
    HvVm *newcomer;      /* being created, not among vms yet */
    HvFrameNo in_hand;   /* taken for a page that is not mapped to it yet; or HV_FRAME_NONE */
    HvEvent sample;      /* of which pages are in use */
    HvEvent scan;        /* for pages to be shared */
    GArray *torn;        /* of HvPageRef: blocks mapped as one that have lost a page */
    HvEvent period;      /* of the estimate of working sets */
    HvEvent balance;     /* of the VMs' balloons */
    HvEvent statistics;  /* guests are asked for theirs */
    HvEvent frames_came; /* those that wait for a page frame look again */
    bool was_low;        /* balancing was asked for out of turn, and has not been done */
    HvTime scanned_all;  /* when the sharer last looked at all pages, being short of frames */
    GPtrArray *vms;      /* of HvVm, by number */
    void *policy;
    HvEvent policy_timer;
    HvTime policy_due;                  /* what it is set to */
    HvSchedVcpu *on_pcpu[HV_MAX_PCPUS]; /* HvPolicyParams.running */
    uint32_t vcpu_total;                /* created so far */
    HvTime instruction_ns;              /* no instruction takes longer */
    HvPcpu pcpus[HV_MAX_PCPUS];
    HvPcpu *suspended; /* its step met the grant and goes on before all else */

    HvEventQueue events;
    GQueue spare_posts; /* HvPost that are not queued */
    HvTime now;         /* of the host as a whole: the last event or command */

    GQueue frames, controls; /* outputs to be taken */

    /* Steps since the pCPU clocks last moved. */
    HvTime instant;
    unsigned steps_at_instant;
    bool stuck;

    volatile sig_atomic_t kicked;
    HvCpu *volatile running; /* whose run a kick is to end */
};

/* Calls the observer's hook, if there is one. */
#define HV_REPORT(host, hook, ...)                                                                 \
    do {                                                                                           \
        if ((host)->config.observer.hook != NULL)                                                  \
            (host)->config.observer.hook((host)->config.observer_user, __VA_ARGS__);               \
        if ((host)->config.observer.reported != NULL)                                              \
            (host)->config.observer.reported((host)->config.observer_user);                        \
    } while (0)

static inline HvTime hv_time_add(HvTime time, HvTime more)
{
    return more >= HV_TIME_NEVER - time ? HV_TIME_NEVER : time + more;
}

/* The effect of one vCPU's work on the rest of the host, at the time of that
 * work: the others may be behind, and must not feel it earlier. */
typedef struct {
    HvEvent event; /* first */
    HvVm *vm;
    HvVcpu *vcpu; /* an interrupt for this one; NULL: the end of the VM */
    uint8_t vector;
    uint64_t frame_id;
    HvVmState vm_state;
    HvWhy why;
} HvPost;

void hv_host_post(HvHost *host, const HvPost *post, HvTime when);

/* host-memory.c */
bool hv_host_init_memory(HvHost *host, GError **error);
void hv_host_clear_memory(HvHost *host);
/* A vCPU can run: the sampling and sharing of pages go on, where there is any. */
void hv_host_watch_memory(HvHost *host, HvTime now);
/* May the VM be started, considering what others were promised? If not, reports it. */
bool hv_host_can_promise(const HvHost *host, const HvVm *vm, HvTime now);
/* A present page that is not pinned becomes absent, and its contents are lost. */
void hv_host_drop_page(HvHost *host, HvVm *vm, HvPageNo page);

/* The event's next turn comes after an interval, as long as somebody can run. */
void hv_host_next_turn(HvHost *host, HvEvent *event, HvTime interval);

/* host-shares.c */
/* What it costs that the VM holds so many pages: from whom it is highest takes who
 * needs a frame. */
uint64_t hv_host_memory_cost(const HvHost *host, const HvVm *vm, HvPageNo holds);
/* Pages of the VM that may be taken without breaking into its reservation. */
HvPageNo hv_host_takeable(const HvVm *vm, HvPageNo holds);
/* The number of the VM that is to lose a page; -1: none may. */
int hv_host_choose_vm(void *host);

/* host-balloon.c */
void hv_host_init_balloon(HvHost *host);
/* Page frames are few: balance at `when`, if there are balloons. */
void hv_host_check_low(HvHost *host, HvTime when);
/* May the acting vCPU of vm wait for a frame instead of having one taken from somebody?
 * Then it is noted that it does. */
bool hv_host_wait_for_frame(HvHost *host, HvVm *vm);
/* Frames may have come free. */
void hv_host_frames_came(HvHost *host, HvTime when);

/* vm-blocks.c */
/* A page was swapped out: if its block was mapped as one, the rest must go too. */
void hv_host_block_torn(HvHost *host, HvPageRef page);
void hv_host_reclaim_torn(HvHost *host, HvStamp at);

/* host-sample.c */
void hv_host_init_sampling(HvHost *host);
/* A page is accessed that was absent or watched. */
void hv_host_page_used(HvVm *vm, HvPageNo page);
/* A page has got another frame without having been accessed: its next use is to be seen. */
void hv_host_keep_sampled(HvVm *vm, HvPageNo page);
uint32_t hv_host_active_ppm(const HvHost *host, const HvVm *vm);
void hv_host_sampling_clear(HvVm *vm);
/* A page frame for the VM, whatever that takes; HV_FRAME_NONE: there is none. */
HvFrameNo hv_host_take_frame_for(HvHost *host, HvVm *vm, HvPageRef *ret_victim);

/* The pCPUs of this host that an affinity names; 0 names all. */
uint64_t hv_host_affinity(const HvHost *host, uint64_t affinity);

/* A command or a frame from outside comes at `now`: a suspended step ends there. */
void hv_host_begin_input(HvHost *host, HvTime now);
