/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sync.c: what the vCPUs of one program use to wait for each other: spinlocks,
 * barriers, channels, and what the hypervisor says about time.
 *
 * A spinlock is right where waits are short: on a machine of one's own its holder
 * is running and will be through in a moment. On a virtual machine the hypervisor
 * may take the pCPU from the holder, and the others spin for whole slices: the
 * lock-holder preemption problem. spin_lock_politely() is one cure, made of what
 * the guest can do: after some rounds of its pause loop it asks whether the holder
 * runs, and yields if not. At a barrier it is the same with whoever has not come yet.
 *
 * A channel's reader does not spin, it sleeps: the hypervisor sees that and runs
 * somebody else.
 */
#include "hv-core/guest/user/user.h"

#define SPINS_BEFORE_LOOKING 64u

static const volatile HvTimeInfo *time_of(unsigned vcpu)
{
    return &boot_info()->time[vcpu < HV_BOOT_MAX_VCPUS ? vcpu : 0];
}

uint64_t steal_ns(unsigned vcpu)
{
    return time_of(vcpu)->steal_ns;
}

uint64_t run_ns(unsigned vcpu)
{
    return time_of(vcpu)->run_ns;
}

bool vcpu_runs(unsigned vcpu)
{
    return time_of(vcpu)->running != 0;
}

/* ---- Spinning -------------------------------------------------------------- */

static uint64_t rounds_spun[HV_BOOT_MAX_VCPUS]; /* by vCPU, in all */

/* Every pause loop goes round here: while *word is value, `most` times at most. The
 * function stays one, so that a round takes as long wherever it is called from. */
__attribute__((noinline)) static void spin(const volatile uint32_t *word, uint32_t value,
                                           uint32_t most)
{
    uint32_t rounds = 0;
    while (*word == value && rounds < most) {
        __asm__ volatile("pause");
        rounds++;
    }
    rounds_spun[vcpu_index() % HV_BOOT_MAX_VCPUS] += rounds;
}

uint64_t spins(unsigned vcpu)
{
    return rounds_spun[vcpu % HV_BOOT_MAX_VCPUS];
}

#define TRIES        5u
#define TRIAL_ROUNDS 4000u

/* The shortest of some trials: in none of the others was it left alone. */
uint64_t spin_round_ps(void)
{
    uint64_t least = FOREVER, before = spins(vcpu_index());
    for (unsigned i = 0; i < TRIES; i++) {
        uint32_t word = 0;
        uint64_t begin = now_ns();
        spin(&word, 0, TRIAL_ROUNDS);
        uint64_t took = now_ns() - begin;
        if (took < least)
            least = took;
    }
    rounds_spun[vcpu_index() % HV_BOOT_MAX_VCPUS] = before;
    return least * 1000 / TRIAL_ROUNDS;
}

/* ---- Spinlocks ------------------------------------------------------------- */

/* The number of the holder + 1, so that 0 means free. */
bool spin_try(SpinLock *lock)
{
    uint32_t none = 0;
    return __atomic_compare_exchange_n(&lock->holder, &none, vcpu_index() + 1, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void spin_lock(SpinLock *lock)
{
    while (!spin_try(lock)) {
        uint32_t holder = lock->holder;
        if (holder != 0)
            spin(&lock->holder, holder, UINT32_MAX);
    }
}

void spin_lock_politely(SpinLock *lock)
{
    while (!spin_try(lock)) {
        uint32_t holder = lock->holder;
        if (holder == 0)
            continue;
        spin(&lock->holder, holder, SPINS_BEFORE_LOOKING);
        if (lock->holder == holder && !vcpu_runs(holder - 1))
            yield();
    }
}

void spin_unlock(SpinLock *lock)
{
    __atomic_store_n(&lock->holder, 0, __ATOMIC_RELEASE);
}

/* ---- Barriers -------------------------------------------------------------- */

/* The last to arrive opens the barrier by counting up the round; false: it was not us. */
static bool arrive(Barrier *barrier, unsigned count, uint32_t round)
{
    if (__atomic_add_fetch(&barrier->arrived, 1, __ATOMIC_ACQ_REL) != count)
        return false;
    barrier->arrived = 0;
    __atomic_store_n(&barrier->round, round + 1, __ATOMIC_RELEASE);
    return true;
}

void barrier_wait(Barrier *barrier, unsigned count)
{
    uint32_t round = barrier->round;
    if (!arrive(barrier, count, round))
        while (barrier->round == round)
            spin(&barrier->round, round, UINT32_MAX);
}

static bool everybody_runs(void)
{
    for (unsigned i = 0; i < vcpu_count(); i++)
        if (!vcpu_runs(i))
            return false;
    return true;
}

void barrier_wait_politely(Barrier *barrier, unsigned count)
{
    uint32_t round = barrier->round;
    if (arrive(barrier, count, round))
        return;
    while (barrier->round == round) {
        spin(&barrier->round, round, SPINS_BEFORE_LOOKING);
        if (barrier->round == round && !everybody_runs())
            yield();
    }
}

/* ---- Channels -------------------------------------------------------------- */

/* Sleeps while *count is seen. The sleeper says so before it looks a last time (in the
 * kernel, see SYS_WAIT); the other one counts up before it looks whether somebody
 * sleeps. With a full fence between on both sides one of the two sees the other. */
static void sleep_while(volatile uint32_t *count, uint32_t seen, volatile uint32_t *asleep)
{
    *asleep = vcpu_index() + 1;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    wait(count, seen, FOREVER);
    *asleep = 0;
}

static void count_up(volatile uint32_t *count, const volatile uint32_t *asleep)
{
    __atomic_store_n(count, *count + 1, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    uint32_t sleeper = *asleep;
    if (sleeper != 0)
        wake(sleeper - 1);
}

void channel_send(Channel *channel, uint64_t message)
{
    for (uint32_t taken; channel->sent - (taken = channel->taken) == CHANNEL_MESSAGES;)
        sleep_while(&channel->taken, taken, &channel->writer_asleep);
    channel->messages[channel->sent % CHANNEL_MESSAGES] = message;
    count_up(&channel->sent, &channel->reader_asleep);
}

uint64_t channel_receive(Channel *channel)
{
    for (uint32_t sent; (sent = channel->sent) == channel->taken;)
        sleep_while(&channel->sent, sent, &channel->reader_asleep);
    uint64_t message = channel->messages[channel->taken % CHANNEL_MESSAGES];
    count_up(&channel->taken, &channel->writer_asleep);
    return message;
}
