/* SPDX-License-Identifier: GPL-2.0-or-later */
/* moments-nat.c: what NATs, routers, DHCP and DNS servers did, and ARP caches, in words. */
#include "netsim/proto/text.h"
#include "sim/export/moments-private.h"

typedef struct {
    char text[24];
} SocketText;

static SocketText socket_text(uint32_t address, uint16_t port, bool with_port)
{
    SocketText socket;
    NetText text = net_text_begin(socket.text, sizeof socket.text);

    net_text_ip4(&text, address);
    if (with_port) {
        net_text_string(&text, ":");
        net_text_decimal(&text, port);
    }
    return socket;
}

static char *nat_name(const SimTelling *telling, uint32_t port_number)
{
    const SimModelPort *port = sim_model_port(telling->model, port_number);
    const SimModelVm *vm =
        port ? sim_model_vm(telling->model, sim_model_part_vm(telling->model, port->part)) : NULL;
    const SimModelNetwork *network = port ? sim_model_network(telling->model, port->network) : NULL;

    if (vm)
        return g_strdup_printf("nat of vm:%s", vm->name);
    return g_strdup_printf("%s of %s", port ? port->kind : "?", network ? network->name : "?");
}

static const char *protocol_name(uint8_t protocol)
{
    return protocol == 6 ? "tcp" : protocol == 17 ? "udp" : "icmp";
}

void sim_tell_nat_new(SimTelling *telling, const SimRecord *record)
{
    const SimEventNatNew *event = SIM_FIELDS(record, NatNew);
    bool ports = event->protocol != 1;
    SocketText inside = socket_text(event->inside, event->inside_port, true);
    SocketText peer = socket_text(event->inside_peer, event->inside_peer_port, ports);
    SocketText outside = socket_text(event->outside, event->outside_port, true);

    sim_tell(telling, record, nat_name(telling, event->port),
             event->from_inside
                 ? g_strdup_printf("%s from %s to %s leaves as %s", protocol_name(event->protocol),
                                   inside.text, peer.text, outside.text)
                 : g_strdup_printf("%s from %s at %s is let in to %s",
                                   protocol_name(event->protocol), peer.text, outside.text,
                                   inside.text));
}

void sim_tell_nat_drop(SimTelling *telling, const SimRecord *record)
{
    const SimEventNatDrop *event = SIM_FIELDS(record, NatDrop);

    sim_tell(
        telling, record, nat_name(telling, event->port),
        g_strdup_printf("drops a packet: %s",
                        sim_enum_NetDrop.values[MIN(event->why, SIM_NET_DROP_COUNT - 1)].meaning));
}

void sim_tell_nat_expired(SimTelling *telling, const SimRecord *record)
{
    const SimEventNatExpired *event = SIM_FIELDS(record, NatExpired);

    sim_tell(telling, record, nat_name(telling, event->port),
             g_strdup_printf("row %u is over: no packet came by", event->row));
}

void sim_tell_router_drop(SimTelling *telling, const SimRecord *record)
{
    const SimEventRouterDrop *event = SIM_FIELDS(record, RouterDrop);

    sim_tell(
        telling, record, nat_name(telling, event->port),
        g_strdup_printf("does not pass a packet on: %s",
                        sim_enum_NetDrop.values[MIN(event->why, SIM_NET_DROP_COUNT - 1)].meaning));
}

void sim_tell_dhcp(SimTelling *telling, const SimRecord *record)
{
    static const char *const words[SIM_DHCP_COUNT] = {
        [SIM_DHCP_DISCOVER] = "looks for an address",
        [SIM_DHCP_OFFER] = "is offered",
        [SIM_DHCP_REQUEST] = "asks for",
        [SIM_DHCP_ACK] = "is given",
        [SIM_DHCP_NAK] = "is refused",
        [SIM_DHCP_RELEASE] = "gives back",
        [SIM_DHCP_DECLINE] = "found in use:",
        [SIM_DHCP_INFORM] = "asks for settings",
        [SIM_DHCP_EXHAUSTED] = "gets no answer: no address is left",
        [SIM_DHCP_EXPIRED] = "no longer has",
    };
    const SimEventDhcp *event = SIM_FIELDS(record, Dhcp);
    g_autofree char *name = sim_blob_text(record);
    g_autofree char *mac = sim_mac_text(event->mac);
    SocketText address = socket_text(event->address, 0, false);

    sim_tell(telling, record, nat_name(telling, event->port),
             g_strdup_printf("dhcp: %s %s%s%s", *name ? name : mac,
                             event->what < SIM_DHCP_COUNT ? words[event->what] : "?",
                             event->address ? " " : "", event->address ? address.text : ""));
}

void sim_tell_dns(SimTelling *telling, const SimRecord *record)
{
    const SimEventDns *event = SIM_FIELDS(record, Dns);
    g_autofree char *name = sim_blob_text(record);
    SocketText address = socket_text(event->address, 0, false);

    sim_tell(telling, record, nat_name(telling, event->port),
             event->address
                 ? g_strdup_printf("dns: %s is %s", name, address.text)
                 : g_strdup_printf(
                       "dns: %s: %s", name,
                       sim_enum_DnsOutcome.values[MIN(event->outcome, SIM_DNS_COUNT - 1)].meaning));
}

/* Only what goes wrong: that an address is known is seen by what is sent. */
bool sim_counts_arp(const SimModel *model, const SimRecord *record)
{
    const SimEventArpEntry *event = SIM_FIELDS(record, ArpEntry);
    const SimModelArpRow *row = sim_model_arp_row(model, event);

    return (event->from == SIM_ARP_INCOMPLETE && event->to == SIM_ARP_FREE) ||
           (row && row->moved_ns == record->time && record->time > 0);
}

void sim_tell_arp(SimTelling *telling, const SimRecord *record)
{
    const SimEventArpEntry *event = SIM_FIELDS(record, ArpEntry);
    const SimModelArpRow row = {.vm = event->vm, .nic = event->nic, .port = event->port};
    g_autofree char *mac = sim_mac_text(event->mac);
    SocketText address = socket_text(event->ip, 0, false);

    sim_tell(telling, record, sim_model_arp_owner(telling->model, &row),
             event->to == SIM_ARP_FREE
                 ? g_strdup_printf("arp: nobody answers for %s", address.text)
                 : g_strdup_printf("arp: %s is at %s from now on, no longer where it was",
                                   address.text, mac));
}
