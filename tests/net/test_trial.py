#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A configuration on trial never outlives the daemon: SIGKILL at any moment of one, then a restart."""
import os
import random
import re
import signal
import subprocess
import sys
import time

from lab import Cases, enter
from typist import Line

ROUNDS = 12
SAFE, RISKY = "ntp multicast-client 239.6.0.1", "ntp multicast-client 239.6.0.2"


def shown(host):
    return host.show("display current-configuration")


def restart(host):
    host.daemon.send_signal(signal.SIGKILL)
    host.daemon.wait()
    host.lab.children.remove(host.daemon)
    host.daemon = None
    host.start()


def is_safe(host):
    text = shown(host)
    return SAFE in text and RISKY not in text


def killed(cases, host):
    with_trial = host.cli("system-view", "interface eth0", RISKY, "commit trial 600 label risky")[1]
    cases.check("a trial says that it is one, and for how long",
                "enters the trial" in with_trial and "600" in with_trial, with_trial)
    cases.check("what is on trial runs", RISKY in shown(host))
    status = host.cli("save", "y")[1]
    cases.check("but cannot be saved", "trial" in status and "Error" in status, status)
    restart(host)
    cases.check("after SIGKILL and a restart it is gone", is_safe(host), shown(host))
    status = host.show("display configuration trial status")
    cases.check("and the trial with it", "INACTIVE" in status, status)
    listed = host.show("display configuration commit list")
    cases.check("history still has its point and label", "risky" in listed, listed)
    out = host.type("rollback configuration to label risky", "y")
    cases.check("from where it can be had again", "succeeded" in out and RISKY in shown(host), out)
    host.type("rollback configuration last 1", "y")
    cases.check("and put back", is_safe(host), shown(host))


def at_any_moment(cases, host):
    """The saved configuration, or nothing but it: never what was tried."""
    seed = int(os.environ.get("TIMECAST_SEED") or random.randrange(10**6))
    rng = random.Random(seed)
    bad = []
    for turn in range(ROUNDS):
        typist = subprocess.Popen(
            host.command([host.lab.timecast, "--control", host.socket, "-"]),
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
        typist.stdin.write("system-view\ninterface eth0\n%s\ncommit trial 60 persist p\n" % RISKY)
        typist.stdin.write("abort trial persist p\ny\n" if turn % 2 else "")
        typist.stdin.close()
        time.sleep(rng.uniform(0, 0.05))
        restart(host)
        typist.wait()
        if not is_safe(host) or "INACTIVE" not in host.show("display configuration trial status"):
            bad.append("round %d: %s" % (turn, shown(host)))
    cases.check("%d kills around a trial: what was saved runs (seed %d)" % (ROUNDS, seed), not bad,
                "\n".join(bad))


def runs_out(cases, host):
    """The shortest one is a minute; it is watched from its own session and from another."""
    mine, other = Line(host.socket), Line(host.socket)
    for line in ("system-view", "interface eth0", RISKY, "commit trial 60 persist later"):
        mine.type(line)
    for line in ("system-view", "sysname other"):
        other.type(line)
    out = other.type("commit")
    cases.check("meanwhile others cannot commit", other.failed and "trial" in out, out)
    out = other.type("display configuration trial status")
    left = re.search(r"left \(sec\): (\d+)", out)
    cases.check("and see how long it lasts", left and 50 <= int(left[1]) <= 60, out)
    mine.close()
    time.sleep(62)
    cases.check("nobody confirmed: it is undone, its session gone or not", is_safe(host),
                shown(host))
    out = other.type("commit")
    cases.check("and others commit again", not other.failed and "sysname other" in shown(host), out)
    other.close()
    out = host.type("system-view", "interface eth0", RISKY, "commit trial 60 persist again")
    out += host.type("system-view", "commit persist again")
    restart(host)
    cases.check("confirmed by its name, but not saved: the restart has what was saved",
                is_safe(host), out)


def damage_way_back(host):
    """A trial whose point to go back to is damaged on the disk meanwhile."""
    host.type("system-view", "sysname before", "commit", "sysname tried",
              "commit trial 60 persist stuck")
    path = sorted(f for f in os.listdir(host.state) if f.startswith("point."))[-2]
    with open(os.path.join(host.state, path), "ab") as f:
        f.write(b"more\n")


def cannot_be_undone(cases, host):
    """Its time is over, and the undo has been tried again, 30 s later."""
    time.sleep(32)
    lines = [line for line in host.log().splitlines() if "a trial whose time is over" in line]
    cases.check("why a trial cannot be undone is said, once", len(lines) == 1 and
                "its configuration is damaged" in lines[0], host.log())
    host.type("system-view", "commit persist stuck")
    host.type("display clock")
    cases.check("and that it is over", "no trial runs beyond its time" in host.log(), host.log())


def main(lab):
    cases = Cases(lab)
    lan = lab.lan()
    host = lab.host("host").plug(lan, 1).start()
    stuck = lab.host("stuck").plug(lan, 2).start()
    host.type("system-view", "interface eth0", SAFE, "commit", "return", "save", "y")
    for body in (killed, at_any_moment):
        cases.group(body.__name__, lambda body=body: body(cases, host))
    damage_way_back(stuck)
    for body, where in ((runs_out, host), (cannot_be_undone, stuck)):
        cases.group(body.__name__, lambda body=body, where=where: body(cases, where))
    return cases.end()


if __name__ == "__main__":
    sys.exit(enter(main))
