/* SPDX-License-Identifier: GPL-2.0-or-later */
/* window-export.c: what leaves the window as a file: the view as a picture, and the whole run
 * as an animation or a page. Those take a while, so `hvlab render` makes them as a program
 * of its own, with progress and Cancel; it writes beside the file that was asked for, which
 * so is whole or not there. */
#include <string.h>

#include <glib/gstdio.h>

#include "gui/app/common.h"
#include "gui/app/window-private.h"

/* ---- Choosing a file ------------------------------------------------------------------ */

typedef struct {
    const char *name, *ending; /* of a kind of file */
} Kind;

static const Kind pictures[] = {
    {N_("PNG picture"), ".png"}, {N_("SVG drawing"), ".svg"}, {N_("PDF page"), ".pdf"}};
static const Kind animations[] = {{N_("Animated GIF"), ".gif"}};
static const Kind pages[] = {{N_("HTML page"), ".html"}};

/* The path with an ending: its own if it has one of those, else that of the chosen kind. */
static char *with_ending(const char *path, GtkFileChooser *chooser)
{
    GtkFileFilter *filter = gtk_file_chooser_get_filter(chooser);
    g_autoptr(GListModel) filters = gtk_file_chooser_get_filters(chooser);
    const char *ending = NULL;

    for (unsigned i = 0; i < g_list_model_get_n_items(filters); i++) {
        g_autoptr(GtkFileFilter) one = g_list_model_get_item(filters, i);
        const char *own = g_object_get_data(G_OBJECT(one), "ending");
        if (g_str_has_suffix(path, own))
            return g_strdup(path);
        if (one == filter || !ending)
            ending = own;
    }
    return g_strconcat(path, ending, NULL);
}

typedef void (*Save)(GuiWindow *window, const char *path);

static void chosen(GtkNativeDialog *dialog, int response, GuiWindow *window)
{
    g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
    g_autofree char *path = file ? g_file_get_path(file) : NULL;
    Save save = (Save)g_object_get_data(G_OBJECT(dialog), "save");

    if (response == GTK_RESPONSE_ACCEPT && path) {
        g_autofree char *full = with_ending(path, GTK_FILE_CHOOSER(dialog));
        save(window, full);
    }
    g_object_unref(dialog);
}

static void choose(GuiWindow *window, const char *title, const char *name, const Kind *kinds,
                   size_t count, Save save)
{
    GtkFileChooserNative *dialog = gtk_file_chooser_native_new(
        title, GTK_WINDOW(window), GTK_FILE_CHOOSER_ACTION_SAVE, _("_Save"), _("_Cancel"));
    g_autofree char *full = g_strconcat(name, kinds[0].ending, NULL);

    for (size_t i = 0; i < count; i++) {
        g_autoptr(GtkFileFilter) filter = gtk_file_filter_new();
        g_autofree char *pattern = g_strconcat("*", kinds[i].ending, NULL);
        gtk_file_filter_set_name(filter, _(kinds[i].name));
        gtk_file_filter_add_pattern(filter, pattern);
        g_object_set_data(G_OBJECT(filter), "ending", (void *)kinds[i].ending);
        gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(dialog), filter);
    }
    gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(dialog), full);
    g_object_set_data(G_OBJECT(dialog), "save", (void *)save);
    g_signal_connect_object(dialog, "response", G_CALLBACK(chosen), window, 0);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

/* ---- The view as a picture ---------------------------------------------------------------- */

static void toast_saved(GuiWindow *window, const char *path)
{
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *text = g_strdup_printf(_("Saved as %s"), name);

    gui_window_toast(window, text);
}

void gui_window_save_image_to(GuiWindow *window, const char *path)
{
    g_autoptr(GError) error = NULL;

    if (gui_export_image(window->views, path, 2, &error))
        toast_saved(window, path);
    else
        gui_window_toast(window, error->message);
}

static void save_image(GuiWindow *window, GVariant *unused)
{
    choose(window, _("Save this view as a picture"),
           adw_view_stack_get_visible_child_name(window->view_stack), pictures,
           G_N_ELEMENTS(pictures), gui_window_save_image_to);
}

/* Into the folder for pictures, without asking: one key in a talk. */
static void snapshot(GuiWindow *window, GVariant *unused)
{
    const char *folder = g_get_user_special_dir(G_USER_DIRECTORY_PICTURES);
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *stamp = g_date_time_format(now, "%Y-%m-%d-%H%M%S");
    g_autofree char *name = g_strdup_printf("hvlab-%s.png", stamp);
    g_autofree char *path = g_build_filename(folder ? folder : g_get_home_dir(), name, NULL);

    gui_window_save_image_to(window, path);
}

/* ---- The run as an animation or a page ------------------------------------------------------ */

typedef struct {
    GuiWindow *window;
    GSubprocess *program;
    GDataInputStream *lines;
    GCancellable *cancel;
    GtkWidget *dialog, *bar;
    char *path, *part; /* what was asked for, and what is written until it is whole */
    char *trace;       /* a copy, removed afterwards; NULL: the file that is open */
} Export;

static void export_free(Export *export)
{
    if (export->dialog)
        gtk_window_destroy(GTK_WINDOW(export->dialog));
    if (export->part)
        g_remove(export->part);
    if (export->trace)
        g_remove(export->trace);
    g_clear_object(&export->program);
    g_clear_object(&export->lines);
    g_clear_object(&export->cancel);
    export->window->exports--;
    g_clear_object(&export->window);
    g_free(export->path);
    g_free(export->part);
    g_free(export->trace);
    g_free(export);
}

static void ended(GObject *source, GAsyncResult *result, void *user)
{
    Export *export = user;
    g_autoptr(GError) error = NULL;
    g_autofree char *said = NULL;
    bool cancelled = g_cancellable_is_cancelled(export->cancel);

    /* stdout has been read to its end, so what comes now is stderr alone. */
    g_subprocess_communicate_utf8_finish(export->program, result, NULL, &said, &error);
    if (cancelled)
        gui_window_toast(export->window, _("Cancelled"));
    else if (!error && g_subprocess_get_successful(export->program) &&
             g_rename(export->part, export->path) == 0)
        toast_saved(export->window, export->path);
    else
        gui_window_toast(export->window, said && *said ? g_strchomp(said)
                                         : error       ? error->message
                                                       : _("It could not be written"));
    export_free(export);
}

static void progressed(GObject *source, GAsyncResult *result, void *user)
{
    Export *export = user;
    g_autofree char *line = g_data_input_stream_read_line_finish(export->lines, result, NULL, NULL);

    if (!line) {
        g_subprocess_communicate_utf8_async(export->program, NULL, NULL, ended, export);
        return;
    }
    if (export->bar)
        gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(export->bar),
                                      CLAMP(g_ascii_strtod(line, NULL) / 100, 0, 1));
    g_data_input_stream_read_line_async(export->lines, G_PRIORITY_DEFAULT, NULL, progressed,
                                        export);
}

/* Cancel was chosen, or the window was closed. */
static void cancelled(AdwMessageDialog *dialog, const char *response, Export *export)
{
    g_cancellable_cancel(export->cancel);
    g_subprocess_send_signal(export->program, SIGTERM);
}

static gboolean dialog_gone(GtkWindow *dialog, Export *export)
{
    export->dialog = export->bar = NULL;
    return FALSE;
}

static void show_progress(Export *export)
{
    g_autofree char *name = g_path_get_basename(export->path);
    g_autofree char *heading = g_strdup_printf(_("Making %s"), name);

    export->dialog = adw_message_dialog_new(GTK_WINDOW(export->window), heading, NULL);
    export->bar = gtk_progress_bar_new();
    gui_set_accessible(export->bar, heading, NULL);
    adw_message_dialog_set_extra_child(ADW_MESSAGE_DIALOG(export->dialog), export->bar);
    adw_message_dialog_add_response(ADW_MESSAGE_DIALOG(export->dialog), "cancel", _("_Cancel"));
    gtk_window_set_modal(GTK_WINDOW(export->dialog), FALSE);
    g_signal_connect(export->dialog, "response", G_CALLBACK(cancelled), export);
    g_signal_connect(export->dialog, "close-request", G_CALLBACK(dialog_gone), export);
    gtk_window_present(GTK_WINDOW(export->dialog));
}

/* The run as a file that another program can read; NULL: there is none. */
static char *find_trace(Export *export, GError **error)
{
    size_t size = 0;
    const void *data = gui_engine_trace(export->window->engine, &size);
    int file;

    if (!data || size == 0)
        return export->window->file && !export->window->is_scenario
                   ? g_file_get_path(export->window->file)
                   : NULL;
    file = g_file_open_tmp("hvlab-XXXXXX.hvtrace", &export->trace, error);
    if (file < 0)
        return NULL;
    g_close(file, NULL);
    return g_file_set_contents(export->trace, data, (gssize)size, error) ? g_strdup(export->trace)
                                                                         : NULL;
}

static GSubprocess *start(Export *export, GError **error)
{
    bool page = g_str_has_suffix(export->path, ".html");
    g_autofree char *hvlab = gui_find_hvlab(), *trace = find_trace(export, error);
    g_autofree char *folder = g_path_get_dirname(export->path);
    g_autofree char *hidden =
        g_strdup_printf(".hvlab-%08x%s", g_random_int(), page ? ".html" : ".gif");
    GuiTheme theme = gui_app_theme(GTK_WIDGET(export->window), 1);

    export->part = g_build_filename(folder, hidden, NULL);
    if (!hvlab || !trace) {
        if (!*error)
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, _("There is nothing to save yet"));
        return NULL;
    }
    return g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, error,
                            hvlab, "render", "--progress", "--theme", gui_theme_name(theme.kind),
                            "--size", page ? "960x560" : "1280x720", "-o", export->part,
                            page ? "--replay" : "--view=stage", "--", trace, NULL);
}

void gui_window_export_run(GuiWindow *window, const char *path)
{
    Export *export = g_new0(Export, 1);
    g_autoptr(GError) error = NULL;

    export->window = g_object_ref(window);
    window->exports++;
    export->cancel = g_cancellable_new();
    export->path = g_strdup(path);
    export->program = start(export, &error);
    if (!export->program) {
        gui_window_toast(window, error->message);
        export_free(export);
        return;
    }
    export->lines = g_data_input_stream_new(g_subprocess_get_stdout_pipe(export->program));
    show_progress(export);
    g_data_input_stream_read_line_async(export->lines, G_PRIORITY_DEFAULT, NULL, progressed,
                                        export);
}

static void save_animation(GuiWindow *window, GVariant *unused)
{
    choose(window, _("Save the run as an animation"), "run", animations, G_N_ELEMENTS(animations),
           gui_window_export_run);
}

static void save_page(GuiWindow *window, GVariant *unused)
{
    choose(window, _("Save the run as a page, step by step"), "run", pages, G_N_ELEMENTS(pages),
           gui_window_export_run);
}

/* ---- Actions ----------------------------------------------------------------------------------
 */

static const GuiAction actions[] = {{"save-image", NULL, save_image, {"<Control>e"}},
                                    {"snapshot", NULL, snapshot, {"<Control><Shift>e"}},
                                    {"save-animation", NULL, save_animation, {NULL}},
                                    {"save-page", NULL, save_page, {NULL}}};

void gui_window_add_export_actions(GuiWindow *window)
{
    gui_window_add_action_table(window, actions, G_N_ELEMENTS(actions));
}

void gui_window_update_export_actions(GuiWindow *window)
{
    for (size_t i = 0; i < G_N_ELEMENTS(actions); i++)
        gui_window_enable(window, actions[i].name, gui_session_is_open(window->session));
}

void gui_window_set_export_accels(GtkApplication *application)
{
    gui_window_set_action_accels(application, actions, G_N_ELEMENTS(actions));
}
