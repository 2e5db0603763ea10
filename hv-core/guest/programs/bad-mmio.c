/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bad-mmio: touches device registers in ways that no device answers: unaligned,
 * of the wrong width, where there is no register, no device, and no memory. Each
 * must read as all ones, be reported, and do nothing else. */
#include "hv-core/guest/hvlab.h"

#define DEVICES UINT64_C(0xc0000000)
#define CONSOLE (DEVICES + 0x1000)

typedef struct {
    uint64_t address;
    unsigned size;
    const char *what;
} Access;

static const Access accesses[] = {
    {DEVICES + 0x01, 8, "unaligned"},
    {DEVICES + 0x00, 4, "too narrow"},
    {DEVICES + 0x10, 8, "too wide"},
    {DEVICES + 0x800, 8, "no such register of the platform"},
    {CONSOLE + 0x70, 1, "a byte of a register"},
    {CONSOLE + 0x71, 4, "unaligned register"},
    {CONSOLE + 0xa8, 4, "no such register of the console"},
    {DEVICES + 0xffe, 4, "across two devices"},
    {DEVICES + 0x100000, 4, "no device in that slot"},
    {DEVICES + 0x1ffff8, 8, "the last of the window"},
};

static uint64_t ones(unsigned size)
{
    return size == 8 ? UINT64_MAX : (UINT64_C(1) << size * 8) - 1;
}

int main(int argc, char **argv)
{
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof accesses / sizeof accesses[0]; i++) {
        const Access *access = &accesses[i];
        uint64_t got = debug_device_read(access->address, access->size);
        if (got != ones(access->size)) {
            printf("bad-mmio: %s: read 0x%lx\n", access->what, got);
            wrong++;
        }
        debug_device_write(access->address, access->size, 0);
    }
    printf("bad-mmio: %u answers that should not be\n", wrong);
    return wrong == 0 ? 0 : 1;
}
