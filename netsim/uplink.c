/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uplink.c: the part at the end of the cable that leads out of the simulation. */
#include "netsim/uplink.h"

static void uplink_receive(NetPart *part, uint32_t port, NetFrame *frame, NetTime now)
{
    net_part_deliver(part, port, frame, now);
}

static void uplink_free(NetPart *part)
{
    g_free(part);
}

static const NetPartOps uplink_ops = {
    .kind = "uplink",
    .receive = uplink_receive,
    .free = uplink_free,
};

NetPart *net_uplink_new(void)
{
    NetPart *part = g_new0(NetPart, 1);

    part->ops = &uplink_ops;
    return part;
}

bool net_part_is_uplink(const NetPart *part)
{
    return part->ops == &uplink_ops;
}
