/* SPDX-License-Identifier: GPL-2.0-or-later */
/* complete.c: hands what gui/session/suggest.h knows to GtkSourceView. */
#include "gui/app/complete.h"

#include <string.h>

#include "gui/session/suggest.h"

/* ---- One proposal ------------------------------------------------------------------------ */

#define GUI_TYPE_PROPOSAL (gui_proposal_get_type())
G_DECLARE_FINAL_TYPE(GuiProposal, gui_proposal, GUI, PROPOSAL, GObject)

struct _GuiProposal {
    GObject parent;
    char *word, *insert, *meaning;
};

static char *typed_text(GtkSourceCompletionProposal *proposal)
{
    return g_strdup(GUI_PROPOSAL(proposal)->word);
}

static void proposal_interface(GtkSourceCompletionProposalInterface *interface)
{
    interface->get_typed_text = typed_text;
}

G_DEFINE_FINAL_TYPE_WITH_CODE(GuiProposal, gui_proposal, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(GTK_SOURCE_TYPE_COMPLETION_PROPOSAL,
                                                    proposal_interface))

static void gui_proposal_finalize(GObject *object)
{
    GuiProposal *proposal = GUI_PROPOSAL(object);

    g_free(proposal->word);
    g_free(proposal->insert);
    g_free(proposal->meaning);
    G_OBJECT_CLASS(gui_proposal_parent_class)->finalize(object);
}

static void gui_proposal_class_init(GuiProposalClass *class)
{
    G_OBJECT_CLASS(class)->finalize = gui_proposal_finalize;
}

static void gui_proposal_init(GuiProposal *proposal)
{
}

/* ---- The provider --------------------------------------------------------------------------- */

struct _GuiComplete {
    GObject parent;
    char **policies;
};

static GuiJsonPlace place_of(GtkSourceCompletionContext *context, char **ret_text)
{
    GtkTextBuffer *buffer = GTK_TEXT_BUFFER(gtk_source_completion_context_get_buffer(context));
    GtkTextIter start, end, cursor;
    g_autofree char *before = NULL;

    gtk_text_buffer_get_bounds(buffer, &start, &end);
    gtk_text_buffer_get_iter_at_mark(buffer, &cursor, gtk_text_buffer_get_insert(buffer));
    *ret_text = gtk_text_buffer_get_text(buffer, &start, &end, TRUE);
    before = gtk_text_buffer_get_text(buffer, &start, &cursor, TRUE);
    return gui_json_place(*ret_text, strlen(before));
}

/* Those that begin with what is written; of what is in the middle of a word, all. */
static GListModel *populate(GtkSourceCompletionProvider *provider,
                            GtkSourceCompletionContext *context, GError **error)
{
    GListStore *store = g_list_store_new(GUI_TYPE_PROPOSAL);
    g_autofree char *text = NULL, *word = gtk_source_completion_context_get_word(context);
    GuiJsonPlace place = place_of(context, &text);
    g_autoptr(GPtrArray) list =
        gui_suggest(text, &place, (const char *const *)GUI_COMPLETE(provider)->policies);

    for (unsigned i = 0; i < list->len; i++) {
        const GuiSuggestion *one = list->pdata[i];
        g_autoptr(GuiProposal) proposal = NULL;

        if (word && *word && !strstr(one->word, word))
            continue;
        proposal = g_object_new(GUI_TYPE_PROPOSAL, NULL);
        proposal->word = g_strdup(one->word);
        proposal->insert = g_strdup(one->insert);
        proposal->meaning = g_strdup(one->meaning);
        g_list_store_append(store, proposal);
    }
    gui_json_place_clear(&place);
    return G_LIST_MODEL(store);
}

/* What is typed meanwhile: the list is made anew, for the place may mean something else. */
static void refilter(GtkSourceCompletionProvider *provider, GtkSourceCompletionContext *context,
                     GListModel *model)
{
    g_autoptr(GListModel) all = populate(provider, context, NULL);
    GListStore *store = G_LIST_STORE(model);

    g_list_store_remove_all(store);
    for (unsigned i = 0; i < g_list_model_get_n_items(all); i++) {
        g_autoptr(GObject) item = g_list_model_get_item(all, i);

        g_list_store_append(store, item);
    }
}

static void display(GtkSourceCompletionProvider *provider, GtkSourceCompletionContext *context,
                    GtkSourceCompletionProposal *proposal, GtkSourceCompletionCell *cell)
{
    GuiProposal *self = GUI_PROPOSAL(proposal);

    switch (gtk_source_completion_cell_get_column(cell)) {
    case GTK_SOURCE_COMPLETION_COLUMN_TYPED_TEXT:
        gtk_source_completion_cell_set_text(cell, self->word);
        break;
    case GTK_SOURCE_COMPLETION_COLUMN_COMMENT:
    case GTK_SOURCE_COMPLETION_COLUMN_DETAILS:
        gtk_source_completion_cell_set_text(cell, self->meaning ? self->meaning : "");
        break;
    default: gtk_source_completion_cell_set_text(cell, NULL); break;
    }
}

static void iter_at_byte(GtkTextBuffer *buffer, const char *text, size_t byte, GtkTextIter *ret)
{
    gtk_text_buffer_get_iter_at_offset(buffer, ret, (int)g_utf8_strlen(text, (gssize)byte));
}

/* In the place of the word there, and of its quotation marks. */
static void activate(GtkSourceCompletionProvider *provider, GtkSourceCompletionContext *context,
                     GtkSourceCompletionProposal *proposal)
{
    GtkTextBuffer *buffer = GTK_TEXT_BUFFER(gtk_source_completion_context_get_buffer(context));
    GuiProposal *self = GUI_PROPOSAL(proposal);
    g_autofree char *text = NULL, *insert = g_strdup(self->insert);
    GuiJsonPlace place = place_of(context, &text);
    GtkTextIter start, end;
    size_t from = place.start - place.quoted, to = place.end;

    if (place.quoted && text[to] == '"')
        to++;
    gui_json_place_clear(&place);
    iter_at_byte(buffer, text, from, &start);
    iter_at_byte(buffer, text, to, &end);
    gtk_text_buffer_begin_user_action(buffer);
    gtk_text_buffer_delete(buffer, &start, &end);
    gtk_text_buffer_insert(buffer, &start, insert, -1);
    /* Into the quotation marks or brackets that were opened. */
    if (g_str_has_suffix(insert, ": \"\"") || g_str_has_suffix(insert, "{}") ||
        g_str_has_suffix(insert, "[]")) {
        gtk_text_iter_backward_char(&start);
        gtk_text_buffer_place_cursor(buffer, &start);
    }
    gtk_text_buffer_end_user_action(buffer);
}

static gboolean is_trigger(GtkSourceCompletionProvider *provider, const GtkTextIter *iter,
                           gunichar character)
{
    return character == '"';
}

static void provider_interface(GtkSourceCompletionProviderInterface *interface)
{
    interface->populate = populate;
    interface->refilter = refilter;
    interface->display = display;
    interface->activate = activate;
    interface->is_trigger = is_trigger;
}

G_DEFINE_FINAL_TYPE_WITH_CODE(GuiComplete, gui_complete, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(GTK_SOURCE_TYPE_COMPLETION_PROVIDER,
                                                    provider_interface))

static void gui_complete_finalize(GObject *object)
{
    g_strfreev(GUI_COMPLETE(object)->policies);
    G_OBJECT_CLASS(gui_complete_parent_class)->finalize(object);
}

static void gui_complete_class_init(GuiCompleteClass *class)
{
    G_OBJECT_CLASS(class)->finalize = gui_complete_finalize;
}

static void gui_complete_init(GuiComplete *complete)
{
}

GuiComplete *gui_complete_new(const char *const *policies)
{
    GuiComplete *complete = g_object_new(GUI_TYPE_COMPLETE, NULL);

    complete->policies = g_strdupv((char **)policies);
    return complete;
}
