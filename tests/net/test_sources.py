#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Servers that die, come, never answer, lie about the past, or are somebody else's program."""
import os
import re
import shutil
import signal
import socket
import sys
import threading
import time

import typed
import wire
from lab import PEERS, Cases, enter, until
from typed import KEYS, SERVER, key_lines, near, roles, sources, synchronised

CHRONYD = shutil.which("chronyd") or os.path.join(PEERS, "chrony/usr/sbin/chronyd")


def explain(host):
    return typed.explain(host, "display ntp sessions verbose")


class Beacon(threading.Thread):
    """Multicasts true, signed packets from the observer's address, and answers no question."""

    def __init__(self, lab, lan, group, key, interval=1.0):
        super().__init__(daemon=True)
        self.truth, self.group, self.key, self.interval = lab.truth, group, key, interval
        self.done = threading.Event()
        self.sent = []
        with lan:
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.socket.bind((lan.v4 + ".254", 123))
            self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                                   socket.inet_aton(lan.v4 + ".254"))
        if interval:
            self.start()

    def packet(self):
        now = wire.ntp_from_ns(self.truth.now())
        octets = wire.Packet(version=4, mode=5, stratum=1, poll=0, precision=-20,
                             refid=int.from_bytes(b"TEST", "big"), root_dispersion=4,
                             reference=now - (1 << 32), transmit=now).bytes()
        return octets + self.key.mac(octets)

    def run(self):
        while not self.done.is_set():
            self.send(self.packet())
            self.done.wait(self.interval)

    def send(self, octets):
        self.socket.sendto(octets, (self.group, 123))
        self.sent.append(octets)

    def stop(self):
        self.done.set()
        if self.is_alive():
            self.join()
        self.socket.close()


def succession(cases, lab, lan):
    """One of two servers dies, then the other; a third is followed without a restart."""
    servers = {}
    for name, number in (("first", 1), ("second", 2)):
        servers[name] = lab.host(name).plug(lan, number).start()
        servers[name].type(*SERVER, *roles("ntp multicast-server minpoll 0"))
    client = lab.host("client").plug(lan, 3).start(clock="offset=1.5,drift=30")
    client.type("system-view", *roles("ntp multicast-client"))
    cases.check("two servers on one group are followed together",
                until(lambda: len(sources(client)) == 2 and near(client), 15, 0.5),
                explain(client))
    servers["first"].stop(signal.SIGKILL)
    bad = []
    for _ in range(12):
        time.sleep(0.5)
        off = client.read()
        if off is None or abs(off) > 1_000_000:
            bad.append(off)
    cases.check("one dies: the other carries on within 1 ms", not bad and synchronised(client),
                "%s\n%s" % (bad, explain(client)))
    servers["second"].stop(signal.SIGKILL)
    cases.check("both dead: the associations end",
                until(lambda: not sources(client), 30, 0.5), explain(client))
    third = lab.host("third").plug(lan, 4).start()
    third.type(*SERVER, *roles("ntp multicast-server minpoll 0"))
    cases.check("a new server is followed without a restart",
                until(lambda: sources(client) == ["10.77.1.4"] and near(client), 15, 0.5),
                explain(client))
    cases.check("events tell the story", "10.77.1.1" in client.show("display ntp event"),
                client.show("display ntp event"))


def one_way(cases, lab, lan):
    """Nobody answers the volley."""
    key = KEYS["aes-128-cmac"]
    beacon = Beacon(lab, lan, "239.5.0.1", key)
    lines = ["system-view"] + key_lines(key, trusted=True)
    told = lab.host("told").plug(lan, 5).start(clock="offset=-0.5")
    told.type(*lines, "ntp multicast-delay 60", *roles("ntp multicast-client 239.5.0.1"))
    plain = lab.host("plain").plug(lan, 6).start(clock="offset=0.7")
    plain.type(*lines, *roles("ntp multicast-client 239.5.0.1"))
    strict = lab.host("strict").plug(lan, 7).start(clock="offset=0.7")
    strict.type(*lines, "ntp multicast-volley required", *roles("ntp multicast-client 239.5.0.1"))
    never = lab.host("never").plug(lan, 8).start(clock="offset=-0.7")
    never.type(*lines, "ntp multicast-volley never", "ntp multicast-delay 60",
               *roles("ntp multicast-client 239.5.0.1"))
    capture = lan.capture()
    cases.check("a delay given by hand: within 1 ms without a single answer",
                until(lambda: near(told), 20, 0.5), explain(told))
    cases.check("the state is degraded, and shown", "degraded" in told.show(
        "display ntp sessions"), told.show("display ntp sessions"))
    cases.check("without one a default stands in: within 10 ms",
                until(lambda: near(plain, 10_000_000), 20, 0.5), explain(plain))
    m = re.search(r"root dispersion: *([\d.]+)", plain.show("display ntp status"))
    off = plain.read()
    cases.check("and its dispersion admits the error", m and off is not None and
                float(m[1]) * 1e6 >= abs(off), "%s ms, off by %s ns" % (m and m[1], off))
    cases.check("`multicast-volley never` asks nothing and follows",
                until(lambda: near(never), 10, 0.5)
                and not capture.mode(3, source=never.addresses[0][1]), explain(never))
    off = strict.read()
    cases.check("`multicast-volley required` does not believe it",
                off is not None and abs(off - 700_000_000) < 2_000_000
                and not synchronised(strict), explain(strict))
    beacon.stop()
    replayed(cases, lab, lan, told, lines, beacon)


def replayed(cases, lab, lan, host, lines, beacon):
    """Old packets, rightly signed: time only moves forward, also across a restart."""
    old = beacon.sent[1:8]
    host.stop()
    host.start(clock="offset=-0.5")
    host.type(*lines, "ntp multicast-delay 60", *roles("ntp multicast-client 239.5.0.1"))
    replay = Beacon(lab, lan, "239.5.0.1", beacon.key, interval=None)
    first = host.read()
    for octets in old:
        replay.send(octets)
        time.sleep(0.7)
    off = host.read()
    cases.check("a replay of old signed packets moves no clock, even after a restart",
                off is not None and abs(off - first) < 1_000_000,
                "%s then %s\n%s" % (first, off, explain(host)))
    replay.stop()


def chrony(cases, lab, lan):
    """chronyd of Debian broadcasts to a group; our client follows it."""
    if not cases.check("chronyd is unpacked (tools/fetch-peers.sh)", os.path.exists(CHRONYD)):
        return
    host = lab.host("chrony").plug(lan, 11)
    host.ip("route add 224.0.0.0/4 dev eth0")
    conf = os.path.join(host.folder, "chrony.conf")
    with open(conf, "w", encoding="ascii") as f:
        f.write("local stratum 3\nallow\ncmdport 0\nbindcmdaddress /\npidfile %s/pid\n"
                "broadcast 1 239.5.0.2 123\n" % host.folder)
    log = open(host.log_path, "wb")
    lab.spawn(host, ["setpriv", "--bounding-set", "-sys_time", "--inh-caps", "-sys_time",
                     CHRONYD, "-u", "root", "-x", "-d", "-U", "-f", conf],
              stdout=log, stderr=log)
    log.close()
    client = lab.host("guest").plug(lan, 12).start(clock="offset=-0.9,drift=40")
    client.type("system-view", *roles("ntp multicast-client 239.5.0.2"))

    def follows():
        # chronyd serves this machine's real-time clock: it is the ruler here.
        ruler, mine = lan.read("10.77.1.11"), client.read()
        return ruler and mine is not None and abs(mine - ruler.offset_ns) < 1_000_000 \
            and synchronised(client)
    cases.check("chronyd's broadcast to a group is followed, within 1 ms",
                until(follows, 20, 0.5), explain(client) + host.log_end())
    cases.check("its address is the session's source", sources(client) == ["10.77.1.11"],
                str(sources(client)))


def main(lab):
    cases = Cases(lab)
    lan = lab.lan()
    cases.group("chrony", lambda: chrony(cases, lab, lan))
    cases.group("one way", lambda: one_way(cases, lab, lan))
    cases.group("succession", lambda: succession(cases, lab, lan))
    return cases.end()


if __name__ == "__main__":
    sys.exit(enter(main))
