/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table-throttle.c: the keys about noisy neighbours: how often a second a VM may exit
 * to the hypervisor and use its devices, and the command that changes it. */
#include "sim/scenario/reader.h"
#include "sim/scenario/table-private.h"

static const SimKey limit_keys[] = {
    {"rate", SIM_KEY_INTEGER, .required = true, .min = 0, .max = 1000000000,
     FIELD(SimThrottle, rate), .meaning = "So many a second; 0: no limit."},
    {"burst", SIM_KEY_INTEGER, .preset = "64", .min = 1, .max = 1000000, FIELD(SimThrottle, burst),
     .meaning = "So many at once, after a time without any."},
    {NULL}};
static const SimObject limit_object = {"an object (a limit)", limit_keys, sizeof(SimThrottle),
                                       NO_KIND};

#define EXITS      "Exits that the guest causes: port I/O, device registers, page faults, HLT."
#define OPERATIONS "Frames that its NICs send, and texts that its consoles take."

static const SimKey throttle_keys[] = {
    {"exits", OBJECT(limit_object), FIELD(SimScenarioThrottles, exits), .meaning = EXITS},
    {"device_operations", OBJECT(limit_object), FIELD(SimScenarioThrottles, device_operations),
     .meaning = OPERATIONS},
    {NULL}};
const SimObject sim_throttle_object = {"an object", throttle_keys, sizeof(SimScenarioThrottles),
                                       NO_KIND};

/* Which limits the command names. */
static bool finish_set_throttle(SimReader *reader, const SimPath *path, json_object *values,
                                void *structure)
{
    SimCommand *command = structure;
    for (unsigned i = 0; throttle_keys[i].name; i++)
        if (json_object_object_get_ex(values, throttle_keys[i].name, NULL))
            command->throttle_what |= 1u << i;
    return command->throttle_what != 0 ||
           sim_reader_fail(reader, path, "changes nothing; allowed: exits, device_operations");
}

static const SimKey set_throttle_keys[] = {
    COMMAND_HEAD,
    COMMAND_VM,
    {"exits", OBJECT(limit_object), FIELD(SimCommand, throttles.exits), .meaning = EXITS},
    {"device_operations", OBJECT(limit_object), FIELD(SimCommand, throttles.device_operations),
     .meaning = OPERATIONS},
    {NULL}};
const SimObject sim_set_throttle_object = {"set-throttle", set_throttle_keys, sizeof(SimCommand),
                                           NO_KIND, .finish = finish_set_throttle};
