/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.h: addresses and numbers as text, without a C library.
 *
 * A NetText writes into a buffer of its owner, always NUL-terminated; what does
 * not fit is left off.
 */
#pragma once

#include "netsim/proto/types.h"

#define NET_IP4_TEXT_BYTES 16 /* "255.255.255.255" */
#define NET_MAC_TEXT_BYTES 18 /* "ff:ff:ff:ff:ff:ff" */

typedef struct {
    char *buffer;
    size_t capacity, length;
} NetText;

NetText net_text_begin(char *buffer, size_t capacity);
void net_text_string(NetText *text, const char *string);
void net_text_decimal(NetText *text, uint64_t value);
/* digits: at least so many, zeros in front. */
void net_text_hex(NetText *text, uint64_t value, unsigned digits);
void net_text_ip4(NetText *text, NetIp4 address);
void net_text_mac(NetText *text, NetMac mac);

void net_ip4_format(NetIp4 address, char buffer[NET_IP4_TEXT_BYTES]);
void net_mac_format(NetMac mac, char buffer[NET_MAC_TEXT_BYTES]);
/* Four decimal numbers from 0 to 255 and three dots, nothing before or after. */
bool net_ip4_parse(const char *string, NetIp4 *ret);
/* Six pairs of hex digits and five colons. */
bool net_mac_parse(const char *string, NetMac *ret);
