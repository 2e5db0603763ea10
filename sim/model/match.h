/* SPDX-License-Identifier: GPL-2.0-or-later */
/* match.h: is this the event that was meant?
 *
 * A check counts events, and a breakpoint waits for one, by the same words: a
 * type, and values that fields must have (SimExpectEvent).
 */
#pragma once

#include "sim/scenario/scenario.h"
#include "sim/trace/event.h"

/* Has the record the type and all the fields that expect names? How many there
 * shall be (min, max) does not matter here. */
bool sim_event_matches(const SimScenario *scenario, const SimRecord *record,
                       const SimExpectEvent *expect);
