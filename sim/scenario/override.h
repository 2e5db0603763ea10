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
