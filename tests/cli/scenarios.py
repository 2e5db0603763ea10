# SPDX-License-Identifier: GPL-2.0-or-later
"""Every scenario that comes with hvlab passes its own checks, on every backend."""
import json
import os
import sys

from harness import SOURCE, backends, equal, hvlab, main, skip, test, true

BACKEND = sys.argv[3]


def scenario_files():
    for folder, _, names in sorted(os.walk(os.path.join(SOURCE, 'scenarios'))):
        for name in sorted(names):
            if name.endswith('.json') and not name.endswith('.schema.json'):
                yield os.path.relpath(os.path.join(folder, name), SOURCE)


def add_scenario(path):
    @test(f'{path} on {BACKEND}')
    def run(folder):
        if BACKEND not in backends():
            skip(f'{BACKEND} does not work here')
        with open(os.path.join(SOURCE, path), encoding='utf-8') as file:
            requires = json.load(file).get('requires', [])
        if requires and BACKEND not in requires:
            skip(f'requires {requires}')
        process = hvlab('run', '--format=json', '--backend', BACKEND, path)
        equal(process.returncode, 0, process.stdout + process.stderr)
        result = json.loads(process.stdout)
        equal(result['backend'], BACKEND, 'backend')
        true(result['checks'], 'it has checks')
        equal(result['score']['earned'], result['score']['possible'], 'points')


for file_path in scenario_files():
    add_scenario(file_path)
main()
