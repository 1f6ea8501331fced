"""Cuts the fixtures of dense models down for Tests/ModelsTests/Fixtures: python dense-fixtures.py SOURCE TARGET

SOURCE is a folder with upernet.safetensors (transformers' UPerNet over a small ConvNeXt), unet.safetensors (milesial's
blocks), horfpn.safetensors (the authors' gnConv module, alone and in a feature pyramid), swin.safetensors (timm's Swin),
swin_padded.safetensors (torchvision's) and mobile_former.safetensors (AAboys/MobileFormer), all computed in float64 from
float32 parameters, and the detectors retinanet.safetensors and mask_rcnn.safetensors (torchvision's) and
reppoints.safetensors (mmdetection's), of which the parameters, the first image and what is said of it are kept. Results are
rounded to float32, and of a gradient of more than 16 elements 16 are kept, element i being number i (n - 1) // 15 of the
whole, with the largest magnitude beside them as `largest.*`. `trainer check-parity` takes the whole files.
"""

import sys
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file


KEPT = 16

for file in ("upernet", "unet", "horfpn", "swin", "swin_padded", "mobile_former"):
    source = safe_open(Path(sys.argv[1]) / f"{file}.safetensors", "numpy")
    tensors = {}
    for name in source.keys():
        value = source.get_tensor(name)
        if name.startswith(("eval.feature.", "eval.logits_sum")) or name in ("eval.prediction", "grad.input"):
            continue
        if value.dtype == np.float64:
            if "grad." in name and value.size > KEPT:
                tensors["largest." + name] = np.array([np.abs(value).max()])
                value = value.reshape(-1)[[i * (value.size - 1) // (KEPT - 1) for i in range(KEPT)]]
            value = value.astype(np.float32)
        tensors[name] = value
    save_file(tensors, Path(sys.argv[2]) / f"{file}.safetensors", source.metadata())

for file in ("retinanet", "mask_rcnn", "reppoints"):
    source = safe_open(Path(sys.argv[1]) / f"{file}.safetensors", "numpy")
    tensors = {}
    images = next(name for name in ("input", "transformed.images") if name in source.keys())
    tensors["input"] = source.get_tensor(images)[:1]
    for name in source.keys():
        value = source.get_tensor(name)
        if name.startswith("param."):
            tensors[name] = value
        elif name == "eval.proposals.0":
            tensors["in.proposals"] = value
        elif name in ("eval.class_logits", "eval.box_regression"):
            # One row for each proposal of all images.
            tensors[name] = value[: len(source.get_tensor("eval.proposals.0"))].astype(np.float32)
        elif name.startswith("eval.") and not name.startswith(("eval.proposals.", "eval.feature.")):
            tensors[name] = value[:1].astype(np.float32)
    save_file(tensors, Path(sys.argv[2]) / f"{file}.safetensors", source.metadata())
