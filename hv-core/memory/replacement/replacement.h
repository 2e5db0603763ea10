/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replacement.h: which resident page gives up its page frame.
 *
 * When a page needs a frame and none may be taken, the pager (../pager.h) asks
 * the host's replacement policy for a victim. A policy is one file and one ops
 * table; it knows nothing of VMs, swap space or the CPU. It sees page frames
 * come, be referenced and go, and names one of those it has seen come.
 *
 * What "referenced" means depends on the run. In tracing mode every access to a
 * page is told, in the order of the guest's instructions: then the policies do
 * exactly what textbooks say. Otherwise hardware does not tell, and a policy
 * that wants to know asks with watch(): the next access to that page is told,
 * once. Both work on the same code.
 */
#pragma once

#include <glib.h>

#include "hv-core/types.h"

/* A page of one of the host's VMs. */
typedef struct {
    uint16_t vm;
    HvPageNo page;
} HvPageRef;

typedef struct {
    HvFrameNo frame_count; /* frames are numbered below this */
    uint64_t seed;
    /* The references to come, in order, for a policy that needs to know them
     * (opt). Borrowed as long as the policy lives. */
    const HvPageRef *future;
    size_t future_count;
    /* The next access to the frame's page shall be told by referenced(). NULL in
     * tracing mode, where all are. */
    void (*watch)(void *user, HvFrameNo frame);
    void *user;
} HvReplacementParams;

/* Order of calls: for each frame added, any number of referenced, removed; in
 * between victim, and tick once in each sampling interval. The access that made
 * a page resident is told by referenced() after added(). */
typedef struct {
    const char *name;
    bool needs_future; /* params.future must be given, and the run be traced */
    void *(*create)(const HvReplacementParams *params);
    void (*destroy)(void *policy);
    void (*added)(void *policy, HvFrameNo frame, HvPageRef page);
    void (*removed)(void *policy, HvFrameNo frame);
    void (*referenced)(void *policy, HvFrameNo frame, bool write); /* may be NULL */
    void (*tick)(void *policy);                                    /* may be NULL */
    /* One of the frames it holds; HV_FRAME_NONE when it holds none. Stays until
     * removed() is called. */
    HvFrameNo (*victim)(void *policy);
} HvReplacementOps;

extern const HvReplacementOps hv_replacement_fifo;
extern const HvReplacementOps hv_replacement_clock;
extern const HvReplacementOps hv_replacement_lru;
extern const HvReplacementOps hv_replacement_nru;
extern const HvReplacementOps hv_replacement_random;
extern const HvReplacementOps hv_replacement_opt;

/* NULL: no such. */
const HvReplacementOps *hv_replacement_find(const char *name);
/* Their names, ended by NULL. */
const char *const *hv_replacement_names(void);
