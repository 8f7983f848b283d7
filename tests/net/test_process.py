#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the kernel says of a daemon at work: rights, sandbox, and where its keys are."""
import os
import re
import sys

from lab import Cases, enter, outer_pid, until
from typed import KEYS, SERVER, key_lines, near, roles

CAP_NET_BIND_SERVICE = 1 << 10
CAP_SYS_TIME = 1 << 25


def status_of(pid, task=None):
    path = "/proc/%d/%sstatus" % (pid, "task/%s/" % task if task else "")
    with open(path, encoding="ascii") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f)


def rights(cases, pid):
    for task in os.listdir("/proc/%d/task" % pid):
        said = status_of(pid, task)
        which = "the protocol" if int(task) == pid else "the desk"
        effective = int(said["CapEff"], 16)
        cases.check("%s: no capability but setting clocks and opening low ports" % which,
                    not effective & ~(CAP_SYS_TIME | CAP_NET_BIND_SERVICE)
                    and said["CapPrm"] == said["CapEff"]
                    and not int(said["CapInh"], 16) | int(said["CapAmb"], 16)
                    | int(said["CapBnd"], 16), str(said))
        cases.check("%s: no new privileges" % which, said["NoNewPrivs"] == "1")
        cases.check("%s: a list of system calls" % which, said["Seccomp"] == "2")
    with open("/proc/%d/limits" % pid, encoding="ascii") as f:
        core = re.search(r"^Max core file size\s+(\d+)\s+(\d+)", f.read(), re.M)
    cases.check("core dumps are off", core and core.groups() == ("0", "0"))


def child(cases, pid):
    """The one that knows users' names."""
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as f:
        children = [int(word) for word in f.read().split()]
    cases.check("one child", len(children) == 1, str(children))
    for number in children:
        said = status_of(number)
        cases.check("it has no capability at all", not int(said["CapPrm"], 16), said["CapPrm"])
        kinds = [os.readlink("/proc/%d/fd/%s" % (number, fd)).split(":")[0]
                 for fd in os.listdir("/proc/%d/fd" % number) if int(fd) > 2]
        cases.check("it has nothing open but its end of a socket", kinds == ["socket"], str(kinds))


def areas(pid):
    """(start, end, flags) of what the process may write."""
    start = None
    with open("/proc/%d/smaps" % pid, encoding="utf-8") as f:
        for line in f:
            m = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                start = (int(m[1], 16), int(m[2], 16)) if m else None
            elif line.startswith("VmFlags:") and start:
                yield start[0], start[1], line.split()[1:]


def found(pid, secret):
    """[flags] of the areas that hold the secret."""
    places = []
    with open("/proc/%d/mem" % pid, "rb", buffering=0) as memory:
        for start, end, flags in areas(pid):
            try:
                octets = os.pread(memory.fileno(), end - start, start)
            except OSError:
                continue
            places += [flags] * octets.count(secret)
    return places


def keys(cases, host, pid, secret):
    places = found(pid, secret)
    cases.check("the key that is used is in memory", places)
    cases.check("and only where no dump and no child sees it",
                all("dd" in flags and "wf" in flags for flags in places), str(places))
    cases.note("it is%s kept out of swap" % ("" if all("lo" in f for f in places) else " not"))
    on_disk = [name for name in os.listdir(host.state)
               if secret in open(os.path.join(host.state, name), "rb").read()]
    cases.check("no file of the state directory has it", not on_disk, str(on_disk))
    host.type("system-view", "undo ntp trusted authentication-keyid 13", "commit",
              "undo ntp authentication-keyid 13", "commit")
    cases.check("a key that was taken back is gone", not found(pid, secret),
                str(found(pid, secret)))


def main(lab):
    cases = Cases(lab)
    lan = lab.lan()
    key = KEYS["aes-128-cmac"]
    secret = b"sixteen-octets!!"
    server = lab.host("server").plug(lan, 1).start()
    server.type(*SERVER, key.line(),
                *roles("ntp multicast-server authentication-keyid 13 minpoll 0"))
    client = lab.host("client").plug(lan, 2).start(clock="offset=0.5")
    client.type("system-view", *key_lines(key, trusted=True), *roles("ntp multicast-client"),
                "return", "save", "y")
    cases.check("a client in its sandbox synchronises", until(lambda: near(client), 12, 0.5),
                client.log_end())
    pid = outer_pid(client.daemon.pid)
    cases.group("rights", lambda: rights(cases, pid))
    cases.group("child", lambda: child(cases, pid))
    cases.group("keys", lambda: keys(cases, client, pid, secret))
    history = client.show("display configuration commit list")
    cases.check("users have names in there", " root " in history, history)
    return cases.end()


if __name__ == "__main__":
    sys.exit(enter(main))
