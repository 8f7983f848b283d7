#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""make demo-manycast: five hosts find their servers across real routers; one server dies.

lan1 - R1 - lan2 - R2 - lan3, a server on each. Nobody is told an address: every client asks its own
link first and widens by one router at a time. Clocks are virtual, wrong on purpose, and read from
outside. The last line says whether everything promised happened.
"""
import re
import signal
import sys
import time

import wire
from demo import GOOD_NS, error_text, show
from lab import enter

LIMIT_S = 85
STEADY = 3  # readings in a row
GROUP = "239.8.0.1"
KEY = wire.Key(7, "aes-128-cmac", "ask-your-own-lan")
SERVERS = {"near": 0, "middle": 1, "far": 2}  # on which LAN

KEY_LINES = ["ntp authentication enable", KEY.line(),
             "ntp trusted authentication-keyid %d" % KEY.ident]
SERVER_LINES = ["system-view", "ntp refclock-master 1"] + KEY_LINES + [
    "interface eth 0", "ntp manycast-server " + GROUP, "commit"]
CLIENT_LINES = ["system-view"] + KEY_LINES + [
    "interface eth 0", "ntp manycast-client %s authentication-keyid %d" % (GROUP, KEY.ident),
    "commit"]


class Client:
    def __init__(self, name, place, offset_s, drift_ppm):
        self.name, self.place = name, place
        self.offset_s, self.drift_ppm = offset_s, drift_ppm
        self.host = self.error_ns = None
        self.follows = self.state = "?"
        self.steady = 0

    def start(self, lab, chain, number):
        self.host = chain.plug(lab.host(self.name), self.place, number)
        self.host.start(clock="offset=%g,drift=%g" % (self.offset_s, self.drift_ppm))
        self.host.type(*CLIENT_LINES)

    def look(self, names, wish):
        shown = self.host.show("display ntp sessions") + self.host.show("display ntp status")
        masters = re.findall(r"clock source: (\S+)\n[^\n]*\n clock status: [^\n]*master", shown)
        self.follows = names.get(masters[0], masters[0]) if masters else "-"
        self.state = re.search(r"^ clock status: (\w+)$", shown, re.M)[1]
        self.error_ns = self.host.read(tries=3)
        good = (self.error_ns is not None and abs(self.error_ns) < GOOD_NS and
                self.state == "synchronized" and self.follows == wish)
        self.steady = self.steady + 1 if good else 0


CLIENTS = [
    Client("clock", 0, 2.0, 40),
    Client("phone", 0, -1.0, -30),
    Client("relay", 0, 0.3, 10),
    Client("switch", 1, -3.0, 50),
    Client("camera", 2, 1.0, -20),
]


def table(since, title, wishes):
    rows = ["%4.0f s  %-8s %-5s %-16s %-8s %14s  %s" % (
        since, "host", "on", "state", "follows", "off the truth", title)]
    for c in CLIENTS:
        rows.append("        %-8s lan%d  %-16s %-8s %14s  %s%s" % (
            c.name, c.place + 1, c.state, c.follows, error_text(c.error_ns),
            "follows " + wishes[c.name], ", within 1 ms" if c.steady >= STEADY else ""))
    return rows


def watch(begin, limit, names, title, wishes):
    """Until every client does as wished; False if it takes too long."""
    again, shown = False, -10
    for c in CLIENTS:
        c.steady = 0
    while True:
        for c in CLIENTS:
            c.look(names, wishes[c.name])
        since = time.monotonic() - begin
        done = all(c.steady >= STEADY for c in CLIENTS)
        if done or since > limit or sys.stdout.isatty() or since >= shown + 5:
            show(table(since, title, wishes), again)
            shown, again = since, True
        if done or since > limit:
            return done
        time.sleep(0.5)


def questions(capture, source):
    return [f for f in capture.mode(3, to=GROUP) if f.source == source]


def on_the_wire(captures, killed_at):
    """What the captures contradict."""
    problems = []
    for c in CLIENTS:
        asked = questions(captures[c.place], c.host.addresses[0][1])
        if not asked or asked[0].ttl != 1:
            problems.append("%s did not ask its own link first" % c.name)
        if not all(KEY.signed(f.payload) for f in asked):
            problems.append("%s asked without its key" % c.name)
    leaked = [f for f in captures[1].mode(3, to=GROUP) if f.at < killed_at and any(
        f.source == c.host.addresses[0][1] for c in CLIENTS if c.place == 0)]
    if leaked:
        problems.append("%d questions of lan1 left it although it has a server" % len(leaked))
    return problems


def main(lab):
    print("A server on each of three LANs in a row, five clients. What each client was told:")
    print("".join("    %s\n" % line for line in CLIENT_LINES), flush=True)
    begin = time.monotonic()
    chain = lab.chain(2, [GROUP])
    captures = [lan.capture() for lan in chain.lans]
    servers, names = {}, {}
    for name, place in SERVERS.items():
        servers[name] = chain.plug(lab.host(name), place, 1).start()
        servers[name].type(*SERVER_LINES)
        names[servers[name].addresses[0][1]] = name
    for number, c in enumerate(CLIENTS, 11):
        c.start(lab, chain, number)
    home = {c.name: list(SERVERS)[c.place] for c in CLIENTS}
    problems = []
    if not watch(begin, LIMIT_S / 2, names, "expected", home):
        problems.append("not every client found the nearest server")
    killed_at = time.time_ns()
    servers["near"].stop(signal.SIGKILL)
    print("\nserver near is killed\n")
    moved = {name: "middle" if place == "near" else place for name, place in home.items()}
    if not watch(begin, LIMIT_S, names, "expected", moved):
        problems.append("not every client moved")
    problems += on_the_wire(captures, killed_at)
    asked = [sorted({f.ttl for f in questions(captures[c.place], c.host.addresses[0][1])})
             for c in CLIENTS]
    print("\non the wire: rings asked by %s" % ", ".join(
        "%s %s" % (c.name, "-".join(map(str, (rings[0], rings[-1])))) if rings else c.name
        for c, rings in zip(CLIENTS, asked)))
    if problems:
        for host in lab.hosts:
            print("--- log of %s\n%s" % (host.name, host.log_end()))
        print("demo FAILED: " + "; ".join(problems))
        return 1
    worst = max(abs(c.error_ns) for c in CLIENTS)
    print("demo ok: five clients found the nearest server by themselves, three moved when it died, "
          "all within 1 ms of the truth (worst %.1f us), %.0f s" % (
              worst / 1e3, time.monotonic() - begin))
    return 0


if __name__ == "__main__":
    sys.exit(enter(main))
