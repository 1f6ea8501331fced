"""Compares an exported segmenter in onnxruntime with the trainer's answers, and its logits with PyTorch's where that knows
the model."""
import importlib.util
import json
import pathlib
import sys
import tempfile

import environment


def check(arguments, told):
    """How many comparisons fail, at each size one with `trainer predict` and perhaps one with PyTorch."""
    import numpy as np
    import onnx
    import onnxruntime
    import tensor_files

    source = pathlib.Path(arguments.onnx)
    weights = source
    if source.is_dir():
        names = [source / "weights" / f"{name}.safetensors" for name in ("best", "last")]
        weights = next((path for path in names if path.exists()), None)
        if weights is None:
            sys.exit(f"error: {source}: there are no weights in it, expected a run folder")
    tensors, metadata = tensor_files.read(weights)
    if metadata.get("hornbeam.task") != "segmentation":
        sys.exit(f"error: {weights}: the weights are not of a segmenter")
    classes = len(json.loads(metadata["hornbeam.classes"]))
    normalization = json.loads(metadata["hornbeam.transform"])["normalization"]
    mean, deviation = (np.array(normalization[key], np.float32) for key in ("mean", "deviation"))
    twin = build_twin(arguments.trainer, source, tensors, classes)
    generator = np.random.default_rng(arguments.seed)
    failed = 0
    for size in arguments.sizes:
        height, width = (int(side) for side in size.split("x"))
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            copy = folder / "weights.safetensors"
            tensor_files.write(copy, tensors, sized(metadata, height, width))
            environment.run(arguments.trainer, "export", copy, "--onnx", folder / "model.onnx")
            onnx.checker.check_model(str(folder / "model.onnx"), full_check=True)
            pictures = [picture(generator, height, width) for _ in range(3)]
            answers = predicted(arguments.trainer, copy, pictures, folder)
            images = (np.stack(pictures).astype(np.float32) / 255 - mean) / deviation
            images = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
            session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
            logits, = session.run(["logits"], {"images": images})
        if logits.shape != (len(images), classes, height, width):
            failed += told(f"onnxruntime, {size}", [f"logits {logits.shape}, expected one for each pixel and class"], 0)
            continue
        scale = max(1, np.abs(logits).max())
        faults, largest = answers_differ(logits, answers, arguments.tolerance * scale)
        failed += told(f"onnxruntime and trainer predict, {size}", faults, largest)
        if twin:
            error = float(np.abs(logits - twin(images)).max() / scale)
            faults = [] if error <= arguments.tolerance else [f"logits differ by {error:.1e} of the largest"]
            failed += told(f"onnxruntime and PyTorch, {size}", faults, error)
    return failed


def sized(metadata, height, width):
    """The same for images of another size, which are looked at as they are and as a whole."""
    transform = json.loads(metadata["hornbeam.transform"]) | {"height": height, "width": width}
    settings = json.loads(metadata.get("hornbeam.settings", "{}"))
    if "evaluation" in settings:
        settings["evaluation"] |= {"mode": "whole", "fit": None, "scales": [1], "flip": False}
    # The steps are of the old size; a model is exported without them.
    step = {"resize": {"width": width, "height": height, "filter": "bilinear"}}
    transform |= {"training": [step], "evaluation": [step]}
    return metadata | {"hornbeam.transform": json.dumps(transform), "hornbeam.settings": json.dumps(settings)}


def picture(generator, height, width):
    """Smooth colors with noise, [height, width, 3] bytes."""
    import numpy as np
    from PIL import Image

    coarse = Image.fromarray(generator.integers(0, 256, (6, 8, 3)).astype(np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.BICUBIC)).astype(np.float32)
    return (smooth + generator.normal(0, 12, smooth.shape)).clip(0, 255).round().astype(np.uint8)


def predicted(trainer, weights, pictures, folder):
    """The trainer's classes of all pixels [N, height, width]."""
    import numpy as np
    from PIL import Image

    places = []
    for i, pixels in enumerate(pictures):
        places.append(folder / f"picture-{i}.png")
        Image.fromarray(pixels).save(places[-1])
    environment.run(trainer, "predict", weights, *places, "--output", folder / "answers", "--json")
    return np.stack([np.asarray(Image.open(folder / "answers" / "masks" / place.name)) for place in places])


def answers_differ(logits, answers, tolerance):
    """Where the answers are not those of the logits although one class is clearly ahead; the share of pixels that
    differ."""
    import numpy as np

    best = logits.argmax(1)
    if best.shape != answers.shape:
        return [f"masks of {answers.shape[1:]}, expected {best.shape[1:]}"], 0.0
    said = np.take_along_axis(logits, answers[:, None].astype(np.int64), 1)[:, 0]
    wrong = (logits.max(1) - said) > tolerance
    faults = [f"{wrong.sum()} pixels have another class, expected the one with the largest logit"] if wrong.any() else []
    return faults, float((best != answers).mean())


def build_twin(trainer, source, tensors, classes):
    """A function from images to logits of PyTorch's model with the weights, or None with a word why not."""
    import segmentation_recipe as recipe

    reason = None if source.is_dir() else "a weights file says nothing of its recipe, a run folder does"
    if not importlib.util.find_spec("torch"):
        reason = "torch is missing"
    values = None if reason else recipe.resolved(trainer, source)
    # Whatever is about training makes no difference here.
    reason = reason or recipe.model_problem(values)
    if reason:
        print(f"not compared with PyTorch: {reason}")
        return None
    import segmentation_pytorch
    import torch

    words = ["", *recipe.arguments(recipe.model_options(values))]
    model = segmentation_pytorch.build(segmentation_pytorch.options().parse_args(words), classes)
    named = {name: torch.from_numpy(array.copy()) for name, (kind, array) in tensors.items()}
    missing = [name for name in model.state_dict() if name not in named and not name.endswith("num_batches_tracked")]
    unexpected = [name for name in named if name not in model.state_dict()]
    if missing or unexpected:
        sys.exit(f"error: PyTorch's model has {missing[:3]} more and {unexpected[:3]} less than the weights")
    model.load_state_dict(named, strict=False)
    model.eval()

    def logits(images):
        with torch.inference_mode():
            answer = model(torch.from_numpy(images))[0]
            return segmentation_pytorch.resized(answer, images.shape[2:]).numpy()

    return logits
