/* SPDX-License-Identifier: GPL-2.0-or-later */
/* endpoint-tcp.c: the TCP services of an endpoint: echo (RFC 862), and a web server
 * of one page (HTTP/1.1, RFC 9112), which says whose it is and where the request
 * came from. Behind a NAT that is not who sent it: the page is there to show that.
 */
#include <string.h>

#include "netsim/endpoint-private.h"
#include "netsim/proto/text.h"

#define CONNECTIONS  64u
#define BUFFER_BYTES 4096u /* each way, of one connection */

void net_endpoint_give_tcp(NetEndpoint *endpoint)
{
    NetTcpMemory memory = {
        .connections = g_new0(NetTcpConnection, CONNECTIONS),
        .count = CONNECTIONS,
        .buffers = g_malloc(CONNECTIONS * 2 * BUFFER_BYTES),
        .send_bytes = BUFFER_BYTES,
        .receive_bytes = BUFFER_BYTES,
    };

    endpoint->tcp = memory;
    net_stack_tcp_init(&endpoint->stack, &memory);
}

void net_endpoint_free_tcp(NetEndpoint *endpoint)
{
    g_hash_table_unref(endpoint->requests);
    g_free(endpoint->tcp.connections);
    g_free(endpoint->tcp.buffers);
}

/* --- echo --- */

/* Takes no more than can be sent back, so that nothing has to be kept. */
static void echo_bytes(NetEndpoint *endpoint, NetTcpId id, NetTime now)
{
    uint8_t bytes[512];
    const NetTcpConnection *connection;

    while ((connection = net_stack_tcp_look(&endpoint->stack, id)) != NULL) {
        size_t room = connection->send_size - connection->send_queued;
        int count =
            net_stack_tcp_receive(&endpoint->stack, id, bytes, MIN(room, sizeof bytes), now);

        if (count == NET_STACK_END) {
            net_stack_tcp_close(&endpoint->stack, id, now);
            return;
        }
        if (count <= 0)
            return;
        net_stack_tcp_send(&endpoint->stack, id, bytes, (size_t)count, now);
    }
}

static void echo_event(void *user, NetTcpId id, NetTcpEvent event, NetTime now)
{
    NetEndpoint *endpoint = user;

    if (event == NET_TCP_ENDED)
        net_stack_tcp_close(&endpoint->stack, id, now);
    else
        echo_bytes(endpoint, id, now);
}

/* --- HTTP --- */

static void send_page(NetEndpoint *endpoint, NetTcpId id, const NetTcpConnection *connection,
                      NetTime now)
{
    uint32_t a = connection->remote;
    g_autofree char *page = g_strdup_printf(
        "<html><body><h1>%s</h1><p>You came from %u.%u.%u.%u, port %u.</p></body></html>\n",
        endpoint->config.name, a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255,
        connection->remote_port);
    g_autofree char *answer = g_strdup_printf("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                                              "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                                              strlen(page), page);

    net_stack_tcp_send(&endpoint->stack, id, answer, strlen(answer), now);
    net_stack_tcp_close(&endpoint->stack, id, now);
}

/* Reads on to the empty line that ends a request's head; what stands in it does not
 * matter here. The state is how much of CR LF CR LF has come. */
static void read_request(NetEndpoint *endpoint, NetTcpId id, NetTime now)
{
    static const char end[] = "\r\n\r\n";
    gpointer key = GUINT_TO_POINTER(id);
    guint seen = GPOINTER_TO_UINT(g_hash_table_lookup(endpoint->requests, key));
    const NetTcpConnection *connection = net_stack_tcp_look(&endpoint->stack, id);
    char byte;
    int count;

    while ((count = net_stack_tcp_receive(&endpoint->stack, id, &byte, 1, now)) == 1) {
        seen = byte == end[seen] ? seen + 1 : byte == '\r';
        if (end[seen] == '\0')
            break;
    }
    if (count == 0) {
        g_hash_table_insert(endpoint->requests, key, GUINT_TO_POINTER(seen));
        return;
    }
    g_hash_table_remove(endpoint->requests, key);
    if (count == 1 && connection != NULL)
        send_page(endpoint, id, connection, now);
    else
        net_stack_tcp_close(&endpoint->stack, id, now);
}

static void http_event(void *user, NetTcpId id, NetTcpEvent event, NetTime now)
{
    NetEndpoint *endpoint = user;

    if (event == NET_TCP_ENDED) {
        g_hash_table_remove(endpoint->requests, GUINT_TO_POINTER(id));
        net_stack_tcp_close(&endpoint->stack, id, now);
    } else {
        read_request(endpoint, id, now);
    }
}

void net_endpoint_listen(NetEndpoint *endpoint)
{
    endpoint->requests = g_hash_table_new(NULL, NULL);
    if (endpoint->config.services & NET_SERVICE_ECHO)
        net_stack_tcp_listen(&endpoint->stack, NET_ECHO_PORT, echo_event, endpoint);
    if (endpoint->config.services & NET_SERVICE_HTTP)
        net_stack_tcp_listen(&endpoint->stack, NET_HTTP_PORT, http_event, endpoint);
}
