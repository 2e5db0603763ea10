/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-replacement.c: reference strings through each replacement policy. What is
 * expected was worked out on paper or is in the textbook named beside it. */
#include <stdlib.h>
#include <string.h>

#include "hv-core/memory/replacement/replacement.h"

#define MOST_FRAMES 8
#define MOST_PAGES  16

typedef struct {
    const HvReplacementOps *ops;
    void *policy;
    unsigned frames;
    HvPageNo page[MOST_FRAMES]; /* in each frame; 0: none, so pages count from 1 */
    GString *out;
} Machine;

static unsigned frame_of(const Machine *machine, HvPageNo page)
{
    unsigned frame = 0;

    while (frame < machine->frames && machine->page[frame] != page)
        frame++;
    return frame;
}

static void reference(Machine *machine, HvPageNo page, bool write)
{
    unsigned frame = frame_of(machine, page);
    bool hit = frame < machine->frames;
    HvPageNo evicted = 0;

    if (!hit && (frame = frame_of(machine, 0)) == machine->frames) {
        frame = machine->ops->victim(machine->policy);
        g_assert_cmpuint(frame, <, machine->frames);
        evicted = machine->page[frame];
        machine->ops->removed(machine->policy, frame);
    }
    if (!hit) {
        machine->page[frame] = page;
        machine->ops->added(machine->policy, frame, (HvPageRef){0, page});
    }
    if (machine->ops->referenced)
        machine->ops->referenced(machine->policy, frame, write);
    g_string_append_printf(machine->out, "%s%u%s", machine->out->len ? " " : "", page,
                           hit ? "" : "*");
    if (evicted)
        g_string_append_printf(machine->out, "(%u)", evicted);
}

/* The references of a string: "1 2 w3 tick 1". */
static HvPageRef *future_of(const char *string, size_t *ret_count)
{
    g_auto(GStrv) words = g_strsplit(string, " ", -1);
    GArray *future = g_array_new(FALSE, FALSE, sizeof(HvPageRef));

    for (char **word = words; *word; word++) {
        HvPageRef ref = {0, (HvPageNo)atoi(**word == 'w' ? *word + 1 : *word)};
        if (strcmp(*word, "tick"))
            g_array_append_val(future, ref);
    }
    *ret_count = future->len;
    return (HvPageRef *)g_array_free(future, FALSE);
}

/* What comes of it: "1* 2* 3*(1) 2", a star for a miss, the page that went behind it. */
static char *play(const char *name, unsigned frames, const char *string)
{
    g_auto(GStrv) words = g_strsplit(string, " ", -1);
    HvReplacementParams params = {.frame_count = frames, .seed = 1};
    g_autofree HvPageRef *future = future_of(string, &params.future_count);
    Machine machine = {
        .ops = hv_replacement_find(name), .frames = frames, .out = g_string_new(NULL)};

    params.future = future;
    machine.policy = machine.ops->create(&params);
    for (char **word = words; *word; word++) {
        if (strcmp(*word, "tick"))
            reference(&machine, (HvPageNo)atoi(**word == 'w' ? *word + 1 : *word), **word == 'w');
        else if (machine.ops->tick)
            machine.ops->tick(machine.policy);
    }
    machine.ops->destroy(machine.policy);
    return g_string_free(machine.out, FALSE);
}

static void expect(const char *name, unsigned frames, const char *string, const char *expected)
{
    g_autofree char *played = play(name, frames, string);

    g_assert_cmpstr(played, ==, expected);
}

static unsigned misses(const char *name, unsigned frames, const char *string)
{
    g_autofree char *played = play(name, frames, string);
    unsigned count = 0;

    for (const char *c = played; *c; c++)
        count += *c == '*';
    return count;
}

/* Belady, Nelson and Shedler (1969): more frames, more faults. */
#define BELADY "1 2 3 4 1 2 5 1 2 3 4 5"

static void test_belady(void)
{
    expect("fifo", 3, BELADY, "1* 2* 3* 4*(1) 1*(2) 2*(3) 5*(4) 1 2 3*(1) 4*(2) 5");
    expect("fifo", 4, BELADY, "1* 2* 3* 4* 1 2 5*(1) 1*(2) 2*(3) 3*(4) 4*(5) 5*(1)");
    expect("lru", 3, BELADY, "1* 2* 3* 4*(1) 1*(2) 2*(3) 5*(4) 1 2 3*(5) 4*(1) 5*(2)");
    expect("lru", 4, BELADY, "1* 2* 3* 4* 1 2 5*(3) 1 2 3*(4) 4*(5) 5*(1)");
    expect("opt", 3, BELADY, "1* 2* 3* 4*(3) 1 2 5*(4) 1 2 3*(1) 4*(2) 5");
    expect("opt", 4, BELADY, "1* 2* 3* 4* 1 2 5*(4) 1 2 3 4*(1) 5");
}

/* Silberschatz, Galvin and Gagne, "Operating System Concepts", chapter 10.4: 15, 12
 * and 9 faults with 3 frames. Page 0 is 8 here. */
static void test_silberschatz(void)
{
    const char *string = "7 8 1 2 8 3 8 4 2 3 8 3 2 1 2 8 1 7 8 1";

    g_assert_cmpuint(misses("fifo", 3, string), ==, 15);
    g_assert_cmpuint(misses("lru", 3, string), ==, 12);
    g_assert_cmpuint(misses("opt", 3, string), ==, 9);
}

/* Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", chapter 22: with 3 frames 4
 * hits for FIFO, 6 for LRU and for the optimum, in 11 references. Page 0 is 4 here. */
static void test_ostep(void)
{
    const char *string = "4 1 2 4 1 3 4 3 1 2 1";

    g_assert_cmpuint(misses("fifo", 3, string), ==, 7);
    g_assert_cmpuint(misses("lru", 3, string), ==, 5);
    g_assert_cmpuint(misses("opt", 3, string), ==, 5);
}

/* At 4 all bits are set: the hand clears them and comes back to 1. Then 2 has been
 * used again and is spared, 3 goes; fifo would take 2. At 6 all are set once more. */
static void test_clock(void)
{
    expect("clock", 3, "1 2 3 4 2 5 2 6", "1* 2* 3* 4*(1) 2 5*(3) 2 6*(4)");
    expect("fifo", 3, "1 2 3 4 2 5 2 6", "1* 2* 3* 4*(1) 2 5*(2) 2*(3) 6*(4)");
}

/* After the tick nothing is referenced, 2 is modified: 1 and 3 are of class 0. 3 is
 * used again (class 2), so 1 goes. After the next tick 3 and 4 are of class 0 and 3
 * is older; then 4; then only the modified 2 and pages used since are left. */
static void test_nru(void)
{
    expect("nru", 3, "1 w2 3 tick 3 4 tick 5 6 7", "1* 2* 3* 3 4*(1) 5*(3) 6*(4) 7*(2)");
}

/* What a policy that may know everything can do, none beats; none does worse than
 * missing always. */
static void test_opt_is_best(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(5);

    for (unsigned round = 0; round < 300; round++) {
        g_autoptr(GString) string = g_string_new("1");
        unsigned frames = (unsigned)g_rand_int_range(random, 1, MOST_FRAMES);
        unsigned length = (unsigned)g_rand_int_range(random, 1, 60), best;

        for (unsigned i = 1; i < length; i++)
            g_string_append_printf(string, " %d", g_rand_int_range(random, 1, MOST_PAGES));
        best = misses("opt", frames, string->str);
        for (const char *const *name = hv_replacement_names(); *name; name++) {
            g_assert_cmpuint(misses(*name, frames, string->str), >=, best);
            g_assert_cmpuint(misses(*name, frames, string->str), <=, length);
        }
        /* LRU is a stack algorithm. */
        g_assert_cmpuint(misses("lru", frames + 1, string->str), <=,
                         misses("lru", frames, string->str));
    }
}

/* Frames that go for other reasons than being a victim. */
static void test_removal(void)
{
    for (const char *const *name = hv_replacement_names(); *name; name++) {
        const HvReplacementOps *ops = hv_replacement_find(*name);
        const HvPageRef none[1] = {{0}};
        HvReplacementParams params = {.frame_count = 4, .future = none};
        void *policy = ops->create(&params);

        g_assert_cmpuint(ops->victim(policy), ==, HV_FRAME_NONE);
        for (HvFrameNo frame = 0; frame < 4; frame++)
            ops->added(policy, frame, (HvPageRef){0, frame});
        for (HvFrameNo left = 4; left > 1; left--) {
            HvFrameNo victim = ops->victim(policy);

            g_assert_cmpuint(victim, <, 4);
            ops->removed(policy, victim);
        }
        HvFrameNo last = ops->victim(policy);
        ops->removed(policy, last);
        g_assert_cmpuint(ops->victim(policy), ==, HV_FRAME_NONE);
        ops->added(policy, last, (HvPageRef){0, 7});
        g_assert_cmpuint(ops->victim(policy), ==, last);
        ops->destroy(policy);
    }
    g_assert_null(hv_replacement_find("lifo"));
}

static unsigned watched[4];

static void count_watch(void *user, HvFrameNo frame)
{
    watched[frame]++;
}

/* Without tracing a policy asks to be told: lru and nru at each tick about all
 * pages, clock about those whose bit it clears, fifo never. */
static void test_watches(void)
{
    static const struct {
        const char *name;
        unsigned after_tick, after_victim;
    } cases[] = {{"fifo", 0, 0}, {"lru", 1, 1}, {"nru", 1, 1}, {"clock", 0, 1}, {"random", 0, 0}};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const HvReplacementOps *ops = hv_replacement_find(cases[i].name);
        HvReplacementParams params = {.frame_count = 4, .watch = count_watch};
        void *policy = ops->create(&params);

        memset(watched, 0, sizeof(watched));
        for (HvFrameNo frame = 0; frame < 4; frame++)
            ops->added(policy, frame, (HvPageRef){0, frame});
        if (ops->tick)
            ops->tick(policy);
        for (unsigned frame = 0; frame < 4; frame++)
            g_assert_cmpuint(watched[frame], ==, cases[i].after_tick);
        ops->victim(policy);
        for (unsigned frame = 0; frame < 4; frame++)
            g_assert_cmpuint(watched[frame], ==, cases[i].after_victim);
        ops->destroy(policy);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/replacement/belady", test_belady);
    g_test_add_func("/replacement/silberschatz", test_silberschatz);
    g_test_add_func("/replacement/ostep", test_ostep);
    g_test_add_func("/replacement/clock", test_clock);
    g_test_add_func("/replacement/nru", test_nru);
    g_test_add_func("/replacement/opt-is-best", test_opt_is_best);
    g_test_add_func("/replacement/removal", test_removal);
    g_test_add_func("/replacement/watches", test_watches);
    return g_test_run();
}
