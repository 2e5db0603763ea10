/* SPDX-License-Identifier: GPL-2.0-or-later */
/* private.h: what the formats share with export.c. */
#pragma once

#include "sim/export/export.h"

struct SimExport {
    const SimExportFormat *format;
    void *state;
    GString *buffer; /* formats append their output here; export.c passes it on */
    SimExportSink sink;
    void *user;
    GError *error; /* the sink has given up */
};

extern const SimExportFormat sim_export_pcapng;
extern const SimExportFormat sim_export_perfetto;
extern const SimExportFormat sim_export_json;
