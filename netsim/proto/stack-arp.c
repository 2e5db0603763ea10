/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stack-arp.c: from an IP address to a MAC address (RFC 826), and what waits.
 *
 * A packet to an address that is not in the cache is held while a request is
 * broadcast, three times at most, one second apart (RFC 1122 2.3.2). The answer
 * lets go of what is held; no answer refuses it, which the sender learns in the
 * same way as from an ICMP "host unreachable". An entry that was confirmed long
 * ago is still used, while a request to that very host asks whether it is there.
 */
#include "netsim/proto/stack-private.h"
#include "netsim/proto/wire.h"

static const NetMac broadcast_mac = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
static const NetIcmp host_unreachable = {NET_ICMP_UNREACHABLE, NET_UNREACHABLE_HOST};

/* --- held packets --- */

int net_stack_hold(NetStack *stack, const NetHeld *held)
{
    if (stack->held_count == NET_STACK_MAX_HELD ||
        held->length > NET_STACK_HELD_BYTES - stack->held_used) {
        stack->counters.held_full++;
        return NET_STACK_NO_ROOM;
    }
    __builtin_memcpy(stack->held_bytes + stack->held_used, stack->out, held->length);
    stack->held_used += held->length;
    stack->held[stack->held_count++] = *held;
    return NET_STACK_OK;
}

static size_t held_offset(const NetStack *stack, unsigned number)
{
    size_t offset = 0;

    for (unsigned i = 0; i < number; i++)
        offset += stack->held[i].length;
    return offset;
}

static void remove_held(NetStack *stack, unsigned number)
{
    size_t to = held_offset(stack, number);
    size_t from = to + stack->held[number].length;

    stack->held_used -= stack->held[number].length;
    stack->held_count--;
    for (; to < stack->held_used; to++, from++)
        stack->held_bytes[to] = stack->held_bytes[from];
    for (unsigned i = number; i < stack->held_count; i++)
        stack->held[i] = stack->held[i + 1];
}

static bool waits_for(const NetHeld *held, unsigned nic, NetIp4 address)
{
    return held->state == NET_HELD_FOR_ARP && held->nic == nic && held->next_hop == address;
}

static void release_held(NetStack *stack, unsigned nic, NetIp4 address, NetMac mac)
{
    for (unsigned i = 0; i < stack->held_count;) {
        if (waits_for(&stack->held[i], nic, address)) {
            stack->tag = stack->held[i].tag;
            net_stack_send_to(stack, nic, mac, NET_TYPE_IPV4,
                              stack->held_bytes + held_offset(stack, i), stack->held[i].length);
            stack->tag = 0;
            remove_held(stack, i);
        } else {
            i++;
        }
    }
}

/* What is held for an address will not be sent. Senders are told afterwards, in
 * refuse_held(): they may hold new packets for the same address at once. */
static void give_up_held(NetStack *stack, unsigned nic, NetIp4 address)
{
    for (unsigned i = 0; i < stack->held_count; i++) {
        if (waits_for(&stack->held[i], nic, address))
            stack->held[i].state = NET_HELD_REFUSED;
    }
}

static void refuse_held(NetStack *stack, NetTime now)
{
    for (unsigned i = 0; i < stack->held_count;) {
        if (stack->held[i].state != NET_HELD_REFUSED) {
            i++;
            continue;
        }
        uint8_t head[NET_STACK_HEAD_BYTES];
        uint64_t tag = stack->held[i].tag;
        size_t length = stack->held[i].length - NET_ETHERNET_BYTES;
        if (length > sizeof head)
            length = sizeof head;
        __builtin_memcpy(head, stack->held_bytes + held_offset(stack, i) + NET_ETHERNET_BYTES,
                         length);
        remove_held(stack, i);
        stack->counters.arp_failed++;
        if (tag == 0)
            net_stack_refused(stack, head, length, 0, &host_unreachable, now);
        else if (stack->ops->undelivered != NULL)
            stack->ops->undelivered(stack->user, head, length, tag, now);
    }
}

/* Packets to oneself arrive. What they set off is due later, so this ends. */
static void deliver_loopback(NetStack *stack, NetTime now)
{
    for (unsigned i = 0; i < stack->held_count;) {
        if (stack->held[i].state != NET_HELD_LOOPBACK || stack->held[i].due > now) {
            i++;
            continue;
        }
        stack->came_tag = stack->held[i].tag;
        net_ip_input(stack, stack->held[i].nic,
                     stack->held_bytes + held_offset(stack, i) + NET_ETHERNET_BYTES,
                     stack->held[i].length - NET_ETHERNET_BYTES, NET_ARRIVED_FROM_SELF, now);
        stack->came_tag = 0;
        remove_held(stack, i);
    }
}

/* --- the cache --- */

static bool is_waiting(const NetArpEntry *entry)
{
    return entry->state == NET_ARP_INCOMPLETE || entry->state == NET_ARP_PROBE;
}

/* Also from a state to itself: then the entry was confirmed again. */
static void set_state(NetStack *stack, NetArpEntry *entry, NetArpState state, NetTime now)
{
    NetArpState from = (NetArpState)entry->state;

    stack->arp_waiting -= is_waiting(entry);
    entry->state = state;
    stack->arp_waiting += is_waiting(entry);
    stack->timer_stale = true;
    if (stack->ops->arp_changed != NULL && (from != NET_ARP_FREE || state != NET_ARP_FREE))
        stack->ops->arp_changed(stack->user, entry, from, now);
}

static NetArpEntry *find(NetStack *stack, unsigned nic, NetIp4 address)
{
    NetArpEntry *set = stack->arp[address % NET_ARP_SETS];

    for (unsigned i = 0; i < NET_ARP_WAYS; i++) {
        if (set[i].address == address && set[i].nic == nic && set[i].state != NET_ARP_FREE)
            return &set[i];
    }
    return NULL;
}

/* An entry for a new address: a free one, else the one not used for longest.
 * NULL: all of its set are waiting for answers themselves. */
static NetArpEntry *claim(NetStack *stack, unsigned nic, NetIp4 address, NetTime now)
{
    NetArpEntry *set = stack->arp[address % NET_ARP_SETS], *best = NULL;

    for (unsigned i = 0; i < NET_ARP_WAYS; i++) {
        if (set[i].state == NET_ARP_FREE) {
            best = &set[i];
            break;
        }
        if (set[i].state != NET_ARP_INCOMPLETE && (best == NULL || set[i].used < best->used))
            best = &set[i];
    }
    if (best != NULL) {
        set_state(stack, best, NET_ARP_FREE, now);
        *best = (NetArpEntry){.address = address, .nic = (uint8_t)nic};
    }
    return best;
}

static void send_arp(NetStack *stack, unsigned nic, NetMac destination, const NetArp *arp)
{
    uint8_t frame[NET_ETHERNET_BYTES + NET_ARP_BYTES];

    uint64_t tag = stack->tag;

    net_arp_write(frame + NET_ETHERNET_BYTES, arp);
    stack->tag = 0; /* a frame of our own, though a packet from elsewhere may be why */
    net_stack_send_to(stack, nic, destination, NET_TYPE_ARP, frame, sizeof frame);
    stack->tag = tag;
}

static void ask(NetStack *stack, NetArpEntry *entry, NetTime now)
{
    const NetStackNic *nic = &stack->nics[entry->nic];
    NetArp request = {
        .operation = NET_ARP_REQUEST,
        .sender_mac = nic->mac,
        .sender_ip = nic->address,
        .target_ip = entry->address,
    };

    entry->tries++;
    entry->deadline = now + NET_ARP_RETRY_NS;
    net_stack_timer(stack, entry->deadline);
    send_arp(stack, entry->nic, entry->state == NET_ARP_PROBE ? entry->mac : broadcast_mac,
             &request);
}

void net_stack_send_to(NetStack *stack, unsigned nic, NetMac destination, uint16_t type,
                       uint8_t *frame, size_t length)
{
    NetEthernet header = {.destination = destination, .source = stack->nics[nic].mac, .type = type};

    net_ethernet_write(frame, &header);
    stack->counters.frames_out++;
    stack->ops->send(stack->user, nic, frame, length);
}

int net_arp_send(NetStack *stack, unsigned nic, NetIp4 next_hop, size_t length, NetTime now)
{
    NetHeld held = {
        .next_hop = next_hop,
        .tag = stack->tag,
        .length = (uint16_t)length,
        .nic = (uint8_t)nic,
        .state = NET_HELD_FOR_ARP,
    };
    NetArpEntry *entry = find(stack, nic, next_hop);

    if (entry == NULL) {
        entry = claim(stack, nic, next_hop, now);
        if (entry == NULL)
            return NET_STACK_NO_ROOM;
        set_state(stack, entry, NET_ARP_INCOMPLETE, now);
        ask(stack, entry, now);
    }
    entry->used = now;
    if (entry->state == NET_ARP_INCOMPLETE)
        return net_stack_hold(stack, &held);
    if (entry->state == NET_ARP_REACHABLE && now - entry->confirmed > NET_ARP_FRESH_NS) {
        entry->tries = 0;
        set_state(stack, entry, NET_ARP_PROBE, now);
        ask(stack, entry, now);
    }
    net_stack_send_to(stack, nic, entry->mac, NET_TYPE_IPV4, stack->out, length);
    return NET_STACK_OK;
}

static void confirm(NetStack *stack, NetArpEntry *entry, NetMac mac, NetTime now)
{
    entry->mac = mac;
    entry->confirmed = now;
    set_state(stack, entry, NET_ARP_REACHABLE, now);
    release_held(stack, entry->nic, entry->address, mac);
}

/* The algorithm of RFC 826, "Packet Reception": an address that we know already is
 * always refreshed, one that we do not know only if the packet is meant for us. */
void net_arp_input(NetStack *stack, unsigned nic, const uint8_t *bytes, size_t length, NetTime now)
{
    const NetStackNic *own = &stack->nics[nic];
    NetArp arp;

    if (net_arp_parse(bytes, length, &arp) == 0 || net_mac_is_group(arp.sender_mac)) {
        stack->counters.malformed++;
        return;
    }
    net_dhcp_hear_arp(stack, nic, &arp, now);
    bool for_us = own->address != 0 && arp.target_ip == own->address;
    if (own->address != 0 && arp.sender_ip == own->address) {
        stack->counters.address_conflicts++;
    } else if (arp.sender_ip != 0) { /* 0: somebody asks whether an address is free (RFC 5227) */
        NetArpEntry *entry = find(stack, nic, arp.sender_ip);
        if (entry == NULL && for_us) {
            entry = claim(stack, nic, arp.sender_ip, now);
            if (entry != NULL)
                entry->used = now;
        }
        if (entry != NULL)
            confirm(stack, entry, arp.sender_mac, now);
    }
    if (for_us && arp.operation == NET_ARP_REQUEST) {
        NetArp reply = {
            .operation = NET_ARP_REPLY,
            .sender_mac = own->mac,
            .sender_ip = own->address,
            .target_mac = arp.sender_mac,
            .target_ip = arp.sender_ip,
        };
        send_arp(stack, nic, arp.sender_mac, &reply);
    }
}

void net_arp_probe(NetStack *stack, unsigned nic, NetIp4 address)
{
    NetArp probe = {
        .operation = NET_ARP_REQUEST,
        .sender_mac = stack->nics[nic].mac,
        .target_ip = address, /* the sender's is 0: nobody's cache is to change */
    };

    send_arp(stack, nic, broadcast_mac, &probe);
}

void net_arp_restart(NetStack *stack, unsigned nic, NetTime now)
{
    NetArpEntry *entries = &stack->arp[0][0];
    const NetStackNic *own = &stack->nics[nic];

    for (unsigned i = 0; i < NET_ARP_ENTRIES; i++) {
        if (entries[i].nic != nic || entries[i].state == NET_ARP_FREE)
            continue;
        give_up_held(stack, nic, entries[i].address);
        set_state(stack, &entries[i], NET_ARP_FREE, now);
    }
    refuse_held(stack, now);
    if (own->address == 0)
        return;
    NetArp announcement = {
        .operation = NET_ARP_REQUEST,
        .sender_mac = own->mac,
        .sender_ip = own->address,
        .target_ip = own->address,
    };
    send_arp(stack, nic, broadcast_mac, &announcement);
}

const char *net_arp_state_name(NetArpState state)
{
    static const char *const names[] = {
        [NET_ARP_FREE] = "FREE",
        [NET_ARP_INCOMPLETE] = "INCOMPLETE",
        [NET_ARP_REACHABLE] = "REACHABLE",
        [NET_ARP_PROBE] = "PROBE",
    };

    return (unsigned)state < sizeof names / sizeof names[0] ? names[state] : "?";
}

bool net_arp_is_asking(const NetStack *stack, unsigned nic, NetIp4 address)
{
    const NetArpEntry *set = stack->arp[address % NET_ARP_SETS];

    for (unsigned i = 0; i < NET_ARP_WAYS; i++) {
        if (set[i].address == address && set[i].nic == nic && set[i].state == NET_ARP_INCOMPLETE)
            return true;
    }
    return false;
}

void net_arp_advance(NetStack *stack, NetTime now)
{
    NetArpEntry *entries = &stack->arp[0][0];

    for (unsigned i = 0; stack->arp_waiting > 0 && i < NET_ARP_ENTRIES; i++) {
        NetArpEntry *entry = &entries[i];
        if (!is_waiting(entry) || entry->deadline > now)
            continue;
        if (entry->tries < NET_ARP_TRIES) {
            ask(stack, entry, now);
        } else {
            give_up_held(stack, entry->nic, entry->address);
            set_state(stack, entry, NET_ARP_FREE, now);
        }
    }
    refuse_held(stack, now);
    deliver_loopback(stack, now);
}

NetTime net_arp_deadline(const NetStack *stack)
{
    const NetArpEntry *entries = &stack->arp[0][0];
    NetTime deadline = NET_TIME_NEVER;

    for (unsigned i = 0; stack->arp_waiting > 0 && i < NET_ARP_ENTRIES; i++) {
        if (is_waiting(&entries[i]) && entries[i].deadline < deadline)
            deadline = entries[i].deadline;
    }
    for (unsigned i = 0; i < stack->held_count; i++) {
        if (stack->held[i].state == NET_HELD_LOOPBACK && stack->held[i].due < deadline)
            deadline = stack->held[i].due;
    }
    return deadline;
}
