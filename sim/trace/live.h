/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live.h: a trace that arrives piece by piece, from a pipe or an engine.
 *
 * The pieces are kept, one behind the other, and a reader (reader.h) sees them as
 * one trace that grows: every event is given out once, as soon as its last byte
 * has come. A trace that ends within a record ends before it.
 *
 *   while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
 *       if (!sim_live_feed(live, buffer, n, &error)) ...
 *       while (sim_live_reader(live) &&
 *              sim_reader_next(sim_live_reader(live), &cursor, &record)) ...
 *   }
 *
 * To follow a file that grows, no copy is needed: sim_reader_refresh().
 */
#pragma once

#include "sim/trace/reader.h"

typedef struct SimLive SimLive;

SimLive *sim_live_new(void);
void sim_live_free(SimLive *live);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimLive, sim_live_free)

/* Takes the next bytes, in pieces of any size. FALSE and error: what begins there is
 * no trace, or memory is out; nothing more is taken then. Pointers of records that
 * were read before hold no longer. (A damaged record is the reader's to tell.) */
gboolean sim_live_feed(SimLive *live, const void *bytes, size_t size, GError **error);

/* NULL until the header is there. It belongs to live and stays the same. */
SimReader *sim_live_reader(SimLive *live);

/* Bytes taken so far. */
uint64_t sim_live_size(const SimLive *live);
/* These bytes, for a reader of one's own (which is then told of growth by
 * sim_reader_update()), or for a file. Holds until the next feed; NULL: none yet. */
const uint8_t *sim_live_data(const SimLive *live, size_t *ret_size);
