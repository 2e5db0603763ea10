/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dhcp.h: DHCP messages as a struct, and back (RFC 2131 2, options of RFC 2132).
 *
 * What a message is about (which client asks for which address, what a server
 * gives) lies partly in fixed fields that DHCP took over from BOOTP (RFC 951),
 * partly in options behind them. NetDhcp has both; an option that is not there
 * is 0, as a number, a count or a length. Options that are not listed are skipped.
 *
 * The codec is shared by the client in the stack (stack-dhcp.c), the servers, and
 * the dissector. It keeps no state and knows no policy.
 */
#pragma once

#include "netsim/proto/types.h"

#define NET_DHCP_SERVER_PORT 67
#define NET_DHCP_CLIENT_PORT 68

#define NET_DHCP_FIXED_BYTES 240u /* up to and with the magic cookie */
#define NET_DHCP_LEAST_BYTES 300u /* what is shorter is filled up (RFC 1542 2.1) */
#define NET_DHCP_MAX_BYTES   548u /* fits 576 bytes of IP packet (RFC 2131 2) */

#define NET_DHCP_FOREVER UINT32_MAX /* a lease without end (RFC 2131 3.3) */

/* NetDhcp.operation */
enum {
    NET_DHCP_BOOTREQUEST = 1, /* from a client */
    NET_DHCP_BOOTREPLY = 2,   /* from a server */
};

/* NetDhcp.type: option 53 */
enum {
    NET_DHCP_DISCOVER = 1,
    NET_DHCP_OFFER = 2,
    NET_DHCP_REQUEST = 3,
    NET_DHCP_DECLINE = 4,
    NET_DHCP_ACK = 5,
    NET_DHCP_NAK = 6,
    NET_DHCP_RELEASE = 7,
    NET_DHCP_INFORM = 8,
};

/* Codes of options (RFC 2132). */
enum {
    NET_DHCP_OPTION_PAD = 0,
    NET_DHCP_OPTION_MASK = 1,
    NET_DHCP_OPTION_ROUTER = 3,
    NET_DHCP_OPTION_DNS = 6,
    NET_DHCP_OPTION_HOST_NAME = 12,
    NET_DHCP_OPTION_DOMAIN = 15,
    NET_DHCP_OPTION_MTU = 26,
    NET_DHCP_OPTION_BROADCAST = 28,
    NET_DHCP_OPTION_REQUESTED = 50,
    NET_DHCP_OPTION_LEASE = 51,
    NET_DHCP_OPTION_OVERLOAD = 52,
    NET_DHCP_OPTION_TYPE = 53,
    NET_DHCP_OPTION_SERVER = 54,
    NET_DHCP_OPTION_PARAMETERS = 55,
    NET_DHCP_OPTION_MESSAGE = 56,
    NET_DHCP_OPTION_MAX_BYTES = 57,
    NET_DHCP_OPTION_RENEWAL = 58,
    NET_DHCP_OPTION_REBINDING = 59,
    NET_DHCP_OPTION_CLIENT_ID = 61,
    NET_DHCP_OPTION_END = 255,
};

#define NET_DHCP_MAX_DNS        3
#define NET_DHCP_MAX_PARAMETERS 16
#define NET_DHCP_CLIENT_ID_MOST 32
#define NET_DHCP_TEXT_BYTES     48 /* with the NUL; what is longer is cut off */

typedef struct {
    uint8_t operation;
    uint8_t hops;
    uint32_t xid; /* chosen by the client, repeated in every answer */
    uint16_t seconds;
    bool broadcast;    /* the client cannot take unicast before it has an address */
    NetIp4 client;     /* ciaddr: the address it has and answers ARP for */
    NetIp4 yours;      /* yiaddr: what the server gives it */
    NetIp4 next;       /* siaddr: from where to boot */
    NetIp4 relay;      /* giaddr */
    NetMac mac;        /* chaddr */
    uint8_t type;      /* NET_DHCP_DISCOVER...; 0: plain BOOTP */
    NetIp4 requested;  /* the address a client would like */
    NetIp4 server;     /* the server identifier: which server is meant, or answers */
    NetIp4 mask;       /* 255.255.255.0 */
    NetIp4 router;     /* the first one */
    NetIp4 broadcasts; /* the network's broadcast address */
    uint8_t dns_count;
    NetIp4 dns[NET_DHCP_MAX_DNS];
    uint32_t lease_s;     /* NET_DHCP_FOREVER: without end */
    uint32_t renewal_s;   /* T1 */
    uint32_t rebinding_s; /* T2 */
    uint16_t mtu;
    uint16_t most_bytes;     /* the longest message that the client takes */
    uint8_t parameter_count; /* options that the client asks for */
    uint8_t parameters[NET_DHCP_MAX_PARAMETERS];
    uint8_t client_id_bytes;
    uint8_t client_id[NET_DHCP_CLIENT_ID_MOST];
    char host_name[NET_DHCP_TEXT_BYTES];
    char domain[NET_DHCP_TEXT_BYTES];
    char message[NET_DHCP_TEXT_BYTES]; /* why a NAK or DECLINE */
} NetDhcp;

/* Returns how many bytes were understood, or 0: cut off, no magic cookie, not
 * for Ethernet, or an option of a wrong length. ret is unspecified then. Options
 * continued in the fields for file and server name are read too (option 52). */
size_t net_dhcp_parse(const uint8_t *bytes, size_t length, NetDhcp *ret);

/* Writes a message and returns its length, at most NET_DHCP_MAX_BYTES; all that a
 * NetDhcp can hold fits. */
size_t net_dhcp_write(uint8_t bytes[NET_DHCP_MAX_BYTES], const NetDhcp *message);

/* One option at *at, for those who show them; false: there are no more. Steps over
 * padding and sets *at to what follows. */
typedef struct {
    uint8_t code, length;
    const uint8_t *value;
} NetDhcpOption;

bool net_dhcp_next_option(const uint8_t *bytes, size_t length, size_t *at, NetDhcpOption *ret);

/* "DISCOVER", "Router"; NULL: a number that this file does not list. */
const char *net_dhcp_type_name(uint8_t type);
const char *net_dhcp_option_name(uint8_t code);

/* The prefix length of a mask (24 for 255.255.255.0); 33: it is no mask. */
unsigned net_dhcp_prefix(NetIp4 mask);
