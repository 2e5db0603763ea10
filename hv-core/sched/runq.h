/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runq.h: the ready vCPUs in the order in which a policy wants to run them.
 *
 * A run queue answers one question: which is the first of those that may run on
 * this pCPU? It is a binary heap for each set of pCPUs that occurs as an
 * affinity, which on most hosts is one; the first of all is the least of their
 * roots. So putting, taking and removing cost O(log n), with any affinities.
 *
 * Order: by key, then by rank. A rank from hv_runq_last() or _before() makes
 * equals stand in a line; a rank of one's own (the vCPU's id) makes ties fall
 * the same way always. All pairs (key, rank) in a queue must differ.
 */
#pragma once

#include <glib.h>

#include "hv-core/sched/policy.h"

typedef struct HvRunHeap HvRunHeap;

/* A vCPU's place in a queue; a policy keeps it in what policy_data points to. */
typedef struct {
    HvSchedVcpu *vcpu;
    uint64_t key;
    int64_t rank;
    /* The queue's own. */
    HvRunHeap *heap; /* NULL: in none */
    guint place;
} HvRunNode;

typedef struct {
    GPtrArray *heaps; /* of HvRunHeap, in the order in which their affinities came up */
    unsigned count;
    int64_t last, first; /* ranks given out */
} HvRunq;

void hv_runq_init(HvRunq *queue);
void hv_runq_clear(HvRunq *queue);

/* node->vcpu is set and the node is in no queue. */
void hv_runq_put(HvRunq *queue, HvRunNode *node, uint64_t key, int64_t rank);
void hv_runq_remove(HvRunq *queue, HvRunNode *node); /* fine when it is in none */

/* A rank behind, or before, all given out so far. */
static inline int64_t hv_runq_last(HvRunq *queue)
{
    return ++queue->last;
}

static inline int64_t hv_runq_before(HvRunq *queue)
{
    return --queue->first;
}

/* The first that may run on pcpu, which stays in the queue; NULL: none. */
HvRunNode *hv_runq_first(const HvRunq *queue, unsigned pcpu);
/* The first whatever pCPU; NULL: the queue is empty. */
HvRunNode *hv_runq_first_of_all(const HvRunq *queue);

/* The vCPU's affinity has changed: puts the node where it belongs now. */
void hv_runq_refile(HvRunq *queue, HvRunNode *node);

/* Of the pCPUs that candidate may run on and that are not in except (bit n: pCPU
 * n), that whose vCPU has the largest measure; the lowest number among equals;
 * -1: nobody runs there. */
typedef uint64_t (*HvRunMeasure)(void *policy, const HvSchedVcpu *running, HvTime now);
int hv_runq_worst(const HvPolicyParams *params, const HvSchedVcpu *candidate, uint64_t except,
                  HvRunMeasure measure, void *policy, HvTime now, uint64_t *ret_measure);
