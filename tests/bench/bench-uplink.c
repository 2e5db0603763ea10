/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench-uplink.c: frames of 64 bytes per second from one stream socket through a switch
 * of a running hvlab to another, in turns with vde_switch between two of its plugs.
 *
 * CPU time of switch and measuring process together: all of them share this machine's
 * CPUs. Argument: the program hvlab. Without vde_switch and libvdeplug there is no
 * reference, and the figure stands alone. */
#include <dlfcn.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"

#define FRAMES      200000
#define FRAME_BYTES 64u
#define BATCH       256
#define ROUNDS      3

extern char **environ;

static const char *hvlab;
static char *folder;

static char *in_folder(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* Its stdin is a pipe that stays open: vde_switch ends with it. ret_said: what it says on
 * stderr; NULL: nobody wants to know. */
static pid_t spawn(char *const *argv, FILE **ret_said)
{
    posix_spawn_file_actions_t actions;
    pid_t child;
    int in[2], said[2];

    g_assert_cmpint(pipe2(in, O_CLOEXEC), ==, 0);
    g_assert_cmpint(ret_said ? pipe2(said, O_CLOEXEC) : 0, ==, 0);

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (ret_said)
        posix_spawn_file_actions_adddup2(&actions, said[1], STDERR_FILENO);
    else
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    g_assert_cmpint(posix_spawnp(&child, argv[0], &actions, NULL, argv, environ), ==, 0);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    if (ret_said) {
        close(said[1]);
        *ret_said = fdopen(said[0], "r");
    }
    return child;
}

/* CPU time that this process and its ended children used, in ns. */
static double cpu_ns(void)
{
    double sum = 0;

    for (int who = 0; who < 2; who++) {
        struct rusage usage;

        getrusage(who ? RUSAGE_CHILDREN : RUSAGE_SELF, &usage);
        sum += (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9 +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
    }
    return sum;
}

static void end_child(pid_t child)
{
    kill(child, SIGINT);
    g_assert_cmpint(waitpid(child, NULL, 0), ==, child);
}

static void fill_frame(uint8_t *frame, uint8_t to, uint8_t from)
{
    const uint8_t head[14] = {2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from, 0x88, 0xb5};

    memset(frame, 0, FRAME_BYTES);
    memcpy(frame, head, sizeof(head));
}

/* ---- hvlab ----------------------------------------------------------------- */

/* As soon as it has said that it waits there. */
static int connect_to(const char *path, FILE *said)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char line[1024];

    do
        g_assert_nonnull(fgets(line, sizeof(line), said));
    while (!strstr(line, path));
    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* Sends so many frames on one socket as arrive on the other, never more than the
 * switch's queue holds under way. */
static void pump_streams(int from, int to, size_t frames)
{
    static uint8_t batch[BATCH * (4 + FRAME_BYTES)], in[1 << 16];
    size_t total = frames * (4 + FRAME_BYTES), sent = 0, got = 0;

    for (size_t i = 0; i < BATCH; i++) {
        uint8_t *at = batch + i * (4 + FRAME_BYTES);

        memcpy(at, (const uint8_t[]){0, 0, 0, FRAME_BYTES}, 4);
        fill_frame(at + 4, 2, 1);
    }
    while (got < total) {
        struct pollfd fds[] = {
            {.fd = from, .events = sent < total && sent - got < 262144 ? POLLOUT : 0},
            {.fd = to, .events = POLLIN}};
        ssize_t n;

        g_assert_cmpint(poll(fds, 2, 20000), >, 0);
        if (fds[0].revents & POLLOUT) {
            size_t offset = sent % sizeof(batch);

            n = write(from, batch + offset, MIN(sizeof(batch) - offset, total - sent));
            sent += n > 0 ? (size_t)n : 0;
        }
        while ((n = read(to, in, sizeof(in))) > 0)
            got += (size_t)n;
    }
}

static double through_hvlab(void *user)
{
    g_autofree char *a = in_folder("a"), *b = in_folder("b"), *scenario = in_folder("s.json");
    g_autofree char *to_a = g_strconcat("n=listen:", a, NULL);
    g_autofree char *to_b = g_strconcat("n=listen:", b, NULL);
    char *argv[] = {(char *)hvlab, "run", "--backend=emulated", "--uplink", to_a, "--uplink", to_b,
                    scenario,      NULL};
    double before = cpu_ns();
    FILE *said;
    pid_t child = spawn(argv, &said);
    int from = connect_to(a, said), to = connect_to(b, said);
    uint8_t hello[4 + FRAME_BYTES] = {0, 0, 0, FRAME_BYTES};

    fill_frame(hello + 4, 1, 2); /* the switch learns where 2 is */
    g_assert_cmpint(write(to, hello, sizeof(hello)), ==, sizeof(hello));
    g_assert_cmpint(poll(&(struct pollfd){.fd = from, .events = POLLIN}, 1, 20000), ==, 1);
    g_assert_cmpint(read(from, hello, sizeof(hello)), >, 0);
    pump_streams(from, to, FRAMES);
    close(from);
    close(to);
    end_child(child);
    fclose(said);
    return (cpu_ns() - before) / FRAMES;
}

/* ---- vde_switch ------------------------------------------------------------- */

typedef struct vdeconn VDECONN;

static struct {
    VDECONN *(*open)(char *path, char *description, int version, void *args);
    ssize_t (*send)(VDECONN *connection, const void *frame, size_t length, int flags);
    ssize_t (*receive)(VDECONN *connection, void *frame, size_t length, int flags);
    int (*data_fd)(VDECONN *connection);
    int (*close)(VDECONN *connection);
} vde;

static bool find_vde(void)
{
    void *library = dlopen("libvdeplug.so.2", RTLD_NOW);
    g_autofree char *program = g_find_program_in_path("vde_switch");

    if (!library || !program)
        return false;
    *(void **)&vde.open = dlsym(library, "vde_open_real");
    *(void **)&vde.send = dlsym(library, "vde_send");
    *(void **)&vde.receive = dlsym(library, "vde_recv");
    *(void **)&vde.data_fd = dlsym(library, "vde_datafd");
    *(void **)&vde.close = dlsym(library, "vde_close");
    return vde.open && vde.send && vde.receive && vde.data_fd && vde.close;
}

/* There is nothing to wait for: vde_switch does not say when it is ready (only on a terminal,
 * by a prompt), and a socket's file is there before anybody listens at it. */
static VDECONN *plug(char *path)
{
    VDECONN *connection;

    for (int i = 0; !(connection = vde.open(path, (char *)"bench", 1, NULL)); i++) {
        g_assert_cmpint(i, <, 1000);
        g_usleep(10000);
    }
    return connection;
}

static double through_vde(void *user)
{
    g_autofree char *path = in_folder("vde");
    char *argv[] = {"vde_switch", "-s", path, NULL};
    double before = cpu_ns();
    pid_t child = spawn(argv, NULL);
    VDECONN *from = plug(path), *to = plug(path);
    uint8_t frame[FRAME_BYTES], in[2048];
    size_t sent = 0, got = 0;

    fill_frame(frame, 1, 2);
    vde.send(to, frame, sizeof(frame), 0);
    g_assert_cmpint(vde.receive(from, in, sizeof(in), 0), ==, FRAME_BYTES);
    fill_frame(frame, 2, 1);
    while (got < FRAMES) {
        struct pollfd fd = {.fd = vde.data_fd(to), .events = POLLIN};

        for (int i = 0; i < 32 && sent < FRAMES && sent - got < 64; i++, sent++)
            vde.send(from, frame, sizeof(frame), 0);
        if (poll(&fd, 1, 200) == 0)
            sent = got; /* it drops what it has no room for */
        while (poll(&fd, 1, 0) == 1 && got < FRAMES)
            got += vde.receive(to, in, sizeof(in), 0) == FRAME_BYTES;
    }
    vde.close(from);
    vde.close(to);
    kill(child, SIGTERM);
    waitpid(child, NULL, 0);
    return (cpu_ns() - before) / FRAMES;
}

int main(int argc, char **argv)
{
    static const char scenario[] =
        "{\"format\":\"hvlab-scenario/1\",\"id\":\"b/b\",\"title\":\"B\",\"run\":{\"until\":"
        "\"3600s\",\"trace_limit\":\"16MiB\"},\"host\":{\"pcpus\":1,\"memory\":\"16MiB\"},"
        "\"networks\":[{\"name\":\"n\",\"mode\":\"internal\",\"rate\":\"100Gbit/s\"}],"
        "\"vms\":[{\"name\":\"a\",\"program\":\"idle\",\"memory\":\"2MiB\"}]}";
    g_autofree char *path = NULL;

    g_assert_cmpint(argc, ==, 2);
    hvlab = argv[1];
    folder = g_dir_make_tmp("hvlab-bench-XXXXXX", NULL);
    path = in_folder("s.json");
    g_file_set_contents(path, scenario, -1, NULL);

    bool has_vde = find_vde();
    BenchPair pair =
        bench_alternate(through_hvlab, has_vde ? through_vde : through_hvlab, NULL, ROUNDS);
    const BenchFigure figure = {
        .name = "uplink: a frame from socket to socket, CPU time",
        .value = pair.value,
        .unit = "ns",
        .ratio = pair.reference / pair.value,
        .against = has_vde ? "vde_switch" : "itself (vde_switch and libvdeplug2 are not installed)",
        .target = 1.5,
        .at_least = true,
    };

    bench_report(&figure);
    g_unlink(path);
    g_rmdir(folder);
    return 0;
}
