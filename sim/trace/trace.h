/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trace.h: writing a trace.
 *
 * A trace is the record of a run: a header, then events, each with the virtual
 * time at which it happened. It only ever grows at its end. Everything that
 * people see is computed from it, so it must say everything, and equal runs must
 * give equal bytes: no wall-clock time, host name or path is in it.
 *
 * The file, version 1 (all integers little-endian):
 *
 *   header   8   "HVTRACE\n"
 *            4   version of this format, 1
 *            4   bytes from the start of the file to the first record, a multiple of 8
 *            8   sim_event_schema_hash() of the writer
 *            4   bytes of metadata
 *            4   0
 *            n   metadata: a JSON object (scenario after overrides, backend, seed,
 *                SHA-256 of each guest image), then zeros up to the first record
 *
 *   record   8   time, ns
 *            4   bytes of fields and blob
 *            2   type (enum SimEventType)
 *            2   source: 0 the world, n + 1 pCPU n
 *            n   the fields of the type, then its blob (text or bytes) if it has
 *                one, then zeros up to a multiple of 8
 *
 * A file may be cut off anywhere; what holds is everything up to the last whole
 * record. Events have no number in the file: they are counted.
 *
 * Order. Records lie in the order of (time, source, arrival). They do not
 * arrive so: each source's own times never go back, but the pCPUs and the world
 * run ahead of each other by up to the lookahead. So an appended event is at
 * first only pending; sim_trace_settle(t) says that nothing before t can come
 * any more, and puts what is pending before t in order. Nearly always only one
 * source has anything pending, and its events are then written right where they
 * stay. That is why appending costs a few ns.
 *
 * Limit. limit_bytes bounds the trace. The record that would pass it is
 * replaced by one trace-limit event; from there on only types of class KEEP
 * (events.def) are recorded, and these only up to SIM_TRACE_RESERVE_BYTES more,
 * after which nothing is but run-end. sim_trace_dropped() counts the rest.
 *
 * Memory. All of it lies in one reserved range of addresses that never moves,
 * so a reader in the same process can follow without copying.
 */
#pragma once

#include <string.h>

#include "sim/trace/event.h"

#define SIM_TRACE_VERSION       1u
#define SIM_TRACE_MAGIC         "HVTRACE\n"
#define SIM_TRACE_DEFAULT_LIMIT (UINT64_C(1) << 30)
#define SIM_TRACE_MAX_LIMIT     (UINT64_C(1) << 40)
#define SIM_TRACE_RESERVE_BYTES (UINT64_C(4) << 20)
#define SIM_TRACE_MAX_SOURCES   256u
#define SIM_TRACE_MAX_BLOB      (UINT32_C(16) << 20)

typedef struct {
    uint8_t magic[8];
    uint32_t version;
    uint32_t header_bytes;
    uint64_t schema_hash;
    uint32_t metadata_bytes;
    uint32_t zero;
} SimTraceHeader;

typedef struct {
    uint64_t time;
    uint32_t size;
    uint16_t type;
    uint16_t source;
} SimRecordHeader;

typedef struct {
    uint64_t limit_bytes; /* 0: SIM_TRACE_DEFAULT_LIMIT */
    /* Forget what sim_trace_flush() has written, and use its memory again. Else
     * the whole trace stays readable at sim_trace_data(). */
    bool forget_flushed;
} SimTraceOptions;

typedef struct SimTracePrivate SimTracePrivate;

/* The members are for the inline functions below; touch none of them. */
typedef struct {
    uint8_t *end;       /* where the next event of source `direct` goes */
    uint8_t *room_end;  /* and what it must not pass */
    uint64_t last_time; /* of that source, or settled if later: none may be earlier */
    uint16_t direct;    /* the source that writes in place */
    bool queued;        /* other sources have events pending elsewhere */
    uint8_t *settled_end;
    uint8_t *settle_limit; /* settled_end must not pass this without a look at limit_bytes */
    SimTracePrivate *private;
} SimTrace;

/* A new trace with its header. metadata is JSON text, copied. options may be NULL. */
SimTrace *sim_trace_new(const char *metadata, const SimTraceOptions *options, GError **error);
void sim_trace_free(SimTrace *trace);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimTrace, sim_trace_free)

/* Settles everything that is pending. Nothing earlier may be appended after it. */
void sim_trace_finish(SimTrace *trace);

/* Events not recorded because of the limit. (How many were recorded only a reader
 * knows: counting them here would cost more than writing them.) */
uint64_t sim_trace_dropped(const SimTrace *trace);
bool sim_trace_limited(const SimTrace *trace);

/* The settled bytes that are in memory, the header first unless flushed and
 * forgotten. They stay where they are (until flushed, with forget_flushed) and
 * more appear behind them: see sim_reader_new_memory(). */
const uint8_t *sim_trace_data(const SimTrace *trace, size_t *ret_size);

/* Ends the run at time: what is pending from pCPUs at or after it, and from the
 * world after it, never happened. Appending at time is still allowed. */
void sim_trace_cut(SimTrace *trace, uint64_t time);

/* The fields of the last pending event of this type and source, to correct what was
 * not known yet when it was appended; NULL: there is none. */
void *sim_trace_last_pending(SimTrace *trace, uint16_t source, uint16_t type);

/* Nothing that is still to come belongs before what is pending: true of the world's
 * first events, at time 0, before anything else has appended. */
void sim_trace_settle_first(SimTrace *trace);

/* Settled bytes that sim_trace_flush() has not written yet. */
size_t sim_trace_unflushed(const SimTrace *trace);

/* Writes these to fd. On a non-blocking fd that takes no more it returns TRUE with
 * bytes left over (sim_trace_unflushed()); what was written may then end within a
 * record. */
gboolean sim_trace_flush(SimTrace *trace, int fd, GError **error);

/* As if flushed, but written nowhere: for who folds events and keeps none. */
void sim_trace_discard(SimTrace *trace);

/* ---- Appending ------------------------------------------------------------ */

/* For what is inline here. fields are as long as the type says; blob may be NULL. */
void sim_trace_append_slow(SimTrace *trace, uint16_t source, uint64_t time, uint16_t type,
                           const void *fields, const void *blob, uint32_t blob_size)
    __attribute__((cold));
void sim_trace_settle_slow(SimTrace *trace, uint64_t time);

static inline uint64_t sim_record_space(uint32_t size)
{
    return sizeof(SimRecordHeader) + (((uint64_t)size + 7) & ~UINT64_C(7));
}

/* from may be NULL when there is nothing to copy. */
static inline void sim_trace_copy(void *to, const void *from, uint32_t size)
{
    if (size > 0)
        memcpy(to, from, size);
}

/* Begins a record whose fields and blob are size bytes long where the last one ends, and
 * returns where the caller must write them at once, with zeros up to a multiple of 8. NULL:
 * it has to go the slow way. time is not before the source's last, nor before the last
 * settled time. */
static inline void *sim_trace_begin(SimTrace *trace, uint16_t source, uint64_t time, uint16_t type,
                                    uint32_t size)
{
    uint8_t *at = trace->end;

    if (G_UNLIKELY(source != trace->direct || time < trace->last_time ||
                   (uintptr_t)at + sim_record_space(size) > (uintptr_t)trace->room_end))
        return NULL;
    *(SimRecordHeader *)at = (SimRecordHeader){time, size, type, source};
    trace->end = at + sim_record_space(size);
    trace->last_time = time;
    return at + sizeof(SimRecordHeader);
}

/* SIM_TRACE(trace, source, time, VcpuState, .vm = 1, .to = SIM_VCPU_READY);
 * The fields are written down twice here, once for each way, so that the compiler stores
 * them, and the zeros behind them, straight into the trace and keeps nothing over a call.
 * Only one of the two is evaluated. What they say must not append anything itself. */
#define SIM_TRACE(trace, source, time, Name, ...)                                                  \
    do {                                                                                           \
        typedef struct __attribute__((packed, may_alias)) {                                        \
            SimEvent##Name fields;                                                                 \
            uint8_t zero[-sizeof(SimEvent##Name) % 8];                                             \
        } SimPadded_;                                                                              \
        SimTrace *const sim_trace_ = (trace);                                                      \
        const uint16_t sim_source_ = (source);                                                     \
        const uint64_t sim_time_ = (time);                                                         \
        SimPadded_ *const sim_place_ = sim_trace_begin(                                            \
            sim_trace_, sim_source_, sim_time_, SIM_TYPE_OF_##Name, sizeof(SimEvent##Name));       \
        if (G_LIKELY(sim_place_))                                                                  \
            *sim_place_ = (SimPadded_){.fields = {__VA_ARGS__}};                                   \
        else                                                                                       \
            sim_trace_append_slow(sim_trace_, sim_source_, sim_time_, SIM_TYPE_OF_##Name,          \
                                  &(const SimEvent##Name){__VA_ARGS__}, NULL, 0);                  \
    } while (0)

/* The same with text or bytes: SIM_TRACE_BLOB(trace, source, time, Console, bytes, n, .vm = 1); */
#define SIM_TRACE_BLOB(trace, source, time, Name, blob, blob_size, ...)                            \
    do {                                                                                           \
        SimTrace *const sim_trace_ = (trace);                                                      \
        const uint16_t sim_source_ = (source);                                                     \
        const uint64_t sim_time_ = (time);                                                         \
        const void *const sim_blob_ = (blob);                                                      \
        const uint32_t sim_blob_size_ = (blob_size);                                               \
        SimEvent##Name *const sim_place_ =                                                         \
            sim_trace_begin(sim_trace_, sim_source_, sim_time_, SIM_TYPE_OF_##Name,                \
                            sizeof(SimEvent##Name) + sim_blob_size_);                              \
        if (G_LIKELY(sim_place_)) {                                                                \
            if (sizeof(SimEvent##Name) + sim_blob_size_ > 0)                                       \
                memset(sim_trace_->end - 8, 0, 8);                                                 \
            *sim_place_ = (SimEvent##Name){__VA_ARGS__};                                           \
            sim_trace_copy(sim_place_ + 1, sim_blob_, sim_blob_size_);                             \
        } else {                                                                                   \
            sim_trace_append_slow(sim_trace_, sim_source_, sim_time_, SIM_TYPE_OF_##Name,          \
                                  &(const SimEvent##Name){__VA_ARGS__}, sim_blob_,                 \
                                  sim_blob_size_);                                                 \
        }                                                                                          \
    } while (0)

/* No source will append anything before time any more: puts all that is pending
 * before time in order. Times given here never go back. */
static inline void sim_trace_settle(SimTrace *trace, uint64_t time)
{
    if (G_UNLIKELY(trace->queued || trace->last_time >= time || trace->end > trace->settle_limit)) {
        sim_trace_settle_slow(trace, time);
        return;
    }
    trace->settled_end = trace->end;
    trace->last_time = time;
}
