/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runq.c: see runq.h. Heaps hold their keys beside the pointers, so that sifting
 * does not leave the array. */
#include "hv-core/sched/runq.h"

typedef struct {
    uint64_t key;
    int64_t rank;
    HvRunNode *node;
} Entry;

struct HvRunHeap {
    uint64_t affinity;
    GArray *entries; /* of Entry */
};

static Entry *entry(const HvRunHeap *heap, guint index)
{
    return &g_array_index(heap->entries, Entry, index);
}

static bool is_before(const Entry *a, const Entry *b)
{
    return a->key < b->key || (a->key == b->key && a->rank < b->rank);
}

static void free_heap(void *data)
{
    HvRunHeap *heap = data;
    g_array_unref(heap->entries);
    g_free(heap);
}

void hv_runq_init(HvRunq *queue)
{
    *queue = (HvRunq){.heaps = g_ptr_array_new_with_free_func(free_heap)};
}

void hv_runq_clear(HvRunq *queue)
{
    g_clear_pointer(&queue->heaps, g_ptr_array_unref);
}

static HvRunHeap *heap_of(HvRunq *queue, uint64_t affinity)
{
    for (guint i = 0; i < queue->heaps->len; i++) {
        HvRunHeap *heap = g_ptr_array_index(queue->heaps, i);
        if (heap->affinity == affinity)
            return heap;
    }
    HvRunHeap *heap = g_new(HvRunHeap, 1);
    *heap = (HvRunHeap){affinity, g_array_new(FALSE, FALSE, sizeof(Entry))};
    g_ptr_array_add(queue->heaps, heap);
    return heap;
}

static void place(HvRunHeap *heap, Entry value, guint index)
{
    *entry(heap, index) = value;
    value.node->place = index;
}

static void sift_up(HvRunHeap *heap, Entry value, guint index)
{
    while (index > 0 && is_before(&value, entry(heap, (index - 1) / 2))) {
        place(heap, *entry(heap, (index - 1) / 2), index);
        index = (index - 1) / 2;
    }
    place(heap, value, index);
}

static void sift_down(HvRunHeap *heap, Entry value, guint index)
{
    for (;;) {
        guint child = 2 * index + 1;
        if (child >= heap->entries->len)
            break;
        if (child + 1 < heap->entries->len && is_before(entry(heap, child + 1), entry(heap, child)))
            child++;
        if (!is_before(entry(heap, child), &value))
            break;
        place(heap, *entry(heap, child), index);
        index = child;
    }
    place(heap, value, index);
}

void hv_runq_put(HvRunq *queue, HvRunNode *node, uint64_t key, int64_t rank)
{
    HvRunHeap *heap = heap_of(queue, node->vcpu->params.affinity);
    Entry value = {key, rank, node};
    g_assert(node->heap == NULL);
    node->key = key;
    node->rank = rank;
    node->heap = heap;
    g_array_append_val(heap->entries, value);
    sift_up(heap, value, heap->entries->len - 1);
    queue->count++;
}

void hv_runq_remove(HvRunq *queue, HvRunNode *node)
{
    HvRunHeap *heap = node->heap;
    if (heap == NULL)
        return;
    guint index = node->place;
    Entry last = *entry(heap, heap->entries->len - 1);
    g_array_set_size(heap->entries, heap->entries->len - 1);
    node->heap = NULL;
    queue->count--;
    if (last.node == node)
        return;
    if (index > 0 && is_before(&last, entry(heap, (index - 1) / 2)))
        sift_up(heap, last, index);
    else
        sift_down(heap, last, index);
}

static HvRunNode *first_in(const HvRunq *queue, uint64_t pcpus)
{
    const Entry *first = NULL;
    for (guint i = 0; i < queue->heaps->len; i++) {
        const HvRunHeap *heap = g_ptr_array_index(queue->heaps, i);
        if (heap->entries->len > 0 && heap->affinity & pcpus &&
            (first == NULL || is_before(entry(heap, 0), first)))
            first = entry(heap, 0);
    }
    return first != NULL ? first->node : NULL;
}

HvRunNode *hv_runq_first(const HvRunq *queue, unsigned pcpu)
{
    return first_in(queue, UINT64_C(1) << pcpu);
}

HvRunNode *hv_runq_first_of_all(const HvRunq *queue)
{
    return first_in(queue, UINT64_MAX);
}

void hv_runq_refile(HvRunq *queue, HvRunNode *node)
{
    if (node->heap == NULL || node->heap->affinity == node->vcpu->params.affinity)
        return;
    hv_runq_remove(queue, node);
    hv_runq_put(queue, node, node->key, node->rank);
}

int hv_runq_worst(const HvPolicyParams *params, const HvSchedVcpu *candidate, uint64_t except,
                  HvRunMeasure measure, void *policy, HvTime now, uint64_t *ret_measure)
{
    int worst = -1;
    for (unsigned i = 0; i < params->pcpu_count; i++) {
        const HvSchedVcpu *running = params->running[i];
        if (running == NULL || !hv_sched_may_run(candidate, i) || except >> i & 1)
            continue;
        uint64_t value = measure(policy, running, now);
        if (worst < 0 || value > *ret_measure) {
            worst = (int)i;
            *ret_measure = value;
        }
    }
    return worst;
}
