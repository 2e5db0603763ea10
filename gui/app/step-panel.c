/* SPDX-License-Identifier: GPL-2.0-or-later */
/* step-panel.c: built anew for each step, since a step is read once; only the answer
 * part is replaced when the answer is given. */
#include "gui/app/step-panel.h"

#include "gui/app/common.h"
#include "gui/app/predict.h"

typedef struct {
    GuiSession *session;
    GuiLesson *lesson;
    GtkWidget *scrolled; /* the whole */
    GtkWidget *counter;  /* "Step 3 of 12" */
    GtkWidget *progress; /* bar */
    GtkWidget *body;     /* title, text, question */
    GtkWidget *answer;   /* the part of the question that changes */
    GtkWidget *form;     /* NULL: nothing to fill in */
    GtkWidget *check;    /* the button */
    GtkWidget *back, *next;
    int shown; /* step; -2: nothing yet */
} Panel;

/* ---- Question and answer ------------------------------------------------------------ */

static void clear(GtkWidget *box)
{
    GtkWidget *child;

    while ((child = gtk_widget_get_first_child(box)))
        gtk_box_remove(GTK_BOX(box), child);
}

static void form_changed(void *user)
{
    Panel *panel = user;
    g_auto(GStrv) given = gui_predict_given(panel->form);

    gtk_widget_set_sensitive(panel->check, given != NULL);
}

static void check_clicked(GtkButton *button, Panel *panel)
{
    g_auto(GStrv) given = gui_predict_given(panel->form);

    if (given)
        gui_lesson_answer(panel->lesson, (unsigned)panel->shown, (const char *const *)given);
}

static void show_clicked(GtkButton *button, Panel *panel)
{
    gui_lesson_answer(panel->lesson, (unsigned)panel->shown, NULL);
}

static void retry_clicked(GtkButton *button, Panel *panel)
{
    gui_lesson_retry(panel->lesson, (unsigned)panel->shown);
}

static GtkWidget *flat_button(const char *text, GCallback clicked, Panel *panel)
{
    GtkWidget *button = gtk_button_new_with_label(text);

    gtk_widget_add_css_class(button, "flat");
    gtk_widget_set_halign(button, GTK_ALIGN_START);
    g_signal_connect(button, "clicked", clicked, panel);
    return button;
}

static void build_form(Panel *panel, const SimStepPredict *predict)
{
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);

    panel->form = gui_predict_new(predict, gui_session_model(panel->session), form_changed, panel);
    gtk_box_append(GTK_BOX(panel->answer), panel->form);
    panel->check = gtk_button_new_with_label(_("Check"));
    gtk_widget_add_css_class(panel->check, "suggested-action");
    g_signal_connect(panel->check, "clicked", G_CALLBACK(check_clicked), panel);
    gtk_box_append(GTK_BOX(row), panel->check);
    gtk_box_append(GTK_BOX(row), flat_button(_("Show me"), G_CALLBACK(show_clicked), panel));
    gtk_widget_set_margin_top(row, 6);
    gtk_box_append(GTK_BOX(panel->answer), row);
    form_changed(panel);
}

static void build_reveal(Panel *panel, const LabReveal *reveal, bool guessed)
{
    const char *verdict = !guessed        ? _("What happened")
                          : reveal->right ? _("Right")
                                          : _("Not quite");
    const char *icon = !guessed        ? "dialog-information-symbolic"
                       : reveal->right ? "object-select-symbolic"
                                       : "window-close-symbolic";
    GtkWidget *head = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    GtkWidget *card = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);

    gtk_widget_add_css_class(card, "reveal");
    gtk_widget_add_css_class(card, !guessed ? "told" : reveal->right ? "right" : "wrong");
    gtk_box_append(GTK_BOX(head), gtk_image_new_from_icon_name(icon));
    gtk_box_append(GTK_BOX(head), gui_label(verdict, "heading"));
    gtk_box_append(GTK_BOX(card), head);
    gtk_box_append(GTK_BOX(card), gui_label(reveal->answer, "answer"));
    if (reveal->because)
        gtk_box_append(GTK_BOX(card), gui_label(reveal->because, NULL));
    gtk_box_append(GTK_BOX(panel->answer), card);
    if (guessed && !reveal->right)
        gtk_box_append(GTK_BOX(panel->answer),
                       flat_button(_("Try again"), G_CALLBACK(retry_clicked), panel));
    gtk_accessible_update_property(GTK_ACCESSIBLE(card), GTK_ACCESSIBLE_PROPERTY_LABEL, verdict,
                                   GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, reveal->answer, -1);
}

static void build_answer(Panel *panel, unsigned number)
{
    const SimStep *step = gui_lesson_step(panel->lesson, number);
    const LabReveal *reveal = gui_lesson_reveal(panel->lesson, number);

    panel->form = NULL;
    clear(panel->answer);
    if (!step->predict.ask)
        return;
    if (reveal)
        build_reveal(panel, reveal, gui_lesson_was_guess(panel->lesson, number));
    else
        build_form(panel, &step->predict);
}

/* ---- A step ---------------------------------------------------------------------------- */

static void build_step(Panel *panel, unsigned number)
{
    const SimStep *step = gui_lesson_step(panel->lesson, number);
    g_autofree char *markup = gui_markdown(step->text);
    GtkWidget *title = gui_label(step->title, "title-2"), *text = gui_label(NULL, "step-text");

    clear(panel->body);
    gtk_label_set_markup(GTK_LABEL(text), markup);
    gtk_label_set_selectable(GTK_LABEL(text), FALSE);
    gtk_box_append(GTK_BOX(panel->body), title);
    gtk_box_append(GTK_BOX(panel->body), text);
    panel->answer = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
    if (step->predict.ask) {
        GtkWidget *question = gtk_box_new(GTK_ORIENTATION_VERTICAL, 8);

        gtk_widget_add_css_class(question, "question");
        gtk_box_append(GTK_BOX(question), gui_label(step->predict.ask, "heading"));
        gtk_box_append(GTK_BOX(question), panel->answer);
        gtk_box_append(GTK_BOX(panel->body), question);
    } else {
        gtk_box_append(GTK_BOX(panel->body), panel->answer);
    }
}

/* At the end: how it went. */
static void build_summary(Panel *panel)
{
    unsigned right = gui_lesson_right(panel->lesson), asked = gui_lesson_asked(panel->lesson);
    g_autofree char *text = g_strdup_printf(_("You predicted %u of %u right."), right, asked);
    GtkWidget *library = gtk_button_new_with_label(_("To the library"));

    if (asked)
        gtk_box_append(GTK_BOX(panel->answer), gui_label(text, "heading"));
    gtk_actionable_set_action_name(GTK_ACTIONABLE(library), "win.library");
    gtk_widget_set_halign(library, GTK_ALIGN_START);
    gtk_box_append(GTK_BOX(panel->answer), library);
}

static void lesson_changed(GuiLesson *lesson, Panel *panel)
{
    int current = gui_lesson_current(lesson);
    unsigned count = gui_lesson_count(lesson);

    if (count == 0 || current < 0) {
        clear(panel->body);
        panel->form = NULL;
        panel->shown = -2;
        return;
    }
    if (current != panel->shown) {
        g_autofree char *text = g_strdup_printf(_("Step %d of %u"), current + 1, count);

        panel->shown = current;
        gtk_label_set_text(GTK_LABEL(panel->counter), text);
        gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(panel->progress),
                                      (current + 1) / (double)count);
        build_step(panel, (unsigned)current);
    }
    build_answer(panel, (unsigned)current);
    if ((unsigned)current + 1 == count)
        build_summary(panel);
}

/* A machine on the stage was clicked: it may be part of the answer. */
static void selection_changed(GuiSession *session, Panel *panel)
{
    GuiEntity entity = gui_session_selected(session);
    const SimModel *model = gui_session_model(session);
    const SimModelVm *vm = sim_model_vm(model, entity.a);
    g_autofree char *word = NULL;

    if (!panel->form)
        return;
    if ((entity.kind == GUI_ENTITY_VM || entity.kind == GUI_ENTITY_VCPU) && vm)
        word = g_strdup_printf("vm:%s", vm->name);
    else if (entity.kind == GUI_ENTITY_PORT)
        word = lab_port_name(model, entity.a);
    else if (entity.kind == GUI_ENTITY_NIC && vm && entity.b < vm->nic_count)
        word = lab_port_name(model, vm->nics[entity.b].port);
    if (word)
        gui_predict_point(panel->form, word);
}

/* ---- Life ----------------------------------------------------------------------------- */

static void panel_free(void *data)
{
    Panel *panel = data;

    g_signal_handlers_disconnect_by_data(panel->lesson, panel);
    g_signal_handlers_disconnect_by_data(panel->session, panel);
    g_object_unref(panel->lesson);
    g_object_unref(panel->session);
    g_free(panel);
}

static GtkWidget *step_button(const char *icon, const char *text, const char *action,
                              bool icon_last)
{
    GtkWidget *button = gtk_button_new(), *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    GtkWidget *image = gtk_image_new_from_icon_name(icon);

    gtk_box_append(GTK_BOX(box), gtk_label_new(text));
    if (icon_last)
        gtk_box_append(GTK_BOX(box), image);
    else
        gtk_box_prepend(GTK_BOX(box), image);
    gtk_button_set_child(GTK_BUTTON(button), box);
    gtk_actionable_set_action_name(GTK_ACTIONABLE(button), action);
    gui_set_accessible(button, text, NULL);
    return button;
}

GtkWidget *gui_step_panel_new(GuiSession *session, GuiLesson *lesson)
{
    Panel *panel = g_new0(Panel, 1);
    GtkWidget *whole = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkWidget *head = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    GtkWidget *foot = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);

    panel->session = g_object_ref(session);
    panel->lesson = g_object_ref(lesson);
    panel->shown = -2;
    panel->counter = gui_label("", "caption");
    panel->progress = gtk_progress_bar_new();
    gtk_widget_set_hexpand(panel->progress, TRUE);
    gtk_widget_set_valign(panel->progress, GTK_ALIGN_CENTER);
    gui_set_accessible(panel->progress, _("Progress in the lesson"), NULL);
    gtk_box_append(GTK_BOX(head), panel->counter);
    gtk_box_append(GTK_BOX(head), panel->progress);
    gtk_widget_add_css_class(head, "step-head");
    panel->body = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12);
    gtk_widget_add_css_class(panel->body, "step-body");
    panel->scrolled = gtk_scrolled_window_new();
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(panel->scrolled), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(panel->scrolled), panel->body);
    gtk_widget_set_vexpand(panel->scrolled, TRUE);
    panel->back = step_button("go-previous-symbolic", _("Back"), "win.previous-step", false);
    panel->next = step_button("go-next-symbolic", _("Next"), "win.next-step", true);
    gtk_widget_add_css_class(panel->next, "suggested-action");
    gtk_widget_set_hexpand(panel->next, TRUE);
    gtk_widget_set_halign(panel->next, GTK_ALIGN_END);
    gtk_box_append(GTK_BOX(foot), panel->back);
    gtk_box_append(GTK_BOX(foot), panel->next);
    gtk_widget_add_css_class(foot, "step-foot");
    gtk_box_append(GTK_BOX(whole), head);
    gtk_box_append(GTK_BOX(whole), panel->scrolled);
    gtk_box_append(GTK_BOX(whole), foot);
    gtk_widget_add_css_class(whole, "step-panel");
    /* What expands in it is not to take room from the picture. */
    gtk_widget_set_hexpand(whole, FALSE);
    gtk_widget_set_vexpand(whole, FALSE);
    g_object_set_data_full(G_OBJECT(whole), "step-panel", panel, panel_free);
    g_signal_connect(lesson, "changed", G_CALLBACK(lesson_changed), panel);
    g_signal_connect(session, "selection-changed", G_CALLBACK(selection_changed), panel);
    lesson_changed(lesson, panel);
    return whole;
}
