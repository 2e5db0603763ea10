/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-console.h: a serial line (virtio 1.2, 5.3) with port 0 only: a receive
 * and a transmit queue of plain bytes, no features.
 *
 * A VM has two: what its program prints, and the control line (abi.h).
 */
#pragma once

#include "hv-core/devices/virtio-mmio.h"

#define HV_CONSOLE_BACKLOG_BYTES   (64u << 10) /* typed, not yet taken by the guest */
#define HV_CONSOLE_MAX_CHAIN_BYTES (64u << 10) /* printed at once; longer chains are bad */
#define HV_CONSOLE_QUEUE_RECEIVE   0u
#define HV_CONSOLE_QUEUE_TRANSMIT  1u

HvDevice *hv_virtio_console_new(uint8_t slot, HvMemory *memory, const HvDeviceClient *client,
                                void *user);

/* Bytes for the guest: kept until it takes them, also over a reset. false, and
 * nothing is kept, when there is no room for all of them. */
bool hv_virtio_console_input(HvDevice *device, const void *bytes, size_t size);
