/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu-image.c: see cpu-image.h. Formats: Intel SDM vol. 3, 3.4.5, 4.5 and 8.7. */
#include "tests/cpu/cpu-image.h"

#include <string.h>

#define PTE_ALL    UINT64_C(7) /* present, writable, for ring 3 */
#define PTE_LARGE  UINT64_C(0x80)
#define PAGE       UINT64_C(0x1000)
#define LARGE_PAGE UINT64_C(0x200000)
#define ENTRIES    512u

static uint64_t *table(uint8_t *image, unsigned number)
{
    return (uint64_t *)(void *)(image + CPU_TABLES + number * PAGE);
}

static void build_tables(uint8_t *image)
{
    enum { PML4, PDPT, PD, PT, DEVICE_PD };

    table(image, PML4)[0] = (CPU_TABLES + PDPT * PAGE) | PTE_ALL;
    table(image, PDPT)[0] = (CPU_TABLES + PD * PAGE) | PTE_ALL;
    table(image, PDPT)[CPU_DEVICE >> 30] = (CPU_TABLES + DEVICE_PD * PAGE) | PTE_ALL;
    table(image, DEVICE_PD)[0] = CPU_DEVICE | PTE_ALL | PTE_LARGE;
    table(image, PD)[0] = (CPU_TABLES + PT * PAGE) | PTE_ALL;
    for (uint64_t i = 1; i < ENTRIES; i++)
        table(image, PD)[i] = i * LARGE_PAGE | PTE_ALL | PTE_LARGE;
    for (uint64_t i = 0; i < ENTRIES; i++)
        table(image, PT)[i] = i * PAGE | PTE_ALL;
}

static void build_descriptors(uint8_t *image)
{
    const uint64_t gdt[CPU_GDT_BYTES / sizeof(uint64_t)] = {
        0,
        UINT64_C(0x00af9b000000ffff), /* code, ring 0, 64-bit */
        UINT64_C(0x00cf93000000ffff), /* data, ring 0 */
        UINT64_C(0x00cff3000000ffff), /* data, ring 3 */
        UINT64_C(0x00affb000000ffff), /* code, ring 3, 64-bit */
        UINT64_C(0x00008b0000000000) | (CPU_TSS_BYTES - 1) | (uint64_t)CPU_TSS << 16, /* busy TSS */
        0, /* its second half */
    };
    const uint64_t stack0 = CPU_STACK0;
    const uint16_t no_io_bitmap = CPU_TSS_BYTES;

    memcpy(image + CPU_GDT, gdt, sizeof gdt);
    memcpy(image + CPU_TSS + 4, &stack0, sizeof stack0); /* RSP0 */
    memcpy(image + CPU_TSS + 102, &no_io_bitmap, sizeof no_io_bitmap);
}

void cpu_image_build(uint8_t image[CPU_IMAGE_BYTES])
{
    memset(image, 0, CPU_IMAGE_BYTES);
    build_tables(image);
    build_descriptors(image);
}
