/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.c: see session.h. */
#include "sim/cli/session.h"

#include <string.h>

#include "sim/cli/cli.h"
#include "sim/model/match.h"

#define TURN_US        4000   /* wall clock: requests are looked at this often during a run */
#define SAY_EVERY_US   100000 /* and the state is sent */
#define FIRST_SLICE    UINT64_C(100000)
#define MOST_SLICE     UINT64_C(5000000)
#define PIECE_BYTES    (1u << 20)
#define RESOLUTION     UINT64_C(10000)   /* how far past an event a run that waits for it goes */
#define RESOLUTION_KVM UINT64_C(1000000) /* where stopping costs more */

/* ---- Messages ------------------------------------------------------------ */

static const char *state_of(const Session *session)
{
    if (session->over)
        return "over";
    if (sim_engine_phase(session->engine) == SIM_PHASE_PROBES || session->finishing)
        return "ending";
    return session->running ? "running" : "waiting";
}

static void add_string(GString *out, const char *key, const char *value)
{
    g_string_append_printf(out, ",\"%s\":", key);
    sim_json_string(out, value, strlen(value));
}

static void add_number(GString *out, const char *key, uint64_t value)
{
    g_string_append_printf(out, ",\"%s\":%" G_GUINT64_FORMAT, key, value);
}

static void add_state(Session *session)
{
    add_string(session->out, "state", state_of(session));
    add_number(session->out, "time_ns", sim_engine_now(session->engine));
    add_number(session->out, "command_ns", sim_engine_command_time(session->engine));
    g_string_append_printf(session->out, ",\"idle\":%s",
                           sim_engine_is_idle(session->engine) ? "true" : "false");
}

/* The trace as far as it has come, so that what is said next is true of it. */
static bool send_trace(Session *session, GError **error)
{
    SimTrace *trace = sim_engine_trace(session->engine);
    size_t size;
    const uint8_t *data = sim_trace_data(trace, &size);

    if (size == session->trace_sent)
        return true;
    if (session->trace_fd >= 0) {
        if (!sim_trace_flush(trace, session->trace_fd, error))
            return false;
        g_string_append_printf(session->out, "{\"type\":\"grown\",\"size\":%zu}\n", size);
    }
    while (session->trace_fd < 0 && session->trace_sent < size) {
        size_t piece = MIN(size - session->trace_sent, PIECE_BYTES);

        g_string_append_printf(session->out, "{\"type\":\"trace\",\"bytes\":%zu}\n", piece);
        g_string_append_len(session->out, (const char *)data + session->trace_sent, (gssize)piece);
        session->trace_sent += piece;
    }
    session->trace_sent = size;
    return true;
}

static void begin_answer(Session *session, const char *id, bool ok)
{
    g_string_append_printf(session->out, "{\"type\":\"answer\",\"id\":%s,\"ok\":%s", id,
                           ok ? "true" : "false");
}

static void end_answer(Session *session)
{
    add_state(session);
    g_string_append(session->out, "}\n");
    session->said_state = state_of(session);
    session->said_us = g_get_monotonic_time();
}

static void answer(Session *session, const char *id)
{
    begin_answer(session, id, true);
    end_answer(session);
}

static void refuse(Session *session, const char *id, const char *why)
{
    begin_answer(session, id, false);
    add_string(session->out, "error", why);
    end_answer(session);
}

void session_say_state(Session *session)
{
    const char *state = state_of(session);
    int64_t now = g_get_monotonic_time();

    if (state == session->said_state &&
        (!session->running || now - session->said_us < SAY_EVERY_US))
        return;
    session->said_state = state;
    session->said_us = now;
    g_string_append(session->out, "{\"type\":\"state\"");
    add_state(session);
    g_string_append(session->out, "}\n");
}

static void say_hello(Session *session, const char *trace_name)
{
    GString *out = session->out;
    const SimScenario *scenario = session->scenario;

    g_string_append(out, "{\"type\":\"hello\",\"protocol\":\"" SIM_ENGINE_PROTOCOL "\"");
    add_string(out, "version", HVLAB_VERSION);
    add_string(out, "backend", sim_engine_backend(session->engine));
    add_string(out, "backend_why", sim_engine_backend_why(session->engine));
    g_string_append(out, ",\"scenario\":{\"id\":");
    sim_json_string(out, scenario->id, strlen(scenario->id));
    add_string(out, "title", scenario->title);
    add_number(out, "until_ns", scenario->run.until_ns);
    g_string_append_c(out, '}');
    add_number(out, "seed", scenario->seed);
    add_string(out, "trace", trace_name);
    add_state(session);
    g_string_append(out, "}\n");
    session->said_state = state_of(session);
}

/* ---- A run and its end ---------------------------------------------------- */

static void clear_run(Session *session)
{
    for (size_t i = 0; i < session->run_until_count; i++)
        sim_expect_event_clear(&session->run_until[i]);
    g_clear_pointer(&session->run_until, g_free);
    session->run_until_count = 0;
    for (size_t i = 0; i < session->run_when_count; i++)
        sim_condition_free(session->run_when[i]);
    g_clear_pointer(&session->run_when, g_free);
    session->run_when_count = 0;
    g_clear_pointer(&session->run_id, g_free);
    memset(&session->run_of, 0, sizeof(session->run_of));
    session->running = session->run_watches = false;
}

/* The answer to the run under way, which is none any more. event may be NULL. */
static void end_run(Session *session, const char *reason, const SimRecord *event)
{
    g_autofree char *id = g_steal_pointer(&session->run_id);

    clear_run(session);
    begin_answer(session, id, true);
    add_string(session->out, "reason", reason);
    if (event) {
        g_string_append(session->out, ",\"event\":");
        sim_record_to_json(event, session->out);
    }
    end_answer(session);
}

/* The engine's trace as it is now. */
static void look_at_trace(Session *session)
{
    size_t size;
    const uint8_t *data = sim_trace_data(sim_engine_trace(session->engine), &size);

    if (!session->reader)
        session->reader = sim_reader_new_memory(data, size, NULL);
    g_assert(session->reader);
    sim_reader_update(session->reader, data, size);
}

static void begin_run(Session *session, SimRequest *request)
{
    bool kvm = !strcmp(sim_engine_backend(session->engine), "kvm");

    if (session->running)
        end_run(session, "replaced", NULL);
    session->running = true;
    session->run_id = g_steal_pointer(&request->id);
    session->run_to = request->to_ns;
    session->run_slice = FIRST_SLICE;
    session->run_until = g_steal_pointer(&request->until);
    session->run_until_count = request->until_count;
    request->until_count = 0;
    session->run_when = g_steal_pointer(&request->when);
    session->run_when_count = request->when_count;
    request->when_count = 0;
    session->run_of = request->of;
    session->run_watches = session->run_until || session->run_when || request->op == SIM_OP_STEP;
    session->run_resolution = request->resolution_ns ? request->resolution_ns
                              : kvm                  ? RESOLUTION_KVM
                                                     : RESOLUTION;
    sim_engine_stay_when_idle(session->engine, request->has_to);
    if (!session->at_found) {
        look_at_trace(session);
        session->cursor = sim_reader_at(session->reader, UINT64_MAX);
    }
    session->at_found = false;
}

/* The first event since the last look that the run waits for. */
static bool found_event(Session *session, SimRecord *ret_record)
{
    look_at_trace(session);
    while (sim_reader_next(session->reader, &session->cursor, ret_record)) {
        if (sim_filter_has(&session->run_of, ret_record->type))
            return true;
        for (size_t i = 0; i < session->run_until_count; i++)
            if (sim_event_matches(session->scenario, ret_record, &session->run_until[i]))
                return true;
        for (size_t i = 0; i < session->run_when_count; i++)
            if (sim_condition_holds(session->run_when[i], ret_record))
                return true;
    }
    return false;
}

/* How far to go before the next look around. */
static uint64_t next_grant(const Session *session)
{
    uint64_t deadline = sim_engine_deadline(session->engine); /* nothing happens before it */
    uint64_t from = MAX(sim_engine_command_time(session->engine), MIN(deadline, session->run_to));
    uint64_t step = session->run_watches ? session->run_resolution : session->run_slice;

    return step < session->run_to - MIN(from, session->run_to) ? from + step : session->run_to;
}

/* All is over: the checks are judged. */
static bool conclude(Session *session, GError **error)
{
    CliVerdict verdict;
    uint64_t wall_us = (uint64_t)(g_get_monotonic_time() - session->started_us);

    cli_verdict_make(&verdict, session->engine, session->scenario, wall_us * 1000);
    session->over = true;
    session->exit = verdict.exit;
    if (send_trace(session, error)) {
        const char *text = json_object_to_json_string_ext(
            verdict.result, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

        if (session->running)
            end_run(session, "over", NULL);
        g_string_append_printf(session->out, "{\"type\":\"result\",\"result\":%s}\n", text);
    }
    cli_verdict_clear(&verdict);
    return !*error;
}

static bool end_found(Session *session, const SimRecord *event, GError **error)
{
    if (send_trace(session, error))
        end_run(session, "found", event);
    session->at_found = true;
    return false;
}

/* One slice of the run. True: the run goes on. */
static bool run_slice(Session *session, GError **error)
{
    uint64_t grant = next_grant(session);
    int64_t before = g_get_monotonic_time(), took;
    SimRecord record;

    if (session->run_watches && found_event(session, &record))
        return end_found(session, &record, error);

    bool more = sim_engine_run(session->engine, grant);

    took = g_get_monotonic_time() - before;
    if (took < TURN_US / 4)
        session->run_slice = MIN(session->run_slice * 2, MOST_SLICE);
    else if (took > TURN_US)
        session->run_slice = MAX(session->run_slice / 2, 1000);
    if (!more) {
        conclude(session, error);
        return false;
    }
    if (session->run_watches && found_event(session, &record))
        return end_found(session, &record, error);
    if (grant >= session->run_to) {
        if (send_trace(session, error))
            end_run(session, "granted", NULL);
        return false;
    }
    return true;
}

bool session_run(Session *session, GError **error)
{
    int64_t until = g_get_monotonic_time() + TURN_US;
    g_autoptr(GError) wrong = NULL;

    while (session->running && run_slice(session, &wrong) && g_get_monotonic_time() < until)
        ;
    if (!wrong && send_trace(session, &wrong))
        return true;
    g_propagate_error(error, g_steal_pointer(&wrong));
    return false;
}

/* ---- Requests ------------------------------------------------------------- */

static void do_command(Session *session, const SimRequest *request)
{
    uint64_t earliest = sim_engine_command_time(session->engine);

    if (sim_engine_phase(session->engine) != SIM_PHASE_MAIN || session->finishing) {
        refuse(session, request->id, "the scenario's own time is over: no command takes effect");
        return;
    }
    if (request->timed && request->command.at_ns < earliest) {
        g_autofree char *why =
            g_strdup_printf("command: at: %" G_GUINT64_FORMAT
                            "ns has passed; allowed: %" G_GUINT64_FORMAT "ns or later",
                            request->command.at_ns, earliest);

        refuse(session, request->id, why);
        return;
    }

    uint64_t at = sim_engine_command(session->engine, &request->command);

    begin_answer(session, request->id, true);
    add_number(session->out, "at_ns", at);
    end_answer(session);
}

static void do_run(Session *session, SimRequest *request)
{
    if (request->has_to && request->to_ns < sim_engine_now(session->engine)) {
        g_autofree char *why =
            g_strdup_printf("to: %" G_GUINT64_FORMAT "ns has passed; the engine is at "
                            "%" G_GUINT64_FORMAT "ns",
                            request->to_ns, sim_engine_now(session->engine));

        refuse(session, request->id, why);
    } else if (session->finishing) {
        refuse(session, request->id, "the run is ending by itself");
    } else {
        begin_run(session, request);
    }
}

static void do_finish(Session *session, SimRequest *request)
{
    if (session->finishing) {
        refuse(session, request->id, "the run is ending by itself");
        return;
    }
    begin_run(session, request);
    session->finishing = true;
    sim_engine_finish(session->engine);
}

static void do_pause(Session *session, const SimRequest *request)
{
    if (session->finishing) {
        refuse(session, request->id, "the run is ending by itself");
        return;
    }
    if (session->running)
        end_run(session, "paused", NULL);
    answer(session, request->id);
}

static void carry_out(Session *session, SimRequest *request)
{
    bool changes = request->op != SIM_OP_STATE && request->op != SIM_OP_QUIT;

    if (session->over && changes) {
        refuse(session, request->id, "the run is over");
        return;
    }
    switch (request->op) {
    case SIM_OP_RUN:
    case SIM_OP_STEP: do_run(session, request); break;
    case SIM_OP_PAUSE: do_pause(session, request); break;
    case SIM_OP_COMMAND: do_command(session, request); break;
    case SIM_OP_FINISH: do_finish(session, request); break;
    case SIM_OP_QUIT: session->quit_reason = "quit"; /* fall through */
    default: answer(session, request->id); break;
    }
}

void session_request(Session *session, const char *line, size_t length)
{
    g_autoptr(GError) error = NULL;
    SimRequest request;

    if (sim_request_parse(line, length, session->scenario, session->known, &request, &error))
        carry_out(session, &request);
    else
        refuse(session, request.id, error->message);
    sim_request_clear(&request);
}

void session_refuse_long_line(Session *session)
{
    refuse(session, "null", "request: a line of more than 8 MiB");
}

/* ---- Life ------------------------------------------------------------------ */

bool session_begin(Session *session, SimEngine *engine, const SimScenario *scenario,
                   const SimScenarioKnown *known, int trace_fd, const char *trace_name,
                   GError **error)
{
    *session = (Session){
        .engine = engine,
        .scenario = scenario,
        .known = known,
        .started_us = g_get_monotonic_time(),
        .trace_fd = trace_fd,
        .out = g_string_new(NULL),
    };
    say_hello(session, trace_name);
    return send_trace(session, error);
}

bool session_quit(Session *session, const char *reason, int exit, GError **error)
{
    bool good = true;

    clear_run(session);
    if (!session->over) {
        sim_engine_interrupt(session->engine);
        while (sim_engine_run(session->engine, SIM_TIME_NEVER))
            ;
        sim_trace_finish(sim_engine_trace(session->engine));
        good = send_trace(session, error);
    }
    g_string_append_printf(session->out, "{\"type\":\"bye\",\"exit_code\":%d", exit);
    add_string(session->out, "reason", reason);
    g_string_append(session->out, "}\n");
    return good;
}

void session_clear(Session *session)
{
    clear_run(session);
    sim_reader_free(session->reader);
    if (session->out)
        g_string_free(session->out, TRUE);
    memset(session, 0, sizeof(*session));
}
