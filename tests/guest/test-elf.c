/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-elf.c: the ELF loader on images made by hand, good and hostile, and what
 * it leaves in a VM's memory. */
#include <elf.h>
#include <string.h>

#include "hv-core/limits.h"
#include "hv-core/vm/elf.h"
#include "hv-core/vm/loader.h"

#define KERNEL_CODE_AT 0x10000u
#define KERNEL_DATA_AT 0x11000u
#define USER_CODE_AT   0x80000u
#define USER_DATA_AT   0x81000u

enum { KERNEL_CODE, KERNEL_DATA, USER_CODE, USER_DATA, SEGMENTS };
enum { SECTION_NONE, SECTION_SYMBOLS, SECTION_NAMES, SECTIONS };

/* A whole image as one struct: its fields lie in the file as they lie here. */
typedef struct {
    Elf64_Ehdr header;
    Elf64_Phdr segments[SEGMENTS];
    Elf64_Shdr sections[SECTIONS];
    Elf64_Sym symbols[4];
    char names[32];
    uint8_t contents[SEGMENTS][64];
} Image;

/* Offsets of the names in "\0start\0main\0data". */
enum { NAME_START = 1, NAME_MAIN = 7, NAME_DATA = 12 };

static Elf64_Phdr segment(unsigned number, uint64_t address, uint64_t memory_bytes, uint32_t flags)
{
    return (Elf64_Phdr){.p_type = PT_LOAD,
                        .p_flags = flags,
                        .p_offset = G_STRUCT_OFFSET(Image, contents[number]),
                        .p_vaddr = address,
                        .p_paddr = address,
                        .p_filesz = 64,
                        .p_memsz = memory_bytes,
                        .p_align = 4096};
}

static Image good_image(void)
{
    Image image = {
        .header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, 1},
                   .e_type = ET_EXEC,
                   .e_machine = EM_X86_64,
                   .e_version = 1,
                   .e_entry = KERNEL_CODE_AT + 4,
                   .e_phoff = G_STRUCT_OFFSET(Image, segments),
                   .e_shoff = G_STRUCT_OFFSET(Image, sections),
                   .e_ehsize = sizeof(Elf64_Ehdr),
                   .e_phentsize = sizeof(Elf64_Phdr),
                   .e_phnum = SEGMENTS,
                   .e_shentsize = sizeof(Elf64_Shdr),
                   .e_shnum = SECTIONS},
        .segments = {segment(KERNEL_CODE, KERNEL_CODE_AT, 64, PF_R | PF_X),
                     segment(KERNEL_DATA, KERNEL_DATA_AT, 0x1800, PF_R | PF_W),
                     segment(USER_CODE, USER_CODE_AT, 64, PF_R | PF_X),
                     segment(USER_DATA, USER_DATA_AT, 0x3000, PF_R | PF_W)},
        .sections = {[SECTION_SYMBOLS] = {.sh_type = SHT_SYMTAB,
                                          .sh_offset = G_STRUCT_OFFSET(Image, symbols),
                                          .sh_size = sizeof image.symbols,
                                          .sh_link = SECTION_NAMES,
                                          .sh_entsize = sizeof(Elf64_Sym)},
                     [SECTION_NAMES] = {.sh_type = SHT_STRTAB,
                                        .sh_offset = G_STRUCT_OFFSET(Image, names),
                                        .sh_size = sizeof image.names}},
        .symbols = {{0},
                    {NAME_MAIN, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 3, USER_CODE_AT, 16},
                    {NAME_START, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, KERNEL_CODE_AT, 0},
                    {NAME_DATA, ELF64_ST_INFO(STB_LOCAL, STT_OBJECT), 0, 4, USER_DATA_AT, 8}},
        .names = "\0start\0main\0data",
    };
    for (unsigned i = 0; i < SEGMENTS; i++)
        memset(image.contents[i], 0x10 + (int)i, sizeof image.contents[i]);
    return image;
}

/* ---- Parsing ------------------------------------------------------------- */

static void test_good(void)
{
    Image image = good_image();
    g_autoptr(GError) error = NULL;
    g_autoptr(HvElf) elf = hv_elf_parse(&image, sizeof image, &error);
    g_assert_no_error(error);
    g_assert_cmphex(elf->entry, ==, 0x10004);
    g_assert_cmphex(elf->end, ==, 0x84000);
    g_assert_cmpuint(elf->segment_count, ==, 4);
    g_assert_false(elf->segments[KERNEL_DATA].user);
    g_assert_true(elf->segments[USER_CODE].user);
    g_assert_true(elf->segments[USER_CODE].executable);
    g_assert_false(elf->segments[USER_CODE].writable);
    g_assert_cmphex(hv_loader_heap_begin(elf).value, ==, 0x84000);
}

static void test_symbols(void)
{
    Image image = good_image();
    g_autoptr(HvElf) elf = hv_elf_parse(&image, sizeof image, NULL);
    uint64_t offset = 99;
    g_assert_cmpstr(hv_elf_symbol(elf, 0x80000, &offset), ==, "main");
    g_assert_cmpuint(offset, ==, 0);
    g_assert_cmpstr(hv_elf_symbol(elf, 0x8000f, &offset), ==, "main");
    g_assert_cmpuint(offset, ==, 15);
    g_assert_null(hv_elf_symbol(elf, 0x80010, NULL));                   /* behind main's 16 bytes */
    g_assert_cmpstr(hv_elf_symbol(elf, 0x10020, &offset), ==, "start"); /* of unknown size */
    g_assert_cmpuint(offset, ==, 0x20);
    g_assert_null(hv_elf_symbol(elf, 0xffff, NULL));
    g_assert_null(hv_elf_symbol(elf, UINT64_MAX, NULL));
    g_assert_cmphex(hv_elf_find(elf, "data")->address, ==, 0x81000);
    g_assert_null(hv_elf_find(elf, "nothing"));
}

static void test_stripped(void)
{
    Image image = good_image();
    image.header.e_shoff = 0;
    image.header.e_shnum = 0;
    g_autoptr(HvElf) elf = hv_elf_parse(&image, sizeof image, NULL);
    g_assert_nonnull(elf);
    g_assert_null(hv_elf_symbol(elf, 0x80000, NULL));
}

/* ---- Hostile images ------------------------------------------------------ */

typedef struct {
    const char *name;
    size_t offset; /* in Image */
    unsigned size;
    uint64_t value;
    const char *says; /* a part of the message */
} Damage;

#define FIELD(f) G_STRUCT_OFFSET(Image, f), sizeof(((Image *)0)->f)

static const Damage damages[] = {
    {"magic", FIELD(header.e_ident[0]), 'x', "magic"},
    {"32 bits", FIELD(header.e_ident[EI_CLASS]), ELFCLASS32, "ELF64"},
    {"big-endian", FIELD(header.e_ident[EI_DATA]), ELFDATA2MSB, "little-endian"},
    {"version", FIELD(header.e_version), 2, "version"},
    {"machine", FIELD(header.e_machine), EM_AARCH64, "machine 183"},
    {"shared object", FIELD(header.e_type), ET_DYN, "type 3"},
    {"entry nowhere", FIELD(header.e_entry), 0x70000, "no segment"},
    {"entry in data", FIELD(header.e_entry), KERNEL_DATA_AT, "not kernel code"},
    {"entry in the program", FIELD(header.e_entry), USER_CODE_AT, "not kernel code"},
    {"entry behind the file's bytes", FIELD(header.e_entry), KERNEL_CODE_AT + 64, "no segment"},
    {"phentsize", FIELD(header.e_phentsize), 32, "program headers of 32"},
    {"phnum", FIELD(header.e_phnum), 0xffff, "beyond the end"},
    {"no segments", FIELD(header.e_phnum), 0, "no segment"},
    {"phoff", FIELD(header.e_phoff), UINT64_MAX - 7, "beyond the end"},
    {"shoff", FIELD(header.e_shoff), UINT64_MAX, "section headers"},
    {"shnum", FIELD(header.e_shnum), 0xffff, "section headers"},
    {"shentsize", FIELD(header.e_shentsize), 1, "section headers"},
    {"interpreter", FIELD(segments[3].p_type), PT_INTERP, "dynamic"},
    {"paddr", FIELD(segments[0].p_paddr), 0x20000, "differ"},
    {"offset", FIELD(segments[1].p_offset), sizeof(Image) - 63, "beyond the end"},
    {"offset that wraps", FIELD(segments[1].p_offset), UINT64_MAX - 10, "beyond the end"},
    {"filesz", FIELD(segments[1].p_filesz), 0x1801, "more bytes"},
    {"filesz and memsz", FIELD(segments[3].p_filesz), UINT64_MAX, "more bytes"},
    {"memsz", FIELD(segments[3].p_memsz), UINT64_MAX, "below 2 MiB"},
    {"memsz reaches stacks", FIELD(segments[1].p_memsz), 0x4f001, "neither"},
    {"memsz reaches 2 MiB", FIELD(segments[3].p_memsz), 0x180000, "neither"},
    {"writable code", FIELD(segments[2].p_flags), PF_R | PF_W | PF_X, "both"},
    {"symbols: size of an entry", FIELD(sections[1].sh_entsize), 16, "symbol table"},
    {"symbols: beyond", FIELD(sections[1].sh_size), UINT64_MAX, "symbol table"},
    {"symbols: offset", FIELD(sections[1].sh_offset), UINT64_MAX, "symbol table"},
    {"symbols: link", FIELD(sections[1].sh_link), 3, "no names"},
    {"names: none", FIELD(sections[2].sh_size), 0, "names are damaged"},
    {"names: beyond", FIELD(sections[2].sh_size), UINT64_MAX, "names are damaged"},
    {"names: not ended", FIELD(sections[2].sh_size), 4, "names are damaged"},
    {"name: beyond", FIELD(symbols[1].st_name), 32, "has no name"},
};

static void assert_refused(const void *image, size_t size, const char *name, const char *says)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HvElf) elf = hv_elf_parse(image, size, &error);
    g_test_message("%s: %s", name, error ? error->message : "accepted");
    g_assert_null(elf);
    g_assert_error(error, HV_ERROR, HV_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, says));
}

static void test_hostile(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(damages); i++) {
        Image image = good_image();
        memcpy((uint8_t *)&image + damages[i].offset, &damages[i].value, damages[i].size);
        assert_refused(&image, sizeof image, damages[i].name, damages[i].says);
    }
}

static void set_address(Image *image, unsigned number, uint64_t address)
{
    image->segments[number].p_vaddr = address;
    image->segments[number].p_paddr = address;
}

/* Segments in places that abi.h gives to nobody or to somebody else. */
static void test_places(void)
{
    static const struct {
        unsigned number;
        uint64_t address;
        const char *says;
    } places[] = {
        {KERNEL_CODE, 0, "neither"},
        {KERNEL_CODE, 0x8000, "neither"},  /* page tables */
        {KERNEL_DATA, 0x5f000, "neither"}, /* reaches into the stacks */
        {KERNEL_DATA, 0x7f000, "neither"}, /* across the border to the program */
        {USER_CODE, 0x80010, "on a page"},
        {USER_DATA, 0x80000, "shares a page"},  /* over the code */
        {USER_DATA, 0xc0000000, "below 2 MiB"}, /* devices */
        {USER_DATA, 0x1fe000, "neither"},       /* ends behind 2 MiB */
        {USER_DATA, UINT64_MAX - 0xfff, "below 2 MiB"},
        {KERNEL_DATA, 0x10000, "shares a page"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
        Image image = good_image();
        set_address(&image, places[i].number, places[i].address);
        assert_refused(&image, sizeof image, "place", places[i].says);
    }
}

static void test_truncated(void)
{
    Image image = good_image();
    for (size_t size = 0; size < sizeof image; size++)
        assert_refused(&image, size, "truncated", "not a guest image");
}

static void test_too_large(void)
{
    Image image = good_image();
    size_t size = HV_MAX_IMAGE_BYTES + 1;
    g_autofree uint8_t *large = g_malloc0(size);
    memcpy(large, &image, sizeof image);
    assert_refused(large, size, "too large", "larger than 4194304");
}

/* ---- Loading ------------------------------------------------------------- */

#define MIB (UINT64_C(1) << 20)

typedef struct {
    HvPool *pool;
    HvMemory *memory;
    HvElf *elf;
    Image image;
    GArray *mapped; /* HvPageNo, in order */
} Vm;

static void on_mapped(void *user, HvPageNo page, HvFrameNo frame, bool writable, bool pinned)
{
    Vm *vm = user;
    const HvMemoryEntry *entry = hv_memory_entry(vm->memory, page);
    g_assert_cmpuint(entry->frame, ==, frame);
    g_assert_true(entry->writable == writable && entry->pinned == pinned);
    g_array_append_val(vm->mapped, page);
}

static void vm_init(Vm *vm, uint64_t memory_bytes, HvFrameNo frames)
{
    vm->image = good_image();
    vm->elf = hv_elf_parse(&vm->image, sizeof vm->image, NULL);
    vm->pool = hv_pool_new(frames, NULL);
    vm->memory = hv_memory_new(vm->pool, memory_bytes, NULL);
    vm->mapped = g_array_new(FALSE, FALSE, sizeof(HvPageNo));
    g_assert_nonnull(vm->memory);
}

static void vm_clear(Vm *vm)
{
    g_array_free(vm->mapped, TRUE);
    hv_memory_free(vm->memory);
    hv_pool_free(vm->pool);
    hv_elf_free(vm->elf);
}

static const char *const two_args[] = {"prog", "x y", NULL};

static HvLoaderConfig loader_config(Vm *vm)
{
    static const HvBootNic nic = {.mtu = 1500, .address = 0x0a000002, .prefix = 24};
    static const HvBootHost host = {"peer", 0x0a000001};
    return (HvLoaderConfig){.vm = 5,
                            .vcpu_count = 2,
                            .seed = 11,
                            .args = two_args,
                            .nics = &nic,
                            .nic_count = 1,
                            .hosts = &host,
                            .host_count = 1,
                            .page_mapped = on_mapped,
                            .user = vm};
}

static uint64_t read64(Vm *vm, uint64_t gpa)
{
    uint64_t value;
    g_assert_cmpint(hv_memory_read(vm->memory, HV_GPA(gpa), &value, sizeof value), ==, 0);
    return value;
}

/* Which pages are present, in which order they came, and which may be taken. */
static void test_load_pages(void)
{
    static const HvPageNo expected[] = {
        0x1,                        /* boot information: one host fits into the page */
        0x8,  0x9,  0xa,  0xb, 0xc, /* page tables */
        0x10, 0x11, 0x12,           /* kernel, .bss included */
        0x61, 0x63,                 /* stacks of two vCPUs */
        0x80, 0x81,                 /* program: code, and data without .bss */
    };
    Vm vm;
    vm_init(&vm, 4 * MIB, 64);
    HvLoaderConfig config = loader_config(&vm);
    g_autoptr(GError) error = NULL;
    g_assert_true(hv_loader_load(vm.memory, vm.elf, &vm.image, &config, &error));
    g_assert_no_error(error);
    g_assert_cmpmem(vm.mapped->data, vm.mapped->len * sizeof(HvPageNo), expected, sizeof expected);
    for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++)
        g_assert_true(hv_memory_entry(vm.memory, expected[i])->pinned == (expected[i] != 0x81));
    g_assert_cmphex(read64(&vm, KERNEL_CODE_AT), ==, 0x1010101010101010);
    g_assert_cmphex(read64(&vm, USER_DATA_AT + 56), ==, 0x1313131313131313);
    g_assert_cmphex(read64(&vm, USER_DATA_AT + 64), ==, 0);
    vm_clear(&vm);
}

static void test_boot_info(void)
{
    Vm vm;
    vm_init(&vm, 4 * MIB, 64);
    HvLoaderConfig config = loader_config(&vm);
    g_assert_true(hv_loader_load(vm.memory, vm.elf, &vm.image, &config, NULL));
    HvBootInfo info = {0};
    size_t size = G_STRUCT_OFFSET(HvBootInfo, hosts[1]);
    g_assert_cmpint(hv_memory_read(vm.memory, HV_GPA(0x1000), &info, size), ==, 0);
    g_assert_cmphex(info.magic, ==, HV_BOOT_MAGIC);
    g_assert_cmpuint(info.memory_bytes, ==, 4 * MIB);
    g_assert_cmpuint(info.seed, ==, 11);
    g_assert_cmpuint(info.vm, ==, 5);
    g_assert_cmpuint(info.vcpu_count, ==, 2);
    g_assert_cmpuint(info.argc, ==, 2);
    g_assert_cmpmem(info.args, 10, "prog\0x y\0", 10);
    g_assert_cmphex(info.nics[0].address, ==, 0x0a000002);
    g_assert_cmpstr(info.hosts[0].name, ==, "peer");
    vm_clear(&vm);
}

/* Walks the guest's page tables; the entry that maps address, 0: not mapped.
 * Rights are those of all levels together: bits 1 and 2 and 63 of the result. */
static uint64_t walk(Vm *vm, uint64_t address)
{
    uint64_t table = 0x8000, rights = 6, nx = 0;
    for (int shift = 39; shift >= 12; shift -= 9) {
        uint64_t entry = read64(vm, table + (address >> shift & 511) * 8);
        if (!(entry & 1))
            return 0;
        rights &= entry;
        nx |= entry >> 63;
        if (shift == 12 || (entry & 0x80)) {
            uint64_t mask = (UINT64_C(1) << shift) - 1;
            uint64_t gpa = (entry & 0xffffffffff000) & ~mask;
            return gpa | (address & mask & ~UINT64_C(0xfff)) | rights | nx << 63 | 1;
        }
        table = entry & 0xffffffffff000;
    }
    g_assert_not_reached();
}

static void test_page_tables(void)
{
    /* P = 1, W = 2, U = 4, NX = bit 63. */
    static const uint64_t nx = UINT64_C(1) << 63;
    static const struct {
        uint64_t address, expected;
    } pages[] = {
        {0x0, 0},                              /* null pointers fault */
        {0x1000, 0x1000 | 1 | 4 | nx},         /* boot information: read by ring 3 */
        {0x8000, 0x8000 | 1 | 2 | nx},         /* page tables: ring 0 */
        {0x10000, 0x10000 | 1 | 4},            /* SYSCALL entry: executed by ring 3 */
        {0x11000, 0x11000 | 1 | 2 | nx},       /* kernel data */
        {0x12000, 0x12000 | 1 | 2 | nx},       /* its .bss */
        {0x13000, 0},                          /* behind the kernel */
        {0x60000, 0},                          /* guards the first stack */
        {0x61000, 0x61000 | 1 | 2 | nx},       /* stack of vCPU 0 */
        {0x62000, 0},                          /* guards the second */
        {0x63000, 0x63000 | 1 | 2 | nx},       /* stack of vCPU 1 */
        {0x65000, 0},                          /* there is no vCPU 2 */
        {0x80000, 0x80000 | 1 | 4},            /* program: code */
        {0x81000, 0x81000 | 1 | 2 | 4 | nx},   /* data */
        {0x83000, 0x83000 | 1 | 2 | 4 | nx},   /* .bss */
        {0x84000, 0x84000 | 1 | 2 | 4 | nx},   /* heap */
        {0x1ff000, 0x1ff000 | 1 | 2 | 4 | nx}, /* the last 4 KiB page */
        {0x200000, 0x200000 | 1 | 2 | 4 | nx}, /* large pages */
        {0x3ff000, 0x3ff000 | 1 | 2 | 4 | nx},
        {0x400000, 0x400000 | 1 | 2 | 4 | nx}, /* single pages of the last, half MiB */
        {0x47f000, 0x47f000 | 1 | 2 | 4 | nx},
        {0x480000, 0},                         /* the end of memory */
        {0xc0000000, 0xc0000000 | 1 | 2 | nx}, /* devices: ring 0 */
        {0xc0200000, 0},
        {0x8000000000, 0},
    };
    Vm vm;
    vm_init(&vm, 4 * MIB + MIB / 2, 64);
    HvLoaderConfig config = loader_config(&vm);
    g_assert_true(hv_loader_load(vm.memory, vm.elf, &vm.image, &config, NULL));
    for (unsigned i = 0; i < G_N_ELEMENTS(pages); i++) {
        g_test_message("0x%" G_GINT64_MODIFIER "x", pages[i].address);
        g_assert_cmphex(walk(&vm, pages[i].address), ==, pages[i].expected);
    }
    vm_clear(&vm);
}

static void test_registers(void)
{
    Image image = good_image();
    g_autoptr(HvElf) elf = hv_elf_parse(&image, sizeof image, NULL);
    HvCpuRegs regs;
    hv_loader_regs(elf, 3, &regs);
    g_assert_cmphex(regs.rip, ==, 0x10004);
    g_assert_cmpuint(regs.gpr[HV_RDI], ==, 3);
    g_assert_cmphex(regs.rflags, ==, 2);
    g_assert_cmphex(regs.cr0, ==, 0x80010033);
    g_assert_cmphex(regs.cr3, ==, 0x8000);
    g_assert_cmphex(regs.cr4, ==, 0x20);
    g_assert_cmphex(regs.efer, ==, 0xd01);
    g_assert_cmphex(regs.segment[HV_CS].attributes, ==, 0xa09b);
    g_assert_cmphex(regs.tr.attributes, ==, 0x8b);
}

/* ---- What cannot be loaded ----------------------------------------------- */

static void assert_not_loaded(HvLoaderConfig *config, Vm *vm, HvError code, const char *says)
{
    g_autoptr(GError) error = NULL;
    g_assert_false(hv_loader_load(vm->memory, vm->elf, &vm->image, config, &error));
    g_test_message("%s", error->message);
    g_assert_error(error, HV_ERROR, (int)code);
    g_assert_nonnull(strstr(error->message, says));
    if (code == HV_ERROR_INVALID)
        g_assert_cmpuint(vm->mapped->len, ==, 0);
}

static void test_refusals(void)
{
    Vm vm;
    vm_init(&vm, 2 * MIB, 64);
    HvLoaderConfig config = loader_config(&vm);
    config.vcpu_count = 0;
    assert_not_loaded(&config, &vm, HV_ERROR_INVALID, "1 to 16 vCPUs");
    config.vcpu_count = 17;
    assert_not_loaded(&config, &vm, HV_ERROR_INVALID, "1 to 16 vCPUs");

    config = loader_config(&vm);
    const char *many[HV_BOOT_MAX_ARGS + 2] = {NULL};
    for (unsigned i = 0; i <= HV_BOOT_MAX_ARGS; i++)
        many[i] = "x";
    config.args = many;
    assert_not_loaded(&config, &vm, HV_ERROR_INVALID, "65 arguments");

    g_autofree char *text = g_strnfill(HV_BOOT_ARG_BYTES, 'x');
    const char *longs[] = {text, NULL};
    config.args = longs;
    assert_not_loaded(&config, &vm, HV_ERROR_INVALID, "2049 bytes");

    config = loader_config(&vm);
    config.nic_count = HV_BOOT_MAX_NICS + 1;
    assert_not_loaded(&config, &vm, HV_ERROR_INVALID, "9 NICs");
    config = loader_config(&vm);
    config.host_count = HV_BOOT_MAX_HOSTS + 1;
    assert_not_loaded(&config, &vm, HV_ERROR_INVALID, "513 host names");
    vm_clear(&vm);
}

static void test_too_little_memory(void)
{
    Vm vm;
    vm_init(&vm, MIB, 64);
    HvLoaderConfig config = loader_config(&vm);
    assert_not_loaded(&config, &vm, HV_ERROR_INVALID, "2 MiB to 1024 MiB");
    vm_clear(&vm);

    /* The program's .bss ends where the stack begins: that fits; a byte more does not. */
    for (unsigned more = 0; more < 2; more++) {
        vm_init(&vm, 2 * MIB, 64);
        vm.image.segments[USER_DATA].p_memsz = 0x1f0000 - USER_DATA_AT + more;
        hv_elf_free(vm.elf);
        vm.elf = hv_elf_parse(&vm.image, sizeof vm.image, NULL);
        config = loader_config(&vm);
        config.vcpu_count = 1;
        if (more)
            assert_not_loaded(&config, &vm, HV_ERROR_INVALID, "do not fit");
        else
            g_assert_true(hv_loader_load(vm.memory, vm.elf, &vm.image, &config, NULL));
        vm_clear(&vm);
    }
}

static void test_no_frames(void)
{
    for (HvFrameNo frames = 1; frames < 13; frames++) {
        Vm vm;
        vm_init(&vm, 2 * MIB, frames);
        HvLoaderConfig config = loader_config(&vm);
        assert_not_loaded(&config, &vm, HV_ERROR_NO_MEMORY, "no page frame left");
        g_assert_cmpuint(vm.mapped->len, ==, frames);
        vm_clear(&vm);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/elf/good", test_good);
    g_test_add_func("/elf/symbols", test_symbols);
    g_test_add_func("/elf/stripped", test_stripped);
    g_test_add_func("/elf/hostile", test_hostile);
    g_test_add_func("/elf/places", test_places);
    g_test_add_func("/elf/truncated", test_truncated);
    g_test_add_func("/elf/too-large", test_too_large);
    g_test_add_func("/loader/pages", test_load_pages);
    g_test_add_func("/loader/boot-info", test_boot_info);
    g_test_add_func("/loader/page-tables", test_page_tables);
    g_test_add_func("/loader/registers", test_registers);
    g_test_add_func("/loader/refusals", test_refusals);
    g_test_add_func("/loader/too-little-memory", test_too_little_memory);
    g_test_add_func("/loader/no-frames", test_no_frames);
    return g_test_run();
}
