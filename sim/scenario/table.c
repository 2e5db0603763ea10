/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.c: every key of a scenario file, from the innermost objects to the
 * whole. scenarios/scenario.schema.json is made from this file. */
#include "sim/scenario/table-private.h"

static const char *const requires_words[] = {"emulated", "kvm", NULL};
static const char *const detail_words[] = {"normal", "full", NULL};
static const char *const mode_words[] = {"internal", "host-only",   "bridged",
                                         "nat",      "nat-network", NULL};
static const char *const protocol_words[] = {"icmp", "udp", "tcp", NULL};
static const char *const out_of_memory_words[] = {"crash", "kill", NULL};
static const char *const overcommit_words[] = {
    [SIM_OVERCOMMIT_AS_SET] = "as-set",   [SIM_OVERCOMMIT_REFUSE] = "refuse",
    [SIM_OVERCOMMIT_BALLOON] = "balloon", [SIM_OVERCOMMIT_SHARE] = "share",
    [SIM_OVERCOMMIT_SWAP] = "swap",       [SIM_OVERCOMMIT_KILL] = "kill",
    [SIM_OVERCOMMIT_KILL + 1] = NULL,
};
static const char *const victim_words[] = {"page", "shares", NULL};
static const char *const replacement_words[] = {
    [SIM_REPLACEMENT_NONE] = "none",   [SIM_REPLACEMENT_FIFO] = "fifo",
    [SIM_REPLACEMENT_CLOCK] = "clock", [SIM_REPLACEMENT_LRU] = "lru",
    [SIM_REPLACEMENT_NRU] = "nru",     [SIM_REPLACEMENT_RANDOM] = "random",
    [SIM_REPLACEMENT_OPT] = "opt",     [SIM_REPLACEMENT_COUNT] = NULL,
};
static const char *const show_words[] = {"now", "after", "never", NULL};
const char *const sim_promiscuous_words[] = {"deny", "allow-vms", "allow-all", NULL};
static const char *const share_of_words[] = {"busy", "host", NULL};

/* ---- Head, run, host ---------------------------------------------------- */

static const SimKey meta_keys[] = {
    {"level", SIM_KEY_INTEGER, .preset = "1", .min = 1, .max = 5, FIELD(SimScenarioMeta, level),
     .meaning = "How hard: 1 is for the first week, 5 for a seminar."},
    {"minutes", SIM_KEY_INTEGER, .preset = "5", .min = 1, .max = 600,
     FIELD(SimScenarioMeta, minutes), .meaning = "How long it takes to go through it."},
    {"after", SIM_KEY_TEXTS, .preset = "[]", .max = 32, FIELD(SimScenarioMeta, after),
     COUNT(SimScenarioMeta, after_count), .meaning = "Ids of scenarios to see first."},
    {NULL}};
static const SimObject meta_object = {"an object", meta_keys, sizeof(SimScenarioMeta), NO_KIND};

static const SimKey run_keys[] = {
    {"until", DURATION, .preset = "\"1s\"", .min = US, .max = 3600 * SECOND,
     FIELD(SimScenarioRun, until_ns), .meaning = "Virtual time at which the run ends."},
    {"detail", WORD(detail_words), .preset = "\"normal\"", FIELD(SimScenarioRun, detail),
     .meaning = "full: frames are recorded whole, not only their first 256 bytes, and exits with "
                "the vCPU's registers, the code at RIP, and what has changed in the guest's page "
                "tables."},
    {"trace_limit", SIZE, .preset = "\"1GiB\"", .min = 64 * KIB, .max = 64 * GIB,
     FIELD(SimScenarioRun, trace_limit_bytes),
     .meaning = "The trace keeps no more than this; reaching it is an event."},
    {NULL}};
static const SimObject run_object = {"an object", run_keys, sizeof(SimScenarioRun), NO_KIND};

static const SimKey cost_keys[] = {
    {"exit", DURATION, .preset = "\"2us\"", .min = 0, .max = SECOND,
     FIELD(SimScenarioCosts, exit_ns), .meaning = "Charged to the vCPU for every exit."},
    {"switch", DURATION, .preset = "\"1us\"", .min = 0, .max = SECOND,
     FIELD(SimScenarioCosts, switch_ns),
     .meaning = "Charged when a pCPU runs another vCPU than it ran last."},
    {"fault", DURATION, .preset = "\"5us\"", .min = 0, .max = SECOND,
     FIELD(SimScenarioCosts, fault_ns),
     .meaning = "Charged for giving a page its page frame, on top of the exit."},
    {"copy", DURATION, .preset = "\"1us\"", .min = 0, .max = SECOND,
     FIELD(SimScenarioCosts, copy_ns),
     .meaning = "Charged on top of the fault for copying a shared page that is written."},
    {"swap_out", DURATION, .preset = "\"100us\"", .min = 0, .max = SECOND,
     FIELD(SimScenarioCosts, swap_out_ns),
     .meaning = "Charged to whoever needs the page frame, for writing its page to swap space."},
    {"swap_in", DURATION, .preset = "\"100us\"", .min = 0, .max = SECOND,
     FIELD(SimScenarioCosts, swap_in_ns),
     .meaning = "Charged for reading a page back from swap space, on top of the fault."},
    {NULL}};
static const SimObject costs_object = {"an object", cost_keys, sizeof(SimScenarioCosts), NO_KIND};

static const SimKey memory_policy_keys[] = {
    {"on_overcommit", WORD(overcommit_words), .preset = "\"as-set\"",
     FIELD(SimScenarioMemoryPolicy, on_overcommit),
     .meaning = "What is done when VMs want more than there is, in one word that sets other keys: "
                "refuse: overcommit false; balloon: balloon true; share: share true; swap: "
                "replacement clock, if none is given; kill: out_of_memory kill. as-set: only what "
                "the other keys say."},
    {"replacement", WORD(replacement_words), .preset = "\"none\"",
     FIELD(SimScenarioMemoryPolicy, replacement),
     .meaning = "Which page goes to swap space when no page frame is left; none: a VM that needs "
                "one then is ended."},
    {"frames", SIM_KEY_INTEGER, .preset = "0", .min = 0, .max = UINT64_C(1) << 22,
     FIELD(SimScenarioMemoryPolicy, frames),
     .meaning =
         "Page frames for the heaps of all VMs; 0: as many as there are. Programs and stacks "
         "are then resident from the start and do not count."},
    {"swap", SIZE, .preset = "\"64MiB\"", .min = 4 * KIB, .max = 16 * GIB, .step = 4 * KIB,
     FIELD(SimScenarioMemoryPolicy, swap_bytes), .meaning = "Size of the swap space."},
    {"mapping_size", SIZE, .preset = "\"4KiB\"", .min = 4 * KIB, .max = 2 * MIB, .step = 4 * KIB,
     FIELD(SimScenarioMemoryPolicy, mapping_bytes),
     .meaning = "Huge mappings: a page that is touched gets its page frame together with the whole "
                "block of this size around it, and they are taken away together; a power of two."},
    {"overcommit", SIM_KEY_BOOL, .preset = "true", FIELD(SimScenarioMemoryPolicy, overcommit),
     .meaning = "false: a VM that would make the promises to running VMs exceed the host's memory "
                "does not start."},
    {"out_of_memory", WORD(out_of_memory_words), .preset = "\"crash\"",
     FIELD(SimScenarioMemoryPolicy, out_of_memory),
     .meaning = "When no page frame can be had: crash ends the VM that needs it, kill the one that "
                "holds the most."},
    {"batch", SIM_KEY_INTEGER, .preset = "1", .min = 1, .max = 1024,
     FIELD(SimScenarioMemoryPolicy, batch),
     .meaning = "How many pages go at once when a page frame must be taken; with trace_references "
                "always 1."},
    {"sample", DURATION, .preset = "\"10ms\"", .min = 10 * US, .max = 3600 * SECOND,
     FIELD(SimScenarioMemoryPolicy, sample_ns),
     .meaning = "How often lru and nru look which pages are in use."},
    {"share", SIM_KEY_BOOL, .preset = "false", FIELD(SimScenarioMemoryPolicy, share),
     .meaning = "Pages of equal contents share a page frame until one of them is written."},
    {"scan", DURATION, .preset = "\"1ms\"", .min = 10 * US, .max = 3600 * SECOND,
     FIELD(SimScenarioMemoryPolicy, scan_ns),
     .meaning = "How often some pages are looked at to find equal ones."},
    {"scan_pages", SIM_KEY_INTEGER, .preset = "100", .min = 1, .max = 1000000,
     FIELD(SimScenarioMemoryPolicy, scan_pages), .meaning = "How many pages that is each time."},
    {"balloon", SIM_KEY_BOOL, .preset = "false", FIELD(SimScenarioMemoryPolicy, balloon),
     .meaning =
         "Guests are asked to give pages back when page frames become few, and who needs one "
         "waits for them before anything else is tried. Every VM has a balloon then."},
    {"balance", DURATION, .preset = "\"10ms\"", .min = 100 * US, .max = 3600 * SECOND,
     FIELD(SimScenarioMemoryPolicy, balance_ns),
     .meaning = "How often the host looks whether to inflate or deflate balloons."},
    {"statistics", DURATION, .preset = "\"0ns\"", .min = 0, .max = 3600 * SECOND,
     FIELD(SimScenarioMemoryPolicy, statistics_ns),
     .meaning =
         "How often guests with a balloon are asked what they know of their memory: how much "
         "is free, how many faults they had. It is told, and believed by nobody. 0ns: never."},
    {"low_water", SHARE, .preset = "\"6%\"", .min = 0, .max = 50 * PERCENT,
     FIELD(SimScenarioMemoryPolicy, low_ppm),
     .meaning = "Balloons inflate while less than this part of the host's memory is free."},
    {"wait", DURATION, .preset = "\"50ms\"", .min = 0, .max = 10 * SECOND,
     FIELD(SimScenarioMemoryPolicy, wait_ns),
     .meaning = "How long a vCPU waits for a page frame that a balloon may give."},
    {"victim", WORD(victim_words), .preset = "\"page\"", FIELD(SimScenarioMemoryPolicy, victim),
     .meaning = "Who loses a page frame when one must be taken. page: whoever's page the "
                "replacement policy names among all; shares: the VM with the fewest memory_shares "
                "for what it holds. Where a VM has shares, a limit or a reservation, or the "
                "timeline a set-memory or set-tax, it is shares."},
    {"tax", SHARE, .preset = "\"75%\"", .min = 0, .max = 99 * PERCENT,
     FIELD(SimScenarioMemoryPolicy, tax_ppm),
     .meaning = "Of idle memory, with victim shares: an idle page costs as much as 1 / (1 - tax) "
                "pages in use. Needs sample_pages."},
    {"sample_pages", SIM_KEY_INTEGER, .preset = "0", .min = 0, .max = 10000,
     FIELD(SimScenarioMemoryPolicy, sample_pages),
     .meaning = "Of each VM, picked at random each period to estimate its working set; 0: none."},
    {"sample_period", DURATION, .preset = "\"100ms\"", .min = MS, .max = 3600 * SECOND,
     FIELD(SimScenarioMemoryPolicy, sample_period_ns), .meaning = "That period."},
    {"trace_references", SIM_KEY_BOOL, .preset = "false",
     FIELD(SimScenarioMemoryPolicy, trace_references),
     .meaning = "Record every access to a page of a heap, and replace exactly by them (backend "
                "emulated)."},
    {NULL}};
static const SimObject memory_policy_object = {"an object", memory_policy_keys,
                                               sizeof(SimScenarioMemoryPolicy), NO_KIND,
                                               .finish = sim_finish_memory_policy};

static const SimKey host_keys[] = {
    {"pcpus", SIM_KEY_INTEGER, .preset = "1", .min = 1, .max = SIM_MAX_PCPUS,
     FIELD(SimScenarioHost, pcpus), .meaning = "Physical CPUs of the simulated host."},
    {"memory", SIZE, .preset = "\"64MiB\"", .min = 1 * MIB, .max = 16 * GIB, .step = 4 * KIB,
     FIELD(SimScenarioHost, memory_bytes), .meaning = "Physical memory of the simulated host."},
    {"clock_hz", SIM_KEY_INTEGER, .preset = "100000000", .min = 1000, .max = UINT64_C(10000000000),
     FIELD(SimScenarioHost, clock_hz),
     .meaning = "Instructions per virtual second and pCPU (backend emulated)."},
    {"scheduler", OBJECT(sim_scheduler_object), .preset = "{}", FIELD(SimScenarioHost, scheduler),
     .meaning = "Who runs next, and for how long."},
    {"quantum", DURATION, .preset = "\"10us\"", .min = 1, .max = SECOND,
     FIELD(SimScenarioHost, quantum_ns),
     .meaning = "Bound on a step while several vCPUs of one VM run."},
    {"costs", OBJECT(costs_object), .preset = "{}", FIELD(SimScenarioHost, costs),
     .meaning = "What the hypervisor's own work costs, in virtual time."},
    {"memory_policy", OBJECT(memory_policy_object), .preset = "{}",
     FIELD(SimScenarioHost, memory_policy),
     .meaning = "What happens when VMs want more memory than there is."},
    {NULL}};
static const SimObject host_object = {"an object", host_keys, sizeof(SimScenarioHost), NO_KIND};

/* ---- Networks and VMs --------------------------------------------------- */

static const SimKey network_keys[] = {
    {"name", SIM_KEY_NAME, .required = true, FIELD(SimScenarioNetwork, name),
     .meaning = "What NICs and checks call it."},
    {"mode", WORD(mode_words), .required = true, FIELD(SimScenarioNetwork, mode),
     .meaning = "Who can reach whom. internal: VMs only; host-only: VMs and the host; bridged: VMs "
                "are on the host's LAN; nat: each VM behind a router of its own; nat-network: VMs "
                "together behind one."},
    {"latency", DURATION, .preset = "\"50us\"", .min = 1, .max = 10 * SECOND,
     FIELD(SimScenarioNetwork, latency_ns),
     .meaning = "Of each link between a NIC and the switch, one way."},
    {"rate", RATE, .preset = "\"1Gbit/s\"", .min = 1000, .max = UINT64_C(100000000000),
     FIELD(SimScenarioNetwork, rate_bps), .meaning = "Of each link."},
    {"mtu", SIM_KEY_INTEGER, .preset = "1500", .min = 68, .max = 9000,
     FIELD(SimScenarioNetwork, mtu), .meaning = "Largest IP packet in bytes."},
    {"subnet", SIM_KEY_SUBNET, FIELD(SimScenarioNetwork, subnet),
     .meaning = "Where addresses of NICs come from. Left out: internal 10.0.N.0/24 with the "
                "network's number N, host-only 192.168.56.0/24 (the next one .57), nat 10.0.2.0/24 "
                "for a VM's NIC 0 (10.0.3.0/24 for NIC 1), nat-network 10.0.2.0/24. A bridged "
                "network has the LAN's."},
    {"mac_ageing", DURATION, .preset = "\"300s\"", .min = MS, .max = 1000000 * SECOND,
     FIELD(SimScenarioNetwork, mac_ageing_ns),
     .meaning = "How long the switch remembers where a MAC address is."},
    QUALITY_KEYS(SimScenarioNetwork, quality),
    {"spanning_tree", OBJECT(sim_tree_object), FIELD(SimScenarioNetwork, tree),
     .meaning =
         "Its switches speak the spanning tree protocol (IEEE 802.1D) over their trunks; {}: "
         "with the standard's times."},
    {"switch", OBJECT(sim_switch_object), .preset = "{}", FIELD(SimScenarioNetwork, only),
     .meaning = "Its switch, where it has only one."},
    {"switches", LIST(sim_switch_object), .preset = "[]", .max = SIM_MAX_SWITCHES, .unique = "name",
     FIELD(SimScenarioNetwork, switches), COUNT(SimScenarioNetwork, switch_count),
     .meaning = "Its switches, instead of one."},
    {"trunks", LIST(sim_trunk_object), .preset = "[]", .max = SIM_MAX_TRUNKS, .unique = "name",
     FIELD(SimScenarioNetwork, trunks), COUNT(SimScenarioNetwork, trunk_count),
     .meaning = "Cables between its switches."},
    {"forward", LIST(sim_forward_object), .preset = "[]", .max = 256, .unique = "name",
     FIELD(SimScenarioNetwork, forwards), COUNT(SimScenarioNetwork, forward_count),
     .meaning = "Port forward rules, for modes nat and nat-network."},
    {"dhcp", SIM_KEY_OBJECT, .object = &sim_dhcp_object, .or_false = true,
     FIELD(SimScenarioNetwork, dhcp), COUNT(SimScenarioNetwork, dhcp_off),
     .meaning = "The network's DHCP server, false: none. Left out: internal has none, the other "
                "modes have one."},
    {"wifi", SIM_KEY_BOOL, .preset = "false", FIELD(SimScenarioNetwork, wifi),
     .meaning =
         "true, in mode bridged: the host's NIC is a wireless one, by which the LAN sees one "
         "MAC address for all."},
    {NULL}};
static const SimObject network_object = {"an object (a network)", network_keys,
                                         sizeof(SimScenarioNetwork), NO_KIND};

static const SimKey route_keys[] = {
    {"to", SIM_KEY_SUBNET, .required = true, FIELD(SimScenarioRoute, to),
     .meaning = "The network that it leads to."},
    {"via", SIM_KEY_IPV4, .required = true, FIELD(SimScenarioRoute, via),
     .meaning = "The router that passes packets on: an address of the NIC's own network."},
    {NULL}};
static const SimObject route_object = {"an object (a route)", route_keys, sizeof(SimScenarioRoute),
                                       NO_KIND};

static const SimKey nic_keys[] = {
    {"network", SIM_KEY_NETWORK, .required = true, FIELD(SimScenarioNic, network),
     .meaning = "The network that its cable leads to."},
    {"mac", SIM_KEY_MAC, FIELD(SimScenarioNic, mac),
     .meaning = "Its MAC address; 02:68:76:VV:VV:NN when left out, from the numbers of VM and "
                "NIC."},
    {"address", SIM_KEY_ADDRESS, FIELD(SimScenarioNic, address),
     .meaning =
         "Its static IPv4 address. Left out: it asks by DHCP where the network has a server, "
         "else it gets the lowest free one of the subnet."},
    {"dhcp", SIM_KEY_BOOL, FIELD(SimScenarioNic, dhcp),
     .meaning = "true: it asks for an address by DHCP, even where nobody answers."},
    {"gateway", SIM_KEY_IPV4, FIELD(SimScenarioNic, gateway),
     .meaning = "Where the default route leads; left out: where DHCP says, or there is none."},
    {"routes", LIST(route_object), .preset = "[]", .max = SIM_MAX_ROUTES,
     FIELD(SimScenarioNic, routes), COUNT(SimScenarioNic, route_count),
     .meaning = "Static routes that the guest has from boot on: which networks are behind which "
                "neighbour. At most 8 for all NICs of a VM."},
    NIC_PORT_KEYS(SimScenarioNic, port),
    {NULL}};
static const SimObject nic_object = {"an object (a NIC)", nic_keys, sizeof(SimScenarioNic),
                                     NO_KIND};

static const SimKey vm_keys[] = {
    {"name", SIM_KEY_NAME, .required = true, FIELD(SimScenarioVm, name),
     .meaning = "What commands and checks call it; also its host name in the guests."},
    {"program", SIM_KEY_PROGRAM, .required = true, FIELD(SimScenarioVm, program),
     .meaning = "A program that comes with hvlab, or the path of an ELF file with a / in it, "
                "relative to the scenario file."},
    {"args", SIM_KEY_TEXTS, .preset = "[]", .max = SIM_MAX_ARGS, FIELD(SimScenarioVm, args),
     COUNT(SimScenarioVm, arg_count), .meaning = "Its arguments."},
    {"vcpus", SIM_KEY_INTEGER, .preset = "1", .min = 1, .max = SIM_MAX_VCPUS,
     FIELD(SimScenarioVm, vcpus), .meaning = "Virtual CPUs."},
    {"memory", SIZE, .preset = "\"2MiB\"", .min = 2 * MIB, .max = GIB, .step = 4 * KIB,
     FIELD(SimScenarioVm, memory_bytes),
     .meaning = "What the VM is promised; pages get page frames when first touched."},
    {"memory_shares", SIM_KEY_INTEGER, .preset = "1000", .min = 1, .max = 1000000,
     FIELD(SimScenarioVm, memory_shares),
     .meaning = "Of the host's memory, in relation to other VMs', when there is not enough."},
    {"memory_reservation", SIZE, .preset = "\"0KiB\"", .min = 0, .max = GIB, .step = 4 * KIB,
     FIELD(SimScenarioVm, memory_reservation_bytes),
     .meaning =
         "Nobody takes so much of what it holds; it does not start if the host cannot promise "
         "that."},
    {"memory_limit", SIZE, .preset = "\"0KiB\"", .min = 0, .max = GIB, .step = 4 * KIB,
     FIELD(SimScenarioVm, memory_limit_bytes),
     .meaning = "It holds no more, even if there is more: then one of its own pages goes. 0KiB: no "
                "limit."},
    {"balloon", SIM_KEY_BOOL, .preset = "false", FIELD(SimScenarioVm, balloon),
     .meaning = "It has a balloon, as all have if the host's memory_policy says balloon."},
    {"weight", SIM_KEY_INTEGER, .preset = "256", .min = 1, .max = 65536,
     FIELD(SimScenarioVm, weight),
     .meaning = "Share of CPU time of each vCPU in relation to others."},
    {"priority", SIM_KEY_INTEGER, .preset = "0", .min = 0, .max = 1000,
     FIELD(SimScenarioVm, priority), .meaning = "Larger runs first, where the policy has it."},
    {"cap", SHARE, .preset = "\"0%\"", .min = 0, .max = 1600 * PERCENT,
     FIELD(SimScenarioVm, cap_ppm),
     .meaning =
         "Most CPU time of all its vCPUs, of one pCPU; 0%: no cap. Where the policy has it."},
    {"reservation", SHARE, .preset = "\"0%\"", .min = 0, .max = 1600 * PERCENT,
     FIELD(SimScenarioVm, reservation_ppm),
     .meaning = "Least CPU time while it wants to run, of one pCPU. Where the policy has it."},
    {"period", DURATION, .preset = "\"0ns\"", .min = 0, .max = 3600 * SECOND,
     FIELD(SimScenarioVm, period_ns),
     .meaning = "sedf: each vCPU has its budget once in this time; 0ns: no budget."},
    {"slice", DURATION, .preset = "\"0ns\"", .min = 0, .max = 3600 * SECOND,
     FIELD(SimScenarioVm, slice_ns),
     .meaning = "A slice of its own; sedf: the budget per period. 0ns: the scheduler's."},
    {"vcpu_scheduling", LIST(sim_vcpu_sched_object), .preset = "[]", .max = SIM_MAX_VCPUS,
     FIELD(SimScenarioVm, vcpu_scheduling), COUNT(SimScenarioVm, vcpu_scheduling_count),
     .meaning = "What single vCPUs have else than the VM, from vCPU 0 on."},
    {"affinity", SIM_KEY_PCPUS, .preset = "[]", FIELD(SimScenarioVm, affinity),
     .meaning = "Numbers of the pCPUs that it may run on; []: any."},
    {"throttle", OBJECT(sim_throttle_object), .preset = "{}", FIELD(SimScenarioVm, throttle),
     .meaning = "What it may ask of the hypervisor, against noisy neighbours."},
    {"start_at", DURATION, .never = true, .preset = "\"0ns\"", .min = 0, .max = 3600 * SECOND,
     FIELD(SimScenarioVm, start_at_ns), .meaning = "When it is switched on."},
    {"nics", LIST(nic_object), .preset = "[]", .max = SIM_MAX_NICS, FIELD(SimScenarioVm, nics),
     COUNT(SimScenarioVm, nic_count), .meaning = "Its network interfaces."},
    {NULL}};
static const SimObject vm_object = {"an object (a VM)", vm_keys, sizeof(SimScenarioVm), NO_KIND,
                                    .finish = sim_finish_vm_memory};

/* ---- Commands ----------------------------------------------------------- */

#define COMMAND_ENDS                                                                               \
    {"from", SIM_KEY_ENDPOINT, .required = true, FIELD(SimCommand, from), .meaning = "Who asks."}, \
        {"to", SIM_KEY_ENDPOINT, .required = true, FIELD(SimCommand, to),                          \
         .meaning = "Who is asked."},                                                              \
    {                                                                                              \
        "answered_by", SIM_KEY_ENDPOINT, FIELD(SimCommand, answered_by),                           \
            .meaning = "Who is meant, at the address of to: it alone "                             \
                       "answers. Left out: to."                                                    \
    }
#define COMMAND_TIMES                                                                              \
    {"count",                                                                                      \
     SIM_KEY_INTEGER,                                                                              \
     .preset = "1",                                                                                \
     .min = 1,                                                                                     \
     .max = 10000,                                                                                 \
     FIELD(SimCommand, count),                                                                     \
     .meaning = "How many probes."},                                                               \
        {"interval",                                                                               \
         DURATION,                                                                                 \
         .preset = "\"100ms\"",                                                                    \
         .min = US,                                                                                \
         .max = 3600 * SECOND,                                                                     \
         FIELD(SimCommand, interval_ns),                                                           \
         .meaning = "From one probe to the next."},                                                \
    {                                                                                              \
        "timeout", DURATION, .preset = "\"1s\"", .min = MS, .max = 3600 * SECOND,                  \
                             FIELD(SimCommand, timeout_ns),                                        \
                             .meaning = "How long to wait for each answer."                        \
    }
static const SimKey ping_keys[] = {
    COMMAND_HEAD,
    COMMAND_ENDS,
    {"protocol", WORD(protocol_words), .preset = "\"icmp\"", FIELD(SimCommand, protocol),
     .meaning = "icmp: echo request; udp: a datagram to an echo server; tcp: a connection."},
    {"port", SIM_KEY_INTEGER, .preset = "7", .min = 1, .max = 65535, FIELD(SimCommand, port),
     .meaning = "For udp and tcp."},
    COMMAND_TIMES,
    {NULL}};
static const SimKey connect_keys[] = {COMMAND_HEAD,
                                      COMMAND_ENDS,
                                      {"port", SIM_KEY_INTEGER, .preset = "7", .min = 1,
                                       .max = 65535, FIELD(SimCommand, port),
                                       .meaning = "The TCP port to connect to."},
                                      COMMAND_TIMES,
                                      {NULL}};
#define COMMAND_NETWORK                                                                            \
    {                                                                                              \
        "network", SIM_KEY_NETWORK, .required = true, FIELD(SimCommand, network),                  \
                                    .meaning = "Whose rule: a network of mode nat or nat-network." \
    }
static const SimKey forward_add_keys[] = {COMMAND_HEAD,
                                          COMMAND_NETWORK,
                                          {"rule", OBJECT(sim_forward_object), .required = true,
                                           FIELD(SimCommand, forward), .meaning = "The new rule."},
                                          {NULL}};
static const SimKey forward_remove_keys[] = {COMMAND_HEAD,
                                             COMMAND_NETWORK,
                                             {"name", SIM_KEY_NAME, .required = true,
                                              FIELD(SimCommand, text),
                                              .meaning = "The name of the rule."},
                                             {NULL}};
static const SimKey set_mode_keys[] = {
    COMMAND_HEAD,
    {"network", SIM_KEY_NETWORK, .required = true, FIELD(SimCommand, network),
     .meaning = "Which network."},
    {"mode", WORD(mode_words), .required = true, FIELD(SimCommand, mode),
     .meaning = "How it is wired from now on. In the mode of the file it has the file's subnet, "
                "DHCP server and forward rules, in another one what that mode has by itself."},
    {NULL}};
static const SimKey cable_keys[] = {COMMAND_HEAD,
                                    COMMAND_VM,
                                    {"nic", SIM_KEY_INTEGER, .preset = "0", .min = 0,
                                     .max = SIM_MAX_NICS - 1, FIELD(SimCommand, nic),
                                     .meaning = "The number of the NIC, from 0."},
                                    {NULL}};
static const SimKey vm_only_keys[] = {COMMAND_HEAD, COMMAND_VM, {NULL}};
static const SimKey weight_keys[] = {COMMAND_HEAD,
                                     COMMAND_VM,
                                     {"weight", SIM_KEY_INTEGER, .required = true, .min = 1,
                                      .max = 65536, FIELD(SimCommand, weight),
                                      .meaning = "The new weight."},
                                     {NULL}};
static const SimKey type_keys[] = {COMMAND_HEAD,
                                   COMMAND_VM,
                                   {"text", SIM_KEY_TEXT, .required = true, .min = 1, .max = 4096,
                                    FIELD(SimCommand, text),
                                    .meaning = "What is typed on its console; \\n is Enter."},
                                   {NULL}};

#define COMMAND(n, k)                                                                              \
    {                                                                                              \
        n, k, sizeof(SimCommand), NO_KIND, .finish = sim_finish_command                            \
    }
static const SimObject ping_object = COMMAND("ping", ping_keys);
static const SimObject connect_object = COMMAND("connect", connect_keys);
static const SimObject forward_add_object = COMMAND("forward-add", forward_add_keys);
static const SimObject forward_remove_object = COMMAND("forward-remove", forward_remove_keys);
static const SimObject set_mode_object = COMMAND("set-mode", set_mode_keys);
static const SimObject cable_object = COMMAND("plug", cable_keys);
static const SimObject vm_only_object = COMMAND("start", vm_only_keys);
static const SimObject weight_object = COMMAND("set-weight", weight_keys);
static const SimObject type_object = COMMAND("type", type_keys);

static const SimObject *const command_variants[] = {
    [SIM_COMMAND_PING] = &ping_object,
    [SIM_COMMAND_CONNECT] = &connect_object,
    [SIM_COMMAND_PLUG] = &cable_object,
    [SIM_COMMAND_UNPLUG] = &cable_object,
    [SIM_COMMAND_START] = &vm_only_object,
    [SIM_COMMAND_PAUSE] = &vm_only_object,
    [SIM_COMMAND_RESUME] = &vm_only_object,
    [SIM_COMMAND_KILL] = &vm_only_object,
    [SIM_COMMAND_SET_WEIGHT] = &weight_object,
    [SIM_COMMAND_TYPE] = &type_object,
    [SIM_COMMAND_FORWARD_ADD] = &forward_add_object,
    [SIM_COMMAND_FORWARD_REMOVE] = &forward_remove_object,
    [SIM_COMMAND_SET_SCHEDULING] = &sim_set_scheduling_object,
    [SIM_COMMAND_SET_LINK_QUALITY] = &sim_set_quality_object,
    [SIM_COMMAND_PLUG_TRUNK] = &sim_trunk_cable_object,
    [SIM_COMMAND_UNPLUG_TRUNK] = &sim_trunk_cable_object,
    [SIM_COMMAND_FLOW_ADD] = &sim_flow_add_object,
    [SIM_COMMAND_FLOW_REMOVE] = &sim_flow_remove_object,
    [SIM_COMMAND_SET_ACL] = &sim_set_acl_object,
    [SIM_COMMAND_SET_BALLOON] = &sim_set_balloon_object,
    [SIM_COMMAND_SET_THROTTLE] = &sim_set_throttle_object,
    [SIM_COMMAND_SET_MODE] = &set_mode_object,
    [SIM_COMMAND_SET_MEMORY] = &sim_set_memory_object,
    [SIM_COMMAND_SET_TAX] = &sim_set_tax_object,
};
static const char *const command_names[] = {
    [SIM_COMMAND_PING] = "ping",
    [SIM_COMMAND_CONNECT] = "connect",
    [SIM_COMMAND_PLUG] = "plug",
    [SIM_COMMAND_UNPLUG] = "unplug",
    [SIM_COMMAND_START] = "start",
    [SIM_COMMAND_PAUSE] = "pause",
    [SIM_COMMAND_RESUME] = "resume",
    [SIM_COMMAND_KILL] = "kill",
    [SIM_COMMAND_SET_WEIGHT] = "set-weight",
    [SIM_COMMAND_TYPE] = "type",
    [SIM_COMMAND_FORWARD_ADD] = "forward-add",
    [SIM_COMMAND_FORWARD_REMOVE] = "forward-remove",
    [SIM_COMMAND_SET_SCHEDULING] = "set-scheduling",
    [SIM_COMMAND_SET_LINK_QUALITY] = "set-link-quality",
    [SIM_COMMAND_PLUG_TRUNK] = "plug-trunk",
    [SIM_COMMAND_UNPLUG_TRUNK] = "unplug-trunk",
    [SIM_COMMAND_FLOW_ADD] = "flow-add",
    [SIM_COMMAND_FLOW_REMOVE] = "flow-remove",
    [SIM_COMMAND_SET_ACL] = "set-acl",
    [SIM_COMMAND_SET_BALLOON] = "set-balloon",
    [SIM_COMMAND_SET_THROTTLE] = "set-throttle",
    [SIM_COMMAND_SET_MODE] = "set-mode",
    [SIM_COMMAND_SET_MEMORY] = "set-memory",
    [SIM_COMMAND_SET_TAX] = "set-tax",
    [SIM_COMMAND_COUNT] = NULL,
};

const SimObject sim_command_object = {.noun = "an object (a command)",
                                      .size = sizeof(SimCommand),
                                      NO_KIND,
                                      .variants = command_variants,
                                      .variant_names = command_names};

/* ---- Checks ------------------------------------------------------------- */

static const SimKey reach_keys[] = {
    {"from", SIM_KEY_ENDPOINT, .required = true, FIELD(SimExpectReach, from),
     .meaning = "Who asks."},
    {"to", SIM_KEY_ENDPOINT, .required = true, FIELD(SimExpectReach, to),
     .meaning = "Who is asked."},
    {"protocol", WORD(protocol_words), .preset = "\"icmp\"", FIELD(SimExpectReach, protocol),
     .meaning = "How."},
    {"port", SIM_KEY_INTEGER, .preset = "7", .min = 1, .max = 65535, FIELD(SimExpectReach, port),
     .meaning = "For udp and tcp."},
    {"is", SIM_KEY_BOOL, .preset = "true", FIELD(SimExpectReach, is),
     .meaning = "Shall it be reached?"},
    {"answered_by", SIM_KEY_ENDPOINT, FIELD(SimExpectReach, answered_by),
     .meaning = "Who must have answered, when that is not whom it was sent to."},
    {NULL}};
static const SimObject reach_object = {"an object", reach_keys, sizeof(SimExpectReach), NO_KIND,
                                       .finish = sim_finish_reach};

#define RANGE(of)                                                                                  \
    {"min",    SIM_KEY_INTEGER,                                                                    \
     .min = 0, .max = MOST_WHOLE,                                                                  \
     NO_FIELD, .meaning = of " is at least this."},                                                \
        {"max",    SIM_KEY_INTEGER,                                                                \
         .min = 0, .max = MOST_WHOLE,                                                              \
         NO_FIELD, .meaning = of " is at most this."},                                             \
    {                                                                                              \
        "equals", SIM_KEY_INTEGER, .min = 0, .max = MOST_WHOLE, NO_FIELD,                          \
                                   .meaning = of " is exactly this; instead of min and max."       \
    }

static const SimKey counter_keys[] = {
    {"path", SIM_KEY_COUNTER, .required = true, .offset = 0,
     .meaning = "What is counted, as in the result: vms.a.exits.mmio, networks.net0.frames."},
    RANGE("The counter"),
    {NULL}};
static const SimObject counter_object = {"an object", counter_keys, sizeof(SimExpectCounter),
                                         NO_KIND, .finish = sim_finish_counter};

static const SimKey console_keys[] = {
    {"vm", SIM_KEY_VM, .required = true, FIELD(SimExpectConsole, vm), .meaning = "Whose console."},
    {"contains", SIM_KEY_TEXT, .choice = true, .min = 1, .max = 4096, FIELD(SimExpectConsole, text),
     .meaning = "This text was printed."},
    {"matches", SIM_KEY_TEXT, .choice = true, .min = 1, .max = 4096, FIELD(SimExpectConsole, text),
     .meaning =
         "This regular expression (PCRE) matches somewhere; ^ and $ are the ends of a line."},
    {"lacks", SIM_KEY_TEXT, .choice = true, .min = 1, .max = 4096, FIELD(SimExpectConsole, text),
     .meaning = "This text was not printed."},
    {NULL}};
static const SimObject console_object = {"an object",
                                         console_keys,
                                         sizeof(SimExpectConsole),
                                         .choice_required = true,
                                         .kind_offset = offsetof(SimExpectConsole, kind),
                                         .finish = sim_finish_console};

static const SimKey share_keys[] = {
    {"vm", SIM_KEY_VM, .required = true, FIELD(SimExpectShare, vm), .meaning = "Whose share."},
    {"vcpu", SIM_KEY_INTEGER, .min = 0, .max = SIM_MAX_VCPUS - 1, NO_FIELD,
     .meaning = "Of one vCPU only; else of all that the VM has."},
    {"of", WORD(share_of_words), .preset = "\"busy\"", NO_FIELD,
     .meaning = "busy: of the CPU time that all vCPUs got; host: of all that the pCPUs had."},
    {"is", SHARE, .required = true, .min = 0, .max = 100 * PERCENT, NO_FIELD,
     .meaning = "The share that it shall have."},
    {"within", SHARE, .preset = "\"1%\"", .min = 0, .max = 100 * PERCENT, NO_FIELD,
     .meaning = "How many percent points it may be off."},
    {NULL}};
static const SimObject share_object = {"an object", share_keys, sizeof(SimExpectShare), NO_KIND,
                                       .finish = sim_finish_share};

static const SimKey count_keys[] = {RANGE("The number of events"), {NULL}};
static const SimObject count_object = {"an object", count_keys, 0, NO_KIND};

static const SimKey event_keys[] = {
    {"type", SIM_KEY_EVENT, .required = true, FIELD(SimExpectEvent, type),
     .meaning = "The event's type, as hvlab events lists it."},
    {"where", SIM_KEY_WHERE, .preset = "{}", .max = 16, FIELD(SimExpectEvent, where),
     COUNT(SimExpectEvent, where_count),
     .meaning = "Count only events whose fields have these values."},
    {"present", SIM_KEY_BOOL, .choice = true, NO_FIELD,
     .meaning = "true: there is at least one (what is meant when nothing is said)."},
    {"absent", SIM_KEY_BOOL, .choice = true, NO_FIELD, .meaning = "true: there is none."},
    {"count", OBJECT(count_object), .choice = true, NO_FIELD, .meaning = "How many there are."},
    {NULL}};
const SimObject sim_event_object = {"an object (an event)", event_keys, sizeof(SimExpectEvent),
                                    NO_KIND, .finish = sim_finish_event};

static const SimKey expect_keys[] = {
    {"reach", OBJECT(reach_object), .choice = true, FIELD(SimExpect, reach),
     .meaning = "A probe sent at the end of the run is answered."},
    {"counter", OBJECT(counter_object), .choice = true, FIELD(SimExpect, counter),
     .meaning = "A number of the result lies in a range."},
    {"console", OBJECT(console_object), .choice = true, FIELD(SimExpect, console),
     .meaning = "What a VM printed."},
    {"share", OBJECT(share_object), .choice = true, FIELD(SimExpect, share),
     .meaning = "What part of the CPU time a VM got."},
    {"event", OBJECT(sim_event_object), .choice = true, FIELD(SimExpect, event),
     .meaning = "Events that are in the trace, or are not."},
    {NULL}};
static const SimObject expect_object = {"an object", expect_keys, sizeof(SimExpect),
                                        .choice_required = true,
                                        .kind_offset = offsetof(SimExpect, kind)};

static const SimKey check_keys[] = {
    {"id", SIM_KEY_NAME, .required = true, FIELD(SimScenarioCheck, id),
     .meaning = "What reports call it."},
    {"title", SIM_KEY_TEXT, .required = true, .min = 1, .max = 200, FIELD(SimScenarioCheck, title),
     .meaning = "What a person reads: a sentence that is true when it passes."},
    {"points", SIM_KEY_INTEGER, .preset = "1", .min = 0, .max = 1000,
     FIELD(SimScenarioCheck, points), .meaning = "What passing earns."},
    {"requires", SIM_KEY_WORDS, .words = requires_words, .preset = "[]",
     FIELD(SimScenarioCheck, requires), .meaning = "Skipped on another backend."},
    {"show", WORD(show_words), .preset = "\"now\"", FIELD(SimScenarioCheck, show),
     .meaning = "Seen while working, once graded, or never."},
    {"expect", OBJECT(expect_object), .required = true, FIELD(SimScenarioCheck, expect),
     .meaning = "What must hold."},
    {NULL}};
static const SimObject check_object = {"an object (a check)", check_keys, sizeof(SimScenarioCheck),
                                       NO_KIND};

/* ---- The whole ---------------------------------------------------------- */

static const SimKey scenario_keys[] = {
    {"$schema", SIM_KEY_IGNORED, NO_FIELD, .meaning = "Where editors find this schema."},
    {"format", SIM_KEY_FORMAT, .required = true, NO_FIELD, .meaning = "The version of the format."},
    {"id", SIM_KEY_ID, .required = true, FIELD(SimScenario, id),
     .meaning = "Its name among all scenarios: folder/file."},
    {"title", SIM_KEY_TEXT, .required = true, .min = 1, .max = 200, FIELD(SimScenario, title),
     .meaning = "One line for lists."},
    {"brief", SIM_KEY_LINES, .preset = "\"\"", .max = 65536, FIELD(SimScenario, brief),
     .meaning = "What it shows, in Markdown: a string, or a list of lines."},
    {"meta", OBJECT(meta_object), .preset = "{}", FIELD(SimScenario, meta),
     .meaning = "Where it stands in a course."},
    {"requires", SIM_KEY_WORDS, .words = requires_words, .preset = "[]",
     FIELD(SimScenario, requires), .meaning = "The backend that it needs, if it needs one."},
    {"seed", SIM_KEY_INTEGER, .preset = "1", .min = 0, .max = MOST_WHOLE, FIELD(SimScenario, seed),
     .meaning = "Of everything random; equal seeds give equal runs."},
    {"run", OBJECT(run_object), .preset = "{}", FIELD(SimScenario, run),
     .meaning = "How long, and what is recorded."},
    {"host", OBJECT(host_object), .preset = "{}", FIELD(SimScenario, host),
     .meaning = "The machine that the VMs run on."},
    {"networks", LIST(network_object), .preset = "[]", .max = SIM_MAX_NETWORKS, .unique = "name",
     FIELD(SimScenario, networks), COUNT(SimScenario, network_count),
     .meaning = "Virtual networks, each with a switch of its own."},
    {"lan", OBJECT(sim_lan_object), FIELD(SimScenario, lan),
     .meaning = "The network that the host's own NIC is on, and the machines there."},
    {"internet", OBJECT(sim_internet_object), FIELD(SimScenario, internet),
     .meaning = "Servers behind the LAN's router."},
    {"vms", LIST(vm_object), .preset = "[]", .max = SIM_MAX_VMS, .unique = "name",
     FIELD(SimScenario, vms), COUNT(SimScenario, vm_count), .meaning = "The virtual machines."},
    {"jobs", LIST(sim_job_object), .preset = "[]", .max = SIM_MAX_VMS, FIELD(SimScenario, jobs),
     COUNT(SimScenario, job_count),
     .meaning = "Jobs of exact length, each a VM of one vCPU. With jobs, host.costs are 0 unless "
                "given."},
    {"timeline", LIST(sim_command_object), .preset = "[]", .max = 10000,
     FIELD(SimScenario, timeline), COUNT(SimScenario, command_count),
     .meaning = "Commands given while it runs."},
    {"steps", LIST(sim_step_object), .preset = "[]", .max = 1000, .unique = "id",
     FIELD(SimScenario, steps), COUNT(SimScenario, step_count),
     .meaning = "The steps of a guided lesson."},
    {"checks", LIST(check_object), .preset = "[]", .max = 1000, .unique = "id",
     FIELD(SimScenario, checks), COUNT(SimScenario, check_count),
     .meaning = "What must hold after the run."},
    {"variants", SIM_KEY_LATER, NO_FIELD, .meaning = "Values that differ from student to student."},
    {"lab", SIM_KEY_LATER, NO_FIELD, .meaning = "Rules of a graded assignment."},
    {NULL}};
const SimObject sim_scenario_object = {"an object", scenario_keys, sizeof(SimScenario), NO_KIND};

/* ---- Words back --------------------------------------------------------- */

const char *sim_command_name(SimCommandKind kind)
{
    return command_names[kind];
}

const char *sim_network_mode_name(SimNetworkMode mode)
{
    return mode_words[mode];
}

const char *sim_protocol_name(SimProtocol protocol)
{
    return protocol_words[protocol];
}

const char *sim_replacement_name(SimReplacement replacement)
{
    return replacement_words[replacement];
}
