/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtqueue.c (fuzz): a guest that writes what it likes into its memory and
 * into the registers of a network card, a console and a balloon.
 *
 * The input is a list of operations of 4 bytes or more; the first byte's low
 * three bits choose:
 *   0 write a register (offset, 32-bit value)    1 write guest memory
 *   2 notify a queue                             3 a frame, typed bytes, a target come in
 *   4 start the driver properly                  5 read a register of any width
 *   6 offer a chain head                         7 the next device from now on
 * Whatever comes, the devices may only call their client.
 */
#include "hv-core/devices/bus.h"
#include "hv-core/devices/virtio-balloon.h"
#include "hv-core/devices/virtio-console.h"
#include "hv-core/devices/virtio-net.h"

#define MEMORY_BYTES (64u << 10)
#define QUEUE_SIZE   8u
#define RINGS(queue) (0x1000u + (queue)*0x1000u)

typedef struct {
    const uint8_t *data;
    size_t size;
} Input;

static uint64_t take(Input *input, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes && input->size > 0; i++, input->size--)
        value |= (uint64_t)*input->data++ << (8 * i);
    return value;
}

static bool fault(void *user, HvMemory *memory, HvPageNo page, bool write)
{
    HvFrameNo frame = hv_pool_alloc(hv_memory_pool(memory));
    if (frame == HV_FRAME_NONE)
        return false;
    hv_memory_map(memory, page, frame, true);
    return true;
}

static void ignore_error(void *user, uint8_t slot, HvDeviceErrorKind kind, uint64_t address,
                         uint64_t value)
{
}

static void ignore_interrupt(void *user, uint8_t slot, uint64_t frame_id)
{
}

static void ignore_kick(void *user, uint8_t slot, uint16_t queue)
{
}

/* Reads every byte, so that the sanitizers see what the device hands out. */
static void read_bytes(void *user, uint8_t slot, const uint8_t *bytes, uint32_t length)
{
    volatile uint8_t sum = 0;
    for (uint32_t i = 0; i < length; i++)
        sum += bytes[i];
}

static void ignore_received(void *user, uint8_t slot, uint64_t frame_id, uint32_t length)
{
}

static void ignore_dropped(void *user, uint8_t slot, uint64_t frame_id, HvRxDrop why)
{
}

static void read_pages(void *user, bool inflate, const uint32_t *pages, uint32_t count)
{
    read_bytes(user, 0, (const uint8_t *)pages, count * 4);
}

static void ignore_guest_memory(void *user, const HvGuestMemory *says)
{
}

static const HvDeviceClient client = {
    .error = ignore_error,
    .interrupt = ignore_interrupt,
    .kick = ignore_kick,
    .frame_sent = read_bytes,
    .frame_received = ignore_received,
    .frame_dropped = ignore_dropped,
    .console_output = read_bytes,
    .balloon = read_pages,
    .guest_memory = ignore_guest_memory,
};

static void set(HvDevice *device, uint64_t offset, uint32_t value)
{
    device->ops->write(device, offset, 4, value);
}

static void start_driver(HvDevice *device)
{
    set(device, HV_VIRTIO_REG_STATUS, 0);
    set(device, HV_VIRTIO_REG_STATUS, 3);
    set(device, HV_VIRTIO_REG_DRIVER_FEATURES_SEL, 1);
    set(device, HV_VIRTIO_REG_DRIVER_FEATURES, 1);
    set(device, HV_VIRTIO_REG_STATUS, 11);
    for (unsigned queue = 0; queue < HV_VIRTIO_MAX_QUEUES; queue++) {
        set(device, HV_VIRTIO_REG_QUEUE_SEL, queue);
        set(device, HV_VIRTIO_REG_QUEUE_NUM, QUEUE_SIZE);
        set(device, HV_VIRTIO_REG_QUEUE_DESC_LOW, RINGS(queue));
        set(device, HV_VIRTIO_REG_QUEUE_DRIVER_LOW, RINGS(queue) + 0x400);
        set(device, HV_VIRTIO_REG_QUEUE_DEVICE_LOW, RINGS(queue) + 0x800);
        set(device, HV_VIRTIO_REG_QUEUE_READY, 1);
    }
    set(device, HV_VIRTIO_REG_STATUS, 15);
}

static void write_memory(HvMemory *memory, Input *input)
{
    uint64_t gpa = take(input, 2);
    size_t size = take(input, 1) % 64;
    size = MIN(size, input->size);
    hv_memory_write(memory, HV_GPA(gpa), input->data, size);
    input->data += size;
    input->size -= size;
}

static void offer(HvMemory *memory, Input *input)
{
    uint64_t ring = RINGS(take(input, 1) % HV_VIRTIO_MAX_QUEUES) + 0x400;
    uint16_t head = (uint16_t)take(input, 1), index = 0;
    hv_memory_read(memory, HV_GPA(ring + 2), &index, 2);
    hv_memory_write(memory, HV_GPA(ring + 4 + index++ % QUEUE_SIZE * 2), &head, 2);
    hv_memory_write(memory, HV_GPA(ring + 2), &index, 2);
}

static void come_in(HvDevice *device, Input *input)
{
    static const uint8_t frame[HV_MAX_FRAME_BYTES];
    uint32_t length = (uint32_t)take(input, 2) % (HV_MAX_FRAME_BYTES + 1);
    if (device->slot == HV_SLOT_BALLOON && length % 2 != 0)
        hv_virtio_balloon_ask_statistics(device);
    else if (device->slot == HV_SLOT_BALLOON)
        hv_virtio_balloon_set_target(device, length);
    else if (device->slot == HV_SLOT_NIC0)
        hv_virtio_net_receive(device, 1, frame, length);
    else
        hv_virtio_console_input(device, frame, length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
    Input input = {data, size};
    g_autoptr(HvPool) pool = hv_pool_new(MEMORY_BYTES / HV_PAGE_SIZE - 2, NULL); /* may run out */
    g_autoptr(HvMemory) memory = hv_memory_new(pool, MEMORY_BYTES, NULL);
    hv_memory_set_fault(memory, fault, NULL);
    HvBus bus;
    hv_bus_init(&bus, &client, NULL);
    hv_bus_add(&bus, hv_virtio_console_new(HV_SLOT_CONSOLE, memory, &client, NULL));
    hv_bus_add(&bus, hv_virtio_net_new(HV_SLOT_NIC0, memory, mac, 1500, &client, NULL));
    hv_bus_add(&bus, hv_virtio_balloon_new(HV_SLOT_BALLOON, memory, true, &client, NULL));

    static const uint8_t slots[] = {HV_SLOT_NIC0, HV_SLOT_CONSOLE, HV_SLOT_BALLOON};
    unsigned chosen = 0;
    while (input.size > 0) {
        HvDevice *device = bus.slots[slots[chosen % G_N_ELEMENTS(slots)]];
        HvGpa page = HV_GPA(HV_GUEST_DEVICES + device->slot * (uint64_t)HV_PAGE_SIZE);
        switch (take(&input, 1) & 7) {
        case 0: {
            uint64_t offset = take(&input, 1);
            hv_bus_write(&bus, HV_GPA(page.value + offset), 4, take(&input, 4));
            break;
        }
        case 1: write_memory(memory, &input); break;
        case 2: set(device, HV_VIRTIO_REG_QUEUE_NOTIFY, (uint32_t)take(&input, 1) & 3); break;
        case 3: come_in(device, &input); break;
        case 4: start_driver(device); break;
        case 5: {
            uint64_t offset = take(&input, 2);
            hv_bus_read(&bus, HV_GPA(page.value + offset), 1u << (take(&input, 1) & 3));
            break;
        }
        case 6: offer(memory, &input); break;
        default: chosen++;
        }
    }
    hv_bus_clear(&bus);
    return 0;
}
