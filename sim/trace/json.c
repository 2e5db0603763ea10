/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json.c: an event as one JSON object, with the names of the table.
 *
 *   {"index":7,"time_ns":1500,"pcpu":0,"event":"exit","rip":"0x80000",...}
 *
 * Numbers are JSON numbers where every JSON reader keeps them exact (below 2^53
 * in practice: times, counts, ids); values of kind HEX, which may use all 64
 * bits, are strings, and so are addresses.
 */
#include "sim/trace/event.h"

#include <string.h>

void sim_json_string(GString *out, const void *text, size_t size)
{
    const char *at = text;
    const char *end = at + size;

    g_string_append_c(out, '"');
    while (at < end) {
        gunichar c = g_utf8_get_char_validated(at, end - at);

        if ((uint8_t)*at < 0x80)
            c = (uint8_t)*at; /* NUL too, which the function above refuses */
        if (c == '"' || c == '\\')
            g_string_append_printf(out, "\\%c", (int)c);
        else if (c == '\n')
            g_string_append(out, "\\n");
        else if (c < 0x20 || c == 0x7f)
            g_string_append_printf(out, "\\u%04x", c);
        else if (c == (gunichar)-1 || c == (gunichar)-2)
            g_string_append(out, "\\ufffd");
        else
            g_string_append_unichar(out, c);
        at += c == (gunichar)-1 || c == (gunichar)-2 ? 1 : g_unichar_to_utf8(c, NULL);
    }
    g_string_append_c(out, '"');
}

static void add_u64(GString *out, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    g_string_append_len(out, digits + at, (gssize)(sizeof(digits) - at));
}

static void add_value(GString *out, const SimFieldInfo *field, uint64_t value)
{
    switch (field->kind) {
    case SIM_KIND_HEX: g_string_append_printf(out, "\"0x%" G_GINT64_MODIFIER "x\"", value); break;
    case SIM_KIND_BOOL: g_string_append(out, value ? "true" : "false"); break;
    case SIM_KIND_ENUM:
        g_string_append_printf(out, "\"%s\"", sim_name(field->values, (unsigned)value));
        break;
    case SIM_KIND_MAC:
        g_string_append_printf(out, "\"%02x:%02x:%02x:%02x:%02x:%02x\"",
                               (unsigned)(value >> 40 & 0xff), (unsigned)(value >> 32 & 0xff),
                               (unsigned)(value >> 24 & 0xff), (unsigned)(value >> 16 & 0xff),
                               (unsigned)(value >> 8 & 0xff), (unsigned)(value & 0xff));
        break;
    case SIM_KIND_IPV4:
        g_string_append_printf(out, "\"%u.%u.%u.%u\"", (unsigned)(value >> 24 & 0xff),
                               (unsigned)(value >> 16 & 0xff), (unsigned)(value >> 8 & 0xff),
                               (unsigned)(value & 0xff));
        break;
    default: add_u64(out, value); break;
    }
}

static void add_hex(GString *out, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";

    g_string_append_c(out, '"');
    for (size_t i = 0; i < size; i++) {
        g_string_append_c(out, digits[bytes[i] >> 4]);
        g_string_append_c(out, digits[bytes[i] & 15]);
    }
    g_string_append_c(out, '"');
}

void sim_record_to_json(const SimRecord *record, GString *out)
{
    const SimEventInfo *info = sim_event_info(record->type);
    const uint8_t *at = record->fields;

    g_string_append(out, "{\"index\":");
    add_u64(out, record->index);
    g_string_append(out, ",\"time_ns\":");
    add_u64(out, record->time);
    g_string_append(out, ",\"pcpu\":");
    if (record->source == SIM_SOURCE_WORLD)
        g_string_append(out, "null");
    else
        add_u64(out, record->source - 1u);
    g_string_append_printf(out, ",\"event\":\"%s\"", info->name);
    for (const SimFieldInfo *field = info->fields; field->name; field++) {
        g_string_append_printf(out, ",\"%s\":", field->name);
        add_value(out, field, sim_field_value(field, at));
        at += field->size;
    }
    if (info->blob == SIM_BLOB_TEXT) {
        g_string_append(out, ",\"text\":");
        sim_json_string(out, record->blob, record->blob_size);
    } else if (info->blob == SIM_BLOB_BYTES) {
        g_string_append(out, ",\"bytes\":");
        add_hex(out, record->blob, record->blob_size);
    }
    g_string_append_c(out, '}');
}
