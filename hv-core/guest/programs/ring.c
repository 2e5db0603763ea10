/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ring NEXT [ROUNDS]: messages between VMs. Each VM of a ring runs this program and
 * passes on what it receives to NEXT, by UDP. The one that is told ROUNDS sends the
 * first message, and when it has gone round so often says how long a hop took, marks
 * that, in ns, and lets everybody stop. Exit code 0: no message was lost; 1: one did
 * not come within a second. */
#include "hv-core/guest/hvlab.h"

#define PORT        7000
#define PATIENCE_NS NS_PER_SEC

typedef struct {
    uint32_t rounds; /* still to go; 0: stop */
    uint32_t hops;   /* so far */
} Message;

static int udp;
static uint32_t next;

static bool receive(Message *ret_message, uint64_t timeout_ns)
{
    uint32_t from;
    uint16_t port;
    return udp_receive(udp, ret_message, sizeof *ret_message, &from, &port, timeout_ns) ==
           sizeof *ret_message;
}

static void send(Message message)
{
    message.hops++;
    udp_send(udp, next, PORT, &message, sizeof message);
}

static int pass_on(void)
{
    Message message = {.rounds = 1};
    while (message.rounds > 0) {
        if (!receive(&message, FOREVER))
            return 1;
        send(message);
    }
    return 0;
}

static int begin_ring(uint32_t rounds)
{
    Message message = {.rounds = 1};
    send(message); /* The first round finds out hardware addresses and is not counted. */
    if (!receive(&message, PATIENCE_NS))
        return 1;
    uint32_t before = message.hops;
    uint64_t begin = now_ns();
    for (message.rounds = rounds; message.rounds > 0; message.rounds--) {
        send(message);
        if (!receive(&message, PATIENCE_NS))
            return 1;
    }
    uint64_t hops = message.hops - before, hop_ns = (now_ns() - begin) / hops;
    printf("ring: %lu hops, %lu ns each\n", hops, hop_ns);
    mark(hop_ns);
    send((Message){0});
    return receive(&message, PATIENCE_NS) ? 0 : 1;
}

int main(int argc, char **argv)
{
    const char *end = "";
    uint64_t rounds = argc == 3 ? parse_number(argv[2], &end) : 0;
    if (argc < 2 || argc > 3 || (argc == 3 && (rounds == 0 || rounds > UINT32_MAX)) || *end ||
        !resolve(argv[1], &next)) {
        print("usage: ring NEXT [ROUNDS]; NEXT: a host, or a dotted address\n");
        return 2;
    }
    udp = udp_open(PORT);
    int code = udp < 0 ? 1 : argc == 3 ? begin_ring((uint32_t)rounds) : pass_on();
    if (code != 0)
        print("ring: a message was lost\n");
    return code;
}
