# SPDX-License-Identifier: GPL-2.0-or-later
"""Proportional policies over real guests: after at least 100 slices per vCPU each has the CPU time
that it is entitled to by its weight, within 1 % on emulated and 3 % on kvm.

What is compared is charged CPU time. No policy can take back what a vCPU has had in one go: on kvm
a slice may become longer than it should, when the host is taken away from us in the middle of it
and charges us for that. So the longest run that there was is allowed on top."""
import json
import math
import os
import sys

from harness import backends, equal, hvlab, main, skip, test, true

BACKEND = sys.argv[3]
SLICES = 1000 if os.environ.get('HVLAB_TEST_ALL') else 100  # per vCPU
WITHIN = 0.01 if BACKEND == 'emulated' else 0.03
SLICE_US = 1000 if BACKEND == 'emulated' else 100  # on kvm time is real
WEIGHTS = [256, 512, 768, 512]
MACHINES = [(vcpus, pcpus) for vcpus in (2, 8, 64) for pcpus in (1, 2, 4)]
POLICIES = ['stride', 'credit', 'cfs', 'eevdf']


def least_share(vcpus, pcpus):
    weights = [WEIGHTS[i % 4] for i in range(vcpus)]
    return min(1, pcpus * min(weights) / sum(weights))


def scenario(policy, vcpus, pcpus, slices):
    return {
        'format': 'hvlab-scenario/1', 'id': 'shares', 'title': 'Shares',
        'run': {'until': f'{slices * SLICE_US}us'},
        'host': {'pcpus': pcpus, 'memory': '64MiB', 'clock_hz': 1000000,
                 'costs': {'exit': '0ns', 'switch': '0ns', 'fault': '0ns'},
                 'scheduler': {'policy': policy, 'slice': f'{SLICE_US}us',
                               'latency': f'{SLICE_US}us', 'accounting': f'{3 * SLICE_US}us'}},
        'vms': [{'name': f'v{i}', 'program': 'spin', 'weight': WEIGHTS[i % 4]}
                for i in range(vcpus)]}


def run(folder, *machine):
    """The vCPUs, each with what it got of what it is entitled to."""
    if BACKEND not in backends():
        skip(f'{BACKEND} does not work here')
    path = os.path.join(folder, 'shares.json')
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(scenario(*machine), file)
    process = hvlab('run', '--format=json', '--backend', BACKEND, path)
    equal(process.returncode, 0, process.stderr)
    vcpus = [vm['vcpus'][0] for vm in json.loads(process.stdout)['vms']]
    return [(vcpu, vcpu['ran_ns'] / vcpu['entitled_ns']) for vcpu in vcpus]


def add_test(policy, vcpus, pcpus):
    @test(f'{policy}: {vcpus} vCPUs on {pcpus} pCPUs on {BACKEND}')
    def shares(folder):
        rows = run(folder, policy, vcpus, pcpus, int(SLICES / least_share(vcpus, pcpus)))
        longest = max(vcpu['longest_run_ns'] for vcpu, _ in rows)
        for i, (vcpu, got) in enumerate(rows):
            # With as many pCPUs as vCPUs there is nobody to share with.
            slack = min(longest / vcpu['entitled_ns'], 1) if vcpus > pcpus else 0
            true(abs(got - 1) <= WITHIN + slack, f'v{i} got {got:.4f} of its share; the longest '
                 f'run was {longest} ns')


def add_lottery(vcpus):
    """Chance: of n slices with probability p each, np come, give or take sqrt(np(1 - p))."""
    slices = 16 * SLICES

    @test(f'lottery: {vcpus} vCPUs on 1 pCPU on {BACKEND}, within four standard deviations')
    def shares(folder):
        rows = run(folder, 'lottery', vcpus, 1, int(slices / least_share(vcpus, 1)))
        total = sum(vcpu['entitled_ns'] for vcpu, _ in rows)
        for i, (vcpu, got) in enumerate(rows):
            expected = vcpu['entitled_ns'] / (SLICE_US * 1000)
            deviation = math.sqrt((1 - vcpu['entitled_ns'] / total) / expected)
            true(abs(got - 1) <= 4 * deviation, f'v{i} got {got:.4f} of its share')


for name in POLICIES:
    for machine in MACHINES:
        add_test(name, *machine)
if BACKEND == 'emulated':
    for count in (2, 8, 64):
        add_lottery(count)
main()
