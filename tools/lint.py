#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The rules that other programs judge: clang-format, clang-tidy, mandoc. One case a file.

usage: lint.py format|tidy|analyze|man BUILD-DIRECTORY
analyze is clang-tidy with clang's path analyzer, which takes twenty times as long.
"""
import concurrent.futures
import glob
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDERS = ("src", "client", "sim", "tests", "bench")


def sources(*endings):
    for folder in FOLDERS:
        for ending in endings:
            yield from sorted(glob.glob("%s/**/*%s" % (folder, ending), recursive=True))


def format_case(path, _):
    return ["clang-format", "--dry-run", "--Werror", path]


def tidy_case(path, build):
    return ["clang-tidy", "--quiet", "--checks=-clang-analyzer-*", "-p", build, path]


def analyze_case(path, build):
    return ["clang-tidy", "--quiet", "-p", build, path]


def man_case(path, _):
    return ["mandoc", "-T", "lint", "-W", "warning", path]


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def compiled(build):
    """Sources of ours that the build compiles: clang-tidy needs their arguments."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as f:
        for row in json.load(f):
            path = os.path.relpath(os.path.join(row["directory"], row["file"]), ROOT)
            if path.startswith(("src/", "client/", "sim/")):
                yield path


def main(what, build):
    build = os.path.abspath(build)
    os.chdir(ROOT)
    if what == "format":
        case, paths = format_case, list(sources(".c", ".h"))
    elif what in ("tidy", "analyze"):
        case = tidy_case if what == "tidy" else analyze_case
        paths = sorted(set(compiled(build)))
    else:
        case, paths = man_case, sorted(glob.glob("docs/man/*.[1-8]"))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = pool.map(run, [case(path, build) for path in paths])
        for number, (path, (status, text)) in enumerate(zip(paths, results), 1):
            print("%s %d - %s %s" % ("not ok" if status else "ok", number, what, path), flush=True)
            if status:
                failed += 1
                print("\n".join("# " + line for line in text.splitlines()[:60]))
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
