#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Interleaved modes on veth, with the kernel's software stamps; the true offset is zero.

Every time on the wire is compared with the truth of the laboratory. What a packet says of itself
is the basic mode; what the next one says of it is the interleaved mode (RFC 9769).
"""
import os
import statistics
import sys
import time

import wire
from lab import Cases, enter, until
from typed import SERVER, near, roles

GROUP = "239.9.0.1"
MEAN_NS = 5_000
READINGS = 60
SETTLE_S = 20  # what the first, basic packets told is outweighed by then
LISTEN_S = 45


def figures(values):
    return "mean %+.1f us, deviation %.1f us, worst %+.1f us of %d" % (
        statistics.mean(values) / 1e3, statistics.pstdev(values) / 1e3,
        max(values, key=abs) / 1e3, len(values))


def pair(lan, to):
    """One exchange seen twice: its own answer's transmit time, and the one told by the next."""
    sock = lan.sockets[2]  # AF_INET
    first = wire.exchange(sock, lan.lab.truth, (to, 123))
    if first is None:
        return None
    cookie = int.from_bytes(os.urandom(8), "big")
    second = wire.exchange(sock, lan.lab.truth, (to, 123), origin=first.packet.receive,
                           receive=cookie)
    if second is None or second.packet.origin != cookie:
        return None
    t1, t2, _, t4 = first.times
    left = wire.ns_from_ntp(second.packet.transmit, t4)
    return first, wire.Reading((t1, t2, left, t4), second.packet)


def questions(cases, lan, server):
    pairs = []
    for _ in range(READINGS):
        pairs.append(pair(lan, server.addresses[0][1]))
        time.sleep(0.05)
    got = [p for p in pairs if p]
    cases.check("questions that return a receive time are told when the answer left",
                len(got) >= READINGS * 9 // 10, "%d of %d" % (len(got), READINGS))
    if not got:
        return
    basic = [b.offset_ns for b, _ in got]
    exact = [e.offset_ns for _, e in got]
    cases.note("exchanges, basic:       " + figures(basic))
    cases.note("exchanges, interleaved: " + figures(exact))
    cases.check("an answer leaves after the time that it carries itself",
                all(e.times[2] > b.times[2] for b, e in got))
    cases.check("interleaved, the mean error is at most 5 us", abs(statistics.mean(exact))
                <= MEAN_NS, figures(exact))
    cases.check("and smaller than basic", abs(statistics.mean(exact)) <
                abs(statistics.mean(basic)), figures(basic))
    one = got[-1][0]
    again = wire.exchange(lan.sockets[2], lan.lab.truth, (server.addresses[0][1], 123),
                          origin=one.packet.receive, receive=12345)
    cases.check("a pair is good for one answer", again and again.packet.origin != 12345)


def beacons(cases, capture, server):
    frames = capture.mode(5, to=GROUP, source=server.addresses[0][1])
    basic, exact = [], []
    for before, after in zip(frames, frames[1:]):
        if not after.packet.origin:
            continue
        basic.append(before.at - wire.ns_from_ntp(before.packet.transmit, before.at))
        exact.append(before.at - wire.ns_from_ntp(after.packet.origin, before.at))
    cases.check("the first beacon has no origin, the others tell when the one before left",
                frames and not frames[0].packet.origin and len(exact) >= len(frames) - 2,
                "%d of %d" % (len(exact), len(frames)))
    if not exact:
        return
    cases.note("beacons, from the time in the packet to the bridge: " + figures(basic))
    cases.note("beacons, from the time told by the next one:        " + figures(exact))
    cases.check("exact times vary less than those in the packets",
                statistics.pstdev(exact) < statistics.pstdev(basic))
    cases.check("nothing arrives before it left", min(exact) > -1000, figures(exact))


def follower(cases, lan, client):
    """Its clock, by interleaved exchanges whose own error was shown above."""
    values = []
    for _ in range(LISTEN_S * 2):
        got = pair(lan, client.addresses[0][1])
        if got:
            values.append(got[1].offset_ns)
        time.sleep(0.45)
    cases.check("the client's clock can be read", len(values) > LISTEN_S, "%d" % len(values))
    if not values:
        return
    cases.note("the client's clock: " + figures(values))
    cases.check("the client's mean error is at most 5 us",
                abs(statistics.mean(values)) <= MEAN_NS, figures(values))


def volley(cases, capture, client, server):
    asked = capture.mode(3, source=client.addresses[0][1])
    answered = capture.mode(4, source=server.addresses[0][1])
    cookies = {f.packet.receive for f in asked if f.packet.receive}
    told = [f for f in answered if f.packet.origin in cookies]
    cases.note("a client's volley: %d questions, %d of them interleaved, %d answered so" % (
        len(asked), len(cookies), len(told)))
    cases.check("a volley asks interleaved and is answered so", len(told) >= 4)
    cases.check("its first question says nothing but a random number", asked and not any((
        asked[0].packet.origin, asked[0].packet.receive, asked[0].packet.stratum)))


def cable(one, other):
    """A veth of their own: through a switch, packets wait by chance and not both ways alike."""
    one.ip("link add eth1 type veth peer name eth1 netns " + other.name)
    for number, host in enumerate((one, other), 1):
        host.ip("addr add 10.88.0.%d/24 dev eth1" % number)
        host.ip("link set eth1 up")


def main(lab):
    cases = Cases(lab)
    lan = lab.lan()
    capture = lan.capture()
    server = lab.host("server").plug(lan, 1).start()
    client = lab.host("client").plug(lan, 2).start()
    other = lab.host("other").plug(lan, 3).start()
    cable(server, client)
    role = "ntp multicast-server %s minpoll 0" % GROUP
    server.type(*SERVER, *roles(role), *roles(role, interface="eth 1"))
    client.type("system-view", *roles("ntp multicast-client " + GROUP, interface="eth 1"))
    other.type("system-view", *roles("ntp multicast-client " + GROUP))
    cases.check("the clients follow", until(lambda: near(client) and near(other), 30, 0.5))
    cases.group("questions", lambda: questions(cases, lan, server))
    until(lambda: len(capture.mode(3, source=other.addresses[0][1])) >= 8, 30, 0.5)
    time.sleep(SETTLE_S)
    cases.group("follower", lambda: follower(cases, lan, client))
    cases.group("volley", lambda: volley(cases, capture, other, server))
    cases.group("beacons", lambda: beacons(cases, capture, server))
    return cases.end()


if __name__ == "__main__":
    sys.exit(enter(main))
