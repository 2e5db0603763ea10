/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uplinks.c: uplinks as the loop sees them: frames that come in at a time and are
 * recorded, frames that go out. The file descriptors are in uplink.c.
 */
#include <string.h>

#include "sim/engine/private.h"

typedef struct {
    unsigned uplink;
    GBytes *frame;
} SimUplinkOutput;

bool sim_engine_add_uplink(SimEngine *engine, unsigned network, GError **error)
{
    NetPortId port;

    g_assert(engine->now == 0 && network < engine->scenario->network_count);
    if (!net_world_attach_uplink(engine->net, network, engine->uplinks->len, 0, &port, error))
        return false;
    g_array_append_val(engine->uplinks, port);
    sim_trace_settle_first(engine->trace);
    return true;
}

/* ---- In -------------------------------------------------------------------- */

static void frame_comes_in(SimEngine *engine, SimDue *due)
{
    NetPortId port = g_array_index(engine->uplinks, NetPortId, due->uplink);
    uint64_t id = ++engine->frame_ids;
    gsize length;
    const uint8_t *bytes = g_bytes_get_data(due->input, &length);

    SIM_TRACE_BLOB(engine->trace, SIM_SOURCE_WORLD, engine->now, UplinkIn, bytes, length,
                   .frame = id, .port = port, .uplink = due->uplink,
                   .network = g_array_index(engine->port_network, uint16_t, port));
    SIM_TRACE_BLOB(engine->trace, SIM_SOURCE_WORLD, engine->now, FrameNew, bytes,
                   MIN(length, engine->snap_bytes), .frame = id, .length = length);
    net_world_transmit_bytes(engine->net, port, bytes, length, id, engine->now);
}

static void plan_input(SimEngine *engine, unsigned uplink, const void *bytes, size_t length,
                       uint64_t at_ns)
{
    SimDue *due = sim_engine_due_external(engine, at_ns, frame_comes_in);

    due->input = g_bytes_new(bytes, length);
    due->uplink = uplink;
}

uint64_t sim_engine_uplink_input(SimEngine *engine, unsigned uplink, const void *bytes,
                                 size_t length, uint64_t at_ns)
{
    uint64_t at = MAX(at_ns, sim_engine_command_time(engine));

    g_assert(uplink < engine->uplinks->len && length <= NET_MAX_FRAME_BYTES);
    plan_input(engine, uplink, bytes, length, at);
    return at;
}

/* ---- Out ------------------------------------------------------------------- */

void sim_engine_uplink_output(SimEngine *engine, unsigned uplink, const NetFrame *frame)
{
    SimUplinkOutput *output;

    if (engine->replays)
        return;
    output = g_new(SimUplinkOutput, 1);
    *output = (SimUplinkOutput){uplink, g_bytes_new(frame->bytes, frame->length)};
    g_queue_push_tail(&engine->uplink_outputs, output);
}

bool sim_engine_take_uplink_output(SimEngine *engine, unsigned *ret_uplink, GBytes **ret_frame)
{
    SimUplinkOutput *output = g_queue_pop_head(&engine->uplink_outputs);

    if (!output)
        return false;
    *ret_uplink = output->uplink;
    *ret_frame = output->frame;
    g_free(output);
    return true;
}

void sim_engine_uplinks_clear(SimEngine *engine)
{
    unsigned uplink;
    GBytes *frame;

    while (sim_engine_take_uplink_output(engine, &uplink, &frame))
        g_bytes_unref(frame);
    g_array_unref(engine->uplinks);
}

/* ---- Again ----------------------------------------------------------------- */

static bool is_same_run(SimEngine *engine, SimReader *trace, GError **error)
{
    g_autofree char *metadata = sim_engine_metadata(engine);

    if (!strcmp(metadata, sim_reader_metadata(trace)))
        return true;
    g_set_error(
        error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_NOT_A_TRACE,
        "what came in by uplinks can be done again only in the same run, and this trace has "
        "another scenario, seed, backend or guest image");
    return false;
}

bool sim_engine_replay_uplinks(SimEngine *engine, SimReader *trace, GError **error)
{
    SimFilter filter = {0};
    SimCursor cursor = {0};
    SimRecord record;

    if (!is_same_run(engine, trace, error) || !sim_reader_check(trace, error))
        return false;
    engine->replays = true;
    sim_filter_add(&filter, SIM_EVENT_PORT_CREATED);
    sim_filter_add(&filter, SIM_EVENT_UPLINK_IN);
    while (sim_reader_next_of(trace, &cursor, &filter, &record)) {
        if (record.type == SIM_EVENT_PORT_CREATED) {
            unsigned network = SIM_FIELDS(&record, PortCreated)->network;
            bool is_uplink = record.blob_size == 6 && !memcmp(record.blob, "uplink", 6);

            if (is_uplink && network < engine->scenario->network_count &&
                !sim_engine_add_uplink(engine, network, error))
                return false;
            continue;
        }

        const SimEventUplinkIn *event = SIM_FIELDS(&record, UplinkIn);

        if (event->uplink < engine->uplinks->len && record.blob_size <= NET_MAX_FRAME_BYTES)
            plan_input(engine, event->uplink, record.blob, record.blob_size, record.time);
    }
    return true;
}
