/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kvm-run.c: running a CPU for a budget of CPU time, and interrupting it.
 *
 * The time charged is this thread's CPU time during the run, less what passed
 * inside the client's callback. CPU time does not wake us (kvm-timer.h), so the
 * timer is set to what is left of the budget in real time. When it fires and
 * the thread has not had that much CPU time, because the host ran something
 * else, it is set again for the rest.
 */
#include "hv-core/cpu/kvm.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <time.h>

/* The timer is never set to less than the first, or the run might end before
 * the guest has executed anything; and for a rest of less than the second the
 * guest is not entered again. */
#define MIN_SLICE_NS  100000u
#define MIN_REST_NS   5000u
#define NO_TIMER_FROM (UINT64_C(1000000000) * HV_NS_PER_SECOND) /* 30 years: no need to wake up */

/* Exits that one instruction can cause before hv_kvm_abandon() gives up: the
 * longest operand that KVM emulates has 16 bytes. */
#define MAX_EXITS_PER_INSTRUCTION 64

HvTime hv_kvm_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (HvTime)now.tv_sec * HV_NS_PER_SECOND + (HvTime)now.tv_nsec;
}

/* ---- Entering the guest ------------------------------------------------- */

/* One KVM_RUN. Returns 0 when kvm_run has an exit to answer, -EINTR when a
 * signal or immediate_exit ended it, another -errno when KVM refused. */
static int enter(HvKvmCpu *cpu)
{
    int ret = hv_kvm_slots_update(&cpu->machine->slots);
    if (ret < 0) {
        cpu->phase = HV_KVM_FAILED;
        return ret;
    }

    ret = ioctl(cpu->fd, KVM_RUN, 0) < 0 ? -errno : 0;
    if (ret == 0)
        cpu->phase = HV_KVM_UNANSWERED;
    else if (ret == -EINTR)
        cpu->phase = HV_KVM_SETTLED;
    else
        cpu->phase = HV_KVM_FAILED;
    cpu->answered = 0;
    cpu->have_regs = true;
    cpu->have_sregs = (cpu->run->kvm_valid_regs & KVM_SYNC_X86_SREGS) != 0;
    cpu->have_msrs = false;
    cpu->window_known = true;
    return ret;
}

void hv_kvm_settle(HvKvmCpu *cpu)
{
    cpu->run->immediate_exit = 1;
    enter(cpu);
    /* A kick meanwhile is not lost: run() looks at `kicked` before it enters. */
    cpu->run->immediate_exit = 0;
}

void hv_kvm_abandon(HvKvmCpu *cpu)
{
    for (int i = 0; i < MAX_EXITS_PER_INSTRUCTION; i++) {
        if (cpu->phase == HV_KVM_UNANSWERED) {
            uint32_t reason = cpu->run->exit_reason;

            if (reason != KVM_EXIT_MMIO && reason != KVM_EXIT_IO)
                cpu->phase = HV_KVM_SETTLED;
            else
                cpu->phase = HV_KVM_UNFINISHED;
        }
        if (cpu->phase != HV_KVM_UNFINISHED)
            return;
        hv_kvm_settle(cpu);
    }
    cpu->phase = HV_KVM_FAILED;
}

/* ---- A run -------------------------------------------------------------- */

/* away_ns may be some us too much (kvm-exit.c). What the guest used never shrinks for
 * that: then it was less away. */
HvTime hv_kvm_used_ns(HvKvmCpu *cpu, HvTime now_ns)
{
    HvTime spent = now_ns - cpu->started_ns;

    if (spent < cpu->used_ns + cpu->away_ns)
        cpu->away_ns = spent - MIN(spent, cpu->used_ns);
    cpu->used_ns = spent - cpu->away_ns;
    return cpu->used_ns;
}

/* Wakes us when this much of the budget is used. */
static int set_alarm(HvKvmCpu *cpu, const HvCpuRun *run, HvTime delay_ns)
{
    if (run->budget_ns >= NO_TIMER_FROM)
        return 0;
    return hv_kvm_timer_arm(&cpu->machine->timer, MAX(delay_ns, MIN_SLICE_NS));
}

static bool take_kick(HvKvmCpu *cpu)
{
    return __atomic_exchange_n(&cpu->kicked, 0, __ATOMIC_SEQ_CST) != 0;
}

/* A signal ended KVM_RUN: was it for us? False: the run ends with *ret_exit. */
static bool go_on_after_signal(HvKvmCpu *cpu, HvCpuRun *run, HvCpuExit *ret_exit)
{
    hv_kvm_signal_take();
    /* In this order: a kick after this line makes the next KVM_RUN return. */
    __atomic_store_n(&cpu->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
    *ret_exit = HV_CPU_BUDGET;
    if (take_kick(cpu))
        return false;

    HvTime used = hv_kvm_used_ns(cpu, hv_kvm_clock_ns());
    if (used + MIN_REST_NS > run->budget_ns)
        return false;
    if (set_alarm(cpu, run, run->budget_ns - used) < 0) {
        *ret_exit = hv_kvm_fail(cpu, run, HV_CPU_ERROR_HOST, HV_GPA(0));
        return false;
    }
    return true;
}

static HvCpuExit run_slice(HvKvmCpu *cpu, HvCpuRun *run)
{
    HvCpuExit exit = HV_CPU_BUDGET;

    if (set_alarm(cpu, run, run->budget_ns) < 0)
        return hv_kvm_fail(cpu, run, HV_CPU_ERROR_HOST, HV_GPA(0));
    for (;;) {
        if (cpu->phase == HV_KVM_UNANSWERED && !hv_kvm_answer(cpu, run, &exit))
            return exit;
        if (cpu->stop) {
            cpu->stop = false;
            return HV_CPU_STOPPED;
        }

        int ret = enter(cpu);
        if (ret == -EINTR) {
            if (!go_on_after_signal(cpu, run, &exit))
                return exit;
        } else if (ret < 0) {
            return hv_kvm_fail(cpu, run, HV_CPU_ERROR_HOST, HV_GPA(0));
        }
    }
}

/* Has KVM let the signal through while the guest runs: asked of it again only when the
 * thread blocks other signals than before. */
static int let_signal_through(HvKvmCpu *cpu)
{
    struct {
        struct kvm_signal_mask head;
        uint64_t signals;
    } __attribute__((packed)) mask = {.head.len = sizeof mask.signals};
    uint64_t signals;
    int ret = hv_kvm_signal_block(&signals);

    if (ret < 0 || (cpu->have_mask && cpu->mask == signals))
        return ret;
    mask.signals = signals;
    if (ioctl(cpu->fd, KVM_SET_SIGNAL_MASK, &mask) < 0)
        return -errno;
    cpu->mask = signals;
    cpu->have_mask = true;
    return 0;
}

/* From here on a signal makes KVM_RUN return, also one that comes before it. */
static int begin(HvKvmCpu *cpu, const HvCpuRun *run)
{
    cpu->started_ns = hv_kvm_clock_ns();
    cpu->away_ns = 0;
    cpu->used_ns = 0;
    cpu->run->request_interrupt_window = run->want_window;
    __atomic_store_n(&cpu->running, hv_kvm_this_thread(), __ATOMIC_SEQ_CST);
    __atomic_store_n(&cpu->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&cpu->kicked, __ATOMIC_SEQ_CST))
        __atomic_store_n(&cpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
    return let_signal_through(cpu);
}

static void end(HvKvmCpu *cpu, HvCpuRun *run)
{
    run->used_ns = MAX(hv_kvm_used_ns(cpu, hv_kvm_clock_ns()), 1);
    /* When that much CPU time has passed, so has as much real time: the timer
     * has fired. A signal that comes when we are gone ends the next KVM_RUN, and
     * the guest is then entered again. */
    if (run->used_ns < run->budget_ns)
        hv_kvm_timer_disarm(&cpu->machine->timer);
    __atomic_store_n(&cpu->running, 0, __ATOMIC_SEQ_CST);
}

HvCpuExit hv_kvm_run(HvCpu *base, HvCpuRun *run)
{
    HvKvmCpu *cpu = (HvKvmCpu *)base;

    run->used_ns = 0;
    run->instructions = 0;
    run->error = HV_CPU_ERROR_NONE;
    if (cpu->phase == HV_KVM_FAILED)
        return hv_kvm_fail(cpu, run, HV_CPU_ERROR_HOST, HV_GPA(0));
    if (run->budget_ns == 0)
        return HV_CPU_BUDGET;

    HvCpuExit exit = begin(cpu, run) < 0 ? hv_kvm_fail(cpu, run, HV_CPU_ERROR_HOST, HV_GPA(0))
                                         : run_slice(cpu, run);
    end(cpu, run);
    return exit;
}

/* ---- Interrupts and kicks ----------------------------------------------- */

bool hv_kvm_interrupt(HvCpu *base, uint8_t vector)
{
    HvKvmCpu *cpu = (HvKvmCpu *)base;
    struct kvm_interrupt interrupt = {.irq = vector};

    if (cpu->phase == HV_KVM_UNFINISHED || (cpu->phase == HV_KVM_SETTLED && !cpu->window_known))
        hv_kvm_settle(cpu);
    if (cpu->phase != HV_KVM_SETTLED || !cpu->run->ready_for_interrupt_injection)
        return false;
    if (ioctl(cpu->fd, KVM_INTERRUPT, &interrupt) < 0) {
        cpu->phase = HV_KVM_FAILED;
        return false;
    }
    cpu->run->ready_for_interrupt_injection = 0; /* one at a time */
    return true;
}

void hv_kvm_kick(HvCpu *base)
{
    HvKvmCpu *cpu = (HvKvmCpu *)base;

    __atomic_store_n(&cpu->kicked, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&cpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);

    /* A signal handler has interrupted the guest already; another thread has not. */
    int thread = __atomic_load_n(&cpu->running, __ATOMIC_SEQ_CST);
    if (thread != 0 && thread != hv_kvm_this_thread())
        hv_kvm_signal_thread(thread);
}
