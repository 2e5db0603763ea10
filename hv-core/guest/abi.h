/* SPDX-License-Identifier: GPL-2.0-or-later */
/* abi.h: what a guest and the hypervisor have agreed on.
 *
 * Included by both sides: freestanding, no includes but stdint. A guest image
 * is one static ELF64 (kernel and program linked together, see guest.ld). The
 * loader copies its segments to their physical addresses, fills the boot
 * information, builds page tables that map guest-virtual to guest-physical one
 * to one, and starts every vCPU at the ELF entry point in long mode, ring 0,
 * interrupts off, with the vCPU's index in RDI. All else (GDT, IDT, TSS,
 * stacks) is the guest kernel's business.
 *
 * Guest-physical memory, by address:
 *
 *   0x0000      not mapped: a null pointer faults
 *   0x1000      boot information (HvBootInfo), readable by ring 3, pinned
 *   0x8000      page tables: PML4, PDPT, PD, PT of the first 2 MiB, PD of the
 *               devices' GiB, PT of the last 2 MiB if memory ends inside them;
 *               pinned, ring 0 only
 *   0x10000     guest kernel: ring 0 only except its first page, which holds
 *               the SYSCALL entries (section .user_entry) and may be executed
 *               by ring 3; pinned
 *   0x60000     kernel stacks: for each vCPU a page that is not mapped, to
 *               catch overflow, then a pinned page of stack
 *   0x80000     program: mapped as its ELF segments say, for ring 3. Pages
 *               with code are pinned; the rest is resident as far as the file
 *               has bytes for it, and absent until touched beyond. The image
 *               ends below 2 MiB
 *   heap        from the end of the program's .bss to the stacks
 *   top         the program's stacks, HV_GUEST_STACK_BYTES for each vCPU, that
 *               of vCPU 0 highest; they grow down
 *   0xc0000000  devices, one page each, ring 0 only
 *
 * Below 2 MiB pages are mapped 4 KiB each; the rest of memory by 2 MiB pages,
 * for ring 3, writable, not executable. Accessed and dirty bits are set from
 * the start: nobody reads them, and the CPU need not write page tables then.
 */
#pragma once

#include <stdint.h>

#define HV_GUEST_BOOT_INFO           0x1000u
#define HV_GUEST_PAGE_TABLES         0x8000u
#define HV_GUEST_PAGE_TABLE_PAGES    6u
#define HV_GUEST_KERNEL_BASE         0x10000u
#define HV_GUEST_USER_ENTRY          0x10000u /* the page that ring 3 may execute */
#define HV_GUEST_KERNEL_STACKS       0x60000u
#define HV_GUEST_KERNEL_STACK_STRIDE 0x2000u
#define HV_GUEST_USER_BASE           0x80000u
#define HV_GUEST_IMAGE_END           0x200000u
#define HV_GUEST_STACK_BYTES         0x10000u
#define HV_GUEST_DEVICES             0xc0000000u
#define HV_GUEST_WINDOW              0x40000000u /* virtual, of programs that build page tables */

/* Device pages: HV_GUEST_DEVICES + slot * 4096. Virtio devices are virtio-mmio
 * version 2 (virtio 1.2, 4.2). */
enum {
    HV_SLOT_PLATFORM = 0, /* the registers below */
    HV_SLOT_CONSOLE = 1,  /* virtio-console: what the program prints */
    HV_SLOT_CONTROL = 2,  /* virtio-console: probe commands and their answers */
    HV_SLOT_NIC0 = 3,     /* virtio-net, one slot per NIC */
    HV_SLOT_BALLOON = 11, /* virtio-balloon, if HvBootInfo.balloon */
};

/* Interrupt vectors. Delivery is like that of an MSI: a device sets the vector
 * pending on vCPU 0, the vCPU takes it when it may (highest vector first), and
 * nothing has to be acknowledged but the virtio device's own InterruptACK. */
enum {
    HV_VECTOR_TIMER = 32, /* on the vCPU that set the deadline */
    HV_VECTOR_CONSOLE = 33,
    HV_VECTOR_CONTROL = 34,
    HV_VECTOR_NIC0 = 35, /* + number of the NIC */
    HV_VECTOR_BALLOON = 43,
    HV_VECTOR_IPI = 48,
};

/* Registers of the platform page. Widths in bytes; r or w. */
enum {
    HV_PLATFORM_NOW = 0x00,       /* r 8: virtual time in ns */
    HV_PLATFORM_DEADLINE = 0x08,  /* rw 8: one-shot timer of this vCPU, absolute ns;
                                     ~0 disarms; a time in the past fires at once */
    HV_PLATFORM_EXIT = 0x10,      /* w 4: the program ended with this code; the VM
                                     goes on answering the network */
    HV_PLATFORM_POWER_OFF = 0x18, /* w 4: the VM is done: every vCPU halts for good */
    HV_PLATFORM_IPI = 0x20,       /* w 4: vcpu << 8 | vector */
    HV_PLATFORM_CRASH = 0x28,     /* w 8: GPA of an HvCrashReport; the VM is crashed */
    HV_PLATFORM_YIELD = 0x30,     /* w 4: give up the rest of this time slice */
    HV_PLATFORM_MARK = 0x38,      /* w 8: an event "mark" with this number in the trace */
    HV_PLATFORM_FAULT = 0x40,     /* w 8: GPA of an HvCrashReport: the program (not the
                                     kernel) faulted and was ended; an event */
    HV_PLATFORM_STARTED = 0x48,   /* w 4: the program has begun its work: a job's clock
                                     starts here (hv-core/vm/job.h), else no effect */
};

/* Writing a byte to this port prints it on the VM's console without virtio. */
#define HV_PORT_DEBUG 0xe9u

typedef struct {
    uint64_t vector;
    uint64_t error_code;
    uint64_t rip;
    uint64_t rsp;
    uint64_t cr2;
    uint64_t rflags;
    uint64_t cs;
    char message[72]; /* NUL-terminated */
} HvCrashReport;

#define HV_BOOT_MAGIC     UINT64_C(0x31544f4f42564c48) /* "HLVBOOT1" */
#define HV_BOOT_MAX_ARGS  64
#define HV_BOOT_ARG_BYTES 2048
#define HV_BOOT_MAX_NICS  8
#define HV_BOOT_MAX_HOSTS 512

#define HV_BOOT_NIC_ROUTES 4

typedef struct {
    uint32_t network; /* IPv4 in host byte order */
    uint32_t gateway; /* 0: this and what follows are none */
    uint8_t prefix;
    uint8_t reserved[3];
} HvBootRoute;

typedef struct {
    uint8_t mac[6];
    uint16_t mtu;
    uint32_t address; /* IPv4 in host byte order; 0: none given */
    uint32_t gateway; /* 0: none */
    uint8_t prefix;   /* bits of the network part */
    uint8_t dhcp;     /* 1: no address was given, the guest asks a DHCP server for one */
    uint8_t reserved[2];
    HvBootRoute routes[HV_BOOT_NIC_ROUTES]; /* beside those that address and gateway make */
} HvBootNic;

typedef struct {
    char name[24]; /* NUL-terminated */
    uint32_t address;
} HvBootHost;

#define HV_BOOT_MAX_VCPUS 16

/* What the hypervisor tells a guest about a vCPU's time, as of the last time it
 * began or ceased to run (steal time: Linux, Documentation/virt/kvm/x86/msr.rst,
 * MSR_KVM_STEAL_TIME). The guest only reads it. */
typedef struct {
    uint64_t run_ns;   /* on a pCPU */
    uint64_t steal_ns; /* could have run, but another one did */
    uint64_t since_ns; /* the virtual time of that change */
    uint32_t running;  /* 1: it is on a pCPU */
    uint32_t reserved;
} HvTimeInfo;

/* At HV_GUEST_BOOT_INFO. */
typedef struct {
    uint64_t magic;
    uint64_t memory_bytes;
    uint64_t seed; /* for the guest's own random numbers; differs per VM */
    uint32_t vm;
    uint32_t vcpu_count;
    uint32_t nic_count;
    uint32_t host_count;
    uint32_t argc;                /* argv[0] is the program's name */
    uint32_t balloon;             /* 1: the VM has a balloon; 2: with statistics */
    char args[HV_BOOT_ARG_BYTES]; /* argc NUL-terminated strings, one after another */
    HvBootNic nics[HV_BOOT_MAX_NICS];
    HvTimeInfo time[HV_BOOT_MAX_VCPUS];  /* by vCPU */
    HvBootHost hosts[HV_BOOT_MAX_HOSTS]; /* what /etc/hosts is elsewhere */
} HvBootInfo;

_Static_assert(sizeof(HvBootInfo) <= HV_GUEST_PAGE_TABLES - HV_GUEST_BOOT_INFO,
               "boot information ends before the page tables");

/* The control console speaks lines of ASCII ended by '\n'.
 *
 * To the guest:
 *   probe ID icmp ADDRESS NONCE TIMEOUT_MS      one ICMP echo
 *   probe ID udp ADDRESS PORT NONCE TIMEOUT_MS  one datagram, answered by an echo server
 *   probe ID tcp ADDRESS PORT NONCE TIMEOUT_MS  one TCP connection: see below
 *   expect ID tcp PORT NONCE TIMEOUT_MS         such a connection will come; no answer
 *   cable NIC                                   its cable leads elsewhere now: ask again for
 *                                               an address that came by DHCP; no answer
 * From the guest:
 *   probe ID reply ADDRESS NONCE RTT_NS  ADDRESS answered with this NONCE
 *   probe ID timeout                     it left, and nothing came back in time
 *   probe ID unreachable ADDRESS TYPE CODE   ADDRESS sent an ICMP error with these numbers
 *   probe ID refused                     TCP: a reset
 *   probe ID other-answer                an answer that was something else
 *   probe ID no-route                    it did not leave: no route
 *   probe ID no-arp-answer ADDRESS       it did not leave: nobody answers ARP for ADDRESS
 *   probe ID not-run                     it did not leave: there was no room for it
 *   seen icmp NONCE ADDRESS              this guest received a probe with NONCE from ADDRESS
 *   seen udp NONCE ADDRESS
 *   seen tcp NONCE ADDRESS               an expected connection brought NONCE
 *   error TEXT                           a command was not understood
 * ID is decimal (32 bits), NONCE 16 hex digits, ADDRESS dotted decimal. A probe's
 * payload begins with the 8 bytes "hvprobe1", then the 8 bytes of the nonce, big-endian.
 * A TCP probe connects, sends these 16 bytes, gets them back, and closes. The guest that
 * expects it answers on that port itself where no program listens; where one does, the
 * connections to it are told apart by their first bytes, as long as the probe is expected. */
#define HV_PROBE_MAGIC "hvprobe1"
