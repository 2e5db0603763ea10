/* SPDX-License-Identifier: GPL-2.0-or-later */
/* result-nat.h: tables of NATs and DHCP servers, and ARP caches, as arrays of the result. */
#pragma once

#include <json-c/json.h>

#include "sim/model/model.h"

json_object *sim_result_nat_table(const SimModel *model, const SimModelNetwork *network);
json_object *sim_result_rules(const SimModel *model, const SimModelNetwork *network);
json_object *sim_result_leases(const SimModelNetwork *network);
json_object *sim_result_arp(const SimModel *model);

/* "02:68:76:00:00:00"; g_free() it. */
char *sim_mac_text(uint64_t mac);
