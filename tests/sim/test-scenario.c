/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-scenario.c: what a scenario that loads holds: defaults, values in SI
 * units, references as numbers, addresses, and the text that a trace keeps. */
#include <glib/gstdio.h>

#include "tests/sim/scenario-helper.h"

static void test_defaults(void)
{
    g_autoptr(SimScenario) s = test_load_good(HEAD VM_A, NULL);
    g_assert_cmpstr(s->id, ==, "t");
    g_assert_cmpstr(s->title, ==, "T");
    g_assert_cmpstr(s->brief, ==, "");
    g_assert_cmpuint(s->step_count, ==, 0);
    g_assert_cmpuint(s->meta.level, ==, 1);
    g_assert_cmpuint(s->meta.minutes, ==, 5);
    g_assert_cmpuint(s->meta.after_count, ==, 0);
    g_assert_cmpuint(s->seed, ==, 1);
    g_assert_cmpuint(s->requires, ==, 0);
    g_assert_cmpuint(s->run.until_ns, ==, 1000000000);
    g_assert_cmpuint(s->run.detail, ==, SIM_DETAIL_NORMAL);
    g_assert_cmpuint(s->run.trace_limit_bytes, ==, 1073741824);
    g_assert_cmpuint(s->host.pcpus, ==, 1);
    g_assert_cmpuint(s->host.memory_bytes, ==, 67108864);
    g_assert_cmpuint(s->host.clock_hz, ==, 100000000);
    g_assert_cmpstr(s->host.scheduler.policy, ==, "rr");
    g_assert_cmpuint(s->host.scheduler.slice_ns, ==, 10000000);
    g_assert_cmpuint(s->host.quantum_ns, ==, 10000);
    g_assert_cmpuint(s->host.costs.exit_ns, ==, 2000);
    g_assert_cmpuint(s->host.costs.switch_ns, ==, 1000);
    g_assert_cmpuint(s->host.costs.fault_ns, ==, 5000);
    g_assert_cmpuint(s->network_count + s->command_count + s->check_count, ==, 0);
    g_assert_cmpuint(s->vm_count, ==, 1);
    const SimScenarioVm *vm = &s->vms[0];
    g_assert_cmpstr(vm->name, ==, "a");
    g_assert_cmpstr(vm->program, ==, "hello");
    g_assert_false(vm->program_is_file);
    g_assert_cmpuint(vm->arg_count + vm->nic_count, ==, 0);
    g_assert_cmpuint(vm->vcpus, ==, 1);
    g_assert_cmpuint(vm->memory_bytes, ==, 2097152);
    g_assert_cmpuint(vm->weight, ==, 256);
    g_assert_cmpuint(vm->priority + vm->cap_ppm + vm->affinity + vm->start_at_ns, ==, 0);
}

static void test_values(void)
{
    g_autoptr(SimScenario) s = test_load_good(
        HEAD
        "\"brief\":[\"# One\",\"\",\"two\"],\"seed\":9007199254740991,\"requires\":\"emulated\","
        "\"meta\":{\"level\":3,\"minutes\":20,\"after\":[\"first/hello\"]},"
        "\"run\":{\"until\":\"1.5s\",\"detail\":\"full\",\"trace_limit\":\"64KiB\"},"
        "\"host\":{\"pcpus\":64,\"memory\":\"16GiB\",\"clock_hz\":1000,"
        "\"scheduler\":{\"policy\":\"fifo\",\"slice\":\"250us\"},\"quantum\":\"7ns\","
        "\"costs\":{\"exit\":\"0ns\",\"switch\":\"3ns\",\"fault\":\"1ms\"}},"
        "\"steps\":[{\"id\":\"z\",\"title\":\"Z\",\"stop\":{\"at\":\"2us\"}}],"
        "\"vms\":[{\"name\":\"a\",\"program\":\"burn\",\"args\":[\"50ms\",\"\"],\"vcpus\":16,"
        "\"memory\":\"1GiB\",\"weight\":1,\"priority\":1000,\"cap\":\"33.3%\","
        "\"affinity\":[63,0,2],\"start_at\":\"never\"}]}",
        NULL);
    g_assert_cmpstr(s->brief, ==, "# One\n\ntwo");
    g_assert_cmpuint(s->seed, ==, 9007199254740991);
    g_assert_cmpuint(s->requires, ==, SIM_REQUIRES_EMULATED);
    g_assert_cmpuint(s->meta.level, ==, 3);
    g_assert_cmpuint(s->meta.minutes, ==, 20);
    g_assert_cmpuint(s->meta.after_count, ==, 1);
    g_assert_cmpstr(s->meta.after[0], ==, "first/hello");
    g_assert_cmpuint(s->run.until_ns, ==, 1500000000);
    g_assert_cmpuint(s->run.detail, ==, SIM_DETAIL_FULL);
    g_assert_cmpuint(s->run.trace_limit_bytes, ==, 65536);
    g_assert_cmpuint(s->host.pcpus, ==, 64);
    g_assert_cmpuint(s->host.memory_bytes, ==, UINT64_C(17179869184));
    g_assert_cmpuint(s->host.clock_hz, ==, 1000);
    g_assert_cmpstr(s->host.scheduler.policy, ==, "fifo");
    g_assert_cmpuint(s->host.scheduler.slice_ns, ==, 250000);
    g_assert_cmpuint(s->host.quantum_ns, ==, 7);
    g_assert_cmpuint(s->host.costs.exit_ns, ==, 0);
    g_assert_cmpuint(s->host.costs.switch_ns, ==, 3);
    g_assert_cmpuint(s->host.costs.fault_ns, ==, 1000000);
    g_assert_cmpuint(s->step_count, ==, 1);
    g_assert_cmpstr(s->steps[0].id, ==, "z");
    g_assert_cmpuint(s->steps[0].stop.at_ns, ==, 2000);
    const SimScenarioVm *vm = &s->vms[0];
    g_assert_cmpuint(vm->arg_count, ==, 2);
    g_assert_cmpstr(vm->args[0], ==, "50ms");
    g_assert_cmpstr(vm->args[1], ==, "");
    g_assert_cmpuint(vm->vcpus, ==, 16);
    g_assert_cmpuint(vm->memory_bytes, ==, 1073741824);
    g_assert_cmpuint(vm->weight, ==, 1);
    g_assert_cmpuint(vm->priority, ==, 1000);
    g_assert_cmpuint(vm->cap_ppm, ==, 333000);
    g_assert_cmphex(vm->affinity, ==, UINT64_C(0x8000000000000005));
    g_assert_cmpuint(vm->start_at_ns, ==, SIM_TIME_NEVER);
}

#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

static void assert_nic(const SimScenarioNic *nic, uint32_t network, const char *mac,
                       uint32_t address, unsigned prefix)
{
    g_autofree char *text =
        g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", nic->mac[0], nic->mac[1], nic->mac[2],
                        nic->mac[3], nic->mac[4], nic->mac[5]);
    g_assert_cmpuint(nic->network.index, ==, network);
    g_assert_cmpstr(text, ==, mac);
    g_assert_cmphex(nic->address.address, ==, address);
    g_assert_cmpuint(nic->address.prefix, ==, prefix);
}

static void test_networks(void)
{
    g_autoptr(SimScenario) s = test_load_good(
        HEAD
        "\"networks\":[{\"name\":\"x\",\"mode\":\"internal\"},"
        "{\"name\":\"y\",\"mode\":\"internal\",\"subnet\":\"192.168.4.0/22\",\"latency\":\"1ns\","
        "\"rate\":\"2.5Mbit/s\",\"mtu\":9000,\"mac_ageing\":\"10s\"},"
        "{\"name\":\"z\",\"mode\":\"internal\"}],\n"
        "\"vms\":[{\"name\":\"a\",\"program\":\"hello\",\"nics\":[{\"network\":\"x\"},"
        "{\"network\":\"y\",\"mac\":\"52:54:00:AB:cd:01\",\"gateway\":\"192.168.4.1\"}]},"
        "{\"name\":\"b\",\"program\":\"hello\",\"nics\":["
        "{\"network\":\"x\",\"address\":\"10.0.0.1\"},"
        "{\"network\":\"y\",\"address\":\"172.16.0.9/16\"},{\"network\":\"z\"}]},"
        "{\"name\":\"c\",\"program\":\"hello\",\"nics\":[{\"network\":\"x\"}]}]}",
        NULL);
    g_assert_cmpuint(s->network_count, ==, 3);
    g_assert_cmphex(s->networks[0].subnet.address, ==, IP(10, 0, 0, 0));
    g_assert_cmpuint(s->networks[0].subnet.prefix, ==, 24);
    g_assert_cmpuint(s->networks[0].latency_ns, ==, 50000);
    g_assert_cmpuint(s->networks[0].rate_bps, ==, 1000000000);
    g_assert_cmpuint(s->networks[0].mtu, ==, 1500);
    g_assert_cmpuint(s->networks[0].mac_ageing_ns, ==, UINT64_C(300000000000));
    g_assert_cmphex(s->networks[1].subnet.address, ==, IP(192, 168, 4, 0));
    g_assert_cmpuint(s->networks[1].subnet.prefix, ==, 22);
    g_assert_cmpuint(s->networks[1].latency_ns, ==, 1);
    g_assert_cmpuint(s->networks[1].rate_bps, ==, 2500000);
    g_assert_cmpuint(s->networks[1].mtu, ==, 9000);
    g_assert_cmpuint(s->networks[1].mac_ageing_ns, ==, UINT64_C(10000000000));
    g_assert_cmphex(s->networks[2].subnet.address, ==, IP(10, 0, 2, 0));
    g_assert_cmpuint(s->networks[2].mode, ==, SIM_MODE_INTERNAL);
    /* 10.0.0.1 is b's by name, so a, which comes first, gets .2 and c .3. */
    assert_nic(&s->vms[0].nics[0], 0, "02:68:76:00:00:00", IP(10, 0, 0, 2), 24);
    assert_nic(&s->vms[0].nics[1], 1, "52:54:00:ab:cd:01", IP(192, 168, 4, 1), 22);
    assert_nic(&s->vms[1].nics[0], 0, "02:68:76:00:01:00", IP(10, 0, 0, 1), 24);
    assert_nic(&s->vms[1].nics[1], 1, "02:68:76:00:01:01", IP(172, 16, 0, 9), 16);
    assert_nic(&s->vms[1].nics[2], 2, "02:68:76:00:01:02", IP(10, 0, 2, 1), 24);
    assert_nic(&s->vms[2].nics[0], 0, "02:68:76:00:02:00", IP(10, 0, 0, 3), 24);
    g_assert_cmphex(s->vms[0].nics[1].gateway, ==, IP(192, 168, 4, 1));
    g_assert_cmphex(s->vms[0].nics[0].gateway, ==, 0);
    g_assert_cmpint(sim_scenario_find_network(s, "z"), ==, 2);
    g_assert_cmpint(sim_scenario_find_network(s, "a"), ==, -1);
    g_assert_cmpint(sim_scenario_find_vm(s, "c"), ==, 2);
}

static void test_timeline(void)
{
    g_autoptr(SimScenario) s = test_load_good(
        HEAD TWO
        "\"timeline\":[{\"at\":\"2ms\",\"do\":\"kill\",\"vm\":\"b\"},"
        "{\"at\":\"1ms\",\"do\":\"set-weight\",\"vm\":\"a\",\"weight\":512},"
        "{\"at\":\"2ms\",\"do\":\"unplug\",\"vm\":\"a\"},"
        "{\"do\":\"ping\",\"from\":\"vm:b\",\"to\":\"vm:a\",\"count\":3,\"protocol\":\"udp\"},"
        "{\"at\":\"3ms\",\"do\":\"type\",\"vm\":\"c\",\"text\":\"ls\\n\"}]}",
        NULL);
    const SimCommand *c = s->timeline;
    g_assert_cmpuint(s->command_count, ==, 5);
    g_assert_cmpuint(c[0].kind, ==, SIM_COMMAND_PING);
    g_assert_cmpuint(c[0].at_ns, ==, 0);
    g_assert_cmpuint(c[0].from.index, ==, 1);
    g_assert_cmpuint(c[0].to.index, ==, 0);
    g_assert_cmpstr(c[0].to.name, ==, "vm:a");
    g_assert_cmpuint(c[0].protocol, ==, SIM_PROTOCOL_UDP);
    g_assert_cmpuint(c[0].port, ==, 7);
    g_assert_cmpuint(c[0].count, ==, 3);
    g_assert_cmpuint(c[0].interval_ns, ==, 100000000);
    g_assert_cmpuint(c[0].timeout_ns, ==, 1000000000);
    g_assert_cmpuint(c[1].kind, ==, SIM_COMMAND_SET_WEIGHT);
    g_assert_cmpuint(c[1].weight, ==, 512);
    /* Equal times stay in the order of the file. */
    g_assert_cmpuint(c[2].kind, ==, SIM_COMMAND_KILL);
    g_assert_cmpuint(c[2].vm.index, ==, 1);
    g_assert_cmpuint(c[3].kind, ==, SIM_COMMAND_UNPLUG);
    g_assert_cmpuint(c[3].nic, ==, 0);
    g_assert_cmpuint(c[4].kind, ==, SIM_COMMAND_TYPE);
    g_assert_cmpuint(c[4].at_ns, ==, 3000000);
    g_assert_cmpstr(c[4].text, ==, "ls\n");
}

#define CHECK(id, expect) "{\"id\":\"" id "\",\"title\":\"K\",\"expect\":" expect "}"

static const char *const good_checks[] = {
    "{\"id\":\"r\",\"title\":\"R\",\"points\":7,\"requires\":[\"kvm\"],\"show\":\"after\","
    "\"expect\":{\"reach\":{\"from\":\"vm:a\",\"to\":\"vm:b\",\"is\":false}}}",
    CHECK("n", "{\"counter\":{\"path\":\"vms.b.nics.0.rx_frames\",\"min\":2}}"),
    CHECK("d", "{\"counter\":{\"path\":\"networks.net0.dropped.port-down\",\"equals\":0}}"),
    CHECK("p", "{\"counter\":{\"path\":\"pcpus.0.switches\",\"min\":1,\"max\":9}}"),
    CHECK("v", "{\"counter\":{\"path\":\"vms.2.vcpus.0.ran_ns\",\"max\":9}}"),
    CHECK("m", "{\"console\":{\"vm\":\"b\",\"matches\":\"^[0-9]+ ok$\"}}"),
    CHECK("s", "{\"share\":{\"vm\":\"c\",\"is\":\"33.3%\",\"within\":\"3%\"}}"),
    CHECK("t", "{\"share\":{\"vm\":\"c\",\"vcpu\":0,\"of\":\"host\",\"is\":\"0.5%\"}}"),
    CHECK("e", "{\"event\":{\"type\":\"page-mapped\","
               "\"where\":{\"vm\":\"b\",\"demand\":true,\"page\":12}}}"),
    CHECK("f", "{\"event\":{\"type\":\"guest-fault\",\"absent\":true}}"),
    CHECK("g", "{\"event\":{\"type\":\"mac-learned\",\"where\":{\"network\":\"net0\"},"
               "\"count\":{\"min\":2,\"max\":4}}}"),
    NULL};

static void test_checks(void)
{
    g_autofree char *list = g_strjoinv(",", (char **)good_checks);
    g_autofree char *text = g_strdup_printf(HEAD TWO "\"checks\":[%s]}", list);
    g_autoptr(SimScenario) s = test_load_good(text, NULL);
    const SimScenarioCheck *k = s->checks;
    g_assert_cmpuint(s->check_count, ==, 11);
    g_assert_cmpuint(k[0].points, ==, 7);
    g_assert_cmpuint(k[0].requires, ==, SIM_REQUIRES_KVM);
    g_assert_cmpuint(k[0].show, ==, SIM_SHOW_AFTER);
    g_assert_cmpint(k[0].expect.kind, ==, SIM_EXPECT_REACH);
    g_assert_false(k[0].expect.reach.is);
    g_assert_cmpuint(k[0].expect.reach.to.index, ==, 1);
    g_assert_null(k[0].expect.reach.answered_by.name);
    g_assert_cmpuint(k[1].points, ==, 1);
    g_assert_cmpuint(k[1].show, ==, SIM_SHOW_NOW);
    g_assert_cmpint(k[1].expect.kind, ==, SIM_EXPECT_COUNTER);
    g_assert_cmpint(k[1].expect.counter.scope, ==, SIM_COUNTER_NIC);
    g_assert_cmpuint(k[1].expect.counter.index, ==, 1);
    g_assert_cmpuint(k[1].expect.counter.item, ==, 0);
    g_assert_cmpstr(k[1].expect.counter.name, ==, "rx_frames");
    g_assert_cmpuint(k[1].expect.counter.min, ==, 2);
    g_assert_cmpuint(k[1].expect.counter.max, ==, UINT64_MAX);
    g_assert_cmpint(k[2].expect.counter.scope, ==, SIM_COUNTER_NETWORK);
    g_assert_cmpstr(k[2].expect.counter.name, ==, "dropped.port-down");
    g_assert_cmpuint(k[2].expect.counter.min + k[2].expect.counter.max, ==, 0);
    g_assert_cmpint(k[3].expect.counter.scope, ==, SIM_COUNTER_PCPU);
    g_assert_cmpstr(k[3].expect.counter.name, ==, "switches");
    g_assert_cmpint(k[4].expect.counter.scope, ==, SIM_COUNTER_VCPU);
    g_assert_cmpuint(k[4].expect.counter.index, ==, 2);
    g_assert_cmpint(k[5].expect.kind, ==, SIM_EXPECT_CONSOLE);
    g_assert_cmpint(k[5].expect.console.kind, ==, SIM_CONSOLE_MATCHES);
    g_assert_cmpstr(k[5].expect.console.text, ==, "^[0-9]+ ok$");
    g_assert_cmpint(k[6].expect.kind, ==, SIM_EXPECT_SHARE);
    g_assert_cmpuint(k[6].expect.share.min_ppm, ==, 303000);
    g_assert_cmpuint(k[6].expect.share.max_ppm, ==, 363000);
    g_assert_cmpint(k[6].expect.share.vcpu, ==, -1);
    g_assert_false(k[6].expect.share.of_host);
    /* Within 1 % when nothing is said, and no share is below nothing. */
    g_assert_cmpuint(k[7].expect.share.min_ppm, ==, 0);
    g_assert_cmpuint(k[7].expect.share.max_ppm, ==, 15000);
    g_assert_cmpint(k[7].expect.share.vcpu, ==, 0);
    g_assert_true(k[7].expect.share.of_host);
    const SimExpectEvent *event = &k[8].expect.event;
    g_assert_cmpint(k[8].expect.kind, ==, SIM_EXPECT_EVENT);
    g_assert_cmpuint(event->where_count, ==, 3);
    for (size_t i = 0; i < 3; i++) {
        /* Fields come in the order of the file: the VM's number, true, 12. */
        static const int64_t numbers[] = {1, 1, 12};
        g_assert_true(event->where[i].is_number);
        g_assert_cmpint(event->where[i].number, ==, numbers[i]);
    }
    g_assert_cmpuint(event->min, ==, 1);
    g_assert_cmpuint(event->max, ==, UINT64_MAX);
    g_assert_cmpuint(k[9].expect.event.min + k[9].expect.event.max, ==, 0);
    g_assert_cmpuint(k[10].expect.event.min, ==, 2);
    g_assert_cmpuint(k[10].expect.event.max, ==, 4);
    g_assert_cmpint(k[10].expect.event.where[0].number, ==, 0);
}

/* ---- The effective text -------------------------------------------------- */

/* All that the defaults say, with sorted keys. */
#define MINIMAL                                                                                    \
    "{\"brief\":\"\",\"checks\":[],\"format\":\"hvlab-scenario/1\",\"host\":{\"clock_hz\":"        \
    "100000000,\"costs\":{\"copy\":\"1us\",\"exit\":\"2us\",\"fault\":\"5us\",\"swap_in\":"        \
    "\"100us\","                                                                                   \
    "\"swap_out\":\"100us\",\"switch\":\"1us\"},\"memory\":\"64MiB\",\"memory_policy\":{"          \
    "\"balance\":\"10ms\",\"balloon\":false,\"batch\":1,\"frames\":0,\"low_water\":\"6%\","        \
    "\"mapping_size\":\"4KiB\","                                                                   \
    "\"on_overcommit\":\"as-set\",\"out_of_memory\":\"crash\",\"overcommit\":true,"                \
    "\"replacement\":\"none\",\"sample\":\"10ms\",\"sample_pages\":0,"                             \
    "\"sample_period\":\"100ms\",\"scan\":\"1ms\",\"scan_pages\":100,\"share\":"                   \
    "false,\"statistics\":\"0ns\",\"swap\":\"64MiB\",\"tax\":\"75%\",\"trace_references\":false,"  \
    "\"victim\":\"page\",\"wait\":\"50ms\"},"                                                      \
    "\"pcpus\":1,\"quantum\":\"10us\",\"scheduler\":{\"accounting\":\"30ms\","                     \
    "\"allotment\":\"0ns\",\"boost\":\"never\",\"latency\":\"0ns\",\"levels\":3,\"policy\":"       \
    "\"rr\",\"slice\":"                                                                            \
    "\"10ms\",\"slice_doubles\":false}},\"id\":\"t\",\"jobs\":[],\"meta\":{\"after\":[],"          \
    "\"level\":1,\"minutes\":5},\"networks\":[],"                                                  \
    "\"requires\":[],\"run\":{\"detail\":\"normal\",\"trace_limit\":\"1GiB\",\"until\":\"1s\"},"   \
    "\"seed\":1,\"steps\":[],\"timeline\":[],\"title\":\"T\",\"vms\":[{\"affinity\":[],\"args\":"  \
    "[],\"balloon\":false,\"cap\":\"0%\",\"memory\":\"2MiB\",\"memory_limit\":\"0KiB\","           \
    "\"memory_reservation\":\"0KiB\",\"memory_shares\":1000,\"name\":\"a\",\"nics\":[],"           \
    "\"period\":\"0ns\","                                                                          \
    "\"priority\":0,"                                                                              \
    "\"program\":\"hello\",\"reservation\":\"0%\",\"slice\":\"0ns\",\"start_at\":\"0ns\","         \
    "\"throttle\":{},\"vcpu_"                                                                      \
    "scheduling\":[],\"vcpus\":1,\"weight\":256}]}"

static void test_effective_text(void)
{
    g_autoptr(SimScenario) minimal = test_load_good(HEAD VM_A, NULL);
    g_assert_cmpstr(minimal->effective_json, ==, MINIMAL);
    /* Another order of keys, spaces, and $schema make no difference. */
    g_autoptr(SimScenario) other =
        test_load_good("{ \"vms\": [ { \"program\": \"hello\",\r\n \"name\": \"\\u0061\" } ], "
                       "\"$schema\": \"x\",\n"
                       "\"title\": \"T\", \"id\": \"t\", \"format\": \"hvlab-scenario/1\" }",
                       NULL);
    g_assert_cmpstr(other->effective_json, ==, MINIMAL);
    g_autoptr(SimScenario) again = test_load_good(minimal->effective_json, NULL);
    g_assert_cmpstr(again->effective_json, ==, MINIMAL);
}

/* ---- Overrides ------------------------------------------------------------ */

static void test_overrides(void)
{
    const char *const sets[] = {"host.scheduler.slice=5ms",
                                "vms.b.memory=4MiB",
                                "vms[0].weight=7",
                                "vms.2.args=[\"x\", \"y\"]",
                                "networks.net0.latency=\"1us\"",
                                "checks.k.expect.share.is=40%",
                                "vms.a.nics[0].address=10.0.0.77",
                                "title=A = B",
                                "seed=1",
                                "seed=2",
                                NULL};
    g_autoptr(SimScenario) s = test_load_good(
        HEAD TWO "\"checks\":[" CHECK("k", "{\"share\":{\"vm\":\"c\",\"is\":\"33.3%\"}}") "]}",
        sets);
    g_assert_cmpuint(s->host.scheduler.slice_ns, ==, 5000000);
    g_assert_cmpuint(s->vms[1].memory_bytes, ==, 4194304);
    g_assert_cmpuint(s->vms[0].weight, ==, 7);
    g_assert_cmpuint(s->vms[2].arg_count, ==, 2);
    g_assert_cmpstr(s->vms[2].args[1], ==, "y");
    g_assert_cmpuint(s->networks[0].latency_ns, ==, 1000);
    g_assert_cmpuint(s->checks[0].expect.share.max_ppm, ==, 410000);
    g_assert_cmphex(s->vms[0].nics[0].address.address, ==, IP(10, 0, 0, 77));
    g_assert_cmpstr(s->title, ==, "A = B");
    g_assert_cmpuint(s->seed, ==, 2);
    /* The effective text has them in place: loading it needs no overrides. */
    g_autoptr(SimScenario) again = test_load_good(s->effective_json, NULL);
    g_assert_cmpstr(again->effective_json, ==, s->effective_json);
}

typedef struct {
    const char *set, *message;
} WrongSet;

static const WrongSet wrong_sets[] = {
    {"seed", "--set seed: not PATH=VALUE; write it like host.scheduler.slice=5ms"},
    {"=5", "--set =5: not PATH=VALUE; write it like host.scheduler.slice=5ms"},
    {"vms[0.memory=4MiB",
     "--set vms[0.memory=4MiB: not PATH=VALUE; write it like host.scheduler.slice=5ms"},
    {"title\n", "--set title : not PATH=VALUE; write it like host.scheduler.slice=5ms"},
    {"title=\xff", "--set title=\xef\xbf\xbd: not PATH=VALUE; write it like "
                   "host.scheduler.slice=5ms"},
    {"a..b=1", "--set a..b=1: not PATH=VALUE; write it like host.scheduler.slice=5ms"},
    {"vms.x.memory=4MiB",
     "--set vms.x.memory=4MiB: vms: no element \"x\" in the list; allowed: a, b, "
     "c"},
    {"vms[3].memory=4MiB",
     "--set vms[3].memory=4MiB: vms: no element \"3\" in the list; allowed: a, b, "
     "c"},
    {"checks.x.points=1", "--set checks.x.points=1: checks: the file has none"},
    {"vms.a.name.x=1", "--set vms.a.name.x=1: vms[0].name: a plain value, nothing lies inside it"},
    {"host.schduler.slice=5ms",
     "--set host.schduler.slice=5ms: host.schduler: unknown key; did you mean \"scheduler\"? "
     "allowed: pcpus, memory, clock_hz, scheduler, quantum, costs, memory_policy"},
    {"vms.b.memory=2MB", "--set vms.b.memory=2MB: vms[1].memory: \"2MB\" is not a size; allowed: a "
                         "number with KiB, MiB "
                         "or GiB, from 2MiB to 1GiB"},
    {"networks.net0.mode=bridge",
     "--set networks.net0.mode=bridge: networks[0].mode: \"bridge\" is not known here; did you "
     "mean "
     "\"bridged\"? allowed: internal, host-only, bridged, nat, nat-network"},
    {"vms.b.name=a",
     "--set vms.b.name=a: vms[1].name: \"a\" is taken by vms[0]; each needs its own"},
    {"host.memory=1MiB",
     "--set host.memory=1MiB: host.memory: 1MiB cannot hold 3 VMs, of which each keeps 512KiB "
     "resident; allowed: at least 1536KiB"},
    {"host=5", "--set host=5: host: 5 is not an object"},
    /* What the override did not touch is still the file's. */
    {"host.pcpus=2", NULL},
};

static void test_wrong_overrides(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(wrong_sets); i++) {
        const char *const sets[] = {wrong_sets[i].set, NULL};
        g_autoptr(GError) error = NULL;
        const char *text = HEAD TWO "\"seed\":1}";
        g_autoptr(SimScenario) scenario = test_load(text, sets, &error);
        if (wrong_sets[i].message) {
            g_assert_nonnull(error);
            g_assert_cmpstr(error->message, ==, wrong_sets[i].message);
            continue;
        }
        g_assert_no_error(error);
        g_assert_null(test_load(HEAD TWO "\"seed\":-1}", sets, &error));
        g_assert_cmpstr(error->message, ==,
                        "x.json:4: seed: -1 is too small; allowed: a whole number from 0 to "
                        "9007199254740991");
    }
}

/* ---- Commands by themselves ----------------------------------------------- */

static void test_command(void)
{
    g_autoptr(SimScenario) s = test_load_good(HEAD TWO "\"seed\":1}", NULL);
    g_autoptr(GError) error = NULL;
    SimCommand command = {.weight = 99};
    g_assert_true(sim_scenario_parse_command(s, "{\"do\":\"pause\",\"vm\":\"b\"}", "stdin",
                                             &command, &error));
    g_assert_cmpuint(command.kind, ==, SIM_COMMAND_PAUSE);
    g_assert_cmpuint(command.vm.index, ==, 1);
    g_assert_cmpuint(command.weight, ==, 0);
    sim_command_clear(&command);
    g_assert_null(command.vm.name);
    g_assert_false(sim_scenario_parse_command(s, "{\"do\":\"type\",\"vm\":\"b\",\"text\":5}",
                                              "stdin", &command, &error));
    g_assert_cmpstr(error->message, ==,
                    "stdin:1: text: 5 is not a string; allowed: a string of 1 to 4096 characters");
    g_assert_cmpuint(command.kind, ==, 0);
    g_assert_cmpstr(sim_command_name(SIM_COMMAND_SET_WEIGHT), ==, "set-weight");
    g_assert_cmpstr(sim_network_mode_name(SIM_MODE_NAT_NETWORK), ==, "nat-network");
    g_assert_cmpstr(sim_protocol_name(SIM_PROTOCOL_UDP), ==, "udp");
}

/* ---- The files that come with hvlab ---------------------------------------- */

static char *first_directory(void)
{
    return g_test_build_filename(G_TEST_DIST, "..", "..", "scenarios", "first", NULL);
}

static void test_first(void)
{
    static const struct {
        const char *file, *id;
        size_t vms, networks, checks;
    } files[] = {
        {"first-touch.json", "first/first-touch", 2, 0, 6},
        {"hello.json", "first/hello", 1, 0, 4},
        {"sharing-a-cpu.json", "first/sharing-a-cpu", 3, 0, 5},
        {"two-guests.json", "first/two-guests", 2, 1, 9},
    };
    g_autofree char *directory = first_directory();
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = g_build_filename(directory, files[i].file, NULL);
        g_autoptr(SimScenario) s = sim_scenario_load(path, NULL, NULL, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(s->id, ==, files[i].id);
        g_assert_cmpuint(s->vm_count, ==, files[i].vms);
        g_assert_cmpuint(s->network_count, ==, files[i].networks);
        g_assert_cmpuint(s->check_count, ==, files[i].checks);
        g_assert_cmpuint(strlen(s->brief), >, 300);
    }
}

static void test_list(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *directory = g_dir_make_tmp("hvlab-XXXXXX", NULL);
    g_autofree char *folder = g_build_filename(directory, "sub", NULL);
    g_autofree char *good = g_build_filename(folder, "good.json", NULL);
    g_autofree char *bad = g_build_filename(directory, "bad.json", NULL);
    g_autofree char *schema = g_build_filename(directory, "x.schema.json", NULL);
    g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(good, HEAD VM_A, -1, NULL));
    g_assert_true(g_file_set_contents(bad, "[", -1, NULL));
    g_assert_true(g_file_set_contents(schema, "{}", -1, NULL));
    g_autoptr(GPtrArray) list = sim_scenario_list(directory, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(list->len, ==, 2);
    const SimScenarioInfo *first = list->pdata[0], *second = list->pdata[1];
    g_assert_cmpstr(first->path, ==, bad);
    g_assert_null(first->id);
    g_assert_nonnull(strstr(first->error, "bad.json:1:2: not JSON"));
    g_assert_cmpstr(second->path, ==, good);
    g_assert_cmpstr(second->title, ==, "T");
    g_assert_null(second->error);
    g_assert_null(sim_scenario_list("/nonexistent", &error));
    g_assert_nonnull(error);
    g_unlink(good);
    g_unlink(bad);
    g_unlink(schema);
    g_rmdir(folder);
    g_rmdir(directory);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scenario/defaults", test_defaults);
    g_test_add_func("/scenario/values", test_values);
    g_test_add_func("/scenario/networks", test_networks);
    g_test_add_func("/scenario/timeline", test_timeline);
    g_test_add_func("/scenario/checks", test_checks);
    g_test_add_func("/scenario/effective-text", test_effective_text);
    g_test_add_func("/scenario/overrides", test_overrides);
    g_test_add_func("/scenario/wrong-overrides", test_wrong_overrides);
    g_test_add_func("/scenario/command", test_command);
    g_test_add_func("/scenario/first", test_first);
    g_test_add_func("/scenario/list", test_list);
    return g_test_run();
}
