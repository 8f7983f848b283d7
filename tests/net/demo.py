#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""make demo: real NTP multicast on real sockets pulls wrong clocks onto one time, in 90 seconds.

Six daemons in network namespaces: a server and five clients. Their clocks are virtual, wrong on
purpose, and read from outside. The last line says whether everything promised happened.
"""
import sys
import time

import wire
from lab import enter

LIMIT_S = 80
LATE_S = 12
GOOD_NS = 1_000_000
STEADY = 4  # readings in a row

G4, G6 = "224.0.1.1", "ff0e::101"
CMAC = wire.Key(1, "aes-128-cmac", "one-time-for-all")
HMAC = wire.Key(2, "hmac-sha256", "a-longer-password-for-the-sixth-version")
WRONG = wire.Key(1, "aes-128-cmac", "sixteen-others!!")

SERVER_LINES = [
    "system-view", "sysname server", "ntp refclock-master 1", CMAC.line(), HMAC.line(),
    "interface eth 0",
    "ntp multicast-server authentication-keyid 1 minpoll 1",
    "ntp multicast-server ipv6 authentication-keyid 2 minpoll 1",
    "commit"]


def client_lines(name, key, role):
    return ["system-view", "sysname " + name, "ntp authentication enable", key.line(),
            "ntp trusted authentication-keyid %d" % key.ident, "interface eth 0", role, "commit"]


class Client:
    def __init__(self, name, offset_s, drift_ppm, key, family, late=0, good=True):
        self.name = name
        self.offset_s, self.drift_ppm = offset_s, drift_ppm
        self.key, self.family = key, family
        self.late, self.good = late, good
        self.host = self.began = None
        self.error_ns = None
        self.steady = 0

    @property
    def role(self):
        return "ntp multicast-client" + (" ipv6" if self.family == 6 else "")

    def start(self, lab, lan, number):
        self.host = lab.host(self.name).plug(lan, number)
        self.began = time.monotonic()
        self.host.start(clock="offset=%g,drift=%g" % (self.offset_s, self.drift_ppm))
        self.host.type(*client_lines(self.name, self.key, self.role))

    def untouched_ns(self):
        """What the clock would show if nobody ever corrected it."""
        return (self.offset_s + self.drift_ppm * 1e-6 * (time.monotonic() - self.began)) * 1e9

    def look(self):
        self.error_ns = self.host.read(tries=3, family=self.family)
        if self.error_ns is None:
            ok = False
        elif self.good:
            ok = abs(self.error_ns) < GOOD_NS
        else:
            ok = abs(self.error_ns - self.untouched_ns()) < GOOD_NS
        self.steady = self.steady + 1 if ok else 0

    def word(self):
        status = self.host.show("display ntp status")
        for line in status.splitlines():
            if "clock status:" in line:
                return line.split(":", 1)[1].strip()
        return "?"


CLIENTS = [
    Client("desk", 3.0, 50, CMAC, 4),
    Client("camera", -0.25, -20, CMAC, 4),
    Client("six", -3.0, -50, HMAC, 6),
    Client("late", 1.5, 30, CMAC, 4, late=LATE_S),
    Client("wrong-key", -2.0, 40, WRONG, 4, good=False),
]


def error_text(ns):
    if ns is None:
        return "no answer"
    if abs(ns) >= 10**8:
        return "%+.3f s" % (ns / 1e9)
    if abs(ns) >= 10**6:
        return "%+.3f ms" % (ns / 1e6)
    return "%+.1f us" % (ns / 1e3)


def table(since, running):
    rows = ["%4.0f s  %-10s %-10s %-4s %-16s %14s  %s" % (
        since, "host", "group", "key", "state", "off the truth", "expected")]
    for c in CLIENTS:
        group = G6 if c.family == 6 else G4
        wish = "within 1 ms" if c.good else "stays wrong"
        if c in running:
            rows.append("        %-10s %-10s %4d %-16s %14s  %s%s" % (
                c.name, group, c.key.ident, c.word(), error_text(c.error_ns), wish,
                " - yes" if c.steady >= STEADY else ""))
        else:
            rows.append("        %-10s %-10s %4d %-16s %14s  %s" % (
                c.name, group, c.key.ident, "joins at %d s" % c.late,
                "%+.3f s" % c.offset_s, wish))
    return rows


def show(rows, again):
    if sys.stdout.isatty() and again:
        sys.stdout.write("\033[%dA" % len(rows))
    end = "\033[K\n" if sys.stdout.isatty() else "\n"
    sys.stdout.write("".join(row + end for row in rows))
    sys.stdout.flush()


def macs(capture):
    """(IPv4 packets with the right MAC, IPv6 ones, others) of what servers multicast."""
    four = six = other = 0
    for frame in capture.mode(5):
        if frame.to == G4 and CMAC.signed(frame.payload):
            four += 1
        elif frame.to == G6 and HMAC.signed(frame.payload):
            six += 1
        else:
            other += 1
    return four, six, other


def watch(lab, lan, begin):
    running = [c for c in CLIENTS if not c.late]
    again = False
    shown = -10
    while True:
        since = time.monotonic() - begin
        for number, c in enumerate(CLIENTS, 2):
            if c not in running and since >= c.late:
                c.start(lab, lan, number)
                running.append(c)
        for c in running:
            c.look()
        done = since > LIMIT_S or (
            len(running) == len(CLIENTS) and all(c.steady >= STEADY for c in CLIENTS))
        # A terminal shows every second in place; a log every fifth.
        if done or sys.stdout.isatty() or since >= shown + 5:
            show(table(since, running), again)
            shown = since
            again = True
        if done:
            return
        time.sleep(max(0.0, 1 - (time.monotonic() - begin - since)))


def main(lab):
    print("A server, five clients with wrong clocks, one LAN. What the server was told:")
    print("".join("    %s\n" % line for line in SERVER_LINES), end="")
    print("and client desk:")
    print("".join("    %s\n" % line for line in client_lines(
        "desk", CMAC, CLIENTS[0].role)), flush=True)
    begin = time.monotonic()
    lan = lab.lan()
    capture = lan.capture()
    for number, c in enumerate(CLIENTS, 2):
        if not c.late:
            c.start(lab, lan, number)
    server = lab.host("server").plug(lan, 1).start()
    server.type(*SERVER_LINES)
    watch(lab, lan, begin)

    four, six, other = macs(capture)
    problems = ["%s: %s" % (c.name, error_text(c.error_ns)) for c in CLIENTS if c.steady < STEADY]
    print("\non the wire: %d packets to %s signed by aes-128-cmac, %d to %s by hmac-sha256, "
          "%d others" % (four, G4, six, G6, other))
    if not four or not six or other:
        problems.append("multicast packets without the right MAC")
    if problems:
        print("demo FAILED: " + "; ".join(problems))
        for host in lab.hosts:
            print("--- log of %s\n%s" % (host.name, host.log_end()))
        print("demo FAILED: " + "; ".join(problems))
        return 1
    worst = max(abs(c.error_ns) for c in CLIENTS if c.good)
    print("demo ok: four clients within 1 ms of the truth (worst %.1f us), MACs verified, "
          "the wrong key stayed out, %.0f s" % (worst / 1e3, time.monotonic() - begin))
    return 0


if __name__ == "__main__":
    sys.exit(enter(main))
