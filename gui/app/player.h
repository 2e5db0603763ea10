/* SPDX-License-Identifier: GPL-2.0-or-later */
/* player.h: lets the selected time run.
 *
 * Two paces, because events crowd: a fixed real time for each event of a kind
 * (frames, scheduling decisions, exits, all), whatever virtual time lies between;
 * or a fixed ratio of virtual to real time. With the first, time moves smoothly
 * from one event to the next, so that frames glide; with reduced motion it jumps.
 *
 * Properties: "playing" (read only). Signal "starved": playing has come to the end of
 * what is recorded. It ends there, or waits till there is more: see set_waits; then the
 * signal comes again with every picture, and whoever hears it has more recorded.
 */
#pragma once

#include <gtk/gtk.h>

#include "gui/session/session.h"

typedef enum { GUI_PACE_EVENTS, GUI_PACE_RATIO } GuiPace;

#define GUI_TYPE_PLAYER (gui_player_get_type())
G_DECLARE_FINAL_TYPE(GuiPlayer, gui_player, GUI, PLAYER, GObject)

/* clock: a widget whose frame clock drives it; borrowed. */
GuiPlayer *gui_player_new(GuiSession *session, GtkWidget *clock);

void gui_player_play(GuiPlayer *player);
void gui_player_pause(GuiPlayer *player);
bool gui_player_playing(GuiPlayer *player);

/* At the end of what is recorded: wait for more, instead of stopping? At first not. */
void gui_player_set_waits(GuiPlayer *player, bool waits);
void gui_player_set_pace(GuiPlayer *player, GuiPace pace);
void gui_player_set_event_ms(GuiPlayer *player, unsigned ms);
void gui_player_set_ratio(GuiPlayer *player, double ns_per_second);
/* What counts as an event for the pace and for single steps. */
void gui_player_set_step(GuiPlayer *player, GuiStep step);
GuiStep gui_player_step_kind(GuiPlayer *player);

/* Where to stop: when so many events have happened, which is at this time.
 * UINT64_MAX: nowhere. */
void gui_player_set_stop(GuiPlayer *player, uint64_t position, uint64_t time);
