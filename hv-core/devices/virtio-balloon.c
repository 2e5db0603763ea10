/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-balloon.c: see virtio-balloon.h. */
#include "hv-core/devices/virtio-balloon.h"

#include <string.h>

#define DEVICE_ID 5u

typedef struct {
    HvVirtio virtio;
    HvChain chain;
    uint32_t pages[HV_BALLOON_MAX_CHAIN_PAGES];
    bool held; /* the buffer of statistics is with us: */
    HvChain statistics;
} VirtioBalloon;

/* An entry of the buffer of statistics (5.5.6.4). */
typedef struct __attribute__((packed)) {
    uint16_t tag;
    uint64_t value;
} Statistic;

static uint32_t get_config(const HvVirtio *virtio, unsigned offset)
{
    uint32_t value;
    memcpy(&value, virtio->config + offset, sizeof(value)); /* little-endian, as we are */
    return value;
}

/* A chain is a list of page numbers, 32 bits each, that the device reads. */
static bool read_pages(VirtioBalloon *balloon, uint32_t *ret_count)
{
    uint64_t size = balloon->chain.read_bytes;
    *ret_count = (uint32_t)(size / sizeof(uint32_t));
    return balloon->chain.write_parts == 0 && size % sizeof(uint32_t) == 0 &&
           size <= sizeof(balloon->pages) &&
           hv_chain_read(balloon->virtio.memory, &balloon->chain, 0, balloon->pages, size);
}

/* ---- Statistics ------------------------------------------------------------ */

static bool read_statistics(VirtioBalloon *balloon, HvGuestMemory *ret_says)
{
    const HvChain *chain = &balloon->statistics;
    Statistic list[HV_BALLOON_MAX_STATISTICS];
    if (chain->write_parts != 0 || chain->read_bytes % sizeof(Statistic) != 0 ||
        chain->read_bytes > sizeof(list) ||
        !hv_chain_read(balloon->virtio.memory, chain, 0, list, chain->read_bytes))
        return false;
    *ret_says = (HvGuestMemory){0};
    for (unsigned i = 0; i < chain->read_bytes / sizeof(Statistic); i++) {
        switch (list[i].tag) {
        case HV_BALLOON_S_MINFLT: ret_says->faults = list[i].value; break;
        case HV_BALLOON_S_MEMFREE: ret_says->free_bytes = list[i].value; break;
        case HV_BALLOON_S_MEMTOT: ret_says->total_bytes = list[i].value; break;
        }
    }
    return true;
}

/* There is one buffer; a second one is nonsense. */
static void statistics_notified(VirtioBalloon *balloon)
{
    HvVirtio *virtio = &balloon->virtio;
    HvVirtqueue *queue = &virtio->queues[HV_BALLOON_QUEUE_STATISTICS];
    HvGuestMemory says;
    HvChainResult result = hv_virtqueue_take(queue, &balloon->chain);
    if (result == HV_CHAIN_NONE)
        return;
    if (result == HV_CHAIN_BAD) {
        hv_virtio_bad_chain(virtio, HV_BALLOON_QUEUE_STATISTICS, queue->bad_descriptor);
        return;
    }
    bool second = balloon->held;
    balloon->statistics = balloon->chain;
    balloon->held = true;
    if (second || !read_statistics(balloon, &says))
        hv_virtio_bad_chain(virtio, HV_BALLOON_QUEUE_STATISTICS, balloon->chain.head);
    else
        virtio->device.client->guest_memory(virtio->device.user, &says);
}

void hv_virtio_balloon_ask_statistics(HvDevice *device)
{
    VirtioBalloon *balloon = (VirtioBalloon *)device;
    HvVirtio *virtio = &balloon->virtio;
    if (!balloon->held || !hv_virtio_queue_live(virtio, HV_BALLOON_QUEUE_STATISTICS))
        return;
    balloon->held = false;
    if (hv_virtqueue_give(&virtio->queues[HV_BALLOON_QUEUE_STATISTICS], &balloon->statistics, 0))
        hv_virtio_used(virtio, HV_BALLOON_QUEUE_STATISTICS, 0);
    else
        hv_virtio_bad_chain(virtio, HV_BALLOON_QUEUE_STATISTICS, balloon->statistics.head);
}

/* ---- Pages ------------------------------------------------------------------ */

static void balloon_notified(HvVirtio *virtio, unsigned queue_number)
{
    VirtioBalloon *balloon = (VirtioBalloon *)virtio;
    if (queue_number == HV_BALLOON_QUEUE_STATISTICS) {
        statistics_notified(balloon);
        return;
    }
    HvDevice *device = &virtio->device;
    HvVirtqueue *queue = &virtio->queues[queue_number];
    bool any = false;
    HvChainResult result;
    while ((result = hv_virtqueue_take(queue, &balloon->chain)) == HV_CHAIN_TAKEN) {
        uint32_t count;
        if (!read_pages(balloon, &count)) {
            hv_virtio_bad_chain(virtio, queue_number, balloon->chain.head);
            return;
        }
        device->client->balloon(device->user, queue_number == HV_BALLOON_QUEUE_INFLATE,
                                balloon->pages, count);
        if (!hv_virtqueue_give(queue, &balloon->chain, 0)) {
            hv_virtio_bad_chain(virtio, queue_number, balloon->chain.head);
            return;
        }
        any = true;
    }
    if (result == HV_CHAIN_BAD)
        hv_virtio_bad_chain(virtio, queue_number, queue->bad_descriptor);
    else if (any)
        hv_virtio_used(virtio, queue_number, 0);
}

static bool balloon_config_written(HvVirtio *virtio, unsigned offset, unsigned size, uint64_t value)
{
    if (offset != HV_BALLOON_CONFIG_ACTUAL || size != sizeof(uint32_t))
        return false;
    memcpy(virtio->config + offset, &value, size);
    return true;
}

static void balloon_reset(HvVirtio *virtio)
{
    memset(virtio->config + HV_BALLOON_CONFIG_ACTUAL, 0, sizeof(uint32_t));
    ((VirtioBalloon *)virtio)->held = false;
}

static void balloon_free(HvDevice *device)
{
    g_free(device);
}

#define BALLOON(queues, feature_bits)                                                              \
    {                                                                                              \
        .device = {.name = "virtio-balloon",                                                       \
                   .read = hv_virtio_read,                                                         \
                   .write = hv_virtio_write,                                                       \
                   .reset = hv_virtio_reset,                                                       \
                   .free = balloon_free},                                                          \
        .device_id = DEVICE_ID, .queue_count = (queues), .features = (feature_bits),               \
        .config_bytes = 2 * sizeof(uint32_t), .notified = balloon_notified,                        \
        .config_written = balloon_config_written, .reset = balloon_reset,                          \
    }

static const HvVirtioOps without_statistics = BALLOON(2, HV_BALLOON_F_MUST_TELL);
static const HvVirtioOps with_statistics =
    BALLOON(3, HV_BALLOON_F_MUST_TELL | HV_BALLOON_F_STATS_VQ);

HvDevice *hv_virtio_balloon_new(uint8_t slot, HvMemory *memory, bool statistics,
                                const HvDeviceClient *client, void *user)
{
    VirtioBalloon *balloon = g_new0(VirtioBalloon, 1);
    const HvVirtioOps *ops = statistics ? &with_statistics : &without_statistics;
    hv_virtio_init(&balloon->virtio, ops, slot, memory, client, user);
    return &balloon->virtio.device;
}

void hv_virtio_balloon_set_target(HvDevice *device, uint32_t pages)
{
    hv_virtio_set_config((HvVirtio *)device, HV_BALLOON_CONFIG_TARGET, &pages, sizeof(pages));
}

uint32_t hv_virtio_balloon_target(const HvDevice *device)
{
    return get_config((const HvVirtio *)device, HV_BALLOON_CONFIG_TARGET);
}

uint32_t hv_virtio_balloon_actual(const HvDevice *device)
{
    return get_config((const HvVirtio *)device, HV_BALLOON_CONFIG_ACTUAL);
}

bool hv_virtio_balloon_is_driven(const HvDevice *device)
{
    return hv_virtio_queue_live((const HvVirtio *)device, HV_BALLOON_QUEUE_INFLATE);
}
