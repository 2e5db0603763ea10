# SPDX-License-Identifier: GPL-2.0-or-later
"""The guests' network programs between guests: what they print is true of the cables."""
import json
import os
import re

from harness import backends, contains, equal, hvlab, main, test, true


def run(folder, backend, scenario):
    scenario = {'format': 'hvlab-scenario/1', 'id': 'test/programs', 'title': 'T',
                'host': {'pcpus': 2, 'memory': '16MiB'}} | scenario
    path = os.path.join(folder, 's.json')
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(scenario, file)
    process = hvlab('run', path, '--backend', backend, '--format=json')
    equal(process.returncode, 0, process.stderr)
    result = json.loads(process.stdout)
    return {vm['name']: vm['console'] for vm in result['vms']}


def typed(at, text, vm='a'):
    return {'at': at, 'do': 'type', 'vm': vm, 'text': text + '\n'}


def number(pattern, text):
    found = re.search(pattern, text)
    true(found, f'no {pattern} in: {text}')
    return float(found.group(1))


def measure(folder, backend, protocol):
    return run(folder, backend, {
        'run': {'until': '6s'},
        'networks': [{'name': 'net0', 'mode': 'internal', 'rate': '10Mbit/s', 'latency': '1ms'}],
        'vms': [{'name': 'far', 'program': 'netperf', 'args': ['server'],
                 'nics': [{'network': 'net0', 'address': '10.0.0.1/24'}]},
                {'name': 'a', 'program': 'netperf', 'args': ['far', protocol, '300ms'],
                 'start_at': '50ms', 'nics': [{'network': 'net0', 'address': '10.0.0.2/24'}]}],
    })['a']


# 10 Mbit/s are 1.25 MB/s; of each frame of 1514 bytes 1460 are TCP's payload, of 1442 UDP's 1400.
# Four cables there and back take 4 ms. On kvm the guests themselves may be slower than the cable.
def check_tcp(folder, backend):
    said = measure(folder, backend, 'tcp')
    rate = number(r'TCP throughput: .* ([0-9.]+) MB/s', said)
    true(rate <= 1.26 and (rate >= 1.0 or backend == 'kvm'), said)
    true(rate > 0.05, said)
    true(number(r'TCP latency: (\d+) us a round trip, 100 round trips', said) >= 4000, said)


def check_udp(folder, backend):
    said = measure(folder, backend, 'udp')
    rate = number(r'UDP throughput: .* ([0-9.]+) MB/s', said)
    true(rate > 0, said)
    if backend == 'emulated':
        true(1.0 <= rate <= 1.26, said)
        # More is sent than the cable takes: what does not fit into its queue is lost.
        true(number(r'UDP loss: (\d+) of', said) > 100000, said)
        true(number(r'UDP latency: (\d+) us', said) >= 4000, said)


def check_tables(folder, backend):
    both = run(folder, backend, {
        'run': {'until': '4s'},
        'networks': [{'name': 'net0', 'mode': 'internal'}],
        'vms': [{'name': 'far', 'program': 'shell', 'args': ['http', '80', '1'],
                 'nics': [{'network': 'net0', 'address': '10.0.0.1/24'}]},
                {'name': 'a', 'program': 'shell',
                 'nics': [{'network': 'net0', 'address': '10.0.0.2/24'}]}],
        'timeline': [typed('100ms', 'arp'), typed('500ms', 'get http://far/'),
                     typed('1s', 'arp'), typed('1500ms', 'netstat', 'far'),
                     typed('2s', 'route add default 10.0.0.1'),
                     typed('2500ms', 'route add 192.168.7.0/24 10.9.9.9')],
    })
    said = both['a']
    contains(said, '(no entries)')
    contains(said, 'get: status 200')
    true(re.search(r'10\.0\.0\.1 +02:68:76:00:00:00 +REACHABLE +0', said), said)
    closed = r'tcp +0 +0 10\.0\.0\.1:80 +10\.0\.0\.2:\d+ +TIME-WAIT'
    true(re.search(closed, both['far']), both['far'])
    true(re.search(r'10\.0\.0\.0/24 +\(here\) +0', said), said)
    true(re.search(r'0\.0\.0\.0/0 +10\.0\.0\.1 +0', said), said)
    contains(said, 'route: no NIC is on the network of 10.9.9.9')


def cksum(body):
    """As POSIX.1-2017 has it under cksum, bit by bit."""
    data = body.encode()
    data += len(data).to_bytes((len(data).bit_length() + 7) // 8, 'little')
    crc = 0
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04c11db7 if crc >> 31 else 0)) & 0xffffffff
    return crc ^ 0xffffffff


def check_traceroute(folder, backend):
    said = run(folder, backend, {
        'run': {'until': '6s'},
        'networks': [{'name': 'net0', 'mode': 'nat'}],
        'internet': {'servers': [{'name': 'web', 'address': '203.0.113.10'}]},
        'vms': [{'name': 'a', 'program': 'shell', 'args': ['traceroute', 'web'],
                 'nics': [{'network': 'net0'}]}],
        'timeline': [typed('3s', 'nslookup web'), typed('4s', 'get http://web/'),
                     typed('5s', 'get http://web/')],
    })['a']
    hops = re.findall(r'^ *(\d+)  (\d+\.\d+\.\d+\.\d+)  ', said, re.MULTILINE)
    equal(hops, [('1', '10.0.2.2'), ('2', '192.168.1.1'), ('3', '203.0.113.10')], said)
    true(re.search(r'Server: +10\.0\.2\.3\n.*web\n.*203\.0\.113\.10', said), said)
    # A program that the shell runs again begins anew.
    fetched = re.findall(r'(<html>.*\n)get: status 200, (\d+) bytes, cksum (\d+)', said)
    equal([(int(length), int(crc)) for _, length, crc in fetched],
          [(len(body), cksum(body)) for body, _, _ in fetched], said)
    equal(len(fetched), 2, said)


for the_backend in backends():
    for title, check in (('netperf by TCP: throughput and latency', check_tcp),
                         ('netperf by UDP: throughput, loss and latency', check_udp),
                         ('the shell: arp, netstat, route', check_tables),
                         ('the shell: traceroute and nslookup behind a NAT', check_traceroute)):
        test(f'{title}, {the_backend}')(
            lambda folder, c=check, b=the_backend: c(folder, b))
main()
