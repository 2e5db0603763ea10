/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-dhcp-server.c: messages in, answers out, by RFC 2131. */
#include <glib.h>
#include <string.h>

#include "netsim/dhcp-server.h"

#define SERVER NET_IP4(10, 0, 2, 3)
#define S      NET_NS_PER_SECOND

static const NetMac alice = {{2, 0, 0, 0, 0, 1}}, bob = {{2, 0, 0, 0, 0, 2}};

static NetDhcpServer *new_server(unsigned addresses)
{
    NetDhcpServerConfig config = {
        .address = SERVER,
        .subnet = NET_IP4(10, 0, 2, 0),
        .prefix = 24,
        .first = NET_IP4(10, 0, 2, 4),
        .last = NET_IP4(10, 0, 2, 3) + addresses,
        .router = NET_IP4(10, 0, 2, 1),
        .dns = NET_IP4(10, 0, 2, 1),
        .lease_ns = 1000 * S,
    };

    return net_dhcp_server_new(&config);
}

/* What a server does with a message: "discover, offer 10.0.2.4"; *ret the answer. */
static const char *say(NetDhcpServer *server, const NetDhcp *message, NetTime now, NetDhcp *ret)
{
    static char text[256];
    uint8_t bytes[NET_DHCP_MAX_BYTES];
    NetDhcpAnswer answer;
    NetDhcp complete = *message;

    complete.operation = NET_DHCP_BOOTREQUEST;
    complete.xid = 0x1234;
    net_dhcp_server_input(server, bytes, net_dhcp_write(bytes, &complete), now, &answer);
    *text = '\0';
    for (unsigned i = 0; i < answer.event_count; i++) {
        const NetDhcpEvent *event = &answer.events[i];
        size_t at = strlen(text);
        g_snprintf(text + at, sizeof text - at, "%s%s", i > 0 ? ", " : "",
                   net_dhcp_event_name(event->kind));
        at = strlen(text);
        if (event->address != 0)
            g_snprintf(text + at, sizeof text - at, " .%u", event->address & 255);
    }
    memset(ret, 0, sizeof *ret);
    if (answer.length > 0) {
        g_assert_cmpuint(net_dhcp_parse(answer.bytes, answer.length, ret), >, 0);
        g_assert_cmphex(ret->xid, ==, 0x1234);
        g_assert_cmphex(ret->server, ==, SERVER);
    }
    return text;
}

static NetDhcp message(uint8_t type, NetMac mac)
{
    return (NetDhcp){.type = type, .mac = mac};
}

/* DISCOVER and REQUEST: the usual way to a lease. */
static NetIp4 get_lease(NetDhcpServer *server, NetMac mac, NetTime now)
{
    NetDhcp m = message(NET_DHCP_DISCOVER, mac), answer;

    say(server, &m, now, &answer);
    if (answer.type != NET_DHCP_OFFER)
        return 0;
    m = message(NET_DHCP_REQUEST, mac);
    m.requested = answer.yours;
    m.server = SERVER;
    say(server, &m, now, &answer);
    return answer.type == NET_DHCP_ACK ? answer.yours : 0;
}

static void test_lease(void)
{
    g_autoptr(NetDhcpServer) server = new_server(10);
    NetDhcp m = message(NET_DHCP_DISCOVER, alice), answer;

    g_assert_cmpstr(say(server, &m, 0, &answer), ==, "discover, offer .4");
    g_assert_cmpuint(answer.type, ==, NET_DHCP_OFFER);
    g_assert_cmphex(answer.mask, ==, 0xffffff00);
    g_assert_cmphex(answer.router, ==, NET_IP4(10, 0, 2, 1));
    g_assert_cmphex(answer.dns[0], ==, NET_IP4(10, 0, 2, 1));
    g_assert_cmpuint(answer.lease_s, ==, 1000);
    g_assert_cmpuint(answer.renewal_s, ==, 500);
    g_assert_cmpuint(answer.rebinding_s, ==, 875);
    m = message(NET_DHCP_REQUEST, alice);
    m.requested = NET_IP4(10, 0, 2, 4);
    m.server = SERVER;
    strcpy(m.host_name, "alice");
    g_assert_cmpstr(say(server, &m, S, &answer), ==, "request .4, ack .4");
    g_assert_cmpuint(net_dhcp_server_deadline(server), ==, 1001 * S);
    g_assert_cmphex(net_dhcp_server_find(server, "ALICE"), ==, NET_IP4(10, 0, 2, 4));
    g_assert_cmphex(net_dhcp_server_find(server, "bob"), ==, 0);

    g_autoptr(GArray) leases = g_array_new(FALSE, FALSE, sizeof(NetLease));
    net_dhcp_server_list(server, leases);
    g_assert_cmpuint(leases->len, ==, 1);
    g_assert_cmpuint(g_array_index(leases, NetLease, 0).state, ==, NET_LEASE_BOUND);
    g_assert_cmpuint(g_array_index(leases, NetLease, 0).expires, ==, 1001 * S);
    g_assert_cmphex(get_lease(server, bob, 0), ==, NET_IP4(10, 0, 2, 5));
}

static void test_renew_and_expire(void)
{
    g_autoptr(NetDhcpServer) server = new_server(10);
    NetDhcp m, answer;
    NetDhcpEvent event;

    get_lease(server, alice, 0);
    m = message(NET_DHCP_REQUEST, alice); /* RENEWING: by unicast, with its address */
    m.client = NET_IP4(10, 0, 2, 4);
    g_assert_cmpstr(say(server, &m, 500 * S, &answer), ==, "request .4, ack .4");
    g_assert_false(net_dhcp_server_expire(server, 1499 * S, &event));
    g_assert_true(net_dhcp_server_expire(server, 1500 * S, &event));
    g_assert_cmpuint(event.kind, ==, NET_DHCP_EVENT_EXPIRED);
    g_assert_cmphex(event.address, ==, NET_IP4(10, 0, 2, 4));
    g_assert_false(net_dhcp_server_expire(server, 1500 * S, &event));
    /* Bob gets one that nobody had; Alice, coming back, the one she had. */
    g_assert_cmphex(get_lease(server, bob, 1600 * S), ==, NET_IP4(10, 0, 2, 5));
    g_assert_cmphex(get_lease(server, alice, 1600 * S), ==, NET_IP4(10, 0, 2, 4));
}

static void test_refusals(void)
{
    g_autoptr(NetDhcpServer) server = new_server(10);
    NetDhcp m, answer;

    get_lease(server, alice, 0);
    m = message(NET_DHCP_REQUEST, bob); /* another one's address */
    m.requested = NET_IP4(10, 0, 2, 4);
    m.server = SERVER;
    g_assert_cmpstr(say(server, &m, 0, &answer), ==, "request .4, nak .4");
    m = message(NET_DHCP_REQUEST, bob); /* INIT-REBOOT from another network */
    m.requested = NET_IP4(192, 168, 7, 7);
    g_assert_cmpstr(say(server, &m, 0, &answer), ==, "request .7, nak .7");
    m.requested = NET_IP4(10, 0, 2, 9); /* from here, but we know nothing of it: silence */
    g_assert_cmpstr(say(server, &m, 0, &answer), ==, "request .9");
    g_assert_cmpuint(answer.type, ==, 0);
    m = message(NET_DHCP_REQUEST, alice); /* INIT-REBOOT, and we do */
    m.requested = NET_IP4(10, 0, 2, 4);
    g_assert_cmpstr(say(server, &m, 0, &answer), ==, "request .4, ack .4");
    m = message(NET_DHCP_DISCOVER, bob); /* an offer that Bob leaves for another server's */
    g_assert_cmpstr(say(server, &m, 0, &answer), ==, "discover, offer .5");
    m = message(NET_DHCP_REQUEST, bob);
    m.requested = NET_IP4(10, 0, 2, 200);
    m.server = NET_IP4(10, 0, 2, 99);
    g_assert_cmpstr(say(server, &m, 0, &answer), ==, "request .200");
    g_assert_cmpuint(net_dhcp_server_deadline(server), ==, 1000 * S); /* Alice's, no other */
}

static void test_release_and_decline(void)
{
    g_autoptr(NetDhcpServer) server = new_server(2);
    NetDhcp m, answer;

    get_lease(server, alice, 0);
    m = message(NET_DHCP_RELEASE, bob); /* not his */
    m.client = NET_IP4(10, 0, 2, 4);
    say(server, &m, 0, &answer);
    g_assert_cmpuint(net_dhcp_server_deadline(server), ==, 1000 * S);
    m.mac = alice;
    g_assert_cmpstr(say(server, &m, 0, &answer), ==, "release .4");
    g_assert_cmpuint(net_dhcp_server_deadline(server), ==, NET_TIME_NEVER);
    g_assert_cmphex(get_lease(server, alice, 0), ==, NET_IP4(10, 0, 2, 4));
    m = message(NET_DHCP_DECLINE, alice);
    m.requested = NET_IP4(10, 0, 2, 4);
    m.server = SERVER;
    g_assert_cmpstr(say(server, &m, 0, &answer), ==, "decline .4");
    g_assert_cmphex(get_lease(server, alice, 0), ==, NET_IP4(10, 0, 2, 5));
    g_assert_cmphex(get_lease(server, bob, 0), ==, 0); /* .4 is in use, by whomever */
}

static void test_reservation(void)
{
    NetReservation reservations[] = {{bob, NET_IP4(10, 0, 2, 4)}, {alice, NET_IP4(10, 0, 2, 200)}};
    NetDhcpServerConfig config = {
        .address = SERVER,
        .subnet = NET_IP4(10, 0, 2, 0),
        .prefix = 24,
        .first = NET_IP4(10, 0, 2, 4),
        .last = NET_IP4(10, 0, 2, 5),
        .reservations = reservations,
        .reservation_count = 2,
    };
    g_autoptr(NetDhcpServer) server = net_dhcp_server_new(&config);

    g_assert_cmphex(get_lease(server, (NetMac){{2, 0, 0, 0, 0, 9}}, 0), ==, NET_IP4(10, 0, 2, 5));
    g_assert_cmphex(get_lease(server, (NetMac){{2, 0, 0, 0, 0, 8}}, 0), ==, 0); /* .4 is Bob's */
    g_assert_cmphex(get_lease(server, alice, 0), ==, NET_IP4(10, 0, 2, 200));
    g_assert_cmphex(get_lease(server, bob, 0), ==, NET_IP4(10, 0, 2, 4));
}

/* 100,000 invented clients empty the range and no more; a lease that runs out is given
 * to the next who asks. */
static void test_starvation(void)
{
    g_autoptr(NetDhcpServer) server = new_server(251);
    unsigned given = 0, refused = 0;
    NetDhcpEvent event;

    for (uint32_t i = 0; i < 100000; i++) {
        NetMac mac = {{2, 1, 0, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};
        if (get_lease(server, mac, i) != 0)
            given++;
        else
            refused++;
    }
    g_assert_cmpuint(given, ==, 251);
    g_assert_cmpuint(refused, ==, 100000 - 251);
    g_autoptr(GArray) leases = g_array_new(FALSE, FALSE, sizeof(NetLease));
    net_dhcp_server_list(server, leases);
    g_assert_cmpuint(leases->len, ==, 251);
    g_assert_true(net_dhcp_server_expire(server, 1000 * S, &event));
    g_assert_cmphex(event.address, ==, NET_IP4(10, 0, 2, 4));
    g_assert_cmphex(get_lease(server, bob, 1000 * S), ==, NET_IP4(10, 0, 2, 4));
}

/* Offers alone do it too, but only for half a minute. */
static void test_offers_end(void)
{
    g_autoptr(NetDhcpServer) server = new_server(1);
    NetDhcp m = message(NET_DHCP_DISCOVER, alice), answer;
    NetDhcpEvent event;

    g_assert_cmpstr(say(server, &m, 0, &answer), ==, "discover, offer .4");
    m.mac = bob;
    g_assert_cmpstr(say(server, &m, 29 * S, &answer), ==, "discover, exhausted");
    g_assert_cmpuint(net_dhcp_server_deadline(server), ==, 30 * S);
    g_assert_false(net_dhcp_server_expire(server, 30 * S, &event)); /* no lease, so no event */
    g_assert_cmpstr(say(server, &m, 30 * S, &answer), ==, "discover, offer .4");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dhcp-server/lease", test_lease);
    g_test_add_func("/dhcp-server/renew-and-expire", test_renew_and_expire);
    g_test_add_func("/dhcp-server/refusals", test_refusals);
    g_test_add_func("/dhcp-server/release-and-decline", test_release_and_decline);
    g_test_add_func("/dhcp-server/reservation", test_reservation);
    g_test_add_func("/dhcp-server/starvation", test_starvation);
    g_test_add_func("/dhcp-server/offers-end", test_offers_end);
    return g_test_run();
}
