#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that a networking mode is a recipe of parts, and nobody outside it asks for the mode.

What each mode brings stands in netsim/proto/recipe.c, how it is wired in netsim/modes.c. Others
ask for the parts: is there a switch, a NAT, a NIC of the host's? So nobody else names a mode,
neither by an enumerator nor by a word; NAMED has the files that must, each with the reason.
"""
import os
import re
import sys
import tempfile

import tree

ENUMERATOR = re.compile(r'\bSIM_(?:NET_)?MODE_(?:INTERNAL|HOST_ONLY|BRIDGED|NAT|NAT_NETWORK)\b')
# "nat" alone is a part's kind, and a way to be reached, too.
WORD = re.compile(r'"(?:host-only|bridged|nat-network)"|\bmode\w*, ?"(?:nat|internal)"')
NAMED = {
    'netsim/proto/recipe.c': 'the table itself',
    'netsim/modes.c': 'the wiring of each',
    'sim/scenario/scenario.h': 'the enumerators',
    'sim/scenario/table.c': 'the words of the scenario format',
    'sim/trace/events.def': 'the words of the trace',
    'sim/cli/change.c': 'modes to try, the smallest change first',
    'gui/session/names.c': 'the words of the trace once more, for those who translate',
}
SOURCES = ('.c', '.h', '.def')
COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*', re.DOTALL)


def without_comments(text):
    return COMMENT.sub(lambda m: '\n' * m[0].count('\n'), text)


def violations(top):
    found = []
    for path in tree.files(top, *SOURCES):
        if path in NAMED or path.split(os.sep)[0] not in ('netsim', 'sim', 'gui', 'hv-core'):
            continue
        for number, line in enumerate(without_comments(tree.read(top, path)).splitlines(), 1):
            found += [f'{path}:{number}: names the mode {m[0]}'
                      for m in (*ENUMERATOR.finditer(line), *WORD.finditer(line))]
    return found


def asks(top):
    """A file that may name modes may still not ask which one a network has."""
    question = re.compile(r'mode\w*\)?\s*[!=]=\s*SIM_|case SIM_(?:NET_)?MODE_|'
                          r'strcmp\([^;]*"bridged"')
    return [f'{path}: asks for the mode' for path in NAMED
            if question.search(without_comments(tree.read(top, path)))]


# A made-up tree in which a mode is asked for in each way.
BAD = {
    'sim/engine/a.c': 'if (network->mode == SIM_MODE_NAT)\n    x();\n',
    'gui/draw/b.c': 'case SIM_NET_MODE_HOST_ONLY: break;\n',
    'netsim/c.c': 'if (!strcmp(config->mode, "nat"))\n',
    'sim/export/d.c': 'static const char *const modes[] = {"bridged"};\n',
}
GOOD = {
    'sim/engine/a.c': '/* in mode "bridged" SIM_MODE_NAT */\nif (recipe->has_nat)\n    x();\n',
    'netsim/c.c': 'NetRouterConfig config = {.kind = "nat"};\n',
}


def finds(files):
    with tempfile.TemporaryDirectory() as top:
        for path, text in files.items():
            os.makedirs(os.path.join(top, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(top, path), 'w', encoding='utf-8') as file:
                file.write(text)
        return [line.split(':')[0] for line in violations(top)]


def main(top):
    tap = tree.Tap()
    tap.rule('nobody outside the recipes names a networking mode', violations(top))
    tap.rule('whoever names one does not ask which it is', asks(top))
    tap.rule('every exception is a file', [f'{path}: is no file' for path in NAMED
                                           if not os.path.isfile(os.path.join(top, path))])
    tap.rule('the checker finds each way to ask', sorted(set(BAD) - set(finds(BAD))) + finds(GOOD))
    return tap.end()


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
