/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-model-memory.c: pages that go into a balloon and come out, folded from events
 * that a person has written, right ones and impossible ones; and what scenarios say
 * about memory in one word. */
#include "sim/model/model.h"
#include "tests/sim/scenario-helper.h"
#include "tests/sim/trace-sample.h"

static SimModel *fold(SimTrace *trace)
{
    sim_trace_finish(trace);
    SimReader *reader = sample_reader(trace);
    SimModel *model = sim_model_fold(reader);

    sim_reader_free(reader);
    return model;
}

/* A host of 64 frames and a VM of 16 pages; page 3 is in frame 9, page 4 swapped. */
static SimTrace *begin(void)
{
    SimTrace *t = sim_trace_new("{}", NULL, NULL);

    SIM_TRACE_BLOB(t, SAMPLE_WORLD, 0, HostCreated, "rr", 2, .pcpus = 1, .frames = 64);
    SIM_TRACE_BLOB(t, SAMPLE_WORLD, 0, VmCreated, "a", 1, .vcpus = 1, .memory_pages = 16);
    SIM_TRACE(t, SAMPLE_WORLD, 0, PageMapped, .page = 3, .frame = 9, .writable = 1, .demand = 1);
    SIM_TRACE(t, SAMPLE_WORLD, 0, PageMapped, .page = 4, .frame = 10, .demand = 1);
    SIM_TRACE(t, SAMPLE_WORLD, 0, PageSwappedOut, .page = 4, .frame = 10, .slot = 0);
    return t;
}

static void test_balloon(void)
{
    g_autoptr(SimTrace) t = begin();

    SIM_TRACE(t, SAMPLE_WORLD, 1, BalloonTarget, .pages = 3, .why = SIM_BALLOON_BY_COMMAND);
    SIM_TRACE(t, SAMPLE_WORLD, 2, PageBallooned, .page = 3, .frame = 9);
    SIM_TRACE(t, SAMPLE_WORLD, 2, PageBallooned, .page = 4, .frame = UINT32_MAX);
    SIM_TRACE(t, SAMPLE_WORLD, 2, PageBallooned, .page = 5, .frame = UINT32_MAX);
    SIM_TRACE(t, SAMPLE_WORLD, 3, PageDeflated, .page = 5, .used = 0);
    SIM_TRACE(t, SAMPLE_WORLD, 4, PageDeflated, .page = 3, .used = 1);
    SIM_TRACE(t, SAMPLE_WORLD, 4, PageMapped, .page = 3, .frame = 11, .writable = 1, .demand = 1);
    SIM_TRACE(t, SAMPLE_WORLD, 5, BalloonRefused, .page = 99, .count = 7,
              .why = SIM_BALLOON_OUTSIDE);
    g_autoptr(SimModel) model = fold(t);
    const SimModelVm *vm = sim_model_vm(model, 0);
    const SimModelHost *host = model->hosts->pdata[0];

    g_assert_cmpuint(model->ignored, ==, 0);
    g_assert_cmpuint(vm->balloon_target, ==, 3);
    g_assert_cmpuint(vm->ballooned_pages, ==, 1); /* page 4 */
    g_assert_cmpuint(vm->swapped_pages, ==, 0);   /* its contents are given up */
    g_assert_cmpuint(vm->resident_pages, ==, 1);
    g_assert_cmpuint(host->frames_used, ==, 1);
    g_assert_cmpuint(vm->inflates, ==, 3);
    g_assert_cmpuint(vm->deflates, ==, 1);
    g_assert_cmpuint(vm->balloon_used, ==, 1);
    g_assert_cmpuint(vm->balloon_refused, ==, 7);
    g_assert_true(sim_model_page(vm, 4).flags & SIM_PAGE_BALLOONED);
    g_assert_false(sim_model_page(vm, 4).flags & SIM_PAGE_SWAPPED);
    g_assert_cmpuint(sim_model_page(vm, 3).flags & SIM_PAGE_BALLOONED, ==, 0);
}

/* Which pages of the VM are in a block, a bit each. */
static unsigned blocks_of(const SimModel *model)
{
    unsigned bits = 0;

    for (unsigned page = 0; page < 16; page++)
        bits |= (unsigned)!!(sim_model_page(sim_model_vm(model, 0), page).flags & SIM_PAGE_BLOCK)
                << page;
    return bits;
}

static void map_block(SimTrace *t, uint64_t time, uint32_t first)
{
    SIM_TRACE(t, SAMPLE_WORLD, time, PageMapped, .page = first + 1, .frame = first + 21,
              .writable = 1, .demand = 1);
    SIM_TRACE(t, SAMPLE_WORLD, time, BlockMapped, .page = first, .pages = 4);
    for (uint32_t i = 0; i < 4; i++)
        if (i != 1)
            SIM_TRACE(t, SAMPLE_WORLD, time, PageMapped, .page = first + i, .frame = first + 20 + i,
                      .writable = 1);
}

/* A block is one until a page of it goes or is shared; and those that cannot be. */
static void test_blocks(void)
{
    g_autoptr(SimTrace) whole = begin(), torn = begin(), shared = begin(), wrong = begin();

    map_block(whole, 1, 8);
    map_block(whole, 2, 12);
    g_autoptr(SimModel) one = fold(whole);
    g_assert_cmpuint(one->ignored, ==, 0);
    g_assert_cmphex(blocks_of(one), ==, 0xff00);
    g_assert_cmpuint(sim_model_vm(one, 0)->blocks_mapped, ==, 2);

    map_block(torn, 1, 8);
    map_block(torn, 2, 12);
    SIM_TRACE(torn, SAMPLE_WORLD, 3, PageSwappedOut, .page = 10, .frame = 30, .slot = 1);
    g_autoptr(SimModel) two = fold(torn);
    g_assert_cmpuint(two->ignored, ==, 0);
    g_assert_cmphex(blocks_of(two), ==, 0xf000);

    map_block(shared, 1, 12);
    SIM_TRACE(shared, SAMPLE_WORLD, 3, PageShared, .page = 13, .frame = 33, .old_frame = 33);
    g_autoptr(SimModel) three = fold(shared);
    g_assert_cmpuint(three->ignored, ==, 0);
    g_assert_cmphex(blocks_of(three), ==, 0);

    SIM_TRACE(wrong, SAMPLE_WORLD, 1, BlockMapped, .page = 0, .pages = 0);
    SIM_TRACE(wrong, SAMPLE_WORLD, 1, BlockMapped, .page = 2, .pages = 4);
    SIM_TRACE(wrong, SAMPLE_WORLD, 1, BlockMapped, .page = 16, .pages = 4);
    SIM_TRACE(wrong, SAMPLE_WORLD, 1, BlockMapped, .page = 0, .pages = 1u << 20);
    g_autoptr(SimModel) four = fold(wrong);
    g_assert_cmpuint(four->ignored, ==, 4);
    g_assert_cmphex(blocks_of(four), ==, 0);
}

/* From another frame than it has; twice; back without having been given; outside. */
static void test_impossible(void)
{
    g_autoptr(SimTrace) t = begin();

    SIM_TRACE(t, SAMPLE_WORLD, 1, PageBallooned, .page = 3, .frame = 8);
    SIM_TRACE(t, SAMPLE_WORLD, 1, PageBallooned, .page = 16, .frame = UINT32_MAX);
    SIM_TRACE(t, SAMPLE_WORLD, 1, PageDeflated, .page = 3);
    SIM_TRACE(t, SAMPLE_WORLD, 1, PageBallooned, .page = 7, .frame = UINT32_MAX);
    SIM_TRACE(t, SAMPLE_WORLD, 1, PageBallooned, .page = 7, .frame = UINT32_MAX);
    SIM_TRACE(t, SAMPLE_WORLD, 1, WorkingSet, .vm = 3, .pages = 5);
    g_autoptr(SimModel) model = fold(t);

    g_assert_cmpuint(model->ignored, ==, 5);
    g_assert_cmpuint(sim_model_vm(model, 0)->ballooned_pages, ==, 1);
    g_assert_cmpuint(sim_model_vm(model, 0)->resident_pages, ==, 1);
}

/* ---- Scenarios ------------------------------------------------------------------ */

static SimScenario *parse(const char *policy, const char *vm, char **ret_message)
{
    g_autofree char *text = g_strdup_printf(
        "{\"format\":\"hvlab-scenario/1\",\"id\":\"t\",\"title\":\"T\",\"host\":{\"memory_policy\":"
        "{%s}},\"vms\":[{\"name\":\"a\",\"program\":\"touch\"%s}]}",
        policy, vm);
    g_autoptr(GError) error = NULL;
    SimScenario *scenario = test_load(text, NULL, &error);

    if (ret_message)
        *ret_message = error ? g_strdup(error->message) : NULL;
    return scenario;
}

static void test_one_word(void)
{
    g_autoptr(SimScenario) balloon = parse("\"on_overcommit\":\"balloon\"", "", NULL);
    g_autoptr(SimScenario) swap = parse("\"on_overcommit\":\"swap\"", "", NULL);
    g_autoptr(SimScenario) lru =
        parse("\"on_overcommit\":\"swap\",\"replacement\":\"lru\"", "", NULL);
    g_autoptr(SimScenario) refuse = parse("\"on_overcommit\":\"refuse\"", "", NULL);
    g_autoptr(SimScenario) kill = parse("\"on_overcommit\":\"kill\"", "", NULL);
    g_autoptr(SimScenario) share = parse("\"on_overcommit\":\"share\"", "", NULL);

    g_assert_true(balloon->host.memory_policy.balloon && balloon->vms[0].balloon);
    g_assert_cmpuint(swap->host.memory_policy.replacement, ==, SIM_REPLACEMENT_CLOCK);
    g_assert_cmpuint(lru->host.memory_policy.replacement, ==, SIM_REPLACEMENT_LRU);
    g_assert_false(refuse->host.memory_policy.overcommit);
    g_assert_cmpuint(kill->host.memory_policy.out_of_memory, ==, SIM_OUT_OF_MEMORY_KILL);
    g_assert_true(share->host.memory_policy.share);
    g_assert_false(share->vms[0].balloon);
}

static void test_shares(void)
{
    g_autoptr(SimScenario) plain = parse("", "", NULL);
    g_autoptr(SimScenario) limit = parse("", ",\"memory_limit\":\"1MiB\"", NULL);
    g_autoptr(SimScenario) shares = parse("", ",\"memory_shares\":2000", NULL);
    g_autoptr(SimScenario) policy = parse("\"victim\":\"shares\"", "", NULL);

    g_assert_false(sim_scenario_memory_by_shares(plain));
    g_assert_true(sim_scenario_memory_by_shares(limit));
    g_assert_true(sim_scenario_memory_by_shares(shares));
    g_assert_true(sim_scenario_memory_by_shares(policy));
}

static void test_wrong(void)
{
    static const struct {
        const char *policy, *vm, *says;
    } cases[] = {
        {"", ",\"memory_reservation\":\"4MiB\"",
         "x.json:1: vms[0].memory_reservation: is more than the VM's memory; allowed: at most "
         "that"},
        {"", ",\"memory_reservation\":\"1MiB\",\"memory_limit\":\"512KiB\"",
         "x.json:1: vms[0].memory_limit: is less than the VM's memory_reservation; allowed: 0KiB, "
         "or at least that"},
        {"\"trace_references\":true,\"balloon\":true", "",
         "x.json:1: host.memory_policy.trace_references: the replacement policies are to be seen "
         "alone then; allowed: false, or without \"balloon\", \"sample_pages\" and victim "
         "\"shares\""},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *message = NULL;

        g_assert_null(parse(cases[i].policy, cases[i].vm, &message));
        g_assert_cmpstr(message, ==, cases[i].says);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/model-memory/balloon", test_balloon);
    g_test_add_func("/model-memory/impossible", test_impossible);
    g_test_add_func("/model-memory/blocks", test_blocks);
    g_test_add_func("/scenario-memory/one-word", test_one_word);
    g_test_add_func("/scenario-memory/shares", test_shares);
    g_test_add_func("/scenario-memory/wrong", test_wrong);
    return g_test_run();
}
