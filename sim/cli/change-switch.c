/* SPDX-License-Identifier: GPL-2.0-or-later */
/* change-switch.c: changes where a switch or a command of the timeline may have stopped the
 * frame: a row of a flow table, a rule of an access list, a VLAN that a trunk does not carry,
 * a policy of a port, a limit, a loss; a cable pulled, a VM paused or never started.
 *
 * Each takes one thing out, or puts one rule in front. What did not matter changes nothing
 * when it is tried, and is passed over.
 */
#include <string.h>

#include "sim/cli/change-private.h"

static const char *word(json_object *object, const char *key)
{
    const char *text = json_object_get_string(json_object_object_get(object, key));

    return text ? text : "";
}

/* A list without one of its elements. */
static json_object *without(json_object *list, size_t index)
{
    json_object *copy = cli_change_copy(list);

    json_object_array_del_idx(copy, index, 1);
    return copy;
}

/* ---- Commands ---------------------------------------------------------------------- */

static bool may_hinder(const char *what)
{
    static const char *const words[] = {
        "unplug", "unplug-trunk",   "flow-add", "kill", "flow-remove",      "set-acl",
        "pause",  "forward-remove", "set-mode", "type", "set-link-quality", NULL};

    return g_strv_contains(words, what);
}

void cli_change_timeline(CliChanges *changes)
{
    json_object *timeline = json_object_object_get(changes->values, "timeline");
    size_t count = timeline ? json_object_array_length(timeline) : 0;

    for (size_t i = 0; i < count; i++) {
        json_object *command = json_object_array_get_idx(timeline, i);
        const char *what = word(command, "do"), *whose = word(command, "vm");

        if (!may_hinder(what))
            continue;
        json_object *kept = without(timeline, i);

        cli_change_add(changes,
                       !strcmp(what, "unplug")
                           ? g_strdup_printf("with the cable of vm:%s left in", whose)
                           : g_strdup_printf("without the command %s%s%s at %s", what,
                                             *whose ? " vm:" : "", whose, word(command, "at")),
                       g_strdup_printf("timeline=%s", cli_change_plain(kept)));
        json_object_put(kept);
    }
}

/* ---- A NIC's port -------------------------------------------------------------------- */

static json_object *allow_rule(const CliChanges *changes, const char *port_key)
{
    json_object *rule = json_object_new_object();

    json_object_object_add(rule, "action", json_object_new_string("allow"));
    json_object_object_add(rule, "protocol",
                           json_object_new_string(sim_protocol_name(changes->question->protocol)));
    if (changes->question->protocol != SIM_PROTOCOL_ICMP)
        json_object_object_add(rule, port_key, json_object_new_int((int)changes->question->port));
    return rule;
}

static void set_acl(CliChanges *changes, const SimScenarioVm *vm, size_t nic, const char *list,
                    json_object *rules, char *text)
{
    size_t number = (size_t)(vm - changes->scenario->vms);
    json_object *acl =
        cli_change_copy(json_object_object_get(cli_change_nic(changes, number, nic), "acl"));

    json_object_object_add(acl, list, rules);
    cli_change_add(changes, text,
                   g_strdup_printf("vms.%s.nics.%zu.acl=%s", vm->name, nic, cli_change_plain(acl)));
    json_object_put(acl);
}

/* A rule in front that lets the question pass, or its answer. */
static void allow_first(CliChanges *changes, const SimScenarioVm *vm, size_t nic, const char *list,
                        json_object *rules)
{
    static const char *const keys[] = {"destination_port", "source_port"};
    bool icmp = changes->question->protocol == SIM_PROTOCOL_ICMP;

    for (unsigned i = 0; i < (icmp ? 1 : 2); i++) {
        json_object *more = json_object_new_array();
        json_object *rule = allow_rule(changes, keys[i]);
        g_autofree char *port =
            icmp ? g_strdup("")
                 : g_strdup_printf(" %s port %u", i ? "from" : "to", changes->question->port);

        json_object_array_add(more, rule);
        for (size_t r = 0; r < json_object_array_length(rules); r++)
            json_object_array_add(more, json_object_get(json_object_array_get_idx(rules, r)));
        set_acl(changes, vm, nic, list, more,
                g_strdup_printf("with a rule first that allows %s%s in the list \"%s\" of NIC %zu "
                                "of vm:%s",
                                sim_protocol_name(changes->question->protocol), port, list, nic,
                                vm->name));
    }
}

static void access_lists(CliChanges *changes, const SimScenarioVm *vm, size_t nic)
{
    static const char *const lists[] = {"in", "out"};
    size_t number = (size_t)(vm - changes->scenario->vms);
    json_object *acl = json_object_object_get(cli_change_nic(changes, number, nic), "acl");

    for (unsigned i = 0; acl && i < G_N_ELEMENTS(lists); i++) {
        json_object *rules = json_object_object_get(acl, lists[i]);
        size_t count = rules ? json_object_array_length(rules) : 0;

        for (size_t r = 0; r < count; r++)
            if (!strcmp(word(json_object_array_get_idx(rules, r), "action"), "deny"))
                set_acl(changes, vm, nic, lists[i], without(rules, r),
                        g_strdup_printf("without rule %zu of the list \"%s\" of NIC %zu of vm:%s",
                                        r + 1, lists[i], nic, vm->name));
        if (count > 0)
            allow_first(changes, vm, nic, lists[i], rules);
    }
}

/* One key left out. Its default lets everything pass. */
static void leave_out(CliChanges *changes, const SimScenarioVm *vm, size_t nic, const char *key)
{
    size_t number = (size_t)(vm - changes->scenario->vms);
    json_object *values = cli_change_nic(changes, number, nic);

    if (!json_object_object_get(values, key))
        return;
    json_object *copy = cli_change_copy(values);

    json_object_object_del(copy, key);
    cli_change_add(changes,
                   g_strdup_printf("without \"%s\" at NIC %zu of vm:%s", key, nic, vm->name),
                   g_strdup_printf("vms.%s.nics.%zu=%s", vm->name, nic, cli_change_plain(copy)));
    json_object_put(copy);
}

void cli_change_nic_port(CliChanges *changes, const SimScenarioEndpoint *end)
{
    static const char *const keys[] = {
        "forged_transmits", "mac_changes", "mac_limit", "rate_cap", "shape", "trunk", "vlan"};
    const SimScenarioVm *vm = cli_change_vm(changes, end);

    if (vm && vm->start_at_ns == SIM_TIME_NEVER)
        cli_change_add(changes, g_strdup_printf("with vm:%s switched on", vm->name),
                       g_strdup_printf("vms.%s.start_at=0ns", vm->name));
    for (size_t n = 0; vm && n < vm->nic_count; n++) {
        access_lists(changes, vm, n);
        for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++)
            leave_out(changes, vm, n, keys[i]);
    }
}

/* ---- Switches and what joins them --------------------------------------------------- */

static void flows(CliChanges *changes, const SimScenarioNetwork *network, json_object *sw)
{
    json_object *rows = json_object_object_get(sw, "flows");

    for (size_t i = 0; rows && i < json_object_array_length(rows); i++) {
        json_object *kept = without(rows, i);

        cli_change_add(changes,
                       g_strdup_printf("without flow %s of switch %s",
                                       word(json_object_array_get_idx(rows, i), "name"),
                                       word(sw, "name")),
                       g_strdup_printf("networks.%s.switches.%s.flows=%s", network->name,
                                       word(sw, "name"), cli_change_plain(kept)));
        json_object_put(kept);
    }
    if (json_object_get_int64(json_object_object_get(sw, "storm_control")) > 0)
        cli_change_add(changes,
                       g_strdup_printf("without storm control at switch %s", word(sw, "name")),
                       g_strdup_printf("networks.%s.switches.%s.storm_control=0", network->name,
                                       word(sw, "name")));
}

static void carry_all(CliChanges *changes, const SimScenarioNetwork *network, json_object *trunk)
{
    if (!json_object_object_get(trunk, "vlans") &&
        json_object_get_int64(json_object_object_get(trunk, "native")) == 1)
        return;
    json_object *open = cli_change_copy(trunk);

    json_object_object_del(open, "vlans");
    json_object_object_del(open, "native");
    cli_change_add(changes, g_strdup_printf("with all VLANs on trunk %s", word(trunk, "name")),
                   g_strdup_printf("networks.%s.trunks.%s=%s", network->name, word(trunk, "name"),
                                   cli_change_plain(open)));
    json_object_put(open);
}

static void without_key(CliChanges *changes, const SimScenarioNetwork *network, json_object *values,
                        const char *key, const char *text)
{
    if (!json_object_object_get(values, key))
        return;
    json_object *copy = cli_change_copy(values);

    json_object_object_del(copy, key);
    cli_change_add(changes, g_strdup_printf("%s on %s", text, network->name),
                   g_strdup_printf("networks.%s=%s", network->name, cli_change_plain(copy)));
    json_object_put(copy);
}

static void network_of(CliChanges *changes, size_t number)
{
    const SimScenarioNetwork *network = &changes->scenario->networks[number];
    json_object *values = cli_change_element(changes, "networks", number);
    json_object *switches = json_object_object_get(values, "switches");
    json_object *trunks = json_object_object_get(values, "trunks");

    for (size_t i = 0; switches && i < json_object_array_length(switches); i++)
        flows(changes, network, json_object_array_get_idx(switches, i));
    for (size_t i = 0; trunks && i < json_object_array_length(trunks); i++)
        carry_all(changes, network, json_object_array_get_idx(trunks, i));
    if (network->quality.loss_ppm > 0)
        cli_change_add(changes, g_strdup_printf("without loss on %s", network->name),
                       g_strdup_printf("networks.%s.loss=0%%", network->name));
    without_key(changes, network, values, "mtu", "without its own MTU");
    if (trunks && json_object_array_length(trunks) > 0 &&
        !json_object_object_get(values, "spanning_tree"))
        cli_change_add(changes, g_strdup_printf("with a spanning tree on %s", network->name),
                       g_strdup_printf("networks.%s.spanning_tree={}", network->name));
}

void cli_change_switches(CliChanges *changes, const SimScenarioEndpoint *end)
{
    const SimScenarioVm *vm = cli_change_vm(changes, end);

    for (size_t n = 0; vm && n < vm->nic_count; n++)
        network_of(changes, vm->nics[n].network.index);
}
