/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sentence.c: events as sentences, for captions and for screen readers. */
#include "gui/session/scene.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include "netsim/proto/text.h"
#include "gui/session/names.h"

static const char *vm_name(const SimModel *model, unsigned vm)
{
    const SimModelVm *found = sim_model_vm(model, vm);

    return found ? found->name : "?";
}

static const char *network_name(const SimModel *model, unsigned network)
{
    const SimModelNetwork *found = sim_model_network(model, network);

    return found ? found->name : "?";
}

/* "port 2 (to b)": which port of its switch, and whom it leads to. */
static char *port_text(const SimModel *model, uint32_t number)
{
    const SimModelPort *port = sim_model_port(model, number);
    const SimModelPort *peer = port ? sim_model_port(model, port->peer) : NULL;

    if (port && port->vm != SIM_NONE)
        return g_strdup_printf(_("%s's NIC"), vm_name(model, port->vm));
    if (peer && peer->vm != SIM_NONE)
        return g_strdup_printf(_("port %u (to %s)"), port->number, vm_name(model, peer->vm));
    return port ? g_strdup_printf(_("port %u"), port->number) : g_strdup(_("a port"));
}

/* Why, as the table of names says it. */
static const char *meaning(const SimEnumInfo *list, unsigned value)
{
    return value < list->count ? _(list->values[value].meaning) : "?";
}

static char *cpu_sentence(const SimModel *model, const SimRecord *record)
{
    switch (record->type) {
    case SIM_EVENT_VM_STATE: {
        const SimEventVmState *event = SIM_FIELDS(record, VmState);
        return g_strdup_printf(_("VM %s is %s: %s."), vm_name(model, event->vm),
                               gui_name(SIM_NAMES(VmState), event->to),
                               meaning(SIM_NAMES(Why), event->why));
    }
    case SIM_EVENT_VCPU_STATE: {
        const SimEventVcpuState *event = SIM_FIELDS(record, VcpuState);
        return g_strdup_printf(_("%s's vCPU %u is %s: %s."), vm_name(model, event->vm), event->vcpu,
                               gui_name(SIM_NAMES(VcpuState), event->to),
                               meaning(SIM_NAMES(Why), event->why));
    }
    case SIM_EVENT_DISPATCH: {
        const SimEventDispatch *event = SIM_FIELDS(record, Dispatch);
        return g_strdup_printf(_("The scheduler puts %s's vCPU %u on pCPU %d."),
                               vm_name(model, event->vm), event->vcpu, record->source - 1);
    }
    case SIM_EVENT_DESCHEDULE: {
        const SimEventDeschedule *event = SIM_FIELDS(record, Deschedule);
        return g_strdup_printf(_("%s's vCPU %u leaves pCPU %d: %s."), vm_name(model, event->vm),
                               event->vcpu, record->source - 1,
                               meaning(SIM_NAMES(Why), event->why));
    }
    case SIM_EVENT_EXIT: {
        const SimEventExit *event = SIM_FIELDS(record, Exit);
        return g_strdup_printf(_("Exit: %s is left for the hypervisor (%s)."),
                               vm_name(model, event->vm),
                               meaning(SIM_NAMES(ExitKind), event->kind));
    }
    case SIM_EVENT_INTERRUPT_RAISED: {
        const SimEventInterruptRaised *event = SIM_FIELDS(record, InterruptRaised);
        return g_strdup_printf(_("Interrupt %u becomes pending for %s."), event->vector,
                               vm_name(model, event->vm));
    }
    case SIM_EVENT_INTERRUPT_TAKEN: {
        const SimEventInterruptTaken *event = SIM_FIELDS(record, InterruptTaken);
        return g_strdup_printf(_("%s takes interrupt %u."), vm_name(model, event->vm),
                               event->vector);
    }
    case SIM_EVENT_PROGRAM_EXIT: {
        const SimEventProgramExit *event = SIM_FIELDS(record, ProgramExit);
        return g_strdup_printf(_("%s's program ends with exit code %u."), vm_name(model, event->vm),
                               event->code);
    }
    case SIM_EVENT_GUEST_FAULT:
        return g_strdup_printf(_("A fault in %s."),
                               vm_name(model, SIM_FIELDS(record, GuestFault)->vm));
    default: return NULL;
    }
}

static const char *limit_name(unsigned kind)
{
    return kind == SIM_THROTTLE_EXITS ? _("exits") : _("device operations");
}

static char *limit_sentence(const SimModel *model, const SimRecord *record)
{
    switch (record->type) {
    case SIM_EVENT_THROTTLE_SET: {
        const SimEventThrottleSet *event = SIM_FIELDS(record, ThrottleSet);
        const char *who = vm_name(model, event->vm), *what = limit_name(event->kind);
        return event->rate ? g_strdup_printf(_("%s may have %u %s a second, %u at once."), who,
                                             event->rate, what, event->burst)
                           : g_strdup_printf(_("%s may have as many %s as it wants."), who, what);
    }
    case SIM_EVENT_THROTTLED: {
        const SimEventThrottled *event = SIM_FIELDS(record, Throttled);
        return g_strdup_printf(_("%s has used up its limit of %s: its vCPU %u must wait."),
                               vm_name(model, event->vm), limit_name(event->kind), event->vcpu);
    }
    case SIM_EVENT_BLOCK_MAPPED: {
        const SimEventBlockMapped *event = SIM_FIELDS(record, BlockMapped);
        return g_strdup_printf(_("%s gets a whole block at once: pages %u to %u."),
                               vm_name(model, event->vm), event->page,
                               event->page + event->pages - 1);
    }
    case SIM_EVENT_BLOCK_RECLAIMED: {
        const SimEventBlockReclaimed *event = SIM_FIELDS(record, BlockReclaimed);
        return g_strdup_printf(_("%s loses a whole block: pages %u to %u."),
                               vm_name(model, event->vm), event->page,
                               event->page + event->pages - 1);
    }
    case SIM_EVENT_BALLOON_TARGET: {
        const SimEventBalloonTarget *event = SIM_FIELDS(record, BalloonTarget);
        return g_strdup_printf(_("%s is asked to have %u pages in its balloon."),
                               vm_name(model, event->vm), event->pages);
    }
    default: return NULL;
    }
}

static char *memory_sentence(const SimModel *model, const SimRecord *record)
{
    switch (record->type) {
    case SIM_EVENT_PAGE_MAPPED: {
        const SimEventPageMapped *event = SIM_FIELDS(record, PageMapped);
        return g_strdup_printf(_("%s's page %u gets page frame %u%s."), vm_name(model, event->vm),
                               event->page, event->frame,
                               event->demand ? _(", because the guest touched it") : "");
    }
    case SIM_EVENT_PAGE_UNMAPPED: {
        const SimEventPageUnmapped *event = SIM_FIELDS(record, PageUnmapped);
        return g_strdup_printf(_("%s's page %u loses page frame %u."), vm_name(model, event->vm),
                               event->page, event->frame);
    }
    case SIM_EVENT_CONSOLE:
        return g_strdup_printf(_("%s writes to its console."),
                               vm_name(model, SIM_FIELDS(record, Console)->vm));
    case SIM_EVENT_QUEUE_KICK:
        return g_strdup_printf(_("%s's driver kicks a queue of its device."),
                               vm_name(model, SIM_FIELDS(record, QueueKick)->vm));
    case SIM_EVENT_FRAME_SENT: {
        const SimEventFrameSent *event = SIM_FIELDS(record, FrameSent);
        return g_strdup_printf(_("%s sends frame %" PRIu64 " of %u bytes."),
                               vm_name(model, event->vm), event->frame, event->length);
    }
    case SIM_EVENT_FRAME_RECEIVED: {
        const SimEventFrameReceived *event = SIM_FIELDS(record, FrameReceived);
        return g_strdup_printf(_("%s's NIC puts frame %" PRIu64 " into its memory."),
                               vm_name(model, event->vm), event->frame);
    }
    case SIM_EVENT_FRAME_DROPPED: {
        const SimEventFrameDropped *event = SIM_FIELDS(record, FrameDropped);
        return g_strdup_printf(_("%s's NIC drops frame %" PRIu64 ": %s."),
                               vm_name(model, event->vm), event->frame,
                               meaning(SIM_NAMES(RxDrop), event->why));
    }
    default: return NULL;
    }
}

static char *mac_learned(const SimModel *model, const SimRecord *record)
{
    const SimEventMacLearned *event = SIM_FIELDS(record, MacLearned);
    g_autofree char *port = port_text(model, event->port);
    char text[NET_MAC_TEXT_BYTES];
    NetMac mac;

    for (int i = 0; i < 6; i++)
        mac.byte[i] = (uint8_t)(event->mac >> (40 - 8 * i));
    net_mac_format(mac, text);
    return g_strdup_printf(_("Switch %s learns: %s lives at %s."),
                           network_name(model, event->network), text, port);
}

static char *network_sentence(const SimModel *model, const SimRecord *record)
{
    g_autofree char *port = NULL;

    switch (record->type) {
    case SIM_EVENT_LINK_ENTER: {
        const SimEventLinkEnter *event = SIM_FIELDS(record, LinkEnter);
        port = port_text(model, event->from);
        return g_strdup_printf(_("Frame %" PRIu64 " leaves %s."), event->frame, port);
    }
    case SIM_EVENT_LINK_DROP: {
        const SimEventLinkDrop *event = SIM_FIELDS(record, LinkDrop);
        port = port_text(model, event->from);
        return g_strdup_printf(_("Frame %" PRIu64 " is dropped at %s: %s."), event->frame, port,
                               meaning(SIM_NAMES(NetDrop), event->why));
    }
    case SIM_EVENT_SWITCH_RECEIVE: {
        const SimEventSwitchReceive *event = SIM_FIELDS(record, SwitchReceive);
        port = port_text(model, event->port);
        return g_strdup_printf(_("Switch %s takes in frame %" PRIu64 " on %s."),
                               network_name(model, event->network), event->frame, port);
    }
    case SIM_EVENT_SWITCH_FORWARD: {
        const SimEventSwitchForward *event = SIM_FIELDS(record, SwitchForward);
        port = port_text(model, event->port);
        return g_strdup_printf(
            _("Switch %s knows where it lives: frame %" PRIu64 " goes to %s only."),
            network_name(model, event->network), event->frame, port);
    }
    case SIM_EVENT_SWITCH_FLOOD: {
        const SimEventSwitchFlood *event = SIM_FIELDS(record, SwitchFlood);
        return g_strdup_printf(
            _("Switch %s sends a copy of frame %" PRIu64 " to every other port (%u)."),
            network_name(model, event->network), event->frame, event->ports);
    }
    case SIM_EVENT_SWITCH_DROP: {
        const SimEventSwitchDrop *event = SIM_FIELDS(record, SwitchDrop);
        return g_strdup_printf(_("Switch %s drops frame %" PRIu64 ": %s."),
                               network_name(model, event->network), event->frame,
                               meaning(SIM_NAMES(NetDrop), event->why));
    }
    case SIM_EVENT_MAC_LEARNED: return mac_learned(model, record);
    case SIM_EVENT_FRAME_DELIVERED: {
        const SimEventFrameDelivered *event = SIM_FIELDS(record, FrameDelivered);
        port = port_text(model, event->port);
        return g_strdup_printf(_("Frame %" PRIu64 " reaches %s."), event->frame, port);
    }
    case SIM_EVENT_NETWORK_MODE: {
        const SimEventNetworkMode *event = SIM_FIELDS(record, NetworkMode);
        return g_strdup_printf(_("Network %s is wired anew: it was %s and is %s."),
                               network_name(model, event->network),
                               gui_name(SIM_NAMES(NetMode), event->from),
                               gui_name(SIM_NAMES(NetMode), event->to));
    }
    case SIM_EVENT_LINK_STATE: {
        const SimEventLinkState *event = SIM_FIELDS(record, LinkState);
        port = port_text(model, event->port);
        return g_strdup_printf(_("The cable at %s is %s."), port,
                               event->up ? _("plugged in") : _("unplugged"));
    }
    default: return NULL;
    }
}

/* Its text is the check's id, and below it the detail. */
static char *check_result(const SimRecord *record)
{
    g_autofree char *text = g_strndup((const char *)record->blob, MIN(record->blob_size, 400));
    char *detail = strchr(text, '\n');

    if (detail)
        *detail++ = '\0';
    return g_strdup_printf(
        _("Check %s %s%s%s."), text,
        meaning(SIM_NAMES(CheckOutcome), SIM_FIELDS(record, CheckResult)->outcome),
        detail && *detail ? ": " : "", detail ? detail : "");
}

static char *arp_entry(const SimModel *model, const SimRecord *record)
{
    const SimEventArpEntry *event = SIM_FIELDS(record, ArpEntry);
    const SimModelArpRow row = {.vm = event->vm, .nic = event->nic, .port = event->port};
    g_autofree char *who = sim_model_arp_owner(model, &row);
    char address[NET_IP4_TEXT_BYTES], mac_text[NET_MAC_TEXT_BYTES];
    NetMac mac;

    for (int i = 0; i < 6; i++)
        mac.byte[i] = (uint8_t)(event->mac >> (40 - 8 * i));
    net_mac_format(mac, mac_text);
    net_ip4_format(event->ip, address);
    switch (event->to) {
    case SIM_ARP_FREE:
        return event->from == SIM_ARP_INCOMPLETE
                   ? g_strdup_printf(_("ARP cache of %s: nobody answers for %s."), who, address)
                   : g_strdup_printf(_("ARP cache of %s: forgets %s."), who, address);
    case SIM_ARP_INCOMPLETE:
        return g_strdup_printf(_("ARP cache of %s: asks who has %s."), who, address);
    case SIM_ARP_PROBE:
        return g_strdup_printf(
            _("ARP cache of %s: %s is stale, so asks whether it is still there."), who, address);
    default: return g_strdup_printf(_("ARP cache of %s: %s is at %s."), who, address, mac_text);
    }
}

static char *nat_sentence(const SimModel *model, const SimRecord *record)
{
    int size = (int)MIN(record->blob_size, 100);
    char address[NET_IP4_TEXT_BYTES];

    switch (record->type) {
    case SIM_EVENT_ROUTER_FORWARD: {
        const SimEventRouterForward *event = SIM_FIELDS(record, RouterForward);
        g_autofree char *who = sim_model_port_name(model, event->in_port);
        return g_strdup_printf(_("%s passes frame %" PRIu64 "'s packet on."), who, event->frame);
    }
    case SIM_EVENT_NAT_REWRITE: {
        const SimEventNatRewrite *event = SIM_FIELDS(record, NatRewrite);
        g_autofree char *who = sim_model_port_name(model, event->port);
        return g_strdup_printf(
            _("%s translates frame %" PRIu64 " on its way %s, as row %u of its table says."), who,
            event->frame, event->direction == SIM_NAT_OUTBOUND ? _("out") : _("in"), event->row);
    }
    case SIM_EVENT_NAT_NEW: {
        const SimEventNatNew *event = SIM_FIELDS(record, NatNew);
        g_autofree char *who = sim_model_port_name(model, event->port);
        net_ip4_format(event->inside, address);
        return g_strdup_printf(_("%s has a new row: %s, port %u inside, port %u outside."), who,
                               address, event->inside_port, event->outside_port);
    }
    case SIM_EVENT_NAT_EXPIRED: {
        const SimEventNatExpired *event = SIM_FIELDS(record, NatExpired);
        g_autofree char *who = sim_model_port_name(model, event->port);
        return g_strdup_printf(_("%s forgets row %u."), who, event->row);
    }
    case SIM_EVENT_NAT_RULE: {
        const SimEventNatRule *event = SIM_FIELDS(record, NatRule);
        return g_strdup_printf(_("Forward rule %.*s of %s %s."), size, record->blob,
                               network_name(model, event->network),
                               event->up ? _("holds from now on") : _("holds no longer"));
    }
    case SIM_EVENT_DHCP: {
        const SimEventDhcp *event = SIM_FIELDS(record, Dhcp);
        net_ip4_format(event->address, address);
        return g_strdup_printf("DHCP, %s: %s%s%s.", gui_name(SIM_NAMES(DhcpWhat), event->what),
                               meaning(SIM_NAMES(DhcpWhat), event->what),
                               event->address ? ": " : "", event->address ? address : "");
    }
    case SIM_EVENT_ARP_ENTRY: return arp_entry(model, record);
    case SIM_EVENT_DNS: {
        const SimEventDns *event = SIM_FIELDS(record, Dns);
        return g_strdup_printf("DNS, %.*s: %s.", size, record->blob,
                               meaning(SIM_NAMES(DnsOutcome), event->outcome));
    }
    default: return NULL;
    }
}

static char *run_sentence(const SimRecord *record)
{
    int size = (int)MIN(record->blob_size, 200);

    switch (record->type) {
    case SIM_EVENT_RUN_START: return g_strdup(_("The run begins."));
    case SIM_EVENT_COMMAND: {
        g_autofree char *json = g_strndup((const char *)record->blob, record->blob_size);
        g_autofree char *words = gui_command_words(json);
        return g_strdup_printf(_("Command: %s%s."), words,
                               SIM_FIELDS(record, Command)->refused ? _(" (refused)") : "");
    }
    case SIM_EVENT_NOTE: return g_strdup_printf("%.*s", size, record->blob);
    case SIM_EVENT_PROBE_SENT: return g_strdup_printf(_("Probe: %.*s."), size, record->blob);
    case SIM_EVENT_CHECK_RESULT: return check_result(record);
    case SIM_EVENT_RUN_END:
        return g_strdup_printf(_("The run is over: %s."),
                               meaning(SIM_NAMES(EndReason), SIM_FIELDS(record, RunEnd)->reason));
    default: return g_strdup(_(sim_event_info(record->type)->meaning));
    }
}

char *gui_event_sentence(const SimModel *model, const SimRecord *record)
{
    char *text = cpu_sentence(model, record);
    char *valid;

    if (!text)
        text = memory_sentence(model, record);
    if (!text)
        text = limit_sentence(model, record);
    if (!text)
        text = network_sentence(model, record);
    if (!text)
        text = nat_sentence(model, record);
    if (!text)
        text = run_sentence(record);
    valid = g_utf8_make_valid(text, -1);
    g_free(text);
    return valid;
}

char *gui_scene_caption(GuiSession *session)
{
    SimRecord record;

    if (!gui_session_last_event(session, &record) || sim_event_info(record.type) == NULL ||
        gui_session_time(session) == 0)
        return g_strdup(_("The world is built; nothing has happened yet."));
    return gui_event_sentence(gui_session_model(session), &record);
}

char *gui_time_text(uint64_t ns)
{
    if (ns < 1000)
        return g_strdup_printf("%" G_GUINT64_FORMAT " ns", ns);
    if (ns < 1000000)
        return g_strdup_printf("%.3f \302\265s", (double)ns / 1e3);
    if (ns < 1000000000)
        return g_strdup_printf("%.3f ms", (double)ns / 1e6);
    return g_strdup_printf("%.6f s", (double)ns / 1e9);
}
