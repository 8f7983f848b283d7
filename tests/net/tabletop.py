#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""make try: two hosts on a cable, to type the procedure into, with nothing at stake.

A daemon each for `alpha` (right clock) and `beta` (two seconds slow, drifting 20 ppm) in network
namespaces, then a shell in which `alpha` and `beta` open their command lines, `truth` reads both
clocks from outside and `wire` shows the NTP packets on the cable. Leaving it leaves nothing behind.
"""
import os
import signal
import socket
import subprocess
import sys

import wire
from lab import enter

CLOCKS = {"alpha": "offset=0", "beta": "offset=-2,drift=20"}

HELP = """
Two hosts are up, joined by a cable; each keeps a virtual clock of its own.

  alpha    its command line (right clock)              eth0: %s  %s
  beta     its command line (2 s slow, 20 ppm fast)    eth0: %s  %s
  truth    both clocks, read from outside
  wire     the NTP packets on the cable, until Ctrl-C
  exit     the end; nothing is left behind
"""


def script(path, words):
    with open(path, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\nexec %s \"$@\"\n" % " ".join(words))
    os.chmod(path, 0o755)


def take_terminal():
    """Its foreground is a group of processes that this namespace does not know: a shell with jobs
    could not give it back at its end, and would say so. Ours it can."""
    if not os.isatty(0):
        return
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpgrp())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)


def body(lab):
    lan = lab.lan()
    hosts = []
    for number, (name, clock) in enumerate(CLOCKS.items(), 1):
        hosts.append(lab.host(name).plug(lan, number))
        hosts[-1].start(clock=clock)
        hosts[-1].type("system-view", "sysname " + name, "commit")
    tools = os.path.join(lab.home, "bin")
    os.mkdir(tools)
    for host in hosts:
        script(os.path.join(tools, host.name), [lab.timecast, "--control", host.socket])
    script(os.path.join(tools, "truth"), lan.command(
        [sys.executable, os.path.abspath(__file__), "--truth", str(lab.truth.epoch)] +
        ["%s=%s" % (host.name, host.addresses[0][1]) for host in hosts]))
    script(os.path.join(tools, "wire"),
           lan.command(["tshark", "-l", "-n", "-q", "-i", "br0", "-P", "-Y", "ntp"]))
    print(HELP % tuple(address for host in hosts for address in host.addresses[0][1:]), flush=True)
    take_terminal()
    subprocess.run(["/bin/sh"], check=False, env=dict(
        os.environ, PATH=tools + ":" + os.environ["PATH"], PS1="try$ ", ENV=""))
    return 0  # whatever was typed last


def show_truth(epoch, hosts):
    truth = wire.Truth()
    truth.epoch = int(epoch)
    sock = wire.clock_socket(socket.AF_INET)
    for name, address in (host.split("=") for host in hosts):
        reading = wire.best_reading(sock, truth, (address, 123))
        print("%-6s %s" % (name, "no answer" if reading is None
                           else "%+12.6f s" % (reading.offset_ns / 1e9)))
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--truth"]:
        sys.exit(show_truth(sys.argv[2], sys.argv[3:]))
    sys.exit(enter(body))
