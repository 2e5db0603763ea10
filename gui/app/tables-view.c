/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tables-view.c: the tables of the world at the selected time (gui/draw/tables.h). What was
 * not so before the last step is marked with a word and in bold, what is gone since is
 * struck through. */
#include "gui/app/view.h"
#include "gui/draw/tables.h"

#define MAX_COLUMNS 10
#define MAX_ROWS    300u /* that are shown of one table */

typedef struct {
    GtkWidget *section; /* heading and card */
    GtkWidget *grid;
} Card;

typedef struct {
    GuiSession *session;
    GtkWidget *box;
    GArray *cards;     /* of Card, in their order on the page */
    GPtrArray *tables; /* of GuiTable *, as shown; NULL: not yet */
    uint64_t position; /* of the session when they were filled */
} TablesView;

/* ---- A table ------------------------------------------------------------------------ */

static Card *card_at(TablesView *view, unsigned number)
{
    GtkWidget *scrolled;
    Card card;

    if (number < view->cards->len)
        return &g_array_index(view->cards, Card, number);
    scrolled = gtk_scrolled_window_new();
    card.section = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
    gtk_box_append(GTK_BOX(card.section), gui_label("", "heading"));
    card.grid = gtk_grid_new();
    gtk_grid_set_column_spacing(GTK_GRID(card.grid), 24);
    gtk_grid_set_row_spacing(GTK_GRID(card.grid), 4);
    gtk_widget_add_css_class(card.grid, "table");
    gtk_widget_add_css_class(scrolled, "card");
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_AUTOMATIC,
                                   GTK_POLICY_NEVER);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), card.grid);
    gtk_box_append(GTK_BOX(card.section), scrolled);
    gtk_box_append(GTK_BOX(view->box), card.section);
    g_array_append_val(view->cards, card);
    return &g_array_index(view->cards, Card, number);
}

static void put_row(Card *card, int number, const char *text, const char *word, const char *style,
                    uint32_t strong)
{
    g_auto(GStrv) cells = g_strsplit(text, "\t", MAX_COLUMNS);

    gtk_grid_attach(GTK_GRID(card->grid), gui_label(word, "changed"), 0, number, 1, 1);
    for (int column = 0; cells[column]; column++) {
        GtkWidget *label = gui_label(cells[column], style);

        gtk_label_set_wrap(GTK_LABEL(label), FALSE);
        gui_label_keep_order(label);
        if (strong >> column & 1)
            gtk_widget_add_css_class(label, "changed");
        gtk_grid_attach(GTK_GRID(card->grid), label, column + 1, number, 1, 1);
    }
}

static void show(Card *card, const GuiTable *table)
{
    g_autofree char *title =
        g_strdup_printf("%s%s%s", _(table->title), *table->of ? " " : "", table->of);
    unsigned shown = MIN(table->rows->len, MAX_ROWS);
    GtkWidget *heading = gtk_widget_get_first_child(card->section), *child;
    int number = 0;

    gtk_label_set_text(GTK_LABEL(heading), title);
    gui_set_accessible(card->grid, title, NULL);
    while ((child = gtk_widget_get_first_child(card->grid)))
        gtk_grid_remove(GTK_GRID(card->grid), child);
    put_row(card, number++, _(table->head), "", "caption-heading", 0);
    for (unsigned i = 0; i < shown; i++) {
        const GuiRow *row = table->rows->pdata[i];

        put_row(card, number++, row->cells, *row->word ? _(row->word) : "",
                row->gone ? "gone" : NULL, row->strong);
    }
    if (table->rows->len > shown) {
        g_autofree char *more = g_strdup_printf(_("and %u more"), table->rows->len - shown);

        put_row(card, number++, more, "", "dim-label", 0);
    }
    if (number == 1)
        put_row(card, number++, _("empty"), "", "dim-label", 0);
}

static void refresh(GtkWidget *widget, void *user)
{
    TablesView *view = user;
    uint64_t position = gui_session_position(view->session);
    g_autoptr(GPtrArray) before = NULL;

    if (position == view->position && view->tables)
        return;
    before = g_steal_pointer(&view->tables);
    view->tables = gui_world_tables(gui_session_model(view->session));
    if (before && view->position != 0 && position > view->position)
        gui_tables_mark(view->tables, before);
    for (unsigned i = 0; i < view->tables->len; i++)
        show(card_at(view, i), view->tables->pdata[i]);
    while (view->cards->len > view->tables->len) {
        const Card *card = &g_array_index(view->cards, Card, view->cards->len - 1);

        gtk_box_remove(GTK_BOX(view->box), card->section);
        g_array_set_size(view->cards, view->cards->len - 1);
    }
    view->position = position;
}

static GuiSheet *make_sheet(void *user)
{
    TablesView *view = user;
    GuiSheet *sheet = gui_sheet_new();

    for (unsigned i = 0; view->tables && i < view->tables->len; i++)
        gui_sheet_add_table(sheet, gui_table_copy(view->tables->pdata[i]));
    return sheet;
}

static void tables_view_free(void *user)
{
    TablesView *view = user;

    g_clear_pointer(&view->tables, g_ptr_array_unref);
    g_array_unref(view->cards);
    g_object_unref(view->session);
    g_free(view);
}

GtkWidget *gui_tables_view_new(GuiSession *session)
{
    TablesView *view = g_new0(TablesView, 1);
    GtkWidget *scrolled = gtk_scrolled_window_new(), *clamp = adw_clamp_new();

    view->session = g_object_ref(session);
    view->cards = g_array_new(FALSE, FALSE, sizeof(Card));
    view->box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 18);
    gtk_widget_add_css_class(view->box, "tables");
    adw_clamp_set_maximum_size(ADW_CLAMP(clamp), 900);
    adw_clamp_set_child(ADW_CLAMP(clamp), view->box);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), clamp);
    gtk_widget_set_vexpand(scrolled, TRUE);
    g_object_set_data_full(G_OBJECT(view->box), "tables-view", view, tables_view_free);
    gui_view_set_sheet(scrolled, make_sheet, view);
    gui_view_follow(scrolled, session, refresh, view);
    return scrolled;
}
