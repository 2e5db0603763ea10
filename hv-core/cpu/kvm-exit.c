/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kvm-exit.c: what is done about each reason for which KVM_RUN returns.
 *
 * Data accesses that no slot covers, and writes to read-only slots, come as
 * KVM_EXIT_MMIO with up to 8 bytes. Those bytes are gone through in pieces: a
 * piece in a page that is present (and writable, for a write) is done here,
 * every other one is asked of the client. The same exit may be gone through in
 * several runs when the client answers "block": `answered` says how far.
 *
 * An instruction fetch from where there is no RAM is none of those: KVM cannot
 * emulate what it cannot read, and reports an internal error.
 */
#include "hv-core/cpu/kvm.h"

#include <string.h>
#include <time.h>

#define MAX_INSTRUCTION_BYTES 15u
#define MAX_REAL_NS           20000u /* a callback that takes longer may have been interrupted */

HvCpuExit hv_kvm_fail(HvKvmCpu *cpu, HvCpuRun *run, HvCpuError error, HvGpa gpa)
{
    hv_kvm_need_regs(cpu);
    cpu->phase = HV_KVM_FAILED;
    run->error = error;
    run->error_gpa = gpa;
    run->error_rip = cpu->run->s.regs.regs.rip;
    return HV_CPU_ERROR;
}

/* ---- Asking the client -------------------------------------------------- */

static HvTime real_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (HvTime)now.tv_sec * HV_NS_PER_SECOND + (HvTime)now.tv_nsec;
}

/* The callback is told what was used up to now, and is itself not charged.
 * Nearly always it takes a few us of real time, and then that is what it took:
 * reading the thread's CPU time is a system call, reading real time is none.
 * Else the host may have run something else meanwhile, and CPU time tells. */
static HvAccessResult ask(HvKvmCpu *cpu, HvCpuRun *run, HvAccess *access)
{
    HvTime real_before = real_ns();
    HvTime before = hv_kvm_clock_ns();

    run->used_ns = hv_kvm_used_ns(cpu, before);
    hv_kvm_need_regs(cpu);
    access->rip = cpu->run->s.regs.regs.rip;
    cpu->in_access = true;
    HvAccessResult result = cpu->client.access(cpu->client.user, &cpu->base, access);
    cpu->in_access = false;
    cpu->stop = cpu->stop || access->stop;

    HvTime real = real_ns() - real_before;
    cpu->away_ns += real < MAX_REAL_NS ? real : hv_kvm_clock_ns() - before;
    return result;
}

/* ---- MMIO --------------------------------------------------------------- */

static bool is_present(const HvKvmCpu *cpu, HvGpa gpa, bool write)
{
    const HvMemory *memory = cpu->machine->memory;

    if (gpa.value >> HV_PAGE_SHIFT >= hv_memory_page_count(memory))
        return false;
    const HvMemoryEntry *entry = hv_memory_entry(memory, hv_gpa_page(gpa));
    return entry->frame != HV_FRAME_NONE && !entry->watched && (entry->writable || !write);
}

/* KVM should never report a fetch as a read. If it does, the address is that
 * of the instruction itself, whose page is then absent: no instruction that
 * was fetched reads from there. */
static bool is_fetch(HvKvmCpu *cpu, HvGpa gpa)
{
    HvGpa rip;

    if (((gpa.value ^ cpu->run->s.regs.regs.rip) & HV_PAGE_MASK) != 0)
        return false;
    return hv_kvm_translate(cpu, hv_kvm_linear_rip(cpu), &rip) && rip.value == gpa.value;
}

/* The largest size that an access may have, of count bytes within a page. */
static unsigned access_size(size_t count)
{
    return count >= 8 ? 8 : count >= 4 ? 4 : count >= 2 ? 2 : 1;
}

static bool transfer(HvKvmCpu *cpu, HvGpa gpa, uint8_t *bytes, size_t count, bool write)
{
    HvMemory *memory = cpu->machine->memory;

    return (write ? hv_memory_write(memory, gpa, bytes, count)
                  : hv_memory_read(memory, gpa, bytes, count)) == 0;
}

/* Asks for one piece of an MMIO exit. Returns true when the piece was done,
 * or became RAM (*ret_ram), else the run ends. */
static bool ask_mmio(HvKvmCpu *cpu, HvCpuRun *run, HvGpa gpa, size_t count, HvCpuExit *ret_exit)
{
    bool write = cpu->run->mmio.is_write;
    uint8_t *bytes = cpu->run->mmio.data + cpu->answered;
    HvAccess access = {
        .kind = write ? HV_ACCESS_WRITE : HV_ACCESS_READ,
        .gpa = gpa,
        .size = access_size(count),
    };

    if (write)
        memcpy(&access.value, bytes, access.size);
    else if (is_fetch(cpu, gpa)) {
        *ret_exit = hv_kvm_fail(cpu, run, HV_CPU_ERROR_FETCH, gpa);
        return false;
    }

    HvAccessResult result = ask(cpu, run, &access);
    if (result == HV_ACCESS_DONE) {
        if (!write)
            memcpy(bytes, &access.value, access.size);
        cpu->answered += access.size;
        return true;
    }
    if (result == HV_ACCESS_RAM && is_present(cpu, gpa, write))
        return true; /* done as RAM in the next round */
    if (result == HV_ACCESS_BLOCK)
        *ret_exit = HV_CPU_BLOCKED;
    else
        *ret_exit = hv_kvm_fail(cpu, run, HV_CPU_ERROR_ACCESS, gpa);
    return false;
}

static bool answer_mmio(HvKvmCpu *cpu, HvCpuRun *run, HvCpuExit *ret_exit)
{
    uint64_t start = cpu->run->mmio.phys_addr;
    uint32_t length = MIN(cpu->run->mmio.len, sizeof cpu->run->mmio.data);
    bool write = cpu->run->mmio.is_write;

    while (cpu->answered < length) {
        HvGpa gpa = HV_GPA(start + cpu->answered);
        size_t count = MIN(length - cpu->answered, HV_PAGE_SIZE - (gpa.value & HV_PAGE_MASK));

        if (is_present(cpu, gpa, write)) {
            if (!transfer(cpu, gpa, cpu->run->mmio.data + cpu->answered, count, write)) {
                *ret_exit = hv_kvm_fail(cpu, run, HV_CPU_ERROR_HOST, gpa);
                return false;
            }
            cpu->answered += (unsigned)count;
        } else if (!ask_mmio(cpu, run, gpa, count, ret_exit)) {
            return false;
        }
    }
    cpu->phase = HV_KVM_UNFINISHED;
    return true;
}

/* ---- Port I/O ----------------------------------------------------------- */

/* A string instruction brings several elements at once. */
static bool answer_io(HvKvmCpu *cpu, HvCpuRun *run, HvCpuExit *ret_exit)
{
    struct kvm_run *exit = cpu->run;
    bool out = exit->io.direction == KVM_EXIT_IO_OUT;
    unsigned size = MIN(exit->io.size, sizeof(uint64_t));

    for (; cpu->answered < exit->io.count; cpu->answered++) {
        uint8_t *bytes = (uint8_t *)exit + exit->io.data_offset + (size_t)cpu->answered * size;
        HvAccess access = {
            .kind = out ? HV_ACCESS_PORT_OUT : HV_ACCESS_PORT_IN,
            .gpa = HV_GPA(exit->io.port),
            .size = size,
        };

        if (out)
            memcpy(&access.value, bytes, size);
        HvAccessResult result = ask(cpu, run, &access);
        if (result == HV_ACCESS_BLOCK) {
            *ret_exit = HV_CPU_BLOCKED;
            return false;
        }
        if (result != HV_ACCESS_DONE) { /* a port is never RAM */
            *ret_exit = hv_kvm_fail(cpu, run, HV_CPU_ERROR_ACCESS, access.gpa);
            return false;
        }
        if (!out)
            memcpy(bytes, &access.value, size);
    }
    cpu->phase = HV_KVM_UNFINISHED;
    return true;
}

/* ---- The other reasons -------------------------------------------------- */

static bool answer_halt(HvKvmCpu *cpu, HvCpuRun *run, HvCpuExit *ret_exit)
{
    cpu->phase = HV_KVM_SETTLED;
    *ret_exit = HV_CPU_HALT;
    return false;
}

static bool answer_window(HvKvmCpu *cpu, HvCpuRun *run, HvCpuExit *ret_exit)
{
    cpu->phase = HV_KVM_SETTLED;
    *ret_exit = HV_CPU_INTERRUPT_WINDOW;
    return false;
}

static bool answer_shutdown(HvKvmCpu *cpu, HvCpuRun *run, HvCpuExit *ret_exit)
{
    cpu->phase = HV_KVM_SETTLED;
    *ret_exit = HV_CPU_SHUTDOWN;
    return false;
}

/* Is there an instruction byte that KVM could not read? */
static bool fetch_failed(HvKvmCpu *cpu, HvGpa *ret_gpa)
{
    uint64_t first = hv_kvm_linear_rip(cpu);
    uint64_t last = first + MAX_INSTRUCTION_BYTES - 1;
    uint64_t next_page = (first & ~(uint64_t)HV_PAGE_MASK) + HV_PAGE_SIZE;
    HvGpa gpa;

    if (hv_kvm_translate(cpu, first, &gpa) && !is_present(cpu, gpa, false)) {
        *ret_gpa = gpa;
        return true;
    }
    if (last >= next_page && hv_kvm_translate(cpu, next_page, &gpa) &&
        !is_present(cpu, gpa, false)) {
        *ret_gpa = gpa;
        return true;
    }
    return false;
}

static bool answer_internal_error(HvKvmCpu *cpu, HvCpuRun *run, HvCpuExit *ret_exit)
{
    HvGpa gpa = HV_GPA(0);
    HvCpuError error = HV_CPU_ERROR_HOST;

    if (cpu->run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION)
        error = fetch_failed(cpu, &gpa) ? HV_CPU_ERROR_FETCH : HV_CPU_ERROR_UNSUPPORTED;
    *ret_exit = hv_kvm_fail(cpu, run, error, gpa);
    return false;
}

typedef bool (*Answer)(HvKvmCpu *cpu, HvCpuRun *run, HvCpuExit *ret_exit);

bool hv_kvm_answer(HvKvmCpu *cpu, HvCpuRun *run, HvCpuExit *ret_exit)
{
    static const Answer answers[] = {
        [KVM_EXIT_MMIO] = answer_mmio,         [KVM_EXIT_IO] = answer_io,
        [KVM_EXIT_HLT] = answer_halt,          [KVM_EXIT_IRQ_WINDOW_OPEN] = answer_window,
        [KVM_EXIT_SHUTDOWN] = answer_shutdown, [KVM_EXIT_INTERNAL_ERROR] = answer_internal_error,
    };
    uint32_t reason = cpu->run->exit_reason;

    if (reason < G_N_ELEMENTS(answers) && answers[reason] != NULL)
        return answers[reason](cpu, run, ret_exit);
    *ret_exit = hv_kvm_fail(cpu, run, HV_CPU_ERROR_HOST, HV_GPA(0));
    return false;
}
