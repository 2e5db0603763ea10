/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-console.c: see virtio-console.h. */
#include "hv-core/devices/virtio-console.h"

#include <string.h>

#define DEVICE_ID 3u

typedef struct {
    HvVirtio virtio;
    HvChain chain;
    uint32_t waiting; /* bytes at the begin of backlog */
    uint8_t backlog[HV_CONSOLE_BACKLOG_BYTES];
    uint8_t printed[HV_CONSOLE_MAX_CHAIN_BYTES];
} VirtioConsole;

/* ---- What the guest prints ---------------------------------------------- */

static bool print_chain(VirtioConsole *console)
{
    uint64_t size = console->chain.read_bytes;
    if (console->chain.write_parts > 0 || size > sizeof(console->printed) ||
        !hv_chain_read(console->virtio.memory, &console->chain, 0, console->printed, size))
        return false;
    HvDevice *device = &console->virtio.device;
    device->client->console_output(device->user, device->slot, console->printed, (uint32_t)size);
    return true;
}

static void transmit(VirtioConsole *console)
{
    HvVirtqueue *queue = &console->virtio.queues[HV_CONSOLE_QUEUE_TRANSMIT];
    bool printed = false;
    HvChainResult result;
    while ((result = hv_virtqueue_take(queue, &console->chain)) == HV_CHAIN_TAKEN) {
        if (!print_chain(console) || !hv_virtqueue_give(queue, &console->chain, 0)) {
            hv_virtio_bad_chain(&console->virtio, HV_CONSOLE_QUEUE_TRANSMIT, console->chain.head);
            return;
        }
        printed = true;
    }
    if (result == HV_CHAIN_BAD)
        hv_virtio_bad_chain(&console->virtio, HV_CONSOLE_QUEUE_TRANSMIT, queue->bad_descriptor);
    else if (printed)
        hv_virtio_used(&console->virtio, HV_CONSOLE_QUEUE_TRANSMIT, 0);
}

/* ---- What the guest is told --------------------------------------------- */

/* Puts bytes of the backlog from `done` on into the chain; how many, or 0 when
 * the chain is bad. */
static uint32_t fill_chain(VirtioConsole *console, uint32_t done)
{
    uint32_t size = (uint32_t)MIN(console->chain.write_bytes, console->waiting - done);
    bool good =
        console->chain.read_parts == 0 &&
        hv_chain_write(console->virtio.memory, &console->chain, 0, console->backlog + done, size) &&
        hv_virtqueue_give(&console->virtio.queues[HV_CONSOLE_QUEUE_RECEIVE], &console->chain, size);
    return good ? size : 0;
}

/* Hands over as much of the backlog as the guest has given buffers for. */
static void receive(VirtioConsole *console)
{
    if (!hv_virtio_queue_live(&console->virtio, HV_CONSOLE_QUEUE_RECEIVE))
        return;
    HvVirtqueue *queue = &console->virtio.queues[HV_CONSOLE_QUEUE_RECEIVE];
    uint32_t done = 0;
    bool bad = false;
    while (done < console->waiting && !bad) {
        HvChainResult result = hv_virtqueue_take(queue, &console->chain);
        if (result == HV_CHAIN_NONE)
            break;
        uint32_t size = result == HV_CHAIN_TAKEN ? fill_chain(console, done) : 0;
        if (result == HV_CHAIN_TAKEN)
            queue->bad_descriptor = console->chain.head;
        bad = size == 0;
        done += size;
    }
    console->waiting -= done;
    memmove(console->backlog, console->backlog + done, console->waiting);
    if (bad)
        hv_virtio_bad_chain(&console->virtio, HV_CONSOLE_QUEUE_RECEIVE, queue->bad_descriptor);
    else if (done > 0)
        hv_virtio_used(&console->virtio, HV_CONSOLE_QUEUE_RECEIVE, 0);
}

bool hv_virtio_console_input(HvDevice *device, const void *bytes, size_t size)
{
    VirtioConsole *console = (VirtioConsole *)device;
    if (size > sizeof(console->backlog) - console->waiting)
        return false;
    memcpy(console->backlog + console->waiting, bytes, size);
    console->waiting += (uint32_t)size;
    receive(console);
    return true;
}

/* ---- The device --------------------------------------------------------- */

static void console_notified(HvVirtio *virtio, unsigned queue)
{
    if (queue == HV_CONSOLE_QUEUE_TRANSMIT)
        transmit((VirtioConsole *)virtio);
    else
        receive((VirtioConsole *)virtio);
}

static void console_free(HvDevice *device)
{
    g_free(device);
}

static const HvVirtioOps console_ops = {
    .device = {.name = "virtio-console",
               .read = hv_virtio_read,
               .write = hv_virtio_write,
               .reset = hv_virtio_reset,
               .free = console_free},
    .device_id = DEVICE_ID,
    .queue_count = 2,
    .notified = console_notified,
};

HvDevice *hv_virtio_console_new(uint8_t slot, HvMemory *memory, const HvDeviceClient *client,
                                void *user)
{
    VirtioConsole *console = g_new0(VirtioConsole, 1);
    hv_virtio_init(&console->virtio, &console_ops, slot, memory, client, user);
    return &console->virtio.device;
}
