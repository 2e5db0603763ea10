/* SPDX-License-Identifier: GPL-2.0-or-later */
/* job.c: see job.h. */
#include "hv-core/vm/job.h"

#include "hv-core/vm/host-private.h"

/* Booting is a few hundred instructions and page faults. */
#define MAX_BOOT_RUNS 10000u
#define BOOT_RUN_NS   UINT64_C(1000000)

struct HvJob {
    HvJobConfig config;
    HvJobWait *waits;
    HvVcpu *vcpu;
    uint64_t release; /* the one at work, from 1 */
    HvTime released;  /* when that was due */
    bool done;        /* with it: waits for the next */
    unsigned burst;   /* of the release: the wait that follows it */
    HvTime left_ns;   /* of the burst */
    bool charged;     /* since the last dispatch */
    HvEvent wake, deadline;
};

/* ---- Bursts ----------------------------------------------------------------- */

static void begin_burst(HvJob *job)
{
    HvTime begin = job->burst > 0 ? job->waits[job->burst - 1].after_ns : 0;
    HvTime end = job->burst < job->config.wait_count ? job->waits[job->burst].after_ns
                                                     : job->config.length_ns;
    job->left_ns = end - begin;
    job->vcpu->sched.burst_ns = job->left_ns;
}

static void begin_release(HvJob *job, HvTime due, HvTime now)
{
    HvHost *host = job->vcpu->vm->host;
    job->release++;
    job->released = due;
    job->done = false;
    job->burst = 0;
    begin_burst(job);
    HvTime deadline =
        job->config.deadline_ns != 0 ? hv_time_add(due, job->config.deadline_ns) : HV_TIME_NEVER;
    job->vcpu->sched.deadline = deadline;
    if (deadline != HV_TIME_NEVER)
        hv_event_queue_put(&host->events, &job->deadline, MAX(deadline, now));
}

static void report_release(HvJob *job, HvStamp at)
{
    HvVcpu *vcpu = job->vcpu;
    HV_REPORT(vcpu->vm->host, job_released, at, vcpu->sched.vm, job->release, vcpu->sched.deadline);
}

static HvStamp host_stamp(HvTime now)
{
    return (HvStamp){now, HV_NO_PCPU};
}

/* ---- Timers ----------------------------------------------------------------- */

static void wake_fires(HvEvent *event)
{
    HvJob *job = (HvJob *)((char *)event - G_STRUCT_OFFSET(HvJob, wake));
    HvVcpu *vcpu = job->vcpu;
    if (job->done) {
        begin_release(job, event->time, event->time);
        report_release(job, host_stamp(event->time));
    } else {
        job->burst++;
        begin_burst(job);
    }
    if (vcpu->vm->state == HV_VM_RUNNING)
        hv_vcpu_make_ready(vcpu, HV_READY_WOKEN, HV_WHY_JOB_WAIT, event->time);
    else
        vcpu->held = true; /* until the VM is resumed */
}

/* Its last ns of work may lie just before its deadline: then it has met it, though
 * the pCPU has not got round to saying so. */
static bool has_finished(const HvJob *job)
{
    const HvVcpu *vcpu = job->vcpu;
    if (job->done)
        return true;
    bool last = job->burst == job->config.wait_count;
    return last && vcpu->pcpu != NULL && !job->charged &&
           vcpu->pcpu->clock - vcpu->sched.since >= job->left_ns;
}

static void deadline_fires(HvEvent *event)
{
    HvJob *job = (HvJob *)((char *)event - G_STRUCT_OFFSET(HvJob, deadline));
    HvVcpu *vcpu = job->vcpu;
    if (!has_finished(job))
        HV_REPORT(vcpu->vm->host, deadline_missed, host_stamp(event->time), vcpu->sched.vm,
                  job->release);
}

/* ---- Life ------------------------------------------------------------------- */

HvJob *hv_job_new(HvVcpu *vcpu, const HvJobConfig *config)
{
    HvJob *job = g_new0(HvJob, 1);
    job->config = *config;
    job->waits = g_memdup2(config->waits, config->wait_count * sizeof(*config->waits));
    job->vcpu = vcpu;
    job->wake.fire = wake_fires;
    job->deadline.fire = deadline_fires;
    begin_burst(job);
    return job;
}

void hv_job_stop(HvJob *job)
{
    HvHost *host = job->vcpu->vm->host;
    hv_event_queue_remove(&host->events, &job->wake);
    hv_event_queue_remove(&host->events, &job->deadline);
}

void hv_job_free(HvJob *job)
{
    if (job == NULL)
        return;
    hv_job_stop(job);
    g_free(job->waits);
    g_free(job);
}

/* Runs the guest, with time standing still, until it says that it has started. */
static bool boot(HvVcpu *vcpu)
{
    HvVm *vm = vcpu->vm;
    for (unsigned i = 0; i < MAX_BOOT_RUNS && !vm->started; i++) {
        vcpu->run = (HvCpuRun){.budget_ns = BOOT_RUN_NS};
        HvCpuExit exit = hv_cpu_run(vcpu->cpu, &vcpu->run);
        vcpu->cost_ns = 0;
        if (exit != HV_CPU_STOPPED && exit != HV_CPU_BUDGET)
            return false;
    }
    return vm->started;
}

bool hv_job_start(HvVcpu *vcpu, HvTime now)
{
    if (!boot(vcpu)) {
        HvWhy why = vcpu->vm->out_of_memory ? HV_WHY_OUT_OF_MEMORY : HV_WHY_UNSUPPORTED;
        hv_vm_end(vcpu->vm, HV_VM_CRASHED, why, now);
        return false;
    }
    begin_release(vcpu->job, now, now);
    report_release(vcpu->job, host_stamp(now));
    return true;
}

/* ---- Running ---------------------------------------------------------------- */

HvTime hv_job_begin(HvVcpu *vcpu)
{
    vcpu->job->charged = false;
    return hv_time_add(vcpu->pcpu->clock, vcpu->job->left_ns);
}

static void finish_release(HvVcpu *vcpu)
{
    HvJob *job = vcpu->job;
    HvStamp at = {vcpu->pcpu->clock, vcpu->pcpu->number};
    HvTime next = hv_time_add(job->released, job->config.period_ns);
    job->done = true;
    hv_event_queue_remove(&vcpu->vm->host->events, &job->deadline);
    HV_REPORT(vcpu->vm->host, job_done, at, vcpu->sched.vm, job->release);
    if (job->config.period_ns == 0 || job->release == job->config.releases) {
        hv_vcpu_evict(vcpu, HV_VCPU_HALTED, HV_WHY_JOB_DONE);
    } else if (next > at.time) {
        hv_vcpu_evict(vcpu, HV_VCPU_BLOCKED, HV_WHY_JOB_WAIT);
    } else { /* it is late: the next release has been waiting */
        begin_release(job, next, at.time);
        report_release(job, at);
        hv_vcpu_evict(vcpu, HV_VCPU_READY, HV_WHY_SLICE_END);
    }
}

void hv_job_charge(HvVcpu *vcpu)
{
    HvJob *job = vcpu->job;
    if (job->charged)
        return;
    job->charged = true;
    job->left_ns -= MIN(vcpu->pcpu->clock - vcpu->sched.since, job->left_ns);
    vcpu->sched.burst_ns = job->left_ns;
    if (job->left_ns > 0)
        return;
    vcpu->held = false; /* it waits for more than that its VM is resumed */
    if (job->burst < job->config.wait_count)
        hv_vcpu_evict(vcpu, HV_VCPU_BLOCKED, HV_WHY_JOB_WAIT);
    else
        finish_release(vcpu);
}

void hv_job_stay(HvVcpu *vcpu)
{
    if (!vcpu->job->charged)
        return;
    vcpu->job->charged = false;
    vcpu->sched.since = vcpu->pcpu->clock;
    vcpu->pcpu->slice_end = MIN(vcpu->pcpu->slice_end, hv_job_begin(vcpu));
}

void hv_job_wait(HvVcpu *vcpu, HvTime now)
{
    HvJob *job = vcpu->job;
    HvTime until = job->done ? hv_time_add(job->released, job->config.period_ns)
                             : hv_time_add(now, job->waits[job->burst].for_ns);
    hv_event_queue_put(&vcpu->vm->host->events, &job->wake, MAX(until, now));
}
