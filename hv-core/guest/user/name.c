/* SPDX-License-Identifier: GPL-2.0-or-later */
/* name.c: addresses as text, and addresses of names: what the scenario told at boot,
 * then DNS, if DHCP has named a server. */
#include "hv-core/guest/user/user.h"

static bool parse_address(const char *text, uint32_t *ret_address)
{
    uint32_t address = 0;
    for (unsigned i = 0; i < 4; i++) {
        const char *end;
        uint64_t byte = parse_number(text, &end);
        if (end == text || byte > 255 || *end != (i < 3 ? '.' : '\0'))
            return false;
        address = address << 8 | (uint32_t)byte;
        text = end + 1;
    }
    *ret_address = address;
    return true;
}

/* What the scenario told at boot, as /etc/hosts elsewhere. */
static bool find_host(const char *name, uint32_t *ret_address)
{
    const HvBootInfo *boot = boot_info();
    for (unsigned i = 0; i < boot->host_count; i++) {
        if (strncmp(name, boot->hosts[i].name, sizeof boot->hosts[i].name) == 0) {
            *ret_address = boot->hosts[i].address;
            return true;
        }
    }
    return false;
}

/* ---- DNS ----------------------------------------------------------------- */

static volatile bool answered;

static void on_name(void *user, const NetNameResult *result, NetTime now)
{
    static const LookupOutcome outcomes[] = {
        [NET_NAME_FOUND] = LOOKUP_FOUND,
        [NET_NAME_UNKNOWN] = LOOKUP_UNKNOWN,
        [NET_NAME_NO_ANSWER] = LOOKUP_NO_ANSWER,
        [NET_NAME_FAILED] = LOOKUP_FAILED,
    };
    Lookup *to = user;
    to->outcome = outcomes[result->outcome];
    to->server = result->server;
    to->ttl_s = result->ttl_s;
    to->count = result->count;
    for (unsigned i = 0; i < result->count; i++)
        to->addresses[i] = result->addresses[i];
    memcpy(to->canonical, result->canonical, sizeof to->canonical);
    answered = true;
}

LookupOutcome lookup(const char *name, Lookup *ret)
{
    static Lookup found; /* outlives the call, should the program leave it another way */
    net_ready();
    answered = false;
    found = (Lookup){.outcome = LOOKUP_NO_SERVER};
    net_lock();
    int error = net_stack_resolve(&net_stack, name, on_name, &found, now_ns());
    net_unlock();
    if (error == NET_STACK_BAD)
        found.outcome = LOOKUP_BAD_NAME;
    while (error == 0) {
        uint32_t seen = net_events;
        if (answered)
            break;
        net_wait(seen, FOREVER);
    }
    *ret = found;
    return ret->outcome;
}

bool resolve(const char *name, uint32_t *ret_address)
{
    Lookup found;
    if (parse_address(name, ret_address) || find_host(name, ret_address))
        return true;
    if (boot_info()->nic_count == 0 || lookup(name, &found) != LOOKUP_FOUND)
        return false;
    *ret_address = found.addresses[0];
    return true;
}

bool resolve_now(const char *name, uint32_t *ret_address)
{
    return parse_address(name, ret_address) || find_host(name, ret_address);
}

char *address_text(uint32_t address, char buffer[ADDRESS_TEXT_BYTES])
{
    snprintf(buffer, ADDRESS_TEXT_BYTES, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
             address >> 8 & 255, address & 255);
    return buffer;
}
