/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame.c: making frames and letting go of them; see frame.h. */
#include "netsim/frame.h"

#include <string.h>

NetFrame *net_frame_new(uint64_t id, uint64_t parent, const uint8_t *bytes, size_t length)
{
    g_assert(length <= NET_MAX_FRAME_BYTES);
    NetFrame *frame = g_malloc(sizeof *frame + length);

    frame->id = id;
    frame->parent = parent;
    frame->refs = 1;
    frame->length = (uint32_t)length;
    if (length > 0)
        memcpy(frame->bytes, bytes, length);
    return frame;
}

void net_frame_free(NetFrame *frame)
{
    g_free(frame);
}
