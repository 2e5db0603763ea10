/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c: the program hvlab: finds the command's function and runs it. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/cli/cli.h"

typedef struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *title;
} CliCommand;

static const CliCommand commands[] = {
    {"run", cli_run, "run a scenario and print what happened"},
    {"compare", cli_compare, "run a scenario under several values, side by side"},
    {"engine", cli_engine, "run a scenario for another program, step by step, over pipes"},
    {"reach", cli_reach, "who reaches whom: probes between all endpoints, as a matrix"},
    {"why", cli_why, "why one endpoint reaches another or not, hop by hop, and what changes it"},
    {"walk", cli_walk, "from a guest's virtual address to a page frame, through both tables"},
    {"validate", cli_validate, "check scenario files for mistakes, without running them"},
    {"export", cli_export, "turn a trace into a capture, a timeline or JSON lines"},
    {"render", cli_render, "draw a run, without a display: PNG, SVG, PDF, GIF, or a page"},
    {"gui", cli_gui, "open the application: a first lesson, or a scenario or trace"},
    {"list", cli_list, "list the scenarios there are"},
    {"doctor", cli_doctor, "say what this host can do, and how to fix what it cannot"},
    {"events", cli_events, "print the reference page of trace events"},
    {"policy", cli_policy, "scheduling policies: list them, write and check one of your own"},
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

/* A file that we open must not become stdout, should the caller have closed that.
 * What takes the place can only be read, so that printing fails. */
static void keep_standard_streams(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDONLY);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* A command is done when what it printed has been written. */
static int finish(int exit)
{
    bool lost = ferror(stdout);

    if (fflush(stdout) == 0 && !lost)
        return exit;
    if (exit == CLI_BAD_INPUT)
        return exit; /* it has said why */
    cli_error("stdout: cannot be written: %s", g_strerror(errno));
    return exit == CLI_OK ? CLI_BAD_INPUT : exit;
}

int main(int argc, char **argv)
{
    keep_standard_streams();
    setlocale(LC_CTYPE, ""); /* what is a letter, and errno's messages; the rest is never used */
    setlocale(LC_MESSAGES, "");
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
            return finish(commands[i].run(argc - 1, argv + 1));

    const char *nearest = nearest_command(argv[1]);

    if (nearest)
        cli_error("unknown command '%s'; did you mean '%s'? ('hvlab --help' lists all)", argv[1],
                  nearest);
    else
        cli_error("unknown command '%s'; 'hvlab --help' lists all", argv[1]);
    return CLI_BAD_INPUT;
}
