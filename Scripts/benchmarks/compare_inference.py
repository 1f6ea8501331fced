#!/usr/bin/env python3
"""Times inference of the same weights here, in PyTorch, in ONNX Runtime and in OpenVINO, alternating in one run, in single
precision and in bfloat16 where an engine has it.

    Scripts/benchmarks/compare_inference.py                                     all works
    Scripts/benchmarks/compare_inference.py --works hornet_tiny_7x7:1 --rounds 5
    Scripts/benchmarks/compare_inference.py --update-docs                       and puts the table into Docs/Benchmarks.md

A work is MODEL:BATCH. The weights are random ones with which every part of the model carries signal; ONNX Runtime and OpenVINO
read the file that `trainer export` makes of them. First proves that all sides compute the same logits. Needs numpy, and makes a
virtual environment with it where it is missing; engines that are not installed are left out. Each measurement is a process of its
own, so that peak memory is that of the work alone.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent), str(HERE.parent / "weights")]
import environment
import inference_engines
import program

WORKS = ["hornet_tiny_7x7:1", "hornet_tiny_7x7:32", "hornet_tiny_7x7:128", "hornet_nano_7x7:32", "hornet_nano_7x7:128"]
PRECISIONS = ["fp32", "bf16"]
OURS = "Hornbeam"
# How far logits may lie from ours in single precision, relative to the largest; in bfloat16 each side rounds elsewhere.
TOLERANCES = {"fp32": 1e-4, "bf16": 3e-2}
# Of our own in bfloat16.
OWN_TOLERANCE = 1e-2


def goal(batch, precision):
    """How many times as fast as the best of the others."""
    return 1.25 if batch == 1 else {"fp32": 1.5, "bf16": 1.3}[precision]


def others(precision, engines):
    """The other engines with each of their modes."""
    return [(title, mode) for title in engines for mode in inference_engines.ENGINES[title][1].get(precision, [])]


def engine(title, precision, mode, folder, model, batch, threads, steps):
    """What the process of an engine prints; nothing where it fails, which a table then shows as absent."""
    command = [sys.executable, inference_engines.__file__, title, precision, mode, folder, model, batch, threads, steps]
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode != 0:
        last = (result.stderr.strip().splitlines() or ["it said nothing"])[-1]
        print(f"    {title}, {precision}, {mode}: did not run ({last})", flush=True)
        return None
    return json.loads(result.stdout.strip().splitlines()[-1])


def prepare(model, arguments, folder):
    """Makes weights, the exported file, and the images that the sides are compared on.

    Returns height, width and classes.
    """
    import numpy as np
    import tensor_files

    made = environment.random_weights(arguments.trainer, model, folder)
    weights = folder / "weights.safetensors"
    made.rename(weights)
    environment.run(arguments.trainer, "export", weights, "--onnx", folder / "model.onnx")
    shape = environment.input_shape(tensor_files.read(weights)[1])
    images = np.random.default_rng(1).standard_normal((3, *shape)).astype(np.float32)
    np.save(folder / "images.npy", images)
    tensor_files.write(folder / "images.safetensors", {"images": ("F32", images)}, {})
    classes = json.loads(tensor_files.read(weights)[1]["hornbeam.classes"])
    return shape[1], shape[2], len(classes)


def our_logits(precision, arguments, folder):
    import numpy as np

    output = json.loads(environment.run(
        arguments.trainer, "predict", folder / "weights.safetensors", "--prepared", folder / "images.safetensors", "--logits",
        "--json", "--precision", precision))
    return np.array([image["logits"] for image in output])


def prove_equal(model, arguments, folder, engines):
    """Ends the script where a side computes something else."""
    import numpy as np

    single = our_logits("fp32", arguments, folder)
    largest = np.abs(single).max()

    def check(name, logits, tolerance):
        difference = np.abs(logits - single).max() / largest
        print(f"    {name:40} differs by {difference:.1e}", flush=True)
        if not difference <= tolerance:
            sys.exit(f"error: {model}: {name} differs by {difference:.1e} from ours in fp32, expected {tolerance} at most")

    print(f"{model}: largest logit {largest:.3g}, differences from ours in fp32 relative to it", flush=True)
    check(f"{OURS}, bf16", our_logits("bf16", arguments, folder), OWN_TOLERANCE)
    for precision in arguments.precisions:
        for title, mode in others(precision, engines):
            logits = engine(title, precision, mode, folder, model, 0, arguments.threads, 0)
            if logits is not None:
                check(f"{title}, {precision}, {mode}", np.array(logits), TOLERANCES[precision])


def ours(model, size, precision, batch, arguments, folder, steps):
    config = environment.configuration(folder, dict(name=model, classes=size[2], inputChannels=3), *size[:2])
    result = json.loads(environment.run(
        arguments.trainer, "bench", config, "--json", "--inference-only", "--threads", arguments.threads, "--steps", steps,
        "--batch", batch, "--set", f"training.precision={precision}"))
    part = result["inference"]
    return {"seconds": part["medianSeconds"], "memoryMB": result["peakMemoryMB"], "share": part["shareOfPeak"]}


def middle(results, key):
    return statistics.median(result[key] for result in results)


def measure(model, size, batch, arguments, folder, engines):
    """A row for each precision, all sides by turns."""
    # About four seconds for each measurement.
    first = ours(model, size, "fp32", batch, arguments, folder, 3)["seconds"]
    steps = arguments.steps or max(3, min(40, round(4 / first)))
    results = {}
    for _ in range(arguments.rounds):
        for precision in arguments.precisions:
            results.setdefault((OURS, precision, ""), []).append(
                ours(model, size, precision, batch, arguments, folder, steps))
            for title, mode in others(precision, engines):
                if result := engine(title, precision, mode, folder, model, batch, arguments.threads, steps):
                    results.setdefault((title, precision, mode), []).append(result)
    print(f"`{model}`, batch {batch}, {arguments.rounds} rounds of {steps} batches", flush=True)
    for (title, precision, mode), values in results.items():
        times = sorted(value["seconds"] * 1000 for value in values)
        print(f"    {title:13} {precision} {mode:14} {statistics.median(times):8.1f} ms ({times[0]:.1f} .. {times[-1]:.1f})"
              f" {middle(values, 'memoryMB'):6.0f} MB", flush=True)
    return [row(model, batch, precision, results, engines) for precision in arguments.precisions]


def row(model, batch, precision, results, engines):
    own = results[OURS, precision, ""]
    best = {}
    for (title, other, mode), values in results.items():
        if title != OURS and other == precision:
            found = (middle(values, "seconds"), middle(values, "memoryMB"))
            best[title] = min(best.get(title, found), found)
    seconds, memory = middle(own, "seconds"), middle(own, "memoryMB")
    cells = [f"`{model}`, batch {batch}", precision, f"{seconds * 1000:.1f}", f"{middle(own, 'share'):.0%}"]
    cells += [f"{best[title][0] * 1000:.1f}" if title in best else "" for title in engines]
    fastest = min((times[0] for times in best.values()), default=None)
    cells += [f"{fastest / seconds:.2f}" if fastest else "", f"{goal(batch, precision)}", f"{memory:.0f}"]
    return cells + [f"{best[title][1]:.0f}" if title in best else "" for title in engines]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", nargs="+", metavar="MODEL:BATCH", default=WORKS)
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    parser.add_argument("--engines", nargs="*", choices=inference_engines.ENGINES, default=list(inference_engines.ENGINES))
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity")
                        else os.cpu_count())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, help="batches in each measurement; by default as many as take 4 s")
    parser.add_argument("--json", metavar="FILE", help="writes the rows of the table there")
    parser.add_argument("--update-docs", action="store_true", help="puts the table into Docs/Benchmarks.md")
    parser.add_argument("--trainer", type=program.trainer, default="", help="the program; the one built here by default")
    arguments = parser.parse_args()
    environment.ensure_packages("inference", "numpy")
    from compare_pytorch import table, update_page

    works = [work.partition(":")[::2] for work in arguments.works]
    if wrong := [":".join(work) for work in works if not work[1].isdigit() or work[1] == "0"]:
        sys.exit(f"error: {wrong[0]} is no work, expected MODEL:BATCH, as {WORKS[0]}")
    engines = [title for title in arguments.engines if inference_engines.is_there(title)]
    for title in arguments.engines:
        if title not in engines:
            print(f"{title} is left out; to have it: {pathlib.Path(sys.executable).name} -m pip install "
                  f"{inference_engines.ENGINES[title][0]}")
    rows = []
    for model in dict.fromkeys(model for model, _ in works):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            size = prepare(model, arguments, folder)
            prove_equal(model, arguments, folder, engines)
            for batch in [int(batch) for name, batch in works if name == model]:
                rows += measure(model, size, batch, arguments, folder, engines)
    header = ["inference", "precision", "ours, ms", "of the peak", *(f"{title}, ms" for title in engines), "faster by", "aim",
              "MB", *(f"{title}, MB" for title in engines)]
    print("\n" + table(rows, header))
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps([dict(zip(header, row)) for row in rows], indent=1) + "\n")
    if arguments.update_docs:
        update_page(table(rows, header), "inference")


if __name__ == "__main__":
    main()
