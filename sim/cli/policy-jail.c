/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy-jail.c: `hvlab policy jail PATH`: the process in which a policy of
 * somebody's own runs. People do not call it; sim/engine/own-policy.c does, with
 * one end of a socket pair as descriptor 3.
 *
 * The jail has two steps, because loading a shared object needs files. Before it:
 * no new privileges, no core, little memory, no child processes, and a list of
 * system calls that can read files and map them, so that the object's
 * constructors cannot do more. After it: nothing but to compute, to get
 * memory, and to read and write descriptor 3. Any other system call kills the
 * process, and the engine says so.
 */
#include "sim/cli/policy-jail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/cli/cli.h"
#include "sim/engine/policy-server.h"

#define SOCKET       3
#define MEMORY_BYTES (512u << 20)
#define CPU_SECONDS  3600 /* of honest work; loops are ended by the engine */

#if defined(__x86_64__)
#define THIS_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCH AUDIT_ARCH_AARCH64
#else
#error "the system calls of this architecture are not known here"
#endif

/* ---- The lists of system calls --------------------------------------------------- */

static const int always[] = {
    __NR_exit,  __NR_exit_group, __NR_brk,          __NR_munmap,        __NR_mremap,
    __NR_futex, __NR_madvise,    __NR_rt_sigreturn, __NR_clock_gettime,
};

/* What the dynamic linker, and installing the second filter, need. */
static const int loading[] = {
    __NR_openat,     __NR_close,     __NR_fstat,     __NR_newfstatat,
    __NR_mmap,       __NR_mprotect,  __NR_pread64,   __NR_lseek,
    __NR_prctl,      __NR_seccomp,   __NR_read,      __NR_write,
#ifdef __NR_access
    __NR_access,     __NR_readlink,  __NR_open,      __NR_stat,
#endif
    __NR_readlinkat, __NR_faccessat, __NR_getrandom, __NR_rt_sigprocmask,
    __NR_statx,      __NR_gettid,    __NR_getpid,    __NR_sched_getaffinity,
};

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define KILL         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define ALLOW        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define NUMBER       offsetof(struct seccomp_data, nr)
#define ARGUMENT(n)  (offsetof(struct seccomp_data, args) + 8 * (n))

typedef struct {
    struct sock_filter code[128];
    unsigned short length;
} Filter;

static void add(Filter *filter, struct sock_filter instruction)
{
    filter->code[filter->length++] = instruction;
}

static void allow(Filter *filter, int number)
{
    add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1));
    add(filter, (struct sock_filter)ALLOW);
}

/* number is allowed if the bits `mask` of its argument n are `value`. */
static void allow_if(Filter *filter, int number, unsigned n, unsigned mask, unsigned value)
{
    add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 5));
    add(filter, (struct sock_filter)LOAD((unsigned)ARGUMENT(n)));
    add(filter, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
    add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
    add(filter, (struct sock_filter)ALLOW);
    add(filter, (struct sock_filter)KILL);
}

static void begin(Filter *filter)
{
    *filter = (Filter){0};
    add(filter, (struct sock_filter)LOAD(offsetof(struct seccomp_data, arch)));
    add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCH, 1, 0));
    add(filter, (struct sock_filter)KILL);
    add(filter, (struct sock_filter)LOAD(NUMBER));
}

static bool install(Filter *filter)
{
    struct sock_fprog program;

    add(filter, (struct sock_filter)KILL);
    program = (struct sock_fprog){filter->length, filter->code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* Files may be opened for reading only. */
static bool lock_for_loading(void)
{
    Filter filter;

    begin(&filter);
    allow_if(&filter, __NR_openat, 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY);
    for (size_t i = 0; i < G_N_ELEMENTS(always); i++)
        allow(&filter, always[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(loading); i++)
        if (loading[i] != __NR_openat)
            allow(&filter, loading[i]);
    return install(&filter);
}

/* New memory is never executable, and no file is read any more. */
static bool lock_for_serving(void)
{
    Filter filter;

    begin(&filter);
    allow_if(&filter, __NR_read, 0, ~0u, SOCKET);
    allow_if(&filter, __NR_write, 0, ~0u, SOCKET);
    allow_if(&filter, __NR_mmap, 2, PROT_EXEC, 0);
    allow_if(&filter, __NR_mprotect, 2, PROT_EXEC, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(always); i++)
        allow(&filter, always[i]);
    return install(&filter);
}

/* ---- Serving ---------------------------------------------------------------------- */

static void limit(int what, rlim_t value)
{
    const struct rlimit limits = {value, value};

    setrlimit(what, &limits);
}

static bool prepare(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0)
        return false;
    for (int fd = 0; fd < 3; fd++)
        dup2(null, fd);
    if (close_range(SOCKET + 1, ~0u, 0) != 0)
        return false;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_NPROC, 0);
    limit(RLIMIT_NOFILE, 32);
    limit(RLIMIT_AS, MEMORY_BYTES);
    limit(RLIMIT_CPU, CPU_SECONDS);
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

static bool transfer(void *buffer, size_t size, bool out)
{
    char *at = buffer;

    while (size > 0) {
        ssize_t moved = out ? write(SOCKET, at, size) : read(SOCKET, at, size);

        if (moved <= 0)
            return false;
        at += moved;
        size -= (size_t)moved;
    }
    return true;
}

int cli_policy_jail(const char *path)
{
    SimPolicyHello hello;
    SimPolicyCall call;
    SimPolicyAnswer answer;

    if (!prepare() || !lock_for_loading())
        return CLI_UNAVAILABLE;

    SimPolicyServer *server = sim_policy_server_new(path, &hello);

    if (!lock_for_serving() || !transfer(&hello, sizeof(hello), true))
        return CLI_UNAVAILABLE;
    while (transfer(&call, sizeof(call), false)) {
        sim_policy_serve(server, &call, &answer);
        if (!transfer(&answer, sizeof(answer), true))
            break;
    }
    _exit(CLI_OK); /* without destructors: they are the policy's too */
}
