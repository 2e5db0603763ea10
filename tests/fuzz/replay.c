/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replay.c: gives every file of a corpus to a fuzz target, once.
 *
 * Linked with a target in place of libFuzzer, so that the inputs which once
 * found something are tried with any compiler. The one argument is the
 * corpus's folder; the output is TAP.
 */
#include <stdint.h>

#include <glib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) corpus = g_dir_open(argc == 2 ? argv[1] : "", 0, &error);
    g_print("1..1\n");
    unsigned count = 0;
    const char *name;
    while (corpus && (name = g_dir_read_name(corpus)) != NULL) {
        g_autofree char *path = g_build_filename(argv[1], name, NULL);
        g_autofree char *data = NULL;
        size_t size;
        if (!g_file_get_contents(path, &data, &size, &error))
            break;
        /* Said before, so that a crash has a name. A copy of its own size lets
         * a sanitizer see a read past the end. */
        g_print("# %s\n", name);
        g_autofree uint8_t *exact = g_memdup2(data, size);
        LLVMFuzzerTestOneInput(exact, size);
        count++;
    }
    if (error)
        g_print("# %s\n", error->message);
    g_print("%s 1 - %u inputs\n", count && !error ? "ok" : "not ok", count);
    return count && !error ? 0 : 1;
}
