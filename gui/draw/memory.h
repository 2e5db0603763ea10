/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.h: a host's page frames and a VM's pages, as grids.
 *
 * Left the host's memory: one cell for each page frame, in the colour and pattern of
 * the VM that holds it; free ones are empty. Right each VM's own pages: untouched,
 * present (writable, read-only, shared, pinned), swapped out, in the balloon or taken
 * away. When there are more pages than cells, a cell stands for several and shows how
 * many of them are in use. A selected page is joined by a line to its page frame, a
 * selected page frame to all pages that it holds: the hypervisor's translation.
 */
#pragma once

#include "gui/draw/geometry.h"
#include "gui/draw/theme.h"
#include "gui/session/scene.h"

typedef struct GuiMemory GuiMemory;

/* One host's page frames and its VMs; or only one VM, with GUI_MEMORY_ALL for all. */
#define GUI_MEMORY_ALL UINT32_MAX
GuiMemory *gui_memory_new(const SimModel *model, unsigned host, uint32_t only_vm, double width,
                          double height, const GuiTheme *theme);
void gui_memory_free(GuiMemory *memory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GuiMemory, gui_memory_free)

void gui_memory_size(const GuiMemory *memory, double *ret_width, double *ret_height);
void gui_memory_draw(const GuiMemory *memory, cairo_t *cr, const GuiScene *scene);
/* The page frame or page at (x, y). */
GuiEntity gui_memory_hit(const GuiMemory *memory, double x, double y);
/* In words: a line per grid, over its title: "a: 37 of 512 pages"; and of its cells the one
 * that is selected with those around it, else the first. GArray of GuiItem. */
GArray *gui_memory_items(const GuiMemory *memory, const GuiScene *scene);
