/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.c: a store of laid-out lines. Hinting is off, so that a text is as wide on paper
 * as on a screen, and as wide today as tomorrow. */
#include "gui/draw/text.h"

#include <string.h>

#include <pango/pangocairo.h>

#define MOST_LINES 4096u

static PangoContext *context; /* one thread: made on first use */
static GHashTable *lines;     /* key -> PangoLayout */

static PangoContext *get_context(void)
{
    if (!context) {
        cairo_font_options_t *options = cairo_font_options_create();

        cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
        cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
        cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
        context = pango_font_map_create_context(pango_cairo_font_map_get_default());
        pango_cairo_context_set_font_options(context, options);
        pango_cairo_context_set_resolution(context, 96);
        pango_context_set_round_glyph_positions(context, FALSE);
        cairo_font_options_destroy(options);
        lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_object_unref);
    }
    return context;
}

void gui_text_forget(void)
{
    g_clear_pointer(&lines, g_hash_table_unref);
    g_clear_object(&context);
}

static double text_size(const GuiTheme *theme, const GuiTextStyle *style)
{
    return theme->text * (style->size > 0 ? style->size : 1);
}

static void set_font(PangoLayout *layout, const GuiTheme *theme, const GuiTextStyle *style)
{
    PangoFontDescription *font = pango_font_description_new();

    pango_font_description_set_family(font, style->mono ? theme->mono : theme->font);
    pango_font_description_set_absolute_size(font, text_size(theme, style) * PANGO_SCALE);
    if (style->bold)
        pango_font_description_set_weight(font, PANGO_WEIGHT_BOLD);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
}

/* Names in a broken trace may be any bytes. */
static void set_text(PangoLayout *layout, const char *text)
{
    g_autofree char *valid = g_utf8_validate(text, -1, NULL) ? NULL : g_utf8_make_valid(text, -1);

    pango_layout_set_text(layout, valid ? valid : text, -1);
}

/* width 0: as wide as it is. The layout belongs to the store. */
static PangoLayout *get_line(const GuiTheme *theme, const GuiTextStyle *style, double width,
                             const char *text)
{
    PangoContext *pango = get_context();
    char small[256], *key = small;
    PangoLayout *layout;
    int length = g_snprintf(small, sizeof(small), "%s|%.2f|%d|%d|%.0f|%s",
                            style->mono ? theme->mono : theme->font, text_size(theme, style),
                            style->bold, style->mono, width, text);

    if (length >= (int)sizeof(small))
        key = g_strdup_printf("%.2f|%d|%d|%.0f|%s", text_size(theme, style), style->bold,
                              style->mono, width, text);
    layout = g_hash_table_lookup(lines, key);
    if (!layout) {
        if (g_hash_table_size(lines) >= MOST_LINES)
            g_hash_table_remove_all(lines);
        layout = pango_layout_new(pango);
        set_font(layout, theme, style);
        pango_layout_set_single_paragraph_mode(layout, TRUE);
        if (width > 0) {
            pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
            pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
        }
        set_text(layout, text);
        g_hash_table_insert(lines, key == small ? g_strdup(small) : g_strdup(key), layout);
    }
    if (key != small)
        g_free(key);
    return layout;
}

double gui_text_width(const GuiTheme *theme, const GuiTextStyle *style, const char *text)
{
    int width;

    pango_layout_get_size(get_line(theme, style, 0, text), &width, NULL);
    return (double)width / PANGO_SCALE;
}

double gui_text_height(const GuiTheme *theme, const GuiTextStyle *style)
{
    int height;

    pango_layout_get_size(get_line(theme, style, 0, "X"), NULL, &height);
    return (double)height / PANGO_SCALE;
}

double gui_text(cairo_t *cr, const GuiTheme *theme, const GuiTextStyle *style, double x, double y,
                double width, const char *text)
{
    PangoLayout *layout = get_line(theme, style, 0, text);
    int natural, height;

    pango_layout_get_size(layout, &natural, &height);
    if (width > 0 && natural > width * PANGO_SCALE) {
        layout = get_line(theme, style, width, text);
        natural = (int)(width * PANGO_SCALE);
    }
    if (style->align == GUI_ALIGN_CENTRE)
        x -= (double)natural / PANGO_SCALE / 2;
    else if (style->align == GUI_ALIGN_RIGHT)
        x -= (double)natural / PANGO_SCALE;
    cairo_move_to(cr, x, y - (double)height / PANGO_SCALE / 2);
    pango_cairo_show_layout(cr, layout);
    cairo_new_path(cr);
    return (double)natural / PANGO_SCALE;
}

double gui_text_wrapped(cairo_t *cr, const GuiTheme *theme, const GuiTextStyle *style, GuiRect box,
                        const char *text)
{
    PangoLayout *layout = pango_layout_new(get_context());
    int height;

    set_font(layout, theme, style);
    pango_layout_set_width(layout, (int)(box.width * PANGO_SCALE));
    pango_layout_set_height(layout, (int)(box.height * PANGO_SCALE));
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
    set_text(layout, text);
    pango_layout_get_size(layout, NULL, &height);
    cairo_move_to(cr, box.x, box.y);
    pango_cairo_show_layout(cr, layout);
    cairo_new_path(cr);
    g_object_unref(layout);
    return (double)height / PANGO_SCALE;
}

void gui_rounded(cairo_t *cr, GuiRect r, double radius)
{
    radius = MIN(radius, MIN(r.width, r.height) / 2);
    cairo_new_sub_path(cr);
    cairo_arc(cr, r.x + r.width - radius, r.y + radius, radius, -G_PI / 2, 0);
    cairo_arc(cr, r.x + r.width - radius, r.y + r.height - radius, radius, 0, G_PI / 2);
    cairo_arc(cr, r.x + radius, r.y + r.height - radius, radius, G_PI / 2, G_PI);
    cairo_arc(cr, r.x + radius, r.y + radius, radius, G_PI, 3 * G_PI / 2);
    cairo_close_path(cr);
}
