"""Reads checkpoints that torch.save wrote, without PyTorch and without running anything they hold: of all classes that a
file names, only those of tensors and plain containers are made; others, such as the parsed options of a training script,
become empty stand-ins."""
import collections
import pickle
import struct
import zipfile

import numpy as np

import file_kinds

# The storage classes of torch: the type in a safetensors file and the one numpy reads it as.
STORAGES = {
    "DoubleStorage": ("F64", np.float64), "FloatStorage": ("F32", np.float32), "HalfStorage": ("F16", np.float16),
    "BFloat16Storage": ("BF16", np.uint16), "LongStorage": ("I64", np.int64), "IntStorage": ("I32", np.int32),
    "ShortStorage": ("I16", np.int16), "CharStorage": ("I8", np.int8), "ByteStorage": ("U8", np.uint8),
    "BoolStorage": ("BOOL", np.bool_),
}
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_VERSION = 1001


class FileError(Exception):
    """A file that cannot be read, in one sentence."""


class StandIn:
    """An object of a class that is not made. It takes whatever is done to it."""

    def __init__(self, *arguments, **named):
        pass

    def __setstate__(self, state):
        pass

    def __setitem__(self, key, value):
        pass

    def __call__(self, *arguments, **named):
        return StandIn()

    def append(self, value):
        pass

    def extend(self, values):
        pass

    def add(self, value):
        pass


class Tensor:
    """A tensor whose values are read when they are asked for."""

    def __init__(self, storage, offset, size, stride):
        self.storage, self.offset, self.shape, self.stride = storage, offset, tuple(size), tuple(stride)

    def read(self):
        """The type in a safetensors file and the values as an array."""
        kind, dtype, load = self.storage
        data = np.frombuffer(load(), dtype)
        count = int(np.prod(self.shape))
        last = self.offset + sum((n - 1) * s for n, s in zip(self.shape, self.stride))
        if min((*self.shape, *self.stride, self.offset, 0)) < 0 or count and last >= len(data):
            raise FileError("a tensor lies outside its storage, the file is damaged")
        if count == 0:
            return kind, np.zeros(self.shape, dtype)
        strides = [s * data.itemsize for s in self.stride]
        return kind, np.ascontiguousarray(np.lib.stride_tricks.as_strided(data[self.offset:], self.shape, strides))


class Unpickler(pickle.Unpickler):
    def __init__(self, file, load):
        super().__init__(file)
        self.load_storage = load

    def find_class(self, module, name):
        known = {
            ("collections", "OrderedDict"): collections.OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): lambda storage, offset, size, stride, *rest: Tensor(
                storage, offset, size, stride),
            ("torch._utils", "_rebuild_parameter"): lambda data, *rest: data,
            ("torch._utils", "_rebuild_parameter_with_state"): lambda data, *rest: data,
            ("torch", "Size"): tuple,
        }
        if module == "torch" and name in STORAGES:
            return name
        return known.get((module, name), StandIn)

    def persistent_load(self, identifier):
        kind, storage, key, _, count, *view = identifier
        if kind != "storage" or not isinstance(storage, str) or view and view[0] is not None:
            raise FileError("it holds a storage of an unknown kind, expected plain tensors")
        name, dtype = STORAGES[storage]
        return name, dtype, lambda: self.load_storage(key, count * np.dtype(dtype).itemsize)


def read_zip(path):
    archive = zipfile.ZipFile(path)
    pickles = [name for name in archive.namelist() if name == "data.pkl" or name.endswith("/data.pkl")]
    if not pickles:
        raise FileError("it is a zip file without data.pkl, expected a checkpoint that torch.save wrote")
    root = pickles[0][:-len("data.pkl")]
    if root + "byteorder" in archive.namelist() and archive.read(root + "byteorder") != b"little":
        raise FileError("its numbers are big-endian, expected little-endian ones")
    cached = {}

    def load(key, size):
        # Tensors of one model often share a storage; one is kept.
        if key not in cached:
            cached.clear()
            cached[key] = archive.read(root + "data/" + key)
        return cached[key][:size]

    with archive.open(pickles[0]) as file:
        return Unpickler(file, load).load()


def read_legacy(path):
    """The format before PyTorch 1.6: pickles in a row, then the storages."""
    file = open(path, "rb")
    places = {}

    def load(key, size):
        file.seek(places[key])
        data = file.read(size)
        if len(data) < size:
            raise FileError("it ends within a tensor, the file is cut short")
        return data

    def plain():
        return Unpickler(file, load).load()

    if plain() != LEGACY_MAGIC or plain() != LEGACY_VERSION:
        raise FileError("it is no checkpoint that torch.save wrote")
    plain()
    sizes = {}

    class Recording(Unpickler):
        def persistent_load(self, identifier):
            name, dtype, loader = super().persistent_load(identifier)
            sizes[identifier[2]] = np.dtype(dtype).itemsize
            return name, dtype, loader

    content = Recording(file, load).load()
    for key in plain():
        count = struct.unpack("<q", file.read(8))[0]
        places[key] = file.tell()
        file.seek(count * sizes[key], 1)
    return content


def read(path):
    """The content of a checkpoint: containers, numbers, texts and `Tensor`s."""
    try:
        return read_zip(path) if zipfile.is_zipfile(path) else read_legacy(path)
    except FileNotFoundError:
        raise FileError("the file does not exist") from None
    except FileError:
        raise
    except Exception as error:
        kind = file_kinds.describe(path)
        if kind and "PyTorch" not in kind:
            raise FileError(f"it is no checkpoint that torch.save wrote but {kind}") from None
        raise FileError(f"it cannot be read as a checkpoint that torch.save wrote ({error})") from None
