/* SPDX-License-Identifier: GPL-2.0-or-later */
/* source.h: the text of a JSON file, and which line each value stands in.
 *
 * json-c gives values but forgets where they stood, so this file walks the
 * text once by itself: it proves that the text is JSON (RFC 8259) within
 * bounds, without a key given twice, and keeps a tree of positions. A place in
 * the tree of values is named by a SimPath, which lives on the stack of
 * whoever descends into the values.
 */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct SimPath {
    const struct SimPath *parent; /* NULL: directly in the root, which is itself NULL */
    const char *key;              /* NULL: element number index of a list */
    size_t index;
} SimPath;

/* "vms[1].memory", "" for the root; g_free(). Odd keys are quoted and cut off. */
char *sim_path_text(const SimPath *path);

/* Text as it can stand in a one-line message: in quotes, escaped and cut off; g_free(). */
char *sim_quote(const char *text);
/* The same for any value: "an object" and "a list" for those; g_free(). */
char *sim_quote_value(json_object *value);

typedef struct SimSource SimSource;

/* Takes text in; name is what messages call it. Values may be nested max_depth
 * deep. NULL and error when it is not UTF-8, too large, or not JSON. */
SimSource *sim_source_new(const char *text, size_t length, const char *name, unsigned max_depth,
                          GError **error);
void sim_source_free(SimSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimSource, sim_source_free)

const char *sim_source_name(const SimSource *source);

/* The values; a reference of the caller's own. */
json_object *sim_source_values(const SimSource *source);

/* The line of the value at path, from 1; of the nearest value around it when
 * the text has none there, and then *ret_exact is false. */
unsigned sim_source_line(const SimSource *source, const SimPath *path, bool *ret_exact);
