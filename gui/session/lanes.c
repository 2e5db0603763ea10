/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lanes.c: tracks of entries with running sums, and what events put into them.
 *
 * A track is a list of entries in blocks. An entry is 8 bytes: how long after its
 * block's start, and what. A block begins with a time and with the sums up to that
 * time, so the sums up to any time are its block's and what at most GUI_LANE_BLOCK
 * entries add. A gap that the 32 bits of an entry cannot hold begins a new block.
 *
 * A timeline of all of a run asks which kinds of mark are in a column for columns of a
 * few entries up to thousands. So a block also says, for every four of its entries,
 * which kinds are among them: three levels, from single entries to sums of blocks.
 */
#include "gui/session/lanes.h"

#include <string.h>

#include "sim/model/model.h"

#define QUAD 4u

typedef struct {
    uint32_t delta; /* ns after the block's time */
    uint16_t vm;    /* who runs, on a pCPU */
    uint8_t vcpu;
    uint8_t what; /* class of a stretch, kind of a mark */
} Entry;

typedef struct {
    uint64_t time;
    uint64_t first; /* entry */
    uint64_t sums[GUI_LANE_CLASSES];
    uint8_t kinds[GUI_LANE_BLOCK / QUAD]; /* per QUAD entries, a bit for each kind */
} Block;

typedef struct {
    GArray *entries; /* of Entry */
    GArray *blocks;  /* of Block */
    bool durations;  /* sums are of ns; else of entries */
} Track;

typedef struct {
    bool is_pcpu;
    uint16_t pcpu, vm, vcpu;
    const char *vm_name;
    uint16_t classes[GUI_LANE_CLASSES]; /* of a pCPU: the VM of each */
    Track stretches, marks;
} Lane;

typedef struct {
    char *name;
    unsigned vcpu_count;
    Lane *vcpus;
} Vm;

struct GuiLanes {
    GPtrArray *pcpus; /* of Lane */
    GPtrArray *vms;   /* of Vm */
    GPtrArray *all;   /* of Lane, borrowed, in the order of rows */
    uint64_t revision;
};

/* ---- Tracks ---------------------------------------------------------------- */

static void track_init(Track *track, bool durations)
{
    track->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    track->blocks = g_array_new(FALSE, FALSE, sizeof(Block));
    track->durations = durations;
}

static void track_clear(Track *track)
{
    g_array_unref(track->entries);
    g_array_unref(track->blocks);
}

static const Entry *entry_at(const Track *track, uint64_t index)
{
    return &g_array_index(track->entries, Entry, (guint)index);
}

static const Block *block_at(const Track *track, guint block)
{
    return &g_array_index(track->blocks, Block, block);
}

static uint64_t block_end(const Track *track, guint block)
{
    return block + 1 < track->blocks->len ? block_at(track, block + 1)->first : track->entries->len;
}

/* Where entry index of a block ends: where the next begins. */
static uint64_t entry_end(const Track *track, guint block, uint64_t index)
{
    if (index + 1 < block_end(track, block))
        return block_at(track, block)->time + entry_at(track, index + 1)->delta;
    if (block + 1 < track->blocks->len)
        return block_at(track, block + 1)->time;
    return SIM_TIME_NEVER;
}

/* The last block that begins at or before time (that before, where marks at time
 * itself do not count yet); 0 if none does. hint: where to look first. */
static guint find_block(const Track *track, uint64_t time, guint hint)
{
    guint low = 0, high = track->blocks->len, step = 1;

    if (hint < high && block_at(track, hint)->time < time) {
        /* From the hint on in growing steps: the next question is seldom far. */
        low = hint;
        while (low + step < high && block_at(track, low + step)->time < time) {
            low += step;
            step *= 2;
        }
        high = MIN(high, low + step);
    }
    while (low + 1 < high) {
        guint middle = low + (high - low) / 2;
        if (block_at(track, middle)->time < time)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Sums of everything before time. */
static guint sums_before(const Track *track, uint64_t time, guint hint,
                         uint64_t ret[GUI_LANE_CLASSES])
{
    if (track->blocks->len == 0) {
        memset(ret, 0, GUI_LANE_CLASSES * sizeof(*ret));
        return 0;
    }
    guint number = find_block(track, time, hint);
    const Block *block = block_at(track, number);
    const Entry *entry = entry_at(track, block->first);
    const Entry *end = entry_at(track, block_end(track, number));

    memcpy(ret, block->sums, sizeof(block->sums));
    if (block->time >= time)
        return number;
    uint64_t left = time - block->time;
    if (!track->durations) {
        for (; entry < end && entry->delta < left; entry++)
            ret[entry->what]++;
        return number;
    }
    for (; entry + 1 < end && entry[1].delta < left; entry++)
        ret[entry->what] += entry[1].delta - entry->delta;
    ret[entry->what] += left - entry->delta;
    return number;
}

static void track_add(Track *track, uint64_t time, Entry entry)
{
    guint last = track->blocks->len - 1; /* wraps when there is none */
    const Block *block = track->blocks->len > 0 ? block_at(track, last) : NULL;

    if (!block || track->entries->len - block->first >= GUI_LANE_BLOCK ||
        time - block->time > UINT32_MAX) {
        Block next = {.time = time, .first = track->entries->len};
        sums_before(track, time, last, next.sums);
        /* Marks at this very time that are in the blocks before. */
        if (!track->durations && block) {
            memcpy(next.sums, block->sums, sizeof(next.sums));
            for (uint64_t i = block->first; i < track->entries->len; i++)
                next.sums[entry_at(track, i)->what]++;
        }
        g_array_append_val(track->blocks, next);
        block = block_at(track, track->blocks->len - 1);
    }
    entry.delta = (uint32_t)(time - block->time);
    last = track->blocks->len - 1;
    g_array_index(track->blocks, Block, last).kinds[(track->entries->len - block->first) / QUAD] |=
        (uint8_t)(1u << entry.what);
    g_array_append_val(track->entries, entry);
}

/* Begins a stretch. One that lasted no time is replaced, one of the same kind goes on. */
static void stretch_add(Track *track, uint64_t time, Entry entry)
{
    if (track->entries->len > 0) {
        const Block *block = block_at(track, track->blocks->len - 1);
        Entry *last = &g_array_index(track->entries, Entry, track->entries->len - 1);

        if (last->what == entry.what && last->vm == entry.vm && last->vcpu == entry.vcpu)
            return;
        if (block->time + last->delta == time) {
            entry.delta = last->delta;
            *last = entry;
            return;
        }
    }
    track_add(track, time, entry);
}

/* ---- Life -------------------------------------------------------------------- */

static void lane_init(Lane *lane, bool is_pcpu)
{
    lane->is_pcpu = is_pcpu;
    memset(lane->classes, 0xff, sizeof(lane->classes)); /* SIM_NONE */
    track_init(&lane->stretches, true);
    track_init(&lane->marks, false);
}

static void lane_clear(Lane *lane)
{
    track_clear(&lane->stretches);
    track_clear(&lane->marks);
}

static void pcpu_free(void *data)
{
    lane_clear(data);
    g_free(data);
}

static void vm_free(void *data)
{
    Vm *vm = data;

    for (unsigned i = 0; i < vm->vcpu_count; i++)
        lane_clear(&vm->vcpus[i]);
    g_free(vm->vcpus);
    g_free(vm->name);
    g_free(vm);
}

GuiLanes *gui_lanes_new(void)
{
    static uint64_t made;
    GuiLanes *lanes = g_new0(GuiLanes, 1);

    lanes->revision = ++made << 48;
    lanes->pcpus = g_ptr_array_new_with_free_func(pcpu_free);
    lanes->vms = g_ptr_array_new_with_free_func(vm_free);
    lanes->all = g_ptr_array_new();
    return lanes;
}

void gui_lanes_free(GuiLanes *lanes)
{
    if (!lanes)
        return;
    g_ptr_array_unref(lanes->pcpus);
    g_ptr_array_unref(lanes->vms);
    g_ptr_array_unref(lanes->all);
    g_free(lanes);
}

/* ---- Events -------------------------------------------------------------------- */

static void list_lanes(GuiLanes *lanes)
{
    g_ptr_array_set_size(lanes->all, 0);
    for (guint i = 0; i < lanes->pcpus->len; i++)
        g_ptr_array_add(lanes->all, lanes->pcpus->pdata[i]);
    for (guint i = 0; i < lanes->vms->len; i++) {
        Vm *vm = lanes->vms->pdata[i];
        for (unsigned j = 0; j < vm->vcpu_count; j++)
            g_ptr_array_add(lanes->all, &vm->vcpus[j]);
    }
}

static Lane *find_vcpu(GuiLanes *lanes, unsigned number, unsigned vcpu)
{
    Vm *vm = number < lanes->vms->len ? lanes->vms->pdata[number] : NULL;

    return vm && vcpu < vm->vcpu_count ? &vm->vcpus[vcpu] : NULL;
}

static Lane *find_pcpu(GuiLanes *lanes, const SimRecord *record)
{
    return record->source != SIM_SOURCE_WORLD && record->source <= lanes->pcpus->len
               ? lanes->pcpus->pdata[record->source - 1u]
               : NULL;
}

static void host_created(GuiLanes *lanes, const SimRecord *record)
{
    const SimEventHostCreated *event = SIM_FIELDS(record, HostCreated);

    /* The model's limits, so that lanes and model agree on the numbers. */
    if (lanes->pcpus->len + event->pcpus > UINT16_MAX)
        return;
    for (unsigned i = 0; i < event->pcpus; i++) {
        Lane *lane = g_new0(Lane, 1);
        lane_init(lane, true);
        lane->pcpu = (uint16_t)lanes->pcpus->len;
        lane->vm = lane->vcpu = SIM_NONE;
        g_ptr_array_add(lanes->pcpus, lane);
        stretch_add(&lane->stretches, record->time, (Entry){.vm = SIM_NONE, .vcpu = UINT8_MAX});
    }
    list_lanes(lanes);
}

static void vm_created(GuiLanes *lanes, const SimRecord *record)
{
    const SimEventVmCreated *event = SIM_FIELDS(record, VmCreated);
    Vm *vm;

    if (event->vm != lanes->vms->len || event->vm >= SIM_MODEL_MAX_VMS ||
        event->vcpus > SIM_MODEL_MAX_VCPUS || event->memory_pages > SIM_MODEL_MAX_PAGES)
        return;
    vm = g_new0(Vm, 1);
    vm->name = g_utf8_make_valid((const char *)record->blob, record->blob_size);
    vm->vcpu_count = event->vcpus;
    vm->vcpus = g_new0(Lane, event->vcpus);
    for (unsigned i = 0; i < event->vcpus; i++) {
        Lane *lane = &vm->vcpus[i];
        lane_init(lane, false);
        lane->vm = event->vm;
        lane->vcpu = (uint16_t)i;
        lane->vm_name = vm->name;
        stretch_add(&lane->stretches, record->time, (Entry){.what = GUI_VCPU_OFF});
    }
    g_ptr_array_add(lanes->vms, vm);
    list_lanes(lanes);
}

/* The class that stands for a VM in a pCPU's lane. */
static uint8_t class_of(Lane *lane, uint16_t vm)
{
    for (uint8_t i = 1; i < GUI_PCPU_OTHERS; i++) {
        if (lane->classes[i] == SIM_NONE)
            lane->classes[i] = vm;
        if (lane->classes[i] == vm)
            return i;
    }
    return GUI_PCPU_OTHERS;
}

static void dispatch(GuiLanes *lanes, const SimRecord *record)
{
    const SimEventDispatch *event = SIM_FIELDS(record, Dispatch);
    Lane *lane = find_pcpu(lanes, record);

    if (lane && find_vcpu(lanes, event->vm, event->vcpu))
        stretch_add(&lane->stretches, record->time,
                    (Entry){.vm = event->vm,
                            .vcpu = (uint8_t)event->vcpu,
                            .what = class_of(lane, event->vm)});
}

static void deschedule(GuiLanes *lanes, const SimRecord *record)
{
    Lane *lane = find_pcpu(lanes, record);

    if (lane)
        stretch_add(&lane->stretches, record->time, (Entry){.vm = SIM_NONE, .vcpu = UINT8_MAX});
}

static void vcpu_state(GuiLanes *lanes, const SimRecord *record)
{
    static const uint8_t classes[SIM_VCPU_STATE_COUNT] = {
        [SIM_VCPU_NEW] = GUI_VCPU_OFF,         [SIM_VCPU_READY] = GUI_VCPU_READY,
        [SIM_VCPU_RUNNING] = GUI_VCPU_RUNNING, [SIM_VCPU_BLOCKED] = GUI_VCPU_BLOCKED,
        [SIM_VCPU_HALTED] = GUI_VCPU_ENDED,    [SIM_VCPU_CRASHED] = GUI_VCPU_ENDED,
    };
    const SimEventVcpuState *event = SIM_FIELDS(record, VcpuState);
    Lane *lane = find_vcpu(lanes, event->vm, event->vcpu);
    bool paused = event->why == SIM_WHY_PAUSE && event->to != SIM_VCPU_RUNNING;

    if (lane)
        stretch_add(&lane->stretches, record->time,
                    (Entry){.what = paused ? GUI_VCPU_OFF : classes[event->to]});
}

static void mark(GuiLanes *lanes, const SimRecord *record, unsigned vm, unsigned vcpu,
                 GuiMarkKind kind)
{
    Lane *lane = find_vcpu(lanes, vm, vcpu);

    if (lane)
        track_add(&lane->marks, record->time, (Entry){.what = (uint8_t)kind});
}

void gui_lanes_add(GuiLanes *lanes, const SimRecord *record)
{
    switch (record->type) {
    case SIM_EVENT_HOST_CREATED: host_created(lanes, record); break;
    case SIM_EVENT_VM_CREATED: vm_created(lanes, record); break;
    case SIM_EVENT_DISPATCH: dispatch(lanes, record); break;
    case SIM_EVENT_DESCHEDULE: deschedule(lanes, record); break;
    case SIM_EVENT_VCPU_STATE: vcpu_state(lanes, record); break;
    case SIM_EVENT_EXIT: {
        const SimEventExit *event = SIM_FIELDS(record, Exit);
        mark(lanes, record, event->vm, event->vcpu,
             event->kind == SIM_EXIT_PAGE_FAULT ? GUI_MARK_FAULT : GUI_MARK_EXIT);
        break;
    }
    case SIM_EVENT_GUEST_FAULT: {
        const SimEventGuestFault *event = SIM_FIELDS(record, GuestFault);
        mark(lanes, record, event->vm, event->vcpu, GUI_MARK_FAULT);
        break;
    }
    case SIM_EVENT_INTERRUPT_TAKEN: {
        const SimEventInterruptTaken *event = SIM_FIELDS(record, InterruptTaken);
        mark(lanes, record, event->vm, event->vcpu, GUI_MARK_INTERRUPT);
        break;
    }
    case SIM_EVENT_FRAME_SENT:
        mark(lanes, record, SIM_FIELDS(record, FrameSent)->vm, 0, GUI_MARK_FRAME);
        break;
    case SIM_EVENT_FRAME_RECEIVED:
        mark(lanes, record, SIM_FIELDS(record, FrameReceived)->vm, 0, GUI_MARK_FRAME);
        break;
    default: return;
    }
    lanes->revision++;
}

/* ---- Questions -------------------------------------------------------------------- */

uint64_t gui_lanes_revision(const GuiLanes *lanes)
{
    return lanes->revision;
}

const char *gui_lanes_vm_name(const GuiLanes *lanes, unsigned vm)
{
    return vm < lanes->vms->len ? ((const Vm *)lanes->vms->pdata[vm])->name : NULL;
}

unsigned gui_lanes_count(const GuiLanes *lanes)
{
    return lanes->all->len;
}

static const Lane *lane_at(const GuiLanes *lanes, unsigned lane)
{
    return lanes->all->pdata[lane];
}

GuiLaneInfo gui_lanes_info(const GuiLanes *lanes, unsigned number)
{
    const Lane *lane = lane_at(lanes, number);

    return (GuiLaneInfo){.is_pcpu = lane->is_pcpu,
                         .pcpu = lane->pcpu,
                         .vm = lane->vm,
                         .vcpu = lane->vcpu,
                         .vm_name = lane->vm_name,
                         .stretches = lane->stretches.entries->len,
                         .marks = lane->marks.entries->len};
}

uint16_t gui_lanes_class_vm(const GuiLanes *lanes, unsigned lane, unsigned class)
{
    return class < GUI_LANE_CLASSES ? lane_at(lanes, lane)->classes[class] : SIM_NONE;
}

static void move_cursor(const Lane *lane, GuiLaneCursor *cursor, uint64_t time)
{
    cursor->stretch_block = sums_before(&lane->stretches, time, cursor->stretch_block, cursor->ns);
    cursor->mark_block = sums_before(&lane->marks, time, cursor->mark_block, cursor->marks);
    cursor->time = time;
    cursor->valid = true;
}

void gui_lanes_sums(const GuiLanes *lanes, unsigned number, uint64_t from, uint64_t to,
                    GuiLaneCursor *cursor, uint64_t ret_ns[GUI_LANE_CLASSES],
                    uint64_t ret_marks[GUI_MARK_COUNT])
{
    const Lane *lane = lane_at(lanes, number);
    GuiLaneCursor before;

    if (!cursor->valid || cursor->time != from)
        move_cursor(lane, cursor, from);
    before = *cursor;
    move_cursor(lane, cursor, MAX(from, to));
    for (unsigned i = 0; ret_ns && i < GUI_LANE_CLASSES; i++)
        ret_ns[i] = cursor->ns[i] - before.ns[i];
    for (unsigned i = 0; ret_marks && i < GUI_MARK_COUNT; i++)
        ret_marks[i] = cursor->marks[i] - before.marks[i];
}

/* ---- Columns: the same, without a search for each ------------------------------------ */

/* Where columns begin, one after another: a division for each would cost more than
 * all else. The remainder is spread evenly. */
typedef struct {
    uint64_t at, step, rest, carried;
    unsigned count;
} Columns;

static Columns columns_of(uint64_t from, uint64_t to, unsigned count)
{
    return (Columns){
        .at = from, .step = (to - from) / count, .rest = (to - from) % count, .count = count};
}

/* The end of the next column, at which the one after it begins. */
static uint64_t next_column(Columns *columns)
{
    columns->at += columns->step;
    columns->carried += columns->rest;
    if (columns->carried >= columns->count) {
        columns->carried -= columns->count;
        columns->at++;
    }
    return columns->at;
}

/* Where one is in a track: an entry and its block. */
typedef struct {
    guint block;
    uint64_t entry, end; /* end: of the block's entries */
} Place;

static Place place_at(const Track *track, uint64_t time, guint hint)
{
    guint block = find_block(track, time, hint);

    return (Place){block, block_at(track, block)->first, block_end(track, block)};
}

/* Are there two whole blocks between here and time? Then their sums are the shorter way. */
static bool is_far(const Track *track, guint block, uint64_t time)
{
    return block + 2 < track->blocks->len && block_at(track, block + 2)->time < time;
}

static void add_stretches(const Track *track, Place *place, uint64_t from, uint64_t to,
                          uint64_t ns[GUI_LANE_CLASSES])
{
    uint64_t at = MAX(from, block_at(track, 0)->time);

    while (at < to) {
        uint64_t start = block_at(track, place->block)->time, end = 0;
        const Entry *entry = entry_at(track, place->entry);
        for (; place->entry + 1 < place->end; place->entry++, entry++) {
            end = start + entry[1].delta;
            if (end > at) {
                ns[entry->what] += MIN(end, to) - at;
                at = MIN(end, to);
            }
            if (end >= to)
                return;
        }
        end = entry_end(track, place->block, place->entry);
        if (end > at) {
            ns[entry->what] += MIN(end, to) - at;
            at = MIN(end, to);
        }
        if (end >= to)
            return;
        *place = (Place){place->block + 1, place->end, block_end(track, place->block + 1)};
    }
}

static void stretch_columns(const Track *track, uint64_t from, uint64_t to, unsigned count,
                            uint64_t (*ret)[GUI_LANE_CLASSES])
{
    uint64_t at = from, before[GUI_LANE_CLASSES];
    Columns columns = columns_of(from, to, count);
    Place place = place_at(track, from, 0);

    for (unsigned x = 0; x < count; x++) {
        uint64_t next = next_column(&columns);
        if (is_far(track, place.block, next)) {
            guint block = sums_before(track, at, place.block, before);
            block = sums_before(track, next, block, ret[x]);
            for (unsigned i = 0; i < GUI_LANE_CLASSES; i++)
                ret[x][i] -= before[i];
            place = place_at(track, next, block);
        } else {
            memset(ret[x], 0, sizeof(ret[x]));
            /* Closer than a ns per column: each shows what it lies in. */
            add_stretches(track, &place, at, MAX(next, at + 1), ret[x]);
        }
        at = next;
    }
}

/* The marks of a block from an entry on that lie before time, as bits. */
static uint8_t marks_in_block(const Track *track, Place *place, uint64_t time)
{
    const Block *block = block_at(track, place->block);
    const Entry *first = entry_at(track, block->first);
    unsigned at = (unsigned)(place->entry - block->first);
    unsigned count = (unsigned)(place->end - block->first);
    uint64_t left = time > block->time ? time - block->time : 0;
    uint8_t kinds = 0;

    for (; at % QUAD && at < count && first[at].delta < left; at++)
        kinds |= (uint8_t)(1u << first[at].what);
    if (at % QUAD == 0) {
        for (; at + QUAD <= count && first[at + QUAD - 1].delta < left; at += QUAD)
            kinds |= block->kinds[at / QUAD];
        for (; at < count && first[at].delta < left; at++)
            kinds |= (uint8_t)(1u << first[at].what);
    }
    place->entry = block->first + at;
    return kinds;
}

static void mark_columns(const Track *track, uint64_t from, uint64_t to, unsigned count,
                         uint8_t *ret)
{
    const uint8_t all = (1u << GUI_MARK_COUNT) - 1;
    Columns columns = columns_of(from, to, count);
    Place place = place_at(track, from, 0);

    marks_in_block(track, &place, from);
    for (unsigned x = 0; x < count; x++) {
        uint64_t next = next_column(&columns);
        ret[x] = marks_in_block(track, &place, next);
        while (place.entry == place.end && place.block + 1 < track->blocks->len &&
               block_at(track, place.block + 1)->time < next) {
            /* Nothing new can come in this column. */
            if (ret[x] == all && is_far(track, place.block, next))
                place = place_at(track, next, place.block);
            else
                place = (Place){place.block + 1, place.end, block_end(track, place.block + 1)};
            ret[x] |= marks_in_block(track, &place, next);
        }
    }
}

void gui_lanes_columns(const GuiLanes *lanes, unsigned number, uint64_t from, uint64_t to,
                       unsigned count, uint64_t (*ret_ns)[GUI_LANE_CLASSES], uint8_t *ret_marks)
{
    const Lane *lane = lane_at(lanes, number);

    to = MAX(to, from + 1);
    if (lane->stretches.blocks->len > 0)
        stretch_columns(&lane->stretches, from, to, count, ret_ns);
    else
        memset(ret_ns, 0, count * sizeof(*ret_ns));
    if (lane->marks.blocks->len > 0)
        mark_columns(&lane->marks, from, to, count, ret_marks);
    else
        memset(ret_marks, 0, count);
}

static GuiStretch stretch_at(const Lane *lane, guint block, uint64_t index)
{
    const Entry *entry = entry_at(&lane->stretches, index);

    return (GuiStretch){.from = block_at(&lane->stretches, block)->time + entry->delta,
                        .to = entry_end(&lane->stretches, block, index),
                        .class = entry->what,
                        .vm = lane->is_pcpu ? entry->vm : lane->vm,
                        .vcpu = lane->is_pcpu ? entry->vcpu : lane->vcpu};
}

unsigned gui_lanes_stretches(const GuiLanes *lanes, unsigned number, uint64_t from, uint64_t to,
                             GuiStretch *ret, unsigned capacity)
{
    const Lane *lane = lane_at(lanes, number);
    const Track *track = &lane->stretches;
    unsigned count = 0;

    if (track->blocks->len == 0)
        return 0;
    for (guint block = find_block(track, from, 0); block < track->blocks->len; block++) {
        for (uint64_t i = block_at(track, block)->first; i < block_end(track, block); i++) {
            GuiStretch stretch = stretch_at(lane, block, i);
            if (stretch.from >= to || count > capacity)
                return count;
            if (stretch.to <= from)
                continue;
            if (count < capacity)
                ret[count] = stretch;
            count++;
        }
    }
    return count;
}

bool gui_lanes_stretch(const GuiLanes *lanes, unsigned number, uint64_t time, GuiStretch *ret)
{
    return time < SIM_TIME_NEVER && gui_lanes_stretches(lanes, number, time, time + 1, ret, 1) > 0;
}

unsigned gui_lanes_marks(const GuiLanes *lanes, unsigned number, uint64_t from, uint64_t to,
                         GuiMark *ret, unsigned capacity)
{
    const Track *track = &lane_at(lanes, number)->marks;
    unsigned count = 0;

    if (track->blocks->len == 0)
        return 0;
    for (guint block = find_block(track, from, 0); block < track->blocks->len; block++) {
        for (uint64_t i = block_at(track, block)->first; i < block_end(track, block); i++) {
            uint64_t time = block_at(track, block)->time + entry_at(track, i)->delta;
            if (time >= to || count > capacity)
                return count;
            if (time < from)
                continue;
            if (count < capacity)
                ret[count] = (GuiMark){time, entry_at(track, i)->what};
            count++;
        }
    }
    return count;
}
