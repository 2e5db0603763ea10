/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng.c: odd frames in a capture: any bytes as frames, of any length, sent, lost, dropped
 * and forwarded in any order, on ports that exist and others. What comes out is a sound
 * capture (draft-ietf-opsawg-pcapng): blocks that fit, packets of interfaces that were
 * described, no more bytes captured than there were. The other formats read the same.
 *
 * The input is a row of instructions of three bytes (what, which frame, which port), those
 * that make a frame followed by its length and its bytes.
 */
#include <string.h>

#include "sim/export/export.h"
#include "sim/trace/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PORTS           4u /* NIC, switch, NIC, switch */
#define LIMIT           (UINT64_C(1) << 20)
#define SECTION_BLOCK   0x0a0d0d0au
#define INTERFACE_BLOCK 1u
#define PACKET_BLOCK    6u

/* ---- Any bytes as a trace ------------------------------------------------------- */

static void add_wiring(SimTrace *trace)
{
    SIM_TRACE_BLOB(trace, 0, 0, NetworkCreated, "net", 3, .mode = SIM_NET_MODE_INTERNAL);
    for (uint32_t port = 0; port < PORTS; port++) {
        const char *kind = port % 2 == 0 ? "nic" : "switch";
        uint16_t vm = port % 2 == 0 ? (uint16_t)(port / 2) : SIM_NONE;
        SIM_TRACE_BLOB(trace, 0, 0, PortCreated, kind, strlen(kind), .port = port,
                       .part = port % 2 == 0 ? 1 + port / 2 : 0, .number = port / 2, .vm = vm,
                       .nic = port % 2 == 0 ? 0 : SIM_NONE);
    }
    SIM_TRACE(trace, 0, 0, LinkCreated, .a = 0, .b = 1, .latency_ns = 1000);
    SIM_TRACE(trace, 0, 0, LinkCreated, .a = 2, .b = 3, .latency_ns = 1000);
}

/* Takes what it needs from the input; how much that was. */
static size_t add_frame(SimTrace *trace, uint64_t time, uint8_t what, uint8_t id,
                        const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    uint32_t claimed = data[0] * 40u; /* may be more or less than is there */
    uint32_t kept = (uint32_t)MIN(size - 1, claimed);
    if (what == 0)
        SIM_TRACE_BLOB(trace, 0, time, FrameSent, data + 1, kept, .frame = id, .length = claimed,
                       .vm = id % 3);
    else
        SIM_TRACE_BLOB(trace, 0, time, FrameNew, data + 1, kept, .frame = id, .length = claimed,
                       .parent = id / 2);
    return 1 + kept;
}

static void add_event(SimTrace *trace, uint64_t time, uint8_t what, uint8_t id, uint8_t where)
{
    uint32_t port = where % (PORTS + 2), other = where / 16 % (PORTS + 2);
    uint8_t why = where % SIM_NET_DROP_COUNT;

    switch (what) {
    case 2:
        SIM_TRACE(trace, 0, time, LinkEnter, .frame = id, .from = port, .to = other,
                  .start_ns = time + where, .arrive_ns = time + 2 * where);
        break;
    case 3: SIM_TRACE(trace, 0, time, SwitchReceive, .frame = id, .port = port); break;
    case 4:
        SIM_TRACE(trace, 0, time, SwitchForward, .frame = id, .in_port = port, .port = other);
        break;
    case 5:
        SIM_TRACE(trace, 0, time, SwitchFlood, .frame = id, .in_port = port, .ports = other);
        break;
    case 6: SIM_TRACE(trace, 0, time, SwitchDrop, .frame = id, .in_port = port, .why = why); break;
    case 7: SIM_TRACE(trace, 0, time, LinkDrop, .frame = id, .from = port, .why = why); break;
    case 8:
        SIM_TRACE(trace, 0, time, EgressDrop, .frame = id, .in_port = port, .port = other,
                  .why = why);
        break;
    case 9: SIM_TRACE(trace, 0, time, MacLearned, .port = port, .mac = id, .vlan = where); break;
    default: SIM_TRACE(trace, 0, time, FrameDelivered, .frame = id, .port = port); break;
    }
}

static SimTrace *trace_of(const uint8_t *data, size_t size)
{
    const SimTraceOptions options = {.limit_bytes = LIMIT};
    SimTrace *trace = sim_trace_new("{}", &options, NULL);
    uint64_t time = 1;

    g_assert_nonnull(trace);
    add_wiring(trace);
    for (size_t at = 0; at + 3 <= size; time += data[at] / 16) {
        uint8_t what = data[at] % 11, id = data[at + 1] % 16, where = data[at + 2];
        at += 3;
        if (what < 2)
            at += add_frame(trace, time, what, id, data + at, size - at);
        else
            add_event(trace, time, what, id, where);
        if (at >= size)
            break;
    }
    sim_trace_finish(trace);
    return trace;
}

/* ---- Is it sound? ------------------------------------------------------------------ */

static uint32_t number_at(const GString *text, size_t at)
{
    uint32_t number;

    g_assert_cmpuint(at + sizeof number, <=, text->len);
    memcpy(&number, text->str + at, sizeof number);
    return number;
}

static void check_packet(const GString *text, size_t at, uint32_t length, uint32_t interfaces)
{
    uint32_t captured = number_at(text, at + 20), original = number_at(text, at + 24);

    g_assert_cmpuint(number_at(text, at + 8), <, interfaces);
    g_assert_cmpuint(captured, <=, original);
    g_assert_cmpuint(length, >=, 32);
    g_assert_cmpuint(captured, <=, length - 32);
}

static void check_capture(const GString *text)
{
    uint32_t interfaces = 0, length;

    g_assert_cmphex(number_at(text, 0), ==, SECTION_BLOCK);
    for (size_t at = 0; at < text->len; at += length) {
        uint32_t type = number_at(text, at);
        length = number_at(text, at + 4);
        g_assert_true(length >= 12 && length % 4 == 0 && length <= text->len - at);
        g_assert_cmpuint(number_at(text, at + length - 4), ==, length);
        if (type == INTERFACE_BLOCK)
            interfaces++;
        else if (type == PACKET_BLOCK)
            check_packet(text, at, length, interfaces);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(SimTrace) trace = trace_of(data, size);
    size_t bytes;
    const uint8_t *start = sim_trace_data(trace, &bytes);

    for (unsigned i = 0; sim_export_formats[i] != NULL; i++) {
        g_autoptr(SimReader) reader = sim_reader_new_memory(start, bytes, NULL);
        g_autoptr(GString) text = g_string_new(NULL);
        g_assert_true(
            sim_export_trace(sim_export_formats[i], reader, sim_export_to_string, text, NULL));
        if (strcmp(sim_export_formats[i]->name, "pcapng") == 0)
            check_capture(text);
    }
    return 0;
}
