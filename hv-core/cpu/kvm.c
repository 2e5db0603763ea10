/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kvm.c: the backend that runs guests on the host's CPU; creation and freeing.
 *
 * Works by the KVM API's book (Documentation/virt/kvm/api.rst in Linux), so
 * with VT-x, SVM or any other implementation. There is no in-kernel interrupt
 * controller: interrupts are offered with KVM_INTERRUPT when the guest can
 * take one. How a CPU is run is in kvm-run.c, how its exits are answered in
 * kvm-exit.c, how guest memory gets there in kvm-slots.c.
 */
#include "hv-core/cpu/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Where KVM on Intel CPUs that cannot run real mode keeps what it needs for
 * it: a page of tables and three of a TSS, below the firmware's end of the
 * first 4 GiB, where guests have neither RAM nor devices. */
#define IDENTITY_MAP_ADDRESS UINT64_C(0xfffbc000)
#define TSS_ADDRESS          UINT64_C(0xfffbd000)

#define CPUID_FEATURES    1u
#define CPUID_TOPOLOGY    0xbu
#define CPUID_TOPOLOGY_V2 0x1fu
#define CPUID_MAX_ENTRIES 4096

typedef struct {
    int capability;
    int bits; /* of its value that must be set; 0: any */
    const char *meaning;
} Requirement;

static const Requirement requirements[] = {
    {KVM_CAP_USER_MEMORY, 0, "memory slots"},
    {KVM_CAP_SYNC_MMU, 0, "following changes of the host's mappings"},
    {KVM_CAP_READONLY_MEM, 0, "read-only memory slots"},
    {KVM_CAP_IMMEDIATE_EXIT, 0, "immediate_exit"},
    {KVM_CAP_SYNC_REGS, KVM_SYNC_X86_VALID_FIELDS, "registers in the shared page"},
};

/* ---- Probing ------------------------------------------------------------ */

/* The VM that probe() created to see whether that works is used by the next
 * machine_new(): creating one takes a good part of a short run's time. */
static int spare_vm_fd = -1;

static int open_device(GError **error)
{
    int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

    if (fd >= 0)
        return fd;
    if (errno == ENOENT)
        g_set_error(error, HV_ERROR, HV_ERROR_UNAVAILABLE,
                    "there is no /dev/kvm: virtualization is switched off in the firmware, this "
                    "machine is itself a VM without it, or the module kvm_intel or kvm_amd is "
                    "not loaded");
    else if (errno == EACCES || errno == EPERM)
        g_set_error(error, HV_ERROR, HV_ERROR_UNAVAILABLE,
                    "no permission to use /dev/kvm: add yourself to group kvm (sudo usermod -aG "
                    "kvm $USER) and log in again");
    else
        g_set_error(error, HV_ERROR, HV_ERROR_UNAVAILABLE, "cannot open /dev/kvm: %s",
                    g_strerror(errno));
    return -1;
}

static bool check_device(int kvm_fd, GError **error)
{
    int version = ioctl(kvm_fd, KVM_GET_API_VERSION, 0);

    if (version != KVM_API_VERSION) {
        g_set_error(error, HV_ERROR, HV_ERROR_UNAVAILABLE,
                    "/dev/kvm speaks version %d of KVM's interface, not %d", version,
                    KVM_API_VERSION);
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(requirements); i++) {
        const Requirement *need = &requirements[i];
        int value = ioctl(kvm_fd, KVM_CHECK_EXTENSION, need->capability);

        if (value > 0 && (value & need->bits) == need->bits)
            continue;
        g_set_error(error, HV_ERROR, HV_ERROR_UNAVAILABLE,
                    "this kernel's KVM is too old or restricted: it lacks %s", need->meaning);
        return false;
    }
    return true;
}

static int create_vm(int kvm_fd, GError **error)
{
    int fd;

    do {
        fd = ioctl(kvm_fd, KVM_CREATE_VM, 0);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0)
        g_set_error(error, HV_ERROR, HV_ERROR_UNAVAILABLE, "/dev/kvm refuses to create a VM: %s",
                    g_strerror(errno));
    return fd;
}

static bool kvm_probe(GError **error)
{
    int kvm_fd = open_device(error);
    if (kvm_fd < 0)
        return false;

    int vm_fd = check_device(kvm_fd, error) ? create_vm(kvm_fd, error) : -1;
    close(kvm_fd);
    if (vm_fd < 0)
        return false;
    int old = __atomic_exchange_n(&spare_vm_fd, vm_fd, __ATOMIC_SEQ_CST);
    if (old >= 0)
        close(old);
    return true;
}

/* ---- CPUID -------------------------------------------------------------- */

/* Asking takes long (the host executes CPUID some fifty times, each of which
 * traps when it is itself a VM) and the answer does not change. */
static const struct kvm_cpuid2 *supported_cpuid(int kvm_fd, GError **error)
{
    static const struct kvm_cpuid2 *known;
    const struct kvm_cpuid2 *cpuid = __atomic_load_n(&known, __ATOMIC_ACQUIRE);

    if (cpuid != NULL)
        return cpuid;
    for (uint32_t count = 128; count <= CPUID_MAX_ENTRIES; count *= 2) {
        struct kvm_cpuid2 *buffer =
            g_malloc0(sizeof *buffer + count * sizeof(struct kvm_cpuid_entry2));

        buffer->nent = count;
        if (ioctl(kvm_fd, KVM_GET_SUPPORTED_CPUID, buffer) == 0) {
            if (__atomic_compare_exchange_n(&known, &cpuid, buffer, false, __ATOMIC_ACQ_REL,
                                            __ATOMIC_ACQUIRE))
                return buffer;
            g_free(buffer); /* another thread was first */
            return cpuid;
        }
        g_free(buffer);
        if (errno != E2BIG)
            break;
    }
    g_set_error(error, HV_ERROR, HV_ERROR_FAILED, "KVM does not say which CPU it offers: %s",
                g_strerror(errno));
    return NULL;
}

/* Tells the guest what the host can, and this CPU's number as its APIC's. */
static int set_cpuid(HvKvmCpu *cpu, unsigned index)
{
    const struct kvm_cpuid2 *host = cpu->machine->cpuid;
    size_t size = sizeof *host + host->nent * sizeof host->entries[0];
    g_autofree struct kvm_cpuid2 *cpuid = g_memdup2(host, size);

    for (uint32_t i = 0; i < cpuid->nent; i++) {
        struct kvm_cpuid_entry2 *entry = &cpuid->entries[i];

        if (entry->function == CPUID_FEATURES)
            entry->ebx = (entry->ebx & 0x00ffffff) | index << 24;
        else if (entry->function == CPUID_TOPOLOGY || entry->function == CPUID_TOPOLOGY_V2)
            entry->edx = index;
    }
    return ioctl(cpu->fd, KVM_SET_CPUID2, cpuid);
}

/* ---- A machine ---------------------------------------------------------- */

static bool is_intel(const struct kvm_cpuid2 *cpuid)
{
    return cpuid->nent > 0 && cpuid->entries[0].function == 0 &&
           cpuid->entries[0].ebx == 0x756e6547; /* "Genu"ineIntel */
}

static bool set_up_vm(HvCpuMachine *machine, GError **error)
{
    uint64_t identity = IDENTITY_MAP_ADDRESS;
    struct kvm_enable_cap tell_failures = {
        .cap = KVM_CAP_EXIT_ON_EMULATION_FAILURE,
        .args = {1},
    };

    /* Where the kernel does not know it (before 5.15) the guest gets #UD
     * instead, which is as good as one can have there. */
    ioctl(machine->vm_fd, KVM_ENABLE_CAP, &tell_failures);
    if (!is_intel(machine->cpuid))
        return true;
    if (ioctl(machine->vm_fd, KVM_SET_IDENTITY_MAP_ADDR, &identity) < 0 ||
        ioctl(machine->vm_fd, KVM_SET_TSS_ADDR, TSS_ADDRESS) < 0) {
        g_set_error(error, HV_ERROR, HV_ERROR_FAILED, "KVM refuses the address of its TSS: %s",
                    g_strerror(errno));
        return false;
    }
    return true;
}

static void kvm_machine_free(HvCpuMachine *machine)
{
    if (machine == NULL)
        return;
    hv_kvm_timer_clear(&machine->timer);
    if (machine->slots.memory != NULL)
        hv_kvm_slots_clear(&machine->slots);
    if (machine->vm_fd >= 0)
        close(machine->vm_fd);
    g_free(machine);
}

static bool fill_machine(HvCpuMachine *machine, int kvm_fd, GError **error)
{
    machine->vm_fd = __atomic_exchange_n(&spare_vm_fd, -1, __ATOMIC_SEQ_CST);
    if (machine->vm_fd < 0)
        machine->vm_fd = create_vm(kvm_fd, error);
    if (machine->vm_fd < 0)
        return false;
    machine->cpuid = supported_cpuid(kvm_fd, error);
    if (machine->cpuid == NULL)
        return false;

    int run_bytes = ioctl(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
    int max_slots = ioctl(kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_NR_MEMSLOTS);
    if (run_bytes < (int)sizeof(struct kvm_run)) {
        g_set_error(error, HV_ERROR, HV_ERROR_FAILED, "KVM's shared page has %d bytes", run_bytes);
        return false;
    }
    machine->run_bytes = (size_t)run_bytes;
    return set_up_vm(machine, error) &&
           hv_kvm_slots_init(&machine->slots, machine->memory, machine->vm_fd,
                             max_slots > 0 ? (unsigned)max_slots : 32, error);
}

static HvCpuMachine *kvm_machine_new(HvMemory *memory, uint64_t clock_hz, GError **error)
{
    int kvm_fd = open_device(error);
    if (kvm_fd < 0)
        return NULL;

    HvCpuMachine *machine = g_new0(HvCpuMachine, 1);
    machine->memory = memory;
    machine->vm_fd = -1;
    bool ok = check_device(kvm_fd, error) && fill_machine(machine, kvm_fd, error);
    close(kvm_fd);
    if (!ok) {
        kvm_machine_free(machine);
        return NULL;
    }
    return machine;
}

/* ---- A CPU -------------------------------------------------------------- */

static void kvm_cpu_free(HvCpu *base)
{
    HvKvmCpu *cpu = (HvKvmCpu *)base;

    if (cpu == NULL)
        return;
    if (cpu->run != NULL)
        munmap(cpu->run, cpu->machine->run_bytes);
    if (cpu->fd >= 0)
        close(cpu->fd);
    g_free(cpu);
}

static bool fill_cpu(HvKvmCpu *cpu, unsigned index)
{
    cpu->fd = ioctl(cpu->machine->vm_fd, KVM_CREATE_VCPU, index);
    if (cpu->fd < 0 || set_cpuid(cpu, index) < 0)
        return false;

    void *run = mmap(NULL, cpu->machine->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, cpu->fd, 0);
    if (run == MAP_FAILED)
        return false;
    cpu->run = run;
    cpu->run->kvm_valid_regs = KVM_SYNC_X86_REGS;
    return true;
}

static HvCpu *kvm_cpu_new(HvCpuMachine *machine, unsigned index, const HvCpuClient *client,
                          GError **error)
{
    HvKvmCpu *cpu = g_new0(HvKvmCpu, 1);

    cpu->base.backend = &hv_cpu_kvm;
    cpu->machine = machine;
    cpu->client = *client;
    cpu->fd = -1;
    cpu->have_msrs = true; /* all zero after reset */
    if (!fill_cpu(cpu, index)) {
        g_set_error(error, HV_ERROR, HV_ERROR_FAILED, "KVM refuses virtual CPU %u: %s", index,
                    g_strerror(errno));
        kvm_cpu_free(&cpu->base);
        return NULL;
    }
    return &cpu->base;
}

const HvCpuBackend hv_cpu_kvm = {
    .name = "kvm",
    .least_run_ns = 1000000,
    .probe = kvm_probe,
    .machine_new = kvm_machine_new,
    .machine_free = kvm_machine_free,
    .cpu_new = kvm_cpu_new,
    .cpu_free = kvm_cpu_free,
    .get_regs = hv_kvm_get_regs,
    .position = hv_kvm_position,
    .set_regs = hv_kvm_set_regs,
    .run = hv_kvm_run,
    .interrupt = hv_kvm_interrupt,
    .kick = hv_kvm_kick,
};
