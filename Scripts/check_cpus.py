#!/usr/bin/env python3
"""Runs the built program on emulated processors without AVX-512 and without AVX2 and compares what it computes.

    Scripts/check_cpus.py [--trainer PROGRAM]

Trains digits for a few updates, natively and on each processor, with every kernel that the processor has, and compares the
weights: they must agree within rounding. The matrix products alone are built from their C files, for arm64 as well, and compared
bit for bit with plain loops. Also says what happens on a processor that is too old. Needs qemu-user and, for arm64,
gcc-aarch64-linux-gnu, which are installed with apt where that is allowed.
"""
import argparse
import array
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

import program

PROJECT = pathlib.Path(__file__).resolve().parent.parent
PROCESSORS = {"Haswell": "AVX2, no AVX-512", "Nehalem": "SSE4.2, no AVX"}
CONFIGS = ["digits.yaml", "digits-gf.yaml"]
# A few updates with AdamW, whose steps divide by the size of the gradient, carry rounding on.
TOLERANCE = 2e-4


def find(name, package):
    """Where a program is; installed when it is missing."""
    if path := shutil.which(name):
        return path
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", package], check=True, stdout=subprocess.DEVNULL)
        return shutil.which(name)
    sys.exit(f"{name} is missing, install it with: sudo apt-get install {package}")


def products(folder, emulator):
    """Whether packed products equal plain loops bit for bit: here, without AVX-512, and on arm64."""
    compiler = shutil.which("clang") or str(pathlib.Path(os.path.realpath(shutil.which("swift"))).parent / "clang")
    kernels = PROJECT / "Sources" / "CKernels"
    sources = [PROJECT / "Scripts" / "products.c", kernels / "PackedProduct.c", kernels / "PackedNarrowProduct.c"]
    build = [compiler, "-O2", "-Wall", "-Wextra", "-Werror", f"-I{kernels / 'include'}"]
    native, arm = folder / "products", folder / "products-arm64"
    subprocess.run([*build, *sources, "-lm", "-o", native], check=True)
    commands = {"this processor": [native]}
    commands |= {processor: [emulator, "-cpu", processor, native] for processor in PROCESSORS}
    root = "/usr/aarch64-linux-gnu"
    linker = find("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu")
    objects = [folder / f"{source.stem}.o" for source in sources]
    for source, made in zip(sources, objects):
        subprocess.run([*build, "--target=aarch64-linux-gnu", f"--sysroot={root}", "-isystem", f"{root}/include",
                        "-c", source, "-o", made], check=True)
    subprocess.run([linker, *objects, "-lm", "-o", arm], check=True)
    commands["arm64"] = [find("qemu-aarch64", "qemu-user"), "-L", root, arm]
    good = True
    for name, command in commands.items():
        done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        good = good and done.returncode == 0
        print(f"{name:16} {done.stdout.strip()}", flush=True)
    return good


def weights(path):
    """All numbers of a safetensors file of floats, by name."""
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + size])
    result = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            begin, end = entry["data_offsets"]
            result[name] = array.array("f", data[8 + size + begin:8 + size + end])
    return result


# Emulated multiply-adds take a hundred times as long: few images and a narrow model, whose layers are all there.
SETTINGS = ["training.epochs=1", "training.batchSize=16", "data.trainingImages=64", "data.validation=0", "training.threads=2",
            "model.baseWidth=8", "model.depths=[1,1,1,1]", "reporting.htmlReport=false"]


def train(command, config, folder):
    run = subprocess.run(
        [*command, "train", str(PROJECT / "Configs" / config), "--output", str(folder), "--overwrite",
         *(word for setting in SETTINGS for word in ("--set", setting))],
        capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {run.returncode}\n{run.stderr[-2000:]}")
    return weights(folder / "weights" / "last.safetensors")


def largest_difference(a, b):
    worst = 0.0
    for name, values in a.items():
        scale = max(1e-3, max(map(abs, values)))
        worst = max(worst, max(abs(x - y) for x, y in zip(values, b[name])) / scale)
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainer", type=program.trainer, default="", help="the program; the one built here by default")
    arguments = parser.parse_args()
    emulator = find("qemu-x86_64", "qemu-user")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        failed = not products(folder, emulator)
        for config in CONFIGS:
            native = train([arguments.trainer], config, folder / "native")
            for processor, has in PROCESSORS.items():
                emulated = train([emulator, "-cpu", processor, arguments.trainer], config, folder / processor)
                difference = largest_difference(native, emulated)
                ok = difference <= TOLERANCE
                failed = failed or not ok
                print(f"{config:16} {processor:8} ({has}): largest difference {difference:.1e}, "
                      f"{'agrees' if ok else f'expected at most {TOLERANCE:.0e}'}", flush=True)
    old = subprocess.run([emulator, "-cpu", "core2duo", arguments.trainer, "check-gradients"], capture_output=True, text=True)
    print(f"core2duo (no SSE4.1, older than oneDNN supports): exit code {old.returncode}, "
          f"{(old.stderr.strip() or old.stdout.strip()).splitlines()[-1][:160]}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
