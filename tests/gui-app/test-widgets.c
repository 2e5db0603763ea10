/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-widgets.c: the parts of the window, one at a time, as a screen reader sees them. */
#include <gtk/gtk.h>

#include "gui/app/canvas.h"
#include "gui/app/common.h"
#include "gui/app/lesson.h"
#include "gui/app/packet-model.h"
#include "gui/app/predict.h"
#include "gui/app/step-panel.h"
#include "gui/app/tiles.h"
#include "gui/app/view.h"
#include "tests/sim/trace-sample.h"

/* ---- Help --------------------------------------------------------------------------- */

static GuiSession *open_sample(SimTrace *trace)
{
    GuiSession *session = gui_session_new();
    g_autoptr(GError) error = NULL;
    size_t size;
    const void *data = sim_trace_data(trace, &size);

    gui_session_open_memory(session, data, size, &error);
    g_assert_no_error(error);
    while (gui_session_index(session, 1000))
        ;
    return session;
}

static GtkWidget *show(GtkWidget *widget)
{
    GtkWidget *window = gtk_window_new();

    gtk_window_set_default_size(GTK_WINDOW(window), 800, 600);
    gtk_window_set_child(GTK_WINDOW(window), widget);
    gtk_window_present(GTK_WINDOW(window));
    gtk_test_widget_wait_for_draw(window);
    return window;
}

/* The first widget below root whose accessible label is text; NULL: none. */
static GtkWidget *find_label(GtkWidget *root, const char *text)
{
    char *wrong = gtk_test_accessible_check_property(GTK_ACCESSIBLE(root),
                                                     GTK_ACCESSIBLE_PROPERTY_LABEL, text);
    bool fits = !wrong && gtk_test_accessible_has_property(GTK_ACCESSIBLE(root),
                                                           GTK_ACCESSIBLE_PROPERTY_LABEL);

    g_free(wrong);
    if (fits)
        return root;
    for (GtkWidget *child = gtk_widget_get_first_child(root); child;
         child = gtk_widget_get_next_sibling(child)) {
        GtkWidget *found = find_label(child, text);

        if (found)
            return found;
    }
    return NULL;
}

/* ---- Tiles ---------------------------------------------------------------------------- */

/* A picture of 600 by 300 units, white, with a dot; how many tiles of it have changed. */
/* GTK 4.10 gave buttons that stay pressed a role of their own. */
static bool is_button(GtkWidget *widget)
{
    GtkAccessibleRole role = gtk_accessible_get_accessible_role(GTK_ACCESSIBLE(widget));
#if GTK_CHECK_VERSION(4, 10, 0)
    if (role == GTK_ACCESSIBLE_ROLE_TOGGLE_BUTTON)
        return true;
#endif
    return role == GTK_ACCESSIBLE_ROLE_BUTTON;
}

static unsigned draw_dot(GuiTiles *tiles, int scale, double x, double y)
{
    cairo_t *cr = gui_tiles_begin(tiles, 600, 300, scale);

    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    cairo_rectangle(cr, x, y, 4, 4);
    cairo_set_source_rgb(cr, 1, 0, 0);
    cairo_fill(cr);
    return gui_tiles_end(tiles, cr);
}

/* Tiles are 256 by 128 pixels: three beside and below each other, at twice the pixels five. */
static void test_tiles(void)
{
    GuiTiles *tiles = gui_tiles_new();

    g_assert_cmpuint(draw_dot(tiles, 1, 10, 10), ==, 9);
    g_assert_cmpuint(draw_dot(tiles, 1, 10, 10), ==, 0);
    g_assert_cmpuint(draw_dot(tiles, 1, 20, 20), ==, 1);
    /* From the first one to where four of them meet, and away. */
    g_assert_cmpuint(draw_dot(tiles, 1, 254, 126), ==, 4);
    g_assert_cmpuint(draw_dot(tiles, 1, 598, 298), ==, 5);
    g_assert_cmpuint(draw_dot(tiles, 2, 598, 298), ==, 25);
    g_assert_cmpuint(draw_dot(tiles, 2, 598, 296), ==, 1);
    gui_tiles_free(tiles);
}

/* ---- Canvas --------------------------------------------------------------------------- */

static GuiEntity last_chosen;

static void draw_nothing(cairo_t *cr, double width, double height, void *user)
{
}

/* Two machines beside each other; the second one's name is user's. */
static GArray *two_items(double width, double height, void *user)
{
    GArray *items = gui_items_new();

    gui_items_add(items, (GuiEntity){GUI_ENTITY_VM, 0, 0, 0}, (GuiRect){10, 10, 80, 40},
                  g_strdup("VM a"));
    gui_items_add(items, (GuiEntity){GUI_ENTITY_VM, 1, 0, 0}, (GuiRect){200, 10, 80, 40},
                  g_strdup(*(const char **)user));
    return items;
}

static void note_chosen(GuiEntity entity, void *user)
{
    last_chosen = entity;
}

static void test_canvas(void)
{
    static const GuiCanvasOps ops = {
        .draw = draw_nothing, .items = two_items, .chosen = note_chosen};
    const char *name = "VM b, running";
    GuiCanvas *canvas = GUI_CANVAS(gui_canvas_new(&ops, &name));
    GtkWidget *window = show(GTK_WIDGET(canvas));
    GuiEntity a = {GUI_ENTITY_VM, 0, 0, 0}, b = {GUI_ENTITY_VM, 1, 0, 0};
    GtkWidget *second;
    graphene_rect_t box;

    gui_canvas_refresh(canvas);
    second = gui_canvas_hotspot(canvas, b);
    g_assert_nonnull(second);
    gtk_test_accessible_assert_role(GTK_ACCESSIBLE(canvas), GTK_ACCESSIBLE_ROLE_GROUP);
    gtk_test_accessible_assert_role(GTK_ACCESSIBLE(second), GTK_ACCESSIBLE_ROLE_BUTTON);
    gtk_test_accessible_assert_property(GTK_ACCESSIBLE(second), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                        "VM b, running");
    gtk_test_widget_wait_for_draw(window);
    g_assert_true(gtk_widget_compute_bounds(second, GTK_WIDGET(canvas), &box));
    g_assert_cmpfloat(box.origin.x, ==, 200);
    g_assert_cmpfloat(box.size.width, ==, 80);

    /* Its state changes: it stays the same widget, with another name. */
    name = "VM b, ready";
    gui_canvas_refresh(canvas);
    g_assert_true(gui_canvas_hotspot(canvas, b) == second);
    gtk_test_accessible_assert_property(GTK_ACCESSIBLE(second), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                        "VM b, ready");

    g_assert_true(gui_canvas_focus(canvas, a));
    g_assert_true(gui_entity_equal(gui_canvas_focused(canvas), a));
    g_signal_emit_by_name(second, "clicked");
    g_assert_true(gui_entity_equal(last_chosen, b));
    g_assert_false(gui_canvas_focus(canvas, (GuiEntity){GUI_ENTITY_VM, 7, 0, 0}));
    gtk_window_destroy(GTK_WINDOW(window));
}

/* ---- Exits ---------------------------------------------------------------------------------- */

static void test_exits(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(GuiSession) session = open_sample(trace);
    GtkWidget *view = gui_exits_view_new(session), *window;

    gui_session_seek(session, 700); /* just after the sample's page fault */
    window = show(view);
    for (unsigned i = 0; i < 20; i++)
        gtk_test_widget_wait_for_draw(window);
    g_assert_nonnull(find_label(window, "Exits so far"));
    /* Each step of the stairs is a button that says where it is. */
    g_assert_nonnull(find_label(
        window, "Type 2: KVM and a process of the host. Step 4 of 6, hvlab, a process of the "
                "host: a's page 20 gets page frame 101, because the guest touched it. (recorded)"));
    g_assert_nonnull(
        find_label(window, "Type 1: a hypervisor on the bare machine. Step 2 of 4, the hypervisor "
                           "on the bare machine, after VM exit: Finds a page frame and enters it "
                           "in the second-level table itself"));
    gtk_window_destroy(GTK_WINDOW(window));
}

/* ---- Stage and rows say the same -------------------------------------------------------- */

static void test_stage_and_rows(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(GuiSession) session = open_sample(trace);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0), *window;
    GtkWidget *stage = gui_stage_view_new(session), *rows = gui_rows_view_new(session);

    gui_session_seek(session, 2500); /* frame 1 is on its way to b */
    gtk_box_append(GTK_BOX(box), stage);
    gtk_box_append(GTK_BOX(box), rows);
    window = show(box);
    for (unsigned i = 0; i < 20; i++)
        gtk_test_widget_wait_for_draw(window);

    GtkWidget *scrolled = gtk_widget_get_first_child(stage);
    GuiCanvas *canvas = GUI_CANVAS(
        GTK_IS_VIEWPORT(scrolled) ? gtk_viewport_get_child(GTK_VIEWPORT(scrolled)) : scrolled);

    gui_canvas_refresh(canvas);
    g_assert_nonnull(gui_canvas_hotspot(canvas, (GuiEntity){GUI_ENTITY_VM, 0, 0, 0}));
    g_assert_nonnull(gui_canvas_hotspot(canvas, (GuiEntity){GUI_ENTITY_FRAME, 2, 0, 1}));

    /* Every hotspot of the stage is a row too. */
    for (GtkWidget *spot = gtk_widget_get_first_child(GTK_WIDGET(canvas)); spot;
         spot = gtk_widget_get_next_sibling(spot))
        g_assert_nonnull(find_label(rows, gtk_widget_get_tooltip_text(spot)));
    gtk_window_destroy(GTK_WINDOW(window));
}

/* ---- Right to left -------------------------------------------------------------------------- */

static GtkWidget *find_text(GtkWidget *root, const char *text)
{
    if (GTK_IS_LABEL(root) && !g_strcmp0(gtk_label_get_text(GTK_LABEL(root)), text))
        return root;
    for (GtkWidget *child = gtk_widget_get_first_child(root); child;
         child = gtk_widget_get_next_sibling(child)) {
        GtkWidget *found = find_text(child, text);

        if (found)
            return found;
    }
    return NULL;
}

/* x of a widget's left edge in the window. */
static double left_of(GtkWidget *widget, GtkWidget *window)
{
    graphene_rect_t bounds;

    g_assert_true(gtk_widget_compute_bounds(widget, window, &bounds));
    return bounds.origin.x;
}

/* Tables are mirrored, numbers in their cells are not; and the buttons of time stay. */
static void test_right_to_left(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(GuiSession) session = open_sample(trace);
    static const GtkTextDirection directions[] = {GTK_TEXT_DIR_LTR, GTK_TEXT_DIR_RTL};

    gui_session_seek(session, 2500);
    for (size_t i = 0; i < G_N_ELEMENTS(directions); i++) {
        bool mirrored = directions[i] == GTK_TEXT_DIR_RTL;
        GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0), *window, *row;
        g_autofree char *pages = NULL;
        const SimModelVm *vm = sim_model_vm(gui_session_model(session), 0);

        gtk_widget_set_default_direction(directions[i]);
        row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
        gtk_box_append(GTK_BOX(row), gtk_label_new("back"));
        gtk_box_append(GTK_BOX(row), gtk_label_new("forth"));
        gui_keep_left_to_right(row);
        gtk_box_append(GTK_BOX(box), row);
        gtk_box_append(GTK_BOX(box), gui_tables_view_new(session));
        window = show(box);
        for (unsigned n = 0; n < 10; n++)
            gtk_test_widget_wait_for_draw(window);

        pages = g_strdup_printf("%u / %u", vm->resident_pages, vm->memory_pages);
        GtkWidget *cell = find_text(box, pages), *state = find_text(box, "State");

        g_assert_nonnull(cell);
        g_assert_cmpint(gtk_widget_get_direction(cell), ==, GTK_TEXT_DIR_LTR);
        g_assert_cmpfloat(gtk_label_get_xalign(GTK_LABEL(cell)), ==, mirrored ? 1 : 0);
        g_assert_true((left_of(find_text(box, "Pages"), window) < left_of(state, window)) ==
                      mirrored);
        g_assert_cmpfloat(left_of(find_text(row, "back"), window), <,
                          left_of(find_text(row, "forth"), window));
        gtk_window_destroy(GTK_WINDOW(window));
    }
    gtk_widget_set_default_direction(GTK_TEXT_DIR_LTR);
}

/* ---- Predictions -------------------------------------------------------------------------- */

static void count_changes(void *user)
{
    ++*(unsigned *)user;
}

static void test_predict_choice(void)
{
    SimStepOption options[] = {{.id = "x", .text = "The first"}, {.id = "y", .text = "The second"}};
    SimStepPredict predict = {
        .ask = "?", .kind = SIM_PREDICT_CHOICE, .options = options, .option_count = 2};
    g_autoptr(SimModel) model = sim_model_new();
    unsigned changes = 0;
    GtkWidget *form = gui_predict_new(&predict, model, count_changes, &changes);
    GtkWidget *window = show(form), *second = find_label(form, "The second");

    g_assert_null(gui_predict_given(form)); /* nothing chosen yet */
    g_assert_nonnull(second);
    g_assert_true(is_button(second));
    gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(second), TRUE);
    g_assert_cmpuint(changes, >, 0);

    g_auto(GStrv) given = gui_predict_given(form);
    g_assert_cmpstr(given[0], ==, "y");
    g_assert_null(given[1]);
    g_assert_false(gui_predict_point(form, "vm:a"));
    gtk_window_destroy(GTK_WINDOW(window));
}

static void test_predict_ports(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(GuiSession) session = open_sample(trace);
    SimStepPredict predict = {.ask = "?", .kind = SIM_PREDICT_PORTS};
    unsigned changes = 0;
    GtkWidget *form =
        gui_predict_new(&predict, gui_session_model(session), count_changes, &changes);
    GtkWidget *window = show(form);
    g_auto(GStrv) none = gui_predict_given(form);

    g_assert_nonnull(none); /* no port at all is an answer */
    g_assert_null(none[0]);
    g_assert_true(gui_predict_point(form, "vm:b"));

    g_auto(GStrv) given = gui_predict_given(form);
    g_assert_cmpstr(given[0], ==, "vm:b");
    g_assert_true(gui_predict_point(form, "vm:b")); /* a second time takes it back */

    g_auto(GStrv) again = gui_predict_given(form);
    g_assert_null(again[0]);
    g_assert_false(gui_predict_point(form, "vm:z"));
    gtk_window_destroy(GTK_WINDOW(window));
}

static void test_predict_order(void)
{
    SimStepOption options[] = {{.id = "x", .text = "One"}, {.id = "y", .text = "Two"}};
    SimStepPredict predict = {
        .ask = "?", .kind = SIM_PREDICT_ORDER, .options = options, .option_count = 2};
    g_autoptr(SimModel) model = sim_model_new();
    unsigned changes = 0;
    GtkWidget *form = gui_predict_new(&predict, model, count_changes, &changes);
    GtkWidget *window = show(form);

    g_signal_emit_by_name(find_label(form, "Move up: Two"), "clicked");

    g_auto(GStrv) given = gui_predict_given(form);
    g_assert_cmpstr(given[0], ==, "y");
    g_assert_cmpstr(given[1], ==, "x");
    gtk_window_destroy(GTK_WINDOW(window));
}

/* ---- Packets --------------------------------------------------------------------------------- */

static void settle(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

static void test_packets(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(GuiSession) session = open_sample(trace);
    g_autoptr(GuiPacketModel) model = gui_packet_model_new(session);
    GListModel *list = G_LIST_MODEL(model);

    g_assert_cmpuint(g_list_model_get_n_items(list), ==, 3); /* two ARP, one ping */

    g_autoptr(GuiPacket) ping = g_list_model_get_item(list, 2);
    g_autofree char *protocol = gui_packet_text(ping, GUI_PACKET_PROTOCOL);
    g_autofree char *source = gui_packet_text(ping, GUI_PACKET_SOURCE);
    g_assert_cmpstr(protocol, ==, "ICMP");
    g_assert_cmpstr(source, ==, "10.0.0.1");

    g_assert_true(gui_packet_model_filter(model, "arp", NULL));
    settle();
    g_assert_cmpuint(g_list_model_get_n_items(list), ==, 2);
    g_assert_cmpint(gui_packet_model_find(model, 2), ==, 1);
    g_assert_cmpint(gui_packet_model_find(model, 3), ==, -1);
    g_assert_true(gui_packet_model_filter(model, "!arp", NULL));
    settle();
    g_assert_cmpuint(g_list_model_get_n_items(list), ==, 1);
    g_assert_true(gui_packet_model_filter(model, "", NULL));
    settle();
    g_assert_cmpuint(g_list_model_get_n_items(list), ==, 3);
}

/* ---- Texts
 * --------------------------------------------------------------------------------------- */

static GtkWidget *find_type(GtkWidget *root, GType type)
{
    if (G_TYPE_CHECK_INSTANCE_TYPE(root, type))
        return root;
    for (GtkWidget *child = gtk_widget_get_first_child(root); child;
         child = gtk_widget_get_next_sibling(child)) {
        GtkWidget *found = find_type(child, type);

        if (found)
            return found;
    }
    return NULL;
}

/* An address that is typed is shown with its translations; the sample has no page tables, so
 * it is taken as guest-physical: page 20 of a, in page frame 101 from time 600 on. */
static void test_translation(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(GuiSession) session = open_sample(trace);
    GtkWidget *view, *window, *entry, *picture;

    gui_session_seek(session, 1000);
    view = gui_memory_view_new(session);
    window = show(view);
    entry = find_type(view, GTK_TYPE_ENTRY);
    picture = find_label(view, "The address and its two translations");
    g_assert_nonnull(entry);
    g_assert_nonnull(picture);
    g_assert_false(gtk_widget_get_mapped(picture));
    gtk_editable_set_text(GTK_EDITABLE(entry), "0x14zz");
    g_assert_false(gtk_widget_get_mapped(picture));
    g_assert_true(gtk_widget_has_css_class(entry, "error"));
    gtk_editable_set_text(GTK_EDITABLE(entry), " 0x14123 ");
    g_assert_false(gtk_widget_has_css_class(entry, "error"));
    /* What lies over a picture follows it within a tenth of a second. */
    while (!gtk_widget_get_first_child(picture))
        g_main_context_iteration(NULL, TRUE);
    g_assert_true(gtk_widget_get_mapped(picture));
    g_assert_nonnull(find_label(picture, "guest-physical address 0x14123, page 0x14, taken as a "
                                         "guest-physical address"));
    GtkWidget *frame = find_label(picture, "the hypervisor's table: page frame 101, of the host: "
                                           "writable; there at address 0x65123");
    g_assert_nonnull(frame);
    g_signal_emit_by_name(frame, "clicked");
    g_assert_cmpint(gui_session_selected(session).kind, ==, GUI_ENTITY_PAGE_FRAME);
    g_assert_cmpuint(gui_session_selected(session).b, ==, 101);
    gtk_window_destroy(GTK_WINDOW(window));
}

static void test_markdown(void)
{
    static const struct {
        const char *text, *markup;
    } cases[] = {{"**a** and *b*", "<b>a</b> and <i>b</i>"},
                 {"`x < y` & z", "<tt>x &lt; y</tt> &amp; z"},
                 {"2 * 3", "2 * 3"},
                 {"one\ntwo\n\nthree\n", "one two\n\nthree"},
                 {"Both:\n- **a**,\n  long\n- b\nand so on\n\nend",
                  "Both:\n\n\342\200\242 <b>a</b>, long\n\342\200\242 b and so on\n\nend"},
                 {"\n\n", ""},
                 {"**a *b** c*", "**a *b** c*"}}; /* crossed: shown as it is */

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *markup = gui_markdown(cases[i].text);

        g_assert_cmpstr(markup, ==, cases[i].markup);
    }
}

static void test_times(void)
{
    static const struct {
        uint64_t ns;
        const char *text;
    } cases[] = {{0, "0 ns"},
                 {999, "999 ns"},
                 {1500, "1.500 \302\265s"},
                 {2500000, "2.500 ms"},
                 {1000000000, "1.000000 s"}};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = gui_time_text(cases[i].ns);

        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

int main(int argc, char **argv)
{
    gtk_test_init(&argc, &argv, NULL);
    adw_init();
    g_test_add_func("/widgets/tiles", test_tiles);
    g_test_add_func("/widgets/canvas", test_canvas);
    g_test_add_func("/widgets/exits", test_exits);
    g_test_add_func("/widgets/stage-and-rows", test_stage_and_rows);
    g_test_add_func("/widgets/right-to-left", test_right_to_left);
    g_test_add_func("/widgets/predict/choice", test_predict_choice);
    g_test_add_func("/widgets/predict/ports", test_predict_ports);
    g_test_add_func("/widgets/predict/order", test_predict_order);
    g_test_add_func("/widgets/packets", test_packets);
    g_test_add_func("/widgets/translation", test_translation);
    g_test_add_func("/widgets/markdown", test_markdown);
    g_test_add_func("/widgets/times", test_times);
    return g_test_run();
}
