"""What the scripts about weights share: Python packages, models with random values, and its logits."""
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile

# Packages that are installed by another name than they are imported by.
INSTALLED_AS = {"PIL": "pillow"}


def ensure_packages(name, *packages):
    """Goes on in a virtual environment with the packages where the Python that runs this lacks one of them."""
    if all(importlib.util.find_spec(package) for package in packages):
        return
    folder = pathlib.Path(tempfile.gettempdir()) / f"hornbeam-{name}"
    python = folder / "bin" / "python"
    if pathlib.Path(sys.prefix).resolve() == folder.resolve():
        if os.environ.get("HORNBEAM_PACKAGES") == name:
            sys.exit(f"{', '.join(packages)} cannot be imported from {folder}")
    elif not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    have = subprocess.run(
        [str(python), "-c", "import importlib.util, sys; sys.exit(not all(map(importlib.util.find_spec, sys.argv[1:])))",
         *packages])
    if have.returncode != 0:
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", *(INSTALLED_AS.get(package, package) for package in packages)],
            check=True)
    os.environ["HORNBEAM_PACKAGES"] = name
    os.execv(str(python), [str(python), *sys.argv])


def run(trainer, *arguments):
    """Runs the program; its own sentence ends the script when it fails."""
    try:
        result = subprocess.run([trainer, *map(str, arguments)], capture_output=True, text=True)
    except OSError:
        sys.exit(f"error: {trainer}: there is no program, build it with `swift build -c release` or name it with --trainer")
    if result.returncode != 0:
        sys.exit(result.stderr.strip() or f"error: {trainer} ended with {result.returncode}")
    return result.stdout


def configuration(folder, model, height, width):
    """Writes a configuration with a section `model` and an image size, and returns its path."""
    lines = [
        f"  {key}: {value if isinstance(value, str) else json.dumps(value)}" for key, value in model.items()
        if value is not None]
    path = pathlib.Path(folder) / "model.yaml"
    path.write_text(f"data:\n  imageSize: [{height}, {width}]\nmodel:\n" + "\n".join(lines) + "\n")
    return path


def mould(trainer, source, folder):
    """The first values of a model (a configuration or a name) with the metadata of a weights file, and its path."""
    import tensor_files

    path = pathlib.Path(folder) / "mould.safetensors"
    run(trainer, "export", source, "--safetensors", path)
    return *tensor_files.read(path), path


def randomise(tensors, seed=0):
    """Values with which every part of a model carries signal: first values would hide most of it, layer scales of 1e-6
    above all."""
    import numpy as np

    generator = np.random.default_rng(seed)
    result = {}
    for name, (kind, array) in sorted(tensors.items()):
        def normal(scale):
            return scale * generator.standard_normal(array.shape)

        if kind != "F32":
            result[name] = (kind, array)
            continue
        if name.endswith("running_var"):
            value = 0.5 + generator.random(array.shape)
        elif name.endswith("attention.fixed_share"):
            # As after training; a graph has no fixed cells.
            value = 0 * array
        elif name.endswith("attention.temperature"):
            value = 1.5 + 0 * array
        elif "gamma" in name:
            value = 0.5 + normal(0.1)
        elif "complex_weight" in name:
            value = normal(0.7)
        elif array.ndim > 1:
            value = normal(array[0].size ** -0.5)
        elif name.endswith("weight"):
            value = 1 + normal(0.2)
        else:
            value = normal(0.1)
        result[name] = (kind, value.astype(np.float32))
    return result


def random_weights(trainer, source, folder, seed=0):
    """A weights file of a model with random values. The source is a model's name, then `+KEY=VALUE` for each other key of
    the section `model`, then `@HEIGHTxWIDTH` for another image size."""
    import tensor_files

    names, _, size = source.partition("@")
    name, *pairs = names.split("+")
    if size or pairs:
        whole = json.loads(run(trainer, "inspect", name, "--json"))
        shape, classes = whole["output"], whole
        while classes["parts"]:
            classes = classes["parts"][-1]
        height, width = size.split("x") if size else shape[1:3]
        keys = dict(pair.split("=", 1) for pair in pairs)
        model = dict(name=name, classes=classes["output"][-1], inputChannels=shape[-1], **keys)
        name = configuration(folder, model, height, width)
    tensors, metadata, _ = mould(trainer, name, folder)
    path = pathlib.Path(folder) / (source.replace("/", "_") + ".safetensors")
    tensor_files.write(path, randomise(tensors, seed), metadata)
    return path


def input_shape(metadata):
    """(channels, height, width) that a weights file wants."""
    transform = json.loads(metadata["hornbeam.transform"])
    return transform["channels"], transform["height"], transform["width"]


def logits(trainer, weights, images, folder):
    """The program's logits for normalised images [N, C, H, W]."""
    import numpy as np
    import tensor_files

    batch = pathlib.Path(folder) / "images.safetensors"
    tensor_files.write(batch, {"images": ("F32", images.astype(np.float32))}, {})
    output = json.loads(run(trainer, "predict", weights, "--prepared", batch, "--logits", "--json"))
    return np.array([image["logits"] for image in output])
