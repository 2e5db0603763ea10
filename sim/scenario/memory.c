/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.c: what goes together in host.memory_policy. */
#include "sim/scenario/reader.h"

#define LEAST_STATISTICS_NS 10000u /* as of all other periods: time must go on */

static void set_in_one_word(SimScenarioMemoryPolicy *policy)
{
    switch ((SimOvercommit)policy->on_overcommit) {
    case SIM_OVERCOMMIT_AS_SET: break;
    case SIM_OVERCOMMIT_REFUSE: policy->overcommit = false; break;
    case SIM_OVERCOMMIT_BALLOON: policy->balloon = true; break;
    case SIM_OVERCOMMIT_SHARE: policy->share = true; break;
    case SIM_OVERCOMMIT_SWAP:
        if (policy->replacement == SIM_REPLACEMENT_NONE)
            policy->replacement = SIM_REPLACEMENT_CLOCK;
        break;
    case SIM_OVERCOMMIT_KILL: policy->out_of_memory = SIM_OUT_OF_MEMORY_KILL; break;
    }
}

bool sim_finish_vm_memory(SimReader *reader, const SimPath *path, json_object *values,
                          void *structure)
{
    const SimScenarioVm *vm = structure;
    SimPath reservation = {path, "memory_reservation", 0}, limit = {path, "memory_limit", 0};

    if (vm->memory_reservation_bytes > vm->memory_bytes)
        return sim_reader_fail(reader, &reservation,
                               "is more than the VM's memory; allowed: at most that");
    if (vm->memory_limit_bytes != 0 && vm->memory_limit_bytes < vm->memory_reservation_bytes)
        return sim_reader_fail(reader, &limit,
                               "is less than the VM's memory_reservation; allowed: 0KiB, or at "
                               "least that");
    return true;
}

bool sim_finish_memory_policy(SimReader *reader, const SimPath *path, json_object *values,
                              void *structure)
{
    SimScenarioMemoryPolicy *policy = structure;
    SimPath frames = {path, "frames", 0}, replacement = {path, "replacement", 0};

    SimPath mapping = {path, "mapping_size", 0};

    set_in_one_word(policy);
    if ((policy->mapping_bytes & (policy->mapping_bytes - 1)) != 0)
        return sim_reader_fail(reader, &mapping,
                               "is not a power of two; allowed: 4KiB, 8KiB, 16KiB, ... 2MiB");
    if (policy->mapping_bytes > 4096 && policy->trace_references)
        return sim_reader_fail(reader, &mapping,
                               "hides which pages are touched, and \"trace_references\" is to "
                               "show it; allowed: 4KiB");
    if (policy->frames > 0 && policy->replacement == SIM_REPLACEMENT_NONE)
        return sim_reader_fail(reader, &frames,
                               "a limit needs a \"replacement\" policy beside it, which says "
                               "whose page goes; allowed: 0, or another replacement than \"none\"");
    if (policy->replacement == SIM_REPLACEMENT_OPT && !policy->trace_references)
        return sim_reader_fail(reader, &replacement,
                               "\"opt\" must know every reference to come; allowed: only with "
                               "\"trace_references\": true");
    SimPath share = {path, "share", 0};

    if (policy->trace_references &&
        (policy->victim == SIM_VICTIM_SHARES || policy->sample_pages > 0 || policy->balloon)) {
        SimPath traced = {path, "trace_references", 0};

        return sim_reader_fail(reader, &traced,
                               "the replacement policies are to be seen alone then; allowed: "
                               "false, or without \"balloon\", \"sample_pages\" and victim "
                               "\"shares\"");
    }
    SimPath statistics = {path, "statistics", 0};

    if (policy->statistics_ns > 0 && policy->statistics_ns < LEAST_STATISTICS_NS)
        return sim_reader_fail(reader, &statistics, "is too often; allowed: 0ns, or 10us and more");
    if (policy->share && policy->trace_references)
        return sim_reader_fail(reader, &share,
                               "pages that share a page frame cannot be traced one by one; "
                               "allowed: false, or without \"trace_references\"");
    return true;
}

/* ---- The whole -------------------------------------------------------------- */

#define NORMAL_SHARES 1000u

bool sim_scenario_memory_by_shares(const SimScenario *scenario)
{
    const SimScenarioMemoryPolicy *policy = &scenario->host.memory_policy;

    if (policy->victim == SIM_VICTIM_SHARES)
        return true;
    for (size_t i = 0; i < scenario->command_count && !policy->trace_references; i++)
        if (scenario->timeline[i].kind == SIM_COMMAND_SET_MEMORY ||
            scenario->timeline[i].kind == SIM_COMMAND_SET_TAX)
            return true;
    for (size_t i = 0; i < scenario->vm_count && !policy->trace_references; i++) {
        const SimScenarioVm *vm = &scenario->vms[i];

        if (vm->memory_limit_bytes != 0 || vm->memory_reservation_bytes != 0 ||
            (vm->memory_shares != 0 && vm->memory_shares != NORMAL_SHARES))
            return true;
    }
    return false;
}

void sim_world_balloons(SimScenario *scenario)
{
    for (size_t i = 0; i < scenario->command_count; i++)
        if (scenario->timeline[i].kind == SIM_COMMAND_SET_BALLOON)
            scenario->vms[scenario->timeline[i].vm.index].balloon = true;
    for (size_t v = 0; v < scenario->vm_count; v++)
        scenario->vms[v].balloon |= scenario->host.memory_policy.balloon;
}
