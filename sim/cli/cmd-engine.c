/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-engine.c: hvlab engine SCENARIO: an engine for another program, over two pipes.
 *
 * One loop: requests are read as they come, answers and trace are written as far as
 * the other side takes them, and in between the engine runs for a few milliseconds
 * (session.c). Nothing blocks but poll(). What goes over the pipes is described in
 * sim/engine/PROTOCOL.md.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "sim/cli/cli.h"
#include "sim/cli/session.h"

#define MOST_BEHIND  (4u << 20) /* bytes that wait for the client: then the engine waits too */
#define READ_BYTES   (64u << 10)
#define LAST_WORD_MS 2000 /* how long a signal waits for a client that does not read */

typedef struct {
    CliWorld world;
    char *trace;
} EngineOptions;

typedef struct {
    GByteArray *in; /* read, and not yet a whole line */
    bool in_ended;  /* nothing more will come */
    bool skips;     /* the rest of a line that was too long */
    bool gone;      /* nobody reads what we write */
    Session session;
} Pipes;

/* ---- Signals -------------------------------------------------------------- */

static int signal_pipe[2] = {-1, -1};

static void on_signal(int number)
{
    int saved = errno;
    ssize_t written = write(signal_pipe[1], "", 1);

    (void)number;
    (void)written;
    errno = saved;
}

static bool catch_signals(void)
{
    /* Once: a second one ends the program there and then. */
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND};
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGPIPE, &ignore, NULL); /* the answer is EPIPE */
    return true;
}

/* ---- Input ----------------------------------------------------------------- */

/* Appends what there is to read; false: nothing more can be read now. */
static bool read_more(Pipes *pipes)
{
    guint8 buffer[READ_BYTES];
    ssize_t n = read(STDIN_FILENO, buffer, sizeof(buffer));

    if (n > 0)
        g_byte_array_append(pipes->in, buffer, (guint)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        pipes->in_ended = true;
    return n > 0;
}

/* The next whole line in `in`; false: there is none. It stays valid until drop_line(). */
static bool next_line(const Pipes *pipes, const char **ret_line, size_t *ret_length)
{
    const guint8 *data = pipes->in->data;
    const guint8 *end = pipes->in->len ? memchr(data, '\n', pipes->in->len) : NULL;

    if (!end && !(pipes->in_ended && pipes->in->len))
        return false;
    *ret_line = (const char *)data;
    *ret_length = end ? (size_t)(end - data) : pipes->in->len;
    return true;
}

static void drop_line(Pipes *pipes, size_t length)
{
    g_byte_array_remove_range(pipes->in, 0, (guint)MIN(length + 1, pipes->in->len));
}

static bool is_blank(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!g_ascii_isspace(line[i]))
            return false;
    return true;
}

static void take_requests(Pipes *pipes)
{
    const char *line;
    size_t length;

    while (!pipes->session.quit_reason && next_line(pipes, &line, &length)) {
        if (length > SIM_REQUEST_MAX_BYTES && !pipes->skips)
            session_refuse_long_line(&pipes->session);
        else if (!pipes->skips && !is_blank(line, length))
            session_request(&pipes->session, line, length);
        pipes->skips = false;
        drop_line(pipes, length);
    }
    if (pipes->in->len > SIM_REQUEST_MAX_BYTES) {
        if (!pipes->skips)
            session_refuse_long_line(&pipes->session);
        pipes->skips = true;
        g_byte_array_set_size(pipes->in, 0);
    }
}

/* ---- Output ---------------------------------------------------------------- */

static size_t behind(const Session *session)
{
    return session->out->len - session->out_done;
}

static void write_some(Pipes *pipes)
{
    Session *session = &pipes->session;
    ssize_t n;

    while (behind(session) > 0 && !pipes->gone) {
        n = write(STDOUT_FILENO, session->out->str + session->out_done, behind(session));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n < 0)
            pipes->gone = true;
        else
            session->out_done += (size_t)n;
    }
    if (behind(session) == 0)
        g_string_truncate(session->out, session->out_done = 0);
}

/* ---- The loop -------------------------------------------------------------- */

/* Waits until something can be done, at most so long (-1: for ever). True: a signal came. */
static bool wait_for_work(Pipes *pipes, bool reads, int timeout_ms)
{
    struct pollfd fds[] = {
        {.fd = reads ? STDIN_FILENO : -1, .events = POLLIN},
        {.fd = STDOUT_FILENO, .events = behind(&pipes->session) ? POLLOUT : 0},
        {.fd = signal_pipe[0], .events = POLLIN},
    };

    if (poll(fds, G_N_ELEMENTS(fds), timeout_ms) < 0)
        return false;
    if (fds[1].revents & (POLLERR | POLLHUP | POLLNVAL))
        pipes->gone = true;
    if (fds[0].revents)
        while (read_more(pipes) && pipes->in->len < SIM_REQUEST_MAX_BYTES)
            ;
    return fds[2].revents != 0;
}

/* Until the session ends; the exit code, or -1 and error. */
static int serve(Pipes *pipes, GError **error)
{
    Session *session = &pipes->session;
    bool signalled = false;

    while (!pipes->gone && !signalled && !session->quit_reason) {
        bool heard = behind(session) < MOST_BEHIND;
        bool runs = heard && session->running;

        signalled = wait_for_work(pipes, heard && !pipes->in_ended, runs ? 0 : -1);
        if (heard)
            take_requests(pipes);
        if (runs && !session->quit_reason && !session_run(session, error))
            return -1;
        session_say_state(session);
        write_some(pipes);
        if (pipes->in_ended && !session->running && !pipes->in->len && !session->quit_reason)
            session->quit_reason = "end-of-input";
    }
    if (signalled)
        return session_quit(session, "signal", CLI_INTERRUPTED, error) ? CLI_INTERRUPTED : -1;

    int exit = session->over ? session->exit : CLI_OK;

    return session_quit(session, session->quit_reason ? session->quit_reason : "quit", exit, error)
               ? exit
               : -1;
}

/* What is left goes out, as long as the client takes it. */
static void drain(Pipes *pipes, bool in_a_hurry)
{
    int64_t until = g_get_monotonic_time() + LAST_WORD_MS * 1000;

    write_some(pipes);
    while (behind(&pipes->session) > 0 && !pipes->gone &&
           (!in_a_hurry || g_get_monotonic_time() < until)) {
        if (wait_for_work(pipes, false, in_a_hurry ? 100 : -1))
            in_a_hurry = true;
        write_some(pipes);
    }
}

/* ---- Beginning ------------------------------------------------------------- */

static bool set_blocking(int fd, bool blocking)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 &&
           fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK) == 0;
}

/* There is no world: says so to the client, and to people. */
static int fail(GError *error)
{
    g_autoptr(GString) line = g_string_new("{\"type\":\"failed\",\"message\":");
    g_autofree char *message = g_strdup(error->message);
    int exit = cli_fail(error);

    sim_json_string(line, message, strlen(message));
    g_string_append_printf(line, ",\"exit_code\":%d}\n", exit);
    fputs(line->str, stdout);
    return exit;
}

/* The first line of stdin, which is the scenario. */
static bool read_load(Pipes *pipes, const SimScenarioKnown *known, SimRequest *ret_request,
                      GError **error)
{
    const char *line;
    size_t length;

    while (!next_line(pipes, &line, &length)) {
        if (pipes->in_ended || pipes->in->len > SIM_REQUEST_MAX_BYTES) {
            g_set_error(error, SIM_SCENARIO_ERROR, SIM_SCENARIO_ERROR_FILE,
                        pipes->in_ended ? "stdin ended before there was a scenario"
                                        : "stdin: a line of more than 8 MiB");
            return false;
        }
        read_more(pipes);
    }

    bool good = sim_request_parse(line, length, NULL, known, ret_request, error);

    drop_line(pipes, length);
    return good;
}

static SimScenario *load(Pipes *pipes, const char *path, const EngineOptions *options,
                         const SimScenarioKnown *known, GError **error)
{
    SimRequest request = {0};
    SimScenario *scenario = NULL;

    if (strcmp(path, "-") != 0)
        return cli_world_load(&options->world, path, NULL, known, error);
    if (read_load(pipes, known, &request, error))
        scenario = cli_world_load(&options->world, request.name ? request.name : "stdin",
                                  request.text, known, error);
    sim_request_clear(&request);
    return scenario;
}

static int open_trace(const char *path, GError **error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    if (fd < 0)
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "%s: cannot be written: %s", path, g_strerror(errno));
    return fd;
}

static int engine(Pipes *pipes, const char *path, const EngineOptions *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CliKnown) known = cli_known_new();
    const SimScenarioKnown *words = cli_known_lists(known);
    g_autoptr(SimScenario) scenario = load(pipes, path, options, words, &error);
    g_autoptr(SimEngine) engine =
        scenario ? cli_world_engine(&options->world, scenario, &error) : NULL;
    int trace_fd = -1, exit;

    if (!engine || (options->trace && (trace_fd = open_trace(options->trace, &error)) < 0))
        return fail(g_steal_pointer(&error));
    if (!catch_signals() || !set_blocking(STDIN_FILENO, false) ||
        !set_blocking(STDOUT_FILENO, false)) {
        cli_error("engine: %s", g_strerror(errno));
        return CLI_UNAVAILABLE;
    }
    exit = session_begin(&pipes->session, engine, scenario, words, trace_fd,
                         options->trace ? options->trace : "inline", &error)
               ? serve(pipes, &error)
               : -1;
    if (exit < 0)
        exit = cli_fail(g_steal_pointer(&error));
    drain(pipes, exit == CLI_INTERRUPTED);
    set_blocking(STDIN_FILENO, true); /* they may be a terminal that others share */
    set_blocking(STDOUT_FILENO, true);
    if (trace_fd >= 0 && close(trace_fd) != 0) {
        cli_error("%s: %s", options->trace, g_strerror(errno));
        exit = CLI_BAD_INPUT;
    }
    session_clear(&pipes->session);
    return exit;
}

int cli_engine(int argc, char **argv)
{
    EngineOptions options = {0};
    const GOptionEntry entries[] = {CLI_WORLD_ENTRIES(&options.world),
                                    {"trace", 0, 0, G_OPTION_ARG_FILENAME, &options.trace,
                                     "Write the trace to FILE instead of sending it", "FILE"},
                                    G_OPTION_ENTRY_NULL};
    Pipes pipes = {.in = g_byte_array_new()};
    int exit;

    if (cli_parse(&argc, &argv, entries, "SCENARIO",
                  "Runs a scenario for another program, as far as that one asks for: requests as "
                  "lines of JSON on stdin, answers and the trace on stdout (hvlab-engine/1, "
                  "sim/engine/PROTOCOL.md). SCENARIO may be -: then the first request is the "
                  "scenario.",
                  1, 1, &exit))
        exit = engine(&pipes, argv[1], &options);
    g_byte_array_unref(pipes.in);
    cli_world_clear(&options.world);
    g_free(options.trace);
    return exit;
}
