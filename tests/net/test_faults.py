#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What goes wrong around a daemon: it serves on, or says why not, and recovers without help."""
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time

import typed
import wire
from lab import Cases, enter, outer_pid, quiet, until
from typed import SERVER, near, roles, said

GROUP = "224.0.1.1"
FLAPS = 1000
HARD = 1024
ERA_1 = 2085978496 * 10**9  # 2036-02-07 06:28:16 UTC, Unix ns: the NTP clock starts over


def explain(host):
    return typed.explain(host, "display interface ntp") + "\n" + host.log_end()


def batch(host, lines):
    quiet(["ip", "-n", host.name, "-batch", "-"], input="\n".join(lines) + "\n")


def joined(host):
    return "joined" in said(host) and GROUP in host.ip("maddr show dev eth0")


def serves(host, capture, packets=2):
    """It has sent that many packets since now."""
    source = host.addresses[0][1]
    before = len(capture.mode(5, source=source))
    return until(lambda: len(capture.mode(5, source=source)) >= before + packets, 6)


# ---- interfaces ----

def flaps(cases, client):
    """1,000 times down and up, as fast as the kernel can."""
    memory = client.memory()["RssAnon"]
    mark = client.log_size()
    batch(client, ["link set eth0 down", "link set eth0 up"] * FLAPS)
    cases.check("after %d flaps the group is joined" % FLAPS,
                until(lambda: joined(client), 5), explain(client))
    cases.check("and the server is heard", until(lambda: near(client), 12, 0.5), explain(client))
    grown = client.memory()["RssAnon"] - memory
    cases.check("memory did not grow with them", grown < 512, "%d kB" % grown)
    lines = client.log(mark).count("\n")
    cases.check("nor did the journal", lines < 100, "%d lines" % lines)


def overflow(cases, client):
    """More news of interfaces than the kernel keeps for a reader that does not come."""
    client.daemon.send_signal(signal.SIGSTOP)
    lines = []
    for i in range(400):
        lines += ["link set eth0 down", "link set eth0 up",
                  "addr add 10.9.%d.%d/32 dev lo" % (i // 200, i % 200)]
    batch(client, lines + ["link set eth0 down"])
    with open("/proc/%d/net/netlink" % outer_pid(client.daemon.pid), encoding="ascii") as f:
        drops = max(int(row.split()[8]) for row in f.read().splitlines()[1:])
    client.daemon.send_signal(signal.SIGCONT)
    cases.check("news of interfaces were lost", drops > 0, "%d" % drops)
    cases.check("the interface that went down among them is known to be down",
                until(lambda: "joined" not in said(client), 5), explain(client))
    client.ip("link set eth0 up")
    cases.check("and comes up again", until(lambda: joined(client), 5), explain(client))


# ---- what the kernel refuses ----

def no_memberships(cases, client):
    """ENOBUFS: the kernel has no room for one more membership, and then it has."""
    client.sysctl("net/ipv4/igmp_max_memberships", 0)
    client.type("system-view", *roles("ntp multicast-client 239.8.0.1"))
    cases.check("a group that cannot be joined is shown with the reason", until(
        lambda: re.search(r"refused \(.*igmp_max_memberships", said(client)), 5), said(client))
    client.sysctl("net/ipv4/igmp_max_memberships", 20)


def memberships(cases, client):
    cases.check("and joined within a minute when there is room", until(
        lambda: "239.8.0.1" in client.ip("maddr show dev eth0"), 62, 0.5), said(client))


def lowest_free(host):
    """The descriptor that the daemon would get next: a limit of that lets it have none."""
    taken = {int(fd) for fd in os.listdir("/proc/%d/fd" % outer_pid(host.daemon.pid))}
    return min(set(range(len(taken) + 1)) - taken)


def visitors(host):
    """How many are connected to the control socket."""
    with open("/proc/%d/net/unix" % outer_pid(host.daemon.pid), encoding="ascii") as f:
        return len(re.findall(r" 0001 03 +\d+ %s$" % re.escape(host.socket), f.read(), re.M))


def descriptors(cases, lab, server, capture):
    """No descriptor is left: nobody new gets in, but time goes out."""
    pid = server.daemon.pid
    old = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (lowest_free(server), old[1]))
    typist = subprocess.Popen(
        server.command([lab.timecast, "--control", server.socket, "-c", "display ntp status"]),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    cases.check("without descriptors it serves on", serves(server, capture))
    cases.check("and says why nobody gets in",
                until(lambda: re.search(r"too many open files", server.log(), re.I), 3),
                server.log_end())
    resource.prlimit(pid, resource.RLIMIT_NOFILE, old)
    output = typist.communicate(timeout=10)[0]
    cases.check("with descriptors the one who waited is served", "clock status" in output, output)


def no_question(cases, lab, lan, server):
    """A client without a descriptor for asking; the server begins when it has none."""
    client = lab.host("poor").plug(lan, 7).start(clock="offset=0.3")
    client.type("system-view", *roles("ntp multicast-client 239.8.0.7"))
    cases.check("the terminal's descriptor is closed", until(lambda: not visitors(client), 5))
    resource.prlimit(client.daemon.pid, resource.RLIMIT_NOFILE, (lowest_free(client), HARD))
    server.type("system-view", *roles("ntp multicast-server 239.8.0.7 minpoll 0"))
    cases.check("a client that cannot ask says why", until(
        lambda: re.search(r"SEND_FAILED.*value=24", client.log()), 6), client.log_end())
    cases.check("and follows the group without having measured the path", until(
        lambda: "note=DEGRADED" in client.log() and abs(client.read() or 10**9) < 5 * 10**6, 6),
                "off by %s ns\n%s" % (client.read(), client.log_end()))
    resource.prlimit(client.daemon.pid, resource.RLIMIT_NOFILE, (HARD, HARD))
    return client


def question(cases, client):
    cases.check("with a descriptor it measures it", until(
        lambda: "note=CALIBRATED" in client.log() and near(client), 60, 0.5), explain(client))


def nowhere(cases, lan, server):
    """Questions with an address that the server has no route to: what it cannot answer counts."""
    for name in "all", "eth0":
        server.sysctl("net/ipv4/conf/%s/rp_filter" % name, 0)
    lan.ip("addr add 198.51.100.7/32 dev lo")

    def failures():
        rows = json.loads(server.show("display ntp statistics packet | json"))["statistics"]
        return next(r["send-failures"] for r in rows if r["interface"] is None)
    mark = server.log_size()
    with lan:
        asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asker.bind(("198.51.100.7", 0))
    for i in range(5):
        asker.sendto(wire.Packet(version=4, mode=3, transmit=i + 1).bytes(),
                     (server.addresses[0][1], 123))
    asker.close()
    cases.check("answers that nothing leads to are counted", until(lambda: failures() == 5, 3),
                server.show("display ntp statistics packet"))
    cases.check("and fill no journal", not server.log(mark), server.log(mark))


def memory(cases, server, capture):
    """ENOMEM: the process may not grow by a page."""
    pid = server.daemon.pid
    with open("/proc/%d/statm" % outer_pid(pid), encoding="ascii") as f:
        size = int(f.read().split()[0]) * resource.getpagesize()
    old = resource.prlimit(pid, resource.RLIMIT_AS)
    resource.prlimit(pid, resource.RLIMIT_AS, (size, old[1]))
    cases.check("without memory it serves on", serves(server, capture) and server.alive(),
                server.log_end())
    output = server.show("display ntp status")
    cases.check("and answers", "clock status" in output, output)
    resource.prlimit(pid, resource.RLIMIT_AS, old)


def full_disk(cases, lab, lan):
    host = lab.host("full").plug(lan, 8)
    quiet(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", host.state])
    host.start(clock="offset=0.1")
    host.type("system-view", *roles("ntp multicast-client"), "return", "save", "y")
    filler = os.path.join(host.state, "filler")
    with open(filler, "wb", buffering=0) as f:
        try:
            while f.write(b"x" * 4096):
                pass
        except OSError:
            pass
    status, output = host.cli("system-view", "sysname other", "commit")
    cases.check("a commit that cannot be kept is refused, and why",
                status and "No space left on device" in output, output)
    status, output = host.cli("save", "y")
    cases.check("so is a save", status and "No space left on device" in output, output)
    config = host.show("display current-configuration")
    cases.check("nothing has changed", "sysname" not in config, config)
    cases.check("the clock is kept all the same", until(lambda: near(host), 12, 0.5),
                explain(host))
    os.unlink(filler)
    host.type("system-view", "sysname other", "commit", "return", "save", "y")
    cases.check("with room both work", "sysname other" in host.show("display saved-configuration"))
    host.stop()


# ---- clocks ----

def two_at_once(cases, lab):
    """Two daemons that are given one directory at the same moment, before it is there."""
    host = lab.host("twins")
    folder = os.path.join(lab.home, "twins-")
    for number in range(5):
        state = folder + str(number) + "/a/b"
        words = [lab.timecastd, "--state", state, "--clock", "virtual"]
        twins = [subprocess.Popen(
            host.command(words + ["--control", "%s%d/%s" % (folder, number, name)]),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            for name in ("one", "two")]
        until(lambda: any(t.poll() is not None for t in twins), 10)
        time.sleep(0.3)
        over = [t for t in twins if t.poll() is not None]
        left = [t for t in twins if t.poll() is None]
        for t in left:
            t.terminate()
        texts = {t: t.communicate()[1] for t in twins}
        good = (len(over) == 1 and over[0].returncode == 1 and left[0].returncode == 0
                and texts[over[0]] == "<3>%s is in use by another timecastd\n" % state
                and texts[left[0]].count("<3>") == 0)
        cases.check("of two at once on a fresh directory one runs, one says why not (%d)" %
                    (number + 1), good, [(t.returncode, texts[t]) for t in twins])


def pair(lab, lan, first, epoch, offset):
    """A server and a client of their own, in another time."""
    now = lab.truth.epoch
    lab.truth.epoch = epoch - time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
    server = lab.host("then-%d" % first).plug(lan, first).start()
    server.type(*SERVER, *roles("ntp multicast-server 239.9.0.%d minpoll 0" % first))
    client = lab.host("there-%d" % first).plug(lan, first + 1).start(clock="offset=%s" % offset)
    client.type("system-view", *roles("ntp multicast-client 239.9.0.%d" % first))
    return now, server, client


def eras(cases, lab, lan):
    """Eight seconds before the end of the NTP era, and on into the next one."""
    now, server, client = pair(lab, lan, 20, ERA_1 - 8 * 10**9, 0.4)
    cases.check("2036: synchronised before the era ends", until(lambda: near(client), 7, 0.3),
                explain(client))
    worst = 0
    bad = []
    while lab.truth.now() < ERA_1 + 4 * 10**9:
        off = client.read(tries=2)
        if off is None or not -10**7 < off < 10**7:
            bad.append(off)
        worst = max(worst, abs(off or 0))
        time.sleep(0.3)
    cases.check("and over its end, without a step", not bad and near(client),
                "%s\n%s" % (bad, explain(client)))
    date = client.show("display clock")
    cases.check("the date is right", "2036-02-07" in date, date)
    cases.note("worst %d ns around the end of the era" % worst)
    lab.truth.epoch = now
    for host in (server, client):
        host.stop()


def far_away(cases, lab, lan):
    """A clock 67 years off: nearly half an era, from where both directions look alike."""
    for first, years in ((30, 67), (40, -67)):
        now, server, client = pair(lab, lan, first, lab.truth.now(), years * 365.25 * 86400)
        cases.check("a clock %d years off is set" % years, until(lambda: near(client), 12, 0.5),
                    explain(client))
        lab.truth.epoch = now
        for host in (server, client):
            host.stop()


def main(lab):
    cases = Cases(lab)
    lan = lab.lan("lan")
    capture = lan.capture()
    server = lab.host("server").plug(lan, 1).start()
    server.type(*SERVER, *roles("ntp multicast-server minpoll 0"))
    client = lab.host("client").plug(lan, 2).start(clock="offset=0.5,drift=10")
    client.type("system-view", *roles("ntp multicast-client"))
    cases.check("it begins well", until(lambda: near(client), 12, 0.5), explain(client))
    poor = []
    for name, body in (
            ("no memberships", lambda: no_memberships(cases, client)),
            ("no question", lambda: poor.append(no_question(cases, lab, lan, server))),
            ("flaps", lambda: flaps(cases, client)),
            ("overflow", lambda: overflow(cases, client)),
            ("descriptors", lambda: descriptors(cases, lab, server, capture)),
            ("nowhere", lambda: nowhere(cases, lan, server)),
            ("memory", lambda: memory(cases, server, capture)),
            ("full disk", lambda: full_disk(cases, lab, lan)),
            ("two at once", lambda: two_at_once(cases, lab)),
            ("2036", lambda: eras(cases, lab, lan)),
            ("67 years", lambda: far_away(cases, lab, lan)),
            ("question", lambda: question(cases, poor[0])),
            ("memberships", lambda: memberships(cases, client))):
        began = time.monotonic()
        cases.group(name, body)
        cases.note("%s: %.1f s" % (name, time.monotonic() - began))
    cases.check("it ends well", until(lambda: near(client), 12, 0.5), explain(client))
    return cases.end()


if __name__ == "__main__":
    sys.exit(enter(main))
