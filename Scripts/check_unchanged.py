#!/usr/bin/env python3
"""Trains a fixed set of small recipes and prints one digest for each file that a run leaves; two programs that print the
same lines compute the same bytes.

    Scripts/check_unchanged.py --output Runs/unchanged > after.txt
    Scripts/check_unchanged.py --against before.txt

The recipes: digits, digits-gf, the distillation of digits with all arms and one seed, and one epoch of each family in
single precision and with bfloat16 products. Times, rates and memory are left out of the logs and summaries.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import program

ROOT = Path(__file__).resolve().parents[1]
FAMILIES = ["resnet", "convnext", "cvt", "hornet-gf"]
# What a clock or the system decides.
MEASURED = {
    "seconds", "imagesPerSecond", "peakMemoryMB", "dataWaitShare", "trainingSeconds", "evaluationSeconds",
    "teacherSeconds", "teacherMegabytes",
}
TEXTS = {"metrics.jsonl", "summary.json", "stages.json", "order.json", "comparison.json"}


def recipes():
    yield "digits", ["train", "Configs/digits.yaml"]
    yield "digits-gf", ["train", "Configs/digits-gf.yaml"]
    yield "distill", ["distill", "Configs/distill/digits.yaml", "--compare", "--seeds", "1"]
    for family in FAMILIES:
        for precision in ["fp32", "bf16"]:
            settings = ["--set", "training.epochs=1", "--set", f"training.precision={precision}"]
            yield f"{family}-{precision}", ["train", f"Configs/distill/digits/{family}.yaml", *settings]


def untimed(value):
    if isinstance(value, dict):
        return {key: untimed(item) for key, item in value.items() if key not in MEASURED}
    return [untimed(item) for item in value] if isinstance(value, list) else value


def content(file):
    if file.suffix == ".safetensors":
        return file.read_bytes()
    text = file.read_text()
    parts = text.splitlines() if file.suffix == ".jsonl" else [text]
    return "\n".join(json.dumps(untimed(json.loads(part))) for part in parts).encode()


def digests(folder):
    for file in sorted(folder.rglob("*")):
        inside = file.relative_to(folder)
        is_weights = file.suffix == ".safetensors" and file.parent.name == "weights"
        if is_weights or file.name in TEXTS and "state" not in inside.parts:
            yield f"{hashlib.sha256(content(file)).hexdigest()}  {inside}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainer", type=program.trainer, default="", help="the program; the one built here by default")
    parser.add_argument("--output", help="where the runs are kept; a temporary folder when absent")
    parser.add_argument("--against", help="lines printed before, to compare with; the exit code is 1 where they differ")
    parser.add_argument("--only", help="the recipes whose name begins so")
    options = parser.parse_args()
    folder = Path(options.output or tempfile.mkdtemp())
    lines = []
    for name, command in recipes():
        if options.only and not name.startswith(options.only):
            continue
        done = subprocess.run(
            [options.trainer, *command, "--output", str(folder / name), "--overwrite"], cwd=ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            sys.exit(f"error: {name} ended with {done.returncode}: {done.stdout.strip().splitlines()[-1:]}")
        lines += [line.replace("  ", f"  {name}/", 1) for line in digests(folder / name)]
        print("\n".join(line for line in lines if f"  {name}/" in line), flush=True)
    if not options.output:
        shutil.rmtree(folder)
    if options.against:
        before = {}
        for line in Path(options.against).read_text().splitlines():
            digest, file = line.split("  ", 1)
            before[file] = digest
        found = dict(line.split("  ", 1)[::-1] for line in lines)
        changed = [file for file in sorted(before.keys() | found.keys())
                   if before.get(file) != found.get(file) and (not options.only or file.startswith(options.only))]
        for file in changed:
            print(f"differs: {file}", file=sys.stderr)
        print(f"{len(found) - len([f for f in changed if f in found])} of {len(found)} files are as before", file=sys.stderr)
        sys.exit(1 if changed else 0)


if __name__ == "__main__":
    main()
