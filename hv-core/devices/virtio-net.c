/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-net.c: see virtio-net.h. Section numbers are those of virtio 1.2. */
#include "hv-core/devices/virtio-net.h"

#include <string.h>

#define DEVICE_ID 1u

/* A frame that waits for a receive buffer. */
typedef struct {
    uint64_t id;
    uint32_t length;
    uint8_t bytes[];
} Waiting;

typedef struct {
    HvVirtio virtio;
    GQueue backlog; /* of Waiting, oldest first */
    HvChain chain;
    uint8_t packet[HV_NET_HEADER_BYTES + HV_MAX_FRAME_BYTES];
} VirtioNet;

static const HvDeviceClient *client_of(VirtioNet *net)
{
    return net->virtio.device.client;
}

/* ---- Transmit ----------------------------------------------------------- */

/* Sends the frame in net->chain; false: the chain is no frame. */
static bool send_chain(VirtioNet *net)
{
    uint64_t size = net->chain.read_bytes;
    if (net->chain.write_parts > 0 || size < HV_NET_HEADER_BYTES + HV_NET_MIN_FRAME ||
        size > sizeof(net->packet) ||
        !hv_chain_read(net->virtio.memory, &net->chain, 0, net->packet, size))
        return false;
    client_of(net)->frame_sent(net->virtio.device.user, net->virtio.device.slot,
                               net->packet + HV_NET_HEADER_BYTES,
                               (uint32_t)(size - HV_NET_HEADER_BYTES));
    return true;
}

/* Sends all that is available. The guest is not running meanwhile, so this is at
 * most one queue full. */
static void transmit(VirtioNet *net)
{
    HvVirtqueue *queue = &net->virtio.queues[HV_NET_QUEUE_TRANSMIT];
    bool sent = false;
    HvChainResult result;
    while ((result = hv_virtqueue_take(queue, &net->chain)) == HV_CHAIN_TAKEN) {
        if (!send_chain(net) || !hv_virtqueue_give(queue, &net->chain, 0)) {
            hv_virtio_bad_chain(&net->virtio, HV_NET_QUEUE_TRANSMIT, net->chain.head);
            return;
        }
        sent = true;
    }
    if (result == HV_CHAIN_BAD)
        hv_virtio_bad_chain(&net->virtio, HV_NET_QUEUE_TRANSMIT, queue->bad_descriptor);
    else if (sent)
        hv_virtio_used(&net->virtio, HV_NET_QUEUE_TRANSMIT, 0);
}

/* ---- Receive ------------------------------------------------------------ */

typedef enum { PUT_DONE, PUT_WAIT, PUT_FAILED } PutResult;

static void drop(VirtioNet *net, uint64_t id, HvRxDrop why)
{
    client_of(net)->frame_dropped(net->virtio.device.user, net->virtio.device.slot, id, why);
}

/* Writes header and frame into net->chain and gives it to the driver. */
static bool fill_chain(VirtioNet *net, const uint8_t *bytes, uint32_t length)
{
    /* 5.1.6.4.1: without offloads every field is zero but num_buffers, the last. */
    static const uint8_t header[HV_NET_HEADER_BYTES] = {[10] = 1};
    HvVirtio *virtio = &net->virtio;
    return hv_chain_write(virtio->memory, &net->chain, 0, header, sizeof(header)) &&
           hv_chain_write(virtio->memory, &net->chain, sizeof(header), bytes, length) &&
           hv_virtqueue_give(&virtio->queues[HV_NET_QUEUE_RECEIVE], &net->chain,
                             (uint32_t)sizeof(header) + length);
}

/* Puts one frame into the receive queue, if the guest has given a buffer. */
static PutResult put_frame(VirtioNet *net, uint64_t id, const uint8_t *bytes, uint32_t length)
{
    HvVirtio *virtio = &net->virtio;
    HvVirtqueue *queue = &virtio->queues[HV_NET_QUEUE_RECEIVE];
    switch (hv_virtqueue_take(queue, &net->chain)) {
    case HV_CHAIN_NONE: return PUT_WAIT;
    case HV_CHAIN_BAD:
        drop(net, id, HV_RX_DROP_NOT_READY);
        hv_virtio_bad_chain(virtio, HV_NET_QUEUE_RECEIVE, queue->bad_descriptor);
        return PUT_FAILED;
    case HV_CHAIN_TAKEN: break;
    }
    bool good_chain = net->chain.read_parts == 0;
    if (good_chain && net->chain.write_bytes < HV_NET_HEADER_BYTES + length) {
        hv_virtqueue_untake(queue); /* the buffer may do for the next frame */
        drop(net, id, HV_RX_DROP_TOO_LONG);
        return PUT_DONE;
    }
    if (!good_chain || !fill_chain(net, bytes, length)) {
        drop(net, id, HV_RX_DROP_NOT_READY);
        hv_virtio_bad_chain(virtio, HV_NET_QUEUE_RECEIVE, net->chain.head);
        return PUT_FAILED;
    }
    client_of(net)->frame_received(virtio->device.user, virtio->device.slot, id, length);
    hv_virtio_used(virtio, HV_NET_QUEUE_RECEIVE, id);
    return PUT_DONE;
}

static void drop_backlog(VirtioNet *net)
{
    Waiting *waiting;
    while ((waiting = g_queue_pop_head(&net->backlog)) != NULL) {
        drop(net, waiting->id, HV_RX_DROP_NOT_READY);
        g_free(waiting);
    }
}

static void receive_backlog(VirtioNet *net)
{
    Waiting *waiting;
    while ((waiting = g_queue_peek_head(&net->backlog)) != NULL) {
        PutResult result = put_frame(net, waiting->id, waiting->bytes, waiting->length);
        if (result == PUT_WAIT)
            return;
        g_free(g_queue_pop_head(&net->backlog));
        if (result == PUT_FAILED)
            drop_backlog(net);
    }
}

static void keep_frame(VirtioNet *net, uint64_t id, const uint8_t *bytes, uint32_t length)
{
    Waiting *waiting = g_malloc(sizeof(*waiting) + length);
    waiting->id = id;
    waiting->length = length;
    memcpy(waiting->bytes, bytes, length);
    g_queue_push_tail(&net->backlog, waiting);
}

void hv_virtio_net_receive(HvDevice *device, uint64_t frame_id, const uint8_t *bytes,
                           uint32_t length)
{
    VirtioNet *net = (VirtioNet *)device;
    g_assert(length <= HV_MAX_FRAME_BYTES);
    if (!hv_virtio_queue_live(&net->virtio, HV_NET_QUEUE_RECEIVE)) {
        drop(net, frame_id, HV_RX_DROP_NOT_READY);
        return;
    }
    receive_backlog(net);
    if (!hv_virtio_queue_live(&net->virtio, HV_NET_QUEUE_RECEIVE))
        drop(net, frame_id, HV_RX_DROP_NOT_READY);
    else if (g_queue_get_length(&net->backlog) >= HV_NET_BACKLOG_FRAMES)
        drop(net, frame_id, HV_RX_DROP_NO_BUFFER);
    else if (!g_queue_is_empty(&net->backlog) ||
             put_frame(net, frame_id, bytes, length) == PUT_WAIT)
        keep_frame(net, frame_id, bytes, length);
}

void hv_virtio_net_set_link(HvDevice *device, bool up)
{
    uint8_t status[2] = {up, 0};
    hv_virtio_set_config((HvVirtio *)device, HV_NET_CONFIG_STATUS, status, sizeof(status));
}

/* ---- The device --------------------------------------------------------- */

static void net_notified(HvVirtio *virtio, unsigned queue)
{
    VirtioNet *net = (VirtioNet *)virtio;
    if (queue == HV_NET_QUEUE_TRANSMIT)
        transmit(net);
    else
        receive_backlog(net);
}

static void net_reset(HvVirtio *virtio)
{
    drop_backlog((VirtioNet *)virtio);
}

static void net_free(HvDevice *device)
{
    VirtioNet *net = (VirtioNet *)device;
    g_queue_clear_full(&net->backlog, g_free);
    g_free(net);
}

static const HvVirtioOps net_ops = {
    .device = {.name = "virtio-net",
               .read = hv_virtio_read,
               .write = hv_virtio_write,
               .reset = hv_virtio_reset,
               .free = net_free},
    .device_id = DEVICE_ID,
    .queue_count = 2,
    .features = HV_NET_F_MTU | HV_NET_F_MAC | HV_NET_F_STATUS,
    .config_bytes = HV_NET_CONFIG_MTU + 2,
    .notified = net_notified,
    .reset = net_reset,
};

HvDevice *hv_virtio_net_new(uint8_t slot, HvMemory *memory, const uint8_t mac[6], uint16_t mtu,
                            const HvDeviceClient *client, void *user)
{
    VirtioNet *net = g_new0(VirtioNet, 1);
    hv_virtio_init(&net->virtio, &net_ops, slot, memory, client, user);
    g_queue_init(&net->backlog);
    memcpy(net->virtio.config + HV_NET_CONFIG_MAC, mac, 6);
    memcpy(net->virtio.config + HV_NET_CONFIG_MTU, &mtu, sizeof(mtu));
    net->virtio.config[HV_NET_CONFIG_STATUS] = 1;
    return &net->virtio.device;
}
