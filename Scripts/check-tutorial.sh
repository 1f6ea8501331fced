#!/usr/bin/env bash
# Holds Docs/Tutorial.md against the program in Sources/tutorial, which the build has compiled, and runs it.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
printed="$(mktemp)"
trap 'rm -f "$printed"' EXIT
awk '/^```swift$/ { inside = 1; next } /^```$/ { inside = 0 } inside' Docs/Tutorial.md >"$printed"
if ! diff -u Sources/tutorial/main.swift "$printed"; then
    echo "Docs/Tutorial.md does not show Sources/tutorial/main.swift as it is; copy the program into the page." >&2
    exit 1
fi
swift build -c release --product tutorial
weights="$printed.safetensors"
trap 'rm -f "$printed" "$weights"' EXIT
built="$(swift build -c release --show-bin-path)"
accuracy="$("$built/tutorial" "$weights" | awk '/^test accuracy/ { print $3 }')"
echo "tutorial: test accuracy $accuracy"
awk -v a="$accuracy" 'BEGIN { exit !(a >= 0.85) }' || { echo "tutorial: expected at least 0.85" >&2; exit 1; }
# What it kept is a weights file with PyTorch's names.
grep -q '"mixer.weight":{' "$weights" || { echo "tutorial: it kept no weights" >&2; exit 1; }
