#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""e2e-packets.py: filters of frames; a frame's layers, and its way through CPU and network; a view
saved as a picture."""
import os
import sys

import driver
from driver import Application, without_steps


def packets():
    app = Application(without_steps('first', 'two-guests.json'))
    app.find('0 ns /', exact=False)
    # The first frame is sent: choose it.
    app.click('Step forward')
    app.find('sends frame 1', part=True)
    app.action('win.choose-frame')
    app.click('Packets')
    app.find('Address Resolution Protocol')

    # What is wrong with a filter is said; a right one says how many frames fit.
    app.type('Filter frames', 'ip.adr == 10.0.0.1')
    app.find('Character 1: there is no protocol or field ip.adr, maybe ip.addr', exact=False)
    app.type('Filter frames', 'arp.opcode == 1 and frame.time < 1s')
    app.find('2 frames fit')

    # Its way, from the kick on; choosing the last hop goes to that moment.
    app.click('Its Way')
    app.find('its driver kicks queue 1 of the NIC', part=True)
    app.click('takes interrupt', part=True, role='push button')
    app.find('takes interrupt 35.', part=True)
    app.close()


def picture():
    """What is seen becomes a file, by the menu."""
    app = Application(without_steps('first', 'two-guests.json'))
    app.find('0 ns /', exact=False)
    path = os.path.join(os.environ['HOME'], 'seen.png')
    app.menu('Main menu', 'Save View as Picture …')
    app.type('Name:', path, role='text')
    app.click('Save', part=True, role='push button')
    app.find('Saved as seen.png')
    with open(path, 'rb') as file:
        header = file.read(24)
    if header[:8] != b'\x89PNG\r\n\x1a\n' or int.from_bytes(header[16:20], 'big') < 400:
        raise AssertionError(f'what was saved is no picture of the view: {header}')
    app.close()


if __name__ == '__main__':
    sys.exit(driver.main(packets, picture))
