/* SPDX-License-Identifier: GPL-2.0-or-later */
/* comparison.c: see comparison.h. */
#include "gui/session/comparison.h"

#include <string.h>

#include <glib/gi18n.h>
#include <inttypes.h>
#include <json-c/json.h>

#include "gui/session/scene.h"
#include "sim/export/parting.h"
#include "sim/export/result.h"
#include "sim/scenario/scenario.h"

uint64_t gui_comparison_end(GuiSession *a, GuiSession *b)
{
    return MAX(MAX(gui_session_end_time(a), gui_session_end_time(b)), 1) + 1;
}

uint64_t gui_parting_time(const GuiParting *parting)
{
    if (!parting->has_a)
        return parting->time_b;
    if (!parting->has_b)
        return parting->time_a;
    return MIN(parting->time_a, parting->time_b);
}

static void go(GuiSession *session, bool has, uint64_t index)
{
    if (has)
        gui_session_seek_event(session, index);
    else
        gui_session_seek(session, gui_session_end_time(session));
}

void gui_parting_go(const GuiParting *parting, GuiSession *a, GuiSession *b)
{
    go(a, parting->has_a, parting->index_a);
    go(b, parting->has_b, parting->index_b);
}

GuiParting gui_parting_find(SimReader *a, SimReader *b)
{
    SimParting parting = sim_parting_find(a, b);

    return (GuiParting){.known = true,
                        .same = parting.same,
                        .alike = parting.alike,
                        .has_a = parting.has_a,
                        .has_b = parting.has_b,
                        .index_a = parting.has_a ? parting.a.index : 0,
                        .index_b = parting.has_b ? parting.b.index : 0,
                        .time_a = parting.has_a ? parting.a.time : 0,
                        .time_b = parting.has_b ? parting.b.time : 0};
}

/* ---- In words ----------------------------------------------------------------------------- */

static char *event_words(GuiSession *session, bool has, uint64_t index)
{
    g_autofree char *time = NULL, *words = NULL;
    SimRecord record;

    if (!has || !sim_reader_get(gui_session_reader(session), index, &record))
        return g_strdup(_("nothing more happens"));
    time = gui_time_text(record.time);
    words = gui_event_sentence(gui_session_model(session), &record);
    return g_strdup_printf(_("at %s: %s"), time, words);
}

/* "cost_ns 6000 and 25000": what differs in two events that read alike; NULL: nothing. g_free() */
static char *field_words(const GuiParting *parting, GuiSession *a, GuiSession *b)
{
    g_autoptr(GString) words = g_string_new(NULL);
    SimRecord one, other;
    size_t offset = 0;

    if (!sim_reader_get(gui_session_reader(a), parting->index_a, &one) ||
        !sim_reader_get(gui_session_reader(b), parting->index_b, &other) || one.type != other.type)
        return NULL;
    for (const SimFieldInfo *field = sim_event_info(one.type)->fields; field->name; field++) {
        uint64_t first = sim_field_value(field, (const char *)one.fields + offset);
        uint64_t second = sim_field_value(field, (const char *)other.fields + offset);

        if (first != second)
            g_string_append_printf(words, "%s%s %" G_GUINT64_FORMAT " %s %" G_GUINT64_FORMAT,
                                   words->len ? ", " : "", field->name, first, _("and"), second);
        offset += field->size;
    }
    return words->len > 0 ? g_strdup(words->str) : NULL;
}

char *gui_parting_words(const GuiParting *parting, GuiSession *a, GuiSession *b)
{
    g_autofree char *first = event_words(a, parting->has_a, parting->index_a);
    g_autofree char *second = event_words(b, parting->has_b, parting->index_b);
    g_autofree char *text =
        parting->same ? g_strdup_printf(_("Alike to the end: %" PRIu64 " events."), parting->alike)
                      : g_strdup_printf(_("%" PRIu64 " events alike, then\nfirst, %s\nsecond, %s"),
                                        parting->alike, first, second);
    bool reads_alike = !parting->same && parting->has_a && parting->has_b && !strcmp(first, second);
    g_autofree char *fields = reads_alike ? field_words(parting, a, b) : NULL;

    return g_strdup_printf(
        "%s%s%s%s", text, fields ? _("\nThey differ in ") : "", fields ? fields : "",
        g_strcmp0(gui_session_model(a)->backend, "kvm")
            ? ""
            : _("\nOn kvm each run takes times of its own, so two runs part at once; emulated ones "
                "part where the change matters."));
}

/* ---- Numbers -------------------------------------------------------------------------------- */

/* The result document of a trace; NULL: its scenario cannot be read. */
static json_object *result_of(GuiSession *session)
{
    json_object *all = json_tokener_parse(gui_session_metadata(session));
    json_object *own = all ? json_object_object_get(all, "scenario") : NULL;
    const char *text = own ? json_object_to_json_string(own) : "";
    g_autoptr(SimScenario) scenario =
        sim_scenario_load_text(text, strlen(text), "the trace", NULL, NULL, NULL, NULL);
    json_object *result = NULL;

    if (scenario) {
        uint64_t position = gui_session_position(session);

        gui_session_seek(session, UINT64_MAX);

        SimResultInput input = {.scenario = scenario,
                                .model = gui_session_model(session),
                                .metadata = gui_session_metadata(session)};

        result = sim_result_new(&input);
        if (position > 0)
            gui_session_seek_event(session, position - 1);
        else
            gui_session_seek(session, 0);
    }
    json_object_put(all);
    return result;
}

static void release(void *object)
{
    json_object_put(object);
}

GPtrArray *gui_comparison_rows(GuiSession *a, GuiSession *b)
{
    g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func(release);
    GuiSession *const both[] = {a, b};

    for (unsigned i = 0; i < 2; i++) {
        json_object *result = result_of(both[i]);

        if (!result)
            return NULL;
        g_ptr_array_add(results, result);
    }
    return sim_side_by_side_rows(results);
}
