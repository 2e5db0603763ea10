/* SPDX-License-Identifier: GPL-2.0-or-later */
/* limits.h: every limit of hv-core in one place. */
#pragma once

#define HV_MAX_VMS          1024
#define HV_MAX_VCPUS_PER_VM 16
#define HV_MAX_PCPUS        64
#define HV_MAX_NICS_PER_VM  8
#define HV_MIN_VM_BYTES     (2u << 20)
/* MMIO begins at 3 GiB; page tables cover the first GiB. */
#define HV_MAX_VM_BYTES             (1u << 30)
#define HV_MAX_POOL_FRAMES          (4u << 20)        /* 16 GiB of host memory */
#define HV_MAX_QUEUE_SIZE           256               /* virtqueue entries */
#define HV_MAX_CHAIN_LENGTH         HV_MAX_QUEUE_SIZE /* descriptors in one chain */
#define HV_MAX_FRAME_BYTES          9216              /* Ethernet frame, jumbo */
#define HV_MAX_IMAGE_BYTES          (4u << 20)        /* an ELF file */
#define HV_NORMAL_SHARES            1000u             /* of memory, of a VM */
#define HV_MAX_STEPS_AT_ONE_INSTANT 100000u           /* then the host is stuck (host.h) */
