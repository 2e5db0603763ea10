/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-why.c: hvlab why SCENARIO --from A --to B: why does A reach B, or why not?
 *
 * Asks that one question, tells the way of its frames hop by hop with what decided
 * at each (sim/export/trail.h), and then looks for the smallest change of the
 * scenario that turns the answer round (change.h), by running it with each until
 * one does.
 */
#include <stdio.h>
#include <string.h>

#include "sim/cli/ask.h"
#include "sim/cli/change.h"
#include "sim/cli/cli.h"
#include "sim/export/trail.h"

typedef struct {
    CliWorld world;
    char *from, *to, *format;
    int tcp, udp; /* ports; 0: left out */
    gboolean no_change;
} WhyOptions;

typedef struct {
    const WhyOptions *options;
    const char *path;
    const SimScenarioKnown *known;
    const SimScenario *scenario;
    SimReachQuestion question;
    CliAnswers answers;
    const SimModelReach *answer;
    SimTrail *trail;
    /* The change that turns it round; NULL: none was found. */
    const CliChange *change;
    char *change_why, *change_via;
    unsigned tried;
} Why;

/* ---- What would change it -------------------------------------------------------- */

static SimScenario *load_changed(const Why *why, const CliChange *change)
{
    CliWorld world = why->options->world;
    g_autoptr(GPtrArray) set = g_ptr_array_new();

    for (char **at = world.set; at && *at; at++)
        g_ptr_array_add(set, *at);
    for (char **at = change->set; *at; at++)
        g_ptr_array_add(set, *at);
    g_ptr_array_add(set, NULL);
    world.set = (char **)set->pdata;
    return cli_world_load(&world, why->path, NULL, why->known, NULL);
}

/* Runs the scenario with a change and asks again. */
static bool turns_round(Why *why, const CliChange *change)
{
    g_autoptr(SimScenario) scenario = load_changed(why, change);
    CliAnswers answers;
    bool turned = false;

    if (!scenario || !cli_ask(&answers, &why->options->world, scenario, &why->question, 1, NULL))
        return false;
    why->tried++;
    const SimModelReach *answer = cli_answer(&answers, 0, 1);

    if (answer && answer->reached != why->answer->reached) {
        turned = true;
        why->change_why = g_strdup(answer->why);
        why->change_via = g_strdup(sim_name(SIM_NAMES(ReachVia), answer->via));
    }
    cli_answers_clear(&answers);
    return turned;
}

static uint32_t tried_address(const Why *why)
{
    const GArray *probes = why->answers.model->probes;

    for (guint i = 0; i < probes->len; i++)
        if (g_array_index(probes, SimModelProbe, i).probe == why->answer->probe)
            return g_array_index(probes, SimModelProbe, i).address;
    return 0;
}

static void find_change(Why *why, const GPtrArray *changes)
{
    for (guint i = 0; i < changes->len && !why->change; i++)
        if (turns_round(why, changes->pdata[i]))
            why->change = changes->pdata[i];
}

/* ---- As text ---------------------------------------------------------------------- */

static char *how_text(const SimReachQuestion *question)
{
    if (question->protocol == SIM_PROTOCOL_ICMP)
        return g_strdup("ping (ICMP echo)");
    return g_strdup_printf("%s port %u", question->protocol == SIM_PROTOCOL_TCP ? "TCP" : "UDP",
                           question->port);
}

static void print_hops(const Why *why)
{
    static const char *const marks[] = {[SIM_HOP_REQUEST] = "->",
                                        [SIM_HOP_ANSWER] = "<-",
                                        [SIM_HOP_ARP] = "? ",
                                        [SIM_HOP_WORD] = "  "};
    const GArray *hops = why->trail->hops;
    unsigned width = 0;

    for (guint i = 0; i < hops->len; i++)
        width = MAX(width, (unsigned)strlen(g_array_index(hops, SimHop, i).where));
    for (guint i = 0; i < hops->len; i++) {
        const SimHop *hop = &g_array_index(hops, SimHop, i);
        uint64_t after = hop->time - g_array_index(hops, SimHop, 0).time;

        printf("  %8.3f ms  %s %-*s  %s%s\n", (double)after / 1e6, marks[hop->kind], width,
               hop->where, hop->what, hop->end ? "   END" : "");
        if (hop->because)
            printf("  %8s     %s %-*s    because: %s\n", "", "  ", width, "", hop->because);
    }
}

static void print_change(const Why *why)
{
    const char *turned = why->answer->reached ? "does not reach" : "reaches";

    printf("\nWhat would change it\n");
    if (!why->change) {
        if (why->tried == 0)
            printf("  Neither end is a VM, so there is nothing in the scenario to change.\n");
        else
            printf("  None of the %u changes tried turns it round.\n", why->tried);
        return;
    }
    printf("  It %s %s.\n", turned, why->change->text);
    printf("  Run again with that change: %s%s%s.\n", why->change_why,
           why->answer->reached ? "" : ", via ", why->answer->reached ? "" : why->change_via);
    printf("\n  hvlab reach %s", why->path);
    for (char **set = why->change->set; *set; set++) {
        g_autofree char *quoted = g_shell_quote(*set);

        printf(" \\\n      --set %s", quoted);
    }
    putchar('\n');
}

static void print_text(const Why *why)
{
    g_autofree char *how = how_text(&why->question);

    printf("%s %s %s by %s: %s\n", why->answer->from,
           why->answer->reached ? "reaches" : "does not reach", why->answer->to, how,
           why->answer->why);
    if (why->answer->reached)
        printf("(via: %s)\n", sim_name(SIM_NAMES(ReachVia), why->answer->via));
    printf("\nThe way, hop by hop (-> request, <- answer, ? ARP)\n");
    print_hops(why);
    if (!why->options->no_change)
        print_change(why);
}

/* ---- As JSON ------------------------------------------------------------------------ */

static void add_string(json_object *object, const char *key, const char *value)
{
    json_object_object_add(object, key, value ? json_object_new_string(value) : NULL);
}

static json_object *hop_rows(const SimTrail *trail)
{
    static const char *const kinds[] = {[SIM_HOP_REQUEST] = "request",
                                        [SIM_HOP_ANSWER] = "answer",
                                        [SIM_HOP_ARP] = "arp",
                                        [SIM_HOP_WORD] = "word"};
    json_object *rows = json_object_new_array();

    for (guint i = 0; i < trail->hops->len; i++) {
        const SimHop *hop = &g_array_index(trail->hops, SimHop, i);
        json_object *row = json_object_new_object();

        json_object_object_add(row, "time_ns", json_object_new_uint64(hop->time));
        add_string(row, "kind", kinds[hop->kind]);
        json_object_object_add(row, "frame",
                               hop->frame ? json_object_new_uint64(hop->frame) : NULL);
        add_string(row, "where", hop->where);
        add_string(row, "what", hop->what);
        add_string(row, "because", hop->because);
        json_object_object_add(row, "end", json_object_new_boolean(hop->end));
        json_object_array_add(rows, row);
    }
    return rows;
}

static json_object *change_object(const Why *why)
{
    json_object *change = json_object_new_object(), *set = json_object_new_array();

    for (char **at = why->change->set; *at; at++)
        json_object_array_add(set, json_object_new_string(*at));
    add_string(change, "text", why->change->text);
    json_object_object_add(change, "set", set);
    json_object_object_add(change, "reached", json_object_new_boolean(!why->answer->reached));
    add_string(change, "via", why->answer->reached ? NULL : why->change_via);
    add_string(change, "why", why->change_why);
    return change;
}

static json_object *why_object(const Why *why)
{
    json_object *object = json_object_new_object();

    add_string(object, "from", why->answer->from);
    add_string(object, "to", why->answer->to);
    add_string(object, "protocol", sim_protocol_name(why->question.protocol));
    if (why->question.protocol != SIM_PROTOCOL_ICMP)
        json_object_object_add(object, "port", json_object_new_int((int)why->question.port));
    json_object_object_add(object, "reached", json_object_new_boolean(why->answer->reached));
    add_string(object, "via",
               why->answer->reached ? sim_name(SIM_NAMES(ReachVia), why->answer->via) : NULL);
    add_string(object, "why", why->answer->why);
    json_object_object_add(object, "arrived", json_object_new_boolean(why->trail->arrived));
    json_object_object_add(object, "answered", json_object_new_boolean(why->trail->answered));
    json_object_object_add(object, "trail", hop_rows(why->trail));
    return object;
}

static void print_object(json_object *object)
{
    puts(json_object_to_json_string_ext(object,
                                        JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(object);
}

static void print_json(const Why *why)
{
    json_object *object = why_object(why);

    json_object_object_add(object, "format", json_object_new_string("hvlab-why/1"));
    if (!why->options->no_change) {
        json_object_object_add(object, "tried", json_object_new_int((int)why->tried));
        json_object_object_add(object, "change", why->change ? change_object(why) : NULL);
    }
    print_object(object);
}

/* ---- The command ---------------------------------------------------------------------- */

static bool find_end(const GArray *endpoints, const char *option, const char *name,
                     SimScenarioEndpoint *ret_end)
{
    const SimScenarioEndpoint *found = name ? cli_find_endpoint(endpoints, name) : NULL;
    g_autoptr(GString) allowed = g_string_new(NULL);

    if (found) {
        *ret_end = *found;
        return true;
    }
    for (guint i = 0; i < endpoints->len; i++)
        g_string_append_printf(allowed, "%s%s", i ? ", " : "",
                               g_array_index(endpoints, SimScenarioEndpoint, i).name);
    if (name)
        cli_error("why: %s %s: not an endpoint of this scenario; allowed: %s", option, name,
                  allowed->str);
    else
        cli_error("why: %s is missing; allowed: %s", option, allowed->str);
    return false;
}

static int tell(Why *why)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) changes = NULL;

    if (!cli_ask(&why->answers, &why->options->world, why->scenario, &why->question, 1, &error))
        return cli_fail(g_steal_pointer(&error));
    why->answer = cli_answer(&why->answers, 0, 1);
    if (!why->answer) {
        cli_error("why: the run ended before the question could be asked");
        cli_answers_clear(&why->answers);
        return CLI_CHECK_FAILED;
    }
    why->trail = sim_trail_new(why->answers.reader, why->answer->question);
    if (!why->options->no_change) {
        changes = cli_changes(why->scenario, &why->question, why->answer, tried_address(why));
        find_change(why, changes);
    }
    if (cli_format_json(why->options->format))
        print_json(why);
    else
        print_text(why);
    sim_trail_free(why->trail);
    cli_answers_clear(&why->answers);
    g_free(why->change_why);
    g_free(why->change_via);
    return CLI_OK;
}

static int run_why(const char *path, const WhyOptions *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CliKnown) known = cli_known_new();
    g_autoptr(SimScenario) scenario =
        cli_world_load(&options->world, path, NULL, cli_known_lists(known), &error);
    Why why = {
        .options = options, .path = path, .known = cli_known_lists(known), .scenario = scenario};

    if (!scenario)
        return cli_fail(g_steal_pointer(&error));
    cli_world_tell_set_aside(scenario);

    g_autoptr(GArray) endpoints = cli_endpoints(scenario);

    if (!find_end(endpoints, "--from", options->from, &why.question.from) ||
        !find_end(endpoints, "--to", options->to, &why.question.to))
        return CLI_BAD_INPUT;
    if (!strcmp(options->from, options->to)) {
        cli_error("why: --from and --to are both %s; name two", options->to);
        return CLI_BAD_INPUT;
    }
    if (options->tcp && options->udp) {
        cli_error("why: --tcp and --udp: one of them is enough");
        return CLI_BAD_INPUT;
    }
    why.question.protocol = options->tcp   ? SIM_PROTOCOL_TCP
                            : options->udp ? SIM_PROTOCOL_UDP
                                           : SIM_PROTOCOL_ICMP;
    why.question.port = (unsigned)(options->tcp ? options->tcp : options->udp);
    return tell(&why);
}

static bool port_is_good(const char *option, int port, int *ret_exit)
{
    if (port >= 0 && port <= 65535)
        return true;
    cli_error("why: %s %d: allowed is a port from 1 to 65535", option, port);
    *ret_exit = CLI_BAD_INPUT;
    return false;
}

int cli_why(int argc, char **argv)
{
    WhyOptions options = {0};
    const GOptionEntry entries[] = {
        {"from", 0, 0, G_OPTION_ARG_STRING, &options.from,
         "Who asks: vm:NAME, host, lan:NAME or internet:NAME", "ENDPOINT"},
        {"to", 0, 0, G_OPTION_ARG_STRING, &options.to, "Who is asked", "ENDPOINT"},
        {"tcp", 0, 0, G_OPTION_ARG_INT, &options.tcp, "By a TCP connection to this port", "PORT"},
        {"udp", 0, 0, G_OPTION_ARG_INT, &options.udp, "By a UDP datagram to this port", "PORT"},
        {"no-change", 0, 0, G_OPTION_ARG_NONE, &options.no_change,
         "Do not look for a change that turns the answer round", NULL},
        CLI_WORLD_ENTRIES(&options.world),
        {"format", 0, 0, G_OPTION_ARG_STRING, &options.format, "text (default) or json", "FORMAT"},
        G_OPTION_ENTRY_NULL};
    int exit;

    if (cli_parse(&argc, &argv, entries, "SCENARIO",
                  "Tells why one endpoint reaches another or does not, by ping or as asked: the "
                  "way of the frames hop by hop, what decided at each, and the smallest change "
                  "of the scenario that would turn the answer round, tried out.",
                  1, 1, &exit) &&
        cli_format_is(options.format, "why", &exit) && port_is_good("--tcp", options.tcp, &exit) &&
        port_is_good("--udp", options.udp, &exit))
        exit = run_why(argv[1], &options);
    cli_world_clear(&options.world);
    g_free(options.from);
    g_free(options.to);
    g_free(options.format);
    return exit;
}
