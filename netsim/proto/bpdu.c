/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bpdu.c: BPDUs to bytes and back. */
#include "netsim/proto/bpdu.h"

#include "netsim/proto/headers.h"
#include "netsim/proto/wire.h"

#define UNITS 256u /* in a second */

const NetMac net_bridge_group = {{0x01, 0x80, 0xc2, 0x00, 0x00, 0x00}};

static const uint8_t llc[NET_BPDU_LLC_BYTES] = {0x42, 0x42, 0x03};

static NetTime get_time(const uint8_t *at)
{
    return net_get_16(at) * NET_NS_PER_SECOND / UNITS;
}

/* Rounded up, so that a time read back and written again stays what it was. */
static void put_time(uint8_t *at, NetTime time)
{
    NetTime units = (time * UNITS + NET_NS_PER_SECOND - 1) / NET_NS_PER_SECOND;

    net_put_16(at, units > 0xffff ? 0xffff : (uint16_t)units);
}

size_t net_bpdu_parse(const uint8_t *payload, size_t length, NetBpdu *ret)
{
    const uint8_t *at = payload + NET_BPDU_LLC_BYTES;

    if (length < NET_BPDU_LLC_BYTES + NET_BPDU_TCN_BYTES ||
        __builtin_memcmp(payload, llc, sizeof llc) != 0 || net_get_16(at) != 0)
        return 0;
    *ret = (NetBpdu){.type = at[3]};
    if (ret->type == NET_BPDU_TCN)
        return NET_BPDU_LLC_BYTES + NET_BPDU_TCN_BYTES;
    if (ret->type != NET_BPDU_CONFIG || length < NET_BPDU_LLC_BYTES + NET_BPDU_CONFIG_BYTES)
        return 0;
    ret->topology_change = at[4] & 0x01;
    ret->topology_change_ack = at[4] >> 7;
    ret->root = net_get_64(at + 5);
    ret->cost = net_get_32(at + 13);
    ret->bridge = net_get_64(at + 17);
    ret->port = net_get_16(at + 25);
    ret->message_age_ns = get_time(at + 27);
    ret->max_age_ns = get_time(at + 29);
    ret->hello_ns = get_time(at + 31);
    ret->forward_delay_ns = get_time(at + 33);
    return NET_BPDU_LLC_BYTES + NET_BPDU_CONFIG_BYTES;
}

void net_bpdu_write_frame(uint8_t *bytes, NetMac source, const NetBpdu *bpdu)
{
    uint8_t *at = bytes + NET_ETHERNET_BYTES + NET_BPDU_LLC_BYTES;
    bool config = bpdu->type == NET_BPDU_CONFIG;

    __builtin_memset(bytes, 0, NET_BPDU_FRAME_BYTES);
    __builtin_memcpy(bytes, net_bridge_group.byte, 6);
    __builtin_memcpy(bytes + 6, source.byte, 6);
    net_put_16(bytes + 12, (uint16_t)(NET_BPDU_LLC_BYTES +
                                      (config ? NET_BPDU_CONFIG_BYTES : NET_BPDU_TCN_BYTES)));
    __builtin_memcpy(bytes + NET_ETHERNET_BYTES, llc, sizeof llc);
    at[3] = bpdu->type;
    if (!config)
        return;
    at[4] = (uint8_t)(bpdu->topology_change_ack << 7 | bpdu->topology_change);
    net_put_64(at + 5, bpdu->root);
    net_put_32(at + 13, bpdu->cost);
    net_put_64(at + 17, bpdu->bridge);
    net_put_16(at + 25, bpdu->port);
    put_time(at + 27, bpdu->message_age_ns);
    put_time(at + 29, bpdu->max_age_ns);
    put_time(at + 31, bpdu->hello_ns);
    put_time(at + 33, bpdu->forward_delay_ns);
}
