/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exits-view.c: how often each vCPU was left for the hypervisor, and one exit from close
 * by: the stairs through the layers (or the same in rows), registers, code.
 *
 * What is made of widgets is made anew only for another exit; a hundred of them a second
 * pass by when a run is played. */
#include "gui/app/canvas.h"
#include "gui/app/view.h"
#include "gui/draw/exits.h"
#include "gui/draw/pages.h"
#include "gui/draw/ladder.h"

typedef struct {
    GuiSession *session;
    GtkWidget *page, *counts, *empty;
    char *counts_text; /* what the table shows */

    GtkWidget *detail, *title, *text, *before, *after;
    GtkStack *way; /* the stairs, as picture and as rows */
    GuiCanvas *canvas;
    GtkWidget *rows;
    GtkWidget *flow, *registers, *listing, *missing;

    GuiCode *code; /* NULL: of a trace not looked at yet */
    bool has_exit;
    GuiExit exit;
    uint64_t exit_end; /* event count of the trace when it was shown */
    GuiPath *paths[GUI_ARCHITECTURE_COUNT];
    GuiTheme theme;
    GuiLadder *ladder; /* NULL: not laid out */
    double ladder_width;
} ExitsView;

/* ---- Counts ----------------------------------------------------------------------------- */

static void put(GtkWidget *grid, int column, int row, const char *text, const char *style,
                double align)
{
    GtkWidget *label = gui_label(text, style);

    gtk_label_set_wrap(GTK_LABEL(label), FALSE);
    gtk_label_set_xalign(GTK_LABEL(label), (float)align);
    gtk_grid_attach(GTK_GRID(grid), label, column, row, 1, 1);
}

static void clear_grid(GtkWidget *grid)
{
    GtkWidget *child;

    while ((child = gtk_widget_get_first_child(grid)))
        gtk_grid_remove(GTK_GRID(grid), child);
}

/* A style for the cell of a table. */
static const char *cell_style(const GuiTable *table, const GuiRow *row, unsigned column)
{
    bool strong = row->strong >> column & 1;

    if (row->dim)
        return "dim-label";
    if (table->mono)
        return strong ? "changed-mono" : table->dim >> column & 1 ? "dim-mono" : "mono";
    return table->right >> column & 1 ? "numeric" : NULL;
}

static void fill_grid(GtkWidget *grid, const GuiTable *table)
{
    g_auto(GStrv) heads = g_strsplit(table->head ? table->head : "", "\t", -1);
    int number = 0;

    clear_grid(grid);
    for (int i = 0; heads[i]; i++)
        put(grid, i, number, heads[i], "caption-heading", table->right >> i & 1);
    number += heads[0] != NULL;
    for (unsigned i = 0; i < table->rows->len; i++, number++) {
        const GuiRow *row = table->rows->pdata[i];
        g_auto(GStrv) cells = g_strsplit(row->cells, "\t", -1);

        for (unsigned column = 0; cells[column]; column++)
            if (*cells[column])
                put(grid, (int)column, number, cells[column], cell_style(table, row, column),
                    table->right >> column & 1);
    }
}

/* Made anew only if it says something else. */
static void show_counts(ExitsView *view)
{
    g_autoptr(GuiTable) table = gui_exit_counts(gui_session_model(view->session));
    g_autoptr(GString) text = g_string_new(table->head);

    for (unsigned i = 0; i < table->rows->len; i++)
        g_string_append_printf(text, "\n%s", ((const GuiRow *)table->rows->pdata[i])->cells);
    if (!g_strcmp0(text->str, view->counts_text))
        return;
    g_free(view->counts_text);
    view->counts_text = g_strdup(text->str);
    fill_grid(view->counts, table);
}

/* ---- The stairs --------------------------------------------------------------------------- */

static void lay_out(ExitsView *view, double width)
{
    GuiTheme theme =
        gui_app_theme(GTK_WIDGET(view->canvas), gui_views_scale(GTK_WIDGET(view->canvas)));

    if (view->ladder && view->ladder_width == width && theme.kind == view->theme.kind &&
        theme.scale == view->theme.scale)
        return;
    g_clear_pointer(&view->ladder, gui_ladder_free);
    view->theme = theme;
    view->ladder_width = width;
    view->ladder = gui_ladder_new((const GuiPath *const *)view->paths, GUI_ARCHITECTURE_COUNT,
                                  width, &view->theme);
    gui_canvas_set_least(view->canvas, 0, gui_ladder_height(view->ladder));
}

static void draw(cairo_t *cr, double width, double height, void *user)
{
    ExitsView *view = user;

    if (!view->has_exit)
        return;
    lay_out(view, width);
    gui_ladder_draw(view->ladder, cr, height);
}

static GArray *items(double width, double height, void *user)
{
    ExitsView *view = user;

    if (!view->has_exit)
        return NULL;
    lay_out(view, width);
    return gui_ladder_items(view->ladder);
}

/* A step that was recorded is an event: the other views show it. */
static void chosen(GuiEntity entity, void *user)
{
    ExitsView *view = user;

    if (entity.number > 0)
        gui_session_seek_event(view->session, entity.number);
    gui_session_select(view->session, (GuiEntity){GUI_ENTITY_EVENT, 0, 0, view->exit.index});
}

static const GuiCanvasOps ops = {.draw = draw, .items = items, .chosen = chosen};

static void add_row(GtkWidget *list, const char *text, const char *style)
{
    GtkWidget *label = gui_label(text, style);

    gtk_widget_add_css_class(label, "list-text");
    gtk_list_box_append(GTK_LIST_BOX(list), label);
}

static void show_rows(ExitsView *view)
{
    GtkWidget *child;

    while ((child = gtk_widget_get_first_child(view->rows)))
        gtk_list_box_remove(GTK_LIST_BOX(view->rows), child);
    for (unsigned i = 0; i < GUI_ARCHITECTURE_COUNT; i++) {
        add_row(view->rows, view->paths[i]->title, "heading");
        add_row(view->rows, view->paths[i]->note, "dim-label");
        for (unsigned step = 0; step < view->paths[i]->steps->len; step++) {
            g_autofree char *words = gui_ladder_step_words(view->paths[i], step);

            add_row(view->rows, words, NULL);
        }
    }
}

/* ---- One exit -------------------------------------------------------------------------- */

static void show_details(ExitsView *view)
{
    g_autoptr(GuiTable) registers = gui_exit_registers(view->session, &view->exit);
    g_autoptr(GuiTable) code = gui_exit_code(view->session, view->code, &view->exit);

    fill_grid(view->registers, registers);
    fill_grid(view->listing, code);
}

static void show_title(ExitsView *view)
{
    g_autofree char *title = gui_exit_title(view->session, &view->exit);
    g_autofree char *words = gui_exit_words(view->code, &view->exit);

    gtk_label_set_text(GTK_LABEL(view->title), title);
    gtk_label_set_text(GTK_LABEL(view->text), words);
}

static void show_exit(ExitsView *view)
{
    for (unsigned i = 0; i < GUI_ARCHITECTURE_COUNT; i++) {
        gui_path_free(view->paths[i]);
        view->paths[i] = gui_path_new(view->session, &view->exit, (GuiArchitecture)i);
    }
    g_clear_pointer(&view->ladder, gui_ladder_free);
    show_title(view);
    show_rows(view);
    gtk_widget_set_visible(view->flow, view->exit.has_registers);
    gtk_widget_set_visible(view->missing, !view->exit.has_registers);
    if (view->exit.has_registers)
        show_details(view);
    gui_canvas_redraw(view->canvas);
}

static void refresh(GtkWidget *widget, void *user)
{
    ExitsView *view = user;
    uint64_t end = gui_session_event_count(view->session);
    GuiExit exit;
    bool has_exit = gui_exit_current(view->session, &exit);
    /* What follows from an exit may only just have been recorded. */
    bool is_new = has_exit && (!view->has_exit || exit.index != view->exit.index ||
                               (end != view->exit_end && end < exit.index + 1000));

    if (!view->code)
        view->code = gui_code_new(gui_session_reader(view->session));
    show_counts(view);
    view->has_exit = has_exit;
    gtk_widget_set_visible(view->detail, has_exit);
    gtk_widget_set_visible(view->empty, !has_exit);
    if (is_new) {
        view->exit = exit;
        view->exit_end = end;
        show_exit(view);
    } else if (has_exit) {
        gui_canvas_redraw(view->canvas);
    }
}

static GuiSheet *make_sheet(void *user)
{
    ExitsView *view = user;

    if (!view->code)
        view->code = gui_code_new(gui_session_reader(view->session));
    return gui_page_exits(view->session, view->code);
}

static void go(ExitsView *view, int direction)
{
    GuiExit exit;

    if (!view->has_exit || !gui_exit_step(view->session, &view->exit, direction, &exit))
        return;
    gui_session_seek_event(view->session, exit.index);
    gui_session_select(view->session, (GuiEntity){GUI_ENTITY_EVENT, 0, 0, exit.index});
}

static void before_clicked(GtkButton *button, ExitsView *view)
{
    go(view, -1);
}

static void after_clicked(GtkButton *button, ExitsView *view)
{
    go(view, 1);
}

/* Pointers into the trace hold no longer. */
static void trace_grown(GuiSession *session, ExitsView *view)
{
    g_clear_pointer(&view->code, gui_code_free);
}

static void trace_changed(GuiSession *session, ExitsView *view)
{
    trace_grown(session, view);
    view->has_exit = false;
}

/* ---- Building
 * ------------------------------------------------------------------------------------------ */

static GtkWidget *grid_new(int spacing)
{
    GtkWidget *grid = gtk_grid_new();

    gtk_grid_set_column_spacing(GTK_GRID(grid), (guint)spacing);
    gtk_grid_set_row_spacing(GTK_GRID(grid), 2);
    gtk_widget_add_css_class(grid, "table");
    return grid;
}

/* Wider than there is room scrolls by itself. */
static GtkWidget *card_of(GtkWidget *child)
{
    GtkWidget *scrolled = gtk_scrolled_window_new();

    gtk_widget_add_css_class(scrolled, "card");
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_AUTOMATIC,
                                   GTK_POLICY_NEVER);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), child);
    return scrolled;
}

static GtkWidget *section(const char *title, GtkWidget *child)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);

    gtk_box_append(GTK_BOX(box), gui_label(title, "heading"));
    gtk_box_append(GTK_BOX(box), child);
    return box;
}

static GtkWidget *button(const char *icon, const char *text, GCallback clicked, ExitsView *view)
{
    GtkWidget *widget = gtk_button_new_from_icon_name(icon);

    gtk_widget_set_tooltip_text(widget, text);
    gui_set_accessible(widget, text, NULL);
    gtk_widget_add_css_class(widget, "flat");
    gtk_widget_set_valign(widget, GTK_ALIGN_CENTER);
    g_signal_connect(widget, "clicked", clicked, view);
    return widget;
}

static GtkWidget *build_head(ExitsView *view)
{
    GtkWidget *head = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    GtkWidget *words = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2);
    GtkWidget *rows = gtk_toggle_button_new();

    view->title = gui_label("", "title-4");
    view->text = gui_label("", NULL);
    gtk_box_append(GTK_BOX(words), view->title);
    gtk_box_append(GTK_BOX(words), view->text);
    gtk_widget_set_hexpand(words, TRUE);
    gtk_button_set_icon_name(GTK_BUTTON(rows), "view-list-symbolic");
    gtk_widget_set_tooltip_text(rows, _("The way in rows"));
    gui_set_accessible(rows, _("The way in rows"), NULL);
    gtk_widget_add_css_class(rows, "flat");
    gtk_widget_set_valign(rows, GTK_ALIGN_CENTER);
    g_settings_bind(gui_settings(), "rows", rows, "active", G_SETTINGS_BIND_DEFAULT);
    gtk_box_append(GTK_BOX(head), words);
    gtk_box_append(GTK_BOX(head), button("go-previous-symbolic", _("The exit before of this vCPU"),
                                         G_CALLBACK(before_clicked), view));
    gtk_box_append(GTK_BOX(head), button("go-next-symbolic", _("The next exit of this vCPU"),
                                         G_CALLBACK(after_clicked), view));
    gtk_box_append(GTK_BOX(head), rows);
    return head;
}

static gboolean rows_to_name(GValue *value, GVariant *variant, void *user)
{
    g_value_set_string(value, g_variant_get_boolean(variant) ? "rows" : "stairs");
    return TRUE;
}

static GtkWidget *build_way(ExitsView *view)
{
    view->way = GTK_STACK(gtk_stack_new());
    view->canvas = GUI_CANVAS(gui_canvas_new(&ops, view));
    gui_set_accessible(GTK_WIDGET(view->canvas), _("The way of the exit"), NULL);
    gui_canvas_set_least(view->canvas, 0, 100); /* until it is laid out */
    view->rows = gtk_list_box_new();
    gtk_list_box_set_selection_mode(GTK_LIST_BOX(view->rows), GTK_SELECTION_NONE);
    gtk_widget_add_css_class(view->rows, "boxed-list");
    gui_set_accessible(view->rows, _("The way of the exit in rows"), NULL);
    gtk_stack_add_named(view->way, GTK_WIDGET(view->canvas), "stairs");
    gtk_stack_add_named(view->way, view->rows, "rows");
    gtk_stack_set_vhomogeneous(view->way, FALSE);
    g_settings_bind_with_mapping(gui_settings(), "rows", view->way, "visible-child-name",
                                 G_SETTINGS_BIND_GET, rows_to_name, NULL, NULL, NULL);
    return GTK_WIDGET(view->way);
}

/* Registers beside code, or above it where it is narrow. */
static GtkWidget *build_flow(ExitsView *view)
{
    GtkWidget *parts[2];

    view->flow = gtk_flow_box_new();
    gtk_flow_box_set_selection_mode(GTK_FLOW_BOX(view->flow), GTK_SELECTION_NONE);
    gtk_flow_box_set_max_children_per_line(GTK_FLOW_BOX(view->flow), 2);
    gtk_flow_box_set_column_spacing(GTK_FLOW_BOX(view->flow), 12);
    gtk_flow_box_set_row_spacing(GTK_FLOW_BOX(view->flow), 18);
    view->registers = grid_new(10);
    view->listing = grid_new(12);
    parts[0] = section(_("Registers (changed since its exit before: \342\227\217)"),
                       card_of(view->registers));
    parts[1] = section(_("Code around RIP"), card_of(view->listing));
    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        gtk_widget_set_size_request(parts[i], i == 0 ? 330 : 440, -1);
        gtk_flow_box_append(GTK_FLOW_BOX(view->flow), parts[i]);
        gtk_widget_set_focusable(gtk_widget_get_parent(parts[i]), FALSE);
    }
    return view->flow;
}

static GtkWidget *build_missing(ExitsView *view)
{
    GtkWidget *again = gtk_button_new_with_label(_("Run again with details"));

    view->missing = gtk_box_new(GTK_ORIENTATION_VERTICAL, 8);
    gtk_widget_add_css_class(view->missing, "card");
    gtk_widget_add_css_class(view->missing, "table");
    gtk_box_append(GTK_BOX(view->missing),
                   gui_label(_("Registers and code were not recorded in this run, for they make "
                               "a trace ten times as long."),
                             NULL));
    gtk_box_append(GTK_BOX(view->missing),
                   gui_label(_("hvlab run --set run.detail=full --trace FILE SCENARIO records "
                               "them."),
                             "dim-label"));
    gtk_widget_set_halign(again, GTK_ALIGN_START);
    gtk_actionable_set_action_name(GTK_ACTIONABLE(again), "win.run-details");
    gtk_box_append(GTK_BOX(view->missing), again);
    return view->missing;
}

static void build(ExitsView *view)
{
    view->page = gtk_box_new(GTK_ORIENTATION_VERTICAL, 18);
    gtk_widget_add_css_class(view->page, "tables");
    view->counts = grid_new(20);
    gui_set_accessible(view->counts, _("Exits so far"), NULL);
    view->empty = gui_label(_("No exit has happened yet: go on in time."), "dim-label");
    view->detail = gtk_box_new(GTK_ORIENTATION_VERTICAL, 18);
    gtk_box_append(GTK_BOX(view->detail), build_head(view));
    gtk_box_append(GTK_BOX(view->detail), build_way(view));
    gtk_box_append(GTK_BOX(view->detail), build_flow(view));
    gtk_box_append(GTK_BOX(view->detail), build_missing(view));
    gtk_box_append(GTK_BOX(view->page), section(_("Exits so far"), card_of(view->counts)));
    gtk_box_append(GTK_BOX(view->page), view->empty);
    gtk_box_append(GTK_BOX(view->page), view->detail);
}

static void exits_view_free(void *user)
{
    ExitsView *view = user;

    g_signal_handlers_disconnect_by_data(view->session, view);
    for (unsigned i = 0; i < GUI_ARCHITECTURE_COUNT; i++)
        gui_path_free(view->paths[i]);
    gui_ladder_free(view->ladder);
    gui_code_free(view->code);
    g_free(view->counts_text);
    g_object_unref(view->session);
    g_free(view);
}

GtkWidget *gui_exits_view_new(GuiSession *session)
{
    ExitsView *view = g_new0(ExitsView, 1);
    GtkWidget *scrolled = gtk_scrolled_window_new(), *clamp = adw_clamp_new();

    view->session = g_object_ref(session);
    build(view);
    g_signal_connect(session, "trace-changed", G_CALLBACK(trace_changed), view);
    g_signal_connect(session, "trace-grown", G_CALLBACK(trace_grown), view);
    adw_clamp_set_maximum_size(ADW_CLAMP(clamp), 1200);
    adw_clamp_set_child(ADW_CLAMP(clamp), view->page);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), clamp);
    gtk_widget_set_vexpand(scrolled, TRUE);
    g_object_set_data_full(G_OBJECT(view->page), "exits-view", view, exits_view_free);
    gui_view_set_sheet(scrolled, make_sheet, view);
    gui_view_follow(scrolled, session, refresh, view);
    return scrolled;
}
