/* SPDX-License-Identifier: GPL-2.0-or-later */
/* condition.h: a condition on one event, as a person writes it:
 *
 *     frame-dropped and vm == "b"
 *     exit and kind == mmio and cost_ns > 2us
 *     (link-drop or switch-drop) and not why == port-down
 *     console and text contains "hello"
 *
 * A kind of event stands for itself: true of events of that kind. A comparison is
 * FIELD OP VALUE, with == != < <= > >= and the fields of the event table
 * (events.def, `hvlab events`), besides
 *
 *     time     virtual time of the event      pcpu   number of the pCPU it happened on
 *     index    its place in the trace         text   the text of kinds that have one
 *
 * of which text knows == != and contains. A comparison is false of an event without
 * that field, whatever the operator. `not` binds closest, then `and`, then `or`;
 * parentheses group.
 *
 * A value is written as the field is shown: numbers (0x for hexadecimal), times with a
 * unit (250us), words (port-down, true), IPv4 and MAC addresses, and names of VMs and
 * networks. Quotes are needed only around what has spaces or signs in it.
 *
 * A mistake is refused with its column, what is wrong and what is allowed: also what
 * could never be true, like a field that the kind of event does not have.
 */
#pragma once

#include "sim/trace/reader.h"

#define SIM_CONDITION_MAX_CHARS 1000u
#define SIM_CONDITION_MAX_DEPTH 32u /* of parentheses and nots */

typedef struct SimCondition SimCondition;

#define SIM_CONDITION_ERROR (sim_condition_error_quark())
GQuark sim_condition_error_quark(void);

/* The names that VMs and networks have, by number; a name may be NULL. */
typedef struct {
    const char *const *vms, *const *networks;
    unsigned vm_count, network_count;
} SimConditionNames;

/* names may be NULL: then every name of a VM or network is taken, and equals none. On
 * failure NULL; ret_column (may be NULL) is then the place, counted in characters from
 * 1, which the message names too. */
SimCondition *sim_condition_parse(const char *text, const SimConditionNames *names,
                                  unsigned *ret_column, GError **error);
void sim_condition_free(SimCondition *condition);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimCondition, sim_condition_free)

bool sim_condition_holds(const SimCondition *condition, const SimRecord *record);
/* The kinds of event of which it can be true; of all others it is false. */
const SimFilter *sim_condition_types(const SimCondition *condition);
