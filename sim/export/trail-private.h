/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trail-private.h: trail-frames.c (which frames belong to a probe), trail-wire.c (who is
 * where), trail-reasons.c (why a frame leaves as it does) and trail.c (what happened). */
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
    GHashTable *askers; /* MAC addresses (uint64_t) for which ARP answers matter */
} SimProbeFrames;

/* Who talks to whom in a frame's packet. False: it has none. */
bool sim_flow_read(const uint8_t *bytes, size_t length, SimFlow *ret);

void sim_probe_frames_init(SimProbeFrames *frames, const SimModelProbe *probe);
void sim_probe_frames_clear(SimProbeFrames *frames);

/* Who made a frame. */
typedef struct {
    bool is_asker;    /* the endpoint that probes */
    bool was_asked;   /* a request has come to it, so it may answer */
    bool is_involved; /* it sent one of the frames, or is to send one on */
    bool heard_arp;   /* an ARP question that matters has come to it */
} SimMaker;

/* A frame has come into being. Is it the probe's, and then which? False: no. */
bool sim_probe_frames_add(SimProbeFrames *frames, uint64_t frame, uint64_t parent,
                          const uint8_t *bytes, size_t length, SimMaker maker,
                          SimHopKind *ret_kind);
/* Is a frame one of them? */
bool sim_probe_frames_find(const SimProbeFrames *frames, uint64_t frame, SimHopKind *ret_kind);
/* A machine with this MAC address has a part in it: answers to its ARP questions matter. */
void sim_probe_frames_involve(SimProbeFrames *frames, uint64_t mac);

uint64_t sim_mac_number(NetMac mac);

/* ---- Who is where (trail-wire.c) ------------------------------------------------ */

/* Borrows model, which may move on in time. */
typedef struct SimWires SimWires;
SimWires *sim_wires_new(const SimModel *model);
void sim_wires_free(SimWires *wires);
/* A frame from this MAC address was sent by this port. */
void sim_wires_see(SimWires *wires, uint32_t port, uint64_t mac);
/* The port with this MAC address on the wire that port `from` is on; SIM_MODEL_NO_PORT:
 * not known. At a cable of two ends it is the other end. */
uint32_t sim_wires_find(const SimWires *wires, uint32_t from, uint64_t mac);

/* Is it the port of a part that passes frames on as they are: a switch, a wireless bridge? */
bool sim_passes_frames(const SimModel *model, uint32_t port);
/* A number for the machine that a port belongs to. */
uint64_t sim_machine_of(const SimModel *model, uint32_t port);
/* Is this the port of an endpoint? */
bool sim_is_end(const SimModel *model, uint32_t port, SimModelEnd end);
/* 0: not known. */
uint32_t sim_port_ip(const SimModel *model, uint32_t port);
/* "vm:a", "nat of vm:a", "switch s1"; beyond: of the cable's other end. */
char *sim_place_name(const SimModel *model, uint32_t port);
char *sim_place_beyond(const SimModel *model, uint32_t port);

/* ---- Why (trail-reasons.c) --------------------------------------------------------- */

char *sim_trail_ip(uint32_t address);
/* Why a machine sends its packet by this port, to whom it does. NULL: no packet. */
char *sim_reason_to_send(const SimWires *wires, const SimModel *model, uint32_t port,
                         const uint8_t *bytes, size_t length);
/* Why what passes frames on changes one. before: NULL if not known. */
char *sim_reason_to_change(const SimModel *model, uint32_t port, const SimRecord *before,
                           const SimRecord *after);
