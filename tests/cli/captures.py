# SPDX-License-Identifier: GPL-2.0-or-later
"""tshark reads what every scenario with a network captures: no frame is malformed, no checksum
is wrong.

The scenarios run on the emulated backend with whole frames kept (run.detail=full), two at a
time. A checksum is good or not there at all; one that tshark could not judge is a failure, too,
but in an ICMP error's quotation, which is cut off."""
import collections
import json
import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

from harness import SOURCE, contains, equal, hvlab, main, skip, test, true

LAYERS = ('ip', 'icmp', 'udp', 'tcp')
PREFERENCES = ('ip.check_checksum:TRUE', 'udp.check_checksum:TRUE', 'tcp.check_checksum:TRUE',
               'eth.check_fcs:TRUE', 'ip.defragment:TRUE')
FIELDS = ('frame.protocols', '_ws.malformed', 'eth.fcs.status',
          *(layer + '.checksum.status' for layer in LAYERS))
GOOD = {'', '1'}     # not there, good
QUOTED = {*GOOD, '2'}  # of a quoted packet: cannot be judged


def scenario_files():
    for folder, _, names in sorted(os.walk(os.path.join(SOURCE, 'scenarios'))):
        for name in sorted(names):
            if name.endswith('.json') and not name.endswith('.schema.json'):
                yield os.path.relpath(os.path.join(folder, name), SOURCE)


def has_network(path):
    with open(os.path.join(SOURCE, path), encoding='utf-8') as file:
        return bool(json.load(file).get('networks'))


def look(capture):
    """How often each combination of FIELDS occurs."""
    command = ['tshark', '-n', '-r', capture, '-T', 'fields']
    for preference in PREFERENCES:
        command += ['-o', preference]
    for field in FIELDS:
        command += ['-e', field]
    text = subprocess.run(command, capture_output=True, text=True, check=True,
                          timeout=100).stdout
    return collections.Counter(text.splitlines())


def judge(line):
    """What is wrong with frames that tshark describes by this line; None: nothing."""
    protocols, malformed, fcs, *checksums = line.split('\t')
    if malformed or 'malformed' in protocols:
        return 'malformed'
    if fcs not in GOOD:
        return 'frame check sequence'
    for layer, found in zip(LAYERS, checksums):
        own, *quoted = found.split(',')    # of a packet in a packet there are two
        if own not in GOOD or any(status not in QUOTED for status in quoted):
            return f'checksum of {layer} is {found}'
    return None


def capture(path, folder):
    name = os.path.join(folder, path.replace('/', '-') + '.pcapng')
    run = hvlab('run', '--backend=emulated', '--set', 'run.detail=full', '--pcapng', name, path)
    equal(run.returncode, 0, run.stdout + run.stderr)
    kinds = look(name)
    os.unlink(name)
    return kinds


def add_scenario(path, result):
    @test(f'{path}: what it captures is sound')
    def run(folder):
        kinds = result.result()
        true(kinds, 'it captures frames')
        for line, count in kinds.items():
            equal(judge(line), None, f'{count} frames: {line}')


def spoiled(folder):
    path = os.path.join(folder, 'good.pcapng')
    equal(hvlab('run', '--backend=emulated', '--pcapng', path,
                'scenarios/first/two-guests.json').returncode, 0)
    with open(path, 'rb') as file:
        data = file.read()
    ping = bytes.fromhex('0a0000010a0000020800')    # addresses, then an echo request
    at = data.index(ping)
    for offset, what in ((0, 'checksum of ip'), (len(ping) + 20, 'checksum of icmp')):
        bad = bytearray(data)
        bad[at + offset] ^= 1
        with open(path, 'wb') as file:
            file.write(bad)
        verdicts = {judge(line) for line in look(path)}
        contains(' '.join(verdict for verdict in verdicts if verdict), what)


if shutil.which('tshark'):
    with tempfile.TemporaryDirectory() as captures, ThreadPoolExecutor(2) as pool:
        paths = [path for path in scenario_files() if has_network(path)]
        results = {path: pool.submit(capture, path, captures) for path in paths}
        for scenario in paths:
            add_scenario(scenario, results[scenario])
        test('a frame that is spoiled is found')(spoiled)
        main()
else:
    test('what scenarios capture is sound')(lambda folder: skip('tshark is not installed'))
    main()
