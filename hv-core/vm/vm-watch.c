/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm-watch.c: a variable of the guest's, read by the hypervisor (introspection).
 *
 * A guest that had to report what it holds would be charged for it, and every guest
 * image would have to contain the code. Its memory holds the truth anyhow, and the
 * image's symbols say where: so the hypervisor looks there by itself, and the guest
 * runs exactly as if it did not.
 *
 * It looks when vCPU 0 notifies a queue and when it waits in HLT. Both are done by the
 * guest on purpose and between two operations on its data, so that nothing is seen half
 * written; an exit in the midst of anything (the end of a slice, a page fault) would not
 * do. A page that is absent is looked at when it is back.
 *
 * Whatever the bytes say is the guest's word: the reader must not trust them.
 */
#include <string.h>

#include "hv-core/vm/host-private.h"
#include "hv-core/vm/vm.h"

struct HvWatch {
    uint64_t address;
    uint32_t bytes;
    uint8_t told[]; /* what the observer knows; at first zeroes, as in the image */
};

static bool is_inside(const HvVm *vm, const HvElfSymbol *symbol, const HvWatchConfig *config)
{
    uint64_t size = (uint64_t)hv_memory_page_count(vm->memory) * HV_PAGE_SIZE;
    return symbol->size == config->symbol_bytes && config->offset <= symbol->size &&
           config->bytes <= symbol->size - config->offset && symbol->address < size &&
           symbol->size <= size - symbol->address;
}

void hv_vm_begin_watch(HvVm *vm, const HvWatchConfig *config)
{
    const HvElfSymbol *symbol =
        config->symbol != NULL ? hv_elf_find(vm->elf, config->symbol) : NULL;
    if (symbol == NULL || !is_inside(vm, symbol, config))
        return;
    vm->watch = g_malloc0(sizeof *vm->watch + config->bytes);
    vm->watch->address = symbol->address + config->offset;
    vm->watch->bytes = config->bytes;
}

/* The bytes from an address to the end of its page; NULL: the page is absent. */
static const uint8_t *part_at(const HvVm *vm, uint64_t address)
{
    HvFrameNo frame = hv_memory_entry(vm->memory, hv_gpa_page(HV_GPA(address)))->frame;
    if (frame == HV_FRAME_NONE)
        return NULL;
    return hv_pool_data(vm->host->pool) + (size_t)frame * HV_PAGE_SIZE + (address & HV_PAGE_MASK);
}

void hv_vm_look_at_watch(HvVm *vm, HvStamp at)
{
    HvWatch *watch = vm->watch;
    bool changed = false;
    for (uint32_t done = 0, part; done < watch->bytes; done += part) {
        uint64_t address = watch->address + done;
        const uint8_t *bytes = part_at(vm, address);
        part = HV_PAGE_SIZE - (uint32_t)(address & HV_PAGE_MASK);
        part = MIN(part, watch->bytes - done);
        if (bytes == NULL || memcmp(watch->told + done, bytes, part) == 0)
            continue;
        memcpy(watch->told + done, bytes, part);
        changed = true;
    }
    if (changed)
        HV_REPORT(vm->host, watched, at, vm->number, watch->told, watch->bytes);
}
