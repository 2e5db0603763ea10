/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu-image.h: the lowest 64 KiB of a test guest's memory.
 *
 * Page tables that map guest-virtual to guest-physical one to one, for ring 3
 * as well (4 KiB pages for the first 2 MiB, 2 MiB pages up to 1 GiB, and one
 * of 2 MiB for devices), descriptor tables for rings 0 and 3, and a TSS.
 */
#pragma once

#include <stdint.h>

#define CPU_GDT         0x1000u
#define CPU_GDT_BYTES   0x38u
#define CPU_IDT         0x2000u
#define CPU_TSS         0x3000u
#define CPU_TSS_BYTES   0x68u
#define CPU_TABLES      0x8000u /* PML4, PDPT, PD, PT of the first 2 MiB, PD of the devices */
#define CPU_IMAGE_BYTES 0x10000u
#define CPU_STACK0      0x28000u  /* top of the ring-0 stack, as the TSS says */
#define CPU_LARGE       0x200000u /* mapped by large pages from here on */
#define CPU_DEVICE      0xc0000000u

#define CPU_SELECTOR_CODE0 0x08
#define CPU_SELECTOR_DATA0 0x10
#define CPU_SELECTOR_DATA3 0x1b
#define CPU_SELECTOR_CODE3 0x23
#define CPU_SELECTOR_TSS   0x28

#define CPU_CR0  0x80010033u /* PG WP NE ET MP PE */
#define CPU_CR4  0x620u      /* OSXMMEXCPT OSFXSR PAE */
#define CPU_EFER 0xd01u      /* NXE LMA LME SCE */

/* Fills image, which is to be at guest-physical 0. Nothing but tables: what is
 * not named above is zero. */
void cpu_image_build(uint8_t image[CPU_IMAGE_BYTES]);
