#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""e2e-live.py: a live run with its commands; an engine that dies; forward rules, leases and a
network's mode; a broken file."""
import os
import signal
import subprocess
import sys

import driver
from driver import SOURCE, Application, showing, without_steps


def open_live(*path):
    app = Application(without_steps(*path))
    app.find('0 ns /', exact=False)
    app.action('win.run-live')
    app.find('Commands to machines')
    return app


def live():
    """Runs, pauses, touches the machines, takes that back; then the engine dies."""
    app = open_live('first', 'two-guests.json')
    app.click('Play')
    app.find('VM a, running', exact=False)
    app.click('Pause')
    app.menu('Commands to machines', 'a', 'Ping from a', 'vm:b')
    app.find('vm:a pings vm:b')
    app.menu('Commands to machines', 'b', 'Pull the cable of b')
    app.find('The cable of b is pulled')
    app.find('NIC 0 of VM b, 10.0.0.2, unplugged')
    app.menu('Commands to machines', 'Undo the last command')
    app.find('NIC 0 of VM b, 10.0.0.2, plugged in')
    app.menu('Commands to machines', 'b', 'Device operations of b, now without limit',
             '100 a second')
    app.find('b may have 100 device operations a second')
    app.menu('Commands to machines', 'b', 'Device operations of b, now 100 a second',
             'As many as it wants')
    app.find('b may have as many device operations as it wants')
    app.menu('Commands to machines', 'a', 'Pause a')
    app.find('VM a, paused', exact=False)
    app.menu('Commands to machines', 'a', 'Kill a')
    app.find('VM a, killed', exact=False)
    # The past is still there, and the end is where it was.
    app.click('To the start')
    app.find('0 ns /', exact=False)
    app.click('To the end')
    app.find('VM a, killed', exact=False)
    # The engine dies: the window says so, and the trace so far can still be looked at.
    children = subprocess.check_output(['pgrep', '-P', str(app.process.pid)], text=True).split()
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    app.find('The engine has ended unexpectedly', exact=False)
    app.click('To the start')
    app.find('0 ns /', exact=False)
    app.close()


def forward_rule():
    """A form that is wrong cannot be sent, and says why."""
    app = open_live('networking', 'nat.json')
    app.menu('Commands to machines', 'nat0', 'Add a forward rule …')
    app.find('The name has letters', exact=False)
    app.type('Name', 'web')
    app.type('Port of the host', '80')
    app.find('The host\'s port is a number from 1024', exact=False)
    app.type('Port of the host', '8080')
    app.type('Port of the guest', '80')
    app.click('Add')
    app.find('Forward rule web: tcp port 8080', exact=False)
    app.click('Tables')
    app.find('Forward rules of nat0')
    app.find('web')
    app.close()


def modes():
    """A network gets another mode and its own back; its tables follow."""
    app = Application(os.path.join(SOURCE, 'scenarios', 'networking', 'nat-network.json'))
    app.find('0 ns /', exact=False)
    app.click('To the end')
    app.find('Step 5 of 5')
    app.click('Tables')
    app.find('Forward rules of natnet')
    for cell in ['web', '*:8080', '10.0.2.5:80']:
        app.find(cell)
    app.find('DHCP leases of natnet')
    for cell in ['10.0.2.4', '10.0.2.5']:
        app.find(cell)
    app.action('win.run-live')
    app.menu('Commands to machines', 'natnet', 'Mode of natnet, now nat-network', 'bridged')
    app.find('network natnet, mode bridged', exact=False)
    app.click('Tables')
    app.find('MAC table of natnet')
    app.wait(lambda: not app.has('Forward rules of natnet'), 'tables without forward rules')
    app.menu('Commands to machines', 'Undo the last command')
    app.find('Forward rules of natnet')
    app.find('10.0.2.5:80')
    app.click('Stage')
    app.find('network natnet, mode nat-network', exact=False)
    app.close()


def restored():
    """The next window begins with the view that was seen last."""
    path = without_steps('first', 'two-guests.json')
    app = Application(path)
    app.find('0 ns /', exact=False)
    app.click('Memory')
    app.find('page 0 of a', exact=False)
    app.click('Close')
    app.process.wait(timeout=30)
    app.log.close()
    app = Application(path)
    app.find('page 0 of a', exact=False)
    app.click('Stage')
    app.find('VM a, off', exact=False)
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
    sys.exit(driver.main(live, forward_rule, modes, restored, bad_file))
