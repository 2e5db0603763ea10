/* SPDX-License-Identifier: GPL-2.0-or-later */
/* touch N | --pages LIST [--write VALUE] [--times T] [--read]: touches pages of
 * its heap: pages 0 to N-1, or those in LIST ("1,2,3,4,1") in that order, T times
 * over. Each touch writes a value that names the page (or VALUE), or only reads
 * with --read. At the end every page written is read back: what it holds must be
 * what was written last. Exit code 0: so it was; 1: not; 2: bad usage. */
#include "hv-core/guest/hvlab.h"

#define PAGE_BYTES 4096u
#define MAX_LIST   1024

static uint32_t list[MAX_LIST];
static uint64_t list_length; /* 0: pages 0 to page_count - 1 */
static uint64_t page_count;
static uint64_t times = 1;
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

static void touch(uint64_t page)
{
    volatile uint64_t *at = page_at(page);
    if (only_read)
        (void)*at;
    else
        *at = value_of(page);
}

static uint64_t touch_all(void)
{
    uint64_t count = list_length ? list_length : page_count;
    for (uint64_t i = 0; i < count; i++)
        touch(list_length ? list[i] : i);
    return count;
}

/* How many pages do not hold what they should? */
static uint64_t verify(void)
{
    uint64_t wrong = 0, count = list_length ? list_length : page_count;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t page = list_length ? list[i] : i;
        wrong += *page_at(page) != (only_read ? 0 : value_of(page));
    }
    return wrong;
}

int main(int argc, char **argv)
{
    if (!parse_arguments(argc, argv)) {
        print("usage: touch N | --pages LIST [--write VALUE] [--times T] [--read]\n");
        return 2;
    }
    uint64_t room = (uint64_t)(heap_end() - heap_begin()) / PAGE_BYTES;
    if (page_count > room) {
        printf("touch: the heap has %lu pages, not %lu\n", room, page_count);
        return 2;
    }
    uint64_t touched = 0;
    for (uint64_t i = 0; i < times; i++)
        touched += touch_all();
    uint64_t wrong = verify();
    printf("touch: %lu touches, %lu pages wrong\n", touched, wrong);
    return wrong == 0 ? 0 : 1;
}
