/* SPDX-License-Identifier: GPL-2.0-or-later */
/* condition.c: conditions are read by recursive descent into a tree of nodes.
 *
 * What a comparison means differs from kind of event to kind of event (`why` is one
 * list of words for a vCPU and another for a dropped frame), so it is worked out for
 * every kind when it is read; asking it of an event is then one load and one compare.
 * condition-value.c knows the values.
 */
#include "sim/trace/condition.h"

#include <string.h>

#include "sim/trace/condition-private.h"

typedef enum { NODE_AND, NODE_OR, NODE_NOT, NODE_TYPE, NODE_COMPARE } NodeKind;

typedef struct Node Node;
struct Node {
    NodeKind kind;
    Node *a, *b;   /* of and, or, not (a only) */
    unsigned type; /* of a type */
    SimComparison *comparison;
};

struct SimCondition {
    Node *root;
    SimFilter types;
};

G_DEFINE_QUARK(sim - condition - error - quark, sim_condition_error)

static void node_free(Node *node)
{
    if (!node)
        return;
    node_free(node->a);
    node_free(node->b);
    if (node->comparison)
        sim_comparison_free(node->comparison);
    g_free(node);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Node, node_free)

static Node *node_new(NodeKind kind, Node *a, Node *b)
{
    Node *node = g_new0(Node, 1);

    *node = (Node){.kind = kind, .a = a, .b = b};
    return node;
}

/* ---- Words ------------------------------------------------------------------- */

static bool is_word_char(char c)
{
    return g_ascii_isalnum(c) || (c != '\0' && strchr("_-.:/", c));
}

static void take_operator(SimConditionParse *parse)
{
    static const char *const operators[] = {"==", "!=", "<=", ">=", "&&", "||",
                                            "<",  ">",  "(",  ")",  "!",  "="};

    for (size_t i = 0; i < G_N_ELEMENTS(operators); i++) {
        size_t length = strlen(operators[i]);

        if (strncmp(parse->at, operators[i], length))
            continue;
        parse->token = SIM_TOKEN_OPERATOR;
        g_string_assign(parse->word, operators[i]);
        parse->at += length;
        return;
    }
    /* One whole character of what cannot be. */
    parse->token = SIM_TOKEN_ODD;
    g_string_append_len(parse->word, parse->at, g_utf8_next_char(parse->at) - parse->at);
    parse->at = g_utf8_next_char(parse->at);
}

static bool take_string(SimConditionParse *parse)
{
    char quote = *parse->at++;

    parse->token = SIM_TOKEN_STRING;
    while (*parse->at && *parse->at != quote) {
        if (*parse->at == '\\' && parse->at[1])
            parse->at++;
        g_string_append_c(parse->word, *parse->at++);
    }
    if (!*parse->at)
        return sim_condition_fail(parse, "the quotation mark here is never closed");
    parse->at++;
    return true;
}

/* The next word, string or sign, into parse->word. */
static bool advance(SimConditionParse *parse)
{
    g_string_truncate(parse->word, 0);
    while (g_ascii_isspace(*parse->at))
        parse->at++;
    parse->start = parse->at;
    if (!*parse->at) {
        parse->token = SIM_TOKEN_END;
        return true;
    }
    if (*parse->at == '"' || *parse->at == '\'')
        return take_string(parse);
    if (!is_word_char(*parse->at)) {
        take_operator(parse);
        return true;
    }
    parse->token = SIM_TOKEN_WORD;
    while (is_word_char(*parse->at))
        g_string_append_c(parse->word, *parse->at++);
    return true;
}

static bool is_sign(const SimConditionParse *parse, const char *sign)
{
    return parse->token == SIM_TOKEN_OPERATOR && !strcmp(parse->word->str, sign);
}

static bool is_word(const SimConditionParse *parse, const char *word)
{
    return parse->token == SIM_TOKEN_WORD && !strcmp(parse->word->str, word);
}

/* ---- What binds how ------------------------------------------------------------- */

static Node *parse_or(SimConditionParse *parse);

static Node *parse_type(SimConditionParse *parse, const char *word, const char *start)
{
    int type = sim_event_find(word);
    Node *node;

    if (type < 0) {
        parse->start = start;
        sim_condition_fail_type(parse, word);
        return NULL;
    }
    node = node_new(NODE_TYPE, NULL, NULL);
    node->type = (unsigned)type;
    return node;
}

/* A kind of event, or a comparison: what follows the word tells. */
static Node *parse_word(SimConditionParse *parse)
{
    g_autofree char *word = g_strdup(parse->word->str);
    const char *start = parse->start;
    SimOperator op;
    Node *node;

    if (!advance(parse))
        return NULL;
    if (is_sign(parse, "=")) {
        sim_condition_fail(parse, "equality is written ==");
        return NULL;
    }
    op = sim_operator_find(parse->token == SIM_TOKEN_STRING ? "" : parse->word->str);
    if (op == SIM_OPERATOR_NONE)
        return parse_type(parse, word, start);
    if (!advance(parse))
        return NULL;
    node = node_new(NODE_COMPARE, NULL, NULL);
    node->comparison = sim_comparison_new(parse, word, start, op);
    if (!node->comparison || !advance(parse))
        g_clear_pointer(&node, node_free);
    return node;
}

static Node *parse_not(SimConditionParse *parse)
{
    g_autoptr(Node) inner = NULL;

    if (parse->depth >= SIM_CONDITION_MAX_DEPTH) {
        sim_condition_fail(parse, "more than %u parentheses and nots inside each other",
                           SIM_CONDITION_MAX_DEPTH);
        return NULL;
    }
    if (is_word(parse, "not") || is_sign(parse, "!")) {
        parse->depth++;
        inner = advance(parse) ? parse_not(parse) : NULL;
        parse->depth--;
        return inner ? node_new(NODE_NOT, g_steal_pointer(&inner), NULL) : NULL;
    }
    if (is_sign(parse, "(")) {
        parse->depth++;
        inner = advance(parse) ? parse_or(parse) : NULL;
        parse->depth--;
        if (inner && !is_sign(parse, ")"))
            sim_condition_fail(parse, "a parenthesis is still open; expected: and, or, )");
        else if (inner && advance(parse))
            return g_steal_pointer(&inner);
        return NULL;
    }
    if (parse->token == SIM_TOKEN_WORD && !is_word(parse, "and") && !is_word(parse, "or"))
        return parse_word(parse);
    sim_condition_fail(parse, "expected: a kind of event, a comparison (FIELD == VALUE), not, (");
    return NULL;
}

/* Operands of one chain of ands: what they ask together must be possible. */
typedef struct {
    const Node *type, *compare;
} Chain;

static bool check_chain(SimConditionParse *parse, Chain *chain, const Node *node, const char *start)
{
    if (node->kind == NODE_TYPE && chain->type && chain->type->type != node->type) {
        parse->start = start;
        return sim_condition_fail(parse, "an event is of one kind: join kinds by or");
    }
    if (node->kind == NODE_TYPE)
        chain->type = node;
    else if (node->kind == NODE_COMPARE)
        chain->compare = node;
    if (!chain->type || !chain->compare ||
        sim_comparison_can_hold(chain->compare->comparison, chain->type->type))
        return true;
    parse->start = start;
    return sim_condition_fail_pair(parse, chain->type->type, chain->compare->comparison);
}

static Node *parse_and(SimConditionParse *parse)
{
    const char *start = parse->start;
    g_autoptr(Node) all = parse_not(parse);
    Chain chain = {NULL, NULL};

    if (!all || !check_chain(parse, &chain, all, start))
        return NULL;
    while (is_word(parse, "and") || is_sign(parse, "&&")) {
        Node *next;

        if (!advance(parse))
            return NULL;
        start = parse->start;
        next = parse_not(parse);
        if (!next)
            return NULL;
        all = node_new(NODE_AND, all, next);
        if (!check_chain(parse, &chain, next, start))
            return NULL;
    }
    return g_steal_pointer(&all);
}

static Node *parse_or(SimConditionParse *parse)
{
    g_autoptr(Node) all = parse_and(parse);

    while (all && (is_word(parse, "or") || is_sign(parse, "||"))) {
        Node *next = advance(parse) ? parse_and(parse) : NULL;

        if (!next)
            return NULL;
        all = node_new(NODE_OR, all, next);
    }
    return g_steal_pointer(&all);
}

/* ---- Of which kinds can it be true? ------------------------------------------------ */

typedef struct {
    bool can_hold, can_fail;
} Chance;

static Chance chance_of(const Node *node, unsigned type)
{
    Chance a = {true, true}, b = {true, true};

    if (node->a)
        a = chance_of(node->a, type);
    if (node->b)
        b = chance_of(node->b, type);
    switch (node->kind) {
    case NODE_AND: return (Chance){a.can_hold && b.can_hold, a.can_fail || b.can_fail};
    case NODE_OR: return (Chance){a.can_hold || b.can_hold, a.can_fail && b.can_fail};
    case NODE_NOT: return (Chance){a.can_fail, a.can_hold};
    case NODE_TYPE: return (Chance){node->type == type, node->type != type};
    default: return (Chance){sim_comparison_can_hold(node->comparison, type), true};
    }
}

/* ---- The whole ------------------------------------------------------------------------ */

SimCondition *sim_condition_parse(const char *text, const SimConditionNames *names,
                                  unsigned *ret_column, GError **error)
{
    g_autoptr(GString) word = g_string_new(NULL);
    SimConditionParse parse = {
        .text = text, .at = text, .start = text, .word = word, .names = names, .error = error};
    g_autoptr(Node) root = NULL;
    SimCondition *condition;

    if (!g_utf8_validate(text, -1, NULL))
        sim_condition_fail(&parse, "this is not UTF-8 text");
    else if (strlen(text) > SIM_CONDITION_MAX_CHARS)
        sim_condition_fail(&parse, "more than %u characters", SIM_CONDITION_MAX_CHARS);
    else if (advance(&parse))
        root = parse_or(&parse);
    if (root && parse.token != SIM_TOKEN_END) {
        sim_condition_fail(&parse, "expected: and, or, the end");
        g_clear_pointer(&root, node_free);
    }
    if (!root) {
        if (ret_column)
            *ret_column = parse.column;
        return NULL;
    }
    condition = g_new0(SimCondition, 1);
    condition->root = g_steal_pointer(&root);
    for (unsigned type = 0; type < SIM_EVENT_TYPE_COUNT; type++)
        if (chance_of(condition->root, type).can_hold)
            sim_filter_add(&condition->types, type);
    return condition;
}

void sim_condition_free(SimCondition *condition)
{
    if (!condition)
        return;
    node_free(condition->root);
    g_free(condition);
}

static bool holds(const Node *node, const SimRecord *record)
{
    switch (node->kind) {
    case NODE_AND: return holds(node->a, record) && holds(node->b, record);
    case NODE_OR: return holds(node->a, record) || holds(node->b, record);
    case NODE_NOT: return !holds(node->a, record);
    case NODE_TYPE: return record->type == node->type;
    default: return sim_comparison_holds(node->comparison, record);
    }
}

bool sim_condition_holds(const SimCondition *condition, const SimRecord *record)
{
    return sim_filter_has(&condition->types, record->type) && holds(condition->root, record);
}

const SimFilter *sim_condition_types(const SimCondition *condition)
{
    return &condition->types;
}
