#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""SIGKILL at any moment of commit and save: the start-up file that is left always loads."""
import os
import random
import re
import signal
import subprocess
import sys
import time

from lab import Cases, enter

ROUNDS = 30


def generation(host):
    """The number that the running configuration carries in its name."""
    m = re.search(r"sysname host-(\d+)", host.show("display current-configuration"))
    return int(m[1]) if m else None


def groups(host):
    return len(re.findall(r"ntp multicast-client 239\.7\.",
                          host.show("display current-configuration")))


def main(lab):
    cases = Cases(lab)
    seed = int(os.environ.get("TIMECAST_SEED") or random.randrange(10**6))
    rng = random.Random(seed)
    lan = lab.lan()
    host = lab.host("host").plug(lan, 1).start()
    host.type("system-view", "sysname host-0", "commit", "return", "save", "y")
    slow = 0.05
    bad = []
    saved = 0
    seen = set()
    for turn in range(1, ROUNDS + 1):
        lines = ["system-view", "sysname host-%d" % turn, "interface eth0",
                 "undo ntp multicast-client 239.7.0.%d" % (turn - 1),
                 "ntp multicast-client 239.7.0.%d" % turn, "commit", "return", "save", "y"]
        if turn == 1:
            lines.pop(3)
        typist = subprocess.Popen(
            host.command([lab.timecast, "--control", host.socket, "-"]), stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
        began = time.monotonic()
        typist.stdin.write("\n".join(lines) + "\n")
        typist.stdin.close()
        time.sleep(rng.uniform(0, 1.3 * slow))
        host.daemon.send_signal(signal.SIGKILL)
        host.daemon.wait()
        typist.wait()
        if turn == 1:
            slow = max(0.02, time.monotonic() - began)
        lab.children.remove(host.daemon)
        host.daemon = None
        mark = host.log_size()
        host.start()
        now, many = generation(host), groups(host)
        seen.add(now)
        if now is None or now < saved or now > turn or many > 1:
            bad.append("round %d: generation %s after %d, %d groups" % (turn, now, saved, many))
        fresh = host.log(mark)
        if re.search(r"kept aside|startup\.cfg:\d+", fresh):
            bad.append("round %d: %s" % (turn, fresh))
        saved = now or saved
        if now != turn:
            # A commit got lost; the next round starts as if it had not.
            lines = ["system-view", "sysname host-%d" % turn, "interface eth0",
                     "ntp multicast-client 239.7.0.%d" % turn]
            if now:
                lines.append("undo ntp multicast-client 239.7.0.%d" % now)
            host.type(*lines, "commit", "return", "save", "y")
            saved = turn
    cases.check("%d kills during commit and save: every start-up file loads (seed %d)" % (
        ROUNDS, seed), not bad, "\n".join(bad))
    cases.note("%d different generations were found" % len(seen))
    return cases.end()


if __name__ == "__main__":
    sys.exit(enter(main))
