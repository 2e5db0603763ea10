/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-reach.c: hvlab reach SCENARIO: who reaches whom?
 *
 * Runs the scenario, then sends a real probe from every endpoint to every other
 * and prints the answers as a matrix, one for each protocol. What counts as
 * reached: sim/engine/ask.c.
 */
#include <stdio.h>
#include <string.h>

#include "sim/cli/ask.h"
#include "sim/cli/cli.h"
#include "sim/export/result.h"

#define FITS_COLUMNS 100u /* wider matrices get numbers as headings */

typedef struct {
    CliWorld world;
    char *format;
    char **protocols;
    int tcp, udp; /* ports; 0: left out */
} ReachOptions;

typedef struct {
    const SimScenario *scenario;
    GArray *endpoints; /* of SimScenarioEndpoint */
    GArray *questions; /* of SimReachQuestion: by protocol, from, to */
    SimProtocol protocols[3];
    size_t protocol_count;
} Reach;

/* ---- What is asked --------------------------------------------------------- */

static void add_questions(Reach *reach, SimProtocol protocol, unsigned port)
{
    for (guint from = 0; from < reach->endpoints->len; from++)
        for (guint to = 0; to < reach->endpoints->len; to++) {
            const SimScenarioEndpoint *ends = (const SimScenarioEndpoint *)reach->endpoints->data;
            const SimReachQuestion question = {
                .from = ends[from],
                .to = ends[to],
                .protocol = protocol,
                .port = port ? port : cli_usual_port(reach->scenario, &ends[to], protocol),
            };

            if (from != to)
                g_array_append_val(reach->questions, question);
        }
    reach->protocols[reach->protocol_count++] = protocol;
}

/* --protocol icmp --protocol tcp, or --protocol icmp,tcp. Nothing: ICMP and TCP. */
static bool choose(Reach *reach, const ReachOptions *options)
{
    bool wanted[3] = {false};
    unsigned port[3] = {0, (unsigned)options->udp, (unsigned)options->tcp};

    for (char **list = options->protocols; list && *list; list++) {
        g_auto(GStrv) words = g_strsplit(*list, ",", -1);

        for (char **word = words; *word; word++) {
            int found = -1;

            for (int i = 0; i < 3; i++)
                if (!strcmp(*word, sim_protocol_name(i)))
                    found = i;
            if (found < 0) {
                cli_error("reach: --protocol %s: allowed are icmp, udp and tcp", *word);
                return false;
            }
            wanted[found] = true;
        }
    }
    if (!options->protocols)
        wanted[SIM_PROTOCOL_ICMP] = wanted[SIM_PROTOCOL_TCP] = true;
    wanted[SIM_PROTOCOL_TCP] |= options->tcp != 0;
    wanted[SIM_PROTOCOL_UDP] |= options->udp != 0;
    for (int i = 0; i < 3; i++)
        if (wanted[i])
            add_questions(reach, i, port[i]);
    return true;
}

/* ---- As text ---------------------------------------------------------------- */

static const char *cell(const SimModelReach *answer)
{
    if (!answer)
        return "?";
    switch (answer->via) {
    case SIM_VIA_DIRECT: return "direct";
    case SIM_VIA_NAT: return "nat";
    case SIM_VIA_PORT_FORWARD: return "forward";
    default: return "-";
    }
}

static const char *end_name(const Reach *reach, guint i)
{
    return g_array_index(reach->endpoints, SimScenarioEndpoint, i).name;
}

static void print_matrix(const Reach *reach, const CliAnswers *answers, size_t first)
{
    guint n = reach->endpoints->len;
    unsigned name_width = 0, total;
    bool numbered;
    size_t at = first;

    for (guint i = 0; i < n; i++)
        name_width = MAX(name_width, (unsigned)strlen(end_name(reach, i)));
    total = name_width + 2;
    for (guint i = 0; i < n; i++)
        total += MAX((unsigned)strlen(end_name(reach, i)), 7) + 2;
    numbered = total > FITS_COLUMNS;

    printf("  %-*s", name_width + (numbered ? 4 : 0), "from \\ to");
    for (guint i = 0; i < n; i++)
        if (numbered)
            printf("  %-7u", i + 1);
        else
            printf("  %-7s", end_name(reach, i));
    putchar('\n');
    for (guint from = 0; from < n; from++) {
        if (numbered)
            printf("  %2u  %-*s", from + 1, name_width, end_name(reach, from));
        else
            printf("  %-*s", name_width, end_name(reach, from));
        for (guint to = 0; to < n; to++) {
            unsigned width = numbered ? 7 : MAX((unsigned)strlen(end_name(reach, to)), 7);

            printf("  %-*s", width,
                   from == to ? "" : cell(cli_answer(answers, at, reach->questions->len)));
            at += from != to;
        }
        putchar('\n');
    }
    putchar('\n');
}

/* "port 22 of vm:a, port 80 of the others", or "port 80". */
static char *ports_text(const Reach *reach, size_t first, size_t count)
{
    const SimReachQuestion *questions = (const SimReachQuestion *)reach->questions->data;
    g_autoptr(GString) text = g_string_new(NULL);
    unsigned most_used = 80;
    bool all = true;

    for (size_t i = 0; i < count; i++) {
        if (i > 0 && questions[first + i].port != questions[first].port)
            all = false;
        if (questions[first + i].to.kind != SIM_ENDPOINT_VM)
            most_used = questions[first + i].port;
    }
    if (all)
        return g_strdup_printf("port %u", questions[first].port);
    for (guint to = 0; to < reach->endpoints->len; to++)
        for (size_t i = 0; i < count; i++)
            if (!strcmp(questions[first + i].to.name, end_name(reach, to)) &&
                questions[first + i].port != most_used) {
                g_string_append_printf(text, "port %u of %s, ", questions[first + i].port,
                                       end_name(reach, to));
                break;
            }
    g_string_append_printf(text, "port %u of the others", most_used);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void print_legend(const CliAnswers *answers, size_t count)
{
    static const char *const meanings[] = {
        [SIM_VIA_NOTHING] = "  -        not reached\n",
        [SIM_VIA_DIRECT] = "  direct   reached, and seen with its own address\n",
        [SIM_VIA_NAT] = "  nat      reached; on the way a NAT put another address in place of its "
                        "own\n",
        [SIM_VIA_PORT_FORWARD] =
            "  forward  reached only through a port-forward rule of the host\n",
    };
    static const uint8_t order[] = {SIM_VIA_DIRECT, SIM_VIA_NAT, SIM_VIA_PORT_FORWARD,
                                    SIM_VIA_NOTHING};

    for (size_t o = 0; o < G_N_ELEMENTS(order); o++)
        for (size_t i = 0; i < count; i++) {
            const SimModelReach *answer = cli_answer(answers, i, count);

            if (answer && answer->via == order[o]) {
                fputs(meanings[order[o]], stdout);
                break;
            }
        }
}

/* The rules that made a cell, each once. */
static void print_rules(const CliAnswers *answers, size_t count)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (size_t i = 0; i < count; i++) {
        const SimModelReach *answer = cli_answer(answers, i, count);

        if (answer && answer->via == SIM_VIA_PORT_FORWARD && g_hash_table_add(seen, answer->why))
            printf("           %s of %s\n", answer->why, answer->to);
    }
}

static void print_text(const Reach *reach, const CliAnswers *answers, const char *path)
{
    static const char *const titles[] = {
        [SIM_PROTOCOL_ICMP] = "ping (ICMP echo)",
        [SIM_PROTOCOL_UDP] = "UDP, ",
        [SIM_PROTOCOL_TCP] = "TCP connection to ",
    };
    size_t total = reach->questions->len, each = total / MAX(reach->protocol_count, 1);

    printf("%s: who reaches whom\nBackend: %s\n\n", reach->scenario->title,
           sim_engine_backend_why(answers->engine));
    for (size_t p = 0; p < reach->protocol_count; p++) {
        bool icmp = reach->protocols[p] == SIM_PROTOCOL_ICMP;
        g_autofree char *ports = icmp ? g_strdup("") : ports_text(reach, p * each, each);

        printf("By %s%s\n", titles[reach->protocols[p]], ports);
        print_matrix(reach, answers, p * each);
    }
    print_legend(answers, total);
    print_rules(answers, total);
    for (size_t i = 0; i < total; i++) {
        const SimModelReach *answer = cli_answer(answers, i, total);

        if (!answer || answer->reached)
            continue;
        printf("\nWhat decided a cell, and what would change it:\n"
               "  hvlab why %s --from %s --to %s\n",
               path, answer->from, answer->to);
        break;
    }
}

/* ---- As JSON ---------------------------------------------------------------- */

static void print_json(const Reach *reach, const CliAnswers *answers)
{
    json_object *document = json_object_new_object(), *scenario = json_object_new_object();

    json_object_object_add(document, "format", json_object_new_string("hvlab-reach/1"));
    json_object_object_add(scenario, "id", json_object_new_string(reach->scenario->id));
    json_object_object_add(scenario, "title", json_object_new_string(reach->scenario->title));
    json_object_object_add(document, "scenario", scenario);
    json_object_object_add(document, "backend",
                           json_object_new_string(sim_engine_backend(answers->engine)));
    json_object_object_add(document, "reachability",
                           sim_reach_rows(answers->model, reach->questions->len));
    puts(json_object_to_json_string_ext(document,
                                        JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(document);
}

/* ---- The command -------------------------------------------------------------- */

static int run_reach(const char *path, const ReachOptions *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CliKnown) known = cli_known_new();
    g_autoptr(SimScenario) scenario =
        cli_world_load(&options->world, path, NULL, cli_known_lists(known), &error);
    CliAnswers answers;

    if (!scenario)
        return cli_fail(g_steal_pointer(&error));
    cli_world_tell_set_aside(scenario);

    g_autoptr(GArray) endpoints = cli_endpoints(scenario);
    g_autoptr(GArray) questions = g_array_new(FALSE, FALSE, sizeof(SimReachQuestion));
    Reach reach = {.scenario = scenario, .endpoints = endpoints, .questions = questions};

    if (!choose(&reach, options))
        return CLI_BAD_INPUT;
    if (!cli_ask(&answers, &options->world, scenario, (const SimReachQuestion *)questions->data,
                 questions->len, &error))
        return cli_fail(g_steal_pointer(&error));
    if (cli_format_json(options->format))
        print_json(&reach, &answers);
    else
        print_text(&reach, &answers, path);
    int exit = answers.model->reaches->len < questions->len ? CLI_CHECK_FAILED : CLI_OK;
    cli_answers_clear(&answers);
    return exit;
}

static bool port_is_good(const char *option, int port, int *ret_exit)
{
    if (port >= 0 && port <= 65535)
        return true;
    cli_error("reach: %s %d: allowed is a port from 1 to 65535", option, port);
    *ret_exit = CLI_BAD_INPUT;
    return false;
}

int cli_reach(int argc, char **argv)
{
    ReachOptions options = {0};
    const GOptionEntry entries[] = {
        CLI_WORLD_ENTRIES(&options.world),
        {"protocol", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.protocols,
         "icmp, udp or tcp, or several with a comma between (default: icmp,tcp)", "NAME"},
        {"tcp", 0, 0, G_OPTION_ARG_INT, &options.tcp,
         "Connect to this TCP port (default: where a forward rule of the VM leads, else 80)",
         "PORT"},
        {"udp", 0, 0, G_OPTION_ARG_INT, &options.udp,
         "Send to this UDP port (default: where a forward rule leads, else 7)", "PORT"},
        {"format", 0, 0, G_OPTION_ARG_STRING, &options.format, "text (default) or json", "FORMAT"},
        G_OPTION_ENTRY_NULL};
    int exit;

    if (cli_parse(&argc, &argv, entries, "SCENARIO",
                  "Runs a scenario, then sends real probes between all endpoints (VMs, host, LAN, "
                  "Internet), each way, and prints who reaches whom.",
                  1, 1, &exit) &&
        cli_format_is(options.format, "reach", &exit) &&
        port_is_good("--tcp", options.tcp, &exit) && port_is_good("--udp", options.udp, &exit))
        exit = run_reach(argv[1], &options);
    cli_world_clear(&options.world);
    g_strfreev(options.protocols);
    g_free(options.format);
    return exit;
}
