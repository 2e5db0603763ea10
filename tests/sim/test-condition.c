/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-condition.c: conditions on events: what holds in the sample run, worked out by
 * hand, and what is said about mistakes. */
#include "sim/trace/condition.h"
#include "tests/sim/trace-sample.h"

static const char *const vms[] = {"a", "b"};
static const char *const networks[] = {"net0"};
static const SimConditionNames names = {vms, networks, 2, 1};

/* How many events of the sample it is true of; the time of the first. */
static unsigned count(const char *text, uint64_t *ret_first)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SimCondition) condition = sim_condition_parse(text, &names, NULL, &error);
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(SimReader) reader = sample_reader(trace);
    SimCursor cursor = {0};
    SimRecord record;
    unsigned found = 0;

    g_assert_no_error(error);
    while (sim_reader_next(reader, &cursor, &record)) {
        if (!sim_condition_holds(condition, &record))
            continue;
        g_assert_true(sim_filter_has(sim_condition_types(condition), record.type));
        if (found++ == 0 && ret_first)
            *ret_first = record.time;
    }
    return found;
}

static void test_holds(void)
{
    static const struct {
        const char *text;
        unsigned events;
        uint64_t first;
    } cases[] = {
        {"exit", 1, 600},
        {"frame-sent", 3, 1000},
        {"frame-sent and vm == \"b\"", 1, 3500},
        {"frame-sent and vm == b", 1, 3500},
        {"frame-sent && vm == 1", 1, 3500},
        {"frame-sent and not vm == b", 2, 1000},
        {"frame-sent and vm != b", 2, 1000},
        {"link-drop or switch-drop", 1, 7500},
        {"link-drop and why == port-down", 1, 7500},
        /* and binds closer than or. */
        {"exit or frame-sent and vm == b", 2, 600},
        {"(exit or frame-sent) and vm == b", 1, 3500},
        {"! (exit or frame-sent) and vm == b and frame == 1", 2, 3000},
        /* Times, with units, on any event. */
        {"frame-sent and time >= 3500", 2, 3500},
        {"frame-sent and time > 3.5us", 1, 6500},
        {"frame-sent and time < 1us", 0, 0},
        {"exit and cost_ns <= 0.05us", 1, 600},
        {"exit and address == 0x14000", 1, 600},
        {"exit and write == true and kind == page-fault", 1, 600},
        {"mac == 02:00:00:00:00:0b", 2, 0},
        {"nic-created and ip == 10.0.0.2", 1, 0},
        {"console and text contains \"ell\"", 1, 5000},
        {"console and text == \"ell\"", 0, 0},
        {"text == a", 1, 0},
        {"dispatch and pcpu == 0", 4, 100},
        {"dispatch and pcpu == 1", 0, 0},
        {"index < 3", 3, 0},
        {"network == net0 and link-drop", 1, 7500},
        /* Different lists of words under one name: of each kind its own. */
        {"why == power-off", 3, 8000},
        {"port-created and vm == none", 2, 0},
        /* False of events without the field, so not of it is true of them. */
        {"not vm == a and run-end", 1, 10000},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint64_t first = 0;

        g_test_message("%s", cases[i].text);
        g_assert_cmpuint(count(cases[i].text, &first), ==, cases[i].events);
        g_assert_cmpuint(first, ==, cases[i].first);
    }
}

static void test_types(void)
{
    static const struct {
        const char *text;
        unsigned types; /* of which it can be true */
    } cases[] = {
        {"exit", 1},
        {"exit or console", 2},
        {"exit and time > 1ms", 1},
        {"not exit", SIM_EVENT_TYPE_COUNT - 1},
        {"cost_ns > 1us and exit", 1},
        {"slot == 1 and queue == 1", 1}, /* queue-kick alone has both */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(SimCondition) condition = sim_condition_parse(cases[i].text, NULL, NULL, NULL);
        unsigned types = 0;

        g_assert_nonnull(condition);
        for (unsigned type = 0; type < SIM_EVENT_TYPE_COUNT; type++)
            types += sim_filter_has(sim_condition_types(condition), type);
        g_assert_cmpuint(types, ==, cases[i].types);
    }
}

static void test_mistakes(void)
{
    static const struct {
        const char *text, *message; /* the message begins with it */
    } cases[] = {
        {"", "column 1: expected: a kind of event, a comparison"},
        {"frame-droped", "column 1: \"frame-droped\" is no kind of event; did you mean "
                         "\"frame-dropped\"?"},
        {"elephant", "column 1: \"elephant\" is no kind of event; there are exit, "},
        {"exit and vmm == 1", "column 10: no event has a field \"vmm\"; did you mean \"vm\"?"},
        {"exit and mac == 02:00:00:00:00:0a",
         "column 10: exit has no field \"mac\"; it has: rip, "},
        {"mac == 02:00:00:00:00:0a and exit",
         "column 30: exit has no field \"mac\"; it has: rip, "},
        {"exit and kind == hallt", "column 18: \"hallt\" is no value of \"kind\"; allowed: "},
        {"frame-dropped and why == port-down",
         "column 19: \"port-down\" is no value of \"why\" of frame-dropped; allowed: no-buffer, "
         "not-ready, too-long"},
        {"vm == c", "column 7: \"c\" is no value of \"vm\"; allowed: a, b"},
        {"network == net7", "column 12: \"net7\" is no value of \"network\"; allowed: net0"},
        {"vm = b", "column 4: equality is written =="},
        {"vm", "column 1: \"vm\" is a field: compare it, as in vm == VALUE"},
        {"exit == 1", "column 1: \"exit\" is a kind of event: it stands alone"},
        {"vm ==", "column 6: a value for \"vm\" is missing; allowed: a, b"},
        {"exit and frame-sent", "column 10: an event is of one kind: join kinds by or"},
        {"exit frame-sent", "column 6: expected: and, or, the end"},
        {"(exit", "column 6: a parenthesis is still open"},
        {"exit)", "column 5: expected: and, or, the end"},
        {"exit and", "column 9: expected: a kind of event"},
        {"text contains \"x", "column 15: the quotation mark here is never closed"},
        {"text < x", "column 8: text knows ==, != and contains"},
        {"why < port-down", "column 7: \"why\" knows only == and !="},
        {"vm > a", "column 6: \"vm\" knows only == and !="},
        {"vm contains a", "column 13: only text knows contains"},
        {"time > soon", "column 8: \"soon\" is no value of \"time\"; allowed: a time, like 250us"},
        {"time > 99999999999999999999",
         "column 8: \"99999999999999999999\" is no value of \"time\""},
        {"vcpu == 70000", "column 9: \"70000\" is no value of \"vcpu\"; allowed: a number of at "
                          "most 16 bits"},
        {"exit \xe2\x82\xac", "column 6: expected: and, or, the end"},
        {"\xff", "column 1: this is not UTF-8 text"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        unsigned column = 0;
        g_autofree char *start = NULL;

        g_assert_null(sim_condition_parse(cases[i].text, &names, &column, &error));
        g_assert_error(error, SIM_CONDITION_ERROR, 0);
        g_test_message("%s", error->message);
        start = g_strdup_printf("column %u: ", column);
        g_assert_true(g_str_has_prefix(error->message, start));
        if (!g_str_has_prefix(error->message, cases[i].message))
            g_assert_cmpstr(error->message, ==, cases[i].message);
    }
}

/* Long and deep input is refused, not followed. */
static void test_bounds(void)
{
    g_autofree char *deep = g_strnfill(SIM_CONDITION_MAX_DEPTH + 1, '(');
    g_autofree char *longer = g_strnfill(SIM_CONDITION_MAX_CHARS + 1, ' ');
    g_autoptr(GString) chain = g_string_new("exit");
    g_autoptr(GError) error = NULL;

    g_assert_null(sim_condition_parse(deep, NULL, NULL, &error));
    g_assert_true(strstr(error->message, "more than 32 parentheses"));
    g_clear_error(&error);
    g_assert_null(sim_condition_parse(longer, NULL, NULL, &error));
    g_assert_true(strstr(error->message, "more than 1000 characters"));
    while (chain->len < 980)
        g_string_append(chain, " or exit");
    g_assert_cmpuint(count(chain->str, NULL), ==, 1);
}

/* Without names every name is good; it equals no VM. */
static void test_without_names(void)
{
    g_autoptr(SimCondition) condition =
        sim_condition_parse("vm == nobody and exit", NULL, NULL, NULL);
    const SimEventExit fields = {.vm = 0};
    const SimRecord record = {.type = SIM_EVENT_EXIT, .fields = &fields};

    g_assert_nonnull(condition);
    g_assert_false(sim_condition_holds(condition, &record));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/condition/holds", test_holds);
    g_test_add_func("/condition/types", test_types);
    g_test_add_func("/condition/mistakes", test_mistakes);
    g_test_add_func("/condition/bounds", test_bounds);
    g_test_add_func("/condition/without-names", test_without_names);
    return g_test_run();
}
