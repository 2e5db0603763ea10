/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.c: numbers and addresses as text, without a C library; see text.h. */
#include "netsim/proto/text.h"

NetText net_text_begin(char *buffer, size_t capacity)
{
    buffer[0] = '\0';
    return (NetText){.buffer = buffer, .capacity = capacity};
}

static void put(NetText *text, char c)
{
    if (text->length + 1 >= text->capacity)
        return;
    text->buffer[text->length++] = c;
    text->buffer[text->length] = '\0';
}

void net_text_string(NetText *text, const char *string)
{
    while (*string != '\0')
        put(text, *string++);
}

void net_text_decimal(NetText *text, uint64_t value)
{
    char digits[20];
    unsigned count = 0;

    do
        digits[count++] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    while (count > 0)
        put(text, digits[--count]);
}

void net_text_hex(NetText *text, uint64_t value, unsigned digits)
{
    for (unsigned i = 16; i > 0; i--) {
        unsigned digit = value >> (4 * (i - 1)) & 15;
        if (i <= digits || i == 1 || value >> (4 * (i - 1)) != 0)
            put(text, "0123456789abcdef"[digit]);
    }
}

void net_text_ip4(NetText *text, NetIp4 address)
{
    for (unsigned i = 0; i < 4; i++) {
        if (i > 0)
            put(text, '.');
        net_text_decimal(text, address >> (24 - 8 * i) & 0xff);
    }
}

void net_text_mac(NetText *text, NetMac mac)
{
    for (unsigned i = 0; i < 6; i++) {
        if (i > 0)
            put(text, ':');
        net_text_hex(text, mac.byte[i], 2);
    }
}

void net_ip4_format(NetIp4 address, char buffer[NET_IP4_TEXT_BYTES])
{
    NetText text = net_text_begin(buffer, NET_IP4_TEXT_BYTES);
    net_text_ip4(&text, address);
}

void net_mac_format(NetMac mac, char buffer[NET_MAC_TEXT_BYTES])
{
    NetText text = net_text_begin(buffer, NET_MAC_TEXT_BYTES);
    net_text_mac(&text, mac);
}

bool net_ip4_parse(const char *string, NetIp4 *ret)
{
    NetIp4 address = 0;

    for (unsigned i = 0; i < 4; i++) {
        unsigned number = 0, digits = 0;
        if (i > 0 && *string++ != '.')
            return false;
        for (; *string >= '0' && *string <= '9' && digits < 4; string++, digits++)
            number = number * 10 + (unsigned)(*string - '0');
        if (digits == 0 || digits > 3 || number > 255)
            return false;
        address = address << 8 | number;
    }
    if (*string != '\0')
        return false;
    *ret = address;
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20; /* to lower case */
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool net_mac_parse(const char *string, NetMac *ret)
{
    NetMac mac;

    for (unsigned i = 0; i < 6; i++) {
        if (i > 0 && *string++ != ':')
            return false;
        int high = hex_digit(string[0]);
        int low = high >= 0 ? hex_digit(string[1]) : -1;
        if (low < 0)
            return false;
        mac.byte[i] = (uint8_t)(high << 4 | low);
        string += 2;
    }
    if (*string != '\0')
        return false;
    *ret = mac;
    return true;
}
