#!/usr/bin/env python3
"""Trains the same recipes on one and on several processes and compares the SHA-256 of their weights.

    Scripts/check_distributed.py [--trainer PATH] [--ranks 1,2,4] [--threads 1,2] [--kills 20] [--only NAME ...]
    Scripts/check_distributed.py --cifar10 FOLDER                  also an epoch of CIFAR-10

With every MPI that is installed (mpirun.openmpi and mpirun.mpich where both are, else mpirun) the digits with a HorNet, in
both precisions, with a ResNet, a detector and a distillation; then runs of the first of them of which a process is killed (-9)
in the middle, up to three times, and that go on with another number of them. Exits with 1 where a byte differs, or where no
process could be killed.
"""

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import program  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SHORT = ["--set", "training.slices=4", "--set", "reporting.htmlReport=false"]
DIGITS = os.path.join(ROOT, "Configs/digits.yaml")
RESNET = ["--set", "model={name: resnet, baseWidth: 8, depths: [1, 1], stem: small}"]
CASES = {
    "digits": ("train", [DIGITS, *SHORT, "--set", "training.epochs=2"]),
    "digits bf16": ("train", [DIGITS, *SHORT, "--set", "training.epochs=1", "--set", "training.precision=bf16"]),
    "resnet": ("train", [DIGITS, *SHORT, *RESNET, "--set", "training.epochs=2", "--set", "loss.mixup=0"]),
    "scenes": (
        "train",
        [os.path.join(ROOT, "Configs/detect/scenes.yaml"), *SHORT, "--set", "training.epochs=1", "--set",
         "data.trainingImages=120"],
    ),
    "distill": (
        "distill",
        [os.path.join(ROOT, "Configs/distill/digits.yaml"), *SHORT, "--set", "training.epochs=1", "--set",
         "stage.epochs=1", "--set", "cost.images=200"],
    ),
}
CIFAR10 = os.path.join(ROOT, "Configs/cifar10-pico.yaml")
ENVIRONMENT = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def launchers():
    """Name and words of each MPI's launcher; more ranks than processors are wanted here."""
    found = {}
    for name, words in {"openmpi": ["--oversubscribe", "--bind-to", "none"], "mpich": []}.items():
        path = shutil.which("mpirun." + name)
        if path:
            found[name] = [path, *words]
    path = shutil.which("mpirun")
    if not found and path:
        text = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
        found["mpirun"] = [path] + (["--oversubscribe", "--bind-to", "none"] if "Open MPI" in text else [])
    return found


def checksum(folder):
    """Of the last and the best weights."""
    digest = hashlib.sha256()
    for name in ["last", "best"]:
        with open(os.path.join(folder, "weights", name + ".safetensors"), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()[:16]


def words(trainer, case, folder, threads, more=()):
    command, arguments = CASES[case]
    return [trainer, command, *arguments, "--output", folder, "--set", f"training.threads={threads}", *more]


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\nended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


def ranks_of(folder, trainer):
    """The processes that train in a folder."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                parts = file.read().decode(errors="replace").split("\0")
        except OSError:
            continue
        if parts[0] == trainer and folder in parts:
            found.append(int(name))
    return found


def is_over(launcher, trainer, case, folder, ranks, delay):
    """Starts a run or goes on with it, and kills one of its processes so many seconds after the first state was saved; tells
    whether it came to its end, and whether somebody was killed."""
    command = [*launcher, "-n", str(ranks), *words(trainer, case, folder, 1, ["--set", "training.saveEveryUpdates=3"])]
    command += ["--distributed", "--resume"]
    job = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    victims = []
    if delay is not None:
        while job.poll() is None and not os.path.exists(os.path.join(folder, "state")):
            time.sleep(0.02)
        time.sleep(delay)
        victims = ranks_of(folder, trainer)
        if victims:
            os.kill(random.choice(victims), signal.SIGKILL)
    try:
        errors = job.communicate(timeout=120 if victims else None)[1]
    except subprocess.TimeoutExpired:
        job.kill()
        sys.exit(f"the job of {ranks} ranks did not end within two minutes after one was killed")
    if job.returncode != 0 and not victims:
        sys.exit(f"{' '.join(command)}\nended with {job.returncode}:\n{errors[-2000:]}")
    return job.returncode == 0, bool(victims)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--trainer", default=None)
    options.add_argument("--ranks", default="1,2,4")
    options.add_argument("--threads", default="1,2")
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--only", nargs="+", choices=[*CASES, "cifar10"])
    options.add_argument("--cifar10", help="the images, for a case more")
    options = options.parse_args()
    if options.cifar10:
        CASES["cifar10"] = ("train", [CIFAR10, *SHORT, "--set", "training.epochs=1", "--set", f"data.path={options.cifar10}"])
    cases = [case for case in options.only or CASES if case in CASES]
    trainer = os.path.abspath(options.trainer) if options.trainer else program.trainer()
    found = launchers()
    if not found:
        print("no MPI is installed, so there is nothing to check (apt-get install openmpi-bin mpich)")
        return
    failures = 0
    with tempfile.TemporaryDirectory() as temporary:
        expected = {}
        for case in cases:
            alone = os.path.join(temporary, case.replace(" ", "-"))
            run(words(trainer, case, alone, 1))
            expected[case] = checksum(alone)
            print(f"{case:12} one process                 {expected[case]}", flush=True)
            for name, launcher in found.items():
                for ranks in map(int, options.ranks.split(",")):
                    for threads in map(int, options.threads.split(",")):
                        folder = f"{alone}-{name}-{ranks}-{threads}"
                        run([*launcher, "-n", str(ranks), *words(trainer, case, folder, threads), "--distributed"])
                        value = checksum(folder)
                        is_same = value == expected[case]
                        failures += not is_same
                        print(
                            f"{case:12} {name:8} {ranks} ranks x {threads} threads  {value}"
                            + ("" if is_same else "  DIFFERS"), flush=True)
                        shutil.rmtree(folder)
        case = cases[0]
        generator = random.Random(1)
        for name, launcher in found.items():
            kills = 0
            for turn in range(options.kills):
                folder = os.path.join(temporary, f"killed-{name}-{turn}")
                count, over = 0, False
                while not over:
                    delay = generator.uniform(0, 0.5) if count < 3 else None
                    over, killed = is_over(launcher, trainer, case, folder, generator.choice([1, 2, 4]), delay)
                    count += killed
                value = checksum(folder)
                is_same = value == expected[case]
                failures += not is_same
                kills += count
                print(f"{case:12} {name:8} killed {count} times      {value}" + ("" if is_same else "  DIFFERS"), flush=True)
                shutil.rmtree(folder)
            if options.kills and not kills:
                sys.exit(f"{name}: no process could be killed, all were done before")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
