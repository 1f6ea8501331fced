#!/usr/bin/env python3
"""Measures what slices and sums cost, fits a model of the step's time to it, and says where more machines stop paying.

    Scripts/benchmarks/distributed_model.py                        measures here, prints the tables
    Scripts/benchmarks/distributed_model.py --parts slices         the cost of slices alone
    Scripts/benchmarks/distributed_model.py --update-docs          and puts the tables into Docs/Cluster.md

The step of one rank with n images takes a + b n, fitted to steps of three batch sizes. A sum of p bytes over R ranks takes
2 log2 R messages' latency and sends 2 (R - 1) / R p bytes; latency and rate are fitted to the sums that `trainer doctor
--distributed` times with 2 and 4 ranks here. Whether a whole run obeys it is seen by running it: `mpirun -n 2` of two ranks of
one thread, against what the model says. On other networks the rate and latency are those of --networks. Run it with nothing
else at work: a rank that waits for a processor makes all wait.
"""
import argparse
import json
import math
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import program

PROJECT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = PROJECT / "Docs" / "Cluster.md"
ENVIRONMENT = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
LAUNCHERS = {"mpirun.openmpi": ["--oversubscribe", "--bind-to", "none"], "mpirun.mpich": []}
# Name: model, side of its images, images per machine in the tables, batches that the step's time is fitted to.
MODELS = {
    "nano": ("hornet_nano_7x7", 32, 128, [32, 64, 128]),
    "tiny": ("hornet_tiny_7x7", 224, 32, [4, 8, 16]),
    "base": ("hornet_base_7x7", 224, 32, [2, 4, 8]),
}
# Name: bytes per second that arrive of it, seconds of a message's latency.
NETWORKS = {"1 Gbit/s": (0.94 * 125e6, 50e-6), "10 Gbit/s": (0.94 * 1.25e9, 20e-6), "100 Gbit/s": (0.94 * 12.5e9, 5e-6)}
# A run of the longer ones takes that many epochs' updates more than one of the shorter, and else the same.
EPOCHS = [1, 5]
MACHINES = [2, 4, 8, 16, 32, 64]


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def configuration(folder, name):
    model, side, _, _ = MODELS[name]
    path = folder / f"{name}.yaml"
    path.write_text(
        f"data:\n  imageSize: [{side}, {side}]\nmodel:\n  name: {model}\n  classes: {1000 if side > 64 else 10}\n"
        "  inputChannels: 3\noptimizer:\n  clipNorm: 5\n")
    return path


def bench(options, folder, name, batch, *more, threads=None):
    """Seconds of a step and the number of parameters."""
    found = json.loads(run([
        options.trainer, "bench", configuration(folder, name), "--json", "--batch", str(batch), "--steps",
        str(options.steps), "--threads", str(threads or options.threads), *more]))
    return found["training"]["medianSeconds"], found["parameters"]


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def line(points):
    """The straight line of least squares through (x, y): its value at 0 and its slope, neither below 0."""
    x, y = statistics.mean(p[0] for p in points), statistics.mean(p[1] for p in points)
    slope = sum((p[0] - x) * (p[1] - y) for p in points) / sum((p[0] - x) ** 2 for p in points)
    if y < slope * x:
        return 0.0, sum(p[0] * p[1] for p in points) / sum(p[0] ** 2 for p in points)
    return y - slope * x, max(0.0, slope)


def slices(options, folder):
    """Steps of nano at batch 128 with 1, 4 and 16 slices, in turns."""
    counts = [1, 4, 16]
    seconds = {count: [] for count in counts}
    for _ in range(options.rounds):
        for count in counts:
            seconds[count].append(bench(options, folder, "nano", 128, "--set", f"training.slices={count}")[0])
    middle = {count: statistics.median(values) for count, values in seconds.items()}
    return table(
        ["slices", "images in each", "step, ms", "of one slice's step"],
        [[str(count), str(128 // count), f"{1000 * value:.0f}", f"{value / middle[1]:.3f}"]
         for count, value in middle.items()])


def sums(options):
    """What the launchers' sums take: (launcher, ranks, bytes, seconds)."""
    found = []
    for name, words in LAUNCHERS.items():
        launcher = shutil.which(name)
        if launcher is None:
            print(f"{name} is not here", file=sys.stderr)
            continue
        for ranks in [2, 4]:
            for _ in range(options.rounds):
                result = json.loads(run([launcher, *words, "-n", str(ranks), options.trainer, "doctor", "--distributed",
                                         "--json"]))
                found += [(result["library"], ranks, s["bytes"], s["milliseconds"] / 1000) for s in result["sums"]]
    return found


def fitted(found):
    """Latency and bytes per second of each library, from the sums with as many ranks as there are processors or fewer."""
    fits = {}
    for library in dict.fromkeys(f[0] for f in found):
        own = [f for f in found if f[0] == library and f[1] <= (os.cpu_count() or 1)] or [
            f for f in found if f[0] == library]
        small, large = min(f[2] for f in own), max(f[2] for f in own)
        latency = statistics.median(f[3] / (2 * math.log2(f[1])) for f in own if f[2] == small)
        rate = statistics.median(
            2 * (f[1] - 1) / f[1] * f[2] / (f[3] - 2 * math.log2(f[1]) * latency) for f in own if f[2] == large)
        fits[library] = (latency, rate)
    return fits


def sum_seconds(ranks, size, rate, latency):
    return 2 * (ranks - 1) / ranks * size / rate + 2 * math.log2(ranks) * latency


def sum_table(found, fits):
    rows = []
    for key in dict.fromkeys(f[:3] for f in found):
        library, ranks, size = key
        measured = statistics.median(f[3] for f in found if f[:3] == key)
        latency, rate = fits[library]
        rows.append([
            library, str(ranks), f"{size / 2**20:.3g} MB", f"{2 * (ranks - 1) / ranks * size / 2**20:.3g} MB",
            f"{1000 * measured:.2f}", f"{1000 * sum_seconds(ranks, size, rate, latency):.2f}"])
    return table(["library", "ranks", "sum of", "sent by a rank", "ms", "the model says"], rows)


def checked(options, folder, step, parameters, fits):
    """A run of two ranks of one thread each, against the model's time for it."""
    rows = []
    for name, words in LAUNCHERS.items():
        launcher = shutil.which(name)
        library = next((l for l in fits if ("Open MPI" in l) == ("openmpi" in name)), None)
        if launcher is None or library is None:
            continue
        seconds = []
        for epochs in EPOCHS:
            begin = time.perf_counter()
            run([launcher, *words, "-n", "2", options.trainer, "train", str(PROJECT / "Configs" / "digits.yaml"),
                 "--distributed", "--output", str(folder / f"{name}-{epochs}"), "--set", f"training.epochs={epochs}",
                 "--set", "training.threads=1", "--set", "training.slices=2", "--set", "training.batchSize=64", "--set",
                 "model={name: hornet_nano_7x7, initialization: uniform}", "--set", "data.imageSize=[32, 32]", "--set",
                 "data.trainingImages=640", "--set", "data.validation=0", "--set", "reporting.htmlReport=false"])
            seconds.append(time.perf_counter() - begin)
        updates = (EPOCHS[1] - EPOCHS[0]) * 640 // 64
        latency, rate = fits[library]
        said = step[0] + step[1] * 32 + sum_seconds(2, 4 * parameters, rate, latency)
        rows.append([library, f"{1000 * (seconds[1] - seconds[0]) / updates:.0f}", f"{1000 * said:.0f}"])
    return table(["library", "ms for each update", "the model says of the update"], rows)


def efficiency(name, step, parameters):
    _, _, batch, _ = MODELS[name]
    rows = []
    for network, (rate, latency) in NETWORKS.items():
        own = step[0] + step[1] * batch
        grows = [own / (own + sum_seconds(n, 4 * parameters, rate, latency)) for n in MACHINES]
        whole = step[0] + step[1] * 4 * batch
        shared = []
        for n in MACHINES:
            images = 4 * batch / n
            if images < 1:
                shared.append("-")
                continue
            seconds = step[0] + step[1] * images + sum_seconds(n, 4 * parameters, rate, latency)
            shared.append(f"{whole / seconds:.1f}x")
        rows.append([name, network, f"{1000 * own:.0f}"]
                    + [f"{100 * g:.0f} %, {s}" for g, s in zip(grows, shared)])
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=["slices", "sums", "model"], default=["slices", "sums", "model"])
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--update-docs", action="store_true")
    parser.add_argument("--trainer", type=program.trainer, default="", help="the program; the one built here by default")
    options = parser.parse_args()
    text = []

    def tell(title, body):
        text.append(f"{title}\n\n{body}\n")
        print("\n" + text[-1], flush=True)

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        if "slices" in options.parts:
            tell(f"A step of `hornet_nano_7x7` at batch 128 on {options.threads} threads:", slices(options, folder))
        fits = {}
        if "sums" in options.parts or "model" in options.parts:
            found = sums(options)
            fits = fitted(found)
            words = "; ".join(f"{library}: {1e6 * latency:.0f} µs for a message, {rate / 1e9:.2f} GB/s"
                              for library, (latency, rate) in fits.items())
            tell(f"Sums on one machine of {os.cpu_count()} processors, fitted ({words}):", sum_table(found, fits))
        if "model" in options.parts:
            rows = []
            for name in options.models:
                points, parameters = [], 0
                for batch in MODELS[name][3]:
                    seconds, parameters = bench(options, folder, name, batch)
                    points.append((batch, seconds))
                step = line(points)
                print(f"{name}: {parameters} parameters, {1000 * step[0]:.1f} ms + {1000 * step[1]:.2f} ms an image",
                      flush=True)
                rows += efficiency(name, step, parameters)
            single = [(batch, bench(options, folder, "nano", batch, threads=1)[0]) for batch in [16, 32, 64]]
            if fits:
                tell("Two ranks of one thread each, `hornet_nano_7x7` on images of 32x32, 64 of them in a batch:",
                     checked(options, folder, line(single), bench(options, folder, "nano", 16)[1], fits))
            tell("For N machines like this one: how much of N times the rate remains when each machine keeps its batch ("
                 + ", ".join(f"{name} {MODELS[name][2]}" for name in options.models)
                 + "), and how much faster than one machine a batch of four times as many images is done by all together:",
                 table(["model", "network", "step of one, ms"] + [str(n) for n in MACHINES], rows))
    if options.update_docs:
        begin, end = "<!-- model: begin -->", "<!-- model: end -->"
        document = DOCUMENT.read_text()
        head, rest = document.split(begin)
        DOCUMENT.write_text(head + begin + "\n" + "\n".join(text) + end + rest.split(end)[1])


if __name__ == "__main__":
    main()
