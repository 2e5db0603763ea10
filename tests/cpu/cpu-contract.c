/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu-contract.c: the same guests with the same answers on every backend.
 *
 * Most run in ring 0 and in ring 3: some hosts execute the two by quite
 * different means. Expected values are worked out in the comments. The guests
 * themselves are in cpu-guests.h.
 */
#include "tests/cpu/cpu-contract.h"

#include "tests/cpu/cpu-contract-private.h"

void cpu_check_regs(CpuFixture *f, const uint64_t expected[][2], size_t count)
{
    for (size_t i = 0; i < count; i++)
        g_assert_cmphex(cpu_fixture_reg(f, (unsigned)expected[i][0]), ==, expected[i][1]);
}

void cpu_check_log(CpuFixture *f, guint index, HvAccessKind kind, uint64_t gpa, unsigned size,
                   uint64_t value)
{
    const HvAccess *access = &cpu_fixture_log(f, index)->access;

    g_assert_cmpint(access->kind, ==, kind);
    g_assert_cmphex(access->gpa.value, ==, gpa);
    g_assert_cmpuint(access->size, ==, size);
    g_assert_cmphex(access->value, ==, value);
}

unsigned cpu_asked_about(CpuFixture *f, uint64_t gpa)
{
    unsigned count = 0;

    for (guint i = 0; i < f->log->len; i++) {
        const HvAccess *access = &cpu_fixture_log(f, i)->access;
        bool memory = access->kind == HV_ACCESS_READ || access->kind == HV_ACCESS_WRITE;
        count += memory && access->gpa.value >> HV_PAGE_SHIFT == gpa >> HV_PAGE_SHIFT;
    }
    return count;
}

void cpu_start_with(CpuFixture *f, unsigned ring, const uint64_t values[][2], size_t count)
{
    HvCpuRegs regs = cpu_fixture_regs(ring);

    for (size_t i = 0; i < count; i++)
        regs.gpr[values[i][0]] = values[i][1];
    hv_cpu_set_regs(f->cpu, &regs);
}

/* ---- The list ----------------------------------------------------------- */

typedef struct {
    const HvCpuBackend *backend;
    unsigned ring;
    void (*test)(CpuFixture *f, unsigned ring);
    char *skip; /* the reason, or NULL */
} Case;

static void run_case(gconstpointer data)
{
    const Case *c = data;

    if (c->skip != NULL) {
        g_test_skip(c->skip);
        return;
    }
    g_autoptr(CpuFixture) fixture = cpu_fixture_new(c->backend, CPU_CONTRACT_PAGES);
    c->test(fixture, c->ring);
}

static void free_case(gpointer data)
{
    Case *c = data;

    g_free(c->skip);
    g_free(c);
}

static void add_case(const HvCpuBackend *backend, const CpuContractCase *what, unsigned ring,
                     const char *skip)
{
    g_autofree char *path = g_strdup_printf("/%s/ring%u/%s", backend->name, ring, what->name);
    Case *c = g_new(Case, 1);

    *c = (Case){backend, ring, what->test, g_strdup(skip)};
    g_test_add_data_func_full(path, c, run_case, free_case);
}

void cpu_contract_add_tests(const HvCpuBackend *backend)
{
    g_autoptr(GError) error = NULL;
    const CpuContractCase *const lists[] = {cpu_contract_execution, cpu_contract_devices,
                                            cpu_contract_memory};
    bool works = backend->probe(&error);

    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        for (const CpuContractCase *c = lists[i]; c->name != NULL; c++) {
            if (c->rings & CPU_RING0)
                add_case(backend, c, 0, works ? NULL : error->message);
            if (c->rings & CPU_RING3)
                add_case(backend, c, 3, works ? NULL : error->message);
        }
    }
}
