/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tables.c: what the IP stack knows, for programs that show it: NICs, the ARP cache,
 * sockets and connections. */
#include "hv-core/guest/user/user.h"

unsigned nic_count(void)
{
    return boot_info()->nic_count;
}

NicInfo nic_info(unsigned nic)
{
    if (nic >= nic_count())
        return (NicInfo){.dhcp_state = "none"};
    uint64_t now = now_ns();
    net_lock();
    const NetStackNic *n = &net_stack.nics[nic];
    const NetDhcpClient *client = &net_stack.dhcp[nic];
    NicInfo info = {
        .dhcp_state = net_dhcp_state_name((NetDhcpState)client->state),
        .mtu = n->mtu,
        .address = n->address,
        .prefix = n->prefix,
        .gateway = n->gateway,
        .name_server = client->dns_count > 0 ? client->dns[0] : 0,
        .dhcp_server = client->address != 0 ? client->server : 0,
        .lease_left_ns = FOREVER,
    };
    memcpy(info.mac, n->mac.byte, sizeof info.mac);
    if (client->address != 0 && client->expires_at != NET_TIME_NEVER)
        info.lease_left_ns = client->expires_at - now;
    net_unlock();
    return info;
}

bool dhcp_ask(unsigned nic, uint64_t timeout_ns)
{
    if (nic >= nic_count())
        return false;
    uint64_t deadline = net_deadline(timeout_ns);
    const volatile NetDhcpClient *client = &net_stack.dhcp[nic];
    net_lock();
    if (client->state == NET_DHCP_IDLE || client->address != 0)
        net_stack_dhcp_start(&net_stack, nic, now_ns());
    net_unlock();
    for (bool last = false;;) {
        uint32_t seen = net_events;
        if (client->address != 0 || last)
            return client->address != 0;
        last = !net_wait(seen, deadline);
    }
}

void dhcp_release(unsigned nic)
{
    net_lock();
    net_stack_dhcp_release(&net_stack, nic, now_ns());
    net_unlock();
}

bool arp_next(unsigned *at, ArpInfo *ret)
{
    const NetArpEntry *entries = &net_stack.arp[0][0];
    for (; *at < NET_ARP_SETS * NET_ARP_WAYS; ++*at) {
        const NetArpEntry *entry = &entries[*at];
        if (entry->state == NET_ARP_FREE)
            continue;
        ret->address = entry->address;
        ret->nic = entry->nic;
        ret->state = net_arp_state_name((NetArpState)entry->state);
        memcpy(ret->mac, entry->mac.byte, sizeof ret->mac);
        ++*at;
        return true;
    }
    return false;
}

bool route_next(unsigned *at, RouteInfo *ret)
{
    for (; *at < NET_STACK_MAX_ROUTES; ++*at) {
        const NetRoute *route = &net_stack.routes[*at];
        if (!route->in_use)
            continue;
        *ret = (RouteInfo){route->network, route->gateway, route->prefix, route->nic};
        ++*at;
        return true;
    }
    return false;
}

bool route_add(uint32_t network, unsigned prefix, uint32_t gateway)
{
    for (unsigned nic = 0; nic < nic_count(); nic++) {
        const NetStackNic *own = &net_stack.nics[nic];
        if (own->address == 0 || own->prefix == 0 ||
            (gateway ^ own->address) >> (32 - own->prefix) != 0)
            continue;
        net_lock();
        int error = net_stack_add_route(&net_stack, network, prefix, gateway, nic);
        net_unlock();
        return error == NET_STACK_OK;
    }
    return false;
}

/* The numbers that socket_next() counts: UDP sockets, then listeners, then connections. */
#define FIRST_LISTENER   NET_STACK_MAX_SOCKETS
#define FIRST_CONNECTION (FIRST_LISTENER + NET_TCP_MAX_LISTENERS)

static bool socket_info(unsigned number, SocketInfo *ret)
{
    if (number < FIRST_LISTENER) {
        uint16_t port = net_stack.sockets[number].port;
        *ret = (SocketInfo){.protocol = "udp", .state = "", .local_port = port};
        return port != 0;
    }
    if (number < FIRST_CONNECTION) {
        uint16_t port = net_stack.tcp.listeners[number - FIRST_LISTENER].port;
        *ret = (SocketInfo){.protocol = "tcp", .state = "LISTEN", .local_port = port};
        return port != 0;
    }
    const NetTcpConnection *c = &net_stack.tcp.memory.connections[number - FIRST_CONNECTION];
    *ret = (SocketInfo){
        .protocol = "tcp",
        .state = net_tcp_state_name((NetTcpState)c->state),
        .local = c->local,
        .remote = c->remote,
        .local_port = c->local_port,
        .remote_port = c->remote_port,
        .send_queue = c->send_queued,
        .receive_queue = c->receive_waiting,
    };
    return c->in_use;
}

bool socket_next(unsigned *at, SocketInfo *ret)
{
    for (; *at < FIRST_CONNECTION + net_stack.tcp.memory.count;) {
        if (socket_info((*at)++, ret))
            return true;
    }
    return false;
}
