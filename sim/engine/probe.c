/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe.c: one try to reach an endpoint at an address.
 *
 * A VM is asked by a line on its control console (hv-core/guest/abi.h), a machine
 * outside by a call (netsim/endpoint.h). A probe carries a nonce. Two things come
 * back: the sender's word that it got an answer with that nonce, and the word of
 * whoever received the probe that it saw it. Only both together prove that the
 * endpoint meant was reached, for two endpoints may have the same address.
 */
#include <stdio.h>
#include <string.h>

#include "netsim/endpoint.h"
#include "sim/engine/private.h"

/* How much longer than the sender's own timeout the engine waits for its word. */
#define GRACE_NS UINT64_C(500000000)
/* From telling a VM to expect a TCP probe to sending it: a guest takes frames before commands. */
#define LEAD_NS UINT64_C(20000000)

_Static_assert((int)NET_PROBE_ICMP == (int)SIM_PROBE_PROTOCOL_ICMP, "NetProbeKind");
_Static_assert((int)NET_PROBE_UDP == (int)SIM_PROBE_PROTOCOL_UDP, "NetProbeKind");
_Static_assert((int)NET_PROBE_TCP == (int)SIM_PROBE_PROTOCOL_TCP, "NetProbeKind");

/* splitmix64 (Steele, Lea, Flood 2014): well-mixed numbers from a counter. */
uint64_t sim_engine_nonce(const SimEngine *engine, uint32_t number)
{
    uint64_t z = engine->scenario->seed + number * UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

SimProbe *sim_engine_find_probe(SimEngine *engine, uint64_t number)
{
    if (number < 1 || number > engine->probes->len)
        return NULL;
    return &g_array_index(engine->probes, SimProbe, number - 1);
}

static void end_probe(SimEngine *engine, SimProbe *probe, const NetProbeResult *result)
{
    static const uint8_t outcomes[] = {
        [NET_PROBE_ANSWERED] = SIM_PROBE_REPLY,
        [NET_PROBE_REFUSED] = SIM_PROBE_REFUSED,
        [NET_PROBE_OTHER_ANSWER] = SIM_PROBE_OTHER_ANSWER,
        [NET_PROBE_TIMED_OUT] = SIM_PROBE_TIMEOUT,
        [NET_PROBE_UNREACHABLE] = SIM_PROBE_UNREACHABLE,
        [NET_PROBE_NO_ROUTE] = SIM_PROBE_NO_ROUTE,
        [NET_PROBE_NO_ARP_ANSWER] = SIM_PROBE_NO_ARP_ANSWER,
        [NET_PROBE_NOT_SENT] = SIM_PROBE_NOT_RUN,
    };

    if (probe->over)
        return;
    probe->over = true;
    probe->outcome = outcomes[result->outcome];
    probe->by = result->by;
    probe->icmp_type = result->icmp_type;
    probe->icmp_code = result->icmp_code;
    probe->rtt_ns = result->rtt_ns;
    if (probe->give_up)
        sim_engine_due_cancel(engine, g_steal_pointer(&probe->give_up));
    SIM_TRACE(engine->trace, SIM_SOURCE_WORLD, engine->now, ProbeResult, .probe = probe->number,
              .by = probe->by, .icmp_type = probe->icmp_type, .icmp_code = probe->icmp_code,
              .outcome = probe->outcome, .confirmed = probe->confirmed, .rtt_ns = probe->rtt_ns);
    sim_engine_answered(engine, probe);
}

static void end_unsent(SimEngine *engine, SimProbe *probe)
{
    end_probe(engine, probe, &(NetProbeResult){.outcome = NET_PROBE_NOT_SENT});
}

/* The sender did not even say that it got no answer: it is dead, or spins with
 * interrupts off. */
static void give_up(SimEngine *engine, SimDue *due)
{
    SimProbe *probe = sim_engine_find_probe(engine, due->probe);

    probe->give_up = NULL; /* this is it */
    end_unsent(engine, probe);
}

static char *probe_line(const SimProbe *probe)
{
    uint32_t a = probe->address;
    g_autofree char *port =
        probe->protocol == SIM_PROTOCOL_ICMP ? g_strdup("") : g_strdup_printf(" %u", probe->port);

    return g_strdup_printf(
        "probe %u %s %u.%u.%u.%u%s %016" G_GINT64_MODIFIER "x %" G_GUINT64_FORMAT "\n",
        probe->number, sim_protocol_name(probe->protocol), a >> 24, a >> 16 & 255, a >> 8 & 255,
        a & 255, port, probe->nonce, MAX(probe->timeout_ns / 1000000, 1));
}

bool sim_engine_tell_guest(SimEngine *engine, unsigned number, const char *line)
{
    HvVm *vm = hv_host_vm(engine->host, number);

    return hv_vm_state(vm) == HV_VM_RUNNING &&
           hv_vm_console_write(vm, HV_SLOT_CONTROL, line, strlen(line), engine->now);
}

void sim_engine_expect(SimEngine *engine, SimEnd at, unsigned port, const SimProbe *probe)
{
    NetPart *part = sim_engine_end_part(engine, at);

    if (at.kind == SIM_AT_VM) {
        g_autofree char *line = g_strdup_printf(
            "expect %u tcp %u %016" G_GINT64_MODIFIER "x %" G_GUINT64_FORMAT "\n", probe->number,
            port, probe->nonce, (probe->timeout_ns + 2 * LEAD_NS) / 1000000);

        sim_engine_tell_guest(engine, at.number, line);
    } else if (part) {
        net_endpoint_expect(part, port, probe->nonce, engine->now + probe->timeout_ns + 2 * LEAD_NS,
                            engine->now);
    }
}

static bool send(SimEngine *engine, const SimProbe *probe)
{
    NetPart *part = sim_engine_end_part(engine, probe->from);

    if (probe->from.kind == SIM_AT_VM) {
        g_autofree char *line = probe_line(probe);

        return sim_engine_tell_guest(engine, probe->from.number, line);
    }
    if (!part)
        return false;
    const NetEndpointProbe wanted = {
        .id = probe->number,
        .kind = (NetProbeKind)probe->protocol,
        .to = probe->address,
        .port = probe->port,
        .nonce = probe->nonce,
        .timeout_ns = probe->timeout_ns,
    };

    net_endpoint_probe(part, &wanted, engine->now);
    return true;
}

static void send_or_end(SimEngine *engine, SimProbe *probe)
{
    if (!send(engine, probe))
        end_unsent(engine, probe);
}

static void send_later(SimEngine *engine, SimDue *due)
{
    SimProbe *probe = sim_engine_find_probe(engine, due->probe);

    if (!probe->over)
        send_or_end(engine, probe);
}

uint32_t sim_engine_probe(SimEngine *engine, const SimProbe *wanted, unsigned check)
{
    SimProbe probe = *wanted;
    g_autofree char *from = sim_engine_end_name(engine, probe.from);
    g_autofree char *to = sim_engine_end_name(engine, probe.to);
    g_autofree char *names = g_strdup_printf("%s %s", from, to);
    SimDue *due;

    probe.number = engine->probes->len + 1;
    probe.nonce = sim_engine_nonce(engine, probe.number);
    due = sim_engine_due(engine, engine->now + LEAD_NS + probe.timeout_ns + GRACE_NS, give_up);
    due->probe = probe.number;
    probe.give_up = due;
    g_array_append_val(engine->probes, probe);
    SIM_TRACE_BLOB(engine->trace, SIM_SOURCE_WORLD, engine->now, ProbeSent, names, strlen(names),
                   .probe = probe.number, .question = probe.question, .nonce = probe.nonce,
                   .address = probe.address, .from = probe.from.number,
                   .from_kind = probe.from.kind, .to = probe.to.number, .to_kind = probe.to.kind,
                   .port = probe.port, .check = check, .protocol = probe.protocol,
                   .by_rule = probe.by_rule);
    if (probe.protocol == SIM_PROTOCOL_TCP)
        sim_engine_due(engine, engine->now + LEAD_NS, send_later)->probe = probe.number;
    else
        send_or_end(engine, sim_engine_find_probe(engine, probe.number));
    return probe.number;
}

/* ---- What comes back ------------------------------------------------------ */

void sim_engine_probe_over(SimEngine *engine, uint32_t number, const NetProbeResult *result)
{
    end_probe(engine, sim_engine_find_probe(engine, number), result);
}

void sim_engine_seen(SimEngine *engine, SimEnd by, uint8_t protocol, uint64_t value, uint32_t from)
{
    uint32_t number = 0;

    for (unsigned i = engine->probes->len; i-- > 0 && !number;) {
        SimProbe *probe = &g_array_index(engine->probes, SimProbe, i);

        if (probe->nonce != value)
            continue;
        number = probe->number;
        if (probe->to.kind == by.kind && probe->to.number == by.number) {
            probe->confirmed = true;
            probe->seen_from = from;
        } else {
            probe->seen_by_other = true;
            probe->other = by;
        }
    }
    SIM_TRACE(engine->trace, SIM_SOURCE_WORLD, engine->now, ProbeSeen, .nonce = value,
              .probe = number, .address = from, .by = by.number, .by_kind = by.kind,
              .protocol = protocol);
}

static bool parse_address(const char *text, uint32_t *ret_address)
{
    unsigned a, b, c, d;

    if (sscanf(text, "%3u.%3u.%3u.%3u", &a, &b, &c, &d) != 4 || (a | b | c | d) > 255)
        return false;
    *ret_address = a << 24 | b << 16 | c << 8 | d;
    return true;
}

/* What a guest's word for an outcome means, and how many words follow it. */
static const struct {
    const char *word;
    NetProbeOutcome outcome;
    unsigned count;
} outcome_words[] = {
    {"reply", NET_PROBE_ANSWERED, 3}, /* ADDRESS NONCE RTT_NS */
    {"timeout", NET_PROBE_TIMED_OUT, 0},
    {"unreachable", NET_PROBE_UNREACHABLE, 3}, /* ADDRESS TYPE CODE */
    {"refused", NET_PROBE_REFUSED, 0},
    {"other-answer", NET_PROBE_OTHER_ANSWER, 0},
    {"no-route", NET_PROBE_NO_ROUTE, 0},
    {"no-arp-answer", NET_PROBE_NO_ARP_ANSWER, 1}, /* ADDRESS */
    {"not-run", NET_PROBE_NOT_SENT, 0},
};

static bool parse_outcome(char **words, unsigned count, uint64_t nonce, NetProbeResult *ret)
{
    for (size_t i = 0; i < G_N_ELEMENTS(outcome_words); i++) {
        if (strcmp(words[0], outcome_words[i].word) != 0)
            continue;
        *ret = (NetProbeResult){.outcome = outcome_words[i].outcome};
        if (count != 1 + outcome_words[i].count ||
            (count > 1 && !parse_address(words[1], &ret->by)))
            return false;
        if (ret->outcome == NET_PROBE_ANSWERED) {
            ret->by = 0;
            ret->rtt_ns = g_ascii_strtoull(words[3], NULL, 10);
            return g_ascii_strtoull(words[2], NULL, 16) == nonce;
        }
        if (ret->outcome == NET_PROBE_UNREACHABLE) {
            ret->icmp_type = (uint8_t)g_ascii_strtoull(words[2], NULL, 10);
            ret->icmp_code = (uint8_t)g_ascii_strtoull(words[3], NULL, 10);
        }
        return true;
    }
    return false;
}

/* "probe ID OUTCOME ..." */
static bool probe_word(SimEngine *engine, unsigned vm, char **words, unsigned count)
{
    SimProbe *probe =
        count >= 3 ? sim_engine_find_probe(engine, g_ascii_strtoull(words[1], NULL, 10)) : NULL;
    NetProbeResult result;

    if (!probe || probe->from.kind != SIM_AT_VM || probe->from.number != vm ||
        !parse_outcome(words + 2, count - 2, probe->nonce, &result))
        return false;
    end_probe(engine, probe, &result);
    return true;
}

/* "seen icmp NONCE ADDRESS" */
static bool seen_word(SimEngine *engine, unsigned vm, char **words, unsigned count)
{
    uint32_t address;
    uint8_t protocol = SIM_PROBE_PROTOCOL_COUNT;

    if (count != 4 || !parse_address(words[3], &address))
        return false;
    for (uint8_t i = 0; i < SIM_PROBE_PROTOCOL_COUNT; i++)
        if (!strcmp(words[1], sim_name(SIM_NAMES(ProbeProtocol), i)))
            protocol = i;
    if (protocol == SIM_PROBE_PROTOCOL_COUNT)
        return false;
    sim_engine_seen(engine, (SimEnd){SIM_AT_VM, vm}, protocol, g_ascii_strtoull(words[2], NULL, 16),
                    address);
    return true;
}

void sim_engine_control_line(SimEngine *engine, unsigned vm, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 8);
    unsigned count = g_strv_length(words);
    bool understood = false;

    if (count && !strcmp(words[0], "probe"))
        understood = probe_word(engine, vm, words, count);
    else if (count && !strcmp(words[0], "seen"))
        understood = seen_word(engine, vm, words, count);
    if (understood)
        return;

    g_autofree char *clean = g_strescape(line, NULL);
    g_autofree char *note = g_strdup_printf("vm:%s said on its control console: %s",
                                            engine->scenario->vms[vm].name, clean);

    SIM_TRACE_BLOB(engine->trace, SIM_SOURCE_WORLD, engine->now, Note, note, strlen(note), );
}
