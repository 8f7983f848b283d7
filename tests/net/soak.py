#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""make soak SECONDS=3600: fifteen daemons behind good and bad cables, under attack, with churn.

soak.py [--seconds N] [--seed N] [--log FILE], or soak.py --judge FILE for such a log. Every few
seconds each daemon's clock is read from outside and held against the error bound that it shows, and
its memory and descriptors are read. At the end every verdict that was ever counted must be one that
an attack or a piece of churn of this run explains, and no more often. docs/soak.md says what is
claimed. The last line counts.
"""
import argparse
import bisect
import json
import os
import statistics
import sys
import time

from lab import Cases, enter, until
from soak_events import Attacks, Churn, Ledger
from soak_site import Past, Site

EVERY_S = 5
SETTLE_S = 60      # what each life has for its first synchronisation
STRETCH = 24       # samples; shorter ones say nothing of memory
MORE_KB = 128      # what the second half of a stretch may have more than its first, at its highest
MOST_KB = 10240    # a daemon, whatever was committed
MORE_FDS = 1
ESTIMATE = 0.95
AWAY = 0.01  # of the readings of a host; a short run has few, and one may be lost
NEAR = 12  # samples before and after one, for how long the path was then


def usual(ledger, site, seconds):
    """What a healthy site counts: it needs no cause."""
    ledger.explain(site.stations.values(), "used answered heard", 10**9, "its work")
    for s in site.stations.values():
        ledger.begin(s, site)
        if s.cable and s.cable[-1]:
            ledger.explain([s], "bogus duplicate", seconds // 4, "its cable doubles packets")


def settled(s):
    row = s.sample(0)
    return row and row["synchronised"]


def soak(site, seconds, log):
    """Samples everybody in turn until the time is over."""
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        turn = time.monotonic()
        for s in site.stations.values():
            row = s.sample(site.lab.since())
            if row:
                log.write(json.dumps(row) + "\n")
        log.flush()
        time.sleep(max(0.0, EVERY_S - (time.monotonic() - turn)))


# ---- the end ----

def path_of(rows, i):
    """How much longer the group's packets were on their way than half of question and answer, in
    the minutes around a sample; 0 for those that ask. The fastest count: queueing is one-sided."""
    near = [row["path"] for row in rows[max(0, i - NEAR):i + NEAR + 1] if row["path"]]
    if not near:
        return 0
    group, question, answer = (sorted(column)[len(near) // 10] for column in zip(*near))
    return group - (question + answer) / 2


def set_zero(site):
    """The servers' clocks are true: what is read of them is what such a reading is wrong by, because
    an answer leaves a little later than it says. All readings are made alike."""
    truth = sorted((row["at"], row["error"]) for s in site.servers() for row in s.samples
                   if row["error"] is not None)
    for s in site.clients():
        for row in s.samples:
            near = bisect.bisect(truth, (row["at"], 0))
            around = [error for _, error in truth[max(0, near - NEAR):near + NEAR]]
            row["zero"] = statistics.median(around or [0])


def reference_of(site, s, at):
    """What the clock that it follows was wrong by: the middle stratum is a reference, too."""
    name = s.listens and s.listens[0]
    if name not in site.stations or name.startswith("s"):
        return 0
    rows = [row for row in site.stations[name].samples if row["error"] is not None]
    near = min(rows, key=lambda row: abs(row["at"] - at), default=None)
    return near["error"] - near["zero"] if near else 0


def judge_clock(site, s, seen):
    """A row of the table; (host, samples, good ones, inside the estimate, inside without what reading
    is worth) into seen; what was outside."""
    own = [row for row in s.samples if row["up"] >= SETTLE_S]
    good = [row for row in own if row["synchronised"] and row["error"] is not None]
    out = [row for row in good if abs(row["error"]) > row["distance"] + row["slack"]]
    paths = [path_of(good, i) for i in range(len(good))]
    left = [abs(row["error"] - row.get("zero", 0) + path - reference_of(site, s, row["at"]))
            - row["estimate"] for row, path in zip(good, paths)]
    inside = sum(over <= row["slack"] for row, over in zip(good, left))
    seen.append((s, len(own), len(good), inside, sum(over <= 0 for over in left)))
    errors = sorted(abs(row["error"]) / 1000 for row in good) or [0]
    rss, count = [row[2] for row in s.sizes], len(good) or 1
    print("%-4s %5d %7d %6.1f %8.1f %8.1f %8.1f %8.1f %8.1f %8.1f %7d..%d %4d..%d" % (
        s.name, s.lives, len(own), 100 * len(good) / (len(own) or 1), statistics.median(errors),
        errors[-1], statistics.median(paths or [0]) / 1000,
        statistics.median([row["estimate"] / 1000 for row in good] or [0]),
        statistics.median([row["distance"] / 1000 for row in good] or [0]), 100 * inside / count,
        min(rss), max(rss), min(row[3] for row in s.sizes), max(row[3] for row in s.sizes)),
        flush=True)
    return out


def stretches(s):
    """Samples of one life without a commit in between, after a minute of settling."""
    for life in range(1, s.lives + 1):
        rows = [row for row in s.sizes if row[1] == life]
        begins = [rows[0][0] + SETTLE_S] if rows else []
        begins += [at + EVERY_S for at in s.commits if begins and at > begins[0]]
        for begin, end in zip(begins, begins[1:] + [float("inf")]):
            found = [row for row in rows if begin <= row[0] < end - EVERY_S]
            if len(found) >= STRETCH:
                yield found


def judge_sizes(cases, s):
    """The second half of each stretch is no larger than its first. A daemon grows with its first few
    commits, by the buffers that it keeps for them. Ports to ask from are open for as long as a
    question is: of descriptors not the most counts but the usual number, which a leak raises."""
    bad = ["%d kB" % row[2] for row in s.sizes if row[2] > MOST_KB]
    for rows in stretches(s):
        half = len(rows) // 2
        for index, name, usual, more in ((2, "kB", max, MORE_KB),
                                         (3, "descriptors", statistics.median_low, MORE_FDS)):
            first, second = (usual(row[index] for row in part)
                             for part in (rows[:half], rows[half:]))
            if second > first + more:
                bad.append("from %d s on: %d %s, then %d" % (rows[0][0], first, name, second))
    cases.check("%s: memory and descriptors are flat" % s.name, not bad, "\n".join(bad))


def judge(cases, site):
    print("clock in us                          median     most     path estimate    bound     % in")
    print("host lives samples % sync    error    error   longer   median   median estimate"
          "  resident kB  descriptors")
    seen, outside = [], []
    set_zero(site)
    for s in site.stations.values():
        outside += judge_clock(site, s, seen)
    cases.check("the error is inside the root distance, always", not outside, "\n".join(
        str(row) for row in outside[:20]))
    for s, own, good, _, _ in seen:
        if s in site.clients():
            cases.check("%s: synchronised and served, 99 times of 100 after a life's first minute"
                        % s.name, own - good <= max(1, AWAY * own), "%d of %d" % (good, own))
    fair = [row for row in seen if row[0].symmetric and row[0] in site.clients()]
    total, inside, bare = (sum(row[i] for row in fair) for i in (2, 3, 4))
    cases.check("and inside the estimate 95 times of 100 on symmetric paths",
                total and inside >= ESTIMATE * total, "%d of %d" % (inside, total))
    cases.note("%d of %d samples, %.1f %%; %.1f %% without what reading a clock is worth" % (
        inside, total, 100 * inside / (total or 1), 100 * bare / (total or 1)))
    for s in site.stations.values():
        judge_sizes(cases, s)


def judge_verdicts(cases, site, ledger):
    for s in site.stations.values():
        rows = ledger.judge(s)
        for verdict, count, most, causes in rows:
            cases.note("%-4s %-16s %8d  %s" % (s.name, verdict, count, ", ".join(sorted(causes))))
        bad = [row for row in rows if row[1] > row[2]]
        cases.check("%s: every verdict is explained" % s.name, not bad, "\n".join(
            "%s %d, explained %d by %s" % (v, n, most, sorted(causes))
            for v, n, most, causes in bad))


def judge_again(path):
    """The clocks and the memory of an earlier run, from its log."""
    site, cases = Past(), Cases()
    with open(path, encoding="ascii") as log:
        for row in map(json.loads, log):
            if "host" in row:
                s = site.stations[row["host"]]
                s.samples.append(row)
                s.sizes.append((row["at"], row["life"], *row["size"]))
                s.lives = row["life"]
            elif row["event"] == "change":
                name, _, what = row["words"].partition(":")
                if what and name in site.stations:
                    site.stations[name].commits += [row["at"] - EVERY_S, row["at"]]
    judge(cases, site)
    return cases.end()


def main(lab):
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log", default=os.devnull)
    parser.add_argument("--tools")
    given = parser.parse_args()
    tools = given.tools or os.path.join(lab.build, "tests", "net")
    lab.flood, lab.badlink = (os.path.join(tools, name) for name in ("flood", "badlink"))
    begin = time.monotonic()
    lab.since = lambda: time.monotonic() - begin
    cases, ledger = Cases(lab), Ledger()
    with open(given.log, "w", encoding="ascii") as log:
        site = Site(lab, log)
        site.start()
        usual(ledger, site, given.seconds)
        late = [s.name for s in site.clients() if not until(lambda s=s: settled(s), 90, 1)]
        cases.check("everybody is synchronised after %.0f s" % lab.since(), not late, late)
        turns = [Churn(site, ledger, given.seed, (15, 40)),
                 Attacks(site, ledger, given.seed + 1, (5, 25))]
        for t in turns:
            t.start()
        soak(site, given.seconds, log)
        for t in turns:
            t.stop()
        time.sleep(3)
        for s in site.stations.values():
            if s.pid is None:
                s.start()
            s.sample(lab.since())
        for t in turns:
            cases.check("%s went as planned" % type(t).__name__.lower(), not t.trouble,
                        "\n".join(t.trouble))
            cases.note(", ".join("%s %d" % row for row in sorted(t.counts.items())))
        cases.note("%d packets by the attacker" % (turns[1].wire.sent + turns[1].flooded))
        judge(cases, site)
        judge_verdicts(cases, site, ledger)
    return cases.end()


if __name__ == "__main__":
    sys.exit(judge_again(sys.argv[2]) if sys.argv[1:2] == ["--judge"] else enter(main))
