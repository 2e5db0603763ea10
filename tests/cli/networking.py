# SPDX-License-Identifier: GPL-2.0-or-later
"""networking.py: hvlab reach and hvlab why, against the table that the manual of VirtualBox has.

Two VMs per network, on every backend, without and with forward rules. The trail of `why`, which
follows frames, must agree with each cell of the matrix, which believes both ends.
"""
import concurrent.futures
import itertools
import json
import os
import re
import shutil
import subprocess

from harness import backends, contains, equal, hvlab, main, skip, test, true

FORWARD = 'port-forward'

# mode: VM->VM, VM->host, host->VM, VM->LAN, LAN->VM, by ping or without a rule.
MANUAL = {
    'nat': (None, 'nat', None, 'nat', None),
    'nat-network': ('direct', 'nat', None, 'nat', None),
    'bridged': ('direct', 'direct', 'direct', 'direct', 'direct'),
    'host-only': ('direct', 'direct', 'direct', None, None),
    'internal': ('direct', None, None, None, None),
}
# The same by TCP with a rule that leads to the VM. Behind a router of its own a VM is reached by
# another VM as by anybody else outside.
MANUAL_FORWARD = {
    'nat': (FORWARD, 'nat', FORWARD, 'nat', FORWARD),
    'nat-network': ('direct', 'nat', FORWARD, 'nat', FORWARD),
}
NICS = {
    'nat': ({'address': '10.0.2.15', 'gateway': '10.0.2.2'},) * 2,
    'nat-network': ({'address': '10.0.2.4', 'gateway': '10.0.2.1'},
                    {'address': '10.0.2.5', 'gateway': '10.0.2.1'}),
    'bridged': ({'address': '192.168.1.21', 'gateway': '192.168.1.1'},
                {'address': '192.168.1.22', 'gateway': '192.168.1.1'}),
    'host-only': ({'address': '192.168.56.11'}, {'address': '192.168.56.12'}),
    'internal': ({'address': '10.0.0.1'}, {'address': '10.0.0.2'}),
}


def rule(mode, vm, number):
    leads = {'vm': vm} if mode == 'nat' else {'guest_address': NICS[mode][number]['address']}
    return {'name': vm, 'protocol': 'tcp', 'host_port': 2222 + number, 'guest_port': 22} | leads


def scenario(folder, mode, forward=False):
    network = {'name': 'net0', 'mode': mode}
    if forward:
        network['forward'] = [rule(mode, 'a', 0), rule(mode, 'b', 1)]
    text = {
        'format': 'hvlab-scenario/1', 'id': 'test/' + mode, 'title': mode,
        'run': {'until': '100ms'}, 'host': {'pcpus': 2, 'memory': '16MiB'},
        'networks': [network], 'lan': {'hosts': [{'name': 'printer'}]},
        'vms': [{'name': name, 'program': 'idle', 'nics': [{'network': 'net0'} | nic]}
                for name, nic in zip('ab', NICS[mode])],
    }
    path = os.path.join(folder, mode + '.json')
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(text, file)
    return path


def kind(end):
    return end.split(':')[0]


def expected(cells, start, end):
    """How `start` reaches `end` by the manual; None: not at all."""
    pairs = {('vm', 'vm'): 0, ('vm', 'host'): 1, ('host', 'vm'): 2, ('vm', 'lan'): 3,
             ('lan', 'vm'): 4}
    number = pairs.get((kind(start), kind(end)))
    return 'direct' if number is None else cells[number]


def ask(path, backend, *how):
    run = hvlab('reach', path, '--backend', backend, '--format=json', *how)
    equal(run.returncode, 0, run.stderr)
    document = json.loads(run.stdout)
    equal(document['format'], 'hvlab-reach/1')
    rows = document['reachability']
    ends = ('vm:a', 'vm:b', 'host', 'lan:printer')
    equal([(row['from'], row['to']) for row in rows], list(itertools.permutations(ends, 2)))
    return rows


def compare(rows, cells, what):
    for row in rows:
        place = f'{what}: {row["from"]} to {row["to"]} by {row["protocol"]}: {row["why"]}'
        equal(row['via'], expected(cells, row['from'], row['to']), place)
        equal(row['reached'], row['via'] is not None, place)
        true(row['why'], place)


def follow(path, backend, rows):
    """The trail of why says the same as each cell."""
    def one(row):
        how = [] if row['protocol'] == 'icmp' else ['--' + row['protocol'], str(row['port'])]
        run = hvlab('why', path, '--backend', backend, '--from', row['from'], '--to', row['to'],
                    '--no-change', '--format=json', *how)
        equal(run.returncode, 0, run.stderr)
        told = json.loads(run.stdout)
        place = f'{path}: {row["from"]} to {row["to"]}'
        equal((told['reached'], told['via']), (row['reached'], row['via']), place)
        equal(told['arrived'] and told['answered'], row['reached'], place)
        true(told['trail'] and all(hop['where'] and hop['what'] for hop in told['trail']), place)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, rows))


def check_mode(folder, mode, backend):
    path = scenario(folder, mode)
    rows = ask(path, backend, '--protocol', 'icmp')
    compare(rows, MANUAL[mode], mode)
    follow(path, backend, rows)


def check_lesson(mode, backend):
    """The scenario that comes with hvlab has the same table."""
    path = f'scenarios/networking/{mode}.json'
    run = hvlab('reach', path, '--backend', backend, '--format=json')
    equal(run.returncode, 0, run.stderr)
    ends = ('vm:a', 'vm:b', 'host', 'lan:printer')
    everyone = json.loads(run.stdout)['reachability']
    rows = [row for row in everyone if row['protocol'] == 'icmp' and
            row['from'] in ends and row['to'] in ends]
    equal(len(rows), 12, mode)
    compare(rows, MANUAL[mode], path)
    # Between others than VMs the backend makes no difference.
    follow(path, backend, [row for row in everyone if backend == 'emulated' or
                           'vm:' in row['from'] + row['to']])


def check_tcp(folder, mode, backend):
    path = scenario(folder, mode)
    rows = ask(path, backend, '--protocol', 'tcp', '--tcp', '22')
    compare(rows, MANUAL[mode], mode)
    follow(path, backend, rows)
    if mode in MANUAL_FORWARD:
        path = scenario(folder, mode, forward=True)
        rows = ask(path, backend, '--protocol', 'tcp', '--tcp', '22')
        compare(rows, MANUAL_FORWARD[mode], mode + ' with rules')
        follow(path, backend, rows)
        # A rule is for TCP: a ping still does not come in.
        compare(ask(path, backend, '--protocol', 'icmp'), MANUAL[mode], mode + ' with rules')


def add_tests():
    for backend in backends():
        for mode in MANUAL:
            test(f'{mode}: the manual\'s table, by ping, {backend}')(
                lambda folder, m=mode, b=backend: check_mode(folder, m, b))
            test(f'{mode}: the manual\'s table, by TCP, {backend}')(
                lambda folder, m=mode, b=backend: check_tcp(folder, m, b))
            test(f'{mode}: the lesson\'s table, {backend}')(
                lambda folder, m=mode, b=backend: check_lesson(m, b))
        test(f'two NATs of the same addresses: trail and matrix agree, {backend}')(
            lambda folder, b=backend: check_two_nats(folder, b))


@test('reach: text is a matrix with a legend')
def _(folder):
    run = hvlab('reach', scenario(folder, 'nat-network'), '--protocol', 'icmp', '--backend',
                'emulated')
    equal(run.returncode, 0, run.stderr)
    lines = [line.split() for line in run.stdout.splitlines()]
    true(['vm:a', 'direct', 'nat', 'nat'] in lines, run.stdout)
    true(['lan:printer', '-', '-', 'direct'] in lines, run.stdout)
    contains(run.stdout, 'nat      reached; on the way a NAT put another address')
    contains(run.stdout, 'hvlab why ')


@test('reach: what really came back, or why nothing left')
def _(folder):
    idle = {'program': 'idle'}
    document = {
        'format': 'hvlab-scenario/1', 'id': 't/outcomes', 'title': 'T', 'run': {'until': '10ms'},
        'networks': [{'name': 'one', 'mode': 'internal'}, {'name': 'two', 'mode': 'host-only'}],
        'vms': [{'name': 'a', **idle, 'nics': [{'network': 'one'}]},
                {'name': 'b', **idle, 'nics': [{'network': 'one'}]},
                {'name': 'off', **idle, 'start_at': 'never', 'nics': [{'network': 'one'}]},
                {'name': 'wall', **idle, 'nics': [{'network': 'one', 'acl': {
                    'out': [{'action': 'deny', 'protocol': 'icmp'}]}}]},
                {'name': 'c', **idle, 'nics': [{'network': 'two', 'address': '192.168.56.7/24'}]}]}
    path = os.path.join(folder, 'outcomes.json')
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(document, file)
    wanted = {
        ('vm:a', 'vm:b', 'icmp'): ('reply', '10.0.0.2 answered'),
        ('vm:a', 'vm:b', 'udp'): ('unreachable',
                                  '10.0.0.2 answered: port unreachable (ICMP type 3, code 3)'),
        ('vm:a', 'vm:off', 'icmp'): ('no-arp-answer', 'nobody answers ARP for 10.0.0.3'),
        ('vm:a', 'vm:off', 'udp'): ('no-arp-answer', 'nobody answers ARP for 10.0.0.3'),
        ('vm:a', 'vm:off', 'tcp'): ('no-arp-answer', 'nobody answers ARP for 10.0.0.3'),
        ('vm:a', 'vm:wall', 'icmp'): ('timeout', 'no answer from 10.0.0.4'),
        ('vm:a', 'vm:c', 'icmp'): ('no-route', 'vm:a has no route to 192.168.56.7'),
        ('vm:a', 'vm:c', 'tcp'): ('no-route', 'vm:a has no route to 192.168.56.7'),
        ('host', 'vm:c', 'udp'): ('unreachable', '192.168.56.7 answered: port unreachable'),
        ('vm:off', 'vm:a', 'icmp'): ('not-run', 'vm:off could not be asked'),
    }
    for backend in backends():
        run = hvlab('reach', path, '--backend', backend, '--protocol', 'icmp,udp,tcp', '--udp', '9',
                    '--format=json')
        equal(run.returncode, 0, run.stderr)
        rows = {(row['from'], row['to'], row['protocol']): row
                for row in json.loads(run.stdout)['reachability']}
        for cell, (outcome, why) in wanted.items():
            equal(rows[cell]['outcome'], outcome, f'{backend}, {cell}: {rows[cell]}')
            contains(rows[cell]['why'], why)


@test('static routes: only whoever has one gets out')
def _(folder):
    nic = {'network': 'n'}
    document = {
        'format': 'hvlab-scenario/1', 'id': 't/routes', 'title': 'T', 'run': {'until': '500ms'},
        'networks': [{'name': 'n', 'mode': 'nat-network'}],
        'internet': {'servers': [{'name': 'web', 'address': '203.0.113.10'}]},
        'vms': [{'name': 'a', 'program': 'shell', 'args': ['route'],
                 'nics': [{**nic, 'address': '10.0.2.7/24',
                           'routes': [{'to': '203.0.113.0/24', 'via': '10.0.2.1'}]}]},
                {'name': 'b', 'program': 'idle', 'nics': [{**nic, 'address': '10.0.2.8/24'}]}]}
    path = os.path.join(folder, 'routes.json')
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(document, file)
    for backend in backends():
        run = hvlab('reach', path, '--backend', backend, '--protocol', 'icmp', '--format=json')
        equal(run.returncode, 0, run.stderr)
        rows = {(row['from'], row['to']): row for row in json.loads(run.stdout)['reachability']}
        equal(rows['vm:a', 'internet:web']['via'], 'nat', backend)
        equal(rows['vm:b', 'internet:web']['outcome'], 'no-route', backend)
    run = hvlab('run', path, '--backend', 'emulated', '--format=json')
    console = json.loads(run.stdout)['vms'][0]['console']
    true(re.search(r'203\.0\.113\.0/24 +10\.0\.2\.1 +0', console), console)


@test('DHCP: an address that somebody has is declined, and not given out again')
def _(folder):
    nic = {'network': 'n'}
    document = {
        'format': 'hvlab-scenario/1', 'id': 't/decline', 'title': 'T', 'run': {'until': '12s'},
        'networks': [{'name': 'n', 'mode': 'host-only'}],
        'vms': [{'name': 'squatter', 'program': 'idle',
                 'nics': [{**nic, 'address': '192.168.56.101/24'}]},
                {'name': 'b', 'program': 'shell', 'args': ['ping', 'host', '1'],
                 'start_at': '1s', 'nics': [nic]}],
        'checks': [
            {'id': 'declined', 'title': 'b declines .101', 'expect': {'event': {
                'type': 'dhcp', 'where': {'what': 'decline'}, 'count': {'equals': 1}}}},
            {'id': 'pings', 'title': 'b has another address', 'expect': {
                'reach': {'from': 'host', 'to': 'vm:b'}}},
            {'id': 'still', 'title': 'the squatter is reached', 'expect': {
                'reach': {'from': 'host', 'to': 'vm:squatter'}}}]}
    path = os.path.join(folder, 'decline.json')
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(document, file)
    for backend in backends():
        run = hvlab('run', path, '--backend', backend, '--format=json')
        equal(run.returncode, 0, run.stdout)
        result = json.loads(run.stdout)
        leases = {lease['address']: lease.get('declined', False)
                  for lease in result['networks'][0]['leases']}
        equal(leases, {'192.168.56.101': True, '192.168.56.102': False}, backend)
        equal(result['vms'][1]['nics'][0]['ip'], '192.168.56.102', backend)
    contains(hvlab('run', path, '--backend', 'emulated').stdout,
             'declined, as it is another\'s: 192.168.56.101 by 02:68:76:00:01:00')


@test('reach and why: bad usage')
def _(folder):
    path = scenario(folder, 'internal')
    for args, message in (
            (['reach', path, '--protocol', 'sctp'], 'allowed are icmp, udp and tcp'),
            (['reach', path, '--tcp', '70000'], 'a port from 1 to 65535'),
            (['why', path, '--from', 'vm:a'], '--to is missing'),
            (['why', path, '--from', 'vm:a', '--to', 'vm:x'],
             'not an endpoint of this scenario; allowed: vm:a, vm:b, host, lan:printer'),
            (['why', path, '--from', 'vm:a', '--to', 'vm:a'], 'name two'),
            (['why', path, '--from', 'vm:a', '--to', 'host', '--tcp', '1', '--udp', '1'],
             'one of them is enough')):
        run = hvlab(*args)
        equal((run.returncode, run.stdout), (2, ''), args)
        contains(run.stderr, message)


def change(path, start, end, *how):
    run = hvlab('why', path, '--backend', 'emulated', '--from', start, '--to', end,
                '--format=json', *how)
    equal(run.returncode, 0, run.stderr)
    return json.loads(run.stdout)


@test('a capture: what a NAT decided, with the addresses before and after')
def _(folder):
    path = os.path.join(folder, 'c.pcapng')
    run = hvlab('run', 'scenarios/networking/nat.json', '--backend', 'emulated', '--pcapng', path)
    equal(run.returncode, 0, run.stderr)
    with open(path, 'rb') as file:
        text = file.read()
    for vm in (b'vm:a', b'vm:b'):
        out = rb'nat of ' + vm + rb': row 1: 10\.0\.2\.15:(\d+) > 203\.0\.113\.10:80 becomes ' \
            rb'192\.168\.1\.10:\1 > 203\.0\.113\.10:80'
        back = rb'nat of ' + vm + rb': row 1: 203\.0\.113\.10:80 > 192\.168\.1\.10:(\d+) ' \
            rb'becomes 203\.0\.113\.10:80 > 10\.0\.2\.15:\1'
        equal(len(set(re.findall(out, text))), 1, 'one row 1 in each of two NATs')
        equal(set(re.findall(out, text)), set(re.findall(back, text)))


def capture_of(folder, text):
    """What a live capture and an export of the trace say: the same. Interface and comment."""
    path, live, trace, late = (os.path.join(folder, name) for name in ('s.json', 'live.pcapng',
                                                                       't.hvtrace', 'late.pcapng'))
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(text, file)
    run = hvlab('run', path, '--backend', 'emulated', '--pcapng', live, '--trace', trace)
    true(run.returncode in (0, 1), run.stderr)
    equal(hvlab('export', f'--pcapng={late}', trace).returncode, 0)
    for capture in (live, late):
        with subprocess.Popen(['tshark', '-n', '-r', capture, '-T', 'fields', '-e',
                               'frame.interface_name', '-e', 'frame.comment'], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tshark:
            lines = tshark.communicate(timeout=60)[0].splitlines()
        if capture == live:
            first = lines
    true(first and first == lines, 'a capture while it runs and one from the trace are the same')
    return [tuple(line.split('\t')) for line in first if ': dropped' in line]


def pinging(networks, nics, args, **more):
    return {'format': 'hvlab-scenario/1', 'id': 'test/drop', 'title': 'drop',
            'run': {'until': '8s'}, 'host': {'pcpus': 2, 'memory': '16MiB'}, 'networks': networks,
            'vms': [{'name': name, 'program': 'ping' if name == 'a' else 'idle',
                     'args': args if name == 'a' else [], 'nics': nics[name]} for name in nics],
            'lan': {'hosts': [{'name': 'printer'}]}} | more


@test('a capture: whoever drops a frame says why, be it a switch or not')
def _(folder):
    if not shutil.which('tshark'):
        skip('tshark is not installed')
    nat, bad = {'name': 'n', 'mode': 'nat'}, {'name': 'n', 'mode': 'internal', 'loss': '100%'}
    only = {'name': 'n', 'mode': 'host-only'}
    static = {'network': 'n', 'address': '192.168.56.11', 'gateway': '192.168.56.1'}
    slow = {'at': '5ms', 'do': 'set-link-quality', 'vm': 'a', 'nic': 0, 'loss': '100%'}
    knock = {'at': '1ms', 'do': 'ping', 'from': 'internet:web', 'to': 'host'}
    for text, place, comment in (
            (pinging([only], {'a': [static]}, ['192.168.1.50', '1']), 'n/host',
             'host: dropped: not-forwarding (for somebody else; hosts do not forward)'),
            (pinging([nat], {'a': [{'network': 'n'}]}, ['192.168.1.77', '1']), 'lan/host',
             'host: dropped: no-arp-answer (the next hop does not answer ARP)'),
            (pinging([nat], {'a': [{'network': 'n'}]}, ['198.51.100.1', '1']), 'lan/router',
             'router lan: dropped: no-route (a router has no route to the destination)'),
            (pinging([nat], {'a': [{'network': 'n'}]}, ['192.168.1.50', '2'], timeline=[slow]),
             'n/nat', 'cable to nat of vm:a: dropped: link-loss'),
            (pinging([bad], {'a': [{'network': 'n'}], 'b': [{'network': 'n'}]}, ['b', '1']), 'n/0',
             'cable to switch n: dropped: link-loss (lost on the cable, '
             'which is set to lose some)'),
            (pinging([nat], {'a': [{'network': 'n'}]}, ['192.168.1.50', '1'], timeline=[knock],
                     internet={'servers': [{'name': 'web'}]}), 'internet/router',
             'router internet: dropped: nat-no-row (from outside, and no row or rule lets it in)'),
            (pinging([nat | {'mtu': 9000}], {'a': [{'network': 'n'}]},
                     ['192.168.1.50', '1', '1000', '4000']), 'n/host',
             'host: dropped: too-big (longer than the next MTU and not to be fragmented)')):
        drops = capture_of(folder, text)
        true(any(where.startswith(place) and what.startswith(comment) for where, what in drops),
             (comment, drops))


@test('why: a gateway is missing')
def _(folder):
    path = scenario(folder, 'bridged')
    told = change(path, 'vm:a', 'lan:printer')
    true(told['reached'], told)
    with open(path, encoding='utf-8') as file:
        text = json.load(file)
    text['internet'] = {'servers': [{'name': 'web'}]}
    del text['vms'][0]['nics'][0]['gateway']
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(text, file)
    told = change(path, 'vm:a', 'internet:web')
    equal((told['reached'], told['trail'][0]['what']), (False, 'sends no frame at all'))
    contains(told['trail'][0]['because'], 'no route to 203.0.113.10')
    equal(told['change']['text'], 'with gateway 192.168.1.1 at NIC 0 of vm:a')
    equal(told['change']['via'], 'nat')


@test('why: a pulled cable')
def _(folder):
    path = scenario(folder, 'internal')
    with open(path, encoding='utf-8') as file:
        text = json.load(file)
    text['timeline'] = [{'at': '1ms', 'do': 'unplug', 'vm': 'b'}]
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(text, file)
    told = change(path, 'vm:a', 'vm:b')
    equal(told['change']['text'], 'with the cable of vm:b left in')
    equal(told['change']['set'], ['timeline=[]'])
    text['timeline'] = [{'at': '1ms', 'do': 'pause', 'vm': 'b'}]
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(text, file)
    equal(change(path, 'vm:a', 'vm:b')['change']['text'],
          'without the command pause vm:b at 1ms')


@test('why: whatever stopped a frame at a switch has a change that lets it through')
def _(folder):
    for name, start, end, text in (
            ('vlans', 'vm:sales1', 'vm:lab1', 'with NIC 0 of vm:lab1 in VLAN 10'),
            ('trunk-native-vlan', 'vm:a20', 'vm:b20', 'with all VLANs on trunk t'),
            ('flow-table', 'vm:client', 'vm:one', 'without the command flow-add at 500ms'),
            ('three-tier', 'vm:customer', 'vm:back', 'with NIC 0 of vm:back on network dmz')):
        told = change(f'scenarios/networking/{name}.json', start, end)
        equal((told['reached'], told['change']['text']), (False, text), name)
        true(told['change']['reached'], name)


@test('why: an access list, a policy, a VM that was never started')
def _(folder):
    path = scenario(folder, 'internal')
    with open(path, encoding='utf-8') as file:
        text = json.load(file)
    for nic, vm, how, expect in (
            ({'acl': {'out': [{'action': 'deny', 'protocol': 'icmp'}]}}, {}, (),
             'without rule 1 of the list "out" of NIC 0 of vm:b'),
            ({'acl': {'in': [{'action': 'allow', 'protocol': 'icmp'},
                             {'action': 'deny', 'protocol': 'tcp', 'source_port': 22},
                             {'action': 'deny'}]}}, {}, ('--tcp', '22'),
             'with a rule first that allows tcp from port 22 in the list "in" of NIC 0 of vm:b'),
            ({}, {'start_at': 'never'}, (), 'with vm:b switched on')):
        text['vms'][1] = {'name': 'b', 'program': 'idle',
                          'nics': [{'network': 'net0', 'address': '10.0.0.2'} | nic]} | vm
        with open(path, 'w', encoding='utf-8') as file:
            json.dump(text, file)
        equal(change(path, 'vm:a', 'vm:b', *how)['change']['text'], expect)


@test('why: a forward rule, by name and tried out')
def _(folder):
    path = scenario(folder, 'nat')
    told = change(path, 'lan:printer', 'vm:a', '--tcp', '22')
    equal(told['change']['text'], 'with a forward rule tcp 2222 -> 22 on net0')
    equal((told['change']['reached'], told['change']['via']), (True, FORWARD))
    run = hvlab('reach', path, '--tcp', '22', '--protocol', 'tcp', '--format=json', '--backend',
                'emulated', '--set', told['change']['set'][0])
    row = next(row for row in json.loads(run.stdout)['reachability']
               if (row['from'], row['to']) == ('lan:printer', 'vm:a'))
    equal(row['via'], FORWARD)


def two_nats(folder):
    """Four machines behind four NATs: two are 10.0.2.15, two 10.0.2.4; the gateways share MACs."""
    rules = {'ward': [{'name': 'to-b', 'protocol': 'tcp', 'host_port': 2222, 'guest_port': 22,
                       'vm': 'b'}],
             'east': [], 'west': [{'name': 'to-d', 'protocol': 'tcp', 'host_port': 2223,
                                   'guest_address': '10.0.2.4', 'guest_port': 22}]}
    text = {
        'format': 'hvlab-scenario/1', 'id': 'test/two-nats', 'title': 'two NATs',
        'run': {'until': '100ms'}, 'host': {'pcpus': 2, 'memory': '16MiB'},
        'networks': [{'name': name, 'mode': 'nat' if name == 'ward' else 'nat-network',
                      'forward': forward} for name, forward in rules.items()],
        'lan': {'hosts': [{'name': 'printer'}]},
        'vms': [{'name': name, 'program': 'idle', 'nics': [{'network': network}]}
                for name, network in zip('abcd', ('ward', 'ward', 'east', 'west'))],
    }
    path = os.path.join(folder, 'two-nats.json')
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(text, file)
    return path


@test('why: of two NATs with the same addresses each hop names the right one')
def _(folder):
    path = two_nats(folder)
    told = json.loads(hvlab('why', path, '--backend', 'emulated', '--from', 'vm:a', '--to', 'vm:b',
                            '--tcp', '22', '--no-change', '--format=json').stdout)
    there = ['vm:a', 'nat of vm:a', 'nat of vm:a', 'host', 'host', 'nat of vm:b', 'nat of vm:b',
             'vm:b']
    hops = {kind: [hop for hop in told['trail'] if hop['kind'] == kind]
            for kind in ('request', 'answer', 'arp')}
    equal([hop['where'] for hop in hops['request']], there)
    equal([hop['where'] for hop in hops['answer']], there[::-1])
    because = [hop['because'] for hop in hops['request'] + hops['answer']]
    equal(because[4], 'ports of the host: tcp port 2222 belongs to forward rule to-b of '
                      'nat of vm:b')
    contains(because[6], '10.0.2.15 is on this network')
    contains(because[6], '(vm:b)')
    contains(because[8], 'begins at nat of vm:b')
    contains(because[12], 'of nat of vm:a')
    contains(because[14], '(vm:a)')
    # Who asked for whom by ARP is behind the NAT that it is about.
    for hop in hops['arp']:
        true(not {'10.0.2.4', 'nat east', 'nat west'} & {hop['where'], *hop['what'].split()}, hop)

    run = hvlab('why', path, '--backend', 'emulated', '--from', 'vm:c', '--to', 'vm:d', '--tcp',
                '22', '--no-change', '--format=json')
    told = json.loads(run.stdout)
    equal([hop['where'] for hop in told['trail'] if hop['kind'] == 'request'],
          ['vm:c', 'switch east', 'nat east', 'nat east', 'host', 'host', 'nat west', 'nat west',
           'switch west', 'vm:d'])


def check_two_nats(folder, backend):
    """And the trail says of each cell what the matrix says."""
    path = two_nats(folder)
    for how in (('--protocol', 'icmp'), ('--protocol', 'tcp', '--tcp', '22')):
        run = hvlab('reach', path, '--backend', backend, '--format=json', *how)
        equal(run.returncode, 0, run.stderr)
        rows = json.loads(run.stdout)['reachability']
        equal(len(rows), 30)
        inside = {(row['from'], row['to']): row['via'] for row in rows
                  if row['to'].startswith('vm:')}
        for (_, to), via in inside.items():
            equal(via, FORWARD if how[1] == 'tcp' and to in ('vm:b', 'vm:d') else None, to)
        follow(path, backend, rows)


@test('why: a VLAN that a broadcast stays in, a port that nobody has, a copy for who looks on')
def _(_folder):
    told = change('scenarios/networking/vlans.json', 'vm:lab1', 'vm:sales1', '--no-change')
    contains(told['trail'][1]['because'], 'everybody in VLAN 20')
    told = change('scenarios/networking/vlans.json', 'vm:lab1', 'vm:lab2', '--no-change', '--udp',
                  '7')
    equal(told['why'], '10.0.0.4 answered: port unreachable (ICMP type 3, code 3)')
    equal((told['reached'], told['trail'][-1]['what']),
          (False, 'gives up: 10.0.0.4 answered: port unreachable'))
    told = change('scenarios/networking/mirror-ids.json', 'vm:alice', 'vm:ids', '--no-change')
    true(['copies it to vm:nosy', 'its NIC may see what goes between others'] in
         [[hop['what'], hop['because']] for hop in told['trail']], told['trail'])


@test('why: what came for a port that is another\'s did not arrive')
def _(folder):
    told = change(two_nats(folder), 'vm:a', 'host', '--tcp', '2222', '--no-change')
    equal((told['reached'], told['arrived'], told['answered']), (False, False, False))
    contains(told['why'], 'vm:b answered')


@test('why: what a switch or a wireless bridge changes is told of it')
def _(_folder):
    told = change('scenarios/networking/trunk-native-vlan.json', 'vm:a10', 'vm:b10', '--no-change')
    hops = [(hop['where'], hop['because']) for hop in told['trail'] if hop['kind'] == 'request']
    equal([where for where, _ in hops],
          ['vm:a10', 'switch s1', 'switch s1', 'switch s2', 'switch s2', 'vm:b10'])
    contains(hops[2][1], 'puts tag 10 on')
    contains(hops[4][1], 'takes tag 10 off')
    told = change('scenarios/networking/wifi-bridge.json', 'lan:printer', 'vm:a', '--no-change')
    hops = [hop for hop in told['trail'] if hop['where'].startswith('wifi')]
    equal([hop['kind'] for hop in hops], ['request', 'request', 'answer', 'answer'])
    contains(hops[0]['because'], 'by the IP address 192.168.1.20')


add_tests()
main()
