"""What a file is that was given as weights and is none, by its first bytes, and what to do about it."""

LFS = b"version https://git-lfs"
SIGNS = [
    (b"\x1f\x8b", "a gzip file; unpack it with gunzip first"),
    (b"BZh", "a bzip2 file; unpack it with bunzip2 first"),
    (b"\xfd7zXZ\x00", "an xz file; unpack it with unxz first"),
    (b"\x28\xb5\x2f\xfd", "a zstd file; unpack it with unzstd first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"GGUF", "a GGUF file of a language model, which nothing here can use"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras writes them; save the weights from Keras as PyTorch or safetensors"),
    (b"\x93NUMPY", "a NumPy array (.npy), one tensor without names; save all tensors as safetensors"),
    (b"\x89PNG", "an image"), (b"\xff\xd8\xff", "an image"), (b"%PDF", "a PDF document"),
]


def describe(path):
    """A phrase that goes on from "it is"; None where the bytes tell nothing."""
    with open(path, "rb") as file:
        start = file.read(1024)
    if not start:
        return "an empty file, as a download that broke off leaves it"
    for sign, phrase in SIGNS:
        if start.startswith(sign):
            return phrase
    if start[257:262] == b"ustar":
        return "a tar archive; unpack it with tar -xf first"
    if start[:2] == b"PK":
        length = int.from_bytes(start[26:28], "little")
        first = start[30:30 + length].decode("utf-8", "replace")
        if first.endswith(".npy"):
            return "a NumPy archive (.npz); save its arrays as safetensors, under the model's names"
        if first.endswith("data.pkl") or first.endswith("/version"):
            return "a PyTorch file; give it a name that ends in .pth"
        if first in ("metadata.json", "config.json") or first.endswith(".h5"):
            return "a Keras model; save the weights from Keras as PyTorch or safetensors"
        return "a zip archive; unpack it first"
    if start[0] == 0x80 and len(start) > 1 and 2 <= start[1] <= 5:
        return "a Python pickle, an old PyTorch file perhaps; give it a name that ends in .pth"
    if start[0] == 8 and len(start) > 3 and start[2] in b"\x12\x1a\x22\x3a":
        return "an ONNX or TensorFlow model; save the weights it was made from as PyTorch or safetensors"
    return text_kind(start)


def text_kind(start):
    """The same for a text."""
    try:
        text = start.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(start) - 3:
            return None
        text = start[:error.start].decode("utf-8")
    if any(ord(c) < 32 and c not in "\t\n\r\f" for c in text):
        return None
    text = text.lstrip().lower()
    if text.startswith(LFS.decode()):
        return "a Git LFS pointer that stands for the file; fetch the file itself with git lfs pull"
    if text.startswith(("<!doctype html", "<html", "<head", "<body")):
        return "a web page (HTML), as a download that needs a login or a licence gives; download the file itself"
    if text.startswith("<"):
        return "an XML text, as a download that was refused gives; download the file itself"
    if text.startswith(("{", "[")):
        return "a JSON text; download or choose the file with the weights"
    return "a text"
