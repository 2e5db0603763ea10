/* SPDX-License-Identifier: GPL-2.0-or-later */
/* syscall.c: carries out what syscall.h lists. Arguments are a program's: every
 * number and address is checked before use. */
#include "hv-core/guest/kernel/kernel.h"

static void sys_exit(struct Vcpu *vcpu, uint32_t code)
{
    mmio_write32(PLATFORM(HV_PLATFORM_EXIT), code);
    if (!virtio_receives())
        mmio_write32(PLATFORM(HV_PLATFORM_POWER_OFF), code);
    program_end(vcpu);
}

static int64_t sys_wait(struct Vcpu *vcpu, const struct Context *context)
{
    if (vcpu->in_upcall ||
        (context->rdi && (context->rdi % 4 != 0 || !is_user(context->rdi, sizeof(uint32_t)))))
        return SYS_ERROR_BAD;
    vcpu->wait_word = (uint32_t *)context->rdi;
    vcpu->wait_value = (uint32_t)context->rsi;
    vcpu->wait_deadline = context->rdx;
    vcpu->waiting = true;
    return 0;
}

static int64_t sys_wake(uint64_t index)
{
    if (index >= boot_info()->vcpu_count)
        return SYS_ERROR_BAD;
    mmio_write32(PLATFORM(HV_PLATFORM_IPI), (uint32_t)index << 8 | HV_VECTOR_IPI);
    return 0;
}

static int64_t sys_stop(const struct Vcpu *vcpu)
{
    if (vcpu->index == 0)
        return SYS_ERROR_BAD; /* it answers for the VM */
    halt_for_good();
}

/* What only user/net.c asks for, on vCPU 0. */
static int64_t net_call(struct Vcpu *vcpu, const struct Context *context)
{
    if (vcpu->index != 0)
        return SYS_ERROR_BAD;
    switch (context->rax) {
    case SYS_OPEN: return virtio_open(context->rdi, context->rsi, context->rdx, context->r8);
    case SYS_RECEIVE: return virtio_receive(context->rdi);
    case SYS_ALARM:
        vcpu->alarm = context->rdi;
        arm_timer(vcpu);
        return 0;
    case SYS_UPCALL:
        if (!is_user(context->rdi, 1) || !is_user(context->rsi - 8, 8))
            return SYS_ERROR_BAD;
        vcpu->upcall_function = context->rdi;
        vcpu->upcall_stack = context->rsi;
        return 0;
    case SYS_BALLOON: return balloon_call(context->rdi, context->rsi, context->rdx);
    case SYS_UPCALL_RETURN: vcpu->in_upcall = false; return 0;
    default: return SYS_ERROR_BAD;
    }
}

void kernel_syscall(struct Vcpu *vcpu, struct Context *context)
{
    int64_t result = 0;
    switch (context->rax) {
    case SYS_EXIT: sys_exit(vcpu, (uint32_t)context->rdi); break;
    case SYS_NOW: result = (int64_t)mmio_read64(PLATFORM(HV_PLATFORM_NOW)); break;
    case SYS_YIELD: mmio_write32(PLATFORM(HV_PLATFORM_YIELD), 0); break;
    case SYS_MARK: mmio_write64(PLATFORM(HV_PLATFORM_MARK), context->rdi); break;
    case SYS_STARTED: mmio_write32(PLATFORM(HV_PLATFORM_STARTED), 0); break;
    case SYS_WAIT: result = sys_wait(vcpu, context); break;
    case SYS_WAKE: result = sys_wake(context->rdi); break;
    case SYS_STOP: result = sys_stop(vcpu); break;
    case SYS_SEND: result = virtio_send(context->rdi, context->rsi, context->rdx); break;
    case SYS_PAGING: result = paging_call ? paging_call(vcpu, context) : SYS_ERROR_BAD; break;
    case SYS_DEBUG: result = debug_call(context); break;
    default: result = net_call(vcpu, context); break;
    }
    context->rax = (uint64_t)result;
}
