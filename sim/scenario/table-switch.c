/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table-switch.c: the keys of switches, their ports, and the cables between them.
 * Continues table.c. */
#include "sim/scenario/table-private.h"

static const char *const type_words[] = {"any", "arp", "ipv4", "ipv6", NULL};
static const char *const ip_words[] = {"any", "icmp", "udp", "tcp", NULL};
static const char *const verdict_words[] = {"allow", "deny", NULL};
static const char *const direction_words[] = {"both", "in", "out", NULL};
static const char *const team_words[] = {"failover", "source-mac", NULL};

/* ---- Matching -------------------------------------------------------------- */

#define IP_KEYS(type, of, source, destination)                                                     \
    {source, SIM_KEY_PREFIX, FIELD(type, of source_ip), .meaning = "From which IPv4 addresses."},  \
        {destination, SIM_KEY_PREFIX, FIELD(type, of destination_ip),                              \
         .meaning = "To which IPv4 addresses."},                                                   \
        {"protocol", WORD(ip_words), .preset = "\"any\"", FIELD(type, of protocol),                \
         .meaning = "Of IPv4."},                                                                   \
        {"source_port",                                                                            \
         SIM_KEY_INTEGER,                                                                          \
         .min = 1,                                                                                 \
         .max = 65535,                                                                             \
         FIELD(type, of source_port),                                                              \
         .meaning = "Of UDP or TCP."},                                                             \
    {                                                                                              \
        "destination_port", SIM_KEY_INTEGER,                                                       \
            .min = 1, .max = 65535, FIELD(type, of destination_port), .meaning = "Of UDP or TCP."  \
    }

static const SimKey rule_keys[] = {{"action", WORD(verdict_words), .required = true,
                                    FIELD(SimScenarioRule, deny),
                                    .meaning = "What becomes of IPv4 packets that match."},
                                   IP_KEYS(SimScenarioRule, match., "source", "destination"),
                                   {NULL}};
static const SimObject rule_object = {"an object (a rule)", rule_keys, sizeof(SimScenarioRule),
                                      NO_KIND};

static const SimKey acl_keys[] = {
    {"in", LIST(rule_object), .preset = "[]", .max = SIM_MAX_RULES, FIELD(SimScenarioAcl, in),
     COUNT(SimScenarioAcl, in_count),
     .meaning = "For what the NIC sends. The first rule that matches decides; what none matches "
                "passes, and so does all that is not IPv4."},
    {"out", LIST(rule_object), .preset = "[]", .max = SIM_MAX_RULES, FIELD(SimScenarioAcl, out),
     COUNT(SimScenarioAcl, out_count), .meaning = "The same for what is sent to the NIC."},
    {NULL}};
const SimObject sim_acl_object = {"an object", acl_keys, sizeof(SimScenarioAcl), NO_KIND};

static const SimKey match_keys[] = {
    {"in", SIM_KEY_TEXT, .min = 4, .max = 64, FIELD(SimScenarioMatch, in.name),
     .meaning = "The port it comes in on: vm:NAME, vm:NAME.NIC or trunk:NAME."},
    {"source", SIM_KEY_MAC, FIELD(SimScenarioMatch, source), .meaning = "From this MAC address."},
    {"destination", SIM_KEY_GROUP_MAC, FIELD(SimScenarioMatch, destination),
     .meaning = "To this MAC address."},
    {"vlan", SIM_KEY_INTEGER, .min = 1, .max = 4094, FIELD(SimScenarioMatch, vlan),
     .meaning = "Of this VLAN."},
    {"type", WORD(type_words), .preset = "\"any\"", FIELD(SimScenarioMatch, type),
     .meaning = "What the frame carries."},
    IP_KEYS(SimScenarioMatch, , "source_ip", "destination_ip"),
    {NULL}};
static const SimObject match_object = {"an object", match_keys, sizeof(SimScenarioMatch), NO_KIND};

/* ---- Flow tables and mirrors --------------------------------------------------- */

#define FLAG(name, text)                                                                           \
    {                                                                                              \
        name, SIM_KEY_BOOL, .choice = true, NO_FIELD, .meaning = text                              \
    }

/* In the order of SimActionKind. */
static const SimKey action_keys[] = {
    {"output", SIM_KEY_TEXT, .choice = true, .min = 4, .max = 64,
     FIELD(SimScenarioAction, port.name), .meaning = "Out of the port of vm:NAME or trunk:NAME."},
    FLAG("flood", "Out of every other port."),
    FLAG("normal", "As a switch without a flow table does."),
    FLAG("drop", "Nowhere."),
    FLAG("controller", "To whoever programs the switch: an event to-controller."),
    {"set_source", SIM_KEY_MAC, .choice = true, FIELD(SimScenarioAction, mac),
     .meaning = "Change the source MAC address."},
    {"set_destination", SIM_KEY_GROUP_MAC, .choice = true, FIELD(SimScenarioAction, mac),
     .meaning = "Change the destination MAC address."},
    {"set_source_ip", SIM_KEY_IPV4, .choice = true, FIELD(SimScenarioAction, ip),
     .meaning = "Change the source IPv4 address."},
    {"set_destination_ip", SIM_KEY_IPV4, .choice = true, FIELD(SimScenarioAction, ip),
     .meaning = "Change the destination IPv4 address."},
    {"push_vlan", SIM_KEY_INTEGER, .choice = true, .min = 1, .max = 4094,
     FIELD(SimScenarioAction, vlan), .meaning = "Put a VLAN tag in."},
    FLAG("pop_vlan", "Take the outermost VLAN tag out."),
    {NULL}};
static const SimObject action_object = {"an object (an action)", action_keys,
                                        sizeof(SimScenarioAction), .choice_required = true,
                                        .kind_offset = offsetof(SimScenarioAction, kind)};

static const SimKey flow_keys[] = {
    {"name", SIM_KEY_NAME, .required = true, FIELD(SimScenarioFlow, name),
     .meaning = "What commands and reports call it."},
    {"priority", SIM_KEY_INTEGER, .preset = "100", .min = 0, .max = 65535,
     FIELD(SimScenarioFlow, priority), .meaning = "Larger ones are asked first."},
    {"match", OBJECT(match_object), .preset = "{}", FIELD(SimScenarioFlow, match),
     .meaning = "Which frames; {}: all."},
    {"actions", LIST(action_object), .required = true, .max = SIM_MAX_FLOW_ACTIONS,
     FIELD(SimScenarioFlow, actions), COUNT(SimScenarioFlow, action_count),
     .meaning = "What is done with them, one after another; []: they are dropped."},
    {NULL}};
const SimObject sim_flow_object = {"an object (a flow)", flow_keys, sizeof(SimScenarioFlow),
                                   NO_KIND};

static const SimKey mirror_keys[] = {
    {"from", SIM_KEY_TEXT, .required = true, .min = 4, .max = 64,
     FIELD(SimScenarioMirror, from.name), .meaning = "Whose port: vm:NAME or trunk:NAME."},
    {"to", SIM_KEY_TEXT, .required = true, .min = 4, .max = 64, FIELD(SimScenarioMirror, to.name),
     .meaning = "Who gets the copies."},
    {"direction", WORD(direction_words), .preset = "\"both\"", FIELD(SimScenarioMirror, direction),
     .meaning = "in: what comes into the switch there; out: what leaves it."},
    {NULL}};
static const SimObject mirror_object = {"an object (a mirror)", mirror_keys,
                                        sizeof(SimScenarioMirror), NO_KIND};

/* ---- Switches and trunks -------------------------------------------------------- */

static const SimKey tree_keys[] = {
    {"hello", DURATION, .preset = "\"2s\"", .min = 10 * MS, .max = 10 * SECOND,
     FIELD(SimScenarioTree, hello_ns), .meaning = "How often the root speaks."},
    {"max_age", DURATION, .preset = "\"20s\"", .min = 40 * MS, .max = 40 * SECOND,
     FIELD(SimScenarioTree, max_age_ns), .meaning = "After how much silence it is given up."},
    {"forward_delay", DURATION, .preset = "\"15s\"", .min = 20 * MS, .max = 30 * SECOND,
     FIELD(SimScenarioTree, forward_delay_ns),
     .meaning = "How long a port listens, and then learns, before it forwards."},
    {NULL}};
const SimObject sim_tree_object = {"an object", tree_keys, sizeof(SimScenarioTree), NO_KIND};

static const SimKey switch_keys[] = {
    {"name", SIM_KEY_NAME, FIELD(SimScenarioSwitch, name),
     .meaning = "What NICs, trunks and commands call it; the network's name when left out."},
    {"priority", SIM_KEY_INTEGER, .preset = "32768", .min = 0, .max = 65535,
     FIELD(SimScenarioSwitch, priority),
     .meaning = "The switch with the lowest becomes the root of the spanning tree."},
    {"mac_rows", SIM_KEY_INTEGER, .preset = "4096", .min = 1, .max = 65536,
     FIELD(SimScenarioSwitch, mac_rows), .meaning = "Addresses that it can remember."},
    {"storm_control", SIM_KEY_INTEGER, .preset = "0", .min = 0, .max = 10000000,
     FIELD(SimScenarioSwitch, storm_control),
     .meaning = "Frames a second from each port that it floods; 0: any number."},
    {"flows", LIST(sim_flow_object), .preset = "[]", .max = SIM_MAX_FLOWS, .unique = "name",
     FIELD(SimScenarioSwitch, flows), COUNT(SimScenarioSwitch, flow_count),
     .meaning = "Its flow table, which decides before the switch does."},
    {"mirrors", LIST(mirror_object), .preset = "[]", .max = SIM_MAX_MIRRORS,
     FIELD(SimScenarioSwitch, mirrors), COUNT(SimScenarioSwitch, mirror_count),
     .meaning = "Ports whose frames are copied to another port."},
    {NULL}};
const SimObject sim_switch_object = {"an object (a switch)", switch_keys, sizeof(SimScenarioSwitch),
                                     NO_KIND};

static const SimKey trunk_keys[] = {
    {"name", SIM_KEY_NAME, .required = true, FIELD(SimScenarioTrunk, name),
     .meaning = "What commands and flows call it."},
    {"a", SIM_KEY_NAME, .required = true, FIELD(SimScenarioTrunk, a.name),
     .meaning = "The switch at one end."},
    {"b", SIM_KEY_NAME, .required = true, FIELD(SimScenarioTrunk, b.name),
     .meaning = "The switch at the other end."},
    {"cables", SIM_KEY_INTEGER, .preset = "1", .min = 1, .max = SIM_MAX_TRUNK_CABLES,
     FIELD(SimScenarioTrunk, cables), .meaning = "More than one: a team."},
    {"teaming", WORD(team_words), .preset = "\"failover\"", FIELD(SimScenarioTrunk, by_source),
     .meaning = "failover: the first whole cable carries everything; source-mac: each source "
                "address keeps to one."},
    {"vlans", SIM_KEY_VLANS, FIELD(SimScenarioTrunk, vlans),
     .meaning = "The VLANs that it carries, the native one too; all when left out."},
    {"native", SIM_KEY_INTEGER, .preset = "1", .min = 0, .max = 4094,
     FIELD(SimScenarioTrunk, native), .meaning = "The VLAN of untagged frames; 0: none."},
    {"rate", RATE, .min = 1000, .max = UINT64_C(100000000000), FIELD(SimScenarioTrunk, rate_bps),
     .meaning = "Of each cable; the network's when left out."},
    {"latency", DURATION, .min = 1, .max = 10 * SECOND, FIELD(SimScenarioTrunk, latency_ns),
     .meaning = "Of each cable; the network's when left out."},
    {"mtu", SIM_KEY_INTEGER, .min = 68, .max = 9000, FIELD(SimScenarioTrunk, mtu),
     .meaning = "Largest packet that it carries; the network's when left out."},
    {"cost", SIM_KEY_INTEGER, .min = 1, .max = 65535, FIELD(SimScenarioTrunk, cost),
     .meaning = "Of the spanning tree; by the rate when left out."},
    {NULL}};
const SimObject sim_trunk_object = {"an object (a trunk)", trunk_keys, sizeof(SimScenarioTrunk),
                                    NO_KIND};

/* ---- Ports of NICs ---------------------------------------------------------------- */

static const SimKey nic_trunk_keys[] = {
    {"vlans", SIM_KEY_VLANS, FIELD(SimNicTrunk, vlans), .meaning = "Left out: all."},
    {"native", SIM_KEY_INTEGER, .preset = "1", .min = 0, .max = 4094, FIELD(SimNicTrunk, native),
     .meaning = "The VLAN of untagged frames; 0: none."},
    {NULL}};
const SimObject sim_nic_trunk_object = {"an object", nic_trunk_keys, sizeof(SimNicTrunk), NO_KIND,
                                        .finish = sim_finish_nic_trunk};

static const SimKey rate_keys[] = {
    {"rate", RATE, .required = true, .min = 1000, .max = UINT64_C(100000000000),
     FIELD(SimRate, rate_bps), .meaning = "In the long run."},
    {"burst", SIZE, .preset = "\"16KiB\"", .min = KIB, .max = GIB, FIELD(SimRate, burst_bytes),
     .meaning = "So much at once, after a pause."},
    {NULL}};
const SimObject sim_rate_object = {"an object", rate_keys, sizeof(SimRate), NO_KIND};

/* ---- Commands ------------------------------------------------------------------------ */

#define SWITCH_COMMAND(n, k)                                                                       \
    {                                                                                              \
        n, k, sizeof(SimCommand), NO_KIND, .finish = sim_finish_switch_command,                    \
                                           .clear = sim_clear_switch_command,                      \
                                           .own = sim_own_switch_command                           \
    }
#define COMMAND_SWITCH                                                                             \
    {"network", SIM_KEY_NETWORK, .required = true, FIELD(SimCommand, network),                     \
     .meaning = "Of which network."},                                                              \
    {                                                                                              \
        "switch", SIM_KEY_NAME, FIELD(SimCommand, on.name),                                        \
            .meaning = "Which of its switches; the first when left out."                           \
    }
#define COMMAND_TRUNK                                                                              \
    {"network", SIM_KEY_NETWORK, .required = true, FIELD(SimCommand, network),                     \
     .meaning = "Of which network."},                                                              \
        {"trunk", SIM_KEY_NAME, .required = true, FIELD(SimCommand, on.name),                      \
         .meaning = "Which of its trunks."},                                                       \
    {                                                                                              \
        "cable", SIM_KEY_INTEGER, .preset = "0", .min = 0, .max = SIM_MAX_TRUNK_CABLES - 1,        \
                                  FIELD(SimCommand, nic),                                          \
                                  .meaning = "Which of its cables, from 0."                        \
    }

static const SimKey flow_add_keys[] = {
    COMMAND_HEAD,
    COMMAND_SWITCH,
    {"flow", OBJECT(sim_flow_object), .required = true, FIELD(SimCommand, flow),
     .meaning = "The new flow; one of the same name is replaced."},
    {NULL}};
static const SimKey flow_remove_keys[] = {COMMAND_HEAD,
                                          COMMAND_SWITCH,
                                          {"name", SIM_KEY_NAME, .required = true,
                                           FIELD(SimCommand, text),
                                           .meaning = "The name of the flow."},
                                          {NULL}};
static const SimKey trunk_cable_keys[] = {COMMAND_HEAD, COMMAND_TRUNK, {NULL}};
static const SimKey set_acl_keys[] = {
    COMMAND_HEAD,
    COMMAND_VM,
    {"nic", SIM_KEY_INTEGER, .preset = "0", .min = 0, .max = SIM_MAX_NICS - 1,
     FIELD(SimCommand, nic), .meaning = "The number of the NIC, from 0."},
    {"acl", OBJECT(sim_acl_object), .required = true, FIELD(SimCommand, acl),
     .meaning = "What holds from now on, both lists."},
    {NULL}};
static const SimKey set_quality_keys[] = {
    COMMAND_HEAD,
    {"vm", SIM_KEY_VM, FIELD(SimCommand, vm), .meaning = "Of the cable of which VM's NIC."},
    {"nic", SIM_KEY_INTEGER, .preset = "0", .min = 0, .max = SIM_MAX_NICS - 1,
     FIELD(SimCommand, nic), .meaning = "The number of the NIC, or of the trunk's cable."},
    {"network", SIM_KEY_NETWORK, FIELD(SimCommand, network),
     .meaning = "Instead of vm, with trunk: of which network."},
    {"trunk", SIM_KEY_NAME, FIELD(SimCommand, on.name), .meaning = "Which of its trunks."},
    QUALITY_KEYS(SimCommand, quality),
    {NULL}};

const SimObject sim_flow_add_object = SWITCH_COMMAND("flow-add", flow_add_keys);
const SimObject sim_flow_remove_object = SWITCH_COMMAND("flow-remove", flow_remove_keys);
const SimObject sim_trunk_cable_object = SWITCH_COMMAND("plug-trunk", trunk_cable_keys);
const SimObject sim_set_acl_object = SWITCH_COMMAND("set-acl", set_acl_keys);
const SimObject sim_set_quality_object = SWITCH_COMMAND("set-link-quality", set_quality_keys);
