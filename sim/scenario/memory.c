/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.c: what goes together in host.memory_policy. */
#include "sim/scenario/reader.h"

bool sim_finish_memory_policy(SimReader *reader, const SimPath *path, json_object *values,
                              void *structure)
{
    const SimScenarioMemoryPolicy *policy = structure;
    SimPath frames = {path, "frames", 0}, replacement = {path, "replacement", 0};

    if (policy->frames > 0 && policy->replacement == SIM_REPLACEMENT_NONE)
        return sim_reader_fail(reader, &frames,
                               "a limit needs a \"replacement\" policy beside it, which says "
                               "whose page goes; allowed: 0, or another replacement than \"none\"");
    if (policy->replacement == SIM_REPLACEMENT_OPT && !policy->trace_references)
        return sim_reader_fail(reader, &replacement,
                               "\"opt\" must know every reference to come; allowed: only with "
                               "\"trace_references\": true");
    SimPath share = {path, "share", 0};

    if (policy->share && policy->trace_references)
        return sim_reader_fail(reader, &share,
                               "pages that share a page frame cannot be traced one by one; "
                               "allowed: false, or without \"trace_references\"");
    return true;
}
