/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print.c: a small printf, and its reverse for numbers and times. */
#include "hv-core/guest/user/user.h"

#define LINE_BYTES 256

typedef struct {
    char *buffer;
    size_t size;
    size_t length; /* as if the buffer were long enough */
} Output;

typedef struct {
    bool left, zero;
    size_t width;
    size_t precision; /* of %s; SIZE_MAX: none */
    unsigned longs;   /* l, ll and z all mean 64 bits */
} Field;

static void put(Output *out, char c)
{
    if (out->length + 1 < out->size)
        out->buffer[out->length] = c;
    out->length++;
}

static void pad(Output *out, char c, size_t count)
{
    while (count-- > 0)
        put(out, c);
}

size_t format_unsigned(char *to, uint64_t value, unsigned base)
{
    char digits[24];
    size_t count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    for (size_t i = 0; i < count; i++)
        to[i] = digits[count - 1 - i];
    return count;
}

static void put_text(Output *out, const Field *field, const char *text, size_t length)
{
    size_t fill = field->width > length ? field->width - length : 0;
    if (!field->left)
        pad(out, ' ', fill);
    for (size_t i = 0; i < length; i++)
        put(out, text[i]);
    if (field->left)
        pad(out, ' ', fill);
}

static void put_number(Output *out, const Field *field, uint64_t value, unsigned base,
                       const char *sign, bool upper)
{
    char text[32];
    size_t prefix = strlen(sign);
    size_t digits = format_unsigned(text + prefix, value, base);
    for (size_t i = 0; upper && i < digits; i++) {
        if (text[prefix + i] >= 'a')
            text[prefix + i] = (char)(text[prefix + i] - 'a' + 'A');
    }
    memcpy(text, sign, prefix);
    if (!field->zero || field->left || field->width <= prefix + digits) {
        put_text(out, field, text, prefix + digits);
        return;
    }
    Field plain = {0};
    put_text(out, &plain, sign, prefix);
    pad(out, '0', field->width - prefix - digits);
    put_text(out, &plain, text + prefix, digits);
}

static const char *parse_field(const char *at, Field *field, va_list *args)
{
    *field = (Field){.precision = SIZE_MAX};
    for (; *at == '-' || *at == '0'; at++) {
        field->left |= *at == '-';
        field->zero |= *at == '0';
    }
    for (; *at >= '0' && *at <= '9'; at++)
        field->width = field->width * 10 + (size_t)(*at - '0');
    if (*at == '.') {
        field->precision = 0;
        if (*++at == '*') {
            field->precision = (size_t)va_arg(*args, int);
            at++;
        }
        for (; *at >= '0' && *at <= '9'; at++)
            field->precision = field->precision * 10 + (size_t)(*at - '0');
    }
    for (; *at == 'l' || *at == 'z'; at++)
        field->longs++;
    return at;
}

static void put_signed(Output *out, const Field *field, int64_t value)
{
    uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
    put_number(out, field, size, 10, value < 0 ? "-" : "", false);
}

static void put_string(Output *out, const Field *field, const char *text)
{
    size_t length = 0;
    while (length < field->precision && text[length])
        length++;
    put_text(out, field, text, length);
}

static void put_conversion(Output *out, const Field *field, char kind, va_list *args)
{
    switch (kind) {
    case 'd':
    case 'i':
        put_signed(out, field, field->longs ? va_arg(*args, int64_t) : va_arg(*args, int));
        break;
    case 'u':
    case 'x':
    case 'X':
        put_number(out, field, field->longs ? va_arg(*args, uint64_t) : va_arg(*args, unsigned),
                   kind == 'u' ? 10 : 16, "", kind == 'X');
        break;
    case 'p': put_number(out, field, va_arg(*args, uint64_t), 16, "0x", false); break;
    case 'c': put(out, (char)va_arg(*args, int)); break;
    case 's': put_string(out, field, va_arg(*args, const char *)); break;
    default: put(out, kind); break;
    }
}

int vsnprintf(char *buffer, size_t size, const char *format, va_list args)
{
    Output out = {buffer, size, 0};
    va_list rest;
    va_copy(rest, args);
    for (const char *at = format; *at; at++) {
        if (*at != '%') {
            put(&out, *at);
            continue;
        }
        Field field;
        at = parse_field(at + 1, &field, &rest);
        if (*at == '\0')
            break;
        put_conversion(&out, &field, *at, &rest);
    }
    va_end(rest);
    if (size > 0)
        buffer[out.length < size ? out.length : size - 1] = '\0';
    return (int)out.length;
}

int snprintf(char *buffer, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(buffer, size, format, args);
    va_end(args);
    return length;
}

int printf(const char *format, ...)
{
    char line[LINE_BYTES + 1];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (length > 0)
        syscall3(SYS_SEND, HV_SLOT_CONSOLE, (uint64_t)line,
                 length < LINE_BYTES ? (uint64_t)length : LINE_BYTES);
    return length;
}

void print(const char *text)
{
    if (*text)
        syscall3(SYS_SEND, HV_SLOT_CONSOLE, (uint64_t)text, strlen(text));
}

/* ---- Reading numbers ----------------------------------------------------- */

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

uint64_t parse_number(const char *text, const char **end)
{
    int base = 10;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    uint64_t value = 0;
    for (; digit(*text) < base; text++)
        value = value * (uint64_t)base + (uint64_t)digit(*text);
    *end = text;
    return value;
}

bool parse_time(const char *text, uint64_t default_unit, uint64_t *ret_ns)
{
    static const struct {
        char name[3];
        uint64_t ns;
    } units[] = {{"ns", 1}, {"us", NS_PER_US}, {"ms", NS_PER_MS}, {"s", NS_PER_SEC}};
    const char *unit;
    uint64_t number = parse_number(text, &unit);
    uint64_t factor = *unit ? 0 : default_unit;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(unit, units[i].name) == 0)
            factor = units[i].ns;
    }
    if (unit == text || factor == 0)
        return false;
    *ret_ns = number * factor;
    return true;
}
