"""Writes rand-augment.json: RandAugment's operations as timm applies them with Pillow, on a small picture.

Needs Pillow, and timm's file of operations (pip install pillow numpy; pip install --no-deps timm):
    python generate_rand_augment.py > rand-augment.json
"""
import base64
import importlib.util
import json
import random
import sys
from pathlib import Path

import numpy
import PIL
from PIL import Image


def load_operations():
    """timm's module alone: the package would want PyTorch."""
    for folder in sys.path:
        file = Path(folder) / "timm/data/auto_augment.py"
        if file.exists():
            spec = importlib.util.spec_from_file_location("auto_augment", file)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    raise SystemExit("timm is not installed")


def picture(width, height, channels):
    y, x, c = numpy.mgrid[0:height, 0:width, 0:channels]
    values = 110 + 60 * numpy.sin(x * 0.9 + c) + 50 * numpy.cos(y * 0.7 - c * 1.3) + 9 * ((x * y + c) % 3)
    values = numpy.clip(values, 12, 240).astype(numpy.uint8)
    return Image.fromarray(values if channels == 3 else values[:, :, 0])


def text(image):
    return base64.b64encode(image.tobytes()).decode()


def main():
    operations = load_operations()
    fills = {3: (124, 116, 104), 1: (77,)}
    filters = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
    moving = {"Rotate", "ShearX", "ShearY", "TranslateXRel", "TranslateYRel"}
    one_way = {"PosterizeIncreasing", "SolarizeIncreasing", "SolarizeAdd"}
    cases = []
    sources = {}
    for channels, (width, height) in ((3, (9, 7)), (1, (6, 8))):
        source = picture(width, height, channels)
        sources[channels] = {"width": width, "height": height, "pixels": text(source)}
        for name in operations._RAND_INCREASING_TRANSFORMS:
            make = operations.LEVEL_TO_ARG[name]
            # Pillow refuses to keep 0 bits, which 10 would mean.
            strongest = 9.9 if name == "PosterizeIncreasing" else 10.0
            for level in (3.7, 9.0, strongest) if make else (0.0,):
                for negative in (False, True) if make and name not in one_way else (False,):
                    for filter_name, resample in filters.items():
                        if filter_name == "bilinear" and name not in moving:
                            continue
                        # A number above a half is what makes timm turn the sign.
                        random.random = lambda negative=negative: 1.0 if negative else 0.0
                        arguments = make(level, {}) if make else ()
                        result = operations.NAME_TO_OP[name](
                            source, *arguments, fillcolor=fills[channels] if channels == 3 else fills[channels][0],
                            resample=resample)
                        cases.append({
                            "operation": name, "level": level, "isNegative": negative, "filter": filter_name,
                            "channels": channels, "pixels": text(result)})
    print(json.dumps({"pillow": PIL.__version__, "sources": sources, "fills": fills, "cases": cases}))


main()
