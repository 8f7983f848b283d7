#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The rules of the house that can be read off the source text. One case a rule."""
import os
import re
import sys
from collections import defaultdict

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100

# Tables are read row by row; their length is the number of rows.
TABLES = {"src/ntp/note.def", "src/cli/displays.c"}

# folder: what it may include of ours. A name with a slash is one header.
LAYERS = {
    "src/base": ["base"],
    "src/ntp": ["base", "ntp"],
    "src/conf": ["base", "conf", "ntp/settings.h"],
    "src/cli": ["base", "conf", "cli", "ntp/settings.h", "ntp/state.h", "ntp/note.h",
                "ntp/note.def"],
    "src/sys": ["base", "sys"],
    "src/daemon": ["base", "ntp", "conf", "cli", "sys", "daemon"],
    "client": ["base", "sys", "daemon/frame.h", "cli/session.h", "cli/filter_text.h", "client"],
    "sim": ["base", "ntp", "conf", "cli", "sim"],
}

SOCKETS = ["sys/socket.h", "netinet/*", "arpa/inet.h", "net/*", "netdb.h", "poll.h", "linux/*"]
FILES = ["unistd.h", "fcntl.h", "sys/stat.h", "dirent.h", "sys/mman.h"]
# folder: headers of the C library it may not include.
FORBIDDEN = {
    "src/base": ["time.h", "sys/socket.h", "unistd.h", "fcntl.h", "poll.h"],
    "src/ntp": ["time.h", "sys/time.h", "sys/timex.h", "stdio.h", "stdlib.h", "pthread.h"]
               + SOCKETS + FILES,
    "src/conf": SOCKETS + FILES,
    "src/cli": SOCKETS + FILES,
    "sim": SOCKETS,
}

BANNED = ["strcpy", "strcat", "strncpy", "strncat", "sprintf", "vsprintf", "gets", "strtok",
          "alloca", "system", "popen", "localtime", "localtime_r", "gmtime", "ctime", "asctime",
          "mktime", "atoi", "atol", "atof", "rand", "srand", "random", "tmpnam", "mktemp", "setjmp", "longjmp", "signal", "usleep", "sleep", "epoll_create1",
          "ppoll", "signalfd", "timerfd_create"]

SPDX = "SPDX-License-Identifier: BSD-2-Clause"


def tree(top, *endings):
    for folder, folders, names in os.walk(os.path.join(ROOT, top)):
        folders[:] = sorted(f for f in folders if not f.startswith(("build", "b-", ".", "__py")))
        for name in sorted(names):
            if name.endswith(endings):
                yield os.path.relpath(os.path.join(folder, name), ROOT)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def c_files():
    for top in ("src", "client", "sim", "tests", "bench"):
        yield from tree(top, ".c", ".h", ".def")


def bare(text):
    """The text without comments and strings, its lines kept."""
    def blank(m):
        return re.sub(r"[^\n]", " ", m.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', blank, text,
                  flags=re.S)


def folder_of(path, table):
    for folder in table:
        if path.startswith(folder + "/"):
            return folder
    return None


def includes(path):
    for number, line in enumerate(read(path).splitlines(), 1):
        m = re.match(r'\s*#\s*include\s+(["<])([^">]+)[">]', line)
        if m:
            yield number, m[1] == '"', m[2]


def layers_hold():
    for path in c_files():
        folder = folder_of(path, LAYERS)
        if not folder:
            continue
        allowed = LAYERS[folder]
        for number, ours, name in includes(path):
            if ours and name not in allowed and name.split("/")[0] not in allowed:
                yield "%s:%d: %s may not include %s" % (path, number, folder, name)
            if ours and "/" not in name:
                yield "%s:%d: write the folder: %s" % (path, number, name)


def rooms_do_not_reach_out():
    for path in c_files():
        folder = folder_of(path, FORBIDDEN)
        if not folder:
            continue
        for number, ours, name in includes(path):
            for pattern in FORBIDDEN[folder]:
                hit = name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
                if hit and not ours and (folder, name) not in {("src/base", "arpa/inet.h")}:
                    yield "%s:%d: %s may not include <%s>" % (path, number, folder, name)


def files_are_short():
    for path in c_files():
        lines = read(path).count("\n")
        if lines > FILE_LINES_MAX and path not in TABLES:
            yield "%s: %d lines, at most %d" % (path, lines, FILE_LINES_MAX)


def functions_are_short():
    for path in c_files():
        begin = None
        for number, line in enumerate(read(path).splitlines(), 1):
            if line == "{":
                begin = number
            elif line.startswith("}") and begin:
                if number - begin - 1 > FUNCTION_LINES_MAX:
                    yield "%s:%d: a function of %d lines, at most %d" % (
                        path, begin, number - begin - 1, FUNCTION_LINES_MAX)
                begin = None


def names_are_unique():
    seen = defaultdict(list)
    for top in ("src", "sim", "client"):
        for path in tree(top, ".c", ".h"):
            seen[os.path.basename(path)].append(path)
    for paths in seen.values():
        if len(paths) > 1:
            yield "one basename, several files: " + " ".join(paths)


def licence_comes_first():
    for path in list(c_files()) + list(tree(".", "meson.build", ".py", ".sh", "Makefile", ".ini")):
        head = read(path).splitlines()[:2]
        if head and head[0].startswith("#!"):
            head = head[1:]
        if not head or SPDX not in head[0]:
            yield "%s: the first line has no %s" % (path, SPDX)


def headers_are_guarded():
    for path in c_files():
        if path.endswith(".h"):
            text = read(path)
            m = re.search(r"#ifndef (\w+)\n#define (\w+)\n", text)
            if not m or m[1] != m[2]:
                yield "%s: no include guard" % path


def lines_fit():
    for path in c_files():
        if path in TABLES:
            continue
        for number, line in enumerate(read(path).splitlines(), 1):
            if len(line.expandtabs(8)) > COLUMNS_MAX:
                yield "%s:%d: wider than %d columns" % (path, number, COLUMNS_MAX)


def banned_calls_are_absent():
    words = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(BANNED))
    for path in c_files():
        if not path.startswith(("src/", "client/", "sim/")):
            continue
        for number, line in enumerate(bare(read(path)).splitlines(), 1):
            for m in words.finditer(line):
                yield "%s:%d: %s is banned" % (path, number, m[1])


def nothing_is_left_for_later():
    mark = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    me = os.path.relpath(os.path.abspath(__file__), ROOT)
    for path in list(c_files()) + list(tree(".", "meson.build", ".py", ".sh", ".md")):
        if path == me:
            continue
        for number, line in enumerate(read(path).splitlines(), 1):
            if mark.search(line):
                yield "%s:%d: %s" % (path, number, line.strip())


RULES = [layers_hold, rooms_do_not_reach_out, files_are_short, functions_are_short,
         names_are_unique, licence_comes_first, headers_are_guarded, lines_fit,
         banned_calls_are_absent, nothing_is_left_for_later]


def main():
    failed = 0
    for number, rule in enumerate(RULES, 1):
        found = list(rule())
        print("%s %d - %s" % ("not ok" if found else "ok", number, rule.__name__))
        for line in found:
            print("# " + line)
        failed += bool(found)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
