/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shell: runs the commands that are typed into the VM's console, one after another:
 * "ping host 2", "get http://web/". A timeline types by { "do": "type", "vm": ...,
 * "text": "arp\n" }. Arguments of the shell itself are the first command.
 *
 * The commands are the programs of the same name: the image is linked with them, their
 * main() under the name command_NAME (see meson.build). One that serves runs until the
 * VM stops, unless it is told after how many clients to end. */
#include "hv-core/guest/hvlab.h"

#define LINE_BYTES 256
#define MAX_WORDS  16

int command_arp(int argc, char **argv);
int command_dhcp(int argc, char **argv);
int command_echo(int argc, char **argv);
int command_get(int argc, char **argv);
int command_hello(int argc, char **argv);
int command_http(int argc, char **argv);
int command_netperf(int argc, char **argv);
int command_netstat(int argc, char **argv);
int command_nslookup(int argc, char **argv);
int command_ping(int argc, char **argv);
int command_route(int argc, char **argv);
int command_traceroute(int argc, char **argv);

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"arp", command_arp},         {"dhcp", command_dhcp},       {"echo", command_echo},
    {"get", command_get},         {"hello", command_hello},     {"http", command_http},
    {"netperf", command_netperf}, {"netstat", command_netstat}, {"nslookup", command_nslookup},
    {"ping", command_ping},       {"route", command_route},     {"traceroute", command_traceroute},
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static int help(void)
{
    print("commands: help, exit");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf(", %s", commands[i].name);
    print("\n");
    return 0;
}

static int run(int argc, char **argv)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(argv[0], commands[i].name) == 0)
            return commands[i].run(argc, argv);
    }
    if (strcmp(argv[0], "help") == 0)
        return help();
    printf("%s: command not found\n", argv[0]);
    return 127;
}

/* Cuts a line into words where it has blanks. */
static int split(char *line, char *words[MAX_WORDS + 1])
{
    int count = 0;
    for (char *at = line; *at;) {
        while (*at == ' ' || *at == '\t')
            *at++ = '\0';
        if (*at && count < MAX_WORDS)
            words[count++] = at;
        while (*at && *at != ' ' && *at != '\t')
            at++;
    }
    words[count] = NULL;
    return count;
}

int main(int argc, char **argv)
{
    char line[LINE_BYTES], *words[MAX_WORDS + 1];
    int code = 0;
    if (argc > 1)
        code = run(argc - 1, argv + 1);
    for (;;) {
        print("$ ");
        read_line(line, sizeof line, FOREVER);
        printf("%s\n", line);
        int count = split(line, words);
        if (count == 0)
            continue;
        if (strcmp(words[0], "exit") == 0)
            return code;
        code = run(count, words);
        if (code != 0)
            printf("%s: exit code %d\n", words[0], code);
    }
}
