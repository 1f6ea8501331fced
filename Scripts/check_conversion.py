#!/usr/bin/env python3
"""Proves that checkpoints of other programs become weights that compute the same here.

    Scripts/check_conversion.py
    Scripts/check_conversion.py "torchvision resnet18" "official HorNet, averaged"

Makes models with random values in PyTorch (own definitions, torchvision, Hugging Face), saves them as .pth files in all
wrappings and spellings, converts them with Scripts/convert_checkpoint.py and compares the trainer's logits with PyTorch's.
Needs numpy, safetensors, torch, torchvision and transformers; where they are missing, makes a virtual environment with them.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "weights"), str(HERE / "benchmarks")]
import environment
import program


def randomise(model, seed):
    """Values with which every part carries signal."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    normal = lambda t: torch.randn(t.shape, generator=generator)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "gamma" in name or "layer_scale" in name:
                p.copy_(0.5 + 0.1 * normal(p))
            elif p.dim() > 1:
                p.copy_(normal(p) / p[0].numel() ** 0.5 if "complex" not in name else 0.7 * normal(p))
            elif name.endswith("weight"):
                p.copy_(1 + 0.2 * normal(p))
            else:
                p.copy_(0.1 * normal(p))
        for name, b in model.named_buffers():
            if name.endswith("running_mean"):
                b.copy_(0.3 * normal(b))
            elif name.endswith("running_var"):
                b.copy_(0.5 + torch.rand(b.shape, generator=generator))
    return model.eval()


class Other:
    """Stands for what training scripts put beside weights and nobody has the class of."""

    def __init__(self):
        self.value = 3


def wrapped(state, key="model", prefix=""):
    return {key: {prefix + name: tensor for name, tensor in state.items()}}


def renamed(state, rules):
    """Names under the first rule that matches."""
    def rename(name):
        return next((re.sub(a, b, name) for a, b in rules if re.match(a, name)), name)

    return {rename(name): tensor for name, tensor in state.items()}


OFFICIAL_CONVNEXT = [
    (r"stem\.", "downsample_layers.0."), (r"stages\.(\d+)\.downsample\.", r"downsample_layers.\1."),
    (r"stages\.(\d+)\.blocks\.(\d+)\.conv_dw\.", r"stages.\1.\2.dwconv."),
    (r"stages\.(\d+)\.blocks\.(\d+)\.mlp\.fc", r"stages.\1.\2.pwconv"),
    (r"stages\.(\d+)\.blocks\.(\d+)\.", r"stages.\1.\2."), (r"head\.norm\.", "norm."), (r"head\.fc\.", "head."),
]
MMPRETRAIN_HORNET = [
    (r"head\.", "head.fc."), (r"norm\.", "backbone.norm3."), (r"(.*\.gamma[12])$", r"backbone.\1.weight"),
    (r"(.*)gnconv\.pws\.", r"backbone.\1gnconv.projs."), (r"^", "backbone."),
]
MMPRETRAIN_CONVNEXT = [
    (r"stem\.", "backbone.downsample_layers.0."),
    (r"stages\.(\d+)\.downsample\.", r"backbone.downsample_layers.\1."),
    (r"stages\.(\d+)\.blocks\.(\d+)\.conv_dw\.", r"backbone.stages.\1.\2.depthwise_conv."),
    (r"stages\.(\d+)\.blocks\.(\d+)\.mlp\.fc", r"backbone.stages.\1.\2.pointwise_conv"),
    (r"stages\.(\d+)\.blocks\.(\d+)\.", r"backbone.stages.\1.\2."), (r"head\.norm\.", "backbone.norm3."),
]


def cases():
    """A name, a model, what is saved (from its state dict), options of torch.save and of the script."""
    import argparse

    import torch
    import torchvision
    from convnext_pytorch import ConvNeXt
    from cvt_pytorch import CvT
    from hornet_pytorch import HorNet
    from resnet_pytorch import ResNet
    from transformers import (
        ConvNextConfig, ConvNextForImageClassification, CvtConfig, CvtForImageClassification, ResNetConfig,
        ResNetForImageClassification)
    from transformers.activations import ACT2FN

    hornet = HorNet(16, [1, 1, 2, 1], [2, 3, 4, 5], 4, [None, None, (14, 8), (7, 4)], 11)
    yield "official HorNet under model, with options", hornet, lambda s: {
        **wrapped(s), "args": argparse.Namespace(lr=1.0), "epoch": 3, "other": Other(), "optimizer": {
            "state": {0: {"exp_avg": torch.ones(3)}}}}, {}, []
    yield "official HorNet, averaged", hornet, lambda s: {
        **wrapped({n: t * 0 for n, t in s.items()}), **wrapped(s, "model_ema")}, {}, ["--ema"]
    yield "official HorNet, data parallel", hornet, lambda s: wrapped(s, "state_dict", "module."), {}, []
    yield "official HorNet, before PyTorch 1.6", hornet, lambda s: s, dict(_use_new_zipfile_serialization=False), []
    yield "official HorNet, parameters under module", hornet, lambda s: {
        "module": {n: torch.nn.Parameter(t) for n, t in s.items()}}, {}, []
    yield "official HorNet, half precision", hornet.half().float(), lambda s: {n: t.half() for n, t in s.items()}, {}, []
    yield "official HorNet, bfloat16", hornet.bfloat16().float(), lambda s: {n: t.bfloat16() for n, t in s.items()}, {}, []
    yield "official HorNet, at another size", hornet, lambda s: s, {}, ["--image-size", "160", "192"]
    yield "mmpretrain HorNet", hornet, lambda s: wrapped(renamed(s, MMPRETRAIN_HORNET), "state_dict"), {}, []
    small = HorNet(8, [1, 2], [1, 3], 1, [None, (16, 9)], 5, in_channels=1)
    yield "two stages, stride 1, one channel", small, lambda s: s, {}, []
    convnext = ConvNeXt([8, 12], [1, 2], 2, 6)
    yield "timm ConvNeXt", convnext, lambda s: s, {}, []
    yield "official ConvNeXt", convnext, lambda s: wrapped(renamed(s, OFFICIAL_CONVNEXT)), {}, []
    yield "mmpretrain ConvNeXt", convnext, lambda s: wrapped(renamed(s, MMPRETRAIN_CONVNEXT), "state_dict"), {}, []
    yield "torchvision convnext_tiny", torchvision.models.convnext_tiny(), lambda s: s, {}, []
    yield "Hugging Face ConvNeXt", ConvNextForImageClassification(ConvNextConfig(
        num_stages=3, hidden_sizes=[12, 20, 32], depths=[1, 2, 1], num_labels=5, layer_norm_eps=1e-6)), lambda s: s, {}, []
    yield "torchvision resnet18", torchvision.models.resnet18(), lambda s: s, {}, []
    yield "torchvision resnet50 without batch counts", torchvision.models.resnet50(), lambda s: {
        n: t for n, t in s.items() if not n.endswith("num_batches_tracked")}, {}, []
    yield "torchvision resnext50_32x4d", torchvision.models.resnext50_32x4d(), lambda s: s, {}, []
    yield "Hugging Face ResNet", ResNetForImageClassification(ResNetConfig(
        embedding_size=6, hidden_sizes=[24, 48, 96], depths=[1, 2, 1], layer_type="bottleneck", num_labels=5)), (
            lambda s: s), {}, []
    cifar = ResNet(8, [1, 2], "basic", "small", "padding", 5)
    yield "ResNet for CIFAR, compiled", cifar, lambda s: {"_orig_mod." + n: t for n, t in s.items()}, {}, []
    yield "official CvT", CvT([64, 128], [1, 2], [1, 1], [7, 3], [4, 2], 5), lambda s: s, {}, []
    cvt = CvtForImageClassification(CvtConfig(
        embed_dim=[64, 128, 192], num_heads=[1, 2, 3], depth=[1, 2, 3], drop_path_rate=[0.0] * 3, num_labels=5))
    for stage in cvt.cvt.encoder.stages:
        for layer in stage.layers:
            layer.intermediate.activation = ACT2FN["quick_gelu"]
    yield "Hugging Face CvT", cvt, lambda s: s, {}, []


def convert(arguments, source, target, options):
    """Runs the script and returns what it said."""
    result = subprocess.run(
        [sys.executable, HERE / "convert_checkpoint.py", source, target, "--trainer", arguments.trainer, *options],
        capture_output=True, text=True)
    return result.returncode, result.stdout + result.stderr


def check(arguments, folder, seed, name, model, make, saving, options):
    import tensor_files
    import torch

    randomise(model, seed)
    state = model.state_dict()
    if "half" in name or "bfloat16" in name:
        dtype = torch.float16 if "half" in name else torch.bfloat16
        model.load_state_dict({n: t.to(dtype).float() for n, t in state.items()})
        state = model.state_dict()
    source, target = folder / "source.pth", folder / "target.safetensors"
    torch.save(make({n: t.clone() for n, t in state.items()}), source, **saving)
    code, said = convert(arguments, source, target, options)
    if code != 0:
        print(f"{name}: FAILED\n{said}")
        return False
    images = torch.randn(2, *environment.input_shape(tensor_files.read(target)[1]), generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        output = model(images)
    theirs = getattr(output, "logits", output).numpy()
    ours = environment.logits(arguments.trainer, target, images.numpy(), folder)
    largest = abs(theirs).max()
    error = abs(ours - theirs).max() / max(1, largest)
    passed = error <= arguments.tolerance
    print(f"{name}: logits up to {largest:.3g}, difference {error:.1e}" + ("" if passed else "  FAILED"), flush=True)
    return passed


def check_mistakes(arguments, folder):
    """What does not fit ends in a sentence and exit code 1."""
    import torch
    from hornet_pytorch import HorNet

    state = HorNet(8, [1, 1], [1, 2], 2, [None, None], 5).state_dict()

    def without(*names):
        return {n: t for n, t in state.items() if n not in names}

    foreign = {**state, "aux.weight": torch.zeros(3)}
    wrong = {**state, "stages.0.0.norm1.weight": torch.zeros(9)}
    expected = [
        (without("stages.0.0.norm1.weight"), 1, "1 tensors that the model needs are missing: stages.0.0.norm1.weight"),
        (without("head.weight", "head.bias"), 0, "there is no head"),
        (foreign, 0, "1 tensors are not known to the model and left out: aux.weight"),
        (wrong, 1, "1 tensors have another shape: stages.0.0.norm1.weight is [9] instead of [8]"),
        ({"x": torch.zeros(3)}, 1, "its names are those of no known model (x)"),
        ({"epoch": 3}, 1, "no weights were found in it"), ([1, 2], 1, "no weights were found in it"),
    ]
    source, target = folder / "source.pth", folder / "target.safetensors"
    passed = True
    for content, code, sentence in expected:
        torch.save(content, source)
        found, said = convert(arguments, source, target, [])
        if found != code or sentence not in said or "Traceback" in said:
            print(f"expected code {code} and '{sentence}', found code {found} and\n{said}  FAILED")
            passed = False
    whole = source.read_bytes()
    for length in [0, 10, len(whole) // 2, len(whole) - 1]:
        source.write_bytes(whole[:length])
        found, said = convert(arguments, source, target, [])
        if found != 1 or "Traceback" in said:
            print(f"a file cut to {length} bytes: found code {found} and\n{said}  FAILED")
            passed = False
    print(f"{len(expected) + 4} mistakes: " + ("each ends in a sentence" if passed else "FAILED"))
    return passed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", help="the names of some cases; all by default")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    parser.add_argument("--trainer", type=program.trainer, default="", help="the program; the one built here by default")
    arguments = parser.parse_args()
    environment.ensure_packages("conversion", "numpy", "safetensors", "torch", "torchvision", "transformers")
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for seed, case in enumerate(cases()):
            if not arguments.cases or case[0] in arguments.cases:
                results.append(check(arguments, pathlib.Path(folder), seed, *case))
        if not arguments.cases:
            results.append(check_mistakes(arguments, pathlib.Path(folder)))
    if not all(results) or not results:
        sys.exit(f"error: {results.count(False)} of {len(results)} cases failed")
    print(f"all {len(results)} cases agree within {arguments.tolerance}")


if __name__ == "__main__":
    main()
