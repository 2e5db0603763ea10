/* SPDX-License-Identifier: GPL-2.0-or-later */
/* types.h: the words hv-core speaks in.
 *
 * Time is virtual and in ns since the run began. A guest-physical address is a
 * type of its own so that it cannot be dereferenced or mixed with a host
 * pointer by mistake. VMs, vCPUs, pCPUs and page frames are known by number:
 * numbers are given in order of creation and are what the trace records.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t HvTime; /* virtual ns since the run began */
#define HV_TIME_NEVER    UINT64_MAX
#define HV_NS_PER_SECOND UINT64_C(1000000000)

typedef struct {
    uint64_t value;
} HvGpa; /* guest-physical address, in bytes */

#define HV_GPA(v) ((HvGpa){(uint64_t)(v)})

#define HV_PAGE_SHIFT 12u
#define HV_PAGE_SIZE  4096u
#define HV_PAGE_MASK  (HV_PAGE_SIZE - 1u)

typedef uint32_t HvPageNo;  /* guest-physical address / HV_PAGE_SIZE */
typedef uint32_t HvFrameNo; /* a page frame of the host's pool */
#define HV_FRAME_NONE UINT32_MAX

#define HV_NO_PCPU UINT16_MAX
#define HV_NO_VM   UINT16_MAX
#define HV_NO_VCPU UINT16_MAX

static inline HvPageNo hv_gpa_page(HvGpa gpa)
{
    return (HvPageNo)(gpa.value >> HV_PAGE_SHIFT);
}
