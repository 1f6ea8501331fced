#!/usr/bin/env python3
"""Loads weights that the trainer wrote into PyTorch by name and compares the logits of both sides.

    Scripts/load_in_pytorch.py                                      models of every family, with random values
    Scripts/load_in_pytorch.py Runs/digits/weights/best.safetensors trained weights

The file is a state dict: `model.load_state_dict(safetensors.torch.load_file(path), strict=True)` is all there is to it. The
definitions are those of Scripts/benchmarks, which follow the official names. Needs numpy, safetensors and torch; where they
are missing, makes a virtual environment with them. Exits with 1 when a logit differs by more than the tolerance times the
largest logit or 1, whichever is more.
"""
import argparse
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "weights"))
import environment
import program

MODELS = ["hornet_nano_7x7", "hornet_nano_gf", "convnext_nano32", "cvt_nano32", "resnet20", "resnet18", "hornet_tiny_gf"]


def compare(source, arguments, folder):
    """The number of tensors, the largest logit and the largest difference."""
    import pytorch_models
    import tensor_files
    import torch
    from safetensors.torch import load_file

    path = pathlib.Path(source)
    if not path.exists():
        path = environment.random_weights(arguments.trainer, source, folder)
    metadata = tensor_files.read(path)[1]
    try:
        model = pytorch_models.build(metadata)
    except pytorch_models.NoDefinition as error:
        sys.exit(f"error: {source}: {error}")
    state = load_file(path)
    model.load_state_dict(state, strict=True)
    model.eval()
    images = torch.randn(3, *environment.input_shape(metadata), generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        theirs = model(images).double().numpy()
    ours = environment.logits(arguments.trainer, path, images.numpy(), folder)
    return len(state), abs(theirs).max(), abs(ours - theirs).max()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", help="weights files or names of models", default=MODELS)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    parser.add_argument("--trainer", type=program.trainer, default="", help="the program; the one built here by default")
    arguments = parser.parse_args()
    environment.ensure_packages("pytorch", "numpy", "safetensors", "torch")
    failed = 0
    for source in arguments.models:
        with tempfile.TemporaryDirectory() as folder:
            count, largest, error = compare(source, arguments, folder)
        error /= max(1, largest)
        failed += error > arguments.tolerance
        print(f"{source}: {count} tensors loaded by name, logits up to {largest:.3g}, difference {error:.1e}"
              + ("" if error <= arguments.tolerance else "  FAILED"), flush=True)
    if failed:
        sys.exit(f"error: {failed} models are out of tolerance ({arguments.tolerance})")
    print(f"PyTorch agrees with the trainer within {arguments.tolerance}")


if __name__ == "__main__":
    main()
