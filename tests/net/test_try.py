#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""`make try` at a real terminal: README's lines, a clock set right, and an end without a complaint."""
import os
import pty
import re
import select
import sys
import time

from lab import Cases

HERE = os.path.dirname(os.path.abspath(__file__))
ALPHA = ("system-view", "ntp refclock-master 1", "interface eth 0", "ntp multicast-server minpoll 1",
         "commit", "return", "quit")
BETA = ("system-view", "interface eth 0", "ntp multicast-client", "commit", "return", "quit")


class Table:
    def __init__(self, words):
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            os.execv(words[0], words)
        self.said = ""

    def until(self, pattern, seconds):
        """True once what was said since the last line ends so."""
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.said):
            ready, _, _ = select.select([self.terminal], [], [], deadline - time.monotonic())
            try:
                octets = os.read(self.terminal, 65536) if ready else b""
            except OSError:  # its end
                octets = b""
            if not octets:
                return False
            self.said += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\r", "",
                                octets.decode(errors="replace"))
        return True

    def type(self, line, pattern, seconds=10):
        self.said = ""
        os.write(self.terminal, line.encode() + b"\r")
        return self.until(pattern, seconds)


def main():
    cases = Cases()
    os.environ["TERM"] = "vt100"
    table = Table([sys.executable, os.path.join(HERE, "tabletop.py"), *sys.argv[1:]])
    cases.check("two hosts are up", table.until(r"try\$ $", 30), table.said)
    for name, lines in (("alpha", ALPHA), ("beta", BETA)):
        cases.check("%s has a command line" % name, table.type(name, "<%s>$" % name), table.said)
        bad = [table.said for line in lines
               if not table.type(line, r"([>\]]|try\$ )$") or "Error" in table.said]
        cases.check("which takes the README's lines", not bad, "\n".join(bad))
    deadline, truth = time.monotonic() + 15, ""
    while time.monotonic() < deadline and not re.search(r"beta +[+-]0\.000", truth):
        table.type("truth", r"beta .*\n(.*\n)*try\$ $")
        truth = table.said
    cases.check("the slow host's clock is set right", re.search(r"beta +[+-]0\.000", truth), truth)
    table.type("false; exit", "never", 10)
    status = os.waitstatus_to_exitcode(os.waitpid(table.child, 0)[1])
    cases.check("the end is quiet, whatever was typed last",
                status == 0 and "annot" not in table.said, "%s\n%s" % (status, table.said))
    return cases.end()


if __name__ == "__main__":
    sys.exit(main())
