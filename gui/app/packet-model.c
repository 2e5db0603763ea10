/* SPDX-License-Identifier: GPL-2.0-or-later */
/* packet-model.c: rows of the session's index of frames, all or those that fit. */
#include "gui/app/packet-model.h"

#include "gui/app/common.h"
#include "gui/draw/packets.h"
#include "gui/session/filter.h"

#define SLICE_US 4000 /* of real time for each look at the filter */

/* ---- A row ---------------------------------------------------------------------- */

struct _GuiPacket {
    GObject parent;
    GuiPacketRow row;
};

G_DEFINE_FINAL_TYPE(GuiPacket, gui_packet, G_TYPE_OBJECT)

static void gui_packet_class_init(GuiPacketClass *class)
{
}

static void gui_packet_init(GuiPacket *packet)
{
}

uint64_t gui_packet_frame(GuiPacket *packet)
{
    return packet->row.frame;
}

uint64_t gui_packet_time(GuiPacket *packet)
{
    return packet->row.time;
}

char *gui_packet_text(GuiPacket *packet, GuiPacketColumn column)
{
    const GuiPacketRow *row = &packet->row;

    switch (column) {
    case GUI_PACKET_NUMBER: return g_strdup_printf("%u", row->number);
    case GUI_PACKET_TIME: return gui_time_text(row->time);
    case GUI_PACKET_SOURCE: return g_strdup(row->source);
    case GUI_PACKET_DESTINATION: return g_strdup(row->destination);
    case GUI_PACKET_PROTOCOL: return g_strdup(row->protocol);
    case GUI_PACKET_LENGTH: return g_strdup_printf("%u", row->length);
    case GUI_PACKET_INFO:
        return row->bad ? g_strconcat("\342\232\240 ", row->info, NULL) : g_strdup(row->info);
    case GUI_PACKET_COLUMNS: break;
    }
    g_assert_not_reached();
}

char *gui_packet_sentence(GuiPacket *packet)
{
    const GuiPacketRow *row = &packet->row;
    g_autofree char *time = gui_time_text(row->time);

    return g_strdup_printf(_("Frame %u, %s, %s, from %s to %s: %s"), row->number, row->protocol,
                           time, row->source, row->destination, row->info);
}

/* ---- The list ------------------------------------------------------------------- */

struct _GuiPacketModel {
    GObject parent;
    GuiSession *session;
    char *text;        /* of the filter */
    GuiFilter *filter; /* NULL: all rows */
    GArray *rows;      /* with a filter: of uint32_t, rows that fit */
    uint32_t looked;   /* with a filter: rows looked at so far */
    uint32_t reported; /* items the world knows of */
    unsigned idle;
};

static void list_model_init(GListModelInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE(GuiPacketModel, gui_packet_model, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(G_TYPE_LIST_MODEL, list_model_init))

static bool filtered(GuiPacketModel *model)
{
    return model->filter != NULL;
}

static uint32_t all_rows(GuiPacketModel *model)
{
    return gui_session_is_open(model->session)
               ? gui_frames_count(gui_session_frames(model->session))
               : 0;
}

static GType item_type(GListModel *list)
{
    return GUI_TYPE_PACKET;
}

static unsigned n_items(GListModel *list)
{
    return GUI_PACKET_MODEL(list)->reported;
}

static void *get_item(GListModel *list, unsigned position)
{
    GuiPacketModel *model = GUI_PACKET_MODEL(list);
    GuiPacket *packet;

    if (position >= model->reported)
        return NULL;
    packet = g_object_new(GUI_TYPE_PACKET, NULL);
    packet->row =
        gui_packet_row(gui_session_frames(model->session), gui_session_reader(model->session),
                       filtered(model) ? g_array_index(model->rows, uint32_t, position) : position);
    return packet;
}

static void list_model_init(GListModelInterface *interface)
{
    interface->get_item_type = item_type;
    interface->get_n_items = n_items;
    interface->get_item = get_item;
}

/* Tells of rows that came at the end. */
static void report(GuiPacketModel *model)
{
    uint32_t count = filtered(model) ? model->rows->len : all_rows(model);
    uint32_t before = model->reported;

    if (count <= before)
        return;
    model->reported = count;
    g_list_model_items_changed(G_LIST_MODEL(model), before, 0, count - before);
}

static bool fits(GuiPacketModel *model, uint32_t number)
{
    const GuiFrames *frames = gui_session_frames(model->session);
    const GuiFrame *frame = gui_frames_get(frames, number);
    GuiFrameInfo info;
    NetDissection whole;

    if (!gui_frames_info(frames, gui_session_reader(model->session), frame->frame, &info))
        return false;
    net_dissect_kept(info.bytes, info.kept, info.length, &whole);
    return gui_filter_fits(model->filter, &(GuiFilterFrame){.whole = &whole,
                                                            .number = number + 1,
                                                            .length = info.length,
                                                            .time = frame->time});
}

static gboolean look(void *user)
{
    GuiPacketModel *model = user;
    int64_t until = g_get_monotonic_time() + SLICE_US;
    uint32_t count = all_rows(model);

    while (model->looked < count && g_get_monotonic_time() < until) {
        if (fits(model, model->looked))
            g_array_append_val(model->rows, model->looked);
        model->looked++;
    }
    report(model);
    if (model->looked < count)
        return G_SOURCE_CONTINUE;
    model->idle = 0;
    return G_SOURCE_REMOVE;
}

static void grow(GuiPacketModel *model)
{
    if (!filtered(model))
        report(model);
    else if (!model->idle)
        model->idle = g_idle_add(look, model);
}

static void start_again(GuiPacketModel *model)
{
    uint32_t before = model->reported;

    g_clear_handle_id(&model->idle, g_source_remove);
    g_array_set_size(model->rows, 0);
    model->looked = 0;
    model->reported = 0;
    if (before > 0)
        g_list_model_items_changed(G_LIST_MODEL(model), 0, before, 0);
    grow(model);
}

gboolean gui_packet_model_filter(GuiPacketModel *model, const char *text, GError **error)
{
    GuiFilter *filter;

    if (!g_strcmp0(model->text, text))
        return TRUE;
    filter = gui_filter_new(text, error);
    if (!filter)
        return FALSE;
    g_free(model->text);
    model->text = g_strdup(text);
    if (gui_filter_is_empty(filter))
        g_clear_pointer(&filter, gui_filter_free);
    g_clear_pointer(&model->filter, gui_filter_free);
    model->filter = filter;
    start_again(model);
    return TRUE;
}

int gui_packet_model_find(GuiPacketModel *model, uint64_t frame)
{
    int64_t row = gui_session_is_open(model->session)
                      ? gui_frames_find(gui_session_frames(model->session), frame)
                      : -1;

    if (row < 0 || !filtered(model))
        return row < model->reported ? (int)row : -1;
    for (unsigned i = 0; i < model->rows->len; i++)
        if (g_array_index(model->rows, uint32_t, i) == row)
            return (int)i;
    return -1;
}

static void model_dispose(GObject *object)
{
    GuiPacketModel *model = GUI_PACKET_MODEL(object);

    g_clear_handle_id(&model->idle, g_source_remove);
    if (model->session)
        g_signal_handlers_disconnect_by_data(model->session, model);
    g_clear_object(&model->session);
    g_clear_pointer(&model->rows, g_array_unref);
    g_clear_pointer(&model->text, g_free);
    g_clear_pointer(&model->filter, gui_filter_free);
    G_OBJECT_CLASS(gui_packet_model_parent_class)->dispose(object);
}

static void gui_packet_model_class_init(GuiPacketModelClass *class)
{
    G_OBJECT_CLASS(class)->dispose = model_dispose;
}

static void gui_packet_model_init(GuiPacketModel *model)
{
    model->rows = g_array_new(FALSE, FALSE, sizeof(uint32_t));
}

GuiPacketModel *gui_packet_model_new(GuiSession *session)
{
    GuiPacketModel *model = g_object_new(GUI_TYPE_PACKET_MODEL, NULL);

    model->session = g_object_ref(session);
    g_signal_connect_swapped(session, "trace-changed", G_CALLBACK(start_again), model);
    g_signal_connect_swapped(session, "trace-grown", G_CALLBACK(grow), model);
    grow(model);
    return model;
}
