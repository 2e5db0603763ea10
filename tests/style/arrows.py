#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Proves from the #include lines that the arrows between the layers only point down.

LAYERS is the layering as a table: what each layer may include beside itself. A file
belongs to the layer with the longest matching path, so hv-core/guest is not hv-core; HOST_SIDE
has the exceptions. The last rule runs the checker over a made-up tree in which every kind of
wrong include occurs, because a checker that finds nothing proves nothing.
"""
import os
import re
import sys
import tempfile

import tree

# layer: folders (or single headers) it may include from, beside itself
LAYERS = {
    'netsim/proto': [],
    'netsim': ['netsim/proto'],
    # The host side shares one header with the guest images: what a system call, a device
    # register or a boot page looks like.
    'hv-core': ['hv-core/guest/abi.h'],
    'hv-core/guest': ['netsim/proto'],
    'sim/scenario': ['netsim/proto'],
    'sim/trace': ['netsim/proto'],
    'sim/model': ['sim/scenario', 'sim/trace', 'netsim/proto'],
    'sim/export': ['sim/scenario', 'sim/trace', 'sim/model', 'netsim/proto'],
    'sim/engine': ['sim/scenario', 'sim/trace', 'sim/model', 'netsim', 'netsim/proto', 'hv-core',
                   'hv-core/guest/abi.h'],
    'sim/lab': ['sim/scenario', 'sim/trace', 'sim/model', 'sim/export', 'sim/engine',
                'netsim/proto'],
    'sim/cli': ['sim/scenario', 'sim/trace', 'sim/model', 'sim/export', 'sim/engine', 'sim/lab',
                'netsim', 'netsim/proto', 'hv-core', 'hv-core/guest/abi.h'],
    'gui/session': ['sim/scenario', 'sim/trace', 'sim/model', 'netsim/proto',
                    'sim/export/parting.h', 'sim/export/result.h', 'sim/export/side-by-side.h',
                    'sim/lab/evaluate.h', 'sim/lab/steps.h'],
    'gui/draw': ['gui/session', 'sim/scenario', 'sim/trace', 'sim/model', 'netsim/proto',
                 'sim/lab/evaluate.h', 'sim/lab/steps.h'],
    'gui': ['gui/draw', 'gui/session', 'sim/scenario', 'sim/trace', 'sim/model', 'sim/export',
            'sim/lab/evaluate.h', 'sim/lab/steps.h', 'netsim/proto'],
}
# The checker of guest images lies beside them, but is part of the hypervisor.
HOST_SIDE = {'hv-core/guest/check.c': 'hv-core', 'hv-core/guest/check.h': 'hv-core'}

# Tests may include anything; guest programs that serve tests only live there too.
FREE = ['tests']

# These layers are compiled into guests, where there is no C library.
FREESTANDING = ['netsim/proto', 'hv-core/guest']
FREESTANDING_HEADERS = {'float.h', 'iso646.h', 'limits.h', 'stdalign.h', 'stdarg.h', 'stdbool.h',
                        'stddef.h', 'stdint.h', 'stdnoreturn.h'}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)
SOURCES = ('.c', '.h', '.S', '.def', '.inc')


def layer_of(path):
    """The layer a path from the top belongs to, None outside all of them."""
    if path in HOST_SIDE:
        return HOST_SIDE[path]
    inside = [layer for layer in [*LAYERS, *FREE] if path.startswith(layer + '/')]
    return max(inside, key=len, default=None)


def allowed(layer, included):
    return included in LAYERS[layer] or layer_of(included) in [layer, *LAYERS[layer]]


def check_include(top, path, quote, included):
    """What is wrong with one include of the file at path; None when nothing is."""
    layer = layer_of(path)
    if layer is None:
        return 'this file is in no layer of the table'
    if layer in FREE:
        return None
    if quote == '<':
        if layer in FREESTANDING and included not in FREESTANDING_HEADERS:
            return f'{layer} is freestanding, <{included}> is not'
        return None
    if '/' not in included or '..' in included:
        return f'"{included}" does not name its path from the top'
    if layer_of(included) is None:
        return f'"{included}" is in no layer of the table'
    if not allowed(layer, included):
        return f'{layer} may not include "{included}"'
    return None


def violations(top):
    found = []
    for path in tree.files(top, *SOURCES):
        text = tree.read(top, path)
        for match in INCLUDE.finditer(text):
            wrong = check_include(top, path, match[1], match[2])
            if wrong:
                line = text.count('\n', 0, match.start()) + 1
                found.append(f'{path}:{line}: {wrong}')
    return found


# A made-up tree: file, its include, whether that must be found.
EXAMPLES = [
    ('hv-core/cpu/kvm.c', '"hv-core/types.h"', False),
    ('hv-core/cpu/kvm.c', '<stdio.h>', False),
    ('hv-core/vm/load.c', '"hv-core/guest/abi.h"', False),
    ('hv-core/vm/load.c', '"hv-core/guest/sdk.h"', True),
    ('hv-core/vm/vm.c', '"netsim/frame.h"', True),
    ('hv-core/vm/vm.c', '"netsim/proto/wire.h"', True),
    ('hv-core/vm/vm.c', '"sim/trace/trace.h"', True),
    ('sim/cli/check.c', '"hv-core/guest/check.h"', False),
    ('hv-core/guest/net.c', '"hv-core/guest/check.h"', True),
    ('hv-core/guest/net.c', '"netsim/proto/stack.h"', False),
    ('hv-core/guest/net.c', '"netsim/link.h"', True),
    ('hv-core/guest/net.c', '<stdio.h>', True),
    ('hv-core/guest/net.c', '<stdint.h>', False),
    ('netsim/switch/switch.c', '"netsim/proto/wire.h"', False),
    ('netsim/switch/switch.c', '"hv-core/types.h"', True),
    ('netsim/proto/wire.c', '"netsim/frame.h"', True),
    ('netsim/proto/wire.c', '<glib.h>', True),
    ('sim/scenario/load.c', '"sim/trace/trace.h"', True),
    ('sim/scenario/load.c', '"load.h"', True),
    ('sim/scenario/load.c', '"sim/scenario/../engine/engine.h"', True),
    ('sim/model/model.c', '"sim/trace/trace.h"', False),
    ('sim/model/model.c', '"sim/engine/engine.h"', True),
    ('sim/export/pcapng.c', '"netsim/frame.h"', True),
    ('sim/engine/world.c', '"hv-core/host.h"', False),
    ('sim/engine/world.c', '"sim/cli/cli.h"', True),
    ('sim/cli/main.c', '"gui/window.h"', True),
    ('gui/window.c', '"sim/engine/engine.h"', True),
    ('gui/draw/stage.c', '"gui/window.h"', True),
    ('gui/draw/stage.c', '"gui/session/session.h"', False),
    ('gui/session/session.c', '"gui/draw/stage.h"', True),
    ('extra/odd.c', '"netsim/frame.h"', True),
    ('tests/cpu/test-kvm.c', '"sim/cli/cli.h"', False),
]


def self_test():
    """The examples that the checker judges wrongly."""
    wrong = []
    with tempfile.TemporaryDirectory() as top:
        for number, (path, included, _) in enumerate(EXAMPLES):
            # One file per example: its number goes before the name.
            folder, name = os.path.split(path)
            os.makedirs(os.path.join(top, folder), exist_ok=True)
            with open(os.path.join(top, folder, f'{number}-{name}'), 'w', encoding='utf-8') as out:
                out.write(f'/* made up */\n#include {included}\n')
        found = violations(top)
        for number, (path, included, must_find) in enumerate(EXAMPLES):
            folder, name = os.path.split(path)
            hit = any(line.startswith(f'{folder}/{number}-{name}:2:') for line in found)
            if hit != must_find:
                wrong.append(f'{path} including {included}: {"not " * must_find}found')
    return wrong


def main(top):
    tap = tree.Tap()
    tap.rule('every include points down', violations(top))
    tap.rule('the checker finds each wrong include of a made-up tree', self_test())
    return tap.end()


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
