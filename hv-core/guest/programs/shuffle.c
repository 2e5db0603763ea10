/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shuffle PAGES ROUNDS: writes and reads pages of its heap in a random order and keeps
 * a shadow of what each holds. What it writes is often the same in many pages, so that
 * they may be shared, and any page may be given to the balloon, after which it must be
 * zeroes. Prints how many looks found something else than the shadow says; exit code 0:
 * none did. */
#include "hv-core/guest/hvlab.h"

#define PAGE_BYTES 4096u
#define MAX_PAGES  512
#define NONE       UINT32_MAX

static uint8_t *heap;
static uint64_t page_count = 64, rounds = 1000;
static uint32_t version[MAX_PAGES]; /* the shadow; 0: zeroes */
static bool given[MAX_PAGES];
static volatile uint32_t busy = NONE; /* the page that is worked with */
static uint64_t wrong, gives;

static uint64_t content(uint32_t page)
{
    switch (version[page] % 6) {
    case 0: return 0;
    case 1: return 5;
    case 2: return UINT64_C(0x0123456789abcdef);
    default: return (page + 1) * UINT64_C(0x9e3779b97f4a7c15) + version[page];
    }
}

static volatile uint64_t *word(uint32_t page, unsigned i)
{
    return (volatile uint64_t *)(heap + page * PAGE_BYTES) + i;
}

static void write_page(uint32_t page)
{
    version[page]++;
    for (unsigned i = 0; i < PAGE_BYTES / 8; i += 73)
        *word(page, i) = content(page);
}

static void look_at(uint32_t page)
{
    for (unsigned i = 0; i < PAGE_BYTES / 8; i += 73)
        wrong += *word(page, i) != content(page);
}

static void *give(void)
{
    for (uint32_t try = 0; try < 8; try++) {
        uint32_t page = (uint32_t)(random_number() % page_count);
        if (given[page] || page == busy)
            continue;
        given[page] = true;
        version[page] = 0;
        gives++;
        return heap + page * PAGE_BYTES;
    }
    return NULL;
}

static void back(void *page)
{
    given[((uint64_t)page - (uint64_t)heap) / PAGE_BYTES] = false;
}

static uint64_t number(const char *text)
{
    const char *end;
    return parse_number(text, &end);
}

int main(int argc, char **argv)
{
    static const SparePages spare = {give, back};
    if (argc > 1)
        page_count = number(argv[1]);
    if (argc > 2)
        rounds = number(argv[2]);
    if (page_count == 0 || page_count > MAX_PAGES || !heap_use(page_count * PAGE_BYTES)) {
        printf("usage: shuffle PAGES ROUNDS, PAGES at most %u\n", MAX_PAGES);
        return 2;
    }
    heap = heap_begin();
    spare_pages(&spare);
    for (uint64_t round = 0; round < rounds; round++) {
        uint64_t random = random_number();
        uint32_t page = (uint32_t)(random / 4 % page_count);
        busy = page;
        if (!given[page] && random % 4 != 0)
            look_at(page);
        if (!given[page] && random % 4 < 2)
            write_page(page);
        busy = NONE;
    }
    for (uint32_t page = 0; page < page_count; page++) {
        busy = page;
        if (!given[page])
            look_at(page);
        busy = NONE;
    }
    printf("shuffle: %lu looks wrong, %lu pages given\n", wrong, gives);
    return wrong == 0 ? 0 : 1;
}
