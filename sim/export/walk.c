/* SPDX-License-Identifier: GPL-2.0-or-later */
/* walk.c: see walk.h. What is known of the guest's tables is in sim/model/tables.h. */
#include "sim/export/walk.h"

#include <inttypes.h>

#include "sim/model/tables.h"

typedef struct {
    const SimWalkQuestion *question;
    SimModel *model;
    SimWalk found;
    GString *text;
} Walk;

static void read_trace(Walk *walk, SimReader *reader)
{
    g_autoptr(SimTables) tables = sim_tables_new();
    SimCursor cursor = {0};
    SimRecord record;

    while (sim_reader_next(reader, &cursor, &record) && record.time <= walk->question->time)
        sim_model_apply(walk->model, &record);
    sim_tables_advance(tables, reader, walk->model->events);
    walk->found = sim_tables_walk(tables, walk->question->vm, walk->question->address);
}

/* ---- The guest's tables ------------------------------------------------------ */

static void append_level(const Walk *walk, unsigned number)
{
    const SimWalkLevel *level = &walk->found.levels[number];
    bool last = number + 1 == walk->found.count;

    if (last && walk->found.end == SIM_WALK_NO_TABLE) {
        g_string_append_printf(walk->text,
                               "  %-6s %#13" PRIx64 "         the trace does not have this table\n",
                               level->name, level->page);
        return;
    }
    g_string_append_printf(walk->text, "  %-6s %#13" PRIx64 "  %5u  0x%016" PRIx64 "  ",
                           level->name, level->page, level->index, level->entry);
    sim_walk_append_flags(walk->text, level->entry);
    if (!last)
        g_string_append_printf(walk->text, " -> table at 0x%" PRIx64 "\n",
                               (level->entry & SIM_PTE_ADDRESS) >> 12);
    else if (walk->found.end == SIM_WALK_FOUND)
        g_string_append_printf(walk->text, ", a page of %s\n", sim_walk_page_size(level));
    else
        g_string_append(walk->text, "\n\nThe guest has not mapped this address: an access is a "
                                    "page fault of the guest's own.\n");
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
    double ms = (double)walk->question->time / 1e6;

    g_string_append_printf(walk->text, "vm:%s, virtual address 0x%" PRIx64 ", at %.6f ms\n",
                           vm->name, walk->question->address, ms);
    if (walk->found.end != SIM_WALK_NO_TABLES) {
        g_string_append_printf(walk->text,
                               "The guest's page tables as of its last exit, at %.6f ms:\n"
                               "\n  table  at guest page  index  entry\n",
                               (double)walk->found.exit_time / 1e6);
        for (unsigned i = 0; i < walk->found.count; i++)
            append_level(walk, i);
        if (walk->found.end != SIM_WALK_FOUND)
            return;
        g_string_append_c(walk->text, '\n');
    } else if (walk->found.exited) {
        g_string_append(walk->text,
                        "The trace has no page tables: they are recorded with \"run\": "
                        "{\"detail\": \"full\"}, or by hvlab run --set run.detail=full.\n"
                        "Taken as a guest-physical address, which it is where a guest maps its "
                        "memory one to one:\n");
    } else {
        g_string_append(walk->text, "The VM has had no exit yet, and page tables are recorded at "
                                    "exits.\nTaken as a guest-physical address:\n");
    }
    append_frame(walk, walk->found.physical);
}

bool sim_walk_append(SimReader *reader, const SimWalkQuestion *question, GString *text)
{
    g_autoptr(SimModel) model = sim_model_new();
    Walk walk = {.question = question, .model = model, .text = text};
    bool found;

    read_trace(&walk, reader);
    found = sim_model_vm(model, question->vm) != NULL;
    if (found)
        append_all(&walk);
    return found;
}
