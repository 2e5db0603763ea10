/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kvm-timer.h: getting a thread out of KVM_RUN after some time.
 *
 * KVM_RUN returns when a signal arrives, and returns at once when
 * kvm_run->immediate_exit is set. A POSIX timer on CLOCK_MONOTONIC sends a
 * real-time signal to the one thread that runs the CPU, and the handler sets
 * immediate_exit: so a signal that comes just before KVM_RUN is not lost.
 * (CPU-time timers would be nearer to what is meant, but they fire on the
 * kernel's tick, up to 4 ms late.)
 *
 * The signal is the highest real-time signal that nobody handles when the
 * first CPU runs. Its handler stays installed (SA_RESTART) and does nothing
 * while its thread is outside hv_cpu_run(). Signals are few: one process uses
 * one, however many VMs and threads there are.
 */
#pragma once

#include <linux/kvm.h>
#include <stdbool.h>
#include <time.h>

#include "hv-core/types.h"

typedef struct {
    timer_t id;
    int thread; /* to which id sends; 0: there is no timer yet */
    bool armed;
} HvKvmTimer;

/* The calling thread, for HvKvmTimer.thread and hv_kvm_signal_thread(). */
int hv_kvm_this_thread(void);

/* From here on the signal sets run->immediate_exit when it comes to this
 * thread; NULL: it does nothing. */
void hv_kvm_signal_target(struct kvm_run *run);

/* Sends the signal once to the calling thread after delay_ns. Returns 0 or
 * -errno. */
int hv_kvm_timer_arm(HvKvmTimer *timer, HvTime delay_ns);
void hv_kvm_timer_disarm(HvKvmTimer *timer);
void hv_kvm_timer_clear(HvKvmTimer *timer);

/* Sends the signal to a thread of this process now. Safe in a signal handler. */
void hv_kvm_signal_thread(int thread);
