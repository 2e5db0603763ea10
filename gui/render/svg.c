/* SPDX-License-Identifier: GPL-2.0-or-later */
/* svg.c: moves letters out of a picture, renames what is left, shortens numbers. */
#include "gui/render/svg.h"

#include <string.h>

#include "gui/render/html.h"

#define DIGITS 3 /* kept behind a decimal point: a thousandth of a pixel */

void svg_page_init(SvgPage *page)
{
    *page = (SvgPage){.names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
                      .symbols = g_string_new(NULL)};
}

void svg_page_clear(SvgPage *page)
{
    g_hash_table_unref(page->names);
    g_string_free(page->symbols, TRUE);
}

/* Without the digits that nobody can see. */
static GString *shortened(const char *svg)
{
    GString *out = g_string_new(NULL);
    unsigned behind = 0; /* digits behind a point, and the point */

    for (const char *at = svg; *at; at++) {
        if (*at == '.' && at > svg && g_ascii_isdigit(at[-1]))
            behind = 1;
        else if (behind > 0 && g_ascii_isdigit(*at))
            behind++;
        else
            behind = 0;
        if (behind <= DIGITS + 1)
            g_string_append_c(out, *at);
    }
    return out;
}

/* What stands between the quotes after `key` at or after text; NULL: nothing. g_free(). */
static char *attribute(const char *text, const char *key)
{
    const char *start = strstr(text, key), *end;

    if (!start)
        return NULL;
    start += strlen(key);
    end = strchr(start, '"');
    return end ? g_strndup(start, (size_t)(end - start)) : NULL;
}

/* The page's name for a letter's shape, which is entered when it is new. */
static const char *name_of(SvgPage *page, const char *shape)
{
    char *name = g_hash_table_lookup(page->names, shape);

    if (!name) {
        name = g_strdup_printf("g%u", g_hash_table_size(page->names));
        g_string_append_printf(page->symbols,
                               "<symbol overflow=\"visible\" id=\"%s\">%s</symbol>\n", name, shape);
        g_hash_table_insert(page->names, g_strdup(shape), name);
    }
    return name;
}

/* Takes the letters out of svg and gives their names in the page by their own. */
static GHashTable *take_letters(SvgPage *page, GString *svg)
{
    GHashTable *letters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GString *rest = g_string_new(NULL);
    const char *at = svg->str, *start;

    while ((start = strstr(at, "<symbol "))) {
        const char *inner = strchr(start, '>'), *end = inner ? strstr(inner, "</symbol>") : NULL;
        char *own = attribute(start, "id=\"");
        if (!end || !own) {
            g_free(own);
            break;
        }
        g_autofree char *shape = g_strndup(inner + 1, (size_t)(end - inner) - 1);
        g_hash_table_insert(letters, own, (void *)name_of(page, shape));
        g_string_append_len(rest, at, start - at);
        at = end + strlen("</symbol>");
    }
    g_string_append(rest, at);
    g_string_assign(svg, rest->str);
    g_string_free(rest, TRUE);
    return letters;
}

/* References to letters get the page's names, all other names a prefix. */
static void rename_all(GString *out, const char *svg, GHashTable *letters, const char *prefix)
{
    static const char *const places[] = {"xlink:href=\"#", " id=\"", "url(#"};

    while (*svg) {
        const char *next = NULL;
        size_t which = 0;
        for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
            const char *found = strstr(svg, places[i]);
            if (found && (!next || found < next)) {
                next = found;
                which = i;
            }
        }
        if (!next)
            break;
        next += strlen(places[which]);
        g_string_append_len(out, svg, next - svg);
        size_t length = strcspn(next, "\")");
        g_autofree char *own = g_strndup(next, length);
        const char *letter = which == 0 ? g_hash_table_lookup(letters, own) : NULL;
        if (letter)
            g_string_append(out, letter);
        else
            g_string_append_printf(out, "%s%s", prefix, own);
        svg = next + length;
    }
    g_string_append(out, svg);
}

void svg_page_add(SvgPage *page, GString *out, const char *svg, const char *words)
{
    const char *start = strstr(svg, "<svg");
    g_autofree char *prefix = g_strdup_printf("m%u-", page->pictures++);

    if (!start)
        return;
    GString *own = shortened(start + strlen("<svg"));
    g_autoptr(GHashTable) letters = take_letters(page, own);
    g_string_append(out, "<svg role=\"img\" aria-label=\"");
    html_text(out, words);
    g_string_append_c(out, '"');
    rename_all(out, own->str, letters, prefix);
    g_string_free(own, TRUE);
}

void svg_page_add_symbols(const SvgPage *page, GString *out)
{
    g_string_append_printf(out,
                           "<svg aria-hidden=\"true\" style=\"position:absolute;width:0;height:0;"
                           "border:0\" xmlns=\"http://www.w3.org/2000/svg\">\n%s</svg>\n",
                           page->symbols->str);
}
