#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# fuzz.sh SECONDS [TARGET...]: every fuzz target for that long, from its corpus: three quarters in a
# fast build (asserts only), the rest with the sanitizers, on what the first has found. New inputs
# stay in build-fuzz; an input that crashes is named, and belongs in tests/fuzz/corpus once the bug
# is fixed. What is printed are executions, to be added up.
set -eu
seconds=$1
shift
cd "$(dirname "$0")/.."
for build in build-fuzz build-fuzz-fast; do
	preset=tools/fuzz${build#build-fuzz}.ini
	[ -f $build/build.ninja ] || meson setup $build --native-file "$preset"
	ninja -C $build fuzzers
done
failed=0
count=0

# BUILD TARGET SECONDS LONGEST: how many executions there were.
run() {
	log=$1/$2.log
	found=build-fuzz/found/$2
	mkdir -p "$found"
	if "$1/tests/fuzz/fuzz_$2" -max_total_time="$3" -max_len="$4" -entropic=0 -timeout=25 \
		-rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="build-fuzz/$2-" \
		"$found" "tests/fuzz/corpus/$2" >"$log" 2>&1; then
		executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	else
		failed=$((failed + 1))
		executions="FAILED, see $log: $(grep -a 'SUMMARY\|Test unit written' "$log" | tr '\n' ' ')"
	fi
}

for program in build-fuzz/tests/fuzz/fuzz_*; do
	[ -f "$program" ] && [ -x "$program" ] || continue
	name=${program##*/fuzz_}
	case " $* " in
	"  " | *" $name "*) ;;
	*) continue ;;
	esac
	count=$((count + 1))
	# Short inputs are many inputs; long ones are for the build that looks closer.
	run build-fuzz-fast "$name" $((seconds - seconds / 4)) 160
	fast=$executions
	run build-fuzz "$name" $((seconds / 4 + 1)) 2048
	echo "$name: $fast executions, with sanitizers $executions"
done
echo "$count targets, $failed failed, $seconds s each"
[ "$count" -gt 0 ] && [ "$failed" -eq 0 ]
