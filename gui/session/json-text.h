/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json-text.h: JSON as a person writes it: where in it a place is, and changing single
 * values without touching the rest of the text, its order and its line breaks.
 *
 * Both take text that is not whole: what is being written seldom is.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* What is around a place in the text. */
typedef struct {
    GPtrArray *path;   /* of char *: the keys that lead to the object or list around it; lists
                          have no key of their own */
    bool in_object;    /* else in a list, or outside of everything */
    bool is_key;       /* a key stands or is to stand there; else a value */
    char *key;         /* whose value it is; NULL: a key, or an element of a list */
    GPtrArray *keys;   /* of char *: all keys of the object around it, but for one at the place */
    bool quoted;       /* it is within quotation marks */
    size_t start, end; /* of the word there, marks excluded; byte offsets */
} GuiJsonPlace;

GuiJsonPlace gui_json_place(const char *text, size_t offset);
void gui_json_place_clear(GuiJsonPlace *place);

/* The text of the value at path ("host.scheduler.policy", "vms[1].memory"); NULL: there is none.
 * g_free(). */
char *gui_json_get(const char *text, const char *path);
/* How many elements the list at path has. */
unsigned gui_json_length(const char *text, const char *path);
/* The text with the value at path replaced by value, which is JSON; objects on the way that are
 * missing are made. NULL: the text cannot be followed to there. g_free(). */
char *gui_json_set(const char *text, const char *path, const char *value);
/* The text with an element more, or without one; NULL as above. */
char *gui_json_append(const char *text, const char *path, const char *value);
char *gui_json_remove(const char *text, const char *path);
