/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gang.c: gang scheduling (co-scheduling): the vCPUs of a VM run at the same time.
 *
 * If one vCPU of a VM holds a spinlock and loses its pCPU, the others burn whole
 * slices in waiting for it. So the vCPUs of a VM share a fate: time goes in slots
 * of one slice, and in each slot one *row* of the matrix has the pCPUs. The
 * columns are the pCPUs; the vCPUs of a VM stand beside each other in one row if
 * there is room (VMs of fewer vCPUs than there are pCPUs share rows), else in
 * several. Rows take turns; one in which nobody is ready is left out. A pCPU whose
 * place in the row is empty, or whose vCPU waits for something, runs somebody else
 * until the slot ends, or until the one of the row is back: of the VMs of one vCPU
 * whoever has been ready longest, and only if there is none a vCPU of a larger VM,
 * which would often spin there for a lock that another one holds.
 *
 * Order among equals: rows are filled in order of the VMs, each by the first row
 * and column where it fits.
 *
 * Source: Ousterhout: Scheduling techniques for concurrent systems, ICDCS 1982.
 */
#include "hv-core/sched/line.h"

#define COLUMNS 64

typedef struct {
    HvSchedVcpu *column[COLUMNS];
    unsigned ready; /* of them: ready or running */
} Row;

typedef struct {
    HvLine line;     /* first: all ready ones; see filler_key() */
    GPtrArray *all;  /* of HvSchedVcpu, in order of id */
    GPtrArray *rows; /* of Row */
    GArray *sizes;   /* of unsigned: how many vCPUs each VM has */
    bool stale;      /* somebody came or went: rows must be made anew */
    unsigned row;    /* whose slot it is */
    HvTime slot_end;
    unsigned active; /* ready or running */
} Gang;

typedef struct {
    HvRunNode node; /* first */
    unsigned row, column;
    bool active;
} Member;

static void *gang_create(const HvPolicyParams *params)
{
    Gang *gang = g_new0(Gang, 1);
    hv_line_init(&gang->line, params);
    gang->all = g_ptr_array_new();
    gang->rows = g_ptr_array_new_with_free_func(g_free);
    gang->sizes = g_array_new(FALSE, TRUE, sizeof(unsigned));
    gang->slot_end = HV_TIME_NEVER;
    return gang;
}

static void gang_destroy(void *policy)
{
    Gang *gang = policy;
    g_ptr_array_unref(gang->all);
    g_ptr_array_unref(gang->rows);
    g_array_unref(gang->sizes);
    hv_line_destroy(policy);
}

static unsigned *size_of(Gang *gang, const HvSchedVcpu *vcpu)
{
    if (gang->sizes->len <= vcpu->vm)
        g_array_set_size(gang->sizes, vcpu->vm + 1u);
    return &g_array_index(gang->sizes, unsigned, vcpu->vm);
}

static void gang_add(void *policy, HvSchedVcpu *vcpu)
{
    Gang *gang = policy;
    hv_line_add_sized(vcpu, sizeof(Member));
    g_ptr_array_add(gang->all, vcpu);
    ++*size_of(gang, vcpu);
    gang->stale = true;
}

static void gang_remove(void *policy, HvSchedVcpu *vcpu)
{
    Gang *gang = policy;
    g_ptr_array_remove(gang->all, vcpu);
    --*size_of(gang, vcpu);
    hv_line_remove(policy, vcpu);
    gang->stale = true;
}

/* ---- The matrix -------------------------------------------------------------- */

static Row *row_at(const Gang *gang, unsigned row)
{
    return g_ptr_array_index(gang->rows, row);
}

/* A free column of row that the vCPU may have; -1: none. */
static int free_column(const Gang *gang, const Row *row, const HvSchedVcpu *vcpu)
{
    for (unsigned i = 0; i < gang->line.params->pcpu_count; i++)
        if (row->column[i] == NULL && hv_sched_may_run(vcpu, i))
            return (int)i;
    return -1;
}

/* Puts vCPUs first to last - 1 into the row; returns the first that does not fit. */
static guint fill(Gang *gang, unsigned number, guint first, guint last)
{
    Row *row = row_at(gang, number);
    for (; first < last; first++) {
        HvSchedVcpu *vcpu = gang->all->pdata[first];
        Member *member = vcpu->policy_data;
        int column = free_column(gang, row, vcpu);
        if (column < 0)
            break;
        row->column[column] = vcpu;
        row->ready += member->active;
        member->row = number;
        member->column = (unsigned)column;
    }
    return first;
}

static unsigned free_columns(const Gang *gang, const Row *row)
{
    unsigned count = 0;
    for (unsigned i = 0; i < gang->line.params->pcpu_count; i++)
        count += row->column[i] == NULL;
    return count;
}

/* The VM's vCPUs are first to last - 1. A row with room for all of them, else rows
 * of their own. */
static void place_vm(Gang *gang, guint first, guint last)
{
    guint at = 0;
    for (; at < gang->rows->len; at++)
        if (free_columns(gang, row_at(gang, at)) >= last - first)
            break;
    while (first < last) {
        if (at >= gang->rows->len) {
            g_ptr_array_add(gang->rows, g_new0(Row, 1));
            at = gang->rows->len - 1;
        }
        first = fill(gang, at, first, last);
        at = gang->rows->len;
    }
}

static int compare_ids(gconstpointer a, gconstpointer b)
{
    const HvSchedVcpu *x = *(HvSchedVcpu *const *)a, *y = *(HvSchedVcpu *const *)b;
    return x->id < y->id ? -1 : x->id > y->id;
}

static void make_rows(Gang *gang)
{
    gang->stale = false;
    g_ptr_array_set_size(gang->rows, 0);
    g_ptr_array_sort(gang->all, compare_ids);
    for (guint first = 0, last; first < gang->all->len; first = last) {
        uint16_t vm = ((HvSchedVcpu *)gang->all->pdata[first])->vm;
        for (last = first; last < gang->all->len; last++)
            if (((HvSchedVcpu *)gang->all->pdata[last])->vm != vm)
                break;
        place_vm(gang, first, last);
    }
    if (gang->row >= gang->rows->len)
        gang->row = 0;
}

/* ---- Slots -------------------------------------------------------------------- */

static void next_slot(Gang *gang, HvTime now)
{
    if (gang->stale)
        make_rows(gang);
    for (guint i = 0; i < gang->rows->len; i++) {
        gang->row = (gang->row + 1) % gang->rows->len;
        if (row_at(gang, gang->row)->ready > 0)
            break;
    }
    gang->slot_end = now + MAX(gang->line.params->slice_ns, 1);
}

static bool in_slot(const Gang *gang, const HvSchedVcpu *vcpu)
{
    return ((Member *)vcpu->policy_data)->row == gang->row;
}

static HvTime gang_deadline(void *policy)
{
    Gang *gang = policy;
    if (gang->active == 0)
        gang->slot_end = HV_TIME_NEVER;
    return gang->slot_end;
}

static uint64_t gang_timer(void *policy, HvTime now)
{
    Gang *gang = policy;
    uint64_t leave = 0;
    next_slot(gang, now);
    for (unsigned i = 0; i < gang->line.params->pcpu_count; i++) {
        const HvSchedVcpu *running = gang->line.params->running[i];
        if (running != NULL && !in_slot(gang, running))
            leave |= UINT64_C(1) << i;
    }
    return leave;
}

/* ---- Hooks --------------------------------------------------------------------- */

static void set_active(Gang *gang, HvSchedVcpu *vcpu, bool active)
{
    Member *member = vcpu->policy_data;
    member->active = active;
    gang->active += active ? 1 : -1;
    if (!gang->stale)
        row_at(gang, member->row)->ready += active ? 1 : -1;
}

/* In a place that is not its own, who is alone runs first, then who is ready longest. */
static uint64_t filler_key(Gang *gang, const HvSchedVcpu *vcpu)
{
    return *size_of(gang, vcpu) > 1;
}

static void gang_ready(void *policy, HvSchedVcpu *vcpu, HvReadyWhy why, HvTime now)
{
    Gang *gang = policy;
    set_active(gang, vcpu, true);
    hv_runq_put(&gang->line.queue, vcpu->policy_data, filler_key(gang, vcpu),
                hv_runq_last(&gang->line.queue));
}

static void gang_unready(void *policy, HvSchedVcpu *vcpu, HvTime now)
{
    hv_line_unready(policy, vcpu, now);
    set_active(policy, vcpu, false);
}

static HvSchedVcpu *gang_pick(void *policy, unsigned pcpu, HvTime now, HvSchedPick *ret)
{
    Gang *gang = policy;
    if (gang->line.queue.count == 0)
        return NULL;
    if (gang->stale)
        make_rows(gang);
    if (gang->slot_end == HV_TIME_NEVER || now >= gang->slot_end ||
        row_at(gang, gang->row)->ready == 0)
        next_slot(gang, now);
    HvSchedVcpu *vcpu = row_at(gang, gang->row)->column[pcpu];
    HvRunNode *node = vcpu != NULL ? vcpu->policy_data : NULL;
    if (node == NULL || node->heap == NULL || !hv_sched_may_run(vcpu, pcpu))
        node = hv_runq_first(&gang->line.queue, pcpu);
    if (node == NULL)
        return NULL;
    hv_runq_remove(&gang->line.queue, node);
    *ret = (HvSchedPick){.slice_ns = gang->slot_end - now, .key = gang->row};
    return node->vcpu;
}

static void gang_ran(void *policy, HvSchedVcpu *vcpu, HvTime ran_ns, HvTime now)
{
    set_active(policy, vcpu, false);
}

static int gang_preempts(void *policy, HvSchedVcpu *candidate, HvTime now)
{
    Gang *gang = policy;
    const Member *member = candidate->policy_data;
    const HvSchedVcpu *running = gang->line.params->running[member->column];
    if (gang->stale || !in_slot(gang, candidate) || running == NULL ||
        !hv_sched_may_run(candidate, member->column))
        return -1;
    const Member *other = running->policy_data;
    return other->row == gang->row && other->column == member->column ? -1 : (int)member->column;
}

static void gang_changed(void *policy, HvSchedVcpu *vcpu, const HvSchedParams *before, HvTime now)
{
    Gang *gang = policy;
    hv_line_changed(policy, vcpu, before, now);
    if (before->affinity != vcpu->params.affinity)
        gang->stale = true;
}

const HvPolicyOps hv_policy_gang = {
    .version = HV_POLICY_VERSION,
    .name = "gang",
    .title = "Gang scheduling: the vCPUs of a VM run at the same time",
    .key = "row of the matrix",
    .wait_slices = 2,
    .create = gang_create,
    .destroy = gang_destroy,
    .add = gang_add,
    .remove = gang_remove,
    .ready = gang_ready,
    .unready = gang_unready,
    .pick = gang_pick,
    .ran = gang_ran,
    .preempts = gang_preempts,
    .deadline = gang_deadline,
    .timer = gang_timer,
    .changed = gang_changed,
};
