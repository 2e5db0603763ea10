/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reference.c: the reference page of event types, written from the table.
 *
 * Markdown for the web, plain text for a terminal: the same rows, in a table or
 * in columns. Each list of names is explained once, after the types.
 */
#include "sim/trace/event.h"

#include <string.h>

static const char *type_of(const SimFieldInfo *field)
{
    switch (field->kind) {
    case SIM_KIND_BOOL: return "yes or no";
    case SIM_KIND_ENUM: return field->values->name;
    case SIM_KIND_MAC: return "MAC address";
    case SIM_KIND_IPV4: return "IPv4 address";
    default: break;
    }
    switch (field->size) {
    case 1: return field->kind == SIM_KIND_HEX ? "hex, 8 bits" : "8 bits";
    case 2: return field->kind == SIM_KIND_HEX ? "hex, 16 bits" : "16 bits";
    case 4: return field->kind == SIM_KIND_HEX ? "hex, 32 bits" : "32 bits";
    default: return field->kind == SIM_KIND_HEX ? "hex, 64 bits" : "64 bits";
    }
}

static void add_row(GString *out, bool markdown, const char *name, const char *type,
                    const char *unit, const char *meaning)
{
    if (markdown)
        g_string_append_printf(out, "| `%s` | %s | %s | %s |\n", name, type, unit, meaning);
    else
        g_string_append_printf(out, "    %-15s %-15s %-11s %s\n", name, type, unit, meaning);
}

static void add_event(GString *out, const SimEventInfo *info, bool markdown)
{
    if (markdown)
        g_string_append_printf(out, "### %s\n\n%s", info->name, info->meaning);
    else
        g_string_append_printf(out, "%s\n  %s", info->name, info->meaning);
    if (info->cls == SIM_CLASS_BULK)
        g_string_append(out, " Not recorded beyond the trace's size limit.");
    g_string_append(out, "\n");
    if (markdown && info->fields[0].name)
        g_string_append(out, "\n| field | type | unit | meaning |\n|---|---|---|---|\n");
    for (const SimFieldInfo *field = info->fields; field->name; field++)
        add_row(out, markdown, field->name, type_of(field), field->unit, field->meaning);
    if (info->blob != SIM_BLOB_NONE && markdown && !info->fields[0].name)
        g_string_append(out, "\n| field | type | unit | meaning |\n|---|---|---|---|\n");
    if (info->blob == SIM_BLOB_TEXT)
        add_row(out, markdown, "text", "text", "", "see above");
    else if (info->blob == SIM_BLOB_BYTES)
        add_row(out, markdown, "bytes", "bytes in hex", "", "see above");
    g_string_append(out, "\n");
}

static void add_enum(GString *out, const SimEnumInfo *list, bool markdown)
{
    g_string_append_printf(out, markdown ? "### %s\n\n| name | meaning |\n|---|---|\n" : "%s\n",
                           list->name);
    for (unsigned i = 0; i < list->count; i++)
        g_string_append_printf(out, markdown ? "| `%s` | %s |\n" : "    %-19s %s\n",
                               list->values[i].name, list->values[i].meaning);
    g_string_append(out, "\n");
}

/* Is list the type of a field of the event called only? */
static bool used_by(const SimEnumInfo *list, const char *only)
{
    int type = sim_event_find(only);

    if (type < 0)
        return false;
    for (const SimFieldInfo *field = sim_event_info((unsigned)type)->fields; field->name; field++) {
        if (field->values == list)
            return true;
    }
    return false;
}

void sim_event_reference(GString *out, const char *only, bool markdown)
{
    if (!only && markdown)
        g_string_append(out, "# Events\n\n");
    if (!only)
        g_string_append(out,
                        "Every event also has a number (index), a time (time_ns, virtual ns since "
                        "the run\nbegan) and a source: the pCPU on which it happened, or the world "
                        "(pcpu is null).\nNumbers count from 0; 65535 stands for none.\n\n");
    for (unsigned type = 0; type < SIM_EVENT_TYPE_COUNT; type++) {
        if (!only || strcmp(only, sim_event_info(type)->name) == 0)
            add_event(out, sim_event_info(type), markdown);
    }
    if (!only)
        g_string_append(out, markdown ? "## Names\n\n" : "Names\n\n");
    for (const SimEnumInfo *const *list = sim_enums(); *list; list++) {
        if (!only || used_by(*list, only))
            add_enum(out, *list, markdown);
    }
}
