#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The published procedure, typed as it stands, on IPv4 and IPv6; then with each kind of key.

A server and its client know nothing but the procedure's lines and `ntp refclock-master 1`. While
their default interval passes, four faster groups show the four algorithms, and one client with a
wrong key stays out.
"""
import re
import sys
import time

import wire
from lab import Cases, enter, until
from typed import KEYS, WEAKEA, key_lines, near, roles, status_word, synchronised

SEED_KEY = wire.Key(1, "aes-128-cmac", "procedure-of-002")
SEED_GROUPS = {4: "224.0.1.1", 6: "ff0e::101"}
SEED_SERVER = {
    4: "ntp multicast-server 224.0.1.1 authentication-keyid 1 ttl 4 version 3 port 123",
    6: "ntp multicast-server ipv6 FF0E::101 authentication-keyid 1 ttl 4 port 123"}
SEED_CLIENT = {4: "ntp multicast-client 224.0.1.1", 6: "ntp multicast-client ipv6 FF0E::101"}
GROUPS = {"md5": "239.1.1.1", "hmac-sha256": "239.1.1.2", "aes-128-cmac": "239.1.1.3",
          "aes-256-cmac": "239.1.1.4"}
WRONG_OFFSET_S = 2.0


def seed_hosts(lab, lan):
    """Clients first, then servers: the first packet of all is heard."""
    pairs = {}
    for family, number in ((4, 10), (6, 20)):
        server = lab.host("s%d" % family).plug(lan, number).start(clock="offset=0")
        client = lab.host("c%d" % family).plug(lan, number + 1).start(
            clock="offset=%s,drift=20" % ("-2.5" if family == 4 else "1.25"))
        client.type("system-view", "interface eth 0", SEED_CLIENT[family], "commit")
        pairs[family] = (server, client)
    for family, (server, _) in pairs.items():
        server.type("system-view", SEED_KEY.line(), "ntp refclock-master 1", "interface eth 0",
                    SEED_SERVER[family], "commit")
    return pairs, time.monotonic()


def algorithms(cases, lab, lan, capture):
    clients = {}
    for number, (name, key) in enumerate(KEYS.items(), 31):
        client = lab.host("c-" + name).plug(lan, number)
        client.start(clock="offset=%g,drift=-30" % (0.3 * (number - 32)))
        if name == "md5":
            status, output = client.cli("system-view", key.line(), "commit")
            cases.check("md5 is refused before WEAKEA is installed",
                        status == 1 and "WEAKEA" in output, output)
            client.type(WEAKEA)
        client.type("system-view", *key_lines(key, trusted=True),
                    *roles("ntp multicast-client " + GROUPS[name]))
        clients[name] = client

    right = KEYS["aes-128-cmac"]
    wrong = lab.host("c-wrong").plug(lan, 39).start(clock="offset=%g" % WRONG_OFFSET_S)
    wrong.type("system-view", "ntp authentication enable",
               wire.Key(right.ident, right.algorithm, "sixteen-others!!").line(),
               "ntp trusted authentication-keyid %d" % right.ident,
               *roles("ntp multicast-client " + GROUPS["aes-128-cmac"]))

    server = lab.host("s-keys").plug(lan, 30).start()
    lines = [WEAKEA, "system-view", "ntp refclock-master 2"]
    for key in KEYS.values():
        lines += key_lines(key)
    server.type(*lines, *roles(*[
        "ntp multicast-server %s authentication-keyid %d version 4 minpoll 0" % (
            GROUPS[name], key.ident) for name, key in KEYS.items()]))

    for name, client in clients.items():
        cases.check("%s: a client that demands it synchronises, within 1 ms" % name,
                    until(lambda c=client: near(c), 15, 0.5),
                    "%s, off by %s ns\n%s" % (status_word(client), client.read(),
                                             client.show("display ntp sessions verbose")))
        packets = capture.mode(5, to=GROUPS[name])
        cases.check("%s: every packet carries its MAC" % name, packets and all(
            KEYS[name].signed(f.payload) for f in packets))
        volley = [f for f in capture.mode(3, source=client.addresses[0][1])]
        cases.check("%s: questions are signed and come from a random port" % name,
                    volley and all(KEYS[name].signed(f.payload) and f.sport != 123
                                   for f in volley), "%d questions" % len(volley))
        cases.check("%s: the question's transmit time is a nonce" % name, volley and all(
            abs(wire.ns_from_ntp(f.packet.transmit, f.at) - f.at) > 10**12 for f in volley) and
            len({f.packet.transmit for f in volley}) == len(volley))
    off = wrong.read()
    cases.check("a wrong key stays out: the clock keeps its error", off is not None and
                abs(off - WRONG_OFFSET_S * 1e9) < 1_000_000 and not synchronised(wrong), str(off))
    cases.check("the wrong key is counted by name",
                re.search(r"^ mac-bad +[1-9]", wrong.show("display ntp verdicts"), re.M),
                wrong.show("display ntp verdicts"))


def seeds(cases, capture, pairs, began):
    for family, (server, client) in pairs.items():
        packets = capture.mode(5, to=SEED_GROUPS[family])
        cases.check("IPv%d: the first packet leaves at once after commit" % family, packets and
                    packets[0].source == server.addresses[0][1 if family == 4 else 2])
        if packets:
            p = packets[0]
            cases.check("IPv%d: ttl 4, port 123 to 123, version, signed" % family,
                        p.ttl == 4 and p.dport == 123 and p.sport == 123 and
                        p.packet.version == (3 if family == 4 else 4) and
                        SEED_KEY.signed(p.payload),
                        "ttl %d, %d to %d, version %d" % (p.ttl, p.sport, p.dport,
                                                          p.packet.version))
    for family, (server, client) in pairs.items():
        ok = until(lambda: near(client, family=family), 128 - (time.monotonic() - began), 0.5)
        cases.check("IPv%d: the seed's lines alone synchronise within two intervals" % family, ok,
                    "%s, off by %s ns\n%s" % (status_word(client), client.read(family=family),
                                             client.show("display ntp sessions verbose")))
        cases.note("IPv%d: synchronised %.0f s after the server's commit, off by %s ns" % (
            family, time.monotonic() - began, client.read(family=family)))
        sessions = client.show("display ntp sessions")
        cases.check("IPv%d: a client that demands nothing is shown unauthenticated" % family,
                    "unauthenticated" in sessions, sessions)
    for family, version in ((4, 3), (6, 4)):
        asked = capture.mode(3, source=pairs[family][1].addresses[0][1 if family == 4 else 2])
        cases.check("IPv%d: volleys copy the version of the packets heard" % family,
                    asked and all(f.packet.version == version for f in asked),
                    str([f.packet.version for f in asked]))


def main(lab):
    cases = Cases(lab)
    lan = lab.lan()
    capture = lan.capture()
    pairs, began = seed_hosts(lab, lan)
    cases.group("algorithms", lambda: algorithms(cases, lab, lan, capture))
    cases.group("seed", lambda: seeds(cases, capture, pairs, began))
    return cases.end()


if __name__ == "__main__":
    sys.exit(enter(main))
