/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy-server.c: see policy-server.h. */
#include "sim/engine/policy-server.h"

#include <dlfcn.h>
#include <string.h>

struct SimPolicyServer {
    void *object; /* of dlopen() */
    const HvPolicyOps *ops;
    void *policy;
    HvPolicyParams params;
    HvSchedVcpu *running[HV_MAX_PCPUS];
    GPtrArray *vcpus; /* of HvSchedVcpu, by id */
};

/* ---- Loading ------------------------------------------------------------------ */

static const char *missing_hook(const HvPolicyOps *ops)
{
    if (ops->name == NULL || ops->title == NULL)
        return "name and title";
    if (ops->create == NULL || ops->destroy == NULL)
        return "create and destroy";
    if (ops->add == NULL || ops->remove == NULL)
        return "add and remove";
    if (ops->ready == NULL || ops->unready == NULL)
        return "ready and unready";
    if (ops->pick == NULL || ops->ran == NULL)
        return "pick and ran";
    return (ops->timer == NULL) != (ops->deadline == NULL) ? "timer and deadline, both or none"
                                                           : NULL;
}

static void describe(const HvPolicyOps *ops, SimPolicyHello *hello)
{
    g_strlcpy(hello->name, ops->name, sizeof(hello->name));
    g_strlcpy(hello->title, ops->title, sizeof(hello->title));
    g_strlcpy(hello->key, ops->key ? ops->key : "", sizeof(hello->key));
    hello->wait_slices = ops->wait_slices;
    hello->uses = ops->uses;
    hello->proportional = ops->proportional;
    hello->may_starve = ops->may_starve;
    hello->has_preempts = ops->preempts != NULL;
    hello->has_timer = ops->timer != NULL;
    hello->has_changed = ops->changed != NULL;
}

SimPolicyServer *sim_policy_server_new(const char *path, SimPolicyHello *hello)
{
    SimPolicyServer *server = g_new0(SimPolicyServer, 1);
    const char *missing = NULL;

    memset(hello, 0, sizeof(*hello));
    server->vcpus = g_ptr_array_new_with_free_func(g_free);
    server->object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (server->object == NULL) {
        g_snprintf(hello->error, sizeof(hello->error), "cannot be loaded: %s", dlerror());
        return server;
    }
    server->ops = dlsym(server->object, SIM_POLICY_SYMBOL);
    if (server->ops == NULL)
        g_snprintf(hello->error, sizeof(hello->error),
                   "has no symbol \"" SIM_POLICY_SYMBOL "\" (const HvPolicyOps)");
    else if (server->ops->version != HV_POLICY_VERSION)
        g_snprintf(hello->error, sizeof(hello->error),
                   "is made for version %u of hv-core/sched/policy.h; this is version %u",
                   server->ops->version, HV_POLICY_VERSION);
    else if ((missing = missing_hook(server->ops)) != NULL)
        g_snprintf(hello->error, sizeof(hello->error), "its table lacks %s", missing);
    else
        describe(server->ops, hello);
    return server;
}

void sim_policy_server_free(SimPolicyServer *server)
{
    if (!server)
        return;
    if (server->policy)
        server->ops->destroy(server->policy);
    g_ptr_array_unref(server->vcpus);
    if (server->object)
        dlclose(server->object);
    g_free(server);
}

/* ---- Serving ------------------------------------------------------------------- */

static HvSchedVcpu *vcpu_at(const SimPolicyServer *server, uint32_t id)
{
    return id < server->vcpus->len ? server->vcpus->pdata[id] : NULL;
}

/* The copy of the vCPU that a call is about, brought up to date. */
static HvSchedVcpu *update(SimPolicyServer *server, const SimPolicyCall *call)
{
    HvSchedVcpu *copy = vcpu_at(server, call->vcpu.id);
    void *data = copy ? copy->policy_data : NULL;

    if (copy == NULL) {
        copy = g_new0(HvSchedVcpu, 1);
        if (call->vcpu.id >= server->vcpus->len)
            g_ptr_array_set_size(server->vcpus, (int)call->vcpu.id + 1);
        server->vcpus->pdata[call->vcpu.id] = copy;
    }
    *copy = call->vcpu;
    copy->policy_data = data;
    return copy;
}

/* pCPUs that have changed: who runs there knows so. */
static void update_running(SimPolicyServer *server, const SimPolicyCall *call)
{
    for (unsigned i = 0; i < server->params.pcpu_count; i++)
        server->running[i] =
            call->running[i] != SIM_NO_ID ? vcpu_at(server, call->running[i]) : NULL;
}

static void pick(SimPolicyServer *server, const SimPolicyCall *call, SimPolicyAnswer *answer)
{
    HvSchedVcpu *picked = server->ops->pick(server->policy, call->number, call->now, &answer->pick);

    answer->value = SIM_NO_ID;
    if (picked == NULL)
        return;
    answer->value = SIM_NO_ID - 1; /* one that nobody knows */
    for (guint i = 0; i < server->vcpus->len; i++)
        if (server->vcpus->pdata[i] == picked)
            answer->value = i;
    /* What the scheduler does next; the policy may look at it at any time. */
    if (answer->value < server->vcpus->len) {
        picked->pcpu = picked->last_pcpu = (uint16_t)call->number;
        picked->since = call->now;
    }
}

static void create(SimPolicyServer *server, const SimPolicyCall *call)
{
    server->params = call->params;
    server->params.running = server->running;
    server->policy = server->ops->create(&server->params);
}

void sim_policy_serve(SimPolicyServer *server, const SimPolicyCall *call, SimPolicyAnswer *answer)
{
    const HvPolicyOps *ops = server->ops;
    HvSchedVcpu *vcpu = NULL;

    *answer = (SimPolicyAnswer){0};
    if (call->kind == SIM_CALL_CREATE) {
        create(server, call);
        return;
    }
    update_running(server, call);
    if (call->vcpu.id != SIM_NO_ID)
        vcpu = update(server, call);
    switch ((SimPolicyCallKind)call->kind) {
    case SIM_CALL_ADD: ops->add(server->policy, vcpu); break;
    case SIM_CALL_REMOVE: ops->remove(server->policy, vcpu); break;
    case SIM_CALL_READY:
        ops->ready(server->policy, vcpu, (HvReadyWhy)call->number, call->now);
        break;
    case SIM_CALL_UNREADY: ops->unready(server->policy, vcpu, call->now); break;
    case SIM_CALL_PICK: pick(server, call, answer); break;
    case SIM_CALL_RAN: ops->ran(server->policy, vcpu, call->time, call->now); break;
    case SIM_CALL_PREEMPTS:
        answer->value = (uint64_t)(int64_t)ops->preempts(server->policy, vcpu, call->now);
        break;
    case SIM_CALL_TIMER: answer->value = ops->timer(server->policy, call->now); break;
    case SIM_CALL_CHANGED: ops->changed(server->policy, vcpu, &call->before, call->now); break;
    case SIM_CALL_DEADLINE: answer->value = ops->deadline(server->policy); break;
    default: break;
    }
}
