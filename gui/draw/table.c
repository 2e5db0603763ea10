/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.c: tables of texts, and what differs between two of them. */
#include "gui/draw/table.h"

#include <string.h>

#include <glib/gi18n.h>

static void row_free(void *data)
{
    GuiRow *row = data;

    g_free(row->cells);
    g_free(row->note);
    g_free(row);
}

GuiTable *gui_table_new(const char *title, const char *of, const char *head)
{
    GuiTable *table = g_new0(GuiTable, 1);

    table->title = g_strdup(title);
    table->of = g_strdup(of);
    table->head = g_strdup(head);
    table->key = 1;
    table->rows = g_ptr_array_new_with_free_func(row_free);
    return table;
}

void gui_table_free(GuiTable *table)
{
    if (!table)
        return;
    g_ptr_array_unref(table->rows);
    g_free(table->title);
    g_free(table->of);
    g_free(table->head);
    g_free(table);
}

GuiTable *gui_table_copy(const GuiTable *table)
{
    GuiTable *copy = gui_table_new(table->title, table->of, table->head);
    char *title = copy->title, *of = copy->of, *head = copy->head;
    GPtrArray *rows = copy->rows;

    *copy = *table;
    copy->title = title;
    copy->of = of;
    copy->head = head;
    copy->rows = rows;
    for (unsigned i = 0; i < table->rows->len; i++) {
        const GuiRow *from = table->rows->pdata[i];
        GuiRow *row = gui_table_add(copy, g_strdup(from->cells));
        char *cells = row->cells;

        *row = *from;
        row->cells = cells;
        row->note = g_strdup(from->note);
    }
    return copy;
}

GuiRow *gui_table_add(GuiTable *table, char *cells)
{
    GuiRow *row = g_new0(GuiRow, 1);

    row->cells = cells;
    row->word = "";
    g_ptr_array_add(table->rows, row);
    return row;
}

char *gui_table_name(const GuiTable *table)
{
    return g_strdup_printf("%s%s%s", table->title, *table->of ? " " : "", table->of);
}

/* ---- What has changed ------------------------------------------------------------------ */

/* The row of the same key; NULL: none. */
static const GuiRow *same_row(const GuiTable *table, const GuiRow *row)
{
    const char *end = row->cells;

    for (unsigned i = 0; i < table->key && end; i++)
        end = strchr(end + (i > 0), '\t');

    size_t length = end ? (size_t)(end - row->cells) : strlen(row->cells);

    for (unsigned i = 0; i < table->rows->len; i++) {
        const GuiRow *other = table->rows->pdata[i];

        if (!other->gone && !strncmp(other->cells, row->cells, length) &&
            (other->cells[length] == '\t' || !other->cells[length]))
            return other;
    }
    return NULL;
}

/* A bit for each cell that differs. */
static uint32_t differing(const char *now, const char *before)
{
    g_auto(GStrv) cells = g_strsplit(now, "\t", 32);
    g_auto(GStrv) had = g_strsplit(before, "\t", 32);
    unsigned count = g_strv_length(had);
    uint32_t bits = 0;

    for (unsigned i = 0; cells[i]; i++)
        if (i >= count || strcmp(cells[i], had[i]))
            bits |= 1u << i;
    return bits;
}

static void say(GuiRow *row, const char *word, GuiTone tone, uint32_t strong)
{
    row->word = word;
    row->tone = tone;
    row->strong = strong;
}

void gui_table_mark(GuiTable *now, const GuiTable *before)
{
    unsigned count = now->rows->len;

    for (unsigned i = 0; i < count; i++) {
        GuiRow *row = now->rows->pdata[i];
        const GuiRow *had = same_row(before, row);

        if (!had)
            say(row, N_("new"), GUI_TONE_GOOD, UINT32_MAX);
        else if (strcmp(had->cells, row->cells))
            say(row, N_("changed"), GUI_TONE_WARN, differing(row->cells, had->cells));
    }
    for (unsigned i = 0; i < before->rows->len; i++) {
        const GuiRow *had = before->rows->pdata[i];

        if (had->gone || same_row(now, had))
            continue;
        GuiRow *row = gui_table_add(now, g_strdup(had->cells));
        say(row, N_("gone"), GUI_TONE_DIM, 0);
        row->gone = true;
    }
}

void gui_tables_mark(GPtrArray *now, const GPtrArray *before)
{
    for (unsigned i = 0; i < now->len; i++) {
        GuiTable *table = now->pdata[i];
        g_autofree char *name = gui_table_name(table);
        g_autoptr(GuiTable) none = gui_table_new(table->title, table->of, NULL);
        const GuiTable *had = none;

        for (unsigned j = 0; j < before->len; j++) {
            g_autofree char *other = gui_table_name(before->pdata[j]);

            if (!strcmp(name, other))
                had = before->pdata[j];
        }
        gui_table_mark(table, had);
    }
}
