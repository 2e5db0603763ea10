/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report-cpu.c: the report's sections on scheduling and on jobs (report.h), from
 * what result-cpu.h lists. */
#include "sim/export/report-cpu.h"

#include <inttypes.h>
#include <string.h>

static json_object *get(json_object *object, const char *key)
{
    return json_object_object_get(object, key);
}

static uint64_t number(json_object *object, const char *key)
{
    return json_object_get_uint64(get(object, key));
}

static size_t name_width(json_object *rows, size_t least)
{
    for (size_t i = 0; i < json_object_array_length(rows); i++) {
        json_object *row = json_object_array_get_idx(rows, i);

        least = MAX(least, strlen(json_object_get_string(get(row, "name"))));
    }
    return least;
}

/* A duration right-aligned; "-" for what has not happened. */
static void cell(GString *out, json_object *row, const char *key, int width)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (get(row, key))
        sim_report_duration(text, number(row, key));
    else
        g_string_append_c(text, '-');
    g_string_append_printf(out, "%*s", width, text->str);
}

/* ---- Jobs ------------------------------------------------------------------- */

static const char *const means[] = {"response_ns", "turnaround_ns", "waiting_ns"};

static void add_means(GString *out, json_object *jobs, size_t width)
{
    size_t count = json_object_array_length(jobs);
    uint64_t sums[G_N_ELEMENTS(means)] = {0};

    for (size_t i = 0; i < count; i++)
        for (size_t m = 0; m < G_N_ELEMENTS(means); m++) {
            json_object *row = json_object_array_get_idx(jobs, i);

            if (!get(row, means[m]))
                return; /* a mean of those that came to an end would deceive */
            sums[m] += number(row, means[m]);
        }
    g_string_append_printf(out, "  %-*s %*s", (int)width, "mean", 36, "");
    for (size_t m = 0; m < G_N_ELEMENTS(means); m++) {
        g_autoptr(GString) text = g_string_new(NULL);

        sim_report_duration(text, sums[m] / count);
        g_string_append_printf(out, "%12s", text->str);
    }
    g_string_append_c(out, '\n');
}

static void add_releases(GString *out, json_object *jobs)
{
    for (size_t i = 0; i < json_object_array_length(jobs); i++) {
        json_object *row = json_object_array_get_idx(jobs, i);
        uint64_t missed = number(row, "deadlines_missed");

        if (number(row, "releases") < 2 && missed == 0)
            continue;
        g_string_append_printf(out,
                               "  %s arrived %" PRIu64 " time%s and was done %" PRIu64 " time%s, ",
                               json_object_get_string(get(row, "name")), number(row, "releases"),
                               number(row, "releases") == 1 ? "" : "s", number(row, "done"),
                               number(row, "done") == 1 ? "" : "s");
        if (number(row, "done")) {
            g_string_append(out, "at the worst after ");
            sim_report_duration(out, number(row, "worst_response_ns"));
            g_string_append(out, ", ");
        }
        if (missed)
            g_string_append_printf(out, "and missed %" PRIu64 " deadline%s\n", missed,
                                   missed == 1 ? "" : "s");
        else
            g_string_append(out, "and missed no deadline\n");
    }
}

void sim_report_jobs(GString *out, json_object *result)
{
    json_object *jobs = get(result, "jobs");
    size_t count = jobs ? json_object_array_length(jobs) : 0, width;

    if (count == 0)
        return;
    width = name_width(jobs, 4);
    g_string_append_printf(out,
                           "  %-*s     arrival   first run  completion    response  turnaround"
                           "     waiting\n",
                           (int)width, "job");
    for (size_t i = 0; i < count; i++) {
        json_object *row = json_object_array_get_idx(jobs, i);

        g_string_append_printf(out, "  %-*s ", (int)width,
                               json_object_get_string(get(row, "name")));
        cell(out, row, "arrival_ns", 11);
        cell(out, row, "first_run_ns", 12);
        cell(out, row, "completion_ns", 12);
        for (size_t m = 0; m < G_N_ELEMENTS(means); m++)
            cell(out, row, means[m], 12);
        g_string_append_c(out, '\n');
    }
    add_means(out, jobs, width);
    g_string_append(out, "  (response: from arrival to the first run; turnaround: from arrival to "
                         "completion;\n   waiting: ready, but without a pCPU)\n");
    add_releases(out, jobs);
}

/* ---- Scheduling ---------------------------------------------------------------- */

static void add_vcpu(GString *out, const char *name, size_t index, json_object *vcpu, size_t width)
{
    uint64_t entitled = number(vcpu, "entitled_ns");
    uint64_t permille =
        entitled ? (uint64_t)((unsigned __int128)number(vcpu, "ran_ns") * 1000 / entitled) : 0;

    g_string_append_printf(out, "  %-*s %4zu ", (int)width, name, index);
    cell(out, vcpu, "entitled_ns", 11);
    if (entitled)
        g_string_append_printf(out, " %4" PRIu64 ".%" PRIu64 " %%", permille / 10, permille % 10);
    else
        g_string_append(out, "        -");
    cell(out, vcpu, "response_ns", 12);
    cell(out, vcpu, "turnaround_ns", 12);
    cell(out, vcpu, "longest_wait_ns", 13);
    cell(out, vcpu, "wake_wait_ns", 12);
    g_string_append_printf(out, " %10" PRIu64 "\n", number(vcpu, "migrations"));
}

void sim_report_scheduling(GString *out, json_object *result)
{
    json_object *scheduler = get(result, "scheduler"), *vms = get(result, "vms");
    size_t width = name_width(vms, 2);
    uint64_t jain = number(scheduler, "jain_ppm");

    g_string_append_printf(out,
                           "  %-*s vcpu    entitled     got    response  turnaround "
                           "longest wait   wake wait migrations\n",
                           (int)width, "vm");
    for (size_t v = 0; v < json_object_array_length(vms); v++) {
        json_object *vm = json_object_array_get_idx(vms, v), *vcpus = get(vm, "vcpus");

        for (size_t i = 0; i < json_object_array_length(vcpus); i++)
            add_vcpu(out, json_object_get_string(get(vm, "name")), i,
                     json_object_array_get_idx(vcpus, i), width);
    }
    g_string_append(out,
                    "  (entitled: on an ideal machine that serves all at once, by weight; got: "
                    "CPU time beside that;\n   wake wait: the longest from a wake-up to a "
                    "pCPU)\n");
    g_string_append_printf(out,
                           "  Fairness (Jain's index): %" PRIu64 ".%04" PRIu64 "; %" PRIu64
                           " switches, %" PRIu64 " preemptions, %" PRIu64
                           " migrations; longest wait ",
                           jain / 1000000, jain % 1000000 / 100, number(scheduler, "switches"),
                           number(scheduler, "preemptions"), number(scheduler, "migrations"));
    sim_report_duration(out, number(scheduler, "longest_wait_ns"));
    g_string_append_c(out, '\n');
}

void sim_report_throttles(GString *out, json_object *vms)
{
    for (size_t i = 0; i < json_object_array_length(vms); i++) {
        json_object *vm = json_object_array_get_idx(vms, i), *throttle = get(vm, "throttle");
        uint64_t exits = number(throttle, "exits");
        uint64_t operations = number(throttle, "device_operations");

        if (exits + operations == 0)
            continue;
        g_string_append_printf(out,
                               "  %s was throttled %" PRIu64 " times for its exits, %" PRIu64
                               " times for its device operations: ",
                               json_object_get_string(get(vm, "name")), exits, operations);
        sim_report_duration(out, number(throttle, "waited_ns"));
        g_string_append(out, " of waiting\n");
    }
}
