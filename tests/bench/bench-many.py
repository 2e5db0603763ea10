#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""256 VMs ping each the next, then one pings all: how long the whole run takes, and its memory.

Arguments: the program hvlab, the folder of tests/cli, where the scenario is made."""
import json
import os
import subprocess
import sys
import tempfile
import time

VMS = 256
SECONDS = 20


def main(hvlab, folder):
    sys.path.insert(0, folder)
    import many  # pylint: disable=import-outside-toplevel,import-error
    with tempfile.TemporaryDirectory() as temporary:
        path = os.path.join(temporary, 'many.json')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(many.neighbours(VMS))
        started = time.monotonic()
        with open(os.path.join(temporary, 'result'), 'w+', encoding='utf-8') as result:
            process = subprocess.Popen([hvlab, 'run', '--backend=emulated', '--format=json', path],
                                       stdout=result)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            taken = time.monotonic() - started
            result.seek(0)
            told = json.load(result)
    answered = (all(vm['exit_code'] == 0 for vm in told['vms']) and
                all(check['passed'] for check in told['checks']))
    print(json.dumps({'bench': '256 VMs pinging', 'value': round(taken, 2), 'unit': 's',
                      'ratio': round(taken / SECONDS, 3), 'against': f'{SECONDS} s',
                      'target': 1.0, 'cpu_seconds': round(usage.ru_utime + usage.ru_stime, 2),
                      'peak_bytes': usage.ru_maxrss * 1024, 'all_answered': answered,
                      'holds': answered and taken < SECONDS}))


main(*sys.argv[1:])
