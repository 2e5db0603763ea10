/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-kvm-slots.c: the second-level table as KVM's memory slots. */
#include "hv-core/cpu/kvm-slots.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "hv-core/cpu/cpu.h"

#define PAGES     2048
#define MAX_SLOTS 500

typedef struct {
    HvPool *pool;
    HvMemory *memory;
    int kvm_fd;
    int vm_fd;
    HvKvmSlots slots;
} Fixture;

static char *skip_reason; /* NULL: KVM works */

static void open_vm(Fixture *f)
{
    f->kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    g_assert_cmpint(f->kvm_fd, >=, 0);
    do {
        f->vm_fd = ioctl(f->kvm_fd, KVM_CREATE_VM, 0);
    } while (f->vm_fd < 0 && errno == EINTR);
    g_assert_cmpint(f->vm_fd, >=, 0);
}

static void map_page(Fixture *f, HvPageNo page, bool writable)
{
    HvFrameNo frame = hv_pool_alloc(f->pool);

    g_assert_cmpuint(frame, !=, HV_FRAME_NONE);
    hv_memory_map(f->memory, page, frame, writable);
}

static void map_pages(Fixture *f, HvPageNo first, HvPageNo count, bool writable)
{
    for (HvPageNo page = first; page < first + count; page++)
        map_page(f, page, writable);
}

static void begin(Fixture *f, unsigned max)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(hv_kvm_slots_init(&f->slots, f->memory, f->vm_fd, max, &error));
    g_assert_no_error(error);
}

static const HvKvmSlot *slot_of(Fixture *f, HvPageNo page)
{
    for (guint i = 0; i < f->slots.slots->len; i++) {
        const HvKvmSlot *slot = &g_array_index(f->slots.slots, HvKvmSlot, i);

        if (page >= slot->first && page - slot->first < slot->count)
            return slot;
    }
    return NULL;
}

/* Slots cover what is present, as writable as it is, and nothing else; they lie over
 * its frames in the pool, or where the window shows them. */
static void check(Fixture *f)
{
    for (HvPageNo page = 0; page < PAGES; page++) {
        const HvMemoryEntry *entry = hv_memory_entry(f->memory, page);
        const HvKvmSlot *slot = slot_of(f, page);

        g_assert_cmpint(slot != NULL, ==, entry->frame != HV_FRAME_NONE);
        if (slot == NULL)
            continue;
        g_assert_cmpint(slot->writable, ==, entry->writable);
        if (slot->frame != HV_FRAME_NONE) {
            g_assert_cmpuint(slot->frame + (page - slot->first), ==, entry->frame);
            continue;
        }
        uint32_t *mark =
            (uint32_t *)(void *)(hv_pool_data(f->pool) + (size_t)entry->frame * HV_PAGE_SIZE);
        *mark = page ^ 0x5a5a;
        g_assert_cmpmem(f->slots.window + (size_t)page * HV_PAGE_SIZE, 4, mark, 4);
    }
    unsigned used = 0;
    for (guint i = 0; i < f->slots.slots->len; i++)
        used += g_array_index(f->slots.slots, HvKvmSlot, i).count > 0;
    g_assert_cmpuint(used, ==, f->slots.count);
}

static void update(Fixture *f)
{
    g_assert_cmpint(hv_kvm_slots_update(&f->slots), ==, 0);
    g_assert_true(hv_kvm_slots_are_current(&f->slots));
}

/* What the loader put in place becomes as few slots as possible, and each later
 * change touches only the slot it concerns. */
static void test_split_and_join(Fixture *f)
{
    map_pages(f, 0, 10, true);
    map_pages(f, 10, 3, false);
    map_pages(f, 20, 10, true);
    begin(f, MAX_SLOTS);
    update(f);
    g_assert_cmpuint(f->slots.count, ==, 3);
    check(f);

    hv_memory_unmap(f->memory, 5); /* 0-4, 6-9 */
    update(f);
    g_assert_cmpuint(f->slots.count, ==, 4);
    check(f);
    map_page(f, 5, true); /* one of its own */
    update(f);
    g_assert_cmpuint(f->slots.count, ==, 5);
    check(f);

    hv_memory_protect(f->memory, 21, false); /* 20, 21, 22-29 */
    update(f);
    g_assert_cmpuint(f->slots.count, ==, 7);
    check(f);
    hv_memory_unmap(f->memory, 29); /* 22-28 */
    hv_memory_unmap(f->memory, 20); /* nothing is left of it */
    update(f);
    g_assert_cmpuint(f->slots.count, ==, 6);
    check(f);
    g_assert_cmpuint(f->slots.merges, ==, 0);
}

static void test_remap(Fixture *f)
{
    map_pages(f, 100, 4, true);
    begin(f, MAX_SLOTS);
    update(f);
    map_page(f, 102, true); /* another frame: the slot stays */
    update(f);
    g_assert_cmpuint(f->slots.count, ==, 1);
    check(f);
    /* Away and back between two updates. */
    hv_memory_unmap(f->memory, 103);
    map_page(f, 103, true);
    update(f);
    g_assert_cmpuint(f->slots.count, ==, 1);
    check(f);
    /* There and away again. */
    map_page(f, 200, true);
    hv_memory_unmap(f->memory, 200);
    update(f);
    g_assert_cmpuint(f->slots.count, ==, 1);
    check(f);
}

/* One page after the other: slots stay few although none can grow. */
static void test_sequential(Fixture *f)
{
    begin(f, MAX_SLOTS);
    for (HvPageNo page = 0; page < PAGES; page++) {
        map_page(f, page, true);
        update(f);
        g_assert_cmpuint(f->slots.count, <=, f->slots.limit);
    }
    /* 256 slots of a page, then merged with the next one to a single slot, and
     * so on after every 255 pages: (2048 - 257) / 256 more times. */
    g_assert_cmpuint(f->slots.merges, ==, 7);
    check(f);
}

/* 600 scattered pages cannot be merged; when the gaps are filled they can. */
static void test_scattered_then_filled(Fixture *f)
{
    begin(f, 32764);
    for (HvPageNo i = 0; i < 600; i++) {
        map_page(f, 2 * i, true);
        update(f);
    }
    g_assert_cmpuint(f->slots.count, ==, 600);
    check(f);
    for (HvPageNo i = 0; i < 600; i++) {
        map_page(f, 2 * i + 1, true);
        update(f);
    }
    g_assert_cmpuint(f->slots.count, <, 600);
    check(f);
}

static void test_too_many(Fixture *f)
{
    begin(f, 8);
    for (HvPageNo i = 0; i < 8; i++)
        map_page(f, 2 * i, true);
    update(f);
    g_assert_cmpuint(f->slots.count, ==, 8);
    map_page(f, 40, true);
    g_assert_cmpint(hv_kvm_slots_update(&f->slots), ==, -ENOSPC);
}

static void test_random(Fixture *f)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(5);

    begin(f, 2 * PAGES);
    for (int step = 0; step < 600; step++) {
        int changes = g_rand_int_range(rand, 1, 40);

        for (int i = 0; i < changes; i++) {
            HvPageNo page = (HvPageNo)g_rand_int_range(rand, 0, PAGES);
            bool present = hv_memory_entry(f->memory, page)->frame != HV_FRAME_NONE;
            int what = g_rand_int_range(rand, 0, 10);

            if (!present || what == 0)
                map_page(f, page, what > 1);
            else if (what < 4)
                hv_memory_unmap(f->memory, page);
            else
                hv_memory_protect(f->memory, page, what < 8);
        }
        update(f);
        if (step % 20 == 0)
            check(f);
    }
    check(f);
}

/* ---- The list ----------------------------------------------------------- */

static void run_test(gconstpointer data)
{
    void (*const *test)(Fixture *) = data;
    Fixture f = {0};

    if (skip_reason != NULL) {
        g_test_skip(skip_reason);
        return;
    }
    open_vm(&f);
    f.pool = hv_pool_new(PAGES + 1, NULL); /* one to remap with */
    f.memory = hv_memory_new(f.pool, (uint64_t)PAGES * HV_PAGE_SIZE, NULL);
    (*test)(&f);
    hv_kvm_slots_clear(&f.slots);
    hv_memory_free(f.memory);
    hv_pool_free(f.pool);
    close(f.vm_fd);
    close(f.kvm_fd);
}

int main(int argc, char **argv)
{
    static const struct {
        void (*test)(Fixture *);
        const char *path;
    } tests[] = {
        {test_split_and_join, "/kvm/slots/split-and-join"},
        {test_remap, "/kvm/slots/remap"},
        {test_sequential, "/kvm/slots/sequential"},
        {test_scattered_then_filled, "/kvm/slots/scattered-then-filled"},
        {test_too_many, "/kvm/slots/too-many"},
        {test_random, "/kvm/slots/random"},
    };
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    if (!hv_cpu_kvm.probe(&error))
        skip_reason = error->message;
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add_data_func(tests[i].path, &tests[i].test, run_test);
    return g_test_run();
}
