/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json-text.c: any text as a scenario that is being written (gui/session/json-text.h). The
 * first bytes choose a place and a path; a place lies within the text, and in text that is JSON a
 * value that was set can be read back. */
#include <stdint.h>
#include <string.h>

#include "gui/session/json-text.h"
#include "gui/session/suggest.h"
#include "sim/scenario/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {
        "seed", "vms[0].memory", "vms[1]", "host.scheduler.policy", "vms", "networks[2].mode"};
    const char *path;
    size_t offset;

    if (size < 2)
        return 0;

    g_autofree char *text = g_strndup((const char *)data + 2, size - 2);

    path = paths[data[0] % G_N_ELEMENTS(paths)];
    offset = data[1] * strlen(text) / 255;
    if (!g_utf8_validate(text, -1, NULL))
        return 0;

    GuiJsonPlace place = gui_json_place(text, offset);
    g_autoptr(GPtrArray) list = gui_suggest(text, &place, NULL);

    g_assert_cmpuint(place.start, <=, place.end);
    g_assert_cmpuint(place.end, <=, strlen(text));
    gui_json_place_clear(&place);

    g_autoptr(SimSource) whole = sim_source_new(text, strlen(text), "t", 32, NULL);
    g_autofree char *set = gui_json_set(text, path, "7");
    g_autofree char *got = set ? gui_json_get(set, path) : NULL;
    g_autofree char *more = gui_json_append(text, path, "{}");
    g_autofree char *less = gui_json_remove(text, path);

    if (set && whole)
        g_assert_cmpstr(got, ==, "7");
    return 0;
}
