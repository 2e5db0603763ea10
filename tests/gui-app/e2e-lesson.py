#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""e2e-lesson.py: the first lesson, from its card to its end."""
import os
import sys

import driver
from driver import Application


def next_step(app, number):
    app.click('Next')
    app.find(f'Step {number} of 12')


def lesson():
    app = Application()
    app.click('Start here, 5 minutes', role='push button')
    app.find('Step 1 of 12')
    next_step(app, 2)
    app.choose('Fewer than 64')
    app.click('Check')
    app.find('Right')
    next_step(app, 3)
    # One machine in the picture, the other in the form.
    app.click('VM b', exact=False, role='push button')
    app.click('c', role='push button')
    app.click('Check')
    app.find('vm:b, vm:c')
    app.find('Right')
    next_step(app, 4)
    app.choose('Everybody again')
    app.click('Check')
    app.find('Not quite')
    app.click('Try again')
    app.choose('a alone')
    app.click('Check')
    app.find('Right')
    next_step(app, 5)
    # The ping is on its way: click it, and see its layers.
    app.click('ICMP', exact=False, role='push button')
    app.click('Packets')
    app.find('Internet Protocol Version 4')
    app.find('Internet Control Message Protocol')
    app.click('Stage')
    app.click('Show me')
    app.find('What happened')
    for number in range(6, 13):
        next_step(app, number)
    app.find('That was it')
    app.find('You predicted 3 of 9 right.')

    app.click('Stage')
    before = app.names()
    app.click('Step back')
    app.wait(lambda: app.names() != before, 'change after a step back')

    app.action('win.snapshot')
    home = os.environ['HOME']
    saved = app.wait(lambda: [n for n in os.listdir(home) if n.endswith('.png')], 'picture')
    with open(os.path.join(home, saved[0]), 'rb') as picture:
        if picture.read(8) != b'\x89PNG\r\n\x1a\n':
            raise AssertionError('what was saved is no PNG file')

    app.click('Library')
    app.find('Start here, 5 minutes')
    app.close()


if __name__ == '__main__':
    sys.exit(driver.main(lesson))
