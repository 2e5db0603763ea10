/* SPDX-License-Identifier: GPL-2.0-or-later */
/* export-image.c: what a widget shows, as a PNG, SVG or PDF file: its own drawing, taken
 * down once more; of a view that scrolls its sheet, so that nothing is cut off. */
#include <cairo-pdf.h>
#include <cairo-svg.h>

#include "gui/app/canvas.h"
#include "gui/app/common.h"
#include "gui/app/view.h"
#include "gui/app/window-private.h"

#define MOST_HEIGHT 15000.0 /* of a picture; cairo's own limit is twice that */

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

static cairo_surface_t *surface_for(const char *path, double width, double height, double scale)
{
    cairo_surface_t *surface;

    if (g_str_has_suffix(path, ".pdf"))
        return cairo_pdf_surface_create(path, width, height);
    if (!g_str_has_suffix(path, ".svg"))
        return cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)(width * scale),
                                          (int)(height * scale));
    surface = cairo_svg_surface_create(path, width, height);
    if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS)
        cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PX);
    return surface;
}

/* Ends what was drawn; takes over both. */
static gboolean finish(cairo_surface_t *surface, cairo_t *cr, const char *path, GError **error)
{
    cairo_status_t status = cairo_status(cr);

    cairo_destroy(cr);
    if (status == CAIRO_STATUS_SUCCESS && !is_paper(path))
        status = cairo_surface_write_to_png(surface, path);
    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    if (status != CAIRO_STATUS_SUCCESS)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, _("%s cannot be written"), path);
    return status == CAIRO_STATUS_SUCCESS;
}

static gboolean save_paper(GskRenderNode *node, GtkWidget *widget, const char *path, GError **error)
{
    cairo_surface_t *surface =
        surface_for(path, gtk_widget_get_width(widget), gtk_widget_get_height(widget), 1);
    cairo_t *cr = cairo_create(surface);

    if (cairo_status(cr) == CAIRO_STATUS_SUCCESS)
        gsk_render_node_draw(node, cr);
    return finish(surface, cr, path, error);
}

/* All of it, not only what there is room for in the window. */
static gboolean save_sheet(GuiSheet *sheet, GtkWidget *widget, const char *path, double scale,
                           GError **error)
{
    GuiTheme theme = gui_app_theme(widget, 1);
    double width = CLAMP(gtk_widget_get_width(widget), 800 * theme.scale, 1200 * theme.scale);
    double height = gui_sheet_lay_out(sheet, &theme, width);
    cairo_surface_t *surface;
    cairo_t *cr;

    if (height > MOST_HEIGHT)
        gui_sheet_fit(sheet, &theme, 1, width, height = MOST_HEIGHT);
    surface = surface_for(path, width, height, scale);
    cr = cairo_create(surface);
    if (!is_paper(path))
        cairo_scale(cr, scale, scale);
    gui_set_colour(cr, theme.ground, 1);
    cairo_paint(cr);
    gui_sheet_draw(sheet, cr);
    return finish(surface, cr, path, error);
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
    g_autoptr(GuiSheet) sheet = gui_view_sheet(widget);
    g_autoptr(GskRenderNode) node = NULL;
    bool paper = is_paper(path);
    gboolean good = FALSE;

    if (sheet)
        return save_sheet(sheet, widget, path, scale, error);

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

/* ---- Of any window ---------------------------------------------------------------------- */

typedef struct {
    GtkWidget *widget;
    AdwToastOverlay *toasts;
} Picture;

static void picture_free(void *data, GClosure *closure)
{
    Picture *picture = data;

    g_object_unref(picture->widget);
    g_object_unref(picture->toasts);
    g_free(picture);
}

static void picture_chosen(GtkNativeDialog *dialog, int response, Picture *picture)
{
    g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
    g_autofree char *path = file ? g_file_get_path(file) : NULL;
    g_autoptr(GError) error = NULL;

    if (response == GTK_RESPONSE_ACCEPT && path) {
        bool known = is_paper(path) || g_str_has_suffix(path, ".png");
        g_autofree char *full = g_strconcat(path, known ? "" : ".png", NULL);
        g_autofree char *name = g_path_get_basename(full);
        g_autofree char *saved = g_strdup_printf(_("Saved as %s"), name);
        bool good = gui_export_image(picture->widget, full, 2, &error);
        g_autofree char *escaped = g_markup_escape_text(good ? saved : error->message, -1);

        adw_toast_overlay_add_toast(picture->toasts, adw_toast_new(escaped));
    }
    g_object_unref(dialog);
}

static void save_clicked(GtkWidget *button, const Picture *own)
{
    GtkFileChooserNative *dialog =
        gtk_file_chooser_native_new(_("Save as a picture"), GTK_WINDOW(gtk_widget_get_root(button)),
                                    GTK_FILE_CHOOSER_ACTION_SAVE, _("_Save"), _("_Cancel"));
    Picture *picture = g_new(Picture, 1); /* the window may be closed before the dialog is */

    *picture = (Picture){g_object_ref(own->widget), g_object_ref(own->toasts)};
    gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(dialog),
                                      g_object_get_data(G_OBJECT(button), "name"));
    g_signal_connect_data(dialog, "response", G_CALLBACK(picture_chosen), picture, picture_free, 0);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

GtkWidget *gui_picture_button(GtkWidget *widget, GtkWidget *toasts, const char *name)
{
    GtkWidget *button = gtk_button_new_from_icon_name("camera-photo-symbolic");
    const Picture picture = {widget, ADW_TOAST_OVERLAY(toasts)};

    gtk_widget_set_tooltip_text(button, _("Save as a picture"));
    gui_set_accessible(button, _("Save as a picture"), NULL);
    g_object_set_data(G_OBJECT(button), "name", (void *)name);
    g_signal_connect_data(button, "clicked", G_CALLBACK(save_clicked),
                          g_memdup2(&picture, sizeof(picture)), (GClosureNotify)(void *)g_free, 0);
    return button;
}
