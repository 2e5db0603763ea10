/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frames.c: the list of frames, and finding one by its id.
 *
 * Rows lie in the order of birth. Ids nearly do too (two pCPUs that run ahead of each
 * other may swap a few), so an order by id is kept beside, into which a new row is put
 * from the end. A trace whose ids are in no order at all is sorted when asked.
 */
#include "gui/session/frames.h"

#include <string.h>

#define FEW      64u /* places that a new row moves at most */
#define NO_LABEL UINT8_MAX

struct GuiFrames {
    GArray *rows;     /* of GuiFrame */
    GArray *order;    /* of uint32_t: rows by id */
    bool sorted;      /* is it */
    GByteArray *kind; /* of each row: place in labels; NO_LABEL: not looked at yet */
    GPtrArray *labels;
};

GuiFrames *gui_frames_new(void)
{
    GuiFrames *frames = g_new0(GuiFrames, 1);

    frames->rows = g_array_new(FALSE, FALSE, sizeof(GuiFrame));
    frames->order = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    frames->kind = g_byte_array_new();
    frames->labels = g_ptr_array_new();
    frames->sorted = true;
    return frames;
}

void gui_frames_free(GuiFrames *frames)
{
    if (!frames)
        return;
    g_array_unref(frames->rows);
    g_array_unref(frames->order);
    g_byte_array_unref(frames->kind);
    g_ptr_array_unref(frames->labels);
    g_free(frames);
}

static uint64_t id_at(const GuiFrames *frames, guint place)
{
    uint32_t row = g_array_index(frames->order, uint32_t, place);

    return g_array_index(frames->rows, GuiFrame, row).frame;
}

static void put_in_order(GuiFrames *frames, uint32_t row, uint64_t id)
{
    guint place = frames->order->len;

    while (frames->sorted && place > 0 && id_at(frames, place - 1) > id) {
        place--;
        if (frames->order->len - place > FEW)
            frames->sorted = false;
    }
    if (!frames->sorted)
        place = frames->order->len;
    g_array_insert_val(frames->order, place, row);
}

void gui_frames_add(GuiFrames *frames, const SimRecord *record)
{
    const uint8_t unknown = NO_LABEL;
    GuiFrame frame = {.event = record->index, .time = record->time};

    if (record->type == SIM_EVENT_FRAME_SENT)
        frame.frame = SIM_FIELDS(record, FrameSent)->frame;
    else if (record->type == SIM_EVENT_FRAME_NEW)
        frame.frame = SIM_FIELDS(record, FrameNew)->frame;
    else
        return;
    if (frames->rows->len == UINT32_MAX - 1)
        return;
    g_array_append_val(frames->rows, frame);
    g_byte_array_append(frames->kind, &unknown, 1);
    put_in_order(frames, frames->rows->len - 1, frame.frame);
}

uint32_t gui_frames_count(const GuiFrames *frames)
{
    return frames->rows->len;
}

const GuiFrame *gui_frames_get(const GuiFrames *frames, uint32_t row)
{
    return &g_array_index(frames->rows, GuiFrame, row);
}

static int compare_rows(const void *one, const void *other, void *user)
{
    const GuiFrames *frames = user;
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
    uint64_t id_a = gui_frames_get(frames, a)->frame, id_b = gui_frames_get(frames, b)->frame;

    if (id_a != id_b)
        return id_a < id_b ? -1 : 1;
    return a < b ? -1 : a > b;
}

int64_t gui_frames_find(const GuiFrames *frames, uint64_t frame)
{
    guint low = 0, high = frames->order->len;

    if (!frames->sorted) {
        /* What the list says stays the same: only the order of looking at it changes. */
        GuiFrames *self = (GuiFrames *)frames;
        g_array_sort_with_data(self->order, compare_rows, self);
        self->sorted = true;
    }
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (id_at(frames, middle) < frame)
            low = middle + 1;
        else
            high = middle;
    }
    return low < frames->order->len && id_at(frames, low) == frame
               ? (int64_t)g_array_index(frames->order, uint32_t, low)
               : -1;
}

uint32_t gui_frames_before(const GuiFrames *frames, uint64_t event)
{
    guint low = 0, high = frames->rows->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (gui_frames_get(frames, middle)->event <= event)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool row_info(const GuiFrames *frames, SimReader *reader, uint32_t row, GuiFrameInfo *ret)
{
    GuiFrameInfo info = {.frame = *gui_frames_get(frames, row), .vm = SIM_NONE, .nic = SIM_NONE};
    SimRecord record;

    if (!sim_reader_get(reader, info.frame.event, &record))
        return false;
    if (record.type == SIM_EVENT_FRAME_SENT) {
        info.length = SIM_FIELDS(&record, FrameSent)->length;
        info.vm = SIM_FIELDS(&record, FrameSent)->vm;
        info.nic = SIM_FIELDS(&record, FrameSent)->nic;
    } else if (record.type == SIM_EVENT_FRAME_NEW) {
        info.length = SIM_FIELDS(&record, FrameNew)->length;
        info.parent = SIM_FIELDS(&record, FrameNew)->parent;
    } else {
        return false;
    }
    info.bytes = record.blob;
    info.kept = record.blob_size;
    *ret = info;
    return true;
}

bool gui_frames_info(const GuiFrames *frames, SimReader *reader, uint64_t frame, GuiFrameInfo *ret)
{
    int64_t row = gui_frames_find(frames, frame);

    return row >= 0 && row_info(frames, reader, (uint32_t)row, ret);
}

/* The place of a label in the list of labels; it is static text. */
static uint8_t label_place(GuiFrames *frames, const char *label)
{
    for (guint i = 0; i < frames->labels->len; i++) {
        if (strcmp(frames->labels->pdata[i], label) == 0)
            return (uint8_t)i;
    }
    if (frames->labels->len == NO_LABEL)
        return 0;
    g_ptr_array_add(frames->labels, (char *)label);
    return (uint8_t)(frames->labels->len - 1);
}

const char *gui_frames_protocol(const GuiFrames *frames, SimReader *reader, uint64_t frame)
{
    int64_t row = gui_frames_find(frames, frame);
    NetDissection dissection;
    GuiFrameInfo info;

    if (row < 0)
        return "?";
    if (frames->kind->data[row] == NO_LABEL) {
        if (!row_info(frames, reader, (uint32_t)row, &info))
            return "?";
        net_dissect_kept(info.bytes, info.kept, info.length, &dissection);
        frames->kind->data[row] = label_place((GuiFrames *)frames, dissection.protocol);
    }
    return frames->labels->pdata[frames->kind->data[row]];
}
