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
 * followed, each once at the highest level at which it is met.
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
    bool seen;              /* on this walk */
} Table;

/* Those of a VM, in the order in which they were met first. */
struct HvTables {
    unsigned count;
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

static Table *find(HvTables *tables, HvPageNo page, unsigned level)
{
    for (unsigned i = 0; i < tables->count; i++)
        if (tables->table[i].page == page)
            return &tables->table[i];
    if (tables->count == MAX_TABLES)
        return NULL;
    Table *table = &tables->table[tables->count++];
    *table = (Table){.page = page, .level = level};
    return table;
}

/* From the first to the last entry that differs from what was told. */
static void tell_changes(HvVm *vm, Table *table, const uint64_t *entries, HvStamp at)
{
    unsigned first = 0, end = ENTRIES;
    if (memcmp(entries, table->told, sizeof(table->told)) == 0)
        return;
    while (entries[first] == table->told[first])
        first++;
    while (entries[end - 1] == table->told[end - 1])
        end--;
    memcpy(table->told, entries, sizeof(table->told));
    HV_REPORT(vm->host, page_table, at, vm->number, table->page, table->level, first,
              entries + first, end - first);
}

/* The page may be any that the guest has written into an entry. */
static void walk(HvVm *vm, uint64_t page, unsigned level, HvStamp at)
{
    const uint64_t *entries = entries_of(vm, page);
    Table *table = entries != NULL ? find(vm->tables, (HvPageNo)page, level) : NULL;
    if (table == NULL || table->seen)
        return;
    table->seen = true;
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
    for (unsigned i = 0; i < vm->tables->count; i++)
        vm->tables->table[i].seen = false;
    walk(vm, (cr3 & PTE_ADDRESS) >> HV_PAGE_SHIFT, 4, at);
}
