/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check.h: is this file a guest image that runs on every backend?
 *
 * Looks at an image without running it: it must be an ELF that the loader takes
 * (hv-core/vm/elf.h), fit into the smallest VM, and its code must consist of
 * instructions that every backend executes alike. Vector, x87 and BMI code is
 * refused: on KVM such an instruction fails when it touches a page that is not
 * present yet, and the interpreter does not have it.
 *
 * Executable segments are decoded from end to end, so they may hold nothing but
 * code (compilers keep constants elsewhere).
 */
#pragma once

#include <glib.h>

#include "hv-core/types.h"

#define HV_GUEST_CHECK_MAX_PROBLEMS 20

typedef struct {
    GPtrArray *problems; /* of char *, sentences; empty: the image is good. The first
                            HV_GUEST_CHECK_MAX_PROBLEMS are kept */
    unsigned problem_count;
    uint64_t file_bytes;
    uint64_t code_bytes;
    unsigned instructions;
    unsigned privileged;     /* instructions of the program that fault in ring 3; no problem */
    unsigned pinned_pages;   /* resident from load on in a VM of one vCPU, and never taken */
    unsigned resident_pages; /* the same, with what may be taken */
    uint64_t heap_bytes;     /* in the smallest VM, with one vCPU */
} HvGuestCheck;

/* Never NULL. image is borrowed for the call. */
HvGuestCheck *hv_guest_check(const void *image, size_t size);
void hv_guest_check_free(HvGuestCheck *check);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvGuestCheck, hv_guest_check_free)
