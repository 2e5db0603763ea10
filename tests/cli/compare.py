# SPDX-License-Identifier: GPL-2.0-or-later
"""hvlab compare: one scenario under several values."""
import glob
import json
import os

from harness import contains, equal, hvlab, main, test, true

SHARING = 'scenarios/first/sharing-a-cpu.json'
TALK = 'scenarios/first/two-guests.json'


def compare(*args):
    return hvlab('compare', '--backend=emulated', *args)


@test('every value of one with every value of the other, each as hvlab run has it')
def product(folder):
    process = compare('--format=json', '--vary=host.scheduler.slice=1ms,5ms', '--vary',
                      'host.pcpus=1,2', '--until=100ms', '--jobs=3', SHARING)
    document = json.loads(process.stdout)
    equal(document['format'], 'hvlab-compare/1')
    equal(document['scenario']['id'], 'first/sharing-a-cpu')
    equal([run['title'] for run in document['runs']], ['1ms 1', '1ms 2', '5ms 1', '5ms 2'])
    equal(document['runs'][2]['set'], ['host.scheduler.slice=5ms', 'host.pcpus=1'])
    codes = []
    for run in document['runs']:
        sets = [f'--set={text}' for text in run['set']]
        alone = hvlab('run', '--backend=emulated', '--format=json', '--until=100ms', *sets, SHARING)
        result = json.loads(alone.stdout)
        result['wall_ns'] = run['result']['wall_ns']
        equal(run['result'], result)
        equal(run['exit_code'], alone.returncode)
        codes.append(alone.returncode)
    equal(process.returncode, max(codes), 'exit code')
    pairs = [(parting['a'], parting['b']) for parting in document['partings']]
    equal(pairs, [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)])


@test('the first event that differs, by hand: the first frame arrives later')
def parting(folder):
    process = compare('--format=json', '--vary=networks.net0.latency=10us,50us', TALK)
    equal(process.returncode, 0, process.stderr)
    found = json.loads(process.stdout)['partings'][0]
    equal(found['same'], False)
    first, second = found['event_a'], found['event_b']
    equal((first['event'], second['event']), ('link-enter', 'link-enter'))
    equal(second['arrive_ns'] - first['arrive_ns'], 40000)
    contains(first['words'], 'network net0')
    text = compare('--vary=networks.net0.latency=10us,50us', TALK).stdout
    contains(text, f"10us and 50us: {found['events_alike']} events alike, then")
    contains(text, '* events')
    contains(text, '  checks.a-reaches-b')
    true('FAILED' not in text, text)


@test('equal values: the runs are alike to the end')
def same(folder):
    process = compare('--vary=run.until=50ms,50ms', TALK)
    contains(process.stdout, 'events alike, to the end')
    true('\n*' not in process.stdout, 'no row differs')


@test('bad usage: one message, and nothing is left behind')
def usage(folder):
    for args, part in (((TALK,), '--vary'), (('--vary=x', TALK), 'PATH=VALUE'),
                       (('--vary=networks.net0.latency=1us,9z', TALK),
                        '--vary networks.net0.latency=9z'),
                       (('--vary=seed=1', TALK), '2 to 64'),
                       (('--vary=vms.z.vcpus=1,2', TALK), 'z'),
                       (('--vary=seed=1,2', 'no-such-file'), 'no-such-file'),
                       (('--vary=seed=1,2', '--jobs=-1', TALK), '--jobs'),
                       (('--vary=seed=' + ','.join(str(n) for n in range(65)), TALK), '2 to 64')):
        process = hvlab('compare', *args, env={'TMPDIR': folder})
        equal((process.returncode, process.stdout), (2, ''), args)
        equal(len(process.stderr.splitlines()), 1, process.stderr)
        contains(process.stderr, part)
    process = hvlab('compare', '--backend=emulated', '--vary=seed=1,2', TALK,
                    env={'TMPDIR': folder})
    equal(process.returncode, 0, process.stderr)
    equal(glob.glob(os.path.join(folder, '*')), [])


@test('a value may be a list: commas inside brackets do not count')
def lists(folder):
    process = compare('--format=json', '--vary=vms.a.args=["b","2","5"],["b","3","5"]', TALK)
    document = json.loads(process.stdout)
    equal([run['set'] for run in document['runs']],
          [['vms.a.args=["b","2","5"]'], ['vms.a.args=["b","3","5"]']])


@test('networks that differ: who reaches whom, side by side')
def _(folder):
    nat = 'scenarios/networking/every-nat-vm-is-10-0-2-15.json'
    how = ('compare', '--backend=emulated', '--until=1s', nat, '--vary',
           'networks.nat0.mode=nat,nat-network,bridged')
    run = hvlab(*how)
    contains(run.stdout, 'Who reaches whom, and how')
    rows = [line.split() for line in run.stdout.splitlines()]
    for row in ('* vm:a -> vm:b icmp - direct direct', '* vm:a -> host tcp nat nat direct',
                'vm:a -> internet:web icmp nat nat nat', '* host -> vm:b tcp - - direct'):
        true(row.split() in rows, run.stdout)
    document = json.loads(hvlab(*how, '--format=json').stdout)
    vias = [next(row['via'] for row in one['reachability']
                 if (row['from'], row['to'], row['protocol']) == ('host', 'vm:a', 'icmp'))
            for one in document['runs']]
    equal(vias, [None, None, 'direct'])
    # Where no network differs nobody asks, unless told to.
    plain = ('compare', '--backend=emulated', 'scenarios/first/two-guests.json', '--vary',
             'host.scheduler.slice=1ms,5ms')
    true('Who reaches whom' not in hvlab(*plain).stdout, 'not asked for')
    contains(hvlab(*plain, '--reach').stdout, 'Who reaches whom')


main()
