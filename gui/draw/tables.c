/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tables.c: what stands in the tables of the world. */
#include "gui/draw/tables.h"

#include <inttypes.h>

#include <glib/gi18n.h>

#include "gui/session/scene.h"
#include "netsim/proto/headers.h"
#include "netsim/proto/text.h"
#include "sim/lab/steps.h"
#include "gui/session/names.h"

/* "100 / s, 4 waits" */
static char *limit_text(const SimModelThrottle *limit)
{
    return limit->rate
               ? g_strdup_printf(_("%u / s, had to wait: %" PRIu64), limit->rate, limit->times)
           : limit->times > 0 ? g_strdup_printf(_("none, had to wait: %" PRIu64), limit->times)
                              : g_strdup(_("none"));
}

static bool any_limit(const SimModel *model)
{
    for (unsigned i = 0; i < model->vms->len; i++) {
        const SimModelVm *vm = sim_model_vm(model, i);
        for (unsigned kind = 0; kind < SIM_THROTTLE_COUNT; kind++)
            if (vm->throttles[kind].rate > 0 || vm->throttles[kind].times > 0)
                return true;
    }
    return false;
}

static void limit_rows(GuiTable *table, const SimModel *model)
{
    for (unsigned i = 0; i < model->vms->len; i++) {
        const SimModelVm *vm = sim_model_vm(model, i);
        g_autofree char *exits = limit_text(&vm->throttles[SIM_THROTTLE_EXITS]);
        g_autofree char *devices = limit_text(&vm->throttles[SIM_THROTTLE_DEVICE_OPERATIONS]);
        g_autofree char *waited = gui_time_text(vm->throttled_ns);

        gui_table_add(table, g_strdup_printf("%s\t%s\t%s\t%s", vm->name, exits, devices, waited));
    }
}

static bool any_memory_terms(const SimModel *model)
{
    for (unsigned i = 0; i < model->vms->len; i++) {
        const SimModelVm *vm = sim_model_vm(model, i);
        if (vm->balloon_target > 0 || vm->ballooned_pages > 0 || vm->memory_shares > 0 ||
            vm->blocks_mapped > 0 || vm->swap_outs > 0)
            return true;
    }
    return false;
}

/* What the VM has of the host's memory beside what it touched, in pages. */
static void memory_rows(GuiTable *table, const SimModel *model)
{
    for (unsigned i = 0; i < model->vms->len; i++) {
        const SimModelVm *vm = sim_model_vm(model, i);
        g_autofree char *shares =
            vm->memory_shares ? g_strdup_printf("%u", vm->memory_shares) : g_strdup("");

        gui_table_add(table, g_strdup_printf("%s\t%u / %u\t%u\t%u\t%" G_GUINT64_FORMAT
                                             " / %" G_GUINT64_FORMAT "\t%s",
                                             vm->name, vm->ballooned_pages, vm->balloon_target,
                                             vm->swapped_pages, vm->shared_pages, vm->blocks_mapped,
                                             vm->blocks_reclaimed, shares));
    }
}

static void vm_rows(GuiTable *table, const SimModel *model)
{
    for (unsigned i = 0; i < model->vms->len; i++) {
        const SimModelVm *vm = sim_model_vm(model, i);
        const SimModelVcpu *vcpu = sim_model_vcpu(model, i, 0);

        if (!vm)
            continue;
        gui_table_add(table,
                      g_strdup_printf("%s\t%s\t%s\t%u / %u\t%u", vm->name,
                                      gui_name(SIM_NAMES(VmState), vm->state),
                                      vcpu ? gui_name(SIM_NAMES(VcpuState), vcpu->state) : "",
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
                                : g_strdup_printf("pCPU %u\t%s\t%" G_GUINT64_FORMAT, i, _("idle"),
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
        gui_table_add(table, g_strdup_printf("%s\t%s\t%s\t%s\t%s", of, address, asked ? "?" : mac,
                                             _(sim_model_arp_state(row, model->time)),
                                             asked ? "" : heard));
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
                                      peer, gui_name(SIM_NAMES(NatState), row->state),
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
        gui_table_add(
            table, g_strdup_printf("%s\t%s\t%s\t%s", address, mac,
                                   lease->declined ? _("declined: in use by another") : lease->name,
                                   until));
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
    const NetRecipe *recipe = sim_model_recipe(network);
    bool nats = recipe && recipe->has_nat;
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
    if (any_limit(model))
        limit_rows(add(tables, N_("Limits of virtual machines"), "",
                       N_("Name\tExits\tDevice operations\tWaited"), 1),
                   model);
    if (any_memory_terms(model))
        memory_rows(add(tables, N_("Memory of virtual machines, in pages"), "",
                        N_("Name\tBalloon / asked\tSwapped\tShared\tBlocks / lost\tShares"), 1),
                    model);
    pcpu_rows(add(tables, N_("Physical CPUs"), "", N_("CPU\tRuns\tSwitches"), 1), model);
    return tables;
}
