/* SPDX-License-Identifier: GPL-2.0-or-later */
/* side-by-side.c: see side-by-side.h. Each document is flattened into cells by path;
 * the rows are the paths in the order in which they first appear. */
#include "sim/export/side-by-side.h"

#include <inttypes.h>
#include <string.h>

#include "sim/export/words.h"

#define MOST_OTHERS 40  /* rows beside the telling ones */
#define LONGEST_WHY 16u /* characters: a sentence would make its column too wide */

typedef struct {
    GPtrArray *paths;    /* of char *, in order */
    GHashTable *known;   /* the same */
    GHashTable *current; /* path -> text, of the run being flattened */
} Flat;

/* ---- Cells ----------------------------------------------------------------- */

static void add_cell(Flat *flat, const char *path, char *text)
{
    if (!g_hash_table_contains(flat->known, path)) {
        char *own = g_strdup(path);

        g_ptr_array_add(flat->paths, own);
        g_hash_table_add(flat->known, own);
    }
    g_hash_table_insert(flat->current, g_strdup(path), text);
}

static json_object *get(json_object *object, const char *key)
{
    return json_object_object_get(object, key);
}

static const char *text_of(json_object *object, const char *key)
{
    const char *text = json_object_get_string(get(object, key));

    return text ? text : "";
}

static char *scalar_text(const char *path, json_object *value)
{
    if (g_str_has_suffix(path, "_ns"))
        return sim_time_words(json_object_get_uint64(value));
    if (!value)
        return g_strdup("-");
    if (json_object_is_type(value, json_type_boolean))
        return g_strdup(json_object_get_boolean(value) ? "yes" : "no");
    return g_strdup(json_object_get_string(value));
}

/* What an element of a list is called in a path. */
static char *element_name(json_object *element, size_t index)
{
    const char *name = text_of(element, "name");

    if (!*name)
        name = text_of(element, "id");
    return *name ? g_strdup(name) : g_strdup_printf("%zu", index);
}

/* Members that no row is made of: text, what is always different, what has its own rows. */
static bool is_left_out(const char *key)
{
    static const char *const keys[] = {"format", "scenario", "console",      "wall_ns",
                                       "images", "checks",   "mac_table",    "nat_table",
                                       "leases", "name",     "reachability", NULL};

    return g_strv_contains(keys, key);
}

static void flatten(Flat *flat, const char *path, json_object *value);

static void flatten_object(Flat *flat, const char *path, json_object *object)
{
    bool counters = g_str_has_suffix(path, ".exits") || g_str_has_suffix(path, ".dropped");
    uint64_t sum = 0;

    json_object_object_foreach(object, key, value)
    {
        g_autofree char *below = *path ? g_strdup_printf("%s.%s", path, key) : g_strdup(key);

        if (!is_left_out(key))
            flatten(flat, below, value);
        sum += counters ? json_object_get_uint64(value) : 0;
    }
    if (counters)
        add_cell(flat, path, g_strdup_printf("%" PRIu64, sum));
}

static void flatten(Flat *flat, const char *path, json_object *value)
{
    if (json_object_is_type(value, json_type_object)) {
        flatten_object(flat, path, value);
    } else if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            json_object *element = json_object_array_get_idx(value, i);
            g_autofree char *name = element_name(element, i);
            g_autofree char *below = g_strdup_printf("%s.%s", path, name);

            flatten(flat, below, element);
        }
    } else {
        add_cell(flat, path, scalar_text(path, value));
    }
}

/* ---- What is worked out ------------------------------------------------------ */

static uint64_t ran_ns(json_object *vm)
{
    json_object *vcpus = get(vm, "vcpus");
    uint64_t sum = 0;

    for (size_t i = 0; vcpus && i < json_object_array_length(vcpus); i++)
        sum += json_object_get_uint64(get(json_object_array_get_idx(vcpus, i), "ran_ns"));
    return sum;
}

/* Each VM's part of the CPU time that was used. */
static void add_shares(Flat *flat, json_object *result)
{
    json_object *vms = get(result, "vms");
    size_t count = vms ? json_object_array_length(vms) : 0;
    uint64_t all = 0;

    for (size_t i = 0; i < count; i++)
        all += ran_ns(json_object_array_get_idx(vms, i));
    for (size_t i = 0; i < count && all > 0; i++) {
        json_object *vm = json_object_array_get_idx(vms, i);
        uint64_t permille = (uint64_t)(((unsigned __int128)ran_ns(vm) * 1000 + all / 2) / all);
        g_autofree char *path = g_strdup_printf("vms.%s.cpu_share", text_of(vm, "name"));

        add_cell(flat, path,
                 g_strdup_printf("%" PRIu64 ".%" PRIu64 " %%", permille / 10, permille % 10));
    }
}

static void add_checks(Flat *flat, json_object *result)
{
    json_object *checks = get(result, "checks");

    for (size_t i = 0; checks && i < json_object_array_length(checks); i++) {
        json_object *check = json_object_array_get_idx(checks, i);
        g_autofree char *path = g_strdup_printf("checks.%s", text_of(check, "id"));
        bool skipped = json_object_get_boolean(get(check, "skipped"));
        bool passed = json_object_get_boolean(get(check, "passed"));

        add_cell(flat, path, g_strdup(skipped ? "skipped" : passed ? "passed" : "FAILED"));
    }
}

/* Who reached whom, by which way. Of several equal questions each has a row. */
static void add_reachability(Flat *flat, json_object *result)
{
    json_object *rows = get(result, "reachability");

    for (size_t i = 0; rows && i < json_object_array_length(rows); i++) {
        json_object *row = json_object_array_get_idx(rows, i);
        g_autofree char *way = g_strdup_printf("reach.%s -> %s %s", text_of(row, "from"),
                                               text_of(row, "to"), text_of(row, "protocol"));
        g_autofree char *path = g_strdup(way);

        for (int n = 2; g_hash_table_contains(flat->current, path); n++) {
            g_free(path);
            path = g_strdup_printf("%s #%d", way, n);
        }
        bool brief = strlen(text_of(row, "why")) <= LONGEST_WHY;

        if (json_object_get_boolean(get(row, "reached")))
            add_cell(flat, path, g_strdup(*text_of(row, "via") ? text_of(row, "via") : "yes"));
        else
            add_cell(flat, path,
                     brief ? g_strdup_printf("no (%s)", text_of(row, "why")) : g_strdup("no"));
    }
}

/* ---- Rows -------------------------------------------------------------------- */

static const char *const telling[] = {
    "ended",
    "virtual_ns",
    "vms.*.cpu_share",
    "vms.*.state",
    "vms.*.exit_code",
    "vms.*.exits",
    "vms.*.memory.faults",
    "vms.*.memory.swap_ins",
    "vms.*.nics.*.*x_frames",
    "vms.*.nics.*.dropped",
    "pcpus.*.switches",
    "networks.*.frames",
    "networks.*.dropped",
    "checks.*",
    "reach.*",
    "jobs.*",
};

static bool is_telling(const char *path)
{
    if (strstr(path, ".vcpus."))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(telling); i++)
        if (g_pattern_match_simple(telling[i], path))
            return true;
    return false;
}

static const char *cell(GPtrArray *runs, unsigned run, const char *path)
{
    const char *text = g_hash_table_lookup(runs->pdata[run], path);

    return text ? text : "-";
}

static bool differs(GPtrArray *runs, const char *path)
{
    for (unsigned i = 1; i < runs->len; i++)
        if (strcmp(cell(runs, 0, path), cell(runs, i, path)) != 0)
            return true;
    return false;
}

static bool says_nothing(GPtrArray *runs, const char *path)
{
    for (unsigned i = 0; i < runs->len; i++) {
        const char *text = cell(runs, i, path);

        if (*text && strcmp(text, "0") != 0 && strcmp(text, "-") != 0)
            return false;
    }
    return true;
}

static void add_row(GString *out, GPtrArray *runs, const char *path, const int *widths, int first)
{
    g_string_append_printf(out, "%c %-*s", differs(runs, path) ? '*' : ' ', first, path);
    for (unsigned i = 0; i < runs->len; i++)
        g_string_append_printf(out, "  %*s", widths[i], cell(runs, i, path));
    g_string_append_c(out, '\n');
}

/* The telling rows, or the others. */
static GPtrArray *choose(const Flat *flat, GPtrArray *runs, bool tells)
{
    GPtrArray *rows = g_ptr_array_new();

    for (unsigned i = 0; i < flat->paths->len; i++) {
        const char *path = flat->paths->pdata[i];

        if (is_telling(path) == tells && (tells ? !says_nothing(runs, path) : differs(runs, path)))
            g_ptr_array_add(rows, (gpointer)path);
    }
    return rows;
}

static void add_table(GString *out, GPtrArray *rows, GPtrArray *runs, const char *const *titles,
                      unsigned most)
{
    g_autofree int *widths = g_new0(int, runs->len);
    int first = 0;

    for (unsigned r = 0; r < rows->len && r < most; r++)
        first = MAX(first, (int)strlen(rows->pdata[r]));
    for (unsigned i = 0; i < runs->len; i++) {
        widths[i] = (int)strlen(titles[i]);
        for (unsigned r = 0; r < rows->len && r < most; r++)
            widths[i] = MAX(widths[i], (int)strlen(cell(runs, i, rows->pdata[r])));
    }
    g_string_append_printf(out, "  %-*s", first, "");
    for (unsigned i = 0; i < runs->len; i++)
        g_string_append_printf(out, "  %*s", widths[i], titles[i]);
    g_string_append_c(out, '\n');
    for (unsigned r = 0; r < rows->len && r < most; r++)
        add_row(out, runs, rows->pdata[r], widths, first);
    if (rows->len > most)
        g_string_append_printf(out, "  and %u more (--format=json has all)\n", rows->len - most);
}

/* A table of cells for each run: GPtrArray of GHashTable *, path -> text. */
static GPtrArray *flatten_all(Flat *flat, GPtrArray *results)
{
    GPtrArray *runs = g_ptr_array_new_with_free_func((GDestroyNotify)g_hash_table_unref);

    *flat = (Flat){.paths = g_ptr_array_new_with_free_func(g_free),
                   .known = g_hash_table_new(g_str_hash, g_str_equal)};
    for (unsigned i = 0; i < results->len; i++) {
        flat->current = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_ptr_array_add(runs, flat->current);
        add_shares(flat, results->pdata[i]);
        flatten(flat, "", results->pdata[i]);
        add_checks(flat, results->pdata[i]);
        add_reachability(flat, results->pdata[i]);
    }
    return runs;
}

static void flat_clear(Flat *flat)
{
    g_hash_table_unref(flat->known);
    g_ptr_array_unref(flat->paths);
}

void sim_side_by_side(GString *out, GPtrArray *results, const char *const *titles)
{
    Flat flat;
    g_autoptr(GPtrArray) runs = flatten_all(&flat, results);
    g_autoptr(GPtrArray) rows = choose(&flat, runs, true);
    g_autoptr(GPtrArray) others = choose(&flat, runs, false);

    add_table(out, rows, runs, titles, UINT_MAX);
    if (others->len) {
        g_string_append(out, "\nAlso different\n");
        add_table(out, others, runs, titles, MOST_OTHERS);
    }
    flat_clear(&flat);
}

static void side_row_free(void *data)
{
    SimSideRow *row = data;

    g_free(row->path);
    g_strfreev(row->cells);
    g_free(row);
}

GPtrArray *sim_side_by_side_rows(GPtrArray *results)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func(side_row_free);
    Flat flat;
    g_autoptr(GPtrArray) runs = flatten_all(&flat, results);

    for (unsigned tells = 2; tells-- > 0;) {
        g_autoptr(GPtrArray) paths = choose(&flat, runs, tells);

        for (unsigned i = 0; i < paths->len; i++) {
            SimSideRow *row = g_new0(SimSideRow, 1);

            row->path = g_strdup(paths->pdata[i]);
            row->cells = g_new0(char *, runs->len + 1);
            row->differs = differs(runs, row->path);
            for (unsigned run = 0; run < runs->len; run++)
                row->cells[run] = g_strdup(cell(runs, run, row->path));
            g_ptr_array_add(rows, row);
        }
    }
    flat_clear(&flat);
    return rows;
}
