# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds a distribution's kernel with its kvm_amd module, or fetches its package.

A fetched package is taken apart, not installed: that needs no root, and runs no triggers that
would build a boot image for this machine.
"""
import glob
import lzma
import os
import re
import shutil
import subprocess
import tarfile
import tempfile

# The packages that depend on the newest kernel: Debian's, Ubuntu's.
META_PACKAGES = ('linux-image-amd64', 'linux-image-generic')
# Of a package's modules, the folders in which kvm_amd and all it needs are found, and what the
# tests of the network need.
MODULE_FOLDERS = ('/kernel/arch/x86/kvm/', '/kernel/virt/', '/kernel/drivers/crypto/ccp/',
                  '/kernel/drivers/char/hw_random/', '/kernel/drivers/virtio/',
                  '/kernel/drivers/net/tun.', '/kernel/drivers/net/veth.',
                  '/kernel/drivers/net/virtio_net.', '/kernel/drivers/net/net_failover.',
                  '/kernel/net/core/', '/kernel/net/sched/sch_netem.', '/kernel/net/bridge/bridge.',
                  '/kernel/net/802/', '/kernel/net/llc/')


class Unavailable(Exception):
    """There is no kernel to be had; the text says why."""


class Kernel:
    def __init__(self, image, modules_root):
        self.image = image
        self.version = os.path.basename(image).partition('-')[2]
        self.files = {}
        for path in glob.glob(f'{modules_root}/kernel/**/*.ko*', recursive=True):
            name = re.sub(r'\.ko(\.\w+)?$', '', os.path.basename(path)).replace('-', '_')
            self.files[name] = path

    def usable(self):
        return 'kvm_amd' in self.files and os.access(self.image, os.R_OK)

    def module(self, name):
        """The bytes of one module, unpacked."""
        path = self.files[name]
        if path.endswith('.xz'):
            return lzma.open(path).read()
        if path.endswith('.zst'):
            if not shutil.which('zstd'):
                raise Unavailable('its modules are compressed and zstd is not installed')
            return subprocess.run(['zstd', '-dcq', path], check=True, capture_output=True).stdout
        with open(path, 'rb') as file:
            return file.read()

    def modules_for(self, name, done=None):
        """(name, bytes) of a module and all it needs, in the order to load them. What it needs
        and is no file is built into the kernel."""
        done = {} if done is None else done
        if name not in done and name in self.files:
            content = self.module(name)
            needs = re.search(rb'\0depends=([^\0]*)\0', content)
            for needed in filter(None, needs[1].decode().split(',') if needs else []):
                self.modules_for(needed.replace('-', '_'), done)
            done[name] = content
        return done


def find_in(root):
    """The newest usable kernel under root."""
    for image in sorted(glob.glob(f'{root}/boot/vmlinuz-*'), reverse=True):
        for lib in ('lib', 'usr/lib'):
            version = os.path.basename(image).partition('-')[2]
            kernel = Kernel(image, os.path.join(root, lib, 'modules', version))
            if kernel.usable():
                return kernel
    return None


def run_apt(*arguments, cwd=None):
    return subprocess.run(arguments, cwd=cwd, capture_output=True, text=True, timeout=400,
                          stdin=subprocess.DEVNULL, env={**os.environ, 'LC_ALL': 'C'})


def kernel_packages():
    """The packages that hold the newest kernel and its modules."""
    for meta in META_PACKAGES:
        says = run_apt('apt-cache', 'depends', '--important', meta).stdout
        image = re.search(r'Depends: (linux-image-[\w.+-]+)', says)
        if image:
            says = run_apt('apt-cache', 'depends', '--important', image[1]).stdout
            return [image[1], *re.findall(r'Depends: (linux-modules-[\w.+-]+)', says)]
    return []


def unpack(package, folder):
    """Takes the kernel image and the modules of interest out of a package."""
    with subprocess.Popen(['dpkg', '--fsys-tarfile', package], stdout=subprocess.PIPE) as dpkg:
        with tarfile.open(fileobj=dpkg.stdout, mode='r|') as tar:
            for member in tar:
                name = os.path.normpath(member.name)
                if member.isfile() and '..' not in name and (
                        name.startswith('boot/vmlinuz-')
                        or any(part in name for part in MODULE_FOLDERS)):
                    member.mode = 0o644
                    tar.extract(member, folder)


def fetch(folder):
    """Downloads the newest kernel's packages and takes them apart in folder."""
    if not shutil.which('apt-get') or not shutil.which('dpkg'):
        raise Unavailable('no kernel with kvm_amd is installed, and there is no apt to fetch one')
    packages = kernel_packages()
    if not packages and os.getuid() == 0:
        run_apt('apt-get', 'update', '-qq')
        packages = kernel_packages()
    if not packages:
        raise Unavailable('apt knows no kernel package')
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(folder)) as work:
        # Fetched as root, apt would otherwise warn about a folder that its own user cannot enter.
        got = run_apt('apt-get', 'download', '-qq', '-o', 'APT::Sandbox::User=root', *packages,
                      cwd=work)
        archives = glob.glob(f'{work}/*.deb')
        if got.returncode or not archives:
            raise Unavailable('apt-get could not download ' + ' '.join(packages) + ': '
                              + ' '.join(got.stderr.split())[:200])
        for archive in archives:
            unpack(archive, os.path.join(work, 'root'))
        os.replace(os.path.join(work, 'root'), folder)


def get(cache):
    """A kernel of this machine, else one fetched into the folder cache (once)."""
    kernel = find_in('') or find_in(cache)
    if not kernel:
        fetch(cache)
        kernel = find_in(cache)
    if not kernel:
        raise Unavailable('the fetched package holds no kernel with kvm_amd')
    return kernel
