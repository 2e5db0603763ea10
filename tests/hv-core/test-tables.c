/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-tables.c: a guest's own page tables are told when they are met first and when they
 * change, however many there are in the course of time (hv-core/vm/vm-tables.c). */
#include "hv-core/vm/vm.h"
#include "tests/hv-core/host-fixture.h"

#define ROOT    300u /* the page of the PML4; then PDPT, PD, and page tables */
#define PD      (ROOT + 2)
#define TABLES  70u
#define PT(n)   (ROOT + 3 + (n))
#define PRESENT 1u
/* Three of the 64 that are remembered are above the page tables. */
#define REMEMBERED 61u

typedef struct {
    unsigned told[512];    /* how often, by page */
    unsigned entries[512]; /* the last time */
    unsigned first[512];
} Told;

static Told told;

static void on_page_table(void *user, HvStamp at, uint16_t vm, HvPageNo page, unsigned level,
                          unsigned first, const uint64_t *entries, unsigned count)
{
    told.told[page]++;
    told.first[page] = first;
    told.entries[page] = count;
}

static void set_entry(HvVm *vm, HvPageNo table, unsigned number, uint64_t entry)
{
    HvGpa at = HV_GPA(table * (uint64_t)HV_PAGE_SIZE + number * sizeof(entry));
    g_assert_cmpint(hv_memory_write(hv_vm_memory(vm), at, &entry, sizeof(entry)), ==, 0);
}

static uint64_t points_to(HvPageNo page)
{
    return (uint64_t)page * HV_PAGE_SIZE | PRESENT;
}

static void look(HvVm *vm)
{
    hv_vm_tell_tables(vm, (uint64_t)ROOT * HV_PAGE_SIZE, (HvStamp){0, HV_NO_PCPU});
}

/* PML4 -> PDPT -> PD -> 70 page tables, of which each maps one page as number 5. */
static HvVm *set_up_tables(Fixture *fixture)
{
    static const FakeOp nothing[] = {HLT};
    told = (Told){0};
    fixture->config.observer.page_table = on_page_table;
    fixture_host(fixture);
    HvVm *vm = fixture_vm(fixture, &(FakeScript){.ops = nothing});
    set_entry(vm, ROOT, 0, points_to(ROOT + 1));
    set_entry(vm, ROOT + 1, 0, points_to(PD));
    for (unsigned i = 0; i < TABLES; i++) {
        set_entry(vm, PD, i, points_to(PT(i)));
        set_entry(vm, PT(i), 5, points_to(1));
    }
    return vm;
}

static void test_changes(Fixture *fixture, gconstpointer data)
{
    HvVm *vm = set_up_tables(fixture);
    look(vm);
    look(vm);
    g_assert_cmpuint(told.told[ROOT], ==, 1);
    g_assert_cmpuint(told.told[PD], ==, 1);
    g_assert_cmpuint(told.entries[PD], ==, TABLES);
    g_assert_cmpuint(told.told[PT(0)], ==, 1);
    g_assert_cmpuint(told.first[PT(0)], ==, 5);
    set_entry(vm, PT(0), 7, points_to(2));
    look(vm);
    g_assert_cmpuint(told.told[PT(0)], ==, 2);
    g_assert_cmpuint(told.first[PT(0)], ==, 7);
    g_assert_cmpuint(told.entries[PT(0)], ==, 1);
    g_assert_cmpuint(told.told[PD], ==, 1);
}

/* 70 are too many at once. When the guest has freed some, the others are told; and when it
 * takes one up again that was forgotten meanwhile, that is told in full. */
static void test_forgotten(Fixture *fixture, gconstpointer data)
{
    HvVm *vm = set_up_tables(fixture);
    look(vm);
    for (unsigned i = 0; i < TABLES; i++)
        g_assert_cmpuint(told.told[PT(i)], ==, i < REMEMBERED ? 1 : 0);
    for (unsigned i = 0; i < REMEMBERED; i++)
        set_entry(vm, PD, i, 0);
    look(vm);
    for (unsigned i = 0; i < TABLES; i++)
        g_assert_cmpuint(told.told[PT(i)], ==, 1);
    g_assert_cmpuint(told.told[PD], ==, 2);
    /* Nine were forgotten: the first that were met. The last page table was not. */
    set_entry(vm, PD, 0, points_to(PT(0)));
    set_entry(vm, PD, REMEMBERED - 1, points_to(PT(REMEMBERED - 1)));
    look(vm);
    g_assert_cmpuint(told.told[PT(0)], ==, 2);
    g_assert_cmpuint(told.first[PT(0)], ==, 0);
    g_assert_cmpuint(told.entries[PT(0)], ==, 512);
    g_assert_cmpuint(told.told[PT(REMEMBERED - 1)], ==, 1);
    look(vm);
    g_assert_cmpuint(told.told[PT(0)], ==, 2);
}

/* A table that points to itself, and one outside the VM. */
static void test_loop(Fixture *fixture, gconstpointer data)
{
    HvVm *vm = set_up_tables(fixture);
    set_entry(vm, ROOT, 1, points_to(ROOT));
    set_entry(vm, ROOT + 1, 1, points_to(0xfffff));
    look(vm);
    g_assert_cmpuint(told.told[ROOT], ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/tables/changes", Fixture, NULL, fixture_set_up, test_changes, fixture_tear_down);
    g_test_add("/tables/forgotten", Fixture, NULL, fixture_set_up, test_forgotten,
               fixture_tear_down);
    g_test_add("/tables/loop", Fixture, NULL, fixture_set_up, test_loop, fixture_tear_down);
    return g_test_run();
}
