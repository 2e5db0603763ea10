/* SPDX-License-Identifier: GPL-2.0-or-later */
/* breakpoints.c: see breakpoints.h. */
#include "gui/session/breakpoints.h"

#include <glib/gi18n.h>

typedef struct {
    char *text, *error;
    bool enabled;
    SimCondition *condition; /* NULL: it has an error */
} Entry;

struct _GuiBreakpoints {
    GObject parent;
    GuiSession *session;
    GPtrArray *entries; /* of Entry * */
};

struct GuiSearch {
    GuiSession *session;
    GuiBreakpoints *breakpoints;
    SimCondition *condition; /* NULL: the breakpoints */
    SimFilter filter;        /* kinds of event that can be it */
    int direction;
    uint64_t at; /* the next to look at, or, backwards, the one behind that */
};

G_DEFINE_FINAL_TYPE(GuiBreakpoints, gui_breakpoints, G_TYPE_OBJECT)

static unsigned changed_signal;

static void entry_free(void *data)
{
    Entry *entry = data;

    g_free(entry->text);
    g_free(entry->error);
    sim_condition_free(entry->condition);
    g_free(entry);
}

SimCondition *gui_condition_new(GuiSession *session, const char *text, GError **error)
{
    const SimModel *model = gui_session_model(session);
    g_autofree const char **vms = g_new0(const char *, model->vms->len + 1);
    g_autofree const char **networks = g_new0(const char *, model->networks->len + 1);
    const SimConditionNames names = {vms, networks, model->vms->len, model->networks->len};

    for (unsigned i = 0; i < model->vms->len; i++)
        vms[i] = sim_model_vm(model, i) ? sim_model_vm(model, i)->name : NULL;
    for (unsigned i = 0; i < model->networks->len; i++)
        networks[i] = sim_model_network(model, i) ? sim_model_network(model, i)->name : NULL;
    return sim_condition_parse(text, gui_session_is_open(session) ? &names : NULL, NULL, error);
}

/* What a condition means in the run that is open. */
static void read_entry(GuiBreakpoints *breakpoints, Entry *entry)
{
    g_autoptr(GError) error = NULL;

    g_clear_pointer(&entry->condition, sim_condition_free);
    g_clear_pointer(&entry->error, g_free);
    entry->condition = gui_condition_new(breakpoints->session, entry->text, &error);
    if (!entry->condition)
        entry->error = g_strdup(error->message);
}

static void changed(GuiBreakpoints *breakpoints)
{
    g_signal_emit(breakpoints, changed_signal, 0);
}

static void trace_changed(GuiSession *session, GuiBreakpoints *breakpoints)
{
    for (unsigned i = 0; i < breakpoints->entries->len; i++)
        read_entry(breakpoints, breakpoints->entries->pdata[i]);
    changed(breakpoints);
}

/* ---- The list -------------------------------------------------------------------------- */

unsigned gui_breakpoints_count(GuiBreakpoints *breakpoints)
{
    return breakpoints->entries->len;
}

GuiBreakpoint gui_breakpoints_get(GuiBreakpoints *breakpoints, unsigned number)
{
    const Entry *entry = breakpoints->entries->pdata[number];

    return (GuiBreakpoint){entry->text, entry->enabled, entry->error};
}

gboolean gui_breakpoints_add(GuiBreakpoints *breakpoints, const char *text, GError **error)
{
    g_autoptr(SimCondition) good = sim_condition_parse(text, NULL, NULL, error);
    Entry *entry;

    if (!good)
        return FALSE;
    if (breakpoints->entries->len >= GUI_MAX_BREAKPOINTS) {
        g_set_error(error, SIM_CONDITION_ERROR, 0, _("there are %u breakpoints, which is the most"),
                    GUI_MAX_BREAKPOINTS);
        return FALSE;
    }
    entry = g_new0(Entry, 1);
    entry->text = g_strdup(text);
    entry->enabled = true;
    read_entry(breakpoints, entry);
    g_ptr_array_add(breakpoints->entries, entry);
    changed(breakpoints);
    return TRUE;
}

void gui_breakpoints_remove(GuiBreakpoints *breakpoints, unsigned number)
{
    g_ptr_array_remove_index(breakpoints->entries, number);
    changed(breakpoints);
}

void gui_breakpoints_enable(GuiBreakpoints *breakpoints, unsigned number, bool enabled)
{
    Entry *entry = breakpoints->entries->pdata[number];

    if (entry->enabled == enabled)
        return;
    entry->enabled = enabled;
    changed(breakpoints);
}

char **gui_breakpoints_active(GuiBreakpoints *breakpoints)
{
    g_autoptr(GStrvBuilder) texts = g_strv_builder_new();

    for (unsigned i = 0; i < breakpoints->entries->len; i++) {
        const Entry *entry = breakpoints->entries->pdata[i];

        if (entry->enabled && entry->condition)
            g_strv_builder_add(texts, entry->text);
    }
    return g_strv_builder_end(texts);
}

int gui_breakpoints_at(GuiBreakpoints *breakpoints, const SimRecord *record)
{
    for (unsigned i = 0; i < breakpoints->entries->len; i++) {
        const Entry *entry = breakpoints->entries->pdata[i];

        if (entry->enabled && entry->condition && sim_condition_holds(entry->condition, record))
            return (int)i;
    }
    return -1;
}

/* ---- Looking for the next ------------------------------------------------------------------ */

static void add_types(SimFilter *filter, const SimCondition *condition)
{
    for (size_t i = 0; i < G_N_ELEMENTS(filter->bits); i++)
        filter->bits[i] |= sim_condition_types(condition)->bits[i];
}

GuiSearch *gui_search_new(GuiSession *session, GuiBreakpoints *breakpoints, SimCondition *condition,
                          int direction)
{
    GuiSearch *search = g_new0(GuiSearch, 1);
    uint64_t position = gui_session_position(session);

    search->session = g_object_ref(session);
    search->breakpoints = g_object_ref(breakpoints);
    search->condition = condition;
    search->direction = direction;
    /* Backwards from the event that we stand behind it is not itself meant. */
    search->at = direction > 0 || position == 0 ? position : position - 1;
    if (condition)
        add_types(&search->filter, condition);
    for (unsigned i = 0; !condition && i < breakpoints->entries->len; i++) {
        const Entry *entry = breakpoints->entries->pdata[i];

        if (entry->enabled && entry->condition)
            add_types(&search->filter, entry->condition);
    }
    return search;
}

void gui_search_free(GuiSearch *search)
{
    if (!search)
        return;
    sim_condition_free(search->condition);
    g_object_unref(search->breakpoints);
    g_object_unref(search->session);
    g_free(search);
}

static bool is_it(const GuiSearch *search, const SimRecord *record)
{
    return search->condition ? sim_condition_holds(search->condition, record)
                             : gui_breakpoints_at(search->breakpoints, record) >= 0;
}

GuiSearchResult gui_search_step(GuiSearch *search, unsigned most, uint64_t *ret_event)
{
    SimReader *reader = gui_session_reader(search->session);
    bool forward = search->direction > 0;

    for (unsigned i = 0; i < most; i++) {
        int64_t index =
            gui_session_find(search->session, &search->filter, search->at, search->direction);
        SimRecord record;

        if (index < 0 || !sim_reader_get(reader, (uint64_t)index, &record)) {
            /* What comes is behind all that there is. */
            if (forward)
                search->at = MAX(search->at, gui_session_event_count(search->session));
            return GUI_SEARCH_NOTHING;
        }
        search->at = (uint64_t)index + forward;
        if (is_it(search, &record)) {
            *ret_event = record.index;
            return GUI_SEARCH_FOUND;
        }
    }
    return GUI_SEARCH_MORE;
}

/* ---- Life ----------------------------------------------------------------------------------- */

static void gui_breakpoints_finalize(GObject *object)
{
    GuiBreakpoints *breakpoints = GUI_BREAKPOINTS(object);

    g_signal_handlers_disconnect_by_data(breakpoints->session, breakpoints);
    g_object_unref(breakpoints->session);
    g_ptr_array_unref(breakpoints->entries);
    G_OBJECT_CLASS(gui_breakpoints_parent_class)->finalize(object);
}

static void gui_breakpoints_class_init(GuiBreakpointsClass *class)
{
    G_OBJECT_CLASS(class)->finalize = gui_breakpoints_finalize;
    changed_signal = g_signal_new("changed", GUI_TYPE_BREAKPOINTS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                  NULL, G_TYPE_NONE, 0);
}

static void gui_breakpoints_init(GuiBreakpoints *breakpoints)
{
    breakpoints->entries = g_ptr_array_new_with_free_func(entry_free);
}

GuiBreakpoints *gui_breakpoints_new(GuiSession *session)
{
    GuiBreakpoints *breakpoints = g_object_new(GUI_TYPE_BREAKPOINTS, NULL);

    breakpoints->session = g_object_ref(session);
    g_signal_connect(session, "trace-changed", G_CALLBACK(trace_changed), breakpoints);
    return breakpoints;
}
