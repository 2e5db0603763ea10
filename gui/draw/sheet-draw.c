/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sheet-draw.c: draws a sheet that has been laid out. */
#include "gui/draw/paint.h"

#include <glib/gi18n.h>
#include "gui/draw/sheet-private.h"

static GuiColour tone_colour(const GuiTheme *theme, GuiTone tone)
{
    switch (tone) {
    case GUI_TONE_GOOD: return theme->good;
    case GUI_TONE_WARN: return theme->warn;
    case GUI_TONE_BAD: return theme->bad;
    case GUI_TONE_ACCENT: return theme->accent;
    default: return theme->dim;
    }
}

static void draw_note(const GuiSheet *sheet, const SheetBlock *block, cairo_t *cr,
                      const SheetRow *at, const GuiRow *row, double left)
{
    unsigned last = block->columns - 1;

    gui_set_colour(cr, sheet->theme.dim, 1);
    gui_text_wrapped(cr, &sheet->theme, GUI_TEXT(.size = 0.85),
                     (GuiRect){left + block->x[last], at->y + at->text_height,
                               block->x[last + 1] - block->x[last], 100000},
                     row->note);
}

static void draw_cell(const GuiSheet *sheet, const SheetBlock *block, cairo_t *cr,
                      const SheetRow *at, const GuiRow *row, unsigned column, const char *text)
{
    GuiTextStyle style = gui_sheet_cell_style(block, row, column);
    double left = block->box.x + block->x[column];
    bool last = column + 1 == block->columns;
    double width =
        last ? block->x[column + 1] - block->x[column]
             : block->x[column + 1] - block->x[column] - gui_sheet_scaled(sheet, SHEET_GAP);
    double line = gui_sheet_line(sheet, block->table->mono), drawn;

    if (last && at->text_height > line + 1) {
        double spare = line - gui_text_height(&sheet->theme, &style);

        gui_text_wrapped(cr, &sheet->theme, &style,
                         (GuiRect){left, at->y + spare / 2, width, 100000}, text);
        return;
    }
    if (gui_sheet_is_right(block, column)) {
        style.align = GUI_ALIGN_RIGHT;
        left += width;
    }
    drawn = gui_text(cr, &sheet->theme, &style, left, at->y + line / 2, width + 1, text);
    if (row->gone) {
        if (style.align == GUI_ALIGN_RIGHT)
            left -= drawn;
        cairo_rectangle(cr, left, at->y + line / 2, drawn, MAX(sheet->theme.scale, 1));
        cairo_fill(cr);
    }
}

static void draw_row(const GuiSheet *sheet, const SheetBlock *block, cairo_t *cr, unsigned number)
{
    const GuiTheme *theme = &sheet->theme;
    const SheetRow *at = &block->rows[number];
    const GuiRow *row = block->table->rows->pdata[block->first + number];
    g_auto(GStrv) parts = g_strsplit(row->cells, "\t", SHEET_COLUMNS);
    GuiColour ink = row->gone || row->dim ? theme->dim : theme->ink;

    if (number > 0 && !block->table->mono) {
        cairo_rectangle(cr, block->box.x + 1, at->y, block->box.width - 2, 1);
        gui_set_colour(cr, gui_mix(theme->card, theme->card_line, 0.5), 1);
        cairo_fill(cr);
    }
    if (row->here) {
        cairo_rectangle(cr, block->box.x + 1, at->y, block->box.width - 2, at->height);
        gui_set_colour(cr, theme->accent, 0.16);
        cairo_fill(cr);
        cairo_rectangle(cr, block->box.x + 1, at->y, gui_sheet_scaled(sheet, 4), at->height);
        gui_set_colour(cr, theme->accent, 1);
        cairo_fill(cr);
    }
    if (*row->word)
        gui_paint_tag(cr, theme, block->box.x + gui_sheet_scaled(sheet, SHEET_PAD),
                      at->y + gui_sheet_line(sheet, block->table->mono) / 2, 0.78,
                      tone_colour(theme, row->tone), theme->ground, row->word);
    for (unsigned i = 0; parts[i] && i < block->columns; i++) {
        bool dim = block->table->dim >> i & 1 && !(row->strong >> i & 1);

        gui_set_colour(cr, dim ? theme->dim : ink, 1);
        draw_cell(sheet, block, cr, at, row, i, parts[i]);
    }
    if (row->note)
        draw_note(sheet, block, cr, at, row, block->box.x);
}

static void draw_head(const GuiSheet *sheet, const SheetBlock *block, cairo_t *cr)
{
    const GuiTheme *theme = &sheet->theme;
    double height = gui_sheet_scaled(sheet, SHEET_HEAD);
    g_auto(GStrv) parts = g_strsplit(block->table->head, "\t", SHEET_COLUMNS);

    gui_rounded(cr, (GuiRect){block->box.x + 1, block->head_y + 1, block->box.width - 2, height},
                7);
    gui_set_colour(cr, gui_mix(theme->card, theme->line, 0.16), 1);
    cairo_fill(cr);
    gui_set_colour(cr, theme->dim, 1);
    for (unsigned i = 0; parts[i]; i++) {
        bool right = gui_sheet_is_right(block, i), last = i + 1 == block->columns;
        double end = block->x[i + 1] - (last ? 0 : gui_sheet_scaled(sheet, SHEET_GAP));

        gui_text(
            cr, theme,
            GUI_TEXT(.size = 0.85, .bold = true, .align = right ? GUI_ALIGN_RIGHT : GUI_ALIGN_LEFT),
            block->box.x + (right ? end : block->x[i]), block->head_y + 1 + height / 2,
            end - block->x[i] + 2, parts[i]);
    }
}

/* y: middle of the line. */
static void draw_rest_line(const GuiSheet *sheet, const SheetBlock *block, cairo_t *cr, double y,
                           const char *text)
{
    double pad = gui_sheet_scaled(sheet, SHEET_PAD);

    gui_set_colour(cr, sheet->theme.dim, 1);
    gui_text(cr, &sheet->theme, GUI_TEXT(.size = 0.9), block->box.x + pad, y,
             block->box.width - 2 * pad, text);
}

/* Above and below the rows that are shown: that there are none, or more. */
static void draw_rest(const GuiSheet *sheet, const SheetBlock *block, cairo_t *cr)
{
    unsigned before = block->first, after = block->total - block->first - block->shown;
    double half = gui_sheet_line(sheet, block->table->mono) / 2;
    double bottom = block->box.y + block->box.height - gui_sheet_scaled(sheet, 6) - half;
    g_autofree char *above = g_strdup_printf(_("%u more before"), before);
    g_autofree char *below =
        block->total == 0 ? g_strdup(_("empty")) : g_strdup_printf(_("and %u more"), after);

    if (before > 0 && block->shown > 0)
        draw_rest_line(sheet, block, cr, block->rows[0].y - half, above);
    if (after > 0 || block->total == 0)
        draw_rest_line(sheet, block, cr, bottom, below);
}

static void draw_table(const GuiSheet *sheet, const SheetBlock *block, cairo_t *cr)
{
    const GuiTheme *theme = &sheet->theme;
    GuiRect card = block->box;

    card.height -= block->head_y - card.y;
    card.y = block->head_y;
    gui_paint_card(cr, gui_rect_inset(card, 0.5), 8, theme->card, theme->card_line, 1);
    if (block->table->head)
        draw_head(sheet, block, cr);
    for (unsigned i = 0; i < block->shown; i++)
        draw_row(sheet, block, cr, i);
    draw_rest(sheet, block, cr);
}

static void draw_block(const GuiSheet *sheet, const SheetBlock *block, cairo_t *cr)
{
    const GuiTheme *theme = &sheet->theme;

    if (block->box.height <= 0)
        return;
    gui_set_colour(cr, theme->ink, 1);
    if (*block->title)
        gui_text(cr, theme, GUI_TEXT(.size = 1.08, .bold = true), block->box.x,
                 block->box.y + gui_sheet_scaled(sheet, SHEET_TITLE) / 2 - 1, block->box.width,
                 block->title);
    switch (block->kind) {
    case SHEET_TABLE: draw_table(sheet, block, cr); break;
    case SHEET_TEXT:
        gui_text_wrapped(cr, theme, GUI_TEXT(.size = 1),
                         (GuiRect){block->box.x, block->head_y, block->box.width, 100000},
                         block->text);
        break;
    case SHEET_LADDER:
        cairo_save(cr);
        cairo_translate(cr, block->box.x, block->head_y);
        gui_ladder_draw(block->ladder, cr, gui_ladder_height(block->ladder));
        cairo_restore(cr);
        break;
    }
}

void gui_sheet_draw(const GuiSheet *sheet, cairo_t *cr)
{
    const GuiTheme *theme = &sheet->theme;
    bool more = sheet->cut || sheet->hidden > 0;

    cairo_save(cr);
    if (more) {
        cairo_rectangle(cr, 0, 0, sheet->width, sheet->bottom);
        cairo_clip(cr);
    }
    for (unsigned i = 0; i < sheet->blocks->len; i++)
        draw_block(sheet, sheet->blocks->pdata[i], cr);
    cairo_restore(cr);
    if (!more)
        return;
    gui_set_colour(cr, theme->dim, 1);
    gui_text(cr, theme, GUI_TEXT(.size = 0.9), gui_sheet_scaled(sheet, SHEET_GAP),
             sheet->bottom + gui_sheet_line(sheet, false) / 2, sheet->width,
             _("There is more than has room here: choose a larger size."));
}
