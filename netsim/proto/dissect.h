/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dissect.h: a frame taken apart for people to look at.
 *
 * Yields layers ("Internet Protocol Version 4") of fields ("Time to live", where
 * its bits are, its value, a text), and one line that sums the frame up, as in
 * Wireshark's Info column. Any bytes are safe: what is cut off or contradicts
 * itself ends the dissection there and is marked. On the ports of DHCP, DNS and HTTP
 * other things may be carried: what does not look like them is shown as data.
 */
#pragma once

#include "netsim/proto/types.h"

#define NET_DISSECT_MAX_LAYERS 12
#define NET_DISSECT_MAX_FIELDS 96
#define NET_DISSECT_TEXT_BYTES 40
#define NET_DISSECT_INFO_BYTES 128

typedef enum {
    NET_LAYER_ETHERNET,
    NET_LAYER_VLAN,
    NET_LAYER_ARP,
    NET_LAYER_IPV4,
    NET_LAYER_ICMP,
    NET_LAYER_UDP,
    NET_LAYER_TCP,
    NET_LAYER_DHCP,
    NET_LAYER_DNS,
    NET_LAYER_HTTP,
    NET_LAYER_LLC,
    NET_LAYER_STP,
    NET_LAYER_DATA,
    NET_LAYER_COUNT
} NetLayerKind;

typedef struct {
    NetLayerKind kind;
    bool quoted;             /* part of a packet that an ICMP error quotes */
    uint16_t offset, length; /* in bytes, from the frame's start; the header's */
    uint16_t first_field, field_count;
} NetLayer;

typedef struct {
    const char *name;    /* "Time to live" */
    uint32_t bit_offset; /* from the frame's start */
    uint32_t bit_width;
    uint64_t value;                    /* as a number, up to 64 bits wide; else 0 */
    bool bad;                          /* a checksum that does not fit its bytes */
    char text[NET_DISSECT_TEXT_BYTES]; /* the value as a person writes it */
} NetField;

typedef struct {
    unsigned layer_count, field_count;
    NetLayer layers[NET_DISSECT_MAX_LAYERS];
    NetField fields[NET_DISSECT_MAX_FIELDS];
    const char *protocol;                /* the innermost that was understood: "ICMP" */
    char source[NET_DISSECT_TEXT_BYTES]; /* IP address, else MAC address */
    char destination[NET_DISSECT_TEXT_BYTES];
    char info[NET_DISSECT_INFO_BYTES]; /* "Who has 10.0.0.2? Tell 10.0.0.1"; UTF-8 */
    bool malformed;
    bool bad_checksum;
} NetDissection;

void net_dissect(const uint8_t *frame, size_t length, NetDissection *ret);
/* The same for a frame of which only the first `kept` bytes are there: what the rest
 * would have told is left out, and no checksum judged that covers it. */
void net_dissect_kept(const uint8_t *frame, size_t kept, size_t length, NetDissection *ret);

/* What an ICMP error says: "Port unreachable". Never NULL. */
const char *net_icmp_error_name(uint8_t type, uint8_t code);

/* "Address Resolution Protocol", "ARP". Never NULL. */
const char *net_layer_name(NetLayerKind kind);
const char *net_layer_short_name(NetLayerKind kind);
