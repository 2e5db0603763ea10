/* SPDX-License-Identifier: GPL-2.0-or-later */
/* change-private.h: what the files share that guess changes.
 *
 *   change.c         cables, gateways, addresses, forward rules, networks, modes
 *   change-switch.c  whatever stops a frame at a switch, and commands of the timeline
 */
#pragma once

#include <json-c/json.h>

#include "sim/cli/change.h"

typedef struct {
    const SimScenario *scenario;
    const SimReachQuestion *question;
    json_object *values; /* the scenario as it is run */
    GPtrArray *changes;
    uint32_t address;
} CliChanges;

/* Takes text and set over. */
void cli_change_add(CliChanges *changes, char *text, char *set);
const char *cli_change_plain(json_object *value); /* as one line, until the next call */
json_object *cli_change_copy(json_object *value); /* that may be changed */
/* Of the scenario's values; borrowed. */
json_object *cli_change_element(const CliChanges *changes, const char *list, size_t index);
json_object *cli_change_nic(const CliChanges *changes, size_t vm, size_t nic);
/* NULL: it is no VM. */
const SimScenarioVm *cli_change_vm(const CliChanges *changes, const SimScenarioEndpoint *end);

/* change-switch.c: what might let a frame through; the smallest first. */
void cli_change_timeline(CliChanges *changes);
void cli_change_nic_port(CliChanges *changes, const SimScenarioEndpoint *end);
void cli_change_switches(CliChanges *changes, const SimScenarioEndpoint *end);
