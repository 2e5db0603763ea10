/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trail-reasons.c: why a frame leaves where it does, and as what; see trail-private.h. */
#include <string.h>

#include "sim/export/trail-private.h"

char *sim_trail_ip(uint32_t a)
{
    return g_strdup_printf("%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

static char *mac_text(uint64_t mac)
{
    return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", (unsigned)(mac >> 40 & 255),
                           (unsigned)(mac >> 32 & 255), (unsigned)(mac >> 24 & 255),
                           (unsigned)(mac >> 16 & 255), (unsigned)(mac >> 8 & 255),
                           (unsigned)(mac & 255));
}

static bool is_kind(const SimModelPort *port, const char *kind)
{
    return port && !strcmp(port->kind, kind);
}

static const char *protocol_name(uint8_t protocol)
{
    return protocol == NET_PROTOCOL_TCP ? "tcp" : protocol == NET_PROTOCOL_UDP ? "udp" : "icmp";
}

/* The row of a NAT by which a packet comes in from outside; NULL: none. */
static const SimModelNatRow *row_for(const SimModelNetwork *network, uint32_t part,
                                     const SimFlow *flow)
{
    for (guint i = 0; network && i < network->nat->len; i++) {
        const SimModelNatRow *row = &g_array_index(network->nat, SimModelNatRow, i);
        if (row->part == part && row->protocol == flow->protocol &&
            row->outside.port == flow->destination_port &&
            row->outside_peer.address == flow->source &&
            (flow->protocol == NET_PROTOCOL_ICMP || row->outside_peer.port == flow->source_port))
            return row;
    }
    return NULL;
}

static const SimModelRule *rule_for(const SimModelNetwork *network, uint32_t part,
                                    const SimFlow *flow)
{
    for (guint i = 0; network && i < network->rules->len; i++) {
        const SimModelRule *rule = &g_array_index(network->rules, SimModelRule, i);
        if (rule->part == part && rule->protocol == flow->protocol &&
            rule->host.port == flow->destination_port)
            return rule;
    }
    return NULL;
}

/* The host gives to a NAT on it what comes for a port that this NAT has taken. */
static char *gate_reason(const SimModel *model, const SimModelPort *port, const SimFlow *flow)
{
    uint32_t part = sim_model_port(model, port->peer)->part;
    const SimModelNetwork *network = sim_model_network(model, port->network);
    const SimModelNatRow *row = row_for(network, part, flow);
    const SimModelRule *rule = rule_for(network, part, flow);
    g_autofree char *nat = sim_place_name(model, port->peer);
    const char *protocol = protocol_name(flow->protocol);

    if (row)
        return g_strdup_printf("ports of the host: %s %s %u belongs to row %u of %s", protocol,
                               row->protocol == NET_PROTOCOL_ICMP ? "echo identifier" : "port",
                               row->outside.port, row->row, nat);
    if (rule)
        return g_strdup_printf("ports of the host: %s port %u belongs to forward rule %s of %s",
                               protocol, rule->host.port, rule->name, nat);
    return g_strdup_printf("ports of the host: it is about a connection of %s", nat);
}

char *sim_reason_to_send(const SimWires *wires, const SimModel *model, uint32_t number,
                         const uint8_t *bytes, size_t length)
{
    const SimModelPort *port = sim_model_port(model, number);
    const SimModelPort *peer = port ? sim_model_port(model, port->peer) : NULL;
    NetEthernet ethernet;
    SimFlow flow;

    if (net_ethernet_parse(bytes, length, &ethernet) == 0 || !sim_flow_read(bytes, length, &flow))
        return NULL;
    if (is_kind(port, "nat") && is_kind(peer, "host"))
        return g_strdup("routing table: what is outside begins at the host, which this NAT "
                        "runs on");
    if (is_kind(port, "host") && is_kind(peer, "nat"))
        return gate_reason(model, port, &flow);

    uint64_t mac = sim_mac_number(ethernet.destination);
    uint32_t found = sim_wires_find(wires, number, mac);
    g_autofree char *to = sim_trail_ip(flow.destination), *address = mac_text(mac);
    g_autofree char *owner = found != SIM_MODEL_NO_PORT ? sim_place_name(model, found) : NULL;
    bool is_vm = owner && g_str_has_prefix(owner, "vm:"); /* which does not route for others */

    if (owner && (is_vm || sim_port_ip(model, found) == flow.destination))
        return g_strdup_printf("routing table: %s is on this network; ARP cache: it is at %s (%s)",
                               to, address, owner);
    return g_strdup_printf("routing table: the way to %s begins at %s%s%s%s", to,
                           owner ? owner : address, owner ? " (" : "", owner ? address : "",
                           owner ? ")" : "");
}

/* ---- By what passes frames on ---------------------------------------------- */

static unsigned tag_of(const NetEthernet *ethernet)
{
    return ethernet->tag_count > 0 ? ethernet->tags[0].vlan : 0;
}

char *sim_reason_to_change(const SimModel *model, uint32_t number, const SimRecord *before,
                           const SimRecord *after)
{
    const SimModelPort *port = sim_model_port(model, number);
    NetEthernet old, new;

    if (!before || net_ethernet_parse(before->blob, before->blob_size, &old) == 0 ||
        net_ethernet_parse(after->blob, after->blob_size, &new) == 0)
        return NULL;
    if (is_kind(port, "wifi"))
        return NULL; /* said where it came in */
    if (new.tag_count > old.tag_count)
        return g_strdup_printf("VLANs: this port puts tag %u on, so that the other end knows "
                               "which VLAN it is of",
                               tag_of(&new));
    if (new.tag_count < old.tag_count)
        return g_strdup_printf("VLANs: this port takes tag %u off", tag_of(&old));
    return before->blob_size == after->blob_size &&
                   !memcmp(before->blob, after->blob, after->blob_size)
               ? g_strdup("cable: it is set to send some frames twice")
               : g_strdup("flow table: it says what to set");
}
