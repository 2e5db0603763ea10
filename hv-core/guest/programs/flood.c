/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flood KIND [COUNT] [INTERVAL]: sends COUNT (1000) frames out of NIC 0 that no honest
 * machine sends, one every INTERVAL (100 us). KIND is what is wrong with them:
 *   macs       each from another source address, to another destination: fills MAC tables
 *   broadcast  to everybody
 *   forged     from 02:00:00:00:0b:ad, to everybody
 * Exit code 0: all were sent; 2: bad usage. */
#include "hv-core/guest/hvlab.h"

#define FRAME_BYTES 60
#define TYPE        0x88b5 /* IEEE 802: for local experiments */

static void put_address(uint8_t *at, uint8_t kind, uint32_t number)
{
    at[0] = 2;
    at[1] = kind;
    for (int i = 0; i < 4; i++)
        at[2 + i] = (uint8_t)(number >> (24 - 8 * i));
}

static void make_frame(uint8_t *frame, char kind, uint32_t number)
{
    memset(frame, 0, FRAME_BYTES);
    memset(frame, 0xff, 6);
    if (kind == 'm') {
        put_address(frame, 0xdd, number);
        put_address(frame + 6, 0xaa, number);
    } else if (kind == 'f') {
        put_address(frame + 6, 0, 0x0bad);
    } else {
        NicInfo info = nic_info(0);
        memcpy(frame + 6, info.mac, 6);
    }
    frame[12] = TYPE >> 8;
    frame[13] = TYPE & 0xff;
}

int main(int argc, char **argv)
{
    static uint8_t frame[FRAME_BYTES];
    const char *kind = argc > 1 ? argv[1] : "";
    const char *end;
    uint64_t count = argc > 2 ? parse_number(argv[2], &end) : 1000;
    uint64_t interval = 100 * NS_PER_US;

    if ((strcmp(kind, "macs") && strcmp(kind, "broadcast") && strcmp(kind, "forged")) ||
        (argc > 3 && !parse_time(argv[3], NS_PER_US, &interval))) {
        print("usage: flood macs|broadcast|forged [COUNT] [INTERVAL]\n");
        return 2;
    }
    for (uint64_t i = 0; i < count; i++) {
        make_frame(frame, kind[0], (uint32_t)i + 1);
        frame_send(0, frame, sizeof frame);
        sleep_ns(interval);
    }
    printf("%lu frames sent\n", count);
    return 0;
}
