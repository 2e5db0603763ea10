/* SPDX-License-Identifier: GPL-2.0-or-later */
/* liar [ROUNDS]: lies to its balloon, in every way there is. It gives pages and goes on
 * using them, gives one page several times, gives pages that the VM does not have, pages
 * of its kernel, takes back what it never gave, and says to have more free than there is.
 * Must gain nothing by it: what it gave is lost, and no other VM notices. Prints how many of
 * its pages still held what it had written; exit code 0 if none of those that it gave did. */
#include "hv-core/guest/hvlab.h"

#define PAGE_BYTES 4096u
#define PAGES      64u
#define GIVEN      32u /* of them */

static uint32_t page_number(const uint8_t *heap, unsigned i)
{
    return (uint32_t)((uint64_t)heap / PAGE_BYTES) + i;
}

int main(int argc, char **argv)
{
    static uint32_t list[2 * GIVEN];
    const char *end = "";
    uint64_t rounds = argc > 1 ? parse_number(argv[1], &end) : 1, kept = 0, lost = 0;
    uint8_t *heap = heap_begin();
    debug_balloon_free(UINT64_MAX / 8192); /* more than a guest can have */
    for (uint64_t round = 0; round < rounds; round++) {
        for (unsigned i = 0; i < PAGES; i++)
            *(volatile uint64_t *)(heap + i * PAGE_BYTES) = 0x1234 + i;
        /* Each page twice, in one request, and once more in another. */
        for (unsigned i = 0; i < 2 * GIVEN; i++)
            list[i] = page_number(heap, i / 2);
        if (debug_balloon(list, 2 * GIVEN, false) != 0) {
            print("liar: no balloon\n");
            return 2;
        }
        debug_balloon(list, 2 * GIVEN, false);
        /* Nowhere; the boot information, the page tables, the kernel. */
        static const uint32_t not_mine[] = {0xffffffff, 0x40000000, 1, 8, 16, 0x61};
        debug_balloon(not_mine, sizeof not_mine / sizeof not_mine[0], false);
        list[0] = page_number(heap, GIVEN);
        debug_balloon(list, 1, true); /* was never given */
        for (unsigned i = 0; i < PAGES; i++) {
            uint64_t held = *(volatile uint64_t *)(heap + i * PAGE_BYTES);
            kept += i < GIVEN && held != 0;
            lost += i >= GIVEN && held != 0x1234 + i;
        }
    }
    printf("liar: of what it gave %lu pages held something, of what it kept %lu were lost\n", kept,
           lost);
    return kept == 0 && lost == 0 ? 0 : 1;
}
