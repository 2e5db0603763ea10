/* SPDX-License-Identifier: GPL-2.0-or-later */
/* units.c: reading and writing quantities and addresses, and finding the
 * nearest word. Integer arithmetic only; see units.h for the rules. */
#include "sim/scenario/units.h"

#include <string.h>

static const SimUnit duration_units[] = {
    {"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}, {NULL, 0}};
static const SimUnit size_units[] = {
    {"KiB", 1u << 10}, {"MiB", 1u << 20}, {"GiB", 1u << 30}, {NULL, 0}};
static const SimUnit rate_units[] = {
    {"bit/s", 1}, {"kbit/s", 1000}, {"Mbit/s", 1000000}, {"Gbit/s", 1000000000}, {NULL, 0}};
static const SimUnit percent_units[] = {{"%", 10000}, {NULL, 0}};

const SimQuantity sim_duration = {duration_units, "a duration", "a number with ns, us, ms or s",
                                  "ns"};
const SimQuantity sim_size = {size_units, "a size", "a number with KiB, MiB or GiB", "bytes"};
const SimQuantity sim_rate = {rate_units, "a rate", "a number with bit/s, kbit/s, Mbit/s or Gbit/s",
                              "bit/s"};
const SimQuantity sim_percent = {percent_units, "a percentage", "a number with %",
                                 "ten-thousandths of a percent"};

/* Enough for every value in range; longer numbers count as too large or too fine. */
#define MAX_DIGITS 20u

typedef unsigned __int128 Wide;

/* The digits at *at as a number; *at moves behind them. Saturates far above
 * UINT64_MAX, still below where products with a unit overflow. */
static Wide read_digits(const char **at)
{
    const Wide ceiling = (Wide)UINT64_MAX * 16;
    Wide value = 0;
    for (; g_ascii_isdigit(**at); (*at)++) {
        value = value * 10 + (unsigned)(**at - '0');
        if (value > ceiling)
            value = ceiling;
    }
    return value;
}

SimUnitResult sim_quantity_parse(const SimQuantity *quantity, const char *text, uint64_t *ret_value)
{
    const char *at = text;
    if (!g_ascii_isdigit(*at))
        return SIM_UNIT_WRONG;
    Wide whole = read_digits(&at);
    const char *fraction = NULL;
    size_t fraction_length = 0;
    if (*at == '.') {
        fraction = ++at;
        while (g_ascii_isdigit(*at))
            at++;
        fraction_length = (size_t)(at - fraction);
        if (fraction_length == 0)
            return SIM_UNIT_WRONG;
        while (fraction_length > 0 && fraction[fraction_length - 1] == '0')
            fraction_length--;
    }
    const SimUnit *unit = quantity->units;
    while (unit->name && strcmp(unit->name, at) != 0)
        unit++;
    if (!unit->name)
        return SIM_UNIT_WRONG;
    if (fraction_length > MAX_DIGITS)
        return SIM_UNIT_FRACTION;

    Wide numerator = 0, denominator = 1;
    for (size_t i = 0; i < fraction_length; i++) {
        numerator = numerator * 10 + (unsigned)(fraction[i] - '0');
        denominator *= 10;
    }
    if (numerator * unit->factor % denominator != 0)
        return SIM_UNIT_FRACTION;
    Wide value = whole * unit->factor + numerator * unit->factor / denominator;
    *ret_value = value > UINT64_MAX ? UINT64_MAX : (uint64_t)value;
    return SIM_UNIT_OK;
}

char *sim_quantity_format(const SimQuantity *quantity, uint64_t value)
{
    const SimUnit *best = NULL;
    for (const SimUnit *unit = quantity->units; unit->name; unit++)
        if (!best || (value >= unit->factor && value % unit->factor == 0))
            best = unit;
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%" G_GUINT64_FORMAT, value / best->factor);
    uint64_t rest = value % best->factor;
    if (rest > 0)
        g_string_append_c(text, '.');
    for (; rest > 0; rest = rest * 10 % best->factor)
        if (text->len > 60)
            break;
        else
            g_string_append_c(text, (char)('0' + rest * 10 / best->factor));
    g_string_append(text, best->name);
    return g_string_free(text, FALSE);
}

bool sim_parse_mac(const char *text, uint8_t ret_mac[6])
{
    uint8_t mac[6];
    for (unsigned i = 0; i < 6; i++) {
        int high = g_ascii_xdigit_value(text[0]);
        int low = high < 0 ? -1 : g_ascii_xdigit_value(text[1]);
        if (low < 0 || text[2] != (i < 5 ? ':' : '\0'))
            return false;
        mac[i] = (uint8_t)(high << 4 | low);
        text += 3;
    }
    memcpy(ret_mac, mac, sizeof mac);
    return true;
}

/* A decimal number of at most three digits, no leading zero, up to limit. */
static bool read_small(const char **at, unsigned limit, unsigned *ret_value)
{
    const char *start = *at;
    unsigned value = 0;
    while (g_ascii_isdigit(**at) && *at - start < 3)
        value = value * 10 + (unsigned)(*(*at)++ - '0');
    if (*at == start || value > limit || (*start == '0' && *at - start > 1))
        return false;
    *ret_value = value;
    return true;
}

static bool read_ipv4(const char **at, uint32_t *ret_address)
{
    uint32_t address = 0;
    for (unsigned i = 0; i < 4; i++) {
        unsigned byte;
        if (i > 0 && *(*at)++ != '.')
            return false;
        if (!read_small(at, 255, &byte))
            return false;
        address = address << 8 | byte;
    }
    *ret_address = address;
    return true;
}

bool sim_parse_ipv4(const char *text, uint32_t *ret_address)
{
    uint32_t address;
    if (!read_ipv4(&text, &address) || *text != '\0')
        return false;
    *ret_address = address;
    return true;
}

bool sim_parse_cidr(const char *text, SimCidr *ret_cidr)
{
    uint32_t address;
    unsigned prefix = 0;
    if (!read_ipv4(&text, &address))
        return false;
    if (*text == '/') {
        text++;
        if (!read_small(&text, 30, &prefix) || prefix == 0)
            return false;
    }
    if (*text != '\0')
        return false;
    *ret_cidr = (SimCidr){.address = address, .prefix = (uint8_t)prefix};
    return true;
}

bool sim_parse_range(const char *text, SimAddressRange *ret_range)
{
    const char *dash = strchr(text, '-');
    g_autofree char *first = dash ? g_strndup(text, (size_t)(dash - text)) : NULL;
    SimAddressRange range;
    guint64 byte;

    if (!first || !sim_parse_ipv4(first, &range.first))
        return false;
    if (!sim_parse_ipv4(dash + 1, &range.last)) {
        if (!g_ascii_string_to_unsigned(dash + 1, 10, 0, 255, &byte, NULL))
            return false;
        range.last = (range.first & ~255u) | (uint32_t)byte;
    }
    if (!sim_ipv4_is_host(range.first) || !sim_ipv4_is_host(range.last))
        return false;
    *ret_range = range;
    return true;
}

char *sim_format_ipv4(uint32_t address)
{
    return g_strdup_printf("%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
                           address & 255);
}

bool sim_ipv4_is_host(uint32_t address)
{
    unsigned first = address >> 24;
    return first != 0 && first != 127 && first < 224;
}

uint32_t sim_prefix_mask(uint8_t prefix)
{
    return prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);
}

/* Longer words are no slip of any of ours. */
#define MAX_WORD 48u

/* How many letters must be put in, left out, changed or swapped with their
 * neighbour to make b of a (optimal string alignment). */
static unsigned edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned rows[3][MAX_WORD + 1];
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            char x = g_ascii_tolower(a[i - 1]), y = g_ascii_tolower(b[j - 1]);
            unsigned best = above[j - 1] + (x != y);
            best = MIN(best, MIN(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && x == g_ascii_tolower(b[j - 2]) && y == g_ascii_tolower(a[i - 2]))
                best = MIN(best, above2[j - 2] + 1);
            row[j] = best;
        }
    }
    return rows[a_length % 3][b_length];
}

const char *sim_nearest(const char *word, const char *const *words, size_t count)
{
    size_t length = strlen(word);
    const char *best = NULL;
    unsigned best_distance = UINT_MAX;
    if (length == 0 || length > MAX_WORD)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(words[i]);
        if (other > MAX_WORD)
            continue;
        unsigned distance = edit_distance(word, length, words[i], other);
        size_t tolerated = MAX(MIN(length, other) / 2, 1);
        /* A word that shares no letter is no slip of another. */
        if (distance <= tolerated && distance < MAX(length, other) && distance < best_distance) {
            best = words[i];
            best_distance = distance;
        }
    }
    return best;
}

char *sim_join(const char *const *words, size_t count)
{
    const size_t most = 24;
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < MIN(count, most); i++)
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", words[i]);
    if (count > most)
        g_string_append_printf(text, ", ... (%" G_GSIZE_FORMAT " in all)", count);
    return g_string_free(text, FALSE);
}
