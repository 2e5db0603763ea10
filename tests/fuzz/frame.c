/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame.c: fuzzes the header codec and the dissector with one frame.
 *
 * Beyond not reading outside the frame: what parses is written back to the same
 * bytes, and a dissection's layers and fields lie inside the frame.
 */
#include <glib.h>
#include <string.h>

#include "netsim/proto/dissect.h"
#include "netsim/proto/headers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trips(const uint8_t *data, size_t size)
{
    NetEthernet ethernet;
    NetArp arp;
    NetIcmp icmp;
    NetUdp udp;
    uint8_t again[64];

    size_t length = net_ethernet_parse(data, size, &ethernet);
    g_assert(length <= size);
    if (length > 0) {
        g_assert(net_ethernet_write(again, &ethernet) == length);
        g_assert(memcmp(data, again, length) == 0);
    }
    if (net_arp_parse(data + length, size - length, &arp) > 0) {
        net_arp_write(again, &arp);
        g_assert(memcmp(data + length, again, NET_ARP_BYTES) == 0);
    }
    if (net_icmp_parse(data + length, size - length, &icmp) > 0) {
        net_icmp_write(again, &icmp);
        g_assert(memcmp(data + length, again, NET_ICMP_BYTES) == 0);
    }
    if (net_udp_parse(data + length, size - length, &udp) > 0) {
        net_udp_write(again, &udp);
        g_assert(memcmp(data + length, again, NET_UDP_BYTES) == 0);
    }
}

static void check_dissection(const NetDissection *d, size_t size)
{
    unsigned fields = 0;

    g_assert(d->layer_count <= NET_DISSECT_MAX_LAYERS && d->field_count <= NET_DISSECT_MAX_FIELDS);
    for (unsigned i = 0; i < d->layer_count; i++) {
        const NetLayer *layer = &d->layers[i];
        g_assert(layer->first_field == fields && (size_t)layer->offset + layer->length <= size);
        fields += layer->field_count;
    }
    g_assert(fields == d->field_count);
    for (unsigned i = 0; i < d->field_count; i++) {
        g_assert((d->fields[i].bit_offset + d->fields[i].bit_width + 7) / 8 <= size);
        g_assert(memchr(d->fields[i].text, '\0', NET_DISSECT_TEXT_BYTES) != NULL);
    }
    g_assert(g_utf8_validate(d->info, -1, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    NetDissection d;

    if (size > NET_MAX_FRAME_BYTES)
        return 0;
    check_round_trips(data, size);
    net_dissect(data, size, &d);
    check_dissection(&d, size);
    net_dissect_kept(data, size, size + 1 + size % 1000, &d); /* there was more */
    check_dissection(&d, size);
    return 0;
}
