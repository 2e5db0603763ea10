/* SPDX-License-Identifier: GPL-2.0-or-later */
/* words.c: see words.h. Fields are told from the table of events: those that are 0 and
 * say nothing are left out, those that name a VM or network get its name. */
#include "sim/export/words.h"

#include <inttypes.h>
#include <string.h>

#define MOST_TEXT 60 /* bytes of an event's text that are shown */

char *sim_time_words(uint64_t ns)
{
    static const struct {
        uint64_t ns;
        const char *unit;
        int digits;
    } units[] = {{1000000000, "s", 9}, {1000000, "ms", 6}, {1000, "us", 3}};

    if (ns == SIM_TIME_NEVER)
        return g_strdup("never");
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
        if (ns >= units[i].ns)
            return g_strdup_printf("%" PRIu64 ".%0*" PRIu64 " %s", ns / units[i].ns,
                                   units[i].digits, ns % units[i].ns, units[i].unit);
    return g_strdup_printf("%" PRIu64 " ns", ns);
}

/* The name of what a field's number stands for; NULL: it is just a number. */
static const char *name_of(const SimModel *model, const SimFieldInfo *field, uint64_t value)
{
    if (!model)
        return NULL;
    if (!strcmp(field->name, "vm") || g_str_has_suffix(field->name, "_vm")) {
        const SimModelVm *vm = sim_model_vm(model, (unsigned)value);

        return vm ? vm->name : NULL;
    }
    if (!strcmp(field->name, "network")) {
        const SimModelNetwork *network = sim_model_network(model, (unsigned)value);

        return network ? network->name : NULL;
    }
    return NULL;
}

static void add_mac(GString *out, uint64_t mac)
{
    for (int shift = 40; shift >= 0; shift -= 8)
        g_string_append_printf(out, shift ? "%02x:" : "%02x", (unsigned)(mac >> shift & 255));
}

static void add_field(GString *out, const SimModel *model, const SimFieldInfo *field,
                      uint64_t value)
{
    const char *name = name_of(model, field, value);

    if (field->kind == SIM_KIND_ENUM) {
        g_string_append_printf(out, ", %s %s", field->name,
                               sim_name(field->values, (unsigned)value));
        return;
    }
    if (field->kind == SIM_KIND_BOOL) {
        g_string_append_printf(out, ", %s%s", value ? "" : "not ", field->name);
        return;
    }
    if (!strcmp(field->unit, "ns") && g_str_has_suffix(field->name, "_ns")) {
        g_autofree char *time = sim_time_words(value);

        g_string_append_printf(out, ", %.*s %s", (int)strlen(field->name) - 3, field->name, time);
        return;
    }
    g_string_append_printf(out, ", %s ", field->name);
    if (name)
        g_string_append(out, name);
    else if (field->kind == SIM_KIND_HEX)
        g_string_append_printf(out, "0x%" PRIx64, value);
    else if (field->kind == SIM_KIND_MAC)
        add_mac(out, value);
    else if (field->kind == SIM_KIND_IPV4)
        g_string_append_printf(out, "%u.%u.%u.%u", (unsigned)(value >> 24 & 255),
                               (unsigned)(value >> 16 & 255), (unsigned)(value >> 8 & 255),
                               (unsigned)(value & 255));
    else if (field->size == 2 && value == SIM_NONE)
        g_string_append(out, "none");
    else
        g_string_append_printf(out, "%" PRIu64, value);
}

static void add_text(GString *out, const SimRecord *record)
{
    g_autofree char *valid = g_utf8_make_valid((const char *)record->blob, record->blob_size);
    g_autofree char *clean = g_strescape(valid, NULL);

    g_string_append_printf(out, ", \"%.*s%s\"", MOST_TEXT, clean,
                           strlen(clean) > MOST_TEXT ? "..." : "");
}

char *sim_event_words(const SimModel *model, const SimRecord *record)
{
    const SimEventInfo *info = sim_event_info(record->type);
    const uint8_t *at = record->fields;
    g_autoptr(GString) fields = g_string_new(NULL);
    GString *out = g_string_new(NULL);

    for (const SimFieldInfo *field = info->fields; field->name; field++) {
        add_field(fields, model, field, sim_field_value(field, at));
        at += field->size;
    }
    if (info->blob == SIM_BLOB_TEXT && record->blob_size)
        add_text(fields, record);
    if (record->source != SIM_SOURCE_WORLD)
        g_string_append_printf(out, "pCPU %u: ", record->source - 1u);
    g_string_append_printf(out, "%s%s%s", info->name, fields->len ? ": " : "",
                           fields->len ? fields->str + 2 : "");
    return g_string_free(out, FALSE);
}
