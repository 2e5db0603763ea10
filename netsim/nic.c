/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nic.c: the part at the end of a VM's cable: what arrives there is delivered. */
#include "netsim/nic.h"

static void nic_free(NetPart *part)
{
    g_free(part);
}

static const NetPartOps nic_ops = {
    .kind = "nic",
    .receive = net_part_deliver,
    .arms_itself = true,
    .free = nic_free,
};

NetPart *net_nic_new(void)
{
    NetPart *part = g_new0(NetPart, 1);

    part->ops = &nic_ops;
    return part;
}

bool net_part_is_nic(const NetPart *part)
{
    return part->ops == &nic_ops;
}
