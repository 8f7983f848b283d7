#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Who may configure and who may only look: real users and groups at a real control socket.

Other users need more than one user id: root has them; anybody else needs a range in /etc/subuid.
Where there is none the rule is still tested, as a table, in tests/unit/test_dialogue.c.
"""
import os
import re
import subprocess
import sys
import tempfile
import time

from lab import Cases

CONFIGURE, LOOK, ORDINARY = 5101, 5102, 5103
SPACES = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
RANGES = ["--user", "--map-root-user", "--map-auto"]


def ways():
    return [SPACES] if os.geteuid() == 0 else [RANGES + SPACES]


def outside():
    for spaces in ways():
        if subprocess.run(["unshare"] + spaces + ["true"], stderr=subprocess.DEVNULL).returncode == 0:
            return subprocess.call(["unshare"] + spaces + [sys.executable] + sys.argv + ["--inside"])
    print("1..0 # SKIP one user id is all there is here: see tests/unit/test_dialogue.c")
    return 77


class Place:
    def __init__(self, build, home):
        self.build, self.home = build, home
        self.socket = home + "/run/control"
        self.daemon = None

    def groups(self, *lines):
        """The groups of this machine, as everybody in here sees them."""
        with open(self.home + "/group", "w", encoding="ascii") as f:
            f.write("root:x:0:\n" + "".join(line + "\n" for line in lines))
        subprocess.run(["umount", "/etc/group"], stderr=subprocess.DEVNULL)
        subprocess.run(["mount", "--bind", self.home + "/group", "/etc/group"], check=True)

    def start(self):
        self.daemon = subprocess.Popen(
            [self.build + "/timecastd", "--state", self.home + "/state", "--control", self.socket,
             "--clock", "virtual:offset=0"], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while self.ask(0, 0, [], "display clock")[0] and time.monotonic() < deadline:
            time.sleep(0.02)

    def stop(self):
        self.daemon.terminate()
        return self.daemon.wait(10)

    def ask(self, uid, gid, groups, *lines):
        """What a user of these groups gets: (status, all that is printed)."""
        words = ["setpriv", "--reuid=%d" % uid, "--regid=%d" % gid]
        words += ["--groups=" + ",".join(map(str, groups))] if groups else ["--clear-groups"]
        words += [self.build + "/timecast", "--control", self.socket, "-"]
        done = subprocess.run(words, input="\n".join(lines) + "\n", stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=20)
        return done.returncode, done.stdout


EDIT = ("system-view", "sysname by-visitor", "commit")


def edited(place):
    changed = "by-visitor" in place.ask(0, 0, [], "display current-configuration")[1]
    if changed:
        place.ask(0, 0, [], "system-view", "undo sysname", "commit")
    return changed


def both_groups(cases, place):
    place.groups("timecast:x:%d:" % CONFIGURE, "timecast-look:x:%d:" % LOOK)
    place.start()
    mode = os.stat(place.socket)
    cases.check("with a group for looking everybody reaches the socket, which is its group's",
                mode.st_mode & 0o777 == 0o666 and mode.st_gid == CONFIGURE, mode)
    status, out = place.ask(3001, ORDINARY, [CONFIGURE], *EDIT)
    cases.check("a member of timecast by a supplementary group configures",
                status == 0 and edited(place), out)
    status, out = place.ask(3001, CONFIGURE, [], *EDIT)
    cases.check("and by the primary one", status == 0 and edited(place), out)
    status, out = place.ask(3002, ORDINARY, [LOOK], "display ntp status")
    cases.check("a member of timecast-look looks", status == 0 and "clock status" in out, out)
    status, out = place.ask(3002, ORDINARY, [LOOK], *EDIT)
    cases.check("but may not configure", status == 1 and "Error" in out and not edited(place), out)
    for line in ("save", "reset ntp statistics packet", "install feature-software WEAKEA"):
        status, out = place.ask(3002, ORDINARY, [LOOK], line)
        cases.check("nor \"%s\"" % line, status == 1 and "Error" in out, out)
    status, out = place.ask(3003, ORDINARY, [], "display ntp status")
    cases.check("who is in neither is told so", status == 1 and "timecast-look" in out and
                "clock status" not in out, out)
    status, out = place.ask(0, 0, [], "display ntp status")
    cases.check("root is in none and may all", status == 0, out)
    cases.check("it ends in order", place.stop() == 0)


# Connects as often as it can, says nothing, and comes again when it is turned away.
MUTE = """
import socket, sys, time
held, end = [], time.monotonic() + 8
print("ready", flush=True)
while time.monotonic() < end:
    while len(held) < 64:
        held.append(socket.socket(socket.AF_UNIX))
        try:
            held[-1].connect(sys.argv[1])
            held[-1].setblocking(False)
        except OSError:
            held.pop()
            break
    for s in held[:]:
        try:
            if not s.recv(200):
                held.remove(s)
        except BlockingIOError:
            pass
        except OSError:
            held.remove(s)
    time.sleep(0.05)
"""


def mute(cases, place):
    """Who says nothing holds a place; those who may configure keep theirs."""
    place.groups("timecast:x:%d:" % CONFIGURE, "timecast-look:x:%d:" % LOOK)
    place.start()
    for name, groups in (("who may only look", [LOOK]), ("strangers", [])):
        words = ["setpriv", "--reuid=3004", "--regid=%d" % ORDINARY]
        words += ["--groups=%d" % LOOK] if groups else ["--clear-groups"]
        crowd = subprocess.Popen(words + [sys.executable, "-c", MUTE, place.socket],
                                 stdout=subprocess.PIPE)
        crowd.stdout.readline()
        time.sleep(0.5)
        got = [place.ask(0, 0, [], "display clock")[0] for _ in range(10)]
        cases.check("root gets in although %s hold what they can" % name, got == 10 * [0], got)
        crowd.wait(20)
    status, out = place.ask(3002, ORDINARY, [LOOK], "display clock")
    cases.check("their places are free when they leave", status == 0, out)
    cases.check("it ends in order", place.stop() == 0)


def one_group(cases, place):
    place.groups("timecast:x:%d:" % CONFIGURE)
    place.start()
    mode = os.stat(place.socket).st_mode & 0o777
    cases.check("without that group the socket is closed to others", mode == 0o660, oct(mode))
    status, out = place.ask(3003, ORDINARY, [], "display ntp status")
    cases.check("and they are told which group to join", status == 1 and
                re.search(r"may not open .*group timecast", out), out)
    os.chmod(place.socket, 0o666)
    status, out = place.ask(3003, ORDINARY, [], "display ntp status")
    cases.check("who opens it to all lets all look", status == 0 and "clock status" in out, out)
    status, out = place.ask(3003, ORDINARY, [], *EDIT)
    cases.check("and nobody configure", status == 1 and not edited(place), out)
    cases.check("it ends in order", place.stop() == 0)


def main():
    if "--inside" not in sys.argv:
        return outside()
    build = os.path.abspath(sys.argv[sys.argv.index("--build") + 1])
    cases = Cases()
    with tempfile.TemporaryDirectory(prefix="timecast-levels-") as home:
        os.chmod(home, 0o755)
        place = Place(build, home)
        for body in (both_groups, mute, one_group):
            cases.group(body.__name__, lambda body=body: body(cases, place))
        subprocess.run(["umount", "/etc/group"], stderr=subprocess.DEVNULL)
    return cases.end()


if __name__ == "__main__":
    sys.exit(main())
