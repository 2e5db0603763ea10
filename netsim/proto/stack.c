/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stack.c: the owner's side of the stack: start, input, time.
 *
 * A frame comes in by net_stack_input() and goes up: net_arp_input(), or
 * net_ip_input() and from there to ICMP, UDP or TCP. Each answers what it must by
 * building a packet in stack->out and sending it down: net_ip_send() finds the
 * route, net_arp_send() the MAC address.
 */
#include "netsim/proto/stack-private.h"
#include "netsim/proto/wire.h"

void net_stack_init(NetStack *stack, const NetStackOps *ops, void *user, uint64_t seed)
{
    __builtin_memset(stack, 0, offsetof(NetStack, reassembly_bytes));
    stack->ops = ops;
    stack->user = user;
    stack->random = seed;
    stack->timer = NET_TIME_NEVER;
    stack->next_ip_id = (uint16_t)net_stack_random(stack);
    stack->next_port = (uint16_t)(NET_STACK_FIRST_PORT + net_stack_random(stack) % 4096);
}

/* SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number
 * generators", OOPSLA 2014. */
uint64_t net_stack_random(NetStack *stack)
{
    uint64_t z = stack->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

int net_stack_add_nic(NetStack *stack, const NetStackNic *nic)
{
    unsigned number = stack->nic_count;

    if (number == NET_STACK_MAX_NICS)
        return NET_STACK_NO_ROOM;
    if (nic->prefix > 32 || nic->mtu > NET_MAX_MTU || net_mac_is_group(nic->mac))
        return NET_STACK_BAD;
    stack->nics[number] = *nic;
    if (nic->mtu == 0)
        stack->nics[number].mtu = NET_DEFAULT_MTU;
    stack->nic_count++;
    net_ip_add_routes(stack, number);
    return (int)number;
}

int net_stack_replace_nic(NetStack *stack, unsigned number, const NetStackNic *nic, NetTime now)
{
    if (number >= stack->nic_count || nic->prefix > 32 || nic->mtu > NET_MAX_MTU ||
        net_mac_is_group(nic->mac))
        return NET_STACK_BAD;
    net_stack_set_address(stack, number, 0, 0, 0, now);
    stack->nics[number] = *nic;
    if (nic->mtu == 0)
        stack->nics[number].mtu = NET_DEFAULT_MTU;
    net_ip_add_routes(stack, number);
    return (int)number;
}

void net_stack_input(NetStack *stack, unsigned nic, const uint8_t *frame, size_t length,
                     NetTime now)
{
    NetEthernet ethernet;

    if (nic >= stack->nic_count)
        return;
    stack->counters.frames_in++;
    size_t header_bytes = net_ethernet_parse(frame, length, &ethernet);
    if (header_bytes == 0) {
        stack->counters.malformed++;
        return;
    }
    bool to_group = net_mac_is_group(ethernet.destination);
    /* Tagged frames belong to VLANs that this NIC is not part of. */
    if (ethernet.tag_count > 0 ||
        (!to_group && !net_mac_equal(ethernet.destination, stack->nics[nic].mac))) {
        stack->counters.not_for_us++;
        return;
    }
    if (ethernet.type == NET_TYPE_ARP)
        net_arp_input(stack, nic, frame + header_bytes, length - header_bytes, now);
    else if (ethernet.type == NET_TYPE_IPV4)
        net_ip_input(stack, nic, frame + header_bytes, length - header_bytes,
                     to_group ? NET_ARRIVED_BY_GROUP : NET_ARRIVED_DIRECTLY, now);
    else
        stack->counters.unknown_protocol++;
}

/* What waits for a time to come. */
static const struct {
    void (*advance)(NetStack *stack, NetTime now);
    NetTime (*deadline)(const NetStack *stack);
} parts[] = {
    {net_arp_advance, net_arp_deadline},           /* stack-arp.c */
    {net_echo_advance, net_echo_deadline},         /* stack-icmp.c */
    {net_tcp_advance, net_tcp_deadline},           /* stack-tcp-output.c */
    {net_probe_advance, net_probe_deadline},       /* stack-probe.c */
    {net_fragment_advance, net_fragment_deadline}, /* stack-fragment.c */
    {net_dhcp_advance, net_dhcp_deadline},         /* stack-dhcp.c */
    {net_dns_advance, net_dns_deadline},           /* stack-dns.c */
};

#define PART_COUNT (sizeof parts / sizeof parts[0])

void net_stack_advance(NetStack *stack, NetTime now)
{
    if (now < stack->timer)
        return;
    for (unsigned i = 0; i < PART_COUNT; i++)
        parts[i].advance(stack, now);
    stack->timer_stale = true;
}

NetTime net_stack_deadline(NetStack *stack)
{
    if (stack->timer_stale) {
        stack->timer = NET_TIME_NEVER;
        for (unsigned i = 0; i < PART_COUNT; i++)
            net_stack_timer(stack, parts[i].deadline(stack));
        stack->timer_stale = false;
    }
    return stack->timer;
}

static bool tcp_port_in_use(const NetStack *stack, uint16_t port)
{
    const NetTcpTable *tcp = &stack->tcp;

    for (unsigned i = 0; i < NET_TCP_MAX_LISTENERS; i++) {
        if (tcp->listeners[i].port == port)
            return true;
    }
    for (uint32_t i = 0; tcp->in_use > 0 && i < tcp->memory.count; i++) {
        if (tcp->memory.connections[i].state != NET_TCP_CLOSED &&
            tcp->memory.connections[i].local_port == port)
            return true;
    }
    return false;
}

bool net_stack_port_in_use(const NetStack *stack, uint8_t protocol, uint16_t port)
{
    bool in_use = protocol == NET_PROTOCOL_TCP && tcp_port_in_use(stack, port);

    for (unsigned i = 0; protocol == NET_PROTOCOL_UDP && i < NET_STACK_MAX_SOCKETS; i++)
        in_use |= stack->sockets[i].port == port;
    for (unsigned i = 0; protocol == NET_PROTOCOL_ICMP && i < NET_STACK_MAX_ECHOES; i++)
        in_use |= stack->echoes[i].in_use && stack->echoes[i].ping.id == port;
    return in_use;
}
