#!/usr/bin/env bash
# Reads damaged files with every reader: Scripts/fuzz.sh [--count N] [--from N] [--megabytes N] [READER...]
# 100,000 each unless told; a crash names its input, which `--from NUMBER --count 1 READER` repeats.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
Scripts/setup.sh
swift build -c release --product fuzz
exec "$(swift build -c release --show-bin-path)/fuzz" "$@"
