#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A real daemon records a working life with keys; the replay asks for what was seen on the wire.

Every packet that the recorded client sent, random ports apart, must be among the sends of the
replay, octet for octet and in order: questions with their nonces and MACs, answers to others.
"""
import os
import re
import subprocess
import sys
import time

from lab import Cases, enter, until
from typed import KEYS, key_lines, near, roles

KEY = KEYS["aes-128-cmac"]
GROUP = "239.1.1.3"
SECRET = "secret"


def replay(lab, path, *more):
    sim = os.path.join(os.path.dirname(lab.timecastd), "timecast-sim")
    done = subprocess.run([sim, "--replay", path, *more], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def contains_in_order(haystack, needles):
    """How many of the needles stand in the haystack, each after the one before."""
    rest = iter(haystack)
    return sum(1 for needle in needles if any(straw == needle for straw in rest))


def main(lab):
    cases = Cases(lab)
    lan = lab.lan()
    capture = lan.capture()
    server = lab.host("s").plug(lan, 10).start()
    server.type("system-view", *key_lines(KEY), "ntp refclock-master 2", *roles(
        "ntp multicast-server %s authentication-keyid %d minpoll 0" % (GROUP, KEY.ident)))
    client = lab.host("c").plug(lan, 11)
    path = os.path.join(client.folder, "recording")
    client.start("--record", path, clock="offset=-1.5,drift=30")
    client.type("system-view", *key_lines(KEY, trusted=True),
                *roles("ntp multicast-client " + GROUP))
    cases.check("the recorded client follows", until(lambda: near(client), 15, 0.5))
    client.type("system-view", "sysname twice", "commit")
    cases.check("and answers", client.read(key=KEY) is not None)
    time.sleep(5)
    client.stop()
    frames = [f.payload.hex() for f in capture.stop() if f.source == client.addresses[0][1]]
    with open(path, "rb") as f:
        octets = f.read()
    secret = os.path.join(client.state, SECRET)

    status, first, said = replay(lab, path)
    sends = re.findall(r" send .* ([0-9a-f]+)$", first, re.M)
    cases.check("the replay goes through", status == 0, said)
    cases.check("every packet on the wire is the replay's, in order", len(frames) > 8 and
                contains_in_order(sends, frames) == len(frames),
                "%d of %d, of %d sends" % (contains_in_order(sends, frames), len(frames),
                                           len(sends)))
    cases.check("questions of it are signed", any(KEY.signed(bytes.fromhex(h)) for h in frames))
    cases.check("it steps and steers", " step ns=" in first and " rate ppt=" in first)
    cases.check("twice the same", replay(lab, path)[1] == first)
    cases.check("no key and no secret is in it", KEY.secret not in octets and
                open(secret, "rb").read() not in octets)
    elsewhere = os.path.join(client.folder, "elsewhere")
    os.rename(secret, elsewhere)
    status, _, said = replay(lab, path)
    cases.check("without the host's secret it says what to do",
                status == 2 and "--secret FILE" in said and secret in said, said)
    status, again, said = replay(lab, path, "--secret", elsewhere)
    cases.check("with a copy of it, the same again", status == 0 and again == first, said)
    return cases.end()


if __name__ == "__main__":
    sys.exit(enter(main))
