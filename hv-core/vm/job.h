/* SPDX-License-Identifier: GPL-2.0-or-later */
/* job.h: a vCPU that computes for a stated time (HvJobConfig in hv-core/host.h).
 *
 * A job is a list of CPU bursts with waits between them. The scheduler cuts its
 * slice where the burst ends; there the vCPU blocks for the length of the wait,
 * or is done. What counts as work is the time from the begin of a slice to the
 * moment at which the vCPU is to leave: costs of the hypervisor (switches, exits)
 * are on top of it. The guest itself computes without end and knows nothing.
 *
 * Calls, by the scheduler: start -> [begin -> charge -> (wait) ]... -> stop.
 */
#pragma once

#include "hv-core/host.h"
#include "hv-core/vm/vcpu.h"

/* Copies config. The vCPU's scheduling data tell its first burst from now on. */
HvJob *hv_job_new(HvVcpu *vcpu, const HvJobConfig *config);
void hv_job_free(HvJob *job);

/* The VM is started: boots the guest, and the first release. False: the guest did
 * not get so far, and the VM is over. */
bool hv_job_start(HvVcpu *vcpu, HvTime now);

/* It has been dispatched; returns the time of its pCPU at which its burst ends. */
HvTime hv_job_begin(HvVcpu *vcpu);

/* It is to leave its pCPU: counts the work. If the burst is over it leaves for
 * that reason: to wait, or for good. */
void hv_job_charge(HvVcpu *vcpu);

/* It need not leave after all, and works on. */
void hv_job_stay(HvVcpu *vcpu);

/* It has blocked for HV_WHY_JOB_WAIT. */
void hv_job_wait(HvVcpu *vcpu, HvTime now);

/* Nothing more will happen to it. */
void hv_job_stop(HvJob *job);
