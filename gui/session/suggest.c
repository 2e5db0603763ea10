/* SPDX-License-Identifier: GPL-2.0-or-later */
/* suggest.c: see suggest.h. */
#include "gui/session/suggest.h"

#include <stdlib.h>
#include <string.h>

#include "sim/scenario/scenario.h"
#include "sim/scenario/table.h"
#include "sim/trace/event.h"

static void suggestion_free(void *data)
{
    GuiSuggestion *suggestion = data;

    g_free(suggestion->word);
    g_free(suggestion->insert);
    g_free(suggestion->meaning);
    g_free(suggestion);
}

static void add(GPtrArray *list, const char *word, const char *insert, const char *meaning)
{
    GuiSuggestion *suggestion = g_new0(GuiSuggestion, 1);

    suggestion->word = g_strdup(word);
    suggestion->insert = g_strdup(insert);
    suggestion->meaning = g_strdup(meaning);
    g_ptr_array_add(list, suggestion);
}

static void add_word(GPtrArray *list, const char *word, const char *meaning)
{
    g_autofree char *quoted = g_strdup_printf("\"%s\"", word);

    add(list, word, quoted, meaning);
}

/* ---- Objects ------------------------------------------------------------------------------ */

/* An object of several kinds has the keys of all of them. */
typedef void (*EachKey)(const SimKey *key, void *user);

static void each_key(const SimObject *object, EachKey each, void *user)
{
    for (const SimKey *key = object->keys; key && key->name; key++)
        each(key, user);
    for (size_t i = 0; object->variants && object->variant_names[i]; i++)
        for (const SimKey *key = object->variants[i]->keys; key && key->name; key++)
            each(key, user);
}

typedef struct {
    const char *name;
    const SimKey *found;
} Find;

static void find_one(const SimKey *key, void *user)
{
    Find *find = user;

    if (!find->found && !strcmp(key->name, find->name))
        find->found = key;
}

static const SimKey *find_key(const SimObject *object, const char *name)
{
    Find find = {.name = name};

    each_key(object, find_one, &find);
    return find.found;
}

static const SimObject *object_at(const GPtrArray *path)
{
    const SimObject *object = &sim_scenario_object;

    for (unsigned i = 0; object && i < path->len; i++) {
        const SimKey *key = find_key(object, path->pdata[i]);

        object = key ? key->object : NULL;
    }
    return object;
}

/* ---- Keys --------------------------------------------------------------------------------- */

typedef struct {
    GPtrArray *list;
    const GuiJsonPlace *place;
} Keys;

static bool is_listed(const GPtrArray *list, const char *word)
{
    for (unsigned i = 0; i < list->len; i++)
        if (!strcmp(((const GuiSuggestion *)list->pdata[i])->word, word))
            return true;
    return false;
}

/* What a key's value looks like, to begin with. */
static const char *shape_of(const SimKey *key)
{
    switch (key->type) {
    case SIM_KEY_OBJECT: return "{}";
    case SIM_KEY_LIST:
    case SIM_KEY_TEXTS:
    case SIM_KEY_PCPUS: return "[]";
    case SIM_KEY_INTEGER: return key->preset ? key->preset : "1";
    case SIM_KEY_BOOL: return "true";
    default: return key->preset ? key->preset : "\"\"";
    }
}

static void add_key(const SimKey *key, void *user)
{
    Keys *keys = user;
    g_autofree char *insert = g_strdup_printf("\"%s\": %s", key->name, shape_of(key));

    if (key->type == SIM_KEY_LATER || !strcmp(key->name, "do") ||
        is_listed(keys->list, key->name) ||
        g_ptr_array_find_with_equal_func(keys->place->keys, key->name, g_str_equal, NULL))
        return;
    /* Behind the place there is a value already. */
    if (keys->place->quoted && keys->place->end > keys->place->start) {
        g_free(insert);
        insert = g_strdup_printf("\"%s\"", key->name);
    }
    add(keys->list, key->name, insert, key->meaning);
}

/* ---- Values --------------------------------------------------------------------------------- */

/* The names that the elements of a list of the scenario have. */
static void add_names(GPtrArray *list, const char *text, const char *path)
{
    for (unsigned i = 0; i < gui_json_length(text, path); i++) {
        g_autofree char *at = g_strdup_printf("%s[%u].name", path, i);
        g_autofree char *name = gui_json_get(text, at);

        if (name && *name == '"' && strlen(name) > 2)
            add(list, name + 1, name, NULL);
    }
    for (unsigned i = 0; i < list->len; i++)
        g_strdelimit(((GuiSuggestion *)list->pdata[i])->word, "\"", '\0');
}

static void add_endpoints(GPtrArray *list, const char *text)
{
    g_autoptr(GPtrArray) vms = g_ptr_array_new_with_free_func(suggestion_free);

    add_names(vms, text, "vms");
    for (unsigned i = 0; i < vms->len; i++) {
        g_autofree char *name =
            g_strdup_printf("vm:%s", ((const GuiSuggestion *)vms->pdata[i])->word);

        add_word(list, name, NULL);
    }
    add_word(list, "host", "the host that the VMs run on");
}

static void add_values(GPtrArray *list, const SimKey *key, const char *text,
                       const char *const *policies)
{
    for (size_t i = 0; key->words && key->words[i]; i++)
        if (!key->later_from || i < key->later_from)
            add_word(list, key->words[i], NULL);
    switch (key->type) {
    case SIM_KEY_BOOL:
        add(list, "true", "true", NULL);
        add(list, "false", "false", NULL);
        break;
    case SIM_KEY_FORMAT: add_word(list, SIM_SCENARIO_FORMAT, NULL); break;
    case SIM_KEY_POLICY:
        for (; policies && *policies; policies++)
            add_word(list, *policies, NULL);
        break;
    case SIM_KEY_EVENT:
        for (unsigned type = 0; type < SIM_EVENT_TYPE_COUNT; type++)
            add_word(list, sim_event_info(type)->name, sim_event_info(type)->meaning);
        break;
    case SIM_KEY_VM: add_names(list, text, "vms"); break;
    case SIM_KEY_NETWORK: add_names(list, text, "networks"); break;
    case SIM_KEY_ENDPOINT: add_endpoints(list, text); break;
    default: break;
    }
    if (key->preset && !is_listed(list, key->preset) && list->len == 0)
        add(list, key->preset, key->preset, key->meaning);
}

GPtrArray *gui_suggest(const char *text, const GuiJsonPlace *place, const char *const *policies)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(suggestion_free);
    const SimObject *object = object_at(place->path);
    const SimKey *key = object && place->key ? find_key(object, place->key) : NULL;
    Keys keys = {list, place};

    if (object && place->is_key && object->variants)
        add(list, "do", "\"do\": \"\"", "what is done");
    if (object && place->is_key)
        each_key(object, add_key, &keys);
    else if (key)
        add_values(list, key, text, policies);
    if (object && place->key && !strcmp(place->key, "do"))
        for (size_t i = 0; object->variant_names && object->variant_names[i]; i++)
            add_word(list, object->variant_names[i], NULL);
    return list;
}

unsigned gui_error_line(const char *message, const char *name)
{
    size_t length = strlen(name);

    if (strncmp(message, name, length) || message[length] != ':')
        return 0;
    return (unsigned)strtoul(message + length + 1, NULL, 10);
}
