/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply-arp.c: what is in the ARP caches of all machines at a time.
 *
 * One array for all of them, sorted by whose cache it is and then by address: first those of
 * VMs, by VM and NIC, then those of other machines, by the port of their NIC. */
#include "sim/model/apply.h"

static int compare(gconstpointer one, gconstpointer other)
{
    const SimModelArpRow *a = one, *b = other;

    if (a->vm != b->vm)
        return a->vm < b->vm ? -1 : 1;
    if (a->nic != b->nic)
        return a->nic < b->nic ? -1 : 1;
    if (a->port != b->port)
        return a->port < b->port ? -1 : 1;
    return a->ip < b->ip ? -1 : a->ip > b->ip;
}

static bool exists(const SimModel *model, const SimModelArpRow *row)
{
    return row->vm == SIM_NONE ? sim_model_port(model, row->port) != NULL
                               : sim_model_nic(model, row->vm, row->nic) != NULL;
}

static SimModelArpRow row_of(const SimEventArpEntry *event)
{
    bool is_vm = event->vm != SIM_NONE;

    return (SimModelArpRow){
        .vm = event->vm,
        .nic = is_vm ? event->nic : SIM_NONE,
        .port = is_vm ? SIM_MODEL_NO_PORT : event->port,
        .ip = event->ip,
        .mac = event->mac,
        .state = event->to,
        .confirmed_ns = event->confirmed_ns,
    };
}

static void replace(SimModelArpRow *old, SimModelArpRow row, uint64_t now)
{
    row.since = old->since;
    row.moved_ns = old->mac != 0 && old->mac != row.mac ? now : old->moved_ns;
    *old = row;
}

static bool arp_entry(SimModel *model, const SimRecord *record)
{
    const SimEventArpEntry *event = SIM_FIELDS(record, ArpEntry);
    SimModelArpRow row = row_of(event);
    bool found;
    guint at = sim_apply_find_row(model->arp, &row, compare, &found);

    row.since = record->time;

    if (!found && (event->to == SIM_ARP_FREE || !exists(model, &row) ||
                   model->arp->len >= SIM_MODEL_MAX_ROWS))
        return false;
    if (event->to == SIM_ARP_FREE) {
        g_array_remove_index(model->arp, at);
    } else if (found) {
        replace(&g_array_index(model->arp, SimModelArpRow, at), row, record->time);
    } else {
        g_array_insert_val(model->arp, at, row);
    }
    return true;
}

const SimModelArpRow *sim_model_arp_row(const SimModel *model, const SimEventArpEntry *event)
{
    SimModelArpRow row = row_of(event);
    bool found;
    guint at = sim_apply_find_row(model->arp, &row, compare, &found);

    return found ? &g_array_index(model->arp, SimModelArpRow, at) : NULL;
}

void sim_apply_forget_arp(SimModel *model, unsigned vm, uint32_t port)
{
    for (guint i = model->arp->len; i-- > 0;) {
        const SimModelArpRow *row = &g_array_index(model->arp, SimModelArpRow, i);
        if (vm != SIM_NONE ? row->vm == vm : row->vm == SIM_NONE && row->port == port)
            g_array_remove_index(model->arp, i);
    }
}

void sim_apply_arp_handlers(SimHandler *table)
{
    table[SIM_EVENT_ARP_ENTRY] = arp_entry;
}
