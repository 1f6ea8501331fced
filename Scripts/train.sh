#!/usr/bin/env bash
# Builds the trainer and trains: Scripts/train.sh Configs/digits.yaml [--set key=value] [--output DIR] ...
# A distillation's configuration, Configs/distill/digits.yaml, is handed over to 'trainer distill', which takes more options.
set -euo pipefail

if [ $# -lt 1 ]; then
    echo "usage: Scripts/train.sh CONFIG [options of 'trainer train']; for example Scripts/train.sh Configs/digits.yaml" >&2
    exit 1
fi
project="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
"$project/Scripts/setup.sh"
trainer="$(swift build --package-path "$project" -c release --show-bin-path)/trainer"
if [ ! -x "$trainer" ]; then
    echo "train: building the program; the first time takes about 6 minutes on two cores, later ones seconds" >&2
fi
swift build --package-path "$project" -c release --product trainer
command=train
if grep -q '^pool:' "$1" 2>/dev/null; then command=distill; fi
exec "$trainer" "$command" "$@"
