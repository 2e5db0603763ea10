/* SPDX-License-Identifier: GPL-2.0-or-later */
/* canonical.c: one text for equal values: keys sorted by their bytes, no
 * spaces. A trace keeps this text of the scenario that was run. */
#include <string.h>

#include "sim/scenario/reader.h"

static int compare_keys(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A copy with sorted keys that shares the leaves; false when too deep. */
static bool sorted(json_object *value, unsigned depth, json_object **ret_copy)
{
    bool ok = depth < SIM_MAX_FILE_DEPTH;
    if (json_object_is_type(value, json_type_array)) {
        *ret_copy = json_object_new_array_ext(MAX((int)json_object_array_length(value), 1));
        for (size_t i = 0; ok && i < json_object_array_length(value); i++) {
            json_object *element = NULL;
            ok = sorted(json_object_array_get_idx(value, i), depth + 1, &element);
            json_object_array_add(*ret_copy, element);
        }
        return ok;
    }
    if (!json_object_is_type(value, json_type_object)) {
        *ret_copy = json_object_get(value);
        return true;
    }
    g_autoptr(GPtrArray) keys = g_ptr_array_new();
    *ret_copy = json_object_new_object();
    json_object_object_foreach(value, name, unused)
    {
        (void)unused;
        if (depth > 0 || strcmp(name, "$schema") != 0)
            g_ptr_array_add(keys, name);
    }
    g_ptr_array_sort(keys, compare_keys);
    for (guint i = 0; ok && i < keys->len; i++) {
        const char *key = g_ptr_array_index(keys, i);
        json_object *member = NULL;
        ok = sorted(json_object_object_get(value, key), depth + 1, &member);
        json_object_object_add(*ret_copy, key, member);
    }
    return ok;
}

char *sim_canonical_text(json_object *values)
{
    json_object *copy = NULL;
    char *text = NULL;
    if (sorted(values, 0, &copy))
        text = g_strdup(json_object_to_json_string_ext(copy, JSON_C_TO_STRING_PLAIN |
                                                                 JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(copy);
    return text;
}
