#!/usr/bin/env python3
"""Kills a training at random moments, resumes it each time, and expects the bytes of a run that was left alone.

    Scripts/check_crash_safety.py [--kills 20] [--seed 0] [--config Configs/digits.yaml]

Three runs are compared with an uninterrupted one: killed by SIGKILL so many times, resumed with one and two threads in
turn; stopped once by SIGTERM, which must end with exit code 143; and resumed after its newest saved state was damaged.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import program

ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = ["last", "best"]


def fail(text):
    print(f"error: {text}", file=sys.stderr)
    sys.exit(1)


class Runs:
    def __init__(self, options, folder):
        self.trainer, self.config, self.folder = options.trainer, options.config, folder
        self.settings = ["--set", "training.saveEveryUpdates=7", "--set", f"training.epochs={options.epochs}"]

    def start(self, name, *more):
        command = [self.trainer, "train", self.config, "--output", str(self.folder / name), *self.settings, *more]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def finish(self, name, *more):
        process = self.start(name, *more)
        output, _ = process.communicate()
        if process.returncode != 0:
            fail(f"{name} ended with {process.returncode}: {output.strip().splitlines()[-1] if output else ''}")
        return output

    def digests(self, name):
        files = [self.folder / name / "weights" / f"{part}.safetensors" for part in WEIGHTS]
        return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]

    def is_finished(self, name):
        return (self.folder / name / "summary.json").exists()

    def states(self, name):
        folder = self.folder / name / "state"
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def wait_for_states(self, name, process, newest):
        """Until a state newer than that is there, or the run has ended."""
        while process.poll() is None and not any(path.name > newest for path in self.states(name)):
            time.sleep(0.01)


def kill_often(runs, options, whole_seconds):
    moments = random.Random(options.seed)
    kills, attempts = 0, 0
    while kills < options.kills:
        attempts += 1
        if attempts > 20 * options.kills:
            fail(f"the run was over after {kills} kills; give --epochs more than {options.epochs}")
        if runs.is_finished("killed"):
            # The moments came late: begin anew, the kills so far count.
            shutil.rmtree(runs.folder / "killed")
        process = runs.start("killed", "--resume", "--set", f"training.threads={1 + attempts % 2}")
        # From before the first update up to a twentieth of the run beyond what starting takes.
        time.sleep(moments.uniform(0, 0.2 + 1.5 * whole_seconds / options.kills))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.communicate()
    runs.finish("killed", "--resume")
    return kills


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--config", default="Configs/digits.yaml")
    parser.add_argument("--trainer", type=program.trainer, default="", help="the program; the one built here by default")
    options = parser.parse_args()
    if not Path(options.trainer).exists():
        fail(f"{options.trainer} does not exist; run swift build -c release first")
    with tempfile.TemporaryDirectory() as name:
        runs = Runs(options, Path(name))
        begin = time.monotonic()
        runs.finish("whole")
        whole_seconds = time.monotonic() - begin
        expected = runs.digests("whole")
        print(f"uninterrupted: {whole_seconds:.1f} s, last {expected[0][:16]}")

        kills = kill_often(runs, options, whole_seconds)
        compare("SIGKILL", runs.digests("killed"), expected)
        print(f"killed {kills} times: the same bytes")

        process = runs.start("stopped")
        runs.wait_for_states("stopped", process, "00000005")
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate()
        if process.returncode != 143:
            fail(f"after SIGTERM the run ended with {process.returncode}, expected 143")
        if "--resume" not in output:
            fail("after SIGTERM the run did not say how to go on")
        runs.finish("stopped", "--resume")
        compare("SIGTERM", runs.digests("stopped"), expected)
        print("stopped by SIGTERM: exit code 143, the same bytes")

        process = runs.start("damaged")
        runs.wait_for_states("damaged", process, "00000008")
        process.kill()
        process.communicate()
        complete = [path for path in runs.states("damaged") if (path / "manifest.json").exists()]
        if len(complete) < 2:
            fail(f"expected two saved states, found {len(complete)}")
        victim = complete[-1] / "state.safetensors"
        content = bytearray(victim.read_bytes())
        content[len(content) // 2] ^= 1
        victim.write_bytes(content)
        output = runs.finish("damaged", "--resume")
        if "does not match its checksum" not in output:
            fail("the damaged state was not named")
        compare("a damaged state", runs.digests("damaged"), expected)
        print("newest state damaged: named, the one before was used, the same bytes")


def compare(what, found, expected):
    for part, a, b in zip(WEIGHTS, found, expected):
        if a != b:
            fail(f"after {what} weights/{part}.safetensors is {a[:16]}, expected {b[:16]}")


if __name__ == "__main__":
    main()
