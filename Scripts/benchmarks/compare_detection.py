#!/usr/bin/env python3
"""Trains a detector here and in PyTorch by the same recipe on the same images, alternately, and compares what comes out.

    Scripts/benchmarks/compare_detection.py Configs/detect/scenes.yaml
    Scripts/benchmarks/compare_detection.py Configs/detect/cells-retinanet.yaml --set data.path=bccd-coco --seeds 0 1

The recipe is read from the resolved configuration, the images and objects from what `trainer inspect-data --export` writes, so
that both sides see the same parts. The other side is torchvision's RetinaNet or Mask R-CNN. PyTorch is given the memory
format, and its threads the way of waiting for each other, with which a few steps take the least time; where other work keeps
the machine busy, waiting busily costs it several times as much. The sides can be run apart: `--only ours --json ours.json`,
then `--only pytorch --with ours.json`. Needs torch, torchvision, numpy, pillow, pycocotools and safetensors; where they are
missing, makes .venv with them.
"""
import json
import pathlib

import comparison
import detection_recipe


class DetectionComparison(comparison.Comparison):
    twin = pathlib.Path(__file__).resolve().parent / "detection_pytorch.py"
    library = "torchvision"
    packages = {"torch": "torch", "torchvision": "torchvision", "numpy": "numpy", "PIL": "pillow",
                "pycocotools": "pycocotools", "safetensors": "safetensors"}
    recipe = detection_recipe
    export_options = ["--names", "torchvision"]
    measures = [("AP", "AP"), ("AP50", "AP50"), ("AP75", "AP75"), ("MaskAP", "mask AP")]
    hides_missing = True
    # The place of each measure in the twin's result.
    places = {"AP": ("boxes", "AP"), "AP50": ("boxes", "AP50"), "AP75": ("boxes", "AP75"), "MaskAP": ("masks", "AP")}

    def ours_measured(self, summary):
        return {name: summary.get("test" + name) for name, _ in self.measures}

    def theirs_measured(self, test):
        return {name: test.get(kind, {}).get(number) for name, (kind, number) in self.places.items()}

    def data_options(self, data):
        return self.recipe.data_options(self.values, image_size(data)), []

    def time(self, ours, theirs):
        return f"we take {ours / theirs:.2f} of PyTorch's time; "


def image_size(data):
    """[height, width] of the training images, or None where they differ."""
    entries = json.loads((data / "annotations" / "instances_train.json").read_text())["images"]
    sizes = {(entry["height"], entry["width"]) for entry in entries}
    return list(sizes.pop()) if len(sizes) == 1 else None


if __name__ == "__main__":
    parser = comparison.parser_of(__doc__, "detection")
    parser.add_argument("--different-models", action="store_true",
                        help="go on where the two sides have other numbers of parameters, as with another backbone here")
    comparison.main(DetectionComparison, parser.parse_args())
