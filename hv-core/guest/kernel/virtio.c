/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio.c: the driver of consoles and NICs (virtio 1.2: 2.7 split virtqueues,
 * 4.2 MMIO, 5.1 network, 5.3 console).
 *
 * To a driver that leaves all optional features alone, consoles and NICs differ
 * in one thing: a NIC's buffers begin with a header. Queue 0 receives, queue 1
 * transmits. Buffers lie in ring 3's memory; the rings are the kernel's own.
 * A device is set up when it is first used.
 */
#include "hv-core/guest/kernel/virtio.h"

enum { QUEUE_RECEIVE = 0, QUEUE_TRANSMIT = 1 };

#define NET_HEADER_BYTES 12 /* struct virtio_net_hdr, with num_buffers */

#define RX_SIZE  16
#define TX_SIZE  2
#define SLOTS    (HV_SLOT_NIC0 + HV_BOOT_MAX_NICS)
#define PATIENCE 1000 /* looks at a device that should have answered by now */

/* One device's rings. */
struct Rings {
    struct Descriptor rx[RX_SIZE];
    struct Descriptor tx[TX_SIZE];
    struct {
        uint16_t flags, index, ring[RX_SIZE], used_event;
    } rx_avail;
    struct {
        uint16_t flags, index, ring[TX_SIZE], used_event;
    } tx_avail;
    _Alignas(4) struct {
        volatile uint16_t flags, index;
        struct UsedElement ring[RX_SIZE];
        uint16_t avail_event;
    } rx_used;
    _Alignas(4) struct {
        volatile uint16_t flags, index;
        struct UsedElement ring[TX_SIZE];
        uint16_t avail_event;
    } tx_used;
};

struct Device {
    bool open;
    uint8_t rx_count;  /* buffers; 0: does not receive */
    uint16_t rx_seen;  /* elements of the used ring that were looked at */
    uint16_t rx_given; /* descriptor that ring 3 has, or RX_SIZE */
    bool notify;       /* buffers were given back since the device was told */
};

static _Alignas(16) struct Rings rings[SLOTS];
static struct Device devices[SLOTS];
static const uint8_t net_header[NET_HEADER_BYTES];
static bool receives;
static volatile uint8_t send_lock;

static void set_address(unsigned slot, unsigned offset, const volatile void *address)
{
    mmio_write32(reg(slot, offset), (uint32_t)(uintptr_t)address);
    mmio_write32(reg(slot, offset + 4), 0); /* memory ends below 4 GiB */
}

void virtio_set_queue(unsigned slot, unsigned queue, unsigned size, const struct Descriptor *table,
                      const void *avail, const volatile void *used)
{
    mmio_write32(reg(slot, REG_QUEUE_SEL), queue);
    mmio_write32(reg(slot, REG_QUEUE_NUM), size);
    set_address(slot, REG_QUEUE_DESC, table);
    set_address(slot, REG_QUEUE_DRIVER, avail);
    set_address(slot, REG_QUEUE_DEVICE, used);
    mmio_write32(reg(slot, REG_QUEUE_READY), 1);
}

#define STATUS_SO_FAR (STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK)

/* The initialization of 3.1.1; the steps that could say that there is no such
 * device are left out, because abi.h promises it. */
bool virtio_negotiate(unsigned slot, uint32_t features)
{
    mmio_write32(reg(slot, REG_STATUS), 0);
    mmio_write32(reg(slot, REG_STATUS), STATUS_ACKNOWLEDGE | STATUS_DRIVER);
    if (features)
        mmio_write32(reg(slot, REG_DRIVER_FEATURES), features);
    mmio_write32(reg(slot, REG_DRIVER_FEATURES_SEL), FEATURE_VERSION_1_WORD);
    mmio_write32(reg(slot, REG_DRIVER_FEATURES), FEATURE_VERSION_1_BIT);
    mmio_write32(reg(slot, REG_STATUS), STATUS_SO_FAR);
    return mmio_read32(reg(slot, REG_STATUS)) & STATUS_FEATURES_OK;
}

void virtio_driver_ok(unsigned slot)
{
    mmio_write32(reg(slot, REG_STATUS), STATUS_SO_FAR | STATUS_DRIVER_OK);
}

static bool set_up(unsigned slot, bool receive)
{
    struct Rings *r = &rings[slot];
    if (!virtio_negotiate(slot, 0))
        return false;
    if (receive)
        virtio_set_queue(slot, QUEUE_RECEIVE, RX_SIZE, r->rx, &r->rx_avail, &r->rx_used);
    virtio_set_queue(slot, QUEUE_TRANSMIT, TX_SIZE, r->tx, &r->tx_avail, &r->tx_used);
    r->tx_avail.flags = AVAIL_NO_INTERRUPT;
    virtio_driver_ok(slot);
    devices[slot].open = true;
    return true;
}

/* ---- Receiving ---------------------------------------------------------- */

static void give_buffer(unsigned slot, uint16_t descriptor)
{
    struct Rings *r = &rings[slot];
    r->rx_avail.ring[r->rx_avail.index % RX_SIZE] = descriptor;
    barrier();
    r->rx_avail.index++;
    devices[slot].notify = true;
}

static void notify(unsigned slot)
{
    barrier();
    if (devices[slot].notify && !(rings[slot].rx_used.flags & USED_NO_NOTIFY))
        mmio_write32(reg(slot, REG_QUEUE_NOTIFY), QUEUE_RECEIVE);
    devices[slot].notify = false;
}

int64_t virtio_open(uint64_t slot, uint64_t address, uint64_t stride, uint64_t count)
{
    if (slot < HV_SLOT_CONSOLE || slot >= SLOTS || devices[slot].rx_count != 0 || count < 1 ||
        count > RX_SIZE || stride > UINT32_MAX || !is_user(address, stride * count))
        return SYS_ERROR_BAD;
    struct Device *device = &devices[slot];
    /* A console that has only printed begins anew. */
    rings[slot].tx_avail.index = rings[slot].tx_used.index = 0;
    device->rx_count = (uint8_t)count;
    device->rx_given = RX_SIZE;
    for (uint16_t i = 0; i < count; i++) {
        rings[slot].rx[i] =
            (struct Descriptor){address + i * stride, (uint32_t)stride, DESC_WRITE, 0};
        give_buffer(slot, i);
    }
    if (!set_up(slot, true))
        return SYS_ERROR_IO;
    notify(slot);
    receives |= slot != HV_SLOT_CONSOLE;
    return 0;
}

int64_t virtio_receive(uint64_t slot)
{
    if (slot >= SLOTS || devices[slot].rx_count == 0)
        return SYS_ERROR_BAD;
    struct Device *device = &devices[slot];
    struct Rings *r = &rings[slot];
    if (device->rx_given != RX_SIZE) {
        give_buffer(slot, device->rx_given);
        device->rx_given = RX_SIZE;
    }
    if (r->rx_used.index == device->rx_seen) {
        notify(slot);
        return SYS_ERROR_EMPTY;
    }
    barrier();
    struct UsedElement element = r->rx_used.ring[device->rx_seen++ % RX_SIZE];
    if (element.id >= device->rx_count)
        return SYS_ERROR_IO;
    device->rx_given = (uint16_t)element.id;
    return (int64_t)((uint64_t)element.id << 32 | element.length);
}

void virtio_acknowledge(unsigned slot)
{
    mmio_write32(reg(slot, REG_INTERRUPT_ACK), INTERRUPT_ANY);
}

bool virtio_receives(void)
{
    return receives;
}

/* ---- Sending ------------------------------------------------------------ */

static int64_t send_chain(unsigned slot, uint64_t address, uint32_t length)
{
    struct Rings *r = &rings[slot];
    struct Descriptor *data = r->tx;
    if (slot >= HV_SLOT_NIC0)
        *data++ = (struct Descriptor){(uint64_t)net_header, NET_HEADER_BYTES, DESC_NEXT, 1};
    *data = (struct Descriptor){address, length, 0, 0};
    r->tx_avail.ring[r->tx_avail.index % TX_SIZE] = 0;
    barrier();
    r->tx_avail.index++;
    barrier();
    mmio_write32(reg(slot, REG_QUEUE_NOTIFY), QUEUE_TRANSMIT);
    /* The buffer is the caller's again when the device has used it, which it
     * does before it answers the notification, or never. */
    for (unsigned i = 0; i < PATIENCE; i++) {
        if (r->tx_used.index == r->tx_avail.index)
            return 0;
        mmio_write32(PLATFORM(HV_PLATFORM_YIELD), 0);
    }
    return SYS_ERROR_IO;
}

int64_t virtio_send(uint64_t slot, uint64_t address, uint64_t length)
{
    if (slot < HV_SLOT_CONSOLE || slot >= SLOTS || length == 0 || length > UINT32_MAX ||
        !is_user(address, length) || (slot != HV_SLOT_CONSOLE && !devices[slot].open))
        return SYS_ERROR_BAD;
    /* Several vCPUs may print. The holder may have lost its pCPU: let it go on. */
    while (__atomic_exchange_n(&send_lock, 1, __ATOMIC_ACQUIRE))
        mmio_write32(PLATFORM(HV_PLATFORM_YIELD), 0);
    int64_t result = SYS_ERROR_IO;
    if (devices[slot].open || set_up((unsigned)slot, false))
        result = send_chain((unsigned)slot, address, (uint32_t)length);
    __atomic_store_n(&send_lock, 0, __ATOMIC_RELEASE);
    return result;
}
