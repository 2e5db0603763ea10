/* SPDX-License-Identifier: GPL-2.0-or-later */
/* handlers.h: the names of execute.c's handlers, in an order to compute with.
 *
 * A name is made of the operation, the operand size in bits and the form:
 *
 *   RR  register, register     RM  register, memory     MR  memory, register
 *   RI  register, immediate    MI  memory, immediate    a last X: with an index
 *
 * The form behind RR and RI, with an N, is the same without setting flags.
 * translate.c adds up: first handler of the operation + size * forms + form.
 */
#pragma once

/* X(name) for every handler. */
#define HV_ALU_FORMS(X, name)                                                                      \
    X(name##_RR)                                                                                   \
    X(name##_RRN)                                                                                  \
    X(name##_RI)                                                                                   \
    X(name##_RIN) X(name##_RM) X(name##_RMX) X(name##_MR) X(name##_MRX) X(name##_MI) X(name##_MIX)
#define HV_ALU(X, op)                                                                              \
    HV_ALU_FORMS(X, op##8) HV_ALU_FORMS(X, op##16) HV_ALU_FORMS(X, op##32) HV_ALU_FORMS(X, op##64)
#define HV_MOV_FORMS(X, name)                                                                      \
    X(name##_RR)                                                                                   \
    X(name##_RI) X(name##_RM) X(name##_RMX) X(name##_MR) X(name##_MRX) X(name##_MI) X(name##_MIX)
#define HV_LOAD_FORMS(X, name) X(name##_RR) X(name##_RM) X(name##_RMX)
#define HV_SHIFT(X, op)                                                                            \
    X(op##32_RI)                                                                                   \
    X(op##32_RIN) X(op##32_RC) X(op##32_RCN) X(op##64_RI) X(op##64_RIN) X(op##64_RC) X(op##64_RCN)
#define HV_UNARY(X, op) X(op##32_R) X(op##32_RN) X(op##64_R) X(op##64_RN)
/* One for each condition code. */
/* clang-format off */
#define HV_CC(X, name)                                                                             \
    X(name##_0) X(name##_1) X(name##_2) X(name##_3) X(name##_4) X(name##_5) X(name##_6)            \
    X(name##_7) X(name##_8) X(name##_9) X(name##_10) X(name##_11) X(name##_12) X(name##_13)        \
    X(name##_14) X(name##_15)
/* A compare or test with the conditional jump behind it. */
#define HV_FUSED(X, op)                                                                            \
    HV_CC(X, op##8_RR) HV_CC(X, op##8_RI) HV_CC(X, op##32_RR) HV_CC(X, op##32_RI)                  \
    HV_CC(X, op##64_RR) HV_CC(X, op##64_RI)

#define HV_HANDLERS(X)                                                                             \
    HV_ALU(X, ADD) HV_ALU(X, OR) HV_ALU(X, ADC) HV_ALU(X, SBB) HV_ALU(X, AND) HV_ALU(X, SUB)       \
    HV_ALU(X, XOR) HV_ALU(X, CMP) HV_ALU(X, TEST) HV_MOV_FORMS(X, MOV8) HV_MOV_FORMS(X, MOV16)     \
    HV_MOV_FORMS(X, MOV32) HV_MOV_FORMS(X, MOV64) HV_LOAD_FORMS(X, ZX8) HV_LOAD_FORMS(X, ZX16)     \
    HV_LOAD_FORMS(X, SX8_32) HV_LOAD_FORMS(X, SX8_64) HV_LOAD_FORMS(X, SX16_32)                    \
    HV_LOAD_FORMS(X, SX16_64) HV_LOAD_FORMS(X, SX32_64) HV_SHIFT(X, ROL) HV_SHIFT(X, ROR)          \
    HV_SHIFT(X, SHL) HV_SHIFT(X, SHR) HV_SHIFT(X, SAR) HV_UNARY(X, INC) HV_UNARY(X, DEC)           \
    HV_UNARY(X, NEG) X(NOT32_R) X(NOT64_R) X(IMUL32_RR) X(IMUL32_RRN) X(IMUL64_RR) X(IMUL64_RRN)   \
    X(IMUL32_RRI) X(IMUL32_RRIN) X(IMUL64_RRI) X(IMUL64_RRIN) X(LEA32) X(LEA32X) X(LEA64)          \
    X(LEA64X) X(ADDRESS) X(PUSH_R) X(PUSH_I) X(POP_R) X(LEAVE) HV_CC(X, CMOV32) HV_CC(X, CMOV64)   \
    HV_CC(X, SET) X(XCHG32) X(XCHG64) X(BSWAP32) X(BSWAP64) X(CWD32) X(CWD64) HV_CC(X, J)          \
    HV_FUSED(X, CMPJ) HV_FUSED(X, TESTJ) X(JMP) X(JMP_R) X(CALL) X(CALL_R) X(RET) X(END)           \
    X(HELPER) X(HELPER_END) X(OUT)
/* clang-format on */

#define HV_HANDLER_ENUM(name) HV_H_##name,
enum { HV_HANDLERS(HV_HANDLER_ENUM) HV_H_COUNT };

enum { HV_ALU_FORM_COUNT = 10, HV_MOV_FORM_COUNT = 8, HV_LOAD_FORM_COUNT = 3 };
/* Forms of the ALU operations, and of MOV, from the first. */
enum {
    HV_FORM_RR,
    HV_FORM_RRN,
    HV_FORM_RI,
    HV_FORM_RIN,
    HV_FORM_RM,
    HV_FORM_RMX,
    HV_FORM_MR,
    HV_FORM_MRX,
    HV_FORM_MI,
    HV_FORM_MIX
};
enum { HV_MOV_RR, HV_MOV_RI, HV_MOV_RM, HV_MOV_RMX, HV_MOV_MR, HV_MOV_MRX, HV_MOV_MI, HV_MOV_MIX };
