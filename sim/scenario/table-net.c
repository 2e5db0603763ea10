/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table-net.c: the keys of what lies around the VMs: forward rules, DHCP servers,
 * the LAN and the Internet. Continues table.c. */
#include "sim/scenario/table-private.h"

/* ---- Of a network ------------------------------------------------------- */

static const char *const forward_protocol_words[] = {"tcp", "udp", NULL};

static const SimKey forward_keys[] = {
    {"name", SIM_KEY_NAME, .required = true, FIELD(SimScenarioForward, name),
     .meaning = "What commands and reports call it."},
    {"protocol", WORD(forward_protocol_words), .preset = "\"tcp\"",
     FIELD(SimScenarioForward, protocol), .meaning = "What it forwards."},
    {"host_address", SIM_KEY_BIND, .preset = "\"\"", FIELD(SimScenarioForward, host_address),
     .meaning = "The host's address at which it listens; left out or empty: at every one."},
    {"host_port", SIM_KEY_INTEGER, .required = true, .min = 1, .max = 65535,
     FIELD(SimScenarioForward, host_port),
     .meaning = "The host's port, 1024 or above: below, the host gives none without privilege."},
    {"guest_address", SIM_KEY_IPV4, FIELD(SimScenarioForward, guest_address),
     .meaning = "Where it leads. Mode nat-network needs it; left out in mode nat: the address that "
                "the VM has from DHCP."},
    {"guest_port", SIM_KEY_INTEGER, .required = true, .min = 1, .max = 65535,
     FIELD(SimScenarioForward, guest_port), .meaning = "To which port."},
    {"vm", SIM_KEY_NAME, FIELD(SimScenarioForward, vm.name),
     .meaning =
         "In mode nat, where each VM has a router of its own: behind whose; left out: of the "
         "first VM on the network."},
    {NULL}};
const SimObject sim_forward_object = {"an object (a forward rule)", forward_keys,
                                      sizeof(SimScenarioForward), NO_KIND,
                                      .finish = sim_finish_forward};

static const SimKey reservation_keys[] = {
    {"vm", SIM_KEY_NAME, .required = true, FIELD(SimScenarioReservation, vm.name),
     .meaning = "For which VM."},
    {"nic", SIM_KEY_INTEGER, .preset = "0", .min = 0, .max = SIM_MAX_NICS - 1,
     FIELD(SimScenarioReservation, nic), .meaning = "For which of its NICs."},
    {"address", SIM_KEY_IPV4, .required = true, FIELD(SimScenarioReservation, address),
     .meaning = "What it gets, always."},
    {NULL}};
static const SimObject reservation_object = {"an object (a reservation)", reservation_keys,
                                             sizeof(SimScenarioReservation), NO_KIND};

static const SimKey dhcp_keys[] = {
    {"server", SIM_KEY_IPV4, FIELD(SimScenarioDhcp, server),
     .meaning = "The server's own address; left out: what the mode has, host-only and internal "
                ".100, nat-network .3."},
    {"range", SIM_KEY_RANGE, FIELD(SimScenarioDhcp, range),
     .meaning = "What it gives, first and last; left out: host-only and internal .101 to .254, "
                "nat-network .4 to .254, nat .15."},
    {"lease", DURATION, .preset = "\"1200s\"", .min = SECOND, .max = 1000000 * SECOND,
     FIELD(SimScenarioDhcp, lease_ns), .meaning = "For how long."},
    {"reservations", LIST(reservation_object), .preset = "[]", .max = 1024,
     FIELD(SimScenarioDhcp, reservations), COUNT(SimScenarioDhcp, reservation_count),
     .meaning = "Who always gets the same address."},
    {NULL}};
const SimObject sim_dhcp_object = {"an object (a DHCP server), or false", dhcp_keys,
                                   sizeof(SimScenarioDhcp), NO_KIND};

/* ---- Outside ------------------------------------------------------------ */

static const char *const service_words[] = {"echo", "http", "dns", NULL};

static const SimKey machine_keys[] = {
    {"name", SIM_KEY_NAME, .required = true, FIELD(SimScenarioMachine, name),
     .meaning = "What checks call it, behind lan: or internet:."},
    {"address", SIM_KEY_IPV4, FIELD(SimScenarioMachine, address),
     .meaning = "Left out: the lowest free one, on the LAN from .50 on, in the Internet from "
                "203.0.113.10 on."},
    {"services", SIM_KEY_WORDS, .words = service_words, .preset = "[\"echo\",\"http\"]",
     FIELD(SimScenarioMachine, services),
     .meaning = "What it offers beside answering ping. echo: TCP and UDP port 7; http: a page that "
                "names it, TCP port 80; dns: names of all machines, UDP port 53."},
    {NULL}};
static const SimObject machine_object = {"an object (a machine)", machine_keys,
                                         sizeof(SimScenarioMachine), NO_KIND};

static const SimKey lan_keys[] = {
    {"subnet", SIM_KEY_SUBNET, .preset = "\"192.168.1.0/24\"", FIELD(SimScenarioLan, subnet),
     .meaning = "Its addresses."},
    {"router", SIM_KEY_IPV4, FIELD(SimScenarioLan, router),
     .meaning = "The address of its router, which has DHCP, DNS and a NAT to the Internet; left "
                "out: .1."},
    {"host", SIM_KEY_IPV4, FIELD(SimScenarioLan, host),
     .meaning = "The address of the host there; left out: .10."},
    {"hosts", LIST(machine_object), .preset = "[]", .max = 64, .unique = "name",
     FIELD(SimScenarioLan, hosts), COUNT(SimScenarioLan, host_count),
     .meaning = "Machines beside the host."},
    {NULL}};
const SimObject sim_lan_object = {"an object (a LAN)", lan_keys, sizeof(SimScenarioLan), NO_KIND};

static const SimKey internet_keys[] = {{"servers", LIST(machine_object), .preset = "[]", .max = 64,
                                        .unique = "name", FIELD(SimScenarioInternet, servers),
                                        COUNT(SimScenarioInternet, server_count),
                                        .meaning = "Machines with addresses in 203.0.113.0/24."},
                                       {NULL}};
const SimObject sim_internet_object = {"an object (the Internet)", internet_keys,
                                       sizeof(SimScenarioInternet), NO_KIND};
