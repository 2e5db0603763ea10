/* SPDX-License-Identifier: GPL-2.0-or-later */
/* get URL: fetches http://HOST[:PORT]/PATH ("http://" may be left out) and prints it; of
 * a long answer the first 2000 bytes, how long it was, and its check sum as the command
 * cksum prints it (POSIX.1-2017, cksum), so that what came can be compared with what was
 * sent. Exit code 0: the server said 200; 1: something else, or nothing; 2: bad usage. */
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

/* The check sum of cksum: a CRC-32 with the generator 0x04c11db7, the highest bit first, four
 * bits at a time; row i is what i, shifted out, adds. */
static uint32_t crc_of(uint32_t crc, const void *bytes, size_t length)
{
    static const uint32_t rows[16] = {
        0x00000000, 0x04c11db7, 0x09823b6e, 0x0d4326d9, 0x130476dc, 0x17c56b6b,
        0x1a864db2, 0x1e475005, 0x2608edb8, 0x22c9f00f, 0x2f8ad6d6, 0x2b4bcb61,
        0x350c9b64, 0x31cd86d3, 0x3c8ea00a, 0x384fbdbd,
    };
    for (const uint8_t *at = bytes, *end = at + length; at < end; at++) {
        crc ^= (uint32_t)*at << 24;
        crc = crc << 4 ^ rows[crc >> 28];
        crc = crc << 4 ^ rows[crc >> 28];
    }
    return crc;
}

/* The length follows the bytes, its lowest byte first, without leading zeros. */
static uint32_t cksum_of(uint32_t crc, uint64_t length)
{
    for (; length > 0; length >>= 8)
        crc = crc_of(crc, &(uint8_t){(uint8_t)length}, 1);
    return ~crc;
}

/* Prints in pieces, because a line of printf is short. */
static void show(char *bytes, size_t length)
{
    char last = bytes[length];
    bytes[length] = '\0';
    print(bytes);
    bytes[length] = last;
}

typedef struct {
    char kept[SHOWN_BYTES + 1]; /* the first bytes, `shown` of them */
    size_t shown;
    size_t body;    /* where the body begins, 0: the head has not ended */
    uint64_t total; /* bytes received, head and body */
    uint32_t crc;   /* over the body */
} Answer;

static void take(Answer *answer, const char *bytes, size_t length)
{
    size_t room = SHOWN_BYTES - answer->shown, kept = length < room ? length : room;
    memcpy(answer->kept + answer->shown, bytes, kept);
    answer->shown += kept;
    if (answer->body == 0)
        answer->body = body_at(answer->kept, answer->shown);
    size_t skip = answer->body > answer->total ? answer->body - answer->total : 0;
    answer->total += length;
    if (answer->body > 0)
        answer->crc = crc_of(answer->crc, bytes + skip, length - skip);
}

/* Reads until the server closes. Returns its status code; 0: that made no sense. */
static unsigned read_answer(int socket)
{
    static Answer answer;
    static char bytes[4096];
    int count;
    memset(&answer, 0, sizeof answer); /* the shell runs us more than once */
    while ((count = tcp_receive(socket, bytes, sizeof bytes, PATIENCE_NS)) > 0)
        take(&answer, bytes, (size_t)count);
    if (count < 0)
        printf("get: %s\n", tcp_error_text(count));
    if (answer.body == 0 || strncmp(answer.kept, "HTTP/1.", 7) != 0)
        return 0;
    const char *end;
    unsigned status = (unsigned)parse_number(answer.kept + 9, &end);
    show(answer.kept + answer.body, answer.shown - answer.body);
    if (answer.total > answer.shown)
        print("...\n");
    uint64_t length = answer.total - answer.body;
    printf("get: status %u, %lu bytes, cksum %u\n", status, length, cksum_of(answer.crc, length));
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
