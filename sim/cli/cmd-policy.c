/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-policy.c: hvlab policy list | new NAME | check FILE: scheduling policies,
 * those that come with hvlab and one's own. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hv-core/sched/check.h"
#include "sim/cli/cli.h"
#include "sim/cli/policy-jail.h"
#include "sim/engine/own-policy.h"

#define CHECK_WORLDS 30

/* ---- list ------------------------------------------------------------------------- */

static void print_uses(unsigned uses)
{
    static const struct {
        unsigned bit;
        const char *word;
    } words[] = {
        {HV_USES_WEIGHT, "weight"},
        {HV_USES_PRIORITY, "priority"},
        {HV_USES_CAP, "cap"},
        {HV_USES_RESERVATION, "reservation"},
        {HV_USES_PERIOD, "period and slice (its budget)"},
        {HV_USES_BURST, "the length of jobs"},
        {HV_USES_DEADLINE, "the deadlines of jobs"},
    };
    const char *comma = "            uses ";

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (uses & words[i].bit) {
            printf("%s%s", comma, words[i].word);
            comma = ", ";
        }
    if (uses)
        putchar('\n');
}

static int list(void)
{
    for (size_t i = 0; hv_policies[i]; i++) {
        const HvPolicyOps *ops = hv_policies[i];

        printf("%-10s  %s\n", ops->name, ops->title);
        print_uses(ops->uses);
        if (ops->key)
            printf("            key of a dispatch: %s\n", ops->key);
    }
    puts("\nA scenario names one in host.scheduler.policy, a run with --set "
         "host.scheduler.policy=NAME.\nEach is one file in hv-core/sched, whose head says how it "
         "works and where it comes from.\nOne of your own: hvlab policy new NAME.");
    return CLI_OK;
}

/* ---- new -------------------------------------------------------------------------- */

static const char template[] =
    "/* @NAME@.c: a scheduling policy for hvlab.\n"
    " *\n"
    " *   build   cc -O2 -Wall -shared -fPIC -I @INCLUDE@ -o @NAME@.so @NAME@.c\n"
    " *   check   hvlab policy check ./@NAME@.so\n"
    " *   run     hvlab run --policy ./@NAME@.so SCENARIO\n"
    " *\n"
    " * As it stands: round robin. All ready vCPUs stand in one line; a free pCPU takes the\n"
    " * first that may run on it. hv-core/sched/policy.h (in the folder above) says when each\n"
    " * hook is called; the built-in policies beside it are examples. Your code runs in a\n"
    " * process that may compute and allocate memory, and nothing else: no files, no output.\n"
    " */\n"
    "#include <stdlib.h>\n"
    "\n"
    "#include \"hv-core/sched/policy.h\"\n"
    "\n"
    "#define MOST 16384 /* vCPUs of a host */\n"
    "\n"
    "typedef struct {\n"
    "    const HvPolicyParams *params;\n"
    "    HvSchedVcpu *line[MOST]; /* the ready ones, first in front */\n"
    "    unsigned count;\n"
    "} Policy;\n"
    "\n"
    "static void *create(const HvPolicyParams *params)\n"
    "{\n"
    "    Policy *policy = calloc(1, sizeof(*policy));\n"
    "    policy->params = params;\n"
    "    return policy;\n"
    "}\n"
    "\n"
    "static void destroy(void *self)\n"
    "{\n"
    "    free(self);\n"
    "}\n"
    "\n"
    "/* A vCPU exists. vcpu->policy_data is yours, for what you want to know of it. */\n"
    "static void add(void *self, HvSchedVcpu *vcpu)\n"
    "{\n"
    "    vcpu->policy_data = NULL;\n"
    "}\n"
    "\n"
    "static void removed(void *self, HvSchedVcpu *vcpu)\n"
    "{\n"
    "}\n"
    "\n"
    "/* It could run from now on. why: new, woken, its slice is over, preempted, yielded. */\n"
    "static void ready(void *self, HvSchedVcpu *vcpu, HvReadyWhy why, HvTime now)\n"
    "{\n"
    "    Policy *policy = self;\n"
    "    policy->line[policy->count++] = vcpu;\n"
    "}\n"
    "\n"
    "static void take(Policy *policy, unsigned place)\n"
    "{\n"
    "    for (policy->count--; place < policy->count; place++)\n"
    "        policy->line[place] = policy->line[place + 1];\n"
    "}\n"
    "\n"
    "/* It is not ready any more: its VM was paused or killed. */\n"
    "static void unready(void *self, HvSchedVcpu *vcpu, HvTime now)\n"
    "{\n"
    "    Policy *policy = self;\n"
    "    for (unsigned i = 0; i < policy->count; i++)\n"
    "        if (policy->line[i] == vcpu) {\n"
    "            take(policy, i);\n"
    "            return;\n"
    "        }\n"
    "}\n"
    "\n"
    "/* Who runs on pcpu now, and for how long? NULL: nobody. */\n"
    "static HvSchedVcpu *pick(void *self, unsigned pcpu, HvTime now, HvSchedPick *ret)\n"
    "{\n"
    "    Policy *policy = self;\n"
    "    for (unsigned i = 0; i < policy->count; i++) {\n"
    "        HvSchedVcpu *vcpu = policy->line[i];\n"
    "        if (!hv_sched_may_run(vcpu, pcpu))\n"
    "            continue;\n"
    "        take(policy, i);\n"
    "        ret->slice_ns = policy->params->slice_ns;\n"
    "        return vcpu;\n"
    "    }\n"
    "    return NULL;\n"
    "}\n"
    "\n"
    "/* It ran for ran_ns and has left its pCPU. ready() follows if it can go on. */\n"
    "static void ran(void *self, HvSchedVcpu *vcpu, HvTime ran_ns, HvTime now)\n"
    "{\n"
    "}\n"
    "\n"
    "/* What hvlab looks for. Optional hooks: preempts; deadline and timer; changed. */\n"
    "const HvPolicyOps hv_policy = {\n"
    "    .version = HV_POLICY_VERSION,\n"
    "    .name = \"@NAME@\",\n"
    "    .title = \"What it does, in a line\",\n"
    "    .wait_slices = 1, /* nobody waits longer than a slice for each vCPU there is */\n"
    "    .create = create,\n"
    "    .destroy = destroy,\n"
    "    .add = add,\n"
    "    .remove = removed,\n"
    "    .ready = ready,\n"
    "    .unready = unready,\n"
    "    .pick = pick,\n"
    "    .ran = ran,\n"
    "};\n";

static bool is_name(const char *name)
{
    bool good = g_ascii_isalpha(*name) && strlen(name) < 32;

    for (; good && *name; name++)
        good = g_ascii_isalnum(*name) || *name == '-' || *name == '_';
    return good;
}

static char *fill_in(const char *name)
{
    g_auto(GStrv) names = g_strsplit(template, "@NAME@", -1);
    g_autofree char *named = g_strjoinv(name, names);
    g_auto(GStrv) folders = g_strsplit(named, "@INCLUDE@", -1);
    g_autofree char *include = cli_include_directory();

    return g_strjoinv(include, folders);
}

static int write_new(const char *name)
{
    g_autofree char *path = g_strconcat(name, ".c", NULL);
    g_autofree char *text = NULL, *include = cli_include_directory();
    FILE *file;

    if (!is_name(name)) {
        cli_error("policy new: '%s' is not a name: a letter, then letters, digits, - or _", name);
        return CLI_BAD_INPUT;
    }
    file = fopen(path, "wx");
    if (!file) {
        cli_error("%s: cannot be written: %s", path, g_strerror(errno));
        return CLI_BAD_INPUT;
    }
    text = fill_in(name);
    fputs(text, file);
    if (fclose(file) != 0) {
        cli_error("%s: cannot be written: %s", path, g_strerror(errno));
        return CLI_BAD_INPUT;
    }
    printf("%s: written. Then\n"
           "  cc -O2 -Wall -shared -fPIC -I %s -o %s.so %s\n"
           "  hvlab policy check ./%s.so\n"
           "  hvlab run --policy ./%s.so SCENARIO\n",
           path, include, name, path, name, name);
    return CLI_OK;
}

/* ---- check ------------------------------------------------------------------------ */

static const char *broken(void *user)
{
    return sim_own_policy_failed(user);
}

/* NULL: all is well. A process for each world: the one before may be in any state. */
static char *check_world(const char *path, unsigned seed, GError **error)
{
    g_autoptr(SimOwnPolicy) own = sim_own_policy_new(path, NULL, false, error);
    HvPolicyCheck check = {
        .pcpu_count = 1 + seed % 4,
        .vcpu_count = 1 + seed * 7 % 23,
        .seed = seed,
        .rounds = 500,
        .affinities = seed % 3 == 0,
        .caps = seed % 4 == 1,
        .broken = broken,
        .user = own,
    };

    if (!own)
        return NULL;
    check.ops = sim_own_policy_ops(own);
    return hv_policy_check(&check);
}

static int check_file(const char *path)
{
    g_autoptr(GError) error = NULL;

    for (unsigned seed = 0; seed < CHECK_WORLDS; seed++) {
        g_autofree char *wrong = check_world(path, seed, &error);

        if (error)
            return cli_fail(g_steal_pointer(&error));
        if (wrong) {
            cli_error("%s: %s", path, wrong);
            return CLI_CHECK_FAILED;
        }
    }
    printf("%s: ok: in %u random worlds it picked only who was ready, lost nobody, left no pCPU "
           "idle without need, and let nobody wait longer than it says\n",
           path, CHECK_WORLDS);
    return CLI_OK;
}

int cli_policy(int argc, char **argv)
{
    int exit;

    if (argc == 3 && !strcmp(argv[1], "jail"))
        return cli_policy_jail(argv[2]);
    if (!cli_parse(&argc, &argv, NULL, "list | new NAME | check FILE.so",
                   "list: the scheduling policies that come with hvlab. new: writes NAME.c, a "
                   "policy of your own to begin with. check: does a policy of your own keep its "
                   "promises?",
                   1, 2, &exit))
        return exit;
    if (!strcmp(argv[1], "list") && argc == 2)
        return list();
    if (!strcmp(argv[1], "new") && argc == 3)
        return write_new(argv[2]);
    if (!strcmp(argv[1], "check") && argc == 3)
        return check_file(argv[2]);
    cli_error("policy: allowed are: list, new NAME, check FILE.so");
    return CLI_BAD_INPUT;
}
