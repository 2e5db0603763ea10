# SPDX-License-Identifier: GPL-2.0-or-later
"""hvlab as installed: it finds its guests, its scenarios and the header for policies, wherever it
was put, and nothing of it is looked for where it was built."""
import json
import os
import subprocess
import sys

from harness import contains, equal, main, skip, test, true

BUILD = os.path.abspath(sys.argv[3])


def install(folder):
    """Installs into folder and moves that away, as a package does. The prefix."""
    staged, moved = os.path.join(folder, 'staged'), os.path.join(folder, 'moved')
    subprocess.run(['meson', 'install', '--no-rebuild', '--quiet', '--tags', 'runtime,devel,man',
                    '-C', BUILD, '--destdir', staged], check=True, stdout=subprocess.DEVNULL)
    os.rename(staged, moved)
    for place, _, names in os.walk(moved):
        if 'hvlab' in names and os.path.basename(place) == 'bin':
            return os.path.dirname(place)
    raise AssertionError('no bin/hvlab in what was installed')


def hvlab(prefix, *args, cwd=None):
    return subprocess.run([os.path.join(prefix, 'bin', 'hvlab'), *args], cwd=cwd or prefix,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                          check=False)


@test('what was installed finds what belongs to it')
def finds(folder):
    prefix = install(folder)

    process = hvlab(prefix, 'doctor')
    contains(process.stdout, 'in ' + os.path.join(prefix, 'lib/hvlab/guests'))

    process = hvlab(prefix, 'list', '--format=json')
    rows = {row.get('id'): row['path'] for row in json.loads(process.stdout)}
    true(rows['first/hello'].startswith(prefix), rows['first/hello'])
    true(all('error' not in row for row in json.loads(process.stdout)), process.stdout)

    process = hvlab(prefix, 'run', '--backend=emulated', rows['first/hello'])
    equal(process.returncode, 0, process.stderr)
    true(os.path.exists(os.path.join(prefix, 'share/man/man1/hvlab.1')), 'the manual page')

    equal(hvlab(prefix, 'policy', 'new', 'mine', cwd=folder).returncode, 0)
    with open(os.path.join(folder, 'mine.c'), encoding='utf-8') as file:
        line = next(text for text in file if ' cc ' in text)
    build = line.split('build', 1)[1].split()
    contains(line, os.path.join(prefix, 'include/hvlab'))
    subprocess.run(build + ['-Wall', '-Werror'], cwd=folder, check=True)
    process = hvlab(prefix, 'policy', 'check', './mine.so', cwd=folder)
    equal(process.returncode, 0, process.stderr)
    process = hvlab(prefix, 'run', '--backend=emulated', '--until=50ms', '--policy', './mine.so',
                    rows['first/sharing-a-cpu'], cwd=folder)
    true(process.returncode in (0, 1), process.stderr)
    contains(process.stdout, 'Fairness')


@test('the application where there is no display: one line that says so, and exit code 3')
def no_display(folder):
    prefix = install(folder)

    if not os.path.exists(os.path.join(prefix, 'bin', 'hvlab-gui')):
        skip('hvlab-gui was not built')
    headless = {'DISPLAY': '', 'WAYLAND_DISPLAY': '', 'GDK_BACKEND': 'x11'}
    process = subprocess.run([os.path.join(prefix, 'bin', 'hvlab'), 'gui'], timeout=60,
                             env=dict(os.environ, **headless), stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, check=False)
    equal((process.returncode, process.stdout), (3, ''), process.stderr)
    true(process.stderr.startswith('hvlab: gui: there is no display'), process.stderr)
    equal(process.stderr.count('\n'), 1, process.stderr)


main()
