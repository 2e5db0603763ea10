/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tables-view.c: the tables of the world at the selected time: each network's MAC addresses,
 * translated connections, forward rules and leases; VMs and pCPUs. What was not so before the
 * last step is marked with a word and in bold, what is gone since is struck through.
 *
 * A row is one text, its cells parted by tabs; the first cells, as many as the table says, tell
 * which row it is. */
#include "gui/app/view.h"

#include <string.h>

#include "netsim/proto/headers.h"
#include "netsim/proto/text.h"
#include "sim/lab/steps.h"

#define MAX_COLUMNS 10
#define MAX_ROWS    300 /* that are shown of one table */

typedef struct {
    const char *title; /* of the section, "MAC table of %s" */
    const char *head;  /* names of the columns */
    unsigned key;      /* cells that tell which row it is */
} Kind;

typedef struct {
    GtkWidget *section; /* heading and card */
    GtkWidget *grid;
    GPtrArray *rows; /* of char *, as shown */
    char *title;
} Table;

typedef struct {
    GuiSession *session;
    GtkWidget *box;
    GPtrArray *tables; /* of Table *, in their order on the page */
    unsigned used;     /* tables filled in this round */
    uint64_t position; /* of the session when they were filled */
    bool mark;         /* this round marks what is new */
} TablesView;

/* ---- A table ------------------------------------------------------------------------ */

static void table_free(void *data)
{
    Table *table = data;

    g_ptr_array_unref(table->rows);
    g_free(table->title);
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

/* The row of the same key; NULL: none. */
static const char *same_row(GPtrArray *rows, const char *row, unsigned key)
{
    const char *end = row;

    for (unsigned i = 0; i < key && end; i++)
        end = strchr(end + (i > 0), '\t');

    size_t length = end ? (size_t)(end - row) : strlen(row);

    for (unsigned i = 0; i < rows->len; i++) {
        const char *other = rows->pdata[i];

        if (!strncmp(other, row, length) && (other[length] == '\t' || !other[length]))
            return other;
    }
    return NULL;
}

/* word: what happened to it, "" nothing. before: its cells then, to mark those that differ. */
static void fill_row(Table *table, int number, const char *row, const char *style, const char *word,
                     const char *before)
{
    g_auto(GStrv) cells = g_strsplit(row, "\t", MAX_COLUMNS);
    g_auto(GStrv) had = before ? g_strsplit(before, "\t", MAX_COLUMNS) : NULL;
    GtkWidget *mark = gui_label(word, "changed");

    gtk_grid_attach(GTK_GRID(table->grid), mark, 0, number, 1, 1);
    for (int column = 0; cells[column]; column++) {
        bool differs =
            had && (unsigned)column < g_strv_length(had) && strcmp(had[column], cells[column]);
        GtkWidget *label = gui_label(cells[column], style);

        gtk_label_set_wrap(GTK_LABEL(label), FALSE);
        if (differs || (*word && !had))
            gtk_widget_add_css_class(label, "changed");
        gtk_grid_attach(GTK_GRID(table->grid), label, column + 1, number, 1, 1);
    }
}

static void fill_rows(TablesView *view, Table *table, const Kind *kind, GPtrArray *rows)
{
    unsigned shown = MIN(rows->len, MAX_ROWS);
    int number = 1;

    for (unsigned i = 0; i < shown; i++) {
        const char *row = rows->pdata[i];
        const char *before = view->mark ? same_row(table->rows, row, kind->key) : NULL;
        bool changed = before && strcmp(before, row);

        fill_row(table, number++, row, NULL,
                 !view->mark ? ""
                 : !before   ? _("new")
                 : changed   ? _("changed")
                             : "",
                 changed ? before : NULL);
    }
    for (unsigned i = 0; view->mark && i < MIN(table->rows->len, MAX_ROWS); i++)
        if (!same_row(rows, table->rows->pdata[i], kind->key))
            fill_row(table, number++, table->rows->pdata[i], "gone", _("gone"), NULL);
    if (rows->len > shown) {
        g_autofree char *more = g_strdup_printf(_("and %u more"), rows->len - shown);

        fill_row(table, number++, more, "dim-label", "", NULL);
    }
    if (number == 1)
        fill_row(table, number, _("empty"), "dim-label", "", NULL);
}

/* Shows rows (taken over), with what has changed since the same table was shown. */
static void show(TablesView *view, const Kind *kind, const char *of, GPtrArray *rows)
{
    g_autofree char *title = g_strdup_printf("%s%s%s", _(kind->title), *of ? " " : "", of);
    Table *table =
        view->used < view->tables->len ? view->tables->pdata[view->used] : table_new(view);
    GtkWidget *heading = gtk_widget_get_first_child(table->section), *child;

    view->used++;
    if (g_strcmp0(table->title, title)) {
        g_free(table->title);
        table->title = g_strdup(title);
        g_ptr_array_set_size(table->rows, 0);
    }
    gtk_label_set_text(GTK_LABEL(heading), title);
    while ((child = gtk_widget_get_first_child(table->grid)))
        gtk_grid_remove(GTK_GRID(table->grid), child);
    fill_row(table, 0, _(kind->head), "caption-heading", "", NULL);
    fill_rows(view, table, kind, rows);
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

static char *socket_text(const SimModelSocket *socket)
{
    char address[NET_IP4_TEXT_BYTES];

    net_ip4_format(socket->address, address);
    return g_strdup_printf("%s:%u", socket->address ? address : "*", socket->port);
}

static const char *protocol_name(uint8_t protocol)
{
    return protocol == NET_PROTOCOL_TCP    ? "tcp"
           : protocol == NET_PROTOCOL_UDP  ? "udp"
           : protocol == NET_PROTOCOL_ICMP ? "icmp"
                                           : "?";
}

/* Whose NAT or server a part is, when there are several. */
static char *part_name(const SimModel *model, uint32_t part)
{
    const SimModelVm *vm = sim_model_vm(model, sim_model_part_vm(model, part));

    return g_strdup(vm ? vm->name : "");
}

static GPtrArray *nat_rows(const SimModel *model, const SimModelNetwork *network)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func(g_free);

    for (unsigned i = 0; i < network->nat->len; i++) {
        const SimModelNatRow *row = &g_array_index(network->nat, SimModelNatRow, i);
        g_autofree char *of = part_name(model, row->part), *inside = socket_text(&row->inside);
        g_autofree char *outside = socket_text(&row->outside);
        g_autofree char *peer = socket_text(&row->outside_peer);
        g_autofree char *until = gui_time_text(row->expires_ns);

        g_ptr_array_add(rows,
                        g_strdup_printf("%u\t%s\t%s\t%s\t%s\t%s\t%s\t%" G_GUINT64_FORMAT
                                        " / %" G_GUINT64_FORMAT "\t%s",
                                        row->row, of, protocol_name(row->protocol), inside, outside,
                                        peer, sim_name(SIM_NAMES(NatState), row->state),
                                        row->packets_out, row->packets_in, until));
    }
    return rows;
}

static GPtrArray *rule_rows(const SimModel *model, const SimModelNetwork *network)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func(g_free);

    for (unsigned i = 0; i < network->rules->len; i++) {
        const SimModelRule *rule = &g_array_index(network->rules, SimModelRule, i);
        g_autofree char *of = part_name(model, rule->part), *host = socket_text(&rule->host);
        g_autofree char *guest = socket_text(&rule->guest);

        g_ptr_array_add(rows, g_strdup_printf("%s\t%s\t%s\t%s\t%s", rule->name, of,
                                              protocol_name(rule->protocol), host, guest));
    }
    return rows;
}

static GPtrArray *lease_rows(const SimModel *model, const SimModelNetwork *network)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func(g_free);

    for (unsigned i = 0; i < network->leases->len; i++) {
        const SimModelLease *lease = &g_array_index(network->leases, SimModelLease, i);
        g_autofree char *until = gui_time_text(lease->expires_ns);
        char address[NET_IP4_TEXT_BYTES];

        net_ip4_format(lease->address, address);
        g_ptr_array_add(rows, g_strdup_printf("%s\t%012" G_GINT64_MODIFIER "x\t%s\t%s", address,
                                              lease->mac, lease->name, until));
    }
    return rows;
}

static void show_network(TablesView *view, const SimModel *model, const SimModelNetwork *network)
{
    static const Kind macs = {N_("MAC table of"), N_("Address\tPort\tLeads to\tSince"), 1};
    static const Kind nat = {N_("Translated connections of"),
                             N_("Row\tOf\tBy\tInside\tOutside\tWith\tState\tOut / in\tUntil"), 2};
    static const Kind rules = {N_("Forward rules of"), N_("Name\tOf\tBy\tHost\tLeads to"), 2};
    static const Kind leases = {N_("DHCP leases of"), N_("Address\tMAC\tName\tUntil"), 1};
    bool nats = network->mode == SIM_NET_MODE_NAT || network->mode == SIM_NET_MODE_NAT_NETWORK;

    show(view, &macs, network->name, mac_rows(model, network));
    if (nats || network->nat->len > 0)
        show(view, &nat, network->name, nat_rows(model, network));
    if (nats || network->rules->len > 0)
        show(view, &rules, network->name, rule_rows(model, network));
    if (network->leases->len > 0)
        show(view, &leases, network->name, lease_rows(model, network));
}

static void refresh(GtkWidget *widget, void *user)
{
    static const Kind machines = {N_("Virtual machines"), N_("Name\tState\tvCPU 0\tPages\tWeight"),
                                  1};
    static const Kind cpus = {N_("Physical CPUs"), N_("CPU\tRuns\tSwitches"), 1};
    TablesView *view = user;
    const SimModel *model = gui_session_model(view->session);
    uint64_t position = gui_session_position(view->session);

    if (position == view->position && view->used > 0)
        return;
    view->mark = view->position != 0 && position > view->position;
    view->used = 0;
    for (unsigned i = 0; i < model->networks->len; i++) {
        const SimModelNetwork *network = sim_model_network(model, i);

        if (network)
            show_network(view, model, network);
    }
    show(view, &machines, "", vm_rows(model));
    show(view, &cpus, "", pcpu_rows(model));
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
