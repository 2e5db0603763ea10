/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live-menu.c: what can be done to machines and networks, as menus of the action win.command,
 * whose parameter is the command's JSON. */
#include <json-c/json.h>
#include <string.h>

#include "gui/app/common.h"
#include "gui/app/live.h"
#include "gui/session/names.h"

/* ---- Endpoints ------------------------------------------------------------------------------- */

char *gui_live_endpoint(const SimModel *model, GuiEntity entity)
{
    const SimModelPort *port =
        entity.kind == GUI_ENTITY_PORT ? sim_model_port(model, entity.a) : NULL;
    const SimModelVm *vm = NULL;

    if (entity.kind == GUI_ENTITY_VM || entity.kind == GUI_ENTITY_VCPU ||
        entity.kind == GUI_ENTITY_NIC)
        vm = sim_model_vm(model, entity.a);
    else if (port && port->vm != SIM_NONE)
        vm = sim_model_vm(model, port->vm);
    if (vm)
        return vm->nic_count > 0 ? g_strdup_printf("vm:%s", vm->name) : NULL;
    for (unsigned i = 0; i < model->endpoints->len; i++) {
        const SimModelEndpoint *end = &g_array_index(model->endpoints, SimModelEndpoint, i);
        const SimModelPort *own = sim_model_port(model, end->port);

        if ((entity.kind == GUI_ENTITY_HOST && end->kind == SIM_AT_HOST) ||
            (entity.kind == GUI_ENTITY_PART && own && own->part == entity.a) ||
            (port && own && own->part == port->part))
            return g_strdup(end->name);
    }
    return NULL;
}

char **gui_live_endpoints(const SimModel *model)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (unsigned i = 0; i < model->vms->len; i++) {
        g_autofree char *name = gui_live_endpoint(model, (GuiEntity){GUI_ENTITY_VM, i, 0, 0});

        if (name)
            g_strv_builder_add(names, name);
    }
    for (unsigned i = 0; i < model->endpoints->len; i++) {
        const SimModelEndpoint *end = &g_array_index(model->endpoints, SimModelEndpoint, i);

        if (g_hash_table_add(seen, end->name)) /* one for each NIC */
            g_strv_builder_add(names, end->name);
    }
    return g_strv_builder_end(names);
}

/* ---- Pieces ------------------------------------------------------------------------------------
 */

/* Keys and values in turn, all of them texts, but for "weight" and "nic". */
static void append(GMenu *menu, const char *label, const char *first, ...)
{
    json_object *command = json_object_new_object();
    g_autoptr(GMenuItem) item = g_menu_item_new(label, NULL);
    va_list arguments;

    va_start(arguments, first);
    for (const char *key = first; key; key = va_arg(arguments, const char *)) {
        const char *value = va_arg(arguments, const char *);
        bool number = !strcmp(key, "weight") || !strcmp(key, "nic");

        json_object_object_add(command, key,
                               number ? json_object_new_int64(g_ascii_strtoll(value, NULL, 10))
                                      : json_object_new_string(value));
    }
    va_end(arguments);
    g_menu_item_set_action_and_target(
        item, "win.command", "s", json_object_to_json_string_ext(command, JSON_C_TO_STRING_PLAIN));
    g_menu_append_item(menu, item);
    json_object_put(command);
}

/* The command as JSON, taken over. */
static void append_json(GMenu *menu, const char *label, char *json)
{
    g_autoptr(GMenuItem) item = g_menu_item_new(label, NULL);

    g_menu_item_set_action_and_target(item, "win.command", "s", json);
    g_menu_append_item(menu, item);
    g_free(json);
}

static void append_action(GMenu *menu, const char *label, const char *action, const char *target)
{
    g_autoptr(GMenuItem) item = g_menu_item_new(label, NULL);

    g_menu_item_set_action_and_target(item, action, "s", target);
    g_menu_append_item(menu, item);
}

static GMenu *ping_menu(const SimModel *model, const char *from)
{
    GMenu *menu = g_menu_new();
    g_auto(GStrv) names = gui_live_endpoints(model);

    for (char **name = names; *name; name++)
        if (strcmp(*name, from))
            append(menu, *name, "do", "ping", "from", from, "to", *name, NULL);
    append_action(menu, _("More …"), "win.ping", from);
    return menu;
}

/* ---- A machine ---------------------------------------------------------------------------------
 */

static void append_cables(GMenu *menu, const SimModel *model, const SimModelVm *vm)
{
    for (unsigned n = 0; n < vm->nic_count; n++) {
        const SimModelPort *port = sim_model_port(model, vm->nics[n].port);
        bool up = port && port->up;
        g_autofree char *number = g_strdup_printf("%u", n);
        g_autofree char *nic =
            vm->nic_count > 1 ? g_strdup_printf(_("%s, NIC %u"), vm->name, n) : g_strdup(vm->name);
        g_autofree char *label = up ? g_strdup_printf(_("Pull the cable of %s"), nic)
                                    : g_strdup_printf(_("Plug in the cable of %s"), nic);

        append(menu, label, "do", up ? "unplug" : "plug", "vm", vm->name, "nic", number, NULL);
    }
}

/* Each label names its machine: a screen reader says it without the menu around it. */
static void append_states(GMenu *menu, const SimModelVm *vm)
{
    bool running = vm->state == SIM_VM_RUNNING, paused = vm->state == SIM_VM_PAUSED;
    g_autofree char *start = g_strdup_printf(_("Start %s"), vm->name);
    g_autofree char *pause = g_strdup_printf(_("Pause %s"), vm->name);
    g_autofree char *resume = g_strdup_printf(_("Let %s go on"), vm->name);
    g_autofree char *kill = g_strdup_printf(_("Kill %s"), vm->name);

    if (running)
        append(menu, pause, "do", "pause", "vm", vm->name, NULL);
    else if (paused)
        append(menu, resume, "do", "resume", "vm", vm->name, NULL);
    else
        append(menu, start, "do", "start", "vm", vm->name, NULL);
    if (running || paused)
        append(menu, kill, "do", "kill", "vm", vm->name, NULL);
}

/* So many a second of what it may ask of the hypervisor. */
static void append_throttle(GMenu *menu, const SimModelVm *vm, enum SimThrottleKind kind,
                            const char *key, const char *heading)
{
    static const unsigned rates[] = {0, 100, 1000, 10000};
    g_autoptr(GMenu) rate = g_menu_new();

    for (size_t i = 0; i < G_N_ELEMENTS(rates); i++) {
        g_autofree char *label = rates[i] ? g_strdup_printf(_("%u a second"), rates[i])
                                          : g_strdup(_("As many as it wants"));

        append_json(rate, label,
                    g_strdup_printf("{\"do\":\"set-throttle\",\"vm\":\"%s\",\"%s\":"
                                    "{\"rate\":%u}}",
                                    vm->name, key, rates[i]));
    }
    g_autofree char *now = vm->throttles[kind].rate
                               ? g_strdup_printf(_("%u a second"), vm->throttles[kind].rate)
                               : g_strdup(_("without limit"));
    g_autofree char *label = g_strdup_printf(heading, vm->name, now);

    g_menu_append_submenu(menu, label, G_MENU_MODEL(rate));
}

/* How much of its memory its balloon is to hold, in eighths. */
static void append_balloon(GMenu *menu, const SimModelVm *vm)
{
    static const unsigned eighths[] = {0, 1, 2, 4, 6};
    g_autoptr(GMenu) size = g_menu_new();
    g_autofree char *label =
        g_strdup_printf(_("Balloon of %s, now %u of %u KiB asked for"), vm->name,
                        vm->ballooned_pages * 4, vm->balloon_target * 4);

    for (size_t i = 0; i < G_N_ELEMENTS(eighths); i++) {
        unsigned kib = (unsigned)((uint64_t)vm->memory_pages * 4 * eighths[i] / 8);
        g_autofree char *text = kib ? g_strdup_printf(_("%u KiB"), kib) : g_strdup(_("Nothing"));

        append_json(size, text,
                    g_strdup_printf("{\"do\":\"set-balloon\",\"vm\":\"%s\",\"size\":"
                                    "\"%uKiB\"}",
                                    vm->name, kib));
    }
    g_menu_append_submenu(menu, label, G_MENU_MODEL(size));
}

static GMenu *machine_menu(const SimModel *model, const SimModelVm *vm)
{
    static const char *const weights[] = {"64", "128", "256", "512", "1024"};
    GMenu *menu = g_menu_new();
    g_autoptr(GMenu) network = g_menu_new(), state = g_menu_new(), weight = g_menu_new();
    g_autofree char *from = g_strdup_printf("vm:%s", vm->name);
    g_autofree char *heading = g_strdup_printf(_("CPU weight of %s, now %u"), vm->name, vm->weight);

    if (vm->nic_count) {
        g_autoptr(GMenu) ping = ping_menu(model, from);

        /* Names of submenus differ, for GTK tells them apart by these. */
        g_autofree char *label = g_strdup_printf(_("Ping from %s"), vm->name);

        g_menu_append_submenu(network, label, G_MENU_MODEL(ping));
        append_cables(network, model, vm);
        g_menu_append_section(menu, NULL, G_MENU_MODEL(network));
    }
    append_states(state, vm);
    g_menu_append_section(menu, NULL, G_MENU_MODEL(state));
    for (size_t i = 0; i < G_N_ELEMENTS(weights); i++)
        append(weight, weights[i], "do", "set-weight", "vm", vm->name, "weight", weights[i], NULL);
    g_menu_append_submenu(menu, heading, G_MENU_MODEL(weight));
    append_throttle(menu, vm, SIM_THROTTLE_EXITS, "exits", _("Exits of %s, now %s"));
    append_throttle(menu, vm, SIM_THROTTLE_DEVICE_OPERATIONS, "device_operations",
                    _("Device operations of %s, now %s"));
    append_balloon(menu, vm);
    return menu;
}

/* ---- A network ---------------------------------------------------------------------------------
 */

static bool is_nat(const SimModelNetwork *network)
{
    const NetRecipe *recipe = sim_model_recipe(network);

    return recipe && recipe->has_nat;
}

/* NULL: the LAN and the Internet stay as they are. */
static GMenu *network_menu(const SimModelNetwork *network)
{
    g_autoptr(GMenu) mode = g_menu_new(), rules = g_menu_new();
    GMenu *menu;

    if (!sim_model_recipe(network))
        return NULL;
    menu = g_menu_new();
    for (unsigned i = 0; net_recipe(i); i++)
        if (net_recipe(i) != sim_model_recipe(network))
            append(mode, net_recipe(i)->name, "do", "set-mode", "network", network->name, "mode",
                   net_recipe(i)->name, NULL);

    g_autofree char *heading = g_strdup_printf(_("Mode of %s, now %s"), network->name,
                                               gui_name(SIM_NAMES(NetMode), network->mode));

    g_menu_append_submenu(menu, heading, G_MENU_MODEL(mode));
    if (is_nat(network))
        append_action(rules, _("Add a forward rule …"), "win.add-forward", network->name);
    for (unsigned i = 0; i < network->rules->len; i++) {
        const SimModelRule *rule = &g_array_index(network->rules, SimModelRule, i);
        g_autofree char *label = g_strdup_printf(_("Remove forward rule %s"), rule->name);

        append(rules, label, "do", "forward-remove", "network", network->name, "name", rule->name,
               NULL);
    }
    g_menu_append_section(menu, NULL, G_MENU_MODEL(rules));
    return menu;
}

/* ---- All ---------------------------------------------------------------------------------------
 */

static GMenu *whole_menu(const SimModel *model)
{
    GMenu *menu = g_menu_new();
    g_autoptr(GMenu) machines = g_menu_new(), networks = g_menu_new(), top = g_menu_new();

    append_action(top, _("Send a ping …"), "win.ping", "");
    g_menu_append(top, _("Undo the last command"), "win.undo");
    g_menu_append_section(menu, NULL, G_MENU_MODEL(top));
    for (unsigned i = 0; i < model->vms->len; i++) {
        const SimModelVm *vm = sim_model_vm(model, i);
        g_autoptr(GMenu) own = vm ? machine_menu(model, vm) : NULL;

        if (own)
            g_menu_append_submenu(machines, vm->name, G_MENU_MODEL(own));
    }
    for (unsigned i = 0; i < model->networks->len; i++) {
        const SimModelNetwork *network = sim_model_network(model, i);
        g_autoptr(GMenu) own = network ? network_menu(network) : NULL;

        if (own)
            g_menu_append_submenu(networks, network->name, G_MENU_MODEL(own));
    }
    g_menu_append_section(menu, _("Virtual machines"), G_MENU_MODEL(machines));
    g_menu_append_section(menu, _("Networks"), G_MENU_MODEL(networks));
    return menu;
}

GMenuModel *gui_live_menu(const SimModel *model, GuiEntity entity)
{
    const SimModelVm *vm = NULL;
    const SimModelNetwork *network = NULL;
    const SimModelPort *port = sim_model_port(model, entity.a);
    g_autofree char *end = NULL;
    GMenu *menu = NULL;

    switch (entity.kind) {
    case GUI_ENTITY_NONE: return G_MENU_MODEL(whole_menu(model));
    case GUI_ENTITY_VM:
    case GUI_ENTITY_VCPU:
    case GUI_ENTITY_NIC: vm = sim_model_vm(model, entity.a); break;
    case GUI_ENTITY_NETWORK: network = sim_model_network(model, entity.a); break;
    case GUI_ENTITY_PORT:
        port = port && port->peer != SIM_MODEL_NO_PORT ? sim_model_port(model, port->peer) : port;
        vm = port && port->vm != SIM_NONE ? sim_model_vm(model, port->vm) : NULL;
        break;
    default: break;
    }
    if (vm)
        return G_MENU_MODEL(machine_menu(model, vm));
    if (network)
        return G_MENU_MODEL(network_menu(network));
    end = gui_live_endpoint(model, entity);
    if (end) {
        g_autoptr(GMenu) ping = ping_menu(model, end);

        menu = g_menu_new();
        g_menu_append_submenu(menu, _("Ping"), G_MENU_MODEL(ping));
    }
    return G_MENU_MODEL(menu);
}
