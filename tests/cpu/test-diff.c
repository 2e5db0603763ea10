/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-diff.c: the interpreter does what the real CPU does. */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cpu/diff-block.h"
#include "tests/cpu/diff-cases.h"
#include "tests/cpu/diff-generate.h"

#define DEFAULT_SEED 20240229
#define MOST_REPORTS 10
#define SAMPLE_INSNS 50000
#define SUITE_INSNS  1000000
#define ALL_INSNS    100000000

static bool everything(void)
{
    return g_strcmp0(g_getenv("HVLAB_TEST_ALL"), "1") == 0;
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *text = g_getenv(variable);

    return text ? g_ascii_strtoull(text, NULL, 0) : otherwise;
}

/* Compares blocks until that many instructions were generated. */
static void compare(DiffGenerator *generator, DiffExecutor *real, uint64_t insns)
{
    DiffExecutor *ours = diff_guest_new(&hv_cpu_emulated, 0);
    unsigned reports = 0, blocks = 0;
    uint64_t done = 0, vectors[DIFF_VECTOR_COUNT] = {0};
    gint64 started = g_get_monotonic_time();

    insns = number_from("HVLAB_DIFF_INSNS", insns);
    while (done < insns && reports < MOST_REPORTS) {
        const DiffBlock *block = diff_generator_next(generator);
        DiffResult our_result, real_result;
        char text[512];

        ours->run(ours, block, &our_result);
        real->run(real, block, &real_result);
        if (!diff_compare(block, &our_result, &real_result, text, sizeof text)) {
            diff_explain(ours, real, block, text);
            reports++;
        }
        if (real_result.vector < DIFF_VECTOR_COUNT)
            vectors[real_result.vector]++;
        done += block->count;
        blocks++;
    }
    double seconds = (double)(g_get_monotonic_time() - started) / 1e6;
    g_test_message("%" G_GUINT64_FORMAT " instructions in %u blocks: %.1f s, %.0f instructions/s",
                   done, blocks, seconds, (double)done / seconds);
    for (unsigned i = 0; i < DIFF_VECTOR_COUNT; i++)
        if (vectors[i])
            g_test_message("vector %u: %" G_GUINT64_FORMAT, i, vectors[i]);
    ours->free(ours);
    g_assert_cmpuint(reports, ==, 0);
}

static DiffGenerator *generator_new(bool native, bool plain)
{
    uint64_t seed = number_from("HVLAB_DIFF_SEED", DEFAULT_SEED);

    g_test_message("seed %" G_GUINT64_FORMAT, seed);
    return diff_generator_new(seed, native, plain);
}

static void test_kvm(void)
{
    g_autoptr(GError) error = NULL;

    if (!hv_cpu_kvm.probe(&error)) {
        g_test_skip(error->message);
        return;
    }
    DiffGenerator *generator = generator_new(false, false);
    DiffExecutor *kvm = diff_guest_new(&hv_cpu_kvm, 0);
    compare(generator, kvm, everything() ? ALL_INSNS : SUITE_INSNS);
    kvm->free(kvm);
    diff_generator_free(generator);
}

static void test_native(void)
{
    const char *why;

    if (g_getenv("HVLAB_SANITIZED")) {
        g_test_skip("a sanitizer's shadow memory lies where blocks may write");
        return;
    }
    DiffGenerator *generator = generator_new(true, false);
    DiffExecutor *native = diff_native_new(diff_generator_data(generator), &why);

    if (native == NULL) {
        g_test_skip(why);
    } else {
        compare(generator, native, everything() ? ALL_INSNS : SUITE_INSNS);
        native->free(native);
    }
    diff_generator_free(generator);
}

static void test_unicorn(void)
{
    const char *why;
    DiffExecutor *unicorn = diff_unicorn_new(&why);

    if (unicorn == NULL) {
        g_test_skip(why);
        return;
    }
    DiffGenerator *generator = generator_new(true, true);
    compare(generator, unicorn, everything() ? 100 * SAMPLE_INSNS : SAMPLE_INSNS);
    unicorn->free(unicorn);
    diff_generator_free(generator);
}

/* However a run is cut into slices, the guest does the same. */
static void test_sliced(void)
{
    static const HvTime slices[] = {10, 30, 170}; /* 1, 3 and 17 instructions */

    for (size_t i = 0; i < G_N_ELEMENTS(slices); i++) {
        DiffGenerator *generator = generator_new(false, false);
        DiffExecutor *sliced = diff_guest_new(&hv_cpu_emulated, slices[i]);
        compare(generator, sliced, everything() ? 100 * SAMPLE_INSNS : SAMPLE_INSNS);
        sliced->free(sliced);
        diff_generator_free(generator);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    diff_add_cases();
    g_test_add_func("/diff/sliced", test_sliced);
    g_test_add_func("/diff/kvm", test_kvm);
    g_test_add_func("/diff/native", test_native);
    g_test_add_func("/diff/unicorn", test_unicorn);
    return g_test_run();
}
