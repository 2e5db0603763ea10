/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model.h: the state of the simulated world at a time, folded from a trace.
 *
 * sim_model_apply() takes the events of a trace one after another; what the
 * structs below then hold is the state just after the last of them. Everything
 * is computed from events alone, so a view of a recorded run and of a live one
 * show the same. Everybody may read the structs; only sim_model_apply() writes.
 *
 * Going back in time: sim_model_copy() is cheap (pages and console text are
 * shared until one of the two changes), so a reader may keep copies at
 * intervals and fold on from the nearest.
 *
 * Durations: what has lasted since `since` is not yet in a sum. The functions
 * that take a time `at` (not before SimModel.time) add it.
 *
 * A trace may be damaged or hostile: an event that names something that was
 * never created, or has it in two places, changes nothing but SimModel.ignored.
 */
#pragma once

#include "netsim/proto/recipe.h"
#include "sim/trace/reader.h"

#define SIM_MODEL_MAX_PAGES      (1u << 20) /* of one VM: 4 GiB */
#define SIM_MODEL_MAX_VCPUS      64u
#define SIM_MODEL_MAX_BLOCK      4096u      /* pages of a huge mapping */
#define SIM_MODEL_MAX_REFERENCES 100000u    /* of the pages of one VM, that are kept */
#define SIM_MODEL_MAX_CONSOLE    (1u << 20) /* bytes of console text kept per VM */
#define SIM_MODEL_MAX_VMS        4096u
#define SIM_MODEL_MAX_NICS       64u
#define SIM_MODEL_MAX_NETWORKS   4096u
#define SIM_MODEL_MAX_HOSTS      256u
#define SIM_MODEL_MAX_FLIGHTS    65536u
#define SIM_MODEL_MAX_ROWS       65536u /* of one network's MAC table */
#define SIM_MODEL_MAX_PORTS      65536u
#define SIM_MODEL_MAX_FLOWS      4096u  /* of one switch */
#define SIM_MODEL_MAX_ENTRIES    65536u /* probes; checks */
#define SIM_MODEL_CONSOLE_SLOT   1u     /* of console events: the program's output */
#define SIM_MODEL_NO_PORT        UINT32_MAX
#define SIM_MODEL_NO_FRAME       UINT32_MAX /* of SimModelPage: the page is absent */
#define SIM_MODEL_NO_PCPU        UINT16_MAX

/* ---- CPU ----------------------------------------------------------------- */

typedef struct {
    uint8_t state; /* enum SimVcpuState */
    uint8_t why;   /* enum SimWhy: reason of the last change */
    uint16_t pcpu; /* while running; else SIM_MODEL_NO_PCPU */
    uint64_t since;
    uint64_t in_state_ns[SIM_VCPU_STATE_COUNT]; /* up to `since` */
    uint64_t charged_ns;                        /* by deschedule events, costs included */
    uint64_t longest_run_ns;                    /* between two of them */
    uint64_t dispatches;
    uint64_t preemptions; /* it could have gone on: end of slice, or another was preferred */
    uint64_t exits[SIM_EXIT_COUNT];
    uint64_t exit_cost_ns;
    uint64_t interrupts_raised, interrupts_taken;

    /* Scheduling. */
    uint32_t weight, cap_ppm;
    bool arrived, has_run, ended;
    uint64_t arrival_ns, first_run_ns, end_ns;
    uint64_t longest_wait_ns; /* ready without a break, up to `since` */
    uint64_t wake_wait_ns;    /* the longest from a wake-up to a pCPU */
    uint64_t migrations;      /* dispatches on another pCPU than the one before */
    uint16_t last_pcpu;       /* SIM_MODEL_NO_PCPU: it has never run */
    uint64_t entitled_ns;     /* entitlement.h; what has come since it last wanted to run is in
                                 it once it waits again, or at the end of the run */
    bool wants;               /* ready or running; and its place on the ideal machine: */
    unsigned __int128 ideal_mark;
} SimModelVcpu;

/* Of a VM that is a job. */
typedef struct {
    uint64_t releases, done, missed;
    uint64_t released_ns; /* the last time */
    uint64_t done_ns;     /* the last time */
    uint64_t worst_ns;    /* the longest from a release to its being done */
} SimModelJob;

typedef struct {
    uint16_t vm, vcpu;           /* who is on it; SIM_NONE: idle */
    uint16_t last_vm, last_vcpu; /* who was on it last */
    uint64_t since;              /* of that, or of being idle */
    uint64_t busy_ns, idle_ns;   /* up to `since` */
    uint64_t dispatches;
    uint64_t switches; /* dispatches of another vCPU than the one before */
} SimModelPcpu;

/* ---- Memory -------------------------------------------------------------- */

enum {
    SIM_PAGE_WRITABLE = 1,
    SIM_PAGE_PINNED = 2,
    SIM_PAGE_DEMAND = 4,
    SIM_PAGE_TOUCHED = 8,    /* stays once it has been present */
    SIM_PAGE_SWAPPED = 16,   /* absent, its contents are in swap space */
    SIM_PAGE_SHARED = 32,    /* other pages have the same page frame */
    SIM_PAGE_BALLOONED = 64, /* absent: the guest gave it to its balloon */
    SIM_PAGE_BLOCK = 128,    /* mapped as one with the block around it */
};

typedef struct {
    uint32_t frame; /* SIM_MODEL_NO_FRAME: absent */
    uint8_t flags;  /* SIM_PAGE_* */
} SimModelPage;

typedef struct SimPages SimPages; /* a VM's pages; shared between copies */

/* ---- VMs ----------------------------------------------------------------- */

typedef struct {
    uint64_t mac;
    uint32_t ip;
    uint8_t prefix;
    uint16_t network;
    uint32_t port;
    uint64_t tx_frames, tx_bytes;
    uint64_t rx_frames, rx_bytes;
    uint64_t dropped[SIM_RX_DROP_COUNT];
} SimModelNic;

typedef struct {
    uint64_t count;
    uint64_t time; /* and below: of the last one */
    bool fatal;
    uint8_t vector;
    uint16_t vcpu;
    uint64_t rip, cr2, error_code;
    char *message, *symbol; /* NULL: none */
} SimModelFault;

/* A limit on what a VM may ask of the hypervisor. */
typedef struct {
    uint32_t rate, burst; /* rate 0: none */
    uint64_t times;       /* a vCPU had to wait for it */
} SimModelThrottle;

/* Tracing mode: one access to a page of a VM's heap. */
typedef struct {
    uint32_t page;         /* from the begin of the heap */
    uint32_t evicted_page; /* guest page that lost its frame for it; UINT32_MAX: none */
    uint16_t evicted_vm;   /* whose that was */
    bool hit, write;
} SimModelReference;

typedef struct SimText SimText; /* text that only grows; shared between copies */

typedef struct {
    char *name;
    uint16_t vm, host;
    uint8_t state; /* enum SimVmState */
    uint8_t why;   /* enum SimWhy */
    uint64_t since;
    uint32_t weight;
    unsigned vcpu_count;
    SimModelVcpu *vcpus;
    unsigned nic_count;
    SimModelNic *nics;

    SimModelJob job;
    bool exited; /* its program ended */
    uint32_t exit_code;
    SimText *console;
    uint64_t console_lost; /* bytes beyond SIM_MODEL_MAX_CONSOLE */
    SimModelFault fault;
    uint64_t device_errors[SIM_DEVICE_COUNT];
    uint64_t kicks;
    SimModelThrottle throttles[SIM_THROTTLE_COUNT];
    uint64_t throttled_ns; /* its vCPUs have waited for a limit, in all, up to `since` of each */
    uint64_t last_mark;    /* the number of its last mark; 0: it made none */

    uint32_t memory_pages;
    SimPages *pages;
    uint32_t resident_pages, pinned_pages;
    uint64_t demand_faults; /* pages given because the guest touched them */
    uint64_t unmaps;
    uint32_t heap_page, heap_pages; /* its first page, and its length */
    uint32_t swapped_pages;         /* that are in swap space now */
    uint32_t shared_pages;          /* whose page frame other pages have too */
    uint64_t shares, copies; /* pages that came to share one; that were copied to be written */
    uint64_t swap_ins, swap_outs;
    uint64_t blocks_mapped, blocks_reclaimed;  /* huge mappings */
    uint32_t block_pages;                      /* of each; 0: there was none */
    uint32_t ballooned_pages;                  /* that are in its balloon now */
    uint32_t balloon_target;                   /* that it is asked to have there */
    bool balloon_commanded;                    /* by a command, not by the memory policy */
    uint64_t inflates, deflates;               /* pages given, and taken back */
    uint64_t balloon_used;                     /* used while in the balloon, and not taken back */
    uint64_t balloon_refused;                  /* pages it could not give or take back */
    uint32_t memory_shares;                    /* 0: nobody has said */
    uint32_t memory_reservation, memory_limit; /* in pages; limit 0: none */
    uint32_t memory_target;                    /* pages, by the host's policy */
    uint32_t active_ppm, working_set_pages;    /* the last estimate */
    uint64_t guest_total_bytes, guest_free_bytes, guest_faults; /* as it said itself, last */
    uint64_t guest_reports;                                     /* so often */
    uint64_t estimates;                                         /* of the working set, so far */
    bool refused; /* it was not started, for want of memory */
    uint64_t reference_count, reference_hits;
    SimText *references; /* of SimModelReference: see sim_model_references() */
} SimModelVm;

typedef struct {
    char *policy;
    uint16_t pcpus, first_pcpu; /* its pCPUs in SimModel.pcpus */
    uint32_t frames;
    uint32_t frames_used; /* page frames that VMs hold */
    uint64_t clock_hz, slice_ns, exit_ns, switch_ns, fault_ns;

    /* The ideal machine of entitlement.h. */
    unsigned runnable; /* vCPUs that want to run */
    uint64_t weight;   /* of them */
    uint64_t largest_weight;
    bool has_caps;
    uint64_t entitled_until;
    unsigned __int128 ideal_clock;
} SimModelHost;

/* ---- Network ------------------------------------------------------------- */

typedef struct {
    char *kind; /* of its part: "nic", "switch" */
    uint32_t part, number;
    uint16_t network, vm, nic; /* vm and nic: SIM_NONE unless a NIC's */
    uint32_t peer;             /* port at the other end of its cable; SIM_MODEL_NO_PORT: none */
    bool up;
    bool gone; /* with its part, when its network got another mode */
    uint64_t latency_ns, rate_bps;
    uint64_t frames_out, frames_in; /* put on, taken from its cable */
    uint64_t dropped;
    /* Of a switch port: */
    uint8_t vlan_mode;             /* enum SimPortVlan */
    uint16_t vlan;                 /* access or native */
    uint8_t promiscuous;           /* enum SimPromiscuous */
    bool in_tree;                  /* takes part in the spanning tree: */
    uint8_t tree_state, tree_role; /* enum SimTreeState, SimTreeRole */
    bool standby;                  /* its cable is of a team that uses another one */
} SimModelPort;

typedef struct {
    uint32_t flow; /* number in its switch */
    uint32_t priority;
    char *name, *text; /* text: what it does, in words */
    uint64_t frames;
} SimModelFlow;

typedef struct {
    char *name;
    uint32_t part;
    bool vlans, spanning_tree;
    uint16_t priority;
    uint64_t mac;
    uint64_t bridge, root; /* of the spanning tree: priority << 48 | address; 0: not heard of */
    uint32_t root_cost;
    uint32_t root_port; /* SIM_MODEL_NO_PORT: it is the root */
    GArray *flows;      /* of SimModelFlow, as the switch asks them */
} SimModelSwitch;

typedef struct {
    uint64_t mac;
    uint32_t port;
    uint16_t vlan;
    uint32_t part;  /* the switch */
    uint64_t since; /* learned or moved */
} SimModelMacRow;

/* An address and a port; of ICMP echo the identifier. */
typedef struct {
    uint32_t address;
    uint16_t port;
} SimModelSocket;

/* A row of a NAT's table, see the event nat-new. */
typedef struct {
    uint32_t part; /* the NAT */
    uint32_t row;
    uint8_t protocol; /* of IP */
    uint8_t state;    /* enum SimNatState */
    bool from_inside;
    uint16_t rule; /* SIM_NONE: none */
    SimModelSocket inside, inside_peer, outside, outside_peer;
    uint64_t since, expires_ns;
    uint64_t packets_out, packets_in;
} SimModelNatRow;

/* A forward rule that holds. */
typedef struct {
    uint32_t part;
    uint32_t rule;
    uint8_t protocol;
    SimModelSocket host, guest; /* host.address 0: every one */
    char name[64];
} SimModelRule;

/* An address that a DHCP server has given, or keeps back. */
typedef struct {
    uint32_t part; /* the server */
    uint32_t address;
    bool declined; /* the client found it in use: nobody is given it until then */
    uint64_t mac;
    uint64_t since, expires_ns;
    char name[64];
} SimModelLease;

typedef struct {
    char *name;
    uint8_t mode;    /* enum SimNetMode */
    uint64_t frames; /* taken in by its switches */
    uint64_t forwarded, flooded;
    uint64_t copied; /* for mirrors and promiscuous NICs */
    uint64_t dropped[SIM_NET_DROP_COUNT];
    GArray *macs;        /* of SimModelMacRow, by (vlan, mac, part) */
    GArray *nat;         /* of SimModelNatRow, by (part, row) */
    GArray *rules;       /* of SimModelRule, by (part, rule) */
    GArray *leases;      /* of SimModelLease, by (part, address) */
    GPtrArray *switches; /* of SimModelSwitch *, in the order of creation */
} SimModelNetwork;

/* A frame, or a copy of it, on a cable. Until departs_ns it waits to enter. */
typedef struct {
    uint64_t frame;
    uint32_t from, to;
    uint64_t departs_ns, arrives_ns;
} SimFlight;

/* A NIC of a machine that is no VM. */
typedef struct {
    char *name;   /* "host", "lan:printer" */
    uint8_t kind; /* enum SimEndpoint */
    uint16_t number;
    uint64_t mac;
    uint32_t ip;
    uint8_t prefix;
    uint16_t network;
    uint32_t port;
} SimModelEndpoint;

#define SIM_MODEL_ARP_FRESH_NS UINT64_C(60000000000) /* then an ARP entry is stale */

/* A row of an ARP cache: of a VM's NIC, or (vm and nic SIM_NONE) of the NIC at a port. */
typedef struct {
    uint16_t vm, nic;
    uint32_t port; /* SIM_MODEL_NO_PORT of a VM's */
    uint32_t ip;
    uint64_t mac;  /* 0: nobody has answered yet */
    uint8_t state; /* enum SimArpState, never free */
    uint64_t since, confirmed_ns;
    uint64_t moved_ns; /* when it last turned to another MAC address; 0: never */
} SimModelArpRow;

/* ---- What was asked ------------------------------------------------------- */

typedef struct {
    uint8_t kind; /* enum SimEndpoint */
    uint16_t number;
} SimModelEnd;

typedef struct {
    uint32_t probe;
    uint64_t nonce;
    uint32_t question; /* that it is a try of */
    char *from, *to;   /* endpoints: "vm:a" */
    SimModelEnd from_end, to_end;
    bool by_rule;   /* at a forward rule's address and port */
    uint16_t check; /* that asks; SIM_NONE: none */
    uint32_t address;
    uint16_t port;
    uint8_t protocol; /* enum SimProbeProtocol */
    uint64_t sent;
    bool seen;          /* by to_end */
    bool seen_by_other; /* by somebody else */
    bool over;
    uint8_t outcome; /* enum SimProbeOutcome, once over */
    bool confirmed;
    uint64_t rtt_ns;
} SimModelProbe;

/* The answer to a question, of one probe or several. */
typedef struct {
    uint32_t question, probe;
    char *from, *to, *why;
    SimModelEnd from_end, to_end;
    uint16_t port, check;
    uint8_t protocol; /* enum SimProbeProtocol */
    uint8_t via;      /* enum SimReachVia */
    uint8_t outcome;  /* enum SimProbeOutcome */
    bool reached;
    uint64_t time, rtt_ns;
} SimModelReach;

typedef struct {
    uint16_t check;
    char *id, *detail;
    uint8_t outcome; /* enum SimCheckOutcome */
    uint32_t points, earned;
} SimModelCheck;

/* ---- All of it ------------------------------------------------------------ */

typedef struct {
    uint64_t time;   /* of the last event */
    uint64_t events; /* applied */
    uint64_t ignored;
    uint64_t counts[SIM_EVENT_TYPE_COUNT];

    char *backend; /* NULL before run-start */
    uint64_t seed;
    bool ended;
    uint8_t end_reason; /* enum SimEndReason */
    uint64_t dropped_events;
    bool limited; /* the trace is not complete from some time on */
    uint32_t commands;

    GPtrArray *hosts;    /* of SimModelHost *, by number; so too the others */
    GPtrArray *vms;      /* of SimModelVm * */
    GPtrArray *networks; /* of SimModelNetwork * */
    GArray *pcpus;       /* of SimModelPcpu */
    GPtrArray *ports;    /* of SimModelPort * */
    GArray *probes;      /* of SimModelProbe, in the order sent */
    GArray *reaches;     /* of SimModelReach, in the order answered */
    GArray *endpoints;   /* of SimModelEndpoint, one for each NIC of a machine that is no VM */
    GArray *checks;      /* of SimModelCheck, in the order judged */
    GArray *arp;         /* of SimModelArpRow, by (vm, nic, port, ip) */
    GHashTable *flights; /* see sim_model_flights() */
    guint flights_sweep; /* at so many, those that have arrived are thrown out */
} SimModel;

SimModel *sim_model_new(void);
SimModel *sim_model_copy(const SimModel *model);
void sim_model_free(SimModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimModel, sim_model_free)

/* Takes in the next event of the trace. */
void sim_model_apply(SimModel *model, const SimRecord *record);
/* The state after everything that reader has. */
SimModel *sim_model_fold(SimReader *reader);

/* ---- Queries -------------------------------------------------------------- */

/* NULL: no such. */
const SimModelVm *sim_model_vm(const SimModel *model, unsigned vm);
const SimModelVm *sim_model_find_vm(const SimModel *model, const char *name);
const SimModelVcpu *sim_model_vcpu(const SimModel *model, unsigned vm, unsigned vcpu);
const SimModelNic *sim_model_nic(const SimModel *model, unsigned vm, unsigned nic);
const SimModelPcpu *sim_model_pcpu(const SimModel *model, unsigned pcpu);
const SimModelNetwork *sim_model_network(const SimModel *model, unsigned network);
/* What its mode brings; NULL: it is the LAN or the Internet. */
const NetRecipe *sim_model_recipe(const SimModelNetwork *network);
/* The network of a part's first port; SIM_NONE: no such part. */
unsigned sim_model_part_network(const SimModel *model, uint32_t part);
/* The VM whose NIC is at the other end of a part's first port (mode nat: whose NAT it
 * is); SIM_NONE: none. */
unsigned sim_model_part_vm(const SimModel *model, uint32_t part);
const SimModelPort *sim_model_port(const SimModel *model, uint32_t port);
/* The switch that a part is. */
const SimModelSwitch *sim_model_switch(const SimModel *model, unsigned network, uint32_t part);
/* Whose port it is: "vm:a", "host", "lan:printer", "switch net0"; g_free(). */
char *sim_model_port_name(const SimModel *model, uint32_t port);

/* The row that an event arp-entry is about; NULL: it is not, or no longer, there. */
const SimModelArpRow *sim_model_arp_row(const SimModel *model, const SimEventArpEntry *event);
/* Whose cache a row is of: as sim_model_port_name(), "vm:a nic 1" for a VM of several NICs;
 * g_free(). */
char *sim_model_arp_owner(const SimModel *model, const SimModelArpRow *row);
/* Its network; SIM_NONE: none. */
unsigned sim_model_arp_network(const SimModel *model, const SimModelArpRow *row);
/* Its state at a time, in a word: as SimArpState has it, or "stale". */
const char *sim_model_arp_state(const SimModelArpRow *row, uint64_t at);

/* Time a vCPU has spent in a state, or a pCPU busy or idle, up to at. */
uint64_t sim_model_vcpu_ns(const SimModelVcpu *vcpu, enum SimVcpuState state, uint64_t at);
uint64_t sim_model_busy_ns(const SimModelPcpu *pcpu, uint64_t at);
uint64_t sim_model_idle_ns(const SimModelPcpu *pcpu, uint64_t at);

/* page must be < memory_pages. */
SimModelPage sim_model_page(const SimModelVm *vm, uint32_t page);

/* The first references to pages of the VM's heap, in order. */
const SimModelReference *sim_model_references(const SimModelVm *vm, size_t *ret_count);

/* What the VM's program printed, NUL-terminated besides. */
const char *sim_model_console(const SimModelVm *vm, size_t *ret_length);

/* Exits of one kind, or NIC drops, over all vCPUs or reasons of a VM. */
uint64_t sim_model_exits(const SimModelVm *vm, enum SimExitKind kind);
uint64_t sim_model_nic_dropped(const SimModelNic *nic);

/* The frames on cables, by (departs_ns, frame, to); g_free() the result. */
SimFlight *sim_model_flights(const SimModel *model, unsigned *ret_count);
