# SPDX-License-Identifier: GPL-2.0-or-later
"""Bad input: exit 2, one clear message on stderr, nothing on stdout, nothing written."""
import json
import os
import stat
import subprocess

from harness import HVLAB, SOURCE, contains, equal, hvlab, main, test, true

GOOD = {
    'format': 'hvlab-scenario/1', 'id': 't/t', 'title': 'T', 'run': {'until': '10ms'},
    'host': {'pcpus': 1, 'memory': '16MiB'},
    'vms': [{'name': 'a', 'program': 'hello', 'memory': '2MiB'}],
}


def changed(**changes):
    return json.dumps({**GOOD, **changes}, indent=1)


def vm(**changes):
    return changed(vms=[{**GOOD['vms'][0], **changes}])


CASES = {
    'not JSON': ('{ "format": ', ['1:']),
    'not an object': ('[1, 2]', []),
    'wrong type': (changed(seed='seven'), ['seed']),
    'unknown key': (changed(hots={}), ['hots', 'host']),
    'unknown program': (vm(program='helo'), ['vms[0].program', 'helo', 'hello']),
    'unknown policy': (changed(host={**GOOD['host'], 'scheduler': {'policy': 'rrr'}}),
                       ['host.scheduler.policy', 'rrr']),
    'memory that cannot fit': (changed(host={'pcpus': 1, 'memory': '256KiB'}), ['host.memory']),
    'duplicate names': (changed(vms=GOOD['vms'] * 2), ['vms[1].name', '"a"']),
    'absurd size': (vm(memory='900000TiB'), ['vms[0].memory']),
    'absurd count': (vm(vcpus=4000000000), ['vms[0].vcpus']),
    'negative': (vm(vcpus=-1), ['vms[0].vcpus']),
    'deep nesting': ('[' * 100000 + ']' * 100000, ['deep']),
    'not UTF-8': (b'{"format": "\xff\xfe"}', ['UTF-8']),
    'empty file': ('', []),
    'no until unit': (changed(run={'until': '10'}), ['run.until', '10']),
    'other mode': (changed(networks=[{'name': 'n', 'mode': 'teleport'}]),
                   ['networks[0].mode', 'teleport', 'internal']),
}


def refused(result, *parts):
    equal(result.returncode, 2, 'exit code')
    equal(result.stdout, '', 'stdout')
    lines = result.stderr.splitlines()
    equal(len(lines), 1, f'lines on stderr: {result.stderr}')
    true(lines[0].startswith('hvlab: '), f'says who speaks: {lines[0]}')
    for part in parts:
        contains(lines[0], part)


def add_case(name, text, parts):
    @test(name)
    def case(folder):
        path = os.path.join(folder, 'bad.json')
        with open(path, 'wb') as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        trace, pcapng = os.path.join(folder, 't.hvtrace'), os.path.join(folder, 't.pcapng')
        refused(hvlab('run', path, '--trace', trace, '--pcapng', pcapng), 'bad.json', *parts)
        equal(sorted(os.listdir(folder)), ['bad.json'], 'files')
        refused(hvlab('validate', path), 'bad.json', *parts)


for case_name, (case_text, case_parts) in CASES.items():
    add_case(case_name, case_text, case_parts)


@test('the good scenario that the bad ones were made from is good')
def good(folder):
    path = os.path.join(folder, 'good.json')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(changed())
    equal(hvlab('run', '--backend=emulated', path).returncode, 0, 'exit code')


@test('missing file')
def missing(folder):
    refused(hvlab('run', os.path.join(folder, 'none.json')), 'none.json')


@test('bad usage')
def usage(folder):
    refused(hvlab('rnu'), 'rnu', 'run')
    refused(hvlab('run'), 'file')
    refused(hvlab('run', '--bakend=kvm', 'x.json'), '--bakend')
    refused(hvlab('run', '--format=xml', 'x.json'), 'xml', 'json')
    refused(hvlab('run', '--backend=bochs', 'scenarios/first/hello.json'), 'bochs', 'emulated')
    refused(hvlab('run', '--set', 'vms.z.memory=4MiB', 'scenarios/first/hello.json'), 'vms.z')
    refused(hvlab('run', '--set', 'nonsense', 'scenarios/first/hello.json'), 'nonsense')
    refused(hvlab('run', '--until=soon', 'scenarios/first/hello.json'), 'soon')
    refused(hvlab('run', '--seed=-1', 'scenarios/first/hello.json'), '--seed -1')
    refused(hvlab('events', 'no-such-event'), 'no-such-event')
    refused(hvlab('guest', 'chekc', 'x'), 'chekc', 'check')


@test('an output that cannot be written')
def unwritable(folder):
    result = hvlab('run', 'scenarios/first/hello.json', '--trace', folder + '/no/such/t.hvtrace')
    refused(result, 'no/such/t.hvtrace')


@test('a capture that cannot be written: the trace is as it was')
def unwritable_capture(folder):
    trace = os.path.join(folder, 't.hvtrace')
    args = ('run', 'scenarios/first/hello.json', '--trace', trace, '--pcapng', folder + '/no/x')
    refused(hvlab(*args), 'no/x')
    equal(os.listdir(folder), [], 'files')
    with open(trace, 'w', encoding='ascii') as file:
        file.write('something old')
    refused(hvlab(*args), 'no/x')
    with open(trace, encoding='ascii') as file:
        equal(file.read(), 'something old')
    refused(hvlab('run', 'scenarios/first/hello.json', '--trace=-', '--pcapng=-'), 'same file')


@test('one file for two outputs')
def one_file(folder):
    path = os.path.join(folder, 'both')
    refused(hvlab('run', 'scenarios/first/hello.json', '--trace', path, '--pcapng',
                  os.path.join(folder, '.', 'both')), 'both', 'same file')
    equal(os.listdir(folder), [], 'files')


@test('a stdout that takes nothing: said, and no other output suffers')
def bad_stdout(folder):
    trace = os.path.join(folder, 't.hvtrace')
    run = [HVLAB, 'run', '--backend=emulated', '--trace', trace, 'scenarios/first/hello.json']
    for command, stdout in ((run, '>/dev/full'), (run, '>&-'),
                            ([HVLAB, 'export', '--json', trace], '>/dev/full')):
        process = subprocess.run(['sh', '-c', f'exec "$@" {stdout}', 'sh', *command], cwd=SOURCE,
                                 timeout=60, stderr=subprocess.PIPE, text=True, check=False)
        equal(process.returncode, 2, f'exit code with {stdout}: {process.stderr}')
        equal(len(process.stderr.splitlines()), 1, process.stderr)
        contains(process.stderr, 'stdout')
        export = hvlab('export', '--json', trace)
        equal((export.returncode, export.stderr), (0, ''), f'the trace with {stdout}')


@test('an export to a pipe leaves the pipe there')
def export_pipe(folder):
    trace, fifo = os.path.join(folder, 't.hvtrace'), os.path.join(folder, 'fifo')
    equal(hvlab('run', '--trace', trace, 'scenarios/first/hello.json').returncode, 0)
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    equal(hvlab('export', '--perfetto', fifo, trace, timeout=20).returncode, 0)
    true(len(os.read(reader, 4096)) > 0, 'something came through')
    os.close(reader)
    equal(sorted(os.listdir(folder)), ['fifo', 't.hvtrace'], 'files')
    true(stat.S_ISFIFO(os.stat(fifo).st_mode), 'still a pipe')


@test('traces that are none')
def traces(folder):
    path = os.path.join(folder, 'bad.hvtrace')
    for content in (b'', b'HVTRACE\n', b'not a trace at all, but long enough to have a header' * 4):
        with open(path, 'wb') as file:
            file.write(content)
        refused(hvlab('export', path, '--json'), 'bad.hvtrace')
    refused(hvlab('export', path), 'pcapng')
    refused(hvlab('export', os.path.join(folder, 'none'), '--json'), 'none')


main()
