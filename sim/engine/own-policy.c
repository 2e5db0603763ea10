/* SPDX-License-Identifier: GPL-2.0-or-later */
/* own-policy.c: see own-policy.h. The scheduler's create() hook has no way to say
 * which policy it means, so HvPolicyParams.user does. */
#include "sim/engine/own-policy.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hv-core/cpu/cpu.h"

#define ANSWER_MS     2000 /* of real time; an honest answer takes microseconds */
#define MAX_TIMERS_AT 1000u

typedef struct {
    HvSchedVcpu *vcpu; /* NULL: not known (any more) */
    bool ready;
} Known;

struct SimOwnPolicy {
    HvPolicyOps ops;
    SimPolicyHello hello;
    SimPolicyServer *server; /* trusted; else: */
    pid_t process;
    int fd;
    char *failed;
    const HvPolicyParams *params;
    GArray *known; /* of Known, by id */
    HvTime timer_at;
    unsigned timers; /* in a row at that time */
};

G_GNUC_PRINTF(2, 3)
static void fail(SimOwnPolicy *own, const char *format, ...)
{
    va_list args;

    if (own->failed)
        return;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    own->failed = g_strdup_printf("the policy \"%s\" has failed: %s",
                                  *own->hello.name ? own->hello.name : "?", what);
}

/* ---- The process ----------------------------------------------------------------- */

static void stop_process(SimOwnPolicy *own, int *ret_status)
{
    if (own->process <= 0)
        return;
    kill(own->process, SIGKILL);
    waitpid(own->process, ret_status, 0);
    own->process = 0;
}

/* It has closed its end, or has not answered in time: why? */
static void explain_death(SimOwnPolicy *own, bool late)
{
    int status = 0;

    if (late) {
        fail(own, "it did not answer within %d s of real time", ANSWER_MS / 1000);
        stop_process(own, &status);
        return;
    }
    waitpid(own->process, &status, 0);
    own->process = 0;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        fail(own, "it made a system call, which a policy may not");
    else if (WIFSIGNALED(status))
        fail(own, "it crashed (%s)", strsignal(WTERMSIG(status)));
    else
        fail(own, "its process ended with code %d", WEXITSTATUS(status));
}

static bool transfer(SimOwnPolicy *own, void *buffer, size_t size, bool out)
{
    char *at = buffer;

    while (size > 0) {
        struct pollfd poll_fd = {.fd = own->fd, .events = out ? POLLOUT : POLLIN};
        int ready = poll(&poll_fd, 1, ANSWER_MS);

        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0) {
            explain_death(own, true);
            return false;
        }
        ssize_t moved = out ? send(own->fd, at, size, MSG_NOSIGNAL) : read(own->fd, at, size);
        if (moved < 0 && errno == EINTR)
            continue;
        if (moved <= 0) {
            explain_death(own, false);
            return false;
        }
        at += moved;
        size -= (size_t)moved;
    }
    return true;
}

static bool start_process(SimOwnPolicy *own, const char *path, const char *jail, GError **error)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        g_set_error(error, HV_ERROR, HV_ERROR_FAILED, "socketpair: %s", g_strerror(errno));
        return false;
    }
    own->process = fork();
    if (own->process == 0) {
        /* The jail finds its end of the pair as descriptor 3. */
        if (dup2(pair[1], 3) == 3)
            execl(jail ? jail : "/proc/self/exe", "hvlab", "policy", "jail", path, (char *)NULL);
        kill(getpid(), SIGKILL);
    }
    close(pair[1]);
    own->fd = pair[0];
    if (own->process > 0)
        return true;
    g_set_error(error, HV_ERROR, HV_ERROR_FAILED, "fork: %s", g_strerror(errno));
    return false;
}

/* ---- Calls ----------------------------------------------------------------------- */

static bool call(SimOwnPolicy *own, SimPolicyCall *question, const HvSchedVcpu *vcpu,
                 SimPolicyAnswer *answer)
{
    *answer = (SimPolicyAnswer){0};
    if (own->failed)
        return false;
    question->vcpu.id = SIM_NO_ID;
    if (vcpu) {
        question->vcpu = *vcpu;
        question->vcpu.policy_data = NULL;
    }
    for (unsigned i = 0; i < HV_MAX_PCPUS; i++)
        question->running[i] = own->params && i < own->params->pcpu_count && own->params->running[i]
                                   ? own->params->running[i]->id
                                   : SIM_NO_ID;
    if (own->server) {
        sim_policy_serve(own->server, question, answer);
        return true;
    }
    return transfer(own, question, sizeof(*question), true) &&
           transfer(own, answer, sizeof(*answer), false);
}

static Known *known(SimOwnPolicy *own, uint32_t id)
{
    if (id >= own->known->len)
        g_array_set_size(own->known, id + 1);
    return &g_array_index(own->known, Known, id);
}

static void *own_create(const HvPolicyParams *params)
{
    SimOwnPolicy *own = params->user;
    SimPolicyCall question = {.kind = SIM_CALL_CREATE, .params = *params};
    SimPolicyAnswer answer;

    own->params = params;
    question.params.running = NULL;
    question.params.user = NULL;
    call(own, &question, NULL, &answer);
    return own;
}

static void own_destroy(void *policy)
{
    ((SimOwnPolicy *)policy)->params = NULL;
}

static void own_add(void *policy, HvSchedVcpu *vcpu)
{
    SimPolicyCall question = {.kind = SIM_CALL_ADD};
    SimPolicyAnswer answer;

    *known(policy, vcpu->id) = (Known){.vcpu = vcpu};
    call(policy, &question, vcpu, &answer);
}

static void own_remove(void *policy, HvSchedVcpu *vcpu)
{
    SimPolicyCall question = {.kind = SIM_CALL_REMOVE};
    SimPolicyAnswer answer;

    *known(policy, vcpu->id) = (Known){0};
    call(policy, &question, vcpu, &answer);
}

static void own_ready(void *policy, HvSchedVcpu *vcpu, HvReadyWhy why, HvTime now)
{
    SimPolicyCall question = {.kind = SIM_CALL_READY, .number = why, .now = now};
    SimPolicyAnswer answer;

    known(policy, vcpu->id)->ready = true;
    call(policy, &question, vcpu, &answer);
}

static void own_unready(void *policy, HvSchedVcpu *vcpu, HvTime now)
{
    SimPolicyCall question = {.kind = SIM_CALL_UNREADY, .now = now};
    SimPolicyAnswer answer;

    known(policy, vcpu->id)->ready = false;
    call(policy, &question, vcpu, &answer);
}

static HvSchedVcpu *own_pick(void *policy, unsigned pcpu, HvTime now, HvSchedPick *ret)
{
    SimOwnPolicy *own = policy;
    SimPolicyCall question = {.kind = SIM_CALL_PICK, .number = pcpu, .now = now};
    SimPolicyAnswer answer;
    Known *picked;

    if (!call(own, &question, NULL, &answer) || answer.value == SIM_NO_ID)
        return NULL;
    picked = answer.value < own->known->len ? known(own, (uint32_t)answer.value) : NULL;
    if (!picked || !picked->vcpu) {
        fail(own, "pick() returned a vCPU that does not exist");
        return NULL;
    }
    if (!picked->ready)
        fail(own, "pick() returned vCPU %u of VM %u, which is not ready", picked->vcpu->vcpu,
             picked->vcpu->vm);
    else if (!hv_sched_may_run(picked->vcpu, pcpu))
        fail(own, "pick() returned vCPU %u of VM %u for pCPU %u, on which it may not run",
             picked->vcpu->vcpu, picked->vcpu->vm, pcpu);
    else if (answer.pick.slice_ns == 0)
        fail(own, "pick() granted a slice of 0 ns");
    if (own->failed)
        return NULL;
    picked->ready = false;
    *ret = answer.pick;
    return picked->vcpu;
}

static void own_ran(void *policy, HvSchedVcpu *vcpu, HvTime ran_ns, HvTime now)
{
    SimPolicyCall question = {.kind = SIM_CALL_RAN, .time = ran_ns, .now = now};
    SimPolicyAnswer answer;

    call(policy, &question, vcpu, &answer);
}

static int own_preempts(void *policy, HvSchedVcpu *candidate, HvTime now)
{
    SimOwnPolicy *own = policy;
    SimPolicyCall question = {.kind = SIM_CALL_PREEMPTS, .now = now};
    SimPolicyAnswer answer;

    if (!call(own, &question, candidate, &answer) || (int64_t)answer.value < 0)
        return -1;
    if (answer.value >= own->params->pcpu_count || !own->params->running[answer.value] ||
        !hv_sched_may_run(candidate, (unsigned)answer.value)) {
        fail(own, "preempts() named a pCPU where nobody can make room for vCPU %u of VM %u",
             candidate->vcpu, candidate->vm);
        return -1;
    }
    return (int)answer.value;
}

static HvTime own_deadline(void *policy)
{
    SimPolicyCall question = {.kind = SIM_CALL_DEADLINE};
    SimPolicyAnswer answer;

    return call(policy, &question, NULL, &answer) ? answer.value : HV_TIME_NEVER;
}

static uint64_t own_timer(void *policy, HvTime now)
{
    SimOwnPolicy *own = policy;
    SimPolicyCall question = {.kind = SIM_CALL_TIMER, .now = now};
    SimPolicyAnswer answer;

    own->timers = now == own->timer_at ? own->timers + 1 : 0;
    own->timer_at = now;
    if (own->timers > MAX_TIMERS_AT)
        fail(own, "its timer is due again and again at the same time");
    return call(own, &question, NULL, &answer) ? answer.value : 0;
}

static void own_changed(void *policy, HvSchedVcpu *vcpu, const HvSchedParams *before, HvTime now)
{
    SimPolicyCall question = {.kind = SIM_CALL_CHANGED, .now = now, .before = *before};
    SimPolicyAnswer answer;

    call(policy, &question, vcpu, &answer);
}

/* ---- Life ------------------------------------------------------------------------- */

static void make_ops(SimOwnPolicy *own)
{
    const SimPolicyHello *hello = &own->hello;

    own->ops = (HvPolicyOps){
        .version = HV_POLICY_VERSION,
        .name = hello->name,
        .title = hello->title,
        .key = *hello->key ? hello->key : NULL,
        .uses = hello->uses,
        .proportional = hello->proportional,
        .may_starve = hello->may_starve,
        .wait_slices = hello->wait_slices,
        .create = own_create,
        .destroy = own_destroy,
        .add = own_add,
        .remove = own_remove,
        .ready = own_ready,
        .unready = own_unready,
        .pick = own_pick,
        .ran = own_ran,
        .preempts = hello->has_preempts ? own_preempts : NULL,
        .deadline = hello->has_timer ? own_deadline : NULL,
        .timer = hello->has_timer ? own_timer : NULL,
        .changed = hello->has_changed ? own_changed : NULL,
    };
}

static bool say_hello(SimOwnPolicy *own, const char *path, GError **error)
{
    own->hello.error[sizeof(own->hello.error) - 1] = '\0';
    if (!own->failed && !*own->hello.error)
        return true;
    g_set_error(error, HV_ERROR, HV_ERROR_INVALID, "--policy %s: %s", path,
                own->failed ? own->failed : own->hello.error);
    return false;
}

SimOwnPolicy *sim_own_policy_new(const char *path, const char *jail, bool trusted, GError **error)
{
    g_autoptr(SimOwnPolicy) own = g_new0(SimOwnPolicy, 1);
    g_autofree char *full = g_canonicalize_filename(path, NULL);

    own->fd = -1;
    own->known = g_array_new(FALSE, TRUE, sizeof(Known));
    if (!g_file_test(full, G_FILE_TEST_IS_REGULAR)) {
        g_set_error(error, HV_ERROR, HV_ERROR_INVALID, "--policy %s: there is no such file", path);
        return NULL;
    }
    if (trusted)
        own->server = sim_policy_server_new(full, &own->hello);
    else if (!start_process(own, full, jail, error))
        return NULL;
    else
        transfer(own, &own->hello, sizeof(own->hello), false);
    if (!say_hello(own, path, error))
        return NULL;
    make_ops(own);
    return g_steal_pointer(&own);
}

void sim_own_policy_free(SimOwnPolicy *own)
{
    int status;

    if (!own)
        return;
    sim_policy_server_free(own->server);
    stop_process(own, &status);
    if (own->fd >= 0)
        close(own->fd);
    if (own->known)
        g_array_unref(own->known);
    g_free(own->failed);
    g_free(own);
}

const HvPolicyOps *sim_own_policy_ops(const SimOwnPolicy *own)
{
    return &own->ops;
}

const char *sim_own_policy_failed(const SimOwnPolicy *own)
{
    return own->failed;
}
