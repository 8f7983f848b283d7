#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# fuzz.sh SECONDS: every fuzz target for that long, from its corpus. New inputs stay in build-fuzz;
# an input that crashes is named, and belongs in tests/fuzz/corpus once the bug is fixed.
set -eu
seconds=$1
cd "$(dirname "$0")/.."
[ -f build-fuzz/build.ninja ] || meson setup build-fuzz --native-file tools/fuzz.ini
ninja -C build-fuzz
failed=0
count=0
for program in build-fuzz/tests/fuzz/fuzz_*; do
	[ -f "$program" ] && [ -x "$program" ] || continue
	name=${program##*/fuzz_}
	found=build-fuzz/found/$name
	mkdir -p "$found"
	log=build-fuzz/$name.log
	count=$((count + 1))
	if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
		-artifact_prefix="build-fuzz/$name-" "$found" "tests/fuzz/corpus/$name" \
		>"$log" 2>&1; then
		echo "$name: $(grep -a '^#.*DONE' "$log" | tail -n 1)"
	else
		failed=$((failed + 1))
		echo "$name: FAILED, see $log: $(grep -a 'SUMMARY\|Test unit written' "$log" | tr '\n' ' ')"
	fi
done
echo "$count targets, $failed failed, $seconds s each"
[ "$count" -gt 0 ] && [ "$failed" -eq 0 ]
