/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host-log.c: see host-log.h. */
#include "tests/hv-core/host-log.h"

#define U64 "%" G_GUINT64_FORMAT
#define X64 "0x%" G_GINT64_MODIFIER "x"

static const char *const vcpu_states[HV_VCPU_STATE_COUNT] = {"new",     "ready",  "running",
                                                             "blocked", "halted", "crashed"};
static const char *const vm_states[HV_VM_STATE_COUNT] = {"off",    "running", "paused",
                                                         "halted", "crashed", "killed"};
static const char *const whys[HV_WHY_COUNT] = {
    [HV_WHY_START] = "start",
    [HV_WHY_DISPATCH] = "dispatch",
    [HV_WHY_SLICE_END] = "slice-end",
    [HV_WHY_YIELD] = "yield",
    [HV_WHY_PREEMPTED] = "preempted",
    [HV_WHY_HLT] = "hlt",
    [HV_WHY_INTERRUPT] = "interrupt",
    [HV_WHY_MEMORY] = "memory",
    [HV_WHY_POWER_OFF] = "power-off",
    [HV_WHY_HLT_FOREVER] = "hlt-forever",
    [HV_WHY_TRIPLE_FAULT] = "triple-fault",
    [HV_WHY_GUEST_PANIC] = "guest-panic",
    [HV_WHY_FETCH] = "fetch",
    [HV_WHY_UNSUPPORTED] = "unsupported",
    [HV_WHY_OUT_OF_MEMORY] = "out-of-memory",
    [HV_WHY_HOST_ERROR] = "host-error",
    [HV_WHY_PAUSE] = "pause",
    [HV_WHY_RESUME] = "resume",
    [HV_WHY_KILL] = "kill",
    [HV_WHY_JOB_WAIT] = "job-wait",
    [HV_WHY_JOB_DONE] = "job-done",
    [HV_WHY_THROTTLED] = "throttled",
};
static const char *const throttles[HV_THROTTLE_COUNT] = {"exits", "device-operations"};
static const char *const exits[HV_EXIT_COUNT] = {"io",     "mmio",    "page-fault", "halt",
                                                 "window", "preempt", "shutdown",   "error"};
static const char *const errors[HV_DEVICE_COUNT] = {"bad-access", "bad-chain", "bad-config"};
static const char *const drops[HV_RX_DROP_COUNT] = {"no-buffer", "not-ready", "too-long"};

/* Notes a line if its kind is wanted; always checks the stamp. */
G_GNUC_PRINTF(4, 5)
static void note(HostLog *log, HostLogKind kind, HvStamp at, const char *format, ...)
{
    HvTime *last = &log->last[at.pcpu == HV_NO_PCPU ? HV_MAX_PCPUS : at.pcpu];
    g_assert_cmpuint(at.time, >=, *last);
    *last = at.time;
    log->events++;
    if (!(log->kinds & kind))
        return;
    if (at.pcpu == HV_NO_PCPU)
        g_string_append_printf(log->text, U64 " host ", at.time);
    else
        g_string_append_printf(log->text, U64 " p%u ", at.time, at.pcpu);
    va_list args;
    va_start(args, format);
    g_string_append_vprintf(log->text, format, args);
    va_end(args);
    g_string_append_c(log->text, '\n');
}

static HostLogVm *vm_of(void *user, uint16_t vm)
{
    return &((HostLog *)user)->vm[vm % HOST_LOG_VMS];
}

static void on_vm_state(void *user, HvStamp at, uint16_t vm, HvVmState from, HvVmState to,
                        HvWhy why)
{
    vm_of(user, vm)->why = why;
    note(user, LOG_STATES, at, "vm%u %s->%s %s", vm, vm_states[from], vm_states[to], whys[why]);
}

static void on_vcpu_state(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, HvVcpuState from,
                          HvVcpuState to, HvWhy why)
{
    note(user, LOG_STATES, at, "%u.%u %s->%s %s", vm, vcpu, vcpu_states[from], vcpu_states[to],
         whys[why]);
}

static void on_dispatch(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, HvTime slice_ns,
                        uint64_t key)
{
    note(user, LOG_DISPATCH, at, "%u.%u on " U64, vm, vcpu, slice_ns);
}

static void on_deschedule(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, HvTime ran_ns,
                          HvWhy why)
{
    HostLog *log = user;
    g_assert_cmpuint(ran_ns, >, 0);
    log->ran_ns[at.pcpu] += ran_ns;
    vm_of(log, vm)->ran_ns += ran_ns;
    note(log, LOG_DISPATCH, at, "%u.%u off " U64 " %s", vm, vcpu, ran_ns, whys[why]);
}

static void on_throttle_set(void *user, HvStamp at, uint16_t vm, HvThrottleKind kind,
                            HvThrottle limit)
{
    note(user, LOG_DEVICES, at, "vm%u limit %s %u/s burst %u", vm, throttles[kind], limit.rate,
         limit.burst);
}

static void on_throttled(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, HvThrottleKind kind,
                         HvTime until)
{
    note(user, LOG_DEVICES, at, "%u.%u throttled %s until " U64, vm, vcpu, throttles[kind], until);
}

static void on_exit_event(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, const HvExit *exit)
{
    ((HostLog *)user)->exits++;
    note(user, LOG_EXITS, at, "%u.%u exit %s at " U64 " " X64 " " X64 " size %u %s cost " U64, vm,
         vcpu, exits[exit->kind], exit->rip, exit->address, exit->value, exit->size,
         exit->write ? "w" : "r", exit->cost_ns);
}

static void on_page_mapped(void *user, HvStamp at, uint16_t vm, HvPageNo page, HvFrameNo frame,
                           bool writable, bool pinned, bool demand)
{
    if (demand)
        note(user, LOG_PAGES, at, "vm%u page %u gets frame %u %s%s", vm, page, frame,
             writable ? "rw" : "ro", pinned ? " pinned" : "");
}

static void on_page_unmapped(void *user, HvStamp at, uint16_t vm, HvPageNo page, HvFrameNo frame)
{
    note(user, LOG_PAGES, at, "vm%u page %u loses frame %u", vm, page, frame);
}

static void on_block_mapped(void *user, HvStamp at, uint16_t vm, HvPageNo first, HvPageNo pages)
{
    note(user, LOG_PAGES, at, "vm%u block %u of %u", vm, first, pages);
}

static void on_block_reclaimed(void *user, HvStamp at, uint16_t vm, HvPageNo first, HvPageNo pages)
{
    note(user, LOG_PAGES, at, "vm%u loses block %u of %u", vm, first, pages);
}

static void on_raised(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, uint8_t vector,
                      uint64_t frame_id, HvTime late_ns)
{
    note(user, LOG_INTERRUPTS, at, "%u.%u raise %u frame " U64 " late " U64, vm, vcpu, vector,
         frame_id, late_ns);
}

static void on_taken(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, uint8_t vector)
{
    note(user, LOG_INTERRUPTS, at, "%u.%u take %u", vm, vcpu, vector);
}

static void on_queue_kick(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, uint8_t slot,
                          uint16_t queue)
{
    note(user, LOG_DEVICES, at, "%u.%u kick slot %u queue %u", vm, vcpu, slot, queue);
}

static void on_frame_sent(void *user, HvStamp at, uint16_t vm, uint8_t nic, uint64_t frame_id,
                          const uint8_t *bytes, uint32_t length)
{
    note(user, LOG_FRAMES, at, "vm%u nic%u sent frame " U64 " %u", vm, nic, frame_id, length);
}

static void on_frame_received(void *user, HvStamp at, uint16_t vm, uint8_t nic, uint64_t frame_id,
                              uint32_t length)
{
    vm_of(user, vm)->frames_received++;
    note(user, LOG_FRAMES, at, "vm%u nic%u received frame " U64 " %u", vm, nic, frame_id, length);
}

static void on_frame_dropped(void *user, HvStamp at, uint16_t vm, uint8_t nic, uint64_t frame_id,
                             HvRxDrop why)
{
    note(user, LOG_FRAMES, at, "vm%u nic%u dropped frame " U64 " %s", vm, nic, frame_id,
         drops[why]);
}

static void on_device_error(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, uint8_t slot,
                            HvDeviceErrorKind kind, uint64_t address, uint64_t value)
{
    vm_of(user, vm)->bad_accesses += kind == HV_DEVICE_BAD_ACCESS;
    vm_of(user, vm)->bad_chains += kind == HV_DEVICE_BAD_CHAIN;
    note(user, LOG_DEVICES, at, "%u.%u slot %u %s " X64 " " X64, vm, vcpu, slot, errors[kind],
         address, value);
}

static void on_console(void *user, HvStamp at, uint16_t vm, uint8_t slot, const uint8_t *bytes,
                       uint32_t length)
{
    if (slot == HV_SLOT_CONSOLE)
        g_string_append_len(vm_of(user, vm)->console, (const char *)bytes, length);
    if (!(((HostLog *)user)->kinds & LOG_DEVICES))
        return;
    g_autofree char *text = g_strndup((const char *)bytes, length);
    g_autofree char *escaped = g_strescape(text, NULL);
    note(user, LOG_DEVICES, at, "vm%u slot %u prints \"%s\"", vm, slot, escaped);
}

static void on_program_exit(void *user, HvStamp at, uint16_t vm, uint32_t code)
{
    vm_of(user, vm)->exit_code = code;
    note(user, LOG_DEVICES, at, "vm%u program ends with %u", vm, code);
}

static void on_guest_fault(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, bool fatal,
                           const HvCrashReport *report, const char *symbol)
{
    vm_of(user, vm)->faults++;
    g_strlcpy(vm_of(user, vm)->symbol, symbol, sizeof(vm_of(user, vm)->symbol));
    note(user, LOG_DEVICES, at, "%u.%u %s vector " U64 " in \"%s\": %s", vm, vcpu,
         fatal ? "crash" : "fault", report->vector, symbol, report->message);
}

static void on_mark(void *user, HvStamp at, uint16_t vm, uint16_t vcpu, uint64_t number)
{
    note(user, LOG_DEVICES, at, "%u.%u mark " U64, vm, vcpu, number);
}

const HvObserver host_log_observer = {
    .vm_state = on_vm_state,
    .vcpu_state = on_vcpu_state,
    .dispatch = on_dispatch,
    .deschedule = on_deschedule,
    .throttle_set = on_throttle_set,
    .throttled = on_throttled,
    .exit = on_exit_event,
    .page_mapped = on_page_mapped,
    .page_unmapped = on_page_unmapped,
    .block_mapped = on_block_mapped,
    .block_reclaimed = on_block_reclaimed,
    .interrupt_raised = on_raised,
    .interrupt_taken = on_taken,
    .queue_kick = on_queue_kick,
    .frame_sent = on_frame_sent,
    .frame_received = on_frame_received,
    .frame_dropped = on_frame_dropped,
    .device_error = on_device_error,
    .console = on_console,
    .program_exit = on_program_exit,
    .guest_fault = on_guest_fault,
    .mark = on_mark,
};

void host_log_init(HostLog *log, HostLogKind kinds)
{
    *log = (HostLog){.text = g_string_new(NULL), .kinds = kinds};
    for (unsigned i = 0; i < HOST_LOG_VMS; i++) {
        log->vm[i].console = g_string_new(NULL);
        log->vm[i].exit_code = -1;
    }
}

void host_log_clear(HostLog *log)
{
    g_string_free(log->text, TRUE);
    for (unsigned i = 0; i < HOST_LOG_VMS; i++)
        g_string_free(log->vm[i].console, TRUE);
}

void host_log_expect(HostLog *log, const char *lines)
{
    g_assert_cmpstr(log->text->str, ==, lines);
    g_string_truncate(log->text, 0);
}
