/* SPDX-License-Identifier: GPL-2.0-or-later */
/* export-image.c: what a widget shows, as a PNG, SVG or PDF file: its own drawing, taken
 * down once more, so that every view can be saved without code of its own. */
#include <cairo-pdf.h>
#include <cairo-svg.h>

#include "gui/app/canvas.h"
#include "gui/app/common.h"
#include "gui/app/window-private.h"

/* The widget's drawing on the window's ground, which shows through most views; NULL:
 * nothing is seen. gsk_render_node_unref(). */
static GskRenderNode *take_down(GtkWidget *widget, double scale)
{
    GtkWidget *native = GTK_WIDGET(gtk_widget_get_native(widget));
    GtkWidget *parent = gtk_widget_get_parent(widget);
    GtkSnapshot *snapshot = gtk_snapshot_new();
    float width = (float)gtk_widget_get_width(widget),
          height = (float)gtk_widget_get_height(widget);
    GdkRGBA ground = {1, 1, 1, 1};
    graphene_rect_t bounds;

    gtk_style_context_lookup_color(gtk_widget_get_style_context(native), "window_bg_color",
                                   &ground);
    gtk_snapshot_scale(snapshot, (float)scale, (float)scale);
    gtk_snapshot_push_clip(snapshot, &GRAPHENE_RECT_INIT(0, 0, width, height));
    gtk_snapshot_append_color(snapshot, &ground, &GRAPHENE_RECT_INIT(0, 0, width, height));
    if (gtk_widget_compute_bounds(widget, parent, &bounds)) {
        gtk_snapshot_translate(snapshot, &GRAPHENE_POINT_INIT(-bounds.origin.x, -bounds.origin.y));
        gtk_widget_snapshot_child(parent, widget, snapshot);
    }
    gtk_snapshot_pop(snapshot);
    return gtk_snapshot_free_to_node(snapshot);
}

static bool is_paper(const char *path)
{
    return g_str_has_suffix(path, ".svg") || g_str_has_suffix(path, ".pdf");
}

static gboolean save_paper(GskRenderNode *node, GtkWidget *widget, const char *path, GError **error)
{
    double width = gtk_widget_get_width(widget), height = gtk_widget_get_height(widget);
    cairo_surface_t *surface = g_str_has_suffix(path, ".svg")
                                   ? cairo_svg_surface_create(path, width, height)
                                   : cairo_pdf_surface_create(path, width, height);
    cairo_t *cr = cairo_create(surface);
    cairo_status_t status;

    if (g_str_has_suffix(path, ".svg"))
        cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PX);
    if (cairo_status(cr) == CAIRO_STATUS_SUCCESS)
        gsk_render_node_draw(node, cr);
    cairo_destroy(cr);
    cairo_surface_finish(surface);
    status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    if (status != CAIRO_STATUS_SUCCESS)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, _("%s cannot be written"), path);
    return status == CAIRO_STATUS_SUCCESS;
}

static gboolean save_pixels(GskRenderNode *node, GtkWidget *widget, double scale, const char *path,
                            GError **error)
{
    GskRenderer *renderer = gtk_native_get_renderer(gtk_widget_get_native(widget));
    float width = (float)(gtk_widget_get_width(widget) * scale);
    float height = (float)(gtk_widget_get_height(widget) * scale);
    g_autoptr(GdkTexture) texture =
        gsk_renderer_render_texture(renderer, node, &GRAPHENE_RECT_INIT(0, 0, width, height));

    if (gdk_texture_save_to_png(texture, path))
        return TRUE;
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, _("%s cannot be written"), path);
    return FALSE;
}

gboolean gui_export_image(GtkWidget *widget, const char *path, double scale, GError **error)
{
    g_autoptr(GskRenderNode) node = NULL;
    bool paper = is_paper(path);
    gboolean good = FALSE;

    /* Drawings have no pixels; and pixels twice as many are drawn, not blown up. */
    gui_canvas_for_paper(widget, true);
    node = take_down(widget, paper ? 1 : scale);
    if (!node || !gtk_native_get_renderer(gtk_widget_get_native(widget)))
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, _("There is nothing to save yet"));
    else if (paper)
        good = save_paper(node, widget, path, error);
    else
        good = save_pixels(node, widget, scale, path, error);
    gui_canvas_for_paper(widget, false);
    return good;
}
