/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tcp.c: TCP sockets. The stack's connections do the work (netsim/proto/stack-tcp.h);
 * a socket here remembers which one it is, and waits by sleeping until an upcall. The
 * first socket gives the stack buffers, so images that use none do not carry them. */
#include "hv-core/guest/user/user.h"

#define BUFFER_BYTES 16384u /* of a connection, each way */
#define MAX_BACKLOG  8      /* connections that wait for tcp_accept() */

typedef struct {
    bool in_use, connected;
    uint16_t port; /* that it listens on; 0: it is a connection */
    NetTcpId id;
    uint8_t backlog_count;
    NetTcpId backlog[MAX_BACKLOG];
} TcpSocket;

static TcpSocket tcp_sockets[TCP_MAX_SOCKETS];
static uint8_t tcp_buffers[TCP_MAX_SOCKETS][2][BUFFER_BYTES];

static int new_socket(void)
{
    for (int i = 0; i < TCP_MAX_SOCKETS; i++) {
        if (tcp_sockets[i].in_use)
            continue;
        tcp_sockets[i] = (TcpSocket){.in_use = true};
        if (net_stack.tcp.memory.buffers == NULL)
            net_stack_tcp_give_buffers(&net_stack, tcp_buffers[0][0], BUFFER_BYTES, BUFFER_BYTES);
        return i;
    }
    return TCP_NO_ROOM;
}

static TcpSocket *socket_at(int socket, bool listens)
{
    if (socket < 0 || socket >= TCP_MAX_SOCKETS || !tcp_sockets[socket].in_use ||
        (tcp_sockets[socket].port != 0) != listens)
        return NULL;
    return &tcp_sockets[socket];
}

/* Why a connection is over, as our callers are told. */
static int error_of(NetTcpId id)
{
    const NetTcpConnection *c = net_stack_tcp_look(&net_stack, id);
    switch (c ? (NetTcpEnd)c->end : NET_TCP_END_RESET) {
    case NET_TCP_END_REFUSED: return TCP_REFUSED;
    case NET_TCP_END_UNREACHABLE: return TCP_UNREACHABLE;
    case NET_TCP_END_TIMEOUT: return TCP_TIMED_OUT;
    case NET_TCP_END_CLOSED: return 0;
    default: return TCP_RESET;
    }
}

const char *tcp_error_text(int error)
{
    static const char *const texts[] = {
        "no error",
        "timed out",
        "connection refused",
        "destination unreachable",
        "connection reset by peer",
        "no socket is free, or the port is taken",
    };
    unsigned number = (unsigned)-error;
    return number < sizeof texts / sizeof texts[0] ? texts[number] : "?";
}

/* ---- Opening ------------------------------------------------------------- */

/* More than the backlog takes are turned away. */
static void on_listener(void *user, NetTcpId id, NetTcpEvent event, NetTime now)
{
    TcpSocket *s = user;
    if (event == NET_TCP_ACCEPTED) {
        net_stack_tcp_set_handler(&net_stack, id, NULL, NULL);
        if (s->backlog_count < MAX_BACKLOG)
            s->backlog[s->backlog_count++] = id;
        else
            net_stack_tcp_abort(&net_stack, id, now);
    }
}

int tcp_listen(uint16_t port)
{
    net_lock();
    int socket = new_socket();
    if (socket >= 0) {
        TcpSocket *s = &tcp_sockets[socket];
        int bound = net_stack_tcp_listen(&net_stack, port, on_listener, s);
        s->port = bound > 0 ? (uint16_t)bound : 0;
        s->in_use = bound > 0;
        if (bound <= 0)
            socket = TCP_NO_ROOM;
    }
    net_unlock();
    return socket;
}

static int take_accepted(TcpSocket *s)
{
    int socket = TCP_TIMED_OUT;
    net_lock();
    if (s->backlog_count > 0)
        socket = new_socket();
    if (socket >= 0) {
        tcp_sockets[socket].id = s->backlog[0];
        tcp_sockets[socket].connected = true;
        s->backlog_count--;
        for (unsigned i = 0; i < s->backlog_count; i++)
            s->backlog[i] = s->backlog[i + 1];
    }
    net_unlock();
    return socket;
}

int tcp_accept(int listener, uint64_t timeout_ns)
{
    TcpSocket *s = socket_at(listener, true);
    if (!s)
        return TCP_RESET;
    uint64_t deadline = net_deadline(timeout_ns);
    for (bool last = false;;) {
        uint32_t seen = net_events;
        int socket = take_accepted(s);
        if (socket != TCP_TIMED_OUT || last)
            return socket;
        last = !net_wait(seen, deadline);
    }
}

static void on_connection(void *user, NetTcpId id, NetTcpEvent event, NetTime now)
{
    TcpSocket *s = user;
    if (event == NET_TCP_CONNECTED)
        s->connected = true;
}

int tcp_connect(uint32_t to, uint16_t port, uint64_t timeout_ns)
{
    net_ready();
    net_lock();
    int socket = new_socket();
    volatile TcpSocket *s = &tcp_sockets[socket >= 0 ? socket : 0];
    int error = socket < 0 ? NET_STACK_NO_ROOM
                           : net_stack_tcp_connect(&net_stack, to, port, on_connection, (void *)s,
                                                   now_ns(), (NetTcpId *)&s->id);
    if (error < 0 && socket >= 0)
        s->in_use = false;
    net_unlock();
    if (error < 0)
        return error == NET_STACK_NO_ROOM ? TCP_NO_ROOM : TCP_UNREACHABLE;
    uint64_t deadline = net_deadline(timeout_ns);
    for (bool last = false; !s->connected;) {
        uint32_t seen = net_events;
        const volatile NetTcpConnection *c = net_stack_tcp_look(&net_stack, s->id);
        if (last || c->end != NET_TCP_NOT_ENDED) {
            error = last ? TCP_TIMED_OUT : error_of(s->id);
            tcp_close(socket);
            return error;
        }
        if (!s->connected)
            last = !net_wait(seen, deadline);
    }
    return socket;
}

/* ---- Bytes --------------------------------------------------------------- */

int tcp_send(int socket, const void *bytes, size_t length, uint64_t timeout_ns)
{
    TcpSocket *s = socket_at(socket, false);
    const uint8_t *from = bytes;
    if (!s)
        return TCP_RESET;
    uint64_t deadline = net_deadline(timeout_ns);
    for (bool last = false; length > 0;) {
        uint32_t seen = net_events;
        net_lock();
        int took = net_stack_tcp_send(&net_stack, s->id, from, length, now_ns());
        net_unlock();
        if (took < 0)
            return error_of(s->id) != 0 ? error_of(s->id) : TCP_RESET;
        from += took;
        length -= (size_t)took;
        if (length > 0 && took == 0) {
            if (last)
                return TCP_TIMED_OUT;
            last = !net_wait(seen, deadline);
        }
    }
    return 0;
}

int tcp_receive(int socket, void *buffer, size_t size, uint64_t timeout_ns)
{
    TcpSocket *s = socket_at(socket, false);
    if (!s)
        return TCP_RESET;
    uint64_t deadline = net_deadline(timeout_ns);
    for (bool last = false;;) {
        uint32_t seen = net_events;
        net_lock();
        int count = net_stack_tcp_receive(&net_stack, s->id, buffer, size, now_ns());
        bool at_end = count == NET_STACK_END && net_stack_tcp_look(&net_stack, s->id)->fin_taken;
        net_unlock();
        if (count > 0 || at_end)
            return at_end ? 0 : count;
        if (count < 0)
            return error_of(s->id);
        if (last)
            return TCP_TIMED_OUT;
        last = !net_wait(seen, deadline);
    }
}

void tcp_shutdown(int socket)
{
    TcpSocket *s = socket_at(socket, false);
    if (!s)
        return;
    net_lock();
    net_stack_tcp_shutdown(&net_stack, s->id, now_ns());
    net_unlock();
}

void tcp_close(int socket)
{
    if (socket < 0 || socket >= TCP_MAX_SOCKETS || !tcp_sockets[socket].in_use)
        return;
    TcpSocket *s = &tcp_sockets[socket];
    uint64_t now = now_ns();
    net_lock();
    if (s->port != 0) {
        net_stack_tcp_unlisten(&net_stack, s->port);
        for (unsigned i = 0; i < s->backlog_count; i++)
            net_stack_tcp_abort(&net_stack, s->backlog[i], now);
    } else {
        net_stack_tcp_close(&net_stack, s->id, now);
    }
    s->in_use = false;
    net_unlock();
}

uint32_t tcp_peer(int socket, uint16_t *ret_port)
{
    TcpSocket *s = socket_at(socket, false);
    const NetTcpConnection *c = s ? net_stack_tcp_look(&net_stack, s->id) : NULL;
    *ret_port = c ? c->remote_port : 0;
    return c ? c->remote : 0;
}
