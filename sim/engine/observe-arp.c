/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observe-arp.c: the ARP caches of all machines, as events.
 *
 * Machines that are no VMs run the IP stack (netsim/proto/stack.h) inside netsim, which
 * reports each change. A guest runs the same stack in its own memory: hv-core hands over
 * the variable net_stack.arp when it has changed (hv-core/vm/vm-watch.c), and what differs
 * from the time before is an event for each entry. So the guest does not have to say
 * anything, and pays nothing. An image with another net_stack has no ARP events.
 *
 * A guest may have put anything there: an entry that no stack would have counts as free.
 */
#include "sim/engine/observe-arp.h"

#include <string.h>

#include "sim/engine/private.h"

_Static_assert((int)NET_ARP_FREE == (int)SIM_ARP_FREE, "ArpState");
_Static_assert((int)NET_ARP_INCOMPLETE == (int)SIM_ARP_INCOMPLETE, "ArpState");
_Static_assert((int)NET_ARP_REACHABLE == (int)SIM_ARP_REACHABLE, "ArpState");
_Static_assert((int)NET_ARP_PROBE == (int)SIM_ARP_PROBE, "ArpState");
_Static_assert((int)NET_ARP_PROBE + 1 == (int)SIM_ARP_COUNT, "ArpState");

HvWatchConfig sim_arp_watch(void)
{
    return (HvWatchConfig){
        .symbol = "net_stack",
        .symbol_bytes = sizeof(NetStack),
        .offset = offsetof(NetStack, arp),
        .bytes = sizeof(((NetStack *)NULL)->arp),
    };
}

static uint64_t mac_number(const NetArpEntry *entry)
{
    uint64_t number = 0;

    for (int i = 0; i < 6; i++)
        number = number << 8 | entry->mac.byte[i];
    return number;
}

/* ---- Machines that are no VMs --------------------------------------------- */

void sim_observe_arp(void *user, NetTime at, NetPortId port, const NetArpEntry *entry,
                     NetArpState from)
{
    SimEngine *engine = user;

    SIM_TRACE(engine->trace, SIM_SOURCE_WORLD, at, ArpEntry, .mac = mac_number(entry),
              .confirmed_ns = entry->confirmed, .ip = entry->address, .port = port, .vm = SIM_NONE,
              .nic = SIM_NONE, .from = from, .to = entry->state);
}

/* ---- Guests ---------------------------------------------------------------- */

static void tell(SimEngine *engine, HvStamp at, uint16_t vm, const NetArpEntry *entry, uint8_t from,
                 uint8_t to)
{
    SIM_TRACE(engine->trace, at.pcpu == HV_NO_PCPU ? SIM_SOURCE_WORLD : SIM_SOURCE_PCPU(at.pcpu),
              at.time, ArpEntry, .mac = mac_number(entry), .confirmed_ns = entry->confirmed,
              .ip = entry->address, .port = NET_NO_PORT, .vm = vm, .nic = entry->nic, .from = from,
              .to = to);
}

static bool is_same_neighbour(const NetArpEntry *a, const NetArpEntry *b)
{
    return a->address == b->address && a->nic == b->nic;
}

/* Nothing but what an event would say; the rest (when it was last used, say) changes with
 * each packet. */
static bool is_equal(const NetArpEntry *a, const NetArpEntry *b)
{
    return a->state == b->state &&
           (a->state == NET_ARP_FREE || (is_same_neighbour(a, b) && a->confirmed == b->confirmed &&
                                         memcmp(&a->mac, &b->mac, sizeof a->mac) == 0));
}

static void compare(SimEngine *engine, HvStamp at, uint16_t vm, NetArpEntry *told,
                    const NetArpEntry *now)
{
    if (is_equal(told, now))
        return;
    if (told->state != NET_ARP_FREE &&
        (now->state == NET_ARP_FREE || !is_same_neighbour(told, now))) {
        tell(engine, at, vm, told, told->state, NET_ARP_FREE);
        told->state = NET_ARP_FREE;
    }
    if (now->state != NET_ARP_FREE)
        tell(engine, at, vm, now, told->state, now->state);
    *told = *now;
}

void sim_observe_watched(void *user, HvStamp at, uint16_t vm, const void *bytes, uint32_t size)
{
    SimEngine *engine = user;
    NetArpEntry *told = engine->arp[vm];

    if (told == NULL)
        told = engine->arp[vm] = g_new0(NetArpEntry, NET_ARP_ENTRIES);
    for (unsigned i = 0; i < NET_ARP_ENTRIES; i++) {
        NetArpEntry now;

        memcpy(&now, (const uint8_t *)bytes + i * sizeof now, sizeof now);
        if (now.state >= SIM_ARP_COUNT || now.nic >= engine->scenario->vms[vm].nic_count)
            now.state = NET_ARP_FREE;
        compare(engine, at, vm, &told[i], &now);
    }
}
