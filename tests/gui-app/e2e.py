#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""e2e.py HVLAB_GUI: drives the real application as a screen reader does: by names and actions.

Run by display.py. Every wait has a condition and a limit; nothing sleeps for its own sake.
"""
import os
import signal
import subprocess
import sys
import time
import traceback

try:
    import pyatspi
except ImportError:
    print('1..0 # SKIP pyatspi is not installed')
    sys.exit(77)

LIMIT_S = 30
CLOSED = {pyatspi.ROLE_PUSH_BUTTON, pyatspi.ROLE_LABEL, pyatspi.ROLE_PAGE_TAB, pyatspi.ROLE_ICON,
          pyatspi.ROLE_IMAGE, pyatspi.ROLE_SLIDER, pyatspi.ROLE_SCROLL_BAR,
          pyatspi.ROLE_PROGRESS_BAR}
PROGRAM = sys.argv[1]
SOURCE = sys.argv[2]


class Application:
    """The program and its tree of accessible objects."""

    def __init__(self, *args):
        self.log = open(os.path.join(os.environ['HOME'], 'gui.log'), 'ab')
        self.process = subprocess.Popen([PROGRAM, *args], stderr=self.log, stdout=self.log)
        self.root = self.wait(self.find_root, 'the application on the accessibility bus')

    def find_root(self):
        for app in pyatspi.Registry.getDesktop(0):
            if app and app.name == 'hvlab-gui' and app.get_process_id() == self.process.pid:
                return app
        return None

    def wait(self, condition, what):
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f'the program ended ({self.process.returncode})')
            try:
                found = condition()
            except Exception:  # objects go while they are looked at
                found = None
            if found:
                return found
            time.sleep(0.02)
        raise AssertionError(f'no {what} within {LIMIT_S} s; there are: {self.names()}')

    def walk(self, node=None):
        """All objects, but for what is inside a button or a label: each look is a message."""
        node = node or self.root
        for i in range(node.childCount):
            child = node.getChildAtIndex(i)
            if child:
                yield child
                if child.getRole() not in CLOSED:
                    yield from self.walk(child)

    def names(self):
        return sorted({n.name for n in self.walk() if n.name and showing(n)})

    def find(self, name, exact=True, role=None):
        def look():
            for node in self.walk():
                fits = node.name == name if exact else node.name.startswith(name)
                if fits and showing(node) and (not role or node.getRoleName() == role):
                    return node
            return None
        return self.wait(look, repr(name))

    def has(self, name):
        return any(node.name == name and showing(node) for node in self.walk())

    def click(self, name, **how):
        def press():
            node = self.find(name, **how)
            if not node.getState().contains(pyatspi.STATE_SENSITIVE):
                return False
            return node.queryAction().doAction(0)
        self.wait(press, f'{name!r} that can be clicked')

    def choose(self, option):
        """Clicks an option until the answer can be checked, for the form may just be made anew."""
        def choice():
            self.click(option)
            return self.find('Check').getState().contains(pyatspi.STATE_SENSITIVE)
        self.wait(choice, f'{option!r} that can be chosen')

    def action(self, name):
        """One of the window's own actions, which it offers by name."""
        actions = self.root.getChildAtIndex(0).queryAction()
        names = [actions.getName(i) for i in range(actions.nActions)]
        actions.doAction(names.index(name))

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


def showing(node):
    """GTK 4.8 says "showing" of windows only; a widget that is hidden is not "visible"."""
    return node.getState().contains(pyatspi.STATE_VISIBLE)


def next_step(app, number):
    app.click('Next')
    app.find(f'Step {number} of 12')


def play_fast():
    """Playing takes 20 ms for an event instead of 600."""
    folder = os.path.join(os.environ['XDG_CONFIG_HOME'], 'glib-2.0', 'settings')
    os.makedirs(folder)
    with open(os.path.join(folder, 'keyfile'), 'w', encoding='utf-8') as settings:
        settings.write("[org/hvlab/Hvlab]\npace='event:20'\n")
    os.environ['GSETTINGS_BACKEND'] = 'keyfile'


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


TESTS = [lesson, live, bad_file]


def main():
    failed = 0
    play_fast()
    print(f'1..{len(TESTS)}')
    for number, test in enumerate(TESTS, 1):
        began = time.monotonic()
        try:
            test()
            print(f'ok {number} {test.__name__} # {time.monotonic() - began:.1f} s', flush=True)
        except Exception:
            failed += 1
            traceback.print_exc()
            print(f'not ok {number} {test.__name__}', flush=True)
            with open(os.path.join(os.environ['HOME'], 'gui.log'), errors='replace') as log:
                sys.stderr.write(log.read()[-4000:])
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
