/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table-memory.c: the keys of the commands that change who has how much memory while it
 * runs: a VM's balloon, its shares, reservation and limit, and the tax on idle memory. */
#include "sim/scenario/reader.h"
#include "sim/scenario/table-private.h"

static bool is_given(json_object *values, const char *key)
{
    return json_object_object_get_ex(values, key, NULL);
}

static bool finish_set_balloon(SimReader *reader, const SimPath *path, json_object *values,
                               void *structure)
{
    SimCommand *command = structure;

    if (!is_given(values, "size"))
        command->balloon_bytes = SIM_BALLOON_RELEASED;
    return true;
}

static const SimKey set_balloon_keys[] = {
    COMMAND_HEAD,
    COMMAND_VM,
    {"size", SIZE, .min = 0, .max = GIB, .step = 4 * KIB, FIELD(SimCommand, balloon_bytes),
     .meaning = "How much of its memory the VM shall give back, from now on; 0KiB: nothing any "
                "more. Left out: as the host's memory_policy wants it again."},
    {NULL}};
const SimObject sim_set_balloon_object = {"set-balloon", set_balloon_keys, sizeof(SimCommand),
                                          NO_KIND, .finish = finish_set_balloon};

static const char *const memory_words[] = {"shares", "reservation", "limit", NULL};

static bool finish_set_memory(SimReader *reader, const SimPath *path, json_object *values,
                              void *structure)
{
    SimCommand *command = structure;
    const SimMemoryShares *memory = &command->memory;
    SimPath limit = {path, "limit", 0};

    for (unsigned i = 0; memory_words[i]; i++)
        if (is_given(values, memory_words[i]))
            command->memory_what |= 1u << i;
    if (command->memory_what == 0)
        return sim_reader_fail(reader, path,
                               "changes nothing; allowed: shares, reservation, limit");
    if (memory->limit_bytes != 0 && memory->limit_bytes < memory->reservation_bytes)
        return sim_reader_fail(reader, &limit,
                               "is less than the reservation; allowed: 0KiB, or at least that");
    return true;
}

static const SimKey set_memory_keys[] = {
    COMMAND_HEAD,
    COMMAND_VM,
    {"shares", SIM_KEY_INTEGER, .min = 1, .max = 1000000, FIELD(SimCommand, memory.shares),
     .meaning = "Of the host's memory, in relation to other VMs'."},
    {"reservation", SIZE, .min = 0, .max = GIB, .step = 4 * KIB,
     FIELD(SimCommand, memory.reservation_bytes),
     .meaning = "Nobody takes so much of what it holds."},
    {"limit", SIZE, .min = 0, .max = GIB, .step = 4 * KIB, FIELD(SimCommand, memory.limit_bytes),
     .meaning = "It holds no more: what it has beyond that goes to swap space. 0KiB: no limit."},
    {NULL}};
const SimObject sim_set_memory_object = {"set-memory", set_memory_keys, sizeof(SimCommand), NO_KIND,
                                         .finish = finish_set_memory};

static const SimKey set_tax_keys[] = {COMMAND_HEAD,
                                      {"tax", SHARE, .required = true, .min = 0,
                                       .max = 99 * PERCENT, FIELD(SimCommand, tax_ppm),
                                       .meaning = "On idle memory, from now on."},
                                      {NULL}};
const SimObject sim_set_tax_object = {"set-tax", set_tax_keys, sizeof(SimCommand), NO_KIND};
