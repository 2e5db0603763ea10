/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net.c: when the IP stack (netsim/proto/stack.h) runs.
 *
 * The stack runs in two places that must not meet: in the upcall, which
 * interrupts the program like a signal handler, and in the program's own calls
 * (ping.c, udp.c, tcp.c, name.c). Those lie between net_lock() and net_unlock(); an
 * upcall that finds the stack locked leaves its work in `deferred`, and net_unlock()
 * does it. A call that has to wait sleeps until the next upcall, and looks again.
 */
#include "hv-core/guest/user/user.h"

#define NET_HEADER_BYTES   12 /* virtio_net_hdr before each frame received */
#define FRAME_EXTRA_BYTES  18 /* Ethernet header with a VLAN tag */
#define RX_BUFFERS         16
#define CONTROL_BYTES      256
#define CONTROL_BUFFERS    4
#define UPCALL_STACK_BYTES 16384
#define READY_NS           (10 * NS_PER_SEC) /* how long a program waits for DHCP */

typedef struct {
    uint8_t *base;
    uint32_t stride;
} Receiver;

NetStack net_stack;
volatile uint32_t net_events; /* upcalls so far; changes wake a wait() */

static NetTcpConnection connections[TCP_MAX_SOCKETS];
static Receiver receivers[HV_SLOT_NIC0 + HV_BOOT_MAX_NICS];
static uint8_t upcall_stack[UPCALL_STACK_BYTES] __attribute__((aligned(16)));

static volatile bool locked;
static volatile uint32_t deferred; /* what upcalls have left to net_unlock() */
static bool has_upcall;
static NetTime alarm_told = NET_TIME_NEVER;

/* ---- The stack's work ---------------------------------------------------- */

static void send_frame(void *user, unsigned nic, const uint8_t *bytes, size_t length)
{
    syscall3(SYS_SEND, HV_SLOT_NIC0 + nic, (uint64_t)bytes, length);
}

static void probe_seen(void *user, NetProbeKind kind, uint64_t nonce, NetIp4 from)
{
    control_seen(kind, nonce, from);
}

static const NetStackOps stack_ops = {.send = send_frame, .probe_seen = probe_seen};

/* Time is asked for each frame: the answer to what one of them made us send may
 * already be the next. */
static void receive_all(unsigned slot)
{
    const Receiver *receiver = &receivers[slot];
    for (;;) {
        int64_t got = syscall1(SYS_RECEIVE, slot);
        if (got < 0)
            return;
        const uint8_t *bytes = receiver->base + (uint64_t)(got >> 32) * receiver->stride;
        uint32_t length = (uint32_t)got;
        if (slot == HV_SLOT_CONSOLE)
            console_input((const char *)bytes, length);
        else if (slot == HV_SLOT_CONTROL)
            control_input((const char *)bytes, length, now_ns());
        else if (length > NET_HEADER_BYTES)
            net_stack_input(&net_stack, slot - HV_SLOT_NIC0, bytes + NET_HEADER_BYTES,
                            length - NET_HEADER_BYTES, now_ns());
    }
}

static NetTime earliest(void)
{
    NetTime a = net_stack_deadline(&net_stack), b = control_deadline();
    return a < b ? a : b;
}

static void tell_alarm(void)
{
    NetTime deadline = earliest();
    if (deadline != alarm_told) {
        alarm_told = deadline;
        syscall1(SYS_ALARM, deadline);
    }
}

static void do_what_is_due(void)
{
    if (earliest() == NET_TIME_NEVER)
        return;
    NetTime now = now_ns();
    if (net_stack_deadline(&net_stack) <= now)
        net_stack_advance(&net_stack, now);
    if (control_deadline() <= now)
        control_advance(now);
}

/* Does what an upcall was made for. */
static void handle(uint32_t pending)
{
    if (pending & UPCALL_ALARM)
        alarm_told = NET_TIME_NEVER;
    for (unsigned slot = HV_SLOT_CONSOLE; slot < HV_SLOT_NIC0 + boot_info()->nic_count; slot++) {
        if (pending & 1u << slot)
            receive_all(slot);
    }
    do_what_is_due();
    tell_alarm();
}

static void upcall(uint32_t pending)
{
    bool ended = pending & UPCALL_ENDED;
    if (pending & 1u << HV_SLOT_BALLOON)
        balloon_adjust(ended);
    pending &= ~(1u << HV_SLOT_BALLOON);
    if ((pending & ~UPCALL_ENDED) == 0) {
        syscall1(SYS_UPCALL_RETURN, 0);
        return;
    }
    /* A program that has ended will not unlock. */
    if (locked && !(pending & UPCALL_ENDED))
        deferred |= pending;
    else
        handle(pending);
    net_events++;
    syscall1(SYS_UPCALL_RETURN, 0);
}

void net_lock(void)
{
    locked = true;
}

void net_unlock(void)
{
    tell_alarm();
    for (;;) {
        locked = false;
        if (deferred == 0)
            return;
        locked = true;
        handle(__atomic_exchange_n(&deferred, 0, __ATOMIC_SEQ_CST));
    }
}

/* ---- Start --------------------------------------------------------------- */

void net_want_upcalls(void)
{
    if (!has_upcall)
        syscall3(SYS_UPCALL, (uint64_t)upcall, (uint64_t)(upcall_stack + sizeof upcall_stack), 0);
    has_upcall = true;
}

void net_touch_upcall_stack(void)
{
    volatile uint8_t *top = upcall_stack + sizeof upcall_stack;
    top[-1] = 0;
    top[-4096] = 0;
}

void net_open_receiver(unsigned slot, uint8_t *base, uint32_t stride, unsigned count)
{
    net_want_upcalls();
    receivers[slot] = (Receiver){base, stride};
    syscall4(SYS_OPEN, slot, (uint64_t)base, stride, count);
}

static uint32_t frame_stride(const HvBootNic *nic)
{
    uint32_t mtu = nic->mtu ? nic->mtu : NET_DEFAULT_MTU;
    return (NET_HEADER_BYTES + FRAME_EXTRA_BYTES + mtu + 63) & ~63u;
}

/* As many buffers for each NIC as fit into a quarter of the heap, 16 at most. */
static unsigned buffers_per_nic(uint64_t *ret_bytes)
{
    const HvBootInfo *boot = boot_info();
    uint64_t room = (heap_top() - heap_base()) / 4;
    uint64_t strides = 0;
    for (unsigned i = 0; i < boot->nic_count; i++)
        strides += frame_stride(&boot->nics[i]);
    unsigned count = RX_BUFFERS;
    while (count > 1 && strides * count > room)
        count /= 2;
    *ret_bytes = strides * count;
    return count;
}

void net_start(void)
{
    const HvBootInfo *boot = boot_info();
    static uint8_t control_buffers[CONTROL_BUFFERS][CONTROL_BYTES];
    uint64_t bytes;
    unsigned count = buffers_per_nic(&bytes);
    uint8_t *next = heap_take(bytes);
    net_stack_init(&net_stack, &stack_ops, NULL, boot->seed);
    control_start(&net_stack);
    net_stack_tcp_init(&net_stack, &(NetTcpMemory){connections, TCP_MAX_SOCKETS});
    net_lock();
    for (unsigned i = 0; i < boot->nic_count; i++) {
        const HvBootNic *nic = &boot->nics[i];
        NetStackNic config = {.address = nic->address,
                              .prefix = nic->prefix,
                              .gateway = nic->gateway,
                              .mtu = nic->mtu};
        memcpy(config.mac.byte, nic->mac, sizeof nic->mac);
        net_stack_add_nic(&net_stack, &config);
        for (unsigned j = 0; j < HV_BOOT_NIC_ROUTES && nic->routes[j].gateway != 0; j++)
            net_stack_add_route(&net_stack, nic->routes[j].network, nic->routes[j].prefix,
                                nic->routes[j].gateway, i);
        net_open_receiver(HV_SLOT_NIC0 + i, next, frame_stride(nic), count);
        next += (uint64_t)frame_stride(nic) * count;
    }
    net_open_receiver(HV_SLOT_CONTROL, control_buffers[0], CONTROL_BYTES, CONTROL_BUFFERS);
    for (unsigned i = 0; i < boot->nic_count; i++) {
        if (boot->nics[i].dhcp)
            net_stack_dhcp_start(&net_stack, i, now_ns());
    }
    net_unlock();
}

/* ---- Waiting ------------------------------------------------------------- */

uint64_t net_deadline(uint64_t timeout_ns)
{
    if (timeout_ns == 0 || timeout_ns == FOREVER)
        return timeout_ns;
    return now_ns() + timeout_ns;
}

uint32_t network_events(void)
{
    return net_events;
}

void network_wait(uint32_t seen)
{
    wait(&net_events, seen, FOREVER);
}

bool net_wait(uint32_t seen, uint64_t deadline)
{
    if (deadline == 0)
        return false;
    wait(&net_events, seen, deadline);
    return net_events != seen || deadline == FOREVER || now_ns() < deadline;
}

static bool waits_for_address(void)
{
    for (unsigned i = 0; i < boot_info()->nic_count; i++) {
        if (boot_info()->nics[i].dhcp && net_stack.nics[i].address == 0)
            return true;
    }
    return false;
}

void net_ready(void)
{
    static bool waited;
    if (waited || !waits_for_address())
        return;
    waited = true;
    for (uint64_t deadline = net_deadline(READY_NS);;) {
        uint32_t seen = net_events;
        if (!waits_for_address() || !net_wait(seen, deadline))
            return;
    }
}

/* ---- Frames --------------------------------------------------------------- */

int frame_send(unsigned nic, const void *bytes, size_t length)
{
    if (nic >= nic_count() || length < FRAME_MIN_BYTES || length > FRAME_MAX_BYTES)
        return -1;
    net_lock();
    int64_t error = syscall3(SYS_SEND, HV_SLOT_NIC0 + nic, (uint64_t)bytes, length);
    net_unlock();
    return error < 0 ? -1 : 0;
}
