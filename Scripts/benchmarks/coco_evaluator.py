#!/usr/bin/env python3
"""Times COCO's numbers of 740,000 made-up detections in 5,000 images, here and with pycocotools where that is installed.

    Scripts/benchmarks/coco_evaluator.py                    boxes
    Scripts/benchmarks/coco_evaluator.py --masks            masks
    Scripts/benchmarks/coco_evaluator.py --images 500 --detections 74000 --keep made

Each program is a process of its own that reads both files, so that its time is that of a user's command and its peak memory
that of the work alone. Needs numpy.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import program

REFERENCE = """
import contextlib, io, json, sys
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
with contextlib.redirect_stdout(io.StringIO()):
    truth = COCO(sys.argv[1])
    found = COCOeval(truth, truth.loadRes(sys.argv[2]), sys.argv[3])
    found.evaluate()
    found.accumulate()
    found.summarize()
print(json.dumps(list(found.stats)))
"""


def compressed(counts):
    text = []
    for index, count in enumerate(counts):
        rest = count - (counts[index - 2] if index > 2 else 0)
        more = True
        while more:
            group = rest & 31
            rest >>= 5
            more = rest != -1 if group & 16 else rest != 0
            text.append(chr(group + (32 if more else 0) + 48))
    return "".join(text)


def ellipse(box, height, width):
    """Run lengths of the ellipse in a box, column by column."""
    x, y, w, h = box
    counts, place = [0], 0
    for column in range(max(0, int(x)), min(width, int(x + w) + 1)):
        across = (column + 0.5 - x - w / 2) / (w / 2)
        half = h / 2 * max(0, 1 - across * across) ** 0.5
        first, last = max(0, round(y + h / 2 - half)), min(height, round(y + h / 2 + half))
        if last <= first:
            continue
        start = column * height + first
        # Runs of zeros stand at even places, those of the ellipse at odd ones.
        if start > place or len(counts) == 1:
            if len(counts) == 1:
                counts[0] = start
            else:
                counts.append(start - place)
            counts.append(0)
        counts[-1] += last - first
        place = column * height + last
    if len(counts) == 1:
        return [height * width]
    return counts + ([height * width - place] if place < height * width else [])


def make(arguments, folder):
    import numpy

    random = numpy.random.default_rng(1)
    sizes = [(480, 640) if index % 3 else (640, 480) for index in range(arguments.images)]
    categories = [{"id": identifier, "name": f"class {identifier}"} for identifier in range(1, 81)]
    annotations, detections = [], []
    share = arguments.detections // arguments.images
    for index, (height, width) in enumerate(sizes):
        count = int(random.poisson(7))
        side = numpy.exp(random.uniform(numpy.log(8), numpy.log(300), (count, 2)))
        corner = random.uniform(0, 1, (count, 2)) * numpy.maximum(numpy.array([width, height]) - side, 1)
        labels = random.integers(1, 81, count)
        for number in range(count):
            box = [round(float(value), 2) for value in (*corner[number], *side[number])]
            entry = {
                "id": len(annotations) + 1, "image_id": index * 3 + 1, "category_id": int(labels[number]),
                "bbox": box, "area": round(box[2] * box[3] * 0.7, 2), "iscrowd": int(random.random() < 0.01),
            }
            if arguments.masks:
                entry["segmentation"] = {"size": [height, width], "counts": compressed(ellipse(box, height, width))}
            annotations.append(entry)
        for number in range(share):
            near = count and random.random() < 0.4
            truth = int(random.integers(count)) if near else 0
            if near:
                box = numpy.concatenate([corner[truth], side[truth]])
                box = box + random.normal(0, 0.12, 4) * numpy.tile(side[truth], 2)
                label = int(labels[truth])
            else:
                own = numpy.exp(random.uniform(numpy.log(8), numpy.log(300), 2))
                box = numpy.concatenate([random.uniform(0, 1, 2) * [width, height], own])
                label = int(random.integers(1, 81))
            box = [float(value) for value in numpy.maximum(box, [-1e9, -1e9, 1, 1])]
            entry = {"image_id": index * 3 + 1, "category_id": label, "score": float(random.random()) ** 2}
            if arguments.masks:
                entry["segmentation"] = {"size": [height, width], "counts": compressed(ellipse(box, height, width))}
            else:
                entry["bbox"] = box
            detections.append(entry)
    images = [{"id": index * 3 + 1, "height": height, "width": width, "file_name": f"{index}.jpg"}
              for index, (height, width) in enumerate(sizes)]
    truth, found = folder / "annotations.json", folder / "detections.json"
    truth.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    found.write_text(json.dumps(detections))
    print(f"{len(images)} images, {len(annotations)} objects, {len(detections)} detections, "
          f"{found.stat().st_size / 1e6:.0f} MB of results")
    return truth, found


def timed(name, command, rounds):
    best, peak, output = None, 0, ""
    for _ in range(rounds):
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        if status:
            sys.exit(f"{name} failed")
        best = seconds if best is None else min(best, seconds)
        peak = max(peak, usage.ru_maxrss / 1024)
    print(f"{name:12} {best:7.2f} s   {peak:7.0f} MB")
    return output


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--detections", type=int, default=740_000)
    parser.add_argument("--masks", action="store_true", help="masks instead of boxes")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=pathlib.Path, help="keep the made files in this folder, or use those that are there")
    parser.add_argument("--trainer", type=program.trainer, default="", help="the program to time")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        truth, found = folder / "annotations.json", folder / "detections.json"
        if not truth.exists() or not found.exists():
            truth, found = make(arguments, folder)
        command = [arguments.trainer, "evaluate", "--predictions", str(found), "--annotations", str(truth), "--json"]
        ours = json.loads(timed("trainer", command + (["--masks"] if arguments.masks else []), arguments.rounds))["stats"]
        try:
            import pycocotools  # noqa: F401
        except ImportError:
            print("pycocotools is not installed")
            return
        kind = "segm" if arguments.masks else "bbox"
        theirs = json.loads(timed("pycocotools", [sys.executable, "-c", REFERENCE, str(truth), str(found), kind], 1))
        print(f"largest difference {max(abs(a - b) for a, b in zip(ours, theirs)):.1e}")


main()
