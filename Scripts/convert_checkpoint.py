#!/usr/bin/env python3
"""Turns a PyTorch checkpoint into weights that the trainer reads.

    Scripts/convert_checkpoint.py hornet_tiny_gf.pth hornet_tiny_gf.safetensors
    Scripts/convert_checkpoint.py checkpoint-299.pth ema.safetensors --ema
    Scripts/convert_checkpoint.py model.pth model.safetensors --class-names classes.txt --image-size 224 224

Reads .pth and .pt files (as torch.save wrote them, also before version 1.6) and .safetensors; nothing a file holds is run,
and PyTorch is not needed. Weights may lie under `model`, `module`, `state_dict` or `model_ema`, with `module.` before each
name. Understands the names of the official HorNet, ConvNeXt, CvT and Swin code, timm (ConvNeXt, Swin), torchvision (ConvNeXt,
ResNet, Swin), mmpretrain (HorNet, ConvNeXt, ResNet) and Hugging Face (ConvNeXt, ResNet, CvT). The model is recognised by its
shapes. What is missing ends in one sentence and exit code 1; what is not known is left out and named. A file without a head can
still be fine-tuned from (`model.weights` in a configuration).
"""
import argparse
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "weights"))
import environment
import program

WRAPPINGS = ["model", "module", "state_dict", "model_state", "net"]
AVERAGES = ["model_ema", "state_dict_ema", "ema"]
PREFIXES = ["module.", "_orig_mod."]


def fail(path, sentence):
    sys.exit(f"error: {path}: {sentence}")


def notice(sentence):
    print("notice: " + sentence, file=sys.stderr)


def some(names):
    """The first of a list of names, and how many there are more."""
    names = sorted(names)
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def is_state(content):
    from torch_files import Tensor

    return isinstance(content, dict) and any(isinstance(v, Tensor) for v in content.values())


def unwrap(path, content, average):
    """The state dict in a checkpoint's wrappings."""
    inner = AVERAGES if average else WRAPPINGS + AVERAGES
    if average and isinstance(content, dict) and not any(key in content for key in AVERAGES):
        fail(path, f"it holds no averaged weights ({', '.join(AVERAGES)}), but --ema asks for them")
    if isinstance(content, dict) and not average and all(
            any(key in content for key in keys) for keys in (AVERAGES, WRAPPINGS)):
        notice("the checkpoint also holds averaged weights; --ema takes those instead")
    for _ in range(4):
        if is_state(content):
            return content
        keys = [key for key in inner if isinstance(content, dict) and isinstance(content.get(key), dict)]
        if not keys:
            break
        content = content[keys[0]]
        inner = WRAPPINGS
    found = some(map(str, content)) if isinstance(content, dict) else type(content).__name__
    fail(path, f"no weights were found in it, expected tensors by name or under one of {', '.join(inner)}; it holds {found}")


def read(path, average):
    """The tensors of a file by the names it gives them."""
    import tensor_files
    import torch_files

    if str(path).endswith(".safetensors"):
        if average:
            fail(path, "a safetensors file has one set of weights, --ema is for checkpoints")
        try:
            return tensor_files.read(path)[0]
        except tensor_files.FileError as error:
            fail(path, error)
    try:
        state = unwrap(path, torch_files.read(path), average)
        tensors = {str(k): v.read() for k, v in state.items() if isinstance(v, torch_files.Tensor)}
    except torch_files.FileError as error:
        fail(path, error)
    for prefix in PREFIXES * 2:
        if all(name.startswith(prefix) for name in tensors):
            tensors = {name[len(prefix):]: tensor for name, tensor in tensors.items()}
    return tensors


def renamed(path, tensors):
    """The family and the tensors under our names."""
    import foreign_names

    spelling = foreign_names.recognise(tensors)
    if spelling is None:
        fail(path, f"its names are those of no known model ({some(tensors)}), expected HorNet, ConvNeXt, ResNet, CvT or Swin")
    print(f"{path}: {len(tensors)} tensors, names as in {spelling}")
    result = {}
    unknown = []
    for name, tensor in tensors.items():
        ours = foreign_names.rename(spelling, name)
        if ours is None:
            unknown.append(name)
        else:
            result[ours] = tensor
    return foreign_names.SPELLINGS[spelling][0], result, unknown


def fitted(path, tensors, wanted, unknown):
    """The tensors that the model has, in its shapes; the names of its head where that is missing."""
    import numpy as np

    result = {}
    wrong = []
    resized = []
    for name, (kind, like) in wanted.items():
        if name not in tensors:
            if name.endswith("num_batches_tracked"):
                result[name] = (kind, like)
            continue
        dtype, array = tensors[name]
        if array.shape != like.shape and [n for n in array.shape if n != 1] == [n for n in like.shape if n != 1]:
            array = array.reshape(like.shape)
        if array.shape != like.shape:
            if name.endswith("complex_weight") and array.shape[0] == like.shape[0] and array.shape[3:] == (2,):
                resized.append(name)
            else:
                wrong.append(f"{name} is {list(array.shape)} instead of {list(like.shape)}")
        if np.issubdtype(like.dtype, np.integer):
            dtype, array = kind, array.astype(like.dtype)
        result[name] = (dtype, array)
    unknown = unknown + [name for name in tensors if name not in wanted]
    missing = [name for name in wanted if name not in result]
    heads = ("head.weight", "head.bias", "head.fc.weight", "head.fc.bias", "fc.weight", "fc.bias")
    if wrong:
        fail(path, f"{len(wrong)} tensors have another shape: {'; '.join(wrong[:3])}")
    if any(name not in heads for name in missing):
        fail(path, f"{len(missing)} tensors that the model needs are missing: {some(missing)}"
             + (f"; {len(unknown)} are not known: {some(unknown)}" if unknown else ""))
    if unknown:
        notice(f"{len(unknown)} tensors are not known to the model and left out: {some(unknown)}")
    if resized:
        notice(f"{len(resized)} filters are for another image size and resized when they are read: {some(resized)}")
    return result, missing


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--ema", action="store_true", help="takes the averaged weights of a training checkpoint")
    parser.add_argument("--class-names", type=pathlib.Path, help="a text file with a class per line")
    parser.add_argument("--image-size", type=int, nargs=2, metavar=("HEIGHT", "WIDTH"), help="what the model was made for")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="replaces a value of the recognised "
                        "model, such as model.gateScale=1")
    parser.add_argument("--trainer", type=program.trainer, default="", help="the program; the one built here by default")
    arguments = parser.parse_args()
    environment.ensure_packages("numpy", "numpy")
    import json

    import model_shapes
    import tensor_files

    path = arguments.checkpoint
    if arguments.output.suffix != ".safetensors":
        fail(arguments.output, "the output is a weights file, expected a name that ends in .safetensors")
    if not path.exists():
        fail(path, "the file does not exist")
    if not path.is_file():
        fail(path, "it is no regular file, expected a checkpoint")
    family, tensors, unknown = renamed(path, read(path, arguments.ema))
    try:
        model, side, assumed = model_shapes.recognise(family, {name: array for name, (_, array) in tensors.items()})
    except model_shapes.UnknownModel as error:
        fail(path, error)
    for sentence in assumed:
        notice(sentence)
    height, width = arguments.image_size or (side, side)
    with tempfile.TemporaryDirectory() as folder:
        configuration = environment.configuration(folder, {**model, "classes": model["classes"] or 1000}, height, width)
        mould = pathlib.Path(folder) / "mould.safetensors"
        changes = [part for change in arguments.set for part in ("--set", change)]
        environment.run(arguments.trainer, "export", configuration, "--safetensors", mould, *changes)
        wanted, metadata = tensor_files.read(mould)
    result, headless = fitted(path, tensors, wanted, unknown)
    if arguments.class_names:
        names = arguments.class_names.read_text().splitlines()
        if len(names) != model["classes"]:
            fail(arguments.class_names, f"it has {len(names)} lines, but the model has {model['classes']} classes")
        metadata["hornbeam.classes"] = json.dumps(names)
    if headless:
        notice("there is no head, so the file can be fine-tuned from (model.weights) but not evaluated")
        metadata = {"format": "pt"}
    tensor_files.write(arguments.output, result, metadata)
    count = sum(array.size for _, array in result.values())
    described = ", ".join(f"{k} {v}" for k, v in model.items() if v is not None and k != "name")
    print(f"written to {arguments.output}: {model['name']}, {count:,} numbers, images of {height}x{width}; {described}")


if __name__ == "__main__":
    main()
