/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tables-view.c: the tables of the world at the selected time: VMs, pCPUs, and each
 * network's MAC addresses. A row that was not so before the last step is marked with a
 * dot and in bold. */
#include "gui/app/view.h"

#include "sim/lab/steps.h"

#define MAX_COLUMNS 8

typedef struct {
    GtkWidget *section; /* heading and card */
    GtkWidget *grid;
    GPtrArray *rows; /* of char *, as shown; columns joined by tabs */
} Table;

typedef struct {
    GuiSession *session;
    GtkWidget *box;
    GPtrArray *tables; /* of Table *, in their order on the page */
    unsigned used;     /* tables filled in this round */
    uint64_t position; /* of the session when they were filled */
} TablesView;

/* ---- A table ------------------------------------------------------------------------ */

static void table_free(void *data)
{
    Table *table = data;

    g_ptr_array_unref(table->rows);
    g_free(table);
}

static Table *table_new(TablesView *view)
{
    Table *table = g_new0(Table, 1);
    GtkWidget *scrolled = gtk_scrolled_window_new();

    table->rows = g_ptr_array_new_with_free_func(g_free);
    table->section = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
    gtk_box_append(GTK_BOX(table->section), gui_label("", "heading"));
    table->grid = gtk_grid_new();
    gtk_grid_set_column_spacing(GTK_GRID(table->grid), 24);
    gtk_grid_set_row_spacing(GTK_GRID(table->grid), 4);
    gtk_widget_add_css_class(table->grid, "table");
    gtk_widget_add_css_class(scrolled, "card");
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_AUTOMATIC,
                                   GTK_POLICY_NEVER);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), table->grid);
    gtk_box_append(GTK_BOX(table->section), scrolled);
    gtk_box_append(GTK_BOX(view->box), table->section);
    g_ptr_array_add(view->tables, table);
    return table;
}

static bool was_there(GPtrArray *rows, const char *row)
{
    return g_ptr_array_find_with_equal_func(rows, row, g_str_equal, NULL);
}

static void fill_row(Table *table, int number, const char *row, const char *style, bool is_new)
{
    g_auto(GStrv) cells = g_strsplit(row, "\t", MAX_COLUMNS);
    g_autofree char *marked = g_strconcat(is_new ? "\342\227\217 " : "", cells[0], NULL);

    for (int column = 0; cells[column]; column++) {
        GtkWidget *label = gui_label(column == 0 ? marked : cells[column], style);

        gtk_label_set_wrap(GTK_LABEL(label), FALSE);
        if (is_new)
            gtk_widget_add_css_class(label, "changed");
        gtk_grid_attach(GTK_GRID(table->grid), label, column, number, 1, 1);
    }
}

/* Shows rows (taken over) under head, which names the columns. mark: rows that were
 * not there before are marked. */
static void show(TablesView *view, const char *title, const char *head, GPtrArray *rows, bool mark)
{
    Table *table =
        view->used < view->tables->len ? view->tables->pdata[view->used] : table_new(view);
    GtkWidget *heading = gtk_widget_get_first_child(table->section), *child;

    view->used++;
    gtk_label_set_text(GTK_LABEL(heading), title);
    while ((child = gtk_widget_get_first_child(table->grid)))
        gtk_grid_remove(GTK_GRID(table->grid), child);
    fill_row(table, 0, head, "caption-heading", false);
    for (unsigned i = 0; i < rows->len; i++)
        fill_row(table, (int)i + 1, rows->pdata[i], NULL,
                 mark && !was_there(table->rows, rows->pdata[i]));
    if (rows->len == 0)
        fill_row(table, 1, _("empty"), "dim-label", false);
    g_ptr_array_unref(table->rows);
    table->rows = rows;
    gui_set_accessible(table->grid, title, NULL);
}

/* ---- What is in them ------------------------------------------------------------------ */

static GPtrArray *vm_rows(const SimModel *model)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func(g_free);

    for (unsigned i = 0; i < model->vms->len; i++) {
        const SimModelVm *vm = sim_model_vm(model, i);
        const SimModelVcpu *vcpu = sim_model_vcpu(model, i, 0);

        if (!vm)
            continue;
        g_ptr_array_add(rows,
                        g_strdup_printf("%s\t%s\t%s\t%u / %u\t%u", vm->name,
                                        sim_name(SIM_NAMES(VmState), vm->state),
                                        vcpu ? sim_name(SIM_NAMES(VcpuState), vcpu->state) : "",
                                        vm->resident_pages, vm->memory_pages, vm->weight));
    }
    return rows;
}

static GPtrArray *pcpu_rows(const SimModel *model)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func(g_free);

    for (unsigned i = 0; i < model->pcpus->len; i++) {
        const SimModelPcpu *pcpu = sim_model_pcpu(model, i);
        const SimModelVm *vm = sim_model_vm(model, pcpu->vm);

        g_ptr_array_add(rows, vm ? g_strdup_printf("pCPU %u\t%s, vCPU %u\t%" G_GUINT64_FORMAT, i,
                                                   vm->name, pcpu->vcpu, pcpu->switches)
                                 : g_strdup_printf("pCPU %u\t%s\t%" G_GUINT64_FORMAT, i, _("idle"),
                                                   pcpu->switches));
    }
    return rows;
}

static GPtrArray *mac_rows(const SimModel *model, const SimModelNetwork *network)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func(g_free);

    for (unsigned i = 0; i < network->macs->len; i++) {
        const SimModelMacRow *mac = &g_array_index(network->macs, SimModelMacRow, i);
        const SimModelPort *port = sim_model_port(model, mac->port);
        g_autofree char *name = lab_port_name(model, mac->port);
        g_autofree char *since = gui_time_text(mac->since);

        g_ptr_array_add(
            rows, g_strdup_printf(
                      "%02x:%02x:%02x:%02x:%02x:%02x\t%u\t%s\t%s", (unsigned)(mac->mac >> 40 & 255),
                      (unsigned)(mac->mac >> 32 & 255), (unsigned)(mac->mac >> 24 & 255),
                      (unsigned)(mac->mac >> 16 & 255), (unsigned)(mac->mac >> 8 & 255),
                      (unsigned)(mac->mac & 255), port ? port->number : 0, name, since));
    }
    return rows;
}

static void refresh(GtkWidget *widget, void *user)
{
    TablesView *view = user;
    const SimModel *model = gui_session_model(view->session);
    uint64_t position = gui_session_position(view->session);
    bool mark = view->position != 0 && position > view->position;

    if (position == view->position && view->used > 0)
        return;
    view->used = 0;
    for (unsigned i = 0; i < model->networks->len; i++) {
        const SimModelNetwork *network = sim_model_network(model, i);
        g_autofree char *title =
            network ? g_strdup_printf(_("MAC table of %s"), network->name) : NULL;

        if (network)
            show(view, title, _("Address\tPort\tLeads to\tSince"), mac_rows(model, network), mark);
    }
    show(view, _("Virtual machines"), _("Name\tState\tvCPU 0\tPages\tWeight"), vm_rows(model),
         mark);
    show(view, _("Physical CPUs"), _("CPU\tRuns\tSwitches"), pcpu_rows(model), mark);
    while (view->tables->len > view->used) {
        Table *table = view->tables->pdata[view->tables->len - 1];

        gtk_box_remove(GTK_BOX(view->box), table->section);
        g_ptr_array_set_size(view->tables, (int)view->tables->len - 1);
    }
    view->position = position;
}

static void tables_view_free(void *user)
{
    TablesView *view = user;

    g_ptr_array_unref(view->tables);
    g_object_unref(view->session);
    g_free(view);
}

GtkWidget *gui_tables_view_new(GuiSession *session)
{
    TablesView *view = g_new0(TablesView, 1);
    GtkWidget *scrolled = gtk_scrolled_window_new(), *clamp = adw_clamp_new();

    view->session = g_object_ref(session);
    view->tables = g_ptr_array_new_with_free_func(table_free);
    view->box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 18);
    gtk_widget_add_css_class(view->box, "tables");
    adw_clamp_set_maximum_size(ADW_CLAMP(clamp), 900);
    adw_clamp_set_child(ADW_CLAMP(clamp), view->box);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), clamp);
    gtk_widget_set_vexpand(scrolled, TRUE);
    g_object_set_data_full(G_OBJECT(view->box), "tables-view", view, tables_view_free);
    gui_view_follow(scrolled, session, refresh, view);
    return scrolled;
}
