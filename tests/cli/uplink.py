# SPDX-License-Identifier: GPL-2.0-or-later
"""hvlab run --uplink against real software: a peer with QEMU's stream protocol, Linux over a
TAP interface in a network namespace of the test's own, passt."""
import json
import os
import shutil
import socket
import struct
import subprocess
import time

from harness import HVLAB, SOURCE, contains, equal, hvlab, main, skip, test, true

GUEST, GUEST_MAC = '10.0.0.1', bytes.fromhex('026876000000')
PEER_MAC = bytes.fromhex('020000000099')


def scenario(folder, until='3s', **vm):
    document = {
        'format': 'hvlab-scenario/1', 'id': 't/uplink', 'title': 'T', 'run': {'until': until},
        'host': {'pcpus': 1, 'memory': '32MiB'},
        'networks': [{'name': 'net0', 'mode': 'internal'}],
        'vms': [{'name': 'a', 'program': 'idle', 'memory': '2MiB', 'nics': [{'network': 'net0'}],
                 **vm}]}
    path = os.path.join(folder, 's.json')
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(document, file)
    return path


def checksum(data):
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


class Peer:
    """The other side of the socket, as QEMU would be. It joins when the run says that it waits."""
    def __init__(self, run, path):
        contains(run.stderr.readline(), 'waits at ' + path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(20)
        self.socket.connect(path)
        self.pending = b''

    def send(self, frame):
        self.socket.sendall(struct.pack('>I', len(frame)) + frame)

    def receive(self):
        while True:
            if len(self.pending) >= 4:
                length = struct.unpack('>I', self.pending[:4])[0]
                if len(self.pending) >= 4 + length:
                    frame = self.pending[4:4 + length]
                    self.pending = self.pending[4 + length:]
                    return frame
            data = self.socket.recv(65536)
            true(data, 'the engine closed the socket')
            self.pending += data

    def wait_for(self, wanted):
        while True:
            frame = self.receive()
            if wanted(frame):
                return frame

    def ask_arp(self):
        request = (b'\xff' * 6 + PEER_MAC + bytes.fromhex('0806 0001 0800 0604 0001') + PEER_MAC +
                   bytes([10, 0, 0, 99]) + bytes(6) + socket.inet_aton(GUEST))
        self.send(request)
        return self.wait_for(lambda f: f[12:14] == b'\x08\x06' and f[20:22] == b'\0\2')

    def ping(self, number):
        echo = struct.pack('>BBHHH', 8, 0, 0, 77, number) + b'from outside!!!!'
        echo = echo[:2] + struct.pack('>H', checksum(echo)) + echo[4:]
        header = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(echo), 1, 0, 64, 1, 0,
                             bytes([10, 0, 0, 99]), socket.inet_aton(GUEST))
        header = header[:10] + struct.pack('>H', checksum(header)) + header[12:]
        self.send(GUEST_MAC + PEER_MAC + b'\x08\0' + header + echo)
        return self.wait_for(lambda f: f[12:14] == b'\x08\0' and f[34:36] == b'\0\0')


@test('bad uplinks: one clear message')
def bad(folder):
    path = scenario(folder)
    for text, part in (('net0', 'NETWORK=tap:IFNAME'), ('nat0=tap:t0', 'allowed: net0'),
                       ('net0=bridge:br0', 'allowed: tap:IFNAME'), ('net0=tap:', '1 to 15'),
                       ('net0=unix:' + folder + '/none', 'nobody listens there')):
        process = hvlab('run', '--backend=emulated', '--uplink', text, path)
        equal((process.returncode, process.stdout), (2, ''), text)
        equal(len(process.stderr.splitlines()), 1, process.stderr)
        contains(process.stderr, part)
    for trace, part in ((path, 'not a trace'), (folder + '/none', 'No such file')):
        process = hvlab('run', '--backend=emulated', '--replay-uplink', trace, path)
        equal((process.returncode, process.stdout), (2, ''), trace)
        contains(process.stderr, part)
    other = os.path.join(folder, 'other.hvtrace')
    hvlab('run', '--backend=emulated', '--trace', other, 'scenarios/first/hello.json')
    contains(hvlab('run', '--backend=emulated', '--replay-uplink', other, path).stderr,
             'another scenario')


@test('a peer on a socket: ARP and ping answered in real time, and the run replays to the byte')
def peer(folder):
    path, sock = scenario(folder, until='2s'), os.path.join(folder, 'sock')
    traces = [os.path.join(folder, name) for name in ('live', 'again')]
    started = time.monotonic()
    with subprocess.Popen([HVLAB, 'run', '--backend=emulated', '--uplink', f'net0=listen:{sock}',
                           '--trace', traces[0], '--format=json', path], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, cwd=SOURCE) as run:
        other = Peer(run, sock)
        reply = other.ask_arp()
        equal(reply[22:28], GUEST_MAC, 'whose address')
        for number in range(20):
            reply = other.ping(number)
            equal(reply[40:42], struct.pack('>H', number), 'sequence number')
            equal(reply[-16:], b'from outside!!!!', 'payload')
            equal(checksum(reply[14:34]), 0, 'IP checksum')
        out, _ = run.communicate(timeout=60)
        equal(run.returncode, 0)
    true(time.monotonic() - started > 1.9, 'it follows the wall clock')
    result = json.loads(out)
    true(result['networks'][0]['frames'] >= 42, result['networks'])
    true(not os.path.exists(sock), 'the socket is left behind')
    process = hvlab('run', '--backend=emulated', '--replay-uplink', traces[0], '--trace',
                    traces[1], path)
    equal(process.returncode, 0, process.stderr)
    with open(traces[0], 'rb') as live, open(traces[1], 'rb') as again:
        true(live.read() == again.read(), 'the replay differs')


@test('a peer that does not speak the protocol, or goes away: said, and the run goes on')
def peer_gone(folder):
    path, sock = scenario(folder, until='1s'), os.path.join(folder, 'sock')
    for last_words, part in ((b'', 'the other side is gone'),
                             (b'GET / HTTP/1.0', 'more than 9216')):
        with subprocess.Popen([HVLAB, 'run', '--backend=emulated', '--uplink',
                               f'net0=listen:{sock}', path], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, cwd=SOURCE) as run:
            other = Peer(run, sock)
            other.ask_arp()
            other.socket.sendall(last_words)
            if not last_words:
                other.socket.close()
            _, said = run.communicate(timeout=60)
            equal(run.returncode, 0, said)
            contains(said, part)
            contains(said, 'goes on without it')


# ---- In a network namespace ------------------------------------------------------------

HTTP_SERVER = '''
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = bytes(i * 7 % 251 for i in range(1 << 20))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
server = http.server.HTTPServer(("", 8000), Handler)
print("serving", flush=True)
server.serve_forever()
'''
# Goes on when the server can be reached.
SERVE = '''
mkfifo "$FIFO"
python3 -c "$SERVER" >"$FIFO" 2>/dev/null &
SERVING=$!
read _ <"$FIFO"
'''

UDP_CLIENT = '''
import os, socket, sys
want = os.urandom(1000) * 1049          # over 1 MB
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("10.0.0.1", 7))
s.settimeout(0.3)
got = b""
lost = 0
for at in range(0, len(want), 1400):
    piece = at.to_bytes(4, "big") + want[at:at + 1400]
    while True:
        s.send(piece)
        try:
            answer = s.recv(2000)
            while answer[:4] != piece[:4]:
                answer = s.recv(2000)
            break
        except (socket.timeout, ConnectionRefusedError):
            lost += 1
    got += answer[4:]
print("intact" if got == want else "DAMAGED", lost, "lost")
'''


def in_namespace(script, timeout=100, **variables):
    """Runs a shell script as root of a network namespace of its own; skips where that is
    not permitted."""
    if subprocess.run(['unshare', '-n', '-r', 'true'], capture_output=True,
                      check=False).returncode != 0:
        skip('no network namespaces here (unshare -n -r)')
    if not os.access('/dev/net/tun', os.R_OK | os.W_OK):
        skip('no /dev/net/tun here')
    return subprocess.run(['unshare', '-n', '-r', 'sh', '-euc', script], text=True, cwd=SOURCE,
                          capture_output=True, timeout=timeout, check=False,
                          env={**os.environ, 'CARRIER': CARRIER, **variables, 'HVLAB': HVLAB})


# Returns when somebody has opened tap0: the kernel tells of every change of a link, and the
# flags are looked at after that was asked for, so no change is missed.
CARRIER = '''
import fcntl, socket, struct
links = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
links.bind((0, 1))      # NETLINK_ROUTE, RTMGRP_LINK
links.settimeout(20)
query = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
def running():          # SIOCGIFFLAGS, IFF_RUNNING
    answer = fcntl.ioctl(query, 0x8913, struct.pack("16sh14x", b"tap0", 0))
    return struct.unpack("16sh14x", answer)[1] & 0x40
while not running():
    links.recv(65536)
'''
TAP = '''
ip link set lo up
ip tuntap add mode tap tap0
ip address add 10.0.0.254/24 dev tap0
ip link set tap0 up
"$HVLAB" run --backend=emulated --uplink net0=tap:tap0 --trace "$TRACE" "$SCENARIO" \\
    >"$TRACE.out" 2>&1 &
python3 -c "$CARRIER"
'''


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            skip(f'{program} is not installed')


@test('over TAP a guest answers Linux: neighbour, UDP; and the run replays')
def tap(folder):
    need('ip')
    trace = os.path.join(folder, 't.hvtrace')
    path = scenario(folder, until='6s', program='echo')
    client = '''
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(1)
for number in range(10):
    try:
        s.sendto(b"hello %d" % number, ("10.0.0.1", 7))
        print(s.recv(100).decode())
    except OSError as error:
        print(error)
'''
    process = in_namespace(TAP + '''
python3 -c "$CLIENT"
ip neighbour show
wait
cat "$TRACE.out"
''', SCENARIO=path, TRACE=trace, CLIENT=client)
    for number in range(1, 10):
        contains(process.stdout, f'hello {number}\n')
    contains(process.stdout, '02:68:76:00:00:00')
    equal(process.returncode, 0, process.stdout + process.stderr)
    again = os.path.join(folder, 'again.hvtrace')
    hvlab('run', '--backend=emulated', '--replay-uplink', trace, '--trace', again, path)
    with open(trace, 'rb') as live, open(again, 'rb') as other:
        true(live.read() == other.read(), 'the replay differs')


@test('over TAP a guest answers the ping of Linux')
def tap_ping(folder):
    need('ip', 'ping')
    process = in_namespace(TAP + '''
ping -c 5 -i 0.2 -W 2 10.0.0.1
wait
''', SCENARIO=scenario(folder), TRACE=os.path.join(folder, 't.hvtrace'))
    contains(process.stdout, '5 received')


@test('over TAP with 2 % loss by netem: 1 MB there and back, intact')
def tap_loss(folder):
    need('ip', 'tc')
    process = in_namespace(TAP + '''
tc qdisc add dev tap0 root netem loss 2%
timeout 60 python3 -c "$CLIENT"
kill -INT $!
''', SCENARIO=scenario(folder, until='90s', program='echo'), CLIENT=UDP_CLIENT,
                           TRACE=os.path.join(folder, 't.hvtrace'))
    if 'netem' in process.stderr or 'qdisc' in process.stderr:
        skip('no netem here: ' + process.stderr.strip().splitlines()[-1])
    contains(process.stdout, 'intact')
    true('intact 0 lost' not in process.stdout, 'nothing was lost at all')


@test('over TAP a guest serves curl: a page, and 1 MB')
def tap_curl(folder):
    need('ip', 'curl')
    process = in_namespace(TAP + '''
curl -s --max-time 20 http://10.0.0.1/
curl -s --max-time 60 -o "$TRACE.body" -w 'status %{http_code}, %{size_download} bytes\\n' \
    http://10.0.0.1/bytes/1048576
kill -INT $!
wait || true
''', SCENARIO=scenario(folder, until='100s', program='http'),
                           TRACE=os.path.join(folder, 't.hvtrace'))
    contains(process.stdout, 'status 200, 1048576 bytes')


@test('over TAP a guest fetches 1 MB from a real HTTP server')
def tap_get(folder):
    need('ip')
    path = scenario(folder, until='8s', program='get', args=['10.0.0.254:8000/'], start_at='1s')
    process = in_namespace(SERVE + TAP + '''
wait $! || true
kill $SERVING
cat "$TRACE.out"
''', SCENARIO=path, TRACE=os.path.join(folder, 't.hvtrace'), SERVER=HTTP_SERVER,
                           FIFO=os.path.join(folder, 'fifo'))
    contains(process.stdout, 'get: status 200, 1048576 bytes')


@test('over TAP a guest gets its lease from dnsmasq')
def tap_dhcp(folder):
    need('ip', 'dnsmasq')
    path = scenario(folder, until='6s', program='dhcp', start_at='1s',
                    nics=[{'network': 'net0', 'dhcp': True}])
    process = in_namespace(TAP + '''
RUN=$!
dnsmasq --no-daemon --no-resolv --no-hosts --port=0 --interface=tap0 --bind-interfaces \
    --dhcp-range=10.0.0.50,10.0.0.60,255.255.255.0,1h --dhcp-authoritative --user=root \
    --leasefile-ro --log-dhcp --conf-file=/dev/null --pid-file= >"$TRACE.dns" 2>&1 &
SERVING=$!
wait $RUN || true
kill $SERVING
cat "$TRACE.out" "$TRACE.dns"
''', SCENARIO=path, TRACE=os.path.join(folder, 't.hvtrace'))
    if 'DHCPDISCOVER' not in process.stdout and 'dnsmasq: ' in process.stdout:
        skip('dnsmasq does not start here: ' + process.stdout[-200:])
    contains(process.stdout, 'nic 0: BOUND, address 10.0.0.5')
    contains(process.stdout, 'DHCPACK(tap0) 10.0.0.5')


@test('TAP: an interface that is in use, and no permission')
def tap_errors(folder):
    need('ip')
    path = scenario(folder, until='2s')
    process = in_namespace(TAP + '''
"$HVLAB" run --backend=emulated --uplink net0=tap:tap0 "$SCENARIO" || echo "exit $?"
wait
''', SCENARIO=path, TRACE=os.path.join(folder, 't.hvtrace'))
    contains(process.stdout, 'exit 2')
    contains(process.stderr, 'another program uses it')


@test("over a socket passt carries a guest's request to a server on the host")
def passt(folder):
    need('passt', 'ip')
    path = scenario(folder, until='3s', program='get', args=['10.0.0.254:8000/'],
                    start_at='300ms')
    process = in_namespace('''
ip link set lo up
ip tuntap add mode tap ext0
ip address add 10.0.0.7/24 dev ext0
ip link set ext0 up
ip route add default via 10.0.0.254 dev ext0
''' + SERVE + '''
# It goes into the background when it listens.
passt -P "$FOLDER/pid" -l "$FOLDER/log" -s "$FOLDER/sock" -a 10.0.0.1 -n 24 -g 10.0.0.254 \
    --no-dhcp 2>"$FOLDER/errors" || true
"$HVLAB" run --backend=emulated --format=json --uplink "net0=unix:$FOLDER/sock" "$SCENARIO" ||
    true
kill $SERVING $(cat "$FOLDER/pid") 2>/dev/null || true
''', SCENARIO=path, FOLDER=folder, SERVER=HTTP_SERVER, FIFO=os.path.join(folder, 'fifo'))
    with open(os.path.join(folder, 'log'), encoding='utf-8') as file:
        said = file.read()
    if 'UNIX domain socket bound' not in said:
        skip('passt does not start here: ' + said.strip()[-200:])
    result = json.loads(process.stdout)
    rows = {row['endpoint']: row['mac'] for row in result['networks'][0]['mac_table']}
    contains(said, rows['uplink'])              # it is passt that answered the guest's ARP
    contains(result['vms'][0]['console'], 'get: status 200, 1048576 bytes')


main()
