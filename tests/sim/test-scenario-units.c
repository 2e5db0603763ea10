/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-scenario-units.c: quantities and addresses as text, and the nearest
 * word; known answers first, then properties over random values. */
#include <glib.h>
#include <string.h>

#include "sim/scenario/units.h"

typedef struct {
    const SimQuantity *quantity;
    const char *text;
    SimUnitResult result;
    uint64_t value;
} Known;

static const Known known[] = {
    {&sim_duration, "7ns", SIM_UNIT_OK, 7},
    {&sim_duration, "250us", SIM_UNIT_OK, 250000},
    {&sim_duration, "10ms", SIM_UNIT_OK, 10000000},
    {&sim_duration, "1.5s", SIM_UNIT_OK, 1500000000},
    {&sim_duration, "0.000000001s", SIM_UNIT_OK, 1},
    {&sim_duration, "1.500us", SIM_UNIT_OK, 1500},
    {&sim_duration, "007ms", SIM_UNIT_OK, 7000000},
    {&sim_duration, "0ns", SIM_UNIT_OK, 0},
    {&sim_duration, "1.0ns", SIM_UNIT_OK, 1},
    {&sim_duration, "18446744073709551615ns", SIM_UNIT_OK, UINT64_MAX},
    {&sim_duration, "18446744073709551616ns", SIM_UNIT_OK, UINT64_MAX},
    {&sim_duration, "99999999999999999999999999999999999999999s", SIM_UNIT_OK, UINT64_MAX},
    {&sim_duration, "0.5ns", SIM_UNIT_FRACTION, 0},
    {&sim_duration, "0.0000000001s", SIM_UNIT_FRACTION, 0},
    {&sim_duration, "0.000000000000000000000000000001s", SIM_UNIT_FRACTION, 0},
    {&sim_duration, "", SIM_UNIT_WRONG, 0},
    {&sim_duration, "10", SIM_UNIT_WRONG, 0},
    {&sim_duration, "ms", SIM_UNIT_WRONG, 0},
    {&sim_duration, "10 ms", SIM_UNIT_WRONG, 0},
    {&sim_duration, " 10ms", SIM_UNIT_WRONG, 0},
    {&sim_duration, "10ms ", SIM_UNIT_WRONG, 0},
    {&sim_duration, "10MS", SIM_UNIT_WRONG, 0},
    {&sim_duration, "-1s", SIM_UNIT_WRONG, 0},
    {&sim_duration, "+1s", SIM_UNIT_WRONG, 0},
    {&sim_duration, "1.s", SIM_UNIT_WRONG, 0},
    {&sim_duration, ".5s", SIM_UNIT_WRONG, 0},
    {&sim_duration, "1e3ns", SIM_UNIT_WRONG, 0},
    {&sim_duration, "1,5s", SIM_UNIT_WRONG, 0},
    {&sim_size, "4KiB", SIM_UNIT_OK, 4096},
    {&sim_size, "16MiB", SIM_UNIT_OK, 16777216},
    {&sim_size, "0.5GiB", SIM_UNIT_OK, 536870912},
    {&sim_size, "0.0009765625KiB", SIM_UNIT_OK, 1},
    {&sim_size, "0.001KiB", SIM_UNIT_FRACTION, 0},
    {&sim_size, "2MB", SIM_UNIT_WRONG, 0},
    {&sim_rate, "1Gbit/s", SIM_UNIT_OK, 1000000000},
    {&sim_rate, "2.5Mbit/s", SIM_UNIT_OK, 2500000},
    {&sim_rate, "9600bit/s", SIM_UNIT_OK, 9600},
    {&sim_rate, "1Gbps", SIM_UNIT_WRONG, 0},
    {&sim_percent, "33.3%", SIM_UNIT_OK, 333000},
    {&sim_percent, "100%", SIM_UNIT_OK, 1000000},
    {&sim_percent, "0.0001%", SIM_UNIT_OK, 1},
    {&sim_percent, "0.00001%", SIM_UNIT_FRACTION, 0},
};

static void test_known(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        uint64_t value = 4711;
        SimUnitResult result = sim_quantity_parse(known[i].quantity, known[i].text, &value);
        g_test_message("%s", known[i].text);
        g_assert_cmpint(result, ==, known[i].result);
        g_assert_cmpuint(value, ==, result == SIM_UNIT_OK ? known[i].value : 4711);
    }
}

static uint64_t random_value(GRand *random)
{
    uint64_t value = (uint64_t)g_rand_int(random) << 32 | g_rand_int(random);
    return value >> g_rand_int_range(random, 0, 64);
}

/* What is written reads back as itself. Bytes have no unit of their own, so a
 * size that is no whole number of KiB is written with a fraction. */
static void test_round_trip(void)
{
    static const SimQuantity *const all[] = {&sim_duration, &sim_size, &sim_rate, &sim_percent};
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t value = random_value(random), back = 0;
        const SimQuantity *quantity = all[i % G_N_ELEMENTS(all)];
        g_autofree char *text = sim_quantity_format(quantity, value);
        g_assert_cmpint(sim_quantity_parse(quantity, text, &back), ==, SIM_UNIT_OK);
        g_assert_cmpuint(back, ==, value);
    }
}

/* A number with decimals equals the same number of smaller units. */
static void test_decimals(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(2);
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t whole = g_rand_int_range(random, 0, 1000000), back = 0;
        uint64_t part = g_rand_int_range(random, 0, 1000000000);
        g_autofree char *text =
            g_strdup_printf("%" G_GUINT64_FORMAT ".%09" G_GUINT64_FORMAT "s", whole, part);
        g_assert_cmpint(sim_quantity_parse(&sim_duration, text, &back), ==, SIM_UNIT_OK);
        g_assert_cmpuint(back, ==, whole * 1000000000 + part);
    }
}

static void test_format(void)
{
    static const struct {
        const SimQuantity *quantity;
        uint64_t value;
        const char *text;
    } cases[] = {
        {&sim_duration, 0, "0ns"},       {&sim_duration, 1500, "1500ns"},
        {&sim_duration, 2000000, "2ms"}, {&sim_duration, 3600000000000, "3600s"},
        {&sim_size, 1572864, "1536KiB"}, {&sim_size, 1u << 30, "1GiB"},
        {&sim_size, 512, "0.5KiB"},      {&sim_rate, 2500000, "2500kbit/s"},
        {&sim_percent, 333000, "33.3%"}, {&sim_percent, 1000000, "100%"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = sim_quantity_format(cases[i].quantity, cases[i].value);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void test_mac(void)
{
    static const char *const wrong[] = {"",
                                        "52:54:00:12:34",
                                        "52:54:00:12:34:5",
                                        "52:54:00:12:34:567",
                                        "52-54-00-12-34-56",
                                        "52:54:00:12:34:5g",
                                        "52:54:00:12:34:56:",
                                        "525:4:00:12:34:56"};
    uint8_t mac[6] = {0}, want[6] = {0x52, 0x54, 0x00, 0xab, 0xcd, 0xef};
    g_assert_true(sim_parse_mac("52:54:00:aB:Cd:ef", mac));
    g_assert_cmpmem(mac, 6, want, 6);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        g_assert_false(sim_parse_mac(wrong[i], mac));
    g_assert_cmpmem(mac, 6, want, 6);
}

static void test_addresses(void)
{
    static const char *const wrong[] = {"",          "10",         "10.0.0",      "10.0.0.0.1",
                                        "10.0.0.01", "10.0.0.256", "10.0.0.1000", "10..0.1",
                                        " 10.0.0.1", "10.0.0.1 ",  "0x10.0.0.1",  "10.0.0.-1"};
    static const char *const wrong_cidr[] = {
        "10.0.0.1/",   "10.0.0.1/0",   "10.0.0.1/31", "10.0.0.1/024",
        "10.0.0.1/8x", "10.0.0.1/8/8", "/8"};
    uint32_t address;
    SimCidr cidr;
    g_assert_true(sim_parse_ipv4("192.168.0.255", &address));
    g_assert_cmphex(address, ==, 0xc0a800ff);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_assert_false(sim_parse_ipv4(wrong[i], &address));
        g_assert_false(sim_parse_cidr(wrong[i], &cidr));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(wrong_cidr); i++)
        g_assert_false(sim_parse_cidr(wrong_cidr[i], &cidr));
    g_assert_true(sim_parse_cidr("10.1.2.3/22", &cidr));
    g_assert_cmphex(cidr.address, ==, 0x0a010203);
    g_assert_cmpuint(cidr.prefix, ==, 22);
    g_assert_true(sim_parse_cidr("10.1.2.3", &cidr));
    g_assert_cmpuint(cidr.prefix, ==, 0);
    g_assert_cmphex(sim_prefix_mask(22), ==, 0xfffffc00);
    g_assert_cmphex(sim_prefix_mask(0), ==, 0);
    g_assert_true(sim_ipv4_is_host(0xdfffffff));
    g_assert_false(sim_ipv4_is_host(0x00000001));
    g_assert_false(sim_ipv4_is_host(0x7f000001));
    g_assert_false(sim_ipv4_is_host(0xe0000000));
    g_autofree char *text = sim_format_ipv4(0xc0a800ff);
    g_assert_cmpstr(text, ==, "192.168.0.255");
}

static void test_nearest(void)
{
    static const char *const words[] = {"mode", "name", "latency", "mtu", "mac_ageing"};
    static const struct {
        const char *word, *nearest;
    } cases[] = {{"mood", "mode"},
                 {"MODE", "mode"},
                 {"lateny", "latency"},
                 {"altency", "latency"},
                 {"mut", "mtu"},
                 {"mac_aging", "mac_ageing"},
                 {"nmae", "name"},
                 {"qqqq", NULL},
                 {"", NULL},
                 {"x", NULL}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpstr(sim_nearest(cases[i].word, words, G_N_ELEMENTS(words)), ==,
                        cases[i].nearest);
    g_autofree char *longest = g_strnfill(100000, 'm');
    g_assert_null(sim_nearest(longest, words, G_N_ELEMENTS(words)));
}

static void test_join(void)
{
    const char *words[30];
    for (unsigned i = 0; i < 30; i++)
        words[i] = "x";
    g_autofree char *three = sim_join(words, 3), *none = sim_join(words, 0),
                    *many = sim_join(words, 30);
    g_assert_cmpstr(three, ==, "x, x, x");
    g_assert_cmpstr(none, ==, "");
    g_assert_true(g_str_has_suffix(many, "x, ... (30 in all)"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scenario/units/known", test_known);
    g_test_add_func("/scenario/units/round-trip", test_round_trip);
    g_test_add_func("/scenario/units/decimals", test_decimals);
    g_test_add_func("/scenario/units/format", test_format);
    g_test_add_func("/scenario/units/mac", test_mac);
    g_test_add_func("/scenario/units/addresses", test_addresses);
    g_test_add_func("/scenario/units/nearest", test_nearest);
    g_test_add_func("/scenario/units/join", test_join);
    return g_test_run();
}
