#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts the results of a test run from the log that `meson test` leaves.

    summary.py meson-logs/testlog.json                what failed and why, what was skipped, and
                                                      the line `N passed, N failed, N skipped`
    summary.py --benchmarks meson-logs/benchlog.json  the JSON lines that the benchmarks printed

What is counted are the test cases (the `ok` and `not ok` lines of a TAP test; a test without TAP
is one case). A program that crashed or ran out of time counts as one failure, whatever it had
printed. Exit code 0 when at least one case passed and none failed.
"""
import json
import re
import sys

CASE = re.compile(r'^(not )?ok\b\s*\d*\s*(?:- )?(.*)$')
SKIP = re.compile(r'#\s*skip\S*\s*(.*)$', re.IGNORECASE)


def read_log(path):
    try:
        with open(path, encoding='utf-8', errors='replace') as log:
            return [json.loads(line) for line in log if line.strip()]
    except FileNotFoundError:
        return []


def cases_of(test):
    """One (result, name, detail) per test case; result is 'passed', 'failed' or 'skipped'."""
    output = test.get('stdout') or ''
    cases = []
    for line in output.splitlines():
        match = CASE.match(line)
        if match:
            skip = SKIP.search(match[2])
            result = 'skipped' if skip else 'failed' if match[1] else 'passed'
            cases.append((result, match[2], skip[1] if skip else ''))
    if test['result'] in ('OK', 'EXPECTEDFAIL'):
        return cases or [('passed', '', '')]
    if test['result'] == 'SKIP':
        reason = SKIP.search(output)
        return cases or [('skipped', '', reason[1] if reason else '')]
    if not any(result == 'failed' for result, _, _ in cases):
        cases.append(('failed', f"({test['result'].lower()})", ''))
    return cases


def failed_lines(output):
    """The `not ok` lines, each with the comments that follow it."""
    lines, inside = [], False
    for line in output.splitlines():
        inside = line.startswith('not ok') or inside and line.startswith('#')
        if inside:
            lines.append(line)
    return lines


def print_failure(test):
    print(f"FAILED {test['name']} ({test['result'].lower()}, {test['duration']:.1f} s)")
    output = test.get('stdout') or ''
    lines = failed_lines(output)[:40] or output.splitlines()[-20:]
    # Meson adds a remark on the exit code there, which the first line has said.
    errors = [line for line in (test.get('stderr') or '').splitlines()
              if line and not line.startswith('(test program exited')]
    for line in lines + errors[-25:]:
        print('    ' + line)


def summarise(tests):
    count = {'passed': 0, 'failed': 0, 'skipped': 0}
    for test in tests:
        cases = cases_of(test)
        for result, name, detail in cases:
            count[result] += 1
            if result == 'skipped':
                print(f"skipped {test['name']} {name if not detail else ''}{detail}".rstrip())
        if any(result == 'failed' for result, _, _ in cases):
            print_failure(test)
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    return 0 if count['passed'] and not count['failed'] else 1


def print_benchmarks(tests):
    status = 0 if tests else 1
    for test in tests:
        for line in (test.get('stdout') or '').splitlines():
            if line.startswith('{"bench"'):
                print(line)
        if test['result'] not in ('OK', 'SKIP'):
            print_failure(test)
            status = 1
    return status


def main(arguments):
    if len(arguments) == 2 and arguments[0] == '--benchmarks':
        return print_benchmarks(read_log(arguments[1]))
    if len(arguments) == 1:
        return summarise(read_log(arguments[0]))
    print(__doc__, file=sys.stderr)
    return 2


sys.exit(main(sys.argv[1:]))
