#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""e2e-translated.py: the application in a language that does not exist, in which each text stands
between brackets. Whatever is shown without them cannot be translated. The same language is written
from right to left where the test asks for it, to see that the window is mirrored."""
import os
import re
import shutil
import subprocess
import sys

import driver
from driver import SOURCE, Application, without_steps

TOOLS = ['xgettext', 'msgfmt']
# What is the same in every language: names of the scenario, numbers with units, addresses,
# protocols, keys and terms; names of GTK's own widgets, and texts of GTK.
SAME = re.compile(r'^(?:[\W\d_]*|(?:Gtk|Adw|Gui)\w+|hvlab|[0-9.]+ ?(?:ns|us|ms|s|/|%)?.*|[ab]|net0|'
                  r'(?:[0-9a-f]{2}:){5}[0-9a-f]{2}|icmp|tcp|udp|arp|ARP|ICMP|vm:[ab]|switch net0|'
                  r'p?CPU \d|pCPU|v?CPU|VM|[ab], vCPU \d|[ab]  vCPU \d|rr|kvm|emulated|'
                  r'Two guests.*|Minimize|Maximize|Close|Restore|Search|Cut|Copy|Paste)$')


def pseudo(text):
    """Each cell of a text (as it stands in a .po file) between brackets, line ends outside."""
    return '\\t'.join(re.sub(r'^((?:\\n)*)(.*?)((?:\\n)*)$', r'\1⟦\2⟧\3', cell)
                     for cell in text.split('\\t'))


def entries(pot):
    """(flags, msgctxt, msgid, msgid_plural) of a .pot file."""
    for block in pot.split('\n\n')[1:]:
        fields, key = {}, None
        for line in block.split('\n'):
            match = re.match(r'(msgctxt|msgid|msgid_plural|msgstr(?:\[\d\])?) (".*")$', line)
            if match:
                key = match[1]
                fields[key] = match[2][1:-1]
            elif line.startswith('"') and key:
                fields[key] += line[1:-1]
        flags = [line for line in block.split('\n') if line.startswith('#,')]
        if 'msgid' in fields:
            yield flags, fields


def write_language(folder):
    """Compiles the language "xx" from all texts of the source."""
    options = ['--from-code=UTF-8', '--add-comments', '--keyword=_', '--keyword=N_',
               '--keyword=C_:1c,2', '--keyword=NC_:1c,2', '--keyword=SIM_VALUE:3',
               '--keyword=SIM_EVENT:6', '--files-from=gui/po/POTFILES', '--output=-']
    pot = subprocess.check_output(['xgettext', *options], cwd=SOURCE, text=True,
                                  stderr=subprocess.DEVNULL)
    po = ['msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n'
          'Plural-Forms: nplurals=2; plural=(n != 1);\\n"']
    for flags, fields in entries(pot):
        lines = list(flags)
        lines += [f'{key} "{fields[key]}"' for key in ('msgctxt', 'msgid', 'msgid_plural')
                  if key in fields]
        if 'msgid_plural' in fields:
            lines += [f'msgstr[0] "{pseudo(fields["msgid"])}"',
                      f'msgstr[1] "{pseudo(fields["msgid_plural"])}"']
        else:
            lines.append(f'msgstr "{pseudo(fields["msgid"])}"')
        po.append('\n'.join(lines))
    target = os.path.join(folder, 'xx', 'LC_MESSAGES')
    os.makedirs(target)
    path = os.path.join(target, 'hvlab.po')
    with open(path, 'w', encoding='utf-8') as file:
        file.write('\n\n'.join(po) + '\n')
    subprocess.check_call(['msgfmt', '-o', os.path.join(target, 'hvlab.mo'), path])
    return len(po)


def untranslated(app):
    """Names that are shown and have no bracket, but should."""
    return sorted(n for n in app.names() if '⟦' not in n and not SAME.match(n))


def everything():
    """The library and each view of a run: nothing there is but what has been translated."""
    app = Application()
    app.find('⟦Start here, 5 minutes⟧', part=True)
    app.close()
    app = Application(without_steps('first', 'two-guests.json'))
    app.find('0 ns /', exact=False)
    app.click('⟦To the end⟧')
    bare = set()
    for view in ['Stage', 'Timeline', 'Packets', 'Memory', 'Tables', 'Console', 'Exits']:
        app.click(f'⟦{view}⟧')
        bare |= {f'{view}: {name}' for name in untranslated(app)}
    app.close()
    assert not bare, 'not translated: ' + '\n'.join(sorted(bare))


if __name__ == '__main__':
    if not all(shutil.which(tool) for tool in TOOLS):
        print('1..0 # SKIP gettext is not installed')
        sys.exit(77)
    language = os.path.join(os.environ['HOME'], 'locale')
    write_language(language)
    os.environ.update(HVLAB_LOCALE_DIR=language, LANGUAGE='xx')
    sys.exit(driver.main(everything))
