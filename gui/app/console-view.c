/* SPDX-License-Identifier: GPL-2.0-or-later */
/* console-view.c: what each VM has printed up to the selected time. */
#include "gui/app/view.h"

#include <string.h>

#include "gui/draw/pages.h"

typedef struct {
    GuiSession *session;
    GtkWidget *stack; /* of one page per VM */
    GPtrArray *texts; /* of GtkTextView, by VM */
} ConsoleView;

/* The page of the stack in which a text stands. */
static GtkWidget *page_of(GtkWidget *text)
{
    return gtk_widget_get_ancestor(text, GTK_TYPE_OVERLAY);
}

static GtkTextView *add_page(ConsoleView *view, const SimModelVm *vm)
{
    GtkWidget *scrolled = gtk_scrolled_window_new(), *text = gtk_text_view_new();
    GtkWidget *page = gtk_overlay_new();
    GtkWidget *empty = gui_label(_("Nothing has been printed yet"), "dim-label");
    g_autofree char *name = g_strdup_printf("vm%u", vm->vm);
    g_autofree char *says = g_strdup_printf(_("Console of %s"), vm->name);

    gtk_text_view_set_editable(GTK_TEXT_VIEW(text), FALSE);
    gtk_text_view_set_monospace(GTK_TEXT_VIEW(text), TRUE);
    gtk_text_view_set_wrap_mode(GTK_TEXT_VIEW(text), GTK_WRAP_CHAR);
    gtk_text_view_set_left_margin(GTK_TEXT_VIEW(text), 12);
    gtk_text_view_set_right_margin(GTK_TEXT_VIEW(text), 12);
    gtk_text_view_set_top_margin(GTK_TEXT_VIEW(text), 12);
    gtk_widget_add_css_class(text, "console");
    gui_set_accessible(text, says, NULL);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), text);
    gtk_widget_set_vexpand(scrolled, TRUE);
    gtk_widget_set_halign(empty, GTK_ALIGN_CENTER);
    gtk_widget_set_valign(empty, GTK_ALIGN_CENTER);
    gtk_widget_set_can_target(empty, FALSE);
    gtk_overlay_set_child(GTK_OVERLAY(page), scrolled);
    gtk_overlay_add_overlay(GTK_OVERLAY(page), empty);
    g_object_set_data(G_OBJECT(text), "empty", empty);
    gtk_stack_add_titled(GTK_STACK(view->stack), page, name, vm->name);
    g_ptr_array_add(view->texts, text);
    return GTK_TEXT_VIEW(text);
}

/* Only what differs is replaced: most often something is added at the end. */
static void set_text(GtkTextView *text, const char *console, size_t length)
{
    GtkTextBuffer *buffer = gtk_text_view_get_buffer(text);
    g_autofree char *valid = g_utf8_make_valid(console, (gssize)length);
    GtkTextIter start, end;

    gtk_text_buffer_get_bounds(buffer, &start, &end);

    g_autofree char *shown = gtk_text_buffer_get_text(buffer, &start, &end, TRUE);
    size_t had = strlen(shown);

    if (!strcmp(shown, valid))
        return;
    gtk_widget_set_visible(g_object_get_data(G_OBJECT(text), "empty"), !*valid);
    if (g_str_has_prefix(valid, shown)) {
        gtk_text_buffer_insert(buffer, &end, valid + had, -1);
    } else {
        gtk_text_buffer_set_text(buffer, valid, -1);
        gtk_text_buffer_get_end_iter(buffer, &end);
    }
    gtk_text_view_scroll_to_iter(text, &end, 0, FALSE, 0, 1);
}

static void refresh(GtkWidget *widget, void *user)
{
    ConsoleView *view = user;
    const SimModel *model = gui_session_model(view->session);
    GuiEntity selected = gui_session_selected(view->session);

    while (view->texts->len > model->vms->len) {
        GtkWidget *text = view->texts->pdata[view->texts->len - 1];

        gtk_stack_remove(GTK_STACK(view->stack), page_of(text));
        g_ptr_array_set_size(view->texts, (int)view->texts->len - 1);
    }
    for (unsigned i = 0; i < model->vms->len; i++) {
        const SimModelVm *vm = sim_model_vm(model, i);
        size_t length;
        const char *console = vm ? sim_model_console(vm, &length) : NULL;

        if (!vm)
            continue;
        set_text(i < view->texts->len ? view->texts->pdata[i] : add_page(view, vm), console,
                 length);
    }
    if (selected.kind == GUI_ENTITY_VM && selected.a < view->texts->len)
        gtk_stack_set_visible_child(GTK_STACK(view->stack),
                                    page_of(view->texts->pdata[selected.a]));
}

/* Of the VM that is seen. */
static GuiSheet *make_sheet(void *user)
{
    ConsoleView *view = user;
    const char *name = gtk_stack_get_visible_child_name(GTK_STACK(view->stack));
    uint32_t vm = name ? (uint32_t)strtoul(name + strlen("vm"), NULL, 10) : GUI_PAGE_ALL;

    return gui_page_console(gui_session_model(view->session), vm);
}

static void trace_changed(GuiSession *session, ConsoleView *view)
{
    for (unsigned i = 0; i < view->texts->len; i++)
        gtk_stack_remove(GTK_STACK(view->stack), page_of(view->texts->pdata[i]));
    g_ptr_array_set_size(view->texts, 0);
}

static void console_view_free(void *user)
{
    ConsoleView *view = user;

    g_signal_handlers_disconnect_by_data(view->session, view);
    g_object_unref(view->session);
    g_ptr_array_unref(view->texts);
    g_free(view);
}

GtkWidget *gui_console_view_new(GuiSession *session)
{
    ConsoleView *view = g_new0(ConsoleView, 1);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkWidget *switcher = gtk_stack_switcher_new(), *bar = gtk_scrolled_window_new();

    view->session = g_object_ref(session);
    view->texts = g_ptr_array_new();
    view->stack = gtk_stack_new();
    gtk_stack_switcher_set_stack(GTK_STACK_SWITCHER(switcher), GTK_STACK(view->stack));
    gtk_widget_set_halign(switcher, GTK_ALIGN_CENTER);
    gtk_widget_add_css_class(switcher, "view-bar");
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(bar), GTK_POLICY_AUTOMATIC,
                                   GTK_POLICY_NEVER);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(bar), switcher);
    gtk_box_append(GTK_BOX(box), bar);
    gtk_box_append(GTK_BOX(box), view->stack);
    g_object_set_data_full(G_OBJECT(view->stack), "console-view", view, console_view_free);
    g_signal_connect(session, "trace-changed", G_CALLBACK(trace_changed), view);
    gui_view_set_sheet(box, make_sheet, view);
    gui_view_follow(box, session, refresh, view);
    return box;
}
