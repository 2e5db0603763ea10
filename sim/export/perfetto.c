/* SPDX-License-Identifier: GPL-2.0-or-later */
/* perfetto.c: CPU time as ui.perfetto.dev shows it (Chrome's Trace Event Format).
 *
 * Processes are the host (one thread per pCPU: which vCPU is on it), each VM
 * (one thread per vCPU: its states; one per NIC: frames sent and received) and
 * each network (frames on cables, as async slices, since they overlap). Exits,
 * faults and interrupts are instants on the vCPU's thread. A flow leads from
 * the sending of a frame to its receipt.
 *
 * A thread has at most one slice open at a time, of the states that are worth
 * one, and what is open at the end is closed at the time of the last event.
 */
#include "sim/export/private.h"

#include <string.h>

#include "sim/model/model.h"

#define PID_HOST       1u
#define PID_VM(n)      (1000u + (n))
#define PID_NETWORK(n) (100000u + (n))
#define TID_NIC(n)     (100u + (n))

typedef struct {
    SimModel *model;
    bool comma; /* something is in the list already */
} Perfetto;

/* ---- Events ------------------------------------------------------------------ */

/* {"ph":"B","pid":1,"tid":1,"ts":1.500 -- in µs, with the ns behind the point. */
static void begin_event(SimExport *out, Perfetto *p, const char *phase, unsigned pid, unsigned tid,
                        uint64_t time)
{
    g_string_append_printf(
        out->buffer, "%s\n{\"ph\":\"%s\",\"pid\":%u,\"tid\":%u,\"ts\":%" G_GUINT64_FORMAT ".%03u",
        p->comma ? "," : "", phase, pid, tid, time / 1000, (unsigned)(time % 1000));
    p->comma = true;
}

static void end_event(SimExport *out)
{
    g_string_append_c(out->buffer, '}');
}

static void add_name(SimExport *out, const char *name)
{
    g_string_append(out->buffer, ",\"name\":");
    sim_json_string(out->buffer, name, strlen(name));
}

/* Names a process ("process_name") or a thread ("thread_name"). */
static void add_title(SimExport *out, Perfetto *p, const char *what, unsigned pid, unsigned tid,
                      const char *title)
{
    begin_event(out, p, "M", pid, tid, 0);
    add_name(out, what);
    g_string_append(out->buffer, ",\"args\":{\"name\":");
    sim_json_string(out->buffer, title, strlen(title));
    g_string_append_c(out->buffer, '}');
    end_event(out);
}

static void open_slice(SimExport *out, Perfetto *p, unsigned pid, unsigned tid, uint64_t time,
                       const char *name, const char *why)
{
    begin_event(out, p, "B", pid, tid, time);
    add_name(out, name);
    g_string_append_printf(out->buffer, ",\"args\":{\"why\":\"%s\"}", why);
    end_event(out);
}

static void close_slice(SimExport *out, Perfetto *p, unsigned pid, unsigned tid, uint64_t time)
{
    begin_event(out, p, "E", pid, tid, time);
    end_event(out);
}

/* An instant on a vCPU's thread, with all fields of the event. */
static void add_instant(SimExport *out, Perfetto *p, const SimRecord *record, unsigned vm,
                        unsigned vcpu, const char *name)
{
    if (!sim_model_vcpu(p->model, vm, vcpu))
        return;
    begin_event(out, p, "i", PID_VM(vm), vcpu + 1, record->time);
    add_name(out, name);
    g_string_append(out->buffer, ",\"s\":\"t\",\"args\":");
    sim_record_to_json(record, out->buffer);
    end_event(out);
}

/* ---- Creation ---------------------------------------------------------------- */

static void host_created(SimExport *out, Perfetto *p, const SimRecord *record)
{
    const SimModelHost *host = g_ptr_array_index(p->model->hosts, p->model->hosts->len - 1);

    if (host->first_pcpu == 0)
        add_title(out, p, "process_name", PID_HOST, 0, "host");
    for (unsigned i = host->first_pcpu; i < host->first_pcpu + (unsigned)host->pcpus; i++) {
        g_autofree char *title = g_strdup_printf("pCPU %u", i);
        add_title(out, p, "thread_name", PID_HOST, i + 1, title);
    }
}

static void vm_created(SimExport *out, Perfetto *p, const SimRecord *record)
{
    const SimModelVm *vm = sim_model_vm(p->model, SIM_FIELDS(record, VmCreated)->vm);
    g_autofree char *title = g_strdup_printf("vm:%s", vm->name);

    add_title(out, p, "process_name", PID_VM(vm->vm), 0, title);
    for (unsigned i = 0; i < vm->vcpu_count; i++) {
        g_autofree char *thread = g_strdup_printf("vCPU %u", i);
        add_title(out, p, "thread_name", PID_VM(vm->vm), i + 1, thread);
    }
}

static void nic_created(SimExport *out, Perfetto *p, const SimRecord *record)
{
    const SimEventNicCreated *event = SIM_FIELDS(record, NicCreated);
    g_autofree char *title = g_strdup_printf("NIC %u", event->nic);

    add_title(out, p, "thread_name", PID_VM(event->vm), TID_NIC(event->nic), title);
}

static void network_created(SimExport *out, Perfetto *p, const SimRecord *record)
{
    unsigned number = SIM_FIELDS(record, NetworkCreated)->network;
    g_autofree char *title =
        g_strdup_printf("network %s", sim_model_network(p->model, number)->name);

    add_title(out, p, "process_name", PID_NETWORK(number), 0, title);
}

/* ---- CPU --------------------------------------------------------------------- */

static bool has_slice(unsigned state)
{
    return state == SIM_VCPU_READY || state == SIM_VCPU_RUNNING || state == SIM_VCPU_BLOCKED;
}

static void vcpu_state(SimExport *out, Perfetto *p, const SimRecord *record, unsigned before)
{
    const SimEventVcpuState *event = SIM_FIELDS(record, VcpuState);
    unsigned pid = PID_VM(event->vm), tid = event->vcpu + 1u;

    if (has_slice(before))
        close_slice(out, p, pid, tid, record->time);
    if (has_slice(event->to))
        open_slice(out, p, pid, tid, record->time, sim_name(SIM_NAMES(VcpuState), event->to),
                   sim_name(SIM_NAMES(Why), event->why));
}

static void dispatch(SimExport *out, Perfetto *p, const SimRecord *record, bool was_busy)
{
    const SimEventDispatch *event = SIM_FIELDS(record, Dispatch);
    g_autofree char *name =
        g_strdup_printf("%s vCPU %u", sim_model_vm(p->model, event->vm)->name, event->vcpu);

    if (was_busy)
        close_slice(out, p, PID_HOST, record->source, record->time);
    open_slice(out, p, PID_HOST, record->source, record->time, name, "dispatch");
}

/* ---- Frames ------------------------------------------------------------------ */

/* A slice of 1 ns at a NIC, and an end of the frame's flow in it: phase "s"
 * where it starts, "f" where it finishes. */
static void nic_frame(SimExport *out, Perfetto *p, uint64_t time, unsigned vm, unsigned nic,
                      uint64_t frame, uint32_t length, const char *phase, const char *verb)
{
    g_autofree char *name = g_strdup_printf("%s frame %" G_GUINT64_FORMAT, verb, frame);

    begin_event(out, p, "X", PID_VM(vm), TID_NIC(nic), time);
    add_name(out, name);
    g_string_append_printf(out->buffer, ",\"dur\":0.001,\"args\":{\"bytes\":%u}", length);
    end_event(out);
    begin_event(out, p, phase, PID_VM(vm), TID_NIC(nic), time);
    add_name(out, "frame");
    g_string_append_printf(
        out->buffer, ",\"cat\":\"frame\",\"bp\":\"e\",\"id\":\"%" G_GUINT64_FORMAT "\"", frame);
    end_event(out);
}

static void cable(SimExport *out, Perfetto *p, const SimRecord *record)
{
    const SimEventLinkEnter *event = SIM_FIELDS(record, LinkEnter);
    unsigned pid = PID_NETWORK(event->network);
    const struct {
        const char *phase;
        uint64_t time;
    } ends[] = {{"b", event->start_ns}, {"e", MAX(event->start_ns, event->arrive_ns)}};

    for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
        begin_event(out, p, ends[i].phase, pid, 0, ends[i].time);
        g_string_append_printf(out->buffer,
                               ",\"cat\":\"cable\",\"id\":\"%" G_GUINT64_FORMAT
                               "-%u\",\"name\":\"frame %" G_GUINT64_FORMAT
                               "\",\"args\":{\"from\":%u,\"to\":%u}",
                               event->frame, event->to, event->frame, event->from, event->to);
        end_event(out);
    }
}

/* ---- The format -------------------------------------------------------------- */

static void *perfetto_begin(SimExport *out)
{
    Perfetto *p = g_new0(Perfetto, 1);

    p->model = sim_model_new();
    g_string_append(out->buffer, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
    return p;
}

/* Events about a vCPU that are a moment. */
static void add_moment(SimExport *out, Perfetto *p, const SimRecord *record)
{
    switch (record->type) {
    case SIM_EVENT_EXIT: {
        const SimEventExit *event = SIM_FIELDS(record, Exit);
        g_autofree char *name =
            g_strdup_printf("exit: %s", sim_name(SIM_NAMES(ExitKind), event->kind));
        add_instant(out, p, record, event->vm, event->vcpu, name);
        break;
    }
    case SIM_EVENT_INTERRUPT_RAISED: {
        const SimEventInterruptRaised *event = SIM_FIELDS(record, InterruptRaised);
        add_instant(out, p, record, event->vm, event->vcpu, "interrupt raised");
        break;
    }
    case SIM_EVENT_INTERRUPT_TAKEN: {
        const SimEventInterruptTaken *event = SIM_FIELDS(record, InterruptTaken);
        add_instant(out, p, record, event->vm, event->vcpu, "interrupt taken");
        break;
    }
    case SIM_EVENT_GUEST_FAULT: {
        const SimEventGuestFault *event = SIM_FIELDS(record, GuestFault);
        add_instant(out, p, record, event->vm, event->vcpu, "guest fault");
        break;
    }
    case SIM_EVENT_PAGE_MAPPED:
        if (SIM_FIELDS(record, PageMapped)->demand)
            add_instant(out, p, record, SIM_FIELDS(record, PageMapped)->vm, 0, "page given");
        break;
    case SIM_EVENT_MARK: {
        const SimEventMark *event = SIM_FIELDS(record, Mark);
        add_instant(out, p, record, event->vm, event->vcpu, "mark");
        break;
    }
    default: break;
    }
}

static void perfetto_apply(SimExport *out, void *state, const SimRecord *record)
{
    Perfetto *p = state;
    const SimModelPcpu *pcpu =
        record->source == SIM_SOURCE_WORLD ? NULL : sim_model_pcpu(p->model, record->source - 1u);
    bool was_busy = pcpu && pcpu->vm != SIM_NONE;
    const SimModelVcpu *vcpu = NULL;
    unsigned before = SIM_VCPU_NEW;
    uint64_t ignored = p->model->ignored;

    if (record->type == SIM_EVENT_VCPU_STATE)
        vcpu = sim_model_vcpu(p->model, SIM_FIELDS(record, VcpuState)->vm,
                              SIM_FIELDS(record, VcpuState)->vcpu);
    if (vcpu)
        before = vcpu->state;
    sim_model_apply(p->model, record);
    if (p->model->ignored != ignored)
        return; /* makes no sense: nothing to draw */

    switch (record->type) {
    case SIM_EVENT_HOST_CREATED: host_created(out, p, record); break;
    case SIM_EVENT_VM_CREATED: vm_created(out, p, record); break;
    case SIM_EVENT_NIC_CREATED: nic_created(out, p, record); break;
    case SIM_EVENT_NETWORK_CREATED: network_created(out, p, record); break;
    case SIM_EVENT_VCPU_STATE: vcpu_state(out, p, record, before); break;
    case SIM_EVENT_DISPATCH: dispatch(out, p, record, was_busy); break;
    case SIM_EVENT_DESCHEDULE: close_slice(out, p, PID_HOST, record->source, record->time); break;
    case SIM_EVENT_FRAME_SENT: {
        const SimEventFrameSent *event = SIM_FIELDS(record, FrameSent);
        nic_frame(out, p, record->time, event->vm, event->nic, event->frame, event->length, "s",
                  "send");
        break;
    }
    case SIM_EVENT_FRAME_RECEIVED: {
        const SimEventFrameReceived *event = SIM_FIELDS(record, FrameReceived);
        nic_frame(out, p, record->time, event->vm, event->nic, event->frame, event->length, "f",
                  "receive");
        break;
    }
    case SIM_EVENT_LINK_ENTER: cable(out, p, record); break;
    default: add_moment(out, p, record); break;
    }
}

static void perfetto_end(SimExport *out, void *state)
{
    Perfetto *p = state;
    const SimModel *model = p->model;

    for (unsigned i = 0; i < model->pcpus->len; i++) {
        if (sim_model_pcpu(model, i)->vm != SIM_NONE)
            close_slice(out, p, PID_HOST, i + 1, model->time);
    }
    for (unsigned i = 0; i < model->vms->len; i++) {
        const SimModelVm *vm = sim_model_vm(model, i);
        for (unsigned j = 0; j < vm->vcpu_count; j++) {
            if (has_slice(vm->vcpus[j].state))
                close_slice(out, p, PID_VM(i), j + 1, model->time);
        }
    }
    g_string_append(out->buffer, "\n]}\n");
}

static void perfetto_free(void *state)
{
    Perfetto *p = state;

    sim_model_free(p->model);
    g_free(p);
}

const SimExportFormat sim_export_perfetto = {
    .name = "perfetto",
    .title = "a timeline for ui.perfetto.dev (Chrome trace JSON)",
    .begin = perfetto_begin,
    .apply = perfetto_apply,
    .end = perfetto_end,
    .free = perfetto_free,
};
