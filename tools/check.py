#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Builds what is tested, runs it, and counts.

gcc, gcc with the address and undefined behaviour sanitizers, and clang are built; the tests of each
that matter there are run. What is counted is the single case where a test names its cases, else the
test. A skipped case is a failed one: it showed nothing. The last line is "N passed, N failed".
"""
import argparse
import json
import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# directory, preset, suites (none: all of them)
BUILDS = [
    ("build", None, []),
    ("build-asan", "tools/asan.ini", ["unit", "cli", "fuzz", "sanitized"]),
    ("build-clang", "tools/clang.ini", ["unit", "fuzz"]),
]

CASE = re.compile(
    r"^\s*(?:(?P<ok>ok) \d+|(?P<no>not ok) \d+|\[\s+(?P<cm>OK|FAILED|SKIPPED) \] (?P<name>\w+))"
    r"(?P<rest>.*)$")


def say(text):
    print(text, flush=True)


def case_counts(output):
    """(passed, failed) of the cases that a test named."""
    passed = 0
    bad = set()
    for line in output.splitlines():
        m = CASE.match(line)
        if not m:
            continue
        if m["ok"] and "# SKIP" not in m["rest"].upper():
            passed += 1
        elif m["cm"] == "OK":
            passed += 1
        else:
            # cmocka names a failed case twice.
            bad.add(m["name"] if m["cm"] else line)
    return passed, len(bad)


def build(directory, preset):
    """True when everything compiles; but for build/, warnings are errors."""
    commands = []
    if not os.path.exists(os.path.join(directory, "build.ninja")):
        # `make` made build/ without --werror: a warning of tomorrow's compiler stops no user.
        preset_args = ["--werror", "--native-file", preset] if preset else []
        commands.append(["meson", "setup", directory] + preset_args)
    commands.append(["ninja", "-C", directory, "all", "meson-test-prereq"])
    for command in commands:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            say(done.stdout[-6000:])
            return False
    return True


def run_tests(directory, suites, setup):
    """(passed, failed) of one build directory; what fails is shown."""
    log = os.path.join(directory, "meson-logs", "testlog-%s.json" % setup)
    if os.path.exists(log):
        os.remove(log)
    command = ["meson", "test", "-C", directory, "--no-rebuild", "--num-processes", "2",
               "--setup", setup]
    for suite in suites:
        command += ["--suite", suite]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if not os.path.exists(log):
        say(done.stdout[-4000:])
        return 0, 1
    passed = failed = 0
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            row = json.loads(line)
            output = (row.get("stdout") or "") + "\n" + (row.get("stderr") or "")
            good, bad = case_counts(output)
            if row["result"] != "OK":
                bad = max(bad, 1)
            elif not good and not bad:
                good = 1
            passed += good
            failed += bad
            word = "ok" if not bad else "FAILED (%s)" % row["result"]
            say("  %-44s %4d cases %7.1f s  %s" % (row["name"], good + bad, row["duration"], word))
            if bad:
                say(output[-8000:])
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("builds", nargs="*", help="only these build directories")
    parser.add_argument("--full", action="store_true", help="the slow ones, too")
    parser.add_argument("--suite", help="only this one, in build")
    given = parser.parse_args()
    builds = [("build", None, [given.suite])] if given.suite else BUILDS
    chosen, setup = given.builds, "full" if given.full else "quick"
    os.chdir(ROOT)
    begin = time.monotonic()
    passed = failed = 0
    for directory, preset, suites in builds:
        if chosen and directory not in chosen:
            continue
        say("%s (%s)" % (directory, preset or "gcc"))
        since = time.monotonic()
        if not build(directory, preset):
            say("%s does not build" % directory)
            failed += 1
            continue
        say("  built in %.0f s" % (time.monotonic() - since))
        good, bad = run_tests(directory, suites, setup)
        passed += good
        failed += bad
    say("%.0f s in all" % (time.monotonic() - begin))
    say("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
