/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html.h: text into HTML. */
#pragma once

#include <glib.h>

/* Appends text with what HTML gives a meaning made harmless. */
void html_text(GString *out, const char *text);
/* The little Markdown that lessons use: paragraphs, headings, lists, **bold**, *emphasis*,
 * `code`. */
void html_markdown(GString *out, const char *text);
