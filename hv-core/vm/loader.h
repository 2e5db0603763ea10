/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loader.h: puts a guest image into a VM's memory, ready to run.
 *
 * What the hypervisor does for a guest before its first instruction, as
 * guest/abi.h lays it down: boot information, page tables, the image's
 * segments, one kernel stack per vCPU. Page frames come from the VM's pool,
 * lowest page first, so that equal VMs get equal frames. Pages with code, page
 * tables, boot information and the kernel's are pinned. Pages that the image
 * has no bytes for (.bss, heap, stack) stay absent.
 */
#pragma once

#include <glib.h>

#include "hv-core/cpu/cpu.h"
#include "hv-core/guest/abi.h"
#include "hv-core/memory/memory.h"
#include "hv-core/vm/elf.h"

typedef struct {
    uint32_t vm;         /* the VM's number */
    unsigned vcpu_count; /* 1..HV_MAX_VCPUS_PER_VM */
    uint64_t seed;
    const char *const *args; /* NULL-terminated; args[0] is the program's name */
    const HvBootNic *nics;
    unsigned nic_count;
    const HvBootHost *hosts;
    unsigned host_count;
    bool balloon;    /* the VM has a balloon */
    bool statistics; /* which takes statistics */
    bool resident;   /* all of the image and the stacks is present from the start, and pinned */
    /* Called for each page that got a frame; may be NULL. */
    void (*page_mapped)(void *user, HvPageNo page, HvFrameNo frame, bool writable, bool pinned);
    void *user;
} HvLoaderConfig;

/* Loads elf, parsed from image, into memory, of which no page is present yet.
 * HV_ERROR_INVALID: what was asked for does not fit (memory too small, too many
 * arguments); nothing was mapped. HV_ERROR_NO_MEMORY: the pool ran out of
 * frames; some pages are mapped, free the memory. Borrows everything. */
bool hv_loader_load(HvMemory *memory, const HvElf *elf, const void *image,
                    const HvLoaderConfig *config, GError **error);

/* The state in which vCPU number index starts: long mode, ring 0, interrupts
 * off, at the entry point with its index in RDI. */
void hv_loader_regs(const HvElf *elf, unsigned index, HvCpuRegs *ret_regs);

/* Where the program's heap begins (the first page behind the image) and ends
 * (where the vCPUs' stacks begin). */
HvGpa hv_loader_heap_begin(const HvElf *elf);
HvGpa hv_loader_heap_end(uint64_t memory_bytes, unsigned vcpu_count);
