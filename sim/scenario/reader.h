/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reader.h: from JSON values to structs, along the tables of table.h.
 *
 * The reader holds what every step needs: where the values came from (for
 * messages), which words are known, and the scenario as far as it has been
 * read. The first error ends the reading.
 */
#pragma once

#include "sim/scenario/override.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/source.h"
#include "sim/scenario/table.h"

struct SimReader {
    const SimSource *source;
    GPtrArray *overrides; /* of SimOverride; NULL: none */
    const SimScenarioKnown *known;
    SimScenario *scenario; /* const where only a command is read */
    GError **error;
};

/* Sets the error at path and returns false. */
bool sim_reader_fail(SimReader *reader, const SimPath *path, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* "VALUE WHAT; did you mean "X"? allowed: A, B" about a word that is none of
 * words; nothing is suggested when none is near. Returns false. */
bool sim_reader_fail_word(SimReader *reader, const SimPath *path, const char *word,
                          const char *what, const char *const *words, size_t count);
/* The same where more is allowed than words. */
bool sim_reader_fail_near(SimReader *reader, const SimPath *path, const char *word,
                          const char *what, const char *const *words, size_t count,
                          const char *allowed);

/* Reads values, which must be an object, into structure. The defaults of what
 * it leaves out are added to values. What has been read when it fails is in
 * structure, for sim_object_clear(). */
bool sim_object_read(SimReader *reader, const SimObject *object, const SimPath *path,
                     json_object *values, void *structure);

/* Frees what structure points to; it may be half read, or all zero. */
void sim_object_clear(const SimObject *object, void *structure);

/* structure was copied byte by byte: gives it copies of its own of all that it points to. */
void sim_object_own(const SimObject *object, void *structure);

/* In scalar.c: any value but an object or a list of objects. */
bool sim_scalar_read(SimReader *reader, const SimKey *key, const SimPath *path, json_object *value,
                     void *structure);
void sim_scalar_clear(const SimKey *key, void *structure);
void sim_scalar_own(const SimKey *key, void *structure);

/* In allowed.c: what a key may hold, for messages; g_free(). reader may be NULL
 * for types that depend on no scenario. */
char *sim_key_allowed(const SimReader *reader, const SimKey *key);
/* How many of a key's words this version runs. */
size_t sim_key_runnable_words(const SimKey *key);
/* The known words for programs, policies or event types; NULL: all are. */
const char *const *sim_known_words(const SimReader *reader, SimKeyType type);
/* The names that a reference may have; those of endpoints begin with "vm:". */
GPtrArray *sim_reference_names(const SimReader *reader, SimKeyType type);
/* The number of a word in a list that NULL ends, -1 when it is not there. */
int sim_word_index(const char *const *words, const char *word);
size_t sim_word_count(const char *const *words);

/* In expect.c: a path into the result, and where of an event. */
bool sim_counter_read(SimReader *reader, const SimPath *path, const char *text,
                      SimExpectCounter *counter);
bool sim_where_read(SimReader *reader, const SimKey *key, const SimPath *path, json_object *value,
                    SimEventField **ret_fields, size_t *ret_count);

/* Every field named in event exists, and names of VMs and networks become numbers. */
bool sim_event_complete(SimReader *reader, const SimPath *path, SimExpectEvent *event);
/* Do events of this type have this field? */
bool sim_field_check(SimReader *reader, const SimPath *path, const char *type, const char *field);

/* In world.c: what is only wrong as a whole, and the addresses left to us. */
/* memory.c: every VM that needs a balloon has one. */
void sim_world_balloons(SimScenario *scenario);
bool sim_world_complete(SimReader *reader);
/* memory.c: every VM that needs a balloon has one. */
void sim_world_balloons(SimScenario *scenario);

/* In world-net.c. First the subnets, the LAN and the Internet; then DHCP servers,
 * as NICs ask them; then, when all addresses are known, forward rules. */
bool sim_world_subnets(SimReader *reader);
bool sim_world_dhcp(SimReader *reader);
bool sim_world_forwards(SimReader *reader);
/* What already stands at an address of a NIC's network; NULL: nothing. */
const char *sim_world_holder(const SimScenario *scenario, size_t vm, size_t nic, uint32_t address);
/* Is this rule sound, by itself? Fills in its VM. at: for messages. */
bool sim_world_check_forward(SimReader *reader, uint32_t network, const SimPath *at,
                             SimScenarioForward *rule);

/* In world-switch.c: names of switches, trunks and ports become numbers. */
bool sim_world_switches(SimReader *reader);

/* In canonical.c: values as one line of JSON with sorted keys, without the
 * root's "$schema"; g_free(). NULL when nested too deep. */
char *sim_canonical_text(json_object *values);
