/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff-native.c: blocks executed by this very process.
 *
 * Linux tells a signal handler all registers, the vector, the error code and
 * CR2, and starts a thread with whatever registers the handler leaves behind.
 * So a UD2 brings us into the handler, which keeps our registers and loads the
 * block's; the exception that ends the block brings us there again, and the
 * handler gives our registers back.
 *
 * The block's pages lie below everything else that a process has (a position-
 * independent program, its libraries and stacks are far up), and no address of
 * that is ever in a register, so a block cannot hurt us.
 */
#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/cpu/diff-block.h"

#define STACK_BYTES 0x10000u
#define UD2_BYTES   2
/* Below this, guests have pages of the kernel where we have none. */
#define SHARED_END UINT64_C(0x100000)
#define USER_END   UINT64_C(0x7ffffffff000) /* as Linux sees it */

static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};

static const int gpr_index[HV_GPR_COUNT] = {
    [HV_RAX] = REG_RAX, [HV_RCX] = REG_RCX, [HV_RDX] = REG_RDX, [HV_RBX] = REG_RBX,
    [HV_RSP] = REG_RSP, [HV_RBP] = REG_RBP, [HV_RSI] = REG_RSI, [HV_RDI] = REG_RDI,
    [HV_R8] = REG_R8,   [HV_R9] = REG_R9,   [HV_R10] = REG_R10, [HV_R11] = REG_R11,
    [HV_R12] = REG_R12, [HV_R13] = REG_R13, [HV_R14] = REG_R14, [HV_R15] = REG_R15,
};

typedef struct {
    DiffExecutor base;
    uint8_t *code; /* the same memory as at DIFF_CODE, but writable */
    uint8_t *data[DIFF_PAGES];
    uint8_t stack[STACK_BYTES];
    struct sigaction old[G_N_ELEMENTS(signals)];
    stack_t old_stack;
} Native;

/* What the handler needs; there is one thread. */
static const DiffBlock *the_block;
static DiffResult *the_result;
static bool running, done;
static gregset_t home;

/* ---- The handler ---------------------------------------------------------------- */

static void load_block(greg_t *regs)
{
    for (unsigned i = 0; i < HV_GPR_COUNT; i++)
        regs[gpr_index[i]] = (greg_t)the_block->gpr[i];
    regs[REG_RIP] = (greg_t)the_block->start;
    regs[REG_EFL] = (greg_t)the_block->rflags;
}

static void save_result(const greg_t *regs)
{
    DiffResult *result = the_result;

    for (unsigned i = 0; i < HV_GPR_COUNT; i++)
        result->gpr[i] = (uint64_t)regs[gpr_index[i]];
    result->rip = (uint64_t)regs[REG_RIP];
    result->rflags = (uint64_t)regs[REG_EFL];
    result->vector = (unsigned)regs[REG_TRAPNO];
    result->error = (uint64_t)regs[REG_ERR];
    if (result->vector == DIFF_VECTOR_PF)
        result->cr2 = (uint64_t)regs[REG_CR2];
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;

    if (the_block == NULL) { /* a fault of our own */
        signal(number, SIG_DFL);
        return;
    }
    if (!running) {
        memcpy(home, regs, sizeof home);
        home[REG_RIP] += UD2_BYTES;
        load_block(regs);
        running = true;
    } else {
        save_result(regs);
        memcpy(regs, home, sizeof home);
        running = false;
        done = true;
    }
}

/* ---- Running -------------------------------------------------------------------- */

static void set_memory(Native *native, const DiffBlock *block)
{
    uint64_t at = block->start - DIFF_CODE;

    for (unsigned i = 0; i < DIFF_CODE_BYTES; i += 2)
        memcpy(native->code + i, "\x0f\x0b", 2);
    memcpy(native->code + at, block->code, block->size);
    memcpy(native->code + at + block->size, "\x0f\x0b\x0f\x0b", 4);
    for (unsigned page = 0; page < DIFF_PAGES; page++)
        if (diff_page_kinds[page] == DIFF_WRITABLE)
            memcpy(native->data[page], block->data[page], DIFF_PAGE);
}

/* Is there nothing at address in a guest, either? Else the error code's bit 0,
 * present, differs. Linux always sets it for addresses of the kernel. */
static bool same_everywhere(uint64_t address)
{
    uint64_t page = (address - DIFF_DATA) / DIFF_PAGE;

    if (page < DIFF_PAGES)
        return diff_page_kinds[page] != DIFF_SUPERVISOR;
    return address >= SHARED_END && address < USER_END;
}

static void native_run(DiffExecutor *executor, const DiffBlock *block, DiffResult *result)
{
    Native *native = (Native *)executor;

    set_memory(native, block);
    *result = (DiffResult){.vector = DIFF_NO_VECTOR};
    the_result = result;
    done = false;
    __atomic_store_n(&the_block, block, __ATOMIC_SEQ_CST);
    /* NT and ID are ours again on return: sigreturn does not restore them. */
    __asm__ volatile("pushfq\n\t"
                     "ud2\n\t"
                     "popfq" ::
                         : "memory", "cc");
    __atomic_store_n(&the_block, NULL, __ATOMIC_SEQ_CST);
    g_assert_true(done);
    if (result->vector == DIFF_VECTOR_PF && !same_everywhere(result->cr2))
        result->error_unknown = 1;
    memcpy(result->page, native->data, sizeof result->page);
}

/* ---- Setting up ------------------------------------------------------------------ */

static void *map_at(uint64_t address, size_t bytes, int protection, int flags, int fd)
{
    void *wanted = (void *)(uintptr_t)address;

    return mmap(wanted, bytes, protection, flags | MAP_FIXED_NOREPLACE, fd, 0);
}

static bool map_code(Native *native)
{
    int fd = memfd_create("code", MFD_CLOEXEC);
    bool ok =
        fd >= 0 && ftruncate(fd, DIFF_CODE_BYTES) == 0 &&
        map_at(DIFF_CODE, DIFF_CODE_BYTES, PROT_READ | PROT_EXEC, MAP_SHARED, fd) != MAP_FAILED;

    native->code =
        ok ? mmap(NULL, DIFF_CODE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (fd >= 0)
        close(fd);
    return native->code != MAP_FAILED;
}

static bool map_data(Native *native)
{
    for (unsigned page = 0; page < DIFF_PAGES; page++) {
        if (diff_page_kinds[page] == DIFF_ABSENT || diff_page_kinds[page] == DIFF_SUPERVISOR)
            continue;
        native->data[page] = map_at(DIFF_DATA + page * DIFF_PAGE, DIFF_PAGE, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1);
        if (native->data[page] == MAP_FAILED)
            return false;
    }
    return true;
}

static void take_signals(Native *native)
{
    stack_t stack = {.ss_sp = native->stack, .ss_size = sizeof native->stack};
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};

    sigaltstack(&stack, &native->old_stack);
    for (unsigned i = 0; i < G_N_ELEMENTS(signals); i++)
        sigaction(signals[i], &action, &native->old[i]);
}

static void native_free(DiffExecutor *executor)
{
    Native *native = (Native *)executor;

    for (unsigned i = 0; i < G_N_ELEMENTS(signals); i++)
        sigaction(signals[i], &native->old[i], NULL);
    sigaltstack(&native->old_stack, NULL);
    munmap((void *)(uintptr_t)DIFF_CODE, DIFF_CODE_BYTES);
    munmap(native->code, DIFF_CODE_BYTES);
    munmap((void *)(uintptr_t)DIFF_DATA, DIFF_PAGES * DIFF_PAGE);
    g_free(native);
}

/* The read-only page has its contents once and for all. */
static void protect_data(Native *native, const uint8_t (*data)[DIFF_PAGE])
{
    for (unsigned page = 0; page < DIFF_PAGES; page++)
        if (diff_page_kinds[page] == DIFF_READ_ONLY) {
            memcpy(native->data[page], data[page], DIFF_PAGE);
            mprotect(native->data[page], DIFF_PAGE, PROT_READ);
        }
}

DiffExecutor *diff_native_new(const uint8_t (*data)[DIFF_PAGE], const char **ret_why)
{
    Native *native = g_new0(Native, 1);

    if (!map_code(native) || !map_data(native)) {
        *ret_why = "addresses from 64 KiB up cannot be mapped here";
        g_free(native);
        return NULL;
    }
    native->base = (DiffExecutor){"native", native_run, native_free, true};
    protect_data(native, data);
    take_signals(native);
    return &native->base;
}
