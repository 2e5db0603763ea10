# SPDX-License-Identifier: GPL-2.0-or-later
"""Proportional policies over real guests: after at least 100 slices per vCPU each has the CPU time
that it is entitled to by its weight, within 1 % on emulated and 3 % on kvm."""
import json
import os
import sys

from harness import backends, equal, hvlab, main, skip, test, true

BACKEND = sys.argv[3]
WITHIN = 0.01 if BACKEND == 'emulated' else 0.03
WEIGHTS = [256, 512, 768, 512]
# vCPUs and pCPUs, and a slice in us. On kvm time is real, so slices are short there.
if BACKEND == 'emulated':
    MACHINES = [(2, 1), (8, 1), (8, 2), (8, 4), (64, 1), (64, 2), (64, 4)]
    SLICE_US = 1000
else:
    MACHINES = [(2, 1), (8, 2), (8, 4), (64, 4)]
    SLICE_US = 100


def least_share(vcpus, pcpus):
    weights = [WEIGHTS[i % 4] for i in range(vcpus)]
    return min(1, pcpus * min(weights) / sum(weights))


def scenario(policy, vcpus, pcpus):
    slices = int(100 / least_share(vcpus, pcpus))
    return {
        'format': 'hvlab-scenario/1', 'id': 'shares', 'title': 'Shares',
        'run': {'until': f'{slices * SLICE_US}us'},
        'host': {'pcpus': pcpus, 'memory': '64MiB', 'clock_hz': 1000000,
                 'costs': {'exit': '0ns', 'switch': '0ns', 'fault': '0ns'},
                 'scheduler': {'policy': policy, 'slice': f'{SLICE_US}us',
                               'latency': f'{SLICE_US}us', 'accounting': f'{3 * SLICE_US}us'}},
        'vms': [{'name': f'v{i}', 'program': 'spin', 'weight': WEIGHTS[i % 4]}
                for i in range(vcpus)]}


def add_test(policy, vcpus, pcpus):
    @test(f'{policy}: {vcpus} vCPUs on {pcpus} pCPUs on {BACKEND}')
    def run(folder):
        if BACKEND not in backends():
            skip(f'{BACKEND} does not work here')
        path = os.path.join(folder, 'shares.json')
        with open(path, 'w', encoding='utf-8') as file:
            json.dump(scenario(policy, vcpus, pcpus), file)
        process = hvlab('run', '--format=json', '--backend', BACKEND, path)
        equal(process.returncode, 0, process.stderr)
        for vm in json.loads(process.stdout)['vms']:
            vcpu = vm['vcpus'][0]
            got = vcpu['ran_ns'] / vcpu['entitled_ns']
            # The last slice is not over, or has not begun.
            slack = SLICE_US * 1000 / vcpu['entitled_ns']
            true(abs(got - 1) <= WITHIN + slack, f'{vm["name"]} got {got:.4f} of its share')


for name in ('stride', 'credit', 'cfs', 'eevdf'):
    for machine in MACHINES:
        add_test(name, *machine)
main()
