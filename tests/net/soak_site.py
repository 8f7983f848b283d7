# SPDX-License-Identifier: BSD-2-Clause
"""The site of soak.py: two LANs and a router, three servers, twelve clients of every kind, bad
cables, and an attacker; a third LAN that only the one who measures uses."""
import json
import os
import socket
import struct
import subprocess
import threading
import time

import wire
from lab import Space, outer_pid

KEY = wire.Key(1, "hmac-sha256", "known-to-all-of-the-site")
CMAC = wire.Key(2, "aes-128-cmac", "one-of-the-wing!")
G4, G6 = "224.0.1.1", "ff0e::101"
MANY4, MANY6 = "239.8.0.1", "ff0e::801"
INNER = "239.9.0.1"  # what the middle stratum multicasts
PROBE4, PROBE6 = "239.3.3.%d", "ff0e::333:%x"  # one for each listener
SERVERS = (("s1", 0, 1), ("s2", 0, 2), ("s3", 1, 3))


class Cable(Space):
    """A bad cable between a host and a LAN: delays in us, to the host `more` of it."""

    def __init__(self, lab, name, delay, more, jitter, loss, duplicates):
        super().__init__(name)
        self.lab = lab
        self.words = [str(x) for x in (delay, more, jitter, loss, duplicates)]

    def between(self, lan, host, number):
        port = lan.attach(self, "eth0", 0, addresses=False)
        self.ip("link add eth1 type veth peer name eth0 netns %s" % host.name)
        self.ip("link set eth1 up")
        host.ip("link set eth0 up")
        lan.address(host, "eth0", number)
        self.lab.spawn(self, [self.lab.badlink, "eth0", "eth1"] + self.words)
        return port


class Probe:
    """How long a packet of 84 octets is on its way, by the kernel's stamps at both ends: to the
    group out of the blue, a question, and an answer right after it. A bridge floods one port after
    the other, and a machine that must wake up first is slower: a group is not as fast as an answer."""

    def __init__(self, server, client, family):
        self.family = socket.AF_INET6 if family == 6 else socket.AF_INET
        index = 2 if family == 6 else 1
        self.server, self.client = (s.host.addresses[0][index] for s in (server, client))
        self.port = 9000 + client.number
        self.group = (PROBE6 if family == 6 else PROBE4) % client.number
        self.there, self.here = (self.open(s.host) for s in (server, client))

    def open(self, host):
        with host:
            index = socket.if_nametoindex("eth0")
            sock = socket.socket(self.family, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, wire.SO_TIMESTAMPING, wire.STAMP_FLAGS)
        sock.bind(("", self.port))
        sock.settimeout(0.1)
        packed = socket.inet_pton(self.family, self.group)
        if self.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 8)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                             packed + struct.pack("@i", index))
        else:
            way = struct.pack("@4s4si", packed, bytes(4), index)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, way)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 8)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, way)
        return sock

    def one(self, from_, ears, to):
        mark = os.urandom(8)
        from_.sendto(mark + bytes(76), (to, self.port))
        sent = wire.sent_stamp(from_)
        while True:
            octets, ancillary, _, _ = ears.recvmsg(1024, 512)
            if octets[:8] == mark:
                return wire.kernel_stamp(ancillary) - sent

    def measure(self):
        """(group, question, answer) in ns, or None when one of them was lost."""
        try:
            group = self.one(self.there, self.here, self.group)
            time.sleep(0.02)
            question = self.one(self.here, self.there, self.server)
            return group, question, self.one(self.there, self.here, self.client)
        except (OSError, TypeError):
            return None


class Station:
    """One host of the site: its daemon over all its lives, and what was seen of it."""

    def __init__(self, name, place, number, clock, role=(), cable=None, listens=None):
        self.name, self.place, self.number = name, place, number
        self.clock, self.role, self.cable = clock, role, cable
        self.symmetric = not cable or not cable[1]
        self.listens, self.probe = listens, None  # (server, family)
        self.host = self.port = self.pid = None
        self.lan = self.guide = None
        self.lives = 0
        self.lock = threading.RLock()  # held by whoever ends, starts or looks
        self.samples, self.sizes = [], []
        self.commits = []  # when
        self.past, self.present = {}, {}  # verdicts of earlier lives, and of this one

    def build(self, lab, chain, guide):
        self.host, self.lan, self.guide = lab.host(self.name), chain.lans[self.place], guide
        host = self.host
        if self.cable:
            cable = Cable(lab, self.name + "-cable", *self.cable)
            self.port = cable.between(self.lan, host, self.number)
        else:
            self.port = self.lan.attach(host, "eth0", self.number)
        host.addresses.append((self.lan, "%s.%d" % (self.lan.v4, self.number),
                               "%s:%x" % (self.lan.v6, self.number)))
        for j, other in enumerate(chain.lans):
            if j != self.place:
                via = chain.routers[self.place - 1 if j < self.place else self.place]
                chain.route(host, other, via, self.lan)
        guide.attach(host, "guide", self.number)

    def start(self, clock=None):
        with self.lock:
            self.host.start(clock=clock or self.clock)
            self.pid = outer_pid(self.host.daemon.pid)
            self.lives += 1
            self.began = time.monotonic()

    def first_start(self):
        self.start()
        self.host.type("system-view", "sysname " + self.name, *self.role, "commit", "return",
                       "save", "y")

    def end(self, number):
        """What it counted is read just before."""
        with self.lock:
            self.look_at_verdicts(self.display("display ntp verdicts | json")[0])
            for verdict, count in self.present.items():
                self.past[verdict] = self.past.get(verdict, 0) + count
            self.present = {}
            status = self.host.stop(number)
            self.pid = None
            return status

    def display(self, *lines):
        """The documents that these lines give; a line that gives none is an error."""
        done = subprocess.run([self.host.lab.timecast, "--control", self.host.socket, "-"],
                              input="\n".join(lines) + "\n", stdout=subprocess.PIPE, text=True,
                              timeout=60)
        decoder, text, found = json.JSONDecoder(), done.stdout.strip(), []
        while text:
            document, end = decoder.raw_decode(text)
            found.append(document)
            text = text[end:].strip()
        return found

    def look_at_verdicts(self, document):
        self.present = {row["verdict"]: row["ipv4"] + row["ipv6"]
                        for row in document["verdicts"]}

    def verdicts(self):
        return {v: self.past.get(v, 0) + self.present.get(v, 0)
                for v in sorted({*self.past, *self.present})}

    def size(self):
        with open("/proc/%d/status" % self.pid, encoding="ascii") as f:
            rss = next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))
        return rss, len(os.listdir("/proc/%d/fd" % self.pid))

    def sample(self, at):
        """The clock from outside between two looks at what it says of itself, or None."""
        with self.lock:
            if self.pid is None:
                return None
            before, verdicts = self.display("display ntp status | json",
                                            "display ntp verdicts | json")
            reading = self.guide.read("%s.%d" % (self.guide.v4, self.number), tries=4)
            after = self.display("display ntp status | json")[0]
            self.look_at_verdicts(verdicts)
            self.sizes.append((at, self.lives, *self.size()))
        row = {"at": at, "host": self.name, "life": self.lives, "size": self.sizes[-1][2:],
               "up": time.monotonic() - self.began}
        row["path"] = self.probe and self.probe.measure()
        row["synchronised"] = before["clock-status"] == after["clock-status"] == "synchronized"
        row["error"] = reading and reading.offset_ns
        row["slack"] = reading and reading.delay_ns / 2
        for key, ms in (("distance", max(x["root-delay-ms"] / 2 + x["root-dispersion-ms"]
                                         for x in (before, after))),
                        ("estimate", max(x["uncertainty-ms"] or 0 for x in (before, after)))):
            row[key] = ms * 1e6
        self.samples.append(row)
        return row


def secure(*keys):
    lines = ["ntp authentication enable"]
    for key in keys:
        lines += [key.line(), "ntp trusted authentication-keyid %d" % key.ident]
    return lines


def on(*rows):
    return ["interface eth0", *rows, "quit"]


def stations():
    keys = secure(KEY, CMAC)

    def clock(offset, drift, wander, seed):
        return "offset=%g,drift=%g,wander=%g,seed=%d" % (offset, drift, wander, seed)

    def unicast(family):
        rows = []
        for _, place, number in SERVERS:
            where = "10.77.%d.%d" % (place + 1, number) if family == 4 else \
                "ipv6 2001:db8:%d::%x" % (place + 1, number)
            rows.append("ntp unicast-server %s authentication-keyid 1 minpoll 3 maxpoll 5 iburst"
                        % where)
        return rows
    signed = " authentication-keyid 1"
    answers = ["ntp manycast-server " + MANY4, "ntp manycast-server ipv6 " + MANY6]
    server = {
        "s1": ["ntp multicast-server%s version 4 minpoll 1" % signed,
               "ntp multicast-server ipv6%s minpoll 2" % signed],
        "s2": ["ntp multicast-server%s version 4 minpoll 3" % signed,
               "ntp multicast-server ipv6%s minpoll 3" % signed],
        "s3": ["ntp multicast-server authentication-keyid 2 version 4 minpoll 2",
               "ntp multicast-server ipv6 authentication-keyid 2 minpoll 4"],
    }
    rows = [Station(name, place, number, "offset=0", [
        *keys, "ntp refclock-master 1", *on(*server[name], *answers)])
        for name, place, number in SERVERS]
    near, far = "ntp multicast-client", "ntp multicast-client ipv6"
    many4, many6 = "ntp manycast-client " + MANY4 + signed, \
        "ntp manycast-client ipv6 " + MANY6 + signed
    rows += [
        Station("a1", 0, 11, clock(0.8, 40, 1, 1), [*keys, *on(near)],
                listens=("s1", 4)),
        Station("a2", 0, 12, clock(-0.5, -30, 1, 2), [*keys, *on(far)],
                listens=("s1", 6)),
        Station("a3", 0, 13, clock(0.3, 15, 5, 3), [*keys, *on(many4)]),
        Station("a4", 0, 14, clock(-0.2, -12, 5, 4), [*keys, *on(many6)]),
        Station("a5", 0, 15, clock(0.4, 25, 10, 5), [*keys, *unicast(4)]),
        Station("a6", 0, 16, clock(-0.6, -45, 10, 6), [*keys, *unicast(6)]),
        Station("a7", 0, 17, clock(1.5, 50, 10, 7), [*keys, *on(near, far)],
                listens=("s1", 4)),
        Station("a8", 0, 18, clock(0.1, 5, 1, 8), [*keys, *on(
            near, "ntp multicast-server %s%s version 4 minpoll 2" % (INNER, signed))],
                listens=("s1", 4)),
        Station("b1", 1, 21, clock(-0.9, -20, 1, 9), [*keys, *on(near)],
                cable=(1500, 0, 400, 0.05, 0.01), listens=("s1", 4)),
        Station("b2", 1, 22, clock(0.7, 35, 5, 10), [*keys, *on(far)],
                cable=(2000, 3000, 100, 0.02, 0)),
        Station("b3", 1, 23, clock(-0.3, -8, 5, 11), [*keys, *on(many4)],
                cable=(4000, 0, 300, 0.02, 0)),
        Station("b4", 1, 24, clock(0.2, 10, 10, 12), [*keys, *on(near + " " + INNER)],
                listens=("a8", 4)),
    ]
    return rows


class Past:
    """The stations of an earlier run, of which only what was seen is left."""

    def __init__(self):
        self.stations = {s.name: s for s in stations()}

    def clients(self):
        return [s for s in self.stations.values() if not s.name.startswith("s")]

    def servers(self):
        return [s for s in self.stations.values() if s.name.startswith("s")]


class Site(Past):
    def __init__(self, lab, log):
        super().__init__()
        self.lab, self.log = lab, log
        probes = [(PROBE6 if s.listens[1] == 6 else PROBE4) % s.number
                  for s in self.stations.values() if s.listens]
        self.chain = lab.chain(1, [G4, G6, MANY4, MANY6, INNER, *probes])
        self.guide = lab.lan("guide")
        for s in self.stations.values():
            s.build(lab, self.chain, self.guide)
        for s in self.stations.values():
            if s.listens:
                s.probe = Probe(self.stations[s.listens[0]], s, s.listens[1])
        self.attacker = lab.space("attacker")
        self.chain.lans[0].attach(self.attacker, "eth0", 66)

    def start(self):
        for s in self.stations.values():
            s.first_start()

    def tell(self, kind, words):
        self.log.write(json.dumps({"at": round(self.lab.since(), 1), "event": kind,
                                   "words": words}) + "\n")
        self.log.flush()
