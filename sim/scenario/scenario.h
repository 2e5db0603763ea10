/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scenario.h: what a scenario file says, as plain structs.
 *
 * A scenario is a JSON file: a host, networks, VMs, a timeline of commands and
 * the checks that a run must pass. Loading reads and validates all of it, fills
 * in what was left out, and resolves names to numbers, so that whoever uses the
 * structs below never meets a wrong value: every reference is a valid index,
 * every range has been checked, every NIC has a MAC and either an IPv4 address
 * or the word that it asks for one by DHCP.
 *
 * Units: times in virtual ns, sizes in bytes, rates in bits per second, shares
 * in ppm (parts per million), IPv4 addresses in host byte order. VMs, networks,
 * NICs and checks are numbered in the order of the file, from 0.
 *
 * Ownership: everything that a SimScenario points to belongs to it, lives as
 * long as it does and is not changed after loading. Optional strings are NULL
 * when left out; lists are never NULL-terminated, each has its count beside it.
 *
 * Errors name the file, the line, the JSON path, what was wrong, what is
 * allowed and the nearest known word, in one line. The keys, their units,
 * ranges and defaults stand in one table (table.h), which the messages, the
 * defaults and scenarios/scenario.schema.json all come from.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netsim/proto/recipe.h"
#include "sim/scenario/switches.h"

#define SIM_TIME_NEVER      UINT64_MAX
#define SIM_SCENARIO_FORMAT "hvlab-scenario/1"
#define SIM_MAX_FILE_BYTES  (4u << 20)
#define SIM_MAX_FILE_VALUES 200000u /* numbers, strings, lists and objects in one file */
#define SIM_MAX_FILE_DEPTH  32u
#define SIM_MAX_VMS         1024u
#define SIM_MAX_VCPUS       16u
#define SIM_MAX_PCPUS       64u
#define SIM_MAX_NICS        8u
#define SIM_MAX_ROUTES      4u /* of a NIC */
#define SIM_MAX_VM_ROUTES   8u /* of all NICs of a VM */
#define SIM_MAX_NETWORKS    256u
#define SIM_MAX_NAME_LENGTH 23u          /* what a guest's table of hosts holds */
#define SIM_MAX_ARGS        63u          /* beside the program's name */
#define SIM_VM_PINNED_BYTES (512u << 10) /* the least of a VM that is always resident */

/* ---- Parts -------------------------------------------------------------- */

typedef struct {
    uint64_t level;   /* 1 (first week) to 5 */
    uint64_t minutes; /* to go through it */
    char **after;     /* ids of scenarios to see first */
    size_t after_count;
} SimScenarioMeta;

typedef enum {
    SIM_DETAIL_NORMAL,
    SIM_DETAIL_FULL, /* payloads beyond the snap length too, and registers at exits */
} SimDetail;

typedef struct {
    uint64_t until_ns;          /* the run ends here */
    uint64_t detail;            /* SimDetail */
    uint64_t trace_limit_bytes; /* the trace keeps no more than this */
} SimScenarioRun;

typedef struct {
    char *policy;
    uint64_t slice_ns;
    /* Of single policies; see table-sched.c. */
    uint64_t levels;
    bool slice_doubles;
    uint64_t allotment_ns, boost_ns; /* SIM_TIME_NEVER: never */
    uint64_t accounting_ns;
    uint64_t latency_ns;
} SimScenarioScheduler;

/* What a vCPU has of its own; 0: what its VM has, or that the policy's counts. */
typedef struct {
    uint64_t weight, priority, cap_ppm, reservation_ppm;
    uint64_t affinity; /* bit n: pCPU n */
    uint64_t period_ns, slice_ns;
} SimScenarioSched;

typedef struct {
    uint64_t after_ns; /* CPU time */
    uint64_t for_ns;
} SimScenarioJobIo;

/* Each has a VM too, in SimScenario.vms behind the others. */
typedef struct {
    char *name;
    uint64_t arrival_ns, length_ns;
    SimScenarioJobIo *io; /* by after_ns, each before the end */
    size_t io_count;
    uint64_t weight, priority, affinity;
    uint64_t deadline_ns; /* after each arrival; 0: none */
    uint64_t period_ns;   /* 0: it arrives once */
    uint64_t releases;    /* 0: no end */
} SimScenarioJob;

typedef struct {
    uint64_t exit_ns;
    uint64_t switch_ns;
    uint64_t fault_ns;
    uint64_t copy_ns;
    uint64_t swap_out_ns;
    uint64_t swap_in_ns;
} SimScenarioCosts;

/* The words of memory_policy.replacement, in the order of the table. */
typedef enum {
    SIM_REPLACEMENT_NONE, /* a page that needs a frame when none is left ends its VM */
    SIM_REPLACEMENT_FIFO,
    SIM_REPLACEMENT_CLOCK,
    SIM_REPLACEMENT_LRU,
    SIM_REPLACEMENT_NRU,
    SIM_REPLACEMENT_RANDOM,
    SIM_REPLACEMENT_OPT, /* only with trace_references */
    SIM_REPLACEMENT_COUNT
} SimReplacement;

/* No page frame can be had for a page that is touched: who ends? */
typedef enum {
    SIM_OUT_OF_MEMORY_CRASH, /* the VM that touched it */
    SIM_OUT_OF_MEMORY_KILL,  /* the VM that holds the most */
} SimOutOfMemory;

/* What is done when VMs want more than there is: a word for what the other keys say one
 * by one. */
typedef enum {
    SIM_OVERCOMMIT_AS_SET, /* what the other keys say */
    SIM_OVERCOMMIT_REFUSE, /* overcommit is false */
    SIM_OVERCOMMIT_BALLOON,
    SIM_OVERCOMMIT_SHARE,
    SIM_OVERCOMMIT_SWAP, /* replacement is clock, if it was none */
    SIM_OVERCOMMIT_KILL, /* out_of_memory is kill */
} SimOvercommit;

/* From whom is a page frame taken? */
typedef enum {
    SIM_VICTIM_PAGE,   /* whose page the replacement policy names among all */
    SIM_VICTIM_SHARES, /* the VM with the fewest shares for what it holds */
} SimVictim;

typedef struct {
    uint64_t on_overcommit; /* SimOvercommit; has set the others already */
    uint64_t victim;        /* SimVictim */
    uint64_t tax_ppm;
    uint64_t statistics_ns;
    bool balloon;
    uint64_t balance_ns, wait_ns, low_ppm;
    uint64_t sample_pages, sample_period_ns; /* of the estimate of working sets */
    uint64_t replacement;                    /* SimReplacement */
    uint64_t frames;        /* for the heaps of all VMs; 0: no limit but the host's memory */
    uint64_t swap_bytes;    /* a multiple of 4 KiB */
    uint64_t mapping_bytes; /* a power of two times 4 KiB */
    bool overcommit;        /* more may be promised to VMs than the host has */
    uint64_t out_of_memory; /* SimOutOfMemory */
    uint64_t batch;         /* 1 with trace_references, whatever is written */
    uint64_t sample_ns;
    bool share;       /* pages of equal contents share a page frame */
    uint64_t scan_ns; /* how often the sharer looks at scan_pages pages */
    uint64_t scan_pages;
    bool trace_references; /* backend emulated only */
} SimScenarioMemoryPolicy;

typedef struct {
    uint64_t pcpus;
    uint64_t memory_bytes; /* a multiple of 4 KiB */
    uint64_t clock_hz;
    SimScenarioScheduler scheduler;
    uint64_t quantum_ns;
    SimScenarioCosts costs;
    SimScenarioMemoryPolicy memory_policy;
} SimScenarioHost;

typedef enum {
    SIM_MODE_INTERNAL,
    SIM_MODE_HOST_ONLY,
    SIM_MODE_BRIDGED,
    SIM_MODE_NAT,
    SIM_MODE_NAT_NETWORK,
} SimNetworkMode;

typedef struct {
    uint32_t first, last;
} SimAddressRange;

typedef enum {
    SIM_PROTOCOL_ICMP,
    SIM_PROTOCOL_UDP,
    SIM_PROTOCOL_TCP,
} SimProtocol;

/* What arrives at a port of the host goes to a port of a VM behind the NAT. */
typedef struct {
    char *name;
    uint64_t protocol;      /* SIM_PROTOCOL_TCP or SIM_PROTOCOL_UDP */
    uint32_t host_address;  /* 0: every address of the host */
    uint64_t host_port;     /* 1024 and above */
    uint32_t guest_address; /* in mode nat 0: the one that its DHCP server gives */
    uint64_t guest_port;
    SimScenarioRef vm; /* mode nat: behind whose router; default: the network's first VM */
} SimScenarioForward;

typedef struct {
    SimScenarioRef vm;
    uint64_t nic;
    uint32_t address;
} SimScenarioReservation;

/* The DHCP server of a network. Zero: what the mode has. */
typedef struct {
    uint32_t server; /* its own address */
    SimAddressRange range;
    uint64_t lease_ns;
    SimScenarioReservation *reservations;
    size_t reservation_count;
} SimScenarioDhcp;

typedef struct {
    char *name;
    uint64_t mode;       /* SimNetworkMode */
    uint64_t latency_ns; /* from a port to the switch and from the switch to a port: each link */
    uint64_t rate_bps;   /* of each link */
    uint64_t mtu;        /* bytes of an IP packet */
    SimCidr subnet;      /* host bits are zero. Prefix 0, mode nat only: NIC n of a VM
                            is in 10.0.(n+2).0/24. Defaults: see world.c */
    uint64_t mac_ageing_ns;
    SimLinkQuality quality; /* of each link */
    SimScenarioTree tree;
    SimScenarioSwitch only; /* where switch_count is 0 */
    SimScenarioSwitch *switches;
    size_t switch_count;
    SimScenarioTrunk *trunks;
    size_t trunk_count;
    bool vlans;                   /* its switches know VLANs, because something on it has one */
    SimScenarioForward *forwards; /* no two of a scenario ask for one port */
    size_t forward_count;
    bool has_dhcp; /* somebody on it answers a DISCOVER; for mode bridged the LAN's router */
    bool dhcp_off; /* as written: "dhcp": false */
    SimScenarioDhcp dhcp;
    bool wifi; /* bridged by a wireless NIC */
} SimScenarioNetwork;

/* A static route of a guest: what goes there leaves by this NIC, to that router. */
typedef struct {
    SimCidr to;
    uint32_t via; /* on the NIC's own network */
} SimScenarioRoute;

typedef struct {
    SimScenarioRef network;
    uint8_t mac[6];   /* default: 02:68:76:VV:VV:NN, the VM's and the NIC's number */
    bool dhcp;        /* it asks; address is 0. Default: where the network has a server */
    SimCidr address;  /* default: the lowest free host address of the network's subnet */
    uint32_t gateway; /* 0: none, or what DHCP says */
    SimScenarioRoute *routes;
    size_t route_count;
    SimNicPort port;
} SimScenarioNic;

/* ---- Outside ------------------------------------------------------------ */

/* Bits of SimScenarioMachine.services. All machines answer ping, ARP and probes. */
enum {
    SIM_SERVICE_ECHO = 1u << 0, /* TCP and UDP port 7 (RFC 862) */
    SIM_SERVICE_HTTP = 1u << 1, /* TCP port 80: a page that names the machine */
    SIM_SERVICE_DNS = 1u << 2,  /* UDP port 53 */
};

/* A machine that is no VM. */
typedef struct {
    char *name;
    uint32_t address; /* default: the lowest free one from .50 (LAN) or .10 (Internet) on */
    uint64_t services;
} SimScenarioMachine;

/* The network that the host's own NIC is on. */
typedef struct {
    SimCidr subnet;
    uint32_t router; /* has DHCP, DNS and a NAT to the Internet; default: .1 */
    uint32_t host;   /* the host's address; default: .10 */
    SimScenarioMachine *hosts;
    size_t host_count;
} SimScenarioLan;

#define SIM_INTERNET_SUBNET ((SimCidr){203u << 24 | 113u << 8, 24}) /* RFC 5737 */

typedef struct {
    SimScenarioMachine *servers;
    size_t server_count;
} SimScenarioInternet;

/* How often a second a VM may ask something of the hypervisor; rate 0: no limit. */
typedef struct {
    uint64_t rate, burst;
} SimThrottle;

typedef struct {
    SimThrottle exits, device_operations;
} SimScenarioThrottles;

typedef struct {
    char *name;
    char *program;        /* as written: a known program, or the path of an ELF file */
    bool program_is_file; /* contains a '/': see sim_scenario_program_path() */
    char **args;          /* after the program's name */
    size_t arg_count;
    uint64_t vcpus;
    uint64_t memory_bytes; /* a multiple of 4 KiB */
    /* Of the host's memory; each a multiple of 4 KiB. */
    uint64_t memory_shares, memory_reservation_bytes;
    uint64_t memory_limit_bytes; /* 0: none */
    bool balloon;                /* it has one, because it says so or the host's policy needs it */
    uint64_t weight;
    uint64_t priority;
    uint64_t cap_ppm;  /* of one pCPU; 0: none */
    uint64_t affinity; /* bit n: pCPU n; 0: any */
    uint64_t reservation_ppm, period_ns, slice_ns;
    SimScenarioSched *vcpu_scheduling; /* for the first vCPUs */
    size_t vcpu_scheduling_count;
    SimScenarioThrottles throttle;
    uint64_t start_at_ns; /* SIM_TIME_NEVER: only by command */
    size_t job;           /* number of the job that it runs, from 1; 0: none */
    SimScenarioNic *nics;
    size_t nic_count;
} SimScenarioVm;

typedef enum {
    SIM_ENDPOINT_VM,       /* vm:NAME */
    SIM_ENDPOINT_HOST,     /* host */
    SIM_ENDPOINT_LAN,      /* lan:NAME */
    SIM_ENDPOINT_INTERNET, /* internet:NAME */
} SimEndpointKind;

typedef struct {
    char *name; /* as written: "vm:a"; NULL: left out */
    SimEndpointKind kind;
    uint32_t index; /* of the VM, LAN machine or server */
} SimScenarioEndpoint;

/* ---- Commands ----------------------------------------------------------- */

typedef enum {
    SIM_COMMAND_PING,        /* from, to, protocol, port, count, interval_ns, timeout_ns */
    SIM_COMMAND_CONNECT,     /* from, to, port, count, interval_ns, timeout_ns; protocol is tcp */
    SIM_COMMAND_PLUG,        /* vm, nic */
    SIM_COMMAND_UNPLUG,      /* vm, nic */
    SIM_COMMAND_START,       /* vm */
    SIM_COMMAND_PAUSE,       /* vm */
    SIM_COMMAND_RESUME,      /* vm */
    SIM_COMMAND_KILL,        /* vm */
    SIM_COMMAND_SET_WEIGHT,  /* vm, weight */
    SIM_COMMAND_TYPE,        /* vm, text: input to its console */
    SIM_COMMAND_FORWARD_ADD, /* network, forward */
    SIM_COMMAND_FORWARD_REMOVE,   /* network, text: the rule's name */
    SIM_COMMAND_SET_SCHEDULING,   /* vm, vcpu, sched, sched_what */
    SIM_COMMAND_SET_LINK_QUALITY, /* vm and nic, or network, on and nic; quality */
    SIM_COMMAND_PLUG_TRUNK,       /* network, on (a trunk), nic (its cable) */
    SIM_COMMAND_UNPLUG_TRUNK,     /* the same */
    SIM_COMMAND_FLOW_ADD,         /* network, on (a switch), flow */
    SIM_COMMAND_FLOW_REMOVE,      /* network, on, text: its name */
    SIM_COMMAND_SET_ACL,          /* vm, nic, acl */
    SIM_COMMAND_SET_BALLOON,      /* vm, balloon_bytes; SIM_BALLOON_RELEASED: none was given */
    SIM_COMMAND_SET_THROTTLE,     /* vm, throttles, throttle_what */
    SIM_COMMAND_SET_MODE,         /* network, mode */
    SIM_COMMAND_SET_MEMORY,       /* vm, memory, memory_what */
    SIM_COMMAND_SET_TAX,          /* tax_ppm */
    SIM_COMMAND_COUNT
} SimCommandKind;

#define SIM_BALLOON_RELEASED UINT64_MAX

/* What a VM is to have of the host's memory. */
typedef struct {
    uint64_t shares, reservation_bytes, limit_bytes;
} SimMemoryShares;

/* Only the fields named at its kind mean something; the others are zero. */
typedef struct {
    uint64_t kind; /* SimCommandKind */
    uint64_t at_ns;
    SimScenarioRef vm;
    uint64_t nic;
    SimScenarioEndpoint from, to;    /* have at least one NIC */
    SimScenarioEndpoint answered_by; /* .name NULL: to */
    SimScenarioRef network;
    SimScenarioForward forward;
    uint64_t protocol; /* SimProtocol */
    uint64_t port;
    uint64_t count;
    uint64_t interval_ns;
    uint64_t timeout_ns;
    uint64_t weight;
    uint64_t balloon_bytes;
    SimMemoryShares memory;
    uint64_t memory_what; /* bit 0: shares, bit 1: reservation, bit 2: limit */
    uint64_t tax_ppm;
    uint64_t mode; /* SimNetworkMode */
    SimScenarioSched sched;
    uint64_t sched_what; /* bit n: word n of sim_sched_words is given */
    int64_t vcpu;        /* -1: all */
    SimScenarioThrottles throttles;
    uint64_t throttle_what; /* bit 0: exits, bit 1: device_operations */
    char *text;
    SimScenarioRef on; /* a switch or a trunk of network; name NULL: the first */
    SimLinkQuality quality;
    SimScenarioFlow flow;
    SimScenarioAcl acl;
    char *json; /* commands to switches and links: all of it but "at", as canonical text */
} SimCommand;

/* ---- Checks ------------------------------------------------------------- */

/* What a probe sent at the end of the run answers. */
typedef struct {
    SimScenarioEndpoint from, to;
    uint64_t protocol; /* SimProtocol */
    uint64_t port;     /* udp and tcp */
    bool is;
    SimScenarioEndpoint answered_by; /* .name NULL: to */
} SimExpectReach;

/* What a counter counts over; with the number of each in the structs above. */
typedef enum {
    SIM_COUNTER_VM,      /* index: VM */
    SIM_COUNTER_VCPU,    /* index: VM, item: vCPU */
    SIM_COUNTER_NIC,     /* index: VM, item: NIC */
    SIM_COUNTER_NETWORK, /* index: network */
    SIM_COUNTER_PCPU,    /* index: pCPU */
    SIM_COUNTER_JOB,     /* index: job */
    SIM_COUNTER_SCHEDULER,
} SimCounterScope;

/* A path into the result document of a run, where lists are addressed by name
 * or number: vms.a.exits.mmio, vms.a.vcpus.0.ran_ns, vms.a.nics.0.tx_frames,
 * vms.a.memory.faults, networks.net0.frames, networks.net0.dropped.port-down,
 * pcpus.0.switches. A path that ends at an object of counters (vms.a.exits,
 * networks.net0.dropped) means their sum. */
typedef struct {
    char *path; /* as written */
    SimCounterScope scope;
    uint32_t index;
    uint32_t item;
    const char *name;  /* the rest, inside path: "exits.mmio", "ran_ns" */
    uint64_t min, max; /* holds when min <= value <= max */
} SimExpectCounter;

typedef enum {
    SIM_CONSOLE_CONTAINS,
    SIM_CONSOLE_MATCHES, /* text is a valid regular expression (GRegex, MULTILINE) */
    SIM_CONSOLE_LACKS,
} SimConsoleKind;

typedef struct {
    SimScenarioRef vm;
    SimConsoleKind kind;
    char *text;
} SimExpectConsole;

/* The CPU time charged to a VM (or one vCPU) as a part of what the pCPUs gave
 * out to all vCPUs (of "busy") or of all that they had (of "host": elapsed
 * time times pCPUs). */
typedef struct {
    SimScenarioRef vm;
    int64_t vcpu; /* -1: all of the VM's */
    bool of_host; /* false: of "busy" */
    uint64_t min_ppm, max_ppm;
} SimExpectShare;

/* A value that a field must have. Names of VMs (fields vm and ..._vm) and networks (field network)
 * have become their numbers; other words stay text: names of an enum. */
typedef struct {
    char *field;
    char *text;     /* as written: "a", "12", "true" */
    bool is_number; /* number is what the event's field must equal; true is 1, false is 0 */
    int64_t number;
} SimEventField;

/* How many events of this type, with all these fields, are in the trace:
 * present is 1 to UINT64_MAX, absent 0 to 0. */
typedef struct {
    char *type;
    SimEventField *where;
    size_t where_count;
    uint64_t min, max;
} SimExpectEvent;

typedef enum {
    SIM_EXPECT_REACH,
    SIM_EXPECT_COUNTER,
    SIM_EXPECT_CONSOLE,
    SIM_EXPECT_SHARE,
    SIM_EXPECT_EVENT,
} SimExpectKind;

typedef struct {
    SimExpectKind kind;
    union {
        SimExpectReach reach;
        SimExpectCounter counter;
        SimExpectConsole console;
        SimExpectShare share;
        SimExpectEvent event;
    };
} SimExpect;

typedef enum {
    SIM_SHOW_NOW,   /* while working */
    SIM_SHOW_AFTER, /* once graded */
    SIM_SHOW_NEVER,
} SimShow;

/* Bits of requires. */
enum {
    SIM_REQUIRES_EMULATED = 1u << 0,
    SIM_REQUIRES_KVM = 1u << 1,
};

typedef struct {
    char *id;
    char *title;
    uint64_t points;
    uint64_t requires; /* else the check is skipped */
    uint64_t show;     /* SimShow */
    SimExpect expect;
} SimScenarioCheck;

/* ---- Steps of a lesson -------------------------------------------------- */

typedef enum {
    SIM_STOP_BEFORE, /* the event: the moment just before it */
    SIM_STOP_AFTER,  /* the event: the moment just after it */
    SIM_STOP_AT,     /* at_ns */
} SimStopKind;

/* Where a lesson stops for a step. Events are looked for from the place of the
 * step before on. */
typedef struct {
    SimStopKind kind;
    SimExpectEvent event; /* min, max: unused, as below */
    uint64_t count;       /* the first such event, the second, ... */
    uint64_t at_ns;
} SimStop;

typedef enum {
    SIM_PREDICT_CHOICE, /* one of the options */
    SIM_PREDICT_NUMBER, /* a number, right within tolerance */
    SIM_PREDICT_PORTS,  /* all the ports or endpoints that are meant, no others */
    SIM_PREDICT_ORDER,  /* the options in the order in which they happen */
} SimPredictKind;

typedef struct {
    char *id;             /* what the answer must be, as text: "vm:a", "port-down" */
    char *text;           /* what a person reads; NULL: the id */
    char *because;        /* why it is right, or wrong; may be NULL */
    SimExpectEvent event; /* of an order: what it stands for; type NULL: nothing */
    uint64_t min, max;    /* right when a numeric answer lies in this range; max 0: by id */
} SimStepOption;

typedef enum {
    SIM_ANSWER_EVENT,   /* a field of the events that match; without field their number */
    SIM_ANSWER_COUNTER, /* a number of the result, at the end of the step */
} SimAnswerKind;

typedef struct {
    SimAnswerKind kind;
    SimExpectEvent event;
    char *field; /* NULL: how many such events there are */
    SimExpectCounter counter;
} SimStepAnswer;

typedef struct {
    char *ask;     /* NULL: the step asks nothing */
    uint64_t kind; /* SimPredictKind */
    SimStepOption *options;
    size_t option_count;
    uint64_t tolerance; /* of a number: how far off is still right */
    char *unit;         /* of a number; may be NULL */
    char *because;      /* said with the answer; may be NULL */
    SimStepAnswer answer;
} SimStepPredict;

typedef enum {
    SIM_VIEW_STAGE,
    SIM_VIEW_TIMELINE,
    SIM_VIEW_PACKETS,
    SIM_VIEW_MEMORY,
    SIM_VIEW_TABLES,
    SIM_VIEW_CONSOLE,
} SimView;

typedef struct {
    char *id;
    char *title;
    char *text;    /* Markdown; "" when left out */
    uint64_t view; /* SimView: what to look at */
    bool has_stop; /* else it is where the step before is */
    SimStop stop;
    bool has_command; /* it is in the timeline too, at its time */
    SimCommand command;
    SimStepPredict predict;
} SimStep;

/* ---- The whole ---------------------------------------------------------- */

typedef struct SimScenario {
    char *id;
    char *title;
    char *brief; /* Markdown; "" when left out */
    SimScenarioMeta meta;
    uint64_t requires; /* what the whole scenario needs: SIM_REQUIRES_... */
    uint64_t seed;
    SimScenarioRun run;
    SimScenarioHost host;
    SimScenarioNetwork *networks;
    size_t network_count;
    bool has_outside; /* there is a LAN that the host is on, and an Internet behind its router */
    SimScenarioLan lan;
    SimScenarioInternet internet;
    SimScenarioVm *vms;
    size_t vm_count;
    SimScenarioJob *jobs;
    size_t job_count;
    SimCommand *timeline; /* sorted by time, equal times in the order of the file */
    size_t command_count;
    SimScenarioCheck *checks;
    size_t check_count;
    SimStep *steps;
    size_t step_count;

    /* The scenario as it is run, overrides and defaults included: one line of
     * JSON with sorted keys. Equal runs have equal text: it holds no file name
     * and nothing of this machine. Loading it again gives an equal scenario. */
    char *effective_json;
    /* What an override of a network's mode has set aside, a line each; ends with NULL. */
    char **set_aside;
    char *directory; /* that program files are relative to */
} SimScenario;

/* ---- Loading ------------------------------------------------------------ */

/* The words that are known outside of this folder. Each list ends with NULL; a
 * list that is NULL itself allows every word. Borrowed for the call. */
typedef struct {
    const char *const *programs;     /* "hello", "ping", ... */
    const char *const *policies;     /* "rr", ... */
    const char *const *events;       /* "page-mapped", ... */
    const char *const *event_fields; /* "page-mapped.vm", ... */
} SimScenarioKnown;

#define SIM_SCENARIO_ERROR (sim_scenario_error_quark())
GQuark sim_scenario_error_quark(void);

typedef enum {
    SIM_SCENARIO_ERROR_FILE,    /* cannot be read, too large, not UTF-8 */
    SIM_SCENARIO_ERROR_JSON,    /* not JSON */
    SIM_SCENARIO_ERROR_INVALID, /* JSON, but not a scenario */
    SIM_SCENARIO_ERROR_SET,     /* an override is not PATH=VALUE, or leads nowhere */
} SimScenarioError;

/* Reads the file at path. overrides (NULL-terminated, may be NULL) are texts
 * PATH=VALUE that replace values of the file before it is validated: PATH
 * addresses list elements by name, id or number ("vms.a.memory=4MiB",
 * "vms[0].memory=4MiB", "host.scheduler.slice=5ms"); VALUE is JSON if it parses
 * as JSON, else a string. known may be NULL. NULL and error when anything is
 * wrong; the message is one line. */
SimScenario *sim_scenario_load(const char *path, const SimScenarioKnown *known,
                               const char *const *overrides, GError **error);

/* The same from length bytes of text in memory; name stands for the file in
 * messages, and directory is what program files are relative to. */
SimScenario *sim_scenario_load_text(const char *text, size_t length, const char *name,
                                    const char *directory, const SimScenarioKnown *known,
                                    const char *const *overrides, GError **error);

void sim_scenario_free(SimScenario *scenario);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimScenario, sim_scenario_free)

/* The numbers of what is called name; -1: no such. */
int sim_scenario_find_vm(const SimScenario *scenario, const char *name);
int sim_scenario_find_network(const SimScenario *scenario, const char *name);

/* Where the program file of a VM with program_is_file is; g_free(). */
char *sim_scenario_program_path(const SimScenario *scenario, unsigned vm);

/* One command written as in a timeline, for interactive use: name stands for
 * the source in messages. "at" may be left out and is then 0. Clear ret_command
 * with sim_command_clear(); it is untouched on failure. */
bool sim_scenario_parse_command(const SimScenario *scenario, const char *json, const char *name,
                                SimCommand *ret_command, GError **error);
void sim_command_clear(SimCommand *command);
/* A copy that is cleared by itself. */
void sim_command_copy(SimCommand *to, const SimCommand *from);

/* The same for one event as in a check of kind event: {"type": .., "where": {..}}. */
bool sim_scenario_parse_event(const SimScenario *scenario, const SimScenarioKnown *known,
                              const char *json, const char *name, SimExpectEvent *ret_event,
                              GError **error);
void sim_expect_event_clear(SimExpectEvent *event);

/* The word for a command's kind ("set-weight"), a mode ("internal"), a protocol ("icmp"). */
/* The switches of a network: at least one. */
size_t sim_scenario_switch_count(const SimScenarioNetwork *network);
const SimScenarioSwitch *sim_scenario_switch(const SimScenarioNetwork *network, size_t number);

/* The subnet that a NIC is in: its network's, but behind a NAT of its own one of its own. */
SimCidr sim_scenario_nic_subnet(const SimScenario *scenario, unsigned vm, unsigned nic);
/* What a network of this mode brings. Whoever must know asks for its parts, not for the mode. */
const NetRecipe *sim_network_recipe(uint64_t mode);

const char *sim_command_name(SimCommandKind kind);
const char *sim_network_mode_name(SimNetworkMode mode);
const char *sim_protocol_name(SimProtocol protocol);
/* Is memory shared out among VMs by their shares, limits and reservations? */
bool sim_scenario_memory_by_shares(const SimScenario *scenario);
const char *sim_replacement_name(SimReplacement replacement);
/* The word for a step's view ("stage"). */
const char *sim_view_name(SimView view);

/* weight, priority, cap, reservation, affinity, period, slice; ended by NULL. */
extern const char *const sim_sched_words[];

/* ---- What there is in a folder ------------------------------------------ */

typedef struct {
    char *path;
    char *id; /* NULL when the file does not load, and then all below but error */
    char *title;
    uint64_t level, minutes;
    char *error; /* why it does not load */
} SimScenarioInfo;

void sim_scenario_info_free(SimScenarioInfo *info);

/* Every *.json below directory, three folders deep at most, except the schema;
 * sorted by path. GPtrArray of SimScenarioInfo *, which it owns. */
GPtrArray *sim_scenario_list(const char *directory, GError **error);

/* The JSON Schema of the format, made from the table; g_free(). It is what
 * scenarios/scenario.schema.json holds. */
char *sim_scenario_schema(void);
