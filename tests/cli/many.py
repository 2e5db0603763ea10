# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios too large or too rough for scenarios/, made here: as JSON text."""
import json


def neighbours(count):
    """So many VMs on one switch: each pings the next; later the first pings each of the others."""
    def vm(number):
        return {'name': f'v{number}', 'program': 'ping', 'memory': '2MiB',
                'args': [f'v{(number + 1) % count}', '3', '100'],
                'nics': [{'network': 'net0',
                          'address': f'10.0.{number // 200}.{number % 200 + 1}/16'}]}
    return json.dumps({
        'format': 'hvlab-scenario/1', 'id': 'many/neighbours', 'title': f'{count} VMs',
        'run': {'until': f'{1000 + count + 100}ms'},
        'host': {'pcpus': 4, 'memory': f'{count * 2 + 64}MiB'},
        'networks': [{'name': 'net0', 'mode': 'internal'}],
        'vms': [vm(number) for number in range(count)],
        'timeline': [{'at': f'{1000 + number}ms', 'do': 'ping', 'from': 'vm:v0',
                      'to': f'vm:v{number}', 'timeout': '90ms'} for number in range(1, count)],
        'checks': [
            {'id': 'one-to-all', 'title': 'The first VM got an answer of each of the others',
             'expect': {'event': {'type': 'probe-result', 'where': {'outcome': 'reply'},
                                  'count': {'min': count - 1, 'max': count - 1}}}}]})


def meshed_storm(milliseconds):
    """Four switches, each joined to each, without spanning tree or storm control: every copy of
    a broadcast makes two more, until the cables are full."""
    names = ['s1', 's2', 's3', 's4']
    return json.dumps({
        'format': 'hvlab-scenario/1', 'id': 'many/storm', 'title': 'A storm that nothing stops',
        'run': {'until': f'{milliseconds}ms', 'trace_limit': '4MiB'}, 'host': {'memory': '16MiB'},
        'networks': [{'name': 'mesh', 'mode': 'internal', 'rate': '100Mbit/s',
                      'switches': [{'name': name} for name in names],
                      'trunks': [{'name': a + b, 'a': a, 'b': b}
                                 for a in names for b in names if a < b]}],
        'vms': [{'name': 'a', 'program': 'ping', 'args': ['10.0.0.77', '1'],
                 'nics': [{'network': 'mesh', 'switch': 's1', 'address': '10.0.0.1/24'}]}]})


def flood(frames):
    """A VM that sends so many frames, each from another address, and a small MAC table."""
    return json.dumps({
        'format': 'hvlab-scenario/1', 'id': 'many/flood', 'title': 'A flood of addresses',
        'run': {'until': '60s', 'trace_limit': '4MiB'},
        'host': {'memory': '16MiB'},
        'networks': [{'name': 'net0', 'mode': 'internal', 'switch': {'mac_rows': 64}}],
        'vms': [{'name': 'mallory', 'program': 'flood', 'args': ['macs', str(frames), '50us'],
                 'nics': [{'network': 'net0', 'address': '10.0.0.1/24'}]},
                {'name': 'alice', 'program': 'idle',
                 'nics': [{'network': 'net0', 'address': '10.0.0.2/24'}]}]})


def starvation(clients):
    """A VM that asks for an address under so many names."""
    return json.dumps({
        'format': 'hvlab-scenario/1', 'id': 'many/starvation', 'title': 'No address is left',
        'run': {'until': '60s', 'trace_limit': '4MiB'}, 'host': {'memory': '16MiB'},
        'networks': [{'name': 'net0', 'mode': 'host-only'}],
        'vms': [{'name': 'greedy', 'program': 'dhcp-starve', 'args': [str(clients)],
                 'nics': [{'network': 'net0', 'address': '192.168.56.10'}]}],
        'checks': [{'id': 'exhausted', 'title': 'The server had no answer left',
                    'expect': {'event': {'type': 'dhcp', 'where': {'what': 'exhausted'}}}}]})
