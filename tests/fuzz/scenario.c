/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scenario.c: any bytes as a scenario file, with overrides behind it.
 *
 * The input is the file's text; what follows a NUL byte are overrides, one
 * ended by the next NUL. Loading ends in a scenario that keeps the promises of
 * scenario.h, or in an error of one line; the effective text of a scenario
 * loads again and is its own. */
#include <glib.h>
#include <string.h>

#include "sim/scenario/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const GError *error)
{
    g_assert_nonnull(error);
    g_assert_null(strchr(error->message, '\n'));
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
}

static void check_ref(const SimScenarioRef *ref, size_t count)
{
    g_assert_nonnull(ref->name);
    g_assert_cmpuint(ref->index, <, count);
}

static void check_end(const SimScenarioEndpoint *end, const SimScenario *s)
{
    g_assert_nonnull(end->name);
    switch (end->kind) {
    case SIM_ENDPOINT_VM:
        g_assert_cmpuint(end->index, <, s->vm_count);
        g_assert_cmpuint(s->vms[end->index].nic_count, >, 0);
        break;
    case SIM_ENDPOINT_HOST: g_assert_cmpuint(end->index, ==, 0); break;
    case SIM_ENDPOINT_LAN: g_assert_cmpuint(end->index, <, s->lan.host_count); break;
    case SIM_ENDPOINT_INTERNET: g_assert_cmpuint(end->index, <, s->internet.server_count); break;
    }
}

static void check_vm(const SimScenarioVm *vm, const SimScenario *s)
{
    g_assert_true(vm->name && *vm->name && vm->program && *vm->program);
    g_assert_true(vm->vcpus >= 1 && vm->vcpus <= SIM_MAX_VCPUS && vm->nic_count <= SIM_MAX_NICS);
    g_assert_true(vm->memory_bytes >= 2u << 20 && vm->memory_bytes % 4096 == 0);
    g_assert_true(s->host.pcpus == 64 || vm->affinity >> s->host.pcpus == 0);
    for (size_t i = 0; i < vm->nic_count; i++) {
        check_ref(&vm->nics[i].network, s->network_count);
        g_assert_true((vm->nics[i].address.address == 0) == vm->nics[i].dhcp);
        g_assert_true(vm->nics[i].dhcp ||
                      (vm->nics[i].address.prefix >= 1 && vm->nics[i].address.prefix <= 30));
        g_assert_cmpuint(vm->nics[i].mac[0] & 1, ==, 0);
    }
}

static void check_command(const SimCommand *c, const SimScenario *s)
{
    g_assert_cmpuint(c->kind, <, SIM_COMMAND_COUNT);
    if (c->kind == SIM_COMMAND_FORWARD_ADD || c->kind == SIM_COMMAND_FORWARD_REMOVE) {
        check_ref(&c->network, s->network_count);
        return;
    }
    if (c->kind == SIM_COMMAND_PING || c->kind == SIM_COMMAND_CONNECT) {
        check_end(&c->from, s);
        check_end(&c->to, s);
        return;
    }
    check_ref(&c->vm, s->vm_count);
    if (c->kind == SIM_COMMAND_PLUG || c->kind == SIM_COMMAND_UNPLUG)
        g_assert_cmpuint(c->nic, <, s->vms[c->vm.index].nic_count);
}

static void check_expect(const SimExpect *e, const SimScenario *s)
{
    switch (e->kind) {
    case SIM_EXPECT_REACH:
        check_end(&e->reach.from, s);
        check_end(&e->reach.to, s);
        break;
    case SIM_EXPECT_COUNTER:
        g_assert_true(e->counter.min <= e->counter.max && *e->counter.name);
        break;
    case SIM_EXPECT_CONSOLE: check_ref(&e->console.vm, s->vm_count); break;
    case SIM_EXPECT_SHARE:
        check_ref(&e->share.vm, s->vm_count);
        g_assert_true(e->share.min_ppm <= e->share.max_ppm && e->share.max_ppm <= 1000000);
        break;
    case SIM_EXPECT_EVENT: g_assert_true(e->event.type && e->event.min <= e->event.max); break;
    }
}

static void check_scenario(const SimScenario *s)
{
    g_assert_true(s->id && s->title && s->brief && s->host.scheduler.policy);
    g_assert_true(s->vm_count >= 1 && s->vm_count <= SIM_MAX_VMS);
    for (size_t i = 0; i < s->network_count; i++)
        g_assert_true(s->networks[i].latency_ns >= 1 &&
                      (s->networks[i].subnet.prefix >= 8 || s->networks[i].mode == SIM_MODE_NAT));
    for (size_t i = 0; i < s->vm_count; i++)
        check_vm(&s->vms[i], s);
    for (size_t i = 0; i < s->command_count; i++) {
        check_command(&s->timeline[i], s);
        g_assert_true(i == 0 || s->timeline[i - 1].at_ns <= s->timeline[i].at_ns);
    }
    for (size_t i = 0; i < s->check_count; i++)
        check_expect(&s->checks[i].expect, s);
}

static GPtrArray *overrides_behind(const char *at, const char *end)
{
    GPtrArray *overrides = g_ptr_array_new();
    for (; at < end && overrides->len < 8; at += strlen(at) + 1)
        g_ptr_array_add(overrides, (gpointer)at);
    g_ptr_array_add(overrides, NULL);
    return overrides;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const programs[] = {"hello", "ping", "burn", NULL};
    static const char *const policies[] = {"rr", NULL};
    static const char *const events[] = {"page-mapped", "mac-learned", NULL};
    static const char *const fields[] = {"page-mapped.vm", "mac-learned.network", NULL};
    const SimScenarioKnown known = {programs, policies, events, fields};
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autofree char *copy = g_malloc0(size + 1);
    g_autoptr(GError) error = NULL;
    if (size > 0)
        memcpy(copy, data, size);
    size_t length = strlen(text);
    g_autoptr(GPtrArray) overrides = overrides_behind(copy + length + 1, copy + size);
    g_autoptr(SimScenario) scenario = sim_scenario_load_text(
        text, length, "input", NULL, &known, (const char *const *)overrides->pdata, &error);
    if (!scenario) {
        check_error(error);
        return 0;
    }
    g_assert_no_error(error);
    check_scenario(scenario);
    g_autoptr(SimScenario) again =
        sim_scenario_load_text(scenario->effective_json, strlen(scenario->effective_json), "again",
                               NULL, &known, NULL, &error);
    g_assert_no_error(error);
    check_scenario(again);
    g_assert_cmpstr(again->effective_json, ==, scenario->effective_json);
    return 0;
}
