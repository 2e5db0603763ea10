/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tables.c: see tables.h. */
#include "sim/model/tables.h"

#include <string.h>

#include "sim/model/model.h"

#define ENTRIES 512u

#define PTE_WRITABLE (UINT64_C(1) << 1)
#define PTE_USER     (UINT64_C(1) << 2)
#define PTE_UNCACHED (UINT64_C(1) << 4)
#define PTE_ACCESSED (UINT64_C(1) << 5)
#define PTE_DIRTY    (UINT64_C(1) << 6)
#define PTE_LARGE    (UINT64_C(1) << 7)
#define PTE_NX       (UINT64_C(1) << 63)

/* What is known of one VM. */
typedef struct {
    GHashTable *tables; /* guest page -> ENTRIES entries */
    uint64_t root;      /* guest page of the PML4 at the last exit */
    bool has_root, exited;
    uint64_t exit_time;
} Guest;

struct SimTables {
    GPtrArray *guests; /* of Guest, by number; NULL: nothing is known */
    const SimReader *reader;
    SimCursor cursor;
};

/* ---- What the trace knows -------------------------------------------------- */

static void guest_free(void *data)
{
    Guest *guest = data;

    if (!guest)
        return;
    g_hash_table_unref(guest->tables);
    g_free(guest);
}

/* NULL: no VM has such a number. */
static Guest *guest_of(SimTables *tables, unsigned vm)
{
    if (vm >= SIM_MODEL_MAX_VMS)
        return NULL;
    if (vm >= tables->guests->len)
        g_ptr_array_set_size(tables->guests, (int)vm + 1);
    if (!tables->guests->pdata[vm]) {
        Guest *guest = g_new0(Guest, 1);
        guest->tables = g_hash_table_new_full(NULL, NULL, NULL, g_free);
        tables->guests->pdata[vm] = guest;
    }
    return tables->guests->pdata[vm];
}

static void note_table(SimTables *tables, const SimRecord *record)
{
    const SimEventPageTable *event = SIM_FIELDS(record, PageTable);
    size_t count = record->blob_size / sizeof(uint64_t);
    Guest *guest = guest_of(tables, event->vm);
    uint64_t *entries;

    if (!guest || event->first + count > ENTRIES)
        return;
    entries = g_hash_table_lookup(guest->tables, GUINT_TO_POINTER(event->page));
    if (!entries) {
        entries = g_new0(uint64_t, ENTRIES);
        g_hash_table_insert(guest->tables, GUINT_TO_POINTER(event->page), entries);
    }
    memcpy(entries + event->first, record->blob, count * sizeof(uint64_t));
}

/* A guest may have several roots, and come back to one without changing it. */
static void note_root(SimTables *tables, const SimEventRegisters *registers)
{
    Guest *guest = guest_of(tables, registers->vm);

    if (!guest)
        return;
    guest->root = (registers->cr3 & SIM_PTE_ADDRESS) >> 12;
    guest->has_root = true;
}

static void note_exit(SimTables *tables, const SimRecord *record)
{
    Guest *guest = guest_of(tables, SIM_FIELDS(record, Exit)->vm);

    if (!guest)
        return;
    guest->exit_time = record->time;
    guest->exited = true;
}

void sim_tables_advance(SimTables *tables, SimReader *reader, uint64_t events)
{
    SimFilter filter = {{0}};
    SimRecord record;

    sim_filter_add(&filter, SIM_EVENT_PAGE_TABLE);
    sim_filter_add(&filter, SIM_EVENT_REGISTERS);
    sim_filter_add(&filter, SIM_EVENT_EXIT);
    if (tables->reader != reader || tables->cursor.index > events) {
        g_ptr_array_set_size(tables->guests, 0);
        tables->cursor = (SimCursor){0};
        tables->reader = reader;
    }
    for (;;) {
        SimCursor next = tables->cursor;
        if (!sim_reader_next_of(reader, &next, &filter, &record) || record.index >= events)
            break;
        tables->cursor = next;
        if (record.type == SIM_EVENT_PAGE_TABLE)
            note_table(tables, &record);
        else if (record.type == SIM_EVENT_REGISTERS)
            note_root(tables, SIM_FIELDS(&record, Registers));
        else
            note_exit(tables, &record);
    }
}

SimTables *sim_tables_new(void)
{
    SimTables *tables = g_new0(SimTables, 1);

    tables->guests = g_ptr_array_new_with_free_func(guest_free);
    return tables;
}

void sim_tables_free(SimTables *tables)
{
    if (!tables)
        return;
    g_ptr_array_unref(tables->guests);
    g_free(tables);
}

/* ---- The walk ---------------------------------------------------------------- */

static bool maps_page(unsigned level, uint64_t entry)
{
    return level == 1 || (entry & PTE_LARGE);
}

static void walk_down(const Guest *guest, SimWalk *walk)
{
    static const struct {
        const char *name;
        unsigned shift;
    } levels[SIM_WALK_LEVELS + 1] = {
        {NULL, 12}, {"PT", 12}, {"PD", 21}, {"PDPT", 30}, {"PML4", 39}};
    uint64_t page = guest->root;

    for (unsigned level = SIM_WALK_LEVELS; level > 0; level--) {
        SimWalkLevel *own = &walk->levels[walk->count++];
        const uint64_t *entries =
            page <= UINT32_MAX
                ? g_hash_table_lookup(guest->tables, GUINT_TO_POINTER((uint32_t)page))
                : NULL;
        uint64_t mask = (UINT64_C(1) << levels[level].shift) - 1;

        *own = (SimWalkLevel){.name = levels[level].name,
                              .page = page,
                              .index = (unsigned)(walk->address >> levels[level].shift) % ENTRIES,
                              .shift = levels[level].shift};
        walk->end = SIM_WALK_NO_TABLE;
        if (!entries)
            return;
        own->entry = entries[own->index];
        walk->end = SIM_WALK_NOT_MAPPED;
        if (!(own->entry & SIM_PTE_PRESENT))
            return;
        if (maps_page(level, own->entry)) {
            walk->end = SIM_WALK_FOUND;
            walk->physical = (own->entry & SIM_PTE_ADDRESS & ~mask) | (walk->address & mask);
            return;
        }
        page = (own->entry & SIM_PTE_ADDRESS) >> 12;
    }
}

SimWalk sim_tables_walk(const SimTables *tables, unsigned vm, uint64_t address)
{
    const Guest *guest = vm < tables->guests->len ? tables->guests->pdata[vm] : NULL;
    SimWalk walk = {.end = SIM_WALK_NO_TABLES, .address = address, .physical = address};

    if (!guest)
        return walk;
    walk.exited = guest->exited;
    walk.exit_time = guest->exit_time;
    if (guest->has_root)
        walk_down(guest, &walk);
    return walk;
}

void sim_walk_append_flags(GString *text, uint64_t entry)
{
    static const struct {
        uint64_t bit;
        const char *set, *clear;
    } flags[] = {
        {PTE_WRITABLE, "writable", "read-only"},
        {PTE_USER, "user", "kernel"},
        {PTE_NX, "no-execute", NULL},
        {PTE_ACCESSED, "accessed", NULL},
        {PTE_DIRTY, "dirty", NULL},
        {PTE_UNCACHED, "uncached", NULL},
    };

    if (!(entry & SIM_PTE_PRESENT)) {
        g_string_append(text, "not present");
        return;
    }
    g_string_append(text, "present");
    for (unsigned i = 0; i < G_N_ELEMENTS(flags); i++) {
        const char *word = entry & flags[i].bit ? flags[i].set : flags[i].clear;

        if (word)
            g_string_append_printf(text, " %s", word);
    }
}

const char *sim_walk_page_size(const SimWalkLevel *level)
{
    return level->shift == 12 ? "4 KiB" : level->shift == 21 ? "2 MiB" : "1 GiB";
}
