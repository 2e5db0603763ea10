/* SPDX-License-Identifier: GPL-2.0-or-later */
/* transport.c: below the views: what happened last in one sentence, the time, buttons
 * to play and step, a slider over all events, and the pace.
 *
 * The slider counts events, not time: events crowd, and by time most of it would be empty. */
#include "gui/app/common.h"
#include "gui/app/window-private.h"
#include "gui/session/scene.h"

typedef struct {
    GuiWindow *window; /* borrowed: the bar is a part of it */
    GtkWidget *caption, *time, *play, *slider;
    bool moving; /* the slider, by us */
    unsigned tick;
    uint64_t marks_of; /* events when the slider's marks were set */
} Transport;

static void update_marks(Transport *transport, uint64_t count)
{
    GtkScale *slider = GTK_SCALE(transport->slider);
    GuiLesson *lesson = transport->window->lesson;

    if (transport->marks_of == count)
        return;
    transport->marks_of = count;
    gtk_scale_clear_marks(slider);
    for (unsigned i = 0; i < gui_lesson_count(lesson); i++) {
        const LabPlace *place = gui_lesson_place(lesson, i);

        if (place)
            gtk_scale_add_mark(slider, (double)place->index, GTK_POS_BOTTOM, NULL);
    }
}

static void update(Transport *transport)
{
    GuiSession *session = transport->window->session;
    uint64_t count = gui_session_event_count(session), position = gui_session_position(session);
    g_autofree char *caption = gui_session_is_open(session) ? gui_scene_caption(session) : NULL;
    g_autofree char *now = gui_time_text(gui_session_time(session));
    g_autofree char *end = gui_time_text(gui_session_end_time(session));
    g_autofree char *time = g_strdup_printf("%s / %s", now, end);

    gtk_label_set_text(GTK_LABEL(transport->caption), caption ? caption : "");
    gtk_label_set_text(GTK_LABEL(transport->time), time);
    gtk_accessible_update_property(GTK_ACCESSIBLE(transport->slider),
                                   GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, now, -1);
    transport->moving = true;
    gtk_range_set_range(GTK_RANGE(transport->slider), 0, (double)MAX(count, 1));
    gtk_range_set_value(GTK_RANGE(transport->slider), (double)position);
    update_marks(transport, count);
    transport->moving = false;
}

static gboolean update_tick(GtkWidget *widget, GdkFrameClock *clock, void *user)
{
    Transport *transport = user;

    transport->tick = 0;
    update(transport);
    return G_SOURCE_REMOVE;
}

static void changed(GtkWidget *bar)
{
    Transport *transport = g_object_get_data(G_OBJECT(bar), "transport");

    if (!transport->tick)
        transport->tick =
            gtk_widget_add_tick_callback(transport->slider, update_tick, transport, NULL);
}

static void playing_changed(GuiPlayer *player, GParamSpec *spec, Transport *transport)
{
    bool playing = gui_player_playing(player);
    const char *text = playing ? _("Pause") : _("Play");

    gtk_button_set_icon_name(GTK_BUTTON(transport->play), playing
                                                              ? "media-playback-pause-symbolic"
                                                              : "media-playback-start-symbolic");
    gtk_widget_set_tooltip_text(transport->play, text);
    gui_set_accessible(transport->play, text, NULL);
}

/* The slider was moved by a person. */
static gboolean slid(GtkRange *range, GtkScrollType scroll, double value, Transport *transport)
{
    GuiSession *session = transport->window->session;

    if (transport->moving)
        return FALSE;
    gui_player_pause(transport->window->player);
    if (value < 1)
        gui_session_seek(session, 0);
    else
        gui_session_seek_event(session, (uint64_t)value - 1);
    return FALSE;
}

static GtkWidget *add_button(GtkWidget *box, const char *icon, const char *text, const char *action)
{
    GtkWidget *button = gtk_button_new_from_icon_name(icon);

    gtk_widget_set_tooltip_text(button, text);
    gui_set_accessible(button, text, NULL);
    gtk_widget_add_css_class(button, "flat");
    gtk_actionable_set_action_name(GTK_ACTIONABLE(button), action);
    gtk_box_append(GTK_BOX(box), button);
    return button;
}

/* ---- The menu of paces --------------------------------------------------------------- */

static GMenu *pace_menu(void)
{
    static const struct {
        const char *label;
        unsigned ms;
    } paces[] = {{N_("Very slow: 2 s an event"), 2000},
                 {N_("Slow: 1.2 s an event"), 1200},
                 {N_("Normal: 0.6 s an event"), 600},
                 {N_("Fast: 0.2 s an event"), 200}};
    static const struct {
        const char *label;
        uint64_t ns;
    } ratios[] = {{N_("1 \302\265s of the run per second"), 1000},
                  {N_("100 \302\265s per second"), 100000},
                  {N_("10 ms per second"), 10000000},
                  {N_("As in life: 1 s per second"), 1000000000}};
    static const struct {
        const char *label, *name;
    } steps[] = {{N_("Every event"), "event"},
                 {N_("Frames on the network"), "packet"},
                 {N_("Exits to the hypervisor"), "exit"},
                 {N_("Scheduling decisions"), "decision"}};
    GMenu *menu = g_menu_new(), *by_event = g_menu_new(), *by_ratio = g_menu_new(),
          *kinds = g_menu_new();

    for (size_t i = 0; i < G_N_ELEMENTS(paces); i++) {
        g_autoptr(GMenuItem) item = g_menu_item_new(_(paces[i].label), NULL);

        g_autofree char *target = g_strdup_printf("event:%u", paces[i].ms);

        g_menu_item_set_action_and_target(item, "win.pace", "s", target);
        g_menu_append_item(by_event, item);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(ratios); i++) {
        g_autoptr(GMenuItem) item = g_menu_item_new(_(ratios[i].label), NULL);

        g_autofree char *target = g_strdup_printf("ratio:%" G_GUINT64_FORMAT, ratios[i].ns);

        g_menu_item_set_action_and_target(item, "win.pace", "s", target);
        g_menu_append_item(by_ratio, item);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autoptr(GMenuItem) item = g_menu_item_new(_(steps[i].label), NULL);

        g_menu_item_set_action_and_target(item, "win.step-kind", "s", steps[i].name);
        g_menu_append_item(kinds, item);
    }
    g_menu_append_section(menu, _("A fixed time for each event"), G_MENU_MODEL(by_event));
    g_menu_append_section(menu, _("A fixed ratio"), G_MENU_MODEL(by_ratio));
    g_menu_append_section(menu, _("An event, for playing and stepping, is"), G_MENU_MODEL(kinds));
    g_object_unref(by_event);
    g_object_unref(by_ratio);
    g_object_unref(kinds);
    return menu;
}

static GtkWidget *pace_button(void)
{
    GtkWidget *button = gtk_menu_button_new();
    g_autoptr(GMenu) menu = pace_menu();

    gtk_menu_button_set_icon_name(GTK_MENU_BUTTON(button), "preferences-system-time-symbolic");
    gtk_menu_button_set_menu_model(GTK_MENU_BUTTON(button), G_MENU_MODEL(menu));
    gtk_menu_button_set_direction(GTK_MENU_BUTTON(button), GTK_ARROW_UP);
    gtk_widget_add_css_class(button, "flat");
    gtk_widget_set_tooltip_text(button, _("Pace"));
    gui_set_accessible(button, _("Pace"), NULL);
    return button;
}

/* ---- The bar -------------------------------------------------------------------------- */

static void transport_free(void *data)
{
    Transport *transport = data;

    g_free(transport);
}

static GtkWidget *buttons_row(Transport *transport)
{
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);

    add_button(row, "media-skip-backward-symbolic", _("To the start"), "win.to-start");
    add_button(row, "media-seek-backward-symbolic", _("Step back"), "win.step-back");
    transport->play = add_button(row, "media-playback-start-symbolic", _("Play"), "win.play");
    add_button(row, "media-seek-forward-symbolic", _("Step forward"), "win.step-forward");
    add_button(row, "media-skip-forward-symbolic", _("To the end"), "win.to-end");
    transport->slider = gtk_scale_new_with_range(GTK_ORIENTATION_HORIZONTAL, 0, 1, 1);
    gtk_widget_set_hexpand(transport->slider, TRUE);
    gui_set_accessible(transport->slider, _("Position in the run"), NULL);
    g_signal_connect(transport->slider, "change-value", G_CALLBACK(slid), transport);
    gtk_box_append(GTK_BOX(row), transport->slider);
    gtk_box_append(GTK_BOX(row), pace_button());
    gui_keep_left_to_right(row);
    return row;
}

GtkWidget *gui_transport_new(GuiWindow *window)
{
    Transport *transport = g_new0(Transport, 1);
    GtkWidget *bar = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkWidget *words = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    static const char *const signals[] = {"trace-changed", "trace-grown", "time-changed"};

    transport->window = window;
    transport->caption = gui_label("", "caption-text");
    gtk_label_set_lines(GTK_LABEL(transport->caption), 2);
    gtk_label_set_ellipsize(GTK_LABEL(transport->caption), PANGO_ELLIPSIZE_END);
    gtk_widget_set_hexpand(transport->caption, TRUE);
    transport->time = gtk_label_new("");
    gtk_widget_add_css_class(transport->time, "numeric");
    gtk_widget_add_css_class(transport->time, "dim-label");
    gtk_box_append(GTK_BOX(words), transport->caption);
    gtk_box_append(GTK_BOX(words), transport->time);
    gtk_widget_add_css_class(words, "words");
    gtk_box_append(GTK_BOX(bar), words);
    gtk_box_append(GTK_BOX(bar), buttons_row(transport));
    gtk_widget_add_css_class(bar, "transport");
    g_object_set_data_full(G_OBJECT(bar), "transport", transport, transport_free);
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
        g_signal_connect_object(window->session, signals[i], G_CALLBACK(changed), bar,
                                G_CONNECT_SWAPPED);
    g_signal_connect(window->player, "notify::playing", G_CALLBACK(playing_changed), transport);
    return bar;
}
