"""Reads and writes safetensors files with numpy alone. A tensor is a pair of its type in the file and an array; types that
numpy lacks (BF16) are kept as unsigned integers of the same size."""
import json
import pathlib
import struct

import numpy as np

TYPES = {
    "F64": np.float64, "F32": np.float32, "F16": np.float16, "BF16": np.uint16, "I64": np.int64, "I32": np.int32,
    "I16": np.int16, "I8": np.int8, "U8": np.uint8, "BOOL": np.bool_,
}


def read(path):
    """The tensors by name and the metadata of a file."""
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        array = np.frombuffer(data[8 + size + begin:8 + size + end], TYPES[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = (entry["dtype"], array)
    return tensors, metadata


def write(path, tensors, metadata):
    """Replaces a file; wide elements first, so that every tensor is aligned to its element."""
    header = {"__metadata__": metadata}
    offset = 0
    ordered = sorted(tensors.items(), key=lambda item: (-item[1][1].itemsize, item[0]))
    for name, (kind, array) in ordered:
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path = pathlib.Path(path)
    partial = path.with_name("." + path.name + ".partial")
    try:
        with open(partial, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for _, (_, array) in ordered:
                file.write(np.ascontiguousarray(array).tobytes())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def values(tensor):
    """A tensor's values as numbers that numpy computes with."""
    kind, array = tensor
    return (array.astype(np.uint32) << 16).view(np.float32) if kind == "BF16" else array
