/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-engine.c: whole runs. Equal runs give equal traces, however they are
 * sliced; commands act and are recorded; whatever a guest does, the run ends. */

#include "hv-core/cpu/cpu.h"
#include "tests/sim/engine-helper.h"

#define HOST                                                                                       \
    "\"format\":\"hvlab-scenario/1\",\"id\":\"t/t\",\"title\":\"T\",\"run\":{\"until\":\"%dms\"}," \
    "\"host\":{\"pcpus\":%d,\"memory\":\"32MiB\",\"scheduler\":{\"policy\":\"rr\",\"slice\":"      \
    "\"1ms\"},"                                                                                    \
    "\"costs\":{\"exit\":\"2us\",\"switch\":\"1us\",\"fault\":\"5us\"}},"
#define TALKERS                                                                                    \
    "\"networks\":[{\"name\":\"n\",\"mode\":\"internal\"}],\"vms\":["                              \
    "{\"name\":\"a\",\"program\":\"ping\",\"args\":[\"b\",\"3\",\"5\"],\"memory\":\"2MiB\","       \
    "\"nics\":[{\"network\":\"n\"}]},"                                                             \
    "{\"name\":\"b\",\"program\":\"burn\",\"memory\":\"2MiB\",\"nics\":[{\"network\":\"n\"}]},"    \
    "{\"name\":\"c\",\"program\":\"burn\",\"vcpus\":2,\"memory\":\"2MiB\"}],"

static SimScenario *scenario_of(int until_ms, int pcpus, const char *rest)
{
    g_autofree char *head = g_strdup_printf("{" HOST, until_ms, pcpus);
    g_autofree char *text = g_strconcat(head, rest, "\"seed\":7}", NULL);

    return load_text(text);
}

/* Runs to the end in slices of random length up to most_ns (0: in one go). */
static GBytes *trace_of(const SimScenario *scenario, uint64_t most_ns, GRand *random)
{
    g_autoptr(SimEngine) engine = engine_of(scenario, "emulated");
    uint64_t grant = 0;
    size_t size;

    if (most_ns == 0)
        run_to_end(engine);
    else
        while (sim_engine_run(engine, grant))
            grant = MAX(grant, sim_engine_now(engine)) + 1 +
                    (uint64_t)(g_rand_double(random) * (double)most_ns);
    sim_trace_finish(sim_engine_trace(engine));

    const uint8_t *data = sim_trace_data(sim_engine_trace(engine), &size);

    return g_bytes_new(data, size);
}

static void check_slicing(int pcpus)
{
    g_autoptr(SimScenario) scenario = scenario_of(50, pcpus, TALKERS);
    g_autoptr(GRand) random = g_rand_new_with_seed(42);
    g_autoptr(GBytes) whole = trace_of(scenario, 0, random);
    static const uint64_t most_ns[] = {2000000, 100000, 3000};

    for (size_t i = 0; i < G_N_ELEMENTS(most_ns); i++) {
        g_autoptr(GBytes) sliced = trace_of(scenario, most_ns[i], random);

        g_assert_cmpuint(g_bytes_get_size(sliced), ==, g_bytes_get_size(whole));
        g_assert_true(g_bytes_equal(sliced, whole));
    }
}

/* ---- Commands given while it runs ----------------------------------------- */

/* The records of a trace, without its header. */
static GBytes *records_of(SimEngine *engine)
{
    SimTraceHeader header;
    size_t size;

    sim_trace_finish(sim_engine_trace(engine));

    const uint8_t *data = sim_trace_data(sim_engine_trace(engine), &size);

    memcpy(&header, data, sizeof(header));
    return g_bytes_new(data + header.header_bytes, size - header.header_bytes);
}

/* The commands in a trace, as a timeline. */
static char *timeline_of(SimEngine *engine)
{
    size_t size;
    const uint8_t *data = sim_trace_data(sim_engine_trace(engine), &size);
    g_autoptr(SimReader) reader = sim_reader_new_memory(data, size, NULL);
    GString *text = g_string_new("\"timeline\":[");
    SimFilter filter = {0};
    SimCursor cursor = {0};
    SimRecord record;
    unsigned count = 0;

    sim_filter_add(&filter, SIM_EVENT_COMMAND);
    while (sim_reader_next_of(reader, &cursor, &filter, &record))
        g_string_append_printf(text, "%s%.*s", count++ ? "," : "", (int)record.blob_size,
                               (const char *)record.blob);
    g_string_append(text, "],");
    return g_string_free(text, FALSE);
}

/* A person's commands, given wherever the engine happens to wait, are in the trace
 * with times that make the same run when they are known before. */
static void check_live_commands(const char *world, const char *const *commands)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(11);

    for (int round = 0; round < 12; round++) {
        g_autoptr(SimScenario) scenario = scenario_of(30, 1 + round % 3, world);
        g_autoptr(SimEngine) engine = engine_of(scenario, "emulated");
        unsigned given = 0;

        while (sim_engine_run(engine, sim_engine_command_time(engine) + 1 +
                                          (uint64_t)g_rand_int_range(random, 0, 1000000))) {
            SimCommand command;

            if (g_rand_int_range(random, 0, 5) != 0 || commands[given] == NULL)
                continue;
            g_assert_true(
                sim_scenario_parse_command(scenario, commands[given++], "test", &command, NULL));
            g_assert_cmpuint(sim_engine_command(engine, &command), ==,
                             sim_engine_command_time(engine));
            sim_command_clear(&command);
        }

        g_autoptr(GBytes) live = records_of(engine);
        g_autofree char *timeline = timeline_of(engine);
        g_autofree char *rest = g_strconcat(world, timeline, NULL);
        g_autoptr(SimScenario) planned = scenario_of(30, 1 + round % 3, rest);
        g_autoptr(SimEngine) again = engine_of(planned, "emulated");

        run_to_end(again);

        g_autoptr(GBytes) replayed = records_of(again);

        g_assert_cmpuint(given, >, 2);
        g_assert_true(g_bytes_equal(live, replayed));
    }
}

static void test_live_commands(void)
{
    static const char *const commands[] = {"{\"do\":\"pause\",\"vm\":\"b\"}",
                                           "{\"do\":\"resume\",\"vm\":\"b\"}",
                                           "{\"do\":\"unplug\",\"vm\":\"a\"}",
                                           "{\"do\":\"plug\",\"vm\":\"a\"}",
                                           "{\"do\":\"set-weight\",\"vm\":\"c\",\"weight\":512}",
                                           "{\"do\":\"type\",\"vm\":\"c\",\"text\":\"x\"}",
                                           "{\"do\":\"kill\",\"vm\":\"c\"}",
                                           NULL};

    check_live_commands(TALKERS, commands);
}

/* Of memory, likewise. */
static void test_live_memory_commands(void)
{
    static const char world[] =
        "\"vms\":[{\"name\":\"a\",\"program\":\"touch\",\"args\":[\"60\",\"--times\",\"5000\"],"
        "\"memory_shares\":2000,\"balloon\":true},"
        "{\"name\":\"b\",\"program\":\"touch\",\"args\":[\"90\",\"--times\",\"5000\"]}],";
    static const char *const commands[] = {
        "{\"do\":\"set-balloon\",\"vm\":\"a\",\"size\":\"512KiB\"}",
        "{\"do\":\"set-memory\",\"vm\":\"b\",\"shares\":500,\"limit\":\"2MiB\"}",
        "{\"do\":\"set-tax\",\"tax\":\"12.5%\"}",
        "{\"do\":\"set-memory\",\"vm\":\"a\",\"reservation\":\"256KiB\"}",
        "{\"do\":\"set-balloon\",\"vm\":\"a\"}",
        "{\"do\":\"set-balloon\",\"vm\":\"a\"}", /* refused: it was released before */
        NULL};

    check_live_commands(world, commands);
}

static void test_slicing_one_pcpu(void)
{
    check_slicing(1);
}

static void test_slicing_many_pcpus(void)
{
    check_slicing(2);
    check_slicing(3);
}

/* Fold of a run of scenario text on a backend. */
static SimModel *run_of(const char *rest, const char *backend)
{
    g_autoptr(SimScenario) scenario = scenario_of(1000, 1, rest);
    g_autoptr(SimEngine) engine = engine_of(scenario, backend);

    run_to_end(engine);
    return model_of(engine);
}

static void test_times_add_up(void)
{
    g_autoptr(SimScenario) scenario = scenario_of(50, 2, TALKERS);
    g_autoptr(SimEngine) engine = engine_of(scenario, "emulated");

    run_to_end(engine);

    g_autoptr(SimModel) model = model_of(engine);
    uint64_t busy = 0, ran = 0;

    for (unsigned i = 0; i < model->pcpus->len; i++) {
        const SimModelPcpu *pcpu = sim_model_pcpu(model, i);

        busy += sim_model_busy_ns(pcpu, model->time);
        g_assert_cmpuint(sim_model_busy_ns(pcpu, model->time) +
                             sim_model_idle_ns(pcpu, model->time),
                         ==, model->time);
    }
    for (unsigned v = 0; v < model->vms->len; v++) {
        const SimModelVm *vm = sim_model_vm(model, v);

        for (unsigned i = 0; i < vm->vcpu_count; i++) {
            uint64_t sum = 0;

            for (unsigned s = 0; s < SIM_VCPU_STATE_COUNT; s++)
                sum += sim_model_vcpu_ns(&vm->vcpus[i], s, model->time);
            g_assert_cmpuint(sum, ==, model->time);
            ran += sim_model_vcpu_ns(&vm->vcpus[i], SIM_VCPU_RUNNING, model->time);
        }
    }
    g_assert_cmpuint(ran, ==, busy);
    g_assert_cmpuint(busy, ==, 2 * model->time); /* three burners: no pCPU is ever idle */
}

#define TIMELINE(commands)                                                                         \
    "\"networks\":[{\"name\":\"n\",\"mode\":\"internal\"}],\"vms\":["                              \
    "{\"name\":\"a\",\"program\":\"idle\",\"memory\":\"2MiB\",\"nics\":[{\"network\":\"n\"}]},"    \
    "{\"name\":\"b\",\"program\":\"idle\",\"memory\":\"2MiB\",\"nics\":[{\"network\":\"n\"}]}],"   \
    "\"timeline\":[" commands "],"

#define PING(at)                                                                                   \
    "{\"at\":\"" at "\",\"do\":\"ping\",\"from\":\"vm:a\",\"to\":\"vm:b\",\"timeout\":\"100ms\"}"

#define AT(at, what) "{\"at\":\"" at "\",\"do\":\"" what "\",\"vm\":\"b\"}"

static const SimModelProbe *probe_of(const SimModel *model, unsigned number)
{
    g_assert_cmpuint(number, <, model->probes->len);
    return &g_array_index(model->probes, SimModelProbe, number);
}

static void test_unplug(const void *backend)
{
    g_autoptr(SimModel) model =
        run_of(TIMELINE(PING("200ms") ",{\"at\":\"400ms\",\"do\":\"unplug\",\"vm\":\"b\",\"nic\":0}"
                                      "," PING("500ms") ",{\"at\":\"700ms\",\"do\":\"plug\",\"vm\":"
                                                        "\"b\",\"nic\":0}," PING("800ms")),
               backend);

    g_assert_cmpuint(model->probes->len, ==, 3);
    g_assert_cmpuint(probe_of(model, 0)->outcome, ==, SIM_PROBE_REPLY);
    g_assert_true(probe_of(model, 0)->confirmed);
    g_assert_cmpuint(probe_of(model, 1)->outcome, !=, SIM_PROBE_REPLY);
    g_assert_cmpuint(probe_of(model, 2)->outcome, ==, SIM_PROBE_REPLY);
    g_assert_cmpuint(model->commands, ==, 5); /* three pings, unplug and plug */
    g_assert_cmpuint(sim_model_network(model, 0)->dropped[SIM_NET_DROP_PORT_DOWN] +
                         sim_model_network(model, 0)->dropped[SIM_NET_DROP_NO_OTHER_PORT],
                     >=, 1);
}

/* In the trace the command comes before what it does, at the same instant. */
static void test_command_before_effects(void)
{
    g_autoptr(SimScenario) scenario =
        scenario_of(1000, 1, TIMELINE(AT("300ms", "pause") "," AT("300ms", "pause")));
    g_autoptr(SimEngine) engine = engine_of(scenario, "emulated");
    SimFilter filter = {0};
    SimCursor cursor;
    SimRecord record;
    size_t size;

    run_to_end(engine);
    sim_trace_finish(sim_engine_trace(engine));

    const uint8_t *data = sim_trace_data(sim_engine_trace(engine), &size);
    g_autoptr(SimReader) reader = sim_reader_new_memory(data, size, NULL);

    sim_filter_add(&filter, SIM_EVENT_COMMAND);
    sim_filter_add(&filter, SIM_EVENT_VM_STATE);
    cursor = sim_reader_at_time(reader, 300000000);
    g_assert_true(sim_reader_next_of(reader, &cursor, &filter, &record));
    g_assert_cmpuint(record.type, ==, SIM_EVENT_COMMAND);
    g_assert_false(SIM_FIELDS(&record, Command)->refused);
    g_assert_true(sim_reader_next_of(reader, &cursor, &filter, &record));
    g_assert_cmpuint(record.type, ==, SIM_EVENT_VM_STATE);
    g_assert_true(sim_reader_next_of(reader, &cursor, &filter, &record));
    g_assert_cmpuint(record.type, ==, SIM_EVENT_COMMAND);
    g_assert_true(SIM_FIELDS(&record, Command)->refused);
}

/* Each of several commands at one instant is seen against the one before it. */
static void test_unplug_and_plug_at_once(void)
{
    g_autoptr(SimModel) model =
        run_of(TIMELINE("{\"at\":\"200ms\",\"do\":\"unplug\",\"vm\":\"b\",\"nic\":0},"
                        "{\"at\":\"200ms\",\"do\":\"plug\",\"vm\":\"b\",\"nic\":0}," PING("300ms")),
               "emulated");

    g_assert_cmpuint(model->commands, ==, 3);
    g_assert_cmpuint(probe_of(model, 0)->outcome, ==, SIM_PROBE_REPLY);
}

static void test_kill_and_pause(const void *backend)
{
    /* The first ping is for the ARP caches: a question that a paused b missed is
     * asked again only after a second. */
    g_autoptr(SimModel) model = run_of(
        TIMELINE(PING("60ms") "," AT("180ms", "pause") "," PING("200ms") "," AT(
            "400ms", "resume") "," PING("500ms") "," AT("700ms", "kill") "," AT("720ms", "resume")),
        backend);

    g_assert_cmpuint(probe_of(model, 0)->outcome, ==, SIM_PROBE_REPLY);
    g_assert_cmpuint(probe_of(model, 1)->outcome, ==, SIM_PROBE_TIMEOUT);
    g_assert_cmpuint(probe_of(model, 2)->outcome, ==, SIM_PROBE_REPLY);
    g_assert_cmpuint(sim_model_find_vm(model, "b")->state, ==, SIM_VM_KILLED);
    g_assert_cmpuint(sim_model_find_vm(model, "a")->state, ==, SIM_VM_RUNNING);
}

/* What a timeline plans for after the end of the scenario's time does not happen,
 * not even while the checks' probes are sent. */
static void test_planned_too_late(const void *backend)
{
    g_autoptr(SimModel) model = run_of(
        TIMELINE(AT("1200ms", "kill")) "\"checks\":[{\"id\":\"r\",\"title\":\"R\",\"expect\":{"
                                       "\"reach\":{\"from\":\"vm:a\",\"to\":\"vm:b\","
                                       "\"protocol\":\"icmp\",\"is\":true}}}],",
        backend);

    g_assert_cmpuint(model->commands, ==, 0);
    g_assert_cmpuint(probe_of(model, 0)->outcome, ==, SIM_PROBE_REPLY);
    g_assert_cmpuint(sim_model_find_vm(model, "b")->state, ==, SIM_VM_RUNNING);
}

/* A probe that is over is over: nothing waits any more for the word that has come. */
static void test_idle_after_probe(void)
{
    g_autoptr(GString) text = g_string_new(TIMELINE(PING("200ms")));

    g_string_replace(text, "\"internal\"", "\"internal\",\"mac_ageing\":\"10ms\"", 1);

    g_autoptr(SimModel) model = run_of(text->str, "emulated");

    g_assert_cmpuint(probe_of(model, 0)->outcome, ==, SIM_PROBE_REPLY);
    g_assert_cmpuint(model->end_reason, ==, SIM_END_IDLE);
    g_assert_cmpuint(model->time, <, 300000000); /* the timeout is 100 ms, and 500 more */
}

/* ---- Misbehaving guests --------------------------------------------------- */

typedef struct {
    const char *program;
    uint8_t vm_state;  /* of the VM that misbehaves, at the end */
    uint8_t why;       /* of that state; SIM_WHY_COUNT: not looked at */
    bool fault;        /* there is a guest-fault event */
    bool device_error; /* there is a device-error event */
} Misdeed;

static const Misdeed misdeeds[] = {
    {"wild-write", SIM_VM_RUNNING, SIM_WHY_COUNT, true, false},
    {"wild-jump", SIM_VM_RUNNING, SIM_WHY_COUNT, true, false},
    {"divide-by-zero", SIM_VM_RUNNING, SIM_WHY_COUNT, true, false},
    {"privileged", SIM_VM_RUNNING, SIM_WHY_COUNT, true, false},
    {"triple-fault", SIM_VM_CRASHED, SIM_WHY_TRIPLE_FAULT, false, false},
    {"halt-off", SIM_VM_HALTED, SIM_WHY_HLT_FOREVER, false, false},
    {"bad-mmio", SIM_VM_RUNNING, SIM_WHY_COUNT, false, true},
    {"bad-chain", SIM_VM_RUNNING, SIM_WHY_COUNT, false, true},
    {"wild-fetch", SIM_VM_CRASHED, SIM_WHY_FETCH, false, false},
    {"kernel-panic", SIM_VM_CRASHED, SIM_WHY_GUEST_PANIC, true, false},
    {"spin", SIM_VM_RUNNING, SIM_WHY_COUNT, false, false},
};

static uint64_t device_errors(const SimModelVm *vm)
{
    uint64_t sum = 0;

    for (unsigned kind = 0; kind < SIM_DEVICE_COUNT; kind++)
        sum += vm->device_errors[kind];
    return sum;
}

/* The bad VM ends in an event and a result; the two others go on and reach each
 * other while it does. */
static void check_misdeed(const Misdeed *misdeed, const char *backend)
{
    g_autofree char *rest = g_strdup_printf(
        "\"networks\":[{\"name\":\"n\",\"mode\":\"internal\"}],\"vms\":["
        "{\"name\":\"bad\",\"program\":\"%s\",\"memory\":\"2MiB\",\"nics\":[{\"network\":\"n\"}]},"
        "{\"name\":\"a\",\"program\":\"idle\",\"memory\":\"2MiB\",\"nics\":[{\"network\":\"n\"}]},"
        "{\"name\":\"b\",\"program\":\"idle\",\"memory\":\"2MiB\",\"nics\":[{\"network\":\"n\"}]}],"
        "\"timeline\":[{\"at\":\"400ms\",\"do\":\"ping\",\"from\":\"vm:a\",\"to\":\"vm:b\"}],",
        misdeed->program);
    g_autoptr(SimModel) model = run_of(rest, backend);
    const SimModelVm *bad = sim_model_find_vm(model, "bad");

    g_test_message("%s on %s: %s (%s), %u faults, %u device errors", misdeed->program, backend,
                   sim_name(SIM_NAMES(VmState), bad->state), sim_name(SIM_NAMES(Why), bad->why),
                   (unsigned)bad->fault.count, (unsigned)device_errors(bad));
    g_assert_cmpuint(bad->state, ==, misdeed->vm_state);
    if (misdeed->why != SIM_WHY_COUNT)
        g_assert_cmpuint(bad->why, ==, misdeed->why);
    g_assert_cmpuint(bad->fault.count > 0, ==, misdeed->fault);
    g_assert_cmpuint(device_errors(bad) > 0, ==, misdeed->device_error);
    g_assert_cmpuint(probe_of(model, 0)->outcome, ==, SIM_PROBE_REPLY);
    g_assert_cmpuint(sim_model_find_vm(model, "a")->state, ==, SIM_VM_RUNNING);
    g_assert_cmpuint(sim_model_find_vm(model, "b")->state, ==, SIM_VM_RUNNING);
    g_assert_true(model->ended);
    g_assert_cmpuint(model->time, <=, 1000000000);
}

typedef struct {
    const Misdeed *misdeed;
    const char *backend;
} MisdeedCase;

static void test_misdeed(const void *data)
{
    const MisdeedCase *the = data;

    check_misdeed(the->misdeed, the->backend);
}

static void test_kvm_runs(void)
{
    g_autoptr(GError) error = NULL;

    if (!hv_cpu_backend_find("kvm", NULL, &error))
        g_test_skip(error->message);
}

static void add_backend(const char *backend)
{
    g_autofree char *unplug = g_strdup_printf("/engine/%s/unplug", backend);
    g_autofree char *late = g_strdup_printf("/engine/%s/planned-too-late", backend);
    g_autofree char *kill = g_strdup_printf("/engine/%s/kill-and-pause", backend);

    g_test_add_data_func(unplug, backend, test_unplug);
    g_test_add_data_func(kill, backend, test_kill_and_pause);
    g_test_add_data_func(late, backend, test_planned_too_late);
    for (size_t i = 0; i < G_N_ELEMENTS(misdeeds); i++) {
        g_autofree char *path =
            g_strdup_printf("/engine/%s/misdeed/%s", backend, misdeeds[i].program);
        MisdeedCase *the = g_new(MisdeedCase, 1);

        *the = (MisdeedCase){&misdeeds[i], backend};
        g_test_add_data_func_full(path, the, test_misdeed, g_free);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 3);
    guest_directory = argv[1];
    if (!strcmp(argv[2], "kvm")) {
        g_test_add_func("/engine/kvm/works-here", test_kvm_runs);
        if (hv_cpu_backend_find("kvm", NULL, NULL))
            add_backend("kvm");
        return g_test_run();
    }
    g_test_add_func("/engine/emulated/slicing/one-pcpu", test_slicing_one_pcpu);
    g_test_add_func("/engine/emulated/slicing/many-pcpus", test_slicing_many_pcpus);
    g_test_add_func("/engine/emulated/live-commands", test_live_commands);
    g_test_add_func("/engine/emulated/times-add-up", test_times_add_up);
    g_test_add_func("/engine/emulated/unplug-and-plug-at-once", test_unplug_and_plug_at_once);
    g_test_add_func("/engine/emulated/idle-after-probe", test_idle_after_probe);
    g_test_add_func("/engine/emulated/live-memory-commands", test_live_memory_commands);
    g_test_add_func("/engine/emulated/command-before-effects", test_command_before_effects);
    add_backend("emulated");
    return g_test_run();
}
