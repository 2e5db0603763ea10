#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds the fuzz targets with clang's libFuzzer and runs them.

    fuzz.py build SOURCE BUILD STAMP TARGET...   in a build folder of their own: everything that a
                                                 target reaches has to be compiled by clang with
                                                 its coverage and the sanitizers
    fuzz.py run BUILD TARGET CORPUS              5 s, with HVLAB_TEST_ALL 2 minutes, from a copy
                                                 of the corpus; TAP

Without clang or its libFuzzer nothing is built, and the run is skipped by name.
"""
import os
import re
import subprocess
import sys
import tempfile

SECONDS = 120 if os.environ.get('HVLAB_TEST_ALL') else 5
OPTIONS = ['-Dfuzzers=true', '-Dbuildtype=debugoptimized', '-Db_sanitize=address',
           '-Db_lundef=false', '-Dc_args=-fsanitize=fuzzer-no-link']
SUPPRESSIONS = os.path.join(os.path.dirname(__file__), '..', 'lsan.supp')


def has_libfuzzer():
    program = b'int LLVMFuzzerTestOneInput(void) { return 0; }'
    try:
        return subprocess.run(['clang', '-fsanitize=fuzzer,address', '-x', 'c', '-', '-o',
                               '/dev/null'], input=program, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def log_of(build):
    return build + '.log'


def program(target):
    """Its place in the build folder."""
    return 'tests/fuzz/fuzz-' + target


def build_targets(source, build, stamp, *targets):
    """A failed build is what the runs report, by the program that is missing: it need not keep
    other tests from running."""
    if has_libfuzzer():
        environment = {**os.environ, 'CC': 'clang'}
        with open(log_of(build), 'w', encoding='utf-8') as log:
            def run(*command):
                return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL,
                                      stdout=log, stderr=log).returncode == 0
            if (os.path.exists(os.path.join(build, 'build.ninja'))
                    or run('meson', 'setup', build, source, *OPTIONS)):
                run('ninja', '-k', '0', '-C', build, *(program(name) for name in targets))
                for name in targets:
                    path = os.path.join(build, program(name))
                    if not run('ninja', '-C', build, program(name)) and os.path.exists(path):
                        os.remove(path)
    with open(stamp, 'w', encoding='utf-8'):
        pass
    return 0


def fail(what, lines):
    print(f'not ok 1 - {what}')
    for line in lines:
        print('#', line)
    return 1


def run_target(build, target, corpus):
    print('1..1')
    if not has_libfuzzer():
        print(f'ok 1 - fuzz {target} # SKIP no clang with libFuzzer (Debian: clang, '
              'libclang-rt-dev)')
        return 0
    if not os.path.exists(log_of(build)):
        print(f'ok 1 - fuzz {target} # SKIP not built; `ninja fuzz-programs` builds the fuzzers')
        return 0
    if not os.path.exists(os.path.join(build, program(target))):
        with open(log_of(build), encoding='utf-8') as log:
            return fail(f'fuzz {target}: it does not build', log.read().splitlines()[-30:])
    with tempfile.TemporaryDirectory() as work:
        # New inputs go to the first folder named.
        grown = os.path.join(work, 'corpus')
        os.mkdir(grown)
        result = subprocess.run(
            [os.path.join(build, program(target)), f'-max_total_time={SECONDS}',
             '-timeout=20', '-rss_limit_mb=2048', '-print_final_stats=1',
             f'-artifact_prefix={work}/', grown, corpus],
            env={**os.environ, 'LSAN_OPTIONS': f'print_suppressions=0:suppressions={SUPPRESSIONS}'},
            stdin=subprocess.DEVNULL, capture_output=True)
        said = result.stderr.decode(errors='replace')
        if result.returncode:
            return fail(f'fuzz {target}: exit {result.returncode}', said.splitlines()[-60:])
        runs = re.search(r'number_of_executed_units: (\d+)', said)
        print(f'ok 1 - fuzz {target}: {runs[1] if runs else "?"} inputs in {SECONDS} s')
    return 0


sys.exit({'build': build_targets, 'run': run_target}[sys.argv[1]](*sys.argv[2:]))
