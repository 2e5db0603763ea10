/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net.c: when the IP stack (netsim/proto/stack.h) runs, and the network calls
 * of hvlab.h.
 *
 * The stack runs in two places that must not meet: in the upcall, which
 * interrupts the program like a signal handler, and in the program's own calls.
 * Those lie between stack_lock() and stack_unlock(); an upcall that finds the
 * stack locked leaves its work in `deferred`, and stack_unlock() does it.
 */
#include "hv-core/guest/user/user.h"

#define NET_HEADER_BYTES   12 /* virtio_net_hdr before each frame received */
#define FRAME_EXTRA_BYTES  18 /* Ethernet header with a VLAN tag */
#define RX_BUFFERS         16
#define CONTROL_BYTES      256
#define CONTROL_BUFFERS    4
#define UPCALL_STACK_BYTES 8192
#define PING_ID            0x7069 /* "pi" */
#define PING_DATA_BYTES    56

typedef struct {
    uint8_t *base;
    uint32_t stride;
} Receiver;

static NetStack stack;
static Receiver receivers[HV_SLOT_NIC0 + HV_BOOT_MAX_NICS];
static uint8_t upcall_stack[UPCALL_STACK_BYTES] __attribute__((aligned(16)));

static volatile bool locked;
static volatile uint32_t deferred; /* what upcalls have left to stack_unlock() */
static volatile uint32_t events;   /* upcalls so far; changes wake a wait() */
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
        if (slot == HV_SLOT_CONTROL)
            control_input((const char *)bytes, length, now_ns());
        else if (length > NET_HEADER_BYTES)
            net_stack_input(&stack, slot - HV_SLOT_NIC0, bytes + NET_HEADER_BYTES,
                            length - NET_HEADER_BYTES, now_ns());
    }
}

static NetTime earliest(void)
{
    NetTime a = net_stack_deadline(&stack), b = control_deadline();
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
    if (net_stack_deadline(&stack) <= now)
        net_stack_advance(&stack, now);
    if (control_deadline() <= now)
        control_advance(now);
}

/* Does what an upcall was made for. */
static void handle(uint32_t pending)
{
    if (pending & UPCALL_ALARM)
        alarm_told = NET_TIME_NEVER;
    for (unsigned slot = HV_SLOT_CONTROL; slot < HV_SLOT_NIC0 + boot_info()->nic_count; slot++) {
        if (pending & 1u << slot)
            receive_all(slot);
    }
    do_what_is_due();
    tell_alarm();
}

static void upcall(uint32_t pending)
{
    /* A program that has ended will not unlock. */
    if (locked && !(pending & UPCALL_ENDED))
        deferred |= pending;
    else
        handle(pending);
    events++;
    syscall1(SYS_UPCALL_RETURN, 0);
}

static void stack_lock(void)
{
    locked = true;
}

static void stack_unlock(void)
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

static void open_receiver(unsigned slot, uint8_t *base, uint32_t stride, unsigned count)
{
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
    uint64_t room = (uint64_t)(heap_end() - heap_begin()) / 4;
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
    net_stack_init(&stack, &stack_ops, NULL, boot->seed);
    control_start(&stack);
    syscall3(SYS_UPCALL, (uint64_t)upcall, (uint64_t)(upcall_stack + sizeof upcall_stack), 0);
    stack_lock();
    for (unsigned i = 0; i < boot->nic_count; i++) {
        const HvBootNic *nic = &boot->nics[i];
        NetStackNic config = {.address = nic->address,
                              .prefix = nic->prefix,
                              .gateway = nic->gateway,
                              .mtu = nic->mtu};
        memcpy(config.mac.byte, nic->mac, sizeof nic->mac);
        net_stack_add_nic(&stack, &config);
        open_receiver(HV_SLOT_NIC0 + i, next, frame_stride(nic), count);
        next += (uint64_t)frame_stride(nic) * count;
    }
    open_receiver(HV_SLOT_CONTROL, control_buffers[0], CONTROL_BYTES, CONTROL_BUFFERS);
    stack_unlock();
}

/* ---- Names --------------------------------------------------------------- */

static bool parse_address(const char *text, uint32_t *ret_address)
{
    uint32_t address = 0;
    for (unsigned i = 0; i < 4; i++) {
        const char *end;
        uint64_t byte = parse_number(text, &end);
        if (end == text || byte > 255 || *end != (i < 3 ? '.' : '\0'))
            return false;
        address = address << 8 | (uint32_t)byte;
        text = end + 1;
    }
    *ret_address = address;
    return true;
}

bool resolve(const char *name, uint32_t *ret_address)
{
    const HvBootInfo *boot = boot_info();
    if (parse_address(name, ret_address))
        return true;
    for (unsigned i = 0; i < boot->host_count; i++) {
        if (strncmp(name, boot->hosts[i].name, sizeof boot->hosts[i].name) == 0) {
            *ret_address = boot->hosts[i].address;
            return true;
        }
    }
    return false;
}

char *address_text(uint32_t address, char buffer[ADDRESS_TEXT_BYTES])
{
    snprintf(buffer, ADDRESS_TEXT_BYTES, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
             address >> 8 & 255, address & 255);
    return buffer;
}

/* ---- Ping ---------------------------------------------------------------- */

typedef struct {
    volatile bool done;
    PingResult result;
} PingWait;

static void ping_done(void *user, const NetEchoResult *echo)
{
    PingWait *waiting = user;
    static const PingOutcome outcomes[] = {
        [NET_ECHO_REPLY] = PING_REPLY,
        [NET_ECHO_TIMEOUT] = PING_TIMEOUT,
        [NET_ECHO_UNREACHABLE] = PING_UNREACHABLE,
        [NET_ECHO_TIME_EXCEEDED] = PING_UNREACHABLE,
    };
    waiting->result = (PingResult){outcomes[echo->outcome], echo->from, echo->ttl, echo->rtt_ns};
    waiting->done = true;
}

PingResult ping(uint32_t address, uint16_t sequence, uint64_t timeout_ns)
{
    /* Outlives the call, should the program leave it another way. */
    static PingWait waiting;
    uint8_t data[PING_DATA_BYTES];
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)i;
    waiting.done = false;
    NetPing request = {.to = address,
                       .id = PING_ID,
                       .sequence = sequence,
                       .payload = data,
                       .payload_bytes = sizeof data,
                       .timeout_ns = timeout_ns,
                       .done = ping_done,
                       .user = &waiting};
    stack_lock();
    int error = net_stack_ping(&stack, &request, now_ns());
    stack_unlock();
    if (error)
        return (PingResult){.outcome = PING_NO_ROUTE};
    for (;;) {
        uint32_t seen = events;
        if (waiting.done)
            return waiting.result;
        wait(&events, seen, FOREVER);
    }
}

/* ---- UDP ----------------------------------------------------------------- */

#define SOCKET_BYTES 16384u /* of datagrams that wait to be received */

typedef struct {
    uint16_t port;       /* 0: not open */
    uint32_t head, tail; /* bytes ever written and read; the ring holds the difference */
    uint8_t ring[SOCKET_BYTES];
} Socket;

typedef struct {
    uint32_t from;
    uint16_t port;
    uint16_t length;
} Record; /* before each datagram in the ring */

static Socket sockets[UDP_MAX_SOCKETS];

static void ring_write(Socket *s, const void *bytes, size_t length)
{
    for (const uint8_t *from = bytes; length > 0;) {
        size_t at = s->head % SOCKET_BYTES;
        size_t part = length < SOCKET_BYTES - at ? length : SOCKET_BYTES - at;
        memcpy(s->ring + at, from, part);
        s->head += (uint32_t)part;
        from += part;
        length -= part;
    }
}

static void ring_read(Socket *s, void *bytes, size_t length)
{
    for (uint8_t *to = bytes; length > 0;) {
        size_t at = s->tail % SOCKET_BYTES;
        size_t part = length < SOCKET_BYTES - at ? length : SOCKET_BYTES - at;
        memcpy(to, s->ring + at, part);
        s->tail += (uint32_t)part;
        to += part;
        length -= part;
    }
}

/* Datagrams that do not fit are lost, as they may be in UDP. */
static void datagram_arrived(void *user, const NetDatagram *datagram)
{
    Socket *s = user;
    Record record = {datagram->from, datagram->from_port, (uint16_t)datagram->length};
    if (sizeof record + datagram->length > SOCKET_BYTES - (s->head - s->tail))
        return;
    ring_write(s, &record, sizeof record);
    ring_write(s, datagram->bytes, datagram->length);
}

static const NetUdpOps udp_ops = {.receive = datagram_arrived};

static bool is_open(int socket)
{
    return socket >= 0 && socket < UDP_MAX_SOCKETS && sockets[socket].port != 0;
}

int udp_open(uint16_t port)
{
    int socket = 0;
    while (socket < UDP_MAX_SOCKETS && sockets[socket].port != 0)
        socket++;
    if (socket == UDP_MAX_SOCKETS)
        return -1;
    Socket *s = &sockets[socket];
    s->head = s->tail = 0;
    stack_lock();
    int bound = net_stack_udp_bind(&stack, port, &udp_ops, s);
    stack_unlock();
    if (bound <= 0)
        return -1;
    s->port = (uint16_t)bound;
    return socket;
}

void udp_close(int socket)
{
    if (!is_open(socket))
        return;
    stack_lock();
    net_stack_udp_close(&stack, sockets[socket].port);
    stack_unlock();
    sockets[socket].port = 0;
}

int udp_send(int socket, uint32_t to, uint16_t port, const void *bytes, size_t length)
{
    if (!is_open(socket))
        return -1;
    stack_lock();
    int error = net_stack_udp_send(&stack, sockets[socket].port, to, port, bytes, length, now_ns());
    stack_unlock();
    return error;
}

static int take_datagram(Socket *s, void *buffer, size_t size, uint32_t *ret_from,
                         uint16_t *ret_port)
{
    Record record;
    stack_lock();
    ring_read(s, &record, sizeof record);
    size_t take = record.length < size ? record.length : size;
    ring_read(s, buffer, take);
    s->tail += (uint32_t)(record.length - take);
    stack_unlock();
    *ret_from = record.from;
    *ret_port = record.port;
    return (int)take;
}

int udp_receive(int socket, void *buffer, size_t size, uint32_t *ret_from, uint16_t *ret_port,
                uint64_t timeout_ns)
{
    if (!is_open(socket))
        return -1;
    volatile Socket *s = &sockets[socket];
    uint64_t deadline = FOREVER;
    if (timeout_ns != FOREVER)
        deadline = now_ns() + timeout_ns;
    for (bool last = false;;) {
        uint32_t seen = events;
        if (s->head != s->tail)
            return take_datagram((Socket *)s, buffer, size, ret_from, ret_port);
        if (last)
            return -1;
        wait(&events, seen, deadline);
        last = deadline != FOREVER && now_ns() >= deadline;
    }
}
