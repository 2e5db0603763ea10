/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tcp-lab.h: two stacks with TCP and a cable that can be bad, on virtual time.
 *
 * A frame takes CABLE_NS; the cable may lose, repeat and delay frames at random, the
 * same for the same seed, and a test may look at each frame and decide itself. */
#pragma once

#include <glib.h>
#include <string.h>

#include "netsim/proto/dissect.h"
#include "netsim/proto/headers.h"
#include "netsim/proto/stack.h"
#include "netsim/proto/wire.h"

#define MS              NET_NS_PER_MS
#define SECOND          NET_NS_PER_SECOND
#define CABLE_NS        MS
#define LAB_CONNECTIONS 8
#define LAB_BUFFER      16384

typedef struct TcpLab TcpLab;

typedef struct {
    TcpLab *lab;
    unsigned number;
    NetIp4 address;
    NetStack stack;
    NetTcpConnection connections[LAB_CONNECTIONS];
    uint8_t buffers[LAB_CONNECTIONS][2][LAB_BUFFER];
    GString *log; /* what its callbacks were told */
} TcpHost;

typedef struct {
    NetTime arrives;
    uint64_t order;
    unsigned to;
    GBytes *bytes;
} TcpFlight;

struct TcpLab {
    NetTime now;
    TcpHost hosts[2];
    GSequence *flights; /* of TcpFlight, by (arrives, order) */
    uint64_t frames;
    GString *wire; /* "0: 49152 > 80 [SYN] ..." one line per frame; NULL: not kept */
    GRand *random;
    unsigned loss, duplicate, reorder; /* in a hundred frames */
    bool cut;
    /* False: the frame is lost. May be NULL. */
    bool (*pass)(TcpLab *lab, unsigned from, const uint8_t *bytes, size_t length);
    void *user;
};

static inline int tcp_flight_compare(gconstpointer a, gconstpointer b, gpointer user)
{
    const TcpFlight *x = a, *y = b;

    if (x->arrives != y->arrives)
        return x->arrives < y->arrives ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static inline bool tcp_lab_chance(TcpLab *lab, unsigned percent)
{
    return percent > 0 && (unsigned)g_rand_int_range(lab->random, 0, 100) < percent;
}

static inline void tcp_lab_fly(TcpLab *lab, unsigned from, const uint8_t *bytes, size_t length)
{
    TcpFlight *flight = g_new(TcpFlight, 1);
    NetTime late = 0;

    if (tcp_lab_chance(lab, lab->reorder))
        late = (NetTime)g_rand_int_range(lab->random, 1, 5000) * 1000;
    *flight = (TcpFlight){lab->now + CABLE_NS + late, lab->frames++, 1 - from,
                          g_bytes_new(bytes, length)};
    g_sequence_insert_sorted(lab->flights, flight, tcp_flight_compare, NULL);
}

static inline void tcp_lab_send(void *user, unsigned nic, const uint8_t *bytes, size_t length)
{
    TcpHost *host = user;
    TcpLab *lab = host->lab;
    NetDissection *d = g_new(NetDissection, 1);

    net_dissect(bytes, length, d);
    g_assert_false(d->malformed);
    g_assert_false(d->bad_checksum);
    if (lab->wire != NULL && strcmp(d->protocol, "ARP") != 0)
        g_string_append_printf(lab->wire, "%u: %s\n", host->number, d->info);
    g_free(d);
    if (lab->cut || tcp_lab_chance(lab, lab->loss) ||
        (lab->pass != NULL && !lab->pass(lab, host->number, bytes, length)))
        return;
    tcp_lab_fly(lab, host->number, bytes, length);
    if (tcp_lab_chance(lab, lab->duplicate))
        tcp_lab_fly(lab, host->number, bytes, length);
}

static inline void tcp_lab_probe(void *user, NetProbeKind kind, uint64_t nonce, NetIp4 from)
{
    TcpHost *host = user;

    g_assert_cmpint(kind, ==, NET_PROBE_TCP);
    g_string_append_printf(host->log, "probe %" G_GINT64_MODIFIER "x\n", nonce);
}

static const NetStackOps tcp_lab_ops = {.send = tcp_lab_send, .probe_seen = tcp_lab_probe};

static inline TcpLab *tcp_lab_new(uint32_t seed)
{
    TcpLab *lab = g_new0(TcpLab, 1);

    lab->flights = g_sequence_new(NULL);
    lab->wire = g_string_new("");
    lab->random = g_rand_new_with_seed(seed);
    for (unsigned i = 0; i < 2; i++) {
        TcpHost *host = &lab->hosts[i];
        NetStackNic nic = {.mac = {{2, 0, 0, 0, 0, (uint8_t)(i + 1)}},
                           .address = NET_IP4(10, 0, 0, i + 1),
                           .prefix = 24};
        NetTcpMemory memory = {host->connections, LAB_CONNECTIONS, host->buffers[0][0], LAB_BUFFER,
                               LAB_BUFFER};
        host->lab = lab;
        host->number = i;
        host->address = nic.address;
        host->log = g_string_new("");
        net_stack_init(&host->stack, &tcp_lab_ops, host, seed + i);
        net_stack_tcp_init(&host->stack, &memory);
        net_stack_add_nic(&host->stack, &nic);
    }
    return lab;
}

static inline void tcp_lab_free(TcpLab *lab)
{
    for (GSequenceIter *i = g_sequence_get_begin_iter(lab->flights); !g_sequence_iter_is_end(i);
         i = g_sequence_iter_next(i)) {
        TcpFlight *flight = g_sequence_get(i);
        g_bytes_unref(flight->bytes);
        g_free(flight);
    }
    g_sequence_free(lab->flights);
    for (unsigned i = 0; i < 2; i++)
        g_string_free(lab->hosts[i].log, TRUE);
    if (lab->wire != NULL)
        g_string_free(lab->wire, TRUE);
    g_rand_free(lab->random);
    g_free(lab);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TcpLab, tcp_lab_free)

static inline void tcp_lab_arrive(TcpLab *lab)
{
    GSequenceIter *first = g_sequence_get_begin_iter(lab->flights);
    TcpFlight *flight = g_sequence_get(first);
    gsize length;
    const uint8_t *bytes = g_bytes_get_data(flight->bytes, &length);

    g_sequence_remove(first);
    net_stack_input(&lab->hosts[flight->to].stack, 0, bytes, length, lab->now);
    g_bytes_unref(flight->bytes);
    g_free(flight);
}

static inline NetTime tcp_lab_next(TcpLab *lab)
{
    GSequenceIter *first = g_sequence_get_begin_iter(lab->flights);
    NetTime next = NET_TIME_NEVER;

    if (!g_sequence_iter_is_end(first))
        next = ((TcpFlight *)g_sequence_get(first))->arrives;
    for (unsigned i = 0; i < 2; i++)
        next = MIN(next, net_stack_deadline(&lab->hosts[i].stack));
    return next;
}

/* Lets everything due up to a time happen, at most so many steps. */
static inline void tcp_lab_run(TcpLab *lab, NetTime until)
{
    for (unsigned steps = 0; steps < 1000000; steps++) {
        NetTime next = tcp_lab_next(lab);
        if (next > until) {
            lab->now = until;
            return;
        }
        lab->now = MAX(lab->now, next);
        GSequenceIter *first = g_sequence_get_begin_iter(lab->flights);
        if (!g_sequence_iter_is_end(first) &&
            ((TcpFlight *)g_sequence_get(first))->arrives <= lab->now)
            tcp_lab_arrive(lab);
        for (unsigned i = 0; i < 2; i++)
            net_stack_advance(&lab->hosts[i].stack, lab->now);
    }
    g_assert_not_reached();
}
