/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tables.c: what stands in the tables of the world. */
#include "gui/draw/tables.h"

#include <glib/gi18n.h>

#include "gui/session/scene.h"
#include "netsim/proto/headers.h"
#include "netsim/proto/text.h"
#include "sim/lab/steps.h"

static void vm_rows(GuiTable *table, const SimModel *model)
{
    for (unsigned i = 0; i < model->vms->len; i++) {
        const SimModelVm *vm = sim_model_vm(model, i);
        const SimModelVcpu *vcpu = sim_model_vcpu(model, i, 0);

        if (!vm)
            continue;
        gui_table_add(table,
                      g_strdup_printf("%s\t%s\t%s\t%u / %u\t%u", vm->name,
                                      sim_name(SIM_NAMES(VmState), vm->state),
                                      vcpu ? sim_name(SIM_NAMES(VcpuState), vcpu->state) : "",
                                      vm->resident_pages, vm->memory_pages, vm->weight));
    }
}

static void pcpu_rows(GuiTable *table, const SimModel *model)
{
    for (unsigned i = 0; i < model->pcpus->len; i++) {
        const SimModelPcpu *pcpu = sim_model_pcpu(model, i);
        const SimModelVm *vm = sim_model_vm(model, pcpu->vm);

        gui_table_add(table, vm ? g_strdup_printf("pCPU %u\t%s, vCPU %u\t%" G_GUINT64_FORMAT, i,
                                                  vm->name, pcpu->vcpu, pcpu->switches)
                                : g_strdup_printf("pCPU %u\t%s\t%" G_GUINT64_FORMAT, i, "idle",
                                                  pcpu->switches));
    }
}

static char *mac_text(uint64_t mac)
{
    return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", (unsigned)(mac >> 40 & 255),
                           (unsigned)(mac >> 32 & 255), (unsigned)(mac >> 24 & 255),
                           (unsigned)(mac >> 16 & 255), (unsigned)(mac >> 8 & 255),
                           (unsigned)(mac & 255));
}

static void mac_rows(GuiTable *table, const SimModel *model, const SimModelNetwork *network)
{
    for (unsigned i = 0; i < network->macs->len; i++) {
        const SimModelMacRow *mac = &g_array_index(network->macs, SimModelMacRow, i);
        const SimModelPort *port = sim_model_port(model, mac->port);
        g_autofree char *name = lab_port_name(model, mac->port);
        g_autofree char *since = gui_time_text(mac->since), *address = mac_text(mac->mac);

        gui_table_add(table, g_strdup_printf("%s\t%u\t%s\t%s", address, port ? port->number : 0,
                                             name, since));
    }
}

/* The caches of all machines on a network, together. */
static void arp_rows(GuiTable *table, const SimModel *model, unsigned network)
{
    for (unsigned i = 0; i < model->arp->len; i++) {
        const SimModelArpRow *row = &g_array_index(model->arp, SimModelArpRow, i);
        g_autofree char *of = sim_model_arp_owner(model, row), *mac = mac_text(row->mac);
        g_autofree char *heard = gui_time_text(row->confirmed_ns);
        bool asked = row->state == SIM_ARP_INCOMPLETE;
        char address[NET_IP4_TEXT_BYTES];

        if (sim_model_arp_network(model, row) != network)
            continue;
        net_ip4_format(row->ip, address);
        gui_table_add(table,
                      g_strdup_printf("%s\t%s\t%s\t%s\t%s", of, address, asked ? "?" : mac,
                                      sim_model_arp_state(row, model->time), asked ? "" : heard));
    }
}

static char *socket_text(const SimModelSocket *socket)
{
    char address[NET_IP4_TEXT_BYTES];

    net_ip4_format(socket->address, address);
    return g_strdup_printf("%s:%u", socket->address ? address : "*", socket->port);
}

static const char *protocol_name(uint8_t protocol)
{
    return protocol == NET_PROTOCOL_TCP    ? "tcp"
           : protocol == NET_PROTOCOL_UDP  ? "udp"
           : protocol == NET_PROTOCOL_ICMP ? "icmp"
                                           : "?";
}

/* Whose NAT or server a part is, when there are several. */
static char *part_name(const SimModel *model, uint32_t part)
{
    const SimModelVm *vm = sim_model_vm(model, sim_model_part_vm(model, part));

    return g_strdup(vm ? vm->name : "");
}

static void nat_rows(GuiTable *table, const SimModel *model, const SimModelNetwork *network)
{
    for (unsigned i = 0; i < network->nat->len; i++) {
        const SimModelNatRow *row = &g_array_index(network->nat, SimModelNatRow, i);
        g_autofree char *of = part_name(model, row->part), *inside = socket_text(&row->inside);
        g_autofree char *outside = socket_text(&row->outside);
        g_autofree char *peer = socket_text(&row->outside_peer);
        g_autofree char *until = gui_time_text(row->expires_ns);

        gui_table_add(table,
                      g_strdup_printf("%u\t%s\t%s\t%s\t%s\t%s\t%s\t%" G_GUINT64_FORMAT
                                      " / %" G_GUINT64_FORMAT "\t%s",
                                      row->row, of, protocol_name(row->protocol), inside, outside,
                                      peer, sim_name(SIM_NAMES(NatState), row->state),
                                      row->packets_out, row->packets_in, until));
    }
}

static void rule_rows(GuiTable *table, const SimModel *model, const SimModelNetwork *network)
{
    for (unsigned i = 0; i < network->rules->len; i++) {
        const SimModelRule *rule = &g_array_index(network->rules, SimModelRule, i);
        g_autofree char *of = part_name(model, rule->part), *host = socket_text(&rule->host);
        g_autofree char *guest = socket_text(&rule->guest);

        gui_table_add(table, g_strdup_printf("%s\t%s\t%s\t%s\t%s", rule->name, of,
                                             protocol_name(rule->protocol), host, guest));
    }
}

static void lease_rows(GuiTable *table, const SimModel *model, const SimModelNetwork *network)
{
    for (unsigned i = 0; i < network->leases->len; i++) {
        const SimModelLease *lease = &g_array_index(network->leases, SimModelLease, i);
        g_autofree char *until = gui_time_text(lease->expires_ns);
        g_autofree char *mac = mac_text(lease->mac);
        char address[NET_IP4_TEXT_BYTES];

        net_ip4_format(lease->address, address);
        gui_table_add(table, g_strdup_printf("%s\t%s\t%s\t%s", address, mac, lease->name, until));
    }
}

/* ---- All of them ------------------------------------------------------------------------ */

static GuiTable *add(GPtrArray *tables, const char *title, const char *of, const char *head,
                     unsigned key)
{
    GuiTable *table = gui_table_new(title, of, head);

    table->key = key;
    g_ptr_array_add(tables, table);
    return table;
}

static void add_network(GPtrArray *tables, const SimModel *model, unsigned number)
{
    const SimModelNetwork *network = sim_model_network(model, number);
    bool nats = network->mode == SIM_NET_MODE_NAT || network->mode == SIM_NET_MODE_NAT_NETWORK;
    const char *name = network->name;

    mac_rows(add(tables, N_("MAC table of"), name, N_("Address\tPort\tLeads to\tSince"), 1), model,
             network);
    if (nats || network->nat->len > 0)
        nat_rows(add(tables, N_("Translated connections of"), name,
                     N_("Row\tOf\tBy\tInside\tOutside\tWith\tState\tOut / in\tUntil"), 2),
                 model, network);
    if (nats || network->rules->len > 0)
        rule_rows(add(tables, N_("Forward rules of"), name, N_("Name\tOf\tBy\tHost\tLeads to"), 2),
                  model, network);
    if (network->leases->len > 0)
        lease_rows(add(tables, N_("DHCP leases of"), name, N_("Address\tMAC\tName\tUntil"), 1),
                   model, network);
    arp_rows(add(tables, N_("ARP caches on"), name, N_("Whose\tAddress\tIs at\tState\tHeard"), 2),
             model, number);
}

static void free_table(void *table)
{
    gui_table_free(table);
}

GPtrArray *gui_world_tables(const SimModel *model)
{
    GPtrArray *tables = g_ptr_array_new_with_free_func(free_table);

    for (unsigned i = 0; i < model->networks->len; i++)
        add_network(tables, model, i);
    vm_rows(add(tables, N_("Virtual machines"), "", N_("Name\tState\tvCPU 0\tPages\tWeight"), 1),
            model);
    pcpu_rows(add(tables, N_("Physical CPUs"), "", N_("CPU\tRuns\tSwitches"), 1), model);
    return tables;
}
