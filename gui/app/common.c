/* SPDX-License-Identifier: GPL-2.0-or-later */
/* common.c: settings, theme, accessibility, small texts. */
#include "gui/app/common.h"

#include <string.h>

#include "gui/session/markdown.h"

GSettings *gui_settings(void)
{
    static GSettings *settings;

    if (settings)
        return settings;

    GSettingsSchemaSource *source = g_settings_schema_source_get_default();
    g_autoptr(GSettingsSchema) schema =
        source ? g_settings_schema_source_lookup(source, GUI_APP_ID, TRUE) : NULL;
    g_autoptr(GSettingsSchemaSource) built = NULL;

    if (!schema) {
        built = g_settings_schema_source_new_from_directory(HVLAB_SCHEMA_DIR, source, FALSE, NULL);
        schema = built ? g_settings_schema_source_lookup(built, GUI_APP_ID, FALSE) : NULL;
    }
    if (!schema)
        g_error("The settings schema %s is not installed", GUI_APP_ID);
    settings = g_settings_new_full(schema, NULL, NULL);
    return settings;
}

GuiTheme gui_app_theme(GtkWidget *widget, double larger)
{
    AdwStyleManager *style = adw_style_manager_get_default();
    GtkSettings *desktop = gtk_widget_get_settings(widget);
    g_autofree char *font = NULL;
    int dpi = 0;
    bool dark = adw_style_manager_get_dark(style);
    GuiThemeKind kind = dark ? GUI_THEME_DARK : GUI_THEME_LIGHT;

    g_object_get(desktop, "gtk-font-name", &font, "gtk-xft-dpi", &dpi, NULL);
    if (adw_style_manager_get_high_contrast(style))
        kind = GUI_THEME_CONTRAST;

    /* The theme keeps the pointer, so each family is kept once, for good. */
    g_autoptr(PangoFontDescription) description = pango_font_description_from_string(font);
    const char *family = pango_font_description_get_family(description);
    double scale = dpi > 0 ? dpi / 1024.0 / 96.0 : 1;

    return gui_theme(kind, CLAMP(scale, 0.75, 3) * larger, family ? g_intern_string(family) : NULL);
}

bool gui_reduced_motion(void)
{
    gboolean animations = TRUE;

    g_object_get(gtk_settings_get_default(), "gtk-enable-animations", &animations, NULL);
    return !animations;
}

void gui_set_accessible(GtkWidget *widget, const char *label, const char *description)
{
    gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                   -1);
    if (description)
        gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                       description, -1);
}

static void page_mapped(GtkWidget *page, GtkWidget *content)
{
    gtk_widget_set_visible(content, TRUE);
}

static void page_unmapped(GtkWidget *page, GtkWidget *content)
{
    gtk_widget_set_visible(content, FALSE);
}

GtkWidget *gui_page(GtkWidget *content)
{
    GtkWidget *page = adw_bin_new();

    adw_bin_set_child(ADW_BIN(page), content);
    gtk_widget_set_visible(content, FALSE);
    g_signal_connect_object(page, "map", G_CALLBACK(page_mapped), content, 0);
    g_signal_connect_object(page, "unmap", G_CALLBACK(page_unmapped), content, 0);
    return page;
}

void gui_remember(const char *setting, void *object, const char *property)
{
    g_settings_bind(gui_settings(), setting, object, property,
                    G_SETTINGS_BIND_DEFAULT | G_SETTINGS_BIND_GET_NO_CHANGES);
}

GtkWidget *gui_label(const char *text, const char *style_class)
{
    GtkWidget *label = gtk_label_new(text);

    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    /* Not as wide as the whole text by itself; it may be made wider. */
    gtk_label_set_max_width_chars(GTK_LABEL(label), 38);
    if (style_class)
        gtk_widget_add_css_class(label, style_class);
    return label;
}

void gui_label_keep_order(GtkWidget *label)
{
    bool mirrored = gtk_widget_get_default_direction() == GTK_TEXT_DIR_RTL;

    gtk_widget_set_direction(label, GTK_TEXT_DIR_LTR);
    gtk_label_set_xalign(GTK_LABEL(label), mirrored ? 1 : 0);
}

void gui_keep_left_to_right(GtkWidget *widget)
{
    gtk_widget_set_direction(widget, GTK_TEXT_DIR_LTR);
    for (GtkWidget *child = gtk_widget_get_first_child(widget); child;
         child = gtk_widget_get_next_sibling(child))
        gui_keep_left_to_right(child);
}

/* A mark that opens or closes a piece of text. */
typedef struct {
    const char *mark, *open, *close;
    bool is_open;
} Mark;

char *gui_markdown(const char *source)
{
    g_autofree char *whole = gui_markdown_join(source);
    const char *text = whole;
    Mark marks[] = {
        {"**", "<b>", "</b>", false}, {"*", "<i>", "</i>", false}, {"`", "<tt>", "</tt>", false}};
    GString *out = g_string_new(NULL);

    while (*text) {
        Mark *found = NULL;

        for (size_t i = 0; i < G_N_ELEMENTS(marks) && !found; i++)
            if (g_str_has_prefix(text, marks[i].mark))
                found = &marks[i];
        /* A mark that nothing closes is what it looks like. */
        if (found && (found->is_open || strstr(text + strlen(found->mark), found->mark))) {
            g_string_append(out, found->is_open ? found->close : found->open);
            found->is_open = !found->is_open;
            text += strlen(found->mark);
            continue;
        }

        /* An item of a list. */
        if (g_str_has_prefix(text, "- ") && (text == whole || text[-1] == '\n')) {
            g_string_append(out, "\342\200\242 ");
            text += 2;
            continue;
        }

        const char *next = g_utf8_next_char(text);
        g_autofree char *character = g_markup_escape_text(text, next - text);

        g_string_append(out, character);
        text = next;
    }
    /* Nested the wrong way round it is no markup; then the text is shown as it is. */
    if (pango_parse_markup(out->str, -1, 0, NULL, NULL, NULL, NULL))
        return g_string_free(out, FALSE);
    g_string_free(out, TRUE);
    return g_markup_escape_text(whole, -1);
}
