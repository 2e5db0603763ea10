/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gate.h: where NATs are joined to the host that they run on.
 *
 * A NAT of a virtual machine is a program on the host. It has no address of its
 * own outside: what it sends leaves with the host's, from ports that it takes of
 * the host's, as sockets do. So between each NAT and the host is a short cable,
 * on which packets have the host's addresses already. The gate is the host's end
 * of all these cables, and knows which port is whose:
 *
 *  - A packet that comes from a NAT goes where the host's routes say: out of one
 *    of its NICs, or to the host itself.
 *  - A packet that is for the host, from a NIC or from the host itself, goes to
 *    the NAT that has the port, if that one expects it (net_nat_expects()); else
 *    it is the host's. So a SYN to a port with neither row nor rule meets the
 *    host's own reset.
 *
 * The host's part owns the gate and calls it (see the functions); the recipes in
 * modes.c lay the cables.
 */
#pragma once

#include "netsim/nat.h"
#include "netsim/part.h"
#include "netsim/proto/stack.h"

typedef struct NetGate NetGate;

/* host: the part; stack: its IP stack. Both live longer than the gate. */
NetGate *net_gate_new(NetPart *host, NetStack *stack);
void net_gate_free(NetGate *gate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetGate, net_gate_free)

/* --- called by the host's part --- */

/* Every frame that comes in, first of all. True: it came from a NAT, and is dealt with. */
bool net_gate_receive(NetGate *gate, uint32_t port, NetFrame *frame, NetTime now);
/* From NetStackOps.divert. port and frame: where and in what the packet came; frame NULL:
 * from the host itself. False: it is the host's own, or for somebody else. */
bool net_gate_divert(NetGate *gate, uint32_t port, const uint8_t *packet, size_t length,
                     NetArrival arrival, const NetFrame *frame, NetTime now);
/* From NetStackOps.undelivered. True: it was a packet of a NAT's, which is told. */
bool net_gate_undelivered(NetGate *gate, const uint8_t *packet, size_t length, uint64_t tag,
                          NetTime now);
/* From NetStackOps.port_taken. */
bool net_gate_port_taken(const NetGate *gate, uint8_t protocol, uint16_t port);

/* --- called by recipes --- */

/* One NAT at the gate: first a side is made, then the NAT with net_gate_outside and
 * the side as its user, then the two are joined. The gate owns its sides. */
typedef struct NetGateSide NetGateSide;
extern const NetNatOutside net_gate_outside;
NetGateSide *net_gate_add_side(NetGate *gate);
/* Gives the host's part a port on the network, for the cable to the NAT, and
 * returns it. own, nat: the MAC addresses of the cable's two ends. */
NetPortId net_gate_join(NetGateSide *side, NetNat *nat, NetNetworkId network, NetMac own,
                        NetMac peer, NetTime now);
/* The NAT whose cable ends at this port of the host's part is gone. */
void net_gate_leave(NetGate *gate, uint32_t port);
