/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table-private.h: the words in which the tables of keys are written. */
#pragma once

#include "sim/scenario/scenario.h"
#include "sim/scenario/table.h"

#define MOST_WHOLE ((UINT64_C(1) << 53) - 1) /* what every JSON reader keeps exactly */
#define NS         UINT64_C(1)
#define US         (1000 * NS)
#define MS         (1000 * US)
#define SECOND     (1000 * MS)
#define KIB        (UINT64_C(1) << 10)
#define MIB        (UINT64_C(1) << 20)
#define GIB        (UINT64_C(1) << 30)
#define PERCENT    UINT64_C(10000)

#define FIELD(type, member) .offset = offsetof(type, member)
#define COUNT(type, member) .count_offset = offsetof(type, member)
#define NO_FIELD            .offset = SIM_NO_FIELD
#define DURATION            .type = SIM_KEY_QUANTITY, .quantity = &sim_duration
#define SIZE                .type = SIM_KEY_QUANTITY, .quantity = &sim_size
#define RATE                .type = SIM_KEY_QUANTITY, .quantity = &sim_rate
#define SHARE               .type = SIM_KEY_QUANTITY, .quantity = &sim_percent
#define OBJECT(o)           .type = SIM_KEY_OBJECT, .object = &(o)
#define LIST(o)             .type = SIM_KEY_LIST, .object = &(o)
#define WORD(w)             .type = SIM_KEY_WORD, .words = (w)
#define NO_KIND             .kind_offset = SIM_NO_FIELD

/* table-net.c */
extern const SimObject sim_forward_object;  /* SimScenarioForward */
extern const SimObject sim_dhcp_object;     /* SimScenarioDhcp */
extern const SimObject sim_lan_object;      /* SimScenarioLan */
extern const SimObject sim_internet_object; /* SimScenarioInternet */

/* table-sched.c */
extern const SimObject sim_scheduler_object;      /* SimScenarioScheduler */
extern const SimObject sim_vcpu_sched_object;     /* SimScenarioSched */
extern const SimObject sim_job_object;            /* SimScenarioJob */
extern const SimObject sim_set_scheduling_object; /* SimCommand */
