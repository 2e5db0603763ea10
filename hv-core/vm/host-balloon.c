/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host-balloon.c: when guests are asked to inflate their balloons, and who waits
 * meanwhile.
 *
 * From time to time, and at once when page frames become few, the host looks how many
 * are free. Below the low-water mark it asks for what is missing, page by page from the
 * VM whose pages cost the most (host-shares.c): from the largest, where shares are not
 * looked at. Above twice the mark it lets balloons shrink. Asking is all it can do: a
 * guest gives pages when it next runs, if it has any that it can do without. One that
 * has not given what it was asked for is left alone for a few rounds, and one whose
 * balloon somebody has set by command is left alone altogether.
 *
 * So frames come late. A vCPU that needs one when nearly none is left waits: its access
 * is put off, it leaves its pCPU (reason "memory"), and looks again when a guest has given
 * something. It does not wait for ever: after wait_ns a page is taken from somebody by
 * the replacement policy, or the VM is out of memory. A few frames are kept back for
 * devices, whose accesses cannot wait, and for guests that are about to give.
 */
#include "hv-core/devices/virtio-balloon.h"
#include "hv-core/vm/host-private.h"

#define DRY_ROUNDS  8u  /* a guest that had no more is not asked for so long */
#define MOST_KEPT   16u /* frames kept back for devices */
#define KEPT_PART   64u /* but no more than this part of all */
#define STEPS       64u /* what is missing is shared out in so many portions */
#define HIGH_FACTOR 2u  /* high-water mark: so many times the low one */

static HvFrameNo low_mark(const HvHost *host)
{
    uint64_t frames = hv_pool_frame_count(host->pool);
    return (HvFrameNo)MAX(frames * host->config.memory.low_ppm / 1000000, 1);
}

static HvFrameNo kept_back(const HvHost *host)
{
    return MIN(MOST_KEPT, hv_pool_frame_count(host->pool) / KEPT_PART);
}

/* ---- Who is asked for how much --------------------------------------------- */

/* For the time of one round, by number of the VM: what it is to give. */
static HvVm *next_to_give(HvHost *host, const HvPageNo *gives)
{
    HvVm *chosen = NULL;
    uint64_t highest = 0;
    for (guint i = 0; i < host->vms->len; i++) {
        HvVm *vm = g_ptr_array_index(host->vms, i);
        HvPageNo holds = hv_memory_resident_count(vm->memory);
        holds -= MIN(holds, gives[i]);
        if (!hv_vm_can_balloon(vm) || vm->balloon_held || vm->balloon_dry > 0 ||
            hv_host_takeable(vm, holds) == 0)
            continue;
        uint64_t cost = hv_host_memory_cost(host, vm, holds);
        if (chosen == NULL || cost > highest) {
            chosen = vm;
            highest = cost;
        }
    }
    return chosen;
}

/* Pages of its heap that have nothing in them. To a guest they are as good as any other,
 * and it gives them first, although no frame comes of it: they must be asked for, too. */
static HvPageNo untouched(const HvVm *vm)
{
    HvPageNo count = 0;
    for (HvPageNo page = vm->heap_page; page < vm->heap_page + vm->heap_pages; page++)
        count += hv_memory_entry(vm->memory, page)->frame == HV_FRAME_NONE &&
                 !hv_vm_is_ballooned(vm, page) &&
                 !hv_pager_is_swapped(vm->host->pager, (HvPageRef){vm->number, page});
    return count;
}

static void ask_for(HvHost *host, HvFrameNo missing)
{
    g_autofree HvPageNo *gives = g_new0(HvPageNo, host->vms->len);
    HvFrameNo portion = MAX(missing / STEPS, 1);
    for (HvFrameNo asked = 0; asked < missing; asked += portion) {
        HvVm *vm = next_to_give(host, gives);
        if (vm == NULL)
            break;
        HvPageNo holds = hv_memory_resident_count(vm->memory);
        gives[vm->number] +=
            MIN(portion, hv_host_takeable(vm, holds - MIN(holds, gives[vm->number])));
    }
    for (guint i = 0; i < host->vms->len; i++) {
        HvVm *vm = g_ptr_array_index(host->vms, i);
        HvPageNo holds = hv_memory_resident_count(vm->memory);
        HvPageNo target = holds - MIN(holds, gives[i]);
        if (gives[i] == 0)
            continue;
        HvPageNo balloon = vm->ballooned + untouched(vm) + gives[i];
        if (balloon <= hv_vm_balloon_target(vm))
            continue;
        HV_REPORT(host, memory_target, (HvStamp){host->now, HV_NO_PCPU}, vm->number, target, holds);
        hv_vm_ask_balloon(vm, balloon, HV_BALLOON_BY_POLICY);
    }
}

/* What the policy itself has asked this VM for. */
static HvPageNo asked_for(const HvVm *vm)
{
    return vm->balloon_held ? 0 : hv_vm_balloon_target(vm);
}

/* There is enough: what is above the mark goes back, the same part of each balloon. */
static void let_shrink(HvHost *host, HvFrameNo spare)
{
    uint64_t total = 0;
    for (guint i = 0; i < host->vms->len; i++)
        total += asked_for(g_ptr_array_index(host->vms, i));
    for (guint i = 0; total > 0 && i < host->vms->len; i++) {
        HvVm *vm = g_ptr_array_index(host->vms, i);
        HvPageNo target = asked_for(vm);
        if (target > 0 && hv_vm_can_balloon(vm))
            hv_vm_ask_balloon(vm, target - (HvPageNo)(MIN(spare, total) * target / total),
                              HV_BALLOON_BY_POLICY);
    }
}

/* Who was asked a round ago, and has given nothing since, has no more for now. */
static void see_who_is_dry(HvHost *host)
{
    for (guint i = 0; i < host->vms->len; i++) {
        HvVm *vm = g_ptr_array_index(host->vms, i);
        if (vm->balloon_dry > 0)
            vm->balloon_dry--;
        else if (hv_vm_can_balloon(vm) && vm->ballooned < hv_vm_balloon_target(vm) &&
                 vm->ballooned == vm->balloon_before)
            vm->balloon_dry = DRY_ROUNDS;
        vm->balloon_before = vm->ballooned;
    }
}

static void balance_fires(HvEvent *event)
{
    HvHost *host = (HvHost *)((char *)event - G_STRUCT_OFFSET(HvHost, balance));
    HvFrameNo free = hv_pool_free_count(host->pool), low = low_mark(host);
    host->was_low = free < low;
    see_who_is_dry(host);
    if (free < low)
        ask_for(host, HIGH_FACTOR * low - free);
    else if (free > 2 * HIGH_FACTOR * low)
        let_shrink(host, free - 2 * HIGH_FACTOR * low);
    hv_host_frames_came(host, event->time);
    hv_host_next_turn(host, event, host->config.memory.balance_ns);
}

void hv_host_check_low(HvHost *host, HvTime when)
{
    if (!host->config.memory.balloon || hv_pool_free_count(host->pool) >= low_mark(host))
        return;
    if (!host->was_low && (host->balance.place == 0 || host->balance.time > when))
        hv_event_queue_put(&host->events, &host->balance, when);
    host->was_low = true;
}

/* ---- Who waits --------------------------------------------------------------- */

static bool somebody_can_give(const HvHost *host)
{
    for (guint i = 0; i < host->vms->len; i++) {
        const HvVm *vm = g_ptr_array_index(host->vms, i);
        bool gives = !vm->balloon_held || vm->ballooned < hv_vm_balloon_target(vm);
        if (hv_vm_can_balloon(vm) && vm->balloon_dry == 0 && gives)
            return true;
    }
    return false;
}

/* Even to give pages a guest may need one: for the stack of its driver, say. If it had
 * to wait for it, everybody would. */
static bool is_about_to_give(const HvVm *vm)
{
    return hv_vm_can_balloon(vm) && vm->balloon_dry == 0 &&
           vm->ballooned < hv_vm_balloon_target(vm);
}

bool hv_host_wait_for_frame(HvHost *host, HvVm *vm)
{
    HvVcpu *vcpu = vm->acting;
    if (vcpu == NULL)
        return false;
    HvTime now = vcpu->at.time;
    HvFrameNo kept = is_about_to_give(vm) ? kept_back(host) / 2 : kept_back(host);
    bool few = hv_pool_free_count(host->pool) <= kept;
    if (!host->config.memory.balloon || !vm->may_wait || !few || !somebody_can_give(host) ||
        (vcpu->frame_by != 0 && now >= vcpu->frame_by)) {
        vcpu->frame_by = 0;
        vcpu->needs_frame = false;
        return false;
    }
    if (vcpu->frame_by == 0)
        vcpu->frame_by = hv_time_add(now, host->config.memory.wait_ns);
    vcpu->needs_frame = vm->must_wait = true;
    if (host->frames_came.place == 0 || host->frames_came.time > vcpu->frame_by)
        hv_event_queue_put(&host->events, &host->frames_came, vcpu->frame_by);
    return true;
}

static void look_again(HvVcpu *vcpu, HvTime now)
{
    if (!vcpu->needs_frame || vcpu->vm->state != HV_VM_RUNNING)
        return;
    if (vcpu->state == HV_VCPU_BLOCKED) {
        hv_vcpu_make_ready(vcpu, HV_READY_WOKEN, HV_WHY_MEMORY, now);
    } else if (vcpu->state == HV_VCPU_RUNNING && vcpu->leave_why == HV_WHY_MEMORY) {
        vcpu->needs_frame = false;
        hv_vcpu_stay(vcpu);
    }
}

static void frames_came_fires(HvEvent *event)
{
    HvHost *host = (HvHost *)((char *)event - G_STRUCT_OFFSET(HvHost, frames_came));
    for (guint i = 0; i < host->vms->len; i++) {
        HvVm *vm = g_ptr_array_index(host->vms, i);
        for (unsigned v = 0; v < vm->vcpu_count; v++)
            look_again(&vm->vcpus[v], event->time);
    }
}

static bool somebody_waits(const HvHost *host)
{
    for (guint i = 0; i < host->vms->len; i++) {
        const HvVm *vm = g_ptr_array_index(host->vms, i);
        for (unsigned v = 0; v < vm->vcpu_count; v++)
            if (vm->vcpus[v].needs_frame)
                return true;
    }
    return false;
}

void hv_host_frames_came(HvHost *host, HvTime when)
{
    if (host->config.memory.balloon && somebody_waits(host) &&
        (host->frames_came.place == 0 || host->frames_came.time > when))
        hv_event_queue_put(&host->events, &host->frames_came, when);
}

/* ---- What guests say ----------------------------------------------------------- */

static void statistics_fires(HvEvent *event)
{
    HvHost *host = (HvHost *)((char *)event - G_STRUCT_OFFSET(HvHost, statistics));
    for (guint i = 0; i < host->vms->len; i++) {
        HvVm *vm = g_ptr_array_index(host->vms, i);
        if (hv_vm_can_balloon(vm))
            hv_virtio_balloon_ask_statistics(vm->bus.slots[HV_SLOT_BALLOON]);
    }
    hv_host_next_turn(host, event, host->config.memory.statistics_ns);
}

void hv_host_init_balloon(HvHost *host)
{
    host->statistics.fire = statistics_fires;
    host->balance.fire = balance_fires;
    host->frames_came.fire = frames_came_fires;
}
