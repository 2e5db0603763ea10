/* SPDX-License-Identifier: GPL-2.0-or-later */
/* application.c: start-up, files from the command line, and the dialogs. */
#include "gui/app/application.h"

#include "gui/app/common.h"
#include "gui/app/window.h"

struct _GuiApplication {
    AdwApplication parent;
    char *engine_command; /* --engine; NULL: hvlab itself */
};

G_DEFINE_FINAL_TYPE(GuiApplication, gui_application, ADW_TYPE_APPLICATION)

static GtkWindow *new_window(GuiApplication *app)
{
    return GTK_WINDOW(gui_window_new(ADW_APPLICATION(app), app->engine_command));
}

static void activate(GApplication *base)
{
    GtkWindow *window = gtk_application_get_active_window(GTK_APPLICATION(base));

    gtk_window_present(window ? window : new_window(GUI_APPLICATION(base)));
}

static void open_files(GApplication *base, GFile **files, int count, const char *hint)
{
    for (int i = 0; i < count; i++) {
        GtkWindow *window = new_window(GUI_APPLICATION(base));

        gtk_window_present(window);
        gui_window_open(GUI_WINDOW(window), files[i]);
    }
}

/* ---- Actions --------------------------------------------------------------------------- */

static void do_new_window(GSimpleAction *action, GVariant *parameter, void *user)
{
    gtk_window_present(new_window(user));
}

static void do_open_path(GSimpleAction *action, GVariant *parameter, void *user)
{
    GtkWindow *window = gtk_application_get_active_window(GTK_APPLICATION(user));
    g_autoptr(GFile) file = g_file_new_for_path(g_variant_get_string(parameter, NULL));

    if (!window)
        window = new_window(user);
    gui_window_open(GUI_WINDOW(window), file);
}

static void do_preferences(GSimpleAction *action, GVariant *parameter, void *user)
{
    GtkWindow *window = gtk_application_get_active_window(GTK_APPLICATION(user));
    g_autoptr(GtkBuilder) builder =
        gtk_builder_new_from_resource(GUI_RESOURCE_PATH "preferences.ui");
    GtkWidget *dialog = GTK_WIDGET(gtk_builder_get_object(builder, "preferences"));
    AdwComboRow *backend = ADW_COMBO_ROW(gtk_builder_get_object(builder, "backend"));
    static const char *const backends[] = {"auto", "kvm", "emulated"};
    g_autofree char *now = g_settings_get_string(gui_settings(), "backend");

    for (unsigned i = 0; i < G_N_ELEMENTS(backends); i++)
        if (!g_strcmp0(now, backends[i]))
            adw_combo_row_set_selected(backend, i);
    g_settings_bind(gui_settings(), "large-type", gtk_builder_get_object(builder, "large-type"),
                    "active", G_SETTINGS_BIND_DEFAULT);
    g_settings_bind(gui_settings(), "rows", gtk_builder_get_object(builder, "rows"), "active",
                    G_SETTINGS_BIND_DEFAULT);
    gtk_window_set_transient_for(GTK_WINDOW(dialog), window);
    gtk_window_present(GTK_WINDOW(dialog));
}

/* Called from preferences.ui. */
G_MODULE_EXPORT void gui_backend_selected(AdwComboRow *row, GParamSpec *spec, void *user);

void gui_backend_selected(AdwComboRow *row, GParamSpec *spec, void *user)
{
    static const char *const backends[] = {"auto", "kvm", "emulated"};
    unsigned selected = adw_combo_row_get_selected(row);

    if (selected < G_N_ELEMENTS(backends))
        g_settings_set_string(gui_settings(), "backend", backends[selected]);
}

static void do_shortcuts(GSimpleAction *action, GVariant *parameter, void *user)
{
    GtkWindow *window = gtk_application_get_active_window(GTK_APPLICATION(user));
    g_autoptr(GtkBuilder) builder =
        gtk_builder_new_from_resource(GUI_RESOURCE_PATH "help-overlay.ui");
    GtkWindow *overlay = GTK_WINDOW(gtk_builder_get_object(builder, "help-overlay"));

    gtk_window_set_transient_for(overlay, window);
    gtk_window_present(overlay);
}

static void do_about(GSimpleAction *action, GVariant *parameter, void *user)
{
    adw_show_about_window(gtk_application_get_active_window(GTK_APPLICATION(user)),
                          "application-name", "hvlab", "application-icon", GUI_APP_ID, "version",
                          HVLAB_VERSION, "developer-name", _("The hvlab developers"), "comments",
                          _("Virtual machines, seen from inside: real guests, real frames, one "
                            "trace."),
                          "license-type", GTK_LICENSE_GPL_2_0, NULL);
}

static void do_quit(GSimpleAction *action, GVariant *parameter, void *user)
{
    GList *windows;

    while ((windows = gtk_application_get_windows(GTK_APPLICATION(user)))) {
        GtkWindow *window = windows->data;

        gtk_window_close(window);
        if (g_list_find(gtk_application_get_windows(GTK_APPLICATION(user)), window))
            return; /* it would not be closed */
    }
}

static void close_window(GSimpleAction *action, GVariant *parameter, void *user)
{
    GtkWindow *window = gtk_application_get_active_window(GTK_APPLICATION(user));

    if (window)
        gtk_window_close(window);
}

/* ---- Life --------------------------------------------------------------------------------- */

static int handle_options(GApplication *base, GVariantDict *options)
{
    GuiApplication *app = GUI_APPLICATION(base);

    g_variant_dict_lookup(options, "engine", "s", &app->engine_command);
    if (g_variant_dict_contains(options, "version")) {
        g_print("hvlab " HVLAB_VERSION "\n");
        return 0;
    }
    if (!gtk_init_check()) {
        g_printerr("hvlab: gui: %s\n", _("there is no display to open a window on; "
                                         "'hvlab render' draws without one"));
        return 3;
    }
    return -1;
}

static void startup(GApplication *base)
{
    static const GActionEntry entries[] = {
        {"new-window", do_new_window},
        {"open-path", do_open_path, "s"},
        {"preferences", do_preferences},
        {"shortcuts", do_shortcuts},
        {"about", do_about},
        {"quit", do_quit},
        {"close", close_window},
    };
    static const struct {
        const char *action, *accel;
    } accels[] = {{"app.new-window", "<Control>n"},
                  {"app.preferences", "<Control>comma"},
                  {"app.shortcuts", "<Control>question"},
                  {"app.quit", "<Control>q"},
                  {"app.close", "<Control>w"}};

    G_APPLICATION_CLASS(gui_application_parent_class)->startup(base);
    /* GTK takes it from the locale; tests and translators ask for it without one. */
    if (!g_strcmp0(g_getenv("HVLAB_DIRECTION"), "rtl"))
        gtk_widget_set_default_direction(GTK_TEXT_DIR_RTL);
    gtk_window_set_default_icon_name(GUI_APP_ID);
    gtk_icon_theme_add_resource_path(gtk_icon_theme_get_for_display(gdk_display_get_default()),
                                     GUI_RESOURCE_PATH "icons");
    g_action_map_add_action_entries(G_ACTION_MAP(base), entries, G_N_ELEMENTS(entries), base);
    for (size_t i = 0; i < G_N_ELEMENTS(accels); i++) {
        const char *const keys[] = {accels[i].accel, NULL};

        gtk_application_set_accels_for_action(GTK_APPLICATION(base), accels[i].action, keys);
    }
    gui_window_set_accels(GTK_APPLICATION(base));
}

static void finalize(GObject *object)
{
    g_free(GUI_APPLICATION(object)->engine_command);
    G_OBJECT_CLASS(gui_application_parent_class)->finalize(object);
}

static void gui_application_class_init(GuiApplicationClass *class)
{
    GApplicationClass *application = G_APPLICATION_CLASS(class);

    G_OBJECT_CLASS(class)->finalize = finalize;
    application->activate = activate;
    application->open = open_files;
    application->startup = startup;
    application->handle_local_options = handle_options;
}

static void gui_application_init(GuiApplication *app)
{
    static const GOptionEntry options[] = {
        {"engine", 0, 0, G_OPTION_ARG_STRING, NULL,
         N_("Start this instead of \"hvlab engine\": \"ssh HOST hvlab engine\""), N_("COMMAND")},
        {"version", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Print the version"), NULL},
        {NULL}};

    g_application_add_main_option_entries(G_APPLICATION(app), options);
    g_application_set_option_context_parameter_string(G_APPLICATION(app), _("[SCENARIO or TRACE]"));
}

GuiApplication *gui_application_new(void)
{
    /* Each start is a program of its own, so that --engine and the environment are its own. */
    return g_object_new(GUI_TYPE_APPLICATION, "application-id", GUI_APP_ID, "flags",
                        G_APPLICATION_HANDLES_OPEN | G_APPLICATION_NON_UNIQUE, "resource-base-path",
                        "/org/hvlab/Hvlab", NULL);
}
