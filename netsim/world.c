/* SPDX-License-Identifier: GPL-2.0-or-later */
/* world.c: parts, ports, the links between them, and the order of events.
 *
 * There are four classes of events. A command plugs or unplugs a cable, a timer
 * calls a part's advance, an arrival is a frame's last bit coming out of a cable,
 * and a transmission is a frame that a VM's NIC sends. net_world_advance() takes
 * one after another from the queue; what each sets off goes into the queue again,
 * later, as every link takes time.
 */
#include "netsim/world-private.h"

#include "netsim/nic.h"
#include "netsim/uplink.h"

enum {
    CLASS_COMMAND,
    CLASS_TIMER,
    CLASS_ARRIVAL = NET_QUEUE_ARRIVAL,
    CLASS_TRANSMISSION = NET_QUEUE_TRANSMISSION,
};

#define REPORT(world, event, ...)                                                                  \
    do {                                                                                           \
        if ((world)->config.observer.event != NULL)                                                \
            (world)->config.observer.event((world)->config.observer_user, __VA_ARGS__);            \
    } while (0)

/* --- making and wiring --- */

static void free_part(gpointer data)
{
    NetPart *part = data;

    g_free(part->ports);
    part->ops->free(part);
}

void net_network_disown_config(NetNetwork *network)
{
    for (size_t i = 0; i < network->config.forward_count; i++)
        g_free((char *)network->config.forwards[i].name);
    g_free((NetForward *)network->config.forwards);
    g_free((NetReservation *)network->config.dhcp.reservations);
    g_free((char *)network->config.name);
    network->config = (NetNetworkConfig){0};
}

static void free_network(gpointer data)
{
    NetNetwork *network = data;

    net_network_disown_config(network);
    g_array_unref(network->routers);
    g_free(network->trunk_ports);
    g_free(network);
}

NetWorld *net_world_new(const NetWorldConfig *config)
{
    NetWorld *world = g_new0(NetWorld, 1);

    world->config = *config;
    world->networks = g_ptr_array_new_with_free_func(free_network);
    world->parts = g_ptr_array_new_with_free_func(free_part);
    world->ports = g_ptr_array_new_with_free_func(g_free);
    net_queue_init(&world->queue);
    return world;
}

void net_world_free(NetWorld *world)
{
    NetDelivery delivery;

    if (world == NULL)
        return;
    while (net_world_take_delivery(world, &delivery))
        net_frame_unref(delivery.frame);
    g_free(world->deliveries);
    net_queue_clear(&world->queue);
    g_ptr_array_unref(world->ports);
    g_ptr_array_unref(world->parts);
    g_ptr_array_unref(world->networks);
    g_clear_pointer(&world->machines, g_hash_table_unref);
    g_free(world->outside);
    g_free(world);
}

const NetObserver *net_world_observer(const NetWorld *world, void **ret_user)
{
    *ret_user = world->config.observer_user;
    return &world->config.observer;
}

NetPartId net_world_add_part(NetWorld *world, NetPart *part, NetNetworkId network, uint32_t vm,
                             uint32_t nic, NetTime now)
{
    part->world = world;
    part->info = (NetPartInfo){
        .part = world->parts->len,
        .network = network,
        .kind = part->ops->kind,
        .vm = vm,
        .nic = nic,
    };
    part->observer = &world->config.observer;
    part->observer_user = world->config.observer_user;
    part->armed = NET_TIME_NEVER;
    part->ports = NULL;
    part->port_count = 0;
    g_ptr_array_add(world->parts, part);
    REPORT(world, part_new, now, &part->info);
    return part->info.part;
}

NetPortId net_world_add_port(NetWorld *world, NetPart *part, NetTime now)
{
    return net_world_add_port_on(world, part, part->info.network, now);
}

NetPortId net_world_add_port_on(NetWorld *world, NetPart *part, NetNetworkId network, NetTime now)
{
    NetPort *port = g_new0(NetPort, 1);
    NetPortId id = world->ports->len;

    port->part = part;
    port->is_end = net_part_is_nic(part) || net_part_is_uplink(part);
    port->id = id;
    port->network = network;
    port->number = part->port_count;
    g_ptr_array_add(world->ports, port);
    part->ports = g_renew(NetPort *, part->ports, part->port_count + 1);
    part->ports[part->port_count++] = port;
    REPORT(world, port_new, now, id, part->info.part, port->number, network);
    if (part->ops->port_added != NULL)
        part->ops->port_added(part, port->number, id);
    return id;
}

/* epoch and what are for the caller to fill in. */
static inline NetEvent *push(NetWorld *world, NetTime time, unsigned class, NetFrame *frame,
                             void *target)
{
    NetEvent *event = net_queue_push(&world->queue, time, class);

    event->frame = frame;
    event->target = target;
    return event;
}

/* When a part next wants to be called may have changed. */
static void arm(NetWorld *world, NetPart *part)
{
    if (part->ops->deadline == NULL || part->gone)
        return;
    /* What is overdue (a table whose ageing time was just shortened) is due now. */
    NetTime deadline = MAX(part->ops->deadline(part), world->now);
    if (deadline < part->armed) {
        part->armed = deadline;
        push(world, deadline, CLASS_TIMER, NULL, part);
    }
}

static void set_up(NetWorld *world, NetPort *port, bool up, NetTime now)
{
    port->up = up;
    if (!up) {
        port->epoch++;
        port->former = port->peer;
        net_link_reset(&port->way);
    }
    REPORT(world, port_state, now, port->id, up);
    if (port->part->ops->port_changed != NULL)
        port->part->ops->port_changed(port->part, port->number, up, now);
    arm(world, port->part);
}

void net_world_add_link(NetWorld *world, NetPortId a, NetPortId b, const NetLinkConfig *config,
                        NetTime now)
{
    NetPort *ports[2] = {net_world_port_at(world, a), net_world_port_at(world, b)};

    g_assert(ports[0]->peer == NULL && ports[1]->peer == NULL && a != b);
    g_assert(config->latency_ns > 0 && config->rate_bps > 0);
    ports[0]->peer = ports[1];
    ports[1]->peer = ports[0];
    /* Equal at both ends, and later than what may still be under way to either. */
    ports[0]->epoch = ports[1]->epoch = MAX(ports[0]->epoch, ports[1]->epoch);
    ports[0]->config = ports[1]->config = *config;
    ports[0]->way = ports[1]->way = (NetLinkWay){0};
    net_link_seed(&ports[0]->way, world->config.seed, a);
    net_link_seed(&ports[1]->way, world->config.seed, b);
    REPORT(world, link_new, now, a, b, config->latency_ns, config->rate_bps);
    set_up(world, ports[0], true, now);
    set_up(world, ports[1], true, now);
}

/* --- taking apart --- */

void net_world_remove_link(NetWorld *world, NetPortId id, NetTime now)
{
    static const NetLinkQuality perfect;
    NetPort *port = net_world_port_at(world, id), *peer = port->peer;

    if (peer == NULL)
        return;
    for (unsigned i = 0; i < 2; i++) {
        NetPort *end = i == 0 ? port : peer;
        if (end->up)
            set_up(world, end, false, now);
        net_link_set_quality(&end->way, &perfect);
    }
    port->peer = peer->peer = NULL;
    REPORT(world, link_gone, now, id, peer->id);
}

void net_world_remove_port(NetWorld *world, NetPortId id, NetTime now)
{
    net_world_remove_link(world, id, now);
    net_world_port_at(world, id)->gone = true;
    REPORT(world, port_gone, now, id);
}

void net_world_remove_part(NetWorld *world, NetPart *part, NetTime now)
{
    if (part->ops->retire != NULL)
        part->ops->retire(part, now);
    for (uint32_t i = 0; i < part->port_count; i++)
        net_world_remove_port(world, part->ports[i]->id, now);
    part->gone = true;
    part->armed = NET_TIME_NEVER;
}

/* --- what parts call --- */

uint32_t net_part_port_count(const NetPart *part)
{
    return part->port_count;
}

NetPortId net_part_port_id(const NetPart *part, uint32_t port)
{
    return part->ports[port]->id;
}

bool net_part_port_is_up(const NetPart *part, uint32_t port)
{
    return part->ports[port]->up;
}

void net_part_count_drop(NetPart *part, uint32_t port, NetDropReason why)
{
    part->ports[port]->dropped[why]++;
}

static void drop_on_link(NetWorld *world, NetPort *from, const NetFrame *frame, NetDropReason why,
                         NetTime now)
{
    from->dropped[why]++;
    REPORT(world, link_drop, now, from->id, frame, why);
}

/* Puts a frame on its way; lost: it will not come out. */
static inline void carry(NetWorld *world, NetPort *from, NetFrame *frame, NetTime now,
                         NetTime departs, NetTime arrives, bool lost)
{
    from->out_frames++;
    from->out_bytes += frame->length;
    REPORT(world, link_enter, now, from->id, from->peer->id, frame, departs, arrives);
    NetEvent *event = push(world, arrives, CLASS_ARRIVAL, net_frame_ref(frame), from->peer);
    event->epoch = from->epoch;
    event->what = lost;
}

static void carry_badly(NetWorld *world, NetPort *from, NetFrame *frame, NetTime now,
                        NetTime departs, NetTime arrives)
{
    NetLinkFate fate = net_link_suffer(&from->way, &from->config, &arrives);

    carry(world, from, frame, now, departs, arrives, fate.lost);
    if (!fate.twice)
        return;
    g_autoptr(NetFrame) copy =
        net_part_new_frame(from->part, frame->id, frame->bytes, frame->length, now);
    carry(world, from, copy, now, departs, arrives, false);
}

static G_ALWAYS_INLINE inline void send(NetWorld *world, NetPort *from, NetFrame *frame,
                                        NetTime now)
{
    NetTime departs, arrives;

    if (!from->up)
        drop_on_link(world, from, frame, NET_DROP_LINK_DOWN, now);
    else if (!net_link_send(&from->way, &from->config, frame->length, now, &departs, &arrives))
        drop_on_link(world, from, frame, NET_DROP_LINK_QUEUE_FULL, now);
    else if (from->way.is_bad)
        carry_badly(world, from, frame, now, departs, arrives);
    else
        carry(world, from, frame, now, departs, arrives, false);
}

void net_part_send(NetPart *part, uint32_t port, NetFrame *frame, NetTime now)
{
    send(part->world, part->ports[port], frame, now);
}

void net_part_deliver(NetPart *part, uint32_t port, NetFrame *frame, NetTime now)
{
    NetWorld *world = part->world;

    if (world->delivery_count == world->delivery_capacity) {
        world->delivery_capacity = MAX(16, 2 * world->delivery_capacity);
        world->deliveries = g_renew(NetDelivery, world->deliveries, world->delivery_capacity);
    }
    world->deliveries[world->delivery_count++] = (NetDelivery){
        .time = now,
        .port = part->ports[port]->id,
        .vm = part->info.vm,
        .nic = part->info.nic,
        .frame = net_frame_ref(frame),
    };
    REPORT(world, delivered, now, part->ports[port]->id, frame);
}

NetFrame *net_part_new_frame(NetPart *part, uint64_t parent, const uint8_t *bytes, size_t length,
                             NetTime now)
{
    NetWorld *world = part->world;
    NetFrame *frame = net_frame_new(++*world->config.frame_ids, parent, bytes, length);

    REPORT(world, frame_new, now, frame);
    return frame;
}

void net_part_arm(NetPart *part)
{
    arm(part->world, part);
}

/* --- what the owner hands in --- */

void net_world_transmit(NetWorld *world, NetPortId port, NetFrame *frame, NetTime at)
{
    NetPort *from = net_world_port_at(world, port);

    g_assert(at >= world->now && from->is_end);
    push(world, at, CLASS_TRANSMISSION, net_frame_ref(frame), from);
}

void net_world_transmit_bytes(NetWorld *world, NetPortId port, const uint8_t *bytes, size_t length,
                              uint64_t id, NetTime at)
{
    g_autoptr(NetFrame) frame =
        net_frame_new(id != 0 ? id : ++*world->config.frame_ids, 0, bytes, length);

    net_world_transmit(world, port, frame, at);
}

void net_world_set_link(NetWorld *world, NetPortId port, bool up, NetTime at)
{
    NetPort *end = net_world_port_at(world, port);

    g_assert(at >= world->now && end->peer != NULL);
    push(world, at, CLASS_COMMAND, NULL, end)->what = up;
}

void net_world_set_quality(NetWorld *world, NetPortId port, const NetLinkQuality *quality,
                           NetTime now)
{
    NetPort *end = net_world_port_at(world, port);
    NetPort *ends[2] = {end, end->peer};

    for (unsigned i = 0; i < 2; i++) {
        net_link_set_quality(&ends[i]->way, quality);
        REPORT(world, link_quality, now, ends[i]->id, quality);
    }
}

/* --- events --- */

static void do_command(NetWorld *world, const NetEvent *event)
{
    NetPort *port = event->target, *peer = port->peer;

    if (port->up == event->what || peer == NULL)
        return;
    set_up(world, port, event->what, event->time);
    set_up(world, peer, event->what, event->time);
}

static void do_timer(NetWorld *world, const NetEvent *event)
{
    NetPart *part = event->target;

    /* Only the timer set last counts: an earlier one may still have been queued. */
    if (event->time != part->armed)
        return;
    part->armed = NET_TIME_NEVER;
    part->ops->advance(part, event->time);
    arm(world, part);
}

static inline void do_arrival(NetWorld *world, const NetEvent *event)
{
    NetPort *port = event->target;
    NetFrame *frame = event->frame;

    if (G_UNLIKELY(event->epoch != port->epoch)) {
        drop_on_link(world, port->former, frame, NET_DROP_LINK_DOWN, event->time);
        return;
    }
    if (G_UNLIKELY(event->what)) {
        drop_on_link(world, port->peer, frame, NET_DROP_LINK_LOSS, event->time);
        return;
    }
    const NetPartOps *ops = port->part->ops;
    port->in_frames++;
    port->in_bytes += frame->length;
    ops->receive(port->part, port->number, frame, event->time);
    if (!ops->arms_itself)
        arm(world, port->part);
}

static inline bool may_go_on(NetWorld *world)
{
    if (++world->steps <= NET_MAX_STEPS_PER_INSTANT)
        return true;
    world->stopped = true;
    REPORT(world, overrun, world->now, world->steps);
    return false;
}

static inline void do_event(NetWorld *world, const NetEvent *event)
{
    switch (event->class) {
    case CLASS_COMMAND: do_command(world, event); break;
    case CLASS_TIMER: do_timer(world, event); break;
    case CLASS_ARRIVAL: do_arrival(world, event); break;
    case CLASS_TRANSMISSION: send(world, event->target, event->frame, event->time); break;
    }
    net_frame_unref(event->frame);
}

/* The first event, which is due at `instant`; and if it is of a run, those of the same
 * instant behind it, as long as nothing in the heap could come between. */
static inline void step(NetWorld *world, NetTime instant)
{
    NetQueue *queue = &world->queue;
    NetEventRun *run = net_queue_due_run(queue, instant);

    do {
        NetEvent event = run != NULL ? net_queue_pop_run(run) : net_queue_pop_heap(queue);
        do_event(world, &event);
    } while (may_go_on(world) && run != NULL && run->head->time == instant &&
             queue->heap.first != instant);
}

NetTime net_world_deadline(const NetWorld *world)
{
    return world->stopped ? NET_TIME_NEVER : net_queue_first(&world->queue);
}

NetTime net_world_advance(NetWorld *world, NetTime limit)
{
    NetTime instant;

    while (!world->stopped && (instant = net_queue_first(&world->queue)) <= limit &&
           instant != NET_TIME_NEVER) {
        if (instant > world->now)
            world->steps = 0;
        world->now = instant;
        do
            step(world, instant);
        while (net_queue_first(&world->queue) == instant && !world->stopped);
        if (world->delivery_count > world->taken)
            return instant;
    }
    if (limit != NET_TIME_NEVER)
        world->now = MAX(world->now, limit);
    return limit;
}

bool net_world_take_delivery(NetWorld *world, NetDelivery *ret_delivery)
{
    if (world->taken == world->delivery_count) {
        world->delivery_count = world->taken = 0;
        return false;
    }
    *ret_delivery = world->deliveries[world->taken++];
    return true;
}

bool net_world_stopped(const NetWorld *world)
{
    return world->stopped;
}
