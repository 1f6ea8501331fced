#!/usr/bin/env python3
"""Times detectors and deformable convolution here and in torchvision, alternating in one run.

    Scripts/benchmarks/detection_speed.py                         both detectors, step and inference
    Scripts/benchmarks/detection_speed.py --works retinanet deformable --rounds 5
    Scripts/benchmarks/detection_speed.py --torch-only

RetinaNet with ResNet-18 and a pyramid of 256 channels at 320 x 320, batch 4; Mask R-CNN likewise, batch 2; 80 classes. A step
is forward, losses, backward, clip and AdamW on random images of eight objects each. Deformable convolution is 3x3 with 128
channels on a map of 40 x 40, batch 4, forward and backward. Each measurement is a process of its own, so that peak memory is that of the work alone.
Needs torch, torchvision and numpy.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import program
from compare_pytorch import peak_megabytes, quartiles

SIZE, CLASSES, OBJECTS = 320, 80, 8
BATCH = {"retinanet": 4, "maskrcnn": 2, "deformable": 4}
# Faster by at least, at most which part of the memory.
GOALS = {"retinanet": (1.8, 0.5), "maskrcnn": (1.8, 0.5), "deformable": (3, "")}
CONFIG = """task: {task}
data:
  imageSize: [{size}, {size}]
model:
  name: resnet18
  classes: {classes}
head:
  kind: {head}
  style: torchvision
neck:
  channels: 256
optimizer:
  clipNorm: 5
"""


def targets_of(work, batch, torch):
    """Random objects of 20 to 160 pixels."""
    targets = []
    for _ in range(batch):
        corner = torch.rand(OBJECTS, 2) * (SIZE - 160)
        boxes = torch.cat([corner, corner + 20 + torch.rand(OBJECTS, 2) * 140], 1)
        target = {"boxes": boxes, "labels": torch.randint(1, CLASSES, (OBJECTS,))}
        if work == "maskrcnn":
            masks = torch.zeros(OBJECTS, SIZE, SIZE, dtype=torch.uint8)
            for mask, (x, y, right, bottom) in zip(masks, boxes.int().tolist()):
                mask[y:bottom, x:right] = 1
            target["masks"] = masks
        targets.append(target)
    return targets


def torch_work(options):
    """The measuring process of the PyTorch side: prints a JSON object."""
    import torch

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    batch = BATCH[options.torch_step]
    layout = torch.channels_last if options.memory_format == "channels_last" else torch.contiguous_format
    if options.torch_step == "deformable":
        from torchvision.ops import DeformConv2d

        layer = DeformConv2d(128, 128, 3, padding=1, bias=False)
        x = torch.randn(batch, 128, 40, 40, requires_grad=True)
        offset = (0.5 * torch.randn(batch, 18, 40, 40)).requires_grad_()

        def step():
            layer.weight.grad = x.grad = offset.grad = None
            layer(x, offset).sum().backward()

        @torch.inference_mode()
        def infer():
            layer(x, offset)
    else:
        from detectors_pytorch import build, model_arguments

        settings = argparse.ArgumentParser()
        model_arguments(settings)
        settings = settings.parse_args(["--model", options.torch_step, "--width", "64", "--channels", "256", "--size",
                                        str(SIZE), str(SIZE)])
        model = build(settings, CLASSES).to(memory_format=layout)
        images = list(torch.rand(batch, 3, SIZE, SIZE))
        targets = targets_of(options.torch_step, batch, torch)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.05)

        def step():
            model.train()
            optimizer.zero_grad(set_to_none=True)
            sum(model(images, targets).values()).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5)
            optimizer.step()

        @torch.inference_mode()
        def infer():
            model.eval()
            model(images)

    work = infer if options.inference else step
    times = []
    for round in range(options.steps + 2):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    print(json.dumps({"seconds": statistics.median(times[2:]), "memoryMB": peak_megabytes()}))


def run_torch(work, inference, memory_format, options):
    command = [sys.executable, __file__, "--torch-step", work, "--memory-format", memory_format, "--threads",
               str(options.threads), "--steps", str(options.steps)]
    result = subprocess.run(command + ["--inference"] * inference, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(result.stderr.strip() or f"error: torchvision's {work} ended with {result.returncode}")
    return json.loads(result.stdout.strip().splitlines()[-1])


def run_deformable(inference, options):
    """Seconds of the single operation, forward alone or both ways; peak memory is that of both ways."""
    command = [options.trainer, "bench", "--operation", "deformableConvolution", "--json", "--threads",
               str(options.threads), "--steps", str(options.steps), "--batch", str(BATCH["deformable"])]
    found = json.loads(checked(command).stdout)
    seconds = found["forward"]["medianSeconds"]
    if not inference:
        seconds += found["backward"]["medianSeconds"]
    return {"seconds": seconds, "memoryMB": found["peakMemoryMB"]}


def checked(command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(result.stderr.strip() or f"error: trainer bench ended with {result.returncode}")
    return result


def run_ours(work, inference, folder, options):
    if work == "deformable":
        return run_deformable(inference, options)
    config = folder / f"{work}.yaml"
    config.write_text(CONFIG.format(
        task="instances" if work == "maskrcnn" else "detection", size=SIZE, classes=CLASSES,
        head="maskRcnn" if work == "maskrcnn" else "retinanet"))
    command = [options.trainer, "bench", str(config), "--json", "--threads", str(options.threads), "--steps",
               str(options.steps), "--batch", str(BATCH[work])] + ["--inference-only"] * inference
    found = json.loads(checked(command).stdout)
    part = found["inference" if inference else "training"]
    return {"seconds": part["medianSeconds"], "memoryMB": found["peakMemoryMB"]}


def compare(work, inference, folder, options):
    """Alternates ours with PyTorch's memory formats; a row of the table."""
    sides = {memory_format: lambda f=memory_format: run_torch(work, inference, f, options)
             for memory_format in options.memory_formats}
    if not options.torch_only:
        sides = {"ours": lambda: run_ours(work, inference, folder, options)} | sides
    found = {side: [] for side in sides}
    for _ in range(options.rounds):
        for side, measure in sides.items():
            found[side].append(measure())
    name = f"{work}, {'inference' if inference else 'step'}, batch {BATCH[work]}"
    print(name, flush=True)
    for side, values in found.items():
        low, middle, high = quartiles([1000 * value["seconds"] for value in values])
        memory = statistics.median(value["memoryMB"] for value in values)
        print(f"    {side:14} {middle:8.1f} ms ({low:.1f} .. {high:.1f}) {memory:8.0f} MB", flush=True)
    middle = lambda side, key: statistics.median(value[key] for value in found[side])
    best = min(options.memory_formats, key=lambda side: middle(side, "seconds"))
    row = [name] + ["", "", ""] * ("ours" not in found)
    if "ours" in found:
        row += [f"{1000 * middle('ours', 'seconds'):.1f}", f"{middle(best, 'seconds') / middle('ours', 'seconds'):.2f}",
                f"{middle('ours', 'memoryMB') / middle(best, 'memoryMB'):.2f}"]
    return row + [f"{1000 * middle(best, 'seconds'):.1f}", best.replace("_", " "), f"{middle(best, 'memoryMB'):.0f}",
                  *map(str, GOALS[work])]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", nargs="+", choices=list(BATCH), default=list(BATCH))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory-formats", nargs="+", choices=["contiguous", "channels_last"],
                        default=["contiguous", "channels_last"])
    parser.add_argument("--torch-only", action="store_true", help="without the trainer")
    parser.add_argument("--trainer", help="the program; the one built here by default")
    parser.add_argument("--torch-step", choices=list(BATCH), help=argparse.SUPPRESS)
    parser.add_argument("--memory-format", default="contiguous", help=argparse.SUPPRESS)
    parser.add_argument("--inference", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.torch_step:
        return torch_work(options)
    if not options.torch_only:
        options.trainer = program.trainer(options.trainer or "")
    with tempfile.TemporaryDirectory() as folder:
        rows = [compare(work, inference, pathlib.Path(folder), options)
                for work in options.works for inference in (False, True)]
    header = ["work", "ours, ms", "faster by", "of the memory", "torchvision, ms", "its format", "its MB",
              "aim: faster by", "aim: of the memory"]
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    print("\n" + "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]))


if __name__ == "__main__":
    main()
