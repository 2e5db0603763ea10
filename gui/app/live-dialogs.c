/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live-dialogs.c: two forms. What is wrong is said below the fields as one types, and the
 * button that sends the command can be pressed once nothing is. */
#include <json-c/json.h>
#include <string.h>

#include "gui/app/common.h"
#include "gui/app/live.h"
#include "sim/scenario/units.h"

typedef struct {
    GuiLive *live;
    GtkBuilder *builder;
    GtkWidget *dialog, *done, *problem;
    char *network; /* forward rule: whose names are in the list of VMs */
} Form;

static void form_free(void *data)
{
    Form *form = data;

    g_object_unref(form->builder);
    g_free(form->network);
    g_free(form);
}

static const SimModel *model_of(Form *form)
{
    return gui_session_model(gui_live_window(form->live)->session);
}

static GtkWidget *part(Form *form, const char *name)
{
    return GTK_WIDGET(gtk_builder_get_object(form->builder, name));
}

static Form *form_new(GuiLive *live, const char *file, const char *done)
{
    Form *form = g_new0(Form, 1);
    g_autofree char *path = g_strconcat(GUI_RESOURCE_PATH, file, NULL);

    form->live = live;
    form->builder = gtk_builder_new_from_resource(path);
    form->dialog = part(form, "dialog");
    form->done = part(form, done);
    form->problem = part(form, "problem");
    gtk_window_set_transient_for(GTK_WINDOW(form->dialog), GTK_WINDOW(gui_live_window(live)));
    g_object_set_data_full(G_OBJECT(form->dialog), "form", form, form_free);
    return form;
}

/* Shows what is wrong (taken over), NULL: nothing. */
static void judge(Form *form, char *problem)
{
    gtk_label_set_text(GTK_LABEL(form->problem), problem ? problem : "");
    gtk_widget_set_sensitive(form->done, problem == NULL);
    g_free(problem);
}

/* The text that is chosen in a list; "": none. Owned by the list. */
static const char *chosen(Form *form, const char *name)
{
    GtkStringObject *item = adw_combo_row_get_selected_item(ADW_COMBO_ROW(part(form, name)));

    return item ? gtk_string_object_get_string(item) : "";
}

static void offer(Form *form, const char *name, const char *const *words, const char *first)
{
    AdwComboRow *row = ADW_COMBO_ROW(part(form, name));
    g_autoptr(GtkStringList) list = gtk_string_list_new(words);

    adw_combo_row_set_model(row, G_LIST_MODEL(list));
    for (unsigned i = 0; words[i]; i++)
        if (!g_strcmp0(words[i], first))
            adw_combo_row_set_selected(row, i);
}

static const char *typed(Form *form, const char *name)
{
    return gtk_editable_get_text(GTK_EDITABLE(part(form, name)));
}

/* A port's number; 0: it is none. */
static unsigned port_of(Form *form, const char *name)
{
    guint64 port = 0;

    return g_ascii_string_to_unsigned(typed(form, name), 10, 1, 65535, &port, NULL) ? (unsigned)port
                                                                                    : 0;
}

static void send(Form *form, json_object *command)
{
    const char *json = json_object_to_json_string_ext(command, JSON_C_TO_STRING_PLAIN);

    g_action_group_activate_action(G_ACTION_GROUP(gui_live_window(form->live)), "command",
                                   g_variant_new_string(json));
    json_object_put(command);
    gtk_window_close(GTK_WINDOW(form->dialog));
}

static void add_text(json_object *object, const char *key, const char *text)
{
    json_object_object_add(object, key, json_object_new_string(text));
}

/* ---- A ping ------------------------------------------------------------------------------- */

static void check_ping(Form *form)
{
    bool icmp = adw_combo_row_get_selected(ADW_COMBO_ROW(part(form, "protocol"))) == 0;

    gtk_widget_set_visible(part(form, "port"), !icmp);
    if (!strcmp(chosen(form, "from"), chosen(form, "to")))
        judge(form, g_strdup(_("Choose two that are not the same.")));
    else if (!icmp && !port_of(form, "port"))
        judge(form, g_strdup(_("The port is a number from 1 to 65535.")));
    else
        judge(form, NULL);
}

static void send_ping(GtkButton *button, Form *form)
{
    static const char *const protocols[] = {"icmp", "udp", "tcp"};
    unsigned protocol = adw_combo_row_get_selected(ADW_COMBO_ROW(part(form, "protocol")));
    json_object *command = json_object_new_object();

    add_text(command, "do", "ping");
    add_text(command, "from", chosen(form, "from"));
    add_text(command, "to", chosen(form, "to"));
    add_text(command, "protocol", protocols[MIN(protocol, 2)]);
    if (protocol > 0)
        json_object_object_add(command, "port", json_object_new_int(port_of(form, "port")));
    send(form, command);
}

void gui_live_ping_dialog(GuiLive *live, const char *from)
{
    static const char *const lists[] = {"from", "to", "protocol"};
    Form *form = form_new(live, "ping.ui", "send");
    g_auto(GStrv) names = gui_live_endpoints(model_of(form));
    const char *const *words = (const char *const *)names;
    unsigned count = g_strv_length(names);

    if (!*from && count > 0)
        from = words[0];
    offer(form, "from", words, from);
    offer(form, "to", words, count > 1 && !strcmp(words[0], from) ? words[1] : words[0]);
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        g_signal_connect_swapped(part(form, lists[i]), "notify::selected", G_CALLBACK(check_ping),
                                 form);
    g_signal_connect_swapped(part(form, "port"), "changed", G_CALLBACK(check_ping), form);
    g_signal_connect(form->done, "clicked", G_CALLBACK(send_ping), form);
    check_ping(form);
    gtk_window_present(GTK_WINDOW(form->dialog));
}

/* ---- A forward rule -------------------------------------------------------------------------- */

static const SimModelNetwork *rule_network(Form *form)
{
    const SimModel *model = model_of(form);

    for (unsigned i = 0; i < model->networks->len; i++) {
        const SimModelNetwork *network = sim_model_network(model, i);

        if (network && !strcmp(network->name, chosen(form, "network")))
            return network;
    }
    return NULL;
}

/* Those whose NATs are the network's. */
static char **machines_of(const SimModel *model, const SimModelNetwork *network)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    for (unsigned i = 0; i < model->vms->len; i++) {
        const SimModelVm *vm = sim_model_vm(model, i);
        bool on_it = false;

        for (unsigned n = 0; vm && n < vm->nic_count; n++)
            on_it |= sim_model_network(model, vm->nics[n].network) == network;
        if (on_it)
            g_strv_builder_add(names, vm->name);
    }
    return g_strv_builder_end(names);
}

/* Has each VM a NAT of its own, so that it need not be named by address? */
static bool alone_behind_nat(const SimModelNetwork *network)
{
    const NetRecipe *recipe = sim_model_recipe(network);

    return recipe && recipe->has_nat && !recipe->has_switch;
}

static char *rule_problem(Form *form, const SimModelNetwork *network)
{
    const char *name = typed(form, "name"), *address = typed(form, "guest-address");
    unsigned host_port = port_of(form, "host-port");
    uint8_t protocol = strcmp(chosen(form, "protocol"), "udp") ? 6 : 17;
    uint32_t ip;

    if (!network)
        return g_strdup(_("No network here has a NAT."));
    if (!*name || strspn(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.") != strlen(name))
        return g_strdup(_("The name has letters, digits, - _ and . and is not empty."));
    for (unsigned i = 0; i < network->rules->len; i++) {
        const SimModelRule *rule = &g_array_index(network->rules, SimModelRule, i);

        if (!strcmp(rule->name, name))
            return g_strdup_printf(_("There is a rule %s already."), name);
        if (rule->host.port == host_port && rule->protocol == protocol)
            return g_strdup_printf(_("Port %u of the host is taken by rule %s."), host_port,
                                   rule->name);
    }
    if (host_port < 1024)
        return g_strdup(_("The host's port is a number from 1024 to 65535."));
    if (*address ? !sim_parse_ipv4(address, &ip) : !alone_behind_nat(network))
        return g_strdup(_("The guest's address is like 10.0.2.15."));
    if (!port_of(form, "guest-port"))
        return g_strdup(_("The guest's port is a number from 1 to 65535."));
    return NULL;
}

static void check_rule(Form *form)
{
    const SimModelNetwork *network = rule_network(form);
    bool one_each = network && alone_behind_nat(network);

    if (network && g_strcmp0(form->network, network->name)) {
        g_auto(GStrv) names = machines_of(model_of(form), network);

        g_free(form->network);
        form->network = g_strdup(network->name);
        offer(form, "vm", (const char *const *)names, NULL);
    }
    gtk_widget_set_visible(part(form, "vm"), one_each);
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(part(form, "guest-address")),
                                  one_each ? _("Address of the guest (empty: the one it has)")
                                           : _("Address of the guest"));
    judge(form, rule_problem(form, network));
}

static void add_rule(GtkButton *button, Form *form)
{
    json_object *command = json_object_new_object(), *rule = json_object_new_object();

    add_text(command, "do", "forward-add");
    add_text(command, "network", chosen(form, "network"));
    add_text(rule, "name", typed(form, "name"));
    add_text(rule, "protocol", chosen(form, "protocol"));
    json_object_object_add(rule, "host_port", json_object_new_int(port_of(form, "host-port")));
    if (*typed(form, "guest-address"))
        add_text(rule, "guest_address", typed(form, "guest-address"));
    json_object_object_add(rule, "guest_port", json_object_new_int(port_of(form, "guest-port")));
    if (gtk_widget_get_visible(part(form, "vm")))
        add_text(rule, "vm", chosen(form, "vm"));
    json_object_object_add(command, "rule", rule);
    send(form, command);
}

void gui_live_forward_dialog(GuiLive *live, const char *network)
{
    static const char *const entries[] = {"name", "host-port", "guest-address", "guest-port"};
    static const char *const lists[] = {"network", "vm", "protocol"};
    Form *form = form_new(live, "forward.ui", "add");
    const SimModel *model = model_of(form);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (unsigned i = 0; i < model->networks->len; i++) {
        const SimModelNetwork *one = sim_model_network(model, i);

        const NetRecipe *recipe = one ? sim_model_recipe(one) : NULL;

        if (recipe && recipe->has_nat)
            g_strv_builder_add(builder, one->name);
    }

    g_auto(GStrv) names = g_strv_builder_end(builder);

    offer(form, "network", (const char *const *)names, network);
    for (size_t i = 0; i < G_N_ELEMENTS(entries); i++)
        g_signal_connect_swapped(part(form, entries[i]), "changed", G_CALLBACK(check_rule), form);
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        g_signal_connect_swapped(part(form, lists[i]), "notify::selected", G_CALLBACK(check_rule),
                                 form);
    g_signal_connect(form->done, "clicked", G_CALLBACK(add_rule), form);
    check_rule(form);
    gtk_window_present(GTK_WINDOW(form->dialog));
}
