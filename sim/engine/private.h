/* SPDX-License-Identifier: GPL-2.0-or-later */
/* private.h: what the files of the engine share.
 *
 * engine.c has the loop, world.c builds what it moves, images.c loads guest
 * images, observe-hv.c and observe-net.c write what the parts report into the
 * trace, command.c carries out commands, probe.c asks guests to reach others.
 */
#pragma once

#include "hv-core/host.h"
#include "netsim/part.h"
#include "sim/engine/engine.h"
#include "sim/engine/own-policy.h"

#define SIM_PROBE_TIMEOUT_NS UINT64_C(1000000000) /* of a reach check's probe */

/* Something that takes effect at a time to come: a command, a frame that leaves
 * a NIC, a line a guest wrote, a probe to send or to give up. */
typedef struct SimDue SimDue;
typedef void (*SimDueRun)(SimEngine *engine, SimDue *due);
struct SimDue {
    uint64_t time;
    uint64_t order;       /* equal times: in the order they were made */
    GSequenceIter *place; /* in the engine's list */
    SimDueRun run;
    SimCommand command;
    HvOutFrame *frame;
    HvOutControl *control;
    GBytes *input;   /* a frame from outside */
    unsigned uplink; /* that it came in by */
    uint32_t probe;  /* number of the probe */
    unsigned vm;     /* that starts */
    bool external;   /* from outside of the world: at equal times before what it does itself */
    bool scripted;   /* of the scenario's own time: does not happen after its end */
};

/* An endpoint, as events name it. */
typedef struct {
    uint8_t kind; /* enum SimEndpoint */
    uint16_t number;
} SimEnd;

typedef struct SimQuestion SimQuestion; /* ask.c */

/* One try at one address. */
typedef struct {
    uint32_t number;   /* from 1 */
    uint32_t question; /* that it is a try of */
    uint64_t nonce;
    SimEnd from, to; /* to: who must confirm */
    uint32_t address;
    SimProtocol protocol;
    uint16_t port;
    uint64_t timeout_ns;
    bool by_rule;    /* address and port are a forward rule's */
    SimDue *give_up; /* NULL: it is over */
    bool over;
    bool confirmed;     /* the endpoint meant has seen the nonce, */
    uint32_t seen_from; /* from this address */
    bool seen_by_other; /* somebody else has seen it: */
    SimEnd other;
    uint8_t outcome;              /* SIM_PROBE_..., once over */
    uint32_t by;                  /* unreachable: who said so; no-arp-answer: who was asked for */
    uint8_t icmp_type, icmp_code; /* unreachable */
    uint64_t rtt_ns;
} SimProbe;

/* A forward rule that is in force. */
typedef struct {
    uint32_t network;
    SimScenarioForward rule; /* its strings are this struct's */
} SimRule;

/* How a network is wired now: as in the file, until set-mode makes it anew. */
typedef struct {
    SimNetworkMode mode;
    const NetRecipe *recipe; /* what the mode brings */
    SimCidr subnet;          /* prefix 0: as the mode has it */
} SimWiring;

struct SimEngine {
    const SimScenario *scenario;
    SimWiring *wiring;    /* by network */
    SimOwnPolicy *policy; /* NULL: one that comes with hvlab */
    const HvCpuBackend *backend;
    char *backend_why;
    SimTrace *trace;
    HvHost *host;
    NetWorld *net;
    uint64_t frame_ids;  /* shared by host and network */
    uint32_t snap_bytes; /* of an Ethernet frame kept in the trace */

    GPtrArray *images;    /* of SimLoadedImage */
    GArray *part_info;    /* NetPartInfo by part */
    GArray *port_network; /* uint16_t by port */
    NetPortId **vm_port;  /* by VM and NIC */
    NetArpEntry **arp;    /* by VM: its cache as it was told; NULL: nothing yet */
    uint32_t *heap_page;  /* by VM: the first guest page of its heap */
    HvPageRef *future;    /* the references of a first run, for the policy opt */
    size_t future_count;
    bool collects_references; /* this is the first run for opt: replaces nothing */
    uint8_t **cut_trunks;     /* by network and trunk: a bit for each unplugged cable */
    uint32_t *unplugged;      /* by VM: a bit for each NIC, as the last command left it */
    GString **control_line;   /* by VM: what the guest wrote since its last '\n' */

    uint64_t now;     /* of the world: nothing before it can happen any more */
    uint64_t granted; /* as far as vCPUs may have run */
    uint64_t done;    /* nothing due before it is left */
    SimPhase phase;
    uint64_t phase_end;
    uint8_t phase_end_reason; /* SIM_END_... when that time is reached */
    bool stays;               /* an idle world waits for commands */
    GSequence *due;           /* SimDue, by (time, order) */
    SimDue *first_due;        /* NULL: there is none */
    uint64_t due_made;
    uint32_t commands_done;

    GArray *uplinks;       /* NetPortId by uplink */
    GQueue uplink_outputs; /* of SimUplinkOutput */
    bool replays;          /* what goes out by uplinks goes nowhere */

    GArray *probes;       /* SimProbe; number n is at n - 1 */
    GPtrArray *questions; /* of SimQuestion; number n is at n - 1 */
    uint32_t questions_open;
    bool check_frames;    /* see SimEngineConfig */
    char *frames_wrong;   /* what was found first; NULL: nothing */
    size_t next_check;    /* whose question is asked next in SIM_PHASE_PROBES */
    size_t next_question; /* then those that the client asks */
    GArray *asked;        /* of SimReachQuestion: these */

    NetPart *host_part;    /* NULL: the host has no NIC */
    NetPart **lan_part;    /* by number */
    NetPart **server_part; /* by number */
    uint32_t **vm_address; /* by VM and NIC: static, or as DHCP gave it; 0: none */
    GPtrArray *rules;      /* of SimRule */

    uint8_t end_reason; /* SIM_END_..., once the main phase is over */
    uint32_t turns;     /* of the loop since time last moved */
    bool net_overrun;
    bool host_failed; /* the real host refused to run a vCPU */
    volatile int interrupted;
};

/* A guest image, read once and run by every VM that names its program. */
typedef struct {
    char *program;
    char *sha256; /* 64 hex digits */
    GBytes *bytes;
} SimLoadedImage;

/* images.c: the image of a VM's program, loaded once per program. */
const SimLoadedImage *sim_engine_image(SimEngine *engine, unsigned vm, const char *guest_directory,
                                       GError **error);
void sim_loaded_image_free(SimLoadedImage *image);

/* world.c */
bool sim_engine_load_images(SimEngine *engine, const char *guest_directory, GError **error);
char *sim_engine_metadata(SimEngine *engine);

/* In code.c: the images' code and functions into the trace. */
void sim_engine_record_code(SimEngine *engine);

bool sim_engine_build(SimEngine *engine, GError **error);
/* A network as the file has it, but wired like this. g_array_unref() the two arrays. */
void sim_engine_describe_network(const SimEngine *engine, uint32_t number, const SimWiring *wiring,
                                 NetNetworkConfig *config, GArray **ret_reservations,
                                 GArray **ret_forwards);
void sim_engine_describe_nic(const SimEngine *engine, unsigned vm, unsigned nic,
                             NetNicConfig *config);

/* references.c: the references to pages that are in the trace, in their order.
 * g_free(). */
HvPageRef *sim_engine_references(SimEngine *engine, size_t *ret_count);

HvSchedParams sim_engine_sched_params(const SimScenarioSched *sched);
void sim_engine_throttles(const SimScenarioThrottles *throttles, HvThrottle *ret_limits);

/* observe-*.c; user is the SimEngine. */
extern const HvObserver sim_hv_observer;
extern const NetObserver sim_net_observer;

/* engine.c: a SimDue at time, now if that has passed. The caller fills in the rest. */
SimDue *sim_engine_due(SimEngine *engine, uint64_t time, SimDueRun run);
/* The same for what comes from outside of the world: commands, frames, VMs that start. */
SimDue *sim_engine_due_external(SimEngine *engine, uint64_t time, SimDueRun run);
/* It shall not happen after all. Frees it. */
void sim_engine_due_cancel(SimEngine *engine, SimDue *due);

/* uplinks.c: a frame left by an uplink; borrowed. And what is left at the end. */
void sim_engine_uplink_output(SimEngine *engine, unsigned uplink, const NetFrame *frame);
void sim_engine_uplinks_clear(SimEngine *engine);

/* switches.c: what the scenario says of switches, in netsim's words. The arrays that
 * config points to are freed by sim_engine_network_clear(). */
void sim_engine_network_config(const SimScenarioNetwork *network, NetNetworkConfig *config);
void sim_engine_network_clear(NetNetworkConfig *config);
void sim_engine_nic_config(const SimScenario *scenario, const SimScenarioNic *nic,
                           NetNicConfig *config);
void sim_engine_nic_clear(NetNicConfig *config);
/* Flow tables and mirrors, once every port is there. */
void sim_engine_program_switches(SimEngine *engine);
void sim_engine_program_network(SimEngine *engine, uint32_t network);
bool sim_engine_switch_command(SimEngine *engine, const SimCommand *command);
void sim_engine_free_trunks(SimEngine *engine);

/* command.c */
void sim_engine_schedule_command(SimEngine *engine, const SimCommand *command);

/* outside.c: the host, the LAN and the Internet; addresses and names of endpoints. */
bool sim_engine_build_outside(SimEngine *engine, GError **error);
void sim_engine_free_outside(SimEngine *engine);
/* There is a host from now on, and a LAN if need be. */
bool sim_engine_need_outside(SimEngine *engine, bool lan, GError **error);
SimEnd sim_engine_end(const SimScenarioEndpoint *endpoint);
char *sim_engine_end_name(const SimEngine *engine, SimEnd end);    /* "lan:printer"; g_free() */
NetPart *sim_engine_end_part(const SimEngine *engine, SimEnd end); /* NULL: a VM, or none */
/* The addresses that it has now, those first by which `from` is nearest; g_array_unref(). */
GArray *sim_engine_end_addresses(const SimEngine *engine, SimEnd end, SimEnd from);
bool sim_engine_end_has_address(const SimEngine *engine, SimEnd end, uint32_t address);
/* Does the rule lead to this VM, as addresses are now? */
bool sim_engine_rule_leads_to(const SimEngine *engine, const SimRule *rule, unsigned vm);
/* What a VM's NIC has by DHCP from now on. */
void sim_engine_lease(SimEngine *engine, NetMac mac, uint32_t address);
NetForward sim_engine_forward(const SimScenarioForward *rule);
bool sim_engine_add_rule(SimEngine *engine, uint32_t network, const SimScenarioForward *rule);
bool sim_engine_remove_rule(SimEngine *engine, uint32_t network, const char *name);
/* The network's rules are those of the file again, or none. */
void sim_engine_reset_rules(SimEngine *engine, uint32_t network, bool as_in_file);

/* set-mode.c; false: refused. */
bool sim_engine_set_mode(SimEngine *engine, uint32_t network, SimNetworkMode mode);

/* ask.c: does `from` reach `to`? expects: who must confirm it, mostly `to`. check is
 * SIM_NONE when no check asks. The answer is an event "reach". */
void sim_engine_ask(SimEngine *engine, SimEnd from, SimEnd to, SimEnd expects, SimProtocol protocol,
                    unsigned port, uint64_t timeout_ns, unsigned check);
void sim_engine_question_free(SimQuestion *question);
/* A probe of the question is over. */
void sim_engine_answered(SimEngine *engine, const SimProbe *probe);

/* probe.c: sends a probe now; the fields up to by_rule are given but its number and nonce. Its
 * number. */
uint32_t sim_engine_probe(SimEngine *engine, const SimProbe *probe, unsigned check);
uint64_t sim_engine_nonce(const SimEngine *engine, uint32_t probe);  /* that it has, or will have */
SimProbe *sim_engine_find_probe(SimEngine *engine, uint64_t number); /* NULL: no such */
/* A VM's stack shall answer a TCP probe at a port. */
void sim_engine_expect(SimEngine *engine, SimEnd at, unsigned port, const SimProbe *probe);
/* A line for the guest's control console; false: it does not run. */
bool sim_engine_tell_guest(SimEngine *engine, unsigned vm, const char *line);
/* An endpoint has seen a probe. */
void sim_engine_seen(SimEngine *engine, SimEnd by, uint8_t protocol, uint64_t nonce, uint32_t from);
/* A probe that a machine outside sent is over. */
void sim_engine_probe_over(SimEngine *engine, uint32_t number, const NetProbeResult *result);
/* The line (without its '\n') that a guest wrote on its control console. */
void sim_engine_control_line(SimEngine *engine, unsigned vm, const char *line);
