/* SPDX-License-Identifier: GPL-2.0-or-later */
/* result-nat.c: the tables of NATs and DHCP servers, and ARP caches, in the result. */
#include "sim/export/result-nat.h"

#include <json-c/json.h>

#include "netsim/proto/text.h"

static void add_text(json_object *object, const char *key, const char *value)
{
    json_object_object_add(object, key, json_object_new_string(value));
}

static void add_number(json_object *object, const char *key, uint64_t value)
{
    json_object_object_add(object, key, json_object_new_uint64(value));
}

/* NULL: for ever. */
static void add_time(json_object *object, const char *key, uint64_t time)
{
    json_object_object_add(object, key,
                           time == SIM_TIME_NEVER ? NULL : json_object_new_uint64(time));
}

static void add_address(json_object *object, const char *key, uint32_t address)
{
    char buffer[32];
    NetText text = net_text_begin(buffer, sizeof buffer);

    net_text_ip4(&text, address);
    add_text(object, key, buffer);
}

/* "10.0.2.15:49152" */
static void add_socket(json_object *object, const char *key, SimModelSocket socket)
{
    char buffer[32];
    NetText text = net_text_begin(buffer, sizeof buffer);

    net_text_ip4(&text, socket.address);
    net_text_string(&text, ":");
    net_text_decimal(&text, socket.port);
    add_text(object, key, buffer);
}

/* Behind whose NIC the NAT is; "" where it serves a whole network. */
static void add_vm(json_object *object, const SimModel *model, uint32_t part)
{
    const SimModelVm *vm = sim_model_vm(model, sim_model_part_vm(model, part));
    g_autofree char *name = vm ? g_strdup_printf("vm:%s", vm->name) : g_strdup("");

    add_text(object, "behind", name);
}

static const char *protocol_name(uint8_t protocol)
{
    switch (protocol) {
    case 1: return "icmp";
    case 6: return "tcp";
    case 17: return "udp";
    default: return "?";
    }
}

static const char *rule_name(const SimModelNetwork *network, const SimModelNatRow *row)
{
    for (guint i = 0; i < network->rules->len; i++) {
        const SimModelRule *rule = &g_array_index(network->rules, SimModelRule, i);
        if (rule->part == row->part && rule->rule == row->rule)
            return rule->name;
    }
    return "";
}

json_object *sim_result_nat_table(const SimModel *model, const SimModelNetwork *network)
{
    json_object *rows = json_object_new_array();

    for (guint i = 0; i < network->nat->len; i++) {
        const SimModelNatRow *nat = &g_array_index(network->nat, SimModelNatRow, i);
        json_object *row = json_object_new_object();

        add_vm(row, model, nat->part);
        add_number(row, "row", nat->row);
        add_text(row, "protocol", protocol_name(nat->protocol));
        add_text(row, "state", sim_name(SIM_NAMES(NatState), nat->state));
        add_socket(row, "inside", nat->inside);
        add_socket(row, "inside_peer", nat->inside_peer);
        add_socket(row, "outside", nat->outside);
        add_socket(row, "outside_peer", nat->outside_peer);
        add_text(row, "began", nat->from_inside ? "inside" : "outside");
        add_text(row, "rule", nat->rule == SIM_NONE ? "" : rule_name(network, nat));
        add_number(row, "packets_out", nat->packets_out);
        add_number(row, "packets_in", nat->packets_in);
        add_number(row, "since_ns", nat->since);
        add_time(row, "expires_ns", nat->expires_ns);
        json_object_array_add(rows, row);
    }
    return rows;
}

json_object *sim_result_rules(const SimModel *model, const SimModelNetwork *network)
{
    json_object *rows = json_object_new_array();

    for (guint i = 0; i < network->rules->len; i++) {
        const SimModelRule *rule = &g_array_index(network->rules, SimModelRule, i);
        json_object *row = json_object_new_object();

        add_vm(row, model, rule->part);
        add_text(row, "name", rule->name);
        add_text(row, "protocol", protocol_name(rule->protocol));
        add_socket(row, "host", rule->host);
        add_socket(row, "guest", rule->guest);
        json_object_array_add(rows, row);
    }
    return rows;
}

json_object *sim_result_leases(const SimModelNetwork *network)
{
    json_object *rows = json_object_new_array();

    for (guint i = 0; i < network->leases->len; i++) {
        const SimModelLease *lease = &g_array_index(network->leases, SimModelLease, i);
        g_autofree char *mac = sim_mac_text(lease->mac);
        json_object *row = json_object_new_object();

        add_address(row, "address", lease->address);
        add_text(row, "mac", mac);
        add_text(row, "name", lease->name);
        add_number(row, "since_ns", lease->since);
        add_time(row, "expires_ns", lease->expires_ns);
        if (lease->declined)
            json_object_object_add(row, "declined", json_object_new_boolean(true));
        json_object_array_add(rows, row);
    }
    return rows;
}

json_object *sim_result_arp(const SimModel *model)
{
    json_object *rows = json_object_new_array();

    for (guint i = 0; i < model->arp->len; i++) {
        const SimModelArpRow *arp = &g_array_index(model->arp, SimModelArpRow, i);
        const SimModelNetwork *network =
            sim_model_network(model, sim_model_arp_network(model, arp));
        g_autofree char *owner = sim_model_arp_owner(model, arp), *mac = sim_mac_text(arp->mac);
        json_object *row = json_object_new_object();

        add_text(row, "of", owner);
        add_text(row, "network", network ? network->name : "");
        add_address(row, "address", arp->ip);
        if (arp->state == SIM_ARP_INCOMPLETE)
            json_object_object_add(row, "mac", NULL);
        else
            add_text(row, "mac", mac);
        add_text(row, "state", sim_model_arp_state(arp, model->time));
        add_number(row, "since_ns", arp->since);
        json_object_array_add(rows, row);
    }
    return rows;
}
