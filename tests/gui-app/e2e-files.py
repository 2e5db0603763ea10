#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""e2e-files.py: what there is to open: a trace by `hvlab gui TRACE`, what was opened lately, a
search in the library, files that are broken."""
import os
import subprocess
import sys

import driver
from driver import PROGRAM, SOURCE, Application, without_steps

# In the build folder, as the launcher starts it.
HVLAB = os.path.join(os.path.dirname(PROGRAM), '..', '..', 'sim', 'cli', 'hvlab')
TRACE = os.path.join(os.environ['HOME'], 'kept.hvtrace')


def write_trace():
    scenario = without_steps('first', 'two-guests.json')
    subprocess.run([HVLAB, 'run', '--backend=emulated', '--trace', TRACE, scenario], check=True,
                   stdout=subprocess.DEVNULL)


def trace():
    """The command, a trace, the window's title; then the same file from the library."""
    write_trace()
    app = Application(TRACE, program=[HVLAB, 'gui'])
    app.find('0 ns /', exact=False)
    app.find('VM b', exact=False)
    app.click('To the end')
    app.find('1.000', exact=False)
    app.click('Library')
    app.find('Start here, 5 minutes')
    app.click('kept.hvtrace', part=True, role='push button')
    app.find('0 ns /', exact=False)
    app.close()
    # Another window knows it, too.
    app = Application(program=[HVLAB, 'gui'])
    app.click('kept.hvtrace', part=True, role='push button')
    app.find('VM b', exact=False)
    app.close()


def search():
    app = Application()
    app.find('Start here, 5 minutes')
    app.type('Search scenarios', 'host-only')
    app.find('Host-only', exact=False, role='push button')
    app.wait(lambda: not app.has('Start here, 5 minutes'), 'library without other cards')
    app.type('Search scenarios', 'no such thing')
    app.find('Nothing found', exact=False)
    app.type('Search scenarios', '')
    app.find('Start here, 5 minutes')
    app.close()


def says(name, content, part):
    path = os.path.join(os.environ['HOME'], name)
    with open(path, 'wb') as out:
        out.write(content)
    app = Application(path)
    app.find(part, part=True)
    # It can still be used.
    app.find('Start here, 5 minutes')
    app.close()


def broken():
    """A message each, and the library behind it; a trace that is cut off goes as far as it goes."""
    with open(TRACE, 'rb') as file:
        good = file.read()
    says('empty.hvtrace', b'', 'empty.hvtrace')
    says('old.hvtrace', good[:8] + b'\xff' * 56 + good[64:], 'old.hvtrace')
    says('text.hvtrace', b'This is no trace at all.\n' * 100, 'text.hvtrace')
    cut = os.path.join(os.environ['HOME'], 'cut.hvtrace')
    with open(cut, 'wb') as out:
        out.write(good[:len(good) * 2 // 3 + 3])
    app = Application(cut)
    app.find('0 ns /', exact=False)
    app.find('VM a', exact=False)
    app.close()


if __name__ == '__main__':
    sys.exit(driver.main(trace, search, broken))
