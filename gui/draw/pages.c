/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pages.c: what stands on the sheets of the views. */
#include "gui/draw/pages.h"

#include <glib/gi18n.h>
#include <inttypes.h>

#include <string.h>

#include "gui/draw/exits.h"
#include "gui/draw/stage.h"
#include "gui/draw/tables.h"

/* ---- Tables ------------------------------------------------------------------------------ */

GuiSheet *gui_page_tables(const SimModel *model, const GPtrArray *before)
{
    g_autoptr(GPtrArray) tables = gui_world_tables(model);
    GuiSheet *sheet = gui_sheet_new();

    if (before)
        gui_tables_mark(tables, before);
    g_ptr_array_set_free_func(tables, NULL);
    for (unsigned i = 0; i < tables->len; i++)
        gui_sheet_add_table(sheet, tables->pdata[i]);
    return sheet;
}

/* ---- The stage in rows --------------------------------------------------------------------- */

static const struct {
    GuiEntityKind kind;
    const char *title;
} groups[] = {{GUI_ENTITY_HOST, "Hosts"},
              {GUI_ENTITY_PCPU, N_("Physical CPUs")},
              {GUI_ENTITY_VM, N_("Virtual machines")},
              {GUI_ENTITY_VCPU, N_("Virtual CPUs")},
              {GUI_ENTITY_NETWORK, "Networks"},
              {GUI_ENTITY_NIC, "NICs"},
              {GUI_ENTITY_PART, N_("On the networks")},
              {GUI_ENTITY_PORT, "Ports"},
              {GUI_ENTITY_FRAME, N_("Frames on their way")}};

static void add_group(GuiSheet *sheet, const GArray *items, unsigned group, GuiEntity selected)
{
    g_autoptr(GuiTable) table = gui_table_new(groups[group].title, "", NULL);

    for (unsigned i = 0; i < items->len; i++) {
        const GuiItem *item = &g_array_index(items, GuiItem, i);

        if (item->entity.kind == groups[group].kind)
            gui_table_add(table, g_strdup(item->name))->here =
                gui_entity_equal(item->entity, selected);
    }
    if (table->rows->len > 0)
        gui_sheet_add_table(sheet, g_steal_pointer(&table));
}

GuiSheet *gui_page_rows(const GuiScene *scene)
{
    GuiTheme theme = gui_theme(GUI_THEME_LIGHT, 1, NULL); /* of no account: nothing is drawn */
    g_autoptr(GuiStage) stage = gui_stage_new(scene->model, 1000, 1000, &theme);
    g_autoptr(GArray) items = gui_stage_items(stage, scene);
    g_autoptr(GArray) frames = gui_stage_frames(stage, scene);
    GuiSheet *sheet = gui_sheet_new();

    for (unsigned i = 0; i < G_N_ELEMENTS(groups); i++)
        add_group(sheet, groups[i].kind == GUI_ENTITY_FRAME ? frames : items, i, scene->selected);
    return sheet;
}

/* ---- Consoles ------------------------------------------------------------------------------- */

GuiSheet *gui_page_console(const SimModel *model, uint32_t only_vm)
{
    GuiSheet *sheet = gui_sheet_new();

    for (unsigned i = 0; i < model->vms->len; i++) {
        const SimModelVm *vm = sim_model_vm(model, i);
        GuiTable *table;
        size_t length;

        if (!vm || (only_vm != GUI_PAGE_ALL && only_vm != i))
            continue;

        const char *console = sim_model_console(vm, &length);
        g_autofree char *valid = g_utf8_make_valid(console ? console : "", (gssize)length);
        g_auto(GStrv) lines = g_strsplit(g_strdelimit(g_strchomp(valid), "\t\r", ' '), "\n", -1);

        table = gui_table_new(_("Console of"), vm->name, NULL);
        table->mono = true;
        table->focus = -1;
        for (unsigned line = 0; lines[line]; line++)
            gui_table_add(table, g_strdup(lines[line]));
        if (table->rows->len == 0)
            gui_table_add(table, g_strdup(_("Nothing has been printed yet")))->dim = true;
        gui_sheet_add_table(sheet, table);
    }
    return sheet;
}

/* ---- The way of a frame -----------------------------------------------------------------------
 */

static GuiTone hop_tone(GuiHopKind kind)
{
    static const GuiTone tones[] = {[GUI_HOP_DECISION] = GUI_TONE_ACCENT,
                                    [GUI_HOP_REWRITE] = GUI_TONE_WARN,
                                    [GUI_HOP_DROP] = GUI_TONE_BAD};

    return kind < G_N_ELEMENTS(tones) ? tones[kind] : GUI_TONE_NONE;
}

/* Why, and which fields are others; NULL: neither. */
static char *hop_note(const GuiHop *hop)
{
    g_autoptr(GString) note = g_string_new(NULL);

    if (hop->because)
        g_string_append_printf(note, _("Because: %s"), hop->because);
    for (unsigned i = 0; hop->changes && i < hop->changes->len; i++) {
        const GuiFieldChange *change = &g_array_index(hop->changes, GuiFieldChange, i);

        g_string_append_printf(note, "%s\342\211\240 %s: %s: %s \342\206\222 %s",
                               note->len ? "\n" : "", change->layer, change->field, change->before,
                               change->after);
    }
    return note->len > 0 ? g_strdup(note->str) : NULL;
}

GuiSheet *gui_page_way(GuiSession *session, uint64_t frame)
{
    g_autoptr(GuiJourney) journey = gui_journey_new(session, frame);
    uint64_t position = gui_session_position(session);
    g_autofree char *of = g_strdup_printf(_("%" PRIu64 ", hop by hop"), frame);
    GuiTable *table = gui_table_new(_("The way of frame"), of, _("Time\tWhere\tWhat happens"));
    GuiSheet *sheet = gui_sheet_new();
    GuiRow *here = NULL;

    table->wide = true;
    for (unsigned i = 0; i < journey->hops->len; i++) {
        const GuiHop *hop = &g_array_index(journey->hops, GuiHop, i);
        g_autofree char *time = gui_time_text(hop->time);
        GuiRow *row =
            gui_table_add(table, g_strdup_printf("%s\t%s\t%s", time, hop->where, hop->what));

        row->word = gui_hop_word(hop->kind);
        row->tone = hop_tone(hop->kind);
        row->note = hop_note(hop);
        row->dim = hop->event >= position;
        if (hop->event < position) {
            here = row;
            table->focus = (int)i;
        }
    }
    if (here)
        here->here = true;
    if (journey->cut)
        gui_table_add(table, g_strdup(_("\t\tIts way goes on; only the first hops are shown.")))
            ->dim = true;
    gui_sheet_add_table(sheet, table);
    return sheet;
}

/* ---- Exits --------------------------------------------------------------------------------------
 */

GuiSheet *gui_page_exits(GuiSession *session, const GuiCode *code)
{
    GuiSheet *sheet = gui_sheet_new();
    GuiTable *counts = gui_exit_counts(gui_session_model(session));
    GuiPath *paths[GUI_ARCHITECTURE_COUNT];
    GuiExit exit;

    counts->wide = true;
    gui_sheet_add_table(sheet, counts);
    if (!gui_exit_current(session, &exit)) {
        gui_sheet_add_text(sheet, "", _("No exit has happened yet."));
        return sheet;
    }

    g_autofree char *title = gui_exit_title(session, &exit), *words = gui_exit_words(code, &exit);

    gui_sheet_add_text(sheet, title, words);
    for (unsigned i = 0; i < GUI_ARCHITECTURE_COUNT; i++)
        paths[i] = gui_path_new(session, &exit, (GuiArchitecture)i);
    gui_sheet_add_ladder(sheet, paths, GUI_ARCHITECTURE_COUNT);
    if (exit.has_registers) {
        gui_sheet_add_table(sheet, gui_exit_registers(session, &exit));
        gui_sheet_add_table(sheet, gui_exit_code(session, code, &exit));
    } else {
        gui_sheet_add_text(sheet, "",
                           _("Registers and code were not recorded in this run; hvlab run --set "
                             "run.detail=full --trace FILE SCENARIO records them."));
    }
    return sheet;
}
