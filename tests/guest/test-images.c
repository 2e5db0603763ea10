/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-images.c IMAGE...: every guest image passes the check of
 * hv-core/guest/check.h; and the check finds what it should. */
#include <string.h>

#include "hv-core/guest/check.h"
#include "hv-core/vm/elf.h"

static char *read_image(const char *path, size_t *ret_size)
{
    g_autoptr(GError) error = NULL;
    char *image = NULL;
    g_file_get_contents(path, &image, ret_size, &error);
    g_assert_no_error(error);
    return image;
}

/* These carry the buffers of 16 TCP connections, 16 KiB each way. */
static bool uses_tcp(const char *path)
{
    static const char *const programs[] = {"echo", "get", "http", "netperf", "shell"};
    g_autofree char *name = g_path_get_basename(path);
    *strchr(name, '.') = '\0';
    for (size_t i = 0; i < G_N_ELEMENTS(programs); i++)
        if (strcmp(name, programs[i]) == 0)
            return true;
    return false;
}

static void test_image(gconstpointer path)
{
    size_t size;
    g_autofree char *image = read_image(path, &size);
    g_autoptr(HvGuestCheck) check = hv_guest_check(image, size);
    for (unsigned i = 0; i < check->problems->len; i++)
        g_test_message("%s", (const char *)g_ptr_array_index(check->problems, i));
    g_assert_cmpuint(check->problem_count, ==, 0);
    g_assert_cmpuint(check->file_bytes, <, 120 * 1024);
    g_assert_cmpuint(check->instructions, >, 1000);
    /* Some 25 to 36, depending on the compiler. */
    g_assert_cmpuint(check->resident_pages, <=, 40);
    g_assert_cmpuint(check->heap_bytes, >, uses_tcp(path) ? 640 * 1024 : 1024 * 1024);
    bool is_privileged = g_str_has_suffix(path, "/privileged.elf");
    g_assert_cmpuint(check->privileged, ==, is_privileged ? 5 : 0); /* cli hlt wrmsr cr3 out */
}

/* Puts an instruction that guests may not use at the beginning of main(). */
static void test_forbidden(gconstpointer path)
{
    static const struct {
        const char *name;
        uint8_t bytes[5];
    } instructions[] = {
        {"movaps (%rax),%xmm0", {0x0f, 0x28, 0x00, 0x90, 0x90}},
        {"fld1", {0xd9, 0xe8, 0x90, 0x90, 0x90}},
        {"cmpxchg16b (%rax)", {0x48, 0x0f, 0xc7, 0x08, 0x90}},
        {"andn", {0xc4, 0xe2, 0x78, 0xf2, 0xc0}},
        {"rdtsc", {0x0f, 0x31, 0x90, 0x90, 0x90}},
        {"push %es", {0x06, 0x90, 0x90, 0x90, 0x90}}, /* not in 64-bit mode */
    };
    size_t size;
    g_autofree char *image = read_image(path, &size);
    g_autoptr(HvElf) elf = hv_elf_parse(image, size, NULL);
    g_assert_nonnull(hv_elf_find(elf, "main"));
    uint64_t main_address = hv_elf_find(elf, "main")->address;
    const HvElfSegment *segment = elf->segments;
    while (main_address - segment->address >= segment->file_size)
        segment++;
    char *code = image + segment->file_offset + (main_address - segment->address);
    for (unsigned i = 0; i < G_N_ELEMENTS(instructions); i++) {
        memcpy(code, instructions[i].bytes, sizeof instructions[i].bytes);
        g_autoptr(HvGuestCheck) check = hv_guest_check(image, size);
        g_test_message("%s", instructions[i].name);
        g_assert_cmpuint(check->problem_count, ==, 1);
        const char *problem = g_ptr_array_index(check->problems, 0);
        g_test_message("%s", problem);
        g_assert_nonnull(strstr(problem, "(main+0x0)"));
    }
}

static void test_nonsense(void)
{
    g_autoptr(HvGuestCheck) check = hv_guest_check("#!/bin/sh\n", 10);
    g_assert_cmpuint(check->problem_count, ==, 1);
    g_assert_nonnull(strstr(g_ptr_array_index(check->problems, 0), "too few"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/check/nonsense", test_nonsense);
    g_assert_cmpint(argc, >, 1);
    g_test_add_data_func("/check/forbidden", argv[1], test_forbidden);
    for (int i = 1; i < argc; i++) {
        g_autofree char *base = g_path_get_basename(argv[i]);
        g_autofree char *name = g_strconcat("/check/", base, NULL);
        g_test_add_data_func(name, argv[i], test_image);
    }
    return g_test_run();
}
