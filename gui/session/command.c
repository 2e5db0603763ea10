/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command.c: commands to a run in words, for captions and for who has given one. */
#include <json-c/json.h>
#include <string.h>

#include "gui/session/scene.h"

#include <glib/gi18n.h>

/* What stands for a command, with one %s for the value of each key. */
static const struct {
    const char *what;
    const char *says;
    const char *keys[2];
} sentences[] = {
    {"ping", N_("%s pings %s"), {"from", "to"}},
    {"connect", N_("%s connects to %s"), {"from", "to"}},
    {"unplug", N_("The cable of %s is pulled"), {"vm", NULL}},
    {"plug", N_("The cable of %s is plugged in"), {"vm", NULL}},
    {"start", N_("%s is started"), {"vm", NULL}},
    {"pause", N_("%s is paused"), {"vm", NULL}},
    {"resume", N_("%s goes on"), {"vm", NULL}},
    {"kill", N_("%s is killed"), {"vm", NULL}},
    {"set-weight", N_("%s has CPU weight %s"), {"vm", "weight"}},
    {"set-mode", N_("Network %s becomes %s"), {"network", "mode"}},
    {"forward-remove", N_("Forward rule %s is removed from %s"), {"name", "network"}},
    {"set-balloon", N_("The balloon of %s is to hold %s"), {"vm", "size"}},
    {"set-tax", N_("The tax on idle memory is %s"), {"tax", NULL}},
    {"type", N_("Something is typed on the console of %s"), {"vm", NULL}},
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

    return g_strdup_printf(_("Forward rule %s: %s port %s of the host leads to port %s"),
                           word(rule, "name"), word(rule, "protocol"), word(rule, "host_port"),
                           word(rule, "guest_port"));
}

static char *limit_words(json_object *limit, const char *vm, bool exits)
{
    unsigned rate = (unsigned)json_object_get_int64(json_object_object_get(limit, "rate"));

    if (exits)
        return rate > 0 ? g_strdup_printf(ngettext("%s may have %u exit a second",
                                                   "%s may have %u exits a second", rate),
                                          vm, rate)
                        : g_strdup_printf(_("%s may have as many exits as it wants"), vm);
    return rate > 0 ? g_strdup_printf(ngettext("%s may have %u device operation a second",
                                               "%s may have %u device operations a second", rate),
                                      vm, rate)
                    : g_strdup_printf(_("%s may have as many device operations as it wants"), vm);
}

static char *throttle_words(json_object *command)
{
    json_object *exits = json_object_object_get(command, "exits");
    json_object *devices = json_object_object_get(command, "device_operations");
    g_autofree char *first = exits ? limit_words(exits, word(command, "vm"), true) : NULL;
    g_autofree char *second = devices ? limit_words(devices, word(command, "vm"), false) : NULL;

    return g_strdup_printf("%s%s%s", first ? first : "", first && second ? "; " : "",
                           second ? second : "");
}

static char *memory_words(json_object *command)
{
    static const char *const keys[] = {"shares", "reservation", "limit"}; /* as in a scenario */
    g_autoptr(GString) list = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        if (json_object_object_get_ex(command, keys[i], NULL))
            g_string_append_printf(list, "%s%s %s", list->len > 0 ? ", " : "", keys[i],
                                   word(command, keys[i]));
    return g_strdup_printf(_("Memory of %s: %s"), word(command, "vm"), list->str);
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
        if (!strcmp(what, "set-memory"))
            words = memory_words(command);
        if (!strcmp(what, "set-balloon") && !json_object_object_get_ex(command, "size", NULL))
            words = g_strdup_printf(_("The memory policy has the balloon of %s again"),
                                    word(command, "vm"));
        for (size_t i = 0; i < G_N_ELEMENTS(sentences) && !words; i++)
            if (!strcmp(what, sentences[i].what))
                words = g_strdup_printf(_(sentences[i].says), word(command, sentences[i].keys[0]),
                                        sentences[i].keys[1] ? word(command, sentences[i].keys[1])
                                                             : "");
    }
    json_object_put(command);
    return words ? words : g_strndup(json, 300);
}
