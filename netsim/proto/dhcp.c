/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dhcp.c: see dhcp.h. The fixed fields are put down by hand, options by one table
 * that says of each where in NetDhcp it lives and what it looks like. */
#include "netsim/proto/dhcp.h"

#include "netsim/proto/wire.h"

/* Offsets of the fixed fields (RFC 2131, figure 1). */
enum {
    AT_HARDWARE_TYPE = 1,
    AT_HARDWARE_LENGTH = 2,
    AT_HOPS = 3,
    AT_XID = 4,
    AT_SECONDS = 8,
    AT_FLAGS = 10,
    AT_CLIENT = 12,
    AT_YOURS = 16,
    AT_NEXT = 20,
    AT_RELAY = 24,
    AT_MAC = 28,
    AT_SERVER_NAME = 44,
    AT_FILE = 108,
    AT_COOKIE = 236,
};

#define MAGIC_COOKIE      0x63825363u
#define HARDWARE_ETHERNET 1
#define FLAG_BROADCAST    0x8000
#define SERVER_NAME_BYTES 64
#define FILE_BYTES        128
#define OVERLOAD_FILE     1
#define OVERLOAD_NAME     2
#define OPTION_HEADER     2u

typedef enum { BYTE, SHORT, LONG, LONGS, TEXT, BYTES } Shape;

/* An option's value, and for lists and texts how much of it there may be. */
typedef struct {
    uint8_t code;
    uint8_t shape;
    uint8_t most;   /* elements of a list, bytes of a text without NUL */
    uint16_t count; /* where the length of a list is kept */
    uint16_t offset;
    const char *name;
} Option;

#define AT(field) offsetof(NetDhcp, field)

/* In the order in which they are written: the type first, as is usual. */
static const Option options[] = {
    {NET_DHCP_OPTION_TYPE, BYTE, 1, 0, AT(type), "DHCP message type"},
    {NET_DHCP_OPTION_CLIENT_ID, BYTES, NET_DHCP_CLIENT_ID_MOST, AT(client_id_bytes), AT(client_id),
     "Client identifier"},
    {NET_DHCP_OPTION_REQUESTED, LONG, 1, 0, AT(requested), "Requested IP address"},
    {NET_DHCP_OPTION_SERVER, LONG, 1, 0, AT(server), "Server identifier"},
    {NET_DHCP_OPTION_LEASE, LONG, 1, 0, AT(lease_s), "Lease time"},
    {NET_DHCP_OPTION_RENEWAL, LONG, 1, 0, AT(renewal_s), "Renewal time"},
    {NET_DHCP_OPTION_REBINDING, LONG, 1, 0, AT(rebinding_s), "Rebinding time"},
    {NET_DHCP_OPTION_MASK, LONG, 1, 0, AT(mask), "Subnet mask"},
    {NET_DHCP_OPTION_ROUTER, LONG, 1, 0, AT(router), "Router"},
    {NET_DHCP_OPTION_DNS, LONGS, NET_DHCP_MAX_DNS, AT(dns_count), AT(dns), "DNS server"},
    {NET_DHCP_OPTION_BROADCAST, LONG, 1, 0, AT(broadcasts), "Broadcast address"},
    {NET_DHCP_OPTION_MTU, SHORT, 1, 0, AT(mtu), "Interface MTU"},
    {NET_DHCP_OPTION_MAX_BYTES, SHORT, 1, 0, AT(most_bytes), "Maximum message size"},
    {NET_DHCP_OPTION_HOST_NAME, TEXT, NET_DHCP_TEXT_BYTES - 1, 0, AT(host_name), "Host name"},
    {NET_DHCP_OPTION_DOMAIN, TEXT, NET_DHCP_TEXT_BYTES - 1, 0, AT(domain), "Domain name"},
    {NET_DHCP_OPTION_MESSAGE, TEXT, NET_DHCP_TEXT_BYTES - 1, 0, AT(message), "Message"},
    {NET_DHCP_OPTION_PARAMETERS, BYTES, NET_DHCP_MAX_PARAMETERS, AT(parameter_count),
     AT(parameters), "Parameter request list"},
};

#define OPTION_COUNT (sizeof options / sizeof options[0])

/* Codes and lengths of all options, and their values: one byte, two shorts, eight
 * longs, three lists and three texts. */
_Static_assert(NET_DHCP_FIXED_BYTES + OPTION_COUNT * OPTION_HEADER + 1 + 2 * 2 + 8 * 4 +
                       NET_DHCP_MAX_DNS * 4 + NET_DHCP_MAX_PARAMETERS + NET_DHCP_CLIENT_ID_MOST +
                       3 * (NET_DHCP_TEXT_BYTES - 1) + 1 <=
                   NET_DHCP_MAX_BYTES,
               "the longest message fits");

static const Option *find_option(uint8_t code)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (options[i].code == code)
            return &options[i];
    }
    return NULL;
}

const char *net_dhcp_option_name(uint8_t code)
{
    const Option *option = find_option(code);

    return option != NULL ? option->name : NULL;
}

const char *net_dhcp_type_name(uint8_t type)
{
    static const char *const names[] = {
        [NET_DHCP_DISCOVER] = "DISCOVER", [NET_DHCP_OFFER] = "OFFER",
        [NET_DHCP_REQUEST] = "REQUEST",   [NET_DHCP_DECLINE] = "DECLINE",
        [NET_DHCP_ACK] = "ACK",           [NET_DHCP_NAK] = "NAK",
        [NET_DHCP_RELEASE] = "RELEASE",   [NET_DHCP_INFORM] = "INFORM",
    };

    return type < sizeof names / sizeof names[0] ? names[type] : NULL;
}

unsigned net_dhcp_prefix(NetIp4 mask)
{
    unsigned prefix = 0;

    while (prefix < 32 && net_ip4_mask(prefix) != mask)
        prefix++;
    return net_ip4_mask(prefix) == mask ? prefix : 33;
}

/* --- reading --- */

bool net_dhcp_next_option(const uint8_t *bytes, size_t length, size_t *at, NetDhcpOption *ret)
{
    while (*at < length && bytes[*at] == NET_DHCP_OPTION_PAD)
        ++*at;
    if (*at >= length || bytes[*at] == NET_DHCP_OPTION_END || length - *at < OPTION_HEADER ||
        length - *at - OPTION_HEADER < bytes[*at + 1])
        return false;
    *ret = (NetDhcpOption){bytes[*at], bytes[*at + 1], bytes + *at + OPTION_HEADER};
    *at += OPTION_HEADER + ret->length;
    return true;
}

/* A list longer than we keep loses its end; a number must have its very length. */
static bool take_option(NetDhcp *ret, const NetDhcpOption *found)
{
    const Option *option = find_option(found->code);

    if (option == NULL)
        return true;
    uint8_t *to = (uint8_t *)ret + option->offset, *count = (uint8_t *)ret + option->count;
    size_t take = found->length < option->most ? found->length : option->most;
    switch ((Shape)option->shape) {
    case BYTE: *to = found->length == 1 ? *found->value : 0; return found->length == 1;
    case SHORT:
        if (found->length != 2)
            return false;
        *(uint16_t *)(void *)to = net_get_16(found->value);
        return true;
    case LONG: /* of a list of routers the first one */
        if (found->length < 4 || found->length % 4 != 0 ||
            (found->length > 4 && option->code != NET_DHCP_OPTION_ROUTER))
            return false;
        *(uint32_t *)(void *)to = net_get_32(found->value);
        return true;
    case LONGS:
        if (found->length < 4 || found->length % 4 != 0)
            return false;
        for (*count = 0; *count < option->most && *count < found->length / 4; ++*count)
            ((uint32_t *)(void *)to)[*count] = net_get_32(found->value + 4 * *count);
        return true;
    case TEXT:
        __builtin_memcpy(to, found->value, take);
        to[take] = '\0';
        return true;
    case BYTES:
        __builtin_memcpy(to, found->value, take);
        *count = (uint8_t)take;
        return true;
    }
    return true;
}

/* Takes the options of one area, and notes whether they go on elsewhere. */
static bool take_options(NetDhcp *ret, const uint8_t *area, size_t length, uint8_t *overload)
{
    NetDhcpOption found;

    for (size_t at = 0; net_dhcp_next_option(area, length, &at, &found);) {
        if (found.code == NET_DHCP_OPTION_OVERLOAD && found.length == 1)
            *overload |= *found.value;
        if (!take_option(ret, &found))
            return false;
    }
    return true;
}

size_t net_dhcp_parse(const uint8_t *bytes, size_t length, NetDhcp *ret)
{
    uint8_t overload = 0, nothing = 0;

    if (length < NET_DHCP_FIXED_BYTES || net_get_32(bytes + AT_COOKIE) != MAGIC_COOKIE ||
        bytes[AT_HARDWARE_TYPE] != HARDWARE_ETHERNET ||
        bytes[AT_HARDWARE_LENGTH] != sizeof ret->mac.byte)
        return 0;
    *ret = (NetDhcp){
        .operation = bytes[0],
        .hops = bytes[AT_HOPS],
        .xid = net_get_32(bytes + AT_XID),
        .seconds = net_get_16(bytes + AT_SECONDS),
        .broadcast = net_get_16(bytes + AT_FLAGS) & FLAG_BROADCAST,
        .client = net_get_32(bytes + AT_CLIENT),
        .yours = net_get_32(bytes + AT_YOURS),
        .next = net_get_32(bytes + AT_NEXT),
        .relay = net_get_32(bytes + AT_RELAY),
    };
    __builtin_memcpy(ret->mac.byte, bytes + AT_MAC, sizeof ret->mac.byte);
    if (ret->operation != NET_DHCP_BOOTREQUEST && ret->operation != NET_DHCP_BOOTREPLY)
        return 0;
    if (!take_options(ret, bytes + NET_DHCP_FIXED_BYTES, length - NET_DHCP_FIXED_BYTES, &overload))
        return 0;
    if (overload & OVERLOAD_FILE && !take_options(ret, bytes + AT_FILE, FILE_BYTES, &nothing))
        return 0;
    if (overload & OVERLOAD_NAME &&
        !take_options(ret, bytes + AT_SERVER_NAME, SERVER_NAME_BYTES, &nothing))
        return 0;
    return length;
}

/* --- writing --- */

static size_t text_length(const uint8_t *text, size_t most)
{
    size_t length = 0;

    while (length < most && text[length] != '\0')
        length++;
    return length;
}

/* Writes the value of an option and returns its length; 0: it is not there. */
static size_t put_value(uint8_t *to, const NetDhcp *message, const Option *option)
{
    const uint8_t *from = (const uint8_t *)message + option->offset;
    size_t count = ((const uint8_t *)message)[option->count];

    count = count < option->most ? count : option->most;
    switch ((Shape)option->shape) {
    case BYTE: *to = *from; return *from != 0;
    case SHORT:
        net_put_16(to, *(const uint16_t *)(const void *)from);
        return net_get_16(to) != 0 ? 2 : 0;
    case LONG:
        net_put_32(to, *(const uint32_t *)(const void *)from);
        return net_get_32(to) != 0 ? 4 : 0;
    case LONGS:
        for (size_t i = 0; i < count; i++)
            net_put_32(to + 4 * i, ((const uint32_t *)(const void *)from)[i]);
        return 4 * count;
    case TEXT: count = text_length(from, option->most); break;
    case BYTES: break;
    }
    __builtin_memcpy(to, from, count);
    return count;
}

size_t net_dhcp_write(uint8_t bytes[NET_DHCP_MAX_BYTES], const NetDhcp *message)
{
    uint8_t *at = bytes + NET_DHCP_FIXED_BYTES;

    __builtin_memset(bytes, 0, NET_DHCP_MAX_BYTES);
    bytes[0] = message->operation;
    bytes[AT_HARDWARE_TYPE] = HARDWARE_ETHERNET;
    bytes[AT_HARDWARE_LENGTH] = sizeof message->mac.byte;
    bytes[AT_HOPS] = message->hops;
    net_put_32(bytes + AT_XID, message->xid);
    net_put_16(bytes + AT_SECONDS, message->seconds);
    net_put_16(bytes + AT_FLAGS, message->broadcast ? FLAG_BROADCAST : 0);
    net_put_32(bytes + AT_CLIENT, message->client);
    net_put_32(bytes + AT_YOURS, message->yours);
    net_put_32(bytes + AT_NEXT, message->next);
    net_put_32(bytes + AT_RELAY, message->relay);
    __builtin_memcpy(bytes + AT_MAC, message->mac.byte, sizeof message->mac.byte);
    net_put_32(bytes + AT_COOKIE, MAGIC_COOKIE);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        size_t length = put_value(at + OPTION_HEADER, message, &options[i]);
        if (length == 0)
            continue;
        at[0] = options[i].code;
        at[1] = (uint8_t)length;
        at += OPTION_HEADER + length;
    }
    *at++ = NET_DHCP_OPTION_END;
    size_t length = (size_t)(at - bytes);
    return length < NET_DHCP_LEAST_BYTES ? NET_DHCP_LEAST_BYTES : length;
}
