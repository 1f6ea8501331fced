"""Writes bicubic.json: a small picture, and what Pillow's bicubic resize makes of it, smaller and larger.

Needs Pillow and numpy:
    python generate_bicubic.py > bicubic.json
"""
import base64
import json

import numpy
import PIL
from PIL import Image


def packed(pixels):
    height, width, channels = pixels.shape
    text = base64.b64encode(numpy.ascontiguousarray(pixels, numpy.uint8).tobytes()).decode()
    return {"width": width, "height": height, "channels": channels, "pixels": text}


random = numpy.random.default_rng(7)
y, x = numpy.mgrid[0:18, 0:24]
picture = numpy.stack(
    [127 + 120 * numpy.sin(x / 3 + y / 5), 255 * ((x // 4 + y // 3) % 2), random.integers(0, 256, (18, 24))], -1
).clip(0, 255).astype(numpy.uint8)
sizes = [(12, 9), (8, 6), (6, 4), (48, 36), (72, 54), (96, 72)]
resized = [numpy.asarray(Image.fromarray(picture).resize(size, Image.BICUBIC)) for size in sizes]
print(json.dumps({"pillow": PIL.__version__, "image": packed(picture), "resized": [packed(one) for one in resized]}))
