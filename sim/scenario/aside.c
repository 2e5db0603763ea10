/* SPDX-License-Identifier: GPL-2.0-or-later */
/* aside.c: a network is given another mode than its file has; what the new mode cannot use
 * is set aside, as a hypervisor keeps the settings of one attachment while another is chosen.
 *
 * Works on the values before they are read, and only for --set networks.NAME.mode=...: what
 * a file says of its own mode must fit it. Rules go where there is no NAT, a subnet and a DHCP
 * server where the LAN has its own, a static address where it is not of the subnet, is
 * somebody else's, or has not the mode's router beside it. Who has no address then asks by DHCP,
 * where somebody answers.
 */
#include <string.h>

#include "sim/scenario/override.h"
#include "sim/scenario/reader.h"

typedef struct {
    json_object *values, *network;
    const char *name;
    const NetRecipe *recipe;
    SimCidr subnet; /* prefix 0: each NIC has its own */
    SimCidr lan;
    uint32_t lan_router;
    GString *note; /* what was set aside, in words; "" */
} Aside;

static const char *text_of(json_object *object, const char *key)
{
    json_object *value = NULL;

    if (json_object_is_type(object, json_type_object))
        json_object_object_get_ex(object, key, &value);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static json_object *list_of(json_object *object, const char *key)
{
    json_object *value = NULL;

    if (json_object_is_type(object, json_type_object))
        json_object_object_get_ex(object, key, &value);
    return json_object_is_type(value, json_type_array) ? value : NULL;
}

static size_t length_of(json_object *list)
{
    return list ? json_object_array_length(list) : 0;
}

static bool is_here(const Aside *aside, json_object *object)
{
    return g_strcmp0(text_of(object, "network"), aside->name) == 0;
}

G_GNUC_PRINTF(2, 3)
static void tell(Aside *aside, const char *format, ...)
{
    va_list arguments;

    if (aside->note->len > 0)
        g_string_append(aside->note, "; ");
    va_start(arguments, format);
    g_string_append_vprintf(aside->note, format, arguments);
    va_end(arguments);
}

/* False: there is none. An empty list is none, too. */
static bool take_out(json_object *object, const char *key)
{
    json_object *value;

    if (!json_object_object_get_ex(object, key, &value))
        return false;
    bool empty =
        json_object_is_type(value, json_type_array) && json_object_array_length(value) == 0;
    json_object_object_del(object, key);
    return !empty;
}

/* ---- Subnets ------------------------------------------------------------------- */

static bool is_inside(SimCidr subnet, uint32_t address)
{
    uint32_t host = ~sim_prefix_mask(subnet.prefix);

    return (address & ~host) == subnet.address && (address & host) != 0 && (address & host) != host;
}

static SimCidr subnet_of_lan(json_object *values)
{
    json_object *lan = NULL;
    SimCidr subnet;
    const char *text =
        json_object_object_get_ex(values, "lan", &lan) ? text_of(lan, "subnet") : NULL;

    return text && sim_parse_cidr(text, &subnet) ? subnet
                                                 : (SimCidr){192u << 24 | 168u << 16 | 1u << 8, 24};
}

static uint32_t router_of_lan(json_object *values, SimCidr subnet)
{
    json_object *lan = NULL;
    uint32_t router;
    const char *text =
        json_object_object_get_ex(values, "lan", &lan) ? text_of(lan, "router") : NULL;

    return text && sim_parse_ipv4(text, &router) ? router : subnet.address + 1;
}

/* Where the network's addresses are now; prefix 0: each NIC has its own subnet. */
static SimCidr new_subnet(const Aside *aside)
{
    const NetRecipe *recipe = aside->recipe;
    json_object *networks = list_of(aside->values, "networks");
    const char *text = text_of(aside->network, "subnet");
    uint32_t host_nics = 0, number = 0;
    SimCidr given;

    if (recipe->subnet_source == NET_SUBNET_OF_LAN)
        return aside->lan;
    if (text && sim_parse_cidr(text, &given))
        return given;
    for (; json_object_array_get_idx(networks, number) != aside->network; number++) {
        const char *mode = text_of(json_object_array_get_idx(networks, number), "mode");
        const NetRecipe *other = mode ? net_recipe_find(mode) : NULL;
        host_nics += other && other->has_host_nic;
    }
    switch ((NetSubnetSource)recipe->subnet_source) {
    case NET_SUBNET_BY_NETWORK: return (SimCidr){recipe->subnet + (number << 8), 24};
    case NET_SUBNET_BY_HOST_NIC: return (SimCidr){recipe->subnet + (host_nics << 8), 24};
    case NET_SUBNET_FIXED: return (SimCidr){recipe->subnet, 24};
    default: return (SimCidr){0};
    }
}

static SimCidr nic_subnet(const Aside *aside, size_t nic)
{
    return aside->subnet.prefix > 0 ? aside->subnet
                                    : (SimCidr){aside->recipe->subnet + ((uint32_t)nic << 8), 24};
}

/* Does the mode, or the LAN, need the address for itself? */
static bool is_held(const Aside *aside, SimCidr subnet, uint32_t address)
{
    const NetRecipe *recipe = aside->recipe;
    uint32_t low = address - subnet.address;
    json_object *lan = NULL;

    if (!recipe->on_lan)
        return low == recipe->host || low == recipe->router || low == recipe->loopback ||
               low == recipe->dns || (recipe->serves_dhcp && low == recipe->dhcp_server);
    json_object_object_get_ex(aside->values, "lan", &lan);
    json_object *hosts = list_of(lan, "hosts");
    uint32_t taken;

    for (size_t i = 0; i < length_of(hosts); i++) {
        const char *text = text_of(json_object_array_get_idx(hosts, i), "address");
        if (text && sim_parse_ipv4(text, &taken) && taken == address)
            return true;
    }
    return address == aside->lan_router || low == 10 || (low >= 50 && low < 50 + length_of(hosts));
}

/* ---- The network itself ------------------------------------------------------------ */

static void aside_subnet(Aside *aside)
{
    const char *text = text_of(aside->network, "subnet");
    uint8_t longest = aside->recipe->longest_prefix;
    SimCidr subnet;

    if (!text || !sim_parse_cidr(text, &subnet))
        return;
    if (aside->recipe->subnet_source != NET_SUBNET_OF_LAN &&
        (longest == 0 || subnet.prefix <= longest))
        return;
    tell(aside, "subnet %s (%s)", text,
         aside->recipe->on_lan ? "it has the LAN's" : "too small for this mode");
    json_object_object_del(aside->network, "subnet");
}

/* Of a rule: NULL if it can stay, else why not. */
static const char *rule_misfit(const Aside *aside, json_object *rule)
{
    const char *vm = text_of(rule, "vm"), *guest = text_of(rule, "guest_address");
    uint32_t address;

    if (!aside->recipe->has_nat)
        return "no NAT";
    if (!aside->recipe->has_switch)
        return guest && !vm ? "each VM has a NAT of its own here" : NULL;
    if (vm || !guest)
        return "a rule needs guest_address here";
    return sim_parse_ipv4(guest, &address) && !is_inside(aside->subnet, address)
               ? "not in its subnet"
               : NULL;
}

static void aside_rules(Aside *aside)
{
    json_object *rules = list_of(aside->network, "forward");

    for (size_t i = length_of(rules); i-- > 0;) {
        json_object *rule = json_object_array_get_idx(rules, i);
        const char *why = rule_misfit(aside, rule), *name = text_of(rule, "name");

        if (!why)
            continue;
        tell(aside, "forward rule %s (%s)", name ? name : "without a name", why);
        json_object_array_del_idx(rules, i, 1);
    }
    if (rules && length_of(rules) == 0)
        json_object_object_del(aside->network, "forward");
}

/* "10.0.0.50-99": of which only the beginning is looked at. */
static bool is_outside(const Aside *aside, const char *text)
{
    g_autofree char *first = text ? g_strndup(text, strcspn(text, "-")) : NULL;
    uint32_t address;

    return first && sim_parse_ipv4(first, &address) && !is_inside(aside->subnet, address);
}

static void aside_dhcp(Aside *aside)
{
    static const char *const keys[] = {"server", "range", "reservations"};
    const NetRecipe *recipe = aside->recipe;
    json_object *dhcp = NULL;

    if (!json_object_object_get_ex(aside->network, "dhcp", &dhcp))
        return;
    if (recipe->on_lan) {
        tell(aside, "dhcp (the LAN's router gives addresses)");
        json_object_object_del(aside->network, "dhcp");
        return;
    }
    if (!json_object_is_type(dhcp, json_type_object))
        return;
    json_object *reservations = list_of(dhcp, "reservations");
    bool reserved_outside = false;

    for (size_t i = 0; i < length_of(reservations); i++)
        reserved_outside |=
            is_outside(aside, text_of(json_object_array_get_idx(reservations, i), "address"));
    const bool misfit[] = {is_outside(aside, text_of(dhcp, "server")),
                           is_outside(aside, text_of(dhcp, "range")), reserved_outside};

    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        if ((!recipe->has_switch || misfit[i]) && take_out(dhcp, keys[i]))
            tell(aside, "dhcp.%s (%s)", keys[i],
                 recipe->has_switch ? "not in its subnet" : "each NAT gives one address only");
}

static void aside_switches(Aside *aside)
{
    json_object *wifi = NULL;

    if (!aside->recipe->on_lan && json_object_object_get_ex(aside->network, "wifi", &wifi) &&
        json_object_get_boolean(wifi)) {
        tell(aside, "wifi (the host's NIC is no bridge here)");
        json_object_object_del(aside->network, "wifi");
    }
    if (aside->recipe->has_switch)
        return;
    if (take_out(aside->network, "switches"))
        tell(aside, "switches (there is none)");
    if (take_out(aside->network, "trunks"))
        tell(aside, "trunks (there is no switch)");
}

/* ---- NICs ------------------------------------------------------------------------------ */

typedef void (*EachNic)(Aside *aside, const char *vm, size_t number, json_object *nic);

static void for_each_nic(Aside *aside, EachNic what)
{
    json_object *vms = list_of(aside->values, "vms");

    for (size_t v = 0; v < length_of(vms); v++) {
        json_object *vm = json_object_array_get_idx(vms, v), *nics = list_of(vm, "nics");

        for (size_t n = 0; n < length_of(nics); n++) {
            json_object *nic = json_object_array_get_idx(nics, n);
            if (is_here(aside, nic))
                what(aside, text_of(vm, "name"), n, nic);
        }
    }
}

/* How many NICs of this network have this value? */
static unsigned count_alike(const Aside *aside, const char *key, const char *value)
{
    json_object *vms = list_of(aside->values, "vms");
    unsigned count = 0;

    for (size_t v = 0; v < length_of(vms); v++) {
        json_object *nics = list_of(json_object_array_get_idx(vms, v), "nics");
        for (size_t n = 0; n < length_of(nics); n++) {
            json_object *nic = json_object_array_get_idx(nics, n);
            count += is_here(aside, nic) && g_strcmp0(text_of(nic, key), value) == 0;
        }
    }
    return count;
}

/* NULL: a static address can stay. */
static const char *address_misfit(const Aside *aside, json_object *nic, size_t number)
{
    const NetRecipe *recipe = aside->recipe;
    const char *text = text_of(nic, "address"), *way = text_of(nic, "gateway");
    SimCidr subnet = nic_subnet(aside, number);
    g_autofree char *plain = text ? g_strndup(text, strcspn(text, "/")) : NULL;
    uint32_t address, gateway = 0;
    uint32_t router = recipe->on_lan        ? aside->lan_router
                      : recipe->router != 0 ? subnet.address + recipe->router
                                            : 0;

    if (plain && sim_parse_ipv4(plain, &address)) {
        if (!is_inside(subnet, address))
            return "not in its subnet";
        if (is_held(aside, subnet, address))
            return "somebody else's here";
        if (recipe->has_switch && count_alike(aside, "address", text) > 1)
            return "several have it";
    }
    if (way && !sim_parse_ipv4(way, &gateway))
        return NULL; /* for the reader to say */
    return (plain || way) && recipe->serves_dhcp && gateway != router ? "the router is another one"
                                                                      : NULL;
}

static void aside_address(Aside *aside, const char *vm, size_t number, json_object *nic)
{
    const char *why = address_misfit(aside, nic, number);

    if (why && json_object_object_get_ex(nic, "address", NULL))
        tell(aside, "address %s of NIC %zu of %s (%s)", text_of(nic, "address"), number, vm, why);
    else if (why)
        tell(aside, "gateway of NIC %zu of %s (%s)", number, vm, why);
    if (why) {
        json_object_object_del(nic, "address");
        json_object_object_del(nic, "gateway");
    }
}

static void aside_port(Aside *aside, const char *vm, size_t number, json_object *nic)
{
    const char *mac = text_of(nic, "mac");

    if (mac && aside->recipe->has_switch && count_alike(aside, "mac", mac) > 1) {
        tell(aside, "mac %s of NIC %zu of %s (several have it)", mac, number, vm);
        json_object_object_del(nic, "mac");
    }
    if (!aside->recipe->has_switch && take_out(nic, "switch"))
        tell(aside, "switch of NIC %zu of %s (there is none)", number, vm);
}

/* ---- Commands --------------------------------------------------------------------------- */

static const char *command_misfit(const Aside *aside, json_object *command)
{
    static const char *const of_switches[] = {"flow-add", "flow-remove", "plug-trunk",
                                              "unplug-trunk", "set-link-quality"};
    const char *what = text_of(command, "do");
    json_object *rule = NULL;

    if (!what || !is_here(aside, command))
        return NULL;
    if (strcmp(what, "forward-remove") == 0)
        return aside->recipe->has_nat ? NULL : "no NAT";
    if (strcmp(what, "forward-add") == 0)
        return json_object_object_get_ex(command, "rule", &rule) ? rule_misfit(aside, rule) : NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(of_switches) && !aside->recipe->has_switch; i++)
        if (strcmp(what, of_switches[i]) == 0)
            return "there is no switch";
    return NULL;
}

static void aside_commands(Aside *aside)
{
    json_object *timeline = list_of(aside->values, "timeline");

    for (size_t i = length_of(timeline); i-- > 0;) {
        json_object *command = json_object_array_get_idx(timeline, i);
        const char *why = command_misfit(aside, command), *at = text_of(command, "at");

        if (!why)
            continue;
        tell(aside, "command %s at %s (%s)", text_of(command, "do"), at ? at : "?", why);
        json_object_array_del_idx(timeline, i, 1);
    }
}

/* ---- All ---------------------------------------------------------------------------------- */

char *sim_set_aside(json_object *values, json_object *network)
{
    const char *mode = text_of(network, "mode");
    Aside aside = {
        .values = values,
        .network = network,
        .name = text_of(network, "name"),
        .recipe = mode ? net_recipe_find(mode) : NULL,
        .lan = subnet_of_lan(values),
        .note = g_string_new(NULL),
    };

    aside.lan_router = router_of_lan(values, aside.lan);
    if (aside.recipe && aside.name) {
        aside_subnet(&aside);
        aside.subnet = new_subnet(&aside);
        aside_rules(&aside);
        aside_dhcp(&aside);
        aside_switches(&aside);
        for_each_nic(&aside, aside_address);
        for_each_nic(&aside, aside_port);
        aside_commands(&aside);
    }
    if (aside.note->len > 0) {
        g_autofree char *before = g_strdup_printf("%s in mode %s sets aside: ", aside.name, mode);
        g_string_prepend(aside.note, before);
        return g_string_free(aside.note, FALSE);
    }
    g_string_free(aside.note, TRUE);
    return NULL;
}
