/* SPDX-License-Identifier: GPL-2.0-or-later */
/* names.h: names of states, modes and reasons as people read them: translated. Whatever goes
 * into JSON or is compared is sim_name()'s. */
#pragma once

#include "sim/trace/event.h"

/* gui_name(SIM_NAMES(VmState), state). Never NULL. */
const char *gui_name(const SimEnumInfo *list, unsigned value);
