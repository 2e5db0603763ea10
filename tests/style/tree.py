# SPDX-License-Identifier: GPL-2.0-or-later
"""The source tree as the style tests see it, and their TAP output.

A tree is a folder; its files are named by their path from the top. Hidden files and what the
top .gitignore names (build folders, traces) are no part of it.
"""
import fnmatch
import os
import re


def ignored_names(top):
    """Patterns of the top .gitignore, as names: no pattern there reaches deeper than one name."""
    try:
        with open(os.path.join(top, '.gitignore'), encoding='utf-8') as lines:
            return [line.strip().strip('/') for line in lines if line.strip()]
    except FileNotFoundError:
        return []


def visible(top, names):
    patterns = ignored_names(top) + ['.*', '__pycache__']
    return sorted(n for n in names if not any(fnmatch.fnmatch(n, p) for p in patterns))


def walk(top):
    """Every folder as (path from the top, its visible files), the top as ''."""
    for folder, folders, files in os.walk(top):
        folders[:] = visible(top, folders)
        path = os.path.relpath(folder, top)
        yield ('' if path == '.' else path), visible(top, files)


def files(top, *endings):
    """Paths of the files whose name ends with one of endings, sorted."""
    return sorted(os.path.join(folder, name) for folder, names in walk(top) for name in names
                  if name.endswith(endings))


def read(top, path):
    with open(os.path.join(top, path), encoding='utf-8', errors='replace') as file:
        return file.read()


LITERAL_OR_COMMENT = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def code_only(text):
    """C source with comments and literals blanked, line numbers kept."""
    return LITERAL_OR_COMMENT.sub(lambda m: '""' + '\n' * m[0].count('\n'), text)


class Tap:
    """Prints one TAP line per rule, with the findings that broke it."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def rule(self, name, findings):
        self.count += 1
        self.failed += bool(findings)
        print(f"{'not ok' if findings else 'ok'} {self.count} - {name}")
        for finding in findings:
            print(f'# {finding}')

    def skip(self, name, reason):
        self.count += 1
        print(f'ok {self.count} - {name} # SKIP {reason}')

    def end(self):
        print(f'1..{self.count}')
        return 1 if self.failed else 0
