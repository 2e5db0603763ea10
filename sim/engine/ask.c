/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ask.c: does this endpoint reach that one?
 *
 * An endpoint may have several addresses, and forward rules that end at it. They
 * are tried one after another: first its own addresses, then, for TCP and UDP,
 * the host's side of each rule that leads to the port asked for. The first try
 * that the endpoint meant confirms is the answer: "direct" when it saw one of the
 * asker's own addresses, "nat" when it saw another, "port-forward" by a rule. When
 * none succeeds, the first try says why.
 */
#include <string.h>

#include "netsim/proto/dissect.h"
#include "sim/engine/private.h"

typedef struct {
    uint32_t address;
    uint16_t port;
    const SimRule *rule; /* NULL: the endpoint's own address */
    char *rule_name;
} SimTarget;

struct SimQuestion {
    uint32_t number; /* from 1 */
    SimEnd from, to, expects;
    SimProtocol protocol;
    uint16_t port, check;
    uint64_t timeout_ns;
    GArray *targets; /* of SimTarget */
    guint next;      /* to be tried */
    uint32_t first_probe;
};

static void clear_target(void *data)
{
    g_free(((SimTarget *)data)->rule_name);
}

void sim_engine_question_free(SimQuestion *question)
{
    g_array_unref(question->targets);
    g_free(question);
}

static char *address_text(uint32_t a)
{
    return g_strdup_printf("%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

/* ---- Where to try ---------------------------------------------------------- */

static void add_target(SimQuestion *question, uint32_t address, unsigned port, const char *rule)
{
    const SimTarget target = {.address = address, .port = port, .rule_name = g_strdup(rule)};

    g_array_append_val(question->targets, target);
}

static void find_targets(SimEngine *engine, SimQuestion *question)
{
    g_autoptr(GArray) own = sim_engine_end_addresses(engine, question->to, question->from);
    bool icmp = question->protocol == SIM_PROTOCOL_ICMP;

    for (guint i = 0; i < own->len; i++)
        add_target(question, g_array_index(own, uint32_t, i), question->port, NULL);
    if (icmp || question->to.kind != SIM_AT_VM)
        return;
    for (guint i = 0; i < engine->rules->len; i++) {
        const SimRule *rule = engine->rules->pdata[i];

        if (rule->rule.protocol == question->protocol && rule->rule.guest_port == question->port &&
            sim_engine_rule_leads_to(engine, rule, question->to.number))
            add_target(question,
                       rule->rule.host_address ? rule->rule.host_address
                                               : engine->scenario->lan.host,
                       rule->rule.host_port, rule->rule.name);
    }
}

/* ---- The answer ------------------------------------------------------------ */

/* "10.0.0.2 answered: port unreachable (ICMP type 3, code 3)" */
static char *icmp_error(const SimProbe *probe)
{
    g_autofree char *by = address_text(probe->by);
    g_autofree char *error =
        g_ascii_strdown(net_icmp_error_name(probe->icmp_type, probe->icmp_code), -1);

    return g_strdup_printf("%s answered: %s (ICMP type %u, code %u)", by, error, probe->icmp_type,
                           probe->icmp_code);
}

/* Why a try failed, in a sentence that a student understands. */
static char *failure(const SimEngine *engine, const SimQuestion *question, const SimProbe *probe)
{
    g_autofree char *address = address_text(probe->address);
    g_autofree char *to = sim_engine_end_name(engine, question->to);
    g_autofree char *from = sim_engine_end_name(engine, question->from);
    g_autofree char *by = address_text(probe->by);
    g_autofree char *other =
        probe->seen_by_other ? sim_engine_end_name(engine, probe->other) : NULL;

    if (other && probe->outcome == SIM_PROBE_REPLY)
        return g_strdup_printf("%s answered for %s, not %s", other, address, to);
    switch (probe->outcome) {
    case SIM_PROBE_REPLY:
        return g_strdup_printf("somebody answered for %s, but %s has not seen it", address, to);
    case SIM_PROBE_UNREACHABLE: return icmp_error(probe);
    case SIM_PROBE_NO_ROUTE: return g_strdup_printf("%s has no route to %s", from, address);
    case SIM_PROBE_NO_ARP_ANSWER:
        if (probe->by == probe->address)
            return g_strdup_printf("nobody answers ARP for %s", address);
        return g_strdup_printf("nobody answers ARP for %s, by which %s goes to %s", by, from,
                               address);
    case SIM_PROBE_REFUSED: return g_strdup_printf("%s refused the connection (reset)", address);
    case SIM_PROBE_OTHER_ANSWER:
        return g_strdup_printf("the answer from %s was not the probe's", address);
    case SIM_PROBE_NOT_RUN:
        return g_strdup_printf("%s could not be asked: it is not running, or takes no commands",
                               from);
    default:
        return probe->confirmed
                   ? g_strdup_printf("it reached %s, but the answer did not come back", to)
                   : g_strdup_printf("no answer from %s", address);
    }
}

static char *success(const SimEngine *engine, const SimQuestion *question, const SimProbe *probe,
                     uint8_t via)
{
    g_autofree char *address = address_text(probe->address), *seen = address_text(probe->seen_from);
    const SimTarget *target = &g_array_index(question->targets, SimTarget, question->next - 1);

    if (via == SIM_VIA_PORT_FORWARD)
        return g_strdup_printf("rule %s forwards %s port %u to port %u", target->rule_name, address,
                               probe->port, question->port);
    if (via == SIM_VIA_NAT)
        return g_strdup_printf("%s answered; it saw the request come from %s", address, seen);
    return g_strdup_printf("%s answered", address);
}

static uint8_t via_of(const SimEngine *engine, const SimProbe *probe)
{
    if (probe->by_rule)
        return SIM_VIA_PORT_FORWARD;
    return sim_engine_end_has_address(engine, probe->from, probe->seen_from) ? SIM_VIA_DIRECT
                                                                             : SIM_VIA_NAT;
}

static void answer(SimEngine *engine, const SimQuestion *question, const SimProbe *probe,
                   bool reached)
{
    uint8_t via = reached ? via_of(engine, probe) : SIM_VIA_NOTHING;
    g_autofree char *from = sim_engine_end_name(engine, question->from);
    g_autofree char *to = sim_engine_end_name(engine, question->to);
    g_autofree char *why = reached ? success(engine, question, probe, via)
                           : probe ? failure(engine, question, probe)
                                   : g_strdup_printf("%s has no address", to);
    g_autofree char *text = g_strdup_printf("%s %s\n%s", from, to, why);

    engine->questions_open--;
    SIM_TRACE_BLOB(engine->trace, SIM_SOURCE_WORLD, engine->now, Reach, text, strlen(text),
                   .question = question->number, .probe = probe ? probe->number : 0,
                   .from = question->from.number, .from_kind = question->from.kind,
                   .to = question->to.number, .to_kind = question->to.kind, .port = question->port,
                   .check = question->check, .protocol = question->protocol, .via = via,
                   .outcome = probe ? probe->outcome : SIM_PROBE_NOT_RUN, .reached = reached,
                   .rtt_ns = reached ? probe->rtt_ns : 0);
}

/* ---- Trying ---------------------------------------------------------------- */

/* Whose stack shall answer: that of who is meant, and, as a rule may take the host's
 * port, of whomever the rule leads to. Everybody else does what he always does: where
 * nobody listens, he refuses. */
static void expect(SimEngine *engine, const SimQuestion *question, const SimTarget *target,
                   const SimProbe *probe)
{
    if (target->rule_name) {
        sim_engine_expect(engine, question->to, question->port, probe);
        return;
    }
    sim_engine_expect(engine, question->expects, target->port, probe);
    if (question->to.kind != SIM_AT_HOST)
        return;
    for (guint i = 0; i < engine->rules->len; i++) {
        const SimRule *rule = engine->rules->pdata[i];

        if (rule->rule.protocol != SIM_PROTOCOL_TCP || rule->rule.host_port != target->port)
            continue;
        for (unsigned vm = 0; vm < engine->scenario->vm_count; vm++)
            if (sim_engine_rule_leads_to(engine, rule, vm))
                sim_engine_expect(engine, (SimEnd){SIM_AT_VM, vm}, rule->rule.guest_port, probe);
    }
}

static void try_next(SimEngine *engine, SimDue *due)
{
    SimQuestion *question = engine->questions->pdata[due->probe - 1];

    if (question->next == question->targets->len) {
        answer(engine, question, sim_engine_find_probe(engine, question->first_probe), false);
        return;
    }
    const SimTarget *target = &g_array_index(question->targets, SimTarget, question->next++);
    const SimProbe probe = {
        .question = question->number,
        .from = question->from,
        .to = question->expects,
        .address = target->address,
        .protocol = question->protocol,
        .port = target->port,
        .timeout_ns = question->timeout_ns,
        .by_rule = target->rule_name != NULL,
    };

    if (!question->first_probe)
        question->first_probe = engine->probes->len + 1;
    if (question->protocol == SIM_PROTOCOL_TCP)
        expect(engine, question, target,
               &(SimProbe){
                   .number = engine->probes->len + 1,
                   .nonce = sim_engine_nonce(engine, engine->probes->len + 1),
                   .timeout_ns = question->timeout_ns,
               });
    sim_engine_probe(engine, &probe, question->check);
}

static void schedule_try(SimEngine *engine, const SimQuestion *question)
{
    sim_engine_due(engine, engine->now, try_next)->probe = question->number;
}

void sim_engine_answered(SimEngine *engine, const SimProbe *probe)
{
    SimQuestion *question = engine->questions->pdata[probe->question - 1];

    if (probe->outcome == SIM_PROBE_REPLY && probe->confirmed)
        answer(engine, question, probe, true);
    else
        schedule_try(engine, question);
}

void sim_engine_ask(SimEngine *engine, SimEnd from, SimEnd to, SimEnd expects, SimProtocol protocol,
                    unsigned port, uint64_t timeout_ns, unsigned check)
{
    SimQuestion *question = g_new0(SimQuestion, 1);

    *question = (SimQuestion){
        .number = engine->questions->len + 1,
        .from = from,
        .to = to,
        .expects = expects,
        .protocol = protocol,
        .port = protocol == SIM_PROTOCOL_ICMP ? 0 : port,
        .check = check,
        .timeout_ns = timeout_ns,
        .targets = g_array_new(FALSE, FALSE, sizeof(SimTarget)),
    };
    g_array_set_clear_func(question->targets, clear_target);
    g_ptr_array_add(engine->questions, question);
    engine->questions_open++;
    find_targets(engine, question);
    schedule_try(engine, question);
}
