/* SPDX-License-Identifier: GPL-2.0-or-later */
/* export.h: a trace in the formats of tools that people already use.
 *
 *   pcapng    for Wireshark and tshark: one interface per switch port
 *   perfetto  Chrome trace JSON, for ui.perfetto.dev: pCPUs and vCPUs as threads
 *   json      one JSON object per event and line, for jq and scripts
 *
 * All are streams: events go in one after another (sim_export_apply), bytes come
 * out through a sink, so a run can be exported while it goes on, and a trace of
 * any size needs little memory. Where the bytes go is the caller's business.
 */
#pragma once

#include "sim/trace/reader.h"

/* Takes the next bytes of the output; FALSE and error: give up. */
typedef gboolean (*SimExportSink)(void *user, const void *bytes, size_t size, GError **error);

/* A sink that appends to the GString given as user. */
gboolean sim_export_to_string(void *user, const void *bytes, size_t size, GError **error);

typedef struct SimExport SimExport;

typedef struct {
    const char *name;  /* "pcapng" */
    const char *title; /* a line for lists */
    /* For export.c: makes (the result is handed to the others), feeds, ends and
     * frees one. end and free may be NULL. */
    void *(*begin)(SimExport *out);
    void (*apply)(SimExport *out, void *state, const SimRecord *record);
    void (*end)(SimExport *out, void *state);
    void (*free)(void *state);
} SimExportFormat;

/* The formats, ended by NULL; one by name, NULL: no such. */
extern const SimExportFormat *const sim_export_formats[];
const SimExportFormat *sim_export_find(const char *name);

/* Begins: writes what stands before the first event. */
SimExport *sim_export_new(const SimExportFormat *format, SimExportSink sink, void *user);
/* FALSE: the sink gave up, now or before. */
gboolean sim_export_apply(SimExport *export, const SimRecord *record, GError **error);
/* Passes on what is ready so far. */
gboolean sim_export_flush(SimExport *export, GError **error);
/* Writes what stands behind the last event. */
gboolean sim_export_finish(SimExport *export, GError **error);
void sim_export_free(SimExport *export);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimExport, sim_export_free)

/* All of that for a whole trace. A cut-off trace is exported as far as it goes; a
 * damaged one too, and then gives FALSE. */
gboolean sim_export_trace(const SimExportFormat *format, SimReader *reader, SimExportSink sink,
                          void *user, GError **error);
