/* SPDX-License-Identifier: GPL-2.0-or-later */
/* error.c: hv-core's error domain. */
#include "hv-core/cpu/cpu.h"

GQuark hv_error_quark(void)
{
    return g_quark_from_static_string("hv-error");
}
