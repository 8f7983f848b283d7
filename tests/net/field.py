# SPDX-License-Identifier: BSD-2-Clause
"""One attack, one LAN: a genuine server, its client, an attacker in a namespace of its own.

A field measures the client's clock from outside before and during the attack. Sigma is the
standard deviation of what was read before; the effect is how far the median of any five readings
in a row went, in sigmas. Verdicts are counted by the client's own display.
"""
import json
import statistics
import subprocess
import threading
import time

import wire
from lab import Lan, until
from raw import GROUP, Wire
from typed import key_lines, roles

KEY = wire.Key(1, "hmac-sha256", "known-to-the-servers-only")
SIGMA_MIN_NS = 25_000  # what reading a clock over a wire is worth on a busy machine
WINDOW = 5


class Failed(Exception):
    """The attack did something."""


class NotMounted(Exception):
    """It never began: nothing is known of it."""


class Field:
    used = 0
    lock = threading.Lock()

    def __init__(self, lab, name):
        with Field.lock:
            Field.used += 1
            number = Field.used
            self.name = "f%d" % number
            lab.lans.append(None)
        self.lab, self.title = lab, name
        self.lan = Lan(lab, self.name, number)
        lab.lans[number - 1] = self.lan
        self.attacker = lab.space(self.name + "e")
        self.lan.attach(self.attacker, "eth0", 66)
        self.wire = Wire(self.attacker)
        self.server = self.client = None
        self.server_port = None
        self.readings, self.before, self.verdicts = [], {}, {}
        self.sigma = self.middle = None
        self.sent = 0
        self.patience = 1  # questions of ours that may be lost in a row
        self.mounted = False  # what goes wrong before that says nothing of the attack

    def host(self, name, number):
        host = self.lab.host(self.name + name)
        port = self.lan.attach(host, "eth0", number)
        host.addresses.append((self.lan, "%s.%d" % (self.lan.v4, number),
                               "%s:%x" % (self.lan.v6, number)))
        return host, port

    def serve(self, role="ntp multicast-server authentication-keyid 1 version 4 minpoll 0",
              keys=(KEY,), lines=(), first=()):
        self.server, self.server_port = self.host("s", 1)
        self.server.start()
        self.server_lines = [*first, "system-view", "ntp refclock-master 2", *lines]
        for key in keys:
            self.server_lines += key_lines(key)
        self.server_lines += roles(role) if role else ["commit"]
        self.server.type(*self.server_lines)

    def follow(self, role="ntp multicast-client", keys=(KEY,), lines=(), clock="offset=0.02",
               wait=True, first=()):
        self.client, _ = self.host("c", 2)
        self.client.start(clock=clock)
        self.client_lines = [*first, "system-view", *lines]
        for key in keys:
            self.client_lines += key_lines(key, trusted=True)
        self.client_lines += roles(role) if role else ["commit"]
        self.client.type(*self.client_lines)
        if wait:
            self.wait_settled()

    def settled(self):
        rows = self.sessions()
        off = self.client.read(tries=3)
        return off is not None and abs(off) < 1_000_000 and \
            any(row["phase"] in ("listening", "polling") for row in rows)

    def wait_settled(self, seconds=45):
        self.need(until(self.settled, seconds, 1), "the client never followed:\n" +
                  self.client.show("display ntp sessions verbose"))
        time.sleep(10)

    def data(self, host, what):
        text = host.show("display ntp %s | json" % what)
        self.need(text.startswith("{"), "no display of %s: %s\n%s" % (what, text, host.log_end()))
        return json.loads(text)

    def sessions(self):
        return self.data(self.client, "sessions").get("sessions", [])

    def cut(self, host_port=None, on=True):
        """On path: whom the attacker lets through."""
        self.lan.ip("link set %s %s" % (host_port or self.server_port, "down" if on else "up"))

    def attacker_address(self):
        return "%s.66" % self.lan.v4

    # ---- verdicts ----

    def counts(self, host=None):
        rows = self.data(host or self.client, "verdicts")["verdicts"]
        return {row["verdict"]: row["ipv4"] + row["ipv6"] for row in rows}

    def moved(self, verdict):
        self.verdicts = self.counts()
        return self.verdicts.get(verdict, 0) - self.before.get(verdict, 0)

    def need(self, good, words):
        if not good:
            raise (Failed if self.mounted else NotMounted)(words)

    def need_verdict(self, verdict, least):
        count = self.moved(verdict)
        self.need(count >= least, "%s moved by %d, at least %d expected" % (
            verdict, count, least))

    # ---- the clock ----

    def read(self):
        for _ in range(self.patience):
            off = self.client.read(tries=3)
            if off is not None:
                return off
        return self.need(False, "the client's clock is not served any more\n" +
                         self.client.log_end())

    def baseline(self, readings=20, about_ns=None):
        """What the clock does while nobody attacks; about_ns: it follows nothing yet."""
        seen = []
        for _ in range(readings):
            seen.append(self.read())
            time.sleep(0.25)
        self.middle = statistics.median(seen) if about_ns is None else about_ns
        self.sigma = max(SIGMA_MIN_NS, statistics.stdev(seen))
        self.before = self.counts()
        self.readings = []
        self.mounted = True

    def watch(self, seconds, attack=None, every=1.0):
        """Calls attack(turn) every so often, and reads the clock all the time."""
        begin = time.monotonic()
        turn = 0
        while time.monotonic() - begin < seconds:
            if attack and time.monotonic() - begin >= turn * every:
                attack(turn)
                turn += 1
            self.readings.append(self.read())
            time.sleep(min(0.25, every / 2))

    def effect(self):
        """In sigmas; None before a baseline."""
        if self.sigma is None:
            return None
        seen = self.readings
        windows = [seen[i:i + WINDOW] for i in range(max(1, len(seen) - WINDOW + 1))]
        worst = max((abs(statistics.median(w) - self.middle) for w in windows if w), default=0)
        return worst / self.sigma

    def need_steady(self, most=3.0):
        effect = self.effect()
        self.need(effect is not None and effect <= most,
                  "the clock moved by %.3g sigma of %.0f ns: %s" % (
                      effect, self.sigma, self.readings))

    def need_sessions(self, before):
        """The same associations, as reachable as they were."""
        now = self.sessions()
        self.need([(row["id"], row["reach"]) for row in now] ==
                  [(row["id"], row["reach"]) for row in before],
                  "sessions were %s and are %s" % (before, now))

    # ---- what was on the wire ----

    def record(self, seconds):
        """Signed beacons of the genuine server."""
        capture = self.lan.capture()
        time.sleep(seconds)
        capture.stop()
        frames = capture.mode(5, source=self.server.addresses[0][1])
        self.need(len(frames) >= seconds // 2, "only %d beacons in %d s" % (len(frames), seconds))
        return [f.payload for f in frames]

    def as_server(self, payload, **more):
        self.wire.send(self.server.addresses[0][1], GROUP, payload, **more)

    def flood(self, frames, rate, seconds):
        """Starts a flood; its end is waited for by the caller."""
        self.mounted = True
        data = b"".join(len(f).to_bytes(2, "big") + f for f in frames)
        child = subprocess.Popen(
            self.attacker.command([self.lab.flood, "eth0", str(rate), str(seconds)]),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        child.stdin.write(data)
        child.stdin.close()
        return child

    def flooded(self, child):
        count = int(child.stdout.read() or 0)
        child.wait()
        self.sent += count
        return count

    def packets(self):
        return self.sent + self.wire.sent

