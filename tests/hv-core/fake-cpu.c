/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fake-cpu.c: see fake-cpu.h. */
#include "tests/hv-core/fake-cpu.h"

#include <elf.h>
#include <string.h>

#include "hv-core/guest/abi.h"
#include "hv-core/limits.h"
#include "hv-core/memory/memory.h"

#define MAX_FAKE_VMS 64
#define RFLAGS_IF    (UINT64_C(1) << 9)

typedef struct {
    HvCpu base;
    HvCpuClient client;
    HvMemory *memory;
    FakeScript script;
    unsigned at;     /* the next operation */
    HvTime progress; /* in a RUN */
    unsigned saved;  /* where IRET goes */
    HvTime saved_progress;
    bool interrupts;
    bool shadow; /* the instruction after STI is not interrupted */
    uint64_t value;
    volatile bool kicked;
} FakeCpu;

struct HvCpuMachine {
    unsigned vm;
    HvMemory *memory;
};

static FakeScript scripts[MAX_FAKE_VMS][HV_MAX_VCPUS_PER_VM];
static unsigned machines;

void fake_cpu_reset(void)
{
    memset(scripts, 0, sizeof(scripts));
    machines = 0;
}

void fake_cpu_play(unsigned vm, unsigned vcpu, const FakeScript *script)
{
    scripts[vm][vcpu] = *script;
}

uint64_t fake_cpu_value(HvCpu *cpu)
{
    return ((FakeCpu *)cpu)->value;
}

/* ---- The backend -------------------------------------------------------- */

static bool fake_probe(GError **error)
{
    return true;
}

static HvCpuMachine *fake_machine_new(HvMemory *memory, uint64_t clock_hz, GError **error)
{
    HvCpuMachine *machine = g_new0(HvCpuMachine, 1);
    machine->vm = machines++;
    machine->memory = memory;
    return machine;
}

static void fake_machine_free(HvCpuMachine *machine)
{
    g_free(machine);
}

static HvCpu *fake_cpu_new(HvCpuMachine *machine, unsigned index, const HvCpuClient *client,
                           GError **error)
{
    FakeCpu *cpu = g_new0(FakeCpu, 1);
    cpu->base.backend = &fake_cpu;
    cpu->client = *client;
    cpu->memory = machine->memory;
    cpu->script = scripts[machine->vm][index];
    cpu->interrupts = cpu->script.interrupts;
    g_assert_nonnull(cpu->script.ops);
    return &cpu->base;
}

static void fake_cpu_free(HvCpu *cpu)
{
    g_free(cpu);
}

static HvCpuPosition fake_position(HvCpu *base)
{
    FakeCpu *cpu = (FakeCpu *)base;
    return (HvCpuPosition){cpu->at, cpu->interrupts ? RFLAGS_IF : 0};
}

static void fake_get_regs(HvCpu *base, HvCpuRegs *regs)
{
    HvCpuPosition position = fake_position(base);
    *regs = (HvCpuRegs){.rip = position.rip, .rflags = position.rflags};
}

static void fake_set_regs(HvCpu *cpu, const HvCpuRegs *regs)
{
}

static bool fake_interrupt(HvCpu *base, uint8_t vector)
{
    FakeCpu *cpu = (FakeCpu *)base;
    if (!cpu->interrupts || cpu->shadow)
        return false;
    cpu->saved = cpu->at;
    cpu->saved_progress = cpu->progress;
    cpu->at = cpu->script.handler;
    cpu->progress = 0;
    cpu->interrupts = false;
    return true;
}

static void fake_kick(HvCpu *base)
{
    ((FakeCpu *)base)->kicked = true;
}

/* ---- Accesses ----------------------------------------------------------- */

static HvAccessKind access_kind(FakeOpKind kind)
{
    return kind == FAKE_READ    ? HV_ACCESS_READ
           : kind == FAKE_WRITE ? HV_ACCESS_WRITE
           : kind == FAKE_IN    ? HV_ACCESS_PORT_IN
           : kind == FAKE_OUT   ? HV_ACCESS_PORT_OUT
                                : HV_ACCESS_FETCH;
}

static bool is_ready(FakeCpu *cpu, const FakeOp *op)
{
    HvPageNo page = hv_gpa_page(HV_GPA(op->address));
    if ((op->kind != FAKE_READ && op->kind != FAKE_WRITE) ||
        page >= hv_memory_page_count(cpu->memory))
        return false;
    const HvMemoryEntry *entry = hv_memory_entry(cpu->memory, page);
    return entry->frame != HV_FRAME_NONE && (entry->writable || op->kind == FAKE_READ);
}

static void access_memory(FakeCpu *cpu, const FakeOp *op)
{
    uint64_t value = op->value;
    if (op->kind == FAKE_WRITE) {
        g_assert_cmpint(hv_memory_write(cpu->memory, HV_GPA(op->address), &value, op->size), ==, 0);
        return;
    }
    cpu->value = 0;
    g_assert_cmpint(hv_memory_read(cpu->memory, HV_GPA(op->address), &cpu->value, op->size), ==, 0);
}

/* False: the run ends with *ret_exit, and the operation has not been done. */
static bool do_access(FakeCpu *cpu, const FakeOp *op, HvCpuRun *run, bool *stop,
                      HvCpuExit *ret_exit)
{
    if (is_ready(cpu, op)) {
        access_memory(cpu, op);
        return true;
    }
    HvAccess access = {
        .kind = access_kind(op->kind),
        .gpa = HV_GPA(op->address),
        .size = op->size,
        .value = op->value,
        .rip = cpu->at,
    };
    HvAccessResult result = cpu->client.access(cpu->client.user, &cpu->base, &access);
    *stop = access.stop;
    if (result == HV_ACCESS_DONE) {
        if (op->kind == FAKE_READ || op->kind == FAKE_IN)
            cpu->value = access.value;
        return true;
    }
    if (result == HV_ACCESS_RAM) {
        access_memory(cpu, op);
        return true;
    }
    run->error = HV_CPU_ERROR_ACCESS;
    run->error_gpa = access.gpa;
    run->error_rip = cpu->at;
    *ret_exit = HV_CPU_ERROR;
    return false;
}

/* ---- Running ------------------------------------------------------------ */

typedef enum { GO_ON, LEAVE } After;

static After leave(HvCpuExit *ret_exit, HvCpuExit exit)
{
    *ret_exit = exit;
    return LEAVE;
}

/* One instruction; its time has been found to fit. */
static After execute(FakeCpu *cpu, const FakeOp *op, HvCpuRun *run, HvCpuExit *ret_exit)
{
    bool stop = false;
    cpu->shadow = op->kind == FAKE_STI;
    switch (op->kind) {
    case FAKE_READ:
    case FAKE_WRITE:
    case FAKE_IN:
    case FAKE_OUT:
    case FAKE_FETCH:
        if (!do_access(cpu, op, run, &stop, ret_exit))
            return LEAVE;
        break;
    case FAKE_TRIPLE_FAULT: return leave(ret_exit, HV_CPU_SHUTDOWN);
    case FAKE_UNSUPPORTED:
        run->error = HV_CPU_ERROR_UNSUPPORTED;
        run->error_rip = cpu->at;
        return leave(ret_exit, HV_CPU_ERROR);
    case FAKE_CLI: cpu->interrupts = false; break;
    case FAKE_STI: cpu->interrupts = true; break;
    default: break;
    }
    run->used_ns += op->ns;
    run->instructions++;
    cpu->at++;
    if (op->kind == FAKE_JUMP)
        cpu->at = (unsigned)op->value;
    if (op->kind == FAKE_IRET) {
        cpu->at = cpu->saved;
        cpu->progress = cpu->saved_progress;
        cpu->interrupts = true;
    }
    if (op->kind == FAKE_HLT)
        return leave(ret_exit, HV_CPU_HALT);
    return stop ? leave(ret_exit, HV_CPU_STOPPED) : GO_ON;
}

static HvCpuExit fake_run(HvCpu *base, HvCpuRun *run)
{
    FakeCpu *cpu = (FakeCpu *)base;
    HvCpuExit exit = HV_CPU_BUDGET;
    run->used_ns = 0;
    run->instructions = 0;
    run->error = HV_CPU_ERROR_NONE;
    for (;;) {
        if (run->want_window && cpu->interrupts && !cpu->shadow)
            return HV_CPU_INTERRUPT_WINDOW;
        if (cpu->kicked) {
            cpu->kicked = false;
            return HV_CPU_BUDGET;
        }
        const FakeOp *op = &cpu->script.ops[cpu->at];
        HvTime left = run->budget_ns - run->used_ns;
        if (op->kind == FAKE_RUN && cpu->shadow) {
            cpu->shadow = false; /* its first instructions are as short as one likes */
        } else if (op->kind == FAKE_RUN) {
            HvTime now = MIN(op->ns - cpu->progress, left);
            run->used_ns += now;
            cpu->progress += now;
            if (cpu->progress < op->ns)
                return HV_CPU_BUDGET;
            cpu->progress = 0;
            cpu->at++;
        } else if (op->ns > left) {
            return HV_CPU_BUDGET;
        } else if (execute(cpu, op, run, &exit) == LEAVE) {
            return exit;
        }
    }
}

const HvCpuBackend fake_cpu = {
    .name = "fake",
    .probe = fake_probe,
    .machine_new = fake_machine_new,
    .machine_free = fake_machine_free,
    .cpu_new = fake_cpu_new,
    .cpu_free = fake_cpu_free,
    .get_regs = fake_get_regs,
    .position = fake_position,
    .set_regs = fake_set_regs,
    .run = fake_run,
    .interrupt = fake_interrupt,
    .kick = fake_kick,
};

/* ---- The image ---------------------------------------------------------- */

const void *fake_cpu_image(size_t *ret_size)
{
    static struct {
        Elf64_Ehdr header;
        Elf64_Phdr code;
        uint8_t hlt[16];
    } image = {
        .header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
                               EV_CURRENT},
                   .e_type = ET_EXEC,
                   .e_machine = EM_X86_64,
                   .e_version = EV_CURRENT,
                   .e_entry = HV_GUEST_KERNEL_BASE,
                   .e_phoff = sizeof(Elf64_Ehdr),
                   .e_ehsize = sizeof(Elf64_Ehdr),
                   .e_phentsize = sizeof(Elf64_Phdr),
                   .e_phnum = 1},
        .code = {.p_type = PT_LOAD,
                 .p_flags = PF_R | PF_X,
                 .p_vaddr = HV_GUEST_KERNEL_BASE,
                 .p_paddr = HV_GUEST_KERNEL_BASE,
                 .p_filesz = 16,
                 .p_memsz = 16},
    };
    image.code.p_offset = G_STRUCT_OFFSET(__typeof__(image), hlt);
    *ret_size = sizeof(image);
    return &image;
}
