#!/usr/bin/env python3
"""Times single convolutions here and in PyTorch, alternating in one run: forward and all gradients, batch 32.

    Scripts/benchmarks/convolution_speed.py                       all of them
    Scripts/benchmarks/convolution_speed.py --only conv3d grouped --rounds 3

PyTorch is given the memory format that is faster for it. Each measurement is a process of its own, so that peak memory is that
of the work alone. Needs a CPU build of torch 2; where it is missing, makes .venv with it.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import program
from compare_pytorch import ensure_environment, peak_megabytes

FORMATS = ["contiguous", "channels_last"]


def case(input, outputs, kernel, stride=1, padding=0, dilation=1, output_padding=0, groups=1, transposed=False):
    """`input` is images, height, width, channels, or volumes, depth, height, width, channels."""
    return dict(input=input, outputs=outputs, kernel=kernel, stride=stride, padding=padding, dilation=dilation,
                output_padding=output_padding, groups=groups, transposed=transposed)


CASES = {
    "conv3d 32 to 32, 3x3x3": case([32, 8, 16, 16, 32], 32, 3, padding=1),
    "conv3d 64 to 64, 3x3x3": case([32, 8, 8, 8, 64], 64, 3, padding=1),
    "conv3d 32 to 64, 3x3x3, stride 2": case([32, 8, 16, 16, 32], 64, 3, stride=2, padding=1),
    "transposed 64 to 32, 4x4, stride 2": case([32, 16, 16, 64], 32, 4, stride=2, padding=1, transposed=True),
    "transposed 64 to 32, 2x2, stride 2": case([32, 16, 16, 64], 32, 2, stride=2, transposed=True),
    "transposed 64 to 32, 3x3, stride 2": case([32, 16, 16, 64], 32, 3, stride=2, padding=1, output_padding=1, transposed=True),
    "transposed 3d 32 to 16, 4x4x4, stride 2": case([32, 4, 8, 8, 32], 16, 4, stride=2, padding=1, transposed=True),
    "transposed 3d 32 to 16, 2x2x2, stride 2": case([32, 4, 8, 8, 32], 16, 2, stride=2, transposed=True),
    "grouped 64 to 64, 3x3, 4 groups": case([32, 32, 32, 64], 64, 3, padding=1, groups=4),
    "grouped 128 to 128, 3x3, 32 groups": case([32, 16, 16, 128], 128, 3, padding=1, groups=32),
    "grouped 128 to 128, 3x3, 8 groups, stride 2": case([32, 16, 16, 128], 128, 3, stride=2, padding=1, groups=8),
    "grouped 240 to 60, 1x1, 3 groups": case([32, 28, 28, 240], 60, 1, groups=3),
    "dilated 64 to 64, 3x3, dilation 2": case([32, 16, 16, 64], 64, 3, padding=2, dilation=2),
}


def torch_step(options):
    """The measuring process of the PyTorch side: prints a JSON object."""
    import time

    import torch
    from torch import nn

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    shape = CASES[options.case]
    axes = len(shape["input"]) - 2
    kinds = {(2, False): nn.Conv2d, (2, True): nn.ConvTranspose2d, (3, False): nn.Conv3d, (3, True): nn.ConvTranspose3d}
    added = {"output_padding": shape["output_padding"]} if shape["transposed"] else {}
    layer = kinds[axes, shape["transposed"]](
        shape["input"][-1], shape["outputs"], shape["kernel"], stride=shape["stride"], padding=shape["padding"],
        dilation=shape["dilation"], groups=shape["groups"], **added)
    x = torch.randn(shape["input"][0], shape["input"][-1], *shape["input"][1:-1])
    if options.format == "channels_last":
        last = torch.channels_last if axes == 2 else torch.channels_last_3d
        layer, x = layer.to(memory_format=last), x.contiguous(memory_format=last)
    x.requires_grad_()
    with torch.no_grad():
        cotangent = torch.randn_like(layer(x))

    def step():
        layer.zero_grad(set_to_none=True)
        x.grad = None
        layer(x).backward(cotangent)

    for _ in range(3):
        step()
    times = []
    for _ in range(options.steps):
        begin = time.perf_counter()
        step()
        times.append(time.perf_counter() - begin)
    print(json.dumps({"seconds": statistics.median(times), "memoryMB": peak_megabytes()}))


def torch_baseline():
    """The memory of PyTorch before it computes."""
    import torch

    torch.ones(1)
    print(json.dumps({"memoryMB": peak_megabytes()}))


def output(command):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode != 0:
        lines = (result.stderr or result.stdout).strip().splitlines()
        sys.exit(f"error: {' '.join(map(str, command[:4]))}: {lines[-1] if lines else result.returncode}")
    return result.stdout


def theirs(name, memory_format, options):
    command = [sys.executable, __file__, "--torch-step", "--case", name, "--format", memory_format, "--threads",
               options.threads, "--steps", options.steps]
    return json.loads(output(command).strip().splitlines()[-1])


def ours(name, options):
    shape = CASES[name]
    command = [options.trainer, "bench-convolution", "--json", "--threads", options.threads, "--steps", options.steps,
               "--input", ",".join(map(str, shape["input"]))]
    for key in ["outputs", "kernel", "stride", "padding", "dilation", "output_padding", "groups"]:
        command += ["--" + key.replace("_", "-"), shape[key]]
    result = json.loads(output(command + (["--transposed"] if shape["transposed"] else [])))
    return {"seconds": result["stepSeconds"], "memoryMB": result["peakMemoryMB"],
            "share": result["flops"] / result["peakFlops"], "forward": result["forwardFlops"] / result["peakFlops"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[""], metavar="WORDS", help="cases whose names begin so; all by default")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--steps", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", metavar="FILE", help="writes the rows of the table there")
    parser.add_argument("--trainer", type=program.trainer, default="", help="the program; the one built here by default")
    for hidden in ["--torch-step", "--torch-baseline"]:
        parser.add_argument(hidden, action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    parser.add_argument("--format", choices=FORMATS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    ensure_environment()
    if options.torch_step:
        return torch_step(options)
    if options.torch_baseline:
        return torch_baseline()
    import torch

    print(f"PyTorch {torch.__version__}, {options.threads} threads, {os.uname().machine}, batch 32 unless it says otherwise")
    empty = json.loads(output([sys.executable, __file__, "--torch-baseline"]).strip().splitlines()[-1])["memoryMB"]
    print(f"PyTorch takes {empty:.0f} MB before it computes, which are not counted below\n")
    names = [name for name in CASES if any(name.startswith(words) for words in options.only)]
    if not names:
        sys.exit(f"error: no case begins with {options.only[0]}, expected one of {', '.join(CASES)}")
    rows = []
    for name in names:
        results = {key: [] for key in ["ours", *FORMATS]}
        for _ in range(options.rounds):
            results["ours"].append(ours(name, options))
            for memory_format in FORMATS:
                results[memory_format].append(theirs(name, memory_format, options))
        middle = lambda key, value: statistics.median(result[value] for result in results[key])
        best = min(FORMATS, key=lambda key: middle(key, "seconds"))
        rows.append({
            "convolution": name, "ours, ms": round(1000 * middle("ours", "seconds"), 2),
            "of the peak": f"{middle('ours', 'share'):.0%}", "forward": f"{middle('ours', 'forward'):.0%}",
            "PyTorch, ms": round(1000 * middle(best, "seconds"), 2), "its format": best.replace("_", " "),
            "faster by": round(middle(best, "seconds") / middle("ours", "seconds"), 2),
            "MB": round(middle("ours", "memoryMB")), "PyTorch, MB": round(middle(best, "memoryMB") - empty)})
        if len(rows) == 1:
            print("| " + " | ".join(rows[0]) + " |\n" + "|---" * len(rows[0]) + "|")
        print("| " + " | ".join(str(value) for value in rows[-1].values()) + " |", flush=True)
    factors = [row["faster by"] for row in rows]
    print(f"\nfaster by {statistics.median(factors):.2f} in the middle, {min(factors):.2f} at least")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
