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
void yield(void);             /* gives up the rest of the time slice */
void mark(uint64_t number);   /* an event "mark" in the trace */
void started(void);           /* a job's program: the work begins, its clock starts */
uint64_t random_number(void); /* differs per VM, the same in every run */

/* ---- Time --------------------------------------------------------------- */

uint64_t now_ns(void);
void sleep_ns(uint64_t ns);

/* Sleeps until *word is not value any more, or until the time deadline_ns.
 * Another vCPU that changes the word calls wake() with the sleeper's index. */
void wait(const volatile uint32_t *word, uint32_t value, uint64_t deadline_ns);
void wake(unsigned vcpu);

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

/* ---- Network (vCPU 0 only) ---------------------------------------------- */

#define ADDRESS_TEXT_BYTES 16
/* Of a dotted address, or of a host that the scenario names; false: unknown. */
bool resolve(const char *name, uint32_t *ret_address);
/* Writes "10.0.0.1"; returns buffer. */
char *address_text(uint32_t address, char buffer[ADDRESS_TEXT_BYTES]);

typedef enum { PING_REPLY, PING_TIMEOUT, PING_UNREACHABLE, PING_NO_ROUTE } PingOutcome;

typedef struct {
    PingOutcome outcome;
    uint32_t from; /* who answered */
    uint8_t ttl;
    uint64_t rtt_ns;
} PingResult;

/* Sends one ICMP echo request with 56 bytes of data and waits for the outcome. */
PingResult ping(uint32_t address, uint16_t sequence, uint64_t timeout_ns);

/* UDP. A socket is a small number, negative when it could not be had. */
#define UDP_MAX_SOCKETS 4
int udp_open(uint16_t port); /* 0: any free port */
void udp_close(int socket);
/* 0, or negative: no route, too long. */
int udp_send(int socket, uint32_t to, uint16_t port, const void *bytes, size_t length);
/* The length of the next datagram, cut off at size; negative: none came in time. */
int udp_receive(int socket, void *buffer, size_t size, uint32_t *ret_from, uint16_t *ret_port,
                uint64_t timeout_ns);

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
void debug_triple_fault(void);    /* loads an empty interrupt table, then faults */
void debug_halt_off(void);        /* halts with interrupts off */
int debug_executable(void *page); /* lets ring 3 execute a page of the first 2 MiB */
void debug_panic(void);           /* the guest kernel gives up */
void debug_stack_overflow(void);  /* the guest kernel overflows its stack */
