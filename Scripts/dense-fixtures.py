"""Cuts the fixtures of dense models down for Tests/ModelsTests/Fixtures: python dense-fixtures.py SOURCE TARGET

SOURCE is a folder with upernet.safetensors (transformers' UPerNet over a small ConvNeXt), unet.safetensors (milesial's
blocks) and horfpn.safetensors (the authors' gnConv module, alone and in a feature pyramid), all computed in float64 from
float32 parameters. Results are rounded to float32, and of a gradient of more than 16 elements 16 are kept, element i
being number i (n - 1) // 15 of the whole, with the largest magnitude beside them as `largest.*`. `trainer check-parity`
takes the whole files.
"""

import sys
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file


KEPT = 16

for file in ("upernet", "unet", "horfpn"):
    source = safe_open(Path(sys.argv[1]) / f"{file}.safetensors", "numpy")
    tensors = {}
    for name in source.keys():
        value = source.get_tensor(name)
        if name.startswith("eval.feature.") or name.startswith("eval.logits_sum") or name == "eval.prediction":
            continue
        if value.dtype == np.float64:
            if "grad." in name and value.size > KEPT:
                tensors["largest." + name] = np.array([np.abs(value).max()])
                value = value.reshape(-1)[[i * (value.size - 1) // (KEPT - 1) for i in range(KEPT)]]
            value = value.astype(np.float32)
        tensors[name] = value
    save_file(tensors, Path(sys.argv[2]) / f"{file}.safetensors", source.metadata())
