#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that whoever translates the application gets to see every text of it.

gui/po/POTFILES must name each file that marks texts, and no other; what is marked must be one
literal, for xgettext does not expand macros (PRIu64 and its like it knows); sentences that are put
together in the application, the session and the pictures must be marked; and the names of states
must stand in gui/session/names.c as they stand in the trace's tables. Programs without a window
(gui/render) speak English, and so do traces and JSON.
"""
import re
import sys

import tree

MARK = re.compile(r'(?<!\w)(?:_|N_|C_|NC_|ngettext)\(\s*"')
TABLES = ('sim/trace/events', '.def')
# Sentences are made by these calls; whoever puts one together by another way is not found.
MAKERS = re.compile(r'(?<!\w)(?:g_strdup|g_strdup_printf|g_string_append|g_string_append_printf|'
                    r'g_string_printf|gtk_label_new|gtk_label_set_text|adw_toast_new|'
                    r'gui_label|gui_window_toast)\(')
TERMS = {'vCPU', 'pCPU', 'DHCP', 'DNS', 'NAT', 'NIC'}
CONVERSION = re.compile(r'%[^a-zA-Z%]*[a-zA-Z]|\\\\.')
# What is no text: keys of JSON, markup, options of programs.
NO_TEXT = re.compile(r'\\"|[<>{}]|^-|^[a-z]+ --')


def marks_texts(path, text):
    if path.endswith('.ui'):
        return 'translatable="yes"' in text
    if path.endswith('.in'):
        return True
    if path.startswith(TABLES[0]):
        return True
    return bool(MARK.search(text))


def without_comments(text):
    return re.sub(r'/\*.*?\*/', lambda m: re.sub(r'[^\n]', ' ', m[0]), text, flags=re.DOTALL)


def first_argument(text, at):
    """The literal that an argument is, maybe of several pieces; None: it is no literal."""
    match = re.match(r'\s*(?:\w+,\s*)?((?:"(?:\\.|[^"\\])*"\s*)+)', text[at:])
    return match and ''.join(re.findall(r'"((?:\\.|[^"\\])*)"', match[1]))


def is_sentence(literal):
    """Words of a language, and not one name alone."""
    words = set(re.findall(r"[A-Za-z']{3,}", CONVERSION.sub(' ', literal))) - TERMS
    return ' ' in literal.strip() and bool(words) and not NO_TEXT.search(literal)


def unmarked(path, text):
    text = without_comments(text)
    for match in MAKERS.finditer(text):
        literal = first_argument(text, match.end())
        if literal and is_sentence(literal):
            yield f'{path}:{text.count(chr(10), 0, match.start()) + 1}: "{literal}" is not marked'


def broken(path, text):
    """What is marked and has a macro in it of which xgettext sees nothing."""
    text = without_comments(text)
    marked = r'(?<!\w)_\(\s*(?:"(?:\\.|[^"\\])*"\s*|PRI\w+\s*)+(?!PRI)([A-Z]\w+)'
    for match in re.finditer(marked, text):
        yield f'{path}:{text.count(chr(10), 0, match.start()) + 1}: {match[1]} in a marked text'


def missing_names(read):
    """Names that names.c does not have, of the tables that it says it has."""
    have = read('gui/session/names.c')
    defs = ''.join(read(path) for path in read.paths if path.startswith(TABLES[0]))
    own = set(re.findall(r'N_\("([^"]*)"\)', have))
    for table in re.findall(r'/\* (\w+) \*/', have):
        body = re.search(r'SIM_ENUM\(%s\)(.*?)SIM_ENUM_END' % table, defs, re.DOTALL)
        if not body:
            yield f'gui/session/names.c: there is no table {table}'
            continue
        for name in re.findall(r'SIM_VALUE\(\w+, "([^"]*)"', body[1]):
            if name not in own:
                yield f'gui/session/names.c: "{name}" of {table} is missing'


class Reader:
    def __init__(self, top):
        self.top = top
        self.paths = [p for p in tree.files(top, '.c', '.h', '.ui', '.in', '.def')
                      if p.startswith('gui/') or p.startswith(TABLES[0])]

    def __call__(self, path):
        with open(f'{self.top}/{path}', encoding='utf-8') as file:
            return file.read()


def main(top):
    tap = tree.Tap()
    read = Reader(top)
    listed = read('gui/po/POTFILES').split()
    marking = [path for path in read.paths if marks_texts(path, read(path))]
    tap.rule('POTFILES names each file with texts, and no other',
             [f'{path}: has texts to translate, gui/po/POTFILES does not name it'
              for path in marking if path not in listed] +
             [f'gui/po/POTFILES: {path} has nothing to translate'
              for path in listed if path not in marking])
    code = [p for p in read.paths if p.endswith('.c') and not p.startswith('gui/render/')]
    tap.rule('what is marked can be found', [x for path in code for x in broken(path, read(path))])
    tap.rule('sentences are marked', [x for path in code for x in unmarked(path, read(path))])
    tap.rule('names of states can be translated', list(missing_names(read)))
    # A checker that finds nothing proves nothing.
    wrong = 'x = g_strdup_printf("Frame %u leaves", n); y = g_strdup(_("a %" G_GUINT64_FORMAT));'
    tap.rule('what is wrong is found', [] if list(unmarked('x', wrong)) and
             list(broken('x', wrong)) and marks_texts('x.c', wrong) else ['it is not'])
    return tap.end()


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
