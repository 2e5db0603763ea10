/* SPDX-License-Identifier: GPL-2.0-or-later */
/* names.c: see names.h. The tables of names are the trace's; here they stand once more, for
 * those who translate them. tests/style/translated.py compares. */
#include "gui/session/names.h"

#include <glib/gi18n.h>

static const char *const names[] G_GNUC_UNUSED = {
    /* VmState */
    N_("off"), N_("running"), N_("paused"), N_("halted"), N_("crashed"), N_("killed"),
    /* VcpuState */
    N_("new"), N_("ready"), N_("blocked"),
    /* NetMode */
    N_("internal"), N_("host-only"), N_("nat"), N_("nat-network"), N_("bridged"), N_("lan"),
    N_("internet"),
    /* NetDrop */
    N_("port-down"), N_("link-queue-full"), N_("runt"), N_("oversize"), N_("bad-source"),
    N_("reserved-multicast"), N_("same-port"), N_("no-other-port"), N_("not-forwarding"),
    N_("ttl-exceeded"), N_("no-route"), N_("no-arp-answer"), N_("too-big"), N_("malformed"),
    N_("martian"), N_("router-busy"), N_("nat-no-row"), N_("nat-not-syn"), N_("nat-protocol"),
    N_("nat-table-full"), N_("nat-no-port"), N_("nat-fragment"), N_("nat-group-address"),
    N_("wifi-unknown"), N_("link-loss"), N_("vlan-tagged"), N_("vlan-not-allowed"),
    N_("no-native-vlan"), N_("port-blocked"), N_("forged-source"), N_("mac-changed"),
    N_("mac-limit"), N_("rate-cap"), N_("acl-in"), N_("acl-out"), N_("storm-control"), N_("flow"),
    N_("not-for-it"),
    /* RxDrop */
    N_("no-buffer"), N_("not-ready"), N_("too-long"),
    /* ArpState */
    N_("free"), N_("incomplete"), N_("reachable"), N_("probe"),
    /* NatState */
    N_("udp"), N_("icmp"), N_("syn-sent"), N_("syn-received"), N_("established"), N_("fin-wait"),
    N_("closing"), N_("time-wait"), N_("reset"),
    /* TreeState */
    N_("disabled"), N_("blocking"), N_("listening"), N_("learning"), N_("forwarding"),
    /* DhcpWhat */
    N_("discover"), N_("offer"), N_("request"), N_("ack"), N_("nak"), N_("release"), N_("decline"),
    N_("inform"), N_("exhausted"), N_("expired"),
    /* ExitKind */
    N_("io"), N_("mmio"), N_("page-fault"), N_("interrupt-window"), N_("preempt"), N_("shutdown"),
    N_("error"), N_("halt"), N_("stale"), /* of an ARP entry: sim_model_arp_state() */
};

const char *gui_name(const SimEnumInfo *list, unsigned value)
{
    return _(sim_name(list, value));
}
