/* SPDX-License-Identifier: GPL-2.0-or-later */
/* balloon.c: the driver of the memory balloon (virtio 1.2, 5.5).
 *
 * It only carries numbers: how many pages the hypervisor wants, which ones it gets or
 * has to give back. Which pages those are is decided in ring 3 (user/balloon.c), where
 * it is known what the program uses. Each queue has one descriptor; the device has
 * used those of the first two when it answers the notification. That of the third, if
 * there is one, it keeps until it wants to know anew what the guest says of its memory;
 * giving it back is an interrupt.
 */
#include "hv-core/guest/kernel/virtio.h"

#define QUEUES     3 /* inflate, deflate, statistics */
#define STATISTICS 2
#define QUEUE_SIZE 1

#define FEATURE_STATISTICS 2u /* VIRTIO_BALLOON_F_STATS_VQ */
#define TAG_FAULTS         3u /* VIRTIO_BALLOON_S_* */
#define TAG_FREE           4u
#define TAG_TOTAL          5u

#define REG_TARGET (REG_CONFIG + 0) /* num_pages */
#define REG_ACTUAL (REG_CONFIG + 4)

struct BalloonQueue {
    _Alignas(16) struct Descriptor descriptor;
    struct {
        uint16_t flags, index, ring[QUEUE_SIZE], used_event;
    } avail;
    _Alignas(4) struct {
        volatile uint16_t flags, index;
        struct UsedElement ring[QUEUE_SIZE];
        uint16_t avail_event;
    } used;
};

static struct BalloonQueue queues[QUEUES];
static bool open;
uint64_t page_faults;

static bool has_statistics(void)
{
    return boot_info()->balloon > 1;
}

static int64_t set_up(void)
{
    if (!boot_info()->balloon ||
        !virtio_negotiate(HV_SLOT_BALLOON, has_statistics() ? FEATURE_STATISTICS : 0))
        return SYS_ERROR_IO;
    for (unsigned i = 0; i < (has_statistics() ? QUEUES : STATISTICS); i++) {
        struct BalloonQueue *queue = &queues[i];
        queue->avail.flags = i == STATISTICS ? 0 : AVAIL_NO_INTERRUPT;
        virtio_set_queue(HV_SLOT_BALLOON, i, QUEUE_SIZE, &queue->descriptor, &queue->avail,
                         &queue->used);
    }
    virtio_driver_ok(HV_SLOT_BALLOON);
    open = true;
    return 0;
}

static void offer(unsigned number, uint64_t address, uint32_t bytes)
{
    struct BalloonQueue *queue = &queues[number];
    queue->descriptor = (struct Descriptor){address, bytes, 0, 0};
    queue->avail.ring[0] = 0;
    barrier();
    queue->avail.index++;
    barrier();
    mmio_write32(reg(HV_SLOT_BALLOON, REG_QUEUE_NOTIFY), number);
}

/* The buffer is ours again: then they are wanted. */
static int64_t say_statistics(uint64_t free_pages)
{
    static struct __attribute__((packed)) {
        uint16_t tag;
        uint64_t value;
    } list[3];
    const struct BalloonQueue *queue = &queues[STATISTICS];
    if (!has_statistics())
        return SYS_ERROR_IO;
    if (queue->used.index != queue->avail.index)
        return 0;
    list[0].tag = TAG_TOTAL;
    list[0].value = boot_info()->memory_bytes;
    list[1].tag = TAG_FREE;
    list[1].value = free_pages * 4096;
    list[2].tag = TAG_FAULTS;
    list[2].value = page_faults;
    offer(STATISTICS, (uint64_t)list, sizeof(list));
    return 0;
}

static int64_t name_pages(unsigned number, uint64_t address, uint64_t count)
{
    struct BalloonQueue *queue = &queues[number];
    if (count == 0 || count > UINT32_MAX / sizeof(uint32_t) ||
        !is_user(address, count * sizeof(uint32_t)))
        return SYS_ERROR_BAD;
    offer(number, address, (uint32_t)(count * sizeof(uint32_t)));
    return queue->used.index == queue->avail.index ? 0 : SYS_ERROR_IO;
}

int64_t balloon_call(uint64_t what, uint64_t address, uint64_t count)
{
    if (what == SYS_BALLOON_OPEN)
        return open ? SYS_ERROR_BAD : set_up();
    if (!open)
        return SYS_ERROR_IO;
    switch (what) {
    case SYS_BALLOON_TARGET: return mmio_read32(reg(HV_SLOT_BALLOON, REG_TARGET));
    case SYS_BALLOON_GIVE: return name_pages(0, address, count);
    case SYS_BALLOON_TAKE: return name_pages(1, address, count);
    case SYS_BALLOON_FREE: return say_statistics(address);
    case SYS_BALLOON_ACTUAL:
        mmio_write32(reg(HV_SLOT_BALLOON, REG_ACTUAL), (uint32_t)address);
        return 0;
    default: return SYS_ERROR_BAD;
    }
}
