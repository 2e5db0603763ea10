/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mode-lab.h: a world of networks with the outside, and VMs that are bare IP stacks.
 *
 * lab_run() moves time as the engine does: to the next thing that is due in the world
 * or in a stack. What NATs, routers and servers report is written down, one line each,
 * without times; what a stack sends is checked to be well-formed.
 */
#pragma once

#include <glib.h>
#include <string.h>

#include "netsim/endpoint.h"
#include "netsim/network.h"
#include "netsim/outside.h"
#include "netsim/proto/dissect.h"
#include "netsim/proto/headers.h"
#include "netsim/proto/stack.h"
#include "netsim/proto/text.h"

#define LAB_MAX_VMS 8

typedef struct Lab Lab;

typedef struct {
    Lab *lab;
    NetPortId port;
    NetStack stack;
    GString *heard; /* what its callbacks were told */
} LabVm;

struct Lab {
    NetWorld *world;
    NetTime now;
    uint64_t frame_ids;
    NetPart *host;
    LabVm vms[LAB_MAX_VMS];
    unsigned vm_count;
    GString *log;
    GPtrArray *frames;  /* one-line summaries of frames made, in order */
    GHashTable *parent; /* frame id -> parent's id */
};

static void lab_check_frame(const uint8_t *bytes, size_t length, char **ret_info)
{
    NetDissection *d = g_new(NetDissection, 1);

    net_dissect(bytes, length, d);
    g_assert_false(d->malformed);
    g_assert_false(d->bad_checksum);
    *ret_info = g_strdup_printf("%s > %s %s", d->source, d->destination, d->info);
    g_free(d);
}

/* --- what is reported --- */

static const char *lab_socket(NetSocketAddress a)
{
    static char text[4][32];
    static unsigned turn;
    char *to = text[turn++ % 4];

    g_snprintf(to, sizeof text[0], "%u.%u.%u.%u:%u", a.address >> 24, a.address >> 16 & 255,
               a.address >> 8 & 255, a.address & 255, a.port);
    return to;
}

static void lab_frame_new(void *user, NetTime at, const NetFrame *frame)
{
    Lab *lab = user;
    char *info;

    lab_check_frame(frame->bytes, frame->length, &info);
    g_ptr_array_add(lab->frames, info);
    g_hash_table_insert(lab->parent, GUINT_TO_POINTER((guint)frame->id),
                        GUINT_TO_POINTER((guint)frame->parent));
}

static void lab_nat_new(void *user, NetTime at, NetPortId port, const NetNatRow *row,
                        const NetFrame *frame)
{
    g_string_append_printf(((Lab *)user)->log, "row %u: %s to %s as %s to %s%s\n", row->id,
                           lab_socket(row->inside), lab_socket(row->inside_peer),
                           lab_socket(row->outside), lab_socket(row->outside_peer),
                           row->rule != NET_NO_RULE ? " by rule" : "");
}

static void lab_nat_state(void *user, NetTime at, NetPortId port, const NetNatRow *row)
{
    g_string_append_printf(((Lab *)user)->log, "row %u: %s\n", row->id,
                           net_nat_state_name(row->state));
}

static void lab_nat_drop(void *user, NetTime at, NetPortId in, const NetFrame *frame,
                         NetDropReason why)
{
    g_string_append_printf(((Lab *)user)->log, "nat drop: %s\n", net_drop_reason_name(why));
}

static void lab_nat_expired(void *user, NetTime at, NetPortId port, const NetNatRow *row)
{
    g_string_append_printf(((Lab *)user)->log, "row %u: over at %" G_GUINT64_FORMAT " s\n", row->id,
                           at / NET_NS_PER_SECOND);
}

static void lab_router_drop(void *user, NetTime at, NetPortId in, uint64_t frame, NetDropReason why)
{
    g_string_append_printf(((Lab *)user)->log, "drop: %s\n", net_drop_reason_name(why));
}

static void lab_dhcp(void *user, NetTime at, NetPortId port, const NetDhcpEvent *event,
                     const NetFrame *frame)
{
    g_string_append_printf(((Lab *)user)->log, "dhcp %s %u.%u.%u.%u%s%s\n",
                           net_dhcp_event_name(event->kind), event->address >> 24,
                           event->address >> 16 & 255, event->address >> 8 & 255,
                           event->address & 255, *event->name ? " " : "", event->name);
}

static void lab_dns(void *user, NetTime at, NetPortId port, const char *name, NetDnsOutcome outcome,
                    NetIp4 address, const NetFrame *frame)
{
    g_string_append_printf(((Lab *)user)->log, "dns %s %s\n", name, net_dns_outcome_name(outcome));
}

static const NetObserver lab_observer = {
    .frame_new = lab_frame_new,
    .nat_new = lab_nat_new,
    .nat_state = lab_nat_state,
    .nat_drop = lab_nat_drop,
    .nat_expired = lab_nat_expired,
    .router_drop = lab_router_drop,
    .dhcp = lab_dhcp,
    .dns = lab_dns,
};

/* --- making --- */

static Lab *lab_new(void)
{
    Lab *lab = g_new0(Lab, 1);
    NetWorldConfig config = {
        .frame_ids = &lab->frame_ids, .observer = lab_observer, .observer_user = lab};

    lab->log = g_string_new(NULL);
    lab->frames = g_ptr_array_new_with_free_func(g_free);
    lab->parent = g_hash_table_new(NULL, NULL);
    lab->world = net_world_new(&config);
    return lab;
}

static void lab_free(Lab *lab)
{
    net_world_free(lab->world);
    for (unsigned i = 0; i < lab->vm_count; i++)
        g_string_free(lab->vms[i].heard, TRUE);
    g_string_free(lab->log, TRUE);
    g_ptr_array_unref(lab->frames);
    g_hash_table_unref(lab->parent);
    g_free(lab);
}

static NetNetworkId lab_network(Lab *lab, const NetNetworkConfig *config)
{
    g_autoptr(GError) error = NULL;
    NetNetworkId id;

    net_world_add_network(lab->world, config, lab->now, &id, &error);
    g_assert_no_error(error);
    return id;
}

static NetPart *lab_machine(Lab *lab, NetNetworkId network, NetEndpointKind kind, const char *name,
                            NetIp4 address, NetIp4 gateway)
{
    NetEndpointConfig config = {
        .kind = kind, .name = name, .services = NET_SERVICE_ECHO, .seed = address};
    NetStackNic nic = {
        .mac = net_mac_of_ip(address), .address = address, .prefix = 24, .gateway = gateway};
    NetPart *part = net_endpoint_new(&config);

    net_world_add_part(lab->world, part, network, 0, 0, lab->now);
    net_world_plug(lab->world, network, net_endpoint_add_nic(part, network, &nic, lab->now),
                   lab->now);
    return part;
}

#define LAB_PRINTER NET_IP4(192, 168, 1, 50)
#define LAB_HOST    NET_IP4(192, 168, 1, 10)
#define LAB_SERVER  NET_IP4(203, 0, 113, 10)

/* The host, a printer on the LAN, a server in the Internet. */
static void lab_outside(Lab *lab)
{
    static const NetName names[] = {{"printer", LAB_PRINTER}, {"server", LAB_SERVER}};
    NetEndpointConfig host = {
        .kind = NET_ENDPOINT_HOST, .name = "host", .services = NET_SERVICE_ECHO, .seed = 7};
    NetOutsideConfig config = {.names = names, .name_count = G_N_ELEMENTS(names)};
    g_autoptr(GError) error = NULL;

    config.host = lab->host = net_endpoint_new(&host);
    net_world_add_outside(lab->world, &config, lab->now, &error);
    g_assert_no_error(error);
    lab_machine(lab, (NetNetworkId)net_world_lan(lab->world), NET_ENDPOINT_LAN, "printer",
                LAB_PRINTER, NET_IP4(192, 168, 1, 1));
    lab_machine(lab, (NetNetworkId)net_world_internet(lab->world), NET_ENDPOINT_INTERNET, "server",
                LAB_SERVER, 0);
}

static void lab_send(void *user, unsigned nic, const uint8_t *bytes, size_t length)
{
    LabVm *vm = user;
    char *info;

    lab_check_frame(bytes, length, &info);
    g_ptr_array_add(vm->lab->frames, info);
    net_world_transmit_bytes(vm->lab->world, vm->port, bytes, length, 0, vm->lab->now);
}

static void lab_seen(void *user, NetProbeKind kind, uint64_t nonce, NetIp4 from)
{
}

static const NetStackOps lab_stack_ops = {.send = lab_send, .probe_seen = lab_seen};

/* A VM with one NIC; address 0: none yet. */
static LabVm *lab_vm(Lab *lab, NetNetworkId network, NetIp4 address, NetIp4 gateway)
{
    LabVm *vm = &lab->vms[lab->vm_count];
    NetNicConfig config = {.network = network, .vm = lab->vm_count};
    NetStackNic nic = {.mac = {{2, 0x68, 0x76, 0, (uint8_t)lab->vm_count, 0}},
                       .address = address,
                       .prefix = 24,
                       .gateway = gateway};
    g_autoptr(GError) error = NULL;

    config.mac = nic.mac;
    vm->lab = lab;
    vm->heard = g_string_new(NULL);
    net_world_attach_nic(lab->world, &config, lab->now, &vm->port, &error);
    g_assert_no_error(error);
    net_stack_init(&vm->stack, &lab_stack_ops, vm, 1 + lab->vm_count);
    g_assert_cmpint(net_stack_add_nic(&vm->stack, &nic), ==, 0);
    lab->vm_count++;
    return vm;
}

/* --- time --- */

static void lab_take_deliveries(Lab *lab)
{
    NetDelivery delivery;

    while (net_world_take_delivery(lab->world, &delivery)) {
        LabVm *vm = &lab->vms[delivery.vm];
        net_stack_input(&vm->stack, 0, delivery.frame->bytes, delivery.frame->length, lab->now);
        net_frame_unref(delivery.frame);
    }
}

static void lab_run(Lab *lab, NetTime duration)
{
    NetTime end = lab->now + duration;

    for (;;) {
        NetTime next = net_world_deadline(lab->world);
        for (unsigned i = 0; i < lab->vm_count; i++)
            next = MIN(next, net_stack_deadline(&lab->vms[i].stack));
        if (next > end)
            break;
        lab->now = MAX(lab->now, net_world_advance(lab->world, next));
        lab_take_deliveries(lab);
        for (unsigned i = 0; i < lab->vm_count; i++)
            net_stack_advance(&lab->vms[i].stack, lab->now);
    }
    net_world_advance(lab->world, end);
    lab->now = end;
}

static inline void lab_reset(Lab *lab)
{
    g_string_truncate(lab->log, 0);
    g_ptr_array_set_size(lab->frames, 0);
}

/* --- asking --- */

static void lab_pinged(void *user, const NetEchoResult *result)
{
    static const char *const outcomes[] = {
        [NET_ECHO_REPLY] = "reply",
        [NET_ECHO_TIMEOUT] = "timeout",
        [NET_ECHO_UNREACHABLE] = "unreachable",
        [NET_ECHO_TIME_EXCEEDED] = "time exceeded",
    };
    LabVm *vm = user;

    g_string_append_printf(vm->heard, "%s from %u.%u.%u.%u ttl %u\n", outcomes[result->outcome],
                           result->from >> 24, result->from >> 16 & 255, result->from >> 8 & 255,
                           result->from & 255, result->ttl);
}

/* Pings and returns what came of it: "reply from 192.168.1.50 ttl 62". */
static inline const char *lab_ping_ttl(LabVm *vm, NetIp4 to, uint8_t ttl)
{
    static uint16_t sequence;
    NetPing ping = {
        .to = to,
        .id = 77,
        .sequence = ++sequence,
        .ttl = ttl,
        .payload = "abcdefgh",
        .payload_bytes = 8,
        .timeout_ns = 5 * NET_NS_PER_SECOND,
        .done = lab_pinged,
        .user = vm,
    };

    g_string_truncate(vm->heard, 0);
    if (net_stack_ping(&vm->stack, &ping, vm->lab->now) != NET_STACK_OK)
        return "no route";
    lab_run(vm->lab, 6 * NET_NS_PER_SECOND);
    if (vm->heard->len > 0)
        g_string_truncate(vm->heard, vm->heard->len - 1);
    return vm->heard->str;
}

static inline const char *lab_ping(LabVm *vm, NetIp4 to)
{
    return lab_ping_ttl(vm, to, 0);
}
