/* SPDX-License-Identifier: GPL-2.0-or-later */
/* entitlement.h: what CPU time each vCPU would have had on an ideal machine.
 *
 * The ideal machine serves all vCPUs that want to run at once, each at a speed in
 * proportion to its weight, and none faster than one pCPU (or its cap): processor
 * sharing. A policy that deals out slices can only come near. What it gave out,
 * beside this, is how fair it was (Jain's index).
 *
 * While no speed limit binds, a vCPU's speed is weight / sum of weights * pCPUs, so
 * one virtual clock that runs at 1 / sum of weights serves all: who joins or leaves
 * costs O(1). While one binds, speeds are worked out vCPU by vCPU.
 */
#pragma once

#include "sim/model/model.h"

/* A vCPU of this VM wants to run from now on, or no more. */
void sim_entitle_join(SimModel *model, SimModelVm *vm, SimModelVcpu *vcpu, uint64_t now);
void sim_entitle_leave(SimModel *model, SimModelVm *vm, SimModelVcpu *vcpu, uint64_t now);

/* It has another weight or cap from now on. */
void sim_entitle_change(SimModel *model, SimModelVm *vm, SimModelVcpu *vcpu, uint32_t weight,
                        uint32_t cap_ppm, uint64_t now);

/* Puts all that has come about by now into SimModelVcpu.entitled_ns. */
void sim_entitle_settle(SimModel *model, uint64_t now);
