/* SPDX-License-Identifier: GPL-2.0-or-later */
/* raw-hello.c: the least program that runs the guest image hello on KVM.
 *
 * Linked statically, it knows nothing but /dev/kvm and hv-core/guest/abi.h: it
 * loads the ELF file given as its argument into one memory slot of 2 MiB, starts
 * the guest's kernel in long mode, plays the transmit queue of a virtio-console
 * for the program in ring 3, and ends when the guest powers the VM off. It does
 * what `hvlab run scenarios/first/hello.json` does for the guest, and nothing of
 * what that does for the person (scenario, trace, checks, report): no page is
 * given on demand, nothing is measured, nothing that the guest asks is checked.
 */
#include <elf.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hv-core/guest/abi.h"

#define MEMORY_BYTES (2u << 20)
#define PAGE_BYTES   4096u

/* Bits of page-table entries (Intel SDM vol. 3, 4.5); 0x60: accessed and dirty. */
#define PTE_KERNEL 0x61u
#define PTE_WRITE  0x02u
#define PTE_USER   0x04u
#define PTE_LARGE  0x90u /* and not cached */
#define PTE_NX     (UINT64_C(1) << 63)
#define PTE_TABLE  (PTE_KERNEL | PTE_WRITE | PTE_USER)

typedef struct {
    int kvm_fd, vm_fd, cpu_fd;
    uint8_t *memory;
    struct kvm_run *run;
    uint64_t entry;

    uint32_t status;
    uint64_t descriptors, available, used; /* of the queue set up last: the one that sends */
    uint16_t taken;
} Machine;

static int need(int result, const char *what)
{
    if (result >= 0)
        return result;
    perror(what);
    exit(3);
}

static void *map(size_t size, int flags, int fd)
{
    void *address = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

    need(address == MAP_FAILED ? -1 : 0, "mmap");
    return address;
}

/* ---- Memory --------------------------------------------------------------- */

static void set_pages(uint64_t *table, uint64_t begin, uint64_t end, uint64_t flags)
{
    for (uint64_t at = begin & ~(uint64_t)(PAGE_BYTES - 1); at < end; at += PAGE_BYTES)
        table[at / PAGE_BYTES] = at | flags;
}

static void load_segment(Machine *m, const uint8_t *file, const Elf64_Phdr *segment,
                         uint64_t *pages)
{
    uint64_t flags = PTE_KERNEL | (segment->p_flags & PF_W ? PTE_WRITE : 0) |
                     (segment->p_flags & PF_X ? 0 : PTE_NX) |
                     (segment->p_paddr >= HV_GUEST_USER_BASE ? PTE_USER : 0);

    memcpy(m->memory + segment->p_paddr, file + segment->p_offset, segment->p_filesz);
    set_pages(pages, segment->p_paddr, segment->p_paddr + segment->p_memsz, flags);
}

static void build_tables(Machine *m, const uint8_t *file)
{
    uint64_t at = HV_GUEST_PAGE_TABLES;
    uint64_t(*table)[PAGE_BYTES / sizeof(uint64_t)] = (void *)(m->memory + at);
    const Elf64_Ehdr *elf = (const Elf64_Ehdr *)file;
    const Elf64_Phdr *segments = (const Elf64_Phdr *)(file + elf->e_phoff);

    table[0][0] = (at + PAGE_BYTES) | PTE_TABLE;
    table[1][0] = (at + 2 * PAGE_BYTES) | PTE_TABLE;
    table[1][HV_GUEST_DEVICES >> 30] = (at + 4 * PAGE_BYTES) | PTE_TABLE;
    table[2][0] = (at + 3 * PAGE_BYTES) | PTE_TABLE;
    table[4][0] = HV_GUEST_DEVICES | PTE_KERNEL | PTE_WRITE | PTE_LARGE | PTE_NX;
    set_pages(table[3], HV_GUEST_BOOT_INFO, at, PTE_KERNEL | PTE_USER | PTE_NX);
    set_pages(table[3], at, HV_GUEST_USER_BASE, PTE_KERNEL | PTE_WRITE | PTE_NX);
    set_pages(table[3], HV_GUEST_USER_BASE, MEMORY_BYTES,
              PTE_KERNEL | PTE_USER | PTE_WRITE | PTE_NX);
    for (unsigned i = 0; i < elf->e_phnum; i++)
        if (segments[i].p_type == PT_LOAD)
            load_segment(m, file, &segments[i], table[3]);
    table[3][HV_GUEST_USER_ENTRY / PAGE_BYTES] |= PTE_USER;
    m->entry = elf->e_entry;
}

static void load(Machine *m, const char *path)
{
    struct stat stat;
    int fd = need(open(path, O_RDONLY | O_CLOEXEC), path);

    need(fstat(fd, &stat), path);
    m->memory = map(MEMORY_BYTES, MAP_SHARED | MAP_ANONYMOUS, -1);
    build_tables(m, map((size_t)stat.st_size, MAP_PRIVATE, fd));

    HvBootInfo *boot = (HvBootInfo *)(m->memory + HV_GUEST_BOOT_INFO);

    boot->magic = HV_BOOT_MAGIC;
    boot->memory_bytes = MEMORY_BYTES;
    boot->vcpu_count = boot->argc = 1;
    strcpy(boot->args, "hello");
}

/* ---- The virtual machine -------------------------------------------------- */

static void create(Machine *m)
{
    static struct {
        struct kvm_cpuid2 head;
        struct kvm_cpuid_entry2 entries[256];
    } cpuid = {.head.nent = 256};
    struct kvm_userspace_memory_region slot = {.memory_size = MEMORY_BYTES,
                                               .userspace_addr = (uintptr_t)m->memory};

    m->kvm_fd = need(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
    m->vm_fd = need(ioctl(m->kvm_fd, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
    ioctl(m->vm_fd, KVM_SET_TSS_ADDR, 0xfffbd000); /* only Intel knows it */
    need(ioctl(m->vm_fd, KVM_SET_USER_MEMORY_REGION, &slot), "KVM_SET_USER_MEMORY_REGION");
    m->cpu_fd = need(ioctl(m->vm_fd, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
    need(ioctl(m->kvm_fd, KVM_GET_SUPPORTED_CPUID, &cpuid), "KVM_GET_SUPPORTED_CPUID");
    need(ioctl(m->cpu_fd, KVM_SET_CPUID2, &cpuid), "KVM_SET_CPUID2");
    m->run = map((size_t)need(ioctl(m->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0), "run"), MAP_SHARED,
                 m->cpu_fd);
}

static void set_registers(Machine *m)
{
    const struct kvm_segment data = {
        .selector = 0x10, .limit = 0xffffffff, .type = 3, .present = 1, .s = 1, .g = 1, .db = 1};
    struct kvm_regs regs = {.rip = m->entry, .rflags = 2};
    struct kvm_sregs sregs;

    need(ioctl(m->cpu_fd, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
    sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = sregs.cs = data;
    sregs.cs.selector = 0x08;
    sregs.cs.type = 11;
    sregs.cs.l = 1;
    sregs.cs.db = 0;
    sregs.tr = (struct kvm_segment){.limit = 0x67, .type = 11, .present = 1};
    sregs.cr0 = 0x80010033;
    sregs.cr3 = HV_GUEST_PAGE_TABLES;
    sregs.cr4 = 0x20;
    sregs.efer = 0xd01;
    need(ioctl(m->cpu_fd, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
    need(ioctl(m->cpu_fd, KVM_SET_REGS, &regs), "KVM_SET_REGS");
}

/* ---- Its devices ---------------------------------------------------------- */

static void print_queued(Machine *m)
{
    struct vring_avail *available = (struct vring_avail *)(m->memory + m->available);
    struct vring_used *used = (struct vring_used *)(m->memory + m->used);
    struct vring_desc *text = (struct vring_desc *)(m->memory + m->descriptors);

    for (; m->taken != available->idx; used->idx = ++m->taken)
        need((int)write(STDOUT_FILENO, m->memory + text->addr, text->len), "stdout");
}

static void write_console(Machine *m, uint64_t reg, uint32_t value)
{
    switch (reg) {
    case VIRTIO_MMIO_STATUS: m->status = value; break;
    case VIRTIO_MMIO_QUEUE_DESC_LOW: m->descriptors = value; break;
    case VIRTIO_MMIO_QUEUE_AVAIL_LOW: m->available = value; break;
    case VIRTIO_MMIO_QUEUE_USED_LOW: m->used = value; break;
    case VIRTIO_MMIO_QUEUE_NOTIFY: print_queued(m); break;
    }
}

/* False: the VM is off. */
static bool answer(Machine *m)
{
    uint64_t address = m->run->mmio.phys_addr - HV_GUEST_DEVICES;
    uint32_t value;

    need(m->run->exit_reason == KVM_EXIT_MMIO ? 0 : -1, "an unexpected exit");
    if (address < PAGE_BYTES)
        return address != HV_PLATFORM_POWER_OFF;
    if (m->run->mmio.is_write) {
        memcpy(&value, m->run->mmio.data, sizeof(value));
        write_console(m, address % PAGE_BYTES, value);
    } else {
        memcpy(m->run->mmio.data, &m->status, sizeof(m->status));
    }
    return true;
}

int main(int argc, char **argv)
{
    Machine machine = {0};

    need(argc == 2 ? 0 : -1, "usage: raw-hello IMAGE");
    load(&machine, argv[1]);
    create(&machine);
    set_registers(&machine);
    do
        need(ioctl(machine.cpu_fd, KVM_RUN, 0), "KVM_RUN");
    while (answer(&machine));
    return 0;
}
