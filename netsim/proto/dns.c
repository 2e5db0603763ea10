/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns.c: see dns.h. */
#include "netsim/proto/dns.h"

#include "netsim/proto/wire.h"

#define POINTER_BITS    0xc0
#define MAX_WIRE_NAME   255u /* RFC 1035 2.3.4, with the root's zero */
#define RECORD_FIXED    10u  /* type, class, TTL, length */
#define QUESTION_NAME   (POINTER_BITS << 8 | NET_DNS_HEADER_BYTES)
#define AT_ANSWER_COUNT 6u

/* Bits of the second word of the header. */
enum {
    FLAG_RESPONSE = 0x8000,
    FLAG_AUTHORITATIVE = 0x0400,
    FLAG_TRUNCATED = 0x0200,
    FLAG_RECURSION_DESIRED = 0x0100,
    FLAG_RECURSION_AVAILABLE = 0x0080,
};

/* --- names --- */

static bool is_visible(uint8_t c)
{
    return c > 0x20 && c < 0x7f && c != '.';
}

static bool copy_label(const uint8_t *label, size_t length, char *text, size_t *used)
{
    if (*used + length + 2 > MAX_WIRE_NAME)
        return false;
    if (*used > 0)
        text[(*used)++] = '.';
    for (size_t i = 0; i < length; i++) {
        if (!is_visible(label[i]))
            return false;
        text[(*used)++] = (char)label[i];
    }
    return true;
}

/* Reads the name at `at`; returns where what follows it begins, or 0. A pointer
 * leads to before the piece of the name that it ends, so each jump goes back. */
static size_t parse_name(const uint8_t *bytes, size_t length, size_t at,
                         char text[NET_DNS_NAME_BYTES])
{
    size_t used = 0, next = 0, piece = at;

    for (;;) {
        if (at >= length)
            return 0;
        uint8_t count = bytes[at];
        if ((count & POINTER_BITS) == POINTER_BITS) {
            if (length - at < 2)
                return 0;
            size_t to = net_get_16(bytes + at) & ~(unsigned)(POINTER_BITS << 8);
            next = next != 0 ? next : at + 2;
            if (to >= piece)
                return 0;
            at = piece = to;
            continue;
        }
        if (count > NET_DNS_LABEL_BYTES || length - at - 1 < count)
            return 0;
        at++;
        if (count == 0)
            break;
        if (!copy_label(bytes + at, count, text, &used))
            return 0;
        at += count;
    }
    text[used] = '\0';
    return next != 0 ? next : at;
}

/* Writes a name without pointers; returns its length, or 0. */
static size_t write_name(uint8_t *to, size_t capacity, const char *name)
{
    size_t at = 0;

    while (*name != '\0') {
        size_t count = 0;
        while (name[count] != '\0' && name[count] != '.')
            count++;
        if (count == 0 || count > NET_DNS_LABEL_BYTES || at + count + 2 > capacity ||
            at + count + 2 > MAX_WIRE_NAME)
            return 0;
        to[at++] = (uint8_t)count;
        for (size_t i = 0; i < count; i++) {
            if (!is_visible((uint8_t)name[i]))
                return 0;
            to[at++] = (uint8_t)name[i];
        }
        name += count;
        name += *name == '.';
    }
    if (at + 1 > capacity)
        return 0;
    to[at++] = 0;
    return at;
}

bool net_dns_name_valid(const char *name)
{
    uint8_t wire[MAX_WIRE_NAME];

    return *name != '\0' && write_name(wire, sizeof wire, name) != 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

bool net_dns_name_equal(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    a += a[0] == '.' && a[1] == '\0';
    b += b[0] == '.' && b[1] == '\0';
    return *a == '\0' && *b == '\0';
}

/* --- reading --- */

size_t net_dns_parse(const uint8_t *bytes, size_t length, NetDns *ret)
{
    char other[NET_DNS_NAME_BYTES];
    size_t at = NET_DNS_HEADER_BYTES;

    if (length < NET_DNS_HEADER_BYTES)
        return 0;
    uint16_t flags = net_get_16(bytes + 2);
    *ret = (NetDns){
        .id = net_get_16(bytes),
        .is_response = flags & FLAG_RESPONSE,
        .opcode = flags >> 11 & 15,
        .authoritative = flags & FLAG_AUTHORITATIVE,
        .truncated = flags & FLAG_TRUNCATED,
        .recursion_desired = flags & FLAG_RECURSION_DESIRED,
        .recursion_available = flags & FLAG_RECURSION_AVAILABLE,
        .code = flags & 15,
        .question_count = net_get_16(bytes + 4),
        .answer_count = net_get_16(bytes + 6),
        .authority_count = net_get_16(bytes + 8),
        .additional_count = net_get_16(bytes + 10),
    };
    for (unsigned i = 0; i < ret->question_count; i++) {
        at = parse_name(bytes, length, at, i == 0 ? ret->name : other);
        if (at == 0 || length - at < 4)
            return 0;
        if (i == 0) {
            ret->type = net_get_16(bytes + at);
            ret->class = net_get_16(bytes + at + 2);
        }
        at += 4;
    }
    return at;
}

static bool is_name_type(uint16_t type)
{
    return type == NET_DNS_CNAME || type == NET_DNS_NS || type == NET_DNS_PTR;
}

size_t net_dns_parse_record(const uint8_t *bytes, size_t length, size_t at, NetDnsRecord *ret)
{
    at = parse_name(bytes, length, at, ret->name);
    if (at == 0 || length - at < RECORD_FIXED)
        return 0;
    ret->type = net_get_16(bytes + at);
    ret->class = net_get_16(bytes + at + 2);
    ret->ttl_s = net_get_32(bytes + at + 4);
    ret->data_bytes = net_get_16(bytes + at + 8);
    ret->data_at = at + RECORD_FIXED;
    ret->address = 0;
    ret->target[0] = '\0';
    if (length - ret->data_at < ret->data_bytes)
        return 0;
    size_t end = ret->data_at + ret->data_bytes;
    if (ret->type == NET_DNS_A) {
        if (ret->data_bytes != 4)
            return 0;
        ret->address = net_get_32(bytes + ret->data_at);
    } else if (is_name_type(ret->type) &&
               parse_name(bytes, end, ret->data_at, ret->target) != end) {
        return 0;
    }
    return end;
}

/* --- writing --- */

size_t net_dns_write(uint8_t *bytes, size_t capacity, const NetDns *message)
{
    unsigned flags = (message->opcode & 15u) << 11 | (message->code & 15u);
    size_t at = NET_DNS_HEADER_BYTES;

    if (capacity < NET_DNS_HEADER_BYTES)
        return 0;
    flags |= message->is_response ? FLAG_RESPONSE : 0;
    flags |= message->authoritative ? FLAG_AUTHORITATIVE : 0;
    flags |= message->truncated ? FLAG_TRUNCATED : 0;
    flags |= message->recursion_desired ? FLAG_RECURSION_DESIRED : 0;
    flags |= message->recursion_available ? FLAG_RECURSION_AVAILABLE : 0;
    __builtin_memset(bytes, 0, NET_DNS_HEADER_BYTES);
    net_put_16(bytes, message->id);
    net_put_16(bytes + 2, (uint16_t)flags);
    if (message->question_count == 0)
        return at;
    net_put_16(bytes + 4, 1);
    size_t name_bytes = write_name(bytes + at, capacity - at, message->name);
    if (name_bytes == 0 || capacity - at - name_bytes < 4)
        return 0;
    at += name_bytes;
    net_put_16(bytes + at, message->type);
    net_put_16(bytes + at + 2, message->class);
    return at + 4;
}

/* The name of most answers is that of the question: two bytes that point there. */
static size_t write_owner(const uint8_t *message, uint8_t *to, size_t length, size_t capacity,
                          const char *name)
{
    char question[NET_DNS_NAME_BYTES];

    if (net_get_16(message + 4) > 0 &&
        parse_name(message, length, NET_DNS_HEADER_BYTES, question) != 0 &&
        net_dns_name_equal(question, name)) {
        if (capacity < 2)
            return 0;
        net_put_16(to, QUESTION_NAME);
        return 2;
    }
    return write_name(to, capacity, name);
}

size_t net_dns_add_answer(uint8_t *bytes, size_t length, size_t capacity,
                          const NetDnsRecord *record)
{
    size_t room = capacity - length, at = length, data_bytes = 0;
    size_t name_bytes = write_owner(bytes, bytes + at, length, room, record->name);

    if (name_bytes == 0 || room - name_bytes < RECORD_FIXED)
        return 0;
    at += name_bytes;
    uint8_t *data = bytes + at + RECORD_FIXED;
    room = capacity - at - RECORD_FIXED;
    if (record->type == NET_DNS_A && room >= 4) {
        net_put_32(data, record->address);
        data_bytes = 4;
    } else if (is_name_type(record->type)) {
        data_bytes = write_name(data, room, record->target);
    }
    if (data_bytes == 0)
        return 0;
    net_put_16(bytes + at, record->type);
    net_put_16(bytes + at + 2, record->class);
    net_put_32(bytes + at + 4, record->ttl_s);
    net_put_16(bytes + at + 8, (uint16_t)data_bytes);
    net_put_16(bytes + AT_ANSWER_COUNT, (uint16_t)(net_get_16(bytes + AT_ANSWER_COUNT) + 1));
    return at + RECORD_FIXED + data_bytes;
}

const char *net_dns_type_name(uint16_t type)
{
    switch (type) {
    case NET_DNS_A: return "A";
    case NET_DNS_NS: return "NS";
    case NET_DNS_CNAME: return "CNAME";
    case NET_DNS_SOA: return "SOA";
    case NET_DNS_PTR: return "PTR";
    case NET_DNS_AAAA: return "AAAA";
    default: return NULL;
    }
}

const char *net_dns_code_name(uint8_t code)
{
    static const char *const names[] = {
        [NET_DNS_NO_ERROR] = "no error",
        [NET_DNS_FORMAT_ERROR] = "format error",
        [NET_DNS_SERVER_FAILURE] = "server failure",
        [NET_DNS_NAME_ERROR] = "no such name",
        [NET_DNS_NOT_IMPLEMENTED] = "no such operation",
        [NET_DNS_REFUSED] = "refused",
    };

    return code < sizeof names / sizeof names[0] ? names[code] : NULL;
}
