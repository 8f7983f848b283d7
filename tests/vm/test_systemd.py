#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Installed as the README says, under a systemd that runs: the unit's rights are enough, and no more.

The guest's first program is Debian's systemd; `meson install` has put timecastd, its unit and its
user into it. On the LAN is a server. That the kernel's clock is stepped and steered shows that the
unit's and the daemon's own lists of system calls together leave what is needed.
"""
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../net"))

import guest  # noqa: E402
from lab import Cases, enter, until  # noqa: E402
from typed import KEYS, SERVER, key_lines, roles  # noqa: E402

MS = 10**6
S = 10**9
WRONG = -5 * S
# An emulated clock and network: as in test_vm.py.
FOLLOWS = 2 * MS
KEY = KEYS["hmac-sha256"]
FOLLOW = ["system-view", *key_lines(KEY, trusted=True),
          *roles("ntp multicast-client")]
CAP_NET_BIND_SERVICE, CAP_SYS_TIME = 1 << 10, 1 << 25


class Trial:
    def __init__(self, lab):
        self.cases = Cases(lab)
        self.lan = lab.lan()
        self.server = lab.host("server").plug(self.lan, 1)
        self.guest = guest.Guest(lab, self.lan, 2, lab.truth.now() + WRONG, systemd=True)

    def error(self):
        reading = self.lan.read(self.guest.address)
        return reading.offset_ns if reading else None

    def near(self):
        error = self.error()
        return error is not None and abs(error) < FOLLOWS

    def status(self):
        """What the kernel says of the daemon, by name."""
        text = self.guest.must("cat /proc/$(systemctl show -p MainPID --value timecastd)/status")
        return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)

    def explain(self):
        return "%s\n%s" % (self.error(), self.guest.daemon_log())

    # ---- the README's lines ----

    def installed(self):
        check, g = self.cases.check, self.guest
        status, output = g.run("systemd-sysusers && systemctl daemon-reload && "
                               "systemctl enable --now timecastd")
        check("the README's line works", status == 0, output)
        g.wait_control()
        status, output = g.run("systemctl is-enabled timecastd; systemctl is-active timecastd")
        check("it is enabled and active", output.split() == ["enabled", "active"], output)

    def confined(self):
        check, g = self.cases.check, self.guest
        words = self.status()
        uid = g.must("id -u timecast").strip()
        check("it runs as timecast", words["Uid"].split() == [uid] * 4 != ["0"] * 4, words["Uid"])
        wanted = CAP_NET_BIND_SERVICE | CAP_SYS_TIME
        check("with two capabilities, and none to gain",
              int(words["CapEff"], 16) == int(words["CapBnd"], 16) == wanted
              and int(words["CapAmb"], 16) == 0 and words["NoNewPrivs"] == "1", words)
        check("under the unit's list of system calls and its own",
              words["Seccomp"] == "2" and int(words["Seccomp_filters"]) > 1, words)
        files = g.must("stat -c '%U %a %n' /var/lib/timecast /var/lib/timecast/* /run/timecast/*")
        check("its state is its own, its socket its group's", all(
            line.split()[0] == "timecast" and line.split()[1] in ("700", "600", "660")
            for line in files.splitlines()), files)
        for person, word in (("stranger", "ask to be put into the group timecast"), ("engineer", "clock status")):
            g.run("systemctl start look@" + person)
            output = g.must("cat /tmp/look.%s; systemctl show -p Result look@%s" % (person, person))
            check("%s at the terminal: %s" % (person, word), word in output, output)
        output = g.must("systemd-analyze --no-pager security timecastd.service")
        check("systemd calls its exposure what docs/security.md says",
              re.search(r"exposure level for timecastd.service: 2\.0 OK", output), output[-300:])

    # ---- its work ----

    def follows(self):
        check, g = self.cases.check, self.guest
        self.server.start(clock="offset=0")
        self.server.type(*SERVER, *key_lines(KEY), *roles(
            "ntp multicast-server authentication-keyid %d minpoll 0" % KEY.ident))
        check("the guest begins seconds wrong", abs(self.error()) > S, self.error())
        g.type(*FOLLOW, "return", "save", "y")
        since = time.monotonic()
        check("the kernel's clock is stepped", until(self.near, 30, 0.2), self.explain())
        self.cases.note("after %.1f s" % (time.monotonic() - since))
        check("and called good", until(lambda: not g.kernel_clock()["unsync"], 10),
              g.kernel_clock())
        notices = g.must("journalctl -q -o cat -p notice -u timecastd")
        check("the journal has it at its priority",
              "note=STEPPED" in notices and "note=ASSOCIATION_NEW" not in notices, notices)

    def survives(self):
        check, g = self.cases.check, self.guest
        before = self.status()["Pid"]
        g.must("kill -9 %s" % before)
        check("killed, it is back",
              until(lambda: g.run("systemctl is-active timecastd")[1] == "active"
                    and self.status()["Pid"] not in (before, "0"), 15, 0.3), self.guest.daemon_log())
        g.wait_control()
        check("with its configuration, its keys and its server", until(
            lambda: "clock status: synchronized" in g.type("display ntp status"), 30, 0.3),
              g.type("display ntp status", "display ntp sessions"))
        check("and the clock is right soon", until(self.near, 15, 0.3), self.explain())

    def ends(self):
        check, g = self.cases.check, self.guest
        g.must("systemctl stop timecastd")
        output = g.must("systemctl show -p Result -p ExecMainStatus --value timecastd")
        check("stopped, it ends well", output.split() == ["success", "0"], output)
        check("and its socket is gone", g.run("[ -e /run/timecast ]")[0] == 1)
        check("its state stays", g.run("[ -s /var/lib/timecast/startup.cfg ]")[0] == 0)


def main(lab):
    return guest.run_trial(lab, Trial, ("installed", "confined", "follows", "survives", "ends"))


if __name__ == "__main__":
    sys.exit(enter(main))
