#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""driver.py: drives the real application as a screen reader does: by names and actions.

Used by the tests e2e-*.py, which display.py runs with two arguments: the program hvlab-gui and the
folder of the source. Every wait has a condition and a limit; nothing sleeps for its own sake.
"""
import json
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
    sys.exit(0)

LIMIT_S = 30
CLOSED = {pyatspi.ROLE_PUSH_BUTTON, pyatspi.ROLE_LABEL, pyatspi.ROLE_PAGE_TAB, pyatspi.ROLE_ICON,
          pyatspi.ROLE_IMAGE, pyatspi.ROLE_SLIDER, pyatspi.ROLE_SCROLL_BAR,
          pyatspi.ROLE_PROGRESS_BAR}
PROGRAM = sys.argv[1]
SOURCE = sys.argv[2]


def without_steps(topic, name):
    """A copy of a scenario that opens at its beginning, and not at its lesson's first step."""
    with open(os.path.join(SOURCE, 'scenarios', topic, name), encoding='utf-8') as file:
        document = json.load(file)
    document.pop('steps', None)
    path = os.path.join(os.environ['HOME'], name)
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(document, file, indent=2)
    return path


class Unnamed(Exception):
    """Something that a test goes by has no name here: GTK 4.18 does so with items of menus."""


class Application:
    """The program and its tree of accessible objects."""
    menus_are_named = True

    def __init__(self, *args, program=(PROGRAM,)):
        self.log = open(os.path.join(os.environ['HOME'], 'gui.log'), 'ab')
        self.process = subprocess.Popen([*program, *args], stderr=self.log, stdout=self.log)
        self.root = self.wait(self.find_root, 'the application on the accessibility bus')

    def find_root(self):
        for app in pyatspi.Registry.getDesktop(0):
            if app and app.get_process_id() == self.process.pid:
                return app
        return None

    def wait(self, condition, what):
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f'the program ended ({self.process.returncode})')
            try:
                found = condition()
            except Unnamed:
                raise
            except Exception:  # objects go while they are looked at
                found = None
            if found:
                return found
            # Not woken by events: pyatspi hears them only in its own main loop, and GTK 4.8
            # sends none for much of what is waited for here (a row's new text).
            time.sleep(0.02)
        there = str(self.names())[:2000]
        raise AssertionError(f'no {what} within {LIMIT_S} s; there are: {there}')

    def walk(self, node=None, closed=CLOSED):
        """All objects, but for what is hidden and what is inside a button or a label: each look
        is a message."""
        node = node or self.root
        for i in range(node.childCount):
            child = node.getChildAtIndex(i)
            if child and showing(child):
                yield child
                if child.getRole() not in closed:
                    yield from self.walk(child, closed)

    def names(self):
        return sorted({n.name for n in self.walk() if n.name})

    def find(self, name, exact=True, part=False, role=None):
        """The first of that name; exact=False: whose name begins so; part: has it in it."""
        def look():
            for node in self.walk():
                fits = (name in node.name if part else
                        node.name == name if exact else node.name.startswith(name))
                if fits and (not role or role_of(node) == role):
                    return node
            return None
        return self.wait(look, repr(name))

    def has(self, name):
        return any(node.name == name for node in self.walk())

    def click(self, name, **how):
        def press():
            node = self.find(name, **how)
            if not node.getState().contains(pyatspi.STATE_SENSITIVE):
                return False
            return act(node)
        self.wait(press, f'{name!r} that can be clicked')

    def menu(self, button, *items):
        """Opens a button's menu and goes through its items, the last of which is carried out."""
        self.click(button)
        for item in items:
            def press(item=item):
                found = [node for node in self.walk(self.find(button), closed=set())
                         if node.getRoleName() == 'menu item']
                for node in found:
                    if node.name == item:
                        return act(node)
                if not all(node.name for node in found):
                    Application.menus_are_named = False
                if not self.menus_are_named:
                    raise Unnamed('this GTK gives menu items no names')
                return False
            self.wait(press, f'{item!r} in the menu {button!r}')

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

    def type(self, entry, text, **how):
        """Into the entry of that name, in place of what is there."""
        def put():
            node = self.find(entry, **how)
            while node:
                try:
                    return node.queryEditableText().setTextContents(text)
                except NotImplementedError:
                    node = next((n for n in self.walk(node, closed=set())
                                 if n.getRole() == pyatspi.ROLE_TEXT), None)
            return False
        self.wait(put, f'entry {entry!r}')

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


def act(node):
    """Its first action, or that of the first inside it that has one: a menu button's."""
    while node:
        action = node.queryAction()
        if 'click' in [action.getName(i) for i in range(action.nActions)] or action.nActions == 1:
            return action.doAction(0)
        node = node.getChildAtIndex(0)
    return False


def role_of(node):
    """A role's name; what newer versions call "button" and "toggle button" is a "push button"."""
    name = node.getRoleName()
    return 'push button' if name in ('button', 'toggle button') else name


def showing(node):
    """GTK 4.8 says "showing" of windows only; a widget that is hidden is not "visible"."""
    return node.getState().contains(pyatspi.STATE_VISIBLE)


def play_fast():
    """Playing takes 20 ms for an event instead of 600, and every run is the same."""
    folder = os.path.join(os.environ['XDG_CONFIG_HOME'], 'glib-2.0', 'settings')
    os.makedirs(folder)
    with open(os.path.join(folder, 'keyfile'), 'w', encoding='utf-8') as settings:
        settings.write("[org/hvlab/Hvlab]\npace='event:20'\nbackend='emulated'\n")
    os.environ['GSETTINGS_BACKEND'] = 'keyfile'


def main(*tests):
    failed = 0
    play_fast()
    print(f'1..{len(tests)}')
    for number, test in enumerate(tests, 1):
        began = time.monotonic()
        try:
            test()
            print(f'ok {number} {test.__name__} # {time.monotonic() - began:.1f} s', flush=True)
        except Unnamed as reason:
            print(f'ok {number} {test.__name__} # SKIP {reason}', flush=True)
        except Exception:
            failed += 1
            traceback.print_exc()
            print(f'not ok {number} {test.__name__}', flush=True)
            with open(os.path.join(os.environ['HOME'], 'gui.log'), errors='replace') as log:
                sys.stderr.write(log.read()[-4000:])
    return 1 if failed else 0
