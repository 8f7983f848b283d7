#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The terminal program on a pseudo-terminal, as people and programs use it."""
import os
import re
import select
import signal
import subprocess
import sys
import termios

from lab import Cases, enter
from typist import Typist

SAYS = b"Info: The configuration takes effect on the current user terminal interface only."


def wait_for(fd, wanted, seconds=10):
    seen = b""
    while wanted not in seen:
        if not select.select([fd], [], [], seconds)[0]:
            raise TimeoutError("no %r in %r" % (wanted, seen))
        seen += os.read(fd, 65536)


def plain(cases, host, term):
    """Programs that drive a terminal get the echo of what they send, and no cursor movement."""
    t = Typist([host.lab.timecast, "--control", host.socket], term=term)
    all_seen = t.read_until(b"<timecast>")
    all_seen += t.ask(b"\n", b"\r\n<timecast>")
    got = t.ask(b"screen-length 0 temporary\n", b"<timecast>")
    cases.check("%s: a line is echoed once, and the reply begins on a fresh line" % term,
                got == b"screen-length 0 temporary\r\n" + SAYS + b"\r\n<timecast>", got)
    all_seen += got
    got = t.ask(b"system-view\n", b"[~timecast]")
    long = b"sysname " + 90 * b"a"
    got += t.ask(long + b"\n", b"[~timecast]")
    cases.check("%s: a line longer than the screen is echoed as it is" % term,
                long + b"\r\n" in got, got)
    all_seen += got
    got = t.ask(b"display current-configuration\n", b"return\r\n[~timecast]")
    cases.check("%s: the end of a line is CRLF everywhere" % term,
                not re.search(rb"[^\r]\n", got), got)
    all_seen += got
    all_seen += t.ask(b"quit\n", b"<timecast>")
    t.type(b"quit\n")
    cases.check("%s: quit ends with status 0" % term, t.end() == 0)
    all_seen += t.seen
    cases.check("%s: no escape sequence was ever sent" % term, b"\033" not in all_seen, all_seen)


def keys(cases, host):
    t = Typist([host.lab.timecast, "--control", host.socket], term="xterm", columns=100)
    t.read_until(b"<timecast>")
    got = t.ask(b"sys?", b"<timecast>sys")
    cases.check("? helps without Enter and the line is there again",
                b"system-view" in got and got.startswith(b"sys?\r\n"), got)
    got = t.ask(b"\t\n", b"[~timecast]")
    cases.check("Tab completes a word", b"Enter system view" in got, got)
    got = t.ask(b"ntp multicast-client\x03", b"[~timecast]")
    cases.check("Ctrl+C forgets the line", b"^C\r\n" in got, got)
    got = t.ask(b"interface eth0\n", b"[~timecast-eth0]")
    t.ask(b"ntp mu\t\t\t 224.0.1.9\n", b"[*timecast-eth0]")
    got = t.ask(b"display configuration candidate\n", b"[*timecast-eth0]")
    cases.check("Tab again and again goes through the words that fit",
                b"ntp multicast-client 224.0.1.9" in got, got)
    got = t.ask(b"ntp mul\x1a", b"]:")
    cases.check("Ctrl+Z is return, and asks about what is pending",
                b"Uncommitted configurations" in got, got)
    got = t.ask(b"?\n", b"]:")
    cases.check("? is an answer like others while a question is open", b"Error" in got, got)
    got = t.ask(b"c\n", b"[*timecast-eth0]")
    t.ask(b"\x1a", b"]:")
    t.ask(b"n\n", b"<timecast>")
    got = t.ask(b"display clock\n", b"<timecast>")
    got = t.ask(b"\x10\n", b"<timecast>")
    cases.check("Ctrl+P brings the last line back", b"display clock" in got and b"UTC" in got, got)
    got = t.ask(b"system-vieww\x08\n", b"[~timecast]")
    cases.check("Backspace corrects", b"Enter system view" in got, got)
    got = t.ask("sysname café\n".encode(), b"[~timecast]")
    cases.check("octets beyond ASCII do no harm", "café".encode() in got and b"Error" in got, got)
    t.ask(b"system-view\n", b"[~timecast]")
    t.ask(b"sysname pending\n", b"[*timecast]")
    t.ask("commit description é".encode() + b"\x1a", b"]:")
    t.ask(b"n\n", b"<timecast>")
    t.ask("display é".encode() + b"\x03", b"<timecast>")
    got = t.ask(b"display configuration commit list\n", b"<timecast>")
    cases.check("Ctrl+Z and Ctrl+C take all of the line, counted in characters",
                b"Error" not in got and b"100000" not in got, got)
    t.type(b"\x04")
    cases.check("Ctrl+D on an empty line leaves with status 0", t.end() == 0)


def ends(cases, host):
    """However it ends: nothing is lost without a word, and the terminal is as it was."""
    t = Typist([host.lab.timecast, "--control", host.socket], term="xterm")
    t.read_until(b"<timecast>")
    t.ask(b"system-view\n", b"[~timecast]")
    t.ask(b"sysname lost\n", b"[*timecast]")
    t.type(b"\x04")
    got = t.read_until(b"dropped.\r\n")
    cases.check("Ctrl+D with edits says that they are dropped, status 1",
                b"Warning: Uncommitted configurations were dropped." in got and t.end() == 1, got)
    for name, lines in (("at the prompt", b""), ("between pages", b"display ntp verdicts all\n")):
        for number in (signal.SIGTERM, signal.SIGHUP):
            ours, theirs = os.openpty()
            before = termios.tcgetattr(theirs)
            child = subprocess.Popen(
                host.command([host.lab.timecast, "--control", host.socket]), stdin=theirs,
                stdout=theirs, stderr=theirs, start_new_session=True,
                env=dict(os.environ, TERM="xterm"))
            wait_for(ours, b"<timecast>")
            if lines:
                os.write(ours, lines)
                wait_for(ours, b"---- More ----")
            raw = termios.tcgetattr(theirs)
            os.kill(child.pid, number)
            status = child.wait(10)
            cases.check("%s ends it %s, and the terminal echoes again" %
                        (signal.Signals(number).name, name), status == -number and
                        raw != before and termios.tcgetattr(theirs) == before, status)
            os.close(ours)
            os.close(theirs)


def pages(cases, host):
    host.type("system-view", *["interface t%d\nntp multicast-client" % i for i in range(40)],
              "commit")
    t = Typist([host.lab.timecast, "--control", host.socket], term="xterm", rows=200)
    t.read_until(b"<timecast>")
    got = t.ask(b"display current-configuration\n", b"  ---- More ----")
    cases.check("a page has 24 lines", got.count(b"\n") == 25, got)
    got = t.ask(b"\r", b"  ---- More ----")
    cases.check("Enter shows one line more", got.count(b"\n") == 1, got)
    cases.check("the mark is wiped away", b"\033[16D" + 16 * b" " + b"\033[16D" in got, got)
    got = t.ask(b" ", b"  ---- More ----")
    cases.check("Space shows a page more", got.count(b"\n") == 24, got)
    got = t.ask(b"q", b"<timecast>")
    cases.check("q ends it", b"return" not in got, got)
    t.ask(b"display current-configuration\n", b"  ---- More ----")
    got = t.ask(b"\x03", b"<timecast>")
    cases.check("Ctrl+C ends it", b"return" not in got, got)
    t.ask(b"display current-configuration\n", b"  ---- More ----")
    got = t.ask(b"/t3[0-9]\r", b"  ---- More ----")
    cases.check("/ goes on at the next line that matches",
                b"/t3[0-9]\r\ninterface t30\r\n" in got, got)
    got = t.ask(b"+interface t3[0-9]\r", b"<timecast>")
    cases.check("+ shows lines that match only", b"ntp multi" not in got and b"t39" in got, got)
    t.ask(b"display current-configuration\n", b"  ---- More ----")
    t.ask(b"-(\r", b"Error: ")
    t.read_until(b"  ---- More ----")
    got = t.ask(b"-interfacex\x7f|^ ntp|#\r", b"<timecast>")
    cases.check("- leaves them out, and Backspace corrects",
                got.strip().splitlines()[-2:] == [b"return", b"<timecast>"], got)
    got = t.ask(b"display current-configuration | no-more\n", b"<timecast>")
    cases.check("no-more shows all at once", b"More" not in got and b"return" in got, got[-200:])
    t.ask(b"screen-length 0 temporary\n", b"<timecast>")
    got = t.ask(b"display current-configuration\n", b"<timecast>")
    cases.check("so does screen-length 0", b"More" not in got and b"return" in got, got[-200:])
    t.type(b"quit\n")
    t.end()


def ahead(cases, host):
    """What is pasted faster than it runs is echoed once and runs in order."""
    t = Typist([host.lab.timecast, "--control", host.socket], term="vt100", columns=500)
    t.read_until(b"<timecast>")
    lines = ["screen-length 0 temporary", "system-view"]
    for i in range(300):
        lines += ["interface p%d" % i, "ntp multicast-client 239.1.0.%d" % (i % 250), "quit"]
    lines += ["commit", "return", "display current-configuration | count"]
    t.type(("\n".join(lines) + "\n").encode())
    got = t.read_until(b"Total lines: ", 60) + t.read_until(b"<timecast>")
    cases.check("900 pasted lines are each echoed once",
                all(got.count(b"interface p%d\r\n" % i) == 1 for i in range(300)), got[-2000:])
    shown = host.show("display current-configuration")
    cases.check("and all are committed", shown.count("239.1.0.") == 300, shown[-2000:])
    t.type(b"quit\n")
    t.end()


def no_daemon(cases, host):
    nowhere = host.folder + "/nobody"
    t = Typist([host.lab.timecast, "--control", nowhere])
    got = t.read_until(b"\n")
    cases.check("without a daemon one line says what to start",
                b"timecastd" in got and nowhere.encode() in got, got)
    cases.check("and the status is 1", t.end() == 1 and not t.seen, t.seen)


def main(lab):
    cases = Cases(lab)
    host = lab.host("host").plug(lab.lan(), 1).start()
    for term in ("vt100", "dumb", None):
        cases.group("plain", lambda term=term: plain(cases, host, term))
    cases.group("keys", lambda: keys(cases, host))
    cases.group("ends", lambda: ends(cases, host))
    cases.group("no daemon", lambda: no_daemon(cases, host))
    cases.group("pages", lambda: pages(cases, host))
    cases.group("ahead", lambda: ahead(cases, host))
    return cases.end()


if __name__ == "__main__":
    sys.exit(enter(main))
