/* SPDX-License-Identifier: GPL-2.0-or-later */
/* packet-detail.c: one frame: its layers as boxes, one inside the other, and its bytes.
 *
 * The frame that goes over the cable is the outermost box; each header is at the top
 * of its own box, and what it carries is the box inside. Left the boxes, right the
 * bytes; a choice is marked in both.
 */
#include <math.h>
#include <string.h>

#include "gui/draw/packets.h"

#include <glib/gi18n.h>
#include "gui/draw/paint.h"

typedef struct {
    GuiRect box, title;
} LayerBox;

typedef struct {
    GuiRect box;
    int layer;
} FieldBox;

struct GuiPacketDetail {
    GuiTheme theme;
    NetDissection dissection;
    uint8_t *bytes;
    uint32_t kept, length;
    double width, height;
    LayerBox layers[NET_DISSECT_MAX_LAYERS];
    FieldBox fields[NET_DISSECT_MAX_FIELDS];
    GuiRect hex;
    double byte_width, byte_height;
    unsigned per_line;
};

/* ---- Layout ------------------------------------------------------------------------------- */

/* Fields flow in columns inside their layer's box, so that a header stays small. */
static double place_fields(GuiPacketDetail *detail, unsigned layer, double x, double y,
                           double width)
{
    const NetLayer *l = &detail->dissection.layers[layer];
    double line = detail->theme.text * 1.55;
    unsigned columns = (unsigned)CLAMP(width / (detail->theme.text * 17), 1, 3);
    unsigned rows = (l->field_count + columns - 1) / columns;

    for (unsigned i = 0; i < l->field_count; i++)
        detail->fields[l->first_field + i] =
            (FieldBox){.box = {x + i / rows * (width / columns), y + i % rows * line,
                               width / columns - 6, line},
                       .layer = (int)layer};
    return y + rows * line;
}

static void place_layers(GuiPacketDetail *detail, double width)
{
    double s = detail->theme.scale, indent = 12 * s, y = 8 * s;
    unsigned count = detail->dissection.layer_count;

    for (unsigned i = 0; i < count; i++) {
        LayerBox *layer = &detail->layers[i];
        layer->box = (GuiRect){8 * s + i * indent, y, width - 16 * s - 2 * i * indent, 0};
        layer->title = (GuiRect){layer->box.x, y, layer->box.width, detail->theme.text * 2};
        y = place_fields(detail, i, layer->box.x + 10 * s, y + layer->title.height,
                         layer->box.width - 20 * s);
        y += 8 * s;
    }
    /* Each box holds all that are inside it. */
    for (unsigned i = count; i-- > 0; y += 8 * s)
        detail->layers[i].box.height = y - detail->layers[i].box.y;
    detail->height = MAX(detail->height, y + 8 * s);
}

GuiPacketDetail *gui_packet_detail_new(const GuiFrameInfo *info, double width, double height,
                                       const GuiTheme *theme)
{
    GuiPacketDetail *detail = g_new0(GuiPacketDetail, 1);
    const GuiTextStyle mono = {.size = 0.9, .mono = true};
    double left;

    detail->theme = *theme;
    detail->bytes = g_memdup2(info->bytes, MAX(info->kept, 1));
    detail->kept = info->kept;
    detail->length = info->length;
    detail->width = width;
    detail->height = height;
    net_dissect_kept(detail->bytes, detail->kept, detail->length, &detail->dissection);
    detail->byte_width = gui_text_width(theme, &mono, "00") + theme->text * 0.55;
    detail->byte_height = theme->text * 1.6;
    detail->per_line = width > theme->text * 75 ? 16 : 8;
    double hex =
        detail->byte_width * detail->per_line + theme->text * (4 + detail->per_line * 0.66);
    left = MAX(width - hex - theme->text, width * 0.45);
    place_layers(detail, left);
    detail->hex = (GuiRect){left + theme->text * 4, theme->text * 2.6, 0, 0};
    detail->hex.width = detail->byte_width * detail->per_line;
    detail->hex.height = ceil((double)detail->kept / detail->per_line) * detail->byte_height;
    detail->height = MAX(detail->height, detail->hex.y + detail->hex.height + theme->text * 2);
    return detail;
}

void gui_packet_detail_free(GuiPacketDetail *detail)
{
    if (!detail)
        return;
    g_free(detail->bytes);
    g_free(detail);
}

const NetDissection *gui_packet_detail_dissection(const GuiPacketDetail *detail)
{
    return &detail->dissection;
}

void gui_packet_detail_size(const GuiPacketDetail *detail, double *ret_width, double *ret_height)
{
    *ret_width = detail->width;
    *ret_height = detail->height;
}

/* ---- Drawing -------------------------------------------------------------------------------- */

static GuiColour layer_colour(const GuiPacketDetail *detail, unsigned layer)
{
    const GuiTheme *theme = &detail->theme;

    return gui_mix(theme->card, theme->owners[layer % GUI_THEME_OWNERS],
                   theme->kind == GUI_THEME_CONTRAST ? 0.06 : 0.16);
}

static void draw_field(const GuiPacketDetail *detail, cairo_t *cr, unsigned number, bool chosen)
{
    const GuiTheme *theme = &detail->theme;
    const NetField *field = &detail->dissection.fields[number];
    GuiRect box = detail->fields[number].box;
    double y = box.y + box.height / 2, x = box.x + 4;

    if (chosen)
        gui_paint_card(cr, box, 4, gui_mix(theme->card, theme->accent, 0.3), theme->accent, 2);
    gui_set_colour(cr, theme->dim, 1);
    x += gui_text(cr, theme, GUI_TEXT(.size = 0.85), x, y, box.width * 0.55, field->name) + 8;
    gui_set_colour(cr, field->bad ? theme->bad : theme->ink, 1);
    gui_text(cr, theme, GUI_TEXT(.size = 0.85, .bold = true), x, y,
             MAX(box.x + box.width - x - 2, 8), field->text);
}

static void draw_layer(const GuiPacketDetail *detail, cairo_t *cr, unsigned number,
                       GuiFieldChoice choice)
{
    const GuiTheme *theme = &detail->theme;
    const NetLayer *layer = &detail->dissection.layers[number];
    GuiRect box = detail->layers[number].box, title = detail->layers[number].title;
    bool chosen = choice.layer == (int)number && choice.field < 0;
    bool narrow = title.width < theme->text * 14; /* the name alone has room */
    g_autofree char *bytes = g_strdup_printf(_("%u bytes"), layer->length);

    gui_paint_card(cr, box, 7, layer_colour(detail, number),
                   chosen ? theme->accent
                          : gui_mix(theme->line, theme->owners[number % GUI_THEME_OWNERS], 0.6),
                   chosen ? 3 : 1.4);
    gui_set_colour(cr, theme->ink, 1);
    gui_text(cr, theme, GUI_TEXT(.bold = true), title.x + 12, title.y + title.height / 2 + 2,
             narrow ? MAX(title.width - 18, 8) : title.width - theme->text * 7,
             net_layer_name(layer->kind));
    gui_set_colour(cr, theme->dim, 1);
    if (!narrow)
        gui_text(cr, theme, GUI_TEXT(.size = 0.8, .align = GUI_ALIGN_RIGHT),
                 title.x + title.width - 12, title.y + title.height / 2 + 2, 0, bytes);
    for (unsigned i = 0; i < layer->field_count; i++)
        draw_field(detail, cr, layer->first_field + i,
                   choice.field == (int)(layer->first_field + i));
}

/* The layer that a byte belongs to; -1: none. */
static int layer_of_byte(const GuiPacketDetail *detail, uint32_t byte)
{
    for (unsigned i = detail->dissection.layer_count; i-- > 0;) {
        const NetLayer *layer = &detail->dissection.layers[i];
        if (byte >= layer->offset && byte < (uint32_t)layer->offset + layer->length)
            return (int)i;
    }
    return -1;
}

static bool byte_chosen(const GuiPacketDetail *detail, uint32_t byte, GuiFieldChoice choice)
{
    if (choice.field >= 0 && (unsigned)choice.field < detail->dissection.field_count) {
        const NetField *field = &detail->dissection.fields[choice.field];
        return byte >= field->bit_offset / 8 &&
               byte * 8 < field->bit_offset + MAX(field->bit_width, 1);
    }
    return choice.layer >= 0 && layer_of_byte(detail, byte) == choice.layer;
}

static GuiRect byte_box(const GuiPacketDetail *detail, uint32_t byte)
{
    return (GuiRect){detail->hex.x + byte % detail->per_line * detail->byte_width,
                     detail->hex.y + byte / detail->per_line * detail->byte_height,
                     detail->byte_width, detail->byte_height};
}

static void draw_byte(const GuiPacketDetail *detail, cairo_t *cr, uint32_t byte, bool chosen)
{
    const GuiTheme *theme = &detail->theme;
    GuiRect box = byte_box(detail, byte);
    int layer = layer_of_byte(detail, byte);
    char text[3], letter[2] = {0};
    double y = box.y + box.height / 2;

    cairo_rectangle(cr, box.x, box.y, box.width, box.height - 1);
    gui_set_colour(cr,
                   chosen       ? theme->accent
                   : layer >= 0 ? layer_colour(detail, (unsigned)layer)
                                : theme->card,
                   1);
    cairo_fill(cr);
    gui_set_colour(cr, chosen ? theme->card : theme->ink, 1);
    g_snprintf(text, sizeof(text), "%02x", detail->bytes[byte]);
    gui_text(cr, theme, GUI_TEXT(.size = 0.9, .mono = true, .align = GUI_ALIGN_CENTRE),
             box.x + box.width / 2, y, 0, text);
    letter[0] = g_ascii_isprint(detail->bytes[byte]) ? (char)detail->bytes[byte] : '.';
    gui_set_colour(cr, chosen ? theme->accent : theme->dim, 1);
    gui_text(cr, theme, GUI_TEXT(.size = 0.85, .mono = true),
             detail->hex.x + detail->hex.width +
                 theme->text * (0.8 + byte % detail->per_line * 0.62),
             y, 0, letter);
}

static void draw_bytes(const GuiPacketDetail *detail, cairo_t *cr, GuiFieldChoice choice)
{
    const GuiTheme *theme = &detail->theme;
    double bottom = detail->hex.y + detail->hex.height;
    g_autofree char *title =
        detail->kept < detail->length
            ? g_strdup_printf(_("%u of %u bytes were recorded"), detail->kept, detail->length)
            : g_strdup_printf(_("%u bytes"), detail->length);

    gui_set_colour(cr, theme->dim, 1);
    gui_text(cr, theme, GUI_TEXT(.size = 0.9), detail->hex.x, detail->hex.y - theme->text * 1.2, 0,
             title);
    for (uint32_t byte = 0; byte < detail->kept; byte++) {
        if (byte % detail->per_line == 0) {
            g_autofree char *offset = g_strdup_printf("%04x", byte);
            gui_set_colour(cr, theme->dim, 1);
            gui_text(cr, theme, GUI_TEXT(.size = 0.85, .mono = true, .align = GUI_ALIGN_RIGHT),
                     detail->hex.x - theme->text * 0.7,
                     byte_box(detail, byte).y + detail->byte_height / 2, 0, offset);
        }
        draw_byte(detail, cr, byte, byte_chosen(detail, byte, choice));
    }
    if (detail->dissection.malformed) {
        gui_set_colour(cr, theme->bad, 1);
        gui_text(cr, theme, GUI_TEXT(.bold = true), detail->hex.x, bottom + theme->text, 0,
                 _("malformed: its parts do not fit together"));
    }
}

void gui_packet_detail_draw(const GuiPacketDetail *detail, cairo_t *cr, GuiFieldChoice choice)
{
    cairo_rectangle(cr, 0, 0, detail->width, detail->height);
    gui_set_colour(cr, detail->theme.ground, 1);
    cairo_fill(cr);
    for (unsigned i = 0; i < detail->dissection.layer_count; i++)
        draw_layer(detail, cr, i, choice);
    draw_bytes(detail, cr, choice);
}

/* ---- Hitting ----------------------------------------------------------------------------------
 */

static GuiFieldChoice choice_of_byte(const GuiPacketDetail *detail, uint32_t byte)
{
    GuiFieldChoice choice = {layer_of_byte(detail, byte), -1};

    for (unsigned i = 0; i < detail->dissection.field_count; i++) {
        if (byte_chosen(detail, byte, (GuiFieldChoice){-1, (int)i}) &&
            detail->dissection.fields[i].bit_width > 0)
            choice = (GuiFieldChoice){detail->fields[i].layer, (int)i};
    }
    return choice;
}

GuiFieldChoice gui_packet_detail_at(const GuiPacketDetail *detail, double x, double y)
{
    GuiFieldChoice none = {-1, -1};

    if (gui_rect_contains(detail->hex, x, y)) {
        uint32_t byte = (uint32_t)((y - detail->hex.y) / detail->byte_height) * detail->per_line +
                        (uint32_t)((x - detail->hex.x) / detail->byte_width);
        return byte < detail->kept ? choice_of_byte(detail, byte) : none;
    }
    for (unsigned i = 0; i < detail->dissection.field_count; i++) {
        if (gui_rect_contains(detail->fields[i].box, x, y))
            return (GuiFieldChoice){detail->fields[i].layer, (int)i};
    }
    for (unsigned i = detail->dissection.layer_count; i-- > 0;) {
        if (gui_rect_contains(detail->layers[i].box, x, y))
            return (GuiFieldChoice){(int)i, -1};
    }
    return none;
}
