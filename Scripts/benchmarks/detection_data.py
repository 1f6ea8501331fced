"""COCO data in memory, what training does to it, and COCO's numbers by pycocotools."""
import contextlib
import io
import json
import pathlib
import sys

import numpy as np
import torch
from PIL import Image
from pycocotools import mask as rle
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

NAMES = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]
PARTS = {"train": ["train"], "validation": ["val", "validation", "valid"], "test": ["test"]}


def image_file(folder, part, name):
    """Where an image of a part lies: in the part's folder, in images, or where its name says."""
    places = [folder / part / name, folder / "images" / part / name, folder / "images" / name, folder / name]
    for path in places:
        if path.exists():
            return path
    sys.exit(f"error: {name}: the image is in none of {', '.join(str(path.parent) for path in places)}")


def bitmap(segmentation, height, width):
    """The pixels [H, W] of outlines or run lengths, bytes; None for an empty list."""
    if not segmentation:
        return None
    if isinstance(segmentation, dict):
        runs = segmentation
        if isinstance(runs["counts"], list):
            runs = rle.frPyObjects(runs, height, width)
    else:
        runs = rle.merge(rle.frPyObjects(segmentation, height, width))
    return rle.decode(runs)


class Part:
    """Images [3, H, W], bytes, with their objects; `truth` is the file as pycocotools reads it."""

    def __init__(self, folder, name, file, with_masks, limit):
        with contextlib.redirect_stdout(io.StringIO()):
            self.truth = COCO(str(file))
        self.identifiers = sorted(self.truth.imgs)[:limit]
        categories = sorted(self.truth.cats)
        self.categories = categories
        labels = {identifier: label for label, identifier in enumerate(categories)}
        self.images, self.targets = [], []
        for identifier in self.identifiers:
            entry = self.truth.imgs[identifier]
            image = np.array(Image.open(image_file(folder, name, entry["file_name"])).convert("RGB"))
            if image.shape[:2] != (entry["height"], entry["width"]):
                sys.exit(f"error: {entry['file_name']}: the image has {image.shape[1]} x {image.shape[0]} pixels, "
                         f"its entry {entry['width']} x {entry['height']}")
            self.images.append(torch.from_numpy(image).permute(2, 0, 1).contiguous())
            self.targets.append(self.target(identifier, labels, image.shape[:2], with_masks))

    def target(self, identifier, labels, size, with_masks):
        """Boxes, labels from 0, and masks of what is learnt: no crowds, and no boxes without an area."""
        height, width = size
        boxes, classes, masks = [], [], []
        for entry in self.truth.imgToAnns[identifier]:
            x, y, w, h = entry["bbox"]
            box = [max(0.0, x), max(0.0, y), min(float(width), x + w), min(float(height), y + h)]
            if entry.get("iscrowd", 0) or box[2] <= box[0] or box[3] <= box[1]:
                continue
            if with_masks:
                pixels = bitmap(entry.get("segmentation"), height, width)
                if pixels is None or not pixels.any():
                    continue
                masks.append(torch.from_numpy(np.ascontiguousarray(pixels)))
            boxes.append(box)
            classes.append(labels[entry["category_id"]])
        target = {
            "boxes": torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
            "labels": torch.tensor(classes, dtype=torch.int64),
        }
        if with_masks:
            target["masks"] = torch.stack(masks) if masks else torch.zeros(0, height, width, dtype=torch.uint8)
        return target

    def __len__(self):
        return len(self.images)


class Data:
    """The parts by name, the classes' names, mean and deviation of the training images' pixels, 0 to 1."""

    def __init__(self, arguments):
        folder = pathlib.Path(arguments.data)
        self.parts = {}
        for part, names in PARTS.items():
            found = [(name, file) for name in names
                     if (file := folder / "annotations" / f"instances_{name}.json").exists()]
            if found:
                self.parts[part] = Part(folder, *found[0], arguments.model == "maskrcnn", arguments.limit or None)
        if "train" not in self.parts:
            sys.exit(f"error: {folder}: there is no annotations/instances_train.json")
        train = self.parts["train"]
        self.names = [train.truth.cats[identifier]["name"] for identifier in train.categories]
        for part in self.parts.values():
            if (names := [part.truth.cats[identifier]["name"] for identifier in part.categories]) != self.names:
                sys.exit(f"error: {folder}: the parts have other classes: {self.names} and {names}")
        self.mean, self.deviation = arguments.mean, arguments.deviation
        if not self.mean:
            sums, squares, pixels = torch.zeros(3).double(), torch.zeros(3).double(), 0
            for image in train.images:
                values = image.double().flatten(1) / 255
                sums += values.sum(1)
                squares += values.square().sum(1)
                pixels += values.shape[1]
            mean = sums / pixels
            self.mean = mean.tolist()
            self.deviation = (squares / pixels - mean.square()).clamp(min=1e-12).sqrt().tolist()


def flipped(image, target):
    """Both mirrored."""
    boxes = target["boxes"].clone()
    boxes[:, [0, 2]] = image.shape[2] - target["boxes"][:, [2, 0]]
    result = target | {"boxes": boxes}
    if "masks" in target:
        result["masks"] = target["masks"].flip(2)
    return image.flip(2), result


def shifted(image, target, padding, generator):
    """A part as large as the image of the image padded with black; objects are clipped, those outside are gone."""
    height, width = image.shape[1:]
    canvas = torch.nn.functional.pad(image, (padding,) * 4)
    y, x = (int(generator.integers(2 * padding + 1)) for _ in range(2))
    boxes = target["boxes"] + torch.tensor([padding - x, padding - y] * 2, dtype=torch.float32)
    boxes = torch.stack([boxes[:, i].clamp(0, (width, height)[i % 2]) for i in range(4)], 1)
    kept = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    result = {"boxes": boxes[kept], "labels": target["labels"][kept]}
    if "masks" in target:
        masks = torch.nn.functional.pad(target["masks"], (padding,) * 4)[kept]
        result["masks"] = masks[:, y:y + height, x:x + width]
    return canvas[:, y:y + height, x:x + width], result


def sample(part, index, arguments, generator):
    """An image, 0 to 1, and its objects, perhaps cut and mirrored."""
    image, target = part.images[index], part.targets[index]
    if arguments.padding:
        image, target = shifted(image, target, arguments.padding, generator)
    if arguments.flip and generator.random() < arguments.flip:
        image, target = flipped(image, target)
    return image.float() / 255, target


def results(part, index, answer, first_label):
    """What a model says of an image as COCO's results file has it."""
    entries = []
    masks = answer.get("masks")
    for row, (box, label, score) in enumerate(
            zip(answer["boxes"].tolist(), answer["labels"].tolist(), answer["scores"].tolist())):
        entry = {"image_id": part.identifiers[index], "category_id": part.categories[label - first_label],
                 "score": score, "bbox": [box[0], box[1], box[2] - box[0], box[3] - box[1]]}
        if masks is not None:
            runs = rle.encode(np.asfortranarray((masks[row, 0] >= 0.5).numpy().astype(np.uint8)))
            entry["segmentation"] = {"size": runs["size"], "counts": runs["counts"].decode()}
        entries.append(entry)
    return entries


def measures(part, entries, kind="bbox"):
    """COCO's twelve numbers, None where there is nothing of the kind."""
    if kind == "segm":
        entries = [{key: value for key, value in entry.items() if key != "bbox"} for entry in entries]
    if not entries:
        return dict.fromkeys(NAMES, 0.0)
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(part.truth, part.truth.loadRes(entries), kind)
        evaluation.params.imgIds = part.identifiers
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return {name: None if value < 0 else float(value) for name, value in zip(NAMES, evaluation.stats)}


def written(entries, path):
    pathlib.Path(path).write_text(json.dumps(entries) + "\n")
