/* SPDX-License-Identifier: GPL-2.0-or-later */
/* result-cpu.c: see result-cpu.h. */
#include "sim/export/result-cpu.h"

static void add_number(json_object *object, const char *key, uint64_t value)
{
    json_object_object_add(object, key, json_object_new_uint64(value));
}

/* null when it has not happened */
static void add_if(json_object *object, const char *key, bool known, uint64_t value)
{
    json_object_object_add(object, key, known ? json_object_new_uint64(value) : NULL);
}

static uint64_t longest_wait(const SimModel *model, const SimModelVcpu *vcpu)
{
    uint64_t now = vcpu->state == SIM_VCPU_READY ? model->time - vcpu->since : 0;

    return MAX(vcpu->longest_wait_ns, now);
}

static uint64_t longest_run(const SimModel *model, const SimModelVcpu *vcpu)
{
    uint64_t now = vcpu->state == SIM_VCPU_RUNNING ? model->time - vcpu->since : 0;

    return MAX(vcpu->longest_run_ns, now);
}

void sim_result_vcpu(json_object *row, const SimModel *model, const SimModelVcpu *vcpu)
{
    uint64_t waiting = sim_model_vcpu_ns(vcpu, SIM_VCPU_READY, model->time);

    add_if(row, "arrival_ns", vcpu->arrived, vcpu->arrival_ns);
    add_if(row, "first_run_ns", vcpu->has_run, vcpu->first_run_ns);
    add_if(row, "end_ns", vcpu->ended, vcpu->end_ns);
    add_if(row, "response_ns", vcpu->has_run, vcpu->first_run_ns - vcpu->arrival_ns);
    add_if(row, "turnaround_ns", vcpu->ended, vcpu->end_ns - vcpu->arrival_ns);
    add_number(row, "waiting_ns", waiting);
    add_number(row, "longest_wait_ns", longest_wait(model, vcpu));
    add_number(row, "wake_wait_ns", vcpu->wake_wait_ns);
    add_number(row, "longest_run_ns", longest_run(model, vcpu));
    add_number(row, "entitled_ns", vcpu->entitled_ns);
    add_number(row, "steal_ns", waiting);
    add_number(row, "migrations", vcpu->migrations);
}

uint64_t sim_jain_ppm(const SimModel *model)
{
    double sum = 0, squares = 0;
    unsigned count = 0;

    for (unsigned v = 0; v < model->vms->len; v++) {
        const SimModelVm *vm = sim_model_vm(model, v);

        for (unsigned i = 0; i < vm->vcpu_count; i++) {
            const SimModelVcpu *vcpu = &vm->vcpus[i];
            uint64_t ran = sim_model_vcpu_ns(vcpu, SIM_VCPU_RUNNING, model->time);

            if (vcpu->entitled_ns == 0)
                continue;
            sum += (double)ran / (double)vcpu->entitled_ns;
            squares +=
                (double)ran / (double)vcpu->entitled_ns * (double)ran / (double)vcpu->entitled_ns;
            count++;
        }
    }
    return squares > 0 ? (uint64_t)(sum * sum / (count * squares) * 1e6 + 0.5) : 1000000;
}

typedef struct {
    uint64_t switches, migrations, preemptions, longest_wait_ns, missed;
} Sums;

static Sums sum_up(const SimModel *model)
{
    Sums sums = {0};

    for (unsigned i = 0; i < model->pcpus->len; i++)
        sums.switches += sim_model_pcpu(model, i)->switches;
    for (unsigned v = 0; v < model->vms->len; v++) {
        const SimModelVm *vm = sim_model_vm(model, v);

        sums.missed += vm->job.missed;
        for (unsigned i = 0; i < vm->vcpu_count; i++) {
            sums.migrations += vm->vcpus[i].migrations;
            sums.preemptions += vm->vcpus[i].preemptions;
            sums.longest_wait_ns = MAX(sums.longest_wait_ns, longest_wait(model, &vm->vcpus[i]));
        }
    }
    return sums;
}

void sim_result_throttle(json_object *row, const SimModel *model, const SimModelVm *vm)
{
    const SimModelThrottle *exits = &vm->throttles[SIM_THROTTLE_EXITS];
    const SimModelThrottle *operations = &vm->throttles[SIM_THROTTLE_DEVICE_OPERATIONS];
    json_object *throttle = json_object_new_object();
    uint64_t waited_ns = vm->throttled_ns;

    for (unsigned i = 0; i < vm->vcpu_count; i++)
        if (vm->vcpus[i].state == SIM_VCPU_BLOCKED && vm->vcpus[i].why == SIM_WHY_THROTTLED)
            waited_ns += model->time - vm->vcpus[i].since;
    add_number(throttle, "exits", exits->times);
    add_number(throttle, "device_operations", operations->times);
    add_number(throttle, "exits_rate", exits->rate);
    add_number(throttle, "device_operations_rate", operations->rate);
    add_number(throttle, "waited_ns", waited_ns);
    json_object_object_add(row, "throttle", throttle);
}

json_object *sim_result_scheduler(const SimModel *model)
{
    json_object *result = json_object_new_object();
    const SimModelHost *host = model->hosts->len ? model->hosts->pdata[0] : NULL;
    Sums sums = sum_up(model);

    json_object_object_add(result, "policy", json_object_new_string(host ? host->policy : ""));
    add_number(result, "slice_ns", host ? host->slice_ns : 0);
    add_number(result, "jain_ppm", sim_jain_ppm(model));
    add_number(result, "switches", sums.switches);
    add_number(result, "migrations", sums.migrations);
    add_number(result, "preemptions", sums.preemptions);
    add_number(result, "longest_wait_ns", sums.longest_wait_ns);
    add_number(result, "deadlines_missed", sums.missed);
    return result;
}

static json_object *job_row(const SimModel *model, const SimModelVm *vm, uint64_t length_ns)
{
    json_object *row = json_object_new_object();
    const SimModelVcpu *vcpu = &vm->vcpus[0];
    const SimModelJob *job = &vm->job;

    json_object_object_add(row, "name", json_object_new_string(vm->name));
    add_if(row, "arrival_ns", vcpu->arrived, vcpu->arrival_ns);
    add_if(row, "first_run_ns", vcpu->has_run, vcpu->first_run_ns);
    add_if(row, "completion_ns", job->done > 0, job->done_ns);
    add_if(row, "response_ns", vcpu->has_run, vcpu->first_run_ns - vcpu->arrival_ns);
    add_if(row, "turnaround_ns", job->done > 0, job->done_ns - vcpu->arrival_ns);
    add_number(row, "waiting_ns", sim_model_vcpu_ns(vcpu, SIM_VCPU_READY, model->time));
    add_number(row, "length_ns", length_ns);
    add_number(row, "releases", job->releases);
    add_number(row, "done", job->done);
    add_number(row, "deadlines_missed", job->missed);
    add_number(row, "worst_response_ns", job->worst_ns);
    return row;
}

json_object *sim_result_jobs(const SimResultInput *input)
{
    json_object *rows = json_object_new_array();
    const SimModel *model = input->at_end ? input->at_end : input->model;

    for (size_t i = 0; i < input->scenario->vm_count; i++) {
        const SimScenarioVm *config = &input->scenario->vms[i];
        const SimModelVm *vm = sim_model_vm(model, (unsigned)i);

        if (config->job && vm && vm->vcpu_count > 0)
            json_object_array_add(
                rows, job_row(model, vm, input->scenario->jobs[config->job - 1].length_ns));
    }
    return rows;
}
