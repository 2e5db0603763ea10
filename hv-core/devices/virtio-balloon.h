/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-balloon.h: the memory balloon (virtio 1.2, 5.5; the idea: C. A. Waldspurger,
 * "Memory Resource Management in VMware ESX Server", OSDI 2002, section 3).
 *
 * The hypervisor does not know which of a guest's pages are worth nothing; the guest
 * does. So it is told a number of pages (num_pages of the configuration space), picks
 * that many by its own choice, and names them in the inflate queue. It takes pages back
 * by naming them in the deflate queue, and says in `actual` how many it believes to
 * have given.
 *
 * MUST_TELL_HOST is offered: a page in the balloon must be taken back before it is
 * used. What the host makes of pages that are named is its client's affair
 * (hv-core/vm/vm-balloon.c), which believes no number but those it counts itself.
 *
 * STATS_VQ (5.5.6.3) is offered if asked for: a third queue in which the driver leaves one
 * buffer with what the guest knows of its own memory. The device keeps it; giving it back
 * means "say it anew".
 */
#pragma once

#include "hv-core/devices/virtio-mmio.h"

#define HV_BALLOON_QUEUE_INFLATE    0u
#define HV_BALLOON_QUEUE_DEFLATE    1u
#define HV_BALLOON_QUEUE_STATISTICS 2u
#define HV_BALLOON_F_MUST_TELL      (UINT64_C(1) << 0)
#define HV_BALLOON_F_STATS_VQ       (UINT64_C(1) << 1)
#define HV_BALLOON_CONFIG_TARGET    0u    /* num_pages: written by the device */
#define HV_BALLOON_CONFIG_ACTUAL    4u    /* actual: written by the driver */
#define HV_BALLOON_MAX_CHAIN_PAGES  1024u /* named at once; longer chains are bad */
#define HV_BALLOON_MAX_STATISTICS   32u   /* in one buffer, likewise */

/* Of 5.5.6.4 those that are looked at; others are left out. */
enum {
    HV_BALLOON_S_MINFLT = 3,
    HV_BALLOON_S_MEMFREE = 4,
    HV_BALLOON_S_MEMTOT = 5,
};

HvDevice *hv_virtio_balloon_new(uint8_t slot, HvMemory *memory, bool statistics,
                                const HvDeviceClient *client, void *user);

/* Asks for the guest's statistics, which come later, if it is ready to say them. */
void hv_virtio_balloon_ask_statistics(HvDevice *device);

/* So many pages shall be in the balloon; the driver is told if there is one. */
void hv_virtio_balloon_set_target(HvDevice *device, uint32_t pages);
uint32_t hv_virtio_balloon_target(const HvDevice *device);
/* What the guest says that it has given. */
uint32_t hv_virtio_balloon_actual(const HvDevice *device);
/* Has the guest a driver for it? */
bool hv_virtio_balloon_is_driven(const HvDevice *device);
