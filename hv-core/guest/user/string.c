/* SPDX-License-Identifier: GPL-2.0-or-later */
/* string.c: memory and strings. Copies use the CPU's string instructions, which
 * every backend runs fast: eight bytes a step, then the rest. */
#include "hv-core/guest/hvlab.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    void *d = to;
    size_t words = size / 8, bytes = size % 8;
    __asm__ volatile("rep movsq" : "+D"(d), "+S"(from), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(d), "+S"(from), "+c"(bytes) : : "memory");
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    uint8_t *d = to;
    const uint8_t *s = from;
    if (d <= s || d >= s + size) {
        size_t bytes = size;
        __asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(bytes) : : "memory");
        return to;
    }
    while (size-- > 0)
        d[size] = s[size];
    return to;
}

void *memset(void *to, int value, size_t size)
{
    void *d = to;
    uint64_t word = (uint8_t)value * UINT64_C(0x0101010101010101);
    size_t words = size / 8, bytes = size % 8;
    __asm__ volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(word) : "memory");
    __asm__ volatile("rep stosb" : "+D"(d), "+c"(bytes) : "a"(word) : "memory");
    return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const uint8_t *x = a, *y = b;
    for (; size > 0; size--, x++, y++) {
        if (*x != *y)
            return *x < *y ? -1 : 1;
    }
    return 0;
}

size_t strlen(const char *text)
{
    const char *end = text;
    while (*end)
        end++;
    return (size_t)(end - text);
}

int strncmp(const char *a, const char *b, size_t size)
{
    for (; size > 0; size--, a++, b++) {
        if (*a != *b)
            return (uint8_t)*a < (uint8_t)*b ? -1 : 1;
        if (*a == '\0')
            break;
    }
    return 0;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
}
