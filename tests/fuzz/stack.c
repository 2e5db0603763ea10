/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stack.c: fuzzes the small IP stack with a script of frames, times and calls.
 *
 * The input is a list of records: a byte that says what to do, a byte of length,
 * then so many bytes. Frames get their checksums mended in three of four cases,
 * as random ones would hardly get past them. TCP listens on port 7 and sends back what
 * comes; NIC 1 may ask for its address by DHCP, and a record may be an answer to that
 * (frames of the script are too short for one); names are looked up. Whatever happens, the
 * stack sends well-formed frames with right checksums, tells every ping, name and
 * probe its outcome once, and stays inside its tables.
 */
#include <glib.h>
#include <string.h>

#include "netsim/proto/dhcp.h"
#include "netsim/proto/dissect.h"
#include "netsim/proto/headers.h"
#include "netsim/proto/stack.h"
#include "netsim/proto/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CONNECTIONS  4
#define BUFFER_BYTES 600

typedef struct {
    NetStack stack;
    NetTcpConnection connections[CONNECTIONS];
    uint8_t buffers[CONNECTIONS][2][BUFFER_BYTES];
    NetTcpId last; /* that was connected */
    NetTime now;
    unsigned pings, outcomes;
    unsigned names, answers, probes, probed;
    unsigned nested; /* pings sent from callbacks: bounded, so that scripts end */
} Fuzz;

static void on_send(void *user, unsigned nic, const uint8_t *bytes, size_t length)
{
    Fuzz *f = user;
    NetDissection d;

    g_assert(nic < f->stack.nic_count && length <= f->stack.nics[nic].mtu + NET_ETHERNET_BYTES);
    net_dissect(bytes, length, &d);
    g_assert(!d.malformed && !d.bad_checksum);
}

static void on_probe(void *user, NetProbeKind kind, uint64_t nonce, NetIp4 from)
{
}

static void ping(Fuzz *f, NetIp4 to, uint8_t id, NetTime timeout_ns);

static void on_echo(void *user, const NetEchoResult *result)
{
    Fuzz *f = user;

    f->outcomes++;
    if (f->nested < 20) {
        f->nested++;
        ping(f, result->to, (uint8_t)result->id, result->rtt_ns);
    }
}

static void ping(Fuzz *f, NetIp4 to, uint8_t id, NetTime timeout_ns)
{
    NetPing request = {.to = to, .id = id, .timeout_ns = timeout_ns, .done = on_echo, .user = f};

    if (net_stack_ping(&f->stack, &request, f->now) == NET_STACK_OK)
        f->pings++;
}

static void on_datagram(void *user, const NetDatagram *d)
{
    Fuzz *f = user;

    net_stack_udp_send(&f->stack, d->to_port, d->from, d->from_port, d->bytes, d->length, d->now);
}

static void on_refused(void *user, NetIp4 to, uint16_t to_port, const NetRefusal *refusal)
{
}

static void on_name(void *user, const NetNameResult *result, NetTime now)
{
    Fuzz *f = user;

    f->answers++;
    g_assert(result->count <= NET_NAME_MAX_ADDRESSES && strlen(result->canonical) < 256);
}

static void on_probed(void *user, const NetProbeResult *result)
{
    Fuzz *f = user;

    f->probed++;
}

/* Sends back what comes, and closes when the peer has. */
static void on_tcp(void *user, NetTcpId id, NetTcpEvent event, NetTime now)
{
    Fuzz *f = user;
    uint8_t bytes[200];
    int count = 0;

    g_assert(net_stack_tcp_look(&f->stack, id) != NULL);
    if (event == NET_TCP_READABLE) {
        while ((count = net_stack_tcp_receive(&f->stack, id, bytes, sizeof bytes, now)) > 0)
            net_stack_tcp_send(&f->stack, id, bytes, (size_t)count, now);
    }
    if (event == NET_TCP_ENDED || count == NET_STACK_END)
        net_stack_tcp_close(&f->stack, id, now);
}

static const NetStackOps stack_ops = {.send = on_send, .probe_seen = on_probe};
static const NetUdpOps udp_ops = {.receive = on_datagram, .unreachable = on_refused};

/* Makes the checksums right where the headers are whole. */
static void mend(uint8_t *frame, size_t length)
{
    NetEthernet ethernet;
    NetIpv4 ip;
    size_t at = net_ethernet_parse(frame, length, &ethernet);

    if (at == 0 || ethernet.type != NET_TYPE_IPV4 ||
        net_ipv4_parse(frame + at, length - at, &ip) != NET_IPV4_BYTES)
        return;
    net_ipv4_seal(frame + at);
    at += NET_IPV4_BYTES;
    size_t payload = ip.total_bytes - NET_IPV4_BYTES;
    if (ip.protocol == NET_PROTOCOL_ICMP && payload >= NET_ICMP_BYTES)
        net_icmp_seal(frame + at, payload);
    if (ip.protocol == NET_PROTOCOL_TCP && payload >= NET_TCP_BYTES)
        net_tcp_seal(frame + at, (uint16_t)payload, ip.source, ip.destination);
    if (ip.protocol == NET_PROTOCOL_UDP && payload >= NET_UDP_BYTES)
        net_udp_seal(frame + at, (uint16_t)payload, ip.source, ip.destination);
}

#define ANSWER_BYTES 6

/* A DHCP server's message for NIC 1: its type, the address's last byte, bits of the mask,
 * seconds of the lease (2 bytes), and whether its transaction is another. */
static void dhcp_answer(Fuzz *f, const uint8_t bytes[ANSWER_BYTES])
{
    uint8_t frame[NET_ETHERNET_BYTES + NET_IPV4_BYTES + NET_UDP_BYTES + NET_DHCP_MAX_BYTES];
    uint8_t *ip_at = frame + NET_ETHERNET_BYTES, *udp_at = ip_at + NET_IPV4_BYTES;
    const NetDhcp message = {
        .operation = NET_DHCP_BOOTREPLY,
        .xid = f->stack.dhcp[1].xid + bytes[5],
        .yours = bytes[1] != 0 ? NET_IP4(10, 0, 1, bytes[1]) : 0,
        .mac = f->stack.nics[1].mac,
        .type = bytes[0],
        .server = NET_IP4(10, 0, 1, 1),
        .mask = net_ip4_mask(bytes[2] % 33),
        .router = NET_IP4(10, 0, 1, 1),
        .lease_s = net_get_16(bytes + 3),
    };
    size_t length = NET_UDP_BYTES + net_dhcp_write(udp_at + NET_UDP_BYTES, &message);
    const NetUdp udp = {NET_DHCP_SERVER_PORT, NET_DHCP_CLIENT_PORT, (uint16_t)length, 0};
    const NetIpv4 ip = {.header_bytes = NET_IPV4_BYTES,
                        .total_bytes = (uint16_t)(NET_IPV4_BYTES + length),
                        .ttl = 64,
                        .protocol = NET_PROTOCOL_UDP,
                        .source = message.server,
                        .destination = NET_IP4_BROADCAST};
    const NetEthernet ethernet = {.destination = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
                                  .source = {{2, 0, 0, 0, 0, 0x77}},
                                  .type = NET_TYPE_IPV4};

    net_ethernet_write(frame, &ethernet);
    net_ipv4_write(ip_at, &ip);
    net_ipv4_seal(ip_at);
    net_udp_write(udp_at, &udp);
    net_udp_seal(udp_at, (uint16_t)length, ip.source, ip.destination);
    net_stack_input(&f->stack, 1, frame, NET_ETHERNET_BYTES + ip.total_bytes, f->now);
}

static void do_call(Fuzz *f, unsigned what, uint32_t number, const uint8_t *bytes, size_t length)
{
    NetTcpProbe probe = {number, 7, 1, length * NET_NS_PER_MS, on_probed, f};
    uint8_t back[50];
    char name[32];

    switch (what) {
    case 8:
        if (net_stack_tcp_connect(&f->stack, number, 7, on_tcp, f, f->now, &f->last) == 0)
            g_assert(net_stack_tcp_look(&f->stack, f->last) != NULL);
        break;
    case 9: net_stack_tcp_send(&f->stack, f->last, bytes, length, f->now); break;
    case 10: net_stack_tcp_receive(&f->stack, f->last, back, sizeof back, f->now); break;
    case 11: net_stack_tcp_shutdown(&f->stack, f->last, f->now); break;
    case 12: net_stack_tcp_abort(&f->stack, f->last, f->now); break;
    case 13: net_stack_expect_probe(&f->stack, 7, 1, f->now + number); break;
    case 14: f->probes += net_stack_probe_tcp(&f->stack, &probe, f->now) == 0; break;
    case 15:
        g_strlcpy(name, "a.lab", sizeof name);
        if (length == ANSWER_BYTES)
            dhcp_answer(f, bytes);
        else if (length % 2 == 0)
            net_stack_dhcp_start(&f->stack, 1, f->now);
        else
            f->names += net_stack_resolve(&f->stack, name, on_name, f, f->now) == 0;
        break;
    }
}

static void do_record(Fuzz *f, uint8_t what, const uint8_t *bytes, size_t length)
{
    g_autofree uint8_t *copy = g_memdup2(bytes, length); /* of its very size, for ASan */
    uint32_t number = length >= 4 ? net_get_32(bytes) : (uint32_t)length;

    switch (what % 16) {
    case 0:
    case 1:
    case 2:
    case 3:
        if (what % 4 != 3)
            mend(copy, length);
        net_stack_input(&f->stack, what >> 7, copy, length, f->now);
        break;
    case 4: f->now += number; break;
    case 5: ping(f, number, what, (NetTime)length * NET_NS_PER_MS); break;
    case 6: net_stack_udp_send(&f->stack, what, number, 9, copy, length, f->now); break;
    case 7:
        if (net_stack_deadline(&f->stack) != NET_TIME_NEVER)
            f->now = MAX(f->now, net_stack_deadline(&f->stack));
        break;
    default: do_call(f, what % 16, number, copy, length); break;
    }
    net_stack_advance(&f->stack, f->now);
}

/* Whoever has a lease has its address, and nobody else. */
static void check_dhcp(const Fuzz *f)
{
    const NetDhcpClient *client = &f->stack.dhcp[1];

    g_assert((client->state >= NET_DHCP_BOUND) == (client->address != 0));
    g_assert(client->address == 0 || f->stack.nics[1].address == client->address);
}

/* Buffers, windows and out-of-order ranges stay within bounds, timers in the heap. */
static void check_tcp(Fuzz *f)
{
    unsigned in_use = 0, timers = 0;

    for (unsigned i = 0; i < CONNECTIONS; i++) {
        const NetTcpConnection *c = &f->connections[i];
        if (!c->in_use)
            continue;
        in_use++;
        timers += c->heap_place != 0;
        g_assert(c->send_queued <= c->send_size && c->receive_waiting <= c->receive_size);
        g_assert((int32_t)(c->send_most - c->send_next) >= 0);
        g_assert((int32_t)(c->send_next - c->send_unacked) >= 0);
        g_assert(c->range_count <= NET_TCP_MAX_RANGES);
        for (unsigned k = 0; k < c->range_count; k++) {
            uint32_t begin = k > 0 ? c->ranges[k - 1].end : c->receive_next;
            g_assert((int32_t)(c->ranges[k].begin - begin) > 0);
            g_assert((int32_t)(c->ranges[k].end - c->ranges[k].begin) > 0);
            g_assert(c->ranges[k].end - c->receive_next <= c->receive_size - c->receive_waiting);
        }
    }
    g_assert(in_use == f->stack.tcp.in_use && timers == f->stack.tcp.heap_count);
}

static void check(Fuzz *f)
{
    size_t held = 0;
    unsigned in_use = 0;

    g_assert(f->stack.held_count <= NET_STACK_MAX_HELD);
    for (unsigned i = 0; i < f->stack.held_count; i++)
        held += f->stack.held[i].length;
    g_assert(held == f->stack.held_used && held <= NET_STACK_HELD_BYTES);
    for (unsigned i = 0; i < NET_STACK_MAX_ECHOES; i++)
        in_use += f->stack.echoes[i].in_use;
    g_assert(f->pings == f->outcomes + in_use);
    in_use = 0;
    for (unsigned i = 0; i < NET_STACK_MAX_RESOLVING; i++)
        in_use += f->stack.resolving[i].in_use;
    g_assert(f->names == f->answers + in_use);
    in_use = 0;
    for (unsigned i = 0; i < NET_STACK_MAX_TCP_PROBES; i++)
        in_use += f->stack.probes.probing[i].in_use;
    g_assert(f->probes == f->probed + in_use);
    check_tcp(f);
    check_dhcp(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Fuzz f;
    NetStackNic nics[2] = {
        {.mac = {{2, 0, 0, 0, 0, 1}}, .address = NET_IP4(10, 0, 0, 1), .prefix = 24},
        {.mac = {{2, 0, 0, 0, 0, 2}},
         .address = NET_IP4(10, 0, 1, 1),
         .prefix = 30,
         .gateway = NET_IP4(10, 0, 1, 2),
         .mtu = 300},
    };

    f = (Fuzz){0};
    net_stack_init(&f.stack, &stack_ops, &f, 1);
    net_stack_tcp_init(&f.stack, &(NetTcpMemory){f.connections, CONNECTIONS, f.buffers[0][0],
                                                 BUFFER_BYTES, BUFFER_BYTES});
    net_stack_tcp_listen(&f.stack, 7, on_tcp, &f);
    f.stack.name_server = NET_IP4(10, 0, 0, 2);
    for (unsigned i = 0; i < 2; i++)
        net_stack_add_nic(&f.stack, &nics[i]);
    net_stack_udp_bind(&f.stack, 7, &udp_ops, &f);
    while (size >= 2) {
        size_t length = MIN(data[1], size - 2);
        do_record(&f, data[0], data + 2, length);
        data += 2 + length;
        size -= 2 + length;
        check(&f);
    }
    return 0;
}
