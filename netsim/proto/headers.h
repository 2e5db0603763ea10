/* SPDX-License-Identifier: GPL-2.0-or-later */
/* headers.h: the headers of a frame as structs, and back.
 *
 * Every _parse takes the bytes from where its header begins to the end of what
 * there is, reads nothing beyond, and returns the length of the header in bytes,
 * or 0 when the header is cut off or contradicts itself (ret is then unspecified).
 * Every _write puts a header down and returns its length. A header that was parsed
 * is written back to the same bytes, except for what a struct leaves out (options,
 * the reserved bits of TCP).
 *
 * Checksums are fields like others: parsing does not judge them, writing does not
 * compute them. The _seal functions compute, the _sound functions judge.
 */
#pragma once

#include "netsim/proto/types.h"

/* --- Ethernet II (IEEE 802.3 3.2.6) with VLAN tags (IEEE 802.1Q 9.5) --- */

enum {
    NET_TYPE_IPV4 = 0x0800,
    NET_TYPE_ARP = 0x0806,
    NET_TYPE_VLAN = 0x8100,  /* customer tag */
    NET_TYPE_QINQ = 0x88a8,  /* service tag, outside the customer's */
    NET_TYPE_LEAST = 0x0600, /* below: not a type but an 802.3 length */
};

#define NET_ETHERNET_BYTES 14u
#define NET_VLAN_TAG_BYTES 4u
#define NET_MAX_VLAN_TAGS  2u /* a third one is left as the type of the payload */

typedef struct {
    uint16_t tpid; /* NET_TYPE_VLAN or NET_TYPE_QINQ */
    uint8_t priority;
    bool drop_eligible;
    uint16_t vlan; /* 0: priority only; 1 to 4094 */
} NetVlanTag;

typedef struct {
    NetMac destination, source;
    uint8_t tag_count;
    NetVlanTag tags[NET_MAX_VLAN_TAGS]; /* outermost first */
    uint16_t type;                      /* of what follows the tags */
} NetEthernet;

size_t net_ethernet_parse(const uint8_t *bytes, size_t length, NetEthernet *ret);
size_t net_ethernet_write(uint8_t *bytes, const NetEthernet *header);

/* --- ARP for IPv4 over Ethernet (RFC 826) --- */

enum {
    NET_ARP_REQUEST = 1,
    NET_ARP_REPLY = 2,
};

#define NET_ARP_BYTES 28u

typedef struct {
    uint16_t operation;
    NetMac sender_mac, target_mac;
    NetIp4 sender_ip, target_ip;
} NetArp;

size_t net_arp_parse(const uint8_t *bytes, size_t length, NetArp *ret);
size_t net_arp_write(uint8_t *bytes, const NetArp *header);

/* --- IPv4 (RFC 791 3.1) --- */

enum {
    NET_PROTOCOL_ICMP = 1,
    NET_PROTOCOL_TCP = 6,
    NET_PROTOCOL_UDP = 17,
};

#define NET_IPV4_BYTES     20u  /* without options */
#define NET_IPV4_LEAST_MTU 576u /* what every host takes in one piece or several */

typedef struct {
    uint8_t header_bytes; /* 20 to 60 */
    uint8_t tos;
    uint16_t total_bytes; /* header included */
    uint16_t id;
    bool dont_fragment, more_fragments;
    uint16_t fragment_offset; /* in bytes, a multiple of 8 */
    uint8_t ttl;
    uint8_t protocol;
    uint16_t checksum;
    NetIp4 source, destination;
} NetIpv4;

/* Fails unless version is 4 and header <= total <= length. Options are skipped:
 * they are the bytes from 20 to header_bytes. */
size_t net_ipv4_parse(const uint8_t *bytes, size_t length, NetIpv4 *ret);
/* The same for the packet that an ICMP error quotes, which may be cut off after
 * its header. */
size_t net_ipv4_parse_quoted(const uint8_t *bytes, size_t length, NetIpv4 *ret);
/* Writes 20 bytes, with header->header_bytes taken as 20. */
size_t net_ipv4_write(uint8_t *bytes, const NetIpv4 *header);
/* Puts the right checksum into a header without options. */
void net_ipv4_seal(uint8_t *bytes);
bool net_ipv4_sound(const uint8_t *bytes, const NetIpv4 *header);

/* --- ICMP (RFC 792) --- */

enum {
    NET_ICMP_ECHO_REPLY = 0,
    NET_ICMP_UNREACHABLE = 3,
    NET_ICMP_ECHO_REQUEST = 8,
    NET_ICMP_TIME_EXCEEDED = 11,
};

/* Codes of NET_ICMP_UNREACHABLE. */
enum {
    NET_UNREACHABLE_NET = 0,
    NET_UNREACHABLE_HOST = 1,
    NET_UNREACHABLE_PROTOCOL = 2,
    NET_UNREACHABLE_PORT = 3,
    NET_UNREACHABLE_TOO_BIG = 4,   /* fragmentation needed; RFC 1191: sequence is the MTU */
    NET_UNREACHABLE_FILTERED = 13, /* RFC 1812 5.2.7.1: administratively prohibited */
};

/* Codes of NET_ICMP_TIME_EXCEEDED. */
enum {
    NET_EXCEEDED_TTL = 0,
    NET_EXCEEDED_REASSEMBLY = 1,
};

#define NET_ICMP_BYTES       8u
#define NET_ICMP_QUOTE_BYTES 8u /* of the refused packet's payload, after its header */

typedef struct {
    uint8_t type, code;
    uint16_t checksum;
    uint16_t id, sequence; /* of echo; in errors the rest of the header, mostly 0 */
} NetIcmp;

size_t net_icmp_parse(const uint8_t *bytes, size_t length, NetIcmp *ret);
size_t net_icmp_write(uint8_t *bytes, const NetIcmp *header);
/* length: header and payload. */
void net_icmp_seal(uint8_t *bytes, size_t length);
bool net_icmp_sound(const uint8_t *bytes, size_t length);

/* --- UDP (RFC 768) --- */

#define NET_UDP_BYTES 8u

typedef struct {
    uint16_t source_port, destination_port;
    uint16_t total_bytes; /* header included */
    uint16_t checksum;    /* 0: none */
} NetUdp;

/* Fails unless 8 <= total <= length. */
size_t net_udp_parse(const uint8_t *bytes, size_t length, NetUdp *ret);
size_t net_udp_write(uint8_t *bytes, const NetUdp *header);
void net_udp_seal(uint8_t *bytes, uint16_t length, NetIp4 source, NetIp4 destination);
bool net_udp_sound(const uint8_t *bytes, const NetUdp *header, NetIp4 source, NetIp4 destination);

/* --- TCP (RFC 9293 3.1) --- */

enum {
    NET_TCP_FIN = 0x01,
    NET_TCP_SYN = 0x02,
    NET_TCP_RST = 0x04,
    NET_TCP_PSH = 0x08,
    NET_TCP_ACK = 0x10,
    NET_TCP_URG = 0x20,
};

#define NET_TCP_BYTES 20u /* without options */

typedef struct {
    uint16_t source_port, destination_port;
    uint32_t sequence, acknowledgment;
    uint8_t header_bytes; /* 20 to 60 */
    uint8_t flags;
    uint16_t window;
    uint16_t checksum;
    uint16_t urgent;
    uint16_t mss;         /* option of RFC 9293 3.7.1; 0: none */
    int16_t window_scale; /* option of RFC 7323; -1: none */
} NetTcp;

/* Fails unless the header fits; an option that runs over its end ends the options. */
size_t net_tcp_parse(const uint8_t *bytes, size_t length, NetTcp *ret);
/* Writes 20 bytes, and the MSS option behind them if mss is not 0; header_bytes is
 * not read. */
size_t net_tcp_write(uint8_t *bytes, const NetTcp *header);
/* length: header and payload. */
void net_tcp_seal(uint8_t *bytes, uint16_t length, NetIp4 source, NetIp4 destination);
bool net_tcp_sound(const uint8_t *bytes, uint16_t length, NetIp4 source, NetIp4 destination);
