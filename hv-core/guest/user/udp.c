/* SPDX-License-Identifier: GPL-2.0-or-later */
/* udp.c: UDP sockets: datagrams wait in a ring of their own until they are received. */
#include "hv-core/guest/user/user.h"

#define SOCKET_BYTES 16384u /* of datagrams that wait to be received */

typedef struct {
    uint16_t port;       /* 0: not open */
    uint32_t head, tail; /* bytes ever written and read; the ring holds the difference */
    uint8_t ring[SOCKET_BYTES];
} Socket;

typedef struct {
    uint32_t from;
    uint16_t port;
    uint16_t length;
} Record; /* before each datagram in the ring */

static Socket sockets[UDP_MAX_SOCKETS];

static void ring_write(Socket *s, const void *bytes, size_t length)
{
    for (const uint8_t *from = bytes; length > 0;) {
        size_t at = s->head % SOCKET_BYTES;
        size_t part = length < SOCKET_BYTES - at ? length : SOCKET_BYTES - at;
        memcpy(s->ring + at, from, part);
        s->head += (uint32_t)part;
        from += part;
        length -= part;
    }
}

static void ring_read(Socket *s, void *bytes, size_t length)
{
    for (uint8_t *to = bytes; length > 0;) {
        size_t at = s->tail % SOCKET_BYTES;
        size_t part = length < SOCKET_BYTES - at ? length : SOCKET_BYTES - at;
        memcpy(to, s->ring + at, part);
        s->tail += (uint32_t)part;
        to += part;
        length -= part;
    }
}

/* Datagrams that do not fit are lost, as they may be in UDP. */
static void datagram_arrived(void *user, const NetDatagram *datagram)
{
    Socket *s = user;
    Record record = {datagram->from, datagram->from_port, (uint16_t)datagram->length};
    if (sizeof record + datagram->length > SOCKET_BYTES - (s->head - s->tail))
        return;
    ring_write(s, &record, sizeof record);
    ring_write(s, datagram->bytes, datagram->length);
}

static const NetUdpOps udp_ops = {.receive = datagram_arrived};

static bool is_open(int socket)
{
    return socket >= 0 && socket < UDP_MAX_SOCKETS && sockets[socket].port != 0;
}

int udp_open(uint16_t port)
{
    int socket = 0;
    while (socket < UDP_MAX_SOCKETS && sockets[socket].port != 0)
        socket++;
    if (socket == UDP_MAX_SOCKETS)
        return -1;
    Socket *s = &sockets[socket];
    s->head = s->tail = 0;
    net_lock();
    int bound = net_stack_udp_bind(&net_stack, port, &udp_ops, s);
    net_unlock();
    if (bound <= 0)
        return -1;
    s->port = (uint16_t)bound;
    return socket;
}

void udp_close(int socket)
{
    if (!is_open(socket))
        return;
    net_lock();
    net_stack_udp_close(&net_stack, sockets[socket].port);
    net_unlock();
    sockets[socket].port = 0;
}

int udp_send(int socket, uint32_t to, uint16_t port, const void *bytes, size_t length)
{
    if (!is_open(socket))
        return -1;
    net_ready();
    net_lock();
    int error =
        net_stack_udp_send(&net_stack, sockets[socket].port, to, port, bytes, length, now_ns());
    net_unlock();
    return error;
}

static int take_datagram(Socket *s, void *buffer, size_t size, uint32_t *ret_from,
                         uint16_t *ret_port)
{
    Record record;
    net_lock();
    ring_read(s, &record, sizeof record);
    size_t take = record.length < size ? record.length : size;
    ring_read(s, buffer, take);
    s->tail += (uint32_t)(record.length - take);
    net_unlock();
    *ret_from = record.from;
    *ret_port = record.port;
    return (int)take;
}

int udp_receive(int socket, void *buffer, size_t size, uint32_t *ret_from, uint16_t *ret_port,
                uint64_t timeout_ns)
{
    if (!is_open(socket))
        return -1;
    volatile Socket *s = &sockets[socket];
    uint64_t deadline = net_deadline(timeout_ns);
    for (bool last = false;;) {
        uint32_t seen = net_events;
        if (s->head != s->tail)
            return take_datagram((Socket *)s, buffer, size, ret_from, ret_port);
        if (last)
            return -1;
        last = !net_wait(seen, deadline);
    }
}
