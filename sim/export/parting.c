/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parting.c: see parting.h. */
#include "sim/export/parting.h"

#include <string.h>

/* A cursor before the first VM that starts; at the end if none does. */
static SimCursor after_building(SimReader *reader)
{
    SimCursor cursor = {0}, here = {0};
    SimRecord record;

    while (sim_reader_next(reader, &cursor, &record)) {
        if (record.type == SIM_EVENT_VM_STATE || record.time > 0)
            return here;
        here = cursor;
    }
    return cursor;
}

static bool is_equal(const SimRecord *a, const SimRecord *b)
{
    return a->time == b->time && a->type == b->type && a->source == b->source &&
           a->blob_size == b->blob_size &&
           memcmp(a->fields, b->fields, sim_event_info(a->type)->size) == 0 &&
           memcmp(a->blob, b->blob, a->blob_size) == 0;
}

SimParting sim_parting_find(SimReader *a, SimReader *b)
{
    SimCursor at_a = after_building(a), at_b = after_building(b);
    SimParting parting = {0};

    for (;; parting.alike++) {
        parting.has_a = sim_reader_next(a, &at_a, &parting.a);
        parting.has_b = sim_reader_next(b, &at_b, &parting.b);
        if (!parting.has_a && !parting.has_b) {
            parting.same = true;
            return parting;
        }
        if (!parting.has_a || !parting.has_b || !is_equal(&parting.a, &parting.b))
            return parting;
    }
}

/* ---- Telling moments ------------------------------------------------------- */

#define FIRST_EPHEMERAL_PORT 49152u /* RFC 6335 */

/* Does a number here name a frame, a transaction or a connection, which differ from run to
 * run without a meaning? */
static bool is_a_name(const GString *before)
{
    static const char *const words[] = {"frame ", "id=0x", "Seq=", "Ack=", "Win="};

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_str_has_suffix(before->str, words[i]))
            return true;
    return false;
}

/* A moment's text as it is compared. */
static char *meaning(const SimMoment *moment)
{
    GString *out = g_string_new(moment->who);

    g_string_append_c(out, '\n');
    for (const char *at = moment->text; *at;) {
        bool hex = g_str_has_suffix(out->str, "0x");
        size_t digits = strspn(at, hex ? "0123456789abcdef" : "0123456789");
        bool begins = digits > 0 && !g_ascii_isalnum(out->str[out->len - 1]);
        uint64_t number = begins && !hex ? g_ascii_strtoull(at, NULL, 10) : 0;

        if (digits == 0)
            digits = 1;
        if (!is_a_name(out) && !(number >= FIRST_EPHEMERAL_PORT && number <= UINT16_MAX))
            g_string_append_len(out, at, (gssize)digits);
        else
            g_string_append_c(out, '#');
        at += digits;
    }
    return g_string_free(out, FALSE);
}

/* Whose moments in what order: who -> GArray of indices into all. */
static GHashTable *by_actor(const GArray *all)
{
    GHashTable *actors =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_array_unref);

    for (guint i = 0; i < all->len; i++) {
        const SimMoment *moment = &g_array_index(all, SimMoment, i);
        GArray *list = g_hash_table_lookup(actors, moment->who);

        if (!list) {
            list = g_array_new(FALSE, FALSE, sizeof(guint));
            g_hash_table_insert(actors, moment->who, list);
        }
        g_array_append_val(list, i);
    }
    return actors;
}

/* The earliest of all, as they are in order of time, that comes where the same actor in
 * other has done something else, or nothing any more. */
static bool first_unlike(const GArray *all, const GArray *other, GHashTable *others, SimMoment *ret)
{
    g_autoptr(GHashTable) done = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < all->len; i++) {
        const SimMoment *moment = &g_array_index(all, SimMoment, i);
        const GArray *list = g_hash_table_lookup(others, moment->who);
        guint number = GPOINTER_TO_UINT(g_hash_table_lookup(done, moment->who));

        g_hash_table_insert(done, moment->who, GUINT_TO_POINTER(number + 1));
        if (list && number < list->len) {
            guint index = g_array_index(list, guint, number);
            g_autofree char *ours = meaning(moment);
            g_autofree char *theirs = meaning(&g_array_index(other, SimMoment, index));
            if (!strcmp(ours, theirs))
                continue;
        }
        *ret = *moment;
        return true;
    }
    return false;
}

SimMomentParting sim_parting_of_moments(const GArray *a, const GArray *b)
{
    g_autoptr(GHashTable) actors_a = by_actor(a), actors_b = by_actor(b);
    SimMomentParting parting = {0};
    bool in_a = first_unlike(a, b, actors_b, &parting.a);
    bool in_b = first_unlike(b, a, actors_a, &parting.b);

    parting.same = !in_a && !in_b;
    return parting;
}
