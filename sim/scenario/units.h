/* SPDX-License-Identifier: GPL-2.0-or-later */
/* units.h: quantities, addresses and words as a person writes them.
 *
 * A quantity is a decimal number directly followed by a unit: "10ms", "1.5s",
 * "16MiB", "1Gbit/s", "33.3%". It is read in integers and must come out whole
 * in the smallest step (ns, byte, bit/s, ppm): what cannot be kept exactly is
 * refused instead of rounded.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/scenario/scenario.h"

typedef struct {
    const char *name; /* NULL ends a list; smallest unit first */
    uint64_t factor;
} SimUnit;

typedef struct {
    const SimUnit *units;
    const char *noun;  /* "a duration" */
    const char *shape; /* "a number with ns, us, ms or s" */
    const char *step;  /* what it must be a whole number of: "ns" */
} SimQuantity;

extern const SimQuantity sim_duration; /* ns */
extern const SimQuantity sim_size;     /* bytes */
extern const SimQuantity sim_rate;     /* bit/s */
extern const SimQuantity sim_percent;  /* ppm */

typedef enum {
    SIM_UNIT_OK,
    SIM_UNIT_WRONG,    /* not a number with one of the units */
    SIM_UNIT_FRACTION, /* not a whole number of steps */
} SimUnitResult;

/* ret_value is UINT64_MAX when the quantity does not fit; untouched unless OK. */
SimUnitResult sim_quantity_parse(const SimQuantity *quantity, const char *text,
                                 uint64_t *ret_value);
/* With the largest unit that leaves no fraction; g_free(). */
char *sim_quantity_format(const SimQuantity *quantity, uint64_t value);

bool sim_parse_mac(const char *text, uint8_t ret_mac[6]);
bool sim_parse_ipv4(const char *text, uint32_t *ret_address);
/* "10.0.0.1/24"; without "/24" the prefix is 0. */
bool sim_parse_cidr(const char *text, SimCidr *ret_cidr);
/* "10.0.0.4-10.0.0.254", or "10.0.0.4-254" for the last byte. */
bool sim_parse_range(const char *text, SimAddressRange *ret_range);
char *sim_format_ipv4(uint32_t address); /* g_free() */

/* Can a NIC have this address: not 0.0.0.0/8, loopback, multicast or above? */
bool sim_ipv4_is_host(uint32_t address);
/* The bits of the network part. */
uint32_t sim_prefix_mask(uint8_t prefix);

/* The one of words (count of them) that word is most likely a slip of, NULL
 * when none is near. Upper and lower case are the same here. */
const char *sim_nearest(const char *word, const char *const *words, size_t count);

/* "a, b, c", at most two dozen and then how many there are; g_free(). */
char *sim_join(const char *const *words, size_t count);
