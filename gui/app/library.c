/* SPDX-License-Identifier: GPL-2.0-or-later */
/* library.c: cards are buttons in flow boxes, built from the scenarios' own words. */
#include "gui/app/library.h"

#include <string.h>

#include "gui/app/common.h"
#include "sim/scenario/scenario.h"

#define START_ID    "first/five-minutes"
#define MAX_RECENT  6
#define LIBRARY_KEY "gui-library"

typedef struct {
    GtkWidget *topics; /* a section for each */
    GtkWidget *recent; /* section */
    GtkWidget *start;  /* the large card */
    GtkWidget *empty;  /* nothing was found */
    char *search;      /* casefolded; "" for all */
} Library;

static Library *library_of(GtkWidget *widget)
{
    return g_object_get_data(G_OBJECT(widget), LIBRARY_KEY);
}

/* ---- What is kept ----------------------------------------------------------------- */

char *gui_scenario_directory(void)
{
    const char *named = g_getenv("HVLAB_SCENARIOS");

    if (named)
        return g_strdup(named);
    if (g_file_test(HVLAB_INSTALLED_SCENARIOS, G_FILE_TEST_IS_DIR))
        return g_strdup(HVLAB_INSTALLED_SCENARIOS);
    return g_strdup(HVLAB_SOURCE_SCENARIOS);
}

void gui_remember_recent(const char *path)
{
    g_auto(GStrv) before = g_settings_get_strv(gui_settings(), "recent-files");
    g_autoptr(GPtrArray) now = g_ptr_array_new();

    g_ptr_array_add(now, (void *)path);
    for (char **old = before; *old && now->len < MAX_RECENT; old++)
        if (strcmp(*old, path))
            g_ptr_array_add(now, *old);
    g_ptr_array_add(now, NULL);
    g_settings_set_strv(gui_settings(), "recent-files", (const char *const *)now->pdata);
}

static unsigned progress_of(const char *id)
{
    g_autoptr(GVariant) all = g_settings_get_value(gui_settings(), "progress");
    unsigned percent = 0;

    g_variant_lookup(all, id, "u", &percent);
    return percent;
}

void gui_remember_progress(const char *id, unsigned step, unsigned count)
{
    g_autoptr(GVariant) before = g_settings_get_value(gui_settings(), "progress");
    unsigned percent = count ? (step + 1) * 100 / count : 100, value;
    GVariantBuilder builder;
    GVariantIter iter;
    const char *key;

    if (percent <= progress_of(id))
        return;
    g_variant_builder_init(&builder, G_VARIANT_TYPE("a{su}"));
    g_variant_iter_init(&iter, before);
    while (g_variant_iter_next(&iter, "{&su}", &key, &value))
        if (strcmp(key, id))
            g_variant_builder_add(&builder, "{su}", key, value);
    g_variant_builder_add(&builder, "{su}", id, percent);
    g_settings_set_value(gui_settings(), "progress", g_variant_builder_end(&builder));
}

/* ---- Cards ------------------------------------------------------------------------- */

static GtkWidget *card_button(GtkWidget *inside, const char *path, const char *name)
{
    GtkWidget *button = gtk_button_new();

    gtk_button_set_child(GTK_BUTTON(button), inside);
    gtk_widget_add_css_class(button, "card");
    gtk_actionable_set_action_name(GTK_ACTIONABLE(button), "app.open-path");
    gtk_actionable_set_action_target(GTK_ACTIONABLE(button), "s", path);
    gui_set_accessible(button, name, NULL);
    return button;
}

/* "Level 1 · 5 minutes" */
static char *facts(const SimScenarioInfo *info)
{
    g_autofree char *minutes = g_strdup_printf(
        ngettext("%u minute", "%u minutes", (unsigned)info->minutes), (unsigned)info->minutes);

    return g_strdup_printf(_("Level %u \302\267 %s"), (unsigned)info->level, minutes);
}

static GtkWidget *scenario_card(const SimScenarioInfo *info)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
    GtkWidget *title = gui_label(info->title, "heading"), *bar;
    g_autofree char *text = facts(info);
    unsigned percent = progress_of(info->id);

    gtk_label_set_max_width_chars(GTK_LABEL(title), 24);
    gtk_label_set_lines(GTK_LABEL(title), 2);
    gtk_label_set_ellipsize(GTK_LABEL(title), PANGO_ELLIPSIZE_END);
    gtk_widget_set_vexpand(title, TRUE);
    gtk_widget_set_valign(title, GTK_ALIGN_START);
    gtk_box_append(GTK_BOX(box), title);
    gtk_box_append(GTK_BOX(box), gui_label(text, "dim-label"));
    if (percent > 0) {
        bar = gtk_progress_bar_new();
        gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(bar), percent / 100.0);
        gui_set_accessible(bar, _("Your progress"), NULL);
        gtk_box_append(GTK_BOX(box), bar);
    }
    gtk_widget_add_css_class(box, "scenario-card");

    GtkWidget *card = card_button(box, info->path, info->title);

    g_object_set_data_full(G_OBJECT(card), "search", g_strconcat(info->title, " ", info->id, NULL),
                           g_free);
    return card;
}

static GtkWidget *recent_card(const char *path)
{
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *folder = g_path_get_dirname(path);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2);
    GtkWidget *place = gui_label(folder, "dim-label"), *title = gui_label(name, "heading");

    gtk_label_set_wrap(GTK_LABEL(place), FALSE);
    gtk_label_set_ellipsize(GTK_LABEL(place), PANGO_ELLIPSIZE_START);
    gtk_label_set_wrap(GTK_LABEL(title), FALSE);
    gtk_label_set_ellipsize(GTK_LABEL(title), PANGO_ELLIPSIZE_MIDDLE);
    gtk_box_append(GTK_BOX(box), title);
    gtk_box_append(GTK_BOX(box), place);
    gtk_widget_add_css_class(box, "scenario-card");

    GtkWidget *card = card_button(box, path, name);

    g_object_set_data_full(G_OBJECT(card), "search", g_strdup(path), g_free);
    return card;
}

static GtkWidget *start_card(const SimScenarioInfo *info)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 24);
    GtkWidget *words = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
    GtkWidget *picture = gtk_image_new_from_icon_name(GUI_APP_ID);
    GtkWidget *go = gtk_image_new_from_icon_name("media-playback-start-symbolic");

    gtk_widget_add_css_class(picture, "picture");
    gtk_box_append(GTK_BOX(words), gui_label(_("Start here, 5 minutes"), "title-1"));
    gtk_box_append(GTK_BOX(words),
                   gui_label(_("Three computers run inside this one. Predict what they do, then "
                               "watch it happen."),
                             NULL));
    gtk_widget_set_hexpand(words, TRUE);
    gtk_widget_set_valign(words, GTK_ALIGN_CENTER);
    gtk_widget_add_css_class(go, "go");
    gtk_box_append(GTK_BOX(box), picture);
    gtk_box_append(GTK_BOX(box), words);
    gtk_box_append(GTK_BOX(box), go);
    gtk_widget_add_css_class(box, "start-card");

    GtkWidget *card = card_button(box, info->path, _("Start here, 5 minutes"));

    gtk_widget_add_css_class(card, "accent-card");
    return card;
}

/* ---- Sections ------------------------------------------------------------------------ */

/* "first" -> "First steps", "networking" -> "Networking" */
static char *topic_title(const char *topic)
{
    static const struct {
        const char *topic, *title;
    } known[] = {{"first", N_("First steps")},
                 {"networking", N_("Networking")},
                 {"memory", N_("Memory")},
                 {"cpu", N_("CPU")},
                 {"scheduling", N_("Scheduling")}};

    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (!strcmp(topic, known[i].topic))
            return g_strdup(_(known[i].title));

    char *title = g_strdelimit(g_strdup(topic), "-_", ' ');

    *title = g_ascii_toupper(*title);
    return title;
}

static gboolean fits(GtkFlowBoxChild *child, void *user)
{
    const Library *library = user;
    const char *text = g_object_get_data(G_OBJECT(gtk_flow_box_child_get_child(child)), "search");
    g_autofree char *folded = g_utf8_casefold(text, -1);

    return !*library->search || strstr(folded, library->search);
}

static GtkWidget *section(Library *library, const char *title)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12);
    GtkWidget *flow = gtk_flow_box_new();

    gtk_flow_box_set_selection_mode(GTK_FLOW_BOX(flow), GTK_SELECTION_NONE);
    gtk_flow_box_set_homogeneous(GTK_FLOW_BOX(flow), TRUE);
    gtk_flow_box_set_max_children_per_line(GTK_FLOW_BOX(flow), 4);
    gtk_flow_box_set_column_spacing(GTK_FLOW_BOX(flow), 12);
    gtk_flow_box_set_row_spacing(GTK_FLOW_BOX(flow), 12);
    gtk_flow_box_set_filter_func(GTK_FLOW_BOX(flow), fits, library, NULL);
    gtk_box_append(GTK_BOX(box), gui_label(title, "title-4"));
    gtk_box_append(GTK_BOX(box), flow);
    g_object_set_data(G_OBJECT(box), "flow", flow);
    return box;
}

static void add_card(GtkWidget *section, GtkWidget *card)
{
    GtkWidget *child = gtk_flow_box_child_new();

    /* The card takes the focus, not what holds it. */
    gtk_flow_box_child_set_child(GTK_FLOW_BOX_CHILD(child), card);
    gtk_widget_set_focusable(child, FALSE);
    gtk_flow_box_append(g_object_get_data(G_OBJECT(section), "flow"), child);
}

static void clear(GtkWidget *box)
{
    GtkWidget *child;

    while ((child = gtk_widget_get_first_child(box)))
        gtk_box_remove(GTK_BOX(box), child);
}

/* Topics in the order in which one learns them, others after them by name. */
static unsigned topic_rank(const char *id)
{
    static const char *const order[] = {"first/", "networking/", "cpu/", "memory/"};

    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++)
        if (g_str_has_prefix(id, order[i]))
            return i;
    return G_N_ELEMENTS(order);
}

/* In a topic the easy ones first, then the short ones. */
static int by_rank(const void *a, const void *b)
{
    const SimScenarioInfo *one = *(SimScenarioInfo *const *)a;
    const SimScenarioInfo *other = *(SimScenarioInfo *const *)b;
    unsigned rank, other_rank;

    if (!one->id || !other->id)
        return !one->id - !other->id;
    rank = topic_rank(one->id);
    other_rank = topic_rank(other->id);
    if (rank != other_rank)
        return rank < other_rank ? -1 : 1;
    if (rank == 4) {
        const char *slash = strchr(one->id, '/'), *other_slash = strchr(other->id, '/');
        size_t length = slash ? (size_t)(slash - one->id) : 0;
        size_t other_length = other_slash ? (size_t)(other_slash - other->id) : 0;
        int order = strncmp(one->id, other->id, MAX(length, other_length));

        if (order)
            return order;
    }
    if (one->level != other->level)
        return one->level < other->level ? -1 : 1;
    if (one->minutes != other->minutes)
        return one->minutes < other->minutes ? -1 : 1;
    return strcmp(one->id, other->id);
}

static void fill_topics(Library *library)
{
    g_autofree char *directory = gui_scenario_directory();
    g_autoptr(GPtrArray) all = sim_scenario_list(directory, NULL);
    g_autofree char *topic = NULL;
    GtkWidget *current = NULL;

    if (all)
        g_ptr_array_sort(all, by_rank);
    clear(library->topics);
    clear(library->start);
    for (unsigned i = 0; all && i < all->len; i++) {
        const SimScenarioInfo *info = all->pdata[i];

        if (!info->id)
            continue;
        if (!strcmp(info->id, START_ID)) {
            gtk_box_append(GTK_BOX(library->start), start_card(info));
            continue;
        }

        const char *slash = strchr(info->id, '/');
        g_autofree char *own =
            slash ? g_strndup(info->id, (size_t)(slash - info->id)) : g_strdup("other");

        if (!current || strcmp(own, topic)) {
            g_autofree char *title = topic_title(own);

            current = section(library, title);
            gtk_box_append(GTK_BOX(library->topics), current);
            g_free(topic);
            topic = g_steal_pointer(&own);
        }
        add_card(current, scenario_card(info));
    }
}

static void fill_recent(Library *library)
{
    g_auto(GStrv) paths = g_settings_get_strv(gui_settings(), "recent-files");
    GtkWidget *box = section(library, _("Opened lately"));
    bool any = false;

    clear(library->recent);
    for (char **path = paths; *path; path++)
        if (g_file_test(*path, G_FILE_TEST_EXISTS)) {
            add_card(box, recent_card(*path));
            any = true;
        }
    gtk_box_append(GTK_BOX(library->recent), box);
    gtk_widget_set_visible(library->recent, any);
}

void gui_library_refresh(GtkWidget *widget)
{
    fill_topics(library_of(widget));
    fill_recent(library_of(widget));
}

/* Sections in which nothing is left are hidden with their titles. */
static bool filter_section(GtkWidget *section)
{
    GtkFlowBox *flow = g_object_get_data(G_OBJECT(section), "flow");
    bool any = false;

    gtk_flow_box_invalidate_filter(flow);
    for (GtkWidget *child = gtk_widget_get_first_child(GTK_WIDGET(flow)); child;
         child = gtk_widget_get_next_sibling(child))
        any = any || gtk_widget_get_child_visible(child);
    gtk_widget_set_visible(section, any);
    return any;
}

void gui_library_search(GtkWidget *widget, const char *text)
{
    Library *library = library_of(widget);
    bool any = false;

    g_free(library->search);
    library->search = g_utf8_casefold(text, -1);
    gtk_widget_set_visible(library->start, !*text);
    for (GtkWidget *topic = gtk_widget_get_first_child(library->topics); topic;
         topic = gtk_widget_get_next_sibling(topic))
        any = filter_section(topic) || any;

    GtkWidget *recent = gtk_widget_get_first_child(library->recent);

    if (recent)
        any = filter_section(recent) || any;
    gtk_widget_set_visible(library->empty, *text && !any);
}

/* ---- The widget ------------------------------------------------------------------------ */

static void library_free(void *data)
{
    Library *library = data;

    g_free(library->search);
    g_free(library);
}

GtkWidget *gui_library_new(void)
{
    Library *library = g_new0(Library, 1);
    GtkWidget *scrolled = gtk_scrolled_window_new(), *clamp = adw_clamp_new();
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 24);

    library->search = g_strdup("");
    library->start = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    library->topics = gtk_box_new(GTK_ORIENTATION_VERTICAL, 24);
    library->recent = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    library->empty = adw_status_page_new();
    adw_status_page_set_title(ADW_STATUS_PAGE(library->empty), _("Nothing found"));
    adw_status_page_set_icon_name(ADW_STATUS_PAGE(library->empty), "system-search-symbolic");
    gtk_widget_set_visible(library->empty, FALSE);
    gtk_box_append(GTK_BOX(box), library->start);
    gtk_box_append(GTK_BOX(box), library->topics);
    gtk_box_append(GTK_BOX(box), library->recent);
    gtk_box_append(GTK_BOX(box), library->empty);
    gtk_widget_add_css_class(box, "library");
    adw_clamp_set_maximum_size(ADW_CLAMP(clamp), 1280);
    adw_clamp_set_child(ADW_CLAMP(clamp), box);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), clamp);
    gtk_widget_set_vexpand(scrolled, TRUE);
    g_object_set_data_full(G_OBJECT(scrolled), LIBRARY_KEY, library, library_free);
    gui_library_refresh(scrolled);
    return scrolled;
}
