/* SPDX-License-Identifier: GPL-2.0-or-later */
/* touch N | --pages LIST [--write VALUE] [--times T] [--read] [--wait MS]: touches
 * pages of its heap: pages 0 to N-1, or those in LIST ("1,2,3,4,1") in that order, T
 * times over, and waits MS milliseconds after each time. Each touch writes a value that names the
 * page (or VALUE), or only reads with --read. What a page holds must be what was written last: at
 * the end every page is read back; with --pages, where the order of accesses is the point, each
 * touch is one instruction that exchanges the old value for the new, and no page is
 * touched but those in the list. Exit code 0: so it was; 1: not; 2: bad usage. */
#include "hv-core/guest/hvlab.h"

#define PAGE_BYTES 4096u
#define MAX_LIST   1024

static uint32_t list[MAX_LIST];
static uint64_t list_length; /* 0: pages 0 to page_count - 1 */
static uint64_t page_count;
static uint64_t times = 1;
static uint64_t wait_ms;
static uint64_t value;
static bool value_given, only_read;

static uint64_t *page_at(uint64_t page)
{
    return (uint64_t *)(heap_begin() + page * PAGE_BYTES);
}

static uint64_t value_of(uint64_t page)
{
    return value_given ? value : (page + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static bool parse_list(const char *text)
{
    for (;; text++) {
        const char *end;
        uint64_t page = parse_number(text, &end);
        if (end == text || list_length == MAX_LIST || page > UINT32_MAX)
            return false;
        list[list_length++] = (uint32_t)page;
        if (page + 1 > page_count)
            page_count = page + 1;
        text = end;
        if (*text == '\0')
            return true;
        if (*text != ',')
            return false;
    }
}

static bool whole_number(const char *text, uint64_t *ret_number)
{
    const char *end;
    *ret_number = parse_number(text, &end);
    return end != text && *end == '\0';
}

static bool parse_arguments(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : "";
        bool good;
        if (strcmp(argv[i], "--read") == 0) {
            only_read = true;
            continue;
        } else if (strcmp(argv[i], "--pages") == 0) {
            good = parse_list(next);
        } else if (strcmp(argv[i], "--times") == 0) {
            good = whole_number(next, &times);
        } else if (strcmp(argv[i], "--wait") == 0) {
            good = whole_number(next, &wait_ms);
        } else if (strcmp(argv[i], "--write") == 0) {
            good = value_given = whole_number(next, &value);
        } else {
            good = whole_number(argv[i--], &page_count);
        }
        if (!good)
            return false;
        i++;
    }
    return page_count > 0;
}

/* Has the page been written before place `at` of the list, or a round before? */
static bool was_written(uint64_t at, uint64_t round)
{
    if (only_read)
        return false;
    for (uint64_t i = 0; i < (round ? list_length : at); i++)
        if (list[i] == list[at])
            return true;
    return false;
}

/* One access to the page at place `at` of the list; is what it held wrong? */
static bool touch_listed(uint64_t at, uint64_t round)
{
    uint64_t expected = was_written(at, round) ? value_of(list[at]) : 0;
    uint64_t *word = page_at(list[at]);
    uint64_t held = only_read ? *(volatile uint64_t *)word
                              : __atomic_exchange_n(word, value_of(list[at]), __ATOMIC_RELAXED);
    return held != expected;
}

static void rest(void)
{
    if (wait_ms > 0)
        sleep_ns(wait_ms * 1000000);
}

static uint64_t touch_list(void)
{
    uint64_t wrong = 0;
    for (uint64_t round = 0; round < times; round++) {
        for (uint64_t at = 0; at < list_length; at++)
            wrong += touch_listed(at, round);
        rest();
    }
    return wrong;
}

static void touch(uint64_t page)
{
    volatile uint64_t *at = page_at(page);
    if (only_read)
        (void)*at;
    else
        *at = value_of(page);
}

/* Pages 0 to page_count - 1, then all of them once more to see what they hold. */
static uint64_t touch_all(void)
{
    uint64_t wrong = 0;
    for (uint64_t round = 0; round < times; round++) {
        for (uint64_t page = 0; page < page_count; page++)
            touch(page);
        rest();
    }
    for (uint64_t page = 0; page < page_count; page++)
        wrong += *page_at(page) != (only_read ? 0 : value_of(page));
    return wrong;
}

int main(int argc, char **argv)
{
    if (!parse_arguments(argc, argv)) {
        print("usage: touch N | --pages LIST [--write VALUE] [--times T] [--read] [--wait MS]\n");
        return 2;
    }
    if (!heap_use(page_count * PAGE_BYTES)) {
        printf("touch: the heap has %lu pages, not %lu\n",
               (uint64_t)(heap_end() - heap_begin()) / PAGE_BYTES, page_count);
        return 2;
    }
    uint64_t wrong = list_length ? touch_list() : touch_all();
    uint64_t touched = times * (list_length ? list_length : page_count);
    printf("touch: %lu touches, %lu pages wrong\n", touched, wrong);
    return wrong == 0 ? 0 : 1;
}
