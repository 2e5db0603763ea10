/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtqueue.c: see virtqueue.h. Section numbers are those of virtio 1.2.
 *
 * The structs below are the guest's, in little-endian order, which is also the
 * order of every host that hvlab runs on.
 */
#include "hv-core/devices/virtqueue.h"

G_STATIC_ASSERT(G_BYTE_ORDER == G_LITTLE_ENDIAN);

/* 2.7.5 */
typedef struct {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
} Descriptor;

#define DESCRIPTOR_NEXT  1u
#define DESCRIPTOR_WRITE 2u /* the device writes it */

/* 2.7.6 and 2.7.8: flags and idx, then the ring. */
#define RING_FLAGS             0u
#define RING_INDEX             2u
#define RING_ENTRIES           4u
#define AVAILABLE_NO_INTERRUPT 1u

typedef struct {
    uint32_t id;
    uint32_t length;
} UsedElement;

void hv_virtqueue_init(HvVirtqueue *queue, HvMemory *memory)
{
    *queue = (HvVirtqueue){.memory = memory};
}

static bool inside_memory(const HvVirtqueue *queue, uint64_t gpa, uint64_t length)
{
    uint64_t bytes = (uint64_t)hv_memory_page_count(queue->memory) << HV_PAGE_SHIFT;
    return gpa <= bytes && length <= bytes - gpa;
}

/* Alignments and sizes of the three structures: 2.7. */
bool hv_virtqueue_enable(HvVirtqueue *queue)
{
    uint16_t size = queue->size;
    bool good = size > 0 && size <= HV_MAX_QUEUE_SIZE && (size & (size - 1)) == 0 &&
                queue->descriptors % 16 == 0 && queue->available % 2 == 0 && queue->used % 4 == 0 &&
                inside_memory(queue, queue->descriptors, size * sizeof(Descriptor)) &&
                inside_memory(queue, queue->available, RING_ENTRIES + size * sizeof(uint16_t)) &&
                inside_memory(queue, queue->used, RING_ENTRIES + size * sizeof(UsedElement));
    if (!good)
        return false;
    queue->ready = true;
    queue->next_available = 0;
    queue->next_used = 0;
    return true;
}

static HvChainResult bad(HvVirtqueue *queue, uint16_t descriptor)
{
    queue->bad_descriptor = descriptor;
    return HV_CHAIN_BAD;
}

/* Adds one descriptor to the chain; false when it is malformed. */
static bool add_part(const HvVirtqueue *queue, HvChain *chain, const Descriptor *descriptor)
{
    bool write = descriptor->flags & DESCRIPTOR_WRITE;
    if ((descriptor->flags & ~(DESCRIPTOR_NEXT | DESCRIPTOR_WRITE)) != 0 ||
        descriptor->length == 0 || !inside_memory(queue, descriptor->address, descriptor->length) ||
        (!write && chain->write_parts > 0))
        return false;

    chain->parts[chain->read_parts + chain->write_parts] =
        (HvChainPart){descriptor->address, descriptor->length};
    if (write) {
        chain->write_parts++;
        chain->write_bytes += descriptor->length;
    } else {
        chain->read_parts++;
        chain->read_bytes += descriptor->length;
    }
    return true;
}

static HvChainResult walk_chain(HvVirtqueue *queue, HvChain *chain, uint16_t head)
{
    chain->head = head;
    chain->read_parts = chain->write_parts = 0;
    chain->read_bytes = chain->write_bytes = 0;

    uint16_t index = head;
    for (unsigned length = 0; length < queue->size; length++) {
        Descriptor descriptor;
        if (index >= queue->size ||
            hv_memory_read(queue->memory, HV_GPA(queue->descriptors + index * sizeof(descriptor)),
                           &descriptor, sizeof(descriptor)) != 0 ||
            !add_part(queue, chain, &descriptor))
            return bad(queue, index);
        if (!(descriptor.flags & DESCRIPTOR_NEXT))
            return HV_CHAIN_TAKEN;
        index = descriptor.next;
    }
    return bad(queue, index); /* longer than the table: it has a loop */
}

HvChainResult hv_virtqueue_take(HvVirtqueue *queue, HvChain *chain)
{
    g_assert(queue->ready);
    uint16_t index, head;
    if (hv_memory_read(queue->memory, HV_GPA(queue->available + RING_INDEX), &index,
                       sizeof(index)) != 0)
        return bad(queue, 0);
    uint16_t waiting = (uint16_t)(index - queue->next_available);
    if (waiting == 0)
        return HV_CHAIN_NONE;
    if (waiting > queue->size)
        return bad(queue, 0);

    uint64_t entry = RING_ENTRIES + (queue->next_available % queue->size) * sizeof(head);
    if (hv_memory_read(queue->memory, HV_GPA(queue->available + entry), &head, sizeof(head)) != 0)
        return bad(queue, 0);
    HvChainResult result = walk_chain(queue, chain, head);
    if (result == HV_CHAIN_TAKEN)
        queue->next_available++;
    return result;
}

void hv_virtqueue_untake(HvVirtqueue *queue)
{
    queue->next_available--;
}

bool hv_virtqueue_give(HvVirtqueue *queue, const HvChain *chain, uint32_t written)
{
    UsedElement element = {.id = chain->head, .length = written};
    uint64_t entry = RING_ENTRIES + (queue->next_used % queue->size) * sizeof(element);
    if (hv_memory_write(queue->memory, HV_GPA(queue->used + entry), &element, sizeof(element)) != 0)
        return false;
    queue->next_used++;
    return hv_memory_write(queue->memory, HV_GPA(queue->used + RING_INDEX), &queue->next_used,
                           sizeof(queue->next_used)) == 0;
}

bool hv_virtqueue_wants_interrupt(HvVirtqueue *queue)
{
    uint16_t flags;
    return hv_memory_read(queue->memory, HV_GPA(queue->available + RING_FLAGS), &flags,
                          sizeof(flags)) == 0 &&
           !(flags & AVAILABLE_NO_INTERRUPT);
}

/* ---- Copying ------------------------------------------------------------ */

/* Goes through `count` parts and moves size bytes from offset on. Exactly one
 * of to and from is set. */
static bool move_bytes(HvMemory *memory, const HvChainPart *parts, unsigned count, uint64_t offset,
                       uint8_t *to, const uint8_t *from, size_t size)
{
    for (unsigned i = 0; i < count && size > 0; i++) {
        if (offset >= parts[i].length) {
            offset -= parts[i].length;
            continue;
        }
        size_t here = MIN(size, (size_t)(parts[i].length - offset));
        HvGpa gpa = HV_GPA(parts[i].gpa + offset);
        int failed = to != NULL ? hv_memory_read(memory, gpa, to, here)
                                : hv_memory_write(memory, gpa, from, here);
        if (failed != 0)
            return false;
        to = to != NULL ? to + here : NULL;
        from = from != NULL ? from + here : NULL;
        offset = 0;
        size -= here;
    }
    g_assert(size == 0);
    return true;
}

bool hv_chain_read(HvMemory *memory, const HvChain *chain, uint64_t offset, void *buffer,
                   size_t size)
{
    g_assert(offset <= chain->read_bytes && size <= chain->read_bytes - offset);
    return move_bytes(memory, chain->parts, chain->read_parts, offset, buffer, NULL, size);
}

bool hv_chain_write(HvMemory *memory, const HvChain *chain, uint64_t offset, const void *buffer,
                    size_t size)
{
    g_assert(offset <= chain->write_bytes && size <= chain->write_bytes - offset);
    return move_bytes(memory, chain->parts + chain->read_parts, chain->write_parts, offset, NULL,
                      buffer, size);
}
