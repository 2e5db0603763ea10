/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff-unicorn.c: blocks executed by Unicorn, a second opinion beside the CPU.
 *
 * Only blocks that end at their UD2: what Unicorn tells of exceptions is less
 * than what happened.
 */
#include <glib.h>
#include <string.h>

#include "tests/cpu/diff-block.h"

#ifdef HAVE_UNICORN
#include <unicorn/unicorn.h>

typedef struct {
    DiffExecutor base;
    uc_engine *engine;
    uint8_t *data[DIFF_PAGES];
} Unicorn;

static const int gpr_ids[HV_GPR_COUNT] = {
    [HV_RAX] = UC_X86_REG_RAX, [HV_RCX] = UC_X86_REG_RCX, [HV_RDX] = UC_X86_REG_RDX,
    [HV_RBX] = UC_X86_REG_RBX, [HV_RSP] = UC_X86_REG_RSP, [HV_RBP] = UC_X86_REG_RBP,
    [HV_RSI] = UC_X86_REG_RSI, [HV_RDI] = UC_X86_REG_RDI, [HV_R8] = UC_X86_REG_R8,
    [HV_R9] = UC_X86_REG_R9,   [HV_R10] = UC_X86_REG_R10, [HV_R11] = UC_X86_REG_R11,
    [HV_R12] = UC_X86_REG_R12, [HV_R13] = UC_X86_REG_R13, [HV_R14] = UC_X86_REG_R14,
    [HV_R15] = UC_X86_REG_R15,
};

static void check(uc_err error)
{
    if (error != UC_ERR_OK)
        g_error("unicorn: %s", uc_strerror(error));
}

/* With a hook on every instruction, RIP is right when it stops. */
static void on_code(uc_engine *engine, uint64_t address, uint32_t size, void *user)
{
}

static void set_state(Unicorn *unicorn, const DiffBlock *block)
{
    uc_engine *engine = unicorn->engine;
    uint8_t code[DIFF_MAX_BYTES + 4];

    memcpy(code, block->code, block->size);
    memcpy(code + block->size, "\x0f\x0b\x0f\x0b", 4);
    check(uc_mem_write(engine, block->start, code, block->size + 4));
    check(uc_ctl_remove_cache(engine, DIFF_CODE, DIFF_CODE + DIFF_CODE_BYTES));
    for (unsigned page = 0; page < DIFF_PAGES; page++)
        if (unicorn->data[page])
            memcpy(unicorn->data[page], block->data[page], DIFF_PAGE);
    for (unsigned i = 0; i < HV_GPR_COUNT; i++)
        uc_reg_write(engine, gpr_ids[i], &block->gpr[i]);
    uc_reg_write(engine, UC_X86_REG_RFLAGS, &block->rflags);
}

static void unicorn_run(DiffExecutor *executor, const DiffBlock *block, DiffResult *result)
{
    Unicorn *unicorn = (Unicorn *)executor;
    uc_engine *engine = unicorn->engine;

    set_state(unicorn, block);
    uc_err error = uc_emu_start(engine, block->start, block->start + block->size, 0, 0);
    *result = (DiffResult){.vector = DIFF_VECTOR_UD};
    for (unsigned i = 0; i < HV_GPR_COUNT; i++)
        uc_reg_read(engine, gpr_ids[i], &result->gpr[i]);
    uc_reg_read(engine, UC_X86_REG_RIP, &result->rip);
    uc_reg_read(engine, UC_X86_REG_RFLAGS, &result->rflags);
    result->rflags |= DIFF_RF; /* as an exception would push it */
    memcpy(result->page, unicorn->data, sizeof result->page);
    if (error != UC_ERR_OK && error != UC_ERR_INSN_INVALID)
        g_snprintf(result->trouble, sizeof result->trouble, "%s", uc_strerror(error));
}

static void unicorn_free(DiffExecutor *executor)
{
    Unicorn *unicorn = (Unicorn *)executor;

    uc_close(unicorn->engine);
    for (unsigned page = 0; page < DIFF_PAGES; page++)
        free(unicorn->data[page]);
    g_free(unicorn);
}

DiffExecutor *diff_unicorn_new(const char **ret_why)
{
    Unicorn *unicorn = g_new0(Unicorn, 1);
    uc_hook hook;

    unicorn->base = (DiffExecutor){"unicorn", unicorn_run, unicorn_free, true};
    check(uc_open(UC_ARCH_X86, UC_MODE_64, &unicorn->engine));
    check(uc_hook_add(unicorn->engine, &hook, UC_HOOK_CODE, (void *)on_code, NULL, 1, 0));
    check(uc_mem_map(unicorn->engine, DIFF_CODE, DIFF_CODE_BYTES, UC_PROT_READ | UC_PROT_EXEC));
    for (unsigned page = 0; page < DIFF_PAGES; page++) {
        uint32_t rights =
            diff_page_kinds[page] == DIFF_READ_ONLY ? UC_PROT_READ : UC_PROT_READ | UC_PROT_WRITE;
        if (diff_page_kinds[page] == DIFF_ABSENT || diff_page_kinds[page] == DIFF_SUPERVISOR)
            continue;
        unicorn->data[page] = aligned_alloc(DIFF_PAGE, DIFF_PAGE);
        check(uc_mem_map_ptr(unicorn->engine, DIFF_DATA + page * DIFF_PAGE, DIFF_PAGE, rights,
                             unicorn->data[page]));
    }
    return &unicorn->base;
}

#else

DiffExecutor *diff_unicorn_new(const char **ret_why)
{
    *ret_why = "Unicorn (libunicorn-dev) was not there when this was built";
    return NULL;
}

#endif
