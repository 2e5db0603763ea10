/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state.h: what the parts of the interpreter share. Private to emulated/.
 *
 * Code is executed as blocks: a run of guest instructions of one page,
 * translated to HvOps, which execute.c walks through. An HvOp does the work of
 * one instruction or part of it (an odd address is computed by an op of its
 * own; a compare and the branch behind it are one op). A block's instructions
 * are counted when it is entered; who leaves it early gives the rest back.
 *
 * Nothing of an instruction takes effect before all of its memory accesses
 * have succeeded, so an instruction that faults or blocks is simply executed
 * again. Device accesses already made by then are kept in HvReplay and not
 * made again.
 */
#pragma once

#include <stdatomic.h>

#include "hv-core/cpu/cpu.h"
#include "hv-core/cpu/emulated/decode.h"
#include "hv-core/memory/memory.h"

typedef struct HvEmulatedCpu HvEmulatedCpu;
typedef struct HvBlock HvBlock;

/* ---- Blocks ------------------------------------------------------------- */

/* Slots of HvEmulatedCpu.gpr beyond the registers. */
enum {
    HV_SLOT_ZERO = HV_REG_NONE, /* always 0: no base, no index */
    HV_SLOT_TEMP = 17,          /* address or operand computed by an op before */
    HV_SLOT_COUNT
};

typedef struct {
    const void *handler; /* label in execute.c */
    uint64_t imm;        /* immediate, or where a branch goes */
    uint64_t disp;       /* displacement, or where a branch not taken goes */
    uint8_t reg;         /* destination register */
    uint8_t rm;          /* source register */
    uint8_t base, index; /* slots of gpr */
    uint8_t shift;       /* of index; of ops for helpers also HV_OP_* below */
    uint8_t helper;      /* HvInsnId, of ops for helpers */
    uint8_t offset;      /* of the instruction in its block, in bytes */
    uint8_t count;       /* instructions of the block before this one */
} HvOp;

enum {
    HV_OP_SHIFT = 0x03,
    HV_OP_REGISTER = 0x04,  /* E is register rm, not memory */
    HV_OP_REP = 0x08,       /* F3 */
    HV_OP_REPNE = 0x10,     /* F2 */
    HV_OP_IMMEDIATE = 0x20, /* the form has an immediate */
    HV_OP_SIZE_SHIFT = 6,   /* two bits: log2 of the operand size */
    HV_OP_ADDRESS32 = 0x10, /* in rm of bit tests, beside the segment: the address is cut */
};

/* Bounds of a block; HvOp.offset and count must hold them. */
#define HV_BLOCK_MAX_INSNS 48u
#define HV_BLOCK_MAX_BYTES 240u
#define HV_BLOCK_MAX_OPS   (2 * HV_BLOCK_MAX_INSNS + 2)

struct HvBlock {
    uint64_t rip;               /* of the first instruction; part of the key */
    const HvFrameInfo *info;    /* of the frame it lies in */
    const HvFrameInfo *info2;   /* of the frame it ends in; mostly the same */
    uint32_t version, version2; /* code_version of both when it was translated */
    uint32_t count;             /* instructions */
    HvFrameNo frame;            /* part of the key */
    HvBlock *link[2];           /* blocks of the same page that follow: not taken, taken */
    HvBlock *hash_next;
    HvOp *ops;
};

static inline bool hv_block_valid(const HvBlock *block)
{
    return block->version == block->info->code_version &&
           block->version2 == block->info2->code_version;
}

/* ---- Translation look-aside buffer -------------------------------------- */

#define HV_TLB_ENTRIES  256u
#define HV_JUMP_ENTRIES 512u
#define HV_TLB_NONE     UINT64_MAX /* no page: tags are multiples of the page size */

/* One guest-virtual page. A tag is the page's address if that kind of access
 * may go straight to host memory at delta + address, else HV_TLB_NONE. */
typedef struct {
    uint64_t read;
    uint64_t write;
    uint64_t exec;
    uintptr_t delta;
} HvTlbEntry;

typedef struct {
    HvTlbEntry entry[HV_TLB_ENTRIES];
    HvBlock *jump[HV_JUMP_ENTRIES]; /* blocks recently entered, by RIP */
} HvTlb;

/* One per privilege; CHECKED is never filled: every access takes the slow path
 * and is checked for alignment (CR0.AM and RFLAGS.AC). */
enum { HV_TLB_SUPERVISOR, HV_TLB_USER, HV_TLB_CHECKED, HV_TLB_COUNT };

/* ---- Accesses made by an instruction not yet completed ------------------ */

#define HV_REPLAY_MAX 64u

typedef struct {
    uint64_t instruction; /* whose accesses these are: its number */
    unsigned count;       /* accesses answered HV_ACCESS_DONE */
    unsigned position;    /* of the next one, while they are gone through again */
    struct {
        HvAccessKind kind;
        uint64_t gpa;
        uint64_t value;
    } access[HV_REPLAY_MAX];
} HvReplay;

/* ---- A REP CMPS or SCAS that a run ended in ------------------------------ */

typedef struct {
    bool valid;
    uint64_t rip, next;      /* where it is; the number of the instruction that goes on with it */
    uint64_t flag_a, flag_b; /* the flags before its first iteration */
    uint32_t flag_kind;
} HvRepeat;

/* ---- The machine and its CPUs ------------------------------------------- */

#define HV_BLOCK_BUCKETS 4096u

struct HvCpuMachine {
    HvMemory *memory;
    HvPool *pool;
    uint8_t *pool_data;
    HvPageNo page_count;
    uint64_t clock_hz;
    HvEmulatedCpu *cpu[64];
    unsigned cpu_count;
    HvBlock *bucket[HV_BLOCK_BUCKETS];
    uint8_t *arena; /* blocks and their ops, one after another */
    size_t arena_used;
    unsigned arena_drops; /* how often all blocks were dropped */
};

/* How an operation inside the interpreter ended. */
typedef enum {
    HV_OK,
    HV_FAULT, /* HvEmulatedCpu.fault says which exception to deliver */
    HV_EXIT,  /* HvEmulatedCpu.exit says how the run ends; the instruction is not done */
} HvStatus;

typedef struct {
    uint8_t vector;
    bool has_error;
    uint32_t error;
} HvFaultInfo;

struct HvEmulatedCpu {
    HvCpu base;
    uint64_t gpr[HV_SLOT_COUNT];

    /* Lazy flags: what CF, PF, AF, ZF, SF, OF follow from (flags.h). */
    uint64_t flag_a, flag_b;
    uint32_t flag_kind;
    bool direction; /* RFLAGS.DF */

    HvTlb *tlb;           /* of the present privilege */
    HvBlock *block;       /* being executed; NULL between blocks */
    int64_t budget;       /* instructions left in this run, the block's already taken off */
    atomic_int attention; /* look up from the code: an exit, or something changed */
    uint64_t slow_value;  /* what hv_slow_load() read */
    HvStatus status;      /* why it returned NULL */
    unsigned done;        /* instructions of the block before the present one */

    uint64_t rip;          /* valid between blocks and in helpers */
    uint64_t system_flags; /* RFLAGS without the arithmetic flags and DF */
    uint8_t cpl;
    bool shadow;     /* interrupts wait for one more instruction */
    bool jumped;     /* a helper has set rip */
    bool debug_trap; /* #DB of a single step is to be delivered */

    HvFaultInfo fault;
    HvCpuExit exit;
    bool exiting; /* exit is valid */
    bool midway;  /* the run ended in an instruction that has already accessed devices */
    bool stop;    /* an access asked to stop after its instruction */
    HvCpuError error;
    HvGpa error_gpa;

    HvCpuRun *run;      /* in progress */
    int pending_vector; /* an interrupt accepted, not yet delivered; -1: none */
    HvReplay replay;
    HvRepeat repeat;
    /* The client was asked about this page for this instruction, plus 1; 0: for none. */
    HvPageNo asked_page;
    uint64_t asked_instruction;
    uint64_t insn_number; /* instructions executed before this run */
    int64_t run_budget;   /* of this run */
    uint64_t time_rest;   /* instructions * 10^9 mod clock_hz */
    atomic_int kicked;

    HvSegment segment[HV_SEGMENT_COUNT];
    HvSegment tr, ldt;
    HvTableRegister gdt, idt;
    uint64_t cr0, cr2, cr3, cr4, efer;
    uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
    uint64_t dr[8];

    HvCpuMachine *machine;
    HvCpuClient client;
    unsigned index;
    HvTlb tlbs[HV_TLB_COUNT];
    HvOp scratch[4];    /* the last ops before the block is left early */
    HvBlock temp_block; /* a block cut short by the budget */
    HvOp temp_ops[HV_BLOCK_MAX_OPS];
};

/* The number of the present instruction, counted from the CPU's first. */
static inline uint64_t hv_instruction_number(const HvEmulatedCpu *cpu)
{
    uint64_t entered = cpu->insn_number + (uint64_t)(cpu->run_budget - cpu->budget);

    return cpu->block ? entered - cpu->block->count + cpu->done : entered;
}

/* ---- Architectural constants -------------------------------------------- */

enum {
    HV_FLAG_CF = 1u << 0,
    HV_FLAG_PF = 1u << 2,
    HV_FLAG_AF = 1u << 4,
    HV_FLAG_ZF = 1u << 6,
    HV_FLAG_SF = 1u << 7,
    HV_FLAG_TF = 1u << 8,
    HV_FLAG_IF = 1u << 9,
    HV_FLAG_DF = 1u << 10,
    HV_FLAG_OF = 1u << 11,
    HV_FLAG_IOPL = 3u << 12,
    HV_FLAG_NT = 1u << 14,
    HV_FLAG_RF = 1u << 16,
    HV_FLAG_AC = 1u << 18,
    HV_FLAG_ID = 1u << 21,
    HV_FLAG_ONE = 1u << 1, /* always set */
    HV_FLAGS_ARITHMETIC =
        HV_FLAG_CF | HV_FLAG_PF | HV_FLAG_AF | HV_FLAG_ZF | HV_FLAG_SF | HV_FLAG_OF,
    HV_FLAGS_SYSTEM =
        HV_FLAG_TF | HV_FLAG_IF | HV_FLAG_IOPL | HV_FLAG_NT | HV_FLAG_RF | HV_FLAG_AC | HV_FLAG_ID,
};

enum {
    HV_VECTOR_DE = 0,
    HV_VECTOR_DB = 1,
    HV_VECTOR_BP = 3,
    HV_VECTOR_UD = 6,
    HV_VECTOR_NM = 7,
    HV_VECTOR_DF = 8,
    HV_VECTOR_TS = 10,
    HV_VECTOR_NP = 11,
    HV_VECTOR_SS = 12,
    HV_VECTOR_GP = 13,
    HV_VECTOR_PF = 14,
    HV_VECTOR_AC = 17,
};

#define HV_CR0_PE   (UINT64_C(1) << 0)
#define HV_CR0_MP   (UINT64_C(1) << 1)
#define HV_CR0_EM   (UINT64_C(1) << 2)
#define HV_CR0_TS   (UINT64_C(1) << 3)
#define HV_CR0_ET   (UINT64_C(1) << 4)
#define HV_CR0_NE   (UINT64_C(1) << 5)
#define HV_CR0_WP   (UINT64_C(1) << 16)
#define HV_CR0_AM   (UINT64_C(1) << 18)
#define HV_CR0_NW   (UINT64_C(1) << 29)
#define HV_CR0_CD   (UINT64_C(1) << 30)
#define HV_CR0_PG   (UINT64_C(1) << 31)
#define HV_CR4_PAE  (UINT64_C(1) << 5)
#define HV_CR4_PGE  (UINT64_C(1) << 7)
#define HV_EFER_SCE (UINT64_C(1) << 0)
#define HV_EFER_LME (UINT64_C(1) << 8)
#define HV_EFER_LMA (UINT64_C(1) << 10)
#define HV_EFER_NXE (UINT64_C(1) << 11)

/* Bits of HvSegment.attributes. */
enum {
    HV_SEG_TYPE = 0xf,
    HV_SEG_WRITABLE = 0x2,
    HV_SEG_CONFORMING = 0x4,
    HV_SEG_CODE = 0x8,
    HV_SEG_S = 0x10,
    HV_SEG_DPL_SHIFT = 5,
    HV_SEG_P = 0x80,
    HV_SEG_L = 0x2000,
    HV_SEG_DB = 0x4000,
    HV_SEG_G = 0x8000,
};

/* Physical addresses have this many bits; bits of a page-table entry above
 * them (up to 51) are reserved. */
#define HV_PHYSICAL_BITS 40u

static inline bool hv_canonical(uint64_t address)
{
    return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

/* ---- Raising -------------------------------------------------------------- */

static inline HvStatus hv_raise(HvEmulatedCpu *cpu, uint8_t vector)
{
    cpu->fault = (HvFaultInfo){.vector = vector};
    return HV_FAULT;
}

static inline HvStatus hv_raise_error(HvEmulatedCpu *cpu, uint8_t vector, uint32_t error)
{
    cpu->fault = (HvFaultInfo){.vector = vector, .has_error = true, .error = error};
    return HV_FAULT;
}

/* Ends the run; the instruction in progress is not executed. */
static inline HvStatus hv_leave(HvEmulatedCpu *cpu, HvCpuExit exit, HvCpuError error)
{
    cpu->exiting = true;
    cpu->exit = exit;
    cpu->error = error;
    return HV_EXIT;
}

/* Makes execute.c leave the code at the next instruction or block. */
static inline void hv_attend(HvEmulatedCpu *cpu)
{
    atomic_store_explicit(&cpu->attention, 1, memory_order_relaxed);
}
