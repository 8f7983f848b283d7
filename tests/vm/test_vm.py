#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The clock of a real kernel, steered in an emulated guest; the host's is never touched.

Outside the guest there are a timecastd with a clock that gains 50 ppm on the truth, and a server of
a few lines of Python that can announce leap seconds. The guest's battery clock is wrong by seconds.
What the kernel holds is read by a program of its own (guest/kernel_clock.c), how wrong the clock is
by questions from outside.
"""
import os
import re
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../net"))

import guest  # noqa: E402
import wire  # noqa: E402
from lab import Cases, enter, until  # noqa: E402

MS = 10**6
S = 10**9
GROUP = "224.0.1.1"
# Noon of a day without a leap second: a kernel that is told of one waits for midnight.
NOON = 1781524800 * S
# An emulated kernel that boots slowly loses seconds, too.
WRONG = -5 * S
DRIFT_PPM = 50
# An emulated clock and network: what is measured is printed, this is what must hold anywhere.
FOLLOWS = 2 * MS
RATE_PPB = 15_000
NO_KERNEL_CLOCK = 16_000_000


class Beacon(threading.Thread):
    """A multicast server on the LAN's observer: the truth, with whatever leap and dispersion."""

    def __init__(self, lab, lan, dispersion):
        super().__init__(daemon=True)
        self.truth, self.dispersion = lab.truth, dispersion
        self.grows = 0.0  # of dispersion, a beacon
        self.leap = 0
        self.shift = 0  # of its clock against the lab's truth, ns
        self.leaps_at = None  # then it inserts a second, and announces none any more
        self.done = False
        with lan:
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                               socket.inet_aton(lan.v4 + ".254"))
        self.socket.bind((lan.v4 + ".254", 123))
        self.socket.settimeout(0.05)
        self.start()

    def now(self):
        now = self.truth.now() + self.shift
        if self.leaps_at is None or now < self.leaps_at:
            return now
        self.leap = 0
        return now - S

    def packet(self, **more):
        now = self.now()
        return wire.Packet(
            leap=self.leap, version=4, stratum=1, poll=4, precision=-20,
            root_dispersion=int(self.dispersion * 65536), refid=int.from_bytes(b"TEST", "big"),
            reference=wire.ntp_from_ns(now - S), transmit=wire.ntp_from_ns(now), **more).bytes()

    def run(self):
        due = 0
        while not self.done:
            if time.monotonic() >= due:
                due = time.monotonic() + 1
                self.socket.sendto(self.packet(mode=5), (GROUP, 123))
                self.dispersion += self.grows
            try:
                octets, sender = self.socket.recvfrom(512)
            except TimeoutError:
                continue
            arrived = wire.ntp_from_ns(self.now())
            if len(octets) >= 48 and octets[0] & 7 == 3:
                question = wire.Packet.read(octets)
                self.socket.sendto(self.packet(mode=4, origin=question.transmit, receive=arrived),
                                   sender)

    def stop(self):
        self.done = True
        self.join()
        self.socket.close()


class Trial:
    def __init__(self, lab):
        self.lab = lab
        self.cases = Cases(lab)
        lab.truth.epoch = NOON - time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
        self.lan = lab.lan()
        self.capture = self.lan.capture()
        self.server = lab.host("server").plug(self.lan, 1)
        self.guest = guest.Guest(lab, self.lan, 2, lab.truth.now() + WRONG)

    def error(self):
        """ns that the guest is ahead of the server."""
        ours, theirs = self.lan.read(self.guest.address), self.lan.read("10.77.1.1")
        return ours.offset_ns - theirs.offset_ns if ours and theirs else None

    def near(self):
        error = self.error()
        return error is not None and abs(error) < FOLLOWS

    def beacons(self):
        return self.capture.mode(5, source=self.guest.address)

    def until_kernel(self, good, seconds):
        """The kernel's words once they are good, or what they were last."""
        words = {}

        def look():
            words.update(self.guest.kernel_clock())
            return good(words)
        until(look, seconds, 0.3)
        return words

    # ---- nobody follows anybody: another program may keep the clock ----

    def kept_by_nobody(self):
        check, g = self.cases.check, self.guest
        before = g.kernel_clock()
        check("a kernel that has just begun calls its clock unsynchronised",
              before["unsync"] == 1 and before["freq_ppb"] == 0, before)
        g.start()
        g.type("system-view", "interface eth0", "ntp multicast-server minpoll 0", "commit")
        time.sleep(4)
        check("it is not multicast", not self.beacons(), self.beacons())
        shown = g.type("display ntp status")
        check("display ntp status says why, and what to type",
              "nothing sent: no time source; type ntp refclock-master" in shown, shown)
        reading = self.lan.read(g.address)
        check("a question is answered with leap 3 and stratum 0",
              reading and (reading.packet.leap, reading.packet.stratum) == (3, 0),
              reading and vars(reading.packet))

    def kept_by_another(self):
        check, g = self.cases.check, self.guest
        g.must("kernel_clock vouch 20000 300 7000")
        check("a clock that another program keeps is multicast",
              until(self.beacons, 20), self.guest.type("display ntp status"))
        time.sleep(2)
        before = g.kernel_clock()
        time.sleep(1.1)
        packet = self.beacons()[-1].packet
        after = g.kernel_clock()
        served = packet.root_dispersion / 65.536
        self.cases.note("kernel's maxerror %d us, root dispersion served %d us" % (
            after["maxerror_us"], served * 1000))
        check("at stratum 10, by 127.127.1.0", packet.stratum == 10 and packet.leap == 0
              and packet.refid == 0x7f7f0100, vars(packet))
        # The kernel's own bound grows by 500 ppm; it was looked at up to 16 s ago.
        check("its error is in the root dispersion",
              20.0 <= served and before["maxerror_us"] / 1000 - 10 <= served
              <= after["maxerror_us"] / 1000 + 1, (served, before, after))
        check("and nobody touches that clock", after["freq_ppb"] in (6999, 7000)
              and not after["unsync"], after)
        g.type("system-view", "interface eth0", "undo ntp multicast-server", "commit")

    # ---- a client ----

    def followed(self):
        check, g = self.cases.check, self.guest
        self.server.start(clock="offset=0,drift=%d" % DRIFT_PPM)
        self.server.type("system-view", "ntp refclock-master 1", "interface eth0",
                         "ntp multicast-server minpoll 0", "commit")
        wrong = self.error()
        before = g.kernel_clock()
        check("the guest begins seconds wrong", abs(wrong) > S, wrong)
        g.must("kernel_clock vouch 20000000 20000000 0")
        g.type("system-view", "interface eth0", "ntp multicast-client", "commit")
        since = time.monotonic()
        check("the first step", until(self.near, 30, 0.2), self.error())
        self.cases.note("%.3f s wrong, within %d ms after %.1f s" % (
            wrong / S, FOLLOWS // MS, time.monotonic() - since))
        words = self.until_kernel(lambda w: not w["unsync"], 10)
        moved = words["real_minus_raw_ns"] - before["real_minus_raw_ns"]
        check("was one jump of the kernel's clock", abs(moved + wrong) < 20 * MS, (moved, wrong))
        check("STA_UNSYNC is cleared", words["unsync"] == 0 and words["state"] == 0, words)
        check("no leap second, no phase-locked loop, the tick as it was",
              (words["ins"], words["del"], words["pll"], words["tick"]) == (0, 0, 0, 10000), words)

    def held(self):
        check, g = self.cases.check, self.guest
        time.sleep(45)
        rates, errors, bounds, sharp = [], [], [], []
        for _ in range(10):
            time.sleep(1)
            error = self.error()
            words = g.kernel_clock()
            errors.append(abs(error) / 1000)
            rates.append(words["freq_ppb"])
            bounds.append(words["maxerror_us"])
            sharp.append(words["esterror_us"])
        rate = sorted(rates)[len(rates) // 2]
        text = ("after a minute, us: wrong %.0f to %.0f, maxerror %d to %d, esterror %d to %d; "
                "rate %.1f ppm (server: %d)" % (
                    min(errors), max(errors), min(bounds), max(bounds), min(sharp), max(sharp),
                    rate / 1000, DRIFT_PPM))
        self.cases.note(text)
        check("after a minute the guest follows the server", max(errors) * 1000 < FOLLOWS, text)
        check("by the kernel's frequency", abs(rate - 1000 * DRIFT_PPM) < RATE_PPB, text)
        check("maxerror contains the true error",
              all(b >= e for b, e in zip(bounds, errors)), (bounds, errors))
        check("0 < esterror <= maxerror", all(0 < e <= b for e, b in zip(sharp, bounds)), text)
        check("both are refreshed: the kernel alone adds 500 us a second",
              max(bounds) - min(bounds) < 4000, str(bounds))
        log = g.daemon_log()
        check("there was one step", log.count("note=STEPPED") == 1, log)

    def slewed(self):
        """Something shifts the clock by 4 ms: that is worked off by rate."""
        check, g = self.cases.check, self.guest
        self.guest.must("kernel_clock shift 4000")
        rates = []
        for _ in range(16):
            time.sleep(0.25)
            rates.append(g.kernel_clock()["freq_ppb"])
        check("4 ms are worked off by a rate of up to 500 ppm more",
              -500_000 + 1000 * DRIFT_PPM - RATE_PPB <= min(rates) < -200_000, str(rates))
        time.sleep(8)
        words = g.kernel_clock()
        error = self.error()
        self.cases.note("rate %.1f ppm at the lowest, then %.1f ppm; wrong by %.0f us" % (
            min(rates) / 1000, words["freq_ppb"] / 1000, error / 1000))
        check("and then it is right again", abs(error) < 2 * MS
              and abs(words["freq_ppb"] - 1000 * DRIFT_PPM) < 4 * RATE_PPB, (error, words))
        log = g.daemon_log()
        check("without another step", log.count("note=STEPPED") == 1
              and log.count("note=CLOCK_MOVED") == 1, log)

    def suspended(self):
        check, g = self.cases.check, self.guest
        before = g.kernel_clock()
        # Nobody answers until we have looked, or a quick guest has measured again by then.
        self.server.daemon.send_signal(signal.SIGSTOP)
        g.suspend(20)
        after = g.kernel_clock()
        slept = (after["real_minus_raw_ns"] - before["real_minus_raw_ns"]) / S
        check("the machine sleeps for 20 s", 18 < slept < 30, slept)
        check("what it knows of others is from before: STA_UNSYNC",
              self.until_kernel(lambda w: w["unsync"], 5)["unsync"] == 1, after)
        self.server.daemon.send_signal(signal.SIGCONT)
        check("then it is synchronised again",
              not self.until_kernel(lambda w: not w["unsync"], 60)["unsync"])
        check("and right", until(self.near, 20, 0.5), self.error())
        log = g.daemon_log()
        said = re.findall(r"note=SLEPT value=(\d+)", log)
        self.cases.note("asleep for %.3f s by the kernel's clocks, %s by the daemon's line" % (
            slept, said))
        check("it says that the machine slept, and how long",
              len(said) == 1 and abs(int(said[0]) / S - slept) < 1.5, log)
        check("and takes it for nothing else", log.count("note=CLOCK_MOVED") == 1, log)

    # ---- nobody to follow any more ----

    def no_client(self):
        check, g = self.cases.check, self.guest
        g.type("system-view", "interface eth0", "undo ntp multicast-client", "commit")
        words = self.until_kernel(lambda w: w["unsync"], 5)
        check("without a client role nobody vouches for the clock: STA_UNSYNC",
              words["unsync"] == 1 and words["maxerror_us"] >= NO_KERNEL_CLOCK, words)
        reading = self.lan.read(g.address)
        check("and it is not taken for another program's",
              reading and reading.packet.stratum == 0, reading and vars(reading.packet))
        g.type("system-view", "interface eth0", "ntp multicast-client", "commit")
        words = self.until_kernel(lambda w: not w["unsync"], 20)
        check("with one again it is synchronised again", not words["unsync"], words)

    def ended(self):
        check, g = self.cases.check, self.guest
        g.must("kernel_clock shift 4000")
        time.sleep(1.5)
        status = g.stop()
        words = g.kernel_clock()
        check("the daemon ends with status 0", status == 0, g.daemon_log())
        check("then nobody vouches for the clock: STA_UNSYNC",
              words["unsync"] == 1 and words["maxerror_us"] >= NO_KERNEL_CLOCK, words)
        check("it keeps the rate learnt, not that of a slew",
              abs(words["freq_ppb"] - 1000 * DRIFT_PPM) < 2 * RATE_PPB, words)
        self.server.stop()

    # ---- leap seconds, and a server that is barely good enough ----

    def leaps(self):
        check, g = self.cases.check, self.guest
        beacon = Beacon(self.lab, self.lan, 0.990)
        try:
            beacon.leap = 1
            g.start()
            g.type("system-view", "interface eth0", "ntp multicast-client", "commit")
            words = self.until_kernel(lambda w: not w["unsync"] and w["ins"], 30)
            check("a server announces a leap second: STA_INS",
                  (words["unsync"], words["ins"], words["del"]) == (0, 1, 0), words)
            check("the server's root dispersion is in maxerror",
                  990_000 <= words["maxerror_us"] < 1_000_000
                  and words["esterror_us"] < 100_000, words)
            beacon.leap = 2
            words = self.until_kernel(lambda w: w["del"], 10)
            check("one to be left out: STA_DEL", (words["ins"], words["del"]) == (0, 1), words)
            beacon.leap = 0
            words = self.until_kernel(lambda w: not w["del"], 10)
            check("none any more: neither", (words["unsync"], words["ins"], words["del"])
                  == (0, 0, 0), words)
            # The last beacon that is taken lies just below a second; the bound grows past it alone.
            beacon.dispersion, beacon.grows = 0.996, 0.0002
            words = self.until_kernel(lambda w: w["unsync"], 75)
            check("a server is lost, the bound grows past a second: STA_UNSYNC",
                  words["unsync"] == 1 and words["maxerror_us"] >= NO_KERNEL_CLOCK, words)
        finally:
            beacon.stop()
        g.stop()

    def leap_second(self):
        """One that is announced, and comes."""
        check, g = self.cases.check, self.guest
        beacon = Beacon(self.lab, self.lan, 0.001)
        midnight = (NOON // S // 86400 + 1) * 86400 * S
        beacon.shift = midnight - 90 * S - self.lab.truth.now()
        beacon.leap, beacon.leaps_at = 1, midnight
        try:
            g.must(": >/tmp/log")
            g.start()
            g.type("system-view", "interface eth0", "ntp multicast-client", "commit")
            before = self.until_kernel(lambda w: not w["unsync"] and w["ins"], 60)
            check("a minute before midnight a leap second is announced: STA_INS",
                  (before["unsync"], before["ins"]) == (0, 1), before)
            time.sleep(max(0, (midnight - beacon.now()) / S) + 6)
            after = self.until_kernel(lambda w: not w["ins"], 5)
            moved = after["real_minus_raw_ns"] - before["real_minus_raw_ns"]
            check("at midnight the kernel's clock goes back by one second",
                  abs(moved + S) < 20 * MS, (moved, before, after))
            check("it is still synchronised, and nothing is announced any more",
                  (after["unsync"], after["ins"], after["del"]) == (0, 0, 0), after)
            log = g.daemon_log()
            check("the daemon knows what that was: no move of somebody else's, no step",
                  (log.count("note=LEAPED"), log.count("note=CLOCK_MOVED"),
                   log.count("note=STEPPED")) == (1, 0, 1), log)
            time.sleep(20)
            reading = self.lan.read(g.address)
            error = reading and reading.offset_ns - beacon.shift + S
            self.cases.note("wrong by %s us after the leap second" % (error and error // 1000))
            check("and it follows the server, which did the same",
                  reading and abs(error) < FOLLOWS and "CLOCK_MOVED" not in g.daemon_log(),
                  g.daemon_log())
        finally:
            beacon.stop()
        g.stop()


def main(lab):
    return guest.run_trial(lab, Trial, (
        "kept_by_nobody", "kept_by_another", "followed", "held", "slewed", "suspended", "no_client",
        "ended", "leaps", "leap_second"))


if __name__ == "__main__":
    sys.exit(enter(main))
