/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-export.c: files that leave the window, and one that is dropped into it: every view as PNG,
 * SVG and PDF, a run as an animation and as a page, and one that is cancelled and leaves nothing
 * behind. */
#include <string.h>

#include <glib/gstdio.h>

#include "gui/app/common.h"
#include "gui/app/window-private.h"
#include "tests/sim/trace-sample.h"

static AdwApplication *application;
static char *folder;

static char *in_folder(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static void turn(GuiWindow *window)
{
    g_main_context_iteration(NULL, TRUE);
}

/* A window with the sample's run in it. */
static GuiWindow *open_window(void)
{
    GuiWindow *window = GUI_WINDOW(gui_window_new(application, NULL));
    g_autoptr(SimTrace) trace = sample_trace();
    g_autofree char *path = in_folder("run.hvtrace");
    g_autoptr(GFile) file = g_file_new_for_path(path);
    size_t size;
    const void *data = sim_trace_data(trace, &size);

    g_assert_true(g_file_set_contents(path, data, (gssize)size, NULL));
    gtk_window_present(GTK_WINDOW(window));
    gui_window_open(window, file);
    while (!gui_session_is_open(window->session))
        turn(window);
    gui_session_seek(window->session, 2500);
    gtk_test_widget_wait_for_draw(GTK_WIDGET(window));
    return window;
}

static void assert_begins(const char *path, const char *start)
{
    g_autofree char *text = NULL;
    size_t size = 0;

    g_assert_true(g_file_get_contents(path, &text, &size, NULL));
    g_assert_cmpuint(size, >, 1000);
    g_assert_true(memcmp(text, start, strlen(start)) == 0);
}

/* What is drawn stays a drawing: pixels are in it only as tiles of patterns. */
static void assert_drawing(const char *path)
{
    g_autofree char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    for (const char *at = strstr(text, "<image"); at; at = strstr(at + 1, "<image")) {
        const char *width = strstr(at, "width=\"");
        g_assert_nonnull(width);
        g_assert_cmpint(atoi(width + strlen("width=\"")), <=, 128);
    }
    g_assert_nonnull(strstr(text, "<path"));
}

static void test_views(void)
{
    static const char *const views[] = {"stage",  "timeline", "packets", "memory",
                                        "tables", "console",  "exits"};
    static const char *const starts[][2] = {
        {".png", "\x89PNG"}, {".svg", "<?xml"}, {".pdf", "%PDF"}};
    GuiWindow *window = open_window();

    for (size_t i = 0; i < G_N_ELEMENTS(views); i++) {
        adw_view_stack_set_visible_child_name(window->view_stack, views[i]);
        gtk_test_widget_wait_for_draw(GTK_WIDGET(window));
        for (size_t j = 0; j < G_N_ELEMENTS(starts); j++) {
            g_autofree char *name = g_strconcat(views[i], starts[j][0], NULL);
            g_autofree char *path = in_folder(name);
            gui_window_save_image_to(window, path);
            assert_begins(path, starts[j][1]);
            /* GTK's own list of packets has effects that no drawing can express. */
            if (j == 1 && strcmp(views[i], "packets") != 0)
                assert_drawing(path);
            g_remove(path);
        }
    }
    g_autofree char *nowhere = in_folder("none/there.pdf");
    gui_window_save_image_to(window, nowhere);
    g_assert_false(g_file_test(nowhere, G_FILE_TEST_EXISTS));
    gtk_window_destroy(GTK_WINDOW(window));
}

/* Is anything in the folder but the trace, hidden or not? */
static unsigned count_files(void)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    unsigned count = 0;

    while (g_dir_read_name(dir))
        count++;
    return count;
}

static void test_page(void)
{
    GuiWindow *window = open_window();
    g_autofree char *path = in_folder("run.html");

    gui_window_export_run(window, path);
    while (window->exports > 0)
        turn(window);
    assert_begins(path, "<!DOCTYPE html>");
    g_assert_cmpuint(count_files(), ==, 2);
    g_remove(path);
    gtk_window_destroy(GTK_WINDOW(window));
}

static GtkWindow *find_dialog(void)
{
    GListModel *all = gtk_window_get_toplevels();
    GtkWindow *found = NULL;

    for (unsigned i = 0; i < g_list_model_get_n_items(all) && !found; i++) {
        g_autoptr(GtkWindow) one = g_list_model_get_item(all, i);
        if (ADW_IS_MESSAGE_DIALOG(one))
            found = one;
    }
    return found;
}

static void test_cancel(void)
{
    GuiWindow *window = open_window();
    g_autofree char *path = in_folder("run.gif");
    GtkWindow *dialog;

    gui_window_export_run(window, path);
    dialog = find_dialog();
    g_assert_nonnull(dialog);
    adw_message_dialog_response(ADW_MESSAGE_DIALOG(dialog), "cancel");
    while (window->exports > 0)
        turn(window);
    g_assert_cmpuint(count_files(), ==, 1);
    gtk_window_destroy(GTK_WINDOW(window));
}

static GtkDropTarget *find_drop_target(GtkWidget *widget)
{
    g_autoptr(GListModel) all = gtk_widget_observe_controllers(widget);
    GtkDropTarget *found = NULL;

    for (unsigned i = 0; i < g_list_model_get_n_items(all); i++) {
        g_autoptr(GObject) one = g_list_model_get_item(all, i);
        if (GTK_IS_DROP_TARGET(one))
            found = GTK_DROP_TARGET(one);
    }
    return found;
}

/* As from a file manager: what GTK makes of the list of addresses that is dropped. */
static void test_drop(void)
{
    GuiWindow *window = GUI_WINDOW(gui_window_new(application, NULL));
    GtkDropTarget *target = find_drop_target(GTK_WIDGET(window));
    g_autofree char *path = in_folder("run.hvtrace");
    g_auto(GValue) value = G_VALUE_INIT;
    gboolean taken = FALSE;

    g_assert_nonnull(target);
    g_assert_true(
        gdk_content_formats_contain_gtype(gtk_drop_target_get_formats(target), G_TYPE_FILE));
    g_value_init(&value, G_TYPE_FILE);
    g_value_take_object(&value, g_file_new_for_path(path));
    gtk_window_present(GTK_WINDOW(window));
    g_assert_false(gui_session_is_open(window->session));
    g_signal_emit_by_name(target, "drop", &value, 10.0, 10.0, &taken);
    g_assert_true(taken);
    while (!gui_session_is_open(window->session))
        turn(window);
    g_assert_cmpuint(gui_session_event_count(window->session), >, 0);
    gtk_window_destroy(GTK_WINDOW(window));
}

int main(int argc, char **argv)
{
    int status;

    gtk_test_init(&argc, &argv, NULL);
    adw_init();
    folder = g_dir_make_tmp("hvlab-test-XXXXXX", NULL);
    application = ADW_APPLICATION(adw_application_new("org.hvlab.Test", G_APPLICATION_NON_UNIQUE));
    g_assert_true(g_application_register(G_APPLICATION(application), NULL, NULL));
    g_test_add_func("/export/views", test_views);
    g_test_add_func("/export/page", test_page);
    g_test_add_func("/export/cancel", test_cancel);
    g_test_add_func("/export/drop", test_drop);
    status = g_test_run();
    g_autofree char *path = in_folder("run.hvtrace");
    g_remove(path);
    g_rmdir(folder);
    return status;
}
