/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-scenario-errors.c: every class of error, with the message that a person
 * should read. Messages are compared whole: place, cause, what is allowed. */
#include <glib/gstdio.h>

#include "tests/sim/scenario-helper.h"

typedef struct {
    const char *name, *text, *message;
} Case;

/* With a check of this expect in line 4. */
#define CHECK(expect) HEAD TWO "\"checks\":[{\"id\":\"k\",\"title\":\"K\",\"expect\":" expect "}]}"
/* With this command in line 4. */
#define COMMAND(command) HEAD TWO "\"timeline\":[" command "]}"
/* With a step of these keys in line 4; T is its title. */
#define STEP(keys)    HEAD TWO "\"steps\":[{\"id\":\"s\"," keys "}]}"
#define T             "\"title\":\"T\","
#define PREDICT(keys) STEP(T "\"predict\":{\"ask\":\"?\"," keys "}")
#define ANSWER        "\"answer\":{\"event\":\"page-mapped\"}"
#define TWO_OPTIONS   "\"options\":[{\"id\":\"x\"},{\"id\":\"y\"}]"
/* With this network in line 2. */
#define NETWORK(network) HEAD "\"networks\":[" network "],\n" VM_A
/* With these keys of VM a in line 2. */
#define VM(keys) HEAD "\"vms\":[{\"name\":\"a\",\"program\":\"hello\"," keys "}]}"
/* With these NICs of VM a in line 3. */
#define NICS(nics)                                                                                 \
    HEAD "\"networks\":[{\"name\":\"net0\",\"mode\":\"internal\"}],\n"                             \
         "\"vms\":[{\"name\":\"a\",\"program\":\"hello\",\"nics\":[" nics "]}]}"

static const Case json_cases[] = {
    {"empty", "",
     "x.json:1:1: not JSON: the text ends where a value (an object, a list, a string in quotes, a "
     "number, true or false) should be"},
    {"trailing-comma", "{\"a\": 1,}",
     "x.json:1:9: not JSON: \"}\" where a key in quotes should be"},
    {"line-and-column", "{\n  \"a\": [1,\n    2 3]\n}",
     "x.json:3:7: not JSON: \"3\" where \",\" or \"]\" should be"},
    {"column-in-characters", "{\"\xc3\xa4\xc3\xb6\": x}",
     "x.json:1:8: not JSON: \"x\" where a value (an object, a list, a string in quotes, a number, "
     "true or false) should be"},
    {"unquoted-key", "{a: 1}", "x.json:1:2: not JSON: \"a\" where a key in quotes should be"},
    {"no-colon", "{\"a\" 1}", "x.json:1:6: not JSON: \"1\" where \":\" should be"},
    {"cut-off", "{\"a\": [1, 2",
     "x.json:1:12: not JSON: the text ends where \",\" or \"]\" should be"},
    {"string-cut-off", "{\"a",
     "x.json:1:4: not JSON: the text ends where the end of a string (\") "
     "should be"},
    {"line-break-in-string", "{\"a\": \"x\ny\"}",
     "x.json:1:9: not JSON: a string may not hold a line break or control character; write \\n or "
     "\\t"},
    {"wrong-escape", "[\"\\x\"]",
     "x.json:1:4: not JSON: \"x\" where one of \" \\ / b f n r t u should be"},
    {"wrong-unicode-escape", "[\"\\u12g4\"]",
     "x.json:1:7: not JSON: \"g\" where a hexadecimal digit should be"},
    {"nul-escape", "[\"\\u0000\"]", "x.json:1:9: a string may not hold the character \\u0000"},
    {"leading-zero", "[01]", "x.json:1:3: not JSON: \"1\" where \",\" or \"]\" should be"},
    {"bare-minus", "[-]", "x.json:1:3: not JSON: \"]\" where a digit should be"},
    {"nan", "[NaN]",
     "x.json:1:2: not JSON: \"N\" where a value (an object, a list, a string in quotes, a number, "
     "true or false) should be"},
    {"two-values", "{} {}", "x.json:1:4: not JSON: \"{\" where the end of the text should be"},
    {"comment", "{} // x", "x.json:1:4: not JSON: \"/\" where the end of the text should be"},
    {"twice", HEAD "\"seed\":1,\n\"seed\":2,\n" VM_A,
     "x.json:3: seed: given twice; the first is in line 2"},
    {"twice-escaped", "{\"a\":[{\"b\":1,\n\"\\u0062\":2}]}",
     "x.json:2: a[0].b: given twice; the first is in line 1"},
    {"not-utf8", "{\n\"a\": \"\xff\"}", "x.json:2: not UTF-8 text (byte 0xff)"},
};

static const Case shape_cases[] = {
    {"a-list", "[1]", "x.json:1: a list is not an object"},
    {"null", "null", "x.json:1: null is not an object"},
    {"no-format", "{}", "x.json:1: \"format\" is missing; allowed: hvlab-scenario/1"},
    {"other-format", "{\"format\":\"hvlab-scenario/9\",\"id\":\"t\",\"title\":\"T\"," VM_A,
     "x.json:1: format: \"hvlab-scenario/9\" is not a format known here; allowed: "
     "hvlab-scenario/1"},
    {"no-vms", HEAD "\"seed\":1}",
     "x.json:1: vms: there is none; allowed: a list of 1 to 1024 objects (or "
     "\"jobs\")"},
    {"empty-vms", HEAD "\"vms\":[]}",
     "x.json:2: vms: there is none; allowed: a list of 1 to 1024 objects (or "
     "\"jobs\")"},
    {"vms-an-object", HEAD "\"vms\":{}}",
     "x.json:2: vms: an object is not a list; allowed: a list of at most 1024 objects"},
    {"vm-a-string", HEAD "\"vms\":[\n\"a\"]}", "x.json:3: vms[0]: \"a\" is not an object (a VM)"},
    {"unknown-key", NETWORK("{\"name\":\"n\",\n\"mood\":\"internal\"}"),
     "x.json:3: networks[0].mood: unknown key; did you mean \"mode\"? allowed: name, mode, "
     "latency, "
     "rate, mtu, subnet, mac_ageing, delay, jitter, loss, duplicate, reorder, spanning_tree, "
     "switch, switches, trunks, forward, dhcp, wifi"},
    {"unknown-key-far", HEAD "\"host\":{\n\"zzzzzz\":1},\n" VM_A,
     "x.json:3: host.zzzzzz: unknown key; allowed: pcpus, memory, clock_hz, scheduler, quantum, "
     "costs, memory_policy"},
    {"statistics-too-often", HEAD "\"host\":{\"memory_policy\":{\"statistics\":\"1ns\"}}," VM_A,
     "x.json:2: host.memory_policy.statistics: is too often; allowed: 0ns, or 10us and more"},
    {"odd-key", HEAD "\"a \\n\":1,\n" VM_A,
     "x.json:2: \"a \\n\": unknown key; allowed: $schema, format, id, title, brief, meta, "
     "requires, "
     "seed, run, host, networks, lan, internet, vms, jobs, timeline, steps, checks"},
    {"later-key", HEAD "\"lab\":{},\n" VM_A,
     "x.json:2: lab: a word of the format that this version of hvlab cannot run yet; leave it out"},
    {"null-value", HEAD "\"seed\":null,\n" VM_A,
     "x.json:2: seed: null is no value; allowed: a whole number from 0 to 9007199254740991"},
    {"id", "{\"format\":\"hvlab-scenario/1\",\"id\":\"a//b\",\"title\":\"T\"," VM_A,
     "x.json:1: id: \"a//b\" is not an id; allowed: lower-case letters, digits and -, in parts "
     "joined by /"},
    {"empty-title", "{\"format\":\"hvlab-scenario/1\",\"id\":\"t\",\"title\":\"\"," VM_A,
     "x.json:1: title: \"\" is too short; allowed: a string of 1 to 200 characters"},
    {"brief", HEAD "\"brief\":5,\n" VM_A,
     "x.json:2: brief: 5 is neither a string nor a list of strings; allowed: a string, or a list "
     "of "
     "strings: its lines"},
    {"brief-line", HEAD "\"brief\":[\"x\",\n7],\n" VM_A,
     "x.json:3: brief[1]: 7 is not a string; put it in quotes"},
    {"steps", HEAD "\"steps\":{},\n" VM_A,
     "x.json:2: steps: an object is not a list; allowed: a list of at most 1000 objects"},
    {"requires", HEAD "\"requires\":[\"emulate\"],\n" VM_A,
     "x.json:2: requires[0]: \"emulate\" is not known here; did you mean \"emulated\"? allowed: "
     "emulated, kvm"},
};

static const Case value_cases[] = {
    {"size",
     HEAD "\"vms\":[{\"name\":\"a\",\"program\":\"hello\"},\n"
          "{\"name\":\"b\",\"program\":\"hello\",\n\"memory\":\"2MB\"}]}",
     "x.json:4: vms[1].memory: \"2MB\" is not a size; allowed: a number with KiB, MiB or GiB, from "
     "2MiB to 1GiB"},
    {"size-a-number", VM("\"memory\":2097152"),
     "x.json:2: vms[0].memory: 2097152 is not a size; allowed: a number with KiB, MiB or GiB, from "
     "2MiB to 1GiB"},
    {"size-small", VM("\"memory\":\"1MiB\""),
     "x.json:2: vms[0].memory: \"1MiB\" is too small; allowed: a number with KiB, MiB or GiB, from "
     "2MiB to 1GiB"},
    {"size-absurd", VM("\"memory\":\"99999999999999999999999GiB\""),
     "x.json:2: vms[0].memory: \"99999999999999999999999GiB\" is too large; allowed: a number with "
     "KiB, MiB or GiB, from 2MiB to 1GiB"},
    {"size-step", VM("\"memory\":\"2049KiB\""),
     "x.json:2: vms[0].memory: \"2049KiB\" is not a multiple of 4KiB; allowed: a number with KiB, "
     "MiB or GiB, from 2MiB to 1GiB"},
    {"duration", HEAD "\"run\":{\"until\":\"2 s\"},\n" VM_A,
     "x.json:2: run.until: \"2 s\" is not a duration; allowed: a number with ns, us, ms or s, from "
     "1us to 3600s"},
    {"duration-fraction", HEAD "\"host\":{\"costs\":{\"exit\":\"0.5ns\"}},\n" VM_A,
     "x.json:2: host.costs.exit: \"0.5ns\" is not a whole number of ns; allowed: a number with ns, "
     "us, ms or s, from 0ns to 1s"},
    {"link-of-0-ns", NETWORK("{\"name\":\"n\",\"mode\":\"internal\",\"latency\":\"0ns\"}"),
     "x.json:2: networks[0].latency: \"0ns\" is too small; allowed: a number with ns, us, ms or s, "
     "from 1ns to 10s"},
    {"never", VM("\"start_at\":\"nevr\""),
     "x.json:2: vms[0].start_at: \"nevr\" is not a duration; allowed: a number with ns, us, ms or "
     "s, from 0ns to 3600s, or never"},
    {"rate", NETWORK("{\"name\":\"n\",\"mode\":\"internal\",\"rate\":\"1Gbps\"}"),
     "x.json:2: networks[0].rate: \"1Gbps\" is not a rate; allowed: a number with bit/s, kbit/s, "
     "Mbit/s or Gbit/s, from 1kbit/s to 100Gbit/s"},
    {"percent", VM("\"cap\":\"half\""),
     "x.json:2: vms[0].cap: \"half\" is not a percentage; allowed: a number with %, from 0% to "
     "1600%"},
    {"integer", HEAD "\"host\":{\"pcpus\":0},\n" VM_A,
     "x.json:2: host.pcpus: 0 is too small; allowed: a whole number from 1 to 64"},
    {"integer-large", VM("\"vcpus\":17"),
     "x.json:2: vms[0].vcpus: 17 is too large; allowed: a whole number from 1 to 16"},
    {"integer-fraction", VM("\"vcpus\":1.5"),
     "x.json:2: vms[0].vcpus: 1.5 is not a whole number; allowed: a whole number from 1 to 16"},
    {"integer-negative", HEAD "\"seed\":-1,\n" VM_A,
     "x.json:2: seed: -1 is too small; allowed: a whole number from 0 to 9007199254740991"},
    {"integer-absurd", VM("\"vcpus\":99999999999999999999999999"),
     "x.json:2: vms[0].vcpus: 18446744073709551615 is too large; allowed: a whole number from 1 to "
     "16"},
    {"name", HEAD "\"vms\":[{\"name\":\"1a\",\"program\":\"hello\"}]}",
     "x.json:2: vms[0].name: \"1a\" is not a name; allowed: a letter and then at most 22 letters, "
     "digits, - or _"},
    {"name-long", HEAD "\"vms\":[{\"name\":\"abcdefghijklmnopqrstuvwx\",\"program\":\"hello\"}]}",
     "x.json:2: vms[0].name: \"abcdefghijklmnopqrstuvwx\" is not a name; allowed: a letter and "
     "then "
     "at most 22 letters, digits, - or _"},
    {"program", HEAD "\"vms\":[{\"name\":\"a\",\"program\":\"helo\"}]}",
     "x.json:2: vms[0].program: \"helo\" is not a known program; did you mean \"hello\"? allowed: "
     "hello, ping, burn, idle, touch, or the path of an ELF file with a / in it"},
    {"program-absolute", HEAD "\"vms\":[{\"name\":\"a\",\"program\":\"/bin/sh\"}]}",
     "x.json:2: vms[0].program: \"/bin/sh\" is not a path relative to the scenario file; allowed: "
     "hello, ping, burn, idle, touch, or the path of an ELF file with a / in it"},
    {"policy", HEAD "\"host\":{\"scheduler\":{\"policy\":\"xyz\"}},\n" VM_A,
     "x.json:2: host.scheduler.policy: \"xyz\" is not a known policy; allowed: rr, fifo"},
    {"mode", NETWORK("{\"name\":\"n\",\"mode\":\"Internal\"}"),
     "x.json:2: networks[0].mode: \"Internal\" is not known here; did you mean \"internal\"? "
     "allowed: internal, host-only, bridged, nat, nat-network"},
    {"args", VM("\"args\":[\"x\",3]"),
     "x.json:2: vms[0].args[1]: 3 is not a string; put it in quotes"},
    {"args-a-string", VM("\"args\":\"x\""),
     "x.json:2: vms[0].args: \"x\" is not a list of strings; allowed: a list of at most 63 "
     "strings"},
    {"affinity",
     HEAD "\"host\":{\"pcpus\":4},\n\"vms\":[{\"name\":\"a\",\"program\":\"hello\","
          "\"affinity\":[0,4]}]}",
     "x.json:3: vms[0].affinity[1]: 4 is not the number of a pCPU; allowed: a list of numbers from "
     "0 to 3"},
    {"mac", NICS("{\"network\":\"net0\",\"mac\":\"03:00:00:00:00:01\"}"),
     "x.json:3: vms[0].nics[0].mac: \"03:00:00:00:00:01\" is not the MAC address of a NIC; "
     "allowed: "
     "six bytes such as 02:00:00:00:00:01, not zero and not a group's"},
    {"address", NICS("{\"network\":\"net0\",\"address\":\"10.0.0.256\"}"),
     "x.json:3: vms[0].nics[0].address: \"10.0.0.256\" is not an address of a host; allowed: an "
     "IPv4 "
     "address such as 10.0.0.1 or 10.0.0.1/24"},
    {"gateway", NICS("{\"network\":\"net0\",\"gateway\":\"224.0.0.1\"}"),
     "x.json:3: vms[0].nics[0].gateway: \"224.0.0.1\" is not an address of a host; allowed: an "
     "IPv4 "
     "address such as 10.0.0.1"},
    {"subnet", NETWORK("{\"name\":\"n\",\"mode\":\"internal\",\"subnet\":\"10.0.0.1/24\"}"),
     "x.json:2: networks[0].subnet: \"10.0.0.1/24\" has bits set behind the network part; allowed: "
     "an IPv4 network such as 10.0.0.0/24, from /8 to /30"},
    {"long-value",
     HEAD "\"vms\":[{\"name\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaaaaaaaa\",\"program\":\"hello\"}]}",
     "x.json:2: vms[0].name: \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\" is not a name; "
     "allowed: a letter and then at most 22 letters, digits, - or _"},
};

static const Case world_cases[] = {
    {"two-vms-of-a-name",
     HEAD "\"vms\":[{\"name\":\"a\",\"program\":\"hello\"},\n"
          "{\"name\":\"a\",\"program\":\"hello\"}]}",
     "x.json:3: vms[1].name: \"a\" is taken by vms[0]; each needs its own"},
    {"two-networks-of-a-name",
     NETWORK("{\"name\":\"n\",\"mode\":\"internal\"},{\"name\":\"n\",\"mode\":\"internal\"}"),
     "x.json:2: networks[1].name: \"n\" is taken by networks[0]; each needs its own"},
    {"network-reference", NICS("{\"network\":\"net1\"}"),
     "x.json:3: vms[0].nics[0].network: \"net1\" is not the name of a network; did you mean "
     "\"net0\"? allowed: net0"},
    {"network-of-none", VM("\"nics\":[{\"network\":\"net0\"}]"),
     "x.json:2: vms[0].nics[0].network: \"net0\" is not the name of a network; allowed: none"},
    {"same-address",
     NICS("{\"network\":\"net0\",\"address\":\"10.0.0.9\"},\n"
          "{\"network\":\"net0\",\"address\":\"10.0.0.9/16\"}"),
     "x.json:4: vms[0].nics[1].address: 10.0.0.9 is taken by vms[0].nics[0]; each NIC of a network "
     "needs its own"},
    {"same-mac",
     NICS("{\"network\":\"net0\"},{\"network\":\"net0\",\"mac\":\"02:68:76:00:00:00\"}"),
     "x.json:3: vms[0].nics[1].mac: 02:68:76:00:00:00 is taken by vms[0].nics[0]; each NIC of a "
     "network needs its own"},
    {"network-address", NICS("{\"network\":\"net0\",\"address\":\"10.0.0.0\"}"),
     "x.json:3: vms[0].nics[0].address: 10.0.0.0 with /24 is the network's own address, not one of "
     "a host"},
    {"broadcast-address", NICS("{\"network\":\"net0\",\"address\":\"10.0.0.7/30\"}"),
     "x.json:3: vms[0].nics[0].address: 10.0.0.7 with /30 is the broadcast address, not one of a "
     "host"},
    {"subnet-full",
     HEAD "\"networks\":[{\"name\":\"n\",\"mode\":\"internal\",\"subnet\":\"10.9.0.0/30\"}],\n"
          "\"vms\":[{\"name\":\"a\",\"program\":\"hello\",\"nics\":[{\"network\":\"n\"},"
          "{\"network\":\"n\"},\n{\"network\":\"n\"}]}]}",
     "x.json:4: vms[0].nics[2]: no address is left in 10.9.0.0/30 of network \"n\"; give the "
     "network "
     "a larger \"subnet\""},
    {"memory",
     HEAD "\"host\":{\n\"memory\":\"1MiB\"},\n\"vms\":[{\"name\":\"a\",\"program\":\"hello\"},"
          "{\"name\":\"b\",\"program\":\"hello\"},{\"name\":\"c\",\"program\":\"hello\"}]}",
     "x.json:3: host.memory: 1MiB cannot hold 3 VMs, of which each keeps 512KiB resident; "
     "allowed: at least 1536KiB"},
};

#define ON_SWITCH(nic)                                                                             \
    HEAD "\"networks\":[{\"name\":\"n\",\"mode\":\"internal\"}],\n\"vms\":[{\"name\":\"a\","       \
         "\"program\":\"idle\",\"nics\":[{\"network\":\"n\"," nic "}]}]}"
#define FLOW(flow)                                                                                 \
    HEAD "\"networks\":[{\"name\":\"n\",\"mode\":\"internal\",\"switch\":{\"flows\":[{\"name\":"   \
         "\"f\"," flow                                                                             \
         "}]}}],\n\"vms\":[{\"name\":\"a\",\"program\":\"idle\",\"nics\":[{\"network\":\"n\"}]}]}"

static const Case switch_cases[] = {
    {"trunk-to-nowhere",
     HEAD "\"networks\":[{\"name\":\"n\",\"mode\":\"internal\",\"switches\":[{\"name\":\"s1\"},"
          "{\"name\":\"s2\"}],\n\"trunks\":[{\"name\":\"t\",\"a\":\"s1\",\"b\":\"s3\"}]}],\n" VM_A,
     "x.json:3: networks[0].trunks[0].b: \"s3\" is not a switch of the network; did you mean "
     "\"s1\"? allowed: s1, s2"},
    {"nameless-switch",
     HEAD "\"networks\":[{\"name\":\"n\",\"mode\":\"internal\",\"switches\":[{\"name\":\"s1\"},"
          "{}]}],\n" VM_A,
     "x.json:2: networks[0].switches[1]: \"name\" is missing; each switch of several needs one"},
    {"nat-with-switches",
     HEAD
     "\"networks\":[{\"name\":\"n\",\"mode\":\"nat\",\"switches\":[{\"name\":\"s1\"}]}],\n" VM_A,
     "x.json:2: networks[0]: a network of mode nat has no switch: each VM has a router of its own"},
    {"switch-of-a-nic", ON_SWITCH("\"switch\":\"m\""),
     "x.json:3: vms[0].nics[0].switch: \"m\" is not a switch of the network; allowed: n"},
    {"vlan-too-large", ON_SWITCH("\"vlan\":4095"),
     "x.json:3: vms[0].nics[0].vlan: 4095 is too large; allowed: a whole number from 1 to 4094"},
    {"vlan-and-trunk", ON_SWITCH("\"vlan\":10,\"trunk\":{}"),
     "x.json:3: vms[0].nics[0].trunk: cannot stand beside \"vlan\"; one of them is enough"},
    {"vlan-in-trunk", ON_SWITCH("\"trunk\":{\"vlans\":[10,0]}"),
     "x.json:3: vms[0].nics[0].trunk.vlans[1]: 0 is not the number of a VLAN; allowed: a list of 1 "
     "to 16 whole numbers from 1 to 4094"},
    {"promiscuous", ON_SWITCH("\"promiscuous\":\"allow\""),
     "x.json:3: vms[0].nics[0].promiscuous: \"allow\" is not known here; "
     "allowed: deny, allow-vms, allow-all"},
    {"rule-bits", ON_SWITCH("\"acl\":{\"in\":[{\"action\":\"deny\",\"source\":\"10.0.0.1/24\"}]}"),
     "x.json:3: vms[0].nics[0].acl.in[0].source: \"10.0.0.1/24\" has bits set behind the network "
     "part; allowed: an IPv4 address such as 10.0.0.1 or a network such as 10.0.0.0/24"},
    {"flow-output", FLOW("\"actions\":[{\"output\":\"vm:b\"}]"),
     "x.json:2: networks[0].switch.flows[0].actions[0].output: \"vm:b\" names no VM; allowed: a"},
    {"flow-output-nic", FLOW("\"actions\":[{\"output\":\"vm:a.1\"}]"),
     "x.json:2: networks[0].switch.flows[0].actions[0].output: \"vm:a.1\" has no such NIC on "
     "network \"n\""},
    {"flow-port", FLOW("\"match\":{\"in\":\"port 1\"},\"actions\":[]"),
     "x.json:2: networks[0].switch.flows[0].match.in: \"port 1\" is not a port; allowed: vm:NAME, "
     "vm:NAME.NIC, trunk:NAME"},
    {"flow-two-actions", FLOW("\"actions\":[{\"flood\":true,\"drop\":true}]"),
     "x.json:2: networks[0].switch.flows[0].actions[0].drop: cannot stand beside \"flood\"; one of "
     "them is enough"},
};

static const Case command_cases[] = {
    {"no-do", COMMAND("{\"at\":\"1s\"}"),
     "x.json:4: timeline[0]: \"do\" is missing; allowed: ping, connect, plug, unplug, start, "
     "pause, "
     "resume, kill, set-weight, type, forward-add, forward-remove, set-scheduling, "
     "set-link-quality, plug-trunk, "
     "unplug-trunk, flow-add, flow-remove, set-acl, set-balloon, set-throttle, set-mode, "
     "set-memory, set-tax"},
    {"unknown", COMMAND("{\"do\":\"unplugg\",\"vm\":\"a\"}"),
     "x.json:4: timeline[0].do: \"unplugg\" is not a command; did you mean \"unplug\"? allowed: "
     "ping, "
     "connect, plug, unplug, start, pause, resume, kill, set-weight, type, forward-add, "
     "forward-remove, set-scheduling, set-link-quality, plug-trunk, unplug-trunk, flow-add, "
     "flow-remove, "
     "set-acl, set-balloon, set-throttle, set-mode, set-memory, set-tax"},
    {"key-of-another", COMMAND("{\"do\":\"kill\",\"vm\":\"a\",\"nic\":0}"),
     "x.json:4: timeline[0].nic: unknown key; allowed: at, do, vm"},
    {"no-throttle", COMMAND("{\"do\":\"set-throttle\",\"vm\":\"a\"}"),
     "x.json:4: timeline[0]: changes nothing; allowed: exits, device_operations"},
    {"no-memory", COMMAND("{\"do\":\"set-memory\",\"vm\":\"a\"}"),
     "x.json:4: timeline[0]: changes nothing; allowed: shares, reservation, limit"},
    {"memory-limit",
     COMMAND("{\"do\":\"set-memory\",\"vm\":\"a\",\"reservation\":\"1MiB\",\"limit\":\"512KiB\"}"),
     "x.json:4: timeline[0].limit: is less than the reservation; allowed: 0KiB, or at least that"},
    {"no-tax", COMMAND("{\"do\":\"set-tax\"}"),
     "x.json:4: timeline[0]: \"tax\" is missing; allowed: a number with %, from 0% to 99%"},
    {"throttle-rate", COMMAND("{\"do\":\"set-throttle\",\"vm\":\"a\",\"exits\":{\"burst\":1}}"),
     "x.json:4: timeline[0].exits: \"rate\" is missing; allowed: a whole number from 0 to "
     "1000000000"},
    {"vm-reference", COMMAND("{\"do\":\"kill\",\"vm\":\"x\"}"),
     "x.json:4: timeline[0].vm: \"x\" is not the name of a VM; allowed: a, b, c"},
    {"nic", COMMAND("{\"do\":\"unplug\",\"vm\":\"a\",\"nic\":1}"),
     "x.json:4: timeline[0].nic: VM \"a\" has no NIC 1; allowed: 0 to 0"},
    {"no-nic", COMMAND("{\"do\":\"unplug\",\"vm\":\"c\"}"),
     "x.json:4: timeline[0].nic: VM \"c\" has no NIC"},
    {"ping-without-nic", COMMAND("{\"do\":\"ping\",\"from\":\"vm:a\",\"to\":\"vm:c\"}"),
     "x.json:4: timeline[0].to: VM \"c\" has no NIC; give it one in vms[2].nics"},
    {"ping-itself", COMMAND("{\"do\":\"ping\",\"from\":\"vm:a\",\"to\":\"vm:a\"}"),
     "x.json:4: timeline[0].to: from and to are both vm:a; name two"},
    {"endpoint", COMMAND("{\"do\":\"ping\",\"from\":\"a\",\"to\":\"vm:b\"}"),
     "x.json:4: timeline[0].from: \"a\" is not an endpoint; allowed: vm:a, vm:b, vm:c, host"},
};

static const Case step_cases[] = {
    {"no-title", STEP("\"text\":\"\""),
     "x.json:4: steps[0]: \"title\" is missing; allowed: a string of 1 to 100 characters"},
    {"view", STEP(T "\"view\":\"stge\""),
     "x.json:4: steps[0].view: \"stge\" is not known here; did you mean \"stage\"? allowed: stage, "
     "timeline, packets, memory, tables, console"},
    {"empty-stop", STEP(T "\"stop\":{}"),
     "x.json:4: steps[0].stop: one key is missing; allowed: before, after, at"},
    {"two-stops", STEP(T "\"stop\":{\"at\":\"1s\",\"after\":\"page-mapped\"}"),
     "x.json:4: steps[0].stop.at: cannot stand beside \"after\"; one of them is enough"},
    {"where-of-a-time", STEP(T "\"stop\":{\"at\":\"1s\",\"where\":{\"vm\":\"a\"}}"),
     "x.json:4: steps[0].stop.where: says which event, but \"at\" is a time"},
    {"where-vm", STEP(T "\"stop\":{\"after\":\"page-mapped\",\"where\":{\"vm\":\"x\"}}"),
     "x.json:4: steps[0].stop.where.vm: \"x\" is not the name of a VM; allowed: a, b, c"},
    {"do", STEP(T "\"do\":{\"do\":\"kill\",\"vm\":\"x\"}"),
     "x.json:4: steps[0].do.vm: \"x\" is not the name of a VM; allowed: a, b, c"},
    {"kind", PREDICT("\"kind\":\"port\"," ANSWER),
     "x.json:4: steps[0].predict.kind: \"port\" is not known here; did you mean \"ports\"? "
     "allowed: "
     "choice, number, ports, order"},
    {"no-options", PREDICT("\"kind\":\"choice\"," ANSWER),
     "x.json:4: steps[0].predict.options: 0 to choose from; allowed: a list of 2 to 12 objects"},
    {"options-of-number", PREDICT("\"kind\":\"number\"," TWO_OPTIONS "," ANSWER),
     "x.json:4: steps[0].predict.options: cannot stand beside \"kind\": \"number\""},
    {"no-answer", PREDICT("\"kind\":\"number\""),
     "x.json:4: steps[0].predict: \"answer\" is missing; allowed: an object"},
    {"ports-without-field", PREDICT("\"kind\":\"ports\"," ANSWER),
     "x.json:4: steps[0].predict.answer.field: is missing: which field of the events"},
    {"ports-by-counter", PREDICT("\"kind\":\"ports\",\"answer\":{\"counter\":\"vms.a.exits\"}"),
     "x.json:4: steps[0].predict.answer.counter: one number cannot be a set of ports; allowed: "
     "event"},
    {"counter-with-field",
     PREDICT("\"kind\":\"number\",\"answer\":{\"counter\":\"vms.a.exits\",\"field\":\"vm\"}"),
     "x.json:4: steps[0].predict.answer.field: belongs to an event, and \"counter\" is none"},
    {"range",
     PREDICT("\"kind\":\"choice\",\"options\":[{\"id\":\"x\",\"min\":5,\"max\":4},"
             "{\"id\":\"y\"}]," ANSWER),
     "x.json:4: steps[0].predict.options[0].min: 5 is more than max, 4"},
};

static const Case check_cases[] = {
    {"no-expect", HEAD TWO "\"checks\":[{\"id\":\"k\",\"title\":\"K\"}]}",
     "x.json:4: checks[0]: \"expect\" is missing; allowed: an object"},
    {"empty-expect", CHECK("{}"),
     "x.json:4: checks[0].expect: one key is missing; allowed: reach, counter, console, share, "
     "event"},
    {"two-expects", CHECK("{\"reach\":{},\"share\":{}}"),
     "x.json:4: checks[0].expect.share: cannot stand beside \"reach\"; one of them is enough"},
    {"counter-scope", CHECK("{\"counter\":{\"path\":\"vm.a.exits\",\"min\":1}}"),
     "x.json:4: checks[0].expect.counter.path: \"vm.a.exits\" counts nothing; allowed: vms.NAME, "
     "networks.NAME, pcpus.N, jobs.NAME, scheduler"},
    {"counter-vm", CHECK("{\"counter\":{\"path\":\"vms.d.exits\",\"min\":1}}"),
     "x.json:4: checks[0].expect.counter.path: \"vms.d.exits\" names no VM; "
     "allowed: a, b, c"},
    {"counter-name", CHECK("{\"counter\":{\"path\":\"vms.a.exits.mmoi\",\"min\":1}}"),
     "x.json:4: checks[0].expect.counter.path: \"vms.a.exits.mmoi\" counts nothing; did you mean "
     "\"exits.mmio\"? allowed: exit_code, exits, exits.io, exits.mmio, exits.page_fault, "
     "exits.halt, "
     "exits.interrupt_window, exits.preempt, exits.shutdown, exits.error, memory.size_bytes, "
     "memory.resident_pages, memory.faults, memory.shared_pages, memory.shares, "
     "memory.copies, memory.ballooned_pages, memory.balloon_target, memory.inflates, "
     "memory.deflates, memory.balloon_used, memory.balloon_refused, "
     "memory.guest_says.reports, memory.guest_says.free_bytes, ... (42 in all)"},
    {"counter-vcpu", CHECK("{\"counter\":{\"path\":\"vms.a.vcpus.1.ran_ns\",\"min\":1}}"),
     "x.json:4: checks[0].expect.counter.path: \"vms.a.vcpus.1.ran_ns\" does not number one of the "
     "VM's vCPUs; allowed: 0 to 0"},
    {"counter-nic", CHECK("{\"counter\":{\"path\":\"vms.c.nics.0.dropped\",\"min\":1}}"),
     "x.json:4: checks[0].expect.counter.path: VM \"c\" has no NIC"},
    {"counter-network", CHECK("{\"counter\":{\"path\":\"networks.net0.frame\",\"min\":1}}"),
     "x.json:4: checks[0].expect.counter.path: \"networks.net0.frame\" counts nothing; did you "
     "mean "
     "\"frames\"? allowed: frames, dropped, dropped.*"},
    {"counter-no-range", CHECK("{\"counter\":{\"path\":\"vms.a.exits\"}}"),
     "x.json:4: checks[0].expect.counter: says no number; allowed: min, max, or equals"},
    {"counter-empty-range", CHECK("{\"counter\":{\"path\":\"vms.a.exits\",\"min\":5,\"max\":4}}"),
     "x.json:4: checks[0].expect.counter.min: 5 is more than max, 4"},
    {"counter-both", CHECK("{\"counter\":{\"path\":\"vms.a.exits\",\"min\":5,\"equals\":5}}"),
     "x.json:4: checks[0].expect.counter.equals: cannot stand beside min or max"},
    {"console-regex", CHECK("{\"console\":{\"vm\":\"a\",\"lacks\":\"x\",\"contains\":\"y\"}}"),
     "x.json:4: checks[0].expect.console.lacks: cannot stand beside \"contains\"; one of them is "
     "enough"},
    {"share-vcpu", CHECK("{\"share\":{\"vm\":\"a\",\"vcpu\":1,\"is\":\"10%\"}}"),
     "x.json:4: checks[0].expect.share.vcpu: VM \"a\" has no vCPU 1; allowed: 0 to 0"},
    {"event-type", CHECK("{\"event\":{\"type\":\"page-maped\"}}"),
     "x.json:4: checks[0].expect.event.type: \"page-maped\" is not an event type; did you mean "
     "\"page-mapped\"? allowed: page-mapped, mac-learned, guest-fault, switch-flood, program-exit, "
     "page-unmapped, switch-drop"},
    {"event-field", CHECK("{\"event\":{\"type\":\"page-mapped\",\"where\":{\"pag\":1}}}"),
     "x.json:4: checks[0].expect.event.where.pag: not a field of this event; did you mean "
     "\"page\"? "
     "allowed: vm, page, demand"},
    {"event-value", CHECK("{\"event\":{\"type\":\"page-mapped\",\"where\":{\"page\":1.5}}}"),
     "x.json:4: checks[0].expect.event.where.page: 1.5 is not a value of a field; allowed: a "
     "string, a whole number, true or false"},
    {"event-vm", CHECK("{\"event\":{\"type\":\"page-mapped\",\"where\":{\"vm\":\"aa\"}}}"),
     "x.json:4: checks[0].expect.event.where.vm: \"aa\" is not the name of a VM; did you mean "
     "\"a\"? allowed: a, b, c"},
    {"event-two", CHECK("{\"event\":{\"type\":\"page-mapped\",\"present\":true,\"absent\":true}}"),
     "x.json:4: checks[0].expect.event.absent: cannot stand beside \"present\"; one of them is "
     "enough"},
    {"event-count", CHECK("{\"event\":{\"type\":\"page-mapped\",\"count\":{}}}"),
     "x.json:4: checks[0].expect.event.count: says no number; allowed: min, max, or equals"},
};

static void check_case(gconstpointer data)
{
    const Case *c = data;
    g_autoptr(GError) error = NULL;
    SimScenario *scenario = test_load(c->text, NULL, &error);
    g_assert_null(scenario);
    g_assert_nonnull(error);
    g_assert_cmpstr(error->message, ==, c->message);
}

static void add_cases(const char *group, const Case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        g_autofree char *path = g_strdup_printf("/scenario/errors/%s/%s", group, cases[i].name);
        g_test_add_data_func(path, &cases[i], check_case);
    }
}

/* ---- What does not fit a table ------------------------------------------ */

static char *nested(unsigned depth)
{
    GString *text = g_string_new(HEAD "\"$schema\":");
    for (unsigned i = 0; i < depth; i++)
        g_string_append_c(text, '[');
    for (unsigned i = 0; i < depth; i++)
        g_string_append_c(text, ']');
    g_string_append(text, ",\n" VM_A);
    return g_string_free(text, FALSE);
}

static void test_depth(void)
{
    g_autofree char *fits = nested(31), *deep = nested(32);
    g_autoptr(GError) error = NULL;
    sim_scenario_free(test_load_good(fits, NULL));
    g_assert_null(test_load(deep, NULL, &error));
    /* Line 2 begins with "$schema": (10 characters), then 31 brackets that fit. */
    g_assert_cmpstr(error->message, ==, "x.json:2:42: nested more than 32 deep");
    g_autofree char *abyss = g_strnfill(1000000, '[');
    g_clear_error(&error);
    g_assert_null(test_load(abyss, NULL, &error));
    g_assert_cmpstr(error->message, ==, "x.json:1:33: nested more than 32 deep");
}

static void test_many_values(void)
{
    g_autoptr(GError) error = NULL;
    GString *text = g_string_new("[");
    for (unsigned i = 0; i < SIM_MAX_FILE_VALUES; i++)
        g_string_append(text, "0,");
    /* The list is the first value, so its last element is one too many. */
    g_assert_null(test_load(text->str, NULL, &error));
    g_assert_cmpstr(error->message, ==,
                    "x.json:1:400000: more than 200000 values; that is more than any scenario "
                    "needs");
    g_string_free(text, TRUE);
}

static void test_large(void)
{
    g_autoptr(GError) error = NULL;
    size_t length = SIM_MAX_FILE_BYTES + 1;
    g_autofree char *text = g_strnfill(length, ' ');
    g_assert_null(test_load(text, NULL, &error));
    g_assert_error(error, SIM_SCENARIO_ERROR, SIM_SCENARIO_ERROR_FILE);
    g_assert_cmpstr(error->message, ==,
                    "x.json: larger than 4MiB, the most that a scenario may have");
}

static void test_many_vms(void)
{
    g_autoptr(GError) error = NULL;
    GString *text = g_string_new(HEAD "\"vms\":[");
    for (unsigned i = 0; i < SIM_MAX_VMS + 1; i++)
        g_string_append_printf(text, "%s{\"name\":\"v%u\",\"program\":\"hello\"}", i ? "," : "", i);
    g_string_append(text, "]}");
    g_assert_null(test_load(text->str, NULL, &error));
    g_assert_cmpstr(error->message, ==,
                    "x.json:2: vms: 1025 elements; allowed: a list of at most 1024 objects");
    g_string_free(text, TRUE);
}

static void test_long_arguments(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *argument = g_strnfill(2042, 'x');
    /* hello and its NUL are 6 bytes, so 2041 and a NUL are what is left of 2048. */
    g_autofree char *text = g_strdup_printf(VM("\"args\":[\"%s\"]"), argument);
    g_assert_null(test_load(text, NULL, &error));
    g_assert_cmpstr(error->message, ==,
                    "x.json:2: vms[0].args: 2049 bytes with the program's name and a NUL after "
                    "each; allowed: at most 2048");
    argument[2041] = '\0';
    g_autofree char *fits = g_strdup_printf(VM("\"args\":[\"%s\"]"), argument);
    sim_scenario_free(test_load_good(fits, NULL));
}

static void test_regex(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(test_load(CHECK("{\"console\":{\"vm\":\"a\",\"matches\":\"(\"}}"), NULL, &error));
    /* What follows the colon is PCRE's own sentence. */
    g_assert_true(g_str_has_prefix(
        error->message,
        "x.json:4: checks[0].expect.console.matches: \"(\" is not a regular expression: \""));
}

static void test_files(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(sim_scenario_load("/nonexistent/x.json", NULL, NULL, &error));
    g_assert_cmpstr(error->message, ==, "/nonexistent/x.json: No such file or directory");
    g_assert_error(error, SIM_SCENARIO_ERROR, SIM_SCENARIO_ERROR_FILE);
    g_clear_error(&error);
    g_assert_null(sim_scenario_load("/", NULL, NULL, &error));
    g_assert_cmpstr(error->message, ==, "/: not a regular file");
}

/* A program file is looked for beside the scenario. */
static void test_program_file(void)
{
    g_autoptr(GError) error = NULL;
    const char *text = HEAD "\"vms\":[{\"name\":\"a\",\"program\":\"./my.elf\"}]}";
    g_autofree char *directory = g_dir_make_tmp("hvlab-XXXXXX", NULL);
    g_autofree char *elf = g_build_filename(directory, "my.elf", NULL);
    g_assert_null(
        sim_scenario_load_text(text, strlen(text), "x.json", directory, &test_known, NULL, &error));
    g_assert_cmpstr(error->message, ==,
                    "x.json:2: vms[0].program: \"./my.elf\" is no file here; allowed: hello, ping, "
                    "burn, idle, touch, or the path of an ELF file with a / in it");
    g_assert_true(g_file_set_contents(elf, "x", 1, NULL));
    g_autoptr(SimScenario) scenario =
        sim_scenario_load_text(text, strlen(text), "x.json", directory, &test_known, NULL, NULL);
    g_assert_true(scenario->vms[0].program_is_file);
    g_autofree char *path = sim_scenario_program_path(scenario, 0);
    g_assert_true(g_file_test(path, G_FILE_TEST_IS_REGULAR));
    g_unlink(elf);
    g_rmdir(directory);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_cases("json", json_cases, G_N_ELEMENTS(json_cases));
    add_cases("shape", shape_cases, G_N_ELEMENTS(shape_cases));
    add_cases("value", value_cases, G_N_ELEMENTS(value_cases));
    add_cases("world", world_cases, G_N_ELEMENTS(world_cases));
    add_cases("command", command_cases, G_N_ELEMENTS(command_cases));
    add_cases("switch", switch_cases, G_N_ELEMENTS(switch_cases));
    add_cases("step", step_cases, G_N_ELEMENTS(step_cases));
    add_cases("check", check_cases, G_N_ELEMENTS(check_cases));
    g_test_add_func("/scenario/errors/depth", test_depth);
    g_test_add_func("/scenario/errors/many-values", test_many_values);
    g_test_add_func("/scenario/errors/large", test_large);
    g_test_add_func("/scenario/errors/many-vms", test_many_vms);
    g_test_add_func("/scenario/errors/long-arguments", test_long_arguments);
    g_test_add_func("/scenario/errors/regex", test_regex);
    g_test_add_func("/scenario/errors/files", test_files);
    g_test_add_func("/scenario/errors/program-file", test_program_file);
    return g_test_run();
}
