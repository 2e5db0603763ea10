/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-walk.c: hvlab walk TRACE --vm NAME ADDRESS: from a guest's virtual address to a page
 * frame of the host. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/cli/cli.h"
#include "sim/export/walk.h"
#include "sim/scenario/units.h"

/* Decimal or 0x...; what else is there makes it none. */
static bool parse_address(const char *text, uint64_t *ret_address)
{
    bool hex = g_ascii_strncasecmp(text, "0x", 2) == 0;
    char *end = NULL;

    errno = 0;
    *ret_address = g_ascii_strtoull(text, &end, hex ? 16 : 10);
    return g_ascii_isdigit(*text) && *end == '\0' && errno == 0;
}

/* The number of the VM called name; negative: there is none, and a message says so. */
static int find_vm(SimReader *reader, const char *name)
{
    g_autoptr(SimModel) model = sim_model_fold(reader);
    const SimModelVm *vm = sim_model_find_vm(model, name);
    g_autoptr(GString) names = g_string_new(NULL);

    if (vm)
        return vm->vm;
    for (unsigned i = 0; i < model->vms->len; i++)
        g_string_append_printf(names, "%s%s", i ? ", " : "", sim_model_vm(model, i)->name);
    cli_error("walk: there is no VM '%s'; the trace has: %s", name, names->str);
    return -1;
}

int cli_walk(int argc, char **argv)
{
    g_autofree char *at = NULL, *vm = NULL;
    const GOptionEntry entries[] = {{"at", 0, 0, G_OPTION_ARG_STRING, &at,
                                     "When, as \"12.5ms\"; default: the trace's end", "TIME"},
                                    {"vm", 0, 0, G_OPTION_ARG_STRING, &vm,
                                     "Whose address it is; default: the first VM's", "NAME"},
                                    G_OPTION_ENTRY_NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    SimWalkQuestion question = {0};
    int exit;

    if (!cli_parse(&argc, &argv, entries, "TRACE ADDRESS",
                   "Prints how a virtual address of a guest is translated: the entries of the "
                   "guest's page tables, level by level, and the page frame of the host beneath. "
                   "Page tables are in traces of scenarios with \"run\": {\"detail\": \"full\"}; "
                   "without them ADDRESS is taken as guest-physical.",
                   2, 2, &exit))
        return exit;
    if (!parse_address(argv[2], &question.address)) {
        cli_error("walk: '%s' is no address; write 0x40000000, or a decimal number", argv[2]);
        return CLI_BAD_INPUT;
    }

    g_autoptr(SimReader) reader = sim_reader_open(argv[1], &error);

    if (!reader || !sim_reader_check(reader, &error))
        return cli_fail(g_steal_pointer(&error));
    question.time = sim_reader_end_time(reader);
    if (at && sim_quantity_parse(&sim_duration, at, &question.time) != SIM_UNIT_OK) {
        cli_error("walk: --at '%s' is no time; write \"12.5ms\" or \"3us\"", at);
        return CLI_BAD_INPUT;
    }
    if (vm) {
        int number = find_vm(reader, vm);

        if (number < 0)
            return CLI_BAD_INPUT;
        question.vm = (unsigned)number;
    }
    if (!sim_walk_append(reader, &question, text)) {
        cli_error("walk: there is no such VM at that time");
        return CLI_BAD_INPUT;
    }
    fputs(text->str, stdout);
    return CLI_OK;
}
