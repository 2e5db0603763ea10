/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-set-mode.c: a network is wired anew while its guests run, and forward rules come
 * and go. Who reaches whom is asked by probes after each change. */

#include "hv-core/cpu/cpu.h"
#include "tests/sim/engine-helper.h"

#define HEAD                                                                                       \
    "{\"format\":\"hvlab-scenario/1\",\"id\":\"t/t\",\"title\":\"T\",\"run\":{\"until\":\"20s\"}," \
    "\"host\":{\"pcpus\":2,\"memory\":\"32MiB\"},"
#define VMS                                                                                        \
    "\"vms\":[{\"name\":\"a\",\"program\":\"idle\",\"nics\":[{\"network\":\"n\"}]},"               \
    "{\"name\":\"b\",\"program\":\"idle\",\"nics\":[{\"network\":\"n\"}]}],"
#define LAN                                                                                        \
    "\"lan\":{\"hosts\":[{\"name\":\"printer\",\"address\":\"192.168.1.50\"}]},"                   \
    "\"internet\":{\"servers\":[{\"name\":\"web\",\"address\":\"203.0.113.10\"}]},"
#define NAT                                                                                        \
    HEAD "\"networks\":[{\"name\":\"n\",\"mode\":\"nat\",\"forward\":[{\"name\":\"ssh\","          \
         "\"host_port\":2222,\"guest_port\":22,\"vm\":\"b\"}]}]," LAN VMS "\"timeline\":["
#define SET(at, mode)                                                                              \
    "{\"at\":\"" at "\",\"do\":\"set-mode\",\"network\":\"n\",\"mode\":\"" mode "\"},"
#define PING(at, from, to)                                                                         \
    "{\"at\":\"" at "\",\"do\":\"ping\",\"from\":\"" from "\",\"to\":\"" to                        \
    "\",\"timeout\":\"400ms\"},"
#define CONNECT(at, from, to, port)                                                                \
    "{\"at\":\"" at "\",\"do\":\"connect\",\"from\":\"" from "\",\"to\":\"" to "\",\"port\":" port \
    ",\"timeout\":\"400ms\"},"
#define END "{\"at\":\"20s\",\"do\":\"pause\",\"vm\":\"a\"}],"

/* Five questions, half a second each, from one second on after `s`. */
#define QUESTIONS(s)                                                                               \
    PING(s ".0s", "vm:a", "vm:b")                                                                  \
    PING(s ".1s", "vm:a", "host")                                                                  \
    PING(s ".2s", "vm:b", "lan:printer")                                                           \
    PING(s ".3s", "lan:printer", "vm:b") PING(s ".4s", "vm:a", "internet:web")

static SimModel *run_of(const char *text, const char *backend)
{
    g_autoptr(SimScenario) scenario = load_text(text);
    g_autoptr(SimEngine) engine = engine_of(scenario, backend);

    run_to_end(engine);
    return model_of(engine);
}

/* One letter for each question: y or n. */
static void check_reached(const SimModel *model, const char *expect)
{
    g_autoptr(GString) got = g_string_new(NULL);

    for (guint i = 0; i < model->reaches->len; i++)
        g_string_append_c(got, g_array_index(model->reaches, SimModelReach, i).reached ? 'y' : 'n');
    g_assert_cmpstr(got->str, ==, expect);
}

/* The manual's table, after each change: VM->VM, VM->host, VM->LAN, LAN->VM, VM->Internet. */
static void test_modes(const void *backend)
{
    g_autoptr(SimModel) model =
        run_of(NAT QUESTIONS("1") SET("3s", "bridged") QUESTIONS("4") SET("6s", "internal")
                   QUESTIONS("7") SET("9s", "nat-network") QUESTIONS("10") SET("12s", "host-only")
                       QUESTIONS("13") SET("15s", "nat") QUESTIONS("16")
                           CONNECT("17s", "lan:printer", "vm:b", "22") END "\"seed\":7}",
               backend);

    check_reached(model, "nyyny"
                         "yyyyy"
                         "nnnnn"
                         "yyyny"
                         "yynnn"
                         "nyyny"
                         "y");
    g_assert_cmpint(sim_model_network(model, 0)->mode, ==, SIM_NET_MODE_NAT);
    g_assert_cmpuint(model->counts[SIM_EVENT_NETWORK_MODE], ==, 5);
    /* The rule of the file: made, gone with its NAT, and there again. */
    g_assert_cmpuint(sim_model_network(model, 0)->rules->len, ==, 1);
    g_assert_cmpuint(model->counts[SIM_EVENT_NAT_RULE], ==, 3);
}

/* A world without host and LAN gets them when a network first needs them. */
static void test_from_nothing(const void *backend)
{
    static const char text[] =
        HEAD "\"networks\":[{\"name\":\"n\",\"mode\":\"internal\",\"dhcp\":{}}]," VMS
             "\"timeline\":[" PING("1s", "vm:a", "vm:b") SET("2s", "host-only")
                 PING("3s", "vm:a", "host") SET("4s", "bridged") PING("5s", "vm:a", "host")
                     PING("5.1s", "host", "vm:b") SET("6s", "nat") PING("7s", "vm:b", "host") END
        "\"seed\":7}";
    g_autoptr(SimModel) model = run_of(text, backend);

    check_reached(model, "yyyyy");
}

/* Forward rules live: added, used, removed; and what is refused. */
static void test_forwards(const void *backend)
{
#define ADD(at, rule)                                                                              \
    "{\"at\":\"" at "\",\"do\":\"forward-add\",\"network\":\"n\",\"rule\":{" rule "}},"
#define REMOVE(at, name)                                                                           \
    "{\"at\":\"" at "\",\"do\":\"forward-remove\",\"network\":\"n\",\"name\":\"" name "\"},"
    static const char text[] = NAT CONNECT("1s", "lan:printer", "vm:a", "80")
        ADD("2s", "\"name\":\"w\",\"host_port\":8080,\"guest_port\":80,\"vm\":\"a\"")
            CONNECT("2.1s", "lan:printer", "vm:a", "80")
                CONNECT("2.2s", "lan:printer", "vm:b", "80")
        /* the name is taken; the port is */
        ADD("2.5s", "\"name\":\"w\",\"host_port\":8081,\"guest_port\":80")
            ADD("2.6s", "\"name\":\"x\",\"host_port\":2222,\"guest_port\":80") REMOVE("3s", "w")
                CONNECT("3.1s", "lan:printer", "vm:a", "80") REMOVE("3.6s", "w")
                    SET("4s", "nat-network")
        /* without guest_address it leads nowhere there */
        ADD("5s", "\"name\":\"y\",\"host_port\":8080,\"guest_port\":80")
            ADD("5.1s", "\"name\":\"z\",\"host_port\":8080,\"guest_port\":80,"
                        "\"guest_address\":\"10.0.2.4\"")
                CONNECT("5.2s", "lan:printer", "vm:a", "80")
                    CONNECT("5.7s", "lan:printer", "vm:b", "80") SET("6.5s", "nat-network")
                        SET("7s", "internal") ADD("8s", "\"name\":\"z\",\"host_port\":8080,"
                                                        "\"guest_port\":80") END "\"seed\":7}";
    g_autoptr(SimScenario) scenario = load_text(text);
    g_autoptr(SimEngine) engine = engine_of(scenario, backend);
    g_autoptr(GString) refused = g_string_new(NULL);
    SimFilter filter = {0};
    SimCursor cursor = {0};
    SimRecord record;
    size_t size;

    run_to_end(engine);
    g_autoptr(SimModel) model = model_of(engine);
    const uint8_t *data = sim_trace_data(sim_engine_trace(engine), &size);
    g_autoptr(SimReader) reader = sim_reader_new_memory(data, size, NULL);

    /* Which of a and b has .4 is for the server to say; one of the two is reached. */
    const SimModelReach *last = &g_array_index(model->reaches, SimModelReach, 4);
    g_assert_cmpuint(model->reaches->len, ==, 6);
    g_assert_true(last[0].reached != last[1].reached);
    g_array_set_size(model->reaches, 4);
    check_reached(model, "nynn");
    sim_filter_add(&filter, SIM_EVENT_COMMAND);
    while (sim_reader_next_of(reader, &cursor, &filter, &record))
        if (SIM_FIELDS(&record, Command)->refused)
            g_string_append_printf(refused, "%" G_GUINT64_FORMAT " ", record.time / 100000000);
    g_assert_cmpstr(refused->str, ==, "25 26 36 50 65 80 ");
}

/* Commands given live are in the trace, and make the same run when they are known before. */
static void test_replay(void)
{
    static const char *const modes[] = {"bridged", "nat-network", "host-only", "internal", "nat"};
    g_autoptr(GRand) random = g_rand_new_with_seed(5);
    g_autoptr(SimScenario) scenario = load_text(NAT END "\"seed\":7}");
    g_autoptr(SimEngine) engine = engine_of(scenario, "emulated");
    g_autoptr(GString) text = g_string_new(NAT);
    unsigned given = 0;

    while (given < G_N_ELEMENTS(modes) &&
           sim_engine_run(engine, sim_engine_command_time(engine) + 1 +
                                      (uint64_t)g_rand_int_range(random, 0, 3000000))) {
        g_autofree char *json = g_strdup_printf(
            "{\"do\":\"set-mode\",\"network\":\"n\",\"mode\":\"%s\"}", modes[given++]);
        SimCommand command;

        g_assert_true(sim_scenario_parse_command(scenario, json, "test", &command, NULL));
        uint64_t at = sim_engine_command(engine, &command);
        g_string_append_printf(text, "{\"at\":\"%" G_GUINT64_FORMAT "ns\",%s,", at, json + 1);
        sim_command_clear(&command);
    }
    run_to_end(engine);
    g_string_append(text, END "\"seed\":7}");

    g_autoptr(SimScenario) planned = load_text(text->str);
    g_autoptr(SimEngine) again = engine_of(planned, "emulated");
    run_to_end(again);
    g_autoptr(SimModel) live = model_of(engine), replayed = model_of(again);

    g_assert_cmpuint(live->counts[SIM_EVENT_NETWORK_MODE], ==, 5);
    g_assert_cmpuint(live->events, ==, replayed->events);
    g_assert_cmpmem(live->counts, sizeof live->counts, replayed->counts, sizeof replayed->counts);
    g_assert_cmpuint(live->time, ==, replayed->time);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 3);
    guest_directory = argv[1];
    if (!hv_cpu_backend_find(argv[2], NULL, NULL)) {
        g_test_message("there is no usable backend %s", argv[2]);
        return 77;
    }
    g_test_add_data_func("/set-mode/modes", argv[2], test_modes);
    g_test_add_data_func("/set-mode/from-nothing", argv[2], test_from_nothing);
    g_test_add_data_func("/set-mode/forwards", argv[2], test_forwards);
    if (!strcmp(argv[2], "emulated"))
        g_test_add_func("/set-mode/replay", test_replay);
    return g_test_run();
}
