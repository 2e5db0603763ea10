/* SPDX-License-Identifier: GPL-2.0-or-later */
/* endpoint.h: a machine that is no VM: the host, one on its LAN, a server.
 *
 * An IP stack (proto/stack.h, the same that runs in guests) wired to ports, with a
 * few services on top. It answers ARP and ping, refuses what nobody listens for,
 * and forwards nothing: a packet for somebody else ends here, and is reported as
 * dropped (not-forwarding). Whoever owns the world can ask it to reach others: see
 * probes below.
 *
 * The host is an endpoint with a gate (gate.h), by which the NATs on it share its
 * addresses.
 */
#pragma once

#include "netsim/gate.h"
#include "netsim/outside.h"

/* Bits of NetEndpointConfig.services. */
enum {
    NET_SERVICE_ECHO = 1u << 0, /* UDP and TCP port 7 (RFC 862) */
    NET_SERVICE_HTTP = 1u << 1, /* TCP port 80: one page, which names the machine (RFC 9110) */
    NET_SERVICE_DNS = 1u << 2,  /* UDP port 53, for the names below */
};

typedef struct {
    NetEndpointKind kind;
    uint32_t number;  /* the caller's, among those of this kind */
    const char *name; /* copied */
    unsigned services;
    const NetName *names; /* that its DNS knows; copied */
    size_t name_count;
    uint64_t seed; /* of ports and numbers that the stack chooses */
} NetEndpointConfig;

NetPart *net_endpoint_new(const NetEndpointConfig *config);

/* Gives an endpoint, which is in a world, a NIC there. Its cable is the caller's to
 * lay. NET_NO_PORT: the stack has no room for another. */
NetPortId net_endpoint_add_nic(NetPart *endpoint, NetNetworkId network, const NetStackNic *nic,
                               NetTime now);

/* Would there be room? */
bool net_endpoint_has_room(const NetPart *endpoint);

/* Takes the NIC at a port of the part away, or what a NAT has there; then the port is
 * the caller's to remove. */
void net_endpoint_remove_port(NetPart *endpoint, uint32_t port, NetTime now);

/* The host's, made when first asked for. */
NetGate *net_endpoint_gate(NetPart *endpoint);

/* How many NICs it has, and the address of one. */
unsigned net_endpoint_nic_count(const NetPart *endpoint);
NetIp4 net_endpoint_address(const NetPart *endpoint, unsigned nic);

/* --- probes --- */

typedef struct {
    uint32_t id; /* handed back with the outcome */
    NetProbeKind kind;
    NetIp4 to;
    uint16_t port; /* not with ICMP */
    uint64_t nonce;
    NetTime timeout_ns;
} NetEndpointProbe;

/* Sends a probe at a time not before the one that the world has reached. Its
 * outcome is reported (observer: probe_over) exactly once, maybe from inside this
 * call. Whoever receives it reports too, if it is an endpoint (probe_seen). */
void net_endpoint_probe(NetPart *endpoint, const NetEndpointProbe *probe, NetTime now);

/* Until a time, a TCP connection to the port that brings this nonce is a probe: it
 * is answered, and reported by probe_seen. False: no room. */
bool net_endpoint_expect(NetPart *endpoint, uint16_t port, uint64_t nonce, NetTime until,
                         NetTime now);
