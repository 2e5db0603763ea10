/* SPDX-License-Identifier: GPL-2.0-or-later */
/* markdown.c: see markdown.h. */
#include "gui/session/markdown.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

static bool is_item(const char *line)
{
    return g_str_has_prefix(line, "- ") || g_str_has_prefix(line, "* ");
}

char *gui_markdown_join(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GString *out = g_string_new(NULL);
    bool open = false, was_item = false; /* a line that the next may go on; what it is */

    for (char **at = lines; *at; at++) {
        char *line = g_strstrip(*at);
        bool item = is_item(line), title = *line == '#';

        if (!*line) {
            open = false;
            continue;
        }
        if (open && !item && !title)
            g_string_append_c(out, ' ');
        else if (out->len > 0)
            g_string_append(out, item && was_item ? "\n" : "\n\n");
        g_string_append(out, line);
        was_item = open && !item && !title ? was_item : item;
        open = !title;
    }
    return g_string_free(out, FALSE);
}
