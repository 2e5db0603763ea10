/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sheet.c: where everything on a sheet is. Texts are measured once for each size of type. */
#include "gui/draw/sheet-private.h"

#include <string.h>

#define MOST_COLUMNS 4u
#define WRAP_AT      46.0 /* the last cell wraps there, in heights of text */
#define LEAST_CELL   8.0  /* narrower is no cell, in heights of text */

/* ---- What is on it --------------------------------------------------------------------- */

static void clear_layout(SheetBlock *block)
{
    g_clear_pointer(&block->rows, g_free);
    g_clear_pointer(&block->ladder, gui_ladder_free);
    block->shown = 0;
}

static void block_free(void *data)
{
    SheetBlock *block = data;

    clear_layout(block);
    gui_table_free(block->table);
    for (unsigned i = 0; i < block->path_count; i++)
        gui_path_free(block->paths[i]);
    g_free(block->paths);
    g_free(block->title);
    g_free(block->text);
    g_free(block);
}

GuiSheet *gui_sheet_new(void)
{
    GuiSheet *sheet = g_new0(GuiSheet, 1);

    sheet->blocks = g_ptr_array_new_with_free_func(block_free);
    return sheet;
}

void gui_sheet_free(GuiSheet *sheet)
{
    if (!sheet)
        return;
    g_ptr_array_unref(sheet->blocks);
    g_free(sheet);
}

static SheetBlock *add(GuiSheet *sheet, SheetKind kind)
{
    SheetBlock *block = g_new0(SheetBlock, 1);

    block->kind = kind;
    g_ptr_array_add(sheet->blocks, block);
    return block;
}

void gui_sheet_add_table(GuiSheet *sheet, GuiTable *table)
{
    SheetBlock *block = add(sheet, SHEET_TABLE);

    block->table = table;
    block->title = gui_table_name(table);
}

void gui_sheet_add_text(GuiSheet *sheet, const char *title, const char *text)
{
    SheetBlock *block = add(sheet, SHEET_TEXT);

    block->title = g_strdup(title);
    block->text = g_strdup(text);
}

void gui_sheet_add_ladder(GuiSheet *sheet, GuiPath *const *paths, unsigned count)
{
    SheetBlock *block = add(sheet, SHEET_LADDER);

    block->title = g_strdup("");
    block->paths = g_memdup2(paths, count * sizeof(*paths));
    block->path_count = count;
}

static bool is_wide(const SheetBlock *block)
{
    return block->kind != SHEET_TABLE || block->table->wide;
}

unsigned gui_sheet_left_out(const GuiSheet *sheet)
{
    return sheet->left_out;
}

/* ---- Measures --------------------------------------------------------------------------- */

double gui_sheet_scaled(const GuiSheet *sheet, double value)
{
    return value * sheet->theme.scale;
}

double gui_sheet_line(const GuiSheet *sheet, bool mono)
{
    return sheet->theme.text * (mono ? 1.35 : 1.7);
}

GuiTextStyle gui_sheet_cell_style(const SheetBlock *block, const GuiRow *row, unsigned column)
{
    return (GuiTextStyle){.size = block->table->mono ? 0.9 : 0.94,
                          .mono = block->table->mono,
                          .bold = row->strong >> MIN(column, 31) & 1};
}

bool gui_sheet_is_right(const SheetBlock *block, unsigned column)
{
    return block->table->right >> MIN(column, 31) & 1;
}

static void measure_cells(GuiSheet *sheet, SheetBlock *block, const char *cells, const GuiRow *row)
{
    g_auto(GStrv) parts = g_strsplit(cells, "\t", SHEET_COLUMNS);

    for (unsigned i = 0; parts[i]; i++) {
        GuiTextStyle style =
            row ? gui_sheet_cell_style(block, row, i) : (GuiTextStyle){.size = 0.85, .bold = true};

        block->natural[i] = MAX(block->natural[i], gui_text_width(&sheet->theme, &style, parts[i]));
        block->columns = MAX(block->columns, i + 1);
    }
}

static const GuiRow *row_of(const SheetBlock *block, unsigned number)
{
    return block->table->rows->pdata[number];
}

static void measure(GuiSheet *sheet, SheetBlock *block)
{
    block->columns = 0;
    block->word_width = 0;
    memset(block->natural, 0, sizeof(block->natural));
    if (block->table->head)
        measure_cells(sheet, block, block->table->head, NULL);
    block->total = block->table->rows->len;
    for (unsigned i = 0; i < MIN(block->total, SHEET_ROWS); i++) {
        unsigned number = block->table->focus < 0 ? block->total - 1 - i : i;
        const GuiRow *row = row_of(block, number);

        measure_cells(sheet, block, row->cells, row);
        if (*row->word) {
            const GuiTextStyle style = {.size = 0.78, .bold = true};
            double wide = gui_text_width(&sheet->theme, &style, row->word) + sheet->theme.text;

            block->word_width = MAX(block->word_width, wide + gui_sheet_scaled(sheet, 8));
        }
    }
    block->columns = MAX(block->columns, 1);
}

/* As wide as the block would be; its last column up to where it wraps. */
static double natural_width(const GuiSheet *sheet, const SheetBlock *block)
{
    double width = 2 * gui_sheet_scaled(sheet, SHEET_PAD) + block->word_width +
                   (block->columns - 1) * gui_sheet_scaled(sheet, SHEET_GAP);
    const GuiTextStyle title = {.size = 1.08, .bold = true};

    for (unsigned i = 0; i < block->columns; i++)
        width += i + 1 == block->columns ? MIN(block->natural[i], WRAP_AT * sheet->theme.text)
                                         : block->natural[i];
    return MAX(width, gui_text_width(&sheet->theme, &title, block->title));
}

/* ---- A table in its place ------------------------------------------------------------------ */

/* What is too much is taken from the last column, which wraps, then from all. */
static void place_columns(const GuiSheet *sheet, SheetBlock *block)
{
    double gap = gui_sheet_scaled(sheet, SHEET_GAP), pad = gui_sheet_scaled(sheet, SHEET_PAD);
    double room = block->box.width - 2 * pad - block->word_width - (block->columns - 1) * gap;
    unsigned last = block->columns - 1;
    double before = 0, x = pad + block->word_width, share = 1;

    for (unsigned i = 0; i < last; i++)
        before += block->natural[i];

    double rest = MAX(room - before, MIN(block->natural[last], LEAST_CELL * sheet->theme.text));

    if (before + rest > room)
        share = MAX(room - rest, 0) / MAX(before, 1);
    for (unsigned i = 0; i <= last; i++) {
        block->x[i] = x;
        x += (i == last ? rest : block->natural[i] * share) + gap;
    }
    /* Numbers stand below their head, not at the far end of the card. */
    if (gui_sheet_is_right(block, last))
        x = block->x[last] + MIN(block->natural[last], rest) + gap;
    block->x[last + 1] = x - gap;
}

static double wrapped_height(const GuiSheet *sheet, cairo_t *cr, const GuiTextStyle *style,
                             double width, const char *text)
{
    if (!strchr(text, '\n') && gui_text_width(&sheet->theme, style, text) <= width)
        return gui_text_height(&sheet->theme, style);
    return gui_text_wrapped(cr, &sheet->theme, style, (GuiRect){0, 0, width, 100000}, text);
}

static SheetRow measure_row(const GuiSheet *sheet, const SheetBlock *block, cairo_t *cr,
                            const GuiRow *row)
{
    const GuiTextStyle note = {.size = 0.85};
    unsigned last = block->columns - 1;
    g_auto(GStrv) parts = g_strsplit(row->cells, "\t", SHEET_COLUMNS);
    double width = block->x[last + 1] - block->x[last];
    double line = gui_sheet_line(sheet, block->table->mono);
    SheetRow made = {.text_height = line};

    if (g_strv_length(parts) == block->columns) {
        GuiTextStyle style = gui_sheet_cell_style(block, row, last);
        double spare = line - gui_text_height(&sheet->theme, &style);

        made.text_height = MAX(line, wrapped_height(sheet, cr, &style, width, parts[last]) + spare);
    }
    made.height = made.text_height;
    if (row->note)
        made.height += wrapped_height(sheet, cr, &note, width, row->note) + line * 0.25;
    return made;
}

/* Which rows are shown in so much room: from the focus on, back and forth. */
static void choose_rows(SheetBlock *block, const SheetRow *all, double room)
{
    unsigned focus = block->table->focus < 0 ? block->total - 1
                                             : MIN((unsigned)block->table->focus, block->total - 1);
    unsigned from = focus, to = focus;
    double used = 0, before = 0;

    while (from > 0 && before + all[from - 1].height <= room / 3)
        before += all[--from].height;
    used = before;
    while (to < block->total && used + all[to].height <= room)
        used += all[to++].height;
    while (from > 0 && used + all[from - 1].height <= room)
        used += all[--from].height;
    block->first = from;
    block->shown = to - from;
}

/* Its rows from y on; room < 0: as much as it takes. Returns where it ends. A line above or
 * below them says how many there is no room for. */
static double place_rows(GuiSheet *sheet, SheetBlock *block, cairo_t *cr, double y, double room)
{
    g_autofree SheetRow *all = g_new0(SheetRow, MAX(block->total, 1));
    double whole = 0, line = gui_sheet_line(sheet, block->table->mono);

    for (unsigned i = 0; i < block->total; i++) {
        all[i] = measure_row(sheet, block, cr, row_of(block, i));
        whole += all[i].height;
    }
    block->first = 0;
    block->shown = block->total;
    if (room >= 0 && whole > room && block->total > 0)
        choose_rows(block, all, MAX(room - (block->table->focus ? 2 : 1) * line, 0));
    block->rows = g_memdup2(all + block->first, MAX(block->shown, 1) * sizeof(*all));
    y += block->first > 0 ? line : 0;
    for (unsigned i = 0; i < block->shown; i++) {
        block->rows[i].y = y;
        y += block->rows[i].height;
    }
    sheet->left_out += block->total - block->shown;
    return y + (block->first + block->shown < block->total || block->total == 0 ? line : 0);
}

/* bottom < 0: none. Returns where it ends. */
static double place_table(GuiSheet *sheet, SheetBlock *block, cairo_t *cr, double bottom)
{
    double pad = gui_sheet_scaled(sheet, 6), y = block->box.y;

    if (*block->title)
        y += gui_sheet_scaled(sheet, SHEET_TITLE);
    block->head_y = y;
    y += pad + (block->table->head ? gui_sheet_scaled(sheet, SHEET_HEAD) : 0);
    place_columns(sheet, block);
    if (bottom >= 0 && y + 2 * gui_sheet_line(sheet, block->table->mono) + pad > bottom) {
        sheet->left_out += block->total;
        sheet->hidden++;
        block->box.height = 0;
        return block->box.y;
    }
    y = place_rows(sheet, block, cr, y, bottom >= 0 ? bottom - y - pad : -1) + pad;
    block->box.height = y - block->box.y;
    return y;
}

/* ---- The page ------------------------------------------------------------------------------- */

static double place_wide(GuiSheet *sheet, SheetBlock *block, cairo_t *cr, double bottom)
{
    const GuiTheme *theme = &sheet->theme;
    double y = block->box.y;

    if (block->kind == SHEET_TABLE)
        return place_table(sheet, block, cr, bottom);
    if (*block->title)
        y += gui_sheet_scaled(sheet, SHEET_TITLE);
    block->head_y = y;
    if (block->kind == SHEET_LADDER) {
        block->ladder = gui_ladder_new((const GuiPath *const *)block->paths, block->path_count,
                                       block->box.width, theme);
        y += gui_ladder_height(block->ladder);
    } else {
        y += gui_text_wrapped(cr, theme, GUI_TEXT(.size = 1),
                              (GuiRect){0, 0, block->box.width, 100000}, block->text);
    }
    block->box.height = y - block->box.y;
    sheet->cut |= sheet->bottom >= 0 && y > sheet->bottom;
    return y;
}

typedef struct {
    double left, width; /* of a column */
    double gap;
    unsigned count;
    double ends[MOST_COLUMNS]; /* where each of them ends so far */
} Columns;

/* As many columns as the widest table leaves room for. */
static Columns make_columns(const GuiSheet *sheet, double width)
{
    double gap = gui_sheet_scaled(sheet, SHEET_GAP), room = width - 2 * gap, widest = 0;
    Columns columns = {.left = gap, .gap = gap, .count = 1};
    unsigned narrow = 0;
    bool any_wide = false;

    for (unsigned i = 0; i < sheet->blocks->len; i++) {
        const SheetBlock *block = sheet->blocks->pdata[i];

        any_wide |= is_wide(block);
        if (is_wide(block))
            continue;
        widest = MAX(widest, natural_width(sheet, block));
        narrow++;
    }
    for (unsigned n = MIN(narrow, MOST_COLUMNS); n > 1 && columns.count == 1; n--)
        if ((room - (n - 1) * gap) / n >= widest)
            columns.count = n;
    columns.width = (room - (columns.count - 1) * gap) / columns.count;
    if (!any_wide && columns.width > widest * 1.25) {
        columns.width = widest * 1.25;
        columns.left = (width - columns.count * columns.width - (columns.count - 1) * gap) / 2;
    }
    for (unsigned i = 0; i < columns.count; i++)
        columns.ends[i] = gap;
    return columns;
}

static unsigned pick(const Columns *columns, bool shortest)
{
    unsigned found = 0;

    for (unsigned i = 1; i < columns->count; i++)
        if (shortest ? columns->ends[i] < columns->ends[found] - 1
                     : columns->ends[i] > columns->ends[found])
            found = i;
    return found;
}

static void place(GuiSheet *sheet, SheetBlock *block, Columns *columns, cairo_t *cr, double bottom)
{
    bool wide = is_wide(block);
    unsigned column = pick(columns, !wide);
    double from = columns->ends[column], end;

    block->box = (GuiRect){columns->left + (wide ? 0 : column * (columns->width + columns->gap)),
                           from, columns->width, 0};
    if (wide)
        block->box.width = columns->count * columns->width + (columns->count - 1) * columns->gap;
    end = wide ? place_wide(sheet, block, cr, bottom) : place_table(sheet, block, cr, bottom);
    if (end > from)
        end += columns->gap;
    for (unsigned i = 0; i < columns->count; i++)
        if (wide || i == column)
            columns->ends[i] = end;
}

/* A long table leaves room for a few rows of each that comes behind it. */
static double bottom_for(const GuiSheet *sheet, const Columns *columns, unsigned number,
                         double bottom)
{
    double least =
        gui_sheet_scaled(sheet, SHEET_TITLE + SHEET_HEAD + 12) + 4 * gui_sheet_line(sheet, false);
    unsigned behind = (sheet->blocks->len - 1 - number) / columns->count;
    double from = columns->ends[pick(columns, true)];

    return bottom < 0 ? bottom
                      : MIN(bottom, MAX(bottom - behind * (least + columns->gap), from + least));
}

static double lay_out(GuiSheet *sheet, const GuiTheme *theme, double width, double bottom)
{
    cairo_surface_t *nowhere = cairo_recording_surface_create(CAIRO_CONTENT_COLOR_ALPHA, NULL);
    cairo_t *cr = cairo_create(nowhere); /* it measures */
    Columns columns;

    sheet->theme = *theme;
    sheet->left_out = sheet->hidden = 0;
    sheet->bottom = bottom;
    sheet->cut = false;
    for (unsigned i = 0; i < sheet->blocks->len; i++) {
        clear_layout(sheet->blocks->pdata[i]);
        if (((SheetBlock *)sheet->blocks->pdata[i])->kind == SHEET_TABLE)
            measure(sheet, sheet->blocks->pdata[i]);
    }
    columns = make_columns(sheet, width);
    for (unsigned i = 0; i < sheet->blocks->len; i++)
        place(sheet, sheet->blocks->pdata[i], &columns, cr, bottom_for(sheet, &columns, i, bottom));
    cairo_destroy(cr);
    cairo_surface_destroy(nowhere);
    sheet->width = width;
    sheet->height = columns.ends[pick(&columns, false)];
    return sheet->height;
}

double gui_sheet_lay_out(GuiSheet *sheet, const GuiTheme *theme, double width)
{
    return lay_out(sheet, theme, width, -1);
}

/* Can so much be on a page at all? Spares measuring thousands of rows at each size. */
static bool may_fit(const GuiSheet *sheet, const GuiTheme *theme, double height)
{
    double lines = 0;

    for (unsigned i = 0; i < sheet->blocks->len; i++) {
        const SheetBlock *block = sheet->blocks->pdata[i];

        lines += block->kind == SHEET_TABLE ? block->table->rows->len : 1;
    }
    return lines * theme->text * 1.35 <= height * MOST_COLUMNS;
}

void gui_sheet_fit(GuiSheet *sheet, const GuiTheme *theme, double largest, double width,
                   double height)
{
    static const double sizes[] = {2.4, 2, 1.75, 1.5, 1.3, 1.15, 1, 0.9, 0.8, 0.72};
    GuiTheme own = *theme;

    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        if (sizes[i] > MAX(largest, 1))
            continue;
        own = gui_theme(theme->kind, theme->scale * sizes[i], theme->font);
        own.mono = theme->mono;
        if (may_fit(sheet, &own, height) && lay_out(sheet, &own, width, -1) <= height)
            return;
    }
    lay_out(sheet, &own, width, height - gui_sheet_line(sheet, false));
}
