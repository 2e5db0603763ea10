/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nat-table.c: the rows of a NAT.
 *
 * Rows lie in one array and are found by two hash tables: by what a packet from
 * inside carries, and by what one from outside does. A third one finds bindings:
 * which outside port an inside address and port has. All three are arrays of
 * chains, as long as the array of rows, which doubles until the configured bound.
 *
 * Rows that live equally long are on one list in the order in which they were last
 * used, so the next one to expire is always at the head of one of four lists.
 */
#include "netsim/nat-private.h"

#include <string.h>

#define LEAST_CAPACITY 64u
#define LEAST_PORT     1024u /* below are the well-known ones: never chosen */

enum { KIND_TCP, KIND_UDP, KIND_ICMP };

static unsigned kind_of(uint8_t protocol)
{
    return protocol == NET_PROTOCOL_TCP   ? KIND_TCP
           : protocol == NET_PROTOCOL_UDP ? KIND_UDP
                                          : KIND_ICMP;
}

/* --- finding --- */

static bool is_same(NetSocketAddress a, NetSocketAddress b)
{
    return a.address == b.address && a.port == b.port;
}

/* Multiplies and takes the high bits (Knuth, The Art of Computer Programming,
 * volume 3, 6.4), twice. */
static uint32_t mix(uint64_t a, uint64_t b)
{
    uint64_t h = (a ^ (b * UINT64_C(0x9e3779b97f4a7c15))) * UINT64_C(0xbf58476d1ce4e5b9);

    return (uint32_t)(h >> 32 ^ h >> 7);
}

static uint32_t hash_flow(const NetNat *nat, uint8_t protocol, NetSocketAddress a,
                          NetSocketAddress b)
{
    uint64_t own = (uint64_t)a.address << 24 | (uint64_t)a.port << 8 | protocol;
    uint64_t peer = (uint64_t)b.address << 16 | b.port;

    return mix(own, peer) & (nat->capacity - 1);
}

static uint32_t hash_inside(const NetNat *nat, const NetNatRow *row)
{
    return hash_flow(nat, row->protocol, row->inside, row->inside_peer);
}

static uint32_t hash_outside(const NetNat *nat, const NetNatRow *row)
{
    return hash_flow(nat, row->protocol, row->outside, row->outside_peer);
}

NetNatSlot *net_nat_find_inside(const NetNat *nat, uint8_t protocol, NetSocketAddress inside,
                                NetSocketAddress peer)
{
    if (nat->capacity == 0)
        return NULL;
    uint32_t i = nat->by_inside[hash_flow(nat, protocol, inside, peer)];
    for (; i != NET_NAT_NONE; i = nat->slots[i].in_chain) {
        const NetNatRow *row = &nat->slots[i].row;
        if (row->protocol == protocol && is_same(row->inside, inside) &&
            is_same(row->inside_peer, peer))
            return &nat->slots[i];
    }
    return NULL;
}

NetNatSlot *net_nat_find_outside(const NetNat *nat, uint8_t protocol, NetSocketAddress outside,
                                 NetSocketAddress peer)
{
    if (nat->capacity == 0)
        return NULL;
    uint32_t i = nat->by_outside[hash_flow(nat, protocol, outside, peer)];
    for (; i != NET_NAT_NONE; i = nat->slots[i].out_chain) {
        const NetNatRow *row = &nat->slots[i].row;
        if (row->protocol == protocol && is_same(row->outside, outside) &&
            is_same(row->outside_peer, peer))
            return &nat->slots[i];
    }
    return NULL;
}

static uint32_t hash_binding(const NetNat *nat, uint8_t protocol, NetSocketAddress inside)
{
    return hash_flow(nat, protocol, inside, (NetSocketAddress){0});
}

static uint32_t find_binding(const NetNat *nat, uint8_t protocol, NetSocketAddress inside)
{
    uint32_t i = nat->by_binding[hash_binding(nat, protocol, inside)];

    while (i != NET_NAT_NONE &&
           !(nat->bindings[i].protocol == protocol && is_same(nat->bindings[i].inside, inside)))
        i = nat->bindings[i].chain;
    return i;
}

/* --- room --- */

static void enter_row(NetNat *nat, uint32_t number)
{
    NetNatSlot *slot = &nat->slots[number];
    uint32_t in = hash_inside(nat, &slot->row), out = hash_outside(nat, &slot->row);

    slot->in_chain = nat->by_inside[in];
    nat->by_inside[in] = number;
    slot->out_chain = nat->by_outside[out];
    nat->by_outside[out] = number;
}

static void enter_binding(NetNat *nat, uint32_t number)
{
    NetNatBinding *binding = &nat->bindings[number];
    uint32_t at = hash_binding(nat, binding->protocol, binding->inside);

    binding->chain = nat->by_binding[at];
    nat->by_binding[at] = number;
}

/* Doubles the arrays; everything is entered anew, as hashes are wider now. */
static void grow(NetNat *nat)
{
    uint32_t capacity = nat->capacity == 0 ? LEAST_CAPACITY : nat->capacity * 2;

    nat->slots = g_renew(NetNatSlot, nat->slots, capacity);
    nat->bindings = g_renew(NetNatBinding, nat->bindings, capacity);
    nat->by_inside = g_renew(uint32_t, nat->by_inside, capacity);
    nat->by_outside = g_renew(uint32_t, nat->by_outside, capacity);
    nat->by_binding = g_renew(uint32_t, nat->by_binding, capacity);
    nat->capacity = capacity;
    memset(nat->by_inside, 0xff, capacity * sizeof *nat->by_inside);
    memset(nat->by_outside, 0xff, capacity * sizeof *nat->by_outside);
    memset(nat->by_binding, 0xff, capacity * sizeof *nat->by_binding);
    for (uint32_t i = 0; i < nat->used; i++) {
        if (nat->slots[i].in_use)
            enter_row(nat, i);
    }
    for (uint32_t i = 0; i < nat->used_bindings; i++) {
        if (nat->bindings[i].rows > 0)
            enter_binding(nat, i);
    }
}

static uint32_t claim_slot(NetNat *nat)
{
    uint32_t number = nat->free_slot;

    if (number != NET_NAT_NONE) {
        nat->free_slot = nat->slots[number].next;
        return number;
    }
    return nat->used++;
}

static uint32_t claim_binding(NetNat *nat)
{
    uint32_t number = nat->free_binding;

    if (number != NET_NAT_NONE) {
        nat->free_binding = nat->bindings[number].chain;
        return number;
    }
    return nat->used_bindings++;
}

/* --- ports --- */

static bool take(NetNat *nat, uint8_t protocol, uint16_t port)
{
    return nat->config.outside->take_port(nat->config.outside_user, protocol, 0, port);
}

static void give_back(NetNat *nat, uint8_t protocol, uint16_t port)
{
    nat->no_port[kind_of(protocol)] = false;
    nat->config.outside->give_port(nat->config.outside_user, protocol, 0, port);
}

/* The wanted port if it is free (RFC 4787 4.2.1: port preservation), else the next
 * free one after that taken last. */
static bool choose_port(NetNat *nat, uint8_t protocol, uint16_t wanted, uint16_t *ret_port)
{
    bool is_icmp = protocol == NET_PROTOCOL_ICMP;

    if (nat->no_port[kind_of(protocol)])
        return false;
    *ret_port = wanted;
    if ((is_icmp || wanted >= LEAST_PORT) && take(nat, protocol, wanted))
        return true;
    for (uint32_t i = LEAST_PORT; i <= UINT16_MAX; i++) {
        uint16_t port = nat->next_port;
        nat->next_port = port == UINT16_MAX ? LEAST_PORT : (uint16_t)(port + 1);
        if (take(nat, protocol, port)) {
            *ret_port = port;
            return true;
        }
    }
    nat->no_port[kind_of(protocol)] = true;
    return false;
}

/* --- rows --- */

static NetNatListKind list_of(NetNatState state)
{
    switch (state) {
    case NET_NAT_UDP: return NET_NAT_LIST_UDP;
    case NET_NAT_ICMP: return NET_NAT_LIST_ICMP;
    case NET_NAT_ESTABLISHED: return NET_NAT_LIST_ESTABLISHED;
    default: return NET_NAT_LIST_TRANSITORY;
    }
}

static void unlist(NetNat *nat, NetNatSlot *slot)
{
    NetNatList *list = &nat->lists[slot->list];

    if (slot->prev != NET_NAT_NONE)
        nat->slots[slot->prev].next = slot->next;
    else
        list->first = slot->next;
    if (slot->next != NET_NAT_NONE)
        nat->slots[slot->next].prev = slot->prev;
    else
        list->last = slot->prev;
}

static void enlist(NetNat *nat, NetNatSlot *slot, NetNatListKind kind)
{
    NetNatList *list = &nat->lists[kind];
    uint32_t number = (uint32_t)(slot - nat->slots);

    slot->list = kind;
    slot->prev = list->last;
    slot->next = NET_NAT_NONE;
    if (list->last != NET_NAT_NONE)
        nat->slots[list->last].next = number;
    else
        list->first = number;
    list->last = number;
}

static const NetTime lifetimes[NET_NAT_LIST_COUNT] = {
    [NET_NAT_LIST_UDP] = NET_NAT_UDP_NS,
    [NET_NAT_LIST_ICMP] = NET_NAT_ICMP_NS,
    [NET_NAT_LIST_TRANSITORY] = NET_NAT_TRANSITORY_NS,
    [NET_NAT_LIST_ESTABLISHED] = NET_NAT_ESTABLISHED_NS,
};

void net_nat_refresh(NetNat *nat, NetNatSlot *slot, NetNatState state, NetTime now)
{
    NetNatListKind kind = list_of(state);

    if (nat->lists[kind].last != (uint32_t)(slot - nat->slots)) {
        unlist(nat, slot);
        enlist(nat, slot, kind);
    }
    slot->row.expires = now + lifetimes[kind];
    if (slot->row.state == state)
        return;
    slot->row.state = state;
    if (nat->config.reports->row_state != NULL)
        nat->config.reports->row_state(nat->config.reports_user, &slot->row);
}

/* The binding of the row's inside address and port; made if there is none. */
static bool bind_port(NetNat *nat, NetNatSlot *slot)
{
    NetNatRow *row = &slot->row;
    uint32_t number = find_binding(nat, row->protocol, row->inside);

    if (number != NET_NAT_NONE) {
        row->outside.port = nat->bindings[number].outside_port;
        if (net_nat_find_outside(nat, row->protocol, row->outside, row->outside_peer) == NULL) {
            slot->binding = number;
            nat->bindings[number].rows++;
            return true;
        }
        /* The same peer under another name (an alias): this row gets a port of its own,
         * or nobody could tell whose an answer is. */
        slot->own_port = true;
        return choose_port(nat, row->protocol, row->inside.port, &row->outside.port);
    }
    if (!choose_port(nat, row->protocol, row->inside.port, &row->outside.port))
        return false;
    number = claim_binding(nat);
    nat->bindings[number] = (NetNatBinding){
        .inside = row->inside,
        .outside_port = row->outside.port,
        .protocol = row->protocol,
        .rows = 1,
    };
    enter_binding(nat, number);
    slot->binding = number;
    return true;
}

NetNatSlot *net_nat_add_row(NetNat *nat, const NetNatRow *row, bool preset_port, NetTime now,
                            NetDropReason *ret_why)
{
    if (nat->count >= nat->config.max_rows) {
        *ret_why = NET_DROP_NAT_TABLE_FULL;
        return NULL;
    }
    if (nat->count == nat->capacity)
        grow(nat);
    uint32_t number = claim_slot(nat);
    NetNatSlot *slot = &nat->slots[number];
    *slot = (NetNatSlot){.row = *row, .binding = NET_NAT_NONE};
    if (!preset_port && !bind_port(nat, slot)) {
        slot->next = nat->free_slot;
        nat->free_slot = number;
        *ret_why = NET_DROP_NAT_NO_PORT;
        return NULL;
    }
    slot->in_use = true;
    slot->row.id = ++nat->next_id;
    slot->row.created = now;
    slot->row.expires = now + lifetimes[list_of(row->state)];
    enter_row(nat, number);
    enlist(nat, slot, list_of(row->state));
    nat->count++;
    if (nat->config.reports->row_new != NULL)
        nat->config.reports->row_new(nat->config.reports_user, &slot->row);
    return slot;
}

static void leave_chain(uint32_t *link, uint32_t number, NetNatSlot *slots, bool inside)
{
    while (*link != number)
        link = inside ? &slots[*link].in_chain : &slots[*link].out_chain;
    *link = inside ? slots[number].in_chain : slots[number].out_chain;
}

static void release_binding(NetNat *nat, uint32_t number)
{
    NetNatBinding *binding = &nat->bindings[number];
    uint32_t *link = &nat->by_binding[hash_binding(nat, binding->protocol, binding->inside)];

    if (--binding->rows > 0)
        return;
    while (*link != number)
        link = &nat->bindings[*link].chain;
    *link = binding->chain;
    give_back(nat, binding->protocol, binding->outside_port);
    binding->chain = nat->free_binding;
    nat->free_binding = number;
}

static void remove_row(NetNat *nat, NetNatSlot *slot)
{
    uint32_t number = (uint32_t)(slot - nat->slots);

    leave_chain(&nat->by_inside[hash_inside(nat, &slot->row)], number, nat->slots, true);
    leave_chain(&nat->by_outside[hash_outside(nat, &slot->row)], number, nat->slots, false);
    unlist(nat, slot);
    if (slot->binding != NET_NAT_NONE)
        release_binding(nat, slot->binding);
    if (slot->own_port)
        give_back(nat, slot->row.protocol, slot->row.outside.port);
    slot->in_use = false;
    slot->next = nat->free_slot;
    nat->free_slot = number;
    nat->count--;
}

/* --- time --- */

NetTime net_nat_deadline(const NetNat *nat)
{
    NetTime deadline = NET_TIME_NEVER;

    for (unsigned i = 0; i < NET_NAT_LIST_COUNT; i++) {
        if (nat->lists[i].first != NET_NAT_NONE)
            deadline = MIN(deadline, nat->slots[nat->lists[i].first].row.expires);
    }
    return deadline;
}

/* Ends the rows whose time is over at `until`. */
static void end_rows(NetNat *nat, NetTime until, NetTime now)
{
    for (unsigned i = 0; i < NET_NAT_LIST_COUNT; i++) {
        while (nat->lists[i].first != NET_NAT_NONE) {
            NetNatSlot *slot = &nat->slots[nat->lists[i].first];
            if (slot->row.expires > until)
                break;
            if (nat->config.reports->row_gone != NULL)
                nat->config.reports->row_gone(nat->config.reports_user, now, &slot->row);
            remove_row(nat, slot);
        }
    }
}

void net_nat_advance(NetNat *nat, NetTime now)
{
    end_rows(nat, now, now);
}

void net_nat_clear(NetNat *nat, NetTime now)
{
    end_rows(nat, NET_TIME_NEVER, now);
}

/* --- questions --- */

uint32_t net_nat_count(const NetNat *nat)
{
    return nat->count;
}

static int compare_rows(gconstpointer a, gconstpointer b)
{
    const NetNatRow *x = a, *y = b;

    return x->id < y->id ? -1 : x->id > y->id;
}

void net_nat_list(const NetNat *nat, GArray *rows)
{
    guint first = rows->len;

    for (uint32_t i = 0; i < nat->used; i++) {
        if (nat->slots[i].in_use)
            g_array_append_val(rows, nat->slots[i].row);
    }
    if (rows->len > first)
        qsort(&g_array_index(rows, NetNatRow, first), rows->len - first, sizeof(NetNatRow),
              compare_rows);
}
