/* SPDX-License-Identifier: GPL-2.0-or-later */
/* steps.h: a lesson over a run: where each of its steps stands in the trace, and
 * the answer to what it asks.
 *
 * A step has a place: the moment of the run that is shown with it. From there to
 * the place of the next step is its stretch: what the student predicts happens in
 * it, and the key is computed from it. Nothing here was written down by the author
 * of the lesson, so the key is always what really happened in this run.
 *
 * An answer is a list of words ("vm:a", "port-down", "34"), from the events of the
 * stretch in their order, each word once. A choice is right by the first of them,
 * ports by the set, an order by the order; a number by how far off it is.
 */
#pragma once

#include "sim/model/model.h"
#include "sim/scenario/scenario.h"

/* The word for a choice when the stretch has no such event. */
#define LAB_NOBODY "nobody"

typedef struct {
    bool found;     /* FALSE: the run has not come so far; the rest is then of the step before */
    uint64_t time;  /* to show */
    uint64_t index; /* so many events have happened */
} LabPlace;

/* The places of all steps. GArray of LabPlace, as many as there are steps. */
GArray *lab_steps_place(const SimScenario *scenario, SimReader *reader);
/* The last step whose place is not after index events; -1: none. */
int lab_step_at(const GArray *places, uint64_t index);
/* Where the stretch of a step ends: the next place that is later, or the end of the trace. */
uint64_t lab_step_end(const GArray *places, unsigned step, SimReader *reader);

/* What a port is called in answers: the machine at the NIC's end of its cable
 * ("vm:a", "vm:a.1" for its second NIC), else the kind of part with its number. g_free(). */
char *lab_port_name(const SimModel *model, uint32_t port);

typedef struct {
    bool known;     /* FALSE: the run has not come to the end of the stretch */
    char **words;   /* ended by NULL; each once, in the order of the trace */
    uint64_t count; /* of the events */
} LabAnswer;

/* The answer to what a step asks; it must ask something. */
LabAnswer *lab_step_answer(const SimScenario *scenario, SimReader *reader, const GArray *places,
                           unsigned step);
void lab_answer_free(LabAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LabAnswer, lab_answer_free)

typedef struct {
    bool right;
    char *answer;  /* for a person: "vm:b, vm:c", "34 pages" */
    char *because; /* why; NULL: nothing is said */
} LabReveal;

/* Compares what was given with the answer: words ended by NULL; one for a choice
 * (an option's id) and for a number, any number of them for ports and orders.
 * given NULL: the answer was only looked up. */
LabReveal *lab_step_reveal(const SimStepPredict *predict, const LabAnswer *answer,
                           const char *const *given);
void lab_reveal_free(LabReveal *reveal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LabReveal, lab_reveal_free)
