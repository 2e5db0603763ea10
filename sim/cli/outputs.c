/* SPDX-License-Identifier: GPL-2.0-or-later */
/* outputs.c: see outputs.h. */
#include "sim/cli/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/cli/cli.h"

/* ---- Opening --------------------------------------------------------------- */

/* Would one output overwrite the other? Devices and pipes take both, stdout does not. */
static bool same_file(const char *a, const char *b)
{
    struct stat x, y;

    if (!a || !b)
        return false;
    if (!strcmp(a, "-") || !strcmp(b, "-"))
        return !strcmp(a, b);
    if (stat(a, &x) == 0 && stat(b, &y) == 0)
        return S_ISREG(x.st_mode) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;

    g_autofree char *one = g_canonicalize_filename(a, NULL);
    g_autofree char *other = g_canonicalize_filename(b, NULL);

    return !strcmp(one, other);
}

/* Not truncated yet: what is there stays until all outputs have been found good. */
static bool open_one(CliOutput *output, const char *path, bool *ret_made)
{
    *ret_made = false;
    if (!path)
        return true;
    output->name = g_strdup(!strcmp(path, "-") ? "stdout" : path);
    if (!strcmp(path, "-")) {
        output->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    } else {
        output->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        *ret_made = output->fd >= 0;
        if (output->fd < 0 && errno == EEXIST)
            output->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    }
    if (output->fd < 0)
        cli_error("%s: cannot be written: %s", output->name, g_strerror(errno));
    return output->fd >= 0;
}

static void begin_one(CliOutput *output)
{
    struct stat info;

    if (output->fd >= 0 && fstat(output->fd, &info) == 0 && S_ISREG(info.st_mode) &&
        strcmp(output->name, "stdout") != 0 && ftruncate(output->fd, 0) != 0)
        cli_error("%s: %s", output->name, g_strerror(errno));
}

static void drop_one(CliOutput *output)
{
    if (output->fd >= 0)
        close(output->fd);
    g_clear_pointer(&output->name, g_free);
    output->fd = -1;
}

bool cli_outputs_open(CliOutputs *outputs, const char *trace, const char *pcapng)
{
    bool made_trace, made_pcapng;

    *outputs = (CliOutputs){.trace = {.fd = -1}, .pcapng = {.fd = -1}};
    if (same_file(trace, pcapng)) {
        cli_error("%s: the trace and the capture cannot be the same file", trace);
        return false;
    }
    if (!open_one(&outputs->trace, trace, &made_trace) ||
        !open_one(&outputs->pcapng, pcapng, &made_pcapng)) {
        if (made_trace)
            unlink(trace);
        drop_one(&outputs->trace);
        drop_one(&outputs->pcapng);
        return false;
    }
    begin_one(&outputs->trace);
    begin_one(&outputs->pcapng);
    outputs->takes_stdout = g_strcmp0(trace, "-") == 0 || g_strcmp0(pcapng, "-") == 0;
    if (trace || pcapng)
        signal(SIGPIPE, SIG_IGN); /* the answer is EPIPE */
    return true;
}

/* ---- Writing --------------------------------------------------------------- */

static bool write_all(CliOutput *output, const void *bytes, size_t size, GError **error)
{
    const uint8_t *at = bytes, *end = at + size;

    while (at < end && output->fd >= 0) {
        ssize_t n = write(output->fd, at, (size_t)(end - at));

        if (n >= 0) {
            at += n;
        } else if (errno == EPIPE) {
            cli_error("%s: its reader has gone; the run goes on without it", output->name);
            close(output->fd);
            output->fd = -1;
        } else if (errno != EINTR) {
            g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s: %s", output->name,
                        g_strerror(errno));
            return false;
        }
    }
    return true;
}

static gboolean to_capture(void *user, const void *bytes, size_t size, GError **error)
{
    return write_all(user, bytes, size, error);
}

static bool follow_trace(CliOutputs *outputs, const uint8_t *data, size_t size, GError **error)
{
    if (!write_all(&outputs->trace, data + outputs->trace_sent, size - outputs->trace_sent, error))
        return false;
    outputs->trace_sent = size;
    return true;
}

static bool follow_capture(CliOutputs *outputs, const uint8_t *data, size_t size, GError **error)
{
    SimRecord record;

    if (!outputs->reader) {
        outputs->reader = sim_reader_new_memory(data, size, error);
        outputs->capture = sim_export_new(sim_export_find("pcapng"), to_capture, &outputs->pcapng);
    }
    if (!outputs->reader)
        return false;
    sim_reader_update(outputs->reader, data, size);
    while (sim_reader_next(outputs->reader, &outputs->cursor, &record))
        if (!sim_export_apply(outputs->capture, &record, error))
            return false;
    return sim_export_flush(outputs->capture, error);
}

bool cli_outputs_follow(CliOutputs *outputs, SimEngine *engine, GError **error)
{
    size_t size;
    const uint8_t *data = sim_trace_data(sim_engine_trace(engine), &size);

    return (outputs->trace.fd < 0 || follow_trace(outputs, data, size, error)) &&
           (outputs->pcapng.fd < 0 || follow_capture(outputs, data, size, error));
}

static bool close_one(CliOutput *output, GError **error)
{
    int result = output->fd >= 0 ? close(output->fd) : 0;

    if (result != 0 && !*error)
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s: %s", output->name,
                    g_strerror(errno));
    output->fd = -1;
    g_clear_pointer(&output->name, g_free);
    return result == 0;
}

bool cli_outputs_close(CliOutputs *outputs, SimEngine *engine, GError **error)
{
    g_autoptr(GError) wrong = NULL;
    bool good = cli_outputs_follow(outputs, engine, &wrong);

    if (good && outputs->capture && outputs->pcapng.fd >= 0)
        good = sim_export_finish(outputs->capture, &wrong);
    sim_export_free(outputs->capture);
    sim_reader_free(outputs->reader);
    good &= close_one(&outputs->trace, &wrong);
    good &= close_one(&outputs->pcapng, &wrong);
    if (wrong)
        g_propagate_error(error, g_steal_pointer(&wrong));
    return good;
}
