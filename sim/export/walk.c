/* SPDX-License-Identifier: GPL-2.0-or-later */
/* walk.c: see walk.h.
 *
 * Page tables are in traces of detail full, as of the exits of their VM. So what is
 * printed is what the tables held at the last exit before the time asked for; an entry
 * that was written since is not known yet, and the text says as of when it speaks.
 */
#include "sim/export/walk.h"

#include <inttypes.h>
#include <string.h>

#define ENTRIES 512u
#define LEVELS  4

/* Bits of an entry (Intel SDM vol. 3, 4.5). */
#define PTE_PRESENT  (UINT64_C(1) << 0)
#define PTE_WRITABLE (UINT64_C(1) << 1)
#define PTE_USER     (UINT64_C(1) << 2)
#define PTE_UNCACHED (UINT64_C(1) << 4)
#define PTE_ACCESSED (UINT64_C(1) << 5)
#define PTE_DIRTY    (UINT64_C(1) << 6)
#define PTE_LARGE    (UINT64_C(1) << 7)
#define PTE_NX       (UINT64_C(1) << 63)
#define PTE_ADDRESS  UINT64_C(0x000ffffffffff000)

static const struct {
    const char *name;
    unsigned shift;
} levels[LEVELS + 1] = {{NULL, 12}, {"PT", 12}, {"PD", 21}, {"PDPT", 30}, {"PML4", 39}};

typedef struct {
    const SimWalkQuestion *question;
    SimModel *model;
    GHashTable *tables; /* guest page -> 512 entries */
    uint64_t root;      /* guest page of the PML4 at the last exit */
    bool has_root;
    uint64_t exit_time; /* of the last exit of the VM */
    bool exited;
    GString *text;
} Walk;

/* ---- What the trace knows -------------------------------------------------- */

static void note_table(Walk *walk, const SimRecord *record)
{
    const SimEventPageTable *event = SIM_FIELDS(record, PageTable);
    size_t count = record->blob_size / sizeof(uint64_t);
    uint64_t *entries = g_hash_table_lookup(walk->tables, GUINT_TO_POINTER(event->page));

    if (event->vm != walk->question->vm || event->first + count > ENTRIES)
        return;
    if (!entries) {
        entries = g_new0(uint64_t, ENTRIES);
        g_hash_table_insert(walk->tables, GUINT_TO_POINTER(event->page), entries);
    }
    memcpy(entries + event->first, record->blob, count * sizeof(uint64_t));
}

/* A guest may have several roots, and come back to one without changing it. */
static void note_root(Walk *walk, const SimEventRegisters *registers)
{
    if (registers->vm != walk->question->vm)
        return;
    walk->root = (registers->cr3 & PTE_ADDRESS) >> 12;
    walk->has_root = true;
}

static void read_trace(Walk *walk, SimReader *reader)
{
    SimCursor cursor = {0};
    SimRecord record;

    while (sim_reader_next(reader, &cursor, &record) && record.time <= walk->question->time) {
        sim_model_apply(walk->model, &record);
        if (record.type == SIM_EVENT_PAGE_TABLE)
            note_table(walk, &record);
        if (record.type == SIM_EVENT_REGISTERS)
            note_root(walk, SIM_FIELDS(&record, Registers));
        if (record.type == SIM_EVENT_EXIT && SIM_FIELDS(&record, Exit)->vm == walk->question->vm) {
            walk->exit_time = record.time;
            walk->exited = true;
        }
    }
}

/* ---- The guest's tables ------------------------------------------------------ */

static void append_flags(GString *text, uint64_t entry)
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

    if (!(entry & PTE_PRESENT)) {
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

/* From the root down. True: the guest-physical address was found. */
static bool walk_tables(Walk *walk, uint64_t *ret_physical)
{
    uint64_t address = walk->question->address;
    uint64_t page = walk->root;

    g_string_append(walk->text, "\n  table  at guest page  index  entry\n");
    for (unsigned level = LEVELS; level > 0; level--) {
        const uint64_t *entries =
            page <= UINT32_MAX ? g_hash_table_lookup(walk->tables, GUINT_TO_POINTER((uint32_t)page))
                               : NULL;
        unsigned index = (unsigned)(address >> levels[level].shift) % ENTRIES;

        if (!entries) {
            g_string_append_printf(
                walk->text, "  %-6s %#13" PRIx64 "         the trace does not have this table\n",
                levels[level].name, page);
            return false;
        }
        uint64_t entry = entries[index];

        g_string_append_printf(walk->text, "  %-6s %#13" PRIx64 "  %5u  0x%016" PRIx64 "  ",
                               levels[level].name, page, index, entry);
        append_flags(walk->text, entry);
        if (!(entry & PTE_PRESENT)) {
            g_string_append(walk->text, "\n\nThe guest has not mapped this address: an access is a "
                                        "page fault of the guest's own.\n");
            return false;
        }
        bool last = level == 1 || (entry & PTE_LARGE);
        uint64_t mask = (UINT64_C(1) << levels[level].shift) - 1;

        if (last) {
            g_string_append_printf(walk->text, ", a page of %s\n",
                                   level == 1   ? "4 KiB"
                                   : level == 2 ? "2 MiB"
                                                : "1 GiB");
            *ret_physical = (entry & PTE_ADDRESS & ~mask) | (address & mask);
            return true;
        }
        page = (entry & PTE_ADDRESS) >> 12;
        g_string_append_printf(walk->text, " -> table at 0x%" PRIx64 "\n", page);
    }
    return false;
}

/* ---- The host's -------------------------------------------------------------- */

static void append_frame(Walk *walk, uint64_t physical)
{
    const SimModelVm *vm = sim_model_vm(walk->model, walk->question->vm);
    uint64_t number = physical >> 12;

    g_string_append_printf(walk->text,
                           "Guest-physical address 0x%" PRIx64 ": page 0x%" PRIx64 " of vm:%s, ",
                           physical, number, vm->name);
    if (number >= vm->memory_pages) {
        g_string_append(walk->text, "which is no memory of it: a device, or nothing.\n");
        return;
    }
    SimModelPage page = sim_model_page(vm, (uint32_t)number);

    if (page.frame == SIM_MODEL_NO_FRAME) {
        g_string_append(walk->text,
                        page.flags & SIM_PAGE_SWAPPED     ? "which is in swap space.\n"
                        : page.flags & SIM_PAGE_BALLOONED ? "which the guest gave to its balloon.\n"
                        : page.flags & SIM_PAGE_TOUCHED   ? "which has lost its page frame.\n"
                                                          : "which was never touched: it has no "
                                                            "page frame yet.\n");
        return;
    }
    g_string_append_printf(
        walk->text, "in page frame %u of the host (address 0x%" PRIx64 " there): %s%s%s\n",
        page.frame, (uint64_t)page.frame << 12 | (physical & 0xfff),
        page.flags & SIM_PAGE_WRITABLE ? "writable" : "read-only",
        page.flags & SIM_PAGE_SHARED ? ", shared with pages of equal contents" : "",
        page.flags & SIM_PAGE_PINNED ? ", pinned" : "");
}

static void append_all(Walk *walk)
{
    const SimModelVm *vm = sim_model_vm(walk->model, walk->question->vm);
    uint64_t physical = walk->question->address;
    double ms = (double)walk->question->time / 1e6;

    g_string_append_printf(walk->text, "vm:%s, virtual address 0x%" PRIx64 ", at %.6f ms\n",
                           vm->name, walk->question->address, ms);
    if (walk->has_root) {
        g_string_append_printf(walk->text,
                               "The guest's page tables as of its last exit, at %.6f ms:\n",
                               (double)walk->exit_time / 1e6);
        if (!walk_tables(walk, &physical))
            return;
        g_string_append_c(walk->text, '\n');
    } else if (walk->exited) {
        g_string_append(walk->text,
                        "The trace has no page tables: they are recorded with \"run\": "
                        "{\"detail\": \"full\"}.\nTaken as a guest-physical address, which it is "
                        "where a guest maps its memory one to one:\n");
    } else {
        g_string_append(walk->text, "The VM has had no exit yet, and page tables are recorded at "
                                    "exits.\nTaken as a guest-physical address:\n");
    }
    append_frame(walk, physical);
}

bool sim_walk_append(SimReader *reader, const SimWalkQuestion *question, GString *text)
{
    g_autoptr(SimModel) model = sim_model_new();
    Walk walk = {.question = question, .model = model, .text = text};
    bool found;

    walk.tables = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    read_trace(&walk, reader);
    found = sim_model_vm(model, question->vm) != NULL;
    if (found)
        append_all(&walk);
    g_hash_table_unref(walk.tables);
    return found;
}
