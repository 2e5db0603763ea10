# SPDX-License-Identifier: GPL-2.0-or-later
"""hvlab compare: one scenario under several values."""
import glob
import json
import os

from harness import SOURCE, contains, equal, hvlab, main, test, true

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
    contains(text, f"10us and 50us: {found['events_alike']} events alike")
    contains(text, 'the first event that is not the same')
    contains(text, 'the same things are done, at other times')
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

# mode: VM->VM, VM->host, host->VM, VM->LAN, LAN->VM by ping, as the manual has it.
MANUAL = {'nat': (None, 'nat', None, 'nat', None),
          'nat-network': ('direct', 'nat', None, 'nat', None),
          'bridged': ('direct',) * 5, 'host-only': ('direct', 'direct', 'direct', None, None),
          'internal': ('direct', None, None, None, None)}
PAIRS = {('vm', 'vm'): 0, ('vm', 'host'): 1, ('host', 'vm'): 2, ('vm', 'lan'): 3, ('lan', 'vm'): 4}


@test('every lesson on a mode runs in every other mode, and has its matrix')
def modes(_folder):
    for name in ('nat', 'nat-network', 'bridged', 'host-only', 'internal', 'port-forward', 'dhcp'):
        path = f'scenarios/networking/{name}.json'
        with open(os.path.join(SOURCE, path), encoding='utf-8') as file:
            text = json.load(file)
        network = text['networks'][0]['name']
        # Who insists on DHCP gets no address on an internal network: four DISCOVERs, no answer.
        ends = {'vm:' + vm['name'] for vm in text['vms'] if vm['nics'][0]['network'] == network and
                not vm['nics'][0].get('dhcp')}
        ends |= {'host', 'lan:printer'}
        if name == 'dhcp':
            ends.remove('vm:d')  # for whom its pool has no address left
        process = compare('--format=json', f'--vary=networks.{network}.mode={",".join(MANUAL)}',
                          '--set=timeline=[]', path)
        true(process.returncode in (0, 1), process.stderr)
        document = json.loads(process.stdout)
        for run in document['runs']:
            own = run['title'] == text['networks'][0]['mode']
            true(not (own and run['set_aside']), (name, run['set_aside']))
            for row in run['reachability']:
                pair = tuple(row[end].split(':')[0] for end in ('from', 'to'))
                if row['protocol'] == 'icmp' and {row['from'], row['to']} <= ends and pair in PAIRS:
                    equal(row['via'], MANUAL[run['title']][PAIRS[pair]],
                          (name, run['title'], row['from'], row['to'], row['why']))


@test('what another mode has no use for is set aside and named; what is given with it is not')
def set_aside(folder):
    nat = 'scenarios/networking/nat.json'
    mode, rule = 'networks.nat0.mode=', '[{"name":"x","host_port":2222,"guest_port":22'
    document = json.loads(compare('--format=json', f'--vary={mode}nat,nat-network,bridged',
                                  nat).stdout)
    equal([run['set_aside'] for run in document['runs']],
          [[], ['nat0 in mode nat-network sets aside: forward rule ssh (a rule needs guest_address '
                'here)'], ['nat0 in mode bridged sets aside: forward rule ssh (no NAT)']])
    for word in ('bridged', '"bridged"'):
        run = hvlab('reach', '--backend=emulated', '--set', mode + word, nat)
        equal((run.returncode, run.stderr),
              (0, 'hvlab: nat0 in mode bridged sets aside: forward rule ssh (no NAT)\n'))
    # The order of --set does not matter; a rule that is given must fit the mode that is given.
    for sets in (('bridged', '}]'), ('nat-network', '}]')):
        for order in (1, -1):
            both = [f'--set={mode}{sets[0]}',
                    f'--set=networks.nat0.forward={rule}{sets[1]}'][::order]
            run = hvlab('run', '--backend=emulated', *both, nat)
            equal((run.returncode, run.stdout), (2, ''), both)
    run = hvlab('run', '--backend=emulated', f'--set={mode}nat-network', nat, '--until=10ms',
                f'--set=networks.nat0.forward={rule},"guest_address":"10.0.2.4"}}]')
    true(run.returncode in (0, 1) and 'sets aside: forward rule ssh' in run.stderr, run.stderr)
    # A file that says so itself is wrong.
    with open(os.path.join(SOURCE, nat), encoding='utf-8') as file:
        text = json.load(file)
    text['networks'][0]['mode'] = 'bridged'
    path = os.path.join(folder, 's.json')
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(text, file)
    run = hvlab('validate', path)
    equal(run.returncode, 2)
    contains(run.stderr, 'mode bridged has no NAT, so nothing to forward')
    # And back again: nothing is lost by a detour.
    detour = hvlab('run', '--backend=emulated', '--until=10ms', '--set', mode + 'bridged', '--set',
                   mode + 'nat', nat)
    true('sets aside' not in detour.stderr, detour.stderr)


@test('the first thing that only one of two runs does')
def telling(_folder):
    document = json.loads(compare('--format=json', '--vary=networks.nat0.mode=nat,nat-network',
                                  'scenarios/networking/nat.json').stdout)
    first, second = (document['partings'][0][f'moment_{run}'] for run in 'ab')
    # The same DISCOVER: one router per VM answers it, or a switch passes it on.
    equal((first['who'], second['who']), ('nat of vm:a', 'nat0'))
    contains(first['text'], 'looks for an address')
    contains(second['text'], 'the switch learns that vm:a has the address')
    equal(first['time_ns'], second['time_ns'])


@test('while it runs: what another mode has no use for is remarked on')
def while_running(folder):
    with open(os.path.join(SOURCE, 'scenarios/networking/nat.json'), encoding='utf-8') as file:
        text = json.load(file)
    text['timeline'] = [{'at': '1ms', 'do': 'set-mode', 'network': 'nat0', 'mode': 'bridged'},
                        {'at': '2ms', 'do': 'set-mode', 'network': 'nat0', 'mode': 'nat'}]
    text['run'], text['checks'] = {'until': '10ms'}, []
    del text['steps']
    path = os.path.join(folder, 's.json')
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(text, file)
    run = hvlab('run', '--backend=emulated', path)
    equal(run.returncode, 0, run.stderr)
    equal(run.stdout.count('sets aside'), 1)
    contains(run.stdout, 'nat0 in mode bridged sets aside: forward rule ssh')


main()
