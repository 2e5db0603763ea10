/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine.c: see machine.h. */
#include "tests/guest/machine.h"

#include <string.h>

#include "hv-core/devices/platform.h"
#include "hv-core/devices/virtio-console.h"
#include "hv-core/devices/virtio-net.h"

#define TURN_NS     UINT64_C(100000)
#define CABLE_NS    UINT64_C(10000)
#define PING_NS     (3000 * MACHINE_MS)
#define PATIENCE_NS (60000 * MACHINE_MS)
#define POOL_PAGES  4096

typedef struct {
    HvTime arrival;
    bool to_guest;
    uint8_t nic;
    uint32_t length;
    uint8_t bytes[];
} Frame;

/* ---- Memory -------------------------------------------------------------- */

static bool give_page(Machine *m, HvPageNo page)
{
    if (hv_memory_entry(m->memory, page)->frame != HV_FRAME_NONE)
        return true;
    HvFrameNo frame = hv_pool_alloc(m->pool);
    g_assert(frame != HV_FRAME_NONE);
    hv_memory_map(m->memory, page, frame, true);
    return true;
}

static bool device_touched(void *user, HvMemory *memory, HvPageNo page, bool write)
{
    return give_page(user, page);
}

/* ---- What devices say ---------------------------------------------------- */

static void raise_vector(Machine *m, unsigned vcpu, unsigned vector)
{
    m->vcpus[vcpu].pending |= UINT64_C(1) << vector;
}

static void on_error(void *user, uint8_t slot, HvDeviceErrorKind kind, uint64_t address,
                     uint64_t value)
{
    Machine *m = user;
    unsigned *counters[HV_DEVICE_COUNT] = {
        [HV_DEVICE_BAD_ACCESS] = &m->bad_accesses,
        [HV_DEVICE_BAD_CHAIN] = &m->bad_chains,
        [HV_DEVICE_BAD_CONFIG] = &m->bad_configs,
    };
    ++*counters[kind];
}

static void on_interrupt(void *user, uint8_t slot, uint64_t frame_id)
{
    raise_vector(user, 0, HV_VECTOR_CONSOLE + slot - HV_SLOT_CONSOLE);
}

static void on_kick(void *user, uint8_t slot, uint16_t queue)
{
}

static void put_on_wire(Machine *m, bool to_guest, unsigned nic, const uint8_t *bytes,
                        size_t length)
{
    Frame *frame = g_malloc(sizeof *frame + length);
    *frame = (Frame){m->now + CABLE_NS, to_guest, (uint8_t)nic, (uint32_t)length};
    memcpy(frame->bytes, bytes, length);
    g_queue_push_tail(&m->wire, frame);
}

static void on_frame_sent(void *user, uint8_t slot, const uint8_t *bytes, uint32_t length)
{
    put_on_wire(user, false, slot - HV_SLOT_NIC0, bytes, length);
}

static void on_frame_received(void *user, uint8_t slot, uint64_t frame_id, uint32_t length)
{
}

static void on_frame_dropped(void *user, uint8_t slot, uint64_t frame_id, HvRxDrop why)
{
    ((Machine *)user)->frames_dropped++;
}

static void on_output(void *user, uint8_t slot, const uint8_t *bytes, uint32_t length)
{
    Machine *m = user;
    g_string_append_len(slot == HV_SLOT_CONTROL ? m->control : m->console, (const char *)bytes,
                        length);
}

static void on_balloon(void *user, bool inflate, const uint32_t *pages, uint32_t count)
{
}

static const HvDeviceClient device_client = {
    .error = on_error,
    .interrupt = on_interrupt,
    .kick = on_kick,
    .frame_sent = on_frame_sent,
    .frame_received = on_frame_received,
    .frame_dropped = on_frame_dropped,
    .console_output = on_output,
    .balloon = on_balloon,
};

static HvTime on_now(void *user)
{
    return ((Machine *)user)->now;
}

static HvTime on_deadline(void *user)
{
    Machine *m = user;
    return m->vcpus[m->running].deadline;
}

static void on_set_deadline(void *user, HvTime deadline)
{
    Machine *m = user;
    m->vcpus[m->running].deadline = deadline;
}

static void on_program_exit(void *user, uint32_t code)
{
    Machine *m = user;
    m->exited = true;
    m->exit_code = code;
}

static void on_power_off(void *user)
{
    ((Machine *)user)->powered_off = true;
}

static bool on_ipi(void *user, uint32_t vcpu, uint8_t vector)
{
    Machine *m = user;
    if (vcpu >= m->vcpu_count || vector > 63)
        return false;
    raise_vector(m, vcpu, vector);
    return true;
}

static void on_fault(void *user, bool fatal, const HvCrashReport *report)
{
    Machine *m = user;
    m->crashed |= fatal;
    m->program_faulted |= !fatal;
    m->report = *report;
}

static void on_yield(void *user)
{
    ((Machine *)user)->turn_ends = 0;
}

static void on_mark(void *user, uint64_t number)
{
    g_array_append_val(((Machine *)user)->marks, number);
}

static const HvPlatformClient platform_client = {
    .now = on_now,
    .deadline = on_deadline,
    .set_deadline = on_set_deadline,
    .program_exit = on_program_exit,
    .power_off = on_power_off,
    .ipi = on_ipi,
    .fault = on_fault,
    .yield = on_yield,
    .mark = on_mark,
};

/* ---- What vCPUs touch ---------------------------------------------------- */

static HvAccessResult on_access(void *user, HvCpu *cpu, HvAccess *access)
{
    Machine *m = user;
    bool port = access->kind == HV_ACCESS_PORT_IN || access->kind == HV_ACCESS_PORT_OUT;
    if (!port && access->gpa.value < hv_memory_page_count(m->memory) * (uint64_t)HV_PAGE_SIZE) {
        if (access->kind == HV_ACCESS_FETCH)
            return HV_ACCESS_CRASH;
        HvPageNo page = hv_gpa_page(access->gpa);
        g_array_append_val(m->touched, page);
        give_page(m, page);
        return HV_ACCESS_RAM;
    }
    /* Time is known at the ends of runs only: end this one, and answer in the next. */
    MachineVcpu *vcpu = &m->vcpus[m->running];
    vcpu->asking = !vcpu->asking;
    if (vcpu->asking)
        return HV_ACCESS_BLOCK;
    m->mmio_exits++;
    if (access->kind == HV_ACCESS_READ)
        access->value = hv_bus_read(&m->bus, access->gpa, access->size);
    else if (access->kind == HV_ACCESS_WRITE)
        hv_bus_write(&m->bus, access->gpa, access->size, access->value);
    else
        return HV_ACCESS_CRASH;
    access->stop = true;
    return HV_ACCESS_DONE;
}

/* ---- The far end of the cables ------------------------------------------- */

typedef struct {
    Machine *machine;
    unsigned nic;
} Peer;

static void peer_send(void *user, unsigned nic, const uint8_t *bytes, size_t length)
{
    Peer *peer = user;
    put_on_wire(peer->machine, true, peer->nic, bytes, length);
}

static const NetStackOps peer_ops = {.send = peer_send};

static void add_peer(Machine *m, unsigned nic)
{
    Peer *peer = g_new0(Peer, 1);
    *peer = (Peer){m, nic};
    NetStack *stack = m->peers[nic] = g_new0(NetStack, 1);
    net_stack_init(stack, &peer_ops, peer, 7);
    NetStackNic config = {
        .mac = {{2, 0, 0, 0, 1, (uint8_t)nic}}, .address = NET_IP4(10, 0, nic, 1), .prefix = 24};
    net_stack_add_nic(stack, &config);
}

static void pass_frames(Machine *m)
{
    Frame *frame;
    while ((frame = g_queue_peek_head(&m->wire)) && frame->arrival <= m->now) {
        g_queue_pop_head(&m->wire);
        if (frame->to_guest)
            hv_virtio_net_receive(m->bus.slots[HV_SLOT_NIC0 + frame->nic], 1, frame->bytes,
                                  frame->length);
        else
            net_stack_input(m->peers[frame->nic], 0, frame->bytes, frame->length, m->now);
        g_free(frame);
    }
    for (unsigned i = 0; i < m->nic_count; i++) {
        if (net_stack_deadline(m->peers[i]) <= m->now)
            net_stack_advance(m->peers[i], m->now);
    }
}

static void echo_done(void *user, const NetEchoResult *result)
{
    NetEchoOutcome *outcome = user;
    *outcome = result->outcome;
}

bool machine_ping_guest(Machine *m, unsigned nic)
{
    NetEchoOutcome outcome = NET_ECHO_TIMEOUT;
    NetPing request = {.to = NET_IP4(10, 0, nic, 2),
                       .id = 1,
                       .sequence = 1,
                       .payload = "0123456789",
                       .payload_bytes = 10,
                       .timeout_ns = PING_NS,
                       .done = echo_done,
                       .user = &outcome};
    g_assert_cmpint(net_stack_ping(m->peers[nic], &request, m->now), ==, 0);
    HvTime end = m->now + PING_NS;
    while (outcome != NET_ECHO_REPLY && m->now <= end && !machine_is_over(m))
        machine_run(m, m->now + MACHINE_MS);
    return outcome == NET_ECHO_REPLY;
}

void machine_control(Machine *m, const char *line)
{
    g_assert_true(hv_virtio_console_input(m->bus.slots[HV_SLOT_CONTROL], line, strlen(line)));
}

void machine_type(Machine *m, const char *text)
{
    g_assert_true(hv_virtio_console_input(m->bus.slots[HV_SLOT_CONSOLE], text, strlen(text)));
}

/* ---- Creation ------------------------------------------------------------ */

static void load(Machine *m, const MachineConfig *config)
{
    g_autofree char *path = g_strdup_printf("%s/%s.elf", g_getenv("GUEST_DIR"), config->args[0]);
    g_autofree char *image = NULL;
    g_autoptr(GError) error = NULL;
    size_t size;
    g_file_get_contents(path, &image, &size, &error);
    g_assert_no_error(error);
    m->elf = hv_elf_parse(image, size, &error);
    g_assert_no_error(error);

    HvBootNic nics[HV_MAX_NICS_PER_VM] = {0};
    for (unsigned i = 0; i < m->nic_count; i++)
        nics[i] = (HvBootNic){.mac = {2, 0, 0, 0, 0, (uint8_t)i},
                              .mtu = 1500,
                              .address = config->dhcp ? 0 : NET_IP4(10, 0, i, 2),
                              .prefix = config->dhcp ? 0 : 24,
                              .dhcp = config->dhcp};
    const HvBootHost hosts[] = {{"peer", NET_IP4(10, 0, 0, 1)}, {"nobody", NET_IP4(10, 0, 0, 9)}};
    HvLoaderConfig loader = {.vm = 3,
                             .vcpu_count = m->vcpu_count,
                             .seed = 42,
                             .args = config->args,
                             .nics = nics,
                             .nic_count = m->nic_count,
                             .hosts = hosts,
                             .host_count = G_N_ELEMENTS(hosts)};
    hv_loader_load(m->memory, m->elf, image, &loader, &error);
    g_assert_no_error(error);
}

static void add_devices(Machine *m)
{
    hv_bus_init(&m->bus, &device_client, m);
    hv_bus_add(&m->bus, hv_platform_new(m->memory, &device_client, &platform_client, m));
    for (unsigned slot = HV_SLOT_CONSOLE; slot <= HV_SLOT_CONTROL; slot++)
        hv_bus_add(&m->bus, hv_virtio_console_new((uint8_t)slot, m->memory, &device_client, m));
    for (unsigned i = 0; i < m->nic_count; i++) {
        uint8_t mac[6] = {2, 0, 0, 0, 0, (uint8_t)i};
        hv_bus_add(&m->bus, hv_virtio_net_new((uint8_t)(HV_SLOT_NIC0 + i), m->memory, mac, 1500,
                                              &device_client, m));
        add_peer(m, i);
    }
}

static void add_vcpus(Machine *m)
{
    const HvCpuClient client = {on_access, m};
    g_autoptr(GError) error = NULL;
    m->cpus = m->backend->machine_new(m->memory, MACHINE_CLOCK_HZ, &error);
    g_assert_no_error(error);
    for (unsigned i = 0; i < m->vcpu_count; i++) {
        MachineVcpu *vcpu = &m->vcpus[i];
        HvCpuRegs regs;
        vcpu->deadline = HV_TIME_NEVER;
        vcpu->cpu = m->backend->cpu_new(m->cpus, i, &client, &error);
        g_assert_no_error(error);
        hv_loader_regs(m->elf, i, &regs);
        hv_cpu_set_regs(vcpu->cpu, &regs);
    }
}

Machine *machine_new(const HvCpuBackend *backend, const MachineConfig *config)
{
    Machine *m = g_new0(Machine, 1);
    g_autoptr(GError) error = NULL;
    m->backend = backend;
    m->vcpu_count = MAX(config->vcpu_count, 1);
    m->nic_count = config->nic_count;
    m->console = g_string_new(NULL);
    m->control = g_string_new(NULL);
    m->touched = g_array_new(FALSE, FALSE, sizeof(HvPageNo));
    m->marks = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    g_queue_init(&m->wire);
    m->pool = hv_pool_new(POOL_PAGES, &error);
    g_assert_no_error(error);
    uint64_t bytes = config->memory_bytes ? config->memory_bytes : HV_MIN_VM_BYTES;
    m->memory = hv_memory_new(m->pool, bytes, &error);
    g_assert_no_error(error);
    hv_memory_set_fault(m->memory, device_touched, m);
    load(m, config);
    add_devices(m);
    add_vcpus(m);
    return m;
}

void machine_free(Machine *m)
{
    for (unsigned i = 0; i < m->vcpu_count; i++)
        m->backend->cpu_free(m->vcpus[i].cpu);
    m->backend->machine_free(m->cpus);
    hv_bus_clear(&m->bus);
    for (unsigned i = 0; i < m->nic_count; i++) {
        g_free(m->peers[i]->user);
        g_free(m->peers[i]);
    }
    g_queue_clear_full(&m->wire, g_free);
    hv_memory_free(m->memory);
    hv_pool_free(m->pool);
    hv_elf_free(m->elf);
    g_string_free(m->console, TRUE);
    g_string_free(m->control, TRUE);
    g_array_free(m->touched, TRUE);
    g_array_free(m->marks, TRUE);
    g_free(m);
}

/* ---- Running ------------------------------------------------------------- */

bool machine_is_over(const Machine *m)
{
    return m->powered_off || m->crashed || m->shut_down || m->error != HV_CPU_ERROR_NONE;
}

static void fire_timers(Machine *m)
{
    for (unsigned i = 0; i < m->vcpu_count; i++) {
        if (m->vcpus[i].deadline <= m->now) {
            m->vcpus[i].deadline = HV_TIME_NEVER;
            raise_vector(m, i, HV_VECTOR_TIMER);
        }
    }
}

/* The next time at which something happens by itself. */
static HvTime next_event(Machine *m)
{
    HvTime next = HV_TIME_NEVER;
    const Frame *frame = g_queue_peek_head(&m->wire);
    if (frame)
        next = frame->arrival;
    for (unsigned i = 0; i < m->nic_count; i++)
        next = MIN(next, net_stack_deadline(m->peers[i]));
    for (unsigned i = 0; i < m->vcpu_count; i++)
        next = MIN(next, m->vcpus[i].deadline);
    return next;
}

/* Offers the highest pending vector; true: all are taken. */
static bool offer_interrupts(MachineVcpu *vcpu)
{
    while (vcpu->pending) {
        unsigned vector = 63 - (unsigned)__builtin_clzll(vcpu->pending);
        if (!hv_cpu_interrupt(vcpu->cpu, (uint8_t)vector))
            return false;
        vcpu->halted = false;
        vcpu->pending &= ~(UINT64_C(1) << vector);
    }
    return true;
}

static void step(Machine *m, HvTime limit)
{
    MachineVcpu *vcpu = &m->vcpus[m->running];
    HvCpuRun run = {.budget_ns = limit - m->now};
    if (!vcpu->asking)
        run.want_window = !offer_interrupts(vcpu);
    HvCpuExit exit = hv_cpu_run(vcpu->cpu, &run);
    m->now += run.used_ns;
    m->instructions += run.instructions;
    if (exit == HV_CPU_HALT) {
        HvCpuRegs regs;
        hv_cpu_get_regs(vcpu->cpu, &regs);
        vcpu->halted = true;
        vcpu->done = !(regs.rflags & 0x200);
    }
    m->shut_down |= exit == HV_CPU_SHUTDOWN;
    if (exit == HV_CPU_ERROR)
        m->error = run.error;
}

static bool runnable(const MachineVcpu *vcpu)
{
    return !vcpu->done && (!vcpu->halted || vcpu->pending);
}

static void next_turn(Machine *m)
{
    m->running = (m->running + 1) % m->vcpu_count;
    m->turn_ends = m->now + TURN_NS;
}

void machine_run(Machine *m, HvTime until)
{
    while (m->now < until && !machine_is_over(m)) {
        pass_frames(m);
        fire_timers(m);
        HvTime limit = MIN(until, MAX(next_event(m), m->now + 1));
        if (m->now >= m->turn_ends)
            next_turn(m);
        for (unsigned i = 0; i < m->vcpu_count && !runnable(&m->vcpus[m->running]); i++)
            next_turn(m);
        if (runnable(&m->vcpus[m->running]))
            step(m, MIN(limit, MAX(m->turn_ends, m->now + 1)));
        else
            m->now = limit;
    }
}

bool machine_run_until(Machine *m, bool (*condition)(const Machine *m))
{
    HvTime end = m->now + PATIENCE_NS;
    while (!condition(m) && m->now < end && !machine_is_over(m))
        machine_run(m, m->now + MACHINE_MS);
    return condition(m);
}
