/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dissect.c: one function per header, from the outside in.
 *
 * Each opens a layer, adds its fields in the order of the wire and calls the one
 * for what it carries. Where a field lies is said in bits from the header's start.
 */
#include "netsim/proto/dhcp.h"
#include "netsim/proto/dissect-private.h"
#include "netsim/proto/dns.h"

static const struct {
    const char *name, *short_name;
} layer_names[NET_LAYER_COUNT] = {
    [NET_LAYER_ETHERNET] = {"Ethernet II", "Ethernet"},
    [NET_LAYER_VLAN] = {"802.1Q Virtual LAN", "VLAN"},
    [NET_LAYER_ARP] = {"Address Resolution Protocol", "ARP"},
    [NET_LAYER_IPV4] = {"Internet Protocol Version 4", "IPv4"},
    [NET_LAYER_ICMP] = {"Internet Control Message Protocol", "ICMP"},
    [NET_LAYER_UDP] = {"User Datagram Protocol", "UDP"},
    [NET_LAYER_TCP] = {"Transmission Control Protocol", "TCP"},
    [NET_LAYER_DHCP] = {"Dynamic Host Configuration Protocol", "DHCP"},
    [NET_LAYER_DNS] = {"Domain Name System", "DNS"},
    [NET_LAYER_HTTP] = {"Hypertext Transfer Protocol", "HTTP"},
    [NET_LAYER_LLC] = {"Logical Link Control", "LLC"},
    [NET_LAYER_STP] = {"Spanning Tree Protocol", "STP"},
    [NET_LAYER_DATA] = {"Data", "Data"},
};

const char *net_layer_name(NetLayerKind kind)
{
    return (unsigned)kind < NET_LAYER_COUNT ? layer_names[kind].name : "Unknown";
}

const char *net_layer_short_name(NetLayerKind kind)
{
    return (unsigned)kind < NET_LAYER_COUNT ? layer_names[kind].short_name : "Unknown";
}

/* --- one function per header --- */

static void dissect_ports(Cursor *c, uint16_t source, uint16_t destination)
{
    c->info_mark = c->info.length;
    add_decimal(c, "Source port", 0, 16, source);
    add_decimal(c, "Destination port", 16, 16, destination);
    say_number(c, "", source);
    say_number(c, " \u2192 ", destination);
}

static bool is_port(const NetUdp *udp, uint16_t port)
{
    return udp->source_port == port || udp->destination_port == port;
}

static void dissect_udp(Cursor *c, const NetIpv4 *ip)
{
    NetUdp udp;
    bool whole = net_udp_parse(here(c), left(c), &udp) > 0;

    /* Of a quoted datagram only the header may be there. */
    if (!whole && !((c->quoted || c->cut) && left(c) >= NET_UDP_BYTES)) {
        give_up(c, NET_LAYER_UDP);
        return;
    }
    open_layer(c, NET_LAYER_UDP, NET_UDP_BYTES);
    dissect_ports(c, udp.source_port, udp.destination_port);
    add_decimal(c, "Length", 32, 16, udp.total_bytes);
    add_checksum(c, 48, udp.checksum, whole && udp.checksum != 0,
                 whole && net_udp_sound(here(c), &udp, ip->source, ip->destination));
    say_number(c, " Len=", udp.total_bytes > NET_UDP_BYTES ? udp.total_bytes - NET_UDP_BYTES : 0);
    if (whole)
        c->end = c->at + udp.total_bytes;
    c->at += NET_UDP_BYTES;
    if ((!whole && !c->cut) || c->quoted ||
        !((is_port(&udp, NET_DHCP_SERVER_PORT) && net_dissect_dhcp(c)) ||
          (is_port(&udp, NET_DNS_PORT) && net_dissect_dns(c))))
        dissect_data(c);
}

static void say_tcp_flags(Cursor *c, uint8_t flags)
{
    static const struct {
        uint8_t flag;
        const char *name;
    } names[] = {
        {NET_TCP_FIN, "FIN"}, {NET_TCP_SYN, "SYN"}, {NET_TCP_RST, "RST"},
        {NET_TCP_PSH, "PSH"}, {NET_TCP_ACK, "ACK"}, {NET_TCP_URG, "URG"},
    };
    const char *before = " [";

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (flags & names[i].flag) {
            say(c, before);
            say(c, names[i].name);
            before = ", ";
        }
    }
    say(c, before[0] == ' ' ? " []" : "]");
}

/* Where the option of a kind lies: its value follows two bytes of kind and length. */
static void add_tcp_option(Cursor *c, const NetTcp *tcp, const char *name, uint8_t kind,
                           unsigned length, uint64_t value)
{
    const uint8_t *options = here(c);

    for (unsigned at = NET_TCP_BYTES; at + length <= tcp->header_bytes;
         at += options[at] == 1 || options[at + 1] < 2 ? 1 : options[at + 1]) {
        if (options[at] == kind && options[at + 1] == length) {
            add_decimal(c, name, (at + 2) * 8, (length - 2) * 8, value);
            return;
        }
    }
}

/* Of the segment that an ICMP error quotes, eight bytes are there. */
static void dissect_quoted_tcp(Cursor *c)
{
    open_layer(c, NET_LAYER_TCP, 8);
    dissect_ports(c, net_get_16(here(c)), net_get_16(here(c) + 2));
    add_decimal(c, "Sequence number", 32, 32, net_get_32(here(c) + 4));
    c->at = c->end;
}

static void dissect_tcp(Cursor *c, const NetIpv4 *ip)
{
    NetTcp tcp;

    if (c->quoted && left(c) >= 8 && left(c) < NET_TCP_BYTES) {
        dissect_quoted_tcp(c);
        return;
    }
    if (net_tcp_parse(here(c), left(c), &tcp) == 0) {
        give_up(c, NET_LAYER_TCP);
        return;
    }
    open_layer(c, NET_LAYER_TCP, tcp.header_bytes);
    dissect_ports(c, tcp.source_port, tcp.destination_port);
    add_decimal(c, "Sequence number", 32, 32, tcp.sequence);
    add_decimal(c, "Acknowledgment number", 64, 32, tcp.acknowledgment);
    add_decimal(c, "Header length", 96, 4, tcp.header_bytes);
    add_flag(c, "Urgent", 106, tcp.flags & NET_TCP_URG);
    add_flag(c, "Acknowledgment", 107, tcp.flags & NET_TCP_ACK);
    add_flag(c, "Push", 108, tcp.flags & NET_TCP_PSH);
    add_flag(c, "Reset", 109, tcp.flags & NET_TCP_RST);
    add_flag(c, "Synchronize", 110, tcp.flags & NET_TCP_SYN);
    add_flag(c, "Finish", 111, tcp.flags & NET_TCP_FIN);
    add_decimal(c, "Window", 112, 16, tcp.window);
    add_checksum(c, 128, tcp.checksum, !c->quoted && !c->cut,
                 net_tcp_sound(here(c), (uint16_t)left(c), ip->source, ip->destination));
    add_decimal(c, "Urgent pointer", 144, 16, tcp.urgent);
    say_tcp_flags(c, tcp.flags);
    say_number(c, " Seq=", tcp.sequence);
    if (tcp.flags & NET_TCP_ACK)
        say_number(c, " Ack=", tcp.acknowledgment);
    say_number(c, " Win=", tcp.window);
    say_number(c, " Len=", (uint16_t)(ip->total_bytes - ip->header_bytes - tcp.header_bytes));
    if (tcp.mss != 0)
        say_number(c, " MSS=", tcp.mss);
    if (tcp.header_bytes > NET_TCP_BYTES)
        add_field(c, "Options", 160, (tcp.header_bytes - NET_TCP_BYTES) * 8u, 0);
    if (tcp.mss != 0)
        add_tcp_option(c, &tcp, "Maximum segment size", 2, 4, tcp.mss);
    if (tcp.window_scale >= 0)
        add_tcp_option(c, &tcp, "Window scale", 3, 3, (uint64_t)tcp.window_scale);
    c->at += tcp.header_bytes;
    if (c->quoted || !net_dissect_http(c))
        dissect_data(c);
}

static const char *icmp_type_name(uint8_t type)
{
    switch (type) {
    case NET_ICMP_ECHO_REPLY: return "Echo (ping) reply";
    case NET_ICMP_UNREACHABLE: return "Destination unreachable";
    case NET_ICMP_ECHO_REQUEST: return "Echo (ping) request";
    case NET_ICMP_TIME_EXCEEDED: return "Time-to-live exceeded";
    default: return NULL;
    }
}

static const char *icmp_code_name(uint8_t type, uint8_t code)
{
    static const char *const unreachable[] = {
        [NET_UNREACHABLE_NET] = "Network unreachable",
        [NET_UNREACHABLE_HOST] = "Host unreachable",
        [NET_UNREACHABLE_PROTOCOL] = "Protocol unreachable",
        [NET_UNREACHABLE_PORT] = "Port unreachable",
        [NET_UNREACHABLE_TOO_BIG] = "Fragmentation needed",
        [NET_UNREACHABLE_FILTERED] = "Administratively prohibited",
    };
    static const char *const exceeded[] = {"in transit", "in reassembly"};

    if (type == NET_ICMP_UNREACHABLE && code < sizeof unreachable / sizeof unreachable[0])
        return unreachable[code];
    if (type == NET_ICMP_TIME_EXCEEDED && code < 2)
        return exceeded[code];
    return NULL;
}

const char *net_icmp_error_name(uint8_t type, uint8_t code)
{
    const char *name = icmp_code_name(type, code), *kind = icmp_type_name(type);

    if (type != NET_ICMP_UNREACHABLE || name == NULL)
        name = kind;
    return name != NULL ? name : "ICMP error";
}

static void dissect_ipv4(Cursor *c);

static void dissect_icmp(Cursor *c, const NetIpv4 *ip)
{
    NetIcmp icmp;

    if (net_icmp_parse(here(c), left(c), &icmp) == 0) {
        give_up(c, NET_LAYER_ICMP);
        return;
    }
    const char *type = icmp_type_name(icmp.type), *code = icmp_code_name(icmp.type, icmp.code);
    bool is_echo = icmp.type == NET_ICMP_ECHO_REQUEST || icmp.type == NET_ICMP_ECHO_REPLY;
    open_layer(c, NET_LAYER_ICMP, NET_ICMP_BYTES);
    add_named(c, "Type", 0, 8, icmp.type, type);
    add_named(c, "Code", 8, 8, icmp.code, code);
    add_checksum(c, 16, icmp.checksum, !c->quoted && !c->cut, net_icmp_sound(here(c), left(c)));
    if (is_echo) {
        add_hex(c, "Identifier", 32, 16, icmp.id);
        add_decimal(c, "Sequence number", 48, 16, icmp.sequence);
    } else if (icmp.type == NET_ICMP_UNREACHABLE && icmp.code == NET_UNREACHABLE_TOO_BIG) {
        add_decimal(c, "MTU of the next hop", 48, 16, icmp.sequence);
    } else {
        add_hex(c, "Rest of header", 32, 32, (uint64_t)icmp.id << 16 | icmp.sequence);
    }
    say(c, type != NULL ? type : "ICMP");
    if (is_echo) {
        say_hex(c, " id=0x", icmp.id, 4);
        say_number(c, " seq=", icmp.sequence);
        say_number(c, " ttl=", ip->ttl);
    } else if (type == NULL) {
        say_number(c, " type ", icmp.type);
        say_number(c, " code ", icmp.code);
    } else if (code != NULL) {
        say(c, " (");
        say(c, code);
        say(c, ")");
    }
    c->at += NET_ICMP_BYTES;
    if (!c->quoted && (icmp.type == NET_ICMP_UNREACHABLE || icmp.type == NET_ICMP_TIME_EXCEEDED)) {
        c->quoted = true;
        dissect_ipv4(c);
    } else {
        dissect_data(c);
    }
}

static const char *protocol_name(uint8_t protocol)
{
    switch (protocol) {
    case NET_PROTOCOL_ICMP: return "ICMP";
    case NET_PROTOCOL_TCP: return "TCP";
    case NET_PROTOCOL_UDP: return "UDP";
    default: return NULL;
    }
}

static void add_ipv4_fields(Cursor *c, const NetIpv4 *ip)
{
    add_decimal(c, "Version", 0, 4, 4);
    add_decimal(c, "Header length", 4, 4, ip->header_bytes);
    add_hex(c, "Type of service", 8, 8, ip->tos);
    add_decimal(c, "Total length", 16, 16, ip->total_bytes);
    add_hex(c, "Identification", 32, 16, ip->id);
    add_flag(c, "Don't fragment", 49, ip->dont_fragment);
    add_flag(c, "More fragments", 50, ip->more_fragments);
    add_decimal(c, "Fragment offset", 51, 13, ip->fragment_offset);
    add_decimal(c, "Time to live", 64, 8, ip->ttl);
    add_named(c, "Protocol", 72, 8, ip->protocol, protocol_name(ip->protocol));
    add_checksum(c, 80, ip->checksum, true, net_ipv4_sound(here(c), ip));
    add_ip4(c, "Source", 96, ip->source);
    add_ip4(c, "Destination", 128, ip->destination);
    if (ip->header_bytes > NET_IPV4_BYTES)
        add_field(c, "Options", 160, (ip->header_bytes - NET_IPV4_BYTES) * 8, 0);
}

static void dissect_ipv4(Cursor *c)
{
    NetIpv4 ip;
    size_t header_bytes = c->quoted || c->cut ? net_ipv4_parse_quoted(here(c), left(c), &ip)
                                              : net_ipv4_parse(here(c), left(c), &ip);

    if (header_bytes == 0) {
        give_up(c, NET_LAYER_IPV4);
        return;
    }
    open_layer(c, NET_LAYER_IPV4, header_bytes);
    add_ipv4_fields(c, &ip);
    if (!c->quoted) {
        net_ip4_format(ip.source, c->out->source);
        net_ip4_format(ip.destination, c->out->destination);
    }
    /* What lies behind the packet only fills the frame up. */
    if (ip.total_bytes < left(c))
        c->end = c->at + ip.total_bytes;
    c->cut = c->cut && ip.total_bytes > left(c);
    c->at += header_bytes;
    if (ip.fragment_offset > 0 || ip.more_fragments) {
        say_hex(c, "Fragmented IP packet id=0x", ip.id, 4);
        say_number(c, " off=", ip.fragment_offset);
        dissect_data(c);
    } else if (ip.protocol == NET_PROTOCOL_ICMP) {
        dissect_icmp(c, &ip);
    } else if (ip.protocol == NET_PROTOCOL_UDP) {
        dissect_udp(c, &ip);
    } else if (ip.protocol == NET_PROTOCOL_TCP) {
        dissect_tcp(c, &ip);
    } else {
        say_number(c, "IP protocol ", ip.protocol);
        dissect_data(c);
    }
}

static void say_arp(Cursor *c, const NetArp *arp)
{
    if (arp->operation == NET_ARP_REQUEST && arp->sender_ip == arp->target_ip) {
        say_ip4(c, "ARP announcement for ", arp->sender_ip);
    } else if (arp->operation == NET_ARP_REQUEST) {
        say_ip4(c, "Who has ", arp->target_ip);
        say_ip4(c, "? Tell ", arp->sender_ip);
    } else if (arp->operation == NET_ARP_REPLY) {
        say_ip4(c, "", arp->sender_ip);
        say(c, " is at ");
        net_text_mac(&c->info, arp->sender_mac);
    } else {
        say_number(c, "ARP operation ", arp->operation);
    }
}

static void dissect_arp(Cursor *c)
{
    NetArp arp;

    if (net_arp_parse(here(c), left(c), &arp) == 0) {
        give_up(c, NET_LAYER_ARP);
        return;
    }
    open_layer(c, NET_LAYER_ARP, NET_ARP_BYTES);
    add_named(c, "Hardware type", 0, 16, 1, "Ethernet");
    add_hex(c, "Protocol type", 16, 16, NET_TYPE_IPV4);
    add_decimal(c, "Hardware size", 32, 8, 6);
    add_decimal(c, "Protocol size", 40, 8, 4);
    add_named(c, "Operation", 48, 16, arp.operation,
              arp.operation == NET_ARP_REQUEST ? "request"
              : arp.operation == NET_ARP_REPLY ? "reply"
                                               : NULL);
    add_mac(c, "Sender MAC address", 64, arp.sender_mac);
    add_ip4(c, "Sender IP address", 112, arp.sender_ip);
    add_mac(c, "Target MAC address", 144, arp.target_mac);
    add_ip4(c, "Target IP address", 192, arp.target_ip);
    say_arp(c, &arp);
}

static const char *type_name(uint16_t type)
{
    switch (type) {
    case NET_TYPE_IPV4: return "IPv4";
    case NET_TYPE_ARP: return "ARP";
    case NET_TYPE_VLAN: return "802.1Q VLAN";
    case NET_TYPE_QINQ: return "802.1ad service VLAN";
    default: return type < NET_TYPE_LEAST ? "802.3 length" : NULL;
    }
}

static void add_type(Cursor *c, unsigned bit, uint16_t type)
{
    NetField *field = add_hex(c, "Type", bit, 16, type);
    NetText text = {field->text, sizeof field->text, 6}; /* goes on behind "0x0800" */

    if (type_name(type) == NULL)
        return;
    net_text_string(&text, " (");
    net_text_string(&text, type_name(type));
    net_text_string(&text, ")");
}

static void dissect_tags(Cursor *c, const NetEthernet *ethernet)
{
    for (unsigned i = 0; i < ethernet->tag_count; i++) {
        const NetVlanTag *tag = &ethernet->tags[i];
        bool last = i + 1 == ethernet->tag_count;
        /* The layer begins behind its own type, as that is the Ethernet header's. */
        open_layer(c, NET_LAYER_VLAN, NET_VLAN_TAG_BYTES);
        add_decimal(c, "Priority", 0, 3, tag->priority);
        add_flag(c, "Drop eligible", 3, tag->drop_eligible);
        add_decimal(c, "VLAN", 4, 12, tag->vlan);
        add_type(c, 16, last ? ethernet->type : ethernet->tags[i + 1].tpid);
        c->at += NET_VLAN_TAG_BYTES;
        say_number(c, "[VLAN ", tag->vlan);
        say(c, "] ");
    }
}

void net_dissect(const uint8_t *frame, size_t length, NetDissection *ret)
{
    net_dissect_kept(frame, length, length, ret);
}

void net_dissect_kept(const uint8_t *frame, size_t kept, size_t length, NetDissection *ret)
{
    NetEthernet ethernet;
    /* Offsets have 16 bits; no frame is that long. */
    Cursor c = {
        .out = ret, .frame = frame, .end = kept < 65535 ? kept : 65535, .cut = kept < length};

    __builtin_memset(ret, 0, sizeof *ret);
    ret->protocol = "?";
    c.info = net_text_begin(ret->info, sizeof ret->info);
    if (net_ethernet_parse(frame, c.end, &ethernet) == 0) {
        give_up(&c, NET_LAYER_ETHERNET);
        return;
    }
    net_mac_format(ethernet.source, ret->source);
    net_mac_format(ethernet.destination, ret->destination);
    open_layer(&c, NET_LAYER_ETHERNET, NET_ETHERNET_BYTES);
    add_mac(&c, "Destination", 0, ethernet.destination);
    add_mac(&c, "Source", 48, ethernet.source);
    add_type(&c, 96, net_get_16(frame + 12));
    c.at = NET_ETHERNET_BYTES;
    dissect_tags(&c, &ethernet);
    if (ethernet.type == NET_TYPE_ARP) {
        dissect_arp(&c);
    } else if (ethernet.type == NET_TYPE_IPV4) {
        dissect_ipv4(&c);
    } else if (ethernet.type >= NET_TYPE_LEAST || !net_dissect_stp(&c)) {
        if (ethernet.type < NET_TYPE_LEAST)
            say_number(&c, "IEEE 802.3 frame, length ", ethernet.type);
        else
            say_hex(&c, "Ethernet type 0x", ethernet.type, 4);
        dissect_data(&c);
    }
}
