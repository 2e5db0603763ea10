/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ask.c: see ask.h. */
#include "sim/cli/ask.h"

#include <string.h>

#include "sim/cli/cli.h"

static void clear_endpoint(void *data)
{
    g_free(((SimScenarioEndpoint *)data)->name);
}

static void add(GArray *endpoints, SimEndpointKind kind, size_t index, const char *prefix,
                const char *name)
{
    const SimScenarioEndpoint endpoint = {g_strconcat(prefix, name, NULL), kind, (uint32_t)index};

    g_array_append_val(endpoints, endpoint);
}

GArray *cli_endpoints(const SimScenario *scenario)
{
    GArray *endpoints = g_array_new(FALSE, FALSE, sizeof(SimScenarioEndpoint));

    g_array_set_clear_func(endpoints, clear_endpoint);
    for (size_t i = 0; i < scenario->vm_count; i++)
        if (scenario->vms[i].nic_count > 0)
            add(endpoints, SIM_ENDPOINT_VM, i, "vm:", scenario->vms[i].name);
    add(endpoints, SIM_ENDPOINT_HOST, 0, "host", "");
    for (size_t i = 0; i < scenario->lan.host_count; i++)
        add(endpoints, SIM_ENDPOINT_LAN, i, "lan:", scenario->lan.hosts[i].name);
    for (size_t i = 0; i < scenario->internet.server_count; i++)
        add(endpoints, SIM_ENDPOINT_INTERNET, i, "internet:", scenario->internet.servers[i].name);
    return endpoints;
}

const SimScenarioEndpoint *cli_find_endpoint(const GArray *endpoints, const char *name)
{
    for (guint i = 0; i < endpoints->len; i++) {
        const SimScenarioEndpoint *endpoint = &g_array_index(endpoints, SimScenarioEndpoint, i);

        if (!strcmp(endpoint->name, name))
            return endpoint;
    }
    return NULL;
}

/* Could the rule lead to this VM? */
static bool leads_to(const SimScenario *scenario, size_t network, const SimScenarioForward *rule,
                     uint32_t vm)
{
    const SimScenarioVm *config = &scenario->vms[vm];

    if (rule->vm.index != UINT32_MAX)
        return rule->vm.index == vm;
    for (size_t n = 0; n < config->nic_count; n++)
        if (config->nics[n].network.index == network &&
            (config->nics[n].dhcp || config->nics[n].address.address == rule->guest_address))
            return true;
    return false;
}

unsigned cli_usual_port(const SimScenario *scenario, const SimScenarioEndpoint *to,
                        SimProtocol protocol)
{
    for (size_t i = 0; to->kind == SIM_ENDPOINT_VM && i < scenario->network_count; i++)
        for (size_t r = 0; r < scenario->networks[i].forward_count; r++) {
            const SimScenarioForward *rule = &scenario->networks[i].forwards[r];

            if (rule->protocol == protocol && leads_to(scenario, i, rule, to->index))
                return (unsigned)rule->guest_port;
        }
    return protocol == SIM_PROTOCOL_TCP ? 80 : 7;
}

bool cli_ask(CliAnswers *answers, const CliWorld *world, const SimScenario *scenario,
             const SimReachQuestion *questions, size_t count, GError **error)
{
    g_autofree char *guests = cli_guest_directory();
    const SimEngineConfig config = {
        .scenario = scenario,
        .backend = world->backend ? world->backend : "auto",
        .guest_directory = guests,
        .questions = questions,
        .question_count = count,
        .skip_checks = true,
    };
    size_t size;

    memset(answers, 0, sizeof(*answers));
    answers->engine = sim_engine_new(&config, error);
    if (!answers->engine)
        return false;
    while (sim_engine_run(answers->engine, UINT64_MAX))
        ;
    sim_trace_finish(sim_engine_trace(answers->engine));

    const uint8_t *data = sim_trace_data(sim_engine_trace(answers->engine), &size);

    answers->reader = sim_reader_new_memory(data, size, error);
    if (!answers->reader) {
        cli_answers_clear(answers);
        return false;
    }
    answers->model = sim_model_fold(answers->reader);
    return true;
}

const SimModelReach *cli_answer(const CliAnswers *answers, size_t i, size_t count)
{
    const GArray *reaches = answers->model->reaches;

    if (reaches->len < count)
        return NULL;
    return &g_array_index(reaches, SimModelReach, reaches->len - count + i);
}

void cli_answers_clear(CliAnswers *answers)
{
    sim_model_free(answers->model);
    sim_reader_free(answers->reader);
    sim_engine_free(answers->engine);
    memset(answers, 0, sizeof(*answers));
}
