/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu.h: one virtual CPU, whichever backend executes it.
 *
 * Two backends implement this interface and run the same guest images: `kvm`
 * (the host's CPU through /dev/kvm) and `emulated` (an interpreter of our own).
 * The caller gives hv_cpu_run() a budget of virtual time; the CPU executes
 * guest code until one of the exits below and says how much of it was used.
 *
 * What a backend cannot do by itself it asks for through one synchronous
 * callback, HvCpuClient.access: a data access or instruction fetch that finds
 * its guest page absent, a write to a page mapped read-only, an access outside
 * RAM (a device's window), and port I/O. One instruction may ask several times
 * (a string move, an access across two pages).
 *
 * Time: the emulated backend executes instruction number N at N / clock_hz
 * seconds, so used_ns depends on the guest alone and slicing a run differently
 * changes nothing: a run executes as many instructions as end within the
 * budget (perhaps none), and the fraction of a ns is carried inside the CPU.
 * One iteration of a REP string instruction counts as one instruction. The kvm
 * backend charges the CPU time of its thread around KVM_RUN. While the access
 * callback runs, HvCpuRun.used_ns and .instructions already say what was used
 * before the accessing instruction: that is the time at which it happens.
 *
 * Interrupts: the caller offers one with hv_cpu_interrupt(). It is taken at
 * once (before the next instruction) when RFLAGS.IF is set and the CPU is not
 * in the shadow of STI or MOV SS; else hv_cpu_interrupt() returns false and
 * the caller sets HvCpuRun.want_window to be told when it can be.
 */
#pragma once

#include <glib.h>

#include "hv-core/types.h"

typedef struct HvCpu HvCpu;               /* a virtual CPU */
typedef struct HvCpuMachine HvCpuMachine; /* what the CPUs of one VM share */
typedef struct HvMemory HvMemory;

/* ---- Registers ---------------------------------------------------------- */

enum {
    HV_RAX,
    HV_RCX,
    HV_RDX,
    HV_RBX,
    HV_RSP,
    HV_RBP,
    HV_RSI,
    HV_RDI,
    HV_R8,
    HV_R9,
    HV_R10,
    HV_R11,
    HV_R12,
    HV_R13,
    HV_R14,
    HV_R15,
    HV_GPR_COUNT
};

enum { HV_ES, HV_CS, HV_SS, HV_DS, HV_FS, HV_GS, HV_SEGMENT_COUNT };

/* A segment register with its hidden part. attributes has the layout of bits
 * 8..23 of the second descriptor word (Intel SDM vol. 3, 3.4.5): type 0-3,
 * S 4, DPL 5-6, P 7, AVL 12, L 13, D/B 14, G 15. limit is in bytes. */
typedef struct {
    uint16_t selector;
    uint16_t attributes;
    uint32_t limit;
    uint64_t base;
} HvSegment;

typedef struct {
    uint64_t base;
    uint16_t limit;
} HvTableRegister;

typedef struct {
    uint64_t gpr[HV_GPR_COUNT];
    uint64_t rip;
    uint64_t rflags;
    HvSegment segment[HV_SEGMENT_COUNT];
    HvSegment tr;
    HvSegment ldt;
    HvTableRegister gdt;
    HvTableRegister idt;
    uint64_t cr0, cr2, cr3, cr4;
    uint64_t efer;
    uint64_t star, lstar, cstar, sfmask; /* MSRs of SYSCALL */
    uint64_t kernel_gs_base;
} HvCpuRegs;

/* Of HvCpuRegs, what is asked for at the end of most runs. */
typedef struct {
    uint64_t rip;
    uint64_t rflags;
} HvCpuPosition;

/* ---- Accesses a backend cannot complete by itself ----------------------- */

typedef enum {
    HV_ACCESS_READ,
    HV_ACCESS_WRITE,
    HV_ACCESS_FETCH,
    HV_ACCESS_PORT_IN,
    HV_ACCESS_PORT_OUT,
} HvAccessKind;

typedef struct {
    HvAccessKind kind;
    HvGpa gpa;      /* for port I/O: the port number. Never crosses a page. */
    unsigned size;  /* bytes: 1, 2, 4 or 8 */
    uint64_t value; /* in for writes; out for reads answered HV_ACCESS_DONE */
    uint64_t rip;   /* of the instruction (of the next one on a host that reports it so) */
    bool stop;      /* out: end the run after this instruction (HV_CPU_STOPPED) */
} HvAccess;

typedef enum {
    HV_ACCESS_DONE,  /* completed; value holds the answer to a read */
    HV_ACCESS_RAM,   /* the page is now present (and writable, for a write):
                        the backend completes the access against HvMemory */
    HV_ACCESS_BLOCK, /* not now: the run ends with HV_CPU_BLOCKED and the same
                        access is asked again at the start of the next run */
    HV_ACCESS_CRASH, /* this VM is over: the run ends with HV_CPU_ERROR */
} HvAccessResult;

typedef struct {
    /* May not call back into the CPU, except hv_cpu_get_regs(), which then
     * shows the instruction that makes the access (its RIP may be that of the
     * next instruction on a host that reports it so). The MSRs may then be as
     * of the last time they were read or set between two runs. */
    HvAccessResult (*access)(void *user, HvCpu *cpu, HvAccess *access);
    void *user;
} HvCpuClient;

/* ---- Running ------------------------------------------------------------ */

typedef enum {
    HV_CPU_BUDGET,           /* the budget is used */
    HV_CPU_HALT,             /* HLT executed; RIP is after it */
    HV_CPU_STOPPED,          /* an access asked to stop */
    HV_CPU_INTERRUPT_WINDOW, /* an interrupt can be taken now (was asked for) */
    HV_CPU_BLOCKED,          /* an access was answered HV_ACCESS_BLOCK */
    HV_CPU_SHUTDOWN,         /* triple fault */
    HV_CPU_ERROR,            /* see HvCpuError; the CPU must not run again */
} HvCpuExit;

typedef enum {
    HV_CPU_ERROR_NONE,
    HV_CPU_ERROR_FETCH,       /* instruction fetch from an absent page or device */
    HV_CPU_ERROR_ACCESS,      /* an access was answered HV_ACCESS_CRASH */
    HV_CPU_ERROR_UNSUPPORTED, /* this backend cannot execute the instruction */
    HV_CPU_ERROR_HOST,        /* KVM itself failed */
} HvCpuError;

typedef struct {
    /* in */
    HvTime budget_ns;
    bool want_window;
    /* out */
    HvTime used_ns;
    uint64_t instructions; /* executed in this run; 0 on kvm, which cannot tell */
    HvCpuError error;
    HvGpa error_gpa;
    uint64_t error_rip;
} HvCpuRun;

/* ---- A backend ---------------------------------------------------------- */

typedef struct HvCpuBackend {
    const char *name; /* "kvm", "emulated" */
    /* Runs should not be cut shorter than this without need: entering the guest
     * costs too much. 0: time is exact and runs of any length are cheap. */
    HvTime least_run_ns;

    /* Can this host run it? If not, error says why and what would help. */
    bool (*probe)(GError **error);

    /* The backend's side of a VM over its memory, which must outlive it.
     * clock_hz is used by emulated only. */
    HvCpuMachine *(*machine_new)(HvMemory *memory, uint64_t clock_hz, GError **error);
    void (*machine_free)(HvCpuMachine *machine);

    /* CPU number index of the VM, in the state after reset until set_regs().
     * client is copied. All CPUs of a machine run on one thread. */
    HvCpu *(*cpu_new)(HvCpuMachine *machine, unsigned index, const HvCpuClient *client,
                      GError **error);
    void (*cpu_free)(HvCpu *cpu);

    void (*get_regs)(HvCpu *cpu, HvCpuRegs *regs);
    HvCpuPosition (*position)(HvCpu *cpu);
    void (*set_regs)(HvCpu *cpu, const HvCpuRegs *regs);
    HvCpuExit (*run)(HvCpu *cpu, HvCpuRun *run);
    bool (*interrupt)(HvCpu *cpu, uint8_t vector);
    /* Asynchronous: may be called from a signal handler. The run in progress,
     * or else the next one, ends soon with HV_CPU_BUDGET. */
    void (*kick)(HvCpu *cpu);
} HvCpuBackend;

extern const HvCpuBackend hv_cpu_kvm;
extern const HvCpuBackend hv_cpu_emulated;

/* The backend called name ("auto", "kvm" or "emulated"); for "auto", kvm where
 * it works, else emulated. ret_why (may be NULL) receives a sentence saying
 * which was chosen and why; free with g_free(). NULL and error when it is
 * unknown or this host cannot. */
const HvCpuBackend *hv_cpu_backend_find(const char *name, char **ret_why, GError **error);

/* HvCpu begins with a pointer to its backend; these call through it. */
struct HvCpu {
    const HvCpuBackend *backend;
};

static inline HvCpuExit hv_cpu_run(HvCpu *cpu, HvCpuRun *run)
{
    return cpu->backend->run(cpu, run);
}

static inline bool hv_cpu_interrupt(HvCpu *cpu, uint8_t vector)
{
    return cpu->backend->interrupt(cpu, vector);
}

static inline void hv_cpu_get_regs(HvCpu *cpu, HvCpuRegs *regs)
{
    cpu->backend->get_regs(cpu, regs);
}

/* The same as in get_regs(), which on kvm takes calls of the host's kernel for what this
 * leaves out. */
static inline HvCpuPosition hv_cpu_position(HvCpu *cpu)
{
    return cpu->backend->position(cpu);
}

static inline void hv_cpu_set_regs(HvCpu *cpu, const HvCpuRegs *regs)
{
    cpu->backend->set_regs(cpu, regs);
}

#define HV_ERROR (hv_error_quark())
GQuark hv_error_quark(void);

typedef enum {
    HV_ERROR_UNAVAILABLE, /* this host cannot (exit code 3) */
    HV_ERROR_INVALID,     /* bad input (exit code 2) */
    HV_ERROR_NO_MEMORY,   /* the simulated host has no page frame left */
    HV_ERROR_FAILED,      /* the real host refused something */
} HvError;
