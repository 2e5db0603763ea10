/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tables.h: the page tables of guests, and the way of an address through them.
 *
 * Page tables are in traces of detail full, as of the exits of their VM. So what is known
 * is what the tables held at the last exit before a moment; an entry that was written
 * since is not known yet. A walk goes from the root that CR3 had at that exit down to the
 * entry that maps the address (Intel SDM vol. 3, 4.5), and says each entry on its way.
 */
#pragma once

#include "sim/trace/reader.h"

#define SIM_WALK_LEVELS 4u

/* Bits of an entry. */
#define SIM_PTE_PRESENT (UINT64_C(1) << 0)
#define SIM_PTE_ADDRESS UINT64_C(0x000ffffffffff000)

typedef struct SimTables SimTables;

SimTables *sim_tables_new(void);
void sim_tables_free(SimTables *tables);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimTables, sim_tables_free)

/* The tables after the first events of the trace. Goes on from where it was; from the start
 * when that is later, or in another trace. Borrows reader until the next call. */
void sim_tables_advance(SimTables *tables, SimReader *reader, uint64_t events);

typedef enum {
    SIM_WALK_FOUND,
    SIM_WALK_NOT_MAPPED, /* the last entry is not present: the guest's own page fault */
    SIM_WALK_NO_TABLE,   /* the last level's table is not in the trace */
    SIM_WALK_NO_TABLES   /* there is none in the trace so far, or the VM made no exit yet */
} SimWalkEnd;

typedef struct {
    const char *name; /* "PML4", "PDPT", "PD", "PT" */
    uint64_t page;    /* guest page that the table is in */
    unsigned index;   /* of the entry */
    unsigned shift;   /* of the address, for the index */
    uint64_t entry;   /* 0 if the table is not in the trace */
} SimWalkLevel;

typedef struct {
    SimWalkEnd end;
    uint64_t address;  /* guest-virtual */
    uint64_t physical; /* guest-physical; the same as address unless FOUND */
    unsigned count;    /* of levels, from the root */
    SimWalkLevel levels[SIM_WALK_LEVELS];
    bool exited;
    uint64_t exit_time; /* of the VM's last exit */
} SimWalk;

SimWalk sim_tables_walk(const SimTables *tables, unsigned vm, uint64_t address);

/* Appends "present writable user accessed", or "not present". */
void sim_walk_append_flags(GString *text, uint64_t entry);
/* "4 KiB", "2 MiB" or "1 GiB": the page that an entry of this level maps. */
const char *sim_walk_page_size(const SimWalkLevel *level);
