#!/usr/bin/env python3
"""Trains a detector here and in PyTorch by the same recipe on the same images, alternately, and compares what comes out.

    Scripts/benchmarks/compare_detection.py Configs/detect/scenes.yaml
    Scripts/benchmarks/compare_detection.py Configs/detect/cells-retinanet.yaml --set data.path=bccd-coco --seeds 0 1

The recipe is read from the resolved configuration, the images and objects from what `trainer inspect-data --export` writes, so
that both sides see the same parts. The other side is torchvision's RetinaNet or Mask R-CNN. PyTorch is given the memory
format, and its threads the way of waiting for each other, with which a few steps take the least time; where other work keeps
the machine busy, waiting busily costs it several times as much. Needs torch, torchvision, numpy, pillow, pycocotools and
safetensors; where they are missing, makes .venv with them.
"""
import argparse
import importlib.util
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import detection_recipe as recipe
import program
from compare_segmentation import FORMATS, WAITING, run, settings, spread

PROJECT = pathlib.Path(__file__).resolve().parents[2]
TWIN = pathlib.Path(__file__).resolve().parent / "detection_pytorch.py"
PACKAGES = {"torch": "torch", "torchvision": "torchvision", "numpy": "numpy", "PIL": "pillow",
            "pycocotools": "pycocotools", "safetensors": "safetensors"}
# What is compared: its name here, its title, its place in the twin's result.
MEASURES = [("AP", "AP", ("boxes", "AP")), ("AP50", "AP50", ("boxes", "AP50")), ("AP75", "AP75", ("boxes", "AP75")),
            ("MaskAP", "mask AP", ("masks", "AP"))]


def ensure_environment():
    if all(importlib.util.find_spec(module) for module in PACKAGES):
        return
    environment = PROJECT / ".venv"
    python = environment / "bin" / "python"
    if pathlib.Path(sys.prefix).resolve() == environment.resolve() and os.environ.get("HORNBEAM_PACKAGES"):
        sys.exit(f"error: {', '.join(PACKAGES)} cannot be imported from {environment}")
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "-q", *PACKAGES.values()], check=True)
    os.environ["HORNBEAM_PACKAGES"] = "installed"
    os.execv(str(python), [str(python), *sys.argv])


def image_size(data):
    """[height, width] of the training images, or None where they differ."""
    entries = json.loads((data / "annotations" / "instances_train.json").read_text())["images"]
    sizes = {(entry["height"], entry["width"]) for entry in entries}
    return list(sizes.pop()) if len(sizes) == 1 else None


class Comparison:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.values = recipe.resolved(options.trainer, options.config, options.set)
        if reason := recipe.problem(self.values):
            sys.exit(f"error: {options.config}: {reason}")

    def export(self, seed):
        """The images as the trainer parts them; a part for validation may depend on the seed."""
        folder = self.folder / f"data-{seed}"
        if not (folder / "classes.txt").exists():
            run([self.options.trainer, "inspect-data", self.options.config, "--export", folder, "--json",
                 *settings([*self.options.set, f"run.seed={seed}"])])
        return folder

    def ours(self, seed):
        output = self.folder / f"run-{seed}"
        _, wall = run([
            self.options.trainer, "train", self.options.config, "--output", output, "--overwrite", "--json",
            *settings([*self.options.set, f"run.seed={seed}", f"training.threads={self.options.threads}"])])
        summary = json.loads((output / "summary.json").read_text())
        row = {name: summary.get("test" + name) for name, _, _ in MEASURES}
        return row | {"seconds": summary["seconds"], "wall": wall, "imagesPerSecond": summary["imagesPerSecond"],
                      "parameters": summary["parameters"]}

    def twin_command(self, data, seed, memory_format):
        options = recipe.model_options(self.values) | recipe.training_options(self.values) | recipe.data_options(
            self.values, image_size(data))
        options |= {"seed": seed, "threads": self.options.threads, "memory-format": memory_format}
        if self.options.equal_start:
            first = self.folder / f"first-{seed}.safetensors"
            run([self.options.trainer, "export", self.options.config, "--safetensors", first,
                 *settings([*self.options.set, f"run.seed={seed}"])])
            options["initial"] = first
        return [sys.executable, TWIN, data, "--json", *recipe.arguments(options)]

    def theirs(self, seed, memory_format, waiting):
        output, wall = run(self.twin_command(self.export(seed), seed, memory_format), waiting)
        result = json.loads(output.strip().splitlines()[-1])
        row = {name: result["test"].get(kind, {}).get(number) for name, _, (kind, number) in MEASURES}
        return row | {"seconds": result["seconds"], "wall": wall, "imagesPerSecond": result["imagesPerSecond"],
                      "parameters": result["parameters"]}

    def fastest(self):
        """The memory format and the way of waiting with which PyTorch takes the least time for this model here."""
        options = self.options
        seed = options.seeds[0]
        data = self.export(seed)
        formats = FORMATS if options.memory_format == "faster" else [options.memory_format]
        ways = WAITING if options.waiting == "faster" else [options.waiting]
        choices = [(memory_format, waiting) for memory_format in formats for waiting in ways]
        if len(choices) == 1:
            return choices[0]
        times = {}
        for choice in choices:
            command = self.twin_command(data, seed, choice[0]) + ["--steps", options.trial_steps]
            times[choice] = json.loads(run(command, choice[1])[0].strip().splitlines()[-1])["stepSeconds"]
            print(f"PyTorch's step, {' and '.join(choice)} waiting: {1000 * times[choice]:.0f} ms", flush=True)
        return min(times, key=times.get)


def table(results):
    shown = [(name, title) for name, title, _ in MEASURES if any(row[name] is not None for rows in results.values() for row in rows)]
    columns = ["", "parameters", *(title for _, title in shown), "training and evaluation, s", "all of the process, s",
               "images/s"]
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for side, rows in results.items():
        def cell(key, decimals):
            values = [row[key] for row in rows]
            return "" if None in values else spread(values, decimals)

        lines.append("| " + " | ".join([
            side, f"{rows[0]['parameters']:,}", *(cell(name, 4) for name, _ in shown), cell("seconds", 1),
            cell("wall", 1), cell("imagesPerSecond", 1)]) + " |")
    return "\n".join(lines)


def conclusion(results):
    ours, theirs = results.values()
    mean = lambda rows, key: statistics.mean(row[key] for row in rows)
    share = mean(ours, "seconds") / mean(theirs, "seconds")
    text = f"we take {share:.2f} of PyTorch's time; "
    if any(row["AP"] is None for rows in results.values() for row in rows):
        return text + "AP is not defined on one of the sides"
    difference = mean(ours, "AP") - mean(theirs, "AP")
    if len(ours) < 2:
        return text + f"our AP is {difference:+.4f} away from PyTorch's, which one seed says little about"
    allowed = max(statistics.stdev(row["AP"] for row in rows) for rows in results.values())
    verdict = "within" if abs(difference) <= allowed else "beyond"
    return text + f"our AP is {difference:+.4f} away from PyTorch's, {verdict} the deviation of the seeds ({allowed:.4f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", help="a configuration of detection")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="replaces a value, may be repeated")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory-format", choices=["faster", *FORMATS], default="faster",
                        help="of PyTorch; the one with the shorter step is looked for by default")
    parser.add_argument("--waiting", choices=["faster", *WAITING], default="faster",
                        help="of PyTorch's threads for each other; likewise")
    parser.add_argument("--trial-steps", type=int, default=12, help="updates of each of these trials")
    parser.add_argument("--equal-start", action="store_true",
                        help="PyTorch begins with the first values that the trainer exports for the seed")
    parser.add_argument("--different-models", action="store_true",
                        help="go on where the two sides have other numbers of parameters, as with another backbone here")
    parser.add_argument("--work", help="where runs and images are kept; a temporary folder by default")
    parser.add_argument("--json", metavar="FILE", help="writes all results there")
    parser.add_argument("--trainer", type=program.trainer, default="", help="the program; the one built here by default")
    options = parser.parse_args()
    ensure_environment()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(options.work or temporary).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        comparison = Comparison(options, folder)
        memory_format, waiting = comparison.fastest()
        sides = {"Hornbeam": comparison.ours, f"torchvision, {memory_format.replace('_', ' ')}":
                 lambda seed: comparison.theirs(seed, memory_format, waiting)}
        results = {side: [] for side in sides}
        for seed in options.seeds:
            for side, work in sides.items():
                row = work(seed)
                results[side].append({"seed": seed, **row})
                print(f"seed {seed}, {side}: AP {row['AP'] or 0:.4f}, {row['seconds']:.1f} s, "
                      f"{row['imagesPerSecond']:.1f} images/s", flush=True)
            counts = [rows[-1]["parameters"] for rows in results.values()]
            if counts[0] != counts[1] and not options.different_models:
                sys.exit(f"error: the two sides are different models: {counts[0]:,} parameters here, {counts[1]:,} in "
                         "PyTorch (--different-models goes on)")
        print("\n" + table(results) + "\n\n" + conclusion(results))
        if options.json:
            pathlib.Path(options.json).write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
