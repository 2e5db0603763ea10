/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare.c: two runs as one picture: where they part ways in words, both on one time
 * axis, and the numbers in which they differ. */
#include <string.h>

#include "gui/draw/compare.h"
#include "gui/draw/sheet.h"
#include "gui/draw/text.h"
#include "gui/render/render.h"

typedef struct {
    GuiSession *sessions[2];
    char *titles[2];
    GuiParting parting;
    GPtrArray *rows; /* of SimSideRow *; NULL: not known */
    char *words;
} Pair;

static void clear(Pair *pair)
{
    for (unsigned i = 0; i < 2; i++) {
        g_clear_object(&pair->sessions[i]);
        g_free(pair->titles[i]);
    }
    g_clear_pointer(&pair->rows, g_ptr_array_unref);
    g_free(pair->words);
}

/* ---- The picture ------------------------------------------------------------------------- */

static GuiSheet *words_sheet(const Pair *pair)
{
    GuiSheet *sheet = gui_sheet_new();

    gui_sheet_add_text(sheet, "Where the two runs part ways", pair->words);
    return sheet;
}

/* "vms.a" of "vms.a.exits.mmio", for one table each; "" of a number that stands by itself. */
static char *group_of(const char *path)
{
    const char *dot = strchr(path, '.');

    if (dot && (g_str_has_prefix(path, "vms.") || g_str_has_prefix(path, "networks.")))
        dot = strchr(dot + 1, '.');
    return g_strndup(path, dot ? (size_t)(dot - path) : 0);
}

static GuiTable *table_of(GPtrArray *tables, const char *group)
{
    GuiTable *table;

    for (unsigned i = 0; i < tables->len; i++) {
        table = tables->pdata[i];
        if (!strcmp(table->of, group))
            return table;
    }
    table = gui_table_new("What differs", group, "Number\tFirst\tSecond");
    table->right = 1u << 1 | 1u << 2;
    g_ptr_array_add(tables, table);
    return table;
}

/* The numbers in which they differ, those of one thing together. */
static GuiSheet *numbers_sheet(const Pair *pair)
{
    GuiSheet *sheet = gui_sheet_new();
    g_autoptr(GPtrArray) tables = g_ptr_array_new();

    for (unsigned i = 0; pair->rows && i < pair->rows->len; i++) {
        const SimSideRow *row = pair->rows->pdata[i];
        g_autofree char *group = group_of(row->path);
        const char *rest = row->path + strlen(group);

        if (row->differs)
            gui_table_add(table_of(tables, *group ? group : "in the whole run"),
                          g_strdup_printf("%s\t%s\t%s", *rest == '.' ? rest + 1 : rest,
                                          row->cells[0], row->cells[1]));
    }
    for (unsigned i = 0; i < tables->len; i++) {
        GuiTable *table = tables->pdata[i];

        if (strcmp(table->of, "in the whole run")) {
            g_free(table->title);
            table->title = g_strdup("Of");
        }
        gui_sheet_add_table(sheet, table);
    }
    if (tables->len == 0)
        gui_sheet_add_text(sheet, "What differs",
                           pair->rows ? "No number of the results."
                                      : "Not known: a trace is without its scenario.");
    return sheet;
}

/* The largest type in which the rows of both runs can be seen, if there is one. */
static GuiTheme chart_theme(const RenderOptions *options, const Pair *pair, double width,
                            double height)
{
    static const double sizes[] = {2.4, 2, 1.75, 1.5, 1.3, 1.15, 1, 0.9, 0.8};
    GuiTheme theme = options->theme;

    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        bool fits = true;

        if (sizes[i] > render_largest(options))
            continue;
        theme =
            gui_theme(options->theme.kind, options->theme.scale * sizes[i], options->theme.font);
        for (unsigned run = 0; run < 2; run++) {
            GuiTimeline timeline = gui_timeline_layout(gui_session_lanes(pair->sessions[run]),
                                                       width, height / 2 - 2 * theme.text, &theme);
            fits &= timeline.axis_height + timeline.rows_height + timeline.legend_height <=
                    timeline.height;
        }
        if (fits)
            break;
    }
    return theme;
}

static void draw_chart(const RenderOptions *options, const Pair *pair, cairo_t *cr, double width,
                       double height)
{
    GuiTheme theme = chart_theme(options, pair, width, height);
    GuiCompare compare = {.titles = {pair->titles[0], pair->titles[1]},
                          .sessions = {pair->sessions[0], pair->sessions[1]},
                          .span = {0, gui_comparison_end(pair->sessions[0], pair->sessions[1])},
                          .parting = pair->parting,
                          .theme = &theme};

    if (options->from != SIM_TIME_NEVER)
        compare.span.from = options->from;
    if (options->to != SIM_TIME_NEVER)
        compare.span.to = options->to;
    compare.span.to = MAX(compare.span.to, compare.span.from + 1);
    cairo_rectangle(cr, 0, 0, width, height);
    cairo_clip(cr);
    gui_compare_draw(&compare, cr, width, height);
}

static void draw(const RenderOptions *options, cairo_t *cr, double width, double height, void *user)
{
    const Pair *pair = user;
    double larger = render_largest(options);
    GuiTheme theme = gui_theme(options->theme.kind, options->theme.scale * CLAMP(larger, 1, 1.3),
                               options->theme.font);
    g_autoptr(GuiSheet) words = words_sheet(pair);
    g_autoptr(GuiSheet) numbers = numbers_sheet(pair);
    double top = gui_sheet_lay_out(words, &theme, width);
    double wanted = gui_sheet_lay_out(numbers, &options->theme, width);
    double bottom = MIN(wanted, (height - top) * 0.4);

    gui_sheet_draw(words, cr);
    cairo_save(cr);
    cairo_translate(cr, 0, height - bottom);
    gui_sheet_fit(numbers, &options->theme, larger, width, bottom);
    gui_sheet_draw(numbers, cr);
    cairo_restore(cr);
    cairo_save(cr);
    cairo_translate(cr, 0, top);
    draw_chart(options, pair, cr, width, height - top - bottom);
    cairo_restore(cr);
}

/* ---- Two runs ------------------------------------------------------------------------------ */

/* PATH=V1,V2 as two of PATH=VALUE; false: it is not so. */
static bool take_apart(const char *vary, char *sets[2])
{
    const char *equals = strchr(vary, '='), *comma = equals ? strrchr(vary, ',') : NULL;

    if (!equals || equals == vary || !comma || comma <= equals + 1 || !comma[1] ||
        memchr(equals, ',', (size_t)(comma - equals)))
        return false;
    sets[0] = g_strndup(vary, (size_t)(comma - vary));
    sets[1] = g_strdup_printf("%.*s=%s", (int)(equals - vary), vary, comma + 1);
    return true;
}

static int open_pair(const RenderOptions *options, Pair *pair)
{
    int exit = RENDER_BAD_INPUT;
    char *sets[2] = {NULL, NULL};

    if (options->vary && !take_apart(options->vary, sets)) {
        render_error("render: --vary=%s: allowed is PATH=V1,V2, for example "
                     "host.scheduler.slice=1ms,10ms",
                     options->vary);
        return exit;
    }
    for (unsigned i = 0; i < 2 && (i == 0 || pair->sessions[0]); i++) {
        const char *path = options->inputs[options->vary ? 0 : i];

        pair->sessions[i] = render_open(options, path, sets[i], &exit);
        pair->titles[i] = sets[i] ? g_strdup(sets[i]) : g_path_get_basename(path);
    }
    g_free(sets[0]);
    g_free(sets[1]);
    return pair->sessions[1] ? RENDER_OK : exit;
}

int render_compare(const RenderOptions *options)
{
    g_autoptr(GError) error = NULL;
    Pair pair = {0};
    int exit = open_pair(options, &pair);

    if (exit == RENDER_OK) {
        pair.parting = gui_parting_find(gui_session_reader(pair.sessions[0]),
                                        gui_session_reader(pair.sessions[1]));
        for (unsigned i = 0; i < 2; i++)
            gui_session_seek(pair.sessions[i], SIM_TIME_NEVER);
        pair.rows = gui_comparison_rows(pair.sessions[0], pair.sessions[1]);
        pair.words = gui_parting_words(&pair.parting, pair.sessions[0], pair.sessions[1]);
        if (pair.parting.known && !pair.parting.same)
            gui_parting_go(&pair.parting, pair.sessions[0], pair.sessions[1]);

        g_autofree char *caption = g_strdup_printf("%s and %s", pair.titles[0], pair.titles[1]);
        const RenderDrawing drawing = {draw, &pair, NULL, caption};

        if (!render_draw_file(options, &drawing, options->output,
                              g_str_has_suffix(options->output, ".png"), &error)) {
            render_error("%s", error->message);
            exit = RENDER_BAD_INPUT;
        }
    }
    clear(&pair);
    return exit;
}
