/* SPDX-License-Identifier: GPL-2.0-or-later */
/* editor-window.c: the text in a GtkSourceView, the form beside it, and what is wrong with
 * it, said below and marked at its line as soon as the writing rests. */
#include "gui/app/editor-window.h"

#include <gtksourceview/gtksource.h>
#include <string.h>

#include "gui/app/complete.h"
#include "gui/app/editor-form.h"
#include "gui/app/engine.h"
#include "gui/app/window-private.h"
#include "gui/session/suggest.h"
#include "sim/scenario/scenario.h"
#include "sim/trace/event.h"

#define CHECK_DELAY_MS 250

typedef struct {
    GtkWidget *self, *toasts, *text, *error, *split;
    GtkSourceBuffer *buffer;
    GuiEditorForm *form;
    char *path;     /* of the file; NULL: not chosen yet */
    char *original; /* where it was opened from */
    bool close_after_save, run_after_save, may_close;
    unsigned check_timer;
    GtkWindow *parent; /* whose window it runs in; NULL: that is closed */
    GuiEditorRun run;
    void *user;
} Editor;

static char *text_of(Editor *editor)
{
    GtkTextIter start, end;

    gtk_text_buffer_get_bounds(GTK_TEXT_BUFFER(editor->buffer), &start, &end);
    return gtk_text_buffer_get_text(GTK_TEXT_BUFFER(editor->buffer), &start, &end, TRUE);
}

static bool is_modified(Editor *editor)
{
    return gtk_text_buffer_get_modified(GTK_TEXT_BUFFER(editor->buffer));
}

static void toast(Editor *editor, const char *text)
{
    g_autofree char *escaped = g_markup_escape_text(text, -1);

    adw_toast_overlay_add_toast(ADW_TOAST_OVERLAY(editor->toasts), adw_toast_new(escaped));
}

/* ---- What is wrong with it -------------------------------------------------------------- */

/* Event types and their fields, as the loader wants to know them. */
static const SimScenarioKnown *known_words(void)
{
    static SimScenarioKnown known;

    if (known.events)
        return &known;

    g_autoptr(GStrvBuilder) events = g_strv_builder_new(), fields = g_strv_builder_new();

    for (unsigned type = 0; type < SIM_EVENT_TYPE_COUNT; type++) {
        const SimEventInfo *info = sim_event_info(type);

        g_strv_builder_add(events, info->name);
        for (const SimFieldInfo *field = info->fields; field->name; field++) {
            g_autofree char *name = g_strdup_printf("%s.%s", info->name, field->name);

            g_strv_builder_add(fields, name);
        }
    }
    known.events = (const char *const *)g_strv_builder_end(events);
    known.event_fields = (const char *const *)g_strv_builder_end(fields);
    return &known;
}

static void mark_line(Editor *editor, unsigned line)
{
    GtkTextBuffer *buffer = GTK_TEXT_BUFFER(editor->buffer);
    GtkTextIter start, end;

    gtk_text_buffer_get_bounds(buffer, &start, &end);
    gtk_text_buffer_remove_tag_by_name(buffer, "wrong", &start, &end);
    gtk_source_buffer_remove_source_marks(editor->buffer, &start, &end, "wrong");
    if (line == 0)
        return;
    gtk_text_buffer_get_iter_at_line(buffer, &start, (int)line - 1);
    end = start;
    gtk_text_iter_forward_to_line_end(&end);
    gtk_text_buffer_apply_tag_by_name(buffer, "wrong", &start, &end);
    gtk_source_buffer_create_source_mark(editor->buffer, NULL, "wrong", &start);
}

static gboolean check(void *user)
{
    Editor *editor = user;
    g_autofree char *text = text_of(editor), *name = g_path_get_basename(editor->original);
    g_autofree char *folder = g_path_get_dirname(editor->original);
    g_autoptr(GError) error = NULL;
    g_autoptr(SimScenario) scenario =
        sim_scenario_load_text(text, strlen(text), name, folder, known_words(), NULL, &error);

    editor->check_timer = 0;
    mark_line(editor, error ? gui_error_line(error->message, name) : 0);
    gtk_label_set_text(GTK_LABEL(editor->error), error ? error->message : _("No mistake found"));
    if (error)
        gtk_widget_add_css_class(editor->error, "error");
    else
        gtk_widget_remove_css_class(editor->error, "error");
    gui_editor_form_update(editor->form, text);
    return G_SOURCE_REMOVE;
}

static void changed(GtkTextBuffer *buffer, Editor *editor)
{
    g_clear_handle_id(&editor->check_timer, g_source_remove);
    editor->check_timer = g_timeout_add(CHECK_DELAY_MS, check, editor);
}

static void error_clicked(GtkGestureClick *gesture, int count, double x, double y, Editor *editor)
{
    g_autofree char *name = g_path_get_basename(editor->original);
    unsigned line = gui_error_line(gtk_label_get_text(GTK_LABEL(editor->error)), name);
    GtkTextIter at;

    if (line == 0)
        return;
    gtk_text_buffer_get_iter_at_line(GTK_TEXT_BUFFER(editor->buffer), &at, (int)line - 1);
    gtk_text_buffer_place_cursor(GTK_TEXT_BUFFER(editor->buffer), &at);
    gtk_text_view_scroll_to_iter(GTK_TEXT_VIEW(editor->text), &at, 0, TRUE, 0, 0.4);
    gtk_widget_grab_focus(editor->text);
}

/* ---- The form changes the text ------------------------------------------------------------- */

/* One step to undo; the cursor stays about where it is. Takes over text; NULL: nothing. */
static void form_changed(char *text, void *user)
{
    Editor *editor = user;
    GtkTextBuffer *buffer = GTK_TEXT_BUFFER(editor->buffer);
    GtkTextIter start, end;
    int at;

    if (!text) {
        toast(editor, _("Mend the text first: the form cannot find its place in it"));
        return;
    }
    g_object_get(buffer, "cursor-position", &at, NULL);
    gtk_text_buffer_begin_user_action(buffer);
    gtk_text_buffer_get_bounds(buffer, &start, &end);
    gtk_text_buffer_delete(buffer, &start, &end);
    gtk_text_buffer_insert(buffer, &start, text, -1);
    gtk_text_buffer_end_user_action(buffer);
    gtk_text_buffer_get_iter_at_offset(buffer, &start, at);
    gtk_text_buffer_place_cursor(buffer, &start);
    g_free(text);
}

/* ---- Saving ------------------------------------------------------------------------------------
 */

static void update_title(Editor *editor)
{
    g_autofree char *name = g_path_get_basename(editor->path ? editor->path : editor->original);
    g_autofree char *title =
        g_strdup_printf("%s%s", is_modified(editor) ? "\342\200\242 " : "", name);

    gtk_window_set_title(GTK_WINDOW(editor->self), title);
}

static void modified_changed(GtkTextBuffer *buffer, Editor *editor)
{
    update_title(editor);
}

static void run_path(Editor *editor, const char *path)
{
    if (editor->parent)
        editor->run(path, editor->user);
    else
        toast(editor, _("The window that it would run in is closed"));
}

/* What was to be done once it is saved. */
static void saved(Editor *editor)
{
    bool run = editor->run_after_save, close = editor->close_after_save;

    editor->run_after_save = editor->close_after_save = false;
    if (run)
        run_path(editor, editor->path);
    if (close)
        gtk_window_close(GTK_WINDOW(editor->self));
}

static void save_to(Editor *editor, const char *path)
{
    g_autofree char *text = text_of(editor);
    g_autoptr(GError) error = NULL;

    if (!g_file_set_contents(path, text, -1, &error)) {
        editor->run_after_save = editor->close_after_save = false;
        toast(editor, error->message);
        return;
    }
    if (g_strcmp0(path, editor->path)) {
        g_free(editor->path);
        editor->path = g_strdup(path);
    }
    gtk_text_buffer_set_modified(GTK_TEXT_BUFFER(editor->buffer), FALSE);
    update_title(editor);
    saved(editor);
}

static void place_chosen(GtkNativeDialog *dialog, int response, Editor *editor)
{
    g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
    g_autofree char *path = file ? g_file_get_path(file) : NULL;

    if (response == GTK_RESPONSE_ACCEPT && path)
        save_to(editor, path);
    else
        editor->run_after_save = editor->close_after_save = false;
    g_object_unref(dialog);
}

static void save_as(Editor *editor)
{
    GtkFileChooserNative *dialog =
        gtk_file_chooser_native_new(_("Save the scenario"), GTK_WINDOW(editor->self),
                                    GTK_FILE_CHOOSER_ACTION_SAVE, _("_Save"), _("_Cancel"));
    g_autofree char *name = g_path_get_basename(editor->original);

    gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(dialog), name);
    g_signal_connect(dialog, "response", G_CALLBACK(place_chosen), editor);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

static void save(Editor *editor)
{
    if (editor->path)
        save_to(editor, editor->path);
    else
        save_as(editor);
}

/* The library's own files stay as they are: a changed one is run from a copy. */
static void run(Editor *editor)
{
    if (!editor->path && !is_modified(editor)) {
        run_path(editor, editor->original);
        return;
    }
    editor->run_after_save = true;
    if (is_modified(editor))
        save(editor);
    else
        saved(editor);
}

/* ---- Closing
 * -------------------------------------------------------------------------------------- */

static void answered(AdwMessageDialog *dialog, const char *response, Editor *editor)
{
    if (!strcmp(response, "save")) {
        editor->close_after_save = true;
        save(editor);
    } else if (!strcmp(response, "discard")) {
        editor->may_close = true;
        gtk_window_close(GTK_WINDOW(editor->self));
    }
}

static gboolean close_request(GtkWindow *window, Editor *editor)
{
    GtkWidget *dialog;

    if (editor->may_close || !is_modified(editor))
        return FALSE;
    dialog = adw_message_dialog_new(window, _("Save the changes?"),
                                    _("What is not saved will be lost."));
    adw_message_dialog_add_responses(ADW_MESSAGE_DIALOG(dialog), "cancel", _("_Cancel"), "discard",
                                     _("_Discard"), "save", _("_Save"), NULL);
    adw_message_dialog_set_response_appearance(ADW_MESSAGE_DIALOG(dialog), "discard",
                                               ADW_RESPONSE_DESTRUCTIVE);
    adw_message_dialog_set_response_appearance(ADW_MESSAGE_DIALOG(dialog), "save",
                                               ADW_RESPONSE_SUGGESTED);
    adw_message_dialog_set_default_response(ADW_MESSAGE_DIALOG(dialog), "save");
    adw_message_dialog_set_close_response(ADW_MESSAGE_DIALOG(dialog), "cancel");
    g_signal_connect(dialog, "response", G_CALLBACK(answered), editor);
    gtk_window_present(GTK_WINDOW(dialog));
    return TRUE;
}

/* ---- Building
 * --------------------------------------------------------------------------------------- */

static void save_clicked(GtkButton *button, Editor *editor)
{
    save(editor);
}

static void run_clicked(GtkButton *button, Editor *editor)
{
    run(editor);
}

static gboolean on_save_key(GtkWidget *widget, GVariant *unused, void *user)
{
    save(user);
    return TRUE;
}

static gboolean on_run_key(GtkWidget *widget, GVariant *unused, void *user)
{
    run(user);
    return TRUE;
}

static void add_keys(Editor *editor)
{
    static const struct {
        const char *key;
        GtkShortcutFunc done;
    } keys[] = {{"<Control>s", on_save_key}, {"<Control>r", on_run_key}};
    GtkEventController *controller = gtk_shortcut_controller_new();

    gtk_event_controller_set_propagation_phase(controller, GTK_PHASE_CAPTURE);
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        gtk_shortcut_controller_add_shortcut(
            GTK_SHORTCUT_CONTROLLER(controller),
            gtk_shortcut_new(gtk_shortcut_trigger_parse_string(keys[i].key),
                             gtk_callback_action_new(keys[i].done, editor, NULL)));
    gtk_widget_add_controller(editor->self, controller);
}

/* The names of scheduling policies, as hvlab lists them; g_strfreev(). */
static char **policies(void)
{
    g_autofree char *hvlab = gui_find_hvlab(), *out = NULL;
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    char *argv[] = {hvlab, "policy", "list", NULL};
    g_auto(GStrv) lines = NULL;

    if (hvlab)
        g_spawn_sync(NULL, argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &out, NULL, NULL,
                     NULL);
    lines = g_strsplit(out ? out : "", "\n", -1);
    for (char **line = lines; *line; line++) {
        size_t length = strcspn(*line, " ");
        g_autofree char *name = g_strndup(*line, length);

        if (length > 0)
            g_strv_builder_add(names, name);
    }
    return g_strv_builder_end(names);
}

static void style_changed(AdwStyleManager *manager, GParamSpec *property, Editor *editor)
{
    GtkSourceStyleSchemeManager *schemes = gtk_source_style_scheme_manager_get_default();
    const char *name = adw_style_manager_get_dark(manager) ? "Adwaita-dark" : "Adwaita";

    gtk_source_buffer_set_style_scheme(editor->buffer,
                                       gtk_source_style_scheme_manager_get_scheme(schemes, name));
}

static GtkWidget *build_text(Editor *editor, const char *const *known_policies)
{
    GtkSourceLanguageManager *languages = gtk_source_language_manager_get_default();
    GtkWidget *scrolled = gtk_scrolled_window_new();
    g_autoptr(GuiComplete) complete = gui_complete_new(known_policies);
    g_autoptr(GtkSourceMarkAttributes) marks = gtk_source_mark_attributes_new();

    editor->buffer = gtk_source_buffer_new_with_language(
        gtk_source_language_manager_get_language(languages, "json"));
    gtk_text_buffer_create_tag(GTK_TEXT_BUFFER(editor->buffer), "wrong", "underline",
                               PANGO_UNDERLINE_ERROR, NULL);
    editor->text = gtk_source_view_new_with_buffer(editor->buffer);
    gtk_source_view_set_show_line_numbers(GTK_SOURCE_VIEW(editor->text), TRUE);
    gtk_source_view_set_show_line_marks(GTK_SOURCE_VIEW(editor->text), TRUE);
    gtk_source_view_set_highlight_current_line(GTK_SOURCE_VIEW(editor->text), TRUE);
    gtk_source_view_set_auto_indent(GTK_SOURCE_VIEW(editor->text), TRUE);
    gtk_source_view_set_insert_spaces_instead_of_tabs(GTK_SOURCE_VIEW(editor->text), TRUE);
    gtk_source_view_set_tab_width(GTK_SOURCE_VIEW(editor->text), 2);
    gtk_text_view_set_monospace(GTK_TEXT_VIEW(editor->text), TRUE);
    gtk_source_mark_attributes_set_icon_name(marks, "dialog-error-symbolic");
    gtk_source_view_set_mark_attributes(GTK_SOURCE_VIEW(editor->text), "wrong", marks, 1);
    gtk_source_completion_add_provider(
        gtk_source_view_get_completion(GTK_SOURCE_VIEW(editor->text)),
        GTK_SOURCE_COMPLETION_PROVIDER(complete));
    gui_set_accessible(editor->text, _("The scenario's text"), NULL);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), editor->text);
    gtk_widget_set_vexpand(scrolled, TRUE);
    gtk_widget_set_hexpand(scrolled, TRUE);
    gtk_widget_set_size_request(scrolled, 200, 200);
    return scrolled;
}

/* content: what a picture shows. */
static GtkWidget *build_header(Editor *editor, GtkWidget *content)
{
    GtkWidget *header = adw_header_bar_new();
    GtkWidget *run_button = gtk_button_new_with_label(_("Run"));
    GtkWidget *save_button = gtk_button_new_with_label(_("Save"));

    gtk_widget_add_css_class(run_button, "suggested-action");
    g_signal_connect(run_button, "clicked", G_CALLBACK(run_clicked), editor);
    g_signal_connect(save_button, "clicked", G_CALLBACK(save_clicked), editor);
    adw_header_bar_pack_start(ADW_HEADER_BAR(header), save_button);
    adw_header_bar_pack_end(ADW_HEADER_BAR(header), run_button);
    adw_header_bar_pack_end(ADW_HEADER_BAR(header),
                            gui_picture_button(content, editor->toasts, "scenario.png"));
    return header;
}

static void editor_free(void *user)
{
    Editor *editor = user;

    g_clear_handle_id(&editor->check_timer, g_source_remove);
    g_signal_handlers_disconnect_by_data(adw_style_manager_get_default(), editor);
    g_signal_handlers_disconnect_by_data(editor->buffer, editor);
    g_object_unref(editor->buffer);
    gui_editor_form_free(editor->form);
    g_clear_weak_pointer(&editor->parent);
    if (g_application_get_default())
        g_application_release(g_application_get_default());
    g_free(editor->path);
    g_free(editor->original);
    g_free(editor);
}

static void build(Editor *editor)
{
    g_auto(GStrv) known = policies();
    GtkWidget *all = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkWidget *paned = gtk_paned_new(GTK_ORIENTATION_HORIZONTAL);
    GtkGesture *click = gtk_gesture_click_new();

    editor->form = gui_editor_form_new((const char *const *)known, form_changed, editor);
    gtk_paned_set_start_child(GTK_PANED(paned), build_text(editor, (const char *const *)known));
    gtk_paned_set_end_child(GTK_PANED(paned), gui_editor_form_widget(editor->form));
    gtk_paned_set_resize_end_child(GTK_PANED(paned), FALSE);
    gtk_paned_set_shrink_end_child(GTK_PANED(paned), FALSE);
    gtk_paned_set_shrink_start_child(GTK_PANED(paned), FALSE);
    editor->error = gui_label("", NULL);
    gtk_widget_add_css_class(editor->error, "view-bar");
    gtk_label_set_max_width_chars(GTK_LABEL(editor->error), 200);
    gtk_widget_set_tooltip_text(editor->error, _("Click to go to the line"));
    g_signal_connect(click, "pressed", G_CALLBACK(error_clicked), editor);
    gtk_widget_add_controller(editor->error, GTK_EVENT_CONTROLLER(click));
    editor->toasts = adw_toast_overlay_new();
    gtk_box_append(GTK_BOX(all), build_header(editor, paned));
    gtk_box_append(GTK_BOX(all), paned);
    gtk_box_append(GTK_BOX(all), editor->error);
    adw_toast_overlay_set_child(ADW_TOAST_OVERLAY(editor->toasts), all);
    adw_window_set_content(ADW_WINDOW(editor->self), editor->toasts);
    /* So that one can type at once. */
    gtk_window_set_focus(GTK_WINDOW(editor->self), editor->text);
}

GtkWidget *gui_editor_window_new(GtkWindow *parent, const char *path, bool read_only,
                                 GuiEditorRun run_it, void *user, GError **error)
{
    g_autofree char *text = NULL;
    gsize size;
    Editor *editor;

    if (!g_file_get_contents(path, &text, &size, error))
        return NULL;
    if (!g_utf8_validate(text, (gssize)size, NULL)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, _("%s is not UTF-8 text"), path);
        return NULL;
    }
    editor = g_new0(Editor, 1);
    editor->path = read_only ? NULL : g_strdup(path);
    editor->original = g_strdup(path);
    editor->run = run_it;
    editor->user = user;
    editor->self = adw_window_new();
    gtk_window_set_default_size(GTK_WINDOW(editor->self), 1000, 700);
    g_set_weak_pointer(&editor->parent, parent);
    /* As long as there may be something to save the program does not end. */
    if (g_application_get_default())
        g_application_hold(g_application_get_default());
    build(editor);
    gtk_text_buffer_set_text(GTK_TEXT_BUFFER(editor->buffer), text, (int)size);
    gtk_text_buffer_set_modified(GTK_TEXT_BUFFER(editor->buffer), FALSE);
    add_keys(editor);
    style_changed(adw_style_manager_get_default(), NULL, editor);
    g_signal_connect(adw_style_manager_get_default(), "notify::dark", G_CALLBACK(style_changed),
                     editor);
    g_signal_connect(editor->buffer, "changed", G_CALLBACK(changed), editor);
    g_signal_connect(editor->buffer, "modified-changed", G_CALLBACK(modified_changed), editor);
    g_signal_connect(editor->self, "close-request", G_CALLBACK(close_request), editor);
    g_object_set_data_full(G_OBJECT(editor->self), "editor", editor, editor_free);
    update_title(editor);
    check(editor);
    return editor->self;
}
