/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scenario-helper.h: small scenarios as text, and the words that the tests'
 * scenarios may use. */
#pragma once

#include <glib.h>
#include <string.h>

#include "sim/scenario/scenario.h"

/* The first line of a scenario; more keys follow in line 2. */
#define HEAD "{\"format\":\"hvlab-scenario/1\",\"id\":\"t\",\"title\":\"T\",\n"
/* One VM and the end. */
#define VM_A "\"vms\":[{\"name\":\"a\",\"program\":\"hello\"}]}\n"
/* Line 2 and 3: a network with two VMs on it. */
#define TWO                                                                                        \
    "\"networks\":[{\"name\":\"net0\",\"mode\":\"internal\"}],\n"                                  \
    "\"vms\":[{\"name\":\"a\",\"program\":\"hello\",\"nics\":[{\"network\":\"net0\"}]},"           \
    "{\"name\":\"b\",\"program\":\"ping\",\"nics\":[{\"network\":\"net0\"}]},"                     \
    "{\"name\":\"c\",\"program\":\"idle\"}],\n"

static const char *const test_programs[] = {"hello", "ping", "burn", "idle", "touch", NULL};
static const char *const test_policies[] = {"rr", "fifo", NULL};
static const char *const test_events[] = {
    "page-mapped",  "mac-learned",   "guest-fault", "switch-flood",
    "program-exit", "page-unmapped", "switch-drop", NULL};
static const char *const test_fields[] = {
    "switch-drop.network", "page-mapped.vm",      "page-mapped.page",
    "page-mapped.demand",  "mac-learned.network", "switch-flood.network",
    "program-exit.code",   "program-exit.vm",     NULL};
static const SimScenarioKnown test_known = {.programs = test_programs,
                                            .policies = test_policies,
                                            .events = test_events,
                                            .event_fields = test_fields};

/* Loads text as a file called x.json. */
static inline SimScenario *test_load(const char *text, const char *const *overrides, GError **error)
{
    return sim_scenario_load_text(text, strlen(text), "x.json", NULL, &test_known, overrides,
                                  error);
}

/* A scenario that must load. */
static inline SimScenario *test_load_good(const char *text, const char *const *overrides)
{
    g_autoptr(GError) error = NULL;
    SimScenario *scenario = test_load(text, overrides, &error);
    g_assert_no_error(error);
    g_assert_nonnull(scenario);
    return scenario;
}
