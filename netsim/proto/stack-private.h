/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stack-private.h: how the files of the stack call each other.
 *
 *   stack.c        the owner's functions, timers, ways through the tables
 *   stack-arp.c    cache, held packets, what goes onto the wire
 *   stack-ip.c     routes, IPv4 in and out
 *   stack-icmp.c   echo, errors in and out
 *   stack-fragment.c  packets in pieces, MTUs of paths
 *   stack-udp.c    sockets
 *   stack-tcp*.c   connections, see stack-tcp-private.h
 *   stack-probe.c  probes
 *   stack-dhcp.c   an address for a NIC
 *   stack-dns.c    addresses for names
 *
 * A packet is built in stack->out from the back to the front: whoever writes a
 * payload puts it at net_stack_payload(), ICMP and UDP put their header before
 * it, IP and Ethernet theirs. So nothing is copied twice.
 */
#pragma once

#include "netsim/proto/headers.h"
#include "netsim/proto/stack.h"

/* An IPv4 packet that came in, already judged. */
typedef struct {
    NetIpv4 ip;
    const uint8_t *packet;  /* from its IP header */
    const uint8_t *payload; /* after its IP header */
    size_t payload_bytes;
    NetTime now;
    uint8_t nic;
    bool to_group; /* broadcast or multicast, by address or by frame */
} NetPacket;

/* What an outgoing packet's IP header is to say. */
typedef struct {
    NetIp4 source; /* 0: the address of the NIC it leaves by */
    NetIp4 destination;
    uint8_t protocol;
    uint8_t ttl;
    bool dont_fragment;
    bool by_nic; /* a broadcast by this NIC, also from the address 0 */
    uint8_t nic;
} NetOutgoing;

/* Where the headers of the packet being built end: the frame's header, the IP
 * header, then a header of ICMP or UDP, which are 8 bytes long both. */
static inline uint8_t *net_stack_transport(NetStack *stack)
{
    return stack->out + NET_ETHERNET_BYTES + NET_IPV4_BYTES;
}

static inline uint8_t *net_stack_payload(NetStack *stack)
{
    return net_stack_transport(stack) + 8;
}

/* A deadline that may be the earliest now. */
static inline void net_stack_timer(NetStack *stack, NetTime deadline)
{
    if (deadline < stack->timer)
        stack->timer = deadline;
}

/* At least 1 ns from now, so that what is repeated from its callback lets time pass. */
static inline NetTime net_stack_later(NetTime now, NetTime after_ns)
{
    if (after_ns > NET_TIME_NEVER - now)
        return NET_TIME_NEVER;
    return now + (after_ns > 0 ? after_ns : 1);
}

/* stack.c */
uint64_t net_stack_random(NetStack *stack);

/* stack-arp.c */
void net_arp_input(NetStack *stack, unsigned nic, const uint8_t *bytes, size_t length, NetTime now);
/* Sends stack->out (length bytes, all but its Ethernet header written) to next_hop,
 * or holds it until the address is known. */
int net_arp_send(NetStack *stack, unsigned nic, NetIp4 next_hop, size_t length, NetTime now);
void net_stack_send_to(NetStack *stack, unsigned nic, NetMac destination, uint16_t type,
                       uint8_t *frame, size_t length);
int net_stack_hold(NetStack *stack, const NetHeld *held);
/* Asks whether somebody has an address already (RFC 5227 2.1.1). */
void net_arp_probe(NetStack *stack, unsigned nic, NetIp4 address);
/* A NIC has got another address: forgets its neighbours, and announces it. */
void net_arp_restart(NetStack *stack, unsigned nic, NetTime now);
/* Was an address asked for, and has nobody answered so far? */
bool net_arp_is_asking(const NetStack *stack, unsigned nic, NetIp4 address);
void net_arp_advance(NetStack *stack, NetTime now);
NetTime net_arp_deadline(const NetStack *stack);

/* stack-ip.c */
void net_ip_input(NetStack *stack, unsigned nic, const uint8_t *bytes, size_t length,
                  NetArrival arrival, NetTime now);
/* The most payload that fits behind the transport header of a packet to an
 * address; negative: no route. */
int net_ip_room(const NetStack *stack, NetIp4 to);
/* The longest packet on the way to an address, as far as we know, and the longest that
 * the NIC takes by which it leaves; no route: the least that every network carries. */
unsigned net_ip_mtu(const NetStack *stack, NetIp4 to);
unsigned net_ip_nic_mtu(const NetStack *stack, NetIp4 to);
/* Broadcast or multicast? */
bool net_ip_is_group(const NetStack *stack, NetIp4 address);
/* Sends what stack->out holds from net_stack_transport() on. Where a checksum
 * covers the source address, take that from net_stack_source() first. */
int net_ip_send(NetStack *stack, const NetOutgoing *outgoing, size_t transport_bytes, NetTime now);

/* The routes that come with a NIC's address: its network, and all else by its gateway. */
void net_ip_add_routes(NetStack *stack, unsigned nic);
/* Hands a whole packet for us to its protocol. */
void net_ip_deliver(NetStack *stack, const NetPacket *packet);

/* stack-fragment.c */
void net_fragment_input(NetStack *stack, const NetPacket *packet);
void net_fragment_advance(NetStack *stack, NetTime now);
NetTime net_fragment_deadline(const NetStack *stack);
/* A router on the way said that packets longer than mtu do not pass. */
void net_path_learn(NetStack *stack, NetIp4 to, uint16_t mtu, NetTime now);

/* stack-icmp.c */
void net_icmp_input(NetStack *stack, const NetPacket *packet);
/* Sends an error about a packet, if RFC 1122 3.2.2 allows one. */
void net_icmp_send_error(NetStack *stack, const NetPacket *packet, uint8_t type, uint8_t code);
/* A packet that we sent (from its IP header on, maybe cut off) came to nothing:
 * tells its sender. icmp is the error, or what one would have said. */
void net_stack_refused(NetStack *stack, const uint8_t *bytes, size_t length, NetIp4 from,
                       const NetIcmp *icmp, NetTime now);
void net_echo_advance(NetStack *stack, NetTime now);
NetTime net_echo_deadline(const NetStack *stack);

/* stack-udp.c */
/* Sends a datagram whose payload lies at net_stack_payload(). */
int net_udp_send(NetStack *stack, const NetOutgoing *outgoing, uint16_t from_port, uint16_t to_port,
                 size_t length, NetTime now);
void net_udp_input(NetStack *stack, const NetPacket *packet);
void net_udp_refused(NetStack *stack, uint16_t port, NetIp4 to, uint16_t to_port,
                     const NetRefusal *refusal);

/* stack-dhcp.c, stack-dns.c */
/* Somebody else's ARP came in by a NIC: is it about the address that DHCP gave us? */
void net_dhcp_hear_arp(NetStack *stack, unsigned nic, const NetArp *arp, NetTime now);
void net_dhcp_advance(NetStack *stack, NetTime now);
NetTime net_dhcp_deadline(const NetStack *stack);
void net_dns_advance(NetStack *stack, NetTime now);
NetTime net_dns_deadline(const NetStack *stack);

/* stack-tcp-input.c, stack-tcp-output.c */
void net_tcp_input(NetStack *stack, const NetPacket *packet);
void net_tcp_refused(NetStack *stack, const NetIpv4 *ip, const uint8_t *quote, NetIp4 from,
                     const NetIcmp *icmp, NetTime now);
void net_tcp_advance(NetStack *stack, NetTime now);
NetTime net_tcp_deadline(const NetStack *stack);

/* stack-probe.c */
void net_probe_advance(NetStack *stack, NetTime now);
NetTime net_probe_deadline(const NetStack *stack);
