"""Reads and writes safetensors files with numpy alone. A tensor is a pair of its type in the file and an array; types that
numpy lacks (BF16) are kept as unsigned integers of the same size."""
import json
import pathlib
import struct

import numpy as np

import file_kinds

LARGEST_HEADER = 100_000_000


class FileError(Exception):
    """A file that cannot be read, in one sentence."""


TYPES = {
    "F64": np.float64, "F32": np.float32, "F16": np.float16, "BF16": np.uint16, "I64": np.int64, "I32": np.int32,
    "I16": np.int16, "I8": np.int8, "U8": np.uint8, "BOOL": np.bool_,
}


def read(path):
    """The tensors by name and the metadata of a file.

    Raises FileError, one sentence, for whatever is no safetensors file or is damaged."""
    path = pathlib.Path(path)
    if path.is_dir():
        raise FileError("it is a folder, expected a file")
    if not path.is_file():
        raise FileError("it is no regular file, expected a safetensors file")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileError(f"it cannot be read ({error.strerror})") from None
    size = struct.unpack("<Q", data[:8])[0] if len(data) >= 8 else 0
    if not 2 <= size <= min(LARGEST_HEADER, len(data) - 8) or data[8:9] != b"{":
        kind = file_kinds.describe(path)
        raise FileError(f"it is no safetensors file but {kind}" if kind else "it is no safetensors file, or it is cut short")
    try:
        header = json.loads(data[8:8 + size])
        metadata = header.pop("__metadata__", {})
        tensors = {}
        for name, entry in header.items():
            tensors[name] = tensor(name, entry, data, 8 + size)
    except FileError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise FileError("its safetensors header is malformed, the file is damaged") from None
    if not isinstance(metadata, dict):
        raise FileError("its metadata are no texts by name, the file is damaged")
    return tensors, metadata


def tensor(name, entry, data, start):
    """One entry of the header: its type and its values."""
    kind = entry["dtype"]
    if kind not in TYPES:
        raise FileError(f"its tensor {name} is of the type {kind}, expected one of {', '.join(TYPES)}")
    begin, end = entry["data_offsets"]
    shape = [int(extent) for extent in entry["shape"]]
    count = int(np.prod(shape, dtype=object)) if shape else 1
    if not 0 <= begin <= end <= len(data) - start or end - begin != count * np.dtype(TYPES[kind]).itemsize:
        raise FileError(f"its tensor {name} does not lie within the file, which is cut short or damaged")
    return kind, np.frombuffer(data[start + begin:start + end], TYPES[kind]).reshape(shape)


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
