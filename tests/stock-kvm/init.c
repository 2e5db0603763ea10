/* SPDX-License-Identifier: GPL-2.0-or-later */
/* init.c: the first process inside the machine that QEMU emulates.
 *
 * Loads the kernel modules listed in /modules, runs the tests listed in /tests
 * one after the other, and powers the machine off. Everything is printed on
 * the console, the serial line that run.py reads; a test's output stands
 * between "@@ begin NAME" and "@@ end NAME: HOW IT ENDED".
 *
 * Static, because the machine has no C library but what the tests bring along.
 * It is process 1: if it ended, the kernel would panic. So it never does; what
 * goes wrong is printed and the machine switched off all the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_WORDS = 64 };

/* One test as /tests describes it, by lines "name", "env", "arg" and "limit";
 * a line "run" ends it. */
typedef struct {
    char *name;
    char *args[MAX_WORDS + 1];
    char *env[MAX_WORDS + 1];
    unsigned arg_count, env_count;
    unsigned limit_s;
} Test;

static void load_module(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST))
        printf("@@ module %s: %s\n", path, strerror(errno));
    if (fd >= 0)
        close(fd);
}

static void load_modules(void)
{
    char line[256];
    FILE *list = fopen("/modules", "re");
    while (list && fgets(line, sizeof line, list)) {
        line[strcspn(line, "\n")] = '\0';
        load_module(line);
    }
}

/* Waits for the child, at most its limit, and says how it ended. */
static void wait_for(pid_t child, const Test *test)
{
    sigset_t chld;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    int status = 0;
    while (waitpid(child, &status, WNOHANG) != child) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec - start.tv_sec >= test->limit_s) {
            kill(-child, SIGKILL);
            waitpid(child, &status, 0);
            printf("\n@@ end %s: ran longer than %u s\n", test->name, test->limit_s);
            return;
        }
        struct timespec second = {.tv_sec = 1};
        sigtimedwait(&chld, NULL, &second);
    }
    if (WIFSIGNALED(status))
        printf("\n@@ end %s: killed by signal %d\n", test->name, WTERMSIG(status));
    else
        printf("\n@@ end %s: exit %d\n", test->name, WEXITSTATUS(status));
}

static void run_test(const Test *test)
{
    printf("@@ begin %s\n", test->name);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        setpgid(0, 0);
        execve(test->args[0], test->args, test->env);
        printf("%s: %s\n", test->args[0], strerror(errno));
        fflush(stdout);
        _exit(127);
    }
    if (child < 0)
        printf("@@ end %s: %s\n", test->name, strerror(errno));
    else
        wait_for(child, test);
    fflush(stdout);
}

static void add(char **words, unsigned *count, const char *word)
{
    if (*count < MAX_WORDS)
        words[(*count)++] = strdup(word);
}

static void run_tests(void)
{
    static char line[8192];
    FILE *list = fopen("/tests", "re");
    Test test = {0};
    while (list && fgets(line, sizeof line, list)) {
        line[strcspn(line, "\n")] = '\0';
        char *value = strchr(line, ' ');
        value = value ? value + 1 : line + strlen(line);
        if (strncmp(line, "name ", 5) == 0)
            test.name = strdup(value);
        else if (strncmp(line, "env ", 4) == 0)
            add(test.env, &test.env_count, value);
        else if (strncmp(line, "arg ", 4) == 0)
            add(test.args, &test.arg_count, value);
        else if (strncmp(line, "limit ", 6) == 0)
            test.limit_s = strtoul(value, NULL, 10);
        else if (strcmp(line, "run") == 0 && test.name && test.arg_count) {
            run_test(&test);
            test = (Test){0};
        }
    }
}

int main(void)
{
    mount("proc", "/proc", "proc", 0, NULL);
    mount("sys", "/sys", "sysfs", 0, NULL);
    mount("dev", "/dev", "devtmpfs", 0, NULL);
    mkdir("/dev/shm", 01777);
    mount("shm", "/dev/shm", "tmpfs", 0, NULL);

    /* SIGCHLD must be blocked to be waited for. */
    sigset_t chld;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, NULL);

    load_modules();
    struct timespec up;
    clock_gettime(CLOCK_BOOTTIME, &up);
    printf("@@ up after %ld s, /dev/kvm: %s, kvm_amd: %s\n", (long)up.tv_sec,
           access("/dev/kvm", R_OK | W_OK) == 0 ? "yes" : "no",
           access("/sys/module/kvm_amd", F_OK) == 0 ? "yes" : "no");
    fflush(stdout);
    run_tests();
    printf("@@ off\n");
    fflush(stdout);
    sync();
    /* A restart, not a power-off, which would need ACPI: QEMU ends at either. */
    reboot(RB_AUTOBOOT);
    for (;;)
        pause();
}
