/* SPDX-License-Identifier: GPL-2.0-or-later */
/* predict.c: a button for each option or port, a number to set, rows that move up for an
 * order. */
#include "gui/app/predict.h"

#include <string.h>

#include "gui/app/common.h"

typedef struct {
    const SimStepPredict *predict;
    GuiPredictChanged changed;
    void *user;
    GtkWidget *box;
    GPtrArray *buttons; /* choice and ports: of GtkToggleButton */
    GPtrArray *words;   /* of char *, one for each button, or the order as it is */
    GtkWidget *number;
} Form;

#define FORM_KEY "gui-predict"

static Form *form_of(GtkWidget *box)
{
    return g_object_get_data(G_OBJECT(box), FORM_KEY);
}

static void notify(Form *form)
{
    form->changed(form->user);
}

/* Toggle buttons, not check buttons: as large as a finger, and with a "click" that assistive
 * technology can ask for. */
static void add_button(Form *form, const char *word, const char *text, GtkWidget *group)
{
    GtkWidget *button = gtk_toggle_button_new();

    gtk_button_set_child(GTK_BUTTON(button), gui_label(text, NULL));
    gtk_widget_add_css_class(button, "option");
    gui_set_accessible(button, text, NULL);
    if (group)
        gtk_toggle_button_set_group(GTK_TOGGLE_BUTTON(button), GTK_TOGGLE_BUTTON(group));
    g_signal_connect_swapped(button, "toggled", G_CALLBACK(notify), form);
    gtk_box_append(GTK_BOX(form->box), button);
    g_ptr_array_add(form->buttons, button);
    g_ptr_array_add(form->words, g_strdup(word));
}

/* ---- Choice and ports ----------------------------------------------------------- */

static void build_choice(Form *form)
{
    for (size_t i = 0; i < form->predict->option_count; i++) {
        const SimStepOption *option = &form->predict->options[i];

        add_button(form, option->id, option->text ? option->text : option->id,
                   i > 0 ? form->buttons->pdata[0] : NULL);
    }
}

/* Every machine that a switch's port leads to. */
static void build_ports(Form *form, const SimModel *model)
{
    GtkWidget *hint = gui_label(_("Click them in the picture, or here."), "dim-label");

    gtk_box_append(GTK_BOX(form->box), hint);
    for (unsigned i = 0; i < model->ports->len; i++) {
        const SimModelPort *port = sim_model_port(model, i);

        if (!port || port->gone || g_strcmp0(port->kind, "switch"))
            continue;

        g_autofree char *word = lab_port_name(model, i);

        if (!g_ptr_array_find_with_equal_func(form->words, word, g_str_equal, NULL))
            add_button(form, word, g_str_has_prefix(word, "vm:") ? word + 3 : word, NULL);
    }
}

/* ---- Order ------------------------------------------------------------------------ */

static const char *option_text(const SimStepPredict *predict, const char *id)
{
    for (size_t i = 0; i < predict->option_count; i++)
        if (!strcmp(predict->options[i].id, id))
            return predict->options[i].text ? predict->options[i].text : id;
    return id;
}

static void fill_order(Form *form);

static void move_up(GtkButton *button, Form *form)
{
    unsigned at = GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(button), "row"));
    void *moved = form->words->pdata[at];

    form->words->pdata[at] = form->words->pdata[at - 1];
    form->words->pdata[at - 1] = moved;
    fill_order(form);
    notify(form);

    /* The focus goes with the row that moved. */
    if (at - 1 > 0 && form->buttons->pdata[at - 1])
        gtk_widget_grab_focus(form->buttons->pdata[at - 1]);
}

static GtkWidget *order_row(Form *form, unsigned number)
{
    const char *text = option_text(form->predict, form->words->pdata[number]);
    g_autofree char *place = g_strdup_printf("%u.", number + 1);
    g_autofree char *says = g_strdup_printf(_("Move up: %s"), text);
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8),
              *number_label = gtk_label_new(place), *label = gui_label(text, NULL),
              *button = gtk_button_new_from_icon_name("go-up-symbolic");

    gtk_widget_add_css_class(number_label, "numeric"); /* never wrapped, the text beside it is */
    gtk_box_append(GTK_BOX(row), number_label);
    gtk_widget_set_hexpand(label, TRUE);
    gtk_box_append(GTK_BOX(row), label);
    gtk_widget_add_css_class(button, "flat");
    gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
    gtk_widget_set_sensitive(button, number > 0);
    gtk_widget_set_tooltip_text(button, _("Move up"));
    gui_set_accessible(button, says, NULL);
    g_object_set_data(G_OBJECT(button), "row", GUINT_TO_POINTER(number));
    g_signal_connect(button, "clicked", G_CALLBACK(move_up), form);
    g_ptr_array_add(form->buttons, button);
    gtk_box_append(GTK_BOX(row), button);
    return row;
}

static void fill_order(Form *form)
{
    GtkWidget *child;

    g_ptr_array_set_size(form->buttons, 0);
    while ((child = gtk_widget_get_first_child(form->box)))
        gtk_box_remove(GTK_BOX(form->box), child);
    for (unsigned i = 0; i < form->words->len; i++)
        gtk_box_append(GTK_BOX(form->box), order_row(form, i));
}

static void build_order(Form *form)
{
    for (size_t i = 0; i < form->predict->option_count; i++)
        g_ptr_array_add(form->words, g_strdup(form->predict->options[i].id));
    fill_order(form);
}

/* ---- Number ----------------------------------------------------------------------- */

static void build_number(Form *form)
{
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);

    form->number = gtk_spin_button_new_with_range(0, 1e9, 1);
    gui_set_accessible(form->number, form->predict->ask, NULL);
    g_signal_connect_swapped(form->number, "value-changed", G_CALLBACK(notify), form);
    gtk_box_append(GTK_BOX(row), form->number);
    if (form->predict->unit) {
        GtkWidget *unit = gui_label(form->predict->unit, NULL);

        gtk_widget_set_hexpand(unit, TRUE); /* the room that is left, so that no word is broken */
        gtk_box_append(GTK_BOX(row), unit);
    }
    gtk_box_append(GTK_BOX(form->box), row);
}

/* ---- The form --------------------------------------------------------------------- */

static void form_free(void *data)
{
    Form *form = data;

    g_ptr_array_unref(form->buttons);
    g_ptr_array_unref(form->words);
    g_free(form);
}

GtkWidget *gui_predict_new(const SimStepPredict *predict, const SimModel *model,
                           GuiPredictChanged changed, void *user)
{
    Form *form = g_new0(Form, 1);

    form->predict = predict;
    form->changed = changed;
    form->user = user;
    form->buttons = g_ptr_array_new();
    form->words = g_ptr_array_new_with_free_func(g_free);
    form->box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
    g_object_set_data_full(G_OBJECT(form->box), FORM_KEY, form, form_free);
    switch ((SimPredictKind)predict->kind) {
    case SIM_PREDICT_CHOICE: build_choice(form); break;
    case SIM_PREDICT_NUMBER: build_number(form); break;
    case SIM_PREDICT_PORTS: build_ports(form, model); break;
    case SIM_PREDICT_ORDER: build_order(form); break;
    }
    return form->box;
}

char **gui_predict_given(GtkWidget *box)
{
    Form *form = form_of(box);
    g_autoptr(GPtrArray) given = g_ptr_array_new_with_free_func(g_free);

    if (form->number)
        g_ptr_array_add(given, g_strdup_printf("%d", gtk_spin_button_get_value_as_int(
                                                         GTK_SPIN_BUTTON(form->number))));
    else
        for (unsigned i = 0; i < form->words->len; i++)
            if (form->predict->kind == SIM_PREDICT_ORDER ||
                gtk_toggle_button_get_active(form->buttons->pdata[i]))
                g_ptr_array_add(given, g_strdup(form->words->pdata[i]));
    if (given->len == 0 && form->predict->kind != SIM_PREDICT_PORTS)
        return NULL;
    g_ptr_array_add(given, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&given), FALSE);
}

bool gui_predict_point(GtkWidget *box, const char *word)
{
    Form *form = form_of(box);
    unsigned at;

    if (form->predict->kind != SIM_PREDICT_PORTS ||
        !g_ptr_array_find_with_equal_func(form->words, word, g_str_equal, &at))
        return false;

    GtkToggleButton *button = form->buttons->pdata[at];

    gtk_toggle_button_set_active(button, !gtk_toggle_button_get_active(button));
    return true;
}
