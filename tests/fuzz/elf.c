/* SPDX-License-Identifier: GPL-2.0-or-later */
/* elf.c: any bytes as a guest image: parsed, asked for symbols, checked, and, if
 * they pass, loaded into a small VM. */
#include "hv-core/guest/check.h"
#include "hv-core/vm/elf.h"
#include "hv-core/vm/loader.h"

#define FRAMES 96 /* fewer than a large image wants, so that running out is tried too */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void load(const HvElf *elf, const uint8_t *data)
{
    static const char *const args[] = {"fuzz", NULL};
    g_autoptr(HvPool) pool = hv_pool_new(FRAMES, NULL);
    g_autoptr(HvMemory) memory = hv_memory_new(pool, UINT64_C(2) << 20, NULL);
    HvLoaderConfig config = {.vcpu_count = 1, .args = args};
    if (hv_loader_load(memory, elf, data, &config, NULL)) {
        HvCpuRegs regs;
        hv_loader_regs(elf, 0, &regs);
    }
    g_clear_pointer(&memory, hv_memory_free); /* before its pool */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(HvGuestCheck) check = hv_guest_check(data, size);
    g_autoptr(HvElf) elf = hv_elf_parse(data, size, NULL);
    if (!elf)
        return 0;
    for (uint64_t address = 0x10000; address < elf->end; address += 0x1111)
        hv_elf_symbol(elf, address, NULL);
    load(elf, data);
    return 0;
}
