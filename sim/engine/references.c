/* SPDX-License-Identifier: GPL-2.0-or-later */
/* references.c: which pages a run has used, in order; from its trace. */
#include "sim/engine/private.h"

#include "sim/trace/reader.h"

HvPageRef *sim_engine_references(SimEngine *engine, size_t *ret_count)
{
    size_t size;
    const uint8_t *data = sim_trace_data(engine->trace, &size);
    g_autoptr(SimReader) reader = sim_reader_new_memory(data, size, NULL);
    GArray *references = g_array_new(FALSE, FALSE, sizeof(HvPageRef));
    SimFilter filter = {0};
    SimCursor cursor = {0};
    SimRecord record;

    sim_filter_add(&filter, SIM_EVENT_PAGE_REFERENCE);
    while (sim_reader_next_of(reader, &cursor, &filter, &record)) {
        const SimEventPageReference *event = SIM_FIELDS(&record, PageReference);
        HvPageRef reference = {event->vm, event->page};

        g_array_append_val(references, reference);
    }
    *ret_count = references->len;
    return (HvPageRef *)g_array_free(references, FALSE);
}
