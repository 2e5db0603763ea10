/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html.c: escaping, and the little Markdown of lessons. */
#include "gui/render/html.h"

#include <stdbool.h>
#include <string.h>

#include "gui/session/markdown.h"

static void escape(GString *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        switch (text[i]) {
        case '<': g_string_append(out, "&lt;"); break;
        case '>': g_string_append(out, "&gt;"); break;
        case '&': g_string_append(out, "&amp;"); break;
        case '"': g_string_append(out, "&quot;"); break;
        case '\'': g_string_append(out, "&#39;"); break;
        default: g_string_append_c(out, text[i]);
        }
    }
}

void html_text(GString *out, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    escape(out, valid, strlen(valid));
}

/* A mark and the tag it stands for; longer marks first. */
static const struct {
    const char *mark, *tag;
} marks[] = {{"**", "strong"}, {"*", "em"}, {"`", "code"}};

static void inline_marks(GString *out, const char *text, size_t length)
{
    const char *end = text + length;

    while (text < end) {
        bool done = false;
        for (size_t i = 0; i < G_N_ELEMENTS(marks) && !done; i++) {
            size_t size = strlen(marks[i].mark);
            const char *close;
            if ((size_t)(end - text) <= 2 * size || strncmp(text, marks[i].mark, size) != 0 ||
                g_ascii_isspace(text[size]))
                continue;
            close = g_strstr_len(text + size, end - text - (gssize)size, marks[i].mark);
            if (!close || close == text + size)
                continue;
            g_string_append_printf(out, "<%s>", marks[i].tag);
            if (*marks[i].mark == '`')
                escape(out, text + size, (size_t)(close - text) - size);
            else
                inline_marks(out, text + size, (size_t)(close - text) - size);
            g_string_append_printf(out, "</%s>", marks[i].tag);
            text = close + size;
            done = true;
        }
        if (!done)
            escape(out, text++, 1);
    }
}

void html_markdown(GString *out, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1), *joined = gui_markdown_join(valid);
    g_auto(GStrv) lines = g_strsplit(joined, "\n", -1);
    const char *open = NULL; /* the block that is open */

    for (char **line = lines; *line; line++) {
        bool item = g_str_has_prefix(*line, "- ") || g_str_has_prefix(*line, "* ");
        const char *block = **line == '\0' || **line == '#' ? NULL : item ? "ul" : "p";
        if (open && (!block || strcmp(block, open) != 0)) {
            g_string_append_printf(out, "</%s>\n", open);
            open = NULL;
        }
        if (**line == '#') {
            const char *title = *line + strspn(*line, "# ");
            g_string_append(out, "<h3>");
            inline_marks(out, title, strlen(title));
            g_string_append(out, "</h3>\n");
        }
        if (!block)
            continue;
        if (!open)
            g_string_append_printf(out, "<%s>", open = block);
        if (item)
            g_string_append(out, "<li>");
        inline_marks(out, *line + (item ? 2 : 0), strlen(*line) - (item ? 2 : 0));
        g_string_append_c(out, '\n');
    }
    if (open)
        g_string_append_printf(out, "</%s>\n", open);
}
