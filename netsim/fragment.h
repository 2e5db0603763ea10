/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fragment.h: a packet cut into pieces that fit an MTU (RFC 791 3.2), by whoever
 * passes packets on. */
#pragma once

#include "netsim/proto/types.h"

/* The next piece of a sound IPv4 packet (which may be a piece itself), written to
 * `piece`; returns its length, 0: there is none left. *at begins with 0. Every piece
 * has the header of the whole, options too; nobody here sends any that it may not. */
size_t net_fragment_next(const uint8_t *packet, uint16_t mtu, size_t *at, uint8_t *piece);
