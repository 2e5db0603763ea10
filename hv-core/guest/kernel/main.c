/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c: what a vCPU runs next.
 *
 * A vCPU has up to two contexts in ring 3: its program and, on vCPU 0, the
 * upcall. Every way into the kernel ends in schedule(), which picks one of them
 * or waits for an interrupt when there is nothing to do. Registers are saved
 * where the TSS's RSP0 points: switching contexts is changing RSP0.
 */
#include "hv-core/guest/kernel/kernel.h"

#define RFLAGS_ONE  0x2u
#define RFLAGS_IF   0x200u
#define RFLAGS_USER 0xcd5u /* CF PF AF ZF SF DF OF: what a system call gives back */

/* The first address that is not canonical: IRETQ to it would fault in ring 0. */
#define USER_LIMIT (UINT64_C(1) << 47)

/* Of the program: user/start.c, and the second if it has one. */
extern void user_start(unsigned vcpu);
extern __attribute__((weak)) void hv_vcpu_main(unsigned vcpu);

static bool ended; /* the program: its vCPUs stop, vCPU 0 goes on with upcalls */

bool is_user(uint64_t address, uint64_t size)
{
    uint64_t end = boot_info()->memory_bytes;
    return address >= HV_GUEST_USER_BASE && size <= end && address <= end - size;
}

static void enter_ring3(struct Context *context, uint64_t rip, uint64_t rsp, uint64_t argument)
{
    context->rip = rip;
    context->cs = USER_CODE;
    context->rflags = RFLAGS_ONE | RFLAGS_IF;
    context->rsp = rsp - 8; /* as after a CALL: what compilers expect */
    context->ss = USER_DATA;
    context->rdi = argument;
}

struct Context *kernel_boot(struct Vcpu *vcpu, unsigned index)
{
    if (index != 0 && !hv_vcpu_main)
        halt_for_good();
    vcpu->index = index;
    vcpu->alarm = NEVER;
    vcpu->armed = NEVER;
    uint64_t stack = boot_info()->memory_bytes - index * (uint64_t)HV_GUEST_STACK_BYTES;
    enter_ring3(&vcpu->program, (uint64_t)user_start, stack, index);
    return &vcpu->program;
}

/* ---- Timer -------------------------------------------------------------- */

void arm_timer(struct Vcpu *vcpu)
{
    uint64_t want = vcpu->alarm;
    if (vcpu->waiting && vcpu->wait_deadline < want)
        want = vcpu->wait_deadline;
    if (want == vcpu->armed)
        return;
    vcpu->armed = want;
    mmio_write64(PLATFORM(HV_PLATFORM_DEADLINE), want);
}

static void timer_fired(struct Vcpu *vcpu)
{
    uint64_t now = vcpu->armed;
    vcpu->armed = NEVER;
    if (vcpu->alarm <= now) {
        vcpu->alarm = NEVER;
        vcpu->pending |= UPCALL_ALARM;
    }
    if (vcpu->waiting && vcpu->wait_deadline <= now)
        vcpu->waiting = false;
}

/* ---- What runs next ----------------------------------------------------- */

static struct Context *run(struct Vcpu *vcpu, struct Context *context)
{
    kernel_tss[vcpu->index].rsp[0] = (uint64_t)(context + 1);
    return context;
}

static struct Context *start_upcall(struct Vcpu *vcpu)
{
    vcpu->in_upcall = true;
    enter_ring3(&vcpu->upcall, vcpu->upcall_function, vcpu->upcall_stack,
                vcpu->pending | (ended ? UPCALL_ENDED : 0));
    vcpu->pending = 0;
    return run(vcpu, &vcpu->upcall);
}

static bool program_ready(struct Vcpu *vcpu)
{
    if (ended)
        return false;
    if (vcpu->waiting && vcpu->wait_word &&
        *(volatile uint32_t *)vcpu->wait_word != vcpu->wait_value)
        vcpu->waiting = false;
    return !vcpu->waiting;
}

static struct Context *schedule(struct Vcpu *vcpu)
{
    for (;;) {
        if (vcpu->in_upcall)
            return &vcpu->upcall;
        if (vcpu->pending && vcpu->upcall_function)
            return start_upcall(vcpu);
        if (program_ready(vcpu))
            return run(vcpu, &vcpu->program);
        if (ended && vcpu->index != 0)
            halt_for_good();
        arm_timer(vcpu);
        /* STI takes effect after HLT has begun: no interrupt gets lost between. */
        __asm__ volatile("sti; hlt; cli" : : : "memory");
    }
}

/* Ends the program on all vCPUs. The VM stays if it has someone to answer to. */
void program_end(struct Vcpu *vcpu)
{
    ended = true;
    vcpu->in_upcall = false;
    for (unsigned i = 0; i < boot_info()->vcpu_count; i++) {
        if (i != vcpu->index)
            mmio_write32(PLATFORM(HV_PLATFORM_IPI), i << 8 | HV_VECTOR_IPI);
    }
}

/* ---- Ways in ------------------------------------------------------------ */

static void interrupt(struct Vcpu *vcpu, uint64_t vector)
{
    if (vector == HV_VECTOR_TIMER) {
        timer_fired(vcpu);
    } else if (vector >= HV_VECTOR_CONSOLE && vector <= HV_VECTOR_BALLOON) {
        unsigned slot = vector - HV_VECTOR_CONSOLE + HV_SLOT_CONSOLE;
        virtio_acknowledge(slot);
        vcpu->pending |= 1u << slot;
    }
    /* An HV_VECTOR_IPI needs no more than that schedule() looks again. */
}

/* Is this the UD2 that SYSCALL leads to when it does not enter ring 0? */
static bool is_syscall(const struct Context *context)
{
    return context->vector == VECTOR_SYSCALL ||
           (context->vector == VECTOR_UD && context->rip >= USER_ENTRY &&
            context->rip < USER_ENTRY + MAX_VCPUS * USER_ENTRY_STRIDE);
}

/* From ring 3. */
struct Context *kernel_enter(struct Context *context)
{
    struct Vcpu *vcpu = (struct Vcpu *)(((uintptr_t)context & -VCPU_PAGE_BYTES) + VCPU_BLOCK);
    if (context->vector == VECTOR_DF)
        kernel_crash(context, "double fault");
    if (is_syscall(context) && context->rcx < USER_LIMIT) {
        context->vector = VECTOR_SYSCALL; /* reports need not tell the two ways apart */
        context->rip = context->rcx;
        context->rflags = (context->r11 & RFLAGS_USER) | RFLAGS_IF | RFLAGS_ONE;
        kernel_syscall(vcpu, context);
    } else if (context->vector >= HV_VECTOR_TIMER && context->vector < VECTOR_COUNT) {
        interrupt(vcpu, context->vector);
    } else if (paging_fault && paging_fault(vcpu, context)) {
        page_faults++;
    } else {
        report_fault(context);
        if (vcpu->in_upcall)
            vcpu->upcall_function = 0; /* its memory is damaged: the VM falls silent */
        program_end(vcpu);
        if (!virtio_receives())
            mmio_write32(PLATFORM(HV_PLATFORM_POWER_OFF), 128 + (uint32_t)context->vector);
    }
    return schedule(vcpu);
}

/* From ring 0: an interrupt while schedule() waits, else a defect. */
struct Context *kernel_interrupted(struct Context *context)
{
    if (context->vector < HV_VECTOR_TIMER)
        kernel_crash(context, context->vector == VECTOR_DF ? "double fault" : "fault in ring 0");
    struct Vcpu *vcpu = (struct Vcpu *)(((uintptr_t)context & -VCPU_PAGE_BYTES) + VCPU_BLOCK);
    interrupt(vcpu, context->vector);
    return context;
}
