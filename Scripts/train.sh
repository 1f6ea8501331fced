#!/usr/bin/env bash
# Builds the trainer and trains: Scripts/train.sh Configs/digits.yaml [--set key=value] [--output DIR] ...
set -euo pipefail

if [ $# -lt 1 ]; then
    echo "usage: Scripts/train.sh CONFIG [options of 'trainer train']; for example Scripts/train.sh Configs/digits.yaml" >&2
    exit 1
fi
project="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
"$project/Scripts/setup.sh"
swift build --package-path "$project" -c release --product trainer
exec "$project/.build/release/trainer" train "$@"
