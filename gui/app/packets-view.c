/* SPDX-License-Identifier: GPL-2.0-or-later */
/* packets-view.c: the list of frames, and the chosen one: taken apart, or its way. Choosing a
 * row selects the frame everywhere; its time is one key away (Enter). It stays the chosen one
 * while other things are selected, so that its way can be followed. */
#include "gui/app/canvas.h"
#include "gui/app/packet-model.h"
#include "gui/app/packet-filter.h"
#include "gui/app/view.h"
#include "gui/app/way-view.h"
#include "gui/draw/packets.h"

typedef struct {
    GuiSession *session;
    GuiPacketModel *model;
    GtkSingleSelection *selection;
    GtkWidget *list, *stack, *way;
    uint64_t frame; /* the chosen one; 0: none */
    GuiCanvas *canvas;
    GuiTheme theme;
    GuiPacketDetail *detail; /* NULL: no frame is chosen */
    GuiFrameInfo info;
    uint64_t detail_frame;
    double detail_width, detail_height;
    GuiFieldChoice choice;
    GtkListBox *fields;
    GtkWidget *rows;                   /* the fields, in one of these two: */
    GtkWidget *rows_beside, *rows_tab; /* beside the boxes; where it is narrow, a tab */
    GtkStackPage *rows_page;
    GtkColumnViewColumn *lengths; /* borrowed */
    unsigned arrange;
    uint64_t rows_of; /* the frame whose fields stand there, once filled */
    bool filled, selecting;
} PacketsView;

/* ---- One frame -------------------------------------------------------------------- */

static bool lay_out(PacketsView *view, double width, double height)
{
    GuiTheme theme =
        gui_app_theme(GTK_WIDGET(view->canvas), gui_views_scale(GTK_WIDGET(view->canvas)));
    double full_width, full_height;

    if (!view->frame) {
        g_clear_pointer(&view->detail, gui_packet_detail_free);
        return false;
    }
    if (view->detail && view->detail_frame == view->frame && view->detail_width == width &&
        view->detail_height == height && theme.kind == view->theme.kind &&
        theme.scale == view->theme.scale)
        return true;
    g_clear_pointer(&view->detail, gui_packet_detail_free);
    if (!gui_frames_info(gui_session_frames(view->session), gui_session_reader(view->session),
                         view->frame, &view->info))
        return false;
    if (view->detail_frame != view->frame)
        view->choice = (GuiFieldChoice){-1, -1};
    view->theme = theme;
    view->detail_frame = view->frame;
    view->detail_width = width;
    view->detail_height = height;
    view->detail = gui_packet_detail_new(&view->info, width, height, &view->theme);
    gui_packet_detail_size(view->detail, &full_width, &full_height);
    gui_canvas_set_least(view->canvas, full_width > width + 1 ? full_width : 0,
                         full_height > height + 1 ? full_height : 0);
    return true;
}

static void draw(cairo_t *cr, double width, double height, void *user)
{
    PacketsView *view = user;

    if (lay_out(view, width, height))
        gui_packet_detail_draw(view->detail, cr, view->choice);
}

/* ---- Its fields in rows ------------------------------------------------------------ */

#define CHOICE_KEY "gui-field"

static void add_row(PacketsView *view, const char *text, int layer, int field, bool bad)
{
    GtkWidget *row = gtk_list_box_row_new();
    GtkWidget *label = gui_label(text, field < 0 ? "heading" : NULL);
    GuiFieldChoice *choice = g_new(GuiFieldChoice, 1);

    *choice = (GuiFieldChoice){layer, field};
    gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_NONE);
    gtk_widget_set_margin_start(label, 6 + 12 * layer + (field < 0 ? 0 : 12));
    gtk_widget_set_margin_end(label, 6);
    gtk_widget_set_margin_top(label, 2);
    gtk_widget_set_margin_bottom(label, 2);
    if (bad)
        gtk_widget_add_css_class(label, "error");
    gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), label);
    gui_set_accessible(row, text, NULL);
    g_object_set_data_full(G_OBJECT(row), CHOICE_KEY, choice, g_free);
    gtk_list_box_append(view->fields, row);
}

static void fill_fields(PacketsView *view)
{
    NetDissection whole;
    GtkWidget *row;

    while ((row = gtk_widget_get_first_child(GTK_WIDGET(view->fields))))
        gtk_list_box_remove(view->fields, row);
    net_dissect(view->info.bytes, view->info.kept, &whole);
    for (unsigned i = 0; i < whole.layer_count; i++) {
        const NetLayer *layer = &whole.layers[i];

        add_row(view, net_layer_name(layer->kind), (int)i, -1, false);
        for (unsigned f = layer->first_field; f < layer->first_field + layer->field_count; f++) {
            const NetField *field = &whole.fields[f];
            g_autofree char *text = g_strdup_printf("%s: %s", field->name, field->text);

            add_row(view, text, (int)i, (int)f, field->bad);
        }
    }
}

static void field_selected(GtkListBox *list, GtkListBoxRow *row, PacketsView *view)
{
    const GuiFieldChoice *choice = row ? g_object_get_data(G_OBJECT(row), CHOICE_KEY) : NULL;

    view->choice = choice ? *choice : (GuiFieldChoice){-1, -1};
    gui_canvas_redraw(view->canvas);
}

/* A click into the boxes or bytes: the row of that field is selected, and so the field. */
static void ground(double x, double y, void *user)
{
    PacketsView *view = user;
    GuiFieldChoice at =
        view->detail ? gui_packet_detail_at(view->detail, x, y) : (GuiFieldChoice){-1, -1};
    GtkListBoxRow *row;

    for (int i = 0; (row = gtk_list_box_get_row_at_index(view->fields, i)); i++) {
        const GuiFieldChoice *choice = g_object_get_data(G_OBJECT(row), CHOICE_KEY);

        if (choice->layer == at.layer && choice->field == at.field) {
            gtk_list_box_select_row(view->fields, row);
            return;
        }
    }
    gtk_list_box_unselect_all(view->fields);
}

static const GuiCanvasOps ops = {.draw = draw, .ground = ground};

/* ---- The list ------------------------------------------------------------------------ */

static const struct {
    const char *title;
    bool expand, numeric;
} columns[GUI_PACKET_COLUMNS] = {
    [GUI_PACKET_NUMBER] = {N_("No."), false, true},
    [GUI_PACKET_TIME] = {N_("Time"), false, true},
    [GUI_PACKET_SOURCE] = {N_("Source"), false, false},
    [GUI_PACKET_DESTINATION] = {N_("Destination"), false, false},
    [GUI_PACKET_PROTOCOL] = {N_("Protocol"), false, false},
    [GUI_PACKET_LENGTH] = {N_("Length"), false, true},
    [GUI_PACKET_INFO] = {N_("Info"), true, false},
};

static void setup_cell(GtkSignalListItemFactory *factory, GtkListItem *item, void *user)
{
    bool numeric = columns[GPOINTER_TO_UINT(user)].numeric;
    GtkWidget *label = gtk_label_new(NULL);

    gtk_label_set_xalign(GTK_LABEL(label), numeric ? 1 : 0);
    if (numeric)
        gtk_widget_add_css_class(label, "numeric");
    else
        gtk_label_set_ellipsize(GTK_LABEL(label), GPOINTER_TO_UINT(user) == GUI_PACKET_INFO
                                                      ? PANGO_ELLIPSIZE_END
                                                      : PANGO_ELLIPSIZE_NONE);
    if (GPOINTER_TO_UINT(user) == GUI_PACKET_INFO) /* else the list scrolls sideways */
        gtk_label_set_width_chars(GTK_LABEL(label), 24);
    gtk_list_item_set_child(item, label);
}

static void bind_cell(GtkSignalListItemFactory *factory, GtkListItem *item, void *user)
{
    GuiPacket *packet = gtk_list_item_get_item(item);
    GtkWidget *label = gtk_list_item_get_child(item);
    g_autofree char *text = gui_packet_text(packet, GPOINTER_TO_UINT(user));

    gtk_label_set_text(GTK_LABEL(label), text);
    if (GPOINTER_TO_UINT(user) == GUI_PACKET_INFO) {
        g_autofree char *sentence = gui_packet_sentence(packet);

        gui_set_accessible(label, sentence, NULL);
    }
}

static void row_chosen(GtkSingleSelection *selection, GParamSpec *spec, PacketsView *view)
{
    GuiPacket *packet = gtk_single_selection_get_selected_item(selection);

    if (packet && !view->selecting)
        gui_session_select(view->session, (GuiEntity){GUI_ENTITY_FRAME, SIM_MODEL_NO_PORT, 0,
                                                      gui_packet_frame(packet)});
}

/* Enter or a double click: to the moment at which the frame came into being. */
static void row_activated(GtkColumnView *list, unsigned position, PacketsView *view)
{
    g_autoptr(GuiPacket) packet = g_list_model_get_item(G_LIST_MODEL(view->model), position);
    int64_t row =
        packet ? gui_frames_find(gui_session_frames(view->session), gui_packet_frame(packet)) : -1;

    if (row >= 0)
        gui_session_seek_event(
            view->session, gui_frames_get(gui_session_frames(view->session), (uint32_t)row)->event);
}

static GtkWidget *build_list(PacketsView *view)
{
    GtkWidget *scrolled = gtk_scrolled_window_new();

    view->model = gui_packet_model_new(view->session);
    view->selection = gtk_single_selection_new(G_LIST_MODEL(g_object_ref(view->model)));
    gtk_single_selection_set_autoselect(view->selection, FALSE);
    gtk_single_selection_set_can_unselect(view->selection, TRUE);
    g_signal_connect(view->selection, "notify::selected-item", G_CALLBACK(row_chosen), view);
    view->list = gtk_column_view_new(GTK_SELECTION_MODEL(view->selection));
    gtk_widget_add_css_class(view->list, "data-table");
    gui_set_accessible(view->list, _("Frames"), NULL);
    g_signal_connect(view->list, "activate", G_CALLBACK(row_activated), view);
    for (unsigned i = 0; i < GUI_PACKET_COLUMNS; i++) {
        GtkListItemFactory *factory = gtk_signal_list_item_factory_new();

        g_signal_connect(factory, "setup", G_CALLBACK(setup_cell), GUINT_TO_POINTER(i));
        g_signal_connect(factory, "bind", G_CALLBACK(bind_cell), GUINT_TO_POINTER(i));

        GtkColumnViewColumn *column = gtk_column_view_column_new(_(columns[i].title), factory);

        gtk_column_view_column_set_resizable(column, TRUE);
        gtk_column_view_column_set_expand(column, columns[i].expand);
        gtk_column_view_append_column(GTK_COLUMN_VIEW(view->list), column);
        if (i == GUI_PACKET_LENGTH)
            view->lengths = column;
        g_object_unref(column);
    }
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), view->list);
    gtk_widget_set_vexpand(scrolled, TRUE);
    return scrolled;
}

/* ---- The view ------------------------------------------------------------------------- */

static void refresh(GtkWidget *widget, void *user)
{
    PacketsView *view = user;
    GuiEntity selected = gui_session_selected(view->session);

    if (selected.kind == GUI_ENTITY_FRAME)
        view->frame = selected.number;

    bool frame = view->frame && gui_session_is_open(view->session) &&
                 gui_frames_info(gui_session_frames(view->session),
                                 gui_session_reader(view->session), view->frame, &view->info);
    int row = frame ? gui_packet_model_find(view->model, view->frame) : -1;

    view->selecting = true;
    gtk_single_selection_set_selected(view->selection,
                                      row >= 0 ? (unsigned)row : GTK_INVALID_LIST_POSITION);
    view->selecting = false;
    gtk_stack_set_visible_child_name(GTK_STACK(view->stack), frame ? "frame" : "none");
    if (frame && (view->rows_of != view->frame || !view->filled)) {
        view->rows_of = view->frame;
        view->filled = true;
        fill_fields(view);
    }
    gui_way_view_set_frame(view->way, frame ? view->frame : 0);
    gui_canvas_redraw(view->canvas);
}

static void trace_changed(GuiSession *session, PacketsView *view)
{
    view->frame = 0;
    view->filled = false;
    g_clear_pointer(&view->detail, gui_packet_detail_free);
}

/* Where boxes and bytes would have too little room, the rows get a tab of their own. */
#define NARROW_WIDTH 700

static gboolean arrange(void *user)
{
    PacketsView *view = user;
    GtkWidget *paned = gtk_widget_get_parent(view->rows_beside);
    bool narrow = gtk_widget_get_width(paned) < NARROW_WIDTH;
    GtkWidget *home = narrow ? view->rows_tab : view->rows_beside;

    view->arrange = 0;
    if (gtk_widget_get_parent(view->rows) == home)
        return G_SOURCE_REMOVE;
    g_object_ref(view->rows);
    adw_bin_set_child(ADW_BIN(narrow ? view->rows_beside : view->rows_tab), NULL);
    adw_bin_set_child(ADW_BIN(home), view->rows);
    g_object_unref(view->rows);
    gtk_widget_set_visible(view->rows_beside, !narrow);
    gtk_stack_page_set_visible(view->rows_page, narrow);
    gtk_column_view_column_set_visible(view->lengths, !narrow); /* for more of the info */
    return G_SOURCE_REMOVE;
}

/* Not in the middle of an allocation. */
static void width_changed(GtkWidget *paned, GParamSpec *spec, PacketsView *view)
{
    if (!view->arrange)
        view->arrange = g_idle_add_full(G_PRIORITY_HIGH_IDLE, arrange, view, NULL);
}

/* Its layers and fields, beside them the boxes and bytes. */
static GtkWidget *build_layers(PacketsView *view)
{
    GtkWidget *paned = gtk_paned_new(GTK_ORIENTATION_HORIZONTAL);
    GtkWidget *left = gtk_scrolled_window_new(), *right = gtk_scrolled_window_new();

    view->fields = GTK_LIST_BOX(gtk_list_box_new());
    gui_set_accessible(GTK_WIDGET(view->fields), _("Layers and fields"), NULL);
    gtk_widget_add_css_class(GTK_WIDGET(view->fields), "fields");
    g_signal_connect(view->fields, "row-selected", G_CALLBACK(field_selected), view);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(left), GTK_WIDGET(view->fields));
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(left), GTK_POLICY_AUTOMATIC,
                                   GTK_POLICY_AUTOMATIC);
    view->canvas = GUI_CANVAS(gui_canvas_new(&ops, view));
    gui_set_accessible(GTK_WIDGET(view->canvas), _("The frame, layer in layer, and its bytes"),
                       NULL);
    gtk_widget_set_hexpand(GTK_WIDGET(view->canvas), TRUE);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(right), GTK_WIDGET(view->canvas));
    view->rows = left;
    view->rows_beside = adw_bin_new();
    view->rows_tab = adw_bin_new();
    adw_bin_set_child(ADW_BIN(view->rows_beside), left);
    gtk_paned_set_start_child(GTK_PANED(paned), view->rows_beside);
    gtk_paned_set_end_child(GTK_PANED(paned), right);
    gtk_paned_set_resize_start_child(GTK_PANED(paned), FALSE);
    gui_remember("packet-layers-width", paned, "position");
    g_signal_connect(paned, "notify::max-position", G_CALLBACK(width_changed), view);
    gtk_widget_set_vexpand(paned, TRUE);
    return paned;
}

static GtkWidget *build_detail(PacketsView *view)
{
    GtkWidget *none = adw_status_page_new(), *frame = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkWidget *parts = gtk_stack_new(), *switcher = gtk_stack_switcher_new();

    view->way = gui_way_view_new(view->session);
    gtk_stack_add_titled(GTK_STACK(parts), build_layers(view), "layers", _("Layers"));
    view->rows_page = gtk_stack_add_titled(GTK_STACK(parts), view->rows_tab, "fields", _("Fields"));
    gtk_stack_page_set_visible(view->rows_page, FALSE);
    gtk_stack_add_titled(GTK_STACK(parts), view->way, "way", _("Its Way"));
    gtk_stack_switcher_set_stack(GTK_STACK_SWITCHER(switcher), GTK_STACK(parts));
    gtk_widget_set_halign(switcher, GTK_ALIGN_CENTER);
    gtk_widget_add_css_class(switcher, "view-bar");
    gtk_box_append(GTK_BOX(frame), switcher);
    gtk_box_append(GTK_BOX(frame), parts);
    adw_status_page_set_title(ADW_STATUS_PAGE(none), _("No frame is chosen"));
    adw_status_page_set_description(ADW_STATUS_PAGE(none),
                                    _("Choose one above, or click one on the stage."));
    gtk_widget_add_css_class(none, "compact");
    view->stack = gtk_stack_new();
    gtk_stack_add_named(GTK_STACK(view->stack), none, "none");
    gtk_stack_add_named(GTK_STACK(view->stack), frame, "frame");
    return view->stack;
}

static void packets_view_free(void *user)
{
    PacketsView *view = user;

    g_signal_handlers_disconnect_by_data(view->session, view);
    g_clear_handle_id(&view->arrange, g_source_remove);
    g_clear_pointer(&view->detail, gui_packet_detail_free);
    g_object_unref(view->model);
    g_object_unref(view->session);
    g_free(view);
}

/* At first the list has a part of the height; then it is where it was put. */
#define LIST_SHARE 0.38

static void height_known(GtkPaned *paned, GParamSpec *spec, void *unused)
{
    int height = gtk_widget_get_height(GTK_WIDGET(paned));

    if (height < 100)
        return;
    int before = g_settings_get_int(gui_settings(), "packet-list-height");

    gtk_paned_set_position(paned, before > 0 ? before : (int)(height * LIST_SHARE));
    g_signal_handlers_disconnect_by_func(paned, height_known, unused);
    g_settings_bind(gui_settings(), "packet-list-height", paned, "position", G_SETTINGS_BIND_SET);
}

GtkWidget *gui_packets_view_new(GuiSession *session)
{
    PacketsView *view = g_new0(PacketsView, 1);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkWidget *paned = gtk_paned_new(GTK_ORIENTATION_VERTICAL);

    view->session = g_object_ref(session);
    view->choice = (GuiFieldChoice){-1, -1};
    gtk_paned_set_start_child(GTK_PANED(paned), build_list(view));
    gtk_box_append(GTK_BOX(box), gui_packet_filter_new(view->model));
    gtk_paned_set_end_child(GTK_PANED(paned), build_detail(view));
    /* However low the window is, something of the frame is to be seen. */
    gtk_paned_set_shrink_end_child(GTK_PANED(paned), FALSE);
    gtk_paned_set_shrink_start_child(GTK_PANED(paned), FALSE);
    gtk_paned_set_position(GTK_PANED(paned), 200);
    g_signal_connect(paned, "notify::max-position", G_CALLBACK(height_known), NULL);
    gtk_widget_set_vexpand(paned, TRUE);
    gtk_box_append(GTK_BOX(box), paned);
    g_object_set_data_full(G_OBJECT(view->stack), "packets-view", view, packets_view_free);
    g_signal_connect(session, "trace-changed", G_CALLBACK(trace_changed), view);
    gui_view_follow(box, session, refresh, view);
    return box;
}
