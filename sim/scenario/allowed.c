/* SPDX-License-Identifier: GPL-2.0-or-later */
/* allowed.c: what a key may hold, in the words of an error message. */
#include "sim/scenario/reader.h"

#include <string.h>

int sim_word_index(const char *const *words, const char *word)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

size_t sim_word_count(const char *const *words)
{
    return words ? g_strv_length((char **)words) : 0;
}

/* The words of a key that this version runs. */
size_t sim_key_runnable_words(const SimKey *key)
{
    return key->later_from > 0 ? key->later_from : sim_word_count(key->words);
}

const char *const *sim_known_words(const SimReader *reader, SimKeyType type)
{
    if (!reader->known)
        return NULL;
    switch (type) {
    case SIM_KEY_PROGRAM: return reader->known->programs;
    case SIM_KEY_POLICY: return reader->known->policies;
    case SIM_KEY_EVENT: return reader->known->events;
    default: return NULL;
    }
}

static void add_machines(GPtrArray *names, const char *prefix, const SimScenarioMachine *machines,
                         size_t count)
{
    for (size_t i = 0; i < count; i++)
        g_ptr_array_add(names, g_strconcat(prefix, machines[i].name, NULL));
}

/* The names that type may refer to, a VM's written with prefix before it. */
GPtrArray *sim_reference_names(const SimReader *reader, SimKeyType type)
{
    const SimScenario *scenario = reader->scenario;
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    if (type == SIM_KEY_NETWORK)
        for (size_t i = 0; i < scenario->network_count; i++)
            g_ptr_array_add(names, g_strdup(scenario->networks[i].name));
    else
        for (size_t i = 0; i < scenario->vm_count; i++)
            g_ptr_array_add(names, g_strconcat(type == SIM_KEY_ENDPOINT ? "vm:" : "",
                                               scenario->vms[i].name, NULL));
    if (type == SIM_KEY_ENDPOINT) {
        g_ptr_array_add(names, g_strdup("host"));
        add_machines(names, "lan:", scenario->lan.hosts, scenario->lan.host_count);
        add_machines(names, "internet:", scenario->internet.servers,
                     scenario->internet.server_count);
    }
    return names;
}

/* ---- What is allowed ---------------------------------------------------- */

static char *range_text(const SimKey *key)
{
    g_autofree char *min = sim_quantity_format(key->quantity, key->min);
    g_autofree char *max = sim_quantity_format(key->quantity, key->max);
    return g_strdup_printf("%s, from %s to %s%s", key->quantity->shape, min, max,
                           key->never ? ", or never" : "");
}

static char *known_text(const SimReader *reader, SimKeyType type, const char *else_text)
{
    const char *const *words = sim_known_words(reader, type);
    g_autofree char *joined = words ? sim_join(words, sim_word_count(words)) : g_strdup(else_text);
    return g_strconcat(
        joined, type == SIM_KEY_PROGRAM ? ", or the path of an ELF file with a / in it" : "", NULL);
}

static char *count_text(const SimKey *key, const char *of)
{
    if (key->min == 0)
        return g_strdup_printf("a list of at most %" G_GUINT64_FORMAT " %s", key->max, of);
    return g_strdup_printf("a list of %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT " %s", key->min,
                           key->max, of);
}

char *sim_key_allowed(const SimReader *reader, const SimKey *key)
{
    switch (key->type) {
    case SIM_KEY_IGNORED:
    case SIM_KEY_LATER: return g_strdup("anything");
    case SIM_KEY_FORMAT: return g_strdup(SIM_SCENARIO_FORMAT);
    case SIM_KEY_TEXT:
        return g_strdup_printf("a string of %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
                               " characters",
                               key->min, key->max);
    case SIM_KEY_LINES: return g_strdup("a string, or a list of strings: its lines");
    case SIM_KEY_TEXTS: return count_text(key, "strings");
    case SIM_KEY_NAME:
        return g_strdup_printf("a letter and then at most %u letters, digits, - or _",
                               SIM_MAX_NAME_LENGTH - 1);
    case SIM_KEY_ID: return g_strdup("lower-case letters, digits and -, in parts joined by /");
    case SIM_KEY_PROGRAM: return known_text(reader, key->type, "the name of a program");
    case SIM_KEY_POLICY: return known_text(reader, key->type, "the name of a policy");
    case SIM_KEY_EVENT: return known_text(reader, key->type, "the name of an event type");
    case SIM_KEY_COUNTER: return g_strdup("a path such as vms.NAME.exits.mmio");
    case SIM_KEY_WHERE: return g_strdup("an object of event fields and their values");
    case SIM_KEY_BOOL: return g_strdup("true or false");
    case SIM_KEY_INTEGER:
        return g_strdup_printf("a whole number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT,
                               key->min, key->max);
    case SIM_KEY_QUANTITY: return range_text(key);
    case SIM_KEY_WORD: return sim_join(key->words, sim_key_runnable_words(key));
    case SIM_KEY_WORDS: {
        g_autofree char *words = sim_join(key->words, sim_word_count(key->words));
        return g_strdup_printf("a list of some of %s", words);
    }
    case SIM_KEY_PCPUS:
        return g_strdup_printf("a list of numbers from 0 to %" G_GUINT64_FORMAT,
                               reader->scenario->host.pcpus - 1);
    case SIM_KEY_MAC:
        return g_strdup("six bytes such as 02:00:00:00:00:01, not zero and not a group's");
    case SIM_KEY_IPV4: return g_strdup("an IPv4 address such as 10.0.0.1");
    case SIM_KEY_BIND:
        return g_strdup("an IPv4 address of the host, 127.0.0.1 among them, or \"\" for every one");
    case SIM_KEY_RANGE: return g_strdup("first and last, such as 10.0.0.4-10.0.0.254");
    case SIM_KEY_ADDRESS: return g_strdup("an IPv4 address such as 10.0.0.1 or 10.0.0.1/24");
    case SIM_KEY_GROUP_MAC: return g_strdup("six bytes such as 02:00:00:00:00:01");
    case SIM_KEY_PREFIX:
        return g_strdup("an IPv4 address such as 10.0.0.1 or a network such as 10.0.0.0/24");
    case SIM_KEY_VLANS:
        return g_strdup_printf("a list of 1 to %u whole numbers from 1 to 4094", SIM_MAX_VLANS);
    case SIM_KEY_SUBNET: return g_strdup("an IPv4 network such as 10.0.0.0/24, from /8 to /30");
    case SIM_KEY_VM:
    case SIM_KEY_NETWORK:
    case SIM_KEY_ENDPOINT: {
        g_autoptr(GPtrArray) names = sim_reference_names(reader, key->type);
        return names->len > 0 ? sim_join((const char *const *)names->pdata, names->len)
                              : g_strdup("none, there is none");
    }
    case SIM_KEY_OBJECT: return g_strdup(key->object->noun);
    case SIM_KEY_LIST: return count_text(key, "objects");
    }
    g_assert_not_reached();
}
