/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.c: the grids of page frames and of pages. */
#include "gui/draw/memory.h"

#include <math.h>

#include "gui/draw/paint.h"

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

/* ---- Layout --------------------------------------------------------------------------------- */

static Grid *grid_at(const GuiMemory *memory, guint index)
{
    return &g_array_index(memory->grids, Grid, index);
}

/* Cells as large as they can be, so that all pages have one; the smallest are of 4
 * pixels, then a cell stands for 2, 4, 8, ... pages. */
static void fit_cells(Grid *grid, double width, double height)
{
    grid->per_cell = 1;
    for (;;) {
        uint32_t cells = (grid->pages + grid->per_cell - 1) / grid->per_cell;
        double cell = MIN(floor(sqrt(width * height / MAX(cells, 1))), 26);
        while (cell >= 4 && floor(width / cell) * floor(height / cell) < cells)
            cell--;
        if (cell >= 4 || grid->per_cell >= (1u << 20)) {
            grid->cell = MAX(cell, 4);
            grid->columns = MAX((unsigned)(width / grid->cell), 1);
            /* Whole powers of two are easier to count. */
            for (unsigned round = 512; round >= 8; round /= 2) {
                if (grid->columns >= round && ceil((double)cells / round) * grid->cell <= height) {
                    grid->columns = round;
                    break;
                }
            }
            double rows = ceil((double)MAX(cells, 1) / grid->columns);
            grid->box.width = MIN(grid->columns, MAX(cells, 1)) * grid->cell;
            grid->box.height = rows * grid->cell;
            return;
        }
        grid->per_cell *= 2;
    }
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
    double margin = 18 * theme->scale, legend = 34 * theme->scale, left = margin;
    double room = height - margin - legend;

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

/* What a cell shows. */
typedef enum { CELL_FREE, CELL_TAKEN_AWAY, CELL_READ_ONLY, CELL_PRESENT, CELL_PINNED } CellKind;

typedef struct {
    uint8_t kind;
    uint8_t owner; /* of the page in it that was last looked at */
    uint16_t used; /* pages of the cell in use */
} Cell;

static void count_page(Cell *cell, SimModelPage page, unsigned owner)
{
    if (page.frame == SIM_MODEL_NO_FRAME) {
        if (page.flags & SIM_PAGE_TOUCHED)
            cell->kind = MAX(cell->kind, CELL_TAKEN_AWAY);
        return;
    }
    cell->used++;
    cell->owner = (uint8_t)(owner % GUI_THEME_OWNERS);
    cell->kind = MAX(cell->kind, page.flags & SIM_PAGE_PINNED     ? CELL_PINNED
                                 : page.flags & SIM_PAGE_WRITABLE ? CELL_PRESENT
                                                                  : CELL_READ_ONLY);
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

/* All cells that are painted alike, as one path. */
static unsigned trace_cells(cairo_t *cr, const Grid *grid, const Cell *cells, uint32_t count,
                            unsigned owner, CellKind from, CellKind to)
{
    unsigned found = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (cells[i].kind < from || cells[i].kind > to ||
            (to > CELL_TAKEN_AWAY && cells[i].owner != owner))
            continue;
        GuiRect box = cell_box(grid, i);
        /* A cell of several pages is as full as they are. */
        double share = grid->per_cell > 1 && to > CELL_TAKEN_AWAY
                           ? MAX((double)cells[i].used / grid->per_cell, 0.25)
                           : 1;
        cairo_rectangle(cr, box.x, box.y + box.height * (1 - share), box.width, box.height * share);
        found++;
    }
    return found;
}

static void draw_owner_cells(cairo_t *cr, const GuiTheme *theme, const Grid *grid,
                             const Cell *cells, uint32_t count, unsigned owner)
{
    GuiColour colour = theme->owners[owner];

    if (trace_cells(cr, grid, cells, count, owner, CELL_READ_ONLY, CELL_READ_ONLY)) {
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

static char *grid_words(const GuiMemory *memory, const Grid *grid, const SimModel *model)
{
    const SimModelHost *host =
        memory->host < model->hosts->len ? model->hosts->pdata[memory->host] : NULL;
    const SimModelVm *vm = grid->frames ? NULL : sim_model_vm(model, grid->vm);

    if (grid->frames && host)
        return g_strdup_printf("Host: %u of %u page frames in use", host->frames_used,
                               host->frames);
    return vm ? g_strdup_printf("%s: %u of %u pages", vm->name, vm->resident_pages,
                                vm->memory_pages)
              : g_strdup("");
}

static void draw_grid(const GuiMemory *memory, cairo_t *cr, const GuiScene *scene, const Grid *grid)
{
    const GuiTheme *theme = &memory->theme;
    uint32_t count;
    g_autofree Cell *cells = make_cells(memory, grid, scene->model, &count);
    g_autofree char *words = grid_words(memory, grid, scene->model);
    double x = grid->title.x, y = grid->title.y + grid->title.height / 2 - 2;

    if (!grid->frames) {
        gui_paint_owner(cr, theme, (GuiRect){x, y - 7, 14, 14}, grid->vm);
        x += 20;
    }
    gui_set_colour(cr, theme->ink, 1);
    x += gui_text(cr, theme, GUI_TEXT(.bold = grid->frames, .size = 0.95), x, y,
                  grid->title.x + grid->title.width - x, words);
    if (grid->per_cell > 1) {
        g_autofree char *note = g_strdup_printf("   a cell is %u pages", grid->per_cell);
        gui_set_colour(cr, theme->dim, 1);
        gui_text(cr, theme, GUI_TEXT(.size = 0.85), x, y,
                 MAX(grid->title.x + grid->title.width - x, 10), note);
    }
    if (trace_cells(cr, grid, cells, count, 0, CELL_FREE, CELL_FREE)) {
        gui_set_colour(cr, gui_mix(theme->inset, theme->line, 0.12), 1);
        cairo_fill(cr);
    }
    for (unsigned owner = 0; owner < GUI_THEME_OWNERS; owner++)
        draw_owner_cells(cr, theme, grid, cells, count, owner);
    if (trace_cells(cr, grid, cells, count, 0, CELL_TAKEN_AWAY, CELL_TAKEN_AWAY)) {
        gui_set_colour(cr, theme->bad, 1);
        cairo_set_line_width(cr, 1.2);
        cairo_stroke(cr);
    }
}

/* ---- Legend, selection
 * --------------------------------------------------------------------------- */

static void draw_legend(const GuiMemory *memory, cairo_t *cr)
{
    static const char *const words[] = {"never touched, or free", "present: the owner's pattern",
                                        "pinned", "read-only", "taken away"};
    const GuiTheme *theme = &memory->theme;
    double s = theme->scale, x = 18 * s, y = memory->height - 17 * s;

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        GuiRect box = {x, y - 6 * s, 12 * s, 12 * s};
        cairo_rectangle(cr, box.x, box.y, box.width, box.height);
        if (i == 4) {
            gui_set_colour(cr, theme->bad, 1);
            cairo_set_line_width(cr, 1.5);
            cairo_stroke(cr);
        } else {
            gui_set_colour(cr,
                           i == 0   ? gui_mix(theme->inset, theme->line, 0.12)
                           : i == 1 ? theme->owners[0]
                           : i == 2 ? gui_mix(theme->owners[0], theme->ink, 0.55)
                                    : gui_mix(theme->owners[0], theme->card, 0.6),
                           1);
            cairo_fill(cr);
        }
        gui_set_colour(cr, theme->dim, 1);
        x += 18 * s;
        x += gui_text(cr, theme, GUI_TEXT(.size = 0.85), x, y, 0, words[i]) + 18 * s;
    }
}

static void draw_selected(const GuiMemory *memory, cairo_t *cr, const GuiScene *scene)
{
    for (guint i = 0; i < memory->grids->len; i++) {
        const Grid *grid = grid_at(memory, i);
        GuiEntity selected = scene->selected;
        bool here = grid->frames
                        ? selected.kind == GUI_ENTITY_PAGE_FRAME && selected.a == memory->host
                        : selected.kind == GUI_ENTITY_PAGE && selected.a == grid->vm;
        if (!here || selected.b >= grid->pages)
            continue;
        GuiRect box = gui_rect_inset(cell_box(grid, selected.b / grid->per_cell), -2);
        cairo_rectangle(cr, box.x, box.y, box.width, box.height);
        gui_set_colour(cr, memory->theme.accent, 1);
        cairo_set_line_width(cr, 3);
        cairo_stroke(cr);
    }
}

void gui_memory_draw(const GuiMemory *memory, cairo_t *cr, const GuiScene *scene)
{
    gui_set_colour(cr, memory->theme.ground, 1);
    cairo_paint(cr);
    for (guint i = 0; i < memory->grids->len; i++)
        draw_grid(memory, cr, scene, grid_at(memory, i));
    draw_legend(memory, cr);
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

GArray *gui_memory_items(const GuiMemory *memory, const SimModel *model)
{
    GArray *items = gui_items_new();

    for (guint i = 0; i < memory->grids->len; i++) {
        const Grid *grid = grid_at(memory, i);
        GuiEntity entity = grid->frames ? (GuiEntity){.kind = GUI_ENTITY_HOST, .a = memory->host}
                                        : (GuiEntity){.kind = GUI_ENTITY_VM, .a = grid->vm};
        gui_items_add(items, entity, grid->box, grid_words(memory, grid, model));
    }
    return items;
}
