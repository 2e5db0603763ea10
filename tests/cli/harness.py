# SPDX-License-Identifier: GPL-2.0-or-later
"""harness.py: runs the program hvlab as a user would, and prints TAP.

A test is a function decorated with @test("name"); it fails by raising. skip()
ends it as skipped. What it prints goes to stderr.
"""
import os
import subprocess
import sys
import tempfile
import traceback

HVLAB = os.path.abspath(sys.argv[1])
SOURCE = sys.argv[2]
_tests = []


class Skipped(Exception):
    pass


def skip(why):
    raise Skipped(why)


def test(name):
    def add(function):
        _tests.append((name, function))
        return function
    return add


def hvlab(*args, timeout=120, env=None, cwd=SOURCE, text=True):
    """Runs hvlab ARGS and returns the finished process with its output."""
    environment = dict(os.environ, LC_ALL='C.UTF-8')
    environment.update(env or {})
    return subprocess.run([HVLAB, *args], stdin=subprocess.DEVNULL, capture_output=True,
                          text=text, timeout=timeout, env=environment, cwd=cwd, check=False)


def equal(found, expected, what=''):
    if found != expected:
        raise AssertionError(f'{what}: found {found!r}, expected {expected!r}')


def contains(text, part):
    if part not in text:
        raise AssertionError(f'{part!r} is not in:\n{text}')


def true(condition, what):
    if not condition:
        raise AssertionError(what)


def backends():
    """The backends that work here: emulated always, kvm where /dev/kvm does."""
    return ['emulated'] + (['kvm'] if hvlab('doctor').stdout.find('yes  kvm') >= 0 else [])


def main():
    print(f'1..{len(_tests)}')
    failed = 0
    for number, (name, function) in enumerate(_tests, 1):
        with tempfile.TemporaryDirectory() as folder:
            try:
                function(folder)
                print(f'ok {number} {name}', flush=True)
            except Skipped as why:
                print(f'ok {number} {name} # SKIP {why}', flush=True)
            except Exception:  # pylint: disable=broad-except
                failed += 1
                traceback.print_exc()
                print(f'not ok {number} {name}', flush=True)
    sys.exit(1 if failed else 0)
