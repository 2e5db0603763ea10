/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.c: the grids of page frames and of pages. */
#include "gui/draw/memory.h"

#include <glib/gi18n.h>

#include <math.h>

#include "gui/draw/paint.h"

#define LEAST_ROOM 140.0 /* for the grids, above the legend */

/* One grid: cells in rows, each standing for one or more pages. */
typedef struct {
    bool frames; /* the host's page frames; else a VM's pages */
    uint32_t vm;
    GuiRect box, title; /* of the cells; of the line above */
    uint32_t pages;
    uint32_t per_cell;
    unsigned columns;
    double cell;
} Grid;

struct GuiMemory {
    GuiTheme theme;
    unsigned host;
    double width, height;
    GArray *grids; /* of Grid; the host's first */
};

static unsigned draw_legend(const GuiTheme *theme, cairo_t *cr, double width, double bottom);

/* ---- Layout --------------------------------------------------------------------------------- */

static Grid *grid_at(const GuiMemory *memory, guint index)
{
    return &g_array_index(memory->grids, Grid, index);
}

/* The largest cells of which so many fit; 0: not one pixel is left for each. Rows are a whole
 * power of two of pages long where that costs little: then addresses are easily counted. */
static double choose_cell(uint32_t cells, double width, double height, unsigned *ret_columns)
{
    double best = 0, round_best = 0;
    unsigned round_columns = 0;

    for (double cell = 40; cell >= 4 && best == 0; cell--) {
        double columns = floor(width / cell);
        if (columns >= 1 && columns * floor(height / cell) >= cells)
            best = cell;
    }
    for (unsigned columns = 8; columns <= 1024; columns *= 2) {
        double rows = ceil((double)cells / columns);
        double cell = floor(MIN(MIN(width / columns, height / rows), 40));
        if (cell > round_best) {
            round_best = cell;
            round_columns = columns;
        }
    }
    if (round_best >= 4 && round_best >= best * 0.7) {
        *ret_columns = round_columns;
        return round_best;
    }
    *ret_columns = MAX((unsigned)(width / MAX(best, 4)), 1);
    return best;
}

/* Cells as large as they can be, so that all pages have one; the smallest are of 4
 * pixels, then a cell stands for 2, 4, 8, ... pages. */
static void fit_cells(Grid *grid, double width, double height)
{
    uint32_t cells = MAX(grid->pages, 1);

    grid->per_cell = 1;
    grid->cell = choose_cell(cells, width, height, &grid->columns);
    while (grid->cell < 4 && grid->per_cell < (1u << 20)) {
        grid->per_cell *= 2;
        cells = (grid->pages + grid->per_cell - 1) / grid->per_cell;
        grid->cell = choose_cell(cells, width, height, &grid->columns);
    }
    grid->cell = MAX(grid->cell, 4);
    grid->box.width = MIN(grid->columns, cells) * grid->cell;
    grid->box.height = ceil((double)cells / grid->columns) * grid->cell;
}

static void add_grid(GuiMemory *memory, bool frames, uint32_t vm, uint32_t pages, GuiRect room)
{
    double line = memory->theme.text * 1.9;
    Grid grid = {.frames = frames, .vm = vm, .pages = pages};

    grid.title = (GuiRect){room.x, room.y, room.width, line};
    grid.box = (GuiRect){room.x, room.y + line, room.width, MAX(room.height - line, 8)};
    fit_cells(&grid, grid.box.width, grid.box.height);
    g_array_append_val(memory->grids, grid);
}

static void add_vms(GuiMemory *memory, const SimModel *model, uint32_t only_vm, GuiRect room)
{
    unsigned count = 0, number = 0, columns = 1, rows;
    double gap = 14 * memory->theme.scale;

    for (guint i = 0; i < model->vms->len; i++)
        count += sim_model_vm(model, i)->host == memory->host &&
                 (only_vm == GUI_MEMORY_ALL || only_vm == i);
    if (count == 0)
        return;
    while (columns * columns * room.height < count * room.width * 0.9 && columns < count)
        columns++;
    rows = (count + columns - 1) / columns;
    for (guint i = 0; i < model->vms->len; i++) {
        const SimModelVm *vm = sim_model_vm(model, i);
        if (vm->host != memory->host || (only_vm != GUI_MEMORY_ALL && only_vm != i))
            continue;
        double width = (room.width - gap * (columns - 1)) / columns;
        double height = (room.height - gap * (rows - 1)) / rows;
        GuiRect own = {room.x + number % columns * (width + gap),
                       room.y + number / columns * (height + gap), width, height};
        add_grid(memory, false, i, vm->memory_pages, own);
        number++;
    }
}

GuiMemory *gui_memory_new(const SimModel *model, unsigned host, uint32_t only_vm, double width,
                          double height, const GuiTheme *theme)
{
    GuiMemory *memory = g_new0(GuiMemory, 1);
    const SimModelHost *found = host < model->hosts->len ? model->hosts->pdata[host] : NULL;
    double margin = 18 * theme->scale, left = margin;
    double legend = (14 + 20 * draw_legend(theme, NULL, width, height)) * theme->scale;
    double room = MAX(height - margin - legend, LEAST_ROOM * theme->scale);

    /* Large type in a small window: what has no room scrolls. */
    height = room + margin + legend;
    memory->theme = *theme;
    memory->host = host;
    memory->width = width;
    memory->height = height;
    memory->grids = g_array_new(FALSE, FALSE, sizeof(Grid));
    if (found && only_vm == GUI_MEMORY_ALL) {
        double own = (width - 3 * margin) * 0.42;
        add_grid(memory, true, 0, found->frames, (GuiRect){margin, margin, own, room});
        left += own + margin;
    }
    add_vms(memory, model, only_vm, (GuiRect){left, margin, width - left - margin, room});
    return memory;
}

void gui_memory_free(GuiMemory *memory)
{
    if (!memory)
        return;
    g_array_unref(memory->grids);
    g_free(memory);
}

void gui_memory_size(const GuiMemory *memory, double *ret_width, double *ret_height)
{
    *ret_width = memory->width;
    *ret_height = memory->height;
}

/* ---- Cells ------------------------------------------------------------------------------------
 */

/* What a cell shows: of several pages what comes last here. */
typedef enum {
    CELL_FREE, /* or never touched */
    CELL_TAKEN_AWAY,
    CELL_SWAPPED,
    CELL_BALLOONED,
    CELL_READ_ONLY, /* the first of those with a page frame */
    CELL_SHARED,
    CELL_PRESENT,
    CELL_PINNED,
    CELL_KINDS
} CellKind;

typedef struct {
    uint8_t kind;
    uint8_t owner; /* of the page in it that was last looked at */
    uint16_t used; /* pages of the cell in use */
} Cell;

static CellKind absent_kind(unsigned flags)
{
    return flags & SIM_PAGE_BALLOONED ? CELL_BALLOONED
           : flags & SIM_PAGE_SWAPPED ? CELL_SWAPPED
           : flags & SIM_PAGE_TOUCHED ? CELL_TAKEN_AWAY
                                      : CELL_FREE;
}

static CellKind present_kind(unsigned flags)
{
    return flags & SIM_PAGE_PINNED     ? CELL_PINNED
           : flags & SIM_PAGE_SHARED   ? CELL_SHARED
           : flags & SIM_PAGE_WRITABLE ? CELL_PRESENT
                                       : CELL_READ_ONLY;
}

static void count_page(Cell *cell, SimModelPage page, unsigned owner)
{
    if (page.frame == SIM_MODEL_NO_FRAME) {
        cell->kind = MAX(cell->kind, absent_kind(page.flags));
        return;
    }
    cell->used++;
    cell->owner = (uint8_t)(owner % GUI_THEME_OWNERS);
    cell->kind = MAX(cell->kind, present_kind(page.flags));
}

/* The cells of a grid; g_free(). */
static Cell *make_cells(const GuiMemory *memory, const Grid *grid, const SimModel *model,
                        uint32_t *ret_count)
{
    uint32_t count = (grid->pages + grid->per_cell - 1) / grid->per_cell;
    Cell *cells = g_new0(Cell, MAX(count, 1));

    *ret_count = count;
    for (guint i = 0; i < model->vms->len; i++) {
        const SimModelVm *vm = sim_model_vm(model, i);
        if (vm->host != memory->host || (!grid->frames && grid->vm != i))
            continue;
        for (uint32_t page = 0; page < vm->memory_pages; page++) {
            SimModelPage state = sim_model_page(vm, page);
            uint32_t place = grid->frames ? state.frame : page;
            if (place < grid->pages && !(grid->frames && state.frame == SIM_MODEL_NO_FRAME))
                count_page(&cells[place / grid->per_cell], state, i);
        }
    }
    return cells;
}

static GuiRect cell_box(const Grid *grid, uint32_t number)
{
    double gap = grid->cell >= 8 ? 1.5 : grid->cell >= 5 ? 1 : 0.5;

    return (GuiRect){grid->box.x + number % grid->columns * grid->cell,
                     grid->box.y + number / grid->columns * grid->cell, grid->cell - gap,
                     grid->cell - gap};
}

#define ANY_OWNER UINT_MAX

/* All cells that are painted alike, as one path. */
static unsigned trace_cells(cairo_t *cr, const Grid *grid, const Cell *cells, uint32_t count,
                            unsigned owner, CellKind from, CellKind to)
{
    unsigned found = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (cells[i].kind < from || cells[i].kind > to ||
            (owner != ANY_OWNER && cells[i].owner != owner))
            continue;
        GuiRect box = cell_box(grid, i);
        /* A cell of several pages is as full as they are. */
        double share = grid->per_cell > 1 && from >= CELL_READ_ONLY
                           ? CLAMP((double)cells[i].used / grid->per_cell, 0.25, 1)
                           : 1;
        cairo_rectangle(cr, box.x, box.y + box.height * (1 - share), box.width, box.height * share);
        found++;
    }
    return found;
}

/* Of a page without page frame: to be told from the ground in any theme. */
static GuiColour empty_colour(const GuiTheme *theme)
{
    return gui_mix(theme->inset, theme->line, theme->kind == GUI_THEME_DARK ? 0.24 : 0.12);
}

static void draw_owner_cells(cairo_t *cr, const GuiTheme *theme, const Grid *grid,
                             const Cell *cells, uint32_t count, unsigned owner)
{
    GuiColour colour = theme->owners[owner];

    if (trace_cells(cr, grid, cells, count, owner, CELL_READ_ONLY, CELL_SHARED)) {
        gui_set_colour(cr, gui_mix(colour, theme->card, 0.6), 1);
        cairo_fill(cr);
    }
    if (trace_cells(cr, grid, cells, count, owner, CELL_PRESENT, CELL_PINNED)) {
        cairo_pattern_t *pattern = gui_owner_pattern(theme, owner);
        cairo_set_source(cr, pattern);
        cairo_fill(cr);
        cairo_pattern_destroy(pattern);
    }
    if (!grid->frames && trace_cells(cr, grid, cells, count, owner, CELL_PINNED, CELL_PINNED)) {
        gui_set_colour(cr, gui_mix(colour, theme->ink, 0.55), 1);
        cairo_fill(cr);
    }
}

static GuiColour sign_colour(const GuiTheme *theme, CellKind kind)
{
    return kind == CELL_SWAPPED     ? theme->warn
           : kind == CELL_BALLOONED ? theme->accent
           : kind == CELL_SHARED    ? theme->ink
                                    : theme->bad;
}

/* What a page is that is not just there, as a shape: shared a disc, swapped out a box with
 * a stroke down to the disk, in the balloon a ring, taken away an empty box. */
static void trace_sign(cairo_t *cr, GuiRect box, CellKind kind)
{
    GuiPoint middle = gui_rect_centre(box);
    double radius = box.width * (kind == CELL_SHARED ? 0.2 : 0.34);

    switch (kind) {
    case CELL_SHARED:
    case CELL_BALLOONED:
        cairo_new_sub_path(cr);
        cairo_arc(cr, middle.x, middle.y, radius, 0, 2 * G_PI);
        break;
    case CELL_SWAPPED:
        cairo_move_to(cr, box.x + box.width, box.y);
        cairo_line_to(cr, box.x, box.y + box.height);
        cairo_rectangle(cr, box.x, box.y, box.width, box.height);
        break;
    default: cairo_rectangle(cr, box.x, box.y, box.width, box.height);
    }
}

static void paint_signs(cairo_t *cr, const GuiTheme *theme, CellKind kind, double cell)
{
    gui_set_colour(cr, sign_colour(theme, kind), 1);
    cairo_set_line_width(cr, CLAMP(cell / 9, 0.8, 2));
    if (kind == CELL_SHARED)
        cairo_fill(cr);
    else
        cairo_stroke(cr);
}

static void draw_signs(cairo_t *cr, const GuiTheme *theme, const Grid *grid, const Cell *cells,
                       uint32_t count)
{
    static const CellKind kinds[] = {CELL_TAKEN_AWAY, CELL_SWAPPED, CELL_BALLOONED, CELL_SHARED};

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        bool any = false;
        for (uint32_t j = 0; j < count; j++) {
            if (cells[j].kind != kinds[i])
                continue;
            trace_sign(cr, gui_rect_inset(cell_box(grid, j), kinds[i] == CELL_SHARED ? 0 : 0.5),
                       kinds[i]);
            any = true;
        }
        if (any)
            paint_signs(cr, theme, kinds[i], grid->cell);
    }
}

static bool is_block(const SimModelVm *vm, uint32_t page)
{
    return page < vm->memory_pages && (sim_model_page(vm, page).flags & SIM_PAGE_BLOCK);
}

/* A huge mapping has a frame around its pages, on each line of the grid that it is on. */
static void draw_blocks(cairo_t *cr, const GuiTheme *theme, const Grid *grid, const SimModelVm *vm)
{
    uint32_t pages = vm->block_pages, line = grid->columns;

    if (pages < 2 || pages < grid->per_cell)
        return;
    for (uint32_t first = 0; first < vm->memory_pages; first += pages) {
        uint32_t cell = first / grid->per_cell, last = (first + pages - 1) / grid->per_cell;
        if (!is_block(vm, first))
            continue;
        for (uint32_t end; cell <= last; cell = end + 1) {
            end = MIN(last, cell - cell % line + line - 1);
            GuiRect from = cell_box(grid, cell), to = cell_box(grid, end);
            cairo_rectangle(cr, from.x - 0.5, from.y - 0.5, to.x + to.width - from.x + 1,
                            from.height + 1);
        }
    }
    gui_set_colour(cr, theme->ink, 1);
    cairo_set_line_width(cr, CLAMP(grid->cell / 9, 1, 2));
    cairo_stroke(cr);
}

static void append_count(GString *words, uint32_t count, const char *what)
{
    if (count > 0)
        g_string_append_printf(words, ", %u %s", count, what);
}

static char *grid_words(const GuiMemory *memory, const Grid *grid, const SimModel *model)
{
    const SimModelHost *host =
        memory->host < model->hosts->len ? model->hosts->pdata[memory->host] : NULL;
    const SimModelVm *vm = grid->frames ? NULL : sim_model_vm(model, grid->vm);

    if (grid->frames && host)
        return g_strdup_printf(_("Host: %u of %u page frames in use"), host->frames_used,
                               host->frames);
    GString *words = g_string_new(NULL);
    if (!vm)
        return g_string_free(words, FALSE);
    g_string_printf(words, _("%s: %u of %u pages"), vm->name, vm->resident_pages, vm->memory_pages);
    append_count(words, vm->shared_pages, _("shared"));
    append_count(words, vm->swapped_pages, _("swapped out"));
    append_count(words, vm->ballooned_pages, _("in its balloon"));
    if (vm->block_pages > 0)
        g_string_append_printf(words, _(", framed: mapped as a block of %u"), vm->block_pages);
    return g_string_free(words, FALSE);
}

/* terse: only the numbers. */
static char *short_words(const GuiMemory *memory, const Grid *grid, const SimModel *model,
                         bool terse)
{
    const SimModelHost *host =
        memory->host < model->hosts->len ? model->hosts->pdata[memory->host] : NULL;
    const SimModelVm *vm = grid->frames ? NULL : sim_model_vm(model, grid->vm);

    if (grid->frames && host)
        return g_strdup_printf(terse ? _("Host: %u / %u") : _("Host: %u of %u page frames"),
                               host->frames_used, host->frames);
    return vm ? g_strdup_printf(terse ? "%s: %u / %u" : _("%s: %u of %u pages"), vm->name,
                                vm->resident_pages, vm->memory_pages)
              : g_strdup("");
}

/* Over a grid, in as many words as there is room for. */
static void draw_title(const GuiMemory *memory, cairo_t *cr, const SimModel *model,
                       const Grid *grid)
{
    const GuiTheme *theme = &memory->theme;
    const GuiTextStyle style = {.bold = grid->frames, .size = 0.95};
    double x = grid->title.x, y = grid->title.y + grid->title.height / 2 - 2;
    double end = grid->title.x + grid->title.width;
    g_autofree char *words = grid_words(memory, grid, model);
    g_autofree char *fewer = short_words(memory, grid, model, false);
    g_autofree char *few = short_words(memory, grid, model, true);
    const SimModelVm *vm = grid->frames ? NULL : sim_model_vm(model, grid->vm);
    g_autofree char *note = g_strdup_printf(
        ngettext("   a cell is %u page", "   a cell is %u pages", grid->per_cell), grid->per_cell);
    g_autofree char *few_note = g_strdup_printf("  \303\227%u", grid->per_cell);
    double noted = grid->per_cell > 1 ? gui_text_width(theme, GUI_TEXT(.size = 0.85), few_note) : 0;

    if (!grid->frames) {
        gui_paint_owner(cr, theme, (GuiRect){x, y - 7, 14, 14}, grid->vm);
        x += 20;
    }
    gui_set_colour(cr, theme->ink, 1);
    const char *all[] = {words, fewer, few, vm ? vm->name : _("Host")}, *fitting = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(all) && !fitting; i++) {
        if (gui_text_width(theme, &style, all[i]) + noted <= end - x || i == 3)
            fitting = all[i];
    }
    x += gui_text(cr, theme, &style, x, y, end - x - noted, fitting);
    if (grid->per_cell > 1) {
        bool fits = gui_text_width(theme, GUI_TEXT(.size = 0.85), note) <= end - x;
        gui_set_colour(cr, theme->dim, 1);
        gui_text(cr, theme, GUI_TEXT(.size = 0.85), x, y, 0, fits ? note : few_note);
    }
}

static void draw_grid(const GuiMemory *memory, cairo_t *cr, const GuiScene *scene, const Grid *grid)
{
    const GuiTheme *theme = &memory->theme;
    uint32_t count;
    g_autofree Cell *cells = make_cells(memory, grid, scene->model, &count);

    draw_title(memory, cr, scene->model, grid);
    if (trace_cells(cr, grid, cells, count, ANY_OWNER, CELL_FREE, CELL_BALLOONED)) {
        gui_set_colour(cr, empty_colour(theme), 1);
        cairo_fill(cr);
    }
    for (unsigned owner = 0; owner < GUI_THEME_OWNERS; owner++)
        draw_owner_cells(cr, theme, grid, cells, count, owner);
    draw_signs(cr, theme, grid, cells, count);
    if (!grid->frames && sim_model_vm(scene->model, grid->vm))
        draw_blocks(cr, theme, grid, sim_model_vm(scene->model, grid->vm));
}

/* ---- Legend, selection
 * --------------------------------------------------------------------------- */

static void draw_sample(const GuiTheme *theme, cairo_t *cr, GuiRect box, CellKind kind)
{
    GuiColour owner = theme->owners[0];

    cairo_rectangle(cr, box.x, box.y, box.width, box.height);
    gui_set_colour(cr,
                   kind == CELL_PRESENT     ? owner
                   : kind == CELL_PINNED    ? gui_mix(owner, theme->ink, 0.55)
                   : kind >= CELL_READ_ONLY ? gui_mix(owner, theme->card, 0.6)
                                            : empty_colour(theme),
                   1);
    cairo_fill(cr);
    if (kind == CELL_SHARED || (kind > CELL_FREE && kind < CELL_READ_ONLY)) {
        trace_sign(cr, box, kind);
        paint_signs(cr, theme, kind, box.width);
    }
}

static const char *const kind_words[CELL_KINDS] = {
    [CELL_FREE] = N_("untouched or free"), [CELL_PRESENT] = N_("present"),
    [CELL_PINNED] = N_("pinned"),          [CELL_READ_ONLY] = N_("read-only"),
    [CELL_SHARED] = N_("shared"),          [CELL_SWAPPED] = N_("swapped out"),
    [CELL_BALLOONED] = N_("ballooned"),    [CELL_TAKEN_AWAY] = N_("taken away")};

/* As many lines as it takes; how many. cr NULL: only counts them. */
static unsigned draw_legend(const GuiTheme *theme, cairo_t *cr, double width, double bottom)
{
    static const CellKind order[] = {CELL_FREE,   CELL_PRESENT, CELL_PINNED,    CELL_READ_ONLY,
                                     CELL_SHARED, CELL_SWAPPED, CELL_BALLOONED, CELL_TAKEN_AWAY};
    double s = theme->scale, x = 18 * s, y = bottom - 17 * s;
    unsigned lines = 1;

    if (cr) /* the last line is at the bottom */
        y -= (draw_legend(theme, NULL, width, bottom) - 1) * 20 * s;
    for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
        const char *words = _(kind_words[order[i]]);
        double own = 36 * s + gui_text_width(theme, GUI_TEXT(.size = 0.85), words);
        if (x + own > width && x > 18 * s) {
            x = 18 * s;
            y += 20 * s;
            lines++;
        }
        if (cr) {
            draw_sample(theme, cr, (GuiRect){x, y - 6 * s, 12 * s, 12 * s}, order[i]);
            gui_set_colour(cr, theme->dim, 1);
            gui_text(cr, theme, GUI_TEXT(.size = 0.85), x + 18 * s, y, 0, words);
        }
        x += own;
    }
    return lines;
}

static void draw_mark(const GuiMemory *memory, cairo_t *cr, GuiRect box)
{
    box = gui_rect_inset(box, -2);
    cairo_rectangle(cr, box.x, box.y, box.width, box.height);
    gui_set_colour(cr, memory->theme.accent, 1);
    cairo_set_line_width(cr, 3);
    cairo_stroke(cr);
}

/* A line from a page to the page frame that it has: the hypervisor's translation. */
static void draw_translation(const GuiMemory *memory, cairo_t *cr, GuiRect page, GuiRect frame)
{
    GuiPoint from = gui_rect_centre(page), to = gui_rect_centre(frame);

    cairo_move_to(cr, from.x - page.width / 2 - 2, from.y);
    cairo_curve_to(cr, (from.x + to.x) / 2, from.y, (from.x + to.x) / 2, to.y,
                   to.x + frame.width / 2 + 2, to.y);
    gui_set_colour(cr, memory->theme.card, 0.8);
    cairo_set_line_width(cr, 5);
    cairo_stroke_preserve(cr);
    gui_set_colour(cr, memory->theme.accent, 1);
    cairo_set_line_width(cr, 2);
    cairo_stroke(cr);
}

static const Grid *find_grid(const GuiMemory *memory, bool frames, uint32_t vm)
{
    for (guint i = 0; i < memory->grids->len; i++) {
        const Grid *grid = grid_at(memory, i);
        if (grid->frames == frames && (frames || grid->vm == vm))
            return grid;
    }
    return NULL;
}

static void draw_page(const GuiMemory *memory, cairo_t *cr, const SimModelVm *vm, uint32_t page)
{
    const Grid *grid = find_grid(memory, false, vm->vm), *host = find_grid(memory, true, 0);
    uint32_t frame = sim_model_page(vm, page).frame;

    if (!grid || page >= grid->pages)
        return;
    GuiRect box = cell_box(grid, page / grid->per_cell);
    if (host && frame != SIM_MODEL_NO_FRAME && frame < host->pages) {
        GuiRect its = cell_box(host, frame / host->per_cell);
        draw_translation(memory, cr, box, its);
        draw_mark(memory, cr, its);
    }
    draw_mark(memory, cr, box);
}

/* A page frame that is selected shows every page that it holds. */
static void draw_pages_of(const GuiMemory *memory, cairo_t *cr, const SimModel *model,
                          uint32_t frame)
{
    for (guint i = 0; i < model->vms->len; i++) {
        const SimModelVm *vm = sim_model_vm(model, i);
        for (uint32_t page = 0; vm->host == memory->host && page < vm->memory_pages; page++) {
            if (sim_model_page(vm, page).frame == frame)
                draw_page(memory, cr, vm, page);
        }
    }
}

static void draw_selected(const GuiMemory *memory, cairo_t *cr, const GuiScene *scene)
{
    GuiEntity selected = scene->selected;
    const SimModelVm *vm = sim_model_vm(scene->model, selected.a);
    const Grid *host = find_grid(memory, true, 0);

    if (selected.kind == GUI_ENTITY_PAGE && vm) {
        draw_page(memory, cr, vm, selected.b);
    } else if (selected.kind == GUI_ENTITY_PAGE_FRAME && selected.a == memory->host && host &&
               selected.b < host->pages) {
        draw_pages_of(memory, cr, scene->model, selected.b);
        draw_mark(memory, cr, cell_box(host, selected.b / host->per_cell));
    }
}

void gui_memory_draw(const GuiMemory *memory, cairo_t *cr, const GuiScene *scene)
{
    gui_set_colour(cr, memory->theme.ground, 1);
    cairo_paint(cr);
    for (guint i = 0; i < memory->grids->len; i++)
        draw_grid(memory, cr, scene, grid_at(memory, i));
    draw_legend(&memory->theme, cr, memory->width, memory->height);
    draw_selected(memory, cr, scene);
}

GuiEntity gui_memory_hit(const GuiMemory *memory, double x, double y)
{
    for (guint i = 0; i < memory->grids->len; i++) {
        const Grid *grid = grid_at(memory, i);
        if (!gui_rect_contains(grid->box, x, y))
            continue;
        uint32_t column = (uint32_t)((x - grid->box.x) / grid->cell);
        uint32_t row = (uint32_t)((y - grid->box.y) / grid->cell);
        uint32_t page = (row * grid->columns + column) * grid->per_cell;
        if (column >= grid->columns || page >= grid->pages)
            break;
        return grid->frames
                   ? (GuiEntity){.kind = GUI_ENTITY_PAGE_FRAME, .a = memory->host, .b = page}
                   : (GuiEntity){.kind = GUI_ENTITY_PAGE, .a = grid->vm, .b = page};
    }
    return GUI_NOTHING;
}

/* ---- In words ------------------------------------------------------------------------------- */

static char *page_words(const SimModelVm *vm, uint32_t number)
{
    SimModelPage page = sim_model_page(vm, number);

    if (page.frame == SIM_MODEL_NO_FRAME)
        return g_strdup_printf(_("page %u of %s: %s"), number, vm->name,
                               _(kind_words[absent_kind(page.flags)]));
    g_autofree char *block =
        page.flags & SIM_PAGE_BLOCK
            ? g_strdup_printf(_(", mapped with the %u pages of its block"), vm->block_pages)
            : g_strdup("");
    return g_strdup_printf(_("page %u of %s: %s, in page frame %u%s"), number, vm->name,
                           _(kind_words[present_kind(page.flags)]), page.frame, block);
}

static char *frame_words(const GuiMemory *memory, const SimModel *model, uint32_t frame)
{
    GString *words = g_string_new(NULL);
    unsigned found = 0;

    g_string_printf(words, _("page frame %u: "), frame);
    for (guint i = 0; i < model->vms->len; i++) {
        const SimModelVm *vm = sim_model_vm(model, i);
        for (uint32_t page = 0; vm->host == memory->host && page < vm->memory_pages; page++) {
            if (sim_model_page(vm, page).frame == frame && found++ < 4)
                g_string_append_printf(words, _("%spage %u of %s"), found > 1 ? ", " : "", page,
                                       vm->name);
        }
    }
    if (found == 0)
        g_string_append(words, _("free"));
    else if (found > 4)
        g_string_append_printf(words, _(" and %u more"), found - 4);
    return g_string_free(words, FALSE);
}

static void add_cell(const GuiMemory *memory, GArray *items, const SimModel *model,
                     const Grid *grid, int64_t cell)
{
    int64_t page = cell * grid->per_cell;
    const SimModelVm *vm = grid->frames ? NULL : sim_model_vm(model, grid->vm);

    if (cell < 0 || page >= grid->pages || (!grid->frames && !vm))
        return;
    gui_items_add(
        items,
        grid->frames
            ? (GuiEntity){.kind = GUI_ENTITY_PAGE_FRAME, .a = memory->host, .b = (uint32_t)page}
            : (GuiEntity){.kind = GUI_ENTITY_PAGE, .a = grid->vm, .b = (uint32_t)page},
        cell_box(grid, (uint32_t)cell),
        vm ? page_words(vm, (uint32_t)page) : frame_words(memory, model, (uint32_t)page));
}

/* The cell that is selected and those around it, to which arrow keys lead; where none is
 * selected, the first one, at which one begins. */
static void add_cells(const GuiMemory *memory, GArray *items, const GuiScene *scene,
                      const Grid *grid)
{
    GuiEntity chosen = scene->selected;
    bool here = grid->frames ? chosen.kind == GUI_ENTITY_PAGE_FRAME && chosen.a == memory->host
                             : chosen.kind == GUI_ENTITY_PAGE && chosen.a == grid->vm;
    int64_t cell = here ? chosen.b / grid->per_cell : 0, columns = grid->columns;

    add_cell(memory, items, scene->model, grid, cell);
    if (!here)
        return;
    if (cell % columns > 0)
        add_cell(memory, items, scene->model, grid, cell - 1);
    if (cell % columns < columns - 1)
        add_cell(memory, items, scene->model, grid, cell + 1);
    add_cell(memory, items, scene->model, grid, cell - columns);
    add_cell(memory, items, scene->model, grid, cell + columns);
}

GArray *gui_memory_items(const GuiMemory *memory, const GuiScene *scene)
{
    GArray *items = gui_items_new();

    for (guint i = 0; i < memory->grids->len; i++) {
        const Grid *grid = grid_at(memory, i);
        GuiEntity entity = grid->frames ? (GuiEntity){.kind = GUI_ENTITY_HOST, .a = memory->host}
                                        : (GuiEntity){.kind = GUI_ENTITY_VM, .a = grid->vm};
        gui_items_add(items, entity, grid->title, grid_words(memory, grid, scene->model));
        add_cells(memory, items, scene, grid);
    }
    return items;
}
