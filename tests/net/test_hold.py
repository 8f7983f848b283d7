#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A clock 30 ppm wrong, held at a 16 s interval; and what daemons cost while nothing happens."""
import sys
import time

from lab import Cases, enter
from typed import SERVER, roles, status_word, synchronised

GROUP = "224.0.1.1"
SETTLED_S = 70
END_S = 135
HELD_NS = 100_000
IDLE_S = 50
RSS_KB = 8192


def hold(cases, client, began):
    while time.monotonic() - began < SETTLED_S:
        time.sleep(0.5)
    readings = []
    while time.monotonic() - began < END_S:
        readings.append(client.read(tries=4))
        time.sleep(1)
    missing = readings.count(None)
    known = [abs(r) for r in readings if r is not None]
    worst = max(known) if known else None
    rms = (sum(r * r for r in known) / len(known)) ** 0.5 if known else None
    cases.note("from %d to %d s: worst %s ns, rms %.0f ns, %d readings" % (
        SETTLED_S, END_S, worst, rms or 0, len(known)))
    cases.check("a drift of 30 ppm is held under 100 us at a 16 s interval",
                known and not missing and worst < HELD_NS, "%s\n%s" % (
                    readings, client.show("display ntp sessions verbose")))
    cases.check("and it says that it is synchronised", synchronised(client), status_word(client))


def idle(cases, hosts):
    """Wake-ups of all threads while nobody asks them anything."""
    before = {name: host.wakeups() for name, (host, _) in hosts.items()}
    time.sleep(IDLE_S)
    for name, (host, most) in hosts.items():
        count = host.wakeups() - before[name]
        rss = host.memory()["VmRSS"]
        cases.note("%s: %d wake-ups in %d s, %d kB resident" % (name, count, IDLE_S, rss))
        cases.check("%s: at most %d wake-ups in %d s" % (name, most, IDLE_S), count <= most,
                    "%d" % count)
        cases.check("%s: resident memory under 8 MB" % name, rss < RSS_KB, "%d kB" % rss)


def main(lab):
    cases = Cases(lab)
    lan, quiet = lab.lan("lan"), lab.lan("quiet")
    client = lab.host("client").plug(lan, 2).start(clock="offset=-0.02,drift=30")
    client.type("system-view", *roles("ntp multicast-client"))
    server = lab.host("server").plug(lan, 1).start()
    server.type(*SERVER, *roles("ntp multicast-server minpoll 4"))
    began = time.monotonic()

    bare = lab.host("bare").plug(quiet, 1).start()
    alone = lab.host("alone").plug(quiet, 2).start()
    alone.type("system-view", *roles("ntp multicast-client 239.6.0.1"))
    sender = lab.host("sender").plug(quiet, 3).start()
    sender.type(*SERVER, *roles("ntp multicast-server 239.6.0.2"))
    time.sleep(5)
    # A packet every 64 s wakes a server for the deadline, the send and its stamp.
    cases.group("idle", lambda: idle(cases, {
        "nothing configured": (bare, 5), "a client that hears nothing": (alone, 5),
        "a server, one group, every 64 s": (sender, 8)}))
    cases.group("hold", lambda: hold(cases, client, began))
    rss = client.memory()["VmRSS"]
    cases.check("a client at work: resident memory under 8 MB", rss < RSS_KB, "%d kB" % rss)
    return cases.end()


if __name__ == "__main__":
    sys.exit(enter(main))
