/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dhcp-server.c: fuzzes the DHCP server with a script of messages and times.
 *
 * The input is a list of records: a byte that says how, two bytes of length, then so
 * many bytes. Half of the messages are built from a few of their bytes, so that they
 * get past the parser. Whatever happens, an answer is a well-formed message that
 * gives an address of the range, no address is bound twice, and there are never more
 * leases than addresses.
 */
#include <glib.h>
#include <string.h>

#include "netsim/dhcp-server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIRST NET_IP4(10, 0, 2, 4)
#define LAST  NET_IP4(10, 0, 2, 9)

static void check(const NetDhcpServer *server, const NetDhcpAnswer *answer)
{
    g_autoptr(GArray) leases = g_array_new(FALSE, FALSE, sizeof(NetLease));
    NetDhcp reply;

    g_assert(answer->event_count <= G_N_ELEMENTS(answer->events));
    if (answer->length > 0) {
        g_assert(net_dhcp_parse(answer->bytes, answer->length, &reply) > 0);
        g_assert(reply.operation == NET_DHCP_BOOTREPLY);
        g_assert(reply.yours == 0 || (reply.yours >= FIRST && reply.yours <= LAST));
        g_assert(answer->address != 0);
    }
    net_dhcp_server_list(server, leases);
    g_assert(leases->len <= LAST - FIRST + 1);
    for (guint i = 1; i < leases->len; i++)
        g_assert(g_array_index(leases, NetLease, i - 1).address <
                 g_array_index(leases, NetLease, i).address);
}

static size_t build(uint8_t *to, const uint8_t *bytes)
{
    NetDhcp message = {
        .operation = NET_DHCP_BOOTREQUEST,
        .type = bytes[0] % 9,
        .mac = {{2, 0, 0, 0, 0, bytes[1] % 12}},
        .requested = bytes[2] != 0 ? NET_IP4(10, 0, 2, bytes[2]) : 0,
        .server = bytes[3] % 3 == 0 ? 0 : NET_IP4(10, 0, 2, 1 + bytes[3] % 3),
        .client = bytes[4] != 0 ? NET_IP4(10, 0, 2, bytes[4]) : 0,
        .broadcast = bytes[5] & 1,
        .client_id_bytes = bytes[5] % 3,
        .client_id = {bytes[6], bytes[7]},
    };

    if (bytes[5] & 8)
        g_snprintf(message.host_name, sizeof message.host_name, "vm%u", bytes[6]);
    return net_dhcp_write(to, &message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    NetReservation reservation = {{{2, 0, 0, 0, 0, 3}}, NET_IP4(10, 0, 2, 5)};
    NetDhcpServerConfig config = {
        .address = NET_IP4(10, 0, 2, 3),
        .subnet = NET_IP4(10, 0, 2, 0),
        .prefix = 24,
        .first = FIRST,
        .last = LAST,
        .reservations = &reservation,
        .reservation_count = 1,
    };
    g_autoptr(NetDhcpServer) server = net_dhcp_server_new(&config);
    NetTime now = 0;

    while (size >= 3) {
        uint8_t built[NET_DHCP_MAX_BYTES];
        size_t length = MIN((size_t)(data[1] << 8 | data[2]), size - 3);
        const uint8_t *bytes = data + 3;
        NetDhcpAnswer answer = {0};
        NetDhcpEvent event;
        if (data[0] % 4 == 0) {
            now += (NetTime)length * 20 * NET_NS_PER_SECOND;
            while (net_dhcp_server_expire(server, now, &event))
                g_assert(event.kind == NET_DHCP_EVENT_EXPIRED);
            g_assert(net_dhcp_server_deadline(server) > now);
        } else if (data[0] % 4 == 1) {
            net_dhcp_server_input(server, bytes, length, now, &answer);
        } else if (length >= 8) {
            net_dhcp_server_input(server, built, build(built, bytes), now, &answer);
        }
        check(server, &answer);
        data += 3 + length;
        size -= 3 + length;
    }
    return 0;
}
