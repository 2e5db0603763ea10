/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bare-kvm.c: see bare-kvm.h. */
#include "tests/bench/bare-kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/cpu/cpu-image.h"

#define MAX_CPUID_ENTRIES 256

static int check(int ret, const char *what)
{
    if (ret < 0) {
        perror(what);
        exit(EXIT_FAILURE);
    }
    return ret;
}

static void *map(size_t size, int fd)
{
    int flags = fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
    void *address = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

    check(address == MAP_FAILED ? -1 : 0, "mmap");
    return address;
}

static void set_cpuid(BareKvm *bare)
{
    static struct {
        struct kvm_cpuid2 head;
        struct kvm_cpuid_entry2 entries[MAX_CPUID_ENTRIES];
    } cpuid;

    if (cpuid.head.nent == 0) {
        cpuid.head.nent = MAX_CPUID_ENTRIES;
        check(ioctl(bare->kvm_fd, KVM_GET_SUPPORTED_CPUID, &cpuid), "KVM_GET_SUPPORTED_CPUID");
    }
    check(ioctl(bare->cpu_fd, KVM_SET_CPUID2, &cpuid), "KVM_SET_CPUID2");
}

void bare_kvm_create(BareKvm *bare, size_t memory_bytes, const void *image, size_t image_bytes)
{
    *bare = (BareKvm){.memory_bytes = memory_bytes};
    bare->memory = map(memory_bytes, -1);
    memcpy(bare->memory, image, image_bytes);

    bare->kvm_fd = check(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
    bare->vm_fd = check(ioctl(bare->kvm_fd, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
    ioctl(bare->vm_fd, KVM_SET_TSS_ADDR, 0xfffbd000); /* only Intel knows it */

    struct kvm_userspace_memory_region region = {
        .memory_size = memory_bytes,
        .userspace_addr = (uintptr_t)bare->memory,
    };
    check(ioctl(bare->vm_fd, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");

    bare->cpu_fd = check(ioctl(bare->vm_fd, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
    set_cpuid(bare);
    bare->run_bytes =
        (size_t)check(ioctl(bare->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
    bare->run = map(bare->run_bytes, bare->cpu_fd);
}

static struct kvm_segment flat(uint16_t selector, uint8_t type, uint8_t dpl)
{
    bool code = type & 8;

    return (struct kvm_segment){
        .selector = selector,
        .limit = 0xffffffff,
        .type = type,
        .dpl = dpl,
        .present = 1,
        .s = 1,
        .g = 1,
        .l = code,
        .db = !code,
    };
}

void bare_kvm_start(BareKvm *bare, unsigned ring, const struct kvm_regs *start)
{
    bool user = ring == 3;
    struct kvm_sregs sregs;

    check(ioctl(bare->cpu_fd, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
    sregs.cs = flat(user ? CPU_SELECTOR_CODE3 : CPU_SELECTOR_CODE0, 11, user ? 3 : 0);
    sregs.ss = flat(user ? CPU_SELECTOR_DATA3 : CPU_SELECTOR_DATA0, 3, user ? 3 : 0);
    sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss;
    sregs.tr = (struct kvm_segment){.selector = CPU_SELECTOR_TSS,
                                    .base = CPU_TSS,
                                    .limit = CPU_TSS_BYTES - 1,
                                    .type = 11,
                                    .present = 1};
    sregs.gdt = (struct kvm_dtable){.base = CPU_GDT, .limit = CPU_GDT_BYTES - 1};
    sregs.idt = (struct kvm_dtable){.base = CPU_IDT, .limit = 4095};
    sregs.cr0 = CPU_CR0;
    sregs.cr3 = CPU_TABLES;
    sregs.cr4 = CPU_CR4;
    sregs.efer = CPU_EFER;
    check(ioctl(bare->cpu_fd, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
    check(ioctl(bare->cpu_fd, KVM_SET_REGS, start), "KVM_SET_REGS");
}

uint32_t bare_kvm_run(BareKvm *bare)
{
    check(ioctl(bare->cpu_fd, KVM_RUN, 0), "KVM_RUN");
    return bare->run->exit_reason;
}

bool bare_kvm_run_or_signal(BareKvm *bare)
{
    int ret = ioctl(bare->cpu_fd, KVM_RUN, 0);

    if (ret < 0 && errno == EINTR)
        return false;
    check(ret, "KVM_RUN");
    return true;
}

void bare_kvm_destroy(BareKvm *bare)
{
    munmap(bare->run, bare->run_bytes);
    close(bare->cpu_fd);
    close(bare->vm_fd);
    close(bare->kvm_fd);
    munmap(bare->memory, bare->memory_bytes);
}
