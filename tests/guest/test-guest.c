/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-guest.c BACKEND: every guest program on the smallest machine there is. */
#include <string.h>

#include "hv-core/guest/abi.h"
#include "tests/guest/machine.h"

static const HvCpuBackend *backend;

static bool is_over(const Machine *m)
{
    return machine_is_over(m);
}

static bool has_exited(const Machine *m)
{
    return m->exited;
}

static bool has_ended(const Machine *m)
{
    return m->exited || m->program_faulted;
}

/* Runs a program in a VM without NICs until the VM is over. */
static Machine *run_alone(const MachineConfig *config)
{
    Machine *m = machine_new(backend, config);
    g_assert_true(machine_run_until(m, is_over));
    return m;
}

/* ---- Programs that behave ------------------------------------------------ */

static void test_hello(void)
{
    g_autoptr(Machine) m = run_alone(&(MachineConfig){.args = {"hello"}});
    g_assert_cmpstr(m->console->str, ==, "Hello, world\n");
    g_assert_true(m->exited && m->powered_off);
    g_assert_cmpuint(m->exit_code, ==, 0);
    /* All it touches beyond what was loaded is its stack. */
    g_assert_cmpuint(m->touched->len, ==, 1);
    g_assert_cmphex(g_array_index(m->touched, HvPageNo, 0), ==, 0x1ff);
    g_assert_cmpuint(m->bad_accesses + m->bad_chains + m->bad_configs, ==, 0);
    /* Short on purpose (hv-core/guest/README.md); kvm cannot count. */
    g_assert_cmpuint(m->instructions, <, 1000);
}

static void test_arguments(void)
{
    g_autoptr(Machine) m = run_alone(&(MachineConfig){.args = {"hello", "a b", ""}});
    g_assert_cmpstr(m->console->str, ==, "Hello, a b\nHello, \n");
}

static void test_burn(void)
{
    g_autoptr(Machine) m = run_alone(&(MachineConfig){.args = {"burn", "--loops", "5000"}});
    g_assert_cmpstr(m->console->str, ==, "burn: vCPU 0: 5000 loops\n");
    g_autoptr(Machine) bad = run_alone(&(MachineConfig){.args = {"burn", "soon"}});
    g_assert_cmpuint(bad->exit_code, ==, 2);
}

static void test_burn_time(void)
{
    g_autoptr(Machine) m = run_alone(&(MachineConfig){.args = {"burn", "30ms"}});
    g_assert_cmpuint(m->exit_code, ==, 0);
    if (backend != &hv_cpu_emulated)
        return; /* the host's noise counts as well */
    g_assert_cmpuint(m->now, >=, 29 * MACHINE_MS);
    g_assert_cmpuint(m->now, <=, 32 * MACHINE_MS);
}

static void test_several_vcpus(void)
{
    g_autoptr(Machine) m =
        run_alone(&(MachineConfig){.args = {"burn", "--loops", "9000"}, .vcpu_count = 3});
    g_assert_cmpstr(m->console->str, ==,
                    "burn: vCPU 0: 9000 loops\n"
                    "burn: vCPU 1: 9000 loops\n"
                    "burn: vCPU 2: 9000 loops\n");
    g_assert_true(m->powered_off);
}

/* vCPUs that the program has no use for sleep for good. */
static void test_unused_vcpus(void)
{
    g_autoptr(Machine) m = run_alone(&(MachineConfig){.args = {"hello"}, .vcpu_count = 16});
    g_assert_cmpstr(m->console->str, ==, "Hello, world\n");
}

/* Each has its say, in turn; the last one ends the program. */
static void test_vcpus(void)
{
    g_autoptr(Machine) m = run_alone(&(MachineConfig){.args = {"vcpus"}, .vcpu_count = 4});
    g_assert_cmpstr(m->console->str, ==,
                    "vCPU 0 of 4\n"
                    "vCPU 1 of 4\n"
                    "vCPU 2 of 4\n"
                    "vCPU 3 of 4\n");
    g_assert_cmpuint(m->exit_code, ==, 3);
}

/* The end of the program stops all vCPUs but the first, which answers. */
static void test_vcpus_end(void)
{
    static const char *const arguments[] = {NULL, "fault"};
    for (unsigned i = 0; i < G_N_ELEMENTS(arguments); i++) {
        g_autoptr(Machine) m = machine_new(
            backend,
            &(MachineConfig){.args = {"vcpus", arguments[i]}, .vcpu_count = 4, .nic_count = 1});
        g_assert_true(machine_run_until(m, has_ended));
        machine_run(m, m->now + 10 * MACHINE_MS);
        g_assert_true(m->program_faulted == (i == 1));
        for (unsigned j = 1; j < 4; j++)
            g_assert_true(m->vcpus[j].done);
        g_assert_false(m->vcpus[0].done);
        g_assert_true(machine_ping_guest(m, 0));
    }
}

static void test_touch(void)
{
    g_autoptr(Machine) m = run_alone(&(MachineConfig){.args = {"touch", "--pages", "7,0,3,7,1"}});
    g_assert_cmpstr(m->console->str, ==, "touch: 5 touches, 0 pages wrong\n");
    /* The heap's pages, in the order in which they were touched first. */
    static const HvPageNo expected[] = {7, 0, 3, 1};
    HvPageNo heap = hv_gpa_page(hv_loader_heap_begin(m->elf));
    unsigned found = 0;
    for (unsigned i = 0; i < m->touched->len; i++) {
        HvPageNo page = g_array_index(m->touched, HvPageNo, i);
        if (page < heap || page >= 0x1f0)
            continue;
        g_assert_cmpuint(found, <, G_N_ELEMENTS(expected));
        g_assert_cmpuint(page - heap, ==, expected[found++]);
    }
    g_assert_cmpuint(found, ==, G_N_ELEMENTS(expected));
}

static void test_touch_number(void)
{
    g_autoptr(Machine) m = run_alone(
        &(MachineConfig){.args = {"touch", "900", "--write", "0x55"}, .memory_bytes = 5 << 20});
    g_assert_cmpstr(m->console->str, ==, "touch: 900 touches, 0 pages wrong\n");
    g_autoptr(Machine) small = run_alone(&(MachineConfig){.args = {"touch", "900"}});
    g_assert_cmpuint(small->exit_code, ==, 2);
}

/* ---- Network ------------------------------------------------------------- */

static void test_ping(void)
{
    g_autoptr(Machine) m = machine_new(
        backend, &(MachineConfig){.args = {"ping", "peer", "3", "10ms"}, .nic_count = 1});
    g_assert_true(machine_run_until(m, has_exited));
    g_assert_cmpuint(m->exit_code, ==, 0);
    g_assert_true(g_str_has_prefix(m->console->str, "PING peer (10.0.0.1) 56 data bytes\n"
                                                    "64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 "));
    g_assert_nonnull(strstr(m->console->str, "3 packets transmitted, 3 received, 0% packet loss"));
    g_assert_true(machine_ping_guest(m, 0)); /* after its program's end */
}

static void test_ping_second_nic(void)
{
    g_autoptr(Machine) m =
        machine_new(backend, &(MachineConfig){.args = {"ping", "10.0.1.1", "1"}, .nic_count = 2});
    g_assert_true(machine_run_until(m, has_exited));
    g_assert_cmpuint(m->exit_code, ==, 0);
    g_assert_true(machine_ping_guest(m, 0) && machine_ping_guest(m, 1));
}

static void test_ping_nobody(void)
{
    g_autoptr(Machine) m =
        machine_new(backend, &(MachineConfig){.args = {"ping", "nobody", "1"}, .nic_count = 1});
    g_assert_true(machine_run_until(m, has_exited));
    g_assert_cmpuint(m->exit_code, ==, 1);
    g_assert_nonnull(strstr(m->console->str, "1 packets transmitted, 0 received, 100%"));
}

static void test_ping_nowhere(void)
{
    g_autoptr(Machine) m = machine_new(
        backend, &(MachineConfig){.args = {"ping", "192.168.9.9", "1"}, .nic_count = 1});
    g_assert_true(machine_run_until(m, has_exited));
    g_assert_nonnull(strstr(m->console->str, "network is unreachable"));
    g_autoptr(Machine) alone = run_alone(&(MachineConfig){.args = {"ping", "10.0.0.1", "1"}});
    g_assert_nonnull(strstr(alone->console->str, "network is unreachable"));
}

/* Whatever the program does, the machine answers. */
static void test_answers(void)
{
    static const char *const programs[] = {"spin", "idle", "echo", "wild-write", "divide-by-zero"};
    for (unsigned i = 0; i < G_N_ELEMENTS(programs); i++) {
        g_autoptr(Machine) m =
            machine_new(backend, &(MachineConfig){.args = {programs[i]}, .nic_count = 1});
        machine_run(m, 20 * MACHINE_MS);
        g_test_message("%s", programs[i]);
        for (unsigned j = 0; j < 40; j++) /* more often than there are buffers */
            g_assert_true(machine_ping_guest(m, 0));
        g_assert_cmpuint(m->frames_dropped, ==, 0);
    }
}

static char received[64];

static void on_datagram(void *user, const NetDatagram *datagram)
{
    memcpy(received, datagram->bytes, MIN(datagram->length, sizeof received - 1));
}

static bool has_received(const Machine *m)
{
    return received[0] != '\0';
}

static bool has_printed(const Machine *m)
{
    return m->console->len > 0;
}

static void test_echo(void)
{
    static const NetUdpOps ops = {.receive = on_datagram};
    g_autoptr(Machine) m = machine_new(backend, &(MachineConfig){.args = {"echo"}, .nic_count = 1});
    g_assert_true(machine_run_until(m, has_printed));
    memset(received, 0, sizeof received);
    g_assert_cmpint(net_stack_udp_bind(m->peers[0], 999, &ops, NULL), ==, 999);
    g_assert_cmpint(
        net_stack_udp_send(m->peers[0], 999, NET_IP4(10, 0, 0, 2), 7, "come back", 9, m->now), ==,
        0);
    g_assert_true(machine_run_until(m, has_received));
    g_assert_cmpstr(received, ==, "come back");
}

/* ---- Probes -------------------------------------------------------------- */

static bool has_answered(const Machine *m)
{
    return m->control->len > 0 && m->control->str[m->control->len - 1] == '\n';
}

static void assert_control(Machine *m, const char *line, const char *answer)
{
    g_string_truncate(m->control, 0);
    machine_control(m, line);
    g_assert_true(machine_run_until(m, has_answered));
    g_test_message("%s -> %s", line, m->control->str);
    g_assert_true(g_str_has_prefix(m->control->str, answer));
}

static void on_echo_request(void *user, const NetDatagram *datagram)
{
    Machine *m = user;
    net_stack_udp_send(m->peers[0], 7, datagram->from, datagram->from_port, datagram->bytes,
                       datagram->length, m->now);
}

static void test_probes(void)
{
    static const NetUdpOps echo = {.receive = on_echo_request};
    g_autoptr(Machine) m = machine_new(backend, &(MachineConfig){.args = {"spin"}, .nic_count = 1});
    net_stack_udp_bind(m->peers[0], 7, &echo, m);
    assert_control(m, "probe 1 icmp 10.0.0.1 00000000000000ff 2000\n",
                   "probe 1 reply 10.0.0.1 00000000000000ff ");
    assert_control(m, "probe 2 udp 10.0.0.1 7 fedcba9876543210 2000\n",
                   "probe 2 reply 10.0.0.1 fedcba9876543210 ");
    assert_control(m, "probe 3 udp 10.0.0.1 8 0000000000000001 2000\n",
                   "probe 3 unreachable 10.0.0.1 3 3\n");
    assert_control(m, "probe 4 icmp 192.168.1.1 0000000000000001 2000\n", "probe 4 no-route\n");
    assert_control(m, "probe 5 icmp 10.0.0.9 0000000000000001 50\n",
                   "probe 5 no-arp-answer 10.0.0.9\n");
    assert_control(m, "probe 6 udp 10.0.0.9 7 0000000000000001 50\n",
                   "probe 6 no-arp-answer 10.0.0.9\n");
    assert_control(m, "probe 4294967295 icmp 10.0.0.2 0000000000000002 50\n", "seen icmp ");
    g_assert_cmpuint(m->exited + m->program_faulted, ==, 0);
}

static void test_probe_errors(void)
{
    static const char *const lines[] = {
        "hello\n",
        "probe\n",
        "probe x icmp 10.0.0.1 00000000000000ff 2000\n",
        "probe 4294967296 icmp 10.0.0.1 00000000000000ff 2000\n",
        "probe 1 tcp 10.0.0.1 00000000000000ff 2000\n",
        "probe 1 icmp 10.0.0.256 00000000000000ff 2000\n",
        "probe 1 icmp 10.0.0.1 ff 2000\n",
        "probe 1 icmp 10.0.0.1 00000000000000fg 2000\n",
        "probe 1 icmp 10.0.0.1 00000000000000ff\n",
        "probe 1 icmp 10.0.0.1 00000000000000ff 2000 more\n",
        "probe 1 udp 10.0.0.1 65536 00000000000000ff 2000\n",
    };
    g_autoptr(Machine) m = machine_new(backend, &(MachineConfig){.args = {"idle"}, .nic_count = 1});
    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++)
        assert_control(m, lines[i], "error ");
    g_autofree char *text = g_strnfill(1000, 'x');
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    assert_control(m, line, "error line too long\n");
    assert_control(m, "probe 9 icmp 10.0.0.1 00000000000000ff 2000\n", "probe 9 reply ");
}

/* Someone else's probe is reported, and answered. */
static void test_probe_seen(void)
{
    uint8_t payload[NET_PROBE_BYTES];
    net_probe_write(payload, 0xabc);
    g_autoptr(Machine) m = machine_new(backend, &(MachineConfig){.args = {"spin"}, .nic_count = 1});
    NetPing request = {.to = NET_IP4(10, 0, 0, 2),
                       .payload = payload,
                       .payload_bytes = sizeof payload,
                       .timeout_ns = 1000 * MACHINE_MS};
    machine_run(m, 20 * MACHINE_MS);
    net_stack_ping(m->peers[0], &request, m->now);
    g_assert_true(machine_run_until(m, has_answered));
    g_assert_cmpstr(m->control->str, ==, "seen icmp 0000000000000abc 10.0.0.1\n");
}

/* ---- Programs that misbehave --------------------------------------------- */

typedef struct {
    const char *program, *argument;
    uint64_t vector, error_code, cr2; /* cr2: only of page faults */
    const char *symbol;
} Fault;

static const Fault faults[] = {
    {"wild-write", NULL, 14, 6, 0, "main"},                  /* not present, write, user */
    {"wild-write", "0x50000", 14, 6, 0x50000, "main"},       /* a hole beside the kernel */
    {"wild-write", "0x11000", 14, 7, 0x11000, "main"},       /* present, write, user: the kernel */
    {"wild-write", "0x80000", 14, 7, 0x80000, "main"},       /* its own code */
    {"wild-write", "0xc0000000", 14, 7, 0xc0000000, "main"}, /* a device */
    {"wild-write", "0x200000", 14, 6, 0x200000, "main"},     /* behind memory */
    {"wild-jump", NULL, 14, 0x15, 0, NULL},                  /* present, user, fetch */
    {"wild-jump", "0x11000", 14, 0x15, 0x11000, "vector_stubs"}, /* the kernel's code */
    {"wild-jump", "0", 14, 0x14, 0, NULL},
    {"divide-by-zero", NULL, 0, 0, 0, "main"},
    {"privileged", "cli", 13, 0, 0, "main"},
    {"privileged", "hlt", 13, 0, 0, "main"},
    {"privileged", "wrmsr", 13, 0, 0, "main"},
    {"privileged", "cr3", 13, 0, 0, "main"},
    {"privileged", "out", 13, 0, 0, "main"},
};

static void test_faults(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(faults); i++) {
        const Fault *fault = &faults[i];
        g_autoptr(Machine) m =
            run_alone(&(MachineConfig){.args = {fault->program, fault->argument}});
        g_test_message("%s %s", fault->program, fault->argument ? fault->argument : "");
        g_assert_true(m->program_faulted && m->powered_off);
        g_assert_false(m->crashed || m->exited);
        g_assert_cmpstr(m->console->str, ==, "");
        g_assert_cmpuint(m->report.vector, ==, fault->vector);
        g_assert_cmphex(m->report.error_code, ==, fault->error_code);
        g_assert_cmpuint(m->report.cs & 3, ==, 3);
        if (fault->vector == 14 && (fault->cr2 || fault->symbol))
            g_assert_cmphex(m->report.cr2, ==, fault->cr2);
        g_assert_cmpstr(hv_elf_symbol(m->elf, m->report.rip, NULL), ==, fault->symbol);
    }
}

static void test_triple_fault(void)
{
    g_autoptr(Machine) m = run_alone(&(MachineConfig){.args = {"triple-fault"}});
    g_assert_true(m->shut_down);
}

static void test_wild_fetch(void)
{
    g_autoptr(Machine) m = run_alone(&(MachineConfig){.args = {"wild-fetch"}});
    g_assert_cmpint(m->error, ==, HV_CPU_ERROR_FETCH);
}

static void test_halt_off(void)
{
    g_autoptr(Machine) m = machine_new(backend, &(MachineConfig){.args = {"halt-off"}});
    machine_run(m, 100 * MACHINE_MS);
    g_assert_true(m->vcpus[0].done);
    g_assert_false(machine_is_over(m) || m->exited);
}

static void test_panic(void)
{
    g_autoptr(Machine) m = run_alone(&(MachineConfig){.args = {"kernel-panic"}});
    g_assert_true(m->crashed);
    g_assert_cmpstr(m->report.message, ==, "kernel panic on request");
    g_assert_cmpstr(hv_elf_symbol(m->elf, m->report.rip, NULL), ==, "debug_panic");
}

static void test_stack_overflow(void)
{
    g_autoptr(Machine) m = run_alone(&(MachineConfig){.args = {"kernel-panic", "overflow"}});
    g_assert_true(m->crashed);
    g_assert_cmpstr(m->report.message, ==, "double fault");
    g_assert_cmphex(m->report.cr2, ==, 0x60ff8); /* the page below vCPU 0's stack */
    g_assert_cmpuint(m->report.cs & 3, ==, 0);
}

static void test_bad_mmio(void)
{
    g_autoptr(Machine) m = run_alone(&(MachineConfig){.args = {"bad-mmio"}});
    g_assert_cmpstr(m->console->str, ==, "bad-mmio: 0 answers that should not be\n");
    /* Ten reads and ten writes; each of the one across two devices counts once for each. */
    g_assert_cmpuint(m->bad_accesses, >=, 20);
}

static void test_bad_chain(void)
{
    g_autoptr(Machine) m = run_alone(&(MachineConfig){.args = {"bad-chain"}});
    g_test_message("%s", m->console->str);
    g_assert_cmpuint(m->exit_code, ==, 0);
    g_assert_cmpuint(m->bad_chains, ==, 10);
    g_assert_nonnull(strstr(m->console->str, "bad-chain: 10 chains, 0 wrong\n"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_autoptr(GError) error = NULL;
    backend = hv_cpu_backend_find(argc > 1 ? argv[1] : "auto", NULL, &error);
    if (!backend) {
        g_print("1..0 # SKIP %s\n", error->message);
        return 0;
    }
    g_test_add_func("/guest/hello", test_hello);
    g_test_add_func("/guest/arguments", test_arguments);
    g_test_add_func("/guest/burn", test_burn);
    g_test_add_func("/guest/burn-time", test_burn_time);
    g_test_add_func("/guest/several-vcpus", test_several_vcpus);
    g_test_add_func("/guest/unused-vcpus", test_unused_vcpus);
    g_test_add_func("/guest/vcpus", test_vcpus);
    g_test_add_func("/guest/vcpus-end", test_vcpus_end);
    g_test_add_func("/guest/touch", test_touch);
    g_test_add_func("/guest/touch-number", test_touch_number);
    g_test_add_func("/guest/ping", test_ping);
    g_test_add_func("/guest/ping-second-nic", test_ping_second_nic);
    g_test_add_func("/guest/ping-nobody", test_ping_nobody);
    g_test_add_func("/guest/ping-nowhere", test_ping_nowhere);
    g_test_add_func("/guest/answers", test_answers);
    g_test_add_func("/guest/echo", test_echo);
    g_test_add_func("/guest/probes", test_probes);
    g_test_add_func("/guest/probe-errors", test_probe_errors);
    g_test_add_func("/guest/probe-seen", test_probe_seen);
    g_test_add_func("/guest/faults", test_faults);
    g_test_add_func("/guest/triple-fault", test_triple_fault);
    g_test_add_func("/guest/wild-fetch", test_wild_fetch);
    g_test_add_func("/guest/halt-off", test_halt_off);
    g_test_add_func("/guest/panic", test_panic);
    g_test_add_func("/guest/stack-overflow", test_stack_overflow);
    g_test_add_func("/guest/bad-mmio", test_bad_mmio);
    g_test_add_func("/guest/bad-chain", test_bad_chain);
    return g_test_run();
}
