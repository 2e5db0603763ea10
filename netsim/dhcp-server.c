/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dhcp-server.c: which client gets which address, and until when; see dhcp-server.h.
 *
 * There is one entry per address that can be given out, and nothing else grows: a
 * client is what stands in an entry. An entry whose lease is over keeps its client's
 * identity until somebody else gets the address, so that who comes back gets it again.
 */
#include "netsim/dhcp-server.h"

#include <string.h>

#include "netsim/proto/dns.h"
#include "netsim/proto/wire.h"

typedef enum { ENTRY_FREE, ENTRY_OFFERED, ENTRY_BOUND, ENTRY_DECLINED } EntryState;

/* Who a client is: its identifier (RFC 2131 2), or its MAC address. */
typedef struct {
    uint8_t length; /* 0: nobody */
    uint8_t bytes[NET_DHCP_CLIENT_ID_MOST];
} Identity;

typedef struct {
    NetIp4 address;
    EntryState state;
    Identity client;
    NetMac mac;
    NetMac reserved_for; /* all zeros: anybody */
    NetTime expires;     /* unless free */
    uint64_t given_up;   /* when it last became free, in order; 0: it never was given */
    char name[64];
} Entry;

struct NetDhcpServer {
    NetDhcpServerConfig config;
    Entry *entries; /* by address */
    uint32_t count;
    uint64_t given_up; /* counter */
};

static const NetMac nobody;
static const NetMac everybody = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

/* --- making --- */

static int compare_entries(const void *a, const void *b)
{
    const Entry *x = a, *y = b;

    return x->address < y->address ? -1 : x->address > y->address;
}

static Entry *find_address(const NetDhcpServer *server, NetIp4 address)
{
    Entry key = {.address = address};

    return server->count == 0
               ? NULL
               : bsearch(&key, server->entries, server->count, sizeof key, compare_entries);
}

static void add_reservations(NetDhcpServer *server, const NetDhcpServerConfig *config)
{
    uint32_t in_range = server->count;

    for (size_t i = 0; i < config->reservation_count; i++) {
        const NetReservation *reservation = &config->reservations[i];
        Entry *entry = NULL;
        for (uint32_t at = 0; at < server->count && entry == NULL; at++) {
            if (server->entries[at].address == reservation->address)
                entry = &server->entries[at];
        }
        if (entry == NULL) {
            entry = &server->entries[server->count++];
            entry->address = reservation->address;
        }
        entry->reserved_for = reservation->mac;
    }
    if (server->count > in_range)
        qsort(server->entries, server->count, sizeof *server->entries, compare_entries);
}

NetDhcpServer *net_dhcp_server_new(const NetDhcpServerConfig *config)
{
    NetDhcpServer *server = g_new0(NetDhcpServer, 1);
    uint64_t range = config->last >= config->first ? (uint64_t)config->last - config->first + 1 : 0;

    range = MIN(range, NET_MAX_DHCP_RANGE);
    server->config = *config;
    if (server->config.lease_ns == 0)
        server->config.lease_ns = NET_DHCP_DEFAULT_LEASE_NS;
    server->entries = g_new0(Entry, range + config->reservation_count);
    for (uint64_t i = 0; i < range; i++) {
        NetIp4 address = config->first + (NetIp4)i;
        if (address != config->address)
            server->entries[server->count++].address = address;
    }
    add_reservations(server, config);
    server->config.reservations = NULL;
    return server;
}

void net_dhcp_server_free(NetDhcpServer *server)
{
    if (server == NULL)
        return;
    g_free(server->entries);
    g_free(server);
}

/* --- clients --- */

static Identity identity_of(const NetDhcp *message)
{
    Identity identity = {.length = message->client_id_bytes};

    memcpy(identity.bytes, message->client_id, message->client_id_bytes);
    if (identity.length == 0) {
        identity.length = 1 + sizeof message->mac.byte;
        identity.bytes[0] = 1; /* Ethernet, as RFC 2132 9.14 has it */
        memcpy(identity.bytes + 1, message->mac.byte, sizeof message->mac.byte);
    }
    return identity;
}

static bool is_client(const Entry *entry, const Identity *client)
{
    return entry->client.length == client->length &&
           memcmp(entry->client.bytes, client->bytes, client->length) == 0;
}

static bool is_reserved(const Entry *entry)
{
    return !net_mac_equal(entry->reserved_for, nobody);
}

/* May this client have the address now? */
static bool is_open_to(const Entry *entry, const NetDhcp *message, const Identity *client)
{
    if (is_reserved(entry) && !net_mac_equal(entry->reserved_for, message->mac))
        return false;
    return entry->state == ENTRY_FREE ||
           (entry->state != ENTRY_DECLINED && is_client(entry, client));
}

/* RFC 2131 4.3.1: reserved, had, asked for, then the one free for longest. */
static Entry *choose(NetDhcpServer *server, const NetDhcp *message, const Identity *client)
{
    Entry *had = NULL, *longest = NULL;

    for (uint32_t i = 0; i < server->count; i++) {
        Entry *entry = &server->entries[i];
        if (!is_open_to(entry, message, client))
            continue;
        if (is_reserved(entry))
            return entry;
        if (is_client(entry, client) && (had == NULL || entry->state != ENTRY_FREE))
            had = entry;
        if (longest == NULL || entry->given_up < longest->given_up)
            longest = entry;
    }
    if (had != NULL)
        return had;
    Entry *asked = find_address(server, message->requested);
    return asked != NULL && is_open_to(asked, message, client) ? asked : longest;
}

/* The address that the client has a claim to; NULL: we know nothing of it. */
static Entry *find_client(NetDhcpServer *server, const Identity *client)
{
    for (uint32_t i = 0; i < server->count; i++) {
        Entry *entry = &server->entries[i];
        if ((entry->state == ENTRY_BOUND || entry->state == ENTRY_OFFERED) &&
            is_client(entry, client))
            return entry;
    }
    return NULL;
}

static void set_free(NetDhcpServer *server, Entry *entry)
{
    entry->state = ENTRY_FREE;
    entry->given_up = ++server->given_up;
}

static NetTime after(NetTime now, NetTime duration)
{
    return duration > NET_TIME_NEVER - now ? NET_TIME_NEVER : now + duration;
}

static void assign(NetDhcpServer *server, Entry *entry, const NetDhcp *message,
                   const Identity *client, EntryState state, NetTime expires)
{
    const char *name = message->host_name;

    if (!net_dns_name_valid(name))
        name = server->config.name_of != NULL
                   ? server->config.name_of(server->config.user, message->mac)
                   : NULL;
    entry->client = *client;
    entry->mac = message->mac;
    entry->state = state;
    entry->expires = expires;
    g_strlcpy(entry->name, name != NULL ? name : "", sizeof entry->name);
}

/* --- answers --- */

static void report(NetDhcpAnswer *answer, NetDhcpEventKind kind, const NetDhcp *message,
                   NetIp4 address, NetTime lease_ns, const char *name)
{
    NetDhcpEvent *event = &answer->events[answer->event_count++];

    *event =
        (NetDhcpEvent){.kind = kind, .mac = message->mac, .address = address, .lease_ns = lease_ns};
    g_strlcpy(event->name, name != NULL ? name : "", sizeof event->name);
}

/* RFC 2131 4.1: whoever has no address yet gets it by MAC address, or by broadcast if
 * it asks for that; a NAK is always broadcast. */
static void address_answer(NetDhcpAnswer *answer, const NetDhcp *request, const NetDhcp *reply)
{
    bool broadcast = reply->type == NET_DHCP_NAK || request->broadcast;

    if (reply->type != NET_DHCP_NAK && request->client != 0) {
        answer->address = request->client;
        answer->mac = request->mac;
    } else if (broadcast || reply->yours == 0) {
        answer->address = NET_IP4_BROADCAST;
        answer->mac = everybody;
    } else {
        answer->address = reply->yours;
        answer->mac = request->mac;
    }
}

static void answer_with(const NetDhcpServer *server, NetDhcpAnswer *answer, const NetDhcp *request,
                        uint8_t type, NetIp4 yours)
{
    const NetDhcpServerConfig *config = &server->config;
    NetDhcp reply = {
        .operation = NET_DHCP_BOOTREPLY,
        .xid = request->xid,
        .broadcast = request->broadcast,
        .yours = yours,
        .mac = request->mac,
        .type = type,
        .server = config->address,
    };

    if (type != NET_DHCP_NAK) {
        reply.client = request->client;
        reply.mask = net_ip4_mask(config->prefix);
        reply.broadcasts = config->subnet | ~reply.mask;
        reply.router = config->router;
        reply.mtu = config->mtu;
        reply.dns_count = config->dns != 0;
        reply.dns[0] = config->dns;
    }
    if (yours != 0) {
        uint64_t seconds = config->lease_ns / NET_NS_PER_SECOND;
        reply.lease_s = config->lease_ns == NET_TIME_NEVER || seconds >= NET_DHCP_FOREVER
                            ? NET_DHCP_FOREVER
                            : (uint32_t)MAX(seconds, 1);
        if (reply.lease_s != NET_DHCP_FOREVER) { /* RFC 2131 4.4.5: a half, seven eighths */
            reply.renewal_s = reply.lease_s / 2;
            reply.rebinding_s = (uint32_t)((uint64_t)reply.lease_s * 7 / 8);
        }
    }
    answer->length = net_dhcp_write(answer->bytes, &reply);
    address_answer(answer, request, &reply);
}

/* --- messages --- */

static void take_discover(NetDhcpServer *server, const NetDhcp *message, const Identity *client,
                          NetTime now, NetDhcpAnswer *answer)
{
    Entry *entry = choose(server, message, client);

    report(answer, NET_DHCP_EVENT_DISCOVER, message, message->requested, 0, message->host_name);
    if (entry == NULL) {
        report(answer, NET_DHCP_EVENT_EXHAUSTED, message, 0, 0, "");
        return;
    }
    if (entry->state != ENTRY_BOUND)
        assign(server, entry, message, client, ENTRY_OFFERED, after(now, NET_DHCP_OFFER_NS));
    report(answer, NET_DHCP_EVENT_OFFER, message, entry->address, server->config.lease_ns,
           entry->name);
    answer_with(server, answer, message, NET_DHCP_OFFER, entry->address);
}

static void refuse(const NetDhcpServer *server, const NetDhcp *message, NetIp4 address,
                   NetDhcpAnswer *answer)
{
    report(answer, NET_DHCP_EVENT_NAK, message, address, 0, "");
    answer_with(server, answer, message, NET_DHCP_NAK, 0);
}

static void take_request(NetDhcpServer *server, const NetDhcp *message, const Identity *client,
                         NetTime now, NetDhcpAnswer *answer)
{
    NetIp4 wanted = message->requested != 0 ? message->requested : message->client;
    Entry *entry = find_address(server, wanted), *known = find_client(server, client);
    bool is_here = ((wanted ^ server->config.subnet) & net_ip4_mask(server->config.prefix)) == 0;

    report(answer, NET_DHCP_EVENT_REQUEST, message, wanted, 0, message->host_name);
    if (message->server != 0 && message->server != server->config.address) {
        if (known != NULL && known->state == ENTRY_OFFERED)
            set_free(server, known); /* it has taken another server's offer */
        return;
    }
    /* RFC 2131 4.3.2, INIT-REBOOT: silence about a client that we know nothing of. */
    if (message->server == 0 && message->client == 0 && known == NULL && is_here &&
        (entry == NULL || !is_client(entry, client)))
        return;
    if (entry == NULL || !is_open_to(entry, message, client)) {
        refuse(server, message, wanted, answer);
        return;
    }
    if (known != NULL && known != entry)
        set_free(server, known);
    assign(server, entry, message, client, ENTRY_BOUND, after(now, server->config.lease_ns));
    report(answer, NET_DHCP_EVENT_ACK, message, entry->address, server->config.lease_ns,
           entry->name);
    answer_with(server, answer, message, NET_DHCP_ACK, entry->address);
}

static void take_decline(NetDhcpServer *server, const NetDhcp *message, const Identity *client,
                         NetTime now, NetDhcpAnswer *answer)
{
    Entry *entry = find_address(server, message->requested);
    bool believed = entry != NULL && entry->state != ENTRY_FREE && is_client(entry, client);

    report(answer, NET_DHCP_EVENT_DECLINE, message, message->requested,
           believed ? server->config.lease_ns : 0, "");
    if (!believed)
        return;
    entry->state = ENTRY_DECLINED;
    entry->expires = after(now, server->config.lease_ns);
}

static void take_release(NetDhcpServer *server, const NetDhcp *message, const Identity *client,
                         NetDhcpAnswer *answer)
{
    Entry *entry = find_address(server, message->client);

    report(answer, NET_DHCP_EVENT_RELEASE, message, message->client, 0, "");
    if (entry != NULL && entry->state == ENTRY_BOUND && is_client(entry, client))
        set_free(server, entry);
}

void net_dhcp_server_input(NetDhcpServer *server, const uint8_t *bytes, size_t length, NetTime now,
                           NetDhcpAnswer *ret)
{
    NetDhcp message;

    ret->event_count = 0;
    ret->length = 0;
    if (net_dhcp_parse(bytes, length, &message) == 0 || message.operation != NET_DHCP_BOOTREQUEST ||
        message.relay != 0 || net_mac_is_group(message.mac) || net_mac_equal(message.mac, nobody))
        return;
    Identity client = identity_of(&message);
    switch (message.type) {
    case NET_DHCP_DISCOVER: take_discover(server, &message, &client, now, ret); break;
    case NET_DHCP_REQUEST: take_request(server, &message, &client, now, ret); break;
    case NET_DHCP_DECLINE: take_decline(server, &message, &client, now, ret); break;
    case NET_DHCP_RELEASE: take_release(server, &message, &client, ret); break;
    case NET_DHCP_INFORM:
        report(ret, NET_DHCP_EVENT_INFORM, &message, message.client, 0, message.host_name);
        answer_with(server, ret, &message, NET_DHCP_ACK, 0);
        break;
    default: break;
    }
}

/* --- time --- */

/* The entry that is over first; of several the one with the lowest address. */
static Entry *first_over(const NetDhcpServer *server)
{
    Entry *first = NULL;

    for (uint32_t i = 0; i < server->count; i++) {
        Entry *entry = &server->entries[i];
        if (entry->state != ENTRY_FREE && entry->expires != NET_TIME_NEVER &&
            (first == NULL || entry->expires < first->expires))
            first = entry;
    }
    return first;
}

NetTime net_dhcp_server_deadline(const NetDhcpServer *server)
{
    const Entry *first = first_over(server);

    return first != NULL ? first->expires : NET_TIME_NEVER;
}

bool net_dhcp_server_expire(NetDhcpServer *server, NetTime now, NetDhcpEvent *ret)
{
    Entry *entry;

    while ((entry = first_over(server)) != NULL && entry->expires <= now) {
        EntryState state = entry->state;
        set_free(server, entry);
        if (state != ENTRY_BOUND)
            continue; /* an offer that nobody took, a decline that is forgotten */
        *ret = (NetDhcpEvent){
            .kind = NET_DHCP_EVENT_EXPIRED, .mac = entry->mac, .address = entry->address};
        g_strlcpy(ret->name, entry->name, sizeof ret->name);
        return true;
    }
    return false;
}

/* --- questions --- */

void net_dhcp_server_list(const NetDhcpServer *server, GArray *leases)
{
    static const uint8_t states[] = {
        [ENTRY_OFFERED] = NET_LEASE_OFFERED,
        [ENTRY_BOUND] = NET_LEASE_BOUND,
        [ENTRY_DECLINED] = NET_LEASE_DECLINED,
    };

    for (uint32_t i = 0; i < server->count; i++) {
        const Entry *entry = &server->entries[i];
        if (entry->state == ENTRY_FREE)
            continue;
        NetLease lease = {
            .address = entry->address,
            .mac = entry->mac,
            .state = states[entry->state],
            .expires = entry->expires,
        };
        g_strlcpy(lease.name, entry->name, sizeof lease.name);
        g_array_append_val(leases, lease);
    }
}

NetIp4 net_dhcp_server_find(const NetDhcpServer *server, const char *name)
{
    for (uint32_t i = 0; i < server->count; i++) {
        const Entry *entry = &server->entries[i];
        if (entry->state == ENTRY_BOUND && *entry->name != '\0' &&
            net_dns_name_equal(entry->name, name))
            return entry->address;
    }
    return 0;
}

NetIp4 net_dhcp_server_address(const NetDhcpServer *server)
{
    return server->config.address;
}

NetIp4 net_dhcp_server_first(const NetDhcpServer *server)
{
    return server->count > 0 ? server->entries[0].address : 0;
}
