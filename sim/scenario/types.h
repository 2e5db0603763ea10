/* SPDX-License-Identifier: GPL-2.0-or-later */
/* types.h: the small types of a scenario that its headers share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An IPv4 address with the length of its network part. */
typedef struct {
    uint32_t address;
    uint8_t prefix;
} SimCidr;

/* A reference by name, resolved. */
typedef struct {
    char *name;
    uint32_t index;
} SimScenarioRef;
