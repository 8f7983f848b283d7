#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Who may ask, who is followed, what is not heard, and how those are told who ask too often."""
import json
import os
import socket
import sys
import time

import wire
from lab import ROOT, Cases, enter, until
from typed import KEYS, SERVER, key_lines, near, roles, synchronised

KISS_GAP_S = 2.1  # an address is told no more often


class Asker:
    """One socket at the observer, of whose address there is one, with a port of its own."""

    def __init__(self, lab, lan, host):
        self.truth = lab.truth
        self.to = (host.addresses[0][1], 123)
        with lan:
            self.socket = wire.clock_socket(socket.AF_INET)

    def ask(self, **more):
        reading = wire.exchange(self.socket, self.truth, self.to, timeout=0.3, **more)
        return reading.packet if reading else None

    def code(self, **more):
        """"time", a kiss code, or None."""
        answer = self.ask(**more)
        if answer is None or answer.stratum:
            return "time" if answer else None
        return answer.refid.to_bytes(4, "big").decode("ascii", "replace")


def verdict(host, name):
    data = json.loads(host.show("display ntp verdicts | json"))
    return sum(v["ipv4"] for v in data["verdicts"] if v["verdict"] == name)


def sessions(host):
    return json.loads(host.show("display ntp sessions | json"))["sessions"]


def config(host, *lines):
    host.type("system-view", *lines, "commit")


def questions(cases, lab, lan, server):
    asker = Asker(lab, lan, server)
    cases.check("without ntp access everybody is answered", asker.code() == "time")
    config(server, "acl 2000", "rule deny source %s.254 0" % lan.v4, "rule permit source any",
           "quit", "ntp access server 2000")
    cases.check("a list that denies: no answer, no kiss", asker.code() is None)
    cases.check("and the verdict is access", verdict(server, "access") > 0,
                server.show("display ntp verdicts"))
    cases.check("the statistics count it",
                json.loads(server.show("display ntp statistics packet | json"))
                ["statistics"][0]["access-denied"] > 0)
    config(server, "ntp kod-enable")
    cases.check("with kod-enable the refused are told DENY", asker.code() == "DENY")
    cases.check("but not those of version 3", asker.code(version=3) is None)
    cases.check("and not twice in a row", asker.code() is None)
    config(server, "acl 2000", "undo rule 5")
    cases.check("a list that permits: answered", asker.code() == "time")
    config(server, "ntp access server 2999")
    time.sleep(KISS_GAP_S)
    cases.check("a list that is not there permits nobody", Asker(lab, lan, server).code() == "DENY")
    config(server, "undo ntp access server")


def limits(cases, lab, lan, server):
    config(server, "acl 2001", "rule permit source %s.254 0" % lan.v4, "quit",
           "ntp access limited 2001")
    time.sleep(KISS_GAP_S)
    greedy, other = Asker(lab, lan, server), Asker(lab, lan, server)
    codes = [greedy.code() for _ in range(6)]
    cases.check("a greedy client: one answer, one RATE, then silence",
                codes[0] == "time" and codes[1] == "RATE" and set(codes[2:]) <= {None, "RATE"}
                and codes.count("RATE") == 1, codes)
    cases.check("another port of that address is held, too", other.code() != "time")
    key = KEYS["aes-128-cmac"]
    signed = [greedy.code(key=key) for _ in range(10)]
    cases.check("nor is who signs, below the hard cap", signed == ["time"] * 10, signed)
    cases.check("the verdict is rate", verdict(server, "rate") >= 5)
    config(server, "undo ntp kod-enable")
    codes = [other.code() for _ in range(3)]
    cases.check("without kod-enable there is no kiss", codes == [None] * 3, codes)
    config(server, "undo ntp access limited")


def examples(cases, lab, lan, server):
    """Those of docs/security.md: for who follows, and for who serves."""
    with open(os.path.join(ROOT, "docs", "security.md"), encoding="utf-8") as f:
        client, site = [e for e in f.read().split("```\n")[1::2] if "ntp access" in e]
    before = server.show("display current-configuration | include ^ntp|^acl")
    config(server, client)
    cases.check("the client of the documentation answers nobody",
                Asker(lab, lan, server).code() is None)
    server.type("rollback configuration last 1", "y")
    config(server, site)
    asker = Asker(lab, lan, server)
    codes = [asker.code() for _ in range(10)]
    cases.check("its server answers its site freely", codes == ["time"] * 10, codes)
    config(server, "acl name site", "rule 1 deny source %s.254 0" % lan.v4)
    time.sleep(2 * KISS_GAP_S)  # the gap of the example
    codes = [asker.code() for _ in range(3)]
    cases.check("and others a little", codes[0] == "time" and set(codes[1:]) <= {None, "RATE"},
                codes)
    server.type("rollback configuration last 2", "y")
    cases.check("all is as before",
                server.show("display current-configuration | include ^ntp|^acl") == before)


def switches(cases, lab, lan, server):
    asker = Asker(lab, lan, server)
    config(server, "ntp server disable")
    cases.check("server disable: no answer", asker.code() is None
                and verdict(server, "server-disabled") > 0)
    capture = lan.capture()
    time.sleep(2.5)
    cases.check("and no beacon", not capture.mode(5, source=server.addresses[0][1]))
    config(server, "undo ntp server disable", "interface eth 0", "ntp receive disable")
    cases.check("receive disable: no answer", asker.code() is None
                and verdict(server, "iface-disabled") > 0)
    config(server, "interface eth 0", "undo ntp receive disable", "quit", "ntp disable")
    cases.check("ntp disable: no answer", asker.code() is None
                and verdict(server, "ntp-disabled") > 0)
    config(server, "undo ntp disable")
    cases.check("all undone: answered", asker.code() == "time")


def followers(cases, client, far):
    cases.check("a client follows", until(lambda: near(client), 15, 0.5),
                client.show("display ntp sessions"))
    config(client, "acl 2000", "rule permit source 192.0.2.0 0.0.0.255", "quit",
           "ntp access peer 2000")
    cases.check("ntp access peer without it: it is not followed any more",
                until(lambda: not sessions(client), 5) and
                until(lambda: verdict(client, "access") > 0, 5),
                client.show("display ntp sessions"))
    config(client, "undo ntp access peer")
    cases.check("undone: it is followed again",
                until(lambda: sessions(client) and near(client), 15, 0.5))
    off = far.read()
    cases.check("offset-limit: a server 30 s away moves no clock",
                until(lambda: verdict(far, "offset-limit") > 0, 10) and
                off is not None and abs(off) > 29e9 and not synchronised(far),
                far.show("display ntp verdicts"))
    config(far, "undo ntp offset-limit")
    cases.check("without the limit it does", until(lambda: near(far), 15, 0.5))


def bound(cases, lan, server, client):
    key = KEYS["aes-128-cmac"]
    config(server, "interface eth 0",
           "ntp multicast-server authentication-keyid %d minpoll 0" % key.ident)
    config(client, *key_lines(key, trusted=True))
    cases.check("a trusted key is believed", until(lambda: near(client), 15, 0.5),
                client.show("display ntp verdicts"))
    trust = "ntp trusted authentication-keyid %d " % key.ident
    config(client, trust + "source 192.0.2.0 24")
    cases.check("bound to another prefix it is not, and the verdict says so",
                until(lambda: not sessions(client), 5) and
                until(lambda: verdict(client, "key-bound") > 0, 5),
                client.show("display ntp verdicts"))
    config(client, trust + "source %s.0 24 interface eth0 role multicast" % lan.v4)
    config(client, trust + "role unicast")
    cases.check("nor bound to another role", not sessions(client))
    config(client, trust + "source %s.0 24 interface eth0 role multicast" % lan.v4)
    cases.check("bound to multicast, this prefix and this interface it is",
                until(lambda: sessions(client) and near(client), 20, 0.5))


def body(lab):
    cases = Cases(lab)
    lan = lab.lan()
    server = lab.host("server").plug(lan, 1).start()
    server.type(*SERVER, KEYS["aes-128-cmac"].line(), *roles("ntp multicast-server minpoll 0"))
    client = lab.host("client").plug(lan, 2).start(clock="offset=0.4")
    client.type("system-view", *roles("ntp multicast-client"))
    far = lab.host("far").plug(lan, 3).start(clock="offset=30")
    far.type("system-view", "ntp offset-limit 20", *roles("ntp multicast-client"))
    cases.group("followers", lambda: followers(cases, client, far))
    cases.group("questions", lambda: questions(cases, lab, lan, server))
    cases.group("examples", lambda: examples(cases, lab, lan, server))
    cases.group("limits", lambda: limits(cases, lab, lan, server))
    cases.group("switches", lambda: switches(cases, lab, lan, server))
    cases.group("bound", lambda: bound(cases, lan, server, client))
    return cases.end()


sys.exit(enter(body))
