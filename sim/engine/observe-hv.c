/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observe-hv.c: what hv-core reports, written into the trace.
 *
 * One function per report, each a line: the numbers of hv-core's enums are those
 * of the trace's lists of names, which the assertions below prove.
 */
#include "sim/engine/observe-arp.h"
#include "sim/engine/private.h"

#include <string.h>

_Static_assert((int)HV_VM_STATE_COUNT == (int)SIM_VM_STATE_COUNT, "VmState");
_Static_assert((int)HV_VM_KILLED == (int)SIM_VM_KILLED, "VmState");
_Static_assert((int)HV_VCPU_STATE_COUNT == (int)SIM_VCPU_STATE_COUNT, "VcpuState");
_Static_assert((int)HV_VCPU_BLOCKED == (int)SIM_VCPU_BLOCKED, "VcpuState");
_Static_assert((int)HV_WHY_COUNT == (int)SIM_WHY_COUNT, "Why");
_Static_assert((int)HV_WHY_FETCH == (int)SIM_WHY_FETCH, "Why");
_Static_assert((int)HV_WHY_KILL == (int)SIM_WHY_KILL, "Why");
_Static_assert((int)HV_WHY_JOB_DONE == (int)SIM_WHY_JOB_DONE, "Why");
_Static_assert((int)HV_WHY_THROTTLED == (int)SIM_WHY_THROTTLED, "Why");
_Static_assert((int)HV_THROTTLE_COUNT == (int)SIM_THROTTLE_COUNT, "ThrottleKind");
_Static_assert((int)HV_EXIT_COUNT == (int)SIM_EXIT_COUNT, "ExitKind");
_Static_assert((int)HV_EXIT_PREEMPT == (int)SIM_EXIT_PREEMPT, "ExitKind");
_Static_assert((int)HV_DEVICE_COUNT == (int)SIM_DEVICE_COUNT, "DeviceErrorKind");
_Static_assert((int)HV_BALLOON_BY_COUNT == (int)SIM_BALLOON_BY_COUNT, "BalloonWhy");
_Static_assert((int)HV_BALLOON_REFUSAL_COUNT == (int)SIM_BALLOON_REFUSAL_COUNT, "BalloonRefusal");
_Static_assert((int)HV_BALLOON_TWICE == (int)SIM_BALLOON_TWICE, "BalloonRefusal");
_Static_assert((int)HV_RX_DROP_COUNT == (int)SIM_RX_DROP_COUNT, "RxDrop");

static uint16_t source(HvStamp at)
{
    return at.pcpu == HV_NO_PCPU ? SIM_SOURCE_WORLD : SIM_SOURCE_PCPU(at.pcpu);
}

#define TRACE(user, at, Name, ...)                                                                 \
    SIM_TRACE(((SimEngine *)(user))->trace, source(at), (at).time, Name, __VA_ARGS__)
#define TRACE_BLOB(user, at, Name, bytes, size, ...)                                               \
    SIM_TRACE_BLOB(((SimEngine *)(user))->trace, source(at), (at).time, Name, bytes, size,         \
                   __VA_ARGS__)

static void vm_state(void *user, HvStamp at, uint16_t vm, HvVmState from, HvVmState to, HvWhy why)
{
    SimEngine *engine = user;

    TRACE(user, at, VmState, .vm = vm, .from = from, .to = to, .why = why);
    engine->host_failed |= why == HV_WHY_HOST_ERROR;
}

static void vcpu_state(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, HvVcpuState from,
                       HvVcpuState to, HvWhy why)
{
    TRACE(user, at, VcpuState, .vm = vm, .vcpu = vcpu, .from = from, .to = to, .why = why);
}

static void dispatch(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, HvTime slice_ns,
                     uint64_t key)
{
    TRACE(user, at, Dispatch, .vm = vm, .vcpu = vcpu, .slice_ns = slice_ns, .key = key);
}

static void deschedule(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, HvTime ran_ns, HvWhy why)
{
    TRACE(user, at, Deschedule, .vm = vm, .vcpu = vcpu, .ran_ns = ran_ns, .why = why);
}

static void sched_params(void *user, HvStamp at, uint16_t vm, uint16_t vcpu,
                         const HvSchedParams *params)
{
    TRACE(user, at, SchedParams, .vm = vm, .vcpu = vcpu, .weight = params->weight,
          .priority = params->priority, .cap_ppm = params->cap_ppm,
          .reservation_ppm = params->reservation_ppm, .affinity = params->affinity,
          .period_ns = params->period_ns, .slice_ns = params->slice_ns);
}

static void job_released(void *user, HvStamp at, uint16_t vm, uint64_t release, HvTime deadline)
{
    TRACE(user, at, JobReleased, .vm = vm, .release = release, .deadline_ns = deadline);
}

static void job_done(void *user, HvStamp at, uint16_t vm, uint64_t release)
{
    TRACE(user, at, JobDone, .vm = vm, .release = release);
}

static void deadline_missed(void *user, HvStamp at, uint16_t vm, uint64_t release)
{
    TRACE(user, at, DeadlineMissed, .vm = vm, .release = release);
}

static void throttle_set(void *user, HvStamp at, uint16_t vm, HvThrottleKind kind, HvThrottle limit)
{
    TRACE(user, at, ThrottleSet, .vm = vm, .kind = kind, .rate = limit.rate, .burst = limit.burst);
}

static void throttled(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, HvThrottleKind kind,
                      HvTime until)
{
    TRACE(user, at, Throttled, .vm = vm, .vcpu = vcpu, .kind = kind, .until_ns = until);
}

static void guest_exit(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, const HvExit *exit)
{
    TRACE(user, at, Exit, .vm = vm, .vcpu = vcpu, .kind = exit->kind, .rip = exit->rip,
          .address = exit->address, .value = exit->value, .size = exit->size, .write = exit->write,
          .cost_ns = exit->cost_ns);
    if (exit->regs == NULL)
        return;

    const uint64_t *gpr = exit->regs->gpr;

    TRACE_BLOB(user, at, Registers, exit->code, exit->code_bytes, .vm = vm, .vcpu = vcpu,
               .rax = gpr[HV_RAX], .rcx = gpr[HV_RCX], .rdx = gpr[HV_RDX], .rbx = gpr[HV_RBX],
               .rsp = gpr[HV_RSP], .rbp = gpr[HV_RBP], .rsi = gpr[HV_RSI], .rdi = gpr[HV_RDI],
               .r8 = gpr[HV_R8], .r9 = gpr[HV_R9], .r10 = gpr[HV_R10], .r11 = gpr[HV_R11],
               .r12 = gpr[HV_R12], .r13 = gpr[HV_R13], .r14 = gpr[HV_R14], .r15 = gpr[HV_R15],
               .rip = exit->regs->rip, .rflags = exit->regs->rflags, .cr2 = exit->regs->cr2,
               .cr3 = exit->regs->cr3, .cs = exit->regs->segment[HV_CS].selector);
}

static void page_mapped(void *user, HvStamp at, uint16_t vm, HvPageNo page, HvFrameNo frame,
                        bool writable, bool pinned, bool demand)
{
    TRACE(user, at, PageMapped, .vm = vm, .page = page, .frame = frame, .writable = writable,
          .pinned = pinned, .demand = demand);
}

static void block_mapped(void *user, HvStamp at, uint16_t vm, HvPageNo first, HvPageNo pages)
{
    TRACE(user, at, BlockMapped, .vm = vm, .page = first, .pages = pages);
}

static void block_reclaimed(void *user, HvStamp at, uint16_t vm, HvPageNo first, HvPageNo pages)
{
    TRACE(user, at, BlockReclaimed, .vm = vm, .page = first, .pages = pages);
}

static void page_unmapped(void *user, HvStamp at, uint16_t vm, HvPageNo page, HvFrameNo frame)
{
    TRACE(user, at, PageUnmapped, .vm = vm, .page = page, .frame = frame);
}

static void swapped_out(void *user, HvStamp at, uint16_t vm, HvPageNo page, HvFrameNo frame,
                        uint32_t slot)
{
    TRACE(user, at, PageSwappedOut, .vm = vm, .page = page, .frame = frame, .slot = slot);
}

static void swapped_in(void *user, HvStamp at, uint16_t vm, HvPageNo page, HvFrameNo frame,
                       uint32_t slot)
{
    TRACE(user, at, PageSwappedIn, .vm = vm, .page = page, .frame = frame, .slot = slot);
}

static void page_shared(void *user, HvStamp at, uint16_t vm, HvPageNo page, HvFrameNo frame,
                        HvFrameNo old_frame, bool zero)
{
    TRACE(user, at, PageShared, .vm = vm, .page = page, .frame = frame, .old_frame = old_frame,
          .zero = zero);
}

static void page_unshared(void *user, HvStamp at, uint16_t vm, HvPageNo page)
{
    TRACE(user, at, PageUnshared, .vm = vm, .page = page);
}

static void balloon_target(void *user, HvStamp at, uint16_t vm, HvPageNo pages, HvPageNo before,
                           HvBalloonWhy why)
{
    TRACE(user, at, BalloonTarget, .vm = vm, .pages = pages, .before = before, .why = why);
}

static void page_ballooned(void *user, HvStamp at, uint16_t vm, HvPageNo page, HvFrameNo frame)
{
    TRACE(user, at, PageBallooned, .vm = vm, .page = page, .frame = frame);
}

static void page_deflated(void *user, HvStamp at, uint16_t vm, HvPageNo page, bool used)
{
    TRACE(user, at, PageDeflated, .vm = vm, .page = page, .used = used);
}

static void balloon_refused(void *user, HvStamp at, uint16_t vm, HvPageNo page, uint32_t count,
                            HvBalloonRefusal why)
{
    TRACE(user, at, BalloonRefused, .vm = vm, .page = page, .count = count, .why = why);
}

static void guest_memory(void *user, HvStamp at, uint16_t vm, const HvGuestMemory *says)
{
    TRACE(user, at, GuestMemory, .vm = vm, .total_bytes = says->total_bytes,
          .free_bytes = says->free_bytes, .faults = says->faults);
}

static void memory_params(void *user, HvStamp at, uint16_t vm, const HvMemoryParams *params)
{
    TRACE(user, at, MemoryParams, .vm = vm, .shares = params->shares,
          .reservation = params->reservation, .limit = params->limit);
}

static void memory_target(void *user, HvStamp at, uint16_t vm, HvPageNo pages, HvPageNo holds)
{
    TRACE(user, at, MemoryTarget, .vm = vm, .pages = pages, .holds = holds);
}

static void scan(void *user, HvStamp at, const HvScan *scan)
{
    TRACE(user, at, Scan, .pages = scan->pages, .freed = scan->freed,
          .shared_frames = scan->shared_frames, .sharing_pages = scan->sharing_pages);
}

static void working_set(void *user, HvStamp at, uint16_t vm, const HvWorkingSet *set)
{
    TRACE(user, at, WorkingSet, .vm = vm, .sampled = set->sampled, .used = set->used,
          .active_ppm = set->active_ppm, .pages = set->pages);
}

static void page_table(void *user, HvStamp at, uint16_t vm, HvPageNo page, unsigned level,
                       unsigned first, const uint64_t *entries, unsigned count)
{
    TRACE_BLOB(user, at, PageTable, entries, count * sizeof(*entries), .vm = vm, .page = page,
               .level = level, .first = first);
}

static void vm_refused(void *user, HvStamp at, uint16_t vm, HvPageNo pages, HvFrameNo left)
{
    TRACE(user, at, VmRefused, .vm = vm, .pages = pages, .left = left);
}

static void page_referenced(void *user, HvStamp at, uint16_t vm, uint16_t vcpu,
                            const HvPageReference *reference)
{
    const SimEngine *engine = user;

    TRACE(user, at, PageReference, .vm = vm, .vcpu = vcpu, .page = reference->page,
          .heap_page = reference->page - engine->heap_page[vm], .hit = reference->hit,
          .write = reference->write,
          .evicted_vm = reference->evicted ? reference->evicted_vm : SIM_NONE,
          .evicted_page = reference->evicted ? reference->evicted_page : UINT32_MAX);
}

static void memory_layout(void *user, HvStamp at, uint16_t vm, HvPageNo heap_page,
                          HvPageNo heap_pages)
{
    SimEngine *engine = user;

    engine->heap_page[vm] = heap_page;
    TRACE(user, at, MemoryLayout, .vm = vm, .heap_page = heap_page, .heap_pages = heap_pages);
}

static void interrupt_raised(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, uint8_t vector,
                             uint64_t frame_id, HvTime late_ns)
{
    TRACE(user, at, InterruptRaised, .vm = vm, .vcpu = vcpu, .vector = vector, .frame = frame_id,
          .late_ns = late_ns);
}

static void interrupt_taken(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, uint8_t vector)
{
    TRACE(user, at, InterruptTaken, .vm = vm, .vcpu = vcpu, .vector = vector);
}

static void queue_kick(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, uint8_t slot,
                       uint16_t queue)
{
    TRACE(user, at, QueueKick, .vm = vm, .vcpu = vcpu, .slot = slot, .queue = queue);
}

static void frame_sent(void *user, HvStamp at, uint16_t vm, uint8_t nic, uint64_t frame_id,
                       const uint8_t *bytes, uint32_t length)
{
    SimEngine *engine = user;

    TRACE_BLOB(user, at, FrameSent, bytes, MIN(length, engine->snap_bytes), .vm = vm, .nic = nic,
               .frame = frame_id, .length = length);
}

static void frame_received(void *user, HvStamp at, uint16_t vm, uint8_t nic, uint64_t frame_id,
                           uint32_t length)
{
    TRACE(user, at, FrameReceived, .vm = vm, .nic = nic, .frame = frame_id, .length = length);
}

static void frame_dropped(void *user, HvStamp at, uint16_t vm, uint8_t nic, uint64_t frame_id,
                          HvRxDrop why)
{
    TRACE(user, at, FrameDropped, .vm = vm, .nic = nic, .frame = frame_id, .why = why);
}

static void device_error(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, uint8_t slot,
                         HvDeviceErrorKind kind, uint64_t address, uint64_t value)
{
    TRACE(user, at, DeviceError, .vm = vm, .vcpu = vcpu, .slot = slot, .kind = kind,
          .address = address, .value = value);
}

static void console(void *user, HvStamp at, uint16_t vm, uint8_t slot, const uint8_t *bytes,
                    uint32_t length)
{
    TRACE_BLOB(user, at, Console, bytes, length, .vm = vm, .slot = slot);
}

static void program_exit(void *user, HvStamp at, uint16_t vm, uint32_t code)
{
    TRACE(user, at, ProgramExit, .vm = vm, .code = code);
}

static void guest_fault(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, bool fatal,
                        const HvCrashReport *report, const char *symbol)
{
    char text[sizeof(report->message) + 128];
    int length;

    if (symbol && *symbol)
        length = g_snprintf(text, sizeof(text), "%.*s\n%s", (int)sizeof(report->message),
                            report->message, symbol);
    else
        length =
            g_snprintf(text, sizeof(text), "%.*s", (int)sizeof(report->message), report->message);
    TRACE_BLOB(user, at, GuestFault, text, MIN((size_t)length, sizeof(text) - 1), .vm = vm,
               .vcpu = vcpu, .fatal = fatal, .vector = report->vector,
               .error_code = report->error_code, .rip = report->rip, .rsp = report->rsp,
               .cr2 = report->cr2, .rflags = report->rflags, .cs = report->cs);
}

static void mark(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, uint64_t number)
{
    TRACE(user, at, Mark, .vm = vm, .vcpu = vcpu, .number = number);
}

const HvObserver sim_hv_observer = {
    .vm_state = vm_state,
    .vcpu_state = vcpu_state,
    .dispatch = dispatch,
    .deschedule = deschedule,
    .exit = guest_exit,
    .sched_params = sched_params,
    .throttle_set = throttle_set,
    .throttled = throttled,
    .job_released = job_released,
    .job_done = job_done,
    .deadline_missed = deadline_missed,
    .page_mapped = page_mapped,
    .page_unmapped = page_unmapped,
    .block_mapped = block_mapped,
    .block_reclaimed = block_reclaimed,
    .swapped_out = swapped_out,
    .swapped_in = swapped_in,
    .page_shared = page_shared,
    .page_unshared = page_unshared,
    .balloon_target = balloon_target,
    .page_ballooned = page_ballooned,
    .page_deflated = page_deflated,
    .balloon_refused = balloon_refused,
    .guest_memory = guest_memory,
    .memory_params = memory_params,
    .memory_target = memory_target,
    .scan = scan,
    .working_set = working_set,
    .page_table = page_table,
    .vm_refused = vm_refused,
    .page_referenced = page_referenced,
    .memory_layout = memory_layout,
    .interrupt_raised = interrupt_raised,
    .interrupt_taken = interrupt_taken,
    .queue_kick = queue_kick,
    .frame_sent = frame_sent,
    .frame_received = frame_received,
    .frame_dropped = frame_dropped,
    .device_error = device_error,
    .console = console,
    .program_exit = program_exit,
    .guest_fault = guest_fault,
    .mark = mark,
    .watched = sim_observe_watched,
};
