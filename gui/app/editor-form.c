/* SPDX-License-Identifier: GPL-2.0-or-later */
/* editor-form.c: each row knows the path of its value in the text. The rows are made anew
 * when VMs or networks come and go; else only their values are set. */
#include "gui/app/editor-form.h"

#include <string.h>

#include "gui/session/json-text.h"
#include "sim/scenario/scenario.h"

#define MOST_VMS 32u /* that have rows */

struct GuiEditorForm {
    GtkWidget *widget, *page;
    char **policies, **modes;
    GuiFormChanged changed;
    void *user;
    char *text, *shape; /* shape: how many VMs and networks there are rows for */
    GPtrArray *rows;    /* of GtkWidget *, with "path" and "words" */
    GPtrArray *groups;
    bool filling;
};

static const char *path_of(GtkWidget *row)
{
    return g_object_get_data(G_OBJECT(row), "path");
}

static GuiEditorForm *form_of(GtkWidget *row)
{
    return g_object_get_data(G_OBJECT(row), "form");
}

/* The value at path without quotation marks; "" where there is none. */
static char *value_at(GuiEditorForm *form, const char *path)
{
    char *value = gui_json_get(form->text, path);
    size_t length = value ? strlen(value) : 0;

    if (length >= 2 && *value == '"') {
        char *inside = g_strndup(value + 1, length - 2);

        g_free(value);
        return inside;
    }
    return value ? value : g_strdup("");
}

static void set_value(GuiEditorForm *form, const char *path, const char *json)
{
    form->changed(gui_json_set(form->text, path, json), form->user);
}

static char *quoted(const char *text)
{
    g_autofree char *escaped = g_strescape(text, "\b\f\n\r\t\v");

    return g_strdup_printf("\"%s\"", escaped);
}

/* ---- Rows --------------------------------------------------------------------------------- */

static GtkWidget *remember(GuiEditorForm *form, GtkWidget *row, const char *path)
{
    g_object_set_data_full(G_OBJECT(row), "path", g_strdup(path), g_free);
    g_object_set_data(G_OBJECT(row), "form", form);
    g_ptr_array_add(form->rows, row);
    return row;
}

static void entry_applied(GtkWidget *row, void *unused)
{
    GuiEditorForm *form = form_of(row);
    g_autofree char *json = quoted(gtk_editable_get_text(GTK_EDITABLE(row)));

    set_value(form, path_of(row), json);
}

static GtkWidget *entry_row(GuiEditorForm *form, const char *title, const char *path)
{
    GtkWidget *row = remember(form, adw_entry_row_new(), path);

    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
    adw_entry_row_set_show_apply_button(ADW_ENTRY_ROW(row), TRUE);
    g_signal_connect(row, "apply", G_CALLBACK(entry_applied), NULL);
    return row;
}

static void combo_selected(GtkWidget *row, GParamSpec *property, void *unused)
{
    GuiEditorForm *form = form_of(row);
    char **words = g_object_get_data(G_OBJECT(row), "words");
    unsigned number = adw_combo_row_get_selected(ADW_COMBO_ROW(row));
    g_autofree char *json = NULL;

    if (form->filling || number == GTK_INVALID_LIST_POSITION)
        return;
    json = quoted(words[number]);
    set_value(form, path_of(row), json);
}

static GtkWidget *combo_row(GuiEditorForm *form, const char *title, const char *path, char **words)
{
    GtkWidget *row = remember(form, adw_combo_row_new(), path);
    g_autoptr(GtkStringList) list = gtk_string_list_new((const char *const *)words);

    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
    adw_combo_row_set_model(ADW_COMBO_ROW(row), G_LIST_MODEL(list));
    g_object_set_data(G_OBJECT(row), "words", words);
    g_signal_connect(row, "notify::selected", G_CALLBACK(combo_selected), NULL);
    return row;
}

static void seed_changed(GtkSpinButton *button, GtkWidget *row)
{
    GuiEditorForm *form = form_of(row);
    g_autofree char *json =
        g_strdup_printf("%" G_GUINT64_FORMAT, (guint64)gtk_spin_button_get_value(button));

    if (!form->filling)
        set_value(form, path_of(row), json);
}

static GtkWidget *seed_row(GuiEditorForm *form)
{
    GtkWidget *row = remember(form, adw_action_row_new(), "seed");
    GtkWidget *button = gtk_spin_button_new_with_range(0, 1e9, 1);

    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), _("Seed"));
    gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
    gui_set_accessible(button, _("Seed"), NULL);
    adw_action_row_add_suffix(ADW_ACTION_ROW(row), button);
    g_object_set_data(G_OBJECT(row), "spin", button);
    g_signal_connect(button, "value-changed", G_CALLBACK(seed_changed), row);
    return row;
}

/* ---- VMs come and go --------------------------------------------------------------------------
 */

static void remove_clicked(GtkWidget *button, void *unused)
{
    GuiEditorForm *form = form_of(button);

    form->changed(gui_json_remove(form->text, path_of(button)), form->user);
}

/* What no two NICs may share goes from a copy: left out, it is chosen. Takes over json. */
static char *without_addresses(char *json)
{
    static const char *const keys[] = {"address", "mac"};

    for (unsigned nic = 0; nic < gui_json_length(json, "nics"); nic++)
        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
            g_autofree char *path = g_strdup_printf("nics[%u].%s", nic, keys[i]);
            char *without = gui_json_remove(json, path);

            if (without) {
                g_free(json);
                json = without;
            }
        }
    return json;
}

/* Like the last one, but for the name. */
static void add_clicked(GtkWidget *button, GuiEditorForm *form)
{
    unsigned count = gui_json_length(form->text, "vms");
    g_autofree char *path = g_strdup_printf("vms[%u]", count - 1), *json = NULL, *name = NULL;
    g_autofree char *list = NULL;
    g_autofree char *like = count > 0 ? gui_json_get(form->text, path) : NULL;

    for (unsigned n = count + 1; !name; n++) {
        g_autofree char *wanted = g_strdup_printf("\"vm%u\"", n);

        if (!strstr(form->text, wanted))
            name = g_steal_pointer(&wanted);
    }
    json =
        gui_json_set(like ? like : "{\"program\": \"hello\", \"memory\": \"2MiB\"}", "name", name);
    json = json ? without_addresses(json) : NULL;
    list = g_strdup_printf("[%s]", json ? json : "");
    form->changed(count ? gui_json_append(form->text, "vms", json ? json : "")
                        : gui_json_set(form->text, "vms", list),
                  form->user);
}

static GtkWidget *vm_row(GuiEditorForm *form, unsigned number)
{
    GtkWidget *row = adw_expander_row_new(), *button;
    g_autofree char *path = g_strdup_printf("vms[%u]", number);
    g_autofree char *name_path = g_strdup_printf("vms[%u].name", number);
    g_autofree char *program = g_strdup_printf("vms[%u].program", number);
    g_autofree char *memory = g_strdup_printf("vms[%u].memory", number);
    g_autofree char *name = value_at(form, name_path), *words = NULL;

    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), name);
    words = g_strdup_printf(_("Remove %s"), name);
    button = gtk_button_new_from_icon_name("user-trash-symbolic");
    gtk_widget_add_css_class(button, "flat");
    gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
    gtk_widget_set_tooltip_text(button, words);
    gui_set_accessible(button, words, NULL);
    g_object_set_data_full(G_OBJECT(button), "path", g_strdup(path), g_free);
    g_object_set_data(G_OBJECT(button), "form", form);
    g_signal_connect(button, "clicked", G_CALLBACK(remove_clicked), NULL);
    adw_expander_row_add_action(ADW_EXPANDER_ROW(row), button);
    adw_expander_row_add_row(ADW_EXPANDER_ROW(row), entry_row(form, _("Name"), name_path));
    adw_expander_row_add_row(ADW_EXPANDER_ROW(row), entry_row(form, _("Program"), program));
    adw_expander_row_add_row(ADW_EXPANDER_ROW(row), entry_row(form, _("Memory"), memory));
    return row;
}

/* ---- The whole
 * ----------------------------------------------------------------------------------- */

static GtkWidget *add_group(GuiEditorForm *form, const char *title)
{
    GtkWidget *group = adw_preferences_group_new();

    adw_preferences_group_set_title(ADW_PREFERENCES_GROUP(group), title);
    gtk_box_append(GTK_BOX(form->page), group);
    g_ptr_array_add(form->groups, group);
    return group;
}

static void build(GuiEditorForm *form, unsigned vms, unsigned networks)
{
    GtkWidget *group, *add;

    for (unsigned i = 0; i < form->groups->len; i++)
        gtk_box_remove(GTK_BOX(form->page), form->groups->pdata[i]);
    g_ptr_array_set_size(form->groups, 0);
    g_ptr_array_set_size(form->rows, 0);
    group = add_group(form, _("Run"));
    adw_preferences_group_add(ADW_PREFERENCES_GROUP(group), seed_row(form));
    adw_preferences_group_add(
        ADW_PREFERENCES_GROUP(group),
        combo_row(form, _("Scheduling policy"), "host.scheduler.policy", form->policies));
    group = add_group(form, _("Networks"));
    for (unsigned i = 0; i < networks && i < MOST_VMS; i++) {
        g_autofree char *path = g_strdup_printf("networks[%u].mode", i);
        g_autofree char *name_path = g_strdup_printf("networks[%u].name", i);
        g_autofree char *name = value_at(form, name_path);

        adw_preferences_group_add(ADW_PREFERENCES_GROUP(group),
                                  combo_row(form, name, path, form->modes));
    }
    gtk_widget_set_visible(group, networks > 0);
    group = add_group(form, _("Virtual machines"));
    add = gtk_button_new_from_icon_name("list-add-symbolic");
    gtk_widget_add_css_class(add, "flat");
    gtk_widget_set_tooltip_text(add, _("Add a VM like the last one"));
    gui_set_accessible(add, _("Add a VM like the last one"), NULL);
    g_signal_connect(add, "clicked", G_CALLBACK(add_clicked), form);
    adw_preferences_group_set_header_suffix(ADW_PREFERENCES_GROUP(group), add);
    for (unsigned i = 0; i < vms && i < MOST_VMS; i++)
        adw_preferences_group_add(ADW_PREFERENCES_GROUP(group), vm_row(form, i));
}

static void fill_row(GuiEditorForm *form, GtkWidget *row)
{
    g_autofree char *value = value_at(form, path_of(row));
    GtkWidget *spin = g_object_get_data(G_OBJECT(row), "spin");
    char **words = g_object_get_data(G_OBJECT(row), "words");
    unsigned number = 0;

    if (spin) {
        gtk_spin_button_set_value(GTK_SPIN_BUTTON(spin),
                                  (double)g_ascii_strtoull(*value ? value : "1", NULL, 10));
    } else if (words) {
        /* Left out is the first one, the default. */
        while (words[number] && strcmp(words[number], value))
            number++;
        adw_combo_row_set_selected(ADW_COMBO_ROW(row), words[number] ? number : 0);
    } else if (strcmp(gtk_editable_get_text(GTK_EDITABLE(row)), value) &&
               !gtk_widget_get_focus_child(row)) {
        gtk_editable_set_text(GTK_EDITABLE(row), value);
    }
}

void gui_editor_form_update(GuiEditorForm *form, const char *text)
{
    unsigned vms, networks;
    g_autofree char *shape = NULL;

    g_free(form->text);
    form->text = g_strdup(text);
    vms = gui_json_length(text, "vms");
    networks = gui_json_length(text, "networks");
    shape = g_strdup_printf("%u %u", vms, networks);
    form->filling = true;
    if (g_strcmp0(shape, form->shape)) {
        g_free(form->shape);
        form->shape = g_steal_pointer(&shape);
        build(form, vms, networks);
    }
    for (unsigned i = 0; i < form->rows->len; i++)
        fill_row(form, form->rows->pdata[i]);
    form->filling = false;
}

GuiEditorForm *gui_editor_form_new(const char *const *policies, GuiFormChanged changed, void *user)
{
    GuiEditorForm *form = g_new0(GuiEditorForm, 1);
    g_autoptr(GStrvBuilder) modes = g_strv_builder_new();

    for (unsigned mode = 0; net_recipe(mode); mode++)
        g_strv_builder_add(modes, net_recipe(mode)->name);
    form->modes = g_strv_builder_end(modes);
    form->policies = g_strdupv((char **)policies);
    form->changed = changed;
    form->user = user;
    form->rows = g_ptr_array_new();
    form->groups = g_ptr_array_new();
    form->page = gtk_box_new(GTK_ORIENTATION_VERTICAL, 18);
    gtk_widget_add_css_class(form->page, "tables");
    form->widget = gtk_scrolled_window_new();
    gtk_widget_set_size_request(form->widget, 320, -1);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(form->widget), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(form->widget), form->page);
    return form;
}

void gui_editor_form_free(GuiEditorForm *form)
{
    g_ptr_array_unref(form->rows);
    g_ptr_array_unref(form->groups);
    g_strfreev(form->policies);
    g_strfreev(form->modes);
    g_free(form->text);
    g_free(form->shape);
    g_free(form);
}

GtkWidget *gui_editor_form_widget(GuiEditorForm *form)
{
    return form->widget;
}
