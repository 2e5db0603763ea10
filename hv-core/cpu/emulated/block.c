/* SPDX-License-Identifier: GPL-2.0-or-later */
/* block.c: finding the translated code at an address.
 *
 * A block is known by where it begins: guest-virtual address and page frame.
 * It holds as long as the code_version of its frame (or both frames, when its
 * one instruction crosses into the next page) is what it was. Stale blocks are
 * not looked for; they go when the arena is full and everything is dropped.
 */
#include <string.h>

#include "hv-core/cpu/emulated/execute.h"
#include "hv-core/cpu/emulated/mmu.h"

#define ARENA_BYTES (8u << 20)

/* The code bytes at RIP, and the frames they lie in. */
typedef struct {
    const uint8_t *bytes;
    size_t available;
    HvFrameNo frame, frame2;
    uint8_t across[2 * HV_MAX_INSN_BYTES]; /* bytes of an instruction in two pages */
} HvCode;

static const uint8_t *frame_bytes(const HvCpuMachine *machine, HvFrameNo frame)
{
    return machine->pool_data + (size_t)frame * HV_PAGE_SIZE;
}

/* The code at RIP in its page. Where not even one instruction is whole there,
 * the next page is fetched as well. */
static HvStatus fetch_code(HvEmulatedCpu *cpu, HvCode *code)
{
    HvStatus status = hv_mmu_fetch(cpu, cpu->rip, &code->frame);
    if (status != HV_OK)
        return status;

    unsigned offset = (unsigned)(cpu->rip & HV_PAGE_MASK);
    HvInsn insn;
    code->bytes = frame_bytes(cpu->machine, code->frame) + offset;
    code->available = HV_PAGE_SIZE - offset;
    code->frame2 = code->frame;
    if (code->available >= HV_MAX_INSN_BYTES ||
        hv_decode(code->bytes, code->available, &insn) != HV_DECODE_TRUNCATED)
        return HV_OK;

    status = hv_mmu_fetch(cpu, cpu->rip + code->available, &code->frame2);
    if (status != HV_OK)
        return status;
    memcpy(code->across, code->bytes, code->available);
    memcpy(code->across + code->available, frame_bytes(cpu->machine, code->frame2),
           HV_MAX_INSN_BYTES);
    code->bytes = code->across;
    code->available += HV_MAX_INSN_BYTES;
    return HV_OK;
}

static unsigned bucket_of(uint64_t rip, HvFrameNo frame)
{
    return (unsigned)((rip ^ (rip >> 12) ^ frame * 0x9e3779b1u) % HV_BLOCK_BUCKETS);
}

static HvBlock *find(const HvCpuMachine *machine, uint64_t rip, const HvCode *code)
{
    const HvFrameInfo *info2 = hv_pool_info(machine->pool, code->frame2);
    HvBlock *block = machine->bucket[bucket_of(rip, code->frame)];

    while (block && !(block->rip == rip && block->frame == code->frame && block->info2 == info2 &&
                      hv_block_valid(block)))
        block = block->hash_next;
    return block;
}

static void drop_all(HvCpuMachine *machine)
{
    memset(machine->bucket, 0, sizeof(machine->bucket));
    machine->arena_used = 0;
    machine->arena_drops++;
    for (unsigned c = 0; c < machine->cpu_count; c++)
        for (unsigned i = 0; i < HV_TLB_COUNT; i++)
            memset(machine->cpu[c]->tlbs[i].jump, 0, sizeof(machine->cpu[c]->tlbs[i].jump));
}

static void *arena_alloc(HvCpuMachine *machine, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    if (machine->arena_used + size > ARENA_BYTES)
        return NULL;
    void *at = machine->arena + machine->arena_used;
    machine->arena_used += size;
    return at;
}

/* Copies a block to where it stays. */
static HvBlock *keep(HvCpuMachine *machine, const HvBlock *block, unsigned op_count)
{
    size_t ops_size = op_count * sizeof(HvOp);

    if (!machine->arena)
        machine->arena = g_malloc(ARENA_BYTES);
    if (machine->arena_used + sizeof(HvBlock) + ops_size + 32 > ARENA_BYTES)
        drop_all(machine);
    HvBlock *kept = arena_alloc(machine, sizeof(HvBlock));
    HvOp *ops = arena_alloc(machine, ops_size);
    *kept = *block;
    kept->ops = ops;
    memcpy(ops, block->ops, ops_size);
    HvBlock **bucket = &machine->bucket[bucket_of(kept->rip, kept->frame)];
    kept->hash_next = *bucket;
    *bucket = kept;
    return kept;
}

HvStatus hv_block_at_rip(HvEmulatedCpu *cpu, int64_t limit, HvBlock **ret_block)
{
    HvCpuMachine *machine = cpu->machine;
    HvCode code;
    HvStatus status = fetch_code(cpu, &code);
    if (status != HV_OK)
        return status;

    HvBlock *block = find(machine, cpu->rip, &code);
    if (!block || (int64_t)block->count > limit) {
        hv_mmu_watch_frame(machine, code.frame);
        if (code.frame2 != code.frame)
            hv_mmu_watch_frame(machine, code.frame2);
        block = &cpu->temp_block;
        *block = (HvBlock){
            .rip = cpu->rip,
            .frame = code.frame,
            .info = hv_pool_info(machine->pool, code.frame),
            .info2 = hv_pool_info(machine->pool, code.frame2),
            .ops = cpu->temp_ops,
        };
        block->version = block->info->code_version;
        block->version2 = block->info2->code_version;
        unsigned max = code.frame2 != code.frame ? 1 : HV_BLOCK_MAX_INSNS;
        unsigned cut = limit < (int64_t)max ? (unsigned)limit : max;
        unsigned ops = hv_translate(block, code.bytes, code.available, cut);
        if (block->count < cut || cut == max)
            block = keep(machine, block, ops);
    }
    if (block != &cpu->temp_block)
        cpu->tlb->jump[hv_jump_index(cpu->rip)] = block;
    *ret_block = block;
    return HV_OK;
}
