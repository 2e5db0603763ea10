# SPDX-License-Identifier: GPL-2.0-or-later
"""hvlab engine as its clients use it: requests in, messages and trace out (PROTOCOL.md)."""
import json
import os
import random
import select
import signal
import subprocess
import time

from harness import HVLAB, SOURCE, contains, equal, hvlab, main, test, true

FIRST = 'scenarios/first/'
TALK = FIRST + 'two-guests.json'
IDLE = {
    'format': 'hvlab-scenario/1', 'id': 't/idle', 'title': 'T', 'run': {'until': '100s'},
    'host': {'pcpus': 1, 'memory': '32MiB'},
    'networks': [{'name': 'n', 'mode': 'internal', 'mac_ageing': '10ms'}],
    'vms': [{'name': name, 'program': 'idle', 'memory': '2MiB', 'nics': [{'network': 'n'}]}
            for name in 'ab'],
    'checks': [{'id': 'r', 'title': 'R', 'expect': {'reach': {
        'from': 'vm:a', 'to': 'vm:b', 'protocol': 'icmp', 'is': True}}}]}
BURN = {
    'format': 'hvlab-scenario/1', 'id': 't/burn', 'title': 'T', 'run': {'until': '1000s'},
    'host': {'pcpus': 2, 'memory': '32MiB', 'scheduler': {'policy': 'rr', 'slice': '1ms'}},
    'vms': [{'name': name, 'program': 'burn', 'memory': '2MiB'} for name in 'abc']}


def write(folder, scenario):
    path = os.path.join(folder, 's.json')
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(scenario, file)
    return path


class Client:
    """The other end of the pipes. Reads in pieces of any size."""
    def __init__(self, *args, piece=65536):
        environment = dict(os.environ, LC_ALL='C.UTF-8')
        self.process = subprocess.Popen(
            [HVLAB, 'engine', '--backend=emulated', *args], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=SOURCE, env=environment)
        self.out = self.process.stdout.fileno()
        self.piece = piece
        self.buffer = b''
        self.trace = b''
        self.messages = []
        self.ended = False

    def send(self, *requests):
        for request in requests:
            text = request if isinstance(request, bytes) else json.dumps(request).encode()
            self.process.stdin.write(text + b'\n')
        self.process.stdin.flush()

    def read(self, timeout=30):
        true(select.select([self.out], [], [], timeout)[0], 'the engine says nothing')
        data = os.read(self.out, self.piece)
        self.ended = not data
        self.buffer += data
        return data

    def parse(self):
        """One message off the buffer; None: it is not whole yet."""
        end = self.buffer.find(b'\n')
        if end < 0:
            return None
        message = json.loads(self.buffer[:end])
        if message['type'] == 'trace':
            true(self.buffer.startswith(b'{"type":"trace","bytes":'), 'the form of a piece')
            if len(self.buffer) < end + 1 + message['bytes']:
                return None
            self.trace += self.buffer[end + 1:end + 1 + message['bytes']]
            end += message['bytes']
        self.buffer = self.buffer[end + 1:]
        self.messages.append(message)
        return message

    def next(self, *kinds):
        """The next message of one of these types."""
        while True:
            message = self.parse()
            if message and (not kinds or message['type'] in kinds):
                return message
            if not message:
                true(self.read(), f'the engine ended; wanted {kinds}')

    def ask(self, request):
        """Sends one request and returns its answer."""
        self.send(request)
        while True:
            answer = self.next('answer')
            if answer['id'] == request.get('id'):
                return answer

    def end(self):
        """Reads until the engine has ended; its exit code."""
        while not self.ended:
            self.read()
            while self.parse():
                pass
        equal(self.buffer, b'', 'after the last message')
        return self.process.wait(30)

    def close(self):
        self.process.stdin.close()
        return self.end()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                pipe.close()
            except BrokenPipeError:
                pass


def events_of(folder, trace):
    path = os.path.join(folder, 'events.hvtrace')
    with open(path, 'wb') as file:
        file.write(trace)
    process = hvlab('export', '--json', path)
    equal(process.returncode, 0, process.stderr)
    return [json.loads(line) for line in process.stdout.splitlines()]


def trace_of_run(folder, scenario, *args):
    path = os.path.join(folder, 'run.hvtrace')
    hvlab('run', '--backend=emulated', '--trace', path, *args, scenario)
    with open(path, 'rb') as file:
        return file.read()


@test('hello first; a whole run gives the trace of hvlab run, to the byte')
def whole(folder):
    with Client(TALK) as client:
        hello = client.next()
        equal(hello['type'], 'hello')
        equal(hello['protocol'], 'hvlab-engine/1')
        equal(hello['backend'], 'emulated')
        equal(hello['scenario']['id'], 'first/two-guests')
        equal((hello['state'], hello['time_ns']), ('waiting', 0))
        equal(client.next()['type'], 'trace', 'the world comes before anything runs')
        contains(client.trace.decode('latin-1'), 'two-guests')
        answer = client.ask({'op': 'run', 'id': 'all'})
        equal((answer['ok'], answer['reason'], answer['state']), (True, 'over', 'over'))
        result = client.next('result')['result']
        equal(result['format'], 'hvlab-result/1')
        true(all(check['passed'] for check in result['checks']), result['checks'])
        equal(client.ask({'op': 'run', 'id': 2})['ok'], False, 'a run after the end')
        equal(client.close(), 0, 'exit code')
        equal(client.messages[-1], {'type': 'bye', 'exit_code': 0, 'reason': 'end-of-input'})
        true(client.trace == trace_of_run(folder, TALK), 'traces differ')


@test('however it is granted, stepped and paused, the trace is the same')
def sliced(folder):
    expected = trace_of_run(folder, TALK)
    chance = random.Random(4)
    kinds = ['event', 'frame', 'exit', 'decision', 'fault', 'console', 'command']
    for _ in range(4):
        with Client(TALK, piece=chance.choice([1, 7, 500, 65536])) as client:
            now = 0
            for number in range(60):
                if chance.random() < 0.4:
                    request = {'op': 'step', 'of': chance.choice(kinds),
                               'to': f'{now + 10000000}ns'}
                elif chance.random() < 0.2:
                    client.send({'op': 'run', 'id': 'stopped', 'to': '999ms'})
                    request = {'op': 'pause'}
                else:
                    request = {'op': 'run', 'to': f'{now + chance.randint(1, 3000000)}ns'}
                answer = client.ask({**request, 'id': number})
                equal(answer['ok'], True, answer)
                if answer['state'] == 'over':
                    break
                now = max(answer['time_ns'], answer['command_ns'])
            client.send({'op': 'run'})
            client.close()
            true(client.trace == expected, 'traces differ')


@test('until: the first event that matches, and all of the trace before it')
def until(folder):
    events = events_of(folder, trace_of_run(folder, TALK))
    with Client(TALK) as client:
        for number in (0, 1, 2, 3):     # the third happened before the engine stopped at the second
            wanted = [event for event in events
                      if event['event'] == 'frame-sent' and event['vm'] == 1][number]
            answer = client.ask({'op': 'run', 'id': number, 'until': {
                'type': 'frame-sent', 'where': {'vm': 'b'}}})
            equal(answer['reason'], 'found')
            equal(answer['event'], wanted)
            true(wanted['time_ns'] <= answer['time_ns'] <= wanted['time_ns'] + 100000, answer)
            seen = events_of(folder, client.trace)
            equal(seen, events[:len(seen)], 'the trace so far')
            true(len(seen) > wanted['index'], 'it is in the trace')
        answer = client.ask({'op': 'run', 'id': 9, 'to': '2ms', 'until': [
            {'type': 'program-exit'}, {'type': 'run-end'}]})
        equal(answer['reason'], 'granted', 'neither happened')
        answer = client.ask({'op': 'step', 'of': 'exit', 'id': 10})
        equal(answer['event']['event'], 'exit')


@test('when: a condition, as a breakpoint has it')
def when(folder):
    events = events_of(folder, trace_of_run(folder, TALK))
    with Client(TALK) as client:
        for number in (0, 1):
            wanted = [event for event in events if event['event'] == 'frame-sent' and
                      event['vm'] == 1 and event['length'] > 42][number]
            answer = client.ask({'op': 'run', 'id': number, 'when': [
                'console and vm == b and text contains "never said"',
                'frame-sent and vm == "b" and length > 42']})
            equal((answer['reason'], answer['event']), ('found', wanted))
        answer = client.ask({'op': 'run', 'id': 7, 'when': 'exit and vm == nobody'})
        equal(answer['ok'], False)
        contains(answer['error'], 'when: "exit and vm == nobody": column 16: "nobody" is no value')


@test('a command takes effect at its time, and a later run with it planned is the same')
def commands(folder):
    with Client(TALK) as client:
        client.ask({'op': 'run', 'to': '3ms', 'id': 1})
        answer = client.ask({'op': 'command', 'id': 2,
                             'command': {'do': 'unplug', 'vm': 'b', 'nic': 0}})
        at = answer['at_ns']
        true(3000000 <= at <= 3100000, answer)
        equal(client.ask({'op': 'command', 'id': 3, 'command': {
            'do': 'plug', 'vm': 'b', 'at': '40ms'}})['at_ns'], 40000000)
        past = client.ask({'op': 'command', 'id': 4, 'command': {
            'do': 'plug', 'vm': 'b', 'at': '1ms'}})
        equal(past['ok'], False)
        contains(past['error'], 'has passed')
        client.ask({'op': 'run', 'id': 5})
        client.close()
        live = events_of(folder, client.trace)
    equal([event['time_ns'] for event in live if event['event'] == 'command'], [at, 40000000])
    with open(os.path.join(SOURCE, TALK), encoding='utf-8') as file:
        scenario = json.load(file)
    del scenario['$schema']
    scenario['timeline'] = [{'at': f'{at}ns', 'do': 'unplug', 'vm': 'b', 'nic': 0},
                            {'at': '40ms', 'do': 'plug', 'vm': 'b'}]
    equal(events_of(folder, trace_of_run(folder, write(folder, scenario))), live)


@test('an idle world waits for commands; finish ends it and judges the checks')
def idle(folder):
    with Client(write(folder, IDLE)) as client:
        answer = client.ask({'op': 'run', 'to': '5s', 'id': 1})
        equal((answer['reason'], answer['idle']), ('granted', True))
        equal((answer['time_ns'], answer['command_ns']), (5000000000, 5000000000))
        client.ask({'op': 'command', 'id': 2, 'command': {
            'do': 'ping', 'from': 'vm:a', 'to': 'vm:b'}})
        answer = client.ask({'op': 'run', 'id': 3, 'until': {'type': 'probe-result'}})
        equal((answer['reason'], answer['event']['outcome']), ('found', 'reply'))
        equal(client.ask({'op': 'finish', 'id': 4})['reason'], 'over')
        result = client.next('result')['result']
        equal(result['ended'], 'command')
        equal([check['passed'] for check in result['checks']], [True])
        true(5000000000 < result['virtual_ns'] < 6000000000, result['virtual_ns'])
        equal(client.close(), 0)


@test('a run without a limit ends when nothing is left to happen')
def ends_idle(folder):
    with Client(write(folder, IDLE)) as client:
        client.ask({'op': 'run', 'id': 1})
        equal(client.next('result')['result']['ended'], 'idle')


@test('a wrong request is answered with what is wrong, and nothing happens')
def wrong(folder):
    cases = [
        (b'{"op":"run"', 'not JSON'), (b'[]', 'object'), (b'{}', 'op: is missing'),
        (b'{"op":"rnu"}', 'did you mean "run"'), (b'{"op":7}', 'op: '),
        (b'{"op":"run","too":"1ms"}', 'allowed: op, id, to'), (b'{"op":"run","to":5}', 'duration'),
        (b'{"op":"run","to":"5"}', 'ns, us, ms or s'), (b'{"op":"run","to":"-1ms"}', 'duration'),
        (b'{"op":"run","resolution":"0ns"}', 'at least'), (b'{"op":"step"}', 'of: is missing'),
        (b'{"op":"step","of":"frames"}', 'allowed: event, frame'), (b'{"op":"command"}', 'missing'),
        (b'{"op":"command","command":5}', 'not an object'),
        (b'{"op":"command","command":{"do":"unplug"}}', 'vm'),
        (b'{"op":"command","command":{"do":"unplug","vm":"z"}}', 'allowed: a, b'),
        (b'{"op":"command","command":{"do":"jump","vm":"a"}}', 'jump'),
        (b'{"op":"run","until":{"type":"frame-snt"}}', 'did you mean "frame-sent"'),
        (b'{"op":"run","until":{"type":"frame-sent","where":{"vn":1}}}', 'did you mean "vm"'),
        (b'{"op":"run","until":[]}', '1 to 16'), (b'{"op":"run","until":[1]}', 'until'),
        (b'{"op":"load","text":"{}"}', 'load'), (b'{"id":[1],"op":"state"}', 'id: '),
        (b'{"op":"run","op":"run"}', 'twice'), (b'\xff\xfe', 'UTF-8'), (b'{"op":"state"}\0', ''),
        (b'[' * 100000, 'deep'),
    ]
    with Client(TALK) as client:
        for line, part in cases:
            client.send(line)
            answer = client.next('answer')
            equal(answer['ok'], False, line[:60])
            contains(answer['error'], part)
            true('\n' not in answer['error'], 'one line')
            equal((answer['state'], answer['time_ns']), ('waiting', 0), line[:60])
        equal(client.ask({'op': 'state', 'id': 'still here'})['ok'], True)
        client.ask({'op': 'run', 'id': 1})
        client.close()
        true(client.trace == trace_of_run(folder, TALK), 'something happened')


@test('noise on stdin: the engine goes on, and lives')
def noise(folder):
    chance = random.Random(8)
    good = [b'{"op":"run","to":"%dms"}' % ms for ms in (1, 3, 5)] + [
        b'{"op":"state","id":1}', b'{"op":"pause"}', b'{"op":"step","of":"exit"}',
        b'{"op":"command","command":{"do":"pause","vm":"a"}}']
    with Client(TALK) as client:
        for _ in range(300):
            line = bytearray(chance.choice(good))
            for _ in range(chance.choice([0, 0, 1, 5])):
                line[chance.randrange(len(line))] = chance.choice([0, 34, 44, 123, 125, 200, 57])
            client.send(bytes(line).replace(b'\n', b''))
        equal(client.ask({'op': 'state', 'id': 'end of noise'})['ok'], True)
        equal(client.close(), 0, 'exit code')
        equal(client.messages[-1]['type'], 'bye')


@test('a line that is too long is refused, and the next one is read')
def long_line(folder):
    with Client(TALK) as client:
        client.send(b'{"op":"' + b'x' * (20 << 20) + b'"}')
        contains(client.next('answer')['error'], '8 MiB')
        equal(client.ask({'op': 'state', 'id': 2})['ok'], True)
        equal(len([m for m in client.messages if m['type'] == 'answer']), 2, 'answers')


@test('pause stops a run that would go on for long')
def pause(folder):
    with Client(write(folder, BURN)) as client:
        client.send({'op': 'run', 'id': 'long'})
        while client.next('state')['time_ns'] == 0:
            pass
        client.send({'op': 'pause', 'id': 'stop'})
        first, second = client.next('answer'), client.next('answer')
        equal((first['id'], first['reason']), ('long', 'paused'))
        equal((second['id'], second['state']), ('stop', 'waiting'))
        client.send({'op': 'run', 'id': 'long'}, {'op': 'run', 'id': 'other', 'to': '1000s'})
        equal(client.next('answer')['reason'], 'replaced')
        equal(client.ask({'op': 'quit', 'id': 'q'})['ok'], True)
        equal(client.end(), 0)
        equal(client.messages[-1]['reason'], 'quit')
        equal(events_of(folder, client.trace)[-1]['event'], 'run-end')


@test('the client reads no more: the engine waits, and loses nothing')
def slow_client(folder):
    with Client(write(folder, BURN), '--set', 'host.scheduler.slice=10us') as client:
        client.send({'op': 'run', 'id': 1, 'to': '400ms'})
        # Until it has stopped working. No event says so: it sleeps until somebody reads, and
        # whoever reads ends that. So its CPU time is looked at until it stands still.
        usage = -1
        for _ in range(100):
            time.sleep(0.1)
            with open(f'/proc/{client.process.pid}/stat', encoding='ascii') as file:
                ticks = sum(int(field) for field in file.read().rsplit(')', 1)[1].split()[11:13])
            if ticks == usage:
                break
            usage = ticks
        else:
            raise AssertionError('it goes on although nobody reads')
        equal(client.next('answer')['reason'], 'granted')
        client.send({'op': 'quit'})
        client.end()
        path = os.path.join(folder, 'all.hvtrace')
        with open(path, 'wb') as file:
            file.write(client.trace)
        lines = hvlab('export', '--json', path).stdout.splitlines()
        equal(json.loads(lines[-1])['index'], len(lines) - 1)
        true(len(client.trace) > 5 << 20, f'{len(lines)} events, {len(client.trace)} bytes')


@test('the client is gone: the engine ends at once')
def client_gone(folder):
    for idle_world in (True, False):
        with Client(write(folder, IDLE if idle_world else BURN)) as client:
            client.next('hello')
            if not idle_world:
                client.send({'op': 'run'})
                client.next('state')
            client.process.stdout.close()
            started = time.monotonic()
            client.process.wait(30)
            true(time.monotonic() - started < 5, 'it took long')


@test('signals: the trace is whole, exit code 130')
def signals(folder):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        path = os.path.join(folder, 't.hvtrace')
        with Client('--trace', path, write(folder, BURN)) as client:
            client.send({'op': 'run'})
            while client.next('state', 'grown').get('time_ns', 0) == 0:
                pass
            client.process.send_signal(number)
            equal(client.end(), 130, 'exit code')
            equal(client.messages[-1], {'type': 'bye', 'exit_code': 130, 'reason': 'signal'})
            grown = [m['size'] for m in client.messages if m['type'] == 'grown']
            equal(grown, sorted(grown))
            equal(grown[-1], os.path.getsize(path), 'the last size said')
            process = hvlab('export', '--json', path)
            equal((process.returncode, process.stderr), (0, ''))
            equal(json.loads(process.stdout.splitlines()[-1])['reason'], 'interrupted')


@test('a scenario over the pipe; a bad one, and no world')
def load(folder):
    with Client('-') as client:
        client.send({'op': 'load', 'text': json.dumps(IDLE), 'name': 'mine.json'})
        equal(client.next('hello')['scenario']['id'], 't/idle')
        equal(client.ask({'op': 'run', 'to': '1ms', 'id': 1})['ok'], True)
        equal(client.close(), 0)
    bad = json.dumps({**IDLE, 'vms': []}, indent=1)
    for request, part in (({'op': 'load', 'text': bad, 'name': 'mine.json'}, 'mine.json:'),
                          ({'op': 'run'}, 'allowed: load'), (b'x', 'JSON')):
        with Client('-') as client:
            client.send(request)
            failed = client.next()
            equal((failed['type'], failed['exit_code']), ('failed', 2))
            contains(failed['message'], part)
            equal(client.end(), 2)
            contains(client.process.stderr.read().decode(), part)
    with Client('-') as client:
        equal(client.close(), 2, 'nothing came')
    with Client('no-such-file.json') as client:
        equal(client.next()['type'], 'failed')
        equal(client.end(), 2)


main()
