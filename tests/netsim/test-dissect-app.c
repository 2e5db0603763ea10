/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-dissect-app.c: what the dissector says of DHCP, DNS, HTTP, BPDUs, and of TCP that
 * an ICMP error quotes. */
#include <glib.h>
#include <string.h>

#include "netsim/proto/dhcp.h"
#include "netsim/proto/dissect.h"
#include "netsim/proto/dns.h"
#include "netsim/proto/headers.h"
#include "netsim/proto/wire.h"

typedef struct {
    uint8_t bytes[1600];
    size_t length;
} Frame;

/* Ethernet and IP around a transport header and payload of so many bytes at 34. */
static void wrap(Frame *f, uint8_t protocol, size_t transport_bytes)
{
    NetEthernet ethernet = {
        .destination = {{2, 0, 0, 0, 0, 2}}, .source = {{2, 0, 0, 0, 0, 1}}, .type = NET_TYPE_IPV4};
    NetIpv4 ip = {.total_bytes = (uint16_t)(20 + transport_bytes),
                  .ttl = 64,
                  .protocol = protocol,
                  .source = NET_IP4(10, 0, 0, 1),
                  .destination = NET_IP4(10, 0, 0, 2)};

    net_ethernet_write(f->bytes, &ethernet);
    net_ipv4_write(f->bytes + 14, &ip);
    net_ipv4_seal(f->bytes + 14);
    f->length = 34 + transport_bytes;
}

static Frame udp(uint16_t from, uint16_t to, const uint8_t *payload, size_t length)
{
    Frame f = {0};
    NetUdp header = {from, to, (uint16_t)(8 + length), 0};

    net_udp_write(f.bytes + 34, &header);
    memcpy(f.bytes + 42, payload, length);
    net_udp_seal(f.bytes + 34, (uint16_t)(8 + length), NET_IP4(10, 0, 0, 1), NET_IP4(10, 0, 0, 2));
    wrap(&f, NET_PROTOCOL_UDP, 8 + length);
    return f;
}

static Frame tcp(uint8_t flags, uint16_t mss, const char *payload)
{
    Frame f = {0};
    NetTcp header = {.source_port = 50000,
                     .destination_port = 80,
                     .sequence = 1000,
                     .flags = flags,
                     .window = 100,
                     .mss = mss};
    size_t bytes = net_tcp_write(f.bytes + 34, &header);

    memcpy(f.bytes + 34 + bytes, payload, strlen(payload));
    bytes += strlen(payload);
    net_tcp_seal(f.bytes + 34, (uint16_t)bytes, NET_IP4(10, 0, 0, 1), NET_IP4(10, 0, 0, 2));
    wrap(&f, NET_PROTOCOL_TCP, bytes);
    return f;
}

static NetDissection *dissect(const Frame *f)
{
    static NetDissection d;

    net_dissect(f->bytes, f->length, &d);
    g_assert_false(d.malformed);
    g_assert_false(d.bad_checksum);
    return &d;
}

static const NetField *field_of(const NetDissection *d, NetLayerKind kind, const char *name)
{
    for (unsigned i = 0; i < d->layer_count; i++) {
        const NetLayer *layer = &d->layers[i];
        for (unsigned k = 0; layer->kind == kind && k < layer->field_count; k++) {
            if (strcmp(d->fields[layer->first_field + k].name, name) == 0)
                return &d->fields[layer->first_field + k];
        }
    }
    g_error("no field %s", name);
}

static void test_dhcp(void)
{
    NetDhcp message = {.operation = NET_DHCP_BOOTREPLY,
                       .xid = 0xabcd,
                       .yours = NET_IP4(10, 0, 2, 15),
                       .type = NET_DHCP_OFFER,
                       .server = NET_IP4(10, 0, 2, 2),
                       .lease_s = 600,
                       .domain = "lab"};
    uint8_t bytes[NET_DHCP_MAX_BYTES];
    size_t length = net_dhcp_write(bytes, &message);
    Frame f = udp(67, 68, bytes, length);
    const NetDissection *d = dissect(&f);

    g_assert_cmpstr(d->protocol, ==, "DHCP");
    g_assert_cmpstr(d->info, ==, "DHCP OFFER of 10.0.2.15 by 10.0.2.2 xid=0x0000abcd");
    g_assert_cmpstr(field_of(d, NET_LAYER_DHCP, "DHCP message type")->text, ==, "2 (OFFER)");
    /* The first option's value: 42 bytes of headers, 240 fixed, two of code and length. */
    g_assert_cmpuint(field_of(d, NET_LAYER_DHCP, "DHCP message type")->bit_offset, ==,
                     (42 + 242) * 8);
    g_assert_cmpstr(field_of(d, NET_LAYER_DHCP, "Lease time")->text, ==, "600 (seconds)");
    g_assert_cmpstr(field_of(d, NET_LAYER_DHCP, "Domain name")->text, ==, "lab");
    g_assert_cmpstr(field_of(d, NET_LAYER_DHCP, "Your address")->text, ==, "10.0.2.15");

    /* Something else on this port is data. */
    f = udp(67, 68, (const uint8_t *)"hello", 5);
    d = dissect(&f);
    g_assert_cmpstr(d->protocol, ==, "UDP");
    g_assert_cmpstr(d->info, ==, "67 \u2192 68 Len=5");
}

static void test_dns(void)
{
    NetDns message = {.id = 7,
                      .is_response = true,
                      .question_count = 1,
                      .name = "www.lab",
                      .type = NET_DNS_A,
                      .class = NET_DNS_CLASS_IN};
    NetDnsRecord record = {.name = "www.lab",
                           .type = NET_DNS_A,
                           .class = NET_DNS_CLASS_IN,
                           .ttl_s = 60,
                           .address = NET_IP4(10, 0, 0, 5)};
    uint8_t bytes[NET_DNS_MAX_BYTES];
    size_t length = net_dns_write(bytes, sizeof bytes, &message);

    length = net_dns_add_answer(bytes, length, sizeof bytes, &record);
    Frame f = udp(53, 40000, bytes, length);
    const NetDissection *d = dissect(&f);
    g_assert_cmpstr(d->protocol, ==, "DNS");
    g_assert_cmpstr(d->info, ==, "DNS response 0x0007 A www.lab A 10.0.0.5");
    g_assert_cmpstr(field_of(d, NET_LAYER_DNS, "Question")->text, ==, "www.lab");
    /* 42 of headers, 12, "www.lab" in 9, 4; then 2 of name, 10, the address. */
    g_assert_cmpuint(field_of(d, NET_LAYER_DNS, "Address")->bit_offset, ==, (42 + 25 + 12) * 8);

    message.is_response = false;
    message.recursion_desired = true;
    length = net_dns_write(bytes, sizeof bytes, &message);
    f = udp(40000, 53, bytes, length);
    g_assert_cmpstr(dissect(&f)->info, ==, "DNS query 0x0007 A www.lab");
    message.is_response = true;
    message.code = NET_DNS_NAME_ERROR;
    length = net_dns_write(bytes, sizeof bytes, &message);
    f = udp(53, 40000, bytes, length);
    g_assert_cmpstr(dissect(&f)->info, ==, "DNS response 0x0007 no such name A www.lab");
}

static void test_http_and_options(void)
{
    Frame f = tcp(NET_TCP_PSH | NET_TCP_ACK, 0, "GET /index HTTP/1.1\r\nHost: a\r\n\r\nbody");
    const NetDissection *d = dissect(&f);

    g_assert_cmpstr(d->protocol, ==, "HTTP");
    g_assert_cmpstr(d->info, ==, "GET /index HTTP/1.1");
    g_assert_cmpstr(field_of(d, NET_LAYER_HTTP, "Request line")->text, ==, "GET /index HTTP/1.1");
    g_assert_cmpstr(field_of(d, NET_LAYER_DATA, "Data")->text, ==, "4 bytes");
    f = tcp(NET_TCP_ACK, 0, "HTTP/1.1 200 OK\r\n\r\n");
    g_assert_cmpstr(dissect(&f)->info, ==, "HTTP/1.1 200 OK");
    f = tcp(NET_TCP_ACK, 0, "GETTING");
    g_assert_cmpstr(dissect(&f)->protocol, ==, "TCP");

    f = tcp(NET_TCP_SYN, 1460, "");
    d = dissect(&f);
    g_assert_cmpstr(d->info, ==, "50000 \u2192 80 [SYN] Seq=1000 Win=100 Len=0 MSS=1460");
    g_assert_cmpuint(field_of(d, NET_LAYER_TCP, "Maximum segment size")->value, ==, 1460);
    g_assert_cmpuint(field_of(d, NET_LAYER_TCP, "Maximum segment size")->bit_offset, ==,
                     (34 + 22) * 8);
}

/* "Fragmentation needed" quotes a segment: its ports, and the MTU that would do. */
static void test_quoted_tcp(void)
{
    Frame inner = tcp(NET_TCP_ACK, 0, "xxxxxxxx"), f = {0};
    NetIcmp icmp = {NET_ICMP_UNREACHABLE, NET_UNREACHABLE_TOO_BIG, 0, 0, 1400};

    net_icmp_write(f.bytes + 34, &icmp);
    memcpy(f.bytes + 42, inner.bytes + 14, 28);
    net_icmp_seal(f.bytes + 34, 36);
    wrap(&f, NET_PROTOCOL_ICMP, 36);
    const NetDissection *d = dissect(&f);
    g_assert_cmpstr(d->protocol, ==, "ICMP");
    g_assert_cmpuint(field_of(d, NET_LAYER_ICMP, "MTU of the next hop")->value, ==, 1400);
    g_assert_cmpuint(field_of(d, NET_LAYER_TCP, "Destination port")->value, ==, 80);
    g_assert_cmpuint(field_of(d, NET_LAYER_TCP, "Sequence number")->value, ==, 1000);
}

/* Of a long frame the first bytes are kept: no less is said of it than they tell. */
static void test_kept(void)
{
    char payload[1400];
    memset(payload, 'x', sizeof payload - 1);
    payload[sizeof payload - 1] = '\0';
    Frame f = tcp(NET_TCP_ACK, 0, payload);
    static NetDissection d;

    net_dissect_kept(f.bytes, 100, f.length, &d);
    g_assert_false(d.malformed || d.bad_checksum);
    g_assert_cmpstr(d.info, ==, "50000 \u2192 80 [ACK] Seq=1000 Ack=0 Win=100 Len=1399");
    g_assert_cmpstr(field_of(&d, NET_LAYER_DATA, "Data")->text, ==, "46 bytes");
    f = udp(5000, 6000, (const uint8_t *)payload, 1000);
    net_dissect_kept(f.bytes, 60, f.length, &d);
    g_assert_false(d.malformed || d.bad_checksum);
    g_assert_cmpstr(d.info, ==, "5000 \u2192 6000 Len=1000");
    /* All of it is kept, and yet the packet says that it is longer. */
    net_dissect(f.bytes, 60, &d);
    g_assert_true(d.malformed);
    /* Cut in the middle of a header. */
    net_dissect_kept(f.bytes, 36, f.length, &d);
    g_assert_true(d.malformed);
}

static void test_stp(void)
{
    static const uint8_t bpdu[] = {
        0x01, 0x80, 0xc2, 0, 0, 0, 2,  0, 0,    0, 0, 1, 0, 38, /* 802.3, 38 bytes */
        0x42, 0x42, 0x03,                                       /* LLC */
        0,    0,    0,    0, 1,                                 /* topology change */
        0x80, 0,    2,    0, 0, 0, 0,  9,                       /* root 32768 / 02:...:09 */
        0,    0,    0,    4,                                    /* cost 4 */
        0x80, 0,    2,    0, 0, 0, 0,  1, 0x80, 2,              /* bridge, port 0x8002 */
        1,    0,    20,   0, 2, 0, 15, 0,                       /* 1, 20, 2 and 15 s */
    };
    Frame f = {.length = 60};

    memcpy(f.bytes, bpdu, sizeof bpdu);
    const NetDissection *d = dissect(&f);
    g_assert_cmpstr(d->protocol, ==, "STP");
    g_assert_cmpstr(d->info, ==, "STP configuration, root 32768 cost 4 port 0x8002");
    g_assert_cmpstr(field_of(d, NET_LAYER_STP, "Root bridge")->text, ==,
                    "32768 / 02:00:00:00:00:09");
    g_assert_cmpuint(field_of(d, NET_LAYER_STP, "Topology change")->value, ==, 1);
    g_assert_cmpuint(field_of(d, NET_LAYER_STP, "Hello time")->value, ==, 512);
    f.bytes[14 + 6] = 0x80;
    g_assert_cmpstr(dissect(&f)->info, ==, "STP topology change notification");
    f.bytes[14] = 0xaa;
    g_assert_cmpstr(dissect(&f)->info, ==, "IEEE 802.3 frame, length 38");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dissect-app/dhcp", test_dhcp);
    g_test_add_func("/dissect-app/dns", test_dns);
    g_test_add_func("/dissect-app/http-and-options", test_http_and_options);
    g_test_add_func("/dissect-app/quoted-tcp", test_quoted_tcp);
    g_test_add_func("/dissect-app/kept", test_kept);
    g_test_add_func("/dissect-app/stp", test_stp);
    return g_test_run();
}
