/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff-generate-private.h: what the parts of the generator share.
 *
 * diff-generate.c chooses operands and puts blocks together; diff-arithmetic.c,
 * diff-transfer.c (moves, stack, strings, branches) and diff-odd.c (the last
 * instructions) hold the tables of what there is to choose from.
 */
#pragma once

#include "tests/cpu/diff-encode.h"
#include "tests/cpu/diff-generate.h"

struct DiffGenerator {
    uint64_t random;
    bool native, plain;
    DiffBlock block;
    uint8_t data[DIFF_PAGES][DIFF_PAGE];

    /* Where the generator stands in the block. */
    uint16_t known;               /* registers whose values it knows, */
    uint64_t value[HV_GPR_COUNT]; /* which are these */
    uint16_t written, used;       /* registers written, or part of an address */
    uint16_t undefined;           /* flags */
    bool inside;                  /* a body that may be skipped or repeated */
    bool wild;                    /* the last instruction: addresses may be bad */
};

/* ---- Random numbers ----------------------------------------------------- */

uint64_t diff_random(DiffGenerator *g);
unsigned diff_below(DiffGenerator *g, unsigned limit); /* 0 .. limit - 1 */
bool diff_chance(DiffGenerator *g, unsigned percent);
uint64_t diff_interesting(DiffGenerator *g); /* a number near an edge, or any */

/* ---- Putting instructions into the block --------------------------------- */

/* An instruction of random operand size (smallest 1 or 2), or of that size. */
DiffInsn diff_begin(DiffGenerator *g, unsigned opcode, unsigned least_size);
DiffInsn diff_sized(DiffGenerator *g, unsigned opcode, unsigned size);
void diff_emit(DiffGenerator *g, const DiffInsn *insn);
void diff_emit_bytes(DiffGenerator *g, const void *bytes, unsigned count); /* one instruction */
/* Flags that the instruction just emitted leaves defined and undefined. */
void diff_flags(DiffGenerator *g, unsigned defined, unsigned undefined);
/* The next instruction reads these flags: makes them defined. */
void diff_need_flags(DiffGenerator *g, unsigned flags);
unsigned diff_condition_flags(unsigned cc); /* that condition cc reads */
void diff_wrote(DiffGenerator *g, unsigned reg);
void diff_set_reg(DiffGenerator *g, unsigned reg, uint64_t value); /* emits a MOV */

/* ---- Operands ------------------------------------------------------------ */

typedef enum { DIFF_READ = 1, DIFF_WRITE = 2, DIFF_ALIGNED = 4 } DiffUse;

/* Picks G; write: it will be written. Returns the whole register's number. */
unsigned diff_pick_reg(DiffGenerator *g, DiffInsn *insn, bool byte, bool write);
/* Picks E, a register of 2, 4 or 8 bytes (byte: of one) or memory of so many. */
void diff_pick_rm(DiffGenerator *g, DiffInsn *insn, bool byte, unsigned bytes, unsigned use);
void diff_pick_rm_reg(DiffGenerator *g, DiffInsn *insn, bool byte, bool write);
void diff_pick_memory(DiffGenerator *g, DiffInsn *insn, unsigned bytes, unsigned use);
void diff_address(DiffGenerator *g, DiffInsn *insn, uint64_t target); /* makes E that address */
uint64_t diff_target(DiffGenerator *g, unsigned bytes, unsigned use); /* an address to use */
void diff_pick_immediate(DiffGenerator *g, DiffInsn *insn, unsigned bytes);
/* The whole register behind a byte register's number. */
unsigned diff_whole(const DiffInsn *insn, unsigned reg, bool byte);
/* The instruction has been emitted: E was written. */
void diff_wrote_rm(DiffGenerator *g, const DiffInsn *insn);

/* ---- Kinds of instructions ------------------------------------------------ */

typedef void (*DiffEmit)(DiffGenerator *g);
typedef struct {
    DiffEmit emit;
    unsigned weight;
} DiffKind;

extern const DiffKind diff_arithmetic_kinds[]; /* end in {0} */
extern const DiffKind diff_transfer_kinds[];
extern const DiffKind diff_stack_kinds[];  /* not inside a body */
extern const DiffKind diff_branch_kinds[]; /* not inside a body */
extern const DiffKind diff_odd_kinds[];    /* the last one of a block */

void diff_emit_kind(DiffGenerator *g, const DiffKind *kinds);
void diff_emit_simple(DiffGenerator *g); /* arithmetic or transfer */
