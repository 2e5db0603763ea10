/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sync.c: what the vCPUs of one program use to wait for each other: spinlocks,
 * a barrier, and what the hypervisor says about time.
 *
 * A spinlock is right where waits are short: on a machine of one's own its holder
 * is running and will be through in a moment. On a virtual machine the hypervisor
 * may take the pCPU from the holder, and the others spin for whole slices: the
 * lock-holder preemption problem. spin_lock_politely() is one cure, made of what
 * the guest can do: it asks whether the holder runs, and yields if not.
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

/* The number of the holder + 1, so that 0 means free. */
bool spin_try(SpinLock *lock)
{
    uint32_t none = 0;
    return __atomic_compare_exchange_n(&lock->holder, &none, vcpu_index() + 1, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void spin_lock(SpinLock *lock)
{
    while (!spin_try(lock))
        while (lock->holder != 0)
            __asm__ volatile("pause");
}

void spin_lock_politely(SpinLock *lock)
{
    while (!spin_try(lock)) {
        for (unsigned i = 0; i < SPINS_BEFORE_LOOKING && lock->holder != 0; i++)
            __asm__ volatile("pause");
        uint32_t holder = lock->holder;
        if (holder != 0 && !vcpu_runs(holder - 1))
            yield();
    }
}

void spin_unlock(SpinLock *lock)
{
    __atomic_store_n(&lock->holder, 0, __ATOMIC_RELEASE);
}

/* The last to arrive opens the barrier by counting up the round. */
void barrier_wait(Barrier *barrier, unsigned count)
{
    uint32_t round = barrier->round;
    if (__atomic_add_fetch(&barrier->arrived, 1, __ATOMIC_ACQ_REL) == count) {
        barrier->arrived = 0;
        __atomic_store_n(&barrier->round, round + 1, __ATOMIC_RELEASE);
        return;
    }
    while (barrier->round == round)
        __asm__ volatile("pause");
}
