# SPDX-License-Identifier: GPL-2.0-or-later
"""hvlab walk: through a guest's page tables and the host's, from a trace."""
import os
import re

from harness import SOURCE, contains, equal, hvlab, main, test, true

SCENARIO = os.path.join(SOURCE, 'scenarios', 'memory', 'two-levels.json')


def trace(folder, *options):
    path = os.path.join(folder, 't.hvtrace')
    hvlab('run', SCENARIO, '--backend=emulated', '--trace', path, *options)
    return path


def frame(text):
    return re.search(r'page 0x([0-9a-f]+) of vm:a, in page frame (\d+)', text).groups()


@test('two addresses lead to one frame')
def two_addresses_lead_to_one_frame(folder):
    path = trace(folder)
    one = hvlab('walk', path, '--vm', 'a', '0x40000000').stdout
    two = hvlab('walk', path, '--vm', 'a', '0x40001008').stdout
    equal(frame(one), frame(two), 'page and frame')
    for name in ('PML4', 'PDPT', 'PD ', 'PT '):
        contains(one, name)
    contains(one, 'writable user no-execute accessed dirty, a page of 4 KiB')
    contains(two, 'no-execute accessed, a page of 4 KiB')


@test('the past is walked too')
def the_past_is_walked_too(folder):
    path = trace(folder)
    early = hvlab('walk', path, '--at', '5us', '0x40000000').stdout
    contains(early, 'The guest has not mapped this address')
    contains(early, 'not present')


@test('large pages and pages without a frame')
def large_pages_and_pages_without_a_frame(folder):
    text = hvlab('walk', trace(folder), '0x300000').stdout
    contains(text, 'a page of 2 MiB')
    contains(text, 'never touched')
    true('\n  PT ' not in text, 'three tables only')


@test('a trace without page tables says so')
def a_trace_without_page_tables_says_so(folder):
    path = trace(folder, '--set', 'run.detail=normal')
    text = hvlab('walk', path, '0x80000').stdout
    contains(text, 'The trace has no page tables')
    contains(text, 'in page frame')


@test('wrong input')
def wrong_input(folder):
    path = trace(folder)
    for arguments, words in ((('--vm', 'x', '0'), 'there is no VM'), (('12z',), 'is no address'),
                             (('0x10000000000000000',), 'is no address'),
                             (('--at', 'soon', '0'), 'is no time')):
        run = hvlab('walk', path, *arguments)
        equal(run.returncode, 2, f'exit code of {arguments}')
        contains(run.stderr, words)


main()
