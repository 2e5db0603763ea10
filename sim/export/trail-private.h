/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trail-private.h: trail-frames.c (which frames belong to a probe) and trail.c (what
 * happened to them). */
#pragma once

#include "netsim/proto/headers.h"
#include "sim/export/trail.h"

/* Who talks to whom, as one frame has it. Of ICMP echo the ports are the id. */
typedef struct {
    uint32_t source, destination;
    uint16_t source_port, destination_port;
    uint8_t protocol;
} SimFlow;

/* The frames of a probe. A frame that was made from one of them is one, too. */
typedef struct {
    uint64_t nonce;
    uint32_t address; /* tried */
    uint16_t port;
    uint8_t protocol;   /* enum SimProbeProtocol */
    GHashTable *kinds;  /* frame id -> SimHopKind + 1 */
    GArray *flows;      /* of SimFlow: of requests */
    GHashTable *askers; /* MAC addresses (uint64_t) whose ARP questions matter */
} SimProbeFrames;

void sim_probe_frames_init(SimProbeFrames *frames, const SimModelProbe *probe);
void sim_probe_frames_clear(SimProbeFrames *frames);

/* A frame has come into being. from_asker: by the endpoint that probes. Is it the
 * probe's, and then which? False: no. */
bool sim_probe_frames_add(SimProbeFrames *frames, uint64_t frame, uint64_t parent,
                          const uint8_t *bytes, size_t length, bool from_asker,
                          SimHopKind *ret_kind);
/* Is a frame one of them? */
bool sim_probe_frames_find(const SimProbeFrames *frames, uint64_t frame, SimHopKind *ret_kind);
/* A machine with this MAC address has a part in it: its ARP questions matter. */
void sim_probe_frames_involve(SimProbeFrames *frames, uint64_t mac);

uint64_t sim_mac_number(NetMac mac);
