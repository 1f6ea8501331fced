#!/usr/bin/env bash
# Builds everything and runs all tests. Options are passed on to `swift test`: Scripts/test.sh --filter GlobalFilter
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
Scripts/setup.sh
# Release, because the kernels are C loops that only an optimised build makes fast. Imports must run one way.
swift build -c release --build-tests --explicit-target-dependency-import-check error
# The tests use public and package access only, so what was built serves; building again for them would take as long.
processors="$(nproc 2>/dev/null || echo 1)"
if [ $# -gt 0 ] || [ "$processors" -lt 2 ] || ! command -v taskset >/dev/null; then
    exec swift test -c release --skip-build "$@"
fi

# Two processes, each on processors of its own: whole runs go one after the other, since their number of threads is the
# process's, and threads that wait for each other on busy processors cost a quarter of the time.
tests="$(swift build -c release --show-bin-path)/HornbeamPackageTests.xctest"
first='^(TrainingTests|ExportingTests|DistributedTests|FuzzingTests|ReportingTests|ConfigurationTests)\.'
numbers=()
for part in $(taskset -cp $$ | sed 's/.*: //; s/,/ /g'); do
    for number in $(seq "${part%-*}" "${part#*-}"); do numbers+=("$number"); done
done
half=$((${#numbers[@]} / 2))
list() { local IFS=,; echo "$*"; }
# Whole runs write many small files and wait for the disk each time: in memory, where there is room, they take a quarter
# less time.
folder="$(mktemp -d)"
room="$(df -k --output=avail /dev/shm 2>/dev/null | tail -n 1)"
if [ -z "${TMPDIR:-}" ] && [ "${room:-0}" -gt 4000000 ] && memory="$(mktemp -d /dev/shm/hornbeam-tests.XXXXXX)"; then
    export TMPDIR="$memory"
fi
log="$folder/log"
options=(--testing-library swift-testing)
# On one processor tests side by side would wait for each other.
if [ "$half" -eq 1 ]; then options+=(--no-parallel); fi
taskset -c "$(list "${numbers[@]:0:half}")" "$tests" "${options[@]}" --filter "$first" >"$log" 2>&1 &
other=$!
trap 'kill "$other" 2>/dev/null || true; rm -rf "$folder" "${memory:-$folder}"' EXIT
status=0
taskset -c "$(list "${numbers[@]:half}")" "$tests" "${options[@]}" --skip "$first" || status=$?
wait "$other" || status=$?
cat "$log"
exit "$status"
