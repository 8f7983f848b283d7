#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Leaves out one defence after the other (base/defence.h) and mounts its attack, which must then
succeed: a test that passes without the defence tests nothing. The last line counts."""
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# defence: the attacks of tests/net/attacks.py, or the lines of unit tests, that must each notice
ATTACKS = {
    "ORDER": ("B1_replay_in_order", "B1_ping_pong", "B23_length_extension"),
    "FLOOR": ("B1_replay_after_restart", "B1_replay_after_kill"),
    "MAC": ("B2_forged_future", "B3_early", "B4_bad_mac", "B4_crypto_nak", "B10_interleave_pivot",
            "B11_kiss_to_the_group", "B17_flood"),
    "EARLY": ("B3_early_with_key",),
    "JUMP": ("B1_server_steps_back",),
    "NONCE": ("B9_zero_and_stale_origin",),
    "PROOF": ("B11_forged_kisses", "B16_rogue_manycast_server"),
    "IFACE": ("test_distrust: answers_on_another_interface_do_not_count",),
    "SOURCE": ("B13_own_address",),
    "ON_LINK": ("B15_manycast_reflection",),
    "BUDGET": ("B15_manycast_reflection",),
    "ASKER": ("B15_manycast_reflection",),
    "COMPANY": ("test_distrust: fifty_servers_of_one_key_do_not_outvote_the_first",),
    "BOUND": ("B5_key_of_somebody_else",),
    "DELAY": ("test_distrust: who_holds_up_the_group_is_told_within_one_recalibration",),
    "STEP": ("B20_small_step_big_step",),
    "MODES": ("B21_modes_6_and_7",),
    "RANGE": ("B24_extremes",),
    "SHARE": ("B14_volley_prevention",),
    "HEAP": ("packets 1000: heap_calls == calls",),
    "TIMING": ("B8_constant_time",),
}


def run(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def succeeds(build, attack):
    """"succeeds" when just this fails; "fails as well"; "did not run", and why."""
    words, _, line = attack.partition(": ")
    if line:
        done = run(*os.path.join(build, "tests/unit", words).split())
        bad = r"(^\[  FAILED  \] |: )%s$" % re.escape(line)
        good = done.returncode == 0
    else:
        done = run("/usr/bin/python3", os.path.join(ROOT, "tests/net/attacks.py"), "--build",
                   build, "--only", attack)
        bad = r"^not ok 1 - %s .*(?<!  did not run)$" % attack
        good = re.search(r"^ok 1 - %s " % attack, done.stdout, re.M)
    if good:
        return "fails as well"
    if re.search(bad, done.stdout, re.M):
        return "succeeds"
    return "did not run:\n" + done.stdout[-2000:]


def built(build, name):
    """The compiler's words when there is no such build."""
    again = ["--reconfigure"] if os.path.exists(build + "/build.ninja") else []
    made = run("meson", "setup", *again, build, ROOT, "-Dmutate=" + name)
    if not made.returncode:
        made = run("ninja", "-C", build, "src/daemon/timecastd", "client/timecast",
                   "src/ntp/libntp.a", "tests/net/flood", "tests/unit/test_distrust",
                   "tests/unit/packets")
    return made.stdout[-2000:] if made.returncode else ""


def main(build):
    bad = number = 0
    for name in sys.argv[1:] or list(ATTACKS):
        words = built(build, name)
        for attack in ATTACKS[name]:
            result = words or succeeds(build, attack)
            noticed = result == "succeeds"
            number += 1
            bad += not noticed
            print("%s %d - without %s %s %s" % (
                "ok" if noticed else "not ok", number, name, attack, result), flush=True)
    print("%d mutations noticed, %d not" % (number - bad, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="timecast-mutations-") as folder:
        sys.exit(main(os.path.join(folder, "build")))
