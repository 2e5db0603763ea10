/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-memory.c: the page-frame pool, the second-level table, the accessors. */
#include "hv-core/memory/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hv-core/cpu/cpu.h"
#include "hv-core/limits.h"

static uint8_t *frame_bytes(HvPool *pool, HvFrameNo frame)
{
    return hv_pool_data(pool) + (size_t)frame * HV_PAGE_SIZE;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static uint64_t host_bytes(HvPool *pool)
{
    struct stat st;

    g_assert_cmpint(fstat(hv_pool_fd(pool), &st), ==, 0);
    return (uint64_t)st.st_blocks * 512;
}

/* ---- Pool --------------------------------------------------------------- */

static void test_pool_limits(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(hv_pool_new(0, &error));
    g_assert_error(error, HV_ERROR, HV_ERROR_INVALID);
    g_clear_error(&error);
    g_assert_null(hv_pool_new(HV_MAX_POOL_FRAMES + 1, &error));
    g_assert_error(error, HV_ERROR, HV_ERROR_INVALID);

    g_autoptr(HvPool) largest = hv_pool_new(HV_MAX_POOL_FRAMES, NULL);
    g_assert_nonnull(largest);
    g_assert_cmpuint(hv_pool_free_count(largest), ==, HV_MAX_POOL_FRAMES);
    g_assert_cmpuint(host_bytes(largest), ==, 0);
}

static void test_pool_lowest_first(void)
{
    g_autoptr(HvPool) pool = hv_pool_new(5, NULL);

    for (HvFrameNo i = 0; i < 5; i++)
        g_assert_cmpuint(hv_pool_alloc(pool), ==, i);
    g_assert_cmpuint(hv_pool_alloc(pool), ==, HV_FRAME_NONE);
    g_assert_cmpuint(hv_pool_free_count(pool), ==, 0);

    hv_pool_unref(pool, 3);
    hv_pool_unref(pool, 1);
    g_assert_cmpuint(hv_pool_free_count(pool), ==, 2);
    g_assert_cmpuint(hv_pool_alloc(pool), ==, 1);
    g_assert_cmpuint(hv_pool_alloc(pool), ==, 3);
}

static void test_pool_references(void)
{
    g_autoptr(HvPool) pool = hv_pool_new(2, NULL);
    HvFrameNo frame = hv_pool_alloc(pool);

    g_assert_cmpuint(hv_pool_info(pool, frame)->refs, ==, 1);
    hv_pool_ref(pool, frame);
    frame_bytes(pool, frame)[7] = 9;
    hv_pool_unref(pool, frame);
    g_assert_cmpuint(hv_pool_info(pool, frame)->refs, ==, 1);
    g_assert_cmpuint(hv_pool_free_count(pool), ==, 1);
    g_assert_cmpuint(frame_bytes(pool, frame)[7], ==, 9);
    hv_pool_unref(pool, frame);
    g_assert_cmpuint(hv_pool_free_count(pool), ==, 2);
}

/* Frees runs of every kind and finds each frame zeroed when it comes again. */
static void test_pool_zeroed(void)
{
    enum { COUNT = 700 };
    g_autoptr(HvPool) pool = hv_pool_new(COUNT, NULL);

    for (int round = 0; round < 4; round++) {
        for (HvFrameNo i = 0; i < COUNT; i++) {
            HvFrameNo frame = hv_pool_alloc(pool);
            g_assert_cmpuint(frame, ==, i);
            g_assert_true(is_zero(frame_bytes(pool, frame), HV_PAGE_SIZE));
            memset(frame_bytes(pool, frame), 0xa5, HV_PAGE_SIZE);
        }
        for (HvFrameNo i = 0; i < COUNT; i++) {
            HvFrameNo order[] = {i, COUNT - 1 - i, i * 3 % COUNT, i ^ 1};
            hv_pool_unref(pool, order[round]);
        }
        /* One frame while its neighbours are free but perhaps not clean yet. */
        HvFrameNo frame = hv_pool_alloc(pool);
        g_assert_true(is_zero(frame_bytes(pool, frame), HV_PAGE_SIZE));
        hv_pool_unref(pool, frame);
    }
    g_assert_cmpuint(hv_pool_free_count(pool), ==, COUNT);
}

static void test_pool_gives_ram_back(void)
{
    enum { COUNT = 2048 };
    g_autoptr(HvPool) pool = hv_pool_new(COUNT, NULL);

    for (HvFrameNo i = 0; i < COUNT; i++)
        frame_bytes(pool, hv_pool_alloc(pool))[0] = 1;
    g_assert_cmpuint(host_bytes(pool), ==, COUNT * HV_PAGE_SIZE);
    for (HvFrameNo i = 0; i < COUNT; i++)
        hv_pool_unref(pool, i);
    g_assert_cmpuint(host_bytes(pool), <=, 1 << 20);
}

/* Against a shadow model that searches from the beginning each time. */
static void test_pool_random(void)
{
    enum { COUNT = 9000 };
    g_autoptr(HvPool) pool = hv_pool_new(COUNT, NULL);
    g_autofree bool *used = g_new0(bool, COUNT);
    g_autoptr(GRand) rand = g_rand_new_with_seed(11);
    HvFrameNo in_use = 0;

    for (int step = 0; step < 60000; step++) {
        /* Drift between full and empty. */
        bool filling = step / 10000 % 2 == 0;
        if (g_rand_int_range(rand, 0, 100) < (filling ? 90 : 20)) {
            HvFrameNo lowest = 0;
            while (lowest < COUNT && used[lowest])
                lowest++;
            HvFrameNo got = hv_pool_alloc(pool);
            g_assert_cmpuint(got, ==, lowest < COUNT ? lowest : HV_FRAME_NONE);
            if (lowest < COUNT) {
                used[lowest] = true;
                in_use++;
            }
        } else {
            HvFrameNo frame = (HvFrameNo)g_rand_int_range(rand, 0, COUNT);
            if (used[frame]) {
                hv_pool_unref(pool, frame);
                used[frame] = false;
                in_use--;
            }
        }
        g_assert_cmpuint(hv_pool_free_count(pool), ==, COUNT - in_use);
    }
}

static void test_pool_code_marks(void)
{
    g_autoptr(HvPool) pool = hv_pool_new(2, NULL);
    HvFrameNo frame = hv_pool_alloc(pool);
    const HvFrameInfo *info = hv_pool_info(pool, frame);

    hv_pool_frame_written(pool, frame);
    g_assert_cmpuint(info->code_version, ==, 0);
    hv_pool_mark_code(pool, frame);
    g_assert_true(info->has_code);
    hv_pool_frame_written(pool, frame);
    hv_pool_frame_written(pool, frame);
    g_assert_false(info->has_code);
    g_assert_cmpuint(info->code_version, ==, 1);

    /* A freed frame changes its contents, too. */
    hv_pool_mark_code(pool, frame);
    hv_pool_unref(pool, frame);
    g_assert_false(info->has_code);
    g_assert_cmpuint(info->code_version, ==, 2);
}

/* ---- Table -------------------------------------------------------------- */

typedef struct {
    HvPool *pool;
    HvMemory *memory;
    GString *log; /* what the listener heard */
    /* The fault hook: frames it may still give; pages it was asked for. */
    int give;
    bool writable;
    GString *faults;
} Fixture;

static void log_changing(void *user, HvMemory *memory, HvPageNo page)
{
    Fixture *fixture = user;
    const HvMemoryEntry *entry = hv_memory_entry(memory, page);

    g_string_append_printf(fixture->log, "c%u:%d%s ", page, (int)entry->frame,
                           entry->writable ? "w" : "r");
}

static void log_mapped(void *user, HvMemory *memory, HvPageNo page)
{
    Fixture *fixture = user;
    const HvMemoryEntry *entry = hv_memory_entry(memory, page);

    g_string_append_printf(fixture->log, "m%u:%d%s ", page, (int)entry->frame,
                           entry->writable ? "w" : "r");
}

static bool give_frame(void *user, HvMemory *memory, HvPageNo page, bool write)
{
    Fixture *fixture = user;

    g_string_append_printf(fixture->faults, "%u%s ", page, write ? "w" : "r");
    if (fixture->give-- <= 0)
        return false;
    if (hv_memory_entry(memory, page)->frame != HV_FRAME_NONE)
        hv_memory_protect(memory, page, true);
    else
        hv_memory_map(memory, page, hv_pool_alloc(fixture->pool), write || fixture->writable);
    return true;
}

static void set_up(Fixture *fixture, gconstpointer unused)
{
    fixture->pool = hv_pool_new(16, NULL);
    fixture->memory = hv_memory_new(fixture->pool, 8 * HV_PAGE_SIZE, NULL);
    fixture->log = g_string_new(NULL);
    fixture->faults = g_string_new(NULL);
    hv_memory_set_listener(fixture->memory, &(HvMemoryListener){log_changing, log_mapped, fixture});
}

static void tear_down(Fixture *fixture, gconstpointer unused)
{
    hv_memory_free(fixture->memory);
    g_assert_cmpuint(hv_pool_free_count(fixture->pool), ==, 16);
    hv_pool_free(fixture->pool);
    g_string_free(fixture->log, TRUE);
    g_string_free(fixture->faults, TRUE);
}

static void test_memory_limits(Fixture *fixture, gconstpointer unused)
{
    const uint64_t bad[] = {0, 1, HV_PAGE_SIZE + 8, (uint64_t)HV_MAX_VM_BYTES + HV_PAGE_SIZE};

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(hv_memory_new(fixture->pool, bad[i], &error));
        g_assert_error(error, HV_ERROR, HV_ERROR_INVALID);
    }
}

static void test_table(Fixture *fixture, gconstpointer unused)
{
    HvMemory *memory = fixture->memory;

    g_assert_cmpuint(hv_memory_page_count(memory), ==, 8);
    g_assert_cmpuint(hv_memory_resident_count(memory), ==, 0);
    g_assert_cmpuint(hv_memory_entry(memory, 3)->frame, ==, HV_FRAME_NONE);

    hv_memory_map(memory, 3, hv_pool_alloc(fixture->pool), false); /* frame 0 */
    hv_memory_map(memory, 4, hv_pool_alloc(fixture->pool), true);  /* frame 1 */
    g_assert_cmpuint(hv_memory_resident_count(memory), ==, 2);
    hv_memory_protect(memory, 3, false); /* no change: nobody is told */
    hv_memory_protect(memory, 3, true);
    hv_memory_map(memory, 4, hv_pool_alloc(fixture->pool), true); /* frame 2 for 1 */
    g_assert_cmpuint(hv_pool_info(fixture->pool, 1)->refs, ==, 0);
    g_assert_cmpuint(hv_memory_resident_count(memory), ==, 2);
    hv_memory_pin(memory, 4);
    g_assert_true(hv_memory_entry(memory, 4)->pinned);
    hv_memory_unmap(memory, 3);
    g_assert_cmpuint(hv_memory_entry(memory, 3)->frame, ==, HV_FRAME_NONE);
    g_assert_cmpuint(hv_memory_resident_count(memory), ==, 1);
    g_assert_cmpstr(fixture->log->str, ==, "m3:0r m4:1w c3:0r c4:1w m4:2w c3:0w ");
}

static void test_shared_frame(Fixture *fixture, gconstpointer unused)
{
    HvFrameNo frame = hv_pool_alloc(fixture->pool);
    char text[4];

    hv_pool_ref(fixture->pool, frame);
    hv_memory_map(fixture->memory, 0, frame, true);
    hv_memory_map(fixture->memory, 7, frame, false);
    g_assert_cmpuint(hv_pool_info(fixture->pool, frame)->refs, ==, 2);
    g_assert_cmpint(hv_memory_write(fixture->memory, HV_GPA(4), "same", 4), ==, 0);
    g_assert_cmpint(hv_memory_read(fixture->memory, HV_GPA(0x7004), text, 4), ==, 0);
    g_assert_cmpmem(text, 4, "same", 4);
    hv_memory_unmap(fixture->memory, 0);
    g_assert_cmpuint(hv_pool_info(fixture->pool, frame)->refs, ==, 1);
}

/* ---- Accessors ---------------------------------------------------------- */

static void test_access_bounds(Fixture *fixture, gconstpointer unused)
{
    HvMemory *memory = fixture->memory;
    uint8_t byte = 0;

    hv_memory_set_fault(memory, give_frame, fixture);
    fixture->give = 100;
    g_assert_cmpint(hv_memory_read(memory, HV_GPA(0x7fff), &byte, 1), ==, 0);
    g_assert_cmpint(hv_memory_read(memory, HV_GPA(0x8000), &byte, 0), ==, 0);
    g_assert_cmpint(hv_memory_read(memory, HV_GPA(0x7fff), &byte, 2), ==, -EFAULT);
    g_assert_cmpint(hv_memory_read(memory, HV_GPA(0x8000), &byte, 1), ==, -EFAULT);
    g_assert_cmpint(hv_memory_read(memory, HV_GPA(UINT64_MAX), &byte, 1), ==, -EFAULT);
    g_assert_cmpint(hv_memory_read(memory, HV_GPA(1), &byte, SIZE_MAX), ==, -EFAULT);
    g_assert_cmpint(hv_memory_write(memory, HV_GPA(UINT64_MAX - 1), &byte, 4), ==, -EFAULT);
    /* Page number 2^32 + 1 is not page 1. */
    g_assert_cmpint(hv_memory_write(memory, HV_GPA(UINT64_C(1) << 44 | 0x1000), &byte, 1), ==,
                    -EFAULT);
    g_assert_cmpstr(fixture->faults->str, ==, "7r ");
}

static void test_access_faults(Fixture *fixture, gconstpointer unused)
{
    HvMemory *memory = fixture->memory;
    uint8_t out[3 * HV_PAGE_SIZE];
    uint8_t in[3 * HV_PAGE_SIZE];

    for (size_t i = 0; i < sizeof out; i++)
        out[i] = (uint8_t)(i * 7 + i / 256);
    g_assert_cmpint(hv_memory_write(memory, HV_GPA(0x1800), out, sizeof out), ==, -EFAULT);

    hv_memory_set_fault(memory, give_frame, fixture);
    fixture->give = 4;
    g_assert_cmpint(hv_memory_write(memory, HV_GPA(0x1800), out, sizeof out), ==, 0);
    g_assert_cmpstr(fixture->faults->str, ==, "1w 2w 3w 4w ");
    g_assert_cmpint(hv_memory_read(memory, HV_GPA(0x1800), in, sizeof in), ==, 0);
    g_assert_cmpmem(in, sizeof in, out, sizeof out);
    g_assert_cmpstr(fixture->faults->str, ==, "1w 2w 3w 4w ");
}

static void test_access_all_or_nothing(Fixture *fixture, gconstpointer unused)
{
    HvMemory *memory = fixture->memory;
    uint8_t out[2 * HV_PAGE_SIZE];
    uint8_t in[2 * HV_PAGE_SIZE];

    hv_memory_set_fault(memory, give_frame, fixture);
    fixture->give = 1; /* the second page is refused */
    memset(out, 0xee, sizeof out);
    g_assert_cmpint(hv_memory_write(memory, HV_GPA(0), out, sizeof out), ==, -EFAULT);
    g_assert_true(is_zero(frame_bytes(fixture->pool, 0), HV_PAGE_SIZE));

    memset(in, 0x11, sizeof in);
    g_assert_cmpint(hv_memory_read(memory, HV_GPA(0), in, sizeof in), ==, -EFAULT);
    for (size_t i = 0; i < sizeof in; i++)
        g_assert_cmpuint(in[i], ==, 0x11);
}

static void test_access_read_only(Fixture *fixture, gconstpointer unused)
{
    HvMemory *memory = fixture->memory;
    char text[6];

    hv_memory_map(memory, 2, hv_pool_alloc(fixture->pool), false);
    g_assert_cmpint(hv_memory_read(memory, HV_GPA(0x2000), text, 6), ==, 0);
    g_assert_cmpint(hv_memory_write(memory, HV_GPA(0x2000), "secret", 6), ==, -EFAULT);
    g_assert_true(is_zero(frame_bytes(fixture->pool, 0), HV_PAGE_SIZE));

    hv_memory_set_fault(memory, give_frame, fixture);
    fixture->give = 1;
    g_assert_cmpint(hv_memory_write(memory, HV_GPA(0x2000), "secret", 6), ==, 0);
    g_assert_cmpstr(fixture->faults->str, ==, "2w ");
    g_assert_cmpint(hv_memory_read(memory, HV_GPA(0x2000), text, 6), ==, 0);
    g_assert_cmpmem(text, 6, "secret", 6);
}

/* A hook for a host so short of memory that each page takes away the other. */
static bool give_only_frame(void *user, HvMemory *memory, HvPageNo page, bool write)
{
    Fixture *fixture = user;

    if (hv_memory_resident_count(memory) > 0)
        hv_memory_unmap(memory, page ^ 1);
    hv_memory_map(memory, page, hv_pool_alloc(fixture->pool), true);
    return true;
}

static bool give_nothing(void *user, HvMemory *memory, HvPageNo page, bool write)
{
    return true;
}

static void test_access_thrashing(Fixture *fixture, gconstpointer unused)
{
    HvMemory *memory = fixture->memory;
    uint8_t bytes[4] = {0};

    hv_memory_set_fault(memory, give_only_frame, fixture);
    g_assert_cmpint(hv_memory_write(memory, HV_GPA(0), bytes, 4), ==, 0);
    g_assert_cmpint(hv_memory_write(memory, HV_GPA(0xffe), bytes, 4), ==, -EFAULT);
    /* A hook that lies is refused as well. */
    hv_memory_set_fault(memory, give_nothing, fixture);
    g_assert_cmpint(hv_memory_write(memory, HV_GPA(0x3000), bytes, 4), ==, -EFAULT);
}

static void test_access_marks_written(Fixture *fixture, gconstpointer unused)
{
    HvMemory *memory = fixture->memory;
    uint8_t bytes[2 * HV_PAGE_SIZE] = {0};

    for (HvPageNo page = 0; page < 3; page++) {
        hv_memory_map(memory, page, hv_pool_alloc(fixture->pool), true);
        hv_pool_mark_code(fixture->pool, page);
    }
    g_assert_cmpint(hv_memory_read(memory, HV_GPA(0), bytes, sizeof bytes), ==, 0);
    g_assert_true(hv_pool_info(fixture->pool, 0)->has_code);
    g_assert_cmpint(hv_memory_write(memory, HV_GPA(0xfff), bytes, 2), ==, 0);
    g_assert_cmpuint(hv_pool_info(fixture->pool, 0)->code_version, ==, 1);
    g_assert_cmpuint(hv_pool_info(fixture->pool, 1)->code_version, ==, 1);
    g_assert_cmpuint(hv_pool_info(fixture->pool, 2)->code_version, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pool/limits", test_pool_limits);
    g_test_add_func("/pool/lowest-first", test_pool_lowest_first);
    g_test_add_func("/pool/references", test_pool_references);
    g_test_add_func("/pool/zeroed", test_pool_zeroed);
    g_test_add_func("/pool/gives-ram-back", test_pool_gives_ram_back);
    g_test_add_func("/pool/random", test_pool_random);
    g_test_add_func("/pool/code-marks", test_pool_code_marks);
#define ADD(path, function) g_test_add(path, Fixture, NULL, set_up, function, tear_down)
    ADD("/memory/limits", test_memory_limits);
    ADD("/memory/table", test_table);
    ADD("/memory/shared-frame", test_shared_frame);
    ADD("/memory/bounds", test_access_bounds);
    ADD("/memory/faults", test_access_faults);
    ADD("/memory/all-or-nothing", test_access_all_or_nothing);
    ADD("/memory/read-only", test_access_read_only);
    ADD("/memory/thrashing", test_access_thrashing);
    ADD("/memory/marks-written", test_access_marks_written);
    return g_test_run();
}
