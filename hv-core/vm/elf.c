/* SPDX-License-Identifier: GPL-2.0-or-later */
/* elf.c: see elf.h. Nothing of the file is used before it was checked: every
 * table is first measured against the file's size, with arithmetic that cannot
 * wrap because all sizes are below HV_MAX_IMAGE_BYTES by then. */
#include "hv-core/vm/elf.h"

#include <elf.h>
#include <string.h>

#include "hv-core/cpu/cpu.h"
#include "hv-core/guest/abi.h"
#include "hv-core/limits.h"

typedef struct {
    const uint8_t *bytes;
    size_t size;
} File;

G_GNUC_PRINTF(2, 3)
static bool refuse(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, HV_ERROR, HV_ERROR_INVALID, "not a guest image: %s", what);
    return false;
}

/* Do the count entries of entry_size bytes at offset lie in the file? */
static bool in_file(const File *file, uint64_t offset, uint64_t count, uint64_t entry_size)
{
    return offset <= file->size && count <= (file->size - offset) / entry_size;
}

static bool read_header(const File *file, Elf64_Ehdr *header, GError **error)
{
    if (file->size < sizeof *header)
        return refuse(error, "%zu bytes are too few for an ELF header", file->size);
    if (file->size > HV_MAX_IMAGE_BYTES)
        return refuse(error, "larger than %u bytes", HV_MAX_IMAGE_BYTES);
    memcpy(header, file->bytes, sizeof *header);
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return refuse(error, "it does not begin with the ELF magic");
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB)
        return refuse(error, "not a little-endian ELF64");
    if (header->e_ident[EI_VERSION] != EV_CURRENT || header->e_version != EV_CURRENT)
        return refuse(error, "unknown ELF version");
    if (header->e_machine != EM_X86_64)
        return refuse(error, "made for machine %u, not for x86-64", header->e_machine);
    if (header->e_type != ET_EXEC)
        return refuse(error, "ELF type %u; only a static executable (ET_EXEC) is loaded",
                      header->e_type);
    if (header->e_phentsize != sizeof(Elf64_Phdr))
        return refuse(error, "program headers of %u bytes", header->e_phentsize);
    if (!in_file(file, header->e_phoff, header->e_phnum, sizeof(Elf64_Phdr)))
        return refuse(error, "program headers beyond the end of the file");
    return true;
}

/* Is the segment where abi.h allows one, and says the part it belongs to? */
static bool place_segment(const Elf64_Phdr *ph, HvElfSegment *segment, GError **error)
{
    uint64_t end = ph->p_vaddr + ph->p_memsz;
    if (ph->p_vaddr >= HV_GUEST_KERNEL_BASE && end <= HV_GUEST_KERNEL_STACKS)
        segment->user = false;
    else if (ph->p_vaddr >= HV_GUEST_USER_BASE && end <= HV_GUEST_IMAGE_END)
        segment->user = true;
    else
        return refuse(error,
                      "segment at 0x%" G_GINT64_MODIFIER "x of %" G_GUINT64_FORMAT
                      " bytes is neither in the kernel's part (0x%x to 0x%x) nor in the "
                      "program's (0x%x to 0x%x)",
                      ph->p_vaddr, ph->p_memsz, HV_GUEST_KERNEL_BASE, HV_GUEST_KERNEL_STACKS,
                      HV_GUEST_USER_BASE, HV_GUEST_IMAGE_END);
    return true;
}

static bool read_segment(const File *file, const Elf64_Phdr *ph, HvElfSegment *segment,
                         GError **error)
{
    const char *where = "segment at 0x%" G_GINT64_MODIFIER "x";
    g_autofree char *name = g_strdup_printf(where, ph->p_vaddr);
    if (ph->p_vaddr != ph->p_paddr)
        return refuse(error, "%s: its virtual and physical addresses differ", name);
    if (ph->p_vaddr % HV_PAGE_SIZE != 0)
        return refuse(error, "%s does not begin on a page", name);
    /* Bounds sizes and addresses, so that sums below cannot wrap. */
    if (ph->p_vaddr > HV_GUEST_IMAGE_END || ph->p_memsz > HV_GUEST_IMAGE_END)
        return refuse(error, "%s is not below 2 MiB", name);
    if (ph->p_filesz > ph->p_memsz)
        return refuse(error, "%s has more bytes in the file than in memory", name);
    if (!in_file(file, ph->p_offset, ph->p_filesz, 1))
        return refuse(error, "%s lies beyond the end of the file", name);
    if ((ph->p_flags & PF_W) && (ph->p_flags & PF_X))
        return refuse(error, "%s is both writable and executable", name);
    segment->address = ph->p_vaddr;
    segment->size = ph->p_memsz;
    segment->file_offset = ph->p_offset;
    segment->file_size = ph->p_filesz;
    segment->writable = ph->p_flags & PF_W;
    segment->executable = ph->p_flags & PF_X;
    return place_segment(ph, segment, error);
}

static bool read_segments(const File *file, const Elf64_Ehdr *header, HvElf *elf, GError **error)
{
    uint64_t free_from = 0; /* the first page behind the segments so far */
    for (unsigned i = 0; i < header->e_phnum; i++) {
        Elf64_Phdr ph;
        memcpy(&ph, file->bytes + header->e_phoff + i * sizeof ph, sizeof ph);
        if (ph.p_type == PT_INTERP || ph.p_type == PT_DYNAMIC || ph.p_type == PT_TLS)
            return refuse(error, "it wants a dynamic linker or thread-local storage");
        if (ph.p_type != PT_LOAD || ph.p_memsz == 0)
            continue;
        if (elf->segment_count == HV_ELF_MAX_SEGMENTS)
            return refuse(error, "more than %u segments", HV_ELF_MAX_SEGMENTS);
        HvElfSegment *segment = &elf->segments[elf->segment_count];
        if (!read_segment(file, &ph, segment, error))
            return false;
        if (segment->address < free_from)
            return refuse(error,
                          "segment at 0x%" G_GINT64_MODIFIER
                          "x shares a page with the one before, or is not in ascending order",
                          segment->address);
        elf->segment_count++;
        elf->end = segment->address + segment->size;
        free_from = (elf->end + HV_PAGE_MASK) & ~(uint64_t)HV_PAGE_MASK;
    }
    return true;
}

/* The entry point must be kernel code that the file has bytes for. */
static bool check_entry(const HvElf *elf, GError **error)
{
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const HvElfSegment *s = &elf->segments[i];
        if (elf->entry >= s->address && elf->entry - s->address < s->file_size)
            return (s->executable && !s->user) ||
                   refuse(error, "its entry point is not kernel code");
    }
    return refuse(error, "its entry point lies in no segment");
}

static int compare_symbols(const void *a, const void *b)
{
    const HvElfSymbol *x = a, *y = b;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    /* Of several names for one place the last is found: that of a function or
     * an object, which has a size, rather than a label's. */
    if (x->size != y->size)
        return x->size < y->size ? -1 : 1;
    return strcmp(x->name, y->name);
}

static bool is_wanted(const Elf64_Sym *symbol)
{
    unsigned type = ELF64_ST_TYPE(symbol->st_info);
    return (type == STT_FUNC || type == STT_NOTYPE || type == STT_OBJECT) && symbol->st_name != 0 &&
           symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS;
}

static bool read_symbol_table(const File *file, const Elf64_Shdr *table, const Elf64_Shdr *strings,
                              HvElf *elf, GError **error)
{
    uint64_t count = table->sh_size / sizeof(Elf64_Sym);
    if (table->sh_entsize != sizeof(Elf64_Sym) ||
        !in_file(file, table->sh_offset, count, sizeof(Elf64_Sym)))
        return refuse(error, "its symbol table is damaged");
    if (!in_file(file, strings->sh_offset, strings->sh_size, 1) || strings->sh_size == 0 ||
        file->bytes[strings->sh_offset + strings->sh_size - 1] != '\0')
        return refuse(error, "its symbol names are damaged");

    elf->names = g_memdup2(file->bytes + strings->sh_offset, strings->sh_size);
    elf->symbols = g_new0(HvElfSymbol, count);
    for (uint64_t i = 0; i < count; i++) {
        Elf64_Sym symbol;
        memcpy(&symbol, file->bytes + table->sh_offset + i * sizeof symbol, sizeof symbol);
        if (!is_wanted(&symbol))
            continue;
        if (symbol.st_name >= strings->sh_size)
            return refuse(error, "symbol %" G_GUINT64_FORMAT " has no name in the file", i);
        elf->symbols[elf->symbol_count++] =
            (HvElfSymbol){symbol.st_value, symbol.st_size, elf->names + symbol.st_name};
    }
    qsort(elf->symbols, elf->symbol_count, sizeof *elf->symbols, compare_symbols);
    return true;
}

/* Symbols are optional: a stripped image loads, its reports name no function. */
static bool read_symbols(const File *file, const Elf64_Ehdr *header, HvElf *elf, GError **error)
{
    if (header->e_shoff == 0 || header->e_shnum == 0)
        return true;
    if (header->e_shentsize != sizeof(Elf64_Shdr) ||
        !in_file(file, header->e_shoff, header->e_shnum, sizeof(Elf64_Shdr)))
        return refuse(error, "section headers beyond the end of the file");
    for (unsigned i = 0; i < header->e_shnum; i++) {
        Elf64_Shdr table, strings;
        memcpy(&table, file->bytes + header->e_shoff + i * sizeof table, sizeof table);
        if (table.sh_type != SHT_SYMTAB)
            continue;
        if (table.sh_link >= header->e_shnum)
            return refuse(error, "its symbol table has no names");
        memcpy(&strings, file->bytes + header->e_shoff + table.sh_link * sizeof strings,
               sizeof strings);
        return read_symbol_table(file, &table, &strings, elf, error);
    }
    return true;
}

HvElf *hv_elf_parse(const void *bytes, size_t size, GError **error)
{
    File file = {bytes, size};
    Elf64_Ehdr header;
    if (!read_header(&file, &header, error))
        return NULL;
    g_autoptr(HvElf) elf = g_new0(HvElf, 1);
    elf->entry = header.e_entry;
    if (!read_segments(&file, &header, elf, error) || !check_entry(elf, error) ||
        !read_symbols(&file, &header, elf, error))
        return NULL;
    return g_steal_pointer(&elf);
}

void hv_elf_free(HvElf *elf)
{
    if (!elf)
        return;
    g_free(elf->symbols);
    g_free(elf->names);
    g_free(elf);
}

const char *hv_elf_symbol(const HvElf *elf, uint64_t address, uint64_t *ret_offset)
{
    /* The last symbol at or before address. */
    unsigned low = 0, high = elf->symbol_count;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (elf->symbols[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    const HvElfSymbol *symbol = &elf->symbols[low - 1];
    uint64_t offset = address - symbol->address;
    if (address >= elf->end || (symbol->size != 0 && offset >= symbol->size))
        return NULL;
    if (ret_offset)
        *ret_offset = offset;
    return symbol->name;
}

const HvElfSymbol *hv_elf_find(const HvElf *elf, const char *name)
{
    for (unsigned i = 0; i < elf->symbol_count; i++)
        if (strcmp(elf->symbols[i].name, name) == 0)
            return &elf->symbols[i];
    return NULL;
}
