# SPDX-License-Identifier: GPL-2.0-or-later
"""Scheduling policies of one's own: written, built, checked, run; and what becomes of
those that lie, crash, loop, or want more than to compute."""
import json
import os
import subprocess

from harness import SOURCE, contains, equal, hvlab, main, skip, test

SCENARIO = os.path.join(SOURCE, 'scenarios', 'first', 'sharing-a-cpu.json')


def needs_jail():
    if os.environ.get('HVLAB_SANITIZED'):
        skip('the sanitizer makes system calls of its own, which the jail forbids')


def build(folder, name='mine', change=None):
    """A policy from the template, with (what, by what) replaced in its source; its path."""
    needs_jail()
    equal(hvlab('policy', 'new', name, cwd=folder).returncode, 0, 'policy new')
    source = os.path.join(folder, name + '.c')
    if change:
        with open(source, encoding='utf-8') as file:
            text = file.read()
        contains(text, change[0])
        with open(source, 'w', encoding='utf-8') as file:
            head = '#include <stdio.h>\n' if 'fopen' in change[1] else ''
            file.write(head + text.replace(*change))
    library = os.path.join(folder, name + '.so')
    subprocess.run(['cc', '-O2', '-Wall', '-Werror', '-shared', '-fPIC', '-I', SOURCE,
                    '-o', library, source], check=True)
    return library


def run(library, *more):
    return hvlab('run', '--backend=emulated', '--format=json', '--until=200ms', '--policy', library,
                 *more, SCENARIO)


@test('the template is round robin, and keeps its promises')
def template(folder):
    library = build(folder)
    process = hvlab('policy', 'check', library)
    equal(process.returncode, 0, process.stderr)
    contains(process.stdout, 'ok')
    result = json.loads(run(library).stdout)
    equal(result['scheduler']['policy'], 'mine', 'policy')
    ran = [vm['vcpus'][0]['ran_ns'] for vm in result['vms']]
    equal(max(ran) - min(ran) <= 20_000_000, True, f'thirds: {ran}')


@test('in the jail and trusted, a policy decides alike')
def alike(folder):
    library = build(folder)
    jailed, trusted = run(library), run(library, '--trust-policy')
    equal(trusted.returncode, jailed.returncode, trusted.stderr)
    first, second = json.loads(jailed.stdout), json.loads(trusted.stdout)
    equal(first['vms'], second['vms'], 'vms')


def fails(folder, change, message, *more):
    library = build(folder, change=change)
    process = run(library, *more)
    equal(process.returncode, 1, process.stderr)
    contains(process.stderr, 'hvlab: the policy "mine" has failed: ' + message)
    equal(json.loads(process.stdout)['ended'], 'policy', 'ended')
    checked = hvlab('policy', 'check', library)
    equal(checked.returncode, 1, checked.stdout)


PICK = '        take(policy, i);\n        ret->slice_ns'


@test('one that picks who is not ready')
def lies(folder):
    # It stays in the line, so the second pCPU picks it too.
    fails(folder, (PICK, '        ret->slice_ns'), 'pick() returned vCPU 0 of VM 0, which is not',
          '--set', 'host.pcpus=2')


@test('one that grants no time')
def no_slice(folder):
    fails(folder, ('ret->slice_ns = policy->params->slice_ns;', ';'),
          'pick() granted a slice of 0 ns')


@test('one that crashes')
def crashes(folder):
    fails(folder, (PICK, '        int *volatile nowhere = (int *)8;\n        *nowhere = 1;\n'
                   + PICK),
          'it crashed (Segmentation fault)')


@test('one that loops')
def loops(folder):
    fails(folder, (PICK, '        for (volatile int forever = 1; forever;) {}\n' + PICK),
          'it did not answer within 2 s')


@test('one that wants to write a file')
def writes(folder):
    fails(folder, ('    Policy *policy = calloc', '    if (fopen("/tmp/mine", "w") == NULL)\n'
                   '        return NULL;\n    Policy *policy = calloc'),
          'it made a system call, which a policy may not')


@test('one that is none')
def none(folder):
    needs_jail()
    path = os.path.join(folder, 'no.so')
    process = run(path)
    equal(process.returncode, 2, process.stderr)
    contains(process.stderr, 'there is no such file')
    with open(path, 'w', encoding='utf-8') as file:
        file.write('not a library')
    process = run(path)
    equal(process.returncode, 2, process.stderr)
    contains(process.stderr, 'cannot be loaded')


@test('policy list, and bad words')
def words(_):
    process = hvlab('policy', 'list')
    equal(process.returncode, 0, process.stderr)
    for name in ('fifo', 'sjf', 'stcf', 'rr', 'priority', 'mlfq', 'lottery', 'stride', 'credit',
                 'cfs', 'eevdf', 'sedf', 'gang'):
        contains(process.stdout, '\n' + name if name != 'rr' else name)
    equal(hvlab('policy', 'make').returncode, 2, 'policy make')
    equal(hvlab('policy', 'new', '../x').returncode, 2, 'policy new ../x')


main()
