/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-export.c: the run in trace-sample.h in each format; tshark and json-c judge. */
#include <glib/gstdio.h>
#include <json-c/json.h>

#include "sim/export/export.h"
#include "tests/sim/trace-sample.h"

static GString *export_sample(const char *format)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(SimReader) reader = sample_reader(trace);
    GString *out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    sim_export_trace(sim_export_find(format), reader, sim_export_to_string, out, &error);
    g_assert_no_error(error);
    return out;
}

/* ---- pcapng ----------------------------------------------------------------- */

/* What tshark prints about the capture, a line per packet, with these arguments. */
static char *tshark(const char *arguments)
{
    g_autoptr(GString) capture = export_sample("pcapng");
    g_autofree char *path = NULL, *command = NULL;
    g_autoptr(GError) error = NULL;
    char *output = NULL;
    int status = -1, fd = g_file_open_tmp("hvlab-XXXXXX.pcapng", &path, &error);

    g_assert_no_error(error);
    close(fd);
    g_file_set_contents(path, capture->str, (gssize)capture->len, &error);
    g_assert_no_error(error);
    command = g_strdup_printf("tshark -n -r %s %s", path, arguments);
    g_spawn_command_line_sync(command, &output, NULL, &status, &error);
    g_unlink(path);
    g_assert_no_error(error);
    g_assert_cmpint(status, ==, 0);
    return output;
}

static bool no_tshark(void)
{
    g_autofree char *path = g_find_program_in_path("tshark");

    if (!path)
        g_test_skip("tshark is not installed");
    return !path;
}

static void test_tshark_packets(void)
{
    static const char *const expected =
        "net0/0|0.000002000|1|switch net0: flooded to 1 port, destination is broadcast; learned "
        "02:00:00:00:00:0a on port 0 (vm:a)\n"
        "net0/1|0.000002000|1|switch net0: leaves by port 1 (vm:b)\n"
        "net0/1|0.000004500|2|switch net0: forwarded to port 0 (vm:a); learned "
        "02:00:00:00:00:0b on port 1 (vm:b)\n"
        "net0/0|0.000004500|2|switch net0: leaves by port 0 (vm:a)\n"
        "net0/0|0.000007500|3|switch net0: forwarded to port 1 (vm:b)\n"
        "net0/1|0.000007500|3|switch net0: dropped: port-down (the cable "
        "is unplugged, or was on the way)\n";
    g_autofree char *output = NULL;

    if (no_tshark())
        return;
    output = tshark("-T fields -E separator=| -e frame.interface_name -e frame.time_epoch -e "
                    "frame.packet_id -e frame.comment");
    if (!strstr(output, "|1|")) { /* this tshark does not know the packet id */
        g_free(output);
        output = tshark("-T fields -E separator=| -e frame.interface_name -e frame.time_epoch "
                        "-e frame.comment");
        g_autoptr(GRegex) id = g_regex_new("(0\\d)\\|\\d\\|", 0, 0, NULL);
        g_autofree char *without = g_regex_replace(id, expected, -1, 0, "\\1|", 0, NULL);
        g_assert_cmpstr(output, ==, without);
        return;
    }
    g_assert_cmpstr(output, ==, expected);
}

static void test_tshark_sound(void)
{
    g_autofree char *bad = NULL, *all = NULL;

    if (no_tshark())
        return;
    bad = tshark("-o ip.check_checksum:TRUE -Y _ws.malformed||ip.checksum.status==0||"
                 "icmp.checksum.status==0");
    g_assert_cmpstr(bad, ==, "");
    all = tshark("-o ip.check_checksum:TRUE -Y ip.checksum.status==1&&icmp.checksum.status==1");
    g_auto(GStrv) lines = g_strsplit(g_strchomp(all), "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 2);
}

/* Block by block, without tshark: lengths agree at both ends and cover the file. */
static void test_pcapng_blocks(void)
{
    g_autoptr(GString) capture = export_sample("pcapng");
    unsigned counts[7] = {0};
    size_t at = 0;

    while (at < capture->len) {
        uint32_t head[2], tail;
        g_assert_cmpuint(capture->len - at, >=, 12);
        memcpy(head, capture->str + at, 8);
        g_assert_cmpuint(head[1] % 4, ==, 0);
        g_assert_cmpuint(head[1], <=, capture->len - at);
        memcpy(&tail, capture->str + at + head[1] - 4, 4);
        g_assert_cmpuint(tail, ==, head[1]);
        counts[at == 0 ? 0 : head[0]]++;
        at += head[1];
    }
    g_assert_cmpuint(counts[0], ==, 1);
    g_assert_cmpuint(counts[1], ==, 2); /* interfaces */
    g_assert_cmpuint(counts[6], ==, 6); /* packets */
}

/* ---- Perfetto --------------------------------------------------------------- */

static const char *text_of(json_object *event, const char *key)
{
    json_object *value;

    return json_object_object_get_ex(event, key, &value) ? json_object_get_string(value) : "";
}

/* ts in ns. */
static int64_t time_of(json_object *event)
{
    char **parts = g_strsplit(text_of(event, "ts"), ".", 2);
    int64_t time = g_ascii_strtoll(parts[0], NULL, 10) * 1000 +
                   (parts[1] ? g_ascii_strtoll(parts[1], NULL, 10) : 0);

    g_strfreev(parts);
    return time;
}

/* Every end has its beginning, none before it, all are closed; returns the number of
 * slices and the time in those called "running". */
static unsigned check_nesting(json_object *events, int64_t *ret_running)
{
    g_autoptr(GHashTable) open = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    unsigned slices = 0;

    *ret_running = 0;
    for (size_t i = 0; i < json_object_array_length(events); i++) {
        json_object *event = json_object_array_get_idx(events, i), *begin;
        g_autofree char *thread =
            g_strdup_printf("%s/%s", text_of(event, "pid"), text_of(event, "tid"));
        if (strcmp(text_of(event, "ph"), "B") == 0) {
            g_assert_null(g_hash_table_lookup(open, thread));
            g_hash_table_insert(open, g_strdup(thread), event);
            slices++;
        } else if (strcmp(text_of(event, "ph"), "E") == 0) {
            begin = g_hash_table_lookup(open, thread);
            g_assert_nonnull(begin);
            g_assert_cmpint(time_of(event), >=, time_of(begin));
            if (strcmp(text_of(begin, "name"), "running") == 0)
                *ret_running += time_of(event) - time_of(begin);
            g_hash_table_remove(open, thread);
        }
    }
    g_assert_cmpuint(g_hash_table_size(open), ==, 0);
    return slices;
}

static void test_perfetto(void)
{
    g_autoptr(GString) text = export_sample("perfetto");
    json_object *root = json_tokener_parse(text->str), *events;
    unsigned starts = 0, finishes = 0;
    int64_t running;

    g_assert_nonnull(root);
    g_assert_true(json_object_object_get_ex(root, "traceEvents", &events));
    /* pCPU: 4. a: ready, running, blocked, ready, running. b: ready, running, ready, running. */
    g_assert_cmpuint(check_nesting(events, &running), ==, 4 + 5 + 4);
    g_assert_cmpint(running, ==, 9900);
    for (size_t i = 0; i < json_object_array_length(events); i++) {
        const char *phase = text_of(json_object_array_get_idx(events, i), "ph");
        starts += strcmp(phase, "s") == 0;
        finishes += strcmp(phase, "f") == 0;
    }
    g_assert_cmpuint(starts, ==, 3);
    g_assert_cmpuint(finishes, ==, 2); /* the third was dropped */
    json_object_put(root);
}

/* ---- JSON lines ------------------------------------------------------------- */

static void test_json_lines(void)
{
    g_autoptr(GString) text = export_sample("json");
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text->str), "\n", -1);
    json_object *exit_event = NULL;

    for (unsigned i = 0; lines[i]; i++) {
        json_object *event = json_tokener_parse(lines[i]), *index;
        g_assert_nonnull(event);
        g_assert_true(json_object_object_get_ex(event, "index", &index));
        g_assert_cmpint(json_object_get_int64(index), ==, i);
        if (strcmp(text_of(event, "event"), "exit") == 0)
            exit_event = json_object_get(event);
        json_object_put(event);
    }
    g_assert_nonnull(exit_event);
    g_assert_cmpstr(text_of(exit_event, "kind"), ==, "page-fault");
    g_assert_cmpstr(text_of(exit_event, "rip"), ==, "0xffffffff80000123");
    g_assert_cmpstr(text_of(exit_event, "write"), ==, "true");
    g_assert_cmpstr(text_of(exit_event, "time_ns"), ==, "600");
    g_assert_cmpstr(text_of(exit_event, "pcpu"), ==, "0");
    json_object_put(exit_event);
}

/* ---- The stream --------------------------------------------------------------- */

static gboolean refuse(void *user, const void *bytes, size_t size, GError **error)
{
    (*(unsigned *)user)++;
    g_set_error(error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_IO, "full");
    return FALSE;
}

static void test_sink_gives_up(void)
{
    g_autoptr(SimTrace) trace = sample_trace();
    g_autoptr(SimReader) reader = sample_reader(trace);
    g_autoptr(GError) error = NULL;
    unsigned calls = 0;

    g_assert_false(sim_export_trace(sim_export_find("perfetto"), reader, refuse, &calls, &error));
    g_assert_error(error, SIM_TRACE_ERROR, SIM_TRACE_ERROR_IO);
    g_assert_cmpuint(calls, ==, 1);
    g_assert_null(sim_export_find("gif"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/export/pcapng/tshark-packets", test_tshark_packets);
    g_test_add_func("/export/pcapng/tshark-sound", test_tshark_sound);
    g_test_add_func("/export/pcapng/blocks", test_pcapng_blocks);
    g_test_add_func("/export/perfetto", test_perfetto);
    g_test_add_func("/export/json-lines", test_json_lines);
    g_test_add_func("/export/sink-gives-up", test_sink_gives_up);
    return g_test_run();
}
