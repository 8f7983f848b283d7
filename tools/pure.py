#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the archives really call and export, read from their symbol tables.

The includes of tidy.py cannot see a hand-written prototype; the linker's view can.
usage: pure.py libNAME.a...
"""
import os
import re
import subprocess
import sys

# Everything that base and ntp may ask of the outside.
MEMORY = {"memcpy", "memmove", "memset", "memcmp", "memchr", "strlen", "strnlen", "strcmp",
          "strchr", "bcmp", "explicit_bzero"}
MATHS = {"sqrt", "fabs", "floor", "ldexp"}
ALLOWED = {
    "base": MEMORY | MATHS | {"malloc", "calloc", "reallocarray", "free", "vsnprintf", "snprintf",
                              "inet_ntop", "inet_pton", "abort",
                              "fwrite", "stderr"},  # auto.c says why it stops
    "ntp": MEMORY | MATHS,
}
# Rooms that may use the C library at large, but not this.
REACH = {"open", "open64", "openat", "fopen", "fopen64", "read", "write", "close", "rename",
         "unlink", "fsync", "socket", "connect", "bind", "send", "sendto", "sendmsg", "recv",
         "recvfrom", "recvmsg", "poll", "select", "clock_gettime", "gettimeofday", "time",
         "getenv", "fork", "execve"}
REFUSED = {"conf": REACH, "cli": REACH}
# The compiler's own, and the sanitizers'.
COMPILER = re.compile(r"^(__assert_fail|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|__mem\w+_chk|"
                      r"__(asan|ubsan|sanitizer|sancov|msan|tsan|odr_asan)_\w+)$")
NETTLE = re.compile(r"^_?nettle_\w+$")

# Exported symbols that do not start with their file's name, each for a reason.
OTHER_NOUN = {
    "prefix_contains": "addr",  # a prefix is a kind of address
}


def symbols(archive):
    """[(member, undefined, defined)]"""
    # Thin archives keep paths of their members.
    out = subprocess.run(["nm", "-A", "-g", archive], stdout=subprocess.PIPE, text=True,
                         check=True).stdout
    members = {}
    for line in out.splitlines():
        where, rest = re.match(r"^(.*?\.o):\s*(.*)$", line).groups()
        member = os.path.basename(where.split(":")[-1])
        undefined, defined = members.setdefault(member, (set(), set()))
        fields = rest.split()
        if fields[-2] in "Uwv":
            undefined.add(fields[-1])
        else:
            defined.add(fields[-1])
    return members


def room_of(archive):
    return re.match(r"lib(\w+)\.a$", os.path.basename(archive))[1]


def calls_only_what_it_may(room, members, ours):
    for member, (undefined, _) in sorted(members.items()):
        for name in sorted(undefined - ours):
            if COMPILER.match(name):
                continue
            if room in ALLOWED and name not in ALLOWED[room] and not NETTLE.match(name):
                yield "%s: %s calls %s" % (room, member, name)
            if name in REFUSED.get(room, ()):
                yield "%s: %s calls %s" % (room, member, name)


def exports_under_its_own_name(room, members):
    for member, (_, defined) in sorted(members.items()):
        stem = re.sub(r"\.c\.o$", "", member)
        nouns = {stem, stem[:-1]} if stem.endswith("s") else {stem}
        for name in sorted(defined):
            if COMPILER.match(name) or OTHER_NOUN.get(name) == stem or name.startswith("__"):
                continue
            if not any(name == noun or name.startswith(noun + "_") for noun in nouns):
                yield "%s: %s exports %s" % (room, member, name)


def main(archives):
    failed = number = 0
    tables = {room_of(a): symbols(a) for a in archives}
    below = {"base": [], "ntp": ["base"], "conf": ["base", "ntp"], "cli": ["base", "ntp", "conf"]}
    for room, members in tables.items():
        ours = set()
        for other in below.get(room, list(tables)) + [room]:
            for _, defined in tables.get(other, {}).values():
                ours |= defined
        for rule, found in (
                ("calls only what it may", list(calls_only_what_it_may(room, members, ours))),
                ("exports under its own names", list(exports_under_its_own_name(room, members)))):
            number += 1
            print("%s %d - %s %s" % ("not ok" if found else "ok", number, room, rule))
            for line in found:
                print("# " + line)
            failed += bool(found)
    return 1 if failed or not number else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
