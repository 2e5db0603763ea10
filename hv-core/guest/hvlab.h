/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvlab.h: all that a guest program may use. The only header it includes.
 *
 * A program is one C file with a main(); it runs in ring 3 of a VM of its own,
 * without an operating system but for the small kernel it is linked with. There
 * is no C library, no floating point and no vector code. Addresses are IPv4, in
 * host byte order: 10.0.0.1 is 0x0a000001. Times are virtual, in ns.
 *
 *     #include "hv-core/guest/hvlab.h"
 *
 *     int main(int argc, char **argv)
 *     {
 *         printf("vCPU %u of %u says hello\n", vcpu_index(), vcpu_count());
 *         return 0;
 *     }
 *
 * While the program runs (or spins, or has ended) the VM goes on answering ARP
 * and ping by itself, like a machine whose kernel is alive.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_US  UINT64_C(1000)
#define NS_PER_MS  UINT64_C(1000000)
#define NS_PER_SEC UINT64_C(1000000000)
#define FOREVER    UINT64_MAX

/* The program. argv[0] is its name; what it returns is its exit code. */
int main(int argc, char **argv);

/* What every vCPU but the first runs, in a program that defines it; the others
 * sleep for good if it does not, and after it returns. */
void hv_vcpu_main(unsigned vcpu) __attribute__((weak));

/* ---- The machine -------------------------------------------------------- */

__attribute__((noreturn)) void exit(int code); /* ends the program on all vCPUs */
unsigned vcpu_count(void);
unsigned vcpu_index(void);
uint64_t memory_bytes(void);
uint8_t *heap_begin(void); /* memory that nothing uses, absent until touched */
uint8_t *heap_end(void);
/* The first bytes of the heap are in use, the rest is not: a VM with a balloon may
 * give it away, and takes back what this call asks for. A program that has called
 * heap_begin() and never heap_use() is taken to use all of it. false: the heap is
 * not that large. */
bool heap_use(uint64_t bytes);
void yield(void);             /* gives up the rest of the time slice */
void mark(uint64_t number);   /* an event "mark" in the trace */
void started(void);           /* a job's program: the work begins, its clock starts */
uint64_t random_number(void); /* differs per VM, the same in every run */

/* ---- Memory that can be spared (vCPU 0 only) ------------------------------ */

/* What a program can do without is known to the program alone: the pages of a cache,
 * say. When the hypervisor wants more pages than are free, give() is asked for one
 * after the other, NULL: no more; each is an address of a page of the heap, which must
 * not be touched from then on. back() tells that a page can be used again; it is zeroed.
 * Both are called in the middle of the program, like a signal handler. */
typedef struct {
    void *(*give)(void);
    void (*back)(void *page);
} SparePages;
void spare_pages(const SparePages *spare); /* must stay valid */

/* ---- Page tables of one's own (vCPU 0 only) -------------------------------- */

/* 2 MiB of virtual addresses where nothing is mapped at first. */
static inline uint8_t *window(void)
{
    return (uint8_t *)0x40000000;
}

/* Maps the page of the heap at `page` to an address in the window, too; replaces what
 * was mapped there. 0, or negative: one of them is no such address. */
int page_map(void *at, const void *page, bool writable);
int page_unmap(void *at);
/* The entry as the processor sees it: bit 0 present, 1 writable, 2 for ring 3, 5 accessed,
 * 6 dirty, 63 not executable; from bit 12 on the page's address. */
uint64_t page_entry(void *at);

/* Called when an address of the window is accessed that is not mapped, or written and
 * mapped for reading only. true: it has mended that, the access is tried again. false:
 * the program ends. Faults in the handler itself end it, too. */
typedef bool (*PageFaultHandler)(void *address, bool write);
void on_page_fault(PageFaultHandler handler);

/* ---- Time --------------------------------------------------------------- */

uint64_t now_ns(void);
void sleep_ns(uint64_t ns);

/* Sleeps until *word is not value any more, or until the time deadline_ns.
 * Another vCPU that changes the word calls wake() with the sleeper's index. */
void wait(const volatile uint32_t *word, uint32_t value, uint64_t deadline_ns);
void wake(unsigned vcpu);

/* What the hypervisor tells about a vCPU of this VM, as of the last time it began or
 * ceased to run: its time on a pCPU; the time in which it could have run and another
 * one did (steal time); whether it is on a pCPU now. */
uint64_t run_ns(unsigned vcpu);
uint64_t steal_ns(unsigned vcpu);
bool vcpu_runs(unsigned vcpu);

/* ---- vCPUs together -------------------------------------------------------- */

/* All zero: free. */
typedef struct {
    volatile uint32_t holder; /* number of the vCPU that has it, plus 1 */
} SpinLock;

void spin_lock(SpinLock *lock);
bool spin_try(SpinLock *lock); /* false: it is taken */
void spin_unlock(SpinLock *lock);
/* Yields while whoever has the lock does not run (user/sync.c says why). */
void spin_lock_politely(SpinLock *lock);

/* All zero at first. Returns when `count` vCPUs have called it. */
typedef struct {
    volatile uint32_t arrived, round;
} Barrier;

void barrier_wait(Barrier *barrier, unsigned count);
/* Yields while one of the VM's vCPUs does not run. */
void barrier_wait_politely(Barrier *barrier, unsigned count);

/* How many rounds a vCPU has spun in all of these calls so far, and how long such a
 * round takes, in 1/1000 ns (measured anew by each call). */
uint64_t spins(unsigned vcpu);
uint64_t spin_round_ps(void);

/* Messages from one vCPU to another, in order. All zero at first. One vCPU sends, one
 * receives; who has to wait sleeps. */
#define CHANNEL_MESSAGES 16u
typedef struct {
    volatile uint32_t sent, taken;
    volatile uint32_t reader_asleep, writer_asleep; /* its number plus 1 */
    volatile uint64_t messages[CHANNEL_MESSAGES];
} Channel;

void channel_send(Channel *channel, uint64_t message);
uint64_t channel_receive(Channel *channel);

/* ---- Text --------------------------------------------------------------- */

void print(const char *text);

/* %d %i %u %x %X %c %s %p %%, with l, ll, z, a width, a precision for %s, and the
 * flags - and 0. At most 256 bytes a call reach the console. Returns the length. */
int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int snprintf(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int vsnprintf(char *buffer, size_t size, const char *format, va_list args);

/* A decimal or 0x number at text; *end is set to what follows it. */
uint64_t parse_number(const char *text, const char **end);
/* A time with a unit (ns, us, ms, s; none: default_unit ns each); false: no time. */
bool parse_time(const char *text, uint64_t default_unit, uint64_t *ret_ns);

/* ---- Keyboard (vCPU 0 only) ---------------------------------------------- */

/* The next line typed into the VM's console, without its end, cut off at size - 1.
 * Its length; negative: none came in time. */
int read_line(char *buffer, size_t size, uint64_t timeout_ns);

/* ---- Network (vCPU 0 only) ---------------------------------------------- */

#define ADDRESS_TEXT_BYTES 16
/* Of a dotted address, of a host that the scenario names, or of a name that DNS knows
 * (if DHCP has named a server); false: unknown. */
bool resolve(const char *name, uint32_t *ret_address);
/* Writes "10.0.0.1"; returns buffer. */
char *address_text(uint32_t address, char buffer[ADDRESS_TEXT_BYTES]);

typedef enum {
    LOOKUP_FOUND,
    LOOKUP_UNKNOWN,   /* there is no such name, or it has no address */
    LOOKUP_NO_ANSWER, /* of any server */
    LOOKUP_FAILED,    /* the server could not, or would not */
    LOOKUP_NO_SERVER, /* none is known */
    LOOKUP_BAD_NAME,
} LookupOutcome;

typedef struct {
    LookupOutcome outcome;
    uint32_t server; /* that was asked */
    unsigned count;
    uint32_t addresses[4];
    uint32_t ttl_s;
    char canonical[256]; /* what the name is an alias of, else the name */
} Lookup;

/* Asks DNS. */
LookupOutcome lookup(const char *name, Lookup *ret);

typedef enum {
    PING_REPLY,
    PING_TIMEOUT,
    PING_UNREACHABLE,
    PING_NO_ROUTE,
    PING_EXPIRED,  /* the TTL was used up at `from` */
    PING_TOO_LONG, /* may not be fragmented, and does not fit; see mtu */
} PingOutcome;

typedef struct {
    PingOutcome outcome;
    uint32_t from; /* who answered */
    uint8_t ttl;
    uint16_t mtu; /* what would fit, if a router said so; else 0 */
    uint64_t rtt_ns;
} PingResult;

/* Sends one ICMP echo request with 56 bytes of data and waits for the outcome. */
PingResult ping(uint32_t address, uint16_t sequence, uint64_t timeout_ns);

#define PING_MAX_BYTES 8972
typedef struct {
    uint16_t sequence;
    uint8_t ttl; /* 0: 64 */
    bool dont_fragment;
    size_t data_bytes; /* 0: 56 */
    uint64_t timeout_ns;
} PingOptions;
PingResult ping_with(uint32_t address, const PingOptions *options);

/* Sends a frame as it is, beside the IP stack. 0, or negative: too long or too short,
 * or there is no such NIC. */
#define FRAME_MIN_BYTES 14
#define FRAME_MAX_BYTES 9014
int frame_send(unsigned nic, const void *bytes, size_t length);

/* UDP. A socket is a small number, negative when it could not be had. */
#define UDP_MAX_SOCKETS 4
int udp_open(uint16_t port); /* 0: any free port */
void udp_close(int socket);
/* 0, or negative: no route, too long. */
int udp_send(int socket, uint32_t to, uint16_t port, const void *bytes, size_t length);
/* The length of the next datagram, cut off at size; negative: none came in time. */
int udp_receive(int socket, void *buffer, size_t size, uint32_t *ret_from, uint16_t *ret_port,
                uint64_t timeout_ns);

/* TCP. A socket listens or is one end of a connection. Calls that wait take a timeout. */
#define TCP_MAX_SOCKETS 16
enum {
    TCP_TIMED_OUT = -1, /* not in time: try again; of tcp_connect: the peer does not answer */
    TCP_REFUSED = -2,
    TCP_UNREACHABLE = -3,
    TCP_RESET = -4,   /* the connection is gone */
    TCP_NO_ROOM = -5, /* no socket is free, or the port is taken */
};
const char *tcp_error_text(int error);

int tcp_listen(uint16_t port); /* 0: any free one; the socket, or TCP_NO_ROOM */
/* The socket of the next connection. */
int tcp_accept(int listener, uint64_t timeout_ns);
int tcp_connect(uint32_t to, uint16_t port, uint64_t timeout_ns);
/* Sends all of it; 0, or negative. When it returns, the last bytes may be under way. */
int tcp_send(int socket, const void *bytes, size_t length, uint64_t timeout_ns);
/* How many bytes have come; 0: the peer has closed its side; negative: none. */
int tcp_receive(int socket, void *buffer, size_t size, uint64_t timeout_ns);
void tcp_shutdown(int socket); /* no more bytes from us */
void tcp_close(int socket);
/* Who is at the other end. */
uint32_t tcp_peer(int socket, uint16_t *ret_port);

/* To wait for several sockets: read the count, look at all of them with a timeout of 0,
 * and if there was nothing sleep until the count is another. */
uint32_t network_events(void);
void network_wait(uint32_t seen);

/* What the IP stack knows. */
typedef struct {
    const char *dhcp_state; /* "BOUND"; "IDLE": the address was given by the scenario */
    uint8_t mac[6];
    uint16_t mtu;
    uint32_t address, gateway, name_server, dhcp_server; /* 0: none */
    uint8_t prefix;
    uint64_t lease_left_ns; /* FOREVER: without end */
} NicInfo;
unsigned nic_count(void);
NicInfo nic_info(unsigned nic);
/* Asks for an address by DHCP, and waits for it; false: none came in time. */
bool dhcp_ask(unsigned nic, uint64_t timeout_ns);
void dhcp_release(unsigned nic); /* gives it back */

typedef struct {
    uint32_t address;
    uint8_t mac[6];
    unsigned nic;
    const char *state; /* "REACHABLE" */
} ArpInfo;
/* The entries of the ARP cache from *at on, which begins at 0; false: no more. */
bool arp_next(unsigned *at, ArpInfo *ret);

typedef struct {
    uint32_t network, gateway; /* gateway 0: on the NIC's own network */
    uint8_t prefix;
    unsigned nic;
} RouteInfo;
bool route_next(unsigned *at, RouteInfo *ret); /* as arp_next() */
/* By the NIC on whose network the gateway is; false: there is none, or no room. */
bool route_add(uint32_t network, unsigned prefix, uint32_t gateway);

typedef struct {
    const char *protocol, *state;
    uint32_t local, remote; /* 0: any */
    uint16_t local_port, remote_port;
    uint32_t send_queue, receive_queue; /* bytes */
} SocketInfo;
/* Sockets and connections of the VM, in the same way. */
bool socket_next(unsigned *at, SocketInfo *ret);

/* ---- What compilers expect to exist ------------------------------------- */

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t size);

/* ---- Ways to misbehave in ring 0, for tests of the hypervisor ------------ */

uint64_t debug_device_read(uint64_t address, unsigned size);
void debug_device_write(uint64_t address, unsigned size, uint64_t value);
/* Names pages to the balloon: any numbers, whether they can be given or not; take: to
 * take them back. 0, or negative: there is no balloon. */
int debug_balloon(const uint32_t *pages, unsigned count, bool take);
/* From now on the hypervisor, if it asks, is told that so many pages are free; 0: the truth. */
void debug_balloon_free(uint64_t pages);
void debug_triple_fault(void);    /* loads an empty interrupt table, then faults */
void debug_halt_off(void);        /* halts with interrupts off */
int debug_executable(void *page); /* lets ring 3 execute a page of the first 2 MiB */
void debug_panic(void);           /* the guest kernel gives up */
void debug_stack_overflow(void);  /* the guest kernel overflows its stack */
