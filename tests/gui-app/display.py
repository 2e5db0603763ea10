#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""display.py PROGRAM ARGS...: runs it with an X server and a session bus of its own.

Nothing of the user's desktop is touched: settings live in memory, files in a folder that is
removed. Exits as the program does, or with 0 when a tool is missing, having said so.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOOLS = ['Xvfb', 'dbus-run-session']


def environment(home, display):
    env = dict(os.environ)
    for name in ['DBUS_SESSION_BUS_ADDRESS', 'WAYLAND_DISPLAY', 'AT_SPI_BUS_ADDRESS']:
        env.pop(name, None)
    env.update(DISPLAY=display, HOME=home, XDG_CONFIG_HOME=home + '/config',
               XDG_DATA_HOME=home + '/data', XDG_CACHE_HOME=home + '/cache',
               XDG_RUNTIME_DIR=home + '/run', GDK_BACKEND='x11', GSK_RENDERER='cairo',
               GSETTINGS_BACKEND='memory', LC_ALL='C.UTF-8')
    os.makedirs(home + '/run', mode=0o700)
    return env


def run(argv, env):
    """Services of the bus write to the same stdout; only what is TAP may go on there."""
    tap = re.compile(r'(not ok|ok|Bail out!|TAP version|1\.\.|\s*#)')
    with subprocess.Popen(['dbus-run-session', '--', *argv], env=env, text=True,
                          stdout=subprocess.PIPE) as session:
        for line in session.stdout:
            print(line, end='', flush=True, file=sys.stdout if tap.match(line) else sys.stderr)
    return session.returncode


def main(argv):
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        print(f'1..0 # SKIP {", ".join(missing)} not installed')
        return 0
    with tempfile.TemporaryDirectory() as home:
        read, write = os.pipe()
        # Without -noreset the server starts over when its last client leaves, and turns away who
        # comes meanwhile: the first to come here is the bus's, and it leaves at once.
        server = subprocess.Popen(
            ['Xvfb', '-displayfd', str(write), '-screen', '0', '1280x800x24', '-nolisten', 'tcp',
             '-noreset'],
            pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        try:
            with os.fdopen(read) as pipe:
                number = pipe.readline().strip()
            if not number:
                print('1..0 # SKIP Xvfb does not start here')
                return 0
            return run(argv, environment(home, ':' + number))
        finally:
            server.terminate()
            server.wait()


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
