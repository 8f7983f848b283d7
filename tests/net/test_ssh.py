#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""netmiko (Debian) against a real sshd whose forced command, or login shell, is timecast."""
import glob
import os
import re
import shutil
import subprocess
import sys
import time

from lab import PEERS, Cases, LabError, enter, quiet

SSHD = shutil.which("sshd", path="/usr/sbin") or os.path.join(
    PEERS, "openssh-server/usr/sbin/sshd")
PORTS = {"forced command": 2222, "login shell": 2223}
CONFIG = """
Port %(port)d
ListenAddress 127.0.0.1
HostKey %(folder)s/host_key
AuthorizedKeysFile %(folder)s/user_key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PrintMotd no
PrintLastLog no
SetEnv ASAN_OPTIONS=detect_leaks=0
"""


def write(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    return path


def prepare(host):
    """A terminal file system and users of our own, all in this test's mount namespace.

    sshd runs in a user namespace of its own as an ordinary user: it can then neither drop rights it
    does not have nor meet users it does not know. The daemon sees its own user.
    """
    quiet(["mount", "-t", "devpts", "-o", "newinstance,ptmxmode=0666", "devpts", "/dev/pts"])
    quiet(["mount", "--bind", "/dev/pts/ptmx", "/dev/ptmx"])
    shell = write(host.folder + "/shell",
                  "#!/bin/sh\nexec %s --control %s \"$@\"\n" % (host.lab.timecast, host.socket))
    os.chmod(shell, 0o755)
    users = write(host.folder + "/passwd", "root:x:0:0::/:/bin/sh\n"
                  "forced:x:1000:1000::%s:/bin/sh\n" % host.folder)
    quiet(["mount", "--bind", users, "/etc/passwd"])
    groups = write(host.folder + "/group", "root:x:0:\nforced:x:1000:\n")
    quiet(["mount", "--bind", groups, "/etc/group"])
    for name in ("host_key", "user_key"):
        quiet(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f",
               os.path.join(host.folder, name)])
    return shell


def start_sshd(host, way, shell):
    text = CONFIG % {"port": PORTS[way], "folder": host.folder}
    if way == "forced command":
        text += "ForceCommand %s --control %s\n" % (host.lab.timecast, host.socket)
    else:
        write(host.folder + "/passwd", "root:x:0:0::/:/bin/sh\n"
              "forced:x:1000:1000::%s:%s\n" % (host.folder, shell))
    path = write(host.folder + "/sshd_%d" % PORTS[way], text)
    log = open(host.folder + "/sshd.log", "ab")
    wraps = glob.glob(PEERS + "/libwrap0/usr/lib/*")
    environment = dict(os.environ, LD_LIBRARY_PATH=":".join(wraps))
    host.lab.spawn(host, ["unshare", "--user", "--map-user=1000", "--map-group=1000", SSHD, "-D",
                          "-e", "-f", path], stdout=log, stderr=log,
                   env=environment)
    log.close()


def connect(host, way):
    from netmiko import ConnectHandler
    deadline = time.monotonic() + 15
    while True:
        try:
            return ConnectHandler(device_type="huawei_vrpv8", host="127.0.0.1", port=PORTS[way],
                                  username="forced", use_keys=True,
                                  key_file=host.folder + "/user_key", fast_cli=True)
        except Exception as e:
            if time.monotonic() > deadline:
                with open(host.folder + "/sshd.log", encoding="utf-8") as f:
                    raise LabError("%s\n%s" % (e, f.read())) from e
            time.sleep(0.2)


def netmiko(cases, host, way, group):
    with host:
        c = connect(host, way)
    cases.check("%s: netmiko connects and finds the prompt" % way, c.base_prompt == "timecast",
                c.base_prompt)
    out = c.send_command("display ntp status")
    cases.check("%s: display ntp status gives its twelve lines and nothing else" % way,
                len(out.splitlines()) == 12 and "clock status" in out.splitlines()[0] and
                "\033" not in out, out)
    out = c.send_config_set(["interface eth0", "ntp multicast-client %s" % group],
                            exit_config_mode=False)
    cases.check("%s: a set of configuration is taken" % way,
                "[*timecast-eth0]" in out and "Error" not in out, out)
    out = c.commit()
    cases.check("%s: commit" % way, "[~timecast-eth0]" in out and "Error" not in out, out)
    out = c.exit_config_mode()
    out += c.send_command("save", expect_string=r"[Cc]ontinue\?")
    out += c.send_command("y", expect_string=r"[>\]]")
    cases.check("%s: save and its question" % way, "successfully" in out, out)
    out = c.send_command("display saved-configuration")
    cases.check("%s: what was typed is saved" % way, group in out, out)
    c.disconnect()
    cases.check("%s: and runs" % way, group in host.show("display current-configuration"))


def plain_ssh(cases, host, way):
    words = ["ssh", "-F", "none", "-p", str(PORTS[way]), "-i", host.folder + "/user_key",
             "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
             "-o", "LogLevel=ERROR", "forced@127.0.0.1"]
    done = subprocess.run(host.command(words + ["display ntp status"]), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30)
    cases.check("%s: ssh host 'display ntp status'" % way,
                done.returncode == 0 and len(done.stdout.splitlines()) == 12, done.stdout)
    done = subprocess.run(host.command(words), input="display clock\nnonsense\n", text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)
    cases.check("%s: lines through ssh without a terminal are a batch" % way,
                done.returncode == 1 and re.search(r"^\d{4}-", done.stdout) and
                "Error" in done.stdout, done.stdout)


def main(lab):
    cases = Cases(lab)
    host = lab.host("host").plug(lab.lan(), 1).start()
    if not cases.check("sshd is installed or unpacked (tools/fetch-peers.sh)",
                       os.path.exists(SSHD)):
        return cases.end()
    shell = prepare(host)
    for number, way in enumerate(PORTS):
        start_sshd(host, way, shell)
        cases.group(way, lambda way=way, number=number: netmiko(
            cases, host, way, "239.8.0.%d" % (number + 1)))
        cases.group(way, lambda way=way: plain_ssh(cases, host, way))
    return cases.end()


if __name__ == "__main__":
    sys.exit(enter(main))
