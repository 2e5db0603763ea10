/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench-queue.c: how many events a second the event queue of netsim passes on.
 *
 * The hold model (Vaucher and Duval, CACM 18(4), 1975): a queue of constant size,
 * of which the first event is taken and pushed back a random time later. Beside it,
 * in turns, the same on a plain binary heap of the same events: the ratio of the
 * two does not depend on the machine.
 */
#include <glib.h>
#include <stdio.h>
#include <time.h>

#include "netsim/queue.h"

#define HOLDS  2000000
#define ROUNDS 5

static uint64_t random_state = 1;

/* Xorshift: Marsaglia, "Xorshift RNGs", 2003. */
static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Uniform, mean 1 ms. */
static NetTime increment(void)
{
    return 1 + (next_random() & 0x1fffff);
}

/* --- the reference: a binary heap --- */

typedef struct {
    NetEvent event;
    uint64_t order; /* creation number, as equal times need one here */
} Node;

typedef struct {
    Node *nodes;
    size_t count;
    uint64_t created;
} BinaryHeap;

static bool is_before(const Node *a, const Node *b)
{
    return a->event.time != b->event.time ? a->event.time < b->event.time : a->order < b->order;
}

static void binary_push(BinaryHeap *heap, NetEvent event)
{
    Node node = {event, heap->created++};
    size_t hole = heap->count++;

    for (; hole > 0 && is_before(&node, &heap->nodes[(hole - 1) / 2]); hole = (hole - 1) / 2)
        heap->nodes[hole] = heap->nodes[(hole - 1) / 2];
    heap->nodes[hole] = node;
}

static NetEvent binary_pop(BinaryHeap *heap)
{
    NetEvent first = heap->nodes[0].event;
    Node last = heap->nodes[--heap->count];
    size_t hole = 0;

    for (size_t child = 1; child < heap->count; child = 2 * hole + 1) {
        if (child + 1 < heap->count && is_before(&heap->nodes[child + 1], &heap->nodes[child]))
            child++;
        if (!is_before(&heap->nodes[child], &last))
            break;
        heap->nodes[hole] = heap->nodes[child];
        hole = child;
    }
    heap->nodes[hole] = last;
    return first;
}

/* --- measuring: holds a second of CPU time --- */

static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double measure_queue(size_t pending)
{
    NetQueue queue;

    net_queue_init(&queue);

    for (size_t i = 0; i < pending; i++)
        net_queue_push(&queue, increment(), 2)->frame = NULL;
    double begin = cpu_seconds();
    for (unsigned i = 0; i < HOLDS; i++) {
        NetEvent event = net_queue_pop(&queue, net_queue_first(&queue));
        event.time += increment();
        net_queue_push(&queue, event.time, 2)->frame = NULL;
    }
    double end = cpu_seconds();
    net_queue_clear(&queue);
    return HOLDS / (end - begin);
}

static double measure_binary(size_t pending)
{
    BinaryHeap heap = {.nodes = g_new(Node, pending)};

    for (size_t i = 0; i < pending; i++)
        binary_push(&heap, (NetEvent){.time = increment()});
    double begin = cpu_seconds();
    for (unsigned i = 0; i < HOLDS; i++) {
        NetEvent event = binary_pop(&heap);
        event.time += increment();
        binary_push(&heap, event);
    }
    double end = cpu_seconds();
    g_free(heap.nodes);
    return HOLDS / (end - begin);
}

/* The best of some rounds: what disturbs a round only ever makes it slower. */
static void report(const char *name, size_t pending, double target)
{
    double best = 0, best_binary = 0;

    for (unsigned i = 0; i < ROUNDS; i++) {
        double queue = measure_queue(pending), binary = measure_binary(pending);
        best = MAX(best, queue);
        best_binary = MAX(best_binary, binary);
    }
    printf("{\"bench\": \"%s\", \"value\": %.0f, \"unit\": \"events/s\", \"ratio\": %.2f, "
           "\"against\": \"binary heap\", \"target\": %.0f, \"holds\": %s}\n",
           name, best, best / best_binary, target, best >= target ? "true" : "false");
}

int main(void)
{
    report("queue-1000", 1000, 10e6);
    report("queue-100000", 100000, 5e6);
    return 0;
}
