/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff-compare.c: are two results of a block equal, and if not, since when. */
#include <glib.h>
#include <string.h>

#ifdef HAVE_CAPSTONE
#include <capstone/capstone.h>
#endif

#include "tests/cpu/diff-block.h"

#define HEX "%#" G_GINT64_MODIFIER "x"

static const char *const names[HV_GPR_COUNT] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp",
                                                "rsi", "rdi", "r8",  "r9",  "r10", "r11",
                                                "r12", "r13", "r14", "r15"};

/* ---- Comparing -------------------------------------------------------------- */

static unsigned undefined_at(const DiffBlock *block, uint64_t rip)
{
    for (unsigned i = block->count + 1; i-- > 0;)
        if (block->start + block->mark[i].at == rip)
            return block->mark[i].undefined;
    return DIFF_ARITHMETIC; /* after a wild branch, or INT3, which RIP is behind */
}

static void say(char *text, size_t text_bytes, const char *what, uint64_t ours, uint64_t real)
{
    size_t used = strlen(text);

    g_snprintf(text + used, text_bytes - used, "%s " HEX ", really " HEX "; ", what, ours, real);
}

static void compare_memory(const DiffResult *ours, const DiffResult *real, char *text,
                           size_t text_bytes)
{
    for (unsigned page = 0; page < DIFF_PAGES; page++) {
        if (ours->page[page] == NULL || real->page[page] == NULL ||
            memcmp(ours->page[page], real->page[page], DIFF_PAGE) == 0)
            continue;
        unsigned at = 0;
        while (ours->page[page][at] == real->page[page][at])
            at++;
        char what[40];
        g_snprintf(what, sizeof what, "[" HEX "]", DIFF_DATA + page * DIFF_PAGE + at);
        say(text, text_bytes, what, ours->page[page][at], real->page[page][at]);
    }
}

bool diff_compare(const DiffBlock *block, const DiffResult *ours, const DiffResult *real,
                  char *text, size_t text_bytes)
{
    uint64_t undefined = undefined_at(block, real->rip);

    text[0] = '\0';
    if (ours->trouble[0] || real->trouble[0])
        g_snprintf(text, text_bytes, "%s; really: %s; ", ours->trouble, real->trouble);
    if (ours->vector != real->vector)
        say(text, text_bytes, "vector", ours->vector, real->vector);
    if (ours->rip != real->rip)
        say(text, text_bytes, "rip", ours->rip, real->rip);
    if ((ours->error ^ real->error) & ~(ours->error_unknown | real->error_unknown))
        say(text, text_bytes, "error code", ours->error, real->error);
    if (ours->cr2 != real->cr2)
        say(text, text_bytes, "cr2", ours->cr2, real->cr2);
    if ((ours->rflags ^ real->rflags) & ~undefined)
        say(text, text_bytes, "rflags", ours->rflags & ~undefined, real->rflags & ~undefined);
    for (unsigned i = 0; i < HV_GPR_COUNT; i++)
        if (ours->gpr[i] != real->gpr[i])
            say(text, text_bytes, names[i], ours->gpr[i], real->gpr[i]);
    compare_memory(ours, real, text, text_bytes);
    return text[0] == '\0';
}

/* ---- Explaining ---------------------------------------------------------------- */

void diff_truncate(const DiffBlock *block, unsigned count, DiffBlock *ret_block)
{
    unsigned at = block->mark[count].at;

    *ret_block = *block;
    memset(ret_block->code + at, 0x06, block->size - at); /* #UD wherever it goes on */
}

static bool equal_up_to(DiffExecutor *ours, DiffExecutor *real, const DiffBlock *block,
                        unsigned count, DiffResult *ret_real)
{
    DiffBlock part;
    DiffResult result;
    char text[512];

    diff_truncate(block, count, &part);
    real->run(real, &part, ret_real);
    ours->run(ours, &part, &result);
    return diff_compare(&part, &result, ret_real, text, sizeof text);
}

static void print_insn(const DiffBlock *block, unsigned number)
{
    unsigned at = block->mark[number].at;
    unsigned end = number < block->count ? block->mark[number + 1].at : at + 2;
    g_autoptr(GString) bytes = g_string_new(NULL);

    for (unsigned i = at; i < end; i++)
        g_string_append_printf(bytes, "%02x", i < block->size ? block->code[i] : 0);
    g_string_append_c(bytes, ' ');
#ifdef HAVE_CAPSTONE
    csh capstone;
    cs_insn *insn;
    if (cs_open(CS_ARCH_X86, CS_MODE_64, &capstone) == CS_ERR_OK) {
        size_t count = cs_disasm(capstone, block->code + at, end - at, block->start + at, 1, &insn);
        if (count) {
            g_string_append_printf(bytes, " %s %s", insn->mnemonic, insn->op_str);
            cs_free(insn, count);
        }
        cs_close(&capstone);
    }
#endif
    g_test_message(HEX ": %s", block->start + at, bytes->str);
}

void diff_explain(DiffExecutor *ours, DiffExecutor *real, const DiffBlock *block, const char *what)
{
    DiffBlock copy = *block;
    DiffResult before = {0}, our_result, real_result;
    char text[1024];
    unsigned count = 0;

    g_test_message("the whole block: %s", what);
    while (count < copy.count && equal_up_to(ours, real, &copy, count + 1, &before))
        count++;
    equal_up_to(ours, real, &copy, count, &before);
    g_test_message("%s differs from %s at instruction %u of %u:", ours->name, real->name, count,
                   copy.count);
    print_insn(&copy, count);
    for (unsigned i = 0; i < HV_GPR_COUNT; i += 4)
        g_test_message("before: %s " HEX " %s " HEX " %s " HEX " %s " HEX, names[i], before.gpr[i],
                       names[i + 1], before.gpr[i + 1], names[i + 2], before.gpr[i + 2],
                       names[i + 3], before.gpr[i + 3]);
    g_test_message("before: rflags " HEX ", undefined %#x", before.rflags,
                   copy.mark[count].undefined);
    DiffBlock part = copy;
    if (count < copy.count)
        diff_truncate(&copy, count + 1, &part);
    real->run(real, &part, &real_result);
    ours->run(ours, &part, &our_result);
    diff_compare(&part, &our_result, &real_result, text, sizeof text);
    g_test_message("after: %s", text);
}
