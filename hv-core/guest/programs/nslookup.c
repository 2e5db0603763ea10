/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nslookup NAME...: asks DNS for the addresses of each name. Exit code 0: all were
 * found; 1: not all; 2: bad usage. */
#include "hv-core/guest/hvlab.h"

static bool look_up(const char *name)
{
    static const char *const problems[] = {
        [LOOKUP_UNKNOWN] = "no such name",     [LOOKUP_NO_ANSWER] = "no server answers",
        [LOOKUP_FAILED] = "the server failed", [LOOKUP_NO_SERVER] = "no name server is known",
        [LOOKUP_BAD_NAME] = "this is no name",
    };
    Lookup found;
    char text[ADDRESS_TEXT_BYTES];
    if (lookup(name, &found) != LOOKUP_FOUND) {
        printf("nslookup: %s: %s\n", name, problems[found.outcome]);
        return false;
    }
    printf("Server:  %s\nName:    %s\n", address_text(found.server, text), found.canonical);
    for (unsigned i = 0; i < found.count; i++)
        printf("Address: %s\n", address_text(found.addresses[i], text));
    return true;
}

int main(int argc, char **argv)
{
    int code = 0;
    if (argc < 2) {
        print("usage: nslookup NAME...\n");
        return 2;
    }
    for (int i = 1; i < argc; i++)
        code |= !look_up(argv[i]);
    return code;
}
