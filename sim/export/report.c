/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.c: see report.h. One function per section. */
#include "sim/export/report.h"

#include <inttypes.h>
#include <string.h>

#include "sim/export/moments.h"
#include "sim/export/report-cpu.h"

#define CONSOLE_LINES   24  /* of each VM's output that are shown */
#define MOST_REFERENCES 240 /* accesses to the pages of a VM that are shown */
#define LINE_COLUMNS    100 /* what a check may take before its detail gets a line of its own */

typedef struct {
    GString *out;
    json_object *result;
    bool colour;
} SimReport;

static json_object *get(json_object *object, const char *key)
{
    return object ? json_object_object_get(object, key) : NULL;
}

static uint64_t number(json_object *object, const char *key)
{
    return json_object_get_uint64(get(object, key));
}

static const char *text(json_object *object, const char *key)
{
    json_object *value = get(object, key);

    return value ? json_object_get_string(value) : "";
}

static size_t row_count(json_object *list)
{
    return list ? json_object_array_length(list) : 0;
}

static json_object *row(json_object *list, size_t index)
{
    return json_object_array_get_idx(list, index);
}

/* 1234567 ns as "1.234 ms": with the unit that fits. */
void sim_report_duration(GString *out, uint64_t ns)
{
    static const struct {
        uint64_t ns;
        const char *unit;
    } units[] = {{1000000000, "s"}, {1000000, "ms"}, {1000, "us"}};

    for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
        if (ns >= units[i].ns) {
            g_string_append_printf(out, "%" PRIu64 ".%03" PRIu64 " %s", ns / units[i].ns,
                                   ns % units[i].ns * 1000 / units[i].ns, units[i].unit);
            return;
        }
    g_string_append_printf(out, "%" PRIu64 " ns", ns);
}

/* A duration right-aligned in a column. */
static void duration_cell(SimReport *report, uint64_t ns, int width)
{
    g_autoptr(GString) cell = g_string_new(NULL);

    sim_report_duration(cell, ns);
    g_string_append_printf(report->out, "%*s", width, cell->str);
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void heading(SimReport *report, const char *title)
{
    g_string_append_printf(report->out, report->colour ? "\n\033[1m%s\033[0m\n" : "\n%s\n", title);
}

static void verdict_word(SimReport *report, const char *word, bool good)
{
    g_string_append_printf(report->out, report->colour ? "\033[%sm%-6s\033[0m" : "%s%-6s",
                           !report->colour ? ""
                           : good          ? "32"
                                           : "31",
                           word);
}

static void add_head(SimReport *report, const char *backend_why)
{
    json_object *scenario = get(report->result, "scenario");

    g_string_append_printf(report->out, report->colour ? "\033[1m%s\033[0m (%s)\n" : "%s (%s)\n",
                           text(scenario, "title"), text(scenario, "id"));
    if (backend_why)
        g_string_append_printf(report->out, "Backend: %s\n", backend_why);
    else
        g_string_append_printf(report->out, "Backend: %s\n", text(report->result, "backend"));
    g_string_append(report->out, "Ran ");
    sim_report_duration(report->out, number(report->result, "virtual_ns"));
    g_string_append(report->out, " of virtual time in ");
    sim_report_duration(report->out, number(report->result, "wall_ns"));
    g_string_append_printf(report->out, " of real time, %" PRIu64 " events, seed %" PRIu64 "\n",
                           number(report->result, "events"), number(report->result, "seed"));
}

/* A guest's text must not control the terminal of who reads the report. */
static bool is_plain(const char *line)
{
    if (!g_utf8_validate(line, -1, NULL))
        return false;
    for (; *line; line = g_utf8_next_char(line))
        if (g_unichar_iscntrl(g_utf8_get_char(line)) && *line != '\t')
            return false;
    return true;
}

static void append_line(SimReport *report, const char *line)
{
    g_autofree char *clean = is_plain(line) ? g_strdup(line) : g_strescape(line, "\"\\'\t");

    g_string_append(report->out, clean);
    g_string_append_c(report->out, '\n');
}

static void add_moments(SimReport *report, SimReader *reader)
{
    uint64_t left_out;
    g_autoptr(GArray) moments = sim_moments(reader, &left_out);

    size_t width = 8;

    heading(report, "What happened");
    for (unsigned i = 0; i < moments->len; i++)
        width = MAX(width, strlen(g_array_index(moments, SimMoment, i).who));
    for (unsigned i = 0; i < moments->len; i++) {
        const SimMoment *moment = &g_array_index(moments, SimMoment, i);

        duration_cell(report, moment->time, 12);
        g_string_append_printf(report->out, "  %-*s ", (int)width, moment->who);
        append_line(report, moment->text);
    }
    if (left_out)
        g_string_append_printf(report->out,
                               "              and %" PRIu64 " more moment%s of these kinds "
                               "(a trace has them all: --trace FILE)\n",
                               left_out, plural(left_out));
}

static void add_console(SimReport *report, json_object *vm)
{
    const char *console = text(vm, "console");
    g_auto(GStrv) lines = g_strsplit(console, "\n", -1);
    unsigned count = g_strv_length(lines);
    g_autofree char *title = g_strdup_printf("Console of %s", text(vm, "name"));

    if (count && !*lines[count - 1])
        count--;
    if (count == 0)
        return;
    heading(report, title);
    for (unsigned i = 0; i < count && i < CONSOLE_LINES; i++) {
        g_string_append(report->out, "  ");
        append_line(report, lines[i]);
    }
    if (count > CONSOLE_LINES)
        g_string_append_printf(report->out, "  ... and %u more line%s\n", count - CONSOLE_LINES,
                               plural(count - CONSOLE_LINES));
}

static void add_vcpu_rows(SimReport *report, json_object *vm, size_t name_width, uint64_t used_ns)
{
    json_object *vcpus = get(vm, "vcpus");
    bool vm_runs = !strcmp(text(vm, "state"), "running");

    for (size_t i = 0; i < row_count(vcpus); i++) {
        json_object *vcpu = row(vcpus, i);
        uint64_t ran = number(vcpu, "ran_ns");
        uint64_t permille =
            used_ns ? (uint64_t)(((unsigned __int128)ran * 1000 + used_ns / 2) / used_ns) : 0;

        g_string_append_printf(report->out, "  %-*s %4zu  %-8s", (int)name_width, text(vm, "name"),
                               i, text(vm_runs ? vcpu : vm, "state"));
        duration_cell(report, ran, 11);
        g_string_append_printf(report->out, " %3" PRIu64 ".%" PRIu64 " %%", permille / 10,
                               permille % 10);
        duration_cell(report, number(vcpu, "ready_ns"), 11);
        duration_cell(report, number(vcpu, "blocked_ns"), 11);
        g_string_append_printf(report->out, " %10" PRIu64 " %11" PRIu64 "\n",
                               number(vcpu, "dispatches"), number(vcpu, "preemptions"));
    }
}

static uint64_t used_ns(json_object *vms)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < row_count(vms); i++) {
        json_object *vcpus = get(row(vms, i), "vcpus");

        for (size_t j = 0; j < row_count(vcpus); j++)
            sum += number(row(vcpus, j), "ran_ns");
    }
    return sum;
}

static size_t name_width(json_object *rows, size_t least)
{
    size_t width = least;

    for (size_t i = 0; i < row_count(rows); i++)
        width = MAX(width, strlen(text(row(rows, i), "name")));
    return width;
}

static void add_cpu(SimReport *report, json_object *vms)
{
    size_t width = name_width(vms, 2);
    json_object *pcpus = get(report->result, "pcpus");

    heading(report, "CPU time");
    g_string_append_printf(report->out,
                           "  %-*s vcpu  state           ran   share      ready    blocked "
                           "dispatches preemptions\n",
                           (int)width, "vm");
    for (size_t i = 0; i < row_count(vms); i++)
        add_vcpu_rows(report, row(vms, i), width, used_ns(vms));
    g_string_append(report->out, "  (share: of the time that all vCPUs ran; ready: waiting for a "
                                 "pCPU; blocked: nothing to do)\n");
    for (size_t i = 0; i < row_count(pcpus); i++) {
        g_string_append_printf(report->out, "  pCPU %zu was busy ", i);
        sim_report_duration(report->out, number(row(pcpus, i), "busy_ns"));
        g_string_append(report->out, ", idle ");
        sim_report_duration(report->out, number(row(pcpus, i), "idle_ns"));
        g_string_append_printf(report->out, ", and switched to another vCPU %" PRIu64 " time%s\n",
                               number(row(pcpus, i), "switches"),
                               plural(number(row(pcpus, i), "switches")));
    }
}

static void add_exits(SimReport *report, json_object *vms)
{
    static const char *const kinds[] = {"io",     "mmio", "page_fault", "halt", "interrupt_window",
                                        "preempt"};
    size_t width = name_width(vms, 2);

    heading(report, "Exits to the hypervisor, and memory");
    g_string_append_printf(report->out,
                           "  %-*s       io     mmio   fault     halt   window  preempt   "
                           "pages given  of promised\n",
                           (int)width, "vm");
    for (size_t i = 0; i < row_count(vms); i++) {
        json_object *vm = row(vms, i), *exits = get(vm, "exits"), *memory = get(vm, "memory");

        g_string_append_printf(report->out, "  %-*s", (int)width, text(vm, "name"));
        for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++)
            g_string_append_printf(report->out, " %*" PRIu64, k == 2 ? 7 : 8,
                                   number(exits, kinds[k]));
        g_string_append_printf(report->out, " %13" PRIu64 " %12" PRIu64 "\n",
                               number(memory, "resident_pages"),
                               number(memory, "size_bytes") / 4096);
    }
    g_string_append(report->out,
                    "  (io, mmio: a device was spoken to; fault: a page was touched for the first "
                    "time;\n   halt: nothing to do; window: an interrupt could be delivered again; "
                    "preempt: the pCPU was\n   taken away; a page has 4096 bytes)\n");
    sim_report_throttles(report->out, vms);
}

/* "1* 2* 3* 4*(1) 1*(2)": in the manner of textbooks, twelve to a line. */
static void add_reference_row(SimReport *report, json_object *vm)
{
    json_object *memory = get(vm, "memory"), *references = get(memory, "references");
    size_t shown = MIN(row_count(references), MOST_REFERENCES);

    g_string_append_printf(report->out,
                           "  %s: %" PRIu64 " accesses, %" PRIu64 " hits, %" PRIu64 " misses\n",
                           text(vm, "name"), number(memory, "reference_count"),
                           number(memory, "reference_hits"), number(memory, "reference_misses"));
    for (size_t i = 0; i < shown; i++) {
        json_object *reference = row(references, i);
        bool hit = json_object_get_boolean(get(reference, "hit"));

        g_string_append_printf(report->out, "%s%" PRIu64 "%s", i % 12 == 0 ? "    " : "  ",
                               number(reference, "page"), hit ? "" : "*");
        if (get(reference, "evicted"))
            g_string_append_printf(report->out, "(%s%s%" PRIu64 ")", text(reference, "evicted_vm"),
                                   get(reference, "evicted_vm") ? ":" : "",
                                   number(reference, "evicted"));
        if (i % 12 == 11 || i + 1 == shown)
            g_string_append_c(report->out, '\n');
    }
    if (shown < number(memory, "reference_count"))
        g_string_append_printf(report->out, "    and %" PRIu64 " more\n",
                               number(memory, "reference_count") - shown);
}

static void add_references(SimReport *report, json_object *vms)
{
    bool any = false;

    for (size_t i = 0; i < row_count(vms); i++) {
        if (number(get(row(vms, i), "memory"), "reference_count") == 0)
            continue;
        if (!any)
            heading(report, "Accesses to pages of the heap");
        any = true;
        add_reference_row(report, row(vms, i));
    }
    if (any)
        g_string_append(report->out, "  (*: the page had no page frame; in brackets: the page that "
                                     "lost its frame for it)\n");
}

/* Only where pages came to share a page frame. */
static void add_sharing(SimReport *report, json_object *vms)
{
    bool any = false;

    for (size_t i = 0; i < row_count(vms); i++) {
        json_object *memory = get(row(vms, i), "memory");

        if (number(memory, "shares") == 0)
            continue;
        if (!any)
            heading(report, "Pages of equal contents");
        any = true;
        g_string_append_printf(
            report->out,
            "  %s: %" PRIu64 " times a page came to share its page frame, %" PRIu64
            " times it was copied to be written, %" PRIu64 " share one at the end\n",
            text(row(vms, i), "name"), number(memory, "shares"), number(memory, "copies"),
            number(memory, "shared_pages"));
    }
}

/* Only where pages went to swap space. */
static void add_swapping(SimReport *report, json_object *vms)
{
    bool any = false;

    for (size_t i = 0; i < row_count(vms); i++) {
        json_object *memory = get(row(vms, i), "memory");

        if (number(memory, "swap_outs") == 0)
            continue;
        if (!any)
            heading(report, "Swap space");
        any = true;
        g_string_append_printf(report->out,
                               "  %s: %" PRIu64 " pages written, %" PRIu64 " read back, %" PRIu64
                               " there at the end\n",
                               text(row(vms, i), "name"), number(memory, "swap_outs"),
                               number(memory, "swap_ins"), number(memory, "swapped_pages"));
    }
}

/* Only where there was something in a balloon, or was to be. */
static void add_balloons(SimReport *report, json_object *vms)
{
    bool any = false;

    for (size_t i = 0; i < row_count(vms); i++) {
        json_object *memory = get(row(vms, i), "memory");

        if (number(memory, "inflates") + number(memory, "balloon_target") +
                number(memory, "balloon_refused") ==
            0)
            continue;
        if (!any)
            heading(report, "Balloons");
        any = true;
        g_string_append_printf(report->out,
                               "  %s: %" PRIu64 " pages in it at the end of %" PRIu64
                               " wanted; %" PRIu64 " given, %" PRIu64 " taken back",
                               text(row(vms, i), "name"), number(memory, "ballooned_pages"),
                               number(memory, "balloon_target"), number(memory, "inflates"),
                               number(memory, "deflates"));
        if (number(memory, "balloon_used") > 0)
            g_string_append_printf(report->out, ", %" PRIu64 " used without taking them back",
                                   number(memory, "balloon_used"));
        if (number(memory, "balloon_refused") > 0)
            g_string_append_printf(report->out, ", %" PRIu64 " refused",
                                   number(memory, "balloon_refused"));
        g_string_append_c(report->out, '\n');
    }
}

/* Only where the memory policy asks for statistics. */
static void add_guest_memory(SimReport *report, json_object *vms)
{
    bool any = false;

    for (size_t i = 0; i < row_count(vms); i++) {
        json_object *says = get(get(row(vms, i), "memory"), "guest_says");

        if (!says)
            continue;
        if (!any)
            heading(report, "What guests say of their memory (nobody believes it)");
        any = true;
        g_string_append_printf(report->out,
                               "  %s: %" PRIu64 " KiB free of %" PRIu64 " KiB; %" PRIu64
                               " page faults of its own; said %" PRIu64 " times\n",
                               text(row(vms, i), "name"), number(says, "free_bytes") / 1024,
                               number(says, "total_bytes") / 1024, number(says, "faults"),
                               number(says, "reports"));
    }
}

/* Only where memory was shared out by shares, or working sets were estimated. */
static void add_memory_shares(SimReport *report, json_object *vms)
{
    bool any = false;

    for (size_t i = 0; i < row_count(vms); i++) {
        json_object *memory = get(row(vms, i), "memory");
        bool shares = get(memory, "shares_given"), estimate = number(memory, "estimates") > 0;

        if (!shares && !estimate)
            continue;
        if (!any)
            heading(report, "Shares of memory");
        any = true;
        g_string_append_printf(report->out, "  %s: holds %" PRIu64 " pages",
                               text(row(vms, i), "name"), number(memory, "resident_pages"));
        if (shares)
            g_string_append_printf(report->out, "; %" PRIu64 " shares",
                                   number(memory, "shares_given"));
        if (shares && number(memory, "reservation_pages") > 0)
            g_string_append_printf(report->out, ", %" PRIu64 " pages reserved",
                                   number(memory, "reservation_pages"));
        if (shares && number(memory, "limit_pages") > 0)
            g_string_append_printf(report->out, ", at most %" PRIu64,
                                   number(memory, "limit_pages"));
        if (estimate)
            g_string_append_printf(
                report->out,
                "; working set about %" PRIu64 " pages (%" PRIu64 ".%" PRIu64 " %% of its memory)",
                number(memory, "working_set_pages"), number(memory, "active_ppm") / 10000,
                number(memory, "active_ppm") / 1000 % 10);
        g_string_append_c(report->out, '\n');
    }
}

static void add_mac_table(SimReport *report, json_object *network)
{
    json_object *table = get(network, "mac_table");
    bool several = row_count(get(network, "switches")) > 1;

    for (size_t i = 0; i < row_count(table); i++) {
        json_object *mac = row(table, i);

        g_autofree char *vlan = number(mac, "vlan") == 0
                                    ? g_strdup("")
                                    : g_strdup_printf(" in VLAN %" PRIu64, number(mac, "vlan"));
        g_autofree char *of =
            several ? g_strdup_printf(" of %s", text(mac, "switch")) : g_strdup("");

        g_string_append_printf(report->out, "    %s%s is on port %" PRIu64 "%s%s%s%s, learned at ",
                               text(mac, "mac"), vlan, number(mac, "port"), of,
                               *text(mac, "endpoint") ? " (" : "", text(mac, "endpoint"),
                               *text(mac, "endpoint") ? ")" : "");
        sim_report_duration(report->out, number(mac, "since_ns"));
        g_string_append_c(report->out, '\n');
    }
}

static void add_switch(SimReport *report, json_object *sw)
{
    json_object *flows = get(sw, "flows"), *ports = get(sw, "ports");

    if (get(sw, "is_root"))
        g_string_append_printf(report->out, "    %s %s\n", text(sw, "name"),
                               json_object_get_boolean(get(sw, "is_root"))
                                   ? "is the root of the spanning tree"
                                   : "knows a way to the root");
    for (size_t i = 0; i < row_count(ports); i++) {
        json_object *port = row(ports, i);
        const char *state = text(port, "tree_state");

        if (*state && strcmp(state, "forwarding"))
            g_string_append_printf(report->out, "    %s: port %" PRIu64 " (%s) is %s\n",
                                   text(sw, "name"), number(port, "number"), text(port, "endpoint"),
                                   state);
    }
    for (size_t i = 0; i < row_count(flows); i++) {
        json_object *flow = row(flows, i);

        g_string_append_printf(report->out,
                               "    flow %s of %s decided on %" PRIu64 " frame%s: %s\n",
                               text(flow, "name"), text(sw, "name"), number(flow, "frames"),
                               plural(number(flow, "frames")), text(flow, "does"));
    }
}

static void append_expiry(SimReport *report, json_object *object)
{
    if (get(object, "expires_ns") == NULL) {
        g_string_append(report->out, ", without end\n");
        return;
    }
    g_string_append(report->out, ", until ");
    sim_report_duration(report->out, number(object, "expires_ns"));
    g_string_append_c(report->out, '\n');
}

static void add_nat_table(SimReport *report, json_object *network)
{
    json_object *rules = get(network, "forward"), *table = get(network, "nat_table");

    for (size_t i = 0; i < row_count(rules); i++) {
        json_object *rule = row(rules, i);

        const char *host = text(rule, "host");
        bool any = g_str_has_prefix(host, "0.0.0.0:");

        g_string_append_printf(report->out, "    forward %s: %s at the host's %s%s to %s%s%s\n",
                               text(rule, "name"), text(rule, "protocol"), any ? "port " : "",
                               any ? host + strlen("0.0.0.0:") : host, text(rule, "guest"),
                               *text(rule, "behind") ? " of " : "", text(rule, "behind"));
    }
    for (size_t i = 0; i < row_count(table); i++) {
        json_object *nat = row(table, i);

        g_string_append_printf(report->out, "    %s%s%s %s to %s, outside %s to %s, %s",
                               text(nat, "behind"), *text(nat, "behind") ? " " : "",
                               text(nat, "protocol"), text(nat, "inside"), text(nat, "inside_peer"),
                               text(nat, "outside"), text(nat, "outside_peer"), text(nat, "state"));
        append_expiry(report, nat);
    }
}

static void add_leases(SimReport *report, json_object *network)
{
    json_object *leases = get(network, "leases");

    for (size_t i = 0; i < row_count(leases); i++) {
        json_object *lease = row(leases, i);

        g_string_append_printf(
            report->out, "    %s %s by %s%s%s%s",
            get(lease, "declined") ? "declined, as it is another's:" : "lease of",
            text(lease, "address"), text(lease, "mac"), *text(lease, "name") ? " (" : "",
            text(lease, "name"), *text(lease, "name") ? ")" : "");
        append_expiry(report, lease);
    }
}

/* Who on the network knows whom. */
static void add_arp(SimReport *report, const char *network)
{
    json_object *table = get(report->result, "arp");

    for (size_t i = 0; i < row_count(table); i++) {
        json_object *arp = row(table, i);
        const char *state = text(arp, "state");

        if (strcmp(text(arp, "network"), network) != 0)
            continue;
        g_string_append_printf(report->out, "    arp cache of %s: %s ", text(arp, "of"),
                               text(arp, "address"));
        if (get(arp, "mac"))
            g_string_append_printf(report->out, "is at %s%s%s%s\n", text(arp, "mac"),
                                   strcmp(state, "reachable") ? " (" : "",
                                   strcmp(state, "reachable") ? state : "",
                                   strcmp(state, "reachable") ? ")" : "");
        else
            g_string_append(report->out, "does not answer\n");
    }
}

static void add_networks(SimReport *report)
{
    json_object *networks = get(report->result, "networks");

    if (row_count(networks) == 0)
        return;
    heading(report, "Networks");
    for (size_t i = 0; i < row_count(networks); i++) {
        json_object *network = row(networks, i);

        g_string_append_printf(report->out,
                               "  %s (%s): %" PRIu64 " frame%s into the switch, %" PRIu64
                               " forwarded to one port, %" PRIu64 " flooded to all\n",
                               text(network, "name"), text(network, "mode"),
                               number(network, "frames"), plural(number(network, "frames")),
                               number(network, "forwarded"), number(network, "flooded"));
        json_object_object_foreach(get(network, "dropped"), reason, count) g_string_append_printf(
            report->out, "    %" PRIu64 " dropped: %s\n", json_object_get_uint64(count), reason);
        for (size_t s = 0; s < row_count(get(network, "switches")); s++)
            add_switch(report, row(get(network, "switches"), s));
        add_mac_table(report, network);
        add_nat_table(report, network);
        add_leases(report, network);
        add_arp(report, text(network, "name"));
    }
}

static void add_checks(SimReport *report)
{
    json_object *checks = get(report->result, "checks");
    json_object *score = get(report->result, "score");

    if (row_count(checks) == 0)
        return;
    heading(report, "Checks");
    for (size_t i = 0; i < row_count(checks); i++) {
        json_object *check = row(checks, i);
        bool passed = json_object_get_boolean(get(check, "passed"));
        bool skipped = json_object_get_boolean(get(check, "skipped"));

        g_string_append(report->out, "  ");
        verdict_word(report, skipped ? "skip" : passed ? "pass" : "FAIL", passed || skipped);
        bool fits = g_utf8_strlen(text(check, "title"), -1) +
                        g_utf8_strlen(text(check, "detail"), -1) + 11 <=
                    LINE_COLUMNS;

        g_string_append_printf(report->out, " %s%s%s\n", text(check, "title"),
                               fits ? ": " : "\n           ", text(check, "detail"));
    }
    g_string_append_printf(report->out, "  %" PRIu64 " of %" PRIu64 " point%s\n",
                           number(score, "earned"), number(score, "possible"),
                           plural(number(score, "possible")));
}

void sim_report_text(GString *out, const SimReportInput *input)
{
    SimReport report = {out, input->result, input->colour};
    json_object *vms = get(input->result, "vms");

    add_head(&report, input->backend_why);
    add_moments(&report, input->reader);
    for (size_t i = 0; i < row_count(vms); i++)
        add_console(&report, row(vms, i));
    add_cpu(&report, vms);
    heading(&report, "Scheduling");
    sim_report_scheduling(out, input->result);
    if (row_count(get(input->result, "jobs"))) {
        heading(&report, "Jobs");
        sim_report_jobs(out, input->result);
    }
    add_exits(&report, vms);
    add_references(&report, vms);
    add_sharing(&report, vms);
    add_swapping(&report, vms);
    add_balloons(&report, vms);
    add_guest_memory(&report, vms);
    add_memory_shares(&report, vms);
    add_networks(&report);
    add_checks(&report);
}
