/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uplink.h: the real end of an uplink: a file descriptor through which Ethernet frames
 * go in and out.
 *
 *   tap:IFNAME    a TAP interface of this Linux host, made if it is not there
 *                 (Documentation/networking/tuntap.rst); a frame per read and write
 *   unix:PATH     a stream socket with QEMU's protocol (-netdev stream): before each
 *                 frame its length, 32 bits, big-endian. passt listens on such a socket,
 *                 and so does QEMU with server=on
 *   listen:PATH   the same, but the other side connects to us: QEMU with server=off
 *
 * Nothing blocks. Input is read and output written in batches: many frames in one
 * system call over a socket. A frame that finds the output full is dropped and counted,
 * as on any congested link.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct SimUplink SimUplink;

/* spec as above. Errors: it is none, no permission, no such interface or socket; one
 * line that says what to do about it. */
SimUplink *sim_uplink_open(const char *spec, GError **error);
void sim_uplink_free(SimUplink *uplink);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimUplink, sim_uplink_free)

/* For poll(): changes when somebody connects to listen:PATH. */
int sim_uplink_fd(const SimUplink *uplink);
bool sim_uplink_wants_to_write(const SimUplink *uplink);

typedef void (*SimUplinkTake)(void *user, const uint8_t *bytes, size_t length);

/* Hands out the frames that have come in. False and error: the other side is gone, or
 * does not speak the protocol; the uplink is then dead and only to be freed. */
bool sim_uplink_read(SimUplink *uplink, SimUplinkTake take, void *user, GError **error);

/* Queues a frame, borrowed. */
void sim_uplink_send(SimUplink *uplink, const uint8_t *bytes, size_t length);
/* Writes what is queued, as far as the other side takes it. */
bool sim_uplink_flush(SimUplink *uplink, GError **error);

typedef struct {
    uint64_t in, out;
    uint64_t dropped; /* on the way out: the other side did not take them */
} SimUplinkCounts;

SimUplinkCounts sim_uplink_counts(const SimUplink *uplink);

/* ---- The protocol of the socket, for itself ------------------------------- */

typedef struct {
    GByteArray *pending; /* bytes of a frame that is not all there */
} SimFraming;

/* Takes the next bytes of the stream, in pieces of any size. False: a length that no
 * frame has. */
bool sim_framing_feed(SimFraming *framing, const uint8_t *bytes, size_t size, SimUplinkTake take,
                      void *user);
/* Appends a frame with its length. */
void sim_framing_add(GByteArray *out, const uint8_t *bytes, size_t length);
