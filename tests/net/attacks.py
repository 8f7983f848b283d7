#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every published attack, mounted with raw packets: one line each, the last line counts.

attacks.py [--only NAME|PREFIX...] [--quick] [--flood PROGRAM]. Each attack has a LAN of its own;
they run beside each other, but for those that take the whole machine. docs/security.md is the table.
"""
import argparse
import os
import re
import sys
import threading
import traceback

import attacks_beacons
import attacks_questions
from field import Failed, Field, NotMounted
from lab import LabError, enter

ALONE = ("B17_flood",)
QUICK = ("B2_forged_future", "B4_crypto_nak", "B13_own_address")
AT_ONCE = 12


def all_attacks():
    found = {}
    for module in (attacks_beacons, attacks_questions):
        for name in module.__all__:
            found[name] = getattr(module, name)
    return dict(sorted(found.items(), key=lambda row: (int(re.match(r"B(\d+)", row[0])[1]),
                                                       row[0])))


def is_meant(name, words, names):
    """By its whole name or, where that is nobody's, by how it begins."""
    return any(name == w or w not in names and name.startswith(w) for w in words)


class Run:
    def __init__(self, lab):
        self.lab, self.results, self.lock = lab, {}, threading.Lock()
        self.places = threading.Semaphore(AT_ONCE)

    def one(self, name, body):
        with self.places:
            good, words, field = True, "", None
            try:
                field = Field(self.lab, name)
                body(field)
            except Failed as e:
                good, words = False, str(e)
            except (NotMounted, LabError) as e:
                good, words = None, str(e)
            except Exception:
                good, words = None, traceback.format_exc()
            self.report(name, good, words, field)
            if field:
                for host in (field.client, field.server):
                    if host:
                        host.stop()

    def report(self, name, good, words, field):
        effect = field.effect() if field else None
        moved = []
        if field and field.client and field.client.alive():
            try:
                now = field.counts()
            except (Failed, NotMounted):
                now = {}
            moved = ["%s +%d" % (v, now[v] - field.before.get(v, 0)) for v in now
                     if now[v] != field.before.get(v, 0) and v not in ("answered", "heard")]
        with self.lock:
            self.results[name] = good
            print("%s %d - %-26s %8d packets  %6s sigma  %s" % (
                "ok" if good else "not ok", len(self.results), name,
                field.packets() if field else 0, "-" if effect is None else "%.2f" % effect,
                "did not run" if good is None else ", ".join(moved)), flush=True)
            for line in words.splitlines():
                print("#   " + line, flush=True)


def main(lab):
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--flood")
    given = parser.parse_args()
    lab.flood = given.flood or os.path.join(lab.build, "tests", "net", "flood")
    run = Run(lab)
    names = all_attacks()
    chosen = {name: body for name, body in names.items()
              if (not given.only or is_meant(name, given.only, names))
              and (not given.quick or name in QUICK)}
    threads = [threading.Thread(target=run.one, args=row) for row in chosen.items()
               if row[0] not in ALONE]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in ALONE:
        if name in chosen:
            run.one(name, chosen[name])
    ends = [run.results.get(name) for name in chosen]
    print("1..%d" % len(ends))
    print("%d attacks failed, %d did not, %d did not run" % (
        ends.count(True), ends.count(False), ends.count(None)))
    return 0 if ends and all(ends) else 1


if __name__ == "__main__":
    sys.exit(enter(main))
