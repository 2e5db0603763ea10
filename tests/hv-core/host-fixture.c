/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host-fixture.c: see host-fixture.h. */
#include "tests/hv-core/host-fixture.h"

static const FakeOp burn[] = {RUN_ON};
const FakeScript fixture_burner = {.ops = burn};

void fixture_set_up(Fixture *fixture, gconstpointer data)
{
    static const char *const args[] = {"test", NULL};
    host_log_init(&fixture->log, LOG_ALL);
    fake_cpu_reset();
    fixture->config = (HvHostConfig){
        .backend = &fake_cpu,
        .pcpu_count = 1,
        .memory_frames = 2048,
        .clock_hz = 1000000000,
        .lookahead_ns = 50,
        .quantum_ns = 50,
        .policy = hv_policy_find("rr"),
        .policy_params = {.slice_ns = 100},
        .frame_ids = &fixture->frame_ids,
        .observer = host_log_observer,
        .observer_user = &fixture->log,
    };
    fixture->vm = (HvVmConfig){
        .name = "vm", .args = args, .memory_bytes = 2u << 20, .vcpu_count = 1, .weight = 256};
    fixture->vm.image = fake_cpu_image(&fixture->vm.image_bytes);
}

void fixture_tear_down(Fixture *fixture, gconstpointer data)
{
    g_autofree char *what = NULL;
    if (!hv_host_check(fixture->host, &what))
        g_error("%s", what);
    hv_host_free(fixture->host);
    host_log_clear(&fixture->log);
}

void fixture_host(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    fixture->host = hv_host_new(&fixture->config, &error);
    g_assert_no_error(error);
}

HvVm *fixture_vm(Fixture *fixture, const FakeScript *scripts)
{
    g_autoptr(GError) error = NULL;
    unsigned number = 0;
    while (hv_host_vm(fixture->host, number) != NULL)
        number++;
    for (unsigned i = 0; i < fixture->vm.vcpu_count; i++)
        fake_cpu_play(number, i, &scripts[i]);
    HvVm *vm = hv_host_add_vm(fixture->host, &fixture->vm, 0, &error);
    g_assert_no_error(error);
    return vm;
}

HvVm *fixture_start(Fixture *fixture, const FakeScript *scripts)
{
    HvVm *vm = fixture_vm(fixture, scripts);
    g_assert_true(hv_vm_start(vm, 0));
    return vm;
}

void fixture_run(Fixture *fixture, HvTime until)
{
    g_assert_cmpuint(hv_host_advance(fixture->host, until, HV_TIME_NEVER), ==, until);
}
