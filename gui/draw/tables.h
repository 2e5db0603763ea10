/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tables.h: the tables of the world at a time. */
#pragma once

#include "gui/draw/table.h"
#include "sim/model/model.h"

/* Of each network the MAC addresses, translated connections, forward rules, leases and ARP caches;
 * the VMs; the pCPUs. GPtrArray of GuiTable *, which it owns; g_ptr_array_unref(). */
GPtrArray *gui_world_tables(const SimModel *model);
