/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bare-kvm.h: the least that runs a guest on KVM, to measure hv-core against.
 *
 * One VM, one memory slot, one CPU, no library: what a program would do that
 * wants nothing but to execute this guest. It does set what every KVM program
 * must: CPUID, and on Intel the TSS address. CPUID is asked of the host once
 * per process. The state is that of cpu-fixture.h: long mode, ring 0 or 3,
 * tables of cpu-image.h. An error ends the program.
 */
#pragma once

#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    int kvm_fd;
    int vm_fd;
    int cpu_fd;
    struct kvm_run *run;
    size_t run_bytes;
    uint8_t *memory;
    size_t memory_bytes;
} BareKvm;

/* image is copied to guest-physical 0. */
void bare_kvm_create(BareKvm *bare, size_t memory_bytes, const void *image, size_t image_bytes);

/* General registers are those of start; segments and control registers follow. */
void bare_kvm_start(BareKvm *bare, unsigned ring, const struct kvm_regs *start);

/* One KVM_RUN; returns the exit reason. */
uint32_t bare_kvm_run(BareKvm *bare);

/* The same; false when a signal ended it instead. */
bool bare_kvm_run_or_signal(BareKvm *bare);
void bare_kvm_destroy(BareKvm *bare);
