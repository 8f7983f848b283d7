#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The control socket and batches against a running daemon: many, rude and slow visitors."""
import os
import re
import socket
import struct
import subprocess
import sys
import time

from lab import Cases, enter, until
from typist import Line

PEERS = 64


def batch(host, text, *more):
    done = subprocess.run(
        host.command([host.lab.timecast, "--control", host.socket, *more]), input=text,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def batches(cases, host):
    status, out, err = batch(host, "display ntp status\n")
    cases.check("a batch prints replies only and ends with 0",
                status == 0 and out.startswith(" clock status") and "<" not in out and not err,
                out + err)
    status, out, _ = batch(host, "system-view\nntp nonsense\nsysname b\ncommit\nreturn\nN\n")
    cases.check("after a refused line commit is refused, and the status is 1",
                status == 1 and "Not committed" in out and "sysname b" not in
                host.show("display current-configuration"), out)
    status, out, _ = batch(host, "system-view\nnonsense\nsysname b\nreturn\nY\n")
    cases.check("nor does Yes to the question on leaving commit then",
                status == 1 and "sysname b" not in host.show("display current-configuration"), out)
    status, out, _ = batch(host, "system-view\nsysname b\n")
    cases.check("pending edits at the end are dropped with a warning, status 1",
                status == 1 and "Warning: Uncommitted" in out, out)
    status, out, _ = batch(host, "system-view\nsysname b\nreturn\n")
    cases.check("a question at the end means no",
                status == 1 and "Warning: Uncommitted" in out, out)
    status, out, _ = batch(host, "system-view\nsysname b\nreturn\nY\ndisplay clock\n")
    cases.check("a question takes the next line", status == 0 and "UTC" in out and
                "sysname b" in host.show("display current-configuration"), out)
    status, out, _ = batch(host, "save\n")
    cases.check("save is not confirmed by the end of the input, which is said, status 1",
                status == 1 and not os.path.exists(host.state + "/startup.cfg") and
                out.endswith("Warning: The last question had no answer and was answered "
                             "with N.\n"), out)
    status, out, _ = batch(host, "", "-c", "mmi-mode enable", "-c", "system-view",
                           "-c", "sysname leaked", "-c", "nonsense", "-c", "return")
    cases.check("nor is half a script committed where nobody is asked",
                status == 1 and "were dropped" in out and "leaked" not in
                host.show("display current-configuration"), out)
    status, out, err = batch(host, "", host.folder)
    cases.check("a folder is no input", status == 1 and "cannot read" in err, out + err)
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run(
            host.command([host.lab.timecast, "--control", host.socket, "-c", "display clock"]),
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=20)
    cases.check("a reply that cannot be written is said, status 1",
                done.returncode == 1 and "cannot be written" in done.stderr, done.stderr)
    status, out, _ = batch(host, "", "-c", "display clock", "-c", "display nonsense")
    cases.check("-c runs lines, and a refused one gives status 1",
                status == 1 and "UTC" in out and "Error" in out, out)
    path = host.folder + "/lines"
    with open(path, "w", encoding="ascii") as f:
        f.write("display clock\r\nbogus\r\n")
    status, out, err = batch(host, "", path)
    cases.check("a file is run, and stderr says which line was refused",
                status == 1 and "UTC" in out and path + ":2:" in err, out + err)
    status, out, err = batch(host, "", host.folder + "/missing")
    cases.check("a file that is not there is said", status == 1 and "missing" in err, err)
    status, out, _ = batch(host, "quit\ndisplay clock\n")
    cases.check("lines after the end of the session are not lost in silence",
                status == 1 and "Not everything" in out, out)
    status, out, _ = batch(host, "display " + 4000 * "x" + "\ndisplay clock\n")
    cases.check("a line of 4,000 characters is refused and the next one runs",
                status == 1 and "3100" in out and "UTC" in out, out)
    env = dict(os.environ, SSH_ORIGINAL_COMMAND="display clock")
    done = subprocess.run(host.command([host.lab.timecast, "--control", host.socket]), env=env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=20)
    cases.check("a forced command runs what ssh was asked for", "UTC" in done.stdout, done.stdout)


def checks(cases, host):
    def check(text):
        path = host.folder + "/checked.cfg"
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        done = subprocess.run([host.lab.timecast, "--check", path], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=20)
        return done.returncode, done.stdout
    good = host.show("display current-configuration")
    status, out = check(good)
    cases.check("--check accepts what the daemon prints", status == 0 and not out, out)
    status, out = check("ntp refclock-master 3\nntp refclock-master 99\n")
    cases.check("--check names file, line and reason", status == 1 and
                re.search(r"checked\.cfg:2: .*1-15", out) and out.count("\n") == 1, out)
    status, out = check("interface eth0\n ntp multicast-server authentication-keyid 9\n")
    cases.check("--check knows the rules that cross objects", status == 1 and "9" in out, out)
    status, out = check("ntp refclock-master 3\n\0\nnonsense\n")
    cases.check("--check refuses a NUL", status == 1 and "checked.cfg: it has a NUL" in out, out)
    with open(host.folder + "/zeros.cfg", "w", encoding="ascii") as f:
        f.write("sysname half\n\0\0")
    done = subprocess.run([host.lab.timecastd, "--config", host.folder + "/zeros.cfg", "--control",
                           "none", "--clock", "virtual:offset=0"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=20)
    cases.check("so does --config", done.returncode != 0 and "it has a NUL" in done.stdout,
                done.stdout)
    status, out = check("ntp authentication-keyid 1 authentication-mode md5 secret\n")
    cases.check("--check passes md5 with a warning", status == 0 and "WEAKEA" in out, out)


def two_at_once(cases, host):
    one, two = Line(host.socket), Line(host.socket)
    for line in ("system-view", "interface eth0", "ntp multicast-client 224.0.1.11"):
        one.type(line)
        two.type(line.replace("11", "12"))
    one.type("commit")
    first = one.failed
    two.type("commit")
    shown = host.show("display current-configuration")
    cases.check("what two sessions change is merged", not first and not two.failed and
                "224.0.1.11" in shown and "224.0.1.12" in shown, shown)
    cases.check("each has its own prompt", one.prompt == two.prompt == "[~%s-eth0]" % name(host),
                (one.prompt, two.prompt))
    cases.check("help and completion leave the session alone",
                "multicast-client" in one.ask("?", "ntp mul") and
                one.ask("T", "ntp multicast-c") == "multicast-client\n" and
                one.prompt == "[~%s-eth0]" % name(host))
    one.close()
    two.close()


def name(host):
    return re.search(r"^sysname (\S+)", host.show("display current-configuration"), re.M)[1]


def rude(cases, host):
    s = Line(host.socket, greet=False)
    s.send("L", "display clock")
    cases.check("who does not greet is told and left", "greeting" in (s.farewell() or ""))
    s = Line(host.socket)
    s.send("Z", "")
    cases.check("a frame of an unknown kind ends the session", "kind" in (s.farewell() or ""))
    s = Line(host.socket)
    s.socket.sendall(struct.pack("!I", 1 << 31) + b"L")
    cases.check("so does a frame that is too long", "too long" in (s.farewell() or ""))
    s = Line(host.socket)
    s.socket.sendall(struct.pack("!I", 0))
    cases.check("and an empty one", s.farewell() is not None)
    s = Line(host.socket)
    out = s.type("display \033[31mclock")
    cases.check("control characters are refused, and the session goes on",
                s.failed and "control characters" in out and "UTC" in s.type("display clock"), out)
    s.close()
    half = Line(host.socket)
    half.socket.sendall(b"\0\0\0\20Ldisp")
    half.close()
    cases.check("half a frame harms nobody", "UTC" in host.show("display clock"))


def flood(cases, host):
    """Somebody sends without reading: others are served at once, and the daemon does not grow."""
    flooder = Line(host.socket)
    flooder.type("screen-length 0 temporary")
    frame = b"\0\0\0\36Ldisplay current-configuration"
    assert len(frame) == 4 + 0x1e
    flooder.socket.setblocking(False)
    before = host.memory()["VmRSS"]
    sent = 0
    slowest = 0.0
    other = Line(host.socket)
    for _ in range(50):
        try:
            for _ in range(200):
                sent += flooder.socket.send(frame)
        except BlockingIOError:
            pass
        began = time.monotonic()
        other.type("display clock")
        slowest = max(slowest, time.monotonic() - began)
    grown = host.memory()["VmRSS"] - before
    cases.check("during a flood another session is answered within 300 ms (%.0f ms)" % (
        1e3 * slowest), slowest < 0.3)
    cases.check("and the daemon grows by less than 4 MiB (%d KiB)" % grown, grown < 4096)
    reading = host.read(3)
    cases.check("and the clock is still served", reading is not None)
    flooder.close()
    other.close()


def crowd(cases, host):
    lines = [Line(host.socket) for _ in range(PEERS)]
    more = socket.socket(socket.AF_UNIX)
    more.connect(host.socket)
    more.settimeout(5)
    cases.check("visitor %d is turned away at once" % (PEERS + 1), more.recv(1) == b"")
    done = batch(host, "display clock\n")
    cases.check("the terminal says why", done[0] == 1 and "closed" in done[2], done)
    cases.check("all %d are served" % PEERS, all("UTC" in s.type("display clock") for s in lines))
    for s in lines:
        s.close()
    cases.check("and their places are free again",
                until(lambda: "UTC" in host.show("display clock"), 5))


def paste(cases, host):
    lines = ["system-view"]
    for i in range(1000):
        lines += ["interface v%d" % (i // 2), "ntp multicast-client 239.2.%d.%d" % (i // 250, i % 250)]
        lines += ["#", "", "! remark"] + ["interface v%d" % (i // 2)] * 5
    lines += ["commit"]
    began = time.monotonic()
    status, out, err = batch(host, "\n".join(lines) + "\n")
    took = time.monotonic() - began
    shown = host.show("display current-configuration")
    cases.check("a paste of %d lines is taken whole" % len(lines),
                status == 0 and shown.count("ntp multicast-client 239.2.") == 1000, (out[-500:], err))
    cases.note("%.2f s, %.0f us a line with its round trip" % (took, 1e6 * took / len(lines)))
    # The last line of a printed configuration is "return".
    lines = ["system-view"] + ["undo " + line.strip() if "239.2." in line else line
                               for line in shown.splitlines()[:-1]]
    again = ["system-view"] + shown.splitlines()[:-1]
    status = [batch(host, "\n".join(some + ["commit"]) + "\n")[0] for some in (lines, again)]
    cases.check("a printed configuration of that size goes back in unchanged",
                status == [0, 0] and
                without_date(host.show("display current-configuration")) == without_date(shown))


def without_date(text):
    return [line for line in text.splitlines() if not line.startswith("!")]


def socket_life(cases, host):
    status = os.stat(host.socket)
    cases.check("the control socket has mode 0660", status.st_mode & 0o777 == 0o660,
                oct(status.st_mode))
    cases.check("the files of the state directory have mode 0600",
                all(os.stat(os.path.join(host.state, n)).st_mode & 0o777 == 0o600
                    for n in os.listdir(host.state)))
    words = host.program(clock="offset=0")
    done = subprocess.run(host.command(words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=20)
    cases.check("a second daemon does not take the place of the first",
                done.returncode == 1 and "in use" in done.stdout, done.stdout)
    with open(host.state + "/secret", "rb") as f:
        secret = f.read()
    cases.check("the secret has 32 octets", len(secret) == 32)
    stop = Line(host.socket)
    host.daemon.terminate()
    cases.check("sessions are told that the daemon ends", "ends" in (stop.farewell() or ""))
    cases.check("it ends with status 0 and takes its socket with it",
                host.stop() == 0 and not os.path.exists(host.socket))
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(host.socket)
    stale.close()
    host.daemon = host.lab.spawn(host, words, stderr=subprocess.DEVNULL)
    host.wait_ready()
    cases.check("a stale socket is replaced", "UTC" in host.show("display clock"))
    with open(host.state + "/secret", "rb") as f:
        cases.check("the secret stays what it was", f.read() == secret)
    memory = open(host.state + "/memory", encoding="ascii").read()
    cases.check("the memory was kept", memory.startswith("#"), memory)


def main(lab):
    cases = Cases(lab)
    host = lab.host("host").plug(lab.lan(), 1).start()
    host.type("system-view", "ntp refclock-master 1",
              "ntp authentication-keyid 5 authentication-mode hmac-sha256 secret-word", "commit")
    for body in (batches, checks, two_at_once, rude, flood, crowd, paste, socket_life):
        cases.group(body.__name__, lambda body=body: body(cases, host))
    return cases.end()


if __name__ == "__main__":
    sys.exit(enter(main))
