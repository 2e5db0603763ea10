/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-scenario-schema.c: scenarios/scenario.schema.json and the table of keys
 * say the same. With `--write FILE` it renews the file instead. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "sim/scenario/table.h"

static json_object *schema_file(void)
{
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "..", "..", "scenarios", "scenario.schema.json", NULL);
    json_object *schema = json_object_from_file(path);
    g_assert_nonnull(schema);
    return schema;
}

/* The text may differ between versions of json-c; the values may not. */
static void test_up_to_date(void)
{
    g_autofree char *text = sim_scenario_schema();
    json_object *made = json_tokener_parse(text), *kept = schema_file();
    if (!json_object_equal(made, kept))
        g_test_fail_printf("the schema is not what the table says; renew it with "
                           "test-scenario-schema --write scenarios/scenario.schema.json");
    json_object_put(made);
    json_object_put(kept);
}

static unsigned compare(const SimObject *object, json_object *schema);

/* Counts the keys below one key, whose schema is given. */
static unsigned compare_inside(const SimKey *key, json_object *schema)
{
    if (key->or_false)
        schema = json_object_array_get_idx(json_object_object_get(schema, "anyOf"), 0);
    if (key->type == SIM_KEY_OBJECT)
        return compare(key->object, schema);
    if (key->type == SIM_KEY_LIST)
        return compare(key->object, json_object_object_get(schema, "items"));
    return 0;
}

/* Every key of the table is in the schema, and the schema has no other. */
static unsigned compare(const SimObject *object, json_object *schema)
{
    unsigned count = 0;
    if (object->variants) {
        json_object *list = json_object_object_get(schema, "oneOf");
        for (size_t i = 0; object->variant_names[i]; i++) {
            json_object *variant = json_object_array_get_idx(list, i), *word = NULL;
            json_object_object_get_ex(json_object_object_get(variant, "properties"), "do", &word);
            g_assert_cmpstr(json_object_get_string(json_object_object_get(word, "const")), ==,
                            object->variant_names[i]);
            count += compare(object->variants[i], variant);
        }
        return count;
    }
    json_object *properties = json_object_object_get(schema, "properties"), *closed;
    g_assert_true(json_object_object_get_ex(schema, "additionalProperties", &closed));
    g_assert_false(json_object_get_boolean(closed));
    int here = 0;
    for (const SimKey *key = object->keys; key->name; key++, here++) {
        json_object *inner = NULL;
        g_test_message("%s", key->name);
        g_assert_true(json_object_object_get_ex(properties, key->name, &inner));
        g_assert_true(g_str_has_suffix(key->meaning, ".") || g_str_has_suffix(key->meaning, "?"));
        count += 1 + compare_inside(key, inner);
    }
    g_assert_cmpint(json_object_object_length(properties), ==, here);
    return count;
}

static void test_keys(void)
{
    json_object *schema = schema_file();
    /* Far more than the top level alone, so the walk did go down. */
    g_assert_cmpuint(compare(&sim_scenario_object, schema), >, 100);
    json_object_put(schema);
}

/* What JSON Schema calls default is read by the loader as any value is. */
static void check_presets(const SimObject *object)
{
    for (size_t i = 0; object->variants && object->variant_names[i]; i++)
        check_presets(object->variants[i]);
    for (const SimKey *key = object->keys; key && key->name; key++) {
        json_object *value = key->preset ? json_tokener_parse(key->preset) : NULL;
        g_assert_true(!key->preset || value);
        g_assert_false(key->required && key->preset);
        g_assert_cmpuint(key->min, <=, key->max);
        json_object_put(value);
        if (key->object)
            check_presets(key->object);
    }
}

static void test_presets(void)
{
    check_presets(&sim_scenario_object);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--write") == 0) {
        g_autofree char *text = sim_scenario_schema();
        return g_file_set_contents(argv[2], text, -1, NULL) ? 0 : 1;
    }
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scenario/schema/up-to-date", test_up_to_date);
    g_test_add_func("/scenario/schema/keys", test_keys);
    g_test_add_func("/scenario/schema/presets", test_presets);
    return g_test_run();
}
