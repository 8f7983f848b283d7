#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Stamps of network cards, as a real kernel gives them to a program.

Two cards are in the guest. One is QEMU's model of an Intel 82574L with Linux's own driver: it says
all that a good card says, but its clock stands still and no packet is stamped. The other is made up
(guest/stampcard.c): it stamps, by a clock that runs 60 ppm fast, at the first bit of a frame on a
link of 10 Mb/s, 50 us before the kernel sees the last one; between that driver and a program there
is only the kernel. How good a card's stamps are in the field is not measured here.
"""
import json
import os
import re
import socket
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../net"))

import guest  # noqa: E402
from lab import Cases, enter, until  # noqa: E402

S = 10**9
PORT = 4123
PACKETS = 60
LATE_NS = 50_000  # stampcard's late_ns
FRAME_NS = 75_200  # of 48 octets by UDP and IPv4, at 10 Mb/s


class Trial:
    def __init__(self, lab):
        self.lab = lab
        self.cases = Cases(lab)
        self.lan = lab.lan()
        self.server = lab.host("server").plug(self.lan, 1)
        self.guest = guest.Guest(lab, self.lan, 2, lab.truth.now(), cards=True)

    def move(self, ifname):
        """The guest's address is that interface's alone."""
        self.guest.must("for i in eth0 eth1 card0; do ip address flush dev $i 2>/dev/null; done; "
                        "ip link set eth1 down; ip link set %s up && ip address add %s/24 dev %s"
                        % (ifname, self.guest.address, ifname))
        self.lan.ip("neigh flush all")

    def take(self, ifname, packets=PACKETS):
        """What came of so many packets: [(direction, kind, ns)], the reason."""
        g = self.guest
        g.must("stamps %s %d %d >/tmp/stamps & stamps=$!" % (ifname, PORT, packets))
        time.sleep(1)
        with self.lan:
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sent = 0
        while sent < 4 * packets and g.run("kill -0 $stamps 2>/dev/null")[0] == 0:
            for _ in range(10):
                sock.sendto(bytes(48), (g.address, PORT))
                time.sleep(0.02)
                sent += 1
        sock.close()
        text = g.must("wait $stamps; cat /tmp/stamps")
        rows = re.findall(r"(received|sent) (\w+) (-?\d+)", text)
        reason = re.search(r"reason (.*)", text)
        return [(d, k, int(n)) for d, k, n in rows], reason.group(1) if reason else text

    def stamps(self):
        shown = json.loads(self.guest.type("display interface ntp | json"))
        return shown["roles"][0]["stamps"]

    # ---- a card whose clock stands still ----

    def intel(self):
        check, g = self.cases.check, self.guest
        g.must("insmod /modules/e1000e.ko; n=0; until [ -e /sys/class/net/eth1 ] || [ $n = 50 ]; "
               "do usleep 100000; n=$((n + 1)); done")
        self.move("eth1")
        g.must("n=0; until [ \"$(cat /sys/class/net/eth1/carrier)\" = 1 ] || [ $n = 50 ]; do "
               "usleep 100000; n=$((n + 1)); done")
        rows, reason = self.take("eth1", 20)
        told = g.must("stamps told eth1")
        check("a card that offers it is told to stamp all that comes and what is asked for",
              told == "tx_type 1 rx_filter 1", told)
        check("a clock that stands still is not believed",
              reason == "its clock does not run as a clock does", reason)
        check("the kernel's stamps are used instead, both ways",
              rows and all(kind == "kernel" for _, kind, _ in rows)
              and {d for d, _, _ in rows} == {"received", "sent"}, str(rows))

    # ---- a card that stamps ----

    def made_up(self):
        check, g = self.cases.check, self.guest
        g.must("insmod /modules/stampcard.ko")
        self.move("card0")
        rows, reason = self.take("card0")
        later = [n for d, kind, n in rows if (d, kind) == ("received", "card")]
        left = [n for d, kind, n in rows if (d, kind) == ("sent", "card")]
        check("packets are stamped by the card, all but the first",
              len(later) >= PACKETS - 5 and reason == "", (reason, rows))
        check("and those that leave", len(left) >= PACKETS - 15, str(rows))
        if not later or not left:
            return
        self.cases.note("kernel's stamp after the card's: median %.1f us, %.1f to %.1f (made: %d "
                        "and what the driver adds; a frame: %.1f)" % (
                            statistics.median(later) / 1e3, min(later) / 1e3, max(later) / 1e3,
                            LATE_NS // 1000, FRAME_NS / 1e3))
        self.cases.note("card's stamp after our call: median %.1f us, %.1f to %.1f" % (
            statistics.median(left) / 1e3, min(left) / 1e3, max(left) / 1e3))
        # The driver's own stamp is taken after the kernel's: emulated, that takes microseconds.
        check("moved to the last bit of their frames",
              abs(statistics.median(later) - LATE_NS) < 30_000, str(sorted(later)))
        check("no packet left before it was sent, or much later",
              min(left) > -5_000 and statistics.median(left) < 5_000_000, str(sorted(left)))

    # ---- the daemon ----

    def near(self):
        ours, theirs = self.lan.read(self.guest.address), self.lan.read("10.77.1.1")
        return ours and theirs and abs(ours.offset_ns - theirs.offset_ns) < 2_000_000

    def followed(self):
        check, g = self.cases.check, self.guest
        self.server.start(clock="offset=0.3,drift=20")
        self.server.type("system-view", "ntp refclock-master 1", "interface eth0",
                         "ntp multicast-server minpoll 0", "commit")
        g.start("--hardware-stamps set")
        g.type("system-view", "interface card0", "ntp multicast-client", "commit")
        check("the daemon uses the card's stamps", until(
            lambda: self.stamps()["newest"] == "hardware", 20), self.stamps())
        check("from inside its sandbox", "sandbox" not in g.daemon_log(), g.daemon_log())
        check("and follows its server", until(self.near, 30, 0.5), g.daemon_log())
        until(lambda: self.stamps()["sent-hardware"] >= 4, 20, 0.5)
        shown = self.stamps()
        self.cases.note(g.type("display interface ntp"))
        check("its questions are stamped by the card as well", shown["sent-hardware"] >= 4, shown)
        check("it says by which clock", re.fullmatch(r"/dev/ptp\d", shown["device"] or ""), shown)

    def disturbed(self):
        check, g = self.cases.check, self.guest
        index = self.stamps()["device"][-1]
        before = self.stamps()
        g.must("stamps shift %s %d" % (index, -7 * S))
        check("somebody sets the card's clock: the kernel's stamps are used", until(
            lambda: self.stamps()["received-software"] > before["received-software"], 10, 0.3),
              (before, self.stamps()))
        check("then the card's again, by its new time", until(
            lambda: self.stamps()["newest"] == "hardware", 15, 0.3), self.stamps())
        check("nobody stepped the clock", g.daemon_log().count("note=STEPPED") <= 1
              and self.near(), g.daemon_log())
        g.must("echo 1 >/sys/module/stampcard/parameters/lossy")
        g.type("reset ntp statistics packet")
        g.type("system-view", "interface card0", "undo ntp multicast-client", "commit",
               "ntp multicast-client", "commit")
        check("transmit stamps that never come do no harm",
              until(lambda: "synchronized" in g.type("display ntp status").replace(
                  "unsynchronized", ""), 30, 0.5) and until(self.near, 20, 0.5),
              g.type("display ntp status"))
        check("the daemon ends with status 0", g.stop() == 0, g.daemon_log())


def main(lab):
    return guest.run_trial(lab, Trial, ("intel", "made_up", "followed", "disturbed"))


if __name__ == "__main__":
    sys.exit(enter(main))
