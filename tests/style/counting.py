#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that tests/summary.py counts a test run as it was.

The logs are made up; what they must count to was worked out by hand.
"""
import json
import os
import subprocess
import sys
import tempfile

import tree


def result(name, how, stdout=None):
    return {'name': name, 'result': how, 'duration': 1.0, 'stdout': stdout}


# name, log, last line, exit code
RUNS = [
    ('cases of a TAP test, a test without TAP',
     [result('a', 'OK', '1..3\nok 1 /x\nok 2 - /y\n# ok 9\nok 3 /z # SKIP no /dev/kvm\n'),
      result('b', 'OK')],
     '3 passed, 0 failed, 1 skipped', 0),
    ('a failed case',
     [result('a', 'ERROR', 'ok 1 /x\nnot ok 2 /y\n1..2\n')], '1 passed, 1 failed, 0 skipped', 1),
    ('a crash after cases that passed',
     [result('a', 'ERROR', '1..3\nok 1 /x\nok 2 /y\n')], '2 passed, 1 failed, 0 skipped', 1),
    ('out of time without a word',
     [result('a', 'TIMEOUT', ''), result('b', 'OK', '1..1\nok 1\n')],
     '1 passed, 1 failed, 0 skipped', 1),
    ('a whole test skipped',
     [result('a', 'SKIP', '1..0 # SKIP no qemu\n'), result('b', 'OK', '1..1\nok 1\n')],
     '1 passed, 0 failed, 1 skipped', 0),
    ('nothing but skips is no success',
     [result('a', 'SKIP', '1..0 # SKIP no qemu\n')], '0 passed, 0 failed, 1 skipped', 1),
    ('no log', None, '0 passed, 0 failed, 0 skipped', 1),
]


def main(top):
    tap = tree.Tap()
    for name, log, line, code in RUNS:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'testlog.json')
            if log is not None:
                with open(path, 'w', encoding='utf-8') as out:
                    out.writelines(json.dumps(test) + '\n' for test in log)
            says = subprocess.run([sys.executable, '-B', os.path.join(top, 'tests', 'summary.py'),
                                   path], capture_output=True, text=True)
        last = says.stdout.splitlines()[-1] if says.stdout else says.stderr
        right = last == line and says.returncode == code
        tap.rule(name, [] if right else [f'{last}, exit {says.returncode}; '
                                         f'expected {line}, exit {code}'])
    return tap.end()


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
