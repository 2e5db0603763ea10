/* SPDX-License-Identifier: GPL-2.0-or-later */
/* entitlement.c: see entitlement.h. All in integers: the virtual clock counts in
 * 2^-24 ns for a weight of 1. */
#include "sim/model/entitlement.h"

#define CLOCK_SHIFT 24
#define MOST_SLOW   512u /* vCPUs for which speeds are worked out one by one */

static SimModelHost *host_of(SimModel *model, const SimModelVm *vm)
{
    return vm->host < model->hosts->len ? model->hosts->pdata[vm->host] : NULL;
}

/* Does somebody's speed limit bind, as far as can be seen without looking at all? */
static bool is_limited(const SimModelHost *host)
{
    return host->runnable <= MOST_SLOW && (host->has_caps || host->runnable <= host->pcpus ||
                                           host->largest_weight * host->pcpus > host->weight);
}

/* ---- One by one ------------------------------------------------------------ */

/* What a vCPU gets at most of `elapsed`. */
static uint64_t limit(const SimModelVcpu *vcpu, uint64_t elapsed)
{
    if (vcpu->cap_ppm == 0 || vcpu->cap_ppm >= 1000000)
        return elapsed;
    return (uint64_t)((unsigned __int128)elapsed * vcpu->cap_ppm / 1000000);
}

/* Divides by weight; whoever would get more than its limit gets that, and the rest
 * share what is left, until nobody does. */
static void divide(SimModelVcpu **vcpus, unsigned count, uint64_t all, uint64_t elapsed)
{
    for (bool again = true; again && count > 0;) {
        uint64_t weight = 0, given = 0;
        unsigned left = 0;

        again = false;
        for (unsigned i = 0; i < count; i++)
            weight += vcpus[i]->weight;
        for (unsigned i = 0; i < count; i++) {
            uint64_t fair = (uint64_t)((unsigned __int128)all * vcpus[i]->weight / weight);

            if (fair >= limit(vcpus[i], elapsed)) {
                vcpus[i]->entitled_ns += limit(vcpus[i], elapsed);
                given += limit(vcpus[i], elapsed);
                again = true;
            } else {
                vcpus[left++] = vcpus[i];
            }
        }
        all -= given;
        count = left;
        if (!again)
            for (unsigned i = 0; i < count; i++)
                vcpus[i]->entitled_ns +=
                    (uint64_t)((unsigned __int128)all * vcpus[i]->weight / weight);
    }
}

static void advance_slowly(SimModel *model, const SimModelHost *host, uint64_t elapsed)
{
    g_autofree SimModelVcpu **vcpus = g_new(SimModelVcpu *, host->runnable + 1);
    unsigned count = 0;

    for (guint v = 0; v < model->vms->len; v++) {
        SimModelVm *vm = model->vms->pdata[v];

        for (unsigned i = 0; i < vm->vcpu_count && host_of(model, vm) == host; i++)
            if (vm->vcpus[i].wants && count < host->runnable)
                vcpus[count++] = &vm->vcpus[i];
    }
    divide(vcpus, count, elapsed * host->pcpus, elapsed);
}

/* ---- The clock --------------------------------------------------------------- */

static void advance(SimModel *model, SimModelHost *host, uint64_t now)
{
    uint64_t elapsed = now - host->entitled_until;

    host->entitled_until = now;
    if (elapsed == 0 || host->runnable == 0)
        return;
    if (is_limited(host))
        advance_slowly(model, host, elapsed);
    else
        host->ideal_clock +=
            ((unsigned __int128)elapsed * host->pcpus << CLOCK_SHIFT) / host->weight;
}

static void settle(const SimModelHost *host, SimModelVcpu *vcpu)
{
    vcpu->entitled_ns +=
        (uint64_t)((host->ideal_clock - vcpu->ideal_mark) * vcpu->weight >> CLOCK_SHIFT);
    vcpu->ideal_mark = host->ideal_clock;
}

void sim_entitle_join(SimModel *model, SimModelVm *vm, SimModelVcpu *vcpu, uint64_t now)
{
    SimModelHost *host = host_of(model, vm);

    if (!host || vcpu->wants || vcpu->weight == 0)
        return;
    advance(model, host, now);
    vcpu->wants = true;
    vcpu->ideal_mark = host->ideal_clock;
    host->runnable++;
    host->weight += vcpu->weight;
}

void sim_entitle_leave(SimModel *model, SimModelVm *vm, SimModelVcpu *vcpu, uint64_t now)
{
    SimModelHost *host = host_of(model, vm);

    if (!host || !vcpu->wants)
        return;
    advance(model, host, now);
    settle(host, vcpu);
    vcpu->wants = false;
    host->runnable--;
    host->weight -= vcpu->weight;
}

void sim_entitle_change(SimModel *model, SimModelVm *vm, SimModelVcpu *vcpu, uint32_t weight,
                        uint32_t cap_ppm, uint64_t now)
{
    SimModelHost *host = host_of(model, vm);
    bool wants = vcpu->wants;

    if (!host)
        return;
    if (wants)
        sim_entitle_leave(model, vm, vcpu, now);
    vcpu->weight = weight;
    vcpu->cap_ppm = cap_ppm;
    host->largest_weight = MAX(host->largest_weight, weight);
    host->has_caps |= cap_ppm != 0;
    if (wants)
        sim_entitle_join(model, vm, vcpu, now);
}

void sim_entitle_settle(SimModel *model, uint64_t now)
{
    for (guint h = 0; h < model->hosts->len; h++)
        advance(model, model->hosts->pdata[h], now);
    for (guint v = 0; v < model->vms->len; v++) {
        SimModelVm *vm = model->vms->pdata[v];
        SimModelHost *host = host_of(model, vm);

        for (unsigned i = 0; host && i < vm->vcpu_count; i++)
            if (vm->vcpus[i].wants)
                settle(host, &vm->vcpus[i]);
    }
}
