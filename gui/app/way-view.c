/* SPDX-License-Identifier: GPL-2.0-or-later */
/* way-view.c: a list of rows, made anew for each frame and when more of the trace is known;
 * the row of the selected time is marked. */
#include "gui/app/way-view.h"

#include "gui/app/view.h"
#include "gui/draw/pages.h"
#include "gui/session/journey.h"

typedef struct {
    GuiSession *session;
    GtkListBox *list;
    GtkWidget *stack, *more;
    GuiJourney *journey; /* NULL: none */
    uint64_t frame, known_events;
    int here;         /* row that is marked; -1: none */
    GPtrArray *marks; /* of GtkWidget, by row */
} WayView;

#define VIEW_KEY "way-view"
#define INDENT   116 /* below what a hop says */

/* ---- A row --------------------------------------------------------------------------- */

/* "Source  10.0.2.15 → 192.168.1.10", with a sign that says so to whom colours say nothing. */
static GtkWidget *changes_grid(const GArray *changes)
{
    GtkWidget *grid = gtk_grid_new();
    const char *const heads[] = {"", _("Field"), _("Before"), _("After")};

    gtk_widget_add_css_class(grid, "changes");
    gtk_grid_set_column_spacing(GTK_GRID(grid), 12);
    for (int column = 0; column < 4; column++)
        gtk_grid_attach(GTK_GRID(grid), gui_label(heads[column], "caption-heading"), column, 0, 1,
                        1);
    for (unsigned i = 0; i < changes->len; i++) {
        const GuiFieldChange *change = &g_array_index(changes, GuiFieldChange, i);
        g_autofree char *field = g_strdup_printf("%s: %s", change->layer, change->field);
        const char *const cells[] = {"\342\211\240", field, change->before, change->after};

        for (int column = 0; column < 4; column++) {
            GtkWidget *cell = gui_label(cells[column], column == 3 ? "changed" : NULL);

            gtk_label_set_max_width_chars(GTK_LABEL(cell), 24);
            gtk_grid_attach(GTK_GRID(grid), cell, column, (int)i + 1, 1, 1);
        }
    }
    return grid;
}

static char *row_sentence(const GuiHop *hop)
{
    g_autofree char *time = gui_time_text(hop->time);
    GString *text = g_string_new(NULL);

    g_string_printf(text, "%s, %s, %s: %s", time, gui_hop_word(hop->kind), hop->where, hop->what);
    if (hop->because)
        g_string_append_printf(text, ". %s: %s", _("Because"), hop->because);
    for (unsigned i = 0; hop->changes && i < hop->changes->len; i++) {
        const GuiFieldChange *change = &g_array_index(hop->changes, GuiFieldChange, i);

        g_string_append_printf(text, ". %s %s: %s \342\206\222 %s", change->layer, change->field,
                               change->before, change->after);
    }
    return g_string_free(text, FALSE);
}

static void go_clicked(GtkWidget *button, WayView *view)
{
    g_signal_emit_by_name(gtk_widget_get_ancestor(button, GTK_TYPE_LIST_BOX_ROW), "activate");
}

/* A row can be chosen as a whole; the button says so, to screen readers, too. */
static GtkWidget *go_button(WayView *view, const GuiHop *hop)
{
    GtkWidget *button = gtk_button_new_from_icon_name("go-jump-symbolic");
    g_autofree char *name = g_strdup_printf(_("Go there: %s %s"), hop->where, hop->what);

    gtk_widget_add_css_class(button, "flat");
    gtk_widget_set_valign(button, GTK_ALIGN_START);
    gtk_widget_set_tooltip_text(button, _("Go to this moment and place"));
    gui_set_accessible(button, name, NULL);
    g_signal_connect(button, "clicked", G_CALLBACK(go_clicked), view);
    return button;
}

static GtkWidget *hop_row(WayView *view, const GuiHop *hop)
{
    static const char *const classes[] = {
        [GUI_HOP_CPU] = "cpu",           [GUI_HOP_MEMORY] = "memory",
        [GUI_HOP_NETWORK] = "network",   [GUI_HOP_DECISION] = "decision",
        [GUI_HOP_REWRITE] = "rewritten", [GUI_HOP_DROP] = "dropped"};
    GtkWidget *row = gtk_list_box_row_new(), *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2);
    GtkWidget *head = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
    GtkWidget *mark = gtk_label_new("\342\226\266"), *word = gtk_label_new(NULL);
    g_autofree char *time = gui_time_text(hop->time);
    g_autofree char *what = g_markup_printf_escaped("<b>%s</b>: %s", hop->where, hop->what);
    g_autofree char *sentence = row_sentence(hop);
    GtkWidget *says = gui_label(NULL, NULL), *when = gtk_label_new(time);

    gtk_label_set_markup(GTK_LABEL(says), what);
    gtk_widget_set_hexpand(says, TRUE);
    gtk_label_set_text(GTK_LABEL(word), gui_hop_word(hop->kind));
    gtk_widget_add_css_class(word, "hop-word");
    gtk_widget_add_css_class(word, classes[hop->kind]);
    gtk_widget_set_valign(word, GTK_ALIGN_START);
    gtk_widget_set_valign(says, GTK_ALIGN_START);
    gtk_widget_add_css_class(when, "numeric");
    gtk_widget_add_css_class(when, "dim-label");
    gtk_widget_set_valign(when, GTK_ALIGN_START);
    gtk_widget_set_valign(mark, GTK_ALIGN_START);
    gtk_widget_set_opacity(mark, 0);
    g_ptr_array_add(view->marks, mark);
    gtk_box_append(GTK_BOX(head), mark);
    gtk_box_append(GTK_BOX(head), word);
    gtk_box_append(GTK_BOX(head), says);
    gtk_box_append(GTK_BOX(head), when);
    gtk_box_append(GTK_BOX(head), go_button(view, hop));
    gtk_box_append(GTK_BOX(box), head);
    if (hop->because) {
        g_autofree char *because = g_strdup_printf("%s: %s", _("Because"), hop->because);
        GtkWidget *why = gui_label(because, "because");

        gtk_widget_set_margin_start(why, INDENT);
        gtk_box_append(GTK_BOX(box), why);
    }
    if (hop->changes && hop->changes->len > 0) {
        GtkWidget *grid = changes_grid(hop->changes);

        gtk_widget_set_margin_start(grid, INDENT);
        gtk_box_append(GTK_BOX(box), grid);
    }
    gtk_widget_add_css_class(box, "hop");
    gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), box);
    gui_set_accessible(row, sentence, NULL);
    return row;
}

/* ---- Filling -------------------------------------------------------------------------- */

static void fill(WayView *view)
{
    GtkWidget *row;

    while ((row = gtk_widget_get_first_child(GTK_WIDGET(view->list))))
        gtk_list_box_remove(view->list, row);
    g_ptr_array_set_size(view->marks, 0);
    view->here = -1;
    g_clear_pointer(&view->journey, gui_journey_free);
    view->known_events = gui_session_event_count(view->session);
    if (view->frame)
        view->journey = gui_journey_new(view->session, view->frame);
    for (unsigned i = 0; view->journey && i < view->journey->hops->len; i++)
        gtk_list_box_append(view->list,
                            hop_row(view, &g_array_index(view->journey->hops, GuiHop, i)));
    gtk_widget_set_visible(view->more, view->journey && view->journey->cut);
}

static void mark_here(WayView *view)
{
    uint64_t position = gui_session_position(view->session);
    int here = -1;

    for (unsigned i = 0; view->journey && i < view->journey->hops->len; i++)
        if (g_array_index(view->journey->hops, GuiHop, i).event < position)
            here = (int)i;
    if (here == view->here)
        return;
    if (view->here >= 0)
        gtk_widget_set_opacity(view->marks->pdata[view->here], 0);
    if (here >= 0)
        gtk_widget_set_opacity(view->marks->pdata[here], 1);
    view->here = here;
}

static void refresh(GtkWidget *widget, void *user)
{
    WayView *view = user;

    /* More of a run is there: the frame may have come further. */
    if (view->journey && view->known_events != gui_session_event_count(view->session) &&
        (view->journey->hops->len == 0 ||
         view->known_events <
             g_array_index(view->journey->hops, GuiHop, view->journey->hops->len - 1).event +
                 GUI_JOURNEY_MAX_QUIET))
        fill(view);
    mark_here(view);
}

void gui_way_view_set_frame(GtkWidget *widget, uint64_t frame)
{
    WayView *view = g_object_get_data(G_OBJECT(widget), VIEW_KEY);

    if (view->frame == frame)
        return;
    view->frame = frame;
    fill(view);
    mark_here(view);
}

static GuiSheet *make_sheet(void *user)
{
    WayView *view = user;

    return view->frame ? gui_page_way(view->session, view->frame) : NULL;
}

static void row_activated(GtkListBox *list, GtkListBoxRow *row, WayView *view)
{
    const GuiHop *hop =
        &g_array_index(view->journey->hops, GuiHop, (unsigned)gtk_list_box_row_get_index(row));
    GuiEntity entity = hop->entity;

    gui_session_seek_event(view->session, hop->event);
    gui_session_select(view->session, entity);
}

static void trace_changed(GuiSession *session, WayView *view)
{
    view->frame = 0;
    fill(view);
}

static void way_view_free(void *user)
{
    WayView *view = user;

    g_signal_handlers_disconnect_by_data(view->session, view);
    g_clear_pointer(&view->journey, gui_journey_free);
    g_ptr_array_unref(view->marks);
    g_object_unref(view->session);
    g_free(view);
}

GtkWidget *gui_way_view_new(GuiSession *session)
{
    WayView *view = g_new0(WayView, 1);
    GtkWidget *scrolled = gtk_scrolled_window_new(),
              *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);

    view->session = g_object_ref(session);
    view->marks = g_ptr_array_new();
    view->here = -1;
    view->list = GTK_LIST_BOX(gtk_list_box_new());
    gtk_list_box_set_selection_mode(view->list, GTK_SELECTION_NONE);
    gtk_widget_add_css_class(GTK_WIDGET(view->list), "fields");
    gui_set_accessible(GTK_WIDGET(view->list), _("The way of the frame, hop by hop"),
                       _("Choosing a hop goes to its moment"));
    g_signal_connect(view->list, "row-activated", G_CALLBACK(row_activated), view);
    view->more = gui_label(_("Its way goes on; only the first hops are shown."), "dim-label");
    gtk_widget_set_visible(view->more, FALSE);
    gtk_box_append(GTK_BOX(box), GTK_WIDGET(view->list));
    gtk_box_append(GTK_BOX(box), view->more);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), box);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_widget_set_vexpand(scrolled, TRUE);
    g_object_set_data_full(G_OBJECT(scrolled), VIEW_KEY, view, way_view_free);
    g_signal_connect(session, "trace-changed", G_CALLBACK(trace_changed), view);
    gui_view_set_sheet(scrolled, make_sheet, view);
    gui_view_follow(scrolled, session, refresh, view);
    return scrolled;
}
