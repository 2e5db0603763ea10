/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vary.c: see vary.h. */
#include "sim/cli/vary.h"

#include <string.h>

#include "sim/scenario/scenario.h"

/* Where the value at `at` ends: at a comma outside of brackets and quotes, or the end. */
static const char *value_end(const char *at)
{
    int depth = 0;
    bool quoted = false;

    for (; *at; at++) {
        if (quoted && *at == '\\' && at[1])
            at++;
        else if (*at == '"')
            quoted = !quoted;
        else if (!quoted && strchr("[{", *at))
            depth++;
        else if (!quoted && strchr("]}", *at))
            depth--;
        else if (!quoted && depth <= 0 && *at == ',')
            break;
    }
    return at;
}

CliVary *cli_vary_parse(const char *text, GError **error)
{
    const char *equals = strchr(text, '=');
    CliVary *vary;

    if (!equals || equals == text || !equals[1]) {
        g_set_error(error, SIM_SCENARIO_ERROR, SIM_SCENARIO_ERROR_SET,
                    "--vary %s: allowed: PATH=VALUE,VALUE,...", text);
        return NULL;
    }
    vary = g_new0(CliVary, 1);
    vary->path = g_strndup(text, (gsize)(equals - text));
    vary->values = g_ptr_array_new_with_free_func(g_free);
    for (const char *at = equals + 1;;) {
        const char *end = value_end(at);

        g_ptr_array_add(vary->values, g_strndup(at, (gsize)(end - at)));
        if (!*end)
            break;
        at = end + 1;
    }
    return vary;
}

void cli_vary_free(CliVary *vary)
{
    if (!vary)
        return;
    g_free(vary->path);
    g_ptr_array_unref(vary->values);
    g_free(vary);
}

static void variant_free(void *data)
{
    CliVariant *variant = data;

    g_strfreev(variant->sets);
    g_strfreev(variant->set_aside);
    g_free(variant->title);
    g_free(variant);
}

/* Run number `number` of all: its digits in the mixed base of the lists' lengths. */
static CliVariant *variant_of(GPtrArray *varies, unsigned number)
{
    CliVariant *variant = g_new0(CliVariant, 1);
    g_autoptr(GString) title = g_string_new(NULL);

    variant->sets = g_new0(char *, varies->len + 1);
    for (unsigned i = varies->len; i-- > 0;) {
        const CliVary *vary = varies->pdata[i];
        const char *value = vary->values->pdata[number % vary->values->len];

        number /= vary->values->len;
        variant->sets[i] = g_strdup_printf("%s=%s", vary->path, value);
        g_string_prepend(title, title->len ? " " : "");
        g_string_prepend(title, value);
    }
    variant->title = g_strdup(title->str);
    return variant;
}

GPtrArray *cli_vary_product(GPtrArray *varies, GError **error)
{
    GPtrArray *variants;
    uint64_t count = 1;

    for (unsigned i = 0; i < varies->len && count <= CLI_MAX_VARIANTS; i++)
        count *= ((const CliVary *)varies->pdata[i])->values->len;
    if (count < 2 || count > CLI_MAX_VARIANTS) {
        g_set_error(error, SIM_SCENARIO_ERROR, SIM_SCENARIO_ERROR_SET,
                    "--vary: that is %s; allowed: 2 to %u", count < 2 ? "one run" : "too many runs",
                    CLI_MAX_VARIANTS);
        return NULL;
    }
    variants = g_ptr_array_new_with_free_func(variant_free);
    for (unsigned i = 0; i < count; i++)
        g_ptr_array_add(variants, variant_of(varies, i));
    return variants;
}
