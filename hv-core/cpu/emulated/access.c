/* SPDX-License-Identifier: GPL-2.0-or-later */
/* access.c: data accesses that the TLB does not answer.
 *
 * An access inside one page, or its two parts where it crosses into the next,
 * is first translated by the guest's tables as a whole, so that a fault in the
 * second part comes before any effect of the first. Then each part meets the
 * second-level table: RAM that is present is read or written; for anything
 * else the client is asked, in pieces of 1, 2, 4 or 8 bytes.
 *
 * An answer HV_ACCESS_BLOCK makes the whole instruction start over in the next
 * run. What the client has already done for it by then is in HvReplay, and is
 * answered from there rather than done twice.
 */
#include "hv-core/cpu/emulated/mmu.h"

#include "hv-core/cpu/emulated/execute.h"

#include <string.h>

/* Making one page of an access present may take another away when the host is
 * short of memory. After this many attempts the access is given up. */
#define ASK_ROUNDS 8

/* The bytes of an access in one page. */
typedef struct {
    HvGpa gpa;
    unsigned size;
    unsigned shift; /* bit of the value that its first byte begins at */
    bool done;      /* the client has completed it */
    bool asked;     /* the client has been asked, and says it is RAM */
} HvPart;

/* ---- Asking the client --------------------------------------------------- */

static bool replay_take(HvEmulatedCpu *cpu, HvAccess *access)
{
    HvReplay *replay = &cpu->replay;
    uint64_t number = hv_instruction_number(cpu);

    if (replay->instruction != number) {
        replay->instruction = number;
        replay->count = replay->position = 0;
    }
    if (replay->position == replay->count)
        return false;
    unsigned at = replay->position++;
    if (replay->access[at].kind != access->kind || replay->access[at].gpa != access->gpa.value) {
        replay->position = replay->count = at; /* memory changed in between: another way */
        return false;
    }
    access->value = replay->access[at].value;
    return true;
}

static HvStatus replay_add(HvEmulatedCpu *cpu, const HvAccess *access)
{
    HvReplay *replay = &cpu->replay;

    if (replay->count == HV_REPLAY_MAX)
        return hv_leave(cpu, HV_CPU_ERROR, HV_CPU_ERROR_UNSUPPORTED);
    replay->access[replay->count].kind = access->kind;
    replay->access[replay->count].gpa = access->gpa.value;
    replay->access[replay->count].value = access->value;
    replay->position = ++replay->count;
    return HV_OK;
}

/* The client may ask when this happens: at the end of the instruction before. */
static void tell_time(HvEmulatedCpu *cpu)
{
    uint64_t instructions = hv_instruction_number(cpu) - cpu->insn_number;
    unsigned __int128 end = cpu->time_rest + (unsigned __int128)instructions * HV_NS_PER_SECOND;

    cpu->run->instructions = instructions;
    cpu->run->used_ns = (HvTime)(end / cpu->machine->clock_hz);
}

/* One question to the client. *ret_ram: the page is there now, look again. */
static HvStatus ask(HvEmulatedCpu *cpu, HvAccess *access, bool *ret_ram)
{
    *ret_ram = false;
    if (replay_take(cpu, access))
        return HV_OK;
    tell_time(cpu);
    access->rip = cpu->rip;
    HvAccessResult result = cpu->client.access(cpu->client.user, &cpu->base, access);
    if (access->stop)
        cpu->stop = true;
    if (access->stop || (cpu->block && !hv_block_valid(cpu->block)))
        hv_attend(cpu);
    switch (result) {
    case HV_ACCESS_DONE: return replay_add(cpu, access);
    case HV_ACCESS_RAM: *ret_ram = true; return HV_OK;
    case HV_ACCESS_BLOCK: return hv_leave(cpu, HV_CPU_BLOCKED, HV_CPU_ERROR_NONE);
    default: cpu->error_gpa = access->gpa; return hv_leave(cpu, HV_CPU_ERROR, HV_CPU_ERROR_ACCESS);
    }
}

static unsigned piece_size(unsigned rest)
{
    return rest >= 8 ? 8 : rest >= 4 ? 4 : rest >= 2 ? 2 : 1;
}

static uint64_t low_bytes(uint64_t value, unsigned size)
{
    return size == 8 ? value : value & ((UINT64_C(1) << (8 * size)) - 1);
}

/* A watched page is asked for once by an instruction that reads and writes it. */
static void note_asked(HvEmulatedCpu *cpu, HvPart *part)
{
    part->asked = true;
    cpu->asked_page = hv_gpa_page(part->gpa);
    cpu->asked_instruction = hv_instruction_number(cpu) + 1;
}

static bool was_asked(const HvEmulatedCpu *cpu, const HvPart *part)
{
    return part->asked || (cpu->asked_instruction == hv_instruction_number(cpu) + 1 &&
                           cpu->asked_page == hv_gpa_page(part->gpa));
}

/* Asks for a part, piece by piece; value's low bytes are the part's. */
static HvStatus ask_part(HvEmulatedCpu *cpu, HvPart *part, HvAccessKind kind, uint64_t *value)
{
    uint64_t result = 0;

    for (unsigned at = 0; at < part->size;) {
        unsigned size = piece_size(part->size - at);
        HvAccess access = {.kind = kind, .gpa = HV_GPA(part->gpa.value + at), .size = size};
        bool ram;

        if (kind == HV_ACCESS_WRITE)
            access.value = low_bytes(*value >> (8 * at), size);
        HvStatus status = ask(cpu, &access, &ram);
        if (ram)
            note_asked(cpu, part);
        if (status != HV_OK || ram)
            return status;
        result |= low_bytes(access.value, size) << (8 * at);
        at += size;
    }
    part->done = true;
    if (kind == HV_ACCESS_READ)
        *value = result;
    return HV_OK;
}

/* ---- Parts --------------------------------------------------------------- */

static const HvMemoryEntry *part_entry(const HvEmulatedCpu *cpu, const HvPart *part)
{
    if (part->gpa.value >> HV_PAGE_SHIFT >= cpu->machine->page_count)
        return NULL;
    return hv_memory_entry(cpu->machine->memory, hv_gpa_page(part->gpa));
}

static bool part_ready(const HvEmulatedCpu *cpu, const HvPart *part, bool write)
{
    const HvMemoryEntry *entry = part_entry(cpu, part);

    return entry && entry->frame != HV_FRAME_NONE && (entry->writable || !write) &&
           (!entry->watched || was_asked(cpu, part));
}

/* The host's bytes of a part that is ready. */
static uint8_t *part_bytes(const HvEmulatedCpu *cpu, const HvPart *part)
{
    return cpu->machine->pool_data + (size_t)part_entry(cpu, part)->frame * HV_PAGE_SIZE +
           (part->gpa.value & HV_PAGE_MASK);
}

static HvStatus read_part(HvEmulatedCpu *cpu, HvPart *part, uint64_t *value)
{
    for (unsigned round = 0; round < ASK_ROUNDS; round++) {
        if (part_ready(cpu, part, false)) {
            const uint8_t *bytes = part_bytes(cpu, part);

            *value = 0;
            for (unsigned i = 0; i < part->size; i++)
                *value |= (uint64_t)bytes[i] << (8 * i);
            return HV_OK;
        }
        HvStatus status = ask_part(cpu, part, HV_ACCESS_READ, value);
        if (status != HV_OK || part->done)
            return status;
    }
    return hv_leave(cpu, HV_CPU_ERROR, HV_CPU_ERROR_HOST);
}

static void write_part(HvEmulatedCpu *cpu, const HvPart *part, uint64_t value)
{
    HvFrameNo frame = part_entry(cpu, part)->frame;
    uint8_t *bytes = part_bytes(cpu, part);

    if (hv_pool_info(cpu->machine->pool, frame)->has_code) {
        hv_pool_frame_written(cpu->machine->pool, frame);
        hv_attend(cpu); /* the block being executed may be the one changed */
    }
    for (unsigned i = 0; i < part->size; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
}

/* Writes all parts, or none and says why. The parts that are RAM are written
 * when all of them are present at the same time. */
static HvStatus write_parts(HvEmulatedCpu *cpu, HvPart *parts, unsigned count, uint64_t value)
{
    for (unsigned round = 0; round < ASK_ROUNDS; round++) {
        bool asked = false;

        for (unsigned i = 0; i < count; i++) {
            uint64_t bytes = value >> parts[i].shift;

            if (parts[i].done || part_ready(cpu, &parts[i], true))
                continue;
            HvStatus status = ask_part(cpu, &parts[i], HV_ACCESS_WRITE, &bytes);
            if (status != HV_OK)
                return status;
            asked = asked || !parts[i].done;
        }
        if (asked)
            continue;
        for (unsigned i = 0; i < count; i++)
            if (!parts[i].done)
                write_part(cpu, &parts[i], value >> parts[i].shift);
        return HV_OK;
    }
    return hv_leave(cpu, HV_CPU_ERROR, HV_CPU_ERROR_HOST);
}

/* Checks an access and cuts it into its parts: 1, or 2 across a page's end. */
static HvStatus make_parts(HvEmulatedCpu *cpu, uint64_t address, unsigned size, unsigned access,
                           HvPart parts[2], unsigned *ret_count)
{
    unsigned first = (unsigned)MIN(size, HV_PAGE_SIZE - (address & HV_PAGE_MASK));
    unsigned count = first < size ? 2 : 1;

    if (!hv_canonical(address) || !hv_canonical(address + size - 1))
        return hv_raise_error(cpu, access & HV_MEM_STACK ? HV_VECTOR_SS : HV_VECTOR_GP, 0);
    if (cpu->tlb == &cpu->tlbs[HV_TLB_CHECKED] && !(access & HV_MEM_SYSTEM) && address & (size - 1))
        return hv_raise_error(cpu, HV_VECTOR_AC, 0);
    parts[0] = (HvPart){.size = first};
    parts[1] = (HvPart){.size = size - first, .shift = 8 * first};
    for (unsigned i = 0; i < count; i++) {
        HvStatus status =
            hv_mmu_translate(cpu, i ? address + first : address, access, &parts[i].gpa);
        if (status != HV_OK)
            return status;
    }
    *ret_count = count;
    return HV_OK;
}

/* ---- Data accesses -------------------------------------------------------- */

/* Host memory of an access that the TLB answers, else NULL. */
static uint8_t *tlb_bytes(HvEmulatedCpu *cpu, uint64_t address, unsigned size, unsigned access)
{
    HvTlb *tlb = access & HV_MEM_SYSTEM ? &cpu->tlbs[HV_TLB_SUPERVISOR] : cpu->tlb;
    const HvTlbEntry *entry = &tlb->entry[(address >> HV_PAGE_SHIFT) % HV_TLB_ENTRIES];
    uint64_t page = (address + size - 1) & ~(uint64_t)HV_PAGE_MASK;
    uint64_t tag = access & HV_MEM_WRITE ? entry->write : entry->read;

    return tag == page ? (uint8_t *)(entry->delta + (uintptr_t)address) : NULL;
}

HvStatus hv_mem_read(HvEmulatedCpu *cpu, uint64_t address, unsigned size, unsigned access,
                     uint64_t *value)
{
    const uint8_t *bytes = tlb_bytes(cpu, address, size, access);
    HvPart parts[2];
    unsigned count;

    if (bytes) {
        *value = 0;
        for (unsigned i = 0; i < size; i++)
            *value |= (uint64_t)bytes[i] << (8 * i);
        return HV_OK;
    }
    HvStatus status = make_parts(cpu, address, size, access, parts, &count);
    uint64_t result = 0;
    for (unsigned i = 0; status == HV_OK && i < count; i++) {
        uint64_t part = 0;

        status = read_part(cpu, &parts[i], &part);
        result |= part << parts[i].shift;
    }
    if (status == HV_OK)
        *value = result;
    return status;
}

HvStatus hv_mem_write(HvEmulatedCpu *cpu, uint64_t address, unsigned size, unsigned access,
                      uint64_t value)
{
    uint8_t *bytes = tlb_bytes(cpu, address, size, access | HV_MEM_WRITE);
    HvPart parts[2];
    unsigned count;

    if (bytes) {
        for (unsigned i = 0; i < size; i++)
            bytes[i] = (uint8_t)(value >> (8 * i));
        return HV_OK;
    }
    HvStatus status = make_parts(cpu, address, size, access | HV_MEM_WRITE, parts, &count);
    return status == HV_OK ? write_parts(cpu, parts, count, value) : status;
}

HvStatus hv_mem_probe_write(HvEmulatedCpu *cpu, uint64_t address, unsigned size, unsigned access)
{
    HvPart parts[2];
    unsigned count;

    if (tlb_bytes(cpu, address, size, access | HV_MEM_WRITE))
        return HV_OK;
    return make_parts(cpu, address, size, access | HV_MEM_WRITE, parts, &count);
}

HvStatus hv_mem_physical(HvEmulatedCpu *cpu, HvGpa gpa, unsigned size, bool write, uint64_t *value)
{
    HvPart part = {.gpa = gpa, .size = size};

    return write ? write_parts(cpu, &part, 1, *value) : read_part(cpu, &part, value);
}

HvStatus hv_port_access(HvEmulatedCpu *cpu, HvAccessKind kind, uint16_t port, unsigned size,
                        uint64_t *value)
{
    HvAccess access = {.kind = kind, .gpa = HV_GPA(port), .size = size, .value = *value};
    bool ram;
    HvStatus status = ask(cpu, &access, &ram);

    if (status != HV_OK)
        return status;
    if (ram)
        return hv_leave(cpu, HV_CPU_ERROR, HV_CPU_ERROR_HOST);
    *value = low_bytes(access.value, size);
    return HV_OK;
}

/* ---- From execute.c -------------------------------------------------------- */

/* If something wants attention: a copy of op's instruction with a leaving op
 * behind it, so that the instruction is completed and the next not begun. */
static const HvOp *op_to_go_on(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned n = 0;

    if (!atomic_load_explicit(&cpu->attention, memory_order_relaxed) || op == cpu->scratch)
        return op;
    while (op[n].count == op->count && n < G_N_ELEMENTS(cpu->scratch) - 1) {
        cpu->scratch[n] = op[n];
        n++;
    }
    cpu->scratch[n] = op[n];
    cpu->scratch[n].handler = hv_execute_leave();
    return cpu->scratch;
}

static unsigned op_segment(const HvOp *op)
{
    return op->base == HV_RSP || op->base == HV_RBP ? HV_MEM_STACK : 0;
}

const HvOp *hv_slow_load(HvEmulatedCpu *cpu, const HvOp *op, uint64_t address, unsigned size,
                         bool for_write)
{
    hv_sync(cpu, op);
    cpu->status = hv_mem_read(cpu, address, size, op_segment(op) | (for_write ? HV_MEM_WRITE : 0),
                              &cpu->slow_value);
    return cpu->status == HV_OK ? op_to_go_on(cpu, op) : NULL;
}

const HvOp *hv_slow_store(HvEmulatedCpu *cpu, const HvOp *op, uint64_t address, unsigned size,
                          uint64_t value)
{
    hv_sync(cpu, op);
    cpu->status = hv_mem_write(cpu, address, size, op_segment(op), value);
    return cpu->status == HV_OK ? op_to_go_on(cpu, op) : NULL;
}
