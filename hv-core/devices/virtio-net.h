/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-net.h: a network card (virtio 1.2, 5.1): one receive and one transmit
 * queue, a MAC address, an MTU and a link state, no offloads.
 *
 * Each frame in a queue has a 12-byte header before it. The driver's header is
 * not looked at, because every field of it belongs to an offload; the header
 * that the device writes says only that the frame lies in one buffer.
 */
#pragma once

#include "hv-core/devices/virtio-mmio.h"

#define HV_NET_HEADER_BYTES   12u
#define HV_NET_MIN_FRAME      14u /* an Ethernet header; anything shorter is malformed */
#define HV_NET_BACKLOG_FRAMES 256u
#define HV_NET_QUEUE_RECEIVE  0u
#define HV_NET_QUEUE_TRANSMIT 1u

/* Features and layout of the configuration space: 5.1.3, 5.1.4. */
#define HV_NET_F_MTU         (UINT64_C(1) << 3)
#define HV_NET_F_MAC         (UINT64_C(1) << 5)
#define HV_NET_F_STATUS      (UINT64_C(1) << 16)
#define HV_NET_CONFIG_MAC    0u  /* 6 bytes */
#define HV_NET_CONFIG_STATUS 6u  /* 2 bytes; bit 0: link up */
#define HV_NET_CONFIG_MTU    10u /* 2 bytes */

/* The device for slot, with its link up. */
HvDevice *hv_virtio_net_new(uint8_t slot, HvMemory *memory, const uint8_t mac[6], uint16_t mtu,
                            const HvDeviceClient *client, void *user);

/* A frame of at most HV_MAX_FRAME_BYTES comes in. It goes into the receive
 * queue, or waits here while the guest has no buffers, or is dropped: the client
 * hears frame_received or frame_dropped once for each frame. Borrows bytes. */
void hv_virtio_net_receive(HvDevice *device, uint64_t frame_id, const uint8_t *bytes,
                           uint32_t length);

/* Plugs the cable in or out, as the driver is told. What comes in meanwhile is
 * not this device's decision. */
void hv_virtio_net_set_link(HvDevice *device, bool up);
