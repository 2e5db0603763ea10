/* SPDX-License-Identifier: GPL-2.0-or-later */
/* override.h: values given on the command line, PATH=VALUE. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>

#include "sim/scenario/scenario.h"

typedef struct {
    char *text;  /* as given, on one line */
    char *place; /* the path of the value set, as in messages: "vms[0].memory" */
} SimOverride;

void sim_override_free(SimOverride *override);

/* Sets the value that text names in values. NULL and error when text is not
 * PATH=VALUE or leads to no place there is; whether the value may stand there
 * is for the reader to say. */
SimOverride *sim_override_apply(json_object *values, const char *text, GError **error);

/* Does text give a network of values another mode? Then they have it now. */
bool sim_override_changes_mode(json_object *values, const char *text);

/* aside.c: takes out of values what a network has no use for in its mode, which was another one
 * before. Returns what that is, in words; g_free(). NULL: nothing. */
char *sim_set_aside(json_object *values, json_object *network);
