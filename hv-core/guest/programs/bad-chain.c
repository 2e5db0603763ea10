/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bad-chain [KIND]: drives the transmit queue of the control console, which
 * nobody else uses in a VM without NICs, with rings of its own, and puts a
 * malformed descriptor chain into it (KIND, or one after the other). The device
 * must report each, ask to be reset, and work again after that. */
#include "hv-core/guest/hvlab.h"

#define DEVICE     (UINT64_C(0xc0000000) + 2 * 4096) /* HV_SLOT_CONTROL */
#define QUEUE      1u
#define QUEUE_SIZE 8u

/* virtio 1.2: 2.7.5 and 4.2.2. */
enum { NEXT = 1, WRITE = 2, INDIRECT = 4 };
enum { NEEDS_RESET = 64 };
enum {
    REG_FEATURES = 0x20,
    REG_FEATURES_SEL = 0x24,
    REG_QUEUE_SEL = 0x30,
    REG_QUEUE_NUM = 0x38,
    REG_QUEUE_READY = 0x44,
    REG_QUEUE_NOTIFY = 0x50,
    REG_STATUS = 0x70,
    REG_DESC = 0x80,
    REG_DRIVER = 0x90,
    REG_DEVICE = 0xa0,
};

typedef struct {
    uint64_t address;
    uint32_t length;
    uint16_t flags, next;
} Descriptor;

static struct {
    _Alignas(16) Descriptor descriptors[QUEUE_SIZE];
    _Alignas(2) struct {
        volatile uint16_t flags, index, ring[QUEUE_SIZE];
    } available;
    _Alignas(4) struct {
        volatile uint16_t flags, index;
        struct {
            uint32_t id, length;
        } ring[QUEUE_SIZE];
    } used;
} rings;

static const char text[] = "well formed\n";
#define TEXT_PLACE 1 /* in the tables below: the address of text */

typedef struct {
    const char *name;
    Descriptor descriptors[QUEUE_SIZE];
    uint16_t head;
    uint16_t ahead; /* added to the available index beside the one chain */
} Chain;

static const Chain chains[] = {
    {.name = "loop", .descriptors = {{TEXT_PLACE, 4, NEXT, 1}, {TEXT_PLACE, 4, NEXT, 0}}},
    {.name = "next-out-of-range", .descriptors = {{TEXT_PLACE, 4, NEXT, QUEUE_SIZE}}},
    {.name = "head-out-of-range", .head = QUEUE_SIZE},
    {.name = "address-out-of-range", .descriptors = {{UINT64_C(1) << 40, 4, 0, 0}}},
    {.name = "address-wraps", .descriptors = {{UINT64_MAX - 1, 4, 0, 0}}},
    {.name = "length-out-of-range", .descriptors = {{TEXT_PLACE, UINT32_MAX, 0, 0}}},
    {.name = "empty", .descriptors = {{TEXT_PLACE, 0, 0, 0}}},
    {.name = "indirect", .descriptors = {{TEXT_PLACE, 16, INDIRECT, 0}}},
    {.name = "device-page", .descriptors = {{0xc0000000, 4, 0, 0}}},
    {.name = "index-ahead", .descriptors = {{TEXT_PLACE, 4, 0, 0}}, .ahead = QUEUE_SIZE},
};

static uint32_t read_reg(unsigned reg)
{
    return (uint32_t)debug_device_read(DEVICE + reg, 4);
}

static void write_reg(unsigned reg, uint32_t value)
{
    debug_device_write(DEVICE + reg, 4, value);
}

static void write_address(unsigned reg, const volatile void *address)
{
    write_reg(reg, (uint32_t)(uint64_t)address);
    write_reg(reg + 4, 0);
}

static void set_up(void)
{
    memset(&rings, 0, sizeof rings);
    write_reg(REG_STATUS, 0);
    write_reg(REG_STATUS, 3);
    write_reg(REG_FEATURES_SEL, 1);
    write_reg(REG_FEATURES, 1);
    write_reg(REG_STATUS, 11);
    write_reg(REG_QUEUE_SEL, QUEUE);
    write_reg(REG_QUEUE_NUM, QUEUE_SIZE);
    write_address(REG_DESC, rings.descriptors);
    write_address(REG_DRIVER, &rings.available);
    write_address(REG_DEVICE, &rings.used);
    write_reg(REG_QUEUE_READY, 1);
    write_reg(REG_STATUS, 15);
}

static void offer(const Chain *chain)
{
    memcpy(rings.descriptors, chain->descriptors, sizeof rings.descriptors);
    for (unsigned i = 0; i < QUEUE_SIZE; i++) {
        if (rings.descriptors[i].address == TEXT_PLACE)
            rings.descriptors[i].address = (uint64_t)text;
        rings.available.ring[i] = chain->head;
    }
    rings.available.index = (uint16_t)(rings.available.index + 1 + chain->ahead);
    write_reg(REG_QUEUE_NOTIFY, QUEUE);
}

static bool try_chain(const Chain *chain)
{
    static const Chain good = {.descriptors = {{TEXT_PLACE, sizeof text - 1, 0, 0}}};
    set_up();
    offer(chain);
    bool reported = read_reg(REG_STATUS) & NEEDS_RESET;
    bool untouched = rings.used.index == 0;
    set_up();
    offer(&good);
    bool works = rings.used.index == 1;
    printf("bad-chain: %s: %s, %s\n", chain->name,
           reported && untouched ? "refused" : "NOT REFUSED",
           works ? "works again" : "DOES NOT WORK AGAIN");
    return reported && untouched && works;
}

int main(int argc, char **argv)
{
    unsigned tried = 0, wrong = 0;
    for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++) {
        if (argc > 1 && strcmp(argv[1], chains[i].name) != 0)
            continue;
        tried++;
        wrong += !try_chain(&chains[i]);
    }
    printf("bad-chain: %u chains, %u wrong\n", tried, wrong);
    return tried > 0 && wrong == 0 ? 0 : 1;
}
