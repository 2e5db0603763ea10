/* SPDX-License-Identifier: GPL-2.0-or-later */
/* endpoint-private.h: what the files of the endpoint share: endpoint.c (frames, UDP
 * services), endpoint-tcp.c (TCP services), endpoint-probe.c (probes). */
#pragma once

#include "netsim/endpoint.h"

#define NET_ECHO_PORT           7
#define NET_HTTP_PORT           80
#define NET_ENDPOINT_MAX_PROBES 16

typedef struct NetEndpoint NetEndpoint;

typedef struct {
    NetEndpoint *endpoint;
    NetEndpointProbe probe;
    NetTime sent, deadline; /* deadline: of UDP; the stack watches over the others */
    bool in_use;
} NetProbing;

struct NetEndpoint {
    NetPart part;
    NetEndpointConfig config; /* strings and names are the endpoint's own */
    NetStack stack;
    uint32_t nic_port[NET_STACK_MAX_NICS]; /* the part's port, by NIC */
    NetGate *gate;                         /* of the host; NULL: nobody asked for it */
    NetTime now;
    uint32_t in_port; /* while a frame comes in: by which port, and the frame */
    NetFrame *in_frame;
    uint16_t udp_port;    /* from which UDP probes go; 0: none yet */
    NetTcpMemory tcp;     /* what the stack's connections live in */
    GHashTable *requests; /* HTTP: by connection, how far into the end of its head it is */
    NetProbing probes[NET_ENDPOINT_MAX_PROBES];
};

/* endpoint-tcp.c: memory for the stack's connections; the services. */
void net_endpoint_give_tcp(NetEndpoint *endpoint);
void net_endpoint_listen(NetEndpoint *endpoint);
void net_endpoint_free_tcp(NetEndpoint *endpoint);

/* endpoint-probe.c */
NetTime net_endpoint_probe_deadline(const NetEndpoint *endpoint);
void net_endpoint_probe_advance(NetEndpoint *endpoint);
