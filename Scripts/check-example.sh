#!/usr/bin/env bash
# Runs the trainer of one's own in Sources/example: a family and a task that it registers have all commands.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
swift build -c release --product example
example="$(swift build -c release --show-bin-path)/example"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
config=Sources/example/brightness.yaml
run="$folder/brightness"

"$example" train "$config" --output "$run" >"$folder/log"
"$example" evaluate "$run" --json >"$folder/evaluation.json"
error="$(awk -F': ' '/meanAbsoluteError/ { print $2 + 0 }' "$folder/evaluation.json")"
echo "example: mean absolute error $error"
awk -v e="$error" 'BEGIN { exit !(e > 0 && e < 0.05) }' || { echo "example: expected at most 0.05" >&2; exit 1; }
"$example" predict "$run" Docs/images/*.png --json >"$folder/answers.json"
grep -q '"answer"' "$folder/answers.json"
"$example" train "$config" --teacher "$run" --output "$folder/taught" >>"$folder/log"
grep -q '"testMeanAbsoluteError"' "$folder/taught/summary.json"
"$example" inspect "$config" >/dev/null
"$example" bench "$config" --steps 2 >/dev/null
"$example" report "$run" >/dev/null
"$example" models >"$folder/models"
grep -q plain_nano32 "$folder/models"
# The program of the package says what it lacks.
if "$(dirname "$example")/trainer" evaluate "$run" 2>"$folder/error"; then exit 1; fi
grep -q 'does not know' "$folder/error"
