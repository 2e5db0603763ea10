/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sheet-private.h: what laying out a sheet and drawing it share. */
#pragma once

#include "gui/draw/geometry.h"
#include "gui/draw/ladder.h"
#include "gui/draw/sheet.h"
#include "gui/draw/text.h"

#define SHEET_COLUMNS 12u  /* of one table at most */
#define SHEET_ROWS    400u /* of one table that are looked at */

typedef enum { SHEET_TABLE, SHEET_TEXT, SHEET_LADDER } SheetKind;

typedef struct {
    double y, height;
    double text_height; /* without the note below */
} SheetRow;

typedef struct {
    SheetKind kind;
    GuiTable *table;
    char *title, *text;
    GuiPath **paths;
    unsigned path_count;

    GuiRect box;                   /* with its title */
    double head_y;                 /* the card begins here */
    unsigned columns;              /* of the table */
    double natural[SHEET_COLUMNS]; /* as wide as they would be */
    double word_width;             /* of the column before them; 0: none */
    double x[SHEET_COLUMNS + 1];   /* left ends, from the card's left, and the right end */
    unsigned first, shown;         /* rows that are drawn */
    unsigned total;                /* that there are */
    SheetRow *rows;                /* `shown` of them */
    GuiLadder *ladder;
} SheetBlock;

struct GuiSheet {
    GPtrArray *blocks; /* of SheetBlock * */
    GuiTheme theme;
    double width, height;
    double bottom; /* of the page; < 0: none */
    bool cut;      /* something goes on below it */
    unsigned left_out;
    unsigned hidden; /* tables of which nothing is shown */
};

double gui_sheet_scaled(const GuiSheet *sheet, double value);
double gui_sheet_line(const GuiSheet *sheet, bool mono);
GuiTextStyle gui_sheet_cell_style(const SheetBlock *block, const GuiRow *row, unsigned column);
bool gui_sheet_is_right(const SheetBlock *block, unsigned column);

#define SHEET_PAD   12.0 /* inside of a card, and around the page */
#define SHEET_GAP   18.0 /* between cards, and between columns of a table */
#define SHEET_TITLE 26.0
#define SHEET_HEAD  24.0
