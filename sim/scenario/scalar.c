/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scalar.c: one function per type of value, from JSON to a C field.
 *
 * Each either stores the value at key->offset of the struct or reports what is
 * wrong with it. A key without a field is only checked. */
#include "sim/scenario/reader.h"

#include <string.h>

typedef struct {
    SimReader *reader;
    const SimKey *key;
    const SimPath *path;
    json_object *value;
    const char *text; /* of a string, else NULL */
    void *structure;
} Scalar;

static void *field(const Scalar *s)
{
    return (char *)s->structure + s->key->offset;
}

static bool store_uint(const Scalar *s, uint64_t value)
{
    if (s->key->offset != SIM_NO_FIELD)
        *(uint64_t *)field(s) = value;
    return true;
}

static bool store_text(const Scalar *s, const char *text)
{
    if (s->key->offset != SIM_NO_FIELD)
        *(char **)field(s) = g_strdup(text);
    return true;
}

/* "VALUE is not a size; allowed: ..." */
static bool fail(const Scalar *s, const char *what)
{
    g_autofree char *quoted = sim_quote_value(s->value);
    g_autofree char *allowed = sim_key_allowed(s->reader, s->key);
    return sim_reader_fail(s->reader, s->path, "%s %s; allowed: %s", quoted, what, allowed);
}

static bool fail_word(const Scalar *s, const char *what, const char *const *words, size_t count)
{
    g_autofree char *quoted = sim_quote_value(s->value);
    g_autofree char *says = g_strdup_printf("%s %s", quoted, what);
    return sim_reader_fail_word(s->reader, s->path, s->text ? s->text : "", says, words, count);
}

/* ---- Text --------------------------------------------------------------- */

static bool read_ignored(const Scalar *s)
{
    return true;
}

static bool read_format(const Scalar *s)
{
    return g_strcmp0(s->text, SIM_SCENARIO_FORMAT) == 0 || fail(s, "is not a format known here");
}

static bool read_text(const Scalar *s)
{
    if (!s->text)
        return fail(s, "is not a string");
    uint64_t length = (uint64_t)g_utf8_strlen(s->text, -1);
    if (length < s->key->min)
        return fail(s, "is too short");
    if (length > s->key->max)
        return fail(s, "is too long");
    return store_text(s, s->text);
}

/* Is value a list of min to max strings? Says what is wrong, if not. */
static bool check_texts(const Scalar *s, uint64_t min, uint64_t max)
{
    if (!json_object_is_type(s->value, json_type_array))
        return fail(s, "is not a list of strings");
    size_t count = json_object_array_length(s->value);
    if (count < min || count > max) {
        g_autofree char *allowed = sim_key_allowed(s->reader, s->key);
        return sim_reader_fail(s->reader, s->path, "%" G_GSIZE_FORMAT " strings; allowed: %s",
                               count, allowed);
    }
    for (size_t i = 0; i < count; i++) {
        json_object *element = json_object_array_get_idx(s->value, i);
        if (json_object_is_type(element, json_type_string))
            continue;
        SimPath at = {s->path, NULL, i};
        g_autofree char *quoted = sim_quote_value(element);
        return sim_reader_fail(s->reader, &at, "%s is not a string; put it in quotes", quoted);
    }
    return true;
}

static bool read_texts(const Scalar *s)
{
    if (!check_texts(s, s->key->min, s->key->max))
        return false;
    size_t count = json_object_array_length(s->value);
    char **texts = g_new0(char *, MAX(count, 1));
    for (size_t i = 0; i < count; i++)
        texts[i] = g_strdup(json_object_get_string(json_object_array_get_idx(s->value, i)));
    *(char ***)field(s) = texts;
    *(size_t *)((char *)s->structure + s->key->count_offset) = count;
    return true;
}

static bool read_lines(const Scalar *s)
{
    if (s->text)
        return read_text(s);
    if (!json_object_is_type(s->value, json_type_array))
        return fail(s, "is neither a string nor a list of strings");
    if (!check_texts(s, 0, s->key->max))
        return false;
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < json_object_array_length(s->value); i++) {
        json_object *line = json_object_array_get_idx(s->value, i);
        g_string_append_printf(text, "%s%s", i > 0 ? "\n" : "", json_object_get_string(line));
    }
    *(char **)field(s) = g_string_free(text, FALSE);
    return true;
}

static bool read_name(const Scalar *s)
{
    bool ok = s->text && g_ascii_isalpha(s->text[0]) && strlen(s->text) <= SIM_MAX_NAME_LENGTH;
    for (const char *at = s->text; ok && *at; at++)
        ok = g_ascii_isalnum(*at) || *at == '-' || *at == '_';
    return ok ? store_text(s, s->text) : fail(s, "is not a name");
}

static bool read_id(const Scalar *s)
{
    bool ok = s->text && strlen(s->text) <= 100;
    char before = '/';
    for (const char *at = s->text; ok && *at; before = *at++)
        ok =
            *at == '/' ? before != '/' : g_ascii_islower(*at) || g_ascii_isdigit(*at) || *at == '-';
    return ok && before != '/' ? store_text(s, s->text) : fail(s, "is not an id");
}

/* ---- Known words -------------------------------------------------------- */

static bool fail_known(const Scalar *s, const char *what, const char *const *words)
{
    g_autofree char *quoted = sim_quote_value(s->value);
    g_autofree char *says = g_strdup_printf("%s %s", quoted, what);
    g_autofree char *allowed = sim_key_allowed(s->reader, s->key);
    return sim_reader_fail_near(s->reader, s->path, s->text, says, words, sim_word_count(words),
                                allowed);
}

static bool read_known(const Scalar *s, const char *const *words, const char *what)
{
    if (!s->text || !*s->text || strlen(s->text) > 100)
        return fail(s, what);
    if (words && sim_word_index(words, s->text) < 0)
        return fail_known(s, what, words);
    return store_text(s, s->text);
}

static bool read_program(const Scalar *s)
{
    if (!s->text || !strchr(s->text, '/'))
        return read_known(s, sim_known_words(s->reader, SIM_KEY_PROGRAM), "is not a known program");
    const char *directory = s->reader->scenario->directory;
    g_autofree char *path = directory ? g_build_filename(directory, s->text, NULL) : NULL;
    if (*s->text == '/' || strlen(s->text) > 1000)
        return fail(s, "is not a path relative to the scenario file");
    if (path && !g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return fail(s, "is no file here");
    return store_text(s, s->text);
}

static bool read_policy(const Scalar *s)
{
    return read_known(s, sim_known_words(s->reader, SIM_KEY_POLICY), "is not a known policy");
}

static bool read_event(const Scalar *s)
{
    return read_known(s, sim_known_words(s->reader, SIM_KEY_EVENT), "is not an event type");
}

static bool read_word(const Scalar *s)
{
    size_t runnable = sim_key_runnable_words(s->key);
    int index = s->text ? sim_word_index(s->key->words, s->text) : -1;
    if (index < 0)
        return fail_word(s, "is not known here", s->key->words, runnable);
    if ((size_t)index >= runnable)
        return fail(s, "is a word of the format that this version of hvlab cannot run yet");
    return store_uint(s, (uint64_t)index);
}

static bool read_words(const Scalar *s)
{
    if (s->text) {
        int index = sim_word_index(s->key->words, s->text);
        return index < 0
                   ? fail_word(s, "is not known here", s->key->words, sim_word_count(s->key->words))
                   : store_uint(s, UINT64_C(1) << index);
    }
    uint64_t bits = 0;
    if (!check_texts(s, 0, sim_word_count(s->key->words)))
        return false;
    for (size_t i = 0; i < json_object_array_length(s->value); i++) {
        SimPath at = {s->path, NULL, i};
        Scalar element = {s->reader, s->key, &at, json_object_array_get_idx(s->value, i)};
        element.text = json_object_get_string(element.value);
        int index = sim_word_index(s->key->words, element.text);
        if (index < 0)
            return fail_word(&element, "is not known here", s->key->words,
                             sim_word_count(s->key->words));
        bits |= UINT64_C(1) << index;
    }
    return store_uint(s, bits);
}

/* ---- Numbers ------------------------------------------------------------ */

static bool read_bool(const Scalar *s)
{
    if (!json_object_is_type(s->value, json_type_boolean))
        return fail(s, "is neither true nor false");
    if (s->key->offset != SIM_NO_FIELD)
        *(bool *)field(s) = json_object_get_boolean(s->value);
    return true;
}

static bool read_integer(const Scalar *s)
{
    if (!json_object_is_type(s->value, json_type_int))
        return fail(s, "is not a whole number");
    if (json_object_get_int64(s->value) < 0)
        return fail(s, "is too small");
    uint64_t value = json_object_get_uint64(s->value);
    if (value < s->key->min)
        return fail(s, "is too small");
    return value > s->key->max ? fail(s, "is too large") : store_uint(s, value);
}

static bool read_quantity(const Scalar *s)
{
    const SimKey *key = s->key;
    uint64_t value = 0;
    if (key->never && g_strcmp0(s->text, "never") == 0)
        return store_uint(s, SIM_TIME_NEVER);
    SimUnitResult result =
        s->text ? sim_quantity_parse(key->quantity, s->text, &value) : SIM_UNIT_WRONG;
    g_autofree char *what = NULL;
    if (result == SIM_UNIT_WRONG)
        what = g_strdup_printf("is not %s", key->quantity->noun);
    else if (result == SIM_UNIT_FRACTION)
        what = g_strdup_printf("is not a whole number of %s", key->quantity->step);
    else if (value < key->min)
        what = g_strdup("is too small");
    else if (value > key->max)
        what = g_strdup("is too large");
    else if (key->step > 0 && value % key->step != 0) {
        g_autofree char *step = sim_quantity_format(key->quantity, key->step);
        what = g_strdup_printf("is not a multiple of %s", step);
    }
    return what ? fail(s, what) : store_uint(s, value);
}

static bool read_pcpus(const Scalar *s)
{
    uint64_t bits = 0, count = s->reader->scenario->host.pcpus;
    if (!json_object_is_type(s->value, json_type_array))
        return fail(s, "is not a list");
    for (size_t i = 0; i < json_object_array_length(s->value); i++) {
        json_object *element = json_object_array_get_idx(s->value, i);
        int64_t number =
            json_object_is_type(element, json_type_int) ? json_object_get_int64(element) : -1;
        if (number < 0 || (uint64_t)number >= count) {
            SimPath at = {s->path, NULL, i};
            Scalar wrong = {s->reader, s->key, &at, element};
            return fail(&wrong, "is not the number of a pCPU");
        }
        bits |= UINT64_C(1) << number;
    }
    return store_uint(s, bits);
}

/* ---- Addresses ---------------------------------------------------------- */

static bool read_mac(const Scalar *s)
{
    uint8_t *mac = field(s), zero[6] = {0}, parsed[6];
    if (!s->text || !sim_parse_mac(s->text, parsed) || (parsed[0] & 1) ||
        memcmp(parsed, zero, sizeof zero) == 0)
        return fail(s, "is not the MAC address of a NIC");
    memcpy(mac, parsed, sizeof parsed);
    return true;
}

static bool read_group_mac(const Scalar *s)
{
    uint8_t parsed[6];
    if (!s->text || !sim_parse_mac(s->text, parsed))
        return fail(s, "is not a MAC address");
    memcpy(field(s), parsed, sizeof parsed);
    return true;
}

static bool read_prefix(const Scalar *s)
{
    SimCidr cidr;
    if (!s->text || !sim_parse_cidr(s->text, &cidr))
        return fail(s, "is neither an address nor a network");
    if (cidr.prefix == 0)
        cidr.prefix = 32;
    if (cidr.address & ~sim_prefix_mask(cidr.prefix))
        return fail(s, "has bits set behind the network part");
    *(SimCidr *)field(s) = cidr;
    return true;
}

static bool read_vlans(const Scalar *s)
{
    SimVlans vlans = {.count = 0};
    if (!json_object_is_type(s->value, json_type_array) || json_object_array_length(s->value) < 1 ||
        json_object_array_length(s->value) > SIM_MAX_VLANS)
        return fail(s, "is not a list of VLANs");
    for (size_t i = 0; i < json_object_array_length(s->value); i++) {
        json_object *element = json_object_array_get_idx(s->value, i);
        int64_t number =
            json_object_is_type(element, json_type_int) ? json_object_get_int64(element) : 0;
        if (number < 1 || number > 4094) {
            SimPath at = {s->path, NULL, i};
            Scalar wrong = {s->reader, s->key, &at, element};
            return fail(&wrong, "is not the number of a VLAN");
        }
        vlans.vlan[vlans.count++] = (uint16_t)number;
    }
    *(SimVlans *)field(s) = vlans;
    return true;
}

static bool read_ipv4(const Scalar *s)
{
    uint32_t address;
    if (!s->text || !sim_parse_ipv4(s->text, &address) || !sim_ipv4_is_host(address))
        return fail(s, "is not an address of a host");
    *(uint32_t *)field(s) = address;
    return true;
}

/* A forward rule may listen at the host's loopback address only. */
static bool read_bind(const Scalar *s)
{
    uint32_t address = 0;
    if (s->text && *s->text == '\0')
        return true;
    if (!s->text || !sim_parse_ipv4(s->text, &address) ||
        (!sim_ipv4_is_host(address) && address != (127u << 24 | 1)))
        return fail(s, "is not an address of a host");
    *(uint32_t *)field(s) = address;
    return true;
}

static bool read_range(const Scalar *s)
{
    SimAddressRange range;
    if (!s->text || !sim_parse_range(s->text, &range))
        return fail(s, "is not a range of addresses");
    if (range.last < range.first)
        return fail(s, "ends before it begins");
    *(SimAddressRange *)field(s) = range;
    return true;
}

static bool read_address(const Scalar *s)
{
    SimCidr cidr;
    if (!s->text || !sim_parse_cidr(s->text, &cidr) || !sim_ipv4_is_host(cidr.address))
        return fail(s, "is not an address of a host");
    *(SimCidr *)field(s) = cidr;
    return true;
}

static bool read_subnet(const Scalar *s)
{
    SimCidr cidr;
    if (!s->text || !sim_parse_cidr(s->text, &cidr) || cidr.prefix < 8 ||
        !sim_ipv4_is_host(cidr.address))
        return fail(s, "is not a network");
    if (cidr.address & ~sim_prefix_mask(cidr.prefix))
        return fail(s, "has bits set behind the network part");
    *(SimCidr *)field(s) = cidr;
    return true;
}

/* ---- References --------------------------------------------------------- */

static bool fail_reference(const Scalar *s, const char *what)
{
    g_autoptr(GPtrArray) names = sim_reference_names(s->reader, s->key->type);
    return fail_word(s, what, (const char *const *)names->pdata, names->len);
}

static bool read_reference(const Scalar *s)
{
    bool network = s->key->type == SIM_KEY_NETWORK;
    const SimScenario *scenario = s->reader->scenario;
    int index = -1;
    if (s->text)
        index = network ? sim_scenario_find_network(scenario, s->text)
                        : sim_scenario_find_vm(scenario, s->text);
    if (index < 0)
        return fail_reference(s,
                              network ? "is not the name of a network" : "is not the name of a VM");
    SimScenarioRef *ref = field(s);
    *ref = (SimScenarioRef){g_strdup(s->text), (uint32_t)index};
    return true;
}

static int find_machine(const SimScenarioMachine *machines, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (g_strcmp0(machines[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* The endpoint that a word names, -1 in place of its number when there is none. */
static int find_endpoint(const SimScenario *scenario, const char *text, SimEndpointKind *ret_kind)
{
    const char *colon = strchr(text, ':'), *name = colon ? colon + 1 : "";
    *ret_kind = SIM_ENDPOINT_HOST;
    if (strcmp(text, "host") == 0)
        return 0;
    *ret_kind = SIM_ENDPOINT_VM;
    if (g_str_has_prefix(text, "vm:"))
        return sim_scenario_find_vm(scenario, name);
    *ret_kind = SIM_ENDPOINT_LAN;
    if (g_str_has_prefix(text, "lan:"))
        return find_machine(scenario->lan.hosts, scenario->lan.host_count, name);
    *ret_kind = SIM_ENDPOINT_INTERNET;
    if (g_str_has_prefix(text, "internet:"))
        return find_machine(scenario->internet.servers, scenario->internet.server_count, name);
    return -1;
}

static bool read_endpoint(const Scalar *s)
{
    const SimScenario *scenario = s->reader->scenario;
    SimEndpointKind kind;
    int index = s->text ? find_endpoint(scenario, s->text, &kind) : -1;
    if (index < 0)
        return fail_reference(s, "is not an endpoint");
    if (kind == SIM_ENDPOINT_VM && scenario->vms[index].nic_count == 0)
        return sim_reader_fail(s->reader, s->path,
                               "VM \"%s\" has no NIC; give it one in vms[%d].nics",
                               scenario->vms[index].name, index);
    SimScenarioEndpoint *endpoint = field(s);
    *endpoint = (SimScenarioEndpoint){g_strdup(s->text), kind, (uint32_t)index};
    return true;
}

static bool read_counter(const Scalar *s)
{
    if (!s->text)
        return fail(s, "is not a string");
    return sim_counter_read(s->reader, s->path, s->text, field(s));
}

static bool read_where(const Scalar *s)
{
    if (!json_object_is_type(s->value, json_type_object))
        return fail(s, "is not an object");
    return sim_where_read(s->reader, s->key, s->path, s->value, field(s),
                          (size_t *)((char *)s->structure + s->key->count_offset));
}

static bool (*const readers[])(const Scalar *) = {
    [SIM_KEY_IGNORED] = read_ignored,     [SIM_KEY_LATER] = read_ignored,
    [SIM_KEY_FORMAT] = read_format,       [SIM_KEY_TEXT] = read_text,
    [SIM_KEY_LINES] = read_lines,         [SIM_KEY_TEXTS] = read_texts,
    [SIM_KEY_NAME] = read_name,           [SIM_KEY_ID] = read_id,
    [SIM_KEY_PROGRAM] = read_program,     [SIM_KEY_POLICY] = read_policy,
    [SIM_KEY_EVENT] = read_event,         [SIM_KEY_COUNTER] = read_counter,
    [SIM_KEY_WHERE] = read_where,         [SIM_KEY_BOOL] = read_bool,
    [SIM_KEY_INTEGER] = read_integer,     [SIM_KEY_QUANTITY] = read_quantity,
    [SIM_KEY_WORD] = read_word,           [SIM_KEY_WORDS] = read_words,
    [SIM_KEY_PCPUS] = read_pcpus,         [SIM_KEY_MAC] = read_mac,
    [SIM_KEY_IPV4] = read_ipv4,           [SIM_KEY_BIND] = read_bind,
    [SIM_KEY_RANGE] = read_range,         [SIM_KEY_ADDRESS] = read_address,
    [SIM_KEY_GROUP_MAC] = read_group_mac, [SIM_KEY_PREFIX] = read_prefix,
    [SIM_KEY_VLANS] = read_vlans,         [SIM_KEY_SUBNET] = read_subnet,
    [SIM_KEY_VM] = read_reference,        [SIM_KEY_NETWORK] = read_reference,
    [SIM_KEY_ENDPOINT] = read_endpoint,
};

bool sim_scalar_read(SimReader *reader, const SimKey *key, const SimPath *path, json_object *value,
                     void *structure)
{
    bool is_text = json_object_is_type(value, json_type_string);
    Scalar scalar = {reader,   key, path, value, is_text ? json_object_get_string(value) : NULL,
                     structure};
    return readers[key->type](&scalar);
}

void sim_scalar_clear(const SimKey *key, void *structure)
{
    void *at = (char *)structure + key->offset;
    switch (key->type) {
    case SIM_KEY_TEXTS:
    case SIM_KEY_WHERE: {
        size_t *count = (size_t *)((char *)structure + key->count_offset);
        for (size_t i = 0; i < *count; i++)
            if (key->type == SIM_KEY_TEXTS) {
                g_free((*(char ***)at)[i]);
            } else {
                g_free((*(SimEventField **)at)[i].field);
                g_free((*(SimEventField **)at)[i].text);
            }
        g_clear_pointer((void **)at, g_free);
        *count = 0;
        break;
    }
    case SIM_KEY_TEXT:
    case SIM_KEY_LINES:
    case SIM_KEY_NAME:
    case SIM_KEY_ID:
    case SIM_KEY_PROGRAM:
    case SIM_KEY_POLICY:
    case SIM_KEY_EVENT: g_clear_pointer((char **)at, g_free); break;
    case SIM_KEY_COUNTER: g_clear_pointer(&((SimExpectCounter *)at)->path, g_free); break;
    case SIM_KEY_VM:
    case SIM_KEY_NETWORK: g_clear_pointer(&((SimScenarioRef *)at)->name, g_free); break;
    case SIM_KEY_ENDPOINT: g_clear_pointer(&((SimScenarioEndpoint *)at)->name, g_free); break;
    default: break;
    }
}

void sim_scalar_own(const SimKey *key, void *structure)
{
    void *at = (char *)structure + key->offset;
    switch (key->type) {
    case SIM_KEY_TEXT:
    case SIM_KEY_LINES:
    case SIM_KEY_NAME:
    case SIM_KEY_ID:
    case SIM_KEY_PROGRAM:
    case SIM_KEY_POLICY:
    case SIM_KEY_EVENT: *(char **)at = g_strdup(*(char **)at); break;
    case SIM_KEY_VM:
    case SIM_KEY_NETWORK:
        ((SimScenarioRef *)at)->name = g_strdup(((SimScenarioRef *)at)->name);
        break;
    case SIM_KEY_ENDPOINT:
        ((SimScenarioEndpoint *)at)->name = g_strdup(((SimScenarioEndpoint *)at)->name);
        break;
    case SIM_KEY_TEXTS:
    case SIM_KEY_WHERE:
    case SIM_KEY_COUNTER: g_assert_not_reached(); /* no command has one */
    default: break;
    }
}
