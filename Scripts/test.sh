#!/usr/bin/env bash
# Builds everything and runs all tests. Options are passed on to `swift test`: Scripts/test.sh --filter GlobalFilter
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
Scripts/setup.sh
# Release, because the kernels are C loops that only an optimised build makes fast. Imports must run one way.
swift build -c release --build-tests --explicit-target-dependency-import-check error
# The tests use public and package access only, so what was built serves; building again for them would take as long.
exec swift test -c release --skip-build "$@"
