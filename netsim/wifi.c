/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wifi.c: which frame goes where through a wireless adapter, and as what; see wifi.h. */
#include "netsim/wifi.h"

#include <string.h>

#include "netsim/proto/dhcp.h"
#include "netsim/proto/headers.h"
#include "netsim/proto/wire.h"

#define AIR  0u
#define HOST 1u

#define DHCP_FLAGS_AT     10u /* in the message */
#define DHCP_BROADCAST    0x8000u
#define UDP_CHECKSUM_AT   6u
#define ARP_SENDER_MAC_AT 8u
#define ARP_TARGET_MAC_AT 18u

/* An IP address behind the adapter. */
typedef struct {
    NetIp4 address;
    NetMac mac;
    uint32_t port;
} Station;

typedef struct {
    NetPart part;
    NetMac host;
    Station stations[NET_WIFI_MAX_STATIONS];
    uint32_t count, next; /* next: whose place a new one takes when all are taken */
} Wifi;

/* What a frame says about itself, as far as the adapter looks. */
typedef struct {
    NetEthernet ethernet;
    size_t header_bytes;
    bool is_arp, is_ip;
    NetArp arp;
    NetIpv4 ip;
    NetIp4 source, destination; /* 0: neither ARP nor IP */
} Look;

static Look look_at(const NetFrame *frame)
{
    Look look = {.header_bytes = net_ethernet_parse(frame->bytes, frame->length, &look.ethernet)};
    const uint8_t *payload = frame->bytes + look.header_bytes;
    size_t length = frame->length - look.header_bytes;

    if (look.header_bytes == 0)
        return look;
    if (look.ethernet.type == NET_TYPE_ARP && net_arp_parse(payload, length, &look.arp) > 0) {
        look.is_arp = true;
        look.source = look.arp.sender_ip;
        look.destination = look.arp.target_ip;
    } else if (look.ethernet.type == NET_TYPE_IPV4 &&
               net_ipv4_parse(payload, length, &look.ip) > 0) {
        look.is_ip = true;
        look.source = look.ip.source;
        look.destination = look.ip.destination;
    }
    return look;
}

/* --- who is behind the adapter --- */

static Station *find_station(Wifi *wifi, NetIp4 address)
{
    for (uint32_t i = 0; address != 0 && i < wifi->count; i++) {
        if (wifi->stations[i].address == address)
            return &wifi->stations[i];
    }
    return NULL;
}

static void learn(Wifi *wifi, uint32_t port, const Look *look)
{
    Station *station = find_station(wifi, look->source);

    if (look->source == 0 || net_mac_is_group(look->ethernet.source))
        return;
    if (station == NULL && wifi->count < NET_WIFI_MAX_STATIONS)
        station = &wifi->stations[wifi->count++];
    else if (station == NULL)
        station = &wifi->stations[wifi->next++ % NET_WIFI_MAX_STATIONS];
    *station = (Station){look->source, look->ethernet.source, port};
}

/* --- changing frames --- */

static void report(Wifi *wifi, uint32_t in, const NetFrame *frame, NetMac mac, NetIp4 address,
                   bool outbound, NetTime now)
{
    void *user;
    const NetObserver *observer = net_world_observer(wifi->part.world, &user);

    if (observer->wifi_rewrite != NULL)
        observer->wifi_rewrite(user, now, net_part_port_id(&wifi->part, in), frame, mac, address,
                               outbound);
}

/* Sets the broadcast flag of a DHCP request, and mends the datagram's checksum. */
static void ask_for_broadcast(uint8_t *packet, const Look *look)
{
    uint8_t *transport = packet + look->ip.header_bytes;
    size_t length = look->ip.total_bytes - look->ip.header_bytes;
    NetUdp udp;

    if (!look->is_ip || look->ip.protocol != NET_PROTOCOL_UDP || look->ip.more_fragments ||
        look->ip.fragment_offset > 0 || net_udp_parse(transport, length, &udp) == 0 ||
        udp.destination_port != NET_DHCP_SERVER_PORT ||
        udp.total_bytes < NET_UDP_BYTES + NET_DHCP_FIXED_BYTES)
        return;
    uint8_t *flags = transport + NET_UDP_BYTES + DHCP_FLAGS_AT;
    net_put_16(flags, net_get_16(flags) | DHCP_BROADCAST);
    if (udp.checksum != 0) {
        net_put_16(transport + UDP_CHECKSUM_AT, 0);
        net_udp_seal(transport, udp.total_bytes, look->ip.source, look->ip.destination);
    }
}

static void send_out(Wifi *wifi, uint32_t in, NetFrame *frame, const Look *look, NetTime now)
{
    uint8_t bytes[NET_MAX_FRAME_BYTES];
    uint8_t *payload = bytes + look->header_bytes;

    memcpy(bytes, frame->bytes, frame->length);
    memcpy(bytes + 6, wifi->host.byte, 6);
    if (look->is_arp)
        memcpy(payload + ARP_SENDER_MAC_AT, wifi->host.byte, 6);
    ask_for_broadcast(payload, look);
    report(wifi, in, frame, look->ethernet.source, look->source, true, now);
    g_autoptr(NetFrame) changed =
        net_part_new_frame(&wifi->part, frame->id, bytes, frame->length, now);
    net_part_send(&wifi->part, AIR, changed, now);
}

static void send_in(Wifi *wifi, const Station *station, NetFrame *frame, const Look *look,
                    NetTime now)
{
    uint8_t bytes[NET_MAX_FRAME_BYTES];

    memcpy(bytes, frame->bytes, frame->length);
    memcpy(bytes, station->mac.byte, 6);
    if (look->is_arp)
        memcpy(bytes + look->header_bytes + ARP_TARGET_MAC_AT, station->mac.byte, 6);
    report(wifi, AIR, frame, station->mac, station->address, false, now);
    g_autoptr(NetFrame) changed =
        net_part_new_frame(&wifi->part, frame->id, bytes, frame->length, now);
    net_part_send(&wifi->part, station->port, changed, now);
}

/* To the host and to every network but the one it came from, as it is. */
static void send_to_all_inside(Wifi *wifi, uint32_t in, NetFrame *frame, NetTime now)
{
    for (uint32_t port = HOST; port < net_part_port_count(&wifi->part); port++) {
        if (port != in)
            net_part_send(&wifi->part, port, frame, now);
    }
}

/* --- which way --- */

static void from_air(Wifi *wifi, NetFrame *frame, const Look *look, NetTime now)
{
    const Station *station = find_station(wifi, look->destination);

    if (net_mac_is_group(look->ethernet.destination)) {
        send_to_all_inside(wifi, AIR, frame, now);
    } else if (!net_mac_equal(look->ethernet.destination, wifi->host)) {
        void *user;
        const NetObserver *observer = net_world_observer(wifi->part.world, &user);
        net_part_count_drop(&wifi->part, AIR, NET_DROP_WIFI_UNKNOWN);
        if (observer->router_drop != NULL)
            observer->router_drop(user, now, net_part_port_id(&wifi->part, AIR), frame->id,
                                  NET_DROP_WIFI_UNKNOWN);
    } else if (station != NULL) {
        send_in(wifi, station, frame, look, now);
    } else {
        net_part_send(&wifi->part, HOST, frame, now);
    }
}

static void from_inside(Wifi *wifi, uint32_t in, NetFrame *frame, const Look *look, NetTime now)
{
    if (in != HOST)
        learn(wifi, in, look);
    if (net_mac_is_group(look->ethernet.destination)) {
        send_to_all_inside(wifi, in, frame, now);
    } else if (in != HOST && net_mac_equal(look->ethernet.destination, wifi->host)) {
        net_part_send(&wifi->part, HOST, frame, now);
        return;
    } else {
        for (uint32_t i = 0; i < wifi->count; i++) {
            const Station *station = &wifi->stations[i];
            if (station->port != in && net_mac_equal(station->mac, look->ethernet.destination)) {
                net_part_send(&wifi->part, station->port, frame, now);
                return;
            }
        }
    }
    if (in == HOST)
        net_part_send(&wifi->part, AIR, frame, now);
    else
        send_out(wifi, in, frame, look, now);
}

static void wifi_receive(NetPart *part, uint32_t port, NetFrame *frame, NetTime now)
{
    Wifi *wifi = (Wifi *)part;
    Look look = look_at(frame);

    if (look.header_bytes == 0)
        net_part_count_drop(part, port, NET_DROP_RUNT);
    else if (port == AIR)
        from_air(wifi, frame, &look, now);
    else
        from_inside(wifi, port, frame, &look, now);
}

static void wifi_free(NetPart *part)
{
    g_free(part);
}

static const NetPartOps wifi_ops = {
    .kind = "wifi",
    .receive = wifi_receive,
    .free = wifi_free,
};

NetPart *net_wifi_new(NetMac host)
{
    Wifi *wifi = g_new0(Wifi, 1);

    wifi->part.ops = &wifi_ops;
    wifi->host = host;
    return &wifi->part;
}
