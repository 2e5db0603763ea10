/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reader.h: reading a trace.
 *
 * A reader looks at a trace in a file (mapped into memory) or in memory. It
 * trusts nothing in it: the header is checked when it is opened, each record
 * before it is first given out, so a damaged file gives a GError and never a bad
 * record. A file that ends within a record is not damaged: it was cut off, or
 * its writer is still at work; all whole records before are given out.
 *
 * Records are found by number through a sparse index (the place of every
 * SIM_READER_STRIDE-th one), which grows as far as anybody has looked. A reader
 * of 10 million events needs some 600 KB for it.
 *
 * A reader is not changed by reading but for its index: use it on one thread.
 */
#pragma once

#include "sim/trace/trace.h"

#define SIM_READER_STRIDE 256u

typedef struct SimReader SimReader;

/* GError domain of this folder. */
#define SIM_TRACE_ERROR (sim_trace_error_quark())
GQuark sim_trace_error_quark(void);

typedef enum {
    SIM_TRACE_ERROR_NOT_A_TRACE, /* no such header */
    SIM_TRACE_ERROR_VERSION,     /* written by another version of hvlab */
    SIM_TRACE_ERROR_DAMAGED,     /* a record that cannot be */
    SIM_TRACE_ERROR_IO,
} SimTraceError;

/* Opens the file at path. */
SimReader *sim_reader_open(const char *path, GError **error);
/* Reads size bytes at data, which are borrowed and must stay. */
SimReader *sim_reader_new_memory(const void *data, size_t size, GError **error);
void sim_reader_free(SimReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimReader, sim_reader_free)

/* The trace has grown: data holds the same bytes as before and more behind them
 * (memory), or the file is looked at again (file). */
void sim_reader_update(SimReader *reader, const void *data, size_t size);
gboolean sim_reader_refresh(SimReader *reader, GError **error);

/* The metadata's JSON text, NUL-terminated; owned by the reader. */
const char *sim_reader_metadata(const SimReader *reader);

/* A position: before the event that sim_reader_next() will give. Zero-initialised
 * it is at the start. Plain data, copied freely. */
typedef struct {
    uint64_t offset; /* 0: the first record */
    uint64_t index;
} SimCursor;

/* A set of types. Zero-initialised it lets nothing through. */
typedef struct {
    uint64_t bits[(SIM_EVENT_TYPE_COUNT + 63) / 64];
} SimFilter;

static inline void sim_filter_add(SimFilter *filter, unsigned type)
{
    filter->bits[type / 64] |= UINT64_C(1) << (type % 64);
}

static inline bool sim_filter_has(const SimFilter *filter, unsigned type)
{
    return filter->bits[type / 64] >> (type % 64) & 1;
}

/* Gives the event at the cursor and moves on. FALSE at the end of what is there
 * or before a damaged record (sim_reader_check() tells); the cursor then stays,
 * and reading goes on after sim_reader_update(). The record's pointers hold
 * until the next update, refresh or free. */
gboolean sim_reader_next(SimReader *reader, SimCursor *cursor, SimRecord *ret_record);
/* The next event whose type is in filter. */
gboolean sim_reader_next_of(SimReader *reader, SimCursor *cursor, const SimFilter *filter,
                            SimRecord *ret_record);

/* Event number index; FALSE: there are fewer. */
gboolean sim_reader_get(SimReader *reader, uint64_t index, SimRecord *ret_record);
/* A cursor before event number index, or at the end if there are fewer. */
SimCursor sim_reader_at(SimReader *reader, uint64_t index);
/* A cursor before the first event at or after time. */
SimCursor sim_reader_at_time(SimReader *reader, uint64_t time);

/* Bytes of the trace, header included, as of the last look at it. */
size_t sim_reader_size(const SimReader *reader);

/* These look at the whole trace, once. */
uint64_t sim_reader_count(SimReader *reader);
uint64_t sim_reader_end_time(SimReader *reader); /* time of the last event; 0: no event */
/* FALSE with the place and kind of the damage if there is a record that cannot be. */
gboolean sim_reader_check(SimReader *reader, GError **error);
/* Bytes of an unfinished record at the end; 0: the trace ends where a record does. */
size_t sim_reader_cut_bytes(SimReader *reader);
