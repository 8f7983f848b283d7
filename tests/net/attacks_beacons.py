# SPDX-License-Identifier: BSD-2-Clause
"""Attacks on those who listen: replays, forgeries, floods, delays. Called by attacks.py."""
import os
import signal
import socket
import struct
import sys
import time

import wire
from field import KEY, NotMounted
from lab import Lan, until
from raw import GROUP, GROUP6, Wire, bad_mac, beacon, frame, md5_extended, md5_padding
from typed import WEAKEA, key_lines, roles


def B1_replay_in_order(f):
    """CVE-2015-7973. On path: the server is silenced, old packets come as they once came."""
    f.serve()
    f.follow()
    old = f.record(12)
    f.baseline()
    f.cut()
    f.watch(20, lambda turn: f.as_server(old[turn % len(old)]))
    f.need_verdict("not-later", 15)
    f.need_steady()


def B1_ping_pong(f):
    """Two old packets in turn: "stuck in time"."""
    f.serve()
    f.follow()
    old = f.record(6)[:2]
    f.baseline()
    f.cut()
    f.watch(20, lambda turn: f.as_server(old[turn % 2]))
    f.need_verdict("not-later", 15)
    f.need_steady()


def _replay_after(f, ending):
    f.serve()
    f.follow(role=None, wait=False)
    f.client.type("system-view", "interface eth 0", "ntp multicast-client", "commit", "return",
                  "save", "y")
    f.wait_settled()
    old = f.record(10)
    f.cut()
    time.sleep(1)
    f.client.stop(ending)
    f.client.start(clock="offset=0.02")
    until(lambda: f.client.read() is not None, 10)
    f.baseline(8)
    f.watch(30, lambda turn: f.as_server(old[turn % len(old)]))
    f.need_verdict("not-later", 20)
    f.need_steady()
    f.cut(on=False)
    f.need(until(f.settled, 40, 1), "the genuine server was not followed again\n" +
           f.client.show("display ntp sessions verbose"))


def B1_replay_after_restart(f):
    """The client's daemon is told to end and starts again; its server stays silenced."""
    _replay_after(f, signal.SIGTERM)


def B1_replay_after_kill(f):
    """The same after SIGKILL, which leaves no time to write anything."""
    _replay_after(f, signal.SIGKILL)


def B1_server_steps_back(f):
    """The server's clock goes back by a minute, rightly; then what it sent before comes again."""
    f.serve()
    f.follow()
    old = f.record(8)
    f.server.stop()
    f.server.start(clock="offset=-60")
    f.server.type(*f.server_lines)
    near = -60_000_000_000
    f.need(until(lambda: abs(f.read() - near) < 1_000_000, 40, 0.5),
           "not followed back: off by %d ns" % f.read())
    time.sleep(20)
    f.baseline()
    f.cut()
    time.sleep(0.2)
    f.before = f.counts()
    f.watch(15, lambda turn: f.as_server(old[turn % len(old)]))
    f.need_verdict("unconfirmed", 5)
    f.need(f.moved("used") == 0, "what is not confirmed was used: %s" % f.verdicts)
    f.need_steady()


def B2_forged_future(f):
    """CVE-2016-7427. Off path: the server's name, 1 000 s ahead; the genuine stay in use."""
    f.serve()
    f.follow()
    f.baseline()
    f.watch(15, lambda turn: f.as_server(
        bad_mac(beacon(f.lab.truth, 1000 * 10**9)) if turn % 2 else
        beacon(f.lab.truth, 1000 * 10**9)))
    f.need_verdict("mac-bad", 6)
    f.need_verdict("used", 10)
    f.need_steady()


def B3_early(f):
    """CVE-2016-7428. Ten forged packets a second, before the genuine one's time."""
    f.serve()
    f.follow()
    f.baseline()
    f.watch(15, lambda turn: f.as_server(bad_mac(beacon(f.lab.truth))), every=0.1)
    f.need_verdict("mac-bad", 50)
    f.need_verdict("used", 10)
    f.need_steady()


def B3_early_with_key(f):
    """The same by somebody who has the key: sooner than its interval nothing is used."""
    f.serve()
    f.follow()
    f.baseline()
    f.watch(15, lambda turn: f.as_server(beacon(f.lab.truth, -2_000_000, KEY)), every=0.1)
    f.need_verdict("early", 50)


def B4_bad_mac(f):
    """CVE-2015-7979. Wrong MACs in the server's name: one a second, then 10 000 a second."""
    f.serve()
    f.follow()
    f.baseline()
    before = f.sessions()
    f.watch(6, lambda turn: f.as_server(bad_mac(beacon(f.lab.truth))))
    source = f.server.addresses[0][1]
    child = f.flood([frame(source, GROUP, bad_mac(beacon(f.lab.truth, i * 10**9)))
                     for i in range(200)], 10000, 8)
    f.watch(8)
    f.flooded(child)
    f.need_verdict("mac-bad", 10000)
    f.need_sessions(before)
    f.need_steady()


def B4_crypto_nak(f):
    """CVE-2016-1547, 2016-4957. Key id 0 and no digest, to the group and to the client."""
    f.serve()
    f.follow()
    f.baseline()
    before = f.sessions()
    source, client = f.server.addresses[0][1], f.client.addresses[0][1]
    nak = bytes(4)

    def attack(turn):
        f.as_server(beacon(f.lab.truth) + nak)
        f.wire.send(source, client, beacon(f.lab.truth, mode=4) + nak, mac=f.client.mac())
    f.watch(10, attack, every=0.5)
    f.need_verdict("crypto-nak", 15)
    f.need_sessions(before)
    f.need_steady()


def B5_key_of_somebody_else(f):
    """CVE-2015-7974, skeleton key: a trusted key that is bound elsewhere, from its holder's host."""
    other = wire.Key(2, "hmac-sha256", "known-to-another-site")
    f.serve()
    f.follow(lines=[other.line(), "ntp trusted authentication-keyid 2 source 192.0.2.0 24"])
    f.baseline()
    f.watch(12, lambda turn: f.wire.send(f.attacker_address(), GROUP,
                                         beacon(f.lab.truth, 300_000_000, other)))
    f.need_verdict("key-bound", 10)
    f.need(len(f.sessions()) == 1, "sessions: %s" % f.sessions())
    f.need_steady()


def B10_interleave_pivot(f):
    """CVE-2016-1548. Beacons whose origin is not zero; replays that mix both kinds."""
    f.serve()
    f.follow()
    old = f.record(6)
    f.baseline()
    before = f.sessions()
    now = f.lab.truth.now

    def attack(turn):
        origin = wire.ntp_from_ns(now() + (-1) ** turn * 900_000_000)
        f.as_server(bad_mac(beacon(f.lab.truth, origin=origin)))
        f.as_server(old[turn % len(old)][:24] + struct.pack("!Q", origin)
                    + old[turn % len(old)][32:])
        f.as_server(old[turn % len(old)])
    f.watch(12, attack)
    f.need_verdict("mac-bad", 20)
    f.need_verdict("not-later", 10)
    f.need([row["id"] for row in before] == [row["id"] for row in f.sessions()], "sessions")
    f.need_steady()


def B11_kiss_to_the_group(f):
    """CVE-2015-7704. DENY, RSTR, RATE as beacons, without and with a MAC that is wrong."""
    f.serve()
    f.follow()
    f.baseline()
    before = f.sessions()

    def attack(turn):
        code = int.from_bytes((b"DENY", b"RSTR", b"RATE")[turn % 3], "big")
        kiss = beacon(f.lab.truth, leap=3, stratum=0, refid=code)
        f.as_server(kiss)
        f.as_server(bad_mac(kiss))
        f.wire.send(f.server.addresses[0][1], f.client.addresses[0][1],
                    bytes((kiss[0] - 1,)) + kiss[1:], mac=f.client.mac())
    f.watch(10, attack, every=0.5)
    f.need_verdict("mac-bad", 15)
    f.need_sessions(before)
    f.need_steady()


def B12_other_interface(f):
    """CVE-2016-7429. The server's packets, rightly signed, on another interface (IPv6)."""
    f.serve("ntp multicast-server ipv6 authentication-keyid 1 minpoll 0")
    f.follow("ntp multicast-client ipv6")
    f.attacker.ip("link add eth1 type veth peer name eth1 netns %s" % f.client.name)
    f.attacker.ip("link set eth1 up")
    f.client.ip("link set eth1 up")
    f.client.ip("addr add 2001:db8:99::2/64 dev eth1 nodad")
    with f.client:  # another program of this host has joined the group there
        other = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        index = socket.if_nametoindex("eth1")
    other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                     socket.inet_pton(socket.AF_INET6, GROUP6) + struct.pack("@i", index))
    f.baseline()
    back = Wire(f.attacker, "eth1")
    source = f.server.addresses[0][2]
    f.watch(10, lambda turn: back.send(source, GROUP6, beacon(f.lab.truth, 5 * 10**6, KEY)))
    f.sent += back.sent
    other.close()
    f.need_verdict("not-listening", 8)
    f.need(len(f.sessions()) == 1, "a second session: %s" % f.sessions())
    f.need_steady()


def B13_own_address(f):
    """CVE-2016-1551. From 127.0.0.1 and from the client's own address, let in by its kernel."""
    f.serve(role="ntp multicast-server version 4 minpoll 0", keys=())
    f.follow(keys=())
    for name in ("all", "eth0"):
        for word, value in (("accept_local", 1), ("route_localnet", 1), ("rp_filter", 0)):
            f.client.sysctl("net/ipv4/conf/%s/%s" % (name, word), value)
    f.baseline()
    own = f.client.addresses[0][1]

    def attack(turn):
        for source in ("127.0.0.1", own, "127.127.1.0"):
            f.wire.send(source, GROUP, beacon(f.lab.truth, 50_000_000))
    f.watch(10, attack, every=0.5)
    f.need_verdict("source", 15)
    f.need(len(f.sessions()) == 1, "sessions: %s" % f.sessions())
    f.need_steady()


def B17_flood(f):
    """Up to 200 000 unsigned and wrongly signed beacons a second; the genuine server goes on."""
    f.serve()
    f.follow()
    f.baseline()
    before = f.sessions()
    rss = f.client.memory()["VmRSS"]
    source = f.server.addresses[0][1]
    packets = [beacon(f.lab.truth, i * 10**7) for i in range(512)]
    packets = [bad_mac(p) if i % 2 else p for i, p in enumerate(packets)]
    f.patience = 15  # of all that comes, what the kernel has no room for is lost: questions, too
    child = f.flood([frame(source if i % 4 else "10.66.%d.%d" % (i >> 8, i & 255), GROUP, p)
                     for i, p in enumerate(packets)], 200000, 10)
    begin = time.monotonic()
    f.watch(10)
    rate = f.flooded(child) / (time.monotonic() - begin)
    if rate <= 50000:
        raise NotMounted("only %d packets a second left" % rate)
    f.need_verdict("mac-bad", 10000)
    f.need([row["id"] for row in before] == [row["id"] for row in f.sessions()], "sessions")
    f.need(f.client.memory()["VmRSS"] < rss + 1024, "memory grew")
    f.need_steady()


def B19_delay(f):
    """On path between two LANs: mode 5 is held up by 20 ms, everything else passes at once.

    The alarm waits for an exchange, 15 minutes at most: tests/unit/test_distrust.c has that time."""
    f.serve()
    far = Lan(f.lab, f.name + "x", 200)
    far.attach(f.attacker, "eth1", 67, addresses=False)
    f.client, _ = f.host("c", 2)
    f.client.ip("link set eth0 name unused")
    f.client.ip("link set unused down")
    f.client.ip("addr flush dev unused")
    far.ip("addr flush dev br0")
    far.ip("addr add %s.254/24 dev br0" % f.lan.v4)
    far.attach(f.client, "eth0", 2, addresses=False)
    f.lan.address(f.client, "eth0", 2)
    f.client.addresses = [(far, "%s.2" % f.lan.v4, "%s:2" % f.lan.v6)]
    for ifname in ("eth0", "eth1"):
        f.attacker.ip("link set %s promisc on" % ifname)
    delay = os.path.join(f.client.folder, "delay")
    f.lab.spawn(f.attacker, [sys.executable, os.path.join(os.path.dirname(__file__), "relay.py"),
                             "eth0", "eth1", delay])
    f.client.start(clock="offset=0.02")
    f.client.type("system-view", *key_lines(KEY, trusted=True), *roles("ntp multicast-client"))
    f.wait_settled()
    f.baseline()
    f.sigma = max(f.sigma, 100_000)  # the relay is a script: it holds up everything a little
    with open(delay, "w", encoding="ascii") as file:
        file.write("0.02")
    f.watch(40)
    f.sent += 40
    f.need_steady()


def B20_small_step_big_step(f):
    """CVE-2015-5300. The key's holder moves the time: 2 000 s at once, after the first step."""
    f.serve()
    f.follow(clock="offset=-5000")
    f.baseline()
    f.server.stop()
    f.server.start(clock="offset=2000")
    f.server.type(*f.server_lines)
    f.watch(30)
    f.need("refused" in f.client.log(), "no refusal:\n" + f.client.log_end())
    f.need_steady()


def B23_length_extension(f):
    """MD5 only: a field is appended and the digest carried on, without the key."""
    key = wire.Key(1, "md5", "sevench")
    f.serve(keys=(key,), first=[WEAKEA])
    f.follow(keys=(key,), first=[WEAKEA])
    f.baseline()
    capture = f.lan.capture()

    def attack(_turn):
        frames = capture.mode(5, source=f.server.addresses[0][1])
        if not frames:
            return
        header, digest = frames[-1].payload[:48], frames[-1].payload[52:68]
        pad = md5_padding(7 + 48)
        size = pad[2] << 8 | pad[3]
        more = bytes(size - len(pad))
        new = md5_extended(digest, 7 + 48, more)
        f.as_server(header + pad + more + frames[-1].payload[48:52] + new)
    f.watch(10, attack)
    capture.stop()
    f.need(f.moved("duplicate") + f.moved("not-later") >= 6, "verdicts %s" % f.verdicts)
    f.need_steady()


def B24_extremes(f):
    """Rightly signed nonsense by a key's holder: every field at its ends, both eras, LI flapping."""
    f.serve()
    f.follow()
    f.baseline()
    ends = {"poll": (-128, 127, 0), "precision": (-128, 127), "root_delay": (0, 2**32 - 1),
            "root_dispersion": (0, 2**32 - 1), "stratum": (255, 16, 0), "leap": (3, 1, 2),
            "transmit": (0, 1, 2**63, 2**64 - 1, 0x83aa7e8000000000),
            "reference": (0, 2**64 - 1), "origin": (2**64 - 1, 1), "receive": (2**64 - 1,)}
    cases = [(name, value) for name, values in ends.items() for value in values]

    def attack(turn):
        name, value = cases[turn % len(cases)]
        octets = beacon(f.lab.truth, 0, KEY, **{name: value})
        f.wire.send(f.attacker_address(), GROUP, octets)
        f.wire.send(f.attacker_address(), GROUP, octets[:48 + turn % 40])
        if name == "poll":
            time.sleep(0.05)
            polls = [row["local-poll-log2s"] for row in f.sessions()]
            f.need(all(0 <= poll <= 17 for poll in polls), "intervals of 2^%s s" % polls)
    f.watch(14, attack, every=0.25)
    f.need(f.client.alive(), "the daemon ended")
    f.need_steady()


__all__ = [name for name in dir() if name[0] == "B" and name[1].isdigit()]

