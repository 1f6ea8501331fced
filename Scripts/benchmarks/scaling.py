#!/usr/bin/env python3
"""Measures how the time of a training step grows with the image, the batch and the threads.

    Scripts/benchmarks/scaling.py                 prints the tables
    Scripts/benchmarks/scaling.py --update-docs   and puts them into Docs/Benchmarks.md

Cost should grow as the mathematics says: with the pixels, with the batch, and with what the threads add to the peak of
multiply-adds in the same run.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import program

PROJECT = pathlib.Path(__file__).resolve().parents[2]
SIZES = [112, 160, 224, 320, 448]
BATCHES = [16, 32, 64, 128, 256]
# One of each family, all for images of 32x32.
FAMILIES = ["hornet_nano_7x7", "hornet_nano_gf", "convnext_nano32", "cvt_nano32", "swin_nano32", "resnet20", "resnext_nano32",
            "mobilenetv2_nano32", "mobile_former_nano32", "affnet_nano32"]


def bench(arguments, folder, model, size, batch, threads, steps):
    config = folder / "bench.yaml"
    config.write_text(
        f"data:\n  imageSize: [{size}, {size}]\nmodel:\n  name: {model}\n  classes: {1000 if size > 64 else 10}\n"
        f"  inputChannels: 3\noptimizer:\n  clipNorm: 5\n")
    command = [arguments.trainer, "bench", str(config), "--json", "--batch", str(batch), "--threads", str(threads),
               "--steps", str(steps)]
    result = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return result["training"]["medianSeconds"] * 1000, result["peakFlops"] / 1e9, result["peakMemoryMB"]


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--update-docs", action="store_true")
    parser.add_argument("--trainer", type=program.trainer, default="", help="the program; the one built here by default")
    arguments = parser.parse_args()
    parts = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for model in ["hornet_tiny_7x7", "hornet_tiny_gf"]:
            times = [bench(arguments, folder, model, size, 2, arguments.threads, arguments.steps) for size in SIZES]
            rows = [
                [f"{size}x{size}", f"{t[0]:.0f}", f"{t[0] / times[SIZES.index(224)][0]:.2f}", f"{(size / 224) ** 2:.2f}",
                 f"{t[2]:.0f}"]
                for size, t in zip(SIZES, times)]
            parts.append(f"`{model}`, batch 2:\n\n"
                         + table(["image", "step, ms", "times 224x224", "pixels", "MB"], rows))
            print(parts[-1] + "\n", flush=True)
        times = [bench(arguments, folder, "hornet_nano_7x7", 32, b, arguments.threads, 3 * arguments.steps) for b in BATCHES]
        rows = [[str(b), f"{t[0]:.1f}", "" if i == 0 else f"{t[0] / times[i - 1][0]:.2f}", f"{t[2]:.0f}"]
                for i, (b, t) in enumerate(zip(BATCHES, times))]
        parts.append("`hornet_nano_7x7`, 32x32:\n\n" + table(["batch", "step, ms", "times the row above", "MB"], rows))
        print(parts[-1] + "\n", flush=True)
        rows = []
        for model in FAMILIES:
            small, large, few, many = (
                bench(arguments, folder, model, size, batch, arguments.threads, arguments.steps)[0]
                for size, batch in [(32, 16), (64, 16), (32, 8), (32, 64)])
            rows.append([f"`{model}`", f"{small:.1f}", f"{large:.1f}", f"{large / small:.2f}", f"{few:.1f}", f"{many:.1f}",
                         f"{many / few:.2f}"])
        parts.append("Four times the pixels (aim: at most 4.1 times the time) and eight times the batch (7.8):\n\n" + table(
            ["step", "32x32, batch 16, ms", "64x64, ms", "times", "32x32, batch 8, ms", "batch 64, ms", "times"], rows))
        print(parts[-1] + "\n", flush=True)
        counts = sorted({1, *[2 ** i for i in range(1, 8) if 2 ** i <= arguments.threads], arguments.threads})
        rows = []
        for model, size, batch in [("hornet_nano_7x7", 32, 128), ("hornet_tiny_7x7", 224, 8)]:
            times = [bench(arguments, folder, model, size, batch, n, 2 * arguments.steps) for n in counts]
            for n, t in zip(counts, times):
                gain, peak = times[0][0] / t[0], t[1] / times[0][1]
                rows.append([f"`{model}`", str(n), f"{t[0]:.1f}", f"{gain:.2f}", f"{peak:.2f}", f"{gain / peak:.2f}"])
        parts.append(table(["step", "threads", "ms", "gain", "gain of the peak", "of it"], rows))
        print(parts[-1], flush=True)
    if arguments.update_docs:
        page = PROJECT / "Docs" / "Benchmarks.md"
        begin, end = "<!-- scaling: begin -->", "<!-- scaling: end -->"
        before, rest = page.read_text().split(begin)
        page.write_text(before + begin + "\n" + "\n\n".join(parts) + "\n" + end + rest.split(end)[1])


if __name__ == "__main__":
    main()
