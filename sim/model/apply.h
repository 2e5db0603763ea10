/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply.h: the handlers of events, by part of the world.
 *
 * Each returns false when the event names something that does not exist. */
#pragma once

#include "sim/model/model.h"

typedef bool (*SimHandler)(SimModel *model, const SimRecord *record);

/* Each puts its handlers into the table (by type of event). */
void sim_apply_world_handlers(SimHandler *table);
void sim_apply_vm_handlers(SimHandler *table);
void sim_apply_memory_handlers(SimHandler *table);
void sim_apply_net_handlers(SimHandler *table);
void sim_apply_switch_handlers(SimHandler *table);
void sim_apply_nat_handlers(SimHandler *table);
void sim_apply_arp_handlers(SimHandler *table);

/* The cache of a VM, or (vm SIM_NONE) of the NIC at a port, is no more. */
void sim_apply_forget_arp(SimModel *model, unsigned vm, uint32_t port);

GPtrArray *sim_apply_switches_new(void);
GPtrArray *sim_apply_switches_copy(const GPtrArray *switches);
SimModelVm *sim_apply_vm(SimModel *model, unsigned vm); /* NULL: no such */
/* A record's text as a string of its own. */
char *sim_apply_text(const SimRecord *record);
/* Where a row is among rows that are kept in order, or would be. Shared by the tables. */
guint sim_apply_find_row(const GArray *rows, const void *row, GCompareFunc order, bool *ret_found);
