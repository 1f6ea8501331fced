#!/usr/bin/env python3
"""Trains a segmenter here and in PyTorch by the same recipe on the same images, alternately, and compares what comes out.

    Scripts/benchmarks/compare_segmentation.py Configs/segment/scenes.yaml
    Scripts/benchmarks/compare_segmentation.py Configs/segment/camvid-unet.yaml --set data.path=camvid --seeds 0 1

The recipe is read from the resolved configuration, the images from what `trainer inspect-data --export` writes, so that both
sides see the same parts. PyTorch is given the memory format, and its threads the way of waiting for each other, with which a
few steps take the least time; where other work keeps the machine busy, waiting busily costs it several times as much. The
sides can be run apart: `--only ours --json ours.json`, then `--only pytorch --with ours.json`. Needs torch, numpy, pillow and
safetensors; where they are missing, makes .venv with them.
"""
import pathlib
import struct

import comparison
import segmentation_recipe


class SegmentationComparison(comparison.Comparison):
    twin = pathlib.Path(__file__).resolve().parent / "segmentation_pytorch.py"
    packages = {"torch": "torch", "numpy": "numpy", "PIL": "pillow", "safetensors": "safetensors"}
    recipe = segmentation_recipe
    measures = [("meanIoU", "mIoU"), ("pixelAccuracy", "pixel accuracy"), ("meanDice", "mean Dice")]

    def ours_measured(self, summary):
        return {"meanIoU": summary["testMeanIoU"], "pixelAccuracy": summary.get("testPixelAccuracy"),
                "meanDice": summary.get("testMeanDice")}

    def theirs_measured(self, test):
        return {name: test[name] for name, _ in self.measures}

    def data_options(self, data):
        lines = (line.split(maxsplit=1) for line in (data / "classes.txt").read_text().splitlines())
        names = [words[-1].strip() for words in lines if words and words[0] != "255"]
        options = self.recipe.data_options(self.values, image_size(data), names)
        options |= {"classes": len(names), "compile": self.options.compile}
        return options, [f"model.classes={len(names)}"]


def image_size(folder):
    """[height, width] of the training images, or None where they differ."""
    sizes = set()
    for path in (folder / "train" / "images").glob("*.png"):
        with open(path, "rb") as file:
            width, height = struct.unpack(">II", file.read(24)[16:])
        sizes.add((height, width))
    return list(sizes.pop()) if len(sizes) == 1 else None


if __name__ == "__main__":
    parser = comparison.parser_of(__doc__, "segmentation")
    parser.add_argument("--compile", action="store_true", help="PyTorch with torch.compile")
    comparison.main(SegmentationComparison, parser.parse_args())
