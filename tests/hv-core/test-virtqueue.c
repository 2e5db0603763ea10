/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-virtqueue.c: the split virtqueue against a driver that is right, and
 * against one that is wrong in every way that the format allows. */
#include "tests/hv-core/virtio-driver.h"

#define SIZE 8

typedef struct {
    Driver driver;
    HvVirtqueue queue;
    HvChain chain;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    driver_init(&fixture->driver);
    hv_virtqueue_init(&fixture->queue, fixture->driver.memory);
    fixture->queue.size = SIZE;
    fixture->queue.descriptors = driver_descriptors(0);
    fixture->queue.available = driver_available(0);
    fixture->queue.used = driver_used(0);
    g_assert_true(hv_virtqueue_enable(&fixture->queue));
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    driver_clear(&fixture->driver);
}

static void descriptor(Fixture *fixture, uint16_t index, uint64_t gpa, uint32_t length,
                       uint16_t flags, uint16_t next)
{
    driver_descriptor(&fixture->driver, 0, index, gpa, length, flags, next);
}

static HvChainResult offer_and_take(Fixture *fixture, uint16_t head)
{
    driver_offer(&fixture->driver, 0, SIZE, head);
    return hv_virtqueue_take(&fixture->queue, &fixture->chain);
}

static void test_empty(Fixture *fixture, gconstpointer data)
{
    g_assert_cmpint(hv_virtqueue_take(&fixture->queue, &fixture->chain), ==, HV_CHAIN_NONE);
}

/* Two readable parts and one writable one, in table order 5, 1, 3. */
static void test_chain(Fixture *fixture, gconstpointer data)
{
    descriptor(fixture, 5, 0x40000, 3, NEXT, 1);
    descriptor(fixture, 1, 0x41000, 4, NEXT, 3);
    descriptor(fixture, 3, 0x42000, 100, WRITE, 0);
    driver_write(&fixture->driver, 0x40000, "abc", 3);
    driver_write(&fixture->driver, 0x41000, "defg", 4);

    g_assert_cmpint(offer_and_take(fixture, 5), ==, HV_CHAIN_TAKEN);
    g_assert_cmpuint(fixture->chain.head, ==, 5);
    g_assert_cmpuint(fixture->chain.read_parts, ==, 2);
    g_assert_cmpuint(fixture->chain.read_bytes, ==, 7);
    g_assert_cmpuint(fixture->chain.write_parts, ==, 1);
    g_assert_cmpuint(fixture->chain.write_bytes, ==, 100);

    char text[8] = "";
    g_assert_true(hv_chain_read(fixture->driver.memory, &fixture->chain, 2, text, 4));
    g_assert_cmpstr(text, ==, "cdef");
    g_assert_true(hv_chain_write(fixture->driver.memory, &fixture->chain, 10, "xyz", 3));
    driver_read(&fixture->driver, 0x4200a, text, 3);
    g_assert_cmpmem(text, 3, "xyz", 3);

    g_assert_true(hv_virtqueue_give(&fixture->queue, &fixture->chain, 13));
    g_assert_cmpuint(driver_used_index(&fixture->driver, 0), ==, 1);
    g_assert_cmpuint(driver_read32(&fixture->driver, driver_used(0) + 4), ==, 5);
    g_assert_cmpuint(driver_read32(&fixture->driver, driver_used(0) + 8), ==, 13);
    g_assert_cmpint(hv_virtqueue_take(&fixture->queue, &fixture->chain), ==, HV_CHAIN_NONE);
}

/* idx is free-running: 70000 buffers wrap it past 65535. */
static void test_wrap(Fixture *fixture, gconstpointer data)
{
    for (unsigned i = 0; i < 70000; i++) {
        uint16_t head = i % SIZE;
        descriptor(fixture, head, 0x40000, i % 1000 + 1, 0, 0);
        g_assert_cmpint(offer_and_take(fixture, head), ==, HV_CHAIN_TAKEN);
        g_assert_cmpuint(fixture->chain.head, ==, head);
        g_assert_cmpuint(fixture->chain.read_bytes, ==, i % 1000 + 1);
        g_assert_true(hv_virtqueue_give(&fixture->queue, &fixture->chain, i));
    }
    g_assert_cmpuint(driver_used_index(&fixture->driver, 0), ==, 70000 - 65536);
    /* The last one, number 69999, lies in entry 7 of the ring. */
    g_assert_cmpuint(driver_read32(&fixture->driver, driver_used(0) + 4 + 7 * 8 + 4), ==, 69999);
}

static void test_untake(Fixture *fixture, gconstpointer data)
{
    descriptor(fixture, 2, 0x40000, 9, WRITE, 0);
    g_assert_cmpint(offer_and_take(fixture, 2), ==, HV_CHAIN_TAKEN);
    hv_virtqueue_untake(&fixture->queue);
    fixture->chain.head = 77;
    g_assert_cmpint(hv_virtqueue_take(&fixture->queue, &fixture->chain), ==, HV_CHAIN_TAKEN);
    g_assert_cmpuint(fixture->chain.head, ==, 2);
}

/* A chain may use the whole table, but not more. */
static void test_longest_chain(Fixture *fixture, gconstpointer data)
{
    for (uint16_t i = 0; i < SIZE; i++)
        descriptor(fixture, i, 0x40000 + i * UINT64_C(16), 16, i < SIZE - 1 ? NEXT : 0, i + 1);
    g_assert_cmpint(offer_and_take(fixture, 0), ==, HV_CHAIN_TAKEN);
    g_assert_cmpuint(fixture->chain.read_parts, ==, SIZE);
}

static void test_interrupt_flag(Fixture *fixture, gconstpointer data)
{
    g_assert_true(hv_virtqueue_wants_interrupt(&fixture->queue));
    driver_set_available_flags(&fixture->driver, 0, 1);
    g_assert_false(hv_virtqueue_wants_interrupt(&fixture->queue));
    driver_set_available_flags(&fixture->driver, 0, 0);
    g_assert_true(hv_virtqueue_wants_interrupt(&fixture->queue));
}

/* ---- Wrong drivers ------------------------------------------------------ */

/* Up to three descriptors from index 0, offered as head 0; `at` is the
 * descriptor in which the trouble must be found. */
typedef struct {
    const char *name;
    struct {
        uint64_t gpa;
        uint32_t length;
        uint16_t flags, next;
    } descriptors[3];
    uint16_t at;
} BadChain;

static const BadChain bad_chains[] = {
    {"loop-to-itself", {{0x40000, 4, NEXT, 0}}, 0},
    {"loop-of-two", {{0x40000, 4, NEXT, 1}, {0x40000, 4, NEXT, 0}}, 0},
    {"next-is-size", {{0x40000, 4, NEXT, SIZE}}, SIZE},
    {"next-is-huge", {{0x40000, 4, NEXT, 0xffff}}, 0xffff},
    {"read-after-write", {{0x40000, 4, NEXT | WRITE, 1}, {0x41000, 4, 0, 0}}, 1},
    {"empty", {{0x40000, 0, 0, 0}}, 0},
    {"empty-second", {{0x40000, 1, NEXT, 1}, {0x40000, 0, WRITE, 0}}, 1},
    {"indirect", {{0x40000, 16, INDIRECT, 0}}, 0},
    {"unknown-flag", {{0x40000, 16, 0x8000, 0}}, 0},
    {"past-the-end", {{DRIVER_MEMORY_BYTES - 4, 5, 0, 0}}, 0},
    {"outside", {{0xc0000000, 4, WRITE, 0}}, 0},
    {"address-wraps", {{UINT64_MAX - 1, 4, 0, 0}}, 0},
    {"length-huge", {{0, UINT32_MAX, WRITE, 0}}, 0},
};

static void test_bad_chain(Fixture *fixture, gconstpointer data)
{
    const BadChain *bad = data;
    for (uint16_t i = 0; i < 3; i++)
        descriptor(fixture, i, bad->descriptors[i].gpa, bad->descriptors[i].length,
                   bad->descriptors[i].flags, bad->descriptors[i].next);
    g_assert_cmpint(offer_and_take(fixture, 0), ==, HV_CHAIN_BAD);
    g_assert_cmpuint(fixture->queue.bad_descriptor, ==, bad->at);
}

static void test_last_byte(Fixture *fixture, gconstpointer data)
{
    descriptor(fixture, 0, DRIVER_MEMORY_BYTES - 4, 4, WRITE, 0);
    g_assert_cmpint(offer_and_take(fixture, 0), ==, HV_CHAIN_TAKEN);
    g_assert_true(hv_chain_write(fixture->driver.memory, &fixture->chain, 0, "last", 4));
}

static void test_bad_head(Fixture *fixture, gconstpointer data)
{
    g_assert_cmpint(offer_and_take(fixture, SIZE), ==, HV_CHAIN_BAD);
    g_assert_cmpuint(fixture->queue.bad_descriptor, ==, SIZE);
}

/* idx may be ahead by the queue's size, not by more. */
static void test_index_jump(Fixture *fixture, gconstpointer data)
{
    descriptor(fixture, 0, 0x40000, 4, 0, 0);
    driver_set_available_index(&fixture->driver, 0, SIZE);
    g_assert_cmpint(hv_virtqueue_take(&fixture->queue, &fixture->chain), ==, HV_CHAIN_TAKEN);
    hv_virtqueue_untake(&fixture->queue);
    driver_set_available_index(&fixture->driver, 0, SIZE + 1);
    g_assert_cmpint(hv_virtqueue_take(&fixture->queue, &fixture->chain), ==, HV_CHAIN_BAD);
    driver_set_available_index(&fixture->driver, 0, 0xffff); /* backwards by one */
    g_assert_cmpint(hv_virtqueue_take(&fixture->queue, &fixture->chain), ==, HV_CHAIN_BAD);
}

typedef struct {
    const char *name;
    uint16_t size;
    uint64_t descriptors, available, used;
    bool good;
} Setup;

static const Setup setups[] = {
    {"usual", 8, 0x1000, 0x2000, 0x3000, true},
    {"largest", 256, 0x1000, 0x2000, 0x3000, true},
    {"one-entry", 1, 0x1000, 0x2000, 0x3000, true},
    {"size-0", 0, 0x1000, 0x2000, 0x3000, false},
    {"size-no-power-of-2", 6, 0x1000, 0x2000, 0x3000, false},
    {"size-too-large", 512, 0x1000, 0x2000, 0x3000, false},
    {"descriptors-misaligned", 8, 0x1008, 0x2000, 0x3000, false},
    {"available-misaligned", 8, 0x1000, 0x2001, 0x3000, false},
    {"used-misaligned", 8, 0x1000, 0x2000, 0x3002, false},
    {"descriptors-fit-exactly", 8, DRIVER_MEMORY_BYTES - 128, 0x2000, 0x3000, true},
    {"descriptors-outside", 8, DRIVER_MEMORY_BYTES - 112, 0x2000, 0x3000, false},
    {"available-fits-exactly", 8, 0x1000, DRIVER_MEMORY_BYTES - 20, 0x3000, true},
    {"available-outside", 8, 0x1000, DRIVER_MEMORY_BYTES - 18, 0x3000, false},
    {"used-fits-exactly", 8, 0x1000, 0x2000, DRIVER_MEMORY_BYTES - 68, true},
    {"used-outside", 8, 0x1000, 0x2000, DRIVER_MEMORY_BYTES - 64, false},
    {"address-wraps", 8, UINT64_MAX - 15, 0x2000, 0x3000, false},
};

static void test_setup(Fixture *fixture, gconstpointer data)
{
    const Setup *setup = data;
    hv_virtqueue_init(&fixture->queue, fixture->driver.memory);
    fixture->queue.size = setup->size;
    fixture->queue.descriptors = setup->descriptors;
    fixture->queue.available = setup->available;
    fixture->queue.used = setup->used;
    g_assert_true(hv_virtqueue_enable(&fixture->queue) == setup->good);
    g_assert_true(fixture->queue.ready == setup->good);
}

/* ---- Property: any good driver gets its bytes through ------------------- */

/* Random chains of random parts. The device copies what is readable, turned
 * upside down, into what is writable; a shadow of the buffers says what must
 * then be there. */
static void test_echo(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    uint8_t shadow[SIZE][512];
    for (unsigned round = 0; round < 20000; round++) {
        uint16_t readable = g_rand_int_range(rand, 1, SIZE);
        uint16_t writable = g_rand_int_range(rand, 1, SIZE - readable + 1);
        uint16_t first = g_rand_int_range(rand, 0, SIZE);
        uint8_t sent[SIZE * 512], got[SIZE * 512];
        unsigned sent_bytes = 0, room = 0;
        uint32_t lengths[SIZE];
        for (uint16_t i = 0; i < readable + writable; i++) {
            uint16_t index = (first + i) % SIZE;
            uint32_t length = lengths[i] = g_rand_int_range(rand, 1, 512);
            bool last = i == readable + writable - 1;
            descriptor(fixture, index, 0x40000 + index * UINT64_C(4093), length,
                       (i >= readable ? WRITE : 0) | (last ? 0 : NEXT), (index + 1) % SIZE);
            for (unsigned b = 0; b < length; b++)
                shadow[i][b] = (uint8_t)g_rand_int(rand);
            driver_write(&fixture->driver, 0x40000 + index * UINT64_C(4093), shadow[i], length);
            for (unsigned b = 0; i < readable && b < length; b++)
                sent[sent_bytes++] = shadow[i][b];
            room += i < readable ? 0 : length;
        }
        g_assert_cmpint(offer_and_take(fixture, first), ==, HV_CHAIN_TAKEN);
        g_assert_cmpuint(fixture->chain.read_bytes, ==, sent_bytes);
        g_assert_cmpuint(fixture->chain.write_bytes, ==, room);
        g_assert_true(hv_chain_read(fixture->driver.memory, &fixture->chain, 0, got, sent_bytes));
        g_assert_cmpmem(got, sent_bytes, sent, sent_bytes);
        unsigned size = MIN(sent_bytes, room);
        for (unsigned b = 0; b < size; b++)
            got[b] = (uint8_t)~sent[b];
        g_assert_true(hv_chain_write(fixture->driver.memory, &fixture->chain, 0, got, size));
        g_assert_true(hv_virtqueue_give(&fixture->queue, &fixture->chain, size));

        for (unsigned i = readable, done = 0; i < readable + writable; i++) {
            unsigned here = MIN(lengths[i], size - done);
            memcpy(shadow[i], got + done, here);
            done += here;
            uint8_t now[512];
            driver_read(&fixture->driver, 0x40000 + (first + i) % SIZE * UINT64_C(4093), now,
                        lengths[i]);
            g_assert_cmpmem(now, lengths[i], shadow[i], lengths[i]);
        }
    }
}

#define ADD(path, data, function)                                                                  \
    g_test_add("/virtqueue/" path, Fixture, data, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("empty", NULL, test_empty);
    ADD("chain", NULL, test_chain);
    ADD("wrap", NULL, test_wrap);
    ADD("untake", NULL, test_untake);
    ADD("longest-chain", NULL, test_longest_chain);
    ADD("interrupt-flag", NULL, test_interrupt_flag);
    ADD("last-byte", NULL, test_last_byte);
    ADD("bad-head", NULL, test_bad_head);
    ADD("index-jump", NULL, test_index_jump);
    ADD("echo", NULL, test_echo);
    for (unsigned i = 0; i < G_N_ELEMENTS(bad_chains); i++) {
        g_autofree char *path = g_strdup_printf("/virtqueue/bad-chain/%s", bad_chains[i].name);
        g_test_add(path, Fixture, &bad_chains[i], set_up, test_bad_chain, tear_down);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(setups); i++) {
        g_autofree char *path = g_strdup_printf("/virtqueue/setup/%s", setups[i].name);
        g_test_add(path, Fixture, &setups[i], set_up, test_setup, tear_down);
    }
    return g_test_run();
}
