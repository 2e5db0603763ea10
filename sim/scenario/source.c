/* SPDX-License-Identifier: GPL-2.0-or-later */
/* source.c: one recursive-descent walk over JSON text, bounded in depth and in
 * number of values, that keeps for each value its line, its key and its place
 * among its siblings. */
#include "sim/scenario/source.h"

#include <string.h>

#include "sim/scenario/scenario.h"

#define NO_NODE UINT32_MAX

typedef struct {
    uint32_t parent, first_child, next;
    uint32_t index;  /* among its siblings */
    const char *key; /* in SimSource.keys; NULL in a list */
    unsigned line;
} Node;

struct SimSource {
    char *name;
    GArray *nodes; /* of Node; the root is number 0 */
    GStringChunk *keys;
    json_object *values;
};

typedef struct {
    SimSource *source;
    const char *text, *at, *end;
    const char *line_start;
    unsigned line, depth, max_depth;
    char first; /* of the root: json-c has no object for null */
    GError **error;
} Scanner;

/* ---- Text for messages -------------------------------------------------- */

char *sim_quote(const char *text)
{
    const long most = 48;
    g_autofree char *cut = NULL;
    if (g_utf8_strlen(text, -1) > most) {
        g_autofree char *head = g_utf8_substring(text, 0, most - 3);
        cut = g_strconcat(head, "...", NULL);
        text = cut;
    }
    json_object *value = json_object_new_string(text);
    char *quoted = g_strdup(json_object_to_json_string_ext(
        value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(value);
    return quoted;
}

char *sim_quote_value(json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_object: return g_strdup("an object");
    case json_type_array: return g_strdup("a list");
    case json_type_string: return sim_quote(json_object_get_string(value));
    default: return g_strdup_printf("%.48s", json_object_to_json_string(value));
    }
}

static void append_step(GString *text, const char *key, size_t index)
{
    if (!key) {
        g_string_append_printf(text, "[%" G_GSIZE_FORMAT "]", index);
        return;
    }
    if (text->len > 0)
        g_string_append_c(text, '.');
    size_t length = strlen(key), plain = 0;
    while (plain < length && (g_ascii_isalnum(key[plain]) || strchr("_-$", key[plain])))
        plain++;
    g_autofree char *quoted = sim_quote(key);
    bool odd = length == 0 || length > 48 || plain < length;
    g_string_append(text, odd ? quoted : key);
}

static void append_path(GString *text, const SimPath *path)
{
    if (!path)
        return;
    append_path(text, path->parent);
    append_step(text, path->key, path->index);
}

char *sim_path_text(const SimPath *path)
{
    GString *text = g_string_new(NULL);
    append_path(text, path);
    return g_string_free(text, FALSE);
}

/* ---- Nodes -------------------------------------------------------------- */

static Node *node_at(const SimSource *source, uint32_t number)
{
    return &g_array_index(source->nodes, Node, number);
}

static void append_node_path(GString *text, const SimSource *source, uint32_t number)
{
    const Node *node = node_at(source, number);
    if (node->parent == NO_NODE)
        return;
    append_node_path(text, source, node->parent);
    append_step(text, node->key, node->index);
}

/* ---- The walk ----------------------------------------------------------- */

static bool fail(Scanner *s, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool fail(Scanner *s, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    long column = g_utf8_strlen(s->line_start, s->at - s->line_start) + 1;
    g_set_error(s->error, SIM_SCENARIO_ERROR, SIM_SCENARIO_ERROR_JSON, "%s:%u:%ld: %s",
                s->source->name, s->line, column, what);
    return false;
}

static bool fail_expected(Scanner *s, const char *expected)
{
    if (s->at >= s->end)
        return fail(s, "not JSON: the text ends where %s should be", expected);
    g_autofree char *found = g_utf8_substring(s->at, 0, 1);
    g_autofree char *quoted = sim_quote(found);
    return fail(s, "not JSON: %s where %s should be", quoted, expected);
}

static char peek(const Scanner *s)
{
    return s->at < s->end ? *s->at : '\0';
}

static void skip_space(Scanner *s)
{
    for (; s->at < s->end && strchr(" \t\r\n", *s->at); s->at++)
        if (*s->at == '\n') {
            s->line++;
            s->line_start = s->at + 1;
        }
}

static bool scan_escape(Scanner *s)
{
    char kind = peek(s);
    if (kind != 'u') {
        if (kind == '\0' || !strchr("\"\\/bfnrt", kind))
            return fail_expected(s, "one of \" \\ / b f n r t u");
        s->at++;
        return true;
    }
    unsigned code = 0;
    s->at++;
    for (unsigned i = 0; i < 4; i++, s->at++) {
        if (!g_ascii_isxdigit(peek(s)))
            return fail_expected(s, "a hexadecimal digit");
        code = code << 4 | (unsigned)g_ascii_xdigit_value(*s->at);
    }
    if (code == 0)
        return fail(s, "a string may not hold the character \\u0000");
    return true;
}

static bool scan_string(Scanner *s)
{
    for (s->at++; peek(s) != '"';) {
        if (s->at >= s->end)
            return fail_expected(s, "the end of a string (\")");
        if ((unsigned char)*s->at < 0x20)
            return fail(s, "not JSON: a string may not hold a line break or control character; "
                           "write \\n or \\t");
        if (*s->at++ == '\\' && !scan_escape(s))
            return false;
    }
    s->at++;
    return true;
}

static bool scan_digits(Scanner *s)
{
    if (!g_ascii_isdigit(peek(s)))
        return fail_expected(s, "a digit");
    while (g_ascii_isdigit(peek(s)))
        s->at++;
    return true;
}

static bool scan_number(Scanner *s)
{
    if (peek(s) == '-')
        s->at++;
    if (peek(s) == '0')
        s->at++;
    else if (!scan_digits(s))
        return false;
    if (peek(s) == '.') {
        s->at++;
        if (!scan_digits(s))
            return false;
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        s->at++;
        if (peek(s) == '+' || peek(s) == '-')
            s->at++;
        return scan_digits(s);
    }
    return true;
}

static bool scan_value(Scanner *s, uint32_t parent, uint32_t *previous, const char *key,
                       uint32_t index);

static bool scan_list(Scanner *s, uint32_t node)
{
    uint32_t previous = NO_NODE;
    s->at++;
    skip_space(s);
    if (peek(s) == ']') {
        s->at++;
        return true;
    }
    for (uint32_t index = 0;; index++) {
        if (!scan_value(s, node, &previous, NULL, index))
            return false;
        skip_space(s);
        if (peek(s) == ']')
            break;
        if (peek(s) != ',')
            return fail_expected(s, "\",\" or \"]\"");
        s->at++;
        skip_space(s);
    }
    s->at++;
    return true;
}

/* The key whose text, quotes included, is start to end. */
static const char *keep_key(Scanner *s, const char *start, const char *end)
{
    if (!memchr(start, '\\', (size_t)(end - start)))
        return g_string_chunk_insert_len(s->source->keys, start + 1, end - start - 2);
    g_autofree char *text = g_strndup(start, (size_t)(end - start));
    json_object *value = json_tokener_parse(text);
    const char *key = g_string_chunk_insert(s->source->keys, json_object_get_string(value));
    json_object_put(value);
    return key;
}

static bool fail_twice(Scanner *s, uint32_t object, const char *key)
{
    GString *path = g_string_new(NULL);
    append_node_path(path, s->source, object);
    append_step(path, key, 0);
    unsigned first = 0;
    for (uint32_t i = node_at(s->source, object)->first_child; i != NO_NODE;
         i = node_at(s->source, i)->next)
        if (strcmp(node_at(s->source, i)->key, key) == 0)
            first = node_at(s->source, i)->line;
    g_set_error(s->error, SIM_SCENARIO_ERROR, SIM_SCENARIO_ERROR_JSON,
                "%s:%u: %s: given twice; the first is in line %u", s->source->name, s->line,
                path->str, first);
    g_string_free(path, TRUE);
    return false;
}

static bool scan_member(Scanner *s, uint32_t object, GHashTable *seen, uint32_t *previous,
                        uint32_t index)
{
    const char *start = s->at;
    if (peek(s) != '"')
        return fail_expected(s, "a key in quotes");
    if (!scan_string(s))
        return false;
    const char *key = keep_key(s, start, s->at);
    if (!g_hash_table_add(seen, (gpointer)key))
        return fail_twice(s, object, key);
    skip_space(s);
    if (peek(s) != ':')
        return fail_expected(s, "\":\"");
    s->at++;
    skip_space(s);
    return scan_value(s, object, previous, key, index);
}

static bool scan_object(Scanner *s, uint32_t node)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    uint32_t previous = NO_NODE;
    s->at++;
    skip_space(s);
    if (peek(s) == '}') {
        s->at++;
        return true;
    }
    for (uint32_t index = 0;; index++) {
        if (!scan_member(s, node, seen, &previous, index))
            return false;
        skip_space(s);
        if (peek(s) == '}')
            break;
        if (peek(s) != ',')
            return fail_expected(s, "\",\" or \"}\"");
        s->at++;
        skip_space(s);
    }
    s->at++;
    return true;
}

static bool scan_literal(Scanner *s)
{
    static const char *const literals[] = {"true", "false", "null"};
    for (unsigned i = 0; i < G_N_ELEMENTS(literals); i++) {
        size_t length = strlen(literals[i]);
        if ((size_t)(s->end - s->at) >= length && memcmp(s->at, literals[i], length) == 0) {
            s->at += length;
            return true;
        }
    }
    return fail_expected(s, "a value (an object, a list, a string in quotes, a number, true or "
                            "false)");
}

/* Appends the node of a value that begins here, after *previous. */
static uint32_t add_node(Scanner *s, uint32_t parent, uint32_t *previous, const char *key,
                         uint32_t index)
{
    uint32_t number = s->source->nodes->len;
    Node node = {parent, NO_NODE, NO_NODE, index, key, s->line};
    g_array_append_val(s->source->nodes, node);
    if (*previous != NO_NODE)
        node_at(s->source, *previous)->next = number;
    else if (parent != NO_NODE)
        node_at(s->source, parent)->first_child = number;
    *previous = number;
    return number;
}

static bool scan_value(Scanner *s, uint32_t parent, uint32_t *previous, const char *key,
                       uint32_t index)
{
    if (s->source->nodes->len >= SIM_MAX_FILE_VALUES)
        return fail(s, "more than %u values; that is more than any scenario needs",
                    SIM_MAX_FILE_VALUES);
    char first = peek(s);
    if ((first == '{' || first == '[') && s->depth >= s->max_depth)
        return fail(s, "nested more than %u deep", s->max_depth);
    uint32_t node = add_node(s, parent, previous, key, index);
    s->depth++;
    bool ok;
    if (first == '{')
        ok = scan_object(s, node);
    else if (first == '[')
        ok = scan_list(s, node);
    else if (first == '"')
        ok = scan_string(s);
    else if (first == '-' || g_ascii_isdigit(first))
        ok = scan_number(s);
    else
        ok = scan_literal(s);
    s->depth--;
    return ok;
}

static bool scan_all(Scanner *s)
{
    uint32_t previous = NO_NODE;
    skip_space(s);
    s->first = peek(s);
    if (!scan_value(s, NO_NODE, &previous, NULL, 0))
        return false;
    skip_space(s);
    if (s->at < s->end)
        return fail_expected(s, "the end of the text");
    return true;
}

/* ---- From text to values ------------------------------------------------ */

static bool check_text(const char *text, size_t length, const char *name, GError **error)
{
    const char *bad = NULL;
    if (length > SIM_MAX_FILE_BYTES) {
        g_set_error(error, SIM_SCENARIO_ERROR, SIM_SCENARIO_ERROR_FILE,
                    "%s: larger than 4MiB, the most that a scenario may have", name);
        return false;
    }
    if (g_utf8_validate_len(text, length, &bad))
        return true;
    unsigned line = 1;
    for (const char *at = text; at < bad; at++)
        line += *at == '\n';
    g_set_error(error, SIM_SCENARIO_ERROR, SIM_SCENARIO_ERROR_FILE,
                "%s:%u: not UTF-8 text (byte 0x%02x)", name, line, (unsigned char)*bad);
    return false;
}

/* scan_all() has seen that the text is JSON to the letter, so json-c need not be strict: versions
 * differ in what that means for a number too large for 64 bits, which is to be refused by whoever
 * knows what the number is for. */
static json_object *parse_values(const char *text, size_t length)
{
    struct json_tokener *tokener = json_tokener_new_ex((int)(2 * SIM_MAX_FILE_DEPTH));
    json_object *values = json_tokener_parse_ex(tokener, text, (int)length);
    /* A number at the very end is only complete once something follows it. */
    if (json_tokener_get_error(tokener) == json_tokener_continue)
        values = json_tokener_parse_ex(tokener, "", 1);
    if (json_tokener_get_error(tokener) != json_tokener_success) {
        json_object_put(values);
        values = NULL;
    }
    json_tokener_free(tokener);
    return values;
}

SimSource *sim_source_new(const char *text, size_t length, const char *name, unsigned max_depth,
                          GError **error)
{
    if (!check_text(text, length, name, error))
        return NULL;
    g_autoptr(SimSource) source = g_new0(SimSource, 1);
    source->name = g_strdup(name);
    source->nodes = g_array_new(FALSE, FALSE, sizeof(Node));
    source->keys = g_string_chunk_new(4096);
    Scanner scanner = {.source = source,
                       .text = text,
                       .at = text,
                       .end = text + length,
                       .line_start = text,
                       .line = 1,
                       .max_depth = max_depth,
                       .error = error};
    if (!scan_all(&scanner))
        return NULL;
    source->values = parse_values(text, length);
    if (!source->values && scanner.first != 'n') {
        g_set_error(error, SIM_SCENARIO_ERROR, SIM_SCENARIO_ERROR_JSON,
                    "%s: not JSON that can be read", name);
        return NULL;
    }
    return g_steal_pointer(&source);
}

void sim_source_free(SimSource *source)
{
    if (!source)
        return;
    g_free(source->name);
    g_clear_pointer(&source->nodes, g_array_unref);
    g_clear_pointer(&source->keys, g_string_chunk_free);
    json_object_put(source->values);
    g_free(source);
}

const char *sim_source_name(const SimSource *source)
{
    return source->name;
}

json_object *sim_source_values(const SimSource *source)
{
    return json_object_get(source->values);
}

static uint32_t find_node(const SimSource *source, const SimPath *path, bool *ret_exact)
{
    if (!path)
        return 0;
    uint32_t parent = find_node(source, path->parent, ret_exact);
    if (!*ret_exact)
        return parent;
    for (uint32_t i = node_at(source, parent)->first_child; i != NO_NODE;
         i = node_at(source, i)->next) {
        const Node *node = node_at(source, i);
        if (path->key ? node->key && strcmp(node->key, path->key) == 0
                      : !node->key && node->index == path->index)
            return i;
    }
    *ret_exact = false;
    return parent;
}

unsigned sim_source_line(const SimSource *source, const SimPath *path, bool *ret_exact)
{
    *ret_exact = true;
    return node_at(source, find_node(source, path, ret_exact))->line;
}
