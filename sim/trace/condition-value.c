/* SPDX-License-Identifier: GPL-2.0-or-later */
/* condition-value.c: the fields of events, and the values that they are compared with. */
#include <errno.h>
#include <string.h>

#include "sim/trace/condition-private.h"

/* Fields that every event has, and the text that some have. */
typedef enum { OF_EVENT, OF_TIME, OF_INDEX, OF_PCPU, OF_TEXT } Source;

static const SimFieldInfo stamps[] = {
    [OF_TIME] = {"time", 8, SIM_KIND_NUMBER, NULL, "ns", "virtual time"},
    [OF_INDEX] = {"index", 8, SIM_KIND_NUMBER, NULL, "", "place in the trace"},
    [OF_PCPU] = {"pcpu", 2, SIM_KIND_NUMBER, NULL, "", "pCPU"},
    [OF_TEXT] = {"text", 0, SIM_KIND_NUMBER, NULL, "", "text"},
};

typedef struct {
    uint16_t offset;
    uint8_t size;
    bool known; /* value is one of this kind's; else no value of this field equals it */
    uint64_t value;
} Place;

struct SimComparison {
    char *name;
    Source source;
    SimOperator op;
    SimFilter types;
    Place places[SIM_EVENT_TYPE_COUNT];
    uint64_t value; /* of a stamp */
    char *text;     /* the value as it was written */
    size_t text_bytes;
};

/* ---- Errors -------------------------------------------------------------------------- */

bool sim_condition_fail(SimConditionParse *parse, const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list arguments;

    if (parse->error && *parse->error)
        return false;
    va_start(arguments, format);
    message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    parse->column = (unsigned)g_utf8_strlen(parse->text, parse->start - parse->text) + 1;
    g_set_error(parse->error, SIM_CONDITION_ERROR, 0, "column %u: %s", parse->column, message);
    return false;
}

/* How many letters must be changed, put in or taken out (Levenshtein); longer words than
 * this are never near. */
static unsigned distance(const char *one, const char *other)
{
    unsigned row[64];
    size_t width = strlen(other);

    if (width >= G_N_ELEMENTS(row) || strlen(one) >= G_N_ELEMENTS(row))
        return UINT_MAX;
    for (unsigned x = 0; x <= width; x++)
        row[x] = x;
    for (unsigned y = 0; one[y]; y++) {
        unsigned corner = row[0];

        row[0] = y + 1;
        for (unsigned x = 0; x < width; x++) {
            unsigned change = corner + (one[y] != other[x]);

            corner = row[x + 1];
            row[x + 1] = MIN(change, MIN(row[x], row[x + 1]) + 1);
        }
    }
    return row[width];
}

typedef struct {
    const char *word, *best;
    unsigned best_distance;
} Nearest;

static void consider(Nearest *nearest, const char *candidate)
{
    unsigned d = distance(nearest->word, candidate);

    if (d < nearest->best_distance) {
        nearest->best = candidate;
        nearest->best_distance = d;
    }
}

static const char *guess(const Nearest *nearest)
{
    return nearest->best && nearest->best_distance <= 1 + strlen(nearest->word) / 4 ? nearest->best
                                                                                    : NULL;
}

static void consider_fields(Nearest *nearest)
{
    for (unsigned type = 0; type < SIM_EVENT_TYPE_COUNT; type++)
        for (const SimFieldInfo *field = sim_event_info(type)->fields; field->name; field++)
            consider(nearest, field->name);
    for (unsigned source = OF_TIME; source <= OF_TEXT; source++)
        consider(nearest, stamps[source].name);
}

bool sim_condition_fail_type(SimConditionParse *parse, const char *word)
{
    Nearest nearest = {word, NULL, UINT_MAX};
    size_t unused;

    for (unsigned type = 0; type < SIM_EVENT_TYPE_COUNT; type++) {
        if (sim_event_field(sim_event_info(type), word, &unused))
            return sim_condition_fail(
                parse, "\"%s\" is a field: compare it, as in %s == VALUE (== != < <= > >=)", word,
                word);
        consider(&nearest, sim_event_info(type)->name);
    }
    if (guess(&nearest))
        return sim_condition_fail(parse, "\"%s\" is no kind of event; did you mean \"%s\"?", word,
                                  guess(&nearest));
    return sim_condition_fail(
        parse,
        "\"%s\" is no kind of event; there are exit, dispatch, frame-sent, frame-dropped, "
        "page-mapped and others (hvlab events)",
        word);
}

static char *list_fields(const SimEventInfo *info)
{
    GString *list = g_string_new(NULL);

    for (const SimFieldInfo *field = info->fields; field->name; field++)
        g_string_append_printf(list, "%s, ", field->name);
    if (info->blob == SIM_BLOB_TEXT)
        g_string_append(list, "text, ");
    g_string_append(list, "time, index, pcpu");
    return g_string_free(list, FALSE);
}

static bool fail_unknown_field(SimConditionParse *parse, const char *name, const char *start)
{
    Nearest nearest = {name, NULL, UINT_MAX};

    parse->start = start;
    if (sim_event_find(name) >= 0)
        return sim_condition_fail(
            parse, "\"%s\" is a kind of event: it stands alone, as in: %s and vm == \"a\"", name,
            name);
    consider_fields(&nearest);
    return sim_condition_fail(parse, "no event has a field \"%s\"%s%s%s", name,
                              guess(&nearest) ? "; did you mean \""
                                              : "; there are vm, vcpu, port, "
                                                "frame, why, kind, time and "
                                                "others (hvlab events)",
                              guess(&nearest) ? guess(&nearest) : "", guess(&nearest) ? "\"?" : "");
}

/* ---- Values --------------------------------------------------------------------------- */

/* A whole number, in decimal or hexadecimal, with a sign or with a unit of time. */
static bool number_of(const char *word, bool is_time, uint64_t *ret_value)
{
    static const struct {
        const char *unit;
        uint64_t ns;
    } units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
    bool negative = *word == '-';
    char *end;

    word += negative;
    if (!g_ascii_isdigit(*word))
        return false;

    bool hex = word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
    errno = 0;
    uint64_t whole = g_ascii_strtoull(word, &end, hex ? 16 : 10);
    uint64_t tenths = 0, scale = 1; /* behind the point: 1.5ms */

    if (errno == ERANGE)
        return false;
    if (*end == '.' && is_time)
        for (end++; g_ascii_isdigit(*end) && scale < 1000000000; end++, scale *= 10)
            tenths = tenths * 10 + (uint64_t)(*end - '0');
    for (size_t i = 0; is_time && *end && !negative && i < G_N_ELEMENTS(units); i++)
        if (!strcmp(end, units[i].unit)) {
            if (whole > UINT64_MAX / units[i].ns / 2)
                return false;
            *ret_value = whole * units[i].ns + tenths * units[i].ns / scale;
            return true;
        }
    *ret_value = negative ? -whole : whole;
    return *end == '\0' && scale == 1;
}

static bool ipv4_of(const char *word, uint64_t *ret_value)
{
    g_auto(GStrv) parts = g_strsplit(word, ".", 5);
    uint64_t value = 0;

    for (unsigned i = 0; i < 4; i++) {
        guint64 part;

        if (g_strv_length(parts) != 4 ||
            !g_ascii_string_to_unsigned(parts[i], 10, 0, 255, &part, NULL))
            return false;
        value = value << 8 | part;
    }
    *ret_value = value;
    return true;
}

static bool mac_of(const char *word, uint64_t *ret_value)
{
    g_auto(GStrv) parts = g_strsplit(word, ":", 7);
    uint64_t value = 0;

    for (unsigned i = 0; i < 6; i++) {
        guint64 part;

        if (g_strv_length(parts) != 6 || strlen(parts[i]) != 2 ||
            !g_ascii_string_to_unsigned(parts[i], 16, 0, 255, &part, NULL))
            return false;
        value = value << 8 | part;
    }
    *ret_value = value;
    return true;
}

static bool is_vm(const SimFieldInfo *field)
{
    return field->size == 2 && (!strcmp(field->name, "vm") || g_str_has_suffix(field->name, "_vm"));
}

static bool is_network(const SimFieldInfo *field)
{
    return field->size == 2 && !strcmp(field->name, "network");
}

/* A name of a VM or network. Where the names are not known each is good. */
static bool name_of(const SimConditionParse *parse, const SimFieldInfo *field, const char *word,
                    uint64_t *ret_value)
{
    const SimConditionNames *names = parse->names;
    unsigned count = !names ? 0 : is_vm(field) ? names->vm_count : names->network_count;

    for (unsigned i = 0; i < count; i++) {
        const char *name = is_vm(field) ? names->vms[i] : names->networks[i];

        if (name && !strcmp(name, word)) {
            *ret_value = i;
            return true;
        }
    }
    *ret_value = UINT64_MAX;
    return !names;
}

static bool word_of(const SimFieldInfo *field, const char *word, uint64_t *ret_value)
{
    for (unsigned i = 0; i < field->values->count; i++)
        if (!strcmp(field->values->values[i].name, word)) {
            *ret_value = i;
            return true;
        }
    return false;
}

static bool value_of(const SimConditionParse *parse, const SimFieldInfo *field, uint64_t *ret_value)
{
    const char *word = parse->word->str;
    uint64_t most = field->size < 8 ? (UINT64_C(1) << 8 * field->size) - 1 : UINT64_MAX;

    if (field->kind == SIM_KIND_ENUM)
        return word_of(field, word, ret_value);
    if (field->kind == SIM_KIND_MAC)
        return mac_of(word, ret_value);
    if (field->kind == SIM_KIND_IPV4)
        return ipv4_of(word, ret_value);
    if (field->kind == SIM_KIND_BOOL && (!strcmp(word, "true") || !strcmp(word, "false"))) {
        *ret_value = !strcmp(word, "true");
        return true;
    }
    if ((is_vm(field) || is_network(field)) && name_of(parse, field, word, ret_value))
        return true;
    if (field->size == 2 && !strcmp(word, "none")) {
        *ret_value = SIM_NONE;
        return true;
    }
    if (!number_of(word, !strcmp(field->unit, "ns"), ret_value))
        return false;
    if (*word == '-')
        *ret_value &= most; /* as a program's exit(-1) leaves it in the field */
    return *ret_value <= most;
}

static char *list_names(const char *const *names, unsigned count)
{
    GString *list = g_string_new(NULL);

    for (unsigned i = 0; i < count && i < 20; i++)
        g_string_append_printf(list, "%s%s", i ? ", " : "", names[i] ? names[i] : "?");
    if (count == 0)
        g_string_append(list, "none in this run");
    return g_string_free(list, FALSE);
}

/* What may stand there, in words; g_free(). */
static char *allowed(const SimConditionParse *parse, const SimFieldInfo *field)
{
    const SimConditionNames *names = parse->names;
    GString *list;

    switch (field->kind) {
    case SIM_KIND_MAC: return g_strdup("an address like 52:54:00:00:00:01");
    case SIM_KIND_IPV4: return g_strdup("an address like 10.0.2.15");
    case SIM_KIND_BOOL: return g_strdup("true, false");
    case SIM_KIND_ENUM:
        list = g_string_new(NULL);
        for (unsigned i = 0; i < field->values->count; i++)
            g_string_append_printf(list, "%s%s", i ? ", " : "", field->values->values[i].name);
        return g_string_free(list, FALSE);
    default: break;
    }
    if (names && is_vm(field))
        return list_names(names->vms, names->vm_count);
    if (names && is_network(field))
        return list_names(names->networks, names->network_count);
    if (!strcmp(field->unit, "ns"))
        return g_strdup("a time, like 250us");
    return g_strdup_printf("a number of at most %u bits", 8u * field->size);
}

static bool is_ordered(const SimFieldInfo *field)
{
    return (field->kind == SIM_KIND_NUMBER || field->kind == SIM_KIND_HEX) && !is_vm(field) &&
           !is_network(field);
}

static bool fail_value(SimConditionParse *parse, const SimFieldInfo *field)
{
    g_autofree char *words = allowed(parse, field);

    if (parse->token == SIM_TOKEN_END)
        return sim_condition_fail(parse, "a value for \"%s\" is missing; allowed: %s", field->name,
                                  words);
    return sim_condition_fail(parse, "\"%s\" is no value of \"%s\"; allowed: %s", parse->word->str,
                              field->name, words);
}

bool sim_condition_fail_pair(SimConditionParse *parse, unsigned type,
                             const SimComparison *comparison)
{
    const SimEventInfo *info = sim_event_info(type);
    size_t unused;
    const SimFieldInfo *field = sim_event_field(info, comparison->name, &unused);
    g_autofree char *words = field ? allowed(parse, field) : list_fields(info);

    if (field)
        return sim_condition_fail(parse, "\"%s\" is no value of \"%s\" of %s; allowed: %s",
                                  comparison->text, field->name, info->name, words);
    return sim_condition_fail(parse, "%s has no field \"%s\"; it has: %s", info->name,
                              comparison->name, words);
}

/* ---- Comparisons ------------------------------------------------------------------------ */

SimOperator sim_operator_find(const char *word)
{
    static const char *const words[] = {
        [SIM_OPERATOR_EQUAL] = "==",         [SIM_OPERATOR_DIFFERENT] = "!=",
        [SIM_OPERATOR_LESS] = "<",           [SIM_OPERATOR_AT_MOST] = "<=",
        [SIM_OPERATOR_MORE] = ">",           [SIM_OPERATOR_AT_LEAST] = ">=",
        [SIM_OPERATOR_CONTAINS] = "contains"};

    for (unsigned i = SIM_OPERATOR_EQUAL; i < G_N_ELEMENTS(words); i++)
        if (!strcmp(words[i], word))
            return (SimOperator)i;
    return SIM_OPERATOR_NONE;
}

/* Finds the field in every kind of event that has it. False: the error is set. */
static bool place_fields(SimComparison *comparison, SimConditionParse *parse, const char *start)
{
    const SimFieldInfo *last = NULL;
    bool unordered = false, any = false;

    for (unsigned type = 0; type < SIM_EVENT_TYPE_COUNT; type++) {
        size_t offset;
        const SimFieldInfo *field =
            sim_event_field(sim_event_info(type), comparison->name, &offset);
        Place *place = &comparison->places[type];

        if (field && comparison->op >= SIM_OPERATOR_LESS && !is_ordered(field)) {
            unordered = true;
        } else if (field) {
            last = field;
            sim_filter_add(&comparison->types, type);
            place->offset = (uint16_t)offset;
            place->size = field->size;
            place->known = value_of(parse, field, &place->value);
            any = any || place->known;
        }
    }
    if (!last && unordered)
        return sim_condition_fail(parse, "\"%s\" knows only == and !=", comparison->name);
    return last ? any || fail_value(parse, last)
                : fail_unknown_field(parse, comparison->name, start);
}

static bool take_text(SimComparison *comparison, SimConditionParse *parse)
{
    if (comparison->op != SIM_OPERATOR_EQUAL && comparison->op != SIM_OPERATOR_DIFFERENT &&
        comparison->op != SIM_OPERATOR_CONTAINS)
        return sim_condition_fail(parse, "text knows ==, != and contains");
    return true;
}

static bool take_value(SimComparison *comparison, SimConditionParse *parse, const char *start)
{
    if (parse->token == SIM_TOKEN_OPERATOR || parse->token == SIM_TOKEN_ODD)
        return sim_condition_fail(parse, "expected: a value for \"%s\"", comparison->name);
    for (unsigned source = OF_TIME; source <= OF_TEXT; source++)
        if (!strcmp(stamps[source].name, comparison->name))
            comparison->source = (Source)source;
    for (unsigned type = 0; comparison->source != OF_EVENT && type < SIM_EVENT_TYPE_COUNT; type++)
        if (comparison->source != OF_TEXT || sim_event_info(type)->blob == SIM_BLOB_TEXT)
            sim_filter_add(&comparison->types, type);
    if (comparison->source == OF_TEXT)
        return take_text(comparison, parse);
    if (comparison->op == SIM_OPERATOR_CONTAINS)
        return sim_condition_fail(parse, "only text knows contains");
    if (comparison->source == OF_EVENT)
        return place_fields(comparison, parse, start);
    return value_of(parse, &stamps[comparison->source], &comparison->value) ||
           fail_value(parse, &stamps[comparison->source]);
}

SimComparison *sim_comparison_new(SimConditionParse *parse, const char *name, const char *start,
                                  SimOperator op)
{
    SimComparison *comparison = g_new0(SimComparison, 1);

    comparison->name = g_strdup(name);
    comparison->op = op;
    comparison->text = g_strdup(parse->word->str);
    comparison->text_bytes = parse->word->len;
    if (take_value(comparison, parse, start))
        return comparison;
    sim_comparison_free(comparison);
    return NULL;
}

void sim_comparison_free(SimComparison *comparison)
{
    g_free(comparison->name);
    g_free(comparison->text);
    g_free(comparison);
}

bool sim_comparison_can_hold(const SimComparison *comparison, unsigned type)
{
    return sim_filter_has(&comparison->types, type) &&
           (comparison->source != OF_EVENT || comparison->places[type].known ||
            comparison->op == SIM_OPERATOR_DIFFERENT);
}

static bool compare(SimOperator op, uint64_t a, uint64_t b)
{
    switch (op) {
    case SIM_OPERATOR_EQUAL: return a == b;
    case SIM_OPERATOR_DIFFERENT: return a != b;
    case SIM_OPERATOR_LESS: return a < b;
    case SIM_OPERATOR_AT_MOST: return a <= b;
    case SIM_OPERATOR_MORE: return a > b;
    default: return a >= b;
    }
}

static bool text_holds(const SimComparison *comparison, const SimRecord *record)
{
    bool equal =
        record->blob_size == comparison->text_bytes &&
        (record->blob_size == 0 || !memcmp(record->blob, comparison->text, comparison->text_bytes));

    if (comparison->op != SIM_OPERATOR_CONTAINS)
        return equal == (comparison->op == SIM_OPERATOR_EQUAL);
    return comparison->text_bytes == 0 ||
           (record->blob_size > 0 &&
            memmem(record->blob, record->blob_size, comparison->text, comparison->text_bytes));
}

bool sim_comparison_holds(const SimComparison *comparison, const SimRecord *record)
{
    const Place *place = &comparison->places[record->type];
    uint64_t value = 0;

    if (!sim_filter_has(&comparison->types, record->type))
        return false;
    switch (comparison->source) {
    case OF_TEXT: return text_holds(comparison, record);
    case OF_TIME: return compare(comparison->op, record->time, comparison->value);
    case OF_INDEX: return compare(comparison->op, record->index, comparison->value);
    case OF_PCPU:
        return record->source != SIM_SOURCE_WORLD &&
               compare(comparison->op, record->source - 1u, comparison->value);
    default: break;
    }
    if (!place->known)
        return comparison->op == SIM_OPERATOR_DIFFERENT;
    memcpy(&value, (const uint8_t *)record->fields + place->offset, place->size);
    return compare(comparison->op, value, place->value);
}
