/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reader.c: records out of bytes that may be anything.
 *
 * There is one frontier, `scanned`: records before it have been checked and are
 * given out without another look; whoever reads at it checks the next record
 * and moves it on. The sparse index grows with it.
 */
#include "sim/trace/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

typedef struct {
    uint64_t offset;
    uint64_t time;
} IndexEntry;

/* A one-byte field that must be below a bound. */
typedef struct {
    uint8_t offset;
    uint8_t bound;
} Bound;

typedef struct {
    Bound bounds[SIM_MAX_FIELDS];
    unsigned count;
} TypeChecks;

struct SimReader {
    const uint8_t *data;
    uint64_t size;
    int fd;           /* -1: memory */
    GMappedFile *map; /* NULL: memory */
    char *metadata;
    uint64_t first; /* offset of the first record */

    uint64_t scanned; /* records before this offset are good */
    uint64_t scanned_count;
    uint64_t scanned_time; /* of the last of them */
    const char *damage;    /* what is wrong with the record there; NULL: nothing known */
    GArray *index;         /* IndexEntry: of records 0, STRIDE, 2 * STRIDE, ... */
    TypeChecks checks[SIM_EVENT_TYPE_COUNT];
};

G_DEFINE_QUARK(sim - trace - error - quark, sim_trace_error)

/* ---- Checking ------------------------------------------------------------ */

static void make_checks(SimReader *reader)
{
    for (unsigned type = 0; type < SIM_EVENT_TYPE_COUNT; type++) {
        TypeChecks *checks = &reader->checks[type];
        size_t offset = 0;
        for (const SimFieldInfo *field = sim_event_info(type)->fields; field->name; field++) {
            unsigned bound = field->kind == SIM_KIND_BOOL   ? 2
                             : field->kind == SIM_KIND_ENUM ? field->values->count
                                                            : 0;
            if (bound > 0)
                checks->bounds[checks->count++] = (Bound){(uint8_t)offset, (uint8_t)bound};
            offset += field->size;
        }
    }
}

/* What is wrong with the record at offset, all of which may not be there yet;
 * NULL: nothing. */
static const char *find_damage(const SimReader *reader, const SimRecordHeader *header)
{
    const SimEventInfo *info;

    if (header->type >= SIM_EVENT_TYPE_COUNT)
        return "unknown type of event";
    info = sim_event_info(header->type);
    if (header->size < info->size || (header->size > info->size && info->blob == SIM_BLOB_NONE) ||
        header->size - info->size > SIM_TRACE_MAX_BLOB)
        return "wrong size for its type";
    if (header->source >= SIM_TRACE_MAX_SOURCES)
        return "unknown source";
    if (header->time < reader->scanned_time)
        return "time goes back";
    return NULL;
}

static const char *find_damage_inside(const SimReader *reader, const SimRecordHeader *header,
                                      const uint8_t *fields, uint64_t padded)
{
    const TypeChecks *checks = &reader->checks[header->type];

    for (unsigned i = 0; i < checks->count; i++) {
        if (fields[checks->bounds[i].offset] >= checks->bounds[i].bound)
            return "a value that has no name";
    }
    for (uint64_t i = header->size; i < padded; i++) {
        if (fields[i] != 0)
            return "bytes after its end";
    }
    return NULL;
}

/* Checks the record at the frontier and moves the frontier past it. FALSE: it is
 * damaged, or not all there. */
static bool scan_one(SimReader *reader)
{
    const uint8_t *at = reader->data + reader->scanned;
    uint64_t left = reader->size - reader->scanned;
    SimRecordHeader header;
    uint64_t padded;

    if (left < sizeof(header) || reader->damage)
        return false;
    memcpy(&header, at, sizeof(header));
    reader->damage = find_damage(reader, &header);
    if (reader->damage)
        return false;
    padded = ((uint64_t)header.size + 7) & ~UINT64_C(7);
    if (left - sizeof(header) < padded)
        return false;
    reader->damage = find_damage_inside(reader, &header, at + sizeof(header), padded);
    if (reader->damage)
        return false;
    if (reader->scanned_count % SIM_READER_STRIDE == 0) {
        IndexEntry entry = {reader->scanned, header.time};
        g_array_append_val(reader->index, entry);
    }
    reader->scanned += sizeof(header) + padded;
    reader->scanned_count++;
    reader->scanned_time = header.time;
    return true;
}

static void scan_all(SimReader *reader)
{
    while (scan_one(reader)) {
    }
}

/* ---- Opening ------------------------------------------------------------- */

static gboolean read_header(SimReader *reader, GError **error)
{
    SimTraceHeader header;

    if (reader->size < sizeof(header) ||
        memcmp(reader->data, SIM_TRACE_MAGIC, sizeof(header.magic)) != 0) {
        g_set_error(error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_NOT_A_TRACE, "this is not a trace");
        return FALSE;
    }
    memcpy(&header, reader->data, sizeof(header));
    if (header.version != SIM_TRACE_VERSION) {
        g_set_error(error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_VERSION,
                    "the trace has format version %u, this program reads version %u",
                    header.version, SIM_TRACE_VERSION);
        return FALSE;
    }
    if (header.schema_hash != sim_event_schema_hash()) {
        g_set_error(error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_VERSION,
                    "the trace was written by another version of this program, which has other "
                    "types of events");
        return FALSE;
    }
    if (header.header_bytes > reader->size || header.header_bytes % 8 != 0 ||
        header.header_bytes < sizeof(header) ||
        header.metadata_bytes > header.header_bytes - sizeof(header)) {
        g_set_error(error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_NOT_A_TRACE,
                    "the trace ends within its header, or its header is damaged");
        return FALSE;
    }
    reader->first = reader->scanned = header.header_bytes;
    reader->metadata =
        g_strndup((const char *)reader->data + sizeof(header), header.metadata_bytes);
    return TRUE;
}

static SimReader *reader_new(void)
{
    SimReader *reader = g_new0(SimReader, 1);

    reader->fd = -1;
    reader->index = g_array_new(FALSE, FALSE, sizeof(IndexEntry));
    make_checks(reader);
    return reader;
}

/* Looks at the file as it is now; the old mapping stays if that fails. */
static gboolean map_file(SimReader *reader, GError **error)
{
    GMappedFile *map = g_mapped_file_new_from_fd(reader->fd, FALSE, error);

    if (!map)
        return FALSE;
    if (g_mapped_file_get_length(map) < reader->scanned) {
        g_mapped_file_unref(map);
        g_set_error(error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_DAMAGED,
                    "the trace has become shorter while it was read");
        return FALSE;
    }
    g_clear_pointer(&reader->map, g_mapped_file_unref);
    reader->map = map;
    reader->data = (const uint8_t *)g_mapped_file_get_contents(map);
    reader->size = g_mapped_file_get_length(map);
    return TRUE;
}

SimReader *sim_reader_open(const char *path, GError **error)
{
    g_autoptr(SimReader) reader = reader_new();

    reader->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (reader->fd < 0) {
        g_set_error(error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_IO, "%s: %s", path, g_strerror(errno));
        return NULL;
    }
    if (!map_file(reader, error) || !read_header(reader, error)) {
        g_prefix_error(error, "%s: ", path);
        return NULL;
    }
    return g_steal_pointer(&reader);
}

SimReader *sim_reader_new_memory(const void *data, size_t size, GError **error)
{
    g_autoptr(SimReader) reader = reader_new();

    reader->data = data;
    reader->size = size;
    if (!read_header(reader, error))
        return NULL;
    return g_steal_pointer(&reader);
}

void sim_reader_free(SimReader *reader)
{
    if (!reader)
        return;
    g_clear_pointer(&reader->map, g_mapped_file_unref);
    if (reader->fd >= 0)
        close(reader->fd);
    g_array_unref(reader->index);
    g_free(reader->metadata);
    g_free(reader);
}

void sim_reader_update(SimReader *reader, const void *data, size_t size)
{
    g_assert(reader->fd < 0 && size >= reader->scanned);
    reader->data = data;
    reader->size = size;
}

gboolean sim_reader_refresh(SimReader *reader, GError **error)
{
    return reader->fd < 0 || map_file(reader, error);
}

const char *sim_reader_metadata(const SimReader *reader)
{
    return reader->metadata;
}

/* ---- Reading ------------------------------------------------------------- */

/* The good record at offset; returns the offset of the one after it. */
static uint64_t decode(const SimReader *reader, uint64_t offset, uint64_t index,
                       SimRecord *ret_record)
{
    const uint8_t *fields = reader->data + offset + sizeof(SimRecordHeader);
    SimRecordHeader header;
    uint16_t size;

    memcpy(&header, reader->data + offset, sizeof(header));
    size = sim_event_info(header.type)->size;

    *ret_record = (SimRecord){.index = index,
                              .time = header.time,
                              .type = header.type,
                              .source = header.source,
                              .blob_size = header.size - size,
                              .fields = fields,
                              .blob = fields + size};
    return offset + sizeof(header) + (((uint64_t)header.size + 7) & ~UINT64_C(7));
}

gboolean sim_reader_next(SimReader *reader, SimCursor *cursor, SimRecord *ret_record)
{
    uint64_t offset = MAX(cursor->offset, reader->first);

    if (offset > reader->scanned || (offset == reader->scanned && !scan_one(reader)))
        return FALSE;
    cursor->offset = decode(reader, offset, cursor->index++, ret_record);
    return TRUE;
}

gboolean sim_reader_next_of(SimReader *reader, SimCursor *cursor, const SimFilter *filter,
                            SimRecord *ret_record)
{
    SimRecord record;

    while (sim_reader_next(reader, cursor, &record)) {
        if (sim_filter_has(filter, record.type)) {
            *ret_record = record;
            return TRUE;
        }
    }
    return FALSE;
}

SimCursor sim_reader_at(SimReader *reader, uint64_t index)
{
    SimCursor cursor = {0};
    SimRecord record;

    while (reader->scanned_count <= index && scan_one(reader)) {
    }
    if (index >= reader->scanned_count)
        return (SimCursor){reader->scanned, reader->scanned_count};
    cursor.index = index / SIM_READER_STRIDE * SIM_READER_STRIDE;
    cursor.offset =
        g_array_index(reader->index, IndexEntry, (guint)(index / SIM_READER_STRIDE)).offset;
    while (cursor.index < index)
        sim_reader_next(reader, &cursor, &record);
    return cursor;
}

gboolean sim_reader_get(SimReader *reader, uint64_t index, SimRecord *ret_record)
{
    SimCursor cursor = sim_reader_at(reader, index);

    return cursor.index == index && sim_reader_next(reader, &cursor, ret_record);
}

SimCursor sim_reader_at_time(SimReader *reader, uint64_t time)
{
    guint low = 0, high;
    SimCursor cursor = {0}, here;
    SimRecord record;

    while ((reader->scanned_count == 0 || reader->scanned_time < time) && scan_one(reader)) {
    }
    /* The last entry before time: all entries below low are, none from high on is. */
    high = reader->index->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (g_array_index(reader->index, IndexEntry, middle).time < time)
            low = middle + 1;
        else
            high = middle;
    }
    if (low > 0) {
        cursor.offset = g_array_index(reader->index, IndexEntry, low - 1).offset;
        cursor.index = (uint64_t)(low - 1) * SIM_READER_STRIDE;
    }
    for (here = cursor; sim_reader_next(reader, &cursor, &record); here = cursor) {
        if (record.time >= time)
            return here;
    }
    return cursor;
}

size_t sim_reader_size(const SimReader *reader)
{
    return (size_t)reader->size;
}

uint64_t sim_reader_count(SimReader *reader)
{
    scan_all(reader);
    return reader->scanned_count;
}

uint64_t sim_reader_end_time(SimReader *reader)
{
    scan_all(reader);
    return reader->scanned_time;
}

gboolean sim_reader_check(SimReader *reader, GError **error)
{
    scan_all(reader);
    if (!reader->damage)
        return TRUE;
    g_set_error(error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_DAMAGED,
                "the trace is damaged at byte %" G_GUINT64_FORMAT ", event %" G_GUINT64_FORMAT
                ": %s",
                reader->scanned, reader->scanned_count, reader->damage);
    return FALSE;
}

size_t sim_reader_cut_bytes(SimReader *reader)
{
    scan_all(reader);
    return reader->damage ? 0 : (size_t)(reader->size - reader->scanned);
}
