/* SPDX-License-Identifier: GPL-2.0-or-later */
/* elf.h: reads a guest image, one static ELF64 for x86-64.
 *
 * hv_elf_parse() checks everything that the loader later relies on, so that a
 * hostile file ends here, in an HV_ERROR_INVALID that says what is wrong, and
 * nowhere else: each loadable segment lies inside the file and inside the part
 * of guest memory that abi.h gives to the kernel or to the program, begins on a
 * page of its own, is in ascending order and is not both writable and
 * executable; the entry point is kernel code.
 *
 * Function symbols are kept so that a report can name the function at an
 * address. Names are copied: an HvElf does not need the file's bytes any more,
 * but hv_loader_load() does, for the segments' contents.
 *
 * Source of the format: System V ABI, chapter 4, and its x86-64 supplement.
 */
#pragma once

#include <glib.h>

#include "hv-core/types.h"

#define HV_ELF_MAX_SEGMENTS 16

/* A loadable segment. Guest-virtual and guest-physical addresses are equal. */
typedef struct {
    uint64_t address; /* multiple of HV_PAGE_SIZE */
    uint64_t size;    /* bytes in memory, at least 1 */
    uint64_t file_offset;
    uint64_t file_size; /* <= size; the rest is zero */
    bool writable;
    bool executable;
    bool user; /* belongs to the program (ring 3), not to the kernel */
} HvElfSegment;

typedef struct {
    uint64_t address;
    uint64_t size; /* 0: up to the next symbol */
    const char *name;
} HvElfSymbol;

typedef struct HvElf {
    uint64_t entry;
    uint64_t end; /* first byte behind the last segment */
    unsigned segment_count;
    HvElfSegment segments[HV_ELF_MAX_SEGMENTS];
    unsigned symbol_count;
    HvElfSymbol *symbols; /* by address */
    char *names;
} HvElf;

/* bytes is borrowed for the call. */
HvElf *hv_elf_parse(const void *bytes, size_t size, GError **error);
void hv_elf_free(HvElf *elf);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvElf, hv_elf_free)

/* The function that address lies in, and how far into it; NULL: none known.
 * The name lives as long as elf. ret_offset may be NULL. */
const char *hv_elf_symbol(const HvElf *elf, uint64_t address, uint64_t *ret_offset);

/* The symbol called name; NULL: there is none. */
const HvElfSymbol *hv_elf_find(const HvElf *elf, const char *name);
