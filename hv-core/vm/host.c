/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host.c: the simulated machine and its main loop; see hv-core/host.h.
 *
 * hv_host_advance() makes one turn after the other. Whatever is earliest has
 * the turn: an event (a timer, or what one vCPU did to others) or the pCPU with
 * the lowest clock; at equal times the event, then the lowest pCPU. A pCPU's
 * turn is a decision (sched/dispatch.c) or a step: its vCPU runs until the
 * step's end or its first exit. The end is fixed when the step begins, so that
 * it does not depend on how far the caller wanted to go at that moment. A step
 * that meets the grant is suspended and has the turn again before all else.
 *
 * Nothing that a vCPU does reaches others before its time: pCPUs behind it get
 * there first, and their steps end where an event is due. pCPUs ahead of it
 * are so by the lookahead at most; they get it late, and the report says so.
 */
#include "hv-core/host.h"

#include "hv-core/vm/host-private.h"

#define MAX_CLOCK_HZ UINT64_C(1000000000000)

/* ---- Creation ----------------------------------------------------------- */

static bool check_config(const HvHostConfig *config, GError **error)
{
    const char *wrong = NULL;
    if (config->backend == NULL || config->policy == NULL || config->frame_ids == NULL)
        wrong = "a host needs a CPU backend, a policy and a counter of frames";
    else if (config->pcpu_count < 1 || config->pcpu_count > HV_MAX_PCPUS)
        wrong = "a host has 1 to " G_STRINGIFY(HV_MAX_PCPUS) " pCPUs";
    else if (config->clock_hz < 1 || config->clock_hz > MAX_CLOCK_HZ)
        wrong = "a clock rate is 1 Hz to 1 THz";
    else if (config->memory.trace_references && config->backend->least_run_ns > 0)
        wrong = "every reference to a page can be traced only where time is exact: emulated";
    else if (config->memory.replacement != NULL && config->memory.replacement->needs_future &&
             config->memory.future == NULL)
        wrong = "this replacement policy must be told the references to come";
    if (wrong != NULL)
        g_set_error_literal(error, HV_ERROR, HV_ERROR_INVALID, wrong);
    return wrong == NULL;
}

HvHost *hv_host_new(const HvHostConfig *config, GError **error)
{
    if (!check_config(config, error))
        return NULL;
    HvPool *pool = hv_pool_new(config->memory_frames, error);
    if (pool == NULL)
        return NULL;

    HvHost *host = g_new0(HvHost, 1);
    HvTime least = MAX(config->backend->least_run_ns, 1);
    host->config = *config;
    host->config.lookahead_ns = MAX(config->lookahead_ns, least);
    host->config.quantum_ns = MAX(config->quantum_ns, least);
    host->config.policy_params.pcpu_count = config->pcpu_count;
    host->instruction_ns = (HV_NS_PER_SECOND + config->clock_hz - 1) / config->clock_hz;
    host->pool = pool;
    host->in_hand = HV_FRAME_NONE;
    host->vms = g_ptr_array_new_with_free_func((GDestroyNotify)hv_vm_free);
    host->config.policy_params.running = host->on_pcpu;
    host->policy = config->policy->create(&host->config.policy_params);
    host->policy_timer.fire = hv_dispatch_timer_fires;
    host->policy_due = HV_TIME_NEVER;
    hv_event_queue_init(&host->events);
    g_queue_init(&host->spare_posts);
    g_queue_init(&host->frames);
    g_queue_init(&host->controls);
    for (unsigned i = 0; i < config->pcpu_count; i++)
        host->pcpus[i] = (HvPcpu){.number = (uint16_t)i, .idle = true};
    if (!hv_host_init_memory(host, error))
        g_clear_pointer(&host, hv_host_free);
    return host;
}

static void free_posts(HvHost *host)
{
    HvEvent *event;
    hv_event_queue_remove(&host->events, &host->sample);
    hv_event_queue_remove(&host->events, &host->scan);
    hv_event_queue_remove(&host->events, &host->period);
    hv_event_queue_remove(&host->events, &host->balance);
    hv_event_queue_remove(&host->events, &host->statistics);
    hv_event_queue_remove(&host->events, &host->frames_came);
    while ((event = hv_event_queue_take(&host->events)) != NULL)
        g_free(event); /* the VMs have taken their timers out */
    g_queue_clear_full(&host->spare_posts, g_free);
}

void hv_host_free(HvHost *host)
{
    if (host == NULL)
        return;
    g_ptr_array_unref(host->vms);
    hv_event_queue_remove(&host->events, &host->policy_timer);
    free_posts(host);
    hv_event_queue_clear(&host->events);
    host->config.policy->destroy(host->policy);
    g_queue_clear_full(&host->frames, g_free);
    g_queue_clear_full(&host->controls, g_free);
    hv_host_clear_memory(host);
    hv_pool_free(host->pool);
    g_free(host);
}

HvVm *hv_host_add_vm(HvHost *host, const HvVmConfig *config, HvTime now, GError **error)
{
    if (host->vms->len >= HV_MAX_VMS) {
        g_set_error(error, HV_ERROR, HV_ERROR_INVALID, "a host has at most %u VMs", HV_MAX_VMS);
        return NULL;
    }
    hv_host_begin_input(host, now);
    HvVm *vm = hv_vm_new(host, (uint16_t)host->vms->len, config, now, error);
    host->newcomer = NULL;
    if (vm != NULL)
        g_ptr_array_add(host->vms, vm);
    return vm;
}

HvVm *hv_host_vm(HvHost *host, unsigned vm)
{
    return vm < host->vms->len ? g_ptr_array_index(host->vms, vm) : NULL;
}

/* ---- Posts -------------------------------------------------------------- */

static void post_fires(HvEvent *event)
{
    HvPost *post = (HvPost *)event;
    if (post->vcpu != NULL)
        hv_vcpu_raise(post->vcpu, post->vector, post->frame_id, (HvStamp){event->time, HV_NO_PCPU});
    else
        hv_vm_end(post->vm, post->vm_state, post->why, event->time);
    g_queue_push_head(&post->vm->host->spare_posts, post);
}

void hv_host_post(HvHost *host, const HvPost *post, HvTime when)
{
    HvPost *queued = g_queue_pop_head(&host->spare_posts);
    if (queued == NULL)
        queued = g_new(HvPost, 1);
    *queued = *post;
    queued->event = (HvEvent){.fire = post_fires};
    hv_event_queue_put(&host->events, &queued->event, when);
}

/* ---- Time --------------------------------------------------------------- */

HvTime hv_host_deadline(const HvHost *host)
{
    return MIN(hv_dispatch_lowest_clock(host, NULL), hv_event_queue_time(&host->events));
}

HvTime hv_host_quiet_since(const HvHost *host)
{
    HvTime latest = host->now;
    for (unsigned i = 0; i < host->config.pcpu_count; i++)
        latest = MAX(latest, host->pcpus[i].clock);
    return latest;
}

void hv_host_begin_input(HvHost *host, HvTime now)
{
    g_assert(now >= host->now && now <= hv_dispatch_lowest_clock(host, NULL));
    host->now = now;
    host->suspended = NULL;
}

bool hv_host_has_output(const HvHost *host)
{
    return host->frames.head != NULL || host->controls.head != NULL;
}

static HvTime output_time(const HvHost *host)
{
    const HvOutFrame *frame = host->frames.head != NULL ? host->frames.head->data : NULL;
    const HvOutControl *control = host->controls.head != NULL ? host->controls.head->data : NULL;
    return MIN(frame != NULL ? frame->time : HV_TIME_NEVER,
               control != NULL ? control->time : HV_TIME_NEVER);
}

static HvTime time_reached(const HvHost *host, HvTime limit)
{
    return MIN(limit, MIN(hv_host_deadline(host), output_time(host)));
}

/* The guard against guests (or policies) with which time does not go on. */
static void count_step(HvHost *host, HvTime now)
{
    if (now != host->instant)
        host->steps_at_instant = 0;
    host->instant = now;
    host->stuck = ++host->steps_at_instant > HV_MAX_STEPS_AT_ONE_INSTANT;
}

void hv_host_set_lookahead(HvHost *host, HvTime lookahead_ns)
{
    HvTime least = MAX(host->config.backend->least_run_ns, 1);

    host->config.lookahead_ns = MAX(lookahead_ns, least);
}

bool hv_host_stuck(const HvHost *host)
{
    return host->stuck;
}

/* ---- Steps -------------------------------------------------------------- */

/* Always later than the pCPU's clock, see turn(). */
static HvTime step_end(const HvHost *host, const HvPcpu *pcpu, HvTime horizon)
{
    HvTime others = hv_dispatch_lowest_clock(host, pcpu);
    HvTime ahead = host->config.lookahead_ns;
    if (pcpu->current->vm->runnable > 1)
        ahead = MIN(ahead, host->config.quantum_ns);
    HvTime end = MIN(pcpu->slice_end, hv_time_add(others, ahead));
    return MIN(end, MIN(horizon, hv_event_queue_time(&host->events)));
}

/* Runs the step that a pCPU has begun; false: it is suspended. */
static bool run_step(HvHost *host, HvPcpu *pcpu, HvTime horizon, HvTime grant)
{
    HvTime end = MIN(pcpu->step_end, horizon);
    HvTime until = MIN(end, grant);
    HvRunResult result = HV_RUN_UNTIL;
    host->suspended = NULL;
    if (pcpu->clock < until)
        result = hv_vcpu_run(pcpu->current, until);
    if (result == HV_RUN_KICKED || (result == HV_RUN_UNTIL && until < end)) {
        pcpu->step_end = end;
        host->suspended = pcpu;
        return false;
    }
    if (result == HV_RUN_UNTIL)
        hv_vcpu_end_step(pcpu->current, end);
    return true;
}

static bool begin_step(HvHost *host, HvPcpu *pcpu, HvTime horizon, HvTime grant)
{
    pcpu->step_end = step_end(host, pcpu, horizon);
    hv_vcpu_begin_step(pcpu->current);
    return run_step(host, pcpu, horizon, grant);
}

static void fire_event(HvHost *host)
{
    HvEvent *event = hv_event_queue_take(&host->events);
    host->now = event->time;
    event->fire(event);
}

/* One turn of whatever is earliest; false: nothing may be done before the limit. */
static bool turn(HvHost *host, HvTime horizon, HvTime grant)
{
    if (host->suspended != NULL)
        return run_step(host, host->suspended, horizon, grant);

    HvTime limit = MIN(horizon, grant);
    HvPcpu *pcpu = hv_dispatch_next(host);
    HvTime clock = pcpu != NULL ? pcpu->clock : HV_TIME_NEVER;
    HvTime event = hv_event_queue_time(&host->events);
    if (event <= clock) {
        if (event > limit || event == HV_TIME_NEVER)
            return false;
        count_step(host, event);
        fire_event(host);
        return true;
    }
    if (clock >= limit)
        return false;
    count_step(host, clock);
    if (!hv_dispatch_pending(pcpu))
        return begin_step(host, pcpu, horizon, grant);
    hv_dispatch(host, pcpu);
    return true;
}

HvTime hv_host_advance(HvHost *host, HvTime horizon, HvTime grant)
{
    while (!host->stuck && !host->kicked && !hv_host_has_output(host))
        if (!turn(host, horizon, grant))
            break;
    host->kicked = 0;
    return time_reached(host, MIN(horizon, grant));
}

void hv_host_kick(HvHost *host)
{
    host->kicked = 1;
    HvCpu *running = host->running;
    if (running != NULL)
        running->backend->kick(running);
}

/* ---- Outputs and state -------------------------------------------------- */

HvOutFrame *hv_host_take_frame(HvHost *host)
{
    return g_queue_pop_head(&host->frames);
}

HvOutControl *hv_host_take_control(HvHost *host)
{
    return g_queue_pop_head(&host->controls);
}

HvPcpuStats hv_host_pcpu_stats(const HvHost *host, unsigned number, HvTime now)
{
    g_return_val_if_fail(number < host->config.pcpu_count, (HvPcpuStats){0});
    const HvPcpu *pcpu = &host->pcpus[number];
    HvTime busy = pcpu->busy_ns;
    if (pcpu->current != NULL)
        busy += pcpu->clock - pcpu->dispatched_at;
    return (HvPcpuStats){
        .busy_ns = busy,
        .idle_ns = now > busy ? now - busy : 0,
        .switches = pcpu->switches,
    };
}
