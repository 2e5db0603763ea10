/* SPDX-License-Identifier: GPL-2.0-or-later */
/* player.c: one callback per picture that the screen shows moves the time. */
#include "gui/app/player.h"

#include "gui/app/common.h"

struct _GuiPlayer {
    GObject parent;
    GuiSession *session;
    GtkWidget *clock;
    unsigned tick; /* 0: not playing */
    GuiPace pace;
    unsigned event_ms;
    double ratio; /* virtual ns per real second */
    GuiStep step;
    uint64_t stop_position, stop_time;
    bool waits;

    int64_t last_us;  /* of the picture before */
    double remainder; /* virtual ns that a picture was too short for */
    /* On the way from one event to the next: */
    bool under_way;
    int64_t began_us;
    uint64_t from, to; /* virtual times */
    uint64_t target;   /* event to arrive at */
};

enum { PROP_PLAYING = 1 };

G_DEFINE_FINAL_TYPE(GuiPlayer, gui_player, G_TYPE_OBJECT)

static unsigned starved_signal;

/* ---- Fixed time per event ----------------------------------------------------- */

/* Chooses where to go next; false: there is nothing more, or the stop is reached. */
static bool depart(GuiPlayer *player, int64_t now_us)
{
    SimReader *reader = gui_session_reader(player->session);
    SimFilter filter = gui_step_filter(player->step);
    uint64_t position = gui_session_position(player->session);
    uint64_t stop = player->stop_position;
    int64_t next = gui_session_find(player->session, &filter, position, 1);
    uint64_t count = gui_session_event_count(player->session);
    SimRecord record;

    if (position >= stop)
        return false;
    if (next < 0)
        next = count > position ? (int64_t)count - 1 : -1;
    if (stop != UINT64_MAX && (next < 0 || (uint64_t)next >= stop))
        next = (int64_t)stop - 1;
    if (next < 0 || !reader || !sim_reader_get(reader, (uint64_t)next, &record))
        return false;
    player->target = (uint64_t)next;
    player->from = gui_session_time(player->session);
    player->to = record.time;
    /* A place to stop may lie after the event before it: the time goes on till there. */
    if (stop != UINT64_MAX && player->target + 1 == stop && player->stop_time > player->to)
        player->to = player->stop_time;
    player->began_us = now_us;
    player->under_way = true;
    return true;
}

/* False: arrived where playing ends. */
static bool move_by_events(GuiPlayer *player, int64_t now_us)
{
    if (!player->under_way && !depart(player, now_us))
        return false;

    bool instant = player->to <= player->from;
    double length = player->event_ms * 1000.0 * (instant ? 0.5 : 1);
    double way = (double)(now_us - player->began_us) / MAX(length, 1);

    if (way >= 1) {
        gui_session_seek_event(player->session, player->target);
        player->under_way = false;
        return gui_session_position(player->session) < player->stop_position &&
               depart(player, now_us);
    }
    if (!instant && !gui_reduced_motion()) {
        uint64_t time = player->from + (uint64_t)(way * (double)(player->to - player->from));

        if (time < player->to && time > gui_session_time(player->session))
            gui_session_seek(player->session, time);
    }
    return true;
}

/* ---- Fixed ratio -------------------------------------------------------------- */

static bool move_by_ratio(GuiPlayer *player, int64_t now_us)
{
    double ns = player->ratio * (double)(now_us - player->last_us) / 1e6 + player->remainder;
    uint64_t time = gui_session_time(player->session) + (uint64_t)ns;

    player->remainder = ns - (double)(uint64_t)ns;
    if (player->stop_position != UINT64_MAX && time >= player->stop_time) {
        gui_session_seek_event(player->session, player->stop_position - 1);
        return false;
    }
    gui_session_seek(player->session, time);
    return time < gui_session_end_time(player->session);
}

/* ---- Playing ------------------------------------------------------------------ */

static void stop_tick(GuiPlayer *player)
{
    if (!player->tick)
        return;
    gtk_widget_remove_tick_callback(player->clock, player->tick);
    player->tick = 0;
    player->under_way = false;
    g_object_notify(G_OBJECT(player), "playing");
}

static gboolean tick(GtkWidget *clock, GdkFrameClock *frames, void *user)
{
    GuiPlayer *player = user;
    int64_t now_us = gdk_frame_clock_get_frame_time(frames);

    if (!player->last_us)
        player->last_us = now_us;

    bool on = player->pace == GUI_PACE_EVENTS ? move_by_events(player, now_us)
                                              : move_by_ratio(player, now_us);

    player->last_us = now_us;
    if (on)
        return G_SOURCE_CONTINUE;

    bool at_stop = gui_session_position(player->session) >= player->stop_position;

    if (at_stop || !player->waits)
        stop_tick(player);
    if (!at_stop)
        g_signal_emit(player, starved_signal, 0);
    return G_SOURCE_CONTINUE; /* if it has ended, it was removed above */
}

void gui_player_play(GuiPlayer *player)
{
    if (player->tick || !gui_session_is_open(player->session))
        return;
    player->last_us = 0;
    player->remainder = 0;
    player->under_way = false;
    player->tick = gtk_widget_add_tick_callback(player->clock, tick, player, NULL);
    g_object_notify(G_OBJECT(player), "playing");
}

void gui_player_pause(GuiPlayer *player)
{
    stop_tick(player);
}

bool gui_player_playing(GuiPlayer *player)
{
    return player->tick != 0;
}

void gui_player_set_waits(GuiPlayer *player, bool waits)
{
    player->waits = waits;
}

void gui_player_set_pace(GuiPlayer *player, GuiPace pace)
{
    player->pace = pace;
    player->under_way = false;
}

void gui_player_set_event_ms(GuiPlayer *player, unsigned ms)
{
    player->event_ms = ms;
}

void gui_player_set_ratio(GuiPlayer *player, double ns_per_second)
{
    player->ratio = ns_per_second;
}

void gui_player_set_step(GuiPlayer *player, GuiStep step)
{
    player->step = step;
    player->under_way = false;
}

GuiStep gui_player_step_kind(GuiPlayer *player)
{
    return player->step;
}

void gui_player_set_stop(GuiPlayer *player, uint64_t position, uint64_t time)
{
    player->stop_position = position;
    player->stop_time = time;
    player->under_way = false;
}

/* ---- Life --------------------------------------------------------------------- */

static void get_property(GObject *object, unsigned id, GValue *value, GParamSpec *spec)
{
    g_value_set_boolean(value, gui_player_playing(GUI_PLAYER(object)));
}

static void player_dispose(GObject *object)
{
    GuiPlayer *player = GUI_PLAYER(object);

    stop_tick(player);
    g_clear_object(&player->session);
    G_OBJECT_CLASS(gui_player_parent_class)->dispose(object);
}

static void gui_player_class_init(GuiPlayerClass *class)
{
    G_OBJECT_CLASS(class)->get_property = get_property;
    G_OBJECT_CLASS(class)->dispose = player_dispose;
    g_object_class_install_property(
        G_OBJECT_CLASS(class), PROP_PLAYING,
        g_param_spec_boolean("playing", NULL, NULL, FALSE,
                             G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
    starved_signal = g_signal_new("starved", GUI_TYPE_PLAYER, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                  NULL, G_TYPE_NONE, 0);
}

static void gui_player_init(GuiPlayer *player)
{
    player->event_ms = 800;
    player->ratio = 1e6;
    player->step = GUI_STEP_PACKET;
    player->stop_position = UINT64_MAX;
    player->stop_time = UINT64_MAX;
}

GuiPlayer *gui_player_new(GuiSession *session, GtkWidget *clock)
{
    GuiPlayer *player = g_object_new(GUI_TYPE_PLAYER, NULL);

    player->session = g_object_ref(session);
    player->clock = clock;
    return player;
}
