/* SPDX-License-Identifier: GPL-2.0-or-later */
/* paging: builds page tables of its own. It maps a page of its heap at two addresses
 * (an alias), maps one for reading only, and leaves others unmapped; then it touches all
 * of them and mends the faults: an unmapped page is mapped, one that may only be read is
 * made writable. Marks the moments between with mark(), for hvlab walk. Exit code 0:
 * everything was found where it should be. */
#include "hv-core/guest/hvlab.h"

#define PAGE_BYTES 4096u
#define PAGES      8u

static uint8_t *heap;
static unsigned faults_absent, faults_write;

static uint8_t *at(unsigned page)
{
    return window() + page * PAGE_BYTES;
}

static volatile uint64_t *word(uint8_t *page)
{
    return (volatile uint64_t *)page;
}

static bool mend(void *address, bool write)
{
    unsigned page = (unsigned)(((uint64_t)address - (uint64_t)window()) / PAGE_BYTES);
    uint8_t *to = at(page);
    if (page >= PAGES)
        return false;
    bool mapped = page_entry(to) & 1;
    faults_absent += !mapped;
    faults_write += mapped;
    printf("fault: %s of 0x%lx, page %s\n", write ? "write" : "read", (uint64_t)address,
           mapped ? "may only be read" : "is not mapped");
    return page_map(to, heap + page * PAGE_BYTES, write) == 0;
}

static void show(const char *what, unsigned page)
{
    uint64_t entry = page_entry(at(page));
    printf("%s: 0x%lx is 0x%lx%s%s%s%s\n", what, (uint64_t)at(page), entry & 0xffffffffff000,
           entry & 1 ? " present" : "", entry & 2 ? " writable" : "", entry & 32 ? " accessed" : "",
           entry & 64 ? " dirty" : "");
}

int main(int argc, char **argv)
{
    unsigned wrong = 0;
    heap_use(PAGES * PAGE_BYTES);
    heap = heap_begin();
    on_page_fault(mend);

    /* Pages 0 and 1 of the window are the same page of memory. */
    page_map(at(0), heap, true);
    page_map(at(1), heap, true);
    *word(at(0)) = 42;
    wrong += *word(at(1)) != 42 || *word(heap) != 42;
    show("alias", 0);
    show("alias", 1);
    mark(1);

    /* Page 2 may be read; a write faults, is mended, and comes through. */
    *word(heap + 2 * PAGE_BYTES) = 7;
    page_map(at(2), heap + 2 * PAGE_BYTES, false);
    wrong += *word(at(2)) != 7;
    show("read", 2);
    *word(at(2)) = 8;
    wrong += *word(heap + 2 * PAGE_BYTES) != 8 || faults_write != 1;
    show("written", 2);
    mark(2);

    /* The others come when they are touched. */
    for (unsigned page = 3; page < PAGES; page++)
        *word(at(page)) = page;
    for (unsigned page = 3; page < PAGES; page++)
        wrong += *word(heap + page * PAGE_BYTES) != page;
    wrong += faults_absent != PAGES - 3;
    mark(3);

    /* And are gone when they are taken away. */
    page_unmap(at(7));
    wrong += *word(at(7)) != 7 || faults_absent != PAGES - 2;
    mark(4);
    printf("paging: %u faults, %u wrong\n", faults_absent + faults_write, wrong);
    return wrong == 0 ? 0 : 1;
}
