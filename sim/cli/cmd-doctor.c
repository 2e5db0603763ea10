/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd-doctor.c: hvlab doctor: what this host can do, and how to fix what it
 * cannot. Each row is one ability; nothing is changed. */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "sim/cli/cli.h"

typedef struct {
    const char *program;
    const char *package;
    const char *gives;
} Tool;

/* Programs beside hvlab that make more possible. */
static const Tool tools[] = {
    {"wireshark", "wireshark", "look at exported captures"},
    {"tshark", "tshark", "check captures in the test suite"},
    {"qemu-system-x86_64", "qemu-system-x86", "run the kvm tests under a stock kernel"},
    {"clang", "clang", "run the fuzzers"},
};

static void row(bool good, const char *what, const char *detail)
{
    bool colour = cli_wants_colour(stdout);

    printf("%s%-4s%s %-18s %s\n",
           !colour ? ""
           : good  ? "\033[32m"
                   : "\033[33m",
           good ? "yes" : "no", colour ? "\033[0m" : "", what, detail);
}

static bool check_backend(const HvCpuBackend *backend, const char *good)
{
    g_autoptr(GError) error = NULL;
    bool works = backend->probe(&error);

    row(works, backend->name, works ? good : error->message);
    return works;
}

static bool check_guests(void)
{
    g_autofree char *directory = cli_guest_directory();
    g_autofree char *hello = g_build_filename(directory, "hello.elf", NULL);
    bool there = g_file_test(hello, G_FILE_TEST_IS_REGULAR);
    g_autofree char *text =
        there ? g_strdup_printf("in %s", directory)
              : g_strdup_printf("none in %s; build hvlab, or set HVLAB_GUESTS", directory);

    row(there, "guest images", text);
    return there;
}

static void check_tool(const Tool *tool)
{
    g_autofree char *path = g_find_program_in_path(tool->program);
    g_autofree char *text = path ? g_strdup_printf("%s (to %s)", path, tool->gives)
                                 : g_strdup_printf("not installed (to %s): sudo apt-get install %s",
                                                   tool->gives, tool->package);

    row(path != NULL, tool->program, text);
}

int cli_doctor(int argc, char **argv)
{
    struct utsname name;
    int exit;

    if (!cli_parse(&argc, &argv, NULL, NULL,
                   "Says what this host can do, and how to fix what it cannot.", 0, 0, &exit))
        return exit;
    uname(&name);
    printf("hvlab " HVLAB_VERSION " on %s %s (%s)\n\n", name.sysname, name.release, name.machine);

    bool kvm = check_backend(&hv_cpu_kvm, "guests run on this computer's own CPU");
    bool emulated = check_backend(&hv_cpu_emulated,
                                  "guests run in an interpreter; equal runs give equal traces");
    bool guests = check_guests();

    for (size_t i = 0; i < G_N_ELEMENTS(tools); i++)
        check_tool(&tools[i]);
    printf("\n%s\n", !guests || !emulated ? "hvlab cannot run scenarios here yet: see above."
                     : kvm ? "Everything that hvlab needs is here; --backend=auto takes kvm."
                           : "hvlab works here; without kvm, --backend=auto takes emulated.");
    return guests && emulated ? CLI_OK : CLI_UNAVAILABLE;
}
