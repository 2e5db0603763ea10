/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dissect-private.h: what the functions that take headers apart share: where they are,
 * layers and fields, and the line that sums the frame up.
 *
 * dissect.c has the headers up to TCP, dissect-app.c what is carried by them: DHCP, DNS
 * and HTTP, and the BPDUs of spanning tree. */
#pragma once

#include "netsim/proto/dissect.h"
#include "netsim/proto/headers.h"
#include "netsim/proto/text.h"
#include "netsim/proto/wire.h"

/* Where the dissection is. */
typedef struct {
    NetDissection *out;
    const uint8_t *frame;
    size_t at, end; /* what is left of the frame, in bytes from its start */
    bool quoted;
    bool cut; /* the packet goes on behind `end`: that was not kept */
    NetText info;
    size_t info_mark; /* where the info line of UDP or TCP begins */
    NetField spare;   /* takes what does not fit */
} Cursor;

/* --- layers and fields --- */

static inline void open_layer(Cursor *c, NetLayerKind kind, size_t length)
{
    NetDissection *out = c->out;

    if (out->layer_count == NET_DISSECT_MAX_LAYERS)
        return;
    out->layers[out->layer_count++] = (NetLayer){
        .kind = kind,
        .quoted = c->quoted,
        .offset = (uint16_t)c->at,
        .length = (uint16_t)length,
        .first_field = (uint16_t)out->field_count,
    };
    if (!c->quoted && kind != NET_LAYER_DATA)
        out->protocol = net_layer_short_name(kind);
}

/* A field without text; bit: from the header's start. */
static inline NetField *add_field(Cursor *c, const char *name, unsigned bit, unsigned width,
                                  uint64_t value)
{
    NetDissection *out = c->out;

    if (out->field_count == NET_DISSECT_MAX_FIELDS || out->layer_count == 0)
        return &c->spare;
    NetField *field = &out->fields[out->field_count++];
    *field = (NetField){
        .name = name,
        .bit_offset = (uint32_t)(c->at * 8 + bit),
        .bit_width = (uint16_t)width,
        .value = value,
    };
    out->layers[out->layer_count - 1].field_count++;
    return field;
}

static inline void add_decimal(Cursor *c, const char *name, unsigned bit, unsigned width,
                               uint64_t value)
{
    NetField *field = add_field(c, name, bit, width, value);
    NetText text = net_text_begin(field->text, sizeof field->text);

    net_text_decimal(&text, value);
}

static inline NetField *add_hex(Cursor *c, const char *name, unsigned bit, unsigned width,
                                uint64_t value)
{
    NetField *field = add_field(c, name, bit, width, value);
    NetText text = net_text_begin(field->text, sizeof field->text);

    net_text_string(&text, "0x");
    net_text_hex(&text, value, (width + 3) / 4);
    return field;
}

static inline void add_flag(Cursor *c, const char *name, unsigned bit, bool value)
{
    NetField *field = add_field(c, name, bit, 1, value);
    NetText text = net_text_begin(field->text, sizeof field->text);

    net_text_string(&text, value ? "set" : "not set");
}

/* A number with what it means: "8 (Echo request)". */
static inline void add_named(Cursor *c, const char *name, unsigned bit, unsigned width,
                             uint64_t value, const char *meaning)
{
    NetField *field = add_field(c, name, bit, width, value);
    NetText text = net_text_begin(field->text, sizeof field->text);

    net_text_decimal(&text, value);
    if (meaning == NULL)
        return;
    net_text_string(&text, " (");
    net_text_string(&text, meaning);
    net_text_string(&text, ")");
}

static inline void add_mac(Cursor *c, const char *name, unsigned bit, NetMac mac)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < 6; i++)
        value = value << 8 | mac.byte[i];
    net_mac_format(mac, add_field(c, name, bit, 48, value)->text);
}

static inline void add_ip4(Cursor *c, const char *name, unsigned bit, NetIp4 address)
{
    net_ip4_format(address, add_field(c, name, bit, 32, address)->text);
}

static inline void add_checksum(Cursor *c, unsigned bit, uint16_t value, bool judged, bool sound)
{
    NetField *field = add_hex(c, "Checksum", bit, 16, value);
    NetText text = {field->text, sizeof field->text, 6}; /* goes on behind "0x1234" */

    if (!judged)
        return;
    net_text_string(&text, sound ? " (right)" : " (wrong)");
    field->bad = !sound;
    if (!sound)
        c->out->bad_checksum = true;
}

/* --- the info line: of the packet itself, not of one that an error quotes --- */

static inline void say(Cursor *c, const char *string)
{
    if (!c->quoted)
        net_text_string(&c->info, string);
}

static inline void say_number(Cursor *c, const char *before, uint64_t value)
{
    say(c, before);
    if (!c->quoted)
        net_text_decimal(&c->info, value);
}

static inline void say_hex(Cursor *c, const char *before, uint64_t value, unsigned digits)
{
    say(c, before);
    if (!c->quoted)
        net_text_hex(&c->info, value, digits);
}

static inline void say_ip4(Cursor *c, const char *before, NetIp4 address)
{
    say(c, before);
    if (!c->quoted)
        net_text_ip4(&c->info, address);
}

/* What is left could not be taken apart. A quoted packet may be cut off. */
static inline void give_up(Cursor *c, NetLayerKind kind)
{
    open_layer(c, kind, c->end - c->at);
    if (c->quoted)
        return;
    c->out->malformed = true;
    say(c, "Malformed ");
    say(c, net_layer_short_name(kind));
}

static inline const uint8_t *here(const Cursor *c)
{
    return c->frame + c->at;
}

static inline size_t left(const Cursor *c)
{
    return c->end - c->at;
}

static inline void dissect_data(Cursor *c)
{
    if (left(c) == 0)
        return;
    open_layer(c, NET_LAYER_DATA, left(c));
    NetField *field = add_field(c, "Data", 0, (unsigned)left(c) * 8, 0);
    NetText text = net_text_begin(field->text, sizeof field->text);
    net_text_decimal(&text, left(c));
    net_text_string(&text, left(c) == 1 ? " byte" : " bytes");
    c->at = c->end;
}

/* What is said of the ports gives way to what they carry. */
static inline void say_anew(Cursor *c)
{
    if (c->quoted)
        return;
    c->info.length = c->info_mark;
    c->info.buffer[c->info.length] = '\0';
}

/* A text of so many bytes, as much of it as is visible. */
static inline void add_text(Cursor *c, const char *name, unsigned bit, const char *value,
                            size_t length)
{
    NetField *field = add_field(c, name, bit, (unsigned)length * 8, 0);
    NetText text = net_text_begin(field->text, sizeof field->text);
    char one[2] = "";

    for (size_t i = 0; i < length; i++) {
        one[0] = value[i] >= 0x20 && value[i] < 0x7f ? value[i] : '.';
        net_text_string(&text, one);
    }
}

/* dissect-app.c. Each takes what is left; false: it is something else after all. */
bool net_dissect_dhcp(Cursor *c);
bool net_dissect_dns(Cursor *c);
bool net_dissect_http(Cursor *c);
bool net_dissect_stp(Cursor *c);
