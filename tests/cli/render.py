# SPDX-License-Identifier: GPL-2.0-or-later
"""hvlab render: a run as pictures, an animation, a page; without any display."""
import os
import re
import shutil
import signal
import struct
import subprocess
from html.parser import HTMLParser

from harness import HVLAB, SOURCE, contains, equal, hvlab, main, skip, test, true

SCENARIO = os.path.join(SOURCE, 'scenarios', 'first', 'two-guests.json')
LESSON = os.path.join(SOURCE, 'scenarios', 'first', 'five-minutes.json')
VIEWS = ('stage', 'timeline', 'memory', 'packets', 'way', 'exits', 'tables', 'console', 'rows')
HEADLESS = {'DISPLAY': '', 'WAYLAND_DISPLAY': ''}


def render(*args):
    return hvlab('render', *args, env=HEADLESS)


def trace_of(scenario, folder):
    path = os.path.join(folder, 'run.hvtrace')
    equal(hvlab('run', '--backend=emulated', '--trace', path, scenario).returncode, 0, 'run')
    return path


def png_size(path):
    with open(path, 'rb') as file:
        start = file.read(24)
    equal(start[:8], b'\x89PNG\r\n\x1a\n', 'PNG')
    return struct.unpack('>II', start[16:24])


@test('every view of a trace, as PNG, SVG and PDF')
def views(folder):
    trace = trace_of(SCENARIO, folder)
    for view in VIEWS:
        for ending, start in (('png', b'\x89PNG'), ('svg', b'<?xml'), ('pdf', b'%PDF')):
            path = os.path.join(folder, f'{view}.{ending}')
            done = render(trace, '--view', view, '--at', '300us', '--size', '900x600', '-o', path)
            equal((done.returncode, done.stdout, done.stderr), (0, '', ''), f'{view}.{ending}')
            with open(path, 'rb') as file:
                equal(file.read(len(start)), start, path)
        equal(png_size(os.path.join(folder, f'{view}.png')), (900, 600), view)


@test('a scenario is run first; equal runs give equal pictures')
def scenario(folder):
    pictures = []
    for name in ('one.png', 'two.png'):
        path = os.path.join(folder, name)
        done = render('--backend=emulated', SCENARIO, '--at', '1ms', '--theme', 'dark', '-o', path)
        equal((done.returncode, done.stderr), (0, ''), name)
        with open(path, 'rb') as file:
            pictures.append(file.read())
    equal(png_size(path), (1600, 900), 'the size when none is given')
    true(pictures[0] == pictures[1], 'two runs of one scenario look alike')


@test('exits of a scenario: it is run with all details')
def exits(folder):
    path = os.path.join(folder, 'exits.svg')
    sizes = []
    for extra in ([], ['--set', 'run.detail=normal']):
        done = render('--backend=emulated', SCENARIO, '--view=exits', '--vm=b', *extra, '-o', path)
        equal((done.returncode, done.stderr), (0, ''), 'render')
        sizes.append(os.path.getsize(path))
    true(sizes[0] > 1.2 * sizes[1], f'registers and code are in the first only: {sizes}')


@test('two runs in one picture')
def compare(folder):
    path = os.path.join(folder, 'pair.png')
    done = render('--view=compare', SCENARIO, '--vary=host.costs.exit=1us,20us', '--size=1200x800',
                  '-o', path)
    equal((done.returncode, done.stdout, done.stderr), (0, '', ''), 'a scenario and two values')
    equal(png_size(path), (1200, 800), 'size')
    trace = trace_of(SCENARIO, folder)
    done = render('--view=compare', trace, trace, '--to=1ms', '-o', path)
    equal((done.returncode, done.stderr), (0, ''), 'two traces')
    for args, what in (([SCENARIO], 'give two scenarios or traces'),
                       ([trace, trace, '--vary=seed=1,2'], 'give two scenarios or traces'),
                       ([SCENARIO, '--vary=seed=1'], 'allowed is PATH=V1,V2'),
                       ([SCENARIO, '--vary=sede=1,2'], 'did you mean "seed"?'),
                       ([trace, '--vary=seed=1,2'], '--vary is for a scenario')):
        done = render('--view=compare', *args, '-o', path)
        equal((done.returncode, done.stdout), (2, ''), what)
        contains(done.stderr, what)


@test('a time after the end is noted, and the end is shown')
def late(folder):
    path = os.path.join(folder, 'late.png')
    done = render(trace_of(SCENARIO, folder), '--at=120s', '-o', path)
    equal((done.returncode, done.stdout), (0, ''), 'render')
    contains(done.stderr, 'note: --at=120 s is after the end of the run; what is shown is its end, '
                          'at 1.0')
    equal(png_size(path), (1600, 900), 'the picture')


@test('an animation')
def animation(folder):
    if not shutil.which('convert'):
        skip('ImageMagick is not installed')
    path = os.path.join(folder, 'run.gif')
    done = render(trace_of(SCENARIO, folder), '--to', '1ms', '--seconds', '0.5', '--fps', '10',
                  '--size', '400x260', '-o', path)
    equal((done.returncode, done.stderr), (0, ''), 'render')
    with open(path, 'rb') as file:
        content = file.read()
    equal(content[:6], b'GIF89a', 'GIF')
    true(content.count(b'\x21\xf9\x04') >= 3, 'several pictures')


@test('an animation or page says how far it is, and can be ended without leaving anything')
def progress(folder):
    trace = trace_of(LESSON, folder)
    path = os.path.join(folder, 'lesson.html')
    done = render('--replay', '--progress', trace, '-o', path)
    numbers = [int(line) for line in done.stdout.split()]
    equal(numbers, sorted(set(numbers)), 'percentages rise')
    equal(numbers[-1], 100, 'the last one')
    if not shutil.which('convert'):
        return
    temporary, path = os.path.join(folder, 'tmp'), os.path.join(folder, 'run.gif')
    os.mkdir(temporary)
    with subprocess.Popen([HVLAB, 'render', '--progress', '--seconds', '30', '-o', path, trace],
                          stdout=subprocess.PIPE, text=True,
                          env=dict(os.environ, TMPDIR=temporary)) as started:
        started.stdout.readline()
        true(os.listdir(temporary), 'pictures lie in a temporary folder')
        started.terminate()
        started.stdout.read()
    equal(started.returncode, -signal.SIGTERM, 'ended by the signal')
    equal(os.listdir(temporary), [], 'what is left')
    true(not os.path.exists(path), 'no half of a file')


class Page(HTMLParser):
    """What a page holds, and whether it asks for anything outside itself."""

    def __init__(self):
        super().__init__()
        self.ids, self.used, self.outside, self.counts, self.unnamed = set(), set(), [], {}, 0

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if 'id' in attributes:
            true(attributes['id'] not in self.ids, f'id {attributes["id"]} twice')
            self.ids.add(attributes['id'])
        for key in ('src', 'href', 'xlink:href'):
            value = attributes.get(key, '#')
            if value.startswith('#'):
                self.used.add(value[1:])
            elif not value.startswith('data:'):
                self.outside.append(value)
        if tag == 'svg' and 'aria-hidden' not in attributes and not attributes.get('aria-label'):
            self.unnamed += 1


@test('a page that shows a lesson step by step, and needs nothing else')
def replay(folder):
    path = os.path.join(folder, 'lesson.html')
    done = render('--replay', trace_of(LESSON, folder), '-o', path)
    equal((done.returncode, done.stderr), (0, ''), 'render')
    with open(path, encoding='utf-8') as file:
        text = file.read()
    page = Page()
    page.feed(text)
    equal(page.outside, [], 'what it loads')
    equal(sorted(page.used - page.ids - {''}), [], 'letters that are used and not there')
    equal(page.unnamed, 0, 'pictures without words')
    true(page.counts['section'] >= 12, 'a section for each step')
    true(page.counts['form'] >= 8, 'what the lesson asks')
    true(page.counts['svg'] == page.counts['section'] + 1, 'a picture in each')
    contains(text, 'lang="en"')
    contains(text, 'Pull the cable')
    true(len(text) < 6e6, f'{len(text)} bytes')
    # The right one of the choices is marked, and only one.
    for form in re.findall(r'<form class="ask" data-kind="choice">.*?</form>', text, re.S):
        equal(form.count('data-right="1"'), 1, 'right choices')


@test('what cannot be done is said in one line')
def refused(folder):
    bad = os.path.join(folder, 'bad.hvtrace')
    with open(bad, 'wb') as file:
        file.write(b'HVTRACE\n' + bytes(100))
    out = os.path.join(folder, 'x.png')
    for args, part in ((['-o', out], 'one scenario or trace'),
                       ([SCENARIO], '-o FILE'),
                       ([SCENARIO, '-o', 'x.bmp'], '.png'),
                       ([SCENARIO, '--view', 'stag', '-o', out], 'timeline'),
                       ([SCENARIO, '--at', '5', '-o', out], '1.2s'),
                       ([SCENARIO, '--size', '9x9', '-o', out], '1600x900'),
                       ([SCENARIO, '--theme', 'pink', '-o', out], 'contrast'),
                       ([SCENARIO, '--from', '2s', '--to', '1s', '-o', out], 'before'),
                       ([SCENARIO, '--from', '1ms', '-o', out], '--view timeline'),
                       ([SCENARIO, '--view', 'timeline', '--from', '99s', '-o', out], 'ends at'),
                       ([SCENARIO, '--view', 'memory', '--vm', 'z', '-o', out], 'there is '),
                       ([SCENARIO, '--vm', 'a', '-o', out], 'it is for memory, exits, console'),
                       ([SCENARIO, '--backend', 'kwm', '-o', out], 'auto, kvm or emulated'),
                       ([SCENARIO, SCENARIO, '-o', out], 'one scenario or trace'),
                       ([SCENARIO, '--view', 'compare', '-o', out], 'of two runs'),
                       ([SCENARIO, '--view', 'packets', '--frame', '99999', '-o', out],
                        'no such frame'),
                       ([SCENARIO, '--frame', '1', '-o', out], 'it is for packets, way'),
                       ([SCENARIO, '--at', '1ms', '-o', folder + '/x.gif'], 'many moments'),
                       ([SCENARIO, '--replay', '--view', 'memory', '-o', folder + '/x.html'],
                        'the stage'),
                       ([SCENARIO, '-o', '/nonexistent/x.svg'], '/nonexistent/x.svg'),
                       ([bad, '-o', out], 'version'),
                       (['/nonexistent', '-o', out], '/nonexistent')):
        done = render(*args)
        equal((done.returncode, done.stdout), (2, ''), f'{args}: {done.stderr}')
        lines = done.stderr.splitlines()
        equal(len(lines), 1, done.stderr)
        true(lines[0].startswith('hvlab: '), lines[0])
        contains(lines[0], part)
        true(not os.path.exists(out), 'nothing was written')


main()
