#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""e2e-depth.py: exits from close by; breakpoints and running to an event, in a recorded run and in
a live one; two runs compared; a scenario edited and run."""
import os
import sys

import driver
from driver import Application, showing, without_steps

TWO_GUESTS = without_steps('first', 'two-guests.json')


def write(app, name, text):
    """Into an entry, in place of what is there."""
    entry = app.find(name)
    entry.queryEditableText().setTextContents(text)


def has_text(app, *parts):
    """A label that has all these parts."""
    app.wait(lambda: [node for node in app.walk()
                      if all(part in node.name for part in parts) and showing(node)],
             f'text with {parts}')


def exits():
    app = Application(TWO_GUESTS)
    app.find('0 ns /', exact=False)
    app.click('Exits')
    app.find('No exit has happened yet: go on in time.')
    app.action('win.to-end')
    app.find('Exit of', exact=False)
    app.find('Run again with details')
    app.click('Run again with details')
    app.find('0 ns /', exact=False)
    app.action('win.to-end')
    has_text(app, '(ring ')
    # The way back to the first one of this vCPU; it says in which function that is.
    app.click('The exit before of this vCPU')
    has_text(app, 'RIP 0x', ', in ', 'It cost')
    # Each step of the way can be reached and says where it is.
    app.find('Type 2: KVM and a process of the host. Step 1 of', exact=False)
    app.find('Type 1: a hypervisor on the bare machine. Step 2 of', exact=False)
    app.click('The way in rows')
    app.find('Step 1 of', exact=False)
    app.close()


def breakpoints():
    app = Application(TWO_GUESTS)
    app.find('0 ns /', exact=False)
    app.action('win.breakpoints')
    write(app, 'Condition', 'frame-sent and vm == nobody')
    app.click('Run to Next')
    app.find('column 22: "nobody" is no value of "vm"; allowed: a, b')
    write(app, 'Condition', 'frame-sent and vm == "b"')
    app.click('Add Breakpoint')
    app.find('Delete: frame-sent and vm == "b"')
    app.click('Run to Next')
    app.find('b sends frame', exact=False)
    first = app.find('b sends frame', exact=False).name
    app.click('Play')
    app.wait(lambda: app.find('b sends frame', exact=False).name != first, 'the next one')
    app.find('Play')
    app.click('Delete: frame-sent and vm == "b"')
    app.find('None yet: write a condition above and add it.')
    app.close()


def live():
    app = Application(TWO_GUESTS)
    app.find('0 ns /', exact=False)
    app.action('win.run-live')
    app.find('Commands to machines')
    app.action('win.breakpoints')
    # Not recorded yet: the engine runs up to it and no further.
    write(app, 'Condition', 'switch-flood')
    app.click('Run to Next')
    app.find('Switch net0 sends a copy of frame', exact=False)
    app.find('Commands to machines')
    write(app, 'Condition', 'console and vm == a and text contains "3 received"')
    app.click('Add Breakpoint')
    app.find('Delete: console', exact=False)
    app.action('win.next-match')
    app.find('a writes to its console.')
    app.find('Commands to machines')
    app.close()


def compare():
    app = Application(TWO_GUESTS)
    app.find('0 ns /', exact=False)
    app.action('win.compare')
    app.find('Compare with what?')
    write(app, 'What is different', 'host.costs.exti=1us')
    app.click('Run and compare')
    app.find('hvlab:', exact=False)
    write(app, 'What is different', 'host.costs.exit=1us,20us')
    app.click('Run and compare')
    has_text(app, ' events alike, then', 'first, at', 'second, at')
    app.find('First run: vCPU 0 of VM a', exact=False)
    app.find('Second run: vCPU 0 of VM a', exact=False)
    app.click('Where they part')
    has_text(app, 'virtual_ns')
    app.close()


def edit():
    path = os.path.join(os.environ['HOME'], 'mine.json')
    with open(TWO_GUESTS, encoding='utf-8') as source, open(path, 'w', encoding='utf-8') as own:
        own.write(source.read())
    app = Application(path)
    app.find('0 ns /', exact=False)
    app.action('win.edit')
    app.find('No mistake found')
    # By the form: one VM more, which the text then has.
    app.click('Add a VM like the last one')
    app.find('Remove vm3')
    app.find('No mistake found')
    # By hand: a mistake is said with its line.
    text = app.find("The scenario's text").queryEditableText()
    text.insertText(1, ' "sede": 7,', 11)
    app.find('mine.json:1: sede: unknown key; did you mean "seed"?', exact=False)
    text.deleteText(1, 12)
    app.find('No mistake found')
    app.click('Save')
    app.wait(lambda: '"vm3"' in open(path, encoding='utf-8').read(), 'the saved file')
    app.click('Run')
    app.click('Stage')  # the view is the one last shown
    app.find('VM vm3', exact=False)
    app.close()


if __name__ == '__main__':
    sys.exit(driver.main(exits, breakpoints, live, compare, edit))
