/* SPDX-License-Identifier: GPL-2.0-or-later */
/* code.c: what guests execute, into the trace of a run with detail full: the code of each
 * image, the names of its functions, and which VM has which. So whoever reads the trace
 * needs no image to say in which function a guest was left, and what stands around it.
 */
#include <string.h>

#include "hv-core/vm/elf.h"
#include "sim/engine/private.h"

static bool is_code(const HvElf *elf, uint64_t address)
{
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const HvElfSegment *segment = &elf->segments[i];

        if (segment->executable && address - segment->address < segment->size)
            return true;
    }
    return false;
}

static void record_image(SimEngine *engine, unsigned image, const HvElf *elf, const uint8_t *bytes)
{
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const HvElfSegment *segment = &elf->segments[i];

        if (segment->executable && segment->file_size > 0)
            SIM_TRACE_BLOB(engine->trace, SIM_SOURCE_WORLD, 0, GuestCode,
                           bytes + segment->file_offset, (uint32_t)segment->file_size,
                           .address = segment->address, .image = image, .user = segment->user);
    }
    for (unsigned i = 0; i < elf->symbol_count; i++) {
        const HvElfSymbol *symbol = &elf->symbols[i];

        if (is_code(elf, symbol->address))
            SIM_TRACE_BLOB(engine->trace, SIM_SOURCE_WORLD, 0, GuestFunction, symbol->name,
                           (uint32_t)strlen(symbol->name), .address = symbol->address,
                           .size = symbol->size, .image = image);
    }
}

void sim_engine_record_code(SimEngine *engine)
{
    for (unsigned i = 0; i < engine->images->len; i++) {
        const SimLoadedImage *image = engine->images->pdata[i];
        size_t size;
        const uint8_t *bytes = g_bytes_get_data(image->bytes, &size);
        g_autoptr(HvElf) elf = hv_elf_parse(bytes, size, NULL);

        /* One that cannot be read is refused when its VM is made, and with a reason. */
        if (elf)
            record_image(engine, i, elf, bytes);
    }
    for (unsigned vm = 0; vm < engine->scenario->vm_count; vm++)
        for (unsigned i = 0; i < engine->images->len; i++) {
            const SimLoadedImage *image = engine->images->pdata[i];

            if (!strcmp(image->program, engine->scenario->vms[vm].program))
                SIM_TRACE_BLOB(engine->trace, SIM_SOURCE_WORLD, 0, GuestImage, image->program,
                               (uint32_t)strlen(image->program), .image = i, .vm = vm);
        }
}
