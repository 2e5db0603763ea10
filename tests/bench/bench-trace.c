/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench-trace.c: what an event costs whoever writes it, in memory and with a
 * reader in another process following through a pipe, and how fast a trace opens.
 *
 * Four typical events (38 bytes on average) are appended and settled, again and
 * again. The reference copies ready-made records of the same sizes behind each
 * other, and for the live case writes them to the same kind of pipe, whose reader
 * only reads. CPU time of the writer counts. Memory is used again after a MiB,
 * so the kernel's work of handing out fresh pages is in neither.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/trace/reader.h"
#include "tests/bench/bench.h"

#define EVENTS       4000000u
#define PER_ROUND    4u
#define REUSE_BYTES  (1u << 20)
#define FLUSH_BYTES  (64u << 10)
#define OPEN_EVENTS  10000000u
#define FOLLOW_BYTES (UINT64_C(1) << 30)

static inline void append_round(SimTrace *trace, uint64_t time, uint32_t i)
{
    SIM_TRACE(trace, SIM_SOURCE_PCPU(0), time, Exit, .rip = time, .address = i, .cost_ns = 2000,
              .vm = i & 7, .kind = SIM_EXIT_PAGE_FAULT, .size = 8, .write = 1);
    SIM_TRACE(trace, SIM_SOURCE_PCPU(0), time + 1, PageMapped, .page = i, .frame = i + 1,
              .vm = i & 7, .demand = 1);
    SIM_TRACE(trace, SIM_SOURCE_PCPU(0), time + 2, Mark, .number = i, .vm = i & 7);
    SIM_TRACE(trace, SIM_SOURCE_PCPU(0), time + 3, Deschedule, .ran_ns = time, .vm = i & 7,
              .why = SIM_WHY_SLICE_END);
    sim_trace_settle(trace, time + 4);
}

static SimTrace *trace_new(uint64_t limit, bool forget)
{
    const SimTraceOptions options = {.limit_bytes = limit, .forget_flushed = forget};
    g_autoptr(GError) error = NULL;
    SimTrace *trace = sim_trace_new("{}", &options, &error);

    if (!trace)
        g_error("%s", error->message);
    return trace;
}

/* The records of one round, as bytes. */
static size_t round_bytes(uint8_t *bytes)
{
    g_autoptr(SimTrace) trace = trace_new(0, false);
    size_t before, after;

    sim_trace_data(trace, &before);
    append_round(trace, 0, 0);
    memcpy(bytes, sim_trace_data(trace, &after) + before, 256);
    return after - before;
}

/* ---- In memory -------------------------------------------------------------------- */

static double append_in_memory(void *user)
{
    g_autoptr(SimTrace) trace = trace_new(UINT64_C(1) << 36, true);
    double start = bench_cpu_ns();

    for (uint32_t i = 0; i < EVENTS / PER_ROUND; i++) {
        append_round(trace, (uint64_t)i * 4, i);
        if (sim_trace_unflushed(trace) > REUSE_BYTES)
            sim_trace_discard(trace);
    }
    return (bench_cpu_ns() - start) / EVENTS;
}

static inline uint8_t *copy_record(uint8_t *to, const uint8_t *from, size_t size)
{
    memcpy(to, from, size);
    __asm__ volatile("" : : "r"(to) : "memory");
    return to + size;
}

/* Sizes as constants, as they are for the writer: 56, 32, 32, 32. */
static uint8_t *copy_round(uint8_t *to, const uint8_t *records)
{
    to = copy_record(to, records, 56);
    to = copy_record(to, records + 56, 32);
    to = copy_record(to, records + 88, 32);
    return copy_record(to, records + 120, 32);
}

static double copy_in_memory(void *user)
{
    static uint8_t buffer[REUSE_BYTES + 256];
    uint8_t records[256], *end = buffer;

    g_assert(round_bytes(records) == 152);
    double start = bench_cpu_ns();
    for (uint32_t i = 0; i < EVENTS / PER_ROUND; i++) {
        end = copy_round(end, records);
        if (end > buffer + REUSE_BYTES)
            end = buffer;
    }
    return (bench_cpu_ns() - start) / EVENTS;
}

/* ---- With a live reader -------------------------------------------------------------- */

/* The reading process: takes what comes and, if it parses, looks at every event. */
static void follow(int fd, bool parse)
{
    uint8_t *data = mmap(NULL, FOLLOW_BYTES, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    SimReader *reader = NULL;
    SimCursor cursor = {0};
    SimRecord record;
    size_t size = 0;
    ssize_t n;

    while ((n = read(fd, data + size, FLUSH_BYTES)) > 0) {
        size += parse ? (size_t)n : 0;
        if (!parse)
            continue;
        if (reader)
            sim_reader_update(reader, data, size);
        else
            reader = sim_reader_new_memory(data, size, NULL);
        while (reader && sim_reader_next(reader, &cursor, &record)) {
        }
    }
    _exit(parse && cursor.index != EVENTS);
}

static int start_follower(bool parse, pid_t *ret_child)
{
    int ends[2];

    if (pipe(ends) != 0 || (*ret_child = fork()) < 0)
        g_error("no pipe or process");
    if (*ret_child == 0) {
        close(ends[1]);
        follow(ends[0], parse);
    }
    close(ends[0]);
    fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
    return ends[1];
}

static void end_follower(int fd, pid_t child)
{
    int status;

    close(fd);
    waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        g_error("the reader did not see every event");
}

static double append_live(void *user)
{
    g_autoptr(SimTrace) trace = trace_new(UINT64_C(1) << 36, true);
    pid_t child;
    int fd = start_follower(true, &child);
    double start = bench_cpu_ns(), used;

    for (uint32_t i = 0; i < EVENTS / PER_ROUND; i++) {
        append_round(trace, (uint64_t)i * 4, i);
        if (sim_trace_unflushed(trace) > FLUSH_BYTES)
            sim_trace_flush(trace, fd, NULL);
    }
    sim_trace_flush(trace, fd, NULL);
    used = bench_cpu_ns() - start;
    end_follower(fd, child);
    return used / EVENTS;
}

static double copy_live(void *user)
{
    static uint8_t buffer[FLUSH_BYTES + 256];
    uint8_t records[256], *end = buffer;
    pid_t child;
    int fd = start_follower(false, &child);
    double start, used;

    round_bytes(records);
    start = bench_cpu_ns();
    for (uint32_t i = 0; i < EVENTS / PER_ROUND; i++) {
        end = copy_round(end, records);
        if (end > buffer + FLUSH_BYTES) {
            if (write(fd, buffer, (size_t)(end - buffer)) < 0)
                g_error("write");
            end = buffer;
        }
    }
    used = bench_cpu_ns() - start;
    end_follower(fd, child);
    return used / EVENTS;
}

/* ---- Opening -------------------------------------------------------------------------- */

/* Seconds to open a file of 10 million events with its whole index. */
static double open_file(const char *path)
{
    double start = bench_wall_ns();
    g_autoptr(SimReader) reader = sim_reader_open(path, NULL);

    if (!reader || sim_reader_count(reader) != OPEN_EVENTS)
        g_error("the trace does not open");
    return (bench_wall_ns() - start) / 1e9;
}

static double open_time(void)
{
    g_autoptr(SimTrace) trace = trace_new(UINT64_C(1) << 36, true);
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("hvlab-bench-XXXXXX", &path, NULL);
    double seconds;

    for (uint32_t i = 0; i < OPEN_EVENTS / PER_ROUND; i++) {
        append_round(trace, (uint64_t)i * 4, i);
        if (sim_trace_unflushed(trace) > REUSE_BYTES && !sim_trace_flush(trace, fd, NULL))
            g_error("the trace cannot be written");
    }
    sim_trace_flush(trace, fd, NULL);
    close(fd);
    seconds = open_file(path);
    unlink(path);
    return seconds;
}

int main(void)
{
    BenchPair memory = bench_alternate(append_in_memory, copy_in_memory, NULL, 9);
    BenchPair live = bench_alternate(append_live, copy_live, NULL, 5);
    double seconds = open_time();

    /* Targets: 5 ns where the reference took 1.1; 16 ns, as what a pipe costs the reference
     * is 5 to 15 ns, by where its reader happens to run; 1.5 s. */
    bench_report(&(BenchFigure){"trace-append", memory.value, "ns/event",
                                memory.value / memory.reference,
                                "copying ready records of the same sizes", 5 / 1.1, false});
    bench_report(&(BenchFigure){"trace-append-live", live.value, "ns/event", live.value / 16,
                                "16 ns", 1, false});
    bench_report(&(BenchFigure){"trace-append-live-own", live.value - live.reference, "ns/event",
                                (live.value - live.reference) / (16 - 13),
                                "3 ns more than copying ready records into such a pipe", 1, false});
    bench_report(&(BenchFigure){"trace-open-10M", seconds, "s", seconds / 1.5, "the goal of 1.5 s",
                                1, false});
    return EXIT_SUCCESS;
}
