/* SPDX-License-Identifier: GPL-2.0-or-later */
/* event.h: the C side of the table of events (events.def).
 *
 * For a type written there as SIM_EVENT(VCPU_STATE, VcpuState, "vcpu-state", ...)
 * this header makes
 *
 *   SIM_EVENT_VCPU_STATE     its number (enum SimEventType)
 *   SimEventVcpuState        its fields as they lie in memory and in the file
 *   SIM_TYPE_OF_VcpuState    its number again, for macros that know the struct
 *
 * and for each list of names an enum (enum SimVcpuState) with the number of its
 * values (SIM_VCPU_STATE_COUNT). What a program wants to know at run time (names,
 * units, meanings) is in SimEventInfo.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#if G_BYTE_ORDER != G_LITTLE_ENDIAN
#error "trace records are little-endian in the file and are used in place"
#endif

#define SIM_TIME_NEVER UINT64_MAX
#define SIM_NONE       UINT16_MAX /* no VM, vCPU, NIC, port or network */

/* ---- Made from the table ------------------------------------------------- */

#define SIM_ENUM(Name)                                                                             \
    enum Sim##Name                                                                                 \
    {
#define SIM_VALUE(CONSTANT, name, text) CONSTANT,
#define SIM_ENUM_END(PREFIX)                                                                       \
    PREFIX##_COUNT                                                                                 \
    }                                                                                              \
    ;
#include "sim/trace/events.def"

enum SimEventType {
#define SIM_EVENT(TYPE, Name, name, CLASS, BLOB, text) SIM_EVENT_##TYPE,
#include "sim/trace/events.def"
    SIM_EVENT_TYPE_COUNT
};

/* Packed, so that no record holds bytes that nobody wrote; the order of fields
 * keeps each at a multiple of its size all the same. */
#define SIM_EVENT(TYPE, Name, name, CLASS, BLOB, text)                                             \
    enum { SIM_TYPE_OF_##Name = SIM_EVENT_##TYPE };                                                \
    typedef struct SimEvent##Name SimEvent##Name;                                                  \
    struct __attribute__((packed)) SimEvent##Name {
#define SIM_FIELD(c_type, name, KIND, unit, text) c_type name;
#define SIM_FIELD_ENUM(name, Enum, text)          uint8_t name;
#define SIM_EVENT_END                                                                              \
    }                                                                                              \
    ;
#include "sim/trace/events.def"

/* ---- The table at run time ----------------------------------------------- */

#define SIM_MAX_FIELDS 24

enum SimKind {
    SIM_KIND_NUMBER,
    SIM_KIND_HEX,
    SIM_KIND_BOOL,
    SIM_KIND_ENUM,
    SIM_KIND_MAC,
    SIM_KIND_IPV4
};
enum SimBlob { SIM_BLOB_NONE, SIM_BLOB_TEXT, SIM_BLOB_BYTES };
enum SimClass { SIM_CLASS_BULK, SIM_CLASS_KEEP };

typedef struct {
    const char *name; /* as in JSON: "port-down" */
    const char *meaning;
} SimValueInfo;

/* A list of names. values[count] has a NULL name. */
typedef struct {
    const char *name; /* "VmState" */
    const SimValueInfo *values;
    unsigned count;
} SimEnumInfo;

typedef struct {
    const char *name;          /* as in C and in JSON: "ran_ns" */
    uint8_t size;              /* 1, 2, 4 or 8 */
    uint8_t kind;              /* enum SimKind */
    const SimEnumInfo *values; /* SIM_KIND_ENUM only */
    const char *unit;
    const char *meaning;
} SimFieldInfo;

typedef struct {
    const char *name; /* "vcpu-state" */
    uint8_t cls;      /* enum SimClass */
    uint8_t blob;     /* enum SimBlob */
    uint16_t size;    /* of the fields, in bytes */
    const char *meaning;
    const SimFieldInfo *fields; /* ended by a NULL name */
} SimEventInfo;

/* type must be < SIM_EVENT_TYPE_COUNT. */
const SimEventInfo *sim_event_info(unsigned type);
/* The type called name, or -1. */
int sim_event_find(const char *name);
/* The field called name, with its offset in the fields; NULL: no such. */
const SimFieldInfo *sim_event_field(const SimEventInfo *info, const char *name, size_t *ret_offset);
/* The value of a field that lies at field. */
uint64_t sim_field_value(const SimFieldInfo *info, const void *field);

/* The lists of names, ended by NULL. */
const SimEnumInfo *const *sim_enums(void);
/* The name of value in a list, by the list's name in events.def:
 * sim_name(SIM_NAMES(VcpuState), state). "?" when out of range. */
#define SIM_NAMES(Enum) (&sim_enum_##Enum)
const char *sim_name(const SimEnumInfo *list, unsigned value);
#define SIM_ENUM(Name) extern const SimEnumInfo sim_enum_##Name;
#include "sim/trace/events.def"

/* A hash over all names, sizes and orders in the table: files with another one
 * were written by another version. */
uint64_t sim_event_schema_hash(void);

/* The reference page of event types, as Markdown or as plain text for a
 * terminal; only is a type's name or NULL for all. Appends to out. */
void sim_event_reference(GString *out, const char *only, bool markdown);

/* ---- A recorded event ---------------------------------------------------- */

/* One event as a reader sees it. The pointers are into the trace. */
typedef struct {
    uint64_t index; /* events are numbered from 0 in the order of the file */
    uint64_t time;
    uint16_t type;   /* enum SimEventType */
    uint16_t source; /* SIM_SOURCE_WORLD or SIM_SOURCE_PCPU(n) */
    uint32_t blob_size;
    const void *fields;  /* SimEventXxx of the type */
    const uint8_t *blob; /* text is not NUL-terminated */
} SimRecord;

#define SIM_SOURCE_WORLD   0
#define SIM_SOURCE_PCPU(n) ((uint16_t)((n) + 1))

/* The fields of a record known to be of type Name. */
#define SIM_FIELDS(record, Name) ((const SimEvent##Name *)(record)->fields)

/* Appends {"index":..,"time_ns":..,"pcpu":..,"event":"..", fields..} without a newline. */
void sim_record_to_json(const SimRecord *record, GString *out);
/* Appends text as a JSON string in quotes; bytes that are not UTF-8 become U+FFFD. */
void sim_json_string(GString *out, const void *text, size_t size);
