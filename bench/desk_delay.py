#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""make bench: how much longer a question waits for its answer while somebody works at the desk.

A daemon with 1,000 interfaces configured answers questions that come a thousand times a second.
Meanwhile, in turn: nothing, commits that change every interface, displays, filters, a paste of
10,000 lines. One row each: median, 99 of 100, longest; of the whole way, there and back, between the
kernel's stamps, and of the daemon's own part of it, from its receive stamp to its transmit stamp.
Last, how many answers took over 1 ms, and how many of the echo's did: a machine that is itself
stopped for milliseconds (a guest, a busy host) makes both late.
"""
import os
import select
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "net"))

from lab import enter, quiet  # noqa: E402

INTERFACES = 1000
ASK_S = 0.001
SECONDS = 6
SO_TIMESTAMPNS = 35
ECHO_PORT = 1230
LATE_NS = 1000000  # what no work at the desk may add


def span_ns(later, earlier):
    """Between two instants of the wire."""
    return ((later - earlier) & (1 << 64) - 1) * 10**9 >> 32


def echo(address):
    """The least that a server can do: what it is delayed by is this machine."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, ECHO_PORT))
    while True:
        octets, client = sock.recvfrom(128)
        sock.sendto(octets[:24] + octets[40:48] + bytes(16), client)


def ask(address, seconds):
    """Prints `port way own` in ns for every question answered, and how many were lost."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.setblocking(False)
    due = time.monotonic()
    end = due + seconds
    sent = {}
    number = 0
    rows = []
    while due < end or sent:
        now = time.monotonic()
        if now > end + 0.5:
            break
        if now >= due and due < end:
            number += 1
            sent[number] = time.time_ns()
            sock.sendto(struct.pack("!B39xQ", 0x23, number),
                        (address, ECHO_PORT if number % 2 else 123))
            due = max(due + ASK_S / 2, now - 0.1)
        if not select.select([sock], [], [], max(0, min(due - now, 0.05)))[0]:
            continue
        octets, more, _, peer = sock.recvmsg(128, 64)
        origin, receive, transmit = struct.unpack("!3Q", octets[24:48])
        seconds_in, ns_in = struct.unpack("qq", more[0][2][:16])
        left = sent.pop(origin, None)
        if left is not None:
            rows.append((peer[1], seconds_in * 10**9 + ns_in - left, span_ns(transmit, receive)))
    print(sum(1 for number in sent if number % 2 == 0))
    for row in rows:
        print("%d %d %d" % row)


class Row:
    """What was seen while one thing was done."""

    def __init__(self, name, text):
        lines = text.split("\n")
        rows = [tuple(map(int, line.split())) for line in lines[1:] if line]
        self.name = name
        self.lost = int(lines[0])
        self.way = self.three(way for port, way, _ in rows if port == 123)
        self.own = self.three(own for port, _, own in rows if port == 123)
        self.echo = self.three(way for port, way, _ in rows if port == ECHO_PORT)
        self.count = sum(1 for row in rows if row[0] == 123)
        self.late = sum(1 for port, way, _ in rows if port == 123 and way > LATE_NS)
        self.late_echo = sum(1 for port, way, _ in rows if port == ECHO_PORT and way > LATE_NS)

    @staticmethod
    def three(values):
        """Median, 99 of 100, longest, in us."""
        values = sorted(values)
        return [values[len(values) // 2] / 1e3, values[len(values) * 99 // 100] / 1e3,
                values[-1] / 1e3]

    def print(self):
        print("%-12s %6d %4d | %s | %s | %s | %s | %5d %5d" % (
            self.name, self.count, self.lost, " ".join("%8.0f" % us for us in self.own),
            " ".join("%8.0f" % us for us in self.way), " ".join("%8.0f" % us for us in self.echo),
            " ".join("%6.2f" % (a / b) for a, b in zip(self.way, self.echo)),
            self.late, self.late_echo), flush=True)


def batch(host, lines):
    subprocess.run(host.command([host.lab.timecast, "--control", host.socket, "-"]),
                   input="\n".join(lines) + "\n", stdout=subprocess.DEVNULL, text=True, check=True)


def every_interface(verb, group):
    lines = ["system-view"]
    for i in range(INTERFACES):
        lines += ["interface v%d" % i, "%sntp multicast-client %s" % (verb, group)]
    return lines


def commits(host):
    """Each line is one commit that changes all interfaces."""
    for verb in ("", "undo ") * 3:
        batch(host, every_interface(verb, "239.3.0.1") + ["commit"])


def displays(host):
    batch(host, ["display current-configuration", "display interface ntp",
                 "display current-configuration | json"] * 10)


def filters(host):
    batch(host, ["display current-configuration | section v9.*1 | exclude (a+)+b | count",
                 "display interface ntp | include (.*)(.*)x$"] * 10)


def paste(host):
    lines = ["system-view"]
    for i in range(5000):
        lines += ["interface v%d" % (i % INTERFACES), "ntp multicast-client 239.4.0.%d" % (i % 4)]
    batch(host, lines + ["return", "N"])


def measure(lab, host, asked, name, work):
    asker = subprocess.Popen(asked + ["--ask", host.addresses[0][1], str(SECONDS)],
                             stdout=subprocess.PIPE, text=True)
    lab.children.append(asker)
    time.sleep(0.2)
    end = time.monotonic() + SECONDS - 0.4
    turns = 0
    while work and time.monotonic() < end:
        work(host)
        turns += 1
    out = asker.communicate()[0]
    lab.children.remove(asker)
    return Row("%s %d" % (name, turns) if work else name, out)


def main(lab):
    lan = lab.lan()
    host = lab.host("host").plug(lan, 1)
    links = "".join("link add v%d type veth peer name v%d\n" % (i, i + 1)
                    for i in range(0, INTERFACES, 2))
    links += "".join("link set v%d up\naddress add 10.%d.%d.1/24 dev v%d\n" % (
        i, 100 + i // 250, i % 250, i) for i in range(INTERFACES))
    quiet(["ip", "-n", host.name, "-batch", "-"], input=links)
    host.start()
    host.type("system-view", "ntp refclock-master 1", "commit")
    batch(host, every_interface("", "239.2.0.1") + ["commit"])
    time.sleep(3)
    asked = lan.command([sys.executable, os.path.abspath(__file__)])
    lab.spawn(host, [sys.executable, os.path.abspath(__file__), "--echo", host.addresses[0][1]])
    time.sleep(3)
    print("us: median, 99 of 100, longest")
    print("%-12s %6s %4s | %26s | %26s | %26s | %20s | %11s" % (
        "meanwhile", "asked", "lost", "the daemon's own part", "there and back",
        "the same to a bare echo", "as its multiple", "> 1ms, echo"))
    for name, work in (("nothing", None), ("commit", commits), ("display", displays),
                       ("filter", filters), ("paste", paste), ("nothing", None)):
        measure(lab, host, asked, name, work).print()
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--ask"]:
        sys.exit(ask(sys.argv[2], float(sys.argv[3])))
    if sys.argv[1:2] == ["--echo"]:
        sys.exit(echo(sys.argv[2]))
    sys.exit(enter(main))
