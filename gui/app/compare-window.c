/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare-window.c: two runs on one time axis, where they part ways, and their numbers.
 *
 * Either the run that was open in the window and another trace, or the scenario as it is (or
 * with one value) and the same with another value. The runs are made by
 * `hvlab run`, one after the other. Where two long traces part is found in a thread, with
 * readers of its own. */
#include <glib/gstdio.h>
#include <string.h>

#include "gui/app/canvas.h"
#include "gui/app/compare-window.h"
#include "gui/app/window-private.h"
#include "gui/draw/compare.h"

#define SLICE 20000u

typedef struct {
    GtkWidget *self, *toasts, *stack, *entry, *run, *choose, *spinner, *words, *numbers, *only;
    GuiCanvas *canvas;
    GuiTheme theme;
    GuiSession *sessions[2];
    GBytes *bytes[2];
    char *titles[2];
    GuiParting parting;
    GuiSpan span;
    GPtrArray *rows; /* of SimSideRow *; NULL: not compared yet */
    unsigned index_idle;

    char *scenario; /* path; NULL: only a trace is open */
    char *folder;   /* for the traces of runs; NULL: none yet */
    char **sets;    /* what is run: one PATH=VALUE each, "" as it is */
    unsigned running;
    GCancellable *cancel;
} View;

/* ---- The picture ------------------------------------------------------------------------ */

static bool is_ready(View *view)
{
    return view->bytes[0] && view->bytes[1];
}

static GuiCompare compare_of(View *view)
{
    view->theme = gui_app_theme(GTK_WIDGET(view->canvas), 1);
    return (GuiCompare){.titles = {view->titles[0], view->titles[1]},
                        .sessions = {view->sessions[0], view->sessions[1]},
                        .span = view->span,
                        .parting = view->parting,
                        .theme = &view->theme};
}

static void draw(cairo_t *cr, double width, double height, void *user)
{
    View *view = user;

    if (is_ready(view)) {
        GuiCompare compare = compare_of(view);

        gui_compare_draw(&compare, cr, width, height);
    }
}

static GArray *items(double width, double height, void *user)
{
    View *view = user;
    GuiCompare compare = compare_of(view);

    return is_ready(view) ? gui_compare_items(&compare, width, height) : NULL;
}

/* A click: both runs at that time. */
static void ground(double x, double y, void *user)
{
    View *view = user;
    GuiCompare compare = compare_of(view);
    uint64_t time;

    if (!is_ready(view))
        return;
    time = gui_compare_time_at(&compare, gtk_widget_get_width(GTK_WIDGET(view->canvas)),
                               gtk_widget_get_height(GTK_WIDGET(view->canvas)), x);
    for (unsigned i = 0; i < 2; i++)
        gui_session_seek(view->sessions[i], time);
    gui_canvas_redraw(view->canvas);
}

static const GuiCanvasOps ops = {.draw = draw, .items = items, .ground = ground};

/* ---- Numbers ----------------------------------------------------------------------------------
 */

static void put(GtkWidget *grid, int column, int row, const char *text, const char *style)
{
    GtkWidget *label = gui_label(text, style);

    gtk_label_set_wrap(GTK_LABEL(label), FALSE);
    gtk_label_set_xalign(GTK_LABEL(label), column == 0 ? 0 : 1);
    gtk_grid_attach(GTK_GRID(grid), label, column, row, 1, 1);
}

static void show_numbers(View *view)
{
    bool only = gtk_check_button_get_active(GTK_CHECK_BUTTON(view->only));
    GtkWidget *child;
    int row = 0;

    while ((child = gtk_widget_get_first_child(view->numbers)))
        gtk_grid_remove(GTK_GRID(view->numbers), child);
    put(view->numbers, 1, row, _("first"), "caption-heading");
    put(view->numbers, 2, row++, _("second"), "caption-heading");
    for (unsigned i = 0; view->rows && i < view->rows->len; i++) {
        const SimSideRow *line = view->rows->pdata[i];
        const char *style = line->differs ? "changed" : NULL;
        g_autofree char *name = g_strconcat(line->differs ? "\342\227\217 " : "", line->path, NULL);

        if (only && !line->differs)
            continue;
        put(view->numbers, 0, row, name, style);
        put(view->numbers, 1, row, line->cells[0], style);
        put(view->numbers, 2, row++, line->cells[1], style);
    }
}

static void only_toggled(GtkCheckButton *button, View *view)
{
    show_numbers(view);
}

static void compare_numbers(View *view)
{
    GPtrArray *rows = gui_comparison_rows(view->sessions[0], view->sessions[1]);

    if (!rows)
        return;
    g_clear_pointer(&view->rows, g_ptr_array_unref);
    view->rows = rows;
    show_numbers(view);
}

/* ---- Where they part --------------------------------------------------------------------------
 */

static void whole_clicked(GtkButton *button, View *view)
{
    view->span = (GuiSpan){0, gui_comparison_end(view->sessions[0], view->sessions[1])};
    gui_canvas_redraw(view->canvas);
}

static void zoom(View *view, double factor)
{
    view->span = gui_span_zoom(view->span, gui_session_time(view->sessions[0]), factor,
                               gui_comparison_end(view->sessions[0], view->sessions[1]), 1000);
    gui_canvas_redraw(view->canvas);
}

static void in_clicked(GtkButton *button, View *view)
{
    zoom(view, 2);
}

static void out_clicked(GtkButton *button, View *view)
{
    zoom(view, 0.5);
}

/* Both to the first event that differs, and the picture around it. */
static void part_clicked(GtkButton *button, View *view)
{
    uint64_t end = gui_comparison_end(view->sessions[0], view->sessions[1]);

    if (!view->parting.known || view->parting.same)
        return;
    gui_parting_go(&view->parting, view->sessions[0], view->sessions[1]);
    view->span = gui_span_zoom((GuiSpan){0, end}, gui_parting_time(&view->parting), 50, end, 1000);
    gui_canvas_redraw(view->canvas);
}

static void show_parting(View *view)
{
    g_autofree char *words =
        gui_parting_words(&view->parting, view->sessions[0], view->sessions[1]);

    gtk_label_set_text(GTK_LABEL(view->words), words);
}

static void find_parting(GTask *task, void *source, void *data, GCancellable *cancel)
{
    GBytes **bytes = data;
    GuiParting *ret = g_new0(GuiParting, 1);
    g_autoptr(SimReader) a =
        sim_reader_new_memory(g_bytes_get_data(bytes[0], NULL), g_bytes_get_size(bytes[0]), NULL);
    g_autoptr(SimReader) b =
        sim_reader_new_memory(g_bytes_get_data(bytes[1], NULL), g_bytes_get_size(bytes[1]), NULL);

    if (a && b)
        *ret = gui_parting_find(a, b);
    g_task_return_pointer(task, ret, g_free);
}

static void found_parting(GObject *source, GAsyncResult *result, void *user)
{
    g_autofree GuiParting *parting = g_task_propagate_pointer(G_TASK(result), NULL);
    View *view = user;

    if (!parting)
        return; /* cancelled: the window is gone, or another run was opened */
    view->parting = *parting;
    show_parting(view);
    gui_canvas_refresh(view->canvas);
}

static void free_pair(void *data)
{
    GBytes **bytes = data;

    g_bytes_unref(bytes[0]);
    g_bytes_unref(bytes[1]);
    g_free(bytes);
}

static void start_parting(View *view)
{
    GBytes **bytes = g_new0(GBytes *, 2);
    g_autoptr(GTask) task = g_task_new(view->self, view->cancel, found_parting, view);

    bytes[0] = g_bytes_ref(view->bytes[0]);
    bytes[1] = g_bytes_ref(view->bytes[1]);
    g_task_set_task_data(task, bytes, free_pair);
    g_task_run_in_thread(task, find_parting);
}

/* ---- Two traces ---------------------------------------------------------------------------------
 */

static void show_page(View *view)
{
    gtk_stack_set_visible_child_name(GTK_STACK(view->stack), is_ready(view) ? "runs" : "empty");
}

static gboolean index_more(void *user)
{
    View *view = user;

    for (unsigned i = 0; i < 2; i++)
        if (gui_session_index(view->sessions[i], SLICE))
            return G_SOURCE_CONTINUE;
    view->index_idle = 0;
    whole_clicked(NULL, view);
    start_parting(view);
    compare_numbers(view);
    return G_SOURCE_REMOVE;
}

/* Takes over title. */
static void set_trace(View *view, unsigned number, GBytes *bytes, char *title)
{
    g_autoptr(GError) error = NULL;

    if (!gui_session_open_memory(view->sessions[number], g_bytes_get_data(bytes, NULL),
                                 g_bytes_get_size(bytes), &error)) {
        adw_toast_overlay_add_toast(ADW_TOAST_OVERLAY(view->toasts), adw_toast_new(error->message));
        g_free(title);
        return;
    }
    /* The session looked into the old ones until now. */
    g_clear_pointer(&view->bytes[number], g_bytes_unref);
    view->bytes[number] = g_bytes_ref(bytes);
    g_free(view->titles[number]);
    view->titles[number] = title;
    view->parting.known = false;
    show_page(view);
    if (is_ready(view) && !view->index_idle)
        view->index_idle = g_idle_add(index_more, view);
}

static void set_file(View *view, unsigned number, const char *path, char *title)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, &error);

    if (!file) {
        adw_toast_overlay_add_toast(ADW_TOAST_OVERLAY(view->toasts), adw_toast_new(error->message));
        g_free(title);
        return;
    }

    g_autoptr(GBytes) bytes = g_mapped_file_get_bytes(file);

    set_trace(view, number, bytes, title);
}

/* ---- Runs with a value changed
 * ---------------------------------------------------------------------- */

static void run_next(View *view);

static void run_over(GObject *source, GAsyncResult *result, void *user)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *said = NULL;
    bool good =
        g_subprocess_communicate_utf8_finish(G_SUBPROCESS(source), result, NULL, &said, &error);
    View *view = user;
    g_autofree char *path = NULL;

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    path = g_strdup_printf("%s/%u.hvtrace", view->folder, view->running);
    /* 1 is a check that failed: the run is there all the same. */
    if (!good || !g_subprocess_get_if_exited(G_SUBPROCESS(source)) ||
        g_subprocess_get_exit_status(G_SUBPROCESS(source)) > 1) {
        gtk_label_set_text(GTK_LABEL(view->words),
                           said && *said ? g_strchomp(said) : _("hvlab run has failed"));
        g_clear_pointer(&view->sets, g_strfreev);
        gtk_spinner_stop(GTK_SPINNER(view->spinner));
        gtk_widget_set_sensitive(view->run, TRUE);
        return;
    }
    set_file(view, view->running, path,
             g_strdup(*view->sets[view->running] ? view->sets[view->running] : _("as it is")));
    g_unlink(path);
    view->running++;
    run_next(view);
}

static void run_next(View *view)
{
    g_autofree char *hvlab = gui_find_hvlab(), *path = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) child = NULL;
    g_autofree char *backend = g_settings_get_string(gui_settings(), "backend");
    /* Left to itself: on the exact one, where only the change makes a difference. */
    g_autofree char *option =
        g_strdup_printf("--backend=%s", strcmp(backend, "auto") ? backend : "emulated");

    if (!view->sets || !view->sets[view->running]) {
        g_clear_pointer(&view->sets, g_strfreev);
        gtk_spinner_stop(GTK_SPINNER(view->spinner));
        gtk_widget_set_sensitive(view->run, TRUE);
        return;
    }
    path = g_strdup_printf("%s/%u.hvtrace", view->folder, view->running);
    child = g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE,
                             &error, hvlab ? hvlab : "hvlab", "run", option, "--trace", path,
                             view->scenario, *view->sets[view->running] ? "--set" : NULL,
                             view->sets[view->running], NULL);
    if (!child) {
        gtk_label_set_text(GTK_LABEL(view->words), error->message);
        return;
    }
    g_subprocess_communicate_utf8_async(child, NULL, view->cancel, run_over, view);
}

/* "PATH=A" or "PATH=A,B". */
static void run_clicked(GtkWidget *widget, View *view)
{
    g_autofree char *text = g_strstrip(g_strdup(gtk_editable_get_text(GTK_EDITABLE(view->entry))));
    char *equals = strchr(text, '=');
    g_autoptr(GStrvBuilder) sets = g_strv_builder_new();
    g_auto(GStrv) values = equals ? g_strsplit(equals + 1, ",", 3) : NULL;

    if (view->sets)
        return;
    if (!equals || !*values || g_strv_length(values) > 2 || equals == text) {
        gtk_label_set_text(GTK_LABEL(view->words),
                           _("Write PATH=VALUE or PATH=VALUE,VALUE, for example "
                             "host.scheduler.slice=1ms,10ms"));
        return;
    }
    if (!view->folder)
        view->folder = g_dir_make_tmp("hvlab-compare-XXXXXX", NULL);
    *equals = '\0';
    if (!values[1])
        g_strv_builder_add(sets, "");
    for (char **value = values; *value; value++) {
        g_autofree char *set = g_strdup_printf("%s=%s", text, *value);

        g_strv_builder_add(sets, set);
    }
    view->sets = g_strv_builder_end(sets);
    view->running = 0;
    gtk_label_set_text(GTK_LABEL(view->words), "");
    gtk_spinner_start(GTK_SPINNER(view->spinner));
    gtk_widget_set_sensitive(view->run, FALSE);
    run_next(view);
}

/* ---- Files
 * ---------------------------------------------------------------------------------------------- */

static void trace_chosen(GtkNativeDialog *dialog, int response, View *view)
{
    g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
    g_autofree char *path = file ? g_file_get_path(file) : NULL;

    if (response == GTK_RESPONSE_ACCEPT && path)
        set_file(view, 1, path, g_path_get_basename(path));
    g_object_unref(dialog);
}

static void choose_clicked(GtkButton *button, View *view)
{
    GtkFileChooserNative *dialog =
        gtk_file_chooser_native_new(_("Compare with a trace"), GTK_WINDOW(view->self),
                                    GTK_FILE_CHOOSER_ACTION_OPEN, _("_Open"), _("_Cancel"));

    g_signal_connect(dialog, "response", G_CALLBACK(trace_chosen), view);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

/* ---- Building
 * --------------------------------------------------------------------------------------------- */

static GtkWidget *icon_button(const char *icon, const char *text, GCallback clicked, View *view)
{
    GtkWidget *button = gtk_button_new_from_icon_name(icon);

    gtk_widget_set_tooltip_text(button, text);
    gui_set_accessible(button, text, NULL);
    g_signal_connect(button, "clicked", clicked, view);
    return button;
}

static GtkWidget *build_header(View *view)
{
    GtkWidget *header = adw_header_bar_new();
    GtkWidget *part = gtk_button_new_with_label(_("Where they part"));

    view->choose = icon_button("document-open-symbolic", _("Compare with a trace"),
                               G_CALLBACK(choose_clicked), view);
    g_signal_connect(part, "clicked", G_CALLBACK(part_clicked), view);
    adw_header_bar_pack_start(ADW_HEADER_BAR(header), view->choose);
    adw_header_bar_pack_start(ADW_HEADER_BAR(header), part);
    adw_header_bar_pack_end(ADW_HEADER_BAR(header),
                            gui_picture_button(view->stack, view->toasts, "compare.png"));
    adw_header_bar_pack_end(ADW_HEADER_BAR(header), icon_button("zoom-in-symbolic", _("Zoom in"),
                                                                G_CALLBACK(in_clicked), view));
    adw_header_bar_pack_end(ADW_HEADER_BAR(header), icon_button("zoom-out-symbolic", _("Zoom out"),
                                                                G_CALLBACK(out_clicked), view));
    adw_header_bar_pack_end(ADW_HEADER_BAR(header),
                            icon_button("zoom-fit-best-symbolic", _("Show all of both runs"),
                                        G_CALLBACK(whole_clicked), view));
    return header;
}

static GtkWidget *build_change(View *view)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);

    view->entry = gtk_entry_new();
    gtk_entry_set_placeholder_text(GTK_ENTRY(view->entry), "host.scheduler.slice=1ms,10ms");
    gtk_widget_set_hexpand(view->entry, TRUE);
    gui_set_accessible(view->entry, _("What is different"), NULL);
    gtk_widget_set_tooltip_text(view->entry,
                                _("PATH=VALUE: this scenario as it is, and with that value. "
                                  "PATH=VALUE,VALUE: with each of the two."));
    g_signal_connect(view->entry, "activate", G_CALLBACK(run_clicked), view);
    view->run = gtk_button_new_with_label(_("Run and compare"));
    gtk_widget_add_css_class(view->run, "suggested-action");
    g_signal_connect(view->run, "clicked", G_CALLBACK(run_clicked), view);
    view->spinner = gtk_spinner_new();
    gtk_box_append(GTK_BOX(box), view->entry);
    gtk_box_append(GTK_BOX(box), view->spinner);
    gtk_box_append(GTK_BOX(box), view->run);
    gtk_widget_add_css_class(box, "view-bar");
    return box;
}

static GtkWidget *build_runs(View *view)
{
    GtkWidget *paned = gtk_paned_new(GTK_ORIENTATION_VERTICAL);
    GtkWidget *below = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
    GtkWidget *scrolled = gtk_scrolled_window_new();

    view->canvas = GUI_CANVAS(gui_canvas_new(&ops, view));
    gui_canvas_set_least(view->canvas, 0, 260);
    gui_set_accessible(GTK_WIDGET(view->canvas), _("Both runs on one time axis"), NULL);
    view->only = gtk_check_button_new_with_label(_("Only what differs"));
    g_signal_connect(view->only, "toggled", G_CALLBACK(only_toggled), view);
    view->numbers = gtk_grid_new();
    gtk_grid_set_column_spacing(GTK_GRID(view->numbers), 24);
    gtk_grid_set_row_spacing(GTK_GRID(view->numbers), 2);
    gtk_widget_add_css_class(view->numbers, "table");
    gtk_widget_set_halign(view->numbers, GTK_ALIGN_START);
    gui_set_accessible(view->numbers, _("Numbers of both runs"), NULL);
    gtk_box_append(GTK_BOX(below), view->only);
    gtk_box_append(GTK_BOX(below), view->numbers);
    gtk_widget_add_css_class(below, "tables");
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), below);
    gtk_widget_set_size_request(scrolled, -1, 120);
    gtk_paned_set_start_child(GTK_PANED(paned), GTK_WIDGET(view->canvas));
    gtk_paned_set_end_child(GTK_PANED(paned), scrolled);
    gtk_paned_set_shrink_start_child(GTK_PANED(paned), FALSE);
    gtk_paned_set_shrink_end_child(GTK_PANED(paned), FALSE);
    gtk_paned_set_position(GTK_PANED(paned), 400);
    gtk_widget_set_vexpand(paned, TRUE);
    return paned;
}

static GtkWidget *build_empty(void)
{
    GtkWidget *page = adw_status_page_new();

    adw_status_page_set_icon_name(ADW_STATUS_PAGE(page), "object-flip-horizontal-symbolic");
    adw_status_page_set_title(ADW_STATUS_PAGE(page), _("Compare with what?"));
    adw_status_page_set_description(ADW_STATUS_PAGE(page),
                                    _("Change a value of this scenario above, or open another "
                                      "trace."));
    return page;
}

static void view_free(void *user)
{
    View *view = user;

    for (unsigned i = 0; i < 2; i++) {
        gui_session_close(view->sessions[i]);
        g_object_unref(view->sessions[i]);
        g_clear_pointer(&view->bytes[i], g_bytes_unref);
        g_free(view->titles[i]);
    }
    g_clear_pointer(&view->rows, g_ptr_array_unref);
    if (view->folder)
        g_rmdir(view->folder);
    g_object_unref(view->cancel);
    g_strfreev(view->sets);
    g_free(view->folder);
    g_free(view->scenario);
    g_free(view);
}

static void destroyed(GtkWidget *self, View *view)
{
    g_cancellable_cancel(view->cancel);
    g_clear_handle_id(&view->index_idle, g_source_remove);
}

GtkWidget *gui_compare_window_new(const char *scenario, GBytes *trace, const char *title)
{
    View *view = g_new0(View, 1);
    GtkWidget *all = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);

    view->scenario = g_strdup(scenario);
    view->cancel = g_cancellable_new();
    view->self = adw_window_new();
    gtk_window_set_title(GTK_WINDOW(view->self), _("Compare two runs"));
    gtk_window_set_default_size(GTK_WINDOW(view->self), 1000, 720);
    for (unsigned i = 0; i < 2; i++)
        view->sessions[i] = gui_session_new();
    view->toasts = adw_toast_overlay_new();
    view->stack = gtk_stack_new();
    gtk_stack_add_named(GTK_STACK(view->stack), build_empty(), "empty");
    gtk_stack_add_named(GTK_STACK(view->stack), build_runs(view), "runs");
    view->words = gui_label("", NULL);
    gtk_label_set_selectable(GTK_LABEL(view->words), TRUE);
    gtk_widget_add_css_class(view->words, "view-bar");
    gtk_box_append(GTK_BOX(all), build_header(view));
    gtk_box_append(GTK_BOX(all), build_change(view));
    gtk_box_append(GTK_BOX(all), view->words);
    gtk_box_append(GTK_BOX(all), view->stack);
    gtk_widget_set_sensitive(view->entry, scenario != NULL);
    gtk_widget_set_sensitive(view->run, scenario != NULL);
    adw_toast_overlay_set_child(ADW_TOAST_OVERLAY(view->toasts), all);
    adw_window_set_content(ADW_WINDOW(view->self), view->toasts);
    g_signal_connect(view->self, "destroy", G_CALLBACK(destroyed), view);
    g_object_set_data_full(G_OBJECT(view->self), "compare-view", view, view_free);
    set_trace(view, 0, trace, g_strdup(title));
    return view->self;
}

void gui_compare_window_with(GtkWidget *window, const char *path)
{
    set_file(g_object_get_data(G_OBJECT(window), "compare-view"), 1, path,
             g_path_get_basename(path));
}
