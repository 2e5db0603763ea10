/* SPDX-License-Identifier: GPL-2.0-or-later */
/* canonical.c: one text for equal values: keys sorted by their bytes, no
 * spaces. A trace keeps this text of the scenario that was run. */
#include <string.h>

#include "sim/scenario/reader.h"

static int compare_keys(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void append_plain(GString *text, json_object *value)
{
    g_string_append(text, json_object_to_json_string_ext(
                              value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

static void append_key(GString *text, const char *key)
{
    json_object *value = json_object_new_string(key);

    append_plain(text, value);
    json_object_put(value);
    g_string_append_c(text, ':');
}

static bool append_value(GString *text, json_object *value, unsigned depth);

static bool append_list(GString *text, json_object *list, unsigned depth)
{
    bool ok = true;

    g_string_append_c(text, '[');
    for (size_t i = 0; ok && i < json_object_array_length(list); i++) {
        if (i > 0)
            g_string_append_c(text, ',');
        ok = append_value(text, json_object_array_get_idx(list, i), depth + 1);
    }
    g_string_append_c(text, ']');
    return ok;
}

static bool append_object(GString *text, json_object *object, unsigned depth)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new();
    bool ok = true;

    json_object_object_foreach(object, name, unused)
    {
        (void)unused;
        if (depth > 0 || strcmp(name, "$schema") != 0)
            g_ptr_array_add(keys, name);
    }
    g_ptr_array_sort(keys, compare_keys);
    g_string_append_c(text, '{');
    for (guint i = 0; ok && i < keys->len; i++) {
        const char *key = g_ptr_array_index(keys, i);

        if (i > 0)
            g_string_append_c(text, ',');
        append_key(text, key);
        ok = append_value(text, json_object_object_get(object, key), depth + 1);
    }
    g_string_append_c(text, '}');
    return ok;
}

/* False when it is nested too deep. */
static bool append_value(GString *text, json_object *value, unsigned depth)
{
    if (depth >= SIM_MAX_FILE_DEPTH)
        return false;
    if (json_object_is_type(value, json_type_array))
        return append_list(text, value, depth);
    if (json_object_is_type(value, json_type_object))
        return append_object(text, value, depth);
    append_plain(text, value);
    return true;
}

char *sim_canonical_text(json_object *values)
{
    GString *text = g_string_new(NULL);

    if (append_value(text, values, 0))
        return g_string_free(text, FALSE);
    g_string_free(text, TRUE);
    return NULL;
}
