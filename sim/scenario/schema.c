/* SPDX-License-Identifier: GPL-2.0-or-later */
/* schema.c: the table of keys as JSON Schema (draft 2020-12), for editors.
 *
 * A schema can say less than the loader checks: references, sums and what
 * depends on the host are left to the loader. Quantities are strings; their
 * range stands in the description. */
#include <string.h>

#include "sim/scenario/reader.h"

static json_object *text(const char *string)
{
    return json_object_new_string(string);
}

static void add(json_object *object, const char *key, json_object *value)
{
    json_object_object_add(object, key, value);
}

static json_object *typed(const char *type)
{
    json_object *schema = json_object_new_object();
    add(schema, "type", text(type));
    return schema;
}

static json_object *list_of(json_object *items)
{
    json_object *schema = typed("array");
    add(schema, "items", items);
    return schema;
}

static json_object *either(json_object *a, json_object *b)
{
    json_object *schema = json_object_new_object(), *list = json_object_new_array();
    json_object_array_add(list, a);
    json_object_array_add(list, b);
    add(schema, "anyOf", list);
    return schema;
}

static json_object *pattern(const char *expression)
{
    json_object *schema = typed("string");
    add(schema, "pattern", text(expression));
    return schema;
}

static json_object *bounded(json_object *schema, const char *low, uint64_t min, const char *high,
                            uint64_t max)
{
    if (min > 0)
        add(schema, low, json_object_new_uint64(min));
    add(schema, high, json_object_new_uint64(max));
    return schema;
}

static json_object *word_schema(const SimKey *key)
{
    json_object *schema = json_object_new_object(), *words = json_object_new_array();
    for (size_t i = 0; key->words[i] && (key->later_from == 0 || i < key->later_from); i++)
        json_object_array_add(words, text(key->words[i]));
    add(schema, "enum", words);
    return schema;
}

static json_object *quantity_schema(const SimKey *key)
{
    g_autoptr(GString) expression = g_string_new("^[0-9]+(\\.[0-9]+)?(");
    for (const SimUnit *unit = key->quantity->units; unit->name; unit++)
        g_string_append_printf(expression, "%s%s", unit == key->quantity->units ? "" : "|",
                               unit->name);
    g_string_append(expression, key->never ? ")$|^never$" : ")$");
    return pattern(expression->str);
}

static json_object *object_schema(const SimObject *object);

static json_object *variants_schema(const SimObject *object)
{
    json_object *schema = json_object_new_object(), *list = json_object_new_array();
    for (size_t i = 0; object->variant_names[i]; i++) {
        json_object *variant = object_schema(object->variants[i]), *word = json_object_new_object();
        add(word, "const", text(object->variant_names[i]));
        add(json_object_object_get(variant, "properties"), "do", word);
        json_object_array_add(list, variant);
    }
    add(schema, "oneOf", list);
    return schema;
}

static json_object *where_schema(void)
{
    json_object *schema = typed("object"), *types = json_object_new_array(),
                *value = json_object_new_object();
    json_object_array_add(types, text("string"));
    json_object_array_add(types, text("integer"));
    json_object_array_add(types, text("boolean"));
    add(value, "type", types);
    add(schema, "additionalProperties", value);
    return schema;
}

static json_object *type_schema(const SimKey *key)
{
    json_object *schema;
    switch (key->type) {
    case SIM_KEY_IGNORED: return json_object_new_object();
    case SIM_KEY_LATER:
        schema = json_object_new_object();
        add(schema, "not", json_object_new_object());
        return schema;
    case SIM_KEY_FORMAT:
        schema = json_object_new_object();
        add(schema, "const", text(SIM_SCENARIO_FORMAT));
        return schema;
    case SIM_KEY_TEXT:
        return bounded(typed("string"), "minLength", key->min, "maxLength", key->max);
    case SIM_KEY_LINES: return either(typed("string"), list_of(typed("string")));
    case SIM_KEY_TEXTS:
        return bounded(list_of(typed("string")), "minItems", key->min, "maxItems", key->max);
    case SIM_KEY_NAME: return pattern("^[A-Za-z][A-Za-z0-9_-]{0,22}$");
    case SIM_KEY_ID: return pattern("^[a-z0-9-]+(/[a-z0-9-]+)*$");
    case SIM_KEY_PROGRAM:
    case SIM_KEY_POLICY:
    case SIM_KEY_EVENT:
    case SIM_KEY_COUNTER:
    case SIM_KEY_VM:
    case SIM_KEY_NETWORK: return typed("string");
    case SIM_KEY_WHERE: return where_schema();
    case SIM_KEY_BOOL: return typed("boolean");
    case SIM_KEY_INTEGER:
        schema = typed("integer");
        add(schema, "minimum", json_object_new_uint64(key->min));
        add(schema, "maximum", json_object_new_uint64(key->max));
        return schema;
    case SIM_KEY_QUANTITY: return quantity_schema(key);
    case SIM_KEY_WORD: return word_schema(key);
    case SIM_KEY_WORDS: return either(word_schema(key), list_of(word_schema(key)));
    case SIM_KEY_PCPUS:
        schema = typed("integer");
        add(schema, "minimum", json_object_new_uint64(0));
        add(schema, "maximum", json_object_new_uint64(SIM_MAX_PCPUS - 1));
        return list_of(schema);
    case SIM_KEY_MAC: return pattern("^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$");
    case SIM_KEY_IPV4: return pattern("^[0-9]+(\\.[0-9]+){3}$");
    case SIM_KEY_BIND: return pattern("^([0-9]+(\\.[0-9]+){3})?$");
    case SIM_KEY_RANGE: return pattern("^[0-9]+(\\.[0-9]+){3}-[0-9]+((\\.[0-9]+){3})?$");
    case SIM_KEY_ADDRESS: return pattern("^[0-9]+(\\.[0-9]+){3}(/[0-9]+)?$");
    case SIM_KEY_GROUP_MAC: return pattern("^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$");
    case SIM_KEY_PREFIX: return pattern("^[0-9]+(\\.[0-9]+){3}(/[0-9]+)?$");
    case SIM_KEY_VLANS:
        schema = typed("integer");
        add(schema, "minimum", json_object_new_uint64(1));
        add(schema, "maximum", json_object_new_uint64(4094));
        return bounded(list_of(schema), "minItems", 1, "maxItems", SIM_MAX_VLANS);
    case SIM_KEY_SUBNET: return pattern("^[0-9]+(\\.[0-9]+){3}/[0-9]+$");
    case SIM_KEY_ENDPOINT: return pattern("^(vm:|lan:|internet:|host$)");
    case SIM_KEY_OBJECT:
        if (!key->or_false)
            return object_schema(key->object);
        schema = json_object_new_object();
        add(schema, "const", json_object_new_boolean(0));
        return either(object_schema(key->object), schema);
    case SIM_KEY_LIST:
        return bounded(list_of(object_schema(key->object)), "minItems", key->min, "maxItems",
                       key->max);
    }
    g_assert_not_reached();
}

static json_object *key_schema(const SimKey *key)
{
    json_object *schema = type_schema(key);
    g_autofree char *description = NULL;
    if (key->type == SIM_KEY_LATER) {
        description = g_strconcat(key->meaning, " This version of hvlab cannot run it yet.", NULL);
    } else if (key->type == SIM_KEY_QUANTITY) {
        g_autofree char *allowed = sim_key_allowed(NULL, key);
        description = g_strdup_printf("%s Allowed: %s.", key->meaning, allowed);
    }
    add(schema, "description", text(description ? description : key->meaning));
    if (key->preset)
        add(schema, "default", json_tokener_parse(key->preset));
    return schema;
}

static json_object *object_schema(const SimObject *object)
{
    if (object->variants)
        return variants_schema(object);
    json_object *schema = typed("object"), *properties = json_object_new_object(),
                *required = json_object_new_array(), *choices = json_object_new_array();
    for (const SimKey *key = object->keys; key->name; key++) {
        add(properties, key->name, key_schema(key));
        if (key->required)
            json_object_array_add(required, text(key->name));
        if (key->choice && object->choice_required) {
            json_object *choice = json_object_new_object(), *one = json_object_new_array();
            json_object_array_add(one, text(key->name));
            add(choice, "required", one);
            json_object_array_add(choices, choice);
        }
    }
    add(schema, "additionalProperties", json_object_new_boolean(0));
    if (json_object_array_length(required) > 0)
        add(schema, "required", json_object_get(required));
    if (json_object_array_length(choices) > 0)
        add(schema, "oneOf", json_object_get(choices));
    json_object_put(required);
    json_object_put(choices);
    add(schema, "properties", properties);
    return schema;
}

char *sim_scenario_schema(void)
{
    json_object *schema = json_object_new_object(), *body = object_schema(&sim_scenario_object);
    add(schema, "$schema", text("https://json-schema.org/draft/2020-12/schema"));
    add(schema, "title", text("hvlab scenario"));
    json_object_object_foreach(body, key, value) add(schema, key, json_object_get(value));
    json_object_put(body);
    char *result = g_strconcat(
        json_object_to_json_string_ext(schema, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                                                   JSON_C_TO_STRING_NOSLASHESCAPE),
        "\n", NULL);
    json_object_put(schema);
    return result;
}
