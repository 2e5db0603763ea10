/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live.c: commands on their way. One that was sent is looked for among the events of the
 * trace, where it stands with whether it was refused; only then a toast says that it is done. */
#include "gui/app/live.h"

#include <json-c/json.h>
#include <string.h>

#include "gui/app/common.h"
#include "gui/session/scene.h"

#define SETTLE_NS 1000000 /* how far the engine goes on, so that the command takes effect */

typedef struct {
    char *json, *says, *undo;
} Sent;

struct GuiLive {
    GuiWindow *window;
    GPtrArray *sent;  /* of Sent, not yet seen in the trace */
    GPtrArray *undos; /* of char *: what takes back what was done, the last one last */
    uint64_t looked;  /* events looked at */
};

static void sent_free(void *data)
{
    Sent *sent = data;

    g_free(sent->json);
    g_free(sent->says);
    g_free(sent->undo);
    g_free(sent);
}

/* ---- Into the trace and back -------------------------------------------------------------- */

/* Is everything in one JSON object in the other, too? */
static bool contained(json_object *one, json_object *other)
{
    json_object_object_foreach(one, key, value)
    {
        json_object *there = NULL;

        if (!json_object_object_get_ex(other, key, &there))
            return false;
        if (json_object_is_type(value, json_type_object) ? !contained(value, there)
                                                         : !json_object_equal(value, there))
            return false;
    }
    return true;
}

static bool same_command(const char *sent, const SimRecord *record)
{
    g_autofree char *text = g_strndup((const char *)record->blob, record->blob_size);
    json_object *one = json_tokener_parse(sent), *other = json_tokener_parse(text);
    bool same = json_object_is_type(one, json_type_object) &&
                json_object_is_type(other, json_type_object) && contained(one, other);

    json_object_put(one);
    json_object_put(other);
    return same;
}

static void undo_clicked(AdwToast *toast, GuiLive *live)
{
    gui_live_undo(live);
}

static void tell_done(GuiLive *live, const Sent *sent, bool refused)
{
    g_autofree char *text = refused ? g_strdup_printf(_("No effect as things are: %s"), sent->says)
                                    : g_strdup(sent->says);
    g_autofree char *escaped = g_markup_escape_text(text, -1);
    AdwToast *toast = adw_toast_new(escaped);

    adw_toast_set_priority(toast, ADW_TOAST_PRIORITY_HIGH);
    if (!refused && sent->undo) {
        g_ptr_array_add(live->undos, g_strdup(sent->undo));
        adw_toast_set_button_label(toast, _("Undo"));
        g_signal_connect(toast, "button-clicked", G_CALLBACK(undo_clicked), live);
    }
    adw_toast_overlay_add_toast(ADW_TOAST_OVERLAY(live->window->toasts), toast);
    gui_window_update_actions(live->window);
}

static void take_in(GuiLive *live, const SimRecord *record)
{
    for (unsigned i = 0; i < live->sent->len; i++) {
        const Sent *sent = live->sent->pdata[i];

        if (!same_command(sent->json, record))
            continue;
        /* The command and what came of it at once are what is to be seen now. */
        if (!gui_player_playing(live->window->player))
            gui_session_seek(live->window->session, record->time);
        tell_done(live, sent, SIM_FIELDS(record, Command)->refused);
        g_ptr_array_remove_index(live->sent, i);
        return;
    }
}

static void trace_grown(GuiSession *session, GuiLive *live)
{
    SimReader *reader = gui_session_reader(session);
    uint64_t count = gui_session_event_count(session);
    SimFilter commands = {0};
    SimRecord record;

    if (live->sent->len == 0 || !reader) {
        live->looked = count;
        return;
    }
    sim_filter_add(&commands, SIM_EVENT_COMMAND);

    SimCursor cursor = sim_reader_at(reader, live->looked);

    live->looked = count;
    while (live->sent->len > 0 && sim_reader_next_of(reader, &cursor, &commands, &record) &&
           cursor.index <= count)
        take_in(live, &record);
}

static void trace_changed(GuiSession *session, GuiLive *live)
{
    g_ptr_array_set_size(live->sent, 0);
    g_ptr_array_set_size(live->undos, 0);
    live->looked = 0;
}

/* ---- Sending --------------------------------------------------------------------------------- */

static void run_live_clicked(AdwToast *toast, GuiLive *live)
{
    g_action_group_activate_action(G_ACTION_GROUP(live->window), "run-live", NULL);
}

void gui_live_command(GuiLive *live, const char *json, const char *says, const char *undo)
{
    GuiWindow *window = live->window;
    Sent *sent;

    if (!gui_engine_alive(window->engine)) {
        AdwToast *toast = adw_toast_new(_("This run is over: nothing can be changed in it"));

        if (window->is_scenario) {
            adw_toast_set_button_label(toast, _("Run Live"));
            g_signal_connect(toast, "button-clicked", G_CALLBACK(run_live_clicked), live);
        }
        adw_toast_overlay_add_toast(ADW_TOAST_OVERLAY(window->toasts), toast);
        return;
    }
    sent = g_new0(Sent, 1);
    sent->json = g_strdup(json);
    sent->says = g_strdup(says);
    sent->undo = g_strdup(undo);
    g_ptr_array_add(live->sent, sent);
    gui_engine_command(window->engine, json);
    gui_engine_run_to(window->engine, gui_engine_time(window->engine) + SETTLE_NS);
}

void gui_live_refused(GuiLive *live, const char *why)
{
    if (live->sent->len > 0)
        g_ptr_array_remove_index(live->sent, live->sent->len - 1);
    gui_window_toast(live->window, why);
}

bool gui_live_can_undo(GuiLive *live)
{
    return live->undos->len > 0 && gui_engine_alive(live->window->engine);
}

void gui_live_undo(GuiLive *live)
{
    if (!gui_live_can_undo(live))
        return;

    g_autofree char *json = g_ptr_array_steal_index(live->undos, live->undos->len - 1);
    g_autofree char *says = gui_command_words(json);
    g_autofree char *text = g_strdup_printf(_("Undone: %s"), says);

    gui_live_command(live, json, text, NULL);
}

/* ---- Words -------------------------------------------------------------------------------------
 */

static const char *word(json_object *command, const char *key)
{
    json_object *value = NULL;

    return json_object_object_get_ex(command, key, &value) ? json_object_get_string(value) : "";
}

/* The command with another word for what is to be done. */
static char *with_word(json_object *command, const char *what)
{
    json_object_object_add(command, "do", json_object_new_string(what));
    return g_strdup(json_object_to_json_string_ext(command, JSON_C_TO_STRING_PLAIN));
}

static char *remove_rule(json_object *command)
{
    json_object *other = json_object_new_object();
    const char *name = word(json_object_object_get(command, "rule"), "name");

    json_object_object_add(other, "do", json_object_new_string("forward-remove"));
    json_object_object_add(other, "network", json_object_new_string(word(command, "network")));
    json_object_object_add(other, "name", json_object_new_string(name));

    char *text = g_strdup(json_object_to_json_string_ext(other, JSON_C_TO_STRING_PLAIN));

    json_object_put(other);
    return text;
}

/* The limits that the command is about, as they are now. */
static char *old_throttles(json_object *command, const SimModelVm *vm)
{
    static const char *const keys[SIM_THROTTLE_COUNT] = {
        [SIM_THROTTLE_EXITS] = "exits", [SIM_THROTTLE_DEVICE_OPERATIONS] = "device_operations"};

    for (unsigned i = 0; i < SIM_THROTTLE_COUNT; i++) {
        const SimModelThrottle *old = &vm->throttles[i];
        json_object *limit;

        if (!json_object_object_get_ex(command, keys[i], NULL))
            continue;
        limit = json_object_new_object();
        json_object_object_add(limit, "rate", json_object_new_int64(old->rate));
        if (old->burst)
            json_object_object_add(limit, "burst", json_object_new_int64(old->burst));
        json_object_object_add(command, keys[i], limit);
    }
    return with_word(command, "set-throttle");
}

static const SimModelNetwork *find_network(const SimModel *model, const char *name)
{
    for (unsigned i = 0; i < model->networks->len; i++) {
        const SimModelNetwork *network = sim_model_network(model, i);

        if (network && !strcmp(network->name, name))
            return network;
    }
    return NULL;
}

char *gui_live_undo_of(const SimModel *model, const char *json)
{
    static const char *const pairs[][2] = {
        {"unplug", "plug"}, {"plug", "unplug"}, {"pause", "resume"}, {"resume", "pause"}};
    json_object *command = json_tokener_parse(json);
    const char *what = word(command, "do");
    const SimModelVm *vm = sim_model_find_vm(model, word(command, "vm"));
    const SimModelNetwork *network = find_network(model, word(command, "network"));
    char *undo = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(pairs) && !undo; i++)
        if (!strcmp(what, pairs[i][0]))
            undo = with_word(command, pairs[i][1]);
    if (!undo && !strcmp(what, "set-weight") && vm) {
        json_object_object_add(command, "weight", json_object_new_int64(vm->weight));
        undo = with_word(command, what);
    } else if (!undo && !strcmp(what, "set-throttle") && vm) {
        undo = old_throttles(command, vm);
    } else if (!undo && !strcmp(what, "set-balloon") && vm) {
        g_autofree char *size = g_strdup_printf("%uKiB", vm->balloon_target * 4);
        json_object_object_del(command, "size"); /* it was the memory policy's */
        if (vm->balloon_commanded)
            json_object_object_add(command, "size", json_object_new_string(size));
        undo = with_word(command, what);
    } else if (!undo && !strcmp(what, "set-mode") && network) {
        json_object_object_add(command, "mode",
                               json_object_new_string(sim_name(SIM_NAMES(NetMode), network->mode)));
        undo = with_word(command, what);
    } else if (!undo && !strcmp(what, "forward-add")) {
        undo = remove_rule(command);
    }
    json_object_put(command);
    return undo;
}

/* ---- Life
 * ---------------------------------------------------------------------------------------- */

GuiWindow *gui_live_window(GuiLive *live)
{
    return live->window;
}

GuiLive *gui_live_new(GuiWindow *window)
{
    GuiLive *live = g_new0(GuiLive, 1);

    live->window = window;
    live->sent = g_ptr_array_new_with_free_func(sent_free);
    live->undos = g_ptr_array_new_with_free_func(g_free);
    g_signal_connect(window->session, "trace-grown", G_CALLBACK(trace_grown), live);
    g_signal_connect(window->session, "trace-changed", G_CALLBACK(trace_changed), live);
    return live;
}

void gui_live_free(GuiLive *live)
{
    if (!live)
        return;
    g_signal_handlers_disconnect_by_data(live->window->session, live);
    g_ptr_array_unref(live->sent);
    g_ptr_array_unref(live->undos);
    g_free(live);
}
