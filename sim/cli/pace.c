/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pace.c: see pace.h.
 *
 * Each turn: let the engine run up to now, write what came out, sleep until a frame
 * comes in or the engine has something to do, and give it what came in, stamped with
 * the wall clock.
 */
#include "sim/cli/pace.h"

#include <string.h>

#include "sim/cli/cli.h"

#define MOST_AT_ONCE UINT64_C(20000000)  /* virtual ns between two looks at the uplinks */
#define MOST_LAG     UINT64_C(200000000) /* behind the wall clock, before it is set back */
#define MOST_SLEEP   UINT64_C(100000000)
#define SAY_EVERY    UINT64_C(1000000000)

typedef struct {
    CliUplinks *uplinks;
    SimEngine *engine;
    const CliClock *clock;
    uint64_t origin; /* of virtual time on the wall clock */
    uint64_t lost;   /* by lagging, since that was last said */
    uint64_t say_at; /* not before */
} Pace;

/* Where a frame goes on its way in. */
typedef struct {
    Pace *pace;
    unsigned uplink;
} Input;

static uint64_t wall_ns(const Pace *pace)
{
    return pace->clock->now(pace->clock->user);
}

/* ---- The clock of this host -------------------------------------------------- */

static uint64_t now_of_host(void *user)
{
    return (uint64_t)g_get_monotonic_time() * 1000;
}

static int wait_on_host(void *user, struct pollfd *fds, unsigned count, uint64_t ns)
{
    struct timespec timeout = {.tv_nsec = (long)ns};

    return ppoll(fds, count, &timeout, NULL);
}

static void lags_on_stderr(void *user, uint64_t ns)
{
    cli_error("this host is too slow for the run: %.1f s behind the wall clock; it goes on from "
              "there",
              (double)ns / 1e9);
}

const CliClock cli_wall_clock = {.now = now_of_host, .wait = wait_on_host, .lags = lags_on_stderr};

/* ---- Opening --------------------------------------------------------------- */

static int find_network(const SimScenario *scenario, const char *name, const char *spec,
                        GError **error)
{
    int network = sim_scenario_find_network(scenario, name);
    g_autoptr(GString) allowed = g_string_new(NULL);

    for (size_t i = 0; i < scenario->network_count; i++)
        g_string_append_printf(allowed, "%s%s", i ? ", " : "", scenario->networks[i].name);
    if (network < 0)
        g_set_error(error, SIM_SCENARIO_ERROR, SIM_SCENARIO_ERROR_SET,
                    "--uplink %s: there is no network \"%s\"; allowed: %s", spec, name,
                    allowed->len ? allowed->str : "none, the scenario has no network");
    return network;
}

bool cli_uplinks_open(CliUplinks *uplinks, char **specs, SimEngine *engine,
                      const SimScenario *scenario, GError **error)
{
    uplinks->ends = g_ptr_array_new_with_free_func((GDestroyNotify)sim_uplink_free);
    for (char **spec = specs; *spec; spec++) {
        const char *equals = strchr(*spec, '=');
        g_autofree char *name = equals ? g_strndup(*spec, (gsize)(equals - *spec)) : NULL;
        SimUplink *end;
        int network;

        if (!equals) {
            g_set_error(error, SIM_SCENARIO_ERROR, SIM_SCENARIO_ERROR_SET,
                        "--uplink %s: allowed: NETWORK=tap:IFNAME, NETWORK=unix:PATH or "
                        "NETWORK=listen:PATH",
                        *spec);
            return false;
        }
        if ((network = find_network(scenario, name, *spec, error)) < 0 ||
            !(end = sim_uplink_open(equals + 1, error)))
            return false;
        g_ptr_array_add(uplinks->ends, end);
        if (!sim_engine_add_uplink(engine, (unsigned)network, error))
            return false;
        if (g_str_has_prefix(equals + 1, "listen:"))
            cli_error("%s waits at %s; a QEMU joins it with: -netdev stream,id=n0,server=off,"
                      "addr.type=unix,addr.path=%s -device virtio-net-pci,netdev=n0",
                      name, equals + 8, equals + 8);
    }
    return true;
}

void cli_uplinks_close(CliUplinks *uplinks)
{
    if (uplinks->ends)
        g_ptr_array_unref(uplinks->ends);
    uplinks->ends = NULL;
}

/* ---- In and out ------------------------------------------------------------ */

/* The other side is gone: its place stays, empty. */
static void drop_end(CliUplinks *uplinks, unsigned number, GError *error)
{
    cli_error("%s; the run goes on without it", error->message);
    g_error_free(error);
    sim_uplink_free(uplinks->ends->pdata[number]);
    uplinks->ends->pdata[number] = NULL;
}

static void give_to_engine(void *user, const uint8_t *bytes, size_t length)
{
    const Input *input = user;
    const Pace *pace = input->pace;

    sim_engine_uplink_input(pace->engine, input->uplink, bytes, length,
                            wall_ns(pace) - pace->origin);
}

static void read_end(Pace *pace, unsigned number)
{
    Input input = {pace, number};
    GError *error = NULL;

    if (!sim_uplink_read(pace->uplinks->ends->pdata[number], give_to_engine, &input, &error))
        drop_end(pace->uplinks, number, error);
}

static void write_ends(Pace *pace)
{
    GPtrArray *ends = pace->uplinks->ends;
    unsigned number;
    GBytes *frame;

    while (sim_engine_take_uplink_output(pace->engine, &number, &frame)) {
        gsize length;
        const uint8_t *bytes = g_bytes_get_data(frame, &length);

        if (ends->pdata[number])
            sim_uplink_send(ends->pdata[number], bytes, length);
        g_bytes_unref(frame);
    }
    for (unsigned i = 0; i < ends->len; i++) {
        GError *error = NULL;

        if (ends->pdata[i] && !sim_uplink_flush(ends->pdata[i], &error))
            drop_end(pace->uplinks, i, error);
    }
}

/* ---- The clock ------------------------------------------------------------- */

static void say_lag(Pace *pace, uint64_t now)
{
    if (pace->lost == 0 || now < pace->say_at)
        return;
    pace->clock->lags(pace->clock->user, pace->lost);
    pace->lost = 0;
    pace->say_at = now + SAY_EVERY;
}

/* Behind the wall clock: sets it back when that is too much, and says so. */
static void look_at_clock(Pace *pace)
{
    uint64_t now = wall_ns(pace);
    uint64_t reached = sim_engine_command_time(pace->engine);
    uint64_t lag = now - pace->origin > reached ? now - pace->origin - reached : 0;

    if (lag > MOST_LAG) {
        pace->origin += lag;
        pace->lost += lag;
    }
    say_lag(pace, now);
}

/* Sleeps until a frame comes in or the engine has something to do, and takes what came.
 * Does not sleep when there is work left over. */
static void wait_for_frames(Pace *pace, bool behind)
{
    GPtrArray *ends = pace->uplinks->ends;
    g_autofree struct pollfd *fds = g_new0(struct pollfd, ends->len);
    uint64_t now = wall_ns(pace) - pace->origin, due = sim_engine_deadline(pace->engine);
    uint64_t sleep_ns = due > now && !behind ? MIN(due - now, MOST_SLEEP) : 0;

    for (unsigned i = 0; i < ends->len; i++) {
        const SimUplink *end = ends->pdata[i];

        fds[i].fd = end ? sim_uplink_fd(end) : -1;
        fds[i].events = POLLIN | (end && sim_uplink_wants_to_write(end) ? POLLOUT : 0);
    }
    if (pace->clock->wait(pace->clock->user, fds, ends->len, sleep_ns) <= 0)
        return;
    for (unsigned i = 0; i < ends->len; i++)
        if (fds[i].revents & (POLLIN | POLLHUP | POLLERR))
            read_end(pace, i);
}

bool cli_uplinks_run(CliUplinks *uplinks, SimEngine *engine, CliOutputs *outputs,
                     const CliClock *clock, GError **error)
{
    Pace pace = {.uplinks = uplinks, .engine = engine, .clock = clock};
    uint64_t target, from, grant;

    pace.origin = wall_ns(&pace);
    sim_engine_stay_when_idle(engine, true);
    while (true) {
        target = wall_ns(&pace) - pace.origin;
        /* What nothing happens in costs nothing. */
        from = MAX(sim_engine_command_time(engine), MIN(sim_engine_deadline(engine), target));
        grant = MIN(target, from + MOST_AT_ONCE);
        if (!sim_engine_run(engine, grant))
            break;
        write_ends(&pace);
        if (!cli_outputs_follow(outputs, engine, error))
            return false;
        look_at_clock(&pace);
        wait_for_frames(&pace, grant < target);
    }
    write_ends(&pace);
    say_lag(&pace, UINT64_MAX - SAY_EVERY);
    return true;
}
