/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-arp.c: ARP caches in the trace are what the stacks really hold. A guest's own
 * program `arp` prints its cache: the model must have the same rows at that time, though
 * the guest never told anybody. */

#include "hv-core/cpu/cpu.h"
#include "tests/sim/engine-helper.h"

static const char *backend;

#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

#define WORLD(until, networks, timeline)                                                           \
    "{\"format\":\"hvlab-scenario/1\",\"id\":\"t/t\",\"title\":\"T\","                             \
    "\"run\":{\"until\":\"" until "\"},\"host\":{\"pcpus\":2,\"memory\":\"32MiB\"},"               \
    "\"networks\":[" networks "],\"vms\":["                                                        \
    "{\"name\":\"a\",\"program\":\"shell\",\"nics\":[{\"network\":\"n\"}]},"                       \
    "{\"name\":\"b\",\"program\":\"idle\",\"nics\":[{\"network\":\"n\"}]}],"                       \
    "\"timeline\":[" timeline "]}"
#define INTERNAL "{\"name\":\"n\",\"mode\":\"internal\",\"dhcp\":false,\"subnet\":\"10.0.0.0/24\"}"
#define HOST_ONLY                                                                                  \
    "{\"name\":\"n\",\"mode\":\"host-only\",\"dhcp\":false,\"subnet\":\"10.0.0.0/24\"}"
#define TYPE(at, text) "{\"at\":\"" at "\",\"do\":\"type\",\"vm\":\"a\",\"text\":\"" text "\\n\"}"
#define KILL(at)       "{\"at\":\"" at "\",\"do\":\"kill\",\"vm\":\"a\"}"

typedef struct {
    SimModel *model;
    GArray *events; /* of SimEventArpEntry */
    GArray *times;  /* of uint64_t: when */
} Run;

static Run run_of(const char *text)
{
    g_autoptr(SimScenario) scenario = load_text(text);
    g_autoptr(SimEngine) engine = engine_of(scenario, backend);
    Run run = {sim_model_new(), g_array_new(FALSE, FALSE, sizeof(SimEventArpEntry)),
               g_array_new(FALSE, FALSE, sizeof(uint64_t))};
    SimCursor cursor = {0};
    SimRecord record;

    run_to_end(engine);

    g_autoptr(SimReader) reader = reader_of(engine);

    while (sim_reader_next(reader, &cursor, &record)) {
        sim_model_apply(run.model, &record);
        if (record.type == SIM_EVENT_ARP_ENTRY) {
            g_array_append_vals(run.events, SIM_FIELDS(&record, ArpEntry), 1);
            g_array_append_val(run.times, record.time);
        }
    }
    g_assert_cmpuint(run.model->ignored, ==, 0);
    return run;
}

static void run_clear(Run *run)
{
    sim_model_free(run->model);
    g_array_unref(run->events);
    g_array_unref(run->times);
}

/* The states that an address went through in the cache of a VM's NIC, a letter each. */
static char *states(const Run *run, unsigned vm, uint32_t ip)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < run->events->len; i++) {
        const SimEventArpEntry *event = &g_array_index(run->events, SimEventArpEntry, i);
        if (event->vm != vm || event->ip != ip)
            continue;
        if (text->len > 0) /* each event begins where the one before has ended */
            g_assert_cmpint(text->str[text->len - 1], ==, "firp"[event->from]);
        g_string_append_c(text, "firp"[event->to]);
    }
    return g_string_free(text, FALSE);
}

static const SimModelArpRow *row_of(const SimModel *model, unsigned vm, uint32_t ip)
{
    for (guint i = 0; i < model->arp->len; i++) {
        const SimModelArpRow *row = &g_array_index(model->arp, SimModelArpRow, i);
        if (row->vm == vm && row->ip == ip)
            return row;
    }
    return NULL;
}

/* What `arp` prints in the guest is what the model has. */
static void test_truth(void)
{
    Run run = run_of(WORLD("10s", INTERNAL, TYPE("1s", "ping 10.0.0.2 1") "," TYPE("8s", "arp")));
    const SimModelArpRow *row = row_of(run.model, 0, IP(10, 0, 0, 2));
    const char *console = sim_model_console(sim_model_vm(run.model, 0), NULL);

    g_assert_nonnull(row);
    g_assert_cmpuint(run.model->arp->len, ==, 2); /* each knows the other */
    g_autofree char *line =
        g_strdup_printf("%-16s %02x:%02x:%02x:%02x:%02x:%02x  %-11s 0", "10.0.0.2",
                        (unsigned)(row->mac >> 40 & 255), (unsigned)(row->mac >> 32 & 255),
                        (unsigned)(row->mac >> 24 & 255), (unsigned)(row->mac >> 16 & 255),
                        (unsigned)(row->mac >> 8 & 255), (unsigned)(row->mac & 255), "REACHABLE");
    g_assert_nonnull(strstr(console, line));
    g_assert_cmphex(row->mac, ==, sim_model_vm(run.model, 1)->nics[0].mac);

    /* a asked, and b answered; b learned from the question. */
    g_autofree char *of_a = states(&run, 0, IP(10, 0, 0, 2));
    g_autofree char *of_b = states(&run, 1, IP(10, 0, 0, 1));
    g_assert_cmpstr(of_a, ==, "ir");
    g_assert_cmpstr(of_b, ==, "r");
    g_autofree char *owner = sim_model_arp_owner(run.model, row);
    g_assert_cmpstr(owner, ==, "vm:a");
    run_clear(&run);
}

/* Three questions, a second apart, then the entry goes. */
static void test_nobody(void)
{
    Run run = run_of(WORLD("10s", INTERNAL, TYPE("1s", "ping 10.0.0.9 1")));
    g_autofree char *seen = states(&run, 0, IP(10, 0, 0, 9));

    g_assert_cmpstr(seen, ==, "if");
    g_assert_cmpuint(run.model->arp->len, ==, 0);
    uint64_t asked = g_array_index(run.times, uint64_t, 0);
    uint64_t gone = g_array_index(run.times, uint64_t, 1);
    g_assert_cmpuint(gone - asked, >=, 3 * UINT64_C(1000000000));
    g_assert_cmpuint(gone - asked, <, 3 * UINT64_C(1000000000) + 100000000);
    g_assert_cmpuint(g_array_index(run.events, SimEventArpEntry, 0).mac, ==, 0);
    run_clear(&run);
}

/* An entry not heard of for a minute is stale; using it asks for it again. */
static void test_stale(void)
{
    Run run = run_of(
        WORLD("75s", INTERNAL, TYPE("1s", "ping 10.0.0.2 1") "," TYPE("70s", "ping 10.0.0.2 1")));
    g_autofree char *seen = states(&run, 0, IP(10, 0, 0, 2));
    const SimModelArpRow *row = row_of(run.model, 0, IP(10, 0, 0, 2));

    g_assert_cmpstr(seen, ==, "irpr");
    g_assert_cmpstr(sim_model_arp_state(row, run.model->time), ==, "reachable");
    g_assert_cmpstr(sim_model_arp_state(row, row->confirmed_ns + SIM_MODEL_ARP_FRESH_NS), ==,
                    "reachable");
    g_assert_cmpstr(sim_model_arp_state(row, row->confirmed_ns + SIM_MODEL_ARP_FRESH_NS + 1), ==,
                    "stale");
    run_clear(&run);
}

/* Machines that are no VMs have caches, too. */
static void test_host(void)
{
    Run run = run_of(WORLD("5s", HOST_ONLY, TYPE("1s", "ping 10.0.0.1 1")));
    unsigned found = 0;

    for (guint i = 0; i < run.model->arp->len; i++) {
        const SimModelArpRow *row = &g_array_index(run.model->arp, SimModelArpRow, i);
        g_autofree char *owner = sim_model_arp_owner(run.model, row);
        if (strcmp(owner, "host") != 0)
            continue;
        found++;
        g_assert_cmphex(row->mac, ==, sim_model_vm(run.model, 0)->nics[0].mac);
        g_assert_cmphex(row->ip, ==, sim_model_vm(run.model, 0)->nics[0].ip);
        g_assert_cmpuint(sim_model_arp_network(run.model, row), ==, 0);
    }
    g_assert_cmpuint(found, ==, 1);
    run_clear(&run);
}

/* A machine that is off has no cache; who knew it, still does. */
static void test_killed(void)
{
    Run run = run_of(WORLD("5s", INTERNAL, TYPE("1s", "ping 10.0.0.2 1") "," KILL("3s")));

    g_assert_null(row_of(run.model, 0, IP(10, 0, 0, 2)));
    g_assert_nonnull(row_of(run.model, 1, IP(10, 0, 0, 1)));
    run_clear(&run);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    guest_directory = argv[1];
    backend = argv[2];
    if (!hv_cpu_backend_find(backend, NULL, NULL)) {
        g_test_message("there is no usable backend %s", backend);
        return 77;
    }
    g_test_add_func("/arp/what-the-guest-says", test_truth);
    g_test_add_func("/arp/nobody-answers", test_nobody);
    g_test_add_func("/arp/stale", test_stale);
    g_test_add_func("/arp/host", test_host);
    g_test_add_func("/arp/killed", test_killed);
    return g_test_run();
}
