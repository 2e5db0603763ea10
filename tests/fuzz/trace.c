/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trace.c: any bytes as a trace: read it in every way, fold it, export it.
 *
 * A fuzzer would never guess the hash of the table of events, so bytes that begin
 * with the magic get the right version and hash put in.
 */
#include <glib.h>

#include "sim/model/model.h"
#include "sim/trace/reader.h"

static void read_everything(SimReader *reader)
{
    g_autoptr(SimModel) model = sim_model_new();
    g_autoptr(SimModel) copy = NULL;
    g_autoptr(GString) json = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    SimCursor cursor = {0};
    SimRecord record;
    uint64_t last = 0;
    unsigned flights;

    while (sim_reader_next(reader, &cursor, &record)) {
        g_assert(record.time >= last && record.type < SIM_EVENT_TYPE_COUNT);
        last = record.time;
        sim_model_apply(model, &record);
        g_string_truncate(json, 0);
        sim_record_to_json(&record, json);
        if (record.index == 8)
            copy = sim_model_copy(model);
    }
    g_assert(sim_reader_count(reader) == cursor.index);
    g_assert(sim_reader_at_time(reader, SIM_TIME_NEVER).index <= cursor.index);
    g_assert(sim_reader_get(reader, cursor.index / 2, &record) == (cursor.index > 0));
    g_assert(sim_reader_check(reader, &error) == (error == NULL));
    g_assert(error == NULL || sim_reader_cut_bytes(reader) == 0);
    g_free(sim_model_flights(model, &flights));
    g_assert(model->events == cursor.index);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree uint8_t *bytes = g_memdup2(data, size ? size : 1);
    SimTraceHeader header;

    if (size >= sizeof(header)) {
        memcpy(&header, bytes, sizeof(header));
        header.version = SIM_TRACE_VERSION;
        header.schema_hash = sim_event_schema_hash();
        memcpy(bytes, &header, sizeof(header));
    }
    g_autoptr(SimReader) reader = sim_reader_new_memory(bytes, size, NULL);
    if (reader)
        read_everything(reader);
    return 0;
}
