/* SPDX-License-Identifier: GPL-2.0-or-later */
/* event.c: the table of events at run time: names, units, meanings, the hash.
 *
 * events.def is included once per list of names (their values, then their
 * SimEnumInfo) and once for the types. Offsets of fields are not in the table:
 * the structs are packed, so an offset is the sum of the sizes before.
 */
#include "sim/trace/event.h"

#include <string.h>

/* ---- Lists of names ------------------------------------------------------ */

#define SIM_ENUM(Name)                  static const SimValueInfo values_##Name[] = {
#define SIM_VALUE(CONSTANT, name, text) {name, text},
#define SIM_ENUM_END(PREFIX)                                                                       \
    {                                                                                              \
        NULL, NULL                                                                                 \
    }                                                                                              \
    }                                                                                              \
    ;
#include "sim/trace/events.def"

#define SIM_ENUM(Name)                                                                             \
    const SimEnumInfo sim_enum_##Name = {#Name, values_##Name, G_N_ELEMENTS(values_##Name) - 1};
#include "sim/trace/events.def"

static const SimEnumInfo *const enums[] = {
#define SIM_ENUM(Name) &sim_enum_##Name,
#include "sim/trace/events.def"
    NULL};

const SimEnumInfo *const *sim_enums(void)
{
    return enums;
}

const char *sim_name(const SimEnumInfo *list, unsigned value)
{
    return value < list->count ? list->values[value].name : "?";
}

/* ---- Types --------------------------------------------------------------- */

/* Readers keep room for that many. */
#define SIM_EVENT(TYPE, Name, kebab, CLASS, BLOB, text)    _Static_assert(0
#define SIM_FIELD(c_type, field, KIND, of, text) +1
#define SIM_FIELD_ENUM(field, Enum, text)        +1
#define SIM_EVENT_END <= SIM_MAX_FIELDS, "a type with too many fields");
#include "sim/trace/events.def"

static const SimEventInfo events[] = {
#define SIM_EVENT(TYPE, Name, kebab, CLASS, BLOB, text)                                            \
    [SIM_EVENT_##TYPE] = {.name = kebab,                                                           \
                          .cls = SIM_CLASS_##CLASS,                                                \
                          .blob = SIM_BLOB_##BLOB,                                                 \
                          .size = sizeof(SimEvent##Name),                                          \
                          .meaning = text,                                                         \
                          .fields = (const SimFieldInfo[]) {
#define SIM_FIELD(c_type, field, KIND, of, text)                                                   \
    {#field, sizeof(c_type), SIM_KIND_##KIND, NULL, of, text},
#define SIM_FIELD_ENUM(field, Enum, text) {#field, 1, SIM_KIND_ENUM, &sim_enum_##Enum, "", text},
#define SIM_EVENT_END                                                                              \
    {                                                                                              \
        NULL                                                                                       \
    }                                                                                              \
    }                                                                                              \
    }                                                                                              \
    ,
#include "sim/trace/events.def"
};

const SimEventInfo *sim_event_info(unsigned type)
{
    return &events[type];
}

int sim_event_find(const char *name)
{
    for (unsigned type = 0; type < SIM_EVENT_TYPE_COUNT; type++) {
        if (strcmp(events[type].name, name) == 0)
            return (int)type;
    }
    return -1;
}

const SimFieldInfo *sim_event_field(const SimEventInfo *info, const char *name, size_t *ret_offset)
{
    size_t offset = 0;

    for (const SimFieldInfo *field = info->fields; field->name; field++) {
        if (strcmp(field->name, name) == 0) {
            *ret_offset = offset;
            return field;
        }
        offset += field->size;
    }
    return NULL;
}

uint64_t sim_field_value(const SimFieldInfo *info, const void *field)
{
    uint64_t value = 0;

    memcpy(&value, field, info->size);
    return value;
}

/* ---- The hash ------------------------------------------------------------ */

/* FNV-1a, 64 bits (Fowler, Noll, Vo). The final 0 separates strings. */
static uint64_t hash_string(uint64_t hash, const char *text)
{
    do {
        hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    } while (*text++);
    return hash;
}

static uint64_t hash_number(uint64_t hash, unsigned number)
{
    return (hash ^ number) * UINT64_C(0x100000001b3);
}

static uint64_t hash_table(void)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (unsigned type = 0; type < SIM_EVENT_TYPE_COUNT; type++) {
        hash = hash_string(hash, events[type].name);
        hash = hash_number(hash, events[type].blob);
        for (const SimFieldInfo *field = events[type].fields; field->name; field++) {
            hash = hash_string(hash, field->name);
            hash = hash_number(hash, field->size);
            hash = hash_number(hash, field->kind);
            if (!field->values)
                continue;
            for (unsigned i = 0; i < field->values->count; i++)
                hash = hash_string(hash, field->values->values[i].name);
        }
    }
    return hash;
}

/* Worked out once; two threads that begin together find the same. */
uint64_t sim_event_schema_hash(void)
{
    static uint64_t known;

    if (__atomic_load_n(&known, __ATOMIC_RELAXED) == 0)
        __atomic_store_n(&known, hash_table(), __ATOMIC_RELAXED);
    return __atomic_load_n(&known, __ATOMIC_RELAXED);
}
