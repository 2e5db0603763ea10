/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reader.c: objects and lists of objects, read and freed along their tables,
 * and the words of an error message. */
#include "sim/scenario/reader.h"

#include <string.h>

G_DEFINE_QUARK(sim - scenario - error - quark, sim_scenario_error)

/* ---- Errors ------------------------------------------------------------- */

/* Does place lie at or below the value called above? */
static bool is_below(const char *place, const char *above)
{
    size_t length = strlen(above);
    return strncmp(place, above, length) == 0 &&
           (length == 0 || place[length] == '\0' || place[length] == '.' || place[length] == '[');
}

/* The override that put the value at place there, NULL when the file did. */
static const SimOverride *origin(const SimReader *reader, const char *place, bool in_file)
{
    for (guint i = reader->overrides ? reader->overrides->len : 0; i > 0; i--) {
        const SimOverride *override = g_ptr_array_index(reader->overrides, i - 1);
        if (is_below(place, override->place) || (!in_file && is_below(override->place, place)))
            return override;
    }
    return NULL;
}

bool sim_reader_fail(SimReader *reader, const SimPath *path, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *place = sim_path_text(path);
    bool in_file;
    unsigned line = sim_source_line(reader->source, path, &in_file);
    const SimOverride *override = origin(reader, place, in_file);
    g_autofree char *where = override
                                 ? g_strdup_printf("--set %s", override->text)
                                 : g_strdup_printf("%s:%u", sim_source_name(reader->source), line);
    g_set_error(reader->error, SIM_SCENARIO_ERROR, SIM_SCENARIO_ERROR_INVALID, "%s: %s%s%s", where,
                place, *place ? ": " : "", what);
    return false;
}

bool sim_reader_fail_word(SimReader *reader, const SimPath *path, const char *word,
                          const char *what, const char *const *words, size_t count)
{
    g_autofree char *allowed = count > 0 ? sim_join(words, count) : g_strdup("none");
    return sim_reader_fail_near(reader, path, word, what, words, count, allowed);
}

bool sim_reader_fail_near(SimReader *reader, const SimPath *path, const char *word,
                          const char *what, const char *const *words, size_t count,
                          const char *allowed)
{
    const char *nearest = sim_nearest(word, words, count);
    g_autofree char *hint = nearest ? g_strdup_printf(" did you mean \"%s\"?", nearest) : NULL;
    return sim_reader_fail(reader, path, "%s;%s allowed: %s", what, hint ? hint : "", allowed);
}

/* ---- Objects ------------------------------------------------------------ */

static bool fail_unknown_key(SimReader *reader, const SimObject *object, const SimPath *path,
                             const char *key)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const SimKey *known = object->keys; known->name; known++)
        if (known->type != SIM_KEY_LATER)
            g_ptr_array_add(names, (gpointer)known->name);
    SimPath at = {path, key, 0};
    return sim_reader_fail_word(reader, &at, key, "unknown key", (const char *const *)names->pdata,
                                names->len);
}

static const SimKey *find_key(const SimObject *object, const char *name)
{
    for (const SimKey *key = object->keys; key->name; key++)
        if (strcmp(key->name, name) == 0)
            return key;
    return NULL;
}

/* Every key is known, none is for a later version, none required is missing. */
static bool check_keys(SimReader *reader, const SimObject *object, const SimPath *path,
                       json_object *values)
{
    json_object_object_foreach(values, name, value)
    {
        const SimKey *key = find_key(object, name);
        SimPath at = {path, name, 0};
        if (!key)
            return fail_unknown_key(reader, object, path, name);
        if (key->type == SIM_KEY_LATER)
            return sim_reader_fail(reader, &at,
                                   "a word of the format that this version of hvlab "
                                   "cannot run yet; leave it out");
        if (!value && key->type != SIM_KEY_IGNORED) {
            g_autofree char *allowed = sim_key_allowed(reader, key);
            return sim_reader_fail(reader, &at, "null is no value; allowed: %s", allowed);
        }
    }
    for (const SimKey *key = object->keys; key->name; key++)
        if (key->required && !json_object_object_get_ex(values, key->name, NULL)) {
            g_autofree char *allowed = sim_key_allowed(reader, key);
            return sim_reader_fail(reader, path, "\"%s\" is missing; allowed: %s", key->name,
                                   allowed);
        }
    return true;
}

/* At most one of the choice keys is there, and exactly one where required. */
static bool check_choice(SimReader *reader, const SimObject *object, const SimPath *path,
                         json_object *values, void *structure)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *first = NULL;
    for (const SimKey *key = object->keys; key->name; key++) {
        if (!key->choice)
            continue;
        if (json_object_object_get_ex(values, key->name, NULL)) {
            SimPath at = {path, key->name, 0};
            if (first)
                return sim_reader_fail(reader, &at,
                                       "cannot stand beside \"%s\"; one of them is "
                                       "enough",
                                       first);
            first = key->name;
            if (object->kind_offset != SIM_NO_FIELD)
                *(unsigned *)((char *)structure + object->kind_offset) = names->len;
        }
        g_ptr_array_add(names, (gpointer)key->name);
    }
    if (first || !object->choice_required)
        return true;
    g_autofree char *allowed = sim_join((const char *const *)names->pdata, names->len);
    return sim_reader_fail(reader, path, "one key is missing; allowed: %s", allowed);
}

static bool check_unique(SimReader *reader, const SimKey *key, const SimPath *path,
                         json_object *list)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *name = json_object_object_get(json_object_array_get_idx(list, i), key->unique);
        const char *text = json_object_get_string(name);
        gpointer first;
        if (!text)
            continue;
        if (g_hash_table_lookup_extended(seen, text, NULL, &first)) {
            SimPath element = {path, NULL, i}, at = {&element, key->unique, 0};
            g_autofree char *quoted = sim_quote(text);
            return sim_reader_fail(reader, &at, "%s is taken by %s[%u]; each needs its own", quoted,
                                   key->name, GPOINTER_TO_UINT(first));
        }
        g_hash_table_insert(seen, (gpointer)text, GUINT_TO_POINTER((guint)i));
    }
    return true;
}

static bool read_list(SimReader *reader, const SimKey *key, const SimPath *path, json_object *list,
                      void *structure)
{
    size_t count = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
    if (!json_object_is_type(list, json_type_array) || count < key->min || count > key->max) {
        g_autofree char *allowed = sim_key_allowed(reader, key);
        if (json_object_is_type(list, json_type_array))
            return sim_reader_fail(reader, path, "%" G_GSIZE_FORMAT " elements; allowed: %s", count,
                                   allowed);
        g_autofree char *quoted = sim_quote_value(list);
        return sim_reader_fail(reader, path, "%s is not a list; allowed: %s", quoted, allowed);
    }
    char *elements = g_malloc0_n(MAX(count, 1), key->object->size);
    *(void **)((char *)structure + key->offset) = elements;
    *(size_t *)((char *)structure + key->count_offset) = count;
    for (size_t i = 0; i < count; i++) {
        SimPath at = {path, NULL, i};
        if (!sim_object_read(reader, key->object, &at, json_object_array_get_idx(list, i),
                             elements + i * key->object->size))
            return false;
    }
    return !key->unique || check_unique(reader, key, path, list);
}

static bool read_key(SimReader *reader, const SimKey *key, const SimPath *path, json_object *value,
                     void *structure)
{
    switch (key->type) {
    case SIM_KEY_OBJECT:
        if (key->or_false && json_object_is_type(value, json_type_boolean) &&
            !json_object_get_boolean(value)) {
            *(bool *)((char *)structure + key->count_offset) = true;
            return true;
        }
        return sim_object_read(reader, key->object, path, value,
                               key->offset == SIM_NO_FIELD ? NULL
                                                           : (char *)structure + key->offset);
    case SIM_KEY_LIST: return read_list(reader, key, path, value, structure);
    default: return sim_scalar_read(reader, key, path, value, structure);
    }
}

/* The variant that the key "do" selects, its number in *ret_kind. */
static const SimObject *select_variant(SimReader *reader, const SimObject *object,
                                       const SimPath *path, json_object *values, uint64_t *ret_kind)
{
    json_object *word = NULL;
    SimPath at = {path, "do", 0};
    const char *const *names = object->variant_names;
    if (!json_object_object_get_ex(values, "do", &word)) {
        g_autofree char *allowed = sim_join(names, sim_word_count(names));
        sim_reader_fail(reader, path, "\"do\" is missing; allowed: %s", allowed);
        return NULL;
    }
    const char *text =
        json_object_is_type(word, json_type_string) ? json_object_get_string(word) : "";
    int kind = sim_word_index(names, text);
    if (kind < 0) {
        g_autofree char *quoted = sim_quote_value(word);
        g_autofree char *what = g_strconcat(quoted, " is not a command", NULL);
        sim_reader_fail_word(reader, &at, text, what, names, sim_word_count(names));
        return NULL;
    }
    *ret_kind = (uint64_t)kind;
    return object->variants[kind];
}

/* The tables' defaults are many and short, and json-c sets up a parser for each text: most
 * need none. */
static json_object *preset_value(const char *preset)
{
    size_t length = strlen(preset);
    char *end;
    int64_t number = g_ascii_strtoll(preset, &end, 10);

    if (length > 0 && *end == '\0')
        return json_object_new_int64(number);
    if (preset[0] == '"' && !strchr(preset, '\\'))
        return json_object_new_string_len(preset + 1, (int)length - 2);
    if (strcmp(preset, "[]") == 0)
        return json_object_new_array();
    if (strcmp(preset, "{}") == 0)
        return json_object_new_object();
    return json_tokener_parse(preset);
}

bool sim_object_read(SimReader *reader, const SimObject *object, const SimPath *path,
                     json_object *values, void *structure)
{
    if (!json_object_is_type(values, json_type_object)) {
        g_autofree char *quoted = sim_quote_value(values);
        return sim_reader_fail(reader, path, "%s is not %s", quoted, object->noun);
    }
    if (object->variants) {
        object = select_variant(reader, object, path, values, structure);
        if (!object)
            return false;
    }
    if (!check_keys(reader, object, path, values) ||
        !check_choice(reader, object, path, values, structure))
        return false;
    for (const SimKey *key = object->keys; key->name; key++) {
        json_object *value = json_object_object_get(values, key->name);
        SimPath at = {path, key->name, 0};
        if (!value && key->preset && key->type != SIM_KEY_IGNORED) {
            value = preset_value(key->preset);
            json_object_object_add(values, key->name, value);
        }
        if (value && !read_key(reader, key, &at, value, structure))
            return false;
    }
    return !object->finish || object->finish(reader, path, values, structure);
}

/* ---- Freeing ------------------------------------------------------------ */

static void clear_list(const SimKey *key, void *structure)
{
    void **elements = (void **)((char *)structure + key->offset);
    size_t *count = (size_t *)((char *)structure + key->count_offset);
    for (size_t i = 0; i < *count; i++)
        sim_object_clear(key->object, (char *)*elements + i * key->object->size);
    g_clear_pointer(elements, g_free);
    *count = 0;
}

/* Does the key have a field of its own in the structure, and, of keys of which one is chosen,
 * is it that one? `choice` counts the latter; it begins at 0. */
static bool in_use(const SimObject *object, const SimKey *key, const void *structure,
                   unsigned *choice)
{
    if (key->choice && object->kind_offset != SIM_NO_FIELD &&
        (*choice)++ != *(const unsigned *)((const char *)structure + object->kind_offset))
        return false;
    return key->offset != SIM_NO_FIELD;
}

void sim_object_clear(const SimObject *object, void *structure)
{
    if (object->variants)
        object = object->variants[*(uint64_t *)structure];
    if (object->clear)
        object->clear(structure);
    unsigned choice = 0;
    for (const SimKey *key = object->keys; key->name; key++) {
        if (!in_use(object, key, structure, &choice))
            continue;
        if (key->type == SIM_KEY_LIST)
            clear_list(key, structure);
        else if (key->type == SIM_KEY_OBJECT)
            sim_object_clear(key->object, (char *)structure + key->offset);
        else
            sim_scalar_clear(key, structure);
    }
}

/* ---- Copying ------------------------------------------------------------ */

static void own_list(const SimKey *key, void *structure)
{
    void **elements = (void **)((char *)structure + key->offset);
    size_t count = *(size_t *)((char *)structure + key->count_offset);
    *elements = g_memdup2(*elements, count * key->object->size);
    for (size_t i = 0; i < count; i++)
        sim_object_own(key->object, (char *)*elements + i * key->object->size);
}

void sim_object_own(const SimObject *object, void *structure)
{
    if (object->variants)
        object = object->variants[*(uint64_t *)structure];
    if (object->own)
        object->own(structure);
    unsigned choice = 0;
    for (const SimKey *key = object->keys; key->name; key++) {
        if (!in_use(object, key, structure, &choice))
            continue;
        if (key->type == SIM_KEY_LIST)
            own_list(key, structure);
        else if (key->type == SIM_KEY_OBJECT)
            sim_object_own(key->object, (char *)structure + key->offset);
        else
            sim_scalar_own(key, structure);
    }
}
