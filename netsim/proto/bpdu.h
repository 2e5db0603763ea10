/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bpdu.h: what bridges tell each other (IEEE 802.1D-1998 clause 9).
 *
 * A BPDU is the payload of an 802.3 frame to 01:80:c2:00:00:00, behind the LLC header
 * 42 42 03. Times are on the wire in 1/256 s.
 */
#pragma once

#include "netsim/proto/types.h"

#define NET_BPDU_LLC_BYTES    3u
#define NET_BPDU_CONFIG_BYTES 35u
#define NET_BPDU_TCN_BYTES    4u
#define NET_BPDU_FRAME_BYTES  60u /* shorter ones are filled up */

enum {
    NET_BPDU_CONFIG = 0x00,
    NET_BPDU_TCN = 0x80, /* topology change notification: no fields */
};

typedef struct {
    uint8_t type;
    bool topology_change, topology_change_ack;
    uint64_t root, bridge; /* priority in the highest 16 bits, then the address */
    uint32_t cost;         /* from the sender to the root */
    uint16_t port;         /* of the sender */
    NetTime message_age_ns, max_age_ns, hello_ns, forward_delay_ns;
} NetBpdu;

extern const NetMac net_bridge_group;

/* payload: what follows the Ethernet header. 0: not a BPDU, or cut off; else its length. */
size_t net_bpdu_parse(const uint8_t *payload, size_t length, NetBpdu *ret);
/* A whole frame of NET_BPDU_FRAME_BYTES. */
void net_bpdu_write_frame(uint8_t *bytes, NetMac source, const NetBpdu *bpdu);
