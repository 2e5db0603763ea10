/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table-sched.c: the keys about CPU time: the scheduler, what a vCPU may have of
 * its own, jobs, and the command that changes it all. A job becomes a VM of its
 * own, behind those of "vms". */
#include <string.h>

#include "sim/scenario/reader.h"
#include "sim/scenario/table-private.h"

/* ---- The scheduler ---------------------------------------------------------- */

static const SimKey scheduler_keys[] = {
    {"policy", SIM_KEY_POLICY, .preset = "\"rr\"", FIELD(SimScenarioScheduler, policy),
     .meaning = "The scheduling policy; hvlab policy list says which there are."},
    {"slice", DURATION, .preset = "\"10ms\"", .min = US, .max = 10 * SECOND,
     FIELD(SimScenarioScheduler, slice_ns),
     .meaning = "How long a vCPU may run before another one gets its turn."},
    {"levels", SIM_KEY_INTEGER, .preset = "3", .min = 1, .max = 64,
     FIELD(SimScenarioScheduler, levels), .meaning = "mlfq: how many queues."},
    {"slice_doubles", SIM_KEY_BOOL, .preset = "false", FIELD(SimScenarioScheduler, slice_doubles),
     .meaning = "mlfq: each lower queue has twice the slice of the one above."},
    {"allotment", DURATION, .never = true, .preset = "\"0ns\"", .min = 0, .max = 10 * SECOND,
     FIELD(SimScenarioScheduler, allotment_ns),
     .meaning =
         "mlfq: CPU time at a level before a vCPU goes down; 0ns: one slice; never: only who "
         "uses a whole slice at once goes down (and so the policy can be gamed)."},
    {"boost", DURATION, .never = true, .preset = "\"never\"", .min = US, .max = 3600 * SECOND,
     FIELD(SimScenarioScheduler, boost_ns),
     .meaning = "mlfq: how often everybody goes back to the top."},
    {"accounting", DURATION, .preset = "\"30ms\"", .min = 10 * US, .max = 10 * SECOND,
     FIELD(SimScenarioScheduler, accounting_ns),
     .meaning = "credit: how often credits are given out."},
    {"latency", DURATION, .preset = "\"0ns\"", .min = 0, .max = 10 * SECOND,
     FIELD(SimScenarioScheduler, latency_ns),
     .meaning = "cfs: the time in which everybody shall have a turn; 0ns: eight slices."},
    {NULL}};
const SimObject sim_scheduler_object = {"an object", scheduler_keys, sizeof(SimScenarioScheduler),
                                        NO_KIND};

/* ---- What a vCPU has of its own ---------------------------------------------- */

#define WEIGHT_KEY(type, field, p)                                                                 \
    {                                                                                              \
        "weight", SIM_KEY_INTEGER, .preset = p, .min = 1, .max = 65536, FIELD(type, field),        \
                                   .meaning = "Share of CPU time in relation to others."           \
    }
#define PRIORITY_KEY(type, field, p)                                                               \
    {                                                                                              \
        "priority", SIM_KEY_INTEGER, .preset = p, .min = 0, .max = 1000, FIELD(type, field),       \
                                     .meaning = "Larger runs first, where the policy has it."      \
    }
#define SCHED_KEYS(type, prefix)                                                                   \
    WEIGHT_KEY(type, prefix weight, NULL), PRIORITY_KEY(type, prefix priority, NULL),              \
        {"cap",                                                                                    \
         SHARE,                                                                                    \
         .min = 0,                                                                                 \
         .max = 1600 * PERCENT,                                                                    \
         FIELD(type, prefix cap_ppm),                                                              \
         .meaning = "Most CPU time, of one pCPU; 0%: no cap."},                                    \
        {"reservation",                                                                            \
         SHARE,                                                                                    \
         .min = 0,                                                                                 \
         .max = 1600 * PERCENT,                                                                    \
         FIELD(type, prefix reservation_ppm),                                                      \
         .meaning = "Least CPU time while it wants to run, of one pCPU."},                         \
        {"affinity", SIM_KEY_PCPUS, FIELD(type, prefix affinity),                                  \
         .meaning = "Numbers of the pCPUs that it may run on; []: any."},                          \
        {"period",                                                                                 \
         DURATION,                                                                                 \
         .min = 0,                                                                                 \
         .max = 3600 * SECOND,                                                                     \
         FIELD(type, prefix period_ns),                                                            \
         .meaning = "sedf: it has its budget once in this time; 0ns: no budget."},                 \
    {                                                                                              \
        "slice", DURATION,                                                                         \
            .min = 0, .max = 3600 * SECOND, FIELD(type, prefix slice_ns),                          \
            .meaning = "Its own slice; sedf: its budget per period. 0ns: the scheduler's."         \
    }

static const SimKey vcpu_keys[] = {SCHED_KEYS(SimScenarioSched, ), {NULL}};
const SimObject sim_vcpu_sched_object = {"an object", vcpu_keys, sizeof(SimScenarioSched), NO_KIND};

/* ---- The command --------------------------------------------------------------- */

static const SimKey set_scheduling_keys[] = {
    {"at", DURATION, .preset = "\"0ns\"", .min = 0, .max = 3600 * SECOND, FIELD(SimCommand, at_ns),
     .meaning = "When."},
    {"do", SIM_KEY_IGNORED, .required = true, NO_FIELD, .meaning = "What."},
    {"vm", SIM_KEY_VM, .required = true, FIELD(SimCommand, vm), .meaning = "To which VM."},
    {"vcpu", SIM_KEY_INTEGER, .min = 0, .max = SIM_MAX_VCPUS - 1, NO_FIELD,
     .meaning = "To which of its vCPUs; to all when left out."},
    SCHED_KEYS(SimCommand, sched.),
    {NULL}};
const SimObject sim_set_scheduling_object = {"set-scheduling", set_scheduling_keys,
                                             sizeof(SimCommand), NO_KIND,
                                             .finish = sim_finish_set_scheduling};

const char *const sim_sched_words[] = {"weight",   "priority", "cap",   "reservation",
                                       "affinity", "period",   "slice", NULL};

/* Which of them the command names, and which vCPU. */
bool sim_finish_set_scheduling(SimReader *reader, const SimPath *path, json_object *values,
                               void *structure)
{
    SimCommand *command = structure;
    const SimScenarioVm *vm = &reader->scenario->vms[command->vm.index];
    json_object *vcpu = json_object_object_get(values, "vcpu");
    command->sched_what = 0;
    command->vcpu = -1;
    for (unsigned i = 0; sim_sched_words[i]; i++)
        if (json_object_object_get_ex(values, sim_sched_words[i], NULL))
            command->sched_what |= 1u << i;
    if (command->sched_what == 0) {
        g_autofree char *allowed = sim_join(sim_sched_words, sim_word_count(sim_sched_words));
        return sim_reader_fail(reader, path, "changes nothing; allowed: %s", allowed);
    }
    if (!vcpu)
        return true;
    command->vcpu = (int64_t)json_object_get_uint64(vcpu);
    SimPath at = {path, "vcpu", 0};
    return (uint64_t)command->vcpu < vm->vcpus ||
           sim_reader_fail(reader, &at,
                           "VM \"%s\" has no vCPU %" G_GINT64_FORMAT
                           "; allowed: 0 to %" G_GUINT64_FORMAT,
                           vm->name, command->vcpu, vm->vcpus - 1);
}

/* ---- Jobs ----------------------------------------------------------------------- */

static const SimKey io_keys[] = {
    {"after", DURATION, .required = true, .min = 1, .max = 3600 * SECOND,
     FIELD(SimScenarioJobIo, after_ns), .meaning = "The CPU time that the job has had by then."},
    {"for", DURATION, .required = true, .min = 1, .max = 3600 * SECOND,
     FIELD(SimScenarioJobIo, for_ns), .meaning = "How long it waits for its I/O."},
    {NULL}};
static const SimObject io_object = {"an object (a wait)", io_keys, sizeof(SimScenarioJobIo),
                                    NO_KIND};

static const SimKey job_keys[] = {
    {"name", SIM_KEY_NAME, .required = true, FIELD(SimScenarioJob, name),
     .meaning = "What it is called; also the name of its VM."},
    {"arrival", DURATION, .preset = "\"0ns\"", .min = 0, .max = 3600 * SECOND,
     FIELD(SimScenarioJob, arrival_ns), .meaning = "When it is there and ready."},
    {"length", DURATION, .required = true, .min = 1, .max = 3600 * SECOND,
     FIELD(SimScenarioJob, length_ns), .meaning = "The CPU time that it needs."},
    {"io", LIST(io_object), .preset = "[]", .max = 1000, FIELD(SimScenarioJob, io),
     COUNT(SimScenarioJob, io_count), .meaning = "Where it waits in between, by CPU time."},
    WEIGHT_KEY(SimScenarioJob, weight, "256"),
    PRIORITY_KEY(SimScenarioJob, priority, "0"),
    {"affinity", SIM_KEY_PCPUS, .preset = "[]", FIELD(SimScenarioJob, affinity),
     .meaning = "Numbers of the pCPUs that it may run on; []: any."},
    {"deadline", DURATION, .preset = "\"0ns\"", .min = 0, .max = 3600 * SECOND,
     FIELD(SimScenarioJob, deadline_ns),
     .meaning = "By when after its arrival it must be done; 0ns: no deadline, or the period."},
    {"period", DURATION, .preset = "\"0ns\"", .min = 0, .max = 3600 * SECOND,
     FIELD(SimScenarioJob, period_ns),
     .meaning = "It arrives anew once in this time (a periodic task); 0ns: only once."},
    {"releases", SIM_KEY_INTEGER, .preset = "0", .min = 0, .max = 1000000,
     FIELD(SimScenarioJob, releases),
     .meaning = "How often it arrives, with a period; 0: until the run ends."},
    {NULL}};
const SimObject sim_job_object = {"an object (a job)", job_keys, sizeof(SimScenarioJob), NO_KIND,
                                  .finish = sim_finish_job};

static bool check_waits(SimReader *reader, const SimPath *path, const SimScenarioJob *job)
{
    SimPath io = {path, "io", 0};
    for (size_t i = 0; i < job->io_count; i++) {
        SimPath element = {&io, NULL, i}, at = {&element, "after", 0};
        if (i > 0 && job->io[i].after_ns <= job->io[i - 1].after_ns)
            return sim_reader_fail(reader, &at,
                                   "is not after the wait before it; list them in "
                                   "order, by the CPU time that the job has had");
        if (job->io[i].after_ns >= job->length_ns)
            return sim_reader_fail(reader, &at, "is not before the job's end; its length is less");
    }
    return true;
}

/* The job as a VM, behind all others. */
static void add_vm(SimScenario *scenario, const SimScenarioJob *job, size_t number)
{
    scenario->vms = g_renew(SimScenarioVm, scenario->vms, scenario->vm_count + 1);
    scenario->vms[scenario->vm_count++] = (SimScenarioVm){
        .name = g_strdup(job->name),
        .program = g_strdup("job"),
        .vcpus = 1,
        .memory_bytes = 2 * MIB,
        .weight = job->weight,
        .priority = job->priority,
        .affinity = job->affinity,
        .start_at_ns = job->arrival_ns,
        .job = number + 1,
    };
}

bool sim_finish_job(SimReader *reader, const SimPath *path, json_object *values, void *structure)
{
    SimScenario *scenario = reader->scenario;
    SimScenarioJob *job = structure;
    SimPath name = {path, "name", 0};
    if (sim_scenario_find_vm(scenario, job->name) >= 0)
        return sim_reader_fail(reader, &name, "\"%s\" is taken by a VM or another job", job->name);
    if (scenario->vm_count >= SIM_MAX_VMS)
        return sim_reader_fail(reader, path, "VMs and jobs together: allowed are at most %u",
                               SIM_MAX_VMS);
    if (job->period_ns != 0 && job->deadline_ns == 0)
        job->deadline_ns = job->period_ns;
    if (!check_waits(reader, path, job))
        return false;
    add_vm(scenario, job, path->index);
    return true;
}

/* A textbook's exercise knows no costs: with jobs they are zero unless the file says
 * otherwise. */
void sim_jobs_preset_costs(json_object *values)
{
    static const char *const costs[] = {"exit", "switch", "fault", NULL};
    json_object *jobs = json_object_object_get(values, "jobs"), *object = values;
    static const char *const way[] = {"host", "costs", NULL};
    if (!json_object_is_type(jobs, json_type_array) || json_object_array_length(jobs) == 0)
        return;
    for (unsigned i = 0; way[i]; i++) {
        json_object *next = NULL;
        if (!json_object_object_get_ex(object, way[i], &next)) {
            next = json_object_new_object();
            json_object_object_add(object, way[i], next);
        }
        if (!json_object_is_type(next, json_type_object))
            return; /* reading will say so */
        object = next;
    }
    for (unsigned i = 0; costs[i]; i++)
        if (!json_object_object_get_ex(object, costs[i], NULL))
            json_object_object_add(object, costs[i], json_object_new_string("0ns"));
}
