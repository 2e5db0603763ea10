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

/* table-memory.c */
extern const SimObject sim_set_balloon_object; /* SimCommand */
extern const SimObject sim_set_memory_object;  /* SimCommand */
extern const SimObject sim_set_tax_object;     /* SimCommand */

/* table-throttle.c */
extern const SimObject sim_throttle_object;     /* SimScenarioThrottles */
extern const SimObject sim_set_throttle_object; /* SimCommand */

/* ---- Keys that several objects have ------------------------------------------- */

#define COMMAND_HEAD                                                                               \
    {"at",                                                                                         \
     DURATION,                                                                                     \
     .preset = "\"0ns\"",                                                                          \
     .min = 0,                                                                                     \
     .max = 3600 * SECOND,                                                                         \
     FIELD(SimCommand, at_ns),                                                                     \
     .meaning = "When."},                                                                          \
    {                                                                                              \
        "do", SIM_KEY_IGNORED, .required = true, NO_FIELD, .meaning = "What."                      \
    }
#define COMMAND_VM                                                                                 \
    {                                                                                              \
        "vm", SIM_KEY_VM, .required = true, FIELD(SimCommand, vm), .meaning = "To which VM."       \
    }

/* What goes wrong on cables: SimLinkQuality as member m of a struct. */
#define QUALITY_KEYS(type, m)                                                                      \
    {"delay",                                                                                      \
     DURATION,                                                                                     \
     .preset = "\"0ns\"",                                                                          \
     .max = 10 * SECOND,                                                                           \
     FIELD(type, m.delay_ns),                                                                      \
     .meaning = "Of each cable, on top of the latency."},                                          \
        {"jitter",                                                                                 \
         DURATION,                                                                                 \
         .preset = "\"0ns\"",                                                                      \
         .max = 10 * SECOND,                                                                       \
         FIELD(type, m.jitter_ns),                                                                 \
         .meaning = "At most so much more, by chance; frames stay in order."},                     \
        {"loss",                                                                                   \
         SHARE,                                                                                    \
         .preset = "\"0%\"",                                                                       \
         .max = 100 * PERCENT,                                                                     \
         FIELD(type, m.loss_ppm),                                                                  \
         .meaning = "Of the frames on each cable that are lost, by chance."},                      \
        {"duplicate",                                                                              \
         SHARE,                                                                                    \
         .preset = "\"0%\"",                                                                       \
         .max = 100 * PERCENT,                                                                     \
         FIELD(type, m.duplicate_ppm),                                                             \
         .meaning = "That arrive twice."},                                                         \
    {                                                                                              \
        "reorder", SHARE, .preset = "\"0%\"", .max = 100 * PERCENT, FIELD(type, m.reorder_ppm),    \
                          .meaning = "That are held back, so that later ones overtake them."       \
    }

extern const char *const sim_promiscuous_words[]; /* SimPromiscuousMode */

/* The switch port of a NIC: SimNicPort as member m of a struct. */
#define NIC_PORT_KEYS(type, m)                                                                     \
    {"switch", SIM_KEY_NAME, FIELD(type, m.on.name),                                               \
     .meaning = "The network's switch that its cable leads to; the first when left out."},         \
        {"vlan",                                                                                   \
         SIM_KEY_INTEGER,                                                                          \
         .min = 1,                                                                                 \
         .max = 4094,                                                                              \
         FIELD(type, m.vlan),                                                                      \
         .meaning = "Access VLAN of its port; 1 when left out and others have VLANs."},            \
        {"trunk", OBJECT(sim_nic_trunk_object), FIELD(type, m.trunk),                              \
         .meaning = "Its port is a trunk: tagged frames of several VLANs."},                       \
        {"promiscuous", WORD(sim_promiscuous_words), .preset = "\"deny\"",                         \
         FIELD(type, m.promiscuous),                                                               \
         .meaning = "What it may see that is not for it: nothing, what goes between VMs, all."},   \
        {"forged_transmits", SIM_KEY_BOOL, .preset = "true", FIELD(type, m.forged_transmits),      \
         .meaning = "false: frames that it sends under another MAC address are dropped."},         \
        {"mac_changes", SIM_KEY_BOOL, .preset = "true", FIELD(type, m.mac_changes),                \
         .meaning = "false: while it uses another MAC address, it receives nothing."},             \
        {"mac_limit",                                                                              \
         SIM_KEY_INTEGER,                                                                          \
         .preset = "0",                                                                            \
         .max = 65536,                                                                             \
         FIELD(type, m.mac_limit),                                                                 \
         .meaning = "How many MAC addresses may live on its port; 0: any number."},                \
        {"acl", OBJECT(sim_acl_object), .preset = "{}", FIELD(type, m.acl),                        \
         .meaning = "What may pass its port."},                                                    \
        {"rate_cap", OBJECT(sim_rate_object), FIELD(type, m.rate_cap),                             \
         .meaning = "What it sends above this is dropped."},                                       \
    {                                                                                              \
        "shape", OBJECT(sim_rate_object), FIELD(type, m.shape),                                    \
            .meaning = "What passes its cable above this, each way, waits."                        \
    }
