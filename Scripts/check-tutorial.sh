#!/usr/bin/env bash
# Holds the pages that show programs against the programs, which the build has compiled, and runs the tutorial.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
printed="$(mktemp)"
trap 'rm -f "$printed"' EXIT

# The Swift programs of a page, in order, against files.
compare() {
    local page="$1"
    shift
    awk '/^```swift$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$page" >"$printed"
    if ! diff -u <(cat "$@") "$printed"; then
        echo "$page does not show $* as they are; copy them into the page." >&2
        exit 1
    fi
}
example=Sources/example
compare Docs/Tutorial.md Sources/tutorial/main.swift "$example/main.swift"
compare Docs/AStep.md Sources/tutorial/OneStep.swift
compare Docs/AddingATask.md "$example/Brightness.swift" "$example/BrightnessEvaluator.swift" \
    "$example/BrightnessTask.swift" "$example/BrightnessConfiguration.swift"
compare Docs/AddingABackbone.md "$example/PlainNet.swift"
swift build -c release --product tutorial
weights="$printed.safetensors"
trap 'rm -f "$printed" "$weights"' EXIT
built="$(swift build -c release --show-bin-path)"
accuracy="$("$built/tutorial" "$weights" | awk '/^test accuracy/ { print $3 }')"
echo "tutorial: test accuracy $accuracy"
awk -v a="$accuracy" 'BEGIN { exit !(a >= 0.85) }' || { echo "tutorial: expected at least 0.85" >&2; exit 1; }
# What it kept is a weights file with PyTorch's names.
grep -q '"mixer.weight":{' "$weights" || { echo "tutorial: it kept no weights" >&2; exit 1; }
