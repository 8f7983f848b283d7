#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Interfaces that come late, go, come back; several of them; ports and hops on the wire."""
import re
import sys
import time

import typed
from lab import Cases, enter, until
from typed import SERVER, near, roles, said, sources

GROUP = "224.0.1.1"


def explain(host):
    return typed.explain(host, "display interface ntp")


def late(cases, lab, lan):
    """An interface that does not exist yet, then without address, down, deleted, re-created."""
    client = lab.host("late").start(clock="offset=0.8")
    status, output = client.cli("system-view", *roles("ntp multicast-client"))
    cases.check("an interface that does not exist is accepted with a warning",
                status == 0 and re.search("warning", output, re.I), output)
    cases.check("and shown inactive", "inactive" in said(client), said(client))
    client.plug(lan, 2, addresses=False, up=False)
    cases.check("down without address: still inactive", "joined" not in said(client), said(client))
    client.ip("link set eth0 up")
    lan.address(client, "eth0", 2)
    cases.check("an address added late is enough: it synchronises",
                until(lambda: near(client), 12, 0.5), explain(client))
    cases.check("and the group is joined", "joined" in said(client), said(client))
    cases.check("the kernel's stamps are used, and why not a card's",
                re.search(r"stamps: software \(the interface came later than the daemon.*\)\n"
                          r"  received: 0 hardware, [1-9]\d* software", said(client)),
                said(client))
    joined = client.ip("maddr show dev eth0")
    cases.check("the kernel has the membership", GROUP in joined, joined)

    client.ip("link set eth0 down")
    cases.check("down is shown", until(lambda: "joined" not in said(client), 3), said(client))
    client.ip("link set eth0 up")
    cases.check("up again: joined again", until(lambda: "joined" in said(client), 5), said(client))

    client.ip("link del eth0")
    cases.check("deleted: inactive", until(lambda: "inactive" in said(client), 3), said(client))
    lan.attach(client, "eth0", 2)
    cases.check("re-created: joined by its new index",
                until(lambda: "joined" in said(client) and
                      GROUP in client.ip("maddr show dev eth0"), 5), said(client))
    began = time.monotonic()
    cases.check("and it hears the server again", until(
        lambda: re.search(r"now: *[0-3]\b", client.show("display ntp sessions")) and near(client),
        12, 0.5), explain(client))
    cases.note("heard again %.1f s after the interface was back" % (time.monotonic() - began))


def server_flaps(cases, server, capture):
    def packets():
        return len(capture.mode(5, source=server.addresses[0][1]))
    server.ip("link set eth0 down")
    time.sleep(1.5)
    before = packets()
    server.ip("link set eth0 up")
    cases.check("a server whose interface was down sends again",
                until(lambda: packets() > before + 1, 8), "%d packets" % (packets() - before))


def ports(cases, lab, lan, capture):
    """`port` is the destination; the client needs an ear for it."""
    client = lab.host("ears").plug(lan, 4).start(clock="offset=-0.4")
    client.type("system-view", *roles("ntp multicast-client 239.2.2.2"))
    server = lab.host("far").plug(lan, 5).start()
    server.type(*SERVER, *roles("ntp multicast-server 239.2.2.2 ttl 7 port 1025 minpoll 0"))
    until(lambda: len(capture.mode(5, to="239.2.2.2")) > 2, 6)
    packets = capture.mode(5, to="239.2.2.2")
    cases.check("packets go to port 1025 with 7 hops to live", packets and all(
        f.dport == 1025 and f.ttl == 7 for f in packets))
    cases.check("without an ear for it nothing is heard", not near(client))
    client.type("system-view", "ntp listen-port 1025", "commit")
    cases.check("with `ntp listen-port 1025` it synchronises",
                until(lambda: near(client), 12, 0.5), explain(client))
    questions = capture.mode(3, source=client.addresses[0][1])
    cases.check("the volley goes to the packets' source port", questions and packets and all(
        f.dport == packets[0].sport for f in questions))


def hops(cases, capture, server):
    packets = capture.mode(5, to=GROUP, source=server.addresses[0][1])
    cases.check("the default is 16 hops, version 3", packets and all(
        f.ttl == 16 and f.packet.version == 3 for f in packets))


def several(cases, lab, lan, other):
    """One client on two LANs with three groups; roles of one interface are not another's."""
    client = lab.host("both").plug(lan, 6).plug(other, 6, ifname="eth1")
    client.start(clock="offset=0.2")
    client.type("system-view", *roles("ntp multicast-client 239.3.0.1",
                                      "ntp multicast-client ipv6 FF0E::303"),
                *roles("ntp multicast-client 239.3.0.2", interface="eth1"))
    one = lab.host("one").plug(lan, 7).start()
    one.type(*SERVER, *roles("ntp multicast-server 239.3.0.1 minpoll 0",
                             "ntp multicast-server 239.3.0.2 minpoll 0"))
    two = lab.host("two").plug(other, 7).start()
    two.type(*SERVER, *roles("ntp multicast-server 239.3.0.2 minpoll 0",
                             "ntp multicast-server 239.3.0.1 minpoll 0"))
    six = lab.host("six").plug(lan, 8).start()
    six.type(*SERVER, *roles("ntp multicast-server ipv6 FF0E::303 minpoll 0"))
    wish = ["10.77.1.7", "10.77.2.7", "2001:db8:1::8"]
    got = until(lambda: sorted(sources(client)) == wish, 10, 0.5)
    cases.check("each group is followed on its own interface", got, str(sources(client)))
    cases.check("three servers, one time", until(lambda: near(client), 10, 0.5), explain(client))
    cases.check("a cable of software has no card: the kernel's stamps are used, and it is said",
                len(re.findall(r"stamps: software \(the interface has no clock of its own\)\n"
                               r"  received: 0 hardware, [1-9]\d* software", said(client))) == 2,
                said(client))
    six_sessions = [s for s in sources(client) if ":" in s]
    cases.check("an IPv6 source is global where the interface has a global address",
                six_sessions and not six_sessions[0].startswith("fe80"),
                str(six_sessions))


def main(lab):
    cases = Cases(lab)
    lan, other = lab.lan("lan"), lab.lan("other")
    capture = lan.capture()
    server = lab.host("server").plug(lan, 1).start()
    server.type(*SERVER, *roles("ntp multicast-server minpoll 0"))
    cases.group("late", lambda: late(cases, lab, lan))
    cases.group("hops", lambda: hops(cases, capture, server))
    cases.group("ports", lambda: ports(cases, lab, lan, capture))
    cases.group("several", lambda: several(cases, lab, lan, other))
    cases.group("server flaps", lambda: server_flaps(cases, server, capture))
    return cases.end()


if __name__ == "__main__":
    sys.exit(enter(main))
