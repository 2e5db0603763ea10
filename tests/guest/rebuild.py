# SPDX-License-Identifier: GPL-2.0-or-later
"""rebuild.py SOURCE_ROOT IMAGE...

Builds guest images once more, in a debug build in a folder far away, and
compares: an image must not depend on where, or in which build type, it was
built, because its SHA-256 is in every trace.
"""
import hashlib
import os
import subprocess
import sys
import tempfile


def digest(path):
    with open(path, "rb") as image:
        return hashlib.sha256(image.read()).hexdigest()


def main():
    root, images = sys.argv[1], sys.argv[2:]
    names = [os.path.basename(image) for image in images]
    print(f"1..{len(images)}")
    with tempfile.TemporaryDirectory(prefix="a-folder-of-another-depth-") as folder:
        build = os.path.join(folder, "x", "y")
        os.makedirs(build)
        subprocess.run(["meson", "setup", "--buildtype=debug", "-Db_sanitize=undefined", build,
                        root], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["ninja", "-C", build] + [f"hv-core/guest/{name}" for name in names],
                       check=True, stdout=subprocess.DEVNULL)
        failed = 0
        for number, (image, name) in enumerate(zip(images, names), 1):
            same = digest(image) == digest(os.path.join(build, "hv-core", "guest", name))
            failed += not same
            print(f"{'ok' if same else 'not ok'} {number} {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
