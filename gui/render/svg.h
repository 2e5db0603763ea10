/* SPDX-License-Identifier: GPL-2.0-or-later */
/* svg.h: many pictures of cairo's in one page.
 *
 * Each SVG that cairo writes brings the shapes of its letters along and calls them by
 * names of its own. In one page the names would clash, and the same letters would be
 * there a hundred times. So letters move into one store for the whole page.
 */
#pragma once

#include <glib.h>

typedef struct {
    GHashTable *names; /* shape -> its name in the page */
    GString *symbols;  /* all shapes, once each */
    unsigned pictures;
} SvgPage;

void svg_page_init(SvgPage *page);
void svg_page_clear(SvgPage *page);
/* Appends a picture; words say what is seen in it. */
void svg_page_add(SvgPage *page, GString *out, const char *svg, const char *words);
/* Appends the store, which is not seen itself. */
void svg_page_add_symbols(const SvgPage *page, GString *out);
