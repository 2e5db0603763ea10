/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loader.c: see loader.h; the layout is guest/abi.h's.
 *
 * Works in two steps: everything that could be refused is looked at first, then
 * pages are mapped and filled. Page tables are built in a buffer and copied to
 * the guest as a whole. */
#include "hv-core/vm/loader.h"

#include <string.h>

#include "hv-core/limits.h"

/* Bits of a page-table entry (Intel SDM vol. 3, 4.5). */
#define PTE_PRESENT  (UINT64_C(1) << 0)
#define PTE_WRITABLE (UINT64_C(1) << 1)
#define PTE_USER     (UINT64_C(1) << 2)
#define PTE_UNCACHED (UINT64_C(1) << 4)
#define PTE_ACCESSED (UINT64_C(1) << 5)
#define PTE_DIRTY    (UINT64_C(1) << 6)
#define PTE_LARGE    (UINT64_C(1) << 7)
#define PTE_NX       (UINT64_C(1) << 63)

#define TABLE_ENTRIES    512u
#define LARGE_PAGE_BYTES (UINT64_C(2) << 20)
#define GIB_SHIFT        30

/* What ring 3 may do with its data; tables above the last level allow all. */
#define PTE_BASE      (PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY)
#define PTE_USER_DATA (PTE_BASE | PTE_USER | PTE_WRITABLE | PTE_NX)
#define PTE_TABLE     (PTE_PRESENT | PTE_ACCESSED | PTE_USER | PTE_WRITABLE)

/* The pages at HV_GUEST_PAGE_TABLES, in order. */
enum { TABLE_PML4, TABLE_PDPT, TABLE_PD, TABLE_PT, TABLE_DEVICES, TABLE_TAIL, TABLE_COUNT };
G_STATIC_ASSERT((int)TABLE_COUNT == (int)HV_GUEST_PAGE_TABLE_PAGES);

typedef struct {
    uint64_t entry[TABLE_COUNT][TABLE_ENTRIES];
} Tables;

typedef struct {
    HvMemory *memory;
    const HvElf *elf;
    const uint8_t *image;
    const HvLoaderConfig *config;
    uint64_t memory_bytes;
} Load;

static uint64_t page_up(uint64_t address)
{
    return (address + HV_PAGE_MASK) & ~(uint64_t)HV_PAGE_MASK;
}

HvGpa hv_loader_heap_begin(const HvElf *elf)
{
    return HV_GPA(page_up(elf->end < HV_GUEST_USER_BASE ? HV_GUEST_USER_BASE : elf->end));
}

HvGpa hv_loader_heap_end(uint64_t memory_bytes, unsigned vcpu_count)
{
    return HV_GPA(memory_bytes - (uint64_t)vcpu_count * HV_GUEST_STACK_BYTES);
}

/* ---- What can be refused ------------------------------------------------ */

G_GNUC_PRINTF(2, 3)
static bool refuse(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error_literal(error, HV_ERROR, HV_ERROR_INVALID, what);
    return false;
}

static bool check_memory(const Load *load, GError **error)
{
    unsigned vcpus = load->config->vcpu_count;
    if (vcpus < 1 || vcpus > HV_MAX_VCPUS_PER_VM)
        return refuse(error, "a VM has 1 to %u vCPUs, not %u", HV_MAX_VCPUS_PER_VM, vcpus);
    if (load->memory_bytes < HV_MIN_VM_BYTES || load->memory_bytes > HV_MAX_VM_BYTES)
        return refuse(error, "a VM has %u MiB to %u MiB of memory, not %" G_GUINT64_FORMAT " bytes",
                      HV_MIN_VM_BYTES >> 20, HV_MAX_VM_BYTES >> 20, load->memory_bytes);
    if (hv_loader_heap_begin(load->elf).value > hv_loader_heap_end(load->memory_bytes, vcpus).value)
        return refuse(error,
                      "the program (up to 0x%" G_GINT64_MODIFIER "x) and %u stacks do not fit into "
                      "%" G_GUINT64_FORMAT " bytes of memory",
                      load->elf->end, vcpus, load->memory_bytes);
    return true;
}

static bool check_boot_info(const HvLoaderConfig *config, GError **error)
{
    size_t argc = 0, bytes = 0;
    for (; config->args && config->args[argc]; argc++)
        bytes += strlen(config->args[argc]) + 1;
    if (argc > HV_BOOT_MAX_ARGS || bytes > HV_BOOT_ARG_BYTES)
        return refuse(
            error, "%zu arguments of together %zu bytes; a program takes %u of together %u bytes",
            argc, bytes, HV_BOOT_MAX_ARGS, HV_BOOT_ARG_BYTES);
    if (config->nic_count > HV_BOOT_MAX_NICS)
        return refuse(error, "%u NICs; a VM has at most %u", config->nic_count, HV_BOOT_MAX_NICS);
    if (config->host_count > HV_BOOT_MAX_HOSTS)
        return refuse(error, "%u host names; a VM knows at most %u", config->host_count,
                      HV_BOOT_MAX_HOSTS);
    return true;
}

/* ---- Pages -------------------------------------------------------------- */

static bool map_page(const Load *load, HvPageNo page, bool pinned, GError **error)
{
    HvPool *pool = hv_memory_pool(load->memory);
    HvFrameNo frame = hv_pool_alloc(pool);
    if (frame == HV_FRAME_NONE) {
        g_set_error(error, HV_ERROR, HV_ERROR_NO_MEMORY,
                    "the host has no page frame left for the program's page 0x%x", page);
        return false;
    }
    hv_memory_map(load->memory, page, frame, true);
    if (pinned)
        hv_memory_pin(load->memory, page);
    if (load->config->page_mapped)
        load->config->page_mapped(load->config->user, page, frame, true, pinned);
    return true;
}

/* Maps the pages of [address, address + size) and copies `bytes` bytes there. */
static bool map_range(const Load *load, uint64_t address, uint64_t size, bool pinned,
                      const void *from, uint64_t bytes, GError **error)
{
    for (uint64_t at = address; at < address + size; at += HV_PAGE_SIZE) {
        if (!map_page(load, hv_gpa_page(HV_GPA(at)), pinned, error))
            return false;
    }
    int done = bytes == 0 ? 0 : hv_memory_write(load->memory, HV_GPA(address), from, bytes);
    g_assert(done == 0); /* the pages are there */
    return true;
}

static bool map_segment(const Load *load, const HvElfSegment *segment, GError **error)
{
    /* Of the program's data only what the file has bytes for is resident. */
    bool all = !segment->user || segment->executable || load->config->resident;
    return map_range(load, segment->address, all ? segment->size : segment->file_size, all,
                     load->image + segment->file_offset, segment->file_size, error);
}

static bool map_segments(const Load *load, bool user, GError **error)
{
    for (unsigned i = 0; i < load->elf->segment_count; i++) {
        const HvElfSegment *segment = &load->elf->segments[i];
        if (segment->user == user && !map_segment(load, segment, error))
            return false;
    }
    return true;
}

static uint64_t stack_page(unsigned vcpu)
{
    return HV_GUEST_KERNEL_STACKS + (vcpu + 1) * (uint64_t)HV_GUEST_KERNEL_STACK_STRIDE -
           HV_PAGE_SIZE;
}

static bool map_stacks(const Load *load, GError **error)
{
    for (unsigned i = 0; i < load->config->vcpu_count; i++) {
        if (!map_range(load, stack_page(i), HV_PAGE_SIZE, true, NULL, 0, error))
            return false;
    }
    return true;
}

/* The program's, which come last of all memory. */
static bool map_user_stacks(const Load *load, GError **error)
{
    uint64_t begin = hv_loader_heap_end(load->memory_bytes, load->config->vcpu_count).value;
    return !load->config->resident ||
           map_range(load, begin, load->memory_bytes - begin, true, NULL, 0, error);
}

/* ---- Boot information --------------------------------------------------- */

static bool map_boot_info(const Load *load, GError **error)
{
    const HvLoaderConfig *config = load->config;
    g_autofree HvBootInfo *info = g_new0(HvBootInfo, 1);
    info->magic = HV_BOOT_MAGIC;
    info->memory_bytes = load->memory_bytes;
    info->seed = config->seed;
    info->vm = config->vm;
    info->vcpu_count = config->vcpu_count;
    info->nic_count = config->nic_count;
    info->host_count = config->host_count;
    info->balloon = config->balloon ? 1 + config->statistics : 0;
    char *end = info->args;
    for (; config->args && config->args[info->argc]; info->argc++)
        end = g_stpcpy(end, config->args[info->argc]) + 1;
    for (unsigned i = 0; i < config->nic_count; i++)
        info->nics[i] = config->nics[i];
    for (unsigned i = 0; i < config->host_count; i++)
        info->hosts[i] = config->hosts[i];
    /* Hosts come last: their unused rest need not be resident. */
    uint64_t size = G_STRUCT_OFFSET(HvBootInfo, hosts) + config->host_count * sizeof(HvBootHost);
    return map_range(load, HV_GUEST_BOOT_INFO, size, true, info, size, error);
}

/* ---- Page tables -------------------------------------------------------- */

static uint64_t table_gpa(unsigned table)
{
    return HV_GUEST_PAGE_TABLES + table * (uint64_t)HV_PAGE_SIZE;
}

static void set_pages(Tables *tables, uint64_t begin, uint64_t end, uint64_t flags)
{
    for (uint64_t at = begin; at < end; at += HV_PAGE_SIZE)
        tables->entry[TABLE_PT][at >> HV_PAGE_SHIFT] = at | flags;
}

/* The first 2 MiB, page by page. */
static void build_first_pages(const Load *load, Tables *tables)
{
    set_pages(tables, HV_GUEST_BOOT_INFO, HV_GUEST_BOOT_INFO + sizeof(HvBootInfo),
              PTE_BASE | PTE_USER | PTE_NX);
    set_pages(tables, HV_GUEST_PAGE_TABLES, table_gpa(TABLE_COUNT),
              PTE_BASE | PTE_WRITABLE | PTE_NX);
    for (unsigned i = 0; i < load->config->vcpu_count; i++)
        set_pages(tables, stack_page(i), stack_page(i) + HV_PAGE_SIZE,
                  PTE_BASE | PTE_WRITABLE | PTE_NX);
    set_pages(tables, hv_loader_heap_begin(load->elf).value, HV_GUEST_IMAGE_END, PTE_USER_DATA);
    for (unsigned i = 0; i < load->elf->segment_count; i++) {
        const HvElfSegment *s = &load->elf->segments[i];
        uint64_t flags = PTE_BASE | (s->user ? PTE_USER : 0) | (s->writable ? PTE_WRITABLE : 0) |
                         (s->executable ? 0 : PTE_NX);
        set_pages(tables, s->address, s->address + s->size, flags);
    }
    /* Where SYSCALL enters the kernel, on some hosts still in ring 3. */
    tables->entry[TABLE_PT][HV_GUEST_USER_ENTRY >> HV_PAGE_SHIFT] |= PTE_USER;
}

/* Memory from 2 MiB on: large pages, then single ones up to the end. */
static void build_other_pages(const Load *load, Tables *tables)
{
    uint64_t at = LARGE_PAGE_BYTES;
    for (; at + LARGE_PAGE_BYTES <= load->memory_bytes; at += LARGE_PAGE_BYTES)
        tables->entry[TABLE_PD][at / LARGE_PAGE_BYTES] = at | PTE_USER_DATA | PTE_LARGE;
    if (at >= load->memory_bytes)
        return;
    tables->entry[TABLE_PD][at / LARGE_PAGE_BYTES] = table_gpa(TABLE_TAIL) | PTE_TABLE;
    for (; at < load->memory_bytes; at += HV_PAGE_SIZE)
        tables->entry[TABLE_TAIL][(at >> HV_PAGE_SHIFT) % TABLE_ENTRIES] = at | PTE_USER_DATA;
}

static bool map_page_tables(const Load *load, GError **error)
{
    g_autofree Tables *tables = g_new0(Tables, 1);
    tables->entry[TABLE_PML4][0] = table_gpa(TABLE_PDPT) | PTE_TABLE;
    tables->entry[TABLE_PDPT][0] = table_gpa(TABLE_PD) | PTE_TABLE;
    tables->entry[TABLE_PDPT][HV_GUEST_DEVICES >> GIB_SHIFT] = table_gpa(TABLE_DEVICES) | PTE_TABLE;
    tables->entry[TABLE_PD][0] = table_gpa(TABLE_PT) | PTE_TABLE;
    tables->entry[TABLE_DEVICES][0] =
        HV_GUEST_DEVICES | PTE_BASE | PTE_WRITABLE | PTE_NX | PTE_UNCACHED | PTE_LARGE;
    build_first_pages(load, tables);
    build_other_pages(load, tables);
    bool tail = load->memory_bytes % LARGE_PAGE_BYTES != 0;
    uint64_t size = (tail ? TABLE_COUNT : TABLE_TAIL) * (uint64_t)HV_PAGE_SIZE;
    return map_range(load, HV_GUEST_PAGE_TABLES, size, true, tables, size, error);
}

bool hv_loader_load(HvMemory *memory, const HvElf *elf, const void *image,
                    const HvLoaderConfig *config, GError **error)
{
    Load load = {memory, elf, image, config, hv_memory_page_count(memory) * (uint64_t)HV_PAGE_SIZE};
    return check_memory(&load, error) && check_boot_info(config, error) &&
           map_boot_info(&load, error) && map_page_tables(&load, error) &&
           map_segments(&load, false, error) && map_stacks(&load, error) &&
           map_segments(&load, true, error) && map_user_stacks(&load, error);
}

/* ---- Registers ---------------------------------------------------------- */

/* Control register and EFER bits (Intel SDM vol. 3, 2.5 and 2.2.1). */
#define CR0_PE     (UINT64_C(1) << 0)
#define CR0_MP     (UINT64_C(1) << 1)
#define CR0_ET     (UINT64_C(1) << 4)
#define CR0_NE     (UINT64_C(1) << 5)
#define CR0_WP     (UINT64_C(1) << 16)
#define CR0_PG     (UINT64_C(1) << 31)
#define CR4_PAE    (UINT64_C(1) << 5)
#define EFER_SCE   (UINT64_C(1) << 0)
#define EFER_LME   (UINT64_C(1) << 8)
#define EFER_LMA   (UINT64_C(1) << 10)
#define EFER_NXE   (UINT64_C(1) << 11)
#define RFLAGS_ONE (UINT64_C(1) << 1)

/* Hidden parts of segment registers, laid out as HvSegment says. */
#define SEGMENT_CODE64 0xa09b /* G, L, present, code: execute, read, accessed */
#define SEGMENT_DATA   0xc093 /* G, B, present, data: write, accessed */
#define SEGMENT_TSS    0x008b /* present, busy 64-bit TSS: VM entry demands one */
#define SEGMENT_LDT    0x0082 /* present, LDT */

void hv_loader_regs(const HvElf *elf, unsigned index, HvCpuRegs *ret_regs)
{
    HvCpuRegs regs = {
        .rip = elf->entry,
        .rflags = RFLAGS_ONE,
        .tr = {.attributes = SEGMENT_TSS, .limit = 0x67},
        .ldt = {.attributes = SEGMENT_LDT, .limit = 0xffff},
        .cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG,
        .cr3 = table_gpa(TABLE_PML4),
        .cr4 = CR4_PAE,
        .efer = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE,
    };
    for (unsigned i = 0; i < HV_SEGMENT_COUNT; i++)
        regs.segment[i] =
            (HvSegment){.selector = 0x10, .attributes = SEGMENT_DATA, .limit = UINT32_MAX};
    regs.segment[HV_CS].selector = 0x08;
    regs.segment[HV_CS].attributes = SEGMENT_CODE64;
    regs.gpr[HV_RDI] = index;
    *ret_regs = regs;
}
