/* SPDX-License-Identifier: GPL-2.0-or-later */
/* markdown.h: the lines of a lesson's text. */
#pragma once

/* As Markdown means them: lines that follow each other are one paragraph; an empty line,
 * an item ("- " or "* ") or a title ("# ") begins anew. One line for each of these then,
 * with an empty one between paragraphs; g_free(). */
char *gui_markdown_join(const char *text);
