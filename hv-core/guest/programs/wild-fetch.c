/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wild-fetch: makes a heap page that was never touched executable and jumps into
 * it. The fetch finds no page frame: must crash the VM, on every backend. */
#include "hv-core/guest/hvlab.h"

int main(int argc, char **argv)
{
    uint8_t *page = heap_begin();
    debug_executable(page);
    __asm__ volatile("jmp *%0" : : "r"(page) : "memory");
    __builtin_unreachable();
}
