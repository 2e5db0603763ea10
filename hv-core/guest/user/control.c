/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control.c: probe commands, the language at the end of abi.h. Runs inside the
 * upcall, so a machine whose program spins can be asked to reach another. */
#include "hv-core/guest/user/user.h"

#define LINE_BYTES   160
#define MAX_PROBES   12
#define PROBE_ID     0x7072 /* "pr" */
#define NONCE_DIGITS 16

typedef struct {
    bool in_use;
    NetProbeKind kind;
    uint32_t id;
    uint64_t nonce;
    NetIp4 to;
    uint16_t port;
    NetTime sent;
    NetTime deadline; /* of UDP; the stack watches over ICMP */
} Probe;

static const char *const kind_names[] = {
    [NET_PROBE_ICMP] = "icmp",
    [NET_PROBE_UDP] = "udp",
    [NET_PROBE_TCP] = "tcp",
};

static NetStack *stack;
static Probe probes[MAX_PROBES];
static uint16_t udp_port; /* from which UDP probes go; 0: none yet */
static char line[LINE_BYTES];
static size_t line_length;
static bool line_too_long;

/* ---- Answers ------------------------------------------------------------- */

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
    char text[LINE_BYTES];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (length >= (int)sizeof text)
        length = sizeof text - 1;
    syscall3(SYS_SEND, HV_SLOT_CONTROL, (uint64_t)text, (uint64_t)length);
}

static void say_reply(Probe *probe, NetIp4 from, NetTime rtt_ns)
{
    char address[ADDRESS_TEXT_BYTES];
    say("probe %u reply %s %016lx %lu\n", probe->id, address_text(from, address), probe->nonce,
        rtt_ns);
    probe->in_use = false;
}

static void say_result(Probe *probe, NetProbeResult result)
{
    static const char *const names[] = {
        [NET_PROBE_REFUSED] = "refused",   [NET_PROBE_OTHER_ANSWER] = "other-answer",
        [NET_PROBE_TIMED_OUT] = "timeout", [NET_PROBE_NO_ROUTE] = "no-route",
        [NET_PROBE_NOT_SENT] = "not-run",
    };
    char by[ADDRESS_TEXT_BYTES];
    address_text(result.by, by);
    switch (result.outcome) {
    case NET_PROBE_ANSWERED: say_reply(probe, probe->to, result.rtt_ns); break;
    case NET_PROBE_UNREACHABLE:
        say("probe %u unreachable %s %u %u\n", probe->id, by, result.icmp_type, result.icmp_code);
        break;
    case NET_PROBE_NO_ARP_ANSWER: say("probe %u no-arp-answer %s\n", probe->id, by); break;
    default: say("probe %u %s\n", probe->id, names[result.outcome]); break;
    }
    probe->in_use = false;
}

void control_seen(NetProbeKind kind, uint64_t nonce, NetIp4 from)
{
    char address[ADDRESS_TEXT_BYTES];
    say("seen %s %016lx %s\n", kind_names[kind], nonce, address_text(from, address));
}

/* ---- Probes -------------------------------------------------------------- */

static void echo_done(void *user, const NetEchoResult *result)
{
    Probe *probe = user;
    say_result(probe, net_probe_echoed(stack, result, probe->nonce));
}

static void udp_answer(void *user, const NetDatagram *datagram)
{
    uint64_t nonce;
    if (!net_probe_read(datagram->bytes, datagram->length, &nonce))
        return;
    for (Probe *probe = probes; probe < probes + MAX_PROBES; probe++) {
        if (probe->in_use && probe->kind == NET_PROBE_UDP && probe->nonce == nonce)
            say_reply(probe, datagram->from, datagram->now - probe->sent);
    }
}

static void udp_refused(void *user, NetIp4 to, uint16_t to_port, const NetRefusal *refusal)
{
    for (Probe *probe = probes; probe < probes + MAX_PROBES; probe++) {
        if (probe->in_use && probe->kind == NET_PROBE_UDP && probe->to == to &&
            probe->port == to_port)
            say_result(probe, net_probe_refused(stack, to, refusal));
    }
}

static const NetUdpOps udp_ops = {
    .receive = udp_answer, .unreachable = udp_refused, .takes_probe_answers = true};

static int send_icmp(Probe *probe, const uint8_t payload[NET_PROBE_BYTES], NetTime timeout)
{
    NetPing request = {.to = probe->to,
                       .id = PROBE_ID,
                       .sequence = (uint16_t)probe->id,
                       .payload = payload,
                       .payload_bytes = NET_PROBE_BYTES,
                       .timeout_ns = timeout,
                       .done = echo_done,
                       .user = probe};
    return net_stack_ping(stack, &request, probe->sent);
}

static int send_udp(Probe *probe, const uint8_t payload[NET_PROBE_BYTES], NetTime timeout)
{
    if (udp_port == 0) {
        int bound = net_stack_udp_bind(stack, 0, &udp_ops, NULL);
        if (bound <= 0)
            return bound;
        udp_port = (uint16_t)bound;
    }
    probe->deadline = probe->sent + timeout;
    return net_stack_udp_send(stack, udp_port, probe->to, probe->port, payload, NET_PROBE_BYTES,
                              probe->sent);
}

static void tcp_done(void *user, const NetProbeResult *result)
{
    say_result(user, *result);
}

static int send_tcp(Probe *probe, NetTime timeout)
{
    NetTcpProbe request = {.to = probe->to,
                           .port = probe->port,
                           .nonce = probe->nonce,
                           .timeout_ns = timeout,
                           .done = tcp_done,
                           .user = probe};
    return net_stack_probe_tcp(stack, &request, probe->sent);
}

static void start_probe(const Probe *wanted, NetTime timeout)
{
    Probe *probe = probes;
    while (probe < probes + MAX_PROBES && probe->in_use)
        probe++;
    if (probe == probes + MAX_PROBES) {
        say("error too many probes under way\n");
        return;
    }
    *probe = *wanted;
    probe->in_use = true;
    probe->deadline = NET_TIME_NEVER;
    uint8_t payload[NET_PROBE_BYTES];
    net_probe_write(payload, probe->nonce);
    int error = probe->kind == NET_PROBE_ICMP  ? send_icmp(probe, payload, timeout)
                : probe->kind == NET_PROBE_UDP ? send_udp(probe, payload, timeout)
                                               : send_tcp(probe, timeout);
    if (error < 0)
        say_result(probe, net_probe_unsent(error));
}

NetTime control_deadline(void)
{
    NetTime deadline = NET_TIME_NEVER;
    for (unsigned i = 0; i < MAX_PROBES; i++) {
        if (probes[i].in_use && probes[i].deadline < deadline)
            deadline = probes[i].deadline;
    }
    return deadline;
}

void control_advance(NetTime now)
{
    for (Probe *probe = probes; probe < probes + MAX_PROBES; probe++) {
        if (probe->in_use && probe->deadline <= now)
            say_result(probe, net_probe_unanswered(stack, probe->to));
    }
}

/* ---- Commands ------------------------------------------------------------ */

/* Cuts the next word off *at; NULL: there is none. */
static char *next_word(char **at)
{
    char *word = *at;
    while (*word == ' ')
        word++;
    if (*word == '\0')
        return NULL;
    char *end = word;
    while (*end != '\0' && *end != ' ')
        end++;
    *at = *end ? end + 1 : end;
    *end = '\0';
    return word;
}

static bool next_decimal(char **at, uint64_t limit, uint64_t *ret_value)
{
    const char *word = next_word(at), *end;
    if (!word || word[0] < '0' || word[0] > '9' || strlen(word) > 10)
        return false;
    *ret_value = parse_number(word, &end);
    return *end == '\0' && *ret_value <= limit;
}

static bool next_nonce(char **at, uint64_t *ret_nonce)
{
    const char *word = next_word(at), *end;
    if (!word || strlen(word) != NONCE_DIGITS)
        return false;
    char text[NONCE_DIGITS + 3] = "0x";
    memcpy(text + 2, word, NONCE_DIGITS + 1);
    *ret_nonce = parse_number(text, &end);
    return end == text + NONCE_DIGITS + 2;
}

static bool next_kind(char **at, NetProbeKind *ret_kind)
{
    const char *word = next_word(at);
    for (unsigned kind = 0; word && kind < sizeof kind_names / sizeof kind_names[0]; kind++) {
        if (strcmp(word, kind_names[kind]) == 0) {
            *ret_kind = (NetProbeKind)kind;
            return true;
        }
    }
    return false;
}

static void expect(char **at, NetTime now)
{
    uint64_t id, port, nonce, timeout_ms;
    NetProbeKind kind;
    if (!next_decimal(at, UINT32_MAX, &id) || !next_kind(at, &kind) || kind != NET_PROBE_TCP ||
        !next_decimal(at, UINT16_MAX, &port) || port == 0 || !next_nonce(at, &nonce) ||
        !next_decimal(at, UINT32_MAX, &timeout_ms) || next_word(at)) {
        say("error an expect command that makes no sense\n");
        return;
    }
    net_stack_expect_probe(stack, (uint16_t)port, nonce, now + timeout_ms * NS_PER_MS);
}

/* The cable of a NIC leads elsewhere: an address that came by DHCP is asked for anew. */
static void cable(char **at, NetTime now)
{
    uint64_t nic;
    if (!next_decimal(at, HV_BOOT_MAX_NICS - 1, &nic) || nic >= boot_info()->nic_count ||
        next_word(at)) {
        say("error a cable command that makes no sense\n");
        return;
    }
    if (boot_info()->nics[nic].dhcp)
        net_stack_dhcp_start(stack, (unsigned)nic, now);
}

static void command(char *text, NetTime now)
{
    Probe probe = {.sent = now};
    uint64_t id, port = 0, timeout_ms;
    char *at = text;
    const char *verb = next_word(&at);
    if (!verb)
        return;
    if (strcmp(verb, "expect") == 0) {
        expect(&at, now);
        return;
    }
    if (strcmp(verb, "cable") == 0) {
        cable(&at, now);
        return;
    }
    if (strcmp(verb, "probe") != 0) {
        say("error unknown command\n");
        return;
    }
    const char *address;
    if (!next_decimal(&at, UINT32_MAX, &id) || !next_kind(&at, &probe.kind) ||
        !(address = next_word(&at)) || !resolve_now(address, &probe.to) ||
        (probe.kind != NET_PROBE_ICMP && !next_decimal(&at, UINT16_MAX, &port)) ||
        !next_nonce(&at, &probe.nonce) || !next_decimal(&at, UINT32_MAX, &timeout_ms) ||
        next_word(&at)) {
        say("error a probe command that makes no sense\n");
        return;
    }
    probe.id = (uint32_t)id;
    probe.port = (uint16_t)port;
    start_probe(&probe, timeout_ms * NS_PER_MS);
}

void control_input(const char *bytes, size_t length, NetTime now)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != '\n') {
            if (line_length + 1 < LINE_BYTES)
                line[line_length++] = bytes[i];
            else
                line_too_long = true;
            continue;
        }
        line[line_length] = '\0';
        if (line_too_long)
            say("error line too long\n");
        else
            command(line, now);
        line_length = 0;
        line_too_long = false;
    }
}

void control_start(NetStack *its_stack)
{
    stack = its_stack;
}
