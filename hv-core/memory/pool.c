/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pool.c: the host's page frames, a memfd mapped once.
 *
 * Which frames are in use is a bitmap of two levels: a bit of `used` per frame
 * and a bit of `full` per word of `used`. The lowest free frame is then found
 * by looking for the first word of `full` that is not all ones; `first_free`
 * remembers below which of those words there is nothing to look for. Both
 * start as zeroes, so a pool of 16 GiB costs nothing until it is used.
 *
 * The memfd's pages are given by the kernel on first touch, zeroed. A frame
 * that was freed is given back to the kernel by punching a hole, which zeroes
 * it as well. Frames are often freed in ascending order (a VM ends), so freed
 * neighbours are collected into one run that is punched at once: `dirty_start`
 * to `dirty_end`, at most DIRTY_RUN_MAX frames, is free but not yet clean.
 */
#include "hv-core/memory/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hv-core/cpu/cpu.h"
#include "hv-core/limits.h"

#define WORD_BITS     64u
#define DIRTY_RUN_MAX 256u /* 1 MiB of host memory held by no frame in use */

struct HvPool {
    uint8_t *data;
    int fd;
    HvFrameNo frame_count;
    HvFrameNo free_count;
    HvFrameInfo *info;

    uint64_t *used; /* bit per frame */
    uint64_t *full; /* bit per word of used */
    size_t full_words;
    size_t first_free; /* no word of full below this one has a zero */

    HvFrameNo dirty_start;
    HvFrameNo dirty_end;
};

static void set_bit(uint64_t *bits, size_t index)
{
    bits[index / WORD_BITS] |= UINT64_C(1) << (index % WORD_BITS);
}

static void clear_bit(uint64_t *bits, size_t index)
{
    bits[index / WORD_BITS] &= ~(UINT64_C(1) << (index % WORD_BITS));
}

/* ---- Creation ----------------------------------------------------------- */

/* Marks what the bitmaps' last words have beyond the last frame as in use. */
static void init_bitmaps(HvPool *pool)
{
    size_t words = (pool->frame_count + WORD_BITS - 1) / WORD_BITS;

    pool->full_words = (words + WORD_BITS - 1) / WORD_BITS;
    pool->used = g_new0(uint64_t, words);
    pool->full = g_new0(uint64_t, pool->full_words);
    for (size_t frame = pool->frame_count; frame < words * WORD_BITS; frame++)
        set_bit(pool->used, frame);
    for (size_t word = words; word < pool->full_words * WORD_BITS; word++)
        set_bit(pool->full, word);
}

HvPool *hv_pool_new(HvFrameNo frame_count, GError **error)
{
    if (frame_count == 0 || frame_count > HV_MAX_POOL_FRAMES) {
        g_set_error(error, HV_ERROR, HV_ERROR_INVALID,
                    "a pool of %u page frames: 1 to %u are allowed", frame_count,
                    HV_MAX_POOL_FRAMES);
        return NULL;
    }

    size_t size_bytes = (size_t)frame_count * HV_PAGE_SIZE;
    g_autoptr(HvPool) pool = g_new0(HvPool, 1);
    pool->frame_count = frame_count;
    pool->free_count = frame_count;
    pool->fd = memfd_create("hvlab-memory", MFD_CLOEXEC);
    if (pool->fd < 0 || ftruncate(pool->fd, (off_t)size_bytes) < 0) {
        g_set_error(error, HV_ERROR, HV_ERROR_FAILED,
                    "cannot create a memory file of %zu bytes: %s", size_bytes, g_strerror(errno));
        return NULL;
    }
    void *data = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, pool->fd, 0);
    if (data == MAP_FAILED) {
        g_set_error(error, HV_ERROR, HV_ERROR_FAILED, "cannot map %zu bytes of memory: %s",
                    size_bytes, g_strerror(errno));
        return NULL;
    }
    pool->data = data;
    pool->info = g_new0(HvFrameInfo, frame_count);
    init_bitmaps(pool);
    return g_steal_pointer(&pool);
}

void hv_pool_free(HvPool *pool)
{
    if (pool == NULL)
        return;
    if (pool->data != NULL)
        munmap(pool->data, (size_t)pool->frame_count * HV_PAGE_SIZE);
    if (pool->fd >= 0)
        close(pool->fd);
    g_free(pool->info);
    g_free(pool->used);
    g_free(pool->full);
    g_free(pool);
}

/* ---- Contents ----------------------------------------------------------- */

/* Gives the collected run back to the kernel, which makes it read as zeroes. */
static void clean_dirty_run(HvPool *pool)
{
    if (pool->dirty_start == pool->dirty_end)
        return;

    size_t offset = (size_t)pool->dirty_start * HV_PAGE_SIZE;
    size_t length = (size_t)(pool->dirty_end - pool->dirty_start) * HV_PAGE_SIZE;
    if (fallocate(pool->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
                  (off_t)length) < 0)
        memset(pool->data + offset, 0, length);
    pool->dirty_start = pool->dirty_end = 0;
}

static void add_to_dirty_run(HvPool *pool, HvFrameNo frame)
{
    if (pool->dirty_start != pool->dirty_end && frame == pool->dirty_end) {
        pool->dirty_end++;
    } else {
        clean_dirty_run(pool);
        pool->dirty_start = frame;
        pool->dirty_end = frame + 1;
    }
    if (pool->dirty_end - pool->dirty_start == DIRTY_RUN_MAX)
        clean_dirty_run(pool);
}

/* The frame is about to be used. Being the lowest free one, it can only be
 * where the run begins. */
static void take_from_dirty_run(HvPool *pool, HvFrameNo frame)
{
    if (frame < pool->dirty_start || frame >= pool->dirty_end)
        return;
    g_assert(frame == pool->dirty_start);
    memset(pool->data + (size_t)frame * HV_PAGE_SIZE, 0, HV_PAGE_SIZE);
    pool->dirty_start++;
}

/* ---- Allocation --------------------------------------------------------- */

HvFrameNo hv_pool_alloc(HvPool *pool)
{
    if (pool->free_count == 0)
        return HV_FRAME_NONE;

    size_t i = pool->first_free;
    while (pool->full[i] == UINT64_MAX)
        i++;
    pool->first_free = i;

    size_t word = i * WORD_BITS + (size_t)__builtin_ctzll(~pool->full[i]);
    HvFrameNo frame = (HvFrameNo)(word * WORD_BITS) + (HvFrameNo)__builtin_ctzll(~pool->used[word]);

    set_bit(pool->used, frame);
    if (pool->used[word] == UINT64_MAX)
        set_bit(pool->full, word);
    take_from_dirty_run(pool, frame);
    pool->info[frame].refs = 1;
    pool->free_count--;
    return frame;
}

void hv_pool_ref(HvPool *pool, HvFrameNo frame)
{
    g_assert(frame < pool->frame_count && pool->info[frame].refs > 0);
    pool->info[frame].refs++;
}

void hv_pool_unref(HvPool *pool, HvFrameNo frame)
{
    g_assert(frame < pool->frame_count && pool->info[frame].refs > 0);
    if (--pool->info[frame].refs > 0)
        return;

    hv_pool_frame_written(pool, frame); /* it will be zeroed */
    add_to_dirty_run(pool, frame);
    clear_bit(pool->used, frame);
    clear_bit(pool->full, frame / WORD_BITS);
    pool->first_free = MIN(pool->first_free, frame / (WORD_BITS * WORD_BITS));
    pool->free_count++;
}

/* ---- What can be asked -------------------------------------------------- */

HvFrameNo hv_pool_frame_count(const HvPool *pool)
{
    return pool->frame_count;
}

HvFrameNo hv_pool_free_count(const HvPool *pool)
{
    return pool->free_count;
}

uint8_t *hv_pool_data(const HvPool *pool)
{
    return pool->data;
}

int hv_pool_fd(const HvPool *pool)
{
    return pool->fd;
}

const HvFrameInfo *hv_pool_info(const HvPool *pool, HvFrameNo frame)
{
    g_assert(frame < pool->frame_count);
    return &pool->info[frame];
}

void hv_pool_mark_code(HvPool *pool, HvFrameNo frame)
{
    g_assert(frame < pool->frame_count);
    pool->info[frame].has_code = true;
}

void hv_pool_frame_written(HvPool *pool, HvFrameNo frame)
{
    HvFrameInfo *info = &pool->info[frame];

    if (info->has_code) {
        info->has_code = false;
        info->code_version++;
    }
}
