/* SPDX-License-Identifier: GPL-2.0-or-later */
/* override.c: PATH=VALUE into the tree of values, before it is validated.
 *
 * PATH is keys and elements joined by '.'; an element of a list is a name, an
 * id, a number, or a number in brackets. Objects on the way that the file
 * leaves out are made: if no such key exists, the reader will say so. */
#include "sim/scenario/override.h"

#include <string.h>

#include "sim/scenario/reader.h"

#define MAX_STEPS 16u

void sim_override_free(SimOverride *override)
{
    if (!override)
        return;
    g_free(override->text);
    g_free(override->place);
    g_free(override);
}

/* An override as it can stand in a one-line message. */
static char *shown(const char *text)
{
    const long most = 200;
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    char *line =
        g_utf8_strlen(valid, -1) <= most ? g_strdup(valid) : g_utf8_substring(valid, 0, most);
    for (char *at = line; *at; at++)
        if (g_ascii_iscntrl(*at))
            *at = ' ';
    return line;
}

static bool fail(GError **error, const char *text, const SimPath *at, const char *what)
{
    g_autofree char *place = sim_path_text(at), *line = shown(text);
    g_set_error(error, SIM_SCENARIO_ERROR, SIM_SCENARIO_ERROR_SET, "--set %s: %s%s%s", line, place,
                *place ? ": " : "", what);
    return false;
}

/* The steps of a path; NULL when it is not one. "a[0].b" is a, 0, b. */
static char **split_path(const char *path)
{
    g_autoptr(GString) dotted = g_string_new(NULL);
    for (const char *at = path; *at; at++)
        if (*at == '[') {
            const char *end = at + 1;
            while (g_ascii_isdigit(*end))
                end++;
            if (end == at + 1 || *end != ']' || !(end[1] == '\0' || strchr(".[", end[1])))
                return NULL;
            g_string_append_c(dotted, '.');
            g_string_append_len(dotted, at + 1, end - at - 1);
            at = end;
        } else {
            g_string_append_c(dotted, *at);
        }
    char **steps = g_strsplit(dotted->str, ".", -1);
    bool ok = steps[0] && g_strv_length(steps) <= MAX_STEPS;
    for (char **step = steps; ok && *step; step++)
        ok = **step != '\0';
    if (ok)
        return steps;
    g_strfreev(steps);
    return NULL;
}

/* What an element of a list is called; NULL: nothing. */
static const char *element_name(json_object *element)
{
    json_object *name = NULL;
    if (json_object_is_type(element, json_type_object) &&
        !json_object_object_get_ex(element, "name", &name))
        json_object_object_get_ex(element, "id", &name);
    return json_object_is_type(name, json_type_string) ? json_object_get_string(name) : NULL;
}

/* The number of the element that step means. */
static bool find_element(json_object *list, const char *step, const SimPath *path, const char *text,
                         size_t *ret_index, GError **error)
{
    size_t count = json_object_array_length(list);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < count; i++) {
        const char *name = element_name(json_object_array_get_idx(list, i));
        if (g_strcmp0(name, step) == 0) {
            *ret_index = i;
            return true;
        }
        g_ptr_array_add(names, name ? g_strdup(name) : g_strdup_printf("%" G_GSIZE_FORMAT, i));
    }
    guint64 number;
    if (count > 0 && g_ascii_string_to_unsigned(step, 10, 0, count - 1, &number, NULL)) {
        *ret_index = (size_t)number;
        return true;
    }
    const char *const *words = (const char *const *)names->pdata;
    const char *nearest = sim_nearest(step, words, names->len);
    g_autofree char *hint = nearest ? g_strdup_printf(" did you mean \"%s\"?", nearest) : NULL;
    g_autofree char *quoted = sim_quote(step);
    g_autofree char *allowed = sim_join(words, names->len);
    g_autofree char *what =
        g_strdup_printf("no element %s in the list;%s allowed: %s", quoted, hint ? hint : "",
                        count > 0 ? allowed : "none, it is empty");
    return fail(error, text, path, what);
}

/* The key of the format that path, which the table may not know, leads to. */
static const SimKey *format_key(const SimObject *object, const char *name)
{
    for (const SimKey *key = object && object->keys ? object->keys : NULL; key && key->name; key++)
        if (strcmp(key->name, name) == 0)
            return key;
    return NULL;
}

/* One step down: fills in where it leads. The object it leads to is made when
 * it is missing and more steps follow. */
static bool descend(json_object **at, const SimObject **object, const char *step, SimPath *here,
                    const char *text, GError **error)
{
    json_object *next = NULL;
    if (json_object_is_type(*at, json_type_array)) {
        if (!find_element(*at, step, here->parent, text, &here->index, error))
            return false;
        next = json_object_array_get_idx(*at, here->index);
    } else if (json_object_is_type(*at, json_type_object)) {
        const SimKey *key = format_key(*object, step);
        *object = key ? key->object : NULL;
        here->key = step;
        if (!json_object_object_get_ex(*at, step, &next)) {
            if (key && key->type == SIM_KEY_LIST)
                return fail(error, text, here, "the file has none");
            next = json_object_new_object();
            json_object_object_add(*at, step, next);
        }
    } else {
        return fail(error, text, here->parent, "a plain value, nothing lies inside it");
    }
    *at = next;
    return true;
}

/* Takes value over. */
static bool put(json_object *at, const char *step, SimPath *here, json_object *value,
                const char *text, GError **error)
{
    bool ok = true;
    if (json_object_is_type(at, json_type_array)) {
        ok = find_element(at, step, here->parent, text, &here->index, error);
        if (ok)
            json_object_array_put_idx(at, here->index, value);
    } else if (json_object_is_type(at, json_type_object)) {
        here->key = step;
        json_object_object_add(at, step, value);
    } else {
        ok = fail(error, text, here->parent, "a plain value, nothing lies inside it");
    }
    if (!ok)
        json_object_put(value);
    return ok;
}

static json_object *read_value(const char *text)
{
    g_autoptr(SimSource) source =
        sim_source_new(text, strlen(text), "value", SIM_MAX_FILE_DEPTH, NULL);
    return source ? sim_source_values(source) : json_object_new_string(text);
}

SimOverride *sim_override_apply(json_object *values, const char *text, GError **error)
{
    const char *equals = strchr(text, '=');
    g_autofree char *path = equals ? g_strndup(text, (size_t)(equals - text)) : NULL;
    g_auto(GStrv) steps = path && g_utf8_validate(text, -1, NULL) ? split_path(path) : NULL;
    if (!steps) {
        fail(error, text, NULL, "not PATH=VALUE; write it like host.scheduler.slice=5ms");
        return NULL;
    }
    SimPath places[MAX_STEPS];
    const SimObject *object = &sim_scenario_object;
    size_t count = g_strv_length(steps);
    for (size_t i = 0; i < count; i++) {
        places[i] = (SimPath){i > 0 ? &places[i - 1] : NULL, NULL, 0};
        bool ok = i + 1 < count
                      ? descend(&values, &object, steps[i], &places[i], text, error)
                      : put(values, steps[i], &places[i], read_value(equals + 1), text, error);
        if (!ok)
            return NULL;
    }
    SimOverride *override = g_new0(SimOverride, 1);
    override->text = shown(text);
    override->place = sim_path_text(&places[count - 1]);
    return override;
}

bool sim_override_changes_mode(json_object *values, const char *text)
{
    const char *equals = strchr(text, '=');
    g_autofree char *path = equals ? g_strndup(text, (size_t)(equals - text)) : NULL;
    g_auto(GStrv) steps = path && g_utf8_validate(text, -1, NULL) ? split_path(path) : NULL;
    json_object *networks, *network, *mode, *before = NULL;
    SimPath places[] = {{NULL, "networks", 0}, {&places[0], NULL, 0}};
    size_t index;

    if (!steps || g_strv_length(steps) != 3 || strcmp(steps[0], "networks") != 0 ||
        strcmp(steps[2], "mode") != 0 || !json_object_is_type(values, json_type_object) ||
        !json_object_object_get_ex(values, "networks", &networks) ||
        !json_object_is_type(networks, json_type_array) ||
        !find_element(networks, steps[1], &places[1], text, &index, NULL))
        return false;
    network = json_object_array_get_idx(networks, index);
    if (!json_object_is_type(network, json_type_object) ||
        !json_object_object_get_ex(network, "mode", &before) ||
        !json_object_is_type(before, json_type_string))
        return false;
    mode = read_value(equals + 1); /* nat, or "nat" */
    if (!json_object_is_type(mode, json_type_string) || json_object_equal(before, mode)) {
        json_object_put(mode);
        return false;
    }
    json_object_object_add(network, "mode", mode);
    return true;
}
