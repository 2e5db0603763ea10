/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.h: the keys of the scenario format.
 *
 * Each kind of JSON object has one SimObject: its keys with type, range,
 * default and meaning, and where in the C struct a value goes. Reading,
 * defaults, freeing, the "allowed" part of error messages and the JSON Schema
 * all come from here, so a key is added by adding one line to table.c.
 *
 * Keys are read in the order of the table, whatever the order in the file. A
 * key that refers to something (a network, a VM) stands after what it refers to.
 */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/scenario/source.h"
#include "sim/scenario/units.h"

typedef struct SimObject SimObject;
typedef struct SimReader SimReader;

/* The C field that a value goes to is named on the right. */
typedef enum {
    SIM_KEY_IGNORED,   /* any value; none */
    SIM_KEY_LATER,     /* a word of the format that this version refuses; none */
    SIM_KEY_FORMAT,    /* the string SIM_SCENARIO_FORMAT; none */
    SIM_KEY_TEXT,      /* a string of min to max characters; char * */
    SIM_KEY_LINES,     /* a string, or a list of strings: its lines; char * */
    SIM_KEY_TEXTS,     /* a list of min to max strings; char **, count */
    SIM_KEY_NAME,      /* a short word; char * */
    SIM_KEY_ID,        /* words joined by '/'; char * */
    SIM_KEY_PROGRAM,   /* a known program or the path of a file; char * */
    SIM_KEY_POLICY,    /* a known policy; char * */
    SIM_KEY_EVENT,     /* a known event type; char * */
    SIM_KEY_COUNTER,   /* a path into the result; SimExpectCounter (whole struct) */
    SIM_KEY_WHERE,     /* an object of event fields; SimEventField *, count */
    SIM_KEY_BOOL,      /* bool */
    SIM_KEY_INTEGER,   /* uint64_t, from min to max */
    SIM_KEY_QUANTITY,  /* uint64_t, from min to max; or SIM_TIME_NEVER for "never" */
    SIM_KEY_WORD,      /* one of words; uint64_t, its number */
    SIM_KEY_WORDS,     /* one of words, or a list of some; uint64_t, bit n for word n */
    SIM_KEY_PCPUS,     /* a list of pCPU numbers; uint64_t, bit n for pCPU n */
    SIM_KEY_MAC,       /* uint8_t[6] */
    SIM_KEY_IPV4,      /* uint32_t */
    SIM_KEY_BIND,      /* uint32_t: an address of the host, 0 for "": every one */
    SIM_KEY_RANGE,     /* "10.0.0.4-10.0.0.254" or "10.0.0.4-254"; SimAddressRange */
    SIM_KEY_ADDRESS,   /* of a NIC, "10.0.0.1" or "10.0.0.1/24"; SimCidr */
    SIM_KEY_SUBNET,    /* "10.0.0.0/24"; SimCidr */
    SIM_KEY_GROUP_MAC, /* of a NIC or of a group; uint8_t[6] */
    SIM_KEY_PREFIX,    /* "10.0.0.1" or "10.0.0.0/24"; SimCidr, prefix 32 for the first */
    SIM_KEY_VLANS,     /* a list of VLANs; SimVlans */
    SIM_KEY_VM,        /* the name of a VM; SimScenarioRef */
    SIM_KEY_NETWORK,   /* the name of a network; SimScenarioRef */
    SIM_KEY_ENDPOINT,  /* SimScenarioEndpoint */
    SIM_KEY_OBJECT,    /* an object; its struct in place */
    SIM_KEY_LIST,      /* min to max objects; pointer to an array of structs, count */
} SimKeyType;

#define SIM_NO_FIELD SIZE_MAX

typedef struct {
    const char *name; /* NULL ends a table */
    SimKeyType type;
    bool required;
    bool never;         /* the word "never" is allowed for a quantity */
    bool or_false;      /* instead of the object stands false; bool at count_offset */
    bool choice;        /* one of the keys that exclude each other, see SimObject.choice_required */
    const char *preset; /* the default, as JSON; NULL: the field stays zero */
    uint64_t min, max;
    uint64_t step; /* the value must be a multiple of it; 0: any */
    const SimQuantity *quantity;
    const char *const *words; /* ended by NULL */
    size_t later_from;        /* words from this number on are refused by this version; 0: none */
    const SimObject *object;
    const char *unique; /* key of the elements that no two may share */
    size_t offset;      /* of the field; SIM_NO_FIELD: the object's finish hook uses the value */
    size_t count_offset;
    const char *meaning; /* for the schema */
} SimKey;

struct SimObject {
    const char *noun; /* "a network" */
    const SimKey *keys;
    size_t size; /* of the struct */
    bool choice_required;
    size_t kind_offset; /* an enum field that gets the number of the choice key given, counted
                           among the choice keys; SIM_NO_FIELD: none */
    /* Objects of several kinds: the key "do" selects one of these; keys is NULL.
     * The struct is the same for all, uint64_t kind comes first in it. */
    const SimObject *const *variants;
    const char *const *variant_names;
    /* The last word on an object all of whose keys were read; may be NULL. */
    bool (*finish)(SimReader *reader, const SimPath *path, json_object *values, void *structure);
    /* Frees what finish put into the struct beside the keys; may be NULL. */
    void (*clear)(void *structure);
    void (*own)(void *structure); /* copies it, in a copy of the struct; NULL where clear is */
};

extern const SimObject sim_scenario_object; /* SimScenario */
extern const SimObject sim_command_object;  /* SimCommand */
extern const SimObject sim_event_object;    /* SimExpectEvent */
extern const SimObject sim_step_object;     /* SimStep; in steps.c */

/* In memory.c: what goes together in a memory policy. */
bool sim_finish_memory_policy(SimReader *reader, const SimPath *path, json_object *values,
                              void *policy);
bool sim_finish_vm_memory(SimReader *reader, const SimPath *path, json_object *values, void *vm);

/* In table-switch.c */
extern const SimObject sim_flow_object, sim_tree_object, sim_switch_object, sim_trunk_object;
extern const SimObject sim_nic_trunk_object, sim_acl_object, sim_rate_object;
extern const SimObject sim_flow_add_object, sim_flow_remove_object, sim_trunk_cable_object;
extern const SimObject sim_set_acl_object, sim_set_quality_object;

/* In world-switch.c */
bool sim_finish_nic_trunk(SimReader *reader, const SimPath *path, json_object *values, void *trunk);
bool sim_finish_switch_command(SimReader *reader, const SimPath *path, json_object *values,
                               void *command);
void sim_clear_switch_command(void *command);
void sim_own_switch_command(void *command);

/* In expect.c: the finish hooks of what is more than a table can say. */
bool sim_finish_counter(SimReader *reader, const SimPath *path, json_object *values, void *counter);
bool sim_finish_share(SimReader *reader, const SimPath *path, json_object *values, void *share);
bool sim_finish_event(SimReader *reader, const SimPath *path, json_object *values, void *event);
bool sim_finish_console(SimReader *reader, const SimPath *path, json_object *values, void *console);
bool sim_finish_reach(SimReader *reader, const SimPath *path, json_object *values, void *reach);
bool sim_finish_forward(SimReader *reader, const SimPath *path, json_object *values, void *forward);
bool sim_finish_command(SimReader *reader, const SimPath *path, json_object *values, void *command);

/* In table-sched.c. */
bool sim_finish_job(SimReader *reader, const SimPath *path, json_object *values, void *job);
bool sim_finish_set_scheduling(SimReader *reader, const SimPath *path, json_object *values,
                               void *command);
/* What is left out of host.costs is zero if there are jobs. */
void sim_jobs_preset_costs(json_object *values);
