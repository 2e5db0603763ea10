/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer.c: an image as large as the picture, at the resolution of what it is drawn on. */
#include "gui/draw/layer.h"

#include <math.h>

struct GuiLayer {
    cairo_surface_t *surface; /* NULL: none yet */
    double width, height, scale;
};

GuiLayer *gui_layer_new(void)
{
    return g_new0(GuiLayer, 1);
}

static void clear(GuiLayer *layer)
{
    g_clear_pointer(&layer->surface, cairo_surface_destroy);
}

void gui_layer_free(GuiLayer *layer)
{
    if (!layer)
        return;
    clear(layer);
    g_free(layer);
}

/* How many pixels a unit of cr is; 0: there are no pixels, or they are turned. */
static double pixels_per_unit(cairo_t *cr)
{
    cairo_surface_t *target = cairo_get_group_target(cr);
    double right = 1, down = 0, scale_x, scale_y;

    cairo_user_to_device_distance(cr, &right, &down);
    cairo_surface_get_device_scale(target, &scale_x, &scale_y);
    if (cairo_surface_get_type(target) != CAIRO_SURFACE_TYPE_IMAGE || down != 0 ||
        scale_x != scale_y || right <= 0)
        return 0;
    return right * scale_x;
}

bool gui_layer_fit(GuiLayer *layer, cairo_t *cr, double width, double height, bool *ret_empty)
{
    double scale = pixels_per_unit(cr);

    if (scale <= 0 || width * scale < 1 || height * scale < 1)
        return false;
    *ret_empty = !layer->surface || layer->width != width || layer->height != height ||
                 layer->scale != scale;
    if (!*ret_empty)
        return true;
    clear(layer);
    layer->width = width;
    layer->height = height;
    layer->scale = scale;
    layer->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)ceil(width * scale),
                                                (int)ceil(height * scale));
    return cairo_surface_status(layer->surface) == CAIRO_STATUS_SUCCESS;
}

cairo_t *gui_layer_begin(GuiLayer *layer)
{
    cairo_t *cr = cairo_create(layer->surface);

    cairo_scale(cr, layer->scale, layer->scale);
    return cr;
}

GuiRect gui_layer_outer(const GuiLayer *layer, GuiRect box)
{
    double left = floor(box.x * layer->scale), top = floor(box.y * layer->scale);
    double right = ceil((box.x + box.width) * layer->scale);
    double bottom = ceil((box.y + box.height) * layer->scale);

    return (GuiRect){left / layer->scale, top / layer->scale, (right - left) / layer->scale,
                     (bottom - top) / layer->scale};
}

void gui_layer_show(const GuiLayer *layer, cairo_t *cr)
{
    double x = 0, y = 0, device_x, device_y;

    cairo_surface_get_device_scale(cairo_get_group_target(cr), &device_x, &device_y);
    cairo_user_to_device(cr, &x, &y);
    cairo_save(cr);
    cairo_identity_matrix(cr);
    cairo_translate(cr, round(x * device_x) / device_x, round(y * device_y) / device_y);
    cairo_scale(cr, 1 / device_x, 1 / device_y);
    cairo_set_source_surface(cr, layer->surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_NEAREST);
    cairo_rectangle(cr, 0, 0, ceil(layer->width * layer->scale),
                    ceil(layer->height * layer->scale));
    cairo_fill(cr);
    cairo_restore(cr);
}
