#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the kvm suite on a distribution's own kvm_amd, inside a machine that QEMU emulates.

    run.py INIT BUILD_FOLDER SOURCE_FOLDER HVLAB

QEMU's TCG emulates AMD's SVM in software, so this works on any host, also where /dev/kvm is
missing or is not stock. A file system made of init.c's program, four kernel modules and the
suite's test programs with their libraries boots in some ten seconds; the tests' TAP output comes
back over the serial line and is reported as this test's own. Which tests there are is read from
the build folder (`meson-info`): those of suite kvm that CONTRACT names, with HVLAB_TEST_ALL every
test of suite kvm that is a program of ours. Besides, the program itself runs the scenarios, whose
checks must pass.

Skipped, by name, where QEMU or a kernel cannot be had.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading

import initramfs
import kernel

QEMU = 'qemu-system-x86_64'
SUITE = 'hvlab:kvm'
ALL = bool(os.environ.get('HVLAB_TEST_ALL'))

# The tests that always run; the others of the suite, which take minutes here, run with
# HVLAB_TEST_ALL (at their ordinary size: the machine does not get that variable).
CONTRACT = ('kvm-contract', 'guest programs on kvm', 'engine-kvm')

# And those that never do: the CPU that `diff` compares with is QEMU's here, which is no real one
# (it takes prefixes and RF its own way); lessons start programs that are not in the machine.
NOT_HERE = ('diff', 'lesson-kvm')

# Where a hang would end: of one test in the machine, and of the machine.
TEST_LIMIT_S = 3600 if ALL else 150
MACHINE_LIMIT_S = 6 * 3600 if ALL else 400

CASE = re.compile(r'(not )?ok\b[ \d]*(?:- )?(.*)')

MACHINE = [
    '-accel', 'tcg', '-cpu', 'EPYC,+svm,+npt', '-m', '1024',
    # Its clock counts instructions, 2 ns each, and skips idle time, so what a test sees of time
    # does not depend on how busy this host is.
    '-icount', 'shift=1,sleep=off',
    '-nodefaults', '-no-user-config', '-display', 'none', '-serial', 'stdio',
    # A panic restarts at once (panic=-1), and a restart ends QEMU: no way to wait for ever.
    '-no-reboot',
    # Without console= the kernel and all tests would print to a screen that does not exist.
    '-append', 'console=ttyS0 panic=-1 quiet loglevel=4',
]


class Tap:
    def __init__(self, prefix='stock-kvm'):
        self.prefix = prefix
        self.count = 0
        self.failed = 0

    def case(self, passed, name, detail=''):
        self.count += 1
        self.failed += not passed
        print(f"{'ok' if passed else 'not ok'} {self.count} - {self.prefix}: {name}{detail}",
              flush=True)

    def comment(self, line):
        print(f'# {line}', flush=True)

    def end(self):
        print(f'1..{self.count}')
        return 1 if self.failed else 0


def skip_all(reason, prefix='stock-kvm'):
    print(f'1..0 # SKIP {prefix}: {reason}')
    sys.exit(0)


# ---- What to run -------------------------------------------------------------------------------

def read_info(build, name):
    with open(os.path.join(build, 'meson-info', f'intro-{name}.json'), encoding='utf-8') as file:
        return json.load(file)


def suite_tests(build):
    """The tests of suite kvm, and the files that each needs. A script among them would need its
    interpreter in the machine; what the scripts do, scenario_tests() does."""
    outputs = {target['id']: target['filename'] for target in read_info(build, 'targets')}
    for test in read_info(build, 'tests'):
        if (SUITE in test['suite'] and test['cmd'][0].startswith(build + os.sep)
                and (ALL or test['name'] in CONTRACT) and test['name'] not in NOT_HERE):
            files = [file for needed in test['depends'] for file in outputs.get(needed, [])]
            files += [word for word in [*test['cmd'][1:], *test['env'].values()]
                      if os.path.isabs(word) and os.path.exists(word)]
            yield test, files


def scenario_tests(build, source, hvlab):
    """One run of the program per scenario; its exit code says whether its checks passed. All
    topics take many minutes here: without HVLAB_TEST_ALL it is the first one alone."""
    topics = '*' if ALL else 'first'
    for path in sorted(glob.glob(f'{source}/scenarios/{topics}/*.json')):
        with open(path, encoding='utf-8') as file:
            requires = json.load(file).get('requires', [])
        if not requires or 'kvm' in requires:
            command = [hvlab, 'run', '--backend=kvm', path]
            yield ({'name': os.path.relpath(path, source), 'cmd': command, 'env': {},
                    'protocol': 'exitcode'},
                   [path, os.path.join(build, 'hv-core', 'guest')])


def describe(test):
    """One test in the words of init.c."""
    environment = {'PATH': '/usr/bin:/bin', 'HOME': '/tmp', 'TMPDIR': '/tmp', 'LC_ALL': 'C.UTF-8',
                   'HVLAB_STOCK_KVM': '1', **test['env']}
    lines = [f"name {test['name']}", f'limit {TEST_LIMIT_S}']
    lines += [f'env {key}={value}' for key, value in environment.items()]
    lines += [f'arg {word}' for word in test['cmd']]
    return '\n'.join([*lines, 'run', ''])


def make_initramfs(init, modules, tests):
    """tests: (test, files it needs) each."""
    image = initramfs.Initramfs()
    with open(init, 'rb') as file:
        image.add('/init', file.read())
    for name, content in modules.items():
        image.add(f'/modules.d/{name}.ko', content)
    image.add('/modules', ''.join(f'/modules.d/{name}.ko\n' for name in modules).encode())
    listed = ''
    for test, files in tests:
        listed += describe(test)
        image.add_program(test['cmd'][0])
        for file in files:
            image.add_from_host(file)
    image.add('/tests', listed.encode())
    return image


# ---- Running it, and reading what comes back ---------------------------------------------------

def boot(kernel_found, initrd, machine):
    """Yields the lines of the serial console until QEMU ends."""
    command = [QEMU, *machine, '-kernel', kernel_found.image, '-initrd', initrd]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as qemu:
        limit = threading.Timer(MACHINE_LIMIT_S, qemu.kill)
        limit.start()
        try:
            for line in qemu.stdout:
                yield line.decode(errors='replace').rstrip('\r\n')
        finally:
            limit.cancel()
            qemu.kill()


class Reader:
    """Follows the console: which test is running, and what it has said."""

    def __init__(self, tap, tests, needs_kvm=True):
        self.tap = tap
        self.needs_kvm = needs_kvm
        # Without TAP the exit code is the result.
        self.plain = {test['name'] for test, _ in tests if test['protocol'] == 'exitcode'}
        self.test = None
        self.last_words = []
        self.ended = False
        self.tests = 0

    def line(self, line):
        if line.startswith('@@ '):
            self.mark(line[3:])
        elif self.test and self.test not in self.plain and (match := CASE.match(line)):
            self.cases += 1
            self.failures += bool(match[1])
            self.tap.case(not match[1], f'{self.test} {match[2]}')
        elif line.strip():
            if match := re.fullmatch(r'1\.\.(\d+)( .*)?', line):
                self.plan = int(match[1])
            self.tap.comment(line)
            self.last_words = [*self.last_words, line][-4:]

    def mark(self, mark):
        self.tap.comment(mark)
        if mark.startswith('up ') and self.needs_kvm:
            self.tap.case(mark.endswith('/dev/kvm: yes, kvm_amd: yes'), '/dev/kvm is kvm_amd')
        elif mark.startswith('begin '):
            self.test = mark[6:]
            self.cases = self.failures = 0
            self.plan = None
            self.tests += 1
        elif mark.startswith('end '):
            how = mark.rpartition(': ')[2]
            if self.test in self.plain:
                self.tap.case(how == 'exit 0', f'{self.test}: {how}')
                self.test = None
                return
            # As many cases as announced, at least one; a failed case has been reported.
            complete = self.cases and self.cases == self.plan
            if not complete or (how != 'exit 0' and not self.failures):
                self.tap.case(False, f'{self.test} ended: {how}, {self.cases} of {self.plan}')
                for line in self.last_words:
                    self.tap.comment(line)
            self.test = None
        elif mark == 'off':
            self.ended = True


def main(init, build, source, hvlab):
    hvlab = os.path.abspath(hvlab)
    if not shutil.which(QEMU):
        skip_all(f'{QEMU} is not installed (Debian: qemu-system-x86)')
    try:
        found = kernel.get(os.path.join(build, 'stock-kernel'))
        modules = found.modules_for('kvm_amd')
    except (kernel.Unavailable, subprocess.TimeoutExpired) as reason:
        skip_all(str(reason))
    tests = [*suite_tests(build), *scenario_tests(build, source, hvlab)]
    tap = Tap()
    with tempfile.TemporaryDirectory() as work:
        initrd = os.path.join(work, 'initramfs')
        make_initramfs(init, modules, tests).write(initrd)
        tap.comment(f'Linux {found.version}, {os.path.getsize(initrd) >> 20} MiB of files')
        reader = Reader(tap, tests)
        for line in boot(found, initrd, MACHINE):
            reader.line(line)
    complete = reader.ended and reader.tests == len(tests)
    tap.case(complete, 'every test ran, and the machine went off')
    return tap.end()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
