/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm.c: a VM's creation and end; see vm.h. Commands are in vm-commands.c. */
#include "hv-core/vm/vm.h"

#include "hv-core/vm/host-private.h"
#include "hv-core/vm/job.h"
#include "hv-core/vm/loader.h"

/* ---- Creation ----------------------------------------------------------- */

typedef struct {
    HvVm *vm;
    HvTime now;
} LoadReport;

static void report_loaded_page(void *user, HvPageNo page, HvFrameNo frame, bool writable,
                               bool pinned)
{
    const LoadReport *report = user;
    HV_REPORT(report->vm->host, page_mapped, (HvStamp){report->now, HV_NO_PCPU}, report->vm->number,
              page, frame, writable, pinned, false);
}

static bool load_image(HvVm *vm, const HvVmConfig *config, HvTime now, GError **error)
{
    LoadReport report = {vm, now};
    HvLoaderConfig loader = {
        .vm = vm->number,
        .vcpu_count = vm->vcpu_count,
        .seed = config->seed,
        .args = config->args,
        .nics = config->nics,
        .nic_count = config->nic_count,
        .hosts = config->hosts,
        .host_count = config->host_count,
        .balloon = config->balloon,
        .statistics = vm->host->config.memory.statistics_ns > 0,
        .resident = vm->host->config.memory.resident_programs,
        .page_mapped = report_loaded_page,
        .user = &report,
    };
    vm->elf = hv_elf_parse(config->image, config->image_bytes, error);
    return vm->elf != NULL && hv_loader_load(vm->memory, vm->elf, config->image, &loader, error);
}

static void report_layout(HvVm *vm, HvTime now)
{
    HvPageNo page = hv_gpa_page(hv_loader_heap_begin(vm->elf));
    uint64_t bytes = (uint64_t)hv_memory_page_count(vm->memory) * HV_PAGE_SIZE;
    HvPageNo end = hv_gpa_page(hv_loader_heap_end(bytes, vm->vcpu_count));
    vm->heap_page = page;
    vm->heap_pages = end - page;
    HV_REPORT(vm->host, memory_layout, (HvStamp){now, HV_NO_PCPU}, vm->number, page, end - page);
}

uint64_t hv_host_affinity(const HvHost *host, uint64_t affinity)
{
    uint64_t all = UINT64_MAX >> (HV_MAX_PCPUS - host->config.pcpu_count);
    return affinity == 0 ? all : affinity & all;
}

static bool set_affinity(HvSchedVcpu *sched, uint64_t affinity, const HvHost *host, GError **error)
{
    sched->params.affinity = hv_host_affinity(host, affinity);
    if (sched->params.affinity != 0)
        return true;
    g_set_error(error, HV_ERROR, HV_ERROR_INVALID,
                "an affinity of 0x%" G_GINT64_MODIFIER "x names none of the %u pCPUs", affinity,
                host->config.pcpu_count);
    return false;
}

/* What the vCPU has of its own, else what the VM has. A cap is the VM's: each vCPU
 * has its part of it. */
static HvSchedParams params_of(const HvVmConfig *config, unsigned index)
{
    const HvSchedParams none = {0};
    const HvSchedParams *own = config->vcpu_params != NULL ? &config->vcpu_params[index] : &none;
#define OWN(field, of_vm) .field = own->field != 0 ? own->field : (of_vm)
    HvSchedParams params = {
        OWN(weight, config->weight),
        OWN(priority, config->priority),
        OWN(cap_ppm, config->cap_ppm / config->vcpu_count),
        OWN(reservation_ppm, config->reservation_ppm / config->vcpu_count),
        OWN(affinity, config->affinity),
        OWN(period_ns, config->period_ns),
        OWN(slice_ns, config->slice_ns),
    };
#undef OWN
    params.weight = params.weight != 0 ? params.weight : HV_NORMAL_WEIGHT;
    if (config->cap_ppm != 0)
        params.cap_ppm = MAX(params.cap_ppm, 1);
    return params;
}

static bool add_vcpu(HvVm *vm, unsigned index, const HvVmConfig *config, GError **error)
{
    HvHost *host = vm->host;
    HvVcpu *vcpu = &vm->vcpus[index];
    vcpu->sched = (HvSchedVcpu){
        .id = host->vcpu_total,
        .vm = vm->number,
        .vcpu = (uint16_t)index,
        .params = params_of(config, index),
        .pcpu = HV_NO_PCPU,
        .last_pcpu = HV_NO_PCPU,
        .deadline = HV_TIME_NEVER,
    };
    if (!set_affinity(&vcpu->sched, vcpu->sched.params.affinity, host, error) ||
        !hv_vcpu_init(vcpu, vm, index, error))
        return false;
    if (config->job != NULL)
        vcpu->job = hv_job_new(vcpu, config->job);
    HvCpuRegs regs;
    hv_loader_regs(vm->elf, index, &regs);
    hv_cpu_set_regs(vcpu->cpu, &regs);
    host->config.policy->add(host->policy, &vcpu->sched);
    host->vcpu_total++;
    return true;
}

static bool build(HvVm *vm, const HvVmConfig *config, HvTime now, GError **error)
{
    HvHost *host = vm->host;
    vm->memory = hv_memory_new(host->pool, config->memory_bytes, error);
    if (vm->memory == NULL || !load_image(vm, config, now, error))
        return false;
    hv_memory_set_fault(vm->memory, hv_vm_memory_fault, vm);
    report_layout(vm, now);
    vm->machine = host->config.backend->machine_new(vm->memory, host->config.clock_hz, error);
    if (vm->machine == NULL)
        return false;
    hv_vm_add_devices(vm, config);
    hv_vm_begin_watch(vm, &config->watch);
    for (unsigned i = 0; i < vm->vcpu_count; i++)
        if (!add_vcpu(vm, i, config, error))
            return false;
    hv_pager_add_memory(host->pager, vm->memory);
    hv_sharing_add_memory(host->sharing, vm->memory);
    vm->memory_params = config->memory;
    if (vm->memory_params.shares == 0)
        vm->memory_params.shares = HV_NORMAL_SHARES;
    if (host->config.memory.by_shares)
        HV_REPORT(host, memory_params, (HvStamp){now, HV_NO_PCPU}, vm->number, &vm->memory_params);
    vm->sampling.random = config->seed ^ host->config.memory.seed;
    for (unsigned i = 0; i < vm->vcpu_count; i++)
        HV_REPORT(host, sched_params, (HvStamp){now, HV_NO_PCPU}, vm->number, (uint16_t)i,
                  &vm->vcpus[i].sched.params);
    for (unsigned kind = 0; kind < HV_THROTTLE_COUNT; kind++)
        if (config->throttles[kind].rate != 0)
            hv_throttle_set(vm, (HvThrottleKind)kind, config->throttles[kind], now);
    return true;
}

HvVm *hv_vm_new(HvHost *host, uint16_t number, const HvVmConfig *config, HvTime now, GError **error)
{
    if (config->vcpu_count < 1 || config->vcpu_count > HV_MAX_VCPUS_PER_VM ||
        config->nic_count > HV_MAX_NICS_PER_VM ||
        (config->job != NULL && (config->vcpu_count != 1 || config->job->length_ns == 0))) {
        g_set_error(error, HV_ERROR, HV_ERROR_INVALID,
                    "%u vCPUs and %u NICs; a VM has 1 to %u vCPUs and at most %u NICs, and a job "
                    "has 1 vCPU and a length",
                    config->vcpu_count, config->nic_count, HV_MAX_VCPUS_PER_VM, HV_MAX_NICS_PER_VM);
        return NULL;
    }
    HvVm *vm = g_new0(HvVm, 1);
    vm->host = host;
    vm->number = number;
    vm->vcpu_count = config->vcpu_count;
    vm->vcpus = g_new0(HvVcpu, vm->vcpu_count);
    host->newcomer = vm;
    if (!build(vm, config, now, error))
        g_clear_pointer(&vm, hv_vm_free);
    return vm;
}

void hv_vm_free(HvVm *vm)
{
    if (vm == NULL)
        return;
    for (unsigned i = 0; i < vm->vcpu_count; i++) {
        if (vm->vcpus[i].cpu != NULL)
            hv_dispatch_forget(&vm->vcpus[i]);
        hv_vcpu_clear(&vm->vcpus[i]);
    }
    hv_bus_clear(&vm->bus);
    if (vm->machine != NULL)
        vm->host->config.backend->machine_free(vm->machine);
    hv_memory_free(vm->memory);
    hv_host_sampling_clear(vm);
    g_free(vm->page_marks);
    g_free(vm->tables);
    g_free(vm->watch);
    hv_elf_free(vm->elf);
    g_free(vm->vcpus);
    g_free(vm);
}

/* ---- Now ---------------------------------------------------------------- */

HvStamp hv_vm_stamp(const HvVm *vm)
{
    return vm->acting != NULL ? vm->acting->at : (HvStamp){vm->host->now, HV_NO_PCPU};
}

uint16_t hv_vm_acting_vcpu(const HvVm *vm)
{
    return vm->acting != NULL ? vm->acting->sched.vcpu : HV_NO_VCPU;
}

/* ---- States ------------------------------------------------------------- */

#define TO(state) (1u << HV_VM_##state)

static const unsigned transitions[HV_VM_STATE_COUNT] = {
    [HV_VM_OFF] = TO(RUNNING),
    [HV_VM_RUNNING] = TO(PAUSED) | TO(HALTED) | TO(CRASHED) | TO(KILLED),
    [HV_VM_PAUSED] = TO(RUNNING) | TO(HALTED) | TO(CRASHED) | TO(KILLED),
};

void hv_vm_set_state(HvVm *vm, HvVmState to, HvWhy why, HvTime now)
{
    HvVmState from = vm->state;
    g_assert(transitions[from] & (1u << to));
    vm->state = to;
    HV_REPORT(vm->host, vm_state, (HvStamp){now, HV_NO_PCPU}, vm->number, from, to, why);
}

static bool is_alive(const HvVm *vm)
{
    return vm->state == HV_VM_RUNNING || vm->state == HV_VM_PAUSED;
}

static void stop_vcpu(HvVcpu *vcpu, HvWhy why, HvTime now)
{
    switch (vcpu->state) {
    case HV_VCPU_RUNNING: hv_vcpu_evict(vcpu, HV_VCPU_HALTED, why); break;
    case HV_VCPU_READY:
        hv_dispatch_unready(vcpu, now);
        hv_vcpu_set_state(vcpu, HV_VCPU_HALTED, why, (HvStamp){now, HV_NO_PCPU});
        break;
    case HV_VCPU_BLOCKED:
        hv_vcpu_set_state(vcpu, HV_VCPU_HALTED, why, (HvStamp){now, HV_NO_PCPU});
        break;
    default: break;
    }
}

void hv_vm_end(HvVm *vm, HvVmState to, HvWhy why, HvTime now)
{
    if (!is_alive(vm))
        return;
    hv_vm_set_state(vm, to, why, now);
    for (unsigned i = 0; i < vm->vcpu_count; i++)
        stop_vcpu(&vm->vcpus[i], why, now);
}

void hv_vm_end_later(HvVm *vm, HvVmState to, HvWhy why, HvTime when)
{
    hv_host_post(vm->host, &(HvPost){.vm = vm, .vm_state = to, .why = why}, when);
}

void hv_vm_check_halted(HvVm *vm, HvWhy why, HvTime now)
{
    for (unsigned i = 0; i < vm->vcpu_count; i++)
        if (vm->vcpus[i].state != HV_VCPU_HALTED)
            return;
    hv_vm_end(vm, HV_VM_HALTED, why, now);
}

/* ---- Live state --------------------------------------------------------- */

HvVmState hv_vm_state(const HvVm *vm)
{
    return vm->state;
}

HvVcpuState hv_vm_vcpu_state(const HvVm *vm, unsigned vcpu)
{
    g_return_val_if_fail(vcpu < vm->vcpu_count, HV_VCPU_HALTED);
    return vm->vcpus[vcpu].state;
}

HvMemory *hv_vm_memory(HvVm *vm)
{
    return vm->memory;
}

HvCpu *hv_vm_cpu(HvVm *vm, unsigned vcpu)
{
    g_return_val_if_fail(vcpu < vm->vcpu_count, NULL);
    return vm->vcpus[vcpu].cpu;
}

HvPageNo hv_vm_ballooned(const HvVm *vm)
{
    return vm->ballooned;
}

const char *hv_vm_symbol(const HvVm *vm, uint64_t address, uint64_t *ret_offset)
{
    return hv_elf_symbol(vm->elf, address, ret_offset);
}
