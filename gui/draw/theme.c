/* SPDX-License-Identifier: GPL-2.0-or-later */
/* theme.c: the three themes, colours of protocols, patterns of owners. */
#include "gui/draw/theme.h"

#include <math.h>
#include <string.h>

#include <glib.h>

#define RGB(hex)                                                                                   \
    {                                                                                              \
        ((hex) >> 16 & 0xff) / 255.0, ((hex) >> 8 & 0xff) / 255.0, ((hex)&0xff) / 255.0            \
    }

static const GuiTheme themes[GUI_THEME_COUNT] = {
    [GUI_THEME_LIGHT] =
        {
            .ground = RGB(0xf3f4f6),
            .card = RGB(0xffffff),
            .card_line = RGB(0xc9cdd4),
            .inset = RGB(0xe8eaee),
            .ink = RGB(0x1c2330),
            .dim = RGB(0x5a6475),
            .line = RGB(0x8a93a3),
            .accent = RGB(0x1a5fb4),
            .running = RGB(0x2a9d63),
            .ready = RGB(0xe0a100),
            .blocked = RGB(0xb4bac5),
            .ended = RGB(0xd5d9df),
            .good = RGB(0x1f7a4d),
            .warn = RGB(0x9a6700),
            .bad = RGB(0xb3261e),
            .paper = RGB(0xfffdf5),
            .paper_ink = RGB(0x1c2330),
            .owners = {RGB(0x3a7bd5), RGB(0xd9712b), RGB(0x2f9e78), RGB(0xa857b8), RGB(0xb8922a),
                       RGB(0xcf4b6c), RGB(0x4a8fa8), RGB(0x7a7f45)},
        },
    [GUI_THEME_DARK] =
        {
            .ground = RGB(0x16191f),
            .card = RGB(0x232830),
            .card_line = RGB(0x434b58),
            .inset = RGB(0x12151a),
            .ink = RGB(0xf0f2f5),
            .dim = RGB(0xa6afbd),
            .line = RGB(0x76808f),
            .accent = RGB(0x7db3f5),
            .running = RGB(0x3fb97c),
            .ready = RGB(0xe6b53c),
            .blocked = RGB(0x566070),
            .ended = RGB(0x363d48),
            .good = RGB(0x6fd6a3),
            .warn = RGB(0xf0c35a),
            .bad = RGB(0xff8a80),
            .paper = RGB(0xf4f1e6),
            .paper_ink = RGB(0x1c2330),
            .owners = {RGB(0x5c97e6), RGB(0xe58b4c), RGB(0x48b38d), RGB(0xbd77cc), RGB(0xcaa844),
                       RGB(0xe06c8a), RGB(0x62a8c0), RGB(0x999e5c)},
        },
    [GUI_THEME_CONTRAST] =
        {
            .ground = RGB(0xffffff),
            .card = RGB(0xffffff),
            .card_line = RGB(0x000000),
            .inset = RGB(0xffffff),
            .ink = RGB(0x000000),
            .dim = RGB(0x222222),
            .line = RGB(0x000000),
            .accent = RGB(0x0000cc),
            .running = RGB(0x006b35),
            .ready = RGB(0xffd500),
            .blocked = RGB(0x9a9a9a),
            .ended = RGB(0xe0e0e0),
            .good = RGB(0x005a2b),
            .warn = RGB(0x6b4700),
            .bad = RGB(0xa80000),
            .paper = RGB(0xffffff),
            .paper_ink = RGB(0x000000),
            .owners = {RGB(0x0b57c2), RGB(0xb84a00), RGB(0x006b4a), RGB(0x7a1fa0), RGB(0x7a5c00),
                       RGB(0xa8103c), RGB(0x00617a), RGB(0x4f5418)},
        },
};

static const char *const names[GUI_THEME_COUNT] = {"light", "dark", "contrast"};

GuiTheme gui_theme(GuiThemeKind kind, double scale, const char *font)
{
    GuiTheme theme = themes[kind];

    theme.kind = kind;
    theme.scale = scale;
    theme.text = 13 * scale;
    theme.font = font ? font : "DejaVu Sans";
    theme.mono = "DejaVu Sans Mono";
    return theme;
}

int gui_theme_find(const char *name)
{
    for (int i = 0; i < GUI_THEME_COUNT; i++) {
        if (strcmp(name, names[i]) == 0)
            return i;
    }
    return -1;
}

const char *gui_theme_name(GuiThemeKind kind)
{
    return names[kind];
}

void gui_set_colour(cairo_t *cr, GuiColour colour, double alpha)
{
    cairo_set_source_rgba(cr, colour.r, colour.g, colour.b, alpha);
}

GuiColour gui_mix(GuiColour one, GuiColour other, double share)
{
    return (GuiColour){one.r + (other.r - one.r) * share, one.g + (other.g - one.g) * share,
                       one.b + (other.b - one.b) * share};
}

GuiColour gui_protocol_colour(const GuiTheme *theme, const char *protocol)
{
    static const struct {
        const char *protocol;
        GuiColour colour;
    } colours[] = {
        {"ARP", RGB(0x8a5a00)},  {"ICMP", RGB(0x1a5fb4)}, {"UDP", RGB(0x157347)},
        {"TCP", RGB(0x7a2fa0)},  {"DHCP", RGB(0x0b6a75)}, {"DNS", RGB(0xa02060)},
        {"HTTP", RGB(0x3d5a1e)}, {"STP", RGB(0x5a5f6b)},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(colours); i++) {
        if (strcmp(protocol, colours[i].protocol) == 0)
            return theme->kind == GUI_THEME_CONTRAST
                       ? gui_mix(colours[i].colour, (GuiColour){0, 0, 0}, 0.3)
                       : colours[i].colour;
    }
    return (GuiColour)RGB(0x454c59);
}

/* One tile of 8 by 8 pixels, drawn in ink over the owner's colour. */
static void draw_tile(cairo_t *cr, unsigned pattern)
{
    static const double dots[4][2] = {{2, 2}, {6, 2}, {4, 6}, {8, 6}};

    cairo_set_line_width(cr, 1.6);
    switch (pattern) {
    case 1: /* rising stripes */
        for (int i = -8; i <= 8; i += 8) {
            cairo_move_to(cr, i, 8);
            cairo_line_to(cr, i + 8, 0);
        }
        break;
    case 2: /* dots */
        for (int i = 0; i < 3; i++) {
            cairo_new_sub_path(cr);
            cairo_arc(cr, dots[i][0], dots[i][1], 1.1, 0, 2 * G_PI);
        }
        cairo_fill(cr);
        return;
    case 3: /* level lines */
        cairo_move_to(cr, 0, 2);
        cairo_line_to(cr, 8, 2);
        cairo_move_to(cr, 0, 6);
        cairo_line_to(cr, 8, 6);
        break;
    case 4: /* falling stripes */
        for (int i = -8; i <= 8; i += 8) {
            cairo_move_to(cr, i, 0);
            cairo_line_to(cr, i + 8, 8);
        }
        break;
    case 5: /* upright lines */
        cairo_move_to(cr, 2, 0);
        cairo_line_to(cr, 2, 8);
        cairo_move_to(cr, 6, 0);
        cairo_line_to(cr, 6, 8);
        break;
    case 6: /* a grid */
        cairo_move_to(cr, 0, 4);
        cairo_line_to(cr, 8, 4);
        cairo_move_to(cr, 4, 0);
        cairo_line_to(cr, 4, 8);
        break;
    case 7: /* crossed stripes */
        cairo_move_to(cr, 0, 0);
        cairo_line_to(cr, 8, 8);
        cairo_move_to(cr, 0, 8);
        cairo_line_to(cr, 8, 0);
        break;
    default: break;
    }
    cairo_stroke(cr);
}

static cairo_pattern_t *make_owner_pattern(const GuiTheme *theme, unsigned owner)
{
    GuiColour fill = theme->owners[owner];
    cairo_surface_t *tile = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 8, 8);
    cairo_t *cr = cairo_create(tile);
    cairo_pattern_t *pattern;

    gui_set_colour(cr, fill, 1);
    cairo_paint(cr);
    gui_set_colour(cr, gui_mix(fill, (GuiColour){1, 1, 1}, 0.55), 1);
    draw_tile(cr, owner);
    cairo_destroy(cr);
    pattern = cairo_pattern_create_for_surface(tile);
    cairo_surface_destroy(tile);
    cairo_pattern_set_extend(pattern, CAIRO_EXTEND_REPEAT);
    cairo_pattern_set_filter(pattern, CAIRO_FILTER_NEAREST);
    return pattern;
}

cairo_pattern_t *gui_owner_pattern(const GuiTheme *theme, unsigned owner)
{
    /* Themes do not change, and pictures have many boxes in them: each is made once. */
    static cairo_pattern_t *made[GUI_THEME_COUNT][GUI_THEME_OWNERS];
    cairo_pattern_t **own = &made[theme->kind][owner % GUI_THEME_OWNERS];

    if (!*own)
        *own = make_owner_pattern(theme, owner % GUI_THEME_OWNERS);
    return cairo_pattern_reference(*own);
}
