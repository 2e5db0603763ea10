/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.h: a table of texts: what a view shows in widgets and what a picture draws.
 *
 * A row is one text, its cells parted by tabs; the first cells, as many as the table says,
 * tell which row it is. Titles, heads and words are English and marked for translation:
 * a window translates them, a picture does not.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

/* What a row's word says, beside the word itself. */
typedef enum {
    GUI_TONE_NONE,
    GUI_TONE_GOOD,
    GUI_TONE_WARN,
    GUI_TONE_BAD,
    GUI_TONE_DIM,
    GUI_TONE_ACCENT,
    GUI_TONE_COUNT
} GuiTone;

typedef struct {
    char *cells;      /* parted by tabs */
    char *note;       /* lines below the last cell; NULL: none */
    const char *word; /* before the row: "new", "CPU"; "": none. Static. */
    GuiTone tone;     /* of the word */
    uint32_t strong;  /* cells that are marked, a bit each */
    bool gone;        /* it is no more: struck through */
    bool here;        /* it is the selected one, or that of the time */
    bool dim;         /* says that there is nothing, or is not yet so */
} GuiRow;

typedef struct {
    char *title;     /* "MAC table of"; "": none */
    char *of;        /* what it is of, behind the title; "": nothing */
    char *head;      /* names of columns, parted by tabs; NULL: none */
    unsigned key;    /* cells that tell which row it is */
    uint32_t right;  /* columns of numbers, a bit each */
    uint32_t dim;    /* columns of lesser weight, a bit each */
    bool mono;       /* code, registers, what was printed */
    bool wide;       /* as wide as the page */
    int focus;       /* the row to keep when there is no room for all; -1: the last */
    GPtrArray *rows; /* of GuiRow * */
} GuiTable;

GuiTable *gui_table_new(const char *title, const char *of, const char *head);
void gui_table_free(GuiTable *table);
GuiTable *gui_table_copy(const GuiTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GuiTable, gui_table_free)

/* Takes over cells. The row belongs to the table. */
GuiRow *gui_table_add(GuiTable *table, char *cells);
/* "MAC table of net0"; g_free(). */
char *gui_table_name(const GuiTable *table);

/* Says in now's rows what was not so before ("new", "changed", with the cells that differ),
 * and adds what is gone since. before is the same table at another time. */
void gui_table_mark(GuiTable *now, const GuiTable *before);
/* The same for all tables of two moments: GPtrArray of GuiTable *. What had no table before
 * had nothing in it. */
void gui_tables_mark(GPtrArray *now, const GPtrArray *before);
