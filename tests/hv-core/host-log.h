/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host-log.h: an observer that writes what it hears as text, one line each:
 *
 *   TIME WHERE WHAT       10000 p1 0.2 off 900 slice-end
 *
 * WHERE is a pCPU or "host", 0.2 is vCPU 2 of VM 0. It also keeps sums, which
 * must agree with the host's own, and what became of each VM; and it sees that
 * time never goes back on a pCPU.
 */
#pragma once

#include "hv-core/host.h"
#include "hv-core/limits.h"

typedef enum {
    LOG_STATES = 1 << 0,   /* of vCPUs and VMs */
    LOG_DISPATCH = 1 << 1, /* on and off */
    LOG_EXITS = 1 << 2,
    LOG_PAGES = 1 << 3, /* but not the loader's */
    LOG_INTERRUPTS = 1 << 4,
    LOG_DEVICES = 1 << 5, /* errors, kicks, console, marks, limits */
    LOG_FRAMES = 1 << 6,
    LOG_ALL = (1 << 7) - 1,
} HostLogKind;

#define HOST_LOG_VMS 8 /* more are not kept apart */

typedef struct {
    GString *console;  /* what it printed */
    HvWhy why;         /* of its last change of state */
    int64_t exit_code; /* of its program; -1: it goes on */
    uint64_t ran_ns, faults, bad_accesses, bad_chains, frames_received;
    char symbol[64]; /* where its last fault was */
} HostLogVm;

typedef struct {
    GString *text;
    HostLogKind kinds; /* what is written */
    HvTime ran_ns[HV_MAX_PCPUS];
    HvTime last[HV_MAX_PCPUS + 1]; /* stamp; the host's is the last */
    uint64_t exits;
    uint64_t events;
    HostLogVm vm[HOST_LOG_VMS];
} HostLog;

extern const HvObserver host_log_observer; /* user is a HostLog */

void host_log_init(HostLog *log, HostLogKind kinds);
void host_log_clear(HostLog *log);

/* The lines since the last call; they must be exactly these. */
void host_log_expect(HostLog *log, const char *lines);
