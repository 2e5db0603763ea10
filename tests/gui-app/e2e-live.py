#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""e2e-live.py: a live run with its commands; an engine that dies; a broken file."""
import os
import signal
import subprocess
import sys

import driver
from driver import SOURCE, Application, showing


def live():
    app = Application(os.path.join(SOURCE, 'scenarios', 'first', 'two-guests.json'))
    app.find('0 ns /', exact=False)
    app.action('win.run-live')
    app.find('Commands to machines')
    app.click('Play')
    app.find('Frame 1, ARP', exact=False)
    # The engine dies: the window says so, and the trace so far can still be looked at.
    children = subprocess.check_output(['pgrep', '-P', str(app.process.pid)], text=True).split()
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    app.find('The engine has ended unexpectedly', exact=False)
    app.click('Step back')
    app.close()


def bad_file():
    path = os.path.join(os.environ['HOME'], 'bad.json')
    with open(path, 'w', encoding='utf-8') as out:
        out.write('{"format": "hvlab-scenario/1"}')
    app = Application(path)
    app.wait(lambda: [n for n in app.walk() if '"id" is missing' in n.name and showing(n)],
             'message about the missing id')
    app.close()


if __name__ == '__main__':
    sys.exit(driver.main(live, bad_file))
