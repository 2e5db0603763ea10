/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c: the program hvlab: finds the command's function and runs it. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "sim/cli/cli.h"

typedef struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *title;
} CliCommand;

static const CliCommand commands[] = {
    {"run", cli_run, "run a scenario and print what happened"},
    {"validate", cli_validate, "check scenario files for mistakes, without running them"},
    {"export", cli_export, "turn a trace into a capture, a timeline or JSON lines"},
    {"list", cli_list, "list the scenarios there are"},
    {"doctor", cli_doctor, "say what this host can do, and how to fix what it cannot"},
    {"events", cli_events, "print the reference page of trace events"},
    {"guest", cli_guest, "check a guest image: hvlab guest check ELF"},
};

static void print_usage(FILE *stream)
{
    fputs("Usage: hvlab COMMAND [OPTION...] [FILE...]\n\n"
          "Runs small guest programs under a real hypervisor core and shows what happens.\n\n"
          "Commands:\n",
          stream);
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        fprintf(stream, "  %-10s %s\n", commands[i].name, commands[i].title);
    fputs("\n'hvlab COMMAND --help' explains one. A good start:\n"
          "  hvlab run scenarios/first/two-guests.json\n",
          stream);
}

/* The command whose name is nearest, for a mistyped one: shares the most
 * leading letters. NULL when not even the first fits. */
static const char *nearest_command(const char *word)
{
    const char *best = NULL;
    size_t best_length = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        size_t n = 0;

        while (word[n] && word[n] == commands[i].name[n])
            n++;
        if (n > best_length) {
            best_length = n;
            best = commands[i].name;
        }
    }
    return best;
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
    if (argc < 2) {
        print_usage(stderr);
        return CLI_BAD_INPUT;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        print_usage(stdout);
        return CLI_OK;
    }
    if (!strcmp(argv[1], "--version")) {
        puts("hvlab " HVLAB_VERSION);
        return CLI_OK;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        if (!strcmp(argv[1], commands[i].name))
            return commands[i].run(argc - 1, argv + 1);

    const char *nearest = nearest_command(argv[1]);

    if (nearest)
        cli_error("unknown command '%s'; did you mean '%s'? ('hvlab --help' lists all)", argv[1],
                  nearest);
    else
        cli_error("unknown command '%s'; 'hvlab --help' lists all", argv[1]);
    return CLI_BAD_INPUT;
}
