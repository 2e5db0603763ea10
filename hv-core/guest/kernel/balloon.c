/* SPDX-License-Identifier: GPL-2.0-or-later */
/* balloon.c: the driver of the memory balloon (virtio 1.2, 5.5).
 *
 * It only carries numbers: how many pages the hypervisor wants, which ones it gets or
 * has to give back. Which pages those are is decided in ring 3 (user/balloon.c), where
 * it is known what the program uses. Both queues have one descriptor; the device has
 * used it when it answers the notification.
 */
#include "hv-core/guest/kernel/virtio.h"

#define QUEUES     2 /* inflate, deflate */
#define QUEUE_SIZE 1

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

static int64_t set_up(void)
{
    if (!boot_info()->balloon || !virtio_negotiate(HV_SLOT_BALLOON))
        return SYS_ERROR_IO;
    for (unsigned i = 0; i < QUEUES; i++) {
        struct BalloonQueue *queue = &queues[i];
        queue->avail.flags = AVAIL_NO_INTERRUPT;
        virtio_set_queue(HV_SLOT_BALLOON, i, QUEUE_SIZE, &queue->descriptor, &queue->avail,
                         &queue->used);
    }
    virtio_driver_ok(HV_SLOT_BALLOON);
    open = true;
    return 0;
}

static int64_t name_pages(unsigned number, uint64_t address, uint64_t count)
{
    struct BalloonQueue *queue = &queues[number];
    if (count == 0 || count > UINT32_MAX / sizeof(uint32_t) ||
        !is_user(address, count * sizeof(uint32_t)))
        return SYS_ERROR_BAD;
    queue->descriptor = (struct Descriptor){address, (uint32_t)(count * sizeof(uint32_t)), 0, 0};
    queue->avail.ring[0] = 0;
    barrier();
    queue->avail.index++;
    barrier();
    mmio_write32(reg(HV_SLOT_BALLOON, REG_QUEUE_NOTIFY), number);
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
    case SYS_BALLOON_ACTUAL:
        mmio_write32(reg(HV_SLOT_BALLOON, REG_ACTUAL), (uint32_t)address);
        return 0;
    default: return SYS_ERROR_BAD;
    }
}
