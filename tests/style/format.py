#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that every C file is as clang-format 14 leaves it.

Other versions format a few constructs differently, so only version 14 (Debian 12's) judges.
"""
import re
import shutil
import subprocess
import sys

import tree


def find_clang_format():
    for name in ('clang-format-14', 'clang-format'):
        if shutil.which(name):
            says = subprocess.run([name, '--version'], capture_output=True, text=True).stdout
            if re.search(r'version 14\.', says):
                return name
    return None


def main(top):
    tap = tree.Tap()
    name = 'C files are formatted'
    program = find_clang_format()
    if not program:
        tap.skip(name, 'clang-format 14 is not installed')
        return tap.end()
    paths = tree.files(top, '.c', '.h')
    says = subprocess.run([program, '--dry-run', *paths], cwd=top, capture_output=True, text=True)
    # One finding per file, its first line: "path:line:column: warning: ...".
    first = {}
    for match in re.finditer(r'^(\S+?):(\d+):\d+: warning', says.stderr, re.MULTILINE):
        first.setdefault(match[1], match[2])
    tap.rule(name, [f'{path}:{line}: run clang-format -i' for path, line in first.items()])
    return tap.end()


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
