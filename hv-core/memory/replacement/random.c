/* SPDX-License-Identifier: GPL-2.0-or-later */
/* random.c: any page, each as likely as every other, drawn from the scenario's
 * seed. It has no worst case that a program could run into by its habits, and is
 * the measure for policies that claim to know better. */
#include "hv-core/memory/replacement/replacement.h"

typedef struct {
    HvFrameNo *frames; /* that it holds, in no order */
    HvFrameNo *place;  /* of a frame in that list */
    HvFrameNo count;
    uint64_t state;
} Random;

static void *random_create(const HvReplacementParams *params)
{
    Random *random = g_new0(Random, 1);

    random->frames = g_new(HvFrameNo, params->frame_count);
    random->place = g_new(HvFrameNo, params->frame_count);
    random->state = params->seed;
    return random;
}

static void random_destroy(void *policy)
{
    Random *random = policy;

    g_free(random->frames);
    g_free(random->place);
    g_free(random);
}

static void random_added(void *policy, HvFrameNo frame, HvPageRef page)
{
    Random *random = policy;

    random->place[frame] = random->count;
    random->frames[random->count++] = frame;
}

/* The last one takes the place of the one that goes. */
static void random_removed(void *policy, HvFrameNo frame)
{
    Random *random = policy;
    HvFrameNo last = random->frames[--random->count];

    random->frames[random->place[frame]] = last;
    random->place[last] = random->place[frame];
}

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t draw(Random *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static HvFrameNo random_victim(void *policy)
{
    Random *random = policy;

    return random->count == 0 ? HV_FRAME_NONE : random->frames[draw(random) % random->count];
}

const HvReplacementOps hv_replacement_random = {
    .name = "random",
    .create = random_create,
    .destroy = random_destroy,
    .added = random_added,
    .removed = random_removed,
    .victim = random_victim,
};
