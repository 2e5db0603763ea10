/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vary.h: PATH=V1,V2,... of --vary, and the runs that come of several of them: every
 * value of the first with every value of the second.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define CLI_MAX_VARIANTS 64u

typedef struct {
    char *path;
    GPtrArray *values; /* of char *, at least one */
} CliVary;

/* One run: a list of PATH=VALUE that NULL ends, and its short name: "bridged", "5ms 2". */
typedef struct {
    char **sets;
    char *title;
    char **set_aside; /* what a network's new mode has no use for, a line each; NULL: not known */
} CliVariant;

/* Takes "PATH=V1,V2" apart; commas inside brackets, braces and quotes do not count. */
CliVary *cli_vary_parse(const char *text, GError **error);
void cli_vary_free(CliVary *vary);

/* All combinations, the last one varying fastest. GPtrArray of CliVariant, which it
 * owns. NULL and error: more than CLI_MAX_VARIANTS. */
GPtrArray *cli_vary_product(GPtrArray *varies, GError **error);
