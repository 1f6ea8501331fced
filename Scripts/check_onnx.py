#!/usr/bin/env python3
"""Proves that exported ONNX models compute in onnxruntime what the trainer computes.

    Scripts/check_onnx.py                                           models of every family, with random values
    Scripts/check_onnx.py hornet_tiny_gf convnext_nano32@48x40      these, the second at another image size
    Scripts/check_onnx.py mixnet_pico+mixer=odConv                  with other keys of the section `model`
    Scripts/check_onnx.py Runs/digits/weights/best.safetensors      trained weights
    Scripts/check_onnx.py --weights fp16 swin_nano32                weights in half precision
    Scripts/check_onnx.py --weights int8 --images a.png -- Runs/digits   in bytes, with the time of an image beside single precision's
    Scripts/check_onnx.py --images a.png b.jpg -- Runs/photos       images of any size, prepared within the graph

Needs numpy, onnx and onnxruntime; where they are missing, makes a virtual environment with them. Each model is exported,
checked by onnx itself and run at batch 1 and 5. Bytes are compared on images alone, since they are made for the values that those
of the data lead to, not for noise. Exits with 1 when a logit differs by more than the tolerance times the
largest logit or 1, whichever is more.
"""
import argparse
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "weights"))
import environment
import program

DYNAMIC = ["condConv", "dyConv", "odConv", "kernelWarehouse"]
MODELS = [
    "hornet_nano_7x7", "hornet_nano_gf", "hornet_nano_gf@45x52", "convnext_nano32", "cvt_nano32", "resnet20", "resnet18",
    "hornet_tiny_gf", "hornet_tiny_gf@160x200", "swin_nano32", "swin_nano32@45x37", "swin_tiny",
    "mobile_former_nano32", "mobile_former_26m@90x100", "mobile_former_294m", "affnet_nano32", "affnet_nano32@45x37",
    "affnet_et", "hdsrnet_small", "hdsrnet_small@30x41", "resnext_nano32", "resnext_nano32@45x37", "resnext50",
    *(f"resnext_nano32+convolution={kind}" for kind in DYNAMIC), *(f"mixnet_pico+mixer={kind}" for kind in DYNAMIC),
    "mixnet_pico+mixer=deformable2", "mixnet_pico+mixer=frequencyFilter", "mixnet_pico+mixer=windowAttention@45x37",
    "mobilenetv2_nano32+convolution=odConv",
]


def check(source, arguments, folder):
    """The sizes of the logits and the largest difference at each batch size."""
    import numpy as np
    import onnx
    import onnxruntime
    import tensor_files

    if pathlib.Path(source).exists():
        weights = pathlib.Path(source)
    else:
        weights = environment.random_weights(arguments.trainer, source, folder)
    exported = pathlib.Path(folder) / "model.onnx"
    environment.run(arguments.trainer, "export", weights, "--onnx", exported, "--weights", arguments.weights)
    onnx.checker.check_model(str(exported), full_check=True)
    kinds = {node.op_type for node in onnx.load(str(exported), load_external_data=False).graph.node}
    if kinds & {"DFT", "STFT"}:
        sys.exit(f"error: {source}: the graph holds a transform, expected products with matrices")
    session = onnxruntime.InferenceSession(str(exported), providers=["CPUExecutionProvider"])
    # A run folder's weights are found by the trainer; their metadata is in the file, too.
    metadata = session.get_modelmeta().custom_metadata_map
    if weights.is_dir():
        weights = next(p for p in (weights / "weights" / f"{n}.safetensors" for n in ("best", "last")) if p.exists())
    shape = environment.input_shape(metadata)
    generator = np.random.default_rng(1)
    rows = []
    for batch in (1, 5):
        images = generator.standard_normal((batch, *shape)).astype(np.float32)
        theirs, = session.run(["logits"], {"images": images})
        ours = environment.logits(arguments.trainer, weights, images, folder)
        if theirs.shape != ours.shape:
            sys.exit(f"error: {source}: onnxruntime gives logits {theirs.shape}, the trainer {ours.shape}")
        largest = np.abs(ours).max()
        error = np.abs(theirs - ours).max() / max(1, largest)
        passed = bool(error <= arguments.tolerance)
        rows.append((source, f"{shape[1]}x{shape[2]}", batch, f"{largest:.3g}", f"{error:.1e}", passed))
    return rows


def check_images(source, arguments, folder):
    """The largest difference of the probabilities of images that the graph prepares itself."""
    import json

    import numpy as np
    import onnx
    import onnxruntime
    from PIL import Image, ImageOps

    exported = pathlib.Path(folder) / "prepared.onnx"
    environment.run(
        arguments.trainer, "export", source, "--onnx", exported, "--with-preprocessing", "--weights", arguments.weights)
    onnx.checker.check_model(str(exported), full_check=True)
    session = onnxruntime.InferenceSession(str(exported), providers=["CPUExecutionProvider"])
    metadata = session.get_modelmeta().custom_metadata_map
    names = json.loads(metadata["hornbeam.classes"])
    channels = json.loads(metadata["hornbeam.transform"])["channels"]
    answers = json.loads(environment.run(
        arguments.trainer, "predict", source, *arguments.images, "--json", "--top", len(names)))
    rows = []
    for path, answer in zip(arguments.images, answers):
        image = ImageOps.exif_transpose(Image.open(path)).convert("RGB" if channels == 3 else "L")
        pixels = np.asarray(image).reshape(1, image.height, image.width, channels)
        theirs, = session.run(["probabilities"], {"image": pixels})
        ours = {one["name"]: one["probability"] for one in answer["classes"]}
        error = max(abs(float(theirs[0, i]) - ours[name]) for i, name in enumerate(names))
        rows.append((path, f"{image.height}x{image.width}", 1, f"{theirs.max():.3g}", f"{error:.1e}", error <= arguments.tolerance))
    return rows


def times(source, arguments, folder):
    """Milliseconds that onnxruntime takes for an image on one thread: in single precision, and as asked for."""
    import time

    import numpy as np
    import onnxruntime

    found = []
    for weights in ("fp32", arguments.weights):
        exported = pathlib.Path(folder) / "timed.onnx"
        environment.run(arguments.trainer, "export", source, "--onnx", exported, "--weights", weights)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(exported), options, providers=["CPUExecutionProvider"])
        images = np.zeros((1, *session.get_inputs()[0].shape[1:]), np.float32)
        laps = []
        for _ in range(30):
            begin = time.perf_counter()
            session.run(None, {"images": images})
            laps.append(time.perf_counter() - begin)
        found.append((weights, exported.stat().st_size, 1e3 * sorted(laps)[len(laps) // 4]))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", help="weights files, run folders or names of models", default=MODELS)
    parser.add_argument("--tolerance", type=float, help="1e-4 by default, 0.01 for fp16, 0.05 for int8")
    parser.add_argument("--weights", choices=["fp32", "fp16", "int8"], default="fp32")
    parser.add_argument("--images", nargs="+", default=[], help="image files, given to a graph that prepares them itself")
    parser.add_argument("--trainer", type=program.trainer, default="", help="the program; the one built here by default")
    arguments = parser.parse_args()
    environment.ensure_packages("onnx", "numpy", "onnx", "onnxruntime", *(["PIL"] if arguments.images else []))
    if arguments.tolerance is None:
        arguments.tolerance = {"fp32": 1e-4, "fp16": 1e-2, "int8": 0.05}[arguments.weights]
    if arguments.weights == "int8" and not arguments.images:
        sys.exit("error: --weights int8 is compared on images like those that the run learned from, give some with --images")
    failed = 0
    print(f"{'model':<42} {'images':>8} {'batch':>5} {'largest logit':>14} {'difference':>11}")
    for source in arguments.models:
        with tempfile.TemporaryDirectory() as folder:
            for *row, passed in (check_images if arguments.images else check)(source, arguments, folder):
                print("{:<42} {:>8} {:>5} {:>14} {:>11}".format(*row) + ("" if passed else "  FAILED"), flush=True)
                failed += not passed
            if arguments.weights != "fp32" and pathlib.Path(source).exists():
                for weights, size, time in times(source, arguments, folder):
                    print(f"    {weights}: {size / 1e3:,.0f} kB, {time:.2f} ms an image on one thread")
    if failed:
        sys.exit(f"error: {failed} comparisons are out of tolerance ({arguments.tolerance})")
    print(f"onnxruntime agrees with the trainer within {arguments.tolerance}")


if __name__ == "__main__":
    main()
