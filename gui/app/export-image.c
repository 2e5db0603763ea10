/* SPDX-License-Identifier: GPL-2.0-or-later */
/* export-image.c: what a widget shows, as a PNG file: its own drawing, replayed into a
 * texture, so that every view can be saved without code of its own. */
#include "gui/app/common.h"
#include "gui/app/window-private.h"

gboolean gui_export_png(GtkWidget *widget, const char *path, double scale, GError **error)
{
    g_autoptr(GdkPaintable) paintable = gtk_widget_paintable_new(widget);
    GtkSnapshot *snapshot = gtk_snapshot_new();
    GskRenderer *renderer = gtk_native_get_renderer(gtk_widget_get_native(widget));
    double width = gtk_widget_get_width(widget), height = gtk_widget_get_height(widget);
    GtkNative *native = gtk_widget_get_native(widget);
    GdkRGBA ground = {1, 1, 1, 1};

    /* The window's own ground shows through most views. */
    gtk_style_context_lookup_color(gtk_widget_get_style_context(GTK_WIDGET(native)),
                                   "window_bg_color", &ground);
    gtk_snapshot_scale(snapshot, (float)scale, (float)scale);
    gtk_snapshot_append_color(snapshot, &ground,
                              &GRAPHENE_RECT_INIT(0, 0, (float)width, (float)height));
    gdk_paintable_snapshot(paintable, snapshot, width, height);

    g_autoptr(GskRenderNode) node = gtk_snapshot_free_to_node(snapshot);

    if (!node || !renderer) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, _("There is nothing to save yet"));
        return FALSE;
    }

    g_autoptr(GdkTexture) texture = gsk_renderer_render_texture(
        renderer, node, &GRAPHENE_RECT_INIT(0, 0, (float)(width * scale), (float)(height * scale)));

    if (gdk_texture_save_to_png(texture, path))
        return TRUE;
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, _("%s cannot be written"), path);
    return FALSE;
}
