/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter.h: which frames of a list are wanted, written as in Wireshark's display filters.
 *
 *     arp                              has that protocol
 *     ip.addr == 10.0.0.2              a field with that value (addr, port: either side)
 *     tcp.port != 80 and frame.len > 100
 *     not (udp or icmp)                also ! && ||
 *     ip.dst == 10.0.0.0/8             every address that begins so
 *     eth.src == 02:00:00:00:00:0a
 *     frame.time >= 1.5ms
 *     dns.qry.name contains "lab"
 *     "reply"                          that text in the line that sums the frame up
 *
 * `==` holds if any field of that name has the value, `!=` if none has it. Words:
 * == eq, != ne, > gt, < lt, >= ge, <= le, contains.
 */
#pragma once

#include <glib.h>

#include "netsim/proto/dissect.h"

#define GUI_FILTER_MAX_TESTS 200u

#define GUI_FILTER_ERROR (g_quark_from_static_string("gui-filter")) /* code 0: cannot be read */

typedef struct GuiFilter GuiFilter;

/* NULL with a GError that says what is wrong, where, and what is allowed. Only blanks: a filter
 * that every frame fits. */
GuiFilter *gui_filter_new(const char *text, GError **error);
void gui_filter_free(GuiFilter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GuiFilter, gui_filter_free)

typedef struct {
    const NetDissection *whole;
    uint64_t number, length, time; /* from 1; bytes; ns */
} GuiFilterFrame;

bool gui_filter_fits(const GuiFilter *filter, const GuiFilterFrame *frame);
/* Every frame fits? */
bool gui_filter_is_empty(const GuiFilter *filter);

/* The names of protocols and fields that may stand there; NULL-terminated, static strings;
 * g_free() the list. */
const char **gui_filter_names(void);
