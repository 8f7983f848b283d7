#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""`--control none --interfaces static --config FILE`: UDP sockets, one thread, nothing else."""
import os
import sys

from lab import Cases, enter, outer_pid, until

SERVER = """ntp refclock-master 1
interface eth0
 ntp multicast-server minpoll 0
 ntp multicast-server ipv6 minpoll 0
quit
"""
CLIENT = """interface eth0
 ntp multicast-client
quit
"""
CLIENT6 = """interface eth0
 ntp multicast-client ipv6
quit
"""


def configured(host, text, clock):
    path = os.path.join(host.folder, "static.cfg")
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    host.start("--interfaces", "static", "--config", path, clock=clock, control=False)
    return host


def main(lab):
    cases = Cases(lab)
    lan = lab.lan()
    capture = lan.capture()
    client = configured(lab.host("client").plug(lan, 2), CLIENT, "offset=0.6,drift=20")
    six = configured(lab.host("six").plug(lan, 3), CLIENT6, "offset=-0.6,drift=20")
    server = configured(lab.host("server").plug(lan, 1), SERVER, "offset=0")
    for name, host, family in (("IPv4", client, 4), ("IPv6", six, 6)):
        def near():
            off = host.read(family=family)
            return off is not None and abs(off) < 1_000_000
        cases.check("%s: a server and a client from files alone" % name, until(near, 15, 0.5),
                    "off by %s ns\n%s" % (host.read(family=family), host.log_end()))
    cases.check("both kinds of packets were on the wire", capture.mode(5, to="224.0.1.1")
                and capture.mode(5, to="ff0e::101"))
    for host in (client, server):
        if not host.alive():
            continue
        pid = outer_pid(host.daemon.pid)
        threads = len(os.listdir("/proc/%d/task" % pid))
        cases.check("%s: one thread" % host.name, threads == 1, str(threads))
        kinds = [os.readlink("/proc/%d/fd/%s" % (pid, fd)).split(":")[0]
                 for fd in os.listdir("/proc/%d/fd" % pid) if int(fd) > 2]
        cases.check("%s: nothing open but sockets and its state directory" % host.name,
                    kinds and all(k == "socket" or k.startswith(host.state) for k in kinds),
                    str(kinds))

    broken = lab.host("broken").plug(lan, 4)
    path = os.path.join(broken.folder, "bad.cfg")
    with open(path, "w", encoding="ascii") as f:
        f.write("ntp refclock-master 1\ninterface eth0\n ntp multicast-server 10.1.2.3\n")
    broken.launch(broken.program("--interfaces", "static", "--config", path, control=False))
    status = until(lambda: broken.daemon.poll() is not None, 5) and broken.daemon.returncode
    cases.check("a bad line stops it with FILE:LINE: reason, status 1",
                status == 1 and "%s:3:" % path in broken.log(),
                "status %s\n%s" % (status, broken.log_end()))
    broken.stop()
    return cases.end()


if __name__ == "__main__":
    sys.exit(enter(main))
