/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-diff-programs.c GUESTS BACKEND: every guest program says and does what
 * its source says, on either backend. What is expected is written here, so the
 * two are not merely equal to each other. Times in what ping prints are replaced
 * by T: they are the backend's. */
#include "hv-core/cpu/cpu.h"
#include "tests/sim/engine-helper.h"

#define NO_VECTOR 0xff

typedef struct {
    const char *command; /* of VM a */
    unsigned vcpus;
    const char *console;
    uint8_t state;     /* of VM a at the end: enum SimVmState */
    uint8_t why;       /* enum SimWhy; SIM_WHY_COUNT: not looked at */
    int exit_code;     /* -1: the program has not ended */
    uint8_t vector;    /* of its fault; NO_VECTOR: there was none */
    uint64_t cr2;      /* of a #PF, */
    uint64_t error;    /* and its error code */
    const char *until; /* NULL: a second */
} Program;

/* One that has ended still answers its network, if it has one. */
#define RUNS           SIM_VM_RUNNING, SIM_WHY_COUNT
#define ENDS           SIM_VM_HALTED, SIM_WHY_POWER_OFF
#define DIES           SIM_VM_CRASHED
#define SLEEP          SIM_VM_HALTED, SIM_WHY_HLT_FOREVER
#define REFUSED(chain) "bad-chain: " chain ": refused, works again\n"

static const Program programs[] = {
    {"hello", 1, "Hello, world\n", ENDS, 0, NO_VECTOR},
    {"hello you there", 1, "Hello, you\nHello, there\n", ENDS, 0, NO_VECTOR},
    {"burn --loops 1000", 1, "burn: vCPU 0: 1000 loops\n", ENDS, 0, NO_VECTOR},
    {"burn --loops 77", 2, "burn: vCPU 0: 77 loops\nburn: vCPU 1: 77 loops\n", ENDS, 0, NO_VECTOR},
    {"burn --loops", 1, "usage: burn [TIME | --loops N]\n", ENDS, 2, NO_VECTOR},
    {"touch 10", 1, "touch: 10 touches, 0 pages wrong\n", ENDS, 0, NO_VECTOR},
    {"touch 5 --times 3", 1, "touch: 15 touches, 0 pages wrong\n", ENDS, 0, NO_VECTOR},
    {"vcpus", 3, "vCPU 0 of 3\nvCPU 1 of 3\nvCPU 2 of 3\n", ENDS, 2, NO_VECTOR},
    {"echo", 1, "echo: listening on UDP port 7\n", RUNS, -1, NO_VECTOR},
    {"ping b 2 10ms", 1,
     "PING b (10.0.0.2) 56 data bytes\n"
     "64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=T ms\n"
     "64 bytes from 10.0.0.2: icmp_seq=2 ttl=64 time=T ms\n"
     "--- b ping statistics ---\n"
     "2 packets transmitted, 2 received, 0% packet loss\n"
     "rtt min/avg/max = T/T/T ms\n",
     RUNS, 0, NO_VECTOR},
    {"spin", 1, "", RUNS, -1, NO_VECTOR, .until = "50ms"},
    {"idle", 1, "", RUNS, -1, NO_VECTOR},
    {"wild-write", 1, "", ENDS, -1, 14, 0, 6},
    {"wild-write 0x123456789000", 1, "", ENDS, -1, 14, 0x123456789000, 6},
    {"wild-write 0x8000000000000000", 1, "", ENDS, -1, 13},
    {"wild-jump 0x7000000000", 1, "", ENDS, -1, 14, 0x7000000000, 0x14},
    {"divide-by-zero", 1, "", ENDS, -1, 0},
    {"privileged cli", 1, "", ENDS, -1, 13},
    {"privileged hlt", 1, "", ENDS, -1, 13},
    {"privileged wrmsr", 1, "", ENDS, -1, 13},
    {"privileged cr3", 1, "", ENDS, -1, 13},
    {"privileged out", 1, "", ENDS, -1, 13},
    {"wild-fetch", 1, "", DIES, SIM_WHY_FETCH, -1, NO_VECTOR},
    {"triple-fault", 1, "", DIES, SIM_WHY_TRIPLE_FAULT, -1, NO_VECTOR},
    {"kernel-panic", 1, "", DIES, SIM_WHY_GUEST_PANIC, -1, 0},
    {"kernel-panic overflow", 1, "", DIES, SIM_WHY_GUEST_PANIC, -1, 8},
    {"halt-off", 1, "", SLEEP, -1, NO_VECTOR},
    {"bad-mmio", 1, "bad-mmio: 0 answers that should not be\n", ENDS, 0, NO_VECTOR},
    {"bad-chain", 1,
     REFUSED("loop") REFUSED("next-out-of-range") REFUSED("head-out-of-range")
         REFUSED("address-out-of-range") REFUSED("address-wraps") REFUSED("length-out-of-range")
             REFUSED("empty") REFUSED("indirect") REFUSED("device-page")
                 REFUSED("index-ahead") "bad-chain: 10 chains, 0 wrong\n",
     ENDS, 0, NO_VECTOR},
};

typedef struct {
    const Program *program;
    const char *backend;
} Case;

/* ---- Running one ------------------------------------------------------------------- */

static char *scenario_text(const Program *program)
{
    g_auto(GStrv) words = g_strsplit(program->command, " ", -1);
    g_autoptr(GString) args = g_string_new(NULL);
    bool network = g_str_has_prefix(program->command, "ping");

    for (unsigned i = 1; words[i]; i++)
        g_string_append_printf(args, "%s\"%s\"", i > 1 ? "," : "", words[i]);
    return g_strdup_printf(
        "{\"format\":\"hvlab-scenario/1\",\"id\":\"t/t\",\"title\":\"T\","
        "\"run\":{\"until\":\"%s\"},"
        "\"host\":{\"pcpus\":2,\"memory\":\"16MiB\",\"scheduler\":{\"policy\":\"rr\","
        "\"slice\":\"1ms\"}},"
        "\"networks\":[{\"name\":\"n\",\"mode\":\"internal\",\"subnet\":\"10.0.0.0/24\"}],"
        "\"vms\":[{\"name\":\"a\",\"program\":\"%s\",\"args\":[%s],\"vcpus\":%u,"
        "\"memory\":\"2MiB\"%s}%s],\"seed\":7}",
        program->until ? program->until : "1s", words[0], args->str, program->vcpus,
        network ? ",\"nics\":[{\"network\":\"n\",\"address\":\"10.0.0.1/24\"}]" : "",
        network ? ",{\"name\":\"b\",\"program\":\"idle\",\"memory\":\"2MiB\","
                  "\"nics\":[{\"network\":\"n\",\"address\":\"10.0.0.2/24\"}]}"
                : "");
}

static SimModel *run(const Program *program, const char *backend)
{
    g_autofree char *text = scenario_text(program);
    g_autoptr(SimScenario) scenario = load_text(text);
    g_autoptr(SimEngine) engine = engine_of(scenario, backend);

    run_to_end(engine);
    return model_of(engine);
}

static char *without_times(const char *text)
{
    g_autoptr(GRegex) number = g_regex_new("[0-9]+\\.[0-9]{3}(?![0-9.])", 0, 0, NULL);

    return g_regex_replace_literal(number, text, -1, 0, "T", 0, NULL);
}

static void test_program(const void *data)
{
    const Case *the = data;
    const Program *program = the->program;
    g_autoptr(SimModel) model = run(program, the->backend);
    const SimModelVm *vm = sim_model_find_vm(model, "a");
    size_t length;
    const char *console = sim_model_console(vm, &length);
    g_autofree char *text = g_strndup(console ? console : "", length);
    g_autofree char *timeless = without_times(text);

    g_test_message("%s: %s, %s, %u faults: %s", program->command,
                   sim_name(SIM_NAMES(VmState), vm->state), sim_name(SIM_NAMES(Why), vm->why),
                   (unsigned)vm->fault.count, timeless);
    g_assert_cmpstr(timeless, ==, program->console);
    g_assert_cmpuint(vm->state, ==, program->state);
    if (program->why != SIM_WHY_COUNT)
        g_assert_cmpuint(vm->why, ==, program->why);
    g_assert_cmpint(vm->exited ? (int)vm->exit_code : -1, ==, program->exit_code);
    g_assert_cmpuint(vm->fault.count > 0, ==, program->vector != NO_VECTOR);
    if (program->vector != NO_VECTOR)
        g_assert_cmpuint(vm->fault.vector, ==, program->vector);
    if (program->vector == 14)
        g_assert_cmphex(vm->fault.cr2, ==, program->cr2);
    if (program->vector != NO_VECTOR)
        g_assert_cmphex(vm->fault.error_code, ==, program->error);
}

static void test_kvm_runs(void)
{
    g_autoptr(GError) error = NULL;

    if (!hv_cpu_backend_find("kvm", NULL, &error))
        g_test_skip(error->message);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 3);
    guest_directory = argv[1];
    if (!strcmp(argv[2], "kvm")) {
        g_test_add_func("/programs/kvm/works-here", test_kvm_runs);
        if (!hv_cpu_backend_find("kvm", NULL, NULL))
            return g_test_run();
    }
    for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
        g_autofree char *path =
            g_strdup_printf("/programs/%s/%s/%u", argv[2], programs[i].command, programs[i].vcpus);
        Case *the = g_new(Case, 1);
        *the = (Case){&programs[i], argv[2]};
        g_test_add_data_func_full(path, the, test_program, g_free);
    }
    return g_test_run();
}
