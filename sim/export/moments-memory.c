/* SPDX-License-Identifier: GPL-2.0-or-later */
/* moments-memory.c: what happens to the memory of VMs, in words. */
#include <inttypes.h>

#include "sim/export/moments-private.h"

void sim_tell_balloon_target(SimTelling *telling, const SimRecord *record)
{
    const SimEventBalloonTarget *event = SIM_FIELDS(record, BalloonTarget);

    sim_tell(telling, record, sim_moment_vm(telling, event->vm),
             g_strdup_printf("is to have %u pages in its balloon (until now %u), asked by %s",
                             event->pages, event->before,
                             event->why == SIM_BALLOON_BY_POLICY ? "the host's memory policy"
                                                                 : "a command"));
}

void sim_tell_deflated(SimTelling *telling, const SimRecord *record)
{
    const SimEventPageDeflated *event = SIM_FIELDS(record, PageDeflated);

    sim_tell(telling, record, sim_moment_vm(telling, event->vm),
             g_strdup_printf("uses page %u, which it gave to its balloon, without taking it back: "
                             "it is a new page of zeroes",
                             event->page));
}

void sim_tell_balloon_refused(SimTelling *telling, const SimRecord *record)
{
    const SimEventBalloonRefused *event = SIM_FIELDS(record, BalloonRefused);
    bool back = event->why == SIM_BALLOON_NOT_GIVEN;

    sim_tell(
        telling, record, sim_moment_vm(telling, event->vm),
        g_strdup_printf(
            "wants to %s %u page%s, from %u on, in vain: %s", back ? "take back" : "give",
            event->count, event->count == 1 ? "" : "s", event->page,
            sim_enum_BalloonRefusal.values[MIN(event->why, SIM_BALLOON_REFUSAL_COUNT)].meaning));
}

void sim_tell_working_set(SimTelling *telling, const SimRecord *record)
{
    const SimEventWorkingSet *event = SIM_FIELDS(record, WorkingSet);

    sim_tell(telling, record, sim_moment_vm(telling, event->vm),
             g_strdup_printf("used %u of %u pages picked at random: its working set is about %u "
                             "pages",
                             event->used, event->sampled, event->pages));
}

void sim_tell_vm_refused(SimTelling *telling, const SimRecord *record)
{
    const SimEventVmRefused *event = SIM_FIELDS(record, VmRefused);

    sim_tell(telling, record, sim_moment_vm(telling, event->vm),
             g_strdup_printf("is not started: it would be promised %u pages, and the host has only "
                             "%u left to promise",
                             event->pages, event->left));
}
