#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Hosts that find their servers: rings that widen across real routers, keys, servers that go."""
import signal
import sys
import time

import typed
from lab import Cases, enter, until
from peer import Answerer, solicit
from typed import KEYS, SERVER, WEAKEA, key_lines, near, roles, sources

FAR = {4: "239.8.0.1", 6: "ff0e::801"}
NEAR = "239.8.0.2"


def explain(host):
    return typed.explain(host, "display ntp manycast", "display ntp sessions")


def role(kind, group, words=""):
    return "ntp manycast-%s %s%s%s" % (kind, "ipv6 " if ":" in group else "", group, words)


def far_server(cases, lab, chain, captures):
    """The only server is three routers away: TTL 4."""
    server = chain.plug(lab.host("far"), 3, 1).start()
    server.type(*SERVER, *roles(*[role("server", g) for g in FAR.values()]))
    clients = {}
    for family, number in ((4, 11), (6, 12)):
        client = chain.plug(lab.host("lost%d" % family), 0, number)
        client.start(clock="offset=%g,drift=20" % (0.4 if family == 4 else -0.4))
        client.type("system-view", *roles(role("client", FAR[family])))
        clients[family] = client
    for family, client in clients.items():
        cases.check("IPv%d: a server three routers away is found and followed" % family,
                    until(lambda c=client: near(c), 25, 0.5), explain(client))
    for family, client in clients.items():
        asked = [capture.mode(3, to=FAR[family]) for capture in captures]
        rings = [f.ttl for f in asked[0]]
        cases.check("IPv%d: the first ring is 1, each next one is 1 wider, and it stops at 4"
                    % family, rings[:4] == [1, 2, 3, 4] and max(rings) == 4, str(rings))
        reach = [len(rows) for rows in asked]
        cases.check("IPv%d: TTL n asks exactly n networks" % family, len(rings) >= 4 and reach == [
            sum(ring > place for ring in rings) for place in range(4)], str((rings, reach)))
        gaps = [(b.at - a.at) / 1e9 for a, b in zip(asked[0][:4], asked[0][1:4])]
        cases.check("IPv%d: a solicitation every 2 s" % family,
                    gaps and all(1.9 < gap < 2.2 for gap in gaps), str(gaps))
        cases.check("IPv%d: from fresh ports, with fresh nonces, saying nothing else" % family,
                    len({f.sport for f in asked[0]}) == len(asked[0]) and
                    len({f.packet.transmit for f in asked[0]}) == len(asked[0]) and
                    all(f.packet.reference == f.packet.origin == f.packet.receive == 0
                        and f.packet.refid == 0 for f in asked[0]))
        cases.check("IPv%d: the answer comes from the server's unicast address" % family,
                    sources(client) == [server.addresses[0][1 if family == 4 else 2]],
                    str(sources(client)))


def nearest(cases, lab, chain, captures):
    """A server on the link: nobody further away is ever asked; when it dies, somebody is."""
    close = chain.plug(lab.host("close"), 0, 2).start()
    close.type(*SERVER, *roles(role("server", NEAR)))
    distant = chain.plug(lab.host("distant"), 2, 2).start()
    distant.type(*SERVER, *roles(role("server", NEAR)))
    client = chain.plug(lab.host("lazy"), 0, 13).start(clock="offset=-0.8,drift=20")
    client.type("system-view", "interface eth0", role("client", NEAR), "commit")
    began = time.monotonic()
    cases.check("cold: a session within 2 s of the commit",
                until(lambda: sources(client), 2 - (time.monotonic() - began), 0.1),
                explain(client))
    cases.check("cold: synchronised within 15 s, within 1 ms",
                until(lambda: near(client), 15 - (time.monotonic() - began), 0.25),
                explain(client))
    cases.note("synchronised %.1f s after the commit" % (time.monotonic() - began))
    time.sleep(4)
    cases.check("the nearest server wins the first ring",
                sources(client) == [close.addresses[0][1]], str(sources(client)))
    cases.check("a satisfied client never leaks past the first router",
                not captures[1].mode(3, to=NEAR), "%d packets" % len(captures[1].mode(3, to=NEAR)))
    close.stop(signal.SIGKILL)
    cases.check("the server dies: the next ring is asked and the client moves",
                until(lambda: distant.addresses[0][1] in sources(client) and near(client), 150, 1),
                explain(client))
    cases.note("moved after %.0f s" % (time.monotonic() - began))


def strangers(cases, lab, chain):
    """Peers written for this test from the packet rules alone, with each kind of key."""
    lan = chain.lans[0]
    answerers = []
    clients = {}
    for number, (name, key) in enumerate(KEYS.items(), 21):
        group = "239.8.1.%d" % number
        space = lab.space("x%d" % number)
        lan.attach(space, "eth0", number + 20)
        answerers.append(Answerer(lab, space, "%s.%d" % (lan.v4, number + 20), group, key))
        client = lab.host("asks-" + name).plug(lan, number).start(clock="offset=0.3")
        client.type(WEAKEA, "system-view", *key_lines(key, trusted=True),
                    *roles(role("client", group, " authentication-keyid %d" % key.ident)))
        clients[name] = client
    for (name, client), answerer in zip(clients.items(), answerers):
        cases.check("%s: our client follows a stranger's manycast server" % name,
                    until(lambda c=client: near(c), 20, 0.5), explain(client))
        cases.check("%s: everything that it asked was signed" % name,
                    answerer.asked and not answerer.refused,
                    "%d asked, %d refused" % (len(answerer.asked), answerer.refused))
    server = lab.host("answers").plug(lan, 50).start()
    lines = [WEAKEA, "system-view", "ntp refclock-master 2", "ntp authentication enable"]
    for key in KEYS.values():
        lines += key_lines(key, trusted=True)
    server.type(*lines, *roles(role("server", "239.8.2.1"), role("server", "ff0e::821")))
    asker = lab.space("asker")
    lan.attach(asker, "eth0", 60)
    for name, key in KEYS.items():
        got = solicit(asker, "239.8.2.1", lan.v4 + ".60", key)
        cases.check("%s: our manycast server answers a stranger once, signed" % name,
                    len(got) == 1 and key.signed(got[0][1]) and
                    got[0][0][:2] == (server.addresses[0][1], 123), str(got))
    six = KEYS["aes-128-cmac"]
    got = solicit(asker, "ff0e::821", lan.v6 + ":3c", six)
    cases.check("IPv6: the same", len(got) == 1 and six.signed(got[0][1]), str(got))
    cases.check("keys required: a request without one gets no answer",
                not solicit(asker, "239.8.2.1", lan.v4 + ".60"))
    cases.check("nor does one signed by another key", not solicit(
        asker, "239.8.2.1", lan.v4 + ".60", type(six)(six.ident, six.algorithm, b"x" * 16)))
    flood = solicit(asker, "239.8.2.1", lan.v4 + ".60", six, count=60)
    cases.check("a flood of 60 gets what one source may: four at once, one a second",
                1 <= len(flood) <= 5, "%d answers" % len(flood))
    cases.note("60 requests at once: %d answers" % len(flood))
    cases.check("a server of stratum 2 is of no use to an asker of stratum 2",
                not solicit(asker, "239.8.2.1", lan.v4 + ".60", six, stratum=2))
    for answerer in answerers:
        answerer.stop()


def main(lab):
    cases = Cases(lab)
    chain = lab.chain(3, list(FAR.values()) + [NEAR])
    captures = [lan.capture() for lan in chain.lans]
    cases.group("far", lambda: far_server(cases, lab, chain, captures))
    cases.group("strangers", lambda: strangers(cases, lab, chain))
    cases.group("nearest", lambda: nearest(cases, lab, chain, captures))
    return cases.end()


if __name__ == "__main__":
    sys.exit(enter(main))
