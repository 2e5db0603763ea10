/* SPDX-License-Identifier: GPL-2.0-or-later */
/* result-cpu.h: what the result document says about scheduling (result.h):
 *
 *   scheduler{policy slice_ns jain_ppm switches migrations preemptions longest_wait_ns
 *             deadlines_missed}
 *   vms[].vcpus[]{... arrival_ns first_run_ns end_ns response_ns turnaround_ns waiting_ns
 *                 longest_wait_ns wake_wait_ns entitled_ns steal_ns migrations}
 *   vms[].throttle{exits device_operations exits_rate device_operations_rate waited_ns}:
 *             how often one of its vCPUs was throttled, the limits, and for how long in all
 *   jobs[]{name arrival_ns first_run_ns completion_ns response_ns turnaround_ns waiting_ns
 *          length_ns releases done deadlines_missed worst_response_ns}
 *
 * Response is from arrival to the first run, turnaround from arrival to the end,
 * waiting the time in which it could have run and did not; what has not happened
 * is null. Steal time is what a guest sees of waiting. wake_wait_ns is the longest
 * time from a wake-up to a pCPU.
 */
#pragma once

#include "sim/export/result.h"

json_object *sim_result_scheduler(const SimModel *model);
json_object *sim_result_jobs(const SimResultInput *input);
/* Adds the above to a vCPU's row. */
void sim_result_vcpu(json_object *row, const SimModel *model, const SimModelVcpu *vcpu);
/* Adds the above to a VM's row. */
void sim_result_throttle(json_object *row, const SimModel *model, const SimModelVm *vm);

/* Jain's fairness index of what vCPUs got beside what they were entitled to, in
 * ppm: 1000000 is perfectly fair, 1/n: one of n has all. 1000000 when nobody was
 * entitled to anything. (Jain, Chiu, Hawe: A quantitative measure of fairness and
 * discrimination, DEC TR-301, 1984.) */
uint64_t sim_jain_ppm(const SimModel *model);
