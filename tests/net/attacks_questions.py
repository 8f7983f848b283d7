# SPDX-License-Identifier: BSD-2-Clause
"""Attacks on questions and answers: nonces, kiss codes, volleys, manycast. Called by attacks.py."""
import os
import select
import socket
import subprocess
import threading
import time

import wire
from field import KEY
from lab import until
from peer import Answerer
from raw import Wire, beacon, frame
from typed import key_lines, roles

MANY = "239.9.0.1"


class Forger(threading.Thread):
    """On path: sees each question of the client and answers in the server's name, at once."""

    def __init__(self, f, make):
        super().__init__(daemon=True)
        self.f, self.make, self.done, self.seen = f, make, False, 0
        self.ears = Wire(f.attacker).socket
        f.attacker.ip("link set eth0 promisc on")
        f.lan.ip("link set br0 type bridge ageing_time 0")  # a hub: everybody sees everything
        self.start()

    def run(self):
        server, client = (h.addresses[0][1] for h in (self.f.server, self.f.client))
        while not self.done:
            if not select.select([self.ears], [], [], 0.2)[0]:
                continue
            octets = self.ears.recv(2048)
            if octets[12:14] != b"\x08\x00" or octets[23] != 17 or octets[42] & 7 != 3:
                continue
            if ".".join(map(str, octets[26:30])) != client:
                continue
            port = int.from_bytes(octets[34:36], "big")
            self.seen += 1
            for payload in self.make(wire.Packet.read(octets[42:90])):
                self.f.wire.send(server, client, payload, dport=port, mac=octets[6:12])

    def stop(self):
        self.done = True
        self.join()


def _answer(f, question, **fields):
    now = wire.ntp_from_ns(f.lab.truth.now() + 100 * 10**9)
    given = {"mode": 4, "version": question.version, "origin": question.transmit, "receive": now}
    given.update(fields)
    return beacon(f.lab.truth, 100 * 10**9, **given)


def _answered_while(f, make, verdict, least, keys=()):
    """The client begins while its questions are answered by the attacker, and only by him."""
    f.serve(role=None, keys=keys)
    f.follow(role=None, keys=keys, wait=False)
    f.client.ip("neigh replace %s lladdr %s dev eth0" % (f.server.addresses[0][1],
                                                        f.server.mac().hex(":")))
    f.cut()
    forger = Forger(f, make)
    f.middle, f.sigma, f.mounted = 0, 100_000, True  # no time before: it begins under attack
    signed = " authentication-keyid 1" if keys else ""
    f.client.type("system-view", "ntp unicast-server %s%s minpoll 4 iburst" % (
        f.server.addresses[0][1], signed), "commit")
    until(lambda: forger.seen >= 3, 60)
    f.need(f.moved("used") == 0, "an answer of the attacker was used: %s" % f.verdicts)
    f.cut(on=False)
    good = until(f.settled, 60, 0.5)
    forger.stop()
    f.need_verdict(verdict, least)
    f.need(good, "never synchronised: %s" % f.client.show("display ntp sessions verbose"))
    f.watch(4)
    f.need_steady()


def B9_zero_and_stale_origin(f):
    """CVE-2015-8138, 2016-7431. Answers with origin zero, an old nonce, and guesses; no keys."""
    stale = []

    def make(question):
        stale.append(question.transmit)
        yield _answer(f, question, origin=0)
        yield _answer(f, question, origin=stale[-2] if len(stale) > 1 else 1)
        for _ in range(40):
            yield _answer(f, question, origin=int.from_bytes(os.urandom(8), "big"))
    _answered_while(f, make, "bogus", 80)


def B11_forged_kisses(f):
    """CVE-2015-7704, 7705. Kiss codes that carry the right nonce, unsigned, to a client with a key;
    and its questions answered by wrong time."""
    def make(question):
        for code in (b"DENY", b"RSTR", b"RATE"):
            yield _answer(f, question, leap=3, stratum=0, refid=int.from_bytes(code, "big"))
        yield _answer(f, question)
        yield _answer(f, question) + bytes(4)
    _answered_while(f, make, "mac-missing", 4, keys=(KEY,))


def B14_volley_prevention(f):
    """CVE-2018-8956. Questions in the client's name, 2 000 a second, while it calibrates, to a server
    that limits everybody."""
    f.serve(lines=["acl number 2000", "rule 5 permit source any", "quit",
                   "ntp access limited 2000"])

    def time_to_follow(name, number):
        host, _ = f.host(name, number)
        host.start(clock="offset=0.02")
        begin = time.monotonic()
        host.type("system-view", *key_lines(KEY, trusted=True), *roles("ntp multicast-client"))
        f.client = host
        f.need(until(f.settled, 60, 0.25), "never calibrated")
        return time.monotonic() - begin
    usual = time_to_follow("c", 2)
    f.client.stop()
    mac = f.server.mac()
    questions = [frame("%s.3" % f.lan.v4, f.server.addresses[0][1],
                       wire.Packet(version=4, mode=3, transmit=i + 1).bytes()
                       + (b"" if i % 2 else b"\0\0\0\1" + os.urandom(32)),
                       sport=1024 + i, mac=mac) for i in range(500)]
    child = f.flood(questions, 2000, 30)
    taken = time_to_follow("d", 3)
    child.kill()
    child.wait()
    f.sent += int(2000 * taken)
    f.need(taken <= 2 * usual + 2, "%.1f s instead of %.1f s" % (taken, usual))
    f.baseline()
    f.watch(4)
    f.need_steady()


def _manycast_server(f, lines):
    f.serve(role=None, lines=lines)
    f.server.type("system-view", *roles("ntp manycast-server %s on-link" % MANY))
    f.need(until(lambda: "state: joined" in f.server.show("display interface ntp"), 10),
           "the server never joined")


def B15_manycast_reflection(f):
    """Questions to the group in a victim's name: unsigned, from off the link, one signed again."""
    _manycast_server(f, ["ntp authentication enable"])
    victim, far = "%s.77" % f.lan.v4, "192.0.2.77"
    f.server.ip("route add default via %s.77" % f.lan.v4)
    f.lan.ip("addr add %s/24 dev br0" % victim)
    capture = f.lan.capture()

    def ask(source, key):
        octets = wire.Packet(version=4, mode=3, transmit=int.from_bytes(os.urandom(8), "big")
                             ).bytes()
        return frame(source, MANY, octets + key.mac(octets) if key else octets, sport=4000)
    f.flooded(f.flood([ask(victim, None)], 200, 3))
    f.flooded(f.flood([ask(far, KEY)], 200, 3))
    time.sleep(2)
    f.need(not capture.mode(4), "answered %d unsigned or far ones" % len(capture.mode(4)))
    f.flooded(f.flood([ask(victim, KEY)], 200, 5))
    time.sleep(2)
    capture.stop()
    count = len(capture.mode(4))
    counts = f.counts(f.server)
    f.client, f.before = f.server, {}
    f.need(0 < count <= 12, "%d answers to 1000 signed questions in 5 s" % count)
    f.need(counts.get("mac-missing", 0) >= 500 and counts.get("off-link", 0) >= 500
           and counts.get("rate", 0) >= 900, "verdicts %s" % counts)
    f.need(max(len(x.payload) for x in capture.mode(4)) <= 84, "an answer longer than its question")


class Liar(Answerer):
    """A manycast server of stratum 1 that is five seconds ahead."""

    def __init__(self, f, key=None):
        class Ahead:
            now = staticmethod(lambda: f.lab.truth.now() + 5 * 10**9)
        lab = type("LyingLab", (), {"truth": Ahead})
        super().__init__(lab, f.attacker, "%s.66" % f.lan.v4, MANY, key)


def B16_rogue_manycast_server(f):
    """A better stratum, five seconds wrong: without the key, and signed by a wrong one."""
    _manycast_server(f, [])
    liar = Liar(f)
    f.mounted = True
    f.follow(role=None, wait=False)
    f.client.type("system-view", "interface eth 0",
                  "ntp manycast-client %s authentication-keyid 1" % MANY, "commit")
    f.wait_settled(60)
    liar.stop()
    liar = Liar(f, wire.Key(1, "hmac-sha256", "not-the-right-one"))
    liar.refused = 0
    f.baseline()
    f.before = {}
    f.sent += len(liar.asked)
    f.watch(6)
    f.need_verdict("mac-missing", 1)
    f.need(all(row["clock-source"] != "%s.66" % f.lan.v4 for row in f.sessions()), "a session")
    liar.stop()
    f.need_steady()


def B21_modes_6_and_7(f):
    """CVE-2013-5211 and kin. Control and private modes are never answered; questions tell nothing."""
    f.serve()
    capture = f.lan.capture()
    f.follow()
    f.baseline()
    server = f.server.addresses[0][1]
    with f.attacker:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("%s.66" % f.lan.v4, 0))

    def attack(_turn):
        for first in (0x16, 0x1e, 0x26, 0x17, 0x97, 0x27, 0x11, 0x12, 0x21, 0x10, 0x20):
            for more in (bytes(11), bytes(47), b"\0\2" + bytes(46), b"\0\3\x2a" + bytes(45),
                         bytes(187)):
                sock.sendto(bytes((first,)) + more, (server, 123))
                f.sent += 1
    f.watch(6, attack)
    answered = bool(select.select([sock], [], [], 1)[0])
    sock.close()
    capture.stop()
    f.need(not answered, "one was answered")
    f.need(f.counts(f.server).get("mode", 0) >= 100, "verdicts %s" % f.counts(f.server))
    asked = [x.packet for x in capture.mode(3, source=f.client.addresses[0][1])]
    f.need(asked and all(not any((p.stratum, p.poll, p.precision, p.root_delay, p.refid,
                                  p.reference)) for p in asked),
           "a question tells something")
    f.need(len({p.transmit for p in asked}) == len(asked), "a nonce came twice")
    f.need_steady()


def B8_constant_time(f):
    """CVE-2016-1550. Not an attack on the wire: what compares MACs takes the same time for each."""
    path = os.path.join(f.lab.build, "src", "ntp", "libntp.a")
    calls = subprocess.run(["nm", "--undefined-only", path], stdout=subprocess.PIPE, text=True,
                           check=True).stdout.split("\n\n")
    auth = [part for part in calls if "auth.c.o:" in part]
    f.need(auth, "no auth.c in it")
    f.mounted = True
    f.need("memeql_sec" in auth[0] and "memcmp" not in auth[0], "auth.c uses memcmp")


__all__ = [name for name in dir() if name[0] == "B" and name[1].isdigit()]
