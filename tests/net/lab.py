# SPDX-License-Identifier: BSD-2-Clause
"""A laboratory of network namespaces: hosts, LANs between them, a daemon in each, one truth.

`enter(body)` runs body inside fresh user, network, mount and process namespaces. When it ends, for
whatever reason, the kernel ends every process in it and takes the networks away: nothing is left.
The machine's clock is out of reach: every daemon keeps a virtual clock of its own.
"""
import argparse
import ctypes
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import wire

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PEERS = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
                     "timecast", "peers")
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


class LabError(Exception):
    """The lab itself could not do something."""


# ---- the way in, and out ----

def _die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _outer(body_name):
    """Starts this program again inside; cleans up after it however it ends."""
    spaces = ["--net", "--mount", "--pid", "--fork", "--kill-child"]
    user = ["--user", "--map-root-user"]
    if subprocess.run(["unshare"] + user + spaces + ["true"], stderr=subprocess.DEVNULL).returncode:
        if os.geteuid():
            print("%s: user namespaces are not allowed here, and this is not root" % body_name)
            return 1
        user = []
    home = tempfile.mkdtemp(prefix="timecast-lab-")
    env = dict(os.environ, TIMECAST_LAB=home, PYTHONDONTWRITEBYTECODE="1")
    # The search for leaks reads /proc, which in here names other processes; unit tests search.
    env.setdefault("ASAN_OPTIONS", "detect_leaks=0")
    child = None
    status = 1

    def stop(number, _frame):
        raise SystemExit(128 + number)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        child = subprocess.Popen(
            ["unshare"] + user + spaces + [sys.executable] + sys.argv, env=env,
            preexec_fn=_die_with_parent)
        try:
            status = child.wait()
        except KeyboardInterrupt:
            # The terminal told the one inside, too: it has a moment to say goodbye.
            try:
                child.wait(3)
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                pass
            status = 130
    finally:
        if child and child.poll() is None:
            child.kill()
            child.wait()
        shutil.rmtree(home, ignore_errors=True)
    return status if status >= 0 else 128 - status


def enter(body):
    """Runs body(lab) inside; body returns the exit status."""
    home = os.environ.get("TIMECAST_LAB")
    if not home:
        return _outer(os.path.basename(sys.argv[0]))
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=os.environ.get("TIMECAST_BUILD", "build"))
    given, sys.argv[1:] = parser.parse_known_args()
    # Names of networks live under /run; ours is private.
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    os.makedirs("/run/netns")
    lab = Lab(home, os.path.abspath(given.build))
    try:
        return body(lab)
    except KeyboardInterrupt:
        return 130
    finally:
        lab.close()


# ---- running things ----

def quiet(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          **more)
    if done.returncode:
        raise LabError("%s: %s" % (" ".join(command), done.stdout.strip()))
    return done.stdout


class Space:
    """A network namespace by name."""

    def __init__(self, name):
        self.name = name
        self.path = "/run/netns/" + name
        quiet(["ip", "netns", "add", name])
        self.sysctl("net/ipv6/conf/default/accept_dad", 0)
        self.sysctl("net/ipv6/conf/all/accept_dad", 0)
        self.ip("link set lo up")

    def command(self, words):
        return ["nsenter", "--net=" + self.path] + words

    def ip(self, line):
        return quiet(["ip", "-n", self.name] + line.split())

    def sysctl(self, name, value):
        quiet(self.command(["sh", "-c", "echo %s > /proc/sys/%s" % (value, name)]))

    def mac(self, ifname="eth0"):
        text = self.ip("-o link show dev " + ifname)
        return bytes.fromhex(text.split("link/ether ")[1][:17].replace(":", ""))

    def __enter__(self):
        """Sockets made inside the with block belong to this namespace."""
        self.home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(self.path, os.O_RDONLY)
        if libc.setns(there, CLONE_NEWNET):
            raise LabError("setns %s: %s" % (self.name, os.strerror(ctypes.get_errno())))
        os.close(there)
        return self

    def __exit__(self, *_):
        libc.setns(self.home, CLONE_NEWNET)
        os.close(self.home)


class Lan(Space):
    """A switch, and an observer on it with addresses PREFIX.254 and PREFIX6::fe."""

    def __init__(self, lab, name, net):
        super().__init__(name)
        self.lab = lab
        self.v4 = "10.77.%d" % net
        self.v6 = "2001:db8:%d:" % net
        self.next = 0
        self.ip("link add br0 type bridge mcast_snooping 0 forward_delay 0")
        self.ip("link set br0 up promisc on")
        self.ip("addr add %s.254/24 dev br0" % self.v4)
        self.ip("addr add %s:fe/64 dev br0 nodad" % self.v6)
        with self:
            self.sockets = {socket.AF_INET: wire.clock_socket(socket.AF_INET),
                            socket.AF_INET6: wire.clock_socket(socket.AF_INET6)}

    def attach(self, space, ifname, number, addresses=True, up=True):
        """A cable from a host; it is station `number` of this LAN."""
        self.next += 1
        port = "p%d" % self.next
        self.ip("link add %s type veth peer name %s netns %s" % (port, ifname, space.name))
        self.ip("link set %s master br0 up" % port)
        if up:
            space.ip("link set %s up" % ifname)
        if addresses:
            self.address(space, ifname, number)
        return port

    def address(self, space, ifname, number):
        space.ip("addr add %s.%d/24 dev %s" % (self.v4, number, ifname))
        space.ip("addr add %s:%x/64 dev %s nodad" % (self.v6, number, ifname))

    def read(self, address, tries=6, key=None):
        """The clock of the host at an address of this LAN, from outside."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return wire.best_reading(self.sockets[family], self.lab.truth, (address, 123), tries, key)

    def capture(self):
        return Capture(self)


SMCROUTED = shutil.which("smcrouted") or os.path.join(PEERS, "smcroute/usr/sbin/smcrouted")


class Router(Space):
    """Forwards between two LANs: eth0 to the lower one, eth1 to the higher one."""

    def __init__(self, lab, name, low, high):
        super().__init__(name)
        self.lab = lab
        self.addresses = {}
        self.folder = os.path.join(lab.home, name)
        os.makedirs(self.folder)
        for ifname, lan, number in (("eth0", low, 252), ("eth1", high, 253)):
            lan.attach(self, ifname, number)
            self.addresses[lan] = (
                "%s.%d" % (lan.v4, number), "%s:%x" % (lan.v6, number))
        self.sysctl("net/ipv4/ip_forward", 1)
        self.sysctl("net/ipv6/conf/all/forwarding", 1)

    def forward(self, groups):
        """Multicast routes for these groups, both ways, by smcrouted."""
        path = os.path.join(self.folder, "smcroute.conf")
        with open(path, "w", encoding="ascii") as f:
            for ifname in ("eth0", "eth1"):
                f.write("phyint %s enable ttl-threshold 1\n" % ifname)
            for ifname, other in (("eth0", "eth1"), ("eth1", "eth0")):
                for group in groups:
                    f.write("mroute from %s group %s to %s\n" % (ifname, group, other))
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.lab.spawn(self, [
                SMCROUTED, "-n", "-N", "-f", path, "-i", self.name,
                "-P", os.path.join(self.folder, "pid"), "-u", os.path.join(self.folder, "socket")],
                stdout=log, stderr=log)


class Chain:
    """LANs in a row with a router between each two: lans[0] - R1 - lans[1] - R2 - ..."""

    def __init__(self, lab, routers, groups):
        self.lans = [lab.lan("lan%d" % (i + 1)) for i in range(routers + 1)]
        self.routers = [Router(lab, "r%d" % (i + 1), self.lans[i], self.lans[i + 1])
                        for i in range(routers)]
        for i, router in enumerate(self.routers):
            for j, lan in enumerate(self.lans):
                if j < i:
                    self.route(router, lan, self.routers[i - 1], self.lans[i])
                elif j > i + 1:
                    self.route(router, lan, self.routers[i + 1], self.lans[i + 1])
            router.forward(groups)

    @staticmethod
    def route(space, lan, via, on):
        v4, v6 = via.addresses[on]
        space.ip("route add %s.0/24 via %s" % (lan.v4, v4))
        space.ip("-6 route add %s:/64 via %s" % (lan.v6, v6))

    def plug(self, host, place, number, **more):
        """Puts a host on lans[place], with routes to all the others."""
        here = self.lans[place]
        host.plug(here, number, **more)
        for j, lan in enumerate(self.lans):
            if j != place:
                via = self.routers[place - 1 if j < place else place]
                self.route(host, lan, via, here)
        return host


class Host(Space):
    """A namespace with one daemon and its terminal."""

    def __init__(self, lab, name):
        super().__init__(name)
        self.lab = lab
        self.home = None
        self.folder = os.path.join(lab.home, name)
        self.state = os.path.join(self.folder, "state")
        self.socket = os.path.join(self.folder, "control")
        self.log_path = os.path.join(self.folder, "log")
        self.daemon = None
        self.addresses = []
        os.makedirs(self.state)
        open(self.log_path, "wb").close()

    def plug(self, lan, number, ifname="eth0", **more):
        lan.attach(self, ifname, number, **more)
        self.addresses.append((lan, "%s.%d" % (lan.v4, number), "%s:%x" % (lan.v6, number)))
        return self

    def program(self, *more, clock="offset=0", control=True):
        if clock is not None:
            clock = "virtual:%s,epoch=%d" % (clock, self.lab.truth.epoch)
        words = [self.lab.timecastd, "--state", self.state]
        words += ["--control", self.socket if control else "none"]
        words += ["--clock", clock] if clock else []
        return words + list(more)

    def start(self, *more, clock="offset=0", control=True, wait=True):
        self.launch(self.program(*more, clock=clock, control=control))
        if wait and control:
            self.wait_ready()
        return self

    def launch(self, words):
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        log = open(self.log_path, "ab")
        self.daemon = subprocess.Popen(
            self.command(words), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True, preexec_fn=_die_with_parent)
        log.close()
        self.lab.children.append(self.daemon)

    def wait_ready(self, seconds=10):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.daemon.poll() is not None:
                raise LabError("%s: the daemon ended at once, status %d\n%s" % (
                    self.name, self.daemon.returncode, self.log_end()))
            try:
                with socket.socket(socket.AF_UNIX) as s:
                    s.connect(self.socket)
                    return
            except OSError:
                time.sleep(0.02)
        raise LabError("%s: no control socket after %d s\n%s" % (
            self.name, seconds, self.log_end()))

    def cli(self, *lines):
        """Types lines into the terminal program: (status, what it printed)."""
        text = "\n".join(line for chunk in lines for line in chunk.strip().splitlines()) + "\n"
        done = subprocess.run(
            self.command([self.lab.timecast, "--control", self.socket, "-"]), input=text,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        return done.returncode, done.stdout

    def type(self, *lines):
        """Types lines that must all be accepted."""
        status, output = self.cli(*lines)
        if status:
            raise LabError("%s refused:\n%s" % (self.name, output))
        return output

    def show(self, line):
        return self.cli(line)[1]

    def read(self, tries=6, key=None, family=4):
        """ns that this host's clock is ahead of the truth, or None."""
        lan, v4, v6 = self.addresses[0]
        reading = lan.read(v4 if family == 4 else v6, tries, key)
        return reading.offset_ns if reading else None

    def alive(self):
        return self.daemon is not None and self.daemon.poll() is None

    def stop(self, number=signal.SIGTERM, seconds=10):
        """Ends the daemon; its status (negative: by a signal)."""
        if not self.daemon:
            return None
        if self.daemon.poll() is None:
            self.daemon.send_signal(number)
        try:
            status = self.daemon.wait(seconds)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()
            status = "did not end"
        self.lab.children.remove(self.daemon)
        self.daemon = None
        return status

    def log_size(self):
        return os.path.getsize(self.log_path)

    def log(self, since=0):
        """All that its daemons have said, since a log_size()."""
        with open(self.log_path, "rb") as f:
            f.seek(since)
            return f.read().decode("utf-8", "replace")

    def log_end(self):  # what is worth printing
        return self.log()[-2500:]

    def memory(self):
        """What the kernel says of the daemon: {'VmRSS': kB, 'Threads': n...}."""
        path = "/proc/%d/status" % outer_pid(self.daemon.pid)
        with open(path, encoding="ascii") as f:
            rows = dict(line.split(":", 1) for line in f)
        return {name: int(rows[name].split()[0]) for name in ("VmRSS", "RssAnon", "Threads")}

    def wakeups(self):
        """How often the daemon's threads have gone to sleep so far."""
        tasks = "/proc/%d/task" % outer_pid(self.daemon.pid)
        count = 0
        for task in os.listdir(tasks):
            with open("%s/%s/status" % (tasks, task), encoding="ascii") as f:
                count += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", f.read(), re.M)[1])
        return count


def outer_pid(pid):
    """/proc is the outer one: the entry of a process of ours is found by its inner id."""
    ours = os.readlink("/proc/self/ns/pid")
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            if os.readlink("/proc/%s/ns/pid" % entry) != ours:
                continue
            with open("/proc/%s/status" % entry, encoding="ascii") as f:
                m = re.search(r"^NSpid:.*\s(\d+)$", f.read(), re.M)
        except OSError:
            continue
        if m and int(m[1]) == pid:
            return int(entry)
    raise LabError("no process %d" % pid)


class Lab:
    def __init__(self, home, build):
        self.home = home
        self.build = build
        self.timecastd = os.path.join(build, "timecastd")
        self.timecast = os.path.join(build, "timecast")
        self.truth = wire.Truth()
        self.children = []
        self.hosts = []
        self.lans = []
        self.captures = []

    def lan(self, name="lan"):
        self.lans.append(Lan(self, name, len(self.lans) + 1))
        return self.lans[-1]

    @staticmethod
    def space(name):
        """A namespace for a stranger: the test's own sockets live there."""
        return Space(name)

    def chain(self, routers, groups):
        return Chain(self, routers, groups)

    def host(self, name):
        self.hosts.append(Host(self, name))
        return self.hosts[-1]

    def spawn(self, space, words, **more):
        child = subprocess.Popen(space.command(words), stdin=subprocess.DEVNULL,
                                 start_new_session=True, preexec_fn=_die_with_parent, **more)
        self.children.append(child)
        return child

    def close(self):
        for capture in self.captures:
            capture.stop()
        for child in self.children:
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + 2
        for child in self.children:
            try:
                child.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


# ---- what was on the wire ----

class Frame:
    """One UDP datagram as it was on a LAN; at is ns of truth."""

    def __init__(self, at, octets):
        self.at = at
        self.octets = octets
        self.payload = None
        kind = int.from_bytes(octets[12:14], "big")
        if kind == 0x0800 and octets[23] == 17:
            begin = 14 + 4 * (octets[14] & 15)
            self.ttl = octets[22]
            self.source = socket.inet_ntop(socket.AF_INET, octets[26:30])
            self.to = socket.inet_ntop(socket.AF_INET, octets[30:34])
        elif kind == 0x86dd and octets[20] == 17:
            begin = 54
            self.ttl = octets[21]
            self.source = socket.inet_ntop(socket.AF_INET6, octets[22:38])
            self.to = socket.inet_ntop(socket.AF_INET6, octets[38:54])
        else:
            return
        self.sport, self.dport, length = struct.unpack("!HHH", octets[begin:begin + 6])
        self.payload = octets[begin + 8:begin + length]

    @property
    def mode(self):
        return self.payload[0] & 7 if self.payload else None

    @property
    def packet(self):
        return wire.Packet.read(self.payload)


class Capture(threading.Thread):
    """Every UDP datagram on a LAN from now on."""

    def __init__(self, lan):
        super().__init__(daemon=True)
        self.truth = lan.lab.truth
        self.frames = []
        self.raw = []
        self.done = False
        with lan:
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            self.socket.setsockopt(socket.SOL_SOCKET, 35, 1)  # SO_TIMESTAMPNS
            self.socket.bind(("br0", 0))
        lan.lab.captures.append(self)
        self.start()

    def run(self):
        while not self.done:
            if not select.select([self.socket], [], [], 0.1)[0]:
                continue
            octets, ancillary, _, _ = self.socket.recvmsg(2048, 256)
            stamp = time.time_ns()
            for level, kind, data in ancillary:
                if level == socket.SOL_SOCKET and kind == 35:
                    seconds, ns = struct.unpack("qq", data[:16])
                    stamp = seconds * 10**9 + ns
            self.raw.append((stamp, octets))
            frame = Frame(self.truth.of_realtime(stamp), octets)
            if frame.payload is not None:
                self.frames.append(frame)

    def stop(self):
        if not self.done:
            self.done = True
            self.join()
            self.socket.close()
        return self.frames

    def mode(self, number, to=None, source=None):
        return [f for f in list(self.frames) if len(f.payload) >= 48 and f.mode == number
                and to in (None, f.to) and source in (None, f.source)]

    def save(self, path):
        """A pcap file, for tshark."""
        with open(path, "wb") as f:
            f.write(struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 65535, 1))
            for at, octets in list(self.raw):
                f.write(struct.pack("<IIII", at // 10**9, at % 10**9, len(octets), len(octets)))
                f.write(octets)


# ---- cases ----

def until(question, seconds, pause=0.1):
    """Asks until the answer is true; the answer, or what it was last."""
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if answer or time.monotonic() > deadline:
            return answer
        time.sleep(pause)


class Cases:
    """Prints one line a case, and counts."""

    def __init__(self, lab=None):
        self.lab = lab
        self.number = 0
        self.failed = 0

    def check(self, name, good, detail=""):
        self.number += 1
        self.failed += not good
        print("%s %d - %s" % ("ok" if good else "not ok", self.number, name), flush=True)
        if detail and not good:
            self.note(str(detail))
        return good

    def note(self, text):
        for line in text.splitlines():
            print("#   " + line, flush=True)

    def group(self, name, body):
        """Runs body(); what it raises is a failed case, and the next group still runs."""
        try:
            body()
        except Exception:
            self.check(name, False, traceback.format_exc())

    def end(self):
        if self.lab:
            for host in self.lab.hosts:
                if host.daemon is None:
                    continue
                early = not host.alive()
                status = host.stop()
                self.check("%s: the daemon ends when told, with status 0" % host.name,
                           status == 0 and not early, "status %s\n%s" % (status, host.log_end()))
            if self.failed:
                for host in self.lab.hosts:
                    self.note("--- log of %s" % host.name)
                    self.note(host.log_end())
        print("1..%d" % self.number)
        return 1 if self.failed or not self.number else 0
