#!/usr/bin/env python3
"""Proves what the trainer says about masks with other programs: measures with numpy, exported segmenters with onnxruntime.

    Scripts/check_segmentation.py                                       measures of 100 random pairs of masks
    Scripts/check_segmentation.py --fixture segmentation_metrics.json   and those of a file of images and measures
    Scripts/check_segmentation.py --onnx Runs/scenes --sizes 96x96 64x160

Measures must agree to 1e-12. An exported model is run at each size on pictures; its answers must be those of `trainer
predict`, but for pixels whose two best classes are as good as equal, and where PyTorch and Scripts/benchmarks know the
model, its logits those of PyTorch. Needs numpy, pillow and for --onnx onnx and onnxruntime; where they are missing, makes a
virtual environment with them. Exits with 1 when something differs.
"""
import argparse
import json
import math
import pathlib
import sys
import tempfile

SCRIPTS = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(SCRIPTS / "weights"), str(SCRIPTS / "benchmarks")]
import environment
import program

IGNORED = 255
TOLERANCE = 1e-12


def measures(pairs, classes, ignored=IGNORED, background=None):
    """All measures of (label, prediction) pairs, straight from their definitions; None where nothing is defined."""
    import numpy as np

    confusion = np.zeros((classes, classes), dtype=np.int64)
    own = []
    for label, prediction in pairs:
        counted = label != ignored if ignored is not None else np.ones(label.shape, dtype=bool)
        counts = np.zeros((classes, classes), dtype=np.int64)
        np.add.at(counts, (label[counted], prediction[counted]), 1)
        confusion += counts
        own.append(counts)

    def share(part, whole):
        return int(part) / int(whole) if whole else None

    def mean(values):
        values = [value for value in values if value is not None]
        return math.fsum(values) / len(values) if values else None

    def dices(counts):
        return [share(2 * counts[c, c], counts[c].sum() + counts[:, c].sum()) for c in range(classes)]

    def without_background(values):
        return [value for c, value in enumerate(values) if c != background]

    labeled, predicted, hits = confusion.sum(1), confusion.sum(0), confusion.diagonal()
    rows = [
        {"pixels": int(labeled[c]), "predicted": int(predicted[c]),
         "iou": share(hits[c], labeled[c] + predicted[c] - hits[c]), "dice": dices(confusion)[c],
         "accuracy": share(hits[c], labeled[c]), "precision": share(hits[c], predicted[c])}
        for c in range(classes)]
    image_dice = [mean(without_background(dices(counts))) for counts in own]
    return {
        "images": len(own), "pixels": int(confusion.sum()), "meanIoU": mean(row["iou"] for row in rows),
        "pixelAccuracy": share(hits.sum(), confusion.sum()),
        "meanDice": mean(without_background([row["dice"] for row in rows])),
        "imageDice": math.fsum(1 if value is None else value for value in image_dice) / len(own),
        "meanClassAccuracy": mean(row["accuracy"] for row in rows),
        "undefinedClasses": [c for c in range(classes) if rows[c]["iou"] is None], "perClass": rows,
    }


def random_pairs(generator, classes, count):
    """Pairs with ignored pixels, of several sizes, in which some classes are missing from labels, answers or both."""
    import numpy as np

    def some():
        return generator.permutation(classes)[:int(generator.integers(1, classes + 1))]

    labels, answers = some(), some()
    pairs = []
    for _ in range(count):
        size = generator.integers(1, 72, 2)
        blocks = generator.choice(labels, (9, 9))
        label = blocks[np.ix_(np.arange(size[0]) // 8, np.arange(size[1]) // 8)]
        prediction = np.where(generator.random(size) < generator.random(), generator.choice(answers, size), label)
        # From none of the pixels to all of them.
        share = generator.choice([0, generator.random(), 1], p=[0.2, 0.75, 0.05])
        label = np.where(generator.random(size) < share, IGNORED, label)
        pairs.append((label, prediction))
    return pairs


def write(path, mask, generator):
    """A mask as a PNG of some kind whose values are the classes: gray of 8 or 16 bits, or with a palette of up to 8."""
    import numpy as np
    from PIL import Image

    kind = generator.choice(["gray", "gray16", "palette"])
    if kind == "gray16":
        Image.fromarray(mask.astype(np.uint16)).save(path)
        return
    picture = Image.fromarray(mask.astype(np.uint8))
    if kind == "gray":
        picture.save(path)
        return
    picture = Image.frombytes("P", picture.size, picture.tobytes())
    picture.putpalette(generator.integers(0, 256, 768).astype(np.uint8).tobytes())
    bits = next(bits for bits in (1, 2, 4, 8) if mask.max() < 1 << bits)
    picture.save(path, bits=bits)


def evaluated(trainer, pairs, classes, generator, ignored=IGNORED, background=None):
    """What the trainer says of the pairs."""
    with tempfile.TemporaryDirectory() as folder:
        folders = [pathlib.Path(folder) / name for name in ("labels", "answers")]
        for place, masks in zip(folders, zip(*pairs)):
            place.mkdir()
            for i, mask in enumerate(masks):
                write(place / f"{i:03}.png", mask, generator)
        command = ["evaluate", "--predictions", folders[1], "--labels", folders[0], "--classes", classes, "--json"]
        if ignored is not None:
            command += ["--ignore", ignored]
        if background is not None:
            command += ["--background", background]
        return json.loads(environment.run(trainer, *command))


def differences(expected, found, place=""):
    """Where two values differ, and how far apart their numbers are at most."""
    if isinstance(expected, dict):
        pieces = [(expected[key], found.get(key, "absent"), f"{place}.{key}") for key in expected]
    elif isinstance(expected, list):
        if not isinstance(found, list) or len(found) != len(expected):
            return [f"{place or 'all'}: found {found}, expected {expected}"], 0.0
        pieces = [(a, b, f"{place}[{i}]") for i, (a, b) in enumerate(zip(expected, found))]
    elif isinstance(expected, (int, float)) and isinstance(found, (int, float)):
        distance = abs(expected - found)
        return ([] if distance <= TOLERANCE else [f"{place}: found {found!r}, expected {expected!r}"]), distance
    else:
        return ([] if expected == found else [f"{place}: found {found!r}, expected {expected!r}"]), 0.0
    faults, largest = [], 0.0
    for a, b, inner in pieces:
        more, distance = differences(a, b, inner.lstrip("."))
        faults += more
        largest = max(largest, distance)
    return faults, largest


def told(name, faults, largest):
    print(f"{name:<44} {'FAILED' if faults else f'largest difference {largest:.1e}'}", flush=True)
    for fault in faults[:5]:
        print(f"    {fault}")
    return bool(faults)


def check_measures(arguments):
    """Random pairs in groups of five, with 2 to 30 classes; how many groups differ."""
    import numpy as np

    generator = np.random.default_rng(arguments.seed)
    groups = -(-arguments.pairs // 5)
    failed = 0
    for group in range(groups):
        classes = 2 + round(28 * group / max(1, groups - 1))
        pairs = random_pairs(generator, classes, min(5, arguments.pairs - 5 * group))
        background = [None, 0, classes - 1][group % 3]
        expected = measures(pairs, classes, background=background)
        found = evaluated(arguments.trainer, pairs, classes, generator, background=background)
        name = f"{len(pairs)} pairs, {classes} classes, {len(expected['undefinedClasses'])} of them undefined"
        failed += told(name, *differences(expected, found))
    return failed


def check_fixture(arguments):
    import numpy as np

    generator = np.random.default_rng(arguments.seed)
    failed = 0
    for name, data in json.loads(pathlib.Path(arguments.fixture).read_text()).items():
        pairs = [(np.array(image["label"]), np.array(image["prediction"])) for image in data["images"]]
        found = evaluated(arguments.trainer, pairs, data["classes"], generator, data["ignore_index"])
        expected = {
            "meanIoU": data["mIoU"], "meanDice": data["mDice"], "pixelAccuracy": data["pixel_accuracy"],
            "meanClassAccuracy": data["mean_class_accuracy"],
            "perClass": [
                {"iou": a, "dice": b, "accuracy": c}
                for a, b, c in zip(data["iou"], data["dice"], data["class_accuracy"])]}
        failed += told(f"fixture {name}", *differences(expected, found))
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=100, help="random pairs of masks; 0 leaves them out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fixture", metavar="FILE", help="a JSON file of images and their measures")
    parser.add_argument("--onnx", metavar="RUN", help="a run folder or weights of a segmenter")
    parser.add_argument("--sizes", nargs="+", default=["96x96", "64x160"], metavar="HxW", help="at which it is exported")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="of logits, times the largest of them or 1")
    parser.add_argument("--trainer", type=program.trainer, default="", help="the program; the one built here by default")
    arguments = parser.parse_args()
    environment.ensure_packages("segmentation", "numpy", "PIL", *(["onnx", "onnxruntime"] if arguments.onnx else []))
    failed = check_measures(arguments) if arguments.pairs else 0
    if arguments.fixture:
        failed += check_fixture(arguments)
    if arguments.onnx:
        import segmenter_export

        failed += segmenter_export.check(arguments, told)
    if failed:
        sys.exit(f"error: {failed} comparisons failed")
    print("the trainer agrees")


if __name__ == "__main__":
    main()
