#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What README says of installing: every file where a system looks for it, and it runs from there."""
import os
import subprocess
import sys
import tempfile

FILES = ["sbin/timecastd", "bin/timecast", "bin/timecast-sim", "lib/systemd/system/timecastd.service",
         "lib/sysusers.d/timecast.conf", "share/man/man8/timecastd.8", "share/man/man1/timecast.1",
         "share/man/man1/timecast-sim.1"]


def main(build):
    failed = 0
    with tempfile.TemporaryDirectory(prefix="timecast-installed-") as root:
        subprocess.run(["meson", "install", "--no-rebuild", "--quiet", "-C", build], check=True,
                       env=dict(os.environ, DESTDIR=root), stdout=subprocess.DEVNULL)
        prefix = os.path.join(root, "usr/local")
        for name in FILES:
            if not os.path.isfile(os.path.join(prefix, name)):
                print("not installed: %s" % name)
                failed = 1
        for program in FILES[:3]:
            done = subprocess.run([os.path.join(prefix, program), "--version"],
                                  stdout=subprocess.PIPE, text=True, check=False)
            if done.returncode or "0." not in done.stdout:
                print("%s --version: status %d, %r" % (program, done.returncode, done.stdout))
                failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
