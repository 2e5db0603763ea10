/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json-text.c: see json-text.h. Nothing here is recursive over the input. */
#include "gui/session/json-text.h"

#include <string.h>

/* ---- Pieces ---------------------------------------------------------------------------- */

static const char *skip_space(const char *at)
{
    while (g_ascii_isspace(*at))
        at++;
    return at;
}

/* Behind the string that begins at `at`, or the end of the text. */
static const char *skip_string(const char *at)
{
    for (at++; *at && *at != '"'; at++)
        if (*at == '\\' && at[1])
            at++;
    return *at ? at + 1 : at;
}

static bool is_word_char(char c)
{
    return g_ascii_isalnum(c) || (c != '\0' && strchr("_-+.", c));
}

/* Behind the value that begins at `at`; at itself if there is none. */
static const char *skip_value(const char *at)
{
    unsigned depth = 0;

    do {
        at = skip_space(at);
        if (*at == '"') {
            at = skip_string(at);
        } else if (*at == '{' || *at == '[') {
            depth++;
            at++;
        } else if ((*at == '}' || *at == ']') && depth > 0) {
            depth--;
            at++;
        } else if (depth > 0 && (*at == ',' || *at == ':')) {
            at++;
        } else if (is_word_char(*at)) {
            while (is_word_char(*at))
                at++;
        } else {
            return at;
        }
    } while (depth > 0);
    return at;
}

/* ---- Where a place is --------------------------------------------------------------------- */

typedef struct {
    bool is_object, wants_value; /* of an object: behind a colon */
    char *key;                   /* the last one; NULL: none */
    GPtrArray *keys;
} Level;

static void level_free(void *data)
{
    Level *level = data;

    g_free(level->key);
    g_ptr_array_unref(level->keys);
    g_free(level);
}

static Level *top(GPtrArray *levels)
{
    return levels->len ? levels->pdata[levels->len - 1] : NULL;
}

static void open_level(GPtrArray *levels, bool is_object)
{
    Level *level = g_new0(Level, 1);

    level->is_object = is_object;
    level->keys = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(levels, level);
}

/* A string or word that is over is a key, unless a value was due. */
static void take_word(Level *level, const char *start, size_t length)
{
    if (!level || !level->is_object || level->wants_value)
        return;
    g_free(level->key);
    level->key = g_strndup(start, length);
    g_ptr_array_add(level->keys, g_strdup(level->key));
}

static void take_sign(GPtrArray *levels, char sign)
{
    Level *level = top(levels);

    if (sign == '{' || sign == '[') {
        open_level(levels, sign == '{');
    } else if ((sign == '}' || sign == ']') && level) {
        g_ptr_array_set_size(levels, (int)levels->len - 1);
        if (top(levels))
            top(levels)->wants_value = false;
    } else if (level) {
        level->wants_value = sign == ':';
    }
}

/* One string, word or sign; behind it. */
static const char *take_one(GPtrArray *levels, const char *at)
{
    const char *from = at;

    if (*at == '"') {
        at = skip_string(at);
        take_word(top(levels), from + 1,
                  (size_t)(at - from) - (at[-1] == '"' && at > from + 1) - 1);
    } else if (is_word_char(*at)) {
        while (is_word_char(*at))
            at++;
        take_word(top(levels), from, (size_t)(at - from));
    } else {
        take_sign(levels, *at++);
    }
    return at;
}

/* The keys of the object around that come behind the place. */
static void take_rest(GPtrArray *levels, const char *at)
{
    unsigned depth = levels->len;

    while (*(at = skip_space(at)) && levels->len >= depth) {
        if (levels->len == depth && (*at == '}' || *at == ']'))
            return;
        at = take_one(levels, at);
    }
}

static void fill_place(GuiJsonPlace *place, GPtrArray *levels)
{
    Level *level = top(levels);

    place->path = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i + 1 < levels->len; i++) {
        const Level *outer = levels->pdata[i];

        if (outer->is_object && outer->key)
            g_ptr_array_add(place->path, g_strdup(outer->key));
    }
    place->in_object = level && level->is_object;
    place->is_key = place->in_object && !level->wants_value;
    place->key = place->in_object && level->wants_value ? g_strdup(level->key) : NULL;
}

GuiJsonPlace gui_json_place(const char *text, size_t offset)
{
    g_autoptr(GPtrArray) levels = g_ptr_array_new_with_free_func(level_free);
    const char *at = skip_space(text), *place_at = text + MIN(offset, strlen(text));
    GuiJsonPlace place = {.start = (size_t)(place_at - text)};
    const char *behind = place_at;

    while (*at && at < place_at) {
        const char *end = *at == '"' ? skip_string(at) : at;
        bool closed = *at == '"' && end > at + 1 && end[-1] == '"';

        if (*at != '"')
            while (is_word_char(*end))
                end++;
        /* In the middle of a string, or at the end of a word. */
        if (*at == '"' ? place_at < end || !closed : end >= place_at && end > at) {
            place.quoted = *at == '"';
            place.start = (size_t)(at - text) + place.quoted;
            behind = end;
            place.end = (size_t)(end - text) - (place.quoted && closed);
            break;
        }
        at = skip_space(take_one(levels, at));
    }
    place.end = MAX(place.end, place.start);
    fill_place(&place, levels);

    if (top(levels)) {
        bool value = top(levels)->wants_value;

        take_rest(levels, behind);
        place.keys = g_ptr_array_ref(top(levels)->keys);
        top(levels)->wants_value = value;
    } else {
        place.keys = g_ptr_array_new_with_free_func(g_free);
    }
    return place;
}

void gui_json_place_clear(GuiJsonPlace *place)
{
    g_ptr_array_unref(place->path);
    g_ptr_array_unref(place->keys);
    g_free(place->key);
    *place = (GuiJsonPlace){0};
}

/* ---- Changing values ---------------------------------------------------------------------------
 */

/* A step of a path: a key, or with key NULL an element of a list. */
typedef struct {
    char *key;
    unsigned index;
} Step;

static void step_clear(void *data)
{
    g_free(((Step *)data)->key);
}

static GArray *steps_of(const char *path)
{
    GArray *steps = g_array_new(FALSE, TRUE, sizeof(Step));

    g_array_set_clear_func(steps, step_clear);
    while (*path) {
        Step step = {0};

        if (*path == '[') {
            char *end;

            step.index = (unsigned)g_ascii_strtoull(path + 1, &end, 10);
            path = *end == ']' ? end + 1 : end;
        } else {
            size_t length = strcspn(path, ".[");

            step.key = g_strndup(path, length);
            path += length;
        }
        g_array_append_val(steps, step);
        path += *path == '.';
    }
    return steps;
}

/* The value of one step inside of the value at `at`; NULL: it has none. *ret_begin: where the
 * key or element begins. */
static const char *enter(const char *at, const Step *step, const char **ret_begin)
{
    bool object = *at == '{';

    if (*at != (step->key ? '{' : '['))
        return NULL;
    at = skip_space(at + 1);
    for (unsigned i = 0; *at && *at != '}' && *at != ']'; i++) {
        const char *begin = at, *end;
        bool found = !object && i == step->index;

        if (object) {
            if (*at != '"')
                return NULL;
            end = skip_string(at);
            found = (size_t)(end - at) == strlen(step->key) + 2 &&
                    !strncmp(at + 1, step->key, strlen(step->key));
            at = skip_space(end);
            if (*at != ':')
                return NULL;
            at = skip_space(at + 1);
        }
        if (found) {
            *ret_begin = begin;
            return at;
        }
        end = skip_value(at);
        if (end == at)
            return NULL;
        at = skip_space(end);
        if (*at == ',')
            at = skip_space(at + 1);
    }
    return NULL;
}

/* Follows the path as far as it leads. *ret_steps: how many steps that is. */
static const char *follow(const char *text, GArray *steps, unsigned *ret_steps,
                          const char **ret_begin)
{
    const char *at = skip_space(text);

    for (*ret_steps = 0; *ret_steps < steps->len; ++*ret_steps) {
        const char *inside = enter(at, &g_array_index(steps, Step, *ret_steps), ret_begin);

        if (!inside)
            return at;
        at = inside;
    }
    return at;
}

char *gui_json_get(const char *text, const char *path)
{
    g_autoptr(GArray) steps = steps_of(path);
    const char *begin;
    unsigned done;
    const char *at = follow(text, steps, &done, &begin), *end = skip_value(at);

    return done == steps->len && end > at ? g_strndup(at, (size_t)(end - at)) : NULL;
}

unsigned gui_json_length(const char *text, const char *path)
{
    g_autoptr(GArray) steps = steps_of(path);
    const char *begin;
    unsigned done, count = 0;
    const char *at = follow(text, steps, &done, &begin);

    for (Step step = {0}; done == steps->len && enter(at, &step, &begin); step.index++)
        count++;
    return count;
}

/* text with the bytes from `from` to `to` replaced. */
static char *replace(const char *text, const char *from, const char *to, const char *by)
{
    g_autofree char *before = g_strndup(text, (size_t)(from - text));

    return g_strconcat(before, by, to, NULL);
}

/* A member that an object has not yet, as its first one. */
static char *insert_first(const char *text, const char *object, const char *key, const char *value)
{
    const char *first = skip_space(object + 1);
    g_autofree char *space = g_strndup(object + 1, (size_t)(first - object) - 1);
    bool empty = *first == '}';
    g_autofree char *member =
        g_strdup_printf("%s\"%s\": %s%s", empty ? "" : space, key, value, empty ? "" : ",");

    return replace(text, object + 1, empty ? first : object + 1, member);
}

char *gui_json_set(const char *text, const char *path, const char *value)
{
    g_autoptr(GArray) steps = steps_of(path);
    g_autoptr(GString) made = g_string_new(value);
    const char *begin;
    unsigned done;
    const char *at = follow(text, steps, &done, &begin), *end = skip_value(at);

    if (end == at)
        return NULL;
    if (done == steps->len)
        return replace(text, at, end, value);
    /* What is missing on the way, from the inside out. */
    for (unsigned i = steps->len; i > done + 1; i--) {
        const Step *step = &g_array_index(steps, Step, i - 1);
        g_autofree char *head = g_strdup_printf("{\"%s\": ", step->key ? step->key : "");

        if (!step->key)
            return NULL;
        g_string_prepend(made, head);
        g_string_append_c(made, '}');
    }
    if (*at != '{' || !g_array_index(steps, Step, done).key)
        return NULL;
    return insert_first(text, at, g_array_index(steps, Step, done).key, made->str);
}

char *gui_json_append(const char *text, const char *path, const char *value)
{
    g_autoptr(GArray) steps = steps_of(path);
    const char *begin, *last;
    unsigned done, count = gui_json_length(text, path);
    const char *at = follow(text, steps, &done, &begin), *end;
    Step step = {.index = count - 1};
    g_autofree char *space = NULL, *more = NULL;

    if (done != steps->len || *at != '[')
        return NULL;
    if (count == 0)
        return replace(text, at + 1, at + 1, value);
    last = enter(at, &step, &begin);
    end = skip_value(last);
    space = g_strndup(at + 1, (size_t)(skip_space(at + 1) - at) - 1);
    more = g_strconcat(",", *space ? space : " ", value, NULL);
    return replace(text, end, end, more);
}

char *gui_json_remove(const char *text, const char *path)
{
    g_autoptr(GArray) steps = steps_of(path);
    const char *begin = NULL;
    unsigned done;
    const char *at = follow(text, steps, &done, &begin), *end = skip_value(at), *next;

    if (done != steps->len || !begin || end == at)
        return NULL;
    next = skip_space(end);
    if (*next == ',')
        return replace(text, begin, skip_space(next + 1), "");
    /* The last one: the comma before it goes too. */
    while (begin > text && g_ascii_isspace(begin[-1]))
        begin--;
    if (begin > text && begin[-1] == ',')
        begin--;
    return replace(text, begin, end, "");
}
