#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What leaves a multicast server, seen by a stranger: when, with which fields, signed how long.

The fields are read by tshark, whose authors know nothing of us.
"""
import os
import subprocess
import sys
import time

from lab import Cases, enter, until
from typed import KEYS, WEAKEA, key_lines, roles

INTERVAL_S = 2
# group: (key, octets of the tag, extra words, version)
GROUPS = {
    "239.4.0.1": ("md5", 16, "", 3),
    "239.4.0.2": ("hmac-sha256", 32, " version 4", 4),
    "239.4.0.3": ("aes-128-cmac", 16, " version 4", 4),
    "239.4.0.4": ("aes-256-cmac", 16, "", 3),
    "239.4.0.5": (None, 0, "", 3),
    "ff0e::404": ("hmac-sha256", 32, "", 4),
}
COLUMNS = ["ip.dst", "ipv6.dst", "ntp.flags.mode", "ntp.flags.vn", "ntp.flags.li", "ntp.stratum",
           "ntp.ppoll", "ntp.keyid", "ntp.mac", "ntp.xmt", "ntp.org", "ntp.rec", "udp.srcport",
           "udp.dstport", "ip.ttl", "ipv6.hlim"]


def server_line(group):
    name, _, words, _ = GROUPS[group]
    key = " authentication-keyid %d" % KEYS[name].ident if name else ""
    return "ntp multicast-server %s%s%s%s minpoll 1" % (
        "ipv6 " if ":" in group else "", group, key, words)


def timing(cases, capture, committed):
    every = []
    for group in GROUPS:
        at = [f.at for f in capture.mode(5, to=group)]
        first = (at[0] - committed) / 1e9 if at else None
        cases.check("%s: the first packet leaves at once after commit" % group,
                    at and first < 0.5, "%s s" % first)
        gaps = [(b - a) / 1e9 for a, b in zip(at, at[1:])]
        # A busy machine may be late by some milliseconds; nobody is ever early.
        cases.check("%s: then every interval + 0 to 2 %%, never early" % group,
                    len(gaps) >= 4 and min(gaps) >= INTERVAL_S - 0.00002
                    and max(gaps) <= INTERVAL_S * 1.02 + 0.02, str(gaps))
        every += [round(gap, 4) for gap in gaps]
    cases.check("the intervals vary", len(set(every)) > len(every) // 2, str(sorted(every)))


def decoded(cases, path):
    done = subprocess.run(
        ["tshark", "-r", path, "-Y", "ntp && ntp.flags.mode == 5", "-T", "fields"]
        + [w for c in COLUMNS for w in ("-e", c)], stdout=subprocess.PIPE, text=True, check=True)
    rows = [dict(zip(COLUMNS, line.split("\t"))) for line in done.stdout.splitlines()]
    for group, (name, octets, _, version) in GROUPS.items():
        mine = [r for r in rows if group in (r["ip.dst"], r["ipv6.dst"])]
        cases.check("tshark, %s: mode 5, version %d, leap 0, stratum 2, poll 2^1" % (
            group, version), len(mine) > 4 and all(
                (r["ntp.flags.mode"], r["ntp.flags.vn"], r["ntp.flags.li"], r["ntp.stratum"],
                 int(r["ntp.ppoll"])) == ("5", str(version), "0", "2", 1) for r in mine),
            str(mine[:1]))
        # RFC 9769: the origin is the time at which the packet before left.
        cases.check("tshark, %s: receive time is zero, and so is the first packet's origin" % group,
                    mine and mine[0]["ntp.org"] == mine[0]["ntp.rec"] and
                    len({r["ntp.rec"] for r in mine}) == 1 and
                    all(r["ntp.xmt"] not in (r["ntp.org"], r["ntp.rec"]) for r in mine),
                    str(mine[:2]))
        keyid = "%08x" % (KEYS[name].ident if name else 0)
        cases.check("tshark, %s: %s" % (group, "key id, tag of %d octets" % octets if name
                                        else "no MAC"),
                    mine and all(
                        (r["ntp.keyid"].replace(":", "") == keyid and
                         len(r["ntp.mac"].replace(":", "")) == 2 * octets) if name
                        else not r["ntp.mac"] for r in mine), str(mine[:1]))
        cases.check("tshark, %s: port 123 to 123, 16 hops" % group, mine and all(
            (r["udp.srcport"], r["udp.dstport"], r["ip.ttl"] or r["ipv6.hlim"]) ==
            ("123", "123", "16") for r in mine), str(mine[:1]))

def silence(cases, lab, lan, capture):
    """A server without a time source multicasts nothing, and says what to type."""
    host = lab.host("mute").plug(lan, 9).start()
    host.type("system-view", *roles("ntp multicast-server 239.4.0.9 minpoll 0"))
    time.sleep(2.5)
    cases.check("no time source: nothing is sent", not capture.mode(5, to="239.4.0.9"))
    status = host.show("display ntp status")
    cases.check("and the status says what to type", "ntp refclock-master" in status, status)
    reading = lan.read(host.addresses[0][1])
    cases.check("a question is answered with leap 3, stratum 0", reading and (
        reading.packet.leap, reading.packet.stratum) == (3, 0), str(reading))
    host.type("system-view", "ntp refclock-master 3", "commit")
    cases.check("told its source, it sends at once",
                until(lambda: capture.mode(5, to="239.4.0.9"), 2))


def main(lab):
    cases = Cases(lab)
    lan = lab.lan()
    capture = lan.capture()
    server = lab.host("server").plug(lan, 1).start()
    lines = ["system-view", "ntp refclock-master 2"]
    for key in KEYS.values():
        lines += key_lines(key)
    server.cli(WEAKEA, *lines, "interface eth 0", *[server_line(group) for group in GROUPS])
    cases.check("nothing leaves without a commit", not capture.mode(5))
    before = lab.truth.now()
    server.type("system-view", *lines[1:], "interface eth 0",
                *[server_line(group) for group in GROUPS], "commit")
    cases.group("silence", lambda: silence(cases, lab, lan, capture))
    time.sleep(max(0.0, 6.2 * INTERVAL_S - (lab.truth.now() - before) / 1e9))
    frames = list(capture.frames)
    path = os.path.join(lab.home, "capture.pcap")
    capture.save(path)
    cases.group("timing", lambda: timing(cases, capture, before))
    cases.group("decoded", lambda: decoded(cases, path))
    sizes = {g: 48 + (4 + GROUPS[g][1] if GROUPS[g][0] else 0) for g in GROUPS}
    cases.check("every packet has just the length of header and MAC", all(
        len(f.payload) == sizes[f.to] for f in frames if f.to in sizes and f.mode == 5))
    return cases.end()


if __name__ == "__main__":
    sys.exit(enter(main))
