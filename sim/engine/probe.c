/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe.c: can this guest reach that one? Ask it.
 *
 * A probe is a line on the control console of the VM that shall send it
 * (hv-core/guest/abi.h). It carries a nonce. Two things come back: the sender's
 * word that it got an answer with that nonce, and the word of whoever received
 * the probe that it saw it. Only both together prove that the endpoint meant was
 * reached, for two endpoints may have the same address.
 */
#include "sim/engine/private.h"

#include <stdio.h>
#include <string.h>

/* How much longer than the guest's own timeout the engine waits for its word. */
#define GRACE_NS UINT64_C(500000000)

/* splitmix64 (Steele, Lea, Flood 2014): well-mixed numbers from a counter. */
static uint64_t nonce(uint64_t seed, uint32_t number)
{
    uint64_t z = seed + number * UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static SimProbe *find_probe(SimEngine *engine, uint64_t number)
{
    if (number < 1 || number > engine->probes->len)
        return NULL;
    return &g_array_index(engine->probes, SimProbe, number - 1);
}

static void end_probe(SimEngine *engine, SimProbe *probe, uint8_t outcome, uint64_t rtt_ns)
{
    if (probe->over)
        return;
    probe->over = true;
    if (probe->give_up)
        sim_engine_due_cancel(engine, g_steal_pointer(&probe->give_up));
    engine->probes_open--;
    SIM_TRACE(engine->trace, SIM_SOURCE_WORLD, engine->now, ProbeResult, .probe = probe->number,
              .outcome = outcome, .confirmed = probe->confirmed, .rtt_ns = rtt_ns);
}

/* The guest did not even say that it got no answer: it is dead, or spins with
 * interrupts off. */
static void give_up(SimEngine *engine, SimDue *due)
{
    SimProbe *probe = find_probe(engine, due->probe);

    probe->give_up = NULL; /* this is it */
    end_probe(engine, probe, SIM_PROBE_NOT_RUN, 0);
}

/* The address by which from_vm reaches to_vm: on a network that both are on, else
 * its first one. */
static uint32_t target_address(const SimScenario *scenario, unsigned from_vm, unsigned to_vm)
{
    const SimScenarioVm *from = &scenario->vms[from_vm], *to = &scenario->vms[to_vm];

    for (size_t i = 0; i < to->nic_count; i++)
        for (size_t j = 0; j < from->nic_count; j++)
            if (to->nics[i].network.index == from->nics[j].network.index)
                return to->nics[i].address.address;
    return to->nics[0].address.address;
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

void sim_engine_probe(SimEngine *engine, unsigned from_vm, unsigned to_vm, SimProtocol protocol,
                      unsigned port, uint64_t timeout_ns, unsigned check)
{
    const SimScenario *scenario = engine->scenario;
    uint32_t number = engine->probes->len + 1;
    SimProbe probe = {
        .number = number,
        .nonce = nonce(scenario->seed, number),
        .from_vm = from_vm,
        .to_vm = to_vm,
        .check = check,
        .address = target_address(scenario, from_vm, to_vm),
        .protocol = protocol,
        .port = port,
        .timeout_ns = timeout_ns,
    };
    g_autofree char *names =
        g_strdup_printf("vm:%s vm:%s", scenario->vms[from_vm].name, scenario->vms[to_vm].name);
    g_autofree char *line = probe_line(&probe);
    HvVm *vm = hv_host_vm(engine->host, from_vm);

    g_array_append_val(engine->probes, probe);
    engine->probes_open++;
    SIM_TRACE_BLOB(engine->trace, SIM_SOURCE_WORLD, engine->now, ProbeSent, names, strlen(names),
                   .probe = number, .nonce = probe.nonce, .address = probe.address,
                   .from_vm = from_vm, .to_vm = to_vm, .port = port, .check = check,
                   .protocol = protocol);
    if (hv_vm_state(vm) == HV_VM_RUNNING &&
        hv_vm_console_write(vm, HV_SLOT_CONTROL, line, strlen(line), engine->now)) {
        SimDue *due = sim_engine_due(engine, engine->now + timeout_ns + GRACE_NS, give_up);

        due->probe = number;
        find_probe(engine, number)->give_up = due;
    } else {
        end_probe(engine, find_probe(engine, number), SIM_PROBE_NOT_RUN, 0);
    }
}

/* ---- What guests say ----------------------------------------------------- */

static bool parse_address(const char *text, uint32_t *ret_address)
{
    unsigned a, b, c, d;

    if (sscanf(text, "%3u.%3u.%3u.%3u", &a, &b, &c, &d) != 4 || (a | b | c | d) > 255)
        return false;
    *ret_address = a << 24 | b << 16 | c << 8 | d;
    return true;
}

/* "probe ID reply ADDRESS NONCE RTT_NS", "probe ID timeout", "probe ID unreachable" */
static bool probe_word(SimEngine *engine, unsigned vm, char **words, unsigned count)
{
    SimProbe *probe = count >= 3 ? find_probe(engine, g_ascii_strtoull(words[1], NULL, 10)) : NULL;

    if (!probe || probe->from_vm != vm)
        return false;
    if (!strcmp(words[2], "timeout")) {
        end_probe(engine, probe, SIM_PROBE_TIMEOUT, 0);
        return true;
    }
    if (!strcmp(words[2], "unreachable")) {
        end_probe(engine, probe, SIM_PROBE_UNREACHABLE, 0);
        return true;
    }
    if (strcmp(words[2], "reply") || count != 6 ||
        g_ascii_strtoull(words[4], NULL, 16) != probe->nonce)
        return false;
    end_probe(engine, probe, SIM_PROBE_REPLY, g_ascii_strtoull(words[5], NULL, 10));
    return true;
}

/* "seen icmp NONCE ADDRESS" */
static bool seen_word(SimEngine *engine, unsigned vm, char **words, unsigned count)
{
    uint64_t value;
    uint32_t address, number = 0;
    uint8_t protocol = SIM_PROBE_PROTOCOL_COUNT;

    if (count != 4 || !parse_address(words[3], &address))
        return false;
    for (uint8_t i = 0; i < SIM_PROBE_PROTOCOL_COUNT; i++)
        if (!strcmp(words[1], sim_name(SIM_NAMES(ProbeProtocol), i)))
            protocol = i;
    if (protocol == SIM_PROBE_PROTOCOL_COUNT)
        return false;
    value = g_ascii_strtoull(words[2], NULL, 16);
    for (unsigned i = engine->probes->len; i-- > 0 && !number;) {
        SimProbe *probe = &g_array_index(engine->probes, SimProbe, i);

        if (probe->nonce == value) {
            number = probe->number;
            probe->confirmed |= probe->to_vm == vm;
        }
    }
    SIM_TRACE(engine->trace, SIM_SOURCE_WORLD, engine->now, ProbeSeen, .nonce = value,
              .probe = number, .address = address, .vm = vm, .protocol = protocol);
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
