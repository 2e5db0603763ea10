/* SPDX-License-Identifier: GPL-2.0-or-later */
/* geometry.c: boxes, lists of items, paths. */
#include "gui/draw/geometry.h"

#include <math.h>

static void item_clear(void *data)
{
    g_free(((GuiItem *)data)->name);
}

GArray *gui_items_new(void)
{
    GArray *items = g_array_new(FALSE, FALSE, sizeof(GuiItem));

    g_array_set_clear_func(items, item_clear);
    return items;
}

void gui_items_add(GArray *items, GuiEntity entity, GuiRect box, char *name)
{
    GuiItem item = {.entity = entity, .box = box, .name = name};

    g_array_append_val(items, item);
}

bool gui_rect_contains(GuiRect rect, double x, double y)
{
    return x >= rect.x && x < rect.x + rect.width && y >= rect.y && y < rect.y + rect.height;
}

bool gui_rect_overlaps(GuiRect one, GuiRect other)
{
    return one.x < other.x + other.width && other.x < one.x + one.width &&
           one.y < other.y + other.height && other.y < one.y + one.height;
}

GuiPoint gui_rect_centre(GuiRect rect)
{
    return (GuiPoint){rect.x + rect.width / 2, rect.y + rect.height / 2};
}

GuiRect gui_rect_inset(GuiRect rect, double by)
{
    return (GuiRect){rect.x + by, rect.y + by, MAX(rect.width - 2 * by, 0),
                     MAX(rect.height - 2 * by, 0)};
}

static const GuiItem *item_at(const GArray *items, guint index)
{
    return &g_array_index(items, GuiItem, index);
}

const GuiItem *gui_items_at(const GArray *items, double x, double y, double slack)
{
    for (guint i = items->len; i-- > 0;) {
        if (gui_rect_contains(item_at(items, i)->box, x, y))
            return item_at(items, i);
    }
    for (guint i = items->len; i-- > 0;) {
        if (gui_rect_contains(gui_rect_inset(item_at(items, i)->box, -slack), x, y))
            return item_at(items, i);
    }
    return NULL;
}

const GuiItem *gui_items_find(const GArray *items, GuiEntity entity)
{
    for (guint i = 0; i < items->len; i++) {
        if (gui_entity_equal(item_at(items, i)->entity, entity))
            return item_at(items, i);
    }
    return NULL;
}

/* The space between two stretches; 0 where they overlap. */
static double gap(double a, double a_length, double b, double b_length)
{
    return MAX(MAX(b - (a + a_length), a - (b + b_length)), 0);
}

/* How far it is from one box to another in a direction, by the space between them, as an eye sees
 * it; negative: it is not in that direction. Sideways counts three times; but left and right lead
 * along a row as long as there is one. Among equals the nearer middle wins. */
static double distance_toward(GuiRect from, GuiRect to, GuiDirection direction)
{
    GuiPoint a = gui_rect_centre(from), b = gui_rect_centre(to);
    bool level = direction == GUI_LEFT || direction == GUI_RIGHT;
    double across = level ? b.x - a.x : b.y - a.y;
    double beside = gap(from.x, from.width, to.x, to.width);
    double below = gap(from.y, from.height, to.y, to.height);

    if ((direction == GUI_LEFT || direction == GUI_UP ? -across : across) <= 0.5)
        return -1;
    return (level ? beside + 100 * below : below + 3 * beside) + 0.01 * hypot(b.x - a.x, b.y - a.y);
}

const GuiItem *gui_items_toward(const GArray *items, GuiEntity from, GuiDirection direction)
{
    const GuiItem *here = gui_items_find(items, from), *best = NULL;
    double best_distance = 0;

    if (!here)
        return items->len > 0 ? item_at(items, 0) : NULL;
    for (guint i = 0; i < items->len; i++) {
        const GuiItem *item = item_at(items, i);
        double distance = distance_toward(here->box, item->box, direction);
        if (item != here && distance >= 0 && (!best || distance < best_distance)) {
            best = item;
            best_distance = distance;
        }
    }
    return best;
}

double gui_path_length(const GuiPoint *points, unsigned count)
{
    double length = 0;

    for (unsigned i = 1; i < count; i++)
        length += hypot(points[i].x - points[i - 1].x, points[i].y - points[i - 1].y);
    return length;
}

GuiPoint gui_path_at(const GuiPoint *points, unsigned count, double fraction)
{
    double left = gui_path_length(points, count) * CLAMP(fraction, 0, 1);

    for (unsigned i = 1; i < count; i++) {
        GuiPoint a = points[i - 1], b = points[i];
        double piece = hypot(b.x - a.x, b.y - a.y);
        if (left <= piece && piece > 0)
            return (GuiPoint){a.x + (b.x - a.x) * left / piece, a.y + (b.y - a.y) * left / piece};
        left -= piece;
    }
    return points[count - 1];
}

double gui_ease(double fraction)
{
    double f = CLAMP(fraction, 0, 1);

    return f * f * (3 - 2 * f);
}
