/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stack-fragment.c: packets longer than a network takes, in pieces and whole again
 * (RFC 791 3.2, RFC 1122 3.3.2 and 3.3.3).
 *
 * A datagram that comes in pieces is put together in one of a few slots: a bit for
 * each 8 bytes says which are there, for pieces come in any order. When the slots
 * are all taken, the one that has waited longest is given up. A piece that covers
 * part of another one is no accident but an attack (RFC 3128): its datagram goes.
 */
#include "netsim/proto/stack-private.h"

#define UNIT 8u /* fragment offsets are multiples of it */

/* --- in --- */

static NetReassembly *find_slot(NetStack *stack, const NetIpv4 *ip)
{
    NetReassembly *best = &stack->reassembly[0];

    for (unsigned i = 0; i < NET_STACK_MAX_REASSEMBLY; i++) {
        NetReassembly *slot = &stack->reassembly[i];
        if (slot->in_use && slot->source == ip->source && slot->destination == ip->destination &&
            slot->id == ip->id && slot->protocol == ip->protocol)
            return slot;
        if (best->in_use && (!slot->in_use || slot->deadline < best->deadline))
            best = slot;
    }
    if (best->in_use)
        stack->counters.reassembly_failed++;
    *best = (NetReassembly){
        .source = ip->source,
        .destination = ip->destination,
        .id = ip->id,
        .protocol = ip->protocol,
    };
    return best;
}

static void give_up(NetStack *stack, NetReassembly *slot)
{
    stack->counters.reassembly_failed++;
    stack->timer_stale = true;
    slot->in_use = false;
}

/* How many of the units [first, first + count) are there already. */
static unsigned units_present(const NetReassembly *slot, unsigned first, unsigned count)
{
    unsigned present = 0;

    for (unsigned i = first; i < first + count; i++)
        present += slot->present[i / 8] >> (i % 8) & 1;
    return present;
}

/* Puts a piece into its place. False: the datagram makes no sense. */
static bool put_piece(NetReassembly *slot, uint8_t *bytes, const NetPacket *packet)
{
    unsigned offset = packet->ip.fragment_offset, length = (unsigned)packet->payload_bytes;
    unsigned first = offset / UNIT, count = (length + UNIT - 1) / UNIT;
    bool last = !packet->ip.more_fragments;

    if (length == 0 || offset + length > NET_STACK_REASSEMBLY_BYTES ||
        (!last && length % UNIT != 0) || (slot->total != 0 && offset + length > slot->total) ||
        (last &&
         (slot->highest > offset + length || (slot->total != 0 && slot->total != offset + length))))
        return false;
    unsigned present = units_present(slot, first, count);
    if (present > 0)
        return present == count; /* a piece that came twice */
    for (unsigned i = first; i < first + count; i++)
        slot->present[i / 8] |= (uint8_t)(1 << i % 8);
    __builtin_memcpy(bytes + NET_IPV4_BYTES + offset, packet->payload, length);
    slot->received += length;
    if (offset + length > slot->highest)
        slot->highest = (uint16_t)(offset + length);
    if (last)
        slot->total = (uint16_t)(offset + length);
    if (offset == 0) {
        slot->ttl = packet->ip.ttl;
        slot->nic = packet->nic;
    }
    return true;
}

/* The datagram in a slot as one packet: the first piece's header without options. */
static NetPacket whole(NetReassembly *slot, uint8_t *bytes, uint16_t payload_bytes, NetTime now)
{
    NetPacket packet = {
        .ip = {.header_bytes = NET_IPV4_BYTES,
               .total_bytes = (uint16_t)(NET_IPV4_BYTES + payload_bytes),
               .id = slot->id,
               .ttl = slot->ttl,
               .protocol = slot->protocol,
               .source = slot->source,
               .destination = slot->destination},
        .packet = bytes,
        .payload = bytes + NET_IPV4_BYTES,
        .payload_bytes = payload_bytes,
        .now = now,
        .nic = slot->nic,
    };

    net_ipv4_write(bytes, &packet.ip);
    net_ipv4_seal(bytes);
    return packet;
}

static uint8_t *bytes_of(NetStack *stack, const NetReassembly *slot)
{
    return stack->reassembly_bytes[slot - stack->reassembly];
}

void net_fragment_input(NetStack *stack, const NetPacket *packet)
{
    NetReassembly *slot = find_slot(stack, &packet->ip);

    stack->counters.fragments++;
    if (!slot->in_use) {
        slot->in_use = true;
        slot->deadline = packet->now + NET_STACK_REASSEMBLY_NS;
        net_stack_timer(stack, slot->deadline);
        stack->timer_stale = true;
    }
    if (!put_piece(slot, bytes_of(stack, slot), packet)) {
        give_up(stack, slot);
        return;
    }
    if (slot->total == 0 || slot->received < slot->total)
        return;
    NetPacket all = whole(slot, bytes_of(stack, slot), slot->total, packet->now);
    all.to_group = packet->to_group;
    stack->counters.reassembled++;
    net_ip_deliver(stack, &all);
    slot->in_use = false;
    stack->timer_stale = true;
}

void net_fragment_advance(NetStack *stack, NetTime now)
{
    for (unsigned i = 0; i < NET_STACK_MAX_PATHS; i++) {
        if (stack->paths[i].until <= now) /* it may be wider by now (RFC 1191 6.3) */
            stack->paths[i] = (NetPath){0};
    }
    for (unsigned i = 0; i < NET_STACK_MAX_REASSEMBLY; i++) {
        NetReassembly *slot = &stack->reassembly[i];
        if (!slot->in_use || slot->deadline > now)
            continue;
        give_up(stack, slot);
        /* RFC 792: the sender is told, if there is a header to quote. */
        if (slot->present[0] & 1) {
            NetPacket first = whole(slot, bytes_of(stack, slot), UNIT, now);
            first.to_group = net_ip_is_group(stack, slot->destination);
            net_icmp_send_error(stack, &first, NET_ICMP_TIME_EXCEEDED, NET_EXCEEDED_REASSEMBLY);
        }
    }
}

NetTime net_fragment_deadline(const NetStack *stack)
{
    NetTime deadline = NET_TIME_NEVER;

    for (unsigned i = 0; i < NET_STACK_MAX_REASSEMBLY; i++) {
        const NetReassembly *slot = &stack->reassembly[i];
        if (slot->in_use && slot->deadline < deadline)
            deadline = slot->deadline;
    }
    for (unsigned i = 0; i < NET_STACK_MAX_PATHS; i++) {
        if (stack->paths[i].to != 0 && stack->paths[i].until < deadline)
            deadline = stack->paths[i].until;
    }
    return deadline;
}

/* --- paths: RFC 1191 --- */

void net_path_learn(NetStack *stack, NetIp4 to, uint16_t mtu, NetTime now)
{
    NetPath *oldest = &stack->paths[0];

    if (mtu < NET_STACK_LEAST_PATH_MTU || mtu >= net_ip_mtu(stack, to))
        return;
    for (unsigned i = 0; i < NET_STACK_MAX_PATHS; i++) {
        if (stack->paths[i].to == to) {
            oldest = &stack->paths[i];
            break;
        }
        if (stack->paths[i].until < oldest->until)
            oldest = &stack->paths[i];
    }
    *oldest = (NetPath){to, mtu, now + NET_STACK_PATH_NS};
    net_stack_timer(stack, oldest->until);
    stack->timer_stale = true;
}
