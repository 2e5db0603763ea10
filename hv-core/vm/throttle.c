/* SPDX-License-Identifier: GPL-2.0-or-later */
/* throttle.c: see throttle.h. */
#include "hv-core/vm/throttle.h"

#include "hv-core/vm/host-private.h"
#include "hv-core/vm/vcpu.h"

#define TOKEN ((int64_t)HV_NS_PER_SECOND)

/* ---- Buckets ---------------------------------------------------------------- */

/* What has come in since the last time; pCPUs' clocks differ, so now may be before it. */
static void fill(HvBucket *bucket, HvTime now)
{
    int64_t most = (int64_t)bucket->limit.burst * TOKEN;
    if (now <= bucket->filled)
        return;
    HvTime passed = now - bucket->filled;
    bucket->filled = now;
    if (passed >= (HvTime)(most - bucket->level) / bucket->limit.rate + 1)
        bucket->level = most;
    else
        bucket->level += (int64_t)(passed * bucket->limit.rate);
}

/* When there is a token. */
static HvTime token_at(const HvBucket *bucket, HvTime now)
{
    if (bucket->limit.rate == 0 || bucket->level >= TOKEN)
        return now;
    uint64_t missing = (uint64_t)(TOKEN - bucket->level);
    return bucket->filled + (missing + bucket->limit.rate - 1) / bucket->limit.rate;
}

/* When the VM may go on, and which limit it is that makes it wait longest. */
static HvTime free_at(HvVm *vm, HvTime now, HvThrottleKind *ret_kind)
{
    HvTime latest = now;
    for (unsigned kind = 0; kind < HV_THROTTLE_COUNT; kind++) {
        HvBucket *bucket = &vm->buckets[kind];
        if (bucket->limit.rate != 0)
            fill(bucket, now);
        HvTime at = token_at(bucket, now);
        if (at <= latest)
            continue;
        latest = at;
        *ret_kind = (HvThrottleKind)kind;
    }
    return latest;
}

void hv_throttle_count(HvVm *vm, HvThrottleKind kind, unsigned count, HvTime now)
{
    HvBucket *bucket = &vm->buckets[kind];
    if (bucket->limit.rate == 0)
        return;
    fill(bucket, now);
    bucket->level -= (int64_t)count * TOKEN;
}

void hv_throttle_set(HvVm *vm, HvThrottleKind kind, HvThrottle limit, HvTime now)
{
    HvHost *host = vm->host;
    limit.burst = MAX(limit.burst, 1);
    vm->buckets[kind] =
        (HvBucket){.limit = limit, .level = (int64_t)limit.burst * TOKEN, .filled = now};
    HV_REPORT(host, throttle_set, (HvStamp){now, HV_NO_PCPU}, vm->number, kind, limit);
    for (unsigned i = 0; i < vm->vcpu_count; i++)
        if (vm->vcpus[i].throttled)
            hv_throttle_wait(&vm->vcpus[i], now);
}

/* ---- vCPUs ------------------------------------------------------------------ */

void hv_throttle_check(HvVcpu *vcpu)
{
    HvVm *vm = vcpu->vm;
    HvTime now = vcpu->at.time;
    HvThrottleKind kind = 0;
    HvTime until = free_at(vm, now, &kind);
    if (until == now || vcpu->leave_to == HV_VCPU_HALTED || vcpu->leave_to == HV_VCPU_CRASHED)
        return;
    HV_REPORT(vm->host, throttled, vcpu->at, vm->number, vcpu->sched.vcpu, kind, until);
    hv_vcpu_leave(vcpu, HV_VCPU_BLOCKED, HV_WHY_THROTTLED);
}

void hv_throttle_wait(HvVcpu *vcpu, HvTime now)
{
    HvThrottleKind kind;
    vcpu->throttled = true;
    hv_event_queue_put(&vcpu->vm->host->events, &vcpu->throttle_end, free_at(vcpu->vm, now, &kind));
}

/* Its VM's other vCPUs may have taken what there was: then it waits for more. */
void hv_throttle_end_fires(HvEvent *event)
{
    HvVcpu *vcpu = (HvVcpu *)((char *)event - G_STRUCT_OFFSET(HvVcpu, throttle_end));
    HvThrottleKind kind;
    HvTime now = event->time;
    if (free_at(vcpu->vm, now, &kind) > now) {
        hv_throttle_wait(vcpu, now);
        return;
    }
    vcpu->throttled = false;
    if (vcpu->vm->state == HV_VM_RUNNING)
        hv_vcpu_make_ready(vcpu, HV_READY_WOKEN, HV_WHY_THROTTLED, now);
    else
        vcpu->held = true; /* until the VM is resumed */
}
