/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff-block.h: a short program of random instructions, and what came of it.
 *
 * The interpreter is compared with the real CPU block by block: some 40
 * instructions of ring 3 that begin with the same registers and memory on both
 * sides and end in an exception, at the latest that of the UD2 behind them.
 * The generator (diff-generate.h) knows which flags are undefined where, and
 * lets no instruction read them; so everything else must be equal.
 *
 * Memory is the same for guests and for a process that runs the block natively:
 *
 *     DIFF_CODE   2 pages  the block somewhere inside, read-only
 *     DIFF_DATA   9 pages  0 1 2 writable, 3 writable (the stack), 4 absent,
 *                          5 read-only, 6 writable, 7 the kernel's (natively
 *                          absent), 8 absent
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hv-core/cpu/cpu.h"

#define DIFF_CODE       UINT64_C(0x10000)
#define DIFF_CODE_BYTES 0x2000u
#define DIFF_DATA       UINT64_C(0x40000)
#define DIFF_PAGE       0x1000u
#define DIFF_PAGES      9u
#define DIFF_STACK      (DIFF_DATA + 3 * DIFF_PAGE)
#define DIFF_MAX_BYTES  1280u /* of code */
#define DIFF_MAX_INSNS  112u

typedef enum { DIFF_ABSENT, DIFF_WRITABLE, DIFF_READ_ONLY, DIFF_SUPERVISOR } DiffPageKind;

extern const uint8_t diff_page_kinds[DIFF_PAGES]; /* DiffPageKind */

enum {
    DIFF_CF = 0x1,
    DIFF_PF = 0x4,
    DIFF_AF = 0x10,
    DIFF_ZF = 0x40,
    DIFF_SF = 0x80,
    DIFF_TF = 0x100,
    DIFF_IF = 0x200,
    DIFF_DF = 0x400,
    DIFF_OF = 0x800,
    DIFF_NT = 0x4000,
    DIFF_RF = 0x10000,
    DIFF_AC = 0x40000,
    DIFF_ID = 0x200000,
    DIFF_ARITHMETIC = DIFF_CF | DIFF_PF | DIFF_AF | DIFF_ZF | DIFF_SF | DIFF_OF,
};

typedef struct {
    uint16_t at;        /* offset in code */
    uint16_t undefined; /* flags that are undefined before it */
} DiffMark;

typedef struct {
    uint64_t start; /* address of the first instruction */
    unsigned size;  /* bytes of code; what follows is UD2 */
    unsigned count; /* instructions; mark[count] is the UD2 */
    DiffMark mark[DIFF_MAX_INSNS + 1];
    uint8_t code[DIFF_MAX_BYTES];
    uint64_t gpr[HV_GPR_COUNT];
    uint64_t rflags;
    uint64_t fs_base, gs_base;        /* not natively */
    const uint8_t (*data)[DIFF_PAGE]; /* DIFF_PAGES of it: memory before */
    bool straight;                    /* ends at its UD2 for sure */
} DiffBlock;

/* The state when the exception was raised. */
typedef struct {
    uint64_t gpr[HV_GPR_COUNT];
    uint64_t rip, rflags;
    unsigned vector;                 /* DIFF_NO_VECTOR: something else happened, see trouble */
    uint64_t error, cr2;             /* cr2 only with #PF */
    uint64_t error_unknown;          /* bits of error that are not to be compared */
    const uint8_t *page[DIFF_PAGES]; /* NULL: not to be compared; until the next run */
    char trouble[80];
} DiffResult;

#define DIFF_NO_VECTOR    UINT32_MAX
#define DIFF_VECTOR_UD    6u
#define DIFF_VECTOR_PF    14u
#define DIFF_VECTOR_COUNT 32u

/* Something that executes blocks. */
typedef struct DiffExecutor DiffExecutor;
struct DiffExecutor {
    const char *name;
    void (*run)(DiffExecutor *executor, const DiffBlock *block, DiffResult *result);
    void (*free)(DiffExecutor *executor);
    bool native; /* blocks must have been generated for a process */
};

/* Through hv_cpu_run(), with either backend; in slices of that time, or (0) in one go. */
DiffExecutor *diff_guest_new(const HvCpuBackend *backend, HvTime slice_ns);
/* In this process. Only one may exist. Its blocks all have this data. NULL and
 * the reason: not on this host. */
DiffExecutor *diff_native_new(const uint8_t (*data)[DIFF_PAGE], const char **ret_why);
/* NULL and the reason when Unicorn was not there at build time. */
DiffExecutor *diff_unicorn_new(const char **ret_why);

/* Are they equal? If not, describes the first differences in text. */
bool diff_compare(const DiffBlock *block, const DiffResult *ours, const DiffResult *real,
                  char *text, size_t text_bytes);

/* The same block with #UD in the place of instruction number count and of those behind it. */
void diff_truncate(const DiffBlock *block, unsigned count, DiffBlock *ret_block);

/* Finds the instruction that makes the two differ and prints it as TAP
 * comments, with the registers before it. what: diff_compare()'s text. */
void diff_explain(DiffExecutor *ours, DiffExecutor *real, const DiffBlock *block, const char *what);
