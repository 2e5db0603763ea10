/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtqueue.h: a split virtqueue, the device's side (virtio 1.2, 2.7).
 *
 * Three structures in guest memory. The driver writes buffers into the
 * *descriptor table*, chains them by index, and announces a chain by putting
 * its first index into the *available ring*. The device works on the chain and
 * puts the index into the *used ring*, with the number of bytes it wrote.
 *
 * Everything in guest memory may be nonsense or change under our hands.
 * Therefore each value is read once, by the checked accessor, and checked
 * before it is used: an index that runs ahead by more than the queue's size,
 * a chain longer than the queue (so also one with a loop), a next index or a
 * head out of range, a readable buffer after a writable one, an empty buffer,
 * one outside the VM's memory, an indirect table (which we do not offer) make
 * the chain bad. After that the queue must not be used until it is set up anew.
 */
#pragma once

#include "hv-core/limits.h"
#include "hv-core/memory/memory.h"

typedef struct {
    uint64_t gpa;
    uint32_t length;
} HvChainPart;

/* A chain taken from a queue: first the parts that the device reads, then those
 * that it writes. All parts lie inside the VM's memory and none is empty. */
typedef struct {
    uint16_t head;
    uint16_t read_parts, write_parts;
    uint64_t read_bytes, write_bytes;
    HvChainPart parts[HV_MAX_CHAIN_LENGTH];
} HvChain;

typedef enum {
    HV_CHAIN_NONE, /* nothing available */
    HV_CHAIN_TAKEN,
    HV_CHAIN_BAD,
} HvChainResult;

typedef struct {
    HvMemory *memory;
    /* What the driver sets up. */
    uint16_t size;
    uint64_t descriptors, available, used; /* guest-physical addresses */
    bool ready;
    /* Where the device is: free-running counters, as the rings' idx. */
    uint16_t next_available;
    uint16_t next_used;
    uint16_t bad_descriptor; /* after HV_CHAIN_BAD: where the trouble is */
} HvVirtqueue;

/* An empty queue that is not ready. */
void hv_virtqueue_init(HvVirtqueue *queue, HvMemory *memory);

/* Makes it ready; false, and it stays as it was, when size is no power of two
 * up to HV_MAX_QUEUE_SIZE or a ring is misaligned or not inside memory. */
bool hv_virtqueue_enable(HvVirtqueue *queue);

/* The next available chain. The queue must be ready. */
HvChainResult hv_virtqueue_take(HvVirtqueue *queue, HvChain *chain);

/* Takes back the last take: the chain stays available. */
void hv_virtqueue_untake(HvVirtqueue *queue);

/* Gives the chain back, with written bytes in its writable parts. false: the
 * used ring cannot be written. */
bool hv_virtqueue_give(HvVirtqueue *queue, const HvChain *chain, uint32_t written);

/* Does the driver want an interrupt for what was given back (2.7.7)? */
bool hv_virtqueue_wants_interrupt(HvVirtqueue *queue);

/* Copies size bytes out of the readable, or into the writable parts, beginning
 * at offset. The range must be inside the chain. false: memory refused. */
bool hv_chain_read(HvMemory *memory, const HvChain *chain, uint64_t offset, void *buffer,
                   size_t size);
bool hv_chain_write(HvMemory *memory, const HvChain *chain, uint64_t offset, const void *buffer,
                    size_t size);
