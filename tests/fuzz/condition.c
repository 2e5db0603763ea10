/* SPDX-License-Identifier: GPL-2.0-or-later */
/* condition.c: any bytes as a condition on events (sim/trace/condition.h). It is one, or
 * there is an error of one line with its column; and of a kind of event that it does not
 * name among its types it never holds, even where the event says so. */
#include <string.h>

#include "sim/trace/condition.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const SimCondition *condition)
{
    uint8_t fields[1024];

    for (unsigned type = 0; type < SIM_EVENT_TYPE_COUNT; type++) {
        SimRecord record = {.type = (uint16_t)type, .source = (uint16_t)(type % 3)};

        g_assert_cmpuint(sim_event_info(type)->size, <=, sizeof(fields));
        for (unsigned byte = 0; byte < 2; byte++) {
            memset(fields, (int)byte, sizeof(fields));
            record.fields = fields;
            record.blob = byte ? fields : NULL;
            record.blob_size = byte ? 5 : 0;
            if (sim_condition_holds(condition, &record))
                g_assert_true(sim_filter_has(sim_condition_types(condition), type));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const vms[] = {"a", "b"}, *const networks[] = {"net0"};
    const SimConditionNames names = {vms, networks, 2, 1};
    g_autofree char *text = g_strndup((const char *)data, size);

    for (unsigned known = 0; known < 2; known++) {
        g_autoptr(GError) error = NULL;
        unsigned column = 0;
        g_autoptr(SimCondition) condition =
            sim_condition_parse(text, known ? &names : NULL, &column, &error);

        g_assert_true(!condition == (error != NULL));
        if (condition) {
            ask(condition);
            continue;
        }
        g_assert_cmpuint(column, >=, 1);
        g_assert_cmpuint(column, <=, strlen(text) + 1);
        g_assert_true(g_str_has_prefix(error->message, "column "));
    }
    return 0;
}
