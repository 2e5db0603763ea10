/* SPDX-License-Identifier: GPL-2.0-or-later */
/* get URL: fetches http://HOST[:PORT]/PATH ("http://" may be left out) and prints it; of
 * a long answer the first 2000 bytes and how long it was. Exit code 0: the server said
 * 200; 1: something else, or nothing; 2: bad usage. */
#include "hv-core/guest/hvlab.h"

#define PATIENCE_NS (30 * NS_PER_SEC)
#define SHOWN_BYTES 2000u
#define HOST_BYTES  128u

typedef struct {
    char host[HOST_BYTES];
    uint16_t port;
    const char *path;
} Url;

static bool parse_url(const char *text, Url *url)
{
    size_t length = 0;
    if (strncmp(text, "http://", 7) == 0)
        text += 7;
    for (; *text && *text != ':' && *text != '/' && length + 1 < HOST_BYTES; text++)
        url->host[length++] = *text;
    url->host[length] = '\0';
    url->port = 80;
    if (*text == ':') {
        uint64_t port = parse_number(text + 1, &text);
        if (port == 0 || port > UINT16_MAX)
            return false;
        url->port = (uint16_t)port;
    }
    url->path = *text ? text : "/";
    return length > 0 && *url->path == '/';
}

static bool request(int socket, const Url *url)
{
    char text[512];
    int length = snprintf(text, sizeof text,
                          "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: hvlab\r\n"
                          "Connection: close\r\n\r\n",
                          url->path, url->host);
    return length < (int)sizeof text && tcp_send(socket, text, (size_t)length, PATIENCE_NS) == 0;
}

/* Where the body begins in the first `length` bytes; 0: the head has not ended. */
static size_t body_at(const char *bytes, size_t length)
{
    for (size_t i = 4; i <= length; i++) {
        if (memcmp(bytes + i - 4, "\r\n\r\n", 4) == 0)
            return i;
    }
    return 0;
}

/* Prints in pieces, because a line of printf is short. */
static void show(char *bytes, size_t length)
{
    char last = bytes[length];
    bytes[length] = '\0';
    print(bytes);
    bytes[length] = last;
}

/* Reads until the server closes. Returns its status code; 0: that made no sense. */
static unsigned read_answer(int socket)
{
    static char kept[SHOWN_BYTES + 1], spare[4096];
    uint64_t total = 0;
    int count;
    do {
        bool keep = total < SHOWN_BYTES;
        count = keep ? tcp_receive(socket, kept + total, SHOWN_BYTES - total, PATIENCE_NS)
                     : tcp_receive(socket, spare, sizeof spare, PATIENCE_NS);
        total += count > 0 ? (uint64_t)count : 0;
    } while (count > 0);
    size_t shown = total < SHOWN_BYTES ? total : SHOWN_BYTES, body = body_at(kept, shown);
    if (count < 0)
        printf("get: %s\n", tcp_error_text(count));
    if (body == 0 || strncmp(kept, "HTTP/1.", 7) != 0)
        return 0;
    const char *end;
    unsigned status = (unsigned)parse_number(kept + 9, &end);
    show(kept + body, shown - body);
    if (total > shown)
        print("...\n");
    printf("get: status %u, %lu bytes\n", status, total - body);
    return count < 0 ? 0 : status;
}

int main(int argc, char **argv)
{
    static Url url;
    uint32_t address;
    if (argc != 2 || !parse_url(argv[1], &url)) {
        print("usage: get [http://]HOST[:PORT][/PATH]\n");
        return 2;
    }
    if (!resolve(url.host, &address)) {
        printf("get: %s: name not known\n", url.host);
        return 1;
    }
    uint64_t began = now_ns();
    int socket = tcp_connect(address, url.port, PATIENCE_NS);
    if (socket < 0) {
        printf("get: %s: %s\n", url.host, tcp_error_text(socket));
        return 1;
    }
    unsigned status = request(socket, &url) ? read_answer(socket) : 0;
    tcp_close(socket);
    printf("get: took %lu us\n", (now_ns() - began) / NS_PER_US);
    return status == 200 ? 0 : 1;
}
