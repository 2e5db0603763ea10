/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-model.c: the state folded from the run in trace-sample.h, whose numbers were
 * worked out by hand, and what holds for any model. */
#include "sim/model/model.h"
#include "tests/sim/trace-sample.h"

typedef struct {
    SimTrace *trace;
    SimReader *reader;
} Sample;

static void set_up(Sample *sample, gconstpointer data)
{
    sample->trace = sample_trace();
    sample->reader = sample_reader(sample->trace);
}

static void tear_down(Sample *sample, gconstpointer data)
{
    sim_reader_free(sample->reader);
    sim_trace_free(sample->trace);
}

/* The state just before the first event at or after time. */
static SimModel *fold(SimReader *reader, uint64_t time)
{
    SimModel *model = sim_model_new();
    SimCursor cursor = {0};
    SimRecord record;

    while (sim_reader_next(reader, &cursor, &record) && record.time < time)
        sim_model_apply(model, &record);
    return model;
}

static void test_vcpus(Sample *sample, gconstpointer data)
{
    g_autoptr(SimModel) model = fold(sample->reader, SIM_TIME_NEVER);
    const SimModelVcpu *a = sim_model_vcpu(model, 0, 0), *b = sim_model_vcpu(model, 1, 0);

    g_assert_cmpuint(model->time, ==, 10000);
    g_assert_cmpuint(model->ignored, ==, 0);
    g_assert_cmpuint(sim_model_vcpu_ns(a, SIM_VCPU_NEW, 10000), ==, 100);
    g_assert_cmpuint(sim_model_vcpu_ns(a, SIM_VCPU_READY, 10000), ==, 500);
    g_assert_cmpuint(sim_model_vcpu_ns(a, SIM_VCPU_RUNNING, 10000), ==, 3400);
    g_assert_cmpuint(sim_model_vcpu_ns(a, SIM_VCPU_BLOCKED, 10000), ==, 4000);
    g_assert_cmpuint(sim_model_vcpu_ns(a, SIM_VCPU_HALTED, 10000), ==, 2000);
    g_assert_cmpuint(a->charged_ns, ==, 3400);
    g_assert_cmpuint(a->dispatches, ==, 2);
    g_assert_cmpuint(a->preemptions, ==, 0);
    g_assert_cmpuint(a->exits[SIM_EXIT_PAGE_FAULT], ==, 1);
    g_assert_cmpuint(a->exit_cost_ns, ==, 50);

    g_assert_cmpuint(sim_model_vcpu_ns(b, SIM_VCPU_READY, 10000), ==, 3400);
    g_assert_cmpuint(sim_model_vcpu_ns(b, SIM_VCPU_RUNNING, 10000), ==, 6500);
    g_assert_cmpuint(b->preemptions, ==, 1);
    g_assert_cmpuint(b->charged_ns, ==, 4500);
    g_assert_cmpuint(b->pcpu, ==, 0);
    g_assert_cmpuint(b->interrupts_raised, ==, 1);
    g_assert_cmpuint(b->interrupts_taken, ==, 1);

    const SimModelPcpu *pcpu = sim_model_pcpu(model, 0);
    g_assert_cmpuint(sim_model_busy_ns(pcpu, 10000), ==, 9900);
    g_assert_cmpuint(sim_model_idle_ns(pcpu, 10000), ==, 100);
    g_assert_cmpuint(pcpu->switches, ==, 4);
    g_assert_cmpuint(pcpu->vm, ==, 1);
}

static void test_vms(Sample *sample, gconstpointer data)
{
    g_autoptr(SimModel) model = fold(sample->reader, SIM_TIME_NEVER);
    const SimModelVm *a = sim_model_find_vm(model, "a"), *b = sim_model_find_vm(model, "b");
    const SimModelHost *host = g_ptr_array_index(model->hosts, 0);
    size_t length;

    g_assert_null(sim_model_find_vm(model, "c"));
    g_assert_cmpuint(a->state, ==, SIM_VM_HALTED);
    g_assert_true(a->exited);
    g_assert_cmpuint(b->state, ==, SIM_VM_RUNNING);
    g_assert_false(b->exited);
    g_assert_cmpstr(sim_model_console(b, &length), ==, "hello\n");
    g_assert_cmpuint(length, ==, 6);
    g_assert_cmpuint(a->resident_pages, ==, 2);
    g_assert_cmpuint(a->pinned_pages, ==, 1);
    g_assert_cmpuint(a->demand_faults, ==, 1);
    g_assert_cmpuint(host->frames_used, ==, 2);
    g_assert_cmpuint(sim_model_page(a, 16).frame, ==, 100);
    g_assert_cmpuint(sim_model_page(a, 16).flags, ==, SIM_PAGE_PINNED | SIM_PAGE_TOUCHED);
    g_assert_cmpuint(sim_model_page(a, 20).frame, ==, 101);
    g_assert_cmpuint(sim_model_page(a, 21).frame, ==, SIM_MODEL_NO_FRAME);
    g_assert_cmpuint(sim_model_exits(a, SIM_EXIT_PAGE_FAULT), ==, 1);
    g_assert_cmpstr(model->backend, ==, "emulated");
    g_assert_cmpuint(model->seed, ==, 42);
    g_assert_true(model->ended);
}

static void test_network(Sample *sample, gconstpointer data)
{
    g_autoptr(SimModel) model = fold(sample->reader, SIM_TIME_NEVER);
    const SimModelNetwork *net = sim_model_network(model, 0);
    const SimModelNic *a = sim_model_nic(model, 0, 0), *b = sim_model_nic(model, 1, 0);
    const SimModelMacRow *rows = (const SimModelMacRow *)net->macs->data;

    g_assert_cmpstr(net->name, ==, "net0");
    g_assert_cmpuint(net->frames, ==, 3);
    g_assert_cmpuint(net->flooded, ==, 1);
    g_assert_cmpuint(net->forwarded, ==, 2);
    g_assert_cmpuint(net->dropped[SIM_NET_DROP_PORT_DOWN], ==, 1);
    g_assert_cmpuint(net->macs->len, ==, 2);
    g_assert_cmphex(rows[0].mac, ==, SAMPLE_A);
    g_assert_cmpuint(rows[0].port, ==, 1);
    g_assert_cmpuint(rows[0].since, ==, 2000);
    g_assert_cmphex(rows[1].mac, ==, SAMPLE_B);
    g_assert_cmpuint(rows[1].port, ==, 3);
    g_assert_cmpuint(a->tx_frames, ==, 2);
    g_assert_cmpuint(a->tx_bytes, ==, 42 + 58);
    g_assert_cmpuint(a->rx_frames, ==, 1);
    g_assert_cmpuint(a->port, ==, 0);
    g_assert_cmpuint(b->port, ==, 2);
    g_assert_cmpuint(b->rx_bytes, ==, 42);
    g_assert_cmpuint(sim_model_port(model, 0)->peer, ==, 1);
    g_assert_true(sim_model_port(model, 1)->up);
    g_assert_false(sim_model_port(model, 3)->up);
    g_assert_cmpuint(sim_model_port(model, 3)->dropped, ==, 1);
}

static void test_flights(Sample *sample, gconstpointer data)
{
    const struct {
        uint64_t time, frame;
        uint32_t from, to;
    } expected[] = {{1500, 1, 0, 1}, {2500, 1, 3, 2}, {4000, 2, 2, 3}, {7000, 3, 0, 1}};
    unsigned count;

    for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_autoptr(SimModel) model = fold(sample->reader, expected[i].time);
        g_autofree SimFlight *flights = sim_model_flights(model, &count);
        g_assert_cmpuint(count, ==, 1);
        g_assert_cmpuint(flights[0].frame, ==, expected[i].frame);
        g_assert_cmpuint(flights[0].from, ==, expected[i].from);
        g_assert_cmpuint(flights[0].to, ==, expected[i].to);
    }
    g_autoptr(SimModel) end = fold(sample->reader, SIM_TIME_NEVER);
    g_autofree SimFlight *none = sim_model_flights(end, &count);
    g_assert_cmpuint(count, ==, 0);
}

/* At any event: each vCPU's states fill its whole life, busy and idle fill the pCPU's,
 * and as many vCPUs run as pCPUs are busy (but for the moment of a switch). */
static void test_sums(Sample *sample, gconstpointer data)
{
    g_autoptr(SimModel) model = sim_model_new();
    SimCursor cursor = {0};
    SimRecord record;

    while (sim_reader_next(sample->reader, &cursor, &record)) {
        sim_model_apply(model, &record);
        for (unsigned vm = 0; vm < model->vms->len; vm++) {
            uint64_t sum = 0;
            for (unsigned state = 0; state < SIM_VCPU_STATE_COUNT; state++)
                sum += sim_model_vcpu_ns(sim_model_vcpu(model, vm, 0), state, model->time + 7);
            g_assert_cmpuint(sum, ==, model->time + 7);
        }
        const SimModelPcpu *pcpu = sim_model_pcpu(model, 0);
        if (pcpu)
            g_assert_cmpuint(sim_model_busy_ns(pcpu, model->time) +
                                 sim_model_idle_ns(pcpu, model->time),
                             ==, model->time);
    }
    g_assert_cmpuint(model->events, >, 50);
}

/* A copy stays as it is while the original goes on, and can go on by itself to
 * the same end. */
static void test_copy(Sample *sample, gconstpointer data)
{
    g_autoptr(SimModel) model = sim_model_new();
    g_autoptr(SimModel) copy = NULL;
    SimCursor cursor = {0}, half;
    SimRecord record;

    while (sim_reader_next(sample->reader, &cursor, &record) && record.time < 600)
        sim_model_apply(model, &record);
    half = sim_reader_at(sample->reader, record.index);
    copy = sim_model_copy(model);
    cursor = half;
    while (sim_reader_next(sample->reader, &cursor, &record))
        sim_model_apply(model, &record);
    g_assert_cmpuint(copy->time, ==, 100);
    g_assert_cmpuint(sim_model_page(sim_model_vm(copy, 0), 20).frame, ==, SIM_MODEL_NO_FRAME);
    g_assert_cmpuint(sim_model_page(sim_model_vm(model, 0), 20).frame, ==, 101);
    g_assert_cmpstr(sim_model_console(sim_model_vm(copy, 1), NULL), ==, "");
    g_assert_cmpuint(sim_model_network(copy, 0)->macs->len, ==, 0);

    cursor = half;
    while (sim_reader_next(sample->reader, &cursor, &record))
        sim_model_apply(copy, &record);
    g_assert_cmpuint(copy->events, ==, model->events);
    g_assert_cmpstr(sim_model_console(sim_model_vm(copy, 1), NULL), ==, "hello\n");
    g_assert_cmpuint(sim_model_page(sim_model_vm(copy, 0), 20).frame, ==, 101);
    g_assert_cmpuint(sim_model_vm(copy, 0)->resident_pages, ==, 2);
}

/* Events about nobody count as ignored and change nothing. */
static void test_strangers(void)
{
    g_autoptr(SimTrace) trace = sim_trace_new("{}", NULL, NULL);
    g_autoptr(SimModel) model = sim_model_new();
    g_autoptr(SimReader) reader = NULL;

    SIM_TRACE(trace, SAMPLE_CPU, 1, Dispatch, .vm = 3);
    SIM_TRACE(trace, SAMPLE_CPU, 1, PageMapped, .vm = 9, .page = UINT32_MAX);
    SIM_TRACE(trace, SAMPLE_CPU, 1, LinkEnter, .from = UINT32_MAX, .to = UINT32_MAX);
    SIM_TRACE(trace, SAMPLE_CPU, 1, MacLearned, .network = 7);
    SIM_TRACE_BLOB(trace, SAMPLE_CPU, 1, VmCreated, "x", 1, .vm = 5, .vcpus = 1);
    SIM_TRACE_BLOB(trace, SAMPLE_CPU, 1, VmCreated, "x", 1, .vm = 0, .vcpus = 60000);
    SIM_TRACE(trace, SAMPLE_CPU, 1, ProbeResult, .probe = 1);
    SIM_TRACE(trace, SAMPLE_CPU, 1, Deschedule, .vm = 0);
    sim_trace_finish(trace);
    reader = sample_reader(trace);
    SimCursor cursor = {0};
    SimRecord record;
    while (sim_reader_next(reader, &cursor, &record))
        sim_model_apply(model, &record);
    g_assert_cmpuint(model->events, ==, 8);
    g_assert_cmpuint(model->ignored, ==, 8);
    g_assert_cmpuint(model->vms->len, ==, 0);
}

static void test_asked(void)
{
    g_autoptr(SimTrace) trace = sim_trace_new("{}", NULL, NULL);
    g_autoptr(SimModel) model = NULL;
    g_autoptr(SimReader) reader = NULL;

    SIM_TRACE_BLOB(trace, 0, 1, ProbeSent, "vm:a vm:b", 9, .probe = 1, .nonce = 7, .to = 1);
    SIM_TRACE(trace, 0, 2, ProbeSeen, .probe = 1, .nonce = 8, .by = 1); /* another's nonce */
    SIM_TRACE(trace, 0, 3, ProbeSeen, .probe = 1, .nonce = 7, .by = 1);
    SIM_TRACE(trace, 0, 4, ProbeResult, .probe = 1, .rtt_ns = 99, .confirmed = 1);
    SIM_TRACE_BLOB(trace, 0, 5, CheckResult, "reach\nit answered", 17, .points = 2, .earned = 2,
                   .outcome = SIM_CHECK_PASSED);
    sim_trace_finish(trace);
    reader = sample_reader(trace);
    g_autoptr(SimModel) early = fold(reader, 3);
    g_assert_false(g_array_index(early->probes, SimModelProbe, 0).seen);
    model = fold(reader, SIM_TIME_NEVER);
    const SimModelProbe *probe = &g_array_index(model->probes, SimModelProbe, 0);
    const SimModelCheck *check = &g_array_index(model->checks, SimModelCheck, 0);
    g_assert_cmpstr(probe->from, ==, "vm:a");
    g_assert_cmpstr(probe->to, ==, "vm:b");
    g_assert_true(probe->seen && probe->over && probe->confirmed);
    g_assert_cmpuint(probe->rtt_ns, ==, 99);
    g_assert_cmpstr(check->id, ==, "reach");
    g_assert_cmpstr(check->detail, ==, "it answered");
}

/* A frame every 100 ns over a cable of 1 us, to a part that reports no arrival: ten are
 * under way, whatever has been before, and the model does not keep the others. */
static void test_silent_arrivals(void)
{
    g_autoptr(SimTrace) trace = sim_trace_new("{}", NULL, NULL);
    unsigned count;

    SIM_TRACE_BLOB(trace, 0, 0, NetworkCreated, "net", 3, .network = 0);
    for (uint32_t port = 0; port < 2; port++)
        SIM_TRACE_BLOB(trace, 0, 0, PortCreated, "router", 6, .port = port, .part = port,
                       .vm = SIM_NONE, .nic = SIM_NONE);
    SIM_TRACE(trace, 0, 0, LinkCreated, .latency_ns = 1000, .rate_bps = 1000000000, .a = 0, .b = 1);
    for (uint64_t i = 1; i <= 5000; i++)
        SIM_TRACE(trace, 0, 100 * i, LinkEnter, .frame = i, .start_ns = 100 * i,
                  .arrive_ns = 100 * i + 950, .from = 0, .to = 1);
    sim_trace_finish(trace);

    g_autoptr(SimReader) reader = sample_reader(trace);
    g_autoptr(SimModel) model = fold(reader, SIM_TIME_NEVER);
    g_autofree SimFlight *flights = sim_model_flights(model, &count);

    g_assert_cmpuint(count, ==, 10);
    g_assert_cmpuint(flights[0].frame, ==, 4991);
    g_assert_cmpuint(g_hash_table_size(model->flights), <=, 64);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define SAMPLE_TEST(name, function) g_test_add(name, Sample, NULL, set_up, function, tear_down)
    SAMPLE_TEST("/model/vcpus", test_vcpus);
    SAMPLE_TEST("/model/vms", test_vms);
    SAMPLE_TEST("/model/network", test_network);
    SAMPLE_TEST("/model/flights", test_flights);
    SAMPLE_TEST("/model/sums", test_sums);
    SAMPLE_TEST("/model/copy", test_copy);
    g_test_add_func("/model/strangers", test_strangers);
    g_test_add_func("/model/asked", test_asked);
    g_test_add_func("/model/silent-arrivals", test_silent_arrivals);
    return g_test_run();
}
