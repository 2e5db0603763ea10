/* SPDX-License-Identifier: GPL-2.0-or-later */
/* condition-private.h: what condition.c (words and their order) and condition-value.c
 * (fields and values) share. */
#pragma once

#include "sim/trace/condition.h"

typedef enum {
    SIM_TOKEN_END,
    SIM_TOKEN_WORD,
    SIM_TOKEN_STRING, /* in quotes, which are taken off */
    SIM_TOKEN_OPERATOR,
    SIM_TOKEN_ODD /* a character that has no meaning here */
} SimToken;

typedef struct {
    const char *text, *at; /* the whole; behind the current token */
    const char *start;     /* of the current token: errors are there */
    SimToken token;
    GString *word; /* its text */
    unsigned depth, column;
    const SimConditionNames *names;
    GError **error;
} SimConditionParse;

typedef enum {
    SIM_OPERATOR_NONE,
    SIM_OPERATOR_EQUAL,
    SIM_OPERATOR_DIFFERENT,
    SIM_OPERATOR_LESS,
    SIM_OPERATOR_AT_MOST,
    SIM_OPERATOR_MORE,
    SIM_OPERATOR_AT_LEAST,
    SIM_OPERATOR_CONTAINS
} SimOperator;

typedef struct SimComparison SimComparison;

/* Sets the error, with the column of parse->start; false. */
bool sim_condition_fail(SimConditionParse *parse, const char *format, ...) G_GNUC_PRINTF(2, 3);
bool sim_condition_fail_type(SimConditionParse *parse, const char *word);
/* The comparison cannot be true of an event of that kind. */
bool sim_condition_fail_pair(SimConditionParse *parse, unsigned type,
                             const SimComparison *comparison);

SimOperator sim_operator_find(const char *word);

/* The field called name (which stands at start), compared with the current token. NULL: the
 * error is set. */
SimComparison *sim_comparison_new(SimConditionParse *parse, const char *name, const char *start,
                                  SimOperator op);
void sim_comparison_free(SimComparison *comparison);
bool sim_comparison_holds(const SimComparison *comparison, const SimRecord *record);
/* Can it be true of an event of this kind? */
bool sim_comparison_can_hold(const SimComparison *comparison, unsigned type);
