/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm-tables.c: what a guest's own page tables hold, told when it has changed.
 *
 * The processor and the guest write page tables without asking anybody, so the only
 * moments at which the hypervisor can look are exits. With HvHostConfig.exit_registers
 * the tables that CR3 leads to are compared at each exit with what was told of them
 * before, and what differs is told: once in full when a table is first seen, later the
 * entries from the first to the last that changed. The accessed and dirty bits, which
 * the processor sets, are seen so too, at the next exit.
 *
 * A guest could build tables without end, or in a loop: no more than MAX_TABLES are
 * followed on one walk, each once at the highest level at which it is met. As many are
 * remembered; a table that is new takes the place of the one that has not been met for the
 * longest time, as a guest frees tables and goes on with others. A table that comes back
 * after that is told in full once more.
 */
#include <string.h>

#include "hv-core/vm/host-private.h"
#include "hv-core/vm/vm.h"

#define MAX_TABLES  64u
#define ENTRIES     512u
#define PTE_PRESENT UINT64_C(1)
#define PTE_LARGE   (UINT64_C(1) << 7)
#define PTE_ADDRESS UINT64_C(0x000ffffffffff000)

typedef struct {
    HvPageNo page;
    unsigned level;         /* 4: the root */
    uint64_t told[ENTRIES]; /* what the observer knows */
    bool forgotten;         /* it may have been told before, nobody knows how: to be told in full */
    uint64_t seen;          /* the last walk on which it was met */
} Table;

/* Those of a VM. */
struct HvTables {
    unsigned count;
    uint64_t walk; /* number of the walk, from 1 */
    bool replaced; /* some have been forgotten */
    Table table[MAX_TABLES];
};

static const uint64_t *entries_of(const HvVm *vm, uint64_t page)
{
    HvFrameNo frame = HV_FRAME_NONE;
    if (page < hv_memory_page_count(vm->memory))
        frame = hv_memory_entry(vm->memory, (HvPageNo)page)->frame;
    return frame == HV_FRAME_NONE
               ? NULL
               : (const uint64_t *)(hv_pool_data(vm->host->pool) + (size_t)frame * HV_PAGE_SIZE);
}

/* A place for one more; NULL: all were met on this walk. */
static Table *place(HvTables *tables)
{
    Table *oldest = &tables->table[0];
    if (tables->count < MAX_TABLES)
        return &tables->table[tables->count++];
    for (unsigned i = 1; i < MAX_TABLES; i++)
        if (tables->table[i].seen < oldest->seen)
            oldest = &tables->table[i];
    if (oldest->seen == tables->walk)
        return NULL;
    tables->replaced = true;
    return oldest;
}

static Table *find(HvTables *tables, HvPageNo page, unsigned level)
{
    for (unsigned i = 0; i < tables->count; i++)
        if (tables->table[i].page == page)
            return &tables->table[i];
    Table *table = place(tables);
    if (table != NULL)
        *table = (Table){.page = page, .level = level, .forgotten = tables->replaced};
    return table;
}

/* From the first to the last entry that differs from what was told, if that is known. */
static void tell_changes(HvVm *vm, Table *table, const uint64_t *entries, HvStamp at)
{
    unsigned first = 0, end = ENTRIES;
    bool same = memcmp(entries, table->told, sizeof(table->told)) == 0;
    if (same && !table->forgotten)
        return;
    while (!table->forgotten && entries[first] == table->told[first])
        first++;
    while (!table->forgotten && entries[end - 1] == table->told[end - 1])
        end--;
    table->forgotten = false;
    memcpy(table->told, entries, sizeof(table->told));
    HV_REPORT(vm->host, page_table, at, vm->number, table->page, table->level, first,
              entries + first, end - first);
}

/* The page may be any that the guest has written into an entry. */
static void walk(HvVm *vm, uint64_t page, unsigned level, HvStamp at)
{
    const uint64_t *entries = entries_of(vm, page);
    Table *table = entries != NULL ? find(vm->tables, (HvPageNo)page, level) : NULL;
    if (table == NULL || table->seen == vm->tables->walk)
        return;
    table->seen = vm->tables->walk;
    tell_changes(vm, table, entries, at);
    for (unsigned i = 0; i < ENTRIES && level > 1; i++) {
        uint64_t entry = entries[i];
        if ((entry & PTE_PRESENT) && !(entry & PTE_LARGE))
            walk(vm, (entry & PTE_ADDRESS) >> HV_PAGE_SHIFT, level - 1, at);
    }
}

void hv_vm_tell_tables(HvVm *vm, uint64_t cr3, HvStamp at)
{
    if (vm->host->config.observer.page_table == NULL)
        return;
    if (vm->tables == NULL)
        vm->tables = g_new0(HvTables, 1);
    vm->tables->walk++;
    walk(vm, (cr3 & PTE_ADDRESS) >> HV_PAGE_SHIFT, 4, at);
}
