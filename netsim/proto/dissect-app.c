/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dissect-app.c: what UDP, TCP and 802.3 frames carry: DHCP, DNS, HTTP, BPDUs. */
#include "netsim/proto/dhcp.h"
#include "netsim/proto/dissect-private.h"
#include "netsim/proto/dns.h"

/* --- DHCP: RFC 2131 2, RFC 2132 --- */

static void add_dhcp_value(Cursor *c, const NetDhcpOption *option, unsigned bit)
{
    const char *name = net_dhcp_option_name(option->code);
    const uint8_t *value = option->value;

    name = name != NULL ? name : "Option";
    switch (option->code) {
    case NET_DHCP_OPTION_TYPE:
        if (option->length == 1)
            add_named(c, name, bit, 8, *value, net_dhcp_type_name(*value));
        return;
    case NET_DHCP_OPTION_MASK:
    case NET_DHCP_OPTION_BROADCAST:
    case NET_DHCP_OPTION_REQUESTED:
    case NET_DHCP_OPTION_SERVER:
    case NET_DHCP_OPTION_ROUTER:
    case NET_DHCP_OPTION_DNS:
        for (unsigned i = 0; i + 4 <= option->length; i += 4)
            add_ip4(c, name, bit + i * 8, net_get_32(value + i));
        return;
    case NET_DHCP_OPTION_LEASE:
    case NET_DHCP_OPTION_RENEWAL:
    case NET_DHCP_OPTION_REBINDING:
        if (option->length == 4)
            add_named(c, name, bit, 32, net_get_32(value), "seconds");
        return;
    case NET_DHCP_OPTION_HOST_NAME:
    case NET_DHCP_OPTION_DOMAIN:
    case NET_DHCP_OPTION_MESSAGE:
        add_text(c, name, bit, (const char *)value, option->length);
        return;
    default: add_named(c, name, bit - 16, 8, option->code, NULL);
    }
}

static void say_dhcp(Cursor *c, const NetDhcp *d)
{
    const char *type = net_dhcp_type_name(d->type);

    say_anew(c);
    say(c, "DHCP ");
    say(c, type != NULL ? type : "message");
    if (d->type == NET_DHCP_OFFER || d->type == NET_DHCP_ACK)
        say_ip4(c, " of ", d->yours);
    else if (d->requested != 0)
        say_ip4(c, " for ", d->requested);
    else if (d->client != 0)
        say_ip4(c, " for ", d->client);
    if (d->server != 0)
        say_ip4(c, " by ", d->server);
    say_hex(c, " xid=0x", d->xid, 8);
}

bool net_dissect_dhcp(Cursor *c)
{
    NetDhcp d;
    NetDhcpOption option;

    if (net_dhcp_parse(here(c), left(c), &d) == 0)
        return false;
    open_layer(c, NET_LAYER_DHCP, left(c));
    add_named(c, "Operation", 0, 8, d.operation,
              d.operation == NET_DHCP_BOOTREQUEST ? "request" : "reply");
    add_hex(c, "Transaction id", 32, 32, d.xid);
    add_decimal(c, "Seconds", 64, 16, d.seconds);
    add_flag(c, "Broadcast", 80, d.broadcast);
    add_ip4(c, "Client's address", 96, d.client);
    add_ip4(c, "Your address", 128, d.yours);
    add_ip4(c, "Next server", 160, d.next);
    add_ip4(c, "Relay", 192, d.relay);
    add_mac(c, "Client's MAC address", 224, d.mac);
    for (size_t at = NET_DHCP_FIXED_BYTES; net_dhcp_next_option(here(c), left(c), &at, &option);)
        add_dhcp_value(c, &option, (unsigned)(option.value - here(c)) * 8);
    say_dhcp(c, &d);
    c->at = c->end;
    return true;
}

/* --- DNS: RFC 1035 4 --- */

static size_t name_length(const char *name)
{
    size_t length = 0;

    while (name[length] != '\0')
        length++;
    return length;
}

static void say_type(Cursor *c, uint16_t type)
{
    const char *name = net_dns_type_name(type);

    say(c, " ");
    if (name != NULL)
        say(c, name);
    else
        say_number(c, "TYPE", type);
}

/* A record: its name and its value as fields, type and value in the info line. */
static void dissect_record(Cursor *c, const NetDnsRecord *r, size_t at)
{
    unsigned value_bit = (unsigned)r->data_at * 8;

    add_text(c, "Answer", (unsigned)at * 8, r->name, name_length(r->name));
    add_named(c, "Type", value_bit - 80, 16, r->type, net_dns_type_name(r->type));
    add_named(c, "Time to live", value_bit - 48, 32, r->ttl_s, "seconds");
    say_type(c, r->type);
    if (r->type == NET_DNS_A) {
        add_ip4(c, "Address", value_bit, r->address);
        say_ip4(c, " ", r->address);
    } else if (r->target[0] != '\0') {
        add_text(c, "Name", value_bit, r->target, name_length(r->target));
        say(c, " ");
        say(c, r->target);
    }
}

static void add_dns_header(Cursor *c, const NetDns *d)
{
    add_hex(c, "Transaction id", 0, 16, d->id);
    add_flag(c, "Response", 16, d->is_response);
    add_decimal(c, "Operation", 17, 4, d->opcode);
    add_flag(c, "Authoritative", 21, d->authoritative);
    add_flag(c, "Truncated", 22, d->truncated);
    add_flag(c, "Recursion desired", 23, d->recursion_desired);
    add_flag(c, "Recursion available", 24, d->recursion_available);
    add_named(c, "Reply code", 28, 4, d->code, net_dns_code_name(d->code));
    add_decimal(c, "Questions", 32, 16, d->question_count);
    add_decimal(c, "Answers", 48, 16, d->answer_count);
    add_decimal(c, "Authorities", 64, 16, d->authority_count);
    add_decimal(c, "Additional records", 80, 16, d->additional_count);
}

bool net_dissect_dns(Cursor *c)
{
    NetDns d;
    NetDnsRecord r;
    size_t at = net_dns_parse(here(c), left(c), &d);

    if (at == 0)
        return false;
    open_layer(c, NET_LAYER_DNS, left(c));
    add_dns_header(c, &d);
    say_anew(c);
    say(c, d.is_response ? "DNS response" : "DNS query");
    say_hex(c, " 0x", d.id, 4);
    if (d.code != NET_DNS_NO_ERROR && net_dns_code_name(d.code) != NULL) {
        say(c, " ");
        say(c, net_dns_code_name(d.code));
    }
    if (d.question_count > 0) {
        add_text(c, "Question", NET_DNS_HEADER_BYTES * 8, d.name, name_length(d.name));
        say_type(c, d.type);
        say(c, " ");
        say(c, d.name);
    }
    for (unsigned i = 0; i < d.answer_count; i++) {
        size_t next = net_dns_parse_record(here(c), left(c), at, &r);
        if (next == 0)
            break;
        dissect_record(c, &r, at);
        at = next;
    }
    c->at = c->end;
    return true;
}

/* --- HTTP: RFC 9112; only the first line is taken apart --- */

bool net_dissect_http(Cursor *c)
{
    static const char *const beginnings[] = {"GET /", "HEAD /", "POST /", "PUT /", "HTTP/1."};
    const char *text = (const char *)here(c);
    size_t line = 0, head = 0, length = left(c);
    bool is_http = false;

    for (unsigned i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        size_t most = name_length(beginnings[i]);
        is_http |= length >= most && __builtin_memcmp(text, beginnings[i], most) == 0;
    }
    if (!is_http)
        return false;
    while (line < length && text[line] != '\r' && text[line] != '\n')
        line++;
    for (head = 4; head < length && __builtin_memcmp(text + head - 4, "\r\n\r\n", 4) != 0; head++)
        ;
    head = head < length ? head : length;
    open_layer(c, NET_LAYER_HTTP, head);
    add_text(c, text[0] == 'H' && text[1] == 'T' ? "Status line" : "Request line", 0, text, line);
    say_anew(c);
    for (size_t i = 0; i < line; i++) {
        char one[2] = {text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '.', '\0'};
        say(c, one);
    }
    c->at += head;
    dissect_data(c);
    return true;
}

/* --- BPDUs: IEEE 802.1D 9.3, behind an LLC header (IEEE 802.2) --- */

#define LLC_BYTES    3u
#define CONFIG_BYTES 35u

enum {
    BPDU_CONFIGURATION = 0x00,
    BPDU_RAPID = 0x02,
    BPDU_TOPOLOGY_CHANGE = 0x80,
};

/* A bridge id: priority, then MAC address. */
static void add_bridge(Cursor *c, const char *name, unsigned bit, const uint8_t *id)
{
    NetField *field = add_field(c, name, bit, 64, net_get_64(id));
    NetText text = net_text_begin(field->text, sizeof field->text);
    NetMac mac;

    __builtin_memcpy(mac.byte, id + 2, sizeof mac.byte);
    net_text_decimal(&text, net_get_16(id));
    net_text_string(&text, " / ");
    net_text_mac(&text, mac);
}

static void add_configuration(Cursor *c, const uint8_t *b)
{
    add_flag(c, "Topology change", 39, b[4] & 0x01);
    add_flag(c, "Topology change acknowledgment", 32, b[4] & 0x80);
    add_bridge(c, "Root bridge", 40, b + 5);
    add_decimal(c, "Root path cost", 104, 32, net_get_32(b + 13));
    add_bridge(c, "Bridge", 136, b + 17);
    add_hex(c, "Port", 200, 16, net_get_16(b + 25));
    add_named(c, "Message age", 216, 16, net_get_16(b + 27), "in 1/256 s");
    add_named(c, "Maximum age", 232, 16, net_get_16(b + 29), "in 1/256 s");
    add_named(c, "Hello time", 248, 16, net_get_16(b + 31), "in 1/256 s");
    add_named(c, "Forward delay", 264, 16, net_get_16(b + 33), "in 1/256 s");
    say_number(c, "STP configuration, root ", net_get_16(b + 5));
    say_number(c, " cost ", net_get_32(b + 13));
    say_hex(c, " port 0x", net_get_16(b + 25), 4);
}

bool net_dissect_stp(Cursor *c)
{
    static const uint8_t llc[LLC_BYTES] = {0x42, 0x42, 0x03};
    const uint8_t *b = here(c) + LLC_BYTES;

    if (left(c) < LLC_BYTES + 4 || __builtin_memcmp(here(c), llc, LLC_BYTES) != 0 ||
        net_get_16(b) != 0)
        return false;
    bool is_change = b[3] == BPDU_TOPOLOGY_CHANGE;
    if (!is_change &&
        ((b[3] != BPDU_CONFIGURATION && b[3] != BPDU_RAPID) || left(c) < LLC_BYTES + CONFIG_BYTES))
        return false;
    open_layer(c, NET_LAYER_LLC, LLC_BYTES);
    add_hex(c, "Destination service", 0, 8, here(c)[0]);
    add_hex(c, "Source service", 8, 8, here(c)[1]);
    add_hex(c, "Control", 16, 8, here(c)[2]);
    c->at += LLC_BYTES;
    open_layer(c, NET_LAYER_STP, is_change ? 4 : CONFIG_BYTES);
    add_decimal(c, "Protocol", 0, 16, 0);
    add_decimal(c, "Version", 16, 8, b[2]);
    add_named(c, "Type", 24, 8, b[3],
              is_change                    ? "topology change"
              : b[3] == BPDU_CONFIGURATION ? "configuration"
                                           : "rapid spanning tree");
    if (is_change)
        say(c, "STP topology change notification");
    else
        add_configuration(c, b);
    c->at = c->end; /* what follows fills the frame up */
    return true;
}
