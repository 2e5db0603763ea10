/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check.c: see check.h. */
#include "hv-core/guest/check.h"

#include "hv-core/cpu/emulated/decode.h"
#include "hv-core/guest/abi.h"
#include "hv-core/limits.h"
#include "hv-core/vm/elf.h"
#include "hv-core/vm/loader.h"

G_GNUC_PRINTF(2, 3)
static void problem(HvGuestCheck *check, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    if (check->problem_count++ < HV_GUEST_CHECK_MAX_PROBLEMS)
        g_ptr_array_add(check->problems, g_steal_pointer(&text));
}

/* "0x80010 (main+0x4): 66 0f 6f 00" */
static char *describe(const HvElf *elf, uint64_t address, const uint8_t *bytes, uint64_t available)
{
    GString *text = g_string_new(NULL);
    uint64_t offset;
    const char *symbol = hv_elf_symbol(elf, address, &offset);
    g_string_printf(text, "0x%" G_GINT64_MODIFIER "x", address);
    if (symbol)
        g_string_append_printf(text, " (%s+0x%" G_GINT64_MODIFIER "x)", symbol, offset);
    g_string_append_c(text, ':');
    for (uint64_t i = 0; i < MIN(available, 8); i++)
        g_string_append_printf(text, " %02x", bytes[i]);
    return g_string_free(text, FALSE);
}

/* UD2 is no instruction to the decoder, but its fault is what it is for. */
static bool is_ud2(const uint8_t *bytes, uint64_t available)
{
    return available >= 2 && bytes[0] == 0x0f && bytes[1] == 0x0b;
}

static void check_code(HvGuestCheck *check, const HvElf *elf, const HvElfSegment *segment,
                       const uint8_t *image)
{
    const uint8_t *code = image + segment->file_offset;
    check->code_bytes += segment->file_size;
    for (uint64_t at = 0; at < segment->file_size;) {
        uint64_t available = segment->file_size - at;
        unsigned length = 2;
        bool privileged = false;
        HvDecodeStatus status = HV_DECODE_OK;
        if (!is_ud2(code + at, available))
            status = hv_decode_length(code + at, available, &length, &privileged);
        if (status != HV_DECODE_OK) {
            g_autofree char *where = describe(elf, segment->address + at, code + at, available);
            problem(check, "an instruction that no guest may use, at %s", where);
            return; /* what follows cannot be told apart from operands */
        }
        check->instructions++;
        check->privileged += privileged && segment->user;
        at += length;
    }
}

static unsigned pages(uint64_t bytes)
{
    return (unsigned)((bytes + HV_PAGE_MASK) / HV_PAGE_SIZE);
}

static void count_pages(HvGuestCheck *check, const HvElf *elf)
{
    /* Boot information without hosts, page tables, one kernel stack. */
    check->pinned_pages =
        pages(G_STRUCT_OFFSET(HvBootInfo, hosts)) + HV_GUEST_PAGE_TABLE_PAGES - 1 + 1;
    check->resident_pages = check->pinned_pages;
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const HvElfSegment *s = &elf->segments[i];
        bool pinned = !s->user || s->executable;
        unsigned count = pages(pinned ? s->size : s->file_size);
        check->pinned_pages += pinned ? count : 0;
        check->resident_pages += count;
    }
}

static void check_size(HvGuestCheck *check, const HvElf *elf)
{
    uint64_t begin = hv_loader_heap_begin(elf).value;
    uint64_t end = hv_loader_heap_end(HV_MIN_VM_BYTES, 1).value;
    if (begin > end)
        problem(check,
                "it ends at 0x%" G_GINT64_MODIFIER "x; the smallest VM has memory for it up "
                "to 0x%" G_GINT64_MODIFIER "x",
                elf->end, end);
    else
        check->heap_bytes = end - begin;
}

HvGuestCheck *hv_guest_check(const void *image, size_t size)
{
    HvGuestCheck *check = g_new0(HvGuestCheck, 1);
    check->problems = g_ptr_array_new_with_free_func(g_free);
    check->file_bytes = size;
    g_autoptr(GError) error = NULL;
    g_autoptr(HvElf) elf = hv_elf_parse(image, size, &error);
    if (!elf) {
        problem(check, "%s", error->message);
        return check;
    }
    for (unsigned i = 0; i < elf->segment_count; i++) {
        if (elf->segments[i].executable)
            check_code(check, elf, &elf->segments[i], image);
    }
    count_pages(check, elf);
    check_size(check, elf);
    return check;
}

void hv_guest_check_free(HvGuestCheck *check)
{
    if (!check)
        return;
    g_ptr_array_free(check->problems, TRUE);
    g_free(check);
}
