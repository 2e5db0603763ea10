/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shared.h: the large parts of a model, shared between its copies.
 *
 * A VM's pages and its console text are counted references; whoever is about to
 * change one that has other owners makes its own first. Pages lie in chunks that
 * are shared one by one, so a copy that changes one page costs one chunk.
 */
#pragma once

#include "sim/model/model.h"

SimPages *sim_pages_new(uint32_t count);
SimPages *sim_pages_ref(SimPages *pages);
void sim_pages_unref(SimPages *pages); /* NULL is fine */
/* page must be below the count. A page that nobody has set is absent. */
SimModelPage sim_pages_get(const SimPages *pages, uint32_t page);
/* *pages becomes a reference of its own if others have it too. */
void sim_pages_set(SimPages **pages, uint32_t page, SimModelPage value);

SimText *sim_text_new(void);
SimText *sim_text_ref(SimText *text);
void sim_text_unref(SimText *text); /* NULL is fine */
size_t sim_text_length(const SimText *text);
/* NUL-terminated, besides; holds until the next change of any copy. */
const char *sim_text_get(SimText *text);
/* *text becomes a reference of its own if others have it too. */
void sim_text_append(SimText **text, const void *bytes, size_t size);
