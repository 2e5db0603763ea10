/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench-nat.c: how many datagrams a second the core of a NAT translates.
 *
 * 10,000 rows; datagrams of 64 bytes go out and come in by turns, by rows in an order
 * that a cache cannot guess. The reference rewrites the same fields of the same
 * datagrams and mends their checksums, without asking a table: what no NAT can do
 * without. Target: 5 M/s where the reference does 250 M/s.
 */
#include <stdio.h>

#include "tests/bench/bench.h"
#include "tests/netsim/nat-bench.h"

#define ROWS      10000u
#define DATAGRAMS 2000000u
#define ROUNDS    5
#define SERVER    NET_IP4(203, 0, 113, 10)
#define GUEST     NET_IP4(10, 0, 2, 15)

typedef struct {
    Bench *bench;
    Packet out, in;
    uint32_t sum; /* so that no loop is optimised away */
} Load;

static uint32_t next_row(uint32_t row)
{
    return (row * 7919u + 104729u) % ROWS;
}

/* A datagram of the row, from the model of its direction. */
static void set_row(Packet *p, uint32_t row, bool out)
{
    net_put_16(p->bytes + (out ? 20 : 22), (uint16_t)(2000 + row));
}

static double measure_nat(void *user)
{
    Load *load = user;
    uint32_t row = 1;
    double begin = bench_cpu_ns();

    for (uint32_t i = 0; i < DATAGRAMS; i++) {
        bool out = i % 2 == 0;
        Packet p;
        p.length = load->out.length;
        memcpy(p.bytes, out ? load->out.bytes : load->in.bytes, 64);
        row = next_row(row);
        set_row(&p, row, out);
        NetNatVerdict verdict =
            out ? net_nat_outbound(load->bench->nat, p.bytes, p.length, load->bench->now++)
                : net_nat_inbound(load->bench->nat, p.bytes, p.length, load->bench->now++);
        g_assert(verdict.passes);
        load->sum += p.bytes[12] + p.bytes[21];
    }
    return (bench_cpu_ns() - begin) / DATAGRAMS;
}

static void change(uint8_t *checksum, uint32_t out, uint32_t in)
{
    uint32_t sum = (uint16_t)~net_get_16(checksum) + (uint16_t) ~(out >> 16) +
                   (uint32_t)(uint16_t)~out + (in >> 16) + (in & 0xffff);

    sum = (sum & 0xffff) + (sum >> 16);
    net_put_16(checksum, (uint16_t) ~(sum + (sum >> 16)));
}

static double measure_bare(void *user)
{
    Load *load = user;
    uint32_t row = 1;
    double begin = bench_cpu_ns();

    for (uint32_t i = 0; i < DATAGRAMS; i++) {
        bool out = i % 2 == 0;
        uint8_t bytes[64];
        memcpy(bytes, out ? load->out.bytes : load->in.bytes, 64);
        row = next_row(row);
        net_put_16(bytes + (out ? 20 : 22), (uint16_t)(2000 + row));
        uint8_t *at = bytes + (out ? 12 : 16);
        uint32_t old = net_get_32(at), new = out ? BENCH_OUTSIDE : GUEST;
        change(bytes + 10, old, new);
        change(bytes + 26, old, new);
        net_put_32(at, new);
        load->sum += bytes[12] + bytes[21];
    }
    return (bench_cpu_ns() - begin) / DATAGRAMS;
}

int main(void)
{
    char text[65 - 28] = {0};
    Load load = {.bench = bench_new(0)};

    memset(text, 'x', sizeof text - 1);
    load.out = packet_udp(GUEST, 2000, SERVER, 53, text);
    load.in = packet_udp(SERVER, 53, BENCH_OUTSIDE, 2000, text);
    for (uint32_t row = 0; row < ROWS; row++) {
        Packet p = load.out;
        set_row(&p, row, true);
        assert_out(load.bench, &p, NULL);
    }
    BenchPair pair = bench_alternate(measure_nat, measure_bare, &load, ROUNDS);
    bench_report(&(BenchFigure){
        .name = "nat-core",
        .value = 1e9 / pair.value,
        .unit = "datagrams/s",
        .ratio = pair.reference / pair.value,
        .against = "the same rewriting without a table",
        .target = 5.0 / 250,
        .at_least = true,
    });
    bench_free(load.bench);
    return load.sum == 0;
}
