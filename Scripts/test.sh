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
log="$(mktemp)"
taskset -c "$(list "${numbers[@]:0:half}")" "$tests" --testing-library swift-testing --filter "$first" >"$log" 2>&1 &
other=$!
trap 'kill "$other" 2>/dev/null || true; rm -f "$log"' EXIT
status=0
taskset -c "$(list "${numbers[@]:half}")" "$tests" --testing-library swift-testing --skip "$first" || status=$?
wait "$other" || status=$?
cat "$log"
exit "$status"
