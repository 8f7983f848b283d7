# SPDX-License-Identifier: BSD-2-Clause
"""What happens at the site of soak.py: churn and attacks, each of which says beforehand which
verdicts it explains, on which hosts and how many of them at most."""
import os
import random
import select
import signal
import socket
import subprocess
import threading
import time

import wire
from lab import Frame
from raw import Wire, bad_mac, beacon, frame
from soak_site import G4, G6, MANY4, MANY6

PACKET_OUTGOING = 4


class Ledger:
    """Which verdicts are explained: {host: {verdict: (how many, {causes})}}."""

    def __init__(self):
        self.rows, self.lock = {}, threading.Lock()

    def explain(self, stations, verdicts, count, cause):
        with self.lock:
            for s in stations:
                for verdict in verdicts.split():
                    row = self.rows.setdefault(s.name, {}).setdefault(verdict, [0, set()])
                    row[0] += count
                    row[1].add(cause)

    def begin(self, station, site):
        """A life begins: the first step, and servers that are met."""
        self.explain([station], "late unconfirmed", 12, "its start")
        self.back(station, site)

    def back(self, station, site):
        """A host is there again: what changed meanwhile is asked for before it is believed."""
        met = site.clients() if station.name.startswith("s") else [station]
        self.explain(met, "unconfirmed", 6, "%s is there again" % station.name)

    def judge(self, station):
        """[(verdict, counted, explained, causes)] of a host."""
        rows = self.rows.get(station.name, {})
        return [(verdict, count, *rows.get(verdict, (0, set())))
                for verdict, count in station.verdicts().items() if count]


class Turns(threading.Thread):
    """Does one thing of a list after the other, with pauses, until told. The thread itself stays:
    daemons that it started would die with it."""

    def __init__(self, site, ledger, seed, pause):
        super().__init__(daemon=True)
        self.site, self.ledger, self.pause = site, ledger, pause
        self.random = random.Random(seed)
        self.done, self.over = threading.Event(), threading.Event()
        self.counts, self.trouble = {}, []

    def run(self):
        self.work()
        self.over.set()
        threading.Event().wait()

    def work(self):
        bag = []
        while not self.done.wait(self.random.uniform(*self.pause)):
            if not bag:
                bag = list(self.kinds())
                self.random.shuffle(bag)
            kind = bag.pop()
            name = kind.__name__.replace("_", " ")
            try:
                words = kind()
            except Exception as e:
                words = "failed: %r" % e
                self.trouble.append("%s: %r" % (name, e))
            self.counts[name] = self.counts.get(name, 0) + 1
            self.site.tell(name, words)

    def stop(self):
        self.done.set()
        self.over.wait()


class Churn(Turns):
    KILLED = ("a5", "a7", "b3", "a3", "s2")
    FLAPPED = ("a1", "a2", "a4", "b1", "s1", "s3", "a6")

    def kinds(self):
        return [self.kill, self.flap, self.change, self.take_down, self.kill, self.flap, self.change]

    def station(self, names):
        return self.site.stations[self.random.choice(names)]

    def clock(self, s):
        """A clock that starts again: its rate is what it was, its time is a little off."""
        if s.name.startswith("s"):
            return s.clock
        rest = s.clock.split(",", 1)[1]
        return "offset=%.6f,%s" % (self.random.uniform(-0.005, 0.005), rest)

    def again(self, s, number, pause):
        """A life ends and another begins; what others wait for from it comes from nobody."""
        status = s.end(number)
        if status != (0 if number == signal.SIGTERM else -number):
            self.trouble.append("%s ended with status %s" % (s.name, status))
        self.done.wait(pause)
        self.ledger.begin(s, self.site)
        s.start(self.clock(s))

    def kill(self):
        s = self.station(self.KILLED)
        pause = self.random.uniform(0.2, 5)
        self.again(s, signal.SIGKILL, pause)
        return "%s, away for %.1f s" % (s.name, pause)

    def take_down(self):
        s = self.station([t.name for t in self.site.servers()])
        pause = self.random.uniform(20, 90)
        self.again(s, signal.SIGTERM, pause)
        return "%s, away for %.0f s" % (s.name, pause)

    def flap(self):
        s = self.station(self.FLAPPED)
        times, pause = self.random.choice(((1, 8), (1, 25), (5, 0.3)))
        self.ledger.back(s, self.site)
        for _ in range(times):
            s.lan.ip("link set %s down" % s.port)
            self.done.wait(pause)
            s.lan.ip("link set %s up" % s.port)
            self.done.wait(0.2)
        return "%s, %d times %.1f s" % (s.name, times, pause)

    def change(self):
        s = self.station([t.name for t in self.site.stations.values()])
        number = self.random.randrange(100, 1000)
        do, undo = self.random.choice((
            (["acl number 2000", "rule 5 permit source 10.77.0.0 0.0.255.255", "quit",
              "ntp access peer 2000"],
             ["undo ntp access peer", "undo acl number 2000"]),
            ([wire.Key(number, "hmac-sha256", "a-key-for-nobody-%d" % number).line()],
             ["undo ntp authentication-keyid %d" % number]),
            (["interface eth0", "ntp multicast-client 239.7.0.%d" % (number % 250), "quit"],
             ["interface eth0", "undo ntp multicast-client 239.7.0.%d" % (number % 250), "quit"]),
            (["ntp max-distance 2"], ["undo ntp max-distance"]),
            (["sysname x%d" % number], ["sysname " + s.name])))
        with s.lock:
            if s.pid is None:
                return "nothing: %s is down" % s.name
            if "access" in do[-1]:  # an attacker's names are not all of the site
                self.ledger.explain([s], "access", 100000, "its own access list")
            s.commits.append(self.site.lab.since())
            s.host.type("system-view", *do, "commit")
        self.done.wait(self.random.uniform(1, 5))
        with s.lock:
            if s.pid is None:
                return "half: %s is down" % s.name
            s.commits.append(self.site.lab.since())
            s.host.type("system-view", *undo, "commit", "return", "save", "y")
        return "%s: %s" % (s.name, do[0])


class Attacks(Turns):
    """From a host of the first LAN; groups of the site pass the router as well."""

    def __init__(self, site, ledger, seed, pause):
        super().__init__(site, ledger, seed, pause)
        self.wire = Wire(site.attacker)
        self.near = site.chain.lans[0]
        self.flooded, self.heard = 0, {}
        at = {s.name: s for s in site.stations.values()}
        self.ears = {G4: [at[n] for n in ("a1", "a7", "a8", "b1")],
                     G6: [at[n] for n in ("a2", "a7", "b2")],
                     MANY4: site.servers(), MANY6: site.servers()}
        self.victims = [s for s in site.stations.values() if s.place == 0]
        self.macs = {s.name: s.host.mac() for s in self.victims}

    def kinds(self):
        return [self.replay, self.forged_future, self.bad_macs, self.unknown_key, self.crypto_nak,
                self.kisses, self.modes_6_and_7, self.garbage, self.own_address,
                self.questions_in_a_name, self.reflection, self.flood]

    def listen(self, seconds):
        """What the attacker sees go by, kept for good: signed beacons and group questions."""
        with self.site.attacker:
            ears = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        ears.bind(("eth0", 0))
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.done.is_set():
            if not select.select([ears], [], [], 0.2)[0]:
                continue
            octets, sender = ears.recvfrom(2048)
            f = Frame(0, octets)
            if sender[2] == PACKET_OUTGOING or not f.payload or len(f.payload) <= 48 \
                    or f.to not in self.ears:
                continue
            kept = self.heard.setdefault((f.mode, f.to), [])
            kept.append((f.source, f.payload))
            del kept[:-200]
        ears.close()

    def paced(self, seconds, pause, send):
        """Calls send(turn) until the time is over; how often it did."""
        turn, end = 0, time.monotonic() + seconds
        while time.monotonic() < end and not self.done.wait(pause):
            send(turn)
            turn += 1
        return turn

    def server(self, family=4):
        s = self.random.choice(self.site.servers()[:2])
        return s.host.addresses[0][1 if family == 4 else 2]

    def group(self):
        return self.random.choice(((G4, 4), (G6, 6)))

    def to_group(self, words, seconds, pause, make, verdicts, per_turn=1):
        """make(turn) packets in a server's name, to a group; what its clients say to that."""
        group, family = self.group()
        source, cause = self.server(family), words
        self.ledger.explain(self.ears[group], verdicts,
                            int(seconds / pause + 2) * per_turn * 11 // 10, cause)
        turns = self.paced(seconds, pause, lambda turn: [
            self.wire.send(source, group, p) for p in make(turn)])
        return "%d turns to %s as %s" % (turns, group, source)

    def replay(self):
        self.listen(8)
        kept = {key: rows for key, rows in self.heard.items() if key[0] == 5}
        if not kept:
            return "nothing heard"
        (_, group), rows = self.random.choice(sorted(kept.items()))
        old = self.random.sample(rows, min(len(rows), 30))
        self.ledger.explain(self.ears[group], "not-later duplicate", 60, "replay")
        turns = self.paced(10, 0.25, lambda turn: self.wire.send(
            old[turn % len(old)][0], group, old[turn % len(old)][1]))
        return "%d of %d old packets to %s" % (turns, len(rows), group)

    def forged_future(self):
        truth = self.site.lab.truth
        return self.to_group("forged future", 10, 0.5, lambda turn: [
            beacon(truth, 1000 * 10**9), bad_mac(beacon(truth, 1000 * 10**9))],
            "mac-missing mac-bad")

    def bad_macs(self):
        truth = self.site.lab.truth
        return self.to_group("bad MACs", 10, 0.02, lambda turn: [
            bad_mac(beacon(truth, -turn * 10**7))], "mac-bad")

    def unknown_key(self):
        key = wire.Key(99, "hmac-sha256", "nobody-has-it")
        truth = self.site.lab.truth
        return self.to_group("unknown key", 10, 0.2, lambda turn: [
            beacon(truth, 10**8, key)], "key-unknown")

    def crypto_nak(self):
        truth, source = self.site.lab.truth, self.server()
        victim = self.random.choice(self.victims)
        self.ledger.explain([victim], "crypto-nak unexpected", 60, "crypto-NAK")

        def make(_turn):
            self.wire.send(source, victim.host.addresses[0][1],
                           beacon(truth, mode=4) + bytes(4), mac=self.macs[victim.name])
            return [beacon(truth) + bytes(4)]
        return self.to_group("crypto-NAK", 10, 0.25, make, "crypto-nak")

    def kisses(self):
        truth, source = self.site.lab.truth, self.server()
        victim = self.random.choice(self.victims)
        self.ledger.explain([victim], "mac-missing unexpected", 60, "kiss codes")

        def make(turn):
            code = int.from_bytes((b"DENY", b"RSTR", b"RATE")[turn % 3], "big")
            kiss = beacon(truth, leap=3, stratum=0, refid=code)
            self.wire.send(source, victim.host.addresses[0][1], bytes((kiss[0] - 1,)) + kiss[1:],
                           mac=self.macs[victim.name])
            return [kiss, bad_mac(kiss)]
        return self.to_group("kiss codes", 10, 0.25, make, "mac-missing mac-bad")

    def modes_6_and_7(self):
        self.ledger.explain(self.victims, "mode", 60, "modes 6 and 7")

        def send(turn):
            for s in self.victims:
                first = (0x16, 0x1e, 0x26, 0x17, 0x97, 0x27)[turn % 6]
                self.wire.send("%s.66" % self.near.v4, s.host.addresses[0][1],
                               bytes((first,)) + bytes(59), mac=self.macs[s.name])
        return "%d to each host of the LAN" % self.paced(6, 0.2, send)

    def garbage(self):
        verdicts = "short format version mode mac-missing mac-bad key-unknown unexpected " \
            "crypto-nak time-zero rate not-listening"
        self.ledger.explain(self.ears[G4] + self.victims, verdicts, 300, "garbage")

        def send(_turn):
            s = self.random.choice(self.victims)
            octets = os.urandom(self.random.choice((0, 1, 11, 47, 48, 49, 52, 68, 72, 84, 400)))
            self.wire.send("%s.66" % self.near.v4, s.host.addresses[0][1], octets,
                           mac=self.macs[s.name])
            self.wire.send("%s.66" % self.near.v4, G4, octets)
        return "%d times" % self.paced(8, 0.05, send)

    def own_address(self):
        truth, victim = self.site.lab.truth, self.random.choice(self.victims)
        own = victim.host.addresses[0][1]
        self.ledger.explain(self.ears[G4], "mac-missing source", 60, "own address")

        def send(_turn):
            for source in ("127.0.0.1", own):
                self.wire.send(source, G4, beacon(truth, 5 * 10**7))
        return "%d times as %s" % (self.paced(6, 0.25, send), own)

    def questions_in_a_name(self):
        """Unsigned questions in a client's name: the server's answers go to that one."""
        victim = self.random.choice([s for s in self.victims if not s.name.startswith("s")])
        server = self.random.choice([s for s in self.victims if s.name.startswith("s")])
        self.ledger.explain([server], "rate mac-missing", 700, "questions in a name")
        self.ledger.explain([victim], "unexpected", 700, "questions in a name")

        def send(turn):
            self.wire.send(victim.host.addresses[0][1], server.host.addresses[0][1],
                           wire.Packet(version=4, mode=3, transmit=turn + 1).bytes(),
                           mac=self.macs[server.name])
        return "%d as %s to %s" % (self.paced(6, 0.01, send), victim.name, server.name)

    def reflection(self):
        """Group questions in somebody's name: unsigned, from far away, and a signed one again."""
        victim = self.random.choice(self.victims)
        old = [p for key, rows in self.heard.items() if key == (3, MANY4) for _, p in rows]
        self.ledger.explain(self.ears[MANY4], "mac-missing rate unsynchronised", 700, "reflection")
        self.ledger.explain([victim], "unexpected", 700, "reflection")
        own = victim.host.addresses[0][1]

        def send(turn):
            question = wire.Packet(version=4, mode=3, transmit=turn + 1).bytes()
            self.wire.send(own, MANY4, question)
            self.wire.send("192.0.2.77", MANY4, question)
            if old:
                self.wire.send(own, MANY4, old[turn % len(old)])
        return "%d as %s, %d old ones" % (self.paced(6, 0.03, send), own, len(old))

    def flood(self):
        truth, source = self.site.lab.truth, self.server()
        packets = [beacon(truth, i * 10**7) for i in range(256)]
        packets = [bad_mac(p) if i % 2 else p for i, p in enumerate(packets)]
        frames = [frame(source if i % 4 else "10.66.%d.%d" % (i >> 8, i & 255), G4, p)
                  for i, p in enumerate(packets)]
        child = subprocess.Popen(
            self.site.attacker.command([self.site.lab.flood, "eth0", "20000", "4"]),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ledger.explain(self.ears[G4], "mac-missing mac-bad", 100000, "flood")
        child.stdin.write(b"".join(len(f).to_bytes(2, "big") + f for f in frames))
        child.stdin.close()
        count = int(child.stdout.read() or 0)
        child.wait()
        self.flooded += count
        return "%d packets as %s" % (count, source)
