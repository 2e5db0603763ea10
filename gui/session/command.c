/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command.c: commands to a run in words, for captions and for who has given one. */
#include <json-c/json.h>
#include <string.h>

#include "gui/session/scene.h"

/* What stands for a command: text with one %s for the value of each key. */
static const struct {
    const char *what;
    const char *pieces[3]; /* before, between and after the values */
    const char *keys[2];
} sentences[] = {
    {"ping", {"", " pings ", ""}, {"from", "to"}},
    {"connect", {"", " connects to ", ""}, {"from", "to"}},
    {"unplug", {"The cable of ", " is pulled", NULL}, {"vm", NULL}},
    {"plug", {"The cable of ", " is plugged in", NULL}, {"vm", NULL}},
    {"start", {"", " is started", NULL}, {"vm", NULL}},
    {"pause", {"", " is paused", NULL}, {"vm", NULL}},
    {"resume", {"", " goes on", NULL}, {"vm", NULL}},
    {"kill", {"", " is killed", NULL}, {"vm", NULL}},
    {"set-weight", {"", " has CPU weight ", ""}, {"vm", "weight"}},
    {"set-mode", {"Network ", " becomes ", ""}, {"network", "mode"}},
    {"forward-remove", {"Forward rule ", " is removed from ", ""}, {"name", "network"}},
    {"set-balloon", {"The balloon of ", " is to hold ", ""}, {"vm", "size"}},
    {"type", {"Something is typed on the console of ", "", NULL}, {"vm", NULL}},
};

static const char *word(json_object *command, const char *key)
{
    json_object *value = NULL;

    return json_object_object_get_ex(command, key, &value) && value ? json_object_get_string(value)
                                                                    : "?";
}

static char *rule_words(json_object *command)
{
    json_object *rule = json_object_object_get(command, "rule");

    return g_strdup_printf("Forward rule %s: %s port %s of the host leads to port %s",
                           word(rule, "name"), word(rule, "protocol"), word(rule, "host_port"),
                           word(rule, "guest_port"));
}

static void append_limit(GString *words, json_object *command, const char *key, const char *what)
{
    json_object *limit = NULL;

    if (!json_object_object_get_ex(command, key, &limit))
        return;
    int64_t rate = json_object_get_int64(json_object_object_get(limit, "rate"));
    g_string_append(words, words->len ? ", and " : " may have ");
    if (rate > 0)
        g_string_append_printf(words, "%" G_GINT64_FORMAT " %s a second", rate, what);
    else
        g_string_append_printf(words, "as many %s as it wants", what);
}

static char *throttle_words(json_object *command)
{
    GString *words = g_string_new(NULL);

    append_limit(words, command, "exits", "exits");
    append_limit(words, command, "device_operations", "device operations");
    g_string_prepend(words, word(command, "vm"));
    return g_string_free(words, FALSE);
}

char *gui_command_words(const char *json)
{
    json_object *command = json_tokener_parse(json);
    char *words = NULL;

    if (json_object_is_type(command, json_type_object)) {
        const char *what = word(command, "do");

        if (!strcmp(what, "forward-add"))
            words = rule_words(command);
        if (!strcmp(what, "set-throttle"))
            words = throttle_words(command);
        for (size_t i = 0; i < G_N_ELEMENTS(sentences) && !words; i++)
            if (!strcmp(what, sentences[i].what))
                words = g_strconcat(sentences[i].pieces[0], word(command, sentences[i].keys[0]),
                                    sentences[i].pieces[1],
                                    sentences[i].keys[1] ? word(command, sentences[i].keys[1]) : "",
                                    sentences[i].pieces[2], NULL);
    }
    json_object_put(command);
    return words ? words : g_strndup(json, 300);
}
