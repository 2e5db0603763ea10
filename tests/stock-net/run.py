#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""hvlab's uplinks against a distribution's own kernel in a machine that QEMU emulates.

    run.py lossy|joined INIT BUILD_FOLDER HVLAB FOLDER_OF_THE_KERNEL

lossy:  hvlab runs in the machine, its uplink a TAP interface of that kernel, whose netem loses
        2 % of the frames each way (lossy.sh). Not every host's kernel has netem; this one has.
joined: hvlab runs here, and the machine joins its switch by QEMU's own stream socket (joined.sh).

The machine, its first process and the way back are those of tests/stock-kvm. Skipped, by name,
where QEMU, a kernel or a program is missing.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'stock-kvm'))

import kernel                                                                  # noqa: E402
import run as stock                                                            # noqa: E402

NAME = 'stock-net'
# Programs of this machine that the scripts use in the other one.
TOOLS = {'lossy': ['busybox', 'cksum', 'curl', 'dnsmasq', 'ip', 'ping', 'tc'],
         'joined': ['busybox', 'curl', 'ip', 'ping']}
MODULES = {'lossy': ['tun', 'veth', 'bridge', 'sch_netem'], 'joined': ['virtio_pci', 'virtio_net']}

MACHINE = ['-accel', 'tcg', '-m', '512', '-nodefaults', '-no-user-config', '-display', 'none',
           '-serial', 'stdio', '-no-reboot', '-append', 'console=ttyS0 panic=-1 quiet loglevel=4']
# Its clock counts instructions, so a busy host does not make the machine miss its own deadlines.
OWN_CLOCK = ['-icount', 'shift=1,sleep=off']


def scenario(vms, until):
    return json.dumps({
        'format': 'hvlab-scenario/1', 'id': 't/stock-net', 'title': 'T', 'run': {'until': until},
        'host': {'pcpus': 1, 'memory': '32MiB'},
        'networks': [{'name': 'net0', 'mode': 'internal'}],
        'vms': [{'memory': '2MiB', 'nics': [{'network': 'net0'}], **vm} for vm in vms]}).encode()


LOSSY = scenario([
    {'name': 'a', 'program': 'http'},
    {'name': 'b', 'program': 'get', 'args': ['10.0.0.254:8000/file']},
    {'name': 'c', 'program': 'dhcp', 'nics': [{'network': 'net0', 'dhcp': True}]}], '40s')
JOINED = scenario([{'name': 'a', 'program': 'http'}], '300s')


def modules(found, names):
    """What is no file is built in, or the kernel has none: then the script will tell."""
    done = {}
    for name in names:
        found.modules_for(name, done)
    return done


def machine_test(kind, build, hvlab):
    """The script as a test in the words of tests/stock-kvm, and the files that it needs."""
    test = {'name': kind, 'cmd': [shutil.which('busybox'), 'sh', os.path.join(HERE, kind + '.sh')],
            'env': {'HVLAB': hvlab, **{tool.upper(): shutil.which(tool) for tool in TOOLS[kind]}},
            'protocol': 'tap'}
    files = [os.path.join(HERE, name) for name in (kind + '.sh', 'common.sh')]
    if kind == 'lossy':
        files.append(os.path.join(build, 'hv-core', 'guest'))
    return test, files


def boot(kind, found, init, build, hvlab, tap, folder, options):
    test, files = machine_test(kind, build, hvlab)
    image = stock.make_initramfs(init, modules(found, MODULES[kind]), [(test, files)])
    for tool in TOOLS[kind]:
        image.add_program(shutil.which(tool))
    if kind == 'lossy':
        image.add_program(hvlab)
        image.add('/scenario.json', LOSSY)
    initrd = os.path.join(folder, 'initramfs')
    image.write(initrd)
    reader = stock.Reader(tap, [(test, files)], needs_kvm=False)
    for line in stock.boot(found, initrd, [*MACHINE, *options]):
        reader.line(line)
    tap.case(reader.ended and reader.tests == 1, 'the script ran, and the machine went off')


def lossy(tap, folder, **machine):
    boot('lossy', tap=tap, folder=folder, options=OWN_CLOCK, **machine)


def joined(tap, folder, **machine):
    socket, path = os.path.join(folder, 'socket'), os.path.join(folder, 'scenario.json')
    with open(path, 'wb') as file:
        file.write(JOINED)
    mac = '52:54:00:12:34:56'
    with subprocess.Popen([machine['hvlab'], 'run', '--backend=emulated', '--format=json',
                           '--uplink', f'net0=listen:{socket}', path], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as run:
        # It says on which socket it listens once it does.
        said = run.stderr.readline()
        boot('joined', tap=tap, folder=folder, options=[
            '-netdev', f'stream,id=n0,server=off,addr.type=unix,addr.path={socket}',
            '-device', f'virtio-net-pci,netdev=n0,romfile=,mac={mac}'], **machine)
        run.send_signal(2)
        out, rest = run.communicate(timeout=60)
    result = json.loads(out)
    rows = {row['mac']: row['endpoint'] for row in result['networks'][0]['mac_table']}
    tap.case(rows.get(mac) == 'uplink', "the switch learned the machine's address at its uplink")
    for line in [said, *rest.splitlines(), str(rows)]:
        tap.comment(line.strip())


def main(kind, init, build, hvlab, kernels):
    def skip(reason):
        stock.skip_all(reason, NAME)
    hvlab = os.path.abspath(hvlab)
    missing = [tool for tool in [stock.QEMU, *TOOLS[kind]] if not shutil.which(tool)]
    if missing:
        skip(f'{", ".join(missing)} not installed')
    says = subprocess.run([stock.QEMU, '-netdev', 'help'], capture_output=True, text=True).stdout
    if kind == 'joined' and not re.search(r'^stream$', says, re.MULTILINE):
        skip('this QEMU has no -netdev stream (7.2 has)')
    try:
        found = kernel.get(kernels)
    except (kernel.Unavailable, subprocess.TimeoutExpired) as reason:
        skip(str(reason))
    tap = stock.Tap(NAME)
    with tempfile.TemporaryDirectory() as folder:
        {'lossy': lossy, 'joined': joined}[kind](tap, folder, found=found, init=init, build=build,
                                                 hvlab=hvlab)
    return tap.end()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
