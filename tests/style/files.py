#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks what every file and folder of the tree must look like.

One function per rule; each returns its findings, one line each. RULES names them for the report,
and for each a made-up file that must break it, so that no rule can pass by finding nothing.
"""
import os
import re
import sys
import tempfile

import tree

C_FILES = ('.c', '.h')
SOURCES = C_FILES + ('.S', '.def', '.py', '.sh', '.ld', '.lds', 'meson.build', 'meson_options.txt')
TEXT = SOURCES + ('.md', '.json')

TOP_LEVEL = {'sim', 'gui', 'scenarios', 'hv-core', 'netsim', 'tests', 'meson.build', 'README.md',
             'LICENSE', 'meson_options.txt', 'hvlab'}

# In two parts, or this file would break the rule.
UNFINISHED = re.compile(r'\b(TO' r'DO|FIX' r'ME|XX' r'X|HA' r'CK|not imple' r'mented)\b')

# Library code: passive, so it does none of this. hv-core/guest runs inside a guest, where these
# names mean the SDK's own functions. cpu/kvm.c measures the CPU time of KVM_RUN.
LIBRARY = ('hv-core/', 'netsim/', 'sim/')
NOT_LIBRARY = ('hv-core/guest/', 'sim/cli/')
SPEAKS = re.compile(r'\b(?:v?printf|puts|putchar|perror|g_print|g_printerr|g_message|g_warning'
                    r'|g_critical|g_error|g_log|exit|_exit|quick_exit|abort)\s*\('
                    r'|\bf(?:printf|puts|write)\s*\([^;]*\b(?:stdout|stderr)\b')
PASSIVE = ('hv-core/', 'netsim/', 'sim/scenario/', 'sim/trace/', 'sim/model/', 'sim/export/')
NOT_PASSIVE = ('hv-core/guest/', 'hv-core/cpu/kvm')
ACTS = re.compile(r'\b(?:clock_gettime|gettimeofday|time|g_get_monotonic_time|g_get_real_time'
                  r'|g_date_time_new_now\w*|g_thread_(?:try_)?new|pthread_create|rand|random'
                  r'|drand48|getrandom|g_random_\w+|g_rand_new|nanosleep|usleep|sleep|g_usleep)'
                  r'\s*\(')

READING_ORDER = '## Reading order'
# Folders that hold data for a program, not something to read.
DATA_FOLDERS = re.compile(r'^tests/(fuzz/corpus|[\w-]+/data|[\w-]+/corpus)(/|$)')
FILE_NAME = re.compile(r'`([\w./-]+\.(?:c|h|S|py|sh|def|json|md|ld|lds|build))`')


def first_lines(top, path, count):
    lines = tree.read(top, path).split('\n')
    return lines[1:count + 1] if lines[0].startswith('#!') else lines[:count]


def check_licence(top):
    return [f'{path}: the first line is not the SPDX line'
            for path in tree.files(top, *SOURCES) + ['hvlab']
            if os.path.exists(os.path.join(top, path))
            and 'SPDX-License-Identifier: GPL-2.0-or-later' not in first_lines(top, path, 1)[0]]


def check_essay(top):
    found = []
    for path in tree.files(top, *C_FILES):
        text = '\n'.join(first_lines(top, path, 60))
        essay = re.match(r'[^\n]*\n/\*(.*?)\*/', text, re.DOTALL)
        if not essay or len(essay[1].split()) < 3:
            found.append(f'{path}: after the SPDX line it does not say what it is for')
    return found


def check_length(top):
    return [f'{path}: {lines} lines' for path in tree.files(top, *SOURCES)
            if (lines := tree.read(top, path).count('\n')) > 800]


def check_width(top):
    found = []
    for path in tree.files(top, *SOURCES) + ['hvlab']:
        if os.path.exists(os.path.join(top, path)):
            for number, line in enumerate(tree.read(top, path).split('\n'), 1):
                if len(line) > 100 or '\t' in line and not path.endswith('.S'):
                    found.append(f'{path}:{number}: over 100 columns, or a tab')
    return found


def check_pragma(top):
    return [f'{path}: no #pragma once' for path in tree.files(top, '.h')
            if not re.search(r'^#pragma once$', tree.read(top, path), re.MULTILINE)]


def check_unfinished(top):
    found = []
    for path in tree.files(top, *TEXT):
        for number, line in enumerate(tree.read(top, path).split('\n'), 1):
            if UNFINISHED.search(line):
                found.append(f'{path}:{number}: {line.strip()}')
    return found


def calls(top, inside, outside, pattern):
    found = []
    for path in tree.files(top, *C_FILES):
        if path.startswith(inside) and not path.startswith(outside):
            for number, line in enumerate(tree.code_only(tree.read(top, path)).split('\n'), 1):
                if pattern.search(line):
                    found.append(f'{path}:{number}: {line.strip()}')
    return found


def check_silent(top):
    return calls(top, LIBRARY, NOT_LIBRARY, SPEAKS)


def check_passive(top):
    return calls(top, PASSIVE, NOT_PASSIVE, ACTS)


def check_top_level(top):
    return [f'{name}: not a name of the top level'
            for name in tree.visible(top, os.listdir(top)) if name not in TOP_LEVEL]


def check_suites(top):
    """The table's first column, and the launcher's list."""
    if not os.path.exists(os.path.join(top, 'hvlab')):
        return []
    table = re.findall(r'^\| ([a-z-]+) \|', tree.read(top, 'tests/README.md'), re.MULTILINE)
    known = re.search(r"^suites_known='(.*)'$", tree.read(top, 'hvlab'), re.MULTILINE)[1].split()
    return [f'hvlab: {name}' for name in sorted(set(table) - {'suite'} ^ set(known))]


def check_readme(top):
    found = []
    for folder, names in tree.walk(top):
        if DATA_FOLDERS.match(folder):
            continue
        if 'README.md' not in names:
            found.append(f'{folder or "top"}: no README.md')
            continue
        if not folder:
            continue
        text = tree.read(top, os.path.join(folder, 'README.md'))
        sections = re.split(r'^(?=## )', text, flags=re.MULTILINE)
        if len(sections) < 2 or not sections[1].startswith(READING_ORDER + '\n'):
            found.append(f'{folder}/README.md: its first section is not "{READING_ORDER}"')
            continue
        for name in FILE_NAME.findall(sections[1]):
            if not any(os.path.exists(os.path.join(top, base, name)) for base in (folder, '')):
                found.append(f'{folder}/README.md: names {name}, which is not there')
    return found


# rule, check, and a made-up tree (path: text) with exactly one finding
HEAD = '/* SPDX-License-Identifier: GPL-2.0-or-later */\n'
RULES = [
    ('the SPDX line comes first', check_licence, {'sim/a.c': '/* a.c: says nothing of it */\n'}),
    ('what the file is for comes second', check_essay,
     {'sim/a.c': HEAD + '#include "sim/a.h"\n'}),
    ('at most 800 lines', check_length, {'sim/a.c': HEAD + '\n' * 800}),
    ('at most 100 columns and no tabs', check_width, {'sim/a.c': HEAD + 'x' * 101 + '\n'}),
    ('headers have #pragma once', check_pragma, {'sim/a.h': HEAD + '#ifndef SIM_A_H\n'}),
    ('nothing is marked as unfinished', check_unfinished, {'sim/a.c': '/* TO' 'DO */\n'}),
    ('library code neither prints nor exits', check_silent,
     {'sim/trace/a.c': 'void f(void)\n{\n    exit(1);\n}\n', 'sim/cli/a.c': 'exit(1);\n',
      'netsim/b.c': '/* printf() */ snprintf(s, n, "exit(1)");\n'}),
    ('passive parts read no clock, start no thread, use no chance', check_passive,
     {'netsim/a.c': 'now = g_get_monotonic_time();\n', 'netsim/b.c': 'advance_time(now);\n'}),
    ('the top level has only the names of the design', check_top_level,
     {'docs/a.md': 'x\n', '.ci/run': 'x\n'}),
    ('every folder has a README.md with its reading order', check_readme,
     {'README.md': '# x\n', 'sim/README.md': '# sim\n\n## Reading order\n\n1. `a.c`\n'}),
    ('the launcher knows the suites of tests/README.md', check_suites,
     {'tests/README.md': '| suite |\n| unit |\n', 'hvlab': "suites_known='unit style'\n"}),
]


def self_test():
    """The rules that do not find exactly the one fault of their made-up tree."""
    wrong = []
    for name, check, made_up in RULES:
        with tempfile.TemporaryDirectory() as top:
            for path, text in made_up.items():
                os.makedirs(os.path.dirname(os.path.join(top, path)), exist_ok=True)
                with open(os.path.join(top, path), 'w', encoding='utf-8') as out:
                    out.write(text)
            found = check(top)
            if len(found) != 1:
                wrong.append(f'{name}: {found}')
    return wrong


def main(top):
    tap = tree.Tap()
    for name, check, _ in RULES:
        tap.rule(name, check(top))
    tap.rule('each rule finds the fault of a made-up tree', self_test())
    return tap.end()


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
