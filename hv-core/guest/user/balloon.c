/* SPDX-License-Identifier: GPL-2.0-or-later */
/* balloon.c: which pages a VM gives up when the hypervisor wants some (hvlab.h).
 *
 * The heap, from its begin on: what the program uses; what is free; what is in the
 * balloon, from heap_end() up. Free pages are given first, from the top, so that what
 * the program can use stays in one piece. When there are none left the program is
 * asked for pages that it can spare; those are remembered one by one, and come back
 * first. When the program needs more than is free, pages are taken back though the
 * hypervisor did not ask for it: a guest gives by its own choice.
 */
#include "hv-core/guest/user/user.h"

#define PAGE_BYTES 4096u
#define BATCH      256 /* pages named at once */
#define MAX_SPARED 4096

static bool present;      /* there is a balloon */
static uint64_t used_end; /* up to here the program uses its heap */
static uint64_t floor_at; /* from here on up to the heap's end all pages are in the balloon */
static uint64_t real_end;
static const SparePages *spare_ops;
static uint32_t spared[MAX_SPARED]; /* pages that the program gave */
static uint32_t spared_count;
static uint32_t batch[BATCH];
static uint64_t claimed;          /* free pages, for who lies */
static volatile bool busy, again; /* an upcall found the balloon at work */

static uint64_t in_balloon(void)
{
    return (real_end - floor_at) / PAGE_BYTES + spared_count;
}

/* ---- Giving -------------------------------------------------------------- */

static bool next_page(uint32_t *ret_page)
{
    if (floor_at - PAGE_BYTES >= used_end) {
        floor_at -= PAGE_BYTES;
        *ret_page = (uint32_t)(floor_at / PAGE_BYTES);
        return true;
    }
    void *page = spare_ops && spared_count < MAX_SPARED ? spare_ops->give() : NULL;
    if (!page)
        return false;
    *ret_page = spared[spared_count++] = (uint32_t)((uint64_t)page / PAGE_BYTES);
    return true;
}

static bool give(uint64_t pages)
{
    uint32_t count = 0;
    while (count < BATCH && count < pages && next_page(&batch[count]))
        count++;
    return count > 0 && syscall3(SYS_BALLOON, SYS_BALLOON_GIVE, (uint64_t)batch, count) == 0;
}

/* ---- Taking back ----------------------------------------------------------- */

static bool take(uint64_t pages)
{
    uint32_t count = 0, from_program = 0;
    for (; count < BATCH && count < pages; count++) {
        if (spared_count > from_program) {
            batch[count] = spared[spared_count - ++from_program];
        } else {
            batch[count] = (uint32_t)(floor_at / PAGE_BYTES);
            floor_at += PAGE_BYTES;
        }
    }
    if (count == 0 || syscall3(SYS_BALLOON, SYS_BALLOON_TAKE, (uint64_t)batch, count) != 0)
        return false;
    for (uint32_t i = 0; i < from_program; i++) {
        spared_count--;
        if (spare_ops)
            spare_ops->back((void *)((uint64_t)spared[spared_count] * PAGE_BYTES));
    }
    return true;
}

static uint64_t free_pages(void)
{
    return floor_at > used_end ? (floor_at - used_end) / PAGE_BYTES : 0;
}

/* What the hypervisor wants to know, if it does. */
static void say_free(void)
{
    if (boot_info()->balloon > 1)
        syscall3(SYS_BALLOON, SYS_BALLOON_FREE, claimed != 0 ? claimed : free_pages(), 0);
}

static void adjust(void)
{
    uint64_t before = in_balloon();
    uint64_t target = (uint64_t)syscall1(SYS_BALLOON, SYS_BALLOON_TARGET);
    while (in_balloon() < target && give(target - in_balloon()))
        ;
    while (in_balloon() > target && take(in_balloon() - target))
        ;
    if (in_balloon() != before)
        syscall3(SYS_BALLOON, SYS_BALLOON_ACTUAL, in_balloon(), 0);
    say_free();
}

void balloon_adjust(bool program_ended)
{
    if (!present)
        return;
    if (program_ended) {
        used_end = heap_base();
        spare_ops = NULL; /* nobody is left to be asked, or told */
        busy = false;
    }
    if (busy) {
        again = true;
        return;
    }
    busy = true;
    do {
        again = false;
        adjust();
    } while (again);
    busy = false;
}

/* ---- What the program says ---------------------------------------------------- */

void balloon_start(void)
{
    if (!boot_info()->balloon || syscall1(SYS_BALLOON, SYS_BALLOON_OPEN) != 0)
        return;
    present = true;
    /* Who is asked for memory may not need some to give it: what the driver uses is
     * touched now. */
    net_touch_upcall_stack();
    spared[0] = batch[0] = 0;
    used_end = heap_base();
    real_end = floor_at = heap_top();
    balloon_adjust(false);
}

void balloon_program_uses_all(void)
{
    if (present && used_end == heap_base())
        used_end = real_end; /* what is in the balloon stays there: heap_end() says so */
}

uint64_t balloon_heap_end(void)
{
    return present ? floor_at : heap_top();
}

bool heap_use(uint64_t bytes)
{
    uint64_t begin = heap_base(), rounded = (bytes + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
    if (bytes > heap_top() - begin || rounded > heap_top() - begin)
        return false;
    if (!present)
        return true;
    busy = true;
    used_end = begin + rounded;
    while (floor_at < used_end && take((used_end - floor_at) / PAGE_BYTES + spared_count))
        ;
    busy = false;
    balloon_adjust(false); /* what is not used may be wanted */
    return floor_at >= used_end;
}

void spare_pages(const SparePages *spare)
{
    spare_ops = spare;
    balloon_adjust(false);
}

void debug_balloon_free(uint64_t pages)
{
    claimed = pages;
}

int debug_balloon(const uint32_t *pages, unsigned count, bool back)
{
    return (int)syscall3(SYS_BALLOON, back ? SYS_BALLOON_TAKE : SYS_BALLOON_GIVE, (uint64_t)pages,
                         count);
}
