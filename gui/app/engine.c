/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine.c: two pipes, read and written without ever waiting for them. */
#include "gui/app/engine.h"

#include <json-c/json.h>
#include <signal.h>
#include <string.h>

#include "gui/app/common.h"
#include "sim/trace/stream.h"

#define READ_BYTES (256u << 10)

struct _GuiEngine {
    GObject parent;
    char **command; /* the words before the scenario */
    char **overrides, **stops;
    GSubprocess *child;
    GCancellable *cancel; /* of all that is under way with this child */
    GInputStream *out;
    GOutputStream *in;
    GString *requests; /* not yet written */
    bool writing;
    SimStream *stream;
    GuiEngineState state;
    uint64_t time_ns, until_ns;
    bool answered;
    bool bye;          /* it said so before it went */
    uint64_t reported; /* bytes of the trace that "grown" has told of */
    unsigned next_id;
    char *message;
};

enum { CHANGED, GROWN, REFUSED, SIGNAL_COUNT };

G_DEFINE_FINAL_TYPE(GuiEngine, gui_engine, G_TYPE_OBJECT)

static unsigned signals[SIGNAL_COUNT];

char *gui_find_hvlab(void)
{
    const char *named = g_getenv("HVLAB_PROGRAM");
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = self ? g_path_get_dirname(self) : g_strdup(".");
    g_autofree char *beside = g_build_filename(folder, "hvlab", NULL);

    if (named && g_file_test(named, G_FILE_TEST_IS_EXECUTABLE))
        return g_strdup(named);
    if (g_file_test(beside, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer(&beside);
    if (g_file_test(HVLAB_BUILT_PROGRAM, G_FILE_TEST_IS_EXECUTABLE))
        return g_strdup(HVLAB_BUILT_PROGRAM);
    return g_find_program_in_path("hvlab");
}

static void set_state(GuiEngine *engine, GuiEngineState state)
{
    engine->state = state;
    g_signal_emit(engine, signals[CHANGED], 0);
}

static void set_gone(GuiEngine *engine, const char *message)
{
    if (engine->state == GUI_ENGINE_GONE)
        return;
    g_free(engine->message);
    engine->message = g_strdup(message);
    set_state(engine, GUI_ENGINE_GONE);
}

/* ---- What it says ---------------------------------------------------------------- */

static const char *text_of(json_object *object, const char *key)
{
    json_object *value = json_object_object_get(object, key);

    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

static void take_state(GuiEngine *engine, json_object *message)
{
    static const struct {
        const char *word;
        GuiEngineState state;
    } states[] = {{"waiting", GUI_ENGINE_WAITING},
                  {"running", GUI_ENGINE_RUNNING},
                  {"ending", GUI_ENGINE_RUNNING},
                  {"over", GUI_ENGINE_OVER}};
    const char *word = text_of(message, "state");
    json_object *time = json_object_object_get(message, "time_ns");

    if (time)
        engine->time_ns = json_object_get_uint64(time);
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++)
        if (!strcmp(word, states[i].word))
            set_state(engine, states[i].state);
}

/* Whoever looks at the trace must hear of its growth before anything else, for it may
 * lie somewhere else now. */
static void tell_growth(GuiEngine *engine)
{
    uint64_t size = sim_live_size(sim_stream_trace(engine->stream));

    if (size == engine->reported)
        return;
    engine->reported = size;
    g_signal_emit(engine, signals[GROWN], 0);
}

static void take_line(void *user, const char *json, size_t length)
{
    GuiEngine *engine = user;

    tell_growth(engine);

    json_object *message = json_tokener_parse(json);
    const char *type =
        json_object_is_type(message, json_type_object) ? text_of(message, "type") : "";
    json_object *ok = NULL;

    if (!strcmp(type, "failed")) {
        set_gone(engine, text_of(message, "message"));
    } else if (!strcmp(type, "hello")) {
        json_object *scenario = json_object_object_get(message, "scenario");

        engine->until_ns = json_object_get_uint64(json_object_object_get(scenario, "until_ns"));
        take_state(engine, message);
    } else if (!strcmp(type, "bye")) {
        engine->bye = true;
    } else {
        engine->answered = engine->answered || !strcmp(type, "answer");
        if (!strcmp(type, "answer") && json_object_object_get_ex(message, "ok", &ok) &&
            !json_object_get_boolean(ok))
            g_signal_emit(engine, signals[REFUSED], 0, text_of(message, "error"));
        take_state(engine, message);
    }
    json_object_put(message);
}

/* ---- Reading ---------------------------------------------------------------------- */

static void read_more(GuiEngine *engine);

/* Its output has ended. */
static void ended(GuiEngine *engine)
{
    if (engine->state == GUI_ENGINE_OVER || engine->bye || engine->state == GUI_ENGINE_GONE) {
        g_signal_emit(engine, signals[CHANGED], 0);
        return;
    }
    set_gone(engine, engine->state == GUI_ENGINE_STARTING
                         ? _("The engine could not start.")
                         : _("The engine has ended unexpectedly. Everything up to that moment is "
                             "still here."));
}

static void has_read(GObject *source, GAsyncResult *result, void *user)
{
    g_autoptr(GuiEngine) engine = user;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes =
        g_input_stream_read_bytes_finish(G_INPUT_STREAM(source), result, &error);

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || !engine->stream ||
        source != G_OBJECT(engine->out))
        return;
    if (!bytes || g_bytes_get_size(bytes) == 0) {
        ended(engine);
        return;
    }

    bool good = sim_stream_feed(engine->stream, g_bytes_get_data(bytes, NULL),
                                g_bytes_get_size(bytes), &error);

    tell_growth(engine);
    if (!good)
        set_gone(engine, error->message);
    else
        read_more(engine);
}

static void read_more(GuiEngine *engine)
{
    if (engine->out)
        g_input_stream_read_bytes_async(engine->out, READ_BYTES, G_PRIORITY_DEFAULT_IDLE,
                                        engine->cancel, has_read, g_object_ref(engine));
}

/* ---- Writing ---------------------------------------------------------------------- */

static void write_more(GuiEngine *engine);

static void has_written(GObject *source, GAsyncResult *result, void *user)
{
    g_autoptr(GuiEngine) engine = user;
    g_autoptr(GError) error = NULL;
    gssize written = g_output_stream_write_bytes_finish(G_OUTPUT_STREAM(source), result, &error);

    if (source != G_OBJECT(engine->in))
        return;
    engine->writing = false;
    if (written > 0) {
        g_string_erase(engine->requests, 0, written);
        write_more(engine);
    }
}

static void write_more(GuiEngine *engine)
{
    if (engine->writing || !engine->in || engine->requests->len == 0)
        return;

    g_autoptr(GBytes) bytes = g_bytes_new(engine->requests->str, engine->requests->len);

    engine->writing = true;
    g_output_stream_write_bytes_async(engine->in, bytes, G_PRIORITY_DEFAULT, engine->cancel,
                                      has_written, g_object_ref(engine));
}

static void request(GuiEngine *engine, const char *op, const char *rest)
{
    if (!gui_engine_alive(engine) && engine->state != GUI_ENGINE_STARTING)
        return;
    g_string_append_printf(engine->requests, "{\"op\":\"%s\",\"id\":%u%s}\n", op, ++engine->next_id,
                           rest);
    write_more(engine);
}

void gui_engine_run(GuiEngine *engine)
{
    request(engine, "run", "");
}

/* ,"when":[...]; nothing without conditions. */
static char *when_of(const char *const *conditions)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (; conditions && *conditions; conditions++) {
        g_string_append(text, text->len ? "," : ",\"when\":[");
        sim_json_string(text, *conditions, strlen(*conditions));
    }
    g_string_append(text, text->len ? "]" : "");
    return g_strdup(text->str);
}

void gui_engine_run_to(GuiEngine *engine, uint64_t ns)
{
    g_autofree char *when = when_of((const char *const *)engine->stops);
    g_autofree char *rest = g_strdup_printf(",\"to\":\"%" G_GUINT64_FORMAT "ns\"%s", ns, when);

    request(engine, "run", rest);
}

void gui_engine_run_until(GuiEngine *engine, const char *const *conditions)
{
    g_autofree char *when = when_of(conditions);

    request(engine, "run", when);
}

void gui_engine_set_stops(GuiEngine *engine, const char *const *conditions)
{
    g_strfreev(engine->stops);
    engine->stops = g_strdupv((char **)conditions);
}

void gui_engine_command(GuiEngine *engine, const char *json)
{
    g_autofree char *rest = g_strconcat(",\"command\":", json, NULL);

    request(engine, "command", rest);
}

/* ---- Start and end ------------------------------------------------------------------ */

void gui_engine_set_overrides(GuiEngine *engine, const char *const *overrides)
{
    g_strfreev(engine->overrides);
    engine->overrides = g_strdupv((char **)overrides);
}

gboolean gui_engine_start(GuiEngine *engine, const char *path, const char *backend, GError **error)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_autofree char *hvlab = engine->command ? NULL : gui_find_hvlab();
    g_autofree char *option = g_strdup_printf("--backend=%s", backend);

    gui_engine_stop(engine);
    if (!engine->command && !hvlab) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _("The program hvlab was not found"));
        return FALSE;
    }
    if (engine->command)
        g_strv_builder_addv(words, (const char **)engine->command);
    else
        g_strv_builder_add_many(words, hvlab, "engine", NULL);
    for (char **override = engine->overrides; override && *override; override++)
        g_strv_builder_add_many(words, "--set", *override, NULL);
    g_strv_builder_add_many(words, option, path, NULL);

    g_auto(GStrv) argv = g_strv_builder_end(words);

    engine->child =
        g_subprocess_newv((const char *const *)argv,
                          G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, error);
    if (!engine->child)
        return FALSE;
    engine->cancel = g_cancellable_new();
    engine->out = g_object_ref(g_subprocess_get_stdout_pipe(engine->child));
    engine->in = g_object_ref(g_subprocess_get_stdin_pipe(engine->child));
    engine->stream = sim_stream_new(take_line, engine);
    engine->time_ns = engine->until_ns = engine->reported = 0;
    engine->bye = engine->answered = false;
    g_clear_pointer(&engine->message, g_free);
    set_state(engine, GUI_ENGINE_STARTING);
    read_more(engine);
    return TRUE;
}

void gui_engine_stop(GuiEngine *engine)
{
    if (engine->cancel)
        g_cancellable_cancel(engine->cancel);
    if (engine->child)
        g_subprocess_send_signal(engine->child, SIGTERM);
    g_clear_object(&engine->cancel);
    g_clear_object(&engine->child);
    g_clear_object(&engine->out);
    g_clear_object(&engine->in);
    g_clear_pointer(&engine->stream, sim_stream_free);
    g_string_set_size(engine->requests, 0);
    engine->writing = false;
    engine->state = GUI_ENGINE_NONE;
}

GuiEngineState gui_engine_state(GuiEngine *engine)
{
    return engine->state;
}

bool gui_engine_alive(GuiEngine *engine)
{
    return engine->state == GUI_ENGINE_WAITING || engine->state == GUI_ENGINE_RUNNING;
}

bool gui_engine_answered(GuiEngine *engine)
{
    return engine->answered;
}

uint64_t gui_engine_time(GuiEngine *engine)
{
    return engine->time_ns;
}

uint64_t gui_engine_until(GuiEngine *engine)
{
    return engine->until_ns;
}

const char *gui_engine_message(GuiEngine *engine)
{
    return engine->message;
}

const void *gui_engine_trace(GuiEngine *engine, size_t *ret_size)
{
    *ret_size = 0;
    if (!engine->stream || !sim_live_reader(sim_stream_trace(engine->stream)))
        return NULL;
    return sim_live_data(sim_stream_trace(engine->stream), ret_size);
}

static void engine_finalize(GObject *object)
{
    GuiEngine *engine = GUI_ENGINE(object);

    gui_engine_stop(engine);
    g_strfreev(engine->command);
    g_strfreev(engine->overrides);
    g_strfreev(engine->stops);
    g_string_free(engine->requests, TRUE);
    g_free(engine->message);
    G_OBJECT_CLASS(gui_engine_parent_class)->finalize(object);
}

static void gui_engine_class_init(GuiEngineClass *class)
{
    G_OBJECT_CLASS(class)->finalize = engine_finalize;
    signals[CHANGED] = g_signal_new("changed", GUI_TYPE_ENGINE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 0);
    signals[GROWN] = g_signal_new("grown", GUI_TYPE_ENGINE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 0);
    signals[REFUSED] = g_signal_new("refused", GUI_TYPE_ENGINE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void gui_engine_init(GuiEngine *engine)
{
    engine->requests = g_string_new(NULL);
}

GuiEngine *gui_engine_new(const char *command)
{
    GuiEngine *engine = g_object_new(GUI_TYPE_ENGINE, NULL);

    if (command && !g_shell_parse_argv(command, NULL, &engine->command, NULL))
        engine->command = g_strsplit(command, " ", -1);
    return engine;
}
