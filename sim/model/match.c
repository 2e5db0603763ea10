/* SPDX-License-Identifier: GPL-2.0-or-later */
/* match.c: the fields of a record against what a person wrote. A VM or network may
 * be named; a value of a list is known by its name; MACs and addresses by their
 * text. */
#include "sim/model/match.h"

#include <string.h>

static bool ipv4_is(uint64_t value, const char *text)
{
    g_autofree char *own =
        g_strdup_printf("%u.%u.%u.%u", (unsigned)(value >> 24 & 255), (unsigned)(value >> 16 & 255),
                        (unsigned)(value >> 8 & 255), (unsigned)(value & 255));

    return !strcmp(own, text);
}

static bool mac_is(uint64_t value, const char *text)
{
    g_autoptr(GString) own = g_string_new(NULL);

    for (int shift = 40; shift >= 0; shift -= 8)
        g_string_append_printf(own, shift ? "%02x:" : "%02x", (unsigned)(value >> shift & 255));
    return !g_ascii_strcasecmp(own->str, text);
}

/* A field has no sign of its own: -1 is what a program's exit(-1) leaves in it. */
static bool number_is(const SimFieldInfo *info, uint64_t value, int64_t wanted)
{
    uint64_t bits = info->size < 8 ? (UINT64_C(1) << 8 * info->size) - 1 : UINT64_MAX;
    int64_t least = -(int64_t)(bits / 2) - 1;

    return wanted >= 0 ? value == (uint64_t)wanted
                       : wanted >= least && value == ((uint64_t)wanted & bits);
}

static bool field_is(const SimScenario *scenario, const SimFieldInfo *info, uint64_t value,
                     const SimEventField *wanted)
{
    if (info->kind == SIM_KIND_ENUM && !wanted->is_number)
        return !strcmp(sim_name(info->values, (unsigned)value), wanted->text);
    if (wanted->is_number)
        return number_is(info, value, wanted->number);
    if (info->kind == SIM_KIND_IPV4)
        return ipv4_is(value, wanted->text);
    if (info->kind == SIM_KIND_MAC)
        return mac_is(value, wanted->text);
    if (info->kind == SIM_KIND_HEX)
        return g_ascii_strtoull(wanted->text, NULL, 0) == value;
    if (strstr(info->name, "vm"))
        return sim_scenario_find_vm(scenario, wanted->text) == (int64_t)value;
    if (!strcmp(info->name, "network"))
        return sim_scenario_find_network(scenario, wanted->text) == (int64_t)value;
    return false;
}

bool sim_event_matches(const SimScenario *scenario, const SimRecord *record,
                       const SimExpectEvent *expect)
{
    const SimEventInfo *info = sim_event_info(record->type);

    if (strcmp(info->name, expect->type))
        return false;
    for (size_t i = 0; i < expect->where_count; i++) {
        size_t offset;
        const SimFieldInfo *field = sim_event_field(info, expect->where[i].field, &offset);

        if (!field || !field_is(scenario, field,
                                sim_field_value(field, (const uint8_t *)record->fields + offset),
                                &expect->where[i]))
            return false;
    }
    return true;
}
