/* SPDX-License-Identifier: GPL-2.0-or-later */
/* translation.c: a column for each table, one for the page, one for the page frame. */
#include "gui/draw/translation.h"

#include <glib/gi18n.h>

#include <inttypes.h>
#include <math.h>

#include "gui/draw/paint.h"

#define MARGIN   14.0
#define HEADING  24.0
#define SEGMENT  38.0 /* a part of the address */
#define BETWEEN  18.0 /* address and tables */
#define BOX      128.0
#define GAP      22.0 /* between columns, for the arrows; less where it is narrow */
#define LEAST    80.0 /* width of a box */
#define MOST     280.0
#define MOST_ALL (SIM_WALK_LEVELS + 2)

typedef enum { COLUMN_TABLE, COLUMN_PAGE, COLUMN_FRAME } ColumnKind;

typedef struct {
    ColumnKind kind;
    GuiRect box, segment;
    GuiEntity entity;
    bool ends;    /* the way ends here, though nothing was found */
    char *title;  /* "PML4", "page 0xab" */
    char *place;  /* below it: "in guest page 0x8" */
    char *part;   /* above: what part of the address; NULL: none */
    char *number; /* "index 1" */
    char *entry;  /* of a table, NULL: none */
    char *flags;
    char *brief, *brief_entry; /* of title and entry, where they do not fit; NULL: cut them */
} Column;

struct GuiTranslation {
    GuiTheme theme; /* at scale 1: everything is scaled at once */
    double scale, width, height, gap;
    uint32_t vm;
    bool found; /* a guest-physical address */
    char *heading, *note;
    unsigned count;
    Column columns[MOST_ALL];
};

/* ---- What is said --------------------------------------------------------------------- */

static char *flags_of(uint64_t entry)
{
    GString *text = g_string_new(NULL);

    sim_walk_append_flags(text, entry);
    return g_string_free(text, FALSE);
}

static Column *add_column(GuiTranslation *translation, ColumnKind kind)
{
    Column *column = &translation->columns[translation->count++];

    column->kind = kind;
    return column;
}

static GuiEntity page_entity(const SimModelVm *vm, uint64_t page)
{
    return page < vm->memory_pages
               ? (GuiEntity){.kind = GUI_ENTITY_PAGE, .a = vm->vm, .b = (uint32_t)page}
               : GUI_NOTHING;
}

static void add_tables(GuiTranslation *translation, const SimModelVm *vm, const SimWalk *walk)
{
    for (unsigned i = 0; i < walk->count; i++) {
        const SimWalkLevel *level = &walk->levels[i];
        Column *column = add_column(translation, COLUMN_TABLE);
        bool last = i + 1 == walk->count;

        column->entity = page_entity(vm, level->page);
        column->title = g_strdup(level->name);
        column->place = g_strdup_printf(_("at page 0x%" PRIx64), level->page);
        column->part = g_strdup_printf(_("bits %u to %u"), level->shift + 8, level->shift);
        column->number = g_strdup_printf("%u", level->index);
        column->ends = last && walk->end != SIM_WALK_FOUND;
        if (last && walk->end == SIM_WALK_NO_TABLE) {
            column->flags = g_strdup(_("the trace does not have this table"));
            continue;
        }
        column->entry = g_strdup_printf("0x%" PRIx64, level->entry);
        column->flags = flags_of(level->entry);
        column->brief_entry =
            g_strdup_printf("\342\200\246%" PRIx64, level->entry & UINT64_C(0xffffffff));
    }
}

static const char *absent_words(unsigned flags)
{
    return flags & SIM_PAGE_SWAPPED     ? _("no page frame: in swap space")
           : flags & SIM_PAGE_BALLOONED ? _("no page frame: in the balloon")
           : flags & SIM_PAGE_TOUCHED   ? _("no page frame: taken away")
                                        : _("no page frame: never touched");
}

static void add_frame(GuiTranslation *translation, const SimModelVm *vm, uint64_t physical)
{
    SimModelPage page = sim_model_page(vm, (uint32_t)(physical >> 12));
    Column *column = add_column(translation, COLUMN_FRAME);

    column->ends = page.frame == SIM_MODEL_NO_FRAME;
    column->place = g_strdup(_("the hypervisor's table"));
    if (column->ends) {
        column->title = g_strdup(_("no page frame"));
        column->flags = g_strdup(absent_words(page.flags));
        return;
    }
    column->entity = (GuiEntity){.kind = GUI_ENTITY_PAGE_FRAME, .a = vm->host, .b = page.frame};
    column->title = g_strdup_printf(_("page frame %u"), page.frame);
    column->brief = g_strdup_printf("%u", page.frame);
    column->entry = g_strdup_printf("0x%" PRIx64, (uint64_t)page.frame << 12 | (physical & 0xfff));
    column->flags = g_strdup_printf(_("of the host: %s%s%s"),
                                    page.flags & SIM_PAGE_WRITABLE ? _("writable") : _("read-only"),
                                    page.flags & SIM_PAGE_SHARED ? _(", shared") : "",
                                    page.flags & SIM_PAGE_PINNED ? _(", pinned") : "");
}

/* The guest-physical page and what is beneath it. */
static void add_page(GuiTranslation *translation, const SimModelVm *vm, const SimWalk *walk)
{
    uint64_t number = walk->physical >> 12;
    unsigned shift = walk->count ? walk->levels[walk->count - 1].shift : 12;
    Column *column = add_column(translation, COLUMN_PAGE);

    column->entity = page_entity(vm, number);
    column->title = g_strdup_printf(_("page 0x%" PRIx64), number);
    column->brief = g_strdup_printf("0x%" PRIx64, number);
    column->place = g_strdup(_("guest-physical"));
    column->part = g_strdup_printf(_("bits %u to 0"), shift - 1);
    column->number = g_strdup_printf("0x%" PRIx64, walk->address & ((UINT64_C(1) << shift) - 1));
    column->entry = g_strdup_printf("0x%" PRIx64, walk->physical);
    column->ends = number >= vm->memory_pages;
    if (column->ends)
        column->flags = g_strdup(_("no memory of the VM: a device, or nothing"));
    else if (walk->count)
        column->flags =
            g_strdup_printf(_("one of %s"), sim_walk_page_size(&walk->levels[walk->count - 1]));
    else
        column->flags = g_strdup(_("taken as a guest-physical address"));
    if (!column->ends)
        add_frame(translation, vm, walk->physical);
}

static char *note_of(const SimWalk *walk)
{
    if (walk->end != SIM_WALK_NO_TABLES)
        return g_strdup_printf(_("the guest's page tables as of its last exit, at %.6f ms"),
                               (double)walk->exit_time / 1e6);
    return g_strdup(walk->exited ? _("no page tables in this trace: they are recorded with "
                                     "\"run\": {\"detail\": \"full\"}")
                                 : _("no exit yet: page tables are recorded at exits"));
}

/* ---- Layout ------------------------------------------------------------------------------ */

static void lay_out(GuiTranslation *translation, double asked)
{
    double gap = asked < 700 ? GAP / 2 + 1 : GAP, x = MARGIN;
    double room = asked - 2 * MARGIN - gap * (translation->count - 1);
    double width = CLAMP(floor(room / translation->count), LEAST, MOST);
    double top = MARGIN + HEADING, below = top + SEGMENT + BETWEEN;

    for (unsigned i = 0; i < translation->count; i++) {
        Column *column = &translation->columns[i];
        column->segment = (GuiRect){x, top, width, SEGMENT};
        column->box = (GuiRect){x, below, width, BOX};
        x += width + gap;
    }
    translation->width = MAX(asked, x - gap + MARGIN);
    translation->gap = gap;
    translation->height = below + BOX + MARGIN;
}

GuiTranslation *gui_translation_new(const SimModel *model, uint32_t vm, const SimWalk *walk,
                                    double width, const GuiTheme *theme)
{
    GuiTranslation *translation = g_new0(GuiTranslation, 1);
    const SimModelVm *found = sim_model_vm(model, vm);

    translation->theme = gui_theme(theme->kind, 1, theme->font);
    translation->scale = theme->scale;
    translation->vm = vm;
    translation->found = walk->end == SIM_WALK_FOUND || walk->end == SIM_WALK_NO_TABLES;
    translation->heading =
        g_strdup_printf(_("%s: virtual address 0x%" PRIx64), found->name, walk->address);
    translation->note = note_of(walk);
    add_tables(translation, found, walk);
    if (translation->found)
        add_page(translation, found, walk);
    lay_out(translation, width / theme->scale);
    return translation;
}

void gui_translation_free(GuiTranslation *translation)
{
    if (!translation)
        return;
    for (unsigned i = 0; i < translation->count; i++) {
        Column *column = &translation->columns[i];
        g_free(column->title);
        g_free(column->place);
        g_free(column->part);
        g_free(column->number);
        g_free(column->entry);
        g_free(column->flags);
        g_free(column->brief);
        g_free(column->brief_entry);
    }
    g_free(translation->heading);
    g_free(translation->note);
    g_free(translation);
}

void gui_translation_size(const GuiTranslation *translation, double *ret_width, double *ret_height)
{
    *ret_width = translation->width * translation->scale;
    *ret_height = translation->height * translation->scale;
}

/* ---- Drawing -------------------------------------------------------------------------------- */

static void draw_arrow(cairo_t *cr, GuiColour colour, GuiPoint from, GuiPoint to)
{
    bool down = fabs(from.x - to.x) < 0.5;

    gui_set_colour(cr, colour, 1);
    cairo_set_line_width(cr, 2);
    cairo_move_to(cr, from.x, from.y);
    if (down)
        cairo_line_to(cr, to.x, to.y - 5);
    else
        cairo_curve_to(cr, (from.x + to.x) / 2, from.y, (from.x + to.x) / 2, to.y, to.x - 6, to.y);
    cairo_stroke(cr);
    cairo_move_to(cr, to.x, to.y);
    cairo_line_to(cr, to.x - (down ? 4.5 : 8), to.y - (down ? 8 : 4.5));
    cairo_line_to(cr, to.x - (down ? -4.5 : 8), to.y - (down ? 8 : -4.5));
    cairo_close_path(cr);
    cairo_fill(cr);
}

/* The part of the virtual address that selects an entry, or is kept as the offset. */
static void draw_segment(const GuiTheme *theme, cairo_t *cr, const Column *column)
{
    GuiRect box = column->segment;
    GuiPoint middle = gui_rect_centre(box);

    if (!column->number)
        return;
    gui_paint_card(cr, box, 5, theme->inset, theme->card_line, 1.2);
    gui_set_colour(cr, theme->dim, 1);
    gui_text(cr, theme, GUI_TEXT(.size = 0.75, .align = GUI_ALIGN_CENTRE), middle.x, box.y + 10,
             box.width - 6, column->part);
    g_autofree char *number = column->kind == COLUMN_TABLE
                                  ? g_strdup_printf(_("index %s"), column->number)
                                  : g_strdup_printf(_("offset %s"), column->number);
    gui_set_colour(cr, theme->ink, 1);
    gui_text(cr, theme, GUI_TEXT(.size = 0.9, .bold = true, .align = GUI_ALIGN_CENTRE), middle.x,
             box.y + 26, box.width - 6, number);
    draw_arrow(cr, theme->accent, (GuiPoint){middle.x, box.y + box.height},
               (GuiPoint){middle.x, column->box.y});
}

static double entry_y(const Column *column)
{
    return column->box.y + 56;
}

static void draw_column(const GuiTranslation *translation, cairo_t *cr, const Column *column,
                        bool chosen)
{
    const GuiTheme *theme = &translation->theme;
    GuiRect box = column->box, text = gui_rect_inset(box, 8);
    GuiColour fill =
        column->kind == COLUMN_TABLE ? theme->card : gui_mix(theme->card, theme->accent, 0.12);

    gui_paint_card(cr, box, 8, fill,
                   chosen         ? theme->accent
                   : column->ends ? theme->bad
                                  : theme->line,
                   chosen || column->ends ? 3 : 1.5);
    double shift = column->kind == COLUMN_TABLE || box.width < 110 ? 0 : 15;
    if (shift > 0)
        gui_paint_owner(cr, theme, (GuiRect){box.x + 8, box.y + 11, 10, 10}, translation->vm);
    const GuiTextStyle title = {.bold = true, .size = 0.95};
    const char *place = column->kind == COLUMN_FRAME ? _("page frame") : _("guest page");
    bool brief = column->brief && gui_text_width(theme, &title, column->title) > text.width - shift;
    gui_set_colour(cr, theme->ink, 1);
    gui_text(cr, theme, &title, text.x + shift, box.y + 16, text.width - shift,
             brief ? column->brief : column->title);
    gui_set_colour(cr, theme->dim, 1);
    gui_text(cr, theme, GUI_TEXT(.size = 0.75), text.x, box.y + 33, text.width,
             brief ? place : column->place);
    if (column->entry) {
        GuiRect line = {box.x + 2, entry_y(column) - 11, box.width - 4, 22};
        cairo_rectangle(cr, line.x, line.y, line.width, line.height);
        gui_set_colour(cr, theme->accent, 0.16);
        cairo_fill(cr);
        const GuiTextStyle style = {.size = 0.85, .mono = true};
        bool cut = column->brief_entry && gui_text_width(theme, &style, column->entry) > text.width;
        gui_set_colour(cr, theme->ink, 1);
        gui_text(cr, theme, &style, text.x, entry_y(column), text.width,
                 cut ? column->brief_entry : column->entry);
    }
    gui_set_colour(cr, column->ends ? theme->bad : theme->dim, 1);
    gui_text_wrapped(cr, theme, GUI_TEXT(.size = 0.78),
                     (GuiRect){text.x, entry_y(column) + 15, text.width, box.height - 78},
                     column->flags);
}

/* What is left of it is the guest's affair, what is right of it the hypervisor's. */
static void draw_border(const GuiTranslation *translation, cairo_t *cr, const Column *frame)
{
    const double dashes[2] = {6, 4};
    const GuiTheme *theme = &translation->theme;
    double x = floor(frame->box.x - translation->gap / 2) + 0.5;

    cairo_set_dash(cr, dashes, 2, 0);
    gui_set_colour(cr, theme->line, 1);
    cairo_set_line_width(cr, 1.5);
    cairo_move_to(cr, x, MARGIN + HEADING);
    cairo_line_to(cr, x, translation->height - MARGIN / 2);
    cairo_stroke(cr);
    cairo_set_dash(cr, NULL, 0, 0);
    gui_set_colour(cr, theme->dim, 1);
    gui_text(cr, theme, GUI_TEXT(.size = 0.75), x + 6, frame->segment.y + 8,
             frame->box.width + translation->gap / 2 - 6, _("the hypervisor"));
    gui_text(cr, theme, GUI_TEXT(.size = 0.75), x + 6, frame->segment.y + 24,
             frame->box.width + translation->gap / 2 - 6, _("second level"));
}

void gui_translation_draw(const GuiTranslation *translation, cairo_t *cr, GuiEntity selected)
{
    const GuiTheme *theme = &translation->theme;

    gui_set_colour(cr, theme->ground, 1);
    cairo_paint(cr);
    cairo_save(cr);
    cairo_scale(cr, translation->scale, translation->scale);
    gui_set_colour(cr, theme->ink, 1);
    double x = MARGIN, y = MARGIN + 6, room = translation->width - 2 * MARGIN;
    x += gui_text(cr, theme, GUI_TEXT(.bold = true), x, y, room, translation->heading) + 14;
    gui_set_colour(cr, theme->dim, 1);
    gui_text(cr, theme, GUI_TEXT(.size = 0.85), x, y, MAX(translation->width - MARGIN - x, 20),
             translation->note);
    for (unsigned i = 0; i < translation->count; i++) {
        const Column *column = &translation->columns[i];
        bool chosen =
            column->entity.kind != GUI_ENTITY_NONE && gui_entity_equal(column->entity, selected);
        if (column->kind == COLUMN_FRAME)
            draw_border(translation, cr, column);
        draw_segment(theme, cr, column);
        draw_column(translation, cr, column, chosen);
        if (i > 0) {
            const Column *before = &translation->columns[i - 1];
            draw_arrow(cr, theme->accent,
                       (GuiPoint){before->box.x + before->box.width, entry_y(before)},
                       (GuiPoint){column->box.x, column->box.y + 16});
        }
    }
    cairo_restore(cr);
}

/* ---- In words ----------------------------------------------------------------------------------
 */

static char *column_words(const Column *column)
{
    if (column->kind == COLUMN_TABLE && column->entry)
        return g_strdup_printf(_("%s %s of the guest, %s, index %s: entry %s, %s"), column->title,
                               column->place, column->part, column->number, column->entry,
                               column->flags);
    if (column->kind == COLUMN_TABLE)
        return g_strdup_printf(_("%s %s of the guest: %s"), column->title, column->place,
                               column->flags);
    if (column->kind == COLUMN_PAGE)
        return g_strdup_printf(_("guest-physical address %s, %s, %s"), column->entry, column->title,
                               column->flags);
    if (!column->entry)
        return g_strdup_printf(_("the hypervisor's table: %s"), column->flags);
    return g_strdup_printf(_("the hypervisor's table: %s, %s; there at address %s"), column->title,
                           column->flags, column->entry);
}

GArray *gui_translation_items(const GuiTranslation *translation)
{
    GArray *items = gui_items_new();
    double s = translation->scale;

    gui_items_add(
        items, (GuiEntity){.kind = GUI_ENTITY_VM, .a = translation->vm},
        (GuiRect){MARGIN * s, MARGIN * s / 2, (translation->width - 2 * MARGIN) * s, HEADING * s},
        g_strdup_printf("%s; %s", translation->heading, translation->note));
    for (unsigned i = 0; i < translation->count; i++) {
        const Column *column = &translation->columns[i];
        GuiRect box = column->box;
        GuiEntity entity = column->entity;
        /* What cannot be chosen is to be read all the same. */
        if (entity.kind == GUI_ENTITY_NONE)
            entity = (GuiEntity){.kind = GUI_ENTITY_VM, .a = translation->vm, .b = i + 1};
        gui_items_add(items, entity, (GuiRect){box.x * s, box.y * s, box.width * s, box.height * s},
                      column_words(column));
    }
    return items;
}
