/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trace.c: the writer: where pending events wait, and how they come in order.
 *
 * The output is one range of reserved addresses, of which a part is usable
 * (committed). In it lie the settled records and behind them the tail: pending
 * records of the one source that writes in place. Every other source with
 * something pending has a queue of its own. Settling is then either a move of
 * settled_end over the tail, or a merge: the tail goes into its source's queue,
 * and all queues are emptied into the output in order, up to the time given.
 *
 * The size limit is looked at only when records are settled, not when they
 * arrive, so it strikes at the same record however the run is sliced.
 */
#include "sim/trace/trace.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/trace/reader.h"

#define HUGE_PAGE     (UINT64_C(2) << 20)
#define COMMIT_BYTES  (UINT64_C(64) << 20)
#define SLACK_BYTES   (UINT64_C(64) << 20) /* for a long tail beyond the limit */
#define NO_SOURCE     UINT16_MAX
#define RUN_END_BYTES (sizeof(SimRecordHeader) + 16)

typedef struct {
    uint8_t *data;
    size_t head, tail, capacity;
    uint64_t last_time;
} Queue;

struct SimTracePrivate {
    void *reservation;
    size_t reservation_bytes;
    uint8_t *base;  /* the first byte of the file, or of what was not forgotten of it */
    uint64_t bytes; /* reserved from base on */
    uint64_t committed;
    uint8_t *flushed;   /* up to here written by sim_trace_flush() */
    uint64_t forgotten; /* bytes of the file that lie before base */
    bool forget;
    uint64_t settled_time; /* as of the last slow settling */

    uint64_t limit;
    bool limited;
    uint64_t dropped;

    unsigned sources; /* queues in use: 0 .. sources - 1 */
    Queue queues[SIM_TRACE_MAX_SOURCES];
};

static uint64_t space_at(const uint8_t *record)
{
    return sim_record_space(((const SimRecordHeader *)record)->size);
}

/* ---- Output -------------------------------------------------------------- */

/* Makes the bytes up to end usable; false: beyond what is reserved, or the real
 * host has no memory left, which then acts like the size limit. The first
 * 2 MiB come in small pages, so that a short run does not pay for a huge one. */
static bool commit(SimTrace *trace, const uint8_t *end)
{
    SimTracePrivate *p = trace->private;
    uint64_t need = (uint64_t)(end - p->base);
    uint64_t step = p->committed == 0 ? HUGE_PAGE : COMMIT_BYTES;

    if (need <= p->committed)
        return true;
    if (need > p->bytes)
        return false;
    step = MIN(MAX(step, need - p->committed + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1),
               p->bytes - p->committed);
    if (mprotect(p->base + p->committed, step, PROT_READ | PROT_WRITE) != 0)
        return false;
    if (p->committed > 0)
        madvise(p->base + p->committed, step, MADV_HUGEPAGE);
    p->committed += step;
    trace->room_end = p->base + p->committed;
    return true;
}

/* Begins a record at `at`; its fields and blob go where the result points. */
static uint8_t *put_header(uint8_t *at, const SimRecordHeader *header)
{
    memset(at + sim_record_space(header->size) - 8, 0, 8);
    memcpy(at, header, sizeof(*header));
    return at + sizeof(*header);
}

static void update_settle_limit(SimTrace *trace)
{
    SimTracePrivate *p = trace->private;

    trace->settle_limit = p->base + MIN(p->limit - MIN(p->limit, p->forgotten), p->bytes);
}

/* ---- Queues -------------------------------------------------------------- */

/* Room for space bytes at the end of a source's queue. */
static uint8_t *queue_extend(SimTrace *trace, uint16_t source, uint64_t space)
{
    SimTracePrivate *p = trace->private;
    Queue *queue = &p->queues[source];
    uint8_t *at;

    p->sources = MAX(p->sources, source + 1u);
    if (queue->head == queue->tail)
        queue->head = queue->tail = 0;
    if (queue->tail + space > queue->capacity) {
        queue->capacity = MAX(4096, (queue->tail + space) * 2);
        queue->data = g_realloc(queue->data, queue->capacity);
    }
    at = queue->data + queue->tail;
    queue->tail += space;
    trace->queued = true;
    return at;
}

/* Takes the tail out of the output; afterwards nobody writes in place. */
static void tail_to_queue(SimTrace *trace)
{
    size_t size = (size_t)(trace->end - trace->settled_end);

    if (size > 0) {
        memcpy(queue_extend(trace, trace->direct, size), trace->settled_end, size);
        trace->private->queues[trace->direct].last_time = trace->last_time;
    }
    trace->end = trace->settled_end;
    trace->direct = NO_SOURCE;
}

/* If only one source is left with anything pending, it may write in place. */
static void queue_to_tail(SimTrace *trace)
{
    SimTracePrivate *p = trace->private;
    Queue *only = NULL;

    trace->queued = false;
    for (unsigned i = 0; i < p->sources; i++) {
        Queue *queue = &p->queues[i];
        if (queue->head == queue->tail)
            continue;
        trace->queued = true;
        if (only)
            return;
        only = queue;
    }
    if (!only || p->limited || !commit(trace, trace->end + (only->tail - only->head)))
        return;
    memcpy(trace->end, only->data + only->head, only->tail - only->head);
    trace->end += only->tail - only->head;
    trace->last_time = only->last_time;
    trace->direct = (uint16_t)(only - p->queues);
    only->head = only->tail = 0;
    trace->queued = false;
}

/* ---- The size limit ------------------------------------------------------ */

static void emit_bytes(SimTrace *trace, const uint8_t *record, uint64_t space)
{
    if (!commit(trace, trace->settled_end + space)) {
        trace->private->limited = true;
        trace->private->dropped++;
        return;
    }
    memcpy(trace->settled_end, record, space);
    trace->settled_end += space;
}

/* The event that says, in the place of `record`, what will be missing. */
static void emit_limit(SimTrace *trace, const uint8_t *record)
{
    SimEventTraceLimit event = {.limit_bytes = trace->private->limit};
    g_autoptr(GString) text = g_string_new("no longer recorded:");
    SimRecordHeader header = *(const SimRecordHeader *)record;
    g_autofree uint8_t *bytes = NULL;
    uint8_t *at;

    for (unsigned type = 0; type < SIM_EVENT_TYPE_COUNT; type++) {
        if (sim_event_info(type)->cls == SIM_CLASS_BULK)
            g_string_append_printf(text, " %s", sim_event_info(type)->name);
    }
    header.type = SIM_EVENT_TRACE_LIMIT;
    header.size = (uint32_t)(sizeof(event) + text->len);
    bytes = g_malloc(sim_record_space(header.size));
    at = put_header(bytes, &header);
    memcpy(at, &event, sizeof(event));
    memcpy(at + sizeof(event), text->str, text->len);
    emit_bytes(trace, bytes, sim_record_space(header.size));
    trace->private->limited = true;
}

/* Puts one pending record at the end of what is settled, or drops it. */
static void emit(SimTrace *trace, const uint8_t *record)
{
    SimTracePrivate *p = trace->private;
    uint16_t type = ((const SimRecordHeader *)record)->type;
    uint64_t space = space_at(record);
    uint64_t after = p->forgotten + (uint64_t)(trace->settled_end - p->base) + space;

    if (!p->limited && after > p->limit) {
        emit_limit(trace, record);
        after = p->forgotten + (uint64_t)(trace->settled_end - p->base) + space;
    }
    if (p->limited && type != SIM_EVENT_RUN_END &&
        (sim_event_info(type)->cls == SIM_CLASS_BULK ||
         after > p->limit + SIM_TRACE_RESERVE_BYTES - RUN_END_BYTES)) {
        p->dropped++;
        return;
    }
    emit_bytes(trace, record, space);
}

/* ---- Settling ------------------------------------------------------------ */

static bool before(const SimRecordHeader *record, unsigned source, uint64_t time,
                   unsigned other_source)
{
    return record->time < time || (record->time == time && source < other_source);
}

/* Empties the queues in order, up to time. Takes runs: everything from the source
 * that is first until another source is. */
static void merge(SimTrace *trace, uint64_t time)
{
    SimTracePrivate *p = trace->private;

    for (;;) {
        unsigned first = NO_SOURCE, next_source = 0;
        uint64_t first_time = time, next_time = time;

        /* Ascending, so that of equal times the lower source stays first. */
        for (unsigned i = 0; i < p->sources; i++) {
            const Queue *queue = &p->queues[i];
            const SimRecordHeader *head = (const SimRecordHeader *)(queue->data + queue->head);
            if (queue->head == queue->tail)
                continue;
            if (head->time < first_time) {
                next_time = first_time;
                next_source = first_time == time ? 0 : first;
                first_time = head->time;
                first = i;
            } else if (head->time < next_time) {
                next_time = head->time;
                next_source = i;
            }
        }
        if (first == NO_SOURCE)
            return;
        Queue *queue = &p->queues[first];
        while (queue->head < queue->tail &&
               before((const SimRecordHeader *)(queue->data + queue->head), first, next_time,
                      next_source)) {
            emit(trace, queue->data + queue->head);
            queue->head += space_at(queue->data + queue->head);
        }
    }
}

/* Settles the part of the tail that lies before time; the tail is all there is. */
static void settle_tail(SimTrace *trace, uint64_t time)
{
    while (trace->settled_end < trace->end &&
           ((const SimRecordHeader *)trace->settled_end)->time < time)
        trace->settled_end += space_at(trace->settled_end);
    if (trace->settled_end == trace->end)
        trace->last_time = MAX(trace->last_time, time);
}

void sim_trace_settle_slow(SimTrace *trace, uint64_t time)
{
    g_assert(time >= trace->private->settled_time);
    trace->private->settled_time = time;
    if (!trace->queued && trace->end <= trace->settle_limit) {
        settle_tail(trace, time);
        return;
    }
    tail_to_queue(trace);
    merge(trace, time);
    trace->end = trace->settled_end;
    trace->last_time = time;
    queue_to_tail(trace);
}

/* The last record of a type from `from` to `end`; NULL: none. */
static void *last_record(uint8_t *from, const uint8_t *end, uint16_t source, uint16_t type)
{
    SimRecordHeader *last = NULL;

    for (; from < end; from += space_at(from)) {
        SimRecordHeader *header = (SimRecordHeader *)from;

        if (header->type == type && header->source == source)
            last = header;
    }
    return last ? last + 1 : NULL;
}

void *sim_trace_last_pending(SimTrace *trace, uint16_t source, uint16_t type)
{
    const Queue *queue = &trace->private->queues[source];

    if (source == trace->direct)
        return last_record(trace->settled_end, trace->end, source, type);
    return queue->data
               ? last_record(queue->data + queue->head, queue->data + queue->tail, source, type)
               : NULL;
}

void sim_trace_settle_first(SimTrace *trace)
{
    g_assert(!trace->queued);
    if (trace->end <= trace->settle_limit)
        trace->settled_end = trace->end;
}

void sim_trace_finish(SimTrace *trace)
{
    sim_trace_settle(trace, SIM_TIME_NEVER);
}

void sim_trace_cut(SimTrace *trace, uint64_t time)
{
    SimTracePrivate *p = trace->private;

    sim_trace_settle(trace, time);
    tail_to_queue(trace);
    for (unsigned i = 0; i < p->sources; i++) {
        Queue *queue = &p->queues[i];
        size_t keep = queue->head;

        while (i == SIM_SOURCE_WORLD && keep < queue->tail &&
               ((const SimRecordHeader *)(queue->data + keep))->time <= time)
            keep += space_at(queue->data + keep);
        queue->tail = keep;
        queue->last_time = MIN(queue->last_time, time);
    }
    trace->last_time = time;
    queue_to_tail(trace);
}

/* ---- Appending ------------------------------------------------------------ */

/* Where the record's fields and blob go; NULL: not recorded (the size limit). */
static uint8_t *append(SimTrace *trace, const SimRecordHeader *header)
{
    SimTracePrivate *p = trace->private;
    uint64_t space = sim_record_space(header->size);

    g_assert(header->source < SIM_TRACE_MAX_SOURCES && header->time >= p->settled_time);
    if (p->limited && sim_event_info(header->type)->cls == SIM_CLASS_BULK) {
        p->dropped++;
        return NULL;
    }
    if (trace->end == trace->settled_end && !trace->queued && !p->limited)
        trace->direct = header->source;
    if (header->source == trace->direct) {
        g_assert(header->time >= trace->last_time);
        if (commit(trace, trace->end + space)) {
            uint8_t *at = trace->end;
            trace->end += space;
            trace->last_time = header->time;
            return put_header(at, header);
        }
        tail_to_queue(trace);
    }
    Queue *queue = &p->queues[header->source];
    g_assert(queue->head == queue->tail || header->time >= queue->last_time);
    queue->last_time = header->time;
    return put_header(queue_extend(trace, header->source, space), header);
}

void sim_trace_append_slow(SimTrace *trace, uint16_t source, uint64_t time, uint16_t type,
                           const void *fields, const void *blob, uint32_t blob_size)
{
    g_assert(type < SIM_EVENT_TYPE_COUNT && blob_size <= SIM_TRACE_MAX_BLOB);
    uint32_t fields_size = sim_event_info(type)->size;
    uint8_t *place = append(trace, &(SimRecordHeader){time, fields_size + blob_size, type, source});

    if (!place)
        return;
    memcpy(place, fields, fields_size);
    sim_trace_copy(place + fields_size, blob, blob_size);
}

/* ---- Life ---------------------------------------------------------------- */

static gboolean reserve(SimTrace *trace, uint64_t bytes, GError **error)
{
    SimTracePrivate *p = trace->private;
    uintptr_t aligned;

    p->bytes = (bytes + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
    p->reservation_bytes = p->bytes + HUGE_PAGE;
    p->reservation = mmap(NULL, p->reservation_bytes, PROT_NONE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p->reservation == MAP_FAILED) {
        p->reservation = NULL;
        g_set_error(error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_IO,
                    "cannot reserve %" G_GUINT64_FORMAT " bytes of address space for the trace: %s",
                    p->bytes, g_strerror(errno));
        return FALSE;
    }
    aligned = ((uintptr_t)p->reservation + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1);
    p->base = (uint8_t *)aligned;
    return TRUE;
}

SimTrace *sim_trace_new(const char *metadata, const SimTraceOptions *options, GError **error)
{
    g_autoptr(SimTrace) trace = g_new0(SimTrace, 1);
    SimTracePrivate *p = trace->private = g_new0(SimTracePrivate, 1);
    size_t metadata_bytes = strlen(metadata);
    SimTraceHeader header = {.version = SIM_TRACE_VERSION,
                             .header_bytes =
                                 (uint32_t)((sizeof(header) + metadata_bytes + 7) & ~7u),
                             .schema_hash = sim_event_schema_hash(),
                             .metadata_bytes = (uint32_t)metadata_bytes};

    p->limit = options && options->limit_bytes ? options->limit_bytes : SIM_TRACE_DEFAULT_LIMIT;
    p->forget = options && options->forget_flushed;
    if (p->limit > SIM_TRACE_MAX_LIMIT || metadata_bytes > SIM_TRACE_MAX_BLOB) {
        g_set_error(error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_IO,
                    "a trace is at most %" G_GUINT64_FORMAT " bytes long", SIM_TRACE_MAX_LIMIT);
        return NULL;
    }
    p->limit = MAX(p->limit, header.header_bytes);
    if (!reserve(trace, p->limit + SIM_TRACE_RESERVE_BYTES + SLACK_BYTES, error))
        return NULL;
    if (!commit(trace, p->base + header.header_bytes)) {
        g_set_error(error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_IO, "no memory for the trace");
        return NULL;
    }
    memcpy(header.magic, SIM_TRACE_MAGIC, sizeof(header.magic));
    memcpy(p->base, &header, sizeof(header));
    memcpy(p->base + sizeof(header), metadata, metadata_bytes);
    trace->end = trace->settled_end = p->base + header.header_bytes;
    p->flushed = p->base;
    trace->direct = NO_SOURCE;
    update_settle_limit(trace);
    return g_steal_pointer(&trace);
}

void sim_trace_free(SimTrace *trace)
{
    if (!trace)
        return;
    if (trace->private->reservation)
        munmap(trace->private->reservation, trace->private->reservation_bytes);
    for (unsigned i = 0; i < trace->private->sources; i++)
        g_free(trace->private->queues[i].data);
    g_free(trace->private);
    g_free(trace);
}

uint64_t sim_trace_dropped(const SimTrace *trace)
{
    return trace->private->dropped;
}

bool sim_trace_limited(const SimTrace *trace)
{
    return trace->private->limited;
}

const uint8_t *sim_trace_data(const SimTrace *trace, size_t *ret_size)
{
    *ret_size = (size_t)(trace->settled_end - trace->private->base);
    return trace->private->base;
}

size_t sim_trace_unflushed(const SimTrace *trace)
{
    return (size_t)(trace->settled_end - trace->private->flushed);
}

/* ---- Flushing ------------------------------------------------------------ */

/* Everything settled has been written: begins again at the base, where the tail moves. */
static void forget(SimTrace *trace)
{
    SimTracePrivate *p = trace->private;
    size_t tail = (size_t)(trace->end - trace->settled_end);

    p->forgotten += (uint64_t)(trace->settled_end - p->base);
    memmove(p->base, trace->settled_end, tail);
    trace->settled_end = p->flushed = p->base;
    trace->end = p->base + tail;
    update_settle_limit(trace);
}

gboolean sim_trace_flush(SimTrace *trace, int fd, GError **error)
{
    SimTracePrivate *p = trace->private;

    while (p->flushed < trace->settled_end) {
        ssize_t n = write(fd, p->flushed, (size_t)(trace->settled_end - p->flushed));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return TRUE;
        if (n < 0) {
            g_set_error(error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_IO,
                        "the trace cannot be written: %s", g_strerror(errno));
            return FALSE;
        }
        p->flushed += n;
    }
    if (p->forget)
        forget(trace);
    return TRUE;
}

void sim_trace_discard(SimTrace *trace)
{
    trace->private->flushed = trace->settled_end;
    if (trace->private->forget)
        forget(trace);
}
