/* SPDX-License-Identifier: GPL-2.0-or-later */
/* code.c: see code.h. */
#include "gui/session/code.h"

#include <string.h>

#ifdef HAVE_CAPSTONE
#include <capstone/capstone.h>
#endif

#define MAX_FUNCTION_BYTES 65536u /* so far back a function is looked for */

typedef struct {
    uint64_t address;
    const uint8_t *bytes; /* in the trace */
    uint32_t size;
    uint16_t image;
} Segment;

typedef struct {
    uint64_t address, size;
    const uint8_t *name; /* in the trace, not ended by NUL */
    uint32_t name_bytes;
    uint16_t image;
} Function;

typedef struct {
    uint16_t vm, image;
    char *program;
} Image;

struct GuiCode {
    GArray *segments, *functions, *images;
};

static void image_clear(void *data)
{
    g_free(((Image *)data)->program);
}

static int compare_functions(const void *a, const void *b)
{
    const Function *one = a, *other = b;

    if (one->image != other->image)
        return one->image < other->image ? -1 : 1;
    if (one->address != other->address)
        return one->address < other->address ? -1 : 1;
    /* Of several at one place the one that says how long it is. */
    return one->size > other->size ? -1 : one->size < other->size;
}

static void take(GuiCode *code, const SimRecord *record)
{
    if (record->type == SIM_EVENT_GUEST_CODE) {
        Segment segment = {SIM_FIELDS(record, GuestCode)->address, record->blob, record->blob_size,
                           SIM_FIELDS(record, GuestCode)->image};
        g_array_append_val(code->segments, segment);
    } else if (record->type == SIM_EVENT_GUEST_FUNCTION) {
        const SimEventGuestFunction *event = SIM_FIELDS(record, GuestFunction);
        Function function = {event->address, event->size, record->blob, record->blob_size,
                             event->image};
        g_array_append_val(code->functions, function);
    } else if (record->type == SIM_EVENT_GUEST_IMAGE) {
        const SimEventGuestImage *event = SIM_FIELDS(record, GuestImage);
        g_autofree char *name = g_strndup((const char *)record->blob, record->blob_size);
        Image image = {event->vm, event->image, g_utf8_make_valid(name, -1)};
        g_array_append_val(code->images, image);
    }
}

GuiCode *gui_code_new(SimReader *reader)
{
    GuiCode *code = g_new0(GuiCode, 1);
    SimCursor cursor = {0};
    SimRecord record;

    code->segments = g_array_new(FALSE, TRUE, sizeof(Segment));
    code->functions = g_array_new(FALSE, TRUE, sizeof(Function));
    code->images = g_array_new(FALSE, TRUE, sizeof(Image));
    g_array_set_clear_func(code->images, image_clear);
    /* They stand before anything happens. */
    while (reader && sim_reader_next(reader, &cursor, &record) && record.time == 0 &&
           record.type != SIM_EVENT_VM_STATE)
        take(code, &record);
    g_array_sort(code->functions, compare_functions);
    return code;
}

void gui_code_free(GuiCode *code)
{
    if (!code)
        return;
    g_array_unref(code->segments);
    g_array_unref(code->functions);
    g_array_unref(code->images);
    g_free(code);
}

/* ---- Who and where ---------------------------------------------------------------------- */

static const Image *image_of(const GuiCode *code, unsigned vm)
{
    for (unsigned i = 0; i < code->images->len; i++)
        if (g_array_index(code->images, Image, i).vm == vm)
            return &g_array_index(code->images, Image, i);
    return NULL;
}

bool gui_code_has_vm(const GuiCode *code, unsigned vm)
{
    return image_of(code, vm) != NULL;
}

const char *gui_code_program(const GuiCode *code, unsigned vm)
{
    const Image *image = image_of(code, vm);

    return image ? image->program : NULL;
}

static const Segment *segment_at(const GuiCode *code, unsigned image, uint64_t address)
{
    for (unsigned i = 0; i < code->segments->len; i++) {
        const Segment *segment = &g_array_index(code->segments, Segment, i);

        if (segment->image == image && address - segment->address < segment->size)
            return segment;
    }
    return NULL;
}

/* The function that an address lies in: the last one that begins at or before it. */
static const Function *function_at(const GuiCode *code, unsigned image, uint64_t address)
{
    const Segment *segment = segment_at(code, image, address);
    unsigned low = 0, high = code->functions->len;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        const Function *function = &g_array_index(code->functions, Function, middle);

        if (function->image < image || (function->image == image && function->address <= address))
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || !segment)
        return NULL;

    const Function *found = &g_array_index(code->functions, Function, low - 1);

    while (found > &g_array_index(code->functions, Function, 0) &&
           found[-1].image == found->image && found[-1].address == found->address)
        found--;
    if (found->image != image || found->address < segment->address ||
        (found->size > 0 && address - found->address >= found->size))
        return NULL;
    return found;
}

static char *name_of(const Function *function, uint64_t address)
{
    g_autofree char *raw = g_strndup((const char *)function->name, function->name_bytes);
    g_autofree char *name = g_utf8_make_valid(raw, -1);

    if (address == function->address)
        return g_steal_pointer(&name);
    return g_strdup_printf("%s+0x%" G_GINT64_MODIFIER "x", name, address - function->address);
}

char *gui_code_function(const GuiCode *code, unsigned vm, uint64_t address)
{
    const Image *image = image_of(code, vm);
    const Function *function = image ? function_at(code, image->image, address) : NULL;

    return function ? name_of(function, address) : NULL;
}

/* ---- Instructions -------------------------------------------------------------------------- */

#ifdef HAVE_CAPSTONE

bool gui_code_can_disassemble(void)
{
    return true;
}

static void instruction_clear(void *data)
{
    GuiInstruction *instruction = data;

    g_free(instruction->function);
    g_free(instruction->bytes);
    g_free(instruction->text);
}

/* "call 0x11bf0 <set_up>": a jump says where to. */
static char *text_of(const GuiCode *code, unsigned vm, const cs_insn *insn)
{
    bool jumps = insn->mnemonic[0] == 'j' || !strcmp(insn->mnemonic, "call");
    g_autofree char *function = NULL;

    if (jumps && g_str_has_prefix(insn->op_str, "0x"))
        function = gui_code_function(code, vm, g_ascii_strtoull(insn->op_str, NULL, 16));
    return function ? g_strdup_printf("%s %s <%s>", insn->mnemonic, insn->op_str, function)
                    : g_strstrip(g_strdup_printf("%s %s", insn->mnemonic, insn->op_str));
}

static void add(GArray *list, const GuiCode *code, unsigned vm, const cs_insn *insn, uint64_t rip)
{
    g_autoptr(GString) bytes = g_string_new(NULL);
    g_autofree char *function = gui_code_function(code, vm, insn->address);
    GuiInstruction instruction = {.address = insn->address,
                                  .length = insn->size,
                                  .current = insn->address == rip,
                                  .text = text_of(code, vm, insn)};

    for (unsigned i = 0; i < insn->size; i++)
        g_string_append_printf(bytes, i ? " %02x" : "%02x", insn->bytes[i]);
    instruction.bytes = g_strdup(bytes->str);
    if (function && !strchr(function, '+'))
        instruction.function = g_steal_pointer(&function);
    g_array_append_val(list, instruction);
}

/* Reads on from bytes (at address): up to `most`, or, with up_to, up to that address. */
static void read_on(GArray *list, const GuiCode *code, csh capstone, const GuiExit *exit,
                    const uint8_t *bytes, size_t size, uint64_t address, uint64_t up_to,
                    unsigned most)
{
    cs_insn *insn = cs_malloc(capstone);

    while (most > 0 && address < up_to && cs_disasm_iter(capstone, &bytes, &size, &address, insn)) {
        add(list, code, exit->exit.vm, insn, exit->registers.rip);
        most--;
    }
    cs_free(insn, 1);
}

/* The image holds at RIP what was executed there. */
static bool is_true(const Segment *segment, const GuiExit *exit)
{
    uint64_t offset = exit->registers.rip - segment->address;
    size_t known = MIN(exit->code_bytes, segment->size - offset);

    return known > 0 && !memcmp(segment->bytes + offset, exit->code, known);
}

static void add_before(GArray *list, const GuiCode *code, csh capstone, const GuiExit *exit,
                       const Segment *segment, unsigned before)
{
    uint64_t rip = exit->registers.rip;
    const Function *function = function_at(code, segment->image, rip);

    if (!function || rip - function->address > MAX_FUNCTION_BYTES)
        return;
    read_on(list, code, capstone, exit, segment->bytes + (function->address - segment->address),
            rip - function->address, function->address, rip, MAX_FUNCTION_BYTES);

    const GuiInstruction *last =
        list->len > 0 ? &g_array_index(list, GuiInstruction, list->len - 1) : NULL;

    /* Data lies in between: what was read is no code then. */
    if (last && last->address + last->length != rip)
        g_array_set_size(list, 0);
    if (list->len > before)
        g_array_remove_range(list, 0, list->len - before);
}

GArray *gui_code_around(const GuiCode *code, const GuiExit *exit, unsigned before, unsigned after)
{
    GArray *list = g_array_new(FALSE, TRUE, sizeof(GuiInstruction));
    const Image *image = image_of(code, exit->exit.vm);
    uint64_t rip = exit->registers.rip;
    const Segment *segment = image ? segment_at(code, image->image, rip) : NULL;
    csh capstone;

    g_array_set_clear_func(list, instruction_clear);
    if (!exit->has_registers || cs_open(CS_ARCH_X86, CS_MODE_64, &capstone) != CS_ERR_OK)
        return list;
    if (segment && is_true(segment, exit)) {
        uint64_t offset = rip - segment->address;

        add_before(list, code, capstone, exit, segment, before);
        read_on(list, code, capstone, exit, segment->bytes + offset, segment->size - offset, rip,
                UINT64_MAX, after + 1);
    } else if (exit->code_bytes > 0) {
        read_on(list, code, capstone, exit, exit->code, exit->code_bytes, rip, UINT64_MAX,
                after + 1);
    }
    cs_close(&capstone);
    return list;
}

#else

bool gui_code_can_disassemble(void)
{
    return false;
}

GArray *gui_code_around(const GuiCode *code, const GuiExit *exit, unsigned before, unsigned after)
{
    return g_array_new(FALSE, TRUE, sizeof(GuiInstruction));
}

#endif
