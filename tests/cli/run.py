# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs scenarios through the program and looks at what comes out."""
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess

from harness import HVLAB, SOURCE, backends, contains, equal, hvlab, main, skip, test, true

FIRST = 'scenarios/first/'


def result_of(*args):
    process = hvlab('run', '--format=json', *args)
    equal(process.stderr, '', 'stderr')
    return process.returncode, json.loads(process.stdout)


@test('hello prints its line, in text')
def hello_text(folder):
    for backend in backends():
        process = hvlab('run', '--backend', backend, FIRST + 'hello.json')
        equal(process.returncode, 0, process.stdout + process.stderr)
        equal(process.stderr, '', 'stderr')
        contains(process.stdout, 'Hello, world')
        contains(process.stdout, 'CPU time')
        true('\033' not in process.stdout, 'no colour away from a terminal')


@test('detail full records registers, code and functions; else nothing of them')
def full_detail(folder):
    def events(*options):
        trace = os.path.join(folder, 'detail.hvtrace')
        equal(hvlab('run', '--backend=emulated', '--trace', trace, *options,
                    FIRST + 'hello.json').returncode, 0)
        return [json.loads(line) for line in
                hvlab('export', '--json', trace).stdout.splitlines()]
    plain = {event['event'] for event in events()}
    equal(plain & {'registers', 'guest-code', 'guest-function', 'guest-image'}, set())
    full = events('--set', 'run.detail=full')
    code = {int(event['address'], 16): bytes.fromhex(event['bytes'])
            for event in full if event['event'] == 'guest-code'}
    exits = [event for event in full if event['event'] == 'registers']
    true(exits, 'registers')
    for event in exits:     # what was executed is what the image holds there
        rip, found = int(event['rip'], 16), bytes.fromhex(event['bytes'])
        true(any(image[rip - start:rip - start + len(found)] == found
                 for start, image in code.items() if start <= rip < start + len(image)), event)
    true('main' in {event['text'] for event in full if event['event'] == 'guest-function'},
         'main is among the functions')


@test('the result document has the keys that are promised')
def keys(folder):
    code, result = result_of('--backend=emulated', FIRST + 'two-guests.json')
    equal(code, 0, 'exit code')
    equal(result['format'], 'hvlab-result/1')
    for key in ('scenario backend seed virtual_ns wall_ns events images pcpus vms networks '
                'reachability checks score').split():
        true(key in result, key)
    equal(set(result['scenario']), {'id', 'title'}, 'scenario')
    equal(set(result['images'][0]), {'program', 'sha256'}, 'images')
    equal(set(result['pcpus'][0]), {'busy_ns', 'idle_ns', 'switches'}, 'pcpus')
    vm = result['vms'][0]
    true(set(vm) >= {'name', 'state', 'exit_code', 'console', 'vcpus', 'exits', 'memory', 'nics'},
         sorted(vm))
    true(set(vm['vcpus'][0]) >= {'ran_ns', 'ready_ns', 'blocked_ns', 'dispatches', 'preemptions'},
         sorted(vm['vcpus'][0]))
    true(set(vm['exits']) >= {'io', 'mmio', 'page_fault', 'halt'}, sorted(vm['exits']))
    true(set(vm['memory']) >= {'size_bytes', 'resident_pages', 'shared_pages', 'ballooned_pages',
                               'swapped_pages', 'faults', 'swap_ins', 'swap_outs'}, vm['memory'])
    true(set(vm['nics'][0]) >= {'mac', 'ip', 'network', 'tx_frames', 'rx_frames', 'dropped'},
         vm['nics'])
    true(set(result['networks'][0]) >= {'name', 'mode', 'frames', 'dropped', 'mac_table',
                                        'nat_table', 'leases'}, result['networks'])
    true(set(result['reachability'][0]) >= {'from', 'to', 'protocol', 'reached', 'via', 'why'},
         result['reachability'])
    true(set(result['checks'][0]) >= {'id', 'title', 'points', 'earned', 'passed', 'skipped',
                                      'detail'}, result['checks'])
    equal(set(result['score']), {'earned', 'possible'}, 'score')


@test('a failed check gives exit code 1')
def failed_check(folder):
    with open(os.path.join(SOURCE, FIRST, 'hello.json'), encoding='utf-8') as file:
        scenario = json.load(file)
    del scenario['$schema']
    scenario['checks'] = [{'id': 'x', 'title': 'X',
                           'expect': {'console': {'vm': 'a', 'contains': 'Goodbye'}}}]
    path = os.path.join(folder, 's.json')
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(scenario, file)
    process = hvlab('run', '--backend=emulated', path)
    equal(process.returncode, 1, 'exit code')
    contains(process.stdout, 'FAIL')


@test('a trace of equal runs is equal to the byte, and --seed changes it')
def equal_traces(folder):
    traces = []
    for number, extra in enumerate(([], [], ['--seed=99'])):
        path = os.path.join(folder, f'{number}.hvtrace')
        process = hvlab('run', '--backend=emulated', '--trace', path, *extra,
                        FIRST + 'two-guests.json')
        equal(process.returncode, 0, process.stdout)
        with open(path, 'rb') as file:
            traces.append(file.read())
    true(traces[0] == traces[1], 'equal runs differ')
    true(traces[0] != traces[2], 'another seed gave the same trace')


@test('export: JSON lines and Perfetto parse; slices of a track nest')
def exports(folder):
    trace = os.path.join(folder, 't.hvtrace')
    perfetto = os.path.join(folder, 't.json')
    equal(hvlab('run', '--backend=emulated', '--trace', trace,
                FIRST + 'two-guests.json').returncode, 0)
    lines = hvlab('export', '--json', trace).stdout.splitlines()
    events = [json.loads(line) for line in lines]
    equal(events[0]['event'], 'run-start')
    times = [event['time_ns'] for event in events]
    equal(times, sorted(times), 'times')
    equal(hvlab('export', '--perfetto', perfetto, trace).returncode, 0)
    with open(perfetto, encoding='utf-8') as file:
        document = json.load(file)
    rows = document['traceEvents'] if isinstance(document, dict) else document
    slices_nest([row for row in rows if row.get('ph') in ('X', 'B', 'E')])


def slices_nest(rows):
    """Complete slices (ph X) of one track either contain each other or do not meet."""
    tracks = {}
    for row in rows:
        tracks.setdefault((row['pid'], row['tid']), []).append(row)
    true(tracks, 'there are slices')
    for track in tracks.values():
        spans = sorted(((row['ts'], -row['ts'] - row['dur']) for row in track if row['ph'] == 'X'))
        open_ends = []
        for start, negative_end in spans:
            end = -negative_end
            while open_ends and open_ends[-1] <= start + 1e-6:
                open_ends.pop()
            true(not open_ends or end <= open_ends[-1] + 1e-6, f'slice at {start} overlaps')
            open_ends.append(end)


@test('tshark finds no malformed frame and no bad checksum in a capture')
def tshark(folder):
    if not shutil.which('tshark'):
        skip('tshark is not installed')
    for backend in backends():
        path = os.path.join(folder, backend + '.pcapng')
        equal(hvlab('run', '--backend', backend, '--pcapng', path,
                    FIRST + 'two-guests.json').returncode, 0)
        fields = subprocess.run(
            ['tshark', '-n', '-r', path, '-o', 'ip.check_checksum:TRUE', '-o',
             'udp.check_checksum:TRUE', '-T', 'fields', '-e', '_ws.malformed', '-e',
             'ip.checksum.status', '-e', 'icmp.checksum.status', '-e', 'frame.protocols'],
            capture_output=True, text=True, check=True, timeout=120).stdout.splitlines()
        true(len(fields) >= 8, f'{len(fields)} frames')
        true(any('icmp' in line for line in fields), 'an ICMP echo')
        true(any('arp' in line for line in fields), 'an ARP')
        for line in fields:
            malformed, ip, icmp, _ = line.split('\t')
            equal(malformed, '', line)
            true(ip in ('', '1') and icmp in ('', '1'), f'checksum status: {line}')


@test('--trace - is the trace on stdout, the report on stderr')
def trace_to_stdout(folder):
    path = os.path.join(folder, 't.hvtrace')
    hvlab('run', '--backend=emulated', '--trace', path, FIRST + 'hello.json')
    process = hvlab('run', '--backend=emulated', '--trace', '-', FIRST + 'hello.json', text=False)
    equal(process.returncode, 0, process.stderr)
    with open(path, 'rb') as file:
        true(process.stdout == file.read(), 'not the same trace')
    contains(process.stderr.decode(), 'CPU time')


LIVE = {
    'format': 'hvlab-scenario/1', 'id': 't/live', 'title': 'T', 'run': {'until': '1000s'},
    'host': {'pcpus': 2, 'memory': '32MiB'}, 'networks': [{'name': 'n', 'mode': 'internal'}],
    'vms': [{'name': 'a', 'program': 'ping', 'args': ['b', '3', '5'], 'memory': '2MiB',
             'nics': [{'network': 'n'}]},
            {'name': 'b', 'program': 'burn', 'memory': '2MiB', 'nics': [{'network': 'n'}]}]}


@test('a capture is shown while the run goes on, over stdout and over a FIFO')
def live_capture(folder):
    if not shutil.which('tshark'):
        skip('tshark is not installed')
    path, fifo = os.path.join(folder, 's.json'), os.path.join(folder, 'fifo')
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(LIVE, file)
    os.mkfifo(fifo)
    for target in ('-', fifo):
        command = [HVLAB, 'run', '--backend=emulated', '--pcapng', target, path]
        with subprocess.Popen(command, stdout=subprocess.PIPE if target == '-' else
                              subprocess.DEVNULL, stderr=subprocess.PIPE) as run, \
                subprocess.Popen(['tshark', '-n', '-l', '-i', target, '-T', 'fields', '-e',
                                  'frame.interface_name', '-e', 'frame.comment', '-e',
                                  'frame.protocols'], stdin=run.stdout,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tshark:
            text = b''
            while text.count(b'\n') < 8 and select.select([tshark.stdout], [], [], 60)[0]:
                text += os.read(tshark.stdout.fileno(), 4096)
            lines = text.decode().splitlines()
            equal(run.poll(), None, 'the run still goes on')
            true(len(lines) >= 8 and {line.split('\t')[0] for line in lines} == {'n/0', 'n/1'},
                 lines)
            contains(lines[0], 'flooded to 1 port')
            tshark.kill()
            tshark.wait()
            if run.stdout:
                run.stdout.close()
            run.send_signal(signal.SIGINT)
            run.wait(60)
            equal(run.returncode, 130)


@test('the reader of a capture goes away: the run goes on, and says so')
def reader_gone(folder):
    command = [HVLAB, 'run', '--backend=emulated', '--pcapng', '-', FIRST + 'two-guests.json']
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=SOURCE,
                          text=True) as run:
        run.stdout.close()
        text = run.stderr.read()
        equal(run.wait(60), 0)
        contains(text, 'its reader has gone')
        contains(text, 'Checks')


@test('a cut-off trace is read up to its last whole record')
def cut_off(folder):
    trace = os.path.join(folder, 't.hvtrace')
    equal(hvlab('run', '--backend=emulated', '--trace', trace, FIRST + 'hello.json').returncode, 0)
    whole = hvlab('export', '--json', trace).stdout.splitlines()
    with open(trace, 'rb') as file:
        data = file.read()
    with open(trace, 'wb') as file:
        file.write(data[:-5])
    process = hvlab('export', '--json', trace)
    equal(process.returncode, 0, process.stderr)
    contains(process.stderr, 'ends in the middle of a record')
    equal(process.stdout.splitlines(), whole[:-1], 'events')


def read_until_end(reader, on_first):
    """All that is written to a pipe; calls on_first once the first of it has come."""
    data = b''
    while select.select([reader], [], [], 60)[0]:
        part = os.read(reader, 1 << 20)
        if not part:
            break
        if not data:
            on_first()
        data += part
    os.close(reader)
    return data


@test('Ctrl-C ends a run, says so, and leaves a readable trace')
def interrupt(folder):
    for backend in backends():
        fifo = os.path.join(folder, backend + '.fifo')
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        process = subprocess.Popen(
            [HVLAB, 'run', '--backend', backend, '--until=3600s', '--trace', fifo,
             FIRST + 'sharing-a-cpu.json'],
            cwd=SOURCE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        data = read_until_end(reader, lambda: process.send_signal(signal.SIGINT))
        output, errors = process.communicate(timeout=60)
        equal(process.returncode, 130, output + errors)
        contains(output, 'interrupted')
        trace = os.path.join(folder, backend + '.hvtrace')
        with open(trace, 'wb') as file:
            file.write(data)
        export = hvlab('export', '--json', trace)
        equal((export.returncode, export.stderr), (0, ''), 'export')
        true(any(json.loads(line)['event'] == 'run-end' for line in export.stdout.splitlines()),
             'there is a run-end event')


def on_terminal(env, *args):
    """What hvlab writes to a terminal."""
    parent, child = pty.openpty()
    with subprocess.Popen([HVLAB, *args], stdout=child, stderr=subprocess.DEVNULL, cwd=SOURCE,
                          env={**os.environ, **env}) as process:
        os.close(child)
        output = b''
        while select.select([parent], [], [], 60)[0]:
            try:
                data = os.read(parent, 65536)
            except OSError:  # the other end is closed
                break
            if not data:
                break
            output += data
        process.wait(timeout=60)
    os.close(parent)
    return output.decode()


@test('colour on a terminal only, and NO_COLOR is honoured')
def colour(folder):
    environment = {key: value for key, value in os.environ.items() if key != 'NO_COLOR'}
    os.environ.clear()
    os.environ.update(environment)
    args = ('run', '--backend=emulated', FIRST + 'hello.json')
    contains(on_terminal({}, *args), '\033[')
    true('\033' not in on_terminal({'NO_COLOR': '1'}, *args), 'NO_COLOR')


@test('list, events, doctor and guest check say what there is')
def others(folder):
    listing = hvlab('list')
    equal(listing.returncode, 0)
    for name in ('hello', 'two-guests', 'sharing-a-cpu', 'first-touch'):
        contains(listing.stdout, name + '.json')
    rows = json.loads(hvlab('list', '--format=json').stdout)
    true(all(re.fullmatch(r'first/[a-z-]+', row['id']) for row in rows if 'first' in row['path']),
         'ids')
    contains(hvlab('events', 'page-mapped').stdout, 'demand')
    contains(hvlab('doctor').stdout, 'emulated')
    equal(hvlab('--version').returncode, 0)
    equal(hvlab('--help').returncode, 0)


@test('a host without /dev/kvm: auto says why and goes on; --backend=kvm is exit 3')
def no_kvm(folder):
    if 'kvm' not in backends() or os.geteuid() != 0 or not shutil.which('unshare'):
        skip('needs a host with kvm, and root to hide it')
    hide = ['unshare', '--mount', 'sh', '-c', 'mount --bind /dev/null /dev/kvm && exec "$@"', 'sh']
    probe = subprocess.run(hide + ['true'], capture_output=True, check=False, timeout=30)
    if probe.returncode:
        skip('this system does not let a test hide /dev/kvm')
    run = subprocess.run(hide + [HVLAB, 'run', FIRST + 'hello.json'], cwd=SOURCE, timeout=60,
                         capture_output=True, text=True, check=False)
    equal(run.returncode, 0, run.stdout + run.stderr)
    contains(run.stdout, 'emulated')
    contains(run.stdout, '/dev/kvm')
    forced = subprocess.run(hide + [HVLAB, 'run', '--backend=kvm', FIRST + 'hello.json'],
                            cwd=SOURCE, timeout=60, capture_output=True, text=True, check=False)
    equal(forced.returncode, 3, 'exit code')
    contains(forced.stderr, '/dev/kvm')
    equal(forced.stdout, '', 'stdout')


main()
