/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-json-text.c: places in a scenario's text, what may stand there, and changes of single
 * values that leave all the rest as it was. */
#include <string.h>

#include "gui/session/json-text.h"
#include "gui/session/suggest.h"

/* The text with the place marked by a bar. */
static GuiJsonPlace place_of(const char *marked, char **ret_text)
{
    const char *bar = strchr(marked, '|');

    *ret_text = g_strdup_printf("%.*s%s", (int)(bar - marked), marked, bar + 1);
    return gui_json_place(*ret_text, (size_t)(bar - marked));
}

static void test_places(void)
{
    static const struct {
        const char *text, *path, *key, *word, *keys;
        bool is_key, quoted;
    } cases[] = {
        {"{|}", "", NULL, "", "", true, false},
        {"{ \"se|ed\": 1, \"vms\": [] }", "", NULL, "seed", "vms", true, true},
        {"{ \"seed\": |", "", "seed", "", "seed", false, false},
        {"{ \"seed\": 12|3 }", "", "seed", "123", "seed", false, false},
        {"{ \"seed\": 1, |", "", NULL, "", "seed", true, false},
        {"{ \"host\": { \"sched\\\"x\": {}, |}, \"b\": 2", "host", NULL, "", "sched\\\"x", true,
         false},
        {"{ \"vms\": [ {\"name\": \"a\"}, {\"na|", "vms", NULL, "na", "", true, true},
        {"{ \"vms\": [ {\"name\": \"a|\", \"nics\": [{\"network\": \"\"}]}", "vms", "name", "a",
         "name nics", false, true},
        {"{ \"vms\": [ {\"nics\": [{\"network\": \"|\"}]}", "vms nics", "network", "", "network",
         false, true},
        {"|", "", NULL, "", "", false, false},
        {"} ] |", "", NULL, "", "", false, false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = NULL, *path = NULL, *keys = NULL, *word = NULL;
        GuiJsonPlace place = place_of(cases[i].text, &text);

        g_test_message("%s", cases[i].text);
        g_ptr_array_add(place.path, NULL);
        g_ptr_array_add(place.keys, NULL);
        path = g_strjoinv(" ", (char **)place.path->pdata);
        keys = g_strjoinv(" ", (char **)place.keys->pdata);
        word = g_strndup(text + place.start, place.end - place.start);
        g_assert_cmpstr(path, ==, cases[i].path);
        g_assert_cmpstr(place.key, ==, cases[i].key);
        g_assert_cmpstr(word, ==, cases[i].word);
        g_assert_cmpstr(keys, ==, cases[i].keys);
        g_assert_true(place.is_key == cases[i].is_key && place.quoted == cases[i].quoted);
        gui_json_place_clear(&place);
    }
}

static const char text[] = "{\n  \"seed\": 1,\n  \"vms\": [\n    {\"name\": \"a\", \"memory\": "
                           "\"2MiB\"},\n    {\"name\": \"b\"}\n  ]\n}\n";

static void test_changes(void)
{
    g_autofree char *seed = gui_json_set(text, "seed", "42");
    g_autofree char *memory = gui_json_set(text, "vms[0].memory", "\"4MiB\"");
    g_autofree char *added = gui_json_set(text, "vms[1].memory", "\"1MiB\"");
    g_autofree char *deep = gui_json_set(text, "host.scheduler.policy", "\"fifo\"");
    g_autofree char *more = gui_json_append(text, "vms", "{}");
    g_autofree char *first = gui_json_remove(text, "vms[0]");
    g_autofree char *last = gui_json_remove(text, "vms[1]");
    g_autofree char *got = gui_json_get(text, "vms[1].name");
    g_autofree char *empty = gui_json_set("{}", "seed", "1");

    g_assert_nonnull(strstr(seed, "  \"seed\": 42,\n"));
    g_assert_cmpuint(strlen(seed), ==, strlen(text) + 1);
    g_assert_nonnull(strstr(memory, "{\"name\": \"a\", \"memory\": \"4MiB\"},\n"));
    g_assert_nonnull(strstr(added, "{\"memory\": \"1MiB\",\"name\": \"b\"}\n"));
    g_assert_true(g_str_has_prefix(
        deep, "{\n  \"host\": {\"scheduler\": {\"policy\": \"fifo\"}},\n  \"seed\": 1,\n"));
    g_assert_nonnull(strstr(more, "{\"name\": \"b\"},\n    {}\n  ]"));
    g_assert_nonnull(strstr(first, "\"vms\": [\n    {\"name\": \"b\"}\n  ]"));
    g_assert_nonnull(strstr(last, "\"2MiB\"}\n  ]"));
    g_assert_cmpstr(got, ==, "\"b\"");
    g_assert_cmpstr(empty, ==, "{\"seed\": 1}");
    g_assert_cmpuint(gui_json_length(text, "vms"), ==, 2);
    g_assert_cmpuint(gui_json_length(text, "seed"), ==, 0);
    /* Where it leads nowhere, nothing is changed. */
    g_assert_null(gui_json_set(text, "seed.x", "1"));
    g_assert_null(gui_json_set(text, "vms[7].memory", "1"));
    g_assert_null(gui_json_set("nothing", "a.b", "1"));
    g_assert_null(gui_json_append(text, "seed", "1"));
    g_assert_null(gui_json_remove(text, "vms[2]"));
    g_assert_null(gui_json_get(text, "vms[0].cpu"));
}

static bool suggests(const char *marked, const char *word)
{
    static const char *const policies[] = {"rr", "fifo", NULL};
    g_autofree char *plain = NULL;
    GuiJsonPlace place = place_of(marked, &plain);
    g_autoptr(GPtrArray) list = gui_suggest(plain, &place, policies);
    bool found = false;

    for (unsigned i = 0; i < list->len; i++)
        found |= !strcmp(((const GuiSuggestion *)list->pdata[i])->word, word);
    gui_json_place_clear(&place);
    return found;
}

static void test_suggestions(void)
{
    g_assert_true(suggests("{ | }", "vms"));
    g_assert_false(suggests("{ | \"vms\": [] }", "vms")); /* it is there already */
    g_assert_true(suggests("{ \"host\": { \"|\" } }", "scheduler"));
    g_assert_false(suggests("{ \"host\": { \"|\" } }", "vms"));
    g_assert_true(suggests("{ \"host\": {\"scheduler\": { \"policy\": \"|\" } } }", "fifo"));
    g_assert_true(suggests("{ \"networks\": [ { \"mode\": | } ] }", "host-only"));
    g_assert_true(suggests("{ \"networks\": [ {\"name\": \"n1\"} ], \"vms\": [ { \"nics\": [ { "
                           "\"network\": \"|\" } ] } ] }",
                           "n1"));
    g_assert_true(suggests("{ \"timeline\": [ { \"|\" } ] }", "at"));
    g_assert_true(suggests("{ \"timeline\": [ { \"do\": \"|\" } ] }", "unplug"));
    g_assert_false(suggests("{ \"nonsense\": { | } }", "vms"));
}

static void test_lines(void)
{
    g_assert_cmpuint(gui_error_line("my: file.json:12: vms[0].memory: wrong", "my: file.json"), ==,
                     12);
    g_assert_cmpuint(gui_error_line("other:12: wrong", "my.json"), ==, 0);
    g_assert_cmpuint(gui_error_line("my.json: not UTF-8", "my.json"), ==, 0);
}

/* However a text is cut off, a place in it is within it. */
static void test_cut_off(void)
{
    for (size_t cut = 0; cut <= strlen(text); cut++) {
        g_autofree char *part = g_strndup(text, cut);

        for (size_t at = 0; at <= cut; at++) {
            GuiJsonPlace place = gui_json_place(part, at);
            g_autoptr(GPtrArray) list = gui_suggest(part, &place, NULL);

            g_assert_cmpuint(place.start, <=, place.end);
            g_assert_cmpuint(place.end, <=, cut);
            gui_json_place_clear(&place);
        }
        g_autofree char *set = gui_json_set(part, "vms[1].memory", "1");
        g_autofree char *removed = gui_json_remove(part, "vms[0].name");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json-text/places", test_places);
    g_test_add_func("/json-text/changes", test_changes);
    g_test_add_func("/json-text/cut-off", test_cut_off);
    g_test_add_func("/suggest/suggestions", test_suggestions);
    g_test_add_func("/suggest/lines", test_lines);
    return g_test_run();
}
