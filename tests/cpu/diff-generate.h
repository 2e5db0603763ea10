/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff-generate.h: blocks of random instructions.
 *
 * Everything follows from the seed. The generator keeps account of which
 * registers have values it knows, so that memory operands hit what they are
 * to hit, and of which flags are undefined, so that no instruction reads them.
 * Only the last instruction of a block is meant to fault, or to be odd: bad
 * addresses, privileged instructions, divisions by anything, random bytes.
 */
#pragma once

#include "tests/cpu/diff-block.h"

typedef struct DiffGenerator DiffGenerator;

/* native: blocks that a process can execute as well (no segment bases, no
 * pages of the kernel). plain: nothing that faults. */
DiffGenerator *diff_generator_new(uint64_t seed, bool native, bool plain);
void diff_generator_free(DiffGenerator *generator);

/* The memory that all its blocks begin with. */
const uint8_t (*diff_generator_data(const DiffGenerator *generator))[DIFF_PAGE];

/* The next block; valid until the next call. */
const DiffBlock *diff_generator_next(DiffGenerator *generator);
