#!/usr/bin/env python3
"""Proves that exported detectors of one stage find in onnxruntime what their maps mean.

    Scripts/check_detectors.py Runs/scenes --images Pictures        a run folder or weights, on pictures
    Scripts/check_detectors.py Runs/scenes                          on noise

The model (retinanet or reppoints) is exported with its choice of objects inside. The graph's own maps are read beside its
objects, and anchors or points, their boxes and the choice among those that overlap are computed once more here, with
numpy. Boxes must agree within a hundredth of a pixel, scores within 1e-5 and labels exactly, at batch 1 and 3. Needs numpy,
pillow, onnx and onnxruntime; where they are missing, makes a virtual environment with them. Exits with 1 when something
differs.
"""
import argparse
import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "weights"))
import environment
import program


def with_maps(path, names):
    """A session whose results are the graph's own and the maps of the named layers, level by level, and these maps' names."""
    import onnx
    import onnxruntime

    model = onnx.load(str(path))
    made = {output for node in model.graph.node for output in node.output}
    levels = []
    for name in names:
        found = [name] + [f"{name}.{i}" for i in range(2, 32)]
        levels.append([value for value in found if value in made])
        for value in levels[-1]:
            model.graph.output.append(onnx.helper.make_tensor_value_info(value, onnx.TensorProto.FLOAT, None))
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]), levels


def anchors(head, strides, level, height, width, size):
    """All anchors of a level, place by place, ratio by ratio."""
    import numpy as np

    shape, style, stride = head["anchors"], head["style"], strides[level]
    sides = shape.get("sizes")
    if sides:
        sides = sides[level]
    else:
        sides = [shape["scale"] * stride * 2 ** (k / shape["octaves"]) for k in range(shape["octaves"])]
        sides = [np.floor(side) for side in sides] if style == "torchvision" else sides
    cells = np.array([
        [-s / r ** 0.5 / 2, -s * r ** 0.5 / 2, s / r ** 0.5 / 2, s * r ** 0.5 / 2] for r in shape["ratios"] for s in sides])
    down, across = stride, stride
    if style == "torchvision":
        cells = np.round(cells)
        down, across = size[0] // height, size[1] // width
    y, x = np.mgrid[:height, :width]
    places = np.stack([x * across, y * down, x * across, y * down], -1).reshape(-1, 1, 4)
    return (places + cells).reshape(-1, 4)


def moved(boxes, deltas, style):
    """Boxes moved by encoded deltas."""
    import numpy as np

    limit = np.log(1000 / 16)
    sizes = boxes[:, 2:] - boxes[:, :2]
    centers = boxes[:, :2] + sizes / 2 + deltas[:, :2] * sizes
    grown = np.exp(np.clip(deltas[:, 2:], -limit if style == "mmdetection" else None, limit)) * sizes
    return np.concatenate([centers - grown / 2, centers + grown / 2], 1)


def boxes_of(points, transform, transfer):
    """Boxes [R, 4] of points [R, 18], y before x."""
    import numpy as np

    y, x = points[:, 0::2], points[:, 1::2]
    if transform == "partialMinMax":
        y, x = y[:, :4], x[:, :4]
    if transform != "moment":
        return np.stack([x.min(1), y.min(1), x.max(1), y.max(1)], 1)
    half = [values.std(1, ddof=1) * np.exp(factor) for values, factor in ((x, transfer[0]), (y, transfer[1]))]
    mean = [x.mean(1), y.mean(1)]
    return np.stack([mean[0] - half[0], mean[1] - half[1], mean[0] + half[0], mean[1] + half[1]], 1)


def suppressed(boxes, scores, overlap):
    """Indices of boxes that overlap no surer one by more than `overlap`, the surest first."""
    import numpy as np

    order = list(np.argsort(-scores, kind="stable"))
    kept = []
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    while order:
        first = order.pop(0)
        kept.append(first)
        if not order:
            break
        rest = np.array(order)
        low, high = np.maximum(boxes[first, :2], boxes[rest, :2]), np.minimum(boxes[first, 2:], boxes[rest, 2:])
        common = np.prod(np.maximum(high - low, 0), 1)
        order = [i for i, c in zip(order, common) if not c > overlap * (area[first] + area[i] - c)]
    return kept


def objects(candidates, limits):
    """The objects of one image among (boxes, scores, labels): per class, then the surest of all."""
    import numpy as np

    boxes, scores, labels = (np.concatenate(part) for part in zip(*candidates))
    kept = []
    for label in np.unique(labels):
        own = np.flatnonzero((labels == label) & (scores > limits["score"]))
        kept += list(own[suppressed(boxes[own], scores[own], limits["overlap"])])
    kept = np.array(sorted(kept, key=lambda i: -scores[i])[:limits["most"]], dtype=int)
    return boxes[kept], scores[kept], labels[kept]


def expected(head, kind, strides, maps, image, size, limits, transfer):
    """What the maps of one image mean."""
    import numpy as np

    found = []
    for level, (logits, places) in enumerate(zip(*maps)):
        height, width = logits.shape[2:]
        classes = head["classes"]
        scores = 1 / (1 + np.exp(-logits[image].transpose(1, 2, 0).reshape(-1).astype(np.float64)))
        best = np.argsort(-scores, kind="stable")[:limits["perLevel"]]
        rows = best // classes
        if kind == "retinanet":
            deltas = places[image].transpose(1, 2, 0).reshape(-1, 4).astype(np.float64)
            boxes = moved(anchors(head, strides, level, height, width, size)[rows], deltas[rows], head["style"])
        else:
            points = places[image].transpose(1, 2, 0).reshape(-1, 18).astype(np.float64)[rows]
            y, x = rows // width, rows % width
            boxes = (boxes_of(points, head["transform"], transfer) + np.stack([x, y, x, y], 1)) * strides[level]
        boxes = np.clip(boxes, 0, [size[1], size[0], size[1], size[0]])
        found.append((boxes, scores[best], best % classes))
    return objects(found, limits)


def pictures(arguments, shape):
    """Batches of images as the network sees them, [N, C, H, W]."""
    import numpy as np
    from PIL import Image

    generator = np.random.default_rng(arguments.seed)
    if not arguments.images:
        return [generator.standard_normal((batch, *shape)).astype(np.float32) for batch in (1, 3)]
    images = []
    for path in sorted(pathlib.Path(arguments.images).iterdir()):
        if path.suffix.lower() not in (".jpg", ".jpeg", ".png", ".bmp") or len(images) == 12:
            continue
        picture = Image.open(path).convert("RGB" if shape[0] == 3 else "L")
        picture.thumbnail((shape[2], shape[1]))
        canvas = np.zeros((shape[1], shape[2], shape[0]), np.float32)
        pixels = np.asarray(picture, np.float32).reshape(picture.height, picture.width, -1) / 255
        canvas[:picture.height, :picture.width] = (pixels - 0.45) / 0.225
        images.append(canvas.transpose(2, 0, 1))
    if not images:
        sys.exit(f"error: {arguments.images} holds no pictures")
    return [np.stack(images[i:i + 3]) for i in range(0, len(images), 3)] + [np.stack(images[:1])]


def check(arguments, folder):
    """How many images differ."""
    import numpy as np
    import onnx

    exported = pathlib.Path(folder) / "detector.onnx"
    environment.run(arguments.trainer, "export", arguments.run, "--onnx", exported)
    onnx.checker.check_model(str(exported), full_check=True)
    model = onnx.load(str(exported))
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    shape = environment.input_shape(metadata)
    kind, head = next(iter(json.loads(metadata["hornbeam.model"]).get("head", {}).items()), (None, None))
    if kind not in ("retinanet", "reppoints"):
        sys.exit(f"error: {arguments.run} is no retinanet and no reppoints")
    layers = {"retinanet": ["retina_cls", "retina_reg"], "reppoints": ["reppoints_cls_out", "refined"]}[kind]
    session, names = with_maps(exported, [f"bbox_head.{layer}" for layer in layers])
    if kind == "reppoints":
        session, names = with_maps(exported, [f"bbox_head.{layers[0]}"] + [
            f"bbox_head.refined.{level}" for level in range(len(names[0]))])
        names = [names[0], [name for level in names[1:] for name in level]]
    first = session.get_inputs()[0].name
    transfer = [0.0, 0.0]
    for constant in model.graph.initializer:
        if constant.name.startswith("moment transfer "):
            transfer["xy".index(constant.name[-1])] = float(onnx.numpy_helper.to_array(constant))
    settings = json.loads(metadata["hornbeam.settings"])
    strides, chosen = settings["strides"], settings["evaluation"]
    limits = {"score": chosen["scoreThreshold"], "perLevel": chosen["candidates"], "overlap": chosen["overlap"],
              "most": chosen["objects"]}
    failed = 0
    for images in pictures(arguments, shape):
        results = session.run(["boxes", "scores", "labels"] + names[0] + names[1], {first: images})
        count = len(names[0])
        maps = (results[3:3 + count], results[3 + count:])
        for image in range(len(images)):
            boxes, scores, labels = expected(
                head, kind, strides, maps, image, shape[1:], limits, transfer)
            number = int((results[1][image] > 0).sum())
            problem = None
            if number != len(scores):
                problem = f"{number} objects, expected {len(scores)}"
            elif number and np.abs(results[1][image, :number] - scores).max() > 1e-5:
                problem = "other scores"
            elif (results[2][image, :number] != labels).any() or (results[2][image, number:] != -1).any():
                problem = "other labels"
            elif number and np.abs(results[0][image, :number] - boxes).max() > 1e-2:
                problem = f"boxes {np.abs(results[0][image, :number] - boxes).max():.3g} pixels away"
            print(f"batch {len(images)}, image {image}: {number} objects" + (f"  FAILED: {problem}" if problem else ""))
            failed += problem is not None
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", help="a run folder or weights of a detector")
    parser.add_argument("--images", metavar="FOLDER", help="pictures; noise when absent")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--trainer", type=program.trainer, default="", help="the program; the one built here by default")
    arguments = parser.parse_args()
    environment.ensure_packages("detectors", "numpy", "PIL", "onnx", "onnxruntime")
    with tempfile.TemporaryDirectory() as folder:
        failed = check(arguments, folder)
    if failed:
        sys.exit(f"error: {failed} images have other objects")
    print("onnxruntime finds what the maps mean")


if __name__ == "__main__":
    main()
