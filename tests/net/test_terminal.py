#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The terminal program on a pseudo-terminal, as people and programs use it."""
import re
import sys

from lab import Cases, enter
from typist import Typist

SAYS = b"Info: The configuration takes effect on the current user terminal interface only."


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
    t.ask(b"quit\n", b"<timecast>")
    t.type(b"\x04")
    cases.check("Ctrl+D on an empty line leaves with status 0", t.end() == 0)


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
    cases.check("and all are committed", host.show(
        "display current-configuration | include ^ntp.*239.1.0 | count") is not None and
        host.show("display current-configuration").count("239.1.0.") == 300)
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
    cases.group("no daemon", lambda: no_daemon(cases, host))
    cases.group("pages", lambda: pages(cases, host))
    cases.group("ahead", lambda: ahead(cases, host))
    return cases.end()


if __name__ == "__main__":
    sys.exit(enter(main))
