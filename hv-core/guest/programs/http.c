/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http [PORT [COUNT]]: a web server (RFC 9112) on port 80 unless told. "/" is a page that
 * greets, "/bytes/N" is N bytes, anything else is not found. It serves one client after
 * another, and ends after COUNT requests if told so. */
#include "hv-core/guest/hvlab.h"

#define REQUEST_BYTES 1024
#define PATIENCE_NS   (10 * NS_PER_SEC)

/* Reads up to the empty line that ends a request's head; false: it did not come. */
static bool read_request(int socket, char request[REQUEST_BYTES])
{
    size_t length = 0;
    while (length + 1 < REQUEST_BYTES) {
        int count = tcp_receive(socket, request + length, REQUEST_BYTES - 1 - length, PATIENCE_NS);
        if (count <= 0)
            return false;
        length += (size_t)count;
        request[length] = '\0';
        for (size_t i = 3; i < length; i++) {
            if (memcmp(request + i - 3, "\r\n\r\n", 4) == 0)
                return true;
        }
    }
    return false;
}

/* The path of "GET PATH HTTP/1.1"; NULL: it is something else. */
static char *path_of(char *request)
{
    if (strncmp(request, "GET /", 5) != 0)
        return NULL;
    char *path = request + 4, *end = path;
    while (*end > ' ')
        end++;
    *end = '\0';
    return path;
}

static void send_head(int socket, const char *status, uint64_t length)
{
    char head[160];
    int bytes = snprintf(head, sizeof head,
                         "HTTP/1.1 %s\r\nServer: hvlab\r\nContent-Type: text/plain\r\n"
                         "Content-Length: %lu\r\nConnection: close\r\n\r\n",
                         status, length);
    tcp_send(socket, head, (size_t)bytes, PATIENCE_NS);
}

static void send_text(int socket, const char *status, const char *text)
{
    send_head(socket, status, strlen(text));
    tcp_send(socket, text, strlen(text), PATIENCE_NS);
}

/* Byte i of the answer is the letter i mod 26. */
static void send_bytes(int socket, uint64_t count)
{
    static char bytes[26 * 64];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)('a' + i % 26);
    send_head(socket, "200 OK", count);
    while (count > 0) {
        size_t part = count < sizeof bytes ? (size_t)count : sizeof bytes;
        if (tcp_send(socket, bytes, part, PATIENCE_NS) != 0)
            return;
        count -= part;
    }
}

static void answer(int socket, char *path)
{
    const char *end;
    if (!path) {
        send_text(socket, "400 Bad Request", "Only GET is understood.\n");
    } else if (strcmp(path, "/") == 0) {
        send_text(socket, "200 OK", "Hello from this VM\n");
    } else if (strncmp(path, "/bytes/", 7) == 0) {
        uint64_t count = parse_number(path + 7, &end);
        if (*end)
            send_text(socket, "404 Not Found", "How many bytes?\n");
        else
            send_bytes(socket, count);
    } else {
        send_text(socket, "404 Not Found", "There is no such page.\n");
    }
}

static void serve(int socket)
{
    static char request[REQUEST_BYTES];
    char address[ADDRESS_TEXT_BYTES];
    uint16_t port;
    uint32_t peer = tcp_peer(socket, &port);
    if (read_request(socket, request)) {
        char *path = path_of(request);
        printf("http: %s GET %s\n", address_text(peer, address), path ? path : "?");
        answer(socket, path);
    }
    tcp_close(socket);
}

int main(int argc, char **argv)
{
    const char *end = "", *more = "";
    uint64_t port = argc > 1 ? parse_number(argv[1], &end) : 80;
    uint64_t count = argc > 2 ? parse_number(argv[2], &more) : UINT64_MAX;
    if (argc > 3 || *end || *more || port == 0 || port > UINT16_MAX) {
        print("usage: http [PORT [COUNT]]\n");
        return 2;
    }
    int listener = tcp_listen((uint16_t)port);
    if (listener < 0) {
        printf("http: port %lu: %s\n", port, tcp_error_text(listener));
        return 1;
    }
    printf("http: listening on TCP port %lu\n", port);
    for (; count > 0; count--) {
        int socket = tcp_accept(listener, FOREVER);
        if (socket >= 0)
            serve(socket);
    }
    tcp_close(listener);
    return 0;
}
