# SPDX-License-Identifier: BSD-2-Clause
"""A QEMU guest on a LAN of the lab: a real kernel clock that may be spoilt.

No disk is used: the initramfs is made here, of our programs, the libraries that they name, and what
tools/fetch-guest.sh has unpacked. Its first program is a shell, or systemd with our programs
installed. Emulated (TCG) on every machine alike.
"""
import glob
import gzip
import os
import platform
import re
import shutil
import socket
import stat
import subprocess
import time

from lab import PEERS, LabError, until

HERE = os.path.dirname(os.path.abspath(__file__))
GUEST = os.path.join(os.path.dirname(PEERS), "guest")
QEMU = "qemu-system-x86_64"
MODULES = ("virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci",
           "failover", "net_failover", "virtio_net")
# Debian's package base-passwd, in short; that this is no first boot; two people, of whom one is in
# the group that the README names.
ETC = (("etc/machine-id", b""),
       ("etc/passwd", b"root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"),
       ("etc/group", b"root:x:0:\nnogroup:x:65534:\n"),
       ("etc/sysusers.d/people.conf", b"u stranger -\nu engineer -\nm engineer timecast\n"))

SKIPPED = 77  # to meson


def run_trial(lab, make, names):
    """Boots make(lab), which has cases and a guest, runs its groups of those names; the status."""
    why = obstacle()
    if why:
        print("1..0 # SKIP no guest can run here: " + why)
        return SKIPPED
    trial = make(lab)
    since = time.monotonic()
    trial.guest.wait_ready()
    trial.cases.check("the guest boots", True)
    trial.cases.note("in %.0f s" % (time.monotonic() - since))
    for name in names:
        trial.cases.group(name, getattr(trial, name))
    if trial.cases.failed:
        trial.cases.note(re.sub(r"\x1b\S*", "", trial.guest.log()))
        trial.cases.group("log", lambda: trial.cases.note(trial.guest.daemon_log()))
    return trial.cases.end()


def build_module(folder):
    """The made-up card (guest/stampcard.c) for the guest's kernel; its path."""
    where = os.path.join(folder, "stampcard")
    os.makedirs(where)
    shutil.copy(os.path.join(HERE, "guest/stampcard.c"), where)
    with open(os.path.join(where, "Makefile"), "w", encoding="ascii") as f:
        f.write("obj-m := stampcard.o\n")
    headers = glob.glob(os.path.join(GUEST, "headers/src/linux-headers-*-amd64"))[0]
    made = subprocess.run(["make", "-s", "-C", headers, "M=" + where, "modules"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if made.returncode:
        raise LabError("stampcard.c: " + made.stdout)
    return os.path.join(where, "stampcard.ko")


def obstacle():
    """Why no guest can run here, or None."""
    if platform.machine() != "x86_64":
        return "the guest's kernel is for x86_64, this is %s" % platform.machine()
    if not shutil.which(QEMU):
        return "%s is not installed (tools/install-deps.sh vm)" % QEMU
    if not os.path.exists(os.path.join(GUEST, "systemd")):
        return "no kernel and systemd in %s (tools/fetch-guest.sh)" % GUEST
    try:
        os.close(os.open("/dev/net/tun", os.O_RDWR))
    except OSError as e:
        return "/dev/net/tun: %s" % e.strerror
    return None


# ---- the initramfs ----

class Archive:
    """A cpio archive in the format newc, as the kernel unpacks it."""

    def __init__(self):
        self.octets = bytearray()
        self.names = set()

    def add(self, name, mode, content=b"", device=(0, 0)):
        folder = os.path.dirname(name)
        if folder and folder not in self.names:
            self.add(folder, stat.S_IFDIR | 0o755)
        if name in self.names:
            return
        self.names.add(name)
        fields = (len(self.names), mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name) + 1, 0)
        self.octets += b"070701" + b"".join(b"%08X" % f for f in fields) + name.encode() + b"\0"
        self._pad()
        self.octets += content
        self._pad()

    def _pad(self):
        self.octets += bytes(-len(self.octets) % 4)

    def file(self, name, path, mode=0o755):
        with open(path, "rb") as f:
            self.add(name, stat.S_IFREG | mode, f.read())

    def tree(self, path):
        """All that is below a folder, by the same names."""
        for folder, folders, files in os.walk(path):
            for entry in folders + files:
                there = os.path.join(folder, entry)
                name = os.path.relpath(there, path)
                mode = os.lstat(there).st_mode
                if stat.S_ISLNK(mode):
                    self.add(name, mode, os.readlink(there).encode())
                elif stat.S_ISDIR(mode):
                    self.add(name, mode)
                else:
                    self.file(name, there, stat.S_IMODE(mode))

    def program(self, name, path):
        """A program and the libraries that it names."""
        self.file(name, path)
        self.libraries(path)

    def libraries(self, path):
        listed = subprocess.run(["ldd", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                text=True, check=False)
        for library in re.findall(r"(/\S+) \(0x", listed.stdout):
            self.file(library.lstrip("/"), library)

    def finish(self):
        self.add("TRAILER!!!", 0)
        return gzip.compress(bytes(self.octets), 1)


def install(lab, folder):
    """What the README's `meson install` would put into the root directory, put into a folder."""
    done = subprocess.run(["meson", "install", "-C", lab.build, "--no-rebuild", "--destdir", folder],
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise LabError("meson install: " + done.stdout)


def initramfs(lab, more=(), installed=None):
    """`more` are modules that the guest does not load by itself; `installed` is the folder of
    install() for a guest with systemd."""
    a = Archive()
    a.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    for name in ("proc", "sys", "tmp", "run"):
        a.add(name, stat.S_IFDIR | 0o755)
    a.file("init", os.path.join(HERE, "guest/init"))
    a.file("bin/busybox", os.path.join(GUEST, "busybox"))
    a.file("bin/kernel_clock", os.path.join(lab.build, "tests/vm/kernel_clock"))
    if installed:
        for unit in "shell.service", "look@.service":
            a.file("etc/systemd/system/" + unit, os.path.join(HERE, "guest", unit), 0o644)
        for name, text in ETC:
            a.add(name, stat.S_IFREG | 0o644, text)
        a.tree(os.path.join(GUEST, "systemd"))
        a.tree(installed)
        a.libraries(lab.timecastd)
        a.libraries(lab.timecast)
    else:
        a.program("bin/timecastd", lab.timecastd)
        a.program("bin/timecast", lab.timecast)
    for module in MODULES:
        a.file("modules/%s.ko" % module, os.path.join(GUEST, "modules", module + ".ko"))
    for path in more:
        a.file("modules/" + os.path.basename(path), path)
        a.program("bin/stamps", os.path.join(lab.build, "tests/vm/stamps"))
    a.add("modules/order", stat.S_IFREG | 0o644, "".join(m + "\n" for m in MODULES).encode())
    return a.finish()


# ---- the machine ----

class Guest:
    """Station `number` of a LAN; its battery clock begins at `rtc_ns`."""

    def __init__(self, lab, lan, number, rtc_ns, cards=False, systemd=False):
        """With cards: a second interface that is an Intel card, and modules for it and for ours.
        With systemd: installed as the README says, and nothing started."""
        self.address = "%s.%d" % (lan.v4, number)
        self.control = "/run/timecast/control" if systemd else "/tmp/control"
        self.show_log = ("journalctl -q -o short-monotonic -u timecastd" if systemd
                         else "cat /tmp/log || true")
        self.folder = os.path.join(lab.home, "guest")
        os.makedirs(self.folder)
        image = os.path.join(self.folder, "initramfs")
        installed = os.path.join(self.folder, "installed") if systemd else None
        if systemd:
            install(lab, installed)
        with open(image, "wb") as f:
            f.write(initramfs(lab, [os.path.join(GUEST, "modules/e1000e.ko"),
                                    build_module(self.folder)] if cards else (), installed))
        taps = ["guest", "second"] if cards else ["guest"]
        for tap in taps:
            lan.ip("tuntap add %s mode tap" % tap)
            lan.ip("link set %s master br0 up" % tap)
        network = ["-netdev", "tap,id=lan,ifname=guest,script=no,downscript=no",
                   "-device", "virtio-net-pci,netdev=lan,romfile="]
        if cards:
            network += ["-netdev", "tap,id=second,ifname=second,script=no,downscript=no",
                        "-device", "e1000e,netdev=second,romfile="]
        self.serial = os.path.join(self.folder, "serial")
        self.monitor = os.path.join(self.folder, "monitor")
        begin = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(rtc_ns // 10**9))
        log = open(os.path.join(self.folder, "qemu"), "wb")
        # Of its clocks HPET is the one whose rate is not measured at boot: it is the host's.
        self.process = lab.spawn(lan, [
            QEMU, "-accel", "tcg", "-m", "512" if systemd else "256", "-nodefaults", "-display", "none", "-no-reboot",
            "-rtc", "base=" + begin,
            "-kernel", os.path.join(GUEST, "vmlinuz"), "-initrd", image,
            "-append", "console=ttyS0 quiet panic=-1 clocksource=hpet guest=%s/24%s" % (
                self.address, " rdinit=/lib/systemd/systemd systemd.unit=shell.service"
                if systemd else ""),
            "-serial", "file:" + os.path.join(self.folder, "console"),
            "-serial", "unix:%s,server=on,wait=off" % self.serial,
            "-monitor", "unix:%s,server=on,wait=off" % self.monitor] + network,
            stdout=log, stderr=log)
        log.close()
        self.line = None
        self.pending = b""

    def wait_ready(self, seconds=120):
        deadline = time.monotonic() + seconds
        while self.line is None:
            line = socket.socket(socket.AF_UNIX)
            try:
                line.connect(self.serial)
                self.line = line
            except OSError:
                line.close()
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise LabError("QEMU did not start\n" + self.log()) from None
                time.sleep(0.05)
        self._until("@@ ready", deadline)

    def _until(self, word, deadline):
        """Lines up to one that begins with word; that one is the last."""
        lines = []
        while not lines or not lines[-1].startswith(word):
            while b"\n" not in self.pending:
                self.line.settimeout(max(0.01, deadline - time.monotonic()))
                try:
                    octets = self.line.recv(4096)
                except TimeoutError:
                    octets = b""
                if not octets:
                    raise LabError("the guest fell silent\n" + self.log())
                self.pending += octets
            line, self.pending = self.pending.split(b"\n", 1)
            lines.append(line.decode(errors="replace").rstrip("\r"))
        return lines

    def run(self, command, seconds=30):
        """A shell command in the guest: (status, what it printed)."""
        self.line.sendall(command.encode() + b"\n")
        *lines, end = self._until("@@ ", time.monotonic() + seconds)
        return int(end.split()[1]), "\n".join(lines)

    def must(self, command):
        status, output = self.run(command)
        if status:
            raise LabError("guest: %s: status %d\n%s" % (command, status, output))
        return output

    def kernel_clock(self):
        """What the guest's kernel says of its clock, by name."""
        words = self.must("kernel_clock").split()
        return {name: int(value) for name, value in zip(words[::2], words[1::2])}

    def _monitor(self, line):
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.connect(self.monitor)
            monitor.settimeout(0.5)
            monitor.sendall(line.encode() + b"\n")
            heard = b""
            try:
                while octets := monitor.recv(4096):
                    heard += octets
            except TimeoutError:
                pass
        return heard

    def suspend(self, seconds):
        """The machine sleeps for that long, in earnest: ACPI's S3."""
        self.line.sendall(b"echo mem >/sys/power/state\n")
        if not until(lambda: b"(suspended)" in self._monitor("info status"), 30, 0.1):
            raise LabError("the guest does not fall asleep\n" + self.log())
        time.sleep(seconds)
        self._monitor("system_wakeup")
        self._until("@@ ", time.monotonic() + 60)

    def start(self, options=""):
        self.must("timecastd --state /tmp/state --control %s --clock system %s "
                  ">>/tmp/log 2>&1 & daemon=$!" % (self.control, options))
        self.wait_control()

    def wait_control(self):
        self.must("n=0; until [ -S {0} ] || [ $n = 100 ]; do usleep 100000; "
                  "n=$((n + 1)); done; [ -S {0} ]".format(self.control))

    def stop(self):
        """Ends the daemon in order; its exit status."""
        return self.run("kill $daemon; wait $daemon")[0]

    def type(self, *lines):
        return self.must("printf '%%s\\n' %s | timecast --control %s -" % (
            " ".join("'%s'" % line for line in lines), self.control))

    def daemon_log(self):
        return self.must(self.show_log)

    def log(self):
        text = ""
        for name in ("qemu", "console"):
            with open(os.path.join(self.folder, name), encoding="utf-8", errors="replace") as f:
                text += "--- %s\n%s" % (name, f.read()[-3000:])
        return text
