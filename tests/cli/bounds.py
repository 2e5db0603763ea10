# SPDX-License-Identifier: GPL-2.0-or-later
"""Rough networks end, and in bounded memory; many VMs reach each other.

What counts is the most memory that the program had at once, as the kernel tells at its end. The
traces have a size limit, so what grows would be the network's own: frames under way, rows of
tables. Each kind of roughness is run short and, several times as long, with hardly more."""
import json
import os
import subprocess

import many
from harness import HVLAB, SOURCE, equal, main, test, true

MORE = 3 << 20  # bytes that a longer run may have above a shorter one
# Meson has the C library fill what is allocated, so that even what is never used counts.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != 'MALLOC_PERTURB_'}


def run(folder, scenario):
    """The result of a run, and the most bytes that it had."""
    path, result = os.path.join(folder, 'scenario.json'), os.path.join(folder, 'result.json')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(scenario)
    with open(result, 'w', encoding='utf-8') as out:
        process = subprocess.Popen(
            [HVLAB, 'run', '--backend=emulated', '--format=json', '--trace',
             os.path.join(folder, 'trace'), path], stdout=out, cwd=SOURCE, env=ENVIRONMENT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    equal(process.returncode, 0, 'exit code')
    with open(result, encoding='utf-8') as file:
        return json.load(file), usage.ru_maxrss * 1024


def bounded(folder, short, long, most):
    """Both end, and neither the one nor the other has more than it may."""
    _, before = run(folder, short)
    result, after = run(folder, long)
    true(after <= before + MORE, f'{before} bytes, then {after}')
    true(after <= most, f'{after} bytes, allowed are {most}')
    return result


@test('a storm in a mesh without spanning tree fills the cables and no more')
def storm(folder):
    result = bounded(folder, many.meshed_storm(160), many.meshed_storm(480), 40 << 20)
    equal(result['virtual_ns'], 480000000, 'it ran to its end')
    true(result['networks'][0]['frames'] > 10000, result['networks'][0])


@test('a flood of addresses fills the MAC table and no more')
def flood(folder):
    result = bounded(folder, many.flood(4000), many.flood(16000), 24 << 20)
    equal(len(result['networks'][0]['mac_table']), 64, 'rows')
    equal(result['vms'][0]['exit_code'], 0, 'mallory has sent them all')


@test('a DHCP starvation takes all leases and no more')
def starvation(folder):
    result = bounded(folder, many.starvation(1500), many.starvation(6000), 24 << 20)
    equal(result['vms'][0]['exit_code'], 0, 'it has asked under every name')


@test('64 VMs ping each the next, then one pings all')
def neighbours(folder):
    result, most = run(folder, many.neighbours(64))
    equal([vm['exit_code'] for vm in result['vms']], [0] * 64, 'every ping was answered')
    equal([check['passed'] for check in result['checks']], [True], result['checks'])
    true(most <= 160 << 20, f'{most} bytes')


main()
