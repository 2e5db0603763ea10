/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns.h: DNS messages over UDP, taken apart and put together (RFC 1035 4).
 *
 * A message is a header, mostly one question, and records that answer it. Names
 * are texts here ("www.example.org", no dot at the end, "" is the root). On the
 * wire they are labels, and may end in a pointer to a name that came before; we
 * follow pointers backwards only, so every chain of them ends (RFC 1035 4.1.4).
 * A label with bytes that are no visible ASCII, or with a dot, is refused: nobody
 * looks up such names here.
 *
 * To read:  net_dns_parse(), then net_dns_parse_record() until the counts are used up.
 * To write: net_dns_write(), then net_dns_add_answer() for each record.
 */
#pragma once

#include "netsim/proto/types.h"

#define NET_DNS_PORT         53
#define NET_DNS_HEADER_BYTES 12u
#define NET_DNS_MAX_BYTES    512u /* over UDP (RFC 1035 2.3.4) */
#define NET_DNS_NAME_BYTES   256u /* a name as text, with its NUL */
#define NET_DNS_LABEL_BYTES  63u

/* Types of records (RFC 1035 3.2.2). */
enum {
    NET_DNS_A = 1,
    NET_DNS_NS = 2,
    NET_DNS_CNAME = 5,
    NET_DNS_SOA = 6,
    NET_DNS_PTR = 12,
    NET_DNS_AAAA = 28, /* RFC 3596 */
};

#define NET_DNS_CLASS_IN 1

/* How a query ended (RFC 1035 4.1.1). */
enum {
    NET_DNS_NO_ERROR = 0,
    NET_DNS_FORMAT_ERROR = 1,
    NET_DNS_SERVER_FAILURE = 2,
    NET_DNS_NAME_ERROR = 3, /* NXDOMAIN: there is no such name */
    NET_DNS_NOT_IMPLEMENTED = 4,
    NET_DNS_REFUSED = 5,
};

typedef struct {
    uint16_t id;
    bool is_response;
    uint8_t opcode; /* 0: a standard query */
    bool authoritative, truncated, recursion_desired, recursion_available;
    uint8_t code; /* NET_DNS_NO_ERROR... */
    uint16_t question_count, answer_count, authority_count, additional_count;
    /* The first question, if question_count > 0. */
    char name[NET_DNS_NAME_BYTES];
    uint16_t type, class;
} NetDns;

typedef struct {
    char name[NET_DNS_NAME_BYTES];
    uint16_t type, class;
    uint32_t ttl_s;
    NetIp4 address;                  /* of type A */
    char target[NET_DNS_NAME_BYTES]; /* of type CNAME, NS and PTR */
    uint16_t data_bytes;             /* of all types, as it lies in the message */
    size_t data_at;
} NetDnsRecord;

/* Reads the header and the questions. Returns where the first record begins, or 0. */
size_t net_dns_parse(const uint8_t *bytes, size_t length, NetDns *ret);
/* Reads the record at `at`. Returns where the next one begins, or 0. */
size_t net_dns_parse_record(const uint8_t *bytes, size_t length, size_t at, NetDnsRecord *ret);

/* Writes a header and, if question_count is not 0, one question; the counts of
 * records are written as 0. Returns the length; 0: the name is none, or no room. */
size_t net_dns_write(uint8_t *bytes, size_t capacity, const NetDns *message);
/* Appends a record of type A, CNAME, NS or PTR to the answers of a message of
 * `length` bytes without authorities, and counts it in the header. Returns the new
 * length; 0: it does not fit, and the message is as it was. */
size_t net_dns_add_answer(uint8_t *bytes, size_t length, size_t capacity,
                          const NetDnsRecord *record);

/* ASCII letters are equal in either case (RFC 1035 2.3.3); so is a dot at the end. */
bool net_dns_name_equal(const char *a, const char *b);
/* Is it a name that can be looked up: labels of 1 to 63 visible characters? */
bool net_dns_name_valid(const char *name);

/* "A", "name error"; NULL: one that this file does not list. */
const char *net_dns_type_name(uint16_t type);
const char *net_dns_code_name(uint8_t code);
