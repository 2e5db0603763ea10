# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the file system that the kernel starts with: a cpio archive in its "newc" format.

The format (kernel: Documentation/driver-api/early-userspace/buffer-format.rst): per file a
header of eight-digit hexadecimal fields, the name and the content, each padded to four bytes.
Everything here belongs to root and has its place by its absolute path.
"""
import os
import stat
import subprocess

DIRECTORY = stat.S_IFDIR | 0o755
TMP_DIRECTORY = stat.S_IFDIR | 0o1777
PROGRAM = stat.S_IFREG | 0o755
CONSOLE = stat.S_IFCHR | 0o600


class Initramfs:
    def __init__(self):
        self.archive = bytearray()
        self.names = set()
        for folder in ('/dev', '/proc', '/sys'):
            self._folder(folder)
        self._entry('/tmp', TMP_DIRECTORY)
        self._entry('/dev/console', CONSOLE, device=(5, 1))

    def _entry(self, path, mode, content=b'', device=(0, 0)):
        name = path.lstrip('/').encode() + b'\0'
        fields = [len(self.names), mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name), 0]
        header = b'070701' + b''.join(b'%08X' % field for field in fields)
        for part in (header + name, content):
            self.archive += part
            self.archive += bytes(-len(self.archive) % 4)
        self.names.add(path)

    def _folder(self, path):
        if path not in self.names and path != '/':
            self._folder(os.path.dirname(path))
            self._entry(path, DIRECTORY)

    def add(self, path, content):
        """A file, executable like all of them, and the folders above it."""
        path = os.path.abspath(path)
        if path not in self.names:
            self._folder(os.path.dirname(path))
            self._entry(path, PROGRAM, content)

    def add_from_host(self, path):
        """A file or folder of this machine at the same path, links resolved."""
        if os.path.isdir(path):
            for folder, _, files in os.walk(path):
                self._folder(os.path.abspath(folder))
                for name in files:
                    self.add_from_host(os.path.join(folder, name))
        elif os.path.isfile(path):
            with open(path, 'rb') as file:
                self.add(path, file.read())

    def add_program(self, path):
        """A program and the shared libraries it needs."""
        self.add_from_host(path)
        says = subprocess.run(['ldd', path], capture_output=True, text=True).stdout
        for word in says.split():
            if word.startswith('/'):
                self.add_from_host(word)

    def write(self, path):
        self._entry('TRAILER!!!', 0)
        with open(path, 'wb') as out:
            out.write(self.archive)
