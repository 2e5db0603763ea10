/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check.c: see check.h. Time goes from event to event: the end of a turn, the end
 * of a wait, a command, the policy's timer. */
#include "hv-core/sched/check.h"

#include <glib.h>
#include <string.h>

#include "hv-core/limits.h"

#define SLICE_NS          UINT64_C(1000000)
#define MAX_TIMERS_AT     1000u          /* at one instant */
#define LOST_AFTER_SLICES UINT64_C(2000) /* for each vCPU, once all else is over */

typedef enum { NEW, READY, RUNNING, WAITING, PAUSED, GONE } State;

typedef struct {
    HvSchedVcpu sched; /* first */
    State state;
    HvTime wakes;      /* WAITING */
    HvTime ready_at;   /* READY */
    HvTime burst_left; /* of computing */
    uint64_t style;    /* 0 computes on and on, 1 waits often, 2 yields, 3 a bit of all */
} Fake;

typedef struct {
    Fake *current; /* NULL: idle */
    HvTime turn_end, begun;
    bool leaves; /* told to make room */
    bool asks;   /* has to ask the policy */
} Cpu;

typedef struct {
    const HvPolicyCheck *check;
    const HvPolicyOps *ops;
    void *policy;
    HvPolicyParams params;
    HvSchedVcpu *running[HV_MAX_PCPUS];
    Cpu cpus[HV_MAX_PCPUS];
    Fake *fakes;
    HvTime now;
    uint64_t random;
    unsigned picks;
    bool draining;
    char *wrong;
} Machine;

static uint64_t chance(Machine *m, uint64_t below)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return m->random % below;
}

G_GNUC_PRINTF(2, 3)
static void fail(Machine *m, const char *format, ...)
{
    va_list args;
    if (m->wrong != NULL)
        return;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    m->wrong = g_strdup_printf(
        "%s (at %" G_GUINT64_FORMAT " ns, after %u decisions; %u vCPUs on %u "
        "pCPUs, seed %" G_GUINT64_FORMAT ")",
        what, m->now, m->picks, m->check->vcpu_count, m->check->pcpu_count, m->check->seed);
}

/* After each call of a hook. */
static void look(Machine *m)
{
    const char *broken = m->check->broken != NULL ? m->check->broken(m->check->user) : NULL;
    if (broken != NULL && m->wrong == NULL)
        m->wrong = g_strdup(broken);
}

/* ---- vCPUs -------------------------------------------------------------------- */

static HvTime random_burst(Machine *m, const Fake *fake)
{
    switch (fake->style) {
    case 0: return SLICE_NS * (1 + chance(m, 20));
    case 1: return 1 + chance(m, SLICE_NS / 4);
    case 2: return SLICE_NS - chance(m, SLICE_NS / 10); /* as if it gamed the scheduler */
    default: return 1 + chance(m, 3 * SLICE_NS);
    }
}

static HvSchedParams random_params(Machine *m)
{
    uint64_t all = UINT64_MAX >> (64 - m->params.pcpu_count);
    HvSchedParams params = {
        .weight = (uint32_t)(64u << chance(m, 5)),
        .priority = (uint32_t)chance(m, 4),
        .affinity = all,
    };
    if (m->check->affinities && chance(m, 3) == 0)
        params.affinity = UINT64_C(1) << chance(m, m->params.pcpu_count);
    if (m->check->caps && chance(m, 3) == 0)
        params.cap_ppm = (uint32_t)(100000 + chance(m, 800000));
    if (m->check->caps && chance(m, 3) == 0) {
        params.period_ns = SLICE_NS * (4 + chance(m, 8));
        params.slice_ns = params.period_ns / (2 + chance(m, 6));
    }
    return params;
}

static void make_ready(Machine *m, Fake *fake, HvReadyWhy why);

static void add_fakes(Machine *m)
{
    m->fakes = g_new0(Fake, m->check->vcpu_count);
    for (unsigned i = 0; i < m->check->vcpu_count; i++) {
        Fake *fake = &m->fakes[i];
        fake->sched = (HvSchedVcpu){
            .id = i,
            .vm = (uint16_t)(i / 3),
            .vcpu = (uint16_t)(i % 3),
            .params = random_params(m),
            .pcpu = HV_NO_PCPU,
            .last_pcpu = HV_NO_PCPU,
            .deadline = HV_TIME_NEVER,
        };
        fake->style = chance(m, 4);
        fake->burst_left = random_burst(m, fake);
        m->ops->add(m->policy, &fake->sched);
        look(m);
    }
    for (unsigned i = 0; i < m->check->vcpu_count; i++)
        make_ready(m, &m->fakes[i], HV_READY_NEW);
}

static void remove_fake(Machine *m, Fake *fake)
{
    fake->state = GONE;
    m->ops->remove(m->policy, &fake->sched);
    look(m);
}

/* ---- What the scheduler does ---------------------------------------------------- */

static void leave_now(Machine *m, unsigned pcpu)
{
    m->cpus[pcpu].leaves = true;
    m->running[pcpu] = NULL;
}

static bool ask_idle(Machine *m, const Fake *fake)
{
    bool any = false;
    for (unsigned i = 0; i < m->params.pcpu_count; i++)
        if (m->cpus[i].current == NULL && (fake == NULL || hv_sched_may_run(&fake->sched, i)))
            any = m->cpus[i].asks = true;
    return any;
}

static void make_ready(Machine *m, Fake *fake, HvReadyWhy why)
{
    fake->state = READY;
    fake->ready_at = m->now;
    m->ops->ready(m->policy, &fake->sched, why, m->now);
    look(m);
    if (ask_idle(m, fake) || m->ops->preempts == NULL || m->wrong != NULL)
        return;
    int pcpu = m->ops->preempts(m->policy, &fake->sched, m->now);
    look(m);
    if (pcpu < 0)
        return;
    if ((unsigned)pcpu >= m->params.pcpu_count || m->running[pcpu] == NULL)
        fail(m, "preempts() names pCPU %d, where nobody runs who could leave", pcpu);
    else if (!hv_sched_may_run(&fake->sched, (unsigned)pcpu))
        fail(m, "preempts() names pCPU %d, on which vCPU %u may not run", pcpu, fake->sched.id);
    else
        leave_now(m, (unsigned)pcpu);
}

/* The vCPU on this pCPU leaves it: its turn or burst is over, or it was told to. */
static void leave(Machine *m, unsigned pcpu)
{
    Cpu *cpu = &m->cpus[pcpu];
    Fake *fake = cpu->current;
    HvTime ran_ns = m->now - cpu->begun;
    *cpu = (Cpu){.asks = true};
    m->running[pcpu] = NULL;
    fake->sched.pcpu = HV_NO_PCPU;
    bool over = ran_ns >= fake->burst_left;
    bool early = !over && m->now < fake->wakes;
    fake->burst_left = over ? random_burst(m, fake) : fake->burst_left - ran_ns;
    m->ops->ran(m->policy, &fake->sched, ran_ns, m->now);
    look(m);
    if (m->draining) {
        remove_fake(m, fake);
    } else if (!over) {
        make_ready(m, fake, early ? HV_READY_PREEMPT : HV_READY_SLICE);
    } else if (fake->style == 2 || chance(m, 4) == 0) {
        make_ready(m, fake, HV_READY_YIELD);
    } else {
        fake->state = WAITING;
        fake->wakes = m->now + 1 + chance(m, 8 * SLICE_NS);
    }
}

/* Nobody may be ready for a pCPU that was left idle. */
static void check_idle(Machine *m, unsigned pcpu)
{
    if (m->ops->uses & (HV_USES_CAP | HV_USES_PERIOD))
        return;
    for (unsigned i = 0; i < m->check->vcpu_count; i++)
        if (m->fakes[i].state == READY && hv_sched_may_run(&m->fakes[i].sched, pcpu))
            fail(m, "pCPU %u is left idle while vCPU %u is ready", pcpu, i);
}

static void check_wait(Machine *m, const Fake *fake)
{
    HvTime most = m->ops->wait_slices * m->check->vcpu_count * SLICE_NS;
    bool held = (m->ops->uses & (HV_USES_CAP | HV_USES_PERIOD)) && m->check->caps;
    if (!m->ops->may_starve && !held && m->now - fake->ready_at > most)
        fail(m,
             "vCPU %u was ready for %" G_GUINT64_FORMAT
             " ns; the policy declares %" G_GUINT64_FORMAT " at most",
             fake->sched.id, m->now - fake->ready_at, most);
}

static Fake *known(Machine *m, const HvSchedVcpu *picked)
{
    for (unsigned i = 0; i < m->check->vcpu_count; i++)
        if (&m->fakes[i].sched == picked)
            return &m->fakes[i];
    return NULL;
}

static void pick(Machine *m, unsigned pcpu)
{
    HvSchedPick answer = {0};
    m->cpus[pcpu].asks = false;
    m->picks++;
    HvSchedVcpu *picked = m->ops->pick(m->policy, pcpu, m->now, &answer);
    look(m);
    if (m->wrong != NULL)
        return;
    if (picked == NULL) {
        check_idle(m, pcpu);
        return;
    }
    Fake *fake = known(m, picked);
    if (fake == NULL)
        fail(m, "pick() returns a vCPU that does not exist");
    else if (fake->state != READY)
        fail(m, "pick() returns vCPU %u, which is not ready", fake->sched.id);
    else if (!hv_sched_may_run(picked, pcpu))
        fail(m, "pick() returns vCPU %u for pCPU %u, on which it may not run", fake->sched.id,
             pcpu);
    else if (answer.slice_ns == 0)
        fail(m, "pick() grants vCPU %u a slice of 0 ns", fake->sched.id);
    if (m->wrong != NULL)
        return;
    check_wait(m, fake);
    HvTime most =
        answer.slice_ns < HV_TIME_NEVER - m->now ? m->now + answer.slice_ns : HV_TIME_NEVER;
    fake->wakes = most; /* the end of its slice, while it runs */
    m->cpus[pcpu] = (Cpu){.current = fake, .begun = m->now};
    m->cpus[pcpu].turn_end = MIN(most, m->now + fake->burst_left);
    fake->state = RUNNING;
    fake->sched.pcpu = fake->sched.last_pcpu = (uint16_t)pcpu;
    fake->sched.since = m->now;
    m->running[pcpu] = picked;
}

/* ---- Commands ----------------------------------------------------------------- */

static void random_command(Machine *m)
{
    Fake *fake = &m->fakes[chance(m, m->check->vcpu_count)];
    HvSchedParams before = fake->sched.params;
    switch (chance(m, 3)) {
    case 0: /* pause */
        if (fake->state != READY)
            return;
        fake->state = PAUSED;
        m->ops->unready(m->policy, &fake->sched, m->now);
        look(m);
        return;
    case 1: /* resume */
        if (fake->state == PAUSED)
            make_ready(m, fake, HV_READY_WOKEN);
        return;
    default: /* other parameters */
        if (fake->state == GONE || m->ops->changed == NULL)
            return;
        fake->sched.params = random_params(m);
        m->ops->changed(m->policy, &fake->sched, &before, m->now);
        look(m);
        if (fake->state == RUNNING && !hv_sched_may_run(&fake->sched, fake->sched.pcpu))
            leave_now(m, fake->sched.pcpu);
        ask_idle(m, NULL);
    }
}

/* ---- Time ---------------------------------------------------------------------- */

static HvTime policy_deadline(Machine *m)
{
    if (m->ops->deadline == NULL || m->wrong != NULL)
        return HV_TIME_NEVER;
    HvTime due = m->ops->deadline(m->policy);
    look(m);
    return due;
}

static void fire_timer(Machine *m)
{
    unsigned times = 0;
    while (m->wrong == NULL && policy_deadline(m) <= m->now) {
        if (++times > MAX_TIMERS_AT)
            fail(m, "timer() is due again and again at the same time");
        uint64_t mask = m->ops->timer(m->policy, m->now);
        look(m);
        for (unsigned i = 0; i < m->params.pcpu_count; i++)
            if (mask >> i & 1 && m->running[i] != NULL)
                leave_now(m, i);
        ask_idle(m, NULL);
    }
}

static HvTime next_time(Machine *m)
{
    HvTime next = policy_deadline(m);
    bool asleep = true;
    for (unsigned i = 0; i < m->params.pcpu_count; i++)
        if (m->cpus[i].current != NULL)
            next = MIN(next, m->cpus[i].turn_end);
    for (unsigned i = 0; i < m->check->vcpu_count; i++) {
        const Fake *fake = &m->fakes[i];
        asleep &= fake->state != READY && fake->state != RUNNING;
        if (fake->state == WAITING && !m->draining)
            next = MIN(next, fake->wakes);
    }
    if (asleep && policy_deadline(m) != HV_TIME_NEVER)
        fail(m, "deadline() names a time although nobody is ready or runs");
    return next;
}

static void wake_up(Machine *m)
{
    for (unsigned i = 0; i < m->check->vcpu_count; i++)
        if (m->fakes[i].state == WAITING && m->fakes[i].wakes <= m->now && m->wrong == NULL)
            make_ready(m, &m->fakes[i], HV_READY_WOKEN);
}

/* All that happens at this instant: the host first, then the pCPUs by number. */
static void instant(Machine *m)
{
    fire_timer(m);
    if (!m->draining)
        wake_up(m);
    if (!m->draining && m->wrong == NULL && chance(m, 16) == 0)
        random_command(m);
    for (unsigned i = 0; i < m->params.pcpu_count && m->wrong == NULL; i++) {
        Cpu *cpu = &m->cpus[i];
        if (cpu->current != NULL && (cpu->leaves || cpu->turn_end <= m->now))
            leave(m, i);
        if (cpu->current == NULL && cpu->asks && m->wrong == NULL)
            pick(m, i);
    }
}

static bool has_work(const Machine *m)
{
    for (unsigned i = 0; i < m->params.pcpu_count; i++)
        if ((m->cpus[i].current == NULL && m->cpus[i].asks) || m->cpus[i].leaves)
            return true;
    return false;
}

static void step(Machine *m)
{
    if (!has_work(m)) {
        HvTime next = next_time(m);
        if (next != HV_TIME_NEVER)
            m->now = MAX(m->now, next);
        else if (!m->draining && m->wrong == NULL)
            random_command(m); /* all are paused, say */
        m->picks += next == HV_TIME_NEVER;
    }
    if (m->wrong == NULL)
        instant(m);
}

/* Whoever is ready runs once more and is removed; nobody comes. */
static void drain(Machine *m)
{
    HvTime end = m->now + LOST_AFTER_SLICES * m->check->vcpu_count * SLICE_NS;
    m->draining = true;
    while (m->wrong == NULL && m->now < end && (has_work(m) || next_time(m) != HV_TIME_NEVER))
        step(m);
    for (unsigned i = 0; i < m->check->vcpu_count; i++) {
        Fake *fake = &m->fakes[i];
        if (fake->state == READY)
            fail(m, "vCPU %u is lost: it is ready, pCPUs are free, and it is not picked", i);
        if (m->wrong == NULL && fake->state != GONE)
            remove_fake(m, fake);
    }
}

char *hv_policy_check(const HvPolicyCheck *check)
{
    Machine *m = g_new0(Machine, 1);
    m->check = check;
    m->ops = check->ops;
    m->random = check->seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    m->params = (HvPolicyParams){
        .slice_ns = SLICE_NS,
        .pcpu_count = check->pcpu_count,
        .seed = check->seed,
        .levels = 3,
        .boost_ns = 100 * SLICE_NS,
        .accounting_ns = 3 * SLICE_NS,
        .running = m->running,
        .user = check->user,
    };
    m->policy = m->ops->create(&m->params);
    look(m);
    add_fakes(m);
    while (m->wrong == NULL && m->picks < check->rounds)
        step(m);
    if (m->wrong == NULL)
        drain(m);
    /* One that has gone wrong may not be able to take back its vCPUs in order. */
    if (m->wrong == NULL)
        m->ops->destroy(m->policy);
    char *wrong = m->wrong;
    g_free(m->fakes);
    g_free(m);
    return wrong;
}
