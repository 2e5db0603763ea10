/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cli.h: what the commands of the program hvlab share.
 *
 * Each command is one file cmd-NAME.c with one function in the table of main.c.
 * It gets its own arguments (argv[0] is the command's name) and returns the
 * exit code. Results go to stdout; messages, one line each, to stderr.
 */
#pragma once

#include <stdio.h>

#include <glib.h>

#include "hv-core/cpu/cpu.h"
#include "sim/scenario/scenario.h"
#include "sim/trace/event.h"

typedef enum {
    CLI_OK = 0,            /* done, and every check passed */
    CLI_CHECK_FAILED = 1,  /* done, but a check failed */
    CLI_BAD_INPUT = 2,     /* bad usage or input; nothing was written */
    CLI_UNAVAILABLE = 3,   /* this host cannot */
    CLI_DEFECT = 4,        /* a defect of ours */
    CLI_INTERRUPTED = 130, /* Ctrl-C, as shells count it */
} CliExit;

int cli_run(int argc, char **argv);
int cli_render(int argc, char **argv);
int cli_gui(int argc, char **argv);
int cli_reach(int argc, char **argv);
int cli_why(int argc, char **argv);
int cli_walk(int argc, char **argv);
int cli_validate(int argc, char **argv);
int cli_compare(int argc, char **argv);
int cli_engine(int argc, char **argv);
int cli_export(int argc, char **argv);
int cli_list(int argc, char **argv);
int cli_doctor(int argc, char **argv);
int cli_events(int argc, char **argv);
int cli_guest(int argc, char **argv);
int cli_policy(int argc, char **argv);

/* Prints "hvlab: MESSAGE" to stderr. */
void cli_error(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* Prints error and gives the exit code that its kind stands for. Frees error. */
int cli_fail(GError *error);

/* Parses a command's options. positional (may be NULL) says what stands beside
 * the options, for the help text; at least minimum and at most maximum of them
 * must be left over. False when *ret_exit is the answer (help, or bad usage). */
bool cli_parse(int *argc, char ***argv, const GOptionEntry *entries, const char *positional,
               const char *summary, int minimum, int maximum, int *ret_exit);

/* Colour and progress are only for people: is this stream a terminal, and is
 * NO_COLOR (https://no-color.org) unset? */
bool cli_wants_colour(FILE *stream);

/* The folder where the guest images are: $HVLAB_GUESTS, else beside the program
 * as it was built or installed. g_free(). */
char *cli_guest_directory(void);

/* The scenarios that came with hvlab: $HVLAB_SCENARIOS, else those of the source
 * tree it was built from. g_free(). */
char *cli_scenario_directory(void);
/* What a policy of one's own is compiled with: -I. */
char *cli_include_directory(void);

/* --format: is it one of text (or left out) and json? If not, says so, for this command. */
bool cli_format_is(const char *format, const char *command, int *ret_exit);
bool cli_format_json(const char *format);

/* Every known word for the scenario loader: programs found in the guest
 * directory, policies, event types and fields. */
typedef struct CliKnown CliKnown;
CliKnown *cli_known_new(void);
void cli_known_free(CliKnown *known);
const SimScenarioKnown *cli_known_lists(const CliKnown *known);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliKnown, cli_known_free)
