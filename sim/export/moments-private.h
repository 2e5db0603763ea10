/* SPDX-License-Identifier: GPL-2.0-or-later */
/* moments-private.h: what the files of moments share: moments.c (the table, VMs, switches)
 * and moments-nat.c (NATs, routers, servers), moments-memory.c (balloons, working sets). */
#pragma once

#include "sim/export/moments.h"
#include "sim/export/result-nat.h"
#include "sim/model/model.h"

typedef struct {
    GArray *moments;
    SimModel *model;
} SimTelling;

/* Takes who and text. */
void sim_tell(SimTelling *telling, const SimRecord *record, char *who, char *text);
/* A record's text as a string of its own. */
char *sim_blob_text(const SimRecord *record);

/* "vm:a". g_free(). */
char *sim_moment_vm(const SimTelling *telling, unsigned number);

void sim_tell_nat_new(SimTelling *telling, const SimRecord *record);
void sim_tell_nat_drop(SimTelling *telling, const SimRecord *record);
void sim_tell_nat_expired(SimTelling *telling, const SimRecord *record);
void sim_tell_router_drop(SimTelling *telling, const SimRecord *record);
void sim_tell_dhcp(SimTelling *telling, const SimRecord *record);
void sim_tell_arp(SimTelling *telling, const SimRecord *record);
bool sim_counts_arp(const SimModel *model, const SimRecord *record); /* is it worth telling? */
void sim_tell_dns(SimTelling *telling, const SimRecord *record);
void sim_tell_balloon_target(SimTelling *telling, const SimRecord *record);
void sim_tell_deflated(SimTelling *telling, const SimRecord *record);
void sim_tell_balloon_refused(SimTelling *telling, const SimRecord *record);
void sim_tell_working_set(SimTelling *telling, const SimRecord *record);
void sim_tell_vm_refused(SimTelling *telling, const SimRecord *record);
