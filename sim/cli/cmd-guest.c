/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-guest.c: hvlab guest check ELF...: would this guest image run everywhere? */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hv-core/guest/check.h"
#include "sim/cli/cli.h"

static int check_file(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *bytes = NULL;
    gsize size;

    if (!g_file_get_contents(path, &bytes, &size, &error))
        return cli_fail(g_steal_pointer(&error));

    g_autoptr(HvGuestCheck) check = hv_guest_check(bytes, size);

    for (unsigned i = 0; i < check->problems->len; i++)
        cli_error("%s: %s", path, (const char *)check->problems->pdata[i]);
    if (check->problem_count > check->problems->len)
        cli_error("%s: and %u more problems", path, check->problem_count - check->problems->len);
    if (check->problem_count)
        return CLI_CHECK_FAILED;
    printf("%s: ok: %" PRIu64 " bytes, %u instructions, %u pages resident (%u of them pinned), "
           "%" PRIu64 " KiB of heap in the smallest VM\n",
           path, check->file_bytes, check->instructions, check->resident_pages, check->pinned_pages,
           check->heap_bytes / 1024);
    return CLI_OK;
}

int cli_guest(int argc, char **argv)
{
    int exit;

    if (!cli_parse(&argc, &argv, NULL, "check ELF...",
                   "Says whether guest images run on every backend: only instructions that all of "
                   "them execute, segments that load, a size that fits.",
                   2, G_MAXINT, &exit))
        return exit;
    if (strcmp(argv[1], "check")) {
        cli_error("guest: unknown word '%s'; usage: hvlab guest check ELF...", argv[1]);
        return CLI_BAD_INPUT;
    }
    exit = CLI_OK;
    for (int i = 2; i < argc; i++) {
        int checked = check_file(argv[i]);

        exit = MAX(exit, checked);
    }
    return exit;
}
