/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ops-arithmetic.c: arithmetic helpers, any operand size, register or memory.
 *
 * Shifts and rotates in their rarer forms, inc dec neg not on memory, multiply
 * and divide. Operands are zero-extended to 64 bits.
 */
#include "hv-core/cpu/emulated/ops.h"
#include "hv-core/cpu/emulated/operand.h"

static bool top_bit(uint64_t value, unsigned bits)
{
    return (value >> (bits - 1)) & 1;
}

static uint64_t bit(bool condition, uint64_t flag)
{
    return condition ? flag : 0;
}

/* ---- Shifts ----------------------------------------------------------------- */

typedef struct {
    uint64_t result;
    bool cf, of;
} HvShifted;

static uint64_t mask_of(unsigned bits)
{
    return bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

static HvShifted rotate(HvInsnId id, uint64_t a, unsigned bits, unsigned n)
{
    uint64_t mask = mask_of(bits);
    HvShifted s;

    n %= bits;
    if (id == HV_I_ROL) {
        s.result = (n ? a << n | a >> (bits - n) : a) & mask;
        s.cf = s.result & 1;
        s.of = top_bit(a, bits) ^ top_bit(a << 1, bits);
    } else {
        s.result = (n ? a >> n | a << (bits - n) : a) & mask;
        s.cf = top_bit(s.result, bits);
        s.of = top_bit(a, bits) ^ (a & 1);
    }
    return s;
}

/* Through the carry, one bit at a time. */
static HvShifted rotate_carry(HvInsnId id, uint64_t a, unsigned bits, unsigned n, bool carry)
{
    bool left = id == HV_I_RCL;
    bool of = top_bit(a, bits) ^ (left ? top_bit(a << 1, bits) : carry);

    for (n %= bits + 1; n > 0; n--) {
        bool out = left ? top_bit(a, bits) : a & 1;

        a = left ? ((a << 1) | carry) & mask_of(bits) : (a >> 1) | (uint64_t)carry << (bits - 1);
        carry = out;
    }
    return (HvShifted){a, carry, of};
}

/* Counts up to 31 of narrower operands may shift everything out. */
static HvShifted shift(HvInsnId id, uint64_t a, unsigned bits, unsigned n)
{
    HvShifted s;

    if (id == HV_I_SHR) {
        s.result = a >> n;
        s.cf = (a >> (n - 1)) & 1;
        s.of = top_bit(a, bits);
    } else if (id == HV_I_SAR) {
        int64_t wide = (int64_t)hv_sign_extend(a, bits / 8);
        s.result = (uint64_t)(wide >> n) & mask_of(bits);
        s.cf = (wide >> (n - 1)) & 1;
        s.of = false;
    } else {
        s.result = (a << n) & mask_of(bits);
        s.cf = n <= bits && (a >> (bits - n)) & 1;
        s.of = top_bit(a, bits) ^ top_bit(a << 1, bits);
    }
    return s;
}

HvStatus hv_op_shift(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = hv_op_size(op), bits = 8 * size;
    uint64_t by = hv_op_has_immediate(op) ? op->imm : cpu->gpr[HV_RCX];
    unsigned n = (unsigned)by & (size == 8 ? 63 : 31);
    uint64_t a;
    HvStatus status = hv_modify_e(cpu, op, size, &a);

    if (status != HV_OK)
        return status;
    if (n == 0)
        return hv_write_e(cpu, op, size, a);
    HvInsnId id = op->helper;
    bool rotates = id == HV_I_ROL || id == HV_I_ROR || id == HV_I_RCL || id == HV_I_RCR;
    HvShifted s;
    if (id == HV_I_ROL || id == HV_I_ROR)
        s = rotate(id, a, bits, n);
    else if (rotates)
        s = rotate_carry(id, a, bits, n, hv_get_cf(cpu));
    else
        s = shift(id, a, bits, n);
    status = hv_write_e(cpu, op, size, s.result);
    if (status != HV_OK)
        return status;
    bool keeps_of =
        n != 1 && (id == HV_I_ROL || id == HV_I_ROR) &&
        (op->shift & (HV_OP_IMMEDIATE | HV_OP_REGISTER)) == (HV_OP_IMMEDIATE | HV_OP_REGISTER);
    uint64_t flags = bit(s.cf, HV_FLAG_CF) | bit(s.of, HV_FLAG_OF);
    if (rotates) {
        bool carry_round = id == HV_I_RCL || id == HV_I_RCR;
        bool whole = carry_round && n % (bits + 1) == 0;

        if (!whole)
            hv_change_flags(cpu, keeps_of ? HV_FLAG_CF : HV_FLAG_CF | HV_FLAG_OF, flags);
    } else
        hv_set_flags(cpu, HV_FLAGS_RESULT | hv_flag_size(size), hv_sign_extend(s.result, size),
                     flags);
    return HV_OK;
}

/* shld and shrd. With 16-bit operands a count above 16 is undefined; here the
 * bits come round again (the source, then the first operand). */
HvStatus hv_op_double_shift(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = hv_op_size(op), bits = 8 * size;
    uint64_t by = hv_op_has_immediate(op) ? op->imm : cpu->gpr[HV_RCX];
    unsigned n = (unsigned)by & (size == 8 ? 63 : 31);
    uint64_t a, b = hv_get_reg(cpu, op->reg, size);
    HvStatus status = hv_modify_e(cpu, op, size, &a);

    if (status != HV_OK)
        return status;
    if (n == 0)
        return hv_write_e(cpu, op, size, a);
    bool left = op->helper == HV_I_SHLD;
    uint64_t result;
    bool cf;
    if (n > bits) { /* 16-bit only */
        uint64_t wide = left ? a << 32 | b << 16 | a : a << 32 | b << 16 | a;
        result = left ? wide >> (32 - n) : wide >> n;
        cf = left ? (wide >> (48 - n)) & 1 : (wide >> (n - 1)) & 1;
    } else if (left) {
        result = n == bits ? b : a << n | b >> (bits - n);
        cf = (a >> (bits - n)) & 1;
    } else {
        result = n == bits ? b : a >> n | b << (bits - n);
        cf = (a >> (n - 1)) & 1;
    }
    result = hv_truncate(result, size);
    status = hv_write_e(cpu, op, size, result);
    if (status != HV_OK)
        return status;
    bool of = top_bit(a, bits) ^ (left ? top_bit(a << 1, bits) : b & 1);
    hv_set_flags(cpu, HV_FLAGS_RESULT | hv_flag_size(size), hv_sign_extend(result, size),
                 bit(cf, HV_FLAG_CF) | bit(of, HV_FLAG_OF));
    return HV_OK;
}

/* ---- inc, dec, not, neg ------------------------------------------------------- */

HvStatus hv_op_unary(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = hv_op_size(op);
    uint32_t kind = hv_flag_size(size);
    uint64_t a;
    HvStatus status = hv_modify_e(cpu, op, size, &a);

    if (status != HV_OK)
        return status;
    uint64_t result = op->helper == HV_I_INC   ? a + 1
                      : op->helper == HV_I_DEC ? a - 1
                      : op->helper == HV_I_NEG ? -a
                                               : ~a;
    result = hv_truncate(result, size);
    status = hv_write_e(cpu, op, size, result);
    if (status != HV_OK || op->helper == HV_I_NOT)
        return status;
    if (op->helper == HV_I_NEG) {
        hv_set_flags(cpu, HV_FLAGS_SUB | kind, 0, hv_sign_extend(a, size));
        return HV_OK;
    }
    bool inc = op->helper == HV_I_INC;
    uint64_t minimum = UINT64_C(1) << (8 * size - 1);
    hv_set_flags(cpu, HV_FLAGS_RESULT | kind, hv_sign_extend(result, size),
                 bit(hv_get_cf(cpu), HV_FLAG_CF) |
                     bit((result & 15) == (inc ? 0 : 15), HV_FLAG_AF) |
                     bit((inc ? result : a) == minimum, HV_FLAG_OF));
    return HV_OK;
}

/* ---- Multiply and divide ------------------------------------------------------- */

/* The double-width pair: AX, DX:AX, EDX:EAX, RDX:RAX. */
static void put_pair(HvEmulatedCpu *cpu, unsigned size, uint64_t low, uint64_t high)
{
    if (size == 1) {
        hv_put_reg(cpu, HV_RAX, 2, (low & 0xff) | high << 8);
        return;
    }
    hv_put_reg(cpu, HV_RAX, size, low);
    hv_put_reg(cpu, HV_RDX, size, high);
}

/* CF and OF: the upper half says something. The others are undefined: SF
 * and PF follow the lower half, ZF is 0, as on Intel's processors. */
static void multiply_flags(HvEmulatedCpu *cpu, unsigned size, uint64_t low, bool overflow)
{
    hv_set_flags(cpu, HV_FLAGS_PRODUCT | hv_flag_size(size), hv_sign_extend(low, size),
                 overflow ? HV_FLAG_CF | HV_FLAG_OF : 0);
}

/* mul and the one-operand imul. */
HvStatus hv_op_multiply(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = hv_op_size(op), bits = 8 * size;
    uint64_t b, a = hv_get_reg(cpu, HV_RAX, size);
    HvStatus status = hv_read_e(cpu, op, size, &b);

    if (status != HV_OK)
        return status;
    unsigned __int128 product;
    bool overflow;
    if (op->helper == HV_I_MUL) {
        product = (unsigned __int128)a * b;
        overflow = product >> bits;
    } else {
        __int128 wide =
            (__int128)(int64_t)hv_sign_extend(a, size) * (int64_t)hv_sign_extend(b, size);
        product = (unsigned __int128)wide;
        overflow = wide != (int64_t)hv_sign_extend((uint64_t)wide, size);
    }
    put_pair(cpu, size, hv_truncate((uint64_t)product, size), (uint64_t)(product >> bits));
    multiply_flags(cpu, size, (uint64_t)product, overflow);
    return HV_OK;
}

/* imul with two or three operands, 16 bits (wider ones have handlers). */
HvStatus hv_op_imul(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = hv_op_size(op);
    uint64_t e;
    HvStatus status = hv_read_e(cpu, op, size, &e);

    if (status != HV_OK)
        return status;
    uint64_t other = hv_op_has_immediate(op) ? op->imm : hv_get_reg(cpu, op->reg, size);
    int64_t product = (int64_t)hv_sign_extend(e, size) * (int64_t)hv_sign_extend(other, size);
    bool overflow = product != (int64_t)hv_sign_extend((uint64_t)product, size);
    hv_put_reg(cpu, op->reg, size, (uint64_t)product);
    multiply_flags(cpu, size, (uint64_t)product, overflow);
    return HV_OK;
}

/* The quotient of a 128-bit number by a 64-bit one, if it fits. */
static bool divide(unsigned __int128 dividend, uint64_t divisor, uint64_t *quotient,
                   uint64_t *remainder)
{
    if (divisor == 0 || (uint64_t)(dividend >> 64) >= divisor)
        return false;
    *quotient = (uint64_t)(dividend / divisor);
    *remainder = (uint64_t)(dividend % divisor);
    return true;
}

static unsigned __int128 dividend_of(const HvEmulatedCpu *cpu, unsigned size)
{
    if (size == 1)
        return hv_get_reg(cpu, HV_RAX, 2);
    return (unsigned __int128)hv_get_reg(cpu, HV_RDX, size) << (8 * size) |
           hv_get_reg(cpu, HV_RAX, size);
}

/* Leaves the flags, all undefined, as they are. */
HvStatus hv_op_divide(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = hv_op_size(op);
    uint64_t divisor, quotient, remainder;
    HvStatus status = hv_read_e(cpu, op, size, &divisor);

    if (status != HV_OK)
        return status;
    if (!divide(dividend_of(cpu, size), divisor, &quotient, &remainder) ||
        quotient != hv_truncate(quotient, size))
        return hv_raise(cpu, HV_VECTOR_DE);
    put_pair(cpu, size, quotient, remainder);
    return HV_OK;
}

HvStatus hv_op_divide_signed(HvEmulatedCpu *cpu, const HvOp *op)
{
    unsigned size = hv_op_size(op), unused = 128 - 16 * size;
    uint64_t raw, quotient, remainder;
    HvStatus status = hv_read_e(cpu, op, size, &raw);

    if (status != HV_OK)
        return status;
    __int128 dividend = (__int128)(dividend_of(cpu, size) << unused) >> unused;
    int64_t divisor = (int64_t)hv_sign_extend(raw, size);
    bool minus = dividend < 0, negative = minus != (divisor < 0);
    uint64_t magnitude = divisor < 0 ? -(uint64_t)divisor : (uint64_t)divisor;
    unsigned __int128 positive = minus ? -(unsigned __int128)dividend : (unsigned __int128)dividend;
    uint64_t limit = (UINT64_C(1) << (8 * size - 1)) - !negative;

    if (!divide(positive, magnitude, &quotient, &remainder) || quotient > limit)
        return hv_raise(cpu, HV_VECTOR_DE);
    put_pair(cpu, size, hv_truncate(negative ? -quotient : quotient, size),
             hv_truncate(minus ? -remainder : remainder, size));
    return HV_OK;
}
