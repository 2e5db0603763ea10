/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kvm-timer.h: getting a thread out of KVM_RUN after some time.
 *
 * KVM_RUN returns when a signal arrives. A POSIX timer on CLOCK_MONOTONIC sends
 * a real-time signal to the one thread that runs the CPU. The thread blocks that
 * signal, and KVM lets it through while KVM_RUN executes and only then
 * (KVM_SET_SIGNAL_MASK): so one that comes just before KVM_RUN is not lost, it
 * waits and ends KVM_RUN at once; and no handler ever runs, which would take as
 * long as entering the guest. Who has left KVM_RUN takes the signal away.
 * (CPU-time timers would be nearer to what is meant, but they fire on the
 * kernel's tick, up to 4 ms late.)
 *
 * The signal is the highest real-time signal that nobody handles when the
 * first CPU runs. Signals are few: one process uses one, however many VMs and
 * threads there are. A thread that has run a CPU goes on blocking it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "hv-core/types.h"

typedef struct {
    timer_t id;
    int thread; /* to which id sends; 0: there is no timer yet */
    bool armed;
} HvKvmTimer;

/* The calling thread, for HvKvmTimer.thread and hv_kvm_signal_thread(). */
int hv_kvm_this_thread(void);

/* Makes this thread ready for KVM_RUN: blocks the signal. *ret_mask: what is to be
 * blocked while KVM_RUN executes, all that the thread blocks but the signal; bit n - 1 for
 * signal n. Returns 0 or -errno. */
int hv_kvm_signal_block(uint64_t *ret_mask);

/* Takes the signal away if it waits for this thread. */
void hv_kvm_signal_take(void);

/* Sends the signal once to the calling thread after delay_ns. Returns 0 or
 * -errno. */
int hv_kvm_timer_arm(HvKvmTimer *timer, HvTime delay_ns);
void hv_kvm_timer_disarm(HvKvmTimer *timer);
void hv_kvm_timer_clear(HvKvmTimer *timer);

/* Sends the signal to a thread of this process now. Safe in a signal handler. */
void hv_kvm_signal_thread(int thread);
