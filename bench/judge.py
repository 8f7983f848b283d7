#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs timecastd, and chronyd if given, under a clknetsim that you have built: see docs/judge.md.

The programs are the unmodified ones; clock, network and time are the simulator's. Each line is one
client on one path at one interval: medians over seeds of what its clock was wrong by, read from
the simulator's own log.
"""
import argparse
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HOUR = 3600
EVENT = 8 * HOUR  # the route, the rate, or everything changes
NOBODY = 65534
AFTER = f"(min 1 (max 0 (+ time -{EVENT})))"  # 0 before the event, 1 after it
PACE = "(+ 10e-6 (sum (* 1e-9 (normal))))"


def plain(path, queue, more=""):
    return f"(+ {path} (* {queue} (exponential)) {more})"


def busy(queue, every, length):
    return f"(* {queue} (equal {length / 2} (% time {every}) {length / 2}) (exponential))"


LAN = plain("20e-6", "10e-6")
# towards the client, towards the server, the client's rate error
PROFILES = {
    "lan": (LAN, LAN, PACE),
    "lan100": (plain("100e-6", "100e-6"),) * 2 + (PACE,),
    "wan": (plain("10e-3", "1e-3"),) * 2 + (PACE,),
    "burst": (
        plain("100e-6", "20e-6", busy("500e-6", 487, 97)),
        plain("100e-6", "20e-6", busy("200e-6", 1201, 61)),
        PACE,
    ),
    "loss": (plain("20e-6", "10e-6", "(* -1 (equal 0.15 (uniform) 0.15))"),) * 2 + (PACE,),
    "route": (plain("100e-6", "20e-6", f"(* 200e-6 {AFTER})"),) * 2 + (PACE,),
    "freq": (LAN, LAN, f"(+ {PACE} (* 1e-6 (min 1 (max 0 (+ -{EVENT} (sum 1))))))"),
    "mute": (plain("20e-6", "10e-6", f"(* -1 (equal 1800 time {EVENT + 1800}))"),) * 2 + (PACE,),
}


def timecastd(options, folder, number, lines):
    """What runs as that node: the daemon with these lines as its configuration."""
    config = folder / f"{number}.cfg"
    config.write_text("system-view\n" + "".join(line + "\n" for line in lines) + "commit\n")
    return [
        options.build.resolve() / "timecastd",
        *("--control", "none", "--interfaces", "static", "--clock", "system"),
        *("--state", folder / f"state{number}", "--config", config),
    ]


def chronyd(options, folder, number, lines):
    config = folder / f"{number}.conf"
    lines = [*lines, "cmdport 0", f"pidfile {folder}/pid{number}"]
    config.write_text("".join(line + "\n" for line in lines))
    return [options.chronyd.resolve(), "-d", "-f", config]


def programs(options, kind, poll, folder):
    if kind == "chrony":
        server = ["local stratum 1", "allow"]
        client = [f"server 192.168.123.1 minpoll {poll} maxpoll {poll} iburst", "makestep 0.001 3"]
        return [chronyd(options, folder, 1, server), chronyd(options, folder, 2, client)]
    server = ["ntp refclock-master 1", "interface eth0"]
    server += [f"ntp multicast-server 224.0.1.129 minpoll {poll}"]
    client = ["interface eth0", "ntp multicast-client 224.0.1.129"]
    if kind == "unicast":
        client = [f"ntp unicast-server 192.168.123.1 minpoll {poll} maxpoll {poll}"]
    return [timecastd(options, folder, 1, server), timecastd(options, folder, 2, client)]


def simulate(options, kind, profile, poll, seed):
    """The offsets of the client's clock, in seconds, one for each simulated second."""
    down, up, pace = PROFILES[profile]
    folder = Path(tempfile.mkdtemp(prefix="timecast-judge-"))
    folder.chmod(0o777)
    (folder / "net").write_text(
        f"node2_offset = 0.01\nnode2_freq = {pace}\nnode1_delay2 = {down}\nnode2_delay1 = {up}\n"
    )
    who = {"user": NOBODY, "group": NOBODY} if os.geteuid() == 0 else {}
    nodes = []
    for number, command in enumerate(programs(options, kind, poll, folder), 1):
        environment = {
            **os.environ,
            "LD_PRELOAD": str(options.clknetsim / "clknetsim.so"),
            "CLKNETSIM_NODE": str(number),
            "CLKNETSIM_SOCKET": str(folder / "socket"),
            "CLKNETSIM_RANDOM_SEED": str(100 * seed + number),
            "CLKNETSIM_START_DATE": "1770000000",
        }
        with (folder / f"log{number}").open("w") as log:
            nodes.append(
                subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log, **who)
            )
    simulator = [options.clknetsim / "clknetsim", "-s", folder / "socket", "-o", folder / "offsets"]
    simulator += ["-l", str(options.hours * HOUR), folder / "net", "2"]
    environment = {**os.environ, "CLKNETSIM_RANDOM_SEED": str(seed)}
    try:
        result = subprocess.run(
            simulator, env=environment, cwd=folder, capture_output=True, text=True, **who
        )
    finally:
        for node in nodes:
            try:
                node.wait(5)
            except subprocess.TimeoutExpired:
                node.kill()
                node.wait()
    offsets = folder / "offsets"
    values = [float(line.split()[1]) for line in offsets.open()] if offsets.exists() else []
    if result.returncode != 0 or len(values) < options.hours * HOUR - 1:
        sys.exit(f"judge: {kind} {profile} p{poll} seed {seed} failed, see {folder}")
    shutil.rmtree(folder)
    return values


def converged(offsets, threshold):
    """When the clock first came inside and stayed for a minute, s."""
    since = 0
    for at, offset in enumerate(offsets):
        if abs(offset) > threshold:
            since = at + 1
        elif at - since >= 60:
            return since
    return math.inf


def figures(offsets, skip, threshold):
    counted = offsets[skip:]
    after = offsets[EVENT : EVENT + HOUR]
    outside = [at + 1 for at, offset in enumerate(after) if abs(offset) > threshold]
    return {
        "rms": 1e6 * math.sqrt(sum(x * x for x in counted) / len(counted)),
        "max": 1e6 * max(map(abs, counted)),
        "in": converged(offsets, threshold),
        "event": 1e6 * max(map(abs, after), default=math.nan),
        "back": outside[-1] if outside else 0,
    }


def measure(options, kind, profile, poll, threshold, pool):
    seeds = range(1, options.seeds + 1)
    runs = pool.map(lambda seed: simulate(options, kind, profile, poll, seed), seeds)
    found = [figures(offsets, options.hours * HOUR // 3, threshold) for offsets in runs]
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def peers():
    """(profile, poll) to chrony's RMS in us, as measured before."""
    table = {}
    for line in Path(__file__).with_name("peers.tsv").read_text().splitlines():
        if line and not line.startswith(("#", "profile")):
            profile, poll, chrony = line.split("\t")[:3]
            if chrony != "-":
                table[profile, int(poll)] = float(chrony)
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clknetsim", type=Path, default=os.environ.get("CLKNETSIM"))
    parser.add_argument("--build", type=Path, default=Path("build"))
    parser.add_argument("--chronyd", type=Path, help="measure this one too")
    parser.add_argument("--profiles", default="lan,lan100,wan,burst,loss,route,freq,mute")
    parser.add_argument("--polls", default="4,6")
    parser.add_argument("--kinds", default="multicast,unicast")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--hours", type=int, default=12)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if not options.clknetsim or not (Path(options.clknetsim) / "clknetsim.so").exists():
        parser.error("--clknetsim, or CLKNETSIM in the environment, is where clknetsim is built")
    options.clknetsim = Path(options.clknetsim).resolve()
    known = peers()
    kinds = (["chrony"] if options.chronyd else []) + options.kinds.split(",")

    print(f"medians of {options.seeds} seeds, {options.hours} h, counted from a third of it on; us, s")
    print(
        f"{'profile':8} {'':2} {'client':9} {'RMS':>8} {'max':>8} {'of chrony':>9} {'inside':>7} "
        f"{'hour 8-9':>8} {'back':>6}"
    )
    with ThreadPoolExecutor(options.jobs) as pool:
        for profile in options.profiles.split(","):
            for poll in map(int, options.polls.split(",")):
                chrony = known.get((profile, poll)) or known["lan", poll]
                for kind in kinds:
                    m = measure(options, kind, profile, poll, 3e-6 * chrony, pool)
                    if kind == "chrony":
                        chrony = m["rms"]
                    print(
                        f"{profile:8} p{poll} {kind:9} {m['rms']:8.2f} {m['max']:8.1f} "
                        f"{m['rms'] / chrony:9.2f} {m['in']:7.0f} {m['event']:8.1f} {m['back']:6.0f}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
