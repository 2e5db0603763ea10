/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kvm-timer.c: the signal that ends KVM_RUN, and the timer that sends it. */
#include "hv-core/cpu/kvm-timer.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The model makes reading it in a signal handler safe in a shared library,
 * too: nothing is allocated on first use. */
#define SIGNAL_SAFE_TLS _Thread_local __attribute__((tls_model("initial-exec")))

static SIGNAL_SAFE_TLS int this_thread;

static int signal_number; /* 0: not chosen yet */

/* For a thread that runs no CPU, or that lets the signal through again: without a
 * handler it would end the process. */
static void on_signal(int number)
{
}

static int choose_signal(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    for (int number = SIGRTMAX; number >= SIGRTMIN; number--) {
        struct sigaction old;

        if (sigaction(number, NULL, &old) == 0 && !(old.sa_flags & SA_SIGINFO) &&
            old.sa_handler == SIG_DFL && sigaction(number, &action, NULL) == 0)
            return number;
    }
    return -1; /* every one is taken */
}

/* Installs the handler, once. Returns the signal's number, or -1. */
static int get_signal(void)
{
    static gsize chosen;

    if (g_once_init_enter(&chosen)) {
        signal_number = choose_signal();
        g_once_init_leave(&chosen, 1);
    }
    return signal_number;
}

static sigset_t only(int number)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, number);
    return set;
}

int hv_kvm_this_thread(void)
{
    if (this_thread == 0)
        this_thread = gettid();
    return this_thread;
}

int hv_kvm_signal_block(uint64_t *ret_mask)
{
    int number = get_signal();
    if (number < 0)
        return -EBUSY;

    sigset_t set = only(number), before;
    int error = pthread_sigmask(SIG_BLOCK, &set, &before);
    if (error != 0)
        return -error;
    sigdelset(&before, number);
    memcpy(ret_mask, &before, sizeof *ret_mask); /* the kernel's set is the first 64 bits */
    return 0;
}

void hv_kvm_signal_take(void)
{
    static const struct timespec at_once = {0};
    sigset_t set = only(signal_number);

    sigtimedwait(&set, NULL, &at_once);
}

void hv_kvm_signal_thread(int thread)
{
    if (signal_number > 0)
        syscall(SYS_tgkill, getpid(), thread, signal_number);
}

/* A timer belongs to the thread that it signals. */
static int create_timer(HvKvmTimer *timer)
{
    int number = get_signal();
    if (number < 0)
        return -EBUSY;

    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = number};
    event._sigev_un._tid = hv_kvm_this_thread();
    if (timer_create(CLOCK_MONOTONIC, &event, &timer->id) < 0)
        return -errno;
    timer->thread = hv_kvm_this_thread();
    return 0;
}

int hv_kvm_timer_arm(HvKvmTimer *timer, HvTime delay_ns)
{
    if (timer->thread != hv_kvm_this_thread()) {
        hv_kvm_timer_clear(timer);
        int ret = create_timer(timer);
        if (ret < 0)
            return ret;
    }

    struct itimerspec when = {.it_value = {.tv_sec = (time_t)(delay_ns / HV_NS_PER_SECOND),
                                           .tv_nsec = (long)(delay_ns % HV_NS_PER_SECOND)}};
    timer->armed = true;
    return timer_settime(timer->id, 0, &when, NULL) < 0 ? -errno : 0;
}

void hv_kvm_timer_disarm(HvKvmTimer *timer)
{
    struct itimerspec never = {0};

    if (timer->armed)
        timer_settime(timer->id, 0, &never, NULL);
    timer->armed = false;
}

void hv_kvm_timer_clear(HvKvmTimer *timer)
{
    if (timer->thread != 0)
        timer_delete(timer->id);
    *timer = (HvKvmTimer){0};
}
