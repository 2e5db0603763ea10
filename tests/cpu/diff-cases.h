/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff-cases.h: instructions that somebody once got wrong, as named tests. */
#pragma once

/* Adds them as /diff/case/NAME. */
void diff_add_cases(void);
