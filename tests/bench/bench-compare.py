#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""hvlab compare with two runs at a time against one at a time, in turns.

Arguments: the program hvlab, a scenario that keeps a CPU busy."""
import json
import os
import subprocess
import sys
import time

ROUNDS = 5


def seconds(hvlab, scenario, jobs):
    started = time.monotonic()
    subprocess.run([hvlab, 'compare', '--backend=emulated', f'--jobs={jobs}', '--until=1s',
                    '--vary=seed=1,2,3,4', scenario], stdout=subprocess.DEVNULL, check=False)
    return time.monotonic() - started


def main(hvlab, scenario):
    if len(os.sched_getaffinity(0)) < 2:
        print('skipped: this host has one CPU', file=sys.stderr)
        sys.exit(77)
    pairs = [(seconds(hvlab, scenario, 1), seconds(hvlab, scenario, 2)) for _ in range(ROUNDS)]
    ratio = sorted(one / two for one, two in pairs)[ROUNDS // 2]
    print(json.dumps({'bench': 'compare: two runs at a time',
                      'value': round(min(two for _, two in pairs), 3), 'unit': 's',
                      'ratio': round(ratio, 2), 'against': 'one at a time', 'target': 1.8,
                      'holds': ratio >= 1.8}))


main(*sys.argv[1:])
