/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame.h: one Ethernet frame, handed on by reference.
 *
 * A frame's bytes never change after it was made, so a switch that floods a frame
 * to 200 ports hands out 200 references and no copy. Whoever rewrites a frame
 * (NAT, a VLAN tag) makes a new one that names its parent. Bytes begin with the
 * destination address and end before the FCS.
 */
#pragma once

#include <glib.h>

#include "netsim/proto/types.h"

typedef struct {
    uint64_t id;     /* unique in a run, from 1 */
    uint64_t parent; /* the frame it was made from; 0: none */
    uint32_t refs;
    uint32_t length;
    uint8_t bytes[];
} NetFrame;

/* Copies the bytes. The caller owns one reference. length is at most
 * NET_MAX_FRAME_BYTES. */
NetFrame *net_frame_new(uint64_t id, uint64_t parent, const uint8_t *bytes, size_t length);

static inline NetFrame *net_frame_ref(NetFrame *frame)
{
    frame->refs++;
    return frame;
}

void net_frame_free(NetFrame *frame); /* for the inline function */

/* NULL is fine. */
static inline void net_frame_unref(NetFrame *frame)
{
    if (frame != NULL && --frame->refs == 0)
        net_frame_free(frame);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetFrame, net_frame_unref)
