/* SPDX-License-Identifier: GPL-2.0-or-later */
/* raw-hello.c: the least program that says hello from inside a VM.
 *
 * Linked statically, it knows nothing but /dev/kvm: one VM, one page of memory,
 * one vCPU in real mode that writes a line to a port, byte by byte, and halts.
 * What `hvlab run scenarios/first/hello.json` takes from exec to exit is
 * measured against it.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/*       mov si, text
 * next: lodsb
 *       out 0xe9, al
 *       test al, al
 *       jnz next
 *       hlt
 * text: db "Hello, world", 10, 0 */
static const uint8_t guest[] = {0xbe, 0x0b, 0x10, 0xac, 0xe6, 0xe9, 0x84, 0xc0, 0x75,
                                0xf9, 0xf4, 'H',  'e',  'l',  'l',  'o',  ',',  ' ',
                                'w',  'o',  'r',  'l',  'd',  '\n', 0};

static void need(int good, const char *what)
{
    if (good)
        return;
    perror(what);
    exit(3);
}

int main(void)
{
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

    need(kvm >= 0, "/dev/kvm");

    int vm = ioctl(kvm, KVM_CREATE_VM, 0);
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct kvm_userspace_memory_region slot = {
        .guest_phys_addr = 0x1000, .memory_size = 4096, .userspace_addr = (uintptr_t)memory};

    need(vm >= 0 && memory != MAP_FAILED, "KVM_CREATE_VM");
    memcpy(memory, guest, sizeof(guest));
    need(ioctl(vm, KVM_SET_TSS_ADDR, 0xfffbd000) == 0, "KVM_SET_TSS_ADDR");
    need(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot) == 0, "KVM_SET_USER_MEMORY_REGION");

    int cpu = ioctl(vm, KVM_CREATE_VCPU, 0);
    int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    struct kvm_run *run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu, 0);
    struct kvm_sregs sregs;
    struct kvm_regs regs = {.rip = 0x1000, .rflags = 2};

    need(cpu >= 0 && run != MAP_FAILED, "KVM_CREATE_VCPU");
    need(ioctl(cpu, KVM_GET_SREGS, &sregs) == 0, "KVM_GET_SREGS");
    sregs.cs.base = 0;
    sregs.cs.selector = 0;
    need(ioctl(cpu, KVM_SET_SREGS, &sregs) == 0, "KVM_SET_SREGS");
    need(ioctl(cpu, KVM_SET_REGS, &regs) == 0, "KVM_SET_REGS");
    for (;;) {
        need(ioctl(cpu, KVM_RUN, 0) == 0, "KVM_RUN");
        if (run->exit_reason == KVM_EXIT_HLT)
            return 0;
        need(run->exit_reason == KVM_EXIT_IO, "exit");

        uint8_t byte = *((uint8_t *)run + run->io.data_offset);

        if (byte)
            need(write(STDOUT_FILENO, &byte, 1) == 1, "stdout");
    }
}
