#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What slices of 1 ms cost the whole of hvlab: two guests with the same work to do, with such
slices and with none, in turns; the CPU time of the process, start included, counts.

Arguments: the program hvlab, the backend."""
import json
import os
import resource
import subprocess
import sys
import tempfile

ROUNDS = 7
LOOPS = {'kvm': '400000000', 'emulated': '40000000'}


def scenario(backend, slice_):
    return {
        'format': 'hvlab-scenario/1', 'id': 'slices', 'title': 'Slices', 'run': {'until': '60s'},
        'host': {'pcpus': 1, 'memory': '16MiB', 'clock_hz': 500000000,
                 'costs': {'exit': '0ns', 'switch': '0ns', 'fault': '0ns'},
                 'scheduler': {'policy': 'rr', 'slice': slice_}},
        'vms': [{'name': name, 'program': 'burn', 'args': ['--loops', LOOPS[backend]]}
                for name in 'ab']}


def cpu_seconds(hvlab, backend, path):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([hvlab, 'run', '--format=json', '--backend', backend, path], check=True,
                   stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(hvlab, backend):
    if backend == 'kvm' and not os.access('/dev/kvm', os.R_OK | os.W_OK):
        print('skipped: there is no usable /dev/kvm', file=sys.stderr)
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for slice_ in ('1ms', '10s'):
            paths[slice_] = os.path.join(folder, slice_ + '.json')
            with open(paths[slice_], 'w', encoding='utf-8') as file:
                json.dump(scenario(backend, slice_), file)
        pairs = [(cpu_seconds(hvlab, backend, paths['1ms']),
                  cpu_seconds(hvlab, backend, paths['10s'])) for _ in range(ROUNDS)]
    least = min(sliced for sliced, _ in pairs)
    ratio = min(whole for _, whole in pairs) / least
    print(json.dumps({'bench': f'throughput in slices of 1 ms, {backend}', 'value': round(least, 3),
                      'unit': 's of CPU time', 'ratio': round(ratio, 3), 'against': 'no slices',
                      'target': 0.97, 'holds': ratio >= 0.97}))


main(*sys.argv[1:])
