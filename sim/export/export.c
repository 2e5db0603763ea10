/* SPDX-License-Identifier: GPL-2.0-or-later */
/* export.c: the stream from events to a sink, for every format; and the simplest
 * format, JSON lines.
 */
#include "sim/export/private.h"

#include <string.h>

#define PASS_ON_BYTES (64u << 10)

const SimExportFormat *const sim_export_formats[] = {&sim_export_pcapng, &sim_export_perfetto,
                                                     &sim_export_json, NULL};

const SimExportFormat *sim_export_find(const char *name)
{
    for (const SimExportFormat *const *format = sim_export_formats; *format; format++) {
        if (strcmp((*format)->name, name) == 0)
            return *format;
    }
    return NULL;
}

gboolean sim_export_to_string(void *user, const void *bytes, size_t size, GError **error)
{
    g_string_append_len(user, bytes, (gssize)size);
    return TRUE;
}

SimExport *sim_export_new(const SimExportFormat *format, SimExportSink sink, void *user)
{
    SimExport *export = g_new0(SimExport, 1);

    export->format = format;
    export->buffer = g_string_sized_new(PASS_ON_BYTES + 4096);
    export->sink = sink;
    export->user = user;
    export->state = format->begin(export);
    return export;
}

void sim_export_free(SimExport *export)
{
    if (!export)
        return;
    if (export->format->free)
        export->format->free(export->state);
    g_string_free(export->buffer, TRUE);
    g_clear_error(&export->error);
    g_free(export);
}

gboolean sim_export_flush(SimExport *export, GError **error)
{
    if (!export->error && export->buffer->len > 0)
        export->sink(export->user, export->buffer->str, export->buffer->len, &export->error);
    g_string_truncate(export->buffer, 0);
    if (!export->error)
        return TRUE;
    g_propagate_error(error, g_error_copy(export->error));
    return FALSE;
}

gboolean sim_export_apply(SimExport *export, const SimRecord *record, GError **error)
{
    export->format->apply(export, export->state, record);
    return export->buffer->len < PASS_ON_BYTES || sim_export_flush(export, error);
}

gboolean sim_export_finish(SimExport *export, GError **error)
{
    if (export->format->end)
        export->format->end(export, export->state);
    return sim_export_flush(export, error);
}

gboolean sim_export_trace(const SimExportFormat *format, SimReader *reader, SimExportSink sink,
                          void *user, GError **error)
{
    g_autoptr(SimExport) export = sim_export_new(format, sink, user);
    SimCursor cursor = {0};
    SimRecord record;

    while (sim_reader_next(reader, &cursor, &record)) {
        if (!sim_export_apply(export, &record, error))
            return FALSE;
    }
    return sim_export_finish(export, error) && sim_reader_check(reader, error);
}

/* ---- JSON lines ----------------------------------------------------------- */

static void *json_begin(SimExport *out)
{
    return NULL;
}

static void json_apply(SimExport *out, void *state, const SimRecord *record)
{
    sim_record_to_json(record, out->buffer);
    g_string_append_c(out->buffer, '\n');
}

const SimExportFormat sim_export_json = {
    .name = "json",
    .title = "one JSON object per event and line",
    .begin = json_begin,
    .apply = json_apply,
};
